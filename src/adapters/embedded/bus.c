/* The log as tools see it. */
#include <stdio.h>

#include "broker.h"

enum { CHUNK_RECORDS = 512 };

struct emb_bus {
	struct fnl_bus base;
	struct fnl_embedded *e;
	struct fnl_error error;
	struct fnl_record *chunk;
	size_t chunk_capacity;
};

static struct emb_bus *bus_of(struct fnl_bus *b)
{
	return (struct emb_bus *)(void *)b;
}

static int unknown_topic(struct emb_bus *b, const char *topic)
{
	return fnl_fail(&b->error, FNL_E_NOT_FOUND, "there is no topic %s", topic ? topic : "without a name");
}

static struct emb_topic *topic_make(const struct fnl_topic_spec *spec)
{
	struct emb_topic *t = fnl_calloc(1, sizeof(*t));
	struct emb_part *parts = fnl_calloc((size_t)spec->partition_count, sizeof(*parts));
	if (!t || !parts || !fnl_emb_name(spec->name, t->name)) {
		fnl_free(t);
		fnl_free(parts);
		return NULL;
	}
	t->partition_count = spec->partition_count;
	t->cleanup = spec->cleanup;
	t->parts = parts;
	for (int32_t i = 0; i < spec->partition_count; i++) {
		parts[i].topic = t;
		parts[i].index = i;
	}
	return t;
}

static int create_locked(struct emb_bus *b, const struct fnl_topic_spec *spec)
{
	struct fnl_embedded *e = b->e;
	const struct emb_topic *old = fnl_emb_topic(e, spec->name);
	if (old) {
		if (old->partition_count != spec->partition_count || old->cleanup != spec->cleanup) {
			return fnl_fail(&b->error, FNL_E_LAYOUT, "topic %s exists with %d partitions, %s; wanted are %d, %s",
			                spec->name, (int)old->partition_count,
			                old->cleanup == FNL_CLEANUP_COMPACT ? "compact" : "delete", (int)spec->partition_count,
			                spec->cleanup == FNL_CLEANUP_COMPACT ? "compact" : "delete");
		}
		return 1;
	}
	if (e->topic_count == EMB_TOPICS_MAX) {
		return fnl_fail(&b->error, FNL_E_LIMIT, "there are %d topics already", EMB_TOPICS_MAX);
	}
	struct emb_topic *t = topic_make(spec);
	if (!t) {
		return fnl_fail(&b->error, FNL_E_NOMEM, "no memory for topic %s", spec->name);
	}
	e->topics[e->topic_count++] = t;
	return 0;
}

static int bus_create_topic(struct fnl_bus *base, const struct fnl_topic_spec *spec)
{
	struct emb_bus *b = bus_of(base);
	char name[EMB_NAME_BYTES_MAX + 1];
	if (!fnl_emb_name(spec->name, name) || spec->partition_count < 1 || spec->partition_count > EMB_PARTITIONS_MAX) {
		return fnl_fail(&b->error, FNL_E_ARGUMENT, "a topic needs a name of 1..%d bytes and 1..%d partitions",
		                EMB_NAME_BYTES_MAX, EMB_PARTITIONS_MAX);
	}
	pthread_mutex_lock(&b->e->lock);
	int rc = create_locked(b, spec);
	pthread_mutex_unlock(&b->e->lock);
	return rc;
}

static int bus_describe_topic(struct fnl_bus *base, const char *topic, struct fnl_topic_info *ret)
{
	struct emb_bus *b = bus_of(base);
	pthread_mutex_lock(&b->e->lock);
	const struct emb_topic *t = fnl_emb_topic(b->e, topic);
	ret->partition_count = t ? t->partition_count : 0;
	pthread_mutex_unlock(&b->e->lock);
	return 0;
}

static int bus_cluster_id(struct fnl_bus *base, const char **ret)
{
	*ret = bus_of(base)->e->cluster_id;
	return 0;
}

