#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/core/rules.h"

#include <stdio.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

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

struct line {
	const char *section, *key, *value;
};

/* The first line that is wrong, or what is found at the end, says why; NULL: the rules. */
static const char *why_not(const struct line *lines, size_t count, const struct fnl_rules **ret)
{
	static struct fnl_error why;
	struct fnl_rules_builder *b = NULL;
	why = (struct fnl_error){0, ""};
	assert_int_equal(fnl_rules_begin(&arena, &b), 0);
	for (size_t i = 0; i < count; i++) {
		int r = fnl_rules_set(b, fnl_span_str(lines[i].section), fnl_span_str(lines[i].key),
		                      fnl_span_str(lines[i].value), (int)i + 1, &why);
		if (r) {
			assert_true(r == FNL_E_INVALID || r == FNL_E_LIMIT);
			return why.text;
		}
	}
	int r = fnl_rules_finish(b, ret, &why);
	assert_true(r == 0 || r == FNL_E_INVALID);
	return r ? why.text : NULL;
}

static const struct fnl_rules *rules_of(const struct line *lines, size_t count)
{
	const struct fnl_rules *rules = NULL;
	const char *why = why_not(lines, count, &rules);
	if (why) {
		fail_msg("%s", why);
	}
	return rules;
}

static void each_layer_has_its_own_values(void **state)
{
	(void)state;
	static const int64_t wanted[][FNL_FUNNEL_LAYERS] = {
		[FNL_RULE_STUCK] = {60, 45, 30},
		[FNL_RULE_STUCK_CUMULATIVE] = {120, 90, 60},
		[FNL_RULE_SILENT] = {20, 10, 5},
		[FNL_RULE_STALE_EDIT] = {30, 15, 10},
		[FNL_RULE_STALE_CLOSE_DATE] = {10, 3, 1},
		[FNL_RULE_STALE_AMOUNT] = {30, 10, 3},
		[FNL_RULE_SLIPPED] = {3, 2, 1},
		[FNL_RULE_ESCALATE_MANAGER] = {10, 5, 2},
		[FNL_RULE_ESCALATE_NEXT_LEVEL] = {0, 10, 5},
		[FNL_RULE_GRACE] = {15, 10, 5},
		[FNL_RULE_HANDOVER_DUE] = {10, 10, 10},
		[FNL_RULE_NEXT_MEETING] = {20, 15, 0},
	};
	for (size_t rule = 0; rule < COUNT(wanted); rule++) {
		for (int layer = FNL_LAYER_TOP; layer <= FNL_LAYER_BOTTOM; layer++) {
			int64_t value =
				fnl_rules_by_layer(fnl_rules_default(), (enum fnl_layer_rule)rule, layer, FNL_SPAN_LIT("Prospecting"));
			if (value != wanted[rule][layer - FNL_LAYER_TOP]) {
				fail_msg("%zu of %d: %lld", rule, layer, (long long)value);
			}
		}
	}
}

