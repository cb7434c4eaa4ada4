/* A quota's sums by territory and currency, and how they become the quota. */
#include "quota_internal.h"

#define TEN_10 UINT64_C(10000000000)
_Static_assert(FNL_QUOTA_SCALE == 20, "twice ten decimal places");

int fnl_quota_e4(struct fnl_wide v, int scale, fnl_weighted *ret)
{
	for (; scale > 0; scale--) {
		v = fnl_wide_div(v, 10);
	}
	return fnl_wide_get(v, ret);
}

int fnl_quota_round(struct fnl_wide exact, const char currency[4], const struct fnl_rules *rules, int64_t *ret_minor)
{
	uint64_t unit_minor = (uint64_t)rules->values[FNL_RULES_AT_QUOTA_ROUNDING];
	for (int i = fnl_currency_digits(currency); i > 0; i--) {
		unit_minor *= 10;
	}
	const uint64_t factors[] = {TEN_10, TEN_10, FNL_BP_ONE, unit_minor};
	struct fnl_wide units = exact; /* rounded down */
	struct fnl_wide one = fnl_wide_of(1);
	for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
		units = fnl_wide_div(units, factors[i]);
		one = fnl_wide_mul(one, factors[i]);
	}
	struct fnl_wide whole = units;
	for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
		whole = fnl_wide_mul(whole, factors[i]);
	}
	struct fnl_wide rest = fnl_wide_add(exact, fnl_wide_neg(whole));
	int half = fnl_wide_cmp(fnl_wide_add(rest, rest), one);
	bool odd = (units.limbs[0] & 1) != 0;
	__int128 minor;
	int r = fnl_wide_get(half > 0 || (half == 0 && odd) ? fnl_wide_add(units, fnl_wide_of(1)) : units, &minor);
	if (r < 0 || minor > INT64_MAX || minor < INT64_MIN) {
		return FNL_E_LIMIT;
	}
	minor *= unit_minor;
	if (minor > INT64_MAX || minor < INT64_MIN) {
		return FNL_E_LIMIT;
	}
	*ret_minor = (int64_t)minor;
	return FNL_OK;
}

/* By id, none first. */
static int area_cmp(const struct fnl_value *area, struct fnl_span territory_id)
{
	const struct fnl_value *id = &area[FNL_QUOTA_AREA_TERRITORY_ID];
	return fnl_span_cmp(id->set ? id->str : FNL_SPAN_NONE, territory_id);
}

static size_t find_area(struct fnl_list areas, struct fnl_span territory_id, bool *ret_known)
{
	size_t at = 0;
	while (at < areas.count && area_cmp(areas.items[at].list.items, territory_id) < 0) {
		at++;
	}
	*ret_known = at < areas.count && area_cmp(areas.items[at].list.items, territory_id) == 0;
	return at;
}

int64_t fnl_quota_area_factor(const struct fnl_value *quota, struct fnl_span territory_id)
{
	struct fnl_list areas = quota[FNL_QUOTA_SET_AREAS].list;
	bool known;
	size_t at = find_area(areas, territory_id, &known);
	return known ? areas.items[at].list.items[FNL_QUOTA_AREA_AREA_FACTOR_BP].i64 : -1;
}

static struct fnl_value *new_area(struct fnl_span territory_id, int64_t factor_bp, struct fnl_arena *arena)
{
	struct fnl_value *area = fnl_arena_calloc(arena, FNL_QUOTA_AREA_FIELD_COUNT, sizeof(*area));
	if (!area) {
		return NULL;
	}
	area[FNL_QUOTA_AREA_TERRITORY_ID] = fnl_value_str_or_null(territory_id);
	area[FNL_QUOTA_AREA_AREA_FACTOR_BP] = fnl_value_i64(factor_bp);
	area[FNL_QUOTA_AREA_SUMS] = fnl_value_list(NULL, 0);
	area[FNL_QUOTA_AREA_BEFORE_MINOR] = area[FNL_QUOTA_AREA_BEFORE_E4] = fnl_value_i64(0);
	area[FNL_QUOTA_AREA_AFTER_MINOR] = area[FNL_QUOTA_AREA_AFTER_E4] = fnl_value_i64(0);
	return area;
}

/* The area in a copy of the list, begun when there is none; NULL: no memory. */
static struct fnl_value *open_area(struct fnl_value *quota, struct fnl_span territory_id, int64_t factor_bp,
                                   struct fnl_arena *arena)
{
	struct fnl_list old = quota[FNL_QUOTA_SET_AREAS].list;
	bool known;
	size_t at = find_area(old, territory_id, &known);
	size_t skip = known ? 1 : 0;
	struct fnl_value *items = fnl_arena_alloc(arena, (old.count + 1) * sizeof(*items));
	struct fnl_value *area = known ? fnl_values_copy(arena, old.items[at].list.items, FNL_QUOTA_AREA_FIELD_COUNT)
	                               : new_area(territory_id, factor_bp, arena);
	if (!items || !area) {
		return NULL;
	}
	if (at > 0) {
		memcpy(items, old.items, at * sizeof(*items));
	}
	if (at + skip < old.count) {
		memcpy(items + at + 1, old.items + at + skip, (old.count - at - skip) * sizeof(*items));
	}
	items[at] = fnl_value_list(area, FNL_QUOTA_AREA_FIELD_COUNT);
	quota[FNL_QUOTA_SET_AREAS] = fnl_value_list(items, old.count + 1 - skip);
	return area;
}

