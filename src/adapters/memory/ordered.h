/* A map from bytes to entries in bytewise order: a skip list whose levels follow from the keys, so that two runs make
 * the same one. */
#ifndef FUNNELD_MEMORY_ORDERED_H
#define FUNNELD_MEMORY_ORDERED_H

#include "funneld/base/arena.h"

enum { MEM_LEVELS_MAX = 20 };

struct mem_entry {
	uint8_t *value; /* owned; NULL in an index of deadlines */
	size_t value_len;
	int64_t deadline_ms;
	uint8_t *key; /* in the entry's own block */
	uint32_t key_len;
	uint32_t level_count;
	struct mem_entry *next[];
};

struct mem_ordered {
	struct mem_entry *first[MEM_LEVELS_MAX];
	size_t count;
	size_t bytes; /* of entries and values */
};

static inline struct fnl_span mem_entry_key(const struct mem_entry *e)
{
	return fnl_span_of(e->key, e->key_len);
}

/* The entry of a key; NULL: there is none. */
struct mem_entry *fnl_mem_find(const struct mem_ordered *o, struct fnl_span key);
/* The first entry at or after a key. */
struct mem_entry *fnl_mem_from(const struct mem_ordered *o, struct fnl_span key);
/* The entry of a key, made when there is none; NULL: no memory. */
struct mem_entry *fnl_mem_need(struct mem_ordered *o, struct fnl_span key);
/* A copy of the value in place of the entry's own. */
int fnl_mem_set(struct mem_ordered *o, struct mem_entry *e, struct fnl_span value) FNL_MUST_USE;
/* Nothing happens when there is none. */
void fnl_mem_remove(struct mem_ordered *o, struct fnl_span key);
void fnl_mem_clear(struct mem_ordered *o);

#endif
