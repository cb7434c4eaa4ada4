/* The input side: a member of the stage's group (engine.md rules 5, 9, 10).
 *
 * All callbacks of a rebalance run inside rd_kafka_consumer_poll, hence in our caller's thread. On assign the group
 * metadata is captured there and then: read later, it can be of a newer generation and pass for a partition that is
 * already lost. Everything is paused at once; start() seeks and resumes one partition.
 *
 * Messages are taken one by one: each is checked against its partition's version barrier as it is handed out, so that
 * what was fetched before a seek, pause or rebalance never comes. The batch call of librdkafka 2.0.2 checks it less
 * reliably. */
#include <stdio.h>

#include "kafka_internal.h"

enum { QUEUE_RECORDS = 20000 /* fetched ahead by a thread, about; each is some 400 bytes of memory */ };

static void consumer_forget(struct fnl_kafka_log *k)
{
	for (size_t i = 0; i < k->partition_count; i++) {
		k->partitions[i] = (struct fnl_kafka_partition){.expected = -1};
	}
	k->assigned_count = 0;
	if (k->group_metadata) {
		rd_kafka_consumer_group_metadata_destroy(k->group_metadata);
		k->group_metadata = NULL;
	}
}

/* A generation < 0 or an empty member id would make the broker skip its check of the generation. The client tells them
 * only in its serialized form: "CGMDv2:", int32 generation, group id, NUL, member id, NUL. */
static bool metadata_is_valid(const rd_kafka_consumer_group_metadata_t *metadata)
{
	static const char magic[] = "CGMDv2:";
	void *data = NULL;
	size_t size = 0;
	rd_kafka_error_t *e = rd_kafka_consumer_group_metadata_write(metadata, &data, &size);
	if (e) {
		rd_kafka_error_destroy(e);
		return false;
	}
	bool valid = false;
	const char *at = data;
	int32_t generation = -1;
	const size_t head = sizeof(magic) - 1 + sizeof(generation);
	if (size > head && memcmp(at, magic, sizeof(magic) - 1) == 0) {
		memcpy(&generation, at + sizeof(magic) - 1, sizeof(generation));
		const char *member = memchr(at + head, '\0', size - head);
		valid = generation >= 0 && member && member + 1 < at + size && member[1] != '\0';
	}
	rd_kafka_mem_free(NULL, data);
	return valid;
}

static bool consumer_room(struct fnl_kafka_log *k, const rd_kafka_topic_partition_list_t *list)
{
	size_t need = 0;
	for (int i = 0; i < list->cnt; i++) {
		int32_t id = list->elems[i].partition;
		if (id < 0 || id >= FNL_KAFKA_PARTITIONS_MAX) {
			return false;
		}
		need = (size_t)id >= need ? (size_t)id + 1 : need;
	}
	if (need > k->partition_count) {
		struct fnl_kafka_partition *grown = fnl_reallocarray(k->partitions, need, sizeof(*grown));
		if (!grown) {
			return false;
		}
		k->partitions = grown;
		int32_t *assigned = fnl_reallocarray(k->assigned, need, sizeof(*assigned));
		if (!assigned) {
			return false;
		}
		k->assigned = assigned;
		for (size_t i = k->partition_count; i < need; i++) {
			k->partitions[i] = (struct fnl_kafka_partition){.expected = -1};
		}
		k->partition_count = need;
	}
	return true;
}

