/* The schema files: each can be parsed, all are registered, and base's own encoding of a record is avro-c's. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <avro.h>
#include <cmocka.h>
#include <jansson.h>

#include "funneld/adapters/avro.h"
#include "funneld/adapters/registry.h"
#include "funneld_records.h"
#include "random_records.h"

enum { ROUNDS = 200, VALUES_MAX = FNL_RECORD_FIELDS_MAX };

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < fnl_record_count; i++) {
		avro_schema_t schema;
		if (avro_schema_from_json_length(fnl_records[i]->avsc, strlen(fnl_records[i]->avsc), &schema) != 0) {
			fail_msg("%s: %s", fnl_records[i]->name, avro_strerror());
		}
		assert_string_equal(avro_schema_name(schema), fnl_records[i]->name);
		assert_int_equal(avro_schema_record_size(schema), fnl_records[i]->field_count);
		avro_schema_decref(schema);
	}
}

/* FULL_TRANSITIVE needs it: a field without a default can never be added, so there are few of them, and enums need a
 * symbol for what they do not know. The generator refuses a missing doc. */
static void test_descriptors(void **state)
{
	(void)state;
	for (size_t i = 0; i < fnl_record_count; i++) {
		const struct fnl_record_desc *d = fnl_records[i];
		assert_true(d->field_count <= FNL_RECORD_FIELDS_MAX);
		for (size_t k = 0; k < d->field_count; k++) {
			const struct fnl_field_desc *f = &d->fields[k];
			assert_int_equal(fnl_record_field_index(d, fnl_span_str(f->name)), k);
			assert_true(!f->nullable || f->has_default);
			assert_true(f->kind != FNL_KIND_ENUM || f->symbol_default < f->symbol_count);
			assert_true(!f->symbols || f->symbol_count > 0);
			assert_true(f->kind != FNL_KIND_RECORD || f->record);
			assert_true(f->item_kind != FNL_KIND_RECORD || f->record);
		}
	}
	assert_string_equal(fnl_symbols_layer[FNL_LAYER_TOP], "TOP");
	assert_string_equal(fnl_symbols_layer_reason[FNL_LAYER_REASON_GAP], "GAP");
	assert_int_equal(FNL_PROSPECT_SIZE_FOCUS - FNL_PROSPECT_BUYER_ID,
	                 FNL_PROSPECT_CHANGED_SIZE_FOCUS - FNL_PROSPECT_CHANGED_BUYER_ID);
	for (int k = 0; k <= FNL_PROSPECT_SIZE_FOCUS - FNL_PROSPECT_BUYER_ID; k++) {
		assert_string_equal(fnl_desc_prospect.fields[FNL_PROSPECT_BUYER_ID + k].name,
		                    fnl_desc_prospect_changed.fields[FNL_PROSPECT_CHANGED_BUYER_ID + k].name);
	}
}

static struct fnl_registry *open_registry(void)
{
	struct fnl_registry *registry = NULL;
	struct fnl_error why = {0};
	if (fnl_registry_file_open(FNL_SOURCE_DIR "/schemas", &registry, &why) < 0) {
		fail_msg("%s", why.text);
	}
	return registry;
}

static size_t count_files(void)
{
	size_t count = 0;
	DIR *d = opendir(FNL_SOURCE_DIR "/schemas");
	assert_non_null(d);
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		const char *dot = strrchr(e->d_name, '.');
		count += dot && strcmp(dot, ".avsc") == 0;
	}
	closedir(d);
	return count;
}

static void test_registry_complete(void **state)
{
	(void)state;
	struct fnl_registry *registry = open_registry();
	uint8_t seen[1024] = {0};
	assert_int_equal(count_files(), fnl_record_count);
	for (size_t i = 0; i < fnl_record_count; i++) {
		uint32_t id = 0;
		struct fnl_span text = fnl_span_str(fnl_records[i]->avsc), got = FNL_SPAN_NONE;
		if (registry->ops->id_of(registry, fnl_span_str(fnl_records[i]->full_name), text, &id) < 0) {
			fail_msg("%s has no entry in registry.json", fnl_records[i]->full_name);
		}
		assert_true(id >= 1 && id < sizeof(seen) && !seen[id]);
		seen[id] = 1;
		assert_int_equal(registry->ops->schema(registry, id, &got), 0);
		assert_true(fnl_span_eq(got, text));
	}
	struct fnl_span none = FNL_SPAN_NONE;
	uint32_t id = 77;
	assert_int_equal(registry->ops->schema(registry, 0xffffffff, &none), FNL_E_NOT_FOUND);
	assert_int_equal(registry->ops->id_of(registry, FNL_SPAN_LIT("com.funneld.v1.Feed"), FNL_SPAN_LIT("{}"), &id),
	                 FNL_E_NOT_FOUND);
	assert_int_equal(id, 77);
	registry->ops->close(registry);
}

