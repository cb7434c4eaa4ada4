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

/* As in decoding, the place in the output is not kept here but handed from function to function; NULL is a refusal. */
struct encoder {
	struct fnl_writer *w;
	const uint8_t *end; /* of the room that there is */
	int code;           /* of the refusal */
};

enum {
	SECOND_OF_UNION = 2,          /* the branch 1 in zig-zag */
	ROOM = FNL_LONG_BYTES_MAX + 1 /* for what begins any value: a branch and a number */
};

static uint8_t *refuse(struct encoder *e, int code)
{
	e->code = code;
	return NULL;
}

FNL_SELDOM static uint8_t *more_room(struct encoder *e, const uint8_t *p, size_t n)
{
	e->w->len = (size_t)(p - e->w->data);
	uint8_t *grown = fnl_writer_room(e->w, n);
	e->end = grown ? e->w->data + e->w->capacity : NULL;
	return grown ? grown : refuse(e, FNL_E_NOMEM);
}

static inline uint8_t *room(struct encoder *e, uint8_t *p, size_t n)
{
	return (size_t)(e->end - p) >= n ? p : more_room(e, p, n);
}

static uint8_t *encode_record(struct encoder *e, uint8_t *p, const struct fnl_record_desc *d,
                              const struct fnl_value *values);

FNL_SELDOM static uint8_t *encode_string(struct encoder *e, uint8_t *p, struct fnl_span s)
{
	if (s.len > FNL_RECORD_STRING_BYTES_MAX) {
		return refuse(e, FNL_E_LIMIT);
	}
	p = room(e, p, ROOM + s.len);
	if (!p) {
		return NULL;
	}
	p = fnl_put_long(p, (int64_t)s.len);
	if (s.len) {
		memcpy(p, s.data, s.len);
	}
	return p + s.len;
}

FNL_SELDOM static uint8_t *encode_money(struct encoder *e, uint8_t *p, const struct fnl_money *m)
{
	size_t len = strnlen(m->currency, sizeof(m->currency));
	if (len == sizeof(m->currency)) {
		return refuse(e, FNL_E_INVALID);
	}
	return encode_string(e, fnl_put_long(p, m->amount_minor), fnl_span_of(m->currency, len));
}

static inline uint8_t *encode_within(struct encoder *e, uint8_t *p, int64_t v, int64_t min, int64_t max)
{
	return v < min || v > max ? refuse(e, FNL_E_INVALID) : fnl_put_long(p, v);
}

static uint8_t *encode_list(struct encoder *e, uint8_t *p, const struct fnl_field_desc *f, struct fnl_list list);

/* kind: the field's, or that of its items. There is room for a number. */
static inline uint8_t *encode_value(struct encoder *e, uint8_t *p, enum fnl_kind kind, const struct fnl_field_desc *f,
                                    const struct fnl_value *v)
{
	switch (kind) {
	case FNL_KIND_BOOL:
		*p = v->i64 != 0;
		return p + 1;
	case FNL_KIND_INT:
	case FNL_KIND_DATE:
		return encode_within(e, p, v->i64, INT32_MIN, INT32_MAX);
	case FNL_KIND_LONG:
	case FNL_KIND_TIMESTAMP:
		return fnl_put_long(p, v->i64);
	case FNL_KIND_ENUM:
		return encode_within(e, p, v->i64, 0, (int64_t)f->symbol_count - 1);
	case FNL_KIND_STRING:
		return encode_string(e, p, v->str);
	case FNL_KIND_MONEY:
		return encode_money(e, p, &v->money);
	case FNL_KIND_RECORD:
		return v->list.count == f->record->field_count ? encode_record(e, p, f->record, v->list.items)
		                                               : refuse(e, FNL_E_INVALID);
	case FNL_KIND_LIST:
		return encode_list(e, p, f, v->list);
	}
	return refuse(e, FNL_E_INVALID);
}

/* One block with all items, then the block of none. */
FNL_SELDOM static uint8_t *encode_list(struct encoder *e, uint8_t *p, const struct fnl_field_desc *f,
                                       struct fnl_list list)
{
	enum fnl_kind kind = f->item_kind;
	if (kind == FNL_KIND_LIST) {
		return refuse(e, FNL_E_INVALID);
	}
	if (list.count > FNL_RECORD_LIST_ITEMS_MAX) {
		return refuse(e, FNL_E_LIMIT);
	}
	if (list.count) {
		p = fnl_put_long(p, (int64_t)list.count);
	}
	for (size_t i = 0; p && i < list.count; i++) {
		const struct fnl_value *v = &list.items[i];
		p = room(e, p, ROOM);
		p = !p ? NULL : v->set ? encode_value(e, p, kind, f, v) : refuse(e, FNL_E_INVALID);
	}
	p = p ? room(e, p, ROOM) : NULL;
	return p ? fnl_put_long(p, 0) : NULL;
}

static uint8_t *encode_record(struct encoder *e, uint8_t *p, const struct fnl_record_desc *d,
                              const struct fnl_value *values)
{
	const struct fnl_field_desc *f = d->fields;
	const struct fnl_field_desc *last = f + d->field_count;
	for (const struct fnl_value *v = values; p && f != last; f++, v++) {
		p = room(e, p, ROOM);
		if (!p) {
			return NULL;
		}
		if (f->nullable) {
			*p++ = v->set ? SECOND_OF_UNION : 0;
		} else if (!v->set) {
			return refuse(e, FNL_E_INVALID);
		}
		if (v->set) {
			p = encode_value(e, p, f->kind, f, v);
		}
	}
	return p;
}

int fnl_record_encode(const struct fnl_record_desc *d, const struct fnl_value *values, struct fnl_writer *w)
{
	struct encoder e = {.w = w};
	uint8_t *p = fnl_writer_room(w, ROOM);
	e.end = p ? w->data + w->capacity : NULL;
	p = p ? encode_record(&e, p, d, values) : refuse(&e, FNL_E_NOMEM);
	w->len = p ? (size_t)(p - w->data) : w->len;
	return p ? 0 : e.code;
}
