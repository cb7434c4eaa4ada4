/* Inspections of books in tests: lines that stall, sheets that were told, answers. Times are FNL_T0 + ms, which is a
 * Tuesday; the first sheet of the rhythm is on MONDAY. */
#ifndef FNL_TESTS_SHEET_WORLD_H
#define FNL_TESTS_SHEET_WORLD_H

#include "book_world.h"

#define FNL_MONDAY INT64_C(467200000) /* 2023-11-20T08:00Z */
#define FNL_WEEK INT64_C(604800000)
#define FNL_DAY INT64_C(86400000)

/* As fnl_input_line, with one stall of a kind and level. Its memory is the world's. */
struct fnl_input fnl_input_stalled(struct fnl_books *w, const char *book, const char *prospect_id, int64_t sequence,
                                   int64_t at_ms, int kind, int level);
struct fnl_input fnl_input_ask(const char *rep_id, const char *command_id, int64_t at_ms);
struct fnl_input fnl_input_answer(const char *book, const char *prospect_id, const char *sheet_id,
                                  const char *question_id, const char *answer_id, int64_t at_ms);

/* The n-th told event of a kind from the end (0: the last one), or NULL. */
const struct fnl_value *fnl_books_told(const struct fnl_books *w, const struct fnl_record_desc *desc, size_t from_end);
/* The SheetLine of a prospect on the pages of a sheet, or NULL. */
const struct fnl_value *fnl_books_sheet_line(const struct fnl_books *w, const char *sheet_id, const char *prospect_id);
/* The latest sheet's question about a prospect in the book's row, or NULL. */
const struct fnl_value *fnl_books_question(const struct fnl_books *w, const char *book, const char *prospect_id);

#endif
