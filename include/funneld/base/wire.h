/* Cursors over bytes: bounds-checked reading, bounded writing, and the primitives of Avro's binary encoding
 * (Avro 1.11 specification, "Binary Encoding"). A cursor latches its first failure in `bad`, so that a sequence of
 * calls needs one check at its end. */
#ifndef FUNNELD_BASE_WIRE_H
#define FUNNELD_BASE_WIRE_H

#include "funneld/base/arena.h"

struct fnl_reader {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

static inline struct fnl_reader fnl_reader_of(struct fnl_span s)
{
	return (struct fnl_reader){s.data, s.data ? s.data + s.len : NULL, false};
}

static inline size_t fnl_reader_left(const struct fnl_reader *r)
{
	return (size_t)(r->end - r->at);
}

uint8_t fnl_read_u8(struct fnl_reader *r);
uint32_t fnl_read_be32(struct fnl_reader *r);
/* Zig-zag varint of at most 10 bytes; more, or a value beyond 64 bits, is bad. */
int64_t fnl_read_long(struct fnl_reader *r);
/* n bytes, borrowed from the input; bad when fewer are left. */
struct fnl_span fnl_read_bytes(struct fnl_reader *r, size_t n);
/* Avro string or bytes: a length, checked against what is left before it is believed, then the bytes. */
struct fnl_span fnl_read_string(struct fnl_reader *r);

/* A writer appends to memory of its arena and grows by doubling; bad when the arena is exhausted. */
struct fnl_writer {
	struct fnl_arena *arena;
	uint8_t *data;
	size_t len;
	size_t capacity;
	bool bad;
};

static inline struct fnl_writer fnl_writer_of(struct fnl_arena *a)
{
	return (struct fnl_writer){a, NULL, 0, 0, false};
}

void fnl_write_u8(struct fnl_writer *w, uint8_t v);
void fnl_write_be32(struct fnl_writer *w, uint32_t v);
void fnl_write_long(struct fnl_writer *w, int64_t v);
void fnl_write_raw(struct fnl_writer *w, struct fnl_span s);
void fnl_write_string(struct fnl_writer *w, struct fnl_span s); /* length, then bytes */

/* What was written, living in the arena; FNL_SPAN_NONE when bad. An empty result has data != NULL. */
struct fnl_span fnl_writer_span(struct fnl_writer *w);

/* Plain text without printf, for hot paths: decimal digits, and RFC 3339 UTC with milliseconds
 * ("2026-01-31T08:00:00.000Z"). */
void fnl_write_decimal(struct fnl_writer *w, int64_t v);
void fnl_write_rfc3339(struct fnl_writer *w, int64_t epoch_ms);
/* Decimal text of the whole span to a number; false when it is anything else or overflows. */
bool fnl_parse_decimal(struct fnl_span s, int64_t *ret);

#endif
