/* The ordered indexes of paged tables. What a batch changes goes to them key by key, by the script that knows how they
 * are made. The keys of a whole restore would keep the server busy that way for longer than their rows: they are kept
 * back here, with the deadlines, and after the last rows all indexes are written as they will stand. */
#include <stdlib.h>

#include "internal.h"

enum {
	LEAF_KEYS = 45,                 /* of a leaf that is written as a whole: it may grow to 60 before it is split */
	SLICE_MEMBERS = 10000,          /* of one write, so that the server has others wait no longer than for rows */
	BULK_BYTES_MAX = 32 << 20,      /* then the indexes are written though the restore goes on */
	BULK_BYTES_TOO_MANY = 256 << 20 /* with the keys of one apply beyond that */
};

/* --- key by key: sorted, as neighbours come to their leaf together --- */

struct index_op {
	struct fnl_span key;
	size_t position; /* among the rows of the call */
	bool deletes;
};

static int by_key(const void *a, const void *b)
{
	const struct index_op *x = a;
	const struct index_op *y = b;
	int order = fnl_span_cmp(x->key, y->key);
	return order ? order : x->position < y->position ? -1 : 1;
}

/* A row that is there has its key in the index. */
static bool touches_index(const struct fnl_store_apply *apply, const struct fnl_row_write *w, size_t table)
{
	return w->row.table == table && (fnl_span_is_none(w->value) || !w->existed || apply->delete_first);
}

/* Sorted, of each key the last; *ret_count. NULL: none, or no memory, which the request then tells. */
static struct index_op *index_ops(struct fnl_redis *s, const struct fnl_store_apply *apply, size_t table,
                                  size_t *ret_count)
{
	size_t n = 0;
	for (size_t i = 0; i < apply->row_count; i++) {
		n += touches_index(apply, &apply->rows[i], table);
	}
	struct index_op *ops = n ? fnl_arena_calloc(&s->scratch, n, sizeof *ops) : NULL;
	if (!ops) {
		s->request.err = n && !s->request.err ? FNL_E_NOMEM : s->request.err;
		return NULL;
	}
	n = 0;
	for (size_t i = 0; i < apply->row_count; i++) {
		const struct fnl_row_write *w = &apply->rows[i];
		if (touches_index(apply, w, table)) {
			ops[n++] = (struct index_op){w->row.key, i, fnl_span_is_none(w->value)};
		}
	}
	qsort(ops, n, sizeof *ops, by_key);
	*ret_count = 0;
	for (size_t i = 0; i < n; i++) {
		if (i + 1 == n || !fnl_span_eq(ops[i].key, ops[i + 1].key)) {
			ops[(*ret_count)++] = ops[i];
		}
	}
	return ops;
}

static size_t append_runs(struct fnl_redis *s, const struct fnl_store_apply *apply, size_t table,
                          const struct index_op *ops, size_t count, bool deletes)
{
	size_t commands = 0;
	size_t left = 0;
	for (size_t i = 0; i < count; i++) {
		left += ops[i].deletes == deletes;
	}
	for (size_t i = 0; left; commands++) {
		size_t run = left < REDIS_RUN_MAX ? left : REDIS_RUN_MAX;
		struct fnl_redis_request *r = &s->request;
		fnl_redis_request_begin(r, "EVAL", 4 + run);
		fnl_redis_request_text(r, fnl_redis_index_script);
		fnl_redis_request_number(r, 1);
		fnl_redis_request_key(s, apply->partition, s->tables[table].index_name);
		fnl_redis_request_text(r, deletes ? "D" : "S");
		for (left -= run; run; i++) {
			if (ops[i].deletes == deletes) {
				fnl_redis_request_arg(r, ops[i].key);
				run--;
			}
		}
	}
	return commands;
}

size_t fnl_redis_append_index(struct fnl_redis *s, const struct fnl_store_apply *apply, size_t table)
{
	size_t count = 0;
	const struct index_op *ops = s->tables[table].index_name[0] ? index_ops(s, apply, table, &count) : NULL;
	return ops ? append_runs(s, apply, table, ops, count, true) + append_runs(s, apply, table, ops, count, false) : 0;
}

