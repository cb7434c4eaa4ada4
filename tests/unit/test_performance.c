/* How reps stand: the level and the attainment, case by case; when it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>

#include "funneld/core/performance.h"

enum { REPS_MAX = 300, DAY_S = 86400 };
#define DAY_MS INT64_C(86400000)
#define DAY(n) ((n)*DAY_MS)
/* 2025-01-01, and the days of 2025 */
#define YEAR_DAY 20089
#define YEAR_DAYS 365

static struct fnl_arena arena;
static struct fnl_rules rules;
static const struct fnl_value *years[REPS_MAX];
static char keys[REPS_MAX][16];
static size_t year_count;
static struct fnl_value *scoring;
static int64_t now_ms;
static const struct fnl_value *told[REPS_MAX];
static size_t told_count;
static size_t rejected;

static struct fnl_value i64(int64_t v)
{
	return (struct fnl_value){.set = true, .i64 = v};
}

static struct fnl_value text(const char *s)
{
	return (struct fnl_value){.set = true, .str = fnl_arena_dup(&arena, fnl_span_str(s))};
}

static struct fnl_value money(int64_t minor, const char *currency)
{
	struct fnl_value v = {.set = true, .money = {.amount_minor = minor}};
	memcpy(v.money.currency, currency, 3);
	return v;
}

static int fresh(void **state)
{
	(void)state;
	fnl_arena_reset(&arena);
	rules = *fnl_rules_default();
	year_count = told_count = rejected = 0;
	scoring = NULL;
	now_ms = DAY(YEAR_DAY) + DAY(100);
	return 0;
}

static struct fnl_org_in input(void)
{
	return (struct fnl_org_in){.now_ms = now_ms, .rules = &rules, .cause_id = FNL_SPAN_LIT("c"), .arena = &arena};
}

/* quota < 0: none. from: day of the year of his first day of work; < 0: not known. */
static void rep(int64_t quota, int64_t won, int64_t from)
{
	struct fnl_value *v = fnl_arena_calloc(&arena, FNL_REP_YEAR_FIELD_COUNT, sizeof(*v));
	struct fnl_org_in in = input();
	struct fnl_year_out out;
	struct fnl_error why = {0};
	assert_non_null(v);
	snprintf(keys[year_count], sizeof(keys[0]), "r%03zu", year_count);
	v[FNL_REP_YEAR_SOURCE] = text("rep");
	v[FNL_REP_YEAR_OCCURRED_AT] = i64(now_ms);
	v[FNL_REP_YEAR_ORG_ID] = text("emea");
	v[FNL_REP_YEAR_REP_ID] = text(keys[year_count]);
	v[FNL_REP_YEAR_BOOK] = text("rep:r");
	v[FNL_REP_YEAR_FISCAL_YEAR] = i64(2025);
	v[FNL_REP_YEAR_SEQUENCE] = v[FNL_REP_YEAR_PRESENT] = i64(1);
	v[FNL_REP_YEAR_WON_MINOR] = i64(won);
	v[FNL_REP_YEAR_NOT_CONVERTED_COUNT] = i64(0);
	if (quota >= 0) {
		v[FNL_REP_YEAR_QUOTA] = money(quota, "EUR");
	}
	if (from >= 0) {
		v[FNL_REP_YEAR_EMPLOYED_FROM] = i64(YEAR_DAY + from);
	}
	int rc = fnl_org_year(&in, NULL, scoring, v, &out, &why);
	if (rc != 0) {
		fail_msg("%s", why.text);
	}
	years[year_count++] = out.year;
	scoring = out.scoring ? out.scoring : scoring;
}

static void take(const struct fnl_scoring_out *out)
{
	scoring = out->row ? out->row : scoring;
	for (size_t i = 0; i < out->event_count; i++) {
		rejected += out->events[i].desc == &fnl_desc_command_rejected;
		if (out->events[i].desc == &fnl_desc_performance_scored) {
			told[told_count++] = out->events[i].values;
		}
	}
}

