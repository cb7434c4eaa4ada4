#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "books_fixture.h"

#include <stdio.h>

#define B(name) FNL_BOOK_LINE_##name
#define BOOK "rep:ann"

static void apply(struct fnl_input in, const char *cause)
{
	int r = fnl_books_line(&w, &in, cause);
	if (r != 0) {
		fail_msg("%d: %s", r, w.why.text);
	}
}

static void refuse(struct fnl_input in, int code)
{
	size_t rows = w.row_count;
	assert_int_equal(fnl_books_line(&w, &in, "c"), code);
	assert_int_equal(w.row_count, rows);
}

static int64_t rep_i64(int field)
{
	const struct fnl_value *rep = fnl_books_rep(&w, BOOK);
	assert_non_null(rep);
	return rep[field].i64;
}

static struct fnl_value rep_value(int field)
{
	const struct fnl_value *rep = fnl_books_rep(&w, BOOK);
	assert_non_null(rep);
	return rep[field];
}

static void total_is(int field, int64_t key, const char *currency, int64_t count, int64_t amount_minor,
                     int64_t weighted_minor, int64_t weighted_e4)
{
	const struct fnl_value *total = fnl_books_total(rep_value(field), key, currency);
	assert_non_null(total);
	assert_int_equal(total[FNL_BOOK_TOTAL_COUNT].i64, count);
	assert_int_equal(total[FNL_BOOK_TOTAL_AMOUNT_MINOR].i64, amount_minor);
	assert_int_equal(total[FNL_BOOK_TOTAL_WEIGHTED_MINOR].i64, weighted_minor);
	assert_int_equal(total[FNL_BOOK_TOTAL_WEIGHTED_E4].i64, weighted_e4);
}

static struct fnl_input with_state(struct fnl_input in, int state)
{
	fnl_input_i64(&in, B(STATE), state);
	return in;
}

static struct fnl_input with_amount(struct fnl_input in, int64_t amount_minor, const char *currency)
{
	fnl_input_money(&in, B(AMOUNT), amount_minor, currency);
	return in;
}

static struct fnl_input with_layer(struct fnl_input in, int layer, int64_t weight_bp)
{
	fnl_input_i64(&in, B(LAYER), layer);
	fnl_input_i64(&in, B(WEIGHT_BP), weight_bp);
	return in;
}

static struct fnl_input without(struct fnl_input in, int field)
{
	in.v[field] = (struct fnl_value){0};
	return in;
}

static struct fnl_input line(int64_t sequence, int64_t at_ms)
{
	return fnl_input_line(BOOK, "p1", sequence, at_ms);
}

static void a_line_begins_its_book_and_counts(void **state)
{
	(void)state;
	apply(with_amount(line(1, 0), 100000000, "USD"), "c1");
	const struct fnl_value *rep = fnl_books_rep(&w, BOOK);
	assert_true(fnl_span_eq(rep[FNL_REP_REP_ID].str, FNL_SPAN_LIT("ann")));
	assert_int_equal(rep[FNL_REP_VERSION].i64, 0);
	assert_int_equal(rep[FNL_REP_ACTIVE].i64, 1);
	assert_false(rep[FNL_REP_ORG_ID].set);
	assert_int_equal(rep[FNL_REP_LINE_COUNT].i64, 1);
	total_is(FNL_REP_TOTALS, FNL_LAYER_TOP, "USD", 1, 100000000, 25000000, 0); /* the article: 25 % */
	total_is(FNL_REP_RUNNING, 2024, "USD", 1, 100000000, 25000000, 0);
	assert_int_equal(fnl_books_line_row(&w, BOOK, "p1")[FNL_LINE_FISCAL_YEAR].i64, 2024);
	assert_int_equal(fnl_books_line_row(&w, BOOK, "p1")[FNL_LINE_EFFECTIVE_AT].i64, FNL_T0);
	apply(fnl_input_line("pool:UNASSIGNED", "p2", 1, 0), "c2");
	assert_false(fnl_books_rep(&w, "pool:UNASSIGNED")[FNL_REP_REP_ID].set);
	assert_int_equal(fnl_books_rep(&w, "pool:UNASSIGNED")[FNL_REP_LINE_COUNT].i64, 1);
}

