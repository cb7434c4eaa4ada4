/* A prospect's clocks and stalls as its inputs, timers and passes move them. */
#include "funneld/core/book.h"
#include "prospect_internal.h"

/* ---- clocks ---- */

static bool is_closed(const struct fnl_value *row)
{
	struct fnl_value status = row[FNL_PROSPECT_STATUS];
	return status.set && (status.i64 == FNL_STATUS_WON || status.i64 == FNL_STATUS_LOST);
}

static bool is_away(const struct fnl_value *row)
{
	return row[FNL_PROSPECT_LIFECYCLE].i64 != FNL_LIFECYCLE_ALIVE;
}

/* From one rep to another: what was told to him before is not his fault. The pool blames nobody. */
static void owner_clock(struct fnl_prospect_edit *e)
{
	struct fnl_value *row = e->row;
	struct fnl_value book = row[FNL_PROSPECT_BOOK];
	struct fnl_span from = book.set ? fnl_book_rep_id(book.str) : FNL_SPAN_NONE;
	struct fnl_value owner = row[FNL_PROSPECT_OWNER_REP_ID];
	struct fnl_span to = owner.set ? owner.str : FNL_SPAN_NONE;
	if (book.set && fnl_span_eq(from, to)) {
		return;
	}
	row[FNL_PROSPECT_OWNER_SINCE] = fnl_value_null();
	if (!fnl_span_is_none(from) && !fnl_span_is_none(to)) {
		row[FNL_PROSPECT_OWNER_SINCE] = fnl_value_i64(e->occurred_at_ms);
		e->cause = FNL_SUPERVISION_NEW_OWNER;
	}
}

void fnl_prospect_clocks(struct fnl_prospect_edit *e)
{
	const struct fnl_value *before = e->in->row;
	if (before && ((is_closed(before) && !is_closed(e->row)) || (is_away(before) && !is_away(e->row)))) {
		e->row[FNL_PROSPECT_REOPENED_AT] = fnl_value_i64(e->occurred_at_ms);
	}
	owner_clock(e);
}

int fnl_prospect_first_clock(struct fnl_prospect_edit *e)
{
	struct fnl_value *row = e->row;
	if (row[FNL_PROSPECT_LAYER_TIMES].list.count > 0 || !fnl_layer_in_funnel((int)row[FNL_PROSPECT_LAYER].i64)) {
		return FNL_OK;
	}
	struct fnl_value *list = fnl_arena_calloc(e->in->arena, 1, sizeof(*list));
	struct fnl_value *v = fnl_arena_calloc(e->in->arena, FNL_LAYER_TIME_FIELD_COUNT, sizeof(*v));
	if (!list || !v) {
		return FNL_E_NOMEM;
	}
	v[FNL_LAYER_TIME_LAYER] = row[FNL_PROSPECT_LAYER];
	v[FNL_LAYER_TIME_SINCE] = row[FNL_PROSPECT_LAYER_SINCE];
	v[FNL_LAYER_TIME_SPENT_MS] = fnl_value_i64(0);
	*list = fnl_value_list(v, FNL_LAYER_TIME_FIELD_COUNT);
	row[FNL_PROSPECT_LAYER_TIMES] = fnl_value_list(list, 1);
	e->cause = FNL_SUPERVISION_QUIET;
	return FNL_OK;
}

/* ---- stalls ---- */

/* Time does not run backwards for a row: what is over was over, though rules that were activated earlier come later,
 * or another machine's clock lags behind. */
static int64_t time_of(const struct fnl_prospect_edit *e)
{
	struct fnl_list stalls = e->row[FNL_PROSPECT_STALLS].list;
	int64_t now_ms = e->now_ms;
	for (size_t i = 0; i < stalls.count; i++) {
		int64_t over_ms = stalls.items[i].list.items[FNL_STALL_OVER_AT].i64;
		now_ms = over_ms > now_ms ? over_ms : now_ms;
	}
	return now_ms;
}

int fnl_prospect_supervise(struct fnl_prospect_edit *e)
{
	struct fnl_feed_state feed = fnl_prospect_feed_state(e->feeds, e->row[FNL_PROSPECT_SOURCE].str);
	bool changed;
	return fnl_supervision_look(e->row, e->cause, feed, time_of(e), e->in->rules, e->in->arena, &changed, &e->look_ms);
}

const struct fnl_value *fnl_prospect_evidence(struct fnl_prospect_edit *e)
{
	if (!e->evidence) {
		e->evidence = fnl_supervision_evidence(e->row, e->in->arena);
	}
	return e->evidence;
}

int fnl_prospect_stalls_differ(struct fnl_prospect_edit *e, bool *ret)
{
	static const struct fnl_value none = {.set = true};
	const struct fnl_value *row = e->in->row;
	const struct fnl_value *before = row ? &row[FNL_PROSPECT_STALLS] : &none;
	const struct fnl_value *after = &e->row[FNL_PROSPECT_STALLS];
	if (!fnl_value_eq(&fnl_desc_prospect.fields[FNL_PROSPECT_STALLS], before, after)) {
		*ret = true;
		return FNL_OK;
	}
	if (after->list.count == 0) {
		*ret = false;
		return FNL_OK;
	}
	const struct fnl_value *is = fnl_prospect_evidence(e);
	const struct fnl_value *was = fnl_supervision_evidence(row, e->in->arena);
	if (!is || !was) {
		return FNL_E_NOMEM;
	}
	struct fnl_value a = fnl_value_list(was, FNL_EVIDENCE_FIELD_COUNT);
	struct fnl_value b = fnl_value_list(is, FNL_EVIDENCE_FIELD_COUNT);
	*ret = !fnl_value_eq(&fnl_desc_book_line.fields[FNL_BOOK_LINE_EVIDENCE], &a, &b);
	return FNL_OK;
}

int fnl_prospect_look_again(struct fnl_prospect_edit *e, bool counted)
{
	bool differs = false;
	int r = fnl_prospect_supervise(e);
	r = r ? r : fnl_prospect_stalls_differ(e, &differs);
	if (r < 0) {
		return r;
	}
	/* a row from before there were books gets its line, too */
	if (!differs && e->row[FNL_PROSPECT_BOOK].set) {
		fnl_prospect_set_deadline(e);
		return FNL_OK;
	}
	e->row[FNL_PROSPECT_SEQUENCE].i64 += differs && !counted;
	return fnl_prospect_lines_changed(e);
}
