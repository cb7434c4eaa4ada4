/* The commit: outputs, row diffs and input offsets in one transaction; only then the cache and the view.
 * Rule 1: flush first, so that delivery tells where the changelog ends; then the offsets with cl; then commit.
 * Rule 8: a clean abortable error aborts and goes on; anything else makes the outcome unknown. */
#include "internal.h"

static const struct fnl_log_ops *log_ops(const struct fnl_stream *s)
{
	return s->ports.log->ops;
}

static bool has_work(const struct fnl_partition *p)
{
	return p->phase == FNL_PHASE_RUN && (p->next_offset > p->offset || p->dirty > 0);
}

bool fnl_commit_parse(struct fnl_span metadata, int64_t *ret_cl)
{
	int64_t cl;
	if (metadata.len < 4 || memcmp(metadata.data, "cl=", 3) != 0 ||
	    !fnl_parse_decimal(fnl_span_of(metadata.data + 3, metadata.len - 3), &cl) || cl < 0) {
		return false;
	}
	*ret_cl = cl;
	return true;
}

static struct fnl_span commit_metadata(struct fnl_arena *a, int64_t cl)
{
	struct fnl_writer w = fnl_writer_of(a);
	fnl_write_raw(&w, FNL_SPAN_LIT("cl="));
	fnl_write_decimal(&w, cl);
	return fnl_writer_span(&w);
}

/* Changelog key: table name, '|', row key. */
static struct fnl_span changelog_key(struct fnl_stream *s, const struct fnl_entry *e)
{
	struct fnl_writer w = fnl_writer_of(&s->arena);
	fnl_write_raw(&w, fnl_span_str(s->stage.table_names[e->table]));
	fnl_write_u8(&w, '|');
	fnl_write_raw(&w, e->node.key);
	return fnl_writer_span(&w);
}

/* Told here: the log knows nothing of it. */
static int no_memory(struct fnl_error *why)
{
	return fnl_fail(why, FNL_E_NOMEM, "no memory for a transaction: raise the arena's limit or lower batch.records");
}

static int produce_row(struct fnl_stream *s, const struct fnl_partition *p, const struct fnl_entry *e,
                       struct fnl_error *why)
{
	struct fnl_span key = changelog_key(s, e);
	return fnl_span_is_none(key) ? no_memory(why) : log_ops(s)->produce_changelog(s->ports.log, p->id, key, e->value);
}

static const struct fnl_entry *first_dirty(const struct fnl_partition *p)
{
	const struct fnl_entry *e = p->overlay.first;
	while (e && !fnl_entry_dirty(e)) {
		e = e->next;
	}
	return e;
}

/* A row of each partition before all else: the log hears of the transaction's partitions at once, instead of asking its
 * broker about each when its turn comes. */
static int produce_first_rows(struct fnl_stream *s, struct fnl_error *why)
{
	int rc = 0;
	for (size_t i = 0; i < s->partition_count && rc == 0; i++) {
		const struct fnl_partition *p = &s->partitions[i];
		if (has_work(p) && p->dirty) {
			rc = produce_row(s, p, first_dirty(p), why);
		}
	}
	return rc;
}

static int produce_partition(struct fnl_stream *s, const struct fnl_partition *p, struct fnl_error *why)
{
	int rc = 0;
	for (const struct fnl_produced *o = p->produced; o && rc == 0; o = o->next) {
		fnl_span_prefetch(o->next ? o->next->value : FNL_SPAN_NONE);
		rc = log_ops(s)->produce(s->ports.log, o->topic, o->partition, o->key, o->value, o->headers, o->header_count);
	}
	const struct fnl_entry *first = p->dirty ? first_dirty(p) : NULL;
	for (const struct fnl_entry *e = first ? first->next : NULL; e && rc == 0; e = e->next) {
		fnl_span_prefetch(e->next ? e->next->node.key : FNL_SPAN_NONE);
		rc = fnl_entry_dirty(e) ? produce_row(s, p, e, why) : 0;
	}
	return rc;
}

static int send_offsets(struct fnl_stream *s, struct fnl_error *why)
{
	struct fnl_commit *commits = fnl_arena_calloc(&s->arena, s->partition_count, sizeof(*commits));
	if (!commits) {
		return no_memory(why);
	}
	size_t n = 0;
	for (size_t i = 0; i < s->partition_count; i++) {
		struct fnl_partition *p = &s->partitions[i];
		if (!has_work(p)) {
			continue;
		}
		if (p->dirty) {
			p->next_cl = log_ops(s)->changelog_next(s->ports.log, p->id);
			if (p->next_cl <= p->cl) {
				return FNL_E_TXN_UNKNOWN; /* never guess it */
			}
		}
		commits[n] = (struct fnl_commit){p->id, p->next_offset, commit_metadata(&s->arena, p->next_cl)};
		if (fnl_span_is_none(commits[n++].metadata)) {
			return no_memory(why);
		}
	}
	return log_ops(s)->send_offsets(s->ports.log, commits, n, s->settings.txn_timeout_ms / 2);
}