/* --- a bulk: the keys that a restore keeps back --- */

struct bulk_key {
	struct fnl_map_node node;
	int64_t deadline_ms;
	uint8_t bytes[];
};

static void end_bulk(struct fnl_redis_bulk *b)
{
	for (size_t i = 0; i < FNL_STORE_TABLES_MAX; i++) {
		fnl_map_deinit(&b->keys[i]);
	}
	fnl_arena_deinit(&b->arena);
	*b = (struct fnl_redis_bulk){0};
}

static bool begins_bulk(const struct fnl_redis *s, const struct fnl_store_apply *apply)
{
	return s->paged[0] && apply->delete_first && apply->more;
}

static bool goes_on(const struct fnl_redis_bulk *b, const struct fnl_store_apply *apply)
{
	return apply->next.present && !apply->delete_first && apply->expected.present && apply->expected.cl == b->at.cl &&
	       apply->expected.complete_as_of_ms == b->at.complete_as_of_ms;
}

/* Which apply of a call begins the bulk or goes on with it; one that does neither ends it. */
static void choose(struct fnl_redis *s, const struct fnl_store_apply *applies, size_t count)
{
	struct fnl_redis_bulk *b = &s->bulk;
	for (size_t i = 0; i < count && !b->apply; i++) {
		const struct fnl_store_apply *apply = &applies[i];
		if (begins_bulk(s, apply)) {
			end_bulk(b);
			*b = (struct fnl_redis_bulk){.partition = apply->partition, .apply = apply};
			fnl_arena_init(&b->arena, BULK_BYTES_TOO_MANY);
		} else if (b->at.present && b->partition == apply->partition && goes_on(b, apply)) {
			b->apply = apply;
		} else if (b->at.present && b->partition == apply->partition) {
			end_bulk(b);
		}
	}
}

static int keep_back(struct fnl_redis *s, const struct fnl_row_write *w)
{
	struct fnl_map *keys = &s->bulk.keys[w->row.table];
	struct fnl_span key = w->row.key;
	bool in_an_index = s->tables[w->row.table].index_name[0] || w->deadline_ms != FNL_NO_DEADLINE;
	if (fnl_span_is_none(w->value) || !in_an_index) {
		fnl_map_remove(keys, key);
		return 0;
	}
	uint64_t hash = fnl_span_hash(key);
	struct fnl_map_node *node = fnl_map_find_hashed(keys, key, hash);
	struct bulk_key *kept =
		node ? FNL_CONTAINER_OF(node, struct bulk_key, node) : fnl_arena_alloc(&s->bulk.arena, sizeof *kept + key.len);
	if (!kept) {
		return FNL_E_NOMEM;
	}
	kept->deadline_ms = w->deadline_ms;
	if (node) {
		return 0;
	}
	memcpy(kept->bytes, key.data, key.len);
	return fnl_map_insert_hashed(keys, &kept->node, fnl_span_of(kept->bytes, key.len), hash);
}

static size_t kept_count(const struct fnl_redis *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->table_count; i++) {
		n += s->bulk.keys[i].count;
	}
	return n;
}

int fnl_redis_bulk_prepare(struct fnl_redis *s, const struct fnl_store_apply *applies, size_t count)
{
	struct fnl_redis_bulk *b = &s->bulk;
	choose(s, applies, count);
	for (size_t i = 0; b->apply && i < b->apply->row_count; i++) {
		if (keep_back(s, &b->apply->rows[i]) != 0) {
			return fnl_fail(&s->error, FNL_E_NOMEM, "out of memory");
		}
	}
	b->ends =
		b->apply && (!b->apply->more || kept_count(s) >= s->bulk_keys_max || b->arena.used_bytes >= BULK_BYTES_MAX);
	return 0;
}

bool fnl_redis_bulk_ends(struct fnl_redis *s, int err)
{
	struct fnl_redis_bulk *b = &s->bulk;
	if (!b->apply) {
		return false;
	}
	if (err != 0 || b->apply->ret_outcome != FNL_APPLIED) {
		end_bulk(b);
		return false;
	}
	b->at = b->apply->next;
	if (!b->ends) {
		b->apply = NULL;
	}
	return b->ends;
}

