/* An intrusive hash map from bytes to the caller's objects: chained buckets, no allocation for an insert but the
 * growing of the bucket array. The key's bytes belong to the caller and must outlive the node. */
#ifndef FUNNELD_BASE_MAP_H
#define FUNNELD_BASE_MAP_H

#include "funneld/base/span.h"
#include "funneld/base/status.h"

struct fnl_map_node {
	struct fnl_map_node *next;
	uint64_t hash;
	struct fnl_span key;
};

/* What a chain surely does not have is seen without a look at its nodes, which lie anywhere. */
struct fnl_map_bucket {
	struct fnl_map_node *first;
	uint64_t filter; /* a bit for each hash in the chain; some of nodes that are gone */
};

struct fnl_map {
	struct fnl_map_bucket *buckets;
	size_t bucket_count; /* a power of two, or 0 */
	size_t count;
};

/* A zeroed map is valid and empty. */
struct fnl_map_node *fnl_map_find(const struct fnl_map *m, struct fnl_span key);
/* Same with the hash at hand, when several maps are asked for one key. */
struct fnl_map_node *fnl_map_find_hashed(const struct fnl_map *m, struct fnl_span key, uint64_t hash);
/* Asks for the bucket's memory, of which a large map has little at hand; for those who look for many keys and know the
 * next ones before. */
static inline void fnl_map_prefetch(const struct fnl_map *m, uint64_t hash)
{
	if (m->bucket_count) {
		__builtin_prefetch(&m->buckets[hash & (m->bucket_count - 1)]);
	}
}
/* Inserts node under key, which must not be present. FNL_E_NOMEM when the buckets cannot grow. */
int fnl_map_insert(struct fnl_map *m, struct fnl_map_node *node, struct fnl_span key) FNL_MUST_USE;
int fnl_map_insert_hashed(struct fnl_map *m, struct fnl_map_node *node, struct fnl_span key,
                          uint64_t hash) FNL_MUST_USE;
/* Takes the node out; NULL when absent. The node is the caller's again. */
struct fnl_map_node *fnl_map_remove(struct fnl_map *m, struct fnl_span key);
/* Forgets all nodes and keeps the buckets. */
void fnl_map_clear(struct fnl_map *m);
/* Frees the buckets (never the nodes). Legal on a zeroed map, and twice. */
void fnl_map_deinit(struct fnl_map *m);

/* Iteration in no stated order: start with cursor = 0 and node = NULL; NULL ends it. No change while iterating. */
struct fnl_map_node *fnl_map_next(const struct fnl_map *m, size_t *cursor, struct fnl_map_node *node);

/* The object around its node. */
#define FNL_CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
