#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "prospect_fixture.h"
#include "prospect_story.h"
#include "supervised.h"

/* A prospect under supervision from its inputs on: what moves its clocks, when its timers fire, what books hear. */

#define DAY_MS INT64_C(86400000)

/* BOTTOM, of the default rules: no edit for 10 business days, 2 later the manager, 5 later the next level; 30 in the
 * layer; no contact for 5; more than one push; grace of 5. 2024-06-10 is a Monday. */

#define IS(expected) assert_string_equal(story_stalls(R(STALLS).list), expected)
#define NEXT(expected) assert_string_equal(story_moment(R(NEXT_DEADLINE_AT)), expected)

/* ---- timers ---- */

static void up_the_ladder_at_each_first_moment(void **state)
{
	(void)state;
	static const struct {
		const char *when;
		const char *stalls;
	} steps[] = {
		{"Mon 06-24 09:00", "STALE NO_EDIT REP"},
		{"Wed 06-26 09:00", "STALE NO_EDIT MANAGER"},
		{"Mon 07-01 09:00", "STALE NO_EDIT NEXT_LEVEL"},
		{"Mon 07-22 09:00", "STUCK IN_LAYER REP; STALE NO_EDIT NEXT_LEVEL"},
		{"Wed 07-24 09:00", "STUCK IN_LAYER MANAGER; STALE NO_EDIT NEXT_LEVEL"},
		{"Mon 07-29 09:00", "STUCK IN_LAYER NEXT_LEVEL; STALE NO_EDIT NEXT_LEVEL"},
	};
	story_born(&w);
	IS("nothing");
	int64_t changed_at = R(CHANGED_AT).i64;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int64_t due_ms = R(NEXT_DEADLINE_AT).i64, sequence = R(SEQUENCE).i64;
		NEXT(steps[i].when);
		assert_int_equal(fnl_world_timer(&w, due_ms - 1), 0);
		assert_true(w.out.stale);
		assert_int_equal(fnl_world_timer(&w, due_ms), 0);
		IS(steps[i].stalls);
		assert_int_equal(w.out.line_count, 1);
		assert_int_equal(story_told(&w, "rep:a", FNL_LINE_STATE_OWNED)[FNL_BOOK_LINE_OCCURRED_AT].i64, due_ms);
		assert_int_equal(R(SEQUENCE).i64, sequence + 1);
	}
	assert_int_equal(R(CHANGED_AT).i64, changed_at);
	NEXT("never");
}

/* The clock on the wall stood still for us: what was missed is one step, with the moment that was due first. */
static void what_an_outage_missed_is_one_line(void **state)
{
	(void)state;
	story_born(&w);
	int64_t due_ms = R(NEXT_DEADLINE_AT).i64, sequence = R(SEQUENCE).i64;
	assert_int_equal(fnl_world_timer(&w, fnl_moment("2024-07-23")), 0);
	IS("STUCK IN_LAYER REP; STALE NO_EDIT NEXT_LEVEL");
	assert_int_equal(w.out.line_count, 1);
	assert_int_equal(story_told(&w, "rep:a", FNL_LINE_STATE_OWNED)[FNL_BOOK_LINE_OCCURRED_AT].i64, due_ms);
	assert_int_equal(R(SEQUENCE).i64, sequence + 1);
	NEXT("Wed 07-24 09:00");
}

/* One moment for two things: the copy of a former owner ends, and the prospect stalls. */
static void a_former_owner_ends_as_it_stalls(void **state)
{
	(void)state;
	story_born(&w);
	story_at(&w, "2024-06-10 10:00");
	story_change_text(&w, C(OWNER_REP_ID), "b");
	story_until(&w, "2025-07-15 09:00"); /* the copy's 400 days end at 10:00 */
	story_change_text(&w, C(REGION), "north");
	int64_t due_ms = R(NEXT_DEADLINE_AT).i64, sequence = R(SEQUENCE).i64;
	NEXT("Tue 07-15 10:00");
	assert_int_equal(fnl_world_timer(&w, fnl_moment("2025-07-30")), 0);
	assert_int_equal(w.out.line_count, 2);
	assert_int_equal(w.out.lines[0].values[FNL_BOOK_LINE_STATE].i64, FNL_LINE_STATE_GONE);
	assert_int_equal(w.out.lines[0].values[FNL_BOOK_LINE_STALLS].list.count, 0);
	assert_int_equal(story_told(&w, "rep:b", FNL_LINE_STATE_OWNED)[FNL_BOOK_LINE_OCCURRED_AT].i64, due_ms);
	assert_int_equal(R(SEQUENCE).i64, sequence + 1);
}

