/* The funnel for people: drawn by layer, a table with bars by anything else, and JSON for machines. */
#ifndef FNL_PROGRAMS_VIEW_DRAW_H
#define FNL_PROGRAMS_VIEW_DRAW_H

#include "view_funnel.h"
#include "view_text.h"

/* The view must be by layer. title stands at the top left; NULL: "SALES FUNNEL". */
void fnl_view_draw(const struct fnl_view *v, const struct fnl_canvas *c, const char *title);

/* Any view: a line for each key and currency. */
void fnl_view_table(const struct fnl_view *v, const struct fnl_canvas *c);

/* {"as_of": …, "rows": […]} and a newline. now_ms: as_of when there are no records at all. FNL_E_LIMIT when a sum
 * does not fit 64 bits, FNL_E_NOMEM, FNL_E_IO. */
int fnl_view_json(const struct fnl_view *v, int64_t now_ms, FILE *out) FNL_MUST_USE;

#endif