enum fnl_redis_part fnl_redis_bulk_part(const struct fnl_redis *s, const struct fnl_store_apply *apply)
{
	const struct fnl_redis_bulk *b = &s->bulk;
	return b->apply != apply ? REDIS_NO_PART : !b->lanes ? REDIS_ROWS : b->last ? REDIS_LAST_SLICE : REDIS_SLICE;
}

const struct fnl_applied *fnl_redis_bulk_at(const struct fnl_redis *s, const struct fnl_store_apply *apply)
{
	return s->bulk.apply == apply && s->bulk.at.present ? &s->bulk.at : NULL;
}

void fnl_redis_bulk_end(struct fnl_redis *s)
{
	end_bulk(&s->bulk);
}

/* --- its indexes, as the script would have made them: lanes of members, each of which goes out in runs --- */

enum lane_kind { LANE_DEADLINES, LANE_LEAVES, LANE_FIRSTS };

struct fnl_redis_lane {
	enum lane_kind kind;
	size_t table;
	size_t count; /* of members: deadlines, keys, leaves */
	const struct bulk_due *due;
	const struct fnl_span *keys; /* in their order */
};

static size_t run_max(const struct fnl_redis_lane *lane)
{
	return lane->kind == LANE_LEAVES ? LEAF_KEYS : REDIS_RUN_MAX;
}

static int by_bytes(const void *a, const void *b)
{
	return fnl_span_cmp(*(const struct fnl_span *)a, *(const struct fnl_span *)b);
}

/* NULL: no memory. */
static struct fnl_span *sorted_keys(struct fnl_redis_bulk *b, const struct fnl_map *keys)
{
	struct fnl_span *sorted = fnl_arena_calloc(&b->arena, keys->count, sizeof *sorted);
	size_t n = 0;
	size_t cursor = 0;
	for (struct fnl_map_node *node = sorted ? fnl_map_next(keys, &cursor, NULL) : NULL; node;
	     node = fnl_map_next(keys, &cursor, node)) {
		sorted[n++] = node->key;
	}
	if (sorted) {
		qsort(sorted, n, sizeof *sorted, by_bytes);
	}
	return sorted;
}

struct bulk_due {
	int64_t deadline_ms;
	size_t table;
	struct fnl_span key;
};

/* The latest comes first: then the place of each is at the head, and what the server looks at for it is in its cache.
 */
static int latest_first(const void *a, const void *b)
{
	const struct bulk_due *x = a;
	const struct bulk_due *y = b;
	return x->deadline_ms > y->deadline_ms ? -1 : x->deadline_ms < y->deadline_ms;
}

static size_t deadlines_of(const struct fnl_map *keys, size_t table, struct bulk_due *ret)
{
	size_t n = 0;
	size_t cursor = 0;
	for (struct fnl_map_node *node = fnl_map_next(keys, &cursor, NULL); node;
	     node = fnl_map_next(keys, &cursor, node)) {
		const struct bulk_key *kept = FNL_CONTAINER_OF(node, struct bulk_key, node);
		ret[n] = (struct bulk_due){kept->deadline_ms, table, node->key};
		n += kept->deadline_ms != FNL_NO_DEADLINE;
	}
	return n;
}

static bool add_deadlines(struct fnl_redis *s)
{
	struct fnl_redis_bulk *b = &s->bulk;
	struct bulk_due *due = fnl_arena_calloc(&b->arena, kept_count(s) + 1, sizeof *due);
	size_t n = 0;
	for (size_t i = 0; due && i < s->table_count; i++) {
		n += deadlines_of(&b->keys[i], i, due + n);
	}
	if (due) {
		qsort(due, n, sizeof *due, latest_first);
		b->lanes[b->lane_count++] = (struct fnl_redis_lane){.kind = LANE_DEADLINES, .count = n, .due = due};
	}
	return due;
}

static bool add_index(struct fnl_redis_bulk *b, size_t table)
{
	size_t count = b->keys[table].count;
	const struct fnl_span *keys = sorted_keys(b, &b->keys[table]);
	size_t leaves = (count + LEAF_KEYS - 1) / LEAF_KEYS;
	b->lanes[b->lane_count++] = (struct fnl_redis_lane){LANE_LEAVES, table, count, NULL, keys};
	b->lanes[b->lane_count++] = (struct fnl_redis_lane){LANE_FIRSTS, table, leaves, NULL, keys};
	return keys;
}

