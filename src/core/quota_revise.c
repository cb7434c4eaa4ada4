/* What changes a quota after it was frozen. The frozen one stays in its row; each change lies beside it. */
#include "quota_internal.h"

static struct fnl_span currency_of(const struct fnl_value *quota)
{
	return quota[FNL_QUOTA_SET_BASE_CURRENCY].str;
}

static bool is_in(const struct fnl_money *m, struct fnl_span currency)
{
	return currency.len == 3 && memcmp(m->currency, currency.data, 3) == 0;
}

static bool is_frozen(const struct fnl_value *quota)
{
	return quota && quota[FNL_QUOTA_SET_STATE].i64 == FNL_QUOTA_STATE_FROZEN;
}

/* The quota with all that was added to it. */
static __int128 sum_of(const struct fnl_value *quota)
{
	const struct fnl_value *computed = &quota[FNL_QUOTA_SET_QUOTA];
	struct fnl_list revisions = quota[FNL_QUOTA_SET_REVISIONS].list;
	__int128 sum = quota[FNL_QUOTA_SET_EARLIER_MINOR].i64;
	sum += computed->set ? computed->money.amount_minor : 0;
	for (size_t i = 0; i < revisions.count; i++) {
		const struct fnl_money *difference = &revisions.items[i].list.items[FNL_QUOTA_REVISION_DIFFERENCE].money;
		sum += is_in(difference, currency_of(quota)) ? difference->amount_minor : 0;
	}
	return sum;
}

static bool fits(__int128 v)
{
	return v <= INT64_MAX && v >= INT64_MIN;
}

static struct fnl_value money_of(struct fnl_span currency, int64_t minor)
{
	struct fnl_value v = {.set = true, .money = {.amount_minor = minor}};
	memcpy(v.money.currency, currency.data, currency.len < 3 ? currency.len : 3);
	return v;
}

bool fnl_quota_now(const struct fnl_value *quota, struct fnl_money *ret)
{
	if (!is_frozen(quota) || !fits(sum_of(quota))) {
		return false;
	}
	*ret = money_of(currency_of(quota), (int64_t)sum_of(quota)).money;
	return true;
}

/* ---- one more revision ---- */

/* The list with it at its end; the first one makes room, and is but in a sum from then on. */
static int add_revision(struct fnl_value *quota, const struct fnl_value *revision, struct fnl_arena *arena)
{
	struct fnl_list old = quota[FNL_QUOTA_SET_REVISIONS].list;
	size_t leave = old.count >= FNL_QUOTA_REVISIONS_MAX ? old.count + 1 - FNL_QUOTA_REVISIONS_MAX : 0;
	struct fnl_value *items = fnl_arena_alloc(arena, (old.count + 1) * sizeof(*items));
	__int128 earlier = quota[FNL_QUOTA_SET_EARLIER_MINOR].i64;
	if (!items) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < leave; i++) {
		const struct fnl_money *difference = &old.items[i].list.items[FNL_QUOTA_REVISION_DIFFERENCE].money;
		earlier += is_in(difference, currency_of(quota)) ? difference->amount_minor : 0;
	}
	if (!fits(earlier)) {
		return FNL_E_LIMIT;
	}
	for (size_t i = leave; i < old.count; i++) {
		items[i - leave] = old.items[i];
	}
	items[old.count - leave] = fnl_value_list(revision, FNL_QUOTA_REVISION_FIELD_COUNT);
	quota[FNL_QUOTA_SET_REVISIONS] = fnl_value_list(items, old.count + 1 - leave);
	quota[FNL_QUOTA_SET_EARLIER_MINOR] = fnl_value_i64((int64_t)earlier);
	return FNL_OK;
}

