/* A bump allocator with a limit: everything of one batch lives here and goes at once. Not thread safe. */
#ifndef FUNNELD_BASE_ARENA_H
#define FUNNELD_BASE_ARENA_H

#include "funneld/base/span.h"
#include "funneld/base/status.h"

struct fnl_arena_chunk;

struct fnl_arena {
	struct fnl_arena_chunk *head;  /* the chunk in use; older ones follow */
	struct fnl_arena_chunk *spare; /* kept by reset, used again before the heap is asked */
	size_t used_bytes;             /* handed out since the last reset, padding included */
	size_t limit_bytes;            /* more than this is refused */
};

/* A zeroed arena is valid and empty with a limit of 0 bytes; init sets the limit. Nothing is allocated yet. */
void fnl_arena_init(struct fnl_arena *a, size_t limit_bytes);

/* Aligned for any object, not zeroed. NULL when the limit or the memory is exhausted. size 0 gives a valid pointer. */
void *fnl_arena_alloc(struct fnl_arena *a, size_t size) FNL_MUST_USE;
/* As above for n objects of size each, zeroed; NULL also when n * size overflows. */
void *fnl_arena_calloc(struct fnl_arena *a, size_t n, size_t size) FNL_MUST_USE;
/* A copy that lives in the arena. Returns FNL_SPAN_NONE when memory is exhausted; an absent span copies to absent. */
struct fnl_span fnl_arena_dup(struct fnl_arena *a, struct fnl_span s) FNL_MUST_USE;
/* Whether p points into what was handed out since the last reset. */
bool fnl_arena_has(const struct fnl_arena *a, const void *p);

/* All handed out memory becomes invalid; the chunks are kept for reuse. */
void fnl_arena_reset(struct fnl_arena *a);
/* Gives everything back to the heap. Legal on a zeroed arena, and twice. */
void fnl_arena_deinit(struct fnl_arena *a);

/* The only way to the heap for base, core and engine. Zeroed; NULL when exhausted or n * size overflows. */
void *fnl_calloc(size_t n, size_t size) FNL_MUST_USE;
/* As realloc(3) for n * size bytes; on failure NULL and the old block stays. */
void *fnl_reallocarray(void *p, size_t n, size_t size) FNL_MUST_USE;
/* Frees (NULL is fine) and returns NULL, so that owner = fnl_free(owner) leaves nothing dangling. */
void *fnl_free(void *p);

#endif
