/* Random books of reps who leave, listed at some moment and followed from then on, with the model beside that knows
 * what was done against the company. For cmocka tests: what was not found, or found and not done, is a failed
 * assertion. */
#ifndef FNL_TESTS_TAMPER_PLAY_H
#define FNL_TESTS_TAMPER_PLAY_H

#include "gen.h"
#include "tamper.h"

struct fnl_tamper_case;

/* One prospect's way. */
struct fnl_tamper_play {
	const struct fnl_tamper_case *c;
	struct fnl_arena *arena; /* as long as the prospect */
	struct fnl_gen *g;
	struct fnl_tamper model;
	int64_t now_ms;
	struct fnl_tamper_score *score;
	bool listed;
	bool moved_away;
	bool is_out;
};

struct fnl_tamper_case {
	size_t books;
	size_t book_lines;
	size_t wanted_min; /* so many tamperings at least, or the books are too honest to show anything */
	int64_t notice_at_ms;
	/* A prospect begins, as the model's line is. */
	void (*begin)(struct fnl_tamper_play *p);
	/* Sheets that are due; the model is told of the last one. */
	void (*make_sheets)(struct fnl_tamper_play *p);
	/* The line, and which sheet has it. */
	void (*ask)(struct fnl_tamper_play *p, struct fnl_reconcile_in *in);
	/* The model's line has just changed. NULL: it is the line. Else other rules are none of its inputs: a touch is. */
	void (*send)(struct fnl_tamper_play *p, enum fnl_tamper_actor by, int64_t at_ms, enum fnl_tamper_act what,
	             int64_t value);
};

void fnl_tamper_play_books(const struct fnl_tamper_case *c);

#endif
