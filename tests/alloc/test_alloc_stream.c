/* An allocation fails, each one in turn, while the engine and an operator run. The stream either ends with a clean
 * error and another worker does the rest, or goes on; in both cases the end is that of an undisturbed run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>

#include "failing_alloc.h"
#include "paged_case.h"
#include "prospect_case.h"
#include "stream_world.h"

enum { RUNS_MAX = 20000 };

/* A case, and what is opened anew for each worker. */
struct bench {
	struct stream_case c;
	int (*open)(struct stream_case *c, struct fnl_error *why);
	void (*close)(struct stream_case *c);
	struct stream_picture expected;
	size_t errors;
	size_t survived;
};

static int worker_open(struct bench *b, struct stream_worker *k, struct stream_world *w, const char *instance)
{
	if (b->open) {
		struct fnl_error why = {0};
		failing_counts(true);
		int rc = b->open(&b->c, &why);
		failing_counts(false);
		if (rc) {
			k->why = why;
			return rc;
		}
	}
	return stream_worker_open(k, w, instance);
}

static void operator_close(struct bench *b)
{
	if (b->close) {
		b->close(&b->c);
	}
}

static void worker_close(struct stream_worker *k, bool crash)
{
	if (k->log) {
		stream_worker_close(k, crash);
	}
}

/* All inputs, and then a view that was lost and is restored. */
static int work(struct bench *b, struct stream_worker *k, struct stream_world *w, const char *instance)
{
	int rc = worker_open(b, k, w, instance);
	rc = rc ? rc : stream_worker_run(k);
	if (rc == 0) {
		fnl_fake_redis_flush(w->redis);
		rc = stream_worker_run(k);
	}
	return rc;
}

static void check_error(const struct stream_world *w, int rc, const struct fnl_error *why)
{
	if (rc != FNL_E_NOMEM || why->code != rc || !strstr(why->text, "memory")) {
		fail_msg("%s at call %zu: error %d, told as %d '%s'", w->trying, w->at, rc, why->code, why->text);
	}
}

/* true: an allocation has failed. */
static bool run_once(struct bench *b, const struct failing_kind *kind, size_t at)
{
	struct stream_world w;
	struct stream_worker k = {.plan = {.engine_runs = failing_counts}};
	stream_world_open(&w, &b->c, FNL_CLOCK_EVENT);
	w.trying = kind->name;
	w.at = at;
	failing_arm(kind, at);
	failing_counts(false);
	int rc = work(b, &k, &w, "a");
	bool failed = failing_disarm();
	worker_close(&k, rc != 0 && at % 2);
	if (rc) {
		assert_true(failed);
		check_error(&w, rc, &k.why);
		b->errors++;
		operator_close(b); /* it shared nothing with others, so what is broken in it goes too */
		struct stream_worker next = {.w = NULL};
		w.time_ms += at % 3 ? 0 : 20000;
		fnl_embedded_tick(w.broker);
		assert_int_equal(work(b, &next, &w, at % 3 ? "a" : "b"), 0);
		worker_close(&next, false);
	}
	b->survived += failed && rc == 0;
	stream_world_compare(&b->expected, &w);
	operator_close(b);
	stream_world_close(&w);
	return failed;
}

static void run_all(struct bench *b, const char *name)
{
	struct stream_world w;
	struct stream_worker k = {.w = NULL};
	stream_world_open(&w, &b->c, FNL_CLOCK_EVENT);
	assert_int_equal(work(b, &k, &w, "a"), 0);
	assert_true(fnl_stream_stats(k.stream).restored_records > 0);
	worker_close(&k, false);
	stream_world_picture(&w, &b->expected);
	operator_close(b);
	stream_world_close(&w);
	for (size_t i = 0; i < FAILING_KINDS; i++) {
		size_t at = 1;
		b->errors = b->survived = 0;
		while (run_once(b, &failing_kinds[i], at)) {
			assert_true(++at < RUNS_MAX);
		}
		print_message("%s, %s: %zu places, %zu clean errors, %zu survived\n", name, failing_kinds[i].name, at - 1,
		              b->errors, b->survived);
		assert_true(b->errors > 0);
	}
}

static void test_counter(void **state)
{
	(void)state;
	struct bench *b = calloc(1, sizeof(*b));
	b->c = *stream_case_counter();
	run_all(b, "counter");
	assert_true(strstr(b->expected.text, "out ann T ") != NULL);
	assert_true(strstr(b->expected.text, "dead ") != NULL);
	free(b);
}

static void test_paged(void **state)
{
	(void)state;
	for (int forwarding = 0; forwarding < 2; forwarding++) {
		struct bench *b = calloc(1, sizeof(*b));
		b->c = *stream_case_paged(forwarding, 5, 25);
		run_all(b, forwarding ? "paged, forwarding" : "paged");
		assert_true(strstr(b->expected.text, "out@1 j9 J ") != NULL);
		free(b);
	}
}

static void test_prospect(void **state)
{
	(void)state;
	struct bench *b = calloc(1, sizeof(*b));
	prospect_case_begin(&b->c);
	b->open = prospect_case_open;
	b->close = prospect_case_close;
	run_all(b, "prospect");
	prospect_case_end();
	assert_true(strstr(b->expected.text, "layer-changed") != NULL);
	assert_true(strstr(b->expected.text, "resync-requested") != NULL);
	assert_true(strstr(b->expected.text, "partition rules") != NULL);
	assert_true(strstr(b->expected.text, "dead ") != NULL);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counter),
		cmocka_unit_test(test_paged),
		cmocka_unit_test(test_prospect),
	};
	return cmocka_run_group_tests_name("failing allocations: streams", tests, NULL, NULL);
}
