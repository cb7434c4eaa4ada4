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

enum { SECOND_OF_UNION = 2 }; /* the branch 1 in zig-zag */

/* A value's shape: that of a field, or of a list's item. */
struct shape {
	enum fnl_kind kind;
	const struct fnl_field_desc *field;
};

static int encode_record(const struct fnl_record_desc *d, const struct fnl_value *values, struct fnl_writer *w);

static int encode_string(struct fnl_span s, struct fnl_writer *w)
{
	if (s.len > FNL_RECORD_STRING_BYTES_MAX) {
		return FNL_E_LIMIT;
	}
	fnl_write_string(w, s);
	return 0;
}

static int encode_money(const struct fnl_money *m, struct fnl_writer *w)
{
	size_t len = strnlen(m->currency, sizeof(m->currency));
	if (len == sizeof(m->currency)) {
		return FNL_E_INVALID;
	}
	fnl_write_long(w, m->amount_minor);
	fnl_write_string(w, fnl_span_of(m->currency, len));
	return 0;
}

static inline int encode_within(int64_t v, int64_t min, int64_t max, struct fnl_writer *w)
{
	if (v < min || v > max) {
		return FNL_E_INVALID;
	}
	fnl_write_long(w, v);
	return 0;
}

static int encode_list(const struct fnl_field_desc *f, struct fnl_list list, struct fnl_writer *w);

static int encode_value(struct shape s, const struct fnl_value *v, struct fnl_writer *w)
{
	switch (s.kind) {
	case FNL_KIND_BOOL:
		fnl_write_u8(w, v->i64 != 0);
		return 0;
	case FNL_KIND_INT:
	case FNL_KIND_DATE:
		return encode_within(v->i64, INT32_MIN, INT32_MAX, w);
	case FNL_KIND_LONG:
	case FNL_KIND_TIMESTAMP:
		return encode_within(v->i64, INT64_MIN, INT64_MAX, w);
	case FNL_KIND_ENUM:
		return encode_within(v->i64, 0, (int64_t)s.field->symbol_count - 1, w);
	case FNL_KIND_STRING:
		return encode_string(v->str, w);
	case FNL_KIND_MONEY:
		return encode_money(&v->money, w);
	case FNL_KIND_RECORD:
		return v->list.count == s.field->record->field_count ? encode_record(s.field->record, v->list.items, w)
		                                                     : FNL_E_INVALID;
	case FNL_KIND_LIST:
		return encode_list(s.field, v->list, w);
	}
	return FNL_E_INVALID;
}

/* One block with all items, then the block of none. */
static int encode_list(const struct fnl_field_desc *f, struct fnl_list list, struct fnl_writer *w)
{
	struct shape item = {f->item_kind, f};
	if (f->item_kind == FNL_KIND_LIST) {
		return FNL_E_INVALID;
	}
	if (list.count > FNL_RECORD_LIST_ITEMS_MAX) {
		return FNL_E_LIMIT;
	}
	if (list.count) {
		fnl_write_long(w, (int64_t)list.count);
	}
	for (size_t i = 0; i < list.count; i++) {
		int rc = list.items[i].set ? encode_value(item, &list.items[i], w) : FNL_E_INVALID;
		if (rc < 0) {
			return rc;
		}
	}
	fnl_write_long(w, 0);
	return 0;
}

static int encode_record(const struct fnl_record_desc *d, const struct fnl_value *values, struct fnl_writer *w)
{
	for (size_t i = 0; i < d->field_count; i++) {
		const struct fnl_field_desc *f = &d->fields[i];
		if (!values[i].set && !f->nullable) {
			return FNL_E_INVALID;
		}
		if (f->nullable) {
			fnl_write_u8(w, values[i].set ? SECOND_OF_UNION : 0);
		}
		int rc = values[i].set ? encode_value((struct shape){f->kind, f}, &values[i], w) : 0;
		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

int fnl_record_encode(const struct fnl_record_desc *d, const struct fnl_value *values, struct fnl_writer *w)
{
	int rc = encode_record(d, values, w);
	return w->bad ? FNL_E_NOMEM : rc;
}
