#include "failing_alloc.h"

#include <stdlib.h>

#include "funneld/base/arena.h"

const struct failing_kind failing_kinds[FAILING_KINDS] = {
	{"one answer of the heap", false, false},
	{"the heap from one answer on", false, true},
	{"one answer of the heap or an arena", true, false},
	{"heap and arenas from one answer on", true, true},
};

/* A thread's own, so that a test with threads fails nothing in others. */
static _Thread_local struct {
	const struct failing_kind *kind; /* NULL: not armed */
	size_t at;
	size_t calls;
	bool counts;
	bool failed;
} state;

void failing_arm(const struct failing_kind *kind, size_t at)
{
	state.kind = kind;
	state.at = at;
	state.calls = 0;
	state.counts = true;
	state.failed = false;
}

void failing_counts(bool counts)
{
	state.counts = counts;
}

bool failing_disarm(void)
{
	state.kind = NULL;
	return state.failed;
}

size_t failing_calls(void)
{
	return state.calls;
}

static bool fails(bool arena)
{
	if (!state.kind || !state.counts || (arena && !state.kind->arenas)) {
		return false;
	}
	state.calls++;
	bool now = state.calls == state.at || (state.kind->onwards && state.calls > state.at);
	state.failed = state.failed || now;
	return now;
}

/* The names are the linker's: --wrap=X turns calls of X into __wrap_X, and __real_X into X. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_fnl_arena_alloc(struct fnl_arena *a, size_t size);
void *__real_fnl_arena_calloc(struct fnl_arena *a, size_t n, size_t size);
struct fnl_span __real_fnl_arena_dup(struct fnl_arena *a, struct fnl_span s);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_fnl_arena_alloc(struct fnl_arena *a, size_t size);
void *__wrap_fnl_arena_calloc(struct fnl_arena *a, size_t n, size_t size);
struct fnl_span __wrap_fnl_arena_dup(struct fnl_arena *a, struct fnl_span s);

void *__wrap_malloc(size_t size)
{
	return fails(false) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails(false) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails(false) ? NULL : __real_realloc(p, size);
}

void *__wrap_fnl_arena_alloc(struct fnl_arena *a, size_t size)
{
	return fails(true) ? NULL : __real_fnl_arena_alloc(a, size);
}

void *__wrap_fnl_arena_calloc(struct fnl_arena *a, size_t n, size_t size)
{
	return fails(true) ? NULL : __real_fnl_arena_calloc(a, n, size);
}

struct fnl_span __wrap_fnl_arena_dup(struct fnl_arena *a, struct fnl_span s)
{
	return !fnl_span_is_none(s) && fails(true) ? FNL_SPAN_NONE : __real_fnl_arena_dup(a, s);
}
