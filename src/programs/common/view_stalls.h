/* What sits still now, from the rows of the rep stage: lines that a book owns and that stall. */
#ifndef FNL_PROGRAMS_VIEW_STALLS_H
#define FNL_PROGRAMS_VIEW_STALLS_H

#include "funneld/operators/prospect.h"
#include "rows_table.h"
#include "view_text.h"

struct fnl_stalls_question {
	struct fnl_span book; /* absent: all */
	int layer;            /* FNL_LAYER_…; -1: all */
	bool event_clock;     /* what is now is what the events say */
	int64_t now_ms;       /* by the wall clock */
	const struct fnl_rules_reader *rules_reader;
};

/* The rows that an answer needs, of the rep stage's changelog: for struct fnl_rows. context: the question. */
bool fnl_stalls_wanted(void *context, struct fnl_span changelog_key);

/* BOTTOM first, then by currency and amount, the largest first. FNL_E_INVALID, FNL_E_LIMIT, FNL_E_NOMEM with *why. */
int fnl_view_stalls(const struct fnl_rows *rows, const struct fnl_stalls_question *q, const struct fnl_canvas *c,
                    struct fnl_error *why) FNL_MUST_USE;
/* {"as_of", "rules_version", "prospects": [{"prospect_id", "rep_id", "book", "layer", "weight_bp", "amount", "stalls":
 * [the fields of Stall, "business_days", "told", "recipient_id"], "candidates", "evidence"}]} */
int fnl_view_stalls_json(const struct fnl_rows *rows, const struct fnl_stalls_question *q, FILE *out,
                         struct fnl_error *why) FNL_MUST_USE;

#endif
