/* Worked examples of quotas, each line by line: golden/quota-examples.txt. Lines + rounding = quota in all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "book_world_internal.h"
#include "golden.h"

#include <stdio.h>

#define B(name) FNL_BOOK_LINE_##name
#define O(name) FNL_OPEN_QUOTA_YEAR_##name
#define L(name) FNL_QUOTA_LINE_##name
#define ANN "rep:ann"
#define BOB "rep:bob"

enum {
	TODAY = (int)(FNL_T0 / 86400000),
	D24 = (int)FNL_DAY_2024,
	D25 = D24 + 366,
	NO_DATE = -1,
	SETTLED = 24 * 3600000 + 1000
};

static struct fnl_books w;
static struct fnl_golden golden;
static int64_t sequence;

static int end(void **state)
{
	(void)state;
	fnl_books_end(&w);
	return 0;
}

/* ---- what there is ---- */

static struct fnl_value number(int64_t v)
{
	return (struct fnl_value){.set = true, .i64 = v};
}

static struct fnl_value list_of(const struct fnl_value *items, size_t count)
{
	return (struct fnl_value){.set = true, .list = {items, count}};
}

struct purchase {
	int64_t day;
	int64_t minor;
	const char *currency; /* NULL: unknown */
};

static void example(const char *title)
{
	fnl_books_clear(&w);
	sequence = 0;
	fnl_golden_add(&golden, "%s%s\n", golden.len ? "\n" : "", title);
	for (const char *const *rep = (const char *const[]){"ann", "bob", NULL}; *rep; rep++) {
		struct fnl_input in = fnl_input_rep(*rep, 1, "org1");
		assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
	}
}

/* Of ann; MIDDLE, 50 %. currency NULL: no amount. */
static struct fnl_input line(const char *id, int64_t day, int64_t minor, const char *currency)
{
	struct fnl_input in = fnl_input_line(ANN, id, ++sequence, 0);
	fnl_input_i64(&in, B(LAYER), FNL_LAYER_MIDDLE);
	fnl_input_i64(&in, B(WEIGHT_BP), 5000);
	fnl_input_i64(&in, B(EXPECTED_CLOSE_DATE), day);
	in.v[B(EXPECTED_CLOSE_DATE)].set = day != NO_DATE;
	fnl_input_money(&in, B(AMOUNT), minor, currency ? currency : "USD");
	in.v[B(AMOUNT)].set = currency != NULL;
	return in;
}

static void weigh(struct fnl_input *in, int layer, int64_t bp)
{
	fnl_input_i64(in, B(LAYER), layer);
	fnl_input_i64(in, B(WEIGHT_BP), bp);
}

static void plan(struct fnl_input *in, const struct purchase *purchases, size_t count)
{
	struct fnl_value *items = fnl_arena_calloc(&w.arena, count + 1, sizeof(*items));
	for (size_t i = 0; i < count; i++) {
		struct fnl_value *v = fnl_arena_calloc(&w.arena, FNL_PLANNED_PURCHASE_FIELD_COUNT, sizeof(*v));
		v[FNL_PLANNED_PURCHASE_ON] = number(purchases[i].day);
		if (purchases[i].currency) {
			v[FNL_PLANNED_PURCHASE_AMOUNT].set = true;
			v[FNL_PLANNED_PURCHASE_AMOUNT].money.amount_minor = purchases[i].minor;
			memcpy(v[FNL_PLANNED_PURCHASE_AMOUNT].money.currency, purchases[i].currency, 4);
		}
		items[i] = list_of(v, FNL_PLANNED_PURCHASE_FIELD_COUNT);
	}
	in->v[B(PLANNED_PURCHASES)] = list_of(items, count);
}
#define PLAN(in, ...) \
	plan(in, (const struct purchase[]){__VA_ARGS__}, \
	     sizeof((const struct purchase[]){__VA_ARGS__}) / sizeof(struct purchase))

static void put(struct fnl_input in)
{
	int r = fnl_books_line(&w, &in, "c");
	if (r != 0) {
		fail_msg("%d: %s", r, w.why.text);
	}
}

