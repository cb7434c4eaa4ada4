/* The real operator over the real engine, undisturbed, held against the oracle for many seeds; and the oracle itself
 * held against results that someone has tampered with: each must be refused. */
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
#include "oracle.h"
#include "workload_prospect.h"

enum { PARTITIONS = 3, REP_PARTITIONS = 2, SEEDS = 300, RECORDS_MAX = 4096, CYCLES_MAX = 4000, STORE_BYTES = 32 << 20 };

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
	struct fnl_clock clock;
	struct fnl_embedded *broker;
	struct fnl_fake_redis *redis;
	struct fnl_bus *bus;
	enum fnl_clock_mode mode;
};

static int64_t now_ms(void *context)
{
	return *(int64_t *)context;
}
static void sleep_ms(void *context, int64_t ms)
{
	*(int64_t *)context += ms;
}

static int read_rules(void *context, struct fnl_span text, struct fnl_arena *arena, const struct fnl_rules **ret,
                      struct fnl_error *why)
{
	return fnl_rules_parse(text, "rules", arena, ret, NULL, context, why);
}

static int open_tools(void **state)
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

static int close_tools(void **state)
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

static void world_open(struct world *w, enum fnl_clock_mode mode)
{
	*w = (struct world){.time_ms = 1000000, .mode = mode};
	w->clock = (struct fnl_clock){&w->time_ms, now_ms, now_ms, sleep_ms};
	struct fnl_embedded_settings settings = {
		.clock = &w->clock, .session_timeout_ms = 10000, .txn_timeout_ms = 15000, .manual_time = true};
	assert_int_equal(fnl_embedded_open(&settings, &w->broker), 0);
	assert_int_equal(fnl_embedded_bus_open(w->broker, &w->bus), 0);
	assert_int_equal(fnl_fake_redis_open(&w->redis), 0);
	static const struct fnl_topic_spec specs[] = {
		{"in", PARTITIONS, FNL_CLEANUP_DELETE, -1},   {"rows", PARTITIONS, FNL_CLEANUP_COMPACT, -1},
		{"layer-changes", 2, FNL_CLEANUP_DELETE, -1}, {"alerts", 2, FNL_CLEANUP_DELETE, -1},
		{"dead", 2, FNL_CLEANUP_DELETE, -1},          {"rep-inputs", REP_PARTITIONS, FNL_CLEANUP_DELETE, -1},
	};
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		assert_int_equal(w->bus->ops->create_topic(w->bus, &specs[i]), 0);
	}
}

static void world_close(struct world *w)
{
	w->bus->ops->close(w->bus);
	fnl_embedded_close(w->broker);
	fnl_fake_redis_close(w->redis);
}

static void world_run(struct world *w, struct tools *t, uint64_t seed)
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
		w->time_ms += 20;
		fnl_embedded_tick(w->broker);
	}
	assert_int_equal(idle, 3);
	fnl_stream_destroy(stream);
	log->ops->close(log);
	store->ops->close(store);
}

/* ---- what it leaves ---- */

static int keep_record(void *context, size_t topic, const struct fnl_record *r)
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

