/* Work over many rows: whatever the batches, the limits and the faults, what comes out is what a plain list would give.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "paged_case.h"
#include "paged_operator.h"

enum { SEEDS = 120, SEED_INPUTS = 90, FAULT_INPUTS = 40 };

struct tuning {
	size_t batch_records_max, timers_max, pages_max;
};

static void tune(struct stream_world *w, struct tuning t)
{
	w->batch_records_max = t.batch_records_max;
	w->timers_max = t.timers_max;
	w->pages_max = t.pages_max;
}

/* ---- what comes out is what the model says, however the work is cut ---- */

struct order {
	long long time_ms[STREAM_WORLD_PARTITIONS]; /* last told to the next stage */
	bool wrong;
};

static int look_at_order(void *context, size_t topic, const struct fnl_record *r)
{
	struct order *o = context;
	char text[512];
	snprintf(text, sizeof(text), "%.*s", (int)r->value.len, (const char *)r->value.data);
	if (topic != PAGED_OUT || text[0] == 'J') {
		return 0;
	}
	long long time_ms = atoll(strrchr(text, ' ') + 1);
	/* A time is told once all that was due at it has been sent. It may be told again, for nothing. */
	o->wrong = o->wrong || (text[0] == 'P' ? time_ms <= o->time_ms[r->partition] : time_ms < o->time_ms[r->partition]);
	o->time_ms[r->partition] = text[0] == 'T' ? time_ms : o->time_ms[r->partition];
	return 0;
}

static void check_order(struct stream_world *w)
{
	struct order o = {.wrong = false};
	assert_int_equal(w->bus->ops->read(w->bus, w->c->outputs, w->c->output_count, true, true, NULL, look_at_order, &o),
	                 0);
	if (o.wrong) {
		fail_msg("%s at call %zu: something came after its time was told", w->trying, w->at);
	}
	for (int p = 0; p < STREAM_WORLD_PARTITIONS; p++) {
		assert_int_equal(o.time_ms[p], stream_case_paged_inputs()->end_ms);
	}
}

static void compare_with_model(const struct stream_case *c, struct tuning t, const char *trying, unsigned seed)
{
	static struct stream_picture expected, found;
	struct stream_world w;
	struct stream_worker k = {.plan = {.mode = FAULT_NONE}};
	stream_world_open(&w, c, FNL_CLOCK_EVENT);
	tune(&w, t);
	w.trying = trying;
	w.at = seed;
	assert_int_equal(stream_worker_open(&k, &w, "a"), 0);
	int rc = stream_worker_run(&k);
	if (rc) {
		fail_msg("%s, seed %u: %s", trying, seed, k.why.text);
	}
	stream_worker_close(&k, false);
	stream_world_picture(&w, &found);
	paged_lines_keep(&found, "out@");
	paged_model_run(stream_case_paged_inputs(), &expected);
	if (strcmp(expected.text, found.text) != 0) {
		fprintf(stderr, "--- expected\n%s--- found\n%s", expected.text, found.text);
		fail_msg("%s, seed %u differs from the model", trying, seed);
	}
	if (c->op == paged_operator_forwarding()) {
		check_order(&w);
	}
	stream_world_close(&w);
}

static void pages_are_as_the_batch_sees_them(void **state)
{
	(void)state;
	static const struct tuning tunings[] = {{1, 1000, 10},     {7, 1, 1},   {7, 2, 1},
	                                        {100, 1000, 1000}, {100, 5, 3}, {3, 7, 2}};
	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		for (size_t i = 0; i < sizeof(tunings) / sizeof(tunings[0]); i++) {
			compare_with_model(stream_case_paged(false, seed, SEED_INPUTS), tunings[i], "own clock", seed);
			compare_with_model(stream_case_paged(true, seed, SEED_INPUTS), tunings[i], "forwarded clock", seed);
		}
	}
}

/* ---- a fault at every port call ---- */

static const char *const mode_names[FAULT_MODE_COUNT] = {"nothing",     "a crash before a call", "a crash after a call",
                                                         "a lost call", "a lost answer",         "a clean abort",
                                                         "a pause"};

