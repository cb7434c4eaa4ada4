/* The changelog is read whole, each key's latest value kept as a digest; then the view is scanned against it. A
 * partition that moved in between is not judged. */
#include "verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { VIEW_ARENA_BYTES_MAX = 64 << 20, SCRATCH_BYTES_MAX = 4 << 20 };
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

static void differ(struct fnl_verify *v, int32_t partition, const char *kind, struct fnl_span row, const char *fmt, ...)
	FNL_PRINTF(5, 6);

static void differ(struct fnl_verify *v, int32_t partition, const char *kind, struct fnl_span row, const char *fmt, ...)
{
	if (v->difference_count++ >= FNL_VERIFY_LISTED_MAX) {
		return;
	}
	struct fnl_difference *d = &v->differences[v->difference_count - 1];
	size_t n = 0;
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
static int table_of(const struct fnl_verify *v, struct fnl_span row)
{
	const struct fnl_stage *s = &fnl_app_stage(v->app, FNL_APP_STAGE_PROSPECT)->stage;
	for (size_t t = 0; t < s->table_count; t++) {
		size_t len = strlen(s->table_names[t]);
		if (row.len > len && row.data[len] == '|' && memcmp(row.data, s->table_names[t], len) == 0) {
			return (int)t;
		}
	}
	return -1;
}

/* The row's part in the sums; a row that cannot be read is a difference of its own. */
static struct fnl_share share_of(struct fnl_verify *v, int32_t partition, int table, struct fnl_span name,
                                 struct fnl_span value)
{
	struct fnl_share share = {.status = -1};
	struct fnl_error why = {0, ""};
	if (table == FNL_PROSPECT_TABLE_PROSPECT) {
		fnl_arena_reset(&v->scratch);
		if (fnl_share_read(value, &v->scratch, &share, &why)) {
			differ(v, partition, "unreadable", name, "%.140s", why.text);
		}
	}
	return share;
}

static int on_changelog(void *context, size_t topic, const struct fnl_record *r)
{
	struct fnl_verify *v = context;
	(void)topic;
	if (r->partition < 0 || (size_t)r->partition >= v->partition_count) {
		return FNL_E_LAYOUT;
	}
	struct fnl_verify_partition *p = &v->partitions[r->partition];
	if (r->offset >= p->pair.cl) {
		return 0; /* newer than the pair that is compared */
	}
	int table = table_of(v, r->key);
	if (table < 0) {
		differ(v, r->partition, "unknown-table", r->key, "changelog offset %" PRId64, r->offset);
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
	}
	row->deleted = fnl_span_is_none(r->value);
	if (!row->deleted) {
		digest_of(r->value, row->digest);
		row->deadline_ms = v->op->ops->row_deadline(v->op, (uint8_t)table, r->value);
		row->share = share_of(v, r->partition, table, r->key, r->value);
	}
	return 0;
}

struct scan {
	struct fnl_verify *v;
	struct fnl_verify_partition *p;
};

static void check_row(struct scan *s, struct fnl_span name, struct fnl_verify_row *row, struct fnl_span value,
                      int64_t deadline_ms)
{
	int32_t partition = s->p->pair.partition;
	uint64_t digest[2];
	digest_of(value, digest);
	if (memcmp(digest, row->digest, sizeof(digest)) != 0) {
		differ(s->v, partition, "other-bytes", name, "%zu bytes in Redis", value.len);
	}
	if (deadline_ms != row->deadline_ms) {
		char index[32] = "none", own[32] = "none";
		if (deadline_ms != FNL_NO_DEADLINE) {
			snprintf(index, sizeof(index), "%" PRId64, deadline_ms);
		}
		if (row->deadline_ms != FNL_NO_DEADLINE) {
			snprintf(own, sizeof(own), "%" PRId64, row->deadline_ms);
		}
		differ(s->v, partition, "other-deadline", name, "%s in the index of deadlines, %s in the row", index, own);
	}
}

static int on_view(void *context, struct fnl_row_key key, struct fnl_span value, int64_t deadline_ms)
{
	struct scan *s = context;
	const struct fnl_stage *stage = &fnl_app_stage(s->v->app, FNL_APP_STAGE_PROSPECT)->stage;
	uint8_t buffer[512];
	size_t len = strlen(stage->table_names[key.table]);
	if (len + 1 + key.key.len > sizeof(buffer)) {
		differ(s->v, s->p->pair.partition, "key-too-long", key.key, "%zu bytes", key.key.len);
		return 0;
	}
	memcpy(buffer, stage->table_names[key.table], len);
	buffer[len] = '|';
	memcpy(buffer + len + 1, key.key.data, key.key.len);
	struct fnl_span name = fnl_span_of(buffer, len + 1 + key.key.len);
	struct fnl_map_node *node = fnl_map_find(&s->p->rows, name);
	struct fnl_verify_row *row = node ? FNL_CONTAINER_OF(node, struct fnl_verify_row, node) : NULL;
	if (row && row->seen) {
		return 0; /* a scan may show a row twice */
	}
	s->p->rows_redis++;
	if (!row || row->deleted) {
		differ(s->v, s->p->pair.partition, "only-in-redis", name,
		       row ? "deleted in the changelog" : "not in the changelog");
		return 0;
	}
	row->seen = true;
	check_row(s, name, row, value, deadline_ms);
	struct fnl_share share = share_of(s->v, s->p->pair.partition, key.table, name, value);
	fnl_sums_add(&s->v->sums, &share, FNL_SUM_VIEW);
	return 0;
}

/* Every entry of the index of deadlines belongs to a row: those of living rows were compared with their rows. */
static void check_index(struct scan *s, const struct fnl_store_read *read)
{
	const struct fnl_stage *stage = &fnl_app_stage(s->v->app, FNL_APP_STAGE_PROSPECT)->stage;
	s->p->timers = read->ret_due_count;
	for (size_t i = 0; i < read->ret_due_count; i++) {
		struct fnl_row_key k = read->ret_due[i].row;
		char name[512];
		int n = snprintf(name, sizeof(name), "%s|%.*s", stage->table_names[k.table], (int)k.key.len,
		                 (const char *)k.key.data);
		struct fnl_span row = fnl_span_of(name, (size_t)n < sizeof(name) ? (size_t)n : sizeof(name) - 1);
		struct fnl_map_node *node = fnl_map_find(&s->p->rows, row);
		if (!node || FNL_CONTAINER_OF(node, struct fnl_verify_row, node)->deleted) {
			differ(s->v, s->p->pair.partition, "deadline-without-row", row, "%" PRId64, read->ret_due[i].deadline_ms);
		}
	}
}

static int read_applied(struct fnl_verify *v, struct fnl_verify_partition *p, size_t due_max,
                        struct fnl_store_read *ret, struct fnl_arena *arena)
{
	*ret = (struct fnl_store_read){
		.partition = p->pair.partition, .due_until_ms = FNL_NO_DEADLINE - 1, .due_max = due_max};
	return v->store->ops->read(v->store, ret, 1, arena);
}

/* The differences of a partition count only when the view stood at the pair before and after. */
static int compare_partition(struct fnl_verify *v, struct fnl_verify_partition *p, struct fnl_arena *arena)
{
	struct scan scan = {v, p};
	struct fnl_store_read before, after;
	size_t known = v->difference_count;
	int rc = read_applied(v, p, FNL_STORE_KEYS_MAX, &before, arena);
	if (rc) {
		return rc;
	}
	rc = v->store->ops->scan(v->store, p->pair.partition, on_view, &scan);
	if (rc) {
		return rc;
	}
	check_index(&scan, &before);
	rc = read_applied(v, p, 0, &after, arena);
	if (rc) {
		return rc;
	}
	size_t cursor = 0;
	for (struct fnl_map_node *n = fnl_map_next(&p->rows, &cursor, NULL); n; n = fnl_map_next(&p->rows, &cursor, n)) {
		struct fnl_verify_row *row = FNL_CONTAINER_OF(n, struct fnl_verify_row, node);
		p->rows_changelog += !row->deleted;
		if (!row->deleted) {
			fnl_sums_add(&v->sums, &row->share, FNL_SUM_CHANGELOG);
		}
		if (!row->deleted && !row->seen) {
			differ(v, p->pair.partition, "missing-in-redis", n->key, "the changelog has it");
		}
	}
	p->applied = after.ret_applied;
	p->moved = !fnl_pair_fits(&p->pair, &before.ret_applied) || !fnl_pair_fits(&p->pair, &after.ret_applied) ||
	           p->pair.changelog_end < p->pair.cl;
	if (p->moved) {
		v->moved_count++;
		v->difference_count = known;
	}
	return 0;
}

static int read_changelog(struct fnl_verify *v, struct fnl_error *why)
{
	const char *topic = fnl_app_stage(v->app, FNL_APP_STAGE_PROSPECT)->changelog_topic;
	struct fnl_bus *bus;
	int rc = fnl_app_bus(v->app, &bus, why);
	if (!rc) {
		rc = bus->ops->read(bus, &topic, 1, true, true, NULL, on_changelog, v);
		if (rc) {
			fnl_fail(why, rc, "changelog %s: %s", topic, bus->ops->explain(bus));
		}
	}
	return rc;
}

static void check_sums(struct fnl_verify *v)
{
	for (size_t i = 0; i < v->sums.count && v->moved_count == 0; i++) {
		const struct fnl_sum *s = &v->sums.at[i];
		if (s->count[0] != s->count[1] || s->amount_minor[0] != s->amount_minor[1]) {
			char name[32];
			int n = snprintf(name, sizeof(name), "%s %s", fnl_symbols_status[s->status], s->currency);
			differ(v, -1, "sum", fnl_span_of(name, (size_t)n),
			       "changelog %zu prospects, %" PRId64 " minor; Redis %zu, %" PRId64, s->count[0],
			       (int64_t)s->amount_minor[0], s->count[1], (int64_t)s->amount_minor[1]);
		}
	}
	if (v->sums.overflow) {
		differ(v, -1, "sum", FNL_SPAN_LIT("all"), "more than %d pairs of status and currency", FNL_SUMS_MAX);
	}
}

static int open_all(struct fnl_verify *v, int *ret_exit, struct fnl_error *why)
{
	struct fnl_pair *pairs;
	*ret_exit = FNL_EXIT_SETTINGS;
	int rc = fnl_app_operator(v->app, FNL_APP_STAGE_PROSPECT, &v->op, why);
	if (rc) {
		return rc;
	}
	rc = fnl_pairs_read(v->app, FNL_APP_STAGE_PROSPECT, &pairs, &v->partition_count, why);
	*ret_exit = fnl_exit_code(rc);
	if (rc) {
		return rc;
	}
	v->partitions = fnl_calloc(v->partition_count, sizeof(*v->partitions));
	v->differences = fnl_calloc(FNL_VERIFY_LISTED_MAX, sizeof(*v->differences));
	for (size_t i = 0; i < v->partition_count && v->partitions; i++) {
		v->partitions[i].pair = pairs[i];
	}
	fnl_free(pairs);
	if (!v->partitions || !v->differences) {
		*ret_exit = FNL_EXIT_INTERNAL;
		return fnl_fail(why, FNL_E_NOMEM, "no memory");
	}
	*ret_exit = FNL_EXIT_REDIS;
	return fnl_app_store(v->app, FNL_APP_STAGE_PROSPECT, &v->store, why);
}

int fnl_verify_once(struct fnl_verify *v, int *ret_exit, struct fnl_error *why)
{
	struct fnl_arena arena;
	fnl_arena_init(&v->arena, ROWS_ARENA_BYTES_MAX);
	fnl_arena_init(&v->scratch, SCRATCH_BYTES_MAX);
	memset(&v->sums, 0, sizeof(v->sums));
	int rc = open_all(v, ret_exit, why);
	if (rc) {
		return rc;
	}
	rc = read_changelog(v, why);
	*ret_exit = fnl_exit_code(rc);
	if (rc) {
		return rc;
	}
	fnl_arena_init(&arena, VIEW_ARENA_BYTES_MAX);
	for (size_t i = 0; i < v->partition_count && !rc; i++) {
		rc = compare_partition(v, &v->partitions[i], &arena);
		fnl_arena_reset(&arena);
	}
	fnl_arena_deinit(&arena);
	if (rc) {
		*ret_exit = FNL_EXIT_REDIS;
		return fnl_fail(why, rc, "redis.url %s: %s", fnl_settings_shown(v->app->settings, "redis.url"),
		                v->store->ops->explain(v->store));
	}
	check_sums(v);
	return 0;
}

void fnl_verify_give_up(struct fnl_verify *v)
{
	for (size_t i = 0; i < v->partition_count; i++) {
		const struct fnl_verify_partition *p = &v->partitions[i];
		if (p->moved) {
			differ(v, p->pair.partition, "elsewhere", FNL_SPAN_LIT("-"),
			       "Redis stands at %" PRId64 ", the committed pair at %" PRId64 ": not compared",
			       p->applied.present ? p->applied.cl : -1, p->pair.cl);
		}
	}
}

void fnl_verify_clear(struct fnl_verify *v)
{
	for (size_t i = 0; i < v->partition_count && v->partitions; i++) {
		fnl_map_deinit(&v->partitions[i].rows);
	}
	v->partitions = fnl_free(v->partitions);
	v->differences = fnl_free(v->differences);
	v->partition_count = v->difference_count = v->moved_count = 0;
	fnl_arena_deinit(&v->arena);
	fnl_arena_deinit(&v->scratch);
}
