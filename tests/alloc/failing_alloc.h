/* Allocations that fail on demand. The linker sends every call of malloc, calloc and realloc of our own libraries (not
 * of those that are linked dynamically: their memory is their own matter), and every call of the arena's functions from
 * outside it, through failing_alloc.c. They are counted while armed; the n-th fails, or it and all later ones. */
#ifndef FUNNELD_TESTS_FAILING_ALLOC_H
#define FUNNELD_TESTS_FAILING_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

struct failing_kind {
	const char *name;
	bool arenas;  /* an arena's answers count too: its limit is reached; else only the heap's, as when memory is out */
	bool onwards; /* all later ones fail as well */
};

enum { FAILING_KINDS = 4 };
extern const struct failing_kind failing_kinds[FAILING_KINDS];

/* Counts from now on, in this thread. */
void failing_arm(const struct failing_kind *kind, size_t at);
/* false: what follows is not counted and does not fail, until true. Armed begins with true. */
void failing_counts(bool counts);
/* Ends it; true when one has failed. */
bool failing_disarm(void);
/* The calls counted since arm. */
size_t failing_calls(void);

#endif
