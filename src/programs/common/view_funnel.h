/* The funnel as counts and sums, made of the rows of the prospect stage. */
#ifndef FNL_PROGRAMS_VIEW_FUNNEL_H
#define FNL_PROGRAMS_VIEW_FUNNEL_H

#include "funneld/core/money.h"
#include "rows_table.h"

enum fnl_view_by { FNL_VIEW_BY_LAYER, FNL_VIEW_BY_STAGE, FNL_VIEW_BY_REP, FNL_VIEW_BY_REGION, FNL_VIEW_BY_INDUSTRY };
enum fnl_view_status { FNL_VIEW_OPEN, FNL_VIEW_WON, FNL_VIEW_LOST, FNL_VIEW_STATUS_COUNT };

enum { FNL_VIEW_GROUPS_MAX = 200000 };

struct fnl_view_group {
	struct fnl_map_node node;
	struct fnl_span key; /* data == NULL: the prospects say nothing of it */
	enum fnl_view_status status;
	uint64_t count;
	uint64_t without_amount; /* counted, not summed: unknown is not zero */
	uint64_t unknown;        /* in a gap or with a stage that the rules don't know: not weighted */
	uint64_t weight_bp_sum;  /* of the prospects' weights: by count, the mean chance */
	struct fnl_money_sums sums;
};

/* A zeroed view is valid and empty. */
struct fnl_view {
	enum fnl_view_by by;
	int64_t as_of_ms; /* of the newest record; INT64_MIN when there is none */
	struct fnl_arena arena;
	struct fnl_map map;
	struct fnl_view_group **groups; /* by layer: in the funnel's order; else by key, then status */
	size_t group_count;
};

/* Text "layer", "stage" … to enum; false when it is none. */
bool fnl_view_by_parse(const char *text, enum fnl_view_by *ret);
const char *fnl_view_by_text(enum fnl_view_by by);
const char *fnl_view_status_text(enum fnl_view_status status);

/* What a prospect's row is in the view: its layer, UNKNOWN also while a gap of its whole source is open. values: of a
 * Prospect row in that partition. */
int fnl_view_layer(const struct fnl_rows *rows, const struct fnl_value *values, int32_t partition,
                   struct fnl_arena *arena);

/* Deleted, merged and erased prospects are not counted. FNL_E_INVALID (no row), FNL_E_LIMIT, FNL_E_NOMEM. */
int fnl_view_make(const struct fnl_rows *rows, enum fnl_view_by by, struct fnl_view *ret,
                  struct fnl_error *why) FNL_MUST_USE;
void fnl_view_deinit(struct fnl_view *v);

/* A group by key text (NULL: absent) and status; NULL when nothing is in it. */
const struct fnl_view_group *fnl_view_find(const struct fnl_view *v, const char *key, enum fnl_view_status status);

/* Sum of weighted amounts in minor units, rounded once. */
int64_t fnl_view_weighted(const struct fnl_money_sum *s);

#endif
