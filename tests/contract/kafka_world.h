/* A deployment of one input, changelog and output topic on a real broker, for the tests of the Kafka adapter alone. */
#ifndef FUNNELD_TESTS_KAFKA_WORLD_H
#define FUNNELD_TESTS_KAFKA_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "funneld/adapters/kafka.h"
#include "kafka_fixture.h"

enum { TXN_TIMEOUT_MS = 10000, SESSION_MS = 6000, WAIT_MS = 15000 };

struct names {
	char input[KAFKA_FIXTURE_NAME_MAX];
	char changelog[KAFKA_FIXTURE_NAME_MAX];
	char output[KAFKA_FIXTURE_NAME_MAX];
	char group[KAFKA_FIXTURE_NAME_MAX];
};

static inline int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline struct fnl_bus *bus_open(struct kafka_fixture *f)
{
	struct fnl_kafka_property p = {"bootstrap.servers", f->servers};
	struct fnl_kafka_common common = {&p, 1, NULL};
	struct fnl_error why = {0};
	struct fnl_bus *bus = NULL;
	if (fnl_kafka_bus_open(&common, 10000, &bus, &why) != 0) {
		fail_msg("%s", why.text);
	}
	return bus;
}

static inline void topic_make(struct fnl_bus *bus, const char *name, int32_t count, enum fnl_cleanup cleanup)
{
	struct fnl_topic_spec spec = {name, count, cleanup, -1, 0};
	int rc = bus->ops->create_topic(bus, &spec);
	if (rc != 0) {
		fail_msg("create_topic %d: %s", rc, bus->ops->explain(bus));
	}
}

static inline struct names names_make(struct kafka_fixture *f, struct fnl_bus *bus, int32_t count)
{
	struct names n;
	kafka_fixture_name(f, "input", n.input);
	kafka_fixture_name(f, "changelog", n.changelog);
	kafka_fixture_name(f, "output", n.output);
	kafka_fixture_name(f, "group", n.group);
	topic_make(bus, n.input, count, FNL_CLEANUP_DELETE);
	topic_make(bus, n.changelog, count, FNL_CLEANUP_COMPACT);
	topic_make(bus, n.output, count, FNL_CLEANUP_DELETE);
	return n;
}

static inline struct fnl_log *log_open_with(const struct fnl_logger *logger, const char *servers, const struct names *n,
                                            const char *instance, const char *txn_id)
{
	struct fnl_kafka_property p = {"bootstrap.servers", servers};
	const char *outputs[] = {n->output};
	struct fnl_kafka_log_settings s = {
		.common = {&p, 1, logger},
		.input_topic = n->input,
		.changelog_topic = n->changelog,
		.output_topics = outputs,
		.output_topic_count = 1,
		.group = n->group,
		.group_instance_id = instance,
		.transactional_id = txn_id,
		.session_timeout_ms = SESSION_MS,
		.txn_timeout_ms = TXN_TIMEOUT_MS,
	};
	struct fnl_error why = {0};
	struct fnl_log *l = NULL;
	if (fnl_kafka_log_open(&s, &l, &why) != 0) {
		fail_msg("%s", why.text);
	}
	return l;
}

static inline struct fnl_log *log_open(const char *servers, const struct names *n, const char *instance,
                                       const char *txn_id)
{
	return log_open_with(NULL, servers, n, instance, txn_id);
}

#define LOG_OK(l, call) \
	do { \
		int log_ok_rc = (call); \
		if (log_ok_rc != 0) { \
			fail_msg("%s: %d: %s", #call, log_ok_rc, (l)->ops->explain(l)); \
		} \
	} while (0)

/* Polls until an assignment of that many partitions came; no record may come with it. */
static inline void wait_assigned(struct fnl_log *l, size_t count)
{
	int64_t until = now_ms() + WAIT_MS;
	struct fnl_poll got = {0};
	do {
		LOG_OK(l, l->ops->poll(l, 100, 1 << 20, 100, &got));
		assert_int_equal(got.record_count, 0);
		if (got.rebalanced && got.assigned_count == count) {
			return;
		}
	} while (now_ms() < until);
	fail_msg("no assignment of %zu partitions", count);
}

static inline void publish_numbers(struct fnl_bus *bus, const char *topic, int32_t partition, int from, int to)
{
	for (int i = from; i < to; i++) {
		char text[64];
		int n = snprintf(text, sizeof(text), "%d-some-more-bytes-to-make-it-a-record", i);
		struct fnl_span s = fnl_span_of(text, (size_t)n);
		assert_int_equal(bus->ops->publish(bus, topic, partition, s, s, NULL, 0), 0);
	}
	assert_int_equal(bus->ops->publish_flush(bus, 20000), 0);
}

static inline void commit_some(struct fnl_log *l, int records, int64_t offset, const char *metadata)
{
	LOG_OK(l, l->ops->txn_begin(l));
	struct fnl_header h = {FNL_SPAN_LIT("ce_id"), FNL_SPAN_LIT("x")};
	char(*keys)[16] = calloc((size_t)records + 1, sizeof(*keys)); /* they are borrowed until flush */
	assert_non_null(keys);
	for (int i = 0; i < records; i++) {
		struct fnl_span k = fnl_span_of(keys[i], (size_t)snprintf(keys[i], sizeof(keys[i]), "k%d", i));
		LOG_OK(l, l->ops->produce(l, 0, FNL_PARTITION_BY_KEY, k, FNL_SPAN_LIT("out"), &h, 1));
		LOG_OK(l, l->ops->produce_changelog(l, 0, k, i % 5 ? FNL_SPAN_LIT("row") : FNL_SPAN_NONE));
	}
	LOG_OK(l, l->ops->flush(l, 5000));
	free(keys);
	struct fnl_commit c = {0, offset, fnl_span_str(metadata)};
	LOG_OK(l, l->ops->send_offsets(l, &c, 1, 5000));
}

static inline struct fnl_committed pair_of(struct fnl_log *l, int32_t partition)
{
	struct fnl_committed pair = {.partition = partition};
	int rc = FNL_E_TIMEOUT;
	for (int i = 0; i < 20 && rc != 0; i++) {
		rc = l->ops->committed(l, &pair, 1, 1000);
	}
	assert_int_equal(rc, 0);
	return pair;
}

#endif
