/* One prospect, all that is known of it: for people and as JSON. */
#ifndef FNL_PROGRAMS_VIEW_PROSPECT_H
#define FNL_PROGRAMS_VIEW_PROSPECT_H

#include "rows_table.h"
#include "view_text.h"

enum { FNL_VIEW_NO_SUCH_PROSPECT = 1 };

/* rows must hold what there is of the prospect and the rows of its feeds. 0; FNL_VIEW_NO_SUCH_PROSPECT; FNL_E_INVALID
 * with *why (bytes that are no row). An erased one shows its stub. */
int fnl_view_prospect(const struct fnl_rows *rows, struct fnl_span id, const struct fnl_canvas *c,
                      struct fnl_error *why) FNL_MUST_USE;
/* The row's fields at the top level (an erased one's with "erased": true), and beside them "partition", "offset",
 * "committed_at", "effective_layer" (UNKNOWN during a gap of its whole source), "versions" by field name. */
int fnl_view_prospect_json(const struct fnl_rows *rows, struct fnl_span id, FILE *out,
                           struct fnl_error *why) FNL_MUST_USE;

#endif
