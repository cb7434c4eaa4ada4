/* A simulated prospect's life: what becomes of one intended purchase, and what its CRM sends of it. */
#include "simulate_internal.h"

enum {
	STAGES = FNL_SIM_STAGE_COUNT,
	STEP_DAYS_MIN = 8, /* what a step adds has happened, and come, before the next one */
	LATE_DAYS_MAX = 6,
	BUSY_DAYS = 4,
	HAND_OVER_DAYS = 7, /* after a step */
	SETTLE_DAYS = 2,    /* what a step adds has happened before its rep looks after it again */
	IMAGE_DAYS = 6,     /* after a prospect's own gap */
	MEETING_DAYS_MAX = 12,
	RESYNC_DAYS = 16, /* after the source's gap, for a fortnight */
	CYCLE_DAYS_MIN = 90,
	CYCLE_DAYS_MAX = 720,
	CONTACTS_MAX = 1000,
	COMPETITOR_REASON = 2
};

#define HOUR_MS FNL_SIM_HOUR_MS
#define DAY_MS FNL_SIM_DAY_MS
#define NO_DATE FNL_SIM_NO_DATE

void fnl_sim_change(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, enum fnl_sim_event event, int64_t at_ms,
                    int64_t arrives_ms)
{
	fnl_sim_add(m, event, p->eu ? FNL_SIM_SOURCE_EU : FNL_SIM_SOURCE_US, at_ms, arrives_ms);
	fnl_sim_set(m, FNL_SIM_PROSPECT, p->index);
	if (event != FNL_SIM_CONTACTED && event != FNL_SIM_FEED_GAP) {
		fnl_sim_set(m, FNL_SIM_VERSION, ++p->version);
	}
}

static void set_amount(struct fnl_sim_maker *m, const struct fnl_sim_prospect *p)
{
	if (p->amount) {
		fnl_sim_set(m, FNL_SIM_AMOUNT, p->amount);
		fnl_sim_set(m, FNL_SIM_CURRENCY, p->currency);
	}
}

static void set_owner(struct fnl_sim_maker *m, const struct fnl_sim_prospect *p)
{
	fnl_sim_set(m, FNL_SIM_OWNER, p->rep == FNL_SIM_NOBODY ? FNL_SIM_CLEARED : p->rep);
}

static void set_close_date(struct fnl_sim_maker *m, const struct fnl_sim_prospect *p)
{
	fnl_sim_set(m, FNL_SIM_CLOSE_DATE, p->close_ms == NO_DATE ? FNL_SIM_CLEARED : p->close_ms / DAY_MS);
}

static void set_manual(struct fnl_sim_maker *m, const struct fnl_sim_prospect *p)
{
	fnl_sim_set(m, FNL_SIM_PROBABILITY, p->manual ? p->manual : FNL_SIM_CLEARED);
	fnl_sim_set(m, FNL_SIM_PROBABILITY_SOURCE, p->manual ? 0 : FNL_SIM_CLEARED);
}

/* All that the CRM knows; what is missing is cleared by it. */
static void full_image(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t at_ms, int64_t arrives_ms,
                       bool snapshot)
{
	fnl_sim_change(m, p, FNL_SIM_CHANGED, at_ms, arrives_ms);
	fnl_sim_set(m, FNL_SIM_FULL, true);
	if (snapshot) {
		fnl_sim_set(m, FNL_SIM_SNAPSHOT, true);
	}
	fnl_sim_set(m, FNL_SIM_CREATED, p->born_ms);
	fnl_sim_set(m, FNL_SIM_STATUS, p->status);
	fnl_sim_set(m, FNL_SIM_STAGE, p->stage);
	set_amount(m, p);
	if (p->status == FNL_SIM_WON) {
		fnl_sim_set(m, FNL_SIM_WON_AMOUNT, p->amount);
	}
	if (p->status == FNL_SIM_LOST) {
		fnl_sim_set(m, FNL_SIM_LOST_REASON, p->lost_reason);
	}
	if (p->status != FNL_SIM_OPEN) {
		fnl_sim_set(m, FNL_SIM_CLOSED_ON, p->closed_on);
	}
	if (p->manual) {
		set_manual(m, p);
	}
	if (p->rep != FNL_SIM_NOBODY) {
		set_owner(m, p);
	}
	fnl_sim_set(m, FNL_SIM_REGION, p->region);
	fnl_sim_set(m, FNL_SIM_INDUSTRY, p->industry);
	if (p->close_ms != NO_DATE) {
		set_close_date(m, p);
	}
}

