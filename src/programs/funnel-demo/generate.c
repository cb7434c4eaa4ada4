#include "generate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { REPS = 40, STAGES = 8, CHANGES_A_PROSPECT_MAX = 96, TEXT_BYTES = 40 };

#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)
#define YEAR_FROM_MS INT64_C(1735689600000)  /* 2025-01-01 */
#define YEAR_UNTIL_MS INT64_C(1767225600000) /* 2026-01-01 */
#define GAP_MS (YEAR_FROM_MS + 222 * DAY_MS) /* the European feed loses something in August */
#define RESYNC_MS (GAP_MS + 16 * DAY_MS)     /* and sends full images again from here on */

const char *const demo_columns[DEMO_COLUMN_COUNT] = {
#define DEMO_X(name, column) column,
	DEMO_COLUMN_TABLE(DEMO_X)
#undef DEMO_X
};

static const char *const kinds[DEMO_KIND_COUNT] = {"changed", "contact", "deleted", "restored",
                                                   "merged",  "erased",  "gap"};
static const char *const statuses[] = {NULL, "open", "won", "lost"};
static const char *const stages[STAGES] = {"Prospecting",          "Qualification",       "Needs Analysis",
                                           "Value Proposition",    "Id. Decision Makers", "Perception Analysis",
                                           "Proposal/Price Quote", "Negotiation/Review"};
static const char *const industries[] = {"retail", "machinery", "health", "finance", "energy", "logistics"};
static const char *const regions[2][3] = {{"West", "East", "South"}, {"DACH", "Nordics", "Iberia"}};
static const char *const sources[] = {"crm-us", "crm-eu"};
static const char *const currencies[] = {"USD", "EUR"};
static const char *const reasons[] = {"price", "no budget", "competitor", "no decision"};

struct prospect {
	size_t index;
	int eu;
	int rep;
	int region;
	int industry;
	int stage; /* STAGES: one that no rules know */
	enum demo_status status;
	int64_t amount; /* major units; 0: not known yet */
	int64_t version;
	int64_t close_ms; /* expected */
	int64_t created_ms;
	int64_t cycle_ms; /* from need to order: 3 months to 2 years */
	int manual;       /* percent; 0: none */
	bool image_due;   /* after the gap of its source */
	int contacts;
};

struct generator {
	uint64_t random;
	struct fnl_arena *arena;
	struct demo_year year;
	size_t capacity;
	bool failed;
};

