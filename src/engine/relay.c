/* The stateless stage: what it has read is told by the group's offsets alone, in the transaction of what it has sent.
 */
#include "funneld/engine/relay.h"

#include "internal.h"

enum { COMMITTED_WAIT_MS = 500, COMMITTED_RETRY_MS = 50 };

struct relay_partition {
	int32_t id;
	bool running;
	bool fresh;          /* runs since the last poll: what that one brought is not what start asked for */
	bool cut;            /* records beyond next_offset must be delivered again */
	int64_t retry_at_ms; /* monotonic: do nothing before */
	int64_t offset;      /* committed: the next record */
	int64_t next_offset;
};

struct fnl_relay {
	struct fnl_relay_settings settings;
	struct fnl_relay_ports ports;
	struct fnl_arena arena; /* of one cycle */
	struct relay_partition *partitions;
	size_t partition_count;
	struct fnl_produced *produced;
	struct fnl_produced **produced_tail;
	struct fnl_relay_stats stats;
	struct fnl_relay_stats batch; /* what the commit will add */
	int64_t batch_began_ms;       /* monotonic */
	bool producer_ready;
	int64_t producer_retry_at_ms;
	bool idle;
	struct fnl_relay_decision decision; /* scratch */
};

static const struct fnl_log_ops *ops_of(const struct fnl_relay *r)
{
	return r->ports.log->ops;
}

static const char *story_of(const struct fnl_relay *r)
{
	return ops_of(r)->explain(r->ports.log);
}

static int64_t mono(const struct fnl_relay *r)
{
	return r->ports.clock->monotonic_ms(r->ports.clock->context);
}

/* ---- its life ---- */

static int settings_check(const struct fnl_relay_settings *t, struct fnl_error *why)
{
	if (!t->name || !t->input_topic || t->batch_records_max < 1 || t->batch_bytes_max < 1 || t->poll_wait_ms < 0 ||
	    t->txn_timeout_ms < 1000 || t->arena_bytes_max < 1 << 20 || t->retry_ms < 0) {
		return fnl_fail(why, FNL_E_ARGUMENT,
		                "a relay has a name, an input topic, batches of at least one record, a transaction time-out of "
		                "at least 1 s and an arena of at least 1 MiB");
	}
	return 0;
}

int fnl_relay_create(const struct fnl_relay_settings *settings, const struct fnl_relay_ports *ports,
                     struct fnl_relay **ret, struct fnl_error *why)
{
	int rc = settings_check(settings, why);
	if (rc) {
		return rc;
	}
	struct fnl_relay *r = fnl_calloc(1, sizeof(*r));
	if (!r) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for a relay");
	}
	r->settings = *settings;
	r->ports = *ports;
	fnl_arena_init(&r->arena, settings->arena_bytes_max);
	*ret = r;
	return 0;
}

struct fnl_relay *fnl_relay_destroy(struct fnl_relay *r)
{
	if (!r) {
		return NULL;
	}
	fnl_free(r->partitions);
	fnl_arena_deinit(&r->arena);
	return fnl_free(r);
}

bool fnl_relay_is_idle(const struct fnl_relay *r)
{
	return r->idle;
}

struct fnl_relay_stats fnl_relay_stats(const struct fnl_relay *r)
{
	struct fnl_relay_stats stats = r->stats;
	stats.partitions = r->partition_count;
	for (size_t i = 0; i < r->partition_count; i++) {
		stats.partitions_running += r->partitions[i].running;
	}
	return stats;
}

/* ---- partitions ---- */

/* What it believes is not trusted any more: the committed offset is fetched again. */
static void repair(struct fnl_relay *r, struct relay_partition *p, int64_t wait_ms)
{
	(void)ops_of(r)->stop(r->ports.log, p->id);
	p->running = false;
	p->retry_at_ms = mono(r) + wait_ms;
	r->idle = false;
}

static void repair_all(struct fnl_relay *r, int64_t wait_ms)
{
	for (size_t i = 0; i < r->partition_count; i++) {
		repair(r, &r->partitions[i], wait_ms);
	}
}

static int assign(struct fnl_relay *r, const struct fnl_poll *got)
{
	fnl_log_line(r->ports.logger, FNL_INFO, "assignment of %zu partitions", got->assigned_count);
	r->partitions = fnl_free(r->partitions);
	r->partition_count = 0;
	if (got->assigned_count == 0) {
		return 0;
	}
	r->partitions = fnl_calloc(got->assigned_count, sizeof(*r->partitions));
	if (!r->partitions) {
		return FNL_E_NOMEM;
	}
	r->partition_count = got->assigned_count;
	for (size_t i = 0; i < got->assigned_count; i++) {
		r->partitions[i].id = got->assigned[i];
	}
	return 0;
}

