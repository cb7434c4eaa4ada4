/* Who hears of a stall, and when not, told as stories (support/story.h): the ladder, first loads, new owners, silent
 * feeds, other rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "story.h"

/* ---- who hears of it ---- */

static void steps_of_an_outage_are_one(void **state)
{
	(void)state;
	TELL("2024-06-03 09:00 enter BOTTOM => nothing | Mon 06-10 09:00",
	     "2024-06-13 09:00 edit => SILENT NO_CONTACT MANAGER | Mon 06-17 09:00",
	     "2024-06-17 09:00 look => SILENT NO_CONTACT NEXT_LEVEL | Thu 06-27 09:00",
	     "2024-08-01 09:00 look => STUCK IN_LAYER NEXT_LEVEL; SILENT NO_CONTACT NEXT_LEVEL; "
	     "STALE NO_EDIT NEXT_LEVEL | never");
}

static void the_next_level_never_hears_of_the_top(void **state)
{
	(void)state;
	TELL("2024-01-01 09:00 enter TOP => nothing | Mon 01-29 09:00",
	     "2024-01-29 09:00 look => SILENT NO_CONTACT REP | Mon 02-12 09:00",
	     "2025-01-01 09:00 look => STUCK IN_LAYER MANAGER; SILENT NO_CONTACT MANAGER; STALE NO_EDIT MANAGER | never");
}

static void a_kind_is_told_again_only_when_it_was_over(void **state)
{
	(void)state;
	TELL("2024-06-03 09:00 enter BOTTOM", "2024-06-10 09:00 edit => SILENT NO_CONTACT REP | Wed 06-12 09:00",
	     "2024-06-11 09:00 contact => nothing | Tue 06-18 09:00",
	     "2024-06-18 09:00 look => SILENT NO_CONTACT REP | Thu 06-20 09:00",
	     "2024-06-20 09:00 look => SILENT NO_CONTACT MANAGER | Mon 06-24 09:00",
	     /* into the next layer, where it is silent, too: the same stall, by that layer's ladder */
	     "2024-06-26 09:00 enter MIDDLE => SILENT NO_CONTACT MANAGER | Mon 07-01 09:00",
	     "2024-07-02 10:00 enter BOTTOM => SILENT NO_CONTACT NEXT_LEVEL; STALE NO_EDIT NEXT_LEVEL | Mon 07-15 09:00");
}

static void a_level_does_not_go_down_with_the_layer(void **state)
{
	(void)state;
	TELL("2024-06-03 09:00 created", "2024-06-03 09:00 enter BOTTOM",
	     "2024-06-18 09:00 edit => SILENT NO_CONTACT NEXT_LEVEL | Tue 07-02 09:00",
	     "2024-06-18 09:00 enter TOP => nothing | Mon 07-01 09:00",
	     "2024-07-01 09:00 look => SILENT NO_CONTACT REP | Mon 07-15 09:00",
	     "2024-07-02 09:00 enter BOTTOM => SILENT NO_CONTACT REP; STALE NO_EDIT REP | Wed 07-03 09:00",
	     "2024-07-04 09:00 look => SILENT NO_CONTACT MANAGER; STALE NO_EDIT MANAGER | Mon 07-08 09:00",
	     "2024-07-04 10:00 enter TOP => SILENT NO_CONTACT MANAGER | Tue 07-30 09:00");
}

/* ---- quiet ---- */

