/* From our values into avro-c's value of our own schema. */
#include "codec_avro.h"

static int set(const struct fnl_field_desc *field, enum fnl_kind kind, const struct fnl_value *from, avro_value_t *to);

static int done(int rc)
{
	return rc == 0 ? 0 : FNL_E_NOMEM;
}

/* Lends the bytes instead of copying them: avro-c's own copying setter doubles the buffer of a reused value at every
 * call. The size counts a NUL that the writer leaves out, so it need not be there. */
static int set_string(struct fnl_span s, avro_value_t *to)
{
	avro_wrapped_buffer_t buffer;
	if (s.len > FNL_RECORD_STRING_BYTES_MAX) {
		return FNL_E_LIMIT;
	}
	if (avro_wrapped_buffer_new(&buffer, s.data ? (const void *)s.data : "", s.len + 1) != 0) {
		return FNL_E_NOMEM;
	}
	return done(avro_value_give_string_len(to, &buffer));
}

static int set_money(const struct fnl_money *money, avro_value_t *to)
{
	avro_value_t amount, currency;
	size_t length = strnlen(money->currency, sizeof(money->currency));
	if (length == sizeof(money->currency)) {
		return FNL_E_INVALID;
	}
	if (avro_value_get_by_index(to, 0, &amount, NULL) != 0 || avro_value_get_by_index(to, 1, &currency, NULL) != 0 ||
	    avro_value_set_long(&amount, money->amount_minor) != 0) {
		return FNL_E_NOMEM;
	}
	return set_string(fnl_span_of(money->currency, length), &currency);
}

static int set_list(const struct fnl_field_desc *field, struct fnl_list list, avro_value_t *to)
{
	if (list.count > FNL_RECORD_LIST_ITEMS_MAX) {
		return FNL_E_LIMIT;
	}
	for (size_t i = 0; i < list.count; i++) {
		avro_value_t item;
		if (!list.items[i].set) {
			return FNL_E_INVALID;
		}
		if (avro_value_append(to, &item, NULL) != 0) {
			return FNL_E_NOMEM;
		}
		int rc = set(field, field->item_kind, &list.items[i], &item);
		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

static int set(const struct fnl_field_desc *field, enum fnl_kind kind, const struct fnl_value *from, avro_value_t *to)
{
	int64_t v = from->i64;
	switch (kind) {
	case FNL_KIND_BOOL:
		return done(avro_value_set_boolean(to, v != 0));
	case FNL_KIND_INT:
	case FNL_KIND_DATE:
		return v < INT32_MIN || v > INT32_MAX ? FNL_E_INVALID : done(avro_value_set_int(to, (int32_t)v));
	case FNL_KIND_LONG:
	case FNL_KIND_TIMESTAMP:
		return done(avro_value_set_long(to, v));
	case FNL_KIND_ENUM:
		return v < 0 || (uint64_t)v >= field->symbol_count ? FNL_E_INVALID : done(avro_value_set_enum(to, (int)v));
	case FNL_KIND_STRING:
		return set_string(from->str, to);
	case FNL_KIND_MONEY:
		return set_money(&from->money, to);
	case FNL_KIND_RECORD:
		return from->list.count != field->record->field_count ? FNL_E_INVALID
		                                                      : fnl_avro_set(field->record, from->list.items, to);
	case FNL_KIND_LIST:
		return set_list(field, from->list, to);
	}
	return FNL_E_INVALID;
}

int fnl_avro_set(const struct fnl_record_desc *desc, const struct fnl_value *values, avro_value_t *to)
{
	for (size_t i = 0; i < desc->field_count; i++) {
		const struct fnl_field_desc *field = &desc->fields[i];
		avro_value_t at, branch;
		if (avro_value_get_by_index(to, i, &at, NULL) != 0) {
			return FNL_E_NOMEM;
		}
		if (!values[i].set && !field->nullable) {
			return FNL_E_INVALID;
		}
		if (field->nullable) {
			if (avro_value_set_branch(&at, values[i].set ? 1 : 0, &branch) != 0) {
				return FNL_E_NOMEM;
			}
			at = branch;
		}
		int rc = values[i].set ? set(field, field->kind, &values[i], &at) : 0;
		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}
