/* Random organisations: proposals against brute force, limits and rules of focus looked at by code of their own, and
 * the same proposal in any order of reps and cells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/core/alignment.h"
#include "gen.h"

#include <stdio.h>
#include <string.h>

enum { REPS_MAX = 24, CELLS_MAX = 240, CODES = 4, SMALL_ORGS = 2500, LARGE_ORGS = 300 };

struct org {
	struct fnl_alignment_rep reps[REPS_MAX];
	char ids[REPS_MAX][8];
	struct fnl_alignment_cell cells[CELLS_MAX];
	bool has_region[REPS_MAX * CODES];
	bool has_industry[REPS_MAX * CODES];
	struct fnl_alignment_in in;
};

static struct fnl_arena arena;

static int start(void **state)
{
	(void)state;
	fnl_arena_init(&arena, (size_t)1 << 24);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fnl_arena_deinit(&arena);
	return 0;
}

static void make_limits(struct fnl_gen *g, struct fnl_alignment_limits *l)
{
	static const int64_t org[] = {0, 1000, 1000, 2000, 2000, 3500, 10000};
	static const int64_t rep[] = {5, 8, 12, 20, 20, 60, 10000};
	*l = fnl_alignment_limits_of(fnl_rules_default());
	l->moved_max_bp = org[fnl_gen_below(g, 7)];
	l->moved_per_rep_max = rep[fnl_gen_below(g, 7)];
	l->split_above_bp = fnl_gen_one_in(g, 2) ? l->split_above_bp : 10000;
}

static void make(struct fnl_gen *g, struct org *o, size_t reps, size_t cells)
{
	size_t grain = fnl_gen_one_in(g, 3) ? 5 : 100000;
	bool tight = fnl_gen_one_in(g, 3);
	bool picky = fnl_gen_one_in(g, 3);
	memset(o, 0, sizeof(*o));
	for (size_t i = 0; i < reps; i++) {
		snprintf(o->ids[i], sizeof(o->ids[i]), "R-%02zu", (i * 7 + 3) % REPS_MAX);
		int64_t room = tight ? (int64_t)fnl_gen_below(g, 60) : (fnl_gen_one_in(g, 2) ? -1 : 1000);
		o->reps[i] = (struct fnl_alignment_rep){fnl_span_str(o->ids[i]), room, !fnl_gen_one_in(g, 10)};
		for (size_t j = 0; j < CODES; j++) {
			o->has_region[i * CODES + j] = !fnl_gen_one_in(g, 3);
			o->has_industry[i * CODES + j] = !fnl_gen_one_in(g, 4);
		}
	}
	for (size_t i = 0; i < cells; i++) {
		size_t rep = fnl_gen_one_in(g, 2) ? 0 : fnl_gen_below(g, reps);
		o->cells[i] = (struct fnl_alignment_cell){
			.rep = (uint32_t)rep,
			.region = (uint32_t)fnl_gen_below(g, CODES),
			.industry = (uint32_t)fnl_gen_below(g, CODES),
			.size_band = (uint32_t)fnl_gen_below(g, 3),
			.layer = (uint32_t)fnl_gen_below(g, 3),
			.count = (int64_t)fnl_gen_below(g, 9),
			.volume = (int64_t)fnl_gen_below(g, grain),
			.kept_count = (int64_t)fnl_gen_below(g, 9),
			.kept_volume = fnl_gen_one_in(g, 2) ? 0 : (int64_t)fnl_gen_below(g, grain),
		};
		if (fnl_gen_one_in(g, 2)) {
			o->cells[i].region = (uint32_t)(rep % CODES);
		}
	}
	o->in = (struct fnl_alignment_in){
		.reps = o->reps,
		.rep_count = reps,
		.cells = o->cells,
		.cell_count = cells,
		.region_count = CODES,
		.industry_count = CODES,
		.has_region = picky ? o->has_region : NULL,
		.has_industry = picky ? o->has_industry : NULL,
		.arena = &arena,
	};
	make_limits(g, &o->in.limits);
}

/* A layout of cells, looked at as a whole. */
struct seen {
	double volume[REPS_MAX];
	int64_t count[REPS_MAX], given[REPS_MAX], received[REPS_MAX];
	int64_t moved, total;
	double variation;
};

