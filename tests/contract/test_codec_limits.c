/* The codec's limits: what goes to each of them is read, and what goes one beyond it is refused with its name. */
#include "codec_fixture.h"

enum {
	DEPTH_MAX = 16,
	PARTS_MAX = 2048,
	FIXED_BYTES_MAX = 65536,
	ITEMS_MAX = 16384,
	BODY_BYTES_MAX = 4 << 20,
	WRITERS_MAX = 4096
};

/* ProspectMerged and a field x, which our reader passes over. */
struct world {
	struct fnl_registry registry; /* must be first */
	struct codec_fixture f;
	char text[1 << 17];
};

static int schema(struct fnl_registry *base, uint32_t id, struct fnl_span *ret_text)
{
	(void)id;
	*ret_text = fnl_span_str(((struct world *)base)->text);
	return 0;
}

static const struct fnl_registry_ops ops = {.schema = schema};

/* open, count times; the middle; close, count times. */
static void schema_is(struct world *w, const char *open, size_t count, const char *middle, const char *close)
{
	size_t len = (size_t)snprintf(
		w->text, sizeof(w->text),
		"{\"type\":\"record\",\"name\":\"ProspectMerged\",\"namespace\":\"com.funneld.v1\",\"fields\":["
		"{\"name\":\"source\",\"type\":\"string\"},{\"name\":\"occurred_at\",\"type\":\"long\"},"
		"{\"name\":\"prospect_id\",\"type\":\"string\"},{\"name\":\"version\",\"type\":\"long\"},"
		"{\"name\":\"survivor_id\",\"type\":\"string\"},{\"name\":\"x\",\"type\":");
	for (size_t i = 0; i < count; i++) {
		len += (size_t)snprintf(w->text + len, sizeof(w->text) - len, "%s", open);
	}
	len += (size_t)snprintf(w->text + len, sizeof(w->text) - len, "%s", middle);
	for (size_t i = 0; i < count; i++) {
		len += (size_t)snprintf(w->text + len, sizeof(w->text) - len, "%s", close);
	}
	len += (size_t)snprintf(w->text + len, sizeof(w->text) - len, "}]}");
	assert_true(len < sizeof(w->text));
	w->f.codec->ops->close(w->f.codec); /* another one, which has not seen the schema before */
	assert_int_equal(fnl_codec_avro_open(&w->registry, &w->f.codec, NULL), 0);
}

/* Written with the schema of that id. */
static void read_with(struct world *w, uint32_t id, struct fnl_span x, size_t zeros, int code, const char *parts)
{
	struct fnl_writer body = fixture_frame(&w->f, id);
	fnl_write_raw(&body, FNL_SPAN_LIT(MERGED));
	fnl_write_raw(&body, x);
	for (size_t i = 0; i < zeros; i++) {
		fnl_write_u8(&body, 0);
	}
	if (code < 0) {
		fixture_refused(&w->f, fnl_writer_span(&body), code, parts);
	} else {
		assert_text(fixture_read(&w->f, &body).values[FNL_PROSPECT_MERGED_SURVIVOR_ID], "q");
	}
	fnl_arena_reset(&w->f.arena);
}

static void read_is(struct world *w, struct fnl_span x, size_t zeros, int code, const char *parts)
{
	read_with(w, 1, x, zeros, code, parts);
}

/* Who has seen so many reads what comes with any of them, and nothing with another one. */
static void test_writers(void **state)
{
	struct world *w = *state;
	schema_is(w, "", 0, "\"long\"", "");
	for (uint32_t id = 1; id <= WRITERS_MAX; id++) {
		read_with(w, id, FNL_SPAN_NONE, 1, 0, NULL);
	}
	read_with(w, WRITERS_MAX + 1, FNL_SPAN_NONE, 1, FNL_E_LIMIT, "schema id 4097|more than 4096 schemas");
	read_with(w, 1, FNL_SPAN_NONE, 1, 0, NULL);
	read_with(w, WRITERS_MAX, FNL_SPAN_NONE, 1, 0, NULL);
}

