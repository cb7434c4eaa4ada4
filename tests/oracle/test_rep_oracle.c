/* The rep stage's real operator over the real engine, undisturbed, held against its oracle for many seeds. */
#include "oracle_rep_run.h"

static void add_stats(struct oracle_rep_stats *to, const struct oracle_rep_stats *s)
{
	const size_t *from = (const size_t *)s;
	for (size_t i = 0; i < sizeof(*s) / sizeof(size_t); i++) {
		((size_t *)to)[i] += from[i];
	}
}

static double cpu_ms(void)
{
	return (double)clock() * 1000.0 / CLOCKS_PER_SEC;
}

static void run_seeds(struct tools *t, enum fnl_clock_mode mode, uint64_t seeds, struct oracle_rep_stats *all)
{
	const char *one = getenv("FNL_SEED"), *many = getenv("FNL_SEEDS");
	uint64_t from = one ? strtoull(one, NULL, 10) : 1;
	uint64_t count = one ? 1 : many ? strtoull(many, NULL, 10) : seeds;
	double oracle_ms = 0, start_ms = cpu_ms();
	size_t failed = 0;
	for (uint64_t seed = from; seed < from + count; seed++) {
		char why[2000];
		struct oracle_rep_stats stats;
		struct result *r = run_seed(t, seed, mode);
		double before_ms = cpu_ms();
		if (oracle_rep_check(t->oracle, &r->in, &stats, why, sizeof(why)) != 0) {
			print_error("FNL_SEED=%" PRIu64 ": %s\n", seed, why);
			failed++;
		}
		oracle_ms += cpu_ms() - before_ms;
		add_stats(all, &stats);
		free_result(r);
	}
	print_message("%" PRIu64 " seeds, %.2f ms each, of which the oracle %.2f ms\n", count,
	              (cpu_ms() - start_ms) / (double)count, oracle_ms / (double)count);
	oracle_rep_stats_print(all);
	assert_int_equal(failed, 0);
	if (count >= seeds) { /* everything must have been there, or nothing was shown */
		for (size_t i = 0; i < offsetof(struct oracle_rep_stats, pushed_out) / sizeof(size_t); i++) {
			/* of departures there is one in some runs, and of what is rare in them little */
			bool rare = i >= offsetof(struct oracle_rep_stats, notices) / sizeof(size_t) &&
			            i < offsetof(struct oracle_rep_stats, long_books) / sizeof(size_t);
			if (((const size_t *)all)[i] <= (rare ? 0 : count / 20)) {
				fail_msg("the %zu-th statistic is but %zu", i, ((const size_t *)all)[i]);
			}
		}
		/* by the wall clock nobody knows at which moment frozen lines go with a handover or a proposal */
		assert_true(all->unjudged <= count / 20);
	}
}

static void test_seeds(void **state)
{
	struct oracle_rep_stats all = {0};
	run_seeds(*state, FNL_CLOCK_EVENT, SEEDS, &all);
	assert_true(all.drafts < SEEDS || all.lines_went_by_proposal > 0);
}

static void test_wall_clock(void **state)
{
	/* what only a pass by the oracle itself counts is not asked for, nor what takes days: few sheets come within
	 * seconds */
	struct oracle_rep_stats all = {.long_books = SEEDS,
	                               .refiled = SEEDS,
	                               .converted = SEEDS,
	                               .returned = SEEDS,
	                               .changed_lines = SEEDS,
	                               .answered = SEEDS,
	                               .closed = SEEDS,
	                               .overdue = SEEDS,
	                               .cells_moved = SEEDS,
	                               .cells_anew = SEEDS,
	                               .cell_images = SEEDS,
	                               .cell_absences = SEEDS,
	                               .cells_held = SEEDS,
	                               .cells = SEEDS,
	                               .year_images = SEEDS,
	                               .year_absences = SEEDS};
	/* and handovers are only looked at */
	for (size_t *s = &all.notices; s < &all.long_books; s++) {
		*s = SEEDS;
	}
	run_seeds(*state, FNL_CLOCK_WALL, SEEDS, &all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seeds),
		cmocka_unit_test(test_wall_clock),
	};
	return cmocka_run_group_tests_name("rep oracle", tests, open_tools, close_tools);
}
