/* Questions of a sheet, their answers, and what is told when none come; a rep who was away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "books_fixture.h"
#include "sheet_world.h"

#include <stdio.h>

#define B(name) FNL_BOOK_LINE_##name
#define S(name) FNL_INSPECTION_SHEET_##name
#define I(name) FNL_INSPECTION_##name
#define O(name) FNL_INSPECTION_OVERDUE_##name
#define R(name) FNL_INSPECTION_ANSWER_RECORDED_##name
#define ANN "rep:ann"
#define DUE (FNL_MONDAY + 2 * FNL_DAY) /* Wednesday, 8:00 */
#define DAY_OF_T0 19675

static int fresh(void **state)
{
	books_fresh(state);
	w.inspects = true;
	struct fnl_input rep = fnl_input_rep("ann", 1, "org");
	return fnl_books_rep_changed(&w, &rep);
}

static void apply(struct fnl_input in)
{
	int r = fnl_books_line(&w, &in, "c");
	if (r != 0) {
		fail_msg("%d: %s", r, w.why.text);
	}
}

static void span_is(struct fnl_span s, const char *text)
{
	assert_true(fnl_span_eq(s, fnl_span_str(text)));
}

/* STUCK, shown only. amount_minor < 0: not known. */
static void stuck(const char *prospect_id, int64_t sequence, int64_t at_ms, int64_t amount_minor)
{
	struct fnl_input in =
		fnl_input_stalled(&w, ANN, prospect_id, sequence, at_ms, FNL_STALL_KIND_STUCK, FNL_ALERT_LEVEL_NONE);
	in.v[B(AMOUNT)].set = amount_minor >= 0;
	if (amount_minor >= 0) {
		fnl_input_money(&in, B(AMOUNT), amount_minor, "USD");
	}
	apply(in);
}

static struct fnl_input with(struct fnl_input in, int field, int64_t v)
{
	fnl_input_i64(&in, field, v);
	return in;
}

static void until(int64_t at_ms)
{
	fnl_books_inspect_until(&w, ANN, at_ms, true);
}

static void question_is(const char *prospect_id, const char *question_id, int state)
{
	const struct fnl_value *q = fnl_books_question(&w, ANN, prospect_id);
	if (!q) {
		fail_msg("no question about %s", prospect_id);
	}
	span_is(q[FNL_QUESTION_QUESTION_ID].str, question_id);
	assert_int_equal(q[FNL_QUESTION_STATE].i64, state);
}

/* -1: it is stale. */
static int answer(const char *prospect_id, const char *sheet_id, const char *question_id, const char *answer_id,
                  int64_t at_ms)
{
	struct fnl_input in = fnl_input_answer(ANN, prospect_id, sheet_id, question_id, answer_id, at_ms);
	bool stale;
	assert_int_equal(fnl_books_answer(&w, &in, &stale), 0);
	return stale ? -1 : (int)fnl_books_told(&w, &fnl_desc_inspection_answer_recorded, 0)[R(STATE)].i64;
}

static bool in_time(void)
{
	return fnl_books_told(&w, &fnl_desc_inspection_answer_recorded, 0)[R(IN_TIME)].i64 != 0;
}

static void the_largest_are_asked_first(void **state)
{
	(void)state;
	fnl_books_rule(&w, "inspection", "questions_max", 4);
	stuck("p1", 1, 0, 10);
	stuck("p2", 1, 0, -1);
	stuck("p3", 1, 0, 4000);
	stuck("p4", 1, 0, 4000);
	stuck("p5", 1, 0, 4);
	stuck("p6", 1, 0, 9000);
	apply(with(fnl_input_stalled(&w, ANN, "p7", 1, 0, FNL_STALL_KIND_STUCK, FNL_ALERT_LEVEL_NONE), B(WEIGHT_BP), 7500));
	apply(fnl_input_line(ANN, "p8", 1, 0)); /* the largest, but it does not stall */
	until(FNL_MONDAY);
	question_is("p7", "1", FNL_QUESTION_STATE_OPEN);
	question_is("p6", "2", FNL_QUESTION_STATE_OPEN);
	question_is("p3", "3", FNL_QUESTION_STATE_OPEN);
	question_is("p4", "4", FNL_QUESTION_STATE_OPEN);
	const struct fnl_value *sheet = fnl_books_told(&w, &fnl_desc_inspection_sheet, 0);
	assert_int_equal(sheet[S(QUESTIONS)].list.count, 4);
	assert_int_equal(sheet[S(STALLED_COUNT)].i64, 7);
	assert_int_equal(sheet[S(ANSWERS_DUE_AT)].i64, FNL_T0 + DUE);
	const struct fnl_value *q = fnl_books_question(&w, ANN, "p7");
	assert_int_equal(q[FNL_QUESTION_WEIGHTED_MINOR].i64, 75000);
	assert_int_equal(q[FNL_QUESTION_STALLS].list.count, 1);
	assert_true(q[FNL_QUESTION_CANDIDATES].list.count > 0);
	/* what stalls is on every sheet, changed or not */
	until(FNL_MONDAY + FNL_WEEK);
	const struct fnl_value *line = fnl_books_sheet_line(&w, "ann#2", "p2");
	assert_non_null(line);
	assert_int_equal(line[FNL_SHEET_LINE_CHANGE].i64, FNL_LINE_CHANGE_UNCHANGED);
	assert_true(line[FNL_SHEET_LINE_BEFORE].set && line[FNL_SHEET_LINE_NOW].set);
	assert_int_equal(line[FNL_SHEET_LINE_STALLS].list.count, 1);
	assert_null(fnl_books_sheet_line(&w, "ann#2", "p8"));
}