static void test_schemas(void **state)
{
	struct world *w = *state;
	char fixed[96];
	static char record_of[1 << 16];
	schema_is(w, "{\"type\":\"array\",\"items\":", DEPTH_MAX - 1, "\"long\"",
	          "}"); /* x is one deeper than the record */
	read_is(w, FNL_SPAN_NONE, 1, 0, NULL);
	schema_is(w, "{\"type\":\"array\",\"items\":", DEPTH_MAX, "\"long\"", "}");
	read_is(w, FNL_SPAN_NONE, 1, FNL_E_LIMIT, "nested deeper than 16");
	for (int more = 0; more < 2; more++) {
		(void)snprintf(fixed, sizeof(fixed), "{\"type\":\"fixed\",\"name\":\"F\",\"size\":%d}", FIXED_BYTES_MAX + more);
		schema_is(w, "", 0, fixed, "");
		read_is(w, FNL_SPAN_NONE, FIXED_BYTES_MAX, more ? FNL_E_LIMIT : 0, "fixed of 65537 bytes; at most 65536");
	}
	for (int more = 0; more < 2; more++) { /* the six fields, and those of x */
		size_t len = (size_t)snprintf(record_of, sizeof(record_of), "{\"type\":\"record\",\"name\":\"X\",\"fields\":[");
		for (int i = 0; i < PARTS_MAX - 6 + more; i++) {
			len += (size_t)snprintf(record_of + len, sizeof(record_of) - len, "%s{\"name\":\"f%d\",\"type\":\"int\"}",
			                        i ? "," : "", i);
		}
		(void)snprintf(record_of + len, sizeof(record_of) - len, "]}");
		schema_is(w, "", 0, record_of, "");
		read_is(w, FNL_SPAN_NONE, PARTS_MAX - 6, more ? FNL_E_LIMIT : 0, "more than 2048 parts");
	}
}

static void test_bodies(void **state)
{
	struct world *w = *state;
	static uint8_t bytes[BODY_BYTES_MAX];
	schema_is(w, "", 0, "{\"type\":\"array\",\"items\":\"null\"}", "");
	for (int more = 0; more < 2; more++) {
		struct fnl_writer x = fnl_writer_of(&w->f.arena);
		fnl_write_long(&x, ITEMS_MAX + more);
		fnl_write_u8(&x, 0);
		read_is(w, fnl_writer_span(&x), 0, more ? FNL_E_LIMIT : 0, "x|at most 16384 in all its lists");
	}
	schema_is(w, "", 0, "\"bytes\"", "");
	for (size_t more = 0; more < 2; more++) {
		struct fnl_writer x = fnl_writer_of(&w->f.arena);
		size_t len = BODY_BYTES_MAX - (sizeof(MERGED) - 1) - 4 + more; /* 4: its length */
		fnl_write_string(&x, fnl_span_of(bytes, len));
		assert_int_equal(fnl_writer_span(&x).len, len + 4);
		read_is(w, fnl_writer_span(&x), 0, more ? FNL_E_LIMIT : 0, "4194305 bytes; at most 4194304");
	}
}

/* A list that our record has, too. */
static void test_items_of_a_list(void **state)
{
	struct world *w = *state;
	fixture_close(&w->f);
	fixture_open(&w->f);
	for (size_t more = 0; more < 2; more++) {
		struct fnl_writer x = fixture_frame(&w->f, fixture_id(&w->f, &fnl_desc_contact_logged));
		fnl_write_raw(&x, FNL_SPAN_LIT("\x02s\x02\x02"
		                               "c\x02p\x02\x02r\x02\x02\x00\x01"));
		fnl_write_long(&x, (int64_t)(FNL_RECORD_LIST_ITEMS_MAX + more));
		for (size_t i = 0; i < FNL_RECORD_LIST_ITEMS_MAX + more; i++) {
			write_text(&x, "p");
		}
		fnl_write_raw(&x, FNL_SPAN_LIT("\x00\x00\x00"));
		if (more) {
			fixture_refused(&w->f, fnl_writer_span(&x), FNL_E_LIMIT, "ContactLogged.person_ids|257 items|256");
		} else {
			struct fnl_decoded d = fixture_read(&w->f, &x);
			assert_int_equal(d.values[FNL_CONTACT_LOGGED_PERSON_IDS].list.count, FNL_RECORD_LIST_ITEMS_MAX);
		}
	}
}

static int setup(void **state)
{
	struct world *w = fnl_calloc(1, sizeof(*w));
	assert_non_null(w);
	w->registry.ops = &ops;
	fixture_open(&w->f);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	fixture_close(&w->f);
	fnl_free(w);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_schemas, setup, teardown),
		cmocka_unit_test_setup_teardown(test_writers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bodies, setup, teardown),
		cmocka_unit_test_setup_teardown(test_items_of_a_list, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
