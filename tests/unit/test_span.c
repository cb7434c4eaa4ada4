#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/base/span.h"

static void equality_knows_absent_from_empty(void **state)
{
	(void)state;
	assert_true(fnl_span_eq(FNL_SPAN_NONE, FNL_SPAN_NONE));
	assert_false(fnl_span_eq(FNL_SPAN_NONE, FNL_SPAN_LIT("")));
	assert_true(fnl_span_eq(FNL_SPAN_LIT(""), FNL_SPAN_LIT("")));
	assert_true(fnl_span_eq(FNL_SPAN_LIT("ab"), fnl_span_str("ab")));
	assert_false(fnl_span_eq(FNL_SPAN_LIT("ab"), FNL_SPAN_LIT("ac")));
	assert_false(fnl_span_eq(FNL_SPAN_LIT("ab"), FNL_SPAN_LIT("abc")));
	assert_true(fnl_span_is_none(fnl_span_str(NULL)));
}

static void order_is_bytewise(void **state)
{
	(void)state;
	const struct {
		struct fnl_span a, b;
		int sign;
	} cases[] = {
		{FNL_SPAN_LIT("a"), FNL_SPAN_LIT("b"), -1},
		{FNL_SPAN_LIT("b"), FNL_SPAN_LIT("a"), 1},
		{FNL_SPAN_LIT("a"), FNL_SPAN_LIT("aa"), -1},
		{FNL_SPAN_LIT("aa"), FNL_SPAN_LIT("a"), 1},
		{FNL_SPAN_NONE, FNL_SPAN_LIT(""), 0},
		{FNL_SPAN_NONE, FNL_SPAN_LIT("a"), -1},
		{FNL_SPAN_LIT("\x7f"), FNL_SPAN_LIT("\x80"), -1},
		{FNL_SPAN_LIT("x"), FNL_SPAN_LIT("x"), 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int c = fnl_span_cmp(cases[i].a, cases[i].b);
		assert_int_equal((c > 0) - (c < 0), cases[i].sign);
	}
}

static void hashes_spread_over_few_buckets(void **state)
{
	(void)state;
	size_t buckets[64] = {0};
	for (int i = 0; i < 6400; i++) {
		char key[16] = "prospect-0000";
		for (int at = 12, v = i; at > 8; at--, v /= 10) {
			key[at] = (char)('0' + v % 10);
		}
		buckets[fnl_span_hash(fnl_span_str(key)) & 63]++;
	}
	for (size_t i = 0; i < 64; i++) {
		assert_in_range(buckets[i], 50, 160);
	}
	assert_true(fnl_span_hash(FNL_SPAN_NONE) == fnl_span_hash(FNL_SPAN_LIT("")));
}

static void utf8_is_judged_as_rfc_3629_says(void **state)
{
	(void)state;
	const struct {
		struct fnl_span s;
		bool valid;
	} cases[] = {
		{FNL_SPAN_NONE, true},
		{FNL_SPAN_LIT(""), true},
		{FNL_SPAN_LIT("plain text of more than eight bytes"), true},
		{FNL_SPAN_LIT("\0"), true},
		{FNL_SPAN_LIT("\xc3\xa9"), true},
		{FNL_SPAN_LIT("\xe9\x94\x80\xe5\x94\xae"), true},
		{FNL_SPAN_LIT("\xf0\x9f\x98\x80"), true},
		{FNL_SPAN_LIT("\xf4\x8f\xbf\xbf"), true},
		{FNL_SPAN_LIT("\xed\x9f\xbf"), true},
		{FNL_SPAN_LIT("\xee\x80\x80"), true},
		{FNL_SPAN_LIT("\x80"), false},
		{FNL_SPAN_LIT("\xc3"), false},
		{FNL_SPAN_LIT("\xc0\x80"), false},
		{FNL_SPAN_LIT("\xc1\xbf"), false},
		{FNL_SPAN_LIT("\xe0\x9f\xbf"), false},
		{FNL_SPAN_LIT("\xed\xa0\x80"), false},
		{FNL_SPAN_LIT("\xf0\x8f\xbf\xbf"), false},
		{FNL_SPAN_LIT("\xf4\x90\x80\x80"), false},
		{FNL_SPAN_LIT("\xf5\x80\x80\x80"), false},
		{FNL_SPAN_LIT("\xff"), false},
		{FNL_SPAN_LIT("\xe9\x94"), false},
		{FNL_SPAN_LIT("\xe9\x94 "), false},
		{FNL_SPAN_LIT("\xf0\x9f\x98"), false},
		{FNL_SPAN_LIT("12345678\xc3"), false},
		{FNL_SPAN_LIT("1234567\xc3\xa9"), true},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (fnl_span_utf8_valid(cases[i].s) != cases[i].valid) {
			fail_msg("case %zu should be %s", i, cases[i].valid ? "valid" : "not valid");
		}
	}
}

/* Texts are looked at by words: a wrong byte is seen at each place of each length, a right letter is none. */
static void utf8_is_judged_at_each_place(void **state)
{
	(void)state;
	for (size_t len = 1; len <= 26; len++) {
		for (size_t at = 0; at < len; at++) {
			uint8_t text[26];
			memset(text, 'a', sizeof(text));
			text[at] = 0xff;
			assert_false(fnl_span_utf8_valid(fnl_span_of(text, len)));
			text[at] = 0xc3;
			assert_false(fnl_span_utf8_valid(fnl_span_of(text, len)));
			if (at + 1 < len) {
				text[at + 1] = 0xa9;
				assert_true(fnl_span_utf8_valid(fnl_span_of(text, len)));
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equality_knows_absent_from_empty), cmocka_unit_test(order_is_bytewise),
		cmocka_unit_test(hashes_spread_over_few_buckets),   cmocka_unit_test(utf8_is_judged_as_rfc_3629_says),
		cmocka_unit_test(utf8_is_judged_at_each_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
