/* The transactional producer's life and its records. */
#include <stdio.h>

#include "kafka_internal.h"

enum {
	PRODUCE_QUEUE_WAIT_MS = 50,
	PARTITIONS_WAIT_MS = 3000,
	REPORTS_EVERY = 512,
	PURGE = RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING
};

/* Runs in the caller's thread, inside rd_kafka_poll and what calls it (flush, commit, abort). The message's opaque is
 * the changelog partition + 1, or NULL for an output. */
static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	(void)rk;
	struct fnl_kafka_watch *w = opaque;
	struct fnl_kafka_log *k = w->owner;
	if (m->err) {
		if (k->failed++ == 0) {
			k->failed_first = m->err;
		}
		return;
	}
	size_t partition = (size_t)(uintptr_t)m->_private;
	if (partition > 0 && partition <= k->changelog_next_count && m->offset >= k->changelog_next[partition - 1]) {
		k->changelog_next[partition - 1] = m->offset + 1;
	}
}

void fnl_kafka_producer_free(struct fnl_kafka_log *k)
{
	if (!k->producer) {
		return;
	}
	/* What is queued or in flight belongs to a transaction that nobody will commit. */
	rd_kafka_purge(k->producer, PURGE);
	rd_kafka_poll(k->producer, 0);
	for (size_t i = 0; k->topics && i <= k->output_topic_count; i++) {
		if (k->topics[i]) {
			rd_kafka_topic_destroy(k->topics[i]);
		}
	}
	k->topics = fnl_free(k->topics);
	k->topic_partitions = fnl_free(k->topic_partitions);
	rd_kafka_destroy(k->producer);
	k->producer = NULL;
}

static int producer_topics(struct fnl_kafka_log *k)
{
	k->topics = fnl_calloc(k->output_topic_count + 1, sizeof(*k->topics));
	k->topic_partitions = fnl_calloc(k->output_topic_count + 1, sizeof(*k->topic_partitions));
	if (!k->topics || !k->topic_partitions) {
		return fnl_fail(&k->story, FNL_E_NOMEM, "no memory for the producer");
	}
	size_t count = k->output_topic_count + (k->changelog_topic ? 1 : 0);
	for (size_t i = 0; i < count; i++) {
		const char *name = i < k->output_topic_count ? k->output_topics[i] : k->changelog_topic;
		k->topics[i] = rd_kafka_topic_new(k->producer, name, NULL);
		if (!k->topics[i]) {
			return fnl_fail(&k->story, FNL_E_ARGUMENT, "topic %s: %s", name, rd_kafka_err2str(rd_kafka_last_error()));
		}
	}
	return 0;
}

static int producer_make(struct fnl_kafka_log *k)
{
	char txn_timeout[16], socket_timeout[16];
	snprintf(txn_timeout, sizeof(txn_timeout), "%d", k->txn_timeout_ms);
	/* The client wants it at least 100 ms shorter. */
	int socket_timeout_ms = k->txn_timeout_ms * 2 / 3;
	snprintf(socket_timeout, sizeof(socket_timeout), "%d", socket_timeout_ms > 300 ? socket_timeout_ms : 300);
	const struct fnl_kafka_pair own[] = {
		{"transactional.id", k->transactional_id},
		{"transaction.timeout.ms", txn_timeout},
		{"socket.timeout.ms", socket_timeout},
		{"message.timeout.ms", txn_timeout},
		{"enable.idempotence", "true"},
		/* Lost connections are known by the client's lines about them. */
		{"log.connection.close", "true"},
		{"log_level", "6"},
		{"partitioner", "murmur2_random"}, /* as the Java clients */
		/* The flush sends at once whatever there is; until then larger batches are worth the wait. */
		{"linger.ms", "10"},
		{"batch.size", "1000000"},
		{"batch.num.messages", "50000"},
		{"message.max.bytes", FNL_KAFKA_RECORD_BYTES_MAX},
		{"queue.buffering.max.messages", "500000"},
		{"queue.buffering.max.kbytes", "262144"},
		{NULL, NULL},
	};
	rd_kafka_conf_t *conf = NULL;
	int rc = fnl_kafka_conf(k->conf, own, &k->watch_producer, &conf, &k->story);
	if (rc) {
		return rc;
	}
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rc = fnl_kafka_handle(RD_KAFKA_PRODUCER, conf, &k->producer, &k->story);
	return rc ? rc : producer_topics(k);
}

