#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "books_fixture.h"

#include <stdio.h>

#define B(name) FNL_BOOK_LINE_##name
#define O(name) FNL_OPEN_QUOTA_YEAR_##name
#define ANN "rep:ann"
#define BOB "rep:bob"

enum { AS_OF = 1000, SETTLE = 24 * 3600000, SETTLED = AS_OF + SETTLE };

static void apply(struct fnl_input in)
{
	int r = fnl_books_line(&w, &in, "c");
	if (r != 0) {
		fail_msg("%d: %s", r, w.why.text);
	}
}

static struct fnl_input line(const char *book, const char *prospect_id, int64_t sequence, int64_t at_ms,
                             int64_t amount_minor, const char *currency)
{
	struct fnl_input in = fnl_input_line(book, prospect_id, sequence, at_ms);
	fnl_input_money(&in, B(AMOUNT), amount_minor, currency);
	return in;
}

static struct fnl_input watched(struct fnl_input in)
{
	fnl_input_i64(&in, B(STATE), FNL_LINE_STATE_WATCHED);
	return in;
}

static void hire(const char *rep_id, const char *org_id)
{
	struct fnl_input in = fnl_input_rep(rep_id, 1, org_id);
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
}

static void open_year(const char *run_id, int year, int64_t as_of_ms)
{
	struct fnl_input in = fnl_input_open(run_id, "org1", year, as_of_ms);
	assert_int_equal(fnl_books_open(&w, &in), 0);
	assert_non_null(w.opened.jobs);
}

static void quota_is(const char *book, int64_t quota_minor, int64_t rounding_minor, int64_t rounding_e4)
{
	const struct fnl_value *v = fnl_books_quota(&w, book, 2024);
	assert_non_null(v);
	assert_true(v[FNL_QUOTA_SET_QUOTA].set);
	assert_int_equal(v[FNL_QUOTA_SET_QUOTA].money.amount_minor, quota_minor);
	assert_int_equal(v[FNL_QUOTA_SET_ROUNDING_MINOR].i64, rounding_minor);
	assert_int_equal(v[FNL_QUOTA_SET_ROUNDING_E4].i64, rounding_e4);
}

static int64_t run_state(const char *run_id)
{
	const struct fnl_value *run = fnl_books_run(&w, run_id);
	assert_non_null(run);
	return run[FNL_QUOTA_RUN_STATE].i64;
}

static void the_articles_quota_with_its_line(void **state)
{
	(void)state;
	hire("ann", "org1");
	apply(line(ANN, "p1", 1, 0, 100000000, "USD")); /* 1,000,000 in the TOP */
	open_year("r1", 2024, AS_OF);
	fnl_books_run_until(&w, AS_OF - 1);
	assert_null(fnl_books_quota(&w, ANN, 2024));
	fnl_books_run_until(&w, AS_OF);
	assert_int_equal(run_state("r1"), FNL_QUOTA_RUN_STATE_DRAFT);
	quota_is(ANN, 25000000, 0, 0);
	assert_int_equal(fnl_books_quota(&w, ANN, 2024)[FNL_QUOTA_SET_STATE].i64, FNL_QUOTA_STATE_DRAFT);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_quota_set), 1);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_quota_line), 0);
	assert_true(fnl_span_eq(w.cause_id, FNL_SPAN_LIT("r1")));
	assert_int_equal(w.jobs[FNL_PARTITION_JOBS_NEXT_DEADLINE_AT].i64, FNL_T0 + SETTLED);
	assert_true(fnl_books_rep(&w, ANN)[FNL_REP_QUOTA_YEARS].list.count == 1);

	fnl_books_run_until(&w, SETTLED);
	assert_int_equal(run_state("r1"), FNL_QUOTA_RUN_STATE_FROZEN);
	assert_false(w.jobs[FNL_PARTITION_JOBS_NEXT_DEADLINE_AT].set);
	quota_is(ANN, 25000000, 0, 0);
	const struct fnl_value *set = fnl_books_quota(&w, ANN, 2024);
	assert_int_equal(set[FNL_QUOTA_SET_STATE].i64, FNL_QUOTA_STATE_FROZEN);
	assert_int_equal(set[FNL_QUOTA_SET_OCCURRED_AT].i64, FNL_T0 + SETTLED);
	assert_int_equal(set[FNL_QUOTA_SET_COUNTED_COUNT].i64, 1);
	assert_true(fnl_span_eq(set[FNL_QUOTA_SET_MANAGER_ID].str, FNL_SPAN_LIT("boss")));
	const struct fnl_value *v = fnl_books_quota_line(&w, ANN, 2024, "p1");
	assert_non_null(v);
	assert_int_equal(v[FNL_QUOTA_LINE_REASON].i64, FNL_QUOTA_REASON_COUNTED);
	assert_int_equal(v[FNL_QUOTA_LINE_WEIGHT_BP].i64, 2500);
	assert_int_equal(v[FNL_QUOTA_LINE_AMOUNT].money.amount_minor, 100000000);
	assert_int_equal(v[FNL_QUOTA_LINE_WEIGHTED_MINOR].i64, 25000000);
	assert_int_equal(v[FNL_QUOTA_LINE_LAYER].i64, FNL_LAYER_TOP);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_quota_set), 2);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_quota_line), 1);
}

