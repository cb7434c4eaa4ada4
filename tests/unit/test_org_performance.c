/* Scores of reps through the org stage's operator: what goes where, under which key and id. How they are computed:
 * test_performance.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/core/performance.h"
#include "org_fixture.h"

#include <stdio.h>

enum { REPS = 7, STEPS_MAX = 100 };
#define DAY_MS INT64_C(86400000)
/* FNL_T0 is in November 2023; the month and the year after it. */
#define DECEMBER_MS INT64_C(1701388800000)
#define ID_BYTES 36

static void score(const char *command_id, int64_t fiscal_year)
{
	struct fnl_input in = fnl_input_org_command(&fnl_desc_score_performance, command_id, 0);
	fnl_input_i64(&in, FNL_SCORE_PERFORMANCE_FISCAL_YEAR, fiscal_year);
	send(in);
}

static void years(void)
{
	char id[8];
	for (int i = 0; i < REPS; i++) {
		snprintf(id, sizeof(id), "r%d", i);
		struct fnl_input in = fnl_input_rep_year(id, 2023, 1, 1000 * i);
		fnl_input_money(&in, FNL_REP_YEAR_QUOTA, 10000 + i, "EUR");
		send(in);
		send(fnl_input_rep_year(id, 2024, 1, 77)); /* another year */
	}
	assert_int_equal(fnl_org_desk_count(&desk, FNL_ORG_TABLE_YEAR), 2 * REPS);
	assert_int_equal(fnl_org_desk_count(&desk, FNL_ORG_TABLE_SCORING), 1);
}

/* All that is told until nothing is due: each rep of 2023 once, as of then. The cause of it. */
static struct fnl_span scored(int64_t as_of_ms)
{
	bool seen[REPS] = {false};
	struct fnl_span cause = FNL_SPAN_NONE;
	size_t count = 0;
	for (int steps = 0; fnl_org_desk_fire(&desk); steps++) {
		assert_true(steps < STEPS_MAX);
		for (size_t i = 0; i < desk.d->output_count; i++) {
			const char *id = NULL;
			char ids[REPS][8];
			for (size_t r = 0; r < REPS; r++) {
				snprintf(ids[r], sizeof(ids[r]), "r%zu", r);
				id = fnl_span_eq(desk.d->outputs[i].key, fnl_span_str(ids[r])) && !seen[r] ? ids[r] : id;
				seen[r] = seen[r] || id == ids[r];
			}
			assert_non_null(id);
			const struct fnl_value *v =
				fnl_org_desk_told(&desk, i, &fnl_desc_performance_scored, FNL_ORG_OUT_PERFORMANCE, id);
			assert_true(fnl_span_eq(desk.told_type, FNL_SPAN_LIT("funnel.rep.performance-scored.v1")));
			assert_int_equal(desk.told_id.len, ID_BYTES);
			assert_int_equal(v[FNL_PERFORMANCE_SCORED_AS_OF].i64, as_of_ms);
			assert_int_equal(v[FNL_PERFORMANCE_SCORED_FISCAL_YEAR].i64, 2023);
			assert_int_equal(v[FNL_PERFORMANCE_SCORED_COMPARABLE_COUNT].i64, REPS);
			cause = desk.told_cause;
			count++;
		}
	}
	assert_int_equal(count, REPS);
	return cause;
}

static void by_command(void **state)
{
	(void)state;
	struct fnl_span first = FNL_SPAN_NONE;
	for (size_t rows = 1; rows < 10; rows += 2) {
		fnl_org_desk_clear(&desk);
		fnl_org_operator_set_page(desk.op, rows);
		years();
		assert_false(fnl_org_desk_fire(&desk));
		score("s-1", 2023);
		assert_int_equal(desk.d->output_count, 0);
		struct fnl_span cause = scored(FNL_T0);
		assert_true(fnl_span_is_none(first) || fnl_span_eq(first, cause));
		first = cause;
	}
}