static size_t undisturbed(const struct stream_case *c, struct tuning t, struct stream_picture *ret)
{
	struct stream_world w;
	struct stream_worker k = {.plan = {.mode = FAULT_NONE}};
	stream_world_open(&w, c, FNL_CLOCK_EVENT);
	tune(&w, t);
	assert_int_equal(stream_worker_open(&k, &w, "a"), 0);
	assert_int_equal(stream_worker_run(&k), 0);
	size_t calls = k.plan.calls;
	stream_worker_close(&k, false);
	stream_world_picture(&w, ret);
	stream_world_close(&w);
	return calls;
}

static void fault_run(const struct stream_case *c, struct tuning t, const struct stream_picture *expected,
                      enum fault_mode mode, size_t at)
{
	struct stream_world w;
	struct stream_worker a = {.plan = {.mode = mode, .at = at}};
	stream_world_open(&w, c, FNL_CLOCK_EVENT);
	tune(&w, t);
	w.trying = mode_names[mode];
	w.at = at;
	assert_int_equal(stream_worker_open(&a, &w, "a"), 0);
	int rc = stream_worker_run(&a);
	assert_true(rc == 0 || a.plan.judge.dead);
	stream_worker_close(&a, rc != 0);
	if (rc) {
		struct stream_worker b = {.plan = {.mode = FAULT_NONE}};
		assert_int_equal(stream_worker_open(&b, &w, at % 2 ? "a" : "b"), 0);
		w.time_ms += at % 2 ? 0 : 20000;
		fnl_embedded_tick(w.broker);
		assert_int_equal(stream_worker_run(&b), 0);
		stream_worker_close(&b, false);
	}
	stream_world_compare(expected, &w);
	if (c->op == paged_operator_forwarding()) {
		check_order(&w);
	}
	stream_world_close(&w);
}

static void a_fault_at_every_call(void **state)
{
	(void)state;
	static const struct tuning tunings[] = {{7, 1000, 10}, {7, 3, 2}};
	static struct stream_picture expected;
	for (int kind = 0; kind < 4; kind++) {
		const struct stream_case *c = stream_case_paged(kind % 2, 5, FAULT_INPUTS);
		struct tuning t = tunings[kind / 2];
		size_t calls = undisturbed(c, t, &expected);
		assert_non_null(strstr(expected.text, "out@1 j9 P "));
		for (int mode = FAULT_CRASH_BEFORE; mode < FAULT_HOOK; mode++) {
			for (size_t at = 1; at <= calls; at++) {
				fault_run(c, t, &expected, (enum fault_mode)mode, at);
			}
		}
		print_message("%zu port calls\n", calls);
	}
}

/* ---- the wall clock: inputs go on ---- */

static int polled_ms = -1; /* how long the last poll was to wait */
static const struct fnl_log_ops *inner_ops;

static int noting_poll(struct fnl_log *l, size_t records_max, size_t bytes_max, int timeout_ms, struct fnl_poll *ret)
{
	polled_ms = timeout_ms;
	return inner_ops->poll(l, records_max, bytes_max, timeout_ms, ret);
}

static void publish(struct stream_world *w, int partition, const char *key, const char *text)
{
	assert_int_equal(w->bus->ops->publish(w->bus, "in", partition, fnl_span_str(key), fnl_span_str(text), NULL, 0), 0);
}

static void publish_nothing(struct stream_world *w)
{
	(void)w;
}

static void cycle(struct stream_worker *k)
{
	int rc = fnl_stream_cycle(k->stream, &k->why);
	if (rc) {
		fail_msg("%s", k->why.text);
	}
	k->w->time_ms += 20;
	fnl_embedded_tick(k->w->broker);
}

