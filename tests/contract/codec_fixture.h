/* A codec over the repository's schemas and those of other writers. */
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

/* Writers' schemas beside our own: schemas-older-newer/ and, for what no registry would hold, the two below. */
enum {
	ID_OLDER = 1001,
	ID_NEWER,
	ID_NULLABLE,
	ID_MISSING,
	ID_STRANGER,
	ID_NO_RECORD,
	ID_NOT_JSON,
	ID_UNKNOWN_TYPE,
	ID_RECURSIVE,
	ID_WIDE,
	ID_FIXED,
	ID_MISFIT,
	ID_MICROS,
	ID_NAMED,
	ID_LISTS,
	ID_MONEY,
	ID_AGAIN = 100000 /* + id: our schema of that id with a word more, so that it goes the way of others' schemas */
};

/* `away` makes it unreachable. */
struct both_registries {
	struct fnl_registry base;
	struct fnl_registry *ours;
	struct fnl_registry *others;
	int asked;
	bool away;
	char text[65536]; /* of ID_AGAIN */
};

/* ProspectMerged: source "s", occurred_at 1, prospect_id "p", version 2, survivor_id "q". */
#define MERGED "\x02s\x02\x02p\x04\x02q"

struct codec_fixture {
	struct both_registries registry;
	struct fnl_codec *codec;
	struct fnl_arena arena;
	struct fnl_error why;
};

static inline int schema_again(struct both_registries *r, uint32_t id, struct fnl_span *ret_text)
{
	struct fnl_span ours = FNL_SPAN_NONE;
	int rc = r->ours->ops->schema(r->ours, id - ID_AGAIN, &ours);
	if (rc == 0) {
		assert_true(ours.len + 20 < sizeof(r->text) && ours.data[0] == '{');
		int n = snprintf(r->text, sizeof(r->text), "{\"also\": 1,%.*s", (int)ours.len - 1, (const char *)ours.data + 1);
		*ret_text = fnl_span_of(r->text, (size_t)n);
	}
	return rc;
}

static inline int both_schema(struct fnl_registry *base, uint32_t id, struct fnl_span *ret_text)
{
	struct both_registries *r = FNL_CONTAINER_OF(base, struct both_registries, base);
	r->asked++;
	if (r->away) {
		return FNL_E_DISCONNECTED;
	}
	if (id == ID_NO_RECORD || id == ID_NOT_JSON) {
		*ret_text = id == ID_NOT_JSON ? FNL_SPAN_LIT("{\"type\": ")
		                              : FNL_SPAN_LIT("{\"type\": \"enum\", \"name\": \"Feed\", \"symbols\": [\"A\"]}");
		return 0;
	}
	if (id >= ID_AGAIN) {
		return schema_again(r, id, ret_text);
	}
	struct fnl_registry *from = id >= ID_OLDER ? r->others : r->ours;
	return from->ops->schema(from, id, ret_text);
}

static inline int both_id_of(struct fnl_registry *base, struct fnl_span name, struct fnl_span text, uint32_t *ret_id)
{
	struct both_registries *r = FNL_CONTAINER_OF(base, struct both_registries, base);
	r->asked++;
	return r->ours->ops->id_of(r->ours, name, text, ret_id);
}

static inline void fixture_open(struct codec_fixture *f)
{
	static const struct fnl_registry_ops ops = {both_schema, both_id_of, NULL, NULL};
	*f = (struct codec_fixture){.registry = {.base = {&ops}}};
	if (fnl_registry_file_open(FNL_SOURCE_DIR "/schemas", &f->registry.ours, &f->why) < 0 ||
	    fnl_registry_file_open(FNL_SOURCE_DIR "/tests/contract/schemas-older-newer", &f->registry.others, &f->why) <
	        0 ||
	    fnl_codec_avro_open(&f->registry.base, &f->codec, &f->why) < 0) {
		fail_msg("%s", f->why.text);
	}
	fnl_arena_init(&f->arena, 64 << 20);
}

static inline void fixture_close(struct codec_fixture *f)
{
	f->codec->ops->close(f->codec);
	f->registry.ours->ops->close(f->registry.ours);
	f->registry.others->ops->close(f->registry.others);
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
	int rc = fixture_decode(f, value, &d);
	if (rc != code) {
		fail_msg("%d, and not %d: %s", rc, code, f->why.text);
	}
	assert_null(d.desc);
	assert_int_equal(f->why.code, code);
	snprintf(copy, sizeof(copy), "%s", parts);
	for (char *part = strtok_r(copy, "|", &save); part; part = strtok_r(NULL, "|", &save)) {
		if (!strstr(f->why.text, part)) {
			fail_msg("\"%s\" is expected in: %s", part, f->why.text);
		}
	}
}

/* The registry's id of one of our records. */
static inline uint32_t fixture_id(struct codec_fixture *f, const struct fnl_record_desc *d)
{
	uint32_t id = 0;
	assert_int_equal(f->codec->ops->schema_id(f->codec, d, &id), 0);
	return id;
}

static inline void assert_text(struct fnl_value v, const char *text)
{
	assert_true(v.set);
	assert_true(fnl_span_eq(v.str, fnl_span_str(text)));
}

static inline void write_text(struct fnl_writer *w, const char *text)
{
	fnl_write_string(w, fnl_span_str(text));
}

#endif
