#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "prospect_fixture.h"
#include "prospect_story.h"
#include "supervised.h"

/* What is known of a feed, and what of a sheet: silence, its end, and answers. */

/* BOTTOM, of the default rules: no edit for 10 business days, 2 later the manager, 5 later the next level; 30 in the
 * layer; no contact for 5; more than one push; grace of 5. 2024-06-10 is a Monday. */

#define IS(expected) assert_string_equal(story_stalls(R(STALLS).list), expected)
#define NEXT(expected) assert_string_equal(story_moment(R(NEXT_DEADLINE_AT)), expected)

/* ---- answers ---- */

static void the_latest_answer_is_kept_and_each_is_passed_on(void **state)
{
	(void)state;
	story_born(&w);
	story_at(&w, "2024-06-12 09:00");
	int64_t sequence = R(SEQUENCE).i64;
	story_apply(&w, story_answer(&w, "n2", FNL_CAUSE_FUNDS_NOT_IN_PLACE));
	assert_int_equal(w.out.line_count, 1); /* it does not stall: nobody but the sheet has to know */
	const struct fnl_value *v = w.out.lines[0].values;
	assert_ptr_equal(w.out.lines[0].desc, &fnl_desc_answer_given);
	assert_true(fnl_span_eq(v[FNL_ANSWER_GIVEN_BOOK].str, FNL_SPAN_LIT("rep:a")));
	assert_true(fnl_span_eq(v[FNL_ANSWER_GIVEN_QUESTION_ID].str, FNL_SPAN_LIT("2")));
	assert_int_equal(v[FNL_ANSWER_GIVEN_CAUSE].i64, FNL_CAUSE_FUNDS_NOT_IN_PLACE);
	assert_int_equal(R(SEQUENCE).i64, sequence + 1);
	assert_string_equal(story_moment(R(EDITED_AT)), "Mon 06-10 09:00");
	story_apply(&w, story_answer(&w, "n2", FNL_CAUSE_OTHER));
	assert_true(w.out.stale && w.out.line_count == 0);
	story_apply(&w, story_answer(&w, "n1", FNL_CAUSE_OTHER)); /* of the same moment the greater id */
	assert_int_equal(w.out.line_count, 1);
	assert_int_equal(w.out.row_change, FNL_ROW_KEEP);
	story_apply(&w, story_answer(&w, "n3", FNL_CAUSE_NO_CONSENSUS));
	assert_int_equal(R(ANSWER).list.items[FNL_ANSWER_CAUSE].i64, FNL_CAUSE_NO_CONSENSUS);
	story_at(&w, "2024-06-11 09:00");
	story_apply(&w, story_answer(&w, "n9", FNL_CAUSE_OTHER));
	assert_int_equal(w.out.line_count, 1);
	assert_int_equal(R(ANSWER).list.items[FNL_ANSWER_CAUSE].i64, FNL_CAUSE_NO_CONSENSUS);
	story_until(&w, "2024-06-25 09:00");
	story_apply(&w, story_answer(&w, "n4", FNL_CAUSE_APPROVAL_WITHHELD)); /* while it stalls the answer is evidence */
	assert_int_equal(w.out.line_count, 2);
	v = w.out.lines[1].values[FNL_BOOK_LINE_EVIDENCE].list.items;
	assert_int_equal(v[FNL_EVIDENCE_ANSWER].list.items[FNL_ANSWER_CAUSE].i64, FNL_CAUSE_APPROVAL_WITHHELD);
	IS("STALE NO_EDIT REP");
}

static void the_sheet_hears_of_it_without_a_row(void **state)
{
	(void)state;
	story_at(&w, "2024-06-12 09:00");
	for (int i = 0; i < 2; i++) {
		story_apply(&w, story_answer(&w, "n1", FNL_CAUSE_OTHER));
		assert_int_equal(w.out.line_count, 1);
		assert_null(w.row);
		assert_null(w.feed); /* it is not from the prospect's feed */
	}
	story_born(&w);
	story_apply(&w, story_life(&w, &fnl_desc_prospect_erased));
	story_apply(&w, story_answer(&w, "n1", FNL_CAUSE_OTHER));
	assert_int_equal(w.out.line_count, 1);
	assert_null(w.row);
}