static void none_may_be_asked(void **state)
{
	(void)state;
	fnl_books_rule(&w, "inspection", "questions_max", 0);
	stuck("p1", 1, 0, 10);
	until(FNL_MONDAY);
	assert_int_equal(fnl_books_told(&w, &fnl_desc_inspection_sheet, 0)[S(QUESTIONS)].list.count, 0);
	assert_false(fnl_books_inspection(&w, ANN)[I(ANSWERS_DUE_AT)].set);
}

static void an_answer_is_marked_and_told(void **state)
{
	(void)state;
	assert_int_equal(answer("p1", "ann#1", "1", "a0", 0), FNL_QUESTION_STATE_UNKNOWN);
	stuck("p1", 1, 0, 100);
	stuck("p2", 1, 0, 90);
	until(FNL_MONDAY);
	assert_int_equal(answer("p1", "ann#1", "1", "a1", DUE), FNL_QUESTION_STATE_ANSWERED);
	assert_true(in_time());
	span_is(fnl_books_told(&w, &fnl_desc_inspection_answer_recorded, 0)[R(MANAGER_ID)].str, "boss");
	question_is("p1", "1", FNL_QUESTION_STATE_ANSWERED);
	question_is("p2", "2", FNL_QUESTION_STATE_OPEN);
	assert_int_equal(answer("p1", "ann#1", "1", "a1", DUE), -1);
	assert_int_equal(answer("p1", "ann#1", "1", "a2", DUE), FNL_QUESTION_STATE_ANSWERED); /* another one */
	assert_int_equal(answer("p2", "ann#1", "2", "a3", DUE + 1), FNL_QUESTION_STATE_ANSWERED);
	assert_false(in_time());
	assert_int_equal(answer("p1", "ann#1", "2", "a4", DUE), FNL_QUESTION_STATE_UNKNOWN); /* about another one */
	assert_int_equal(answer("p1", "ann#1", "3", "a5", DUE), FNL_QUESTION_STATE_UNKNOWN);
	assert_false(in_time());
	until(FNL_MONDAY + FNL_WEEK);
	assert_int_equal(answer("p1", "ann#1", "1", "a6", DUE), FNL_QUESTION_STATE_UNKNOWN); /* of a sheet that is over */
	struct fnl_input other = fnl_input_answer("rep:nobody", "p1", "nobody#1", "1", "a7", 0);
	bool stale;
	assert_int_equal(fnl_books_answer(&w, &other, &stale), 0);
	assert_null(fnl_books_inspection(&w, "rep:nobody"));
}

