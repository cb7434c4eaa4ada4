/* Sheets: when they are made, what is on them, and what they cost. */
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
#define ANN "rep:ann"
#define BOB "rep:bob"

static int fresh(void **state)
{
	books_fresh(state);
	w.inspects = true;
	return 0;
}

static void apply(struct fnl_input in)
{
	int r = fnl_books_line(&w, &in, "c");
	if (r != 0) {
		fail_msg("%d: %s", r, w.why.text);
	}
}

static void line(const char *book, const char *prospect_id, int64_t sequence, int64_t at_ms)
{
	apply(fnl_input_line(book, prospect_id, sequence, at_ms));
}

static struct fnl_input with(struct fnl_input in, int field, int64_t v)
{
	fnl_input_i64(&in, field, v);
	return in;
}

static struct fnl_input worth(struct fnl_input in, int64_t amount_minor)
{
	fnl_input_money(&in, B(AMOUNT), amount_minor, "USD");
	return in;
}

/* The line of a former owner. */
static struct fnl_input left(const char *book, const char *prospect_id, int64_t sequence, int64_t at_ms)
{
	return with(fnl_input_line(book, prospect_id, sequence, at_ms), B(STATE), FNL_LINE_STATE_WATCHED);
}

static const struct fnl_value *sheet(void)
{
	const struct fnl_value *v = fnl_books_told(&w, &fnl_desc_inspection_sheet, 0);
	assert_non_null(v);
	return v;
}

static void change_is(const char *sheet_id, const char *prospect_id, int change)
{
	const struct fnl_value *v = fnl_books_sheet_line(&w, sheet_id, prospect_id);
	if (!v) {
		fail_msg("%s is not on %s", prospect_id, sheet_id);
	}
	assert_int_equal(v[FNL_SHEET_LINE_CHANGE].i64, change);
	bool is_before = change != FNL_LINE_CHANGE_NEW;
	assert_int_equal(v[FNL_SHEET_LINE_BEFORE].set, is_before);
	assert_int_equal(v[FNL_SHEET_LINE_NOW].set, change != FNL_LINE_CHANGE_LEFT);
}

static void is_not_on(const char *sheet_id, const char *prospect_id)
{
	if (fnl_books_sheet_line(&w, sheet_id, prospect_id)) {
		fail_msg("%s is on %s", prospect_id, sheet_id);
	}
}

static int64_t amount_on(const char *sheet_id, const char *prospect_id, int side)
{
	const struct fnl_value *v = fnl_books_sheet_line(&w, sheet_id, prospect_id);
	assert_non_null(v);
	assert_true(v[side].set);
	return v[side].list.items[FNL_SHEET_SIDE_AMOUNT].money.amount_minor;
}

static void until(const char *book, int64_t at_ms)
{
	fnl_books_inspect_until(&w, book, at_ms, true);
}

static void span_is(struct fnl_span s, const char *text)
{
	assert_true(fnl_span_eq(s, fnl_span_str(text)));
}

/* ---- the rhythm ---- */

