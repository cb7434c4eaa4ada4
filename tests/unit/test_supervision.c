/* When a prospect stalls, told as stories (support/story.h): its four kinds, its clocks, days off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "story.h"

/* ---- the four kinds ---- */

static void outside_the_funnel_nothing_is_watched(void **state)
{
	(void)state;
	TELL("2024-06-03 09:00 look => nothing | never", "2024-06-03 09:00 enter UNCLASSIFIED => nothing | never",
	     "2024-06-04 09:00 enter BOTTOM => nothing | Tue 06-11 09:00",
	     "2024-06-11 09:00 look => SILENT NO_CONTACT REP | Thu 06-13 09:00",
	     "2024-06-11 10:00 enter WON => nothing | never", "2024-06-11 10:00 feed silent => nothing | never");
}

/* All that is shown goes, also what a silent feed would keep; the clocks go on. */
static void rules_may_say_that_nothing_is_watched(void **state)
{
	(void)state;
	struct fnl_story t = fnl_story_begin();
	struct fnl_rules_builder *b;
	const struct fnl_rules *rules;
	struct fnl_error why;
	assert_int_equal(fnl_rules_begin(&t.s.arena, &b), 0);
	assert_int_equal(fnl_rules_set(b, FNL_SPAN_LIT("supervision"), FNL_SPAN_LIT("watch"), FNL_SPAN_LIT("no"), 1, &why),
	                 0);
	assert_int_equal(fnl_rules_finish(b, &rules, &why), 0);
	fnl_story_line(&t, "2024-06-03 09:00 enter BOTTOM => nothing | Mon 06-10 09:00");
	fnl_story_line(&t, "2024-06-11 09:00 feed silent => nothing | Mon 07-15 09:00");
	fnl_story_line(&t, "2024-06-11 09:00 feed speaks => SILENT NO_CONTACT REP | Wed 06-12 09:00");
	fnl_story_line(&t, "2024-06-11 10:00 feed silent => SILENT NO_CONTACT REP | Mon 07-15 09:00");
	t.s.rules = *rules;
	fnl_story_line(&t, "2024-06-12 09:00 look => nothing | never");
	assert_false(fnl_supervision_watch(t.s.row, FNL_STALL_KIND_STUCK, t.s.feed, rules).armed);
	t.s.rules = *fnl_rules_default();
	TELL_ON(t, "2024-06-12 10:00 feed speaks => SILENT NO_CONTACT MANAGER | Mon 06-17 09:00");
}

static void a_prospect_is_stuck(void **state)
{
	(void)state;
	TELL("2024-01-01 09:00 enter BOTTOM", "2024-02-09 09:00 contact",
	     "2024-02-09 09:00 edit => nothing | Mon 02-12 09:00", "2024-02-12 08:59 look => nothing | Mon 02-12 09:00",
	     "2024-02-12 09:00 look => STUCK IN_LAYER REP | Wed 02-14 09:00",
	     "2024-02-14 09:00 look => STUCK IN_LAYER MANAGER | Fri 02-16 09:00",
	     "2024-02-15 09:00 enter MIDDLE => nothing | Fri 02-23 09:00");
}

static void contacts_end_silence(void **state)
{
	(void)state;
	TELL("2024-06-03 09:00 enter MIDDLE => nothing | Mon 06-17 09:00",
	     "2024-06-17 09:00 look => SILENT NO_CONTACT REP | Mon 06-24 09:00",
	     "2024-06-20 15:00 contact => nothing | Mon 06-24 09:00", "2024-06-24 09:00 edit => nothing | Thu 07-04 15:00",
	     "2024-07-04 15:00 look => SILENT NO_CONTACT REP | Thu 07-11 15:00",
	     "2024-07-04 15:00 look DETAIL SILENT NO_CONTACT since Thu 06-20 15:00 over Thu 07-04 15:00 REP from Thu 07-04 "
	     "15:00");
}

static void never_a_contact_counts_from_the_birth(void **state)
{
	(void)state;
	TELL("2024-06-10 09:00 created => nothing | never", "2024-06-14 09:00 enter BOTTOM => nothing | Mon 06-17 09:00",
	     "2024-06-17 09:00 edit => SILENT NO_CONTACT REP | Wed 06-19 09:00",
	     "2024-06-17 09:00 look DETAIL SILENT NO_CONTACT since Mon 06-10 09:00 over Mon 06-17 09:00 REP from Mon 06-17 "
	     "09:00");
	/* as never an edit does */
	TELL("2024-06-03 09:00 created", "2024-06-14 09:00 contact",
	     "2024-06-14 09:00 enter BOTTOM => nothing | Mon 06-17 09:00",
	     "2024-06-17 09:00 look => STALE NO_EDIT REP | Wed 06-19 09:00");
}

