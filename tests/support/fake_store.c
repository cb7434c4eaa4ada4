#include "fake_store.h"

#include <pthread.h>
#include <stdlib.h>

#include "fake_image.h"

struct fnl_fake_redis {
	pthread_mutex_t lock;
	struct fake_image now;
	struct fake_image snapshot;
	bool down;
	bool lose_next_reply;
	bool interrupt_next;
	enum fnl_fake_fault fault;
	size_t fault_countdown;
	size_t calls;
	size_t handles; /* opened so far */
	bool hides_half_built;
};

enum { NOBODYS_HALF = SIZE_MAX };

struct fake_store {
	struct fnl_store store;
	struct fnl_fake_redis *redis;
	size_t number; /* from 1 */
	size_t table_count;
	struct fnl_error error;
};

/* --- the server --- */

int fnl_fake_redis_open(struct fnl_fake_redis **ret)
{
	struct fnl_fake_redis *r = fnl_calloc(1, sizeof *r);
	if (!r) {
		return FNL_E_NOMEM;
	}
	pthread_mutex_init(&r->lock, NULL);
	*ret = r;
	return 0;
}

struct fnl_fake_redis *fnl_fake_redis_close(struct fnl_fake_redis *r)
{
	if (r) {
		fake_image_deinit(&r->now);
		fake_image_deinit(&r->snapshot);
		pthread_mutex_destroy(&r->lock);
	}
	return fnl_free(r);
}

void fnl_fake_redis_flush(struct fnl_fake_redis *r)
{
	pthread_mutex_lock(&r->lock);
	fake_image_deinit(&r->now);
	pthread_mutex_unlock(&r->lock);
}

int fnl_fake_redis_snapshot(struct fnl_fake_redis *r)
{
	pthread_mutex_lock(&r->lock);
	int err = fake_image_copy(&r->now, &r->snapshot);
	pthread_mutex_unlock(&r->lock);
	return err;
}

int fnl_fake_redis_rollback(struct fnl_fake_redis *r)
{
	pthread_mutex_lock(&r->lock);
	int err = fake_image_copy(&r->snapshot, &r->now);
	pthread_mutex_unlock(&r->lock);
	return err;
}

void fnl_fake_redis_set_down(struct fnl_fake_redis *r, bool down)
{
	pthread_mutex_lock(&r->lock);
	r->down = down;
	pthread_mutex_unlock(&r->lock);
}

void fnl_fake_redis_fault_after(struct fnl_fake_redis *r, size_t calls, enum fnl_fake_fault fault)
{
	pthread_mutex_lock(&r->lock);
	r->fault = fault;
	r->fault_countdown = calls;
	pthread_mutex_unlock(&r->lock);
}

void fnl_fake_redis_lose_next_reply(struct fnl_fake_redis *r)
{
	pthread_mutex_lock(&r->lock);
	r->lose_next_reply = true;
	pthread_mutex_unlock(&r->lock);
}

void fnl_fake_redis_interrupt_next(struct fnl_fake_redis *r)
{
	pthread_mutex_lock(&r->lock);
	r->interrupt_next = true;
	pthread_mutex_unlock(&r->lock);
}

void fnl_fake_redis_forget(struct fnl_fake_redis *r)
{
	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < r->now.count; i++) {
		r->now.partitions[i].applied = (struct fnl_applied){0};
		r->now.partitions[i].half_of = 0;
	}
	pthread_mutex_unlock(&r->lock);
}

void fnl_fake_redis_hide_half_built(struct fnl_fake_redis *r)
{
	r->hides_half_built = true;
}

size_t fnl_fake_redis_calls(struct fnl_fake_redis *r)
{
	pthread_mutex_lock(&r->lock);
	size_t calls = r->calls;
	pthread_mutex_unlock(&r->lock);
	return calls;
}

struct fnl_applied fnl_fake_redis_applied(struct fnl_fake_redis *r, int32_t partition, size_t *ret_rows)
{
	pthread_mutex_lock(&r->lock);
	const struct fake_partition *p = fake_image_find(&r->now, partition);
	struct fnl_applied applied = p ? p->applied : (struct fnl_applied){0};
	if (ret_rows) {
		*ret_rows = p ? p->rows.count : 0;
	}
	pthread_mutex_unlock(&r->lock);
	return applied;
}

