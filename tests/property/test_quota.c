/* Quotas of random books, rates and territories against a computation that shares nothing with core: whole sums of
 * small numbers in __int128, line by line. Whatever the pages are, lines + rounding = quota, and areas = lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "book_world.h"
#include "gen.h"

#include <stdio.h>
#include <stdlib.h>

#define B(name) FNL_BOOK_LINE_##name

enum { RUNS = 400, LINES_MAX = 14, PARTS_MAX = 5, CURRENCIES = 4, TERRITORIES = 3, SETTLED = 24 * 3600000 + 1000 };
#define TODAY ((int64_t)(FNL_T0 / 86400000))
#define D24 FNL_DAY_2024

static const char *const currencies[CURRENCIES] = {"USD", "EUR", "JPY", "KWD"};
static const int digits[CURRENCIES] = {2, 2, 0, 3};
static const char *const regions[] = {"n", "s", "e", "w"};

struct purchase {
	int64_t day;
	int64_t minor;
	int currency; /* -1: unknown */
};
struct model_line {
	char id[24];
	int64_t bp;
	int64_t day; /* -1: none */
	int64_t minor;
	int currency; /* -1: unknown */
	size_t planned;
	struct purchase purchases[PARTS_MAX];
	int region; /* -1: none */
};
struct model {
	struct model_line lines[LINES_MAX];
	size_t line_count;
	int base;
	bool named;
	int64_t mantissa[CURRENCIES]; /* 0: none holds; of three decimal places */
	int64_t factor[TERRITORIES];  /* 0: no such territory; territory i has region i */
};

static struct fnl_books w;
static struct model m;

static int start(void **state)
{
	(void)state;
	fnl_books_start(&w);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fnl_books_end(&w);
	return 0;
}

static void invent(struct fnl_gen *g)
{
	static const int64_t bps[] = {2500, 5000, 7500, 0, 10000, 3333, 1};
	m = (struct model){.line_count = fnl_gen_below(g, LINES_MAX + 1), .base = (int)fnl_gen_below(g, CURRENCIES)};
	m.named = !fnl_gen_one_in(g, 5);
	for (int i = 0; i < CURRENCIES; i++) {
		m.mantissa[i] = m.named && !fnl_gen_one_in(g, 5) ? 1 + (int64_t)fnl_gen_below(g, 5000) : 0;
	}
	for (int i = 0; i < TERRITORIES; i++) {
		m.factor[i] = fnl_gen_one_in(g, 3) ? 0 : 5000 + (int64_t)fnl_gen_below(g, 15001);
	}
	for (size_t i = 0; i < m.line_count; i++) {
		struct model_line *l = &m.lines[i];
		snprintf(l->id, sizeof(l->id), "p%02zu", i);
		l->bp = bps[fnl_gen_below(g, 7)];
		l->day = fnl_gen_one_in(g, 6) ? -1 : D24 - 3 + (int64_t)fnl_gen_below(g, 372);
		l->minor = (int64_t)fnl_gen_below(g, 1000000) - 200000;
		l->currency = fnl_gen_one_in(g, 8) ? -1 : (int)fnl_gen_below(g, CURRENCIES);
		l->region = (int)fnl_gen_below(g, 5) - 1;
		l->planned = fnl_gen_one_in(g, 2) ? fnl_gen_below(g, PARTS_MAX + 1) : 0;
		for (size_t k = 0; k < l->planned; k++) {
			l->purchases[k] =
				(struct purchase){D24 - 200 + (int64_t)fnl_gen_below(g, 766), (int64_t)fnl_gen_below(g, 100000) - 20000,
			                      fnl_gen_one_in(g, 15) ? -1 : (int)fnl_gen_below(g, CURRENCIES)};
		}
	}
}

static void set_money(struct fnl_value *v, int64_t minor, int currency)
{
	v->set = currency >= 0;
	v->money.amount_minor = minor;
	memcpy(v->money.currency, currency >= 0 ? currencies[currency] : "", currency >= 0 ? 4 : 1);
}

