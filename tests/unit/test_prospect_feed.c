#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "prospect_fixture.h"

#include <stdio.h>

static void apply_stale(struct fnl_input in)
{
	apply(in);
	assert_true(w.out.stale);
	assert_int_equal(w.out.event_count, 0);
	assert_int_equal(w.out.row_change, FNL_ROW_KEEP);
	assert_int_equal(w.out.feed_change, FNL_ROW_KEEP);
}

static struct fnl_input stage(int64_t version, int64_t at_ms, bool full)
{
	struct fnl_input in = fnl_input_changed(version, at_ms);
	fnl_input_str(&in, C(STAGE), "Prospecting");
	fnl_input_i64(&in, C(FULL), full);
	return in;
}

static void a_gap_of_a_prospect_makes_it_unknown_until_a_full_image(void **state)
{
	(void)state;
	apply(stage(1, 1, false));
	apply(fnl_input_gap("g1", "p1", 10));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_UNKNOWN);
	assert_non_null(fnl_world_event(&w, &fnl_desc_resync_requested));
	assert_non_null(fnl_world_event(&w, &fnl_desc_layer_changed));
	apply_stale(fnl_input_gap("g1", "p1", 10));
	apply(stage(2, 20, false));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_UNKNOWN);
	apply(stage(3, 30, true));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_TOP);
	assert_false(R(GAP_ID).set);
	const struct fnl_value *v = fnl_world_event(&w, &fnl_desc_resync_completed);
	assert_non_null(v);
	assert_true(fnl_span_eq(v[FNL_RESYNC_COMPLETED_GAP_ID].str, FNL_SPAN_LIT("g1")));
	assert_int_equal(v[FNL_RESYNC_COMPLETED_SEQUENCE].i64, R(SEQUENCE).i64);
	apply_stale(stage(3, 30, true));
	apply_stale(fnl_input_gap("g1", "p1", 10)); /* once more, long after */
	apply_stale(fnl_input_gap("g0", "p1", 5));  /* an earlier one */
	apply(fnl_input_gap("g2", "p1", 40));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_UNKNOWN);
	apply(fnl_input_gap("g3", "p1", 50)); /* a second one while the first is open is asked for too */
	assert_non_null(fnl_world_event(&w, &fnl_desc_resync_requested));
	assert_null(fnl_world_event(&w, &fnl_desc_layer_changed));
}

static void an_image_that_brings_nothing_new_ends_a_gap_too(void **state)
{
	(void)state;
	apply(stage(5, 5, true));
	apply(fnl_input_gap("g1", "p1", 10));
	apply_stale(stage(5, 5, true));  /* an old copy proves nothing */
	apply_stale(stage(4, 20, true)); /* nor does an old version */
	apply(stage(5, 20, true));
	assert_non_null(fnl_world_event(&w, &fnl_desc_resync_completed));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_TOP);
}

/* It was taken before what was missed; one that was asked for was not, whatever its time is. */
static void an_older_image_ends_no_gap(void **state)
{
	(void)state;
	apply(stage(5, 90, false));
	apply(fnl_input_gap("g1", "p1", 100));
	struct fnl_input late = stage(3, 50, true);
	fnl_input_money(&late, C(AMOUNT), 100, "USD");
	apply(late);
	assert_true(R(AMOUNT).set);
	assert_true(R(GAP_ID).set);
	assert_null(fnl_world_event(&w, &fnl_desc_resync_completed));
	apply(stage(6, 99, true));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_UNKNOWN);
	struct fnl_input asked_for = stage(7, 60, true);
	fnl_input_i64(&asked_for, C(SNAPSHOT), 1);
	apply(asked_for);
	assert_int_equal(R(LAYER).i64, FNL_LAYER_TOP);
	assert_non_null(fnl_world_event(&w, &fnl_desc_resync_completed));
}

static void two_gaps_of_one_moment_are_told_once_each(void **state)
{
	(void)state;
	apply(stage(1, 1, false));
	apply(fnl_input_gap("g1", "p1", 10));
	apply(fnl_input_gap("g2", "p1", 10));
	apply_stale(fnl_input_gap("g1", "p1", 10));
	apply_stale(fnl_input_gap("g2", "p1", 10));
	apply(fnl_input_gap("f1", NULL, 20));
	apply(fnl_input_gap("f2", NULL, 20));
	apply_stale(fnl_input_gap("f1", NULL, 20));
	apply_stale(fnl_input_gap("f2", NULL, 20));
}