/* A meeting suspends silence to the end of its day; then it is silent at once, and told anew. */
static void a_next_meeting_suspends_silence(void **state)
{
	(void)state;
	TELL("2024-06-03 09:00 enter BOTTOM", "2024-06-04 09:00 meeting 2024-06-12 => nothing | Thu 06-13 00:00",
	     "2024-06-13 00:00 edit => SILENT NO_CONTACT REP | Mon 06-17 00:00",
	     "2024-06-13 00:00 look DETAIL SILENT NO_CONTACT since Mon 06-03 09:00 over Thu 06-13 00:00 REP from Thu 06-13 "
	     "00:00",
	     "2024-06-13 10:00 meeting 2024-06-20 => nothing | Fri 06-21 00:00",
	     /* called off: silent for as long as it is, and the manager's time is over already */
	     "2024-06-14 10:00 meeting - => SILENT NO_CONTACT MANAGER | Mon 06-17 09:00");
	/* one of before the silence does nothing */
	TELL("2024-06-03 09:00 enter BOTTOM", "2024-06-03 09:00 meeting 2024-06-04 => nothing | Mon 06-10 09:00");
}

static void a_feed_without_contacts_makes_nobody_silent(void **state)
{
	(void)state;
	TELL("2024-06-03 09:00 feed mute", "2024-06-03 09:00 enter BOTTOM => nothing | Mon 06-17 09:00",
	     "2024-06-14 09:00 feed speaks => SILENT NO_CONTACT MANAGER | Mon 06-17 09:00",
	     "2024-06-14 10:00 feed mute => nothing | Mon 06-17 09:00");
}

static void the_later_edit_counts(void **state)
{
	(void)state;
	TELL("2024-06-03 09:00 enter BOTTOM", "2024-06-03 09:00 feed mute",
	     "2024-06-04 09:00 edit => nothing | Tue 06-18 09:00", "2024-06-05 09:00 crm-edit => nothing | Wed 06-19 09:00",
	     "2024-06-06 09:00 edit => nothing | Thu 06-20 09:00", "2024-06-05 09:00 crm-edit => nothing | Thu 06-20 09:00",
	     "2024-06-20 09:00 look DETAIL STALE NO_EDIT since Thu 06-06 09:00 over Thu 06-20 09:00 REP from Thu 06-20 "
	     "09:00");
}

static void data_goes_stale_by_what_is_over_first(void **state)
{
	(void)state;
	TELL("2024-06-03 09:00 enter MIDDLE", "2024-06-03 09:00 feed mute",
	     "2024-06-03 09:00 amount no => nothing | Mon 06-17 09:00",
	     "2024-06-04 09:00 close 2024-06-10 => nothing | Fri 06-14 00:00",
	     "2024-06-14 00:00 look => STALE CLOSE_DATE_PAST REP | Fri 06-21 00:00",
	     "2024-06-14 00:00 look DETAIL STALE CLOSE_DATE_PAST since Tue 06-11 00:00 over Fri 06-14 00:00 REP from Fri "
	     "06-14 00:00",
	     /* the next one takes its place: the same stall, told already */
	     "2024-06-17 10:00 close 2024-07-31 => STALE AMOUNT_MISSING REP | Fri 06-21 00:00",
	     "2024-06-17 10:00 look DETAIL STALE AMOUNT_MISSING since Mon 06-03 09:00 over Mon 06-17 09:00 REP from Fri "
	     "06-14 00:00",
	     "2024-06-21 00:00 look => STALE AMOUNT_MISSING MANAGER | Fri 06-28 00:00",
	     "2024-06-24 09:00 amount yes => STALE NO_EDIT MANAGER | Fri 06-28 00:00",
	     "2024-06-24 09:30 edit => nothing | Mon 07-15 09:30");
}