/* As many books as there may be. */
static void an_answer_about_one_with_three_former_owners(void **state)
{
	(void)state;
	static const char *const owners[] = {"b", "c", "d"};
	story_born(&w);
	for (size_t i = 0; i < 3; i++) {
		story_at(&w, "2024-06-10 10:00");
		story_change_text(&w, C(OWNER_REP_ID), owners[i]);
	}
	story_until(&w, "2024-06-25 09:00");
	assert_int_equal(R(STALLS).list.count, 1);
	story_apply(&w, story_answer(&w, "n1", FNL_CAUSE_OTHER));
	assert_int_equal(w.out.line_count, FNL_PROSPECT_LINES_MAX - 1); /* nobody has won it */
}

/* ---- feeds ---- */

static struct fnl_feed_state feed_state(void)
{
	struct fnl_feed_state s = {false, false};
	struct fnl_list list = w.feeds ? w.feeds[FNL_PARTITION_FEEDS_FEEDS].list : (struct fnl_list){NULL, 0};
	if (list.count > 0) {
		const struct fnl_value *v = list.items[0].list.items;
		s.carries_contacts = v[FNL_FEED_STATE_CARRIES_CONTACTS].i64;
		s.silent = v[FNL_FEED_STATE_SILENT].i64;
	}
	return s;
}

static void pass_is(const char *when)
{
	assert_string_equal(story_moment(w.feeds[FNL_PARTITION_FEEDS_NEXT_DEADLINE_AT]), when);
	assert_string_equal(story_moment(w.feeds[FNL_PARTITION_FEEDS_PASS_AT]), when);
}

/* The pass has been to all prospects. */
static void pass_ends(void)
{
	w.feeds_values[FNL_PARTITION_FEEDS_NEXT_DEADLINE_AT].set = false;
	w.feeds_values[FNL_PARTITION_FEEDS_PASS_QUIET].i64 = 0;
}

static void silent_only_where_contacts_are_told(void **state)
{
	(void)state;
	story_born(&w);
	story_contact(&w, "c1");
	NEXT("Mon 06-24 09:00");
	assert_null(w.feeds);
	story_at(&w, "2024-06-19 09:00");
	story_heartbeat(&w, 0);
	assert_null(w.feeds); /* nothing that a prospect has to know */
	story_heartbeat(&w, 1);
	assert_true(feed_state().carries_contacts);
	assert_true(w.out.pass_begins);
	pass_is("Wed 06-19 09:00");
	int64_t sequence = R(SEQUENCE).i64;
	assert_int_equal(fnl_world_feed_changed(&w, w.now_ms), 0);
	IS("SILENT NO_CONTACT NONE until Wed 06-26 09:00"); /* since Monday, but who was to know? As with a first load. */
	assert_int_equal(w.feeds[FNL_PARTITION_FEEDS_PASS_QUIET].i64, 1);
	story_told(&w, "rep:a", FNL_LINE_STATE_OWNED);
	assert_int_equal(R(SEQUENCE).i64, sequence + 1);
	NEXT("Mon 06-24 09:00");
	story_heartbeat(&w, 1);
	assert_true(w.out.stale && w.out.feeds_change == FNL_ROW_KEEP);
	story_at(&w, "2024-06-19 10:00");
	story_contact(&w, "c2");
	IS("nothing");
	story_heartbeat(&w, 0);
	assert_false(feed_state().carries_contacts);
	assert_int_equal(w.feeds[FNL_PARTITION_FEEDS_FEEDS].list.count, 0);
	pass_is("Wed 06-19 10:00");
	story_until(&w, "2024-06-27 10:00");
	IS("STALE NO_EDIT MANAGER");
}

static const char *feed_deadline(void)
{
	return story_moment(w.feed[FNL_FEED_NEXT_DEADLINE_AT]);
}

