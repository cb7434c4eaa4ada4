/* The codec: frames, and the writers' schemas that were met. Records of our own schemas need none of avro-c. */
#include <errno.h>
#include <stdio.h>

#include "codec_avro.h"
#include "funneld_records.h"

enum { FRAME_BYTES = 5 };

/* A schema that something was written with, kept by its id. Broken ones are kept, too: each record of theirs says why
 * without another look at the schema. */
struct writer {
	struct fnl_map_node node;
	uint32_t id;
	avro_schema_t schema;
	avro_value_iface_t *iface;
	avro_value_t value;
	struct fnl_avro_plan plan;
	bool is_ours; /* the same schema as ours: nothing has to be resolved */
	struct fnl_error broken;
};

/* The registry's id of a record of ours. */
struct own {
	bool has_id;
	uint32_t id;
};

struct codec {
	struct fnl_codec base;
	struct fnl_registry *registry;
	struct fnl_arena arena; /* plans, for good */
	struct fnl_map writers;
	struct writer *latest; /* most records are written as the one before was; NULL: none was read */
	struct own *own;       /* in the order of fnl_records */
	avro_reader_t reader;
};

static struct codec *codec_of(struct fnl_codec *base)
{
	return FNL_CONTAINER_OF(base, struct codec, base);
}

static int make_value(avro_schema_t schema, avro_value_iface_t **ret_iface, avro_value_t *ret_value)
{
	avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
	if (!iface) {
		return FNL_E_NOMEM;
	}
	avro_value_t value;
	if (avro_generic_value_new(iface, &value) != 0) {
		avro_value_iface_decref(iface);
		return FNL_E_NOMEM;
	}
	*ret_iface = iface;
	*ret_value = value;
	return 0;
}

static void free_value(avro_schema_t schema, avro_value_iface_t *iface, avro_value_t *value)
{
	if (iface) {
		avro_value_decref(value);
		avro_value_iface_decref(iface);
	}
	if (schema) {
		avro_schema_decref(schema);
	}
}

static struct writer *free_writer(struct writer *w)
{
	if (w) {
		free_value(w->schema, w->iface, &w->value);
	}
	return fnl_free(w);
}

static bool is_our_schema(const json_t *json, const struct fnl_record_desc *desc)
{
	json_t *ours = json_loads(desc->avsc, 0, NULL);
	bool same = ours && json_equal(json, ours);
	json_decref(ours);
	return same;
}

/* Fills w from the schema's text. The class is built after the plan, which refuses recursion and excess: avro-c would
 * follow them. */
static int read_schema(struct codec *c, struct writer *w, struct fnl_span text, struct fnl_error *why)
{
	json_error_t error;
	json_t *json = json_loadb((const char *)text.data, text.len, 0, &error);
	if (!json) {
		return fnl_fail(why, FNL_E_INVALID, "its text is not JSON: line %d: %s", error.line, error.text);
	}
	int rc = 0;
	if (avro_schema_from_json_length((const char *)text.data, text.len, &w->schema) != 0) {
		w->schema = NULL;
		rc = fnl_fail(why, FNL_E_INVALID, "%.256s", avro_strerror());
	} else {
		rc = fnl_avro_plan_build(w->schema, json, &c->arena, &w->plan, why);
	}
	w->is_ours = rc == 0 && is_our_schema(json, w->plan.desc);
	json_decref(json);
	if (rc == 0 && make_value(w->schema, &w->iface, &w->value) < 0) {
		rc = fnl_fail(why, FNL_E_NOMEM, "out of memory");
	}
	return rc;
}

