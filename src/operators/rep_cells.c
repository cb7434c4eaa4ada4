/* Cells: the rows that a line needs, what it moves between them, and what the organisation is told. */
#include "rep_internal.h"

_Static_assert((int)FNL_CELL_PAGE_ROWS <= (int)FNL_PAGE_ROWS_MAX, "a page is no longer than the engine gives");
_Static_assert(FNL_CELL_PAGE_ROWS + FNL_STEP_ROWS_MAX <= FNL_STEP_WRITES_MAX, "a page writes each of its cells");

int fnl_rep_prepare_cells(struct fnl_rep_operator *o, struct fnl_rep_event *e, struct fnl_span line,
                          struct fnl_arena *arena, struct fnl_prepared *ret, struct fnl_error *why)
{
	const struct fnl_value *before = NULL;
	struct fnl_span joined = FNL_SPAN_NONE, key;
	int rc = fnl_row_decode_head(o->op.codec, &o->rows[FNL_REP_TABLE_LINE], line, FNL_LINE_HELD_UNTIL + 1, arena,
	                             &before, why);
	rc = rc ? rc : fnl_cell_of_line(e->root.decoded.values + FNL_BOOK_LINE_STATE, arena, &joined);
	e->row_cell = e->row_left = -1;
	if (rc == 0 && !fnl_span_is_none(joined)) {
		key = fnl_cell_key(e->book, joined, arena);
		e->row_cell = fnl_prepared_add(ret, FNL_REP_TABLE_CELL, key);
		rc = fnl_span_is_none(key) ? FNL_E_NOMEM : 0;
	}
	if (rc || !before || !before[FNL_LINE_CELL].set || fnl_span_eq(before[FNL_LINE_CELL].str, joined)) {
		return rc;
	}
	key = fnl_cell_key(e->book, before[FNL_LINE_CELL].str, arena);
	e->row_left = fnl_prepared_add(ret, FNL_REP_TABLE_CELL, key);
	return fnl_span_is_none(key) ? FNL_E_NOMEM : 0;
}

int fnl_rep_prepare_cell_timer(struct fnl_rep_operator *o, struct fnl_row_key row, struct fnl_span value,
                               struct fnl_rep_event *e, struct fnl_arena *arena, struct fnl_prepared *ret)
{
	const struct fnl_value *cell = NULL;
	struct fnl_error why;
	int rc = fnl_row_decode_head(o->op.codec, &o->rows[row.table], value, FNL_CELL_BOOK + 1, arena, &cell, &why);
	if (rc || !cell) {
		return rc == FNL_E_NOMEM ? rc : FNL_E_STATE;
	}
	e->book = cell[FNL_CELL_BOOK].str;
	e->row_rep = fnl_prepared_add(ret, FNL_REP_TABLE_REP, e->book);
	return 0;
}

int fnl_rep_prepare_going_over(const struct fnl_value *rep, struct fnl_rep_event *e, struct fnl_arena *arena,
                               struct fnl_prepared *ret)
{
	if (!fnl_cell_is_waiting(rep)) {
		return 0;
	}
	const struct fnl_value *after = &rep[FNL_REP_CELLS_AFTER];
	struct fnl_span prefix = fnl_cell_key(e->book, FNL_SPAN_LIT(""), arena);
	ret->page = (struct fnl_page_request){true, FNL_REP_TABLE_CELL, prefix, after->set ? after->str : FNL_SPAN_NONE,
	                                      FNL_CELL_PAGE_ROWS};
	return fnl_span_is_none(prefix) ? FNL_E_NOMEM : 0;
}

static struct fnl_cell_in input_of(const struct fnl_step *in, const struct fnl_book_in *book,
                                   const struct fnl_value *rep)
{
	return (struct fnl_cell_in){.rep = rep,
	                            .now_ms = book->now_ms,
	                            .rules = book->rules,
	                            .cause_id = book->cause_id,
	                            .correlation_id = book->correlation_id,
	                            .arena = in->arena};
}

