/* Who could take a funnel over: the organisation's directory, and what it answers. Pure.
 *
 * Somebody can who is not the one who leaves, is of his organisation, is active, has not given notice, works in all
 * regions and all industries of the one who leaves (an empty list of either side says nothing, and fits; so does all of
 * a leaver whom the organisation does not know), and whose open prospects after the move are within load_max_percent of
 * his capacity (capacity_default where it is not given; a capacity of 0 is no room). The first that fails, in this
 * order, is the refusal. Of several the lightest load after the move comes first, in exact fractions; of equals the
 * smaller id. */
#ifndef FUNNELD_CORE_SUCCESSOR_H
#define FUNNELD_CORE_SUCCESSOR_H

#include "funneld/core/prospect.h"
#include "funneld/core/rules.h"

enum { FNL_SUCCESSOR_CANDIDATES_MAX = 5, FNL_SUCCESSOR_USES_MAX = 32 };

struct fnl_successor_question {
	const struct fnl_value *leaver; /* OrgRep; NULL: the organisation does not know him */
	struct fnl_span leaver_id;
	int64_t prospect_count;
};

/* rep: OrgRep; NULL: the organisation does not know him. The refusal (FNL_SUCCESSOR_REFUSAL_…), and the load after in
 * percent, rounded up; INT32_MAX: more than that, or no capacity; 0 of somebody who is not known. */
int fnl_successor_check(const struct fnl_successor_question *q, const struct fnl_value *rep,
                        const struct fnl_rules *rules, int64_t *ret_load_percent);

/* The best ones of a directory that is looked at a page at a time, the same ones in any order. Zeroed at the start. */
struct fnl_successor_best {
	const struct fnl_value *reps[FNL_SUCCESSOR_CANDIDATES_MAX]; /* OrgRep, borrowed */
	size_t count;
};
/* Whoever cannot, or is there already, changes nothing. */
void fnl_successor_consider(const struct fnl_successor_question *q, const struct fnl_value *rep,
                            const struct fnl_rules *rules, struct fnl_successor_best *best);
/* As a list of SuccessorCandidate records in the arena, ids borrowed. FNL_E_NOMEM. */
int fnl_successor_list(const struct fnl_successor_question *q, const struct fnl_successor_best *best,
                       const struct fnl_rules *rules, struct fnl_arena *arena, struct fnl_value *ret) FNL_MUST_USE;

#endif
