/* The organisation in an order of its own, and what is rich or poor in it. */
#include "funneld/core/money.h"
#include "alignment_internal.h"

#include <stdlib.h>

struct named {
	struct fnl_span id;
	uint32_t at;
};

static int named_cmp(const void *a, const void *b)
{
	return fnl_span_cmp(((const struct named *)a)->id, ((const struct named *)b)->id);
}

static int order_of(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* Two of one kind are told apart by what they are, so that equal ones only are left to their places. */
static int block_cmp(const void *left, const void *right)
{
	const struct fnl_align_block *x = left;
	const struct fnl_align_block *y = right;
	const struct fnl_alignment_cell *a = x->cell;
	const struct fnl_alignment_cell *b = y->cell;
	const int by[] = {
		order_of(x->rep, y->rep),           order_of(a->region, b->region),
		order_of(a->industry, b->industry), order_of(a->size_band, b->size_band),
		order_of(a->layer, b->layer),       order_of(a->volume, b->volume),
		order_of(a->count, b->count),       order_of(a < b ? 0 : 1, a < b ? 1 : 0),
	};
	size_t i = 0;
	while (i + 1 < sizeof(by) / sizeof(by[0]) && by[i] == 0) {
		i++;
	}
	return by[i];
}

static int check(const struct fnl_alignment_in *in)
{
	__int128 volume = 0;
	__int128 count = 0;
	if (in->rep_count > FNL_ALIGNMENT_REPS_MAX || in->cell_count > FNL_ALIGNMENT_CELLS_MAX ||
	    in->region_count > FNL_ALIGNMENT_CODES_MAX || in->industry_count > FNL_ALIGNMENT_CODES_MAX) {
		return FNL_E_LIMIT;
	}
	for (size_t i = 0; i < in->cell_count; i++) {
		const struct fnl_alignment_cell *c = &in->cells[i];
		if (c->rep >= in->rep_count || c->region >= in->region_count || c->industry >= in->industry_count ||
		    c->count < 0 || c->volume < 0 || c->kept_count < 0 || c->kept_volume < 0) {
			return FNL_E_INVALID;
		}
		volume += (__int128)c->volume + c->kept_volume;
		count += (__int128)c->count + c->kept_count;
	}
	if (in->rep_count == 0) {
		return FNL_E_INVALID;
	}
	return volume > FNL_ALIGNMENT_TOTAL_MAX || count > INT32_MAX ? FNL_E_LIMIT : FNL_OK;
}

/* Reps by id; ret_rank: of the caller's index. */
static int order_reps(struct fnl_align_org *o, uint32_t **ret_rank)
{
	size_t n = o->in->rep_count;
	struct named *names = fnl_arena_calloc(o->arena, n, sizeof(*names));
	uint32_t *rank = fnl_arena_calloc(o->arena, n, sizeof(*rank));
	o->reps = fnl_arena_calloc(o->arena, n, sizeof(*o->reps));
	if (!names || !rank || !o->reps) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		names[i] = (struct named){o->in->reps[i].id, (uint32_t)i};
	}
	qsort(names, n, sizeof(*names), named_cmp);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && fnl_span_cmp(names[i - 1].id, names[i].id) == 0) {
			return FNL_E_INVALID;
		}
		o->reps[i] = names[i].at;
		rank[names[i].at] = (uint32_t)i;
	}
	*ret_rank = rank;
	o->rep_count = (uint32_t)n;
	return FNL_OK;
}

static int order_blocks(struct fnl_align_org *o, const uint32_t *rank)
{
	const struct fnl_alignment_in *in = o->in;
	o->volume = fnl_arena_calloc(o->arena, o->rep_count, sizeof(*o->volume));
	o->count = fnl_arena_calloc(o->arena, o->rep_count, sizeof(*o->count));
	o->blocks = fnl_arena_calloc(o->arena, in->cell_count, sizeof(*o->blocks));
	if (!o->volume || !o->count || !o->blocks) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < in->cell_count; i++) {
		const struct fnl_alignment_cell *c = &in->cells[i];
		uint32_t rep = rank[c->rep];
		o->volume[rep] += c->volume + c->kept_volume;
		o->count[rep] += c->count + c->kept_count;
		o->total_volume += c->volume + c->kept_volume;
		o->total_count += c->count + c->kept_count;
		if (c->count > 0) {
			o->blocks[o->block_count++] = (struct fnl_align_block){c, rep, FNL_ALIGN_NONE, FNL_ALIGN_NONE};
		}
	}
	qsort(o->blocks, o->block_count, sizeof(*o->blocks), block_cmp);
	o->moved_max = (int64_t)((__int128)o->total_count * in->limits.moved_max_bp / FNL_BP_ONE);
	return FNL_OK;
}

/* Places of sums, and of groups: of what each rep has of each region, of each industry; of all of each. */
struct places {
	size_t regions;
	size_t industries;
	size_t rep_industry; /* where these begin */
	size_t region;
	size_t industry;
	size_t count;
};

