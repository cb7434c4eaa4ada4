/* The bus: opening, publishing, closing. */
#include <stdio.h>

#include "bus_internal.h"

enum { PUBLISH_WAIT_MS = 50 };

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	(void)rk;
	struct fnl_kafka_watch *w = opaque;
	struct fnl_kafka_bus *b = w->owner;
	if (m->err && b->failed++ == 0) {
		b->failed_first = m->err;
	}
}

int fnl_kafka_bus_fail(struct fnl_kafka_bus *b, rd_kafka_resp_err_t err, const char *doing, const char *what)
{
	char last[FNL_KAFKA_TEXT_BYTES_MAX];
	fnl_kafka_watch_last(&b->watch, last);
	int rc = fnl_kafka_status(err);
	bool away = rc == FNL_E_TIMEOUT || rc == FNL_E_DISCONNECTED;
	return fnl_fail(&b->story, rc, "%s %s at %s: %s%s%s", doing, what, b->servers, rd_kafka_err2str(err),
	                away && last[0] ? "; last connection error: " : "", away ? last : "");
}

int fnl_kafka_bus_consumer(struct fnl_kafka_bus *b, const char *group, rd_kafka_t **ret)
{
	const struct fnl_kafka_pair own[] = {
		{"group.id", group}, /* the client wants one; assign() does not join */
		{"enable.auto.commit", "false"},
		{"enable.auto.offset.store", "false"},
		{"isolation.level", "read_committed"},
		{"auto.offset.reset", "earliest"},
		{"enable.partition.eof", "true"},
		/* The end of a partition is told by a fetch that finds nothing: the broker is not to wait for more first. */
		{"fetch.wait.max.ms", "20"},
		{"socket.timeout.ms", "10000"},
		{NULL, NULL},
	};
	rd_kafka_conf_t *conf = NULL;
	int rc = fnl_kafka_conf(b->conf, own, &b->watch, &conf, &b->story);
	if (rc == 0) {
		rc = fnl_kafka_handle(RD_KAFKA_CONSUMER, conf, ret, &b->story);
	}
	if (rc == 0) {
		rd_kafka_poll_set_consumer(*ret);
	}
	return rc;
}

int fnl_kafka_bus_end_reader(struct fnl_kafka_bus *b, rd_kafka_t **ret)
{
	const struct fnl_kafka_pair own[] = {
		{"isolation.level", "read_uncommitted"},
		{"socket.timeout.ms", "10000"},
		{NULL, NULL},
	};
	rd_kafka_conf_t *conf = NULL;
	int rc = fnl_kafka_conf(b->conf, own, &b->watch, &conf, &b->story);
	return rc ? rc : fnl_kafka_handle(RD_KAFKA_CONSUMER, conf, ret, &b->story);
}

void fnl_kafka_bus_consumer_free(rd_kafka_t *consumer)
{
	if (consumer) {
		fnl_kafka_consumer_end(consumer);
	}
}

static int cluster_id(struct fnl_bus *bus, const char **ret)
{
	struct fnl_kafka_bus *b = (struct fnl_kafka_bus *)bus;
	if (!b->cluster_id) {
		b->cluster_id = rd_kafka_clusterid(b->client, FNL_KAFKA_BUS_CALL_MS);
	}
	if (!b->cluster_id) {
		return fnl_kafka_bus_fail(b, RD_KAFKA_RESP_ERR__TIMED_OUT, "asking for", "the cluster id");
	}
	*ret = b->cluster_id;
	return 0;
}

static int publish_topic(struct fnl_kafka_bus *b, const char *name, rd_kafka_topic_t **ret)
{
	for (size_t i = 0; i < b->topic_count; i++) {
		if (strcmp(rd_kafka_topic_name(b->topics[i]), name) == 0) {
			*ret = b->topics[i];
			return 0;
		}
	}
	if (b->topic_count == FNL_KAFKA_TOPICS_MAX) {
		return fnl_fail(&b->story, FNL_E_LIMIT, "publishing to more than %d topics", FNL_KAFKA_TOPICS_MAX);
	}
	rd_kafka_topic_t *topic = rd_kafka_topic_new(b->client, name, NULL);
	if (!topic) {
		return fnl_fail(&b->story, FNL_E_ARGUMENT, "topic %s: %s", name, rd_kafka_err2str(rd_kafka_last_error()));
	}
	b->topics[b->topic_count++] = topic;
	*ret = topic;
	return 0;
}