static int transact(struct fnl_stream *s, struct fnl_error *why)
{
	int rc = log_ops(s)->txn_begin(s->ports.log);
	rc = rc ? rc : produce_first_rows(s, why);
	for (size_t i = 0; i < s->partition_count && rc == 0; i++) {
		if (has_work(&s->partitions[i])) {
			rc = produce_partition(s, &s->partitions[i], why);
		}
	}
	rc = rc ? rc : log_ops(s)->flush(s->ports.log, s->settings.txn_timeout_ms / 2);
	rc = rc ? rc : send_offsets(s, why);
	return rc ? rc : log_ops(s)->txn_commit(s->ports.log, s->settings.txn_timeout_ms);
}

/* Nothing of the batch stays; the committed state is still known. */
static void start_again(struct fnl_stream *s)
{
	s->stats.aborts++;
	for (size_t i = 0; i < s->partition_count; i++) {
		struct fnl_partition *p = &s->partitions[i];
		if (p->phase != FNL_PHASE_RUN) {
			continue;
		}
		p->event_time_known = false;
		if (log_ops(s)->start(s->ports.log, p->id, p->offset) != 0) {
			fnl_lifecycle_repair(s, p, s->settings.store_retry_ms);
		}
	}
	s->ports.clock->sleep_ms(s->ports.clock->context, 10); /* a rebalance is probably under way */
}

static void outcome_unknown(struct fnl_stream *s)
{
	s->producer_ready = false;
	fnl_lifecycle_repair_all(s, 0);
}

static int failed(struct fnl_stream *s, int rc, struct fnl_error *why)
{
	const char *story = log_ops(s)->explain(s->ports.log);
	switch (fnl_status_class(rc)) {
	case FNL_CLASS_ABORT:
		fnl_log_line(s->ports.logger, FNL_INFO, "transaction aborted (%s): %s", fnl_status_label(rc), story);
		if (log_ops(s)->txn_abort(s->ports.log, s->settings.txn_timeout_ms / 2) != 0) {
			outcome_unknown(s);
			return 0;
		}
		start_again(s);
		return 0;
	case FNL_CLASS_STOP:
	case FNL_CLASS_POISON:
		return why->code == rc ? rc : fnl_fail(why, rc, "the transaction failed: %s", story);
	case FNL_CLASS_NONE:
	case FNL_CLASS_RETRIABLE:
	case FNL_CLASS_UNKNOWN:
		break;
	}
	fnl_log_line(s->ports.logger, FNL_WARN, "outcome of a transaction unknown (%s): %s; asking the log",
	             fnl_status_label(rc), story);
	outcome_unknown(s);
	return 0;
}

static int collect_writes(struct fnl_stream *s, struct fnl_partition *p, struct fnl_store_apply *apply)
{
	struct fnl_row_write *rows = fnl_arena_calloc(&s->arena, p->dirty + p->rearmed, sizeof(*rows));
	if (!rows) {
		return FNL_E_NOMEM;
	}
	size_t n = 0;
	for (const struct fnl_entry *e = p->overlay.first; e; e = e->next) {
		if (fnl_entry_dirty(e) || e->rearm) {
			rows[n++] = (struct fnl_row_write){.row = {e->table, e->node.key},
			                                   .value = e->value,
			                                   .deadline_ms = e->deadline_ms,
			                                   .deadline_unchanged = fnl_timer_indexed(s, p, e),
			                                   .existed = !fnl_span_is_none(e->loaded)};
		}
	}
	*apply = (struct fnl_store_apply){
		.partition = p->id,
		.expected = {true, p->cl, 0},
		/* who commits nothing may be nobody's owner any more, and knows of no tombstone */
		.next = {true, p->next_cl, p->dirty ? s->now_ms : p->read.ret_applied.complete_as_of_ms},
		.rows = rows,
		.row_count = n,
	};
	return 0;
}