static void run(size_t page_rows)
{
	for (int i = 0; i < 1000 && scoring[FNL_SCORING_NEXT_DEADLINE_AT].i64 <= now_ms; i++) {
		struct fnl_org_in in = input();
		struct fnl_scoring_need need = fnl_scoring_needs(scoring);
		struct fnl_scoring_page page = {.rows = years, .last = true};
		struct fnl_scoring_out out;
		if (need.wanted) {
			while ((size_t)(page.rows - years) < year_count && !fnl_span_is_none(need.after) &&
			       fnl_span_cmp(fnl_span_str(keys[page.rows - years]), need.after) <= 0) {
				page.rows++;
			}
			size_t from = (size_t)(page.rows - years);
			page.count = year_count - from < page_rows ? year_count - from : page_rows;
			page.last = page.count < page_rows;
			page.last_key = page.count ? fnl_span_str(keys[from + page.count - 1]) : FNL_SPAN_NONE;
		}
		assert_int_equal(fnl_scoring_step(&in, scoring, &page, &out), 0);
		take(&out);
	}
}

static void ask(void)
{
	struct fnl_value v[FNL_SCORE_PERFORMANCE_FIELD_COUNT] = {0};
	struct fnl_org_in in = input();
	struct fnl_scoring_out out;
	struct fnl_error why = {0};
	v[FNL_SCORE_PERFORMANCE_SOURCE] = text("tool");
	v[FNL_SCORE_PERFORMANCE_OCCURRED_AT] = v[FNL_SCORE_PERFORMANCE_ISSUED_AT] = i64(now_ms);
	v[FNL_SCORE_PERFORMANCE_COMMAND_ID] = text("c-1");
	v[FNL_SCORE_PERFORMANCE_ISSUED_BY] = text("head");
	v[FNL_SCORE_PERFORMANCE_ORG_ID] = text("emea");
	v[FNL_SCORE_PERFORMANCE_FISCAL_YEAR] = i64(2025);
	assert_int_equal(fnl_scoring_asked(&in, scoring, v, &out, &why), 0);
	take(&out);
}

#define T(i, field) told[i][FNL_PERFORMANCE_SCORED_##field]

/* quota, won, first day, today; due, attainment and band: -1 is null. */
static void attainment(void **state)
{
	(void)state;
	static const struct {
		int64_t quota, won, from, today, part_bp, due, attainment_bp, band;
	} cases[] = {
		{36500, 36500, -1, 365, 10000, 36500, 10000, 4},
		{36500, 5000, -1, 100, 2740, 10000, 5000, 2},
		{36500, 4999, -1, 100, 2740, 10000, 4999, 1},
		{36500, 8999, -1, 100, 2740, 10000, 8999, 2},
		{36500, 9000, -1, 100, 2740, 10000, 9000, 3},
		{36500, 9999, -1, 100, 2740, 10000, 9999, 3},
		{36500, 12000, -1, 100, 2740, 10000, 12000, 5},
		{36500, 0, -1, 100, 2740, 10000, 0, 1},
		{36500, 100, -1, 0, 0, 0, -1, -1},              /* not a day has passed */
		{0, 100, -1, 100, 2740, 0, -1, -1},             /* a quota of 0 */
		{-1, 100, -1, 100, 2740, -1, -1, -1},           /* none */
		{18300, 9150, 182, 365, 10000, 18300, 5000, 2}, /* began in July: the half that is left of the year */
		{18300, 100, 182, 192, 546, 1000, 1000, 1},
		{18300, 100, 182, 182, 0, 0, -1, -1},
		{18300, 100, 400, 300, 0, 0, -1, -1},            /* begins next year */
		{36500, 36500, -1, 500, 10000, 36500, 10000, 4}, /* the year is over */
		{36500, 100, -300, 100, 2740, 10000, 100, 1},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fresh(state);
		now_ms = DAY(YEAR_DAY) + DAY(cases[i].today);
		rep(cases[i].quota, cases[i].won, cases[i].from);
		ask();
		run(10);
		print_message("case %zu\n", i);
		assert_int_equal(told_count, 1);
		assert_int_equal(T(0, PART_BP).i64, cases[i].part_bp);
		assert_int_equal(T(0, DUE_MINOR).set ? T(0, DUE_MINOR).i64 : -1, cases[i].due);
		assert_int_equal(T(0, ATTAINMENT_BP).set ? T(0, ATTAINMENT_BP).i64 : -1, cases[i].attainment_bp);
		assert_int_equal(T(0, BAND).set ? T(0, BAND).i64 : -1, cases[i].band);
		assert_false(T(0, LEVEL_PART).set); /* one alone is not compared */
	}
}