static int publish_locked(struct emb_bus *b, const char *topic, int32_t partition, struct emb_record *r)
{
	struct emb_topic *t = fnl_emb_topic(b->e, topic);
	if (!t) {
		return unknown_topic(b, topic);
	}
	if (partition < -1 || partition >= t->partition_count) {
		return fnl_fail(&b->error, FNL_E_ARGUMENT, "%s has no partition %d", topic, (int)partition);
	}
	if (t->cleanup == FNL_CLEANUP_COMPACT && fnl_span_is_none(r->key)) {
		return fnl_fail(&b->error, FNL_E_INVALID, "%s is compacted: a record needs a key", topic);
	}
	struct emb_part *p = partition < 0 ? fnl_emb_part_of_key(t, r->key) : &t->parts[partition];
	int rc = fnl_emb_append(b->e, p, NULL, r);
	if (rc != 0) {
		return fnl_fail(&b->error, rc, "no memory for a record of %s", topic);
	}
	fnl_emb_changed(b->e);
	return 0;
}

static int bus_publish(struct fnl_bus *base, const char *topic, int32_t partition, struct fnl_span key,
                       struct fnl_span value, const struct fnl_header *headers, size_t header_count)
{
	struct emb_bus *b = bus_of(base);
	struct emb_record r;
	int rc = fnl_emb_record_make(key, value, headers, header_count, &r);
	if (rc != 0) {
		return fnl_fail(&b->error, rc, "a record for %s: %s", topic, fnl_status_text(rc));
	}
	pthread_mutex_lock(&b->e->lock);
	fnl_emb_expire(b->e);
	rc = publish_locked(b, topic, partition, &r);
	pthread_mutex_unlock(&b->e->lock);
	if (rc != 0) {
		fnl_free(r.blob);
	}
	return rc;
}

static int bus_publish_flush(struct fnl_bus *base, int timeout_ms)
{
	(void)base;
	(void)timeout_ms;
	return 0; /* publish has appended already */
}

/* One partition of a read under way. */
struct cursor {
	struct emb_part *part;
	size_t topic;
	int64_t position;
	int64_t until; /* INT64_MAX: no end */
};

struct reading {
	struct cursor *cursors;
	size_t count;
	fnl_bus_visit visit;
	void *context;
	const volatile bool *stop;
	bool stopped;
	int verdict; /* of visit */
};

static int reading_make(struct emb_bus *b, const char *const *topics, size_t topic_count, bool from_beginning,
                        bool until_end, struct reading *r)
{
	size_t capacity = 0;
	for (size_t i = 0; i < topic_count; i++) {
		struct emb_topic *t = fnl_emb_topic(b->e, topics[i]);
		if (!t) {
			return unknown_topic(b, topics[i]);
		}
		int rc = fnl_emb_reserve(&r->cursors, &capacity, r->count + (size_t)t->partition_count, sizeof(*r->cursors));
		if (rc != 0) {
			return fnl_fail(&b->error, rc, "no memory to read %s", topics[i]);
		}
		for (int32_t k = 0; k < t->partition_count; k++) {
			int64_t end = fnl_emb_lso(&t->parts[k]);
			r->cursors[r->count++] =
				(struct cursor){&t->parts[k], i, from_beginning ? 0 : end, until_end ? end : INT64_MAX};
		}
	}
	return 0;
}

/* One chunk of one partition; *ret_more says whether it may have more just now. visit runs without the lock, so that it
 * may use this very broker. */
static int read_chunk(struct emb_bus *b, struct reading *r, struct cursor *c, bool *ret_more)
{
	struct emb_fetch f = {
		.records = &b->chunk,
		.capacity = &b->chunk_capacity,
		.records_max = CHUNK_RECORDS,
		.bytes_left = SIZE_MAX,
	};
	pthread_mutex_lock(&b->e->lock);
	int64_t lso = fnl_emb_lso(c->part);
	int rc = fnl_emb_fetch(c->part, lso < c->until ? lso : c->until, &c->position, &f);
	pthread_mutex_unlock(&b->e->lock);
	if (rc != 0) {
		return fnl_fail(&b->error, rc, "no memory to read %s", c->part->topic->name);
	}
	*ret_more = f.count > 0;
	for (size_t i = 0; i < f.count && !r->stopped; i++) {
		r->verdict = r->visit(r->context, c->topic, &b->chunk[i]);
		r->stopped = r->verdict != 0 || (r->stop && *r->stop);
	}
	return 0;
}