static double root(double x)
{
	double r = x > 1 ? x : 1;
	for (int i = 0; i < 200; i++) {
		r = (r + x / r) / 2;
	}
	return r;
}

static bool is_near(int64_t bp, double variation)
{
	double off = (double)bp - variation * 10000;
	return off > -0.001 && off < 1.001; /* it is rounded up */
}

static struct seen look(const struct org *o, const uint32_t *to)
{
	struct seen s;
	memset(&s, 0, sizeof(s));
	for (size_t i = 0; i < o->in.cell_count; i++) {
		const struct fnl_alignment_cell *c = &o->cells[i];
		s.volume[c->rep] += (double)c->kept_volume;
		s.count[c->rep] += c->kept_count;
		s.total += c->count + c->kept_count;
		if (c->count == 0) {
			s.volume[c->rep] += (double)c->volume;
			continue;
		}
		s.volume[to[i]] += (double)c->volume;
		s.count[to[i]] += c->count;
		if (to[i] != c->rep) {
			s.given[c->rep] += c->count;
			s.received[to[i]] += c->count;
			s.moved += c->count;
		}
	}
	double mean = 0;
	double squares = 0;
	for (size_t r = 0; r < o->in.rep_count; r++) {
		mean += s.volume[r] / (double)o->in.rep_count;
	}
	for (size_t r = 0; r < o->in.rep_count; r++) {
		squares += (s.volume[r] - mean) * (s.volume[r] - mean);
	}
	s.variation = mean > 0 ? root(squares / (double)o->in.rep_count) / mean : 0;
	return s;
}

static bool may_have(const struct org *o, size_t cell, uint32_t rep)
{
	const struct fnl_alignment_cell *c = &o->cells[cell];
	return rep == c->rep || (o->reps[rep].receives && (!o->in.has_region || o->has_region[rep * CODES + c->region]) &&
	                         (!o->in.has_industry || o->has_industry[rep * CODES + c->industry]));
}

static bool is_legal(const struct org *o, const uint32_t *to, const struct seen *s)
{
	const struct fnl_alignment_limits *l = &o->in.limits;
	bool ok = s->moved * 10000 <= s->total * l->moved_max_bp;
	for (size_t i = 0; i < o->in.cell_count; i++) {
		ok = ok && may_have(o, i, to[i]);
	}
	for (size_t r = 0; r < o->in.rep_count; r++) {
		ok = ok && s->given[r] <= l->moved_per_rep_max && s->received[r] <= l->moved_per_rep_max &&
		     (s->received[r] == 0 || o->reps[r].count_max < 0 || s->count[r] <= o->reps[r].count_max);
	}
	return ok;
}

/* What one rep has of a code, what all have, and the mean of the reps. */
static double part(const struct org *o, bool of_region, uint32_t code, const uint32_t *rep)
{
	double sum = 0;
	for (size_t i = 0; i < o->in.cell_count; i++) {
		const struct fnl_alignment_cell *c = &o->cells[i];
		bool is_it = (of_region ? c->region : c->industry) == code && (!rep || c->rep == *rep);
		sum += is_it ? (double)(c->volume + c->kept_volume) : 0;
	}
	return sum;
}

/* 1 and 2: split by region, industry; 3 and 4: merged; 0: nothing. */
static int kind_of(const struct org *o, size_t cell)
{
	const struct fnl_alignment_cell *c = &o->cells[cell];
	const struct fnl_alignment_limits *l = &o->in.limits;
	double all = 0;
	for (uint32_t j = 0; j < CODES; j++) {
		all += part(o, true, j, NULL);
	}
	double rich = all * (double)l->split_above_bp;
	double poor = all * (double)l->merge_below_bp;
	double scale = 10000.0 * (double)o->in.rep_count;
	return part(o, true, c->region, &c->rep) * scale > rich      ? 1
	       : part(o, false, c->industry, &c->rep) * scale > rich ? 2
	       : part(o, true, c->region, NULL) * scale < poor       ? 3
	       : part(o, false, c->industry, NULL) * scale < poor    ? 4
	                                                             : 0;
}

struct kinds {
	int of[CELLS_MAX];
	bool by_code[CELLS_MAX], by_size[CELLS_MAX];
};

static uint32_t code_of(const struct fnl_alignment_cell *c, bool region)
{
	return region ? c->region : c->industry;
}