struct fnl_applied fnl_fake_redis_snapshot_applied(struct fnl_fake_redis *r, int32_t partition)
{
	pthread_mutex_lock(&r->lock);
	const struct fake_partition *p = fake_image_find(&r->snapshot, partition);
	struct fnl_applied applied = p ? p->applied : (struct fnl_applied){0};
	pthread_mutex_unlock(&r->lock);
	return applied;
}

/* --- one call --- */

/* Takes the lock and lets a fault of this call happen. A status: the call ends with it and the lock is free again. */
static int call_begin(struct fake_store *s, bool writes, bool *ret_lost)
{
	struct fnl_fake_redis *r = s->redis;
	enum fnl_fake_fault fault = FNL_FAKE_NO_FAULT;
	int err = 0;
	pthread_mutex_lock(&r->lock);
	r->calls++;
	if (r->fault != FNL_FAKE_NO_FAULT && r->fault_countdown-- == 0) {
		fault = r->fault;
		r->fault = FNL_FAKE_NO_FAULT;
	}
	if (r->down || fault == FNL_FAKE_REFUSE) {
		err = fnl_fail(&s->error, FNL_E_DISCONNECTED, "the fake store is down");
	} else if (fault == FNL_FAKE_FLUSH) {
		fake_image_deinit(&r->now);
	} else if (fault == FNL_FAKE_ROLLBACK) {
		err = fake_image_copy(&r->snapshot, &r->now);
	}
	*ret_lost = fault == FNL_FAKE_REPLY_LOST;
	if (err == 0 && writes && r->lose_next_reply) {
		r->lose_next_reply = false;
		*ret_lost = true;
	}
	if (err != 0) {
		pthread_mutex_unlock(&r->lock);
	}
	return err;
}

static int call_end(struct fake_store *s, bool lost, int err)
{
	pthread_mutex_unlock(&s->redis->lock);
	if (err == 0 && lost) {
		return fnl_fail(&s->error, FNL_E_TIMEOUT, "the reply of the fake store was lost");
	}
	return err;
}

static bool row_key_fits(const struct fake_store *s, struct fnl_row_key row)
{
	return row.table < s->table_count && row.key.data != NULL;
}

/* --- read --- */

static int due_order(const void *left, const void *right)
{
	const struct fake_row *a = *(const struct fake_row *const *)left;
	const struct fake_row *b = *(const struct fake_row *const *)right;
	if (a->deadline_ms != b->deadline_ms) {
		return a->deadline_ms < b->deadline_ms ? -1 : 1;
	}
	return fnl_span_cmp(fake_row_id(a), fake_row_id(b));
}

static int read_due(const struct fake_partition *p, struct fnl_store_read *read, struct fnl_arena *arena)
{
	if (read->due_max == 0 || !p || p->rows.count == 0) {
		return 0;
	}
	const struct fake_row **all = fnl_calloc(p->rows.count, sizeof *all);
	if (!all) {
		return FNL_E_NOMEM;
	}
	size_t found = 0;
	size_t cursor = 0;
	for (struct fnl_map_node *n = fnl_map_next(&p->rows, &cursor, NULL); n; n = fnl_map_next(&p->rows, &cursor, n)) {
		const struct fake_row *row = fake_row_of(n);
		if (row->deadline_ms != FNL_NO_DEADLINE && row->deadline_ms <= read->due_until_ms) {
			all[found++] = row;
		}
	}
	if (found) {
		qsort(all, found, sizeof *all, due_order);
	}
	size_t count = found < read->due_max ? found : read->due_max;
	struct fnl_due *due = fnl_arena_calloc(arena, count, sizeof *due);
	bool full = !due;
	for (size_t i = 0; !full && i < count; i++) {
		struct fnl_span key = fnl_arena_dup(arena, fnl_span_of(all[i]->id + 1, all[i]->id_len - 1));
		full = fnl_span_is_none(key);
		due[i] = (struct fnl_due){{all[i]->id[0], key}, all[i]->deadline_ms};
	}
	fnl_free(all);
	if (full) {
		return FNL_E_NOMEM;
	}
	read->ret_due = due;
	read->ret_due_count = count;
	return 0;
}

static int key_order(const void *left, const void *right)
{
	return fnl_span_cmp(fake_row_id(*(const struct fake_row *const *)left),
	                    fake_row_id(*(const struct fake_row *const *)right));
}

