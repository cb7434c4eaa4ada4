/* What is rich or poor in an organisation, and what its latest proposal would change. */
#include "view_shares.h"

#include <stdlib.h>

#include "funneld_records.h"

static int no_memory(struct fnl_shares *s)
{
	return fnl_fail(s->why, FNL_E_NOMEM, "out of memory");
}

/* ---- rich and poor ---- */

/* What a rep, or all who are compared, have of one region or industry. */
struct place {
	struct fnl_span code;
	struct fnl_span rep;
	int64_t volume;
};

static int place_by_code(const void *a, const void *b)
{
	return fnl_span_cmp(((const struct place *)a)->code, ((const struct place *)b)->code);
}

static int place_by_rep(const void *a, const void *b)
{
	int order = place_by_code(a, b);
	return order ? order : fnl_span_cmp(((const struct place *)a)->rep, ((const struct place *)b)->rep);
}

static bool is_compared(const struct fnl_shares *s, struct fnl_span rep)
{
	for (size_t i = 0; i < s->compared_count; i++) {
		if (fnl_span_eq(s->reps[i].id, rep)) {
			return true;
		}
	}
	return false;
}

static size_t join_places(struct place *places, size_t count, int (*order)(const void *, const void *))
{
	size_t kept = 0;
	qsort(places, count, sizeof(*places), order);
	for (size_t i = 1; i < count; i++) {
		if (order(&places[kept], &places[i]) == 0) {
			places[kept].volume += places[i].volume; /* the spread's total holds them all */
		} else {
			places[++kept] = places[i];
		}
	}
	return kept + 1;
}

/* In basis points of the mean volume, half to even; what it is compared by is exact. */
static void found(struct fnl_shares *s, const struct place *p, bool is_rich, bool is_industry)
{
	__int128 mine = (__int128)p->volume * (int64_t)s->compared_count * FNL_BP_ONE;
	s->findings[s->finding_count++] =
		(struct fnl_shares_finding){.is_rich = is_rich,
	                                .is_industry = is_industry,
	                                .code = p->code,
	                                .rep = is_rich ? p->rep : FNL_SPAN_NONE,
	                                .volume = p->volume,
	                                .of_mean_bp = (int64_t)fnl_div_half_even(mine, s->volume.total)};
}

/* 1: above bp of the mean, -1: below. */
static int against_mean(const struct fnl_shares *s, int64_t volume, int64_t bp)
{
	__int128 mine = (__int128)volume * (int64_t)s->compared_count * FNL_BP_ONE;
	__int128 limit = (__int128)s->volume.total * bp;
	return (mine > limit) - (mine < limit);
}

static void find_places(struct fnl_shares *s, struct place *places, size_t count, bool is_industry)
{
	count = join_places(places, count, place_by_rep);
	for (size_t i = 0; i < count; i++) {
		if (against_mean(s, places[i].volume, s->limits.split_above_bp) > 0) {
			found(s, &places[i], true, is_industry);
		}
	}
	count = join_places(places, count, place_by_code);
	for (size_t i = 0; i < count; i++) {
		if (against_mean(s, places[i].volume, s->limits.merge_below_bp) < 0) {
			found(s, &places[i], false, is_industry);
		}
	}
}

static int finding_order(const void *a, const void *b)
{
	const struct fnl_shares_finding *x = a, *y = b;
	int order = y->is_rich - x->is_rich;
	order = order ? order : (x->volume < y->volume) - (x->volume > y->volume);
	order = order ? order : x->is_industry - y->is_industry;
	order = order ? order : fnl_span_cmp(x->code, y->code);
	return order || !x->is_rich ? order : fnl_span_cmp(x->rep, y->rep);
}

int fnl_shares_find(struct fnl_shares *s)
{
	struct place *places = fnl_arena_calloc(&s->arena, s->part_count + 1, sizeof(*places));
	s->findings = fnl_arena_calloc(&s->arena, 4 * s->part_count + 1, sizeof(*s->findings));
	if (!places || !s->findings) {
		return no_memory(s);
	}
	for (int is_industry = 0; is_industry < 2 && s->volume.total > 0; is_industry++) {
		size_t count = 0;
		for (size_t i = 0; i < s->part_count; i++) {
			const struct fnl_shares_part *part = &s->parts[i];
			if (is_compared(s, part->rep)) {
				places[count++] = (struct place){is_industry ? part->industry : part->region, part->rep, part->volume};
			}
		}
		find_places(s, places, count, is_industry != 0);
	}
	if (s->finding_count) {
		qsort(s->findings, s->finding_count, sizeof(*s->findings), finding_order);
	}
	return 0;
}