static void consumer_assign(struct fnl_kafka_log *k, rd_kafka_topic_partition_list_t *list)
{
	bool room = consumer_room(k, list);
	k->rebalance_no_memory = !room;
	k->group_metadata = rd_kafka_consumer_group_metadata(k->consumer);
	if (!room || !k->group_metadata || !metadata_is_valid(k->group_metadata)) {
		/* No transaction could be sent for it: better no assignment than one that cannot commit. The group gives a
		 * new one when the lost generation is noticed. */
		consumer_forget(k);
		rd_kafka_assign(k->consumer, NULL);
		return;
	}
	for (int i = 0; i < list->cnt; i++) {
		/* An absolute offset spares the client its own look at committed offsets, which would wait for a pending
		 * transaction. Nothing is delivered from here: start() says where. */
		list->elems[i].offset = 0;
		int32_t id = list->elems[i].partition;
		k->assigned[k->assigned_count++] = id;
		k->partitions[id] = (struct fnl_kafka_partition){.assigned = true, .paused = true, .expected = -1};
	}
	rd_kafka_assign(k->consumer, list);
	rd_kafka_pause_partitions(k->consumer, list);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct fnl_kafka_watch *w = opaque;
	struct fnl_kafka_log *k = w->owner;
	consumer_forget(k);
	k->rebalances++;
	k->rebalance_untold = true;
	if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !w->ending) {
		consumer_assign(k, list);
	} else if (!w->ending || fnl_kafka_end_is_asked(rk, err)) {
		rd_kafka_assign(rk, NULL);
	}
	/* So that the caller hears of it now and not at the end of its wait. */
	rd_kafka_yield(rk);
}

/* A worker that hangs without dying is given up after this; every wait of the engine is far shorter. */
int fnl_kafka_poll_interval_ms(const struct fnl_kafka_log *k)
{
	int interval_ms = 4 * (k->session_timeout_ms > k->txn_timeout_ms ? k->session_timeout_ms : k->txn_timeout_ms);
	return interval_ms > 60000 ? interval_ms : 60000;
}

int fnl_kafka_consumer_open(struct fnl_kafka_log *k, struct fnl_error *why)
{
	char session[16], interval[16], queue[16];
	snprintf(queue, sizeof(queue), "%d", QUEUE_RECORDS);
	snprintf(session, sizeof(session), "%d", k->session_timeout_ms);
	snprintf(interval, sizeof(interval), "%d", fnl_kafka_poll_interval_ms(k));
	/* A member learns of a rebalance by the answer to its heartbeat: after another's death the group stands still for
	 * one more interval. A fifteenth is the proportion of Kafka's own defaults (3 s of 45 s). */
	char heartbeat[16];
	int heartbeat_ms = k->session_timeout_ms / 15;
	snprintf(heartbeat, sizeof(heartbeat), "%d", heartbeat_ms < 3000 ? heartbeat_ms : 3000);
	const struct fnl_kafka_pair own[] = {
		{"group.id", k->group},
		/* Cooperative assignors lose partitions before librdkafka 2.10.1. */
		{"partition.assignment.strategy", "range"},
		{"enable.auto.commit", "false"},
		{"enable.auto.offset.store", "false"},
		{"isolation.level", "read_committed"},
		{"auto.offset.reset", "earliest"},
		{"enable.partition.eof", "false"},
		{"session.timeout.ms", session},
		{"heartbeat.interval.ms", heartbeat},
		{"max.poll.interval.ms", interval},
		{"queued.min.messages", queue},
#if RD_KAFKA_VERSION >= 0x020200ff
		{"fetch.queue.backoff.ms", "10"}, /* see wake_fetcher */
#endif
		/* A partition that is put back waits until the fetch that is on its way returns: half a second by default, and
		 * with clock = event, where inputs wait for what is due before them, for each batch. */
		{"fetch.wait.max.ms", "50"},
		{k->group_instance_id ? "group.instance.id" : NULL, k->group_instance_id},
		{NULL, NULL},
	};
	rd_kafka_conf_t *conf = NULL;
	int rc = fnl_kafka_conf(k->conf, own, &k->watch_consumer, &conf, why);
	if (rc) {
		return rc;
	}
	rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	rc = fnl_kafka_handle(RD_KAFKA_CONSUMER, conf, &k->consumer, why);
	if (rc) {
		return rc;
	}
	rd_kafka_poll_set_consumer(k->consumer);
	return 0;
}

