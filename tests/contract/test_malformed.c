/* Every kind of malformed record goes through the whole worker: it ends byte-identical in the dead letters with its key
 * and headers, its neighbours are processed, the worker goes on. Over the embedded log, and over real Kafka and Redis.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "fake_store.h"
#include "funneld/adapters/avro.h"
#include "funneld/adapters/embedded.h"
#include "funneld/adapters/kafka.h"
#include "funneld/adapters/redis.h"
#include "funneld/adapters/registry.h"
#include "funneld/adapters/sys.h"
#include "funneld/engine/stream.h"
#include "funneld/operators/prospect.h"
#include "kafka_fixture.h"
#include "redis_fixture.h"
#include "rules_reader.h"

enum { KINDS_MAX = 32, CYCLES_MAX = 600 };

struct malformed {
	const char *name;
	struct fnl_span key;
	struct fnl_span value;
	const char *why; /* a word that the dead letter's message must have */
	bool seen;
};

struct bench {
	struct fnl_arena arena;
	struct fnl_registry *registry;
	struct fnl_codec *codec;
	struct fnl_operator *op;
	struct malformed kinds[KINDS_MAX];
	size_t kind_count;
	size_t layer_changes;
	struct fnl_bus *bus;
	struct fnl_log *log;
	struct fnl_store *store;
	char topics[6][KAFKA_FIXTURE_NAME_MAX + 16]; /* input, changelog, layer changes, alerts, dead letters, lines */
};

static struct fnl_value text(const char *s)
{
	return (struct fnl_value){.set = true, .str = fnl_span_str(s)};
}
static struct fnl_value number(int64_t n)
{
	return (struct fnl_value){.set = true, .i64 = n};
}

static struct fnl_span changed(struct bench *b, const char *id, int64_t occurred_at_ms, int64_t amount_minor)
{
	struct fnl_value v[FNL_PROSPECT_CHANGED_FIELD_COUNT];
	memset(v, 0, sizeof(v));
	v[FNL_PROSPECT_CHANGED_SOURCE] = text("crm");
	v[FNL_PROSPECT_CHANGED_OCCURRED_AT] = number(occurred_at_ms);
	v[FNL_PROSPECT_CHANGED_PROSPECT_ID] = text(id);
	v[FNL_PROSPECT_CHANGED_VERSION] = number(1);
	v[FNL_PROSPECT_CHANGED_FULL] = number(0);
	v[FNL_PROSPECT_CHANGED_CLEARED].set = true;
	v[FNL_PROSPECT_CHANGED_BULK] = number(0);
	v[FNL_PROSPECT_CHANGED_SNAPSHOT] = number(0);
	v[FNL_PROSPECT_CHANGED_STAGE] = text("Prospecting");
	v[FNL_PROSPECT_CHANGED_AMOUNT] = (struct fnl_value){.set = true, .money = {amount_minor, "USD"}};
	struct fnl_span s;
	assert_int_equal(b->codec->ops->encode(b->codec, &fnl_desc_prospect_changed, v, &b->arena, &s), 0);
	return s;
}

static const int64_t when_ms = INT64_C(1735689600000); /* 2025-01-01 */

static void add(struct bench *b, const char *name, const char *key, struct fnl_span value, const char *why)
{
	assert_true(b->kind_count < KINDS_MAX);
	b->kinds[b->kind_count++] = (struct malformed){name, fnl_span_str(key), value, why, false};
}

/* The bytes of a record with one byte changed, or some cut off or added. */
static struct fnl_span patched(struct bench *b, struct fnl_span s, size_t at, uint8_t byte, int longer)
{
	size_t len = (size_t)((long)s.len + longer);
	uint8_t *p = fnl_arena_calloc(&b->arena, len + 1, 1);
	memcpy(p, s.data, len < s.len ? len : s.len);
	if (at < len) {
		p[at] = byte;
	}
	return fnl_span_of(p, len);
}

/* A ProspectChanged up to `cleared`, of which only a count is there. */
static struct fnl_span endless_list(struct bench *b, struct fnl_span valid)
{
	struct fnl_writer w = fnl_writer_of(&b->arena);
	fnl_write_raw(&w, fnl_span_of(valid.data, 5));
	fnl_write_string(&w, FNL_SPAN_LIT("crm"));
	fnl_write_long(&w, when_ms);
	fnl_write_string(&w, FNL_SPAN_LIT("P1"));
	fnl_write_long(&w, 1);
	fnl_write_u8(&w, 0);
	fnl_write_long(&w, INT64_C(1) << 60);
	return fnl_writer_span(&w);
}

