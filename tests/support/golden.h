/* Text that a test makes, held against a file that is checked in: a specification that somebody can read, and that
 * nobody changes without being seen. */
#ifndef FNL_TESTS_GOLDEN_H
#define FNL_TESTS_GOLDEN_H

#include <stddef.h>

struct fnl_golden {
	char *text;
	size_t len;
	size_t room;
};

/* Adds text; lines end with \n of their own. */
void fnl_golden_add(struct fnl_golden *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Number of lines that differ from the file at `path` (the first 20 of them printed); the text is freed. With
 * FNL_GOLDEN_WRITE=1 in the environment the file is written anew instead: read the difference before you commit it. */
size_t fnl_golden_compare(struct fnl_golden *g, const char *path);

#endif
