/* Shared by the files that make up quota runs. */
#ifndef FNL_CORE_QUOTA_INTERNAL_H
#define FNL_CORE_QUOTA_INTERNAL_H

#include "book_internal.h"
#include "funneld/core/territory.h"

#define FNL_QUOTA_NO_DUE INT64_MAX

/* When a run goes on; FNL_QUOTA_NO_DUE: it is finished. */
int64_t fnl_quota_run_due(const struct fnl_value *run);
/* The run whose turn it is, as its place in the list; the list's count: none. */
size_t fnl_quota_run_next(struct fnl_list runs);
/* The row's deadline by its state. */
void fnl_quota_arm(struct fnl_value *jobs, int64_t now_ms);
/* A copy of the row, or a new one; NULL: no memory. */
struct fnl_value *fnl_quota_jobs_open(const struct fnl_value *jobs, struct fnl_arena *arena);

/* --- quota_areas.c --- */

/* A whole number of 10^-scale of 1/10000 of a minor unit, rounded down to the latter. FNL_E_LIMIT. */
int fnl_quota_e4(struct fnl_wide v, int scale, fnl_weighted *ret);

/* The area factor that the quota's lines in a territory (FNL_SPAN_NONE: in none) have counted by; -1: there are none.
 */
int64_t fnl_quota_area_factor(const struct fnl_value *quota, struct fnl_span territory_id);
/* A counted line into the QuotaSet, which is a copy. FNL_E_NOMEM, FNL_E_LIMIT. */
int fnl_quota_area_add(struct fnl_value *quota, struct fnl_span territory_id, int64_t factor_bp,
                       const struct fnl_book_parts *parts, struct fnl_arena *arena);
/* A QuotaSet that a version without areas has left on its way: what it has counted was in the base currency, and in no
 * territory. */
int fnl_quota_areas_open(struct fnl_value *quota, struct fnl_arena *arena);
/* Each area's sums, and the exact one of all of them. */
int fnl_quota_areas_close(struct fnl_value *quota, const struct fnl_quota_rates *rates, struct fnl_arena *arena,
                          struct fnl_wide *ret_exact);

/* --- quota_line.c --- */

/* What a line of the quota's run is worth. */
struct fnl_quota_worth {
	const struct fnl_value *territory; /* NULL: none */
	int64_t factor_bp;
	fnl_weighted converted; /* COUNTED, as is the value: 1/10000 of a minor unit, rounded down */
	fnl_weighted value;
};
struct fnl_quota_telling {
	const struct fnl_value *quota;  /* QuotaSet */
	const struct fnl_value *line;   /* Line */
	const struct fnl_value *values; /* as of the run: from `state` on */
	const struct fnl_quota_share *share;
	const struct fnl_quota_worth *worth;
	const struct fnl_quota_rates *rates;
	struct fnl_arena *arena;
};
/* The QuotaLine. FNL_E_NOMEM, FNL_E_LIMIT. */
int fnl_quota_tell_line(const struct fnl_quota_telling *t, struct fnl_value **ret);

/* --- quota_revise.c --- */

/* A change of a frozen quota; what is absent is FNL_SPAN_NONE, or 0. */
struct fnl_quota_change {
	int cause;
	struct fnl_span cause_code;
	struct fnl_span by;
	struct fnl_span reference;
	struct fnl_span other_rep_id;
	int64_t other_revision;
	int64_t line_count;
	struct fnl_span currency;
	int64_t difference_minor;
	int64_t at_ms;
};
/* Changes the QuotaSet, which is a copy, by one more revision; *ret: the QuotaRevised. rep: NULL: not known.
 * FNL_E_NOMEM, FNL_E_LIMIT (beyond 64 bits). */
int fnl_quota_revise(struct fnl_value *quota, const struct fnl_quota_change *c, const struct fnl_value *rep,
                     struct fnl_arena *arena, struct fnl_event_out *ret);

static inline bool fnl_quota_recounts(const struct fnl_value *jobs)
{
	return jobs[FNL_PARTITION_JOBS_RECOUNT_VERSION].set;
}

#endif
