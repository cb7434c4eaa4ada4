#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/base/wire.h"

static struct fnl_arena arena;

static int start(void **state)
{
	(void)state;
	fnl_arena_init(&arena, 1 << 20);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fnl_arena_deinit(&arena);
	return 0;
}

static void longs_are_zig_zag(void **state)
{
	(void)state;
	const struct {
		int64_t v;
		struct fnl_span bytes;
	} cases[] = {
		{0, FNL_SPAN_LIT("\x00")},
		{-1, FNL_SPAN_LIT("\x01")},
		{1, FNL_SPAN_LIT("\x02")},
		{-2, FNL_SPAN_LIT("\x03")},
		{-64, FNL_SPAN_LIT("\x7f")},
		{64, FNL_SPAN_LIT("\x80\x01")},
		{INT32_MAX, FNL_SPAN_LIT("\xfe\xff\xff\xff\x0f")},
		{INT64_MAX, FNL_SPAN_LIT("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
		{INT64_MIN, FNL_SPAN_LIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_writer w = fnl_writer_of(&arena);
		fnl_write_long(&w, cases[i].v);
		assert_true(fnl_span_eq(fnl_writer_span(&w), cases[i].bytes));
		struct fnl_reader r = fnl_reader_of(cases[i].bytes);
		assert_true(fnl_read_long(&r) == cases[i].v);
		assert_false(r.bad);
		assert_int_equal(fnl_reader_left(&r), 0);
	}
}

/* Each length, as the last bytes of the input and with more behind, which is read with them. */
static void longs_of_each_length_come_back(void **state)
{
	(void)state;
	for (int bits = 0; bits < 64; bits++) {
		for (int64_t near = -2; near <= 2; near++) {
			int64_t v = (int64_t)((UINT64_C(1) << bits) + (uint64_t)near);
			for (int sign = 0; sign < 2; sign++, v = (int64_t)(0 - (uint64_t)v)) {
				struct fnl_writer w = fnl_writer_of(&arena);
				fnl_write_long(&w, v);
				size_t len = w.len;
				uint64_t zig_zag = ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
				for (size_t i = 0; i < len; i++, zig_zag >>= 7) {
					assert_int_equal(w.data[i], (zig_zag & 0x7f) | (i + 1 < len ? 0x80 : 0));
				}
				assert_true(zig_zag == 0 && (len == 1 || w.data[len - 1] != 0));
				fnl_write_raw(&w, FNL_SPAN_LIT("\xff\x80\x01\xff\xff\xff\xff\xff\xff"));
				struct fnl_span whole = fnl_writer_span(&w);
				/* a copy of its own length, so that the sanitizer sees a step beyond */
				struct fnl_span alone = {memcpy(fnl_calloc(1, len), whole.data, len), len};
				struct fnl_reader within = fnl_reader_of(whole), last = fnl_reader_of(alone);
				assert_true(fnl_read_long(&within) == v && within.at == whole.data + len && !within.bad);
				assert_true(fnl_read_long(&last) == v && last.at == last.end && !last.bad);
				fnl_free((void *)(uintptr_t)alone.data);
			}
		}
	}
}

static void broken_longs_are_bad(void **state)
{
	(void)state;
	const struct fnl_span cases[] = {
		FNL_SPAN_NONE,
		FNL_SPAN_LIT(""),
		FNL_SPAN_LIT("\x80"),
		FNL_SPAN_LIT("\xff\xff\xff"),
		FNL_SPAN_LIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
		FNL_SPAN_LIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00"),
		FNL_SPAN_LIT("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_reader r = fnl_reader_of(cases[i]);
		assert_int_equal(fnl_read_long(&r), 0);
		assert_true(r.bad);
	}
}

static void strings_are_measured_before_they_are_believed(void **state)
{
	(void)state;
	const struct {
		struct fnl_span in;
		bool good;
	} cases[] = {
		{FNL_SPAN_LIT("\x06"
	                  "abc"),
	     true},
		{FNL_SPAN_LIT("\x00"), true},
		{FNL_SPAN_LIT("\x06"
	                  "ab"),
	     false},
		{FNL_SPAN_LIT("\x01"
	                  "a"),
	     false},
		{FNL_SPAN_LIT("\x05"
	                  "abc"),
	     false},
		{FNL_SPAN_LIT(""), false},
		{FNL_SPAN_LIT("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"
	                  "abc"),
	     false},
		{FNL_SPAN_LIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
	                  "abc"),
	     false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_reader r = fnl_reader_of(cases[i].in);
		struct fnl_span s = fnl_read_string(&r);
		assert_int_equal(!r.bad, cases[i].good);
		assert_int_equal(fnl_span_is_none(s), !cases[i].good);
	}
}

static void the_first_failure_stays(void **state)
{
	(void)state;
	struct fnl_reader r = fnl_reader_of(FNL_SPAN_LIT("\x01\x02\x03"));
	assert_int_equal(fnl_read_be32(&r), 0);
	assert_true(r.bad);
	assert_int_equal(fnl_read_u8(&r), 0);
	assert_true(fnl_span_is_none(fnl_read_bytes(&r, 1)));
	assert_int_equal(fnl_reader_left(&r), 3);
}

static void writers_grow_and_read_back(void **state)
{
	(void)state;
	struct fnl_writer w = fnl_writer_of(&arena);
	for (int i = 0; i < 2000; i++) {
		fnl_write_u8(&w, (uint8_t)i);
		fnl_write_be32(&w, UINT32_C(0x01020304) + (uint32_t)i);
		fnl_write_string(&w, FNL_SPAN_LIT("some text"));
		fnl_write_raw(&w, FNL_SPAN_NONE);
	}
	struct fnl_reader r = fnl_reader_of(fnl_writer_span(&w));
	for (int i = 0; i < 2000; i++) {
		assert_int_equal(fnl_read_u8(&r), (uint8_t)i);
		assert_int_equal(fnl_read_be32(&r), UINT32_C(0x01020304) + (uint32_t)i);
		assert_true(fnl_span_eq(fnl_read_string(&r), FNL_SPAN_LIT("some text")));
	}
	assert_false(r.bad);
	assert_int_equal(fnl_reader_left(&r), 0);
}

static void an_exhausted_arena_makes_a_writer_bad(void **state)
{
	(void)state;
	struct fnl_arena small;
	fnl_arena_init(&small, 1024);
	struct fnl_writer w = fnl_writer_of(&small);
	for (int i = 0; i < 1000; i++) {
		fnl_write_long(&w, INT64_MAX);
	}
	assert_true(w.bad);
	assert_true(fnl_span_is_none(fnl_writer_span(&w)));
	struct fnl_writer empty = fnl_writer_of(&arena);
	assert_false(fnl_span_is_none(fnl_writer_span(&empty)));
	assert_int_equal(fnl_writer_span(&empty).len, 0);
	fnl_arena_deinit(&small);
}

static void times_are_rfc_3339(void **state)
{
	(void)state;
	const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
		{951782400000, "2000-02-29T00:00:00.000Z"},
		{951868799999, "2000-02-29T23:59:59.999Z"},
		{1769846400001, "2026-01-31T08:00:00.001Z"},
		{4107542400000, "2100-03-01T00:00:00.000Z"},
		{253402300799999, "9999-12-31T23:59:59.999Z"},
		{-62135596800000, "0001-01-01T00:00:00.000Z"},
		{1709164800000, "2024-02-29T00:00:00.000Z"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_writer w = fnl_writer_of(&arena);
		fnl_write_rfc3339(&w, cases[i].ms);
		fnl_write_u8(&w, 0);
		assert_string_equal((const char *)fnl_writer_span(&w).data, cases[i].text);
	}
	struct fnl_writer w = fnl_writer_of(&arena);
	fnl_write_rfc3339(&w, INT64_MIN);
	fnl_write_rfc3339(&w, INT64_MAX);
	assert_false(w.bad);
}

static void decimals_go_both_ways(void **state)
{
	(void)state;
	const struct {
		const char *text;
		int64_t v;
	} good[] = {
		{"0", 0}, {"-1", -1}, {"9223372036854775807", INT64_MAX}, {"-9223372036854775808", INT64_MIN}, {"42", 42}};
	const char *const bad[] = {"",   "-", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808", "-9223372036854775809",
	                           "1e3"};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int64_t v = 7;
		struct fnl_writer w = fnl_writer_of(&arena);
		fnl_write_decimal(&w, good[i].v);
		assert_true(fnl_span_eq(fnl_writer_span(&w), fnl_span_str(good[i].text)));
		assert_true(fnl_parse_decimal(fnl_span_str(good[i].text), &v));
		assert_true(v == good[i].v);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int64_t v = 7;
		assert_false(fnl_parse_decimal(fnl_span_str(bad[i]), &v));
		assert_int_equal(v, 7);
	}
	int64_t v;
	assert_true(fnl_parse_decimal(FNL_SPAN_LIT("007"), &v));
	assert_int_equal(v, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longs_are_zig_zag),
		cmocka_unit_test(longs_of_each_length_come_back),
		cmocka_unit_test(broken_longs_are_bad),
		cmocka_unit_test(strings_are_measured_before_they_are_believed),
		cmocka_unit_test(the_first_failure_stays),
		cmocka_unit_test(writers_grow_and_read_back),
		cmocka_unit_test(an_exhausted_arena_makes_a_writer_bad),
		cmocka_unit_test(times_are_rfc_3339),
		cmocka_unit_test(decimals_go_both_ways),
	};
	return cmocka_run_group_tests(tests, start, end);
}