static bool in_page(const struct fnl_store_read *read, const struct fake_row *row)
{
	struct fnl_span key = fnl_span_of(row->id + 1, row->id_len - 1);
	return row->id[0] == read->page_table && key.len >= read->page_prefix.len &&
	       (read->page_prefix.len == 0 || memcmp(key.data, read->page_prefix.data, read->page_prefix.len) == 0) &&
	       (!read->page_after.data || fnl_span_cmp(key, read->page_after) > 0);
}

/* Any table can be paged here: there is no index that could be wrong. */
static int read_page(const struct fake_partition *p, struct fnl_store_read *read, struct fnl_arena *arena)
{
	if (read->page_max == 0 || !p || p->rows.count == 0) {
		return 0;
	}
	const struct fake_row **all = fnl_calloc(p->rows.count, sizeof *all);
	if (!all) {
		return FNL_E_NOMEM;
	}
	size_t found = 0;
	size_t cursor = 0;
	for (struct fnl_map_node *n = fnl_map_next(&p->rows, &cursor, NULL); n; n = fnl_map_next(&p->rows, &cursor, n)) {
		if (in_page(read, fake_row_of(n))) {
			all[found++] = fake_row_of(n);
		}
	}
	if (found) {
		qsort(all, found, sizeof *all, key_order);
	}
	size_t count = found < read->page_max ? found : read->page_max;
	struct fnl_store_row *page = fnl_arena_calloc(arena, count, sizeof *page);
	bool full = !page;
	for (size_t i = 0; !full && i < count; i++) {
		page[i].key = fnl_arena_dup(arena, fnl_span_of(all[i]->id + 1, all[i]->id_len - 1));
		page[i].value = fnl_arena_dup(arena, fnl_span_of(all[i]->value, all[i]->value_len));
		full = fnl_span_is_none(page[i].key) || fnl_span_is_none(page[i].value);
	}
	fnl_free(all);
	if (full) {
		return FNL_E_NOMEM;
	}
	read->ret_page = page;
	read->ret_page_count = count;
	return 0;
}

static int read_one(struct fake_store *s, struct fnl_store_read *read, struct fnl_arena *arena)
{
	const struct fake_partition *p = fake_image_find(&s->redis->now, read->partition);
	struct fnl_span *rows = fnl_arena_calloc(arena, read->key_count, sizeof *rows);
	if (!rows) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; p && i < read->key_count; i++) {
		const struct fake_row *row = fake_row_find(p, read->keys[i]);
		if (row) {
			rows[i] = fnl_arena_dup(arena, fnl_span_of(row->value, row->value_len));
			if (fnl_span_is_none(rows[i])) {
				return FNL_E_NOMEM;
			}
		}
	}
	read->ret_rows = rows;
	read->ret_due = NULL;
	read->ret_due_count = 0;
	read->ret_page = NULL;
	read->ret_page_count = 0;
	read->ret_applied = p && !p->half_of ? p->applied : (struct fnl_applied){0};
	int err = read_due(p, read, arena);
	return err ? err : read_page(p, read, arena);
}

static int fake_read(struct fnl_store *store, struct fnl_store_read *reads, size_t count, struct fnl_arena *arena)
{
	struct fake_store *s = (struct fake_store *)store;
	for (size_t i = 0; i < count; i++) {
		bool fits = reads[i].key_count <= FNL_STORE_KEYS_MAX && reads[i].due_max <= FNL_STORE_KEYS_MAX &&
		            reads[i].page_max <= FNL_STORE_PAGE_MAX &&
		            (reads[i].page_max == 0 || reads[i].page_table < s->table_count);
		for (size_t k = 0; fits && k < reads[i].key_count; k++) {
			fits = row_key_fits(s, reads[i].keys[k]);
		}
		if (!fits) {
			return fnl_fail(&s->error, FNL_E_ARGUMENT, "read %zu asks beyond the store's limits", i);
		}
	}
	bool lost = false;
	int err = call_begin(s, false, &lost);
	if (err != 0) {
		return err;
	}
	for (size_t i = 0; err == 0 && i < count; i++) {
		struct fnl_store_read read = reads[i];
		err = read_one(s, &read, arena);
		if (err == 0 && !lost) {
			reads[i] = read;
		}
	}
	return call_end(s, lost, err);
}

/* --- apply, wipe --- */

static bool stands_at(struct fnl_applied found, struct fnl_applied expected, bool compare_as_of)
{
	if (found.present != expected.present) {
		return false;
	}
	if (!found.present) {
		return true;
	}
	return found.cl == expected.cl && (!compare_as_of || found.complete_as_of_ms == expected.complete_as_of_ms);
}

