/* An allocation fails, each one in turn, in what books and quotas do: a clean error that leaves the caller's things
 * alone, or the result of an undisturbed run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "book_world_internal.h"
#include "failing_trial.h"

enum { AS_OF = 1000, SETTLED = AS_OF + 24 * 3600000 };

static struct fnl_books w;

/* What is tried again and again: a line, a RepChanged, the rep's timer, a command, new rules, or a step of the jobs. */
static const struct fnl_input *input;

static void write_event(struct fnl_writer *to, struct fnl_event_out event)
{
	failing_write(to, event.desc, event.values);
}

static int untouched(const void *out, const void *before, size_t size, int rc)
{
	assert_memory_equal(out, before, size);
	return rc;
}

static int run_book(struct fnl_arena *arena, struct fnl_writer *ret)
{
	struct fnl_book_out out;
	struct fnl_book_out before;
	bool is_line = input && input->desc == &fnl_desc_book_line;
	struct fnl_book_in in = {
		.rep = fnl_books_rep(&w, "rep:ann"),
		.line = is_line ? fnl_books_line_row(&w, "rep:ann", "p1") : NULL,
		.jobs = w.jobs,
		.now_ms = w.now_ms,
		.rules = &w.rules,
		.cause_id = FNL_SPAN_LIT("c"),
		.correlation_id = FNL_SPAN_LIT("c"),
		.arena = arena,
	};
	memset(&out, 0x5a, sizeof(out));
	memcpy(&before, &out, sizeof(out));
	bool is_changed = input && input->desc == &fnl_desc_rep_changed;
	int rc = !input       ? fnl_book_timer(&in, &out, &w.why)
	         : is_line    ? fnl_book_line(&in, input->v, &out, &w.why)
	         : is_changed ? fnl_book_rep_changed(&in, input->v, &out, &w.why)
	                      : fnl_book_rep_leaves(&in, input->desc, input->v, &out, &w.why);
	failing_counts(false);
	if (rc) {
		return untouched(&out, &before, sizeof(out), rc);
	}
	fnl_write_u8(ret, (uint8_t)(out.line_change * 16 + out.rep_change));
	failing_write(ret, &fnl_desc_rep, out.rep_change == FNL_ROW_PUT ? out.rep : NULL);
	failing_write(ret, &fnl_desc_line, out.line_change == FNL_ROW_PUT ? out.line : NULL);
	write_event(ret, out.event);
	for (size_t i = 0; i < out.entry_count; i++) {
		write_event(ret, out.entries[i]);
	}
	return 0;
}

static int run_open(struct fnl_arena *arena, struct fnl_writer *ret)
{
	struct fnl_quota_opened out;
	struct fnl_quota_opened before;
	memset(&out, 0x5a, sizeof(out));
	memcpy(&before, &out, sizeof(out));
	int rc =
		fnl_quota_open(w.jobs, input->v, &w.rules, FNL_SPAN_LIT("c"), FNL_SPAN_LIT("c"), w.now_ms, arena, &out, &w.why);
	failing_counts(false);
	if (rc) {
		return untouched(&out, &before, sizeof(out), rc);
	}
	failing_write(ret, &fnl_desc_partition_jobs, out.jobs);
	write_event(ret, out.rejection);
	return 0;
}

static int run_rules(struct fnl_arena *arena, struct fnl_writer *ret)
{
	struct fnl_rules after = w.rules;
	struct fnl_books changed = {.rules = after};
	struct fnl_value *jobs = NULL;
	fnl_books_rule(&changed, "fiscal_year", "start_month", 7);
	int rc = fnl_quota_rules_changed(w.jobs, &w.rules, &changed.rules, FNL_SPAN_LIT("c"), FNL_SPAN_LIT("c"), w.now_ms,
	                                 arena, &jobs);
	failing_counts(false);
	if (rc) {
		assert_null(jobs);
		return rc;
	}
	failing_write(ret, &fnl_desc_partition_jobs, jobs);
	return 0;
}