static bool same_group(const struct org *o, const struct kinds *k, size_t a, size_t b)
{
	const struct fnl_alignment_cell *x = &o->cells[a];
	const struct fnl_alignment_cell *y = &o->cells[b];
	return k->of[a] != 0 && k->of[a] == k->of[b] && x->count > 0 && y->count > 0 &&
	       code_of(x, k->of[a] % 2 == 1) == code_of(y, k->of[a] % 2 == 1) && (k->of[a] > 2 || x->rep == y->rep);
}

static void find_kinds(const struct org *o, struct kinds *k)
{
	memset(k, 0, sizeof(*k));
	for (size_t i = 0; i < o->in.cell_count; i++) {
		k->of[i] = kind_of(o, i);
	}
	for (size_t i = 0; i < o->in.cell_count; i++) {
		for (size_t j = 0; j < o->in.cell_count; j++) {
			if (same_group(o, k, i, j)) {
				bool other = k->of[i] == 2;
				k->by_code[i] |= code_of(&o->cells[i], other) != code_of(&o->cells[j], other);
				k->by_size[i] |= o->cells[i].size_band != o->cells[j].size_band;
			}
		}
	}
	/* a group is divided when any two of it differ */
	for (size_t i = 0; i < o->in.cell_count; i++) {
		for (size_t j = 0; j < o->in.cell_count; j++) {
			if (same_group(o, k, i, j)) {
				k->by_code[i] |= k->by_code[j];
				k->by_size[i] |= k->by_size[j];
			}
		}
	}
}

/* Of a cell that moves: whether all that its group does is by the rules. */
static bool keeps_rules(const struct org *o, const struct kinds *k, const uint32_t *to, size_t cell)
{
	bool one_code = k->by_code[cell];
	bool one_size = k->by_size[cell];
	bool nothing = !one_code && !one_size;
	bool ok = true;
	for (size_t j = 0; j < o->in.cell_count; j++) {
		if (!same_group(o, k, cell, j)) {
			continue;
		}
		if (k->of[cell] > 2) {
			ok = ok && (to[j] == o->cells[j].rep ? o->cells[j].rep != o->cells[cell].rep : to[j] == to[cell]);
		} else if (to[j] == to[cell]) {
			bool other = k->of[cell] == 2;
			one_code = one_code && code_of(&o->cells[cell], other) == code_of(&o->cells[j], other);
			one_size = one_size && o->cells[cell].size_band == o->cells[j].size_band;
		}
	}
	return ok && (k->of[cell] == 0 || k->of[cell] > 2 || nothing || one_code || one_size);
}

static bool all_keep_rules(const struct org *o, const struct kinds *k, const uint32_t *to)
{
	bool ok = true;
	for (size_t i = 0; ok && i < o->in.cell_count; i++) {
		ok = o->cells[i].count == 0 || to[i] == o->cells[i].rep || keeps_rules(o, k, to, i);
	}
	return ok;
}

/* Every layout, but for those beyond what only grows. */
struct brute {
	const struct org *o;
	const struct kinds *kinds; /* NULL: without rules */
	uint32_t to[CELLS_MAX];
	int64_t volume[REPS_MAX], count[REPS_MAX], given[REPS_MAX], received[REPS_MAX];
	int64_t moved, moved_max;
	int64_t squares;
	int64_t best_moved;
};

static void judge(struct brute *b)
{
	int64_t squares = 0;
	for (size_t r = 0; r < b->o->in.rep_count; r++) {
		int64_t room = b->o->reps[r].count_max;
		squares += b->volume[r] * b->volume[r];
		if (b->received[r] > 0 && room >= 0 && b->count[r] > room) {
			return;
		}
	}
	bool better = squares < b->squares || (squares == b->squares && b->moved < b->best_moved);
	if (better && (!b->kinds || all_keep_rules(b->o, b->kinds, b->to))) {
		b->squares = squares;
		b->best_moved = b->moved;
	}
}