static int load_writer(struct codec *c, uint32_t id, struct writer **ret, struct fnl_error *why)
{
	struct fnl_span text = FNL_SPAN_NONE;
	struct fnl_error broken = {0};
	int rc = c->registry->ops->schema(c->registry, id, &text);
	if (rc == FNL_E_NOT_FOUND) {
		return fnl_fail(why, FNL_E_INVALID, "schema id %u is not in the registry", id);
	}
	if (rc < 0) {
		return fnl_fail(why, rc, "schema id %u: %s", id, fnl_status_text(rc));
	}
	if (c->writers.count >= FNL_AVRO_WRITERS_MAX) {
		return fnl_fail(why, FNL_E_LIMIT, "schema id %u: more than %d schemas in use", id, FNL_AVRO_WRITERS_MAX);
	}
	struct writer *w = fnl_calloc(1, sizeof(*w));
	if (!w) {
		return fnl_fail(why, FNL_E_NOMEM, "schema id %u: out of memory", id);
	}
	w->id = id;
	rc = read_schema(c, w, text, &broken);
	if (rc == FNL_E_NOMEM) {
		free_writer(w);
		return fnl_fail(why, rc, "schema id %u: %s", id, broken.text);
	}
	if (rc < 0) {
		fnl_fail(&w->broken, rc, "schema id %u: %s", id, broken.text);
	}
	if (fnl_map_insert(&c->writers, &w->node, fnl_span_of(&w->id, sizeof(w->id))) < 0) {
		free_writer(w);
		return fnl_fail(why, FNL_E_NOMEM, "schema id %u: out of memory", id);
	}
	*ret = w;
	return 0;
}

static int find_writer(struct codec *c, uint32_t id, struct writer **ret, struct fnl_error *why)
{
	struct writer *w = c->latest;
	if (!w || w->id != id) {
		struct fnl_map_node *node = fnl_map_find(&c->writers, fnl_span_of(&id, sizeof(id)));
		w = node ? FNL_CONTAINER_OF(node, struct writer, node) : NULL;
		int rc = w ? 0 : load_writer(c, id, &w, why);
		if (rc != 0 || !w) {
			return rc;
		}
		c->latest = w;
	}
	if (w->broken.code < 0) {
		return fnl_fail(why, w->broken.code, "%s", w->broken.text);
	}
	*ret = w;
	return 0;
}

/* The id from the header __value_schema_id (4 bytes, or 5 with the frame's leading 0), or from the frame. */
static int split_frame(const struct fnl_record *r, uint32_t *ret_id, struct fnl_span *ret_body, struct fnl_error *why)
{
	struct fnl_span header = fnl_record_header(r, "__value_schema_id");
	if (!r->value.data) {
		return fnl_fail(why, FNL_E_INVALID, "the value is null (a tombstone); a record is expected");
	}
	if (header.data) {
		bool framed = header.len == FRAME_BYTES && header.data[0] == 0;
		if (header.len != 4 && !framed) {
			return fnl_fail(why, FNL_E_UNSUPPORTED,
			                "the header __value_schema_id has %zu bytes; an id of 4 bytes is "
			                "expected (a GUID is not supported)",
			                header.len);
		}
		struct fnl_reader h = fnl_reader_of(fnl_span_of(header.data + header.len - 4, 4));
		*ret_id = fnl_read_be32(&h);
		*ret_body = r->value;
		return 0;
	}
	if (r->value.len < FRAME_BYTES) {
		return fnl_fail(why, FNL_E_INVALID,
		                "the value has %zu bytes; a frame of 0x00 and a schema id of 4 bytes is "
		                "expected",
		                r->value.len);
	}
	struct fnl_reader f = fnl_reader_of(r->value);
	uint8_t magic = fnl_read_u8(&f);
	if (magic != 0) {
		return fnl_fail(why, FNL_E_INVALID, "the value begins with 0x%02x; a frame begins with 0x00", magic);
	}
	*ret_id = fnl_read_be32(&f);
	*ret_body = fnl_span_of(f.at, fnl_reader_left(&f));
	return 0;
}

/* Through avro-c, which resolves what the writer's schema has otherwise than ours. */
static int decode_resolved(struct codec *c, struct writer *w, struct fnl_span body, struct fnl_arena *arena,
                           struct fnl_value *values, struct fnl_error *why)
{
	int rc = fnl_avro_walk(&w->plan, body, why);
	if (rc != 0) {
		return rc;
	}
	avro_reader_memory_set_source(c->reader, (const char *)body.data, (int64_t)body.len);
	rc = avro_value_read(c->reader, &w->value);
	if (rc != 0) {
		/* The walk found nothing wrong, so this is memory, or a rule of avro-c that is not known here. */
		int code = rc == ENOMEM ? FNL_E_NOMEM : FNL_E_INVALID;
		(void)avro_value_reset(&w->value);
		return fnl_fail(why, code, "%s: %.256s", w->plan.desc->name, avro_strerror());
	}
	rc = fnl_avro_copy(&w->plan, &w->value, arena, values);
	return rc < 0 ? fnl_fail(why, rc, "%s: %s", w->plan.desc->name, fnl_status_text(rc)) : 0;
}

