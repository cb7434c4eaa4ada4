/* An allocation fails, each one in turn, while a relay runs. It either ends with a clean error and another worker does
 * the rest, or goes on; in both cases what was sent is what an undisturbed run sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "failing_alloc.h"
#include "faulty_ports.h"
#include "funneld/adapters/embedded.h"
#include "funneld/engine/relay.h"

enum { PARTITIONS = 2, INPUTS = 24, CYCLES_MAX = 2000, TEXT_BYTES = 1 << 14, LINES_MAX = 256, RUNS_MAX = 20000 };
enum { OUT, DEAD, OUTPUTS };
static const char *const outputs[OUTPUTS] = {"out", "dead"};

/* "x…" is poison, "a…" goes to every partition, the rest by key. */
static int route(struct fnl_router *o, const struct fnl_record *r, struct fnl_arena *arena,
                 struct fnl_relay_decision *ret, struct fnl_error *why)
{
	(void)o;
	(void)arena;
	if (r->value.data[0] == 'x') {
		return fnl_fail(why, FNL_E_INVALID, "it says so itself");
	}
	ret->outputs[ret->output_count++] =
		(struct fnl_output){.topic = OUT,
	                        .partition = r->value.data[0] == 'a' ? FNL_PARTITION_EVERY : FNL_PARTITION_BY_KEY,
	                        .key = r->key,
	                        .value = r->value};
	return 0;
}

struct world {
	int64_t time_ms;
	struct fnl_clock clock;
	struct fnl_embedded *broker;
	struct fnl_bus *bus;
};

static int64_t now_ms(void *context)
{
	return *(int64_t *)context;
}
static void sleep_ms(void *context, int64_t ms)
{
	*(int64_t *)context += ms;
}

static void world_open(struct world *w)
{
	*w = (struct world){.time_ms = 1000000};
	w->clock = (struct fnl_clock){&w->time_ms, now_ms, now_ms, sleep_ms};
	struct fnl_embedded_settings settings = {
		.clock = &w->clock, .session_timeout_ms = 10000, .txn_timeout_ms = 15000, .manual_time = true};
	assert_int_equal(fnl_embedded_open(&settings, &w->broker), 0);
	assert_int_equal(fnl_embedded_bus_open(w->broker, &w->bus), 0);
	static const char *const names[] = {"in", "out", "dead"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct fnl_topic_spec spec = {names[i], PARTITIONS, FNL_CLEANUP_DELETE, -1, 0};
		assert_int_equal(w->bus->ops->create_topic(w->bus, &spec), 0);
	}
	for (int i = 0; i < INPUTS; i++) {
		char key[8], value[8];
		int key_len = snprintf(key, sizeof(key), "k%d", i % 5);
		int len = snprintf(value, sizeof(value), "%c%d", "pqax"[i % 4], i);
		assert_int_equal(w->bus->ops->publish(w->bus, "in", i % PARTITIONS, fnl_span_of(key, (size_t)key_len),
		                                      fnl_span_of(value, (size_t)len), NULL, 0),
		                 0);
	}
	assert_int_equal(w->bus->ops->publish_flush(w->bus, 1000), 0);
}

static void world_close(struct world *w)
{
	w->bus->ops->close(w->bus);
	fnl_embedded_close(w->broker);
}

