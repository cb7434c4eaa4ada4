/* What the books tell of stalls, and the reps' inspections: core decides, here it becomes rows and outputs. */
#include "rep_internal.h"

_Static_assert((int)FNL_INSPECT_PAGE_LINES <= (int)FNL_PAGE_ROWS_MAX &&
                   (int)FNL_INSPECT_RETURN_LINES <= (int)FNL_PAGE_ROWS_MAX,
               "a page is no longer than the engine gives");
_Static_assert((int)FNL_INSPECT_PAGE_LINES + FNL_STEP_ROWS_MAX <= (int)FNL_STEP_WRITES_MAX,
               "a page writes each line, and a few rows beside");
_Static_assert((int)FNL_INSPECT_PAGE_LINES / FNL_INSPECT_SHEET_LINES_MIN + 2 <= (int)FNL_STEP_OUTPUTS_MAX,
               "a page tells the shortest pages of a sheet, and the sheet");
_Static_assert(FNL_INSPECT_RETURN_LINES *(int)FNL_ALERTS_MAX <= (int)FNL_STEP_OUTPUTS_MAX,
               "a page tells each line's stalls");

/* What a step tells with. */
struct telling {
	struct fnl_rep_operator *o;
	const struct fnl_step *in;
	struct fnl_cause_id cause;
	int32_t rules_version;
	struct fnl_decision *d;
};

/* ---- names of what is told ---- */

static void write_part(struct fnl_writer *w, struct fnl_span part)
{
	fnl_write_raw(w, part);
	fnl_write_u8(w, '|');
}

/* "<book>|<prospect id>|<kind>|<level, or 'cleared'>|<since>" */
static struct fnl_span stall_name(const struct telling *t, const struct fnl_event_out *event)
{
	const struct fnl_rep_event *e = t->in->event;
	const struct fnl_value *v = event->values;
	bool cleared = event->desc == &fnl_desc_stall_cleared;
	int64_t kind = v[cleared ? (int)FNL_STALL_CLEARED_KIND : (int)FNL_PROSPECT_STALLED_KIND].i64;
	struct fnl_writer w = fnl_writer_of(t->in->arena);
	write_part(&w, e->book);
	write_part(&w, v[cleared ? (int)FNL_STALL_CLEARED_PROSPECT_ID : (int)FNL_PROSPECT_STALLED_PROSPECT_ID].str);
	write_part(&w, fnl_span_str(fnl_symbols_stall_kind[kind]));
	write_part(&w, cleared ? FNL_SPAN_LIT("cleared")
	                       : fnl_span_str(fnl_symbols_alert_level[v[FNL_PROSPECT_STALLED_LEVEL].i64]));
	fnl_write_decimal(&w, v[cleared ? (int)FNL_STALL_CLEARED_SINCE : (int)FNL_PROSPECT_STALLED_SINCE].i64);
	return fnl_writer_span(&w);
}

static struct fnl_span name_of(const struct telling *t, const struct fnl_event_out *event)
{
	const struct fnl_value *v = event->values;
	struct fnl_writer w = fnl_writer_of(t->in->arena);
	if (event->desc == &fnl_desc_inspection_sheet) {
		return v[FNL_INSPECTION_SHEET_SHEET_ID].str;
	}
	if (event->desc == &fnl_desc_sheet_page) {
		write_part(&w, v[FNL_SHEET_PAGE_SHEET_ID].str);
		fnl_write_decimal(&w, v[FNL_SHEET_PAGE_PAGE].i64);
	} else if (event->desc == &fnl_desc_inspection_answer_recorded) {
		write_part(&w, v[FNL_INSPECTION_ANSWER_RECORDED_SHEET_ID].str);
		write_part(&w, v[FNL_INSPECTION_ANSWER_RECORDED_QUESTION_ID].str);
		fnl_write_raw(&w, v[FNL_INSPECTION_ANSWER_RECORDED_ANSWER_ID].str);
	} else if (event->desc == &fnl_desc_inspection_overdue) {
		write_part(&w, v[FNL_INSPECTION_OVERDUE_SHEET_ID].str);
		fnl_write_raw(&w, FNL_SPAN_LIT("overdue"));
	} else {
		return stall_name(t, event);
	}
	return fnl_writer_span(&w);
}