static int write_row(struct fake_partition *p, const struct fnl_row_write *write, bool keep_deadline)
{
	struct fake_row *row = fake_row_find(p, write->row);
	if (fnl_span_is_none(write->value)) {
		if (row) {
			fnl_map_remove(&p->rows, fake_row_id(row));
			fake_row_free(row);
		}
		return 0;
	}
	uint8_t *value = fake_copy_bytes(write->value.data, write->value.len);
	if (!value) {
		return FNL_E_NOMEM;
	}
	if (!row) {
		row = fake_row_new(write->row.table, write->row.key);
		if (!row || fnl_map_insert(&p->rows, &row->node, fake_row_id(row)) != 0) {
			fake_row_free(row);
			fnl_free(value);
			return FNL_E_NOMEM;
		}
	}
	fnl_free(row->value);
	row->value = value;
	row->value_len = write->value.len;
	if (!keep_deadline) {
		row->deadline_ms = write->deadline_ms;
	}
	return 0;
}

static int apply_one(struct fake_store *s, struct fnl_store_apply *apply, bool lost)
{
	struct fake_partition *p = fake_image_find(&s->redis->now, apply->partition);
	bool own = p && p->half_of == s->number && apply->expected.present;
	struct fnl_applied found = p && (own || !p->half_of) ? p->applied : (struct fnl_applied){0};
	bool fits = stands_at(found, apply->expected, apply->compare_as_of);
	int err = 0;
	if (fits) {
		p = fake_image_need(&s->redis->now, apply->partition);
		if (!p) {
			return FNL_E_NOMEM;
		}
		if (apply->delete_first) {
			fake_rows_clear(p);
		}
		for (size_t i = 0; err == 0 && i < apply->row_count; i++) {
			err = write_row(p, &apply->rows[i], apply->rows[i].deadline_unchanged && !apply->delete_first);
		}
		p->applied = apply->next;
		bool half = s->redis->hides_half_built && apply->more && (apply->delete_first || own);
		p->half_of = !half ? 0 : lost ? NOBODYS_HALF : s->number;
	}
	if (err == 0 && !lost) {
		apply->ret_outcome = fits ? FNL_APPLIED : FNL_MISMATCH;
		apply->ret_found = found;
	}
	return err;
}

static int fake_apply(struct fnl_store *store, struct fnl_store_apply *applies, size_t count)
{
	struct fake_store *s = (struct fake_store *)store;
	for (size_t i = 0; i < count; i++) {
		bool fits = applies[i].row_count <= FNL_STORE_KEYS_MAX && applies[i].next.present;
		for (size_t k = 0; fits && k < applies[i].row_count; k++) {
			fits = row_key_fits(s, applies[i].rows[k].row);
		}
		if (!fits) {
			return fnl_fail(&s->error, FNL_E_ARGUMENT, "apply %zu asks beyond the store's limits", i);
		}
	}
	bool lost = false;
	int err = call_begin(s, true, &lost);
	if (err != 0) {
		return err;
	}
	bool interrupted = s->redis->interrupt_next;
	s->redis->interrupt_next = false;
	for (size_t i = 0; err == 0 && i < (interrupted ? count / 2 : count); i++) {
		err = apply_one(s, &applies[i], lost);
	}
	if (err == 0 && interrupted) {
		err = fnl_fail(&s->error, FNL_E_DISCONNECTED, "the fake store broke the connection");
	}
	return call_end(s, lost, err);
}

static int fake_wipe(struct fnl_store *store, int32_t partition, struct fnl_applied expected,
                     enum fnl_apply_outcome *ret_outcome)
{
	struct fake_store *s = (struct fake_store *)store;
	bool lost = false;
	int err = call_begin(s, true, &lost);
	if (err != 0) {
		return err;
	}
	struct fake_partition *p = fake_image_find(&s->redis->now, partition);
	bool fits = stands_at(p && !p->half_of ? p->applied : (struct fnl_applied){0}, expected, true);
	if (fits && p) {
		fake_rows_clear(p);
		p->applied = (struct fnl_applied){0};
		p->half_of = 0;
	}
	if (!lost) {
		*ret_outcome = fits ? FNL_APPLIED : FNL_MISMATCH;
	}
	return call_end(s, lost, 0);
}

/* --- the rest --- */

