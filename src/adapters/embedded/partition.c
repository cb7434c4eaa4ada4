/* Partitions: records, markers, the last stable offset, compaction. */
#include "broker.h"

#include "funneld/base/map.h"

static size_t record_bytes(struct fnl_span key, struct fnl_span value, const struct fnl_header *headers, size_t count)
{
	size_t bytes = key.len + value.len;
	for (size_t i = 0; i < count; i++) {
		bytes += headers[i].name.len + headers[i].value.len;
	}
	return bytes;
}

/* Copies s to *at and moves it on; absent stays absent and empty stays empty. */
static struct fnl_span place(uint8_t **at, struct fnl_span s)
{
	if (fnl_span_is_none(s)) {
		return FNL_SPAN_NONE;
	}
	struct fnl_span copy = fnl_span_of(*at, s.len);
	if (s.len) {
		memcpy(*at, s.data, s.len);
	}
	*at += s.len;
	return copy;
}

int fnl_emb_record_make(struct fnl_span key, struct fnl_span value, const struct fnl_header *headers,
                        size_t header_count, struct emb_record *ret)
{
	if (header_count > EMB_HEADERS_MAX) {
		return FNL_E_LIMIT;
	}
	size_t bytes = record_bytes(key, value, headers, header_count);
	if (bytes > EMB_RECORD_BYTES_MAX) {
		return FNL_E_LIMIT;
	}
	/* One byte more, so that an empty span at the end points inside. */
	struct emb_blob *blob = fnl_calloc(1, sizeof(*blob) + header_count * sizeof(*headers) + bytes + 1);
	if (!blob) {
		return FNL_E_NOMEM;
	}
	struct fnl_header *table = (struct fnl_header *)(void *)(blob + 1);
	uint8_t *at = (uint8_t *)(table + header_count);
	*ret = (struct emb_record){.blob = blob, .headers = table, .header_count = (uint32_t)header_count};
	ret->key = place(&at, key);
	ret->value = place(&at, value);
	for (size_t i = 0; i < header_count; i++) {
		table[i].name = place(&at, headers[i].name);
		table[i].value = place(&at, headers[i].value);
	}
	return 0;
}

int64_t fnl_emb_lso(const struct emb_part *p)
{
	return p->open_count ? p->opens[0].first_offset : p->next_offset;
}

size_t fnl_emb_seek(const struct emb_part *p, int64_t offset)
{
	if (offset <= 0) {
		return 0;
	}
	/* Without holes an offset is an index. */
	if (p->count == (size_t)p->next_offset) {
		return (size_t)offset < p->count ? (size_t)offset : p->count;
	}
	size_t low = 0, high = p->count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (p->records[mid].offset < offset) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low;
}

static bool is_open(const struct emb_part *p, const struct emb_producer *producer)
{
	for (size_t i = 0; i < p->open_count; i++) {
		if (p->opens[i].producer == producer) {
			return true;
		}
	}
	return false;
}

int fnl_emb_append(struct fnl_embedded *e, struct emb_part *p, struct emb_producer *producer, struct emb_record *r)
{
	bool opens = producer && !is_open(p, producer);
	size_t open_count = p->open_count + (opens ? 1 : 0);
	int rc = fnl_emb_reserve(&p->opens, &p->open_capacity, open_count, sizeof(*p->opens));
	if (rc == 0) {
		rc = fnl_emb_reserve(&p->records, &p->capacity, p->count + 1 + open_count, sizeof(*p->records));
	}
	if (rc != 0) {
		return rc;
	}
	if (opens) {
		p->opens[p->open_count++] = (struct emb_open){producer, p->next_offset};
	}
	r->offset = p->next_offset++;
	r->timestamp_ms = e->settings.clock->wall_ms(e->settings.clock->context);
	r->producer = producer;
	p->records[p->count++] = *r;
	return 0;
}

void fnl_emb_append_marker(struct fnl_embedded *e, struct emb_part *p, const struct emb_producer *producer, bool commit)
{
	size_t at = 0;
	while (at < p->open_count && p->opens[at].producer != producer) {
		at++;
	}
	if (at == p->open_count) {
		return;
	}
	for (size_t i = fnl_emb_seek(p, p->opens[at].first_offset); !commit && i < p->count; i++) {
		p->records[i].aborted = p->records[i].aborted || p->records[i].producer == producer;
	}
	memmove(&p->opens[at], &p->opens[at + 1], (p->open_count - at - 1) * sizeof(*p->opens));
	p->open_count--;
	p->records[p->count++] = (struct emb_record){
		.offset = p->next_offset++,
		.timestamp_ms = e->settings.clock->wall_ms(e->settings.clock->context),
		.kind = commit ? EMB_COMMIT_MARKER : EMB_ABORT_MARKER,
		.producer = producer,
	};
}

