/* A fault at every port call: the real engine over the embedded log and a view in memory. Whatever happens at whichever
 * call, outputs, dead letters, rows and committed offsets end as those of an undisturbed run, and the view stands where
 * the log says. Virtual time: a run is milliseconds, and the same every time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "counter_operator.h"
#include "fake_store.h"
#include "faulty_ports.h"
#include "funneld/adapters/embedded.h"
#include "funneld/engine/stream.h"

enum { PARTITIONS = 2, INPUTS = 40, TEXT_MAX = 1 << 16, CYCLES_MAX = 4000 };

static const char *const outputs[COUNTER_OUT_COUNT] = {"out", "dead"};

/* Which fault is being tried: for the message of a failure. */
struct trying {
	const char *what;
	size_t at;
};
static struct trying trying;

/* ---- virtual time ---- */

static int64_t now_ms(void *context)
{
	return *(int64_t *)context;
}
static void sleep_ms(void *context, int64_t ms)
{
	*(int64_t *)context += ms;
}

/* ---- one world ---- */

struct world {
	int64_t time_ms;
	struct fnl_clock clock;
	struct fnl_embedded *broker;
	struct fnl_fake_redis *redis;
	struct fnl_bus *bus;
	enum fnl_clock_mode mode;
};

struct worker {
	struct world *w;
	struct fault_plan plan;
	struct fnl_log *log;
	struct fnl_store *store;
	struct faulty_log faulty_log;
	struct faulty_store faulty_store;
	struct fnl_stream *stream;
	struct fnl_error why;
};

static void world_publish(struct world *w)
{
	static const char *const keys[] = {"ann", "bob", "cy", "dee", "eve"};
	for (int i = 0; i < INPUTS; i++) {
		char text[64];
		int n = i % 13 == 12 ? 0 : i + 1; /* a deletion now and then */
		int length =
			snprintf(text, sizeof(text), i % 17 == 16 ? "poison" : "%d %d", 1000000 + i * 150 - (i % 5) * 100, n);
		int k = (i * 7) % 5;
		const char *key = keys[k];
		assert_int_equal(w->bus->ops->publish(w->bus, "in", k % PARTITIONS, fnl_span_str(key),
		                                      fnl_span_of(text, (size_t)length), NULL, 0),
		                 0);
	}
	assert_int_equal(w->bus->ops->publish_flush(w->bus, 1000), 0);
}

static void world_open(struct world *w, enum fnl_clock_mode mode)
{
	*w = (struct world){.time_ms = 1000000, .mode = mode};
	w->clock = (struct fnl_clock){&w->time_ms, now_ms, now_ms, sleep_ms};
	struct fnl_embedded_settings settings = {
		.clock = &w->clock, .session_timeout_ms = 10000, .txn_timeout_ms = 15000, .manual_time = true};
	assert_int_equal(fnl_embedded_open(&settings, &w->broker), 0);
	assert_int_equal(fnl_embedded_bus_open(w->broker, &w->bus), 0);
	assert_int_equal(fnl_fake_redis_open(&w->redis), 0);
	static const struct fnl_topic_spec specs[] = {{"in", PARTITIONS, FNL_CLEANUP_DELETE, -1},
	                                              {"rows", PARTITIONS, FNL_CLEANUP_COMPACT, -1},
	                                              {"out", 1, FNL_CLEANUP_DELETE, -1},
	                                              {"dead", 1, FNL_CLEANUP_DELETE, -1}};
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(w->bus->ops->create_topic(w->bus, &specs[i]), 0);
	}
	world_publish(w);
}

static void world_close(struct world *w)
{
	w->bus->ops->close(w->bus);
	fnl_embedded_close(w->broker);
	fnl_fake_redis_close(w->redis);
}

static void log_line(void *context, enum fnl_level level, const char *text)
{
	(void)context;
	fprintf(stderr, "%d %s\n", (int)level, text);
}

static void worker_open(struct worker *k, struct world *w, const char *instance)
{
	struct fault_plan plan = k->plan;
	*k = (struct worker){.w = w, .plan = plan};
	struct fnl_embedded_log_settings settings = {"in", "rows", outputs, COUNTER_OUT_COUNT, "group", instance, instance};
	assert_int_equal(fnl_embedded_log_open(w->broker, &settings, &k->log), 0);
	assert_int_equal(fnl_fake_store_open(w->redis, COUNTER_TABLE_COUNT, &k->store), 0);
	fault_plan_init(&k->plan);
	faulty_log_init(&k->faulty_log, k->log, &k->plan.judge);
	faulty_store_init(&k->faulty_store, k->store, &k->plan.judge);
	struct fnl_stage stage = {"test", "in", counter_tables, COUNTER_TABLE_COUNT, COUNTER_DEAD};
	struct fnl_stream_settings t = fnl_stream_settings_default();
	t.clock = w->mode;
	t.batch_records_max = 7;
	t.cache_bytes_max = 2048; /* so small that rows are read again */
	t.restore_records_max = 3;
	t.arena_bytes_max = 4 << 20;
	static struct fnl_logger logger = {NULL, FNL_DEBUG, log_line};
	struct fnl_stream_ports ports = {&k->faulty_log.base, &k->faulty_store.base, counter_operator(), &w->clock,
	                                 getenv("FNL_TRACE") ? &logger : NULL};
	assert_int_equal(fnl_stream_create(&stage, &t, &ports, &k->stream, &k->why), 0);
}

