/* What an input may say: found out before anything is decided, so that nothing half-right is ever stored. */
#include "funneld/core/money.h"
#include "values_internal.h"

enum {
	TEXT_BYTES_MAX = 256,
	TASK_ID_BYTES_MAX = 140,    /* a prospect's id, '#', a number of 32 bits */
	REQUEST_ID_BYTES_MAX = 150, /* a notice's id, '|', a number of 64 bits */
	YEAR_MIN = 1970,
	YEAR_MAX = 2199
};

#define TIMESTAMP_MS_END INT64_C(7258118400000) /* 2200-01-01T00:00Z */
#define DATE_DAYS_END INT64_C(84006)            /* the same day */

struct place {
	const struct fnl_record_desc *desc;
	const struct fnl_field_desc *field;
	struct fnl_error *why;
};

static int check_text(const struct place *p, struct fnl_span s, size_t bytes_max)
{
	if (s.len > bytes_max) {
		return fnl_fail(p->why, FNL_E_LIMIT, "%s.%s has %zu bytes, allowed are %zu", p->desc->name, p->field->name,
		                s.len, bytes_max);
	}
	if (!fnl_span_utf8_valid(s)) {
		return fnl_fail(p->why, FNL_E_INVALID, "%s.%s is not UTF-8", p->desc->name, p->field->name);
	}
	return FNL_OK;
}

/* also: a byte that is allowed beside what an id has; 0: none. */
static int check_id(const struct place *p, struct fnl_span s, size_t bytes_max, uint8_t also)
{
	int r = check_text(p, s, bytes_max);
	if (r < 0) {
		return r;
	}
	if (s.len == 0) {
		return fnl_fail(p->why, FNL_E_INVALID, "%s.%s is empty", p->desc->name, p->field->name);
	}
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] < 0x20 || s.data[i] == 0x7f || (s.data[i] == '|' && also != '|')) {
			return fnl_fail(p->why, FNL_E_INVALID, "%s.%s has the byte 0x%02x at %zu: an id has no controls and no '|'",
			                p->desc->name, p->field->name, s.data[i], i);
		}
	}
	return FNL_OK;
}

/* "rep:" and an id, or the pool. */
static int check_book(const struct place *p, struct fnl_span s)
{
	static const char rep[] = "rep:";
	size_t rep_len = sizeof(rep) - 1;
	if (fnl_span_eq(s, FNL_SPAN_LIT("pool:UNASSIGNED"))) {
		return FNL_OK;
	}
	int r = check_id(p, s, rep_len + FNL_ID_BYTES_MAX, 0);
	if (r == 0 && (s.len <= rep_len || memcmp(s.data, rep, rep_len) != 0)) {
		return fnl_fail(p->why, FNL_E_INVALID, "%s.%s is neither a rep's book nor the pool", p->desc->name,
		                p->field->name);
	}
	return r;
}

static int check_currency(const struct place *p, struct fnl_span s)
{
	struct fnl_money m = {0};
	struct fnl_error inner;
	if (s.len != 3) {
		return fnl_fail(p->why, FNL_E_INVALID, "%s.%s: a currency has three letters", p->desc->name, p->field->name);
	}
	memcpy(m.currency, s.data, s.len);
	int r = fnl_money_check(m, &inner);
	return r < 0 ? fnl_fail(p->why, r, "%s.%s: %s", p->desc->name, p->field->name, inner.text) : FNL_OK;
}

static int check_string(const struct place *p, struct fnl_span s)
{
	switch (p->field->bound) {
	case FNL_BOUND_ID:
		return check_id(p, s, FNL_ID_BYTES_MAX, 0);
	case FNL_BOUND_TASK_ID:
		return check_id(p, s, TASK_ID_BYTES_MAX, 0);
	case FNL_BOUND_REQUEST_ID:
		return check_id(p, s, REQUEST_ID_BYTES_MAX, '|');
	case FNL_BOUND_BOOK:
		return check_book(p, s);
	case FNL_BOUND_CURRENCY:
		return check_currency(p, s);
	default:
		return check_text(p, s, TEXT_BYTES_MAX);
	}
}

