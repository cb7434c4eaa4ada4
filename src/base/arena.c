#include "funneld/base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

/* AddressSanitizer sees who uses memory of an arena that was reset. */
#ifdef __SANITIZE_ADDRESS__
void __asan_poison_memory_region(const volatile void *p, size_t size);
void __asan_unpoison_memory_region(const volatile void *p, size_t size);
#define POISON(p, size) __asan_poison_memory_region(p, size)
#define UNPOISON(p, size) __asan_unpoison_memory_region(p, size)
#else
#define POISON(p, size) ((void)(p), (void)(size))
#define UNPOISON(p, size) ((void)(p), (void)(size))
#endif

enum { CHUNK_BYTES_MIN = 65536, ALIGN = alignof(max_align_t) };

struct fnl_arena_chunk {
	struct fnl_arena_chunk *next;
	size_t capacity;
	size_t used;
	alignas(max_align_t) uint8_t bytes[];
};

void *fnl_calloc(size_t n, size_t size)
{
	size_t bytes;
	return __builtin_mul_overflow(n, size, &bytes) ? NULL : calloc(1, bytes ? bytes : 1);
}

void *fnl_reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;
	return __builtin_mul_overflow(n, size, &bytes) ? NULL : realloc(p, bytes ? bytes : 1);
}

void *fnl_free(void *p)
{
	free(p);
	return NULL;
}

void fnl_arena_init(struct fnl_arena *a, size_t limit_bytes)
{
	*a = (struct fnl_arena){.limit_bytes = limit_bytes};
}

/* The first spare chunk that is large enough, taken out of the list. */
static struct fnl_arena_chunk *take_spare(struct fnl_arena *a, size_t size)
{
	for (struct fnl_arena_chunk **at = &a->spare; *at; at = &(*at)->next) {
		struct fnl_arena_chunk *chunk = *at;
		if (chunk->capacity >= size) {
			*at = chunk->next;
			return chunk;
		}
	}
	return NULL;
}

static struct fnl_arena_chunk *add_chunk(struct fnl_arena *a, size_t size)
{
	struct fnl_arena_chunk *chunk = take_spare(a, size);
	if (!chunk) {
		/* each chunk as large as all before it keeps the number of chunks small */
		size_t capacity = a->used_bytes > CHUNK_BYTES_MIN ? a->used_bytes : CHUNK_BYTES_MIN;
		capacity = capacity > size ? capacity : size;
		if (capacity > SIZE_MAX - sizeof(*chunk)) {
			return NULL;
		}
		chunk = malloc(sizeof(*chunk) + capacity);
		if (!chunk) {
			return NULL;
		}
		chunk->capacity = capacity;
	}
	chunk->used = 0;
	POISON(chunk->bytes, chunk->capacity);
	chunk->next = a->head;
	a->head = chunk;
	return chunk;
}

void *fnl_arena_alloc(struct fnl_arena *a, size_t size)
{
	if (size > SIZE_MAX - ALIGN) {
		return NULL;
	}
	size_t padded = size ? (size + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
	if (padded > a->limit_bytes || a->used_bytes > a->limit_bytes - padded) {
		return NULL;
	}
	struct fnl_arena_chunk *chunk = a->head;
	if (!chunk || chunk->capacity - chunk->used < padded) {
		chunk = add_chunk(a, padded);
		if (!chunk) {
			return NULL;
		}
	}
	void *p = chunk->bytes + chunk->used;
	UNPOISON(p, padded);
	chunk->used += padded;
	a->used_bytes += padded;
	return p;
}

void *fnl_arena_calloc(struct fnl_arena *a, size_t n, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes)) {
		return NULL;
	}
	void *p = fnl_arena_alloc(a, bytes);
	return p ? memset(p, 0, bytes) : NULL;
}

struct fnl_span fnl_arena_dup(struct fnl_arena *a, struct fnl_span s)
{
	if (fnl_span_is_none(s)) {
		return FNL_SPAN_NONE;
	}
	uint8_t *p = fnl_arena_alloc(a, s.len);
	if (!p) {
		return FNL_SPAN_NONE;
	}
	if (s.len) {
		memcpy(p, s.data, s.len);
	}
	return fnl_span_of(p, s.len);
}

bool fnl_arena_has(const struct fnl_arena *a, const void *p)
{
	uintptr_t at = (uintptr_t)p;
	for (const struct fnl_arena_chunk *chunk = a->head; chunk; chunk = chunk->next) {
		if (at >= (uintptr_t)chunk->bytes && at - (uintptr_t)chunk->bytes < chunk->used) {
			return true;
		}
	}
	return false;
}

void fnl_arena_reset(struct fnl_arena *a)
{
	while (a->head) {
		struct fnl_arena_chunk *chunk = a->head;
		a->head = chunk->next;
		POISON(chunk->bytes, chunk->capacity);
		chunk->next = a->spare;
		a->spare = chunk;
	}
	a->used_bytes = 0;
}

void fnl_arena_deinit(struct fnl_arena *a)
{
	fnl_arena_reset(a);
	while (a->spare) {
		struct fnl_arena_chunk *chunk = a->spare;
		a->spare = chunk->next;
		UNPOISON(chunk->bytes, chunk->capacity);
		free(chunk);
	}
}