/* ---- edits ---- */

static void only_a_person_s_edit_is_one(void **state)
{
	(void)state;
	story_born(&w);
	story_until(&w, "2024-06-24 10:00");
	IS("STALE NO_EDIT REP");
	struct fnl_input in = story_change(&w);
	fnl_input_str(&in, C(REGION), "south");
	fnl_input_i64(&in, C(ACTOR_KIND), FNL_ACTOR_KIND_SYSTEM);
	story_apply(&w, in);
	in = story_change(&w);
	fnl_input_str(&in, C(REGION), "north");
	fnl_input_i64(&in, C(BULK), 1);
	story_apply(&w, in);
	in = story_change(&w);
	fnl_input_str(&in, C(REGION), "east");
	fnl_input_i64(&in, C(SNAPSHOT), 1);
	story_apply(&w, in);
	story_contact(&w, "c1");
	in.v[C(VERSION)].i64 = 1;
	in.v[C(SNAPSHOT)].i64 = 0;
	story_apply(&w, in);
	assert_true(w.out.stale);
	IS("STALE NO_EDIT REP");
	assert_string_equal(story_moment(R(EDITED_AT)), "Mon 06-10 09:00");
	story_change_text(&w, C(REGION), "west");
	IS("nothing");
	assert_string_equal(story_moment(R(EDITED_AT)), "Mon 06-24 10:00");
	story_told(&w, "rep:a", FNL_LINE_STATE_OWNED);
	NEXT("Mon 07-08 10:00");
	/* an edit that comes late is behind one that came before it */
	in = story_change(&w);
	fnl_input_i64(&in, C(OCCURRED_AT), fnl_moment("2024-06-20"));
	fnl_input_str(&in, C(INDUSTRY), "steel");
	story_apply(&w, in);
	assert_string_equal(story_moment(R(EDITED_AT)), "Mon 06-24 10:00");
}

/* While it stalls the books have what a diagnosis goes by. */
static void evidence_goes_along(void **state)
{
	(void)state;
	story_born(&w);
	struct fnl_input in = story_change(&w);
	fnl_input_i64(&in, C(ACTOR_KIND), FNL_ACTOR_KIND_SYSTEM);
	fnl_input_str(&in, C(BLOCKER), "FUNDS");
	story_apply(&w, in);
	story_nobody_heard(&w);
	story_until(&w, "2024-06-25");
	in = story_change(&w);
	fnl_input_i64(&in, C(ACTOR_KIND), FNL_ACTOR_KIND_SYSTEM);
	fnl_input_str(&in, C(BLOCKER), "APPROVAL");
	story_apply(&w, in);
	const struct fnl_value *line = story_told(&w, "rep:a", FNL_LINE_STATE_OWNED);
	const struct fnl_value *evidence = line[FNL_BOOK_LINE_EVIDENCE].list.items;
	assert_true(fnl_span_eq(evidence[FNL_EVIDENCE_BLOCKER].str, FNL_SPAN_LIT("APPROVAL")));
	in = story_change(&w);
	fnl_input_i64(&in, C(ACTOR_KIND), FNL_ACTOR_KIND_SYSTEM);
	fnl_input_i64(&in, C(CREATED_AT), 1);
	story_apply(&w, in);
	story_nobody_heard(&w); /* neither the line nor the evidence shows it */
}

