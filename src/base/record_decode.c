/* Reading a record: nothing that the bytes say about themselves is believed before it is checked. */
#include "funneld/base/record.h"

struct decoder {
	struct fnl_reader r;
	struct fnl_arena *arena;
	const struct fnl_record_desc *desc; /* the record being read: for the message */
	const struct fnl_field_desc *field;
	struct fnl_error *why;
};

static const char CUT[] = "the number is cut or too long";

static int refuse(struct decoder *d, int code, const char *what)
{
	return fnl_fail(d->why, code, "%s.%s: %s", d->desc->name, d->field->name, what);
}

/* The first `count` fields. */
static int decode_fields(struct decoder *d, const struct fnl_record_desc *desc, size_t count, struct fnl_value *values);

static inline int decode_int(struct decoder *d, int64_t min, int64_t max, const char *what, int64_t *ret)
{
	int64_t v = fnl_read_long(&d->r);
	if (d->r.bad) {
		return refuse(d, FNL_E_INVALID, CUT);
	}
	if (v < min || v > max) {
		return refuse(d, FNL_E_INVALID, what);
	}
	*ret = v;
	return FNL_OK;
}

static int decode_bool(struct decoder *d, struct fnl_value *v)
{
	uint8_t b = fnl_read_u8(&d->r);
	if (d->r.bad || b > 1) {
		return refuse(d, FNL_E_INVALID, "a boolean is 0 or 1");
	}
	v->i64 = b;
	return FNL_OK;
}

static int decode_string(struct decoder *d, struct fnl_span *ret)
{
	struct fnl_span s = fnl_read_string(&d->r);
	if (d->r.bad) {
		return refuse(d, FNL_E_INVALID, "the string's length is negative or beyond the end");
	}
	if (s.len > FNL_RECORD_STRING_BYTES_MAX) {
		return refuse(d, FNL_E_LIMIT, "the string is too long");
	}
	if (!fnl_span_utf8_valid(s)) {
		return refuse(d, FNL_E_INVALID, "the string is not UTF-8");
	}
	*ret = s;
	return FNL_OK;
}

static int decode_money(struct decoder *d, struct fnl_value *v)
{
	struct fnl_money m = {0};
	struct fnl_span currency;
	int r = decode_int(d, INT64_MIN, INT64_MAX, "", &m.amount_minor);
	if (r < 0) {
		return r;
	}
	r = decode_string(d, &currency);
	if (r < 0) {
		return r;
	}
	bool ok = currency.len == sizeof(m.currency) - 1;
	for (size_t i = 0; ok && i < currency.len; i++) {
		ok = currency.data[i] >= 'A' && currency.data[i] <= 'Z';
	}
	if (!ok) {
		return refuse(d, FNL_E_INVALID, "a currency is three capital letters");
	}
	memcpy(m.currency, currency.data, currency.len);
	v->money = m;
	return FNL_OK;
}

static int decode_nested(struct decoder *d, struct fnl_value *v)
{
	const struct fnl_record_desc *outer = d->desc;
	const struct fnl_field_desc *field = d->field;
	size_t count = field->record->field_count;
	struct fnl_value *values = fnl_arena_calloc(d->arena, count, sizeof(*values));
	if (!values) {
		return refuse(d, FNL_E_NOMEM, "no memory");
	}
	int r = decode_fields(d, field->record, count, values);
	d->desc = outer;
	d->field = field;
	v->list = (struct fnl_list){values, count};
	return r;
}

static int decode_list(struct decoder *d, struct fnl_value *v);

static int decode_value(struct decoder *d, enum fnl_kind kind, struct fnl_value *v)
{
	v->set = true;
	switch (kind) {
	case FNL_KIND_BOOL:
		return decode_bool(d, v);
	case FNL_KIND_INT:
	case FNL_KIND_DATE:
		return decode_int(d, INT32_MIN, INT32_MAX, "the number is beyond 32 bits", &v->i64);
	case FNL_KIND_LONG:
	case FNL_KIND_TIMESTAMP:
		return decode_int(d, INT64_MIN, INT64_MAX, "", &v->i64);
	case FNL_KIND_ENUM:
		return decode_int(d, 0, (int64_t)d->field->symbol_count - 1, "no such symbol", &v->i64);
	case FNL_KIND_STRING:
		return decode_string(d, &v->str);
	case FNL_KIND_MONEY:
		return decode_money(d, v);
	case FNL_KIND_RECORD:
		return decode_nested(d, v);
	case FNL_KIND_LIST:
		return decode_list(d, v);
	}
	return refuse(d, FNL_E_UNSUPPORTED, "a kind that the decoder does not know");
}

