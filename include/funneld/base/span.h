/* A span is a borrowed piece of bytes: who made it says how long it lives. data == NULL means "absent", which is not
 * the same as empty. */
#ifndef FUNNELD_BASE_SPAN_H
#define FUNNELD_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct fnl_span {
	const uint8_t *data;
	size_t len;
};

#define FNL_SPAN_NONE ((struct fnl_span){NULL, 0})
/* A span over a string literal, without its NUL. */
#define FNL_SPAN_LIT(s) ((struct fnl_span){(const uint8_t *)("" s), sizeof(s) - 1})

static inline struct fnl_span fnl_span_of(const void *data, size_t len)
{
	return (struct fnl_span){(const uint8_t *)data, len};
}

static inline struct fnl_span fnl_span_str(const char *s)
{
	return s ? fnl_span_of(s, strlen(s)) : FNL_SPAN_NONE;
}

static inline bool fnl_span_is_none(struct fnl_span a)
{
	return a.data == NULL;
}

/* Same bytes; absent equals only absent. */
static inline bool fnl_span_eq(struct fnl_span a, struct fnl_span b)
{
	if (a.len != b.len || (a.data == NULL) != (b.data == NULL)) {
		return false;
	}
	return a.len == 0 || memcmp(a.data, b.data, a.len) == 0;
}

/* Bytewise order, a shorter prefix first; absent sorts as empty. */
static inline int fnl_span_cmp(struct fnl_span a, struct fnl_span b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.data, b.data, n) : 0;
	if (c != 0) {
		return c;
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

/* Its first bytes are looked at soon. */
static inline void fnl_span_prefetch(struct fnl_span s)
{
	enum { LINE_BYTES = 64, BYTES_MAX = 384 };
	for (size_t at = 0; at < s.len && at < BYTES_MAX; at += LINE_BYTES) {
		__builtin_prefetch(s.data + at);
	}
}

/* 64 bits by multiplying and folding eight bytes at a time (as wyhash does); for hash tables only, never for anything
 * that is stored or sent. */
uint64_t fnl_span_hash(struct fnl_span s);

/* True when the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, up to U+10FFFF). */
bool fnl_span_utf8_valid(struct fnl_span s);

#endif