static void go(struct brute *b, size_t i)
{
	if (i == b->o->in.cell_count) {
		judge(b);
		return;
	}
	const struct fnl_alignment_cell *c = &b->o->cells[i];
	int64_t max = b->o->in.limits.moved_per_rep_max;
	for (uint32_t r = 0; r < b->o->in.rep_count; r++) {
		int64_t n = r == c->rep ? 0 : c->count;
		if (r != c->rep && (c->count == 0 || !may_have(b->o, i, r) || b->moved + n > b->moved_max ||
		                    b->given[c->rep] + n > max || b->received[r] + n > max)) {
			continue;
		}
		b->to[i] = r;
		b->volume[r] += c->volume, b->count[r] += c->count;
		b->moved += n, b->given[c->rep] += n, b->received[r] += n;
		go(b, i + 1);
		b->volume[r] -= c->volume, b->count[r] -= c->count;
		b->moved -= n, b->given[c->rep] -= n, b->received[r] -= n;
	}
}

static void force(struct brute *b, const struct org *o, const struct kinds *kinds)
{
	int64_t total = 0;
	memset(b, 0, sizeof(*b));
	b->o = o;
	b->kinds = kinds;
	b->squares = INT64_MAX;
	for (size_t i = 0; i < o->in.cell_count; i++) {
		b->volume[o->cells[i].rep] += o->cells[i].kept_volume;
		b->count[o->cells[i].rep] += o->cells[i].kept_count;
		total += o->cells[i].count + o->cells[i].kept_count;
	}
	b->moved_max = total * o->in.limits.moved_max_bp / 10000;
	go(b, 0);
}

/* The proposal, checked for whatever holds of each. */
static struct fnl_alignment propose(const struct org *o, uint32_t *to)
{
	struct fnl_alignment p;
	assert_int_equal(fnl_alignment_propose(&o->in, &p), FNL_OK);
	for (size_t i = 0; i < o->in.cell_count; i++) {
		to[i] = o->cells[i].rep;
	}
	struct seen before = look(o, to);
	for (size_t i = 0; i < p.move_count; i++) {
		const struct fnl_alignment_move *m = &p.moves[i];
		assert_int_equal(to[m->cell], o->cells[m->cell].rep); /* once */
		assert_int_not_equal(m->to, o->cells[m->cell].rep);
		assert_true(o->cells[m->cell].count > 0);
		to[m->cell] = m->to;
	}
	struct seen after = look(o, to);
	assert_true(is_legal(o, to, &after));
	assert_int_equal(p.moved_count, after.moved);
	assert_true(after.variation <= before.variation);
	assert_true(p.move_count == 0 || after.variation < before.variation);
	assert_true(is_near(p.volume_before.variation_bp, before.variation));
	assert_true(is_near(p.volume_after.variation_bp, after.variation));
	return p;
}

static void check_reasons(const struct org *o, const struct kinds *k, const struct fnl_alignment *p, const uint32_t *to)
{
	static const enum fnl_alignment_reason reasons[] = {FNL_ALIGNMENT_BALANCE, FNL_ALIGNMENT_SPLIT_REGION,
	                                                    FNL_ALIGNMENT_SPLIT_INDUSTRY, FNL_ALIGNMENT_MERGE_REGION,
	                                                    FNL_ALIGNMENT_MERGE_INDUSTRY};
	for (size_t i = 0; i < p->move_count; i++) {
		const struct fnl_alignment_move *m = &p->moves[i];
		bool keeps = keeps_rules(o, k, to, m->cell);
		bool divided = k->by_code[m->cell] || k->by_size[m->cell];
		bool is_split = m->reason == FNL_ALIGNMENT_SPLIT_REGION || m->reason == FNL_ALIGNMENT_SPLIT_INDUSTRY;
		assert_int_equal(m->reason, keeps ? reasons[k->of[m->cell]] : FNL_ALIGNMENT_BALANCE);
		assert_int_equal(m->focus != FNL_ALIGNMENT_BY_NOTHING, is_split && divided);
		assert_true(m->focus != FNL_ALIGNMENT_BY_INDUSTRY || m->reason == FNL_ALIGNMENT_SPLIT_REGION);
		assert_true(m->focus != FNL_ALIGNMENT_BY_REGION || m->reason == FNL_ALIGNMENT_SPLIT_INDUSTRY);
		for (size_t j = 0; j < o->in.cell_count; j++) {
			bool with = same_group(o, k, m->cell, j) && to[j] == m->to;
			const struct fnl_alignment_cell *a = &o->cells[m->cell];
			const struct fnl_alignment_cell *b = &o->cells[j];
			assert_true(!with || m->focus != FNL_ALIGNMENT_BY_INDUSTRY || a->industry == b->industry);
			assert_true(!with || m->focus != FNL_ALIGNMENT_BY_REGION || a->region == b->region);
			assert_true(!with || m->focus != FNL_ALIGNMENT_BY_SIZE || a->size_band == b->size_band);
		}
	}
	if (p->kept == FNL_ALIGNMENT_RULES_KEPT) {
		assert_true(all_keep_rules(o, k, to));
	}
}