static void a_close_date_of_friday_is_past_on_monday(void **state)
{
	struct fnl_story t = fnl_story_begin();
	(void)state;
	t.s.rules.thresholds = &(struct fnl_stage_threshold){FNL_SPAN_LIT("S"), FNL_RULE_STALE_CLOSE_DATE, 0};
	t.s.rules.threshold_count = 1;
	TELL_ON(t, "2024-06-03 09:00 stage S", "2024-06-03 09:00 feed mute", "2024-06-03 09:00 enter BOTTOM",
	        "2024-06-03 09:00 close 2024-06-07 => nothing | Mon 06-10 00:00",
	        "2024-06-10 00:00 look DETAIL STALE CLOSE_DATE_PAST since Sat 06-08 00:00 over Mon 06-10 00:00 REP from "
	        "Mon 06-10 00:00");
}

/* ---- pushes ---- */

static void pushes_of_one_day_count_once(void **state)
{
	struct fnl_story t = fnl_story_begin();
	(void)state;
	fnl_story_line(&t, "2024-06-03 09:00 enter BOTTOM");
	fnl_story_line(&t, "2024-06-03 09:00 feed mute");
	fnl_story_line(&t, "2024-06-03 09:00 close 2024-06-28 => nothing | Mon 06-17 09:00");
	assert_int_equal(t.s.row[FNL_PROSPECT_PUSH_COUNT].i64, 0); /* the first one pushes nothing */
	assert_false(t.s.row[FNL_PROSPECT_PUSHED_AT].set);
	fnl_story_line(&t, "2024-06-04 09:00 close 2024-06-29 => nothing | Mon 06-17 09:00");
	fnl_story_line(&t, "2024-06-04 15:00 close 2024-06-20");
	fnl_story_line(&t, "2024-06-04 23:59 close 2024-07-31");
	assert_int_equal(t.s.row[FNL_PROSPECT_PUSH_COUNT].i64, 1);
	assert_int_equal(t.s.row[FNL_PROSPECT_PUSHED_AT].i64, fnl_moment("2024-06-04 09:00"));
	fnl_story_line(&t, "2024-06-05 09:00 close 2024-07-30"); /* nearer: progress */
	fnl_story_line(&t, "2024-06-05 09:00 bulk 2024-08-30");  /* in bulk: nobody's decision */
	fnl_story_line(&t, "2024-06-06 09:00 close -");          /* unknown is honest */
	fnl_story_line(&t, "2024-06-06 10:00 close 2024-09-30"); /* and a new one pushes nothing */
	fnl_story_line(&t, "2024-06-06 10:00 close 2024-09-30 => nothing | Mon 06-17 09:00");
	assert_int_equal(t.s.row[FNL_PROSPECT_PUSH_COUNT].i64, 1);
	fnl_story_line(&t, "2024-06-07 11:00 close 2024-10-01 => SLIPPED PUSHED REP | Tue 06-11 11:00");
	assert_int_equal(t.s.row[FNL_PROSPECT_PUSH_COUNT].i64, 2);
	assert_int_equal(t.s.row[FNL_PROSPECT_FIRST_CLOSE_DATE].i64, fnl_moment("2024-06-28") / 86400000);
	/* one more keeps what was told; the ladder goes on */
	TELL_ON(t, "2024-06-10 09:00 close 2024-11-01 => SLIPPED PUSHED REP | Tue 06-11 11:00",
	        "2024-06-10 09:00 look DETAIL SLIPPED PUSHED since Mon 06-10 09:00 over Mon 06-10 09:00 REP from Fri 06-07 "
	        "11:00",
	        /* nothing but another layer, which allows more, ends it */
	        "2024-06-11 11:00 enter TOP => nothing | Tue 07-23 11:00");
}

static void the_day_of_a_push_is_the_rules_local_one(void **state)
{
	static const struct fnl_zone_offset tokyo = {0, 9 * 3600};
	struct fnl_story t = fnl_story_begin();
	(void)state;
	t.s.rules.calendar.offsets = &tokyo;
	t.s.rules.calendar.offset_count = 1;
	fnl_story_line(&t, "2024-06-03 09:00 close 2024-06-28");
	fnl_story_line(&t, "2024-06-04 14:59 close 2024-06-29"); /* 23:59 in Tokyo */
	fnl_story_line(&t, "2024-06-04 15:00 close 2024-06-30");
	assert_int_equal(t.s.row[FNL_PROSPECT_PUSH_COUNT].i64, 2);
	fnl_story_line(&t, "2024-06-05 14:59 close 2024-07-01");
	assert_int_equal(t.s.row[FNL_PROSPECT_PUSH_COUNT].i64, 2);
	fnl_supervised_end(&t.s);
}