/* Only a stage that was entered takes its own time along. */
static void a_layer_begins_when_what_decides_it_began(void **state)
{
	(void)state;
	struct fnl_input in = stage(1, 1000, true);
	fnl_input_i64(&in, C(STAGE_ENTERED_AT), FNL_T0 + 10);
	apply(in);
	assert_int_equal(R(LAYER_SINCE).i64, FNL_T0 + 10);
	in = stage(2, 5000, true);
	fnl_input_i64(&in, C(STAGE_ENTERED_AT), FNL_T0 + 10);
	fnl_input_i64(&in, C(PROBABILITY_BP), 8000);
	fnl_input_i64(&in, C(PROBABILITY_SOURCE), FNL_PROBABILITY_SOURCE_MANUAL);
	apply(in);
	assert_int_equal(R(LAYER).i64, FNL_LAYER_BOTTOM);
	assert_int_equal(R(LAYER_SINCE).i64, FNL_T0 + 5000);
	in = stage(3, 6000, true);
	fnl_input_i64(&in, C(STAGE_ENTERED_AT), FNL_T0 + 10);
	apply(in);
	assert_int_equal(R(LAYER).i64, FNL_LAYER_TOP);
	assert_int_equal(R(LAYER_SINCE).i64, FNL_T0 + 6000);
	in = stage(4, 7000, true);
	fnl_input_i64(&in, C(STAGE_ENTERED_AT), FNL_T0 + 10);
	fnl_input_i64(&in, C(STATUS), FNL_STATUS_WON);
	apply(in);
	assert_int_equal(R(LAYER_SINCE).i64, FNL_T0 + 7000);
}

static void a_gap_may_come_before_the_prospect(void **state)
{
	(void)state;
	apply(fnl_input_gap("g1", "p1", 10));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_UNKNOWN);
	assert_int_equal(w.out.event_count, 2);
	apply(stage(1, 20, true));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_TOP);
}

static void a_gap_leaves_the_won_alone(void **state)
{
	(void)state;
	struct fnl_input in = fnl_input_changed(1, 1);
	fnl_input_i64(&in, C(STATUS), FNL_STATUS_WON);
	apply(in);
	apply(fnl_input_gap("g1", "p1", 10));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_WON);
	assert_int_equal(w.out.event_count, 1);
}

static void a_gap_of_the_source_reaches_each_row_at_its_next_change(void **state)
{
	(void)state;
	apply(stage(1, 1, false));
	apply(fnl_input_gap("g1", NULL, 10));
	assert_int_equal(w.out.row_change, FNL_ROW_KEEP);
	assert_int_equal(w.feed[FNL_FEED_GAP_COUNT].i64, 1);
	const struct fnl_value *v = fnl_world_event(&w, &fnl_desc_resync_requested);
	assert_non_null(v);
	assert_false(v[FNL_RESYNC_REQUESTED_PROSPECT_ID].set);
	apply_stale(fnl_input_gap("g1", NULL, 10));
	apply_stale(fnl_input_gap("g0", NULL, 5));
	apply(stage(2, 20, false));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_UNKNOWN);
	apply(stage(3, 30, true));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_TOP);
	assert_int_equal(R(FEED_GAPS_SEEN).i64, 1);
	apply(stage(4, 40, false));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_TOP);
}

static void only_one_partition_asks_for_the_whole_source(void **state)
{
	(void)state;
	struct fnl_input in = fnl_input_gap("g1", NULL, 10);
	struct fnl_prospect_in from = {.now_ms = FNL_T0, .rules = w.rules, .arena = &w.arena};
	struct fnl_prospect_out out;
	assert_int_equal(fnl_prospect_apply(&from, in.desc, in.v, false, &out, NULL), 0);
	assert_int_equal(out.event_count, 0);
	assert_int_equal(out.feed_change, FNL_ROW_PUT);
}

static void a_new_row_is_born_after_the_gaps(void **state)
{
	(void)state;
	apply(fnl_input_gap("g1", NULL, 10));
	apply(stage(1, 20, false));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_TOP);
	assert_int_equal(R(FEED_GAPS_SEEN).i64, 1);
}