static int keep_row(void *context, struct fnl_row_key row, struct fnl_span value, int64_t deadline_ms)
{
	struct result *to = context;
	assert_true(to->row_count < RECORDS_MAX);
	to->rows[to->row_count++] = (struct oracle_row){to->partition, row.table, fnl_arena_dup(&to->arena, row.key),
	                                                fnl_arena_dup(&to->arena, value), deadline_ms};
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

static struct result *take_result(struct world *w)
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

static void free_result(struct result *r)
{
	fnl_arena_deinit(&r->arena);
	free(r);
}

static struct result *run_seed(struct tools *t, uint64_t seed, enum fnl_clock_mode mode)
{
	struct world w;
	world_open(&w, mode);
	workload_prospect_publish(t->workload, w.bus, "in", PARTITIONS, seed, 60 + seed % 91);
	world_run(&w, t, seed);
	struct result *r = take_result(&w);
	world_close(&w);
	return r;
}

/* ---- seeds ---- */

static void add_stats(struct oracle_stats *to, const struct oracle_stats *s)
{
	const size_t *from = (const size_t *)s;
	for (size_t i = 0; i < sizeof(*s) / sizeof(size_t); i++) {
		((size_t *)to)[i] += from[i];
	}
}

static double cpu_ms(void)
{
	return (double)clock() * 1000.0 / CLOCKS_PER_SEC;
}

static void test_seeds(void **state)
{
	struct tools *t = *state;
	struct oracle_stats all = {0};
	const char *one = getenv("FNL_SEED"), *many = getenv("FNL_SEEDS");
	uint64_t from = one ? strtoull(one, NULL, 10) : 1;
	uint64_t count = one ? 1 : many ? strtoull(many, NULL, 10) : SEEDS;
	double oracle_ms = 0, start_ms = cpu_ms();
	size_t failed = 0;
	for (uint64_t seed = from; seed < from + count; seed++) {
		char why[2000];
		struct oracle_stats stats;
		struct result *r = run_seed(t, seed, FNL_CLOCK_EVENT);
		double before_ms = cpu_ms();
		if (oracle_check(t->oracle, &r->in, &stats, why, sizeof(why)) != 0) {
			print_error("FNL_SEED=%" PRIu64 ": %s\n", seed, why);
			failed++;
		}
		oracle_ms += cpu_ms() - before_ms;
		add_stats(&all, &stats);
		free_result(r);
	}
	print_message("%" PRIu64 " seeds, %.2f ms each, of which the oracle %.2f ms\n", count,
	              (cpu_ms() - start_ms) / (double)count, oracle_ms / (double)count);
	print_message("%zu LayerChanged, %zu Parked, %zu Unparked, %zu ResyncRequested, %zu ResyncCompleted, %zu dead "
	              "letters, %zu timers, %zu stale, %zu rules, %zu prospects, %zu erased, %zu feeds, %zu ids twice\n"
	              "%zu lines, %zu former owners ended, %zu re-evaluated, %zu times sent on\n",
	              all.layer_changed, all.parked, all.unparked, all.resync_requested, all.resync_completed,
	              all.dead_letters, all.timers, all.stale, all.rules_activated, all.prospects, all.erased, all.feeds,
	              all.ids_twice, all.lines, all.former_ended, all.reevaluated, all.stage_times);
	assert_int_equal(failed, 0);
	if (count >= SEEDS) { /* everything must have been there, or nothing was shown */
		for (size_t i = 0; i < offsetof(struct oracle_stats, ids_twice) / sizeof(size_t); i++) {
			assert_true(((const size_t *)&all)[i] > count / 10);
		}
	}
}

/* In 1970, so that no deleted row's time of keeping ends. */
static void test_wall_clock(void **state)
{
	struct tools *t = *state;
	for (uint64_t seed = 1; seed <= SEEDS / 3; seed++) {
		char why[2000];
		struct result *r = run_seed(t, seed, FNL_CLOCK_WALL);
		if (oracle_check(t->oracle, &r->in, NULL, why, sizeof(why)) != 0) {
			fail_msg("seed %" PRIu64 ": %s", seed, why);
		}
		free_result(r);
	}
}

/* ---- tampering ---- */

static void refuse(struct tools *t, struct result *r, const char *what, const char *expected)
{
	char why[2000] = "";
	if (oracle_check(t->oracle, &r->in, NULL, why, sizeof(why)) == 0) {
		fail_msg("%s was not noticed", what);
	}
	if (!strstr(why, expected)) {
		fail_msg("%s: '%s' does not say '%s'", what, why, expected);
	}
}

/* The first seed whose run has all that is tampered with. */
static struct result *rich_result(struct tools *t)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct result *r = run_seed(t, seed, FNL_CLOCK_EVENT);
		char why[2000];
		struct oracle_stats s;
		if (oracle_check(t->oracle, &r->in, &s, why, sizeof(why)) == 0 && r->in.output_counts[0] > 10 &&
		    s.resync_requested > 2 && s.dead_letters > 2 && s.prospects > 3 && s.erased > 0 && s.timers > 0) {
			return r;
		}
		free_result(r);
	}
	fail_msg("no seed gives a run to tamper with");
	return NULL;
}

