/* The [zone] section that a rules file gets when it is published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "funneld/adapters/settings.h"
#include "rules_zone.h"

static struct fnl_arena arena;

static int start(void **state)
{
	(void)state;
	fnl_arena_init(&arena, 32 << 20);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fnl_arena_deinit(&arena);
	return 0;
}

static const struct fnl_rules *parsed(struct fnl_span text)
{
	const struct fnl_rules *rules = NULL;
	struct fnl_error why = {0, ""};
	if (fnl_rules_parse(text, "r", &arena, &rules, NULL, NULL, &why)) {
		fail_msg("%s", why.text);
	}
	return rules;
}

static struct fnl_span appended(struct fnl_span text)
{
	struct fnl_span all = FNL_SPAN_NONE;
	struct fnl_error why = {0, ""};
	if (fnl_rules_zone_append(text, parsed(text), NULL, &arena, &all, &why)) {
		fail_msg("%s", why.text);
	}
	return all;
}

static bool has(struct fnl_span text, const char *part)
{
	return memmem(text.data, text.len, part, strlen(part)) != NULL;
}

static void what_needs_nothing_stays_as_it_is(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"[rules]\nversion = 1\n",
		"[calendar]\nzone = UTC\n",
		"[calendar]\nzone = Mars/Olympus\n[zone]\n2000-01-01T00:00:00Z = +00:37\n",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fnl_span text = fnl_span_str(texts[i]);
		assert_true(fnl_span_eq(appended(text), text));
	}
}

static void a_zone_gets_its_clock(void **state)
{
	(void)state;
	static const char *const texts[] = {"[calendar]\nzone = Europe/Berlin\n", "[calendar]\nzone = Europe/Berlin"};
	for (size_t i = 0; i < 2; i++) {
		struct fnl_span text = fnl_span_str(texts[i]);
		struct fnl_span all = appended(text);
		assert_memory_equal(all.data, text.data, text.len);
		assert_true(has(all, "Berlin\n[zone]\n2000-01-01T00:00:00Z = +01:00\n2000-03-26T01:00:00Z = +02:00\n"));
		assert_true(has(all, "\n2025-10-26T01:00:00Z = +01:00\n2026-03-29T01:00:00Z = +02:00\n"));
		const struct fnl_rules *rules = parsed(all);
		assert_in_range(rules->calendar.offset_count, 60, FNL_CALENDAR_OFFSETS_MAX);
		/* 30 June 2025, 22:00 UTC, is midnight */
		assert_int_equal(fnl_local_day(&rules->calendar, INT64_C(1751320799999)), 20269);
		assert_int_equal(fnl_local_day(&rules->calendar, INT64_C(1751320800000)), 20270);
		/* what has it is left alone */
		assert_true(fnl_span_eq(appended(all), all));
	}
	struct fnl_span all = appended(FNL_SPAN_LIT("[calendar]\nzone = America/St_Johns\n"));
	assert_true(has(all, "[zone]\n2000-01-01T00:00:00Z = -03:30\n2000-04-02T03:31:00Z = -02:30\n"));
}

static void a_zone_that_is_not_there_is_told(void **state)
{
	(void)state;
	const struct {
		const char *text, *dir, *says;
	} cases[] = {
		{"[calendar]\nzone = Europe/Atlantis\n", NULL, "no zone 'Europe/Atlantis'"},
		{"[calendar]\nzone = right/Europe/Berlin\n", NULL, "leap seconds"},
		{"[calendar]\nzone = Europe/Berlin\n", "/nowhere", "install the package tzdata"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_span text = fnl_span_str(cases[i].text);
		struct fnl_span all = FNL_SPAN_NONE;
		struct fnl_error why = {0, ""};
		int rc = fnl_rules_zone_append(text, parsed(text), cases[i].dir, &arena, &all, &why);
		if (rc != FNL_E_ARGUMENT || !strstr(why.text, cases[i].says) || all.data) {
			fail_msg("%zu: %d %s", i, rc, why.text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_needs_nothing_stays_as_it_is),
		cmocka_unit_test(a_zone_gets_its_clock),
		cmocka_unit_test(a_zone_that_is_not_there_is_told),
	};
	return cmocka_run_group_tests(tests, start, end);
}