static void another_source_neither_sees_nor_heals_a_gap(void **state)
{
	(void)state;
	apply(stage(1, 1, false));
	apply(fnl_input_gap("g1", NULL, 10));
	apply(stage(2, 20, false));
	const struct fnl_value *crm = w.feed;
	struct fnl_input in = stage(3, 30, false);
	fnl_input_str(&in, C(SOURCE), "erp");
	w.feed = NULL; /* the other source has no feed row */
	apply(in);
	assert_true(fnl_span_eq(R(SOURCE).str, FNL_SPAN_LIT("erp")));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_UNKNOWN);
	in = stage(4, 40, false);
	fnl_input_str(&in, C(SOURCE), "erp");
	apply(in);
	assert_int_equal(R(LAYER).i64, FNL_LAYER_UNKNOWN);
	w.feed = crm;
	apply(stage(5, 50, true));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_TOP);
}

/* Heard is heard when it comes, whatever time the source gives it; the row is written for what is news. */
static void heartbeats_only_go_forward(void **state)
{
	(void)state;
	const int64_t slack_ms = 30 * 60000 / 16;
	apply(fnl_input_heartbeat(100));
	assert_int_equal(w.feed[FNL_FEED_LAST_HEARD_AT].i64, FNL_T0);
	w.now_ms = FNL_T0 + slack_ms - 1;
	apply_stale(fnl_input_heartbeat(200));
	apply(fnl_input_gap("g", NULL, 110));
	w.now_ms = FNL_T0 - 1000;
	apply_stale(fnl_input_heartbeat(300));
	w.now_ms = FNL_T0 + slack_ms;
	apply(fnl_input_heartbeat(50));
	assert_int_equal(w.feed[FNL_FEED_GAP_COUNT].i64, 1);
	assert_int_equal(w.feed[FNL_FEED_LAST_HEARD_AT].i64, FNL_T0 + slack_ms);
}

static void contacts_fold_by_id_and_only_reached_ones_count(void **state)
{
	(void)state;
	apply(fnl_input_contact("c1", 10, true, 11));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_NONE); /* a contact alone says nothing about the layer */
	assert_int_equal(w.out.event_count, 0);
	assert_int_equal(R(LAST_CONTACT_AT).i64, FNL_T0 + 10);
	apply_stale(fnl_input_contact("c1", 10, true, 11));
	apply_stale(fnl_input_contact("c1", 99, true, 10));
	apply(fnl_input_contact("c2", 20, false, 21));
	assert_int_equal(R(LAST_CONTACT_AT).i64, FNL_T0 + 10);
	apply(fnl_input_contact("c2", 20, true, 22));
	assert_int_equal(R(LAST_CONTACT_AT).i64, FNL_T0 + 20);
	assert_int_equal(R(CONTACTS).list.count, 2);
	struct fnl_input in = fnl_input_contact("c2", 20, true, 23);
	fnl_input_i64(&in, FNL_CONTACT_LOGGED_RETRACTED, 1);
	apply(in);
	assert_int_equal(R(LAST_CONTACT_AT).i64, FNL_T0 + 10);
	apply(stage(1, 30, false));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_TOP);
}

static void the_crm_s_own_date_and_the_contacts_meet_at_the_later(void **state)
{
	(void)state;
	struct fnl_input in = stage(5, 5, false);
	fnl_input_i64(&in, C(LAST_CONTACT_AT), FNL_T0 + 100);
	apply(in);
	apply(fnl_input_contact("c1", 50, true, 51));
	assert_int_equal(R(LAST_CONTACT_AT).i64, FNL_T0 + 100);
	apply(fnl_input_contact("c2", 200, true, 201));
	assert_int_equal(R(LAST_CONTACT_AT).i64, FNL_T0 + 200);
	in = stage(6, 300, false);
	fnl_input_i64(&in, C(LAST_CONTACT_AT), FNL_T0 + 150);
	apply(in);
	assert_int_equal(R(LAST_CONTACT_AT).i64, FNL_T0 + 200);
}

