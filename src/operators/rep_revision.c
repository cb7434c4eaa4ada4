/* What changes a frozen quota: ReviseQuota, and lines that come from another rep or go to one. */
#include "rep_internal.h"

/* "<book>|<fiscal year>|revision|<number>"; of a refusal the command's id. */
static struct fnl_span name_of(struct fnl_span book, const struct fnl_event_out *event, struct fnl_arena *arena)
{
	const struct fnl_value *v = event->values;
	struct fnl_writer w = fnl_writer_of(arena);
	if (event->desc == &fnl_desc_command_rejected) {
		return v[FNL_COMMAND_REJECTED_COMMAND_ID].str;
	}
	fnl_write_raw(&w, book);
	fnl_write_u8(&w, '|');
	fnl_write_decimal(&w, v[FNL_QUOTA_REVISED_FISCAL_YEAR].i64);
	fnl_write_raw(&w, FNL_SPAN_LIT("|revision|"));
	fnl_write_decimal(&w, v[FNL_QUOTA_REVISED_REVISION].i64);
	return fnl_writer_span(&w);
}

static int tell(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_event_out *event,
                const struct fnl_cause_id *cause, int32_t rules_version, struct fnl_decision *d)
{
	const struct fnl_rep_event *e = in->event;
	bool rejected = event->desc == &fnl_desc_command_rejected;
	struct fnl_derived derived = {.event = event,
	                              .cause = cause,
	                              .rules_version = rules_version,
	                              .key = rejected ? fnl_book_rep_id(e->book) : FNL_SPAN_NONE,
	                              .id_name = name_of(e->book, event, in->arena)};
	return fnl_span_is_none(derived.id_name) ? FNL_E_NOMEM : fnl_op_output(&o->op, in, &derived, d);
}

int fnl_rep_prepare_revision(struct fnl_rep_event *e, struct fnl_arena *arena, struct fnl_prepared *ret)
{
	const struct fnl_value *v = e->root.decoded.values;
	bool moved = e->root.decoded.desc == &fnl_desc_quota_moved;
	int64_t year = v[moved ? FNL_QUOTA_MOVED_FISCAL_YEAR : FNL_REVISE_QUOTA_FISCAL_YEAR].i64;
	struct fnl_span key = fnl_rep_quota_key(e->book, year, FNL_SPAN_NONE, arena);
	e->row_rep = fnl_prepared_add(ret, FNL_REP_TABLE_REP, e->book);
	e->row_quota = fnl_prepared_add(ret, FNL_REP_TABLE_QUOTA, key);
	return fnl_span_is_none(key) ? FNL_E_NOMEM : 0;
}

int fnl_rep_step_revision(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                          struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	const struct fnl_value *values = e->root.decoded.values;
	bool moved = e->root.decoded.desc == &fnl_desc_quota_moved;
	struct fnl_quota_revise_in state = {.arena = in->arena};
	struct fnl_quota_revise_out out;
	struct fnl_cause_id cause;
	memset(&out, 0, sizeof(out));
	int rc = fnl_rep_take_row(o, in, e->row_rep, FNL_REP_TABLE_REP, &state.rep, why);
	rc = rc ? rc : fnl_rep_take_row(o, in, e->row_quota, FNL_REP_TABLE_QUOTA, &state.quota, why);
	rc = rc ? rc : fnl_rep_cause(o, in, &cause);
	if (rc) {
		return rc;
	}
	rc = moved ? fnl_quota_moved(&state, values, &out, why) : fnl_quota_command(&state, values, &out, why);
	if (rc) {
		return rc;
	}
	d->stale = out.stale;
	rc =
		fnl_rep_put_row(o, in, e->row_quota, FNL_REP_TABLE_QUOTA, out.quota ? FNL_ROW_PUT : FNL_ROW_KEEP, out.quota, d);
	if (rc == 0 && out.quota) {
		int32_t year = (int32_t)out.quota[FNL_QUOTA_SET_FISCAL_YEAR].i64;
		rc = fnl_rep_note_revised(o, in, rules, state.rep, year, &cause, d);
	}
	return rc || !out.event.desc ? rc : tell(o, in, &out.event, &cause, rules->version, d);
}