static void worker_close(struct worker *k, bool crash)
{
	k->plan.judge.dead = k->plan.judge.dead || crash;
	fnl_stream_destroy(k->stream);
	if (crash) {
		fnl_embedded_log_crash(k->log);
	} else {
		k->log->ops->close(k->log);
	}
	k->store->ops->close(k->store);
}

/* Runs until nothing is left to do; time goes on as it does. Returns the error that ended it, or 0. */
static int worker_run(struct worker *k)
{
	int idle = 0;
	for (int i = 0; i < CYCLES_MAX && idle < 3; i++) {
		int rc = fnl_stream_cycle(k->stream, &k->why);
		if (rc) {
			return rc;
		}
		idle = fnl_stream_is_idle(k->stream) ? idle + 1 : 0;
		k->w->time_ms += 20;
		fnl_embedded_tick(k->w->broker);
	}
	if (idle < 3) {
		fail_msg("%s at call %zu: no progress %s", trying.what, trying.at, k->why.text);
	}
	return 0;
}

/* ---- what a world looks like in the end ---- */

struct picture {
	char text[TEXT_MAX];
	size_t len;
};

static void add(struct picture *p, const char *what, struct fnl_span a, struct fnl_span b)
{
	p->len += (size_t)snprintf(p->text + p->len, TEXT_MAX - p->len, "%s %.*s ", what, (int)a.len, (const char *)a.data);
	for (size_t i = 0; i < b.len && p->len + 4 < TEXT_MAX; i++) {
		bool plain = b.data[i] >= 0x20 && b.data[i] < 0x7f;
		p->len += (size_t)snprintf(p->text + p->len, TEXT_MAX - p->len, plain ? "%c" : "\\%02x", b.data[i]);
	}
	p->len += (size_t)snprintf(p->text + p->len, TEXT_MAX - p->len, "\n");
	assert_true(p->len < TEXT_MAX - 8);
}

static int add_output(void *context, size_t topic, const struct fnl_record *r)
{
	add(context, topic == COUNTER_OUT ? "out" : "dead", r->key, r->value);
	return 0;
}

static int add_row(void *context, struct fnl_row_key row, struct fnl_span value, int64_t deadline_ms)
{
	assert_true(counter_operator()->ops->row_deadline(counter_operator(), row.table, value) == deadline_ms);
	add(context, row.table == COUNTER_TABLE_SUM ? "sum" : "clock", row.key, value);
	return 0;
}

/* Lines are sorted: order across keys is not promised; order of a key's own outputs shows in their sums. */
static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_lines(struct picture *p)
{
	static char *lines[4096];
	static char sorted[TEXT_MAX];
	size_t n = 0;
	for (char *at = strtok(p->text, "\n"); at; at = strtok(NULL, "\n")) {
		lines[n++] = at;
	}
	qsort(lines, n, sizeof(lines[0]), by_text);
	size_t len = 0;
	for (size_t i = 0; i < n; i++) {
		len += (size_t)snprintf(sorted + len, sizeof(sorted) - len, "%s\n", lines[i]);
	}
	memcpy(p->text, sorted, len + 1);
}

static void take_picture(struct world *w, struct picture *p)
{
	p->len = 0;
	p->text[0] = '\0';
	assert_int_equal(w->bus->ops->read(w->bus, outputs, COUNTER_OUT_COUNT, true, true, NULL, add_output, p), 0);
	struct fnl_store *store;
	assert_int_equal(fnl_fake_store_open(w->redis, COUNTER_TABLE_COUNT, &store), 0);
	struct fnl_partition_lag lag[PARTITIONS];
	assert_int_equal(w->bus->ops->lag(w->bus, "group", "in", lag, PARTITIONS), 0);
	for (int32_t i = 0; i < PARTITIONS; i++) {
		assert_int_equal(store->ops->scan(store, i, add_row, p), 0);
		assert_int_equal(lag[i].committed, lag[i].end);
		/* I4: at rest the view stands at the committed changelog offset */
		char cl[32];
		size_t rows;
		snprintf(cl, sizeof(cl), "cl=%lld", (long long)fnl_fake_redis_applied(w->redis, i, &rows).cl);
		if (strcmp(lag[i].metadata, cl) != 0) {
			fail_msg("%s at call %zu: partition %d has %s, its view %s", trying.what, trying.at, i, lag[i].metadata,
			         cl);
		}
	}
	store->ops->close(store);
	sort_lines(p);
}

