/* A connection: opening and closing, the consumer, the restore reader. */
#include "connection.h"

static struct emb_part *input_part(const struct emb_log *c, int32_t partition)
{
	return partition >= 0 && partition < c->input->partition_count ? &c->input->parts[partition] : NULL;
}

/* Joins when the broker does not know this connection (any more). */
static int be_member(struct emb_log *c)
{
	if (c->instance_fenced || (c->member_id && fnl_emb_instance_taken(c->group, c->instance, c->member_id))) {
		c->instance_fenced = true;
		return fnl_fail(&c->error, FNL_E_FENCED_INSTANCE, "group %s: another worker has joined as instance %s",
		                c->group->name, c->instance);
	}
	struct emb_member *m = fnl_emb_member(c->group, c->member_id);
	if (m) {
		m->polled_ms = fnl_emb_now_ms(c->e);
		return 0;
	}
	int rc = fnl_emb_join(c->e, c->group, c->input, c->instance, &c->member_id);
	if (rc == FNL_E_LIMIT) {
		return fnl_fail(&c->error, rc, "group %s has %d members already", c->group->name, EMB_MEMBERS_MAX);
	}
	if (rc != 0) {
		return fnl_fail(&c->error, rc, "group %s: no room for another member", c->group->name);
	}
	c->generation = -1; /* even if the group kept its own: the share must be given out anew */
	return 0;
}

/* Takes the share of the group's present generation; everything starts stopped. */
static void take_share(struct emb_log *c, struct fnl_poll *ret)
{
	int32_t first;
	int32_t count = fnl_emb_share(c->group, fnl_emb_member(c->group, c->member_id), &first);
	memset(c->readings, 0, (size_t)c->input->partition_count * sizeof(*c->readings));
	for (int32_t i = 0; i < count; i++) {
		c->assigned[i] = first + i;
		c->readings[first + i].assigned = true;
	}
	c->assigned_count = (size_t)count;
	c->turn = 0;
	c->generation = c->group->generation;
	*ret = (struct fnl_poll){
		.rebalanced = true, .joined = true, .assigned = c->assigned, .assigned_count = c->assigned_count};
}

static int take_records(struct emb_log *c, size_t records_max, size_t bytes_max, struct fnl_poll *ret)
{
	struct emb_fetch f = {
		.records = &c->records,
		.capacity = &c->record_capacity,
		.records_max = records_max < EMB_BATCH_RECORDS_MAX ? records_max : EMB_BATCH_RECORDS_MAX,
		.bytes_left = bytes_max,
	};
	for (size_t i = 0; i < c->assigned_count && (f.count == 0 || (f.count < f.records_max && f.bytes_left)); i++) {
		int32_t partition = c->assigned[(c->turn + i) % c->assigned_count];
		struct emb_reading *r = &c->readings[partition];
		const struct emb_part *p = &c->input->parts[partition];
		int rc = r->started ? fnl_emb_fetch(p, fnl_emb_lso(p), &r->position, &f) : 0;
		if (rc != 0 && f.count == 0) {
			return fnl_fail(&c->error, rc, "%s: no memory for the records of a poll", c->input->name);
		}
	}
	/* The next poll begins at another partition, so that a busy one does not starve the rest. */
	c->turn = c->assigned_count ? (c->turn + 1) % c->assigned_count : 0;
	*ret = (struct fnl_poll){
		.joined = true,
		.assigned = c->assigned,
		.assigned_count = c->assigned_count,
		.records = c->records,
		.record_count = f.count,
	};
	return 0;
}

