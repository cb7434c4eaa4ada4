/* Transactions (engine.md rules 1, 5, 8). The rule of all statuses here: an answer of the broker that the client calls
 * abortable is abortable; a time-out, a lost connection and everything else is unknown, and the caller makes a new
 * producer and asks what was committed. No call here waits without a deadline, and none is repeated. */
#include "kafka_internal.h"

/* The client made these up when it got no answer, or they say so. */
static bool txn_is_unanswered(rd_kafka_resp_err_t err)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
	case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
	case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
	case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
	case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
	case RD_KAFKA_RESP_ERR__IN_PROGRESS:
	case RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS:
	case RD_KAFKA_RESP_ERR__CONFLICT:
	case RD_KAFKA_RESP_ERR__STATE:
	case RD_KAFKA_RESP_ERR__DESTROY:
	case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
	case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
		return true;
	default:
		return false;
	}
}

int fnl_kafka_txn_status(rd_kafka_resp_err_t err, bool is_fatal, bool requires_abort)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR__FENCED:
	case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
	case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
		return FNL_E_FENCED_PRODUCER;
	case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
		return FNL_E_ARGUMENT;
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
		/* Abortable, but the next attempt would make the same record: somebody has to hear of it. */
		return FNL_E_LIMIT;
	default:
		break;
	}
	if (is_fatal || txn_is_unanswered(err)) {
		return FNL_E_TXN_UNKNOWN;
	}
	switch (err) {
	case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
	case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
	case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
	case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
		return FNL_E_TXN_ABORTABLE;
	default:
		return requires_abort ? FNL_E_TXN_ABORTABLE : FNL_E_TXN_UNKNOWN;
	}
}

int fnl_kafka_txn_fail(struct fnl_kafka_log *k, rd_kafka_error_t *e, const char *doing)
{
	int rc =
		fnl_kafka_txn_status(rd_kafka_error_code(e), rd_kafka_error_is_fatal(e), rd_kafka_error_txn_requires_abort(e));
	char last[FNL_KAFKA_TEXT_BYTES_MAX];
	fnl_kafka_watch_last(&k->watch_producer, last);
	fnl_fail(&k->story, rc, "%s of %s at %s: %s: %s%s%s", doing, k->transactional_id, k->servers,
	         rd_kafka_error_name(e), rd_kafka_error_string(e), last[0] ? "; last connection error: " : "", last);
	rd_kafka_error_destroy(e);
	return rc;
}

static int txn_no_producer(struct fnl_kafka_log *k)
{
	return fnl_fail(&k->story, FNL_E_TXN_UNKNOWN, "%s has no producer", k->transactional_id);
}

int fnl_kafka_txn_begin(struct fnl_log *l)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	if (!k->producer) {
		return txn_no_producer(k);
	}
	rd_kafka_error_t *e = rd_kafka_begin_transaction(k->producer);
	if (e) {
		return fnl_kafka_txn_fail(k, e, "begin_transaction");
	}
	rd_kafka_poll(k->producer, 0);
	k->failed = 0;
	k->row_count = 0; /* of a transaction that was aborted */
	for (size_t i = 0; i < k->changelog_next_count; i++) {
		k->changelog_next[i] = -1;
	}
	return 0;
}

int fnl_kafka_flush(struct fnl_log *l, int timeout_ms)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	if (!k->producer) {
		return txn_no_producer(k);
	}
	int rc = fnl_kafka_rows_send(k);
	if (rc) {
		return rc;
	}
	rd_kafka_resp_err_t err = rd_kafka_flush(k->producer, timeout_ms);
	char text[FNL_KAFKA_TEXT_BYTES_MAX] = "";
	rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(k->producer, text, sizeof(text));
	if (fatal) {
		return fnl_fail(&k->story, fnl_kafka_txn_status(fatal, true, false), "flush of %s: %s: %s", k->transactional_id,
		                rd_kafka_err2name(fatal), text);
	}
	if (err) {
		return fnl_fail(&k->story, FNL_E_TXN_UNKNOWN, "flush of %s at %s: %d records without an answer after %d ms",
		                k->transactional_id, k->servers, rd_kafka_outq_len(k->producer), timeout_ms);
	}
	if (k->failed) {
		return fnl_fail(&k->story, fnl_kafka_txn_status(k->failed_first, false, true),
		                "%u records of %s were not written: %s", k->failed, k->transactional_id,
		                rd_kafka_err2str(k->failed_first));
	}
	return 0;
}