static void the_first_close_date_is_kept_from_before_there_were_clocks(void **state)
{
	struct fnl_story t = fnl_story_begin();
	(void)state;
	fnl_supervised_set(&t.s, FNL_PROSPECT_EXPECTED_CLOSE_DATE, 19000);
	fnl_story_line(&t, "2024-06-03 09:00 close 2024-06-28");
	assert_int_equal(t.s.row[FNL_PROSPECT_FIRST_CLOSE_DATE].i64, 19000);
	assert_int_equal(t.s.row[FNL_PROSPECT_PUSH_COUNT].i64, 1);
	fnl_supervised_end(&t.s);
	t = fnl_story_begin();
	fnl_story_line(&t, "2024-06-03 09:00 close -");
	assert_false(t.s.row[FNL_PROSPECT_FIRST_CLOSE_DATE].set);
	fnl_story_line(&t, "2024-06-03 09:00 bulk 2024-06-28");
	assert_true(t.s.row[FNL_PROSPECT_FIRST_CLOSE_DATE].set);
	fnl_supervised_end(&t.s);
}

/* ---- the layer's clock ---- */

static void a_return_within_five_business_days_continues_the_clock(void **state)
{
	(void)state;
	/* left on a Monday, back the Monday after: five business days to the millisecond */
	TELL("2024-01-01 09:00 feed mute", "2024-01-01 09:00 enter BOTTOM", "2024-01-15 09:00 enter MIDDLE",
	     "2024-01-22 09:00 enter BOTTOM", "2024-02-09 09:00 edit => nothing | Mon 02-12 09:00",
	     "2024-02-12 09:00 look DETAIL STUCK IN_LAYER since Mon 01-01 09:00 over Mon 02-12 09:00 REP from Mon 02-12 "
	     "09:00");
	/* a minute later: a new clock, and ten days spent */
	TELL("2024-01-01 09:00 feed mute", "2024-01-01 09:00 enter BOTTOM", "2024-01-15 09:00 enter MIDDLE",
	     "2024-01-22 09:01 enter BOTTOM", "2024-03-01 09:00 edit => nothing | Mon 03-04 09:01",
	     "2024-03-04 09:01 look DETAIL STUCK IN_LAYER since Mon 01-22 09:01 over Mon 03-04 09:01 REP from Mon 03-04 "
	     "09:01");
	/* over a weekend nothing has passed */
	TELL("2024-01-01 09:00 feed mute", "2024-01-01 09:00 enter BOTTOM", "2024-01-12 23:00 enter LOST",
	     "2024-01-21 23:00 enter BOTTOM", "2024-01-21 23:00 edit => nothing | Mon 02-05 00:00");
}

static void bouncing_is_no_escape(void **state)
{
	(void)state;
	/* twice 20 business days at the bottom, with ten out of it each time; the third time 20 are left of 60 */
	TELL("2024-01-01 00:00 feed mute", "2024-01-01 00:00 enter BOTTOM", "2024-01-29 00:00 enter MIDDLE",
	     "2024-02-12 00:00 enter BOTTOM", "2024-03-11 00:00 enter MIDDLE", "2024-03-25 00:00 enter BOTTOM",
	     "2024-04-19 00:00 edit => nothing | Mon 04-22 00:00",
	     "2024-04-22 00:00 look DETAIL STUCK IN_LAYER_CUMULATIVE since Mon 03-25 00:00 over Mon 04-22 00:00 REP from "
	     "Mon 04-22 00:00",
	     /* back after it was over: over as it comes; on a Saturday, on Monday */
	     "2024-04-23 00:00 enter MIDDLE => nothing | Fri 05-10 00:00", "2024-05-04 12:00 edit",
	     "2024-05-04 12:00 enter BOTTOM => nothing | Mon 05-06 00:00",
	     "2024-05-06 00:00 look => STUCK IN_LAYER_CUMULATIVE REP | Wed 05-08 00:00",
	     /* the longer clock takes over only where it was over earlier */
	     "2024-07-30 00:00 edit => STUCK IN_LAYER_CUMULATIVE NEXT_LEVEL | Tue 08-13 00:00");
}

