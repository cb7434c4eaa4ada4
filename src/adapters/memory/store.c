/* Rows and deadlines of each partition, each in their order. */
#include <pthread.h>
#include <stdio.h>

#include "funneld/adapters/memory.h"
#include "ordered.h"

enum { ID_BYTES_MAX = 4096, DEADLINE_BYTES = 8 };

struct partition {
	int32_t number;
	struct fnl_applied applied;
	struct mem_ordered rows; /* by table and key */
	struct mem_ordered due;  /* by deadline, table and key */
	uint8_t note[FNL_STORE_NOTE_BYTES_MAX];
	size_t note_len; /* 0: none */
};

struct fnl_memory {
	pthread_mutex_t lock;
	struct partition **partitions;
	size_t count;
	char cluster[64]; /* recorded layout; "": none */
	int32_t partition_count;
};

struct memory_store {
	struct fnl_store base;
	struct fnl_memory *memory;
	size_t table_count;
	struct fnl_error error;
};

/* Table and key in one, and room for a deadline before them. */
struct id {
	uint8_t bytes[DEADLINE_BYTES + 1 + ID_BYTES_MAX];
	size_t key_len;
};

static void id_of(struct fnl_row_key row, struct id *ret)
{
	ret->bytes[DEADLINE_BYTES] = row.table;
	ret->key_len = row.key.len;
	if (row.key.len) {
		memcpy(ret->bytes + DEADLINE_BYTES + 1, row.key.data, row.key.len);
	}
}

static struct fnl_span id_row(const struct id *id)
{
	return fnl_span_of(id->bytes + DEADLINE_BYTES, id->key_len + 1);
}

/* Big-endian with the sign turned, so that bytes are in the order of numbers. */
static struct fnl_span id_due(struct id *id, int64_t deadline_ms)
{
	uint64_t n = (uint64_t)deadline_ms ^ (UINT64_C(1) << 63);
	for (int i = DEADLINE_BYTES - 1; i >= 0; i--, n >>= 8) {
		id->bytes[i] = (uint8_t)n;
	}
	return fnl_span_of(id->bytes, DEADLINE_BYTES + 1 + id->key_len);
}

static bool row_fits(const struct memory_store *s, struct fnl_row_key row)
{
	return row.table < s->table_count && row.key.data && row.key.len <= ID_BYTES_MAX;
}

/* --- partitions --- */

static struct partition *find(const struct fnl_memory *m, int32_t number)
{
	for (size_t i = 0; i < m->count; i++) {
		if (m->partitions[i]->number == number) {
			return m->partitions[i];
		}
	}
	return NULL;
}

static struct partition *need(struct fnl_memory *m, int32_t number)
{
	struct partition *p = find(m, number);
	if (p) {
		return p;
	}
	struct partition **grown = fnl_reallocarray(m->partitions, m->count + 1, sizeof(struct partition *));
	if (!grown) {
		return NULL;
	}
	m->partitions = grown;
	p = fnl_calloc(1, sizeof(*p));
	if (p) {
		p->number = number;
		m->partitions[m->count++] = p;
	}
	return p;
}

static void drop_rows(struct partition *p)
{
	fnl_mem_clear(&p->rows);
	fnl_mem_clear(&p->due);
}

/* --- read --- */

static int read_rows(const struct partition *p, const struct fnl_store_read *read, struct fnl_span *rows,
                     struct fnl_arena *arena)
{
	struct id id;
	for (size_t i = 0; p && i < read->key_count; i++) {
		id_of(read->keys[i], &id);
		const struct mem_entry *e = fnl_mem_find(&p->rows, id_row(&id));
		if (!e) {
			continue;
		}
		rows[i] = fnl_arena_dup(arena, fnl_span_of(e->value, e->value_len));
		if (fnl_span_is_none(rows[i])) {
			return FNL_E_NOMEM;
		}
	}
	return 0;
}

static size_t due_count(const struct partition *p, const struct fnl_store_read *read)
{
	size_t n = 0;
	for (const struct mem_entry *e = p->due.first[0]; e && n < read->due_max && e->deadline_ms <= read->due_until_ms;
	     e = e->next[0]) {
		n++;
	}
	return n;
}

static int read_due(const struct partition *p, struct fnl_store_read *read, struct fnl_arena *arena)
{
	size_t count = p ? due_count(p, read) : 0;
	const struct mem_entry *e = p ? p->due.first[0] : NULL;
	struct fnl_due *due = count ? fnl_arena_calloc(arena, count, sizeof(*due)) : NULL;
	if (count && !due) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < count; i++, e = e->next[0]) {
		const uint8_t *id = e->key + DEADLINE_BYTES;
		struct fnl_span key = fnl_arena_dup(arena, fnl_span_of(id + 1, e->key_len - DEADLINE_BYTES - 1));
		if (fnl_span_is_none(key)) {
			return FNL_E_NOMEM;
		}
		due[i] = (struct fnl_due){{id[0], key}, e->deadline_ms};
	}
	read->ret_due = due;
	read->ret_due_count = count;
	return 0;
}

