/* A rep's book: what HR says of him, the sums of his lines, his quotas, his inspection. For people and as JSON. */
#ifndef FNL_PROGRAMS_VIEW_REP_H
#define FNL_PROGRAMS_VIEW_REP_H

#include "rows_table.h"
#include "view_text.h"

enum { FNL_VIEW_NO_SUCH_REP = 1, FNL_VIEW_BOOK_BYTES = 256 };

/* The book that a person means by an id: "pool:UNASSIGNED" itself, else "rep:" and the id. False: it is too long. */
bool fnl_view_book(const char *id, char ret_book[FNL_VIEW_BOOK_BYTES]);

/* A list of BookTotal, one a line. */
void fnl_view_totals(const struct fnl_canvas *c, const struct fnl_list *totals);

/* rows must hold the book's row of "rep" and "inspection" and its rows of "quota". 0; FNL_VIEW_NO_SUCH_REP;
 * FNL_E_INVALID with *why. */
int fnl_view_rep(const struct fnl_rows *rows, struct fnl_span book, const struct fnl_canvas *c,
                 struct fnl_error *why) FNL_MUST_USE;
/* The row's fields at the top level, beside them "partition", "offset", "committed_at", "quotas": the QuotaSet of
 * each year, in order, and "inspection": the row, or null. */
int fnl_view_rep_json(const struct fnl_rows *rows, struct fnl_span book, FILE *out, struct fnl_error *why) FNL_MUST_USE;

#endif