static void each_input_is_a_sign_of_life(void **state)
{
	(void)state;
	story_born(&w);
	assert_string_equal(feed_deadline(), "Tue 06-11 10:30"); /* 24 hours and a sixteenth */
	story_at(&w, "2024-06-10 10:29");
	story_contact(&w, "c1");
	assert_int_equal(w.out.feed_change, FNL_ROW_KEEP);
	story_at(&w, "2024-06-10 10:30");
	story_apply(&w, fnl_input_contact("c1", 0, true, 0));
	assert_int_equal(w.out.feed_change, FNL_ROW_PUT); /* also what brings nothing new */
	assert_true(w.out.stale);
	story_at(&w, "2024-06-14 18:00"); /* a Friday: only business days count */
	story_change_text(&w, C(REGION), "north");
	assert_string_equal(feed_deadline(), "Mon 06-17 19:30");
	story_heartbeat(&w, -1); /* from now on they are expected */
	assert_int_equal(w.feed[FNL_FEED_HAS_HEARTBEATS].i64, 1);
	assert_int_equal(w.feed[FNL_FEED_NEXT_DEADLINE_AT].i64, w.now_ms + 30 * 60000 + 30 * 60000 / 16);
	assert_null(w.feeds);
}

static void while_it_is_silent_nothing_is_blamed(void **state)
{
	(void)state;
	story_born(&w);
	story_heartbeat(&w, 1);
	NEXT("Mon 06-24 09:00");
	assert_int_equal(fnl_world_feed_changed(&w, w.now_ms), 0);
	pass_ends();
	NEXT("Mon 06-17 09:00"); /* it is armed, though nobody hears of it */
	story_nobody_heard(&w);
	story_contact(&w, "c1");
	story_at(&w, "2024-06-14 09:00");
	story_heartbeat(&w, -1);
	int64_t due_ms = w.feed[FNL_FEED_NEXT_DEADLINE_AT].i64;
	assert_int_equal(fnl_world_feed_timer(&w, due_ms - 1), 0);
	assert_true(w.out.stale);
	assert_int_equal(fnl_world_feed_timer(&w, due_ms), 0);
	const struct fnl_value *v = fnl_world_event(&w, &fnl_desc_feed_silent);
	assert_int_equal(v[FNL_FEED_SILENT_OCCURRED_AT].i64, due_ms);
	assert_string_equal(story_moment(v[FNL_FEED_SILENT_LAST_HEARD_AT]), "Fri 06-14 09:00");
	assert_int_equal(v[FNL_FEED_SILENT_LIMIT_MINUTES].i64, 30);
	assert_int_equal(v[FNL_FEED_SILENT_HAS_HEARTBEATS].i64, 1);
	assert_true(feed_state().silent && feed_state().carries_contacts);
	assert_false(w.out.pass_begins);
	assert_string_equal(feed_deadline(), "never");
	/* the timer of the prospect comes by and finds that it is none of its business */
	int64_t sequence = R(SEQUENCE).i64;
	assert_int_equal(story_until(&w, "2024-06-17 09:00"), 1);
	story_nobody_heard(&w);
	assert_int_equal(R(SEQUENCE).i64, sequence);
	IS("nothing");
	NEXT("Mon 07-22 09:00"); /* STUCK does not go by the feed */
	/* heard again, by the news of a contact; who is to blame is not known before the rest has come */
	story_at(&w, "2024-06-28 09:00");
	story_contact(&w, "c2");
	v = fnl_world_event(&w, &fnl_desc_feed_recovered);
	assert_int_equal(v[FNL_FEED_RECOVERED_OCCURRED_AT].i64, w.now_ms);
	assert_string_equal(story_moment(v[FNL_FEED_RECOVERED_SILENT_SINCE]), "Fri 06-14 09:00");
	IS("nothing");
	assert_true(feed_state().silent);
	assert_false(w.out.pass_begins);
	assert_false(w.feed[FNL_FEED_SILENT_SINCE].set);
	due_ms = w.feed[FNL_FEED_NEXT_DEADLINE_AT].i64;
	assert_int_equal(due_ms, w.now_ms + 30 * 60000 / 16);
	assert_int_equal(w.feed[FNL_FEED_SETTLES_AT].i64, due_ms);
	story_heartbeat(&w, -1); /* news or not, it does not take longer */
	assert_int_equal(w.feed[FNL_FEED_NEXT_DEADLINE_AT].i64, due_ms);
	sequence = R(SEQUENCE).i64;
	assert_int_equal(fnl_world_feed_timer(&w, due_ms), 0);
	assert_int_equal(w.out.event_count, 0);
	assert_false(feed_state().silent);
	assert_false(w.feed[FNL_FEED_SETTLES_AT].set);
	assert_string_equal(feed_deadline(), "Fri 06-28 09:31"); /* 30 minutes and a sixteenth after it was heard */
	pass_is("Fri 06-28 09:01");
	assert_int_equal(fnl_world_feed_changed(&w, due_ms), 0);
	IS("STALE NO_EDIT MANAGER");
	assert_int_equal(R(SEQUENCE).i64, sequence + 1);
}

