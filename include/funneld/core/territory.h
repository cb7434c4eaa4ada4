/* Territories of an organisation, as a quota needs them: which one a line is in, its area factor, and whether a rep
 * works in it. Pure. Of a territory its greatest version counts, also while that is not valid yet: then it has no
 * lines. */
#ifndef FUNNELD_CORE_TERRITORY_H
#define FUNNELD_CORE_TERRITORY_H

#include "funneld/base/record.h"
#include "funneld/core/rules.h"

enum { FNL_TERRITORIES_MAX = 255, FNL_TERRITORY_CELLS_MAX = 4096 /* of an organisation */ };

/* A TerritoryDefined into its organisation's TerritorySet (NULL: there is none). *ret_set NULL: it is older than what
 * is known, or the same. FNL_E_INVALID, FNL_E_LIMIT with *why: poison; FNL_E_NOMEM. */
int fnl_territory_take(const struct fnl_value *set, const struct fnl_value *event, struct fnl_arena *arena,
                       struct fnl_value **ret_set, struct fnl_error *why) FNL_MUST_USE;

/* The first territory of the set (NULL: none), by id, that is valid on the day and has a cell that fits: Territory
 * values; NULL: none. Absent dimensions (!set) fit only a cell that takes any. */
const struct fnl_value *fnl_territory_of(const struct fnl_value *set, const struct fnl_value *region,
                                         const struct fnl_value *industry, const struct fnl_value *size_focus,
                                         int64_t day);

/* In basis points: that of the territory (NULL: none) within the rules' range, else the rules' own. */
int64_t fnl_territory_factor(const struct fnl_value *territory, const struct fnl_rules *rules);

/* The territory (NULL: none) names reps, and this one is not among them. */
bool fnl_territory_outside(const struct fnl_value *territory, struct fnl_span rep_id);

#endif
