/* A worker dies, and the transaction that it has left open hides the committed pair of its partition until the broker
 * ends it. Who takes the partition over has others, and these go on meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "stream_world.h"

enum { STEP_MS = 20, SESSION_MS = 10000, TXN_MS = 15000, CALLS_MAX = 400 };

/* Cycles of the workers that live, for so long. */
static void run_for(struct stream_world *w, struct stream_worker **who, size_t count, int64_t ms)
{
	for (int64_t end_ms = w->time_ms + ms; w->time_ms < end_ms; w->time_ms += STEP_MS) {
		for (size_t i = 0; i < count; i++) {
			int rc = fnl_stream_cycle(who[i]->stream, &who[i]->why);
			assert_true(rc == 0 || who[i]->plan.judge.dead);
		}
		fnl_embedded_tick(w->broker);
	}
}

static bool is_done(struct stream_world *w, size_t partition)
{
	struct fnl_partition_lag lag[STREAM_WORLD_PARTITIONS];
	assert_int_equal(w->bus->ops->lag(w->bus, "group", "in", lag, STREAM_WORLD_PARTITIONS), 0);
	return lag[partition].committed == lag[partition].end;
}

static void publish(struct stream_world *w)
{
	static const struct fnl_span key = {(const uint8_t *)"fay", 3}, value = {(const uint8_t *)"1020000 1", 9};
	for (int32_t i = 0; i < STREAM_WORLD_PARTITIONS; i++) {
		assert_int_equal(w->bus->ops->publish(w->bus, "in", i, key, value, NULL, 0), 0);
	}
}

/* true: the worker has died, and its transaction hid a pair; then the other one's partition went on. */
static bool die_at(size_t at, bool *ret_died)
{
	struct stream_world w;
	struct stream_worker a = {.plan = {.mode = FAULT_CRASH_AFTER, .at = at}};
	struct stream_worker b = {.plan = {.mode = FAULT_NONE}};
	struct stream_worker *both[] = {&a, &b}, *one[] = {&b};
	stream_world_open(&w, stream_case_counter(), FNL_CLOCK_EVENT);
	assert_int_equal(stream_worker_open(&b, &w, "b"), 0);
	int rc = stream_worker_open(&a, &w, "a");
	if (rc == 0) {
		run_for(&w, both, 2, 2000);
	}
	*ret_died = a.plan.judge.dead;
	stream_worker_close(&a, true);
	run_for(&w, one, 1, SESSION_MS + 500);
	publish(&w);
	run_for(&w, one, 1, 2000);
	size_t done = 0;
	for (size_t i = 0; i < STREAM_WORLD_PARTITIONS; i++) {
		done += is_done(&w, i);
	}
	if (done == 0) {
		fail_msg("a death after call %zu holds up both partitions", at);
	}
	run_for(&w, one, 1, TXN_MS);
	assert_true(is_done(&w, 0) && is_done(&w, 1));
	stream_worker_close(&b, false);
	stream_world_close(&w);
	return done < STREAM_WORLD_PARTITIONS;
}

static void what_is_hidden_holds_up_nothing_else(void **state)
{
	(void)state;
	size_t hidden = 0;
	bool died = true;
	for (size_t at = 1; died && at < CALLS_MAX; at++) {
		hidden += die_at(at, &died);
	}
	print_message("%zu deaths hid a pair\n", hidden);
	assert_true(hidden > 0);
	assert_false(died);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_hidden_holds_up_nothing_else),
	};
	return cmocka_run_group_tests_name("pairs", tests, NULL, NULL);
}
