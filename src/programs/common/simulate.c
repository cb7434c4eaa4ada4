#include "simulate_internal.h"

#include <stdlib.h>
#include <time.h>

#include "funneld/base/arena.h"

enum {
	CHANGES_AT_FIRST = 4096,
	REP_STREAM = 1,
	PROSPECT_STREAM = 2,
	GAP_DAY = 222,
	AGAIN_HOURS_MAX = 72,
	BEAT_DAYS = 3
};

/* splitmix64 */
static uint64_t mixed(uint64_t z)
{
	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

int64_t fnl_sim_between(struct fnl_sim_maker *m, int64_t from, int64_t to)
{
	m->random += 0x9E3779B97F4A7C15u;
	return from + (int64_t)(mixed(m->random) % (uint64_t)(to - from + 1));
}

bool fnl_sim_chance(struct fnl_sim_maker *m, int permille)
{
	return fnl_sim_between(m, 0, 999) < permille;
}

void fnl_sim_stream(struct fnl_sim_maker *m, uint64_t kind, uint64_t index)
{
	m->random = mixed(mixed(m->out->settings.seed) ^ (kind << 56 | index));
}

/* Room for one more; false: no memory. */
static bool grow(void **at, size_t *capacity, size_t count, size_t size)
{
	if (count < *capacity) {
		return true;
	}
	size_t more = *capacity ? *capacity * 2 : CHANGES_AT_FIRST;
	void *p = fnl_reallocarray(*at, more, size);
	if (!p) {
		return false;
	}
	*at = p;
	*capacity = more;
	return true;
}

static struct fnl_sim_change *add_change(struct fnl_sim_maker *m)
{
	struct fnl_simulation *s = m->out;
	void *changes = s->changes;
	m->failed |= !grow(&changes, &s->change_capacity, s->change_count, sizeof(*s->changes));
	s->changes = changes;
	if (m->failed) {
		return NULL;
	}
	s->changes[s->change_count].order = s->change_count;
	return &s->changes[s->change_count++];
}

void fnl_sim_set(struct fnl_sim_maker *m, enum fnl_sim_column column, int64_t value)
{
	struct fnl_simulation *s = m->out;
	void *cells = s->cells;
	m->failed |= !grow(&cells, &s->cell_capacity, s->cell_count, sizeof(*s->cells));
	s->cells = cells;
	if (!m->failed) {
		s->cells[s->cell_count++] = (struct fnl_sim_cell){(uint8_t)column, value};
		s->changes[s->change_count - 1].cell_count++;
	}
}

void fnl_sim_add(struct fnl_sim_maker *m, enum fnl_sim_event event, int source, int64_t at_ms, int64_t arrives_ms)
{
	struct fnl_sim_change *c = add_change(m);
	if (c) {
		c->arrives_ms = arrives_ms;
		c->at_ms = at_ms;
		c->cell_from = m->out->cell_count;
		c->cell_count = 0;
		c->event = (uint8_t)event;
		c->again = false;
	}
	fnl_sim_set(m, FNL_SIM_EVENT, event);
	fnl_sim_set(m, FNL_SIM_SOURCE, source);
	fnl_sim_set(m, FNL_SIM_TIME, at_ms);
}

void fnl_sim_maybe_again(struct fnl_sim_maker *m)
{
	if (!fnl_sim_chance(m, 30)) {
		return;
	}
	struct fnl_sim_change *copy = add_change(m);
	if (copy) {
		uint64_t order = copy->order;
		*copy = copy[-1]; /* and the cells are the same ones */
		copy->order = order;
		copy->arrives_ms += fnl_sim_between(m, 0, AGAIN_HOURS_MAX) * FNL_SIM_HOUR_MS;
		copy->again = true;
	}
}

int64_t fnl_sim_month(int64_t ms, int months)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm t;
	gmtime_r(&seconds, &t);
	struct tm then = {.tm_year = t.tm_year, .tm_mon = t.tm_mon + months, .tm_mday = 1};
	return (int64_t)timegm(&then) * 1000;
}