static bool is_time(size_t topic, const struct fnl_record *r)
{
	return topic == ORACLE_REP_INPUTS && fnl_span_is_none(r->key);
}

/* Each output left out, and each there twice. */
static void test_dropped_and_doubled(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t);
	for (size_t topic = 0; topic < ORACLE_TOPIC_COUNT; topic++) {
		size_t n = r->in.output_counts[topic];
		struct fnl_record *changed = calloc(n + 1, sizeof(*changed));
		r->in.outputs[topic] = changed;
		for (size_t i = 0; i < n; i++) {
			if (is_time(topic, &r->records[topic][i])) {
				continue; /* how often a time is sent is left to the batches */
			}
			memcpy(changed, r->records[topic], i * sizeof(*changed));
			memcpy(changed + i, r->records[topic] + i + 1, (n - i - 1) * sizeof(*changed));
			r->in.output_counts[topic] = n - 1;
			refuse(t, r, "a dropped output", output_topics[topic]);
			memcpy(changed + i, r->records[topic] + i, (n - i) * sizeof(*changed));
			changed[n] = changed[i];
			r->in.output_counts[topic] = n + 1;
			refuse(t, r, "a doubled output", output_topics[topic]);
		}
		r->in.outputs[topic] = r->records[topic];
		r->in.output_counts[topic] = n;
		free(changed);
	}
	free_result(r);
}

/* The last time of each partition must have come, and none before the lines that belong before it. */
static void test_stage_times(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t);
	struct fnl_record *all = r->records[ORACLE_REP_INPUTS];
	size_t n = r->in.output_counts[ORACLE_REP_INPUTS], dropped = 0, early = 0;
	for (size_t i = n; i-- > 0 && dropped < PARTITIONS;) {
		if (is_time(ORACLE_REP_INPUTS, &all[i]) && all[i].partition == REP_PARTITIONS - 1) {
			struct fnl_record kept = all[i];
			all[i] = all[--r->in.output_counts[ORACLE_REP_INPUTS]];
			char why[2000];
			dropped += oracle_check(t->oracle, &r->in, NULL, why, sizeof(why)) != 0 && strstr(why, "StageTime");
			all[i] = kept;
			r->in.output_counts[ORACLE_REP_INPUTS] = n;
		}
	}
	for (size_t i = 0; i + 1 < n; i++) {
		struct fnl_record line = all[i], time = all[i + 1];
		if (!is_time(ORACLE_REP_INPUTS, &line) && is_time(ORACLE_REP_INPUTS, &time)) {
			char why[2000];
			all[i] = time;
			all[i + 1] = line;
			early += oracle_check(t->oracle, &r->in, NULL, why, sizeof(why)) != 0 && strstr(why, "after a StageTime");
			all[i] = line;
			all[i + 1] = time;
		}
	}
	assert_true(dropped > 0);
	assert_true(early > 0);
	free_result(r);
}

static void test_swapped(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t);
	size_t swapped = 0;
	for (size_t i = 0; i < r->in.output_counts[0]; i++) {
		for (size_t k = i + 1; k < r->in.output_counts[0]; k++) {
			struct fnl_record *a = &r->records[0][i], *b = &r->records[0][k];
			if (fnl_span_eq(a->key, b->key)) {
				struct fnl_record kept = *a;
				*a = *b;
				*b = kept;
				refuse(t, r, "two outputs of a key in another order", "layer-changes");
				*b = *a;
				*a = kept;
				swapped++;
				break;
			}
		}
	}
	assert_true(swapped > 3);
	free_result(r);
}