static void rate(const char *name, const char *base, const char *quote, int64_t mantissa, int scale, int64_t day)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_fx_rate, 0);
	fnl_input_str(&in, FNL_FX_RATE_NAME, name);
	fnl_input_str(&in, FNL_FX_RATE_BASE, base);
	fnl_input_str(&in, FNL_FX_RATE_QUOTE, quote);
	fnl_input_i64(&in, FNL_FX_RATE_RATE_MANTISSA, mantissa);
	fnl_input_i64(&in, FNL_FX_RATE_RATE_SCALE, scale);
	fnl_input_i64(&in, FNL_FX_RATE_VALID_ON, day);
	assert_int_equal(fnl_books_rate(&w, &in, NULL), 0);
}

/* Of one cell: a region; NULL: any. */
static void territory(const char *id, const char *region, int64_t factor_bp, const char *rep, int64_t valid_from)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_territory_defined, 0);
	struct fnl_value *cell = fnl_arena_calloc(&w.arena, FNL_TERRITORY_CELL_FIELD_COUNT, sizeof(*cell));
	struct fnl_value *list = fnl_arena_calloc(&w.arena, 1, sizeof(*list));
	cell[FNL_TERRITORY_CELL_REGION] = (struct fnl_value){.set = region != NULL, .str = fnl_span_str(region)};
	*list = list_of(cell, FNL_TERRITORY_CELL_FIELD_COUNT);
	fnl_input_str(&in, FNL_TERRITORY_DEFINED_TERRITORY_ID, id);
	fnl_input_i64(&in, FNL_TERRITORY_DEFINED_VERSION, 1);
	fnl_input_str(&in, FNL_TERRITORY_DEFINED_ORG_ID, "org1");
	fnl_input_i64(&in, FNL_TERRITORY_DEFINED_VALID_FROM, valid_from);
	in.v[FNL_TERRITORY_DEFINED_CELLS] = list_of(list, 1);
	in.v[FNL_TERRITORY_DEFINED_REP_IDS] = list_of(NULL, 0);
	if (rep) {
		fnl_input_str(&in, FNL_TERRITORY_DEFINED_RESPONSIBLE_REP_ID, rep);
	}
	if (factor_bp >= 0) {
		fnl_input_i64(&in, FNL_TERRITORY_DEFINED_AREA_FACTOR_BP, factor_bp);
	}
	assert_int_equal(fnl_books_territory(&w, &in, NULL), 0);
}

/* ---- what comes of it ---- */

struct text {
	char s[64];
};

/* Major units; of what lies behind the minor ones, as much as there is. */
static struct text money(int64_t minor, int64_t e4, const char *currency)
{
	struct text t;
	__int128 v = (__int128)minor * 10000 + e4;
	unsigned __int128 abs = (unsigned __int128)(v < 0 ? -v : v);
	uint64_t whole_unit = 10000;
	int digits = fnl_currency_digits(currency) + 4;
	for (int i = 4; i < digits; i++) {
		whole_unit *= 10;
	}
	int n = snprintf(t.s, sizeof(t.s), "%s %s%llu.%0*llu", currency, v < 0 ? "-" : "",
	                 (unsigned long long)(abs / whole_unit), digits, (unsigned long long)(abs % whole_unit));
	for (int i = 0; i < 4 && t.s[n - 1] == '0'; i++) {
		t.s[--n] = '\0';
	}
	if (t.s[n - 1] == '.') {
		t.s[n - 1] = '\0';
	}
	return t;
}

static struct text code(struct fnl_span s)
{
	struct text t;
	snprintf(t.s, sizeof(t.s), "%.*s", (int)s.len, (const char *)s.data);
	return t;
}

