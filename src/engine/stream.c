/* A stream thread's turn: poll, life cycles, batch. */
#include "internal.h"

struct fnl_stream_settings fnl_stream_settings_default(void)
{
	return (struct fnl_stream_settings){
		.clock = FNL_CLOCK_WALL,
		.batch_records_max = 8000,
		.batch_bytes_max = 16 << 20,
		.poll_wait_ms = 50,
		.timers_max = 600, /* so few that input which waits for a batch of them is soon done, enough to make it cheap */
		.pages_max = 10,
		.cache_bytes_max = 16 << 20,
		.arena_bytes_max = 512 << 20,
		.restore_records_max = 10000,
		.txn_timeout_ms = 15000,
		.store_retry_ms = 200,
		.tombstone_retention_ms = INT64_C(86400000),
		.future_max_ms = INT64_C(86400000),
		.event_time_max_ms = INT64_C(4102444800000), /* 2100-01-01 */
		.record_bytes_max = 900000,                  /* below Kafka's message.max.bytes, headers included */
		.isolates_crashes = true,
	};
}

static int settings_check(const struct fnl_stage *stage, const struct fnl_stream_settings *t, struct fnl_error *why)
{
	if (stage->table_count == 0 || stage->table_count > FNL_STORE_TABLES_MAX) {
		return fnl_fail(why, FNL_E_ARGUMENT, "a stage has 1 to %d tables, not %zu", FNL_STORE_TABLES_MAX,
		                stage->table_count);
	}
	if (t->batch_records_max < 1 || t->batch_records_max > FNL_STORE_INPUTS_MAX) {
		return fnl_fail(why, FNL_E_ARGUMENT, "batch.records is 1 to %d, not %zu", FNL_STORE_INPUTS_MAX,
		                t->batch_records_max);
	}
	if (t->timers_max < 1 || t->timers_max >= FNL_STORE_KEYS_MAX || t->restore_records_max < 1 ||
	    t->restore_records_max > FNL_STORE_KEYS_MAX) {
		return fnl_fail(why, FNL_E_ARGUMENT, "timers and restore chunks are 1 to %d a batch", FNL_STORE_KEYS_MAX - 1);
	}
	if (t->pages_max < 1 || t->pages_max > t->timers_max) {
		return fnl_fail(why, FNL_E_ARGUMENT, "pages are 1 to %zu a batch, as timers, not %zu", t->timers_max,
		                t->pages_max);
	}
	if (t->txn_timeout_ms < 1000 || t->poll_wait_ms < 0 || t->tombstone_retention_ms < 60000 ||
	    t->arena_bytes_max < 1 << 20) {
		return fnl_fail(
			why, FNL_E_ARGUMENT,
			"a transaction's time-out is at least 1 s, tombstones live at least a minute, an arena has at least 1 MiB");
	}
	return 0;
}

int fnl_stream_create(const struct fnl_stage *stage, const struct fnl_stream_settings *settings,
                      const struct fnl_stream_ports *ports, struct fnl_stream **ret, struct fnl_error *why)
{
	int rc = settings_check(stage, settings, why);
	if (rc) {
		return rc;
	}
	struct fnl_stream *s = fnl_calloc(1, sizeof(*s));
	if (!s) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for a stream thread");
	}
	s->stage = *stage;
	s->settings = *settings;
	s->ports = *ports;
	fnl_arena_init(&s->arena, settings->arena_bytes_max);
	fnl_arena_init(&s->scratch, settings->arena_bytes_max);
	*ret = s;
	return 0;
}

struct fnl_stream *fnl_stream_destroy(struct fnl_stream *s)
{
	if (!s) {
		return NULL;
	}
	fnl_lifecycle_clear(s);
	fnl_arena_deinit(&s->arena);
	fnl_arena_deinit(&s->scratch);
	return fnl_free(s);
}

struct fnl_stream_stats fnl_stream_stats(const struct fnl_stream *s)
{
	struct fnl_stream_stats stats = s->stats;
	stats.partitions = s->partition_count;
	for (size_t i = 0; i < s->partition_count; i++) {
		enum fnl_phase phase = s->partitions[i].phase;
		stats.partitions_running += phase == FNL_PHASE_RUN;
		stats.partitions_restoring += phase == FNL_PHASE_RESTORE || phase == FNL_PHASE_WIPE;
	}
	return stats;
}

bool fnl_stream_is_idle(const struct fnl_stream *s)
{
	return s->idle;
}

