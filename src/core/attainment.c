/* Won credit: what a line adds, what a year sums up to, and what is told of it. */
#include "funneld/core/attainment.h"

#include "book_internal.h"

#define TEN_8 UINT64_C(100000000)

_Static_assert(FNL_CONVERTED_SCALE == 16, "10^16 is the square of 10^8");
_Static_assert((int)FNL_WON_TOTAL_FIELD_COUNT == 4, "a total is made here");

/* ---- what a line adds ---- */

int fnl_book_credit_of(const struct fnl_value *line, struct fnl_arena *arena, struct fnl_value *ret)
{
	const struct fnl_value *day = &line[FNL_LINE_CLOSED_ON];
	const struct fnl_value *by = &line[FNL_LINE_WON_BY];
	bool won = line[FNL_LINE_LAYER].i64 == FNL_LAYER_WON && by->set && day->set;
	if (!won || !fnl_span_eq(by->str, fnl_book_rep_id(line[FNL_LINE_BOOK].str))) {
		*ret = fnl_value_null();
		return FNL_OK;
	}
	struct fnl_value *v = fnl_arena_calloc(arena, FNL_WON_CREDIT_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	int32_t start = (int32_t)line[FNL_LINE_YEAR_START].i64;
	v[FNL_WON_CREDIT_FISCAL_YEAR] = fnl_value_i64(fnl_fiscal_year_from(start, day->i64));
	v[FNL_WON_CREDIT_AMOUNT] = line[FNL_LINE_WON_AMOUNT];
	*ret = fnl_value_list(v, FNL_WON_CREDIT_FIELD_COUNT);
	return FNL_OK;
}

/* ---- sums ---- */

/* By year, then currency; no currency comes first. */
static int total_cmp(const struct fnl_value *total, int64_t fiscal_year, struct fnl_span currency)
{
	if (total[FNL_WON_TOTAL_FISCAL_YEAR].i64 != fiscal_year) {
		return total[FNL_WON_TOTAL_FISCAL_YEAR].i64 < fiscal_year ? -1 : 1;
	}
	const struct fnl_value *known = &total[FNL_WON_TOTAL_CURRENCY];
	return fnl_span_cmp(known->set ? known->str : FNL_SPAN_NONE, currency);
}

/* A list with the item at a place replaced (known), put in, or left out (NULL). */
static int change_item(struct fnl_value *list, size_t at, bool known, const struct fnl_value *item, size_t fields,
                       struct fnl_arena *arena)
{
	struct fnl_list old = list->list;
	struct fnl_value *items = fnl_arena_alloc(arena, (old.count + 1) * sizeof(*items));
	size_t to = at + (item ? 1 : 0);
	size_t from = at + (known ? 1 : 0);
	if (!items) {
		return FNL_E_NOMEM;
	}
	if (at > 0) {
		memcpy(items, old.items, at * sizeof(*items));
	}
	if (item) {
		items[at] = fnl_value_list(item, fields);
	}
	if (from < old.count) {
		memcpy(items + to, old.items + from, (old.count - from) * sizeof(*items));
	}
	*list = fnl_value_list(items, to + old.count - from);
	return FNL_OK;
}

/* The sums with a credit added (sign 1) or taken away (-1). FNL_E_LIMIT: no room or beyond 64 bits; FNL_E_STATE: it was
 * never added. */
static int add_credit(struct fnl_value *won, const struct fnl_value *credit, int sign, struct fnl_arena *arena)
{
	const struct fnl_value *amount = &credit[FNL_WON_CREDIT_AMOUNT];
	struct fnl_span currency = amount->set ? fnl_span_str(amount->money.currency) : FNL_SPAN_NONE;
	int64_t year = credit[FNL_WON_CREDIT_FISCAL_YEAR].i64;
	struct fnl_list old = won->list;
	size_t at = 0;
	while (at < old.count && total_cmp(old.items[at].list.items, year, currency) < 0) {
		at++;
	}
	bool known = at < old.count && total_cmp(old.items[at].list.items, year, currency) == 0;
	if (!known && (sign < 0 || old.count == FNL_BOOK_TOTALS_MAX)) {
		return sign < 0 ? FNL_E_STATE : FNL_E_LIMIT;
	}
	struct fnl_value *total = fnl_arena_calloc(arena, FNL_WON_TOTAL_FIELD_COUNT, sizeof(*total));
	if (!total) {
		return FNL_E_NOMEM;
	}
	if (known) {
		memcpy(total, old.items[at].list.items, FNL_WON_TOTAL_FIELD_COUNT * sizeof(*total));
	} else {
		total[FNL_WON_TOTAL_FISCAL_YEAR] = fnl_value_i64(year);
		total[FNL_WON_TOTAL_CURRENCY] = fnl_value_str_or_null(currency);
		total[FNL_WON_TOTAL_COUNT] = total[FNL_WON_TOTAL_AMOUNT_MINOR] = fnl_value_i64(0);
	}
	__int128 sum = total[FNL_WON_TOTAL_AMOUNT_MINOR].i64;
	sum += amount->set ? (__int128)amount->money.amount_minor * sign : 0;
	if (sum > INT64_MAX || sum < INT64_MIN) {
		return FNL_E_LIMIT;
	}
	total[FNL_WON_TOTAL_AMOUNT_MINOR] = fnl_value_i64((int64_t)sum);
	total[FNL_WON_TOTAL_COUNT].i64 += sign;
	bool stays = total[FNL_WON_TOTAL_COUNT].i64 > 0;
	return change_item(won, at, known, stays ? total : NULL, FNL_WON_TOTAL_FIELD_COUNT, arena);
}

/* The year is to be told: days are those of 230 years (input_check.c), so that there is always room. */
static int mark_year(struct fnl_value *rep, int64_t fiscal_year, struct fnl_arena *arena)
{
	struct fnl_list years = rep[FNL_REP_WON_YEARS].list;
	size_t at = 0;
	while (at < years.count && years.items[at].list.items[FNL_WON_YEAR_FISCAL_YEAR].i64 < fiscal_year) {
		at++;
	}
	bool known = at < years.count && years.items[at].list.items[FNL_WON_YEAR_FISCAL_YEAR].i64 == fiscal_year;
	struct fnl_value *year = fnl_arena_calloc(arena, FNL_WON_YEAR_FIELD_COUNT, sizeof(*year));
	if (!year) {
		return FNL_E_NOMEM;
	}
	year[FNL_WON_YEAR_FISCAL_YEAR] = fnl_value_i64(fiscal_year);
	year[FNL_WON_YEAR_CHANGED] = year[FNL_WON_YEAR_DUE] = fnl_value_i64(1);
	if (known) {
		year[FNL_WON_YEAR_TOLD_ORG_ID] = years.items[at].list.items[FNL_WON_YEAR_TOLD_ORG_ID];
	}
	return change_item(&rep[FNL_REP_WON_YEARS], at, known, year, FNL_WON_YEAR_FIELD_COUNT, arena);
}

int fnl_book_won_move(struct fnl_value *rep, const struct fnl_value *from, const struct fnl_value *to,
                      struct fnl_arena *arena, bool *ret_moved)
{
	const struct fnl_value none = fnl_value_null();
	const struct fnl_value *old = from ? &from[FNL_LINE_CREDIT] : &none;
	const struct fnl_value *new = to ? &to[FNL_LINE_CREDIT] : &none;
	bool erased = to && to[FNL_LINE_STATE].i64 == FNL_LINE_STATE_ERASED;
	*ret_moved = !erased && !fnl_value_eq(&fnl_desc_line.fields[FNL_LINE_CREDIT], old, new);
	if (!*ret_moved) {
		return FNL_OK;
	}
	int r = FNL_OK;
	if (old->set) {
		r = add_credit(&rep[FNL_REP_WON], old->list.items, -1, arena);
		r = r ? r : mark_year(rep, old->list.items[FNL_WON_CREDIT_FISCAL_YEAR].i64, arena);
	}
	if (r == FNL_OK && new->set) {
		r = add_credit(&rep[FNL_REP_WON], new->list.items, 1, arena);
		r = r ? r : mark_year(rep, new->list.items[FNL_WON_CREDIT_FISCAL_YEAR].i64, arena);
	}
	return r;
}

/* ---- what is to be told ---- */

void fnl_book_mark_won(struct fnl_value *rep, struct fnl_span cause_id, struct fnl_span correlation_id)
{
	if (rep[FNL_REP_WON_CAUSE_ID].set) {
		return;
	}
	rep[FNL_REP_WON_CAUSE_ID] = fnl_value_str(fnl_span_is_none(cause_id) ? FNL_SPAN_LIT("") : cause_id);
	rep[FNL_REP_WON_CORRELATION_ID] = fnl_value_str_or_null(correlation_id);
}

int fnl_attainment_quota(const struct fnl_book_in *in, struct fnl_span book, int32_t fiscal_year,
                         struct fnl_value **rep)
{
	struct fnl_value *copy = *rep ? *rep : fnl_book_open_rep(in, book);
	int r = copy ? mark_year(copy, fiscal_year, in->arena) : FNL_E_NOMEM;
	if (r < 0) {
		return r;
	}
	fnl_book_mark_won(copy, in->cause_id, in->correlation_id);
	fnl_book_arm(copy, in->rules, in->now_ms);
	*rep = copy;
	return FNL_OK;
}

/* Whose the rep is; absent: nobody's, as far as HR has said. */
static struct fnl_span org_of(const struct fnl_value *rep)
{
	bool at_home = rep && rep[FNL_REP_ORG_ID].set && !rep[FNL_REP_ERASED].i64;
	return at_home ? rep[FNL_REP_ORG_ID].str : FNL_SPAN_NONE;
}

static bool same_field(const struct fnl_value *a, const struct fnl_value *b, int field)
{
	return fnl_value_eq(&fnl_desc_rep.fields[field], &a[field], &b[field]);
}

int fnl_book_won_rep_changed(const struct fnl_book_in *in, struct fnl_value *rep)
{
	const struct fnl_value *before = in->rep;
	struct fnl_list years = rep[FNL_REP_WON_YEARS].list;
	bool same = before && fnl_span_is_none(org_of(before)) == fnl_span_is_none(org_of(rep)) &&
	            fnl_span_eq(org_of(before), org_of(rep)) && same_field(before, rep, FNL_REP_MANAGER_ID) &&
	            same_field(before, rep, FNL_REP_EMPLOYED_FROM);
	if (same || years.count == 0) {
		return FNL_OK;
	}
	struct fnl_value *items = fnl_arena_alloc(in->arena, years.count * sizeof(*items));
	for (size_t i = 0; items && i < years.count; i++) {
		struct fnl_value *year = fnl_values_copy(in->arena, years.items[i].list.items, FNL_WON_YEAR_FIELD_COUNT);
		if (!year) {
			return FNL_E_NOMEM;
		}
		year[FNL_WON_YEAR_DUE] = fnl_value_i64(1);
		items[i] = fnl_value_list(year, FNL_WON_YEAR_FIELD_COUNT);
	}
	rep[FNL_REP_WON_YEARS] = fnl_value_list(items, years.count);
	fnl_book_mark_won(rep, in->cause_id, in->correlation_id);
	return items ? FNL_OK : FNL_E_NOMEM;
}

struct fnl_attainment_need fnl_attainment_needs(const struct fnl_value *rep)
{
	struct fnl_attainment_need need = {.count = 0};
	struct fnl_list years = rep[FNL_REP_WON_YEARS].list;
	for (size_t i = 0; i < years.count && need.count < FNL_ATTAINMENT_YEARS_MAX; i++) {
		const struct fnl_value *year = years.items[i].list.items;
		if (year[FNL_WON_YEAR_DUE].i64) {
			need.years[need.count++] = (int32_t)year[FNL_WON_YEAR_FISCAL_YEAR].i64;
		}
	}
	return need;
}

/* ---- how much it is ---- */

/* A year as it is told. */
struct attained {
	struct fnl_value won;   /* WonTotal of the year */
	struct fnl_value quota; /* the frozen one, of its latest revision; null: none */
	int64_t won_minor;
	int64_t not_converted;
};

/* Rounded once, half to even. FNL_E_LIMIT beyond 64 bits. */
static int round_minor(struct fnl_wide exact, int64_t *ret)
{
	struct fnl_wide units = fnl_wide_div(fnl_wide_div(exact, TEN_8), TEN_8); /* rounded down */
	struct fnl_wide rest = fnl_wide_add(exact, fnl_wide_neg(fnl_wide_mul(fnl_wide_mul(units, TEN_8), TEN_8)));
	int half = fnl_wide_cmp(fnl_wide_add(rest, rest), fnl_wide_mul(fnl_wide_of(TEN_8), TEN_8));
	__int128 minor;
	int r = fnl_wide_get(units, &minor);
	minor += r == 0 && (half > 0 || (half == 0 && (minor & 1))) ? 1 : 0;
	if (r < 0 || minor > INT64_MAX || minor < INT64_MIN) {
		return FNL_E_LIMIT;
	}
	*ret = (int64_t)minor;
	return FNL_OK;
}

/* The year's sums in the quota's currency; quota: NULL, or frozen. */
static void convert(const struct fnl_value *quota, struct attained *a)
{
	struct fnl_wide exact = fnl_wide_of(0);
	struct fnl_quota_rates rates = {.rates = {NULL, 0}};
	if (quota) {
		memcpy(rates.base_currency, a->quota.money.currency, sizeof(rates.base_currency));
		rates.rates = quota[FNL_QUOTA_SET_RATES].list;
	}
	a->won_minor = a->not_converted = 0;
	for (size_t i = 0; i < a->won.list.count; i++) {
		const struct fnl_value *total = a->won.list.items[i].list.items;
		const struct fnl_value *currency = &total[FNL_WON_TOTAL_CURRENCY];
		struct fnl_rate rate = {.known = false};
		if (quota && currency->set) {
			rate = fnl_rate_of(&rates, currency->str);
		}
		if (rate.known) {
			struct fnl_wide with = fnl_wide_add(
				exact, fnl_converted(total[FNL_WON_TOTAL_AMOUNT_MINOR].i64, currency->str, &rate, rates.base_currency));
			rate.known = round_minor(with, &a->won_minor) == FNL_OK;
			exact = rate.known ? with : exact;
		}
		a->not_converted += rate.known ? 0 : total[FNL_WON_TOTAL_COUNT].i64;
	}
}

static int attained_of(const struct fnl_book_in *in, const struct fnl_value *rep, int64_t fiscal_year,
                       const struct fnl_value *quota, struct attained *ret)
{
	struct fnl_list all = rep[FNL_REP_WON].list;
	struct fnl_value *items = fnl_arena_alloc(in->arena, (all.count + 1) * sizeof(*items));
	struct fnl_value now = {.set = false};
	size_t count = 0;
	now.set = fnl_quota_now(quota, &now.money);
	if (!items) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < all.count; i++) {
		if (all.items[i].list.items[FNL_WON_TOTAL_FISCAL_YEAR].i64 == fiscal_year) {
			items[count++] = all.items[i];
		}
	}
	ret->won = fnl_value_list(items, count);
	ret->quota = now;
	convert(now.set ? quota : NULL, ret);
	return FNL_OK;
}