/* Somebody who joined later gets his quota by a run of his own; the others' stay. */
static void a_frozen_quota_never_changes(void **state)
{
	(void)state;
	struct fnl_value ids[2] = {{.set = true, .str = FNL_SPAN_LIT("ann")}, {.set = true, .str = FNL_SPAN_LIT("bob")}};
	hire("ann", "org1");
	apply(line(ANN, "p1", 1, 0, 100000000, "USD"));
	open_year("r1", 2024, AS_OF);
	fnl_books_run_until(&w, SETTLED);
	hire("bob", "org1");
	apply(line(ANN, "p1", 2, SETTLED + 1, 200000000, "USD"));
	apply(line(BOB, "p2", 1, SETTLED + 1, 400000000, "USD"));
	struct fnl_input in = fnl_input_open("r2", "org1", 2024, 2 * SETTLED);
	in.v[O(REP_IDS)] = (struct fnl_value){.set = true, .list = {ids, 2}};
	assert_int_equal(fnl_books_open(&w, &in), 0);
	assert_non_null(w.opened.jobs);
	size_t lines = fnl_books_events(&w, &fnl_desc_quota_line);
	apply(line(ANN, "p1", 3, 2 * SETTLED + 1, 300000000, "USD")); /* leaves an image that the run takes away again */
	fnl_books_run_until(&w, 4 * SETTLED);
	assert_int_equal(run_state("r2"), FNL_QUOTA_RUN_STATE_FROZEN);
	quota_is(ANN, 25000000, 0, 0);
	assert_true(fnl_span_eq(fnl_books_quota(&w, ANN, 2024)[FNL_QUOTA_SET_RUN_ID].str, FNL_SPAN_LIT("r1")));
	quota_is(BOB, 100000000, 0, 0);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_quota_line), lines + 1);
	assert_int_equal(fnl_books_line_row(&w, ANN, "p1")[FNL_LINE_IMAGES].list.count, 0);
}

