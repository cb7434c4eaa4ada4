/* What a worker finds when somebody else was at the topics or at the view: it stops with the words that tell how to
 * mend it, or rebuilds the view. Then every fault at every port call of such a rebuild. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "counter_operator.h"
#include "stream_world.h"

enum { SESSION_GONE_MS = 20000, HALF_A_DAY_MS = 13 * 3600000 /* and more: tombstones may be gone by then */ };

/* All is done, and nobody is a member any more. */
static void finished(struct stream_world *w, struct stream_picture *picture)
{
	struct stream_worker k = {.plan = {.mode = FAULT_NONE}};
	stream_world_open(w, stream_case_counter(), FNL_CLOCK_EVENT);
	assert_int_equal(stream_worker_open(&k, w, "a"), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(fnl_stream_cycle(k.stream, &k.why), 0);
		w->time_ms += 20;
	}
	assert_int_equal(fnl_fake_redis_snapshot(w->redis), 0);
	assert_int_equal(stream_worker_run(&k), 0);
	stream_worker_close(&k, false);
	if (picture) {
		stream_world_picture(w, picture);
	}
	w->time_ms += SESSION_GONE_MS;
	fnl_embedded_tick(w->broker);
}

static void says(struct stream_world *w, const char *const *parts)
{
	struct stream_worker k = {.plan = {.mode = FAULT_NONE}};
	assert_int_equal(stream_worker_open(&k, w, "a"), 0);
	assert_int_equal(stream_worker_run(&k), FNL_E_STATE);
	for (; *parts; parts++) {
		if (!strstr(k.why.text, *parts)) {
			fail_msg("'%s' lacks '%s'", k.why.text, *parts);
		}
	}
	stream_worker_close(&k, false);
	stream_world_close(w);
}
#define SAYS(w, ...) says(w, (const char *const[]){__VA_ARGS__, NULL})

static void set(struct stream_world *w, int64_t offset, const char *metadata)
{
	assert_int_equal(w->bus->ops->set_committed(w->bus, "group", "in", 0, offset, metadata), 0);
}

static void put_row(struct stream_world *w, const char *key)
{
	assert_int_equal(w->bus->ops->publish(w->bus, "rows", 0, fnl_span_str(key), FNL_SPAN_LIT("x"), NULL, 0), 0);
	assert_int_equal(w->bus->ops->publish_flush(w->bus, 1000), 0);
}

static void offsets_that_somebody_else_has_set(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "by hand", "cl=", "cl=1x", "cl=-1"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct stream_world w;
		finished(&w, NULL);
		set(&w, 3, wrong[i]);
		SAYS(&w, "partition 0 of in", "offset 3 has no metadata 'cl=<n>'", "funnelctl repair --stage test");
	}
}

static void a_changelog_without_offsets(void **state)
{
	(void)state;
	struct stream_world w;
	stream_world_open(&w, stream_case_counter(), FNL_CLOCK_EVENT);
	put_row(&w, "sum|ann");
	SAYS(&w, "partition 0 of in has no committed offset", "changelog is not empty", "funnelctl repair --stage test");
}

static void a_view_that_is_ahead(void **state)
{
	(void)state;
	struct stream_world w;
	finished(&w, NULL);
	set(&w, 1, "cl=1");
	SAYS(&w, "partition 0 of stage test", "beyond the committed 1", "belong to another cluster");
}

static void a_changelog_that_lost_records(void **state)
{
	(void)state;
	struct stream_world w;
	finished(&w, NULL);
	set(&w, 1, "cl=100000");
	SAYS(&w, "changelog partition 0 of stage test ends at", "before the committed 100000", "--from-beginning");
}

static void rows_that_are_none(void **state)
{
	(void)state;
	static const char *const keys[] = {"no bar", "nowhere|ann", "", "|"};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct stream_world w;
		struct fnl_partition_lag lag[STREAM_WORLD_PARTITIONS];
		char metadata[32];
		finished(&w, NULL);
		put_row(&w, keys[i]);
		assert_int_equal(w.bus->ops->lag(w.bus, "nobody", "rows", lag, STREAM_WORLD_PARTITIONS), 0);
		snprintf(metadata, sizeof(metadata), "cl=%lld", (long long)lag[0].end);
		set(&w, 1, metadata);
		SAYS(&w, "changelog partition 0 of stage test holds a key that is no row's");
	}
}

