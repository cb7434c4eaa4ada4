/* The changelog of each stage is read whole, each key's latest value kept as a digest; then the view is scanned against
 * it. A partition that moved in between is not judged. */
#include "verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { VIEW_ARENA_BYTES_MAX = 64 << 20, SCRATCH_BYTES_MAX = 4 << 20, INDEX_PAGE_KEYS = 1000 };
#define ROWS_ARENA_BYTES_MAX ((size_t)8 << 30)

static void digest_of(struct fnl_span value, uint64_t ret[2])
{
	uint64_t h = 0x9E3779B97F4A7C15u ^ value.len;
	for (size_t i = 0; i < value.len; i++) {
		h = (h ^ value.data[i]) * 0xD6E8FEB86659FD93u;
		h ^= h >> 29;
	}
	ret[0] = fnl_span_hash(value);
	ret[1] = h;
}

static void differ(struct fnl_verify *v, const char *stage, int32_t partition, const char *kind, struct fnl_span row,
                   const char *fmt, ...) FNL_PRINTF(6, 7);

static void differ(struct fnl_verify *v, const char *stage, int32_t partition, const char *kind, struct fnl_span row,
                   const char *fmt, ...)
{
	if (v->difference_count++ >= FNL_VERIFY_LISTED_MAX) {
		return;
	}
	struct fnl_difference *d = &v->differences[v->difference_count - 1];
	size_t n = 0;
	d->stage = stage;
	d->partition = partition;
	d->kind = kind;
	/* printable ASCII only: a broken key must not break the report */
	for (size_t i = 0; i < row.len && n + 1 < sizeof(d->row); i++) {
		d->row[n++] = row.data[i] >= ' ' && row.data[i] < 127 ? (char)row.data[i] : '?';
	}
	d->row[n] = '\0';
	va_list args;
	va_start(args, fmt);
	vsnprintf(d->detail, sizeof(d->detail), fmt, args);
	va_end(args);
}

/* Table of "table|key", or -1. */
static int table_of(const struct fnl_stage *s, struct fnl_span row)
{
	for (size_t t = 0; t < s->table_count; t++) {
		size_t len = strlen(s->table_names[t]);
		if (row.len > len && row.data[len] == '|' && memcmp(row.data, s->table_names[t], len) == 0) {
			return (int)t;
		}
	}
	return -1;
}

static bool is_paged(const struct fnl_app_stage *s, size_t table)
{
	return (s->paged >> table & 1) != 0;
}

/* The table by what the sums know of it; of those of the organisations only cells have a part in them. */
static const char *books_table(const struct fnl_app_stage *s, size_t table)
{
	const char *name = s->stage.table_names[table];
	if (s->input != FNL_TOPIC_ORG_INPUTS) {
		return name;
	}
	return strcmp(name, "cell") == 0 ? "org_cell" : "";
}

/* The row's part in the sums by status; a row that cannot be read is a difference of its own. */
static struct fnl_share share_of(struct fnl_verify *v, const struct fnl_verify_stage *st, int32_t partition,
                                 size_t table, struct fnl_span name, struct fnl_span value)
{
	struct fnl_share share = {.status = -1};
	struct fnl_error why = {0, ""};
	if (fnl_books_side_of(books_table(st->s, table)) == FNL_BOOKS_PROSPECTS) {
		fnl_arena_reset(&v->scratch);
		if (fnl_share_read(v->codec, value, &v->scratch, &share, &why)) {
			differ(v, st->s->stage.name, partition, "unreadable", name, "%.140s", why.text);
		}
	}
	return share;
}

