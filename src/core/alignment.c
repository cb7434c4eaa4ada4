#include "funneld/core/alignment.h"

#include "funneld/core/money.h"
#include "alignment_internal.h"
#include "rules_internal.h"

/* Of two numbers from 0 on, rounded up. */
static int64_t ratio_bp(int64_t a, int64_t b)
{
	__int128 up = ((__int128)a * FNL_BP_ONE + b - 1) / b;
	return up > INT64_MAX ? INT64_MAX : (int64_t)up;
}

/* The smallest whose square is at least n, or above it when there is a rest. n < 2^62. */
static int64_t root_up(int64_t n, bool rest)
{
	int64_t root = 0;
	for (int64_t bit = INT64_C(1) << 30; bit > 0; bit >>= 1) {
		int64_t with = root + bit;
		root = with * with <= n ? with : root;
	}
	return root * root == n && !rest ? root : root + 1;
}

/* n * sum of squares - total^2 is (n * total * variation / n)^2: the square of the variation in units of 10^-8, digit
 * by digit, since the product would not fit. */
static int64_t variation_bp(__int128 squares, int64_t total, size_t n)
{
	__int128 of = (__int128)total * total;
	__int128 rest = squares * (__int128)n - of;
	__int128 quotient = 0;
	if (total == 0) {
		return 0;
	}
	quotient = rest / of;
	rest %= of;
	for (int i = 0; i < 4; i++) {
		rest *= 100;
		quotient = quotient * 100 + rest / of;
		rest %= of;
	}
	return root_up((int64_t)quotient, rest > 0);
}

int fnl_alignment_spread_of(const int64_t *values, size_t count, struct fnl_alignment_spread *ret)
{
	__int128 total = 0;
	__int128 squares = 0;
	struct fnl_alignment_spread s = {.min = INT64_MAX};
	if (count == 0 || count > FNL_ALIGNMENT_REPS_MAX) {
		return FNL_E_INVALID;
	}
	for (size_t i = 0; i < count; i++) {
		if (values[i] < 0) {
			return FNL_E_INVALID;
		}
		total += values[i];
		s.min = values[i] < s.min ? values[i] : s.min;
		s.max = values[i] > s.max ? values[i] : s.max;
	}
	if (total > FNL_ALIGNMENT_TOTAL_MAX) {
		return FNL_E_LIMIT;
	}
	for (size_t i = 0; i < count; i++) {
		squares += (__int128)values[i] * values[i];
	}
	s.total = (int64_t)total;
	s.max_min_bp = s.min > 0 ? ratio_bp(s.max, s.min) : 0;
	s.variation_bp = variation_bp(squares, s.total, count);
	*ret = s;
	return FNL_OK;
}

struct fnl_alignment_limits fnl_alignment_limits_of(const struct fnl_rules *rules)
{
	const int64_t *v = rules->values;
	return (struct fnl_alignment_limits){
		.spread_max_bp = v[FNL_RULES_AT_SPREAD_MAX],
		.variation_max_bp = v[FNL_RULES_AT_VARIATION_MAX],
		.split_above_bp = v[FNL_RULES_AT_SPLIT_ABOVE],
		.merge_below_bp = v[FNL_RULES_AT_MERGE_BELOW],
		.moved_max_bp = v[FNL_RULES_AT_MOVES_ORG_MAX],
		.moved_per_rep_max = v[FNL_RULES_AT_MOVES_REP_MAX],
		.improvement_min_bp = v[FNL_RULES_AT_IMPROVEMENT_MIN],
		.focus_share_bp = v[FNL_RULES_AT_FOCUS_SHARE],
	};
}

bool fnl_align_is_within(const struct fnl_align_org *org, __int128 a, __int128 b, int64_t factor_bp)
{
	__int128 of = (__int128)org->total_volume * org->total_volume;
	__int128 left = a * org->rep_count - of;
	__int128 right = b * org->rep_count - of;
	/* exact, but beyond 2^90 the last digits are left to go */
	while (left >= (__int128)1 << 90 || right >= (__int128)1 << 90) {
		left >>= 1;
		right >>= 1;
	}
	return left * FNL_BP_ONE * FNL_BP_ONE <= right * factor_bp * factor_bp;
}

/* What is the best so far, of blocks. */
struct answer {
	uint32_t *at;
	__int128 squares;
	int64_t moved;
	bool is_optimal;
};

static bool is_better(const struct fnl_align_layout *a, const struct fnl_align_layout *b)
{
	return a->squares != b->squares ? a->squares < b->squares : a->moved < b->moved;
}

static void copy_layout(struct fnl_align_layout *to, const struct fnl_align_layout *from, uint32_t units)
{
	to->squares = from->squares;
	to->moved = from->moved;
	memcpy(to->at, from->at, units * sizeof(*to->at));
}

