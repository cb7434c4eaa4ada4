/* One run: the scheduler, the broker's slow hands, the end of chaos and what must hold then. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "world.h"

enum { TXN_MS = 15000, HEAL_MS = 600000 };

void sim_fail(struct sim *s, const char *fmt, ...)
{
	if (s->out->failed) {
		return;
	}
	va_list args;
	va_start(args, fmt);
	vsnprintf(s->out->why, sizeof(s->out->why), fmt, args);
	va_end(args);
	s->out->failed = true;
	sim_trace(s, NULL, "FAILED %s", s->out->why);
}

void sim_trace(const struct sim *s, const struct sim_worker *w, const char *fmt, ...)
{
	if (!s->trace) {
		return;
	}
	fprintf(stderr, "%9.3f %c%c ", (double)(s->now_ms - s->workload->wall_start_ms) / 1000.0, w ? 'w' : ' ',
	        w ? '0' + w->number : ' ');
	va_list args;
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

static int64_t now_ms(void *context)
{
	return ((struct sim *)context)->now_ms;
}

static void no_sleep(void *context, int64_t ms)
{
	(void)context;
	(void)ms; /* whoever sleeps here goes on at its next port call */
}

static int topics(struct sim *s)
{
	const struct fnl_topic_spec in = {"in", s->partition_count, FNL_CLEANUP_DELETE, -1, 0};
	const struct fnl_topic_spec staged = {"staged", s->partition_count, FNL_CLEANUP_DELETE, -1, 0};
	const struct fnl_topic_spec rows = {"rows", s->partition_count, FNL_CLEANUP_COMPACT, -1, 0};
	int rc = s->bus->ops->create_topic(s->bus, &in);
	rc = rc ? rc : s->bus->ops->create_topic(s->bus, &staged);
	rc = rc ? rc : s->bus->ops->create_topic(s->bus, &rows);
	for (size_t i = 0; i < s->workload->output_count && rc == 0; i++) {
		const struct fnl_topic_spec out = {s->workload->outputs[i], 2, FNL_CLEANUP_DELETE, -1, 0};
		rc = s->bus->ops->create_topic(s->bus, &out);
	}
	return rc;
}

static int open_world(struct sim *s)
{
	s->clock = (struct fnl_clock){s, now_ms, now_ms, no_sleep};
	struct fnl_embedded_settings settings = {.clock = &s->clock,
	                                         .session_timeout_ms = s->session_timeout_ms,
	                                         .txn_timeout_ms = TXN_MS,
	                                         .manual_markers = true,
	                                         .manual_time = true};
	int rc = fnl_embedded_open(&settings, &s->broker);
	rc = rc ? rc : fnl_embedded_bus_open(s->broker, &s->bus);
	rc = rc ? rc : fnl_fake_redis_open(&s->redis);
	rc = rc ? rc : topics(s);
	if (rc == 0 && s->seed % 4 == 0) {
		fnl_fake_redis_hide_half_built(s->redis);
	}
	for (int i = 0; i < s->worker_count && rc == 0; i++) {
		struct sim_worker *w = &s->workers[i];
		w->sim = s;
		w->number = i;
		w->wake_ms = s->now_ms + sim_below(&s->rng, i == 0 ? 10 : s->style.pause_ms);
		w->fiber = sim_fiber_open(sim_worker_body, w);
		rc = w->fiber ? 0 : FNL_E_NOMEM;
	}
	return rc;
}

static void close_world(struct sim *s)
{
	s->quitting = true;
	for (int i = 0; i < s->worker_count; i++) {
		while (s->workers[i].fiber && sim_fiber_resume(s->workers[i].fiber)) {
		}
		s->workers[i].fiber = s->workers[i].fiber ? sim_fiber_close(s->workers[i].fiber) : NULL;
	}
	if (s->bus) {
		s->bus->ops->close(s->bus);
	}
	fnl_embedded_close(s->broker);
	fnl_fake_redis_close(s->redis);
	free(s->staged);
}

/* The worst moment for a failover that forgets: the view it brings back stands where the present one does, with other
 * rows (rule 6). */
static bool is_worst_moment(struct sim *s)
{
	for (int32_t p = 0; p < s->partition_count; p++) {
		struct fnl_applied now = fnl_fake_redis_applied(s->redis, p, NULL);
		struct fnl_applied then = fnl_fake_redis_snapshot_applied(s->redis, p);
		if (now.present && then.present && now.cl == then.cl && now.complete_as_of_ms != then.complete_as_of_ms) {
			return true;
		}
	}
	return false;
}

/* What goes on beside in a run that is as long as tombstones live. */
static void time_passes(struct sim *s)
{
	if (s->now_ms - s->compacted_at_ms >= s->style.compact_each_ms) {
		s->compacted_at_ms = s->now_ms;
		fnl_embedded_compact(s->broker, "rows", s->style.compact_age_ms);
	}
	if (!s->healing && is_worst_moment(s) && sim_chance(&s->rng, 200) && fnl_fake_redis_rollback(s->redis) != 0) {
		sim_fail(s, "no memory for a rollback");
	}
}

/* Markers and held requests arrive when chance has it; a view that was away comes back. */
static void others_act(struct sim *s)
{
	size_t pending = fnl_embedded_pending_markers(s->broker);
	while (pending && sim_chance(&s->rng, s->style.marker_per_mille)) {
		pending = fnl_embedded_deliver_marker(s->broker, (size_t)sim_below(&s->rng, (int64_t)pending));
	}
	if (s->healing || sim_chance(&s->rng, 30)) {
		(void)fnl_embedded_deliver_held(s->broker, 0);
	}
	if (s->store_up_ms && (s->healing || s->now_ms >= s->store_up_ms)) {
		s->store_up_ms = 0;
		fnl_fake_redis_set_down(s->redis, false);
	}
	if (sim_chance(&s->rng, s->style.snapshot_per_mille) && fnl_fake_redis_snapshot(s->redis) != 0) {
		sim_fail(s, "no memory for a snapshot");
	}
	if (s->style.compact_each_ms) {
		time_passes(s);
	}
	fnl_embedded_tick(s->broker);
}

