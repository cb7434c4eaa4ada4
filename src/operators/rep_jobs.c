/* One page of the work that goes through many rows: core says what becomes of each, here it becomes rows and outputs.
 */
#include "rep_internal.h"

_Static_assert((int)FNL_QUOTA_PAGE_LINES <= (int)FNL_PAGE_ROWS_MAX &&
                   (int)FNL_QUOTA_PAGE_BOOKS <= (int)FNL_PAGE_ROWS_MAX,
               "a page is no longer than the engine gives");
_Static_assert(2 * FNL_QUOTA_PAGE_LINES + FNL_STEP_ROWS_MAX <= FNL_STEP_WRITES_MAX,
               "a page writes each line and its quota line, and a few rows beside");
_Static_assert(FNL_QUOTA_PAGE_LINES + 1 <= FNL_STEP_OUTPUTS_MAX, "a page tells each line, and the quota");

/* What a step of work holds in its hands. */
struct work {
	struct fnl_rep_operator *o;
	const struct fnl_step *in;
	struct fnl_decision *d;
	struct fnl_cause_id cause;
	int32_t rules_version;
};

int fnl_rep_take_page(struct fnl_rep_operator *o, const struct fnl_step *in, size_t table,
                      const struct fnl_value *const **ret, struct fnl_error *why)
{
	const struct fnl_value **page =
		fnl_arena_calloc(in->arena, in->page_count ? in->page_count : 1, sizeof(const struct fnl_value *));
	int rc = page ? 0 : FNL_E_NOMEM;
	for (size_t i = 0; i < in->page_count && rc == 0; i++) {
		rc = fnl_row_decode(o->op.codec, &o->rows[table], in->page[i].value, in->arena, &page[i], why);
	}
	*ret = page;
	return rc;
}

/* "<book>|<fiscal year>|<state>" */
static struct fnl_span quota_name(const struct work *w, const struct fnl_value *quota)
{
	const struct fnl_rep_event *e = w->in->event;
	const char *state = fnl_symbols_quota_state[quota[FNL_QUOTA_SET_STATE].i64];
	return fnl_rep_quota_key(e->need.book, e->need.fiscal_year, fnl_span_str(state), w->in->arena);
}

static int tell(struct work *w, const struct fnl_event_out *event, struct fnl_span id_name)
{
	struct fnl_derived derived = {
		.event = event, .cause = &w->cause, .rules_version = w->rules_version, .id_name = id_name};
	return fnl_span_is_none(id_name) ? FNL_E_NOMEM : fnl_op_output(&w->o->op, w->in, &derived, w->d);
}

static int put_line(struct work *w, const struct fnl_page_row *row, const struct fnl_quota_line_out *out)
{
	struct fnl_rep_operator *o = w->o;
	const struct fnl_rep_event *e = w->in->event;
	int rc = 0;
	if (out->line_change != FNL_ROW_KEEP) {
		struct fnl_row_key key = {FNL_REP_TABLE_LINE, row->key};
		rc = fnl_decision_put_key(w->d, key, &o->rows[FNL_REP_TABLE_LINE],
		                          out->line_change == FNL_ROW_PUT ? out->line : NULL, w->in->arena);
	}
	if (rc || !out->quota_line) {
		return rc;
	}
	struct fnl_span prospect_id = out->quota_line[FNL_QUOTA_LINE_PROSPECT_ID].str;
	struct fnl_span name = fnl_rep_quota_key(e->need.book, e->need.fiscal_year, prospect_id, w->in->arena);
	if (fnl_span_is_none(name)) {
		return FNL_E_NOMEM;
	}
	struct fnl_row_key key = {FNL_REP_TABLE_QUOTA_LINE, name};
	struct fnl_event_out event = {&fnl_desc_quota_line, out->quota_line};
	rc = fnl_decision_put_key(w->d, key, &o->rows[FNL_REP_TABLE_QUOTA_LINE], out->quota_line, w->in->arena);
	return rc ? rc : tell(w, &event, name);
}

static int take_outcome(struct work *w, const struct fnl_quota_step_out *out)
{
	struct fnl_rep_operator *o = w->o;
	const struct fnl_rep_event *e = w->in->event;
	struct fnl_arena *arena = w->in->arena;
	int rc = fnl_decision_put(w->d, (size_t)e->row_jobs, &o->rows[FNL_REP_TABLE_PARTITION], out->jobs, arena);
	if (rc == 0 && out->rep) {
		rc = fnl_decision_put(w->d, (size_t)e->row_rep, &o->rows[FNL_REP_TABLE_REP], out->rep, arena);
	}
	if (rc == 0 && out->quota) {
		rc = fnl_decision_put(w->d, (size_t)e->row_quota, &o->rows[FNL_REP_TABLE_QUOTA], out->quota, arena);
	}
	rc = rc ? rc
	        : fnl_rep_put_row(o, w->in, e->row_copied, FNL_REP_TABLE_TERRITORY, out->copied_change, out->copied, w->d);
	for (size_t i = 0; out->lines && i < w->in->page_count && rc == 0; i++) {
		rc = put_line(w, &w->in->page[i], &out->lines[i]);
	}
	return rc || !out->event.desc ? rc : tell(w, &out->event, quota_name(w, out->event.values));
}

int fnl_rep_step_jobs(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                      struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	bool lines = e->need.work == FNL_QUOTA_WORK_LINES;
	struct fnl_quota_step_in step = {.page_count = in->page_count,
	                                 .page_last =
	                                     in->page_count < (size_t)(lines ? FNL_QUOTA_PAGE_LINES : FNL_QUOTA_PAGE_BOOKS),
	                                 .now_ms = in->now_ms,
	                                 .rules = rules,
	                                 .arena = in->arena};
	struct fnl_quota_step_out out;
	memset(&out, 0, sizeof(out));
	int rc = fnl_rep_take_row(o, in, e->row_jobs, FNL_REP_TABLE_PARTITION, &step.jobs, why);
	rc = rc ? rc : fnl_rep_take_row(o, in, e->row_rep, FNL_REP_TABLE_REP, &step.rep, why);
	rc = rc ? rc : fnl_rep_take_row(o, in, e->row_quota, FNL_REP_TABLE_QUOTA, &step.quota, why);
	rc = rc ? rc : fnl_rep_take_references(o, in, &step, why);
	rc = rc ? rc : fnl_rep_take_page(o, in, lines ? FNL_REP_TABLE_LINE : FNL_REP_TABLE_REP, &step.page, why);
	rc = rc ? rc : fnl_quota_step(&step, &out, why);
	rc = rc ? rc : fnl_rep_note_frozen(&step, &out);
	if (rc) {
		/* nothing of it came from outside: a record is not to blame */
		return rc == FNL_E_NOMEM ? rc : fnl_fail(why, FNL_E_STATE, "a quota run cannot go on: %s", fnl_status_text(rc));
	}
	struct work w = {o, in, d, {out.cause_id, out.correlation_id}, rules->version};
	return take_outcome(&w, &out);
}