/* The best layout, with the rules of focus or without. */
static int solve(struct fnl_align_org *o, bool has_focus, struct answer *a, struct fnl_alignment *ret)
{
	struct fnl_align_search s;
	int error = fnl_align_search_make(o, has_focus, &s);
	if (error) {
		return error;
	}
	struct fnl_align_layout best = {.at = fnl_arena_calloc(o->arena, s.unit_count, sizeof(*best.at))};
	a->at = fnl_arena_calloc(o->arena, o->block_count, sizeof(*a->at));
	if (!best.at || !a->at) {
		return FNL_E_NOMEM;
	}
	for (int i = 0; i < 2; i++) {
		s.by_rate = i == 1;
		s.steps_max = s.steps + FNL_ALIGNMENT_STEPS_MAX / 5;
		fnl_align_search_start(&s, NULL);
		fnl_align_search_run(&s);
		if (i == 0 || is_better(&s.now, &best)) {
			copy_layout(&best, &s.now, s.unit_count);
		}
	}
	a->is_optimal = fnl_align_is_small(&s) && fnl_align_tree(&s, &best, &ret->nodes);
	copy_layout(&s.now, &best, s.unit_count);
	fnl_align_search_blocks(&s, a->at);
	a->squares = best.squares;
	a->moved = best.moved;
	ret->steps += s.steps;
	return FNL_OK;
}

/* From what keeps the rules, with as few exceptions as it takes to come within the share. */
static int bend(struct fnl_align_org *o, const struct answer *without, int64_t factor_bp, struct answer *a,
                struct fnl_alignment *ret)
{
	struct fnl_align_search s;
	int error = fnl_align_search_make(o, false, &s);
	if (error) {
		return error;
	}
	s.enough = without->squares;
	s.enough_factor_bp = factor_bp;
	s.steps_max = FNL_ALIGNMENT_STEPS_MAX / 5;
	fnl_align_search_start(&s, a->at);
	fnl_align_search_run(&s);
	fnl_align_search_blocks(&s, a->at);
	a->squares = s.now.squares;
	a->moved = s.now.moved;
	ret->steps += s.steps;
	return FNL_OK;
}

static int choose(struct fnl_align_org *o, struct answer *chosen, struct fnl_alignment *ret)
{
	int64_t factor_bp = FNL_BP_ONE + o->in->limits.focus_share_bp;
	struct answer without;
	struct answer with;
	int error = solve(o, false, &without, ret);
	if (error || o->group_count == 0) {
		*chosen = without;
		return error;
	}
	error = solve(o, true, &with, ret);
	if (error) {
		return error;
	}
	*chosen = with;
	chosen->is_optimal = without.is_optimal; /* within the share of which it is */
	if (fnl_align_is_within(o, with.squares, without.squares, factor_bp)) {
		return FNL_OK;
	}
	error = bend(o, &without, factor_bp, chosen, ret);
	ret->kept = FNL_ALIGNMENT_RULES_BENT;
	if (error == FNL_OK && !fnl_align_is_within(o, chosen->squares, without.squares, factor_bp)) {
		*chosen = without;
		ret->kept = FNL_ALIGNMENT_RULES_LEFT;
	}
	return error;
}

/* Volumes and counts of the reps before and after. */
static int measure(const struct fnl_align_org *o, const struct answer *a, struct fnl_alignment *ret)
{
	int64_t *volume = fnl_arena_calloc(o->arena, o->rep_count, sizeof(*volume));
	int64_t *count = fnl_arena_calloc(o->arena, o->rep_count, sizeof(*count));
	if (!volume || !count) {
		return FNL_E_NOMEM;
	}
	memcpy(volume, o->volume, o->rep_count * sizeof(*volume));
	memcpy(count, o->count, o->rep_count * sizeof(*count));
	for (uint32_t i = 0; i < o->block_count; i++) {
		const struct fnl_align_block *b = &o->blocks[i];
		volume[b->rep] -= b->cell->volume;
		count[b->rep] -= b->cell->count;
		volume[a->at[i]] += b->cell->volume;
		count[a->at[i]] += b->cell->count;
	}
	int error = fnl_alignment_spread_of(o->volume, o->rep_count, &ret->volume_before);
	error = error ? error : fnl_alignment_spread_of(volume, o->rep_count, &ret->volume_after);
	error = error ? error : fnl_alignment_spread_of(o->count, o->rep_count, &ret->count_before);
	return error ? error : fnl_alignment_spread_of(count, o->rep_count, &ret->count_after);
}

static __int128 squares_today(const struct fnl_align_org *o)
{
	__int128 sum = 0;
	for (uint32_t i = 0; i < o->rep_count; i++) {
		sum += (__int128)o->volume[i] * o->volume[i];
	}
	return sum;
}

int fnl_alignment_propose(const struct fnl_alignment_in *in, struct fnl_alignment *ret)
{
	struct fnl_alignment p = {.kept = FNL_ALIGNMENT_RULES_KEPT};
	struct fnl_align_org o;
	struct answer a;
	const struct fnl_alignment_limits *l = &in->limits;
	int error = fnl_align_org_make(in, &o);
	error = error ? error : choose(&o, &a, &p);
	error = error ? error : measure(&o, &a, &p);
	error = error ? error : fnl_align_moves(&o, a.at, &p);
	if (error) {
		return error;
	}
	p.is_optimal = a.is_optimal;
	p.improves_enough = p.move_count > 0 && l->improvement_min_bp <= FNL_BP_ONE &&
	                    fnl_align_is_within(&o, a.squares, squares_today(&o), FNL_BP_ONE - l->improvement_min_bp);
	p.is_on_target =
		p.volume_after.variation_bp <= l->variation_max_bp &&
		(p.volume_after.total == 0 || (p.volume_after.max_min_bp > 0 && p.volume_after.max_min_bp <= l->spread_max_bp));
	*ret = p;
	return FNL_OK;
}
