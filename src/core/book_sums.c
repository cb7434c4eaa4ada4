/* The sums of a book: exact, sorted, and only ever moved by whole lines. */
#include "book_internal.h"

/* BookTotal, RunningTotal and QuotaTotal are alike but for what their first field means. */
enum { AT_KEY, AT_CURRENCY, AT_COUNT, AT_AMOUNT_MINOR, AT_WEIGHTED_MINOR, AT_WEIGHTED_E4, TOTAL_FIELDS };
_Static_assert((int)FNL_BOOK_TOTAL_FIELD_COUNT == (int)TOTAL_FIELDS && (int)FNL_BOOK_TOTAL_LAYER == (int)AT_KEY &&
                   (int)FNL_BOOK_TOTAL_WEIGHTED_E4 == (int)AT_WEIGHTED_E4,
               "");
_Static_assert((int)FNL_RUNNING_TOTAL_FIELD_COUNT == (int)TOTAL_FIELDS &&
                   (int)FNL_RUNNING_TOTAL_FISCAL_YEAR == (int)AT_KEY &&
                   (int)FNL_RUNNING_TOTAL_WEIGHTED_E4 == (int)AT_WEIGHTED_E4,
               "");
_Static_assert((int)FNL_QUOTA_TOTAL_FIELD_COUNT == (int)TOTAL_FIELDS && (int)FNL_QUOTA_TOTAL_REASON == (int)AT_KEY &&
                   (int)FNL_QUOTA_TOTAL_WEIGHTED_E4 == (int)AT_WEIGHTED_E4,
               "");

int fnl_weighted_split(fnl_weighted w, int64_t *ret_minor, int32_t *ret_e4)
{
	fnl_weighted minor = w / FNL_BP_ONE;
	fnl_weighted rest = w % FNL_BP_ONE;
	if (rest < 0) {
		rest += FNL_BP_ONE;
		minor--;
	}
	if (minor > INT64_MAX || minor < INT64_MIN) {
		return FNL_E_LIMIT;
	}
	*ret_minor = (int64_t)minor;
	*ret_e4 = (int32_t)rest;
	return FNL_OK;
}

fnl_weighted fnl_weighted_of(int64_t minor, int64_t e4)
{
	return (fnl_weighted)minor * FNL_BP_ONE + e4;
}

/* By key, then currency; no currency comes first. */
static int total_cmp(const struct fnl_value *total, int64_t key, struct fnl_span currency)
{
	if (total[AT_KEY].i64 != key) {
		return total[AT_KEY].i64 < key ? -1 : 1;
	}
	return fnl_span_cmp(total[AT_CURRENCY].set ? total[AT_CURRENCY].str : FNL_SPAN_NONE, currency);
}

static int total_move(struct fnl_value *total, const struct fnl_book_amount *a, int sign, int64_t lines)
{
	fnl_weighted weighted = fnl_weighted_of(total[AT_WEIGHTED_MINOR].i64, total[AT_WEIGHTED_E4].i64);
	fnl_weighted amount = (fnl_weighted)total[AT_AMOUNT_MINOR].i64 + (fnl_weighted)a->amount_minor * sign;
	int32_t e4;
	if (amount > INT64_MAX || amount < INT64_MIN) {
		return FNL_E_LIMIT;
	}
	int r = fnl_weighted_split(weighted + a->weighted * sign, &total[AT_WEIGHTED_MINOR].i64, &e4);
	if (r < 0) {
		return r;
	}
	total[AT_WEIGHTED_E4].i64 = e4;
	total[AT_AMOUNT_MINOR].i64 = (int64_t)amount;
	total[AT_COUNT].i64 += sign * lines;
	return FNL_OK;
}

static struct fnl_value *total_new(int64_t key, struct fnl_span currency, struct fnl_arena *arena)
{
	struct fnl_value *total = fnl_arena_calloc(arena, TOTAL_FIELDS, sizeof(*total));
	if (!total) {
		return NULL;
	}
	for (size_t i = AT_COUNT; i < TOTAL_FIELDS; i++) {
		total[i] = fnl_value_i64(0);
	}
	total[AT_KEY] = fnl_value_i64(key);
	if (!fnl_span_is_none(currency)) {
		struct fnl_span own = fnl_arena_dup(arena, currency);
		if (fnl_span_is_none(own)) {
			return NULL;
		}
		total[AT_CURRENCY] = fnl_value_str(own);
	}
	return total;
}

