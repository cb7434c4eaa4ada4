/* Topics: described, created, compared. */
#include <stdio.h>

#include "bus_internal.h"

enum { ADMIN_SEEN_WAIT_MS = 100 };

static const char *cleanup_name(enum fnl_cleanup cleanup)
{
	return cleanup == FNL_CLEANUP_COMPACT ? "compact" : "delete";
}

/* All topics are asked for: a question for a single one may create it, where the cluster is set so. */
static int topic_state(struct fnl_kafka_bus *b, const char *topic, int32_t *ret_count, bool *ret_ready)
{
	const struct rd_kafka_metadata *metadata = NULL;
	rd_kafka_resp_err_t err = rd_kafka_metadata(b->client, 1, NULL, &metadata, FNL_KAFKA_BUS_CALL_MS);
	if (err) {
		rd_kafka_poll(b->client, 0);
		return fnl_kafka_bus_fail(b, err, "describing topic", topic);
	}
	int32_t count = 0;
	bool ready = false;
	for (int i = 0; i < metadata->topic_cnt; i++) {
		const struct rd_kafka_metadata_topic *t = &metadata->topics[i];
		if (strcmp(t->topic, topic) != 0 || t->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
			continue;
		}
		count = t->partition_cnt;
		ready = count > 0;
		for (int j = 0; j < t->partition_cnt; j++) {
			ready = ready && t->partitions[j].leader >= 0;
		}
	}
	rd_kafka_metadata_destroy(metadata);
	*ret_count = count;
	*ret_ready = ready;
	return 0;
}

int fnl_kafka_describe_topic(struct fnl_bus *bus, const char *topic, struct fnl_topic_info *ret)
{
	struct fnl_kafka_bus *b = (struct fnl_kafka_bus *)bus;
	int32_t count = 0;
	bool ready = false;
	int rc = topic_state(b, topic, &count, &ready);
	if (rc == 0) {
		*ret = (struct fnl_topic_info){.partition_count = count};
	}
	return rc;
}

/* Waits for the answer of an admin request; NULL with the story told. */
static rd_kafka_event_t *admin_answer(struct fnl_kafka_bus *b, rd_kafka_queue_t *queue, const char *doing,
                                      const char *what)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, FNL_KAFKA_BUS_CALL_MS);
	if (!event) {
		fnl_kafka_bus_fail(b, RD_KAFKA_RESP_ERR__TIMED_OUT, doing, what);
		return NULL;
	}
	if (rd_kafka_event_error(event)) {
		fnl_kafka_bus_fail(b, rd_kafka_event_error(event), doing, what);
		rd_kafka_event_destroy(event);
		return NULL;
	}
	return event;
}

static rd_kafka_AdminOptions_t *admin_options(struct fnl_kafka_bus *b, rd_kafka_admin_op_t op)
{
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(b->client, op);
	rd_kafka_AdminOptions_set_request_timeout(options, FNL_KAFKA_BUS_CALL_MS * 2 / 3, NULL, 0);
	return options;
}

