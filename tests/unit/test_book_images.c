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

static struct fnl_input line(int64_t sequence, int64_t at_ms)
{
	return fnl_input_line(BOOK, "p1", sequence, at_ms);
}

enum { AS_OF = 1000, SETTLED = 1000 + 24 * 3600000 };

static void open_issued(const char *run_id, int year, int64_t as_of_ms, int64_t issued_ms)
{
	struct fnl_input in = fnl_input_open(run_id, "org1", year, as_of_ms);
	fnl_input_i64(&in, FNL_OPEN_QUOTA_YEAR_ISSUED_AT, FNL_T0 + issued_ms);
	assert_int_equal(fnl_books_open(&w, &in), 0);
	assert_non_null(w.opened.jobs);
}

static void open_year(const char *run_id, int year, int64_t as_of_ms)
{
	open_issued(run_id, year, as_of_ms, 0);
}

static void hire(const char *rep_id)
{
	struct fnl_input in = fnl_input_rep(rep_id, 1, "org1");
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
}

static const struct fnl_value *image_of(const char *book, const char *run_id)
{
	const struct fnl_value *row = fnl_books_line_row(&w, book, "p1");
	assert_non_null(row);
	struct fnl_list images = row[FNL_LINE_IMAGES].list;
	for (size_t i = 0; i < images.count; i++) {
		const struct fnl_value *image = images.items[i].list.items;
		if (fnl_span_eq(image[FNL_LINE_IMAGE_RUN_ID].str, fnl_span_str(run_id))) {
			return image;
		}
	}
	return NULL;
}

static void image_amount_is(const char *run_id, int64_t amount_minor)
{
	const struct fnl_value *image = image_of(BOOK, run_id);
	assert_non_null(image);
	assert_int_equal(image[FNL_LINE_IMAGE_EXISTED].i64, 1);
	assert_int_equal(image[FNL_LINE_IMAGE_AMOUNT].money.amount_minor, amount_minor);
}

static void a_change_after_as_of_leaves_the_image(void **state)
{
	(void)state;
	hire("ann");
	open_year("r1", 2024, AS_OF);
	apply(with_amount(line(1, AS_OF), 100, "USD"), "c"); /* at as_of itself: it counts */
	assert_null(image_of(BOOK, "r1"));
	apply(with_amount(line(2, AS_OF + 1), 200, "USD"), "c");
	image_amount_is("r1", 100);
	apply(with_amount(line(3, AS_OF + 2), 300, "USD"), "c"); /* the first image stands */
	image_amount_is("r1", 100);
	apply(fnl_input_line(BOOK, "p2", 1, 0), "c");
	assert_int_equal(fnl_books_line_row(&w, BOOK, "p2")[FNL_LINE_IMAGES].list.count, 0);
}

static void a_late_change_is_true_at_as_of_too(void **state)
{
	(void)state;
	hire("ann");
	open_year("r1", 2024, AS_OF);
	apply(with_amount(line(1, 0), 100, "USD"), "c");
	apply(with_amount(line(2, 10), 150, "USD"), "c"); /* no image yet: the line itself is it */
	assert_null(image_of(BOOK, "r1"));
	struct fnl_input in = with_amount(line(3, AS_OF + 1), 200, "USD");
	apply(in, "c");
	in = with_layer(with_amount(line(4, 20), 200, "USD"), FNL_LAYER_BOTTOM, 7500);
	apply(in, "c"); /* late: the layer only, since the amount is of later */
	image_amount_is("r1", 150);
	assert_int_equal(image_of(BOOK, "r1")[FNL_LINE_IMAGE_LAYER].i64, FNL_LAYER_BOTTOM);
	assert_int_equal(image_of(BOOK, "r1")[FNL_LINE_IMAGE_WEIGHT_BP].i64, 7500);
	apply(with_state(line(5, 30), FNL_LINE_STATE_WATCHED), "c"); /* he had it no more at as_of */
	assert_int_equal(image_of(BOOK, "r1")[FNL_LINE_IMAGE_STATE].i64, FNL_LINE_STATE_WATCHED);
}

static void a_line_that_came_after_as_of_was_not_there(void **state)
{
	(void)state;
	hire("ann");
	open_year("r1", 2024, AS_OF);
	apply(line(1, AS_OF + 1), "c");
	assert_int_equal(image_of(BOOK, "r1")[FNL_LINE_IMAGE_EXISTED].i64, 0);
	apply(with_amount(line(2, 5), 7, "USD"), "c"); /* late, but it was another's then */
	assert_int_equal(image_of(BOOK, "r1")[FNL_LINE_IMAGE_EXISTED].i64, 0);
	apply(with_state(line(3, AS_OF + 2), FNL_LINE_STATE_WATCHED), "c");
	apply(with_amount(line(4, 6), 8, "USD"), "c"); /* late, and makes it his */
	image_amount_is("r1", 8);
}

