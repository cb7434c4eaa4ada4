/* A rep's quota of a fiscal year, explained line by line: for the sales manager, and as JSON. */
#ifndef FNL_PROGRAMS_VIEW_QUOTA_H
#define FNL_PROGRAMS_VIEW_QUOTA_H

#include "rows_table.h"
#include "view_text.h"

enum { FNL_VIEW_NO_SUCH_QUOTA = 1 };

/* rows must hold the row of "quota" of book and year, and its rows of "quota_line". 0; FNL_VIEW_NO_SUCH_QUOTA;
 * FNL_E_INVALID with *why. */
int fnl_view_quota(const struct fnl_rows *rows, struct fnl_span book, int32_t year, const struct fnl_canvas *c,
                   struct fnl_error *why) FNL_MUST_USE;
/* The QuotaSet's fields at the top level; beside them "quota_minor" (null: not yet computed), "exact_minor" and
 * "exact_e4" (the sum before it was rounded), "lines" (counted) and "left_out": QuotaLine, by prospect; "adds_up":
 * lines + rounding = quota (null until it is FROZEN); "partition", "offset", "committed_at". Weighted amounts are
 * exact: whole minor units and 1/10000 of one. */
int fnl_view_quota_json(const struct fnl_rows *rows, struct fnl_span book, int32_t year, FILE *out,
                        struct fnl_error *why) FNL_MUST_USE;

#endif