/* null: there is nothing to attain. */
static struct fnl_value basis_points(const struct attained *a)
{
	if (!a->quota.set || a->quota.money.amount_minor <= 0) {
		return fnl_value_null();
	}
	__int128 bp = fnl_div_half_even((__int128)a->won_minor * FNL_BP_ONE, a->quota.money.amount_minor);
	bp = bp > INT64_MAX ? INT64_MAX : bp < INT64_MIN ? INT64_MIN : bp;
	return fnl_value_i64((int64_t)bp);
}

/* ---- what is told ---- */

static int tell_changed(const struct fnl_book_in *in, const struct fnl_value *rep, int64_t fiscal_year,
                        const struct attained *a, struct fnl_attainment_out *out)
{
	struct fnl_value *v = fnl_arena_calloc(in->arena, FNL_ATTAINMENT_CHANGED_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_ATTAINMENT_CHANGED_OCCURRED_AT] = fnl_value_i64(in->now_ms);
	v[FNL_ATTAINMENT_CHANGED_REP_ID] = rep[FNL_REP_REP_ID];
	v[FNL_ATTAINMENT_CHANGED_ORG_ID] = rep[FNL_REP_ORG_ID];
	v[FNL_ATTAINMENT_CHANGED_MANAGER_ID] = rep[FNL_REP_MANAGER_ID];
	v[FNL_ATTAINMENT_CHANGED_FISCAL_YEAR] = fnl_value_i64(fiscal_year);
	v[FNL_ATTAINMENT_CHANGED_WON] = a->won;
	v[FNL_ATTAINMENT_CHANGED_QUOTA] = a->quota;
	v[FNL_ATTAINMENT_CHANGED_WON_MINOR] = fnl_value_i64(a->won_minor);
	v[FNL_ATTAINMENT_CHANGED_NOT_CONVERTED_COUNT] = fnl_value_i64(a->not_converted);
	v[FNL_ATTAINMENT_CHANGED_ATTAINMENT_BP] = basis_points(a);
	out->sequences[out->event_count] = rep[FNL_REP_WON_SEQUENCE].i64;
	out->events[out->event_count++] = (struct fnl_event_out){&fnl_desc_attainment_changed, v};
	return FNL_OK;
}

