/* What of a line falls in which year, in the running sums and in quotas that an older version has left half-way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "books_fixture.h"

#define B(name) FNL_BOOK_LINE_##name
#define ANN "rep:ann"

enum { D24 = (int)FNL_DAY_2024, D25 = D24 + 366, SETTLED = 24 * 3600000 + 1000 };

struct purchase {
	int64_t day;
	int64_t minor;
	const char *currency; /* NULL: unknown */
};

static struct fnl_input line(int64_t sequence, const struct purchase *purchases, size_t count)
{
	struct fnl_input in = fnl_input_line(ANN, "p1", sequence, sequence);
	struct fnl_value *items = fnl_arena_calloc(&w.arena, count + 1, sizeof(*items));
	fnl_input_i64(&in, B(EXPECTED_CLOSE_DATE), D24);
	fnl_input_money(&in, B(AMOUNT), 1000, "USD");
	for (size_t i = 0; i < count; i++) {
		struct fnl_value *v = fnl_arena_calloc(&w.arena, FNL_PLANNED_PURCHASE_FIELD_COUNT, sizeof(*v));
		v[FNL_PLANNED_PURCHASE_ON] = (struct fnl_value){.set = true, .i64 = purchases[i].day};
		v[FNL_PLANNED_PURCHASE_AMOUNT].set = purchases[i].currency != NULL;
		v[FNL_PLANNED_PURCHASE_AMOUNT].money.amount_minor = purchases[i].minor;
		memcpy(v[FNL_PLANNED_PURCHASE_AMOUNT].money.currency, purchases[i].currency ? purchases[i].currency : "USD", 4);
		items[i] = (struct fnl_value){.set = true, .list = {v, FNL_PLANNED_PURCHASE_FIELD_COUNT}};
	}
	in.v[B(PLANNED_PURCHASES)] = (struct fnl_value){.set = true, .list = {items, count}};
	return in;
}

static void put(struct fnl_input in)
{
	assert_int_equal(fnl_books_line(&w, &in, "c"), 0);
}
#define PUT(sequence, ...) \
	put(line(sequence, (const struct purchase[]){__VA_ARGS__}, \
	         sizeof((const struct purchase[]){__VA_ARGS__}) / sizeof(struct purchase)))

static void running_is(int year, const char *currency, int64_t minor)
{
	const struct fnl_value *t = fnl_books_total(fnl_books_rep(&w, ANN)[FNL_REP_RUNNING], year, currency);
	if (!t) {
		fail_msg("nothing in %d, %s", year, currency ? currency : "unknown");
		return;
	}
	assert_int_equal(t[FNL_RUNNING_TOTAL_COUNT].i64, 1);
	assert_int_equal(t[FNL_RUNNING_TOTAL_AMOUNT_MINOR].i64, minor);
}

static size_t running_count(void)
{
	return fnl_books_rep(&w, ANN)[FNL_REP_RUNNING].list.count;
}

static void a_line_is_in_the_years_of_its_purchases(void **state)
{
	(void)state;
	PUT(1, {D24 - 1, 1, "USD"}, {D24, 10, "USD"}, {D25 - 1, 100, "USD"}, {D24 + 3, 7, "EUR"}, {D25, 1000, "JPY"});
	assert_int_equal(running_count(), 4);
	running_is(2023, "USD", 1);
	running_is(2024, "USD", 110);
	running_is(2024, "EUR", 7);
	running_is(2025, "JPY", 1000);
	/* by layer it is the whole amount */
	const struct fnl_value *t = fnl_books_total(fnl_books_rep(&w, ANN)[FNL_REP_TOTALS], FNL_LAYER_TOP, "USD");
	assert_int_equal(t[FNL_BOOK_TOTAL_AMOUNT_MINOR].i64, 1000);

	PUT(2, {D24, 110, "USD"}, {D25, 1, "JPY"}, {D25 + 1, 0, NULL}); /* what is not known makes its year unknown */
	assert_int_equal(running_count(), 2);
	running_is(2024, "USD", 110);
	running_is(2025, NULL, 0);
	put(line(3, NULL, 0)); /* none are planned: the whole amount, at the close */
	assert_int_equal(running_count(), 1);
	running_is(2024, "USD", 1000);
	struct fnl_input won = line(4, NULL, 0);
	fnl_input_i64(&won, B(LAYER), FNL_LAYER_WON);
	put(won);
	assert_int_equal(running_count(), 0);
}

