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

static inline uint8_t fnl_read_u8(struct fnl_reader *r)
{
	if (r->bad || r->at == r->end) {
		r->bad = true;
		return 0;
	}
	return *r->at++;
}
uint32_t fnl_read_be32(struct fnl_reader *r);
const uint8_t *fnl_scan_long_rest(const uint8_t *at, const uint8_t *end, int64_t *ret);
/* Zig-zag varint of at most 10 bytes: where it ends, or NULL when it is cut, longer, or beyond 64 bits. Most are one
 * byte long. For those who read many values and keep their place in a register. */
static inline const uint8_t *fnl_scan_long(const uint8_t *at, const uint8_t *end, int64_t *ret)
{
	if (at != end && *at < 0x80) {
		*ret = (int64_t)(*at >> 1) ^ -(int64_t)(*at & 1);
		return at + 1;
	}
	return fnl_scan_long_rest(at, end, ret);
}
/* The same; bad when there is none. */
static inline int64_t fnl_read_long(struct fnl_reader *r)
{
	int64_t v = 0;
	const uint8_t *next = r->bad ? NULL : fnl_scan_long(r->at, r->end, &v);
	r->bad = !next;
	r->at = next ? next : r->at;
	return v;
}
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

/* For a text whose length is known about: the first memory that it takes is so long. */
static inline struct fnl_writer fnl_writer_sized(struct fnl_arena *a, size_t bytes)
{
	return (struct fnl_writer){a, NULL, 0, bytes, false};
}

/* Room for n more bytes at the end, or NULL and bad. */
uint8_t *fnl_writer_grow(struct fnl_writer *w, size_t n);
static inline uint8_t *fnl_writer_room(struct fnl_writer *w, size_t n)
{
	return !w->bad && w->data && n <= w->capacity - w->len ? w->data + w->len : fnl_writer_grow(w, n);
}
static inline void fnl_write_u8(struct fnl_writer *w, uint8_t v)
{
	uint8_t *p = fnl_writer_room(w, 1);
	if (p) {
		*p = v;
		w->len++;
	}
}
void fnl_write_be32(struct fnl_writer *w, uint32_t v);
uint8_t *fnl_put_long_rest(uint8_t *p, uint64_t zig_zag);
enum { FNL_LONG_BYTES_MAX = 10 };
/* A zig-zag varint at p, where FNL_LONG_BYTES_MAX bytes are free; its end. */
static inline uint8_t *fnl_put_long(uint8_t *p, int64_t v)
{
	uint64_t zig_zag = ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
	if (zig_zag < 0x80) {
		*p = (uint8_t)zig_zag;
		return p + 1;
	}
	return fnl_put_long_rest(p, zig_zag);
}
static inline void fnl_write_long(struct fnl_writer *w, int64_t v)
{
	uint8_t *p = fnl_writer_room(w, FNL_LONG_BYTES_MAX);
	if (p) {
		w->len += (size_t)(fnl_put_long(p, v) - p);
	}
}
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