static void gone_lines_stay_as_long_as_they_have_images(void **state)
{
	(void)state;
	hire("ann");
	open_year("r1", 2024, AS_OF);
	apply(with_amount(line(1, 0), 100, "USD"), "c");
	apply(with_state(line(2, AS_OF + 1), FNL_LINE_STATE_GONE), "c");
	assert_int_equal(fnl_books_line_row(&w, BOOK, "p1")[FNL_LINE_STATE].i64, FNL_LINE_STATE_GONE);
	image_amount_is("r1", 100);
	assert_int_equal(fnl_books_rep(&w, BOOK)[FNL_REP_LINE_COUNT].i64, 0);
	apply(with_state(line(2, AS_OF + 1), FNL_LINE_STATE_ERASED), "c"); /* images, too */
	assert_null(fnl_books_line_row(&w, BOOK, "p1"));
}

/* A prospect that was deleted for good and comes anew counts from 1 again. */
static void what_comes_anew_is_not_older_than_what_is_gone(void **state)
{
	(void)state;
	hire("ann");
	open_year("r1", 2024, AS_OF);
	apply(with_amount(line(7, 0), 100, "USD"), "c");
	apply(with_state(line(8, AS_OF + 1), FNL_LINE_STATE_GONE), "c");
	apply(with_state(line(9, AS_OF + 1), FNL_LINE_STATE_GONE), "c"); /* nothing to take away */
	assert_true(w.out.stale);
	apply(with_amount(line(1, AS_OF + 2), 30, "USD"), "c");
	assert_false(w.out.stale);
	assert_int_equal(fnl_books_line_row(&w, BOOK, "p1")[FNL_LINE_SEQUENCE].i64, 1);
	assert_int_equal(fnl_books_rep(&w, BOOK)[FNL_REP_LINE_COUNT].i64, 1);
	image_amount_is("r1", 100);
	apply(with_amount(line(1, AS_OF + 3), 40, "USD"), "c");
	assert_true(w.out.stale);
}

static void only_unfinished_runs_of_the_rep_ask_for_images(void **state)
{
	(void)state;
	struct fnl_value only[1] = {{.set = true, .str = FNL_SPAN_LIT("bob")}};
	hire("ann");
	hire("bob");
	struct fnl_input in = fnl_input_open("r1", "org1", 2024, AS_OF);
	in.v[FNL_OPEN_QUOTA_YEAR_REP_IDS] = (struct fnl_value){.set = true, .list = {only, 1}};
	assert_int_equal(fnl_books_open(&w, &in), 0);
	in = fnl_input_open("r2", "org2", 2024, AS_OF);
	assert_int_equal(fnl_books_open(&w, &in), 0);
	apply(line(1, 0), "c");
	apply(with_amount(line(2, AS_OF + 1), 1, "USD"), "c");
	assert_int_equal(fnl_books_line_row(&w, BOOK, "p1")[FNL_LINE_IMAGES].list.count, 0);
	apply(fnl_input_line("rep:bob", "p1", 1, 0), "c");
	apply(fnl_input_line("rep:bob", "p1", 2, AS_OF + 1), "c");
	assert_non_null(image_of("rep:bob", "r1"));
	apply(fnl_input_line("pool:UNASSIGNED", "p1", 1, AS_OF + 1), "c");
	assert_int_equal(fnl_books_line_row(&w, "pool:UNASSIGNED", "p1")[FNL_LINE_IMAGES].list.count, 0);
	w.jobs = NULL; /* the run is finished and forgotten: its image is of no use */
	apply(fnl_input_line("rep:bob", "p1", 3, AS_OF + 2), "c");
	assert_null(image_of("rep:bob", "r1"));
}

