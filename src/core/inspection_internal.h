/* Shared by the files that make up inspections. */
#ifndef FNL_CORE_INSPECTION_INTERNAL_H
#define FNL_CORE_INSPECTION_INTERNAL_H

#include "book_internal.h"
#include "funneld/core/inspection.h"

/* The row's deadline by its state. */
void fnl_inspection_arm(struct fnl_value *row);
/* A copy of the row; NULL: no memory. */
struct fnl_value *fnl_inspection_copy(const struct fnl_inspection_in *in);
/* When the rep is back by what HR says, null: he is not away, or for how long is not known. */
struct fnl_value fnl_inspection_return(const struct fnl_inspection_in *in);
/* The next sheet of the rhythm after a moment. */
struct fnl_value fnl_inspection_next(const struct fnl_inspection_in *in, int64_t after_ms);
/* How a question stands that is open for all that is known of it, by what the line is to the book. */
int fnl_question_state(int64_t line_state, int64_t layer);
size_t fnl_questions_open(const struct fnl_value *row);

#endif
