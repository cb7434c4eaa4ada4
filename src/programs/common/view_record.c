#include "view_record.h"

#include "funneld/adapters/avro.h"

enum { E4_DIGITS = 4 };

int fnl_view_row_decode(const struct fnl_row_entry *row, const struct fnl_record_desc *d, struct fnl_arena *arena,
                        struct fnl_view_row *ret, struct fnl_error *why)
{
	struct fnl_view_row r = {.row = row, .decoded = {d, NULL}};
	if (!row) {
		*ret = r;
		return 0;
	}
	r.decoded.values = fnl_arena_calloc(arena, d->field_count, sizeof(*r.decoded.values));
	if (!r.decoded.values) {
		return fnl_fail(why, FNL_E_NOMEM, "out of memory");
	}
	int status = fnl_rows_decode(row, d, arena, r.decoded.values, why);
	if (status == 0) {
		*ret = r;
	}
	return status;
}

json_t *fnl_view_row_json(const struct fnl_view_row *r, struct fnl_arena *arena)
{
	struct fnl_span text;
	if (fnl_record_to_json(&r->decoded, arena, &text)) {
		return NULL;
	}
	return json_loadb((const char *)text.data, text.len, 0, NULL);
}

int fnl_view_row_place_json(const struct fnl_view_row *r, json_t *object)
{
	char committed_at[FNL_TEXT_BYTES];
	fnl_text_rfc3339(r->row->timestamp_ms, committed_at);
	return object && json_object_set_new(object, "partition", json_integer(r->row->partition)) == 0 &&
	               json_object_set_new(object, "offset", json_integer((json_int_t)r->row->offset)) == 0 &&
	               json_object_set_new(object, "committed_at", json_string(committed_at)) == 0
	           ? 0
	           : FNL_E_NOMEM;
}

int fnl_view_json_write(json_t *o, FILE *out, struct fnl_error *why)
{
	bool failed = !o || json_dumpf(o, out, JSON_COMPACT) || fputc('\n', out) == EOF;
	json_decref(o);
	return failed ? fnl_fail(why, FNL_E_IO, "the answer could not be written") : 0;
}

void fnl_text_exact(__int128 e4, const char currency[4], char ret[FNL_TEXT_BYTES])
{
	char digits[FNL_TEXT_BYTES] = "", whole[FNL_TEXT_BYTES];
	int places = fnl_currency_digits(currency) + E4_DIGITS;
	unsigned __int128 v = e4 < 0 ? -(unsigned __int128)e4 : (unsigned __int128)e4;
	for (int i = places; i-- > 0; v /= 10) {
		digits[i] = (char)('0' + (int)(v % 10));
	}
	while (places > fnl_currency_digits(currency) && digits[places - 1] == '0') {
		places--;
	}
	fnl_text_count((uint64_t)v, whole);
	snprintf(ret, FNL_TEXT_BYTES, "%s%.40s%s%.*s", e4 < 0 ? "-" : "", whole, places ? "." : "", places, digits);
}

void fnl_view_heading(const struct fnl_canvas *c, const char *text)
{
	fprintf(c->out, "\n%s%s%s\n", fnl_style_on(c, FNL_BOLD), text, fnl_style_off(c));
}

void fnl_view_line(const struct fnl_canvas *c, const char *name, const char *text)
{
	fprintf(c->out, "  %s%-22s%s %s\n", fnl_style_on(c, FNL_DIM), name, fnl_style_off(c), text);
}

void fnl_view_field_line(const struct fnl_canvas *c, const struct fnl_decoded *d, size_t field)
{
	char text[FNL_VALUE_TEXT_BYTES];
	const struct fnl_field_desc *f = &d->desc->fields[field];
	const struct fnl_value *v = &d->values[field];
	if (v->set && (f->kind != FNL_KIND_LIST || v->list.count > 0)) {
		fnl_value_text(f, v, text);
		fnl_view_line(c, f->name, text);
	}
}

void fnl_view_place_line(const struct fnl_canvas *c, const struct fnl_row_entry *row)
{
	char text[FNL_TEXT_BYTES];
	char where[2 * FNL_TEXT_BYTES];
	fnl_text_time(row->timestamp_ms, text);
	snprintf(where, sizeof(where), "%d, offset %lld, committed %s", row->partition, (long long)row->offset, text);
	fnl_view_line(c, "partition", where);
}