void fnl_sim_contact(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t at_ms, bool reached)
{
	if (p->rep == FNL_SIM_NOBODY || p->contacts == CONTACTS_MAX - 1) {
		return;
	}
	fnl_sim_change(m, p, FNL_SIM_CONTACTED, at_ms, at_ms);
	fnl_sim_set(m, FNL_SIM_CONTACT, p->index * CONTACTS_MAX + ++p->contacts);
	fnl_sim_set(m, FNL_SIM_REP, p->rep);
	fnl_sim_set(m, FNL_SIM_CHANNEL, fnl_sim_between(m, 0, 3));
	fnl_sim_set(m, FNL_SIM_REACHED, reached);
	if (reached && p->stage > 2 && fnl_sim_chance(m, 150)) {
		fnl_sim_set(m, FNL_SIM_NEXT_MEETING, at_ms / DAY_MS + fnl_sim_between(m, 3, MEETING_DAYS_MAX));
	}
	fnl_sim_maybe_again(m);
}

static void close_won(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t at_ms)
{
	fnl_sim_change(m, p, FNL_SIM_CHANGED, at_ms, at_ms);
	p->status = FNL_SIM_WON;
	p->stage = FNL_SIM_STAGE_WON;
	p->closed_on = at_ms / DAY_MS;
	p->amount = p->amount ? p->amount - p->amount / 100 * fnl_sim_between(m, 0, 12) : 2000000;
	fnl_sim_set(m, FNL_SIM_STAGE, p->stage);
	fnl_sim_set(m, FNL_SIM_STATUS, FNL_SIM_WON);
	fnl_sim_set(m, FNL_SIM_WON_AMOUNT, p->amount);
	fnl_sim_set(m, FNL_SIM_CURRENCY, p->currency);
	fnl_sim_set(m, FNL_SIM_CLOSED_ON, p->closed_on);
	fnl_sim_maybe_again(m);
}

static void close_lost(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t at_ms)
{
	fnl_sim_change(m, p, FNL_SIM_CHANGED, at_ms, at_ms);
	p->status = FNL_SIM_LOST;
	p->stage = FNL_SIM_STAGE_LOST;
	p->closed_on = at_ms / DAY_MS;
	p->lost_reason = fnl_sim_between(m, 0, 3);
	fnl_sim_set(m, FNL_SIM_STAGE, p->stage);
	fnl_sim_set(m, FNL_SIM_STATUS, FNL_SIM_LOST);
	fnl_sim_set(m, FNL_SIM_LOST_REASON, p->lost_reason);
	fnl_sim_set(m, FNL_SIM_CLOSED_ON, p->closed_on);
	if (p->lost_reason == COMPETITOR_REASON) {
		fnl_sim_set(m, FNL_SIM_COMPETITOR, fnl_sim_between(m, 1, 5));
	}
	fnl_sim_maybe_again(m);
}

static void reopen(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t at_ms)
{
	fnl_sim_change(m, p, FNL_SIM_CHANGED, at_ms, at_ms);
	p->status = FNL_SIM_OPEN;
	p->stage = STAGES - 2;
	p->close_ms = at_ms + fnl_sim_between(m, 60, 300) * DAY_MS;
	fnl_sim_set(m, FNL_SIM_STAGE, p->stage);
	fnl_sim_set(m, FNL_SIM_STATUS, FNL_SIM_OPEN);
	fnl_sim_set(m, FNL_SIM_WON_AMOUNT, FNL_SIM_CLEARED);
	fnl_sim_set(m, FNL_SIM_CLOSED_ON, FNL_SIM_CLEARED);
	fnl_sim_set(m, FNL_SIM_LOST_REASON, FNL_SIM_CLEARED);
	set_close_date(m, p);
}

/* When everybody is busy, and types in late. */
static bool is_months_end(int64_t at_ms)
{
	return fnl_sim_month(at_ms + BUSY_DAYS * DAY_MS, 0) != fnl_sim_month(at_ms, 0);
}