static void run(struct fnl_relay *r, struct relay_partition *p, const struct fnl_committed *c)
{
	p->offset = c->offset < 0 ? 0 : c->offset;
	if (ops_of(r)->start(r->ports.log, p->id, p->offset) != 0) {
		repair(r, p, COMMITTED_RETRY_MS);
		return;
	}
	p->running = p->fresh = true;
	p->cut = false;
	fnl_log_line(r->ports.logger, FNL_INFO, "partition %d runs from offset %lld", p->id, (long long)p->offset);
}

/* The stable offsets of all that do not run yet. */
static int run_waiting(struct fnl_relay *r, struct fnl_error *why)
{
	struct fnl_committed *pairs = fnl_arena_calloc(&r->arena, r->partition_count, sizeof(*pairs));
	if (!pairs) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for %zu partitions", r->partition_count);
	}
	size_t n = 0;
	for (size_t i = 0; i < r->partition_count; i++) {
		if (!r->partitions[i].running && r->partitions[i].retry_at_ms <= mono(r)) {
			pairs[n++].partition = r->partitions[i].id;
		}
	}
	if (n == 0) {
		return 0;
	}
	int rc = ops_of(r)->committed(r->ports.log, pairs, n, COMMITTED_WAIT_MS);
	if (rc != 0 && fnl_status_class(rc) == FNL_CLASS_STOP) {
		return fnl_fail(why, rc, "%s", story_of(r));
	}
	size_t k = 0;
	for (size_t i = 0; i < r->partition_count && k < n; i++) {
		struct relay_partition *p = &r->partitions[i];
		if (p->id != pairs[k].partition) {
			continue;
		}
		if (rc != 0) {
			p->retry_at_ms = mono(r) + COMMITTED_RETRY_MS;
		} else {
			run(r, p, &pairs[k]);
		}
		k++;
	}
	return 0;
}

/* ---- a batch ---- */

static struct relay_partition *partition_of(struct fnl_relay *r, int32_t id)
{
	for (size_t i = 0; i < r->partition_count; i++) {
		if (r->partitions[i].id == id) {
			return &r->partitions[i];
		}
	}
	return NULL;
}

/* All of a decision, or nothing. */
static int keep_outputs(struct fnl_relay *r, const struct fnl_relay_decision *d)
{
	struct fnl_produced *first = NULL;
	struct fnl_produced **tail = &first;
	for (size_t i = 0; i < d->output_count; i++) {
		const struct fnl_output *o = &d->outputs[i];
		struct fnl_produced *out = fnl_arena_calloc(&r->arena, 1, sizeof(*out));
		struct fnl_header *h = fnl_arena_calloc(&r->arena, o->header_count ? o->header_count : 1, sizeof(*h));
		if (!out || !h) {
			return FNL_E_NOMEM;
		}
		memcpy(h, o->headers, o->header_count * sizeof(*h));
		*out = (struct fnl_produced){NULL, o->topic, o->partition, o->key, o->value, h, o->header_count};
		*tail = out;
		tail = &out->next;
	}
	if (first) {
		*r->produced_tail = first;
		r->produced_tail = tail;
	}
	r->batch.outputs += d->output_count;
	return 0;
}

static bool decision_fits(const struct fnl_relay_decision *d)
{
	bool fits = d->output_count <= FNL_RELAY_OUTPUTS_MAX;
	for (size_t i = 0; fits && i < d->output_count; i++) {
		fits = d->outputs[i].header_count <= FNL_OUTPUT_HEADERS_MAX;
	}
	return fits;
}

static int dead_letter(struct fnl_relay *r, const struct fnl_record *in, int code, const struct fnl_error *story)
{
	const struct fnl_dead_from from = {r->settings.name, r->settings.input_topic, r->settings.dead_letter_topic};
	struct fnl_produced *out =
		fnl_dead_letter(&r->arena, &from, in, code, story->text[0] ? story->text : fnl_status_text(code));
	if (!out) {
		return FNL_E_NOMEM;
	}
	*r->produced_tail = out;
	r->produced_tail = &out->next;
	r->batch.dead_letters++;
	return 0;
}

