#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "prospect_fixture.h"

static void apply_stale(struct fnl_input in)
{
	apply(in);
	assert_true(w.out.stale);
	assert_int_equal(w.out.event_count, 0);
	assert_int_equal(w.out.row_change, FNL_ROW_KEEP);
	assert_int_equal(w.out.erased_change, FNL_ROW_KEEP);
	assert_int_equal(w.out.feed_change, FNL_ROW_KEEP);
}

static struct fnl_input stage(int64_t version, int64_t at_ms, const char *name)
{
	struct fnl_input in = fnl_input_changed(version, at_ms);
	fnl_input_str(&in, C(STAGE), name);
	return in;
}

static struct fnl_input amount(int64_t version, int64_t at_ms, int64_t minor)
{
	struct fnl_input in = fnl_input_changed(version, at_ms);
	fnl_input_money(&in, C(AMOUNT), minor, "EUR");
	return in;
}

static struct fnl_input status(int64_t version, int64_t at_ms, int s)
{
	struct fnl_input in = fnl_input_changed(version, at_ms);
	fnl_input_i64(&in, C(STATUS), s);
	return in;
}

static void assert_layer_event(int from, int to, int reason, int64_t since)
{
	const struct fnl_value *v = fnl_world_event(&w, &fnl_desc_layer_changed);
	assert_non_null(v);
	assert_int_equal(v[FNL_LAYER_CHANGED_FROM_LAYER].i64, from);
	assert_int_equal(v[FNL_LAYER_CHANGED_TO_LAYER].i64, to);
	assert_int_equal(v[FNL_LAYER_CHANGED_REASON].i64, reason);
	assert_int_equal(v[FNL_LAYER_CHANGED_SINCE].i64, FNL_T0 + since);
}

static void the_first_change_makes_the_row_and_tells_its_layer(void **state)
{
	(void)state;
	struct fnl_input in = stage(5, 100, "Prospecting");
	fnl_input_money(&in, C(AMOUNT), 100000000, "EUR");
	fnl_input_str(&in, C(OWNER_REP_ID), "rep1");
	apply(in);
	assert_int_equal(w.out.event_count, 1);
	assert_layer_event(FNL_LAYER_NONE, FNL_LAYER_TOP, FNL_LAYER_REASON_STAGE_MAP, 100);
	const struct fnl_value *v = fnl_world_event(&w, &fnl_desc_layer_changed);
	assert_int_equal(v[FNL_LAYER_CHANGED_SEQUENCE].i64, 1);
	assert_int_equal(v[FNL_LAYER_CHANGED_WEIGHT_BP].i64, 2500);
	assert_true(fnl_span_eq(v[FNL_LAYER_CHANGED_OWNER_REP_ID].str, FNL_SPAN_LIT("rep1")));
	assert_int_equal(R(SEQUENCE).i64, 1);
	assert_int_equal(R(WEIGHT_BP).i64, 2500);
	assert_int_equal(R(FIELD_VERSIONS).list.count, 25);
	assert_true(fnl_span_eq(R(SOURCE).str, FNL_SPAN_LIT("crm")));
}

static void two_late_changes_of_one_property_each_both_count(void **state)
{
	(void)state;
	apply(amount(12, 300, 5000));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_UNCLASSIFIED);
	apply(stage(11, 200, "Value Proposition"));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_MIDDLE);
	assert_int_equal(R(AMOUNT).money.amount_minor, 5000);
	apply_stale(stage(10, 100, "Prospecting"));
	apply_stale(stage(11, 200, "Prospecting"));
	apply_stale(amount(11, 300, 1));
	assert_int_equal(R(SEQUENCE).i64, 2);
	assert_int_equal(R(AMOUNT).money.amount_minor, 5000);
}

static void a_mixed_event_takes_only_its_newer_fields(void **state)
{
	(void)state;
	apply(stage(10, 10, "Prospecting"));
	struct fnl_input in = amount(9, 9, 77);
	fnl_input_str(&in, C(STAGE), "Contract Sent");
	apply(in);
	assert_false(w.out.stale);
	assert_true(fnl_span_eq(R(STAGE).str, FNL_SPAN_LIT("Prospecting")));
	assert_int_equal(R(AMOUNT).money.amount_minor, 77);
}