static void a_first_load_shows_and_tells_nobody(void **state)
{
	(void)state;
	/* silent by 15 business days already: five more until it is told */
	TELL("2024-05-20 09:00 created", "2024-06-10 09:00 edit", "2024-06-10 09:00 enter UNKNOWN",
	     "2024-06-10 09:00 feed mute", "2024-06-10 09:00 enter BOTTOM => nothing | Mon 06-24 09:00",
	     "2024-06-10 09:00 feed speaks => SILENT NO_CONTACT NEXT_LEVEL | Mon 06-24 09:00");
	struct fnl_story t = fnl_story_begin();
	fnl_supervised_set(&t.s, FNL_PROSPECT_CREATED_AT, fnl_moment("2024-05-20 09:00"));
	fnl_supervised_set(&t.s, FNL_PROSPECT_EDITED_AT, fnl_moment("2024-06-10 09:00"));
	fnl_supervised_layer(&t.s, FNL_LAYER_BOTTOM, fnl_moment("2024-06-10 09:00"));
	TELL_ON(t, "2024-06-10 09:00 quiet => SILENT NO_CONTACT NONE until Mon 06-17 09:00 | Mon 06-17 09:00",
	        "2024-06-10 09:00 look DETAIL SILENT NO_CONTACT since Mon 05-20 09:00 over Mon 05-27 09:00 NONE until Mon "
	        "06-17 09:00",
	        /* another one the day after changes nothing */
	        "2024-06-11 09:00 quiet => SILENT NO_CONTACT NONE until Mon 06-17 09:00 | Mon 06-17 09:00",
	        "2024-06-11 09:00 look => SILENT NO_CONTACT NONE until Mon 06-17 09:00 | Mon 06-17 09:00",
	        "2024-06-17 09:00 look => SILENT NO_CONTACT REP | Wed 06-19 09:00");
}

static void what_comes_after_a_first_load_is_told(void **state)
{
	struct fnl_story t = fnl_story_begin();
	(void)state;
	fnl_supervised_set(&t.s, FNL_PROSPECT_CREATED_AT, fnl_moment("2024-05-20 09:00"));
	fnl_supervised_layer(&t.s, FNL_LAYER_BOTTOM, fnl_moment("2024-05-20 09:00"));
	fnl_story_line(&t, "2024-06-04 09:00 quiet => SILENT NO_CONTACT NONE until Tue 06-11 09:00; "
	                   "STALE NO_EDIT NONE until Tue 06-18 09:00 | Tue 06-11 09:00");
	/* an old contact is found: silent since then, and that is news */
	fnl_supervised_set(&t.s, FNL_PROSPECT_LAST_CONTACT_AT, fnl_moment("2024-05-28 09:00"));
	fnl_story_line(&t, "2024-06-04 10:00 look => SILENT NO_CONTACT REP; STALE NO_EDIT NONE until Tue 06-18 09:00 | "
	                   "Thu 06-06 09:00");
	/* the amount vanishes: another condition of the same kind, and over for so long that all have heard of it */
	fnl_story_line(&t, "2024-06-05 09:00 amount no => SILENT NO_CONTACT REP; STALE AMOUNT_MISSING NEXT_LEVEL | "
	                   "Thu 06-06 09:00");
	fnl_supervised_end(&t.s);
}

static void what_has_no_time_is_never_told_after_a_first_load(void **state)
{
	struct fnl_story t = fnl_story_begin();
	(void)state;
	t.s.feed.carries_contacts = false;
	fnl_supervised_set(&t.s, FNL_PROSPECT_PUSH_COUNT, 5);
	fnl_supervised_set(&t.s, FNL_PROSPECT_PUSHED_AT, fnl_moment("2024-06-03 09:00"));
	fnl_supervised_set(&t.s, FNL_PROSPECT_EXPECTED_CLOSE_DATE, fnl_moment("2024-06-20") / 86400000);
	fnl_supervised_layer(&t.s, FNL_LAYER_BOTTOM, fnl_moment("2024-06-03 09:00"));
	TELL_ON(t, "2024-06-04 09:00 quiet => SLIPPED PUSHED NONE for good | Mon 06-17 09:00",
	        "2024-06-07 09:00 edit => SLIPPED PUSHED NONE for good | Fri 06-21 09:00",
	        /* an owner's change does not make it louder */
	        "2024-06-10 09:00 owner => SLIPPED PUSHED NONE for good | Fri 06-21 09:00",
	        /* one more push does, after the grace */
	        "2024-06-11 09:00 close 2024-06-30 => SLIPPED PUSHED NONE until Mon 06-17 09:00 | Mon 06-17 09:00",
	        "2024-06-17 09:00 look => SLIPPED PUSHED REP | Wed 06-19 09:00");
}

