/* A connection's transactional producer. Records wait in the connection until they are flushed, as in a client of a
 * real broker; offsets go at once. */
#include "connection.h"

/* The broker's answer as the class that the port promises: a wait that ended says nothing about the outcome. */
static int refused(struct emb_log *c, int rc, const char *what)
{
	switch (rc) {
	case FNL_E_FENCED_PRODUCER:
		return fnl_fail(&c->error, rc, "%s: a newer producer has the transactional id %s, or the transaction timed out",
		                what, c->transactional_id);
	case FNL_E_TIMEOUT:
		return fnl_fail(&c->error, FNL_E_TXN_UNKNOWN, "%s: the last transaction of %s is not complete in time", what,
		                c->transactional_id);
	case FNL_E_NOT_ASSIGNED:
		c->must_abort = true;
		return fnl_fail(&c->error, rc, "%s: generation %d of group %s is over for this worker", what,
		                (int)c->generation, c->group->name);
	default:
		c->must_abort = true;
		return fnl_fail(&c->error, FNL_E_TXN_ABORTABLE, "%s: %s", what, fnl_status_text(rc));
	}
}

static int no_txn(struct emb_log *c, const char *what)
{
	if (!c->producer) {
		return fnl_fail(&c->error, FNL_E_TXN_UNKNOWN, "%s: there is no producer, it must be made anew", what);
	}
	return fnl_fail(&c->error, FNL_E_TXN_ABORTABLE, "%s: no transaction was begun", what);
}

void fnl_emb_queue_drop(struct emb_log *c)
{
	for (size_t i = 0; i < c->queue_count; i++) {
		fnl_free(c->queue[i].record.blob);
	}
	c->queue_count = 0;
}

int fnl_emb_log_txn_begin(struct fnl_log *l)
{
	struct emb_log *c = fnl_emb_log_of(l);
	if (!c->producer || c->in_txn) {
		return c->in_txn ? fnl_fail(&c->error, FNL_E_TXN_ABORTABLE, "begin: a transaction is open already")
		                 : no_txn(c, "begin");
	}
	c->in_txn = true;
	c->must_abort = false;
	for (int32_t i = 0; c->changelog && i < c->changelog->partition_count; i++) {
		c->changelog_next[i] = -1;
	}
	return 0;
}

static int enqueue(struct emb_log *c, struct emb_topic *t, struct emb_part *part, struct fnl_span key,
                   struct fnl_span value, const struct fnl_header *headers, size_t header_count)
{
	if (!c->in_txn) {
		return no_txn(c, "produce");
	}
	if (t->cleanup == FNL_CLEANUP_COMPACT && fnl_span_is_none(key)) {
		return refused(c, FNL_E_INVALID, "produce without a key to a compacted topic");
	}
	int rc = c->queue_count < EMB_QUEUE_RECORDS_MAX ? 0 : FNL_E_LIMIT;
	if (rc == 0) {
		rc = fnl_emb_reserve(&c->queue, &c->queue_capacity, c->queue_count + 1, sizeof(*c->queue));
	}
	if (rc == 0) {
		rc = fnl_emb_record_make(key, value, headers, header_count, &c->queue[c->queue_count].record);
	}
	if (rc != 0) {
		return refused(c, rc, "produce");
	}
	c->queue[c->queue_count++].part = part; /* NULL: by key, once the lock is held */
	return 0;
}

int fnl_emb_log_produce(struct fnl_log *l, size_t topic, int32_t partition, struct fnl_span key, struct fnl_span value,
                        const struct fnl_header *headers, size_t header_count)
{
	struct emb_log *c = fnl_emb_log_of(l);
	if (topic >= c->output_count) {
		return fnl_fail(&c->error, FNL_E_ARGUMENT, "there is no output topic %zu", topic);
	}
	struct emb_topic *t = c->outputs[topic];
	if (partition == FNL_PARTITION_EVERY) {
		int rc = 0;
		for (int32_t i = 0; rc == 0 && i < t->partition_count; i++) {
			rc = enqueue(c, t, &t->parts[i], key, value, headers, header_count);
		}
		return rc;
	}
	if (partition != FNL_PARTITION_BY_KEY) {
		bool fits = partition >= 0 && partition < t->partition_count;
		return fits ? enqueue(c, t, &t->parts[partition], key, value, headers, header_count)
		            : fnl_fail(&c->error, FNL_E_ARGUMENT, "%s has no partition %d", t->name, (int)partition);
	}
	pthread_mutex_lock(&c->e->lock); /* records without key share a counter */
	struct emb_part *part = fnl_emb_part_of_key(t, key);
	pthread_mutex_unlock(&c->e->lock);
	return enqueue(c, t, part, key, value, headers, header_count);
}