static const struct fnl_value *layer_time(const struct fnl_story *t, size_t i)
{
	assert_true(i < t->s.row[FNL_PROSPECT_LAYER_TIMES].list.count);
	assert_int_equal(t->s.row[FNL_PROSPECT_LAYER_TIMES].list.items[i].list.count, FNL_LAYER_TIME_FIELD_COUNT);
	return t->s.row[FNL_PROSPECT_LAYER_TIMES].list.items[i].list.items;
}

static void layer_times_are_kept_in_the_layers_order(void **state)
{
	struct fnl_story t = fnl_story_begin();
	(void)state;
	fnl_story_line(&t, "2024-01-01 00:00 enter UNCLASSIFIED");
	assert_int_equal(t.s.row[FNL_PROSPECT_LAYER_TIMES].list.count, 0);
	fnl_story_line(&t, "2024-01-01 00:00 enter BOTTOM");
	fnl_story_line(&t, "2024-01-08 00:00 enter TOP");
	fnl_story_line(&t, "2024-01-22 00:00 enter BOTTOM");
	fnl_story_line(&t, "2024-01-22 00:00 enter BOTTOM"); /* not a change */
	assert_int_equal(t.s.row[FNL_PROSPECT_LAYER_TIMES].list.count, 2);
	const struct fnl_value *top = layer_time(&t, 0);
	assert_int_equal(top[FNL_LAYER_TIME_LAYER].i64, FNL_LAYER_TOP);
	assert_int_equal(top[FNL_LAYER_TIME_SINCE].i64, fnl_moment("2024-01-08"));
	assert_true(top[FNL_LAYER_TIME_LEFT_AT].set);
	assert_int_equal(top[FNL_LAYER_TIME_LEFT_AT].i64, fnl_moment("2024-01-22"));
	assert_int_equal(top[FNL_LAYER_TIME_SPENT_MS].i64, 0);
	const struct fnl_value *bottom = layer_time(&t, 1);
	assert_int_equal(bottom[FNL_LAYER_TIME_LAYER].i64, FNL_LAYER_BOTTOM);
	assert_int_equal(bottom[FNL_LAYER_TIME_SINCE].i64, fnl_moment("2024-01-22"));
	assert_false(bottom[FNL_LAYER_TIME_LEFT_AT].set);
	assert_int_equal(bottom[FNL_LAYER_TIME_SPENT_MS].i64, 5 * FNL_BUSINESS_DAY_MS);
	fnl_supervised_end(&t.s);
}

/* A row of before there were clocks has none: layer_since is what there is, and its clock is stopped by it. */
static void a_row_without_clocks_goes_by_its_layer_since(void **state)
{
	struct fnl_story t = fnl_story_begin();
	(void)state;
	t.s.feed.carries_contacts = false;
	fnl_supervised_set(&t.s, FNL_PROSPECT_LAYER, FNL_LAYER_BOTTOM);
	fnl_supervised_set(&t.s, FNL_PROSPECT_LAYER_SINCE, fnl_moment("2024-01-01 09:00"));
	fnl_story_line(&t, "2024-02-12 08:00 edit => nothing | Mon 02-12 09:00");
	fnl_story_line(&t, "2024-02-12 09:00 look => STUCK IN_LAYER REP | Wed 02-14 09:00");
	fnl_story_line(&t, "2024-02-12 10:00 enter MIDDLE");
	const struct fnl_value *bottom = layer_time(&t, 1);
	assert_int_equal(bottom[FNL_LAYER_TIME_SINCE].i64, fnl_moment("2024-01-01 09:00"));
	assert_int_equal(bottom[FNL_LAYER_TIME_LEFT_AT].i64, fnl_moment("2024-02-12 10:00"));
	fnl_supervised_end(&t.s);
}

static void nothing_of_before_the_return_counts(void **state)
{
	(void)state;
	TELL("2024-06-03 09:00 enter BOTTOM", "2024-06-03 09:00 contact", "2024-06-03 09:00 edit",
	     "2024-06-04 09:00 enter LOST => nothing | never", "2024-09-02 09:00 reopened",
	     "2024-09-02 09:00 enter BOTTOM => nothing | Mon 09-09 09:00",
	     "2024-09-09 09:00 look DETAIL SILENT NO_CONTACT since Mon 09-02 09:00 over Mon 09-09 09:00 REP from Mon 09-09 "
	     "09:00",
	     "2024-09-10 09:00 contact => nothing | Mon 09-16 09:00",
	     "2024-09-16 09:00 look DETAIL STALE NO_EDIT since Mon 09-02 09:00 over Mon 09-16 09:00 REP from Mon 09-16 "
	     "09:00");
}

