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
	return rc || !out.event.desc ? rc : tell(o, in, &out.event, &cause, rules->version, d);
}
