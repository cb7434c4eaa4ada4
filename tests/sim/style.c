/* What a run is like. */
#include <stdio.h>

#include "world.h"

static int64_t one_of(struct sim *s, const int64_t *choices, size_t count)
{
	return choices[sim_below(&s->rng, (int64_t)count)];
}
#define ONE_OF(s, ...) \
	one_of(s, (const int64_t[]){__VA_ARGS__}, sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void choose_faults(struct sim *s)
{
	struct sim_style *t = &s->style;
	t->faults_left = (int)ONE_OF(s, 0, 1, 2, 3, 5, 8, 12, 20);
	int rate = (int)ONE_OF(s, 2, 4, 8, 16);
	for (int kind = 0; kind < SIM_FAULT_COUNT; kind++) {
		t->fault_per_mille[kind] = sim_chance(&s->rng, 350) ? rate : 0;
	}
	t->fault_per_mille[SIM_LATE_END] *= 8; /* few calls can have them */
	t->fault_per_mille[SIM_ABORT] *= 4;
	t->fault_per_mille[SIM_HALF_DONE] *= 8;
	t->marker_per_mille = (int)ONE_OF(s, 1000, 1000, 400, 100, 20);
	t->latency_ms = ONE_OF(s, 2, 10, 40, 200);
	t->pause_ms = ONE_OF(s, 500, 5000, 30000, 90000);
	t->chaos_ms = ONE_OF(s, 10000, 30000, 60000);
	t->feed_ms = ONE_OF(s, 1, 3000, t->chaos_ms);
	t->compact_age_ms = s->settings.tombstone_retention_ms;
	t->snapshot_per_mille = (int)ONE_OF(s, 2, 10, 50);
}

/* One worker that sleeps often and long, while its client's own thread keeps its session: a restore may take longer
 * than tombstones live. */
static void choose_glacier(struct sim *s)
{
	struct sim_style *t = &s->style;
	s->partition_count = s->worker_count = 1;
	s->settings.restore_records_max = 1;
	s->session_timeout_ms = 300000;
	t->latency_ms = 200;
	t->fault_per_mille[SIM_PAUSE] = 15;
	t->fault_per_mille[SIM_FORGET] = 15;
	t->compact_each_ms = 15000;
}

/* So long that tombstones are compacted away: the view may be older than they live (rule 7). */
static void choose_age(struct sim *s)
{
	struct sim_style *t = &s->style;
	s->settings.tombstone_retention_ms = 60000;
	t->compact_age_ms = 60000;
	t->chaos_ms = ONE_OF(s, 200000, 400000);
	t->feed_ms = t->chaos_ms / 2;
	t->faults_left = (int)ONE_OF(s, 12, 30, 60);
	t->latency_ms = ONE_OF(s, 40, 200, 2000);
	t->pause_ms = 120000;
	t->snapshot_per_mille = 2;
	t->fault_per_mille[SIM_COMPACT] = 0;
	t->compact_each_ms = ONE_OF(s, 3000, 10000);
	t->fault_per_mille[SIM_ROLLBACK] = (int)ONE_OF(s, 0, 4);
	t->fault_per_mille[SIM_FLUSH] = (int)ONE_OF(s, 0, 4);
	t->fault_per_mille[SIM_FORGET] = (int)ONE_OF(s, 0, 4);
	t->fault_per_mille[SIM_PAUSE] = 4;
	if (sim_chance(&s->rng, 300)) {
		choose_glacier(s);
	}
}

size_t sim_style_batch(struct sim *s)
{
	return (size_t)ONE_OF(s, 1, 2, 3, 7, 20);
}

void sim_style_choose(struct sim *s, bool aged)
{
	s->partition_count = (int32_t)ONE_OF(s, 1, 2, 3);
	s->worker_count = (int)ONE_OF(s, 1, 2, 2, 3);
	s->settings = fnl_stream_settings_default();
	s->settings.clock = sim_chance(&s->rng, 700) ? FNL_CLOCK_EVENT : FNL_CLOCK_WALL;
	s->settings.timers_max = (size_t)ONE_OF(s, 1, 2, 5, 1000);
	s->settings.pages_max = s->settings.timers_max < 3 ? 1 : 3;
	s->settings.cache_bytes_max = (size_t)ONE_OF(s, 0, 1024, 2048, 1 << 20);
	s->settings.arena_bytes_max = 16 << 20;
	/* here lives end at any call, often at the same one: an innocent input would be blamed; tests/crash shows it */
	s->settings.isolates_crashes = false;
	s->settings.future_max_ms = s->workload->future_max_ms;
	s->settings.restore_records_max = (size_t)ONE_OF(s, 1, 2, 3, 50);
	s->settings.tombstone_retention_ms = ONE_OF(s, 60000, 120000, 86400000);
	choose_faults(s);
	s->session_timeout_ms = 10000;
	if (sim_chance(&s->rng, aged ? 1000 : 150)) {
		choose_age(s);
	}
	for (int i = 0; i < s->worker_count; i++) {
		snprintf(s->workers[i].instance, sizeof(s->workers[i].instance), "%c", 'a' + i);
	}
	/* Now and then two live workers believe to be the same instance (rule 10). */
	if (s->worker_count > 1 && sim_chance(&s->rng, 100)) {
		s->workers[1].instance[0] = 'a';
	}
}
