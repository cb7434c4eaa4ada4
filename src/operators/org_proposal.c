/* Territory proposals: core decides, here it becomes rows and outputs. */
#include "org_internal.h"

_Static_assert((int)FNL_PROPOSAL_PAGE_ROWS >= (int)FNL_ORG_PAGE_ROWS, "a page is no longer than a step takes");
_Static_assert((int)FNL_PROPOSAL_EVENTS_MAX <= (int)FNL_STEP_OUTPUTS_MAX &&
                   (int)FNL_PROPOSAL_PAGE_MOVES + 1 <= (int)FNL_STEP_OUTPUTS_MAX,
               "all books hear of a proposal in one step, and a page of moves is told with its end");

static int take_outcome(struct fnl_org_telling *t, const struct fnl_proposal_out *out)
{
	const struct fnl_org_event *e = t->in->event;
	int rc = fnl_org_blame(t, out->cause_id, out->correlation_id);
	t->d->stale = out->stale;
	if (rc == 0 && out->row) {
		rc = fnl_org_put_row(t->o, t->in, e->row_proposal, FNL_ORG_TABLE_PROPOSAL, out->row, t->d);
	}
	return rc ? rc : fnl_org_tell(t, out->events, out->event_count);
}

int fnl_org_step_territories(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                             struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_org_event *e = in->event;
	const struct fnl_decoded *decoded = &e->root.decoded;
	struct fnl_org_telling t = {.o = o, .in = in, .rules_version = rules->version, .d = d};
	const struct fnl_value *row;
	struct fnl_proposal_out out;
	memset(&out, 0, sizeof(out));
	int rc = fnl_org_take_row(o, in, e->row_proposal, FNL_ORG_TABLE_PROPOSAL, &row, why);
	rc = rc ? rc : fnl_op_cause(&o->op, in, &e->root, &t.cause);
	if (rc) {
		return rc;
	}
	struct fnl_org_in core = fnl_org_dated_input_of(&t, rules);
	rc = fnl_proposal_command(&core, row, decoded->desc, decoded->values, &out, why);
	return rc ? rc : take_outcome(&t, &out);
}

int fnl_org_step_proposal(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                          struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_org_event *e = in->event;
	struct fnl_org_telling t = {.o = o, .in = in, .rules_version = rules->version, .d = d};
	struct fnl_org_in core = fnl_org_input_of(in, rules, &t.cause);
	bool reps = fnl_proposal_needs(e->timed).of == FNL_PROPOSAL_PAGE_REPS;
	struct fnl_proposal_page page = {
		.count = in->page_count, .last = fnl_org_page_is_last(o, in), .last_key = fnl_org_page_last_key(in)};
	struct fnl_proposal_out out;
	memset(&out, 0, sizeof(out));
	int rc = fnl_org_take_page(o, in, reps ? FNL_ORG_TABLE_REP : FNL_ORG_TABLE_CELL, &page.rows, why);
	rc = rc ? rc
	        : fnl_org_timer_error(fnl_proposal_step(&core, e->timed, &page, &out, why), "a proposal cannot go on", why);
	return rc ? rc : take_outcome(&t, &out);
}