/* What it carries is believed when it has settled: as with a first load, what was over by then is only shown. */
static void a_feed_that_comes_back_with_contacts(void **state)
{
	(void)state;
	story_born(&w);
	story_heartbeat(&w, 0);
	assert_int_equal(fnl_world_feed_timer(&w, w.feed[FNL_FEED_NEXT_DEADLINE_AT].i64), 0);
	assert_true(feed_state().silent);
	story_at(&w, "2024-06-20 09:00");
	story_heartbeat(&w, 1);
	assert_true(feed_state().silent && !feed_state().carries_contacts && !w.out.pass_begins);
	assert_int_equal(fnl_world_feed_timer(&w, w.feed[FNL_FEED_NEXT_DEADLINE_AT].i64), 0);
	assert_true(!feed_state().silent && feed_state().carries_contacts && w.out.pass_begins);
	assert_int_equal(w.feeds[FNL_PARTITION_FEEDS_PASS_QUIET].i64, 1);
}

/* What stalls stays as it is while the feed is silent, and goes on when it is not. */
static void what_was_told_waits(void **state)
{
	(void)state;
	story_born(&w);
	story_until(&w, "2024-06-24 09:00");
	IS("STALE NO_EDIT REP");
	int64_t due_ms = w.feed[FNL_FEED_NEXT_DEADLINE_AT].i64;
	assert_int_equal(fnl_world_feed_timer(&w, due_ms), 0);
	assert_int_equal(fnl_world_event(&w, &fnl_desc_feed_silent)[FNL_FEED_SILENT_LIMIT_MINUTES].i64, 24 * 60);
	assert_true(feed_state().silent);
	story_until(&w, "2024-07-10 09:00");
	IS("STALE NO_EDIT REP");
	struct fnl_input in = fnl_input_gap("g1", "p9", w.now_ms - FNL_T0);
	const struct fnl_value *mine = w.row;
	w.row = NULL; /* something about another prospect */
	story_apply(&w, in);
	w.row = mine;
	assert_int_equal(w.feed[FNL_FEED_SETTLES_AT].i64, w.now_ms + INT64_C(24) * 3600 * 1000 / 16);
	assert_int_equal(fnl_world_feed_timer(&w, w.feed[FNL_FEED_SETTLES_AT].i64), 0);
	assert_int_equal(w.feeds[FNL_PARTITION_FEEDS_FEEDS].list.count, 0);
	assert_true(w.out.pass_begins);
}

