/* Any bytes through the codec. The first byte picks the schema: one of ours, one of a writer with types that we do not
 * use, or (255) none: the rest is then a whole value with its frame. Nothing may crash, leak or read beyond the end,
 * and what was read must be writable and read again as the same. */
#include <stdlib.h>

#include "../contract/random_records.h"
#include "funneld/adapters/avro.h"
#include "funneld/base/map.h"
#include "funneld_records.h"

static const char *const writers[] = {
	"{\"type\": \"record\", \"name\": \"ContactLogged\", \"fields\": ["
	"{\"name\": \"m\", \"type\": {\"type\": \"map\", \"values\": [\"null\", \"long\", {\"type\": \"array\", \"items\": "
	"\"bytes\"}]}}, "
	"{\"name\": \"source\", \"type\": [\"string\", \"null\"]}, {\"name\": \"occurred_at\", \"type\": [\"int\", "
	"\"long\"]}, "
	"{\"name\": \"contact_id\", \"type\": \"bytes\"}, {\"name\": \"prospect_id\", \"type\": \"string\"}, "
	"{\"name\": \"rep_id\", \"type\": \"string\"}, {\"name\": \"at\", \"type\": \"int\"}, "
	"{\"name\": \"f\", \"type\": {\"type\": \"fixed\", \"name\": \"F\", \"size\": 3}}, "
	"{\"name\": \"channel\", \"type\": {\"type\": \"enum\", \"name\": \"E\", \"symbols\": [\"CHAT\", \"MAIL\"]}}, "
	"{\"name\": \"d\", \"type\": \"double\"}, {\"name\": \"r\", \"type\": {\"type\": \"record\", \"name\": \"R\", "
	"\"fields\": ["
	"{\"name\": \"a\", \"type\": {\"type\": \"array\", \"items\": [\"F\", \"E\", \"null\"]}}, {\"name\": \"g\", "
	"\"type\": \"float\"}]}}, "
	"{\"name\": \"r2\", \"type\": [\"null\", \"R\"]}, {\"name\": \"reached\", \"type\": \"boolean\"}, "
	"{\"name\": \"person_ids\", \"type\": [\"null\", {\"type\": \"array\", \"items\": [\"null\", \"string\"]}]}]}",
	"{\"type\": \"record\", \"name\": \"TerritoryDefined\", \"fields\": ["
	"{\"name\": \"nulls\", \"type\": {\"type\": \"array\", \"items\": \"null\"}}, "
	"{\"name\": \"maps\", \"type\": {\"type\": \"map\", \"values\": {\"type\": \"map\", \"values\": \"string\"}}}, "
	"{\"name\": \"source\", \"type\": \"string\"}, {\"name\": \"occurred_at\", \"type\": \"long\"}, "
	"{\"name\": \"territory_id\", \"type\": \"string\"}, {\"name\": \"version\", \"type\": \"long\"}, "
	"{\"name\": \"org_id\", \"type\": \"string\"}, {\"name\": \"valid_from\", \"type\": \"int\"}, "
	"{\"name\": \"cells\", \"type\": {\"type\": \"array\", \"items\": {\"type\": \"record\", \"name\": \"Cell\", "
	"\"fields\": ["
	"{\"name\": \"more\", \"type\": {\"type\": \"array\", \"items\": {\"type\": \"array\", \"items\": \"int\"}}}, "
	"{\"name\": \"industry\", \"type\": \"string\"}]}}}]}",
};

enum { WRITERS = sizeof(writers) / sizeof(writers[0]) };

/* Ids 1 to n are our records, the next ones the writers above. */
static int schema(struct fnl_registry *r, uint32_t id, struct fnl_span *ret_text)
{
	(void)r;
	if (id < 1 || id > fnl_record_count + WRITERS) {
		return FNL_E_NOT_FOUND;
	}
	*ret_text = fnl_span_str(id <= fnl_record_count ? fnl_records[id - 1]->avsc : writers[id - 1 - fnl_record_count]);
	return 0;
}

static int id_of(struct fnl_registry *r, struct fnl_span name, struct fnl_span text, uint32_t *ret_id)
{
	(void)r;
	(void)text;
	for (uint32_t i = 0; i < fnl_record_count; i++) {
		if (fnl_span_eq(name, fnl_span_str(fnl_records[i]->full_name))) {
			*ret_id = i + 1;
			return 0;
		}
	}
	return FNL_E_NOT_FOUND;
}

static struct fnl_codec *codec;

/* avro-c keeps pointers at odd addresses, where the leak check does not find them: what is in use at the end must go.
 */
static void close_codec(void)
{
	codec->ops->close(codec);
}

static void expect(bool ok)
{
	if (!ok) {
		abort();
	}
}

static void check_again(struct fnl_arena *arena, const struct fnl_decoded *d)
{
	struct fnl_decoded again = {0};
	struct fnl_span out = FNL_SPAN_NONE, json = FNL_SPAN_NONE;
	expect(codec->ops->encode(codec, d->desc, d->values, arena, &out) == 0);
	struct fnl_record r = {.value = out};
	expect(codec->ops->decode(codec, &r, arena, &again, NULL) == 0);
	expect(again.desc == d->desc && values_equal(d->desc, d->values, again.values));
	expect(fnl_record_to_json(d, arena, &json) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fnl_registry_ops ops = {schema, id_of, NULL, NULL};
	static struct fnl_registry registry = {&ops};
	struct fnl_arena arena;
	struct fnl_error why = {0};
	struct fnl_decoded d = {0};
	if (size == 0) {
		return 0;
	}
	if (!codec) {
		expect(fnl_codec_avro_open(&registry, &codec, NULL) == 0 && atexit(close_codec) == 0);
	}
	fnl_arena_init(&arena, 64 << 20);
	uint8_t id[4] = {0, 0, 0, (uint8_t)(data[0] % (fnl_record_count + WRITERS) + 1)};
	struct fnl_header header = {FNL_SPAN_LIT("__value_schema_id"), {id, sizeof(id)}};
	struct fnl_record r = {.value = {data + 1, size - 1}, .headers = &header, .header_count = data[0] != 255};
	int rc = codec->ops->decode(codec, &r, &arena, &d, &why);
	expect(rc == 0 || (fnl_status_class(rc) == FNL_CLASS_POISON && why.code == rc && why.text[0] && !d.desc));
	if (rc == 0) {
		check_again(&arena, &d);
	}
	fnl_arena_deinit(&arena);
	return 0;
}