/* The row's part in what is conserved. Its memory is used again when the row's next value has as many parts. */
static int keep_parts(struct fnl_verify *v, const struct fnl_verify_stage *st, int32_t partition,
                      struct fnl_verify_row *row, struct fnl_span value)
{
	struct fnl_books_part parts[FNL_BOOKS_PARTS_MAX];
	struct fnl_error why = {0, ""};
	size_t count = 0;
	fnl_arena_reset(&v->scratch);
	int rc = fnl_books_read(&v->books, v->codec, books_table(st->s, row->table), value, &v->scratch, parts, &count,
	                        &row->unsent, &why);
	if (rc == FNL_E_NOMEM) {
		return rc;
	}
	if (rc && fnl_books_side_of(books_table(st->s, row->table)) != FNL_BOOKS_PROSPECTS) {
		differ(v, st->s->stage.name, partition, "unreadable", row->node.key, "%.140s", why.text);
	}
	if (count > row->part_count) {
		struct fnl_books_part *room = fnl_arena_calloc(&v->arena, count, sizeof(*room));
		if (!room) {
			return FNL_E_NOMEM;
		}
		row->parts = room;
	}
	for (size_t i = 0; i < count; i++) {
		row->parts[i] = parts[i];
	}
	row->part_count = count;
	return 0;
}

/* What a changelog is read with. */
struct reading {
	struct fnl_verify *v;
	struct fnl_verify_stage *st;
};

static int take_value(struct reading *g, struct fnl_verify_partition *p, struct fnl_verify_row *row,
                      struct fnl_span value)
{
	int32_t partition = p->pair.partition;
	digest_of(value, row->digest);
	row->deadline_ms = g->st->op->ops->row_deadline(g->st->op, row->table, value);
	row->share = share_of(g->v, g->st, partition, row->table, row->node.key, value);
	return keep_parts(g->v, g->st, partition, row, value);
}

static int on_changelog(void *context, size_t topic, const struct fnl_record *r)
{
	struct reading *g = context;
	struct fnl_verify *v = g->v;
	(void)topic;
	if (r->partition < 0 || (size_t)r->partition >= g->st->partition_count) {
		return FNL_E_LAYOUT;
	}
	struct fnl_verify_partition *p = &g->st->partitions[r->partition];
	if (r->offset >= p->pair.cl) {
		return 0; /* newer than the pair that is compared */
	}
	int table = table_of(&g->st->s->stage, r->key);
	if (table < 0) {
		differ(v, g->st->s->stage.name, r->partition, "unknown-table", r->key, "changelog offset %" PRId64, r->offset);
		return 0;
	}
	struct fnl_map_node *node = fnl_map_find(&p->rows, r->key);
	struct fnl_verify_row *row = node ? FNL_CONTAINER_OF(node, struct fnl_verify_row, node) : NULL;
	if (!row) {
		row = fnl_arena_calloc(&v->arena, 1, sizeof(*row));
		struct fnl_span key = fnl_arena_dup(&v->arena, r->key);
		if (!row || fnl_span_is_none(key) || fnl_map_insert(&p->rows, &row->node, key)) {
			return FNL_E_NOMEM;
		}
		row->table = (uint8_t)table;
	}
	row->deleted = fnl_span_is_none(r->value);
	return row->deleted ? 0 : take_value(g, p, row, r->value);
}

struct scan {
	struct fnl_verify *v;
	struct fnl_verify_stage *st;
	struct fnl_verify_partition *p;
};

static void check_row(struct scan *s, struct fnl_span name, struct fnl_verify_row *row, struct fnl_span value,
                      int64_t deadline_ms)
{
	const char *stage = s->st->s->stage.name;
	int32_t partition = s->p->pair.partition;
	uint64_t digest[2];
	digest_of(value, digest);
	if (memcmp(digest, row->digest, sizeof(digest)) != 0) {
		differ(s->v, stage, partition, "other-bytes", name, "%zu bytes in Redis", value.len);
	}
	bool armed = deadline_ms != FNL_NO_DEADLINE;
	if (armed != (row->deadline_ms != FNL_NO_DEADLINE) || (armed && deadline_ms > row->deadline_ms)) {
		char index[32] = "none", own[32] = "none";
		if (armed) {
			snprintf(index, sizeof(index), "%" PRId64, deadline_ms);
		}
		if (row->deadline_ms != FNL_NO_DEADLINE) {
			snprintf(own, sizeof(own), "%" PRId64, row->deadline_ms);
		}
		differ(s->v, stage, partition, "other-deadline", name, "%s in the index of deadlines, %s in the row", index,
		       own);
	}
}

