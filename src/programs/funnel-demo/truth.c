#include "truth.h"

#include <time.h>

#include "funneld/base/arena.h"

enum field { STAGE, STATUS, AMOUNT, MANUAL, OWNER, CLOSE_DATE, FIELDS };
enum { DAY_S = 86400, EXACT_A_DOLLAR = 100 * 10000 };

static const enum fnl_sim_column columns[FIELDS] = {FNL_SIM_STAGE,       FNL_SIM_STATUS, FNL_SIM_AMOUNT,
                                                    FNL_SIM_PROBABILITY, FNL_SIM_OWNER,  FNL_SIM_CLOSE_DATE};

/* What is asked of a prospect. A field that is not known is FNL_SIM_CLEARED. */
struct image {
	int64_t fields[FIELDS];
	int64_t currency;
	bool seen;
	bool gone; /* deleted or merged */
	bool erased;
	bool unknown; /* something of it was missed, and no full image has come since */
};

struct demo_truth_prospect {
	struct image live;
	struct image at_as_of;
	int64_t versions[FIELDS];
	int64_t life_version;
	int64_t latest_version;
	int64_t gap_ms;
	int64_t source;
};

int demo_truth_make(size_t prospects, struct demo_truth *ret)
{
	struct demo_truth_prospect *at = fnl_calloc(prospects, sizeof(*at));
	if (!at) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < prospects; i++) {
		for (size_t f = 0; f < FIELDS; f++) {
			at[i].live.fields[f] = at[i].at_as_of.fields[f] = FNL_SIM_CLEARED;
		}
	}
	*ret = (struct demo_truth){.at = at, .count = prospects, .as_of_ms = INT64_MAX};
	return 0;
}

void demo_truth_deinit(struct demo_truth *t)
{
	t->at = fnl_free(t->at);
}

static int64_t value(const struct fnl_simulation *s, const struct fnl_sim_change *c, enum fnl_sim_column column,
                     int64_t otherwise)
{
	int64_t v = otherwise;
	fnl_sim_value(s, c, column, &v);
	return v;
}

/* The fields that a change brings, where none is known that is newer. */
static void take_fields(struct demo_truth_prospect *p, const struct fnl_simulation *s, const struct fnl_sim_change *c,
                        int64_t version, struct image *also)
{
	bool full = value(s, c, FNL_SIM_FULL, 0) != 0;
	for (size_t f = 0; f < FIELDS; f++) {
		int64_t v = FNL_SIM_CLEARED;
		if ((!fnl_sim_value(s, c, columns[f], &v) && !full) || version <= p->versions[f]) {
			continue;
		}
		p->versions[f] = version;
		p->live.fields[f] = v;
		p->live.currency = f == AMOUNT ? value(s, c, FNL_SIM_CURRENCY, 0) : p->live.currency;
		if (also) {
			also->fields[f] = v;
			also->currency = p->live.currency;
		}
	}
	p->live.seen = true;
	if (full && version >= p->latest_version && c->at_ms >= p->gap_ms) {
		p->live.unknown = false;
	}
	p->latest_version = version > p->latest_version ? version : p->latest_version;
}

static void take_gap(struct demo_truth_prospect *p, const struct fnl_sim_change *c, struct image *also)
{
	p->live.unknown |= p->live.seen;
	p->gap_ms = c->at_ms;
	if (also) {
		also->unknown = p->live.unknown;
	}
}

static void take_one(struct demo_truth_prospect *p, const struct fnl_simulation *s, const struct fnl_sim_change *c,
                     struct image *also)
{
	int64_t version = value(s, c, FNL_SIM_VERSION, 0);
	switch ((enum fnl_sim_event)c->event) {
	case FNL_SIM_CHANGED:
		p->source = value(s, c, FNL_SIM_SOURCE, 0);
		take_fields(p, s, c, version, also);
		break;
	case FNL_SIM_DELETED:
	case FNL_SIM_MERGED:
	case FNL_SIM_RESTORED:
		if (version > p->life_version) {
			p->live.gone = c->event != FNL_SIM_RESTORED;
			p->life_version = version;
		}
		break;
	case FNL_SIM_ERASED:
		p->live.erased = true;
		break;
	case FNL_SIM_FEED_GAP:
		take_gap(p, c, also);
		break;
	default:
		break;
	}
	if (also) {
		also->seen = p->live.seen;
		also->gone = p->live.gone;
		also->unknown = p->live.unknown;
	}
}

