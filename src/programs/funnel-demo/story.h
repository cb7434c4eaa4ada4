/* One prospect that sat still: told to its rep, then to those above him, asked about on a Monday's sheet, answered,
 * looked after, cleared. The demo plays the rep: it answers the question and has him visit the customer; all else is
 * read back from the log. */
#ifndef FUNNEL_DEMO_STORY_H
#define FUNNEL_DEMO_STORY_H

#include "stalls.h"
#include "truth.h"
#include "view_event.h"
#include "world.h"

enum { STORY_STEPS_MAX = 12, STORY_CAUSES_MAX = 4, STORY_ID_BYTES = 64 };

enum story_what { STORY_TOLD, STORY_ESCALATED, STORY_ASKED, STORY_ANSWERED, STORY_CLEARED, STORY_WHATS };

struct story_step {
	enum story_what what;
	int64_t at_ms;
	int level;                /* told, escalated */
	char who[STORY_ID_BYTES]; /* who heard of it; who answered */
	bool in_time;             /* answered */
	int state;                /* answered: of the question; cleared: why */
};

struct story {
	bool found;
	int64_t monday_ms; /* of the sheet */
	int64_t number;    /* the prospect's */
	char prospect_id[STORY_ID_BYTES];
	char rep_id[STORY_ID_BYTES];
	char sheet_id[STORY_ID_BYTES];
	char question_id[STORY_ID_BYTES];
	struct fnl_value amount;
	int64_t since_ms; /* the last talk with the customer */
	int64_t owned;    /* of the sheet's prospects */
	int64_t stalled;
	size_t questions;
	int causes[STORY_CAUSES_MAX]; /* that come into question */
	char remedies[STORY_CAUSES_MAX][FNL_TEXT_BYTES];
	size_t cause_count;
	size_t confirmed; /* the one that the answer names */
	int64_t answer_ms;
	int64_t talk_ms;
	struct story_step steps[STORY_STEPS_MAX]; /* in order of time */
	size_t step_count;
	/* the sheets of that Monday, against what the changes themselves say of each rep's funnel */
	uint64_t sheets;
	uint64_t sheets_right;
};

/* What the story is told from. */
struct story_stage {
	struct world *world;
	const struct fnl_simulation *simulation;
	size_t next; /* change that was not published yet */
	const struct demo_truth *truth;
	const struct stalls *stalls; /* as of now */
};

/* It is that Monday's moment, all is at rest: checks its sheets, and looks for a question whose prospect fits and about
 * which the feeds have no news till the end of the week. None: found stays false. */
int story_look(const struct story_stage *stage, int64_t monday_ms, struct story *ret,
               struct fnl_error *why) FNL_MUST_USE;
/* The rep answers the question; the rep visits the customer. */
int story_answer(const struct story_stage *stage, struct story *s, int64_t at_ms, struct fnl_error *why) FNL_MUST_USE;
int story_talk(const struct story_stage *stage, struct story *s, int64_t at_ms, struct fnl_error *why) FNL_MUST_USE;
/* Reads back what has become of it. */
int story_collect(const struct story_stage *stage, struct story *s, struct fnl_error *why) FNL_MUST_USE;

/* Whether such a thing was among what happened. */
bool story_has(const struct story *s, enum story_what what);
void story_draw(const struct story *s, const struct fnl_canvas *c);

#endif
