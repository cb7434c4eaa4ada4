/* Bytes to JSON values: a skim that believes no length, then avro-c's generic values. */
#include <stdio.h>
#include <stdlib.h>

#include "oracle_internal.h"

enum { STRING_BYTES_MAX = 262144, LIST_ITEMS_MAX = 256, FRAME_BYTES = 5 };

/* ---- schemas ---- */

static int add_schema(struct oracle *o, const char *directory, const json_t *entry, char *why, size_t why_bytes)
{
	char path[1024];
	json_error_t error;
	struct oracle_schema *s = &o->schemas[o->schema_count];
	const char *subject = json_string_value(json_object_get(entry, "subject"));
	const char *name = subject ? strrchr(subject, '.') : NULL;
	const char *file = json_string_value(json_object_get(entry, "file"));
	if (!name || !file || o->schema_count == ORACLE_SCHEMAS_MAX) {
		snprintf(why, why_bytes, "registry.json has an entry without subject or file, or too many");
		return -1;
	}
	snprintf(path, sizeof(path), "%s/%s", directory, file);
	*s = (struct oracle_schema){.id = (uint32_t)json_integer_value(json_object_get(entry, "id"))};
	snprintf(s->name, sizeof(s->name), "%s", name + 1);
	s->avsc = json_load_file(path, 0, &error);
	char *text = s->avsc ? json_dumps(s->avsc, JSON_COMPACT) : NULL;
	if (!text || avro_schema_from_json_length(text, strlen(text), &s->schema) != 0) {
		snprintf(why, why_bytes, "%s is no schema: %s", path, text ? avro_strerror() : error.text);
		free(text);
		json_decref(s->avsc);
		return -1;
	}
	free(text);
	s->iface = avro_generic_class_from_schema(s->schema);
	avro_generic_value_new(s->iface, &s->value);
	o->schema_count++;
	return 0;
}

struct oracle *oracle_open(const char *schema_directory, char *why, size_t why_bytes)
{
	char path[1024];
	json_error_t error;
	size_t i;
	json_t *entry;
	struct oracle *o = calloc(1, sizeof(*o));
	snprintf(path, sizeof(path), "%s/registry.json", schema_directory);
	json_t *list = json_load_file(path, 0, &error);
	if (!o || !list) {
		snprintf(why, why_bytes, "%s: %s", path, o ? error.text : "no memory");
		free(o);
		return NULL;
	}
	o->reader = avro_reader_memory("", 0);
	int rc = 0;
	json_array_foreach(list, i, entry)
	{
		rc = rc ? rc : add_schema(o, schema_directory, entry, why, why_bytes);
	}
	json_decref(list);
	if (rc) {
		oracle_close(o);
		return NULL;
	}
	return o;
}

void oracle_close(struct oracle *o)
{
	if (!o) {
		return;
	}
	for (size_t i = 0; i < o->schema_count; i++) {
		avro_value_decref(&o->schemas[i].value);
		avro_value_iface_decref(o->schemas[i].iface);
		avro_schema_decref(o->schemas[i].schema);
		json_decref(o->schemas[i].avsc);
	}
	avro_reader_free(o->reader);
	free(o);
}

static struct oracle_schema *schema_by_id(struct oracle *o, uint32_t id)
{
	for (size_t i = 0; i < o->schema_count; i++) {
		if (o->schemas[i].id == id) {
			return &o->schemas[i];
		}
	}
	return NULL;
}

json_t *oracle_new_record(const struct oracle *o, const char *name)
{
	for (size_t i = o->schema_count; i-- > 0;) { /* the latest version is the last one */
		if (strcmp(o->schemas[i].name, name) == 0) {
			json_t *record = json_object();
			size_t k;
			json_t *field;
			json_array_foreach(json_object_get(o->schemas[i].avsc, "fields"), k, field)
			{
				json_object_set_new(record, json_string_value(json_object_get(field, "name")), json_null());
			}
			return record;
		}
	}
	fprintf(stderr, "the oracle has no schema of %s\n", name);
	abort();
}

/* ---- the skim ---- */

struct skim {
	const uint8_t *at;
	const uint8_t *end;
	const char *why;
};

