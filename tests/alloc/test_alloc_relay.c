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
#include "relay_world.h"

enum { INPUTS = 24, CYCLES_MAX = 2000, RUNS_MAX = 20000 };

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
		(struct fnl_output){.topic = RELAY_OUT,
	                        .partition = r->value.data[0] == 'a' ? FNL_PARTITION_EVERY : FNL_PARTITION_BY_KEY,
	                        .key = r->key,
	                        .value = r->value};
	return 0;
}

static void world_open(struct relay_world *w)
{
	relay_world_open(w, 2, 2);
	for (int i = 0; i < INPUTS; i++) {
		char value[8];
		snprintf(value, sizeof(value), "%c%d", "pqax"[i % 4], i);
		relay_world_publish(w, i, value);
	}
}

/* All inputs by one worker. Allocations count while the relay runs, not those of its ports. */
static int work(struct relay_world *w, const char *instance, bool leaves, struct fnl_error *why)
{
	static struct fnl_router router = {route};
	struct fault_plan plan = {.mode = FAULT_NONE, .engine_runs = failing_counts};
	struct faulty_log faulty;
	struct fnl_log *log = relay_world_log(w, instance);
	struct fnl_relay *relay = NULL;
	fault_plan_init(&plan);
	faulty_log_init(&faulty, log, &plan.judge);
	struct fnl_relay_settings settings = relay_world_settings();
	struct fnl_relay_ports ports = {&faulty.base, &router, &w->clock, NULL};
	failing_counts(true);
	int rc = fnl_relay_create(&settings, &ports, &relay, why);
	failing_counts(false);
	int idle = 0;
	for (int i = 0; i < CYCLES_MAX && idle < 3 && rc == 0; i++) {
		failing_counts(true);
		rc = fnl_relay_cycle(relay, why);
		failing_counts(false);
		idle = rc == 0 && fnl_relay_is_idle(relay) ? idle + 1 : 0;
		relay_world_tick(w, 20);
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

static struct relay_picture expected, found;

/* true: an allocation has failed. */
static bool run_once(const struct failing_kind *kind, size_t at, size_t *errors)
{
	struct relay_world w;
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
		relay_world_tick(&w, at % 3 ? 0 : 20000);
		assert_int_equal(work(&w, at % 3 ? "a" : "b", true, &why), 0);
	}
	relay_world_picture(&w, &found);
	assert_string_equal(found.text, expected.text);
	relay_world_close(&w);
	return failed;
}

static void every_allocation(void **state)
{
	(void)state;
	struct relay_world w;
	struct fnl_error why = {0};
	world_open(&w);
	assert_int_equal(work(&w, "a", true, &why), 0);
	relay_world_picture(&w, &expected);
	relay_world_close(&w);
	assert_non_null(strstr(expected.text, "out/1 k2=a2\n"));
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