/* Any bit of an output's or a row's body is another value, or no value at all. */
static void test_changed_bytes(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t);
	for (size_t topic = 0; topic < ORACLE_TOPIC_COUNT; topic++) {
		for (size_t i = 0; i < r->in.output_counts[topic]; i++) {
			struct fnl_span v = r->records[topic][i].value;
			if (v.len) {
				uint8_t *byte = (uint8_t *)v.data + v.len - 1 - i % (v.len > 8 ? v.len - 6 : 1);
				*byte ^= 1;
				refuse(t, r, "a changed output", output_topics[topic]);
				*byte ^= 1;
			}
		}
	}
	for (size_t i = 0; i < r->in.row_count; i++) {
		struct fnl_span v = r->rows[i].value;
		uint8_t *byte = (uint8_t *)v.data + 5 + i % (v.len - 5);
		*byte ^= 1;
		refuse(t, r, "a changed row", "row ");
		*byte ^= 1;
	}
	free_result(r);
}

static void test_changed_headers(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t);
	for (size_t i = 0; i < r->in.output_counts[0]; i++) {
		struct fnl_record *o = &r->records[0][i];
		for (size_t h = 0; h < o->header_count; h++) {
			struct fnl_span v = o->headers[h].value;
			uint8_t *byte = (uint8_t *)v.data + (v.len - 1);
			*byte ^= 1;
			refuse(t, r, "a changed header", "layer-changes");
			*byte ^= 1;
		}
	}
	free_result(r);
}

static void test_rows_missing_and_foreign(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t);
	size_t n = r->in.row_count;
	for (size_t i = 0; i < n; i++) {
		struct oracle_row kept = r->rows[i];
		r->rows[i] = r->rows[n - 1];
		r->in.row_count = n - 1;
		refuse(t, r, "a missing row", "");
		r->in.row_count = n;
		r->rows[i] = kept;
		r->rows[n] = kept;
		r->rows[n].key = FNL_SPAN_LIT("foreign");
		r->in.row_count = n + 1;
		refuse(t, r, "a foreign row", "");
		r->in.row_count = n;
		r->rows[i].deadline_ms--;
		refuse(t, r, "another deadline", "deadline");
		r->rows[i] = kept;
	}
	free_result(r);
}

/* What the view holds when the last input was not applied to it. */
static void test_older_rows(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t);
	size_t older = 0;
	for (size_t n = r->in.input_count; n-- > 0 && older < 30;) {
		struct world w;
		world_open(&w, FNL_CLOCK_EVENT);
		for (size_t i = 0; i < r->in.input_count; i++) {
			const struct fnl_record *in = &r->in.inputs[i];
			if (i != n) {
				assert_int_equal(
					w.bus->ops->publish(w.bus, "in", in->partition, in->key, in->value, in->headers, in->header_count),
					0);
			}
		}
		world_run(&w, t, 3);
		struct result *before = take_result(&w);
		world_close(&w);
		for (size_t i = 0; i < r->in.row_count; i++) {
			for (size_t k = 0; k < before->in.row_count; k++) {
				struct oracle_row *a = &r->rows[i], *b = &before->rows[k];
				if (a->partition == b->partition && a->table == b->table && fnl_span_eq(a->key, b->key) &&
				    !fnl_span_eq(a->value, b->value)) {
					struct oracle_row kept = *a;
					*a = *b;
					refuse(t, r, "an older row", "row ");
					*a = kept;
					older++;
				}
			}
		}
		free_result(before);
	}
	assert_true(older >= 10);
	free_result(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seeds),
		cmocka_unit_test(test_wall_clock),
		cmocka_unit_test(test_dropped_and_doubled),
		cmocka_unit_test(test_stage_times),
		cmocka_unit_test(test_swapped),
		cmocka_unit_test(test_changed_bytes),
		cmocka_unit_test(test_changed_headers),
		cmocka_unit_test(test_rows_missing_and_foreign),
		cmocka_unit_test(test_older_rows),
	};
	return cmocka_run_group_tests_name("oracle", tests, open_tools, close_tools);
}