/* a: NULL: he is not of this organisation any more, or there is nothing to say of the year. */
static int tell_image(const struct fnl_book_in *in, const struct fnl_value *rep, int64_t fiscal_year,
                      struct fnl_span org_id, const struct attained *a, struct fnl_attainment_out *out)
{
	struct fnl_value *v = fnl_arena_calloc(in->arena, FNL_REP_YEAR_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_REP_YEAR_SOURCE] = fnl_value_str(FNL_SPAN_LIT("funneld"));
	v[FNL_REP_YEAR_OCCURRED_AT] = fnl_value_i64(in->now_ms);
	v[FNL_REP_YEAR_ORG_ID] = fnl_value_str(org_id);
	v[FNL_REP_YEAR_REP_ID] = rep[FNL_REP_REP_ID];
	v[FNL_REP_YEAR_BOOK] = rep[FNL_REP_BOOK];
	v[FNL_REP_YEAR_FISCAL_YEAR] = fnl_value_i64(fiscal_year);
	v[FNL_REP_YEAR_SEQUENCE] = rep[FNL_REP_WON_SEQUENCE];
	v[FNL_REP_YEAR_PRESENT] = fnl_value_i64(a != NULL);
	v[FNL_REP_YEAR_WON_MINOR] = v[FNL_REP_YEAR_NOT_CONVERTED_COUNT] = fnl_value_i64(0);
	if (a) { /* an absence says nothing of who he is */
		v[FNL_REP_YEAR_MANAGER_ID] = rep[FNL_REP_MANAGER_ID];
		v[FNL_REP_YEAR_EMPLOYED_FROM] = rep[FNL_REP_EMPLOYED_FROM];
		v[FNL_REP_YEAR_QUOTA] = a->quota;
		v[FNL_REP_YEAR_WON_MINOR] = fnl_value_i64(a->won_minor);
		v[FNL_REP_YEAR_NOT_CONVERTED_COUNT] = fnl_value_i64(a->not_converted);
	}
	out->images[out->image_count++] = (struct fnl_event_out){&fnl_desc_rep_year, v};
	return FNL_OK;
}