/* ---- frozen lines that go to another rep ---- */

_Static_assert((int)FNL_QUOTA_GOING_TASKS <= (int)FNL_PAGE_ROWS_MAX, "a page is no longer than the engine gives");
_Static_assert(4 + FNL_QUOTA_GOING_LINES <= FNL_STEP_ROWS_MAX, "the row itself, rules, rep, quota and the lines");
_Static_assert(2 * FNL_QUOTA_GOING_TOLD <= (int)FNL_STEP_OUTPUTS_MAX, "each receiver is told of, and hears of it");

/* "<book>|<reference>", and "|<prospect>". */
int fnl_rep_begin_moves(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_quota_moves_begin *b,
                        struct fnl_decision *d)
{
	struct fnl_quota_moves_begin begin = *b;
	struct fnl_value *row = NULL;
	begin.now_ms = fnl_rep_now(in);
	struct fnl_row_key key = {FNL_REP_TABLE_QUOTA_MOVES, fnl_rep_line_key(b->book, b->reference, in->arena)};
	if (b->count == 1 && !fnl_span_is_none(key.key)) {
		key.key = fnl_rep_line_key(key.key, b->prospect_ids[0], in->arena);
	}
	int rc = fnl_span_is_none(key.key) ? FNL_E_NOMEM : fnl_quota_moves_begin(&begin, in->arena, &row);
	return rc ? rc : fnl_decision_put_key(d, key, &o->rows[key.table], row, in->arena);
}

static int add_quota_lines(struct fnl_rep_event *e, struct fnl_arena *arena, struct fnl_prepared *ret)
{
	for (size_t i = 0; i < e->quota_moves.count; i++) {
		struct fnl_span key =
			fnl_rep_quota_key(e->book, e->quota_moves.fiscal_year, e->quota_moves.prospect_ids[i], arena);
		int at = fnl_prepared_add(ret, FNL_REP_TABLE_QUOTA_LINE, key);
		e->row_gone = i == 0 ? at : e->row_gone;
		if (fnl_span_is_none(key)) {
			return FNL_E_NOMEM;
		}
	}
	return 0;
}

int fnl_rep_prepare_quota_moves_timer(struct fnl_rep_operator *o, struct fnl_span value, struct fnl_rep_event *e,
                                      struct fnl_arena *arena, struct fnl_prepared *ret)
{
	const struct fnl_value *row = NULL;
	struct fnl_error why;
	int rc = fnl_row_decode(o->op.codec, &o->rows[FNL_REP_TABLE_QUOTA_MOVES], value, arena, &row, &why);
	if (rc || !row) {
		return rc == FNL_E_NOMEM ? rc : FNL_E_STATE;
	}
	e->book = row[FNL_QUOTA_MOVES_BOOK].str;
	e->quota_moves = fnl_quota_moves_needs(row);
	e->row_rep = fnl_prepared_add(ret, FNL_REP_TABLE_REP, e->book);
	if (e->quota_moves.work == FNL_QUOTA_GOING_YEARS) {
		return 0;
	}
	if (e->quota_moves.work == FNL_QUOTA_GOING_PAGE) {
		bool first = fnl_span_is_none(e->quota_moves.after);
		struct fnl_span prefix = fnl_rep_line_key(e->book, FNL_SPAN_LIT(""), arena);
		struct fnl_span after = first ? FNL_SPAN_NONE : fnl_rep_line_key(e->book, e->quota_moves.after, arena);
		ret->page = (struct fnl_page_request){true, FNL_REP_TABLE_TASK, prefix, after, FNL_QUOTA_GOING_TASKS};
		return fnl_span_is_none(prefix) || fnl_span_is_none(after) != first ? FNL_E_NOMEM : 0;
	}
	struct fnl_span key = fnl_rep_quota_key(e->book, e->quota_moves.fiscal_year, FNL_SPAN_NONE, arena);
	e->row_quota = fnl_prepared_add(ret, FNL_REP_TABLE_QUOTA, key);
	return fnl_span_is_none(key) ? FNL_E_NOMEM : add_quota_lines(e, arena, ret);
}