static int decode(struct fnl_codec *base, const struct fnl_record *r, struct fnl_arena *arena, struct fnl_decoded *ret,
                  struct fnl_error *why)
{
	struct codec *c = codec_of(base);
	struct fnl_span body = FNL_SPAN_NONE;
	struct writer *w = NULL;
	uint32_t id = 0;
	int rc = split_frame(r, &id, &body, why);
	if (rc == 0) {
		rc = find_writer(c, id, &w, why);
	}
	if (rc != 0 || !w) {
		return rc;
	}
	size_t bytes = w->plan.desc->field_count * sizeof(struct fnl_value);
	struct fnl_value *values = fnl_arena_alloc(arena, bytes);
	if (!values) {
		return fnl_fail(why, FNL_E_NOMEM, "%s: out of memory", w->plan.desc->name);
	}
	/* Six times as fast as avro-c; what it refuses is left to the walk, which says at which byte and why. */
	if (!w->is_ours || fnl_record_decode(w->plan.desc, body, arena, values, NULL) != 0) {
		memset(values, 0, bytes);
		rc = decode_resolved(c, w, body, arena, values, why);
	}
	if (rc == 0) {
		*ret = (struct fnl_decoded){w->plan.desc, values};
	}
	return rc;
}

static int find_own(struct codec *c, const struct fnl_record_desc *desc, struct own **ret)
{
	size_t i = 0;
	while (i < fnl_record_count && fnl_records[i] != desc) {
		i++;
	}
	if (i == fnl_record_count) {
		return FNL_E_ARGUMENT;
	}
	struct own *o = &c->own[i];
	if (!o->has_id) {
		int rc = c->registry->ops->id_of(c->registry, fnl_span_str(desc->full_name), fnl_span_str(desc->avsc), &o->id);
		if (rc < 0) {
			return rc;
		}
		o->has_id = true;
	}
	*ret = o;
	return 0;
}

static int encode(struct fnl_codec *base, const struct fnl_record_desc *desc, const struct fnl_value *values,
                  struct fnl_arena *arena, struct fnl_span *ret)
{
	struct own *o = NULL;
	int rc = find_own(codec_of(base), desc, &o);
	if (rc < 0) {
		return rc;
	}
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_u8(&w, 0);
	fnl_write_be32(&w, o->id);
	rc = fnl_record_encode(desc, values, &w);
	if (rc == 0) {
		*ret = fnl_writer_span(&w);
	}
	return rc;
}

static int schema_id(struct fnl_codec *base, const struct fnl_record_desc *desc, uint32_t *ret_id)
{
	struct own *o = NULL;
	int rc = find_own(codec_of(base), desc, &o);
	if (rc == 0) {
		*ret_id = o->id;
	}
	return rc;
}

static void close_codec(struct fnl_codec *base)
{
	if (!base) {
		return;
	}
	struct codec *c = codec_of(base);
	size_t cursor = 0;
	struct fnl_map_node *node = fnl_map_next(&c->writers, &cursor, NULL);
	while (node) {
		struct fnl_map_node *next = fnl_map_next(&c->writers, &cursor, node);
		free_writer(FNL_CONTAINER_OF(node, struct writer, node));
		node = next;
	}
	fnl_map_deinit(&c->writers);
	fnl_free(c->own);
	if (c->reader) {
		avro_reader_free(c->reader);
	}
	fnl_arena_deinit(&c->arena);
	fnl_free(c);
}

int fnl_codec_avro_open(struct fnl_registry *registry, struct fnl_codec **ret, struct fnl_error *why)
{
	static const struct fnl_codec_ops ops = {decode, encode, schema_id, close_codec};
	struct codec *c = fnl_calloc(1, sizeof(*c));
	if (!c) {
		return fnl_fail(why, FNL_E_NOMEM, "codec: out of memory");
	}
	c->base.ops = &ops;
	c->registry = registry;
	fnl_arena_init(&c->arena, FNL_AVRO_PLAN_BYTES_MAX);
	c->own = fnl_calloc(fnl_record_count, sizeof(*c->own));
	c->reader = avro_reader_memory("", 0);
	if (!c->own || !c->reader) {
		close_codec(&c->base);
		return fnl_fail(why, FNL_E_NOMEM, "codec: out of memory");
	}
	*ret = &c->base;
	return 0;
}
