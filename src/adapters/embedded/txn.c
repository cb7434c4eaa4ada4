/* Transactions:
 *
 *   NONE --first record or offset--> ONGOING --commit--> PREPARE_COMMIT --all markers written--> NONE
 *                                       '----abort, time-out, newer producer--> PREPARE_ABORT ------^
 *
 * A decision is final at once; each partition (and the group's offsets) learns it by its own marker, maybe much later.
 */
#include <stdio.h>

#include "broker.h"

static struct emb_producer *find(const struct fnl_embedded *e, const char *id)
{
	for (size_t i = 0; i < e->producer_count; i++) {
		if (strcmp(e->producers[i]->id, id) == 0) {
			return e->producers[i];
		}
	}
	return NULL;
}

static void drop_offsets(struct emb_producer *p, const struct emb_group *g)
{
	size_t kept = 0;
	for (size_t i = 0; i < p->offset_count; i++) {
		if (g && p->offsets[i].group != g) {
			p->offsets[kept++] = p->offsets[i];
		} else {
			p->offsets[i].at->pending--;
			fnl_free(p->offsets[i].metadata);
		}
	}
	p->offset_count = kept;
}

/* The marker has reached the offsets of the group. */
static void settle_offsets(struct emb_producer *p, const struct emb_group *g, bool commit)
{
	for (size_t i = 0; commit && i < p->offset_count; i++) {
		struct emb_txn_offset *o = &p->offsets[i];
		if (o->group == g) {
			char *old = o->at->metadata;
			o->at->offset = o->offset;
			o->at->metadata = o->metadata;
			o->at->metadata_bytes = o->metadata_bytes;
			o->metadata = old;
		}
	}
	drop_offsets(p, g);
}

static void deliver(struct fnl_embedded *e, size_t which)
{
	struct emb_marker m = e->markers[which];
	memmove(&e->markers[which], &e->markers[which + 1], (e->marker_count - which - 1) * sizeof(m));
	e->marker_count--;
	e->marker_promised--;
	bool commit = m.producer->state == EMB_TXN_PREPARE_COMMIT;
	if (m.part) {
		fnl_emb_append_marker(e, m.part, m.producer, commit);
	} else {
		settle_offsets(m.producer, m.group, commit);
	}
	if (--m.producer->markers_left == 0) {
		m.producer->state = EMB_TXN_NONE;
	}
	fnl_emb_changed(e);
}

static void add_marker(struct fnl_embedded *e, struct emb_producer *p, struct emb_part *part, struct emb_group *g)
{
	e->markers[e->marker_count++] = (struct emb_marker){p, part, g};
	p->markers_left++;
}

static bool is_first_of_group(const struct emb_producer *p, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (p->offsets[i].group == p->offsets[at].group) {
			return false;
		}
	}
	return true;
}

/* The room for the markers was promised when the partitions joined the transaction. */
static void decide(struct fnl_embedded *e, struct emb_producer *p, bool commit)
{
	p->state = commit ? EMB_TXN_PREPARE_COMMIT : EMB_TXN_PREPARE_ABORT;
	size_t first = e->marker_count;
	for (size_t i = 0; i < p->part_count; i++) {
		add_marker(e, p, p->parts[i], NULL);
	}
	for (size_t i = 0; i < p->offset_count; i++) {
		if (is_first_of_group(p, i)) {
			add_marker(e, p, NULL, p->offsets[i].group);
		}
	}
	p->part_count = 0;
	while (!e->settings.manual_markers && e->marker_count > first) {
		deliver(e, first);
	}
}

static int producer_make(struct fnl_embedded *e, const char *id, struct emb_producer **ret)
{
	if (e->producer_count == EMB_PRODUCERS_MAX) {
		return FNL_E_LIMIT;
	}
	struct emb_producer *p = fnl_calloc(1, sizeof(*p));
	if (!p) {
		return FNL_E_NOMEM;
	}
	snprintf(p->id, sizeof(p->id), "%s", id);
	e->producers[e->producer_count++] = p;
	*ret = p;
	return 0;
}

int fnl_emb_producer_init(struct fnl_embedded *e, const char *id, struct emb_producer **ret, int32_t *ret_epoch)
{
	struct emb_producer *p = find(e, id);
	if (!p) {
		int rc = producer_make(e, id, &p);
		if (rc != 0) {
			return rc;
		}
	}
	if (p->state == EMB_TXN_ONGOING) {
		p->epoch++;
		decide(e, p, false);
	}
	if (p->state != EMB_TXN_NONE) {
		return FNL_E_TIMEOUT;
	}
	*ret_epoch = ++p->epoch;
	*ret = p;
	return 0;
}

int fnl_emb_txn_ready(const struct emb_producer *p, int32_t epoch)
{
	if (p->epoch != epoch) {
		return FNL_E_FENCED_PRODUCER;
	}
	return p->state == EMB_TXN_PREPARE_COMMIT || p->state == EMB_TXN_PREPARE_ABORT ? FNL_E_TIMEOUT : 0;
}

static int promise_marker(struct fnl_embedded *e)
{
	return fnl_emb_reserve(&e->markers, &e->marker_capacity, e->marker_promised + 1, sizeof(*e->markers));
}

static void go_on(struct fnl_embedded *e, struct emb_producer *p)
{
	if (p->state == EMB_TXN_NONE) {
		p->state = EMB_TXN_ONGOING;
		p->began_ms = fnl_emb_now_ms(e);
	}
}