static void the_first_sheet_has_all(void **state)
{
	(void)state;
	line(ANN, "p1", 1, 0);
	line(ANN, "p2", 1, 0);
	apply(with(fnl_input_line(ANN, "p3", 1, 0), B(LAYER), FNL_LAYER_BOTTOM));
	apply(left(ANN, "p4", 1, 0));
	until(ANN, FNL_MONDAY - 1);
	assert_null(fnl_books_told(&w, &fnl_desc_inspection_sheet, 0));
	until(ANN, FNL_MONDAY);
	const struct fnl_value *v = sheet();
	span_is(v[S(SHEET_ID)].str, "ann#1");
	span_is(v[S(REP_ID)].str, "ann");
	assert_int_equal(v[S(SHEET_NUMBER)].i64, 1);
	assert_int_equal(v[S(TRIGGER)].i64, FNL_SHEET_TRIGGER_RHYTHM);
	assert_int_equal(v[S(AS_OF)].i64, FNL_T0 + FNL_MONDAY);
	assert_false(v[S(PREVIOUS_AS_OF)].set);
	assert_int_equal(v[S(OWNED_COUNT)].i64, 3);
	assert_int_equal(v[S(CHANGED_COUNT)].i64, 3);
	assert_int_equal(v[S(STALLED_COUNT)].i64, 0);
	assert_int_equal(v[S(PAGE_COUNT)].i64, 1);
	assert_int_equal(v[S(TOTALS)].list.count, 2);
	assert_int_equal(fnl_books_total(v[S(TOTALS)], FNL_LAYER_TOP, "USD")[FNL_BOOK_TOTAL_COUNT].i64, 2);
	assert_int_equal(fnl_books_total(v[S(TOTALS)], FNL_LAYER_TOP, "USD")[FNL_BOOK_TOTAL_AMOUNT_MINOR].i64, 200000);
	assert_int_equal(v[S(QUESTIONS)].list.count, 0);
	assert_false(v[S(ANSWERS_DUE_AT)].set);
	change_is("ann#1", "p1", FNL_LINE_CHANGE_NEW);
	change_is("ann#1", "p3", FNL_LINE_CHANGE_NEW);
	is_not_on("ann#1", "p4");
	assert_ptr_equal(w.events[w.event_count - 1].desc, &fnl_desc_inspection_sheet); /* its pages came before it */
	assert_int_equal(fnl_books_inspection(&w, ANN)[I(NEXT_SHEET_AT)].i64, FNL_T0 + FNL_MONDAY + FNL_WEEK);
}

static void an_empty_book_has_a_sheet(void **state)
{
	(void)state;
	struct fnl_input rep = fnl_input_rep("ann", 1, "org");
	assert_int_equal(fnl_books_rep_changed(&w, &rep), 0);
	until(ANN, FNL_MONDAY);
	assert_int_equal(sheet()[S(OWNED_COUNT)].i64, 0);
	span_is(sheet()[S(MANAGER_ID)].str, "boss");
	assert_int_equal(fnl_books_events(&w, &fnl_desc_sheet_page), 0);
}

static void the_pool_has_none(void **state)
{
	(void)state;
	line("pool:UNASSIGNED", "p1", 1, 0);
	assert_null(fnl_books_inspection(&w, "pool:UNASSIGNED"));
	line("pool:UNASSIGNED", "p1", 2, 3 * FNL_MONDAY);
	assert_int_equal(fnl_books_line_row(&w, "pool:UNASSIGNED", "p1")[FNL_LINE_IMAGES].list.count, 0);
}