static void what_is_left_out_is_listed(void **state)
{
	(void)state;
	hire("ann", "org1");
	apply(line(ANN, "p1", 1, 0, 150, "USD")); /* 0.375 */
	apply(line(ANN, "p2", 1, 0, 1000, "EUR"));
	struct fnl_input in = fnl_input_line(ANN, "p3", 1, 0);
	in.v[B(AMOUNT)] = (struct fnl_value){0};
	apply(in);
	in = fnl_input_line(ANN, "p4", 1, 0);
	in.v[B(EXPECTED_CLOSE_DATE)] = (struct fnl_value){0};
	apply(in);
	in = fnl_input_line(ANN, "p5", 1, 0);
	fnl_input_i64(&in, B(EXPECTED_CLOSE_DATE), FNL_DAY_2024 + 366); /* another year's */
	apply(in);
	open_year("r1", 2024, AS_OF);
	fnl_books_run_until(&w, SETTLED);
	quota_is(ANN, 0, -38, 5000); /* 37.5 + -37.5 */
	const struct fnl_value *set = fnl_books_quota(&w, ANN, 2024);
	assert_int_equal(set[FNL_QUOTA_SET_COUNTED_COUNT].i64, 1);
	assert_int_equal(set[FNL_QUOTA_SET_LEFT_OUT_COUNT].i64, 3);
	assert_int_equal(set[FNL_QUOTA_SET_TOTALS].list.count, 4);
	const struct fnl_value *eur = fnl_books_total(set[FNL_QUOTA_SET_TOTALS], FNL_QUOTA_REASON_NOT_CONVERTIBLE, "EUR");
	assert_non_null(eur);
	assert_int_equal(eur[FNL_QUOTA_TOTAL_WEIGHTED_MINOR].i64, 250);
	assert_non_null(fnl_books_total(set[FNL_QUOTA_SET_TOTALS], FNL_QUOTA_REASON_AMOUNT_UNKNOWN, NULL));
	assert_int_equal(fnl_books_quota_line(&w, ANN, 2024, "p4")[FNL_QUOTA_LINE_REASON].i64,
	                 FNL_QUOTA_REASON_NO_CLOSE_DATE);
	assert_false(fnl_books_quota_line(&w, ANN, 2024, "p3")[FNL_QUOTA_LINE_AMOUNT].set);
	assert_null(fnl_books_quota_line(&w, ANN, 2024, "p5"));
}

static void a_draft_takes_late_changes_and_nothing_newer(void **state)
{
	(void)state;
	hire("ann", "org1");
	hire("bob", "org1");
	apply(line(ANN, "p1", 1, 0, 40000, "USD"));
	apply(line(ANN, "p2", 1, 0, 80000, "USD"));
	open_year("r1", 2024, AS_OF);
	fnl_books_run_until(&w, AS_OF);
	quota_is(ANN, 30000, 0, 0);
	apply(line(ANN, "p1", 2, AS_OF + 1, 99999900, "USD")); /* newer */
	apply(line(ANN, "p2", 2, 500, 120000, "USD"));         /* late */
	apply(watched(line(ANN, "p2", 3, AS_OF + 2, 120000, "USD")));
	apply(line(BOB, "p2", 3, AS_OF + 2, 120000, "USD")); /* moved since: counts where it was, once */
	apply(line(ANN, "p3", 1, AS_OF + 3, 500, "USD"));
	fnl_books_run_until(&w, SETTLED);
	quota_is(ANN, 40000, 0, 0);
	quota_is(BOB, 0, 0, 0);
	assert_null(fnl_books_quota_line(&w, BOB, 2024, "p2"));
	assert_null(fnl_books_quota_line(&w, ANN, 2024, "p3"));
	assert_int_equal(fnl_books_line_row(&w, ANN, "p1")[FNL_LINE_IMAGES].list.count, 0);
	assert_int_equal(fnl_books_line_row(&w, BOB, "p2")[FNL_LINE_IMAGES].list.count, 0);
	size_t events = w.event_count;
	apply(line(ANN, "p1", 3, 600, 1, "USD")); /* frozen is frozen; the running sums tell */
	quota_is(ANN, 40000, 0, 0);
	assert_int_equal(w.event_count, events);
	assert_true(fnl_books_rep(&w, ANN)[FNL_REP_CHANGE_CAUSE_ID].set);
}

