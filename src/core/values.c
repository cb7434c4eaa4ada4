#include "values_internal.h"

static bool eq_of_kind(enum fnl_kind kind, const struct fnl_field_desc *field, const struct fnl_value *a,
                       const struct fnl_value *b);

static bool eq_records(const struct fnl_record_desc *desc, struct fnl_list a, struct fnl_list b)
{
	for (size_t i = 0; i < desc->field_count; i++) {
		if (!fnl_value_eq(&desc->fields[i], &a.items[i], &b.items[i])) {
			return false;
		}
	}
	return true;
}

static bool eq_lists(const struct fnl_field_desc *field, struct fnl_list a, struct fnl_list b)
{
	if (a.count != b.count) {
		return false;
	}
	for (size_t i = 0; i < a.count; i++) {
		if (!eq_of_kind(field->item_kind, field, &a.items[i], &b.items[i])) {
			return false;
		}
	}
	return true;
}

static bool eq_of_kind(enum fnl_kind kind, const struct fnl_field_desc *field, const struct fnl_value *a,
                       const struct fnl_value *b)
{
	switch (kind) {
	case FNL_KIND_STRING:
		return fnl_span_eq(a->str, b->str);
	case FNL_KIND_MONEY:
		return a->money.amount_minor == b->money.amount_minor && strcmp(a->money.currency, b->money.currency) == 0;
	case FNL_KIND_RECORD:
		return eq_records(field->record, a->list, b->list);
	case FNL_KIND_LIST:
		return eq_lists(field, a->list, b->list);
	default:
		return a->i64 == b->i64;
	}
}

bool fnl_value_eq(const struct fnl_field_desc *field, const struct fnl_value *a, const struct fnl_value *b)
{
	if (!a->set || !b->set) {
		return a->set == b->set;
	}
	return eq_of_kind(field->kind, field, a, b);
}
