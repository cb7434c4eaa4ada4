/* What became of a quota since it was computed, beside it: the running potential, what was won; and which rows are read
 * for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "view_quota.h"
#include "view_world.h"

static void put(struct view_world *w, const char *key, const struct fnl_record_desc *d, const struct fnl_value *values)
{
	view_world_put(w, 0, 0, key, d, values);
}

/* cause, by or from whom, how much, and what it is then. */
static struct fnl_value revision(struct view_world *w, int number, int cause, const char *who, int64_t difference,
                                 const char *currency, int64_t now)
{
	struct fnl_value *v = fnl_v_blank(&w->arena, &fnl_desc_quota_revision);
	bool command = cause == FNL_REVISION_CAUSE_COMMAND;
	v[FNL_QUOTA_REVISION_REVISION] = fnl_v_number(number);
	v[FNL_QUOTA_REVISION_CAUSE] = fnl_v_number(cause);
	v[command ? FNL_QUOTA_REVISION_BY : FNL_QUOTA_REVISION_OTHER_REP_ID] = fnl_v_text(who);
	v[FNL_QUOTA_REVISION_CAUSE_CODE] = fnl_v_text(command ? "area-error" : NULL);
	v[FNL_QUOTA_REVISION_REFERENCE] = fnl_v_text(command ? "c-1" : "N-17");
	v[FNL_QUOTA_REVISION_LINE_COUNT] = fnl_v_number(command ? 0 : number - 1);
	v[FNL_QUOTA_REVISION_DIFFERENCE] = fnl_v_money(difference, currency);
	v[FNL_QUOTA_REVISION_AT] = fnl_v_number(INT64_C(1740787200000) + number);
	v[FNL_QUOTA_REVISION_QUOTA] = fnl_v_money(now, "USD");
	return fnl_v_list(v, fnl_desc_quota_revision.field_count);
}

static void put_revised(struct view_world *w)
{
	struct fnl_value *v = fnl_v_blank(&w->arena, &fnl_desc_quota_set);
	const struct fnl_value items[] = {
		revision(w, 1, FNL_REVISION_CAUSE_COMMAND, "max", 500000, "USD", 25500000),
		revision(w, 2, FNL_REVISION_CAUSE_HANDOVER_OUT, "bob", -1050, "USD", 25498950),
		revision(w, 3, FNL_REVISION_CAUSE_PROPOSAL_IN, "cid", 7, "USD", 25498957),
		revision(w, 4, FNL_REVISION_CAUSE_HANDOVER_IN, "dan", 300, "EUR", 25498957),
	};
	v[FNL_QUOTA_SET_REP_ID] = fnl_v_text("ann");
	v[FNL_QUOTA_SET_ORG_ID] = fnl_v_text("US");
	v[FNL_QUOTA_SET_FISCAL_YEAR] = fnl_v_number(2025);
	v[FNL_QUOTA_SET_STATE] = fnl_v_number(FNL_QUOTA_STATE_FROZEN);
	v[FNL_QUOTA_SET_BASE_CURRENCY] = fnl_v_text("USD");
	v[FNL_QUOTA_SET_QUOTA] = fnl_v_money(25000000, "USD");
	v[FNL_QUOTA_SET_REVISION] = fnl_v_number(4);
	v[FNL_QUOTA_SET_REVISIONS] = fnl_v_list(items, 4);
	put(w, "quota|rep:ann|2025", &fnl_desc_quota_set, v);
}

static void put_quota(struct view_world *w, const char *key, int64_t minor)
{
	struct fnl_value *v = fnl_v_blank(&w->arena, &fnl_desc_quota_set);
	v[FNL_QUOTA_SET_REP_ID] = fnl_v_text("ann");
	v[FNL_QUOTA_SET_ORG_ID] = fnl_v_text("US");
	v[FNL_QUOTA_SET_FISCAL_YEAR] = fnl_v_number(2025);
	v[FNL_QUOTA_SET_STATE] = fnl_v_number(FNL_QUOTA_STATE_FROZEN);
	v[FNL_QUOTA_SET_BASE_CURRENCY] = fnl_v_text("USD");
	v[FNL_QUOTA_SET_QUOTA] = fnl_v_money(minor, "USD");
	put(w, key, &fnl_desc_quota_set, v);
}

static struct fnl_value running(struct view_world *w, int year, const char *currency, int64_t count)
{
	struct fnl_value *v = fnl_v_blank(&w->arena, &fnl_desc_running_total);
	v[FNL_RUNNING_TOTAL_FISCAL_YEAR] = fnl_v_number(year);
	v[FNL_RUNNING_TOTAL_CURRENCY] = fnl_v_text(currency);
	v[FNL_RUNNING_TOTAL_COUNT] = fnl_v_number(count);
	v[FNL_RUNNING_TOTAL_AMOUNT_MINOR] = fnl_v_number(currency ? 120000003 : 0);
	v[FNL_RUNNING_TOTAL_WEIGHTED_MINOR] = fnl_v_number(currency ? 30000000 : 0);
	v[FNL_RUNNING_TOTAL_WEIGHTED_E4] = fnl_v_number(currency ? 7500 : 0);
	return fnl_v_list(v, fnl_desc_running_total.field_count);
}

