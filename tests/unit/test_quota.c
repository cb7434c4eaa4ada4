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

enum { AS_OF = 1000, SETTLE = 24 * 3600000, SETTLED = AS_OF + SETTLE };

static void open_year(const char *run_id, int year, int64_t as_of_ms)
{
	struct fnl_input in = fnl_input_open(run_id, "org1", year, as_of_ms);
	assert_int_equal(fnl_books_open(&w, &in), 0);
	assert_non_null(w.opened.jobs);
}

static int64_t run_state(const char *run_id)
{
	const struct fnl_value *run = fnl_books_run(&w, run_id);
	assert_non_null(run);
	return run[FNL_QUOTA_RUN_STATE].i64;
}

/* --- shares and rounding --- */

static void each_line_has_a_reason(void **state)
{
	(void)state;
	enum { NO = -1, NONE = -1 };
	static const struct fnl_quota_rates usd = {.base_currency = "USD"};
	static const struct {
		int state;
		int layer;
		int64_t weight_bp;
		int64_t day; /* from 2024-01-01 on, NONE: none */
		int64_t amount_minor;
		const char *currency; /* NULL: no amount */
		int reason;           /* NO: not listed */
		int64_t weighted;
	} cases[] = {
		{FNL_LINE_STATE_OWNED, FNL_LAYER_TOP, 2500, 0, 100000000, "USD", FNL_QUOTA_REASON_COUNTED, 250000000000},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_BOTTOM, 7500, 365, -3, "USD", FNL_QUOTA_REASON_COUNTED, -22500},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_MIDDLE, 5000, 366, 1, "USD", NO, 0},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_MIDDLE, 5000, 7, 1, "EUR", FNL_QUOTA_REASON_NOT_CONVERTIBLE, 5000},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_MIDDLE, 5000, 7, 0, NULL, FNL_QUOTA_REASON_AMOUNT_UNKNOWN, 0},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_MIDDLE, 5000, NONE, 1, "USD", FNL_QUOTA_REASON_NO_CLOSE_DATE, 5000},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_UNKNOWN, 0, NONE, 0, NULL, FNL_QUOTA_REASON_NO_CLOSE_DATE, 0},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_UNKNOWN, 0, 7, 0, NULL, FNL_QUOTA_REASON_LAYER_UNKNOWN, 0},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_UNCLASSIFIED, 0, 7, 5, "USD", FNL_QUOTA_REASON_LAYER_UNKNOWN, 0},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_UNCLASSIFIED, 0, 366, 5, "USD", NO, 0},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_WON, 0, 7, 5, "USD", NO, 0},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_LOST, 0, NONE, 5, "USD", NO, 0},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_DELETED, 0, 7, 5, "USD", NO, 0},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_MERGED, 0, 7, 5, "USD", NO, 0},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_NONE, 0, 7, 5, "USD", NO, 0},
		{FNL_LINE_STATE_WATCHED, FNL_LAYER_TOP, 2500, 7, 5, "USD", NO, 0},
		{FNL_LINE_STATE_GONE, FNL_LAYER_TOP, 2500, 7, 5, "USD", NO, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_input in = fnl_input_line(ANN, "p1", 1, 0);
		fnl_input_i64(&in, B(STATE), cases[i].state);
		fnl_input_i64(&in, B(LAYER), cases[i].layer);
		fnl_input_i64(&in, B(WEIGHT_BP), cases[i].weight_bp);
		fnl_input_i64(&in, B(EXPECTED_CLOSE_DATE), FNL_DAY_2024 + cases[i].day);
		in.v[B(EXPECTED_CLOSE_DATE)].set = cases[i].day != NONE;
		fnl_input_money(&in, B(AMOUNT), cases[i].amount_minor, cases[i].currency ? cases[i].currency : "USD");
		in.v[B(AMOUNT)].set = cases[i].currency != NULL;
		struct fnl_quota_share share;
		assert_int_equal(fnl_quota_share_of(in.v + B(STATE), 2024, &usd, &w.rules, &w.arena, &share), 0);
		int64_t weighted = share.listed ? (int64_t)share.parts.items[0].amount.weighted : 0;
		if (share.listed != (cases[i].reason != NO) || (share.listed && share.reason != cases[i].reason) ||
		    share.parts.count != (share.listed ? 1 : 0) || weighted != cases[i].weighted) {
			fail_msg("case %zu: listed %d, reason %d, %lld", i, share.listed, share.reason, (long long)weighted);
		}
	}
}

static struct fnl_wide scaled(fnl_weighted e4)
{
	struct fnl_wide v = fnl_wide_of(e4);
	for (int i = 0; i < FNL_QUOTA_SCALE; i++) {
		v = fnl_wide_mul(v, 10);
	}
	return v;
}