static struct fnl_value *event_of(const struct fnl_value *quota, const struct fnl_value *revision,
                                  const struct fnl_value *rep, int64_t before_minor, struct fnl_arena *arena)
{
	struct fnl_value *v = fnl_arena_calloc(arena, FNL_QUOTA_REVISED_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return NULL;
	}
	v[FNL_QUOTA_REVISED_OCCURRED_AT] = revision[FNL_QUOTA_REVISION_AT];
	v[FNL_QUOTA_REVISED_REP_ID] = quota[FNL_QUOTA_SET_REP_ID];
	v[FNL_QUOTA_REVISED_ORG_ID] = quota[FNL_QUOTA_SET_ORG_ID];
	v[FNL_QUOTA_REVISED_MANAGER_ID] = rep ? rep[FNL_REP_MANAGER_ID] : quota[FNL_QUOTA_SET_MANAGER_ID];
	v[FNL_QUOTA_REVISED_FISCAL_YEAR] = quota[FNL_QUOTA_SET_FISCAL_YEAR];
	v[FNL_QUOTA_REVISED_RUN_ID] = quota[FNL_QUOTA_SET_RUN_ID];
	v[FNL_QUOTA_REVISED_REVISION] = revision[FNL_QUOTA_REVISION_REVISION];
	v[FNL_QUOTA_REVISED_CAUSE] = revision[FNL_QUOTA_REVISION_CAUSE];
	v[FNL_QUOTA_REVISED_CAUSE_CODE] = revision[FNL_QUOTA_REVISION_CAUSE_CODE];
	v[FNL_QUOTA_REVISED_BY] = revision[FNL_QUOTA_REVISION_BY];
	v[FNL_QUOTA_REVISED_OTHER_REP_ID] = revision[FNL_QUOTA_REVISION_OTHER_REP_ID];
	v[FNL_QUOTA_REVISED_LINE_COUNT] = revision[FNL_QUOTA_REVISION_LINE_COUNT];
	v[FNL_QUOTA_REVISED_QUOTA_BEFORE] = money_of(currency_of(quota), before_minor);
	v[FNL_QUOTA_REVISED_QUOTA] = revision[FNL_QUOTA_REVISION_QUOTA];
	v[FNL_QUOTA_REVISED_REFERENCE] = revision[FNL_QUOTA_REVISION_REFERENCE];
	v[FNL_QUOTA_REVISED_OTHER_REVISION] = revision[FNL_QUOTA_REVISION_OTHER_REVISION];
	v[FNL_QUOTA_REVISED_DIFFERENCE] = revision[FNL_QUOTA_REVISION_DIFFERENCE];
	return v;
}

int fnl_quota_revise(struct fnl_value *quota, const struct fnl_quota_change *c, const struct fnl_value *rep,
                     struct fnl_arena *arena, struct fnl_event_out *ret)
{
	struct fnl_value *v = fnl_arena_calloc(arena, FNL_QUOTA_REVISION_FIELD_COUNT, sizeof(*v));
	__int128 before = sum_of(quota);
	__int128 after = before + (fnl_span_eq(c->currency, currency_of(quota)) ? c->difference_minor : 0);
	int64_t number = quota[FNL_QUOTA_SET_REVISION].i64 + 1;
	if (!v) {
		return FNL_E_NOMEM;
	}
	if (!fits(before) || !fits(after) || number > INT32_MAX) {
		return FNL_E_LIMIT;
	}
	v[FNL_QUOTA_REVISION_REVISION] = fnl_value_i64(number);
	v[FNL_QUOTA_REVISION_CAUSE] = fnl_value_i64(c->cause);
	v[FNL_QUOTA_REVISION_CAUSE_CODE] = fnl_value_str_or_null(c->cause_code);
	v[FNL_QUOTA_REVISION_BY] = fnl_value_str_or_null(c->by);
	v[FNL_QUOTA_REVISION_REFERENCE] = fnl_value_str(c->reference);
	v[FNL_QUOTA_REVISION_OTHER_REP_ID] = fnl_value_str_or_null(c->other_rep_id);
	v[FNL_QUOTA_REVISION_OTHER_REVISION] = fnl_value_i64(c->other_revision);
	v[FNL_QUOTA_REVISION_LINE_COUNT] = fnl_value_i64(c->line_count);
	v[FNL_QUOTA_REVISION_DIFFERENCE] = money_of(c->currency, c->difference_minor);
	v[FNL_QUOTA_REVISION_AT] = fnl_value_i64(c->at_ms);
	v[FNL_QUOTA_REVISION_QUOTA] = money_of(currency_of(quota), (int64_t)after);
	int r = add_revision(quota, v, arena);
	struct fnl_value *event = r ? NULL : event_of(quota, v, rep, (int64_t)before, arena);
	if (r < 0 || !event) {
		return r ? r : FNL_E_NOMEM;
	}
	quota[FNL_QUOTA_SET_REVISION] = fnl_value_i64(number);
	*ret = (struct fnl_event_out){&fnl_desc_quota_revised, event};
	return FNL_OK;
}

/* It has been here before: the same command, or what left the other's quota by the same revision. */
static bool is_known(const struct fnl_value *quota, const struct fnl_quota_change *c)
{
	struct fnl_list revisions = quota[FNL_QUOTA_SET_REVISIONS].list;
	for (size_t i = 0; i < revisions.count; i++) {
		const struct fnl_value *v = revisions.items[i].list.items;
		const struct fnl_value *other = &v[FNL_QUOTA_REVISION_OTHER_REP_ID];
		if (v[FNL_QUOTA_REVISION_CAUSE].i64 == c->cause &&
		    fnl_span_eq(v[FNL_QUOTA_REVISION_REFERENCE].str, c->reference) &&
		    v[FNL_QUOTA_REVISION_OTHER_REVISION].i64 == c->other_revision &&
		    other->set == !fnl_span_is_none(c->other_rep_id) &&
		    (!other->set || fnl_span_eq(other->str, c->other_rep_id))) {
			return true;
		}
	}
	return false;
}

