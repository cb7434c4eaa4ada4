#include "funneld/core/successor.h"

#include "rules_internal.h"
#include "values_internal.h"

/* Open prospects after the move, of a capacity. */
struct load {
	__int128 after;
	int64_t capacity;
};

static struct load load_of(const struct fnl_successor_question *q, const struct fnl_value *rep,
                           const struct fnl_rules *rules)
{
	const struct fnl_value *given = &rep[FNL_ORG_REP_CAPACITY_PROSPECTS];
	return (struct load){
		.after = (__int128)rep[FNL_ORG_REP_OPEN_PROSPECTS].i64 + q->prospect_count,
		.capacity = given->set ? given->i64 : rules->values[FNL_RULES_AT_CAPACITY_DEFAULT],
	};
}

static int64_t percent_of(struct load l)
{
	if (l.capacity <= 0) {
		return INT32_MAX;
	}
	__int128 up = (l.after * 100 + l.capacity - 1) / l.capacity;
	return up > INT32_MAX ? INT32_MAX : (int64_t)up;
}

static bool has(struct fnl_list codes, struct fnl_span code)
{
	for (size_t i = 0; i < codes.count; i++) {
		if (fnl_span_eq(codes.items[i].str, code)) {
			return true;
		}
	}
	return false;
}

/* An empty list says nothing. */
static bool covers(struct fnl_list his, struct fnl_list wanted)
{
	bool all = true;
	for (size_t i = 0; i < wanted.count && his.count > 0; i++) {
		all = all && has(his, wanted.items[i].str);
	}
	return all;
}

static int refusal_of(const struct fnl_successor_question *q, const struct fnl_value *rep, struct load l,
                      const struct fnl_rules *rules)
{
	const struct fnl_value *leaver = q->leaver;
	if (fnl_span_eq(rep[FNL_ORG_REP_REP_ID].str, q->leaver_id)) {
		return FNL_SUCCESSOR_REFUSAL_IS_THE_LEAVER;
	}
	if (leaver && !fnl_span_eq(rep[FNL_ORG_REP_ORG_ID].str, leaver[FNL_ORG_REP_ORG_ID].str)) {
		return FNL_SUCCESSOR_REFUSAL_OTHER_ORG;
	}
	if (!rep[FNL_ORG_REP_ACTIVE].i64) {
		return FNL_SUCCESSOR_REFUSAL_INACTIVE;
	}
	if (rep[FNL_ORG_REP_RESIGNED].i64) {
		return FNL_SUCCESSOR_REFUSAL_RESIGNED;
	}
	if (leaver && !covers(rep[FNL_ORG_REP_REGIONS].list, leaver[FNL_ORG_REP_REGIONS].list)) {
		return FNL_SUCCESSOR_REFUSAL_OTHER_REGION;
	}
	if (leaver && !covers(rep[FNL_ORG_REP_INDUSTRIES].list, leaver[FNL_ORG_REP_INDUSTRIES].list)) {
		return FNL_SUCCESSOR_REFUSAL_OTHER_INDUSTRY;
	}
	__int128 room = (__int128)l.capacity * rules->values[FNL_RULES_AT_LOAD_MAX_PERCENT];
	return l.capacity > 0 && l.after * 100 <= room ? FNL_SUCCESSOR_REFUSAL_NONE : FNL_SUCCESSOR_REFUSAL_OVER_CAPACITY;
}

int fnl_successor_check(const struct fnl_successor_question *q, const struct fnl_value *rep,
                        const struct fnl_rules *rules, int64_t *ret_load_percent)
{
	if (!rep) {
		*ret_load_percent = 0;
		return FNL_SUCCESSOR_REFUSAL_UNKNOWN_REP;
	}
	struct load l = load_of(q, rep, rules);
	*ret_load_percent = percent_of(l);
	return refusal_of(q, rep, l, rules);
}

/* Both can: their capacities are above 0. */
static bool is_better(const struct fnl_successor_question *q, const struct fnl_value *a, const struct fnl_value *b,
                      const struct fnl_rules *rules)
{
	struct load of_a = load_of(q, a, rules);
	struct load of_b = load_of(q, b, rules);
	__int128 left = of_a.after * of_b.capacity;
	__int128 right = of_b.after * of_a.capacity;
	return left != right ? left < right : fnl_span_cmp(a[FNL_ORG_REP_REP_ID].str, b[FNL_ORG_REP_REP_ID].str) < 0;
}

void fnl_successor_consider(const struct fnl_successor_question *q, const struct fnl_value *rep,
                            const struct fnl_rules *rules, struct fnl_successor_best *best)
{
	int64_t percent;
	size_t at = best->count;
	if (fnl_successor_check(q, rep, rules, &percent) != FNL_SUCCESSOR_REFUSAL_NONE) {
		return;
	}
	for (size_t i = 0; i < best->count; i++) {
		if (fnl_span_eq(best->reps[i][FNL_ORG_REP_REP_ID].str, rep[FNL_ORG_REP_REP_ID].str)) {
			return;
		}
	}
	while (at > 0 && is_better(q, rep, best->reps[at - 1], rules)) {
		at--;
	}
	if (at == FNL_SUCCESSOR_CANDIDATES_MAX) {
		return;
	}
	best->count += best->count < FNL_SUCCESSOR_CANDIDATES_MAX;
	memmove(&best->reps[at + 1], &best->reps[at], (best->count - at - 1) * sizeof(best->reps[0]));
	best->reps[at] = rep;
}

static struct fnl_value *candidate_of(const struct fnl_successor_question *q, const struct fnl_value *rep,
                                      const struct fnl_rules *rules, struct fnl_arena *arena)
{
	struct fnl_value *v = fnl_arena_calloc(arena, FNL_SUCCESSOR_CANDIDATE_FIELD_COUNT, sizeof(*v));
	int64_t percent;
	int refusal = fnl_successor_check(q, rep, rules, &percent);
	if (v) {
		v[FNL_SUCCESSOR_CANDIDATE_REP_ID] = rep[FNL_ORG_REP_REP_ID];
		v[FNL_SUCCESSOR_CANDIDATE_REFUSAL] = fnl_value_i64(refusal);
		v[FNL_SUCCESSOR_CANDIDATE_OPEN_PROSPECTS] = rep[FNL_ORG_REP_OPEN_PROSPECTS];
		v[FNL_SUCCESSOR_CANDIDATE_CAPACITY_PROSPECTS] = fnl_value_i64(load_of(q, rep, rules).capacity);
		v[FNL_SUCCESSOR_CANDIDATE_LOAD_AFTER_PERCENT] = fnl_value_i64(percent);
	}
	return v;
}

int fnl_successor_list(const struct fnl_successor_question *q, const struct fnl_successor_best *best,
                       const struct fnl_rules *rules, struct fnl_arena *arena, struct fnl_value *ret)
{
	struct fnl_value *items = fnl_arena_calloc(arena, best->count, sizeof(*items));
	if (!items) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < best->count; i++) {
		struct fnl_value *v = candidate_of(q, best->reps[i], rules, arena);
		if (!v) {
			return FNL_E_NOMEM;
		}
		items[i] = fnl_value_list(v, FNL_SUCCESSOR_CANDIDATE_FIELD_COUNT);
	}
	*ret = fnl_value_list(items, best->count);
	return FNL_OK;
}
