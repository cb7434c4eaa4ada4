/* One row by its key, in each partition: those that each has of its own, such as its rules and jobs, or one that any of
 * them may have. From the view, so that asking again and again costs nothing; it may lag by a moment. */
#ifndef FUNNELCTL_PARTITION_ROWS_H
#define FUNNELCTL_PARTITION_ROWS_H

#include "app.h"

/* One for each partition of the stage's input: the values of the row of this table and key, decoded as d in the arena;
 * NULL where there is none. *ret_exit: the exit code that an error should have. */
int fnl_partition_rows_read(struct fnl_app *app, enum fnl_app_stage_id stage, const char *table, const char *key,
                            const struct fnl_record_desc *d, struct fnl_arena *arena, struct fnl_value ***ret,
                            size_t *ret_count, int *ret_exit, struct fnl_error *why) FNL_MUST_USE;

#endif