static void what_was_added_is_taken_away_under_other_rules(void **state)
{
	(void)state;
	struct fnl_input in = fnl_input_rep("ann", 1, "org1");
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
	PUT(1, {D24, 10, "USD"}, {D24 + 200, 100, "USD"}); /* 2024-07-19 */
	assert_int_equal(fnl_books_line_row(&w, ANN, "p1")[FNL_LINE_YEAR_START].i64, 101);
	fnl_books_new_rules(&w, "fiscal_year", "start_month", 7);
	running_is(2024, "USD", 110); /* not yet */
	fnl_books_run_until(&w, 10);
	assert_int_equal(fnl_books_line_row(&w, ANN, "p1")[FNL_LINE_YEAR_START].i64, 701);
	assert_int_equal(running_count(), 2);
	running_is(2023, "USD", 10);
	running_is(2024, "USD", 100);
	/* a change that comes before the line is filed anew takes away what is there */
	fnl_books_new_rules(&w, "fiscal_year", "start_month", 1);
	PUT(2, {D25, 5, "USD"});
	assert_int_equal(running_count(), 1);
	running_is(2025, "USD", 5);
	fnl_books_run_until(&w, 20);
	running_is(2025, "USD", 5);
}

static struct fnl_value *rewritten(enum fnl_books_table table, size_t field_count)
{
	for (size_t i = 0; i < w.row_count; i++) {
		if (w.rows[i].table == table) {
			struct fnl_value *copy = fnl_arena_calloc(&w.arena, field_count, sizeof(*copy));
			memcpy(copy, w.rows[i].values, field_count * sizeof(*copy));
			w.rows[i].values = copy;
			return copy;
		}
	}
	fail_msg("no such row");
	return NULL;
}

static void a_line_of_an_older_version_goes_as_it_came(void **state)
{
	(void)state;
	put(line(1, NULL, 0));
	struct fnl_value *old = rewritten(FNL_BOOKS_LINE, FNL_LINE_FIELD_COUNT);
	old[FNL_LINE_YEAR_START].i64 = 0; /* as the schema's default has it; its purchases had been added to no year */
	struct fnl_input planned = line(9, (const struct purchase[]){{D25, 3, "USD"}}, 1);
	old[FNL_LINE_PLANNED_PURCHASES] = planned.v[B(PLANNED_PURCHASES)];
	PUT(2, {D25, 5, "USD"}, {D25, 1, "EUR"});
	assert_int_equal(running_count(), 2);
	running_is(2025, "USD", 5);
	running_is(2025, "EUR", 1);
}

/* A book of which the version before has counted the first page. */
static void a_quota_that_was_left_half_way_is_finished(void **state)
{
	(void)state;
	struct fnl_input in = fnl_input_rep("ann", 1, "org1");
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
	for (int i = 0; i < 3; i++) {
		static const char *const ids[] = {"p1", "p2", "p3"};
		in = line(1, NULL, 0);
		fnl_input_str(&in, B(PROSPECT_ID), ids[i]);
		fnl_input_money(&in, B(AMOUNT), 40000 + 100 * i, "USD");
		put(in);
	}
	w.page_lines = 1;
	in = fnl_input_open("r1", "org1", 2024, 1000);
	assert_int_equal(fnl_books_open(&w, &in), 0);
	fnl_books_run_until(&w, SETTLED - 1);
	w.now_ms = FNL_T0 + SETTLED;
	assert_true(fnl_books_step(&w)); /* into the book */
	assert_true(fnl_books_step(&w)); /* its first page */
	struct fnl_value *old = rewritten(FNL_BOOKS_QUOTA, FNL_QUOTA_SET_FIELD_COUNT);
	assert_int_equal(old[FNL_QUOTA_SET_STATE].i64, FNL_QUOTA_STATE_FREEZING);
	assert_int_equal(old[FNL_QUOTA_SET_COUNTED_COUNT].i64, 1);
	old[FNL_QUOTA_SET_LINES_MINOR].set = false;
	old[FNL_QUOTA_SET_AREAS] = (struct fnl_value){.set = true};
	while (fnl_books_step(&w)) {
	}
	const struct fnl_value *q = fnl_books_quota(&w, ANN, 2024);
	assert_int_equal(q[FNL_QUOTA_SET_STATE].i64, FNL_QUOTA_STATE_FROZEN);
	assert_int_equal(q[FNL_QUOTA_SET_QUOTA].money.amount_minor, 30100); /* 300.75 */
	assert_int_equal(q[FNL_QUOTA_SET_ROUNDING_MINOR].i64, 25);
	assert_int_equal(q[FNL_QUOTA_SET_COUNTED_COUNT].i64, 3);
	assert_int_equal(q[FNL_QUOTA_SET_AREAS].list.count, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_line_is_in_the_years_of_its_purchases, books_fresh),
		cmocka_unit_test_setup(what_was_added_is_taken_away_under_other_rules, books_fresh),
		cmocka_unit_test_setup(a_line_of_an_older_version_goes_as_it_came, books_fresh),
		cmocka_unit_test_setup(a_quota_that_was_left_half_way_is_finished, books_fresh),
	};
	return cmocka_run_group_tests(tests, books_start, books_end);
}
