#include "stage_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { CYCLES_MAX = 20000, STORE_BYTES = 64 << 20 };

struct world {
	const struct stage_run *run;
	int64_t time_ms;
	struct fnl_clock clock;
	struct fnl_embedded *broker;
	struct fnl_fake_redis *redis;
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

static void open_world(struct world *w, const struct stage_run *r)
{
	*w = (struct world){.run = r, .time_ms = r->start_ms};
	w->clock = (struct fnl_clock){&w->time_ms, now_ms, now_ms, sleep_ms};
	struct fnl_embedded_settings settings = {
		.clock = &w->clock, .session_timeout_ms = 10000, .txn_timeout_ms = 15000, .manual_time = true};
	assert_int_equal(fnl_embedded_open(&settings, &w->broker), 0);
	assert_int_equal(fnl_embedded_bus_open(w->broker, &w->bus), 0);
	assert_int_equal(fnl_fake_redis_open(&w->redis), 0);
	const struct fnl_topic_spec in = {"in", STAGE_RUN_PARTITIONS, FNL_CLEANUP_DELETE, -1, 0};
	const struct fnl_topic_spec rows = {"rows", STAGE_RUN_PARTITIONS, FNL_CLEANUP_COMPACT, -1, 0};
	assert_int_equal(w->bus->ops->create_topic(w->bus, &in), 0);
	assert_int_equal(w->bus->ops->create_topic(w->bus, &rows), 0);
	for (size_t i = 0; i < r->output_count; i++) {
		const struct fnl_topic_spec out = {r->outputs[i], 2, FNL_CLEANUP_DELETE, -1, 0};
		assert_int_equal(w->bus->ops->create_topic(w->bus, &out), 0);
	}
}

static void close_world(struct world *w)
{
	w->bus->ops->close(w->bus);
	fnl_embedded_close(w->broker);
	fnl_fake_redis_close(w->redis);
}

static void drive(struct world *w)
{
	const struct stage_run *r = w->run;
	struct fnl_log *log;
	struct fnl_store *store;
	struct fnl_stream *stream;
	struct fnl_error why = {0, ""};
	struct fnl_embedded_log_settings settings = {"in", "rows", r->outputs, r->output_count, "group", "a", "a"};
	assert_int_equal(fnl_embedded_log_open(w->broker, &settings, &log), 0);
	assert_int_equal(fnl_fake_store_open(w->redis, r->stage.table_count, &store), 0);
	struct fnl_stream_settings s = fnl_stream_settings_default();
	s.clock = r->clock;
	s.batch_records_max = 1 + r->seed % 30;
	s.cache_bytes_max = r->seed % 2 ? 4096 : 1 << 20;
	s.timers_max = 1 + r->seed % 5;
	s.pages_max = 1 + r->seed % s.timers_max;
	s.arena_bytes_max = 16 << 20;
	s.event_time_max_ms = r->event_time_max_ms;
	s.future_max_ms = r->future_max_ms;
	struct fnl_stream_ports ports = {log, store, r->op, &w->clock, NULL};
	if (fnl_stream_create(&r->stage, &s, &ports, &stream, &why) != 0) {
		fail_msg("seed %" PRIu64 ": %s", r->seed, why.text);
	}
	int idle = 0;
	for (int i = 0; i < CYCLES_MAX && (idle < 3 || w->time_ms < r->until_ms); i++) {
		if (fnl_stream_cycle(stream, &why) != 0) {
			fail_msg("seed %" PRIu64 ": the stream stopped: %s", r->seed, why.text);
		}
		idle = fnl_stream_is_idle(stream) ? idle + 1 : 0;
		w->time_ms += r->cycle_ms;
		fnl_embedded_tick(w->broker);
	}
	assert_true(idle >= 3);
	fnl_stream_destroy(stream);
	log->ops->close(log);
	store->ops->close(store);
}

/* ---- what it leaves ---- */

static int keep_record(void *context, size_t topic, const struct fnl_record *r)
{
	struct stage_result *to = context;
	struct fnl_arena *a = &to->arena;
	assert_true(to->record_counts[topic] < STAGE_RUN_RECORDS_MAX);
	struct fnl_record *copy = &to->records[topic][to->record_counts[topic]++];
	struct fnl_header *headers = fnl_arena_calloc(a, r->header_count + 1, sizeof(*headers));
	*copy = *r;
	copy->key = fnl_arena_dup(a, r->key);
	copy->value = fnl_arena_dup(a, r->value);
	copy->headers = headers;
	for (size_t i = 0; i < r->header_count; i++) {
		headers[i] = (struct fnl_header){fnl_arena_dup(a, r->headers[i].name), fnl_arena_dup(a, r->headers[i].value)};
	}
	return 0;
}

static int keep_row(void *context, struct fnl_row_key row, struct fnl_span value, int64_t deadline_ms)
{
	struct stage_result *to = context;
	assert_true(to->row_count < STAGE_RUN_RECORDS_MAX);
	to->rows[to->row_count++] = (struct stage_row){
		to->partition, {row.table, fnl_arena_dup(&to->arena, row.key)}, fnl_arena_dup(&to->arena, value), deadline_ms};
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct fnl_record *x = a, *y = b;
	if (x->partition != y->partition) {
		return x->partition < y->partition ? -1 : 1;
	}
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static struct stage_result *take(struct world *w)
{
	const struct stage_run *r = w->run;
	struct stage_result *to = calloc(1, sizeof(*to));
	assert_non_null(to);
	fnl_arena_init(&to->arena, STORE_BYTES);
	to->rows = calloc(STAGE_RUN_RECORDS_MAX + 1, sizeof(*to->rows));
	const char *topics[STAGE_RUN_OUTPUTS_MAX + 1];
	for (size_t i = 0; i <= r->output_count; i++) {
		topics[i] = i < r->output_count ? r->outputs[i] : "in";
		to->records[i] = calloc(STAGE_RUN_RECORDS_MAX, sizeof(*to->records[i]));
	}
	assert_int_equal(w->bus->ops->read(w->bus, topics, r->output_count + 1, true, true, NULL, keep_record, to), 0);
	struct fnl_store *store;
	assert_int_equal(fnl_fake_store_open(w->redis, r->stage.table_count, &store), 0);
	for (to->partition = 0; to->partition < STAGE_RUN_PARTITIONS; to->partition++) {
		assert_int_equal(store->ops->scan(store, to->partition, keep_row, to), 0);
	}
	store->ops->close(store);
	for (size_t i = 0; i <= r->output_count; i++) {
		qsort(to->records[i], to->record_counts[i], sizeof(to->records[i][0]), by_place);
	}
	to->end_ms = w->time_ms;
	return to;
}

void stage_result_same_rows(const struct stage_result *a, const struct stage_result *b)
{
	assert_int_equal(a->row_count, b->row_count);
	for (size_t i = 0; i < a->row_count; i++) {
		const struct stage_row *x = &a->rows[i], *y = b->rows;
		while (y < b->rows + b->row_count &&
		       !(x->partition == y->partition && x->row.table == y->row.table && fnl_span_eq(x->row.key, y->row.key))) {
			y++;
		}
		assert_true(y < b->rows + b->row_count && fnl_span_eq(x->value, y->value));
		/* when the index names it is up to the batches; the row's own deadline is in its bytes */
		assert_int_equal(x->deadline_ms == FNL_NO_DEADLINE, y->deadline_ms == FNL_NO_DEADLINE);
	}
}

void stage_result_free(struct stage_result *r)
{
	fnl_arena_deinit(&r->arena);
	for (size_t i = 0; i <= STAGE_RUN_OUTPUTS_MAX; i++) {
		free(r->records[i]);
	}
	free(r->rows);
	free(r);
}

struct stage_result *stage_run(const struct stage_run *r)
{
	struct world w;
	open_world(&w, r);
	r->publish(r->context, w.bus, r->seed);
	drive(&w);
	struct stage_result *result = take(&w);
	close_world(&w);
	return result;
}