static int publish_queue(struct fnl_kafka_bus *b, const rd_kafka_vu_t *vus, size_t count, const char *topic)
{
	int64_t deadline_ms = 0;
	for (;;) {
		rd_kafka_error_t *e = rd_kafka_produceva(b->client, vus, count);
		if (!e) {
			return 0;
		}
		rd_kafka_resp_err_t err = rd_kafka_error_code(e);
		rd_kafka_error_destroy(e);
		if (err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
			return fnl_fail(&b->story, FNL_E_LIMIT, "a record for %s is larger than message.max.bytes", topic);
		}
		if (deadline_ms == 0) {
			deadline_ms = fnl_kafka_now_ms() + FNL_KAFKA_BUS_PUBLISH_MS;
		}
		if (err != RD_KAFKA_RESP_ERR__QUEUE_FULL || fnl_kafka_left_ms(deadline_ms) == 0) {
			return fnl_kafka_bus_fail(b, err, "publishing to", topic);
		}
		rd_kafka_poll(b->client, PUBLISH_WAIT_MS);
	}
}

static int publish(struct fnl_bus *bus, const char *topic, int32_t partition, struct fnl_span key,
                   struct fnl_span value, const struct fnl_header *headers, size_t header_count)
{
	struct fnl_kafka_bus *b = (struct fnl_kafka_bus *)bus;
	rd_kafka_topic_t *to = NULL;
	int rc = publish_topic(b, topic, &to);
	if (rc) {
		return rc;
	}
	rd_kafka_headers_t *h = header_count ? fnl_kafka_headers(headers, header_count) : NULL;
	if (header_count && !h) {
		return fnl_fail(&b->story, FNL_E_NOMEM, "no memory for headers");
	}
	rd_kafka_vu_t vus[] = {
		{.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = to},
		{.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition < 0 ? RD_KAFKA_PARTITION_UA : partition},
		{.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
		{.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)key.data, key.data ? key.len : 0}},
		{.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(uintptr_t)value.data, value.data ? value.len : 0}},
		{.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = h},
	};
	rc = publish_queue(b, vus, sizeof(vus) / sizeof(vus[0]) - (h ? 0 : 1), topic);
	if (rc) {
		if (h) {
			rd_kafka_headers_destroy(h);
		}
		return rc;
	}
	if (++b->published % 512 == 0) {
		rd_kafka_poll(b->client, 0);
	}
	return 0;
}

static int publish_flush(struct fnl_bus *bus, int timeout_ms)
{
	struct fnl_kafka_bus *b = (struct fnl_kafka_bus *)bus;
	rd_kafka_resp_err_t err = rd_kafka_flush(b->client, timeout_ms);
	unsigned failed = b->failed;
	b->failed = 0;
	if (failed) {
		return fnl_fail(&b->story, FNL_E_IO, "%u records were not written: %s", failed,
		                rd_kafka_err2str(b->failed_first));
	}
	if (err) {
		char last[FNL_KAFKA_TEXT_BYTES_MAX];
		fnl_kafka_watch_last(&b->watch, last);
		return fnl_fail(&b->story, FNL_E_TIMEOUT, "%d records without an answer of %s after %d ms%s%s",
		                rd_kafka_outq_len(b->client), b->servers, timeout_ms, last[0] ? ": " : "", last);
	}
	return 0;
}

static const char *explain(struct fnl_bus *bus)
{
	struct fnl_kafka_bus *b = (struct fnl_kafka_bus *)bus;
	return b->story.text[0] ? b->story.text : "no error";
}

