/* Reading a record: nothing that the bytes say about themselves is believed before it is checked. */
#include "funneld/base/record.h"

/* The place in the input is not kept here but handed from function to function, so that it stays in a register; NULL is
 * a refusal. */
struct decoder {
	const uint8_t *end;
	struct fnl_arena *arena;
	const struct fnl_record_desc *desc; /* the record being read: for the message */
	const struct fnl_field_desc *field;
	struct fnl_error *why;
	int code; /* of the refusal */
};

enum { SECOND_OF_UNION = 2 }; /* the branch 1 in zig-zag */

static const char CUT[] = "the number is cut or too long";

static const uint8_t *refuse(struct decoder *d, int code, const char *what)
{
	d->code = fnl_fail(d->why, code, "%s.%s: %s", d->desc->name, d->field->name, what);
	return NULL;
}

/* The first `count` fields. */
static const uint8_t *decode_fields(struct decoder *d, const uint8_t *at, const struct fnl_record_desc *desc,
                                    size_t count, struct fnl_value *values);

static inline const uint8_t *decode_int(struct decoder *d, const uint8_t *at, int64_t min, int64_t max,
                                        const char *what, int64_t *ret)
{
	const uint8_t *next = fnl_scan_long(at, d->end, ret);
	if (!next) {
		return refuse(d, FNL_E_INVALID, CUT);
	}
	return *ret < min || *ret > max ? refuse(d, FNL_E_INVALID, what) : next;
}

FNL_SELDOM static const uint8_t *decode_bool(struct decoder *d, const uint8_t *at, struct fnl_value *v)
{
	if (at == d->end || *at > 1) {
		return refuse(d, FNL_E_INVALID, "a boolean is 0 or 1");
	}
	v->i64 = *at;
	return at + 1;
}

FNL_SELDOM static const uint8_t *decode_string(struct decoder *d, const uint8_t *at, struct fnl_span *ret)
{
	int64_t n = 0;
	const uint8_t *text = fnl_scan_long(at, d->end, &n);
	if (!text || n < 0 || n > d->end - text) {
		return refuse(d, FNL_E_INVALID, "the string's length is negative or beyond the end");
	}
	if (n > FNL_RECORD_STRING_BYTES_MAX) {
		return refuse(d, FNL_E_LIMIT, "the string is too long");
	}
	*ret = fnl_span_of(text, (size_t)n);
	return fnl_span_utf8_valid(*ret) ? text + n : refuse(d, FNL_E_INVALID, "the string is not UTF-8");
}

FNL_SELDOM static const uint8_t *decode_money(struct decoder *d, const uint8_t *at, struct fnl_value *v)
{
	struct fnl_money *m = &v->money;
	struct fnl_span currency = FNL_SPAN_NONE;
	const uint8_t *next = decode_int(d, at, INT64_MIN, INT64_MAX, "", &m->amount_minor);
	next = next ? decode_string(d, next, &currency) : NULL;
	if (!next) {
		return NULL;
	}
	bool ok = currency.len == sizeof(m->currency) - 1;
	for (size_t i = 0; ok && i < currency.len; i++) {
		ok = currency.data[i] >= 'A' && currency.data[i] <= 'Z';
	}
	if (!ok) {
		return refuse(d, FNL_E_INVALID, "a currency is three capital letters");
	}
	memcpy(m->currency, currency.data, sizeof(m->currency) - 1);
	m->currency[sizeof(m->currency) - 1] = '\0';
	return next;
}

FNL_SELDOM static const uint8_t *decode_nested(struct decoder *d, const uint8_t *at, struct fnl_value *v)
{
	const struct fnl_record_desc *outer = d->desc;
	const struct fnl_field_desc *field = d->field;
	size_t count = field->record->field_count;
	struct fnl_value *values = fnl_arena_alloc(d->arena, count * sizeof(*values));
	if (!values) {
		return refuse(d, FNL_E_NOMEM, "no memory");
	}
	const uint8_t *next = decode_fields(d, at, field->record, count, values);
	d->desc = outer;
	d->field = field;
	v->list = (struct fnl_list){values, count};
	return next;
}

static const uint8_t *decode_list(struct decoder *d, const uint8_t *at, struct fnl_value *v);

/* A number of one byte, which needs no further look: as most that are not null. */
static inline bool is_short_number(enum fnl_kind kind, const uint8_t *at, const uint8_t *end)
{
	return kind >= FNL_KIND_INT && kind <= FNL_KIND_TIMESTAMP && at != end && *at < 0x80;
}

static inline const uint8_t *take_short_number(const uint8_t *at, struct fnl_value *v)
{
	v->set = true;
	v->i64 = (int64_t)(*at >> 1) ^ -(int64_t)(*at & 1);
	return at + 1;
}

FNL_SELDOM static const uint8_t *decode_value(struct decoder *d, const uint8_t *at, enum fnl_kind kind,
                                              struct fnl_value *v)
{
	v->set = true;
	switch (kind) {
	case FNL_KIND_BOOL:
		return decode_bool(d, at, v);
	case FNL_KIND_INT:
	case FNL_KIND_DATE:
		return decode_int(d, at, INT32_MIN, INT32_MAX, "the number is beyond 32 bits", &v->i64);
	case FNL_KIND_LONG:
	case FNL_KIND_TIMESTAMP:
		return decode_int(d, at, INT64_MIN, INT64_MAX, "", &v->i64);
	case FNL_KIND_ENUM:
		return decode_int(d, at, 0, (int64_t)d->field->symbol_count - 1, "no such symbol", &v->i64);
	case FNL_KIND_STRING:
		return decode_string(d, at, &v->str);
	case FNL_KIND_MONEY:
		return decode_money(d, at, v);
	case FNL_KIND_RECORD:
		return decode_nested(d, at, v);
	case FNL_KIND_LIST:
		return decode_list(d, at, v);
	}
	return refuse(d, FNL_E_UNSUPPORTED, "a kind that the decoder does not know");
}

