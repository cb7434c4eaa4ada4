/* Shapes shared by the rep operator's files. */
#ifndef FUNNELD_OPERATORS_REP_INTERNAL_H
#define FUNNELD_OPERATORS_REP_INTERNAL_H

#include "common.h"
#include "funneld/core/quota.h"
#include "funneld/operators/rep.h"

struct fnl_rep_operator {
	struct fnl_operator base;
	struct fnl_op op;
	struct fnl_row_type rows[FNL_REP_TABLE_COUNT]; /* by table; partition: the jobs */
	struct fnl_row_type times_row;
};

/* What prepare makes of a record or of a timer. Places in prepared.rows, -1: not needed. */
struct fnl_rep_event {
	struct fnl_root root;
	struct fnl_span book;
	struct fnl_span prospect_id;
	struct fnl_quota_need need; /* of the jobs' timer */
	int row_rep;
	int row_line;
	int row_jobs;
	int row_rules;
	int row_quota;
	int row_times;
};

/* --- rep.c --- */
/* The row at a place, decoded; *ret = NULL when there is none, or the event has no such row. */
int fnl_rep_take_row(struct fnl_rep_operator *o, const struct fnl_step *in, int at, size_t table,
                     const struct fnl_value **ret, struct fnl_error *why) FNL_MUST_USE;

/* --- rep_prepare.c --- */
int fnl_rep_prepare(struct fnl_operator *base, const struct fnl_record *r, struct fnl_arena *arena,
                    struct fnl_prepared *ret, struct fnl_error *why) FNL_MUST_USE;
int fnl_rep_prepare_timer(struct fnl_operator *base, struct fnl_row_key row, struct fnl_span value,
                          struct fnl_arena *arena, struct fnl_prepared *ret) FNL_MUST_USE;
/* "<book>|<year>", or "<book>|<year>|<prospect>"; FNL_SPAN_NONE: no memory. */
struct fnl_span fnl_rep_quota_key(struct fnl_span book, int64_t fiscal_year, struct fnl_span prospect_id,
                                  struct fnl_arena *arena);

/* --- rep_jobs.c: work that goes through many rows --- */
int fnl_rep_step_jobs(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                      struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;

/* --- rep_times.c: clock = event --- */
struct fnl_row_key fnl_rep_time_row(struct fnl_operator *base);
int64_t fnl_rep_time_of(struct fnl_operator *base, struct fnl_span value);
int64_t fnl_rep_time_reached(struct fnl_operator *base, struct fnl_span value, const struct fnl_prepared *prepared);
int fnl_rep_step_time(struct fnl_rep_operator *o, const struct fnl_step *in, struct fnl_decision *d,
                      struct fnl_error *why) FNL_MUST_USE;

#endif
