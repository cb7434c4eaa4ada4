/* What an import understands as a time, and what it reads from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "import_cell.h"
#include "import_run.h"

static const int64_t day_ms = 86400000;
static const int64_t jan_1 = INT64_C(1735689600000); /* 2025-01-01 */

static void bounds_take_in_their_day(void **state)
{
	(void)state;
	int64_t ms = 0;
	assert_true(fnl_import_bound("2025-01-01", false, &ms));
	assert_int_equal(ms, jan_1);
	assert_true(fnl_import_bound("2025-01-01", true, &ms));
	assert_int_equal(ms, jan_1 + day_ms);
	assert_true(fnl_import_bound("2025-01-01T00:00:00Z", true, &ms));
	assert_int_equal(ms, jan_1 + 1);
	assert_false(fnl_import_bound("yesterday", true, &ms));
}

static void times_of_all_sorts(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
		int64_t ms;
	} cases[] = {
		{"2025-01-01", true, 1735689600000},
		{"2025-01-01T00:00:00.25Z", true, 1735689600250},
		{"2025-01-01 01:00:00+01:00", true, 1735689600000},
		{"2024-12-31t19:00:00-05:00", true, 1735689600000},
		{"1735689600000", true, 1735689600000},
		{"-1", true, -1},
		{"2024-02-29", true, 1709164800000},
		{"2025-02-29", false, 0},
		{"2025-13-01", false, 0},
		{"2025-01-01T24:00:00Z", false, 0},
		{"2025-01-01T00:00:00", false, 0},
		{"2025-1-1", false, 0},
		{"2025-01-01T00:00:00.Z", false, 0},
		{"2025-01-01x", false, 0},
		{"", false, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ms = 7;
		assert_int_equal(fnl_cell_time(fnl_span_str(cases[i].text), NULL, &ms), cases[i].good);
		assert_int_equal(ms, cases[i].good ? cases[i].ms : 7);
	}
}

static void times_by_a_format(void **state)
{
	(void)state;
	static const struct {
		const char *text, *format;
		bool good;
		int64_t ms;
	} cases[] = {
		{"31.01.2025 12:30", "%d.%m.%Y %H:%M", true, 1738326600000},
		{"31.02.2025 12:30", "%d.%m.%Y %H:%M", false, 0},
		{"31.01.2025", "%d.%m.%Y %H:%M", false, 0},
		{"31.01.2025 12:30 h", "%d.%m.%Y %H:%M", false, 0},
		{"17356896000000000", "%s", false, 0}, /* more milliseconds than there are numbers for */
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ms = 7;
		assert_int_equal(fnl_cell_time(fnl_span_str(cases[i].text), cases[i].format, &ms), cases[i].good);
		assert_int_equal(ms, cases[i].good ? cases[i].ms : 7);
	}
}

static void a_pipe_is_read_twice(void **state)
{
	(void)state;
	int ends[2];
	char line[16] = "";
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "hello\n", 6), 6);
	close(ends[1]);
	FILE *in = fnl_import_spool(fdopen(ends[0], "r"));
	assert_non_null(in);
	assert_non_null(fgets(line, sizeof(line), in));
	rewind(in);
	assert_non_null(fgets(line, sizeof(line), in));
	assert_string_equal(line, "hello\n");
	fclose(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_take_in_their_day),
		cmocka_unit_test(times_of_all_sorts),
		cmocka_unit_test(times_by_a_format),
		cmocka_unit_test(a_pipe_is_read_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