static void put_line(const struct model_line *l)
{
	struct fnl_input in = fnl_input_line("rep:ann", l->id, 1, 0);
	struct fnl_value *items = fnl_arena_calloc(&w.arena, l->planned + 1, sizeof(*items));
	fnl_input_i64(&in, B(WEIGHT_BP), l->bp);
	fnl_input_i64(&in, B(EXPECTED_CLOSE_DATE), l->day);
	in.v[B(EXPECTED_CLOSE_DATE)].set = l->day >= 0;
	set_money(&in.v[B(AMOUNT)], l->minor, l->currency);
	if (l->region >= 0) {
		fnl_input_str(&in, B(REGION), regions[l->region]);
	}
	for (size_t k = 0; k < l->planned; k++) {
		struct fnl_value *v = fnl_arena_calloc(&w.arena, FNL_PLANNED_PURCHASE_FIELD_COUNT, sizeof(*v));
		v[FNL_PLANNED_PURCHASE_ON] = (struct fnl_value){.set = true, .i64 = l->purchases[k].day};
		set_money(&v[FNL_PLANNED_PURCHASE_AMOUNT], l->purchases[k].minor, l->purchases[k].currency);
		items[k] = (struct fnl_value){.set = true, .list = {v, FNL_PLANNED_PURCHASE_FIELD_COUNT}};
	}
	if (l->planned) {
		in.v[B(PLANNED_PURCHASES)] = (struct fnl_value){.set = true, .list = {items, l->planned}};
	}
	assert_int_equal(fnl_books_line(&w, &in, "c"), 0);
}

static void put_references(void)
{
	for (int i = 0; i < CURRENCIES; i++) {
		struct fnl_input in = fnl_input_of(&fnl_desc_fx_rate, 0);
		if (m.mantissa[i] == 0 || i == m.base) {
			continue;
		}
		fnl_input_str(&in, FNL_FX_RATE_NAME, "R");
		fnl_input_str(&in, FNL_FX_RATE_BASE, currencies[i]);
		fnl_input_str(&in, FNL_FX_RATE_QUOTE, currencies[m.base]);
		fnl_input_i64(&in, FNL_FX_RATE_RATE_MANTISSA, m.mantissa[i]);
		fnl_input_i64(&in, FNL_FX_RATE_RATE_SCALE, 3);
		fnl_input_i64(&in, FNL_FX_RATE_VALID_ON, TODAY - i);
		assert_int_equal(fnl_books_rate(&w, &in, NULL), 0);
	}
	for (int i = 0; i < TERRITORIES; i++) {
		struct fnl_input in = fnl_input_of(&fnl_desc_territory_defined, 0);
		struct fnl_value *cell = fnl_arena_calloc(&w.arena, FNL_TERRITORY_CELL_FIELD_COUNT + 1, sizeof(*cell));
		struct fnl_value *list = &cell[FNL_TERRITORY_CELL_FIELD_COUNT];
		if (m.factor[i] == 0) {
			continue;
		}
		cell[FNL_TERRITORY_CELL_REGION] = (struct fnl_value){.set = true, .str = fnl_span_str(regions[i])};
		*list = (struct fnl_value){.set = true, .list = {cell, FNL_TERRITORY_CELL_FIELD_COUNT}};
		fnl_input_str(&in, FNL_TERRITORY_DEFINED_TERRITORY_ID, regions[i]);
		fnl_input_i64(&in, FNL_TERRITORY_DEFINED_VERSION, 1);
		fnl_input_str(&in, FNL_TERRITORY_DEFINED_ORG_ID, "org1");
		fnl_input_i64(&in, FNL_TERRITORY_DEFINED_VALID_FROM, TODAY);
		in.v[FNL_TERRITORY_DEFINED_CELLS] = (struct fnl_value){.set = true, .list = {list, 1}};
		in.v[FNL_TERRITORY_DEFINED_REP_IDS] = (struct fnl_value){.set = true};
		fnl_input_i64(&in, FNL_TERRITORY_DEFINED_AREA_FACTOR_BP, m.factor[i]);
		assert_int_equal(fnl_books_territory(&w, &in, NULL), 0);
	}
}

/* ---- by hand ---- */

static __int128 ten(int n)
{
	return n ? 10 * ten(n - 1) : 1;
}

/* In 10^-14 of a minor unit of the base: weight 4, factor 4, rate 3, digits 3. false: it is not convertible. */
static bool add_part(__int128 *sum, int64_t minor, int currency, int64_t bp, int64_t factor)
{
	bool is_base = currency == m.base;
	if (!is_base && (!m.named || m.mantissa[currency] == 0)) {
		return false;
	}
	*sum += (__int128)minor * bp * factor * (is_base ? 1000 : m.mantissa[currency]) *
	        ten(3 + digits[m.base] - digits[currency]);
	return true;
}