int fnl_emb_txn_append(struct fnl_embedded *e, struct emb_producer *p, struct emb_part *part, struct emb_record *r)
{
	bool known = false;
	for (size_t i = 0; i < p->part_count && !known; i++) {
		known = p->parts[i] == part;
	}
	if (known) {
		return fnl_emb_append(e, part, p, r);
	}
	int rc = promise_marker(e);
	if (rc == 0) {
		rc = fnl_emb_reserve(&p->parts, &p->part_capacity, p->part_count + 1, sizeof(struct emb_part *));
	}
	if (rc == 0) {
		rc = fnl_emb_append(e, part, p, r);
	}
	if (rc != 0) {
		return rc;
	}
	e->marker_promised++;
	p->parts[p->part_count++] = part;
	go_on(e, p);
	return 0;
}

int fnl_emb_txn_offset(struct fnl_embedded *e, struct emb_producer *p, struct emb_group *g, struct emb_offset *at,
                       const struct fnl_commit *commit)
{
	int rc = promise_marker(e);
	if (rc == 0) {
		rc = fnl_emb_reserve(&p->offsets, &p->offset_capacity, p->offset_count + 1, sizeof(*p->offsets));
	}
	char *metadata = rc == 0 ? fnl_calloc(1, commit->metadata.len + 1) : NULL;
	if (!metadata) {
		return FNL_E_NOMEM;
	}
	if (commit->metadata.len) {
		memcpy(metadata, commit->metadata.data, commit->metadata.len);
	}
	struct emb_txn_offset *o = NULL;
	for (size_t i = 0; i < p->offset_count && !o; i++) {
		o = p->offsets[i].at == at ? &p->offsets[i] : NULL;
	}
	if (o) {
		fnl_free(o->metadata);
	} else {
		o = &p->offsets[p->offset_count++];
		*o = (struct emb_txn_offset){.group = g, .at = at};
		at->pending++;
		e->marker_promised += is_first_of_group(p, p->offset_count - 1) ? 1 : 0;
	}
	o->offset = commit->offset;
	o->metadata = metadata;
	o->metadata_bytes = commit->metadata.len;
	go_on(e, p);
	return 0;
}

int fnl_emb_txn_end(struct fnl_embedded *e, struct emb_producer *p, int32_t epoch, bool commit)
{
	if (p->epoch != epoch) {
		return FNL_E_FENCED_PRODUCER;
	}
	if (p->state == EMB_TXN_ONGOING) {
		decide(e, p, commit);
	}
	return 0;
}

bool fnl_emb_txn_hold(struct fnl_embedded *e, struct emb_producer *p, int32_t epoch, bool commit)
{
	if (e->held_count == EMB_HELD_MAX) {
		return false;
	}
	e->held[e->held_count++] = (struct emb_held){p, epoch, commit};
	return true;
}

void fnl_emb_txn_expire(struct fnl_embedded *e, int64_t now_ms)
{
	for (size_t i = 0; i < e->producer_count; i++) {
		struct emb_producer *p = e->producers[i];
		if (p->state == EMB_TXN_ONGOING && now_ms - p->began_ms >= e->settings.txn_timeout_ms) {
			p->epoch++;
			decide(e, p, false);
		}
	}
}

void fnl_emb_producer_free(struct emb_producer *p)
{
	drop_offsets(p, NULL);
	fnl_free(p->offsets);
	fnl_free(p->parts);
	fnl_free(p);
}

size_t fnl_embedded_deliver_marker(struct fnl_embedded *e, size_t which)
{
	pthread_mutex_lock(&e->lock);
	if (which < e->marker_count) {
		deliver(e, which);
	}
	size_t left = e->marker_count;
	pthread_mutex_unlock(&e->lock);
	return left;
}

size_t fnl_embedded_pending_markers(const struct fnl_embedded *e)
{
	struct fnl_embedded *locked = (struct fnl_embedded *)e;
	pthread_mutex_lock(&locked->lock);
	size_t left = e->marker_count;
	pthread_mutex_unlock(&locked->lock);
	return left;
}

size_t fnl_embedded_deliver_held(struct fnl_embedded *e, size_t which)
{
	pthread_mutex_lock(&e->lock);
	if (which < e->held_count) {
		struct emb_held h = e->held[which];
		e->held[which] = e->held[--e->held_count];
		(void)!fnl_emb_txn_end(e, h.producer, h.epoch, h.commit);
	}
	size_t left = e->held_count;
	pthread_mutex_unlock(&e->lock);
	return left;
}

/* At most one transaction that wrote this offset awaits its markers: the next one would have had to wait. */
static const struct emb_txn_offset *decided_commit(const struct fnl_embedded *e, const struct emb_offset *at)
{
	for (size_t i = 0; i < e->producer_count; i++) {
		const struct emb_producer *p = e->producers[i];
		for (size_t k = 0; p->state == EMB_TXN_PREPARE_COMMIT && k < p->offset_count; k++) {
			if (p->offsets[k].at == at) {
				return &p->offsets[k];
			}
		}
	}
	return NULL;
}

void fnl_embedded_decided(struct fnl_embedded *e, const char *group, const char *topic, int32_t partition,
                          int64_t *ret_offset, char ret_metadata[64])
{
	pthread_mutex_lock(&e->lock);
	struct emb_group *g = fnl_emb_group_find(e, group);
	struct emb_topic *t = fnl_emb_topic(e, topic);
	struct emb_offset *at = g && t ? fnl_emb_group_offset(g, t, partition) : NULL;
	const struct emb_txn_offset *pending = at ? decided_commit(e, at) : NULL;
	const char *metadata = pending ? pending->metadata : at ? at->metadata : NULL;
	*ret_offset = pending ? pending->offset : at ? at->offset : -1;
	snprintf(ret_metadata, 64, "%s", metadata ? metadata : "");
	pthread_mutex_unlock(&e->lock);
}