static int64_t skim_long(struct skim *s)
{
	uint64_t v = 0;
	for (int i = 0; i < 10 && s->at < s->end; i++) {
		uint8_t byte = *s->at++;
		if (i == 9 && byte > 1) {
			break;
		}
		v |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (!(byte & 0x80)) {
			return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
		}
	}
	s->why = "a number is cut or too long";
	return 0;
}

/* RFC 3629, by hand. */
static bool is_utf8(const uint8_t *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint8_t c = s[i++];
		uint32_t point = c;
		int more = c < 0x80 ? 0 : (c & 0xe0) == 0xc0 ? 1 : (c & 0xf0) == 0xe0 ? 2 : (c & 0xf8) == 0xf0 ? 3 : -1;
		if (more < 0 || (size_t)more > len - i) {
			return false;
		}
		point = more == 0 ? c : c & (0x3fU >> more);
		for (int k = 0; k < more; k++, i++) {
			if ((s[i] & 0xc0) != 0x80) {
				return false;
			}
			point = point << 6 | (s[i] & 0x3f);
		}
		static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
		if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
			return false;
		}
	}
	return true;
}

static void skim_string(struct skim *s)
{
	int64_t len = skim_long(s);
	if (s->why) {
		return;
	}
	if (len < 0 || len > s->end - s->at) {
		s->why = "a string is cut";
	} else if (len > STRING_BYTES_MAX) {
		s->why = "a string is too long";
	} else if (!is_utf8(s->at, (size_t)len)) {
		s->why = "a string is not UTF-8";
	} else {
		s->at += len;
	}
}

static void skim_value(struct skim *s, avro_schema_t schema);

static void skim_array(struct skim *s, avro_schema_t items)
{
	int64_t total = 0;
	while (!s->why) {
		int64_t count = skim_long(s);
		if (s->why || count == 0) {
			return;
		}
		int64_t bytes = count < 0 ? skim_long(s) : -1;
		const uint8_t *start = s->at;
		if (count < -LIST_ITEMS_MAX || count > LIST_ITEMS_MAX) {
			s->why = "a list is too long";
			return;
		}
		count = count < 0 ? -count : count;
		total += count;
		for (int64_t i = 0; i < count && !s->why; i++) {
			skim_value(s, items);
		}
		if (!s->why && (total > LIST_ITEMS_MAX || (bytes != -1 && bytes != s->at - start))) {
			s->why = "a list is too long, or its block's size is wrong";
		}
	}
}

static void skim_index(struct skim *s, int64_t count, int64_t *ret)
{
	*ret = skim_long(s);
	if (!s->why && (*ret < 0 || *ret >= count)) {
		s->why = "no such branch or symbol";
	}
}

static void skim_small(struct skim *s, avro_schema_t schema)
{
	if (is_avro_boolean(schema)) {
		if (s->at == s->end || *s->at > 1) {
			s->why = "a boolean is 0 or 1";
		} else {
			s->at++;
		}
		return;
	}
	int64_t v = skim_long(s);
	if (!s->why && is_avro_int32(schema) && (v < INT32_MIN || v > INT32_MAX)) {
		s->why = "an int has 32 bits";
	}
}

static void skim_value(struct skim *s, avro_schema_t schema)
{
	int64_t at;
	if (is_avro_link(schema)) {
		skim_value(s, avro_schema_link_target(schema));
	} else if (is_avro_record(schema)) {
		for (size_t i = 0; i < avro_schema_record_size(schema) && !s->why; i++) {
			skim_value(s, avro_schema_record_field_get_by_index(schema, (int)i));
		}
	} else if (is_avro_union(schema)) {
		skim_index(s, (int64_t)avro_schema_union_size(schema), &at);
		if (!s->why) {
			skim_value(s, avro_schema_union_branch(schema, (int)at));
		}
	} else if (is_avro_enum(schema)) {
		skim_index(s, avro_schema_enum_number_of_symbols(schema), &at);
	} else if (is_avro_array(schema)) {
		skim_array(s, avro_schema_array_items(schema));
	} else if (is_avro_string(schema)) {
		skim_string(s);
	} else if (!is_avro_null(schema)) {
		skim_small(s, schema);
	}
}

/* ---- avro-c's values to JSON ---- */

static json_t *to_json(avro_value_t *v);