static void a_stage_may_have_its_own(void **state)
{
	(void)state;
	const struct line lines[] = {
		{"thresholds Proposal/Price Quote", "silent", "3"},
		{"thresholds Proposal/Price Quote", "STUCK", "80"},
		{"Thresholds  Proposal/Price Quote ", "stuck_cumulative", "81"},
		{"thresholds prospecting", "slipped", "0"},
		{"thresholds Value Proposition", "stale_edit", "7"},
		{"thresholds Value Proposition", "stale_close_date", "0"},
		{"thresholds Value Proposition", "stale_amount", "9"},
		{"stages EMEA", "Tango", "BOTTOM"},
		{"thresholds Tango", "silent", "2000"},
		{"silent", "bottom", "6"},
	};
	const struct fnl_rules *r = rules_of(lines, COUNT(lines));
	const struct {
		enum fnl_layer_rule rule;
		int layer;
		const char *stage; /* NULL: absent */
		int64_t value;
	} cases[] = {
		{FNL_RULE_SILENT, FNL_LAYER_BOTTOM, "PROPOSAL/price quote", 3},
		{FNL_RULE_SILENT, FNL_LAYER_TOP, "Proposal/Price Quote", 3}, /* the stage decides, whatever the layer */
		{FNL_RULE_STUCK, FNL_LAYER_BOTTOM, "Proposal/Price Quote", 80},
		{FNL_RULE_STUCK_CUMULATIVE, FNL_LAYER_BOTTOM, "Proposal/Price Quote", 81},
		{FNL_RULE_STALE_EDIT, FNL_LAYER_BOTTOM, "Proposal/Price Quote", 10},
		{FNL_RULE_SILENT, FNL_LAYER_BOTTOM, "Proposal/Price", 6},
		{FNL_RULE_SILENT, FNL_LAYER_BOTTOM, NULL, 6},
		{FNL_RULE_SILENT, FNL_LAYER_BOTTOM, "Tango", 2000},
		{FNL_RULE_SLIPPED, FNL_LAYER_TOP, "Prospecting", 0},
		{FNL_RULE_STALE_EDIT, FNL_LAYER_MIDDLE, "Value Proposition", 7},
		{FNL_RULE_STALE_CLOSE_DATE, FNL_LAYER_MIDDLE, "Value Proposition", 0},
		{FNL_RULE_STALE_AMOUNT, FNL_LAYER_MIDDLE, "Value Proposition", 9},
		{FNL_RULE_SILENT, FNL_LAYER_MIDDLE, "Value Proposition", 10},
		{FNL_RULE_GRACE, FNL_LAYER_BOTTOM, "Proposal/Price Quote", 5},
	};
	assert_int_equal(r->threshold_count, 8);
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t value = fnl_rules_by_layer(r, cases[i].rule, cases[i].layer, fnl_span_str(cases[i].stage));
		if (value != cases[i].value) {
			fail_msg("%zu: %lld, not %lld", i, (long long)value, (long long)cases[i].value);
		}
	}
}

