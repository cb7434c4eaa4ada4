#include "view_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

void *view_world_new(size_t size)
{
	struct view_world *w = calloc(1, size);
	assert_non_null(w);
	fnl_arena_init(&w->arena, 64 << 20);
	return w;
}

int view_world_setup(void **state)
{
	*state = view_world_new(sizeof(struct view_world));
	return 0;
}

int view_world_teardown(void **state)
{
	struct view_world *w = *state;
	fnl_rows_deinit(&w->rows);
	fnl_arena_deinit(&w->arena);
	free(w->text);
	free(w);
	return 0;
}

void view_world_put(struct view_world *w, int32_t partition, int64_t at_ms, const char *key,
                    const struct fnl_record_desc *d, const struct fnl_value *values)
{
	struct fnl_record r = {.partition = partition,
	                       .offset = w->offset++,
	                       .timestamp_ms = at_ms,
	                       .key = fnl_span_str(key),
	                       .value = fnl_v_row(&w->arena, d, values)};
	assert_int_equal(fnl_rows_put(&w->rows, &r), 0);
}

FILE *view_world_out(struct view_world *w)
{
	free(w->text);
	w->text = NULL;
	return open_memstream(&w->text, &w->text_len);
}

json_t *view_world_json(const struct view_world *w)
{
	json_t *o = json_loads(w->text, 0, NULL);
	assert_non_null(o);
	return o;
}

int64_t view_json_integer(const json_t *o, const char *name)
{
	assert_true(json_is_integer(json_object_get(o, name)));
	return json_integer_value(json_object_get(o, name));
}

static int decode(struct fnl_codec *c, const struct fnl_record *r, struct fnl_arena *arena, struct fnl_decoded *ret,
                  struct fnl_error *why)
{
	(void)c;
	struct fnl_reader reader = fnl_reader_of(r->value);
	fnl_read_u8(&reader);
	uint32_t id = fnl_read_be32(&reader);
	if (reader.bad || id >= fnl_record_count) {
		return fnl_fail(why, FNL_E_INVALID, "no schema");
	}
	ret->desc = fnl_records[id];
	ret->values = fnl_arena_calloc(arena, ret->desc->field_count, sizeof(*ret->values));
	/* the real one's strings live in the arena, too */
	struct fnl_span body = fnl_arena_dup(arena, fnl_span_of(reader.at, fnl_reader_left(&reader)));
	return ret->values ? fnl_record_decode(ret->desc, body, arena, ret->values, why) : FNL_E_NOMEM;
}

struct fnl_codec *view_codec(void)
{
	static const struct fnl_codec_ops ops = {.decode = decode};
	static struct fnl_codec codec = {.ops = &ops};
	return &codec;
}

struct fnl_span view_codec_row(struct fnl_arena *arena, const struct fnl_record_desc *d, const struct fnl_value *values)
{
	uint32_t id = 0;
	while (fnl_records[id] != d) {
		id++;
	}
	struct fnl_writer writer = fnl_writer_of(arena);
	fnl_write_u8(&writer, 0);
	fnl_write_be32(&writer, id);
	assert_int_equal(fnl_record_encode(d, values, &writer), 0);
	return fnl_writer_span(&writer);
}
