/* Values of records: made, compared, and checked when they come from outside. */
#ifndef FNL_CORE_VALUES_INTERNAL_H
#define FNL_CORE_VALUES_INTERNAL_H

#include "funneld/base/record.h"

/* Every value of the input within its limits; *why names the field. */
int fnl_input_check(const struct fnl_record_desc *desc, const struct fnl_value *values, struct fnl_error *why);

/* Member by member: a literal is made on the stack and copied in wide pieces, which wait for the narrow ones. */
static inline struct fnl_value fnl_value_i64(int64_t v)
{
	struct fnl_value ret;
	ret.set = true;
	ret.i64 = v;
	return ret;
}

static inline struct fnl_value fnl_value_null(void)
{
	return (struct fnl_value){.set = false};
}

static inline struct fnl_value fnl_value_str(struct fnl_span s)
{
	struct fnl_value ret;
	ret.set = true;
	ret.str = s;
	return ret;
}

/* null when the span is absent. */
static inline struct fnl_value fnl_value_str_or_null(struct fnl_span s)
{
	return fnl_span_is_none(s) ? fnl_value_null() : fnl_value_str(s);
}

static inline struct fnl_value fnl_value_list(const struct fnl_value *items, size_t count)
{
	struct fnl_value ret;
	ret.set = true;
	ret.list = (struct fnl_list){items, count};
	return ret;
}

/* Same value of a field, null or not, lists and records in all their depth. */
bool fnl_value_eq(const struct fnl_field_desc *field, const struct fnl_value *a, const struct fnl_value *b);

#endif