/* One year; *ret_stays: the row keeps it. year: its WonYear, which is changed. */
static int tell_year(const struct fnl_book_in *in, struct fnl_value *rep, struct fnl_value *year,
                     const struct fnl_value *quota, struct fnl_attainment_out *out, bool *ret_stays)
{
	int64_t fiscal_year = year[FNL_WON_YEAR_FISCAL_YEAR].i64;
	struct fnl_value told = year[FNL_WON_YEAR_TOLD_ORG_ID];
	struct fnl_span org_id = org_of(rep);
	struct attained a;
	int r = attained_of(in, rep, fiscal_year, quota, &a);
	if (r < 0) {
		return r;
	}
	bool something = a.quota.set || a.won.list.count > 0;
	bool present = something && !fnl_span_is_none(org_id);
	bool leaves = told.set && (!present || !fnl_span_eq(told.str, org_id));
	rep[FNL_REP_WON_SEQUENCE].i64++;
	r = year[FNL_WON_YEAR_CHANGED].i64 ? tell_changed(in, rep, fiscal_year, &a, out) : FNL_OK;
	r = r == 0 && leaves ? tell_image(in, rep, fiscal_year, told.str, NULL, out) : r;
	r = r == 0 && present ? tell_image(in, rep, fiscal_year, org_id, &a, out) : r;
	year[FNL_WON_YEAR_CHANGED] = year[FNL_WON_YEAR_DUE] = fnl_value_i64(0);
	year[FNL_WON_YEAR_TOLD_ORG_ID] = present ? fnl_value_str(org_id) : fnl_value_null();
	*ret_stays = something;
	return r;
}