static int log_poll(struct fnl_log *l, size_t records_max, size_t bytes_max, int timeout_ms, struct fnl_poll *ret)
{
	struct emb_log *c = fnl_emb_log_of(l);
	pthread_mutex_lock(&c->e->lock);
	int64_t deadline_ms = fnl_emb_now_ms(c->e) + timeout_ms;
	fnl_emb_expire(c->e);
	struct fnl_poll got;
	int rc;
	do {
		rc = be_member(c);
		if (rc == 0 && c->generation != c->group->generation) {
			take_share(c, &got);
			break;
		}
		if (rc == 0) {
			rc = take_records(c, records_max, bytes_max, &got);
		}
	} while (rc == 0 && got.record_count == 0 && fnl_emb_wait(c->e, deadline_ms));
	pthread_mutex_unlock(&c->e->lock);
	if (rc == 0) {
		*ret = got;
	}
	return rc;
}

static int log_start(struct fnl_log *l, int32_t partition, int64_t offset)
{
	struct emb_log *c = fnl_emb_log_of(l);
	if (!input_part(c, partition) || !c->readings[partition].assigned) {
		return fnl_fail(&c->error, FNL_E_NOT_ASSIGNED, "%s [%d] is not assigned", c->input->name, (int)partition);
	}
	if (offset < 0) {
		return fnl_fail(&c->error, FNL_E_ARGUMENT, "%s [%d]: offset %lld", c->input->name, (int)partition,
		                (long long)offset);
	}
	c->readings[partition] = (struct emb_reading){.assigned = true, .started = true, .position = offset};
	return 0;
}

static int64_t log_input_end(struct fnl_log *l, int32_t partition)
{
	struct emb_log *c = fnl_emb_log_of(l);
	const struct emb_part *p = input_part(c, partition);
	if (!p) {
		return -1;
	}
	pthread_mutex_lock(&c->e->lock);
	int64_t end = p->next_offset;
	pthread_mutex_unlock(&c->e->lock);
	return end;
}

static int log_stop(struct fnl_log *l, int32_t partition)
{
	struct emb_log *c = fnl_emb_log_of(l);
	if (!input_part(c, partition) || !c->readings[partition].assigned) {
		return fnl_fail(&c->error, FNL_E_NOT_ASSIGNED, "%s [%d] is not assigned", c->input->name, (int)partition);
	}
	c->readings[partition].started = false;
	return 0;
}

/* Copies the pairs, their metadata too, because the broker's may change as soon as the lock is free. */
static int copy_pairs(struct emb_log *c, struct fnl_committed *pairs, size_t count)
{
	size_t bytes = 0;
	for (size_t i = 0; i < count; i++) {
		const struct emb_offset *at = fnl_emb_group_offset(c->group, c->input, pairs[i].partition);
		if (!at) {
			return FNL_E_NOMEM;
		}
		if (at->pending) {
			return FNL_E_TIMEOUT;
		}
		bytes += at->metadata_bytes;
	}
	int rc = fnl_emb_reserve(&c->metadata, &c->metadata_capacity, bytes + 1, 1);
	if (rc != 0) {
		return rc;
	}
	size_t used = 0;
	for (size_t i = 0; i < count; i++) {
		const struct emb_offset *at = fnl_emb_group_offset(c->group, c->input, pairs[i].partition);
		pairs[i].offset = at->offset;
		pairs[i].metadata = at->metadata_bytes ? fnl_span_of(c->metadata + used, at->metadata_bytes) : FNL_SPAN_NONE;
		if (at->metadata_bytes) {
			memcpy(c->metadata + used, at->metadata, at->metadata_bytes);
		}
		used += at->metadata_bytes;
	}
	return 0;
}

static int log_committed(struct fnl_log *l, struct fnl_committed *pairs, size_t count, int timeout_ms)
{
	struct emb_log *c = fnl_emb_log_of(l);
	for (size_t i = 0; i < count; i++) {
		if (!input_part(c, pairs[i].partition)) {
			return fnl_fail(&c->error, FNL_E_ARGUMENT, "%s has no partition %d", c->input->name,
			                (int)pairs[i].partition);
		}
	}
	pthread_mutex_lock(&c->e->lock);
	int64_t deadline_ms = fnl_emb_now_ms(c->e) + timeout_ms;
	fnl_emb_expire(c->e);
	int rc;
	do {
		rc = copy_pairs(c, pairs, count);
	} while (rc == FNL_E_TIMEOUT && fnl_emb_wait(c->e, deadline_ms));
	pthread_mutex_unlock(&c->e->lock);
	return rc == 0 ? 0 : fnl_fail(&c->error, rc, "group %s: the committed offsets are not stable", c->group->name);
}

