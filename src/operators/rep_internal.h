/* Shapes shared by the rep operator's files. */
#ifndef FUNNELD_OPERATORS_REP_INTERNAL_H
#define FUNNELD_OPERATORS_REP_INTERNAL_H

#include "common.h"
#include "funneld/core/inspection.h"
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
	struct fnl_quota_need need;         /* of the jobs' timer */
	struct fnl_inspection_need inspect; /* of an inspection's timer */
	int row_rep;
	int row_line;
	int row_jobs;
	int row_rules;
	int row_quota;
	int row_times;
	int row_inspection;
};

/* --- rep.c --- */
/* The row at a place, decoded; *ret = NULL when there is none, or the event has no such row. */
int fnl_rep_take_row(struct fnl_rep_operator *o, const struct fnl_step *in, int at, size_t table,
                     const struct fnl_value **ret, struct fnl_error *why) FNL_MUST_USE;

/* Writes the row at a place; at < 0 with anything to write is FNL_E_INTERNAL. */
int fnl_rep_put_row(struct fnl_rep_operator *o, const struct fnl_step *in, int at, size_t table,
                    enum fnl_row_change change, const struct fnl_value *values, struct fnl_decision *d) FNL_MUST_USE;
/* Who is to blame for the step's input. */
int fnl_rep_cause(struct fnl_rep_operator *o, const struct fnl_step *in, struct fnl_cause_id *ret) FNL_MUST_USE;
/* Before the stage's time is known it is as at the beginning of time: what is armed then fires with the first one. */
int64_t fnl_rep_now(const struct fnl_step *in);

/* --- rep_prepare.c --- */
int fnl_rep_prepare(struct fnl_operator *base, const struct fnl_record *r, struct fnl_arena *arena,
                    struct fnl_prepared *ret, struct fnl_error *why) FNL_MUST_USE;
int fnl_rep_prepare_timer(struct fnl_operator *base, struct fnl_row_key row, struct fnl_span value,
                          struct fnl_arena *arena, struct fnl_prepared *ret) FNL_MUST_USE;
/* "<book>|<year>", or "<book>|<year>|<prospect>"; FNL_SPAN_NONE: no memory. */
struct fnl_span fnl_rep_quota_key(struct fnl_span book, int64_t fiscal_year, struct fnl_span prospect_id,
                                  struct fnl_arena *arena);

/* --- rep_jobs.c: work that goes through many rows --- */
/* The page's rows, decoded. */
int fnl_rep_take_page(struct fnl_rep_operator *o, const struct fnl_step *in, size_t table,
                      const struct fnl_value *const **ret, struct fnl_error *why) FNL_MUST_USE;
int fnl_rep_step_jobs(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                      struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;

/* --- rep_inspection.c: what is told of stalls, and sheets --- */

/* The row of the book's inspection for a line of a prospect: whole, when it may have a question about it, else its
 * head. *ret NULL: there is none, or the book has none. */
int fnl_rep_take_inspection(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_value **ret,
                            bool *ret_whole, struct fnl_error *why) FNL_MUST_USE;
/* What is told of the line's stalls; sets what was told in out->line. */
int fnl_rep_tell_stalls(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_book_in *book,
                        const struct fnl_book_out *out, struct fnl_decision *d) FNL_MUST_USE;
/* The inspection after a BookLine (whole: book->inspection is) or a RepChanged. */
int fnl_rep_inspection_after(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_book_in *book,
                             const struct fnl_book_out *out, bool whole, struct fnl_decision *d) FNL_MUST_USE;
int fnl_rep_step_asked(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                       struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;
int fnl_rep_step_answer(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                        struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;
int fnl_rep_step_inspection(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                            struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;

/* --- rep_times.c: clock = event --- */
struct fnl_row_key fnl_rep_time_row(struct fnl_operator *base);
int64_t fnl_rep_time_of(struct fnl_operator *base, struct fnl_span value);
int64_t fnl_rep_time_reached(struct fnl_operator *base, struct fnl_span value, const struct fnl_prepared *prepared);
int fnl_rep_step_time(struct fnl_rep_operator *o, const struct fnl_step *in, struct fnl_decision *d,
                      struct fnl_error *why) FNL_MUST_USE;

#endif