static bool begins_with(struct fnl_span s, struct fnl_span prefix)
{
	return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.data, prefix.data, prefix.len) == 0);
}

static int read_page(const struct partition *p, struct fnl_store_read *read, struct fnl_arena *arena)
{
	struct id from, prefix;
	if (read->page_max == 0 || !p) {
		return 0;
	}
	bool after = !fnl_span_is_none(read->page_after) && fnl_span_cmp(read->page_after, read->page_prefix) >= 0;
	id_of((struct fnl_row_key){read->page_table, read->page_prefix}, &prefix);
	id_of((struct fnl_row_key){read->page_table, after ? read->page_after : read->page_prefix}, &from);
	const struct mem_entry *e = fnl_mem_from(&p->rows, id_row(&from));
	if (e && after && fnl_span_eq(mem_entry_key(e), id_row(&from))) {
		e = e->next[0];
	}
	size_t count = 0;
	for (const struct mem_entry *n = e; n && count < read->page_max && begins_with(mem_entry_key(n), id_row(&prefix));
	     n = n->next[0]) {
		count++;
	}
	struct fnl_store_row *page = count ? fnl_arena_calloc(arena, count, sizeof(*page)) : NULL;
	if (count && !page) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < count; i++, e = e->next[0]) {
		page[i].key = fnl_arena_dup(arena, fnl_span_of(e->key + 1, e->key_len - 1));
		page[i].value = fnl_arena_dup(arena, fnl_span_of(e->value, e->value_len));
		if (fnl_span_is_none(page[i].key) || fnl_span_is_none(page[i].value)) {
			return FNL_E_NOMEM;
		}
	}
	read->ret_page = page;
	read->ret_page_count = count;
	return 0;
}

static int read_one(const struct fnl_memory *m, struct fnl_store_read *read, struct fnl_arena *arena)
{
	const struct partition *p = find(m, read->partition);
	struct fnl_store_read got = *read;
	got.ret_rows = fnl_arena_calloc(arena, read->key_count, sizeof(*got.ret_rows));
	got.ret_due = NULL;
	got.ret_page = NULL;
	got.ret_due_count = got.ret_page_count = 0;
	got.ret_applied = p ? p->applied : (struct fnl_applied){0};
	int rc = got.ret_rows ? read_rows(p, read, got.ret_rows, arena) : FNL_E_NOMEM;
	rc = rc ? rc : read_due(p, &got, arena);
	rc = rc ? rc : read_page(p, &got, arena);
	if (rc == 0) {
		*read = got;
	}
	return rc;
}

static bool read_fits(const struct memory_store *s, const struct fnl_store_read *r)
{
	bool fits = r->key_count <= FNL_STORE_KEYS_MAX && r->due_max <= FNL_STORE_KEYS_MAX &&
	            r->page_max <= FNL_STORE_PAGE_MAX && r->page_prefix.len <= ID_BYTES_MAX &&
	            r->page_after.len <= ID_BYTES_MAX && (r->page_max == 0 || r->page_table < s->table_count);
	for (size_t k = 0; fits && k < r->key_count; k++) {
		fits = row_fits(s, r->keys[k]);
	}
	return fits;
}

static int memory_read(struct fnl_store *base, struct fnl_store_read *reads, size_t count, struct fnl_arena *arena)
{
	struct memory_store *s = (struct memory_store *)base;
	int rc = 0;
	for (size_t i = 0; i < count; i++) {
		if (!read_fits(s, &reads[i])) {
			return fnl_fail(&s->error, FNL_E_ARGUMENT, "read %zu asks beyond the store's limits", i);
		}
	}
	pthread_mutex_lock(&s->memory->lock);
	for (size_t i = 0; i < count && rc == 0; i++) {
		rc = read_one(s->memory, &reads[i], arena);
	}
	pthread_mutex_unlock(&s->memory->lock);
	return rc ? fnl_fail(&s->error, rc, "no memory for what was read") : 0;
}

/* --- apply, wipe --- */

static bool stands_at(struct fnl_applied found, struct fnl_applied expected, bool compare_as_of)
{
	if (!found.present || !expected.present) {
		return found.present == expected.present;
	}
	return found.cl == expected.cl && (!compare_as_of || found.complete_as_of_ms == expected.complete_as_of_ms);
}

