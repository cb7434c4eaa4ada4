/* A fault at every port call: the real engine over the embedded log and a view in memory. Whatever happens at whichever
 * call, outputs, dead letters, rows and committed offsets end as those of an undisturbed run, and the view stands where
 * the log says. Virtual time: a run is milliseconds, and the same every time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>

#include "counter_operator.h"
#include "stream_world.h"

static struct stream_picture *undisturbed(enum fnl_clock_mode mode, size_t *ret_calls)
{
	struct stream_picture *p = malloc(sizeof(*p));
	struct stream_world w;
	struct stream_worker k = {.plan = {.mode = FAULT_NONE}};
	stream_world_open(&w, stream_case_counter(), mode);
	assert_int_equal(stream_worker_open(&k, &w, "a"), 0);
	assert_int_equal(stream_worker_run(&k), 0);
	*ret_calls = k.plan.calls;
	stream_worker_close(&k, false);
	stream_world_picture(&w, p);
	stream_world_close(&w);
	return p;
}

static const char *const mode_names[FAULT_MODE_COUNT] = {"nothing",     "a crash before a call", "a crash after a call",
                                                         "a lost call", "a lost answer",         "a clean abort",
                                                         "a pause"};

/* Fault at call `at` of worker a; if it died, b takes over. */
static void fault_run(const struct stream_picture *expected, enum fault_mode mode, size_t at)
{
	struct stream_world w;
	struct stream_worker a = {.plan = {.mode = mode, .at = at}};
	stream_world_open(&w, stream_case_counter(), FNL_CLOCK_EVENT);
	w.trying = mode_names[mode];
	w.at = at;
	assert_int_equal(stream_worker_open(&a, &w, "a"), 0);
	int rc = stream_worker_run(&a);
	if (rc == 0) {
		stream_worker_close(&a, false);
	} else {
		assert_true(a.plan.judge.dead);
		stream_worker_close(&a, true);
		struct stream_worker b = {.plan = {.mode = FAULT_NONE}};
		/* the same instance again, or another one after the session's end */
		assert_int_equal(stream_worker_open(&b, &w, at % 2 ? "a" : "b"), 0);
		w.time_ms += at % 2 ? 0 : 20000;
		fnl_embedded_tick(w.broker);
		assert_int_equal(stream_worker_run(&b), 0);
		stream_worker_close(&b, false);
	}
	stream_world_compare(expected, &w);
	stream_world_close(&w);
}

static void test_every_call(void **state)
{
	(void)state;
	size_t calls;
	struct stream_picture *expected = undisturbed(FNL_CLOCK_EVENT, &calls);
	assert_true(strstr(expected->text, "out ann T ") != NULL);
	assert_true(strstr(expected->text, "dead ") != NULL);
	assert_true(calls > 50);
	size_t runs = 0;
	for (int mode = FAULT_CRASH_BEFORE; mode < FAULT_HOOK; mode++) {
		for (size_t at = 1; at <= calls; at++, runs++) {
			fault_run(expected, (enum fault_mode)mode, at);
		}
	}
	print_message("%zu faults at %zu port calls\n", runs, calls);
	free(expected);
}

/* ---- others act while the worker is between two calls ---- */

struct meanwhile {
	struct stream_world *w;
	int kind;
};

static void meanwhile(void *context)
{
	struct meanwhile *m = context;
	struct stream_worker b = {.plan = {.mode = FAULT_NONE}};
	switch (m->kind) {
	case 0: /* the view is emptied */
		fnl_fake_redis_flush(m->w->redis);
		break;
	case 1: /* the view goes back to where it was at first */
		assert_int_equal(fnl_fake_redis_rollback(m->w->redis), 0);
		break;
	case 2: /* the worker sleeps past its session and its transaction; another one does some of the work and crashes */
		m->w->time_ms += 30000;
		fnl_embedded_tick(m->w->broker);
		assert_int_equal(stream_worker_open(&b, m->w, "b"), 0);
		for (int i = 0; i < 5; i++) {
			assert_int_equal(fnl_stream_cycle(b.stream, &b.why), 0);
			m->w->time_ms += 20;
		}
		stream_worker_close(&b, true);
		m->w->time_ms += 30000;
		fnl_embedded_tick(m->w->broker);
		break;
	case 3: /* the same, and the other one does all of it and stays away then */
		m->w->time_ms += 30000;
		fnl_embedded_tick(m->w->broker);
		assert_int_equal(stream_worker_open(&b, m->w, "b"), 0);
		assert_int_equal(stream_worker_run(&b), 0);
		stream_worker_close(&b, true);
		m->w->time_ms += 30000;
		fnl_embedded_tick(m->w->broker);
		break;
	default: /* every member has to join again */
		fnl_embedded_rebalance(m->w->broker, "group");
		break;
	}
}

static void test_meanwhile(void **state)
{
	(void)state;
	static const char *const names[] = {"FLUSHALL", "an older view", "a pause with a half-done takeover",
	                                    "a pause with a takeover", "a rebalance"};
	size_t calls;
	struct stream_picture *expected = undisturbed(FNL_CLOCK_EVENT, &calls);
	for (int kind = 0; kind < 5; kind++) {
		for (size_t at = 1; at <= calls; at++) {
			struct stream_world w;
			struct meanwhile m = {&w, kind};
			struct stream_worker a = {.plan = {.mode = FAULT_HOOK, .at = at, .hook = meanwhile, .context = &m}};
			stream_world_open(&w, stream_case_counter(), FNL_CLOCK_EVENT);
			w.trying = names[kind];
			w.at = at;
			assert_int_equal(stream_worker_open(&a, &w, "a"), 0);
			for (int i = 0; i < 4; i++) { /* so that there is an older view to go back to */
				assert_int_equal(fnl_stream_cycle(a.stream, &a.why), 0);
				w.time_ms += 20;
			}
			assert_int_equal(fnl_fake_redis_snapshot(w.redis), 0);
			int rc = stream_worker_run(&a);
			if (rc) {
				fail_msg("%s at call %zu: %s", names[kind], at, a.why.text);
			}
			stream_worker_close(&a, false);
			stream_world_compare(expected, &w);
			stream_world_close(&w);
		}
	}
	free(expected);
}

/* A lost view is rebuilt from the changelog to the very same bytes (I10), also when the changelog was compacted. */
static void test_rebuild(void **state)
{
	(void)state;
	size_t calls;
	struct stream_picture *expected = undisturbed(FNL_CLOCK_EVENT, &calls);
	struct stream_world w;
	stream_world_open(&w, stream_case_counter(), FNL_CLOCK_EVENT);
	struct stream_worker a = {.plan = {.mode = FAULT_NONE}};
	assert_int_equal(stream_worker_open(&a, &w, "a"), 0);
	assert_int_equal(stream_worker_run(&a), 0);
	w.time_ms += 3600000;
	fnl_embedded_compact(w.broker, "rows", 1000);
	w.time_ms += 3600000;
	fnl_embedded_compact(w.broker, "rows", 1000);
	fnl_fake_redis_flush(w.redis);
	assert_int_equal(stream_worker_run(&a), 0);
	assert_true(fnl_stream_stats(a.stream).restored_records > 0);
	stream_worker_close(&a, false);
	stream_world_compare(expected, &w);
	stream_world_close(&w);
	free(expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_call),
		cmocka_unit_test(test_meanwhile),
		cmocka_unit_test(test_rebuild),
	};
	return cmocka_run_group_tests_name("crash points", tests, NULL, NULL);
}