/* "table|key" in the buffer; absent when it does not fit. */
static struct fnl_span name_of(const struct fnl_stage *stage, struct fnl_row_key key, uint8_t buffer[512])
{
	size_t len = strlen(stage->table_names[key.table]);
	if (len + 1 + key.key.len > 512) {
		return FNL_SPAN_NONE;
	}
	memcpy(buffer, stage->table_names[key.table], len);
	buffer[len] = '|';
	if (key.key.len) {
		memcpy(buffer + len + 1, key.key.data, key.key.len);
	}
	return fnl_span_of(buffer, len + 1 + key.key.len);
}

/* The living or deleted row of a key of the view; NULL: the changelog has never had it. */
static struct fnl_verify_row *row_of(struct scan *s, struct fnl_span name)
{
	struct fnl_map_node *node = fnl_map_find(&s->p->rows, name);
	return node ? FNL_CONTAINER_OF(node, struct fnl_verify_row, node) : NULL;
}

static int on_view(void *context, struct fnl_row_key key, struct fnl_span value, int64_t deadline_ms)
{
	struct scan *s = context;
	const char *stage = s->st->s->stage.name;
	int32_t partition = s->p->pair.partition;
	uint8_t buffer[512];
	struct fnl_span name = name_of(&s->st->s->stage, key, buffer);
	if (fnl_span_is_none(name)) {
		differ(s->v, stage, partition, "key-too-long", key.key, "%zu bytes", key.key.len);
		return 0;
	}
	struct fnl_verify_row *row = row_of(s, name);
	if (row && row->seen) {
		return 0; /* a scan may show a row twice */
	}
	s->p->rows_redis++;
	if (!row || row->deleted) {
		differ(s->v, stage, partition, "only-in-redis", name,
		       row ? "deleted in the changelog" : "not in the changelog");
		return 0;
	}
	row->seen = true;
	check_row(s, name, row, value, deadline_ms);
	struct fnl_share share = share_of(s->v, s->st, partition, key.table, name, value);
	fnl_sums_add(&s->v->sums, &share, FNL_SUM_VIEW);
	return 0;
}

/* Every entry of the index of deadlines belongs to a row: those of living rows were compared with their rows. */
static void check_deadlines(struct scan *s, const struct fnl_store_read *read)
{
	s->p->timers = read->ret_due_count;
	for (size_t i = 0; i < read->ret_due_count; i++) {
		uint8_t buffer[512];
		struct fnl_span name = name_of(&s->st->s->stage, read->ret_due[i].row, buffer);
		struct fnl_verify_row *row = fnl_span_is_none(name) ? NULL : row_of(s, name);
		if (!row || row->deleted) {
			differ(s->v, s->st->s->stage.name, s->p->pair.partition, "deadline-without-row", name, "%" PRId64,
			       read->ret_due[i].deadline_ms);
		}
	}
}

/* Every key of a paged table's index belongs to a row; check_all_seen finds the rows that it lacks. */
static int check_key_index(struct scan *s, uint8_t table, struct fnl_arena *arena)
{
	uint8_t after[512];
	struct fnl_span last = FNL_SPAN_NONE;
	struct fnl_store_read read;
	do {
		read = (struct fnl_store_read){.partition = s->p->pair.partition,
		                               .page_table = table,
		                               .page_prefix = FNL_SPAN_LIT(""),
		                               .page_after = last,
		                               .page_max = INDEX_PAGE_KEYS};
		fnl_arena_reset(arena);
		int rc = s->st->store->ops->read(s->st->store, &read, 1, arena);
		if (rc) {
			return rc;
		}
		for (size_t i = 0; i < read.ret_page_count; i++) {
			uint8_t buffer[512];
			struct fnl_span key = read.ret_page[i].key;
			struct fnl_span name = name_of(&s->st->s->stage, (struct fnl_row_key){table, key}, buffer);
			struct fnl_verify_row *row = fnl_span_is_none(name) ? NULL : row_of(s, name);
			if (row && !row->deleted) {
				row->indexed = true;
			} else {
				differ(s->v, s->st->s->stage.name, s->p->pair.partition, "key-without-row", name, "in the index");
			}
			if (key.len <= sizeof(after)) {
				memcpy(after, key.data, key.len);
				last = fnl_span_of(after, key.len);
			}
		}
	} while (read.ret_page_count == INDEX_PAGE_KEYS);
	return 0;
}

