/* The life of a partition: from the assignment to running, and back whenever something does not fit.
 * There is one way back: PAIR. It costs a round trip or two, and it is never wrong. */
#include "internal.h"

enum {
	PAIR_WAIT_MS = 500,
	PAIR_RETRY_MS = 50,
	ALONE_RETRY_MS = 250,
	DOUBT_RETRY_MS = 250,
	DOUBT_MS = 10000 /* longer than a heartbeat needs to bring the bad news */
};

static void partition_deinit(struct fnl_partition *p)
{
	fnl_cache_deinit(&p->cache);
	fnl_overlay_deinit(&p->overlay);
}

void fnl_lifecycle_clear(struct fnl_stream *s)
{
	if (s->restoring) {
		fnl_restore_release(s, s->restoring);
	}
	for (size_t i = 0; i < s->partition_count; i++) {
		partition_deinit(&s->partitions[i]);
	}
	s->partitions = fnl_free(s->partitions);
	s->partition_count = 0;
}

int fnl_lifecycle_assign(struct fnl_stream *s, const int32_t *ids, size_t count)
{
	fnl_lifecycle_clear(s);
	if (count == 0) {
		return 0;
	}
	s->partitions = fnl_calloc(count, sizeof(*s->partitions));
	if (!s->partitions) {
		return FNL_E_NOMEM;
	}
	s->partition_count = count;
	for (size_t i = 0; i < count; i++) {
		struct fnl_partition *p = &s->partitions[i];
		p->id = ids[i];
		p->phase = FNL_PHASE_PAIR;
		fnl_overlay_reset(&p->overlay);
		fnl_cache_init(&p->cache, s->settings.cache_bytes_max);
	}
	return 0;
}

void fnl_lifecycle_repair(struct fnl_stream *s, struct fnl_partition *p, int64_t wait_ms)
{
	s->stats.repairs += p->phase == FNL_PHASE_RUN;
	/* also when a start failed: it may have been done all the same; what is not ours any more needs no stop */
	(void)s->ports.log->ops->stop(s->ports.log, p->id);
	s->idle = false;
	fnl_restore_release(s, p);
	fnl_cache_clear(&p->cache);
	p->event_time_known = false;
	p->phase = FNL_PHASE_PAIR;
	p->retry_at_ms = fnl_mono(s) + wait_ms;
}

void fnl_lifecycle_repair_all(struct fnl_stream *s, int64_t wait_ms)
{
	for (size_t i = 0; i < s->partition_count; i++) {
		fnl_lifecycle_repair(s, &s->partitions[i], wait_ms);
	}
}

static int view_error(struct fnl_stream *s, struct fnl_partition *p, int rc, struct fnl_error *why)
{
	const char *story = s->ports.store->ops->explain(s->ports.store);
	if (fnl_status_class(rc) != FNL_CLASS_RETRIABLE) {
		return fnl_fail(why, rc, "%s", rc == FNL_E_NOMEM ? "no memory to begin a partition, or a batch" : story);
	}
	fnl_log_line(s->ports.logger, FNL_WARN, "partition %d waits for the view: %s", p->id, story);
	fnl_lifecycle_repair(s, p, s->settings.store_retry_ms);
	return 0;
}

static int run(struct fnl_stream *s, struct fnl_partition *p, struct fnl_error *why)
{
	p->doubt_since_ms = 0;
	int rc = fnl_isolate_begin(s, p);
	if (rc) {
		return view_error(s, p, rc, why);
	}
	if (s->ports.log->ops->start(s->ports.log, p->id, p->offset) != 0) {
		fnl_lifecycle_repair(s, p, PAIR_RETRY_MS);
		return 0;
	}
	p->event_time_known = false;
	p->event_time_ms = FNL_NO_TIME;
	p->owed = true;
	p->left = false;
	p->phase = FNL_PHASE_RUN;
	p->fresh = true;
	fnl_log_line(s->ports.logger, FNL_INFO, "partition %d runs from offset %lld, changelog %lld", p->id,
	             (long long)p->offset, (long long)p->cl);
	return 0;
}

