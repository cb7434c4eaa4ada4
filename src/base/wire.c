#include "funneld/base/wire.h"

enum { WRITER_BYTES_MIN = 128 };

uint32_t fnl_read_be32(struct fnl_reader *r)
{
	struct fnl_span s = fnl_read_bytes(r, 4);
	if (r->bad) {
		return 0;
	}
	return (uint32_t)s.data[0] << 24 | (uint32_t)s.data[1] << 16 | (uint32_t)s.data[2] << 8 | s.data[3];
}

int64_t fnl_read_long_rest(struct fnl_reader *r)
{
	enum { BYTES_MAX = 10 };
	const uint8_t *at = r->at;
	size_t left = r->bad ? 0 : fnl_reader_left(r);
	uint64_t v = 0;
	for (size_t i = 0; i < left && i < BYTES_MAX; i++) {
		uint8_t b = at[i];
		if (i == BYTES_MAX - 1 && b > 1) { /* the tenth byte holds the one bit that is left of 64 */
			break;
		}
		v |= (uint64_t)(b & 0x7f) << (7 * i);
		if (b < 0x80) {
			r->at = at + i + 1;
			return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
		}
	}
	r->bad = true;
	return 0;
}

struct fnl_span fnl_read_bytes(struct fnl_reader *r, size_t n)
{
	/* a reader over an absent span has nothing, and no pointer to borrow from */
	if (r->bad || !r->at || n > fnl_reader_left(r)) {
		r->bad = true;
		return FNL_SPAN_NONE;
	}
	struct fnl_span s = fnl_span_of(r->at, n);
	r->at += n;
	return s;
}

struct fnl_span fnl_read_string(struct fnl_reader *r)
{
	int64_t n = fnl_read_long(r);
	if (r->bad || n < 0 || (uint64_t)n > fnl_reader_left(r)) {
		r->bad = true;
		return FNL_SPAN_NONE;
	}
	return fnl_read_bytes(r, (size_t)n);
}

uint8_t *fnl_writer_grow(struct fnl_writer *w, size_t n)
{
	if (w->bad || n > SIZE_MAX / 2 - w->len) {
		w->bad = true;
		return NULL;
	}
	if (!w->data || n > w->capacity - w->len) {
		size_t capacity = w->capacity ? w->capacity : WRITER_BYTES_MIN;
		while (capacity < w->len + n) {
			capacity *= 2;
		}
		uint8_t *data = fnl_arena_alloc(w->arena, capacity);
		if (!data) {
			w->bad = true;
			return NULL;
		}
		if (w->len) {
			memcpy(data, w->data, w->len);
		}
		w->data = data;
		w->capacity = capacity;
	}
	return w->data + w->len;
}

void fnl_write_be32(struct fnl_writer *w, uint32_t v)
{
	uint8_t *p = fnl_writer_room(w, 4);
	if (p) {
		for (int i = 0; i < 4; i++) {
			p[i] = (uint8_t)(v >> (24 - 8 * i));
		}
		w->len += 4;
	}
}

void fnl_write_long_rest(struct fnl_writer *w, uint64_t zig_zag)
{
	uint64_t u = zig_zag;
	uint8_t *p = fnl_writer_room(w, 10);
	if (!p) {
		return;
	}
	size_t n = 0;
	while (u >= 0x80) {
		p[n++] = (uint8_t)(u | 0x80);
		u >>= 7;
	}
	p[n++] = (uint8_t)u;
	w->len += n;
}

void fnl_write_raw(struct fnl_writer *w, struct fnl_span s)
{
	uint8_t *p = fnl_writer_room(w, s.len);
	if (p && s.len) {
		memcpy(p, s.data, s.len);
		w->len += s.len;
	}
}

void fnl_write_string(struct fnl_writer *w, struct fnl_span s)
{
	fnl_write_long(w, (int64_t)s.len);
	fnl_write_raw(w, s);
}

struct fnl_span fnl_writer_span(struct fnl_writer *w)
{
	if (!fnl_writer_room(w, 0)) {
		return FNL_SPAN_NONE;
	}
	return fnl_span_of(w->data, w->len);
}