static int64_t squares_of(const struct org *o, const uint32_t *to)
{
	struct seen s = look(o, to);
	int64_t sum = 0;
	for (size_t r = 0; r < o->in.rep_count; r++) {
		sum += (int64_t)s.volume[r] * (int64_t)s.volume[r];
	}
	return sum;
}

/* A variation beside the best one; 1 where both are 0. */
static double ratio_to(const struct org *o, int64_t mine, int64_t best)
{
	double total = 0;
	for (size_t i = 0; i < o->in.cell_count; i++) {
		total += (double)(o->cells[i].volume + o->cells[i].kept_volume);
	}
	double a = (double)mine * (double)o->in.rep_count - total * total;
	double b = (double)best * (double)o->in.rep_count - total * total;
	return mine == best ? 1 : root(a / b);
}

static void small_ones_are_optimal(void **state)
{
	(void)state;
	static struct org o;
	static struct kinds kinds;
	static struct brute b;
	struct fnl_gen g = fnl_gen_start(20261127);
	double worst = 1;
	double worst_share = 1;
	int64_t nodes = 0;
	size_t kept[3] = {0};
	size_t improved = 0;
	size_t proven = 0;
	for (size_t n = 0; n < SMALL_ORGS; n++) {
		uint32_t to[CELLS_MAX];
		size_t cells = fnl_gen_one_in(&g, 40) ? 12 : 2 + fnl_gen_below(&g, 9);
		fnl_arena_reset(&arena);
		make(&g, &o, fnl_gen_one_in(&g, 20) ? 1 : 2 + fnl_gen_below(&g, 3), cells);
		find_kinds(&o, &kinds);
		force(&b, &o, NULL);
		o.in.limits.focus_share_bp = 0;
		struct fnl_alignment p = propose(&o, to);
		check_reasons(&o, &kinds, &p, to);
		double ratio = ratio_to(&o, squares_of(&o, to), b.squares);
		worst = ratio > worst ? ratio : worst;
		proven += p.is_optimal;
		nodes = p.nodes > nodes ? p.nodes : nodes;
		assert_true(!p.is_optimal || squares_of(&o, to) == b.squares);
		assert_true(p.kept != FNL_ALIGNMENT_RULES_LEFT || p.moved_count == b.best_moved || !p.is_optimal);
		improved += p.move_count > 0;
		o.in.limits.focus_share_bp = 300;
		p = propose(&o, to);
		check_reasons(&o, &kinds, &p, to);
		kept[p.kept]++;
		ratio = ratio_to(&o, squares_of(&o, to), b.squares);
		worst_share = ratio > worst_share ? ratio : worst_share;
	}
	print_message(
		"%d small organisations, %zu bettered, %zu proven: worst ratio to brute force %.6f, with a share of 3 %% "
		"%.6f; at most %lld nodes; rules kept %zu, bent %zu, left %zu\n",
		SMALL_ORGS, improved, proven, worst, worst_share, (long long)nodes, kept[0], kept[1], kept[2]);
	assert_true(worst <= 1.05 && worst_share <= 1.05);
	assert_true(proven * 100 >= (size_t)SMALL_ORGS * 99);
	assert_true(improved * 3 > SMALL_ORGS && kept[0] > 0 && kept[1] > 0 && kept[2] > 0);
}

static void focus_is_kept_as_well_as_can_be(void **state)
{
	(void)state;
	static struct org o;
	static struct kinds kinds;
	static struct brute b;
	struct fnl_gen g = fnl_gen_start(4711);
	for (size_t n = 0; n < SMALL_ORGS / 5; n++) {
		uint32_t to[CELLS_MAX];
		fnl_arena_reset(&arena);
		make(&g, &o, 2 + fnl_gen_below(&g, 3), 1 + fnl_gen_below(&g, 8));
		find_kinds(&o, &kinds);
		force(&b, &o, &kinds);
		o.in.limits.focus_share_bp = 10000000; /* whatever it costs */
		struct fnl_alignment p = propose(&o, to);
		check_reasons(&o, &kinds, &p, to);
		if (p.kept == FNL_ALIGNMENT_RULES_KEPT) {
			assert_int_equal(squares_of(&o, to), b.squares);
			assert_int_equal(p.moved_count, b.best_moved);
		}
	}
}