int fnl_kafka_producer_reset(struct fnl_log *l, int timeout_ms)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	fnl_kafka_producer_free(k);
	k->doubtful = false;
	k->disconnects_before = atomic_load(&k->watch_producer.disconnects);
	k->produced = k->failed = 0;
	k->row_count = 0;
	int rc = producer_make(k);
	if (rc) {
		fnl_kafka_producer_free(k);
		return rc;
	}
	rd_kafka_error_t *e = rd_kafka_init_transactions(k->producer, timeout_ms);
	if (e) {
		rc = fnl_kafka_txn_fail(k, e, "init_transactions");
		fnl_kafka_producer_free(k);
	}
	return rc;
}

/* Room for the partition's delivery reports, made here because a callback cannot fail. */
static int changelog_room(struct fnl_kafka_log *k, int32_t partition)
{
	size_t need = (size_t)partition + 1;
	if (need <= k->changelog_next_count) {
		return 0;
	}
	int64_t *grown = fnl_reallocarray(k->changelog_next, need, sizeof(*grown));
	if (!grown) {
		return FNL_E_NOMEM;
	}
	k->changelog_next = grown;
	for (size_t i = k->changelog_next_count; i < need; i++) {
		grown[i] = -1;
	}
	k->changelog_next_count = need;
	return 0;
}

static int produce_failed(struct fnl_kafka_log *k, rd_kafka_topic_t *topic, rd_kafka_resp_err_t err)
{
	char text[FNL_KAFKA_TEXT_BYTES_MAX] = "";
	rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(k->producer, text, sizeof(text));
	int rc = fnl_kafka_txn_status(fatal ? fatal : err, fatal != 0, true);
	return fnl_fail(&k->story, rc, "producing to %s: %s%s%s", rd_kafka_topic_name(topic), rd_kafka_err2str(err),
	                fatal ? ": " : "", text);
}

/* false: there is another error than want of room, or no time left. */
static bool wait_for_room(struct fnl_kafka_log *k, rd_kafka_resp_err_t err, int64_t *deadline_ms)
{
	if (*deadline_ms == 0) {
		*deadline_ms = fnl_kafka_now_ms() + k->txn_timeout_ms;
	}
	if (err != RD_KAFKA_RESP_ERR__QUEUE_FULL || fnl_kafka_left_ms(*deadline_ms) == 0) {
		return false;
	}
	rd_kafka_poll(k->producer, PRODUCE_QUEUE_WAIT_MS);
	return true;
}

/* Reports are fetched on the way, so that they do not wait in a heap for the flush. */
static void produced(struct fnl_kafka_log *k, size_t count)
{
	k->produced += (unsigned)count;
	if (k->produced >= REPORTS_EVERY) {
		k->produced = 0;
		rd_kafka_poll(k->producer, 0);
	}
}

static int produce(struct fnl_kafka_log *k, rd_kafka_topic_t *topic, int32_t partition, struct fnl_span key,
                   struct fnl_span value, rd_kafka_headers_t *headers)
{
	rd_kafka_vu_t vus[] = {
		{.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic},
		{.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition},
		{.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
		{.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)key.data, key.data ? key.len : 0}},
		{.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(uintptr_t)value.data, value.data ? value.len : 0}},
		{.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
	};
	size_t count = sizeof(vus) / sizeof(vus[0]) - (headers ? 0 : 1);
	int64_t deadline_ms = 0;
	for (;;) {
		rd_kafka_error_t *e = rd_kafka_produceva(k->producer, vus, count);
		if (!e) {
			break; /* the headers are the client's now */
		}
		rd_kafka_resp_err_t err = rd_kafka_error_code(e);
		rd_kafka_error_destroy(e);
		if (!wait_for_room(k, err, &deadline_ms)) {
			if (headers) {
				rd_kafka_headers_destroy(headers);
			}
			return produce_failed(k, topic, err);
		}
	}
	produced(k, 1);
	return 0;
}

/* How many partitions an output topic has: asked once for each producer. Nothing is lost yet when nobody answers, so
 * the transaction can be aborted. */
static int partitions_of(struct fnl_kafka_log *k, size_t topic)
{
	if (k->topic_partitions[topic] > 0) {
		return 0;
	}
	const struct rd_kafka_metadata *metadata = NULL;
	int timeout_ms = k->txn_timeout_ms / 3 < PARTITIONS_WAIT_MS ? k->txn_timeout_ms / 3 : PARTITIONS_WAIT_MS;
	rd_kafka_resp_err_t err = rd_kafka_metadata(k->producer, 0, k->topics[topic], &metadata, timeout_ms);
	if (!err && metadata->topic_cnt == 1) {
		err = metadata->topics[0].err;
		k->topic_partitions[topic] = err ? 0 : metadata->topics[0].partition_cnt;
	}
	if (metadata) {
		rd_kafka_metadata_destroy(metadata);
	}
	if (k->topic_partitions[topic] > 0) {
		return 0;
	}
	return fnl_fail(&k->story, FNL_E_TXN_ABORTABLE, "the partitions of %s are not known: %s", k->output_topics[topic],
	                rd_kafka_err2str(err));
}