static void what_changed_is_on_it_and_nothing_else(void **state)
{
	(void)state;
	static const char *const ids[] = {"p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9"};
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		line(ANN, ids[i], 1, 0);
	}
	until(ANN, FNL_MONDAY);
	int64_t t = FNL_MONDAY + FNL_HOUR;
	apply(worth(fnl_input_line(ANN, "p2", 2, t), 5));
	apply(with(fnl_input_line(ANN, "p3", 2, t), B(LAYER), FNL_LAYER_WON));
	apply(left(ANN, "p4", 2, t));
	apply(with(fnl_input_line(ANN, "p5", 2, t), B(STATE), FNL_LINE_STATE_GONE));
	line(ANN, "p6", 2, t); /* another version of the same */
	apply(worth(fnl_input_line(ANN, "p7", 2, t), 7));
	line(ANN, "p7", 3, t + 1); /* and back */
	apply(with(fnl_input_line(ANN, "p8", 2, t), B(RULES_VERSION), 9));
	apply(with(fnl_input_line(ANN, "p9", 2, t), B(STATE), FNL_LINE_STATE_ERASED));
	line(ANN, "q1", 1, t);
	apply(worth(fnl_input_line(ANN, "q1", 2, t + 1), 3));
	line(ANN, "q2", 1, t); /* comes and goes between two sheets */
	apply(left(ANN, "q2", 2, t + 1));
	until(ANN, FNL_MONDAY + FNL_WEEK);
	change_is("ann#2", "p2", FNL_LINE_CHANGE_CHANGED);
	assert_int_equal(amount_on("ann#2", "p2", FNL_SHEET_LINE_BEFORE), 100000);
	assert_int_equal(amount_on("ann#2", "p2", FNL_SHEET_LINE_NOW), 5);
	change_is("ann#2", "p3", FNL_LINE_CHANGE_CHANGED);
	change_is("ann#2", "p4", FNL_LINE_CHANGE_LEFT);
	change_is("ann#2", "p5", FNL_LINE_CHANGE_LEFT);
	change_is("ann#2", "q1", FNL_LINE_CHANGE_NEW);
	assert_int_equal(amount_on("ann#2", "q1", FNL_SHEET_LINE_NOW), 3);
	static const char *const not_on[] = {"p1", "p6", "p7", "p8", "p9", "q2"};
	for (size_t i = 0; i < sizeof(not_on) / sizeof(not_on[0]); i++) {
		is_not_on("ann#2", not_on[i]);
	}
	assert_int_equal(sheet()[S(CHANGED_COUNT)].i64, 5);
	assert_int_equal(sheet()[S(OWNED_COUNT)].i64, 7);
	assert_int_equal(sheet()[S(PREVIOUS_AS_OF)].i64, FNL_T0 + FNL_MONDAY);
	assert_null(fnl_books_line_row(&w, ANN, "p5")); /* nobody needs it any more */
	assert_int_equal(fnl_books_line_row(&w, ANN, "p2")[FNL_LINE_IMAGES].list.count, 0);
	until(ANN, FNL_MONDAY + 2 * FNL_WEEK);
	span_is(sheet()[S(SHEET_ID)].str, "ann#3");
	assert_int_equal(sheet()[S(CHANGED_COUNT)].i64, 0);
	assert_int_equal(sheet()[S(PAGE_COUNT)].i64, 0);
}

static void a_change_of_owner_is_on_both_sheets(void **state)
{
	(void)state;
	line(ANN, "p1", 1, 0);
	line(ANN, "p2", 1, 0);
	line(BOB, "x", 1, 0);
	until(ANN, FNL_MONDAY);
	until(BOB, FNL_MONDAY);
	int64_t t = FNL_MONDAY + FNL_HOUR;
	apply(left(ANN, "p1", 2, t));
	line(BOB, "p1", 2, t);
	apply(left(ANN, "p2", 2, t)); /* there and back again */
	line(BOB, "p2", 2, t);
	line(ANN, "p2", 3, t + 1);
	apply(left(BOB, "p2", 3, t + 1));
	until(ANN, FNL_MONDAY + FNL_WEEK);
	until(BOB, FNL_MONDAY + FNL_WEEK);
	change_is("ann#2", "p1", FNL_LINE_CHANGE_LEFT);
	change_is("bob#2", "p1", FNL_LINE_CHANGE_NEW);
	is_not_on("ann#2", "p2");
	is_not_on("bob#2", "p2");
	apply(worth(left(ANN, "p1", 3, t + FNL_WEEK), 9)); /* a former owner's copy is no matter of his sheet */
	assert_int_equal(fnl_books_line_row(&w, ANN, "p1")[FNL_LINE_IMAGES].list.count, 0);
}

/* ---- when ---- */

static void a_change_after_the_moment_is_not_on_it(void **state)
{
	(void)state;
	line(ANN, "p1", 1, 0);
	line(ANN, "p2", 1, 0);
	apply(worth(fnl_input_line(ANN, "p1", 2, FNL_MONDAY + 1), 5)); /* comes before the clock has reached the moment */
	apply(worth(fnl_input_line(ANN, "p2", 2, FNL_MONDAY), 6));
	line(ANN, "p3", 1, FNL_MONDAY + 1);
	until(ANN, FNL_MONDAY);
	assert_int_equal(amount_on("ann#1", "p1", FNL_SHEET_LINE_NOW), 100000);
	assert_int_equal(amount_on("ann#1", "p2", FNL_SHEET_LINE_NOW), 6);
	is_not_on("ann#1", "p3");
	assert_int_equal(sheet()[S(OWNED_COUNT)].i64, 2);
	until(ANN, FNL_MONDAY + FNL_WEEK);
	change_is("ann#2", "p1", FNL_LINE_CHANGE_CHANGED);
	assert_int_equal(amount_on("ann#2", "p1", FNL_SHEET_LINE_BEFORE), 100000);
	change_is("ann#2", "p3", FNL_LINE_CHANGE_NEW);
	is_not_on("ann#2", "p2");
}