static void eight_contacts_are_kept_the_latest_first(void **state)
{
	(void)state;
	static const int order[] = {3, 11, 7, 0, 9, 1, 5, 10, 2, 8, 4, 6};
	for (size_t i = 0; i < 12; i++) {
		char id[8];
		snprintf(id, sizeof(id), "c%d", order[i]);
		struct fnl_input in = fnl_input_contact(id, order[i] * 10, order[i] == 2, 500);
		struct fnl_value kept_id = in.v[FNL_CONTACT_LOGGED_CONTACT_ID];
		kept_id.str = fnl_arena_dup(&w.arena, kept_id.str);
		in.v[FNL_CONTACT_LOGGED_CONTACT_ID] = kept_id;
		apply(in);
	}
	struct fnl_list list = R(CONTACTS).list;
	assert_int_equal(list.count, 8);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(list.items[i].list.items[FNL_CONTACT_SEEN_AT].i64, FNL_T0 + (11 - (int64_t)i) * 10);
	}
	assert_int_equal(R(LAST_CONTACT_AT).i64, FNL_T0 + 20); /* from one that is no longer in the list */
	apply_stale(fnl_input_contact("c2", 20, true, 500));
	apply_stale(fnl_input_contact("c0", 0, false, 600));
	/* ties go by id */
	apply(fnl_input_contact("b", 110, false, 700));
	assert_true(fnl_span_eq(R(CONTACTS).list.items[0].list.items[FNL_CONTACT_SEEN_CONTACT_ID].str, FNL_SPAN_LIT("b")));
}

static void the_next_meeting_comes_from_the_latest_contact(void **state)
{
	(void)state;
	struct fnl_input in = fnl_input_contact("c2", 20, true, 21);
	fnl_input_i64(&in, FNL_CONTACT_LOGGED_NEXT_MEETING_ON, 20001);
	apply(in);
	assert_int_equal(R(NEXT_MEETING_ON).i64, 20001);
	in = fnl_input_contact("c1", 10, true, 22);
	fnl_input_i64(&in, FNL_CONTACT_LOGGED_NEXT_MEETING_ON, 20000);
	apply(in);
	assert_int_equal(R(NEXT_MEETING_ON).i64, 20001);
	in = fnl_input_changed(1, 30);
	fnl_input_i64(&in, C(NEXT_MEETING_ON), 20005); /* its version was left alone, so any version may set it */
	apply(in);
	assert_int_equal(R(NEXT_MEETING_ON).i64, 20005);
}

static void an_erased_person_leaves_the_list(void **state)
{
	(void)state;
	struct fnl_value ids[] = {
		{.set = true, .str = FNL_SPAN_LIT("a")},
		{.set = true, .str = FNL_SPAN_LIT("b")},
		{.set = true, .str = FNL_SPAN_LIT("a")},
	};
	apply(fnl_input_heartbeat(0));
	apply_stale(fnl_input_contact_erased("a", 1));
	struct fnl_input in = stage(1, 1, false);
	in.v[C(CONTACT_IDS)] = (struct fnl_value){.set = true, .list = {ids, 3}};
	apply(in);
	apply(fnl_input_contact_erased("a", 2));
	assert_int_equal(R(CONTACT_IDS).list.count, 1);
	assert_true(fnl_span_eq(R(CONTACT_IDS).list.items[0].str, FNL_SPAN_LIT("b")));
	apply_stale(fnl_input_contact_erased("a", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_gap_of_a_prospect_makes_it_unknown_until_a_full_image),
		T(an_image_that_brings_nothing_new_ends_a_gap_too),
		T(an_older_image_ends_no_gap),
		T(two_gaps_of_one_moment_are_told_once_each),
		T(a_layer_begins_when_what_decides_it_began),
		T(a_gap_may_come_before_the_prospect),
		T(a_gap_leaves_the_won_alone),
		T(a_gap_of_the_source_reaches_each_row_at_its_next_change),
		T(only_one_partition_asks_for_the_whole_source),
		T(a_new_row_is_born_after_the_gaps),
		T(another_source_neither_sees_nor_heals_a_gap),
		T(heartbeats_only_go_forward),
		T(contacts_fold_by_id_and_only_reached_ones_count),
		T(the_crm_s_own_date_and_the_contacts_meet_at_the_later),
		T(eight_contacts_are_kept_the_latest_first),
		T(the_next_meeting_comes_from_the_latest_contact),
		T(an_erased_person_leaves_the_list),
	};
	return cmocka_run_group_tests(tests, prospect_start, prospect_end);
}