static void show_line(const struct fnl_value *v, const char *base)
{
	struct fnl_list parts = v[L(INTENDED)].list;
	fnl_golden_add(&golden, "  %-4s %s%s", code(v[L(PROSPECT_ID)].str).s,
	               v[L(REASON)].i64 == FNL_QUOTA_REASON_COUNTED ? "" : fnl_symbols_quota_reason[v[L(REASON)].i64],
	               v[L(REASON)].i64 == FNL_QUOTA_REASON_COUNTED ? "" : ": ");
	for (size_t i = 0; i < parts.count; i++) {
		const struct fnl_value *p = parts.items[i].list.items;
		const char *currency = code(p[FNL_QUOTA_INTENDED_CURRENCY].str).s;
		fnl_golden_add(&golden, "%s%s", i ? " + " : "", money(p[FNL_QUOTA_INTENDED_AMOUNT_MINOR].i64, 0, currency).s);
		if (p[FNL_QUOTA_INTENDED_RATE_VALID_ON].set) {
			fnl_golden_add(&golden, " x %lld/10^%lld of day %lld", (long long)p[FNL_QUOTA_INTENDED_RATE_MANTISSA].i64,
			               (long long)p[FNL_QUOTA_INTENDED_RATE_SCALE].i64,
			               (long long)p[FNL_QUOTA_INTENDED_RATE_VALID_ON].i64 - TODAY);
		}
	}
	fnl_golden_add(&golden, "%s, weight %lld bp", v[L(PLANNED)].i64 ? " (planned)" : "",
	               (long long)v[L(WEIGHT_BP)].i64);
	if (v[L(CONVERTED_MINOR)].set) {
		fnl_golden_add(&golden, " = %s", money(v[L(CONVERTED_MINOR)].i64, v[L(CONVERTED_E4)].i64, base).s);
	}
	if (v[L(TERRITORY_ID)].set || v[L(AREA_FACTOR_BP)].i64 != FNL_BP_ONE) {
		fnl_golden_add(&golden, ", territory %s%s x %lld bp",
		               v[L(TERRITORY_ID)].set ? code(v[L(TERRITORY_ID)].str).s : "none",
		               v[L(OUTSIDE_TERRITORY)].i64 ? " of others" : "", (long long)v[L(AREA_FACTOR_BP)].i64);
	}
	if (v[L(VALUE_MINOR)].set) {
		fnl_golden_add(&golden, " -> %s", money(v[L(VALUE_MINOR)].i64, v[L(VALUE_E4)].i64, base).s);
	}
	for (size_t i = 0; i < v[L(REDUCTIONS)].list.count; i++) {
		const struct fnl_value *r = v[L(REDUCTIONS)].list.items[i].list.items;
		const struct fnl_money *old = &r[FNL_QUOTA_REDUCTION_OLD_AMOUNT].money;
		fnl_golden_add(&golden, "; was %s", money(old->amount_minor, 0, old->currency).s);
	}
	fnl_golden_add(&golden, "\n");
}

static void show(const char *rep_id)
{
	char book[16];
	snprintf(book, sizeof(book), "rep:%s", rep_id);
	const struct fnl_value *q = fnl_books_quota(&w, book, 2024);
	assert_non_null(q);
	assert_int_equal(q[FNL_QUOTA_SET_STATE].i64, FNL_QUOTA_STATE_FROZEN);
	struct text base = code(q[FNL_QUOTA_SET_BASE_CURRENCY].str);
	__int128 lines = 0;
	int64_t counted = 0, left_out = 0;
	for (size_t i = 0; i < w.row_count; i++) {
		const struct fnl_value *v = w.rows[i].values;
		if (w.rows[i].table != FNL_BOOKS_QUOTA_LINE || !fnl_span_eq(v[L(REP_ID)].str, fnl_span_str(rep_id))) {
			continue;
		}
		bool counts = v[L(REASON)].i64 == FNL_QUOTA_REASON_COUNTED;
		show_line(v, base.s);
		assert_int_equal(counts, v[L(VALUE_MINOR)].set);
		lines += counts ? (__int128)v[L(VALUE_MINOR)].i64 * 10000 + v[L(VALUE_E4)].i64 : 0;
		counted += counts;
		left_out += !counts;
	}
	struct fnl_list areas = q[FNL_QUOTA_SET_AREAS].list;
	for (size_t i = 0; i < areas.count && areas.count > 1; i++) {
		const struct fnl_value *a = areas.items[i].list.items;
		fnl_golden_add(&golden, "  area %s: %s x %lld bp = ",
		               a[FNL_QUOTA_AREA_TERRITORY_ID].set ? code(a[FNL_QUOTA_AREA_TERRITORY_ID].str).s : "none",
		               money(a[FNL_QUOTA_AREA_BEFORE_MINOR].i64, a[FNL_QUOTA_AREA_BEFORE_E4].i64, base.s).s,
		               (long long)a[FNL_QUOTA_AREA_AREA_FACTOR_BP].i64);
		fnl_golden_add(&golden, "%s\n",
		               money(a[FNL_QUOTA_AREA_AFTER_MINOR].i64, a[FNL_QUOTA_AREA_AFTER_E4].i64, base.s).s);
	}
	__int128 rounding = (__int128)q[FNL_QUOTA_SET_ROUNDING_MINOR].i64 * 10000 + q[FNL_QUOTA_SET_ROUNDING_E4].i64;
	const struct fnl_money *quota = &q[FNL_QUOTA_SET_QUOTA].money;
	assert_true(lines + rounding == (__int128)quota->amount_minor * 10000);
	assert_int_equal(counted, q[FNL_QUOTA_SET_COUNTED_COUNT].i64);
	assert_int_equal(left_out, q[FNL_QUOTA_SET_LEFT_OUT_COUNT].i64);
	fnl_golden_add(&golden, "  %s: rounding %s, QUOTA %s\n", rep_id,
	               money(q[FNL_QUOTA_SET_ROUNDING_MINOR].i64, q[FNL_QUOTA_SET_ROUNDING_E4].i64, base.s).s,
	               money(quota->amount_minor, 0, base.s).s);
}

