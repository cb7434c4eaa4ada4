/* Local search: single moves, then swaps, then a return together with a move. Candidates are tried on the
 * layout itself and taken back, so that all limits are asked in one place. */
#include "alignment_internal.h"

enum {
	SWAP_REPS = 24, /* the heaviest and the lightest that swaps are looked for between: all of up to 24 reps */
	TURN_REPS = 8   /* the same of a return and a move */
};

#define RATE_FREE ((__int128)1 << 120) /* above any gain: what costs no prospects comes first */

/* One change of the layout, or two at once. */
struct step {
	__int128 score;
	__int128 gain;      /* what the sum of squares falls by */
	int64_t more_moved; /* prospects away from home */
	uint32_t unit[2];
	uint32_t to[2];
	uint32_t count; /* 0: none */
};

bool fnl_align_has_room(const struct fnl_align_org *org, uint32_t rep, int64_t count)
{
	int64_t max = org->in->reps[org->reps[rep]].count_max;
	return max < 0 || count <= max;
}

bool fnl_align_welcomes(const struct fnl_align_search *s, uint32_t unit, uint32_t rep)
{
	const struct fnl_alignment_in *in = s->org->in;
	size_t r = s->org->reps[rep];
	bool all = in->reps[r].receives;
	for (uint32_t i = s->units[unit].block; all && i != FNL_ALIGN_NONE; i = s->org->blocks[i].next) {
		const struct fnl_alignment_cell *c = s->org->blocks[i].cell;
		all = (!in->has_region || in->has_region[r * in->region_count + c->region]) &&
		      (!in->has_industry || in->has_industry[r * in->industry_count + c->industry]);
	}
	return all;
}

/* Two units of a rich group at one receiver. Any two that go together are enough: by either dimension all go then. */
static bool go_together(const struct fnl_align_org *o, const struct fnl_align_group *g, uint32_t a, uint32_t b)
{
	const struct fnl_align_block *x = &o->blocks[a];
	const struct fnl_align_block *y = &o->blocks[b];
	return (g->by_code && fnl_align_same_code(g, x, y)) || (g->by_size && x->cell->size_band == y->cell->size_band) ||
	       (!g->by_code && !g->by_size);
}

bool fnl_align_keeps_focus(const struct fnl_align_search *s, const uint32_t *at, uint32_t unit)
{
	const struct fnl_align_unit *u = &s->units[unit];
	if (u->group == FNL_ALIGN_NONE || at[unit] == u->origin) {
		return true;
	}
	const struct fnl_align_group *g = &s->org->groups[u->group];
	bool is_rich = g->reason == FNL_ALIGNMENT_SPLIT_REGION || g->reason == FNL_ALIGNMENT_SPLIT_INDUSTRY;
	for (uint32_t i = s->group_units[u->group]; i != FNL_ALIGN_NONE; i = s->units[i].next_of_group) {
		const struct fnl_align_unit *other = &s->units[i];
		bool here = at[i] == at[unit];
		if (i == unit || at[i] == other->origin) {
			continue;
		}
		if (is_rich ? here && !go_together(s->org, g, u->block, other->block) : !here) {
			return false;
		}
	}
	return true;
}

static int64_t moved_by(const struct fnl_align_unit *u, uint32_t from, uint32_t to)
{
	return (to != u->origin ? u->count : 0) - (from != u->origin ? u->count : 0);
}

static __int128 gain_of(const struct fnl_align_search *s, uint32_t from, uint32_t to, int64_t volume)
{
	return from == to ? 0 : 2 * (__int128)volume * ((__int128)s->volume[from] - s->volume[to] - volume);
}

void fnl_align_shift(struct fnl_align_search *s, uint32_t unit, uint32_t to)
{
	const struct fnl_align_unit *u = &s->units[unit];
	uint32_t from = s->now.at[unit];
	int64_t home = (from != u->origin) - (to != u->origin); /* 1: it comes home */
	s->now.squares -= gain_of(s, from, to, u->volume);
	s->now.moved -= home * u->count;
	s->now.at[unit] = to;
	s->volume[from] -= u->volume;
	s->volume[to] += u->volume;
	s->count[from] -= u->count;
	s->count[to] += u->count;
	s->received[from] -= from != u->origin ? u->count : 0;
	s->received[to] += to != u->origin ? u->count : 0;
	s->given[u->origin] -= home * u->count;
}