static int produce_headers(struct fnl_kafka_log *k, size_t topic, int32_t partition, struct fnl_span key,
                           struct fnl_span value, const struct fnl_header *headers, size_t header_count)
{
	rd_kafka_headers_t *h = header_count ? fnl_kafka_headers(headers, header_count) : NULL;
	if (header_count && !h) {
		return fnl_fail(&k->story, FNL_E_NOMEM, "no memory for headers");
	}
	return produce(k, k->topics[topic], partition, key, value, h);
}

int fnl_kafka_produce(struct fnl_log *l, size_t topic, int32_t partition, struct fnl_span key, struct fnl_span value,
                      const struct fnl_header *headers, size_t header_count)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	if (!k->producer || topic >= k->output_topic_count) {
		return fnl_fail(&k->story, k->producer ? FNL_E_ARGUMENT : FNL_E_TXN_UNKNOWN,
		                "no producer, or no such output topic");
	}
	if (partition == FNL_PARTITION_BY_KEY) {
		return produce_headers(k, topic, RD_KAFKA_PARTITION_UA, key, value, headers, header_count);
	}
	int rc = partitions_of(k, topic);
	if (rc) {
		return rc;
	}
	int32_t count = k->topic_partitions[topic];
	if (partition != FNL_PARTITION_EVERY) {
		return partition >= 0 && partition < count
		           ? produce_headers(k, topic, partition, key, value, headers, header_count)
		           : fnl_fail(&k->story, FNL_E_ARGUMENT, "%s has no partition %d", k->output_topics[topic],
		                      (int)partition);
	}
	for (int32_t i = 0; rc == 0 && i < count; i++) {
		rc = produce_headers(k, topic, i, key, value, headers, header_count);
	}
	return rc;
}

/* Those that the client refused move to the front, with the error of one of them. */
static int rows_left(rd_kafka_message_t *rows, int count, rd_kafka_resp_err_t *ret_err)
{
	int left = 0;
	for (int i = 0; i < count; i++) {
		if (rows[i].err) {
			*ret_err = left == 0 || *ret_err == RD_KAFKA_RESP_ERR__QUEUE_FULL ? rows[i].err : *ret_err;
			rows[left++] = rows[i];
		}
	}
	return left;
}

/* One call for many: the client takes its locks and asks the time once. */
int fnl_kafka_rows_send(struct fnl_kafka_log *k)
{
	rd_kafka_topic_t *topic = k->topics[k->output_topic_count];
	int left = (int)k->row_count;
	int64_t deadline_ms = 0;
	k->row_count = 0;
	while (left > 0) {
		rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
		int taken = rd_kafka_produce_batch(topic, k->rows[0].partition, RD_KAFKA_MSG_F_COPY, k->rows, left);
		produced(k, (size_t)taken);
		left = taken == left ? 0 : rows_left(k->rows, left, &err);
		if (left > 0 && !wait_for_room(k, err, &deadline_ms)) {
			return produce_failed(k, topic, err);
		}
	}
	return 0;
}

int fnl_kafka_produce_changelog(struct fnl_log *l, int32_t partition, struct fnl_span key, struct fnl_span value)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	if (!k->producer) {
		return fnl_fail(&k->story, FNL_E_TXN_UNKNOWN, "no producer");
	}
	if (!k->changelog_topic || partition < 0 || partition >= FNL_KAFKA_PARTITIONS_MAX) {
		return fnl_fail(&k->story, FNL_E_ARGUMENT, "changelog partition %d", (int)partition);
	}
	if (changelog_room(k, partition) != 0) {
		return fnl_fail(&k->story, FNL_E_NOMEM, "no memory for changelog partition %d", (int)partition);
	}
	if (k->row_count == FNL_KAFKA_ROWS_MAX || (k->row_count && k->rows[0].partition != partition)) {
		int rc = fnl_kafka_rows_send(k);
		if (rc) {
			return rc;
		}
	}
	k->rows[k->row_count++] = (rd_kafka_message_t){
		.partition = partition,
		.payload = (void *)(uintptr_t)value.data,
		.len = value.data ? value.len : 0,
		.key = (void *)(uintptr_t)key.data,
		.key_len = key.data ? key.len : 0,
		._private = (void *)((uintptr_t)partition + 1),
	};
	return 0;
}