static struct fnl_value won(struct view_world *w, int year, const char *currency, int64_t count, int64_t minor)
{
	struct fnl_value *v = fnl_v_blank(&w->arena, &fnl_desc_won_total);
	v[FNL_WON_TOTAL_FISCAL_YEAR] = fnl_v_number(year);
	v[FNL_WON_TOTAL_CURRENCY] = fnl_v_text(currency);
	v[FNL_WON_TOTAL_COUNT] = fnl_v_number(count);
	v[FNL_WON_TOTAL_AMOUNT_MINOR] = fnl_v_number(minor);
	return fnl_v_list(v, fnl_desc_won_total.field_count);
}

static void put_year(struct view_world *w, const char *org, int64_t quota, int64_t won, int64_t not_converted)
{
	char key[64];
	struct fnl_value *v = fnl_v_blank(&w->arena, &fnl_desc_org_year);
	v[FNL_ORG_YEAR_ORG_ID] = fnl_v_text(org);
	v[FNL_ORG_YEAR_REP_ID] = fnl_v_text("ann");
	v[FNL_ORG_YEAR_FISCAL_YEAR] = fnl_v_number(2025);
	v[FNL_ORG_YEAR_QUOTA] = fnl_v_money(quota, "USD");
	v[FNL_ORG_YEAR_WON_MINOR] = fnl_v_number(won);
	v[FNL_ORG_YEAR_NOT_CONVERTED_COUNT] = fnl_v_number(not_converted);
	snprintf(key, sizeof(key), "year|%s|2025|ann", org);
	put(w, key, &fnl_desc_org_year, v);
}

/* The book's row with its running potential, and his year in his organisation, and in one that he has left. */
static void put_since(struct view_world *w)
{
	struct fnl_value *rep = fnl_v_blank(&w->arena, &fnl_desc_rep);
	const struct fnl_value items[] = {running(w, 2025, "USD", 4), running(w, 2025, NULL, 2),
	                                  running(w, 2026, "USD", 9)};
	rep[FNL_REP_BOOK] = fnl_v_text("rep:ann");
	rep[FNL_REP_REP_ID] = fnl_v_text("ann");
	rep[FNL_REP_RUNNING] = fnl_v_list(items, 3);
	const struct fnl_value wins[] = {won(w, 2024, "USD", 1, 1), won(w, 2025, NULL, 1, 0), won(w, 2025, "JPY", 2, 12345),
	                                 won(w, 2025, "USD", 3, 12000000)};
	rep[FNL_REP_WON] = fnl_v_list(wins, 4);
	put(w, "rep|rep:ann", &fnl_desc_rep, rep);
	put_year(w, "US", 25000000, 12000000, 1);
	put_year(w, "EU", 25000000, 1, 0);
}

static const char *draw(struct view_world *w)
{
	struct fnl_error why = {0};
	struct fnl_canvas c = {.width = 100};
	c.out = view_world_out(w);
	assert_int_equal(fnl_view_quota(&w->rows, FNL_SPAN_LIT("rep:ann"), 2025, &c, &why), 0);
	fclose(c.out);
	return w->text;
}

static json_t *json(struct view_world *w)
{
	struct fnl_error why = {0};
	FILE *out = view_world_out(w);
	assert_int_equal(fnl_view_quota_json(&w->rows, FNL_SPAN_LIT("rep:ann"), 2025, out, &why), 0);
	fclose(out);
	return view_world_json(w);
}

static const char golden[] = "\nSince then\n"
							 "  running potential      USD 300,000.0075 weighted, of 4 prospects\n"
							 "  running potential      2 prospects without an amount\n"
							 "  wins                   1 without an amount\n"
							 "  wins                   JPY 12,345, of 2\n"
							 "  wins                   USD 120,000.00, of 3\n"
							 "  won                    USD 120,000.00, 48 % of the quota; 1 wins without a rate left "
							 "out\n";

static void what_became_of_it_is_told(void **state)
{
	struct view_world *w = *state;
	put_quota(w, "quota|rep:ann|2025", 25000000);
	assert_null(strstr(draw(w), "Since then")); /* nothing is known */
	put_since(w);
	const char *found = strstr(draw(w), "\nSince then");
	assert_non_null(found);
	assert_string_equal(found, golden);
}

