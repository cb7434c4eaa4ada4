#include "funneld/base/span.h"

/* The two halves of the product: every bit of the one comes from all bits of the other. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t fnl_span_hash(struct fnl_span s)
{
	uint64_t h = s.len;
	uint64_t word;
	size_t i = 0;
	for (; s.len - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, s.data + i, sizeof(word));
		h = mix(h ^ word ^ UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xa0761d6478bd642f));
	}
	word = 0;
	for (unsigned shift = 0; i < s.len; i++, shift += 8) {
		word |= (uint64_t)s.data[i] << shift;
	}
	return mix(h ^ word ^ UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xe7037ed1a0b428db));
}

/* Length of the well-formed sequence at p that starts with a byte >= 0x80, or 0. */
static size_t sequence_len(const uint8_t *p, size_t left)
{
	uint8_t c = p[0];
	uint8_t low = 0x80;
	uint8_t high = 0xbf;
	size_t n;

	if (c >= 0xc2 && c <= 0xdf) {
		n = 2;
	} else if (c >= 0xe0 && c <= 0xef) {
		n = 3;
		low = c == 0xe0 ? 0xa0 : low;   /* overlong */
		high = c == 0xed ? 0x9f : high; /* surrogates */
	} else if (c >= 0xf0 && c <= 0xf4) {
		n = 4;
		low = c == 0xf0 ? 0x90 : low;   /* overlong */
		high = c == 0xf4 ? 0x8f : high; /* beyond U+10FFFF */
	} else {
		return 0;
	}
	if (left < n || p[1] < low || p[1] > high) {
		return 0;
	}
	for (size_t i = 2; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	return n;
}

/* Whether a text of at least `size` bytes is ASCII, by words of that size; the last one overlaps the one before. */
static inline bool words_are_ascii(struct fnl_span s, size_t size)
{
	for (size_t i = 0; i < s.len; i += size) {
		uint64_t word = 0;
		memcpy(&word, s.data + (i < s.len - size ? i : s.len - size), size);
		if (word & UINT64_C(0x8080808080808080)) {
			return false;
		}
	}
	return true;
}

bool fnl_span_utf8_valid(struct fnl_span s)
{
	if ((s.len >= 8 && words_are_ascii(s, 8)) || (s.len >= 4 && s.len < 8 && words_are_ascii(s, 4))) {
		return true;
	}
	size_t i = 0;
	while (i < s.len) {
		if (s.data[i] < 0x80) {
			i++;
			continue;
		}
		size_t n = sequence_len(s.data + i, s.len - i);
		if (n == 0) {
			return false;
		}
		i += n;
	}
	return true;
}