static void what_moves_or_closes_is_asked_no_more(void **state)
{
	(void)state;
	stuck("p1", 1, 0, 100);
	stuck("p2", 1, 0, 90);
	stuck("p3", 1, 0, 80);
	stuck("p4", 1, 0, 70);
	stuck("p5", 1, 0, 60);
	until(FNL_MONDAY);
	int64_t t = FNL_MONDAY + FNL_HOUR;
	apply(with(fnl_input_line(ANN, "p1", 2, t), B(STATE), FNL_LINE_STATE_WATCHED));
	apply(with(fnl_input_line(ANN, "p2", 2, t), B(LAYER), FNL_LAYER_LOST));
	apply(with(fnl_input_line(ANN, "p3", 2, t), B(LAYER), FNL_LAYER_UNKNOWN)); /* may stall all the same */
	apply(with(fnl_input_line(ANN, "p4", 2, t), B(STATE), FNL_LINE_STATE_ERASED));
	apply(fnl_input_line(ANN, "p5", 2, t)); /* goes on, and the question stands */
	question_is("p1", "1", FNL_QUESTION_STATE_MOVED);
	question_is("p2", "2", FNL_QUESTION_STATE_CLOSED);
	question_is("p3", "3", FNL_QUESTION_STATE_OPEN);
	assert_null(fnl_books_question(&w, ANN, "p4")); /* nothing of it stays */
	question_is("p5", "5", FNL_QUESTION_STATE_OPEN);
	assert_int_equal(answer("p1", "ann#1", "1", "a1", t), FNL_QUESTION_STATE_MOVED);
	assert_int_equal(answer("p2", "ann#1", "2", "a2", t), FNL_QUESTION_STATE_CLOSED);
	assert_int_equal(answer("p4", "ann#1", "4", "a4", t), FNL_QUESTION_STATE_UNKNOWN);
	assert_int_equal(answer("p5", "ann#1", "5", "a5", t), FNL_QUESTION_STATE_ANSWERED);
	apply(with(fnl_input_line(ANN, "p5", 3, t + 1), B(STATE), FNL_LINE_STATE_WATCHED));
	question_is("p5", "5", FNL_QUESTION_STATE_ANSWERED); /* it was answered before */
}

static void an_erased_line_that_has_gone_leaves_no_question(void **state)
{
	(void)state;
	stuck("p1", 1, 0, 100);
	until(FNL_MONDAY);
	apply(with(fnl_input_line(ANN, "p1", 2, FNL_MONDAY + 1), B(STATE), FNL_LINE_STATE_ERASED));
	assert_null(fnl_books_question(&w, ANN, "p1"));
	stuck("p2", 1, FNL_MONDAY + 1, 100);
	struct fnl_input ask = fnl_input_ask("ann", "i1", FNL_MONDAY + 2);
	bool stale;
	assert_int_equal(fnl_books_ask(&w, &ask, "i1", &stale), 0);
	until(FNL_MONDAY + 2);
	apply(with(fnl_input_line(ANN, "p2", 2, FNL_MONDAY + 3), B(STATE), FNL_LINE_STATE_GONE));
	question_is("p2", "1", FNL_QUESTION_STATE_MOVED);
	apply(with(fnl_input_line(ANN, "p2", 3, FNL_MONDAY + 4), B(STATE), FNL_LINE_STATE_ERASED));
	assert_null(fnl_books_question(&w, ANN, "p2"));
}

static void one_that_moves_during_the_pass_is_not_open(void **state)
{
	(void)state;
	stuck("p1", 1, 0, 100);
	stuck("p2", 1, 0, 90);
	stuck("p3", 1, 0, 80);
	w.page_lines = 1;
	w.now_ms = FNL_T0 + FNL_MONDAY;
	assert_true(fnl_books_inspect(&w, ANN)); /* begins */
	assert_true(fnl_books_inspect(&w, ANN)); /* p1 */
	apply(with(fnl_input_line(ANN, "p1", 2, FNL_MONDAY), B(STATE), FNL_LINE_STATE_WATCHED));
	apply(with(fnl_input_line(ANN, "p3", 2, FNL_MONDAY), B(LAYER), FNL_LAYER_WON));
	until(FNL_MONDAY);
	question_is("p1", "1", FNL_QUESTION_STATE_MOVED);
	question_is("p2", "2", FNL_QUESTION_STATE_OPEN);
	question_is("p3", "3", FNL_QUESTION_STATE_CLOSED);
}