/* The other way round: what the changelog has and the view lacks; and the rows' parts in the sums. */
static int check_all_seen(struct scan *s)
{
	const struct fnl_app_stage *of = s->st->s;
	size_t cursor = 0;
	for (struct fnl_map_node *n = fnl_map_next(&s->p->rows, &cursor, NULL); n;
	     n = fnl_map_next(&s->p->rows, &cursor, n)) {
		struct fnl_verify_row *row = FNL_CONTAINER_OF(n, struct fnl_verify_row, node);
		if (row->deleted) {
			continue;
		}
		s->p->rows_changelog++;
		fnl_sums_add(&s->v->sums, &row->share, FNL_SUM_CHANGELOG);
		s->v->books.unsent += row->unsent;
		for (size_t i = 0; i < row->part_count; i++) {
			if (fnl_books_add(&s->v->books, fnl_books_side_of(books_table(of, row->table)), &row->parts[i])) {
				return FNL_E_NOMEM;
			}
		}
		if (!row->seen) {
			differ(s->v, of->stage.name, s->p->pair.partition, "missing-in-redis", n->key, "the changelog has it");
		} else if (is_paged(of, row->table) && !row->indexed) {
			differ(s->v, of->stage.name, s->p->pair.partition, "not-in-index", n->key, "the index of keys lacks it");
		}
	}
	return 0;
}

static int read_applied(struct fnl_verify_stage *st, struct fnl_verify_partition *p, size_t due_max,
                        struct fnl_store_read *ret, struct fnl_arena *arena)
{
	*ret = (struct fnl_store_read){
		.partition = p->pair.partition, .due_until_ms = FNL_NO_DEADLINE - 1, .due_max = due_max};
	return st->store->ops->read(st->store, ret, 1, arena);
}

static int compare_with_view(struct scan *s, struct fnl_arena *arena)
{
	int rc = s->st->store->ops->scan(s->st->store, s->p->pair.partition, on_view, s);
	for (size_t t = 0; t < s->st->s->stage.table_count && !rc; t++) {
		rc = is_paged(s->st->s, t) ? check_key_index(s, (uint8_t)t, arena) : 0;
	}
	return rc;
}

/* The differences of a partition count only when the view stood at the pair before and after. */
static int compare_partition(struct fnl_verify *v, struct fnl_verify_stage *st, struct fnl_verify_partition *p,
                             struct fnl_arena *arena)
{
	struct scan scan = {v, st, p};
	struct fnl_store_read before, after;
	size_t known = v->difference_count;
	int rc = read_applied(st, p, FNL_STORE_KEYS_MAX, &before, arena);
	if (rc) {
		return rc;
	}
	struct fnl_applied applied_before = before.ret_applied;
	check_deadlines(&scan, &before);
	rc = compare_with_view(&scan, arena);
	rc = rc ? rc : read_applied(st, p, 0, &after, arena);
	rc = rc ? rc : check_all_seen(&scan);
	if (rc) {
		return rc;
	}
	p->applied = after.ret_applied;
	p->moved = !fnl_pair_fits(&p->pair, &applied_before) || !fnl_pair_fits(&p->pair, &after.ret_applied) ||
	           p->pair.changelog_end < p->pair.cl;
	if (p->moved) {
		v->moved_count++;
		v->difference_count = known;
	}
	return 0;
}

static int read_changelog(struct fnl_verify *v, struct fnl_verify_stage *st, struct fnl_error *why)
{
	struct reading reading = {v, st};
	const char *topic = st->s->changelog_topic;
	struct fnl_bus *bus;
	int rc = fnl_app_bus(v->app, &bus, why);
	if (!rc) {
		rc = bus->ops->read(bus, &topic, 1, true, true, NULL, on_changelog, &reading);
		if (rc) {
			fnl_fail(why, rc, "changelog %s: %s", topic, bus->ops->explain(bus));
		}
	}
	return rc;
}