static struct fnl_span unknown_enum(struct bench *b)
{
	struct fnl_writer w = fnl_writer_of(&b->arena);
	uint32_t id;
	assert_int_equal(b->codec->ops->schema_id(b->codec, &fnl_desc_contact_logged, &id), 0);
	fnl_write_u8(&w, 0);
	fnl_write_be32(&w, id);
	fnl_write_string(&w, FNL_SPAN_LIT("crm"));
	fnl_write_long(&w, when_ms);
	fnl_write_string(&w, FNL_SPAN_LIT("C1"));
	fnl_write_string(&w, FNL_SPAN_LIT("P1"));
	fnl_write_long(&w, 0); /* rep_id: null */
	fnl_write_long(&w, when_ms);
	fnl_write_long(&w, 99);
	return fnl_writer_span(&w);
}

static struct fnl_span other_record(struct bench *b)
{
	struct fnl_value v[FNL_REP_ERASED_FIELD_COUNT];
	memset(v, 0, sizeof(v));
	v[FNL_REP_ERASED_SOURCE] = text("hr");
	v[FNL_REP_ERASED_OCCURRED_AT] = number(when_ms);
	v[FNL_REP_ERASED_REP_ID] = text("P1");
	v[FNL_REP_ERASED_VERSION] = number(1);
	struct fnl_span s;
	assert_int_equal(b->codec->ops->encode(b->codec, &fnl_desc_rep_erased, v, &b->arena, &s), 0);
	return s;
}

static void add_kinds(struct bench *b)
{
	struct fnl_span valid = changed(b, "P1", when_ms, 100);
	add(b, "truncated", "P1", patched(b, valid, SIZE_MAX, 0, -5), "");
	add(b, "wrong magic", "P1", patched(b, valid, 0, 1, 0), "");
	add(b, "unknown schema id", "P1", patched(b, valid, 3, 0x77, 0), "schema");
	add(b, "bad UTF-8", "P1", patched(b, valid, 6, 0xff, 0), "UTF-8");
	add(b, "negative length", "P1", patched(b, valid, 5, 0x01, 0), "");
	add(b, "2^60 items", "P1", endless_list(b, valid), "");
	add(b, "absurd amount", "P1", changed(b, "P1", when_ms, INT64_C(4000000000000000000)), "amount");
	add(b, "unknown enum", "P1", unknown_enum(b), "");
	add(b, "empty key", "", valid, "key");
	add(b, "null key", NULL, valid, "key");
	add(b, "another key", "P2", valid, "key");
	add(b, "far future", "P1", changed(b, "P1", INT64_C(7000000000000), 100), "time");
	add(b, "before 1970 by far", "P1", changed(b, "P1", INT64_MIN / 2, 100), "");
	add(b, "trailing bytes", "P1", patched(b, valid, SIZE_MAX, 0, 2), "");
	add(b, "empty value", "P1", fnl_span_of("", 0), "");
	add(b, "null value", "P1", FNL_SPAN_NONE, "");
	add(b, "frame only", "P1", fnl_span_of(valid.data, 5), "");
	add(b, "half a frame", "P1", fnl_span_of(valid.data, 3), "");
	add(b, "a record of another topic", "P1", other_record(b), "RepErased");
}

static void publish(struct bench *b)
{
	for (size_t i = 0; i < b->kind_count; i++) {
		struct malformed *m = &b->kinds[i];
		struct fnl_header h[2] = {{FNL_SPAN_LIT("kind"), fnl_span_str(m->name)},
		                          {FNL_SPAN_LIT("nothing"), FNL_SPAN_NONE}};
		assert_int_equal(b->bus->ops->publish(b->bus, b->topics[0], 0, m->key, m->value, h, 2), 0);
		char id[32];
		snprintf(id, sizeof(id), "N%zu", i);
		struct fnl_span good = changed(b, id, when_ms, 100);
		assert_int_equal(b->bus->ops->publish(b->bus, b->topics[0], 0, fnl_span_str(id), good, NULL, 0), 0);
	}
	assert_int_equal(b->bus->ops->publish_flush(b->bus, 10000), 0);
}

