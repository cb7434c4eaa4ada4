/* Which cells move where, and how that is told. */
#include "proposal_internal.h"

/* Codes, sorted: a code's number is its place. */
struct codes {
	struct fnl_span *at;
	size_t count;
};

/* What alignment goes by. */
struct plan {
	struct fnl_proposing *p;
	struct fnl_alignment_rep *reps;
	size_t rep_count;
	struct fnl_alignment_cell *cells;
	size_t cell_count;
	struct codes regions;
	struct codes industries;
	struct codes sizes;
	bool *has_region;
	bool *has_industry;
};

static size_t code_at(const struct codes *c, struct fnl_span code, bool *ret_known)
{
	size_t low = 0;
	for (size_t high = c->count; low < high;) {
		size_t middle = (low + high) / 2;
		if (fnl_span_cmp(c->at[middle], code) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	*ret_known = low < c->count && fnl_span_eq(c->at[low], code);
	return low;
}

/* There is room for all. */
static void code_add(struct codes *c, struct fnl_span code)
{
	bool known;
	size_t at = code_at(c, code, &known);
	if (!known) {
		memmove(&c->at[at + 1], &c->at[at], (c->count - at) * sizeof(*c->at));
		c->at[at] = code;
		c->count++;
	}
}

static uint32_t code_number(const struct codes *c, struct fnl_span code)
{
	bool known;
	return (uint32_t)code_at(c, code, &known);
}

static const struct fnl_value *cell_of(const struct fnl_value *rep, size_t at)
{
	return rep[FNL_PROPOSAL_REP_CELLS].list.items[at].list.items;
}

static int count_all(struct plan *plan)
{
	struct fnl_arena *arena = plan->p->in->arena;
	const struct fnl_value *row = plan->p->row;
	plan->rep_count = row[FNL_PROPOSAL_REPS].list.count;
	for (size_t i = 0; i < plan->rep_count; i++) {
		plan->cell_count += fnl_proposal_rep(row, i)[FNL_PROPOSAL_REP_CELLS].list.count;
	}
	size_t n = plan->cell_count + 1;
	plan->reps = fnl_arena_calloc(arena, plan->rep_count, sizeof(*plan->reps));
	plan->cells = fnl_arena_calloc(arena, n, sizeof(*plan->cells));
	plan->regions.at = fnl_arena_calloc(arena, n, sizeof(*plan->regions.at));
	plan->industries.at = fnl_arena_calloc(arena, n, sizeof(*plan->industries.at));
	plan->sizes.at = fnl_arena_calloc(arena, n, sizeof(*plan->sizes.at));
	bool all = plan->reps && plan->cells && plan->regions.at && plan->industries.at && plan->sizes.at;
	return all ? FNL_OK : FNL_E_NOMEM;
}

static void number_codes(struct plan *plan)
{
	for (size_t i = 0; i < plan->rep_count; i++) {
		const struct fnl_value *rep = fnl_proposal_rep(plan->p->row, i);
		for (size_t k = 0; k < rep[FNL_PROPOSAL_REP_CELLS].list.count; k++) {
			const struct fnl_value *cell = cell_of(rep, k);
			code_add(&plan->regions, cell[FNL_PROPOSAL_CELL_REGION].str);
			code_add(&plan->industries, cell[FNL_PROPOSAL_CELL_INDUSTRY].str);
			code_add(&plan->sizes, cell[FNL_PROPOSAL_CELL_SIZE_FOCUS].str);
		}
	}
}

/* Which codes a rep works in: an empty list says all. */
static void mark_codes(struct fnl_list his, const struct codes *codes, bool *ret)
{
	for (size_t i = 0; i < codes->count; i++) {
		ret[i] = his.count == 0;
	}
	for (size_t i = 0; i < his.count; i++) {
		bool known;
		size_t at = code_at(codes, his.items[i].str, &known);
		if (known) {
			ret[at] = true;
		}
	}
}

static void fill(struct plan *plan)
{
	size_t n = 0;
	for (size_t i = 0; i < plan->rep_count; i++) {
		const struct fnl_value *rep = fnl_proposal_rep(plan->p->row, i);
		plan->reps[i] = (struct fnl_alignment_rep){.id = rep[FNL_PROPOSAL_REP_REP_ID].str,
		                                           .count_max = rep[FNL_PROPOSAL_REP_COUNT_MAX].i64,
		                                           .receives = rep[FNL_PROPOSAL_REP_RECEIVES].i64 != 0};
		mark_codes(rep[FNL_PROPOSAL_REP_REGIONS].list, &plan->regions, plan->has_region + i * plan->regions.count);
		mark_codes(rep[FNL_PROPOSAL_REP_INDUSTRIES].list, &plan->industries,
		           plan->has_industry + i * plan->industries.count);
		for (size_t k = 0; k < rep[FNL_PROPOSAL_REP_CELLS].list.count; k++) {
			const struct fnl_value *cell = cell_of(rep, k);
			plan->cells[n++] = (struct fnl_alignment_cell){
				.rep = (uint32_t)i,
				.region = code_number(&plan->regions, cell[FNL_PROPOSAL_CELL_REGION].str),
				.industry = code_number(&plan->industries, cell[FNL_PROPOSAL_CELL_INDUSTRY].str),
				.size_band = code_number(&plan->sizes, cell[FNL_PROPOSAL_CELL_SIZE_FOCUS].str),
				.layer = (uint32_t)cell[FNL_PROPOSAL_CELL_LAYER].i64,
				.count = cell[FNL_PROPOSAL_CELL_COUNT].i64,
				.volume = cell[FNL_PROPOSAL_CELL_VOLUME_MINOR].i64,
				.kept_count = cell[FNL_PROPOSAL_CELL_KEPT_COUNT].i64,
				.kept_volume = cell[FNL_PROPOSAL_CELL_KEPT_VOLUME_MINOR].i64,
			};
		}
	}
}

_Static_assert((int)FNL_ALIGNMENT_REASON_COUNT == (int)FNL_MOVE_REASON_COUNT &&
                   (int)FNL_ALIGNMENT_MERGE_INDUSTRY == (int)FNL_MOVE_REASON_MERGE_INDUSTRY &&
                   (int)FNL_ALIGNMENT_FOCUS_COUNT == (int)FNL_MOVE_FOCUS_COUNT &&
                   (int)FNL_ALIGNMENT_BY_SIZE == (int)FNL_MOVE_FOCUS_BY_SIZE,
               "the symbols are alike");

/* The row's cells with where they go. */
static int take_moves(struct plan *plan, const struct fnl_alignment *a)
{
	struct fnl_arena *arena = plan->p->in->arena;
	const struct fnl_alignment_move **of_cell = fnl_arena_calloc(arena, plan->cell_count + 1, sizeof(*of_cell));
	struct fnl_value *reps = fnl_arena_calloc(arena, plan->rep_count, sizeof(*reps));
	size_t n = 0;
	if (!of_cell || !reps) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < a->move_count; i++) {
		of_cell[a->moves[i].cell] = &a->moves[i];
	}
	for (size_t i = 0; i < plan->rep_count; i++) {
		struct fnl_value *rep = fnl_values_copy(arena, fnl_proposal_rep(plan->p->row, i), FNL_PROPOSAL_REP_FIELD_COUNT);
		struct fnl_list known = rep ? rep[FNL_PROPOSAL_REP_CELLS].list : (struct fnl_list){NULL, 0};
		struct fnl_value *cells = fnl_arena_calloc(arena, known.count + 1, sizeof(*cells));
		for (size_t k = 0; rep && cells && k < known.count; k++, n++) {
			struct fnl_value *cell = fnl_values_copy(arena, known.items[k].list.items, FNL_PROPOSAL_CELL_FIELD_COUNT);
			if (!cell) {
				return FNL_E_NOMEM;
			}
			if (of_cell[n]) {
				cell[FNL_PROPOSAL_CELL_TO_REP_ID] = fnl_value_str(plan->reps[of_cell[n]->to].id);
				cell[FNL_PROPOSAL_CELL_REASON] = fnl_value_i64(of_cell[n]->reason);
				cell[FNL_PROPOSAL_CELL_FOCUS] = fnl_value_i64(of_cell[n]->focus);
			}
			cells[k] = fnl_value_list(cell, FNL_PROPOSAL_CELL_FIELD_COUNT);
		}
		if (!rep || !cells) {
			return FNL_E_NOMEM;
		}
		rep[FNL_PROPOSAL_REP_CELLS] = fnl_value_list(cells, known.count);
		reps[i] = fnl_value_list(rep, FNL_PROPOSAL_REP_FIELD_COUNT);
	}
	plan->p->row[FNL_PROPOSAL_REPS] = fnl_value_list(reps, plan->rep_count);
	return FNL_OK;
}

int fnl_proposing_plan(struct fnl_proposing *p)
{
	struct plan plan = {.p = p};
	struct fnl_alignment a;
	int r = count_all(&plan);
	if (r < 0) {
		return r;
	}
	number_codes(&plan);
	plan.has_region = fnl_arena_calloc(p->in->arena, plan.rep_count * plan.regions.count + 1, sizeof(bool));
	plan.has_industry = fnl_arena_calloc(p->in->arena, plan.rep_count * plan.industries.count + 1, sizeof(bool));
	if (!plan.has_region || !plan.has_industry) {
		return FNL_E_NOMEM;
	}
	fill(&plan);
	struct fnl_alignment_in in = {.reps = plan.reps,
	                              .rep_count = plan.rep_count,
	                              .cells = plan.cells,
	                              .cell_count = plan.cell_count,
	                              .region_count = plan.regions.count,
	                              .industry_count = plan.industries.count,
	                              .has_region = plan.has_region,
	                              .has_industry = plan.has_industry,
	                              .limits = fnl_alignment_limits_of(p->in->rules),
	                              .arena = p->in->arena};
	r = fnl_alignment_propose(&in, &a);
	r = r ? r : take_moves(&plan, &a);
	if (r == 0) {
		p->row[FNL_PROPOSAL_IS_WORTH_IT] = fnl_value_i64(a.improves_enough);
		p->row[FNL_PROPOSAL_IS_ON_TARGET] = fnl_value_i64(a.is_on_target);
	}
	return r;
}

/* ---- told ---- */

static int tell_move(struct fnl_proposing *p, const struct fnl_value *rep, const struct fnl_value *cell, int64_t number)
{
	struct fnl_value *v = fnl_proposing_event(p, &fnl_desc_proposal_move);
	if (!v) {
		return FNL_E_NOMEM;
	}
	struct fnl_span codes[] = {cell[FNL_PROPOSAL_CELL_REGION].str, cell[FNL_PROPOSAL_CELL_INDUSTRY].str,
	                           cell[FNL_PROPOSAL_CELL_SIZE_FOCUS].str};
	v[FNL_PROPOSAL_MOVE_OCCURRED_AT] = fnl_value_i64(p->in->now_ms);
	v[FNL_PROPOSAL_MOVE_ORG_ID] = p->row[FNL_PROPOSAL_ORG_ID];
	v[FNL_PROPOSAL_MOVE_PROPOSAL_ID] = p->row[FNL_PROPOSAL_PROPOSAL_ID];
	v[FNL_PROPOSAL_MOVE_NUMBER] = fnl_value_i64(number);
	v[FNL_PROPOSAL_MOVE_FROM_REP_ID] = rep[FNL_PROPOSAL_REP_REP_ID];
	v[FNL_PROPOSAL_MOVE_TO_REP_ID] = cell[FNL_PROPOSAL_CELL_TO_REP_ID];
	v[FNL_PROPOSAL_MOVE_REGION] = codes[0].len ? fnl_value_str(codes[0]) : fnl_value_null();
	v[FNL_PROPOSAL_MOVE_INDUSTRY] = codes[1].len ? fnl_value_str(codes[1]) : fnl_value_null();
	v[FNL_PROPOSAL_MOVE_SIZE_FOCUS] = codes[2].len ? fnl_value_str(codes[2]) : fnl_value_null();
	v[FNL_PROPOSAL_MOVE_LAYER] = cell[FNL_PROPOSAL_CELL_LAYER];
	v[FNL_PROPOSAL_MOVE_PROSPECT_COUNT] = cell[FNL_PROPOSAL_CELL_COUNT];
	v[FNL_PROPOSAL_MOVE_VOLUME_MINOR] = cell[FNL_PROPOSAL_CELL_VOLUME_MINOR];
	v[FNL_PROPOSAL_MOVE_REASON] = cell[FNL_PROPOSAL_CELL_REASON];
	v[FNL_PROPOSAL_MOVE_FOCUS] = cell[FNL_PROPOSAL_CELL_FOCUS];
	return FNL_OK;
}

/* Reps' volumes and counts, today and with the moves. */
struct shares {
	int64_t *volume_before;
	int64_t *volume_after;
	int64_t *count_before;
	int64_t *count_after;
	int64_t move_count;
	int64_t moved_count;
};

static size_t rep_number(const struct fnl_value *row, struct fnl_span id)
{
	size_t at = 0;
	while (!fnl_span_eq(fnl_proposal_rep(row, at)[FNL_PROPOSAL_REP_REP_ID].str, id)) {
		at++; /* it is there: the plan took it from these */
	}
	return at;
}

static int shares_of(const struct fnl_proposing *p, struct shares *s)
{
	size_t reps = p->row[FNL_PROPOSAL_REPS].list.count;
	int64_t *all = fnl_arena_calloc(p->in->arena, 4 * reps, sizeof(*all));
	if (!all) {
		return FNL_E_NOMEM;
	}
	*s = (struct shares){all, all + reps, all + 2 * reps, all + 3 * reps, 0, 0};
	for (size_t i = 0; i < reps; i++) {
		const struct fnl_value *rep = fnl_proposal_rep(p->row, i);
		for (size_t k = 0; k < rep[FNL_PROPOSAL_REP_CELLS].list.count; k++) {
			const struct fnl_value *c = cell_of(rep, k);
			const struct fnl_value *to = &c[FNL_PROPOSAL_CELL_TO_REP_ID];
			size_t owner = to->set ? rep_number(p->row, to->str) : i;
			s->volume_before[i] += c[FNL_PROPOSAL_CELL_VOLUME_MINOR].i64 + c[FNL_PROPOSAL_CELL_KEPT_VOLUME_MINOR].i64;
			s->count_before[i] += c[FNL_PROPOSAL_CELL_COUNT].i64 + c[FNL_PROPOSAL_CELL_KEPT_COUNT].i64;
			s->volume_after[i] += c[FNL_PROPOSAL_CELL_KEPT_VOLUME_MINOR].i64;
			s->count_after[i] += c[FNL_PROPOSAL_CELL_KEPT_COUNT].i64;
			s->volume_after[owner] += c[FNL_PROPOSAL_CELL_VOLUME_MINOR].i64;
			s->count_after[owner] += c[FNL_PROPOSAL_CELL_COUNT].i64;
			s->move_count += to->set;
			s->moved_count += to->set ? c[FNL_PROPOSAL_CELL_COUNT].i64 : 0;
		}
	}
	return FNL_OK;
}

static int spread(const struct fnl_proposing *p, const int64_t *values, struct fnl_value *ret)
{
	struct fnl_alignment_spread s;
	struct fnl_value *v = fnl_arena_calloc(p->in->arena, FNL_SPREAD_FIELD_COUNT, sizeof(*v));
	int r = v ? fnl_alignment_spread_of(values, p->row[FNL_PROPOSAL_REPS].list.count, &s) : FNL_E_NOMEM;
	if (r < 0) {
		return r;
	}
	v[FNL_SPREAD_MIN] = fnl_value_i64(s.min);
	v[FNL_SPREAD_MAX] = fnl_value_i64(s.max);
	v[FNL_SPREAD_TOTAL] = fnl_value_i64(s.total);
	v[FNL_SPREAD_MAX_MIN_BP] = fnl_value_i64(s.max_min_bp);
	v[FNL_SPREAD_VARIATION_BP] = fnl_value_i64(s.variation_bp);
	*ret = fnl_value_list(v, FNL_SPREAD_FIELD_COUNT);
	return FNL_OK;
}

static int rep_shares(const struct fnl_proposing *p, const struct shares *s, struct fnl_value *ret)
{
	size_t reps = p->row[FNL_PROPOSAL_REPS].list.count;
	struct fnl_value *items = fnl_arena_calloc(p->in->arena, reps, sizeof(*items));
	for (size_t i = 0; items && i < reps; i++) {
		struct fnl_value *v = fnl_arena_calloc(p->in->arena, FNL_REP_SHARE_FIELD_COUNT, sizeof(*v));
		if (!v) {
			return FNL_E_NOMEM;
		}
		v[FNL_REP_SHARE_REP_ID] = fnl_proposal_rep(p->row, i)[FNL_PROPOSAL_REP_REP_ID];
		v[FNL_REP_SHARE_VOLUME_BEFORE_MINOR] = fnl_value_i64(s->volume_before[i]);
		v[FNL_REP_SHARE_VOLUME_AFTER_MINOR] = fnl_value_i64(s->volume_after[i]);
		v[FNL_REP_SHARE_COUNT_BEFORE] = fnl_value_i64(s->count_before[i]);
		v[FNL_REP_SHARE_COUNT_AFTER] = fnl_value_i64(s->count_after[i]);
		items[i] = fnl_value_list(v, FNL_REP_SHARE_FIELD_COUNT);
	}
	*ret = fnl_value_list(items, reps);
	return items ? FNL_OK : FNL_E_NOMEM;
}

/* All moves are told: the proposal itself. */
static int tell_proposal(struct fnl_proposing *p)
{
	struct fnl_value *v = fnl_proposing_event(p, &fnl_desc_territory_proposal);
	struct fnl_value *row = p->row;
	struct shares s;
	int r = v ? shares_of(p, &s) : FNL_E_NOMEM;
	r = r ? r : rep_shares(p, &s, &v[FNL_TERRITORY_PROPOSAL_REPS]);
	r = r ? r : spread(p, s.volume_before, &v[FNL_TERRITORY_PROPOSAL_VOLUME_BEFORE]);
	r = r ? r : spread(p, s.volume_after, &v[FNL_TERRITORY_PROPOSAL_VOLUME_AFTER]);
	r = r ? r : spread(p, s.count_before, &v[FNL_TERRITORY_PROPOSAL_COUNT_BEFORE]);
	r = r ? r : spread(p, s.count_after, &v[FNL_TERRITORY_PROPOSAL_COUNT_AFTER]);
	if (r < 0) {
		return r;
	}
	bool worth = row[FNL_PROPOSAL_IS_WORTH_IT].i64 != 0;
	int64_t days = p->in->rules->values[FNL_RULES_AT_PROPOSAL_EXPIRES_DAYS];
	row[FNL_PROPOSAL_STATE].i64 = worth ? FNL_PROPOSAL_STATE_OPEN : FNL_PROPOSAL_STATE_NOT_WORTH_IT;
	row[FNL_PROPOSAL_EXPIRES_AT] = worth ? fnl_value_i64(p->in->now_ms + days * FNL_BUSINESS_DAY_MS) : fnl_value_null();
	row[FNL_PROPOSAL_NEXT_DEADLINE_AT] = row[FNL_PROPOSAL_EXPIRES_AT];
	v[FNL_TERRITORY_PROPOSAL_OCCURRED_AT] = fnl_value_i64(p->in->now_ms);
	v[FNL_TERRITORY_PROPOSAL_ORG_ID] = row[FNL_PROPOSAL_ORG_ID];
	v[FNL_TERRITORY_PROPOSAL_PROPOSAL_ID] = row[FNL_PROPOSAL_PROPOSAL_ID];
	v[FNL_TERRITORY_PROPOSAL_ASKED_BY] = row[FNL_PROPOSAL_ASKED_BY];
	v[FNL_TERRITORY_PROPOSAL_BASE_CURRENCY] = row[FNL_PROPOSAL_BASE_CURRENCY];
	v[FNL_TERRITORY_PROPOSAL_MOVE_COUNT] = fnl_value_i64(s.move_count);
	v[FNL_TERRITORY_PROPOSAL_MOVED_COUNT] = fnl_value_i64(s.moved_count);
	v[FNL_TERRITORY_PROPOSAL_NOT_CONVERTED_COUNT] = row[FNL_PROPOSAL_NOT_CONVERTED_COUNT];
	v[FNL_TERRITORY_PROPOSAL_IS_WORTH_IT] = row[FNL_PROPOSAL_IS_WORTH_IT];
	v[FNL_TERRITORY_PROPOSAL_IS_ON_TARGET] = row[FNL_PROPOSAL_IS_ON_TARGET];
	v[FNL_TERRITORY_PROPOSAL_EXPIRES_AT] = row[FNL_PROPOSAL_EXPIRES_AT];
	v[FNL_TERRITORY_PROPOSAL_RULES_VERSION] = fnl_value_i64(p->in->rules->version);
	return FNL_OK;
}

int fnl_proposing_tell(struct fnl_proposing *p)
{
	int64_t *told = &p->row[FNL_PROPOSAL_TOLD_COUNT].i64;
	int64_t number = 0;
	int64_t until = *told + FNL_PROPOSAL_PAGE_MOVES;
	for (size_t i = 0; i < p->row[FNL_PROPOSAL_REPS].list.count; i++) {
		const struct fnl_value *rep = fnl_proposal_rep(p->row, i);
		for (size_t k = 0; k < rep[FNL_PROPOSAL_REP_CELLS].list.count; k++) {
			const struct fnl_value *cell = cell_of(rep, k);
			if (!cell[FNL_PROPOSAL_CELL_TO_REP_ID].set || ++number <= *told) {
				continue;
			}
			if (number > until) {
				*told = until;
				return FNL_OK;
			}
			int r = tell_move(p, rep, cell, number);
			if (r < 0) {
				return r;
			}
		}
	}
	*told = number;
	return tell_proposal(p);
}