static struct picture *undisturbed(enum fnl_clock_mode mode, size_t *ret_calls)
{
	struct picture *p = malloc(sizeof(*p));
	struct world w;
	struct worker k = {.plan = {.mode = FAULT_NONE}};
	world_open(&w, mode);
	worker_open(&k, &w, "a");
	assert_int_equal(worker_run(&k), 0);
	*ret_calls = k.plan.calls;
	worker_close(&k, false);
	take_picture(&w, p);
	world_close(&w);
	return p;
}

static void compare(const struct picture *expected, struct world *w, const char *what, size_t at)
{
	static struct picture found;
	take_picture(w, &found);
	if (strcmp(expected->text, found.text) != 0) {
		fprintf(stderr, "--- expected\n%s--- found\n%s", expected->text, found.text);
		fail_msg("%s at call %zu changed the result", what, at);
	}
}

static const char *const mode_names[FAULT_MODE_COUNT] = {"nothing",     "a crash before a call", "a crash after a call",
                                                         "a lost call", "a lost answer",         "a clean abort",
                                                         "a pause"};

/* Fault at call `at` of worker a; if it died, b takes over. */
static void fault_run(const struct picture *expected, enum fault_mode mode, size_t at)
{
	struct world w;
	struct worker a = {.plan = {.mode = mode, .at = at}};
	trying = (struct trying){mode_names[mode], at};
	world_open(&w, FNL_CLOCK_EVENT);
	worker_open(&a, &w, "a");
	int rc = worker_run(&a);
	if (rc == 0) {
		worker_close(&a, false);
	} else {
		assert_true(a.plan.judge.dead);
		worker_close(&a, true);
		struct worker b = {.plan = {.mode = FAULT_NONE}};
		worker_open(&b, &w, at % 2 ? "a" : "b"); /* the same instance again, or another one after the session's end */
		w.time_ms += at % 2 ? 0 : 20000;
		fnl_embedded_tick(w.broker);
		assert_int_equal(worker_run(&b), 0);
		worker_close(&b, false);
	}
	compare(expected, &w, mode_names[mode], at);
	world_close(&w);
}

static void test_every_call(void **state)
{
	(void)state;
	size_t calls;
	struct picture *expected = undisturbed(FNL_CLOCK_EVENT, &calls);
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
	struct world *w;
	int kind;
};

static void meanwhile(void *context)
{
	struct meanwhile *m = context;
	struct worker b = {.plan = {.mode = FAULT_NONE}};
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
		worker_open(&b, m->w, "b");
		for (int i = 0; i < 5; i++) {
			assert_int_equal(fnl_stream_cycle(b.stream, &b.why), 0);
			m->w->time_ms += 20;
		}
		worker_close(&b, true);
		m->w->time_ms += 30000;
		fnl_embedded_tick(m->w->broker);
		break;
	case 3: /* the same, and the other one does all of it and stays away then */
		m->w->time_ms += 30000;
		fnl_embedded_tick(m->w->broker);
		worker_open(&b, m->w, "b");
		assert_int_equal(worker_run(&b), 0);
		worker_close(&b, true);
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
	struct picture *expected = undisturbed(FNL_CLOCK_EVENT, &calls);
	for (int kind = 0; kind < 5; kind++) {
		for (size_t at = 1; at <= calls; at++) {
			struct world w;
			struct meanwhile m = {&w, kind};
			trying = (struct trying){names[kind], at};
			struct worker a = {.plan = {.mode = FAULT_HOOK, .at = at, .hook = meanwhile, .context = &m}};
			world_open(&w, FNL_CLOCK_EVENT);
			worker_open(&a, &w, "a");
			for (int i = 0; i < 4; i++) { /* so that there is an older view to go back to */
				assert_int_equal(fnl_stream_cycle(a.stream, &a.why), 0);
				w.time_ms += 20;
			}
			assert_int_equal(fnl_fake_redis_snapshot(w.redis), 0);
			int rc = worker_run(&a);
			if (rc) {
				fail_msg("%s at call %zu: %s", names[kind], at, a.why.text);
			}
			worker_close(&a, false);
			compare(expected, &w, names[kind], at);
			world_close(&w);
		}
	}
	free(expected);
}

/* A lost view is rebuilt from the changelog to the very same bytes (I10), also when the changelog was compacted. */
static void test_rebuild(void **state)
{
	(void)state;
	size_t calls;
	struct picture *expected = undisturbed(FNL_CLOCK_EVENT, &calls);
	struct world w;
	world_open(&w, FNL_CLOCK_EVENT);
	struct worker a = {.plan = {.mode = FAULT_NONE}};
	worker_open(&a, &w, "a");
	assert_int_equal(worker_run(&a), 0);
	w.time_ms += 3600000;
	fnl_embedded_compact(w.broker, "rows", 1000);
	w.time_ms += 3600000;
	fnl_embedded_compact(w.broker, "rows", 1000);
	fnl_fake_redis_flush(w.redis);
	assert_int_equal(worker_run(&a), 0);
	assert_true(fnl_stream_stats(a.stream).restored_records > 0);
	worker_close(&a, false);
	compare(expected, &w, "a rebuild", 0);
	world_close(&w);
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
