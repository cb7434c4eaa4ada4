/* Kafka over librdkafka (>= 2.0.2; eager range assignor, static membership). */
#ifndef FUNNELD_ADAPTERS_KAFKA_H
#define FUNNELD_ADAPTERS_KAFKA_H

#include "funneld/ports/bus.h"
#include "funneld/ports/log.h"
#include "funneld/ports/logger.h"

/* Name and value of librdkafka properties that come from the settings (bootstrap.servers, security …). */
struct fnl_kafka_property {
	const char *name;
	const char *value;
};

struct fnl_kafka_common {
	const struct fnl_kafka_property *properties; /* borrowed during open only */
	size_t property_count;
	const struct fnl_logger *logger; /* borrowed; librdkafka's own log lines go there */
};

struct fnl_kafka_log_settings {
	struct fnl_kafka_common common;
	const char *input_topic;
	const char *changelog_topic; /* NULL: none, for a relay */
	const char *const *output_topics;
	size_t output_topic_count;
	const char *group;
	const char *group_instance_id;
	const char *transactional_id;
	int session_timeout_ms;
	int txn_timeout_ms;
};

/* Opens consumer and restore reader; the producer comes with the first producer_reset. Does not wait for the broker. */
int fnl_kafka_log_open(const struct fnl_kafka_log_settings *settings, struct fnl_log **ret,
                       struct fnl_error *why) FNL_MUST_USE;
/* Waits up to timeout_ms for the broker: FNL_E_DISCONNECTED with *why naming the servers and the last socket error. */
int fnl_kafka_bus_open(const struct fnl_kafka_common *common, int timeout_ms, struct fnl_bus **ret,
                       struct fnl_error *why) FNL_MUST_USE;

/* Java's partitioner: murmur2 of the key, as the default of the Java clients (librdkafka: murmur2_random). */
int32_t fnl_murmur2_partition(struct fnl_span key, int32_t partition_count);

#endif
