/* How the reps of an organisation stand, from rows of the org stage and what was told on funnel.performance: two axes,
 * side by side, and never an order of the reps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "golden.h"
#include "rules_reader.h"
#include "view_performance.h"
#include "view_world.h"

#define GOLDEN(name) FNL_SOURCE_DIR "/tests/unit/golden/" name

static const int64_t day_ms = 86400000;
static const int64_t now_ms = INT64_C(1751364000000); /* 2025-07-01 10:00 */

struct world {
	struct view_world v;
	struct fnl_scores scores;
};

static int setup(void **state)
{
	struct world *w = view_world_new(sizeof(*w));
	w->scores = (struct fnl_scores){.codec = view_codec(), .org = FNL_SPAN_LIT("emea")};
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	fnl_scores_deinit(&w->scores);
	return view_world_teardown(state);
}

static void put_year(struct world *w, const char *rep, int year, int64_t quota, int64_t won)
{
	char key[64];
	struct fnl_value *v = fnl_v_blank(&w->v.arena, &fnl_desc_org_year);
	v[FNL_ORG_YEAR_ORG_ID] = fnl_v_text("emea");
	v[FNL_ORG_YEAR_REP_ID] = fnl_v_text(rep);
	v[FNL_ORG_YEAR_FISCAL_YEAR] = fnl_v_number(year);
	v[FNL_ORG_YEAR_QUOTA] = quota >= 0 ? fnl_v_money(quota, "EUR") : fnl_v_null();
	v[FNL_ORG_YEAR_WON_MINOR] = fnl_v_number(won);
	snprintf(key, sizeof(key), "year|emea|%d|%s", year, rep);
	struct fnl_record r = {.partition = 1,
	                       .offset = w->v.offset++,
	                       .timestamp_ms = now_ms,
	                       .key = fnl_span_str(key),
	                       .value = fnl_v_row(&w->v.arena, &fnl_desc_org_year, v)};
	assert_int_equal(fnl_rows_put(&w->v.rows, &r), 0);
}

struct score {
	const char *org;
	const char *rep;
	int year;
	int64_t quota; /* -1: none */
	int64_t won;
	int part; /* 0: not compared */
	int64_t attainment_bp;
	int band;
};

static void put_score(struct world *w, const struct score *s)
{
	struct fnl_value *v = fnl_v_blank(&w->v.arena, &fnl_desc_performance_scored);
	v[FNL_PERFORMANCE_SCORED_ORG_ID] = fnl_v_text(s->org);
	v[FNL_PERFORMANCE_SCORED_REP_ID] = fnl_v_text(s->rep);
	v[FNL_PERFORMANCE_SCORED_FISCAL_YEAR] = fnl_v_number(s->year);
	v[FNL_PERFORMANCE_SCORED_AS_OF] = fnl_v_number(now_ms - day_ms);
	v[FNL_PERFORMANCE_SCORED_LEVEL_PARTS] = fnl_v_number(3);
	v[FNL_PERFORMANCE_SCORED_PART_BP] = fnl_v_number(5000);
	v[FNL_PERFORMANCE_SCORED_WON_MINOR] = fnl_v_number(s->won);
	v[FNL_PERFORMANCE_SCORED_COMPARABLE_COUNT] = fnl_v_number(s->part ? 6 : 3);
	if (s->quota >= 0) {
		v[FNL_PERFORMANCE_SCORED_QUOTA] = fnl_v_money(s->quota, "EUR");
		v[FNL_PERFORMANCE_SCORED_SHARE_BP] = fnl_v_number(2500);
		v[FNL_PERFORMANCE_SCORED_DUE_MINOR] = fnl_v_number(s->quota / 2);
		v[FNL_PERFORMANCE_SCORED_ATTAINMENT_BP] = fnl_v_number(s->attainment_bp);
		v[FNL_PERFORMANCE_SCORED_BAND] = fnl_v_number(s->band);
	} else {
		v[FNL_PERFORMANCE_SCORED_NOT_CONVERTED_COUNT] = fnl_v_number(2);
	}
	if (s->part) {
		v[FNL_PERFORMANCE_SCORED_LEVEL_PART] = fnl_v_number(s->part);
	}
	struct fnl_record r = {.key = fnl_span_str(s->rep),
	                       .value = view_codec_row(&w->v.arena, &fnl_desc_performance_scored, v)};
	assert_int_equal(fnl_scores_put(&w->scores, &r), 0);
}

/* ann stands twice: the later one counts; cid has sold on; dan is new, eve has no quota, fay has left. */
static void fill(struct world *w, bool compared)
{
	const struct score scores[] = {
		{"emea", "bob", 2025, 40000000, 30000000, compared ? 1 : 0, 15000, 5},
		{"emea", "ann", 2025, 90000000, 10000000, compared ? 3 : 0, 2222, 1},
		{"emea", "ann", 2025, 90000000, 42000000, compared ? 3 : 0, 9333, 3},
		{"emea", "ann", 2024, 80000000, 79000000, 0, 19750, 5},
		{"apac", "ann", 2025, 1, 1, 0, 10000, 4},
		{"emea", "cid", 2025, 60000000, 16000000, compared ? 2 : 0, 5333, 2},
		{"emea", "eve", 2025, -1, 0, 0, 0, 0},
		{"emea", "fay", 2025, 50000000, 20000000, compared ? 2 : 0, 8000, 2},
	};
	for (size_t i = 0; i < sizeof(scores) / sizeof(scores[0]); i++) {
		put_score(w, &scores[i]);
	}
	put_year(w, "cid", 2025, 60000000, 20000000);
	put_year(w, "bob", 2025, 40000000, 30000000);
	put_year(w, "ann", 2025, 90000000, 42000000);
	put_year(w, "dan", 2025, 30000000, 0);
	put_year(w, "eve", 2025, -1, 0);
	put_year(w, "ann", 2024, 80000000, 79000000);
}

