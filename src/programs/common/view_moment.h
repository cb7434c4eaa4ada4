/* What is now for the rep stage, and the rules in force: for views that count days. */
#ifndef FNL_PROGRAMS_VIEW_MOMENT_H
#define FNL_PROGRAMS_VIEW_MOMENT_H

#include "funneld/operators/prospect.h"
#include "rows_table.h"

struct fnl_moment {
	const struct fnl_rules *rules; /* the latest of any partition; the compiled ones unless there are any */
	int64_t now_ms;                /* the wall clock's, or with clock = event what the events say */
};

/* The rows that it is made from. */
bool fnl_moment_wanted(struct fnl_span changelog_key);
/* FNL_E_INVALID, FNL_E_LIMIT, FNL_E_NOMEM with *why. */
int fnl_moment_of(const struct fnl_rows *rows, bool event_clock, int64_t wall_ms,
                  const struct fnl_rules_reader *rules_reader, struct fnl_arena *arena, struct fnl_moment *ret,
                  struct fnl_error *why) FNL_MUST_USE;

#endif
