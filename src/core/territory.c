#include "funneld/core/territory.h"

#include "rules_internal.h"
#include "funneld_records.h"
#include "values_internal.h"

_Static_assert(FNL_TERRITORY_AREA_FACTOR_BP - FNL_TERRITORY_VALID_FROM ==
                       FNL_TERRITORY_DEFINED_AREA_FACTOR_BP - FNL_TERRITORY_DEFINED_VALID_FROM &&
                   (int)FNL_TERRITORY_AREA_FACTOR_BP + 1 == (int)FNL_TERRITORY_FIELD_COUNT,
               "TerritoryDefined and Territory have the same fields, in one order");

static size_t cells_of(struct fnl_list territories, size_t but)
{
	size_t cells = 0;
	for (size_t i = 0; i < territories.count; i++) {
		cells += i == but ? 0 : territories.items[i].list.items[FNL_TERRITORY_CELLS].list.count;
	}
	return cells;
}

static int put(struct fnl_list old, size_t at, bool known, const struct fnl_value *event, struct fnl_arena *arena,
               struct fnl_value *ret)
{
	struct fnl_value *items = fnl_arena_alloc(arena, (old.count + 1) * sizeof(*items));
	struct fnl_value *v = fnl_arena_calloc(arena, FNL_TERRITORY_FIELD_COUNT, sizeof(*v));
	size_t skip = known ? 1 : 0;
	if (!items || !v) {
		return FNL_E_NOMEM;
	}
	v[FNL_TERRITORY_TERRITORY_ID] = event[FNL_TERRITORY_DEFINED_TERRITORY_ID];
	v[FNL_TERRITORY_VERSION] = event[FNL_TERRITORY_DEFINED_VERSION];
	memcpy(v + FNL_TERRITORY_VALID_FROM, event + FNL_TERRITORY_DEFINED_VALID_FROM,
	       (FNL_TERRITORY_FIELD_COUNT - FNL_TERRITORY_VALID_FROM) * sizeof(*v));
	if (at > 0) {
		memcpy(items, old.items, at * sizeof(*items));
	}
	if (at + skip < old.count) {
		memcpy(items + at + 1, old.items + at + skip, (old.count - at - skip) * sizeof(*items));
	}
	items[at] = fnl_value_list(v, FNL_TERRITORY_FIELD_COUNT);
	*ret = fnl_value_list(items, old.count + 1 - skip);
	return FNL_OK;
}

int fnl_territory_take(const struct fnl_value *set, const struct fnl_value *event, struct fnl_arena *arena,
                       struct fnl_value **ret_set, struct fnl_error *why)
{
	struct fnl_list old = set ? set[FNL_TERRITORY_SET_TERRITORIES].list : (struct fnl_list){NULL, 0};
	size_t at = 0;
	int order = 1;
	int r = fnl_input_check(&fnl_desc_territory_defined, event, why);
	if (r < 0) {
		return r;
	}
	for (; at < old.count; at++) {
		order = fnl_span_cmp(old.items[at].list.items[FNL_TERRITORY_TERRITORY_ID].str,
		                     event[FNL_TERRITORY_DEFINED_TERRITORY_ID].str);
		if (order >= 0) {
			break;
		}
	}
	bool known = at < old.count && order == 0;
	*ret_set = NULL;
	if (known && event[FNL_TERRITORY_DEFINED_VERSION].i64 <= old.items[at].list.items[FNL_TERRITORY_VERSION].i64) {
		return FNL_OK;
	}
	if (!known && old.count == FNL_TERRITORIES_MAX) {
		return fnl_fail(why, FNL_E_LIMIT, "the organisation has %d territories already", FNL_TERRITORIES_MAX);
	}
	size_t cells = cells_of(old, known ? at : old.count) + event[FNL_TERRITORY_DEFINED_CELLS].list.count;
	if (cells > FNL_TERRITORY_CELLS_MAX) {
		return fnl_fail(why, FNL_E_LIMIT, "the organisation's territories would have %zu cells, at most %d are allowed",
		                cells, FNL_TERRITORY_CELLS_MAX);
	}
	struct fnl_value *new = fnl_arena_calloc(arena, FNL_TERRITORY_SET_FIELD_COUNT, sizeof(*new));
	if (!new) {
		return FNL_E_NOMEM;
	}
	new[FNL_TERRITORY_SET_ORG_ID] = event[FNL_TERRITORY_DEFINED_ORG_ID];
	r = put(old, at, known, event, arena, &new[FNL_TERRITORY_SET_TERRITORIES]);
	if (r == 0) {
		*ret_set = new;
	}
	return r;
}

static bool fits(const struct fnl_value *wanted, const struct fnl_value *is)
{
	return !wanted->set || (is->set && fnl_span_eq(wanted->str, is->str));
}

const struct fnl_value *fnl_territory_of(const struct fnl_value *set, const struct fnl_value *region,
                                         const struct fnl_value *industry, const struct fnl_value *size_focus,
                                         int64_t day)
{
	struct fnl_list all = set ? set[FNL_TERRITORY_SET_TERRITORIES].list : (struct fnl_list){NULL, 0};
	for (size_t i = 0; i < all.count; i++) {
		const struct fnl_value *territory = all.items[i].list.items;
		struct fnl_list cells = territory[FNL_TERRITORY_CELLS].list;
		if (territory[FNL_TERRITORY_VALID_FROM].i64 > day) {
			continue;
		}
		for (size_t k = 0; k < cells.count; k++) {
			const struct fnl_value *cell = cells.items[k].list.items;
			if (fits(&cell[FNL_TERRITORY_CELL_REGION], region) && fits(&cell[FNL_TERRITORY_CELL_INDUSTRY], industry) &&
			    fits(&cell[FNL_TERRITORY_CELL_SIZE_FOCUS], size_focus)) {
				return territory;
			}
		}
	}
	return NULL;
}

int64_t fnl_territory_factor(const struct fnl_value *territory, const struct fnl_rules *rules)
{
	int64_t low = rules->values[FNL_RULES_AT_AREA_FACTOR_MIN];
	int64_t high = rules->values[FNL_RULES_AT_AREA_FACTOR_MAX];
	const struct fnl_value *own = territory ? &territory[FNL_TERRITORY_AREA_FACTOR_BP] : NULL;
	if (!own || !own->set) {
		return rules->values[FNL_RULES_AT_AREA_FACTOR];
	}
	return own->i64 < low ? low : own->i64 > high ? high : own->i64;
}

bool fnl_territory_outside(const struct fnl_value *territory, struct fnl_span rep_id)
{
	if (!territory) {
		return false;
	}
	const struct fnl_value *responsible = &territory[FNL_TERRITORY_RESPONSIBLE_REP_ID];
	struct fnl_list reps = territory[FNL_TERRITORY_REP_IDS].list;
	bool named = reps.count > 0 || responsible->set;
	bool among = responsible->set && fnl_span_eq(responsible->str, rep_id);
	for (size_t i = 0; i < reps.count && !among; i++) {
		among = fnl_span_eq(reps.items[i].str, rep_id);
	}
	return named && !among;
}