static void overdue_is_told_once_and_then_further_up(void **state)
{
	(void)state;
	stuck("p1", 1, 0, 100);
	stuck("p2", 1, 0, 90);
	until(DUE - 1);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_inspection_overdue), 0);
	assert_int_equal(answer("p2", "ann#1", "2", "a1", DUE - 1), FNL_QUESTION_STATE_ANSWERED);
	until(DUE + 3 * FNL_HOUR);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_inspection_overdue), 1);
	const struct fnl_value *v = fnl_books_told(&w, &fnl_desc_inspection_overdue, 0);
	span_is(v[O(SHEET_ID)].str, "ann#1");
	assert_int_equal(v[O(OCCURRED_AT)].i64, FNL_T0 + DUE);
	assert_int_equal(v[O(OPEN_COUNT)].i64, 1);
	assert_int_equal(v[O(QUESTION_COUNT)].i64, 2);
	assert_int_equal(v[O(UNANSWERED_SHEETS)].i64, 1);
	assert_int_equal(v[O(LEVEL)].i64, FNL_ALERT_LEVEL_MANAGER);
	span_is(v[O(RECIPIENT_ID)].str, "boss");
	until(DUE + FNL_WEEK);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_inspection_overdue), 2);
	v = fnl_books_told(&w, &fnl_desc_inspection_overdue, 0);
	assert_int_equal(v[O(UNANSWERED_SHEETS)].i64, 2);
	assert_int_equal(v[O(LEVEL)].i64, FNL_ALERT_LEVEL_NEXT_LEVEL);
	until(FNL_MONDAY + 2 * FNL_WEEK); /* a sheet that is answered ends the row of them */
	assert_int_equal(answer("p1", "ann#3", "1", "a2", 0), FNL_QUESTION_STATE_ANSWERED);
	apply(with(fnl_input_line(ANN, "p2", 2, FNL_MONDAY + 2 * FNL_WEEK + 1), B(STATE), FNL_LINE_STATE_WATCHED));
	until(DUE + 2 * FNL_WEEK);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_inspection_overdue), 2);
	assert_int_equal(fnl_books_inspection(&w, ANN)[I(UNANSWERED_SHEETS)].i64, 0);
	until(DUE + 3 * FNL_WEEK);
	assert_int_equal(fnl_books_told(&w, &fnl_desc_inspection_overdue, 0)[O(LEVEL)].i64, FNL_ALERT_LEVEL_MANAGER);
}

static void a_new_sheet_takes_the_place_of_the_old_questions(void **state)
{
	(void)state;
	stuck("p1", 1, 0, 100);
	until(FNL_MONDAY);
	struct fnl_input ask = fnl_input_ask("ann", "i1", FNL_MONDAY + FNL_HOUR);
	bool stale;
	assert_int_equal(fnl_books_ask(&w, &ask, "i1", &stale), 0);
	until(FNL_MONDAY + FNL_HOUR);
	until(DUE + FNL_HOUR); /* nothing was due of the first one yet, and it is not asked for any more */
	assert_int_equal(fnl_books_events(&w, &fnl_desc_inspection_overdue), 1);
	span_is(fnl_books_told(&w, &fnl_desc_inspection_overdue, 0)[O(SHEET_ID)].str, "ann#2");
}

static void who_was_away_finds_nothing_overdue(void **state)
{
	(void)state;
	stuck("p1", 1, 0, 100);
	fnl_books_inspect_until(&w, ANN, DUE + FNL_DAY, false); /* nobody worked from before Monday until Thursday */
	assert_int_equal(fnl_books_events(&w, &fnl_desc_inspection_sheet), 1);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_inspection_overdue), 0);
	assert_int_equal(fnl_books_inspection(&w, ANN)[I(ANSWERS_DUE_AT)].i64, FNL_T0 + DUE + 5 * FNL_DAY); /* Monday */
	fnl_books_inspect_until(&w, ANN, DUE + 6 * FNL_DAY, false); /* of two that are due the overdue one goes first */
	assert_int_equal(fnl_books_events(&w, &fnl_desc_inspection_overdue), 1);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_inspection_sheet), 2);
	assert_ptr_equal(w.events[w.event_count - 1].desc, &fnl_desc_inspection_sheet);
}

/* ---- a rep who was away ---- */

static void absent(int64_t version, int64_t from, int64_t days_until)
{
	struct fnl_input rep = fnl_input_rep("ann", version, "org");
	fnl_input_str(&rep, FNL_REP_CHANGED_DEPUTY_ID, "dave");
	if (days_until >= 0) {
		fnl_input_i64(&rep, FNL_REP_CHANGED_ABSENT_FROM, DAY_OF_T0 + from);
		fnl_input_i64(&rep, FNL_REP_CHANGED_ABSENT_UNTIL, DAY_OF_T0 + days_until);
	}
	assert_int_equal(fnl_books_rep_changed(&w, &rep), 0);
}

static void silent(const char *prospect_id, int64_t sequence, int level)
{
	apply(fnl_input_stalled(&w, ANN, prospect_id, sequence, 0, FNL_STALL_KIND_SILENT, level));
}

static size_t stalled(void)
{
	return fnl_books_events(&w, &fnl_desc_prospect_stalled);
}