static int tell(const struct telling *t, const struct fnl_event_out *event)
{
	struct fnl_derived derived = {
		.event = event, .cause = &t->cause, .rules_version = t->rules_version, .id_name = name_of(t, event)};
	return fnl_span_is_none(derived.id_name) ? FNL_E_NOMEM : fnl_op_output(&t->o->op, t->in, &derived, t->d);
}

/* ---- lines, and what HR says ---- */

static bool contains(struct fnl_span in, struct fnl_span what)
{
	const uint8_t *at = in.data;
	const uint8_t *end = in.data + in.len;
	while (what.len > 0 && (size_t)(end - at) >= what.len) {
		at = memchr(at, what.data[0], (size_t)(end - at) - what.len + 1);
		if (!at) {
			return false;
		}
		if (memcmp(at, what.data, what.len) == 0) {
			return true;
		}
		at++;
	}
	return false;
}

int fnl_rep_take_inspection(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_value **ret,
                            bool *ret_whole, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	const struct fnl_row_type *type = &o->rows[FNL_REP_TABLE_INSPECTION];
	*ret = NULL;
	*ret_whole = true;
	if (e->row_inspection < 0 || fnl_span_is_none(in->rows[e->row_inspection])) {
		return 0;
	}
	/* most lines are asked nothing about, and the questions are the most of the row; a handover may ask for a sheet */
	struct fnl_span row = in->rows[e->row_inspection];
	*ret_whole = fnl_span_is_none(e->prospect_id) || fnl_rep_has_handover(in) || contains(row, e->prospect_id);
	size_t count = *ret_whole ? (size_t)FNL_INSPECTION_FIELD_COUNT : (size_t)FNL_INSPECTION_HEAD_COUNT;
	return fnl_row_decode_head(o->op.codec, type, row, count, in->arena, ret, why);
}

int fnl_rep_tell_stalls(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_book_in *book,
                        const struct fnl_book_out *out, struct fnl_decision *d)
{
	const struct fnl_rep_event *e = in->event;
	struct telling t = {o, in, {book->cause_id, book->correlation_id}, book->rules->version, d};
	struct fnl_event_out events[FNL_ALERTS_MAX];
	size_t count = 0;
	if (out->line_change == FNL_ROW_KEEP) {
		return 0;
	}
	int rc = fnl_alerts_of_line(out->rep ? out->rep : book->rep, book->line, out->line, e->root.decoded.values,
	                            book->rules, in->arena, events, &count);
	for (size_t i = 0; i < count && rc == 0; i++) {
		rc = tell(&t, &events[i]);
	}
	return rc;
}

/* Before the stage's time is known an input's own is the best there is. */
static struct fnl_inspection_in inspection_in(const struct fnl_step *in, const struct fnl_value *row,
                                              const struct fnl_value *rep, const struct fnl_rules *rules)
{
	const struct fnl_rep_event *e = in->event;
	int64_t input_ms = in->cause == FNL_CAUSE_RECORD ? e->root.occurred_at_ms : 0;
	return (struct fnl_inspection_in){.row = row,
	                                  .rep = rep,
	                                  .now_ms = in->now_ms == FNL_NO_TIME ? input_ms : in->now_ms,
	                                  .input_ms = input_ms,
	                                  .rules = rules,
	                                  .arena = in->arena};
}

int fnl_rep_inspection_after(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_book_in *book,
                             const struct fnl_book_out *out, bool whole, struct fnl_decision *d,
                             const struct fnl_value **ret_row)
{
	const struct fnl_rep_event *e = in->event;
	const struct fnl_value *values = e->root.decoded.values;
	bool is_line = e->root.decoded.desc == &fnl_desc_book_line;
	bool erased = is_line && values[FNL_BOOK_LINE_STATE].i64 == FNL_LINE_STATE_ERASED;
	struct fnl_value *row = NULL;
	*ret_row = book->inspection;
	if (e->row_inspection < 0 || !whole || (out->stale && !(erased && book->inspection))) {
		return 0;
	}
	struct fnl_inspection_in state = inspection_in(in, book->inspection, out->rep ? out->rep : book->rep, book->rules);
	int rc = is_line ? fnl_inspection_line(&state, values, &row) : fnl_inspection_rep_changed(&state, book->rep, &row);
	if (rc || !row) {
		return rc;
	}
	d->stale = false;
	*ret_row = row;
	return fnl_rep_put_row(o, in, e->row_inspection, FNL_REP_TABLE_INSPECTION, FNL_ROW_PUT, row, d);
}

