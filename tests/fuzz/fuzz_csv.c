/* Any bytes as a change log: a map, a NUL, then the CSV; without a NUL all is CSV. Whatever is published must be a
 * record that can be read again, with a key and all headers; each row is counted once; the same file a second time
 * gives the same events. Nothing leaves memory: the bus is a function here. */
#include <stdio.h>
#include <stdlib.h>

#include "../contract/random_records.h"
#include "funneld/adapters/sys.h"
#include "import_run.h"

enum { PARTITIONS = 2, HEADERS = 7 };

struct world {
	struct fnl_bus bus; /* must be first */
	struct fnl_codec codec;
	const struct fnl_record_desc *desc; /* of the record encoded last */
	const struct fnl_value *values;
	const char *topics[FNL_TOPIC_COUNT];
	uint64_t bad;
	uint64_t digest; /* of everything published, in order */
};

static void expect(bool ok)
{
	if (!ok) {
		abort();
	}
}

static void digest(struct world *w, struct fnl_span s)
{
	w->digest = (w->digest ^ s.len) * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < s.len; i++) {
		w->digest = (w->digest ^ s.data[i]) * UINT64_C(0x100000001b3);
	}
}

static int describe(struct fnl_bus *b, const char *topic, struct fnl_topic_info *ret)
{
	(void)b;
	(void)topic;
	ret->partition_count = PARTITIONS;
	return 0;
}

static int publish(struct fnl_bus *b, const char *topic, int32_t partition, struct fnl_span key, struct fnl_span value,
                   const struct fnl_header *headers, size_t header_count)
{
	struct world *w = (struct world *)b;
	struct fnl_arena arena;
	struct fnl_error why = {0};
	struct fnl_value values[FNL_RECORD_FIELDS_MAX] = {0};
	expect(topic && partition >= -1 && partition < PARTITIONS && key.len > 0 && header_count == HEADERS);
	fnl_arena_init(&arena, 64 << 20);
	expect(fnl_record_decode(w->desc, value, &arena, values, &why) == 0);
	expect(values_equal(w->desc, w->values, values));
	fnl_arena_deinit(&arena);
	digest(w, key);
	digest(w, value);
	for (size_t i = 0; i < header_count; i++) {
		expect(headers[i].name.len > 0 && headers[i].value.data != NULL);
		digest(w, headers[i].value);
	}
	return 0;
}

static int flush(struct fnl_bus *b, int timeout_ms)
{
	(void)b;
	(void)timeout_ms;
	return 0;
}

static const char *explain(struct fnl_bus *b)
{
	(void)b;
	return "it does not fail";
}

static int encode(struct fnl_codec *c, const struct fnl_record_desc *desc, const struct fnl_value *values,
                  struct fnl_arena *arena, struct fnl_span *ret)
{
	struct world *w = (struct world *)((char *)c - offsetof(struct world, codec));
	struct fnl_writer writer = fnl_writer_of(arena);
	int status = fnl_record_encode(desc, values, &writer);
	w->desc = desc;
	w->values = values;
	*ret = fnl_writer_span(&writer);
	return status;
}

static void on_bad_row(void *context, const char *message)
{
	struct world *w = context;
	expect(strncmp(message, "log.csv:", 8) == 0);
	w->bad++;
}

static int run(struct world *w, const struct fnl_import_map *map, struct fnl_span csv, uint64_t *ret_digest)
{
	struct fnl_import_ports ports = {&w->bus, &w->codec, fnl_sys_ids(), w->topics};
	struct fnl_import_counts counts = {0};
	struct fnl_error why = {0};
	FILE *in = fmemopen((void *)(uintptr_t)csv.data, csv.len, "r");
	expect(in != NULL);
	struct fnl_import_options options = {"log.csv", in, map, INT64_MIN, INT64_MAX, false, w, on_bad_row, NULL};
	w->bad = w->digest = 0;
	int status = fnl_import_run(&ports, &options, &counts, &why);
	fclose(in);
	if (status < 0) {
		expect(why.text[0] != '\0' && counts.rows == 0); /* header or map: a row by itself ends nothing */
	} else {
		expect(counts.rows == counts.published + counts.outside + counts.bad);
		expect(counts.bad == w->bad && status == (counts.bad ? FNL_IMPORT_LEFT_OUT : 0));
	}
	*ret_digest = w->digest;
	return status;
}

static bool read_map(struct fnl_span text, struct fnl_arena *arena, struct fnl_import_map *ret)
{
	struct fnl_error why = {0};
	FILE *in = fmemopen((void *)(uintptr_t)text.data, text.len, "r");
	expect(in != NULL);
	int status = fnl_import_map_read(in, "map.ini", arena, ret, &why);
	fclose(in);
	expect(status == 0 || why.text[0] != '\0');
	return status == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fnl_bus_ops bus_ops = {
		.describe_topic = describe, .publish = publish, .publish_flush = flush, .explain = explain};
	static const struct fnl_codec_ops codec_ops = {.encode = encode};
	struct world w = {.bus = {&bus_ops}, .codec = {&codec_ops}};
	struct fnl_import_map map = {0};
	struct fnl_arena arena;
	const uint8_t *nul = size ? memchr(data, '\0', size) : NULL;
	struct fnl_span csv = nul ? fnl_span_of(nul + 1, size - (size_t)(nul + 1 - data)) : fnl_span_of(data, size);
	uint64_t once = 0;
	uint64_t twice = 0;
	for (int i = 0; i < FNL_TOPIC_COUNT; i++) {
		w.topics[i] = "topic";
	}
	fnl_arena_init(&arena, 16 << 20);
	if (csv.len && (!nul || nul == data || read_map(fnl_span_of(data, (size_t)(nul - data)), &arena, &map))) {
		int status = run(&w, &map, csv, &once);
		expect(run(&w, &map, csv, &twice) == status && once == twice);
	}
	fnl_arena_deinit(&arena);
	return 0;
}