static void the_greater_sequence_wins(void **state)
{
	(void)state;
	static const struct {
		int64_t sequence;
		int64_t amount_minor;
		bool stale;
		int64_t amount_after;
	} cases[] = {{5, 50, false, 50}, {5, 51, true, 50}, {4, 40, true, 50}, {6, 60, false, 60}, {1, 10, true, 60}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		apply(with_amount(line(cases[i].sequence, 0), cases[i].amount_minor, "USD"), "c");
		assert_int_equal(w.out.stale, cases[i].stale);
		assert_int_equal(w.out.line_change, cases[i].stale ? FNL_ROW_KEEP : FNL_ROW_PUT);
		total_is(FNL_REP_TOTALS, FNL_LAYER_TOP, "USD", 1, cases[i].amount_after, cases[i].amount_after / 4,
		         cases[i].amount_after % 4 * 2500);
	}
}

static void two_currencies_stay_two_sums_and_null_is_not_zero(void **state)
{
	(void)state;
	apply(with_amount(fnl_input_line(BOOK, "p1", 1, 0), 100, "USD"), "c");
	apply(with_amount(fnl_input_line(BOOK, "p2", 1, 0), 200, "EUR"), "c");
	apply(without(fnl_input_line(BOOK, "p3", 1, 0), B(AMOUNT)), "c");
	apply(with_amount(fnl_input_line(BOOK, "p4", 1, 0), 0, "USD"), "c");
	struct fnl_list totals = rep_value(FNL_REP_TOTALS).list;
	assert_int_equal(totals.count, 3);
	assert_false(totals.items[0].list.items[FNL_BOOK_TOTAL_CURRENCY].set); /* null first, then by code */
	assert_true(fnl_span_eq(totals.items[1].list.items[FNL_BOOK_TOTAL_CURRENCY].str, FNL_SPAN_LIT("EUR")));
	total_is(FNL_REP_TOTALS, FNL_LAYER_TOP, NULL, 1, 0, 0, 0);
	total_is(FNL_REP_TOTALS, FNL_LAYER_TOP, "EUR", 1, 200, 50, 0);
	total_is(FNL_REP_TOTALS, FNL_LAYER_TOP, "USD", 2, 100, 25, 0);
	total_is(FNL_REP_RUNNING, 2024, NULL, 1, 0, 0, 0);
}

static void negative_amounts_are_exact(void **state)
{
	(void)state;
	apply(with_amount(fnl_input_line(BOOK, "p1", 1, 0), -1, "USD"), "c");
	total_is(FNL_REP_TOTALS, FNL_LAYER_TOP, "USD", 1, -1, -1, 7500); /* -0.25, rounded down, and the rest */
	apply(with_amount(fnl_input_line(BOOK, "p2", 1, 0), 1, "USD"), "c");
	total_is(FNL_REP_TOTALS, FNL_LAYER_TOP, "USD", 2, 0, 0, 0);
}