static void an_event_that_says_nothing_is_stale(void **state)
{
	(void)state;
	apply(fnl_input_heartbeat(0));
	apply_stale(fnl_input_changed(1, 1));
	assert_null(w.row);
}

static void full_clears_what_it_lacks_and_cleared_what_it_names(void **state)
{
	(void)state;
	struct fnl_input in = amount(1, 1, 500);
	fnl_input_str(&in, C(STAGE), "Prospecting");
	fnl_input_str(&in, C(REGION), "north");
	apply(in);
	struct fnl_value names[3] = {
		{.set = true, .str = FNL_SPAN_LIT("region")},
		{.set = true, .str = FNL_SPAN_LIT("colour")},
		{.set = true, .str = FNL_SPAN_LIT("version")},
	};
	in = fnl_input_changed(2, 2);
	in.v[C(CLEARED)].list = (struct fnl_list){names, 3};
	apply(in);
	assert_false(R(REGION).set);
	assert_true(R(AMOUNT).set);
	assert_int_equal(w.out.cleared_unknown, 2);
	in = stage(3, 3, "Prospecting");
	fnl_input_i64(&in, C(FULL), 1);
	apply(in);
	assert_false(R(AMOUNT).set);
	assert_true(R(STAGE).set);
	apply_stale(amount(2, 2, 9)); /* a late one does not bring back what was cleared later */
	assert_false(R(AMOUNT).set);
}

static void events_come_only_when_the_layer_changes(void **state)
{
	(void)state;
	apply(stage(1, 1, "Prospecting"));
	apply(amount(2, 2, 1));
	assert_int_equal(w.out.event_count, 0);
	apply(stage(3, 3, "Needs Analysis"));
	assert_int_equal(w.out.event_count, 0);
	assert_int_equal(R(LAYER_SINCE).i64, FNL_T0 + 1);
	apply(stage(4, 4, "Contract Sent"));
	assert_layer_event(FNL_LAYER_TOP, FNL_LAYER_BOTTOM, FNL_LAYER_REASON_STAGE_MAP, 4);
	assert_int_equal(R(LAYER_SINCE).i64, FNL_T0 + 4);
	assert_int_equal(R(SEQUENCE).i64, 4);
}

static void the_layer_s_age_is_the_stage_s_own_when_it_is_told(void **state)
{
	(void)state;
	struct fnl_input in = stage(1, 1000, "Prospecting");
	fnl_input_i64(&in, C(STAGE_ENTERED_AT), FNL_T0 + 400);
	apply(in);
	assert_layer_event(FNL_LAYER_NONE, FNL_LAYER_TOP, FNL_LAYER_REASON_STAGE_MAP, 400);
	in = stage(2, 2000, "Contract Sent");
	fnl_input_i64(&in, C(STAGE_ENTERED_AT), FNL_T0 + 2001); /* the future is not believed */
	apply(in);
	assert_layer_event(FNL_LAYER_TOP, FNL_LAYER_BOTTOM, FNL_LAYER_REASON_STAGE_MAP, 2000);
	apply(stage(3, 3000, "Prospecting")); /* the stage's date is of an earlier event */
	assert_layer_event(FNL_LAYER_BOTTOM, FNL_LAYER_TOP, FNL_LAYER_REASON_STAGE_MAP, 3000);
}

static void won_lost_and_reopened(void **state)
{
	(void)state;
	apply(status(1, 1, FNL_STATUS_WON));
	assert_layer_event(FNL_LAYER_NONE, FNL_LAYER_WON, FNL_LAYER_REASON_STATUS, 1);
	assert_false(fnl_world_event(&w, &fnl_desc_layer_changed)[FNL_LAYER_CHANGED_WEIGHT_BP].set);
	apply(stage(2, 2, "Prospecting"));
	assert_int_equal(w.out.event_count, 0);
	apply(status(3, 3, FNL_STATUS_OPEN));
	assert_layer_event(FNL_LAYER_WON, FNL_LAYER_TOP, FNL_LAYER_REASON_STAGE_MAP, 3);
	apply(status(4, 4, FNL_STATUS_LOST));
	assert_layer_event(FNL_LAYER_TOP, FNL_LAYER_LOST, FNL_LAYER_REASON_STATUS, 4);
	assert_int_equal(R(WEIGHT_BP).i64, 0);
}

