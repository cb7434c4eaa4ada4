/* Records as JSON text, for tools and people. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec_avro.h"

static json_t *record_json(const struct fnl_record_desc *desc, const struct fnl_value *values, struct fnl_arena *arena);

static json_t *text_json(struct fnl_span s)
{
	return json_stringn(s.data ? (const char *)s.data : "", s.len);
}

static json_t *timestamp_json(int64_t ms, struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_rfc3339(&w, ms);
	struct fnl_span s = fnl_writer_span(&w);
	return fnl_span_is_none(s) ? NULL : text_json(s);
}

/* Days to the civil calendar; 32 bits of days are years -5877641 to 5881580. */
static json_t *date_json(int64_t days)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097, yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	int64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
	char text[64];
	int64_t year = yoe + era * 400 + (month <= 2);
	snprintf(text, sizeof(text), "%04" PRId64 "-%02" PRId64 "-%02" PRId64, year, month, day);
	return json_string(text);
}

static json_t *money_json(const struct fnl_money *m)
{
	return json_pack("{s:I, s:o}", "amount_minor", (json_int_t)m->amount_minor, "currency",
	                 json_stringn(m->currency, strnlen(m->currency, sizeof(m->currency))));
}

static json_t *value_json(const struct fnl_field_desc *f, enum fnl_kind kind, const struct fnl_value *v,
                          struct fnl_arena *arena)
{
	if (!v->set) {
		return json_null();
	}
	switch (kind) {
	case FNL_KIND_BOOL:
		return json_boolean(v->i64 != 0);
	case FNL_KIND_INT:
	case FNL_KIND_LONG:
		return json_integer(v->i64);
	case FNL_KIND_DATE:
		return date_json(v->i64);
	case FNL_KIND_TIMESTAMP:
		return timestamp_json(v->i64, arena);
	case FNL_KIND_STRING:
		return text_json(v->str);
	case FNL_KIND_ENUM:
		return v->i64 >= 0 && (uint64_t)v->i64 < f->symbol_count ? json_string(f->symbols[v->i64]) : json_null();
	case FNL_KIND_MONEY:
		return money_json(&v->money);
	case FNL_KIND_RECORD:
		return record_json(f->record, v->list.items, arena);
	case FNL_KIND_LIST:
		break;
	}
	json_t *list = json_array();
	for (size_t i = 0; list && i < v->list.count; i++) {
		/* Takes the item, also when it fails. */
		if (json_array_append_new(list, value_json(f, f->item_kind, &v->list.items[i], arena)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *record_json(const struct fnl_record_desc *desc, const struct fnl_value *values, struct fnl_arena *arena)
{
	json_t *object = json_object();
	for (size_t i = 0; object && i < desc->field_count; i++) {
		const struct fnl_field_desc *f = &desc->fields[i];
		if (json_object_set_new(object, f->name, value_json(f, f->kind, &values[i], arena)) != 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

int fnl_record_to_json(const struct fnl_decoded *d, struct fnl_arena *arena, struct fnl_span *ret)
{
	json_t *object = record_json(d->desc, d->values, arena);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	if (!text) {
		return FNL_E_NOMEM;
	}
	struct fnl_span out = fnl_arena_dup(arena, fnl_span_str(text));
	free(text);
	if (fnl_span_is_none(out)) {
		return FNL_E_NOMEM;
	}
	*ret = out;
	return 0;
}
