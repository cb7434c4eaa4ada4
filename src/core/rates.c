/* Exchange rates: which are kept, which one holds, and what it makes of a sum. */
#include "funneld/core/rates.h"

#include "funneld_records.h"
#include "values_internal.h"

static void code_of(struct fnl_span currency, char ret[4])
{
	memset(ret, 0, 4);
	memcpy(ret, currency.data, currency.len < 3 ? currency.len : 3);
}

static int check(const struct fnl_value *event, struct fnl_error *why)
{
	static const int codes[] = {FNL_FX_RATE_BASE, FNL_FX_RATE_QUOTE};
	int64_t mantissa = event[FNL_FX_RATE_RATE_MANTISSA].i64;
	int64_t scale = event[FNL_FX_RATE_RATE_SCALE].i64;
	int r = fnl_input_check(&fnl_desc_fx_rate, event, why);
	for (size_t i = 0; i < 2 && r == 0; i++) {
		struct fnl_money m = {0};
		struct fnl_span code = event[codes[i]].str;
		code_of(code, m.currency);
		r = code.len == 3 ? fnl_money_check(m, why)
		                  : fnl_fail(why, FNL_E_INVALID, "FxRate: a currency has three letters");
	}
	if (r == 0 && (mantissa < 1 || mantissa > FNL_RATE_MANTISSA_MAX)) {
		return fnl_fail(why, FNL_E_LIMIT, "FxRate.rate_mantissa is %lld, allowed is 1 to 10^15", (long long)mantissa);
	}
	if (r == 0 && (scale < 0 || scale > FNL_RATE_SCALE_MAX)) {
		return fnl_fail(why, FNL_E_LIMIT, "FxRate.rate_scale is %lld, allowed is 0 to %d", (long long)scale,
		                FNL_RATE_SCALE_MAX);
	}
	if (r == 0 && fnl_span_eq(event[FNL_FX_RATE_BASE].str, event[FNL_FX_RATE_QUOTE].str)) {
		return fnl_fail(why, FNL_E_INVALID, "FxRate: base and quote are one currency");
	}
	return r;
}

/* The list with a day put in, or in place of what is known of that day; the oldest makes room. */
static int put_day(struct fnl_list old, const struct fnl_value *event, struct fnl_arena *arena, struct fnl_value *ret)
{
	struct fnl_value *items = fnl_arena_alloc(arena, (old.count + 1) * sizeof(*items));
	struct fnl_value *day = fnl_arena_calloc(arena, FNL_RATE_DAY_FIELD_COUNT, sizeof(*day));
	int64_t valid_on = event[FNL_FX_RATE_VALID_ON].i64;
	size_t at = 0;
	if (!items || !day) {
		return FNL_E_NOMEM;
	}
	day[FNL_RATE_DAY_VALID_ON] = event[FNL_FX_RATE_VALID_ON];
	day[FNL_RATE_DAY_RATE_MANTISSA] = event[FNL_FX_RATE_RATE_MANTISSA];
	day[FNL_RATE_DAY_RATE_SCALE] = event[FNL_FX_RATE_RATE_SCALE];
	for (; at < old.count && old.items[at].list.items[FNL_RATE_DAY_VALID_ON].i64 < valid_on; at++) {
		items[at] = old.items[at];
	}
	size_t rest = at;
	if (rest < old.count && old.items[rest].list.items[FNL_RATE_DAY_VALID_ON].i64 == valid_on) {
		rest++;
	}
	items[at++] = fnl_value_list(day, FNL_RATE_DAY_FIELD_COUNT);
	while (rest < old.count) {
		items[at++] = old.items[rest++];
	}
	bool full = at > FNL_RATE_DAYS_MAX;
	*ret = fnl_value_list(items + (full ? 1 : 0), at - (full ? 1 : 0));
	return FNL_OK;
}

/* It is known already, or older than all that are kept. */
static bool is_nothing_new(struct fnl_list days, const struct fnl_value *event)
{
	for (size_t i = 0; i < days.count; i++) {
		const struct fnl_value *day = days.items[i].list.items;
		if (day[FNL_RATE_DAY_VALID_ON].i64 == event[FNL_FX_RATE_VALID_ON].i64) {
			return day[FNL_RATE_DAY_RATE_MANTISSA].i64 == event[FNL_FX_RATE_RATE_MANTISSA].i64 &&
			       day[FNL_RATE_DAY_RATE_SCALE].i64 == event[FNL_FX_RATE_RATE_SCALE].i64;
		}
	}
	return days.count == FNL_RATE_DAYS_MAX &&
	       event[FNL_FX_RATE_VALID_ON].i64 < days.items[0].list.items[FNL_RATE_DAY_VALID_ON].i64;
}

static int put_base(struct fnl_list old, size_t at, bool known, const struct fnl_value *event, struct fnl_arena *arena,
                    struct fnl_value *ret)
{
	struct fnl_value *items = fnl_arena_alloc(arena, (old.count + 1) * sizeof(*items));
	struct fnl_value *base = fnl_arena_calloc(arena, FNL_RATE_BASE_FIELD_COUNT, sizeof(*base));
	struct fnl_list days = {NULL, 0};
	if (!items || !base) {
		return FNL_E_NOMEM;
	}
	if (known) {
		days = old.items[at].list.items[FNL_RATE_BASE_DAYS].list;
	}
	base[FNL_RATE_BASE_BASE] = event[FNL_FX_RATE_BASE];
	int r = put_day(days, event, arena, &base[FNL_RATE_BASE_DAYS]);
	size_t skip = known ? 1 : 0;
	if (r == 0 && at > 0) {
		memcpy(items, old.items, at * sizeof(*items));
	}
	if (r == 0 && at + skip < old.count) {
		memcpy(items + at + 1, old.items + at + skip, (old.count - at - skip) * sizeof(*items));
	}
	items[at] = fnl_value_list(base, FNL_RATE_BASE_FIELD_COUNT);
	*ret = fnl_value_list(items, old.count + 1 - skip);
	return r;
}