/* The stage's time lags behind its inputs, with clock = event by as much as the slowest partition. */
static void there_is_no_sheet_before_the_first_line(void **state)
{
	(void)state;
	w.now_ms = FNL_T0;
	line(ANN, "p1", 1, FNL_MONDAY + FNL_DAY);
	assert_int_equal(fnl_books_inspection(&w, ANN)[I(NEXT_SHEET_AT)].i64, FNL_T0 + FNL_MONDAY + 7 * FNL_DAY);
}

static void missed_sheets_are_one(void **state)
{
	(void)state;
	line(ANN, "p1", 1, 0);
	fnl_books_inspect_until(&w, ANN, FNL_MONDAY + 3 * FNL_WEEK + FNL_HOUR, false);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_inspection_sheet), 1);
	assert_int_equal(sheet()[S(AS_OF)].i64, FNL_T0 + FNL_MONDAY);
	assert_int_equal(fnl_books_inspection(&w, ANN)[I(NEXT_SHEET_AT)].i64, FNL_T0 + FNL_MONDAY + 4 * FNL_WEEK);
}

static bool ask(const char *rep_id, const char *command_id, int64_t at_ms)
{
	struct fnl_input in = fnl_input_ask(rep_id, command_id, at_ms);
	bool stale;
	assert_int_equal(fnl_books_ask(&w, &in, command_id, &stale), 0);
	return !stale;
}

static void a_sheet_is_made_when_it_is_asked_for(void **state)
{
	(void)state;
	assert_false(ask("ann", "i0", 0)); /* nobody knows him */
	line(ANN, "p1", 1, 0);
	w.now_ms = FNL_T0 + FNL_HOUR;
	assert_true(ask("ann", "i1", FNL_HOUR));
	assert_false(ask("ann", "i2", FNL_HOUR));
	until(ANN, FNL_HOUR);
	assert_int_equal(sheet()[S(TRIGGER)].i64, FNL_SHEET_TRIGGER_COMMAND);
	assert_int_equal(sheet()[S(AS_OF)].i64, FNL_T0 + FNL_HOUR);
	span_is(w.cause_id, "i1");
	assert_false(ask("ann", "i1", FNL_HOUR)); /* the same command again */
	apply(worth(fnl_input_line(ANN, "p1", 2, 2 * FNL_HOUR), 5));
	until(ANN, FNL_MONDAY); /* the rhythm goes on */
	assert_int_equal(sheet()[S(TRIGGER)].i64, FNL_SHEET_TRIGGER_RHYTHM);
	assert_true(fnl_span_is_none(w.cause_id));
	change_is("ann#2", "p1", FNL_LINE_CHANGE_CHANGED);
	assert_true(ask("ann", "i3", FNL_MONDAY + FNL_HOUR)); /* issued ahead of our time */
	until(ANN, FNL_MONDAY + FNL_HOUR - 1);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_inspection_sheet), 2);
	until(ANN, FNL_MONDAY + FNL_HOUR);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_inspection_sheet), 3);
	assert_int_equal(fnl_books_inspection(&w, ANN)[I(NEXT_SHEET_AT)].i64, FNL_T0 + FNL_MONDAY + FNL_WEEK);
}

