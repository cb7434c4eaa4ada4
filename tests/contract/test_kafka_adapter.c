/* What only a real broker can show of the Kafka adapter: seeks against prefetched records, fencing, time-outs. The
 * suite that it shares with the embedded log stands in log_contract.c. */
#include "kafka_world.h"

#include <librdkafka/rdkafka.h>

#include "process.h"

static void test_partitioner(void **state)
{
	(void)state;
	uint8_t key[40];
	uint32_t random = 1;
	for (int i = 0; i < 5000; i++) {
		size_t len = (size_t)i % sizeof(key);
		for (size_t j = 0; j < len; j++) {
			random = random * 1103515245u + 12345u;
			key[j] = (uint8_t)(random >> 16);
		}
		assert_int_equal(fnl_murmur2_partition(fnl_span_of(key, len), 1 + i % 64),
		                 rd_kafka_msg_partitioner_murmur2(NULL, key, len, 1 + i % 64, NULL, NULL));
	}
}

struct seen {
	size_t count;
	int32_t partition[8];
	bool key_none[8], value_none[8];
	size_t value_len[8];
	size_t header_count[8];
	char header[8][32];
	bool header_null[8];
};

static int see(void *context, size_t topic, const struct fnl_record *r)
{
	struct seen *s = context;
	(void)topic;
	assert_true(s->count < 8);
	size_t i = s->count++;
	s->partition[i] = r->partition;
	s->key_none[i] = fnl_span_is_none(r->key);
	s->value_none[i] = fnl_span_is_none(r->value);
	s->value_len[i] = r->value.len;
	s->header_count[i] = r->header_count;
	struct fnl_span h = fnl_record_header(r, "ce_id");
	snprintf(s->header[i], sizeof(s->header[i]), "%.*s", (int)h.len, h.data ? (const char *)h.data : "");
	s->header_null[i] = r->header_count > 1 && fnl_span_is_none(r->headers[1].value);
	return 0;
}

static void test_bus(void **state)
{
	struct kafka_fixture *f = *state;
	struct fnl_bus *bus = bus_open(f);
	char name[KAFKA_FIXTURE_NAME_MAX];
	kafka_fixture_name(f, "bus", name);
	struct fnl_topic_info info = {77};
	assert_int_equal(bus->ops->describe_topic(bus, name, &info), 0);
	assert_int_equal(info.partition_count, 0);
	topic_make(bus, name, 3, FNL_CLEANUP_COMPACT);
	assert_int_equal(bus->ops->describe_topic(bus, name, &info), 0);
	assert_int_equal(info.partition_count, 3);
	struct fnl_topic_spec spec = {name, 3, FNL_CLEANUP_COMPACT, 0, 0};
	assert_int_equal(bus->ops->create_topic(bus, &spec), 1);
	spec.partition_count = 4;
	assert_int_equal(bus->ops->create_topic(bus, &spec), FNL_E_LAYOUT);
	spec.partition_count = 3;
	spec.cleanup = FNL_CLEANUP_DELETE;
	assert_int_equal(bus->ops->create_topic(bus, &spec), FNL_E_LAYOUT);
	assert_non_null(strstr(bus->ops->explain(bus), "cleanup.policy"));
	const char *id = NULL;
	assert_int_equal(bus->ops->cluster_id(bus, &id), 0);
	assert_true(strlen(id) > 10);

	struct fnl_header headers[] = {{FNL_SPAN_LIT("ce_id"), FNL_SPAN_LIT("abc")}, {FNL_SPAN_LIT("none"), FNL_SPAN_NONE}};
	struct fnl_span key = FNL_SPAN_LIT("prospect-1");
	assert_int_equal(bus->ops->publish(bus, name, -1, key, FNL_SPAN_LIT("v"), headers, 2), 0);
	assert_int_equal(bus->ops->publish(bus, name, fnl_murmur2_partition(key, 3), key, FNL_SPAN_LIT(""), NULL, 0), 0);
	assert_int_equal(bus->ops->publish(bus, name, -1, key, FNL_SPAN_NONE, NULL, 0), 0);
	assert_int_equal(bus->ops->publish_flush(bus, 10000), 0);
	struct seen s = {0};
	const char *topics[] = {name};
	assert_int_equal(bus->ops->read(bus, topics, 1, true, true, NULL, see, &s), 0);
	assert_int_equal(s.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(s.partition[i], fnl_murmur2_partition(key, 3));
		assert_false(s.key_none[i]);
	}
	assert_string_equal(s.header[0], "abc");
	assert_true(s.header_null[0]);
	assert_int_equal(s.header_count[1], 0);
	assert_false(s.value_none[1]);
	assert_int_equal(s.value_len[1], 0);
	assert_true(s.value_none[2]);
	assert_int_equal(bus->ops->publish(bus, "no-such-topic-at-all", -1, key, key, NULL, 0), 0);
	int rc = bus->ops->publish_flush(bus, 3000);
	assert_true(rc == FNL_E_IO || rc == FNL_E_TIMEOUT);
	bus->ops->close(bus);
}

