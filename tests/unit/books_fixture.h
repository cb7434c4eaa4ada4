/* Tests of books: a world that they all have, empty before each. */
#ifndef FNL_TESTS_BOOKS_FIXTURE_H
#define FNL_TESTS_BOOKS_FIXTURE_H

#include "book_world.h"

extern struct fnl_books w;

/* Of a program. */
int books_start(void **state);
int books_end(void **state);
/* Of a test. */
int books_fresh(void **state);

#endif