/* Under rules that watch nothing the rhythm rests, and goes on where it is under others. */
static void none_is_made_where_nothing_is_watched(void **state)
{
	(void)state;
	fnl_books_new_rules(&w, "supervision", "watch", 0);
	struct fnl_input rep = fnl_input_rep("bob", 1, "org");
	assert_int_equal(fnl_books_rep_changed(&w, &rep), 0);
	line(BOB, "p2", 1, 0);
	assert_null(fnl_books_inspection(&w, BOB));
	fnl_books_new_rules(&w, "supervision", "watch", 1);
	line(ANN, "p1", 1, 0);
	fnl_books_new_rules(&w, "supervision", "watch", 0);
	until(ANN, FNL_MONDAY);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_inspection_sheet), 0);
	assert_int_equal(fnl_books_inspection(&w, ANN)[I(NEXT_SHEET_AT)].i64, FNL_T0 + FNL_MONDAY + FNL_WEEK);
	assert_true(ask("ann", "i1", FNL_MONDAY + FNL_HOUR));
	until(ANN, FNL_MONDAY + FNL_HOUR);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_inspection_sheet), 1);
	fnl_books_new_rules(&w, "supervision", "watch", 1);
	until(ANN, FNL_MONDAY + FNL_WEEK);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_inspection_sheet), 2);
}

static void one_that_is_asked_for_is_the_rhythms_too(void **state)
{
	(void)state;
	line(ANN, "p1", 1, 0);
	w.now_ms = FNL_T0 + FNL_MONDAY + FNL_HOUR; /* the rhythm's is due, and not begun */
	assert_true(ask("ann", "i1", 0));
	fnl_books_inspect_until(&w, ANN, FNL_MONDAY + FNL_HOUR, false);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_inspection_sheet), 1);
	assert_int_equal(sheet()[S(TRIGGER)].i64, FNL_SHEET_TRIGGER_COMMAND);
	assert_int_equal(sheet()[S(AS_OF)].i64, FNL_T0 + FNL_MONDAY + FNL_HOUR);
	assert_int_equal(fnl_books_inspection(&w, ANN)[I(NEXT_SHEET_AT)].i64, FNL_T0 + FNL_MONDAY + FNL_WEEK);
}

/* ---- pages ---- */

static void a_change_during_the_pass_waits_for_the_next_sheet(void **state)
{
	(void)state;
	line(ANN, "p1", 1, 0);
	line(ANN, "p2", 1, 0);
	line(ANN, "p5", 1, 0);
	line(ANN, "p6", 1, 0);
	until(ANN, FNL_MONDAY);
	apply(worth(fnl_input_line(ANN, "p6", 2, FNL_MONDAY + 1), 1));
	w.page_lines = 2;
	w.now_ms = FNL_T0 + FNL_MONDAY + FNL_WEEK + FNL_HOUR;
	assert_true(fnl_books_inspect(&w, ANN)); /* begins with p1, p2 */
	assert_false(ask("ann", "i1", 0));
	int64_t t = FNL_MONDAY + FNL_WEEK - 1;                 /* late, too */
	apply(worth(fnl_input_line(ANN, "p1", 2, t), 11));     /* behind */
	apply(worth(fnl_input_line(ANN, "p5", 2, t), 15));     /* to come */
	apply(worth(fnl_input_line(ANN, "p6", 3, t + 2), 16)); /* to come, and has changed before */
	line(ANN, "p3", 1, t);                                 /* to come */
	line(ANN, "p0", 1, t);                                 /* behind */
	assert_int_equal(fnl_books_line_row(&w, ANN, "p6")[FNL_LINE_IMAGES].list.count, 2);
	fnl_books_inspect_until(&w, ANN, FNL_MONDAY + FNL_WEEK + FNL_HOUR, false);
	assert_int_equal(sheet()[S(SHEET_NUMBER)].i64, 2);
	assert_int_equal(sheet()[S(OWNED_COUNT)].i64, 4);
	assert_int_equal(sheet()[S(CHANGED_COUNT)].i64, 1);
	change_is("ann#2", "p6", FNL_LINE_CHANGE_CHANGED);
	assert_int_equal(amount_on("ann#2", "p6", FNL_SHEET_LINE_BEFORE), 100000);
	assert_int_equal(amount_on("ann#2", "p6", FNL_SHEET_LINE_NOW), 1);
	until(ANN, FNL_MONDAY + 2 * FNL_WEEK);
	assert_int_equal(sheet()[S(SHEET_NUMBER)].i64, 3);
	change_is("ann#3", "p1", FNL_LINE_CHANGE_CHANGED);
	change_is("ann#3", "p5", FNL_LINE_CHANGE_CHANGED);
	change_is("ann#3", "p6", FNL_LINE_CHANGE_CHANGED);
	assert_int_equal(amount_on("ann#3", "p6", FNL_SHEET_LINE_BEFORE), 1);
	change_is("ann#3", "p3", FNL_LINE_CHANGE_NEW);
	change_is("ann#3", "p0", FNL_LINE_CHANGE_NEW);
	is_not_on("ann#3", "p2");
}

