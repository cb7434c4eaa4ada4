/* What the org stage tells the world, and what accepted proposals ask of books. */
#include "org_internal.h"

#define TOLD(record, RECORD, topic, key, type) \
	{ \
		&fnl_desc_##record, FNL_ORG_OUT_##topic, FNL_##RECORD##_OCCURRED_AT, FNL_##RECORD##_##key, -1, -1, type \
	}
const struct fnl_route fnl_org_routes[] = {
	TOLD(territory_proposal, TERRITORY_PROPOSAL, TERRITORIES, ORG_ID, "funnel.territories.proposal.v1"),
	TOLD(proposal_move, PROPOSAL_MOVE, TERRITORIES, ORG_ID, "funnel.territories.move.v1"),
	TOLD(proposal_expired, PROPOSAL_EXPIRED, TERRITORIES, ORG_ID, "funnel.territories.expired.v1"),
	TOLD(proposal_accepted, PROPOSAL_ACCEPTED, TERRITORIES, ORG_ID, "funnel.territories.accepted.v1"),
	TOLD(performance_scored, PERFORMANCE_SCORED, PERFORMANCE, REP_ID, "funnel.rep.performance-scored.v1"),
	TOLD(command_rejected, COMMAND_REJECTED, REJECTIONS, ORG_ID, "funnel.command.rejected.v1"),
};
#undef TOLD
const size_t fnl_org_route_count = sizeof(fnl_org_routes) / sizeof(fnl_org_routes[0]);

/* ---- names of what is told ---- */

/* Fields with '|' between; -1: no more. */
struct naming {
	const struct fnl_record_desc *desc;
	int fields[4];
};

static const struct naming namings[] = {
	{&fnl_desc_territory_proposal, {FNL_TERRITORY_PROPOSAL_ORG_ID, FNL_TERRITORY_PROPOSAL_PROPOSAL_ID, -1, -1}},
	{&fnl_desc_proposal_move, {FNL_PROPOSAL_MOVE_ORG_ID, FNL_PROPOSAL_MOVE_PROPOSAL_ID, FNL_PROPOSAL_MOVE_NUMBER, -1}},
	{&fnl_desc_proposal_expired, {FNL_PROPOSAL_EXPIRED_ORG_ID, FNL_PROPOSAL_EXPIRED_PROPOSAL_ID, -1, -1}},
	{&fnl_desc_proposal_accepted, {FNL_PROPOSAL_ACCEPTED_ORG_ID, FNL_PROPOSAL_ACCEPTED_PROPOSAL_ID, -1, -1}},
	{&fnl_desc_performance_scored,
     {FNL_PERFORMANCE_SCORED_ORG_ID, FNL_PERFORMANCE_SCORED_FISCAL_YEAR, FNL_PERFORMANCE_SCORED_REP_ID,
      FNL_PERFORMANCE_SCORED_AS_OF}},
	{&fnl_desc_command_rejected, {FNL_COMMAND_REJECTED_COMMAND_ID, -1, -1, -1}},
};

static int name_of(const struct fnl_event_out *event, struct fnl_arena *arena, struct fnl_span *ret)
{
	const struct naming *n = namings;
	const struct naming *end = namings + sizeof(namings) / sizeof(namings[0]);
	struct fnl_writer w = fnl_writer_of(arena);
	while (n < end && n->desc != event->desc) {
		n++;
	}
	if (n == end) {
		return FNL_E_INTERNAL; /* this is not ours to tell */
	}
	for (size_t i = 0; i < sizeof(n->fields) / sizeof(n->fields[0]) && n->fields[i] >= 0; i++) {
		const struct fnl_value *v = &event->values[n->fields[i]];
		if (i > 0) {
			fnl_write_u8(&w, '|');
		}
		if (event->desc->fields[n->fields[i]].kind == FNL_KIND_STRING) {
			fnl_write_raw(&w, v->str);
		} else {
			fnl_write_decimal(&w, v->i64);
		}
	}
	*ret = fnl_writer_span(&w);
	return fnl_span_is_none(*ret) ? FNL_E_NOMEM : 0;
}

/* ---- telling ---- */

int fnl_org_tell(const struct fnl_org_telling *t, const struct fnl_event_out *events, size_t count)
{
	int rc = 0;
	for (size_t i = 0; i < count && rc == 0; i++) {
		if (events[i].desc == &fnl_desc_book_moves) {
			rc = fnl_op_internal(&t->o->op, t->in, FNL_ORG_OUT_REP_INPUTS, events[i].values[FNL_BOOK_MOVES_BOOK].str,
			                     &events[i], &t->cause, t->in->cause == FNL_CAUSE_RECORD, t->d);
			continue;
		}
		struct fnl_derived derived = {.event = &events[i], .cause = &t->cause, .rules_version = t->rules_version};
		rc = name_of(&events[i], t->in->arena, &derived.id_name);
		rc = rc ? rc : fnl_op_output(&t->o->op, t->in, &derived, t->d);
	}
	return rc;
}

int fnl_org_blame(struct fnl_org_telling *t, struct fnl_span id, struct fnl_span correlation)
{
	if (fnl_span_is_none(id)) {
		return fnl_op_cause(&t->o->op, t->in, NULL, &t->cause);
	}
	t->cause = (struct fnl_cause_id){id, fnl_span_is_none(correlation) ? id : correlation};
	return 0;
}

struct fnl_org_in fnl_org_dated_input_of(const struct fnl_org_telling *t, const struct fnl_rules *rules)
{
	const struct fnl_org_event *e = t->in->event;
	struct fnl_org_in core = fnl_org_input_of(t->in, rules, &t->cause);
	if (t->in->now_ms == FNL_NO_TIME && t->in->cause == FNL_CAUSE_RECORD) {
		core.now_ms = e->root.occurred_at_ms;
	}
	return core;
}

int fnl_org_timer_error(int rc, const char *what, struct fnl_error *why)
{
	return rc == 0 || rc == FNL_E_NOMEM ? rc : fnl_fail(why, FNL_E_STATE, "%s: %s", what, fnl_status_text(rc));
}