/* ---- the proposal ---- */

/* The plan is made in one step, at the end of CELLS. */
static bool is_planned(int64_t state)
{
	switch (state) {
	case FNL_PROPOSAL_STATE_TELLING:
	case FNL_PROPOSAL_STATE_OPEN:
	case FNL_PROPOSAL_STATE_ACCEPTING:
	case FNL_PROPOSAL_STATE_ACCEPTED:
	case FNL_PROPOSAL_STATE_EXPIRED:
	case FNL_PROPOSAL_STATE_NOT_WORTH_IT:
		return true;
	default:
		return false;
	}
}

static size_t rep_number(const struct fnl_shares_proposal *p, const struct fnl_value *id, size_t unless)
{
	for (size_t i = 0; id->set && i < p->rep_count; i++) {
		if (fnl_span_eq(fnl_shares_proposal_rep(p, i)[FNL_PROPOSAL_REP_REP_ID].str, id->str)) {
			return i;
		}
	}
	return unless;
}

static void add_cell(struct fnl_shares_proposal *p, size_t rep, const struct fnl_value *cell)
{
	const struct fnl_value *to = &cell[FNL_PROPOSAL_CELL_TO_REP_ID];
	size_t owner = rep_number(p, to, rep);
	int64_t volume = cell[FNL_PROPOSAL_CELL_VOLUME_MINOR].i64, count = cell[FNL_PROPOSAL_CELL_COUNT].i64;
	int64_t kept_volume = cell[FNL_PROPOSAL_CELL_KEPT_VOLUME_MINOR].i64;
	int64_t kept_count = cell[FNL_PROPOSAL_CELL_KEPT_COUNT].i64;
	p->volume_before[rep] += volume + kept_volume;
	p->count_before[rep] += count + kept_count;
	p->volume_after[rep] += kept_volume;
	p->count_after[rep] += kept_count;
	p->volume_after[owner] += volume;
	p->count_after[owner] += count;
	if (to->set) {
		struct fnl_span from = fnl_shares_proposal_rep(p, rep)[FNL_PROPOSAL_REP_REP_ID].str;
		p->moves[p->move_count++] = (struct fnl_shares_move){from, cell};
		p->moved_count += count;
	}
}

static size_t count_cells(const struct fnl_shares_proposal *p)
{
	size_t count = 0;
	for (size_t i = 0; i < p->rep_count; i++) {
		count += fnl_shares_proposal_rep(p, i)[FNL_PROPOSAL_REP_CELLS].list.count;
	}
	return count;
}

int fnl_shares_propose(struct fnl_shares *s)
{
	struct fnl_shares_proposal *p = &s->proposal;
	if (!p->row.row || !is_planned(p->row.decoded.values[FNL_PROPOSAL_STATE].i64)) {
		return 0;
	}
	p->is_planned = true;
	p->rep_count = p->row.decoded.values[FNL_PROPOSAL_REPS].list.count;
	int64_t *all = fnl_arena_calloc(&s->arena, 4 * p->rep_count + 1, sizeof(*all));
	p->moves = fnl_arena_calloc(&s->arena, count_cells(p) + 1, sizeof(*p->moves));
	if (!all || !p->moves) {
		return no_memory(s);
	}
	p->volume_before = all;
	p->volume_after = all + p->rep_count;
	p->count_before = all + 2 * p->rep_count;
	p->count_after = all + 3 * p->rep_count;
	for (size_t i = 0; i < p->rep_count; i++) {
		struct fnl_list cells = fnl_shares_proposal_rep(p, i)[FNL_PROPOSAL_REP_CELLS].list;
		for (size_t k = 0; k < cells.count; k++) {
			add_cell(p, i, cells.items[k].list.items);
		}
	}
	int rc = fnl_shares_spread(p->volume_before, p->rep_count, &p->volume_spread[0]);
	rc = rc ? rc : fnl_shares_spread(p->volume_after, p->rep_count, &p->volume_spread[1]);
	rc = rc ? rc : fnl_shares_spread(p->count_before, p->rep_count, &p->count_spread[0]);
	return rc ? rc : fnl_shares_spread(p->count_after, p->rep_count, &p->count_spread[1]);
}