static int write_deadline(struct partition *p, struct mem_entry *row, struct id *id, int64_t deadline_ms)
{
	if (row->deadline_ms == deadline_ms) {
		return 0;
	}
	if (deadline_ms != FNL_NO_DEADLINE) {
		struct mem_entry *due = fnl_mem_need(&p->due, id_due(id, deadline_ms));
		if (!due) {
			return FNL_E_NOMEM;
		}
		due->deadline_ms = deadline_ms;
	}
	if (row->deadline_ms != FNL_NO_DEADLINE) {
		fnl_mem_remove(&p->due, id_due(id, row->deadline_ms));
	}
	row->deadline_ms = deadline_ms;
	return 0;
}

static int write_row(struct partition *p, const struct fnl_row_write *w)
{
	struct id id;
	id_of(w->row, &id);
	if (fnl_span_is_none(w->value)) {
		struct mem_entry *old = fnl_mem_find(&p->rows, id_row(&id));
		int rc = old ? write_deadline(p, old, &id, FNL_NO_DEADLINE) : 0;
		fnl_mem_remove(&p->rows, id_row(&id));
		return rc;
	}
	struct mem_entry *row = fnl_mem_need(&p->rows, id_row(&id));
	int rc = row ? fnl_mem_set(&p->rows, row, w->value) : FNL_E_NOMEM;
	return rc || w->deadline_unchanged ? rc : write_deadline(p, row, &id, w->deadline_ms);
}

/* No memory in the middle of it: rows that are half written are no view, and none is what it says then. */
static int apply_one(struct fnl_memory *m, struct fnl_store_apply *a)
{
	struct partition *p = need(m, a->partition);
	if (!p) {
		return FNL_E_NOMEM;
	}
	struct fnl_applied found = p->applied;
	bool fits = stands_at(found, a->expected, a->compare_as_of);
	int rc = 0;
	if (fits && a->delete_first) {
		drop_rows(p);
	}
	for (size_t i = 0; fits && i < a->row_count && rc == 0; i++) {
		struct fnl_row_write w = a->rows[i];
		w.deadline_unchanged = w.deadline_unchanged && !a->delete_first;
		rc = write_row(p, &w);
	}
	const struct fnl_applied none = {0};
	if (fits) {
		p->applied = rc ? none : a->next;
	}
	if (rc == 0) {
		a->ret_outcome = fits ? FNL_APPLIED : FNL_MISMATCH;
		a->ret_found = found;
	}
	return rc;
}

static int memory_apply(struct fnl_store *base, struct fnl_store_apply *applies, size_t count)
{
	struct memory_store *s = (struct memory_store *)base;
	int rc = 0;
	for (size_t i = 0; i < count; i++) {
		bool fits = applies[i].row_count <= FNL_STORE_KEYS_MAX && applies[i].next.present;
		for (size_t k = 0; fits && k < applies[i].row_count; k++) {
			fits = row_fits(s, applies[i].rows[k].row);
		}
		if (!fits) {
			return fnl_fail(&s->error, FNL_E_ARGUMENT, "apply %zu asks beyond the store's limits", i);
		}
	}
	pthread_mutex_lock(&s->memory->lock);
	for (size_t i = 0; i < count && rc == 0; i++) {
		rc = apply_one(s->memory, &applies[i]);
	}
	pthread_mutex_unlock(&s->memory->lock);
	return rc ? fnl_fail(&s->error, rc, "no memory for rows") : 0;
}

static int memory_wipe(struct fnl_store *base, int32_t partition, struct fnl_applied expected,
                       enum fnl_apply_outcome *ret_outcome)
{
	struct memory_store *s = (struct memory_store *)base;
	pthread_mutex_lock(&s->memory->lock);
	struct partition *p = find(s->memory, partition);
	bool fits = stands_at(p ? p->applied : (struct fnl_applied){0}, expected, true);
	if (fits && p) {
		p->applied = (struct fnl_applied){0};
		drop_rows(p);
	}
	pthread_mutex_unlock(&s->memory->lock);
	*ret_outcome = fits ? FNL_APPLIED : FNL_MISMATCH;
	return 0;
}

/* --- the rest --- */

/* Under the lock: the visitor must not call the store. */
static int memory_scan(struct fnl_store *base, int32_t partition, fnl_store_visit visit, void *context)
{
	struct memory_store *s = (struct memory_store *)base;
	int rc = 0;
	pthread_mutex_lock(&s->memory->lock);
	const struct partition *p = find(s->memory, partition);
	for (const struct mem_entry *e = p ? p->rows.first[0] : NULL; e && rc == 0; e = e->next[0]) {
		struct fnl_row_key row = {e->key[0], fnl_span_of(e->key + 1, e->key_len - 1)};
		rc = visit(context, row, fnl_span_of(e->value, e->value_len), e->deadline_ms);
	}
	pthread_mutex_unlock(&s->memory->lock);
	return rc;
}

