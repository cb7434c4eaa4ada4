#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/core/rules.h"

#include <stdio.h>

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

static struct fnl_rules_builder *begin(void)
{
	struct fnl_rules_builder *b = NULL;
	assert_int_equal(fnl_rules_begin(&arena, &b), 0);
	return b;
}

static int set(struct fnl_rules_builder *b, struct line l, int line, struct fnl_error *why)
{
	return fnl_rules_set(b, fnl_span_str(l.section), fnl_span_str(l.key), fnl_span_str(l.value), line, why);
}

static const struct fnl_rules *rules_of(const struct line *lines, size_t count)
{
	struct fnl_rules_builder *b = begin();
	const struct fnl_rules *rules = NULL;
	struct fnl_error why = {0, ""};
	for (size_t i = 0; i < count; i++) {
		if (set(b, lines[i], (int)i + 1, &why) != 0) {
			fail_msg("%s", why.text);
		}
	}
	if (fnl_rules_finish(b, &rules, &why) != 0) {
		fail_msg("%s", why.text);
	}
	return rules;
}

static int64_t default_of(const char *section, const char *key)
{
	size_t count;
	const struct fnl_rule_key *keys = fnl_rules_keys(&count);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].key, key) == 0) {
			assert_int_equal(keys[i].value, fnl_rules_default()->values[i]);
			return keys[i].value;
		}
	}
	fail_msg("[%s] %s", section, key);
	return -1;
}

/* What rules.md says, key by key: first what each layer has a value for. */
static void defaults_of_layers_are_the_documented_ones(void **state)
{
	(void)state;
	const struct {
		const char *section;
		int64_t top, middle, bottom;
	} wanted[] = {
		{"nominal", 2500, 5000, 7500},
		{"manual_from", 0, 3750, 6250},
		{"stuck", 60, 45, 30},
		{"stuck_cumulative", 120, 90, 60},
		{"silent", 20, 10, 5},
		{"stale_edit", 30, 15, 10},
		{"stale_close_date", 10, 3, 1},
		{"stale_amount", 30, 10, 3},
		{"slipped", 3, 2, 1},
		{"escalate_manager", 10, 5, 2},
		{"escalate_next_level", 0, 10, 5},
		{"grace", 15, 10, 5},
		{"handover_due", 10, 10, 10},
		{"next_meeting", 20, 15, 0},
	};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const char *section = wanted[i].section;
		int64_t top = default_of(section, "top");
		int64_t middle = default_of(section, "middle");
		int64_t bottom = default_of(section, "bottom");
		if (top != wanted[i].top || middle != wanted[i].middle || bottom != wanted[i].bottom) {
			fail_msg("[%s] %lld %lld %lld", section, (long long)top, (long long)middle, (long long)bottom);
		}
	}
}

static void other_defaults_are_the_documented_ones(void **state)
{
	(void)state;
	const struct {
		const char *section, *key;
		int64_t value;
	} wanted[] = {
		{"retention", "deleted_keep_days", 90},
		{"inspection", "questions_max", 20},
		{"inspection", "answers_due_bd", 2},
		{"feed", "silent_with_heartbeats_minutes", 30},
		{"feed", "silent_hours", 24},
		{"quota", "conflation_seconds", 60},
		{"quota", "settle_hours", 24},
		{"quota", "rate_age_days", 35},
		{"handover", "lookback_days", 60},
		{"handover", "load_max_percent", 120},
		{"handover", "capacity_default", 80},
		{"defection", "window_days", 180},
		{"defection", "prospects_min", 5},
		{"defection", "lost_min", 3},
		{"defection", "base_factor", 2},
		{"defection", "excess_min", 3},
		{"defection", "base_months", 24},
		{"defection", "base_floor_bp", 1500},
		{"defection", "chance_max_bp", 15},
		{"defection", "employer_min", 2},
		{"defection", "employer_share_bp", 5000},
		{"territory", "spread_max_bp", 15000},
		{"territory", "variation_max_bp", 2500},
		{"territory", "moves_rep_max", 20},
		{"performance", "band_4_percent", 120},
		{"performance", "comparable_min", 5},
	};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		int64_t value = default_of(wanted[i].section, wanted[i].key);
		if (value != wanted[i].value) {
			fail_msg("[%s] %s = %lld", wanted[i].section, wanted[i].key, (long long)value);
		}
	}
}