static void only_owned_lines_in_the_funnel_run(void **state)
{
	(void)state;
	static const struct {
		int layer;
		int64_t weight_bp;
		bool runs;
	} cases[] = {
		{FNL_LAYER_TOP, 2500, true},   {FNL_LAYER_MIDDLE, 5000, true}, {FNL_LAYER_BOTTOM, 7500, true},
		{FNL_LAYER_WON, 0, false},     {FNL_LAYER_LOST, 0, false},     {FNL_LAYER_UNCLASSIFIED, 0, false},
		{FNL_LAYER_UNKNOWN, 0, false}, {FNL_LAYER_DELETED, 0, false},  {FNL_LAYER_MERGED, 0, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		apply(with_layer(line((int64_t)i + 1, 0), cases[i].layer, cases[i].weight_bp), "c");
		assert_int_equal(rep_value(FNL_REP_TOTALS).list.count, 1); /* what counts nothing any more is gone */
		total_is(FNL_REP_TOTALS, cases[i].layer, "USD", 1, 100000, 10 * cases[i].weight_bp, 0);
		assert_int_equal(rep_value(FNL_REP_RUNNING).list.count, cases[i].runs ? 1 : 0);
	}
	apply(without(line(20, 0), B(EXPECTED_CLOSE_DATE)), "c");
	assert_int_equal(rep_value(FNL_REP_RUNNING).list.count, 0);
	assert_false(fnl_books_line_row(&w, BOOK, "p1")[FNL_LINE_FISCAL_YEAR].set);
}

static void watched_lines_never_count_and_gone_ones_go(void **state)
{
	(void)state;
	apply(line(1, 0), "c");
	apply(with_state(line(2, 0), FNL_LINE_STATE_WATCHED), "c");
	assert_int_equal(rep_i64(FNL_REP_LINE_COUNT), 0);
	assert_int_equal(rep_i64(FNL_REP_WATCHED_COUNT), 1);
	assert_int_equal(rep_value(FNL_REP_TOTALS).list.count, 0);
	apply(with_state(line(3, 0), FNL_LINE_STATE_WATCHED), "c");
	assert_int_equal(w.out.rep_change, FNL_ROW_KEEP);
	apply(with_state(line(4, 0), FNL_LINE_STATE_GONE), "c");
	assert_null(fnl_books_line_row(&w, BOOK, "p1"));
	assert_int_equal(rep_i64(FNL_REP_WATCHED_COUNT), 0);
	apply(with_state(line(5, 0), FNL_LINE_STATE_GONE), "c"); /* nothing to take away */
	assert_true(w.out.stale);
	apply(with_state(fnl_input_line("rep:nobody", "p1", 5, 0), FNL_LINE_STATE_GONE), "c");
	assert_null(fnl_books_rep(&w, "rep:nobody"));
}

static void set_quota_years(int64_t first, int64_t second)
{
	const struct fnl_value *rep = fnl_books_rep(&w, BOOK);
	struct fnl_value *copy = fnl_arena_alloc(&w.arena, FNL_REP_FIELD_COUNT * sizeof(*copy));
	struct fnl_value *years = fnl_arena_calloc(&w.arena, 2, sizeof(*years));
	assert_true(copy && years);
	memcpy(copy, rep, FNL_REP_FIELD_COUNT * sizeof(*copy));
	years[0] = (struct fnl_value){.set = true, .i64 = first};
	years[1] = (struct fnl_value){.set = true, .i64 = second};
	copy[FNL_REP_QUOTA_YEARS] = (struct fnl_value){.set = true, .list = {years, 2}};
	for (size_t i = 0; i < w.row_count; i++) {
		if (w.rows[i].values == rep) {
			w.rows[i].values = copy;
		}
	}
}

static void an_erased_line_leaves_nothing(void **state)
{
	(void)state;
	apply(line(5, 0), "c");
	set_quota_years(2023, 2024);
	apply(with_state(line(5, 0), FNL_LINE_STATE_ERASED), "c"); /* erasure is never stale */
	assert_null(fnl_books_line_row(&w, BOOK, "p1"));
	assert_int_equal(rep_i64(FNL_REP_LINE_COUNT), 0);
	assert_int_equal(w.out.erased_years.count, 2);
	apply(with_state(line(6, 0), FNL_LINE_STATE_ERASED), "c"); /* the line had gone, its quota lines are there */
	assert_int_equal(w.out.erased_years.count, 2);
	assert_int_equal(w.out.line_change, FNL_ROW_KEEP);
}

static void fiscal_years_begin_when_the_rules_say(void **state)
{
	(void)state;
	static const struct {
		int64_t month;
		int64_t day;
		int64_t date;
		int32_t year;
	} cases[] = {
		{1, 1, 0, 1970},       {1, 1, 19722, 2023},   {1, 1, 19723, 2024}, {1, 1, 20088, 2024},
		{1, 1, 20089, 2025},   {4, 1, 19813, 2023},   {4, 1, 19814, 2024}, /* 2024-03-31, 04-01 */
		{10, 15, 20010, 2023}, {10, 15, 20011, 2024},                      /* 2024-10-14, 10-15 */
		{3, 1, 19782, 2023},   {3, 1, 19783, 2024},                        /* 2024-02-29, 03-01 */
		{7, 1, 0, 1969},       {1, 1, 84005, 2199},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fnl_books_rule(&w, "fiscal_year", "start_month", cases[i].month);
		fnl_books_rule(&w, "fiscal_year", "start_day", cases[i].day);
		int32_t year = fnl_fiscal_year(&w.rules, cases[i].date);
		if (year != cases[i].year) {
			fail_msg("case %zu: %d instead of %d", i, year, cases[i].year);
		}
	}
}

static void weighted_sums_split_downwards(void **state)
{
	(void)state;
	static const struct {
		int64_t minor;
		int64_t e4;
	} cases[] = {{0, 0}, {1, 9999}, {-1, 1}, {INT64_MAX, 9999}, {INT64_MIN, 0}, {-5, 9999}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t minor;
		int32_t e4;
		assert_int_equal(fnl_weighted_split(fnl_weighted_of(cases[i].minor, cases[i].e4), &minor, &e4), 0);
		assert_int_equal(minor, cases[i].minor);
		assert_int_equal(e4, cases[i].e4);
	}
	int64_t minor;
	int32_t e4;
	assert_int_equal(fnl_weighted_split(fnl_weighted_of(INT64_MAX, 9999) + 1, &minor, &e4), FNL_E_LIMIT);
	assert_int_equal(fnl_weighted_split(fnl_weighted_of(INT64_MIN, 0) - 1, &minor, &e4), FNL_E_LIMIT);
}

static void books_have_names(void **state)
{
	(void)state;
	struct fnl_span name = fnl_book_name(FNL_SPAN_LIT("a:b"), &w.arena);
	assert_true(fnl_span_eq(name, FNL_SPAN_LIT("rep:a:b")));
	assert_true(fnl_span_eq(fnl_book_rep_id(name), FNL_SPAN_LIT("a:b")));
	name = fnl_book_name(FNL_SPAN_NONE, &w.arena);
	assert_true(fnl_span_eq(name, FNL_SPAN_LIT("pool:UNASSIGNED")));
	assert_true(fnl_span_is_none(fnl_book_rep_id(name)));
}

static void what_cannot_be_is_poison(void **state)
{
	(void)state;
	static char id[130];
	static char book[140];
	memset(id, 'x', 129);
	snprintf(book, sizeof(book), "rep:%.128s", id);
	apply(fnl_input_line(book, "p1", 1, 0), "c"); /* as long as may be */
	snprintf(book, sizeof(book), "rep:%s", id);
	refuse(fnl_input_line(book, "p1", 1, 0), FNL_E_LIMIT);
	refuse(fnl_input_line("rep:", "p1", 1, 0), FNL_E_INVALID);
	refuse(fnl_input_line("ann", "p1", 1, 0), FNL_E_INVALID);
	refuse(fnl_input_line("pool:OTHER", "p1", 1, 0), FNL_E_INVALID);
	refuse(fnl_input_line("rep:a|b", "p1", 1, 0), FNL_E_INVALID);
	refuse(fnl_input_line(BOOK, "a|b", 1, 0), FNL_E_INVALID);
	refuse(fnl_input_line(BOOK, "", 1, 0), FNL_E_INVALID);
	refuse(fnl_input_line(BOOK, id, 1, 0), FNL_E_LIMIT);
	refuse(line(0, 0), FNL_E_LIMIT);
	refuse(line(1, -FNL_T0 - 1), FNL_E_LIMIT);
	refuse(with_layer(line(1, 0), FNL_LAYER_TOP, 10001), FNL_E_LIMIT);
	refuse(with_layer(line(1, 0), FNL_LAYER_TOP, -1), FNL_E_LIMIT);
	refuse(with_layer(line(1, 0), FNL_LAYER_COUNT, 0), FNL_E_LIMIT);
	refuse(with_state(line(1, 0), FNL_LINE_STATE_COUNT), FNL_E_LIMIT);
	refuse(with_amount(line(1, 0), FNL_AMOUNT_MINOR_MAX + 1, "USD"), FNL_E_LIMIT);
	refuse(with_amount(line(1, 0), 1, "usd"), FNL_E_INVALID);
	refuse(without(line(1, 0), B(BOOK)), FNL_E_INVALID);
	struct fnl_input in = line(1, 0);
	fnl_input_i64(&in, B(EXPECTED_CLOSE_DATE), 84006);
	refuse(in, FNL_E_LIMIT);
}

static void sums_beyond_their_limits_change_nothing(void **state)
{
	(void)state;
	char id[16];
	for (int i = 0; i < FNL_BOOK_TOTALS_MAX; i++) {
		char currency[4] = {(char)('A' + i / 26), (char)('A' + i % 26), 'X', '\0'};
		snprintf(id, sizeof(id), "p%d", i);
		apply(with_amount(fnl_input_line(BOOK, id, 1, 0), 1, currency), "c");
	}
	refuse(with_amount(fnl_input_line(BOOK, "q", 1, 0), 1, "ZZZ"), FNL_E_LIMIT);
	apply(with_amount(fnl_input_line(BOOK, "p7", 2, 0), 1, "ZZZ"), "c"); /* one goes, one comes */
	assert_int_equal(rep_value(FNL_REP_TOTALS).list.count, FNL_BOOK_TOTALS_MAX);
}

static void a_sum_beyond_64_bits_is_refused(void **state)
{
	(void)state;
	apply(with_amount(line(1, 0), 1, "USD"), "c");
	struct fnl_value total[FNL_BOOK_TOTAL_FIELD_COUNT];
	const struct fnl_value *rep = fnl_books_rep(&w, BOOK);
	memcpy(total, rep[FNL_REP_TOTALS].list.items[0].list.items, sizeof(total));
	total[FNL_BOOK_TOTAL_AMOUNT_MINOR].i64 = INT64_MAX - 4;
	struct fnl_value list = {.set = true, .list = {total, FNL_BOOK_TOTAL_FIELD_COUNT}};
	struct fnl_value copy[FNL_REP_FIELD_COUNT];
	memcpy(copy, rep, sizeof(copy));
	copy[FNL_REP_TOTALS] = (struct fnl_value){.set = true, .list = {&list, 1}};
	struct fnl_book_in in = {
		.rep = copy, .now_ms = FNL_T0, .rules = &w.rules, .cause_id = FNL_SPAN_LIT("c"), .arena = &w.arena};
	struct fnl_book_out out;
	struct fnl_input event = with_amount(fnl_input_line(BOOK, "p2", 1, 0), 5, "USD");
	assert_int_equal(fnl_book_line(&in, event.v, &out, &w.why), FNL_E_LIMIT);
	event = with_amount(fnl_input_line(BOOK, "p2", 1, 0), 4, "USD");
	assert_int_equal(fnl_book_line(&in, event.v, &out, &w.why), 0);
}

static void hr_has_its_say(void **state)
{
	(void)state;
	struct fnl_input in = fnl_input_rep("ann", 3, "org1");
	apply(line(1, 0), "c");
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
	assert_int_equal(rep_i64(FNL_REP_VERSION), 3);
	assert_true(fnl_span_eq(rep_value(FNL_REP_ORG_ID).str, FNL_SPAN_LIT("org1")));
	assert_int_equal(rep_i64(FNL_REP_LINE_COUNT), 1);
	in = fnl_input_rep("ann", 3, "org2");
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
	assert_true(w.out.stale);
	in = fnl_input_rep("ann", 4, "org2");
	in.v[FNL_REP_CHANGED_MANAGER_ID] = (struct fnl_value){0}; /* a full image: null is not known */
	fnl_input_i64(&in, FNL_REP_CHANGED_ACTIVE, 0);
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
	assert_true(fnl_span_eq(rep_value(FNL_REP_ORG_ID).str, FNL_SPAN_LIT("org2")));
	assert_false(rep_value(FNL_REP_MANAGER_ID).set);
	assert_int_equal(rep_i64(FNL_REP_ACTIVE), 0);
	total_is(FNL_REP_TOTALS, FNL_LAYER_TOP, "USD", 1, 100000, 25000, 0);
	in = fnl_input_rep("bob", 1, "org1");
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
	assert_int_equal(fnl_books_rep(&w, "rep:bob")[FNL_REP_LINE_COUNT].i64, 0);
	in = fnl_input_rep("bob", 0, "org1");
	assert_int_equal(fnl_books_rep_changed(&w, &in), FNL_E_LIMIT);
	in = fnl_input_rep("b|b", 1, "org1");
	assert_int_equal(fnl_books_rep_changed(&w, &in), FNL_E_INVALID);
}

/* --- what is told --- */

static void due_is(int64_t at_ms)
{
	struct fnl_value due = rep_value(FNL_REP_NEXT_DEADLINE_AT);
	assert_true(due.set);
	assert_int_equal(due.i64, FNL_T0 + at_ms);
}

static void changes_are_told_once_in_a_while(void **state)
{
	(void)state;
	apply(line(1, 0), "c1");
	assert_false(rep_value(FNL_REP_NEXT_DEADLINE_AT).set); /* no quota was opened */
	set_quota_years(2023, 2024);
	apply(with_amount(line(2, 0), 200, "USD"), "c2");
	due_is(60000);
	w.now_ms = FNL_T0 + 50000;
	apply(with_amount(line(3, 0), 300, "USD"), "c3"); /* doesn't put it off */
	due_is(60000);
	fnl_books_rep_timer(&w, BOOK);
	assert_true(w.out.stale);
	w.now_ms = FNL_T0 + 60000;
	fnl_books_rep_timer(&w, BOOK);
	assert_int_equal(w.event_count, 1);
	assert_ptr_equal(w.events[0].desc, &fnl_desc_quota_recalculated);
	const struct fnl_value *v = w.events[0].values;
	assert_true(fnl_span_eq(w.cause_id, FNL_SPAN_LIT("c2")));
	assert_int_equal(v[FNL_QUOTA_RECALCULATED_OCCURRED_AT].i64, FNL_T0 + 60000);
	assert_int_equal(v[FNL_QUOTA_RECALCULATED_FISCAL_YEARS].list.count, 2);
	const struct fnl_value *total = fnl_books_total(v[FNL_QUOTA_RECALCULATED_RUNNING], 2024, "USD");
	assert_non_null(total);
	assert_int_equal(total[FNL_RUNNING_TOTAL_WEIGHTED_MINOR].i64, 75);
	assert_false(rep_value(FNL_REP_NEXT_DEADLINE_AT).set);
	assert_false(rep_value(FNL_REP_CHANGE_CAUSE_ID).set);
	apply(with_amount(line(4, 0), 400, "USD"), "c4"); /* right after it: waits, so that two are never closer */
	due_is(120000);
	apply(with_amount(line(4, 0), 500, "USD"), "c5");
	apply(with_amount(line(6, 0), 300, "USD"), "c6");
	w.now_ms = FNL_T0 + 130000;
	fnl_books_rep_timer(&w, BOOK);
	assert_int_equal(w.event_count, 2);
	assert_true(fnl_span_eq(w.cause_id, FNL_SPAN_LIT("c4")));
	w.now_ms = FNL_T0 + 125000; /* a clock that went back */
	apply(with_amount(line(7, 0), 1, "USD"), "c7");
	due_is(190000);
}

static void what_moves_no_year_with_a_quota_is_not_told(void **state)
{
	(void)state;
	apply(line(1, 0), "c");
	set_quota_years(2023, 2024);
	struct fnl_input in = line(2, 0);
	fnl_input_str(&in, B(REGION), "north");
	apply(in, "c"); /* the same sums */
	assert_int_equal(w.out.rep_change, FNL_ROW_KEEP);
	apply(with_layer(line(3, 0), FNL_LAYER_MIDDLE, 2500), "c"); /* by layer they move, together they don't */
	assert_int_equal(w.out.rep_change, FNL_ROW_PUT);
	assert_false(rep_value(FNL_REP_CHANGE_CAUSE_ID).set);
	in = fnl_input_line(BOOK, "p2", 1, 0);
	fnl_input_i64(&in, B(EXPECTED_CLOSE_DATE), FNL_DAY_2024 + 400);
	apply(in, "c"); /* another year */
	assert_false(rep_value(FNL_REP_CHANGE_CAUSE_ID).set);
	apply(with_layer(line(4, 0), FNL_LAYER_WON, 0), "c");
	assert_true(rep_value(FNL_REP_CHANGE_CAUSE_ID).set);
	fnl_books_rule(&w, "quota", "conflation_seconds", 7);
	w.now_ms = FNL_T0 + 60000;
	fnl_books_rep_timer(&w, BOOK);
	assert_int_equal(w.events[0].values[FNL_QUOTA_RECALCULATED_RUNNING].list.count, 0); /* 2025 is not among them */
	apply(line(5, 0), "c");
	due_is(67000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_line_begins_its_book_and_counts, books_fresh),
		cmocka_unit_test_setup(the_greater_sequence_wins, books_fresh),
		cmocka_unit_test_setup(two_currencies_stay_two_sums_and_null_is_not_zero, books_fresh),
		cmocka_unit_test_setup(negative_amounts_are_exact, books_fresh),
		cmocka_unit_test_setup(only_owned_lines_in_the_funnel_run, books_fresh),
		cmocka_unit_test_setup(watched_lines_never_count_and_gone_ones_go, books_fresh),
		cmocka_unit_test_setup(an_erased_line_leaves_nothing, books_fresh),
		cmocka_unit_test_setup(fiscal_years_begin_when_the_rules_say, books_fresh),
		cmocka_unit_test_setup(weighted_sums_split_downwards, books_fresh),
		cmocka_unit_test_setup(books_have_names, books_fresh),
		cmocka_unit_test_setup(what_cannot_be_is_poison, books_fresh),
		cmocka_unit_test_setup(sums_beyond_their_limits_change_nothing, books_fresh),
		cmocka_unit_test_setup(a_sum_beyond_64_bits_is_refused, books_fresh),
		cmocka_unit_test_setup(hr_has_its_say, books_fresh),
		cmocka_unit_test_setup(changes_are_told_once_in_a_while, books_fresh),
		cmocka_unit_test_setup(what_moves_no_year_with_a_quota_is_not_told, books_fresh),
	};
	return cmocka_run_group_tests(tests, books_start, books_end);
}