/* One value through both encoders and both decoders. */
static void agree(struct fnl_codec *codec, const struct fnl_record_desc *d, const struct fnl_value *values,
                  struct fnl_arena *arena)
{
	struct fnl_error why = {0};
	struct fnl_writer w = fnl_writer_of(arena);
	struct fnl_span framed = FNL_SPAN_NONE;
	struct fnl_value back[VALUES_MAX];
	assert_int_equal(fnl_record_encode(d, values, &w), 0);
	struct fnl_span plain = fnl_writer_span(&w);
	assert_int_equal(codec->ops->encode(codec, d, values, arena, &framed), 0);
	assert_true(framed.len >= 5 && framed.data[0] == 0);
	if (!fnl_span_eq(plain, fnl_span_of(framed.data + 5, framed.len - 5))) {
		fail_msg("%s: the encodings differ", d->name);
	}
	if (fnl_record_decode(d, plain, arena, back, &why) < 0) {
		fail_msg("%s", why.text);
	}
	assert_true(values_equal(d, values, back));
	struct fnl_record r = {.value = framed};
	struct fnl_decoded decoded;
	if (codec->ops->decode(codec, &r, arena, &decoded, &why) < 0) {
		fail_msg("%s", why.text);
	}
	assert_ptr_equal(decoded.desc, d);
	assert_true(values_equal(d, values, decoded.values));
}

static void test_agreement(void **state)
{
	(void)state;
	struct fnl_registry *registry = open_registry();
	struct fnl_codec *codec = NULL;
	struct fnl_arena arena;
	assert_int_equal(fnl_codec_avro_open(registry, &codec, NULL), 0);
	fnl_arena_init(&arena, 64 << 20);
	for (size_t i = 0; i < fnl_record_count; i++) {
		struct random_source random = {.state = i + 1, .arena = &arena};
		for (int round = 0; round < ROUNDS; round++) {
			struct fnl_value values[VALUES_MAX] = {0};
			fnl_arena_reset(&arena);
			random_values(&random, fnl_records[i], values);
			agree(codec, fnl_records[i], values, &arena);
		}
	}
	fnl_arena_deinit(&arena);
	codec->ops->close(codec);
	registry->ops->close(registry);
}