static int on_dead_letter(void *context, size_t topic, const struct fnl_record *r)
{
	(void)topic;
	struct bench *b = context;
	struct fnl_span kind = fnl_record_header(r, "kind");
	struct fnl_span message = fnl_record_header(r, "__connect.errors.exception.message");
	for (size_t i = 0; i < b->kind_count; i++) {
		struct malformed *m = &b->kinds[i];
		if (!fnl_span_eq(kind, fnl_span_str(m->name))) {
			continue;
		}
		assert_false(m->seen);
		m->seen = true;
		assert_true(fnl_span_eq(r->key, m->key));
		assert_true(fnl_span_eq(r->value, m->value));
		assert_int_equal(r->header_count, 9);
		assert_int_equal(fnl_record_header(r, "__connect.errors.timestamp").len, 13);
		assert_true(fnl_span_eq(r->headers[1].name, FNL_SPAN_LIT("nothing")) && fnl_span_is_none(r->headers[1].value));
		assert_true(fnl_span_eq(fnl_record_header(r, "__connect.errors.topic"), fnl_span_str(b->topics[0])));
		assert_true(fnl_span_eq(fnl_record_header(r, "__connect.errors.partition"), FNL_SPAN_LIT("0")));
		assert_true(message.len > 0);
		if (!memmem(message.data, message.len, m->why, strlen(m->why))) {
			fail_msg("%s: the message '%.*s' does not speak of '%s'", m->name, (int)message.len,
			         (const char *)message.data, m->why);
		}
		print_message("%-26s %.*s\n", m->name, (int)message.len, (const char *)message.data);
	}
	return 0;
}

static int on_output(void *context, size_t topic, const struct fnl_record *r)
{
	(void)topic;
	(void)r;
	((struct bench *)context)->layer_changes++;
	return 0;
}

static int count_one(void *context, size_t topic, const struct fnl_record *r)
{
	(void)topic;
	(void)r;
	++*(size_t *)context;
	return 0;
}

/* A commit returns before its markers are in every partition, so that a reader may find the end a moment too early. */
static void await_records(struct bench *b, const char *topic, size_t count)
{
	const struct fnl_clock *clock = fnl_sys_clock();
	size_t found = 0;
	for (int i = 0; i < 100 && found < count; i++) {
		if (i) {
			clock->sleep_ms(clock->context, 100);
		}
		found = 0;
		assert_int_equal(b->bus->ops->read(b->bus, &topic, 1, true, true, NULL, count_one, &found), 0);
	}
	assert_int_equal(found, count);
}

static void run(struct bench *b)
{
	struct fnl_error why = {0};
	struct fnl_stage stage = {"prospect", b->topics[0], fnl_prospect_tables, FNL_PROSPECT_TABLE_COUNT,
	                          FNL_PROSPECT_OUT_DEAD_LETTERS};
	struct fnl_stream_settings settings = fnl_stream_settings_default();
	struct fnl_stream_ports ports = {b->log, b->store, b->op, fnl_sys_clock(), NULL};
	struct fnl_stream *s;
	assert_int_equal(fnl_stream_create(&stage, &settings, &ports, &s, &why), 0);
	int idle = 0;
	for (int i = 0; i < CYCLES_MAX && (idle < 3 || fnl_stream_stats(s).records < 2 * b->kind_count); i++) {
		int rc = fnl_stream_cycle(s, &why);
		if (rc) {
			fail_msg("the worker stopped: %s", why.text);
		}
		idle = fnl_stream_is_idle(s) ? idle + 1 : 0;
	}
	struct fnl_stream_stats stats = fnl_stream_stats(s);
	assert_int_equal(stats.records, 2 * b->kind_count);
	assert_int_equal(stats.dead_letters, b->kind_count);
	fnl_stream_destroy(s);
	const char *dead = b->topics[4];
	const char *out = b->topics[2];
	await_records(b, dead, b->kind_count);
	await_records(b, out, b->kind_count);
	assert_int_equal(b->bus->ops->read(b->bus, &dead, 1, true, true, NULL, on_dead_letter, b), 0);
	assert_int_equal(b->bus->ops->read(b->bus, &out, 1, true, true, NULL, on_output, b), 0);
	assert_int_equal(b->layer_changes, b->kind_count);
	for (size_t i = 0; i < b->kind_count; i++) {
		if (!b->kinds[i].seen) {
			fail_msg("'%s' is not among the dead letters", b->kinds[i].name);
		}
	}
}