static bool is_rep_within(const struct fnl_align_search *s, uint32_t r)
{
	int64_t max = s->org->in->limits.moved_per_rep_max;
	return s->given[r] <= max && s->received[r] <= max &&
	       (s->received[r] == 0 || fnl_align_has_room(s->org, r, s->count[r]));
}

/* A unit where it is now, which its rep may have. */
static bool is_unit_within(const struct fnl_align_search *s, uint32_t unit)
{
	const struct fnl_align_unit *u = &s->units[unit];
	uint32_t at = s->now.at[unit];
	return is_rep_within(s, at) && is_rep_within(s, u->origin) && fnl_align_keeps_focus(s, s->now.at, unit);
}

/* Does it, and says whether all limits hold, but for what is_welcome knows. */
static bool try_step(struct fnl_align_search *s, const struct step *c, uint32_t back[2])
{
	bool ok = true;
	for (uint32_t i = 0; i < c->count; i++) {
		back[i] = s->now.at[c->unit[i]];
		fnl_align_shift(s, c->unit[i], c->to[i]);
	}
	ok = s->now.moved <= s->org->moved_max;
	for (uint32_t i = 0; ok && i < c->count; i++) {
		ok = is_unit_within(s, c->unit[i]) && is_rep_within(s, back[i]);
	}
	return ok;
}

/* What can be said without a try: most steps end here. */
static bool is_welcome(const struct fnl_align_search *s, const struct step *c)
{
	const struct fnl_align_unit *u = &s->units[c->unit[0]];
	int64_t max = s->org->in->limits.moved_per_rep_max;
	bool ok = c->count > 1 || c->to[0] == u->origin ||
	          (s->received[c->to[0]] + u->count <= max &&
	           fnl_align_has_room(s->org, c->to[0], s->count[c->to[0]] + u->count));
	for (uint32_t i = 0; ok && i < c->count; i++) {
		ok = c->to[i] == s->units[c->unit[i]].origin || fnl_align_welcomes(s, c->unit[i], c->to[i]);
	}
	return ok;
}

static bool is_possible(struct fnl_align_search *s, const struct step *c)
{
	uint32_t back[2];
	if (!is_welcome(s, c)) {
		return false;
	}
	bool ok = try_step(s, c, back);
	for (uint32_t i = c->count; i-- > 0;) {
		fnl_align_shift(s, c->unit[i], back[i]);
	}
	return ok;
}

/* Takes it when it is better than the best so far, and possible. */
static void consider(struct fnl_align_search *s, struct step *best, struct step c)
{
	s->steps++;
	c.score = c.gain;
	if (s->by_rate && c.count == 1) {
		c.score = c.more_moved > 0 ? c.gain / c.more_moved : RATE_FREE + c.gain;
	}
	bool better = best->count == 0
	                  ? c.gain > 0 || (c.gain == 0 && c.more_moved < 0)
	                  : c.score > best->score || (c.score == best->score && c.more_moved < best->more_moved);
	if (better && c.gain >= 0 && is_possible(s, &c)) {
		*best = c;
	}
}

static struct step single(const struct fnl_align_search *s, uint32_t unit, uint32_t to)
{
	uint32_t from = s->now.at[unit];
	return (struct step){
		.gain = gain_of(s, from, to, s->units[unit].volume),
		.more_moved = moved_by(&s->units[unit], from, to),
		.unit = {unit},
		.to = {to},
		.count = 1,
	};
}

/* To the lightest rep who may have it; or home. */
static void find_singles(struct fnl_align_search *s, struct step *best)
{
	int64_t max = s->org->in->limits.moved_per_rep_max;
	for (uint32_t i = 0; i < s->unit_count && s->steps < s->steps_max; i++) {
		const struct fnl_align_unit *u = &s->units[i];
		uint32_t from = s->now.at[i];
		if (from != u->origin) {
			consider(s, best, single(s, i, u->origin));
		} else if (!u->may_move || s->now.moved + u->count > s->org->moved_max ||
		           s->given[u->origin] + u->count > max) {
			continue;
		}
		for (uint32_t j = 0; j < s->org->rep_count; j++) {
			struct step c = single(s, i, s->order[j]);
			s->steps++;
			if (c.gain <= 0) {
				break; /* so are all heavier ones */
			}
			if (is_possible(s, &c)) {
				consider(s, best, c);
				break;
			}
		}
	}
}