static int totals_change(struct fnl_value *totals, int64_t key, const struct fnl_book_amount *a, int sign,
                         int64_t lines, struct fnl_arena *arena)
{
	struct fnl_list old = totals->list;
	size_t at = 0;
	while (at < old.count && total_cmp(old.items[at].list.items, key, a->currency) < 0) {
		at++;
	}
	bool known = at < old.count && total_cmp(old.items[at].list.items, key, a->currency) == 0;
	if (!known && sign < 0) {
		return FNL_E_STATE;
	}
	if (!known && old.count == FNL_BOOK_TOTALS_MAX) {
		return FNL_E_LIMIT;
	}
	struct fnl_value *items = fnl_arena_alloc(arena, (old.count + 1) * sizeof(*items));
	struct fnl_value *total =
		known ? fnl_values_copy(arena, old.items[at].list.items, TOTAL_FIELDS) : total_new(key, a->currency, arena);
	if (!items || !total) {
		return FNL_E_NOMEM;
	}
	int r = total_move(total, a, sign, lines);
	if (r < 0) {
		return r;
	}
	bool stays = total[AT_COUNT].i64 > 0;
	size_t rest = at + (known ? 1 : 0);
	size_t to = at + (stays ? 1 : 0);
	if (at > 0) {
		memcpy(items, old.items, at * sizeof(*items));
	}
	if (stays) {
		items[at] = fnl_value_list(total, TOTAL_FIELDS);
	}
	if (rest < old.count) {
		memcpy(items + to, old.items + rest, (old.count - rest) * sizeof(*items));
	}
	*totals = fnl_value_list(items, to + old.count - rest);
	return FNL_OK;
}

int fnl_book_totals_add(struct fnl_value *totals, int64_t key, const struct fnl_book_amount *a, int sign,
                        struct fnl_arena *arena)
{
	return totals_change(totals, key, a, sign, 1, arena);
}

int fnl_book_totals_merge(struct fnl_value *totals, int64_t key, const struct fnl_value *total, struct fnl_arena *arena)
{
	struct fnl_book_amount a = {
		.currency = total[AT_CURRENCY].set ? total[AT_CURRENCY].str : FNL_SPAN_NONE,
		.amount_minor = total[AT_AMOUNT_MINOR].i64,
		.weighted = fnl_weighted_of(total[AT_WEIGHTED_MINOR].i64, total[AT_WEIGHTED_E4].i64),
	};
	return totals_change(totals, key, &a, 1, total[AT_COUNT].i64, arena);
}

bool fnl_book_has_year(const struct fnl_value *rep, int64_t fiscal_year)
{
	struct fnl_list years = rep[FNL_REP_QUOTA_YEARS].list;
	for (size_t i = 0; i < years.count; i++) {
		if (years.items[i].i64 == fiscal_year) {
			return true;
		}
	}
	return false;
}

static bool is_owned(const struct fnl_value *line)
{
	return line && line[FNL_LINE_STATE].i64 == FNL_LINE_STATE_OWNED;
}

static bool is_watched(const struct fnl_value *line)
{
	return line && line[FNL_LINE_STATE].i64 == FNL_LINE_STATE_WATCHED;
}

/* Counted among the running sums, in some years. */
static bool is_running(const struct fnl_value *line)
{
	return is_owned(line) && fnl_layer_in_funnel((int)line[FNL_LINE_LAYER].i64);
}

static bool amounts_eq(const struct fnl_book_amount *a, const struct fnl_book_amount *b)
{
	return fnl_span_eq(a->currency, b->currency) && a->amount_minor == b->amount_minor && a->weighted == b->weighted;
}

/* The sums by layer: what was there goes, what comes is added; nothing moves when both are the same. */
static int totals_move(struct fnl_value *totals, const struct fnl_value *from, const struct fnl_value *to,
                       struct fnl_arena *arena, bool *ret_moved)
{
	struct fnl_book_amount old = {0};
	struct fnl_book_amount new = {0};
	if (from) {
		old = fnl_book_amount_of(from + FNL_LINE_STATE);
	}
	if (to) {
		new = fnl_book_amount_of(to + FNL_LINE_STATE);
	}
	if ((!from && !to) ||
	    (from && to && from[FNL_LINE_LAYER].i64 == to[FNL_LINE_LAYER].i64 && amounts_eq(&old, &new))) {
		return FNL_OK;
	}
	*ret_moved = true;
	int r = from ? fnl_book_totals_add(totals, from[FNL_LINE_LAYER].i64, &old, -1, arena) : FNL_OK;
	return r == 0 && to ? fnl_book_totals_add(totals, to[FNL_LINE_LAYER].i64, &new, 1, arena) : r;
}