/* At the first poll, not before: whoever does not poll must not take part. */
static int poll_join(struct fnl_kafka_log *k)
{
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(topics, k->input_topic, RD_KAFKA_PARTITION_UA);
	rd_kafka_resp_err_t err = rd_kafka_subscribe(k->consumer, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	if (err) {
		return fnl_fail(&k->story, FNL_E_ARGUMENT, "cannot subscribe to %s: %s", k->input_topic, rd_kafka_err2str(err));
	}
	k->joined = true;
	return 0;
}

void fnl_kafka_consumer_close(struct fnl_kafka_log *k)
{
	if (k->committed_list) {
		rd_kafka_topic_partition_list_destroy(k->committed_list);
		k->committed_list = NULL;
	}
	fnl_kafka_batch_deinit(&k->batch);
	if (k->consumer) {
		/* A static member never leaves (KIP-345: the client sends no LeaveGroup for it, the broker keeps its partitions
		 * until session.timeout.ms): nobody is asked then. */
		consumer_forget(k);
		fnl_kafka_consumer_end(k->consumer);
		k->consumer = NULL;
	}
	if (k->bounds_reader) {
		rd_kafka_destroy(k->bounds_reader);
		k->bounds_reader = NULL;
	}
	consumer_forget(k);
	k->partitions = fnl_free(k->partitions);
	k->assigned = fnl_free(k->assigned);
	k->partition_count = 0;
}

int fnl_kafka_consumer_renew(struct fnl_kafka_log *k)
{
	fnl_kafka_batch_clear(&k->batch);
	consumer_forget(k);
	k->rebalances++;
	k->rebalance_untold = true;
	k->joined = false;
	fnl_kafka_consumer_end(k->consumer);
	k->consumer = NULL;
	return fnl_kafka_consumer_open(k, &k->story);
}

static int poll_fatal(struct fnl_kafka_log *k)
{
	char text[FNL_KAFKA_TEXT_BYTES_MAX];
	rd_kafka_resp_err_t err = rd_kafka_fatal_error(k->consumer, text, sizeof(text));
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
		return 0;
	}
	consumer_forget(k);
	if (err == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID) {
		return fnl_fail(&k->story, FNL_E_FENCED_INSTANCE, "group %s: a newer worker runs as group.instance.id %s: %s",
		                k->group, k->group_instance_id ? k->group_instance_id : "", text);
	}
	return fnl_fail(&k->story, FNL_E_IO, "group %s: the consumer cannot go on: %s: %s", k->group,
	                rd_kafka_err2name(err), text);
}

static int poll_error(struct fnl_kafka_log *k, const rd_kafka_message_t *m)
{
	int rc = poll_fatal(k);
	if (rc) {
		return rc;
	}
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		return 0;
	}
	rc = fnl_kafka_status(m->err);
	return fnl_fail(&k->story, rc, "group %s, topic %s: %s", k->group, k->input_topic, rd_kafka_message_errstr(m));
}

/* A record below the offset that was asked for: the client found that offset beyond the end of the log and began again
 * at its start. Everything would be processed anew, so that must not pass. */
static int poll_below(struct fnl_kafka_log *k, const rd_kafka_message_t *m, int64_t expected)
{
	int64_t low = -1, high = -1;
	rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(k->consumer, k->input_topic, m->partition, &low, &high,
	                                                           FNL_KAFKA_COMMITTED_TIMEOUT_MS);
	if (err || high >= expected) {
		return 0;
	}
	return fnl_fail(&k->story, FNL_E_STATE,
	                "topic %s partition %d ends at %lld, below the offset %lld that group %s has committed: the topic "
	                "was cut or made anew",
	                k->input_topic, (int)m->partition, (long long)high, (long long)expected, k->group);
}

/* Takes m. */
static int poll_take(struct fnl_kafka_log *k, rd_kafka_message_t *m)
{
	struct fnl_kafka_partition *p =
		m->partition >= 0 && (size_t)m->partition < k->partition_count ? &k->partitions[m->partition] : NULL;
	int rc = 0;
	if (m->err) {
		rc = poll_error(k, m);
	} else if (p && p->started && m->offset >= p->expected) {
		p->expected = m->offset + 1;
		k->taken_in_a_row++;
		rc = fnl_kafka_batch_add(&k->batch, m);
		return rc ? fnl_fail(&k->story, rc, "no memory for %zu records", k->batch.count) : 0;
	} else if (p && p->started) {
		rc = poll_below(k, m, p->expected);
	}
	rd_kafka_message_destroy(m);
	return rc;
}