static void what_was_held_is_told_when_he_is_back(void **state)
{
	(void)state;
	absent(2, 0, 9); /* until Thursday of the next week */
	char id[8];
	for (int i = 0; i < 40; i++) { /* more than a page has */
		snprintf(id, sizeof(id), "p%02d", i);
		silent(id, 1, FNL_ALERT_LEVEL_REP);
	}
	silent("shown", 1, FNL_ALERT_LEVEL_NONE);
	silent("gone", 1, FNL_ALERT_LEVEL_REP);
	apply(with(fnl_input_line(ANN, "gone", 2, 1), B(STATE), FNL_LINE_STATE_WATCHED));
	assert_int_equal(stalled(), 0);
	int64_t back_ms = INT64_C(10) * FNL_DAY - FNL_T0 % FNL_DAY; /* midnight */
	until(back_ms - 1);
	assert_int_equal(stalled(), 0);
	until(back_ms);
	assert_int_equal(stalled(), 40);
	const struct fnl_value *v = fnl_books_told(&w, &fnl_desc_prospect_stalled, 0);
	assert_int_equal(v[FNL_PROSPECT_STALLED_OCCURRED_AT].i64, FNL_T0 + back_ms);
	span_is(v[FNL_PROSPECT_STALLED_RECIPIENT_ID].str, "ann");
	assert_false(fnl_books_inspection(&w, ANN)[I(RETURN_AT)].set);
	until(back_ms + FNL_DAY);
	assert_int_equal(stalled(), 40); /* once */
	assert_int_equal(fnl_books_line_row(&w, ANN, "p07")[FNL_LINE_TOLD].i64, 1 << FNL_STALL_KIND_SILENT);
}

static void he_may_be_back_earlier(void **state)
{
	(void)state;
	absent(2, 0, 9);
	silent("p1", 1, FNL_ALERT_LEVEL_REP);
	absent(3, 0, 12); /* longer */
	until(INT64_C(11) * FNL_DAY);
	assert_int_equal(stalled(), 0);
	absent(4, 0, -1); /* here he is */
	until(INT64_C(11) * FNL_DAY);
	assert_int_equal(stalled(), 1);
	assert_int_equal(fnl_books_told(&w, &fnl_desc_prospect_stalled, 0)[FNL_PROSPECT_STALLED_OCCURRED_AT].i64,
	                 FNL_T0 + INT64_C(11) * FNL_DAY);
	absent(5, 20, 30); /* one that is to come */
	assert_int_equal(fnl_books_inspection(&w, ANN)[I(RETURN_AT)].i64, (DAY_OF_T0 + INT64_C(31)) * FNL_DAY);
	absent(6, 20, -1); /* and does not */
	assert_false(fnl_books_inspection(&w, ANN)[I(RETURN_AT)].set);
}

static void a_sheet_waits_for_his_return_to_be_told(void **state)
{
	(void)state;
	absent(2, 0, 5); /* until Sunday; the sheet is on Monday, 8:00 */
	silent("p1", 1, FNL_ALERT_LEVEL_REP);
	fnl_books_inspect_until(&w, ANN, FNL_MONDAY, false);
	assert_int_equal(stalled(), 1);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_inspection_sheet), 1);
	assert_ptr_equal(w.events[w.event_count - 1].desc, &fnl_desc_inspection_sheet);
}

static void a_clock_that_is_behind_does_not_turn_the_timer_back(void **state)
{
	(void)state;
	absent(2, 0, 9);
	silent("p1", 1, FNL_ALERT_LEVEL_REP);
	w.now_ms = FNL_T0 + FNL_MONDAY;
	assert_true(fnl_books_inspect(&w, ANN)); /* begins */
	w.now_ms -= 2 * FNL_HOUR;                /* another worker goes on */
	absent(3, 0, -1);
	until(FNL_MONDAY); /* aborts, as the engine would */
	assert_int_equal(fnl_books_events(&w, &fnl_desc_inspection_sheet), 1);
	assert_int_equal(stalled(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_largest_are_asked_first, fresh),
		cmocka_unit_test_setup(none_may_be_asked, fresh),
		cmocka_unit_test_setup(an_answer_is_marked_and_told, fresh),
		cmocka_unit_test_setup(what_moves_or_closes_is_asked_no_more, fresh),
		cmocka_unit_test_setup(an_erased_line_that_has_gone_leaves_no_question, fresh),
		cmocka_unit_test_setup(one_that_moves_during_the_pass_is_not_open, fresh),
		cmocka_unit_test_setup(overdue_is_told_once_and_then_further_up, fresh),
		cmocka_unit_test_setup(a_new_sheet_takes_the_place_of_the_old_questions, fresh),
		cmocka_unit_test_setup(who_was_away_finds_nothing_overdue, fresh),
		cmocka_unit_test_setup(what_was_held_is_told_when_he_is_back, fresh),
		cmocka_unit_test_setup(he_may_be_back_earlier, fresh),
		cmocka_unit_test_setup(a_clock_that_is_behind_does_not_turn_the_timer_back, fresh),
		cmocka_unit_test_setup(a_sheet_waits_for_his_return_to_be_told, fresh),
	};
	return cmocka_run_group_tests(tests, books_start, books_end);
}
