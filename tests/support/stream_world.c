#include "stream_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "counter_operator.h"

enum { INPUTS = 40, CYCLES_MAX = 4000, LINES_MAX = 4096, OUTPUTS_MAX = 8 };

/* ---- the counter's case ---- */

static void publish_counter(struct stream_world *w)
{
	static const char *const keys[] = {"ann", "bob", "cy", "dee", "eve"};
	for (int i = 0; i < INPUTS; i++) {
		char text[64];
		int n = i % 13 == 12 ? 0 : i + 1; /* a deletion now and then */
		int length =
			snprintf(text, sizeof(text), i % 17 == 16 ? "poison" : "%d %d", 1000000 + i * 150 - (i % 5) * 100, n);
		int k = (i * 7) % 5;
		const char *key = keys[k];
		assert_int_equal(w->bus->ops->publish(w->bus, "in", k % STREAM_WORLD_PARTITIONS, fnl_span_str(key),
		                                      fnl_span_of(text, (size_t)length), NULL, 0),
		                 0);
	}
}

const struct stream_case *stream_case_counter(void)
{
	static const char *const outputs[COUNTER_OUT_COUNT] = {"out", "dead"};
	static struct stream_case c = {.outputs = outputs, .output_count = COUNTER_OUT_COUNT, .publish = publish_counter};
	c.stage = (struct fnl_stage){"test", "in", counter_tables, COUNTER_TABLE_COUNT, COUNTER_DEAD};
	c.op = counter_operator();
	return &c;
}

/* ---- one world ---- */

static int64_t now_ms(void *context)
{
	return *(int64_t *)context;
}
static void sleep_ms(void *context, int64_t ms)
{
	*(int64_t *)context += ms;
}

static void create_topic(struct stream_world *w, const char *name, int partitions, enum fnl_cleanup cleanup)
{
	struct fnl_topic_spec spec = {name, partitions, cleanup, -1, 0};
	assert_int_equal(w->bus->ops->create_topic(w->bus, &spec), 0);
}

void stream_world_open(struct stream_world *w, const struct stream_case *c, enum fnl_clock_mode mode)
{
	*w = (struct stream_world){.c = c, .time_ms = 1000000, .mode = mode, .trying = "nothing"};
	w->clock = (struct fnl_clock){&w->time_ms, now_ms, now_ms, sleep_ms};
	struct fnl_embedded_settings settings = {
		.clock = &w->clock, .session_timeout_ms = 10000, .txn_timeout_ms = 15000, .manual_time = true};
	assert_int_equal(fnl_embedded_open(&settings, &w->broker), 0);
	assert_int_equal(fnl_embedded_bus_open(w->broker, &w->bus), 0);
	assert_int_equal(fnl_fake_redis_open(&w->redis), 0);
	create_topic(w, "in", STREAM_WORLD_PARTITIONS, FNL_CLEANUP_DELETE);
	create_topic(w, "rows", STREAM_WORLD_PARTITIONS, FNL_CLEANUP_COMPACT);
	for (size_t i = 0; i < c->output_count; i++) {
		create_topic(w, c->outputs[i], c->output_partitions ? c->output_partitions : 1, FNL_CLEANUP_DELETE);
	}
	c->publish(w);
	assert_int_equal(w->bus->ops->publish_flush(w->bus, 1000), 0);
}

void stream_world_close(struct stream_world *w)
{
	w->bus->ops->close(w->bus);
	fnl_embedded_close(w->broker);
	fnl_fake_redis_close(w->redis);
}

/* ---- workers ---- */

static void log_line(void *context, enum fnl_level level, const char *text)
{
	(void)context;
	fprintf(stderr, "%d %s\n", (int)level, text);
}

static void engine_runs(struct stream_worker *k, bool runs)
{
	if (k->plan.engine_runs) {
		k->plan.engine_runs(runs);
	}
}

int stream_worker_open(struct stream_worker *k, struct stream_world *w, const char *instance)
{
	struct fault_plan plan = k->plan;
	const struct stream_case *c = w->c;
	*k = (struct stream_worker){.w = w, .plan = plan};
	struct fnl_embedded_log_settings settings = {"in",    "rows",   c->outputs, c->output_count,
	                                             "group", instance, instance};
	assert_int_equal(fnl_embedded_log_open(w->broker, &settings, &k->log), 0);
	assert_int_equal(fnl_fake_store_open(w->redis, c->stage.table_count, &k->store), 0);
	fault_plan_init(&k->plan);
	faulty_log_init(&k->faulty_log, k->log, &k->plan.judge);
	faulty_store_init(&k->faulty_store, k->store, &k->plan.judge);
	struct fnl_stream_settings t = fnl_stream_settings_default();
	t.clock = w->mode;
	t.batch_records_max = w->batch_records_max ? w->batch_records_max : 7;
	t.timers_max = w->timers_max ? w->timers_max : t.timers_max;
	t.pages_max = w->pages_max ? w->pages_max : t.pages_max;
	t.cache_bytes_max = 2048; /* so small that rows are read again */
	t.restore_records_max = 3;
	t.arena_bytes_max = 4 << 20;
	static struct fnl_logger logger = {NULL, FNL_DEBUG, log_line};
	struct fnl_stream_ports ports = {&k->faulty_log.base, &k->faulty_store.base, c->op, &w->clock,
	                                 getenv("FNL_TRACE") ? &logger : NULL};
	engine_runs(k, true);
	int rc = fnl_stream_create(&c->stage, &t, &ports, &k->stream, &k->why);
	engine_runs(k, false);
	return rc;
}

