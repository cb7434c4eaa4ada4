/* The real operator over the real engine, undisturbed, held against the oracle for many seeds, by each clock. */
#include "oracle_run.h"

static void add_stats(struct oracle_stats *to, const struct oracle_stats *s)
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

static void print_stats(const struct oracle_stats *s)
{
	print_message("%zu LayerChanged, %zu Parked, %zu Unparked, %zu ResyncRequested, %zu ResyncCompleted, %zu dead "
	              "letters, %zu timers, %zu stale, %zu rules, %zu prospects, %zu erased, %zu feeds, %zu ids twice\n"
	              "%zu lines, %zu former owners ended, %zu winners told, %zu re-evaluated, %zu times sent on, %zu "
	              "answers\n",
	              s->layer_changed, s->parked, s->unparked, s->resync_requested, s->resync_completed, s->dead_letters,
	              s->timers, s->stale, s->rules_activated, s->prospects, s->erased, s->feeds, s->ids_twice, s->lines,
	              s->former_ended, s->winners_told, s->reevaluated, s->stage_times, s->answers);
	print_message("%zu feeds silent, %zu recovered, %zu say otherwise of contacts, %zu passes over %zu prospects\n",
	              s->silent, s->recovered, s->carries_changed, s->feed_passes, s->feed_looked);
	print_message("%zu timers of stalls; STUCK %zu/%zu, SILENT %zu/%zu, STALE %zu/%zu, SLIPPED %zu/%zu came/went; "
	              "levels %zu, %zu, %zu; conditions %zu, %zu, %zu, %zu, %zu, %zu, %zu; %zu only shown, %zu waited for "
	              "a new owner, %zu pushes, %zu reopened\n",
	              s->stall_timers, s->stalled[0], s->cleared[0], s->stalled[1], s->cleared[1], s->stalled[2],
	              s->cleared[2], s->stalled[3], s->cleared[3], s->levels[0], s->levels[1], s->levels[2],
	              s->conditions[0], s->conditions[1], s->conditions[2], s->conditions[3], s->conditions[4],
	              s->conditions[5], s->conditions[6], s->quiet, s->new_owner, s->pushes, s->reopened);
	print_message("adverse: %zu amounts, %zu probabilities, %zu up, %zu owners, %zu lost, %zu contacts, %zu deleted, "
	              "%zu forgotten; %zu edits\n",
	              s->adverse[0], s->adverse[1], s->adverse[2], s->adverse[3], s->adverse[4], s->adverse[5],
	              s->adverse[6], s->forgotten, s->edits);
}

static void test_seeds(void **state)
{
	struct tools *t = *state;
	struct oracle_stats all = {0};
	const char *one = getenv("FNL_SEED"), *many = getenv("FNL_SEEDS");
	uint64_t from = one ? strtoull(one, NULL, 10) : 1;
	uint64_t count = one ? 1 : many ? strtoull(many, NULL, 10) : SEEDS;
	double oracle_ms = 0, start_ms = cpu_ms();
	size_t failed = 0;
	for (uint64_t seed = from; seed < from + count; seed++) {
		char why[2000];
		struct oracle_stats stats;
		struct result *r = run_seed(t, seed, FNL_CLOCK_EVENT);
		double before_ms = cpu_ms();
		if (oracle_check(t->oracle, &r->in, &stats, why, sizeof(why)) != 0) {
			print_error("FNL_SEED=%" PRIu64 ": %s\n", seed, why);
			failed++;
		}
		oracle_ms += cpu_ms() - before_ms;
		add_stats(&all, &stats);
		free_result(r);
	}
	print_message("%" PRIu64 " seeds, %.2f ms each, of which the oracle %.2f ms\n", count,
	              (cpu_ms() - start_ms) / (double)count, oracle_ms / (double)count);
	print_stats(&all);
	assert_int_equal(failed, 0);
	if (count >= SEEDS) { /* everything must have been there, or nothing was shown */
		for (size_t i = 0; i < offsetof(struct oracle_stats, away) / sizeof(size_t); i++) {
			assert_true(((const size_t *)&all)[i] > count / 10);
		}
		assert_true(all.winners_told > 0);
	}
}

/* The records of a run in slices; the clock stands still while one is worked on. */
static struct result *run_slices(struct tools *t, uint64_t seed, int64_t times[SLICES])
{
	static const int64_t steps_ms[] = {1000,    180000,   400000,    3600000,    21600000,   1912500,    2000000,
	                                   5520000, 86400000, 432000000, 1728000000, 5184000000, 17280000000};
	struct fnl_gen gen = {seed};
	struct result *all = run_seed(t, seed, FNL_CLOCK_EVENT);
	struct world w;
	world_open(&w, FNL_CLOCK_WALL);
	w.stands = true;
	w.time_ms = FNL_T0 + (int64_t)fnl_gen_below(&gen, 864000000);
	for (size_t slice = 0; slice < SLICES; slice++) {
		times[slice] = w.time_ms;
		for (size_t i = 0; i < all->in.input_count; i++) {
			const struct fnl_record *r = &all->in.inputs[i];
			if ((r->offset / 4 + (int64_t)seed) % SLICES == (int64_t)slice) {
				assert_int_equal(
					w.bus->ops->publish(w.bus, "in", r->partition, r->key, r->value, r->headers, r->header_count), 0);
			}
		}
		world_run(&w, t, seed + slice);
		w.time_ms += steps_ms[fnl_gen_below(&gen, sizeof(steps_ms) / sizeof(steps_ms[0]))];
	}
	struct result *r = take_result(&w);
	world_close(&w);
	free_result(all);
	r->in.wall_times = times;
	r->in.wall_time_count = SLICES;
	r->in.future_max_ms = FUTURE_MAX_MS;
	return r;
}

/* The clock on the wall, of which all is known: what was late, what came while nobody worked. */
static void test_clock_stands(void **state)
{
	struct tools *t = *state;
	struct oracle_stats all = {0};
	const char *many = getenv("FNL_SEEDS");
	uint64_t count = many ? strtoull(many, NULL, 10) : SEEDS / 3;
	size_t failed = 0;
	for (uint64_t seed = 1; seed <= count; seed++) {
		char why[2000];
		int64_t times[SLICES];
		struct oracle_stats stats;
		struct result *r = run_slices(t, seed, times);
		if (oracle_check(t->oracle, &r->in, &stats, why, sizeof(why)) != 0) {
			print_error("seed %" PRIu64 ": %s\n", seed, why);
			failed++;
		}
		add_stats(&all, &stats);
		free_result(r);
	}
	print_stats(&all);
	assert_int_equal(failed, 0);
	assert_true(all.away > 0);
	assert_true(all.silent > 0);
	assert_true(all.coalesced > 0);
	assert_true(all.quiet > 0);
	assert_true(all.reevaluated > 0);
}

/* In 1970, so that no deleted row's time of keeping ends. */
static void test_wall_clock(void **state)
{
	struct tools *t = *state;
	for (uint64_t seed = 1; seed <= SEEDS / 3; seed++) {
		char why[2000];
		struct result *r = run_seed(t, seed, FNL_CLOCK_WALL);
		if (oracle_check(t->oracle, &r->in, NULL, why, sizeof(why)) != 0) {
			fail_msg("seed %" PRIu64 ": %s", seed, why);
		}
		free_result(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seeds),
		cmocka_unit_test(test_clock_stands),
		cmocka_unit_test(test_wall_clock),
	};
	return cmocka_run_group_tests_name("oracle", tests, open_tools, close_tools);
}
