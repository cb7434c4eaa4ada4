/* Shared by the files of chaos_feed. */
#ifndef FUNNELD_TESTS_CHAOS_FEED_H
#define FUNNELD_TESTS_CHAOS_FEED_H

#include "app.h"
#include "gen.h"
#include "prospect_world.h"

#define DAY_MS INT64_C(86400000)

/* Reps enough for each partition to have a book; a few have most of the prospects. Those behind the lively ones change
 * but seldom, so that somebody can be handed over before he has moved on. */
enum { PROSPECTS = 300, LIVELY = 150, REPS = 20, BUSY_REPS = 5, LEAVERS = 8 };
enum { KEPT = 256, KEPT_BYTES_MAX = 4096, ID_BYTES_MAX = 32 };
enum where { CHANGES, HR, COMMANDS, REP_INPUTS, WHERE_COUNT };

struct prospect {
	char id[ID_BYTES_MAX];
	unsigned life; /* an erased one never comes back: another does, under another name */
	int64_t version;
	size_t owner; /* REPS: nobody */
};

struct kept {
	enum where where;
	uint8_t bytes[KEPT_BYTES_MAX];
	size_t key_len;
	size_t value_len;
};

/* What was said of a rep. */
struct leaver {
	int64_t version; /* of HR's events */
	size_t manager;  /* REPS: none */
	size_t notices;
	bool leaves;      /* the latest one was not taken back */
	int64_t given_ms; /* since FNL_T0; of the latest notice, as the others */
	int64_t last_day;
	size_t successor;
};

struct feed {
	struct fnl_app *app;
	struct fnl_bus *bus;
	struct fnl_codec *codec;
	struct fnl_arena arena;
	struct fnl_gen gen;
	const char *topics[WHERE_COUNT];
	int32_t partitions[WHERE_COUNT];
	int64_t time_ms; /* of the events, since FNL_T0 */
	uint64_t count;
	uint64_t gaps;
	uint64_t contacts;
	uint64_t runs;
	uint64_t commands;         /* about handovers */
	size_t rules_activated[2]; /* of prospects, of reps */
	struct leaver reps[REPS];
	struct prospect prospects[PROSPECTS];
	struct kept kept[KEPT];
};

size_t feed_below(struct feed *f, size_t n);
bool feed_one_in(struct feed *f, size_t n);
/* When something happened: now, or some days ago. */
int64_t feed_at(struct feed *f);
int64_t feed_day(int64_t time_ms);
/* NULL: nobody. */
const char *feed_rep_id(size_t rep);
/* The next version of HR's events about the rep; some come late. */
void feed_hr_version(struct feed *f, struct fnl_input *in, size_t rep);
void feed_send_input(struct feed *f, enum where to, const struct fnl_input *in, struct fnl_span key);
/* Another change of the prospect. */
void feed_change(struct feed *f, struct prospect *p);

/* feed_leave.c */
/* A step of somebody's departure: a notice, what comes of it, who takes over, reports, and what the source does. */
void feed_departure(struct feed *f);
/* Who edited it, whom they know there, to whom it was lost. */
void feed_persons(struct feed *f, const struct prospect *p, struct fnl_input *in);

#endif