static void open_year(const char *base, const char *rates, int64_t rate_date)
{
	struct fnl_input in = fnl_input_open("r1", "org1", 2024, 1000);
	fnl_input_str(&in, O(BASE_CURRENCY), base);
	if (rates) {
		fnl_input_str(&in, O(RATE_NAME), rates);
	}
	if (rate_date != NO_DATE) {
		fnl_input_i64(&in, O(RATE_DATE), rate_date);
	}
	assert_int_equal(fnl_books_open(&w, &in), 0);
	assert_non_null(w.opened.jobs);
	fnl_books_run_until(&w, SETTLED);
}

static void freeze(const char *base, const char *rates)
{
	open_year(base, rates, NO_DATE);
	show("ann");
}

/* ---- the examples ---- */

static void weights_and_years(void)
{
	struct fnl_input in;
	example("25 % of 1,000,000");
	in = line("p1", D24 + 100, 100000000, "USD");
	weigh(&in, FNL_LAYER_TOP, 2500);
	put(in);
	freeze("USD", NULL);
	example("Each weighting: the layers', and one that the prospect has itself");
	in = line("p1", D24, 100000000, "USD");
	weigh(&in, FNL_LAYER_TOP, 2500);
	put(in);
	put(line("p2", D24, 100000000, "USD"));
	in = line("p3", D25 - 1, 100000000, "USD");
	weigh(&in, FNL_LAYER_BOTTOM, 7500);
	put(in);
	in = line("p4", D25 - 1, 99999999, "USD");
	weigh(&in, FNL_LAYER_MIDDLE, 3333);
	put(in);
	put(line("p5", D25, 100000000, "USD"));
	freeze("USD", NULL);
	example("Several purchases over three years: the first and the last day count; the close does not");
	in = line("p1", D25 + 400, 90000000, "USD");
	PLAN(&in, {D24 - 1, 30000000, "USD"}, {D24, 40000000, "USD"}, {D25 - 1, 15000000, "USD"}, {D25, 5000000, "USD"});
	put(in);
	in = line("p2", D24, 90000000, "USD");
	PLAN(&in, {D24 - 1, 90000000, "USD"});
	put(in);
	in = line("p3", NO_DATE, 0, NULL);
	PLAN(&in, {D24 + 5, 1, "USD"});
	put(in);
	in = line("p4", D24, 70000000, "USD");
	plan(&in, NULL, 0); /* an empty list plans nothing */
	put(in);
	freeze("USD", NULL);
}

static void what_is_not_known(void)
{
	struct fnl_input in;
	example(
		"Unknown is not zero: an amount, one purchase of the year (of another year it does not matter), date, layer");
	put(line("p1", D24, 0, NULL));
	in = line("p2", D24, 90000000, "USD");
	PLAN(&in, {D24, 40000000, "USD"}, {D24 + 90, 0, NULL});
	put(in);
	in = line("p3", D24, 90000000, "USD");
	PLAN(&in, {D24, 40000000, "USD"}, {D25, 0, NULL});
	put(in);
	put(line("p4", NO_DATE, 90000000, "USD"));
	in = line("p5", D24, 90000000, "USD");
	weigh(&in, FNL_LAYER_UNCLASSIFIED, 0);
	put(in);
	freeze("USD", NULL);
}