/* All partitions up to where they end now. */
static int read_round(struct emb_bus *b, struct reading *r, bool *ret_any)
{
	for (size_t i = 0; i < r->count; i++) {
		bool more = true;
		while (more && !r->stopped) {
			int rc = read_chunk(b, r, &r->cursors[i], &more);
			if (rc != 0) {
				return rc;
			}
			*ret_any = *ret_any || more;
		}
	}
	return 0;
}

static int reading_make_key(struct emb_bus *b, const char *topic, struct fnl_span key, struct reading *r)
{
	struct emb_topic *t = fnl_emb_topic(b->e, topic);
	if (!t) {
		return unknown_topic(b, topic);
	}
	size_t capacity = 0;
	int rc = fnl_emb_reserve(&r->cursors, &capacity, 1, sizeof(*r->cursors));
	if (rc != 0) {
		return fnl_fail(&b->error, rc, "no memory to read %s", topic);
	}
	struct emb_part *part = fnl_emb_part_of_key(t, key);
	r->cursors[r->count++] = (struct cursor){part, 0, 0, fnl_emb_lso(part)};
	return 0;
}

static int bus_read_key(struct fnl_bus *base, const char *topic, struct fnl_span key, fnl_bus_visit visit,
                        void *context)
{
	struct emb_bus *b = bus_of(base);
	struct reading r = {.visit = visit, .context = context};
	bool any = false;
	pthread_mutex_lock(&b->e->lock);
	fnl_emb_expire(b->e);
	int rc = reading_make_key(b, topic, key, &r);
	pthread_mutex_unlock(&b->e->lock);
	rc = rc ? rc : read_round(b, &r, &any);
	fnl_free(r.cursors);
	return rc != 0 ? rc : r.verdict < 0 ? r.verdict : 0;
}

static int bus_read(struct fnl_bus *base, const char *const *topics, size_t topic_count, bool from_beginning,
                    bool until_end, const volatile bool *stop, fnl_bus_visit visit, void *context)
{
	struct emb_bus *b = bus_of(base);
	struct reading r = {.visit = visit, .context = context, .stop = stop};
	pthread_mutex_lock(&b->e->lock);
	fnl_emb_expire(b->e);
	int rc = reading_make(b, topics, topic_count, from_beginning, until_end, &r);
	pthread_mutex_unlock(&b->e->lock);
	while (rc == 0 && !r.stopped) {
		bool any = false;
		rc = read_round(b, &r, &any);
		if (rc != 0 || until_end || (stop && *stop)) {
			break;
		}
		if (!any) {
			pthread_mutex_lock(&b->e->lock);
			bool waited = fnl_emb_wait(b->e, INT64_MAX / 2);
			pthread_mutex_unlock(&b->e->lock);
			if (!waited) {
				break; /* time is manual: nothing can come while the only thread waits */
			}
		}
	}
	fnl_free(r.cursors);
	return rc != 0 ? rc : r.verdict < 0 ? r.verdict : 0;
}

static bool has_record(const struct emb_part *p, int64_t from, int64_t end)
{
	for (size_t i = fnl_emb_seek(p, from); i < p->count && p->records[i].offset < end; i++) {
		if (p->records[i].kind == EMB_DATA && !p->records[i].aborted) {
			return true;
		}
	}
	return false;
}

static int lag_locked(struct emb_bus *b, const char *group, const char *topic, struct fnl_partition_lag *ret,
                      size_t count)
{
	struct emb_topic *t = fnl_emb_topic(b->e, topic);
	if (!t) {
		return unknown_topic(b, topic);
	}
	if (count != (size_t)t->partition_count) {
		return fnl_fail(&b->error, FNL_E_ARGUMENT, "%s has %d partitions", topic, (int)t->partition_count);
	}
	struct emb_group *g = fnl_emb_group_find(b->e, group);
	for (int32_t i = 0; i < t->partition_count; i++) {
		const struct emb_offset *at = g ? fnl_emb_group_offset(g, t, i) : NULL;
		if (g && !at) {
			return fnl_fail(&b->error, FNL_E_NOMEM, "no memory for the offsets of %s", group);
		}
		const struct emb_part *p = &t->parts[i];
		struct fnl_partition_lag l = {.partition = i, .committed = at ? at->offset : -1, .end = fnl_emb_lso(p)};
		l.behind = has_record(p, l.committed, l.end) || l.end < p->next_offset;
		if (at && at->metadata) {
			snprintf(l.metadata, sizeof(l.metadata), "%s", at->metadata);
		}
		ret[i] = l;
	}
	return 0;
}

