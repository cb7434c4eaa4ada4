/* Shared by the files of the org stage's workload. */
#ifndef FUNNELD_TESTS_WORKLOAD_ORG_INTERNAL_H
#define FUNNELD_TESTS_WORKLOAD_ORG_INTERNAL_H

#include "funneld/base/status.h"
#include "funneld/ports/codec.h"
#include "gen.h"
#include "prospect_world.h"
#include "workload_org.h"

enum {
	ORG_LOAD_ORGS = 3,
	ORG_LOAD_REPS = 14, /* beyond them: some whom no organisation knows */
	ORG_LOAD_NOTICES = 2,
	ORG_LOAD_CELLS = 6,
	ORG_LOAD_YEARS = 2,
	ORG_LOAD_UPSTREAM = 3,
	ORG_LOAD_HEADERS = 4,
	ORG_LOAD_SENT = 4096
};

enum org_mood {
	ORG_MOOD_ANY,
	ORG_MOOD_EQUALS,    /* loads are often the same */
	ORG_MOOD_ONE_REP,   /* all go by one */
	ORG_MOOD_HANDOVERS, /* many outcomes, and what is usual */
	ORG_MOOD_COUNT
};

struct org_record {
	struct fnl_span key;
	struct fnl_span value;
	struct fnl_header headers[ORG_LOAD_HEADERS];
	size_t header_count;
	int32_t partition; /* -1: by key */
	bool broadcast;
	size_t held_until; /* index of the record before which it comes; 0: it went at once */
};

struct workload_org {
	struct fnl_registry *registry;
	struct fnl_codec *codec;
	struct fnl_arena arena; /* of one run */
	/* of one run */
	struct fnl_gen gen;
	struct fnl_bus *bus;
	const char *topic;
	int32_t partition_count;
	int32_t upstream_count;
	enum org_mood mood;
	size_t org_count;
	size_t rep_count;
	bool filled;      /* it begins with all reps */
	bool territorial; /* many cells and commands, few reps, and rules that let much move */
	int64_t start_ms;
	int64_t time_ms; /* goes on with each record */
	int64_t sequences[ORG_LOAD_ORGS][ORG_LOAD_REPS];
	int64_t cells[ORG_LOAD_ORGS][ORG_LOAD_REPS][ORG_LOAD_CELLS];
	int64_t outcomes[ORG_LOAD_ORGS][ORG_LOAD_REPS][ORG_LOAD_NOTICES];
	int64_t years[ORG_LOAD_ORGS][ORG_LOAD_REPS][ORG_LOAD_YEARS];
	size_t proposals[ORG_LOAD_ORGS]; /* asked for so far */
	size_t commands;
	size_t requests; /* so far, of all organisations */
	struct org_record sent[ORG_LOAD_SENT];
	size_t sent_count;
};

/* Random in [0, n). */
static inline size_t org_below(struct workload_org *w, size_t n)
{
	return fnl_gen_below(&w->gen, n);
}
static inline bool org_one_in(struct workload_org *w, size_t n)
{
	return fnl_gen_one_in(&w->gen, n);
}
/* Text in the run's arena. */
const char *org_text(struct workload_org *w, const char *fmt, ...) FNL_PRINTF(2, 3);
struct fnl_span org_encode(struct workload_org *w, const struct fnl_input *in);
/* A record of the input, by its key or for all. */
void org_send_new(struct workload_org *w, struct org_record *r, size_t at);

/* What is to be sent next. */
void org_make(struct workload_org *w, size_t at);
void org_make_malformed(struct workload_org *w, size_t at);
/* workload_org_commands.c: a command, a rep's year, well made or not. */
struct fnl_input org_make_command(struct workload_org *w, size_t org);
struct fnl_input org_make_wrong_command(struct workload_org *w, size_t org);
/* workload_org_records.c: source, time and organisation; ids; the next sequence. */
struct fnl_input org_input(struct workload_org *w, const struct fnl_record_desc *desc, size_t org);
const char *org_rep_id_of(struct workload_org *w, size_t at);
int64_t org_next_of(struct workload_org *w, int64_t *sequence);
/* All reps are able. */
void org_make_reps(struct workload_org *w, size_t at);
void org_make_territorial_rules(struct workload_org *w, size_t at);
/* All partitions of the stage before tell their time. */
void org_make_times(struct workload_org *w, size_t at);

#endif