static void pushes_of_a_day_count_once(void **state)
{
	(void)state;
	story_born(&w);
	story_change_day(&w, C(EXPECTED_CLOSE_DATE), "2024-09-01");
	story_at(&w, "2024-06-11 09:00");
	story_change_day(&w, C(EXPECTED_CLOSE_DATE), "2024-09-10");
	story_change_day(&w, C(EXPECTED_CLOSE_DATE), "2024-09-20");
	assert_int_equal(R(PUSH_COUNT).i64, 1);
	story_at(&w, "2024-06-12 09:00");
	story_change_day(&w, C(EXPECTED_CLOSE_DATE), "2024-09-05"); /* to an earlier day */
	struct fnl_input in = story_change(&w);
	fnl_input_i64(&in, C(EXPECTED_CLOSE_DATE), fnl_moment("2024-10-01") / DAY_MS);
	fnl_input_i64(&in, C(BULK), 1);
	story_apply(&w, in);
	assert_int_equal(R(PUSH_COUNT).i64, 1);
	IS("nothing");
	story_change_day(&w, C(EXPECTED_CLOSE_DATE), "2024-10-02");
	assert_int_equal(R(PUSH_COUNT).i64, 2);
	IS("SLIPPED PUSHED REP");
	story_told(&w, "rep:a", FNL_LINE_STATE_OWNED);
	assert_int_equal(R(FIRST_CLOSE_DATE).i64, fnl_moment("2024-09-01") / DAY_MS);
	/* cleared and set again is no push, and ends none */
	story_at(&w, "2024-06-13 09:00");
	in = story_change(&w);
	static struct fnl_value cleared = {.set = true, .str = FNL_SPAN_LIT("expected_close_date")};
	in.v[C(CLEARED)].list = (struct fnl_list){&cleared, 1};
	story_apply(&w, in);
	story_change_day(&w, C(EXPECTED_CLOSE_DATE), "2024-12-01");
	assert_int_equal(R(PUSH_COUNT).i64, 2);
	IS("SLIPPED PUSHED REP");
}

/* ---- owners, and ways out and back ---- */

static void a_new_owner_has_grace(void **state)
{
	(void)state;
	story_born(&w);
	story_until(&w, "2024-06-27 12:00");
	IS("STALE NO_EDIT MANAGER");
	struct fnl_input in = story_change(&w);
	fnl_input_str(&in, C(OWNER_REP_ID), "b");
	fnl_input_i64(&in, C(ACTOR_KIND), FNL_ACTOR_KIND_SYSTEM);
	fnl_input_i64(&in, C(BULK), 1); /* what is new wins over what is quiet */
	story_apply(&w, in);
	IS("STALE NO_EDIT NONE until Thu 07-04 12:00");
	story_told(&w, "rep:b", FNL_LINE_STATE_OWNED);
	story_told(&w, "rep:a", FNL_LINE_STATE_WATCHED);
	assert_string_equal(story_moment(R(OWNER_SINCE)), "Thu 06-27 12:00");
	assert_int_equal(story_until(&w, "2024-07-04 12:00"), 1);
	IS("STALE NO_EDIT REP");
	story_told(&w, "rep:b", FNL_LINE_STATE_OWNED);
	story_told(&w, "rep:a", FNL_LINE_STATE_WATCHED);
	NEXT("Mon 07-08 12:00");
	/* the pool has no grace, and gives none */
	in = story_change(&w);
	static struct fnl_value cleared = {.set = true, .str = FNL_SPAN_LIT("owner_rep_id")};
	in.v[C(CLEARED)].list = (struct fnl_list){&cleared, 1};
	fnl_input_i64(&in, C(ACTOR_KIND), FNL_ACTOR_KIND_SYSTEM);
	story_apply(&w, in);
	assert_false(R(OWNER_SINCE).set);
	IS("STALE NO_EDIT REP");
	story_told(&w, "pool:UNASSIGNED", FNL_LINE_STATE_OWNED);
	in = story_change(&w);
	fnl_input_str(&in, C(OWNER_REP_ID), "c");
	fnl_input_i64(&in, C(ACTOR_KIND), FNL_ACTOR_KIND_SYSTEM);
	story_apply(&w, in);
	assert_false(R(OWNER_SINCE).set);
	IS("STALE NO_EDIT REP");
}