/* Records that lie prefetched below or above the target must never come after a seek. */
static void test_seek_against_prefetch(void **state)
{
	struct kafka_fixture *f = *state;
	struct fnl_bus *bus = bus_open(f);
	struct names n = names_make(f, bus, 2);
	enum { COUNT = 20000 };
	publish_numbers(bus, n.input, 0, 0, COUNT);
	publish_numbers(bus, n.input, 1, 0, COUNT);
	struct fnl_log *l = log_open(f->servers, &n, "i1", n.group);
	wait_assigned(l, 2);
	assert_int_equal(l->ops->start(l, 5, 0), FNL_E_NOT_ASSIGNED);
	unsigned random = 12345;
	int64_t next[2] = {0, 0};
	LOG_OK(l, l->ops->start(l, 0, 0));
	LOG_OK(l, l->ops->start(l, 1, 0));
	bool started[2] = {true, true};
	size_t seen = 0;
	for (int i = 0; i < 300; i++) {
		struct fnl_poll got;
		LOG_OK(l, l->ops->poll(l, 1 + random % 700, 1 << 20, random % 3 ? 20 : 0, &got));
		assert_false(got.rebalanced);
		for (size_t j = 0; j < got.record_count; j++) {
			const struct fnl_record *r = &got.records[j];
			assert_true(started[r->partition]);
			/* No transaction wrote here, so that every offset is a record and the first one is the target itself. */
			assert_int_equal(r->offset, next[r->partition]);
			assert_int_equal(atoi((const char *)r->value.data), r->offset);
			next[r->partition] = r->offset + 1;
			seen++;
		}
		random = random * 1103515245u + 12345u;
		int p = (int)(random >> 16) % 2;
		if ((random >> 20) % 3 == 0) {
			LOG_OK(l, l->ops->stop(l, p));
			started[p] = false;
		} else if ((random >> 20) % 3 == 1 || next[p] > COUNT - 2000) {
			next[p] = (int64_t)((random >> 8) % (COUNT - 2000));
			LOG_OK(l, l->ops->start(l, p, next[p]));
			started[p] = true;
		}
	}
	assert_true(seen > 1000);
	l->ops->close(l);
	bus->ops->close(bus);
}

