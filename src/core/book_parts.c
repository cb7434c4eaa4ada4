/* What of a line falls in which fiscal year. */
#include "book_internal.h"

#define AT(line_field) (FNL_LINE_##line_field - FNL_LINE_STATE)

struct fnl_book_amount fnl_book_amount_of(const struct fnl_value *values)
{
	const struct fnl_value *amount = &values[AT(AMOUNT)];
	if (!amount->set) {
		return (struct fnl_book_amount){.currency = FNL_SPAN_NONE};
	}
	return (struct fnl_book_amount){
		.currency = fnl_span_str(amount->money.currency),
		.amount_minor = amount->money.amount_minor,
		.weighted = (fnl_weighted)amount->money.amount_minor * values[AT(WEIGHT_BP)].i64,
	};
}

bool fnl_book_is_planned(const struct fnl_value *values)
{
	return values[AT(PLANNED_PURCHASES)].set && values[AT(PLANNED_PURCHASES)].list.count > 0;
}

/* No currency comes first. */
static int part_cmp(const struct fnl_book_part *p, int64_t fiscal_year, struct fnl_span currency)
{
	if (p->fiscal_year != fiscal_year) {
		return p->fiscal_year < fiscal_year ? -1 : 1;
	}
	return fnl_span_cmp(p->amount.currency, currency);
}

static void add_purchase(struct fnl_book_parts *parts, int64_t fiscal_year, const struct fnl_value *amount,
                         int64_t weight_bp)
{
	struct fnl_span currency = amount->set ? fnl_span_str(amount->money.currency) : FNL_SPAN_NONE;
	size_t at = 0;
	while (at < parts->count && part_cmp(&parts->items[at], fiscal_year, currency) < 0) {
		at++;
	}
	struct fnl_book_part *p = &parts->items[at];
	if (at == parts->count || part_cmp(p, fiscal_year, currency) != 0) {
		memmove(p + 1, p, (parts->count - at) * sizeof(*p));
		*p = (struct fnl_book_part){fiscal_year, {currency, 0, 0}};
		parts->count++;
	}
	if (amount->set) {
		p->amount.amount_minor += amount->money.amount_minor;
		p->amount.weighted += (fnl_weighted)amount->money.amount_minor * weight_bp;
	}
}

/* Of a year with an unknown purchase, which comes first in it, nothing else stays. */
static void drop_half_known(struct fnl_book_parts *parts)
{
	size_t kept = 0;
	for (size_t i = 0; i < parts->count; i++) {
		const struct fnl_book_part *last = kept > 0 ? &parts->items[kept - 1] : NULL;
		bool unknown =
			last && last->fiscal_year == parts->items[i].fiscal_year && fnl_span_is_none(last->amount.currency);
		if (!unknown) {
			parts->items[kept++] = parts->items[i];
		}
	}
	parts->count = kept;
}

int fnl_book_parts_of(const struct fnl_value *values, int32_t start, const struct fnl_value *close_year,
                      struct fnl_arena *arena, struct fnl_book_parts *ret)
{
	bool planned = start != 0 && fnl_book_is_planned(values);
	struct fnl_list purchases = planned ? values[AT(PLANNED_PURCHASES)].list : (struct fnl_list){NULL, 0};
	struct fnl_book_parts parts = {fnl_arena_alloc(arena, (purchases.count + 1) * sizeof(*parts.items)), 0};
	if (!parts.items) {
		return FNL_E_NOMEM;
	}
	if (!planned && close_year->set) {
		parts.items[parts.count++] = (struct fnl_book_part){close_year->i64, fnl_book_amount_of(values)};
	}
	for (size_t i = 0; i < purchases.count; i++) {
		const struct fnl_value *purchase = purchases.items[i].list.items;
		add_purchase(&parts, fnl_fiscal_year_from(start, purchase[FNL_PLANNED_PURCHASE_ON].i64),
		             &purchase[FNL_PLANNED_PURCHASE_AMOUNT], values[AT(WEIGHT_BP)].i64);
	}
	drop_half_known(&parts);
	*ret = parts;
	return FNL_OK;
}
