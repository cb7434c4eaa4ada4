/* What happens to a prospect without an input of its own: other rules, its dates, and what becomes of its feed. */
#include "prospect_internal.h"

static struct fnl_prospect_edit edit_of(const struct fnl_prospect_in *in, int64_t at_ms, struct fnl_prospect_out *out,
                                        struct fnl_error *why)
{
	return (struct fnl_prospect_edit){
		.in = in,
		.out = out,
		.why = why,
		.prospect_id = in->row[FNL_PROSPECT_PROSPECT_ID].str,
		.source = in->row[FNL_PROSPECT_SOURCE].str,
		.occurred_at_ms = at_ms,
		.since_ms = at_ms,
		.now_ms = at_ms,
		.feeds = in->feeds,
	};
}

/* By the row alone. What made it unknown is not for the rules to end, and a gap of its feed that came after them must
 * not be looked at: the outcome may not depend on when the pass comes by. */
static struct fnl_layer_decision decide_anew(const struct fnl_rules *rules, const struct fnl_value *row)
{
	int layer = (int)row[FNL_PROSPECT_LAYER].i64;
	if (layer == FNL_LAYER_NONE) {
		return (struct fnl_layer_decision){layer, (int)row[FNL_PROSPECT_LAYER_REASON].i64, 0};
	}
	return fnl_layer_decide(rules, row, layer == FNL_LAYER_UNKNOWN);
}

bool fnl_prospect_is_open(const struct fnl_value *row)
{
	const struct fnl_value *status = &row[FNL_PROSPECT_STATUS];
	bool closed = status->set && (status->i64 == FNL_STATUS_WON || status->i64 == FNL_STATUS_LOST);
	return !closed && row[FNL_PROSPECT_LIFECYCLE].i64 == FNL_LIFECYCLE_ALIVE;
}

int fnl_prospect_reevaluate(const struct fnl_prospect_in *in, int64_t activated_at_ms, struct fnl_prospect_out *ret,
                            struct fnl_error *why)
{
	struct fnl_prospect_out out = {.row_change = FNL_ROW_KEEP};
	const struct fnl_value *row = in->row;
	if (!row || row[FNL_PROSPECT_RULES_VERSION].i64 >= in->rules->version) {
		out.stale = true;
		*ret = out;
		return FNL_OK;
	}
	struct fnl_prospect_edit e = edit_of(in, activated_at_ms, &out, why);
	/* rules may be dated ahead of the clock: nothing is over before its time */
	e.now_ms = in->now_ms < activated_at_ms ? in->now_ms : activated_at_ms;
	struct fnl_layer_decision to = decide_anew(in->rules, row);
	int r = fnl_prospect_edit_open(&e);
	if (r < 0) {
		return r;
	}
	if (to.layer != row[FNL_PROSPECT_LAYER].i64 || to.reason != row[FNL_PROSPECT_LAYER_REASON].i64 ||
	    to.weight_bp != row[FNL_PROSPECT_WEIGHT_BP].i64) {
		r = fnl_prospect_edit_decided(&e, to);
	} else {
		e.row[FNL_PROSPECT_RULES_VERSION] = fnl_value_i64(in->rules->version);
		out.row_change = FNL_ROW_PUT;
		out.row = e.row;
		r = fnl_prospect_look_again(&e, false);
	}
	if (r < 0) {
		return r;
	}
	*ret = out;
	return FNL_OK;
}

int fnl_prospect_timer(const struct fnl_prospect_in *in, struct fnl_prospect_out *ret, struct fnl_error *why)
{
	struct fnl_prospect_out out = {.row_change = FNL_ROW_KEEP};
	const struct fnl_value *row = in->row;
	if (!row || !row[FNL_PROSPECT_NEXT_DEADLINE_AT].set || row[FNL_PROSPECT_NEXT_DEADLINE_AT].i64 > in->now_ms) {
		out.stale = true;
		*ret = out;
		return FNL_OK;
	}
	/* what was due then, however late it is now: the outcome is the same */
	int64_t due_ms = row[FNL_PROSPECT_NEXT_DEADLINE_AT].i64;
	struct fnl_prospect_edit e = edit_of(in, due_ms, &out, why);
	e.now_ms = in->now_ms; /* but of what has been due since then, all at once */
	bool any = false;
	int r = fnl_prospect_edit_open(&e);
	if (r < 0) {
		return r;
	}
	if (e.row[FNL_PROSPECT_KEEP_UNTIL].set && e.row[FNL_PROSPECT_KEEP_UNTIL].i64 <= due_ms) {
		out.row_change = FNL_ROW_DELETE;
		r = fnl_prospect_lines_end(&e, row, FNL_LINE_STATE_GONE);
	} else {
		out.row_change = FNL_ROW_PUT;
		out.row = e.row;
		r = fnl_prospect_formers_end(&e, &any);
		r = r ? r : fnl_prospect_look_again(&e, any);
	}
	if (r < 0) {
		return r;
	}
	*ret = out;
	return FNL_OK;
}

static bool same_deadline(const struct fnl_value *a, const struct fnl_value *b)
{
	const struct fnl_field_desc *field = &fnl_desc_prospect.fields[FNL_PROSPECT_NEXT_DEADLINE_AT];
	return fnl_value_eq(field, &a[FNL_PROSPECT_NEXT_DEADLINE_AT], &b[FNL_PROSPECT_NEXT_DEADLINE_AT]);
}

int fnl_prospect_feed_changed(const struct fnl_prospect_in *in, int64_t at_ms, struct fnl_prospect_out *ret,
                              struct fnl_error *why)
{
	struct fnl_prospect_out out = {.row_change = FNL_ROW_KEEP};
	struct fnl_prospect_edit e = edit_of(in, at_ms, &out, why);
	bool quiet = in->feeds && in->feeds[FNL_PARTITION_FEEDS_PASS_QUIET].i64 != 0;
	e.cause = quiet ? FNL_SUPERVISION_QUIET : FNL_SUPERVISION_CHANGE;
	int r = fnl_prospect_edit_open(&e);
	r = r ? r : fnl_prospect_look_again(&e, false);
	if (r < 0) {
		return r;
	}
	bool told = out.line_count > 0 || e.row[FNL_PROSPECT_SEQUENCE].i64 != in->row[FNL_PROSPECT_SEQUENCE].i64;
	if (told || !same_deadline(e.row, in->row)) {
		out.row_change = FNL_ROW_PUT;
		out.row = e.row;
	}
	*ret = out;
	return FNL_OK;
}