static void gone_lines_count_as_of_then_and_go(void **state)
{
	(void)state;
	hire("ann", "org1");
	apply(line(ANN, "p1", 1, 0, 40000, "USD"));
	apply(line(ANN, "p2", 1, 0, 40000, "USD"));
	open_year("r1", 2024, AS_OF);
	struct fnl_input in = line(ANN, "p1", 2, AS_OF + 1, 40000, "USD");
	fnl_input_i64(&in, B(STATE), FNL_LINE_STATE_GONE);
	apply(in);
	fnl_books_run_until(&w, AS_OF);
	quota_is(ANN, 20000, 0, 0);
	in = line(ANN, "p2", 2, AS_OF + 1, 40000, "USD");
	fnl_input_i64(&in, B(STATE), FNL_LINE_STATE_ERASED);
	apply(in);
	fnl_books_run_until(&w, SETTLED);
	quota_is(ANN, 10000, 0, 0);
	assert_null(fnl_books_line_row(&w, ANN, "p1"));
	assert_non_null(fnl_books_quota_line(&w, ANN, 2024, "p1"));
	in = line(ANN, "p1", 3, SETTLED, 0, "USD");
	fnl_input_i64(&in, B(STATE), FNL_LINE_STATE_ERASED);
	apply(in); /* the line is not there any more, but its place in the quota is */
	assert_null(fnl_books_quota_line(&w, ANN, 2024, "p1"));
	quota_is(ANN, 10000, 0, 0);
}

static void a_run_is_about_the_reps_it_names(void **state)
{
	(void)state;
	static struct fnl_value only[1] = {{.set = true, .str = FNL_SPAN_LIT("bob")}};
	hire("ann", "org1");
	hire("bob", "org1");
	hire("cyd", "org2");
	apply(line("rep:dan", "p1", 1, 0, 400, "USD")); /* HR has said nothing of him */
	apply(line("pool:UNASSIGNED", "p2", 1, 0, 400, "USD"));
	struct fnl_input in = fnl_input_open("r1", "org1", 2024, AS_OF);
	in.v[O(REP_IDS)] = (struct fnl_value){.set = true, .list = {only, 1}};
	assert_int_equal(fnl_books_open(&w, &in), 0);
	fnl_books_run_until(&w, SETTLED);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_quota_set), 2);
	assert_non_null(fnl_books_quota(&w, BOB, 2024));
	open_year("r2", 2024, SETTLED);
	fnl_books_run_until(&w, SETTLED + SETTLE);
	assert_non_null(fnl_books_quota(&w, ANN, 2024));
	assert_null(fnl_books_quota(&w, "rep:cyd", 2024));
	assert_null(fnl_books_quota(&w, "rep:dan", 2024));
	assert_null(fnl_books_quota(&w, "pool:UNASSIGNED", 2024));
	assert_int_equal(fnl_books_run(&w, "r2")[FNL_QUOTA_RUN_BOOKS_DONE].i64, 2);
}

static void a_pass_goes_page_by_page(void **state)
{
	(void)state;
	char id[16];
	w.page_lines = 2;
	w.page_books = 1;
	hire("ann", "org1");
	hire("bob", "org2");
	hire("cyd", "org1");
	for (int i = 0; i < 5; i++) {
		snprintf(id, sizeof(id), "p%d", i);
		apply(line(ANN, id, 1, 0, 40000, "USD"));
	}
	open_year("r1", 2024, AS_OF);
	w.now_ms = FNL_T0 + AS_OF - 1;
	assert_false(fnl_books_step(&w));
	w.now_ms = FNL_T0 + AS_OF + 5;
	static const struct {
		bool in_book;
		const char *line;
		int64_t lines_done;
	} steps[] = {{true, NULL, 0},  {true, "p1", 2}, {true, "p3", 4}, {false, NULL, 5}, /* ann */
	             {false, NULL, 5}, {true, NULL, 5}, {false, NULL, 5}};                 /* bob is skipped, cyd */
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_true(fnl_books_step(&w));
		const struct fnl_value *run = fnl_books_run(&w, "r1");
		assert_int_equal(run[FNL_QUOTA_RUN_STATE].i64, FNL_QUOTA_RUN_STATE_DRAFTING);
		assert_int_equal(run[FNL_QUOTA_RUN_IN_BOOK].i64, steps[i].in_book);
		assert_int_equal(run[FNL_QUOTA_RUN_LINE].set, steps[i].line != NULL);
		if (steps[i].line) {
			assert_true(fnl_span_eq(run[FNL_QUOTA_RUN_LINE].str, fnl_span_str(steps[i].line)));
			const struct fnl_value *set = fnl_books_quota(&w, ANN, 2024);
			assert_int_equal(set[FNL_QUOTA_SET_STATE].i64, FNL_QUOTA_STATE_DRAFTING);
			assert_false(set[FNL_QUOTA_SET_QUOTA].set);
			assert_int_equal(set[FNL_QUOTA_SET_COUNTED_COUNT].i64, steps[i].lines_done);
		}
		assert_int_equal(run[FNL_QUOTA_RUN_LINES_DONE].i64, steps[i].lines_done);
		assert_int_equal(w.jobs[FNL_PARTITION_JOBS_NEXT_DEADLINE_AT].i64, w.now_ms); /* at once */
	}
	assert_true(fnl_books_step(&w));
	assert_int_equal(run_state("r1"), FNL_QUOTA_RUN_STATE_DRAFT);
	assert_false(fnl_books_step(&w));
	assert_int_equal(fnl_books_run(&w, "r1")[FNL_QUOTA_RUN_BOOKS_DONE].i64, 2);
	quota_is(ANN, 50000, 0, 0);
	quota_is("rep:cyd", 0, 0, 0);
}