static void the_key_table_holds_together(void **state)
{
	(void)state;
	size_t count;
	const struct fnl_rule_key *keys = fnl_rules_keys(&count);
	assert_in_range(count, 60, FNL_RULES_KEYS_MAX);
	for (size_t i = 0; i < count; i++) {
		assert_true(keys[i].min <= keys[i].value && keys[i].value <= keys[i].max);
		assert_true(strlen(keys[i].help) > 10);
		assert_int_equal(keys[i].choices != NULL, keys[i].unit == FNL_RULE_CHOICE);
		assert_non_null(fnl_rule_unit_text(keys[i].unit));
		for (size_t j = 0; j < i; j++) {
			assert_true(strcmp(keys[i].section, keys[j].section) || strcmp(keys[i].key, keys[j].key));
		}
	}
}

static void no_lines_give_the_defaults(void **state)
{
	(void)state;
	const struct fnl_rules *d = fnl_rules_default();
	const struct fnl_rules *r = rules_of(NULL, 0);
	assert_int_equal(r->version, d->version);
	assert_memory_equal(r->nominal_bp, d->nominal_bp, sizeof(d->nominal_bp));
	assert_memory_equal(r->manual_from_bp, d->manual_from_bp, sizeof(d->manual_from_bp));
	assert_int_equal(r->weighting_prospect, d->weighting_prospect);
	assert_int_equal(r->deleted_keep_days, d->deleted_keep_days);
	assert_memory_equal(r->values, d->values, sizeof(d->values));
	assert_int_equal(r->stage_count, d->stage_count);
}

static void each_default_stage_is_found_in_any_case(void **state)
{
	(void)state;
	const struct fnl_rules *d = fnl_rules_default();
	for (size_t i = 0; i < d->stage_count; i++) {
		char upper[64] = "";
		struct fnl_span s = d->stages[i].stage;
		for (size_t j = 0; j < s.len; j++) {
			uint8_t c = s.data[j];
			upper[j] = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
		}
		assert_ptr_equal(fnl_rules_stage(d, FNL_SPAN_NONE, s), &d->stages[i]);
		assert_ptr_equal(fnl_rules_stage(d, FNL_SPAN_LIT("any"), fnl_span_str(upper)), &d->stages[i]);
		int32_t bp = d->stages[i].probability_bp;
		int by_probability = bp < 3750 ? FNL_LAYER_TOP : bp < 6250 ? FNL_LAYER_MIDDLE : FNL_LAYER_BOTTOM;
		assert_true(bp < 0 || d->stages[i].layer == by_probability);
	}
	assert_null(fnl_rules_stage(d, FNL_SPAN_NONE, FNL_SPAN_LIT("Closed Won")));
	assert_null(fnl_rules_stage(d, FNL_SPAN_NONE, FNL_SPAN_LIT("")));
	assert_null(fnl_rules_stage(d, FNL_SPAN_NONE, FNL_SPAN_LIT("Zzz")));
}

