/* Which rates and territories are kept, and which one holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "books_fixture.h"

#include <stdio.h>

#define R(name) FNL_FX_RATE_##name
#define T(name) FNL_TERRITORY_DEFINED_##name

static struct fnl_input rate(const char *base, int64_t day, int64_t mantissa)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_fx_rate, 0);
	fnl_input_str(&in, R(NAME), "BUDGET");
	fnl_input_str(&in, R(BASE), base);
	fnl_input_str(&in, R(QUOTE), "USD");
	fnl_input_i64(&in, R(RATE_MANTISSA), mantissa);
	fnl_input_i64(&in, R(RATE_SCALE), 2);
	fnl_input_i64(&in, R(VALID_ON), day);
	return in;
}

static bool take(struct fnl_input in)
{
	bool stale;
	assert_int_equal(fnl_books_rate(&w, &in, &stale), 0);
	return !stale;
}

/* 0: none. */
static int64_t holds(const char *base, int64_t from, int64_t until)
{
	struct fnl_quota_rates rates = {.base_currency = "USD"};
	struct fnl_value list;
	assert_int_equal(fnl_rates_resolve(fnl_books_rates(&w, "BUDGET", "USD"), from, until, &w.arena, &list), 0);
	rates.rates = list.list;
	struct fnl_rate found = fnl_rate_of(&rates, fnl_span_str(base));
	return found.known ? found.mantissa : 0;
}

static void the_latest_rate_of_a_time_holds(void **state)
{
	(void)state;
	assert_int_equal(holds("EUR", 0, 100), 0);
	assert_int_equal(holds("USD", 0, 100), 1);
	assert_true(take(rate("EUR", 50, 150)));
	assert_true(take(rate("EUR", 40, 140))); /* late */
	assert_true(take(rate("EUR", 60, 160)));
	assert_true(take(rate("CHF", 50, 7)));
	assert_int_equal(holds("EUR", 0, 39), 0);
	assert_int_equal(holds("EUR", 0, 40), 140);
	assert_int_equal(holds("EUR", 40, 49), 140);
	assert_int_equal(holds("EUR", 41, 49), 0);
	assert_int_equal(holds("EUR", 41, 1000), 160);
	assert_int_equal(holds("EUR", 61, 1000), 0);
	assert_int_equal(holds("CHF", 0, 1000), 7);
	assert_int_equal(holds("GBP", 0, 1000), 0);
	assert_false(take(rate("EUR", 40, 140)));
	assert_true(take(rate("EUR", 40, 141))); /* of one day the last one to come */
	assert_int_equal(holds("EUR", 0, 40), 141);
}

static void the_latest_64_days_are_kept(void **state)
{
	(void)state;
	for (int64_t day = 100; day < 200; day++) {
		assert_true(take(rate("EUR", day, day)));
	}
	assert_int_equal(holds("EUR", 0, 135), 0);
	assert_int_equal(holds("EUR", 0, 136), 136);
	assert_false(take(rate("EUR", 120, 120)));
	assert_true(take(rate("EUR", 150, 1)));
	assert_true(take(rate("EUR", 300, 300)));
	assert_int_equal(holds("EUR", 0, 136), 0);
	assert_int_equal(holds("EUR", 0, 150), 1);
}

static void rates_have_limits(void **state)
{
	(void)state;
	struct fnl_input in;
	for (int i = 0; i < FNL_RATE_BASES_MAX; i++) {
		char code[4] = {'A', (char)('A' + i / 26), (char)('A' + i % 26), '\0'};
		assert_true(take(rate(code, 100, 1 + i)));
	}
	in = rate("ZZZ", 100, 1);
	assert_int_equal(fnl_books_rate(&w, &in, NULL), FNL_E_LIMIT);
	assert_int_equal(holds("AEX", 0, 100), FNL_RATE_BASES_MAX);
	in = rate("AEX", 101, INT64_C(1000000000000000));
	fnl_input_i64(&in, R(RATE_SCALE), FNL_RATE_SCALE_MAX);
	assert_true(take(in));
	static const int64_t bad[][2] = {
		{R(RATE_MANTISSA), 0},
		{R(RATE_MANTISSA), -1},
		{R(RATE_MANTISSA), INT64_C(1000000000000001)},
		{R(RATE_MANTISSA), INT64_MAX},
		{R(RATE_SCALE), FNL_RATE_SCALE_MAX + 1},
		{R(RATE_SCALE), -1},
		{R(VALID_ON), -1},
		{R(VALID_ON), 1000000},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		in = rate("AAA", 101, 1);
		fnl_input_i64(&in, (int)bad[i][0], bad[i][1]);
		assert_int_equal(fnl_books_rate(&w, &in, NULL), FNL_E_LIMIT);
	}
	static const char *const codes[] = {"usd", "US", "USDX", "", "USD"};
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		in = rate(codes[i], 101, 1);
		assert_int_equal(fnl_books_rate(&w, &in, NULL), FNL_E_INVALID);
	}
}