int fnl_emb_log_produce_changelog(struct fnl_log *l, int32_t partition, struct fnl_span key, struct fnl_span value)
{
	struct emb_log *c = fnl_emb_log_of(l);
	if (!c->changelog || partition < 0 || partition >= c->changelog->partition_count) {
		return fnl_fail(&c->error, FNL_E_ARGUMENT, "the changelog has no partition %d", (int)partition);
	}
	return enqueue(c, c->changelog, &c->changelog->parts[partition], key, value, NULL, 0);
}

/* 0 when the transaction may go on at the broker. The lock is held. */
static int ready(struct emb_log *c, int timeout_ms)
{
	int64_t deadline_ms = fnl_emb_now_ms(c->e) + timeout_ms;
	fnl_emb_expire(c->e);
	int rc;
	do {
		rc = fnl_emb_txn_ready(c->producer, c->epoch);
	} while (rc == FNL_E_TIMEOUT && fnl_emb_wait(c->e, deadline_ms));
	return rc;
}

static int send_queue(struct emb_log *c, int timeout_ms)
{
	int rc = c->queue_count ? ready(c, timeout_ms) : fnl_emb_txn_ready(c->producer, c->epoch);
	if (rc != 0) {
		return c->queue_count || rc == FNL_E_FENCED_PRODUCER ? rc : 0;
	}
	size_t sent = 0;
	for (; rc == 0 && sent < c->queue_count; sent++) {
		struct emb_queued *q = &c->queue[sent];
		rc = fnl_emb_txn_append(c->e, c->producer, q->part, &q->record);
		if (rc != 0) {
			break;
		}
		if (q->part->topic == c->changelog) {
			c->changelog_next[q->part->index] = q->record.offset + 1;
		}
	}
	if (sent) {
		memmove(c->queue, c->queue + sent, (c->queue_count - sent) * sizeof(*c->queue));
	}
	c->queue_count -= sent;
	return rc;
}

int fnl_emb_log_flush(struct fnl_log *l, int timeout_ms)
{
	struct emb_log *c = fnl_emb_log_of(l);
	if (!c->in_txn) {
		return no_txn(c, "flush");
	}
	if (c->queue_count == 0) {
		return 0;
	}
	pthread_mutex_lock(&c->e->lock);
	int rc = send_queue(c, timeout_ms);
	pthread_mutex_unlock(&c->e->lock);
	return rc == 0 ? 0 : refused(c, rc, "flush");
}

int64_t fnl_emb_log_changelog_next(struct fnl_log *l, int32_t partition)
{
	struct emb_log *c = fnl_emb_log_of(l);
	bool has = c->changelog && partition >= 0 && partition < c->changelog->partition_count;
	return has ? c->changelog_next[partition] : -1;
}

static int add_offsets(struct emb_log *c, const struct fnl_commit *commits, size_t count, int timeout_ms)
{
	int rc = ready(c, timeout_ms);
	/* What counts is the member and generation of the assignment that poll gave, not what the group has now. */
	if (rc == 0 &&
	    (c->instance_fenced || c->generation != c->group->generation || !fnl_emb_member(c->group, c->member_id))) {
		rc = FNL_E_NOT_ASSIGNED;
	}
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct emb_offset *at = fnl_emb_group_offset(c->group, c->input, commits[i].partition);
		rc = at ? fnl_emb_txn_offset(c->e, c->producer, c->group, at, &commits[i]) : FNL_E_NOMEM;
	}
	return rc;
}

