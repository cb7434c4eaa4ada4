/* The overlay of a batch and the bounded cache behind it. */
#include "internal.h"

void fnl_overlay_reset(struct fnl_overlay *o)
{
	for (size_t i = 0; i < FNL_STORE_TABLES_MAX; i++) {
		fnl_map_clear(&o->maps[i]);
	}
	o->first = NULL;
	o->tail = &o->first;
}

void fnl_overlay_deinit(struct fnl_overlay *o)
{
	for (size_t i = 0; i < FNL_STORE_TABLES_MAX; i++) {
		fnl_map_deinit(&o->maps[i]);
	}
}

struct fnl_entry *fnl_overlay_find_hashed(const struct fnl_overlay *o, struct fnl_row_key row, uint64_t hash)
{
	struct fnl_map_node *n = fnl_map_find_hashed(&o->maps[row.table], row.key, hash);
	return n ? FNL_CONTAINER_OF(n, struct fnl_entry, node) : NULL;
}

struct fnl_entry *fnl_overlay_find(const struct fnl_overlay *o, struct fnl_row_key row)
{
	return fnl_overlay_find_hashed(o, row, fnl_span_hash(row.key));
}

struct cached {
	struct fnl_map_node node;
	struct fnl_span value;
	size_t capacity; /* bytes behind value.data that may be overwritten */
	uint8_t *bytes;
};

void fnl_cache_init(struct fnl_cache *c, size_t bytes_max)
{
	memset(c, 0, sizeof(*c));
	fnl_arena_init(&c->halves[0].arena, bytes_max / 2);
	fnl_arena_init(&c->halves[1].arena, bytes_max / 2);
}

static void half_clear(struct fnl_cache_half *h)
{
	for (size_t i = 0; i < FNL_STORE_TABLES_MAX; i++) {
		fnl_map_clear(&h->maps[i]);
	}
	fnl_arena_reset(&h->arena);
}

void fnl_cache_clear(struct fnl_cache *c)
{
	half_clear(&c->halves[0]);
	half_clear(&c->halves[1]);
}

void fnl_cache_deinit(struct fnl_cache *c)
{
	for (int h = 0; h < 2; h++) {
		for (size_t i = 0; i < FNL_STORE_TABLES_MAX; i++) {
			fnl_map_deinit(&c->halves[h].maps[i]);
		}
		fnl_arena_deinit(&c->halves[h].arena);
	}
}

bool fnl_cache_get(const struct fnl_cache *c, struct fnl_row_key row, uint64_t hash, struct fnl_span *ret,
                   bool *ret_young)
{
	for (int i = 0; i < 2; i++) {
		const struct fnl_cache_half *h = &c->halves[i == 0 ? c->young : 1 - c->young];
		struct fnl_map_node *n = fnl_map_find_hashed(&h->maps[row.table], row.key, hash);
		if (n) {
			*ret = FNL_CONTAINER_OF(n, struct cached, node)->value;
			*ret_young = i == 0;
			return true;
		}
	}
	return false;
}

void fnl_cache_prefetch(const struct fnl_cache *c, uint8_t table, uint64_t hash)
{
	fnl_map_prefetch(&c->halves[0].maps[table], hash);
	fnl_map_prefetch(&c->halves[1].maps[table], hash);
}

/* The bytes of a row grow a little at each change: leave room so that most changes fit where they are. */
static bool cached_fill(struct fnl_arena *a, struct cached *e, struct fnl_span value)
{
	if (value.len > e->capacity) {
		size_t capacity = value.len + value.len / 4;
		uint8_t *bytes = fnl_arena_alloc(a, capacity);
		if (!bytes) {
			return false;
		}
		e->bytes = bytes;
		e->capacity = capacity;
	}
	if (value.len) {
		memcpy(e->bytes, value.data, value.len);
	}
	static const uint8_t empty[1];
	e->value = value.data ? fnl_span_of(e->bytes ? e->bytes : empty, value.len) : FNL_SPAN_NONE;
	return true;
}

static bool half_put(struct fnl_cache_half *h, struct fnl_row_key row, uint64_t hash, struct fnl_span value)
{
	struct fnl_map_node *n = fnl_map_find_hashed(&h->maps[row.table], row.key, hash);
	if (n) {
		return cached_fill(&h->arena, FNL_CONTAINER_OF(n, struct cached, node), value);
	}
	struct cached *e = fnl_arena_calloc(&h->arena, 1, sizeof(*e));
	struct fnl_span key = e ? fnl_arena_dup(&h->arena, row.key) : FNL_SPAN_NONE;
	if (fnl_span_is_none(key) || !cached_fill(&h->arena, e, value)) {
		return false;
	}
	return fnl_map_insert_hashed(&h->maps[row.table], &e->node, key, hash) == 0;
}

void fnl_cache_put(struct fnl_cache *c, struct fnl_row_key row, uint64_t hash, struct fnl_span value)
{
	if (half_put(&c->halves[c->young], row, hash, value)) {
		return;
	}
	c->young = 1 - c->young;
	half_clear(&c->halves[c->young]);
	if (half_put(&c->halves[c->young], row, hash, value)) {
		return;
	}
	/* It fits nowhere. An older value of it must not be found instead: forget all. */
	fnl_cache_clear(c);
}