/* The visitor runs under the lock: it must not call the store. */
static int fake_scan(struct fnl_store *store, int32_t partition, fnl_store_visit visit, void *context)
{
	struct fake_store *s = (struct fake_store *)store;
	bool lost = false;
	int err = call_begin(s, false, &lost);
	if (err != 0) {
		return err;
	}
	struct fake_partition *p = fake_image_find(&s->redis->now, partition);
	size_t cursor = 0;
	for (struct fnl_map_node *n = p && !lost ? fnl_map_next(&p->rows, &cursor, NULL) : NULL; n && err == 0;
	     n = fnl_map_next(&p->rows, &cursor, n)) {
		const struct fake_row *row = fake_row_of(n);
		struct fnl_row_key key = {row->id[0], fnl_span_of(row->id + 1, row->id_len - 1)};
		err = visit(context, key, fnl_span_of(row->value, row->value_len), row->deadline_ms);
	}
	return call_end(s, lost, err);
}

static int fake_check_layout(struct fnl_store *store, struct fnl_span cluster_id, int32_t partition_count)
{
	struct fake_store *s = (struct fake_store *)store;
	bool lost = false;
	int err = call_begin(s, false, &lost);
	if (err != 0) {
		return err;
	}
	struct fake_image *now = &s->redis->now;
	if (!now->cluster_id) {
		now->cluster_id = fake_copy_bytes(cluster_id.data, cluster_id.len);
		now->cluster_id_len = cluster_id.len;
		now->partition_count = partition_count;
		err = now->cluster_id ? 0 : FNL_E_NOMEM;
	} else if (!fnl_span_eq(fnl_span_of(now->cluster_id, now->cluster_id_len), cluster_id) ||
	           now->partition_count != partition_count) {
		err = fnl_fail(&s->error, FNL_E_LAYOUT, "recorded for %d partitions of another layout", now->partition_count);
	}
	return call_end(s, lost, err);
}

static int fake_note_get(struct fnl_store *store, int32_t partition, struct fnl_arena *arena, struct fnl_span *ret)
{
	struct fake_store *s = (struct fake_store *)store;
	struct fnl_span note = FNL_SPAN_NONE;
	bool lost = false;
	int err = call_begin(s, false, &lost);
	if (err != 0) {
		return err;
	}
	const struct fake_partition *p = fake_image_find(&s->redis->now, partition);
	if (p && p->note_len) {
		note = fnl_arena_dup(arena, fnl_span_of(p->note, p->note_len));
		err = fnl_span_is_none(note) ? FNL_E_NOMEM : 0;
	}
	if (!lost && err == 0) {
		*ret = note;
	}
	return call_end(s, lost, err);
}

static int fake_note_put(struct fnl_store *store, int32_t partition, struct fnl_span note)
{
	struct fake_store *s = (struct fake_store *)store;
	bool lost = false;
	int err = call_begin(s, true, &lost);
	if (err != 0) {
		return err;
	}
	bool fits = note.len > 0 && note.len <= FNL_STORE_NOTE_BYTES_MAX;
	struct fake_partition *p = fits ? fake_image_need(&s->redis->now, partition) : NULL;
	if (p) {
		memcpy(p->note, note.data, note.len);
		p->note_len = note.len;
	}
	return call_end(s, lost, p ? 0 : fits ? FNL_E_NOMEM : FNL_E_ARGUMENT);
}

static const char *fake_explain(struct fnl_store *store)
{
	return ((struct fake_store *)store)->error.text;
}

static void fake_close(struct fnl_store *store)
{
	fnl_free(store);
}

static const struct fnl_store_ops fake_ops = {
	.read = fake_read,
	.apply = fake_apply,
	.wipe = fake_wipe,
	.scan = fake_scan,
	.check_layout = fake_check_layout,
	.note_get = fake_note_get,
	.note_put = fake_note_put,
	.explain = fake_explain,
	.close = fake_close,
};

int fnl_fake_store_open(struct fnl_fake_redis *r, size_t table_count, struct fnl_store **ret)
{
	if (!r || table_count == 0 || table_count > FNL_STORE_TABLES_MAX) {
		return FNL_E_ARGUMENT;
	}
	struct fake_store *s = fnl_calloc(1, sizeof *s);
	if (!s) {
		return FNL_E_NOMEM;
	}
	*s = (struct fake_store){.store.ops = &fake_ops, .redis = r, .number = ++r->handles, .table_count = table_count};
	*ret = &s->store;
	return 0;
}
