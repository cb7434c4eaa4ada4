/* Shared by the workload's files. */
#ifndef FUNNELD_TESTS_WORKLOAD_INTERNAL_H
#define FUNNELD_TESTS_WORKLOAD_INTERNAL_H

#include "funneld/base/status.h"
#include "funneld/ports/codec.h"
#include "gen.h"
#include "prospect_world.h"
#include "workload_prospect.h"

enum {
	WORKLOAD_PROSPECTS_MAX = 12,
	WORKLOAD_SOURCES = 3,
	WORKLOAD_HEADERS_MAX = 4,
	WORKLOAD_SENT_MAX = 4096,
	WORKLOAD_VERSIONS_MAX = 1024,
	WORKLOAD_RULES_MAX = 5 /* sets of rules in a run: so many may wait for their pass */
};

enum workload_mood {
	WORKLOAD_MANY_CHANGES,
	WORKLOAD_MANY_CONTACTS,
	WORKLOAD_MANY_GAPS,
	WORKLOAD_MANY_LIVES,
	WORKLOAD_MANY_OWNERS,
	WORKLOAD_MANY_RULES,
	WORKLOAD_MANY_STALLS,
	WORKLOAD_MANY_FEEDS,
	WORKLOAD_MANY_ADVERSE,
	WORKLOAD_MOOD_COUNT
};

struct workload_record {
	struct fnl_span key;
	struct fnl_span value;
	struct fnl_header headers[WORKLOAD_HEADERS_MAX];
	size_t header_count;
	int32_t partition; /* -1: by key */
	bool broadcast;
	size_t held_until; /* index of the record before which it comes; 0: it went at once */
};

struct workload_prospect {
	struct fnl_registry *registry;
	struct fnl_codec *codec;
	struct fnl_arena arena; /* of one run */
	/* of one run */
	struct fnl_gen gen;
	int32_t partition_count;
	size_t prospect_count;
	int64_t time_ms; /* goes on with each record */
	int64_t versions[WORKLOAD_PROSPECTS_MAX];
	bool versions_used[WORKLOAD_PROSPECTS_MAX][WORKLOAD_VERSIONS_MAX];
	struct fnl_input images[WORKLOAD_PROSPECTS_MAX]; /* the latest full one; desc NULL: none */
	size_t gap_count;
	int64_t gap_time_ms; /* of the latest one; 0: none yet */
	enum workload_mood mood;
	size_t rules_first; /* of those that are known */
	size_t rules_at;    /* the next set of rules, when they come one after the other */
	struct workload_record sent[WORKLOAD_SENT_MAX];
	size_t sent_count;
};

/* Random in [0, n). */
static inline size_t workload_below(struct workload_prospect *w, size_t n)
{
	return fnl_gen_below(&w->gen, n);
}
static inline bool workload_one_in(struct workload_prospect *w, size_t n)
{
	return fnl_gen_one_in(&w->gen, n);
}
/* Text in the run's arena. */
const char *workload_text(struct workload_prospect *w, const char *fmt, ...) FNL_PRINTF(2, 3);
const char *workload_prospect_id(size_t at);
const char *workload_source(struct workload_prospect *w);
/* A day about now. */
int64_t workload_day(struct workload_prospect *w);
/* About now, now and then long ago or a little ahead. */
int64_t workload_occurred_at(struct workload_prospect *w);
int64_t workload_version(struct workload_prospect *w, size_t prospect);
struct fnl_span workload_encode(struct workload_prospect *w, const struct fnl_input *in);
struct fnl_input workload_input(struct workload_prospect *w, const struct fnl_record_desc *desc);

struct fnl_input workload_changed(struct workload_prospect *w, size_t prospect);
/* Any valid record. */
void workload_make(struct workload_prospect *w, struct workload_record *ret);
/* One that is wrong somewhere (or, when a byte was only changed, perhaps is not). */
void workload_make_malformed(struct workload_prospect *w, struct workload_record *ret);

#endif