/* 0 = taken, 1 = the batch ends before it for this partition, < 0 STOP. */
static int take(struct fnl_relay *r, struct relay_partition *p, const struct fnl_record *in, struct fnl_error *why)
{
	struct fnl_error story = {0};
	r->decision.output_count = 0;
	int rc = r->ports.router->route(r->ports.router, in, &r->arena, &r->decision, &story);
	if (rc == 0 && !decision_fits(&r->decision)) {
		return fnl_fail(why, FNL_E_INTERNAL, "a decision of %s is beyond the limits", r->settings.name);
	}
	if (rc == 0) {
		rc = keep_outputs(r, &r->decision);
	} else if (rc != FNL_E_NOMEM && fnl_status_class(rc) == FNL_CLASS_POISON) {
		rc = dead_letter(r, in, rc, &story);
	}
	if (rc == FNL_E_NOMEM && r->batch.records == 0) {
		return fnl_fail(why, rc, "no memory to relay one record: raise the arena's limit");
	}
	if (rc == FNL_E_NOMEM) {
		return 1;
	}
	if (rc != 0 && fnl_status_class(rc) == FNL_CLASS_RETRIABLE) {
		fnl_log_line(r->ports.logger, FNL_WARN, "partition %d waits at offset %lld: %s", p->id, (long long)in->offset,
		             story.text);
		return 1;
	}
	if (rc != 0) {
		return fnl_fail(why, rc, "%s", story.text);
	}
	p->next_offset = in->offset + 1;
	r->batch.records++;
	return 0;
}

static int take_all(struct fnl_relay *r, const struct fnl_poll *got, struct fnl_error *why)
{
	r->produced = NULL;
	r->produced_tail = &r->produced;
	r->batch = (struct fnl_relay_stats){0};
	for (size_t i = 0; i < r->partition_count; i++) {
		r->partitions[i].next_offset = r->partitions[i].offset;
		r->partitions[i].cut = false;
	}
	struct relay_partition *p = NULL;
	for (size_t i = 0; i < got->record_count; i++) {
		const struct fnl_record *in = &got->records[i];
		p = p && p->id == in->partition ? p : partition_of(r, in->partition);
		if (!p || !p->running || p->fresh || p->cut || in->offset < p->offset) {
			continue;
		}
		int rc = take(r, p, in, why);
		if (rc < 0) {
			return rc;
		}
		p->cut = rc > 0;
	}
	return 0;
}

/* ---- its transaction ---- */

static int transact(struct fnl_relay *r, const struct fnl_commit *commits, size_t count)
{
	struct fnl_log *l = r->ports.log;
	int rc = l->ops->txn_begin(l);
	for (const struct fnl_produced *o = r->produced; o && rc == 0; o = o->next) {
		rc = l->ops->produce(l, o->topic, o->partition, o->key, o->value, o->headers, o->header_count);
	}
	rc = rc ? rc : l->ops->flush(l, r->settings.txn_timeout_ms / 2);
	rc = rc ? rc : l->ops->send_offsets(l, commits, count, r->settings.txn_timeout_ms / 2);
	return rc ? rc : l->ops->txn_commit(l, r->settings.txn_timeout_ms);
}

/* Delivery goes on at what is committed. */
static void seek(struct fnl_relay *r, struct relay_partition *p)
{
	p->cut = false;
	if (ops_of(r)->start(r->ports.log, p->id, p->offset) != 0) {
		repair(r, p, r->settings.retry_ms);
	}
}

static void outcome_unknown(struct fnl_relay *r)
{
	r->producer_ready = false;
	repair_all(r, 0);
}

static int failed(struct fnl_relay *r, int rc, struct fnl_error *why)
{
	switch (fnl_status_class(rc)) {
	case FNL_CLASS_ABORT:
		fnl_log_line(r->ports.logger, FNL_INFO, "transaction aborted (%s): %s", fnl_status_label(rc), story_of(r));
		r->stats.aborts++;
		if (ops_of(r)->txn_abort(r->ports.log, r->settings.txn_timeout_ms / 2) != 0) {
			outcome_unknown(r);
			return 0;
		}
		for (size_t i = 0; i < r->partition_count; i++) {
			if (r->partitions[i].running) {
				seek(r, &r->partitions[i]);
			}
		}
		r->ports.clock->sleep_ms(r->ports.clock->context, 10); /* a rebalance is probably under way */
		return 0;
	case FNL_CLASS_STOP:
	case FNL_CLASS_POISON:
		return fnl_fail(why, rc, "the transaction failed: %s", story_of(r));
	case FNL_CLASS_NONE:
	case FNL_CLASS_RETRIABLE:
	case FNL_CLASS_UNKNOWN:
		break;
	}
	fnl_log_line(r->ports.logger, FNL_WARN, "outcome of a transaction unknown (%s): %s; asking the log",
	             fnl_status_label(rc), story_of(r));
	outcome_unknown(r);
	return 0;
}

static void take_committed(struct fnl_relay *r)
{
	r->stats.records += r->batch.records;
	r->stats.outputs += r->batch.outputs;
	r->stats.dead_letters += r->batch.dead_letters;
	r->stats.transactions++;
	fnl_batch_stats_outputs(&r->stats.batches, r->produced);
	fnl_batch_stats_took(&r->stats.batches, mono(r) - r->batch_began_ms);
	for (size_t i = 0; i < r->partition_count; i++) {
		r->partitions[i].offset = r->partitions[i].next_offset;
	}
	if (ops_of(r)->producer_is_doubtful(r->ports.log)) {
		r->producer_ready = false;
	}
}