static int check_range(const struct place *p, int64_t v, int64_t min, int64_t max, const char *unit)
{
	if (v < min || v > max) {
		return fnl_fail(p->why, FNL_E_LIMIT, "%s.%s is %lld, allowed is %lld to %lld%s", p->desc->name, p->field->name,
		                (long long)v, (long long)min, (long long)max, unit);
	}
	return FNL_OK;
}

/* min, max: of the kind. */
static int check_number(const struct place *p, int64_t v, int64_t min, int64_t max)
{
	switch (p->field->bound) {
	case FNL_BOUND_BASIS_POINTS:
		return check_range(p, v, 0, FNL_BP_ONE, " basis points");
	case FNL_BOUND_YEAR:
		return check_range(p, v, YEAR_MIN, YEAR_MAX, "");
	case FNL_BOUND_COUNT:
		return check_range(p, v, 0, max, "");
	case FNL_BOUND_ORDINAL:
		return check_range(p, v, 1, max, "");
	default:
		return check_range(p, v, min, max, "");
	}
}

static int check_amount(const struct place *p, struct fnl_money m)
{
	struct fnl_error inner;
	int r = fnl_money_check(m, &inner);
	return r < 0 ? fnl_fail(p->why, r, "%s.%s: %s", p->desc->name, p->field->name, inner.text) : FNL_OK;
}

static int check_list(const struct place *p, struct fnl_list list);

static int check_value(const struct place *p, enum fnl_kind kind, const struct fnl_value *v)
{
	switch (kind) {
	case FNL_KIND_BOOL:
		return FNL_OK;
	case FNL_KIND_INT:
		return check_number(p, v->i64, INT32_MIN, INT32_MAX);
	case FNL_KIND_LONG:
		return check_number(p, v->i64, INT64_MIN, INT64_MAX);
	case FNL_KIND_DATE:
		return check_range(p, v->i64, 0, DATE_DAYS_END - 1, " days since 1970-01-01 (the years 1970 to 2199)");
	case FNL_KIND_TIMESTAMP:
		return check_range(p, v->i64, 0, TIMESTAMP_MS_END - 1, " ms since 1970-01-01T00:00Z (the years 1970 to 2199)");
	case FNL_KIND_ENUM:
		return check_range(p, v->i64, 0, (int64_t)p->field->symbol_count - 1, "");
	case FNL_KIND_STRING:
		return check_string(p, v->str);
	case FNL_KIND_MONEY:
		return check_amount(p, v->money);
	case FNL_KIND_RECORD:
		return fnl_input_check(p->field->record, v->list.items, p->why);
	case FNL_KIND_LIST:
		return check_list(p, v->list);
	}
	return FNL_OK;
}

static int check_list(const struct place *p, struct fnl_list list)
{
	if (list.count > FNL_RECORD_LIST_ITEMS_MAX) {
		return fnl_fail(p->why, FNL_E_LIMIT, "%s.%s has %zu items, allowed are %d", p->desc->name, p->field->name,
		                list.count, FNL_RECORD_LIST_ITEMS_MAX);
	}
	for (size_t i = 0; i < list.count; i++) {
		int r = check_value(p, p->field->item_kind, &list.items[i]);
		if (r < 0) {
			return r;
		}
	}
	return FNL_OK;
}

int fnl_input_check(const struct fnl_record_desc *desc, const struct fnl_value *values, struct fnl_error *why)
{
	for (size_t i = 0; i < desc->field_count; i++) {
		struct place p = {desc, &desc->fields[i], why};
		if (!values[i].set) {
			if (!p.field->nullable) {
				return fnl_fail(why, FNL_E_INVALID, "%s.%s is missing", desc->name, p.field->name);
			}
			continue;
		}
		int r = check_value(&p, p.field->kind, &values[i]);
		if (r < 0) {
			return r;
		}
	}
	return FNL_OK;
}
