/* The real operator over the real engine, undisturbed, on the workload of a seed: what comes in, what it leaves. Shared
 * by the tests of the oracle, which are programs of their own. */
#ifndef FUNNELD_TESTS_ORACLE_RUN_H
#define FUNNELD_TESTS_ORACLE_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fake_store.h"
#include "funneld/adapters/avro.h"
#include "funneld/adapters/embedded.h"
#include "funneld/adapters/registry.h"
#include "funneld/adapters/settings.h"
#include "funneld/adapters/sys.h"
#include "funneld/operators/prospect.h"
#include "gen.h"
#include "oracle.h"
#include "prospect_world.h"
#include "workload_prospect.h"

enum {
	PARTITIONS = 3,
	REP_PARTITIONS = 2,
	SEEDS = 300,
	RECORDS_MAX = 4096,
	CYCLES_MAX = 4000,
	SLICES = 8,
	STORE_BYTES = 32 << 20
};

/* Clock = wall, in 1970: a year before the time that the workload goes to the edges of. */
#define FUTURE_MAX_MS (WORKLOAD_TIME_MAX_MS - INT64_C(31536000000))

static const char *const output_topics[ORACLE_TOPIC_COUNT] = {"layer-changes", "alerts", "dead", "rep-inputs"};
static const char schema_directory[] = FNL_SOURCE_DIR "/schemas";

/* What a process opens once. */
struct tools {
	struct oracle *oracle;
	struct workload_prospect *workload;
	struct fnl_registry *registry;
	struct fnl_codec *codec;
	struct fnl_operator *op;
};

/* Copies of all that a run has left, in an arena of their own. */
struct result {
	struct fnl_arena arena;
	struct fnl_record records[ORACLE_TOPIC_COUNT + 1][RECORDS_MAX]; /* the inputs last */
	size_t record_counts[ORACLE_TOPIC_COUNT + 1];
	struct oracle_row rows[RECORDS_MAX];
	size_t row_count;
	int32_t partition; /* being scanned */
	struct oracle_input in;
};

struct world {
	int64_t time_ms;
	int64_t monotonic_ms;
	bool stands; /* the clock on the wall does not go on by itself, and each batch does all that is due */
	struct fnl_clock clock;
	struct fnl_embedded *broker;
	struct fnl_fake_redis *redis;
	struct fnl_bus *bus;
	enum fnl_clock_mode mode;
};

static inline int64_t wall_ms(void *context)
{
	return ((struct world *)context)->time_ms;
}
static inline int64_t monotonic_ms(void *context)
{
	return ((struct world *)context)->monotonic_ms;
}
static inline void sleep_ms(void *context, int64_t ms)
{
	struct world *w = context;
	w->monotonic_ms += ms;
	w->time_ms += w->stands ? 0 : ms;
}

static inline int read_rules(void *context, struct fnl_span text, struct fnl_arena *arena, const struct fnl_rules **ret,
                             struct fnl_error *why)
{
	return fnl_rules_parse(text, "rules", arena, ret, NULL, context, why);
}

static inline int open_tools(void **state)
{
	static struct tools t;
	static const struct fnl_rules_reader reader = {NULL, read_rules};
	char text[400];
	struct fnl_error why;
	t.oracle = oracle_open(schema_directory, text, sizeof(text));
	t.workload = workload_prospect_open(schema_directory);
	if (!t.oracle || fnl_registry_file_open(schema_directory, &t.registry, &why) != 0 ||
	    fnl_codec_avro_open(t.registry, &t.codec, &why) != 0 ||
	    fnl_prospect_operator_open(t.codec, fnl_sys_ids(), &reader, PARTITIONS, &t.op, &why) != 0) {
		return -1;
	}
	*state = &t;
	return 0;
}

static inline int close_tools(void **state)
{
	struct tools *t = *state;
	fnl_prospect_operator_close(t->op);
	t->codec->ops->close(t->codec);
	t->registry->ops->close(t->registry);
	workload_prospect_close(t->workload);
	oracle_close(t->oracle);
	return 0;
}

/* ---- a run ---- */

static inline void world_open(struct world *w, enum fnl_clock_mode mode)
{
	*w = (struct world){.time_ms = 1000000, .monotonic_ms = 1000000, .mode = mode};
	w->clock = (struct fnl_clock){w, wall_ms, monotonic_ms, sleep_ms};
	struct fnl_embedded_settings settings = {
		.clock = &w->clock, .session_timeout_ms = 10000, .txn_timeout_ms = 15000, .manual_time = true};
	assert_int_equal(fnl_embedded_open(&settings, &w->broker), 0);
	assert_int_equal(fnl_embedded_bus_open(w->broker, &w->bus), 0);
	assert_int_equal(fnl_fake_redis_open(&w->redis), 0);
	static const struct fnl_topic_spec specs[] = {
		{"in", PARTITIONS, FNL_CLEANUP_DELETE, -1, 0},   {"rows", PARTITIONS, FNL_CLEANUP_COMPACT, -1, 0},
		{"layer-changes", 2, FNL_CLEANUP_DELETE, -1, 0}, {"alerts", 2, FNL_CLEANUP_DELETE, -1, 0},
		{"dead", 2, FNL_CLEANUP_DELETE, -1, 0},          {"rep-inputs", REP_PARTITIONS, FNL_CLEANUP_DELETE, -1, 0},
	};
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		assert_int_equal(w->bus->ops->create_topic(w->bus, &specs[i]), 0);
	}
}

static inline void world_close(struct world *w)
{
	w->bus->ops->close(w->bus);
	fnl_embedded_close(w->broker);
	fnl_fake_redis_close(w->redis);
}