/* ---- a view that is too old, or lost ---- */

static void pass_half_a_day(void *context)
{
	((struct stream_world *)context)->time_ms += HALF_A_DAY_MS;
}

/* Somebody puts the view's keys back while it is being made anew. */
static void roll_back(void *context)
{
	assert_int_equal(fnl_fake_redis_rollback(((struct stream_world *)context)->redis), 0);
}

static void flush(void *context)
{
	fnl_fake_redis_flush(((struct stream_world *)context)->redis);
}

static void empty_the_changelog(struct stream_world *w)
{
	w->time_ms += HALF_A_DAY_MS;
	fnl_embedded_compact(w->broker, "rows", 1000);
	w->time_ms += HALF_A_DAY_MS;
	fnl_embedded_compact(w->broker, "rows", 1000);
}

/* old: the view is an earlier one, whose tombstones are gone from the changelog; else it is empty. */
static size_t rebuild(const struct stream_picture *expected, bool old, struct fault_plan plan, const char *name)
{
	struct stream_world w;
	struct stream_worker a = {.plan = plan};
	finished(&w, NULL);
	w.trying = name;
	w.at = plan.at;
	empty_the_changelog(&w);
	(old ? roll_back : flush)(&w);
	a.plan.context = &w;
	assert_int_equal(stream_worker_open(&a, &w, "a"), 0);
	int rc = stream_worker_run(&a);
	size_t calls = a.plan.calls;
	if (rc && !a.plan.judge.dead) {
		fail_msg("%s at call %zu: %s", name, plan.at, a.why.text);
	}
	stream_worker_close(&a, rc != 0);
	if (rc) {
		struct stream_worker b = {.plan = {.mode = FAULT_NONE}};
		w.time_ms += SESSION_GONE_MS;
		fnl_embedded_tick(w.broker);
		assert_int_equal(stream_worker_open(&b, &w, "b"), 0);
		assert_int_equal(stream_worker_run(&b), 0);
		stream_worker_close(&b, false);
	}
	stream_world_compare(expected, &w);
	stream_world_close(&w);
	return calls;
}

static void every_call_of_a_rebuild(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct fault_plan plan;
	} faults[] = {
		{"a crash before a call", {.mode = FAULT_CRASH_BEFORE}},
		{"a crash after a call", {.mode = FAULT_CRASH_AFTER}},
		{"a lost call", {.mode = FAULT_TIMEOUT_BEFORE}},
		{"a lost answer", {.mode = FAULT_TIMEOUT_AFTER}},
		{"half a day", {.mode = FAULT_HOOK, .hook = pass_half_a_day}},
		{"an older view", {.mode = FAULT_HOOK, .hook = roll_back}},
		{"FLUSHALL", {.mode = FAULT_HOOK, .hook = flush}},
	};
	struct stream_world w;
	struct stream_picture *expected = malloc(sizeof(*expected));
	size_t runs = 0;
	finished(&w, expected);
	stream_world_close(&w);
	for (int old = 0; old < 2; old++) {
		size_t calls = rebuild(expected, old, (struct fault_plan){.mode = FAULT_NONE}, "nothing");
		assert_true(calls > 10);
		for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
			for (size_t at = 1; at <= calls; at++, runs++) {
				struct fault_plan plan = faults[i].plan;
				plan.at = at;
				rebuild(expected, old, plan, faults[i].name);
			}
		}
	}
	print_message("%zu rebuilds\n", runs);
	free(expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_that_somebody_else_has_set),
		cmocka_unit_test(a_changelog_without_offsets),
		cmocka_unit_test(a_view_that_is_ahead),
		cmocka_unit_test(a_changelog_that_lost_records),
		cmocka_unit_test(rows_that_are_none),
		cmocka_unit_test(every_call_of_a_rebuild),
	};
	return cmocka_run_group_tests_name("stops and rebuilds", tests, NULL, NULL);
}