int fnl_emb_log_send_offsets(struct fnl_log *l, const struct fnl_commit *commits, size_t count, int timeout_ms)
{
	struct emb_log *c = fnl_emb_log_of(l);
	if (!c->in_txn) {
		return no_txn(c, "send offsets");
	}
	for (size_t i = 0; i < count; i++) {
		int32_t partition = commits[i].partition;
		if (partition < 0 || partition >= c->input->partition_count || !c->readings[partition].assigned) {
			return refused(c, FNL_E_NOT_ASSIGNED, "send offsets");
		}
		if (commits[i].offset < 0 || commits[i].metadata.len > EMB_METADATA_BYTES_MAX) {
			return refused(c, FNL_E_LIMIT, "send offsets");
		}
	}
	pthread_mutex_lock(&c->e->lock);
	int rc = add_offsets(c, commits, count, timeout_ms);
	pthread_mutex_unlock(&c->e->lock);
	return rc == 0 ? 0 : refused(c, rc, "send offsets");
}

void fnl_embedded_log_hold_end(struct fnl_log *l)
{
	fnl_emb_log_of(l)->hold_end = true;
}

/* Asks the broker to decide; the lock is held. */
static int end_txn(struct emb_log *c, bool commit)
{
	bool hold = c->hold_end;
	c->hold_end = false;
	if (hold && fnl_emb_txn_hold(c->e, c->producer, c->epoch, commit)) {
		return FNL_E_TIMEOUT;
	}
	return fnl_emb_txn_end(c->e, c->producer, c->epoch, commit);
}

int fnl_emb_log_txn_commit(struct fnl_log *l, int timeout_ms)
{
	struct emb_log *c = fnl_emb_log_of(l);
	if (!c->in_txn) {
		return no_txn(c, "commit");
	}
	if (c->must_abort) {
		return fnl_fail(&c->error, FNL_E_TXN_ABORTABLE, "commit: an earlier call of this transaction failed");
	}
	pthread_mutex_lock(&c->e->lock);
	fnl_emb_expire(c->e);
	int rc = send_queue(c, timeout_ms);
	if (rc == 0) {
		rc = end_txn(c, true);
	}
	pthread_mutex_unlock(&c->e->lock);
	if (rc != 0) {
		return refused(c, rc, "commit");
	}
	c->in_txn = false;
	return 0;
}

int fnl_emb_log_txn_abort(struct fnl_log *l, int timeout_ms)
{
	struct emb_log *c = fnl_emb_log_of(l);
	(void)timeout_ms;
	if (!c->in_txn) {
		return no_txn(c, "abort");
	}
	fnl_emb_queue_drop(c);
	pthread_mutex_lock(&c->e->lock);
	fnl_emb_expire(c->e);
	int rc = end_txn(c, false);
	pthread_mutex_unlock(&c->e->lock);
	if (rc != 0) {
		return refused(c, rc, "abort");
	}
	c->in_txn = false;
	return 0;
}

int fnl_emb_log_producer_reset(struct fnl_log *l, int timeout_ms)
{
	struct emb_log *c = fnl_emb_log_of(l);
	if (!c->transactional_id[0]) {
		return fnl_fail(&c->error, FNL_E_ARGUMENT, "this connection has no transactional id");
	}
	fnl_emb_queue_drop(c);
	c->producer = NULL;
	c->in_txn = false;
	pthread_mutex_lock(&c->e->lock);
	int64_t deadline_ms = fnl_emb_now_ms(c->e) + timeout_ms;
	fnl_emb_expire(c->e);
	int rc;
	do {
		rc = fnl_emb_producer_init(c->e, c->transactional_id, &c->producer, &c->epoch);
	} while (rc == FNL_E_TIMEOUT && fnl_emb_wait(c->e, deadline_ms));
	pthread_mutex_unlock(&c->e->lock);
	if (rc == FNL_E_LIMIT) {
		return fnl_fail(&c->error, rc, "init transactions of %s: there are %d producers already", c->transactional_id,
		                EMB_PRODUCERS_MAX);
	}
	return rc == 0 ? 0
	               : fnl_fail(&c->error, rc, "init transactions of %s: %s", c->transactional_id, fnl_status_text(rc));
}

bool fnl_emb_log_producer_is_doubtful(struct fnl_log *l)
{
	(void)l;
	return false;
}