static void the_sum_is_rounded_once_half_to_even(void **state)
{
	(void)state;
	static const struct {
		int64_t exact_minor;
		int64_t exact_e4;
		const char *currency;
		int64_t units;
		int64_t minor;
	} cases[] = {
		{25000000, 0, "USD", 1, 25000000},
		{149, 9999, "USD", 1, 100},
		{150, 0, "USD", 1, 200}, /* 1.5 -> 2 */
		{250, 0, "USD", 1, 200}, /* 2.5 -> 2 */
		{250, 1, "USD", 1, 300},
		{-150, 0, "USD", 1, -200},
		{-250, 0, "USD", 1, -200},
		{-251, 9999, "USD", 1, -300},
		{2, 5000, "JPY", 1, 2}, /* no digits: yen are the units */
		{3, 5000, "JPY", 1, 4},
		{2500, 0, "KWD", 1, 2000},
		{2500, 1, "KWD", 1, 3000},
		{249999, 9999, "USD", 5000, 0},
		{250000, 0, "USD", 5000, 0},
		{250000, 1, "USD", 5000, 500000},
		{750000, 0, "USD", 5000, 1000000},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fnl_weighted exact = fnl_weighted_of(cases[i].exact_minor, cases[i].exact_e4);
		int64_t minor;
		fnl_books_rule(&w, "quota", "rounding_major_units", cases[i].units);
		assert_int_equal(fnl_quota_round(scaled(exact), cases[i].currency, &w.rules, &minor), 0);
		if (minor != cases[i].minor) {
			fail_msg("case %zu: %lld", i, (long long)minor);
		}
	}
	int64_t minor;
	fnl_books_rule(&w, "quota", "rounding_major_units", 1);
	assert_int_equal(fnl_quota_round(scaled(fnl_weighted_of(INT64_MAX, 0)), "USD", &w.rules, &minor), 0);
	fnl_books_rule(&w, "quota", "rounding_major_units", 1000000);
	assert_int_equal(fnl_quota_round(scaled(fnl_weighted_of(INT64_MAX, 0)), "USD", &w.rules, &minor), FNL_E_LIMIT);
}

/* --- opening --- */

static void rejected_as(struct fnl_input in, int reason, const char *run_id)
{
	assert_int_equal(fnl_books_open(&w, &in), 0);
	assert_null(w.opened.jobs);
	assert_false(w.opened.stale);
	assert_ptr_equal(w.opened.rejection.desc, &fnl_desc_command_rejected);
	const struct fnl_value *v = w.opened.rejection.values;
	assert_int_equal(v[FNL_COMMAND_REJECTED_REASON].i64, reason);
	assert_true(fnl_span_eq(v[FNL_COMMAND_REJECTED_COMMAND].str, FNL_SPAN_LIT("OpenQuotaYear")));
	assert_int_equal(v[FNL_COMMAND_REJECTED_RUN_ID].set, run_id != NULL);
	if (run_id) {
		assert_true(fnl_span_eq(v[FNL_COMMAND_REJECTED_RUN_ID].str, fnl_span_str(run_id)));
	}
}

static void a_run_is_opened_or_refused(void **state)
{
	(void)state;
	static struct fnl_value only[1] = {{.set = true, .str = FNL_SPAN_LIT("ann")}};
	open_year("r1", 2024, AS_OF);
	const struct fnl_value *run = fnl_books_run(&w, "r1");
	assert_int_equal(run[FNL_QUOTA_RUN_STATE].i64, FNL_QUOTA_RUN_STATE_OPENED);
	assert_int_equal(run[FNL_QUOTA_RUN_SETTLED_AT].i64, FNL_T0 + SETTLED);
	assert_int_equal(w.jobs[FNL_PARTITION_JOBS_NEXT_DEADLINE_AT].i64, FNL_T0 + AS_OF);
	struct fnl_input in = fnl_input_open("r1", "org1", 2024, AS_OF);
	assert_int_equal(fnl_books_open(&w, &in), 0);
	assert_true(w.opened.stale);
	assert_null(w.opened.rejection.desc);

	in = fnl_input_open("r2", "org1", 2025, SETTLED);
	fnl_input_i64(&in, O(ISSUED_AT), FNL_T0 + SETTLED + 1);
	rejected_as(in, FNL_REJECT_REASON_AS_OF_BEFORE_ISSUED, NULL);
	in = fnl_input_open("r2", "org2", 2025, SETTLED);
	fnl_input_str(&in, O(RUN_ID), "r1");
	rejected_as(in, FNL_REJECT_REASON_RUN_ID_IS_USED, "r1");
	rejected_as(fnl_input_open("r2", "org1", 2024, SETTLED), FNL_REJECT_REASON_YEAR_IS_OPEN, "r1");
	rejected_as(fnl_input_open("r2", "org1", 2025, SETTLED - 1), FNL_REJECT_REASON_RUN_UNFINISHED, "r1");
	in = fnl_input_open("r2", "org1", 2024, SETTLED - 1);
	in.v[O(REP_IDS)] = (struct fnl_value){.set = true, .list = {only, 1}};
	rejected_as(in, FNL_REJECT_REASON_RUN_UNFINISHED, "r1");

	open_year("r2", 2025, SETTLED);
	in = fnl_input_open("r3", "org2", 2024, AS_OF); /* another organisation */
	assert_int_equal(fnl_books_open(&w, &in), 0);
	assert_non_null(w.opened.jobs);
	in = fnl_input_open("r4", "org1", 2024, SETTLED + SETTLE); /* some reps of a year that is open */
	in.v[O(REP_IDS)] = (struct fnl_value){.set = true, .list = {only, 1}};
	assert_int_equal(fnl_books_open(&w, &in), 0);
	assert_non_null(w.opened.jobs);
}