static void the_earliest_run_goes_first(void **state)
{
	(void)state;
	hire("ann", "org1");
	hire("bob", "org2");
	struct fnl_input in = fnl_input_open("r2", "org2", 2024, AS_OF + 1);
	assert_int_equal(fnl_books_open(&w, &in), 0);
	open_year("r1", 2024, AS_OF);
	w.now_ms = FNL_T0 + AS_OF + 1;
	assert_true(fnl_books_step(&w));
	assert_int_equal(run_state("r1"), FNL_QUOTA_RUN_STATE_DRAFTING);
	assert_int_equal(run_state("r2"), FNL_QUOTA_RUN_STATE_OPENED);
	fnl_books_run_until(&w, AS_OF + 1);
	assert_int_equal(run_state("r1"), FNL_QUOTA_RUN_STATE_DRAFT);
	assert_int_equal(run_state("r2"), FNL_QUOTA_RUN_STATE_DRAFT);
	w.now_ms = FNL_T0 + SETTLED + 1; /* of two that are due at the same time the older one */
	in = fnl_input_open("r3", "org3", 2024, AS_OF);
	assert_int_equal(fnl_books_open(&w, &in), 0);
	in = fnl_input_open("r4", "org4", 2024, AS_OF);
	assert_int_equal(fnl_books_open(&w, &in), 0);
	assert_true(fnl_books_step(&w)); /* nobody is in these organisations */
	assert_int_equal(run_state("r3"), FNL_QUOTA_RUN_STATE_DRAFT);
	assert_int_equal(run_state("r4"), FNL_QUOTA_RUN_STATE_OPENED);
}

/* Else two runs would add to one row: here the rep changes her organisation while her lines are gone through. */
static void a_book_is_never_left_half_way(void **state)
{
	(void)state;
	w.page_lines = 1;
	hire("ann", "org2");
	apply(line(ANN, "p1", 1, 0, 40000, "USD"));
	apply(line(ANN, "p2", 1, 0, 40000, "USD"));
	struct fnl_input in = fnl_input_open("r2", "org2", 2024, AS_OF + 1);
	assert_int_equal(fnl_books_open(&w, &in), 0);
	w.now_ms = FNL_T0 + AS_OF + 1;
	assert_true(fnl_books_step(&w));
	assert_true(fnl_books_step(&w));
	in = fnl_input_rep("ann", 2, "org1");
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
	open_year("r1", 2024, AS_OF);
	fnl_books_run_until(&w, AS_OF + 1);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_quota_set), 2);
	for (size_t i = 0; i < w.event_count; i++) {
		assert_int_equal(w.events[i].values[FNL_QUOTA_SET_COUNTED_COUNT].i64, 2);
		assert_true(fnl_span_eq(w.events[i].values[FNL_QUOTA_SET_RUN_ID].str, fnl_span_str(i == 0 ? "r2" : "r1")));
	}
}