/* All inputs by one worker. Allocations count while the relay runs, not those of its ports. */
static int work(struct world *w, const char *instance, bool leaves, struct fnl_error *why)
{
	static struct fnl_router router = {route};
	struct fault_plan plan = {.mode = FAULT_NONE, .engine_runs = failing_counts};
	struct faulty_log faulty;
	struct fnl_log *log;
	struct fnl_relay *relay = NULL;
	struct fnl_embedded_log_settings settings = {"in", NULL, outputs, OUTPUTS, "group", instance, instance};
	assert_int_equal(fnl_embedded_log_open(w->broker, &settings, &log), 0);
	fault_plan_init(&plan);
	faulty_log_init(&faulty, log, &plan.judge);
	struct fnl_relay_settings t = {.name = "relay",
	                               .input_topic = "in",
	                               .dead_letter_topic = DEAD,
	                               .batch_records_max = 4,
	                               .batch_bytes_max = 1 << 20,
	                               .poll_wait_ms = 50,
	                               .arena_bytes_max = 1 << 20,
	                               .txn_timeout_ms = 15000,
	                               .retry_ms = 100};
	struct fnl_relay_ports ports = {&faulty.base, &router, &w->clock, NULL};
	failing_counts(true);
	int rc = fnl_relay_create(&t, &ports, &relay, why);
	failing_counts(false);
	int idle = 0;
	for (int i = 0; i < CYCLES_MAX && idle < 3 && rc == 0; i++) {
		failing_counts(true);
		rc = fnl_relay_cycle(relay, why);
		failing_counts(false);
		idle = rc == 0 && fnl_relay_is_idle(relay) ? idle + 1 : 0;
		w->time_ms += 20;
		fnl_embedded_tick(w->broker);
	}
	assert_true(rc != 0 || idle == 3);
	assert_null(fnl_relay_destroy(relay));
	if (rc == 0 || leaves) {
		log->ops->close(log);
	} else {
		fnl_embedded_log_crash(log);
	}
	return rc;
}

/* ---- what was sent ---- */

struct picture {
	char text[TEXT_BYTES];
	size_t len;
};

static int add(void *context, size_t topic, const struct fnl_record *r)
{
	struct picture *p = context;
	p->len += (size_t)snprintf(p->text + p->len, TEXT_BYTES - p->len, "%s/%d %.*s=%.*s %zu\n", outputs[topic],
	                           (int)r->partition, (int)r->key.len, (const char *)r->key.data, (int)r->value.len,
	                           (const char *)r->value.data, r->header_count);
	assert_true(p->len < TEXT_BYTES - 64);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted: which partition's batch comes first is not promised. */
static void look(struct world *w, struct picture *ret)
{
	static struct picture raw;
	static char *lines[LINES_MAX];
	size_t n = 0;
	raw.len = ret->len = 0;
	assert_int_equal(w->bus->ops->read(w->bus, outputs, OUTPUTS, true, true, NULL, add, &raw), 0);
	for (char *at = strtok(raw.text, "\n"); at; at = strtok(NULL, "\n")) {
		assert_true(n < LINES_MAX);
		lines[n++] = at;
	}
	qsort(lines, n, sizeof(lines[0]), by_text);
	for (size_t i = 0; i < n; i++) {
		ret->len += (size_t)snprintf(ret->text + ret->len, TEXT_BYTES - ret->len, "%s\n", lines[i]);
	}
}

static struct picture expected, found;

/* true: an allocation has failed. */
static bool run_once(const struct failing_kind *kind, size_t at, size_t *errors)
{
	struct world w;
	struct fnl_error why = {0};
	world_open(&w);
	failing_arm(kind, at);
	failing_counts(false);
	int rc = work(&w, "a", at % 2, &why);
	bool failed = failing_disarm();
	if (rc) {
		if (!failed || rc != FNL_E_NOMEM || why.code != rc || !strstr(why.text, "memory")) {
			fail_msg("%s at call %zu: error %d, told as %d '%s'", kind->name, at, rc, why.code, why.text);
		}
		++*errors;
		w.time_ms += at % 3 ? 0 : 20000;
		fnl_embedded_tick(w.broker);
		assert_int_equal(work(&w, at % 3 ? "a" : "b", true, &why), 0);
	}
	look(&w, &found);
	assert_string_equal(found.text, expected.text);
	world_close(&w);
	return failed;
}

static void every_allocation(void **state)
{
	(void)state;
	struct world w;
	struct fnl_error why = {0};
	world_open(&w);
	assert_int_equal(work(&w, "a", true, &why), 0);
	look(&w, &expected);
	world_close(&w);
	assert_non_null(strstr(expected.text, "out/1 k2=a2 "));
	assert_non_null(strstr(expected.text, "dead/"));
	for (size_t i = 0; i < FAILING_KINDS; i++) {
		size_t at = 1, errors = 0;
		while (run_once(&failing_kinds[i], at, &errors)) {
			assert_true(++at < RUNS_MAX);
		}
		print_message("%s: %zu places, %zu clean errors\n", failing_kinds[i].name, at - 1, errors);
		assert_true(errors > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