static void rates(void)
{
	struct fnl_input in;
	example(
		"Rates: of the day, the latest before it, one that is too old, one of later, of another name, turned round");
	rate("BUDGET", "EUR", "USD", 108, 2, TODAY);
	rate("BUDGET", "EUR", "USD", 999, 2, TODAY - 1);
	rate("BUDGET", "GBP", "USD", 12725, 4, TODAY - 35);
	rate("BUDGET", "CHF", "USD", 1, 0, TODAY - 36);
	rate("BUDGET", "SEK", "USD", 1, 0, TODAY + 1);
	rate("ECB", "NOK", "USD", 1, 0, TODAY);
	rate("BUDGET", "USD", "CAD", 2, 0, TODAY);
	put(line("p1", D24, 10000, "EUR"));
	put(line("p2", D24, 10000, "GBP"));
	put(line("p3", D24, 10000, "CHF"));
	put(line("p4", D24, 10000, "SEK"));
	put(line("p5", D24, 10000, "NOK"));
	put(line("p6", D24, 10000, "CAD"));
	put(line("p7", D24, 10000, "USD"));
	freeze("USD", "BUDGET");
	example("Nothing is converted where no name is given");
	rate("BUDGET", "EUR", "USD", 108, 2, TODAY);
	put(line("p1", D24, 10000, "EUR"));
	freeze("USD", NULL);
	example("A date for the rates: the day before");
	rate("BUDGET", "EUR", "USD", 108, 2, TODAY);
	rate("BUDGET", "EUR", "USD", 999, 2, TODAY - 1);
	put(line("p1", D24, 10000, "EUR"));
	open_year("USD", "BUDGET", TODAY - 1);
	show("ann");
	example("Purchases in two currencies, neither the amount's; and one of them without a rate");
	rate("BUDGET", "EUR", "USD", 108, 2, TODAY);
	rate("BUDGET", "JPY", "USD", 67, 4, TODAY);
	in = line("p1", D24, 70000000, "GBP");
	PLAN(&in, {D24, 10000, "EUR"}, {D24 + 1, 5000, "JPY"}, {D24 + 2, 2500, "EUR"});
	put(in);
	in = line("p2", D24, 70000000, "EUR");
	PLAN(&in, {D24, 10000, "EUR"}, {D24 + 1, 5000, "GBP"});
	put(in);
	freeze("USD", "BUDGET");
	example("Yen and dinars: no digits and three");
	rate("BUDGET", "JPY", "KWD", 2123456789, 12, TODAY);
	rate("BUDGET", "USD", "KWD", 3071, 4, TODAY);
	put(line("p1", D24, 1000001, "JPY"));
	put(line("p2", D24, 1234, "USD"));
	put(line("p3", D24, 1999, "KWD"));
	freeze("KWD", "BUDGET");
	example("And the other way");
	rate("BUDGET", "KWD", "JPY", 47093, 2, TODAY);
	put(line("p1", D24, 1001, "KWD"));
	put(line("p2", D24, 3, "JPY"));
	freeze("JPY", "BUDGET");
}

static void rounding(void)
{
	example("Half to even, down: 2.5 is 2");
	put(line("p1", D24, 500, "USD"));
	freeze("USD", NULL);
	example("Half to even, up: 3.5 is 4");
	put(line("p1", D24, 700, "USD"));
	freeze("USD", NULL);
	example("Half to even below zero: -2.5 is -2");
	put(line("p1", D24, -500, "USD"));
	freeze("USD", NULL);
	example("Exact before it is rounded: three thirds of a cent's part are lost by the lines, and not by the quota");
	rate("BUDGET", "EUR", "USD", 333333333333, 12, TODAY);
	rate("BUDGET", "GBP", "USD", 333333333333, 12, TODAY);
	rate("BUDGET", "CHF", "USD", 333333333334, 12, TODAY);
	put(line("p1", D24, 100, "EUR"));
	put(line("p2", D24, 100, "GBP"));
	put(line("p3", D24, 100, "CHF"));
	freeze("USD", "BUDGET");
	example("Beyond 64 bits a line is not convertible");
	rate("BUDGET", "EUR", "USD", 1000000000000000, 8, TODAY);
	put(line("p1", D24, 1000000000000000, "EUR"));
	put(line("p2", D24, 1, "EUR"));
	freeze("USD", "BUDGET");
}

static void put_in(struct fnl_input in, const char *region)
{
	fnl_input_str(&in, B(REGION), region);
	put(in);
}

