#include "funneld/base/map.h"

#include "funneld/base/arena.h"

enum { BUCKETS_MIN = 16 };

static uint64_t filter_bit(uint64_t hash)
{
	return UINT64_C(1) << (hash >> 58); /* the low bits choose the bucket */
}

struct fnl_map_node *fnl_map_find_hashed(const struct fnl_map *m, struct fnl_span key, uint64_t hash)
{
	if (m->bucket_count == 0) {
		return NULL;
	}
	const struct fnl_map_bucket *bucket = &m->buckets[hash & (m->bucket_count - 1)];
	if (!(bucket->filter & filter_bit(hash))) {
		return NULL;
	}
	struct fnl_map_node *node = bucket->first;
	while (node && (node->hash != hash || !fnl_span_eq(node->key, key))) {
		node = node->next;
	}
	return node;
}

struct fnl_map_node *fnl_map_find(const struct fnl_map *m, struct fnl_span key)
{
	return m->count ? fnl_map_find_hashed(m, key, fnl_span_hash(key)) : NULL;
}

static void link_node(struct fnl_map_bucket *buckets, size_t bucket_count, struct fnl_map_node *node)
{
	struct fnl_map_bucket *bucket = &buckets[node->hash & (bucket_count - 1)];
	node->next = bucket->first;
	bucket->first = node;
	bucket->filter |= filter_bit(node->hash);
}

static int grow(struct fnl_map *m)
{
	size_t bucket_count = m->bucket_count ? m->bucket_count * 2 : BUCKETS_MIN;
	struct fnl_map_bucket *buckets = fnl_calloc(bucket_count, sizeof(*buckets));
	if (!buckets) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < m->bucket_count; i++) {
		struct fnl_map_node *node = m->buckets[i].first;
		while (node) {
			struct fnl_map_node *next = node->next;
			link_node(buckets, bucket_count, node);
			node = next;
		}
	}
	fnl_free(m->buckets);
	m->buckets = buckets;
	m->bucket_count = bucket_count;
	return FNL_OK;
}

int fnl_map_insert_hashed(struct fnl_map *m, struct fnl_map_node *node, struct fnl_span key, uint64_t hash)
{
	if (m->count >= m->bucket_count) {
		int r = grow(m);
		if (r < 0) {
			return r;
		}
	}
	node->key.data = key.data; /* one by one: together they would wait for the stack */
	node->key.len = key.len;
	node->hash = hash;
	link_node(m->buckets, m->bucket_count, node);
	m->count++;
	return FNL_OK;
}

int fnl_map_insert(struct fnl_map *m, struct fnl_map_node *node, struct fnl_span key)
{
	return fnl_map_insert_hashed(m, node, key, fnl_span_hash(key));
}

struct fnl_map_node *fnl_map_remove(struct fnl_map *m, struct fnl_span key)
{
	if (m->count == 0) {
		return NULL;
	}
	uint64_t hash = fnl_span_hash(key);
	for (struct fnl_map_node **at = &m->buckets[hash & (m->bucket_count - 1)].first; *at; at = &(*at)->next) {
		struct fnl_map_node *node = *at;
		if (node->hash == hash && fnl_span_eq(node->key, key)) {
			*at = node->next;
			node->next = NULL;
			m->count--;
			return node;
		}
	}
	return NULL;
}

void fnl_map_clear(struct fnl_map *m)
{
	if (m->bucket_count) {
		memset(m->buckets, 0, m->bucket_count * sizeof(*m->buckets));
	}
	m->count = 0;
}

void fnl_map_deinit(struct fnl_map *m)
{
	fnl_free(m->buckets);
	*m = (struct fnl_map){0};
}

struct fnl_map_node *fnl_map_next(const struct fnl_map *m, size_t *cursor, struct fnl_map_node *node)
{
	if (node && node->next) {
		return node->next;
	}
	while (*cursor < m->bucket_count) {
		node = m->buckets[(*cursor)++].first;
		if (node) {
			return node;
		}
	}
	return NULL;
}
