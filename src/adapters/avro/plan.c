/* The plan of a writer's schema: see codec_avro.h. */
#include <stdio.h>

#include "codec_avro.h"
#include "funneld_records.h"

static const struct fnl_field_desc money_fields[] = {
	{.name = "amount_minor", .kind = FNL_KIND_LONG},
	{.name = "currency", .kind = FNL_KIND_STRING},
};

const struct fnl_record_desc fnl_avro_money = {
	.name = "Money",
	.full_name = "Money",
	.fields = money_fields,
	.field_count = 2,
};

struct builder {
	struct fnl_arena *arena;
	struct fnl_error *why;
	size_t nodes;
};

/* What a node is built for. */
struct place {
	const char *name;
	const struct fnl_field_desc *field; /* NULL: skipped */
	const struct fnl_record_desc *owner;
	enum fnl_kind kind;
	bool is_item;
	int depth;
};

static const char *const type_names[] = {
	[AVRO_STRING] = "string",   [AVRO_BYTES] = "bytes",   [AVRO_INT32] = "int",        [AVRO_INT64] = "long",
	[AVRO_FLOAT] = "float",     [AVRO_DOUBLE] = "double", [AVRO_BOOLEAN] = "boolean",  [AVRO_NULL] = "null",
	[AVRO_RECORD] = "a record", [AVRO_ENUM] = "an enum",  [AVRO_FIXED] = "fixed",      [AVRO_MAP] = "a map",
	[AVRO_ARRAY] = "an array",  [AVRO_UNION] = "a union", [AVRO_LINK] = "a reference",
};

static const char *const kind_names[] = {
	[FNL_KIND_BOOL] = "boolean",
	[FNL_KIND_INT] = "int",
	[FNL_KIND_LONG] = "long",
	[FNL_KIND_DATE] = "int (date)",
	[FNL_KIND_TIMESTAMP] = "long (timestamp-millis)",
	[FNL_KIND_STRING] = "string",
	[FNL_KIND_ENUM] = "an enum",
	[FNL_KIND_MONEY] = "a record Money",
	[FNL_KIND_RECORD] = "a record",
	[FNL_KIND_LIST] = "an array",
};

static const char *keep_text(struct builder *b, const char *fmt, ...) FNL_PRINTF(2, 3);

/* A text that lives as long as the plan. Without memory the text is poorer, never missing. */
static const char *keep_text(struct builder *b, const char *fmt, ...)
{
	char text[256];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	struct fnl_span kept = fnl_arena_dup(b->arena, fnl_span_of(text, strlen(text) + 1));
	return kept.data ? (const char *)kept.data : "of a type that does not fit";
}

/* Which types may give which kind: the same, and Avro's promotions int → long and bytes → string. */
static bool type_fits(avro_type_t type, enum fnl_kind kind)
{
	switch (kind) {
	case FNL_KIND_BOOL:
		return type == AVRO_BOOLEAN;
	case FNL_KIND_INT:
	case FNL_KIND_DATE:
		return type == AVRO_INT32;
	case FNL_KIND_LONG:
	case FNL_KIND_TIMESTAMP:
		return type == AVRO_INT64 || type == AVRO_INT32;
	case FNL_KIND_STRING:
		return type == AVRO_STRING || type == AVRO_BYTES;
	case FNL_KIND_ENUM:
		return type == AVRO_ENUM;
	case FNL_KIND_MONEY:
	case FNL_KIND_RECORD:
		return type == AVRO_RECORD;
	case FNL_KIND_LIST:
		return type == AVRO_ARRAY;
	}
	return false;
}

/* timestamp-micros read as milliseconds would be a time in the far future: a time must have our logical type, or none.
 */
static const char *logical_of(json_t *json)
{
	return json_is_object(json) ? json_string_value(json_object_get(json, "logicalType")) : NULL;
}

static bool logical_fits(const char *logical, enum fnl_kind kind)
{
	if (!logical) {
		return true;
	}
	if (kind == FNL_KIND_DATE) {
		return strcmp(logical, "date") == 0;
	}
	if (kind == FNL_KIND_TIMESTAMP) {
		return strcmp(logical, "timestamp-millis") == 0;
	}
	return kind != FNL_KIND_STRING || strcmp(logical, "decimal") != 0;
}

static int build(struct builder *b, avro_schema_t schema, json_t *json, struct place at, struct fnl_avro_plan *p);

static int too_large(struct builder *b, const struct place *at)
{
	return fnl_fail(b->why, FNL_E_LIMIT,
	                "the writer's schema is recursive, nested deeper than %d or has more than %d "
	                "parts (at %s)",
	                FNL_AVRO_DEPTH_MAX, FNL_AVRO_NODES_MAX, at->name);
}

/* Too large is a verdict on the schema, and is remembered; that the heap has nothing now is not. */
static int make_children(struct builder *b, const struct place *at, struct fnl_avro_plan *p, size_t count)
{
	size_t bytes = (count ? count : 1) * sizeof(*p->children);
	if (count > FNL_AVRO_NODES_MAX || bytes > b->arena->limit_bytes - b->arena->used_bytes) {
		return too_large(b, at);
	}
	p->children = fnl_arena_calloc(b->arena, count ? count : 1, sizeof(*p->children));
	return p->children ? 0 : fnl_fail(b->why, FNL_E_NOMEM, "out of memory for the schema of %s", at->name);
}