static void test_transaction_and_restore(void **state)
{
	struct kafka_fixture *f = *state;
	struct fnl_bus *bus = bus_open(f);
	struct names n = names_make(f, bus, 1);
	publish_numbers(bus, n.input, 0, 0, 10);
	struct fnl_log *l = log_open(f->servers, &n, "i1", n.group);
	wait_assigned(l, 1);
	assert_int_equal(pair_of(l, 0).offset, -1);
	LOG_OK(l, l->ops->producer_reset(l, 10000));
	commit_some(l, 7, 3, "cl=7");
	assert_int_equal(l->ops->changelog_next(l, 0), 7);
	struct fnl_committed pair = {.partition = 0};
	/* Pending: the pair is not told, neither the old nor the new one. */
	int64_t began = now_ms();
	assert_int_equal(l->ops->committed(l, &pair, 1, 500), FNL_E_TIMEOUT);
	assert_in_range(now_ms() - began, 400, 1500);
	LOG_OK(l, l->ops->txn_commit(l, 5000));
	assert_false(l->ops->producer_is_doubtful(l));
	pair = pair_of(l, 0);
	assert_int_equal(pair.offset, 3);
	assert_true(fnl_span_eq(pair.metadata, FNL_SPAN_LIT("cl=7")));
	/* 7 records, a marker, 5 aborted ones, a marker. */
	commit_some(l, 5, 4, "cl=13");
	assert_int_equal(l->ops->changelog_next(l, 0), 13);
	LOG_OK(l, l->ops->txn_abort(l, 5000));
	assert_int_equal(pair_of(l, 0).offset, 3);
	commit_some(l, 2, 9, "cl=16");
	assert_int_equal(l->ops->changelog_next(l, 0), 16);
	LOG_OK(l, l->ops->txn_commit(l, 5000));
	int64_t start = -1, end = -1;
	LOG_OK(l, l->ops->changelog_bounds(l, 0, &start, &end, 5000));
	assert_int_equal(start, 0);
	assert_in_range(end, 16, 17);
	LOG_OK(l, l->ops->restore_open(l, 0, 2));
	size_t count = 0;
	int64_t position = 0, until = now_ms() + WAIT_MS;
	while (position < 17 && now_ms() < until) {
		struct fnl_restore_chunk chunk;
		LOG_OK(l, l->ops->restore_poll(l, 3, 500, &chunk));
		assert_true(chunk.position >= position && chunk.record_count <= 3);
		for (size_t i = 0; i < chunk.record_count; i++) {
			assert_true(chunk.records[i].offset >= 2 && chunk.records[i].offset < chunk.position);
		}
		position = chunk.position;
		count += chunk.record_count;
	}
	assert_int_equal(position, 17); /* past the last marker */
	assert_int_equal(count, 5 + 2);
	/* Beyond the end: a cut changelog is said, not read anew from its start. */
	LOG_OK(l, l->ops->restore_open(l, 0, 1000));
	int rc = 0;
	for (int i = 0; i < 20 && rc == 0; i++) {
		struct fnl_restore_chunk chunk;
		rc = l->ops->restore_poll(l, 100, 500, &chunk);
	}
	assert_int_equal(rc, FNL_E_STATE);
	l->ops->restore_close(l);

	struct fnl_partition_lag lag;
	assert_int_equal(bus->ops->lag(bus, n.group, n.input, &lag, 1), 0);
	assert_int_equal(lag.committed, 9);
	assert_int_equal(lag.end, 10);
	assert_true(lag.behind);
	assert_string_equal(lag.metadata, "cl=16");
	/* The changelog's end is a marker: nothing lies between. */
	assert_int_equal(bus->ops->set_committed(bus, n.changelog, n.changelog, 0, 16, "m"), 0);
	assert_int_equal(bus->ops->lag(bus, n.changelog, n.changelog, &lag, 1), 0);
	assert_int_equal(lag.committed, 16);
	assert_false(lag.behind);
	assert_string_equal(lag.metadata, "m");
	assert_int_equal(bus->ops->set_committed(bus, n.group, n.input, 0, 5, ""), FNL_E_STATE);
	l->ops->close(l);
	bus->ops->close(bus);
}

static void test_fencing(void **state)
{
	struct kafka_fixture *f = *state;
	struct fnl_bus *bus = bus_open(f);
	struct names n = names_make(f, bus, 2);
	struct fnl_log *old = log_open(f->servers, &n, "same", n.group);
	wait_assigned(old, 2);
	LOG_OK(old, old->ops->producer_reset(old, 10000));
	commit_some(old, 3, 1, "a");
	struct fnl_log *young = log_open(f->servers, &n, "same", n.group);
	int rc = 0;
	struct fnl_poll got;
	bool young_has = false;
	for (int64_t until = now_ms() + WAIT_MS; now_ms() < until && (rc == 0 || !young_has);) {
		if (rc == 0) {
			rc = old->ops->poll(old, 10, 1000, 50, &got);
		}
		LOG_OK(young, young->ops->poll(young, 10, 1000, 50, &got));
		young_has = young_has || (got.rebalanced && got.assigned_count == 2);
	}
	assert_int_equal(rc, FNL_E_FENCED_INSTANCE);
	assert_true(young_has);
	assert_int_equal(old->ops->poll(old, 10, 1000, 0, &got), FNL_E_FENCED_INSTANCE);
	struct fnl_commit c = {0, 2, FNL_SPAN_LIT("b")};
	assert_int_equal(old->ops->send_offsets(old, &c, 1, 3000), FNL_E_NOT_ASSIGNED);
	LOG_OK(young, young->ops->producer_reset(young, 10000));
	rc = old->ops->txn_commit(old, 5000);
	assert_int_equal(fnl_status_class(rc), FNL_CLASS_UNKNOWN);
	assert_int_equal(pair_of(young, 0).offset, -1);
	int64_t began = now_ms();
	old->ops->close(old);
	young->ops->close(young);
	assert_true(now_ms() - began < 5000);
	bus->ops->close(bus);
}