/* The value of a topic's setting into ret; the story is told on failure. */
static int topic_config(struct fnl_kafka_bus *b, const char *topic, const char *name, char *ret, size_t ret_bytes)
{
	rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(b->client);
	rd_kafka_AdminOptions_t *options = admin_options(b, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	rd_kafka_DescribeConfigs(b->client, &resource, 1, options, queue);
	rd_kafka_event_t *event = admin_answer(b, queue, "describing the settings of topic", topic);
	int rc = event ? FNL_E_NOT_FOUND : b->story.code;
	if (event) {
		size_t n = 0, entries = 0;
		const rd_kafka_ConfigResource_t **got =
			rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &n);
		rd_kafka_resp_err_t err = n ? rd_kafka_ConfigResource_error(got[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
		const rd_kafka_ConfigEntry_t **entry = err ? NULL : rd_kafka_ConfigResource_configs(got[0], &entries);
		for (size_t i = 0; entry && i < entries; i++) {
			const char *value = rd_kafka_ConfigEntry_value(entry[i]);
			if (strcmp(rd_kafka_ConfigEntry_name(entry[i]), name) == 0 && value) {
				snprintf(ret, ret_bytes, "%s", value);
				rc = 0;
			}
		}
		if (rc) {
			rc = fnl_kafka_bus_fail(b, err ? err : RD_KAFKA_RESP_ERR__BAD_MSG, "describing the settings of topic",
			                        topic);
		}
		rd_kafka_event_destroy(event);
	}
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_queue_destroy(queue);
	rd_kafka_ConfigResource_destroy(resource);
	return rc;
}

static int topic_compare(struct fnl_kafka_bus *b, const struct fnl_topic_spec *spec, int32_t count)
{
	if (count != spec->partition_count) {
		return fnl_fail(&b->story, FNL_E_LAYOUT, "topic %s has %d partitions, %d are wanted", spec->name, (int)count,
		                (int)spec->partition_count);
	}
	char policy[64] = "";
	int rc = topic_config(b, spec->name, "cleanup.policy", policy, sizeof(policy));
	if (rc) {
		return rc;
	}
	if (strcmp(policy, cleanup_name(spec->cleanup)) != 0) {
		return fnl_fail(&b->story, FNL_E_LAYOUT, "topic %s has cleanup.policy %s, %s is wanted", spec->name, policy,
		                cleanup_name(spec->cleanup));
	}
	return 1;
}

/* Kafka compacts no segment that is written to, and one takes 1 GiB or a week: for so long an erased value would stay,
 * and a restore would read through what was replaced. */
static void keep_compact(rd_kafka_NewTopic_t *topic)
{
	rd_kafka_NewTopic_set_config(topic, "segment.bytes", "67108864");
	rd_kafka_NewTopic_set_config(topic, "max.compaction.lag.ms", "86400000"); /* KIP-354 */
}

static rd_kafka_NewTopic_t *new_topic(struct fnl_kafka_bus *b, const struct fnl_topic_spec *spec)
{
	char text[FNL_KAFKA_TEXT_BYTES_MAX] = "";
	/* Replicas: what the cluster has as its default. */
	rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(spec->name, spec->partition_count, -1, text, sizeof(text));
	if (!topic) {
		fnl_fail(&b->story, FNL_E_ARGUMENT, "topic %s: %s", spec->name, text);
		return NULL;
	}
	rd_kafka_NewTopic_set_config(topic, "cleanup.policy", cleanup_name(spec->cleanup));
	if (spec->cleanup == FNL_CLEANUP_DELETE) {
		char retention[24];
		snprintf(retention, sizeof(retention), "%lld", (long long)spec->retention_ms);
		rd_kafka_NewTopic_set_config(topic, "retention.ms", retention);
	} else {
		keep_compact(topic);
	}
	if (spec->record_bytes_max > 0) {
		char bytes[24];
		snprintf(bytes, sizeof(bytes), "%d", (int)spec->record_bytes_max);
		rd_kafka_NewTopic_set_config(topic, "max.message.bytes", bytes);
	}
	return topic;
}

/* The broker's own words, or the client's for the code. */
static const char *answer_text(const rd_kafka_topic_result_t **got, size_t n, rd_kafka_resp_err_t err)
{
	const char *said = n ? rd_kafka_topic_result_error_string(got[0]) : NULL;
	return said ? said : rd_kafka_err2str(err);
}

/* 0 = created, 1 = it was there by now. */
static int topic_create(struct fnl_kafka_bus *b, const struct fnl_topic_spec *spec)
{
	rd_kafka_NewTopic_t *topic = new_topic(b, spec);
	if (!topic) {
		return b->story.code;
	}
	rd_kafka_queue_t *queue = rd_kafka_queue_new(b->client);
	rd_kafka_AdminOptions_t *options = admin_options(b, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_CreateTopics(b->client, &topic, 1, options, queue);
	rd_kafka_event_t *event = admin_answer(b, queue, "creating topic", spec->name);
	int rc = event ? 0 : b->story.code;
	if (event) {
		size_t n = 0;
		const rd_kafka_topic_result_t **got =
			rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n);
		rd_kafka_resp_err_t err = n ? rd_kafka_topic_result_error(got[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
		if (err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
			rc = 1;
		} else if (err) {
			int code = fnl_kafka_status(err);
			rc = fnl_fail(&b->story, code == FNL_E_DISCONNECTED ? FNL_E_ARGUMENT : code, "creating topic %s at %s: %s",
			              spec->name, b->servers, answer_text(got, n, err));
		}
		rd_kafka_event_destroy(event);
	}
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_queue_destroy(queue);
	rd_kafka_NewTopic_destroy(topic);
	return rc;
}

int fnl_kafka_create_topic(struct fnl_bus *bus, const struct fnl_topic_spec *spec)
{
	struct fnl_kafka_bus *b = (struct fnl_kafka_bus *)bus;
	int32_t count = 0;
	bool ready = false;
	int rc = topic_state(b, spec->name, &count, &ready);
	if (rc) {
		return rc;
	}
	bool existed = count > 0;
	if (!existed) {
		rc = topic_create(b, spec);
		if (rc < 0) {
			return rc;
		}
		existed = rc == 1;
	}
	/* A new topic is usable only when each partition has its leader. */
	int64_t deadline_ms = fnl_kafka_now_ms() + FNL_KAFKA_BUS_CALL_MS;
	while (!ready) {
		rc = topic_state(b, spec->name, &count, &ready);
		if (rc) {
			return rc;
		}
		if (!ready && fnl_kafka_left_ms(deadline_ms) == 0) {
			return fnl_kafka_bus_fail(b, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, "creating topic", spec->name);
		}
		if (!ready) {
			fnl_kafka_sleep_ms(ADMIN_SEEN_WAIT_MS);
		}
	}
	return existed ? topic_compare(b, spec, count) : 0;
}