static void inputs_do_not_wait_for_pages(void **state)
{
	(void)state;
	struct stream_case c = *stream_case_paged(false, 1, 1);
	struct stream_world w;
	struct stream_worker k = {.plan = {.mode = FAULT_NONE}};
	c.publish = publish_nothing;
	stream_world_open(&w, &c, FNL_CLOCK_WALL);
	tune(&w, (struct tuning){100, 1, 1});
	assert_int_equal(stream_worker_open(&k, &w, "a"), 0);
	struct fnl_log_ops noting = *k.log->ops;
	inner_ops = k.log->ops;
	noting.poll = noting_poll;
	k.log->ops = &noting;
	for (int i = 0; i < 60; i++) {
		char key[16];
		snprintf(key, sizeof(key), "a%02d", i);
		publish(&w, 0, key, "1000 add 4");
	}
	publish(&w, 1, "other", "1000 add 4");
	assert_int_equal(stream_worker_run(&k), 0);
	assert_int_equal(polled_ms, 50);
	assert_int_equal(fnl_stream_stats(k.stream).records, 61);
	publish(&w, 0, "j0", "1000 job a");
	cycle(&k);
	/* 21 pages, one a batch; each batch takes the input that has come meanwhile, and the poll does not wait */
	for (int i = 0; i < 20; i++) {
		struct fnl_stream_stats before = fnl_stream_stats(k.stream);
		publish(&w, 0, "z", "1000 add 1");
		assert_false(fnl_stream_is_idle(k.stream));
		cycle(&k);
		struct fnl_stream_stats after = fnl_stream_stats(k.stream);
		assert_int_equal(after.records, before.records + 1);
		assert_int_equal(after.timers, before.timers + 1);
		assert_int_equal(after.lag_records, 0);
		/* what is left of the job, due since 1000 */
		assert_int_equal(after.timers_overdue_ms, i < 19 ? w.time_ms - 20 - 1000 : 0);
		assert_int_equal(polled_ms, 0);
	}
	assert_int_equal(stream_worker_run(&k), 0);
	struct fnl_stream_stats done = fnl_stream_stats(k.stream);
	assert_int_equal(done.timers, 21);
	assert_int_equal(done.timers_overdue_ms, 0);
	assert_int_equal(done.batches.outputs_to[0], done.outputs);
	uint64_t batches = 0;
	for (size_t i = 0; i < FNL_BATCH_BUCKET_COUNT; i++) {
		batches += done.batches.durations[i];
	}
	assert_int_equal(batches, done.transactions);
	assert_true(done.joined);
	assert_int_equal(done.lag_records, 0);
	assert_int_equal(polled_ms, 50);
	static struct stream_picture p;
	stream_world_picture(&w, &p);
	assert_non_null(strstr(p.text, "out@0 j0 J 240 60\n"));
	assert_non_null(strstr(p.text, "out@1 j0 J 240 60\n"));
	k.log->ops = inner_ops;
	stream_worker_close(&k, false);
	stream_world_close(&w);
}

/* Without any input, too: a job goes on, and the stream is not idle before its end. */
static void a_job_goes_on_alone(void **state)
{
	(void)state;
	static const enum fnl_clock_mode modes[] = {FNL_CLOCK_WALL, FNL_CLOCK_EVENT};
	for (int m = 0; m < 2; m++) {
		struct stream_case c = *stream_case_paged(false, 1, 1);
		struct stream_world w;
		struct stream_worker k = {.plan = {.mode = FAULT_NONE}};
		c.publish = publish_nothing;
		stream_world_open(&w, &c, modes[m]);
		tune(&w, (struct tuning){100, 2, 1});
		for (int i = 0; i < 30; i++) {
			char key[16];
			snprintf(key, sizeof(key), "a%02d", i);
			publish(&w, 0, key, "1000 add 4");
		}
		publish(&w, 0, "j0", "1000 job a");
		assert_int_equal(stream_worker_open(&k, &w, "a"), 0);
		int busy = 0;
		while (!fnl_stream_is_idle(k.stream) || fnl_stream_stats(k.stream).records < 31) {
			cycle(&k);
			assert_true(++busy < 100);
		}
		assert_int_equal(fnl_stream_stats(k.stream).timers, 11);
		stream_worker_close(&k, false);
		stream_world_close(&w);
	}
}

/* ---- the next stage hears of a time when all that is due at it has been sent, also when a job is armed at the very
 * time that the batch has reached ---- */

static int add_first_letters(void *context, size_t topic, const struct fnl_record *r)
{
	char *text = context;
	size_t n = strlen(text);
	if (topic == PAGED_OUT && r->partition == 0) {
		snprintf(text + n, 64 - n, "%.*s", 1, (const char *)r->value.data);
	}
	return 0;
}