/* The first leaf has room for what comes before all keys that there are now. */
static struct fnl_span first_of_leaf(const struct fnl_span *keys, size_t leaf)
{
	return leaf ? keys[leaf * LEAF_KEYS] : FNL_SPAN_LIT("");
}

static void append_member(struct fnl_redis *s, struct fnl_span member)
{
	fnl_redis_request_text(&s->request, "0");
	fnl_redis_request_arg(&s->request, member);
}

/* Members from .. end of a lane, a command. */
static void append_run(struct fnl_redis *s, const struct fnl_redis_lane *lane, size_t from, size_t end)
{
	const char *index = s->tables[lane->table].index_name;
	int32_t partition = s->bulk.partition;
	fnl_redis_request_begin(&s->request, "ZADD", 1 + 2 * (end - from));
	switch (lane->kind) {
	case LANE_DEADLINES:
		fnl_redis_request_key(s, partition, "due");
		for (size_t i = from; i < end; i++) {
			const struct bulk_due *due = &lane->due[i];
			fnl_redis_request_number(&s->request, due->deadline_ms);
			fnl_redis_request_joined(&s->request, s->tables[due->table].due_head_span, due->key, FNL_SPAN_NONE);
		}
		break;
	case LANE_LEAVES: /* the last key first: in one block of memory its place is looked for from the head */
		fnl_redis_request_leaf(s, partition, index, first_of_leaf(lane->keys, from / LEAF_KEYS));
		for (size_t i = end; i > from; i--) {
			append_member(s, lane->keys[i - 1]);
		}
		break;
	case LANE_FIRSTS:
		fnl_redis_request_key(s, partition, index);
		for (size_t i = from; i < end; i++) {
			append_member(s, first_of_leaf(lane->keys, i));
		}
		break;
	}
}

int fnl_redis_bulk_sort(struct fnl_redis *s)
{
	struct fnl_redis_bulk *b = &s->bulk;
	/* one of deadlines, and two for each table */
	b->lanes = fnl_arena_calloc(&b->arena, 1 + 2 * s->table_count, sizeof *b->lanes);
	bool enough = b->lanes && add_deadlines(s);
	for (size_t i = 0; enough && i < s->table_count; i++) {
		enough = !s->tables[i].index_name[0] || add_index(b, i);
	}
	return enough ? 0 : fnl_fail(&s->error, FNL_E_NOMEM, "out of memory");
}

/* Appends runs from a place on, or with s == NULL only finds where they end; returns how many commands. */
static size_t slice(struct fnl_redis *s, const struct fnl_redis_bulk *b, struct fnl_redis_place from,
                    struct fnl_redis_place *ret_end)
{
	size_t commands = 0;
	size_t members = 0;
	while (from.lane < b->lane_count && members < SLICE_MEMBERS) {
		const struct fnl_redis_lane *lane = &b->lanes[from.lane];
		size_t run = run_max(lane);
		size_t end = lane->count - from.member < run ? lane->count : from.member + run;
		if (s && end > from.member) {
			append_run(s, lane, from.member, end);
		}
		commands += end > from.member;
		members += end - from.member;
		from =
			end == lane->count ? (struct fnl_redis_place){from.lane + 1, 0} : (struct fnl_redis_place){from.lane, end};
	}
	*ret_end = from;
	return commands;
}

bool fnl_redis_bulk_slice(struct fnl_redis *s, const struct fnl_store_apply *part, bool first)
{
	struct fnl_redis_bulk *b = &s->bulk;
	b->apply = part;
	b->from = first ? (struct fnl_redis_place){0, 0} : b->until;
	(void)slice(NULL, b, b->from, &b->until);
	b->last = b->until.lane == b->lane_count;
	return b->last;
}

size_t fnl_redis_append_slice(struct fnl_redis *s)
{
	struct fnl_redis_place end;
	return slice(s, &s->bulk, s->bulk.from, &end);
}