static int build_symbols(struct builder *b, avro_schema_t schema, const struct place *at, struct fnl_avro_plan *p)
{
	int count = avro_schema_enum_number_of_symbols(schema);
	p->count = count > 0 ? (size_t)count : 0;
	if (!p->field || p->mismatch) {
		return 0;
	}
	size_t *symbols = fnl_arena_calloc(b->arena, p->count + 1, sizeof(*symbols));
	if (!symbols) {
		return fnl_fail(b->why, FNL_E_NOMEM, "out of memory for the schema of %s", at->name);
	}
	for (int i = 0; i < count; i++) {
		const char *symbol = avro_schema_enum_get(schema, i);
		symbols[i] = at->field->symbol_default;
		for (size_t k = 0; symbol && k < at->field->symbol_count; k++) {
			if (strcmp(symbol, at->field->symbols[k]) == 0) {
				symbols[i] = k;
			}
		}
	}
	p->symbols = symbols;
	return 0;
}

static int build_items(struct builder *b, avro_schema_t items, json_t *json, const struct place *at,
                       struct fnl_avro_plan *p)
{
	struct place place = *at;
	place.depth++;
	place.is_item = true;
	place.field = p->mismatch || p->type != AVRO_ARRAY ? NULL : at->field;
	place.kind = place.field ? at->field->item_kind : FNL_KIND_BOOL;
	p->count = 1;
	p->bytes_min = 1;
	int rc = make_children(b, at, p, 1);
	if (rc < 0) {
		return rc;
	}
	return build(b, items, json, place, p->children);
}