static void bus_close(struct fnl_bus *bus)
{
	struct fnl_kafka_bus *b = (struct fnl_kafka_bus *)bus;
	if (!b) {
		return;
	}
	for (size_t i = 0; i < b->topic_count; i++) {
		rd_kafka_topic_destroy(b->topics[i]);
	}
	if (b->cluster_id) {
		rd_kafka_mem_free(NULL, b->cluster_id);
	}
	if (b->client) {
		rd_kafka_purge(b->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
		rd_kafka_poll(b->client, 0);
		rd_kafka_destroy(b->client);
	}
	if (b->conf) {
		rd_kafka_conf_destroy(b->conf);
	}
	fnl_kafka_watch_deinit(&b->watch);
	fnl_free(b);
}

static const struct fnl_bus_ops bus_ops = {
	.create_topic = fnl_kafka_create_topic,
	.describe_topic = fnl_kafka_describe_topic,
	.cluster_id = cluster_id,
	.publish = publish,
	.publish_flush = publish_flush,
	.read = fnl_kafka_read,
	.read_key = fnl_kafka_read_key,
	.lag = fnl_kafka_lag,
	.set_committed = fnl_kafka_set_committed,
	.explain = explain,
	.close = bus_close,
};

static int bus_client(struct fnl_kafka_bus *b)
{
	const struct fnl_kafka_pair own[] = {
		{"enable.idempotence", "true"},
		{"partitioner", "murmur2_random"}, /* as the Java clients */
		{"linger.ms", "5"},
		{"batch.size", "1000000"},
		{"batch.num.messages", "50000"},
		{"queue.buffering.max.messages", "200000"},
		{"message.max.bytes", FNL_KAFKA_RECORD_BYTES_MAX},
		{"queue.buffering.max.kbytes", "131072"},
		{"message.timeout.ms", "60000"},
		{"socket.timeout.ms", "10000"},
		{NULL, NULL},
	};
	rd_kafka_conf_t *conf = NULL;
	int rc = fnl_kafka_conf(b->conf, own, &b->watch, &conf, &b->story);
	if (rc) {
		return rc;
	}
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	return fnl_kafka_handle(RD_KAFKA_PRODUCER, conf, &b->client, &b->story);
}

/* A first question, so that an unreachable cluster is told here and not at some later call. */
static int bus_hello(struct fnl_kafka_bus *b, int timeout_ms)
{
	const struct rd_kafka_metadata *metadata = NULL;
	rd_kafka_resp_err_t err = rd_kafka_metadata(b->client, 0, NULL, &metadata, timeout_ms);
	if (!err) {
		rd_kafka_metadata_destroy(metadata);
		return 0;
	}
	rd_kafka_poll(b->client, 0);
	char last[FNL_KAFKA_TEXT_BYTES_MAX];
	fnl_kafka_watch_last(&b->watch, last);
	return fnl_fail(&b->story, FNL_E_DISCONNECTED, "no Kafka broker answers at %s within %d ms: %s", b->servers,
	                timeout_ms, last[0] ? last : rd_kafka_err2str(err));
}

int fnl_kafka_bus_open(const struct fnl_kafka_common *common, int timeout_ms, struct fnl_bus **ret,
                       struct fnl_error *why)
{
	struct fnl_kafka_bus *b = fnl_calloc(1, sizeof(*b));
	if (!b) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for the bus");
	}
	b->base.ops = &bus_ops;
	fnl_kafka_watch_init(&b->watch, common->logger, b);
	int rc = fnl_kafka_conf_base(common, &b->conf, &b->story);
	if (rc == 0) {
		fnl_kafka_conf_servers(b->conf, b->servers);
		rc = bus_client(b);
	}
	if (rc == 0) {
		rc = bus_hello(b, timeout_ms);
	}
	if (rc) {
		fnl_fail(why, rc, "%s", b->story.text);
		bus_close(&b->base);
		return rc;
	}
	*ret = &b->base;
	return 0;
}
