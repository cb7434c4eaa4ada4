/* Rebuilding the view from the changelog (rules 6 and 7). One partition at a time has the reader. */
#include "internal.h"

enum { RESTORE_WAIT_MS = 100, RESTORE_RETRY_MS = 50, PROBE_RECORDS_MAX = 16 };

static const struct fnl_log_ops *log_ops(const struct fnl_stream *s)
{
	return s->ports.log->ops;
}

void fnl_restore_release(struct fnl_stream *s, struct fnl_partition *p)
{
	if (s->restoring == p) {
		log_ops(s)->restore_close(s->ports.log);
		s->restoring = NULL;
	}
	p->restore_open = false;
	p->rebuild = false;
}

static int log_error(struct fnl_stream *s, struct fnl_partition *p, int rc, struct fnl_error *why)
{
	if (fnl_status_class(rc) == FNL_CLASS_STOP) {
		return fnl_fail(why, rc, "%s", log_ops(s)->explain(s->ports.log));
	}
	fnl_lifecycle_repair(s, p, RESTORE_RETRY_MS);
	return 0;
}

/* 0 = this partition has the reader, 1 = another one has it, or a retry is due. */
static int acquire(struct fnl_stream *s, struct fnl_partition *p, int64_t from, struct fnl_error *why)
{
	if (p->restore_open) {
		return 0;
	}
	if (s->restoring) {
		return 1;
	}
	int64_t start = 0;
	int64_t end = 0;
	int rc = log_ops(s)->changelog_bounds(s->ports.log, p->id, &start, &end, RESTORE_WAIT_MS * 10);
	if (rc) {
		rc = log_error(s, p, rc, why);
		return rc ? rc : 1;
	}
	if (p->phase == FNL_PHASE_RESTORE && end < p->cl) {
		return fnl_fail(why, FNL_E_STATE,
		                "changelog partition %d of stage %s ends at %lld, before the committed %lld: records were "
		                "lost. Restore the "
		                "topic, or reset the stage: 'funnelctl repair --stage %s --partition %d --from-beginning'",
		                p->id, s->stage.name, (long long)end, (long long)p->cl, s->stage.name, p->id);
	}
	p->probe_end = end;
	rc = log_ops(s)->restore_open(s->ports.log, p->id, from);
	if (rc) {
		rc = log_error(s, p, rc, why);
		return rc ? rc : 1;
	}
	s->restoring = p;
	p->restore_open = true;
	p->rebuild = from == 0 && !p->applied.present;
	return 0;
}

/* No offset was ever committed. The changelog may still hold aborted records; a committed one is a contradiction. */
int fnl_restore_probe(struct fnl_stream *s, struct fnl_partition *p, struct fnl_error *why)
{
	int rc = acquire(s, p, 0, why);
	if (rc) {
		return rc < 0 ? rc : 0;
	}
	struct fnl_restore_chunk chunk = {0};
	if (p->probe_end > 0) {
		rc = log_ops(s)->restore_poll(s->ports.log, PROBE_RECORDS_MAX, RESTORE_WAIT_MS, &chunk);
		if (rc) {
			return log_error(s, p, rc, why);
		}
	}
	if (chunk.record_count && !fnl_lifecycle_doubt(s, p)) {
		return 0;
	}
	if (chunk.record_count) {
		return fnl_fail(why, FNL_E_STATE,
		                "partition %d of %s has no committed offset, but its changelog is not empty: the group's "
		                "offsets were lost or "
		                "deleted. Mend it with 'funnelctl repair --stage %s --partition %d'",
		                p->id, s->stage.input_topic, s->stage.name, p->id);
	}
	if (chunk.position < p->probe_end) {
		return 0;
	}
	fnl_restore_release(s, p);
	p->offset = 0;
	p->cl = 0;
	p->phase = FNL_PHASE_CHECK;
	return 0;
}

/* "table|key" of a changelog record to a row's address. */
static bool row_of_key(const struct fnl_stream *s, struct fnl_span key, struct fnl_row_key *ret)
{
	const uint8_t *bar = key.len ? memchr(key.data, '|', key.len) : NULL;
	if (!bar) {
		return false;
	}
	struct fnl_span table = fnl_span_of(key.data, (size_t)(bar - key.data));
	for (size_t i = 0; i < s->stage.table_count; i++) {
		if (fnl_span_eq(table, fnl_span_str(s->stage.table_names[i]))) {
			*ret = (struct fnl_row_key){(uint8_t)i, fnl_span_of(bar + 1, key.len - table.len - 1)};
			return true;
		}
	}
	return false;
}

