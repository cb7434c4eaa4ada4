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

/* Same value of a field, null or not, lists and records in all their depth. */
bool fnl_value_eq(const struct fnl_field_desc *field, const struct fnl_value *a, const struct fnl_value *b);

#endif