/* ---- territories ---- */

static struct fnl_input territory(const char *id, int64_t version, size_t cells, const char *region)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_territory_defined, 0);
	struct fnl_value *list = fnl_arena_calloc(&w.arena, cells + 1, sizeof(*list));
	for (size_t i = 0; i < cells; i++) {
		struct fnl_value *cell = fnl_arena_calloc(&w.arena, FNL_TERRITORY_CELL_FIELD_COUNT, sizeof(*cell));
		cell[FNL_TERRITORY_CELL_REGION] = (struct fnl_value){.set = region != NULL, .str = fnl_span_str(region)};
		list[i] = (struct fnl_value){.set = true, .list = {cell, FNL_TERRITORY_CELL_FIELD_COUNT}};
	}
	fnl_input_str(&in, T(TERRITORY_ID), id);
	fnl_input_i64(&in, T(VERSION), version);
	fnl_input_str(&in, T(ORG_ID), "org1");
	fnl_input_i64(&in, T(VALID_FROM), 100);
	in.v[T(CELLS)] = (struct fnl_value){.set = true, .list = {list, cells}};
	in.v[T(REP_IDS)] = (struct fnl_value){.set = true};
	return in;
}

static const char *found_in(const char *region, int64_t day)
{
	static char id[16];
	struct fnl_value none = {0}, is = {.set = region != NULL, .str = fnl_span_str(region)};
	const struct fnl_value *t = fnl_territory_of(fnl_books_territories(&w, "org1", NULL), &is, &none, &none, day);
	snprintf(id, sizeof(id), "%.*s", t ? (int)t[FNL_TERRITORY_TERRITORY_ID].str.len : 1,
	         t ? (const char *)t[FNL_TERRITORY_TERRITORY_ID].str.data : "-");
	return id;
}

static void the_first_valid_territory_that_fits(void **state)
{
	(void)state;
	bool stale;
	struct fnl_input in = territory("t2", 5, 1, NULL);
	assert_int_equal(fnl_books_territory(&w, &in, &stale), 0);
	assert_string_equal(found_in("north", 99), "-");
	assert_string_equal(found_in("north", 100), "t2");
	assert_string_equal(found_in(NULL, 100), "t2");
	in = territory("t1", 1, 1, "north");
	assert_int_equal(fnl_books_territory(&w, &in, &stale), 0);
	assert_string_equal(found_in("north", 100), "t1");
	assert_string_equal(found_in(NULL, 100), "t2");
	in = territory("t2", 5, 1, "south");
	assert_int_equal(fnl_books_territory(&w, &in, &stale), 0);
	assert_true(stale);
	in = territory("t2", 6, 1, "south");
	assert_int_equal(fnl_books_territory(&w, &in, &stale), 0);
	assert_false(stale);
	assert_string_equal(found_in(NULL, 100), "-");
	assert_string_equal(found_in("south", 100), "t2");
	in = territory("t2", 7, 0, NULL); /* without cells there is nothing in it */
	assert_int_equal(fnl_books_territory(&w, &in, &stale), 0);
	assert_string_equal(found_in("south", 100), "-");
}

static void territories_have_limits(void **state)
{
	(void)state;
	struct fnl_input in;
	char id[16];
	for (int i = 0; i < FNL_TERRITORIES_MAX; i++) {
		snprintf(id, sizeof(id), "t%03d", i);
		in = territory(id, 1, 16, "x");
		assert_int_equal(fnl_books_territory(&w, &in, NULL), 0);
	}
	in = territory("u", 1, 1, "x");
	assert_int_equal(fnl_books_territory(&w, &in, NULL), FNL_E_LIMIT);
	in = territory("t000", 2, 32, "x"); /* 254 x 16 + 32 = 4096 */
	assert_int_equal(fnl_books_territory(&w, &in, NULL), 0);
	in = territory("t001", 2, 17, "x");
	assert_int_equal(fnl_books_territory(&w, &in, NULL), FNL_E_LIMIT);
	in = territory("t|2", 2, 1, "x");
	assert_int_equal(fnl_books_territory(&w, &in, NULL), FNL_E_INVALID);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_latest_rate_of_a_time_holds, books_fresh),
		cmocka_unit_test_setup(the_latest_64_days_are_kept, books_fresh),
		cmocka_unit_test_setup(rates_have_limits, books_fresh),
		cmocka_unit_test_setup(the_first_valid_territory_that_fits, books_fresh),
		cmocka_unit_test_setup(territories_have_limits, books_fresh),
	};
	return cmocka_run_group_tests(tests, books_start, books_end);
}