static void test_rebalance(void **state)
{
	struct kafka_fixture *f = *state;
	struct fnl_bus *bus = bus_open(f);
	struct names n = names_make(f, bus, 4);
	for (int p = 0; p < 4; p++) {
		publish_numbers(bus, n.input, p, 0, 1000);
	}
	struct fnl_log *a = log_open(f->servers, &n, "a", n.group);
	wait_assigned(a, 4);
	LOG_OK(a, a->ops->producer_reset(a, 10000));
	for (int p = 0; p < 4; p++) {
		LOG_OK(a, a->ops->start(a, p, 0));
	}
	commit_some(a, 3, 100, "a");
	struct fnl_log *b = log_open(f->servers, &n, "b", n.output);
	bool a_new = false, b_new = false, lost = false;
	struct fnl_poll got;
	for (int64_t until = now_ms() + WAIT_MS; now_ms() < until && !(a_new && b_new);) {
		LOG_OK(a, a->ops->poll(a, 50, 1 << 20, 20, &got));
		if (got.rebalanced && !lost) {
			/* The open transaction belongs to the old assignment. */
			lost = true;
			struct fnl_commit c = {0, 101, FNL_SPAN_LIT("late")};
			int rc = a->ops->send_offsets(a, &c, 1, 3000);
			assert_int_equal(fnl_status_class(rc), FNL_CLASS_ABORT);
			LOG_OK(a, a->ops->txn_abort(a, 5000));
		}
		if (lost) {
			assert_int_equal(got.record_count, 0);
		}
		a_new = a_new || (lost && got.rebalanced && got.assigned_count == 2);
		LOG_OK(b, b->ops->poll(b, 50, 1 << 20, 20, &got));
		assert_int_equal(got.record_count, 0);
		b_new = b_new || (got.rebalanced && got.assigned_count == 2);
	}
	assert_true(a_new && b_new && lost);
	LOG_OK(a, a->ops->start(a, 0, 7));
	int64_t first = -1;
	for (int i = 0; i < 100 && first < 0; i++) {
		LOG_OK(a, a->ops->poll(a, 50, 1 << 20, 100, &got));
		first = got.record_count ? got.records[0].offset : -1;
	}
	assert_int_equal(first, 7);
	a->ops->close(a);
	b->ops->close(b);
	bus->ops->close(bus);
}

static void test_limits(void **state)
{
	struct kafka_fixture *f = *state;
	struct fnl_bus *bus = bus_open(f);
	struct names n = names_make(f, bus, 1);
	publish_numbers(bus, n.input, 0, 0, 10);
	struct fnl_log *l = log_open(f->servers, &n, "i1", n.group);
	wait_assigned(l, 1);
	LOG_OK(l, l->ops->producer_reset(l, 10000));
	static uint8_t large[2 << 20];
	LOG_OK(l, l->ops->txn_begin(l));
	struct fnl_span value = fnl_span_of(large, sizeof(large));
	assert_int_equal(l->ops->produce(l, 0, FNL_PARTITION_BY_KEY, FNL_SPAN_LIT("k"), value, NULL, 0), FNL_E_LIMIT);
	LOG_OK(l, l->ops->txn_abort(l, 5000));
	commit_some(l, 1, 3, "cl=1");
	LOG_OK(l, l->ops->txn_commit(l, 5000));
	/* A committed offset beyond the end: the topic is another one, and its records are not ours to process anew. */
	LOG_OK(l, l->ops->start(l, 0, 1000));
	int rc = 0;
	for (int i = 0; i < 50 && rc == 0; i++) {
		struct fnl_poll got;
		rc = l->ops->poll(l, 100, 1 << 20, 200, &got);
		assert_int_equal(rc == 0 ? got.record_count : 0, 0);
	}
	assert_int_equal(rc, FNL_E_STATE);
	assert_non_null(strstr(l->ops->explain(l), n.input));
	l->ops->close(l);
	bus->ops->close(bus);
}