static int by_arrival(const void *a, const void *b)
{
	const struct fnl_sim_change *x = a;
	const struct fnl_sim_change *y = b;
	if (x->arrives_ms != y->arrives_ms) {
		return x->arrives_ms < y->arrives_ms ? -1 : 1;
	}
	return x->order < y->order ? -1 : x->order > y->order;
}

/* A gap of a whole source: for every partition. */
static void make_gap(struct fnl_sim_maker *m)
{
	if (m->gap_ms < m->out->until_ms) {
		fnl_sim_add(m, FNL_SIM_FEED_GAP, FNL_SIM_SOURCE_EU, m->gap_ms, m->gap_ms);
		fnl_sim_set(m, FNL_SIM_GAP, 0);
	}
}

/* The feeds live, and carry contacts. */
static void make_heartbeats(struct fnl_sim_maker *m)
{
	int64_t at_ms = m->out->settings.from_ms + FNL_SIM_HOUR_MS / 2;
	for (; at_ms < m->out->until_ms; at_ms += BEAT_DAYS * FNL_SIM_DAY_MS) {
		for (int source = FNL_SIM_SOURCE_US; source <= FNL_SIM_SOURCE_EU; source++) {
			fnl_sim_add(m, FNL_SIM_HEARTBEAT, source, at_ms, at_ms);
			fnl_sim_set(m, FNL_SIM_CARRIES, true);
		}
	}
}

static int make_all(struct fnl_sim_maker *m)
{
	struct fnl_simulation *s = m->out;
	m->reps = fnl_calloc(s->settings.reps, sizeof(*m->reps));
	if (!m->reps) {
		return FNL_E_NOMEM;
	}
	fnl_sim_stream(m, REP_STREAM, 0);
	fnl_sim_make_reps(m);
	make_gap(m);
	make_heartbeats(m);
	for (size_t i = 0; i < s->settings.prospects && !m->failed; i++) {
		fnl_sim_stream(m, PROSPECT_STREAM, i);
		fnl_sim_make_prospect(m, i);
	}
	m->reps = fnl_free(m->reps);
	if (m->failed) {
		return FNL_E_NOMEM;
	}
	qsort(s->changes, s->change_count, sizeof(*s->changes), by_arrival);
	while (s->change_count && s->changes[s->change_count - 1].arrives_ms >= s->until_ms) {
		s->change_count--;
	}
	return 0;
}

int fnl_simulation_make(const struct fnl_sim_settings *settings, struct fnl_simulation *ret)
{
	struct fnl_simulation s = {.settings = *settings};
	struct fnl_sim_maker m = {.out = &s};
	if (settings->prospects < 1 || settings->prospects > FNL_SIM_PROSPECTS_MAX || settings->reps < 1 ||
	    settings->reps > FNL_SIM_REPS_MAX || settings->months < 1 || settings->months > FNL_SIM_MONTHS_MAX ||
	    settings->from_ms % FNL_SIM_DAY_MS != 0) {
		return FNL_E_ARGUMENT;
	}
	s.until_ms =
		fnl_sim_month(settings->from_ms, settings->months) + (settings->from_ms - fnl_sim_month(settings->from_ms, 0));
	m.span_ms = s.until_ms - settings->from_ms;
	m.gap_ms = settings->from_ms + GAP_DAY * FNL_SIM_DAY_MS;
	int status = make_all(&m);
	if (status) {
		fnl_simulation_deinit(&s);
		return status;
	}
	*ret = s;
	return 0;
}

void fnl_simulation_deinit(struct fnl_simulation *s)
{
	fnl_free(s->changes);
	fnl_free(s->cells);
	*s = (struct fnl_simulation){0};
}

bool fnl_sim_value(const struct fnl_simulation *s, const struct fnl_sim_change *c, enum fnl_sim_column column,
                   int64_t *ret)
{
	for (size_t i = c->cell_from; i < c->cell_from + c->cell_count; i++) {
		if (s->cells[i].column == column) {
			*ret = s->cells[i].value;
			return true;
		}
	}
	return false;
}
