/* From avro-c's value of the writer's shape into ours. Everything was checked by the walk: a surprise here is a bug. */
#include "codec_avro.h"

static int copy(const struct fnl_avro_plan *p, avro_value_t *from, struct fnl_arena *arena, struct fnl_value *to);

static void set_default(const struct fnl_field_desc *field, struct fnl_value *to)
{
	*to = (struct fnl_value){.set = !field->nullable};
	if (field->kind == FNL_KIND_LIST) {
		to->list = (struct fnl_list){NULL, 0};
	} else if (!field->nullable) {
		to->i64 = field->default_i64;
	}
}

static int copy_string(const struct fnl_avro_plan *p, avro_value_t *from, struct fnl_arena *arena, struct fnl_span *ret)
{
	const void *data = NULL;
	const char *text = NULL;
	size_t size = 0;
	int rc =
		p->type == AVRO_STRING ? avro_value_get_string(from, &text, &size) : avro_value_get_bytes(from, &data, &size);
	if (rc != 0 || (p->type == AVRO_STRING && size == 0)) {
		return FNL_E_INTERNAL;
	}
	/* avro-c counts a string's NUL, and has no address for empty bytes. */
	struct fnl_span s = p->type == AVRO_STRING ? fnl_span_of(text, size - 1) : fnl_span_of(size ? data : "", size);
	*ret = fnl_arena_dup(arena, s);
	return fnl_span_is_none(*ret) ? FNL_E_NOMEM : 0;
}

static int copy_list(const struct fnl_avro_plan *p, avro_value_t *from, struct fnl_arena *arena, struct fnl_value *to)
{
	size_t count;
	if (avro_value_get_size(from, &count) != 0) {
		return FNL_E_INTERNAL;
	}
	struct fnl_value *items = fnl_arena_calloc(arena, count, sizeof(*items));
	if (!items) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		avro_value_t item;
		int rc = avro_value_get_by_index(from, i, &item, NULL) == 0 ? copy(p->children, &item, arena, &items[i])
		                                                            : FNL_E_INTERNAL;
		if (rc < 0) {
			return rc;
		}
	}
	to->list = (struct fnl_list){items, count};
	return 0;
}

static int copy_money(const struct fnl_avro_plan *p, avro_value_t *from, struct fnl_arena *arena, struct fnl_value *to)
{
	struct fnl_value parts[2] = {{.set = false}, {.set = false}};
	int rc = fnl_avro_copy(p, from, arena, parts);
	if (rc < 0) {
		return rc;
	}
	if (parts[1].str.len != sizeof(to->money.currency) - 1) {
		return FNL_E_INTERNAL;
	}
	to->money = (struct fnl_money){.amount_minor = parts[0].i64};
	memcpy(to->money.currency, parts[1].str.data, sizeof(to->money.currency) - 1);
	return 0;
}

static int copy_record(const struct fnl_avro_plan *p, avro_value_t *from, struct fnl_arena *arena, struct fnl_value *to)
{
	if (p->kind == FNL_KIND_MONEY) {
		return copy_money(p, from, arena, to);
	}
	struct fnl_value *values = fnl_arena_calloc(arena, p->desc->field_count, sizeof(*values));
	if (!values) {
		return FNL_E_NOMEM;
	}
	to->list = (struct fnl_list){values, p->desc->field_count};
	return fnl_avro_copy(p, from, arena, values);
}

static int copy_number(const struct fnl_avro_plan *p, avro_value_t *from, struct fnl_value *to)
{
	int v = 0, rc;
	int32_t v32 = 0;
	int64_t v64 = 0;
	switch (p->type) {
	case AVRO_BOOLEAN:
		rc = avro_value_get_boolean(from, &v);
		to->i64 = v != 0;
		break;
	case AVRO_INT32:
		rc = avro_value_get_int(from, &v32);
		to->i64 = v32;
		break;
	case AVRO_INT64:
		rc = avro_value_get_long(from, &v64);
		to->i64 = v64;
		break;
	case AVRO_ENUM:
		rc = avro_value_get_enum(from, &v);
		if (rc == 0 && (v < 0 || (size_t)v >= p->count)) {
			return FNL_E_INTERNAL;
		}
		to->i64 = (int64_t)p->symbols[v];
		break;
	default:
		return FNL_E_INTERNAL;
	}
	return rc == 0 ? 0 : FNL_E_INTERNAL;
}

static int copy(const struct fnl_avro_plan *p, avro_value_t *from, struct fnl_arena *arena, struct fnl_value *to)
{
	while (p->type == AVRO_UNION) {
		int index = -1;
		avro_value_t branch;
		if (avro_value_get_discriminant(from, &index) != 0 || index < 0 || (size_t)index >= p->count ||
		    avro_value_get_current_branch(from, &branch) != 0) {
			return FNL_E_INTERNAL;
		}
		*from = branch;
		p = &p->children[index];
	}
	if (p->type == AVRO_NULL) {
		set_default(p->field, to);
		return 0;
	}
	*to = (struct fnl_value){.set = true};
	switch (p->type) {
	case AVRO_STRING:
	case AVRO_BYTES:
		return copy_string(p, from, arena, &to->str);
	case AVRO_ARRAY:
		return copy_list(p, from, arena, to);
	case AVRO_RECORD:
		return copy_record(p, from, arena, to);
	default:
		return copy_number(p, from, to);
	}
}

int fnl_avro_copy(const struct fnl_avro_plan *plan, avro_value_t *from, struct fnl_arena *arena,
                  struct fnl_value *values)
{
	for (size_t i = 0; i < plan->missing_count; i++) {
		set_default(&plan->desc->fields[plan->missing[i]], &values[plan->missing[i]]);
	}
	for (size_t i = 0; i < plan->count; i++) {
		const struct fnl_avro_plan *child = &plan->children[i];
		if (!child->field) {
			continue;
		}
		avro_value_t field;
		int rc = avro_value_get_by_index(from, i, &field, NULL) == 0
		             ? copy(child, &field, arena, &values[child->target])
		             : FNL_E_INTERNAL;
		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}
