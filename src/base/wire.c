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

/* Eight bytes as a number and back, the first the least. */
static uint64_t little_endian(uint64_t v)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? v : __builtin_bswap64(v);
}

static uint64_t load_le64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return little_endian(v);
}

static void store_le64(uint8_t *p, uint64_t v)
{
	v = little_endian(v);
	memcpy(p, &v, sizeof(v));
}

#define EACH_BYTES_TOP UINT64_C(0x8080808080808080)

/* Eight groups of seven bits, one in each byte, moved together: by pairs, then by fours, then all. */
static uint64_t join_groups(uint64_t v)
{
	v = (v & UINT64_C(0x007f007f007f007f)) | (v & UINT64_C(0x7f007f007f007f00)) >> 1;
	v = (v & UINT64_C(0x00003fff00003fff)) | (v & UINT64_C(0x3fff00003fff0000)) >> 2;
	return (v & UINT64_C(0x000000000fffffff)) | (v & UINT64_C(0x0fffffff00000000)) >> 4;
}

static uint64_t part_groups(uint64_t v)
{
	v = (v & UINT64_C(0x000000000fffffff)) | (v & UINT64_C(0x00fffffff0000000)) << 4;
	v = (v & UINT64_C(0x00003fff00003fff)) | (v & UINT64_C(0x0fffc0000fffc000)) << 2;
	return (v & UINT64_C(0x007f007f007f007f)) | (v & UINT64_C(0x3f803f803f803f80)) << 1;
}

/* Byte by byte: near the end of the input, and for the longest. */
static const uint8_t *scan_bytes(const uint8_t *at, const uint8_t *end, uint64_t *ret)
{
	size_t left = (size_t)(end - at);
	uint64_t v = 0;
	for (size_t i = 0; i < left && i < FNL_LONG_BYTES_MAX; i++) {
		uint8_t b = at[i];
		if (i == FNL_LONG_BYTES_MAX - 1 && b > 1) { /* the tenth byte holds the one bit that is left of 64 */
			break;
		}
		v |= (uint64_t)(b & 0x7f) << (7 * i);
		if (b < 0x80) {
			*ret = v;
			return at + i + 1;
		}
	}
	return NULL;
}

const uint8_t *fnl_scan_long_rest(const uint8_t *at, const uint8_t *end, int64_t *ret)
{
	uint64_t v = 0;
	uint64_t last = 0; /* the top bit of the last byte, when that is among the first eight */
	if (end - at >= (ptrdiff_t)sizeof(v)) {
		v = load_le64(at);
		last = ~v & EACH_BYTES_TOP;
		last &= -last;
	}
	if (last) {
		at += (unsigned)__builtin_ctzll(last) / 8 + 1;
		v = join_groups(v & (last - 1) & ~EACH_BYTES_TOP);
	} else {
		at = scan_bytes(at, end, &v);
		if (!at) {
			return NULL;
		}
	}
	*ret = (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
	return at;
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

uint8_t *fnl_put_long_rest(uint8_t *p, uint64_t zig_zag)
{
	uint64_t u = zig_zag;
	if (u >> 56 == 0) {
		unsigned more = (63 - (unsigned)__builtin_clzll(u | 1)) / 7; /* bytes before the last */
		store_le64(p, part_groups(u) | (EACH_BYTES_TOP & ((UINT64_C(1) << (8 * more)) - 1)));
		return p + more + 1;
	}
	while (u >= 0x80) {
		*p++ = (uint8_t)(u | 0x80);
		u >>= 7;
	}
	*p = (uint8_t)u;
	return p + 1;
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