/* A month begins: what was before it, once; the cause is nobody but the timer. */
static void by_month(void **state)
{
	(void)state;
	years();
	desk.now_ms = DECEMBER_MS - 1;
	assert_false(fnl_org_desk_fire(&desk));
	desk.now_ms = DECEMBER_MS + DAY_MS;
	struct fnl_span cause = scored(DECEMBER_MS);
	assert_int_equal(cause.len, ID_BYTES);
	assert_false(fnl_org_desk_fire(&desk));
	desk.now_ms = DECEMBER_MS + 31 * DAY_MS;
	assert_false(fnl_span_eq(cause, scored(DECEMBER_MS + 31 * DAY_MS)));
}

/* A month begins, and before its timer comes by somebody asks: both are told, the month after what was asked. */
static void asked_when_a_month_begins(void **state)
{
	(void)state;
	int64_t as_of_ms[2 * REPS];
	size_t count = 0;
	years();
	desk.now_ms = DECEMBER_MS + 70 * DAY_MS; /* and so has the month after it, and the next */
	score("s-1", 2023);
	while (fnl_org_desk_fire(&desk)) {
		for (size_t i = 0; i < desk.d->output_count; i++) {
			char id[8];
			snprintf(id, sizeof(id), "r%zu", count % REPS);
			assert_true(count < 2 * REPS);
			as_of_ms[count++] = fnl_org_desk_told(&desk, i, &fnl_desc_performance_scored, FNL_ORG_OUT_PERFORMANCE,
			                                      id)[FNL_PERFORMANCE_SCORED_AS_OF]
			                        .i64;
		}
	}
	assert_int_equal(count, 2 * REPS);
	assert_int_equal(as_of_ms[0], desk.now_ms);
	assert_int_equal(as_of_ms[REPS], DECEMBER_MS + 62 * DAY_MS); /* 1 February: the latest one speaks */
}

static void too_many_wait(void **state)
{
	(void)state;
	char id[16];
	years();
	for (int i = 0; i <= FNL_SCORING_JOBS_MAX; i++) {
		snprintf(id, sizeof(id), "s-%d", i);
		score(id, 2023);
		assert_int_equal(desk.d->output_count, i == FNL_SCORING_JOBS_MAX);
	}
	const struct fnl_value *v = fnl_org_desk_told(&desk, 0, &fnl_desc_command_rejected, FNL_ORG_OUT_REJECTIONS, "emea");
	assert_int_equal(v[FNL_COMMAND_REJECTED_REASON].i64, FNL_REJECT_REASON_TOO_MANY);
	assert_true(fnl_span_eq(v[FNL_COMMAND_REJECTED_COMMAND_ID].str, fnl_span_str(id)));
}

static void the_latest_image_counts(void **state)
{
	(void)state;
	struct fnl_input in = fnl_input_rep_year("ann", 2023, 2, 5);
	send(in);
	assert_int_equal(fnl_org_desk_row(&desk, FNL_ORG_TABLE_YEAR, "emea|2023|ann")[FNL_ORG_YEAR_WON_MINOR].i64, 5);
	send(fnl_input_rep_year("ann", 2023, 1, 9));
	assert_true(desk.d->stale && desk.d->row_count == 0);
	in = fnl_input_rep_year("ann", 2023, 3, 9);
	fnl_input_i64(&in, FNL_REP_YEAR_PRESENT, 0);
	send(in);
	assert_null(fnl_org_desk_row(&desk, FNL_ORG_TABLE_YEAR, "emea|2023|ann"));
	in = fnl_input_rep_year("ann", 2023, 4, 9);
	fnl_input_str(&in, FNL_REP_YEAR_REP_ID, "bob");
	assert_int_equal(fnl_org_desk_send(&desk, &in, NULL), FNL_E_INVALID);
	in = fnl_input_rep_year("ann", 12345, 4, 9);
	assert_int_equal(fnl_org_desk_send(&desk, &in, NULL), FNL_E_LIMIT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(by_command), T(by_month), T(asked_when_a_month_begins), T(too_many_wait), T(the_latest_image_counts),
	};
	return cmocka_run_group_tests_name("scores of an organisation's reps", tests, org_start, org_end);
}
