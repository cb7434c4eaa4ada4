/* Values of records: made, compared, and checked when they come from outside. */
#ifndef FNL_CORE_VALUES_INTERNAL_H
#define FNL_CORE_VALUES_INTERNAL_H

#include "funneld/base/record.h"

/* Every value of the input within its limits; *why names the field. */
int fnl_input_check(const struct fnl_record_desc *desc, const struct fnl_value *values, struct fnl_error *why);

static inline struct fnl_value fnl_value_i64(int64_t v)
{
	return (struct fnl_value){.set = true, .i64 = v};
}

static inline struct fnl_value fnl_value_null(void)
{
	return (struct fnl_value){.set = false};
}

static inline struct fnl_value fnl_value_str(struct fnl_span s)
{
	return (struct fnl_value){.set = true, .str = s};
}

/* null when the span is absent. */
static inline struct fnl_value fnl_value_str_or_null(struct fnl_span s)
{
	return fnl_span_is_none(s) ? fnl_value_null() : fnl_value_str(s);
}

static inline struct fnl_value fnl_value_list(const struct fnl_value *items, size_t count)
{
	return (struct fnl_value){.set = true, .list = {items, count}};
}

/* Same value of a field, null or not; of no list or record. */
static inline bool fnl_value_eq(enum fnl_kind kind, const struct fnl_value *a, const struct fnl_value *b)
{
	if (!a->set || !b->set) {
		return a->set == b->set;
	}
	switch (kind) {
	case FNL_KIND_STRING:
		return fnl_span_eq(a->str, b->str);
	case FNL_KIND_MONEY:
		return a->money.amount_minor == b->money.amount_minor && strcmp(a->money.currency, b->money.currency) == 0;
	default:
		return a->i64 == b->i64;
	}
}

#endif
