/* A call of the core, tried again and again, with each of its allocations failing in turn: a clean FNL_E_NOMEM, or the
 * result of the undisturbed call. For cmocka tests: what cannot be is a failed assertion. */
#ifndef FUNNELD_TESTS_FAILING_TRIAL_H
#define FUNNELD_TESTS_FAILING_TRIAL_H

#include "failing_alloc.h"
#include "funneld/base/arena.h"
#include "funneld_records.h"

/* Makes the call with its memory from the arena. Then, with failing_counts(false), what the test itself does: an error
 * has left the results as they were; else they are written down. */
typedef int failing_run(struct fnl_arena *arena, struct fnl_writer *ret);

/* The failed allocations of all tries. The undisturbed call comes first, and its results stay in the arena given here;
 * those of the tries go. */
size_t failing_tries(failing_run *run, struct fnl_arena *arena);
/* The same of a call that allocates; prints it. */
void failing_try_all(const char *name, failing_run *run, struct fnl_arena *arena);

/* values: NULL, there are none. */
void failing_write(struct fnl_writer *to, const struct fnl_record_desc *desc, const struct fnl_value *values);

#endif