int fnl_rates_take(const struct fnl_value *table, const struct fnl_value *event, struct fnl_arena *arena,
                   struct fnl_value **ret_table, struct fnl_error *why)
{
	struct fnl_list bases = table ? table[FNL_RATE_TABLE_BASES].list : (struct fnl_list){NULL, 0};
	struct fnl_span code = event[FNL_FX_RATE_BASE].str;
	size_t at = 0;
	int order = 1;
	int r = check(event, why);
	if (r < 0) {
		return r;
	}
	for (; at < bases.count; at++) {
		order = fnl_span_cmp(bases.items[at].list.items[FNL_RATE_BASE_BASE].str, code);
		if (order >= 0) {
			break;
		}
	}
	bool known = at < bases.count && order == 0;
	*ret_table = NULL;
	if (known && is_nothing_new(bases.items[at].list.items[FNL_RATE_BASE_DAYS].list, event)) {
		return FNL_OK;
	}
	if (!known && bases.count == FNL_RATE_BASES_MAX) {
		return fnl_fail(why, FNL_E_LIMIT, "there are rates of %d currencies to this one already", FNL_RATE_BASES_MAX);
	}
	struct fnl_value *new = fnl_arena_calloc(arena, FNL_RATE_TABLE_FIELD_COUNT, sizeof(*new));
	if (!new) {
		return FNL_E_NOMEM;
	}
	new[FNL_RATE_TABLE_NAME] = event[FNL_FX_RATE_NAME];
	new[FNL_RATE_TABLE_QUOTE] = event[FNL_FX_RATE_QUOTE];
	r = put_base(bases, at, known, event, arena, &new[FNL_RATE_TABLE_BASES]);
	if (r == 0) {
		*ret_table = new;
	}
	return r;
}

int fnl_rates_resolve(const struct fnl_value *table, int64_t from, int64_t until, struct fnl_arena *arena,
                      struct fnl_value *ret_rates)
{
	struct fnl_list bases = table ? table[FNL_RATE_TABLE_BASES].list : (struct fnl_list){NULL, 0};
	struct fnl_value *items = fnl_arena_alloc(arena, (bases.count + 1) * sizeof(*items));
	size_t count = 0;
	if (!items) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < bases.count; i++) {
		const struct fnl_value *base = bases.items[i].list.items;
		struct fnl_list days = base[FNL_RATE_BASE_DAYS].list;
		size_t at = days.count;
		while (at > 0 && days.items[at - 1].list.items[FNL_RATE_DAY_VALID_ON].i64 > until) {
			at--;
		}
		const struct fnl_value *day = at > 0 ? days.items[at - 1].list.items : NULL;
		if (!day || day[FNL_RATE_DAY_VALID_ON].i64 < from) {
			continue;
		}
		struct fnl_value *rate = fnl_arena_calloc(arena, FNL_QUOTA_RATE_FIELD_COUNT, sizeof(*rate));
		if (!rate) {
			return FNL_E_NOMEM;
		}
		rate[FNL_QUOTA_RATE_CURRENCY] = base[FNL_RATE_BASE_BASE];
		rate[FNL_QUOTA_RATE_RATE_MANTISSA] = day[FNL_RATE_DAY_RATE_MANTISSA];
		rate[FNL_QUOTA_RATE_RATE_SCALE] = day[FNL_RATE_DAY_RATE_SCALE];
		rate[FNL_QUOTA_RATE_VALID_ON] = day[FNL_RATE_DAY_VALID_ON];
		items[count++] = fnl_value_list(rate, FNL_QUOTA_RATE_FIELD_COUNT);
	}
	*ret_rates = fnl_value_list(items, count);
	return FNL_OK;
}

struct fnl_rate fnl_rate_of(const struct fnl_quota_rates *rates, struct fnl_span currency)
{
	if (fnl_span_eq(currency, fnl_span_str(rates->base_currency))) {
		return (struct fnl_rate){.known = true, .identity = true, .mantissa = 1};
	}
	for (size_t i = 0; i < rates->rates.count; i++) {
		const struct fnl_value *rate = rates->rates.items[i].list.items;
		if (fnl_span_eq(rate[FNL_QUOTA_RATE_CURRENCY].str, currency)) {
			return (struct fnl_rate){.known = true,
			                         .mantissa = rate[FNL_QUOTA_RATE_RATE_MANTISSA].i64,
			                         .scale = (int32_t)rate[FNL_QUOTA_RATE_RATE_SCALE].i64,
			                         .valid_on = (int32_t)rate[FNL_QUOTA_RATE_VALID_ON].i64};
		}
	}
	return (struct fnl_rate){.known = false};
}

static uint64_t power_of_ten(int n)
{
	uint64_t p = 1;
	for (; n > 0; n--) {
		p *= 10;
	}
	return p;
}

struct fnl_wide fnl_converted(__int128 amount, struct fnl_span currency, const struct fnl_rate *rate,
                              const char base_currency[4])
{
	char code[4];
	code_of(currency, code);
	struct fnl_wide w = fnl_wide_mul(fnl_wide_of(amount), (uint64_t)rate->mantissa);
	w = fnl_wide_mul(w, power_of_ten(fnl_currency_digits(base_currency)));
	return fnl_wide_mul(w, power_of_ten(FNL_CONVERTED_SCALE - rate->scale - fnl_currency_digits(code)));
}
