/* A fault at every port call of the relay, over the embedded log: whatever happens at whichever call, what was sent and
 * what is committed end as those of an undisturbed run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "faulty_ports.h"
#include "relay_world.h"

enum { INPUTS = 30, CYCLES_MAX = 3000 };

/* ---- a router: "all …" goes to every partition, "two …" to two keys, "none" nowhere, "poison" is poison; a number of
 * times "away" cannot be read now ---- */

struct router {
	struct fnl_router base;
	int away; /* how often it cannot be read */
};

static bool begins(struct fnl_span s, const char *with)
{
	return s.len >= strlen(with) && memcmp(s.data, with, strlen(with)) == 0;
}

static int route(struct fnl_router *o, const struct fnl_record *r, struct fnl_arena *arena,
                 struct fnl_relay_decision *ret, struct fnl_error *why)
{
	struct router *router = (struct router *)o;
	(void)arena;
	if (begins(r->value, "poison")) {
		return fnl_fail(why, FNL_E_INVALID, "it says so itself");
	}
	if (begins(r->value, "away") && router->away > 0) {
		router->away--;
		return fnl_fail(why, FNL_E_DISCONNECTED, "not now");
	}
	struct fnl_output out = {.topic = RELAY_OUT, .partition = FNL_PARTITION_BY_KEY, .key = r->key, .value = r->value};
	out.headers[0] = (struct fnl_header){FNL_SPAN_LIT("from"), r->key};
	out.header_count = 1;
	if (begins(r->value, "none")) {
		return 0;
	}
	out.partition = begins(r->value, "all") ? FNL_PARTITION_EVERY : FNL_PARTITION_BY_KEY;
	ret->outputs[ret->output_count++] = out;
	if (begins(r->value, "two")) {
		out.key = FNL_SPAN_LIT("other");
		ret->outputs[ret->output_count++] = out;
	}
	return 0;
}

/* ---- a world ---- */

static void world_open(struct relay_world *w)
{
	static const char *const kinds[] = {"plain", "two", "all", "none", "poison", "plain", "away"};
	relay_world_open(w, 3, 1);
	for (int i = 0; i < INPUTS; i++) {
		char value[32];
		snprintf(value, sizeof(value), "%s %d", kinds[i % 7], i);
		relay_world_publish(w, i, value);
	}
}

struct worker {
	struct relay_world *w;
	struct fault_plan plan;
	struct router router;
	struct fnl_log *log;
	struct faulty_log faulty;
	struct fnl_relay *relay;
	struct fnl_error why;
};

static void log_line(void *context, enum fnl_level level, const char *text)
{
	(void)context;
	fprintf(stderr, "%d %s\n", (int)level, text);
}

static void worker_open(struct worker *k, struct relay_world *w, const char *instance)
{
	struct fault_plan plan = k->plan;
	*k = (struct worker){.w = w, .plan = plan, .router = {.base = {route}, .away = 2}};
	k->log = relay_world_log(w, instance);
	fault_plan_init(&k->plan);
	faulty_log_init(&k->faulty, k->log, &k->plan.judge);
	static struct fnl_logger logger = {NULL, FNL_DEBUG, log_line};
	struct fnl_relay_settings settings = relay_world_settings();
	struct fnl_relay_ports ports = {&k->faulty.base, &k->router.base, &w->clock, getenv("FNL_TRACE") ? &logger : NULL};
	assert_int_equal(fnl_relay_create(&settings, &ports, &k->relay, &k->why), 0);
}

static int worker_run(struct worker *k)
{
	int idle = 0;
	for (int i = 0; i < CYCLES_MAX && idle < 3; i++) {
		int rc = fnl_relay_cycle(k->relay, &k->why);
		if (rc) {
			return rc;
		}
		idle = fnl_relay_is_idle(k->relay) ? idle + 1 : 0;
		relay_world_tick(k->w, 20);
	}
	if (idle < 3) {
		fail_msg("no progress: %s", k->why.text);
	}
	return 0;
}

static void worker_close(struct worker *k, bool crash)
{
	k->plan.judge.dead = k->plan.judge.dead || crash;
	assert_null(fnl_relay_destroy(k->relay));
	if (crash) {
		fnl_embedded_log_crash(k->log);
	} else {
		k->log->ops->close(k->log);
	}
}

/* ---- what it looks like in the end ---- */

static void look(struct relay_world *w, struct relay_picture *p)
{
	struct fnl_partition_lag lag[RELAY_IN_PARTITIONS];
	assert_int_equal(w->bus->ops->lag(w->bus, "group", "in", lag, RELAY_IN_PARTITIONS), 0);
	for (int i = 0; i < RELAY_IN_PARTITIONS; i++) {
		assert_int_equal(lag[i].committed, INPUTS / RELAY_IN_PARTITIONS);
		assert_string_equal(lag[i].metadata, "");
	}
	relay_world_picture(w, p);
}

static struct relay_picture expected;

static size_t undisturbed(struct fnl_relay_stats *ret)
{
	struct relay_world w;
	struct worker k = {.plan = {.mode = FAULT_NONE}};
	world_open(&w);
	worker_open(&k, &w, "a");
	assert_int_equal(worker_run(&k), 0);
	*ret = fnl_relay_stats(k.relay);
	size_t calls = k.plan.calls;
	worker_close(&k, false);
	look(&w, &expected);
	relay_world_close(&w);
	return calls;
}