static inline void world_run(struct world *w, struct tools *t, uint64_t seed)
{
	struct fnl_log *log;
	struct fnl_store *store;
	struct fnl_stream *stream;
	struct fnl_error why = {0, ""};
	struct fnl_embedded_log_settings settings = {"in", "rows", output_topics, ORACLE_TOPIC_COUNT, "group", "a", "a"};
	assert_int_equal(fnl_embedded_log_open(w->broker, &settings, &log), 0);
	assert_int_equal(fnl_fake_store_open(w->redis, ORACLE_TABLE_COUNT, &store), 0);
	struct fnl_stage stage = {"prospect", "in", fnl_prospect_tables, ORACLE_TABLE_COUNT, ORACLE_DEAD_LETTERS};
	struct fnl_stream_settings s = fnl_stream_settings_default();
	s.clock = w->mode;
	s.batch_records_max = 1 + seed % 30;
	s.cache_bytes_max = seed % 2 ? 4096 : 1 << 20;
	s.timers_max = 1 + seed % 5;
	s.pages_max = 1;
	s.pages_max = 1 + seed % s.timers_max;
	if (w->stands) {
		s.timers_max = s.pages_max = 10000;
	}
	s.arena_bytes_max = 16 << 20;
	s.event_time_max_ms = WORKLOAD_TIME_MAX_MS;
	s.future_max_ms = FUTURE_MAX_MS;
	fnl_prospect_operator_set_page(t->op, 1 + seed % 4);
	struct fnl_stream_ports ports = {log, store, t->op, &w->clock, NULL};
	assert_int_equal(fnl_stream_create(&stage, &s, &ports, &stream, &why), 0);
	int idle = 0;
	for (int i = 0; i < CYCLES_MAX && idle < 3; i++) {
		if (fnl_stream_cycle(stream, &why) != 0) {
			fail_msg("seed %" PRIu64 ": the stream stopped: %s", seed, why.text);
		}
		idle = fnl_stream_is_idle(stream) ? idle + 1 : 0;
		sleep_ms(w, 20);
		fnl_embedded_tick(w->broker);
	}
	assert_int_equal(idle, 3);
	fnl_stream_destroy(stream);
	log->ops->close(log);
	store->ops->close(store);
}

/* ---- what it leaves ---- */

static inline int keep_record(void *context, size_t topic, const struct fnl_record *r)
{
	struct result *to = context;
	struct fnl_arena *a = &to->arena;
	assert_true(to->record_counts[topic] < RECORDS_MAX);
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

static inline int keep_row(void *context, struct fnl_row_key row, struct fnl_span value, int64_t deadline_ms)
{
	struct result *to = context;
	assert_true(to->row_count < RECORDS_MAX);
	to->rows[to->row_count++] = (struct oracle_row){to->partition, row.table, fnl_arena_dup(&to->arena, row.key),
	                                                fnl_arena_dup(&to->arena, value), deadline_ms};
	return 0;
}

static inline int by_place(const void *a, const void *b)
{
	const struct fnl_record *x = a, *y = b;
	if (x->partition != y->partition) {
		return x->partition < y->partition ? -1 : 1;
	}
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static inline struct result *take_result(struct world *w)
{
	struct result *to = calloc(1, sizeof(*to));
	const char *const topics[] = {output_topics[0], output_topics[1], output_topics[2], output_topics[3], "in"};
	fnl_arena_init(&to->arena, STORE_BYTES);
	assert_int_equal(w->bus->ops->read(w->bus, topics, ORACLE_TOPIC_COUNT + 1, true, true, NULL, keep_record, to), 0);
	struct fnl_store *store;
	assert_int_equal(fnl_fake_store_open(w->redis, ORACLE_TABLE_COUNT, &store), 0);
	for (to->partition = 0; to->partition < PARTITIONS; to->partition++) {
		assert_int_equal(store->ops->scan(store, to->partition, keep_row, to), 0);
	}
	store->ops->close(store);
	to->in = (struct oracle_input){.event_clock = w->mode == FNL_CLOCK_EVENT,
	                               .partition_count = PARTITIONS,
	                               .rep_partition_count = REP_PARTITIONS,
	                               .time_max_ms = w->mode == FNL_CLOCK_EVENT ? WORKLOAD_TIME_MAX_MS : FUTURE_MAX_MS,
	                               .input_topic = "in",
	                               .inputs = to->records[ORACLE_TOPIC_COUNT],
	                               .input_count = to->record_counts[ORACLE_TOPIC_COUNT],
	                               .rows = to->rows,
	                               .row_count = to->row_count};
	for (size_t i = 0; i <= ORACLE_TOPIC_COUNT; i++) {
		qsort(to->records[i], to->record_counts[i], sizeof(to->records[i][0]), by_place);
	}
	for (size_t i = 0; i < ORACLE_TOPIC_COUNT; i++) {
		to->in.outputs[i] = to->records[i];
		to->in.output_counts[i] = to->record_counts[i];
	}
	return to;
}

static inline void free_result(struct result *r)
{
	fnl_arena_deinit(&r->arena);
	free(r);
}

static inline struct result *run_seed(struct tools *t, uint64_t seed, enum fnl_clock_mode mode)
{
	struct world w;
	world_open(&w, mode);
	workload_prospect_publish(t->workload, w.bus, "in", PARTITIONS, seed, 60 + seed % 91);
	world_run(&w, t, seed);
	struct result *r = take_result(&w);
	world_close(&w);
	return r;
}

#endif