static bool has_part(const struct fnl_book_parts *parts, const struct fnl_book_part *p)
{
	for (size_t i = 0; i < parts->count; i++) {
		if (parts->items[i].fiscal_year == p->fiscal_year && amounts_eq(&parts->items[i].amount, &p->amount)) {
			return true;
		}
	}
	return false;
}

/* Parts that the other image has not: taken away (sign -1), or added. */
static int parts_move(struct fnl_value *rep, const struct fnl_book_parts *parts, const struct fnl_book_parts *other,
                      int sign, struct fnl_arena *arena, struct fnl_book_moved *moved)
{
	int r = FNL_OK;
	for (size_t i = 0; r == 0 && i < parts->count; i++) {
		const struct fnl_book_part *p = &parts->items[i];
		if (!has_part(other, p)) {
			r = fnl_book_totals_add(&rep[FNL_REP_RUNNING], p->fiscal_year, &p->amount, sign, arena);
			moved->sums = true;
			moved->to_tell = moved->to_tell || fnl_book_has_year(rep, p->fiscal_year);
		}
	}
	return r;
}

static int running_parts(const struct fnl_value *line, struct fnl_arena *arena, struct fnl_book_parts *ret)
{
	*ret = (struct fnl_book_parts){NULL, 0};
	return is_running(line) ? fnl_book_parts_of(line + FNL_LINE_STATE, (int32_t)line[FNL_LINE_YEAR_START].i64,
	                                            &line[FNL_LINE_FISCAL_YEAR], arena, ret)
	                        : FNL_OK;
}

static int running_move(struct fnl_value *rep, const struct fnl_value *from, const struct fnl_value *to,
                        struct fnl_arena *arena, struct fnl_book_moved *moved)
{
	struct fnl_book_parts old;
	struct fnl_book_parts new;
	int r = running_parts(from, arena, &old);
	r = r ? r : running_parts(to, arena, &new);
	r = r ? r : parts_move(rep, &old, &new, -1, arena, moved);
	return r ? r : parts_move(rep, &new, &old, 1, arena, moved);
}

int fnl_book_sums_move(struct fnl_value *rep, const struct fnl_value *from, const struct fnl_value *to,
                       struct fnl_arena *arena, struct fnl_book_moved *ret_moved)
{
	struct fnl_book_moved ret = {0};
	int r = totals_move(&rep[FNL_REP_TOTALS], is_owned(from) ? from : NULL, is_owned(to) ? to : NULL, arena, &ret.sums);
	r = r ? r : running_move(rep, from, to, arena, &ret);
	r = r ? r : fnl_book_won_move(rep, from, to, arena, &ret.won);
	if (r < 0) {
		return r;
	}
	rep[FNL_REP_LINE_COUNT].i64 += (is_owned(to) ? 1 : 0) - (is_owned(from) ? 1 : 0);
	rep[FNL_REP_WATCHED_COUNT].i64 += (is_watched(to) ? 1 : 0) - (is_watched(from) ? 1 : 0);
	ret.sums = ret.sums || ret.won || is_watched(from) != is_watched(to);
	*ret_moved = ret;
	return FNL_OK;
}

int fnl_book_refile_line(struct fnl_value *rep, struct fnl_value *line, const struct fnl_rules *rules,
                         struct fnl_arena *arena, bool *ret_changed, struct fnl_book_moved *ret_moved)
{
	const struct fnl_value *day = &line[FNL_LINE_EXPECTED_CLOSE_DATE];
	const struct fnl_value *known = &line[FNL_LINE_FISCAL_YEAR];
	struct fnl_value before[FNL_LINE_FIELD_COUNT];
	struct fnl_value year = {0};
	if (day->set) {
		year = fnl_value_i64(fnl_fiscal_year(rules, day->i64));
	}
	int32_t start = fnl_fiscal_year_start(rules);
	*ret_changed =
		year.set != known->set || (year.set && year.i64 != known->i64) || line[FNL_LINE_YEAR_START].i64 != start;
	*ret_moved = (struct fnl_book_moved){0};
	if (!*ret_changed) {
		return FNL_OK;
	}
	memcpy(before, line, sizeof(before));
	line[FNL_LINE_FISCAL_YEAR] = year;
	line[FNL_LINE_YEAR_START] = fnl_value_i64(start);
	int r = fnl_book_credit_of(line, arena, &line[FNL_LINE_CREDIT]);
	return r ? r : fnl_book_sums_move(rep, before, line, arena, ret_moved);
}

int fnl_book_refile(struct fnl_value *rep, struct fnl_value *line, const struct fnl_rules *rules,
                    struct fnl_arena *arena, bool *ret_changed)
{
	struct fnl_book_moved moved;
	return fnl_book_refile_line(rep, line, rules, arena, ret_changed, &moved);
}