static void fill_buckets(struct fnl_align_search *s)
{
	for (uint32_t r = 0; r < s->org->rep_count; r++) {
		s->bucket[r] = FNL_ALIGN_NONE;
	}
	for (uint32_t i = s->unit_count; i-- > 0;) {
		if (s->units[i].may_move) {
			s->bucket_next[i] = s->bucket[s->now.at[i]];
			s->bucket[s->now.at[i]] = i;
		}
	}
}

static void find_swaps_between(struct fnl_align_search *s, uint32_t heavy, uint32_t light, struct step *best)
{
	for (uint32_t i = s->bucket[heavy]; i != FNL_ALIGN_NONE; i = s->bucket_next[i]) {
		for (uint32_t j = s->bucket[light]; j != FNL_ALIGN_NONE; j = s->bucket_next[j]) {
			struct step c = {.unit = {i, j}, .to = {light, heavy}, .count = 2};
			c.gain = gain_of(s, heavy, light, s->units[i].volume - s->units[j].volume);
			c.more_moved = moved_by(&s->units[i], heavy, light) + moved_by(&s->units[j], light, heavy);
			if (c.gain >= best->gain) {
				consider(s, best, c);
			}
			s->steps++;
		}
	}
}

static void find_swaps(struct fnl_align_search *s, struct step *best)
{
	uint32_t n = s->org->rep_count;
	uint32_t window = n < SWAP_REPS ? n : SWAP_REPS;
	for (uint32_t i = 0; i < window && s->steps < s->steps_max; i++) {
		uint32_t heavy = s->order[n - 1 - i];
		for (uint32_t j = 0; j < window && s->volume[s->order[j]] < s->volume[heavy]; j++) {
			find_swaps_between(s, heavy, s->order[j], best);
		}
	}
}

/* A unit has come home, for its gain: what moves best instead. */
static void find_second(struct fnl_align_search *s, const struct step *first, struct step *best)
{
	uint32_t n = s->org->rep_count;
	uint32_t window = n < TURN_REPS ? n : TURN_REPS;
	for (uint32_t h = 0; h < window; h++) {
		uint32_t heavy = s->order[n - 1 - h];
		for (uint32_t i = s->bucket[heavy]; i != FNL_ALIGN_NONE; i = s->bucket_next[i]) {
			for (uint32_t j = 0; i != first->unit[0] && j < window; j++) {
				struct step second = single(s, i, s->order[j]);
				struct step c = *first;
				c.gain += second.gain;
				c.more_moved += second.more_moved;
				c.unit[1] = i;
				c.to[1] = s->order[j];
				c.count = 2;
				s->steps++;
				if (c.gain >= best->gain) {
					consider(s, best, c); /* there it comes home once more, to no effect */
				}
			}
		}
	}
}

static void find_turns(struct fnl_align_search *s, struct step *best)
{
	for (uint32_t i = 0; i < s->unit_count && s->steps < s->steps_max; i++) {
		uint32_t from = s->now.at[i];
		uint32_t origin = s->units[i].origin;
		if (from != origin) {
			struct step first = single(s, i, origin);
			fnl_align_shift(s, i, origin);
			find_second(s, &first, best);
			fnl_align_shift(s, i, from);
		}
	}
}

static bool is_lighter(const struct fnl_align_search *s, uint32_t a, uint32_t b)
{
	return s->volume[a] != s->volume[b] ? s->volume[a] < s->volume[b] : a < b;
}

/* The lightest first; of equals the one whose id comes first. */
void fnl_align_keep_order(struct fnl_align_search *s)
{
	for (uint32_t i = 1; i < s->org->rep_count; i++) {
		uint32_t r = s->order[i];
		uint32_t j = i;
		for (; j > 0 && is_lighter(s, r, s->order[j - 1]); j--) {
			s->order[j] = s->order[j - 1];
		}
		s->order[j] = r;
	}
}

static bool is_done(const struct fnl_align_search *s)
{
	return s->steps >= s->steps_max ||
	       (s->enough_factor_bp && fnl_align_is_within(s->org, s->now.squares, s->enough, s->enough_factor_bp));
}

void fnl_align_search_run(struct fnl_align_search *s)
{
	bool goes_on = true;
	while (goes_on && !is_done(s)) {
		struct step best = {.count = 0};
		uint32_t back[2];
		find_singles(s, &best);
		if (best.count == 0) {
			fill_buckets(s);
			find_swaps(s, &best);
		}
		if (best.count == 0) {
			find_turns(s, &best);
		}
		goes_on = best.count > 0 && try_step(s, &best, back);
		fnl_align_keep_order(s);
	}
}