static void while_it_freezes_every_change_leaves_the_image(void **state)
{
	(void)state;
	hire("ann");
	hire("bob");
	open_year("r1", 2024, AS_OF);
	apply(with_amount(fnl_input_line(BOOK, "p0", 1, 0), 100, "USD"), "c");
	apply(with_amount(line(1, 0), 100, "USD"), "c");
	apply(with_amount(fnl_input_line("rep:bob", "p1", 1, 0), 100, "USD"), "c");
	fnl_books_run_until(&w, AS_OF);
	w.now_ms = FNL_T0 + SETTLED;
	w.page_lines = 1;
	assert_true(fnl_books_step(&w)); /* ann's book is next */
	assert_true(fnl_books_step(&w)); /* p0 is frozen */
	apply(with_amount(line(2, 5), 200, "USD"), "c");
	image_amount_is("r1", 100); /* late, but too late */
	apply(with_amount(fnl_input_line(BOOK, "p0", 2, 5), 200, "USD"), "c");
	assert_int_equal(fnl_books_line_row(&w, BOOK, "p0")[FNL_LINE_IMAGES].list.count, 0); /* the pass is beyond it */
	apply(with_amount(fnl_input_line(BOOK, "a", 1, 5), 200, "USD"), "c");
	assert_int_equal(fnl_books_line_row(&w, BOOK, "a")[FNL_LINE_IMAGES].list.count, 0);
	apply(with_amount(fnl_input_line("rep:bob", "p1", 2, AS_OF + 9), 200, "USD"), "c");
	assert_non_null(image_of("rep:bob", "r1"));
	fnl_books_run_until(&w, SETTLED);
	assert_null(image_of(BOOK, "r1"));
	assert_null(image_of("rep:bob", "r1"));
	assert_int_equal(fnl_books_quota(&w, BOOK, 2024)[FNL_QUOTA_SET_COUNTED_COUNT].i64, 2);
	assert_int_equal(fnl_books_quota_line(&w, BOOK, 2024, "p1")[FNL_QUOTA_LINE_AMOUNT].money.amount_minor, 100);
	assert_int_equal(fnl_books_quota_line(&w, "rep:bob", 2024, "p1")[FNL_QUOTA_LINE_AMOUNT].money.amount_minor, 100);
	apply(with_amount(line(3, AS_OF + 10), 300, "USD"), "c");
	assert_null(image_of(BOOK, "r1")); /* it is frozen */
}

/* No change of a line is refused because quotas are slow. */
static void each_of_many_runs_has_its_image(void **state)
{
	(void)state;
	enum { RUNS = 3 * FNL_QUOTA_RUNS_MAX }; /* by their commands all but the last are frozen: no pass has come yet */
	static char runs[RUNS][8];
	fnl_books_rule(&w, "quota", "settle_hours", 0);
	hire("ann");
	apply(line(1, 0), "c");
	for (int i = 0; i < RUNS; i++) {
		snprintf(runs[i], sizeof(runs[i]), "r%d", i);
		open_issued(runs[i], 1980 + i, i, i);
		apply(with_amount(line(i + 2, i + 1), 1, "USD"), "c");
		assert_int_equal(fnl_books_line_row(&w, BOOK, "p1")[FNL_LINE_IMAGES].list.count, i + 1);
	}
}

static void lines_move_to_another_fiscal_year(void **state)
{
	(void)state;
	struct fnl_value rep[FNL_REP_FIELD_COUNT];
	struct fnl_value row[FNL_LINE_FIELD_COUNT];
	bool changed;
	apply(line(1, 0), "c");
	memcpy(rep, fnl_books_rep(&w, BOOK), sizeof(rep));
	memcpy(row, fnl_books_line_row(&w, BOOK, "p1"), sizeof(row));
	assert_int_equal(fnl_book_refile(rep, row, &w.rules, &w.arena, &changed), 0);
	assert_false(changed);
	fnl_books_rule(&w, "fiscal_year", "start_month", 7);
	assert_int_equal(fnl_book_refile(rep, row, &w.rules, &w.arena, &changed), 0);
	assert_true(changed);
	assert_int_equal(row[FNL_LINE_FISCAL_YEAR].i64, 2023);
	assert_null(fnl_books_total(rep[FNL_REP_RUNNING], 2024, "USD"));
	assert_non_null(fnl_books_total(rep[FNL_REP_RUNNING], 2023, "USD"));
	assert_int_equal(rep[FNL_REP_LINE_COUNT].i64, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_change_after_as_of_leaves_the_image, books_fresh),
		cmocka_unit_test_setup(a_late_change_is_true_at_as_of_too, books_fresh),
		cmocka_unit_test_setup(a_line_that_came_after_as_of_was_not_there, books_fresh),
		cmocka_unit_test_setup(what_comes_anew_is_not_older_than_what_is_gone, books_fresh),
		cmocka_unit_test_setup(gone_lines_stay_as_long_as_they_have_images, books_fresh),
		cmocka_unit_test_setup(only_unfinished_runs_of_the_rep_ask_for_images, books_fresh),
		cmocka_unit_test_setup(while_it_freezes_every_change_leaves_the_image, books_fresh),
		cmocka_unit_test_setup(each_of_many_runs_has_its_image, books_fresh),
		cmocka_unit_test_setup(lines_move_to_another_fiscal_year, books_fresh),
	};
	return cmocka_run_group_tests(tests, books_start, books_end);
}