static int bus_lag(struct fnl_bus *base, const char *group, const char *topic, struct fnl_partition_lag *ret,
                   size_t partition_count)
{
	struct emb_bus *b = bus_of(base);
	pthread_mutex_lock(&b->e->lock);
	fnl_emb_expire(b->e);
	int rc = lag_locked(b, group, topic, ret, partition_count);
	pthread_mutex_unlock(&b->e->lock);
	return rc;
}

static int set_locked(struct emb_bus *b, const char *group, const char *topic, int32_t partition, int64_t offset,
                      const char *metadata)
{
	struct emb_topic *t = fnl_emb_topic(b->e, topic);
	if (!t) {
		return unknown_topic(b, topic);
	}
	struct fnl_span text = fnl_span_str(metadata);
	if (partition < 0 || partition >= t->partition_count || offset < 0 || text.len > EMB_METADATA_BYTES_MAX) {
		return fnl_fail(&b->error, FNL_E_ARGUMENT, "%s [%d] cannot stand at %lld", topic, (int)partition,
		                (long long)offset);
	}
	struct emb_group *g;
	int rc = fnl_emb_group(b->e, group, &g);
	if (rc == FNL_E_LIMIT) {
		return fnl_fail(&b->error, rc, "group %s: there are %d groups already", group, EMB_GROUPS_MAX);
	}
	if (rc != 0) {
		return fnl_fail(&b->error, rc, "group %s: %s", group ? group : "without a name", fnl_status_text(rc));
	}
	if (g->member_count) {
		return fnl_fail(&b->error, FNL_E_STATE, "group %s has %zu members: stop them first", group, g->member_count);
	}
	struct emb_offset *at = fnl_emb_group_offset(g, t, partition);
	rc = at ? fnl_emb_offset_set(at, offset, text) : FNL_E_NOMEM;
	return rc == 0 ? 0 : fnl_fail(&b->error, rc, "no memory for the offsets of %s", group);
}

static int bus_set_committed(struct fnl_bus *base, const char *group, const char *topic, int32_t partition,
                             int64_t offset, const char *metadata)
{
	struct emb_bus *b = bus_of(base);
	pthread_mutex_lock(&b->e->lock);
	fnl_emb_expire(b->e);
	int rc = set_locked(b, group, topic, partition, offset, metadata);
	fnl_emb_changed(b->e);
	pthread_mutex_unlock(&b->e->lock);
	return rc;
}

static const char *bus_explain(struct fnl_bus *base)
{
	return bus_of(base)->error.text;
}

static void bus_close(struct fnl_bus *base)
{
	if (base) {
		fnl_free(bus_of(base)->chunk);
		fnl_free(base);
	}
}

static const struct fnl_bus_ops bus_ops = {
	.create_topic = bus_create_topic,
	.describe_topic = bus_describe_topic,
	.cluster_id = bus_cluster_id,
	.publish = bus_publish,
	.publish_flush = bus_publish_flush,
	.read = bus_read,
	.read_key = bus_read_key,
	.lag = bus_lag,
	.set_committed = bus_set_committed,
	.explain = bus_explain,
	.close = bus_close,
};

int fnl_embedded_bus_open(struct fnl_embedded *e, struct fnl_bus **ret)
{
	struct emb_bus *b = fnl_calloc(1, sizeof(*b));
	if (!b) {
		return FNL_E_NOMEM;
	}
	b->base.ops = &bus_ops;
	b->e = e;
	*ret = &b->base;
	return 0;
}
