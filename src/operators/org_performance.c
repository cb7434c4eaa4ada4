/* How reps stand in a year: core decides, here it becomes rows and outputs. */
#include "org_internal.h"

_Static_assert((int)FNL_SCORING_PAGE_ROWS >= (int)FNL_ORG_PAGE_ROWS, "a page is no longer than a step takes");
_Static_assert((int)FNL_ORG_PAGE_ROWS + 1 <= (int)FNL_STEP_OUTPUTS_MAX, "each rep of a page is told of");

int fnl_org_step_year(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                      struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_org_event *e = in->event;
	struct fnl_org_telling t = {.o = o, .in = in, .rules_version = rules->version, .d = d};
	struct fnl_org_in core = fnl_org_dated_input_of(&t, rules);
	const struct fnl_value *year, *scoring;
	struct fnl_year_out out;
	memset(&out, 0, sizeof(out));
	int rc = fnl_org_take_row(o, in, e->row_year, FNL_ORG_TABLE_YEAR, &year, why);
	rc = rc ? rc : fnl_org_take_row(o, in, e->row_scoring, FNL_ORG_TABLE_SCORING, &scoring, why);
	rc = rc ? rc : fnl_org_year(&core, year, scoring, e->root.decoded.values, &out, why);
	if (rc) {
		return rc;
	}
	d->stale = out.stale;
	if (out.change != FNL_ROW_KEEP) {
		rc = fnl_org_put_row(o, in, e->row_year, FNL_ORG_TABLE_YEAR, out.change == FNL_ROW_PUT ? out.year : NULL, d);
	}
	return rc || !out.scoring ? rc : fnl_org_put_row(o, in, e->row_scoring, FNL_ORG_TABLE_SCORING, out.scoring, d);
}

static int take_outcome(struct fnl_org_telling *t, const struct fnl_scoring_out *out)
{
	const struct fnl_org_event *e = t->in->event;
	int rc = fnl_org_blame(t, out->cause_id, out->correlation_id);
	if (rc == 0 && out->row) {
		rc = fnl_org_put_row(t->o, t->in, e->row_scoring, FNL_ORG_TABLE_SCORING, out->row, t->d);
	}
	return rc ? rc : fnl_org_tell(t, out->events, out->event_count);
}

int fnl_org_step_performance(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                             struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_org_event *e = in->event;
	struct fnl_org_telling t = {.o = o, .in = in, .rules_version = rules->version, .d = d};
	const struct fnl_value *row;
	struct fnl_scoring_out out;
	memset(&out, 0, sizeof(out));
	int rc = fnl_org_take_row(o, in, e->row_scoring, FNL_ORG_TABLE_SCORING, &row, why);
	rc = rc ? rc : fnl_op_cause(&o->op, in, &e->root, &t.cause);
	if (rc) {
		return rc;
	}
	struct fnl_org_in core = fnl_org_dated_input_of(&t, rules);
	rc = fnl_scoring_asked(&core, row, e->root.decoded.values, &out, why);
	return rc ? rc : take_outcome(&t, &out);
}

int fnl_org_step_scoring(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                         struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_org_event *e = in->event;
	struct fnl_org_telling t = {.o = o, .in = in, .rules_version = rules->version, .d = d};
	struct fnl_org_in core = fnl_org_input_of(in, rules, &t.cause);
	struct fnl_scoring_page page = {
		.count = in->page_count, .last = fnl_org_page_is_last(o, in), .last_key = fnl_org_page_last_key(in)};
	struct fnl_scoring_out out;
	memset(&out, 0, sizeof(out));
	int rc = fnl_org_take_page(o, in, FNL_ORG_TABLE_YEAR, &page.rows, why);
	rc = rc ? rc : fnl_org_timer_error(fnl_scoring_step(&core, e->timed, &page, &out), "a score cannot go on", why);
	return rc ? rc : take_outcome(&t, &out);
}
