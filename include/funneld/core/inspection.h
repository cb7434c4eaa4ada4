/* The inspection of a rep's book: on the rules' rhythm, or asked for, the funnel as of one moment becomes a sheet, the
 * manager's copy: sums, what has changed since the sheet before, what stalls, and a question for the largest of what
 * stalls. Pure, as book.h, whose terms hold here. Only books of reps have one (the pool has nobody to ask).
 *
 * Copy on write: a line that changes after a sheet leaves its image for the next one to compare with ("sheet|<number>"
 * in Line.images); one that changes after the moment at which the next sheet is due, before it is begun, leaves one for
 * that sheet, too. So a sheet costs nothing until something changes, and each line is read once for it.
 *
 * The Inspection row has a timer. Due are, in this order: a page of the sheet that is being made, a page of the pass
 * that tells a rep who is back what was held, the overdue answers, the next sheet. While it makes pages the row stays
 * due at once. A line that changes meanwhile is as it was when the sheet was begun, whether the pass has come by or
 * not. Sheets of the rhythm that were missed are one. */
#ifndef FUNNELD_CORE_INSPECTION_H
#define FUNNELD_CORE_INSPECTION_H

#include "funneld/core/alerts.h"

enum {
	FNL_INSPECT_PAGE_LINES = 100,     /* Line rows that one firing looks at for a sheet */
	FNL_INSPECT_SHEET_LINES_MIN = 10, /* at least so many lines has a SheetPage, if it is not the last one */
	FNL_INSPECT_RETURN_LINES = 32,    /* and for a rep who is back: each may tell FNL_ALERTS_MAX events */
	FNL_INSPECT_QUESTIONS_MAX = 200,
	FNL_INSPECT_IMAGES_MAX = 3 /* of one line: the sheet before, the one that is being made, the next one */
};

struct fnl_inspection_in {
	const struct fnl_value *row; /* Inspection; NULL: none yet */
	const struct fnl_value *rep; /* Rep, as the input leaves it; NULL: none */
	int64_t now_ms;
	int64_t input_ms; /* occurred_at of an input: a row that it begins has no sheet before it */
	const struct fnl_rules *rules;
	struct fnl_arena *arena;
};

/* The fields of the row up to this one are all that fnl_book_line looks at. */
enum { FNL_INSPECTION_HEAD_COUNT = FNL_INSPECTION_SHEET_NUMBER + 1 };

/* A BookLine has come to the book. Begins the row; a question about a prospect that has moved or is out of the funnel
 * is closed, one about a prospect that is ERASED goes. *ret_row NULL: nothing changed. */
int fnl_inspection_line(const struct fnl_inspection_in *in, const struct fnl_value *event,
                        struct fnl_value **ret_row) FNL_MUST_USE;
/* A RepChanged was taken in (not a stale one); rep_before: the row before it, NULL: none. Begins the row; says when the
 * rep is back. *ret_row NULL: nothing changed. */
int fnl_inspection_rep_changed(const struct fnl_inspection_in *in, const struct fnl_value *rep_before,
                               struct fnl_value **ret_row) FNL_MUST_USE;
/* An InspectNow. *ret_row NULL: stale, since nobody knows the rep, the command is known, or a sheet is asked for or
 * being made. FNL_E_INVALID, FNL_E_LIMIT with *why: poison. */
int fnl_inspection_asked(const struct fnl_inspection_in *in, const struct fnl_value *command, struct fnl_span cause_id,
                         struct fnl_span correlation_id, struct fnl_value **ret_row,
                         struct fnl_error *why) FNL_MUST_USE;

/* A notice was given: a sheet is made, also when another one is being made or asked for (then it is that one). *ret_row
 * NULL: it was asked for by this notice already. FNL_E_NOMEM. */
int fnl_inspection_noticed(const struct fnl_inspection_in *in, struct fnl_span book, struct fnl_span cause_id,
                           struct fnl_span correlation_id, struct fnl_value **ret_row) FNL_MUST_USE;

struct fnl_inspection_answer {
	struct fnl_value *row;      /* NULL: unchanged */
	struct fnl_event_out event; /* InspectionAnswerRecorded; desc == NULL: the same answer again */
};
/* An AnswerGiven. FNL_E_INVALID, FNL_E_LIMIT with *why: poison. */
int fnl_inspection_answered(const struct fnl_inspection_in *in, const struct fnl_value *event,
                            struct fnl_inspection_answer *ret, struct fnl_error *why) FNL_MUST_USE;

/* What the row's timer needs: lines of the book, from the first one after `after` (a prospect; absent: none yet). What
 * is due nobody knows before the step, and a sheet begins with its first page, so that most are done at one moment. */
struct fnl_inspection_need {
	size_t limit;
	struct fnl_span after;
};
struct fnl_inspection_need fnl_inspection_needs(const struct fnl_value *row);

struct fnl_inspection_page {
	const struct fnl_value *const *lines; /* Line rows, decoded */
	size_t count;
	bool last; /* there are no more */
};
struct fnl_inspection_line_out {
	enum fnl_row_change change;
	struct fnl_value *line;
};
struct fnl_inspection_out {
	struct fnl_value *row;                 /* always */
	struct fnl_inspection_line_out *lines; /* one for each line of the page */
	struct fnl_event_out *events;          /* SheetPage, InspectionSheet, InspectionOverdue, ProspectStalled */
	size_t event_count;
	struct fnl_span cause_id; /* the command behind the sheet; absent: the timer */
	struct fnl_span correlation_id;
};
/* One firing; in->row is there. FNL_E_NOMEM. */
int fnl_inspection_step(const struct fnl_inspection_in *in, const struct fnl_inspection_page *page,
                        struct fnl_inspection_out *ret) FNL_MUST_USE;

#endif