int64_t fnl_kafka_changelog_next(struct fnl_log *l, int32_t partition)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	return partition >= 0 && (size_t)partition < k->changelog_next_count ? k->changelog_next[partition] : -1;
}

static rd_kafka_topic_partition_list_t *offsets_list(struct fnl_kafka_log *k, const struct fnl_commit *commits,
                                                     size_t count)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
	for (size_t i = 0; i < count; i++) {
		rd_kafka_topic_partition_t *at = rd_kafka_topic_partition_list_add(list, k->input_topic, commits[i].partition);
		at->offset = commits[i].offset;
		size_t len = commits[i].metadata.data ? commits[i].metadata.len : 0;
		/* The client reads it as a string of metadata_size bytes; the NUL is only for its debug lines. */
		at->metadata = rd_kafka_mem_calloc(NULL, 1, len + 1);
		if (!at->metadata) {
			rd_kafka_topic_partition_list_destroy(list);
			return NULL;
		}
		if (len) {
			memcpy(at->metadata, commits[i].metadata.data, len);
		}
		at->metadata_size = len;
	}
	return list;
}

int fnl_kafka_send_offsets(struct fnl_log *l, const struct fnl_commit *commits, size_t count, int timeout_ms)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	if (!k->producer) {
		return txn_no_producer(k);
	}
	/* Lost: the client knows already that the group has gone on without it. */
	if (!k->group_metadata || rd_kafka_assignment_lost(k->consumer)) {
		return fnl_fail(&k->story, FNL_E_NOT_ASSIGNED, "group %s: the assignment is lost", k->group);
	}
	for (size_t i = 0; i < count; i++) {
		if (!fnl_kafka_is_assigned(k, commits[i].partition)) {
			return fnl_fail(&k->story, FNL_E_NOT_ASSIGNED, "partition %d is not assigned", (int)commits[i].partition);
		}
	}
	rd_kafka_topic_partition_list_t *list = offsets_list(k, commits, count);
	if (!list) {
		return fnl_fail(&k->story, FNL_E_NOMEM, "no memory for %zu offsets", count);
	}
	rd_kafka_error_t *e = rd_kafka_send_offsets_to_transaction(k->producer, list, k->group_metadata, timeout_ms);
	rd_kafka_topic_partition_list_destroy(list);
	return e ? fnl_kafka_txn_fail(k, e, "send_offsets_to_transaction") : 0;
}

/* The client repeats requests without a word when a connection breaks: EndTxn, and the offsets before it. An old broker
 * may apply the delayed one to the next transaction. Connections lost between transactions count too: for 30 s the
 * client is silent about the next one, and only a new client tells it again. */
static void txn_ended(struct fnl_kafka_log *k, int64_t began_ms)
{
	rd_kafka_poll(k->producer, 0);
	if (fnl_kafka_now_ms() - began_ms > k->txn_timeout_ms / 2 ||
	    atomic_load(&k->watch_producer.disconnects) != k->disconnects_before) {
		k->doubtful = true;
	}
}

int fnl_kafka_txn_commit(struct fnl_log *l, int timeout_ms)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	if (!k->producer) {
		return txn_no_producer(k);
	}
	int rc = fnl_kafka_rows_send(k);
	if (rc) {
		return rc;
	}
	int64_t began_ms = fnl_kafka_now_ms();
	rd_kafka_error_t *e = rd_kafka_commit_transaction(k->producer, timeout_ms);
	txn_ended(k, began_ms);
	return e ? fnl_kafka_txn_fail(k, e, "commit_transaction") : 0;
}

int fnl_kafka_txn_abort(struct fnl_log *l, int timeout_ms)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	if (!k->producer) {
		return txn_no_producer(k);
	}
	int64_t began_ms = fnl_kafka_now_ms();
	rd_kafka_error_t *e = rd_kafka_abort_transaction(k->producer, timeout_ms);
	txn_ended(k, began_ms);
	if (!e) {
		return 0;
	}
	int rc = fnl_kafka_txn_fail(k, e, "abort_transaction");
	/* An abort that failed is never abortable. */
	return rc == FNL_E_TXN_ABORTABLE ? FNL_E_TXN_UNKNOWN : rc;
}