/* Our own absence is not the feed's silence. */
static void a_timer_that_fires_late_gives_it_time(void **state)
{
	(void)state;
	story_born(&w);
	int64_t due_ms = w.feed[FNL_FEED_NEXT_DEADLINE_AT].i64;
	assert_int_equal(fnl_world_feed_timer(&w, due_ms + 5 * 60000 + 1), 0);
	assert_int_equal(w.out.event_count, 0);
	assert_null(w.feeds);
	assert_int_equal(w.feed[FNL_FEED_LAST_HEARD_AT].i64, due_ms + 5 * 60000 + 1);
	due_ms = w.feed[FNL_FEED_NEXT_DEADLINE_AT].i64;
	assert_int_equal(fnl_world_feed_timer(&w, due_ms + 5 * 60000), 0);
	assert_int_equal(w.out.event_count, 1);
	assert_true(feed_state().silent);
}

static void rules_that_give_it_more_time(void **state)
{
	(void)state;
	story_born(&w);
	int64_t due_ms = w.feed[FNL_FEED_NEXT_DEADLINE_AT].i64;
	rules("[rules]\nversion = 1\n[feed]\nsilent_hours = 48\n");
	assert_int_equal(fnl_world_feed_timer(&w, due_ms), 0);
	assert_int_equal(w.out.event_count, 0);
	assert_string_equal(feed_deadline(), "Wed 06-12 12:00");
	rules("[rules]\nversion = 2\n[feed]\nsilent_hours = 0\n");
	assert_int_equal(fnl_world_feed_timer(&w, fnl_moment("2024-06-12 12:00")), 0);
	assert_int_equal(w.out.event_count, 0);
	assert_string_equal(feed_deadline(), "never");
	w.rules = fnl_rules_default();
	story_contact(&w, "c1"); /* at once, though it was heard just now */
	assert_string_equal(feed_deadline(), "Tue 06-11 10:30");
	/* rules by which it is never silent come while it is: there is no time to wait for the rest of it */
	assert_int_equal(fnl_world_feed_timer(&w, w.feed[FNL_FEED_NEXT_DEADLINE_AT].i64), 0);
	assert_true(feed_state().silent);
	rules("[rules]\nversion = 3\n[feed]\nsilent_hours = 0\n");
	story_contact(&w, "c2");
	assert_true(!feed_state().silent && w.out.pass_begins && !w.feed[FNL_FEED_SETTLES_AT].set);
	assert_string_equal(feed_deadline(), "never");
}

/* Of 64 feeds something is known; one more is as if nothing were. */
static void so_many_feeds_are_kept(void **state)
{
	(void)state;
	char names[65][8];
	story_at(&w, "2024-06-10 09:00");
	for (int i = 0; i < 65; i++) {
		struct fnl_input in = fnl_input_heartbeat(w.now_ms - FNL_T0);
		(void)snprintf(names[i], sizeof(names[i]), "f%02d", (i * 37) % 65);
		fnl_input_str(&in, FNL_FEED_HEARTBEAT_SOURCE, names[i]);
		fnl_input_i64(&in, FNL_FEED_HEARTBEAT_CARRIES_CONTACTS, 1);
		w.feed = NULL;
		story_apply(&w, in);
		assert_int_equal(w.out.pass_begins, i < 64);
	}
	struct fnl_list list = w.feeds[FNL_PARTITION_FEEDS_FEEDS].list;
	assert_int_equal(list.count, 64);
	for (size_t i = 1; i < list.count; i++) {
		assert_true(fnl_span_cmp(list.items[i - 1].list.items[FNL_FEED_STATE_SOURCE].str,
		                         list.items[i].list.items[FNL_FEED_STATE_SOURCE].str) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_latest_answer_is_kept_and_each_is_passed_on),
		T(the_sheet_hears_of_it_without_a_row),
		T(an_answer_about_one_with_three_former_owners),
		T(silent_only_where_contacts_are_told),
		T(each_input_is_a_sign_of_life),
		T(while_it_is_silent_nothing_is_blamed),
		T(a_feed_that_comes_back_with_contacts),
		T(what_was_told_waits),
		T(a_timer_that_fires_late_gives_it_time),
		T(rules_that_give_it_more_time),
		T(so_many_feeds_are_kept),
	};
	return cmocka_run_group_tests(tests, prospect_start, prospect_end);
}