/* ---- days off ---- */

static void weekends_and_holidays_do_not_count(void **state)
{
	static const int32_t holidays[] = {19884, 19885}; /* 2024-06-10 and -11, Monday and Tuesday */
	static const int32_t extra[] = {19888};           /* Friday 06-14 is one anyway; Saturday 06-15 is 19889 */
	static const int32_t saturday[] = {19889};
	struct fnl_story t = fnl_story_begin();
	(void)state;
	assert_int_equal(fnl_moment("2024-06-10") / 86400000, holidays[0]);
	t.s.rules.calendar.holidays = holidays;
	t.s.rules.calendar.holiday_count = 2;
	TELL_ON(t, "2024-06-05 09:00 edit", "2024-06-05 09:00 enter BOTTOM => nothing | Fri 06-14 09:00",
	        "2024-06-14 09:00 look => SILENT NO_CONTACT REP | Tue 06-18 09:00");
	t = fnl_story_begin();
	t.s.rules.calendar.holidays = holidays;
	t.s.rules.calendar.holiday_count = 2;
	t.s.rules.calendar.extra_days = extra;
	t.s.rules.calendar.extra_day_count = 1;
	TELL_ON(t, "2024-06-05 09:00 edit", "2024-06-05 09:00 enter BOTTOM => nothing | Fri 06-14 09:00");
	t = fnl_story_begin();
	t.s.rules.calendar.extra_days = saturday;
	t.s.rules.calendar.extra_day_count = 1;
	TELL_ON(t, "2024-06-11 09:00 edit", "2024-06-11 09:00 enter BOTTOM => nothing | Mon 06-17 09:00");
}

static void what_starts_on_a_day_off_starts_on_the_next_working_day(void **state)
{
	(void)state;
	TELL("2024-06-08 09:00 enter BOTTOM => nothing | Mon 06-17 00:00",
	     "2024-06-17 00:00 look => SILENT NO_CONTACT REP | Wed 06-19 00:00");
}

/* ---- the rest of the contract ---- */

static void nothing_is_allocated_when_nothing_changes(void **state)
{
	struct fnl_story t = fnl_story_begin();
	(void)state;
	fnl_story_line(&t, "2024-06-03 09:00 enter BOTTOM");
	fnl_story_line(&t, "2024-06-10 09:00 look");
	assert_true(t.s.changed);
	size_t used = t.s.arena.used_bytes;
	fnl_story_line(&t, "2024-06-11 09:00 look => SILENT NO_CONTACT REP | Wed 06-12 09:00");
	assert_false(t.s.changed);
	assert_int_equal(t.s.arena.used_bytes, used);
	/* and without memory the row stays as it was */
	t.s.arena.limit_bytes = used;
	bool changed = true;
	struct fnl_value before = t.s.row[FNL_PROSPECT_STALLS];
	assert_int_equal(fnl_supervision_update(t.s.row, FNL_SUPERVISION_CHANGE, t.s.feed, fnl_moment("2024-06-12 09:00"),
	                                        &t.s.rules, &t.s.arena, &changed),
	                 FNL_E_NOMEM);
	assert_true(changed);
	assert_ptr_equal(t.s.row[FNL_PROSPECT_STALLS].list.items, before.list.items);
	before = t.s.row[FNL_PROSPECT_LAYER_TIMES];
	assert_int_equal(fnl_supervision_layer(t.s.row, FNL_LAYER_TOP, 0, &t.s.rules, &t.s.arena), FNL_E_NOMEM);
	assert_ptr_equal(t.s.row[FNL_PROSPECT_LAYER_TIMES].list.items, before.list.items);
	assert_null(fnl_supervision_evidence(t.s.row, &t.s.arena));
	fnl_supervised_end(&t.s);
}