static int pair_take(struct fnl_stream *s, struct fnl_partition *p, const struct fnl_committed *c, int64_t fetched_ms,
                     struct fnl_error *why)
{
	p->pair_wall_ms = fetched_ms;
	if (c->offset < 0) {
		p->phase = FNL_PHASE_PROBE;
		return 0;
	}
	if (!fnl_commit_parse(c->metadata, &p->cl)) {
		return fnl_fail(
			why, FNL_E_STATE,
			"partition %d of %s: the committed offset %lld has no metadata 'cl=<n>', so somebody else has set it. "
			"Look at it with 'funnelctl wait', then mend it with 'funnelctl repair --stage %s --partition %d'",
			p->id, s->stage.input_topic, (long long)c->offset, s->stage.name, p->id);
	}
	p->offset = c->offset;
	p->phase = FNL_PHASE_CHECK;
	return 0;
}

static bool wants_pair(const struct fnl_partition *p, int64_t mono_ms)
{
	return p->phase == FNL_PHASE_PAIR && p->retry_at_ms <= mono_ms;
}

/* Whose pair is asked for now: all that were never refused together; else the one of the others that waits longest. */
static size_t choose_pairs(const struct fnl_stream *s, struct fnl_partition **ret)
{
	int64_t mono_ms = fnl_mono(s);
	size_t n = 0;
	struct fnl_partition *alone = NULL;
	for (size_t i = 0; i < s->partition_count; i++) {
		struct fnl_partition *p = &s->partitions[i];
		if (!wants_pair(p, mono_ms)) {
			continue;
		}
		if (!p->alone) {
			ret[n++] = p;
		} else if (!alone || p->asked_at_ms < alone->asked_at_ms) {
			alone = p;
		}
	}
	if (n == 0 && alone) {
		ret[n++] = alone;
	}
	return n;
}

/* A transaction that a dead worker has left open hides the pairs of its partitions, and of all that are asked for
 * together with these: from here on each is asked for alone, so that the others go on. */
static void pairs_refused(struct fnl_stream *s, struct fnl_partition **who, size_t n)
{
	int64_t mono_ms = fnl_mono(s);
	for (size_t i = 0; i < n; i++) {
		who[i]->asked_at_ms = mono_ms;
		who[i]->retry_at_ms = mono_ms + PAIR_RETRY_MS;
		who[i]->alone = n > 1 || who[i]->alone;
	}
	for (size_t i = 0; n == 1 && i < s->partition_count; i++) {
		struct fnl_partition *p = &s->partitions[i];
		if (p->alone && p->phase == FNL_PHASE_PAIR && p->retry_at_ms < mono_ms + ALONE_RETRY_MS) {
			p->retry_at_ms = mono_ms + ALONE_RETRY_MS; /* each try holds up those that run */
		}
	}
}

/* Rule 5: the stable pair, fetched after the assignment. */
static int step_pairs(struct fnl_stream *s, struct fnl_error *why)
{
	struct fnl_committed *pairs = fnl_arena_calloc(&s->arena, s->partition_count, sizeof(*pairs));
	struct fnl_partition **who = fnl_arena_calloc(&s->arena, s->partition_count, sizeof(struct fnl_partition *));
	if (!pairs || !who) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for %zu partitions", s->partition_count);
	}
	size_t n = choose_pairs(s, who);
	if (n == 0) {
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		pairs[i].partition = who[i]->id;
	}
	int64_t fetched_ms = fnl_wall(s);
	int rc = s->ports.log->ops->committed(s->ports.log, pairs, n, PAIR_WAIT_MS);
	if (rc != 0) {
		pairs_refused(s, who, n);
		return fnl_status_class(rc) == FNL_CLASS_STOP
		           ? fnl_fail(why, rc, "%s", s->ports.log->ops->explain(s->ports.log))
		           : 0;
	}
	for (size_t i = 0; i < n; i++) {
		who[i]->alone = false;
		rc = pair_take(s, who[i], &pairs[i], fetched_ms, why);
		if (rc) {
			return rc;
		}
	}
	return 0;
}

