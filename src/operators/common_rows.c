/* Rows to bytes and back: Confluent's frame, then our own schema's Avro body. */
#include "common.h"

enum { ROW_BYTES = 512 }; /* most are shorter, so they are written in one piece */

int fnl_row_encode(const struct fnl_row_type *type, const struct fnl_value *values, struct fnl_arena *arena,
                   struct fnl_span *ret)
{
	struct fnl_writer w = fnl_writer_sized(arena, ROW_BYTES);
	fnl_write_u8(&w, 0);
	fnl_write_be32(&w, type->schema_id);
	int rc = fnl_record_encode(type->desc, values, &w);
	if (rc) {
		return rc;
	}
	struct fnl_span s = fnl_writer_span(&w);
	if (fnl_span_is_none(s)) {
		return FNL_E_NOMEM;
	}
	*ret = s;
	return 0;
}

int fnl_row_decode(struct fnl_codec *codec, const struct fnl_row_type *type, struct fnl_span value,
                   struct fnl_arena *arena, const struct fnl_value **ret, struct fnl_error *why)
{
	return fnl_row_decode_head(codec, type, value, type->desc->field_count, arena, ret, why);
}

int fnl_row_decode_head(struct fnl_codec *codec, const struct fnl_row_type *type, struct fnl_span value, size_t count,
                        struct fnl_arena *arena, const struct fnl_value **ret, struct fnl_error *why)
{
	if (fnl_span_is_none(value)) {
		*ret = NULL;
		return 0;
	}
	const struct fnl_record_desc *desc = type->desc;
	struct fnl_reader r = fnl_reader_of(value);
	uint8_t magic = fnl_read_u8(&r);
	uint32_t id = fnl_read_be32(&r);
	int rc;
	struct fnl_value *values;
	if (!r.bad && magic == 0 && id == type->schema_id) {
		values = fnl_arena_alloc(arena, desc->field_count * sizeof(*values));
		struct fnl_span body = fnl_span_of(r.at, fnl_reader_left(&r));
		if (!values) {
			return FNL_E_NOMEM;
		}
		memset(values + count, 0, (desc->field_count - count) * sizeof(*values));
		rc = count < desc->field_count ? fnl_record_decode_head(desc, body, count, arena, values, why)
		                               : fnl_record_decode(desc, body, arena, values, why);
	} else {
		/* a row that an older or newer version has written */
		struct fnl_record record = {.value = value};
		struct fnl_decoded decoded = {NULL, NULL};
		rc = codec->ops->decode(codec, &record, arena, &decoded, why);
		values = decoded.values;
		if (rc == 0 && decoded.desc != desc) {
			rc = FNL_E_INVALID;
		}
	}
	if (rc == FNL_E_NOMEM) {
		return rc;
	}
	if (rc) {
		char text[sizeof(why->text)];
		memcpy(text, why->text, sizeof(text));
		return fnl_fail(why, FNL_E_STATE, "a stored %s row cannot be read: %.400s", desc->name, text);
	}
	*ret = values;
	return 0;
}

static int put(struct fnl_decision *d, struct fnl_row_out out, const struct fnl_row_type *type,
               const struct fnl_value *values, struct fnl_arena *arena)
{
	if (d->row_count == FNL_STEP_WRITES_MAX) {
		return FNL_E_INTERNAL;
	}
	if (values) {
		int rc = fnl_row_encode(type, values, arena, &out.value);
		if (rc) {
			return rc == FNL_E_NOMEM ? rc : FNL_E_INTERNAL;
		}
	}
	d->rows[d->row_count++] = out;
	return 0;
}

int fnl_decision_put(struct fnl_decision *d, size_t at, const struct fnl_row_type *type, const struct fnl_value *values,
                     struct fnl_arena *arena)
{
	return put(d, (struct fnl_row_out){.row = at}, type, values, arena);
}

int fnl_decision_put_key(struct fnl_decision *d, struct fnl_row_key key, const struct fnl_row_type *type,
                         const struct fnl_value *values, struct fnl_arena *arena)
{
	return put(d, (struct fnl_row_out){.row = FNL_ROW_BY_KEY, .key = key}, type, values, arena);
}

struct fnl_reader fnl_row_body(struct fnl_span value)
{
	if (value.len <= FNL_FRAME_BYTES) {
		return (struct fnl_reader){.bad = true};
	}
	return fnl_reader_of(fnl_span_of(value.data + FNL_FRAME_BYTES, value.len - FNL_FRAME_BYTES));
}

int64_t fnl_row_first_deadline(struct fnl_span value)
{
	struct fnl_reader r = fnl_row_body(value);
	int64_t branch = fnl_read_long(&r);
	int64_t deadline_ms = branch == 1 ? fnl_read_long(&r) : FNL_NO_DEADLINE;
	return r.bad || branch != 1 ? FNL_NO_DEADLINE : deadline_ms;
}