static json_t *record_to_json(avro_value_t *v)
{
	json_t *record = json_object();
	size_t count = 0;
	avro_value_get_size(v, &count);
	for (size_t i = 0; i < count; i++) {
		avro_value_t field;
		const char *name = NULL;
		avro_value_get_by_index(v, i, &field, &name);
		json_object_set_new(record, name, to_json(&field));
	}
	return record;
}

static json_t *array_to_json(avro_value_t *v)
{
	json_t *list = json_array();
	size_t count = 0;
	avro_value_get_size(v, &count);
	for (size_t i = 0; i < count; i++) {
		avro_value_t item;
		avro_value_get_by_index(v, i, &item, NULL);
		json_array_append_new(list, to_json(&item));
	}
	return list;
}

static json_t *to_json(avro_value_t *v)
{
	avro_value_t branch;
	const char *text = NULL;
	size_t size = 0;
	int32_t i32 = 0;
	int64_t i64 = 0;
	int flag = 0;
	switch (avro_value_get_type(v)) {
	case AVRO_RECORD:
		return record_to_json(v);
	case AVRO_ARRAY:
		return array_to_json(v);
	case AVRO_UNION:
		avro_value_get_current_branch(v, &branch);
		return to_json(&branch);
	case AVRO_STRING:
		avro_value_get_string(v, &text, &size);
		return json_stringn(text, size - 1);
	case AVRO_ENUM:
		avro_value_get_enum(v, &flag);
		return json_string(avro_schema_enum_get(avro_value_get_schema(v), flag));
	case AVRO_INT32:
		avro_value_get_int(v, &i32);
		return json_integer(i32);
	case AVRO_INT64:
		avro_value_get_long(v, &i64);
		return json_integer(i64);
	case AVRO_BOOLEAN:
		avro_value_get_boolean(v, &flag);
		return json_boolean(flag);
	default:
		return json_null();
	}
}

/* A body of the schema with that id. */
static json_t *decode_body(struct oracle *o, uint32_t id, const uint8_t *body, size_t len,
                           const struct oracle_schema **ret_schema, const char **why)
{
	struct oracle_schema *schema = schema_by_id(o, id);
	if (!schema) {
		*why = "unknown schema";
		return NULL;
	}
	*ret_schema = schema;
	struct skim s = {body, body + len, NULL};
	skim_value(&s, schema->schema);
	if (!s.why && s.at != s.end) {
		s.why = "bytes are left";
	}
	if (s.why) {
		*why = s.why;
		return NULL;
	}
	avro_reader_memory_set_source(o->reader, (const char *)body, (int64_t)len);
	avro_value_reset(&schema->value);
	if (avro_value_read(o->reader, &schema->value) != 0) {
		*why = "avro-c cannot read it";
		return NULL;
	}
	return to_json(&schema->value);
}

static uint32_t big_endian(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

json_t *oracle_decode_value(struct oracle *o, struct fnl_span value, const struct oracle_schema **ret_schema,
                            const char **why)
{
	if (!value.data || value.len < FRAME_BYTES || value.data[0] != 0) {
		*why = value.data ? "no frame" : "null";
		return NULL;
	}
	return decode_body(o, big_endian(value.data + 1), value.data + FRAME_BYTES, value.len - FRAME_BYTES, ret_schema,
	                   why);
}

json_t *oracle_decode(struct oracle *o, const struct fnl_record *r, const struct oracle_schema **ret_schema,
                      const char **why)
{
	static const char name[] = "__value_schema_id";
	const struct fnl_header *id = NULL;
	for (size_t i = 0; i < r->header_count; i++) {
		const struct fnl_header *h = &r->headers[i];
		if (h->name.len == sizeof(name) - 1 && memcmp(h->name.data, name, h->name.len) == 0) {
			id = h;
		}
	}
	if (!r->value.data || !id || !id->value.data) {
		return oracle_decode_value(o, r->value, ret_schema, why);
	}
	/* 4 bytes, or with the frame's zero before them */
	size_t len = id->value.len;
	if (len != 4 && !(len == FRAME_BYTES && id->value.data[0] == 0)) {
		*why = "an id of 4 bytes is expected in the header";
		return NULL;
	}
	return decode_body(o, big_endian(id->value.data + len - 4), r->value.data, r->value.len, ret_schema, why);
}