/* The next block's item count; 0 ends the list. A negative count is followed by the block's size in bytes. */
static int decode_block_count(struct decoder *d, size_t have, size_t *ret)
{
	int64_t count = fnl_read_long(&d->r);
	if (!d->r.bad && count < 0) {
		int64_t bytes = fnl_read_long(&d->r);
		if (bytes < 0 || (!d->r.bad && (uint64_t)bytes > fnl_reader_left(&d->r))) {
			return refuse(d, FNL_E_INVALID, "a list's block is longer than the input");
		}
		count = count == INT64_MIN ? INT64_MAX : -count;
	}
	if (d->r.bad) {
		return refuse(d, FNL_E_INVALID, "the list is cut");
	}
	if ((uint64_t)count > FNL_RECORD_LIST_ITEMS_MAX - have) {
		return refuse(d, FNL_E_LIMIT, "the list has too many items");
	}
	*ret = (size_t)count;
	return FNL_OK;
}

static int decode_list(struct decoder *d, struct fnl_value *v)
{
	struct fnl_value *items = NULL;
	size_t count = 0;

	for (;;) {
		size_t block = 0;
		int r = decode_block_count(d, count, &block);
		if (r < 0) {
			return r;
		}
		if (block == 0) {
			break;
		}
		struct fnl_value *grown = fnl_arena_calloc(d->arena, count + block, sizeof(*grown));
		if (!grown) {
			return refuse(d, FNL_E_NOMEM, "no memory");
		}
		if (count) {
			memcpy(grown, items, count * sizeof(*items));
		}
		items = grown;
		for (size_t end = count + block; count < end; count++) {
			r = d->field->item_kind == FNL_KIND_LIST ? refuse(d, FNL_E_UNSUPPORTED, "a list of lists")
			                                         : decode_value(d, d->field->item_kind, &items[count]);
			if (r < 0) {
				return r;
			}
		}
	}
	v->list = (struct fnl_list){items, count};
	return FNL_OK;
}

static int decode_fields(struct decoder *d, const struct fnl_record_desc *desc, size_t count, struct fnl_value *values)
{
	d->desc = desc;
	for (size_t i = 0; i < count; i++) {
		const struct fnl_field_desc *f = &desc->fields[i];
		d->field = f;
		if (f->nullable) {
			if (d->r.at != d->r.end && *d->r.at == 0) { /* null, as most are */
				d->r.at++;
				values[i] = (struct fnl_value){0};
				continue;
			}
			int64_t branch = fnl_read_long(&d->r);
			if (d->r.bad || branch < 0 || branch > 1) {
				return refuse(d, FNL_E_INVALID, d->r.bad ? CUT : "no such branch of the union");
			}
			if (branch == 0) {
				values[i] = (struct fnl_value){0};
				continue;
			}
		}
		int r = decode_value(d, f->kind, &values[i]);
		if (r < 0) {
			return r;
		}
	}
	return FNL_OK;
}

int fnl_record_decode(const struct fnl_record_desc *d, struct fnl_span body, struct fnl_arena *arena,
                      struct fnl_value *ret_values, struct fnl_error *why)
{
	struct fnl_value values[FNL_RECORD_FIELDS_MAX];
	struct decoder decoder = {.r = fnl_reader_of(body), .arena = arena, .why = why};

	if (d->field_count > FNL_RECORD_FIELDS_MAX) {
		return fnl_fail(why, FNL_E_ARGUMENT, "%s: a record has at most %d fields", d->name, FNL_RECORD_FIELDS_MAX);
	}
	int r = decode_fields(&decoder, d, d->field_count, values);
	if (r < 0) {
		return r;
	}
	if (fnl_reader_left(&decoder.r) != 0) {
		return fnl_fail(why, FNL_E_INVALID, "%s: bytes are left after the last field", d->name);
	}
	memcpy(ret_values, values, d->field_count * sizeof(*values));
	return FNL_OK;
}

int fnl_record_decode_head(const struct fnl_record_desc *d, struct fnl_span body, size_t count, struct fnl_arena *arena,
                           struct fnl_value *ret_values, struct fnl_error *why)
{
	struct fnl_value values[FNL_RECORD_FIELDS_MAX];
	struct decoder decoder = {.r = fnl_reader_of(body), .arena = arena, .why = why};

	if (count > d->field_count || count > FNL_RECORD_FIELDS_MAX) {
		return fnl_fail(why, FNL_E_ARGUMENT, "%s: there are no %zu fields", d->name, count);
	}
	int r = decode_fields(&decoder, d, count, values);
	if (r == 0) {
		memcpy(ret_values, values, count * sizeof(*values));
	}
	return r;
}