bool fnl_lifecycle_doubt(struct fnl_stream *s, struct fnl_partition *p)
{
	int64_t mono = fnl_mono(s);
	if (p->doubt_since_ms == 0) {
		p->doubt_since_ms = mono ? mono : 1;
	}
	if (mono - p->doubt_since_ms >= DOUBT_MS) {
		return true;
	}
	fnl_lifecycle_repair(s, p, DOUBT_RETRY_MS);
	return false;
}

/* The view knows more than the log has committed. */
static int view_ahead(struct fnl_stream *s, struct fnl_partition *p, struct fnl_error *why)
{
	if (!fnl_lifecycle_doubt(s, p)) {
		return 0;
	}
	return fnl_fail(
		why, FNL_E_STATE,
		"partition %d of stage %s: the view stands at changelog offset %lld, beyond the committed %lld: the topics "
		"were "
		"reset or belong to another cluster. Empty this view (delete its keys in Redis), or restore the topics",
		p->id, s->stage.name, (long long)p->applied.cl, (long long)p->cl);
}

static int begin_empty(struct fnl_stream *s, struct fnl_partition *p, struct fnl_error *why)
{
	struct fnl_store_apply apply = {
		.partition = p->id, .compare_as_of = true, .next = {true, 0, p->pair_wall_ms}, .delete_first = true};
	int rc = s->ports.store->ops->apply(s->ports.store, &apply, 1);
	if (rc < 0) {
		return view_error(s, p, rc, why);
	}
	if (apply.ret_outcome != FNL_APPLIED) {
		fnl_lifecycle_repair(s, p, PAIR_RETRY_MS);
		return 0;
	}
	return run(s, p, why);
}

static int step_check(struct fnl_stream *s, struct fnl_partition *p, struct fnl_error *why)
{
	struct fnl_store_read read = {.partition = p->id};
	int rc = s->ports.store->ops->read(s->ports.store, &read, 1, &s->arena);
	if (rc < 0) {
		return view_error(s, p, rc, why);
	}
	p->applied = read.ret_applied;
	if (!p->applied.present) {
		p->phase = FNL_PHASE_RESTORE;
		return p->cl == 0 ? begin_empty(s, p, why) : 0;
	}
	if (p->applied.cl == p->cl) {
		return run(s, p, why);
	}
	if (p->applied.cl > p->cl) {
		return view_ahead(s, p, why);
	}
	p->doubt_since_ms = 0;
	/* Rule 7: tombstones that it has not seen may be gone already. */
	bool stale = fnl_wall(s) - p->applied.complete_as_of_ms > s->settings.tombstone_retention_ms / 2;
	p->phase = stale ? FNL_PHASE_WIPE : FNL_PHASE_RESTORE;
	return 0;
}

static int step_wipe(struct fnl_stream *s, struct fnl_partition *p, struct fnl_error *why)
{
	enum fnl_apply_outcome outcome = FNL_MISMATCH;
	int rc = s->ports.store->ops->wipe(s->ports.store, p->id, p->applied, &outcome);
	if (rc < 0) {
		return view_error(s, p, rc, why);
	}
	p->phase = FNL_PHASE_CHECK;
	return 0;
}

int fnl_lifecycle_step(struct fnl_stream *s, struct fnl_error *why)
{
	fnl_arena_reset(&s->arena);
	int rc = step_pairs(s, why);
	for (size_t i = 0; i < s->partition_count && rc == 0; i++) {
		struct fnl_partition *p = &s->partitions[i];
		if (p->retry_at_ms > fnl_mono(s)) {
			continue;
		}
		switch (p->phase) {
		case FNL_PHASE_PROBE:
			rc = fnl_restore_probe(s, p, why);
			break;
		case FNL_PHASE_CHECK:
			rc = step_check(s, p, why);
			break;
		case FNL_PHASE_WIPE:
			rc = step_wipe(s, p, why);
			break;
		case FNL_PHASE_RESTORE:
			rc = fnl_restore_step(s, p, why);
			break;
		case FNL_PHASE_PAIR:
		case FNL_PHASE_RUN:
			break;
		}
	}
	return rc;
}