/* All is told that was to be. */
static void close_telling(const struct fnl_book_in *in, struct fnl_value *rep)
{
	rep[FNL_REP_WON_TOLD_AT] = fnl_value_i64(in->now_ms);
	if (fnl_attainment_needs(rep).count == 0) {
		rep[FNL_REP_WON_CAUSE_ID] = rep[FNL_REP_WON_CORRELATION_ID] = fnl_value_null();
	}
}

int fnl_attainment_tell(const struct fnl_book_in *in, struct fnl_value *rep, const struct fnl_attainment_need *need,
                        const struct fnl_value *const *quotas, struct fnl_attainment_out *ret)
{
	const struct fnl_value *due = &rep[FNL_REP_WON_DUE_AT];
	struct fnl_list years = rep[FNL_REP_WON_YEARS].list;
	struct fnl_attainment_out out = {.cause_id = FNL_SPAN_NONE, .correlation_id = FNL_SPAN_NONE};
	if (!rep[FNL_REP_WON_CAUSE_ID].set || !due->set || due->i64 > in->now_ms) {
		*ret = out;
		return FNL_OK;
	}
	struct fnl_value *items = fnl_arena_alloc(in->arena, (years.count + 1) * sizeof(*items));
	size_t count = 0;
	out.cause_id = rep[FNL_REP_WON_CAUSE_ID].str;
	out.correlation_id = rep[FNL_REP_WON_CORRELATION_ID].set ? rep[FNL_REP_WON_CORRELATION_ID].str : FNL_SPAN_NONE;
	for (size_t i = 0, next = 0; items && i < years.count; i++) {
		bool stays = true;
		items[count] = years.items[i];
		if (next < need->count && years.items[i].list.items[FNL_WON_YEAR_FISCAL_YEAR].i64 == need->years[next]) {
			struct fnl_value *year = fnl_values_copy(in->arena, years.items[i].list.items, FNL_WON_YEAR_FIELD_COUNT);
			int r = year ? tell_year(in, rep, year, quotas[next], &out, &stays) : FNL_E_NOMEM;
			if (r < 0) {
				return r;
			}
			items[count] = fnl_value_list(year, FNL_WON_YEAR_FIELD_COUNT);
			next++;
		}
		count += stays ? 1 : 0;
	}
	if (!items) {
		return FNL_E_NOMEM;
	}
	rep[FNL_REP_WON_YEARS] = fnl_value_list(items, count);
	close_telling(in, rep);
	*ret = out;
	return FNL_OK;
}
