/* Any bytes through base's own decoder: the first byte picks the record. What is read is written and read again, and
 * comes out the same. */
#include <stdlib.h>

#include "../contract/random_records.h"
#include "funneld_records.h"

static void expect(bool ok)
{
	if (!ok) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fnl_arena arena;
	struct fnl_error why = {0};
	struct fnl_value values[FNL_RECORD_FIELDS_MAX] = {0}, again[FNL_RECORD_FIELDS_MAX] = {0};
	if (size == 0) {
		return 0;
	}
	const struct fnl_record_desc *d = fnl_records[data[0] % fnl_record_count];
	fnl_arena_init(&arena, 64 << 20);
	int rc = fnl_record_decode(d, fnl_span_of(data + 1, size - 1), &arena, values, &why);
	expect(rc == 0 || (fnl_status_class(rc) == FNL_CLASS_POISON && why.text[0]));
	if (rc == 0) {
		struct fnl_writer w = fnl_writer_of(&arena);
		expect(fnl_record_encode(d, values, &w) == 0);
		expect(fnl_record_decode(d, fnl_writer_span(&w), &arena, again, &why) == 0);
		expect(values_equal(d, values, again));
	}
	fnl_arena_deinit(&arena);
	return 0;
}
