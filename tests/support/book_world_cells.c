/* The cells of a world of books. */
#include "book_world_internal.h"

#include <stdlib.h>

static struct fnl_cell_in cells_of(struct fnl_books *w, const struct fnl_book_in *state)
{
	return (struct fnl_cell_in){.rep = w->out.rep ? w->out.rep : state->rep,
	                            .now_ms = w->now_ms,
	                            .rules = &w->rules,
	                            .cause_id = state->cause_id,
	                            .correlation_id = state->correlation_id,
	                            .arena = &w->arena};
}

/* The book's line goes from one cell to another. */
int fnl_books_move_cells(struct fnl_books *w, const struct fnl_book_in *state, struct fnl_span book)
{
	struct fnl_cell_in in = cells_of(w, state);
	struct fnl_cell_row rows[2];
	struct fnl_span name = FNL_SPAN_NONE;
	struct fnl_books_key left = {""}, joined = {""};
	if (w->out.line_change == FNL_ROW_KEEP) {
		return 0;
	}
	if (w->out.line && fnl_cell_of_line(w->out.line + FNL_LINE_STATE, &w->arena, &name) != 0) {
		abort();
	}
	if (!fnl_span_is_none(name)) {
		joined = fnl_books_key_of(book, 0, name);
	}
	if (state->line && state->line[FNL_LINE_CELL].set) {
		left = fnl_books_key_of(book, 0, state->line[FNL_LINE_CELL].str);
	}
	int r = fnl_cell_move(&in, state->line, w->out.line, fnl_books_get(w, FNL_BOOKS_CELL, left.text),
	                      fnl_books_get(w, FNL_BOOKS_CELL, joined.text), &rows[0], &rows[1], &w->why);
	if (r == 0) {
		fnl_books_put(w, FNL_BOOKS_CELL, left.text, rows[0].change, rows[0].values);
		fnl_books_put(w, FNL_BOOKS_CELL, joined.text, rows[1].change, rows[1].values);
	}
	return r;
}

bool fnl_books_cell_timer(struct fnl_books *w, const char *key)
{
	const struct fnl_value *cell = fnl_books_get(w, FNL_BOOKS_CELL, key);
	struct fnl_cell_told out;
	struct fnl_book_in state = fnl_books_in_of(w, cell ? cell[FNL_CELL_BOOK].str : FNL_SPAN_LIT(""), NULL);
	w->out.rep = NULL;
	struct fnl_cell_in in = cells_of(w, &state);
	if (fnl_cell_timer(&in, cell, &out) != 0) {
		abort();
	}
	for (size_t i = 0; i < out.image_count; i++) {
		fnl_books_tell(w, out.images[i].desc, out.images[i].values);
	}
	w->cause_id = out.image_count ? out.cause_id : w->cause_id;
	fnl_books_put(w, FNL_BOOKS_CELL, key, out.row.change, out.row.values);
	return !out.stale;
}

/* A page of his cells. */
void fnl_books_go_over_cells(struct fnl_books *w, const struct fnl_book_in *state)
{
	const struct fnl_value *page[FNL_CELL_PAGE_ROWS];
	struct fnl_cell_row rows[FNL_CELL_PAGE_ROWS];
	const char *keys[FNL_CELL_PAGE_ROWS] = {""};
	struct fnl_value *rep = w->out.rep;
	const struct fnl_value *after = &rep[FNL_REP_CELLS_AFTER];
	size_t count = 0;
	bool last = true;
	for (size_t i = 0; i < w->row_count; i++) {
		const struct fnl_books_row *row = &w->rows[i];
		bool his = row->table == FNL_BOOKS_CELL && fnl_span_eq(row->values[FNL_CELL_BOOK].str, rep[FNL_REP_BOOK].str);
		if (!his || (after->set && fnl_span_cmp(fnl_span_str(row->key), after->str) <= 0)) {
			continue;
		}
		last = count < w->page_cells;
		if (last) {
			keys[count] = row->key;
			page[count++] = row->values;
		}
	}
	struct fnl_cell_in in = cells_of(w, state);
	struct fnl_span last_key = count ? fnl_arena_dup(&w->arena, fnl_span_str(keys[count - 1])) : FNL_SPAN_NONE;
	if (fnl_cell_go_over(&in, rep, page, count, last_key, last, rows) != 0) {
		abort();
	}
	for (size_t i = 0; i < count; i++) {
		fnl_books_put(w, FNL_BOOKS_CELL, keys[i], rows[i].change, rows[i].values);
	}
	fnl_book_arm(rep, &w->rules, w->now_ms);
}

const struct fnl_value *fnl_books_cell(const struct fnl_books *w, const char *key)
{
	return fnl_books_get(w, FNL_BOOKS_CELL, key);
}
