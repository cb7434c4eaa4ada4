/* The machine's adapters: clocks, name-based ids, log lines, time zone data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "funneld/adapters/sys.h"

static void test_clock(void **state)
{
	(void)state;
	const struct fnl_clock *c = fnl_sys_clock();
	int64_t before = c->monotonic_ms(c->context);
	c->sleep_ms(c->context, 20);
	c->sleep_ms(c->context, 0);
	c->sleep_ms(c->context, -5);
	assert_true(c->monotonic_ms(c->context) - before >= 20);
	assert_true(c->wall_ms(c->context) > 1700000000000);
}

static void test_ids(void **state)
{
	(void)state;
	const struct fnl_ids *ids = fnl_sys_ids();
	uint8_t space[16] = {0}, id[16] = {0}, again[16] = {0};
	char text[FNL_UUID_TEXT_BYTES];
	/* The name space of domain names, and the example of many a manual. */
	assert_true(ids->parse(ids->context, FNL_SPAN_LIT("6BA7B810-9dad-11d1-80b4-00c04fd430c8"), space));
	ids->uuid5(ids->context, space, FNL_SPAN_LIT("python.org"), id, text);
	assert_memory_equal(text, "886313e1-3b8a-5372-9b90-0c9aee199e5d", sizeof(text));
	assert_true(ids->parse(ids->context, fnl_span_of(text, sizeof(text)), again));
	assert_memory_equal(id, again, sizeof(id));
	uint8_t name[100]; /* more than a block of SHA-1; python3: uuid.uuid5(uuid.NAMESPACE_DNS, "x" * 100) */
	memset(name, 'x', sizeof(name));
	ids->uuid5(ids->context, space, fnl_span_of(name, sizeof(name)), NULL, text);
	assert_memory_equal(text, "897f5b43-a3c8-582d-9c8d-9cfe358a534d", sizeof(text));
	ids->uuid5(ids->context, space, FNL_SPAN_NONE, NULL, text);
	assert_memory_not_equal(text, "886313e1-3b8a-5372-9b90-0c9aee199e5d", sizeof(text));
	ids->uuid5(ids->context, space, FNL_SPAN_LIT("python.org"), NULL, NULL);
	static const char *const wrong[] = {"",
	                                    "6ba7b810",
	                                    "6ba7b810-9dad-11d1-80b4-00c04fd430c",
	                                    "6ba7b810-9dad-11d1-80b4-00c04fd430c88",
	                                    "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
	                                    "6ba7b8109-dad-11d1-80b4-00c04fd430c8"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(ids->parse(ids->context, fnl_span_str(wrong[i]), again));
	}
	assert_memory_equal(id, again, sizeof(id));
}

static void test_logger(void **state)
{
	(void)state;
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	assert_non_null(f);
	struct fnl_logger l = fnl_sys_logger(f, FNL_INFO);
	fnl_log_line(&l, FNL_DEBUG, "not this");
	fnl_log_line(&l, FNL_WARN, "two\nlines of %d", 7);
	assert_int_equal(size, strlen("2026-01-31T08:00:00.000Z WARN two lines of 7\n"));
	assert_string_equal(text + 24, " WARN two lines of 7\n");
	assert_true(text[4] == '-' && text[10] == 'T' && text[19] == '.' && text[23] == 'Z');
	char longer[5000];
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	l.line(l.context, FNL_ERROR, longer);
	assert_true(size < sizeof(longer));
	assert_int_equal(text[size - 1], '\n');
	assert_non_null(strstr(text, "Z ERROR xxx"));
	fclose(f);
	free(text);
}

/* Berlin in 2025 and 2026: what is past is not told otherwise any more. */
static void test_zone(void **state)
{
	(void)state;
	static const struct fnl_zone_change wanted[] = {
		{INT64_C(1735689600000), 3600},
		{INT64_C(1743296400000), 7200},
		{INT64_C(1761440400000), 3600},
		{INT64_C(1774746000000), 7200},
	};
	enum { COUNT = sizeof(wanted) / sizeof(wanted[0]) };
	struct fnl_zone_change changes[COUNT + 1];
	struct fnl_error why = {0, ""};
	size_t count = 0;
	const char *tz = getenv("TZ");
	char before[64] = "";
	snprintf(before, sizeof(before), "%s", tz ? tz : "");
	int rc = fnl_zone_read(FNL_ZONEINFO_DIR, "Europe/Berlin", wanted[0].from_ms, INT64_C(1790000000000), changes,
	                       COUNT + 1, &count, &why);
	if (rc) {
		fail_msg("%s", why.text);
	}
	assert_int_equal(count, COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(changes[i].from_ms, wanted[i].from_ms);
		assert_int_equal(changes[i].offset_s, wanted[i].offset_s);
	}
	/* a change is before the end, or is none */
	assert_int_equal(fnl_zone_read(FNL_ZONEINFO_DIR, "Europe/Berlin", wanted[0].from_ms, wanted[3].from_ms, changes,
	                               COUNT + 1, &count, &why),
	                 0);
	assert_int_equal(count, COUNT - 1);
	assert_int_equal(fnl_zone_read(FNL_ZONEINFO_DIR, "Europe/Berlin", wanted[0].from_ms, wanted[3].from_ms + 1000,
	                               changes, COUNT + 1, &count, &why),
	                 0);
	assert_int_equal(count, COUNT);
	/* one that never changes */
	assert_int_equal(
		fnl_zone_read(FNL_ZONEINFO_DIR, "Asia/Kolkata", wanted[0].from_ms, wanted[3].from_ms, changes, 1, &count, &why),
		0);
	assert_true(count == 1 && changes[0].from_ms == wanted[0].from_ms && changes[0].offset_s == 19800);
	/* ours is as it was */
	tz = getenv("TZ");
	assert_string_equal(tz ? tz : "", before);
}

static void test_zone_that_is_not_there(void **state)
{
	(void)state;
	const struct {
		const char *dir, *zone, *says;
		int rc;
		size_t capacity;
	} cases[] = {
		{FNL_ZONEINFO_DIR, "Europe/Atlantis", "no zone 'Europe/Atlantis'", FNL_E_ARGUMENT, 100},
		{FNL_ZONEINFO_DIR, "Europe", "no zone 'Europe'", FNL_E_ARGUMENT, 100},
		{FNL_ZONEINFO_DIR, "tzdata.zi", "no zone 'tzdata.zi'", FNL_E_ARGUMENT, 100},
		{"/nowhere/zoneinfo", "Europe/Berlin", "install the package tzdata", FNL_E_ARGUMENT, 100},
		{FNL_ZONEINFO_DIR, "Europe/Berlin", "changes 20 times, expected at most 2", FNL_E_LIMIT, 3},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_zone_change changes[100];
		struct fnl_error why = {0, ""};
		size_t count = 77;
		int rc = fnl_zone_read(cases[i].dir, cases[i].zone, INT64_C(946684800000), INT64_C(1262304000000), changes,
		                       cases[i].capacity, &count, &why);
		if (rc != cases[i].rc || !strstr(why.text, cases[i].says) || count != 77) {
			fail_msg("%zu: %d %s", i, rc, why.text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_logger),
		cmocka_unit_test(test_zone),
		cmocka_unit_test(test_zone_that_is_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