/* Forward, sometimes two at once, sometimes back, sometimes into a stage that nobody told the rules of. */
static void move(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t at_ms)
{
	int step = fnl_sim_chance(m, 90) ? -1 : fnl_sim_chance(m, 110) ? 2 : 1;
	/* the stage's own event comes days after what happened later */
	bool late = fnl_sim_chance(m, is_months_end(at_ms) ? 700 : 50);
	int64_t arrives_ms = at_ms + (late ? fnl_sim_between(m, 1, LATE_DAYS_MAX) * DAY_MS : 0);
	p->stage = p->stage >= STAGES ? STAGES - 2 : p->stage + step;
	p->stage = fnl_sim_chance(m, 8) ? STAGES : p->stage < 0 ? 0 : p->stage >= STAGES ? STAGES - 1 : p->stage;
	fnl_sim_change(m, p, FNL_SIM_CHANGED, at_ms, arrives_ms);
	fnl_sim_set(m, FNL_SIM_STAGE, p->stage);
	if (!late && p->manual && fnl_sim_chance(m, 400)) {
		p->manual = 0;
		set_manual(m, p);
	}
	fnl_sim_maybe_again(m);
	if (late || fnl_sim_chance(m, 250)) {
		p->amount = p->amount ? p->amount / 100 * fnl_sim_between(m, 80, 125) : fnl_sim_between(m, 10, 90) * 100000;
		fnl_sim_change(m, p, FNL_SIM_CHANGED, at_ms + HOUR_MS, at_ms + HOUR_MS);
		set_amount(m, p);
		fnl_sim_maybe_again(m);
	}
}

void fnl_sim_push_date(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t at_ms, int64_t from_ms)
{
	p->close_ms = from_ms + fnl_sim_between(m, 10, 120) * DAY_MS;
	fnl_sim_change(m, p, FNL_SIM_CHANGED, at_ms, at_ms);
	set_close_date(m, p);
}

/* Some dates are pushed before they are past; a date comes to who had none. */
static void change_date(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t at_ms)
{
	if (p->close_ms == NO_DATE) {
		if (fnl_sim_chance(m, 150)) {
			fnl_sim_push_date(m, p, at_ms, at_ms + 50 * DAY_MS);
		}
	} else if (p->close_ms > at_ms && fnl_sim_chance(m, 90)) {
		fnl_sim_push_date(m, p, at_ms, p->close_ms);
	}
}

static void side_notes(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t at_ms)
{
	if (at_ms >= p->forgotten_ms && fnl_sim_chance(m, 450)) {
		fnl_sim_contact(m, p, at_ms - fnl_sim_between(m, 1, 20) * HOUR_MS, true);
	}
	change_date(m, p, at_ms);
	if (fnl_sim_chance(m, p->rep == FNL_SIM_NOBODY ? 600 : 25)) {
		p->rep = fnl_sim_pick_rep(m, p->eu, at_ms);
		fnl_sim_change(m, p, FNL_SIM_CHANGED, at_ms, at_ms);
		set_owner(m, p);
	}
	if (fnl_sim_chance(m, 40)) {
		p->manual = fnl_sim_between(m, 2, 18) * 5;
		fnl_sim_change(m, p, FNL_SIM_CHANGED, at_ms, at_ms);
		set_manual(m, p);
	}
	if (p->amount && fnl_sim_chance(m, 6)) { /* the buyer takes back what he said of money */
		p->amount = 0;
		fnl_sim_change(m, p, FNL_SIM_CHANGED, at_ms, at_ms);
		fnl_sim_set(m, FNL_SIM_AMOUNT, FNL_SIM_CLEARED);
	}
}

enum mishap { NOTHING, LOST_TIME, THE_END };