/* ---- ReviseQuota ---- */

/* FNL_REJECT_REASON_COUNT: it is not refused. */
static int refusal_of(const struct fnl_value *quota, const struct fnl_value *command)
{
	const struct fnl_value *run_id = &command[FNL_REVISE_QUOTA_RUN_ID];
	const struct fnl_value *adjustment = &command[FNL_REVISE_QUOTA_ADJUSTMENT];
	if (!quota) {
		return FNL_REJECT_REASON_UNKNOWN_QUOTA;
	}
	if (run_id->set && !fnl_span_eq(run_id->str, quota[FNL_QUOTA_SET_RUN_ID].str)) {
		return FNL_REJECT_REASON_QUOTA_OF_ANOTHER_RUN;
	}
	if (!is_frozen(quota)) {
		return FNL_REJECT_REASON_QUOTA_IS_NOT_FROZEN;
	}
	if (adjustment->set && !is_in(&adjustment->money, currency_of(quota))) {
		return FNL_REJECT_REASON_OTHER_CURRENCY;
	}
	int64_t difference = adjustment->set ? adjustment->money.amount_minor : 0;
	__int128 after = sum_of(quota) + difference;
	if (difference < 0 && after < 0) {
		return FNL_REJECT_REASON_QUOTA_BELOW_ZERO;
	}
	return fits(after) ? FNL_REJECT_REASON_COUNT : FNL_REJECT_REASON_QUOTA_TOO_LARGE;
}

static int reject(const struct fnl_quota_revise_in *in, const struct fnl_value *command, int reason,
                  struct fnl_event_out *ret)
{
	struct fnl_value *v = fnl_arena_calloc(in->arena, FNL_COMMAND_REJECTED_FIELD_COUNT, sizeof(*v));
	bool other = reason == FNL_REJECT_REASON_QUOTA_OF_ANOTHER_RUN;
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_COMMAND_REJECTED_OCCURRED_AT] = command[FNL_REVISE_QUOTA_OCCURRED_AT];
	v[FNL_COMMAND_REJECTED_COMMAND] = fnl_value_str(fnl_span_str(fnl_desc_revise_quota.name));
	v[FNL_COMMAND_REJECTED_COMMAND_ID] = command[FNL_REVISE_QUOTA_COMMAND_ID];
	v[FNL_COMMAND_REJECTED_ORG_ID] = in->rep ? in->rep[FNL_REP_ORG_ID] : fnl_value_null();
	v[FNL_COMMAND_REJECTED_REP_ID] = command[FNL_REVISE_QUOTA_REP_ID];
	v[FNL_COMMAND_REJECTED_MANAGER_ID] = in->rep ? in->rep[FNL_REP_MANAGER_ID] : fnl_value_null();
	v[FNL_COMMAND_REJECTED_ISSUED_BY] = command[FNL_REVISE_QUOTA_ISSUED_BY];
	v[FNL_COMMAND_REJECTED_REASON] = fnl_value_i64(reason);
	v[FNL_COMMAND_REJECTED_RUN_ID] = other ? in->quota[FNL_QUOTA_SET_RUN_ID] : fnl_value_null();
	*ret = (struct fnl_event_out){&fnl_desc_command_rejected, v};
	return FNL_OK;
}

int fnl_quota_command(const struct fnl_quota_revise_in *in, const struct fnl_value *command,
                      struct fnl_quota_revise_out *ret, struct fnl_error *why)
{
	struct fnl_quota_revise_out out = {.quota = NULL};
	int r = fnl_input_check(&fnl_desc_revise_quota, command, why);
	if (r < 0) {
		return r;
	}
	const struct fnl_value *adjustment = &command[FNL_REVISE_QUOTA_ADJUSTMENT];
	struct fnl_quota_change c = {.cause = FNL_REVISION_CAUSE_COMMAND,
	                             .cause_code = command[FNL_REVISE_QUOTA_CAUSE].str,
	                             .by = command[FNL_REVISE_QUOTA_ISSUED_BY].str,
	                             .reference = command[FNL_REVISE_QUOTA_COMMAND_ID].str,
	                             .difference_minor = adjustment->set ? adjustment->money.amount_minor : 0,
	                             .at_ms = command[FNL_REVISE_QUOTA_OCCURRED_AT].i64};
	out.stale = in->quota && is_known(in->quota, &c);
	int reason = out.stale ? FNL_REJECT_REASON_COUNT : refusal_of(in->quota, command);
	if (reason != FNL_REJECT_REASON_COUNT) {
		r = reject(in, command, reason, &out.event);
	} else if (!out.stale) {
		out.quota = fnl_values_copy(in->arena, in->quota, FNL_QUOTA_SET_FIELD_COUNT);
		c.currency = currency_of(in->quota);
		r = out.quota ? fnl_quota_revise(out.quota, &c, in->rep, in->arena, &out.event) : FNL_E_NOMEM;
	}
	if (r < 0) {
		return r == FNL_E_LIMIT ? fnl_fail(why, r, "a quota goes beyond its limits") : r;
	}
	*ret = out;
	return FNL_OK;
}