static int run_step(struct fnl_arena *arena, struct fnl_writer *ret)
{
	const struct fnl_value *page[4];
	struct fnl_quota_need need = fnl_quota_needs(w.jobs);
	bool lines = need.work == FNL_QUOTA_WORK_LINES;
	struct fnl_quota_step_in in = {
		.jobs = w.jobs, .page = page, .page_last = true, .now_ms = w.now_ms, .rules = &w.rules, .arena = arena};
	struct fnl_quota_step_out out;
	struct fnl_quota_step_out before;
	for (size_t i = 0; i < w.row_count && in.page_count < 4; i++) {
		bool done = !lines && !fnl_span_is_none(need.book);
		if (w.rows[i].table == (lines ? FNL_BOOKS_LINE : FNL_BOOKS_REP) && !done) {
			page[in.page_count++] = w.rows[i].values;
		}
	}
	in.rep = lines ? fnl_books_rep(&w, "rep:ann") : NULL;
	fnl_books_references(&w, &need, &in);
	memset(&out, 0x5a, sizeof(out));
	memcpy(&before, &out, sizeof(out));
	int rc = fnl_quota_step(&in, &out, &w.why);
	failing_counts(false);
	if (rc) {
		return untouched(&out, &before, sizeof(out), rc);
	}
	failing_write(ret, &fnl_desc_partition_jobs, out.jobs);
	failing_write(ret, &fnl_desc_rep, out.rep);
	failing_write(ret, &fnl_desc_quota_set, out.quota);
	fnl_write_u8(ret, (uint8_t)out.copied_change);
	failing_write(ret, &fnl_desc_territory_set, out.copied);
	for (size_t i = 0; i < in.page_count; i++) {
		fnl_write_u8(ret, (uint8_t)out.lines[i].line_change);
		failing_write(ret, &fnl_desc_line, out.lines[i].line_change == FNL_ROW_PUT ? out.lines[i].line : NULL);
		failing_write(ret, &fnl_desc_quota_line, out.lines[i].quota_line);
	}
	return 0;
}

/* A rate or a territory. */
static int run_reference(struct fnl_arena *arena, struct fnl_writer *ret)
{
	bool rate = input->desc == &fnl_desc_fx_rate;
	struct fnl_value *out = NULL;
	int rc = rate ? fnl_rates_take(fnl_books_rates(&w, "R", "USD"), input->v, arena, &out, &w.why)
	              : fnl_territory_take(fnl_books_territories(&w, "org1", NULL), input->v, arena, &out, &w.why);
	failing_counts(false);
	if (rc == 0) {
		failing_write(ret, rate ? &fnl_desc_rate_table : &fnl_desc_territory_set, out);
	}
	return rc;
}

static void try_all(const char *name, failing_run *run, const struct fnl_input *in)
{
	input = in;
	failing_try_all(name, run, &w.arena);
}

static void references(void)
{
	static struct fnl_value cell[FNL_TERRITORY_CELL_FIELD_COUNT], cells[1];
	struct fnl_input rate = fnl_input_of(&fnl_desc_fx_rate, 0);
	struct fnl_input territory = fnl_input_of(&fnl_desc_territory_defined, 0);
	fnl_input_str(&rate, FNL_FX_RATE_NAME, "R");
	fnl_input_str(&rate, FNL_FX_RATE_BASE, "EUR");
	fnl_input_str(&rate, FNL_FX_RATE_QUOTE, "USD");
	fnl_input_i64(&rate, FNL_FX_RATE_RATE_MANTISSA, 3);
	fnl_input_i64(&rate, FNL_FX_RATE_RATE_SCALE, 1);
	fnl_input_i64(&rate, FNL_FX_RATE_VALID_ON, FNL_T0 / 86400000);
	try_all("FxRate", run_reference, &rate);
	assert_int_equal(fnl_books_rate(&w, &rate, NULL), 0);
	fnl_input_i64(&rate, FNL_FX_RATE_VALID_ON, FNL_T0 / 86400000 - 1);
	try_all("another day", run_reference, &rate);
	cells[0] = (struct fnl_value){.set = true, .list = {cell, FNL_TERRITORY_CELL_FIELD_COUNT}};
	fnl_input_str(&territory, FNL_TERRITORY_DEFINED_TERRITORY_ID, "t1");
	fnl_input_i64(&territory, FNL_TERRITORY_DEFINED_VERSION, 1);
	fnl_input_str(&territory, FNL_TERRITORY_DEFINED_ORG_ID, "org1");
	fnl_input_i64(&territory, FNL_TERRITORY_DEFINED_VALID_FROM, 0);
	fnl_input_i64(&territory, FNL_TERRITORY_DEFINED_AREA_FACTOR_BP, 12000);
	territory.v[FNL_TERRITORY_DEFINED_CELLS] = (struct fnl_value){.set = true, .list = {cells, 1}};
	territory.v[FNL_TERRITORY_DEFINED_REP_IDS].set = true;
	try_all("TerritoryDefined", run_reference, &territory);
	assert_int_equal(fnl_books_territory(&w, &territory, NULL), 0);
}