int fnl_emb_fetch(const struct emb_part *p, int64_t limit, int64_t *position, struct emb_fetch *f)
{
	size_t i = fnl_emb_seek(p, *position);
	for (; i < p->count && p->records[i].offset < limit; i++) {
		const struct emb_record *r = &p->records[i];
		if (r->kind != EMB_DATA || r->aborted) {
			*position = r->offset + 1;
			continue;
		}
		size_t bytes = record_bytes(r->key, r->value, r->headers, r->header_count);
		if (f->count >= f->records_max || (f->count && bytes > f->bytes_left)) {
			return 0;
		}
		int rc = fnl_emb_reserve(f->records, f->capacity, f->count + 1, sizeof(**f->records));
		if (rc != 0) {
			return rc;
		}
		f->bytes_left -= bytes < f->bytes_left ? bytes : f->bytes_left;
		(*f->records)[f->count++] = (struct fnl_record){
			.partition = p->index,
			.offset = r->offset,
			.timestamp_ms = r->timestamp_ms,
			.key = r->key,
			.value = r->value,
			.headers = r->headers,
			.header_count = r->header_count,
		};
		*position = r->offset + 1;
	}
	/* All up to the limit was seen, the holes of a compaction included. */
	if (*position < limit) {
		*position = limit;
	}
	return 0;
}

struct compaction {
	struct fnl_map latest;
	struct fnl_map_node *nodes;
	size_t node_count;
	int64_t now_ms;
	int64_t retention_ms;
};

/* A tombstone lives for its time from the first compaction that meets it, which takes what it has deleted (KIP-534): a
 * reader that saw the older value still has so long to see the tombstone. */
static bool is_beyond_horizon(const struct compaction *c, struct emb_record *r)
{
	if (r->horizon_ms == 0) {
		r->horizon_ms = c->now_ms + c->retention_ms;
	}
	return c->now_ms >= r->horizon_ms;
}

/* Records come from the newest to the oldest. */
static int is_kept(struct compaction *c, struct emb_record *r, bool *ret)
{
	if (r->kind != EMB_DATA) {
		*ret = !is_beyond_horizon(c, r);
		return 0;
	}
	if (r->aborted || fnl_map_find(&c->latest, r->key)) {
		*ret = false;
		return 0;
	}
	int rc = fnl_map_insert(&c->latest, &c->nodes[c->node_count++], r->key);
	if (rc == 0) {
		*ret = !fnl_span_is_none(r->value) || !is_beyond_horizon(c, r);
	}
	return rc;
}

static void compact_part(struct fnl_embedded *e, struct emb_part *p, int64_t now_ms, int64_t retention_ms)
{
	size_t end = fnl_emb_seek(p, fnl_emb_lso(p));
	struct compaction c = {.now_ms = now_ms, .retention_ms = retention_ms};
	bool *keep = fnl_calloc(end + 1, sizeof(*keep));
	c.nodes = fnl_calloc(end + 1, sizeof(*c.nodes));
	int rc = keep && c.nodes ? 0 : FNL_E_NOMEM;
	for (size_t i = end; rc == 0 && i > 0; i--) {
		rc = is_kept(&c, &p->records[i - 1], &keep[i - 1]);
	}
	size_t kept = 0;
	for (size_t i = 0; rc == 0 && i < p->count; i++) {
		struct emb_record *r = &p->records[i];
		if (i >= end || keep[i]) {
			p->records[kept++] = *r;
		} else if (r->blob) {
			r->blob->next = e->dropped;
			e->dropped = r->blob;
		}
	}
	p->count = rc == 0 ? kept : p->count;
	fnl_map_deinit(&c.latest);
	fnl_free(c.nodes);
	fnl_free(keep);
}

void fnl_embedded_compact(struct fnl_embedded *e, const char *topic, int64_t delete_retention_ms)
{
	pthread_mutex_lock(&e->lock);
	struct emb_topic *t = fnl_emb_topic(e, topic);
	int64_t now_ms = e->settings.clock->wall_ms(e->settings.clock->context);
	for (int32_t i = 0; t && t->cleanup == FNL_CLEANUP_COMPACT && i < t->partition_count; i++) {
		compact_part(e, &t->parts[i], now_ms, delete_retention_ms);
	}
	pthread_mutex_unlock(&e->lock);
}

static void forget_part(struct emb_part *p)
{
	size_t end = fnl_emb_seek(p, fnl_emb_lso(p));
	for (size_t i = 0; i < end; i++) {
		fnl_free(p->records[i].blob);
	}
	if (end) {
		memmove(p->records, p->records + end, (p->count - end) * sizeof(*p->records));
		p->count -= end;
	}
}

void fnl_embedded_forget(struct fnl_embedded *e, const char *topic)
{
	pthread_mutex_lock(&e->lock);
	struct emb_topic *t = fnl_emb_topic(e, topic);
	for (int32_t i = 0; t && i < t->partition_count; i++) {
		forget_part(&t->parts[i]);
	}
	pthread_mutex_unlock(&e->lock);
}