static struct emb_part *changelog_part(struct emb_log *c, int32_t partition)
{
	bool has = c->changelog && partition >= 0 && partition < c->changelog->partition_count;
	return has ? &c->changelog->parts[partition] : NULL;
}

static int log_changelog_bounds(struct fnl_log *l, int32_t partition, int64_t *ret_start, int64_t *ret_end,
                                int timeout_ms)
{
	struct emb_log *c = fnl_emb_log_of(l);
	(void)timeout_ms;
	const struct emb_part *p = changelog_part(c, partition);
	if (!p) {
		return fnl_fail(&c->error, FNL_E_ARGUMENT, "the changelog has no partition %d", (int)partition);
	}
	pthread_mutex_lock(&c->e->lock);
	*ret_start = 0;
	*ret_end = p->next_offset;
	pthread_mutex_unlock(&c->e->lock);
	return 0;
}

static void log_restore_close(struct fnl_log *l)
{
	fnl_emb_log_of(l)->restoring = NULL;
}

static int log_restore_open(struct fnl_log *l, int32_t partition, int64_t from_offset)
{
	struct emb_log *c = fnl_emb_log_of(l);
	struct emb_part *p = changelog_part(c, partition);
	if (!p || from_offset < 0) {
		return fnl_fail(&c->error, FNL_E_ARGUMENT, "the changelog has no partition %d, or offset %lld is none",
		                (int)partition, (long long)from_offset);
	}
	c->restoring = p;
	c->restore_position = from_offset;
	return 0;
}

static int log_restore_poll(struct fnl_log *l, size_t records_max, int timeout_ms, struct fnl_restore_chunk *ret)
{
	struct emb_log *c = fnl_emb_log_of(l);
	if (!c->restoring) {
		return fnl_fail(&c->error, FNL_E_ARGUMENT, "no restore is open");
	}
	struct emb_fetch f = {
		.records = &c->restored,
		.capacity = &c->restored_capacity,
		.records_max = records_max < EMB_BATCH_RECORDS_MAX ? records_max : EMB_BATCH_RECORDS_MAX,
		.bytes_left = SIZE_MAX,
	};
	pthread_mutex_lock(&c->e->lock);
	int64_t deadline_ms = fnl_emb_now_ms(c->e) + timeout_ms, before = c->restore_position;
	fnl_emb_expire(c->e);
	int rc;
	do {
		rc = fnl_emb_fetch(c->restoring, fnl_emb_lso(c->restoring), &c->restore_position, &f);
	} while (rc == 0 && c->restore_position == before && fnl_emb_wait(c->e, deadline_ms));
	pthread_mutex_unlock(&c->e->lock);
	if (rc != 0) {
		return fnl_fail(&c->error, rc, "%s: no memory for a restore chunk", c->changelog->name);
	}
	*ret = (struct fnl_restore_chunk){c->restored, f.count, c->restore_position};
	return 0;
}

static const char *log_explain(struct fnl_log *l)
{
	return fnl_emb_log_of(l)->error.text;
}

void fnl_embedded_log_crash(struct fnl_log *l)
{
	if (!l) {
		return;
	}
	struct emb_log *c = fnl_emb_log_of(l);
	fnl_emb_queue_drop(c);
	fnl_free(c->queue);
	fnl_free(c->changelog_next);
	fnl_free(c->outputs);
	fnl_free(c->readings);
	fnl_free(c->assigned);
	fnl_free(c->records);
	fnl_free(c->restored);
	fnl_free(c->metadata);
	fnl_free(c);
}

