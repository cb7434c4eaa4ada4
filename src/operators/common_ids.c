/* Ids of what came and of what follows: the same in any batching, so that whoever reads them can find duplicates. */
#include "common.h"

struct fnl_span fnl_id_of(const struct fnl_id_maker *m, struct fnl_span name, struct fnl_arena *arena)
{
	char *text = fnl_arena_alloc(arena, FNL_UUID_TEXT_BYTES);
	if (!text || fnl_span_is_none(name)) {
		return FNL_SPAN_NONE;
	}
	m->ids->uuid5(m->ids->context, m->space, name, NULL, text);
	return fnl_span_of(text, FNL_UUID_TEXT_BYTES);
}

void fnl_write_id_part(struct fnl_writer *w, struct fnl_span s)
{
	fnl_write_raw(w, s);
	fnl_write_u8(w, '\n');
}

/* What makes a root event itself: its version, or the id it has of its own. A contact is told again when it changes. */
static void write_own_id(struct fnl_writer *w, const struct fnl_root *root)
{
	const struct fnl_record_desc *desc = root->decoded.desc;
	const struct fnl_value *v = &root->decoded.values[desc->own_id];
	if (desc->own_id == 0 || !v->set) {
		fnl_write_decimal(w, root->occurred_at_ms);
	} else if (desc->fields[desc->own_id].kind != FNL_KIND_STRING) {
		fnl_write_decimal(w, v->i64);
	} else {
		fnl_write_raw(w, v->str);
		if (desc == &fnl_desc_contact_logged) {
			fnl_write_u8(w, '@');
			fnl_write_decimal(w, root->occurred_at_ms);
		}
	}
}

struct fnl_span fnl_root_id(const struct fnl_id_maker *m, const struct fnl_root *root, struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_id_part(&w, root->source);
	fnl_write_id_part(&w, fnl_span_str(root->decoded.desc->name));
	fnl_write_id_part(&w, root->entity);
	write_own_id(&w, root);
	return fnl_id_of(m, fnl_writer_span(&w), arena);
}

static struct fnl_span timer_id(const struct fnl_op *o, const struct fnl_step *step)
{
	struct fnl_writer w = fnl_writer_of(step->arena);
	fnl_write_id_part(&w, FNL_SPAN_LIT("timer"));
	fnl_write_id_part(&w, fnl_span_str(o->name));
	fnl_write_id_part(&w, fnl_span_str(o->tables[step->timer_row.table]));
	fnl_write_id_part(&w, step->timer_row.key);
	fnl_write_decimal(&w, step->timer_deadline_ms);
	return fnl_id_of(&o->ids, fnl_writer_span(&w), step->arena);
}

struct fnl_span fnl_header_text(const struct fnl_record *r, const char *name)
{
	struct fnl_span s = r ? fnl_record_header(r, name) : FNL_SPAN_NONE;
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] <= 0x20 || s.data[i] >= 0x7f) {
			return FNL_SPAN_NONE;
		}
	}
	return s.len > 0 && s.len <= FNL_ID_BYTES_MAX ? s : FNL_SPAN_NONE;
}

int fnl_op_cause(const struct fnl_op *o, const struct fnl_step *step, const struct fnl_root *root,
                 struct fnl_cause_id *ret)
{
	struct fnl_span id = fnl_header_text(step->record, "ce_id");
	if (fnl_span_is_none(id)) {
		id = root ? fnl_root_id(&o->ids, root, step->arena) : timer_id(o, step);
	}
	if (fnl_span_is_none(id)) {
		return FNL_E_NOMEM;
	}
	struct fnl_span correlation = fnl_header_text(step->record, "ce_correlationid");
	*ret = (struct fnl_cause_id){id, fnl_span_is_none(correlation) ? id : correlation};
	return 0;
}

bool fnl_op_cause_named(const struct fnl_record *r, struct fnl_cause_id *ret)
{
	struct fnl_span id = fnl_header_text(r, "ce_causationid");
	struct fnl_span correlation = fnl_header_text(r, "ce_correlationid");
	if (fnl_span_is_none(id)) {
		return false;
	}
	*ret = (struct fnl_cause_id){id, fnl_span_is_none(correlation) ? id : correlation};
	return true;
}

struct fnl_span fnl_org_key(struct fnl_span org_id, struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_raw(&w, FNL_SPAN_LIT("org:"));
	fnl_write_raw(&w, org_id);
	return fnl_writer_span(&w);
}