/* Things that end a prospect outside of the funnel's own ends, or stop its feed. */
static enum mishap mishap(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t *at_ms)
{
	if (fnl_sim_chance(m, 5)) {
		fnl_sim_change(m, p, FNL_SIM_DELETED, *at_ms, *at_ms);
		if (!fnl_sim_chance(m, 500)) {
			return THE_END;
		}
		*at_ms += fnl_sim_between(m, 5, 40) * DAY_MS;
		fnl_sim_change(m, p, FNL_SIM_RESTORED, *at_ms, *at_ms);
		return LOST_TIME;
	}
	if (fnl_sim_chance(m, 3) && p->index > 1) {
		fnl_sim_change(m, p, FNL_SIM_MERGED, *at_ms, *at_ms);
		fnl_sim_set(m, FNL_SIM_SURVIVOR, p->index - 1);
		return THE_END;
	}
	if (fnl_sim_chance(m, 2)) {
		fnl_sim_change(m, p, FNL_SIM_ERASED, *at_ms, *at_ms);
		return THE_END;
	}
	if (fnl_sim_chance(m, 4)) {
		fnl_sim_change(m, p, FNL_SIM_FEED_GAP, *at_ms, *at_ms);
		fnl_sim_set(m, FNL_SIM_GAP, p->index * CONTACTS_MAX + p->version);
		*at_ms += IMAGE_DAYS * DAY_MS;
		full_image(m, p, *at_ms, *at_ms, false);
		return LOST_TIME;
	}
	return NOTHING;
}

/* One step of an open prospect; moves its time on. True: it came to an end. */
static bool step(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t *at_ms)
{
	side_notes(m, p, *at_ms);
	int64_t then_ms = *at_ms + 3 * HOUR_MS;
	enum mishap what = mishap(m, p, &then_ms);
	if (what != NOTHING) {
		*at_ms = then_ms;
		return what == THE_END;
	}
	then_ms = *at_ms + 12 * HOUR_MS;
	if (p->stage == STAGES - 1 && fnl_sim_chance(m, 650)) {
		if (fnl_sim_chance(m, 600)) {
			close_won(m, p, then_ms);
		} else {
			close_lost(m, p, then_ms);
		}
	} else if (fnl_sim_chance(m, 55)) {
		close_lost(m, p, then_ms);
	} else {
		move(m, p, then_ms);
	}
	return false;
}

/* Its rep has given notice: it goes to another one, or for a while to nobody. Returns when it has, else at_ms. */
static int64_t hand_over(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t at_ms, int64_t next_ms)
{
	int64_t notice_ms = p->rep == FNL_SIM_NOBODY ? INT64_MAX : m->reps[p->rep - 1].notice_ms;
	if (notice_ms == INT64_MAX || p->status != FNL_SIM_OPEN) {
		return at_ms;
	}
	int64_t due_ms = notice_ms + p->hand_over_days * DAY_MS;
	int64_t done_ms = due_ms > at_ms + HAND_OVER_DAYS * DAY_MS ? due_ms : at_ms + HAND_OVER_DAYS * DAY_MS;
	if (done_ms >= next_ms) {
		return at_ms;
	}
	fnl_sim_care(m, p, at_ms + SETTLE_DAYS * DAY_MS, done_ms);
	p->rep = fnl_sim_chance(m, 200) ? FNL_SIM_NOBODY : fnl_sim_pick_rep(m, p->eu, done_ms);
	fnl_sim_change(m, p, FNL_SIM_CHANGED, done_ms, done_ms);
	set_owner(m, p);
	return done_ms;
}

/* The source's gap makes a full image due, some time after it; INT64_MAX: it does not. */
static int64_t image_time(const struct fnl_sim_maker *m, const struct fnl_sim_prospect *p, int64_t at_ms)
{
	int64_t due_ms = m->gap_ms + (RESYNC_DAYS + p->index % 14) * DAY_MS + p->born_ms % DAY_MS;
	if (!p->image_due) {
		return INT64_MAX;
	}
	return due_ms > at_ms + DAY_MS ? due_ms : at_ms + DAY_MS; /* what the last step added came before */
}

/* What happens between two steps; ret_next_ms: of the second one, which may have to wait. */
static void meanwhile(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t at_ms, int64_t *ret_next_ms)
{
	int64_t image_ms = image_time(m, p, at_ms);
	at_ms = hand_over(m, p, at_ms, image_ms < *ret_next_ms ? image_ms : *ret_next_ms);
	if (image_ms < *ret_next_ms) {
		fnl_sim_care(m, p, at_ms + SETTLE_DAYS * DAY_MS, image_ms);
		full_image(m, p, image_ms, image_ms, false);
		p->image_due = false;
		at_ms = image_ms;
		*ret_next_ms = image_ms + DAY_MS > *ret_next_ms ? image_ms + DAY_MS : *ret_next_ms;
	}
	fnl_sim_care(m, p, at_ms + SETTLE_DAYS * DAY_MS, *ret_next_ms);
}

