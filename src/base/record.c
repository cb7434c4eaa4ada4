#include "funneld/base/record.h"

int fnl_record_field_index(const struct fnl_record_desc *d, struct fnl_span name)
{
	for (size_t i = 0; i < d->field_count; i++) {
		if (fnl_span_eq(fnl_span_str(d->fields[i].name), name)) {
			return (int)i;
		}
	}
	return -1;
}

/* A value's shape: that of a field, or of a list's item. */
struct shape {
	enum fnl_kind kind;
	const struct fnl_field_desc *field;
};

static bool encode_record(const struct fnl_record_desc *d, const struct fnl_value *values, struct fnl_writer *w);

static bool encode_money(const struct fnl_money *m, struct fnl_writer *w)
{
	size_t len = strnlen(m->currency, sizeof(m->currency));
	if (len == sizeof(m->currency)) {
		return false;
	}
	fnl_write_long(w, m->amount_minor);
	fnl_write_string(w, fnl_span_of(m->currency, len));
	return true;
}

static bool encode_list(const struct fnl_field_desc *f, struct fnl_list list, struct fnl_writer *w);

static bool encode_value(struct shape s, const struct fnl_value *v, struct fnl_writer *w)
{
	switch (s.kind) {
	case FNL_KIND_BOOL:
		fnl_write_u8(w, v->i64 != 0);
		return true;
	case FNL_KIND_INT:
	case FNL_KIND_DATE:
		if (v->i64 < INT32_MIN || v->i64 > INT32_MAX) {
			return false;
		}
		fnl_write_long(w, v->i64);
		return true;
	case FNL_KIND_LONG:
	case FNL_KIND_TIMESTAMP:
		fnl_write_long(w, v->i64);
		return true;
	case FNL_KIND_ENUM:
		if (v->i64 < 0 || (uint64_t)v->i64 >= s.field->symbol_count) {
			return false;
		}
		fnl_write_long(w, v->i64);
		return true;
	case FNL_KIND_STRING:
		fnl_write_string(w, v->str);
		return true;
	case FNL_KIND_MONEY:
		return encode_money(&v->money, w);
	case FNL_KIND_RECORD:
		return v->list.count == s.field->record->field_count && encode_record(s.field->record, v->list.items, w);
	case FNL_KIND_LIST:
		return encode_list(s.field, v->list, w);
	}
	return false;
}

/* One block with all items, then the block of none. */
static bool encode_list(const struct fnl_field_desc *f, struct fnl_list list, struct fnl_writer *w)
{
	struct shape item = {f->item_kind, f};
	if (f->item_kind == FNL_KIND_LIST || list.count > FNL_RECORD_LIST_ITEMS_MAX) {
		return false;
	}
	if (list.count) {
		fnl_write_long(w, (int64_t)list.count);
	}
	for (size_t i = 0; i < list.count; i++) {
		if (!list.items[i].set || !encode_value(item, &list.items[i], w)) {
			return false;
		}
	}
	fnl_write_long(w, 0);
	return true;
}

static bool encode_record(const struct fnl_record_desc *d, const struct fnl_value *values, struct fnl_writer *w)
{
	for (size_t i = 0; i < d->field_count; i++) {
		const struct fnl_field_desc *f = &d->fields[i];
		if (f->nullable) {
			fnl_write_long(w, values[i].set ? 1 : 0);
			if (!values[i].set) {
				continue;
			}
		} else if (!values[i].set) {
			return false;
		}
		if (!encode_value((struct shape){f->kind, f}, &values[i], w)) {
			return false;
		}
	}
	return true;
}

int fnl_record_encode(const struct fnl_record_desc *d, const struct fnl_value *values, struct fnl_writer *w)
{
	if (!encode_record(d, values, w)) {
		return w->bad ? FNL_E_NOMEM : FNL_E_INVALID;
	}
	return w->bad ? FNL_E_NOMEM : FNL_OK;
}