static void write_file(const char *directory, const char *name, const char *text)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (!text) {
		unlink(path);
		return;
	}
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Each broken directory is refused with a text that names the file. */
static void test_registry_broken(void **state)
{
	(void)state;
	static const char good[] = "{\"type\": \"record\", \"name\": \"A\", \"namespace\": \"n\", \"fields\": []}";
	static const struct {
		const char *list, *schema, *text;
		int code;
	} cases[] = {
		{NULL, good, "registry.json: cannot be opened", FNL_E_NOT_FOUND},
		{"[", good, "registry.json: line 1", FNL_E_INVALID},
		{"{}", good, "a list of 1 to", FNL_E_INVALID},
		{"[]", good, "a list of 1 to", FNL_E_INVALID},
		{"[{\"id\": 1, \"subject\": \"n.A\", \"file\": \"A.avsc\"}]", NULL, "A.avsc: cannot be opened",
	     FNL_E_NOT_FOUND},
		{"[{\"id\": 1, \"subject\": \"n.A\", \"file\": \"A.avsc\"}]", "{\"type\":", "A.avsc: line 1", FNL_E_INVALID},
		{"[{\"id\": 1, \"subject\": \"n.A\", \"file\": \"A.avsc\"}]", "\"string\"", "A.avsc", FNL_E_INVALID},
		{"[{\"id\": 1, \"subject\": \"n.B\", \"file\": \"A.avsc\"}]", good, "subject n.B", FNL_E_INVALID},
		{"[{\"id\": -1, \"subject\": \"n.A\", \"file\": \"A.avsc\"}]", good, "entry 1", FNL_E_INVALID},
		{"[{\"id\": 1, \"subject\": \"n.A\", \"file\": \"../A.avsc\"}]", good, "without '/'", FNL_E_INVALID},
		{"[{\"id\": 1, \"subject\": \"n.A\", \"file\": \"A.avsc\"}, {\"id\": 1, \"subject\": \"n.A\", \"file\": "
	     "\"A.avsc\"}]",
	     good, "id 1 is given twice", FNL_E_INVALID},
		{"[{\"id\": 9, \"subject\": \"n.A\", \"file\": \"A.avsc\"}, {\"id\": 4, \"subject\": \"t-n.A\", \"file\": "
	     "\"A.avsc\"}]",
	     good, NULL, 0},
	};
	char directory[] = "/tmp/fnl-registry-XXXXXX";
	assert_non_null(mkdtemp(directory));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_registry *registry = NULL;
		struct fnl_error why = {0};
		write_file(directory, "registry.json", cases[i].list);
		write_file(directory, "A.avsc", cases[i].schema);
		assert_int_equal(fnl_registry_file_open(directory, &registry, &why), cases[i].code);
		if (cases[i].code < 0) {
			assert_null(registry);
			if (!strstr(why.text, cases[i].text)) {
				fail_msg("case %zu says: %s", i, why.text);
			}
			continue;
		}
		uint32_t id = 0;
		assert_int_equal(registry->ops->id_of(registry, FNL_SPAN_LIT("n.A"), fnl_span_str(good), &id), 0);
		assert_int_equal(id, 9);
		assert_non_null(strstr(registry->ops->explain(registry), directory));
		registry->ops->close(registry);
	}
	write_file(directory, "registry.json", NULL);
	write_file(directory, "A.avsc", NULL);
	rmdir(directory);
}

/* As many entries, and as long a file, as there may be; and one more. */
static void test_registry_limits(void **state)
{
	(void)state;
	enum { ENTRIES = 4096, FILE_BYTES = 1 << 20 };
	static char list[ENTRIES * 64];
	static char schema[FILE_BYTES + 2];
	char directory[] = "/tmp/fnl-registry-XXXXXX";
	assert_non_null(mkdtemp(directory));
	for (int more_entries = 0; more_entries < 2; more_entries++) {
		for (size_t more_bytes = 0; more_bytes < 2; more_bytes++) {
			size_t len = (size_t)snprintf(list, sizeof(list), "[");
			int entries = more_bytes ? 1 : ENTRIES + more_entries;
			for (int i = 0; i < entries; i++) {
				len += (size_t)snprintf(list + len, sizeof(list) - len,
				                        "%s{\"id\":%d,\"subject\":\"n.A\",\"file\":\"A.avsc\"}", i ? "," : "", i);
			}
			(void)snprintf(list + len, sizeof(list) - len, "]");
			static const char text[] = "{\"type\": \"record\", \"name\": \"A\", \"namespace\": \"n\", \"fields\": []}";
			size_t bytes = more_bytes ? FILE_BYTES + (size_t)more_entries : sizeof(text) - 1;
			memset(schema, ' ', bytes);
			memcpy(schema, text, sizeof(text) - 1);
			schema[bytes] = '\0';
			write_file(directory, "registry.json", list);
			write_file(directory, "A.avsc", schema);
			struct fnl_registry *registry = NULL;
			struct fnl_error why = {0};
			int rc = fnl_registry_file_open(directory, &registry, &why);
			assert_int_equal(rc, !more_entries ? 0 : more_bytes ? FNL_E_LIMIT : FNL_E_INVALID);
			if (registry) {
				registry->ops->close(registry);
			}
		}
	}
	write_file(directory, "registry.json", NULL);
	write_file(directory, "A.avsc", NULL);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_registry_complete),
		cmocka_unit_test(test_agreement),
		cmocka_unit_test(test_registry_broken),
		cmocka_unit_test(test_registry_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
