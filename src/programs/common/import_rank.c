#include "import_rank.h"

#include <stdlib.h>

struct fnl_import_rank_row {
	int64_t time_ms;
	uint32_t key; /* from 1; 0: none */
	uint32_t rank;
};

struct rank_key {
	struct fnl_map_node node;
	int64_t last_ms;
	uint32_t number;
	uint32_t count;
};

enum { KEY_BYTES_MAX = 4096 };

static struct rank_key *key_of(struct fnl_import_rank *r, char space, struct fnl_span key)
{
	uint8_t name[KEY_BYTES_MAX];
	size_t len = key.len < sizeof(name) - 1 ? key.len : sizeof(name) - 1;
	name[0] = (uint8_t)space;
	memcpy(name + 1, key.data, len);
	struct fnl_span full = fnl_span_of(name, len + 1);
	struct fnl_map_node *node = fnl_map_find(&r->keys, full);
	if (node) {
		return FNL_CONTAINER_OF(node, struct rank_key, node);
	}
	if (r->arena.limit_bytes == 0) {
		fnl_arena_init(&r->arena, SIZE_MAX / 2);
	}
	struct rank_key *k = fnl_arena_calloc(&r->arena, 1, sizeof(*k));
	full = fnl_arena_dup(&r->arena, full);
	if (!k || fnl_span_is_none(full) || fnl_map_insert(&r->keys, &k->node, full)) {
		return NULL;
	}
	k->number = ++r->key_count;
	k->last_ms = INT64_MIN;
	return k;
}

int fnl_import_rank_add(struct fnl_import_rank *r, char space, struct fnl_span key, int64_t time_ms)
{
	if (r->row_count == FNL_IMPORT_ROWS_MAX) {
		return FNL_E_LIMIT;
	}
	if (r->row_count == r->row_capacity) {
		size_t capacity = r->row_capacity ? r->row_capacity * 2 : 4096;
		struct fnl_import_rank_row *rows = fnl_reallocarray(r->rows, capacity, sizeof(*rows));
		if (!rows) {
			return FNL_E_NOMEM;
		}
		r->rows = rows;
		r->row_capacity = capacity;
	}
	struct fnl_import_rank_row row = {.time_ms = time_ms};
	if (key.len) {
		struct rank_key *k = key_of(r, space, key);
		if (!k) {
			return FNL_E_NOMEM;
		}
		r->out_of_order |= time_ms < k->last_ms;
		k->last_ms = time_ms > k->last_ms ? time_ms : k->last_ms;
		row.key = k->number;
		row.rank = ++k->count;
	}
	r->rows[r->row_count++] = row;
	return 0;
}

static int compare(const void *a, const void *b, void *context)
{
	const struct fnl_import_rank_row *rows = context;
	uint32_t i = *(const uint32_t *)a;
	uint32_t j = *(const uint32_t *)b;
	const struct fnl_import_rank_row *x = &rows[i];
	const struct fnl_import_rank_row *y = &rows[j];
	if (x->key != y->key) {
		return x->key < y->key ? -1 : 1;
	}
	if (x->time_ms != y->time_ms) {
		return x->time_ms < y->time_ms ? -1 : 1;
	}
	return i < j ? -1 : i > j;
}

int fnl_import_rank_finish(struct fnl_import_rank *r)
{
	if (!r->out_of_order) {
		return 0; /* ranks were counted as the rows came */
	}
	uint32_t *order = fnl_calloc(r->row_count, sizeof(*order));
	if (!order) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < r->row_count; i++) {
		order[i] = (uint32_t)i;
	}
	qsort_r(order, r->row_count, sizeof(*order), compare, r->rows);
	uint32_t rank = 0;
	for (size_t i = 0; i < r->row_count; i++) {
		struct fnl_import_rank_row *row = &r->rows[order[i]];
		rank = i > 0 && r->rows[order[i - 1]].key == row->key ? rank + 1 : 1;
		row->rank = row->key ? rank : 0;
	}
	fnl_free(order);
	return 0;
}

uint32_t fnl_import_rank_of(const struct fnl_import_rank *r, size_t row)
{
	return row < r->row_count ? r->rows[row].rank : 0;
}

void fnl_import_rank_deinit(struct fnl_import_rank *r)
{
	r->rows = fnl_free(r->rows);
	fnl_map_deinit(&r->keys);
	fnl_arena_deinit(&r->arena);
	*r = (struct fnl_import_rank){0};
}