static void parking_is_told_once_and_ended_once(void **state)
{
	(void)state;
	apply(stage(1, 10, "Somewhere"));
	assert_int_equal(w.out.event_count, 2);
	const struct fnl_value *v = fnl_world_event(&w, &fnl_desc_prospect_parked);
	assert_non_null(v);
	assert_true(fnl_span_eq(v[FNL_PROSPECT_PARKED_STAGE].str, FNL_SPAN_LIT("Somewhere")));
	assert_int_equal(R(PARKED_SINCE).i64, FNL_T0 + 10);
	apply(stage(2, 20, "Elsewhere"));
	assert_int_equal(w.out.event_count, 0);
	assert_int_equal(R(PARKED_SINCE).i64, FNL_T0 + 10);
	apply(stage(3, 30, "Prospecting"));
	v = fnl_world_event(&w, &fnl_desc_prospect_unparked);
	assert_non_null(v);
	assert_int_equal(v[FNL_PROSPECT_UNPARKED_PARKED_SINCE].i64, FNL_T0 + 10);
	assert_int_equal(v[FNL_PROSPECT_UNPARKED_TO_LAYER].i64, FNL_LAYER_TOP);
	assert_false(R(PARKED_SINCE).set);
	apply(stage(4, 40, "Somewhere"));
	assert_non_null(fnl_world_event(&w, &fnl_desc_prospect_parked));
}

static void deleted_rows_stay_90_days_and_go_on_folding(void **state)
{
	(void)state;
	const int64_t days_90 = INT64_C(90) * 86400000;
	apply(stage(1, 1, "Prospecting"));
	apply(fnl_input_life(&fnl_desc_prospect_deleted, 5, 50));
	assert_layer_event(FNL_LAYER_TOP, FNL_LAYER_DELETED, FNL_LAYER_REASON_DELETED, 50);
	assert_int_equal(R(NEXT_DEADLINE_AT).i64, FNL_T0 + 50 + days_90);
	apply(stage(6, 60, "Contract Sent"));
	assert_int_equal(w.out.event_count, 0);
	assert_int_equal(R(LAYER).i64, FNL_LAYER_DELETED);
	apply_stale(fnl_input_life(&fnl_desc_prospect_restored, 5, 70));
	apply_stale(fnl_input_life(&fnl_desc_prospect_restored, 4, 70));
	apply(fnl_input_life(&fnl_desc_prospect_restored, 7, 70));
	assert_layer_event(FNL_LAYER_DELETED, FNL_LAYER_BOTTOM, FNL_LAYER_REASON_STAGE_MAP, 70);
	assert_false(R(KEEP_UNTIL).set);
	apply_stale(fnl_input_life(&fnl_desc_prospect_deleted, 6, 65));
	assert_int_equal(fnl_world_timer(&w, R(NEXT_DEADLINE_AT).i64 - 1), 0);
	assert_true(w.out.stale);
	apply(fnl_input_life(&fnl_desc_prospect_deleted, 8, 80));
	assert_int_equal(fnl_world_timer(&w, FNL_T0 + 80 + days_90 - 1), 0);
	assert_true(w.out.stale);
	assert_non_null(w.row);
	assert_int_equal(fnl_world_timer(&w, FNL_T0 + 80 + days_90), 0);
	assert_int_equal(w.out.row_change, FNL_ROW_DELETE);
	assert_null(w.row);
	assert_int_equal(fnl_world_timer(&w, INT64_MAX), 0);
	assert_true(w.out.stale);
}

static void a_deletion_may_come_before_the_prospect(void **state)
{
	(void)state;
	apply(fnl_input_life(&fnl_desc_prospect_deleted, 9, 90));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_DELETED);
	apply(stage(3, 30, "Prospecting"));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_DELETED);
	apply(fnl_input_life(&fnl_desc_prospect_restored, 10, 100));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_TOP);
	fnl_world_clear(&w);
	apply(fnl_input_life(&fnl_desc_prospect_restored, 10, 100));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_NONE);
	assert_int_equal(w.out.event_count, 0);
}

