/* Rows to bytes and back: Confluent's frame, then our own schema's Avro body. */
#include "internal.h"

int fnl_prospect_row_encode(uint32_t schema_id, const struct fnl_record_desc *desc, const struct fnl_value *values,
                            struct fnl_arena *arena, struct fnl_span *ret)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_u8(&w, 0);
	fnl_write_be32(&w, schema_id);
	int rc = fnl_record_encode(desc, values, &w);
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

int fnl_prospect_row_decode(struct fnl_prospect_operator *o, uint32_t schema_id, const struct fnl_record_desc *desc,
                            struct fnl_span value, struct fnl_arena *arena, const struct fnl_value **ret,
                            struct fnl_error *why)
{
	if (fnl_span_is_none(value)) {
		*ret = NULL;
		return 0;
	}
	struct fnl_reader r = fnl_reader_of(value);
	uint8_t magic = fnl_read_u8(&r);
	uint32_t id = fnl_read_be32(&r);
	int rc;
	struct fnl_value *values;
	if (!r.bad && magic == 0 && id == schema_id) {
		values = fnl_arena_calloc(arena, desc->field_count, sizeof(*values));
		struct fnl_span body = fnl_span_of(r.at, fnl_reader_left(&r));
		rc = values ? fnl_record_decode(desc, body, arena, values, why) : FNL_E_NOMEM;
	} else {
		/* a row that an older or newer version has written */
		struct fnl_record record = {.value = value};
		struct fnl_decoded decoded = {NULL, NULL};
		rc = o->codec->ops->decode(o->codec, &record, arena, &decoded, why);
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

int64_t fnl_prospect_row_deadline(struct fnl_operator *o, uint8_t table, struct fnl_span value)
{
	(void)o;
	_Static_assert(FNL_PROSPECT_NEXT_DEADLINE_AT == 0, "the deadline is read from the front of the row");
	if (table != FNL_PROSPECT_TABLE_PROSPECT || value.len <= FNL_FRAME_BYTES) {
		return FNL_NO_DEADLINE;
	}
	struct fnl_reader r = fnl_reader_of(fnl_span_of(value.data + FNL_FRAME_BYTES, value.len - FNL_FRAME_BYTES));
	int64_t branch = fnl_read_long(&r);
	int64_t deadline_ms = branch == 1 ? fnl_read_long(&r) : FNL_NO_DEADLINE;
	return r.bad || branch != 1 ? FNL_NO_DEADLINE : deadline_ms;
}