static void level(void **state)
{
	(void)state;
	static const int64_t quotas[] = {100, 200, 200, 300, 400, -1};
	static const int64_t parts[] = {1, 1, 1, 2, 3};
	static const int64_t shares[] = {833, 1667, 1667, 2500, 3333};
	for (size_t i = 0; i < 6; i++) {
		rep(quotas[i], 0, -1);
	}
	ask();
	run(2);
	assert_int_equal(told_count, 6);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(T(i, COMPARABLE_COUNT).i64, 5);
		assert_int_equal(T(i, LEVEL_PART).i64, parts[i]);
		assert_int_equal(T(i, SHARE_BP).i64, shares[i]);
	}
	assert_false(T(5, LEVEL_PART).set);
	assert_false(T(5, SHARE_BP).set);
	/* four are too few */
	fresh(state);
	for (size_t i = 0; i < 4; i++) {
		rep(quotas[i], 0, -1);
	}
	ask();
	run(2);
	assert_false(T(0, LEVEL_PART).set);
	assert_int_equal(T(3, SHARE_BP).i64, 3750);
}

static void months(void **state)
{
	(void)state;
	rep(36500, 100, -1); /* on 11 April */
	run(10);
	assert_int_equal(told_count, 0);
	assert_int_equal(scoring[FNL_SCORING_NEXT_DEADLINE_AT].i64, DAY(YEAR_DAY + 120));
	now_ms = DAY(YEAR_DAY + 120);
	run(10);
	assert_int_equal(told_count, 1);
	assert_int_equal(T(0, AS_OF).i64, DAY(YEAR_DAY + 120));
	assert_int_equal(scoring[FNL_SCORING_NEXT_DEADLINE_AT].i64, DAY(YEAR_DAY + 151));
	/* away until 20 August: the month that began last */
	now_ms = DAY(YEAR_DAY + 231);
	run(10);
	assert_int_equal(told_count, 2);
	assert_int_equal(T(1, AS_OF).i64, DAY(YEAR_DAY + 212));
	assert_int_equal(scoring[FNL_SCORING_NEXT_DEADLINE_AT].i64, DAY(YEAR_DAY + 243));
	/* on the first day of a year it is the one before that is told */
	now_ms = DAY(YEAR_DAY + 365);
	run(10);
	assert_int_equal(told_count, 3);
	assert_int_equal(T(2, FISCAL_YEAR).i64, 2025);
	assert_int_equal(T(2, PART_BP).i64, 10000);
}

static void too_many(void **state)
{
	(void)state;
	for (size_t i = 0; i < REPS_MAX; i++) {
		rep((int64_t)i, 0, -1);
	}
	ask();
	run(100);
	assert_int_equal(told_count, REPS_MAX);
	assert_false(T(5, LEVEL_PART).set);
	assert_true(T(5, SHARE_BP).set);
	told_count = 0;
	year_count = FNL_SCORING_QUOTAS_MAX; /* as many as may be compared */
	scoring = NULL;
	ask();
	run(100);
	assert_int_equal(told_count, FNL_SCORING_QUOTAS_MAX);
	assert_true(T(5, LEVEL_PART).set);
	for (size_t i = 0; i < FNL_SCORING_JOBS_MAX + 2; i++) {
		ask();
	}
	assert_int_equal(rejected, 2);
}

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(attainment, fresh), cmocka_unit_test_setup(level, fresh),
		cmocka_unit_test_setup(months, fresh), cmocka_unit_test_setup(too_many, fresh)};
	return cmocka_run_group_tests_name("performance", tests, start, end);
}