/* splitmix64 */
static uint64_t next(struct generator *g)
{
	uint64_t z = g->random += 0x9E3779B97F4A7C15u;
	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

static int64_t between(struct generator *g, int64_t from, int64_t to)
{
	return from + (int64_t)(next(g) % (uint64_t)(to - from + 1));
}

static bool chance(struct generator *g, int permille)
{
	return between(g, 0, 999) < permille;
}

static const char *text(struct generator *g, const char *format, ...) FNL_PRINTF(2, 3);
static const char *text(struct generator *g, const char *format, ...)
{
	char *p = fnl_arena_alloc(g->arena, TEXT_BYTES);
	va_list args;
	if (!p) {
		g->failed = true;
		return "";
	}
	va_start(args, format);
	vsnprintf(p, TEXT_BYTES, format, args);
	va_end(args);
	return p;
}

static const char *date(struct generator *g, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm t;
	gmtime_r(&seconds, &t);
	return text(g, "%04d-%02d-%02d", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday);
}

/* A change of p at a time; the caller adds its cells. Points to a spare one when memory or room is out. */
static struct demo_change *add(struct generator *g, struct prospect *p, enum demo_kind kind, int64_t at_ms,
                               int64_t arrives_ms)
{
	if (g->year.change_count == g->capacity) {
		g->failed = true;
		g->year.change_count--;
	}
	struct demo_change *c = &g->year.changes[g->year.change_count];
	*c = (struct demo_change){
		.arrives_ms = arrives_ms, .order = g->year.change_count++, .kind = kind, .prospect = p->index};
	c->cells[DEMO_EVENT] = kinds[kind];
	c->cells[DEMO_PROSPECT] = text(g, "P-%04zu", p->index + 1);
	c->cells[DEMO_TIME] = text(g, "%lld", (long long)at_ms);
	c->cells[DEMO_SOURCE] = sources[p->eu];
	if (kind != DEMO_CONTACT_LOGGED && kind != DEMO_FEED_GAP) {
		c->version = ++p->version;
		c->cells[DEMO_VERSION] = text(g, "%lld", (long long)c->version);
	}
	return c;
}

/* Feeds deliver at least once. */
static void maybe_again(struct generator *g, const struct demo_change *c)
{
	if (chance(g, 30) && g->year.change_count < g->capacity) {
		struct demo_change *copy = &g->year.changes[g->year.change_count];
		*copy = *c;
		copy->order = g->year.change_count++;
		copy->arrives_ms += between(g, 0, 72) * HOUR_MS;
		copy->again = true;
	}
}

static void set_status(struct demo_change *c, enum demo_status status)
{
	c->status = status;
	c->cells[DEMO_STATUS] = statuses[status];
}

static void set_stage(struct demo_change *c, const struct prospect *p)
{
	c->cells[DEMO_STAGE] = p->stage < STAGES ? stages[p->stage] : "Legal limbo";
}

static void set_amount(struct generator *g, struct demo_change *c, const struct prospect *p)
{
	if (p->amount) {
		c->cells[DEMO_AMOUNT] = text(g, "%lld", (long long)p->amount);
		c->cells[DEMO_CURRENCY] = currencies[p->eu];
	}
}

/* All that the CRM knows. */
static void full_image(struct generator *g, struct prospect *p, int64_t at_ms, int64_t arrives_ms, bool snapshot)
{
	struct demo_change *c = add(g, p, DEMO_CHANGED, at_ms, arrives_ms);
	c->cells[DEMO_FULL] = "true";
	c->cells[DEMO_SNAPSHOT] = snapshot ? "true" : NULL;
	c->cells[DEMO_CREATED] = text(g, "%lld", (long long)p->created_ms);
	set_status(c, p->status);
	set_stage(c, p);
	set_amount(g, c, p);
	if (p->manual) {
		c->cells[DEMO_PROBABILITY] = text(g, "%d", p->manual);
		c->cells[DEMO_PROBABILITY_SOURCE] = "manual";
	}
	c->cells[DEMO_OWNER] = text(g, "R-%02d", p->rep);
	c->cells[DEMO_REGION] = regions[p->eu][p->region];
	c->cells[DEMO_INDUSTRY] = industries[p->industry];
	c->cells[DEMO_CLOSE_DATE] = date(g, p->close_ms);
	if (p->status == DEMO_WON) {
		c->cells[DEMO_CLOSED_ON] = date(g, p->close_ms);
		c->cells[DEMO_WON_AMOUNT] = c->cells[DEMO_AMOUNT];
		c->cells[DEMO_CURRENCY] = currencies[p->eu];
	}
}

static void contact(struct generator *g, struct prospect *p, int64_t at_ms)
{
	static const char *const channels[] = {"visit", "phone", "video", "mail"};
	struct demo_change *c = add(g, p, DEMO_CONTACT_LOGGED, at_ms, at_ms);
	c->cells[DEMO_CONTACT] = text(g, "C-%04zu-%d", p->index + 1, ++p->contacts);
	c->cells[DEMO_REP] = text(g, "R-%02d", p->rep);
	c->cells[DEMO_CHANNEL] = channels[between(g, 0, 3)];
	maybe_again(g, c);
}

static void close_won(struct generator *g, struct prospect *p, int64_t at_ms)
{
	struct demo_change *c = add(g, p, DEMO_CHANGED, at_ms, at_ms);
	p->status = DEMO_WON;
	p->close_ms = at_ms;
	p->amount = p->amount ? p->amount - p->amount * between(g, 0, 12) / 100 : 20000;
	c->cells[DEMO_STAGE] = "Closed Won";
	set_status(c, DEMO_WON);
	c->cells[DEMO_WON_AMOUNT] = text(g, "%lld", (long long)p->amount);
	c->cells[DEMO_CURRENCY] = currencies[p->eu];
	c->cells[DEMO_CLOSED_ON] = date(g, at_ms);
	maybe_again(g, c);
}

static void close_lost(struct generator *g, struct prospect *p, int64_t at_ms)
{
	struct demo_change *c = add(g, p, DEMO_CHANGED, at_ms, at_ms);
	p->status = DEMO_LOST;
	c->cells[DEMO_STAGE] = "Closed Lost";
	set_status(c, DEMO_LOST);
	c->cells[DEMO_LOST_REASON] = reasons[between(g, 0, 3)];
	maybe_again(g, c);
}

static void reopen(struct generator *g, struct prospect *p, int64_t at_ms)
{
	struct demo_change *c = add(g, p, DEMO_CHANGED, at_ms, at_ms);
	p->status = DEMO_OPEN;
	p->stage = STAGES - 2;
	set_stage(c, p);
	set_status(c, DEMO_OPEN);
	c->cells[DEMO_WON_AMOUNT] = "\\N";
	c->cells[DEMO_CLOSED_ON] = "\\N";
	c->cells[DEMO_LOST_REASON] = "\\N";
}

/* Forward, sometimes two at once, sometimes back, sometimes into a stage that nobody told the rules of. */
static void move(struct generator *g, struct prospect *p, int64_t at_ms)
{
	int step = chance(g, 90) ? -1 : chance(g, 110) ? 2 : 1;
	p->stage = p->stage >= STAGES ? STAGES - 2 : p->stage + step;
	p->stage = chance(g, 15) ? STAGES : p->stage < 0 ? 0 : p->stage >= STAGES ? STAGES - 1 : p->stage;
	bool late = chance(g, 50); /* the stage's own event comes days after what happened later */
	struct demo_change *c = add(g, p, DEMO_CHANGED, at_ms, late ? at_ms + between(g, 1, 20) * DAY_MS : at_ms);
	set_stage(c, p);
	if (!late && p->manual && chance(g, 400)) {
		p->manual = 0;
		c->cells[DEMO_PROBABILITY] = "\\N";
		c->cells[DEMO_PROBABILITY_SOURCE] = "\\N";
	}
	maybe_again(g, c);
	if (late || chance(g, 250)) {
		p->amount = p->amount ? p->amount * between(g, 80, 125) / 100 : between(g, 10, 90) * 1000;
		struct demo_change *a = add(g, p, DEMO_CHANGED, at_ms + HOUR_MS, at_ms + HOUR_MS);
		set_amount(g, a, p);
		maybe_again(g, a);
	}
}

static void side_note(struct generator *g, struct prospect *p, int64_t at_ms)
{
	if (chance(g, 400)) {
		contact(g, p, at_ms - between(g, 1, 40) * HOUR_MS);
	}
	if (chance(g, 130)) {
		p->close_ms += between(g, 10, 60) * DAY_MS;
		struct demo_change *c = add(g, p, DEMO_CHANGED, at_ms, at_ms);
		c->cells[DEMO_CLOSE_DATE] = date(g, p->close_ms);
	}
	if (chance(g, 30)) {
		p->rep = (int)between(g, 1, REPS);
		struct demo_change *c = add(g, p, DEMO_CHANGED, at_ms, at_ms);
		c->cells[DEMO_OWNER] = text(g, "R-%02d", p->rep);
	}
	if (chance(g, 40)) {
		p->manual = (int)between(g, 2, 18) * 5;
		struct demo_change *c = add(g, p, DEMO_CHANGED, at_ms, at_ms);
		c->cells[DEMO_PROBABILITY] = text(g, "%d", p->manual);
		c->cells[DEMO_PROBABILITY_SOURCE] = "manual";
	}
}

/* Things that end a prospect outside of the funnel's own ends, or stop its feed. True: nothing more of it comes. */
static bool mishap(struct generator *g, struct prospect *p, int64_t at_ms)
{
	if (chance(g, 4)) {
		add(g, p, DEMO_DELETED, at_ms, at_ms);
		if (chance(g, 500)) {
			int64_t back_ms = at_ms + between(g, 5, 40) * DAY_MS;
			add(g, p, DEMO_RESTORED, back_ms, back_ms);
		}
		return true;
	}
	if (chance(g, 3) && p->index > 0) {
		struct demo_change *c = add(g, p, DEMO_MERGED, at_ms, at_ms);
		c->cells[DEMO_SURVIVOR] = text(g, "P-%04zu", p->index);
		return true;
	}
	if (chance(g, 2)) {
		add(g, p, DEMO_ERASED, at_ms, at_ms);
		return true;
	}
	if (chance(g, 3)) {
		struct demo_change *c = add(g, p, DEMO_FEED_GAP, at_ms, at_ms);
		c->cells[DEMO_GAP] = text(g, "gap-%04zu", p->index + 1);
		full_image(g, p, at_ms + 6 * DAY_MS, at_ms + 6 * DAY_MS, false);
	}
	return false;
}

/* One step of an open prospect. True: it came to an end. */
static bool step(struct generator *g, struct prospect *p, int64_t at_ms)
{
	side_note(g, p, at_ms);
	if (mishap(g, p, at_ms + 3 * HOUR_MS)) {
		return true;
	}
	int64_t then_ms = at_ms + 12 * HOUR_MS;
	if (p->stage == STAGES - 1 && chance(g, 700)) {
		if (chance(g, 600)) {
			close_won(g, p, then_ms);
		} else {
			close_lost(g, p, then_ms);
		}
	} else if (chance(g, 60)) {
		close_lost(g, p, then_ms);
	} else {
		move(g, p, then_ms);
	}
	return p->status != DEMO_OPEN;
}

static void live(struct generator *g, struct prospect *p)
{
	int64_t at_ms = p->created_ms > YEAR_FROM_MS ? p->created_ms : YEAR_FROM_MS;
	full_image(g, p, p->created_ms > YEAR_FROM_MS ? p->created_ms : YEAR_FROM_MS - between(g, 1, 90) * DAY_MS, at_ms,
	           p->created_ms < YEAR_FROM_MS);
	p->image_due = p->eu && at_ms < GAP_MS;
	for (;;) {
		/* at least 8 days, so that what a step adds has happened before the next one */
		at_ms += 8 * DAY_MS + p->cycle_ms / STAGES * between(g, 30, 150) / 100;
		int64_t image_ms = RESYNC_MS + between(g, 0, 14 * 24) * HOUR_MS;
		if (p->image_due && at_ms > image_ms) {
			full_image(g, p, image_ms, image_ms, false);
			p->image_due = false;
			at_ms = image_ms + DAY_MS > at_ms ? image_ms + DAY_MS : at_ms;
		}
		if (at_ms >= YEAR_UNTIL_MS) {
			return;
		}
		if (step(g, p, at_ms)) {
			if (p->status == DEMO_OPEN || !chance(g, 50)) {
				return;
			}
			at_ms += between(g, 20, 60) * DAY_MS;
			reopen(g, p, at_ms);
		}
	}
}

static struct prospect born(struct generator *g, size_t index, size_t count)
{
	struct prospect p = {.index = index, .status = DEMO_OPEN};
	bool old = index < count * 2 / 5; /* at work when the year begins */
	p.eu = chance(g, 450);
	p.rep = (int)between(g, 1, REPS);
	p.region = p.rep % 3;
	p.industry = (int)between(g, 0, 5);
	p.cycle_ms = between(g, 90, 720) * DAY_MS;
	p.created_ms = old ? YEAR_FROM_MS - between(g, 5, 300) * DAY_MS : YEAR_FROM_MS + between(g, 1, 363 * 24) * HOUR_MS;
	p.stage = old ? (int)(between(g, 0, 7) * between(g, 2, 7) / 7) : 0;
	p.amount = chance(g, 80) ? 0 : between(g, 8, 40) * 500 << between(g, 0, 6);
	p.close_ms = p.created_ms + p.cycle_ms;
	if (p.close_ms < YEAR_FROM_MS) {
		p.close_ms = YEAR_FROM_MS + between(g, 5, 90) * DAY_MS;
	}
	return p;
}

static int by_arrival(const void *a, const void *b)
{
	const struct demo_change *x = a;
	const struct demo_change *y = b;
	if (x->arrives_ms != y->arrives_ms) {
		return x->arrives_ms < y->arrives_ms ? -1 : 1;
	}
	return x->order < y->order ? -1 : x->order > y->order;
}

int demo_year_make(uint64_t seed, size_t prospects, struct fnl_arena *arena, struct demo_year *ret)
{
	struct generator g = {.random = seed, .arena = arena, .capacity = prospects * CHANGES_A_PROSPECT_MAX + 1};
	g.year = (struct demo_year){.prospect_count = prospects, .from_ms = YEAR_FROM_MS, .until_ms = YEAR_UNTIL_MS};
	g.year.changes = fnl_arena_calloc(arena, g.capacity, sizeof(*g.year.changes));
	if (!g.year.changes) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < prospects; i++) {
		struct prospect p = born(&g, i, prospects);
		live(&g, &p);
	}
	struct prospect whole_source = {.index = SIZE_MAX, .eu = 1};
	struct demo_change *gap = add(&g, &whole_source, DEMO_FEED_GAP, GAP_MS, GAP_MS);
	gap->cells[DEMO_PROSPECT] = NULL;
	gap->cells[DEMO_GAP] = "gap-august";
	qsort(g.year.changes, g.year.change_count, sizeof(*g.year.changes), by_arrival);
	while (g.year.change_count && g.year.changes[g.year.change_count - 1].arrives_ms >= YEAR_UNTIL_MS) {
		g.year.change_count--;
	}
	if (g.failed) {
		return FNL_E_NOMEM;
	}
	*ret = g.year;
	return 0;
}