/* What changes while it waits: a snapshot leaves it waiting, a new owner starts his grace. */
static void what_is_shown_waits_on(void **state)
{
	struct fnl_story t = fnl_story_begin();
	(void)state;
	fnl_supervised_set(&t.s, FNL_PROSPECT_CREATED_AT, fnl_moment("2024-05-20 09:00"));
	fnl_supervised_set(&t.s, FNL_PROSPECT_EDITED_AT, fnl_moment("2024-06-10 09:00"));
	fnl_supervised_layer(&t.s, FNL_LAYER_BOTTOM, fnl_moment("2024-06-03 09:00"));
	fnl_story_line(&t, "2024-06-10 09:00 quiet => SILENT NO_CONTACT NONE until Mon 06-17 09:00 | Mon 06-17 09:00");
	fnl_supervised_set(&t.s, FNL_PROSPECT_LAST_CONTACT_AT, fnl_moment("2024-06-04 09:00"));
	fnl_story_line(&t, "2024-06-12 09:00 quiet => SILENT NO_CONTACT NONE until Mon 06-17 09:00 | Mon 06-17 09:00");
	fnl_story_line(&t, "2024-06-12 09:00 look DETAIL SILENT NO_CONTACT since Tue 06-04 09:00 over Tue 06-11 09:00 "
	                   "NONE until Mon 06-17 09:00");
	TELL_ON(t, "2024-06-13 09:00 owner => SILENT NO_CONTACT NONE until Thu 06-20 09:00 | Thu 06-20 09:00");

	/* never to be told, until what there is to tell is another thing */
	t = fnl_story_begin();
	t.s.feed.carries_contacts = false;
	fnl_supervised_set(&t.s, FNL_PROSPECT_PUSH_COUNT, 5);
	fnl_supervised_set(&t.s, FNL_PROSPECT_PUSHED_AT, fnl_moment("2024-06-03 09:00"));
	fnl_supervised_layer(&t.s, FNL_LAYER_BOTTOM, fnl_moment("2024-06-03 09:00"));
	fnl_story_line(&t, "2024-06-04 09:00 quiet => SLIPPED PUSHED NONE for good | Mon 06-17 09:00");
	fnl_supervised_set(&t.s, FNL_PROSPECT_PUSHED_AT, fnl_moment("2024-06-05 09:00"));
	TELL_ON(t, "2024-06-05 09:00 owner => SLIPPED PUSHED NONE until Wed 06-12 09:00 | Wed 06-12 09:00");
}

static void a_bulk_edit_of_what_was_told_changes_nothing(void **state)
{
	(void)state;
	TELL("2024-06-03 09:00 enter BOTTOM", "2024-06-10 09:00 edit => SILENT NO_CONTACT REP | Wed 06-12 09:00",
	     "2024-06-11 09:00 bulk 2024-12-31 => SILENT NO_CONTACT REP | Wed 06-12 09:00",
	     "2024-06-12 09:00 quiet => SILENT NO_CONTACT MANAGER | Mon 06-17 09:00");
}

/* ---- a new owner ---- */

static void a_successor_is_not_blamed(void **state)
{
	(void)state;
	TELL("2024-06-03 09:00 enter BOTTOM", "2024-06-03 09:00 edit",
	     "2024-06-12 09:00 look => SILENT NO_CONTACT MANAGER | Mon 06-17 09:00",
	     "2024-06-13 09:00 owner => SILENT NO_CONTACT NONE until Thu 06-20 09:00 | Mon 06-17 09:00",
	     /* what comes within the grace is shown, too */
	     "2024-06-17 09:00 look => SILENT NO_CONTACT NONE until Thu 06-20 09:00; "
	     "STALE NO_EDIT NONE until Thu 06-20 09:00 | Thu 06-20 09:00",
	     "2024-06-20 09:00 look => SILENT NO_CONTACT REP; STALE NO_EDIT REP | Mon 06-24 09:00",
	     /* what comes after it is told at once */
	     "2024-06-21 09:00 contact", "2024-06-28 09:00 edit => SILENT NO_CONTACT REP | Tue 07-02 09:00");
	/* he talks to the customer in time: nobody hears of anything */
	TELL("2024-06-03 09:00 enter BOTTOM", "2024-06-10 09:00 edit => SILENT NO_CONTACT REP | Wed 06-12 09:00",
	     "2024-06-11 09:00 owner => SILENT NO_CONTACT NONE until Tue 06-18 09:00 | Tue 06-18 09:00",
	     "2024-06-17 09:00 contact => nothing | Mon 06-24 09:00");
}