static struct fnl_performance_question question(int year)
{
	return (struct fnl_performance_question){
		.org = FNL_SPAN_LIT("emea"), .year = year, .now_ms = now_ms, .rules_reader = fnl_test_rules_reader()};
}

static const char *draw(struct world *w, int year)
{
	struct fnl_error why = {0};
	struct fnl_canvas c = {.width = 100};
	struct fnl_performance_question q = question(year);
	c.out = view_world_out(&w->v);
	assert_int_equal(fnl_view_performance(&w->v.rows, &w->scores, &q, &c, &why), 0);
	fclose(c.out);
	return w->v.text;
}

static void standings_are_as_they_were_read(void **state)
{
	(void)state;
	struct fnl_golden g = {0};
	for (int i = 0; i < 3; i++) {
		static const char *const titles[] = {"of the latest year", "too few to be compared", "a year that is over"};
		void *world;
		setup(&world);
		fill(world, i == 0);
		fnl_golden_add(&g, "%s# %s\n\n%s", i ? "\n\n" : "", titles[i], draw(world, i == 2 ? 2024 : 0));
		teardown(&world);
	}
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("view_performance.txt")), 0);
}

static void nobody_is_ranked(void **state)
{
	struct world *w = *state;
	struct fnl_performance_question q = question(0);
	struct fnl_error why = {0};
	fill(w, false);
	FILE *out = view_world_out(&w->v);
	assert_int_equal(fnl_view_performance_json(&w->v.rows, &w->scores, &q, out, &why), 0);
	fclose(out);
	json_t *o = view_world_json(&w->v);
	const json_t *reps = json_object_get(o, "reps");
	static const char *const ids[] = {"ann", "bob", "cid", "dan", "eve", "fay"};
	assert_int_equal(json_array_size(reps), 6);
	assert_int_equal(json_integer_value(json_object_get(o, "comparable_min")), 5);
	for (size_t i = 0; i < 6; i++) {
		const json_t *r = json_array_get(reps, i), *level = json_object_get(r, "level");
		assert_string_equal(json_string_value(json_object_get(r, "rep_id")), ids[i]);
		assert_true(json_is_null(level) || json_is_null(json_object_get(level, "level_part")));
		assert_int_equal(json_is_null(level), strcmp(ids[i], "dan") == 0);
		assert_int_equal(json_is_null(json_object_get(r, "now")), strcmp(ids[i], "fay") == 0);
	}
	const json_t *ann = json_object_get(json_array_get(reps, 0), "attainment");
	assert_int_equal(json_integer_value(json_object_get(ann, "attainment_bp")), 9333);
	json_decref(o);
}

static void a_year_is_found(void **state)
{
	struct world *w = *state;
	struct fnl_performance_question latest = question(0), old = question(2024), none = question(2023);
	struct fnl_error why = {0};
	struct fnl_canvas c = {.out = stderr};
	assert_int_equal(fnl_performance_year(&w->v.rows, &latest), 0);
	assert_int_equal(fnl_view_performance(&w->v.rows, &w->scores, &latest, &c, &why), FNL_VIEW_NO_YEAR);
	fill(w, true);
	assert_int_equal(fnl_performance_year(&w->v.rows, &latest), 2025);
	assert_int_equal(fnl_performance_year(&w->v.rows, &old), 2024);
	assert_int_equal(fnl_performance_year(&w->v.rows, &none), 0);
	assert_int_equal(fnl_view_performance(&w->v.rows, &w->scores, &none, &c, &why), FNL_VIEW_NO_YEAR);
	assert_true(fnl_performance_wanted(&latest, FNL_SPAN_LIT("year|emea|2025|ann")));
	assert_true(fnl_performance_wanted(&latest, FNL_SPAN_LIT("partition|rules")));
	assert_false(fnl_performance_wanted(&latest, FNL_SPAN_LIT("year|emea2|2025|ann")));
	assert_false(fnl_performance_wanted(&latest, FNL_SPAN_LIT("rep|emea|ann")));
}

static void what_cannot_be_read_is_said(void **state)
{
	struct world *w = *state;
	struct fnl_record r = {.key = FNL_SPAN_LIT("ann"), .value = FNL_SPAN_LIT("\0\377\377\377\377")};
	assert_int_equal(fnl_scores_put(&w->scores, &r), FNL_E_INVALID);
	assert_string_equal(w->scores.why.text, "no schema");
	r.value = FNL_SPAN_NONE;
	assert_int_equal(fnl_scores_put(&w->scores, &r), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(standings_are_as_they_were_read),
		cmocka_unit_test_setup_teardown(nobody_is_ranked, setup, teardown),
		cmocka_unit_test_setup_teardown(a_year_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_said, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