/* Most buyers of this company pay in dollars, everywhere. */
static int currency_of(bool eu, int64_t permille)
{
	if (!eu) {
		return permille < 920 ? FNL_SIM_USD : FNL_SIM_JPY;
	}
	return permille < 600 ? FNL_SIM_USD : FNL_SIM_EUR;
}

static struct fnl_sim_prospect born(struct fnl_sim_maker *m, size_t index)
{
	const struct fnl_sim_settings *s = &m->out->settings;
	struct fnl_sim_prospect p = {.index = (int64_t)index + 1, .status = FNL_SIM_OPEN};
	bool old = index % 4 == 0; /* at work when it all begins */
	p.eu = fnl_sim_chance(m, 400);
	p.cycle_ms = fnl_sim_between(m, CYCLE_DAYS_MIN, CYCLE_DAYS_MAX) * DAY_MS;
	/* never at a full hour: nothing happens just at a quota's moment */
	p.born_ms = s->from_ms + fnl_sim_between(m, 1, 3599) * 1000;
	p.born_ms += old ? -fnl_sim_between(m, 5, 300) * DAY_MS : fnl_sim_between(m, 0, m->span_ms / HOUR_MS - 1) * HOUR_MS;
	p.rep = fnl_sim_chance(m, 40) ? FNL_SIM_NOBODY : fnl_sim_pick_rep(m, p.eu, old ? s->from_ms : p.born_ms);
	p.region = p.rep ? m->reps[p.rep - 1].region : p.eu ? FNL_SIM_REGIONS_A_SIDE : 0;
	p.industry = (int)fnl_sim_between(m, 0, FNL_SIM_INDUSTRY_COUNT - 1);
	p.stage = old ? (int)fnl_sim_between(m, 0, fnl_sim_between(m, 2, 7)) : 0;
	p.currency = currency_of(p.eu, fnl_sim_between(m, 0, 999));
	p.amount = fnl_sim_chance(m, 80) ? 0 : fnl_sim_between(m, 8, 40) * 50000;
	p.amount <<= fnl_sim_between(m, 0, 6);
	if (p.amount && fnl_sim_chance(m, 300)) {
		p.amount += fnl_sim_between(m, 1, 99);
	}
	p.close_ms = fnl_sim_chance(m, 70) ? NO_DATE : p.born_ms + p.cycle_ms;
	if (p.close_ms != NO_DATE && p.close_ms < s->from_ms) {
		p.close_ms = s->from_ms + fnl_sim_between(m, 5, 90) * DAY_MS;
	}
	p.hand_over_days = fnl_sim_between(m, 2, 25);
	return p;
}

void fnl_sim_make_prospect(struct fnl_sim_maker *m, size_t index)
{
	struct fnl_sim_prospect p = born(m, index);
	int64_t from_ms = m->out->settings.from_ms;
	bool old = p.born_ms < from_ms;
	int64_t at_ms = old ? from_ms + p.born_ms % HOUR_MS : p.born_ms;
	full_image(m, &p, old ? from_ms - fnl_sim_between(m, 1, 90) * DAY_MS : at_ms, at_ms, old);
	p.image_due = p.eu && at_ms < m->gap_ms;
	for (bool ended = false; !ended;) {
		int64_t pause_ms = STEP_DAYS_MIN * DAY_MS;
		int64_t next_ms =
			at_ms + pause_ms + p.cycle_ms / STAGES / 100 * fnl_sim_between(m, 30, 150) / HOUR_MS * HOUR_MS;
		if (p.status != FNL_SIM_OPEN) {
			next_ms = at_ms + fnl_sim_between(m, 20, 60) * DAY_MS;
		}
		meanwhile(m, &p, at_ms, &next_ms);
		at_ms = next_ms;
		if (at_ms >= m->out->until_ms) {
			return;
		}
		if (p.status == FNL_SIM_OPEN) {
			ended = step(m, &p, &at_ms);
		} else if (fnl_sim_chance(m, 50)) {
			reopen(m, &p, at_ms);
		} else {
			ended = true;
		}
	}
}