static void a_step_before_its_time_does_nothing(void **state)
{
	(void)state;
	struct fnl_quota_step_out out;
	open_year("r1", 2024, AS_OF);
	struct fnl_quota_step_in in = {
		.jobs = w.jobs, .page_last = true, .now_ms = FNL_T0 + AS_OF - 1, .rules = &w.rules, .arena = &w.arena};
	assert_int_equal(fnl_quota_step(&in, &out, &w.why), 0);
	assert_int_equal(out.jobs[FNL_PARTITION_JOBS_RUNS].list.items[0].list.items[FNL_QUOTA_RUN_STATE].i64,
	                 FNL_QUOTA_RUN_STATE_OPENED);
	assert_int_equal(out.jobs[FNL_PARTITION_JOBS_NEXT_DEADLINE_AT].i64, FNL_T0 + AS_OF);
	in.jobs = NULL;
	assert_int_equal(fnl_quota_step(&in, &out, &w.why), 0);
	assert_false(out.jobs[FNL_PARTITION_JOBS_NEXT_DEADLINE_AT].set);
}

static void a_rep_has_at_most_eight_years(void **state)
{
	(void)state;
	char id[16];
	hire("ann", "org1");
	fnl_books_rule(&w, "quota", "settle_hours", 0);
	for (int i = 0; i < 10; i++) {
		snprintf(id, sizeof(id), "r%d", i);
		open_year(id, 2024 + i * 7 % 10, i * 10);
		fnl_books_run_until(&w, i * 10 + 1);
	}
	struct fnl_list years = fnl_books_rep(&w, ANN)[FNL_REP_QUOTA_YEARS].list;
	assert_int_equal(years.count, FNL_BOOK_QUOTA_YEARS_MAX);
	for (size_t i = 0; i < years.count; i++) {
		assert_int_equal(years.items[i].i64, 2026 + (int64_t)i);
	}
}

/* --- other fiscal years --- */

static void another_fiscal_year_files_every_line_anew(void **state)
{
	(void)state;
	char id[16];
	w.page_lines = 2;
	hire("ann", "org1");
	for (int i = 0; i < 5; i++) {
		snprintf(id, sizeof(id), "p%d", i);
		apply(line(ANN, id, 1, 0, 400, "USD"));
	}
	apply(line("pool:UNASSIGNED", "p9", 1, 0, 400, "USD"));
	open_year("r1", 2024, AS_OF);
	fnl_books_run_until(&w, AS_OF);
	fnl_books_new_rules(&w, "quota", "conflation_seconds", 30);
	assert_int_equal(w.jobs[FNL_PARTITION_JOBS_NEXT_DEADLINE_AT].i64, FNL_T0 + SETTLED); /* nothing to do */
	fnl_books_new_rules(&w, "fiscal_year", "start_month", 7);
	assert_int_equal(w.jobs[FNL_PARTITION_JOBS_NEXT_DEADLINE_AT].i64, w.now_ms);
	for (int i = 0; i < 4; i++) { /* the pool with its line, ann's book and her first two */
		assert_true(fnl_books_step(&w));
	}
	assert_non_null(fnl_books_total(fnl_books_rep(&w, ANN)[FNL_REP_RUNNING], 2023, "USD"));
	assert_int_equal(fnl_books_total(fnl_books_rep(&w, ANN)[FNL_REP_RUNNING], 2024, "USD")[FNL_RUNNING_TOTAL_COUNT].i64,
	                 3);
	apply(line(ANN, "p4", 2, 5, 800, "USD"));                 /* overtakes the pass */
	fnl_books_new_rules(&w, "fiscal_year", "start_month", 8); /* begins anew */
	assert_false(w.jobs[FNL_PARTITION_JOBS_RECOUNT_BOOK].set);
	fnl_books_run_until(&w, AS_OF);
	assert_false(w.jobs[FNL_PARTITION_JOBS_RECOUNT_VERSION].set);
	const struct fnl_value *ann = fnl_books_rep(&w, ANN);
	assert_null(fnl_books_total(ann[FNL_REP_RUNNING], 2024, "USD"));
	assert_int_equal(fnl_books_total(ann[FNL_REP_RUNNING], 2023, "USD")[FNL_RUNNING_TOTAL_AMOUNT_MINOR].i64, 2400);
	assert_int_equal(fnl_books_line_row(&w, "pool:UNASSIGNED", "p9")[FNL_LINE_FISCAL_YEAR].i64, 2023);
	assert_true(fnl_span_eq(ann[FNL_REP_CHANGE_CAUSE_ID].str, FNL_SPAN_LIT("rules")));
	assert_true(ann[FNL_REP_NEXT_DEADLINE_AT].set);
	assert_int_equal(ann[FNL_REP_LINE_COUNT].i64, 5);
	fnl_books_run_until(&w, SETTLED);
	quota_is(ANN, 0, 0, 0); /* by the rules in force then, 2024 begins in August */
}