/* Two purchases in euros, one of them next year; the whole amount in dollars. */
static void plan(struct fnl_input *in)
{
	static struct fnl_value values[2][FNL_PLANNED_PURCHASE_FIELD_COUNT], items[2];
	for (size_t i = 0; i < 2; i++) {
		values[i][FNL_PLANNED_PURCHASE_ON] = (struct fnl_value){.set = true, .i64 = FNL_DAY_2024 + 366 * (int64_t)i};
		values[i][FNL_PLANNED_PURCHASE_AMOUNT] = (struct fnl_value){.set = true, .money = {50, "EUR"}};
		items[i] = (struct fnl_value){.set = true, .list = {values[i], FNL_PLANNED_PURCHASE_FIELD_COUNT}};
	}
	in->v[FNL_BOOK_LINE_PLANNED_PURCHASES] = (struct fnl_value){.set = true, .list = {items, 2}};
}

static void every_input_and_step(void **state)
{
	(void)state;
	fnl_books_start(&w);
	struct fnl_input hired = fnl_input_rep("ann", 1, "org1");
	try_all("RepChanged", run_book, &hired);
	assert_int_equal(fnl_books_rep_changed(&w, &hired), 0);
	references();
	struct fnl_input first = fnl_input_line("rep:ann", "p1", 1, 0);
	plan(&first);
	try_all("first line", run_book, &first);
	assert_int_equal(fnl_books_line(&w, &first, "c"), 0);
	struct fnl_input open = fnl_input_open("r1", "org1", 2024, AS_OF);
	fnl_input_str(&open, FNL_OPEN_QUOTA_YEAR_RATE_NAME, "R");
	try_all("OpenQuotaYear", run_open, &open);
	assert_int_equal(fnl_books_open(&w, &open), 0);
	struct fnl_input again = fnl_input_open("r2", "org1", 2024, AS_OF);
	try_all("refused", run_open, &again);
	struct fnl_input newer = fnl_input_line("rep:ann", "p1", 2, AS_OF + 1);
	fnl_input_money(&newer, FNL_BOOK_LINE_AMOUNT, 5, "EUR");
	try_all("line with an image", run_book, &newer);
	assert_int_equal(fnl_books_line(&w, &newer, "c"), 0);
	struct fnl_input late = fnl_input_line("rep:ann", "p1", 3, 1);
	plan(&late);
	fnl_input_i64(&late, FNL_BOOK_LINE_WEIGHT_BP, 5000);
	try_all("late line", run_book, &late);
	for (int i = 0; i < 6; i++) {
		w.now_ms = FNL_T0 + (i < 3 ? AS_OF : SETTLED);
		try_all("step", run_step, NULL);
		assert_true(fnl_books_step(&w));
	}
	assert_int_equal(fnl_books_run(&w, "r1")[FNL_QUOTA_RUN_STATE].i64, FNL_QUOTA_RUN_STATE_FROZEN);
	/* as of the run, before the late change: a quarter of 0.50, x 0.3 x 1.2 */
	const struct fnl_value *told = fnl_books_quota_line(&w, "rep:ann", 2024, "p1");
	assert_int_equal(told[FNL_QUOTA_LINE_VALUE_MINOR].i64 * 10000 + told[FNL_QUOTA_LINE_VALUE_E4].i64, 45000);
	assert_int_equal(fnl_books_line(&w, &late, "c"), 0);
	w.now_ms += 60000;
	try_all("timer", run_book, NULL);
	try_all("rules", run_rules, NULL);
	fnl_books_new_rules(&w, "fiscal_year", "start_month", 7);
	for (int i = 0; i < 3; i++) {
		try_all("recount", run_step, NULL);
		assert_true(fnl_books_step(&w));
	}
	struct fnl_input moved = fnl_input_rep("ann", 2, "org2");
	try_all("another organisation", run_book, &moved);
	struct fnl_input left = fnl_input_of(&fnl_desc_rep_left, 0);
	fnl_input_str(&left, FNL_REP_LEFT_REP_ID, "ann");
	fnl_input_i64(&left, FNL_REP_LEFT_VERSION, 3);
	fnl_input_i64(&left, FNL_REP_LEFT_LEFT_ON, 20000);
	try_all("RepLeft", run_book, &left);
	struct fnl_input erased = fnl_input_line("rep:ann", "p1", 4, 1);
	fnl_input_i64(&erased, FNL_BOOK_LINE_STATE, FNL_LINE_STATE_ERASED);
	try_all("erased line", run_book, &erased);
	fnl_books_end(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(every_input_and_step)};
	return cmocka_run_group_tests_name("failing allocations: books and quotas", tests, NULL, NULL);
}