static void the_link_of_a_merge_lies_on_the_loser(void **state)
{
	(void)state;
	apply(stage(1, 1, "Prospecting"));
	struct fnl_input in = fnl_input_life(&fnl_desc_prospect_merged, 2, 2);
	fnl_input_str(&in, FNL_PROSPECT_MERGED_SURVIVOR_ID, "p2");
	apply(in);
	assert_layer_event(FNL_LAYER_TOP, FNL_LAYER_MERGED, FNL_LAYER_REASON_MERGED, 2);
	assert_true(fnl_span_eq(R(SURVIVOR_ID).str, FNL_SPAN_LIT("p2")));
	assert_false(R(NEXT_DEADLINE_AT).set);
	apply(fnl_input_life(&fnl_desc_prospect_restored, 3, 3));
	assert_false(R(SURVIVOR_ID).set);
	fnl_input_str(&in, FNL_PROSPECT_MERGED_SURVIVOR_ID, "p1");
	assert_int_equal(fnl_world_apply(&w, &in), FNL_E_INVALID);
}

static void what_is_erased_never_comes_back(void **state)
{
	(void)state;
	struct fnl_input in = status(1, 1, FNL_STATUS_WON);
	fnl_input_money(&in, C(AMOUNT), 900, "EUR");
	fnl_input_money(&in, C(WON_AMOUNT), 800, "EUR");
	fnl_input_i64(&in, C(CLOSED_ON), 19000);
	fnl_input_str(&in, C(OWNER_REP_ID), "rep1");
	apply(in);
	apply(fnl_input_life(&fnl_desc_prospect_erased, 1, 10));
	assert_null(w.row);
	assert_layer_event(FNL_LAYER_WON, FNL_LAYER_ERASED, FNL_LAYER_REASON_ERASED, 10);
	const struct fnl_value *v = fnl_world_event(&w, &fnl_desc_layer_changed);
	assert_false(v[FNL_LAYER_CHANGED_OWNER_REP_ID].set || v[FNL_LAYER_CHANGED_AMOUNT].set ||
	             v[FNL_LAYER_CHANGED_STAGE].set);
	assert_int_equal(v[FNL_LAYER_CHANGED_SEQUENCE].i64, 2);
	assert_int_equal(w.erased[FNL_ERASED_WON_AMOUNT].money.amount_minor, 800);
	assert_int_equal(w.erased[FNL_ERASED_CLOSED_ON].i64, 19000);
	apply_stale(stage(99, 99, "Prospecting"));
	apply_stale(fnl_input_life(&fnl_desc_prospect_erased, 100, 100));
	apply_stale(fnl_input_life(&fnl_desc_prospect_restored, 101, 100));
	apply_stale(fnl_input_contact("c1", 5, true, 5));
	apply_stale(fnl_input_gap("g1", "p1", 5));
	apply_stale(fnl_input_contact_erased("x", 5));
	assert_null(w.row);
	apply(fnl_input_heartbeat(5)); /* the feed lives on */
	assert_false(w.out.stale);
}

static void an_unknown_or_open_prospect_leaves_a_bare_stub(void **state)
{
	(void)state;
	apply(fnl_input_life(&fnl_desc_prospect_erased, 3, 10));
	assert_int_equal(w.out.event_count, 0);
	assert_int_equal(w.out.row_change, FNL_ROW_KEEP);
	assert_int_equal(w.erased[FNL_ERASED_VERSION].i64, 3);
	fnl_world_clear(&w);
	struct fnl_input in = amount(1, 1, 5);
	apply(in); /* parked: no stage */
	apply(fnl_input_life(&fnl_desc_prospect_erased, 3, 10));
	assert_int_equal(w.out.event_count, 2);
	assert_non_null(fnl_world_event(&w, &fnl_desc_prospect_unparked));
	assert_false(w.erased[FNL_ERASED_WON_AMOUNT].set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_first_change_makes_the_row_and_tells_its_layer),
		T(two_late_changes_of_one_property_each_both_count),
		T(a_mixed_event_takes_only_its_newer_fields),
		T(an_event_that_says_nothing_is_stale),
		T(full_clears_what_it_lacks_and_cleared_what_it_names),
		T(events_come_only_when_the_layer_changes),
		T(the_layer_s_age_is_the_stage_s_own_when_it_is_told),
		T(won_lost_and_reopened),
		T(parking_is_told_once_and_ended_once),
		T(deleted_rows_stay_90_days_and_go_on_folding),
		T(a_deletion_may_come_before_the_prospect),
		T(the_link_of_a_merge_lies_on_the_loser),
		T(what_is_erased_never_comes_back),
		T(an_unknown_or_open_prospect_leaves_a_bare_stub),
	};
	return cmocka_run_group_tests(tests, prospect_start, prospect_end);
}
