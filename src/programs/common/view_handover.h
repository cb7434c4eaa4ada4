/* A handover as a manager looks at it: how much time is left, who takes over, the tasks by layer, the gate, and what is
 * missing. From the rows of the rep stage. What the defection watch counts and the new employer's digest are not shown:
 * they are for those who may read funnel.reviews. */
#ifndef FNL_PROGRAMS_VIEW_HANDOVER_H
#define FNL_PROGRAMS_VIEW_HANDOVER_H

#include "funneld/operators/prospect.h"
#include "rows_table.h"
#include "view_text.h"

enum { FNL_VIEW_NO_HANDOVER = 1 };

struct fnl_handover_question {
	struct fnl_span book; /* of the leaving rep */
	bool event_clock;     /* what is now is what the events say */
	int64_t now_ms;       /* by the wall clock */
	const struct fnl_rules_reader *rules_reader;
	size_t tasks_max; /* of a layer that are drawn, the largest ones; 0: all */
};

/* The rows that an answer needs, of the rep stage's changelog: for struct fnl_rows. context: the question. */
bool fnl_handover_wanted(void *context, struct fnl_span changelog_key);

/* BOTTOM, MIDDLE, TOP, then those that the manager decides; of each the largest first, by currency. 0;
 * FNL_VIEW_NO_HANDOVER; FNL_E_INVALID, FNL_E_LIMIT, FNL_E_NOMEM with *why. */
int fnl_view_handover(const struct fnl_rows *rows, const struct fnl_handover_question *q, const struct fnl_canvas *c,
                      struct fnl_error *why) FNL_MUST_USE;
/* The row's fields at the top level, beside them "partition", "offset", "committed_at", "as_of", "days_left",
 * "business_days_left", "tasks": [the fields of Task, "task_id", "late_business_days"], in the order of the board, and
 * "missing": [{"what", "count", …}]. */
int fnl_view_handover_json(const struct fnl_rows *rows, const struct fnl_handover_question *q, FILE *out,
                           struct fnl_error *why) FNL_MUST_USE;

#endif