static void a_bulk_move_has_the_grace_of_one_by_hand(void **state)
{
	struct fnl_story t = fnl_story_begin();
	(void)state;
	fnl_supervised_set(&t.s, FNL_PROSPECT_OWNER_SINCE, fnl_moment("2024-06-11 09:00"));
	fnl_supervised_set(&t.s, FNL_PROSPECT_EXPECTED_CLOSE_DATE, fnl_moment("2024-06-05") / 86400000);
	fnl_supervised_layer(&t.s, FNL_LAYER_BOTTOM, fnl_moment("2024-06-10 09:00"));
	/* told again after one business day, but the grace is longer */
	TELL_ON(t, "2024-06-11 09:00 quiet => STALE CLOSE_DATE_PAST NONE until Tue 06-18 09:00 | Mon 06-17 09:00");
}

static void the_second_successor_has_a_grace_of_his_own(void **state)
{
	(void)state;
	TELL("2024-06-03 09:00 enter BOTTOM", "2024-06-10 09:00 edit",
	     "2024-06-11 09:00 owner => SILENT NO_CONTACT NONE until Tue 06-18 09:00 | Tue 06-18 09:00",
	     "2024-06-17 09:00 owner => SILENT NO_CONTACT NONE until Mon 06-24 09:00 | Mon 06-24 09:00");
}

/* ---- the feed is silent ---- */

static void a_silent_feed_says_nothing_about_silence_or_data(void **state)
{
	(void)state;
	TELL("2024-05-13 09:00 enter BOTTOM", "2024-06-03 09:00 contact",
	     "2024-06-03 09:00 edit => nothing | Mon 06-10 09:00",
	     "2024-06-10 09:00 look => SILENT NO_CONTACT REP | Wed 06-12 09:00",
	     /* neither is told further, nor does another come; STUCK does */
	     "2024-06-11 09:00 feed silent => SILENT NO_CONTACT REP | Mon 06-24 09:00",
	     "2024-06-24 09:00 look => STUCK IN_LAYER REP; SILENT NO_CONTACT REP | Wed 06-26 09:00",
	     /* nor does it go */
	     "2024-06-24 10:00 contact => STUCK IN_LAYER REP; SILENT NO_CONTACT REP | Wed 06-26 09:00",
	     "2024-06-24 11:00 feed speaks => STUCK IN_LAYER REP; STALE NO_EDIT NEXT_LEVEL | Wed 06-26 09:00");
}

static void out_of_the_funnel_also_while_the_feed_is_silent(void **state)
{
	(void)state;
	TELL("2024-06-03 09:00 enter BOTTOM", "2024-06-10 09:00 look", "2024-06-11 09:00 feed silent",
	     "2024-06-12 09:00 enter WON => nothing | never");
}

/* ---- other rules ---- */

