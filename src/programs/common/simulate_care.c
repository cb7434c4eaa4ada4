/* How the simulated reps look after their prospects: the nearer to the order, the more often. Now and then one is
 * forgotten for a while. */
#include "simulate_internal.h"

enum { WEEK_DAYS = 7, WORK_DAYS = 5, THURSDAY = 3, BEGIN_HOUR = 8, END_HOUR = 17 };

#define HOUR_MS FNL_SIM_HOUR_MS
#define DAY_MS FNL_SIM_DAY_MS

enum layer { TOP, MIDDLE, BOTTOM, LAYERS };

/* In days: from one talk to the next; a note after so many; for how long it is forgotten. */
static const struct {
	int64_t from;
	int64_t to;
	int64_t note;
	int64_t forgotten_from;
	int64_t forgotten_to;
} rhythms[LAYERS] = {{12, 25, 14, 30, 90}, {5, 10, 8, 20, 60}, {2, 4, 6, 9, 35}};

static enum layer layer_of(const struct fnl_sim_prospect *p)
{
	return p->stage < 3 || p->stage >= FNL_SIM_STAGE_COUNT ? TOP : p->stage < 5 ? MIDDLE : BOTTOM;
}

/* On that day, or after the week's end, in working hours; at the prospect's own minute, never at a full hour. */
static int64_t at_work(struct fnl_sim_maker *m, const struct fnl_sim_prospect *p, int64_t ms)
{
	int64_t day = ms / DAY_MS;
	int64_t weekday = (day + THURSDAY) % WEEK_DAYS;
	day += weekday >= WORK_DAYS ? WEEK_DAYS - weekday : 0;
	return day * DAY_MS + fnl_sim_between(m, BEGIN_HOUR, END_HOUR) * HOUR_MS + p->born_ms % HOUR_MS;
}

/* What there is to write down after a talk; mostly just that somebody did. */
static void note(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t at_ms)
{
	fnl_sim_change(m, p, FNL_SIM_CHANGED, at_ms, at_ms);
	fnl_sim_set(m, FNL_SIM_EDITED, at_ms);
	p->noted_ms = at_ms;
	if (layer_of(p) == MIDDLE && fnl_sim_chance(m, 80)) {
		fnl_sim_set(m, FNL_SIM_COMPETITOR, fnl_sim_between(m, 1, 5));
	} else if (layer_of(p) == BOTTOM && fnl_sim_chance(m, 80)) {
		fnl_sim_set(m, FNL_SIM_BLOCKER, fnl_sim_between(m, 0, FNL_SIM_BLOCKER_COUNT - 1));
	}
	if (!p->amount && layer_of(p) != TOP && fnl_sim_chance(m, 300)) {
		p->amount = fnl_sim_between(m, 10, 90) * 100000;
		fnl_sim_set(m, FNL_SIM_AMOUNT, p->amount);
		fnl_sim_set(m, FNL_SIM_CURRENCY, p->currency);
	}
}

/* Returns the days until he means to do so again. */
static int64_t look_after(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t at_ms)
{
	const struct fnl_sim_rep *rep = &m->reps[p->rep - 1];
	enum layer layer = layer_of(p);
	int64_t days = fnl_sim_between(m, rhythms[layer].from, rhythms[layer].to);
	if (at_ms < p->forgotten_ms) {
		if (fnl_sim_chance(m, 150)) {
			fnl_sim_contact(m, p, at_ms, false); /* nobody answered, and he left it at that */
		}
		return days;
	}
	if (rep->away_from_ms <= at_ms && at_ms < rep->away_until_ms) {
		return (rep->away_until_ms - at_ms) / DAY_MS + 1;
	}
	if (fnl_sim_chance(m, 40)) {
		fnl_sim_contact(m, p, at_ms, false);
		return 1;
	}
	fnl_sim_contact(m, p, at_ms, true);
	if (at_ms - p->noted_ms >= rhythms[layer].note * DAY_MS) {
		note(m, p, at_ms + HOUR_MS);
	}
	if (p->close_ms != FNL_SIM_NO_DATE && p->close_ms < at_ms && fnl_sim_chance(m, 850)) {
		fnl_sim_push_date(m, p, at_ms + HOUR_MS, at_ms);
	}
	if (fnl_sim_chance(m, rep->forgets)) {
		p->forgotten_ms =
			at_ms + fnl_sim_between(m, rhythms[layer].forgotten_from, rhythms[layer].forgotten_to) * DAY_MS;
	}
	return days;
}

void fnl_sim_care(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t from_ms, int64_t until_ms)
{
	if (p->status != FNL_SIM_OPEN || p->rep == FNL_SIM_NOBODY) {
		return;
	}
	enum layer layer = layer_of(p);
	if (p->care_ms < from_ms) {
		p->care_ms = at_work(m, p, from_ms);
	} else if (p->care_ms > from_ms + rhythms[layer].to * DAY_MS) { /* it has come nearer to the order */
		p->care_ms = at_work(m, p, from_ms + rhythms[layer].from * DAY_MS);
	}
	while (p->care_ms < until_ms - 2 * HOUR_MS) {
		int64_t days = look_after(m, p, p->care_ms);
		p->care_ms = at_work(m, p, p->care_ms + days * DAY_MS);
	}
}