/* The next block's item count; 0 ends the list. A negative count is followed by the block's size in bytes. */
static const uint8_t *decode_block_count(struct decoder *d, const uint8_t *at, size_t have, size_t *ret)
{
	int64_t count = 0;
	const uint8_t *next = fnl_scan_long(at, d->end, &count);
	if (next && count < 0) {
		int64_t bytes = 0;
		next = fnl_scan_long(next, d->end, &bytes);
		if (next && (bytes < 0 || bytes > d->end - next)) {
			return refuse(d, FNL_E_INVALID, "a list's block is longer than the input");
		}
		count = count == INT64_MIN ? INT64_MAX : -count;
	}
	if (!next) {
		return refuse(d, FNL_E_INVALID, "the list is cut");
	}
	if ((uint64_t)count > FNL_RECORD_LIST_ITEMS_MAX - have) {
		return refuse(d, FNL_E_LIMIT, "the list has too many items");
	}
	*ret = (size_t)count;
	return next;
}

static const uint8_t *decode_items(struct decoder *d, const uint8_t *at, size_t count, struct fnl_value *items)
{
	enum fnl_kind kind = d->field->item_kind;
	const uint8_t *end = d->end;
	if (kind == FNL_KIND_LIST) {
		return refuse(d, FNL_E_UNSUPPORTED, "a list of lists");
	}
	for (size_t i = 0; at && i < count; i++) {
		at = is_short_number(kind, at, end) ? take_short_number(at, &items[i]) : decode_value(d, at, kind, &items[i]);
	}
	return at;
}

FNL_SELDOM static const uint8_t *decode_list(struct decoder *d, const uint8_t *at, struct fnl_value *v)
{
	struct fnl_value *items = NULL;
	size_t count = 0;

	for (;;) {
		size_t block = 0;
		at = decode_block_count(d, at, count, &block);
		if (!at || block == 0) {
			break;
		}
		struct fnl_value *grown = fnl_arena_alloc(d->arena, (count + block) * sizeof(*grown));
		if (!grown) {
			return refuse(d, FNL_E_NOMEM, "no memory");
		}
		if (count) {
			memcpy(grown, items, count * sizeof(*items));
		}
		items = grown;
		at = decode_items(d, at, block, items + count);
		if (!at) {
			break;
		}
		count += block;
	}
	v->list = (struct fnl_list){items, count};
	return at;
}

/* Whether a nullable field has a value: where it begins, or behind the null. */
static const uint8_t *decode_branch(struct decoder *d, const uint8_t *at, int64_t *ret_branch)
{
	const uint8_t *next = fnl_scan_long(at, d->end, ret_branch);
	if (!next) {
		return refuse(d, FNL_E_INVALID, CUT);
	}
	return *ret_branch < 0 || *ret_branch > 1 ? refuse(d, FNL_E_INVALID, "no such branch of the union") : next;
}

static const uint8_t *decode_fields(struct decoder *d, const uint8_t *at, const struct fnl_record_desc *desc,
                                    size_t count, struct fnl_value *values)
{
	const struct fnl_field_desc *f = desc->fields;
	const struct fnl_field_desc *last = f + count;
	struct fnl_value *v = values;
	const uint8_t *end = d->end;
	d->desc = desc;
	for (; at && f != last; f++, v++) {
		while (f->nullable && at != end && *at == 0) { /* null, as most are */
			*v++ = (struct fnl_value){0};
			at++;
			if (++f == last) {
				return at;
			}
		}
		int64_t branch = 1;
		d->field = f;
		if (f->nullable) {
			at = at != end && *at == SECOND_OF_UNION ? at + 1 : decode_branch(d, at, &branch);
		}
		if (!at || branch == 0) {
			*v = (struct fnl_value){0};
		} else {
			at = is_short_number(f->kind, at, end) ? take_short_number(at, v) : decode_value(d, at, f->kind, v);
		}
	}
	return at;
}

/* An absent body is an empty one: NULL is a refusal. */
static const uint8_t *decode_body(struct decoder *d, struct fnl_span body, const struct fnl_record_desc *desc,
                                  size_t count, struct fnl_value *values)
{
	static const uint8_t nothing[1];
	const uint8_t *at = body.data ? body.data : nothing;
	d->end = at + (body.data ? body.len : 0);
	return decode_fields(d, at, desc, count, values);
}

int fnl_record_decode(const struct fnl_record_desc *d, struct fnl_span body, struct fnl_arena *arena,
                      struct fnl_value *values, struct fnl_error *why)
{
	struct decoder decoder = {.arena = arena, .why = why};
	if (d->field_count > FNL_RECORD_FIELDS_MAX) {
		return fnl_fail(why, FNL_E_ARGUMENT, "%s: a record has at most %d fields", d->name, FNL_RECORD_FIELDS_MAX);
	}
	const uint8_t *at = decode_body(&decoder, body, d, d->field_count, values);
	if (!at) {
		return decoder.code;
	}
	return at == decoder.end ? 0 : fnl_fail(why, FNL_E_INVALID, "%s: bytes are left after the last field", d->name);
}

int fnl_record_decode_head(const struct fnl_record_desc *d, struct fnl_span body, size_t count, struct fnl_arena *arena,
                           struct fnl_value *values, struct fnl_error *why)
{
	struct decoder decoder = {.arena = arena, .why = why};
	if (count > d->field_count) {
		return fnl_fail(why, FNL_E_ARGUMENT, "%s: there are no %zu fields", d->name, count);
	}
	return decode_body(&decoder, body, d, count, values) ? 0 : decoder.code;
}
