/* Shared by the files of the rep stage's workload. */
#ifndef FUNNELD_TESTS_WORKLOAD_REP_INTERNAL_H
#define FUNNELD_TESTS_WORKLOAD_REP_INTERNAL_H

#include "funneld/base/status.h"
#include "funneld/ports/codec.h"
#include "gen.h"
#include "prospect_world.h"
#include "workload_rep.h"

enum {
	REP_LOAD_REPS = 48,
	REP_LOAD_PROSPECTS = 240,
	REP_LOAD_UPSTREAM = 3,
	REP_LOAD_HEADERS = 6,
	REP_LOAD_SENT = 4096,
	REP_LOAD_OWNED = 24,
	FNL_ADVERSE_LOAD = 8
};

enum rep_mood {
	REP_MOOD_FEW_BOOKS,
	REP_MOOD_LONG_BOOK,  /* more lines than a page */
	REP_MOOD_MANY_BOOKS, /* more books than a page */
	REP_MOOD_MANY_RUNS,  /* more than there may be */
	REP_MOOD_COUNT,
	REP_MOOD_DEPARTURES = REP_MOOD_COUNT /* somebody leaves; of some seeds, whatever their mood was before */
};

struct rep_record {
	struct fnl_span key;
	struct fnl_span value;
	struct fnl_header headers[REP_LOAD_HEADERS];
	size_t header_count;
	int32_t partition; /* -1: by key */
	bool broadcast;
	size_t held_until; /* index of the record before which it comes; 0: it went at once */
};

/* Of a rep: the notices that he gave. */
struct rep_load_notice {
	size_t count;
	int64_t given_ms;
	int64_t last_day;
	size_t named;     /* the prospect that somebody was named for alone, the latest one */
	size_t successor; /* whom HR said, the latest one */
};

struct workload_rep {
	struct fnl_registry *registry;
	struct fnl_codec *codec;
	struct fnl_arena arena; /* of one run */
	/* of one run */
	struct fnl_gen gen;
	struct fnl_gen side;   /* of purchases, rates and territories: what else there is does not depend on them */
	struct fnl_gen moving; /* of what proposals ask for: the same */
	struct fnl_gen again;  /* of which answers come twice: the same */
	struct fnl_bus *bus;
	const char *topic;
	int32_t partition_count;
	int32_t upstream_count;
	enum rep_mood mood;
	size_t rep_count;
	size_t prospect_count;
	int64_t start_ms;
	int64_t time_ms; /* goes on with each record */
	int64_t sequences[REP_LOAD_PROSPECTS];
	size_t owners[REP_LOAD_PROSPECTS]; /* REP_LOAD_REPS: the pool */
	size_t late_left;                  /* so many changes from before a run's as_of come while it freezes */
	int64_t versions[REP_LOAD_REPS];
	int64_t as_of_ms; /* of the latest run; 0: none yet */
	size_t run_count;
	bool stalling;                                           /* lines have stalls */
	int8_t levels[REP_LOAD_PROSPECTS][FNL_STALL_KIND_COUNT]; /* of the latest line; -1: no such stall */
	int64_t since_ms[REP_LOAD_PROSPECTS][FNL_STALL_KIND_COUNT];
	size_t asked[REP_LOAD_REPS]; /* InspectNow */
	bool filled;                 /* the long book, the many books */
	struct rep_load_notice notices[REP_LOAD_REPS];
	struct fnl_input owned[REP_LOAD_OWNED]; /* the latest lines of books, in a ring */
	size_t owned_count;
	size_t proposal_count;
	size_t commands; /* about handovers */
	size_t departure_step;
	struct rep_record sent[REP_LOAD_SENT];
	size_t sent_count;
};

/* Random in [0, n). */
static inline size_t rep_below(struct workload_rep *w, size_t n)
{
	return fnl_gen_below(&w->gen, n);
}
static inline bool rep_one_in(struct workload_rep *w, size_t n)
{
	return fnl_gen_one_in(&w->gen, n);
}
/* Text in the run's arena. */
const char *rep_text(struct workload_rep *w, const char *fmt, ...) FNL_PRINTF(2, 3);
const char *rep_load_rep(struct workload_rep *w, size_t at);
const char *rep_load_prospect(struct workload_rep *w, size_t at);
const char *rep_load_book(struct workload_rep *w, size_t rep);
struct fnl_span rep_encode(struct workload_rep *w, const struct fnl_input *in);
/* A record of the input, by its key or for all. */
void rep_send_new(struct workload_rep *w, struct rep_record *r, size_t at);
/* The latest one once more, unless it is held back. */
void rep_send_again(struct workload_rep *w);

struct fnl_input rep_make_line(struct workload_rep *w, size_t prospect, size_t rep, int state);
struct fnl_input rep_make_changed(struct workload_rep *w, size_t rep);
struct fnl_input rep_make_command(struct workload_rep *w);
struct fnl_input rep_make_time(struct workload_rep *w);
/* What is to be sent next: a record or two, seldom many. */
void rep_make(struct workload_rep *w, size_t at);
void rep_make_malformed(struct workload_rep *w, size_t at);
/* in's key and bytes. */
void rep_send_input(struct workload_rep *w, const struct fnl_input *in, size_t at);

void rep_set_money(struct workload_rep *w, struct fnl_input *in, int at);
int64_t rep_close_date(struct workload_rep *w);

/* workload_rep_reference.c */
void rep_add_purchases(struct workload_rep *w, struct fnl_input *in);
void rep_name_rates(struct workload_rep *w, struct fnl_input *in);
/* count of them; 0: one, now and then. */
void rep_send_references(struct workload_rep *w, size_t at, size_t count);

/* workload_rep_revision.c: one, now and then */
void rep_send_revisions(struct workload_rep *w, size_t at);

/* workload_rep_cells.c: what decides the cell, and until when the line is held there */
void rep_add_cell(struct workload_rep *w, struct fnl_input *in);
/* workload_rep_wins.c: of a line in the book of `rep` */
void rep_add_win(struct workload_rep *w, struct fnl_input *in, size_t rep);

/* workload_rep_moves.c: remembers the cell of a line; and a BookMoves, now and then */
void rep_keep_cell(struct workload_rep *w, const struct fnl_input *in);
void rep_send_moves(struct workload_rep *w, size_t at);

/* workload_rep_persons.c: contacts, owner, edit, and what was done against the company */
void rep_add_persons(struct workload_rep *w, struct fnl_input *in, int state);

/* workload_rep_handover.c */
/* A step of a departure: any, or the next one of a whole one. */
void rep_make_handover(struct workload_rep *w, size_t at);
void rep_make_departure(struct workload_rep *w, size_t at);

/* workload_rep_stalls.c */
void rep_add_stalls(struct workload_rep *w, struct fnl_input *in, size_t prospect, int state);
void rep_add_absence(struct workload_rep *w, struct fnl_input *in);
struct fnl_input rep_make_inspect(struct workload_rep *w, size_t rep);
struct fnl_input rep_make_answer(struct workload_rep *w, size_t rep, size_t prospect, size_t sheet, size_t question);
void rep_send_answers(struct workload_rep *w, size_t at);

#endif