static void a_time_is_told_when_all_is_done(void **state)
{
	(void)state;
	for (int crash = 0; crash < 2; crash++) {
		struct stream_case c = *stream_case_paged(true, 1, 1);
		struct stream_world w;
		struct stream_worker k = {.plan = {.mode = FAULT_NONE}};
		c.publish = publish_nothing;
		stream_world_open(&w, &c, FNL_CLOCK_EVENT);
		tune(&w, (struct tuning){100, 1, 1});
		for (int i = 0; i < 4; i++) {
			char key[16];
			snprintf(key, sizeof(key), "a%02d", i);
			publish(&w, 0, key, "1000 add 4");
		}
		publish(&w, 0, "tick", "5000 tick 0");
		publish(&w, 0, "tick", "5000 tick 1");
		publish(&w, 0, "j0", "5000 job a");
		publish(&w, 0, "j1", "5000 job nobody");
		assert_int_equal(stream_worker_open(&k, &w, "a"), 0);
		while (fnl_stream_stats(k.stream).timers < 2) {
			cycle(&k);
		}
		assert_int_equal(fnl_stream_stats(k.stream).records, 8);
		if (crash) {
			stream_worker_close(&k, true);
			k = (struct stream_worker){.plan = {.mode = FAULT_NONE}};
			assert_int_equal(stream_worker_open(&k, &w, "a"), 0);
		}
		assert_int_equal(stream_worker_run(&k), 0);
		char text[64] = "";
		assert_int_equal(w.bus->ops->read(w.bus, c.outputs, c.output_count, true, true, NULL, add_first_letters, text),
		                 0);
		assert_string_equal(text, "PPJPJT");
		stream_worker_close(&k, false);
		stream_world_close(&w);
	}
}

/* ---- operators that break the rules ---- */

static void wrong_operators_are_told(void **state)
{
	(void)state;
	static const struct {
		const char *job, *story;
	} cases[] = {
		{"1000 job !stuck", "neither its row's deadline nor its bytes"},
		{"1000 job !many", "beyond the limits"},
		{"1000 job !index", "names no row"},
		{"1000 job !page", "page of 101 rows"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stream_case c = *stream_case_paged(false, 1, 1);
		struct stream_world w;
		struct stream_worker k = {.plan = {.mode = FAULT_NONE}};
		c.publish = publish_nothing;
		stream_world_open(&w, &c, FNL_CLOCK_EVENT);
		publish(&w, 0, "j", cases[i].job);
		assert_int_equal(stream_worker_open(&k, &w, "a"), 0);
		assert_int_equal(stream_worker_run(&k), FNL_E_INTERNAL);
		if (!strstr(k.why.text, cases[i].story)) {
			fail_msg("'%s' does not say '%s'", k.why.text, cases[i].story);
		}
		stream_worker_close(&k, true);
		stream_world_close(&w);
	}
}

static void limits_are_checked(void **state)
{
	(void)state;
	static const struct tuning wrong[] = {{7, 5, 6}, {7, FNL_STORE_KEYS_MAX, 1}};
	for (size_t i = 0; i < 2; i++) {
		struct stream_world w;
		struct stream_worker k = {.plan = {.mode = FAULT_NONE}};
		stream_world_open(&w, stream_case_paged(false, 1, 1), FNL_CLOCK_EVENT);
		tune(&w, wrong[i]);
		assert_int_equal(stream_worker_open(&k, &w, "a"), FNL_E_ARGUMENT);
		stream_worker_close(&k, true);
		stream_world_close(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_as_the_batch_sees_them), cmocka_unit_test(a_fault_at_every_call),
		cmocka_unit_test(inputs_do_not_wait_for_pages),     cmocka_unit_test(a_job_goes_on_alone),
		cmocka_unit_test(wrong_operators_are_told),         cmocka_unit_test(limits_are_checked),
		cmocka_unit_test(a_time_is_told_when_all_is_done),
	};
	return cmocka_run_group_tests_name("paged work", tests, NULL, NULL);
}
