/* Shared by the files that make up quota runs. */
#ifndef FNL_CORE_QUOTA_INTERNAL_H
#define FNL_CORE_QUOTA_INTERNAL_H

#include "book_internal.h"

#define FNL_QUOTA_NO_DUE INT64_MAX

/* When a run goes on; FNL_QUOTA_NO_DUE: it is finished. */
int64_t fnl_quota_run_due(const struct fnl_value *run);
/* The run whose turn it is, as its place in the list; the list's count: none. */
size_t fnl_quota_run_next(struct fnl_list runs);
/* The row's deadline by its state. */
void fnl_quota_arm(struct fnl_value *jobs, int64_t now_ms);
/* A copy of the row, or a new one; NULL: no memory. */
struct fnl_value *fnl_quota_jobs_open(const struct fnl_value *jobs, struct fnl_arena *arena);

static inline bool fnl_quota_recounts(const struct fnl_value *jobs)
{
	return jobs[FNL_PARTITION_JOBS_RECOUNT_VERSION].set;
}

#endif