/* ---- commands, answers, the timer ---- */

static int take_both(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                     struct fnl_inspection_in *ret, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	const struct fnl_value *row = NULL, *rep = NULL;
	int rc = fnl_rep_take_row(o, in, e->row_inspection, FNL_REP_TABLE_INSPECTION, &row, why);
	rc = rc ? rc : fnl_rep_take_row(o, in, e->row_rep, FNL_REP_TABLE_REP, &rep, why);
	*ret = inspection_in(in, row, rep, rules);
	return rc;
}

int fnl_rep_step_asked(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                       struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	struct fnl_inspection_in state;
	struct fnl_cause_id cause;
	struct fnl_value *row = NULL;
	int rc = take_both(o, in, rules, &state, why);
	rc = rc ? rc : fnl_rep_cause(o, in, &cause);
	rc = rc ? rc : fnl_inspection_asked(&state, e->root.decoded.values, cause.id, cause.correlation, &row, why);
	d->stale = rc == 0 && !row;
	return rc || !row ? rc : fnl_rep_put_row(o, in, e->row_inspection, FNL_REP_TABLE_INSPECTION, FNL_ROW_PUT, row, d);
}

int fnl_rep_step_answer(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                        struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	struct telling t = {.o = o, .in = in, .rules_version = rules->version, .d = d};
	struct fnl_inspection_in state;
	struct fnl_inspection_answer out = {0};
	int rc = take_both(o, in, rules, &state, why);
	rc = rc ? rc : fnl_rep_cause(o, in, &t.cause);
	rc = rc ? rc : fnl_inspection_answered(&state, e->root.decoded.values, &out, why);
	if (rc || !out.event.desc) {
		d->stale = rc == 0;
		return rc;
	}
	rc = fnl_rep_put_row(o, in, e->row_inspection, FNL_REP_TABLE_INSPECTION, out.row ? FNL_ROW_PUT : FNL_ROW_KEEP,
	                     out.row, d);
	return rc ? rc : tell(&t, &out.event);
}

static int take_outcome(const struct telling *t, const struct fnl_inspection_out *out)
{
	const struct fnl_rep_event *e = t->in->event;
	struct fnl_rep_operator *o = t->o;
	int rc = fnl_rep_put_row(o, t->in, e->row_inspection, FNL_REP_TABLE_INSPECTION, FNL_ROW_PUT, out->row, t->d);
	for (size_t i = 0; i < t->in->page_count && rc == 0; i++) {
		struct fnl_row_key key = {FNL_REP_TABLE_LINE, t->in->page[i].key};
		const struct fnl_inspection_line_out *line = &out->lines[i];
		if (line->change != FNL_ROW_KEEP) {
			rc = fnl_decision_put_key(t->d, key, &o->rows[FNL_REP_TABLE_LINE],
			                          line->change == FNL_ROW_PUT ? line->line : NULL, t->in->arena);
		}
	}
	for (size_t i = 0; i < out->event_count && rc == 0; i++) {
		rc = tell(t, &out->events[i]);
	}
	return rc;
}

int fnl_rep_step_inspection(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                            struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	struct telling t = {.o = o, .in = in, .rules_version = rules->version, .d = d};
	struct fnl_inspection_in state;
	struct fnl_inspection_page page = {.count = in->page_count, .last = in->page_count < e->inspect.limit};
	struct fnl_inspection_out out;
	memset(&out, 0, sizeof(out));
	int rc = take_both(o, in, rules, &state, why);
	rc = rc ? rc : fnl_rep_take_page(o, in, FNL_REP_TABLE_LINE, &page.lines, why);
	rc = rc ? rc : fnl_rep_cause(o, in, &t.cause);
	rc = rc ? rc : fnl_inspection_step(&state, &page, &out);
	if (rc) {
		/* nothing of it came from outside: a record is not to blame */
		return rc == FNL_E_NOMEM ? rc : fnl_fail(why, FNL_E_STATE, "a sheet cannot be made: %s", fnl_status_text(rc));
	}
	if (!fnl_span_is_none(out.cause_id)) {
		t.cause = (struct fnl_cause_id){out.cause_id,
		                                fnl_span_is_none(out.correlation_id) ? out.cause_id : out.correlation_id};
	}
	return take_outcome(&t, &out);
}
