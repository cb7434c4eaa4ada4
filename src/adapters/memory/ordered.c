#include "ordered.h"

/* The links that lead to a place, on each level. */
struct path {
	struct mem_entry **links[MEM_LEVELS_MAX];
};

/* Ends before the first entry that is not less than the key. */
static struct mem_entry *walk(struct mem_ordered *o, struct fnl_span key, struct path *ret)
{
	struct mem_entry *before = NULL;
	struct mem_entry *at = NULL;
	for (size_t level = MEM_LEVELS_MAX; level-- > 0;) {
		struct mem_entry **link = before ? &before->next[level] : &o->first[level];
		while (*link && fnl_span_cmp(mem_entry_key(*link), key) < 0) {
			before = *link;
			link = &before->next[level];
		}
		ret->links[level] = link;
		at = *link;
	}
	return at;
}

struct mem_entry *fnl_mem_from(const struct mem_ordered *o, struct fnl_span key)
{
	const struct mem_entry *before = NULL;
	struct mem_entry *at = NULL;
	for (size_t level = MEM_LEVELS_MAX; level-- > 0;) {
		at = before ? before->next[level] : o->first[level];
		while (at && fnl_span_cmp(mem_entry_key(at), key) < 0) {
			before = at;
			at = at->next[level];
		}
	}
	return at;
}

struct mem_entry *fnl_mem_find(const struct mem_ordered *o, struct fnl_span key)
{
	struct mem_entry *e = fnl_mem_from(o, key);
	return e && fnl_span_eq(mem_entry_key(e), key) ? e : NULL;
}

/* One in four goes up. */
static uint32_t levels_of(struct fnl_span key)
{
	uint32_t levels = 1;
	for (uint64_t h = fnl_span_hash(key); (h & 3) == 0 && levels < MEM_LEVELS_MAX; h >>= 2) {
		levels++;
	}
	return levels;
}

static size_t entry_bytes(uint32_t levels, size_t key_len)
{
	return sizeof(struct mem_entry) + levels * sizeof(struct mem_entry *) + key_len;
}

struct mem_entry *fnl_mem_need(struct mem_ordered *o, struct fnl_span key)
{
	struct path path;
	struct mem_entry *e = walk(o, key, &path);
	if (e && fnl_span_eq(mem_entry_key(e), key)) {
		return e;
	}
	uint32_t levels = levels_of(key);
	e = fnl_calloc(1, entry_bytes(levels, key.len));
	if (!e) {
		return NULL;
	}
	e->deadline_ms = INT64_MAX;
	e->level_count = levels;
	e->key = (uint8_t *)&e->next[levels];
	e->key_len = (uint32_t)key.len;
	if (key.len) {
		memcpy(e->key, key.data, key.len);
	}
	for (uint32_t level = 0; level < levels; level++) {
		e->next[level] = *path.links[level];
		*path.links[level] = e;
	}
	o->count++;
	o->bytes += entry_bytes(levels, key.len);
	return e;
}

int fnl_mem_set(struct mem_ordered *o, struct mem_entry *e, struct fnl_span value)
{
	uint8_t *copy = fnl_calloc(1, value.len + 1); /* one byte more: empty is not absent */
	if (!copy) {
		return FNL_E_NOMEM;
	}
	if (value.len) {
		memcpy(copy, value.data, value.len);
	}
	o->bytes += value.len;
	o->bytes -= e->value_len;
	fnl_free(e->value);
	e->value = copy;
	e->value_len = value.len;
	return 0;
}

static void entry_free(struct mem_ordered *o, struct mem_entry *e)
{
	o->bytes -= entry_bytes(e->level_count, e->key_len) + e->value_len;
	o->count--;
	fnl_free(e->value);
	fnl_free(e);
}

void fnl_mem_remove(struct mem_ordered *o, struct fnl_span key)
{
	struct path path;
	struct mem_entry *e = walk(o, key, &path);
	if (!e || !fnl_span_eq(mem_entry_key(e), key)) {
		return;
	}
	for (uint32_t level = 0; level < e->level_count; level++) {
		*path.links[level] = e->next[level];
	}
	entry_free(o, e);
}

void fnl_mem_clear(struct mem_ordered *o)
{
	struct mem_entry *e = o->first[0];
	while (e) {
		struct mem_entry *next = e->next[0];
		entry_free(o, e);
		e = next;
	}
	*o = (struct mem_ordered){.count = 0};
}