void stream_worker_close(struct stream_worker *k, bool crash)
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

int stream_worker_run(struct stream_worker *k)
{
	int idle = 0;
	for (int i = 0; i < CYCLES_MAX && idle < 3; i++) {
		engine_runs(k, true);
		int rc = fnl_stream_cycle(k->stream, &k->why);
		engine_runs(k, false);
		if (rc) {
			return rc;
		}
		idle = fnl_stream_is_idle(k->stream) ? idle + 1 : 0;
		k->w->time_ms += 20;
		fnl_embedded_tick(k->w->broker);
	}
	if (idle < 3) {
		fail_msg("%s at call %zu: no progress %s", k->w->trying, k->w->at, k->why.text);
	}
	return 0;
}

/* ---- what a world looks like in the end ---- */

struct painter {
	struct stream_picture *p;
	const struct stream_case *c;
};

static void add_bytes(struct stream_picture *p, struct fnl_span s)
{
	for (size_t i = 0; i < s.len && p->len + 4 < STREAM_PICTURE_BYTES; i++) {
		bool plain = s.data[i] >= 0x20 && s.data[i] < 0x7f;
		p->len += (size_t)snprintf(p->text + p->len, STREAM_PICTURE_BYTES - p->len, plain ? "%c" : "\\%02x", s.data[i]);
	}
	assert_true(p->len < STREAM_PICTURE_BYTES - 8);
}

static void add_pair(struct stream_picture *p, const char *what, struct fnl_span a, struct fnl_span b)
{
	add_bytes(p, fnl_span_str(what));
	add_bytes(p, FNL_SPAN_LIT(" "));
	add_bytes(p, a);
	add_bytes(p, FNL_SPAN_LIT(" "));
	add_bytes(p, b);
}

static void end_line(struct stream_picture *p)
{
	p->text[p->len++] = '\n';
	p->text[p->len] = '\0';
}

static int add_output(void *context, size_t topic, const struct fnl_record *r)
{
	struct painter *painter = context;
	if (painter->c->hides && painter->c->hides(r)) {
		return 0;
	}
	char name[64];
	snprintf(name, sizeof(name), painter->c->output_partitions ? "%s@%d" : "%s", painter->c->outputs[topic],
	         (int)r->partition);
	add_pair(painter->p, name, r->key, r->value);
	for (size_t i = 0; i < r->header_count; i++) {
		add_pair(painter->p, " /", r->headers[i].name, r->headers[i].value);
	}
	end_line(painter->p);
	return 0;
}

static int add_row(void *context, struct fnl_row_key row, struct fnl_span value, int64_t deadline_ms)
{
	struct painter *painter = context;
	struct fnl_operator *op = painter->c->op;
	int64_t own_ms = op->ops->row_deadline(op, row.table, value);
	assert_true(deadline_ms <= own_ms && (deadline_ms == FNL_NO_DEADLINE) == (own_ms == FNL_NO_DEADLINE));
	add_pair(painter->p, painter->c->stage.table_names[row.table], row.key, value);
	end_line(painter->p);
	return 0;
}

/* Lines are sorted: order across keys is not promised; order of a key's own outputs shows in their sums. */
static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_lines(struct stream_picture *p)
{
	static char *lines[LINES_MAX];
	static char sorted[STREAM_PICTURE_BYTES];
	size_t n = 0;
	for (char *at = strtok(p->text, "\n"); at; at = strtok(NULL, "\n")) {
		assert_true(n < LINES_MAX);
		lines[n++] = at;
	}
	qsort(lines, n, sizeof(lines[0]), by_text);
	size_t len = 0;
	for (size_t i = 0; i < n; i++) {
		len += (size_t)snprintf(sorted + len, sizeof(sorted) - len, "%s\n", lines[i]);
	}
	memcpy(p->text, sorted, len + 1);
}

void stream_world_picture(struct stream_world *w, struct stream_picture *p)
{
	struct painter painter = {p, w->c};
	p->len = 0;
	p->text[0] = '\0';
	assert_int_equal(
		w->bus->ops->read(w->bus, w->c->outputs, w->c->output_count, true, true, NULL, add_output, &painter), 0);
	struct fnl_store *store;
	assert_int_equal(fnl_fake_store_open(w->redis, w->c->stage.table_count, &store), 0);
	struct fnl_partition_lag lag[STREAM_WORLD_PARTITIONS];
	assert_int_equal(w->bus->ops->lag(w->bus, "group", "in", lag, STREAM_WORLD_PARTITIONS), 0);
	for (int32_t i = 0; i < STREAM_WORLD_PARTITIONS; i++) {
		assert_int_equal(store->ops->scan(store, i, add_row, &painter), 0);
		assert_int_equal(lag[i].committed, lag[i].end);
		/* I4: at rest the view stands at the committed changelog offset */
		char cl[32];
		size_t rows;
		snprintf(cl, sizeof(cl), "cl=%lld", (long long)fnl_fake_redis_applied(w->redis, i, &rows).cl);
		if (strcmp(lag[i].metadata, cl) != 0) {
			fail_msg("%s at call %zu: partition %d has %s, its view %s", w->trying, w->at, i, lag[i].metadata, cl);
		}
	}
	store->ops->close(store);
	sort_lines(p);
}

void stream_world_compare(const struct stream_picture *expected, struct stream_world *w)
{
	static struct stream_picture found;
	stream_world_picture(w, &found);
	if (strcmp(expected->text, found.text) != 0) {
		fprintf(stderr, "--- expected\n%s--- found\n%s", expected->text, found.text);
		fail_msg("%s at call %zu changed the result", w->trying, w->at);
	}
}