int fnl_quota_area_add(struct fnl_value *quota, struct fnl_span territory_id, int64_t factor_bp,
                       const struct fnl_book_parts *parts, struct fnl_arena *arena)
{
	struct fnl_value *area = open_area(quota, territory_id, factor_bp, arena);
	int r = area ? FNL_OK : FNL_E_NOMEM;
	for (size_t i = 0; r == 0 && i < parts->count; i++) {
		r = fnl_book_totals_add(&area[FNL_QUOTA_AREA_SUMS], FNL_QUOTA_REASON_COUNTED, &parts->items[i].amount, 1,
		                        arena);
	}
	return r;
}

int fnl_quota_areas_open(struct fnl_value *quota, struct fnl_arena *arena)
{
	struct fnl_list totals = quota[FNL_QUOTA_SET_TOTALS].list;
	struct fnl_value *sums = fnl_arena_alloc(arena, (totals.count + 1) * sizeof(*sums));
	size_t count = 0;
	fnl_weighted lines = 0;
	int32_t e4 = 0;
	if (quota[FNL_QUOTA_SET_LINES_MINOR].set) {
		return FNL_OK;
	}
	if (!sums) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < totals.count; i++) {
		const struct fnl_value *total = totals.items[i].list.items;
		if (total[FNL_QUOTA_TOTAL_REASON].i64 == FNL_QUOTA_REASON_COUNTED) {
			sums[count++] = totals.items[i];
			lines += fnl_weighted_of(total[FNL_QUOTA_TOTAL_WEIGHTED_MINOR].i64, total[FNL_QUOTA_TOTAL_WEIGHTED_E4].i64);
		}
	}
	struct fnl_value *area = count ? open_area(quota, FNL_SPAN_NONE, FNL_BP_ONE, arena) : NULL;
	if (area) {
		area[FNL_QUOTA_AREA_SUMS] = fnl_value_list(sums, count);
	}
	quota[FNL_QUOTA_SET_LINES_MINOR] = fnl_value_i64(0);
	int r = count && !area ? FNL_E_NOMEM : fnl_weighted_split(lines, &quota[FNL_QUOTA_SET_LINES_MINOR].i64, &e4);
	quota[FNL_QUOTA_SET_LINES_E4] = fnl_value_i64(e4);
	return r;
}

static int set_floor(struct fnl_wide v, int scale, struct fnl_value *ret_minor, struct fnl_value *ret_e4)
{
	fnl_weighted e4;
	int64_t minor = 0;
	int32_t rest = 0;
	int r = fnl_quota_e4(v, scale, &e4);
	r = r ? r : fnl_weighted_split(e4, &minor, &rest);
	*ret_minor = fnl_value_i64(minor);
	*ret_e4 = fnl_value_i64(rest);
	return r;
}

int fnl_quota_areas_close(struct fnl_value *quota, const struct fnl_quota_rates *rates, struct fnl_arena *arena,
                          struct fnl_wide *ret_exact)
{
	struct fnl_list areas = quota[FNL_QUOTA_SET_AREAS].list;
	struct fnl_wide exact = fnl_wide_of(0);
	for (size_t i = 0; i < areas.count; i++) {
		const struct fnl_value *id = &areas.items[i].list.items[FNL_QUOTA_AREA_TERRITORY_ID];
		struct fnl_value *area = open_area(quota, id->set ? id->str : FNL_SPAN_NONE, FNL_BP_ONE, arena);
		struct fnl_wide before = fnl_wide_of(0);
		if (!area) {
			return FNL_E_NOMEM;
		}
		struct fnl_list sums = area[FNL_QUOTA_AREA_SUMS].list;
		for (size_t k = 0; k < sums.count; k++) {
			const struct fnl_value *sum = sums.items[k].list.items;
			struct fnl_span currency = sum[FNL_QUOTA_TOTAL_CURRENCY].str;
			struct fnl_rate rate = fnl_rate_of(rates, currency);
			fnl_weighted weighted =
				fnl_weighted_of(sum[FNL_QUOTA_TOTAL_WEIGHTED_MINOR].i64, sum[FNL_QUOTA_TOTAL_WEIGHTED_E4].i64);
			if (!rate.known) {
				return FNL_E_STATE; /* its lines counted by a rate, which the pass keeps */
			}
			before = fnl_wide_add(before, fnl_converted(weighted, currency, &rate, rates->base_currency));
		}
		struct fnl_wide after = fnl_wide_mul(before, (uint64_t)area[FNL_QUOTA_AREA_AREA_FACTOR_BP].i64);
		exact = fnl_wide_add(exact, after);
		int r =
			set_floor(before, FNL_CONVERTED_SCALE, &area[FNL_QUOTA_AREA_BEFORE_MINOR], &area[FNL_QUOTA_AREA_BEFORE_E4]);
		r = r ? r
		      : set_floor(after, FNL_QUOTA_SCALE, &area[FNL_QUOTA_AREA_AFTER_MINOR], &area[FNL_QUOTA_AREA_AFTER_E4]);
		if (r < 0) {
			return r;
		}
	}
	*ret_exact = exact;
	return FNL_OK;
}