static void areas(void)
{
	example("Area factors: given, within bounds, none given, not valid yet, unknown; the first by its id");
	territory("t1", "north", 12500, "ann", TODAY);
	territory("t2", "south", 99999, "bob", TODAY);
	territory("t3", "east", 1, NULL, TODAY);
	territory("t4", "west", -1, NULL, TODAY);
	territory("t5", "moon", 15000, NULL, TODAY + 1);
	territory("t6", "north", 20000, NULL, TODAY);
	put_in(line("p1", D24, 10000, "USD"), "north");
	put_in(line("p2", D24, 10000, "USD"), "south");
	put_in(line("p3", D24, 10000, "USD"), "east");
	put_in(line("p4", D24, 10000, "USD"), "west");
	put_in(line("p5", D24, 10000, "USD"), "moon");
	put_in(line("p6", D24, 10000, "USD"), "sea");
	put(line("p7", D24, 10000, "USD"));
	freeze("USD", NULL);
	example("Rate and area factor: sums by currency and territory, and one rounding");
	rate("BUDGET", "EUR", "USD", 107, 2, TODAY);
	territory("t1", "north", 11111, NULL, TODAY);
	put_in(line("p1", D24, 10001, "EUR"), "north");
	put_in(line("p2", D24, 333, "USD"), "north");
	put_in(line("p3", D24, 77, "EUR"), "south");
	freeze("USD", "BUDGET");
}

static void owners(void)
{
	static struct fnl_value change[FNL_ADVERSE_CHANGE_FIELD_COUNT], item[1];
	struct fnl_input in, to;
	example("Another owner after the moment of the run: it counts once, for whom it was then");
	rate("BUDGET", "EUR", "USD", 2, 0, TODAY);
	in = line("p1", D24, 10000, "EUR");
	put(in);
	struct fnl_input open = fnl_input_open("r1", "org1", 2024, 1000);
	fnl_input_str(&open, O(RATE_NAME), "BUDGET");
	assert_int_equal(fnl_books_open(&w, &open), 0);
	fnl_books_run_until(&w, 2000);
	fnl_input_i64(&in, B(STATE), FNL_LINE_STATE_WATCHED);
	fnl_input_i64(&in, B(SEQUENCE), 2);
	fnl_input_i64(&in, B(OCCURRED_AT), FNL_T0 + 2000);
	put(in);
	to = in;
	fnl_input_str(&to, B(BOOK), BOB);
	fnl_input_i64(&to, B(STATE), FNL_LINE_STATE_OWNED);
	put(to);
	fnl_books_run_until(&w, SETTLED);
	show("ann");
	show("bob");
	example("An amount that was lowered shortly before is shown, and not judged");
	in = line("p1", D24, 10000, "USD");
	change[FNL_ADVERSE_CHANGE_KIND] = number(FNL_ADVERSE_KIND_AMOUNT_LOWERED);
	change[FNL_ADVERSE_CHANGE_AT] = number(FNL_T0);
	change[FNL_ADVERSE_CHANGE_OLD_AMOUNT] = (struct fnl_value){.set = true, .money = {20000, "USD"}};
	change[FNL_ADVERSE_CHANGE_NEW_AMOUNT] = (struct fnl_value){.set = true, .money = {10000, "USD"}};
	item[0] = list_of(change, FNL_ADVERSE_CHANGE_FIELD_COUNT);
	in.v[B(ADVERSE)] = list_of(item, 1);
	put(in);
	freeze("USD", NULL);
}

/* ---- what changes it afterwards ---- */

static const struct fnl_value *quota_of(const char *rep_id)
{
	char book[16];
	snprintf(book, sizeof(book), "rep:%s", rep_id);
	return fnl_books_quota(&w, book, 2024);
}

