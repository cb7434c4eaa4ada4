/* What an accepted territory proposal does in the book that gives: the source is asked to move prospects. Pure: no
 * clock, no I/O, memory from the arena only. Values of rows are arrays in the order of the records' fields (Moves,
 * Line, Rep, Handover, Task); NULL: there is no such row; borrowed, never changed.
 *
 *   BookMoves                    the last line          all are looked at again
 *       |    a page at each      was looked at          due_at is over, a page
 *       v    firing, at once     |                      at each firing  |
 *     ASKING --------------------+------> WAITING ----------------------+---> DONE ---> no row,
 *          \                                                            ^     FNL_MOVES_KEPT_DAYS later
 *           \___________________________ nothing was asked for ________/
 *
 * Asked for is each OWNED line of a cell and layer that a move names and that may move by the rules in force at that
 * moment (fnl_cell_may_move), in the order of prospects and at most as many as the proposal counted there: prospects
 * that have come to the cell since must not lead beyond the limits that the proposal kept. All others of these cells
 * are kept, and counted.
 *
 * A departure comes first, since it says for each prospect who takes over, and when: while the book's rep has resigned,
 * or a handover of his is on its way, nothing is asked for, and nothing that was asked for is overdue. So it is with a
 * rep who is not of the organisation of the proposal any more, or whom HR wants forgotten.
 *
 * The line itself says what is asked of it (Line.asked), from the request on until the book owns it no more, also when
 * it is overdue; of two proposals the later one takes the place of the other, and is waited for. What was asked for and
 * is not OWNED at due_at has been moved; the rest is overdue, once.
 *
 * DONE is but remembered, so that the same BookMoves is stale when it comes again. The organisation accepts a proposal
 * once, and sends it in that one step, so that it could come again only soon after; the row goes FNL_MOVES_KEPT_DAYS
 * after its end, and a book has a row for each proposal of that time. */
#ifndef FUNNELD_CORE_MOVES_H
#define FUNNELD_CORE_MOVES_H

#include "funneld/core/handover.h"

enum {
	FNL_MOVES_PAGE_LINES = 100, /* each tells at most one event */
	FNL_MOVES_KEPT_DAYS = 90
};

struct fnl_moves_in {
	const struct fnl_value *row;      /* Moves */
	const struct fnl_value *rep;      /* Rep of the book */
	const struct fnl_value *handover; /* Handover of the book */
	int64_t now_ms;
	const struct fnl_rules *rules;
	struct fnl_span cause_id; /* ce_id behind a BookMoves: the command that accepted the proposal */
	struct fnl_span correlation_id;
	struct fnl_arena *arena;
};

struct fnl_moves_out {
	enum fnl_row_change change;
	struct fnl_value *row;        /* with FNL_ROW_PUT */
	struct fnl_value **lines;     /* one for each row of the page; NULL: unchanged */
	struct fnl_event_out *events; /* ReassignmentRequested, ReassignmentOverdue */
	size_t event_count;
	struct fnl_span cause_id; /* of the events; borrowed from the row */
	struct fnl_span correlation_id;
	bool stale;
};

/* A BookMoves: the row is begun, and due at once. FNL_OK, FNL_E_NOMEM, or FNL_E_INVALID, FNL_E_LIMIT with *why: the
 * input is poison. in->rep, in->handover are not looked at. `ret` untouched on failure. */
int fnl_moves_begin(const struct fnl_moves_in *in, const struct fnl_value *event, struct fnl_moves_out *ret,
                    struct fnl_error *why) FNL_MUST_USE;

/* What the row's timer needs: a page of at most FNL_MOVES_PAGE_LINES lines of the book, or none. */
struct fnl_moves_need {
	bool lines;
	struct fnl_span after; /* a prospect; absent: from the first one on */
};
struct fnl_moves_need fnl_moves_needs(const struct fnl_value *row);

struct fnl_moves_page {
	const struct fnl_value *const *rows; /* Line, decoded */
	size_t count;
	bool last; /* there are no more */
};
/* A firing. FNL_OK or FNL_E_NOMEM; `ret` untouched on failure. */
int fnl_moves_step(const struct fnl_moves_in *in, const struct fnl_moves_page *page,
                   struct fnl_moves_out *ret) FNL_MUST_USE;

/* ---- a prospect has left its book because the source was asked to move it ---- */

struct fnl_moved {
	struct fnl_span prospect_id;
	struct fnl_span from_book;
	struct fnl_span to_rep_id;
	struct fnl_span proposal_id; /* absent: it was a handover */
	struct fnl_span notice_id;   /* absent: it was a proposal */
};
enum { FNL_MOVED_FOR_A_REASON = 1 };
/* For whoever follows a prospect from book to book. event: a BookLine that the book has taken in (it was not stale);
 * before: the Line row before it; task: the Task row of the prospect before it. FNL_MOVED_FOR_A_REASON: the line was
 * OWNED and is not, and its owner is the rep to whom a proposal, or else a handover, wanted it to go: *ret, borrowed
 * from the three. 0: anything else, as when the source gave it to somebody else; *ret is untouched. */
int fnl_moves_recognise(const struct fnl_value *before, const struct fnl_value *event, const struct fnl_value *task,
                        struct fnl_moved *ret) FNL_MUST_USE;

#endif