static void log_close(struct fnl_log *l)
{
	struct emb_log *c = l ? fnl_emb_log_of(l) : NULL;
	if (c && !c->instance[0]) {
		pthread_mutex_lock(&c->e->lock);
		fnl_emb_leave(c->e, c->group, c->member_id);
		pthread_mutex_unlock(&c->e->lock);
	}
	fnl_embedded_log_crash(l);
}

static const struct fnl_log_ops log_ops = {
	.poll = log_poll,
	.start = log_start,
	.stop = log_stop,
	.input_end = log_input_end,
	.committed = log_committed,
	.changelog_bounds = log_changelog_bounds,
	.restore_open = log_restore_open,
	.restore_poll = log_restore_poll,
	.restore_close = log_restore_close,
	.txn_begin = fnl_emb_log_txn_begin,
	.produce = fnl_emb_log_produce,
	.produce_changelog = fnl_emb_log_produce_changelog,
	.flush = fnl_emb_log_flush,
	.changelog_next = fnl_emb_log_changelog_next,
	.send_offsets = fnl_emb_log_send_offsets,
	.txn_commit = fnl_emb_log_txn_commit,
	.txn_abort = fnl_emb_log_txn_abort,
	.producer_reset = fnl_emb_log_producer_reset,
	.producer_is_doubtful = fnl_emb_log_producer_is_doubtful,
	.explain = log_explain,
	.close = log_close,
};

/* Finds topics and group; the broker's lock is held. */
static int bind(struct emb_log *c, const struct fnl_embedded_log_settings *s)
{
	c->input = fnl_emb_topic(c->e, s->input_topic);
	c->changelog = fnl_emb_topic(c->e, s->changelog_topic);
	if (!c->input || (s->changelog_topic && !c->changelog)) {
		return FNL_E_NOT_FOUND;
	}
	if (c->changelog && c->changelog->partition_count != c->input->partition_count) {
		return FNL_E_LAYOUT;
	}
	for (size_t i = 0; i < s->output_topic_count; i++) {
		c->outputs[i] = fnl_emb_topic(c->e, s->output_topics[i]);
		if (!c->outputs[i]) {
			return FNL_E_NOT_FOUND;
		}
	}
	c->output_count = s->output_topic_count;
	return fnl_emb_group(c->e, s->group, &c->group);
}

int fnl_embedded_log_open(struct fnl_embedded *e, const struct fnl_embedded_log_settings *settings,
                          struct fnl_log **ret)
{
	if (settings->output_topic_count > EMB_TOPICS_MAX) {
		return FNL_E_LIMIT;
	}
	struct emb_log *c = fnl_calloc(1, sizeof(*c));
	if (!c) {
		return FNL_E_NOMEM;
	}
	c->base.ops = &log_ops;
	c->e = e;
	c->generation = -1;
	c->outputs = fnl_calloc(settings->output_topic_count + 1, sizeof(struct emb_topic *));
	bool named = (!settings->group_instance_id || fnl_emb_name(settings->group_instance_id, c->instance)) &&
	             (!settings->transactional_id || fnl_emb_name(settings->transactional_id, c->transactional_id));
	int rc = !c->outputs ? FNL_E_NOMEM : !named ? FNL_E_ARGUMENT : 0;
	if (rc == 0) {
		pthread_mutex_lock(&e->lock);
		rc = bind(c, settings);
		pthread_mutex_unlock(&e->lock);
	}
	if (rc == 0) {
		size_t n = (size_t)c->input->partition_count;
		c->readings = fnl_calloc(n, sizeof(*c->readings));
		c->assigned = fnl_calloc(n, sizeof(*c->assigned));
		c->changelog_next = fnl_calloc(n, sizeof(*c->changelog_next));
		rc = c->readings && c->assigned && c->changelog_next ? 0 : FNL_E_NOMEM;
	}
	if (rc != 0) {
		fnl_embedded_log_crash(&c->base);
		return rc;
	}
	*ret = &c->base;
	return 0;
}