/* Rows of the chunk below cl; *ret_count. NULL: out of memory, or a key that is none (then *ret_bad). */
static struct fnl_row_write *chunk_rows(struct fnl_stream *s, struct fnl_partition *p,
                                        const struct fnl_restore_chunk *chunk, size_t *ret_count, bool *ret_bad)
{
	struct fnl_row_write *rows =
		fnl_arena_calloc(&s->arena, chunk->record_count ? chunk->record_count : 1, sizeof(*rows));
	size_t n = 0;
	for (size_t i = 0; rows && i < chunk->record_count; i++) {
		const struct fnl_record *r = &chunk->records[i];
		if (r->offset >= p->cl) {
			continue;
		}
		struct fnl_row_key row;
		if (!row_of_key(s, r->key, &row)) {
			*ret_bad = true;
			return NULL;
		}
		int64_t deadline_ms = fnl_span_is_none(r->value)
		                          ? FNL_NO_DEADLINE
		                          : s->ports.op->ops->row_deadline(s->ports.op, row.table, r->value);
		rows[n++] = (struct fnl_row_write){.row = row, .value = r->value, .deadline_ms = deadline_ms};
	}
	*ret_count = n;
	return rows;
}

static int apply_chunk(struct fnl_stream *s, struct fnl_partition *p, const struct fnl_row_write *rows, size_t count,
                       int64_t position, struct fnl_error *why)
{
	bool done = position >= p->cl;
	bool first = !p->applied.present;
	struct fnl_store_apply apply = {
		.partition = p->id,
		.expected = p->applied,
		.compare_as_of = true,
		.next = {true, done ? p->cl : position, done || first ? p->pair_wall_ms : p->applied.complete_as_of_ms},
		.delete_first = first,
		.more = !done,
		.rows = rows,
		.row_count = count,
	};
	int rc = s->ports.store->ops->apply(s->ports.store, &apply, 1);
	if (rc < 0) {
		if (fnl_status_class(rc) != FNL_CLASS_RETRIABLE) {
			return fnl_fail(why, rc, "%s", s->ports.store->ops->explain(s->ports.store));
		}
		fnl_lifecycle_repair(s, p, s->settings.store_retry_ms);
		return 0;
	}
	if (apply.ret_outcome != FNL_APPLIED) {
		fnl_lifecycle_repair(s, p, RESTORE_RETRY_MS);
		return 0;
	}
	p->applied = apply.next;
	s->stats.restored_records += count;
	if (done) {
		fnl_log_line(s->ports.logger, FNL_INFO, "partition %d: the view was restored to changelog offset %lld", p->id,
		             (long long)p->cl);
		fnl_restore_release(s, p);
		p->phase = FNL_PHASE_CHECK;
	}
	return 0;
}

/* Rule 7: a pass that takes as long as tombstones live is begun again. */
static bool pass_is_too_old(const struct fnl_stream *s, const struct fnl_partition *p)
{
	return fnl_wall(s) - p->pair_wall_ms > s->settings.tombstone_retention_ms / 2;
}

int fnl_restore_step(struct fnl_stream *s, struct fnl_partition *p, struct fnl_error *why)
{
	if (pass_is_too_old(s, p)) {
		fnl_lifecycle_repair(s, p, 0);
		return 0;
	}
	int rc = acquire(s, p, p->applied.present ? p->applied.cl : 0, why);
	if (rc) {
		return rc < 0 ? rc : 0;
	}
	struct fnl_restore_chunk chunk = {0};
	rc = log_ops(s)->restore_poll(s->ports.log, s->settings.restore_records_max, RESTORE_WAIT_MS, &chunk);
	if (rc) {
		return log_error(s, p, rc, why);
	}
	/* Again, because what counts is when this was read, and the worker may have slept over it. */
	if (pass_is_too_old(s, p)) {
		fnl_lifecycle_repair(s, p, 0);
		return 0;
	}
	int64_t at = p->applied.present ? p->applied.cl : 0;
	if (chunk.position <= at && chunk.record_count == 0) {
		return 0;
	}
	size_t count = 0;
	bool bad = false;
	struct fnl_row_write *rows = chunk_rows(s, p, &chunk, &count, &bad);
	if (!rows) {
		return fnl_fail(why, bad ? FNL_E_STATE : FNL_E_NOMEM,
		                bad ? "changelog partition %d of stage %s holds a key that is no row's: another program writes "
		                      "to this topic"
		                    : "no memory to restore partition %d of stage %s: lower the size of a restore chunk",
		                p->id, s->stage.name);
	}
	return apply_chunk(s, p, rows, count, chunk.position, why);
}