static void commands_that_cannot_be_are_poison(void **state)
{
	(void)state;
	static struct fnl_value bad[1] = {{.set = true, .str = FNL_SPAN_LIT("a|b")}};
	struct fnl_input in = fnl_input_open("r1", "org1", 2024, AS_OF);
	static const char *const currencies[] = {"usd", "US", "USDX", "", "U\nD"};
	for (size_t i = 0; i < sizeof(currencies) / sizeof(currencies[0]); i++) {
		fnl_input_str(&in, O(BASE_CURRENCY), currencies[i]);
		assert_int_equal(fnl_books_open(&w, &in), FNL_E_INVALID);
	}
	in = fnl_input_open("r1", "org1", 1969, AS_OF);
	assert_int_equal(fnl_books_open(&w, &in), FNL_E_LIMIT);
	in = fnl_input_open("r1", "org1", 2200, AS_OF);
	assert_int_equal(fnl_books_open(&w, &in), FNL_E_LIMIT);
	in = fnl_input_open("", "org1", 2024, AS_OF);
	assert_int_equal(fnl_books_open(&w, &in), FNL_E_INVALID);
	in = fnl_input_open("r1", "org1", 2024, AS_OF);
	fnl_input_i64(&in, O(AS_OF), INT64_C(7258118400000));
	assert_int_equal(fnl_books_open(&w, &in), FNL_E_LIMIT);
	in = fnl_input_open("r1", "org1", 2024, AS_OF);
	in.v[O(REP_IDS)] = (struct fnl_value){.set = true, .list = {bad, 1}};
	assert_int_equal(fnl_books_open(&w, &in), FNL_E_INVALID);
	assert_null(w.jobs);
}

static void history_is_kept_up_to_64_runs(void **state)
{
	(void)state;
	char id[16];
	fnl_books_rule(&w, "quota", "settle_hours", 0);
	for (int i = 0; i < 70; i++) {
		snprintf(id, sizeof(id), "r%d", i);
		open_year(id, 1970 + i, i * 10);
		fnl_books_run_until(&w, i * 10 + 1);
		assert_int_equal(run_state(id), FNL_QUOTA_RUN_STATE_FROZEN);
	}
	assert_int_equal(w.jobs[FNL_PARTITION_JOBS_RUNS].list.count, FNL_QUOTA_RUNS_MAX);
	assert_null(fnl_books_run(&w, "r5"));
	assert_non_null(fnl_books_run(&w, "r6"));
	fnl_books_clear(&w);
	for (int i = 0; i < FNL_QUOTA_RUNS_MAX; i++) {
		char org[16];
		snprintf(id, sizeof(id), "r%d", i);
		snprintf(org, sizeof(org), "org%d", i);
		struct fnl_input in = fnl_input_open(id, org, 2024, AS_OF);
		assert_int_equal(fnl_books_open(&w, &in), 0);
		assert_non_null(w.opened.jobs);
	}
	rejected_as(fnl_input_open("r64", "org64", 2024, AS_OF), FNL_REJECT_REASON_TOO_MANY_RUNS, NULL);
	/* none has been computed yet, but by their commands they all will be by then */
	struct fnl_input in = fnl_input_open("r64", "org64", 2024, SETTLED);
	assert_int_equal(fnl_books_open(&w, &in), 0);
	assert_int_equal(w.jobs[FNL_PARTITION_JOBS_RUNS].list.count, FNL_QUOTA_RUNS_MAX + 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_line_has_a_reason, books_fresh),
		cmocka_unit_test_setup(the_sum_is_rounded_once_half_to_even, books_fresh),
		cmocka_unit_test_setup(a_run_is_opened_or_refused, books_fresh),
		cmocka_unit_test_setup(commands_that_cannot_be_are_poison, books_fresh),
		cmocka_unit_test_setup(history_is_kept_up_to_64_runs, books_fresh),
	};
	return cmocka_run_group_tests(tests, books_start, books_end);
}