int fnl_rep_move_cells(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_book_in *book,
                       const struct fnl_book_out *out, struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	const struct fnl_value *left, *joined;
	struct fnl_cell_row rows[2];
	if (out->line_change == FNL_ROW_KEEP) {
		return 0;
	}
	struct fnl_cell_in cell = input_of(in, book, out->rep ? out->rep : book->rep);
	int rc = fnl_rep_take_row(o, in, e->row_left, FNL_REP_TABLE_CELL, &left, why);
	rc = rc ? rc : fnl_rep_take_row(o, in, e->row_cell, FNL_REP_TABLE_CELL, &joined, why);
	rc = rc ? rc : fnl_cell_move(&cell, book->line, out->line, left, joined, &rows[0], &rows[1], why);
	rc = rc ? rc : fnl_rep_put_row(o, in, e->row_left, FNL_REP_TABLE_CELL, rows[0].change, rows[0].values, d);
	return rc ? rc : fnl_rep_put_row(o, in, e->row_cell, FNL_REP_TABLE_CELL, rows[1].change, rows[1].values, d);
}

int fnl_rep_step_cell(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                      struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	struct fnl_book_in book = {.now_ms = fnl_rep_now(in), .rules = rules};
	const struct fnl_value *cell = NULL, *rep = NULL;
	struct fnl_cell_told out;
	memset(&out, 0, sizeof(out));
	int rc = fnl_rep_take_row(o, in, e->row_cell, FNL_REP_TABLE_CELL, &cell, why);
	rc = rc ? rc : fnl_rep_take_row(o, in, e->row_rep, FNL_REP_TABLE_REP, &rep, why);
	struct fnl_cell_in core = input_of(in, &book, rep);
	rc = rc ? rc : fnl_cell_timer(&core, cell, &out);
	if (rc) {
		return rc;
	}
	d->stale = out.stale;
	struct fnl_cause_id cause = {out.cause_id, out.correlation_id};
	rc = fnl_rep_put_row(o, in, e->row_cell, FNL_REP_TABLE_CELL, out.row.change, out.row.values, d);
	for (size_t i = 0; i < out.image_count && rc == 0; i++) {
		struct fnl_span key = fnl_org_key(out.images[i].values[FNL_CELL_IMAGE_ORG_ID].str, in->arena);
		rc = fnl_span_is_none(key)
		         ? FNL_E_NOMEM
		         : fnl_op_internal(&o->op, in, FNL_REP_OUT_ORG_INPUTS, key, &out.images[i], &cause, false, d);
	}
	return rc;
}

int fnl_rep_go_over_cells(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_book_in *book,
                          struct fnl_book_out *out, struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_value *const *cells;
	if (!fnl_cell_is_waiting(out->rep)) {
		return 0;
	}
	struct fnl_cell_row *rows = fnl_arena_calloc(in->arena, FNL_CELL_PAGE_ROWS, sizeof(*rows));
	struct fnl_cell_in core = input_of(in, book, out->rep);
	bool last = in->page_count < FNL_CELL_PAGE_ROWS;
	int rc = rows ? fnl_rep_take_page(o, in, FNL_REP_TABLE_CELL, &cells, why) : FNL_E_NOMEM;
	rc = rc ? rc
	        : fnl_cell_go_over(&core, out->rep, cells, in->page_count,
	                           in->page_count ? in->page[in->page_count - 1].key : FNL_SPAN_NONE, last, rows);
	for (size_t i = 0; i < in->page_count && rc == 0; i++) {
		struct fnl_row_key key = {FNL_REP_TABLE_CELL, in->page[i].key};
		if (rows[i].change != FNL_ROW_KEEP) {
			rc = fnl_decision_put_key(d, key, &o->rows[FNL_REP_TABLE_CELL], rows[i].values, in->arena);
		}
	}
	if (rc == 0) {
		fnl_book_arm(out->rep, book->rules, book->now_ms);
	}
	return rc;
}