static void check_sums(struct fnl_verify *v)
{
	const char *stage = v->stages[FNL_APP_STAGE_PROSPECT].s->stage.name;
	for (size_t i = 0; i < v->sums.count && v->moved_count == 0; i++) {
		const struct fnl_sum *s = &v->sums.at[i];
		if (s->count[0] != s->count[1] || s->amount_minor[0] != s->amount_minor[1]) {
			char name[32];
			int n = snprintf(name, sizeof(name), "%s %s", fnl_symbols_status[s->status], s->currency);
			differ(v, stage, -1, "sum", fnl_span_of(name, (size_t)n),
			       "changelog %zu prospects, %" PRId64 " minor; Redis %zu, %" PRId64, s->count[0],
			       (int64_t)s->amount_minor[0], s->count[1], (int64_t)s->amount_minor[1]);
		}
	}
	if (v->sums.overflow) {
		differ(v, stage, -1, "sum", FNL_SPAN_LIT("all"), "more than %d pairs of status and currency", FNL_SUMS_MAX);
	}
}

/* From one stage to the next, book by book. */
static void check_books(struct fnl_verify *v)
{
	size_t cursor = 0;
	for (struct fnl_map_node *n = fnl_map_next(&v->books.entries, &cursor, NULL); n;
	     n = fnl_map_next(&v->books.entries, &cursor, n)) {
		const struct fnl_books_entry *e = FNL_CONTAINER_OF(n, struct fnl_books_entry, node);
		char text[160], name[200];
		if (!fnl_books_agree(e, text)) {
			struct fnl_span book = e->what.book->node.key;
			int len = snprintf(name, sizeof(name), "%.*s %s %s", (int)(book.len < 150 ? book.len : 150),
			                   (const char *)book.data, fnl_books_layer_text(e->what.layer), e->what.currency);
			differ(v, v->stages[FNL_APP_STAGE_REP].s->stage.name, -1, "conservation", fnl_span_of(name, (size_t)len),
			       "%s", text);
		}
	}
}

static int open_stage(struct fnl_verify *v, enum fnl_app_stage_id id, int *ret_exit, struct fnl_error *why)
{
	struct fnl_verify_stage *st = &v->stages[id];
	struct fnl_pair *pairs;
	st->s = fnl_app_stage(v->app, id);
	*ret_exit = FNL_EXIT_SETTINGS;
	int rc = fnl_app_operator(v->app, id, &st->op, why);
	if (rc) {
		return rc;
	}
	rc = fnl_pairs_read(v->app, id, &pairs, &st->partition_count, why);
	*ret_exit = fnl_exit_code(rc);
	if (rc) {
		return rc;
	}
	st->partitions = fnl_calloc(st->partition_count, sizeof(*st->partitions));
	for (size_t i = 0; i < st->partition_count && st->partitions; i++) {
		st->partitions[i].pair = pairs[i];
		/* the first stage may be behind its input; the others must have taken all that was sent to them */
		v->in_flight |= id != FNL_APP_STAGE_PROSPECT && pairs[i].behind;
	}
	fnl_free(pairs);
	if (!st->partitions) {
		*ret_exit = FNL_EXIT_INTERNAL;
		return fnl_fail(why, FNL_E_NOMEM, "no memory");
	}
	*ret_exit = FNL_EXIT_REDIS;
	return fnl_app_store(v->app, id, &st->store, why);
}

/* Has the stage committed anything since its pairs were read? Then lines or cells may have gone on in between. */
static int look_again(struct fnl_verify *v, enum fnl_app_stage_id id, int *ret_exit, struct fnl_error *why)
{
	const struct fnl_verify_stage *st = &v->stages[id];
	struct fnl_pair *pairs;
	size_t count;
	int rc = fnl_pairs_read(v->app, id, &pairs, &count, why);
	*ret_exit = fnl_exit_code(rc);
	if (rc) {
		return rc;
	}
	for (size_t i = 0; i < count && i < st->partition_count; i++) {
		v->in_flight |= pairs[i].cl != st->partitions[i].pair.cl;
	}
	fnl_free(pairs);
	return 0;
}