static void out_of_the_funnel_nothing_stalls(void **state)
{
	(void)state;
	story_born(&w);
	story_until(&w, "2024-06-27 12:00");
	struct fnl_input in = story_change(&w);
	fnl_input_i64(&in, C(STATUS), FNL_STATUS_LOST);
	fnl_input_i64(&in, C(ACTOR_KIND), FNL_ACTOR_KIND_SYSTEM);
	story_apply(&w, in);
	IS("nothing");
	assert_int_equal(story_told(&w, "rep:a", FNL_LINE_STATE_OWNED)[FNL_BOOK_LINE_LAYER].i64, FNL_LAYER_LOST);
	NEXT("never");
	/* a return in time continues the layer's clock, but nobody was to care for it meanwhile */
	story_at(&w, "2024-07-02 12:00");
	in = story_change(&w);
	fnl_input_i64(&in, C(STATUS), FNL_STATUS_OPEN);
	fnl_input_i64(&in, C(ACTOR_KIND), FNL_ACTOR_KIND_SYSTEM);
	story_apply(&w, in);
	IS("nothing");
	assert_string_equal(story_moment(R(REOPENED_AT)), "Tue 07-02 12:00");
	NEXT("Tue 07-16 12:00");
	story_until(&w, "2024-07-22 09:00");
	IS("STUCK IN_LAYER REP; STALE NO_EDIT MANAGER");
	story_change_status(&w, FNL_STATUS_WON);
	IS("nothing");
	/* a late one starts anew, and the time before is kept */
	story_at(&w, "2024-08-12 09:00");
	story_change_status(&w, FNL_STATUS_OPEN);
	story_until(&w, "2024-09-23 09:00");
	IS("STUCK IN_LAYER REP; STALE NO_EDIT NEXT_LEVEL");
	const struct fnl_value *clock = R(LAYER_TIMES).list.items[0].list.items;
	assert_int_equal(clock[FNL_LAYER_TIME_SPENT_MS].i64, 30 * DAY_MS);
}

static void deleted_and_restored(void **state)
{
	(void)state;
	story_born(&w);
	story_until(&w, "2024-06-24 09:00");
	story_apply(&w, story_life(&w, &fnl_desc_prospect_deleted));
	IS("nothing");
	story_told(&w, "rep:a", FNL_LINE_STATE_OWNED);
	assert_int_equal(R(NEXT_DEADLINE_AT).i64, R(KEEP_UNTIL).i64);
	story_at(&w, "2024-06-26 09:00");
	story_apply(&w, story_life(&w, &fnl_desc_prospect_restored));
	assert_string_equal(story_moment(R(REOPENED_AT)), "Wed 06-26 09:00");
	NEXT("Wed 07-10 09:00");
	struct fnl_input in = story_life(&w, &fnl_desc_prospect_merged);
	fnl_input_str(&in, FNL_PROSPECT_MERGED_SURVIVOR_ID, "p2");
	story_apply(&w, in);
	NEXT("never");
	story_at(&w, "2024-06-27 09:00");
	story_apply(&w, story_life(&w, &fnl_desc_prospect_restored));
	assert_string_equal(story_moment(R(REOPENED_AT)), "Thu 06-27 09:00");
	story_until(&w, "2024-07-11 09:00");
	IS("STALE NO_EDIT REP");
	story_apply(&w, story_life(&w, &fnl_desc_prospect_erased));
	const struct fnl_value *line = fnl_world_line(&w, "rep:a");
	assert_int_equal(line[FNL_BOOK_LINE_STALLS].list.count, 0);
	assert_false(line[FNL_BOOK_LINE_EVIDENCE].set);
}