static void the_same_as_json(void **state)
{
	struct view_world *w = *state;
	put_quota(w, "quota|rep:ann|2025", 25000000);
	json_t *o = json(w);
	assert_true(json_is_null(json_object_get(o, "attainment")));
	assert_true(json_is_null(json_object_get(o, "running")));
	json_decref(o);
	put_since(w);
	o = json(w);
	const json_t *attainment = json_object_get(o, "attainment"), *potential = json_object_get(o, "running");
	assert_int_equal(view_json_integer(attainment, "attainment_bp"), 4800);
	assert_int_equal(view_json_integer(attainment, "won_minor"), 12000000);
	assert_int_equal(view_json_integer(attainment, "not_converted_count"), 1);
	assert_int_equal(json_array_size(potential), 2);
	const json_t *wins = json_object_get(o, "won"), *yen = json_array_get(wins, 1);
	assert_int_equal(json_array_size(wins), 3);
	assert_true(json_is_null(json_object_get(json_array_get(wins, 0), "currency")));
	assert_int_equal(view_json_integer(yen, "count"), 2);
	assert_int_equal(view_json_integer(yen, "amount_minor"), 12345);
	assert_int_equal(view_json_integer(json_array_get(potential, 0), "weighted_e4"), 7500);
	assert_true(json_is_null(json_object_get(json_array_get(potential, 1), "currency")));
	assert_int_equal(view_json_integer(json_object_get(o, "quota_now"), "amount_minor"), 25000000);
	json_decref(o);
}

static const char golden_revised[] =
	"\nSince then\n"
	"  revision 1             2025-03-01  +5,000.00 = 255,000.00   COMMAND, area-error, by max (c-1)\n"
	"  revision 2             2025-03-01  -10.50 = 254,989.50   HANDOVER_OUT, 1 line to bob (N-17)\n"
	"  revision 3             2025-03-01  +0.07 = 254,989.57   PROPOSAL_IN, 2 lines from cid (N-17)\n"
	"  revision 4             2025-03-01  +3.00 EUR = 254,989.57   HANDOVER_IN, 3 lines from dan (N-17)\n"
	"  quota now              USD 254,989.57\n";

static void what_changed_it_is_told(void **state)
{
	struct view_world *w = *state;
	put_revised(w);
	const char *found = strstr(draw(w), "\nSince then");
	assert_non_null(found);
	assert_string_equal(found, golden_revised);
	json_t *o = json(w);
	const json_t *revisions = json_object_get(o, "revisions"), *second = json_array_get(revisions, 1);
	assert_int_equal(json_array_size(revisions), 4);
	assert_string_equal(json_string_value(json_object_get(second, "cause")), "HANDOVER_OUT");
	assert_string_equal(json_string_value(json_object_get(second, "other_rep_id")), "bob");
	assert_int_equal(view_json_integer(json_object_get(second, "difference"), "amount_minor"), -1050);
	assert_int_equal(view_json_integer(json_object_get(second, "quota"), "amount_minor"), 25498950);
	assert_int_equal(view_json_integer(json_object_get(o, "quota_now"), "amount_minor"), 25498957);
	assert_int_equal(view_json_integer(o, "revision"), 4);
	json_decref(o);
}

static void of_nothing_there_is_no_part(void **state)
{
	struct view_world *w = *state;
	put_quota(w, "quota|rep:ann|2025", 0);
	put_year(w, "US", 0, 12000000, 0);
	json_t *o = json(w);
	assert_true(json_is_null(json_object_get(json_object_get(o, "attainment"), "attainment_bp")));
	json_decref(o);
	assert_null(strstr(draw(w), "of the quota"));
}

static void only_what_is_needed_is_read(void **state)
{
	(void)state;
	static const struct {
		const char *key;
		int year;
		bool wanted;
	} cases[] = {
		{"quota|rep:ann|2025", 2025, true},
		{"quota|rep:ann|2025", 0, true},
		{"quota|rep:ann|2026", 2025, false},
		{"quota_line|rep:ann|2025|P-1", 2025, true},
		{"quota_line|rep:ann|2026|P-1", 0, true},
		{"quota_line|rep:ann|20255|P-1", 2025, false},
		{"quota|rep:anna|2025", 0, false},
		{"rep|rep:ann", 2025, true},
		{"rep|rep:anna", 0, false},
		{"year|US|2025|ann", 2025, true},
		{"year|US|2025|joann", 2025, false},
		{"rep|US|ann", 0, false},
		{"line|rep:ann|P-1", 0, false},
		{"partition|jobs", 0, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_quota_question q = {FNL_SPAN_LIT("rep:ann"), FNL_SPAN_LIT("ann"), cases[i].year};
		assert_int_equal(fnl_quota_wanted(&q, fnl_span_str(cases[i].key)), cases[i].wanted);
	}
}

static void the_latest_year_is_found(void **state)
{
	struct view_world *w = *state;
	assert_int_equal(fnl_view_quota_latest(&w->rows, FNL_SPAN_LIT("rep:ann")), 0);
	put_quota(w, "quota|rep:ann|2026", 1);
	put_quota(w, "quota|rep:ann|2025", 1);
	put_quota(w, "quota|rep:anna|2027", 1);
	assert_int_equal(fnl_view_quota_latest(&w->rows, FNL_SPAN_LIT("rep:ann")), 2026);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_became_of_it_is_told, view_world_setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(the_same_as_json, view_world_setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(what_changed_it_is_told, view_world_setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(of_nothing_there_is_no_part, view_world_setup, view_world_teardown),
		cmocka_unit_test(only_what_is_needed_is_read),
		cmocka_unit_test_setup_teardown(the_latest_year_is_found, view_world_setup, view_world_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