/* What a proposal says, without places. */
static void say(const struct org *o, const struct fnl_alignment *p, char *ret, size_t size)
{
	size_t len = 0;
	ret[0] = '\0';
	for (size_t i = 0; i < p->move_count && len < size; i++) {
		const struct fnl_alignment_move *m = &p->moves[i];
		const struct fnl_alignment_cell *c = &o->cells[m->cell];
		len += (size_t)snprintf(ret + len, size - len, "%.*s %u %u %u %u %lld %lld -> %.*s %d %d\n",
		                        (int)o->reps[c->rep].id.len, (const char *)o->reps[c->rep].id.data, c->region,
		                        c->industry, c->size_band, c->layer, (long long)c->count, (long long)c->volume,
		                        (int)o->reps[m->to].id.len, (const char *)o->reps[m->to].id.data, (int)m->reason,
		                        (int)m->focus);
	}
	snprintf(ret + len, size - len, "%lld %lld %d\n", (long long)p->steps, (long long)p->nodes, (int)p->kept);
}

/* The same organisation in another order. */
static void shuffle(struct fnl_gen *g, const struct org *from, struct org *to)
{
	size_t rep_at[REPS_MAX];
	size_t cell_at[CELLS_MAX];
	for (size_t i = 0; i < REPS_MAX; i++) {
		rep_at[i] = i;
	}
	for (size_t i = 0; i < CELLS_MAX; i++) {
		cell_at[i] = i;
	}
	fnl_gen_shuffle(g, rep_at, from->in.rep_count);
	fnl_gen_shuffle(g, cell_at, from->in.cell_count);
	*to = *from;
	for (size_t i = 0; i < from->in.rep_count; i++) {
		to->reps[rep_at[i]] = from->reps[i];
		memcpy(&to->has_region[rep_at[i] * CODES], &from->has_region[i * CODES], CODES * sizeof(bool));
		memcpy(&to->has_industry[rep_at[i] * CODES], &from->has_industry[i * CODES], CODES * sizeof(bool));
	}
	for (size_t i = 0; i < from->in.cell_count; i++) {
		to->cells[cell_at[i]] = from->cells[i];
		to->cells[cell_at[i]].rep = (uint32_t)rep_at[from->cells[i].rep];
	}
	to->in.reps = to->reps;
	to->in.cells = to->cells;
	to->in.has_region = from->in.has_region ? to->has_region : NULL;
	to->in.has_industry = from->in.has_industry ? to->has_industry : NULL;
}

static void larger_ones_keep_all_limits_in_any_order(void **state)
{
	(void)state;
	static struct org o;
	static struct org other;
	static struct kinds kinds;
	static char said[2][65536];
	struct fnl_gen g = fnl_gen_start(815);
	size_t improved = 0;
	size_t moves = 0;
	for (size_t n = 0; n < LARGE_ORGS; n++) {
		uint32_t to[CELLS_MAX];
		fnl_arena_reset(&arena);
		make(&g, &o, 1 + fnl_gen_below(&g, REPS_MAX), fnl_gen_below(&g, CELLS_MAX + 1));
		find_kinds(&o, &kinds);
		struct fnl_alignment p = propose(&o, to);
		check_reasons(&o, &kinds, &p, to);
		say(&o, &p, said[0], sizeof(said[0]));
		improved += p.move_count > 0;
		moves += p.move_count;
		for (size_t i = 0; i < 2; i++) {
			shuffle(&g, &o, &other);
			p = propose(&other, to);
			say(&other, &p, said[1], sizeof(said[1]));
			assert_string_equal(said[0], said[1]);
		}
	}
	print_message("%d organisations, %zu bettered by %zu moves\n", LARGE_ORGS, improved, moves);
	assert_true(improved * 2 > LARGE_ORGS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_ones_are_optimal),
		cmocka_unit_test(focus_is_kept_as_well_as_can_be),
		cmocka_unit_test(larger_ones_keep_all_limits_in_any_order),
	};
	return cmocka_run_group_tests(tests, start, end);
}
