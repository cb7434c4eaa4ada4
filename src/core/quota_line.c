/* How a line of a frozen quota is explained. */
#include "quota_internal.h"

#define AT(line_field) (FNL_LINE_##line_field - FNL_LINE_STATE)
#define DAY_MS INT64_C(86400000)

static int set_split(fnl_weighted w, struct fnl_value *ret_minor, struct fnl_value *ret_e4)
{
	int64_t minor = 0;
	int32_t e4 = 0;
	int r = fnl_weighted_split(w, &minor, &e4);
	*ret_minor = fnl_value_i64(minor);
	*ret_e4 = fnl_value_i64(e4);
	return r;
}

static int tell_part(const struct fnl_book_amount *a, const struct fnl_quota_rates *rates, struct fnl_arena *arena,
                     struct fnl_value *ret)
{
	struct fnl_value *v = fnl_arena_calloc(arena, FNL_QUOTA_INTENDED_FIELD_COUNT, sizeof(*v));
	struct fnl_rate rate = fnl_rate_of(rates, a->currency);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_QUOTA_INTENDED_CURRENCY] = fnl_value_str(a->currency);
	v[FNL_QUOTA_INTENDED_AMOUNT_MINOR] = fnl_value_i64(a->amount_minor);
	v[FNL_QUOTA_INTENDED_RATE_SCALE] = fnl_value_i64(rate.scale);
	if (rate.known) {
		v[FNL_QUOTA_INTENDED_RATE_MANTISSA] = fnl_value_i64(rate.mantissa);
	}
	if (rate.known && !rate.identity) {
		v[FNL_QUOTA_INTENDED_RATE_VALID_ON] = fnl_value_i64(rate.valid_on);
	}
	*ret = fnl_value_list(v, FNL_QUOTA_INTENDED_FIELD_COUNT);
	return set_split(a->weighted, &v[FNL_QUOTA_INTENDED_WEIGHTED_MINOR], &v[FNL_QUOTA_INTENDED_WEIGHTED_E4]);
}

/* What is intended in the year, by currency; nothing, when it is unknown. */
static int tell_parts(const struct fnl_quota_telling *t, struct fnl_value *ret)
{
	const struct fnl_book_parts *parts = &t->share->parts;
	struct fnl_value *items = fnl_arena_alloc(t->arena, (parts->count + 1) * sizeof(*items));
	size_t count = 0;
	int r = items ? FNL_OK : FNL_E_NOMEM;
	for (size_t i = 0; r == 0 && i < parts->count; i++) {
		if (!fnl_span_is_none(parts->items[i].amount.currency)) {
			r = tell_part(&parts->items[i].amount, t->rates, t->arena, &items[count++]);
		}
	}
	*ret = fnl_value_list(items, count);
	return r;
}

/* What lowered the amount shortly before the run's moment: of the line itself, since images do not have it. */
static int tell_reductions(const struct fnl_quota_telling *t, struct fnl_value *ret)
{
	struct fnl_list adverse = t->line[FNL_LINE_ADVERSE].list;
	int64_t until = t->quota[FNL_QUOTA_SET_AS_OF].i64;
	int64_t from = until - FNL_QUOTA_REDUCTION_DAYS * DAY_MS;
	struct fnl_value *items = fnl_arena_alloc(t->arena, (adverse.count + 1) * sizeof(*items));
	size_t count = 0;
	if (!items) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < adverse.count; i++) {
		const struct fnl_value *change = adverse.items[i].list.items;
		int64_t at = change[FNL_ADVERSE_CHANGE_AT].i64;
		if (change[FNL_ADVERSE_CHANGE_KIND].i64 != FNL_ADVERSE_KIND_AMOUNT_LOWERED || at > until || at <= from) {
			continue;
		}
		struct fnl_value *v = fnl_arena_calloc(t->arena, FNL_QUOTA_REDUCTION_FIELD_COUNT, sizeof(*v));
		if (!v) {
			return FNL_E_NOMEM;
		}
		v[FNL_QUOTA_REDUCTION_AT] = change[FNL_ADVERSE_CHANGE_AT];
		v[FNL_QUOTA_REDUCTION_BY] = change[FNL_ADVERSE_CHANGE_BY];
		v[FNL_QUOTA_REDUCTION_OLD_AMOUNT] = change[FNL_ADVERSE_CHANGE_OLD_AMOUNT];
		v[FNL_QUOTA_REDUCTION_NEW_AMOUNT] = change[FNL_ADVERSE_CHANGE_NEW_AMOUNT];
		items[count++] = fnl_value_list(v, FNL_QUOTA_REDUCTION_FIELD_COUNT);
	}
	*ret = fnl_value_list(items, count);
	return FNL_OK;
}

