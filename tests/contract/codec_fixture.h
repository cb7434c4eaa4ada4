/* A codec over the repository's schemas and some more that a test brings along. */
#ifndef FUNNELD_TESTS_CODEC_FIXTURE_H
#define FUNNELD_TESTS_CODEC_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "funneld/adapters/avro.h"
#include "funneld/adapters/registry.h"
#include "funneld/base/map.h"
#include "funneld_records.h"

struct extra_schema {
	uint32_t id;
	const char *text;
};

/* Asks the extra schemas first. `away` makes it unreachable. */
struct extra_registry {
	struct fnl_registry base;
	struct fnl_registry *below;
	const struct extra_schema *extra;
	size_t extra_count;
	int asked;
	bool away;
};

struct codec_fixture {
	struct extra_registry registry;
	struct fnl_codec *codec;
	struct fnl_arena arena;
	struct fnl_error why;
};

static inline int extra_schema_of(struct fnl_registry *base, uint32_t id, struct fnl_span *ret_text)
{
	struct extra_registry *r = FNL_CONTAINER_OF(base, struct extra_registry, base);
	r->asked++;
	if (r->away) {
		return FNL_E_DISCONNECTED;
	}
	for (size_t i = 0; i < r->extra_count; i++) {
		if (r->extra[i].id == id) {
			*ret_text = fnl_span_str(r->extra[i].text);
			return 0;
		}
	}
	return r->below->ops->schema(r->below, id, ret_text);
}

static inline int extra_id_of(struct fnl_registry *base, struct fnl_span name, struct fnl_span text, uint32_t *ret_id)
{
	struct extra_registry *r = FNL_CONTAINER_OF(base, struct extra_registry, base);
	r->asked++;
	return r->below->ops->id_of(r->below, name, text, ret_id);
}

static inline void fixture_open(struct codec_fixture *f, const struct extra_schema *extra, size_t extra_count)
{
	static const struct fnl_registry_ops ops = {extra_schema_of, extra_id_of, NULL, NULL};
	*f = (struct codec_fixture){.registry = {.base = {&ops}, .extra = extra, .extra_count = extra_count}};
	if (fnl_registry_file_open(FNL_SOURCE_DIR "/schemas", &f->registry.below, &f->why) < 0 ||
	    fnl_codec_avro_open(&f->registry.base, &f->codec, &f->why) < 0) {
		fail_msg("%s", f->why.text);
	}
	fnl_arena_init(&f->arena, 64 << 20);
}

static inline void fixture_close(struct codec_fixture *f)
{
	f->codec->ops->close(f->codec);
	f->registry.below->ops->close(f->registry.below);
	fnl_arena_deinit(&f->arena);
}

/* Frame for the id; the body follows. */
static inline struct fnl_writer fixture_frame(struct codec_fixture *f, uint32_t id)
{
	struct fnl_writer w = fnl_writer_of(&f->arena);
	fnl_write_u8(&w, 0);
	fnl_write_be32(&w, id);
	return w;
}

static inline int fixture_decode(struct codec_fixture *f, struct fnl_span value, struct fnl_decoded *ret)
{
	struct fnl_record r = {.value = value};
	f->why = (struct fnl_error){0};
	return f->codec->ops->decode(f->codec, &r, &f->arena, ret, &f->why);
}

/* What was written must be readable. */
static inline struct fnl_decoded fixture_read(struct codec_fixture *f, struct fnl_writer *w)
{
	struct fnl_decoded d = {0};
	if (fixture_decode(f, fnl_writer_span(w), &d) < 0) {
		fail_msg("%s", f->why.text);
	}
	return d;
}

/* The call must fail with the code, and its text must hold every one of the parts, which are separated by '|'. */
static inline void fixture_refused(struct codec_fixture *f, struct fnl_span value, int code, const char *parts)
{
	struct fnl_decoded d = {0};
	char copy[256], *save = NULL;
	assert_int_equal(fixture_decode(f, value, &d), code);
	assert_null(d.desc);
	assert_int_equal(f->why.code, code);
	snprintf(copy, sizeof(copy), "%s", parts);
	for (char *part = strtok_r(copy, "|", &save); part; part = strtok_r(NULL, "|", &save)) {
		if (!strstr(f->why.text, part)) {
			fail_msg("\"%s\" is expected in: %s", part, f->why.text);
		}
	}
}

static inline void write_text(struct fnl_writer *w, const char *text)
{
	fnl_write_string(w, fnl_span_str(text));
}

#endif
