#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/core/money.h"

static void the_article_s_example(void **state)
{
	(void)state;
	struct fnl_money_sums sums = {.count = 0};
	assert_int_equal(fnl_money_sums_add(&sums, (struct fnl_money){100000000, "EUR"}, 2500), 0);
	/* 1,000,000.00 x 25 % = 250,000.00 */
	assert_int_equal((int64_t)fnl_div_half_even(sums.by[0].weighted, FNL_BP_ONE), 25000000);
}

static void halves_go_to_even(void **state)
{
	(void)state;
	const int64_t cases[][3] = {
		{5, 10, 0},  {15, 10, 2}, {25, 10, 2},   {-5, 10, 0},   {-15, 10, -2}, {-25, 10, -2},
		{14, 10, 1}, {16, 10, 2}, {-14, 10, -1}, {-16, 10, -2}, {0, 3, 0},     {1, 3, 0},
		{2, 3, 1},   {-2, 3, -1}, {7, 1, 7},     {3, 2, 2},     {1, 2, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal((int64_t)fnl_div_half_even(cases[i][0], cases[i][1]), cases[i][2]);
	}
	/* doubling the rest would overflow here */
	__int128 huge = ((__int128)1 << 126) + 1;
	assert_true(fnl_div_half_even(huge - 1, huge) == 1);
}

static void amounts_and_codes_are_checked(void **state)
{
	(void)state;
	const struct {
		struct fnl_money m;
		int code;
	} cases[] = {
		{{0, "EUR"}, 0},
		{{FNL_AMOUNT_MINOR_MAX, "USD"}, 0},
		{{-FNL_AMOUNT_MINOR_MAX, "USD"}, 0},
		{{FNL_AMOUNT_MINOR_MAX + 1, "USD"}, FNL_E_LIMIT},
		{{INT64_MIN, "USD"}, FNL_E_LIMIT},
		{{INT64_MAX, "USD"}, FNL_E_LIMIT},
		{{1, "eur"}, FNL_E_INVALID},
		{{1, "EU"}, FNL_E_INVALID},
		{{1, ""}, FNL_E_INVALID},
		{{1, {'E', 'U', 'R', 'O'}}, FNL_E_INVALID},
		{{1, "E1R"}, FNL_E_INVALID},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_error why = {0, ""};
		assert_int_equal(fnl_money_check(cases[i].m, &why), cases[i].code);
		assert_int_equal(why.text[0] != '\0', cases[i].code != 0);
	}
}

static void sums_stay_apart_by_currency(void **state)
{
	(void)state;
	struct fnl_money_sums sums = {.count = 0};
	const char *const order[] = {"USD", "EUR", "JPY", "EUR", "CHF", "USD"};
	for (size_t i = 0; i < 6; i++) {
		struct fnl_money m = {(int64_t)i + 1, ""};
		memcpy(m.currency, order[i], 3);
		assert_int_equal(fnl_money_sums_add(&sums, m, 5000), 0);
	}
	const char *const sorted[] = {"CHF", "EUR", "JPY", "USD"};
	const int64_t amounts[] = {5, 6, 3, 7};
	assert_int_equal(sums.count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(sums.by[i].currency, sorted[i]);
		assert_int_equal((int64_t)sums.by[i].amount_minor, amounts[i]);
		assert_int_equal((int64_t)sums.by[i].weighted, amounts[i] * 5000);
	}
}

static void the_33rd_currency_is_too_many(void **state)
{
	(void)state;
	struct fnl_money_sums sums = {.count = 0};
	for (int i = 0; i < FNL_CURRENCIES_MAX; i++) {
		struct fnl_money m = {FNL_AMOUNT_MINOR_MAX, {(char)('A' + i / 26), (char)('A' + i % 26), 'X', 0}};
		assert_int_equal(fnl_money_sums_add(&sums, m, 10000), 0);
	}
	assert_int_equal(fnl_money_sums_add(&sums, (struct fnl_money){1, "ZZZ"}, 1), FNL_E_LIMIT);
	assert_int_equal(fnl_money_sums_add(&sums, (struct fnl_money){1, "AAX"}, 1), 0);
}

static void text_becomes_minor_units(void **state)
{
	(void)state;
	const struct {
		const char *text;
		const char *currency;
		int code;
		int64_t minor;
	} cases[] = {
		{"1234.5", "EUR", 0, 123450},
		{"-0.05", "EUR", 0, -5},
		{"0", "EUR", 0, 0},
		{"007", "EUR", 0, 700},
		{"1.500", "EUR", 0, 150},
		{"1.505", "EUR", FNL_E_INVALID, 0},
		{"1000", "JPY", 0, 1000},
		{"1000.0", "JPY", 0, 1000},
		{"1000.5", "JPY", FNL_E_INVALID, 0},
		{"1.234", "KWD", 0, 1234},
		{"1.2345", "KWD", FNL_E_INVALID, 0},
		{"1.2345", "CLF", 0, 12345},
		{"", "EUR", FNL_E_INVALID, 0},
		{"-", "EUR", FNL_E_INVALID, 0},
		{".5", "EUR", FNL_E_INVALID, 0},
		{"5.", "EUR", FNL_E_INVALID, 0},
		{"1e5", "EUR", FNL_E_INVALID, 0},
		{"1,000", "EUR", FNL_E_INVALID, 0},
		{"1 000", "EUR", FNL_E_INVALID, 0},
		{"+1", "EUR", FNL_E_INVALID, 0},
		{"1.-5", "EUR", FNL_E_INVALID, 0},
		{"1.5x", "EUR", FNL_E_INVALID, 0},
		{"12", "eu", FNL_E_INVALID, 0},
		{"10000000000000.00", "EUR", 0, FNL_AMOUNT_MINOR_MAX},
		{"10000000000000.01", "EUR", FNL_E_LIMIT, 0},
		{"99999999999999999999999999", "EUR", FNL_E_LIMIT, 0},
		{"1000000000000000", "KWD", FNL_E_LIMIT, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_money m = {77, "XXX"};
		struct fnl_error why = {0, ""};
		char currency[4] = "";
		memcpy(currency, cases[i].currency, strlen(cases[i].currency));
		int r = fnl_money_parse(fnl_span_str(cases[i].text), currency, &m, &why);
		if (r != cases[i].code || m.amount_minor != (r ? 77 : cases[i].minor)) {
			fail_msg("'%s' %s: %d, %lld, %s", cases[i].text, currency, r, (long long)m.amount_minor, why.text);
		}
	}
}

static void digits_of_currencies(void **state)
{
	(void)state;
	assert_int_equal(fnl_currency_digits("EUR"), 2);
	assert_int_equal(fnl_currency_digits("JPY"), 0);
	assert_int_equal(fnl_currency_digits("ISK"), 0);
	assert_int_equal(fnl_currency_digits("BHD"), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_article_s_example),         cmocka_unit_test(halves_go_to_even),
		cmocka_unit_test(amounts_and_codes_are_checked), cmocka_unit_test(sums_stay_apart_by_currency),
		cmocka_unit_test(the_33rd_currency_is_too_many), cmocka_unit_test(text_becomes_minor_units),
		cmocka_unit_test(digits_of_currencies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