/* Territory, factor, and what it counts. */
static int tell_worth(const struct fnl_quota_telling *t, struct fnl_value *v)
{
	const struct fnl_quota_worth *worth = t->worth;
	v[FNL_QUOTA_LINE_CONVERTED_E4] = v[FNL_QUOTA_LINE_VALUE_E4] = fnl_value_i64(0);
	v[FNL_QUOTA_LINE_AREA_FACTOR_BP] = fnl_value_i64(worth->factor_bp);
	v[FNL_QUOTA_LINE_OUTSIDE_TERRITORY] =
		fnl_value_i64(fnl_territory_outside(worth->territory, t->quota[FNL_QUOTA_SET_REP_ID].str));
	if (worth->territory) {
		v[FNL_QUOTA_LINE_TERRITORY_ID] = worth->territory[FNL_TERRITORY_TERRITORY_ID];
	}
	if (t->share->reason != FNL_QUOTA_REASON_COUNTED) {
		return FNL_OK;
	}
	int r = set_split(worth->converted, &v[FNL_QUOTA_LINE_CONVERTED_MINOR], &v[FNL_QUOTA_LINE_CONVERTED_E4]);
	return r ? r : set_split(worth->value, &v[FNL_QUOTA_LINE_VALUE_MINOR], &v[FNL_QUOTA_LINE_VALUE_E4]);
}

int fnl_quota_tell_line(const struct fnl_quota_telling *t, struct fnl_value **ret)
{
	struct fnl_value *v = fnl_arena_calloc(t->arena, FNL_QUOTA_LINE_FIELD_COUNT, sizeof(*v));
	const struct fnl_value *quota = t->quota;
	const struct fnl_value *values = t->values;
	const struct fnl_book_parts *parts = &t->share->parts;
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_QUOTA_LINE_OCCURRED_AT] = quota[FNL_QUOTA_SET_OCCURRED_AT];
	v[FNL_QUOTA_LINE_REP_ID] = quota[FNL_QUOTA_SET_REP_ID];
	v[FNL_QUOTA_LINE_ORG_ID] = quota[FNL_QUOTA_SET_ORG_ID];
	v[FNL_QUOTA_LINE_MANAGER_ID] = quota[FNL_QUOTA_SET_MANAGER_ID];
	v[FNL_QUOTA_LINE_FISCAL_YEAR] = quota[FNL_QUOTA_SET_FISCAL_YEAR];
	v[FNL_QUOTA_LINE_RUN_ID] = quota[FNL_QUOTA_SET_RUN_ID];
	v[FNL_QUOTA_LINE_PROSPECT_ID] = t->line[FNL_LINE_PROSPECT_ID];
	v[FNL_QUOTA_LINE_REASON] = fnl_value_i64(t->share->reason);
	v[FNL_QUOTA_LINE_LAYER] = values[AT(LAYER)];
	v[FNL_QUOTA_LINE_WEIGHT_BP] = values[AT(WEIGHT_BP)];
	v[FNL_QUOTA_LINE_AMOUNT] = values[AT(AMOUNT)];
	v[FNL_QUOTA_LINE_EXPECTED_CLOSE_DATE] = values[AT(EXPECTED_CLOSE_DATE)];
	v[FNL_QUOTA_LINE_REGION] = values[AT(REGION)];
	v[FNL_QUOTA_LINE_INDUSTRY] = values[AT(INDUSTRY)];
	v[FNL_QUOTA_LINE_LINE_RULES_VERSION] = values[AT(RULES_VERSION)];
	v[FNL_QUOTA_LINE_PLANNED] = fnl_value_i64(fnl_book_is_planned(values));
	int r = set_split(parts->count == 1 ? parts->items[0].amount.weighted : 0, &v[FNL_QUOTA_LINE_WEIGHTED_MINOR],
	                  &v[FNL_QUOTA_LINE_WEIGHTED_E4]);
	r = r ? r : tell_parts(t, &v[FNL_QUOTA_LINE_INTENDED]);
	r = r ? r : tell_worth(t, v);
	r = r ? r : tell_reductions(t, &v[FNL_QUOTA_LINE_REDUCTIONS]);
	*ret = v;
	return r;
}