/* 0 = ready, 1 = not yet, < 0 STOP. */
static int producer_ready(struct fnl_stream *s, struct fnl_error *why)
{
	if (s->producer_ready) {
		return 0;
	}
	if (fnl_mono(s) < s->producer_retry_at_ms) {
		return 1;
	}
	int rc = s->ports.log->ops->producer_reset(s->ports.log, s->settings.txn_timeout_ms / 3);
	if (rc == 0) {
		s->stats.producer_resets++;
		s->producer_ready = true;
		return 0;
	}
	const char *story = s->ports.log->ops->explain(s->ports.log);
	if (fnl_status_class(rc) == FNL_CLASS_STOP) {
		return fnl_fail(why, rc, "%s", story);
	}
	fnl_log_line(s->ports.logger, FNL_WARN, "no producer yet (%s); trying again", story);
	s->producer_retry_at_ms = fnl_mono(s) + s->settings.store_retry_ms;
	return 1;
}

/* How long the poll may wait: not at all while something else wants to go on. */
static int poll_wait(const struct fnl_stream *s)
{
	int64_t wait_ms = s->settings.poll_wait_ms;
	int64_t mono = fnl_mono(s);
	for (size_t i = 0; i < s->partition_count; i++) {
		const struct fnl_partition *p = &s->partitions[i];
		if (p->phase == FNL_PHASE_RUN && p->left) {
			return 0;
		}
		if (p->phase == FNL_PHASE_RUN) {
			continue;
		}
		int64_t left_ms = p->retry_at_ms - mono;
		wait_ms = left_ms < wait_ms ? left_ms : wait_ms;
	}
	return wait_ms > 0 ? (int)wait_ms : 0;
}

static int poll(struct fnl_stream *s, struct fnl_poll *ret, struct fnl_error *why)
{
	int rc = s->ports.log->ops->poll(s->ports.log, s->settings.batch_records_max, s->settings.batch_bytes_max,
	                                 poll_wait(s), ret);
	if (rc == 0) {
		s->stats.joined = ret->joined;
		return 0;
	}
	memset(ret, 0, sizeof(*ret));
	const char *story = s->ports.log->ops->explain(s->ports.log);
	if (fnl_status_class(rc) == FNL_CLASS_STOP) {
		return fnl_fail(why, rc, "%s", story);
	}
	fnl_log_line(s->ports.logger, FNL_WARN, "poll: %s", story);
	return 0;
}

/* How far it is behind, as of the end of a turn. */
static void measure(struct fnl_stream *s)
{
	s->stats.lag_records = s->stats.timers_overdue_ms = 0;
	for (size_t i = 0; i < s->partition_count; i++) {
		const struct fnl_partition *p = &s->partitions[i];
		if (p->phase != FNL_PHASE_RUN) {
			continue;
		}
		s->stats.lag_records += fnl_input_lag(s->ports.log, p->id, p->offset);
		int64_t overdue_ms = p->left ? (fnl_by_event(s) ? p->time_ms : s->now_ms) - p->left_ms : 0;
		if (overdue_ms > (int64_t)s->stats.timers_overdue_ms) {
			s->stats.timers_overdue_ms = (uint64_t)overdue_ms;
		}
	}
}

int fnl_stream_cycle(struct fnl_stream *s, struct fnl_error *why)
{
	struct fnl_error story = {0};
	why = why ? why : &story;
	why->code = 0;
	struct fnl_poll got = {0};
	for (size_t i = 0; i < s->partition_count; i++) {
		s->partitions[i].fresh = false;
	}
	int rc = poll(s, &got, why);
	if (rc) {
		return rc;
	}
	if (got.rebalanced) {
		fnl_log_line(s->ports.logger, FNL_INFO, "assignment of %zu partitions", got.assigned_count);
		rc = fnl_lifecycle_assign(s, got.assigned, got.assigned_count);
		if (rc) {
			return fnl_fail(why, rc, "no memory for %zu partitions", got.assigned_count);
		}
	}
	s->idle = got.record_count == 0 && s->partition_count > 0;
	for (size_t i = 0; i < s->partition_count; i++) {
		const struct fnl_partition *p = &s->partitions[i];
		s->idle = s->idle && p->phase == FNL_PHASE_RUN && !p->cut && !p->left;
	}
	rc = producer_ready(s, why);
	if (rc < 0) {
		return rc;
	}
	if (rc > 0) {
		/* what was polled is not lost: it is asked for again when the producer is there */
		fnl_lifecycle_repair_all(s, s->settings.store_retry_ms);
		s->idle = false;
		return 0;
	}
	/* Only now: a pair fetched before the old producer was fenced could still be overtaken by its last commit (rule 8).
	 */
	rc = fnl_lifecycle_step(s, why);
	rc = rc ? rc : fnl_batch_run(s, &got, why);
	measure(s);
	return rc;
}
