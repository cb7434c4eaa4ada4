/* Committed pairs and the changelog's bounds (engine.md rules 5 and 6). */
#include "kafka_internal.h"

/* librdkafka asks for stable offsets (KIP-447 require_stable) when the handle is read_committed, as the consumer is:
 * while a transaction is pending it tries again until the time-out, which is then all that it says. */
int fnl_kafka_committed(struct fnl_log *l, struct fnl_committed *pairs, size_t count, int timeout_ms)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	if (count == 0) {
		return 0;
	}
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
	for (size_t i = 0; i < count; i++) {
		rd_kafka_topic_partition_list_add(list, k->input_topic, pairs[i].partition);
	}
	int wait_ms = timeout_ms < FNL_KAFKA_COMMITTED_TIMEOUT_MS ? timeout_ms : FNL_KAFKA_COMMITTED_TIMEOUT_MS;
	rd_kafka_resp_err_t err = rd_kafka_committed(k->consumer, list, wait_ms);
	for (size_t i = 0; !err && i < count; i++) {
		err = list->elems[i].err;
	}
	if (err) {
		rd_kafka_topic_partition_list_destroy(list);
		return fnl_fail(&k->story, fnl_kafka_status(err), "committed offsets of group %s at %s: %s", k->group,
		                k->servers, rd_kafka_err2str(err));
	}
	for (size_t i = 0; i < count; i++) {
		const rd_kafka_topic_partition_t *at = &list->elems[i];
		pairs[i].offset = at->offset >= 0 ? at->offset : -1;
		pairs[i].metadata = at->metadata ? fnl_span_of(at->metadata, at->metadata_size) : FNL_SPAN_NONE;
	}
	if (k->committed_list) {
		rd_kafka_topic_partition_list_destroy(k->committed_list);
	}
	k->committed_list = list;
	return 0;
}

static int bounds_open(struct fnl_kafka_log *k)
{
	/* Without a group, so that it asks for no coordinator and has no connection to one. */
	const struct fnl_kafka_pair own[] = {
		/* On read_committed the end that is told is the last stable offset. */
		{"isolation.level", "read_uncommitted"},
		{"socket.timeout.ms", "10000"},
		{NULL, NULL},
	};
	rd_kafka_conf_t *conf = NULL;
	int rc = fnl_kafka_conf(k->conf, own, &k->watch_consumer, &conf, &k->story);
	return rc ? rc : fnl_kafka_handle(RD_KAFKA_CONSUMER, conf, &k->bounds_reader, &k->story);
}

int fnl_kafka_changelog_bounds(struct fnl_log *l, int32_t partition, int64_t *ret_start, int64_t *ret_end,
                               int timeout_ms)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	if (!k->changelog_topic) {
		return fnl_fail(&k->story, FNL_E_ARGUMENT, "there is no changelog");
	}
	int rc = k->bounds_reader ? 0 : bounds_open(k);
	if (rc) {
		return rc;
	}
	rd_kafka_poll(k->bounds_reader, 0); /* its error callbacks, which nobody else fetches */
	int64_t low = -1, high = -1;
	rd_kafka_resp_err_t err =
		rd_kafka_query_watermark_offsets(k->bounds_reader, k->changelog_topic, partition, &low, &high, timeout_ms);
	if (err) {
		return fnl_fail(&k->story, fnl_kafka_status(err), "bounds of %s partition %d at %s: %s", k->changelog_topic,
		                (int)partition, k->servers, rd_kafka_err2str(err));
	}
	*ret_start = low;
	*ret_end = high;
	return 0;
}