/* Up, down and up again: each layer has a clock of its own. */
static void to_and_fro_between_layers(void **state)
{
	(void)state;
	story_born(&w);
	story_until(&w, "2024-06-13 09:00");
	story_change_text(&w, C(STAGE), "Prospecting");
	story_at(&w, "2024-06-18 09:00");
	story_change_text(&w, C(STAGE), "Contract Sent");
	struct fnl_list times = R(LAYER_TIMES).list;
	assert_int_equal(times.count, 2);
	const struct fnl_value *top = times.items[0].list.items, *low = times.items[1].list.items;
	assert_int_equal(top[FNL_LAYER_TIME_LAYER].i64, FNL_LAYER_TOP);
	assert_string_equal(story_moment(top[FNL_LAYER_TIME_LEFT_AT]), "Tue 06-18 09:00");
	assert_string_equal(story_moment(low[FNL_LAYER_TIME_SINCE]), "Mon 06-10 09:00");
	assert_false(low[FNL_LAYER_TIME_LEFT_AT].set);
	assert_string_equal(story_moment(R(LAYER_SINCE)), "Tue 06-18 09:00");
	story_until(&w, "2024-07-22 09:00");
	IS("STUCK IN_LAYER REP; STALE NO_EDIT NEXT_LEVEL");
}

/* ---- quiet ---- */

static struct fnl_input old_image(void)
{
	struct fnl_input in = story_bottom(&w);
	fnl_input_i64(&in, C(STAGE_ENTERED_AT), fnl_moment("2024-01-02"));
	fnl_input_i64(&in, C(LAST_EDIT_AT), fnl_moment("2024-02-01"));
	return in;
}

static void a_first_load_is_shown_and_not_told(void **state)
{
	(void)state;
	static const char beyond[] = "STUCK IN_LAYER NONE until Mon 07-22 09:00; STALE NO_EDIT NONE until Mon 06-24 09:00";
	static const int marks[] = {C(SNAPSHOT), C(BULK)};
	for (int i = 0; i < 3; i++) {
		prospect_fresh(NULL);
		story_at(&w, "2024-06-10 09:00");
		struct fnl_input in = old_image();
		if (i < 2) {
			fnl_input_i64(&in, marks[i], 1);
		} else {
			fnl_input_i64(&in, C(OCCURRED_AT), w.now_ms - DAY_MS - 1); /* the feed was away */
		}
		story_apply(&w, in);
		if (i < 2) {
			IS(beyond);
			story_told(&w, "rep:a", FNL_LINE_STATE_OWNED);
			NEXT("Mon 06-24 09:00");
		} else {
			IS("STUCK IN_LAYER NONE until Mon 07-22 09:00"); /* it was edited yesterday */
		}
	}
	prospect_fresh(NULL);
	story_at(&w, "2024-06-10 09:00");
	struct fnl_input in = old_image();
	fnl_input_i64(&in, C(OCCURRED_AT), w.now_ms - DAY_MS);
	fnl_input_i64(&in, C(ACTOR_KIND), FNL_ACTOR_KIND_SYSTEM);
	story_apply(&w, in);
	IS("STUCK IN_LAYER NEXT_LEVEL; STALE NO_EDIT NEXT_LEVEL"); /* young enough */
}

/* A row from before there were clocks stalls since long; nobody is to wake up to that all at once. */
static void the_first_look_at_an_old_row_is_quiet(void **state)
{
	(void)state;
	story_born(&w);
	w.row_values[FNL_PROSPECT_LAYER_TIMES].list.count = 0;
	w.row_values[FNL_PROSPECT_EDITED_AT] = (struct fnl_value){0};
	w.row_values[FNL_PROSPECT_NEXT_DEADLINE_AT] = (struct fnl_value){0};
	story_at(&w, "2024-08-05 09:00");
	story_contact(&w, "c1");
	IS("STUCK IN_LAYER NONE until Mon 09-16 09:00; STALE NO_EDIT NONE until Mon 08-19 09:00");
	assert_string_equal(story_moment(R(LAYER_TIMES).list.items[0].list.items[FNL_LAYER_TIME_SINCE]), "Mon 06-10 09:00");
	story_at(&w, "2024-08-06 09:00");
	story_contact(&w, "c2");
	IS("STUCK IN_LAYER NONE until Mon 09-16 09:00; STALE NO_EDIT NONE until Mon 08-19 09:00");
}