static void evidence_is_what_the_row_says(void **state)
{
	struct fnl_story t = fnl_story_begin();
	(void)state;
	struct fnl_value *e = fnl_supervision_evidence(t.s.row, &t.s.arena);
	for (size_t i = 0; i < FNL_EVIDENCE_FIELD_COUNT; i++) {
		assert_int_equal(e[i].set, i == FNL_EVIDENCE_PUSH_COUNT);
	}
	fnl_story_line(&t, "2024-06-03 09:00 enter BOTTOM");
	fnl_story_line(&t, "2024-06-04 09:00 contact");
	fnl_story_line(&t, "2024-06-05 09:00 edit");
	fnl_story_line(&t, "2024-06-06 09:00 crm-edit");
	fnl_story_line(&t, "2024-06-07 09:00 close 2024-06-28");
	fnl_story_line(&t, "2024-06-10 09:00 close 2024-07-28");
	fnl_story_line(&t, "2024-06-10 09:00 meeting 2024-06-12");
	t.s.row[FNL_PROSPECT_COMPETITOR_ID] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("acme")};
	t.s.row[FNL_PROSPECT_BLOCKER] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("FUNDS")};
	fnl_supervised_answer(&t.s, 1, FNL_CAUSE_OTHER, true);
	e = fnl_supervision_evidence(t.s.row, &t.s.arena);
	assert_int_equal(e[FNL_EVIDENCE_LAYER_SINCE].i64, fnl_moment("2024-06-03 09:00"));
	assert_int_equal(e[FNL_EVIDENCE_LAST_CONTACT_AT].i64, fnl_moment("2024-06-04 09:00"));
	assert_int_equal(e[FNL_EVIDENCE_EDITED_AT].i64, fnl_moment("2024-06-06 09:00"));
	assert_int_equal(e[FNL_EVIDENCE_NEXT_MEETING_ON].i64, fnl_moment("2024-06-12") / 86400000);
	assert_int_equal(e[FNL_EVIDENCE_FIRST_CLOSE_DATE].i64, fnl_moment("2024-06-28") / 86400000);
	assert_int_equal(e[FNL_EVIDENCE_PUSH_COUNT].i64, 1);
	assert_true(fnl_span_eq(e[FNL_EVIDENCE_COMPETITOR_ID].str, FNL_SPAN_LIT("acme")));
	assert_true(fnl_span_eq(e[FNL_EVIDENCE_BLOCKER].str, FNL_SPAN_LIT("FUNDS")));
	assert_ptr_equal(e[FNL_EVIDENCE_ANSWER].list.items, t.s.row[FNL_PROSPECT_ANSWER].list.items);
	for (size_t i = 0; i < FNL_EVIDENCE_FIELD_COUNT; i++) {
		assert_true(e[i].set);
	}
	/* the clock that goes on, not the latest entry */
	fnl_story_line(&t, "2024-06-11 09:00 enter MIDDLE");
	fnl_story_line(&t, "2024-06-12 09:00 enter BOTTOM");
	e = fnl_supervision_evidence(t.s.row, &t.s.arena);
	assert_int_equal(e[FNL_EVIDENCE_LAYER_SINCE].i64, fnl_moment("2024-06-03 09:00"));
	fnl_supervised_end(&t.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outside_the_funnel_nothing_is_watched),
		cmocka_unit_test(rules_may_say_that_nothing_is_watched),
		cmocka_unit_test(a_prospect_is_stuck),
		cmocka_unit_test(contacts_end_silence),
		cmocka_unit_test(never_a_contact_counts_from_the_birth),
		cmocka_unit_test(a_next_meeting_suspends_silence),
		cmocka_unit_test(a_feed_without_contacts_makes_nobody_silent),
		cmocka_unit_test(the_later_edit_counts),
		cmocka_unit_test(data_goes_stale_by_what_is_over_first),
		cmocka_unit_test(a_close_date_of_friday_is_past_on_monday),
		cmocka_unit_test(pushes_of_one_day_count_once),
		cmocka_unit_test(the_day_of_a_push_is_the_rules_local_one),
		cmocka_unit_test(the_first_close_date_is_kept_from_before_there_were_clocks),
		cmocka_unit_test(a_return_within_five_business_days_continues_the_clock),
		cmocka_unit_test(bouncing_is_no_escape),
		cmocka_unit_test(layer_times_are_kept_in_the_layers_order),
		cmocka_unit_test(a_row_without_clocks_goes_by_its_layer_since),
		cmocka_unit_test(nothing_of_before_the_return_counts),
		cmocka_unit_test(weekends_and_holidays_do_not_count),
		cmocka_unit_test(what_starts_on_a_day_off_starts_on_the_next_working_day),
		cmocka_unit_test(nothing_is_allocated_when_nothing_changes),
		cmocka_unit_test(evidence_is_what_the_row_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
