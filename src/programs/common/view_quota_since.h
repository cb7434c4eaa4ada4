/* What became of a quota since it was computed: its revisions, the running potential, what was won of it. */
#ifndef FNL_PROGRAMS_VIEW_QUOTA_SINCE_H
#define FNL_PROGRAMS_VIEW_QUOTA_SINCE_H

#include "view_record.h"

struct fnl_quota_since {
	struct fnl_view_row rep;          /* Rep; row == NULL: not among the rows */
	struct fnl_view_row year;         /* OrgYear of the quota's organisation; likewise */
	const struct fnl_list *revisions; /* of the QuotaSet */
	struct fnl_money quota;           /* as of the last of them */
	bool has_quota;
};

/* quota: the QuotaSet. FNL_E_INVALID, FNL_E_NOMEM with *why. */
int fnl_quota_since_find(const struct fnl_rows *rows, struct fnl_span book, const struct fnl_value *quota,
                         struct fnl_arena *arena, struct fnl_quota_since *ret, struct fnl_error *why) FNL_MUST_USE;
/* Nothing where the rows have nothing. */
void fnl_quota_since_draw(const struct fnl_canvas *c, const struct fnl_quota_since *s, int32_t fiscal_year);
/* "quota_now", "running", "won", "attainment" into the object. FNL_E_NOMEM. */
int fnl_quota_since_json(const struct fnl_quota_since *s, int32_t fiscal_year, json_t *object) FNL_MUST_USE;

#endif