/* ---- QuotaMoved ---- */

/* A quota of nothing, that his year has no run of yet. */
static struct fnl_value *begin(const struct fnl_quota_revise_in *in, const struct fnl_value *moved)
{
	struct fnl_value *v = fnl_arena_calloc(in->arena, FNL_QUOTA_SET_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return NULL;
	}
	for (size_t i = 0; i < FNL_QUOTA_SET_FIELD_COUNT; i++) {
		const struct fnl_field_desc *field = &fnl_desc_quota_set.fields[i];
		v[i].set = !field->nullable;
	}
	v[FNL_QUOTA_SET_OCCURRED_AT] = moved[FNL_QUOTA_MOVED_OCCURRED_AT];
	v[FNL_QUOTA_SET_REP_ID] = fnl_value_str(fnl_book_rep_id(moved[FNL_QUOTA_MOVED_BOOK].str));
	v[FNL_QUOTA_SET_ORG_ID] = moved[FNL_QUOTA_MOVED_ORG_ID];
	v[FNL_QUOTA_SET_MANAGER_ID] = in->rep ? in->rep[FNL_REP_MANAGER_ID] : fnl_value_null();
	v[FNL_QUOTA_SET_FISCAL_YEAR] = moved[FNL_QUOTA_MOVED_FISCAL_YEAR];
	v[FNL_QUOTA_SET_RUN_ID] = moved[FNL_QUOTA_MOVED_RUN_ID];
	v[FNL_QUOTA_SET_STATE] = fnl_value_i64(FNL_QUOTA_STATE_FROZEN);
	v[FNL_QUOTA_SET_AS_OF] = moved[FNL_QUOTA_MOVED_AS_OF];
	v[FNL_QUOTA_SET_BASE_CURRENCY] = moved[FNL_QUOTA_MOVED_BASE_CURRENCY];
	v[FNL_QUOTA_SET_QUOTA] = money_of(moved[FNL_QUOTA_MOVED_BASE_CURRENCY].str, 0);
	v[FNL_QUOTA_SET_RULES_VERSION] = moved[FNL_QUOTA_MOVED_RULES_VERSION];
	v[FNL_QUOTA_SET_LINES_MINOR] = fnl_value_i64(0);
	v[FNL_QUOTA_SET_ONLY_RECEIVED] = fnl_value_i64(1);
	return v;
}

int fnl_quota_moved(const struct fnl_quota_revise_in *in, const struct fnl_value *moved,
                    struct fnl_quota_revise_out *ret, struct fnl_error *why)
{
	struct fnl_quota_revise_out out = {.quota = NULL};
	int r = fnl_input_check(&fnl_desc_quota_moved, moved, why);
	if (r < 0) {
		return r;
	}
	struct fnl_quota_change c = {.cause = (int)moved[FNL_QUOTA_MOVED_CAUSE].i64,
	                             .reference = moved[FNL_QUOTA_MOVED_REFERENCE].str,
	                             .other_rep_id = moved[FNL_QUOTA_MOVED_FROM_REP_ID].str,
	                             .other_revision = moved[FNL_QUOTA_MOVED_FROM_REVISION].i64,
	                             .line_count = moved[FNL_QUOTA_MOVED_LINE_COUNT].i64,
	                             .currency = moved[FNL_QUOTA_MOVED_BASE_CURRENCY].str,
	                             .difference_minor = moved[FNL_QUOTA_MOVED_VALUE_MINOR].i64,
	                             .at_ms = moved[FNL_QUOTA_MOVED_OCCURRED_AT].i64};
	out.stale = in->quota && is_known(in->quota, &c);
	if (!out.stale) {
		out.quota = in->quota ? fnl_values_copy(in->arena, in->quota, FNL_QUOTA_SET_FIELD_COUNT) : begin(in, moved);
		r = out.quota ? fnl_quota_revise(out.quota, &c, in->rep, in->arena, &out.event) : FNL_E_NOMEM;
	}
	if (r < 0) {
		return r == FNL_E_LIMIT ? fnl_fail(why, r, "a quota goes beyond its limits") : r;
	}
	*ret = out;
	return FNL_OK;
}
