/* Cells: what a book has of one region, industry and size of buyer, by layer and currency, and from which week on a
 * territory proposal may move it. Pure: no clock, no I/O, memory from the arena only. Values of rows are arrays in the
 * order of the records' fields (Cell, Line, Rep); NULL: there is no such row; borrowed, never changed.
 *
 * Counted are the OWNED lines in TOP, MIDDLE and BOTTOM, each in the cell of its codes; no code and an empty one are
 * the same. A line says which cell it is counted in and until when it is held, so that what was added is what is taken
 * away, whatever the rules say by then. One that says nothing (it was stored before there were cells) is in none until
 * its next change.
 *
 * A line is held until the later of: [territory] move_again_days after its owner took over from another rep; in MIDDLE
 * [territory] middle_quiet_bd business days after the end of the day of the last contact. A cell counts by weeks
 * (day / 7): the first one that begins on or after that day. Weeks that have begun are one with week 0, which may be
 * moved already, from the next change of the cell on: so on a day t exactly the sums with week <= t / 7 may be moved.
 *
 * The rep's organisation is told [org] conflation_seconds after the first change that it does not know, by the row's
 * timer. Nothing is told while HR has not said whose the rep is, and of the pool never. When he goes to another
 * organisation, or HR wants him forgotten, his cells are gone over, a page at each firing of the Rep row's timer, and
 * told at once: absent from the one, present in the other. A cell that has nothing in it, and of which nobody knows
 * anything else, is no row. */
#ifndef FUNNELD_CORE_CELL_H
#define FUNNELD_CORE_CELL_H

#include "funneld/core/book.h"

enum {
	FNL_CELL_SLOT_LAYERS = 16, /* CellTotal.slot = layer + this * week */
	FNL_CELL_IMAGES_MAX = 2,   /* the absence from one organisation, and the presence in another */
	FNL_CELL_PAGE_ROWS = 100,
	FNL_CELL_CODE_BYTES_MAX = 64
};

/* What names a cell in its book: "<region>|<industry>|<size focus>". A code of more than FNL_CELL_CODE_BYTES_MAX bytes,
 * or with '|' or a control in it, or with '%' at its beginning, is '%' and its SHA-256 in hex. FNL_SPAN_NONE: no
 * memory. */
struct fnl_span fnl_cell_name(struct fnl_span region, struct fnl_span industry, struct fnl_span size_focus,
                              struct fnl_arena *arena);
/* The name of the cell that a line is counted in; values: the FNL_BOOK_VALUE_COUNT ones of a Line or a BookLine.
 * *ret FNL_SPAN_NONE: none. */
int fnl_cell_of_line(const struct fnl_value *values, struct fnl_arena *arena, struct fnl_span *ret) FNL_MUST_USE;
/* The row's key: "<book>|<name>". FNL_SPAN_NONE: no memory. */
struct fnl_span fnl_cell_key(struct fnl_span book, struct fnl_span name, struct fnl_arena *arena);

struct fnl_cell_in {
	const struct fnl_value *rep; /* the book's row, as it is by now */
	int64_t now_ms;
	const struct fnl_rules *rules;
	struct fnl_span cause_id; /* ce_id behind the input, for what is told later */
	struct fnl_span correlation_id;
	struct fnl_arena *arena;
};

/* A row after a step. */
struct fnl_cell_row {
	enum fnl_row_change change;
	struct fnl_value *values; /* with FNL_ROW_PUT */
};

/* A line of the book was `before` and is `after`, Line rows both; sets cell and held_until of `after`. left: the row of
 * the cell that `before` names; joined: of the one that `after` is counted in. When they are the same only joined is
 * looked at and changed. FNL_E_LIMIT with *why: the sums of a cell go beyond 64 bits or FNL_BOOK_TOTALS_MAX entries.
 * FNL_E_STATE: the line is not in the cell that it names. */
int fnl_cell_move(const struct fnl_cell_in *in, const struct fnl_value *before, struct fnl_value *after,
                  const struct fnl_value *left, const struct fnl_value *joined, struct fnl_cell_row *ret_left,
                  struct fnl_cell_row *ret_joined, struct fnl_error *why) FNL_MUST_USE;

struct fnl_cell_told {
	struct fnl_cell_row row;
	struct fnl_event_out images[FNL_CELL_IMAGES_MAX]; /* CellImage */
	size_t image_count;
	struct fnl_span cause_id; /* of the images; borrowed from the row */
	struct fnl_span correlation_id;
	bool stale; /* nothing is due */
};
/* Whether a proposal may move a line (a Line row) at this moment, by the rules in force: OWNED, TOP or MIDDLE (BOTTOM
 * where [territory] move_bottom says so), and held no more. */
bool fnl_cell_may_move(const struct fnl_rules *rules, const struct fnl_value *line, int64_t now_ms);

/* The timer of a Cell row; in->cause_id is not looked at. */
int fnl_cell_timer(const struct fnl_cell_in *in, const struct fnl_value *cell, struct fnl_cell_told *ret) FNL_MUST_USE;

/* HR has said something of the rep, who was `before` (NULL: unknown) and is `rep` by now, which is changed: his cells
 * are gone over when another organisation has him. The caller arms the row (fnl_book_arm). */
void fnl_cell_rep_changed(const struct fnl_value *before, struct fnl_value *rep, int64_t now_ms,
                          struct fnl_span cause_id, struct fnl_span correlation_id);
/* Whether the Rep row waits for its timer to go over cells: then the timer's step gets a page of at most
 * FNL_CELL_PAGE_ROWS of them, from the first one after cells_after on. */
bool fnl_cell_is_waiting(const struct fnl_value *rep);
/* A page of them. rep: a copy of the row that is changed; the caller arms it. last_key: of the page's last cell; last:
 * there are no more. rows: one for each cell. Nothing is done before it is due. */
int fnl_cell_go_over(const struct fnl_cell_in *in, struct fnl_value *rep, const struct fnl_value *const *cells,
                     size_t count, struct fnl_span last_key, bool last, struct fnl_cell_row *rows) FNL_MUST_USE;

#endif