static void thresholds_say_what_is_wrong(void **state)
{
	(void)state;
	const struct {
		struct line lines[2];
		const char *says;
	} cases[] = {
		{{{"thresholds", "stuck", "5"}}, "[thresholds] wants a stage's name"},
		{{{"thresholds Prospecting", "grace", "5"}},
	     "[thresholds Prospecting] grace: expected stuck, stuck_cumulative"},
		{{{"thresholds Prospecting", "stuck", "0"}},
	     "[thresholds Prospecting] stuck = '0': expected 1 to 2000 business"},
		{{{"thresholds Prospecting", "stuck", "2001"}}, "'2001': expected 1 to 2000 business days"},
		{{{"thresholds Prospecting", "slipped", "101"}}, "'101': expected 0 to 100"},
		{{{"thresholds Prospecting", "silent", "5"}, {"thresholds prospecting", "Silent", "5"}},
	     "silent is given twice; first in line 1"},
		{{{"thresholds Prospektion", "silent", "5"}}, "no [stages] has the stage 'Prospektion'"},
		{{{"thresholds Prospecting", "stuck", "121"}}, "in TOP, stuck_cumulative = 120 must be at least stuck = 121"},
		{{{"thresholds Prospecting", "stuck_cumulative", "59"}}, "stuck_cumulative = 59 must be at least stuck = 60"},
		{{{"thresholds Prospecting", "stuck", "70"}, {"stages EMEA", "Prospecting", "BOTTOM"}},
	     "in BOTTOM, stuck_cumulative = 60 must be at least stuck = 70"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct fnl_rules *rules = NULL;
		const char *why = why_not(cases[i].lines, cases[i].lines[1].section ? 2 : 1, &rules);
		if (!why || !strstr(why, cases[i].says)) {
			fail_msg("%zu: '%s' lacks '%s'", i, why ? why : "", cases[i].says);
		}
	}
}

static void thresholds_have_a_limit(void **state)
{
	(void)state;
	static const char *const keys[] = {"stale_edit", "silent"};
	static char names[FNL_RULES_THRESHOLDS_MAX][32];
	static struct line lines[FNL_RULES_THRESHOLDS_MAX * 2];
	size_t count = 0;
	for (size_t i = 0; i < FNL_RULES_THRESHOLDS_MAX / 2; i++) {
		snprintf(names[i], sizeof(names[i]), "thresholds S%zu", i * 7919 % 1000);
		lines[count++] = (struct line){"stages", names[i] + strlen("thresholds "), "TOP"};
	}
	for (size_t i = 0; i < FNL_RULES_THRESHOLDS_MAX; i++) {
		lines[count++] = (struct line){names[i / 2], keys[i % 2], i % 2 ? "7" : "8"};
	}
	const struct fnl_rules *r = rules_of(lines, count);
	for (size_t i = 0; i < FNL_RULES_THRESHOLDS_MAX; i++) {
		enum fnl_layer_rule rule = i % 2 ? FNL_RULE_SILENT : FNL_RULE_STALE_EDIT;
		struct fnl_span stage = fnl_span_str(names[i / 2] + strlen("thresholds "));
		assert_int_equal(fnl_rules_by_layer(r, rule, FNL_LAYER_TOP, stage), i % 2 ? 7 : 8);
	}
	lines[count++] = (struct line){names[0], "slipped", "1"};
	const char *why = why_not(lines, count, &r);
	assert_true(why && strstr(why, "more than 512 thresholds"));
}

static void each_cause_has_a_remedy(void **state)
{
	(void)state;
	const struct line lines[] = {{"remedies", "buyer_undecided", "show-case-7"}, {"Remedies", "OTHER", "x"}};
	const struct fnl_rules *d = fnl_rules_default();
	const struct fnl_rules *r = rules_of(lines, COUNT(lines));
	for (int i = 0; i < FNL_CAUSE_COUNT; i++) {
		assert_true(d->remedies[i].len > 0 && r->remedies[i].len > 0);
		bool is_default = i != FNL_CAUSE_BUYER_UNDECIDED && i != FNL_CAUSE_OTHER;
		assert_int_equal(fnl_span_eq(d->remedies[i], r->remedies[i]), is_default);
	}
	assert_true(fnl_span_eq(r->remedies[FNL_CAUSE_BUYER_UNDECIDED], FNL_SPAN_LIT("show-case-7")));
	assert_true(fnl_span_eq(r->remedies[FNL_CAUSE_OTHER], FNL_SPAN_LIT("x")));
	/* each by its own name */
	for (int i = 0; i < FNL_CAUSE_COUNT; i++) {
		struct line one = {"remedies", fnl_symbols_cause[i], "only-this"};
		r = rules_of(&one, 1);
		assert_true(fnl_span_eq(r->remedies[i], FNL_SPAN_LIT("only-this")));
	}
	char name[80];
	memset(name, 'a', 65);
	name[65] = '\0';
	const struct line bad[] = {{"remedies", "other", ""},
	                           {"remedies", "other", "Win"},
	                           {"remedies", "other", "win back"},
	                           {"remedies", "other", "win_back"},
	                           {"remedies", "other", name}};
	for (size_t i = 0; i < COUNT(bad); i++) {
		const char *why = why_not(&bad[i], 1, &r);
		assert_true(why && strstr(why, "[remedies] other = '") && strstr(why, "1 to 64 small letters"));
	}
	name[64] = '\0';
	(void)rules_of(&(struct line){"remedies", "other", name}, 1);
	const struct line twice[] = {{"remedies", "other", "a"}, {"remedies", "Other", "a"}};
	const char *why = why_not(twice, 2, &r);
	assert_true(why && strstr(why, "[remedies] other is given twice; first in line 1"));
}

static void the_default_calendar_is_the_documented_one(void **state)
{
	(void)state;
	const struct fnl_rules *rules[] = {fnl_rules_default(), rules_of(NULL, 0),
	                                   rules_of(&(struct line){"calendar", "zone", "utc"}, 1)};
	for (size_t i = 0; i < COUNT(rules); i++) {
		assert_true(fnl_span_is_none(rules[i]->zone));
		assert_int_equal(rules[i]->calendar.week_mask, 0x1f);
		assert_int_equal(rules[i]->calendar.offset_count, 0);
		assert_int_equal(rules[i]->calendar.holiday_count, 0);
		assert_int_equal(rules[i]->calendar.extra_day_count, 0);
	}
}

static void the_week_is_the_file_s(void **state)
{
	(void)state;
	const struct {
		const char *first, *days;
		uint8_t mask;
	} cases[] = {
		{"Monday", "5", 0x1f}, {"Sunday", "5", 0x4f}, {"Saturday", "6", 0x6f},
		{"Sunday", "1", 0x40}, {"Friday", "7", 0x7f},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct line lines[] = {{"calendar", "week_first", cases[i].first},
		                             {"calendar", "week_days", cases[i].days}};
		assert_int_equal(rules_of(lines, 2)->calendar.week_mask, cases[i].mask);
	}
}

static void days_out_of_turn(void **state)
{
	(void)state;
	const struct line lines[] = {
		{"calendar", "holidays",
	     "2027-01-01,2026-12-25 ,\t1970-01-01, 1969-12-31, 2024-02-29, 2000-02-29,9999-12-31, 0001-01-01"},
		{"calendar", "extra_working_days", "2026-05-02"},
	};
	static const int32_t wanted[] = {-719162, -1, 0, 11016, 19782, 20812, 20819, 2932896};
	const struct fnl_calendar *c = &rules_of(lines, 2)->calendar;
	assert_int_equal(c->holiday_count, COUNT(wanted));
	assert_memory_equal(c->holidays, wanted, sizeof(wanted));
	assert_int_equal(c->extra_day_count, 1);
	assert_int_equal(c->extra_days[0], 20575);
	assert_true(fnl_is_business_day(c, 20575) && !fnl_is_business_day(c, 20812) && fnl_is_business_day(c, 20811));
	assert_int_equal(rules_of(&(struct line){"calendar", "holidays", ""}, 1)->calendar.holiday_count, 0);
}

static void days_out_of_turn_say_what_is_wrong(void **state)
{
	(void)state;
	const struct {
		struct line lines[2];
		const char *says;
	} cases[] = {
		{{{"calendar", "holidays", "2026-2-5"}}, "[calendar] holidays = '2026-2-5': expected dates with commas"},
		{{{"calendar", "holidays", "2026-12-25 2027-01-01"}}, "[calendar] holidays = '2026-12-25 2027-01-01'"},
		{{{"calendar", "holidays", "2026-12-25,"}}, "expected dates"},
		{{{"calendar", "holidays", ",2026-12-25"}}, "holidays = ''"},
		{{{"calendar", "holidays", "2026-02-29"}}, "'2026-02-29'"},
		{{{"calendar", "holidays", "1900-02-29"}}, "'1900-02-29'"},
		{{{"calendar", "holidays", "2026-04-31"}}, "'2026-04-31'"},
		{{{"calendar", "holidays", "2026-13-01"}}, "'2026-13-01'"},
		{{{"calendar", "holidays", "2026-00-01"}}, "'2026-00-01'"},
		{{{"calendar", "holidays", "2026-01-00"}}, "'2026-01-00'"},
		{{{"calendar", "holidays", "0000-01-01"}}, "'0000-01-01'"},
		{{{"calendar", "holidays", "2026-01-0x"}}, "'2026-01-0x'"},
		{{{"calendar", "extra_working_days", "Easter"}}, "[calendar] extra_working_days = 'Easter'"},
		{{{"calendar", "holidays", "2026-05-01, 2026-01-01, 2026-05-01"}}, "holidays: 2026-05-01 is given twice"},
		{{{"calendar", "holidays", ""}, {"calendar", "holidays", ""}}, "holidays is given twice; first in line 1"},
		{{{"calendar", "holidays", "2026-05-01,2026-05-03"},
	      {"calendar", "extra_working_days", "2026-05-02,2026-05-03"}},
	     "[calendar] 2026-05-03 is in holidays and in extra_working_days"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct fnl_rules *rules = NULL;
		const char *why = why_not(cases[i].lines, cases[i].lines[1].section ? 2 : 1, &rules);
		if (!why || !strstr(why, cases[i].says)) {
			fail_msg("%zu: '%s' lacks '%s'", i, why ? why : "", cases[i].says);
		}
	}
}

static void days_out_of_turn_have_a_limit(void **state)
{
	(void)state;
	static char text[(FNL_CALENDAR_DAYS_MAX + 1) * 12 + 1];
	size_t len = 0;
	for (int i = 0; i < FNL_CALENDAR_DAYS_MAX; i++) {
		len +=
			(size_t)snprintf(text + len, sizeof(text) - len, "%s%d-%02d-11", i ? "," : "", 2100 - i / 12, i % 12 + 1);
	}
	const struct fnl_calendar *c = &rules_of(&(struct line){"calendar", "holidays", text}, 1)->calendar;
	assert_int_equal(c->holiday_count, FNL_CALENDAR_DAYS_MAX);
	for (size_t i = 1; i < c->holiday_count; i++) {
		assert_true(c->holidays[i - 1] < c->holidays[i]);
	}
	snprintf(text + len, sizeof(text) - len, ",1999-01-01");
	const struct fnl_rules *r;
	const char *why = why_not(&(struct line){"calendar", "holidays", text}, 1, &r);
	assert_true(why && strstr(why, "more than 512 dates"));
}

static void a_zone_and_its_clock(void **state)
{
	(void)state;
	const struct line lines[] = {
		{"calendar", "zone", "Europe/Berlin"},      {"zone", "2026-10-25T01:00:00Z", "+01:00"},
		{"Zone", "2026-03-29T01:00:00Z", "+02:00"}, {"zone", "2000-01-01T00:00:00Z", "+01:00"},
		{"zone", "2030-01-01T12:34:56Z", "-09:30"},
	};
	const struct fnl_rules *r = rules_of(lines, COUNT(lines));
	static const struct fnl_zone_offset wanted[] = {{INT64_C(946684800000), 3600},
	                                                {INT64_C(1774746000000), 7200},
	                                                {INT64_C(1792890000000), 3600},
	                                                {INT64_C(1893501296000), -34200}};
	assert_true(fnl_span_eq(r->zone, FNL_SPAN_LIT("Europe/Berlin")));
	assert_int_equal(r->calendar.offset_count, COUNT(wanted));
	for (size_t i = 0; i < COUNT(wanted); i++) {
		assert_int_equal(r->calendar.offsets[i].from_ms, wanted[i].from_ms);
		assert_int_equal(r->calendar.offsets[i].offset_s, wanted[i].offset_s);
	}
	/* before it is resolved */
	r = rules_of(lines, 1);
	assert_true(fnl_span_eq(r->zone, FNL_SPAN_LIT("Europe/Berlin")));
	assert_int_equal(r->calendar.offset_count, 0);
}

static void a_zone_says_what_is_wrong(void **state)
{
	(void)state;
	const struct {
		struct line lines[2];
		const char *says;
	} cases[] = {
		{{{"calendar", "zone", ""}}, "[calendar] zone = '': expected UTC or the name of a zone"},
		{{{"calendar", "zone", "../../etc/passwd"}}, "[calendar] zone = '../../etc/passwd'"},
		{{{"calendar", "zone", "/etc/localtime"}}, "expected UTC"},
		{{{"calendar", "zone", "Europe/"}}, "expected UTC"},
		{{{"calendar", "zone", "Europe//Berlin"}}, "expected UTC"},
		{{{"calendar", "zone", "Europe/New Berlin"}}, "expected UTC"},
		{{{"calendar", "zone", "UTC"}, {"calendar", "zone", "UTC"}}, "zone is given twice; first in line 1"},
		{{{"zone", "2026-03-29T01:00:00Z", "+02:00"}}, "[zone] wants the zone's name"},
		{{{"calendar", "zone", "UTC"}, {"zone", "2026-03-29T01:00:00Z", "+00:00"}}, "[zone] wants the zone's name"},
		{{{"zone", "2026-03-29T01:00:00Z", "+1:00"}}, "[zone] 2026-03-29T01:00:00Z = '+1:00': expected a time in UTC"},
		{{{"zone", "2026-03-29T01:00:00Z", "02:00"}}, "expected a time"},
		{{{"zone", "2026-03-29T01:00:00Z", "+14:01"}}, "-14:00 to +14:00"},
		{{{"zone", "2026-03-29T01:00:00Z", "+01:60"}}, "expected a time"},
		{{{"zone", "2026-03-29T01:00:00", "+01:00"}}, "expected a time"},
		{{{"zone", "2026-03-29T24:00:00Z", "+01:00"}}, "expected a time"},
		{{{"zone", "2026-03-29 01:00:00Z", "+01:00"}}, "expected a time"},
		{{{"zone", "2026-02-30T01:00:00Z", "+01:00"}}, "expected a time"},
		{{{"zone", "name", "+01:00"}}, "[zone] name = '+01:00'"},
		{{{"zone", "2026-03-29T01:00:00Z", "+01:00"}, {"zone", "2026-03-29T01:00:00Z", "+02:00"}},
	     "[zone] 2026-03-29T01:00:00Z is given twice; first in line 1"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct fnl_rules *rules = NULL;
		const char *why = why_not(cases[i].lines, cases[i].lines[1].section ? 2 : 1, &rules);
		if (!why || !strstr(why, cases[i].says)) {
			fail_msg("%zu: '%s' lacks '%s'", i, why ? why : "", cases[i].says);
		}
	}
}

static void a_zone_has_a_limit(void **state)
{
	(void)state;
	static char times[FNL_CALENDAR_OFFSETS_MAX + 1][24];
	static struct line lines[FNL_CALENDAR_OFFSETS_MAX + 2] = {{"calendar", "zone", "Etc/Test"}};
	const struct fnl_rules *r = NULL;
	for (size_t i = 0; i <= FNL_CALENDAR_OFFSETS_MAX; i++) {
		snprintf(times[i], sizeof(times[i]), "%zu-01-01T00:00:00Z", 2500 - i * 7 % FNL_CALENDAR_OFFSETS_MAX);
		lines[i + 1] = (struct line){"zone", times[i], "+14:00"};
	}
	r = rules_of(lines, FNL_CALENDAR_OFFSETS_MAX + 1);
	for (size_t i = 1; i < FNL_CALENDAR_OFFSETS_MAX; i++) {
		assert_true(r->calendar.offsets[i - 1].from_ms < r->calendar.offsets[i].from_ms);
	}
	snprintf(times[FNL_CALENDAR_OFFSETS_MAX], sizeof(times[0]), "1999-01-01T00:00:00Z");
	const char *why = why_not(lines, FNL_CALENDAR_OFFSETS_MAX + 2, &r);
	assert_true(why && strstr(why, "more than 256 lines"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_layer_has_its_own_values),
		cmocka_unit_test(a_stage_may_have_its_own),
		cmocka_unit_test(thresholds_say_what_is_wrong),
		cmocka_unit_test(thresholds_have_a_limit),
		cmocka_unit_test(each_cause_has_a_remedy),
		cmocka_unit_test(the_default_calendar_is_the_documented_one),
		cmocka_unit_test(the_week_is_the_file_s),
		cmocka_unit_test(days_out_of_turn),
		cmocka_unit_test(days_out_of_turn_say_what_is_wrong),
		cmocka_unit_test(days_out_of_turn_have_a_limit),
		cmocka_unit_test(a_zone_and_its_clock),
		cmocka_unit_test(a_zone_says_what_is_wrong),
		cmocka_unit_test(a_zone_has_a_limit),
	};
	return cmocka_run_group_tests(tests, start, end);
}
