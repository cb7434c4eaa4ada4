#include "books_fixture.h"

struct fnl_books w;

int books_start(void **state)
{
	(void)state;
	fnl_books_start(&w);
	return 0;
}

int books_end(void **state)
{
	(void)state;
	fnl_books_end(&w);
	return 0;
}

int books_fresh(void **state)
{
	(void)state;
	fnl_books_clear(&w);
	return 0;
}