static int memory_check_layout(struct fnl_store *base, struct fnl_span cluster_id, int32_t partition_count)
{
	struct memory_store *s = (struct memory_store *)base;
	struct fnl_memory *m = s->memory;
	char cluster[sizeof(m->cluster)];
	int rc = 0;
	snprintf(cluster, sizeof(cluster), "+%.*s", (int)cluster_id.len, (const char *)cluster_id.data);
	pthread_mutex_lock(&m->lock);
	if (m->cluster[0] == '\0') {
		memcpy(m->cluster, cluster, sizeof(cluster));
		m->partition_count = partition_count;
	} else if (strcmp(m->cluster, cluster) != 0 || m->partition_count != partition_count) {
		rc = fnl_fail(&s->error, FNL_E_LAYOUT, "recorded for %d partitions of another layout", (int)m->partition_count);
	}
	pthread_mutex_unlock(&m->lock);
	return rc;
}

static int memory_note_get(struct fnl_store *base, int32_t partition, struct fnl_arena *arena, struct fnl_span *ret)
{
	struct memory_store *s = (struct memory_store *)base;
	struct fnl_span note = FNL_SPAN_NONE;
	int rc = 0;
	pthread_mutex_lock(&s->memory->lock);
	const struct partition *p = find(s->memory, partition);
	if (p && p->note_len) {
		note = fnl_arena_dup(arena, fnl_span_of(p->note, p->note_len));
		rc = fnl_span_is_none(note) ? FNL_E_NOMEM : 0;
	}
	pthread_mutex_unlock(&s->memory->lock);
	if (rc == 0) {
		*ret = note;
	}
	return rc ? fnl_fail(&s->error, rc, "no memory for a note") : 0;
}

static int memory_note_put(struct fnl_store *base, int32_t partition, struct fnl_span note)
{
	struct memory_store *s = (struct memory_store *)base;
	if (note.len == 0 || note.len > FNL_STORE_NOTE_BYTES_MAX) {
		return fnl_fail(&s->error, FNL_E_ARGUMENT, "a note has 1 to %d bytes", FNL_STORE_NOTE_BYTES_MAX);
	}
	pthread_mutex_lock(&s->memory->lock);
	struct partition *p = need(s->memory, partition);
	if (p) {
		memcpy(p->note, note.data, note.len);
		p->note_len = note.len;
	}
	pthread_mutex_unlock(&s->memory->lock);
	return p ? 0 : fnl_fail(&s->error, FNL_E_NOMEM, "no memory for a note");
}

static const char *memory_explain(struct fnl_store *base)
{
	return ((struct memory_store *)base)->error.text;
}

static void memory_close(struct fnl_store *base)
{
	fnl_free(base);
}

int fnl_memory_open(struct fnl_memory **ret)
{
	struct fnl_memory *m = fnl_calloc(1, sizeof(*m));
	if (!m) {
		return FNL_E_NOMEM;
	}
	pthread_mutex_init(&m->lock, NULL);
	*ret = m;
	return 0;
}

void fnl_memory_clear(struct fnl_memory *m)
{
	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < m->count; i++) {
		drop_rows(m->partitions[i]);
		fnl_free(m->partitions[i]);
	}
	m->partitions = fnl_free(m->partitions);
	m->count = 0;
	m->cluster[0] = '\0';
	pthread_mutex_unlock(&m->lock);
}

size_t fnl_memory_bytes(struct fnl_memory *m)
{
	size_t bytes = 0;
	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < m->count; i++) {
		bytes += m->partitions[i]->rows.bytes + m->partitions[i]->due.bytes;
	}
	pthread_mutex_unlock(&m->lock);
	return bytes;
}

struct fnl_memory *fnl_memory_close(struct fnl_memory *m)
{
	if (m) {
		fnl_memory_clear(m);
		pthread_mutex_destroy(&m->lock);
	}
	return fnl_free(m);
}

int fnl_memory_store_open(struct fnl_memory *m, size_t table_count, struct fnl_store **ret)
{
	static const struct fnl_store_ops ops = {
		.read = memory_read,
		.apply = memory_apply,
		.wipe = memory_wipe,
		.scan = memory_scan,
		.check_layout = memory_check_layout,
		.note_get = memory_note_get,
		.note_put = memory_note_put,
		.explain = memory_explain,
		.close = memory_close,
	};
	if (!m || table_count == 0 || table_count > FNL_STORE_TABLES_MAX) {
		return FNL_E_ARGUMENT;
	}
	struct memory_store *s = fnl_calloc(1, sizeof(*s));
	if (!s) {
		return FNL_E_NOMEM;
	}
	*s = (struct memory_store){.base.ops = &ops, .memory = m, .table_count = table_count};
	*ret = &s->base;
	return 0;
}
