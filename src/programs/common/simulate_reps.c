/* The simulated organisation's people: teams of eight, two sides of an ocean, some hired on the way, one who leaves. */
#include "simulate_internal.h"

enum {
	TEAM = 8,
	LEAVER = 2,
	LEAVER_REPS_MIN = 3,
	NOTICE_DAYS = 30,
	PICK_TRIES = 16,
	FORGETS = 18, /* of 1000 */
	FORGETS_MORE = 60
};

struct absence {
	int64_t from_day; /* 0: none */
	int64_t until_day;
	int deputy;
};

/* Full, as HR always sends them. */
static void image(struct fnl_sim_maker *m, int number, int64_t at_ms, bool active, const struct absence *a)
{
	struct fnl_sim_rep *r = &m->reps[number - 1];
	fnl_sim_add(m, FNL_SIM_REP_CHANGED, FNL_SIM_SOURCE_HR, at_ms, at_ms);
	fnl_sim_set(m, FNL_SIM_REP, number);
	fnl_sim_set(m, FNL_SIM_VERSION, ++r->version);
	fnl_sim_set(m, FNL_SIM_ACTIVE, active);
	fnl_sim_set(m, FNL_SIM_ORG, 0);
	fnl_sim_set(m, FNL_SIM_MANAGER, r->manager);
	fnl_sim_set(m, FNL_SIM_REGIONS, INT64_C(1) << r->region);
	fnl_sim_set(m, FNL_SIM_INDUSTRIES, r->industries);
	fnl_sim_set(m, FNL_SIM_CAPACITY, 60 + number % 5 * 10);
	fnl_sim_set(m, FNL_SIM_EMPLOYED_FROM, r->hired_ms / FNL_SIM_DAY_MS);
	if (a && a->from_day) {
		fnl_sim_set(m, FNL_SIM_ABSENT_FROM, a->from_day);
		fnl_sim_set(m, FNL_SIM_ABSENT_UNTIL, a->until_day);
		fnl_sim_set(m, FNL_SIM_DEPUTY, a->deputy);
	}
	fnl_sim_maybe_again(m);
}

static void resign(struct fnl_sim_maker *m, int number)
{
	struct fnl_sim_rep *r = &m->reps[number - 1];
	int64_t last_day = r->notice_ms / FNL_SIM_DAY_MS + NOTICE_DAYS;
	fnl_sim_add(m, FNL_SIM_REP_RESIGNED, FNL_SIM_SOURCE_HR, r->notice_ms, r->notice_ms);
	fnl_sim_set(m, FNL_SIM_REP, number);
	fnl_sim_set(m, FNL_SIM_VERSION, ++r->version);
	fnl_sim_set(m, FNL_SIM_NOTICE, number);
	fnl_sim_set(m, FNL_SIM_NOTICE_AT, r->notice_ms);
	fnl_sim_set(m, FNL_SIM_LAST_DAY, last_day);
	fnl_sim_set(m, FNL_SIM_NEW_EMPLOYER, 2);
	int64_t gone_ms = (last_day + 1) * FNL_SIM_DAY_MS;
	image(m, number, gone_ms, false, NULL);
	fnl_sim_add(m, FNL_SIM_REP_LEFT, FNL_SIM_SOURCE_HR, gone_ms + FNL_SIM_HOUR_MS, gone_ms + FNL_SIM_HOUR_MS);
	fnl_sim_set(m, FNL_SIM_REP, number);
	fnl_sim_set(m, FNL_SIM_VERSION, ++r->version);
	fnl_sim_set(m, FNL_SIM_LEFT_ON, last_day);
	fnl_sim_set(m, FNL_SIM_NOTICE, number);
}

