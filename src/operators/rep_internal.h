/* Shapes shared by the rep operator's files. */
#ifndef FUNNELD_OPERATORS_REP_INTERNAL_H
#define FUNNELD_OPERATORS_REP_INTERNAL_H

#include "common.h"
#include "funneld/core/attainment.h"
#include "funneld/core/cell.h"
#include "funneld/core/handover.h"
#include "funneld/core/inspection.h"
#include "funneld/core/moves.h"
#include "funneld/core/quota_moves.h"
#include "funneld/core/reconciliation.h"
#include "funneld/operators/rep.h"

struct fnl_rep_operator {
	struct fnl_operator base;
	struct fnl_operator_ops ops;
	struct fnl_op op;
	struct fnl_row_type rows[FNL_REP_TABLE_COUNT]; /* by table; partition: the jobs */
	struct fnl_row_type times_row;
	struct fnl_row_type stage_time;
	int32_t partition_count;
	uint32_t older_jobs_id; /* of a schema of PartitionJobs before; 0: none was seen */
};

/* What prepare makes of a record or of a timer. Places in prepared.rows, -1: not needed. */
struct fnl_rep_event {
	struct fnl_root root;
	struct fnl_span book;
	struct fnl_span prospect_id;
	struct fnl_quota_need need;              /* of the jobs' timer */
	struct fnl_inspection_need inspect;      /* of an inspection's timer */
	struct fnl_handover_need handover;       /* of a handover's timer */
	struct fnl_attainment_need attain;       /* of a Rep row's timer, */
	int row_year[FNL_ATTAINMENT_YEARS_MAX];  /* and the quotas of its years */
	struct fnl_quota_moves_need quota_moves; /* of the timer of frozen lines that go */
	int row_rep;
	int row_line;
	int row_jobs;
	int row_rules;
	int row_quota;
	int row_times;
	int row_inspection;
	int row_handover;
	int row_task;
	int row_cell; /* of the timer; or the one that a line is counted in, */
	int row_left; /* and another one that it was counted in */
	int row_rate;
	int row_territory;
	int row_moves;
	int row_copied; /* what a run's pass goes by */
	int row_quota_moves;
	int row_gone; /* the first of the QuotaLine rows that are looked at */
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
/* The same for what tells of now: then an input's own time is the best there is. */
int64_t fnl_rep_moment(const struct fnl_step *in);

/* --- rep_prepare.c --- */
int fnl_rep_prepare(struct fnl_operator *base, const struct fnl_record *r, struct fnl_arena *arena,
                    struct fnl_prepared *ret, struct fnl_error *why) FNL_MUST_USE;
int fnl_rep_prepare_more(struct fnl_operator *base, const struct fnl_record *r, const struct fnl_span *rows,
                         struct fnl_arena *arena, struct fnl_prepared *ret, struct fnl_error *why) FNL_MUST_USE;
int fnl_rep_prepare_timer(struct fnl_operator *base, struct fnl_row_key row, struct fnl_span value,
                          struct fnl_arena *arena, struct fnl_prepared *ret) FNL_MUST_USE;
/* "<book>|<year>", or "<book>|<year>|<prospect>"; FNL_SPAN_NONE: no memory. */
struct fnl_span fnl_rep_quota_key(struct fnl_span book, int64_t fiscal_year, struct fnl_span prospect_id,
                                  struct fnl_arena *arena);

/* "<book>|<prospect>"; FNL_SPAN_NONE: no memory. */
struct fnl_span fnl_rep_line_key(struct fnl_span book, struct fnl_span prospect_id, struct fnl_arena *arena);

/* --- rep_jobs.c: work that goes through many rows --- */
/* The page's rows, decoded. */
int fnl_rep_take_page(struct fnl_rep_operator *o, const struct fnl_step *in, size_t table,
                      const struct fnl_value *const **ret, struct fnl_error *why) FNL_MUST_USE;
int fnl_rep_step_jobs(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                      struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;

/* --- rep_revision.c: what changes a frozen quota --- */
/* ReviseQuota, QuotaMoved; e->book is known. */
int fnl_rep_prepare_revision(struct fnl_rep_event *e, struct fnl_arena *arena, struct fnl_prepared *ret) FNL_MUST_USE;
int fnl_rep_step_revision(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                          struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;

/* A row of frozen lines that go: begun when a handover is completed, or of one prospect that has moved after that, or
 * because a proposal asked for it. */
int fnl_rep_begin_moves(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_quota_moves_begin *b,
                        struct fnl_decision *d) FNL_MUST_USE;
int fnl_rep_prepare_quota_moves_timer(struct fnl_rep_operator *o, struct fnl_span value, struct fnl_rep_event *e,
                                      struct fnl_arena *arena, struct fnl_prepared *ret) FNL_MUST_USE;
int fnl_rep_step_quota_moves(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                             struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;

/* --- rep_reference.c: rates and territories --- */
int fnl_rep_prepare_rate(struct fnl_rep_event *e, struct fnl_arena *arena, struct fnl_prepared *ret,
                         struct fnl_error *why) FNL_MUST_USE;
int fnl_rep_prepare_territory(struct fnl_rep_event *e, struct fnl_prepared *ret, struct fnl_error *why) FNL_MUST_USE;
int fnl_rep_step_rate(struct fnl_rep_operator *o, const struct fnl_step *in, struct fnl_decision *d,
                      struct fnl_error *why) FNL_MUST_USE;
int fnl_rep_step_territory(struct fnl_rep_operator *o, const struct fnl_step *in, struct fnl_decision *d,
                           struct fnl_error *why) FNL_MUST_USE;
/* What the run of e->need goes by. */
int fnl_rep_prepare_run(struct fnl_rep_event *e, struct fnl_arena *arena, struct fnl_prepared *ret) FNL_MUST_USE;
int fnl_rep_take_references(struct fnl_rep_operator *o, const struct fnl_step *in, struct fnl_quota_step_in *ret,
                            struct fnl_error *why) FNL_MUST_USE;

/* --- rep_inspection.c: what is told of stalls, and sheets --- */

/* The row of the book's inspection for a line of a prospect: whole, when it may have a question about it, else its
 * head. *ret NULL: there is none, or the book has none. */
int fnl_rep_take_inspection(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_value **ret,
                            bool *ret_whole, struct fnl_error *why) FNL_MUST_USE;
/* What is told of the line's stalls; sets what was told in out->line. */
int fnl_rep_tell_stalls(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_book_in *book,
                        const struct fnl_book_out *out, struct fnl_decision *d) FNL_MUST_USE;
/* The inspection after a BookLine (whole: book->inspection is) or a RepChanged; *ret_row: as it is then. */
int fnl_rep_inspection_after(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_book_in *book,
                             const struct fnl_book_out *out, bool whole, struct fnl_decision *d,
                             const struct fnl_value **ret_row) FNL_MUST_USE;
int fnl_rep_step_asked(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                       struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;
int fnl_rep_step_answer(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                        struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;
int fnl_rep_step_inspection(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                            struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;

/* --- rep_handover.c --- */
/* Whose input it is: HR's (all but RepChanged), a person's, the org stage's. */
enum fnl_rep_handover_input {
	FNL_REP_NO_HANDOVER_INPUT,
	FNL_REP_HANDOVER_HR,
	FNL_REP_HANDOVER_COMMAND,
	FNL_REP_HANDOVER_ANSWER
};
enum fnl_rep_handover_input fnl_rep_handover_input(const struct fnl_record_desc *desc);
/* rep: as the book has taken the input in; NULL: as it is. */
int fnl_rep_step_handover_input(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                                const struct fnl_value *rep, struct fnl_decision *d,
                                struct fnl_error *why) FNL_MUST_USE;
/* The book of the step has a handover: not decoded. */
bool fnl_rep_has_handover(const struct fnl_step *in);
/* The handover after a BookLine, if there is one; inspection: whole, as the line leaves it. */
int fnl_rep_handover_after_line(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_book_in *book,
                                const struct fnl_book_out *out, const struct fnl_value *inspection,
                                struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;
/* The timers of the two tables. */
int fnl_rep_step_handover(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                          struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;
int fnl_rep_step_task(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                      struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;

/* --- rep_directory.c --- */
/* What the organisation and the directory hear of a rep. */
int fnl_rep_tell_directory(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_book_out *out,
                           int32_t rules_version, struct fnl_decision *d) FNL_MUST_USE;

/* --- rep_attainment.c --- */
/* The timer of a Rep row: the quotas of the years of which it may have to tell. */
int fnl_rep_prepare_attainment(struct fnl_rep_event *e, const struct fnl_value *rep, struct fnl_arena *arena,
                               struct fnl_prepared *ret) FNL_MUST_USE;
/* After the timer of a Rep row: what is won, if that is due; changes out->rep. */
int fnl_rep_tell_attainment(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_book_in *book,
                            struct fnl_book_out *out, struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;
/* After a page of a quota run: one that has frozen is to be told; changes out->rep. */
int fnl_rep_note_frozen(const struct fnl_quota_step_in *step, struct fnl_quota_step_out *out) FNL_MUST_USE;
/* A frozen quota of the step's book is another one now: it is to be told. rep: its Rep row, NULL: it has none yet. */
int fnl_rep_note_revised(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                         const struct fnl_value *rep, int32_t fiscal_year, const struct fnl_cause_id *cause,
                         struct fnl_decision *d) FNL_MUST_USE;

/* --- rep_cells.c --- */
/* The cells of a BookLine; line: the row of the line, as it is. */
int fnl_rep_prepare_cells(struct fnl_rep_operator *o, struct fnl_rep_event *e, struct fnl_span line,
                          struct fnl_arena *arena, struct fnl_prepared *ret, struct fnl_error *why) FNL_MUST_USE;
int fnl_rep_prepare_cell_timer(struct fnl_rep_operator *o, struct fnl_row_key row, struct fnl_span value,
                               struct fnl_rep_event *e, struct fnl_arena *arena, struct fnl_prepared *ret) FNL_MUST_USE;
/* The timer of a Rep row: the page of cells that it goes over, if it does. */
int fnl_rep_prepare_going_over(const struct fnl_value *rep, struct fnl_rep_event *e, struct fnl_arena *arena,
                               struct fnl_prepared *ret) FNL_MUST_USE;
/* After a BookLine; sets which cell out->line is in. */
int fnl_rep_move_cells(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_book_in *book,
                       const struct fnl_book_out *out, struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;
int fnl_rep_step_cell(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                      struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;
/* After the timer of a Rep row: a page of its cells, if that is due; changes out->rep. */
int fnl_rep_go_over_cells(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_book_in *book,
                          struct fnl_book_out *out, struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;

/* --- rep_moves.c --- */
int fnl_rep_prepare_moves(struct fnl_rep_event *e, struct fnl_arena *arena, struct fnl_prepared *ret,
                          struct fnl_error *why) FNL_MUST_USE;
int fnl_rep_prepare_moves_timer(struct fnl_rep_operator *o, struct fnl_row_key row, struct fnl_span value,
                                struct fnl_rep_event *e, struct fnl_arena *arena,
                                struct fnl_prepared *ret) FNL_MUST_USE;
int fnl_rep_step_moves_input(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                             struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;
/* After a BookLine that the book has taken in: of a prospect that has gone to whom a proposal wanted it to go, what was
 * frozen goes, too. before: its Line row, NULL: there was none. */
int fnl_rep_moves_after_line(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_value *before,
                             const struct fnl_cause_id *cause, struct fnl_decision *d) FNL_MUST_USE;
int fnl_rep_step_moves(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                       struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;

#endif