/* -1: not listed; 0: left out; 1: it counts. */
static int worth(const struct model_line *l, __int128 *ret)
{
	int64_t factor = l->region >= 0 && l->region < TERRITORIES && m.factor[l->region] ? m.factor[l->region] : 10000;
	bool any = false, whole = true;
	*ret = 0;
	if (l->planned == 0) {
		bool other = l->day >= 0 && (l->day < D24 || l->day >= D24 + 366);
		bool counts = l->day >= 0 && l->currency >= 0 && add_part(ret, l->minor, l->currency, l->bp, factor);
		return other ? -1 : counts;
	}
	for (size_t k = 0; k < l->planned; k++) {
		const struct purchase *p = &l->purchases[k];
		if (p->day >= D24 && p->day < D24 + 366) {
			any = true;
			whole = p->currency >= 0 && add_part(ret, p->minor, p->currency, l->bp, factor) && whole;
		}
	}
	return any ? whole : -1;
}

static __int128 floor_by(__int128 v, __int128 by)
{
	return v / by - (v % by < 0 ? 1 : 0);
}

static __int128 half_even(__int128 v, __int128 by)
{
	__int128 low = floor_by(v, by), rest = v - low * by;
	return low + (2 * rest > by || (2 * rest == by && low % 2 != 0) ? 1 : 0);
}

static __int128 e4_of(const struct fnl_value *v, int minor, int e4)
{
	return (__int128)v[minor].i64 * 10000 + v[e4].i64;
}

static void check(uint64_t seed)
{
	const struct fnl_value *q = fnl_books_quota(&w, "rep:ann", 2024);
	__int128 exact = 0, lines = 0, after = 0;
	int64_t counted = 0, left_out = 0;
	for (size_t i = 0; i < m.line_count; i++) {
		__int128 v;
		int is = worth(&m.lines[i], &v);
		const struct fnl_value *told = fnl_books_quota_line(&w, "rep:ann", 2024, m.lines[i].id);
		if ((is >= 0) != (told != NULL) ||
		    (told && (told[FNL_QUOTA_LINE_REASON].i64 == FNL_QUOTA_REASON_COUNTED) != (is == 1))) {
			fail_msg("seed %llu, %s: expected %d", (unsigned long long)seed, m.lines[i].id, is);
		}
		counted += is == 1;
		left_out += is == 0;
		if (is == 1) {
			exact += v;
			lines += floor_by(v, ten(10));
			assert_true(e4_of(told, FNL_QUOTA_LINE_VALUE_MINOR, FNL_QUOTA_LINE_VALUE_E4) == floor_by(v, ten(10)));
		}
	}
	__int128 quota = half_even(exact, ten(14 + digits[m.base])) * ten(digits[m.base]);
	if (q[FNL_QUOTA_SET_QUOTA].money.amount_minor != (int64_t)quota) {
		fail_msg("seed %llu: quota %lld, expected %lld", (unsigned long long)seed,
		         (long long)q[FNL_QUOTA_SET_QUOTA].money.amount_minor, (long long)quota);
	}
	assert_int_equal(q[FNL_QUOTA_SET_COUNTED_COUNT].i64, counted);
	assert_int_equal(q[FNL_QUOTA_SET_LEFT_OUT_COUNT].i64, left_out);
	assert_true(lines + e4_of(q, FNL_QUOTA_SET_ROUNDING_MINOR, FNL_QUOTA_SET_ROUNDING_E4) == quota * 10000);
	struct fnl_list areas = q[FNL_QUOTA_SET_AREAS].list;
	for (size_t i = 0; i < areas.count; i++) {
		after += e4_of(areas.items[i].list.items, FNL_QUOTA_AREA_AFTER_MINOR, FNL_QUOTA_AREA_AFTER_E4);
	}
	__int128 rest = floor_by(exact, ten(10)) - after; /* each area is rounded down */
	assert_true(rest >= 0 && rest <= (__int128)areas.count);
}