static void show_now(const char *rep_id)
{
	const struct fnl_value *q = quota_of(rep_id);
	struct fnl_list list = q ? q[FNL_QUOTA_SET_REVISIONS].list : (struct fnl_list){NULL, 0};
	struct fnl_money now;
	for (size_t i = 0; i < list.count; i++) {
		const struct fnl_value *v = list.items[i].list.items;
		const struct fnl_money *d = &v[FNL_QUOTA_REVISION_DIFFERENCE].money;
		const struct fnl_money *after = &v[FNL_QUOTA_REVISION_QUOTA].money;
		const struct fnl_value *other = &v[FNL_QUOTA_REVISION_OTHER_REP_ID];
		fnl_golden_add(&golden, "    %lld. %s %s%s%s: %s, then %s\n", (long long)v[FNL_QUOTA_REVISION_REVISION].i64,
		               fnl_symbols_revision_cause[v[FNL_QUOTA_REVISION_CAUSE].i64],
		               code(v[FNL_QUOTA_REVISION_REFERENCE].str).s, other->set ? ", " : "",
		               other->set ? code(other->str).s : "", money(d->amount_minor, 0, d->currency).s,
		               money(after->amount_minor, 0, after->currency).s);
	}
	bool frozen = fnl_quota_now(q, &now);
	fnl_golden_add(&golden, "  %s: NOW %s\n", rep_id,
	               frozen ? money(now.amount_minor, 0, now.currency).s : "not frozen");
}

/* By ann's chief; currency NULL: computed again. */
static void revise(const char *id, int64_t minor, const char *currency)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_revise_quota, 0);
	fnl_input_str(&in, FNL_REVISE_QUOTA_COMMAND_ID, id);
	fnl_input_str(&in, FNL_REVISE_QUOTA_ISSUED_BY, "chief");
	fnl_input_i64(&in, FNL_REVISE_QUOTA_ISSUED_AT, FNL_T0);
	fnl_input_str(&in, FNL_REVISE_QUOTA_REP_ID, "ann");
	fnl_input_i64(&in, FNL_REVISE_QUOTA_FISCAL_YEAR, 2024);
	fnl_input_str(&in, FNL_REVISE_QUOTA_CAUSE, "market");
	if (currency) {
		fnl_input_money(&in, FNL_REVISE_QUOTA_ADJUSTMENT, minor, currency);
	}
	struct fnl_quota_revise_in state = {.rep = fnl_books_rep(&w, ANN), .quota = quota_of("ann"), .arena = &w.arena};
	struct fnl_quota_revise_out out = {.quota = NULL};
	assert_int_equal(fnl_quota_command(&state, in.v, &out, &w.why), 0);
	if (out.quota) {
		fnl_books_put(&w, FNL_BOOKS_QUOTA, ANN "|2024", FNL_ROW_PUT, out.quota);
		fnl_books_tell(&w, out.event.desc, out.event.values);
	} else if (out.event.desc) {
		fnl_golden_add(&golden, "  %s: %s\n", id,
		               fnl_symbols_reject_reason[out.event.values[FNL_COMMAND_REJECTED_REASON].i64]);
	} else {
		assert_true(out.stale);
		fnl_golden_add(&golden, "  %s: the same again\n", id);
	}
}

static void revisions(void)
{
	example("Somebody changes it: up, down, computed again; the same again, below nothing, in another currency");
	put(line("p1", D24, 100000000, "USD"));
	freeze("USD", NULL);
	revise("c1", 10000000, "USD");
	revise("c2", -20000050, "USD");
	revise("c3", 0, NULL);
	revise("c1", 10000000, "USD");
	revise("c4", -40000000, "USD");
	revise("c5", -39999950, "USD");
	revise("c6", -1, "USD");
	revise("c7", 1000, "EUR");
	show_now("ann");
	show("ann");
	example("A draft is not revised, nor what is not there");
	put(line("p1", D24, 500, "JPY"));
	revise("c1", 100, "JPY");
	struct fnl_input in = fnl_input_open("r1", "org1", 2024, 1000);
	fnl_input_str(&in, O(BASE_CURRENCY), "JPY");
	assert_int_equal(fnl_books_open(&w, &in), 0);
	fnl_books_run_until(&w, 2000);
	revise("c2", 100, "JPY");
	show_now("ann");
	fnl_books_run_until(&w, SETTLED);
	revise("c3", 100, "JPY");
	show_now("ann");
}

static void all_as_written(void **state)
{
	(void)state;
	weights_and_years();
	what_is_not_known();
	rates();
	rounding();
	areas();
	owners();
	revisions();
	assert_int_equal(fnl_golden_compare(&golden, FNL_SOURCE_DIR "/tests/unit/golden/quota-examples.txt"), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(all_as_written)};
	fnl_books_start(&w);
	return cmocka_run_group_tests(tests, NULL, end);
}
