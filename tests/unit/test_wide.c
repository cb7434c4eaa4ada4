#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/base/wide.h"
#include "gen.h"

static void what_fits_comes_back(void **state)
{
	(void)state;
	const __int128 max = (__int128)(((unsigned __int128)1 << 127) - 1);
	const __int128 values[] = {0, 1, -1, INT64_MAX, INT64_MIN, max, -max - 1, (__int128)1 << 64, -((__int128)1 << 64)};
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		__int128 back = 7;
		assert_int_equal(fnl_wide_get(fnl_wide_of(values[i]), &back), 0);
		assert_true(back == values[i]);
	}
	__int128 back = 7;
	assert_int_equal(fnl_wide_get(fnl_wide_add(fnl_wide_of(max), fnl_wide_of(1)), &back), FNL_E_LIMIT);
	assert_int_equal(fnl_wide_get(fnl_wide_add(fnl_wide_of(-max - 1), fnl_wide_of(-1)), &back), FNL_E_LIMIT);
	assert_true(back == 7);
}

static void division_rounds_down(void **state)
{
	(void)state;
	static const struct {
		int a;
		int b;
		int q;
	} cases[] = {{7, 2, 3}, {-7, 2, -4}, {8, 2, 4}, {-8, 2, -4}, {0, 9, 0}, {-1, 1000, -1}, {1, 1000, 0}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		__int128 q;
		assert_int_equal(fnl_wide_get(fnl_wide_div(fnl_wide_of(cases[i].a), (uint64_t)cases[i].b), &q), 0);
		assert_true(q == cases[i].q);
	}
}

/* (a * b * c + r) / b / c = a, for r in [0, b * c), whatever the sign, up to 256 bits. */
static void what_was_multiplied_is_divided_back(void **state)
{
	(void)state;
	struct fnl_gen gen = fnl_gen_start(4711);
	for (int i = 0; i < 20000; i++) {
		__int128 a = (__int128)((unsigned __int128)fnl_gen_u64(&gen) << 64);
		a |= (__int128)fnl_gen_u64(&gen);
		a >>= fnl_gen_below(&gen, 128);
		uint64_t b = (fnl_gen_u64(&gen) >> (1 + fnl_gen_below(&gen, 62))) + 1;
		uint64_t c = (fnl_gen_u64(&gen) >> (2 + fnl_gen_below(&gen, 60))) + 1;
		struct fnl_wide product = fnl_wide_mul(fnl_wide_mul(fnl_wide_of(a), b), c);
		__int128 rest = (__int128)((unsigned __int128)(fnl_gen_u64(&gen) % b) * c);
		struct fnl_wide sum = fnl_wide_add(product, fnl_wide_of(rest));
		__int128 back;
		assert_int_equal(fnl_wide_get(fnl_wide_div(fnl_wide_div(sum, b), c), &back), 0);
		assert_true(back == a);
		assert_int_equal(fnl_wide_get(fnl_wide_div(fnl_wide_div(sum, c), b), &back), 0);
		assert_true(back == a);
		assert_int_equal(fnl_wide_cmp(sum, product) > 0, rest > 0);
		assert_int_equal(fnl_wide_cmp(fnl_wide_add(sum, fnl_wide_neg(sum)), fnl_wide_of(0)), 0);
		assert_int_equal(fnl_wide_cmp(fnl_wide_of(a), fnl_wide_of(a - (a > 0))), a > 0);
	}
}

static void order_is_that_of_numbers(void **state)
{
	(void)state;
	struct fnl_wide huge = fnl_wide_mul(fnl_wide_mul(fnl_wide_of(INT64_MAX), UINT64_MAX), UINT64_MAX);
	const struct fnl_wide sorted[] = {fnl_wide_neg(huge),
	                                  fnl_wide_of(INT64_MIN),
	                                  fnl_wide_of(-1),
	                                  fnl_wide_of(0),
	                                  fnl_wide_of(1),
	                                  fnl_wide_of(INT64_MAX),
	                                  huge};
	enum { COUNT = sizeof(sorted) / sizeof(sorted[0]) };
	for (int i = 0; i < COUNT; i++) {
		for (int k = 0; k < COUNT; k++) {
			int order = fnl_wide_cmp(sorted[i], sorted[k]);
			assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_comes_back),
		cmocka_unit_test(division_rounds_down),
		cmocka_unit_test(what_was_multiplied_is_divided_back),
		cmocka_unit_test(order_is_that_of_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
