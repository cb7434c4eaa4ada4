/* Shared by the files of a world of books. */
#ifndef FNL_TESTS_BOOK_WORLD_INTERNAL_H
#define FNL_TESTS_BOOK_WORLD_INTERNAL_H

#include "book_world.h"

struct fnl_books_key {
	char text[600];
};
/* "<book>", "|<year>" unless 0, "|<prospect>" unless absent. */
struct fnl_books_key fnl_books_key_of(struct fnl_span book, int fiscal_year, struct fnl_span prospect_id);

/* NULL: no such row. */
const struct fnl_value *fnl_books_get(const struct fnl_books *w, enum fnl_books_table table, const char *key);
void fnl_books_put(struct fnl_books *w, enum fnl_books_table table, const char *key, enum fnl_row_change change,
                   const struct fnl_value *values);
void fnl_books_tell(struct fnl_books *w, const struct fnl_record_desc *desc, const struct fnl_value *values);
struct fnl_book_in fnl_books_in_of(struct fnl_books *w, struct fnl_span book, const char *cause);

struct fnl_books_two {
	char text[600];
};
/* "<a>|<b>" */
struct fnl_books_two fnl_books_two(struct fnl_span a, struct fnl_span b);
/* The rates and territories that a step of a run needs. */
void fnl_books_references(const struct fnl_books *w, const struct fnl_quota_need *need, struct fnl_quota_step_in *ret);

/* --- book_world_attainment.c --- */
/* What the timer of a Rep row tells of years; w->out.rep is changed. */
void fnl_books_tell_attainment(struct fnl_books *w, const struct fnl_book_in *state, struct fnl_span book);
/* After a step of a quota run: one that has frozen. */
void fnl_books_note_frozen(const struct fnl_quota_step_in *in, struct fnl_quota_step_out *out);

/* --- book_world_cells.c --- */
/* The book's line goes from one cell to another. */
int fnl_books_move_cells(struct fnl_books *w, const struct fnl_book_in *state, struct fnl_span book);
/* A page of the rep's cells; w->out.rep is changed. */
void fnl_books_go_over_cells(struct fnl_books *w, const struct fnl_book_in *state);

#endif