static int take_moves(struct fnl_rep_operator *o, const struct fnl_step *in, struct fnl_quota_moves_in *ret,
                      struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	int rc = fnl_rep_take_row(o, in, e->row_quota_moves, FNL_REP_TABLE_QUOTA_MOVES, &ret->row, why);
	rc = rc ? rc : fnl_rep_take_row(o, in, e->row_rep, FNL_REP_TABLE_REP, &ret->rep, why);
	rc = rc ? rc : fnl_rep_take_row(o, in, e->row_quota, FNL_REP_TABLE_QUOTA, &ret->quota, why);
	for (size_t i = 0; i < e->quota_moves.count && rc == 0; i++) {
		rc = fnl_rep_take_row(o, in, e->row_gone + (int)i, FNL_REP_TABLE_QUOTA_LINE, &ret->lines[i], why);
	}
	return rc ? rc : fnl_rep_take_page(o, in, FNL_REP_TABLE_TASK, &ret->page, why);
}

static int tell_moves(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_quota_moves_in *state,
                      const struct fnl_quota_moves_out *out, struct fnl_decision *d)
{
	const struct fnl_rep_event *e = in->event;
	struct fnl_cause_id cause = {out->cause_id, out->correlation_id};
	int rc = 0;
	if (out->quota) {
		rc = fnl_rep_note_revised(o, in, state->rules, state->rep, e->quota_moves.fiscal_year, &cause, d);
	}
	for (size_t i = 0; i < out->event_count && rc == 0; i++) {
		const struct fnl_event_out *event = &out->events[i];
		if (event->desc != &fnl_desc_quota_moved) {
			rc = tell(o, in, event, &cause, state->rules->version, d);
			continue;
		}
		struct fnl_span key = fnl_org_key(event->values[FNL_QUOTA_MOVED_ORG_ID].str, in->arena);
		rc = fnl_span_is_none(key) ? FNL_E_NOMEM
		                           : fnl_op_internal(&o->op, in, FNL_REP_OUT_ORG_INPUTS, key, event, &cause, false, d);
	}
	return rc;
}

int fnl_rep_step_quota_moves(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                             struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	struct fnl_quota_moves_in state = {.page_count = in->page_count,
	                                   .page_last = in->page_count < FNL_QUOTA_GOING_TASKS,
	                                   .now_ms = in->now_ms,
	                                   .rules = rules,
	                                   .arena = in->arena};
	struct fnl_quota_moves_out out;
	memset(&out, 0, sizeof(out));
	int rc = take_moves(o, in, &state, why);
	rc = rc ? rc : fnl_quota_moves_step(&state, &out);
	if (rc) {
		/* nothing of it came from outside: a record is not to blame */
		return rc == FNL_E_NOMEM ? rc
		                         : fnl_fail(why, FNL_E_STATE, "frozen lines cannot be moved: %s", fnl_status_text(rc));
	}
	rc = fnl_rep_put_row(o, in, e->row_quota_moves, FNL_REP_TABLE_QUOTA_MOVES, out.row ? FNL_ROW_PUT : FNL_ROW_DELETE,
	                     out.row, d);
	rc = rc ? rc
	        : fnl_rep_put_row(o, in, e->row_quota, FNL_REP_TABLE_QUOTA, out.quota ? FNL_ROW_PUT : FNL_ROW_KEEP,
	                          out.quota, d);
	for (size_t i = 0; i < e->quota_moves.count && rc == 0; i++) {
		rc = fnl_rep_put_row(o, in, e->row_gone + (int)i, FNL_REP_TABLE_QUOTA_LINE,
		                     out.lines[i] ? FNL_ROW_PUT : FNL_ROW_KEEP, out.lines[i], d);
	}
	return rc ? rc : tell_moves(o, in, &state, &out, d);
}