static struct places places_of(const struct fnl_align_org *o)
{
	struct places p = {.regions = o->in->region_count, .industries = o->in->industry_count};
	p.rep_industry = o->rep_count * p.regions;
	p.region = p.rep_industry + o->rep_count * p.industries;
	p.industry = p.region + p.regions;
	p.count = p.industry + p.industries;
	return p;
}

static void sum_up(const struct fnl_align_org *o, const struct places *p, const uint32_t *rank, int64_t *sums)
{
	for (size_t i = 0; i < o->in->cell_count; i++) {
		const struct fnl_alignment_cell *c = &o->in->cells[i];
		int64_t volume = c->volume + c->kept_volume;
		sums[rank[c->rep] * p->regions + c->region] += volume;
		sums[p->rep_industry + rank[c->rep] * p->industries + c->industry] += volume;
		sums[p->region + c->region] += volume;
		sums[p->industry + c->industry] += volume;
	}
}

/* The sum against the mean of the reps: more than bp of it is 1, less is -1. */
static int against_mean(const struct fnl_align_org *o, int64_t sum, int64_t bp)
{
	__int128 mine = (__int128)sum * o->rep_count * FNL_BP_ONE;
	__int128 limit = (__int128)o->total_volume * bp;
	return (mine > limit) - (mine < limit);
}

/* Why it would move; its place, unless it is BALANCE. */
static enum fnl_alignment_reason reason_of(const struct fnl_align_org *o, const struct places *p, const int64_t *sums,
                                           const struct fnl_align_block *b, size_t *place)
{
	const struct fnl_alignment_limits *l = &o->in->limits;
	*place = b->rep * p->regions + b->cell->region;
	if (against_mean(o, sums[*place], l->split_above_bp) > 0) {
		return FNL_ALIGNMENT_SPLIT_REGION;
	}
	*place = p->rep_industry + b->rep * p->industries + b->cell->industry;
	if (against_mean(o, sums[*place], l->split_above_bp) > 0) {
		return FNL_ALIGNMENT_SPLIT_INDUSTRY;
	}
	*place = p->region + b->cell->region;
	if (against_mean(o, sums[*place], l->merge_below_bp) < 0) {
		return FNL_ALIGNMENT_MERGE_REGION;
	}
	*place = p->industry + b->cell->industry;
	return against_mean(o, sums[*place], l->merge_below_bp) < 0 ? FNL_ALIGNMENT_MERGE_INDUSTRY : FNL_ALIGNMENT_BALANCE;
}

bool fnl_align_same_code(const struct fnl_align_group *g, const struct fnl_align_block *a,
                         const struct fnl_align_block *b)
{
	return g->reason == FNL_ALIGNMENT_SPLIT_REGION ? a->cell->industry == b->cell->industry
	                                               : a->cell->region == b->cell->region;
}

static void join_group(struct fnl_align_org *o, uint32_t block, enum fnl_alignment_reason reason, uint32_t *group)
{
	struct fnl_align_block *b = &o->blocks[block];
	if (*group == 0) {
		o->groups[o->group_count++] = (struct fnl_align_group){.reason = reason, .first_block = block};
		*group = o->group_count;
	}
	b->group = *group - 1;
	struct fnl_align_group *g = &o->groups[b->group];
	const struct fnl_align_block *first = &o->blocks[g->first_block];
	g->by_code = g->by_code || !fnl_align_same_code(g, first, b);
	g->by_size = g->by_size || first->cell->size_band != b->cell->size_band;
}

static int find_groups(struct fnl_align_org *o, const uint32_t *rank)
{
	struct places p = places_of(o);
	int64_t *sums = fnl_arena_calloc(o->arena, p.count, sizeof(*sums));
	uint32_t *group = fnl_arena_calloc(o->arena, p.count, sizeof(*group)); /* one more; 0: none yet */
	o->groups = fnl_arena_calloc(o->arena, o->block_count, sizeof(*o->groups));
	if (!sums || !group || !o->groups) {
		return FNL_E_NOMEM;
	}
	sum_up(o, &p, rank, sums);
	for (uint32_t i = 0; i < o->block_count; i++) {
		size_t place;
		enum fnl_alignment_reason reason = reason_of(o, &p, sums, &o->blocks[i], &place);
		if (reason != FNL_ALIGNMENT_BALANCE) {
			join_group(o, i, reason, &group[place]);
		}
	}
	return FNL_OK;
}

int fnl_align_org_make(const struct fnl_alignment_in *in, struct fnl_align_org *ret)
{
	struct fnl_align_org o = {.in = in, .arena = in->arena};
	uint32_t *rank = NULL;
	int error = check(in);
	error = error ? error : order_reps(&o, &rank);
	error = error ? error : order_blocks(&o, rank);
	error = error ? error : find_groups(&o, rank);
	if (error == FNL_OK) {
		*ret = o;
	}
	return error;
}