static int build_union(struct builder *b, avro_schema_t schema, json_t *json, const struct place *at,
                       struct fnl_avro_plan *p)
{
	struct place place = *at;
	place.depth++;
	p->count = avro_schema_union_size(schema);
	p->bytes_min = 1;
	int rc = make_children(b, at, p, p->count);
	if (rc < 0) {
		return rc;
	}
	for (size_t i = 0; i < p->count; i++) {
		json_t *branch = json_is_array(json) ? json_array_get(json, i) : NULL;
		rc = build(b, avro_schema_union_branch(schema, (int)i), branch, place, &p->children[i]);
		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

/* The fields of desc that no field of the writer gives: their defaults are used, or the record cannot be taken. */
static int build_missing(struct builder *b, struct fnl_avro_plan *p, const struct fnl_record_desc *desc)
{
	size_t *missing = fnl_arena_calloc(b->arena, desc->field_count, sizeof(*missing));
	if (!missing) {
		return fnl_fail(b->why, FNL_E_NOMEM, "out of memory for the schema of %s", desc->name);
	}
	for (size_t i = 0; i < desc->field_count; i++) {
		bool given = false;
		for (size_t k = 0; k < p->count; k++) {
			given = given || (p->children[k].field && p->children[k].target == i);
		}
		if (given) {
			continue;
		}
		if (!desc->fields[i].has_default) {
			p->mismatch =
				keep_text(b, "the writer's schema lacks the required field %s.%s", desc->name, desc->fields[i].name);
		}
		missing[p->missing_count++] = i;
	}
	p->missing = missing;
	return 0;
}

static int build_fields(struct builder *b, avro_schema_t schema, json_t *json, const struct place *at,
                        const struct fnl_record_desc *desc, struct fnl_avro_plan *p)
{
	json_t *fields = json_is_object(json) ? json_object_get(json, "fields") : NULL;
	p->count = avro_schema_record_size(schema);
	p->desc = desc;
	int rc = make_children(b, at, p, p->count);
	if (rc < 0) {
		return rc;
	}
	for (size_t i = 0; i < p->count; i++) {
		struct fnl_avro_plan *child = &p->children[i];
		const char *name = avro_schema_record_field_name(schema, (int)i);
		int index = desc ? fnl_record_field_index(desc, fnl_span_str(name)) : -1;
		const struct fnl_field_desc *field = index < 0 ? NULL : &desc->fields[index];
		struct place place = {.owner = desc, .depth = at->depth + 1, .field = field};
		place.name = index < 0 ? keep_text(b, "%s", name) : field->name;
		place.kind = index < 0 ? FNL_KIND_BOOL : field->kind;
		child->target = index < 0 ? 0 : (size_t)index;
		rc = build(b, avro_schema_record_field_get_by_index(schema, (int)i),
		           json_object_get(json_array_get(fields, i), "type"), place, child);
		if (rc < 0) {
			return rc;
		}
		p->bytes_min += child->bytes_min;
	}
	return desc ? build_missing(b, p, desc) : 0;
}

/* A record for one of our fields, or one to skip. */
static int build_nested(struct builder *b, avro_schema_t schema, json_t *json, const struct place *at,
                        struct fnl_avro_plan *p)
{
	const struct fnl_record_desc *desc = NULL;
	if (p->field && !p->mismatch) {
		desc = at->kind == FNL_KIND_MONEY ? &fnl_avro_money : at->field->record;
	}
	return build_fields(b, schema, json, at, desc, p);
}

static int build_plain(struct builder *b, avro_schema_t schema, const struct place *at, struct fnl_avro_plan *p)
{
	switch (p->type) {
	case AVRO_NULL:
		p->bytes_min = 0;
		return 0;
	case AVRO_FLOAT:
		p->bytes_min = sizeof(float);
		return 0;
	case AVRO_DOUBLE:
		p->bytes_min = sizeof(double);
		return 0;
	case AVRO_FIXED:
		if (avro_schema_fixed_size(schema) < 0 || avro_schema_fixed_size(schema) > FNL_AVRO_FIXED_BYTES_MAX) {
			return fnl_fail(b->why, FNL_E_LIMIT, "the writer's schema: %s: fixed of %lld bytes; at most %d", at->name,
			                (long long)avro_schema_fixed_size(schema), FNL_AVRO_FIXED_BYTES_MAX);
		}
		p->fixed_bytes = (size_t)avro_schema_fixed_size(schema);
		p->bytes_min = p->fixed_bytes;
		return 0;
	default:
		p->bytes_min = 1;
		return 0;
	}
}

/* Why the type cannot give the field its value; a union's branches answer for themselves. */
static const char *misfit(struct builder *b, json_t *json, const struct place *at, avro_type_t type)
{
	if (!at->field || type == AVRO_UNION) {
		return NULL;
	}
	if (type == AVRO_NULL) {
		bool takes_null = !at->is_item && (at->field->nullable || at->field->has_default);
		return takes_null ? NULL : "null, where a value is required";
	}
	if (!type_fits(type, at->kind)) {
		return keep_text(b, "%s in the writer's schema, %s is expected", type_names[type], kind_names[at->kind]);
	}
	if (!logical_fits(logical_of(json), at->kind)) {
		return keep_text(b, "%.64s in the writer's schema, %s is expected", logical_of(json), kind_names[at->kind]);
	}
	return NULL;
}

static int build(struct builder *b, avro_schema_t schema, json_t *json, struct place at, struct fnl_avro_plan *p)
{
	while (is_avro_link(schema)) {
		schema = avro_schema_link_target(schema);
		json = NULL;
	}
	if (!schema || at.depth > FNL_AVRO_DEPTH_MAX || ++b->nodes > FNL_AVRO_NODES_MAX) {
		return too_large(b, &at);
	}
	p->type = avro_typeof(schema);
	p->name = at.name;
	p->field = at.field;
	p->kind = at.kind;
	p->is_item = at.is_item;
	p->is_currency = at.owner == &fnl_avro_money && at.kind == FNL_KIND_STRING;
	p->mismatch = misfit(b, json, &at, p->type);
	switch (p->type) {
	case AVRO_ENUM:
		p->bytes_min = 1;
		return build_symbols(b, schema, &at, p);
	case AVRO_ARRAY:
		return build_items(b, avro_schema_array_items(schema), json_object_get(json, "items"), &at, p);
	case AVRO_MAP:
		return build_items(b, avro_schema_map_values(schema), json_object_get(json, "values"), &at, p);
	case AVRO_UNION:
		return build_union(b, schema, json, &at, p);
	case AVRO_RECORD:
		return build_nested(b, schema, json, &at, p);
	default:
		return build_plain(b, schema, &at, p);
	}
}

/* By full name, else by its last part: other teams have other name spaces. */
static const struct fnl_record_desc *find_record(const char *name, const char *space)
{
	char full[512];
	snprintf(full, sizeof(full), "%s%s%s", space ? space : "", space ? "." : "", name);
	for (size_t i = 0; i < fnl_record_count; i++) {
		if (strcmp(fnl_records[i]->full_name, full) == 0) {
			return fnl_records[i];
		}
	}
	for (size_t i = 0; i < fnl_record_count; i++) {
		if (strcmp(fnl_records[i]->name, name) == 0) {
			return fnl_records[i];
		}
	}
	return NULL;
}

int fnl_avro_plan_build(avro_schema_t schema, json_t *json, struct fnl_arena *arena, struct fnl_avro_plan *ret,
                        struct fnl_error *why)
{
	if (!is_avro_record(schema)) {
		return fnl_fail(why, FNL_E_INVALID, "the writer's schema is no record");
	}
	const char *name = avro_schema_name(schema);
	const struct fnl_record_desc *desc = find_record(name, avro_schema_namespace(schema));
	if (!desc) {
		return fnl_fail(why, FNL_E_UNSUPPORTED, "the record %.128s is none that is known here", name);
	}
	struct builder b = {arena, why, 0};
	struct place at = {.name = desc->name};
	struct fnl_avro_plan plan = {.type = AVRO_RECORD, .name = desc->name};
	int rc = build_fields(&b, schema, json, &at, desc, &plan);
	if (rc == 0 && plan.mismatch) {
		rc = fnl_fail(why, FNL_E_INVALID, "%s", plan.mismatch);
	}
	if (rc == 0) {
		*ret = plan;
	}
	return rc;
}