static void quotas_are_as_counted_by_hand(void **state)
{
	(void)state;
	struct fnl_gen g = fnl_gen_start(2024);
	for (uint64_t run = 0; run < RUNS; run++) {
		struct fnl_input rep = fnl_input_rep("ann", 1, "org1"), open = fnl_input_open("r1", "org1", 2024, 1000);
		fnl_books_clear(&w);
		invent(&g);
		w.page_lines = 1 + fnl_gen_below(&g, 6);
		assert_int_equal(fnl_books_rep_changed(&w, &rep), 0);
		put_references();
		for (size_t i = 0; i < m.line_count; i++) {
			put_line(&m.lines[i]);
		}
		fnl_input_str(&open, FNL_OPEN_QUOTA_YEAR_BASE_CURRENCY, currencies[m.base]);
		if (m.named) {
			fnl_input_str(&open, FNL_OPEN_QUOTA_YEAR_RATE_NAME, "R");
		}
		assert_int_equal(fnl_books_open(&w, &open), 0);
		fnl_books_run_until(&w, SETTLED);
		check(run);
		/* nothing is left of the pass */
		assert_null(fnl_books_territories(&w, "org1", "r1"));
		assert_int_equal(fnl_books_run(&w, "r1")[FNL_QUOTA_RUN_RATES].list.count, 0);
	}
}

/* Rates and territories that change while a pass is on its way change nothing of it. */
static void a_pass_goes_by_what_it_began_with(void **state)
{
	(void)state;
	struct fnl_gen g = fnl_gen_start(4711);
	for (uint64_t run = 0; run < RUNS / 4; run++) {
		struct fnl_input rep = fnl_input_rep("ann", 1, "org1"), open = fnl_input_open("r1", "org1", 2024, 1000);
		fnl_books_clear(&w);
		invent(&g);
		w.page_lines = 2;
		m.named = true;
		assert_int_equal(fnl_books_rep_changed(&w, &rep), 0);
		put_references();
		for (size_t i = 0; i < m.line_count; i++) {
			put_line(&m.lines[i]);
		}
		fnl_input_str(&open, FNL_OPEN_QUOTA_YEAR_BASE_CURRENCY, currencies[m.base]);
		fnl_input_str(&open, FNL_OPEN_QUOTA_YEAR_RATE_NAME, "R");
		assert_int_equal(fnl_books_open(&w, &open), 0);
		fnl_books_run_until(&w, SETTLED - 1);
		w.now_ms = FNL_T0 + SETTLED;
		assert_true(fnl_books_step(&w)); /* the pass has begun */
		for (int i = 0; i < CURRENCIES; i++) {
			struct fnl_input in = fnl_input_of(&fnl_desc_fx_rate, 0);
			fnl_input_str(&in, FNL_FX_RATE_NAME, "R");
			fnl_input_str(&in, FNL_FX_RATE_BASE, i == m.base ? "XXX" : currencies[i]);
			fnl_input_str(&in, FNL_FX_RATE_QUOTE, currencies[m.base]);
			fnl_input_i64(&in, FNL_FX_RATE_RATE_MANTISSA, 77777);
			fnl_input_i64(&in, FNL_FX_RATE_RATE_SCALE, 0);
			fnl_input_i64(&in, FNL_FX_RATE_VALID_ON, TODAY);
			assert_int_equal(fnl_books_rate(&w, &in, NULL), 0);
			struct fnl_input t = fnl_input_of(&fnl_desc_territory_defined, 0);
			fnl_input_str(&t, FNL_TERRITORY_DEFINED_TERRITORY_ID, regions[i]);
			fnl_input_i64(&t, FNL_TERRITORY_DEFINED_VERSION, 2);
			fnl_input_str(&t, FNL_TERRITORY_DEFINED_ORG_ID, "org1");
			fnl_input_i64(&t, FNL_TERRITORY_DEFINED_VALID_FROM, 0);
			t.v[FNL_TERRITORY_DEFINED_CELLS].set = t.v[FNL_TERRITORY_DEFINED_REP_IDS].set = true;
			assert_int_equal(fnl_books_territory(&w, &t, NULL), 0);
		}
		while (fnl_books_step(&w)) {
		}
		check(run);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotas_are_as_counted_by_hand),
		cmocka_unit_test(a_pass_goes_by_what_it_began_with),
	};
	return cmocka_run_group_tests(tests, start, end);
}