static void other_rules_other_stalls(void **state)
{
	struct fnl_story t = fnl_story_begin();
	(void)state;
	fnl_story_line(&t, "2024-06-03 09:00 stage Negotiation");
	fnl_story_line(&t, "2024-06-03 09:00 enter BOTTOM => nothing | Mon 06-10 09:00");
	/* raised: later; another stage's say nothing */
	struct fnl_stage_threshold thresholds[] = {
		{FNL_SPAN_LIT("Negotiation"), FNL_RULE_SILENT, 8},
		{FNL_SPAN_LIT("Qualification"), FNL_RULE_SILENT, 1},
	};
	t.s.rules.thresholds = thresholds;
	t.s.rules.threshold_count = 2;
	fnl_story_line(&t, "2024-06-10 09:00 look => nothing | Thu 06-13 09:00");
	fnl_story_line(&t, "2024-06-13 09:00 look => SILENT NO_CONTACT REP | Mon 06-17 09:00");
	/* raised beyond what has passed: it is over */
	thresholds[0].value = 10;
	fnl_story_line(&t, "2024-06-14 09:00 look => nothing | Mon 06-17 09:00");
	/* lowered: over since long, and told by what it is now; one step */
	thresholds[0].value = 6;
	fnl_story_line(&t, "2024-06-14 10:00 look => SILENT NO_CONTACT MANAGER | Mon 06-17 09:00");
	fnl_story_line(&t, "2024-06-14 10:00 look DETAIL SILENT NO_CONTACT since Mon 06-03 09:00 over Tue 06-11 09:00 "
	                   "MANAGER from Tue 06-11 09:00");
	/* moved while it goes on: what was told stays */
	thresholds[0].value = 9;
	fnl_story_line(&t, "2024-06-14 11:00 look DETAIL SILENT NO_CONTACT since Mon 06-03 09:00 over Fri 06-14 09:00 "
	                   "MANAGER from Tue 06-11 09:00");
	fnl_supervised_end(&t.s);
}

/* A ladder without its middle step, and one whose steps stand at once. */
static void other_ladders(void **state)
{
	struct fnl_story t = fnl_story_begin();
	struct fnl_rules_builder *b;
	const struct fnl_rules *rules;
	struct fnl_error why;
	(void)state;
	assert_int_equal(fnl_rules_begin(&t.s.arena, &b), 0);
	assert_int_equal(
		fnl_rules_set(b, FNL_SPAN_LIT("escalate_manager"), FNL_SPAN_LIT("bottom"), FNL_SPAN_LIT("never"), 1, &why), 0);
	assert_int_equal(
		fnl_rules_set(b, FNL_SPAN_LIT("supervision"), FNL_SPAN_LIT("return_within_bd"), FNL_SPAN_LIT("0"), 2, &why), 0);
	assert_int_equal(fnl_rules_finish(b, &rules, &why), 0);
	t.s.rules = *rules;
	TELL_ON(t, "2024-06-03 09:00 enter BOTTOM", "2024-06-10 09:00 edit => SILENT NO_CONTACT REP | Mon 06-17 09:00",
	        "2024-06-17 09:00 look => SILENT NO_CONTACT NEXT_LEVEL | Mon 06-24 09:00",
	        /* no return continues a clock, either */
	        "2024-06-17 09:00 enter MIDDLE", "2024-06-17 09:01 contact", "2024-06-17 09:01 edit",
	        "2024-06-17 10:00 enter BOTTOM => nothing | Mon 06-24 09:01", "2024-07-26 10:00 contact",
	        "2024-07-26 10:00 edit => nothing | Mon 07-29 10:00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_of_an_outage_are_one),
		cmocka_unit_test(the_next_level_never_hears_of_the_top),
		cmocka_unit_test(a_kind_is_told_again_only_when_it_was_over),
		cmocka_unit_test(a_level_does_not_go_down_with_the_layer),
		cmocka_unit_test(a_first_load_shows_and_tells_nobody),
		cmocka_unit_test(what_comes_after_a_first_load_is_told),
		cmocka_unit_test(what_has_no_time_is_never_told_after_a_first_load),
		cmocka_unit_test(what_is_shown_waits_on),
		cmocka_unit_test(a_bulk_edit_of_what_was_told_changes_nothing),
		cmocka_unit_test(a_successor_is_not_blamed),
		cmocka_unit_test(a_bulk_move_has_the_grace_of_one_by_hand),
		cmocka_unit_test(the_second_successor_has_a_grace_of_his_own),
		cmocka_unit_test(a_silent_feed_says_nothing_about_silence_or_data),
		cmocka_unit_test(out_of_the_funnel_also_while_the_feed_is_silent),
		cmocka_unit_test(other_rules_other_stalls),
		cmocka_unit_test(other_ladders),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
