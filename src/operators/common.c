/* The part that every operator has: its beginning and end, and the checks of ids. */
#include "common.h"

enum { RULES_ARENA_BYTES = 4 << 20 };

int fnl_id_maker_init(struct fnl_id_maker *m, const struct fnl_ids *ids, struct fnl_error *why)
{
	m->ids = ids;
	if (!ids->parse(ids->context, FNL_SPAN_LIT("6f2c1f0e-5f0a-5c52-9a4b-0d8f4a1c7e11"), m->space)) {
		return fnl_fail(why, FNL_E_INTERNAL, "the name space of event ids cannot be read");
	}
	return 0;
}

int fnl_row_type_find(struct fnl_codec *codec, const struct fnl_record_desc *desc, struct fnl_row_type *ret,
                      struct fnl_error *why)
{
	struct fnl_row_type type = {.desc = desc};
	int rc = codec->ops->schema_id(codec, desc, &type.schema_id);
	if (rc) {
		return fnl_fail(why, rc, "the schema of %s is not registered", desc->full_name);
	}
	*ret = type;
	return 0;
}

int fnl_op_init(struct fnl_op *o, struct fnl_codec *codec, const struct fnl_ids *ids,
                const struct fnl_rules_reader *rules_reader, struct fnl_error *why)
{
	o->codec = codec;
	o->rules_reader = rules_reader;
	for (size_t i = 0; i < FNL_RULES_SLOTS; i++) {
		fnl_arena_init(&o->slots[i].arena, RULES_ARENA_BYTES);
	}
	int rc = fnl_row_type_find(codec, &fnl_desc_partition_rules, &o->rules_row, why);
	return rc ? rc : fnl_id_maker_init(&o->ids, ids, why);
}

void fnl_op_deinit(struct fnl_op *o)
{
	for (size_t i = 0; i < FNL_RULES_SLOTS; i++) {
		fnl_arena_deinit(&o->slots[i].arena);
		o->slots[i].rules = NULL;
	}
}

int fnl_check_id(const char *name, struct fnl_span id, struct fnl_error *why)
{
	if (id.len == 0 || id.len > FNL_ID_BYTES_MAX) {
		return fnl_fail(why, FNL_E_LIMIT, "%s has %zu bytes, expected 1 to %d", name, id.len, FNL_ID_BYTES_MAX);
	}
	for (size_t i = 0; i < id.len; i++) {
		if (id.data[i] < 0x20 || id.data[i] == 0x7f || id.data[i] == '|') {
			return fnl_fail(why, FNL_E_INVALID, "%s has the byte 0x%02x at %zu, expected neither controls nor '|'",
			                name, id.data[i], i);
		}
	}
	return 0;
}

int fnl_check_key(const struct fnl_record *r, const char *name, const char *what, struct fnl_span id,
                  struct fnl_error *why)
{
	int rc = fnl_check_id(name, id, why);
	if (rc) {
		return rc;
	}
	if (r->key.len == 0) {
		return fnl_fail(why, FNL_E_INVALID, "the record's key is %s, expected %s", r->key.data ? "empty" : "null",
		                what);
	}
	if (!fnl_span_eq(r->key, id)) {
		return fnl_fail(why, FNL_E_INVALID, "the record's key is not its %s, so it may be in the wrong partition",
		                name);
	}
	return 0;
}

int fnl_prepared_add(struct fnl_prepared *p, uint8_t table, struct fnl_span key)
{
	p->rows[p->row_count] = (struct fnl_row_key){table, key};
	return (int)p->row_count++;
}