/* ---- rules ---- */

static void other_rules_make_and_clear_stalls(void **state)
{
	(void)state;
	story_born(&w);
	story_until(&w, "2024-06-17 12:00");
	rules("[rules]\nversion = 1\n[stale_edit]\nbottom = 5\n");
	int64_t sequence = R(SEQUENCE).i64, changed_at = R(CHANGED_AT).i64;
	assert_int_equal(fnl_world_reevaluate(&w, fnl_moment("2024-06-17 11:00")), 0);
	IS("STALE NO_EDIT REP");
	const struct fnl_value *line = story_told(&w, "rep:a", FNL_LINE_STATE_OWNED);
	assert_int_equal(line[FNL_BOOK_LINE_OCCURRED_AT].i64, fnl_moment("2024-06-17 11:00"));
	assert_int_equal(line[FNL_BOOK_LINE_RULES_VERSION].i64, 1);
	assert_int_equal(w.out.event_count, 0);
	assert_int_equal(R(SEQUENCE).i64, sequence + 1);
	assert_int_equal(R(CHANGED_AT).i64, changed_at);
	NEXT("Wed 06-19 09:00");
	rules("[rules]\nversion = 2\n[stale_edit]\nbottom = 6\n");
	assert_int_equal(fnl_world_reevaluate(&w, fnl_moment("2024-06-17 13:00")), 0);
	IS("nothing");
	story_told(&w, "rep:a", FNL_LINE_STATE_OWNED);
	NEXT("Tue 06-18 09:00");
	rules("[rules]\nversion = 3\n[stale_edit]\nbottom = 7\n");
	sequence = R(SEQUENCE).i64;
	assert_int_equal(fnl_world_reevaluate(&w, fnl_moment("2024-06-17 14:00")), 0);
	story_nobody_heard(&w);
	assert_int_equal(R(SEQUENCE).i64, sequence);
	NEXT("Wed 06-19 09:00");
}

/* Nothing is over before its time because somebody's clock is ahead. */
static void rules_dated_ahead_of_the_clock(void **state)
{
	(void)state;
	story_born(&w);
	rules("[rules]\nversion = 1\n");
	struct fnl_prospect_in in = {.row = w.row, .now_ms = fnl_moment("2024-06-24 08:00"), .rules = w.rules};
	in.arena = &w.arena;
	assert_int_equal(fnl_prospect_reevaluate(&in, fnl_moment("2024-06-24 10:00"), &w.out, &w.why), 0);
	assert_int_equal(w.out.row[FNL_PROSPECT_STALLS].list.count, 0);
	assert_string_equal(story_moment(w.out.row[FNL_PROSPECT_NEXT_DEADLINE_AT]), "Mon 06-24 09:00");
}

/* They were activated before it stalled, and come after that was told: it is not told again. */
static void rules_that_come_late_do_not_turn_time_back(void **state)
{
	(void)state;
	story_born(&w);
	story_until(&w, "2024-06-24 09:00");
	IS("STALE NO_EDIT REP");
	rules("[rules]\nversion = 1\n");
	assert_int_equal(fnl_world_reevaluate(&w, fnl_moment("2024-06-24 08:00")), 0);
	IS("STALE NO_EDIT REP");
	story_nobody_heard(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(up_the_ladder_at_each_first_moment),
		T(what_an_outage_missed_is_one_line),
		T(a_former_owner_ends_as_it_stalls),
		T(only_a_person_s_edit_is_one),
		T(evidence_goes_along),
		T(pushes_of_a_day_count_once),
		T(a_new_owner_has_grace),
		T(out_of_the_funnel_nothing_stalls),
		T(deleted_and_restored),
		T(to_and_fro_between_layers),
		T(a_first_load_is_shown_and_not_told),
		T(the_first_look_at_an_old_row_is_quiet),
		T(other_rules_make_and_clear_stalls),
		T(rules_dated_ahead_of_the_clock),
		T(rules_that_come_late_do_not_turn_time_back),
	};
	return cmocka_run_group_tests(tests, prospect_start, prospect_end);
}
