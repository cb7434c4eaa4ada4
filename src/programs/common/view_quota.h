/* A rep's quota of a fiscal year, explained line by line: for the sales manager, and as JSON. */
#ifndef FNL_PROGRAMS_VIEW_QUOTA_H
#define FNL_PROGRAMS_VIEW_QUOTA_H

#include "rows_table.h"
#include "view_text.h"

enum { FNL_VIEW_NO_SUCH_QUOTA = 1 };

struct fnl_quota_question {
	struct fnl_span book;
	struct fnl_span rep; /* his id; of the pool its book */
	int32_t year;        /* 0: all years */
};

/* The rows that an answer needs, of the changelogs of the rep stage and, of what was won, of the org stage: for struct
 * fnl_rows. context: the question. */
bool fnl_quota_wanted(void *context, struct fnl_span changelog_key);
/* The latest year that the book has a quota of; 0: none. */
int32_t fnl_view_quota_latest(const struct fnl_rows *rows, struct fnl_span book);

/* rows must hold the row of "quota" of book and year, and its rows of "quota_line"; and may hold the "rep" of the book,
 * and the "year" of its rep in his organisation, which tell what became of the quota since. 0; FNL_VIEW_NO_SUCH_QUOTA;
 * FNL_E_INVALID with *why. */
int fnl_view_quota(const struct fnl_rows *rows, struct fnl_span book, int32_t year, const struct fnl_canvas *c,
                   struct fnl_error *why) FNL_MUST_USE;
/* The QuotaSet's fields at the top level; beside them "quota_minor" (null: not yet computed), "exact_minor" and
 * "exact_e4" (the sum before it was rounded), "lines" (counted) and "left_out": QuotaLine, by prospect; "adds_up":
 * lines + rounding = quota (null until it is FROZEN); "quota_now" (with its revisions), "running" (the
 * RunningTotals of the year; null: not known), "attainment" ({"quota", "won_minor", "not_converted_count",
 * "attainment_bp"}; null: not known); "partition", "offset", "committed_at". Weighted amounts are
 * exact: whole minor units and 1/10000 of one. */
int fnl_view_quota_json(const struct fnl_rows *rows, struct fnl_span book, int32_t year, FILE *out,
                        struct fnl_error *why) FNL_MUST_USE;

#endif
