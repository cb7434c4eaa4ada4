/* Committed offsets of groups: looked at, and set by hand. */
#include <stdio.h>

#include "bus_internal.h"

static int lag_committed(struct fnl_kafka_bus *b, rd_kafka_t *consumer, const char *group, const char *topic,
                         struct fnl_partition_lag *lag, size_t count)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
	for (size_t i = 0; i < count; i++) {
		rd_kafka_topic_partition_list_add(list, topic, (int32_t)i);
	}
	rd_kafka_resp_err_t err = rd_kafka_committed(consumer, list, FNL_KAFKA_BUS_CALL_MS);
	for (size_t i = 0; !err && i < count; i++) {
		err = list->elems[i].err;
	}
	for (size_t i = 0; !err && i < count; i++) {
		const rd_kafka_topic_partition_t *at = &list->elems[i];
		lag[i] = (struct fnl_partition_lag){.partition = (int32_t)i, .committed = at->offset >= 0 ? at->offset : -1};
		size_t len = at->metadata_size < sizeof(lag[i].metadata) ? at->metadata_size : sizeof(lag[i].metadata) - 1;
		if (at->metadata && len) {
			memcpy(lag[i].metadata, at->metadata, len);
		}
	}
	rd_kafka_topic_partition_list_destroy(list);
	return err ? fnl_kafka_bus_fail(b, err, "committed offsets of group", group) : 0;
}

/* A transaction is committed for its offsets before it is for its records, or the other way round: markers come to each
 * partition by themselves. Who looks at one stage after the other must not take that for the end. */
static int lag_unstable(struct fnl_kafka_bus *b, const char *topic, struct fnl_partition_lag *lag, size_t count)
{
	rd_kafka_t *reader = NULL;
	int rc = fnl_kafka_bus_end_reader(b, &reader);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct fnl_kafka_cursor all = {.partition = (int32_t)i};
		int64_t low = 0;
		rc = fnl_kafka_cursor_bounds(b, reader, topic, &all, &low);
		lag[i].behind = lag[i].behind || all.end > lag[i].end;
	}
	if (reader) {
		rd_kafka_destroy(reader);
	}
	return rc;
}

int fnl_kafka_lag(struct fnl_bus *bus, const char *group, const char *topic, struct fnl_partition_lag *ret,
                  size_t partition_count)
{
	struct fnl_kafka_bus *b = (struct fnl_kafka_bus *)bus;
	if (partition_count == 0 || partition_count > FNL_KAFKA_BUS_READ_PARTITIONS_MAX) {
		return partition_count ? fnl_fail(&b->story, FNL_E_LIMIT, "lag of %zu partitions", partition_count) : 0;
	}
	rd_kafka_t *consumer = NULL;
	struct fnl_kafka_cursor *cursors = fnl_calloc(partition_count, sizeof(*cursors));
	struct fnl_partition_lag *lag = fnl_calloc(partition_count, sizeof(*lag));
	int rc =
		cursors && lag ? fnl_kafka_bus_consumer(b, group, &consumer) : fnl_fail(&b->story, FNL_E_NOMEM, "no memory");
	if (rc == 0) {
		rc = lag_committed(b, consumer, group, topic, lag, partition_count);
	}
	for (size_t i = 0; rc == 0 && i < partition_count; i++) {
		int64_t low = 0;
		cursors[i] = (struct fnl_kafka_cursor){.partition = (int32_t)i};
		rc = fnl_kafka_cursor_bounds(b, consumer, topic, &cursors[i], &low);
		lag[i].end = cursors[i].end;
		cursors[i].position = lag[i].committed > low ? lag[i].committed : low;
	}
	if (rc == 0) {
		rc = fnl_kafka_find_records(b, consumer, topic, cursors, partition_count);
	}
	for (size_t i = 0; rc == 0 && i < partition_count; i++) {
		lag[i].behind = cursors[i].found;
	}
	rc = rc ? rc : lag_unstable(b, topic, lag, partition_count);
	if (rc == 0) {
		memcpy(ret, lag, partition_count * sizeof(*ret));
	}
	fnl_kafka_bus_consumer_free(consumer);
	fnl_free(cursors);
	fnl_free(lag);
	return rc;
}

static void on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *offsets, void *opaque)
{
	(void)rk;
	rd_kafka_resp_err_t *ret = opaque;
	*ret = err;
	for (int i = 0; !*ret && offsets && i < offsets->cnt; i++) {
		*ret = offsets->elems[i].err;
	}
}

static int group_commit(struct fnl_kafka_bus *b, rd_kafka_t *consumer, const char *group,
                        rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_resp_err_t result = RD_KAFKA_RESP_ERR__IN_PROGRESS;
	rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer);
	rd_kafka_resp_err_t err = rd_kafka_commit_queue(consumer, list, queue, on_commit, &result);
	int64_t deadline_ms = fnl_kafka_now_ms() + FNL_KAFKA_BUS_CALL_MS;
	while (!err && result == RD_KAFKA_RESP_ERR__IN_PROGRESS && fnl_kafka_left_ms(deadline_ms) > 0) {
		rd_kafka_queue_poll_callback(queue, 100);
	}
	rd_kafka_queue_destroy(queue);
	err = err ? err : result;
	switch (err) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
		return 0;
	case RD_KAFKA_RESP_ERR__IN_PROGRESS:
		return fnl_kafka_bus_fail(b, RD_KAFKA_RESP_ERR__TIMED_OUT, "setting an offset of group", group);
	case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
	case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
	case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
		return fnl_fail(&b->story, FNL_E_STATE,
		                "group %s has members: stop all workers, wait their session time-out, and try again (%s)",
		                group, rd_kafka_err2str(err));
	default:
		return fnl_kafka_bus_fail(b, err, "setting an offset of group", group);
	}
}

int fnl_kafka_set_committed(struct fnl_bus *bus, const char *group, const char *topic, int32_t partition,
                            int64_t offset, const char *metadata)
{
	struct fnl_kafka_bus *b = (struct fnl_kafka_bus *)bus;
	rd_kafka_t *consumer = NULL;
	int rc = fnl_kafka_bus_consumer(b, group, &consumer);
	if (rc) {
		return rc;
	}
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_t *at = rd_kafka_topic_partition_list_add(list, topic, partition);
	at->offset = offset;
	size_t len = metadata ? strlen(metadata) : 0;
	at->metadata = rd_kafka_mem_calloc(NULL, 1, len + 1);
	if (at->metadata) {
		if (len) {
			memcpy(at->metadata, metadata, len);
		}
		at->metadata_size = len;
		rc = group_commit(b, consumer, group, list);
	} else {
		rc = fnl_fail(&b->story, FNL_E_NOMEM, "no memory");
	}
	rd_kafka_topic_partition_list_destroy(list);
	fnl_kafka_bus_consumer_free(consumer);
	return rc;
}