static size_t bytes_of(const struct fnl_record_desc *desc, const struct fnl_value *values)
{
	struct fnl_writer writer = fnl_writer_of(&w.arena);
	assert_int_equal(fnl_record_encode(desc, values, &writer), 0);
	return fnl_writer_span(&writer).len;
}

static void five_thousand_lines_come_in_pages(void **state)
{
	(void)state;
	enum { LINES = 5000, PAGE_BYTES_MAX = 64 << 10, STEP_BYTES_MAX = 4 << 20 };
	char id[130];
	memset(id, 'x', sizeof(id));
	for (int i = 0; i < LINES; i++) {
		snprintf(id + 100, sizeof(id) - 100, "%06d", i);
		apply(worth(fnl_input_stalled(&w, ANN, id, 1, 0, FNL_STALL_KIND_STUCK, FNL_ALERT_LEVEL_NONE), 4 * i));
	}
	fnl_books_rule(&w, "inspection", "page_lines_max", 30);
	fnl_books_rule(&w, "inspection", "questions_max", 200);
	size_t firings = 0;
	w.now_ms = FNL_T0 + FNL_MONDAY;
	for (size_t used = w.arena.used_bytes; fnl_books_inspect(&w, ANN); used = w.arena.used_bytes) {
		firings++;
		assert_true(w.arena.used_bytes - used < STEP_BYTES_MAX);
	}
	assert_int_equal(firings, LINES / FNL_INSPECT_PAGE_LINES);
	size_t pages = 0;
	size_t lines = 0;
	for (size_t i = 0; i < w.event_count; i++) {
		if (w.events[i].desc == &fnl_desc_sheet_page) {
			pages++;
			lines += w.events[i].values[FNL_SHEET_PAGE_LINES].list.count;
			assert_int_equal(w.events[i].values[FNL_SHEET_PAGE_PAGE].i64, pages);
			assert_true(w.events[i].values[FNL_SHEET_PAGE_LINES].list.count <= 30);
			assert_true(bytes_of(&fnl_desc_sheet_page, w.events[i].values) < PAGE_BYTES_MAX);
		}
	}
	assert_int_equal(lines, LINES);
	assert_int_equal(pages, sheet()[S(PAGE_COUNT)].i64);
	assert_int_equal(sheet()[S(STALLED_COUNT)].i64, LINES);
	struct fnl_list questions = sheet()[S(QUESTIONS)].list;
	assert_int_equal(questions.count, 200);
	for (size_t i = 0; i < questions.count; i++) {
		assert_int_equal(questions.items[i].list.items[FNL_QUESTION_AMOUNT].money.amount_minor,
		                 4 * (LINES - 1 - (int)i));
	}
	assert_true(bytes_of(&fnl_desc_inspection_sheet, sheet()) < 2 * PAGE_BYTES_MAX);
}

/* ---- beside quotas ---- */