static void open_common(struct bench *b)
{
	struct fnl_error why = {0};
	memset(b, 0, sizeof(*b));
	fnl_arena_init(&b->arena, 1 << 20);
	if (fnl_registry_file_open(FNL_SOURCE_DIR "/schemas", &b->registry, &why) ||
	    fnl_codec_avro_open(b->registry, &b->codec, &why) ||
	    fnl_prospect_operator_open(b->codec, fnl_sys_ids(), fnl_test_rules_reader(), 0, &b->op, &why)) {
		fail_msg("%s", why.text);
	}
	add_kinds(b);
}

static void create_topics(struct bench *b, const char *base)
{
	static const char *const names[] = {"in", "rows", "layers", "alerts", "dead", "lines"};
	for (int i = 0; i < 6; i++) {
		snprintf(b->topics[i], sizeof(b->topics[i]), "%s-%s", base, names[i]);
		struct fnl_topic_spec spec = {b->topics[i], 1, i == 1 ? FNL_CLEANUP_COMPACT : FNL_CLEANUP_DELETE, -1, 0};
		assert_int_equal(b->bus->ops->create_topic(b->bus, &spec), 0);
	}
}

static void close_common(struct bench *b)
{
	b->log->ops->close(b->log);
	b->store->ops->close(b->store);
	b->bus->ops->close(b->bus);
	fnl_prospect_operator_close(b->op);
	b->codec->ops->close(b->codec);
	b->registry->ops->close(b->registry);
	fnl_arena_deinit(&b->arena);
}

static void test_embedded(void **state)
{
	(void)state;
	struct bench b;
	struct fnl_embedded *broker;
	struct fnl_fake_redis *redis;
	open_common(&b);
	struct fnl_embedded_settings settings = {
		.clock = fnl_sys_clock(), .session_timeout_ms = 10000, .txn_timeout_ms = 15000};
	assert_int_equal(fnl_embedded_open(&settings, &broker), 0);
	assert_int_equal(fnl_embedded_bus_open(broker, &b.bus), 0);
	create_topics(&b, "m");
	const char *outputs[FNL_PROSPECT_OUT_COUNT] = {b.topics[2], b.topics[3], b.topics[4], b.topics[5]};
	struct fnl_embedded_log_settings log = {b.topics[0], b.topics[1], outputs, FNL_PROSPECT_OUT_COUNT, "g", "i", "t"};
	assert_int_equal(fnl_embedded_log_open(broker, &log, &b.log), 0);
	assert_int_equal(fnl_fake_redis_open(&redis), 0);
	assert_int_equal(fnl_fake_store_open(redis, FNL_PROSPECT_TABLE_COUNT, &b.store), 0);
	publish(&b);
	run(&b);
	close_common(&b);
	fnl_embedded_close(broker);
	fnl_fake_redis_close(redis);
}

static void test_kafka(void **state)
{
	(void)state;
	struct bench b;
	struct fnl_error why = {0};
	struct redis_fixture redis = {0};
	struct kafka_fixture *kafka = kafka_fixture_open(FNL_SOURCE_DIR);
	assert_non_null(kafka);
	assert_true(redis_fixture_start(&redis, "malformed", false, NULL));
	open_common(&b);
	struct fnl_kafka_property servers = {"bootstrap.servers", kafka->servers};
	struct fnl_kafka_common common = {&servers, 1, NULL};
	char name[KAFKA_FIXTURE_NAME_MAX];
	if (fnl_kafka_bus_open(&common, 10000, &b.bus, &why)) {
		fail_msg("%s", why.text);
	}
	create_topics(&b, kafka_fixture_name(kafka, "malformed", name));
	const char *outputs[FNL_PROSPECT_OUT_COUNT] = {b.topics[2], b.topics[3], b.topics[4], b.topics[5]};
	struct fnl_kafka_log_settings log = {common, b.topics[0], b.topics[1], outputs, FNL_PROSPECT_OUT_COUNT,
	                                     name,   name,        name,        10000,   15000};
	struct fnl_redis_settings view = {.url = redis.url,
	                                  .prefix = name,
	                                  .stage = "prospect",
	                                  .table_names = fnl_prospect_tables,
	                                  .table_count = FNL_PROSPECT_TABLE_COUNT,
	                                  .connect_timeout_ms = 2000,
	                                  .command_timeout_ms = 2000};
	if (fnl_kafka_log_open(&log, &b.log, &why) || fnl_redis_store_open(&view, &b.store, &why)) {
		fail_msg("%s", why.text);
	}
	publish(&b);
	run(&b);
	close_common(&b);
	redis_fixture_close(&redis);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_embedded),
		cmocka_unit_test(test_kafka),
	};
	return cmocka_run_group_tests_name("malformed", tests, NULL, NULL);
}