static void take_committed(struct fnl_stream *s, struct fnl_partition *p)
{
	for (const struct fnl_entry *e = p->overlay.first; e; e = e->next) {
		if (e->next) {
			fnl_cache_prefetch(&p->cache, e->next->table, e->next->node.hash);
		}
		if (e->known && (e->from_view || fnl_entry_dirty(e))) {
			fnl_cache_put(&p->cache, (struct fnl_row_key){e->table, e->node.key}, e->node.hash, e->value);
		}
	}
	s->stats.records += p->taken;
	s->stats.stale += p->stale;
	s->stats.dead_letters += p->dead;
	s->stats.timers += p->fired;
	s->stats.outputs += p->outputs;
	s->stats.row_writes += p->dirty;
	fnl_batch_stats_outputs(&s->stats.batches, p->produced);
	p->offset = p->next_offset;
	p->cl = p->next_cl;
	p->event_time_ms = p->time_ms;
	p->owed = p->owed_next;
	fnl_isolate_rest(s, p);
	if (p->cut && log_ops(s)->start(s->ports.log, p->id, p->offset) != 0) {
		fnl_lifecycle_repair(s, p, s->settings.store_retry_ms);
	}
}

/* Rule 2: compare-and-set. A surprise costs a repair, never data: the changelog has it. */
static int apply_all(struct fnl_stream *s, struct fnl_store_apply *applies, struct fnl_partition **who, size_t n,
                     struct fnl_error *why)
{
	if (n == 0) {
		return 0;
	}
	int rc = s->ports.store->ops->apply(s->ports.store, applies, n);
	if (rc < 0) {
		const char *story = s->ports.store->ops->explain(s->ports.store);
		if (fnl_status_class(rc) != FNL_CLASS_RETRIABLE) {
			return fnl_fail(why, rc, "%s", story);
		}
		fnl_log_line(s->ports.logger, FNL_WARN, "the view did not take a commit (%s); it will be repaired", story);
		fnl_lifecycle_repair_all(s, s->settings.store_retry_ms);
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		if (applies[i].ret_outcome != FNL_APPLIED && who[i]->phase == FNL_PHASE_RUN) {
			fnl_lifecycle_repair(s, who[i], 0);
		}
	}
	return 0;
}

static int after_commit(struct fnl_stream *s, struct fnl_store_apply *applies, struct fnl_partition **who,
                        struct fnl_error *why)
{
	size_t n = 0;
	for (size_t i = 0; i < s->partition_count; i++) {
		struct fnl_partition *p = &s->partitions[i];
		if (p->phase == FNL_PHASE_RUN && (p->dirty || p->rearmed)) {
			int rc = collect_writes(s, p, &applies[n]);
			if (rc) {
				return fnl_fail(why, rc, "no memory for the rows of a batch");
			}
			who[n++] = p;
		}
		if (has_work(p)) {
			take_committed(s, p);
		}
	}
	int rc = apply_all(s, applies, who, n, why);
	fnl_batch_stats_took(&s->stats.batches, fnl_mono(s) - s->batch_began_ms);
	if (rc == 0 && log_ops(s)->producer_is_doubtful(s->ports.log)) {
		s->producer_ready = false;
	}
	return rc;
}

int fnl_commit_batch(struct fnl_stream *s, struct fnl_error *why)
{
	bool work = false;
	bool rearmed = false;
	for (size_t i = 0; i < s->partition_count; i++) {
		struct fnl_partition *p = &s->partitions[i];
		for (const struct fnl_entry *e = p->phase == FNL_PHASE_RUN ? p->overlay.first : NULL; e; e = e->next) {
			p->dirty += fnl_entry_dirty(e);
			p->rearmed += e->rearm && !fnl_entry_dirty(e);
		}
		rearmed = rearmed || p->rearmed;
		work = work || has_work(p);
		if (!has_work(p) && p->phase == FNL_PHASE_RUN && p->cut &&
		    log_ops(s)->start(s->ports.log, p->id, p->offset) != 0) {
			fnl_lifecycle_repair(s, p, s->settings.store_retry_ms);
		}
	}
	s->idle = s->idle && !work && !rearmed;
	if (!work && !rearmed) {
		return 0;
	}
	struct fnl_store_apply *applies = fnl_arena_calloc(&s->arena, s->partition_count, sizeof(*applies));
	struct fnl_partition **who = fnl_arena_calloc(&s->arena, s->partition_count, sizeof(struct fnl_partition *));
	if (!applies || !who) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for a commit");
	}
	int rc = work ? transact(s, why) : 0;
	s->stats.transactions += work && rc == 0;
	return rc ? failed(s, rc, why) : after_commit(s, applies, who, why);
}