static int commit(struct fnl_relay *r, struct fnl_error *why)
{
	struct fnl_commit *commits = fnl_arena_calloc(&r->arena, r->partition_count, sizeof(*commits));
	if (!commits) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for a commit: raise the arena's limit");
	}
	size_t n = 0;
	for (size_t i = 0; i < r->partition_count; i++) {
		const struct relay_partition *p = &r->partitions[i];
		if (p->running && p->next_offset > p->offset) {
			commits[n++] = (struct fnl_commit){p->id, p->next_offset, FNL_SPAN_NONE};
		}
	}
	r->idle = r->idle && n == 0;
	if (n) {
		int rc = transact(r, commits, n);
		if (rc) {
			return failed(r, rc, why);
		}
		take_committed(r);
	}
	for (size_t i = 0; i < r->partition_count; i++) {
		if (r->partitions[i].running && r->partitions[i].cut) {
			r->idle = false;
			seek(r, &r->partitions[i]);
		}
	}
	return 0;
}

/* ---- a turn ---- */

/* 0 = ready, 1 = not yet, < 0 STOP. */
static int producer_ready(struct fnl_relay *r, struct fnl_error *why)
{
	if (r->producer_ready) {
		return 0;
	}
	if (mono(r) < r->producer_retry_at_ms) {
		return 1;
	}
	int rc = ops_of(r)->producer_reset(r->ports.log, r->settings.txn_timeout_ms / 3);
	if (rc == 0) {
		r->stats.producer_resets++;
		r->producer_ready = true;
		return 0;
	}
	if (fnl_status_class(rc) == FNL_CLASS_STOP) {
		return fnl_fail(why, rc, "%s", story_of(r));
	}
	fnl_log_line(r->ports.logger, FNL_WARN, "no producer yet (%s); trying again", story_of(r));
	r->producer_retry_at_ms = mono(r) + r->settings.retry_ms;
	return 1;
}

static int poll(struct fnl_relay *r, struct fnl_poll *ret, struct fnl_error *why)
{
	int64_t wait_ms = r->settings.poll_wait_ms;
	int64_t now_ms = mono(r);
	for (size_t i = 0; i < r->partition_count; i++) {
		const struct relay_partition *p = &r->partitions[i];
		int64_t left_ms = p->retry_at_ms - now_ms;
		wait_ms = !p->running && left_ms < wait_ms ? left_ms : wait_ms;
	}
	int rc = ops_of(r)->poll(r->ports.log, r->settings.batch_records_max, r->settings.batch_bytes_max,
	                         wait_ms > 0 ? (int)wait_ms : 0, ret);
	if (rc == 0) {
		r->stats.joined = ret->joined;
		return 0;
	}
	memset(ret, 0, sizeof(*ret));
	if (fnl_status_class(rc) == FNL_CLASS_STOP) {
		return fnl_fail(why, rc, "%s", story_of(r));
	}
	fnl_log_line(r->ports.logger, FNL_WARN, "poll: %s", story_of(r));
	r->idle = false;
	return 0;
}

int fnl_relay_cycle(struct fnl_relay *r, struct fnl_error *why)
{
	struct fnl_error story = {0};
	why = why ? why : &story;
	why->code = 0;
	r->idle = true;
	for (size_t i = 0; i < r->partition_count; i++) {
		r->partitions[i].fresh = false;
	}
	struct fnl_poll got = {0};
	int rc = poll(r, &got, why);
	if (rc) {
		return rc;
	}
	fnl_arena_reset(&r->arena);
	if (got.rebalanced && assign(r, &got) != 0) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for %zu partitions", got.assigned_count);
	}
	r->idle = r->idle && got.record_count == 0 && r->partition_count > 0;
	for (size_t i = 0; i < r->partition_count; i++) {
		r->idle = r->idle && r->partitions[i].running;
	}
	rc = producer_ready(r, why);
	if (rc < 0) {
		return rc;
	}
	if (rc > 0) {
		repair_all(r, r->settings.retry_ms); /* what was polled is asked for again when the producer is there */
		r->idle = false;
		return 0;
	}
	/* Only now: offsets fetched before the old producer was fenced could still be overtaken by its last commit. */
	rc = run_waiting(r, why);
	r->batch_began_ms = mono(r);
	rc = rc ? rc : take_all(r, &got, why);
	rc = rc ? rc : commit(r, why);
	r->stats.lag_records = 0;
	for (size_t i = 0; i < r->partition_count; i++) {
		const struct relay_partition *p = &r->partitions[i];
		r->stats.lag_records += p->running ? fnl_input_lag(r->ports.log, p->id, p->offset) : 0;
	}
	return rc;
}