/* librdkafka stops fetching when its queue is long, and looks again only after up to a second, or when its broker's
 * thread has something else to do: so it is asked something. From 2.2 on a setting says how soon it looks. */
static void wake_fetcher(struct fnl_kafka_log *k, int32_t partition)
{
	int64_t low, high;
	(void)rd_kafka_query_watermark_offsets(k->consumer, k->input_topic, partition, &low, &high,
	                                       FNL_KAFKA_COMMITTED_TIMEOUT_MS);
}

/* The queue is empty. Had it so much that fetching may have stopped? */
static void queue_empty(struct fnl_kafka_log *k)
{
	if (RD_KAFKA_VERSION < 0x020200ff && k->taken_in_a_row >= QUEUE_RECORDS && k->batch.count) {
		wake_fetcher(k, k->batch.records[k->batch.count - 1].partition);
	}
	k->taken_in_a_row = 0;
}

/* Fills the batch; ends early after a rebalance, whose old records go. */
static int poll_collect(struct fnl_kafka_log *k, size_t records_max, size_t bytes_max, int timeout_ms)
{
	int64_t deadline_ms = fnl_kafka_now_ms() + timeout_ms;
	unsigned seen = k->rebalances;
	while (k->batch.count < records_max && k->batch.bytes < bytes_max) {
		int wait_ms = k->batch.count || k->rebalance_untold ? 0 : fnl_kafka_left_ms(deadline_ms);
		rd_kafka_message_t *m = rd_kafka_consumer_poll(k->consumer, wait_ms);
		if (k->rebalances != seen) {
			seen = k->rebalances;
			fnl_kafka_batch_clear(&k->batch);
		}
		if (!m) {
			queue_empty(k);
			if (wait_ms == 0 || k->rebalance_untold) {
				break;
			}
			continue;
		}
		int rc = poll_take(k, m);
		if (rc == 0) {
			continue;
		}
		if (k->batch.count == 0 || fnl_status_class(rc) == FNL_CLASS_STOP) {
			return rc;
		}
		/* What was collected is delivered; a lasting error comes again. */
		fnl_log_line(k->watch_consumer.logger, FNL_WARN, "%s", k->story.text);
		break;
	}
	return 0;
}

static int poll_group(struct fnl_kafka_log *k, size_t records_max, size_t bytes_max, int timeout_ms)
{
	int rc = k->joined ? poll_fatal(k) : poll_join(k);
	if (rc == 0) {
		rc = poll_collect(k, records_max < FNL_KAFKA_RECORDS_MAX ? records_max : FNL_KAFKA_RECORDS_MAX, bytes_max,
		                  timeout_ms);
	}
	if (rc == 0 && k->batch.count == 0) {
		rc = poll_fatal(k);
	}
	return rc == FNL_E_FENCED_INSTANCE ? fnl_kafka_fence_begin(k) : rc;
}

int fnl_kafka_poll(struct fnl_log *l, size_t records_max, size_t bytes_max, int timeout_ms, struct fnl_poll *ret)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	fnl_kafka_batch_clear(&k->batch);
	int rc = k->fence.on ? fnl_kafka_fence_step(k, timeout_ms) : 0;
	if (rc == 0) {
		rc = poll_group(k, records_max, bytes_max, timeout_ms);
	}
	if (rc > 0) {
		rc = 0;
	}
	if (rc == 0 && k->rebalance_no_memory) {
		rc = fnl_fail(&k->story, FNL_E_NOMEM, "no memory for the assignment of group %s", k->group);
	}
	if (rc) {
		return rc;
	}
	*ret = (struct fnl_poll){
		.rebalanced = k->rebalance_untold,
		.joined = k->group_metadata != NULL,
		.assigned = k->assigned,
		.assigned_count = k->assigned_count,
		.records = k->batch.records,
		.record_count = k->batch.count,
	};
	k->rebalance_untold = false;
	return 0;
}