static void compare(struct relay_world *w, const char *trying, size_t at)
{
	static struct relay_picture found;
	look(w, &found);
	if (strcmp(expected.text, found.text) != 0) {
		fprintf(stderr, "--- expected\n%s--- found\n%s", expected.text, found.text);
		fail_msg("%s at call %zu changed the result", trying, at);
	}
}

static void what_is_sent(void **state)
{
	(void)state;
	struct fnl_relay_stats stats;
	undisturbed(&stats);
	assert_int_equal(stats.records, INPUTS);
	assert_int_equal(stats.dead_letters, 4);
	assert_int_equal(stats.outputs, 9 + 10 + 4 + 4); /* plain, two each, all, away */
	assert_true(stats.transactions > 5);
	assert_int_equal(stats.partitions_running, RELAY_IN_PARTITIONS);
	assert_true(stats.joined);
	assert_int_equal(stats.lag_records, 0);
	assert_int_equal(stats.producer_resets, 1);
	uint64_t sent = 0, batches = 0;
	for (size_t i = 0; i < FNL_STATS_TOPICS_MAX; i++) {
		sent += stats.batches.outputs_to[i];
	}
	for (size_t i = 0; i < FNL_BATCH_BUCKET_COUNT; i++) {
		batches += stats.batches.durations[i];
	}
	assert_int_equal(sent, stats.outputs + stats.dead_letters);
	assert_int_equal(batches, stats.transactions);
	assert_non_null(strstr(expected.text, "out/0 k2=all 2 from=k2\n"));
	assert_non_null(strstr(expected.text, "out/1 k2=all 2 from=k2\n"));
	assert_non_null(strstr(expected.text, "out/2 k2=all 2 from=k2\n"));
	assert_non_null(strstr(expected.text, " other=two 1 from=k1\n"));
	assert_non_null(strstr(expected.text, "=away 6"));
	assert_null(strstr(expected.text, "none"));
	assert_non_null(strstr(expected.text, "dead/0 k4=poison 4 __connect.errors.topic=in __connect.errors.partition=0 "
	                                      "__connect.errors.offset=2 "));
	assert_non_null(strstr(expected.text, "__connect.errors.stage=relay"));
	assert_non_null(strstr(expected.text, "it says so itself"));
}

static void a_fault_at_every_call(void **state)
{
	(void)state;
	static const char *const names[] = {"nothing",     "a crash before", "a crash after",
	                                    "a lost call", "a lost answer",  "a clean abort"};
	struct fnl_relay_stats stats;
	size_t calls = undisturbed(&stats);
	for (int mode = FAULT_CRASH_BEFORE; mode < FAULT_HOOK; mode++) {
		for (size_t at = 1; at <= calls; at++) {
			struct relay_world w;
			struct worker a = {.plan = {.mode = (enum fault_mode)mode, .at = at}};
			world_open(&w);
			worker_open(&a, &w, "a");
			int rc = worker_run(&a);
			if (rc) {
				assert_true(a.plan.judge.dead);
			}
			worker_close(&a, rc != 0);
			if (rc) {
				struct worker b = {.plan = {.mode = FAULT_NONE}};
				worker_open(&b, &w, at % 2 ? "a" : "b");
				relay_world_tick(&w, at % 2 ? 0 : 20000);
				assert_int_equal(worker_run(&b), 0);
				worker_close(&b, false);
			}
			compare(&w, names[mode], at);
			relay_world_close(&w);
		}
	}
	print_message("%zu port calls\n", calls);
}

/* ---- others act while the worker is between two calls ---- */

struct meanwhile {
	struct relay_world *w;
	bool rebalance_only;
};

static void meanwhile(void *context)
{
	struct meanwhile *m = context;
	if (m->rebalance_only) {
		fnl_embedded_rebalance(m->w->broker, "group");
		return;
	}
	struct worker b = {.plan = {.mode = FAULT_NONE}};
	relay_world_tick(m->w, 30000);
	worker_open(&b, m->w, "b");
	for (int i = 0; i < 5; i++) {
		assert_int_equal(fnl_relay_cycle(b.relay, &b.why), 0);
		m->w->time_ms += 20;
	}
	worker_close(&b, true);
	relay_world_tick(m->w, 30000);
}

static void a_takeover_at_every_call(void **state)
{
	(void)state;
	struct fnl_relay_stats stats;
	size_t calls = undisturbed(&stats);
	for (int kind = 0; kind < 2; kind++) {
		for (size_t at = 1; at <= calls; at++) {
			struct relay_world w;
			struct meanwhile m = {&w, kind == 0};
			struct worker a = {.plan = {.mode = FAULT_HOOK, .at = at, .hook = meanwhile, .context = &m}};
			world_open(&w);
			worker_open(&a, &w, "a");
			int rc = worker_run(&a);
			if (rc) {
				fail_msg("%d at call %zu: %s", kind, at, a.why.text);
			}
			worker_close(&a, false);
			compare(&w, kind ? "a takeover" : "a rebalance", at);
			relay_world_close(&w);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sent),
		cmocka_unit_test(a_fault_at_every_call),
		cmocka_unit_test(a_takeover_at_every_call),
	};
	return cmocka_run_group_tests_name("relay: crash points", tests, NULL, NULL);
}