static struct fnl_sim_rep hired(struct fnl_sim_maker *m, int number)
{
	int64_t from_ms = m->out->settings.from_ms;
	struct fnl_sim_rep r = {.notice_ms = INT64_MAX, .manager = 1 + (number - 1) / TEAM, .eu = number % 5 >= 3};
	r.forgets = number % 5 == 4 ? FORGETS_MORE : FORGETS;
	r.region = number % FNL_SIM_REGIONS_A_SIDE + (r.eu ? FNL_SIM_REGIONS_A_SIDE : 0);
	r.industries = 1 << number % FNL_SIM_INDUSTRY_COUNT | 1 << (number / 2 + 1) % FNL_SIM_INDUSTRY_COUNT;
	r.hired_ms = from_ms - fnl_sim_between(m, 30, 2500) * FNL_SIM_DAY_MS;
	if (number % 7 == 5 && number > LEAVER_REPS_MIN) {
		r.hired_ms = from_ms + m->span_ms / 1000 * fnl_sim_between(m, 100, 400) / FNL_SIM_DAY_MS * FNL_SIM_DAY_MS;
	}
	if (number == LEAVER && m->out->settings.reps >= LEAVER_REPS_MIN) {
		r.notice_ms = from_ms + m->span_ms * 7 / 12 / FNL_SIM_DAY_MS * FNL_SIM_DAY_MS + 9 * FNL_SIM_HOUR_MS;
	}
	return r;
}

/* A holiday, told a fortnight before; another manager. */
static void work(struct fnl_sim_maker *m, int number)
{
	struct fnl_sim_rep *r = &m->reps[number - 1];
	int64_t from_ms = r->hired_ms > m->out->settings.from_ms ? r->hired_ms : m->out->settings.from_ms;
	int64_t days = (m->out->until_ms - from_ms) / FNL_SIM_DAY_MS;
	int64_t at_ms = from_ms + days * fnl_sim_between(m, 10, 50) / 100 * FNL_SIM_DAY_MS;
	int64_t then_ms = at_ms + (15 + days * fnl_sim_between(m, 0, 30) / 100) * FNL_SIM_DAY_MS;
	struct absence away = {.from_day = at_ms / FNL_SIM_DAY_MS + 14};
	away.until_day = away.from_day + fnl_sim_between(m, 4, 20);
	away.deputy = fnl_sim_pick_rep(m, r->eu, at_ms);
	if (fnl_sim_chance(m, 400) && at_ms < r->notice_ms && away.deputy != FNL_SIM_NOBODY && away.deputy != number) {
		image(m, number, at_ms, true, &away);
		r->away_from_ms = away.from_day * FNL_SIM_DAY_MS;
		r->away_until_ms = (away.until_day + 1) * FNL_SIM_DAY_MS;
	}
	if (fnl_sim_chance(m, 200) && then_ms < r->notice_ms && m->out->settings.reps > TEAM) {
		int teams = (int)((m->out->settings.reps + TEAM - 1) / TEAM);
		r->manager = r->manager % teams + 1;
		image(m, number, then_ms, true, NULL);
	}
}

void fnl_sim_make_reps(struct fnl_sim_maker *m)
{
	int count = (int)m->out->settings.reps;
	for (int number = 1; number <= count; number++) {
		m->reps[number - 1] = hired(m, number);
	}
	for (int number = 1; number <= count; number++) {
		struct fnl_sim_rep *r = &m->reps[number - 1];
		int64_t from_ms = m->out->settings.from_ms;
		image(m, number, r->hired_ms > from_ms ? r->hired_ms : from_ms, true, NULL);
		work(m, number);
		if (r->notice_ms != INT64_MAX) {
			resign(m, number);
		}
	}
}

static bool is_there(const struct fnl_sim_rep *r, int64_t at_ms)
{
	return r->hired_ms <= at_ms && at_ms < r->notice_ms;
}

int fnl_sim_pick_rep(struct fnl_sim_maker *m, bool eu, int64_t at_ms)
{
	int count = (int)m->out->settings.reps;
	for (int i = 0; i < PICK_TRIES; i++) {
		int number = (int)fnl_sim_between(m, 1, count);
		if (m->reps[number - 1].eu == eu && is_there(&m->reps[number - 1], at_ms)) {
			return number;
		}
	}
	for (int number = 1; number <= count; number++) {
		if (is_there(&m->reps[number - 1], at_ms)) {
			return number;
		}
	}
	return FNL_SIM_NOBODY;
}
