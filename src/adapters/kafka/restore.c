/* Reading one changelog partition back, read_committed (engine.md rule 6). The end of a restore is a position, never a
 * record and never an end-of-partition alone: the last offsets below cl may be markers, aborted or compacted away. */
#include "kafka_internal.h"

static int restorer_make(struct fnl_kafka_log *k)
{
	const struct fnl_kafka_pair own[] = {
		{"group.id", k->group}, /* the client wants one; assign() neither joins nor commits */
		{"enable.auto.commit", "false"},
		{"enable.auto.offset.store", "false"},
		{"isolation.level", "read_committed"},
		{"auto.offset.reset", "earliest"},
		{"enable.partition.eof", "true"},
		{"queued.min.messages", "1000000"},
		{"fetch.message.max.bytes", "4194304"},
		/* A broker has one fetch of a connection at a time, and at the end of a partition it keeps it for this long:
	     * for as long the next partition would wait behind the last one. */
		{"fetch.wait.max.ms", "10"},
		{NULL, NULL},
	};
	rd_kafka_conf_t *conf = NULL;
	int rc = fnl_kafka_conf(k->conf, own, &k->watch_restorer, &conf, &k->story);
	if (rc == 0) {
		rc = fnl_kafka_handle(RD_KAFKA_CONSUMER, conf, &k->restorer, &k->story);
	}
	if (rc == 0) {
		rd_kafka_poll_set_consumer(k->restorer);
	}
	return rc;
}

int fnl_kafka_restore_open(struct fnl_log *l, int32_t partition, int64_t from_offset)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	fnl_kafka_restore_close(l);
	if (!k->changelog_topic) {
		return fnl_fail(&k->story, FNL_E_ARGUMENT, "there is no changelog");
	}
	int rc = k->restorer ? 0 : restorer_make(k);
	if (rc) {
		return rc;
	}
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(list, k->changelog_topic, partition)->offset = from_offset;
	rd_kafka_resp_err_t err = rd_kafka_assign(k->restorer, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (err) {
		return fnl_fail(&k->story, fnl_kafka_status(err), "cannot read %s partition %d: %s", k->changelog_topic,
		                (int)partition, rd_kafka_err2str(err));
	}
	k->restore_is_open = true;
	k->restore_partition = partition;
	k->restore_position = from_offset;
	return 0;
}

static int restore_cut(struct fnl_kafka_log *k, int64_t offset)
{
	return fnl_fail(&k->story, FNL_E_STATE,
	                "%s partition %d: offset %lld came where %lld was due: the changelog was cut or made anew",
	                k->changelog_topic, (int)k->restore_partition, (long long)offset, (long long)k->restore_position);
}

/* Takes m. 0 = go on, 1 = end of the partition, < 0 an error. */
static int restore_take(struct fnl_kafka_log *k, rd_kafka_message_t *m)
{
	int rc = 0;
	if (m->partition == k->restore_partition && (!m->err || m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)) {
		/* Below the position: the client did not find the offset and began again at the log's start. */
		if (m->offset < k->restore_position) {
			rc = restore_cut(k, m->offset);
		} else if (m->err) {
			k->restore_position = m->offset;
			rc = 1;
		} else {
			int64_t next = m->offset + 1;
			rc = fnl_kafka_batch_add(&k->restore_batch, m);
			if (rc == 0) {
				k->restore_position = next;
			}
			return rc ? fnl_fail(&k->story, rc, "no memory for a restore chunk") : 0;
		}
	} else if (m->err && m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		rc = fnl_fail(&k->story, fnl_kafka_status(m->err), "reading %s: %s", k->changelog_topic,
		              rd_kafka_message_errstr(m));
	}
	rd_kafka_message_destroy(m);
	return rc;
}

int fnl_kafka_restore_poll(struct fnl_log *l, size_t records_max, int timeout_ms, struct fnl_restore_chunk *ret)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	struct fnl_kafka_batch *b = &k->restore_batch;
	fnl_kafka_batch_clear(b);
	if (!k->restore_is_open) {
		return fnl_fail(&k->story, FNL_E_ARGUMENT, "no restore is open");
	}
	int64_t deadline_ms = fnl_kafka_now_ms() + timeout_ms;
	while (b->count < records_max && b->count < FNL_KAFKA_RECORDS_MAX) {
		int wait_ms = b->count ? 0 : fnl_kafka_left_ms(deadline_ms);
		rd_kafka_message_t *m = rd_kafka_consumer_poll(k->restorer, wait_ms);
		if (!m && wait_ms == 0) {
			break;
		}
		int rc = m ? restore_take(k, m) : 0;
		if (rc > 0) {
			break;
		}
		if (rc < 0 && (b->count == 0 || fnl_status_class(rc) == FNL_CLASS_STOP)) {
			return rc;
		}
	}
	*ret = (struct fnl_restore_chunk){b->records, b->count, k->restore_position};
	return 0;
}

void fnl_kafka_restore_close(struct fnl_log *l)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	fnl_kafka_batch_clear(&k->restore_batch);
	if (k->restore_is_open) {
		rd_kafka_assign(k->restorer, NULL);
		k->restore_is_open = false;
	}
}

void fnl_kafka_restorer_free(struct fnl_kafka_log *k)
{
	fnl_kafka_batch_deinit(&k->restore_batch);
	if (k->restorer) {
		fnl_kafka_consumer_end(k->restorer);
		k->restorer = NULL;
	}
	k->restore_is_open = false;
}