static int compare_stage(struct fnl_verify *v, struct fnl_verify_stage *st, int *ret_exit, struct fnl_error *why)
{
	struct fnl_arena arena;
	int rc = read_changelog(v, st, why);
	*ret_exit = fnl_exit_code(rc);
	if (rc) {
		return rc;
	}
	fnl_arena_init(&arena, VIEW_ARENA_BYTES_MAX);
	for (size_t i = 0; i < st->partition_count && !rc; i++) {
		rc = compare_partition(v, st, &st->partitions[i], &arena);
		fnl_arena_reset(&arena);
	}
	fnl_arena_deinit(&arena);
	if (rc) {
		*ret_exit = rc == FNL_E_NOMEM ? FNL_EXIT_INTERNAL : FNL_EXIT_REDIS;
		return fnl_fail(why, rc, "redis.url %s: stage %s: %s", fnl_settings_shown(v->app->settings, "redis.url"),
		                st->s->stage.name, st->store->ops->explain(st->store));
	}
	return 0;
}

int fnl_verify_once(struct fnl_verify *v, int *ret_exit, struct fnl_error *why)
{
	fnl_arena_init(&v->arena, ROWS_ARENA_BYTES_MAX);
	fnl_arena_init(&v->scratch, SCRATCH_BYTES_MAX);
	memset(&v->sums, 0, sizeof(v->sums));
	v->books = (struct fnl_books){.arena = &v->arena};
	v->differences = fnl_calloc(FNL_VERIFY_LISTED_MAX, sizeof(*v->differences));
	*ret_exit = FNL_EXIT_INTERNAL;
	int rc = v->differences ? 0 : fnl_fail(why, FNL_E_NOMEM, "no memory");
	if (!rc) {
		*ret_exit = FNL_EXIT_SETTINGS;
		rc = fnl_app_codec(v->app, &v->codec, why);
	}
	for (int i = 0; i < FNL_APP_STAGE_COUNT && !rc; i++) {
		rc = open_stage(v, (enum fnl_app_stage_id)i, ret_exit, why);
	}
	for (int i = 0; i < FNL_APP_STAGE_COUNT && !rc; i++) {
		rc = compare_stage(v, &v->stages[i], ret_exit, why);
	}
	rc = rc ? rc : look_again(v, FNL_APP_STAGE_PROSPECT, ret_exit, why);
	rc = rc ? rc : look_again(v, FNL_APP_STAGE_REP, ret_exit, why);
	if (rc) {
		return rc;
	}
	check_sums(v);
	if (!v->in_flight && v->moved_count == 0) {
		check_books(v);
	}
	return 0;
}

void fnl_verify_give_up(struct fnl_verify *v)
{
	for (size_t s = 0; s < FNL_APP_STAGE_COUNT; s++) {
		const struct fnl_verify_stage *st = &v->stages[s];
		for (size_t i = 0; i < st->partition_count; i++) {
			const struct fnl_verify_partition *p = &st->partitions[i];
			if (p->moved) {
				differ(v, st->s->stage.name, p->pair.partition, "elsewhere", FNL_SPAN_LIT("-"),
				       "Redis stands at %" PRId64 ", the committed pair at %" PRId64 ": not compared",
				       p->applied.present ? p->applied.cl : -1, p->pair.cl);
			}
		}
	}
	if (v->in_flight) {
		differ(v, v->stages[FNL_APP_STAGE_REP].s->stage.name, -1, "in-flight", FNL_SPAN_LIT("-"),
		       "lines or cells are on their way to the next stage: their sums were not compared");
	}
}

void fnl_verify_clear(struct fnl_verify *v)
{
	for (size_t s = 0; s < FNL_APP_STAGE_COUNT; s++) {
		struct fnl_verify_stage *st = &v->stages[s];
		for (size_t i = 0; i < st->partition_count && st->partitions; i++) {
			fnl_map_deinit(&st->partitions[i].rows);
		}
		st->partitions = fnl_free(st->partitions);
		st->partition_count = 0;
	}
	fnl_books_deinit(&v->books);
	v->differences = fnl_free(v->differences);
	v->difference_count = v->moved_count = 0;
	v->in_flight = false;
	fnl_arena_deinit(&v->arena);
	fnl_arena_deinit(&v->scratch);
}