static void images_of_quotas_and_sheets_lie_beside_each_other(void **state)
{
	(void)state;
	struct fnl_input rep = fnl_input_rep("ann", 1, "org");
	assert_int_equal(fnl_books_rep_changed(&w, &rep), 0);
	line(ANN, "p1", 1, 0);
	until(ANN, FNL_MONDAY);
	struct fnl_input open = fnl_input_open("run", "org", 2024, FNL_MONDAY + FNL_HOUR);
	assert_int_equal(fnl_books_open(&w, &open), 0);
	apply(worth(fnl_input_line(ANN, "p1", 2, FNL_MONDAY + 2 * FNL_HOUR), 5));
	apply(with(fnl_input_line(ANN, "p1", 3, FNL_MONDAY + 3 * FNL_HOUR), B(STATE), FNL_LINE_STATE_GONE));
	assert_int_equal(fnl_books_line_row(&w, ANN, "p1")[FNL_LINE_IMAGES].list.count, 2);
	fnl_books_run_until(&w, FNL_MONDAY + 3 * FNL_DAY); /* drafts, freezes, and keeps what is not its own */
	assert_non_null(fnl_books_quota_line(&w, ANN, 2024, "p1"));
	assert_int_equal(fnl_books_quota_line(&w, ANN, 2024, "p1")[FNL_QUOTA_LINE_AMOUNT].money.amount_minor, 100000);
	assert_int_equal(fnl_books_line_row(&w, ANN, "p1")[FNL_LINE_IMAGES].list.count, 1);
	until(ANN, FNL_MONDAY + FNL_WEEK);
	change_is("ann#2", "p1", FNL_LINE_CHANGE_LEFT);
	assert_null(fnl_books_line_row(&w, ANN, "p1"));
}

static void a_sheet_leaves_the_images_of_quotas(void **state)
{
	(void)state;
	struct fnl_input rep = fnl_input_rep("ann", 1, "org");
	assert_int_equal(fnl_books_rep_changed(&w, &rep), 0);
	line(ANN, "p1", 1, 0);
	struct fnl_input open = fnl_input_open("run", "org", 2024, FNL_MONDAY + FNL_WEEK - FNL_HOUR);
	assert_int_equal(fnl_books_open(&w, &open), 0);
	until(ANN, FNL_MONDAY);
	apply(worth(fnl_input_line(ANN, "p1", 2, FNL_MONDAY + FNL_WEEK - 1), 5));
	assert_int_equal(fnl_books_line_row(&w, ANN, "p1")[FNL_LINE_IMAGES].list.count, 2);
	until(ANN, FNL_MONDAY + FNL_WEEK);
	change_is("ann#2", "p1", FNL_LINE_CHANGE_CHANGED);
	struct fnl_list images = fnl_books_line_row(&w, ANN, "p1")[FNL_LINE_IMAGES].list;
	assert_int_equal(images.count, 1);
	span_is(images.items[0].list.items[FNL_LINE_IMAGE_RUN_ID].str, "run");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_first_sheet_has_all, fresh),
		cmocka_unit_test_setup(an_empty_book_has_a_sheet, fresh),
		cmocka_unit_test_setup(the_pool_has_none, fresh),
		cmocka_unit_test_setup(what_changed_is_on_it_and_nothing_else, fresh),
		cmocka_unit_test_setup(a_change_of_owner_is_on_both_sheets, fresh),
		cmocka_unit_test_setup(a_change_after_the_moment_is_not_on_it, fresh),
		cmocka_unit_test_setup(there_is_no_sheet_before_the_first_line, fresh),
		cmocka_unit_test_setup(missed_sheets_are_one, fresh),
		cmocka_unit_test_setup(a_sheet_is_made_when_it_is_asked_for, fresh),
		cmocka_unit_test_setup(none_is_made_where_nothing_is_watched, fresh),
		cmocka_unit_test_setup(one_that_is_asked_for_is_the_rhythms_too, fresh),
		cmocka_unit_test_setup(a_change_during_the_pass_waits_for_the_next_sheet, fresh),
		cmocka_unit_test_setup(five_thousand_lines_come_in_pages, fresh),
		cmocka_unit_test_setup(images_of_quotas_and_sheets_lie_beside_each_other, fresh),
		cmocka_unit_test_setup(a_sheet_leaves_the_images_of_quotas, fresh),
	};
	return cmocka_run_group_tests(tests, books_start, books_end);
}