/* ---- the feed: the input comes bit by bit, each partition's in its order ---- */

static void stage_input(struct sim *s)
{
	s->workload->publish(s->bus, "staged", s->partition_count, s->seed, s->workload->wall_start_ms);
	s->staged = sim_read_topic(s, "staged", &s->staged_count);
	s->staged_left = s->staged_count;
	for (size_t i = s->staged_count; i > 0; i--) {
		s->staged_at[s->staged[i - 1].partition] = i - 1;
	}
	for (int32_t p = 0; p < s->partition_count; p++) {
		bool none = s->staged_count == 0 || s->staged[s->staged_at[p]].partition != p;
		s->staged_at[p] = none ? s->staged_count : s->staged_at[p];
	}
}

static void publish_next(struct sim *s)
{
	int32_t p = (int32_t)sim_below(&s->rng, s->partition_count);
	while (s->staged_at[p] == s->staged_count || s->staged[s->staged_at[p]].partition != p) {
		p = (p + 1) % s->partition_count;
	}
	const struct fnl_record *r = &s->staged[s->staged_at[p]++];
	if (s->bus->ops->publish(s->bus, "in", p, r->key, r->value, r->headers, r->header_count) != 0 ||
	    s->bus->ops->publish_flush(s->bus, 1000) != 0) {
		sim_fail(s, "cannot publish: %s", s->bus->ops->explain(s->bus));
	}
	s->staged_left--;
}

static void feed(struct sim *s)
{
	int64_t each_ms = 2 * s->style.feed_ms / (int64_t)(s->staged_count + 1) + 1;
	while (s->staged_left && !s->out->failed && (s->healing || s->feed_at_ms <= s->now_ms)) {
		publish_next(s);
		s->feed_at_ms += sim_below(&s->rng, each_ms);
	}
}

static struct sim_worker *next_worker(struct sim *s)
{
	struct sim_worker *next = &s->workers[0];
	for (int i = 1; i < s->worker_count; i++) {
		struct sim_worker *w = &s->workers[i];
		if (w->wake_ms < next->wake_ms || (w->wake_ms == next->wake_ms && sim_chance(&s->rng, 500))) {
			next = w;
		}
	}
	return next;
}

static void heal(struct sim *s)
{
	sim_trace(s, NULL, "no more faults");
	s->healing = true;
	s->style.marker_per_mille = 1000;
	s->style.latency_ms = 2;
	for (int i = 0; i < s->worker_count; i++) {
		s->workers[i].idle_cycles = s->workers[i].cycles = 0;
		if (s->workers[i].wake_ms > s->now_ms + 100) {
			s->workers[i].wake_ms = s->now_ms + 1 + i;
		}
	}
}

static void step(struct sim *s)
{
	struct sim_worker *w = next_worker(s);
	s->now_ms = w->wake_ms > s->now_ms ? w->wake_ms : s->now_ms;
	others_act(s);
	feed(s);
	w->wake_ms = INT64_MAX;
	if (!sim_fiber_resume(w->fiber) && !s->out->failed) {
		sim_fail(s, "worker %d ended", w->number);
	}
	sim_check_view(s);
}

/* Until all is done, or it is clear that it never will be (I7). */
static void run_until_quiet(struct sim *s, int64_t deadline_ms)
{
	while (!s->out->failed && !sim_is_quiet(s)) {
		step(s);
		if (s->now_ms > deadline_ms) {
			sim_fail(s, "I7: still not at rest %d s after the last fault", HEAL_MS / 1000);
		}
	}
}

/* I10: the view is lost once more, and rebuilt. */
static void rebuild(struct sim *s)
{
	if (s->out->failed || !sim_chance(&s->rng, 300)) {
		return;
	}
	sim_trace(s, NULL, "the view is lost for the last time");
	fnl_embedded_compact(s->broker, "rows", s->style.compact_age_ms);
	fnl_fake_redis_flush(s->redis);
	for (int i = 0; i < s->worker_count; i++) {
		s->workers[i].idle_cycles = 0;
	}
	run_until_quiet(s, s->now_ms + HEAL_MS);
}

static void run(struct sim *s)
{
	int64_t chaos_until_ms = s->now_ms + s->style.chaos_ms;
	s->feed_at_ms = s->now_ms;
	stage_input(s);
	while (!s->out->failed && s->now_ms < chaos_until_ms) {
		step(s);
	}
	heal(s);
	feed(s);
	run_until_quiet(s, s->now_ms + HEAL_MS);
	rebuild(s);
	if (!s->out->failed) {
		sim_check_end(s);
	}
}

void sim_run(const struct sim_workload *workload, uint64_t seed, bool aged, bool trace, struct sim_outcome *ret)
{
	struct sim *s = calloc(1, sizeof(*s));
	memset(ret, 0, sizeof(*ret));
	if (!s) {
		abort();
	}
	*s = (struct sim){.workload = workload,
	                  .seed = seed,
	                  .trace = trace,
	                  .out = ret,
	                  .rng = {seed},
	                  .now_ms = workload->wall_start_ms};
	sim_style_choose(s, aged);
	if (open_world(s) != 0) {
		sim_fail(s, "no memory for a world");
	} else {
		run(s);
	}
	ret->time_ms = s->now_ms - workload->wall_start_ms;
	close_world(s);
	free(s);
}