static void a_line_that_finds_no_room_stays_where_it_is_filed(void **state)
{
	(void)state;
	char id[16];
	for (int i = 0; i < FNL_BOOK_TOTALS_MAX + 1; i++) {
		int n = i < FNL_BOOK_TOTALS_MAX ? i : 0; /* two of the first currency */
		char currency[4] = {(char)('A' + n / 26), (char)('A' + n % 26), 'X', '\0'};
		snprintf(id, sizeof(id), "p%03d", i);
		apply(line(ANN, id, 1, 0, 400, currency));
	}
	fnl_books_new_rules(&w, "fiscal_year", "start_month", 7);
	fnl_books_run_until(&w, 0);
	assert_false(w.jobs[FNL_PARTITION_JOBS_RECOUNT_VERSION].set);
	struct fnl_value running = fnl_books_rep(&w, ANN)[FNL_REP_RUNNING];
	assert_int_equal(running.list.count, FNL_BOOK_TOTALS_MAX);
	assert_int_equal(fnl_books_line_row(&w, ANN, "p000")[FNL_LINE_FISCAL_YEAR].i64, 2024);
	assert_int_equal(fnl_books_total(running, 2024, "AAX")[FNL_RUNNING_TOTAL_COUNT].i64, 2);
	assert_int_equal(fnl_books_line_row(&w, ANN, "p001")[FNL_LINE_FISCAL_YEAR].i64, 2023);
	assert_int_equal(fnl_books_total(running, 2023, "ABX")[FNL_RUNNING_TOTAL_COUNT].i64, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_articles_quota_with_its_line, books_fresh),
		cmocka_unit_test_setup(a_frozen_quota_never_changes, books_fresh),
		cmocka_unit_test_setup(what_is_left_out_is_listed, books_fresh),
		cmocka_unit_test_setup(a_draft_takes_late_changes_and_nothing_newer, books_fresh),
		cmocka_unit_test_setup(gone_lines_count_as_of_then_and_go, books_fresh),
		cmocka_unit_test_setup(a_run_is_about_the_reps_it_names, books_fresh),
		cmocka_unit_test_setup(a_pass_goes_page_by_page, books_fresh),
		cmocka_unit_test_setup(the_earliest_run_goes_first, books_fresh),
		cmocka_unit_test_setup(a_book_is_never_left_half_way, books_fresh),
		cmocka_unit_test_setup(a_step_before_its_time_does_nothing, books_fresh),
		cmocka_unit_test_setup(a_rep_has_at_most_eight_years, books_fresh),
		cmocka_unit_test_setup(another_fiscal_year_files_every_line_anew, books_fresh),
		cmocka_unit_test_setup(a_line_that_finds_no_room_stays_where_it_is_filed, books_fresh),
	};
	return cmocka_run_group_tests(tests, books_start, books_end);
}