void demo_truth_take(struct demo_truth *t, const struct fnl_simulation *s, const struct fnl_sim_change *c)
{
	int64_t number = value(s, c, FNL_SIM_PROSPECT, 0);
	bool in_image = c->at_ms < t->as_of_ms && !t->frozen;
	if (number) {
		struct demo_truth_prospect *p = &t->at[number - 1];
		take_one(p, s, c, in_image ? &p->at_as_of : NULL);
		p->at_as_of.erased |= p->live.erased && !t->frozen; /* by right, whenever it happened */
		return;
	}
	for (size_t i = 0; i < t->count && c->event == FNL_SIM_FEED_GAP; i++) { /* of a whole source */
		if (t->at[i].source == value(s, c, FNL_SIM_SOURCE, 0)) {
			take_gap(&t->at[i], c, in_image ? &t->at[i].at_as_of : NULL);
		}
	}
}

void demo_truth_counts(const struct demo_truth *t, uint64_t ret[FNL_SIM_STATUS_COUNT])
{
	memset(ret, 0, FNL_SIM_STATUS_COUNT * sizeof(*ret));
	for (size_t i = 0; i < t->count; i++) {
		const struct image *p = &t->at[i].live;
		if (p->seen && !p->gone && !p->erased) {
			ret[p->fields[STATUS]]++;
		}
	}
}

/* The article's percent: by what a hand has typed in, else by the stage. 0: nobody can say. */
static int64_t weight_bp(const struct image *p)
{
	static const int64_t of_stage[FNL_SIM_STAGE_COUNT] = {2500, 2500, 2500, 5000, 5000, 7500, 7500, 7500};
	int64_t manual = p->fields[MANUAL];
	int64_t stage = p->fields[STAGE];
	if (p->unknown) {
		return 0;
	}
	if (manual != FNL_SIM_CLEARED) {
		return manual * 10 < 375 ? 2500 : manual * 10 < 625 ? 5000 : 7500;
	}
	return stage >= 0 && stage < FNL_SIM_STAGE_COUNT ? of_stage[stage] : 0;
}

static int year_of(int64_t day)
{
	time_t seconds = (time_t)(day * DAY_S);
	struct tm t;
	gmtime_r(&seconds, &t);
	return t.tm_year + 1900;
}

/* To whole dollars, half to even. */
static int64_t rounded(int64_t exact_e4)
{
	int64_t dollars = exact_e4 / EXACT_A_DOLLAR;
	int64_t rest = exact_e4 % EXACT_A_DOLLAR;
	dollars += rest * 2 > EXACT_A_DOLLAR || (rest * 2 == EXACT_A_DOLLAR && dollars % 2 == 1);
	return dollars * 100;
}

void demo_truth_quotas(const struct demo_truth *t, int year, struct demo_truth_quota *quotas, size_t reps)
{
	memset(quotas, 0, (reps + 1) * sizeof(*quotas));
	for (size_t i = 0; i < t->count; i++) {
		const struct image *p = &t->at[i].at_as_of;
		int64_t date = p->fields[CLOSE_DATE];
		int64_t amount = p->fields[AMOUNT];
		int64_t owner = p->fields[OWNER];
		if (!p->seen || p->gone || p->erased || p->fields[STATUS] != FNL_SIM_OPEN ||
		    (date != FNL_SIM_CLEARED && year_of(date) != year)) {
			continue;
		}
		struct demo_truth_quota *q = &quotas[owner == FNL_SIM_CLEARED ? 0 : owner];
		if (date == FNL_SIM_CLEARED || weight_bp(p) == 0 || amount == FNL_SIM_CLEARED || p->currency != FNL_SIM_USD) {
			q->left_out++;
		} else {
			q->counted++;
			q->exact_e4 += amount * weight_bp(p);
		}
	}
	for (size_t i = 0; i <= reps; i++) {
		quotas[i].minor = rounded(quotas[i].exact_e4);
	}
}

void demo_truth_funnels(const struct demo_truth *t, struct demo_truth_funnel *funnels, size_t reps)
{
	memset(funnels, 0, (reps + 1) * sizeof(*funnels));
	for (size_t i = 0; i < t->count; i++) {
		const struct image *p = &t->at[i].live;
		int64_t weight = weight_bp(p);
		int64_t owner = p->fields[OWNER] == FNL_SIM_CLEARED ? 0 : p->fields[OWNER];
		if (!p->seen || p->gone || p->erased || p->fields[STATUS] != FNL_SIM_OPEN || weight == 0) {
			continue;
		}
		size_t layer = (size_t)(weight / 2500 - 1);
		funnels[owner].count[layer]++;
		if (p->fields[AMOUNT] != FNL_SIM_CLEARED) {
			funnels[owner].amount[layer][p->currency] += p->fields[AMOUNT];
		}
	}
}

const char *demo_truth_source(const struct demo_truth *t, int64_t prospect)
{
	return fnl_sim_sources[t->at[prospect - 1].source];
}