static void lines_override(void **state)
{
	(void)state;
	const struct line lines[] = {
		{"rules", "version", "7"},
		{"nominal", "top", "30 %"},
		{"Nominal", "MIDDLE", "5500"},
		{"manual_from", "middle", "37.5%"},
		{"weighting", "by", "Prospect"},
		{"retention", "deleted_keep_days", "30"},
		{"escalate_next_level", "middle", "never"},
		{"stages", "Prospecting", "MIDDLE"},
		{"stages", "Discovery", "TOP 10%"},
		{"stages EMEA", "Discovery", " bottom 99.5 % "},
		{"stages EMEA", "Qualification", "UNCLASSIFIED"},
		{"calendar", "week_first", "sunday"},
	};
	const struct fnl_rules *r = rules_of(lines, sizeof(lines) / sizeof(lines[0]));
	assert_int_equal(r->version, 7);
	assert_int_equal(r->nominal_bp[0], 3000);
	assert_int_equal(r->nominal_bp[1], 5500);
	assert_int_equal(r->manual_from_bp[1], 3750);
	assert_true(r->weighting_prospect);
	assert_int_equal(r->deleted_keep_days, 30);
	const struct {
		const char *pipeline, *stage;
		int layer; /* 0: not known */
		int32_t bp;
	} cases[] = {
		{NULL, "prospecting", FNL_LAYER_MIDDLE, -1},
		{NULL, "Discovery", FNL_LAYER_TOP, 1000},
		{"EMEA", "discovery", FNL_LAYER_BOTTOM, 9950},
		{"emea", "discovery", FNL_LAYER_TOP, 1000},
		{"US", "Discovery", FNL_LAYER_TOP, 1000},
		{"EMEA", "Qualification", 0, 0},
		{"US", "Qualification", FNL_LAYER_TOP, 1000},
		{"EMEA", "Needs Analysis", FNL_LAYER_TOP, 2000},
		{"EMEA", "Nonsense", 0, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct fnl_stage_rule *rule =
			fnl_rules_stage(r, fnl_span_str(cases[i].pipeline), fnl_span_str(cases[i].stage));
		assert_int_equal(rule ? rule->layer : 0, cases[i].layer);
		assert_int_equal(rule ? rule->probability_bp : 0, cases[i].bp);
	}
}

static void bad_lines_say_what_is_wrong(void **state)
{
	(void)state;
	const struct {
		struct line line;
		const char *says[3];
	} cases[] = {
		{{"stuck", "top", "0"}, {"[stuck] top = '0'", "1 to 2000", "business days"}},
		{{"stuck", "top", "sixty"}, {"[stuck] top = 'sixty'", "1 to 2000", "business days"}},
		{{"stuck", "top", ""}, {"[stuck] top = ''", "1 to 2000", ""}},
		{{"stuck", "top", "99999999999999999999"}, {"[stuck] top", "1 to 2000", ""}},
		{{"stuck", "topp", "5"}, {"topp in [stuck]", "nearest is top in [stuck]", ""}},
		{{"stukc", "top", "5"}, {"top in [stukc]", "nearest is top in [stuck]", ""}},
		{{"", "version", "5"}, {"no such rule", "version in [rules]", ""}},
		{{"nominal", "top", "101%"}, {"[nominal] top = '101%'", "0 to 10000 basis points", ""}},
		{{"nominal", "top", "1.234%"}, {"[nominal] top", "0 to 10000", ""}},
		{{"nominal", "top", "-1%"}, {"[nominal] top", "0 to 10000", ""}},
		{{"nominal", "top", "%"}, {"[nominal] top", "0 to 10000", ""}},
		{{"nominal", "top", "1.%"}, {"[nominal] top", "0 to 10000", ""}},
		{{"weighting", "by", "size"}, {"[weighting] by = 'size'", "layer, prospect", ""}},
		{{"escalate_manager", "top", "often"}, {"[escalate_manager] top", "or never", ""}},
		{{"calendar", "zon", "UTC"}, {"zon in [calendar]", "nearest is zone in [calendar]", ""}},
		{{"calendar", "hollidays", ""}, {"hollidays", "nearest is holidays in [calendar]", ""}},
		{{"remedy", "no_concensus", "x"}, {"no such rule", "nearest is no_consensus in [remedies]", ""}},
		{{"rules", "version", "-1"}, {"[rules] version", "0 to 2147483647", ""}},
		{{"stages", "New", "WON"}, {"'New' = 'WON'", "TOP, MIDDLE, BOTTOM", "'TOP 10%'"}},
		{{"stages", "New", ""}, {"'New' = ''", "TOP, MIDDLE, BOTTOM", ""}},
		{{"stages", "New", "TOP 10"}, {"'New' = 'TOP 10'", "TOP, MIDDLE, BOTTOM", ""}},
		{{"stages", "New", "TOP 101%"}, {"'New' = 'TOP 101%'", "0 to 100 %", ""}},
		{{"stages", "New", "UNCLASSIFIED 5%"}, {"'New'", "TOP, MIDDLE, BOTTOM", ""}},
		{{"stages", "", "TOP"}, {"1 to 256 bytes", "", ""}},
		{{"stagesX", "New", "TOP"}, {"no such rule", "", ""}},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_error why = {0, ""};
		int r = set(begin(), cases[i].line, 1, &why);
		for (size_t j = 0; j < 3; j++) {
			if (r != FNL_E_INVALID || (cases[i].says[j] && !strstr(why.text, cases[i].says[j]))) {
				fail_msg("case %zu: %d '%s' lacks '%s'", i, r, why.text, cases[i].says[j]);
			}
		}
	}
}

static void what_is_given_twice_names_the_first_line(void **state)
{
	(void)state;
	struct fnl_error why = {0, ""};
	struct fnl_rules_builder *b = begin();
	assert_int_equal(set(b, (struct line){"stuck", "top", "5"}, 3, &why), 0);
	assert_int_equal(set(b, (struct line){"stuck", "TOP", "6"}, 9, &why), FNL_E_INVALID);
	assert_non_null(strstr(why.text, "line 3"));
	assert_int_equal(set(b, (struct line){"stages", "New", "TOP"}, 11, &why), 0);
	assert_int_equal(set(b, (struct line){"stages", "new", "TOP"}, 12, &why), FNL_E_INVALID);
	assert_non_null(strstr(why.text, "line 11"));
	assert_int_equal(set(b, (struct line){"stages X", "new", "TOP"}, 13, &why), 0);
}

static void keys_that_contradict_each_other_are_found_at_the_end(void **state)
{
	(void)state;
	const struct {
		struct line line;
		const char *says;
	} cases[] = {
		{{"nominal", "top", "6000"}, "[nominal] middle = 5000 must be at least [nominal] top = 6000"},
		{{"manual_from", "middle", "7000"}, "[manual_from] bottom = 6250 must be above [manual_from] middle = 7000"},
		{{"manual_from", "middle", "0"}, "must be above"},
		{{"manual_from", "top", "5"}, "[manual_from] top = 5 must be 0"},
		{{"stuck_cumulative", "bottom", "20"}, "[stuck_cumulative] bottom = 20 must be at least [stuck] bottom = 30"},
		{{"performance", "band_2_percent", "40"}, "must be above [performance] band_1_percent = 50"},
		{{"territory", "area_factor_bp", "4000"}, "5000 to 20000"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_error why = {0, ""};
		struct fnl_rules_builder *b = begin();
		const struct fnl_rules *rules = NULL;
		assert_int_equal(set(b, cases[i].line, 1, &why), 0);
		assert_int_equal(fnl_rules_finish(b, &rules, &why), FNL_E_INVALID);
		assert_null(rules);
		if (!strstr(why.text, cases[i].says)) {
			fail_msg("'%s' lacks '%s'", why.text, cases[i].says);
		}
	}
}

/* Of a stage, of its pipeline, and of a zone: as long as it may be, and a byte more. */
static void names_have_limits(void **state)
{
	(void)state;
	static const struct {
		size_t bytes_max;
		bool is_pipeline;
		bool is_zone;
	} cases[] = {{256, false, false}, {256 - sizeof("stages"), true, false}, {64, false, true}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t more = 0; more < 2; more++) {
			char name[300] = "", section[320] = "stages";
			struct fnl_error why = {0, ""};
			struct fnl_rules_builder *b = begin();
			memset(name, 'a', cases[i].bytes_max + more);
			if (cases[i].is_pipeline) {
				(void)snprintf(section, sizeof(section), "stages %s", name);
			}
			struct line line = {section, cases[i].is_pipeline ? "New" : name, "TOP"};
			if (cases[i].is_zone) {
				line = (struct line){"calendar", "zone", name};
			}
			assert_int_equal(set(b, line, 1, &why), more ? FNL_E_INVALID : 0);
		}
	}
}

static void the_stage_map_has_a_limit_and_stays_sorted(void **state)
{
	(void)state;
	struct fnl_rules_builder *b = begin();
	struct fnl_error why = {0, ""};
	size_t room = FNL_RULES_STAGES_MAX - fnl_rules_default()->stage_count;
	char name[32];
	for (size_t i = 0; i < room; i++) {
		snprintf(name, sizeof(name), "S%zu", i * 7919 % 1000);
		assert_int_equal(set(b, (struct line){i % 3 ? "stages" : "stages P", name, "TOP"}, (int)i + 1, &why), 0);
	}
	assert_int_equal(set(b, (struct line){"stages", "one more", "TOP"}, 999, &why), FNL_E_LIMIT);
	const struct fnl_rules *r = NULL;
	assert_int_equal(fnl_rules_finish(b, &r, &why), 0);
	for (size_t i = 0; i < room; i++) {
		snprintf(name, sizeof(name), "s%zu", i * 7919 % 1000);
		assert_non_null(fnl_rules_stage(r, FNL_SPAN_LIT("P"), fnl_span_str(name)));
		assert_int_equal(fnl_rules_stage(r, FNL_SPAN_LIT("Q"), fnl_span_str(name)) != NULL, i % 3 != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_of_layers_are_the_documented_ones),
		cmocka_unit_test(other_defaults_are_the_documented_ones),
		cmocka_unit_test(the_key_table_holds_together),
		cmocka_unit_test(no_lines_give_the_defaults),
		cmocka_unit_test(each_default_stage_is_found_in_any_case),
		cmocka_unit_test(lines_override),
		cmocka_unit_test(bad_lines_say_what_is_wrong),
		cmocka_unit_test(what_is_given_twice_names_the_first_line),
		cmocka_unit_test(keys_that_contradict_each_other_are_found_at_the_end),
		cmocka_unit_test(names_have_limits),
		cmocka_unit_test(the_stage_map_has_a_limit_and_stays_sorted),
	};
	return cmocka_run_group_tests(tests, start, end);
}