static void test_no_broker(void **state)
{
	(void)state;
	char servers[64];
	snprintf(servers, sizeof(servers), "127.0.0.1:%d", process_free_port());
	struct fnl_kafka_property p[] = {{"bootstrap.servers", servers}, {"sasl.password", "geheim"}};
	struct fnl_kafka_common common = {p, 2, NULL};
	struct fnl_error why = {0};
	struct fnl_bus *bus = NULL;
	int64_t began = now_ms();
	assert_int_equal(fnl_kafka_bus_open(&common, 1000, &bus, &why), FNL_E_DISCONNECTED);
	assert_true(now_ms() - began < 3000);
	assert_non_null(strstr(why.text, servers));
	assert_non_null(strstr(why.text, "refused"));
	assert_null(strstr(why.text, "geheim"));
	struct names n = {"i", "c", "o", "g"};
	struct fnl_log *l = log_open(servers, &n, "i", "t");
	struct fnl_poll got;
	began = now_ms();
	int rc = l->ops->poll(l, 10, 1000, 300, &got);
	assert_true(rc == 0 || fnl_status_class(rc) == FNL_CLASS_RETRIABLE);
	rc = l->ops->producer_reset(l, 500);
	assert_int_equal(fnl_status_class(rc), FNL_CLASS_UNKNOWN);
	assert_non_null(strstr(l->ops->explain(l), "refused"));
	struct fnl_committed pair = {0};
	assert_int_equal(fnl_status_class(l->ops->committed(l, &pair, 1, 500)), FNL_CLASS_RETRIABLE);
	int64_t start, end;
	assert_int_equal(fnl_status_class(l->ops->changelog_bounds(l, 0, &start, &end, 500)), FNL_CLASS_RETRIABLE);
	assert_true(now_ms() - began < 4000);
	l->ops->close(l);
	assert_true(now_ms() - began < 8000);
	struct fnl_kafka_property bad = {"no.such.property", "x"};
	common.properties = &bad;
	common.property_count = 1;
	assert_int_equal(fnl_kafka_bus_open(&common, 1000, &bus, &why), FNL_E_ARGUMENT);
}

/* Last: it takes the broker away. */
static void test_broker_dies(void **state)
{
	struct kafka_fixture *f = *state;
	if (!f->own) {
		skip();
	}
	struct fnl_bus *bus = bus_open(f);
	struct names n = names_make(f, bus, 1);
	publish_numbers(bus, n.input, 0, 0, 10);
	struct fnl_log *l = log_open(f->servers, &n, "i1", n.group);
	wait_assigned(l, 1);
	LOG_OK(l, l->ops->producer_reset(l, 10000));
	commit_some(l, 3, 2, "cl=3");
	LOG_OK(l, l->ops->txn_commit(l, 5000));
	commit_some(l, 3, 4, "cl=7");
	assert_true(kafka_fixture_kill(f));
	int64_t began = now_ms();
	int rc = l->ops->txn_commit(l, 1500);
	assert_int_equal(fnl_status_class(rc), FNL_CLASS_UNKNOWN);
	assert_true(l->ops->producer_is_doubtful(l));
	rc = l->ops->producer_reset(l, 500);
	assert_int_equal(fnl_status_class(rc), FNL_CLASS_UNKNOWN);
	assert_true(now_ms() - began < 6000);
	assert_true(kafka_fixture_restart(f));
	int64_t until = now_ms() + 30000;
	do {
		struct fnl_poll got;
		(void)l->ops->poll(l, 10, 1000, 50, &got);
		rc = l->ops->producer_reset(l, 3000);
	} while (rc != 0 && now_ms() < until);
	assert_int_equal(rc, 0);
	struct fnl_committed pair = pair_of(l, 0);
	assert_true(pair.offset == 2 || pair.offset == 4);
	l->ops->close(l);
	bus->ops->close(bus);
}

static int setup(void **state)
{
	*state = kafka_fixture_open(FNL_SOURCE_DIR);
	return *state ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_partitioner),
		cmocka_unit_test(test_bus),
		cmocka_unit_test(test_seek_against_prefetch),
		cmocka_unit_test(test_transaction_and_restore),
		cmocka_unit_test(test_fencing),
		cmocka_unit_test(test_rebalance),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_no_broker),
		cmocka_unit_test(test_broker_dies),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