bool fnl_kafka_is_assigned(const struct fnl_kafka_log *k, int32_t partition)
{
	return partition >= 0 && (size_t)partition < k->partition_count && k->partitions[partition].assigned;
}

int64_t fnl_kafka_input_end(struct fnl_log *l, int32_t partition)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	int64_t low = -1, high = -1;
	bool known = k->consumer && !rd_kafka_get_watermark_offsets(k->consumer, k->input_topic, partition, &low, &high);
	return known && high >= 0 ? high : -1;
}

/* The fetcher of a fresh assignment starts in the client's own thread: until then a seek is refused. And librdkafka
 * 2.0.2 takes the milliseconds given for microseconds, so that its time-out says nothing yet: seeking again is
 * harmless, each seek outdates the one before, and only an answered one is believed. */
static rd_kafka_resp_err_t seek(struct fnl_kafka_log *k, rd_kafka_topic_partition_list_t *list, int64_t deadline_ms)
{
	for (;;) {
		list->elems[0].err = RD_KAFKA_RESP_ERR_NO_ERROR;
		int left_ms = fnl_kafka_left_ms(deadline_ms);
		/* 0 would mean: do not wait for the seek to be done. */
		rd_kafka_error_t *e = rd_kafka_seek_partitions(k->consumer, list, left_ms > 0 ? left_ms : 1);
		rd_kafka_resp_err_t err = e ? rd_kafka_error_code(e) : list->elems[0].err;
		rd_kafka_error_destroy(e);
		bool later = err == RD_KAFKA_RESP_ERR__STATE || err == RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS ||
		             err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || err == RD_KAFKA_RESP_ERR__TIMED_OUT;
		if (!later || fnl_kafka_left_ms(deadline_ms) == 0) {
			return later ? RD_KAFKA_RESP_ERR__TIMED_OUT : err;
		}
		fnl_kafka_sleep_ms(2);
	}
}

int fnl_kafka_start(struct fnl_log *l, int32_t partition, int64_t offset)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	if (!fnl_kafka_is_assigned(k, partition)) {
		return fnl_fail(&k->story, FNL_E_NOT_ASSIGNED, "partition %d is not assigned", (int)partition);
	}
	if (offset < 0) {
		return fnl_fail(&k->story, FNL_E_ARGUMENT, "partition %d: offset %lld", (int)partition, (long long)offset);
	}
	struct fnl_kafka_partition *p = &k->partitions[partition];
	p->started = false;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(list, k->input_topic, partition)->offset = offset;
	rd_kafka_resp_err_t err = seek(k, list, fnl_kafka_now_ms() + FNL_KAFKA_START_TIMEOUT_MS);
	if (!err && p->paused) {
		rd_kafka_resume_partitions(k->consumer, list);
		err = list->elems[0].err;
	}
	rd_kafka_topic_partition_list_destroy(list);
	if (err) {
		return fnl_fail(&k->story, fnl_kafka_status(err), "cannot seek topic %s partition %d to %lld: %s",
		                k->input_topic, (int)partition, (long long)offset, rd_kafka_err2str(err));
	}
	*p = (struct fnl_kafka_partition){.assigned = true, .started = true, .paused = false, .expected = offset};
	return 0;
}

int fnl_kafka_stop(struct fnl_log *l, int32_t partition)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	if (!fnl_kafka_is_assigned(k, partition)) {
		return fnl_fail(&k->story, FNL_E_NOT_ASSIGNED, "partition %d is not assigned", (int)partition);
	}
	struct fnl_kafka_partition *p = &k->partitions[partition];
	p->started = false;
	if (!p->paused) {
		rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
		rd_kafka_topic_partition_list_add(list, k->input_topic, partition);
		rd_kafka_pause_partitions(k->consumer, list);
		rd_kafka_topic_partition_list_destroy(list);
		p->paused = true;
	}
	return 0;
}
