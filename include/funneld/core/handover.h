/* The departure of a rep: the funnel belongs to the company and stays. Pure: no clock, no I/O, memory from the arena
 * only. Values of rows are arrays in the order of the records' fields (Handover, Task, Line, Rep); NULL: there is no
 * such row; borrowed, never changed.
 *
 * All of it happens in the book of the leaving rep, which has his lines, also those that others own by now: a source
 * often moves them at once.
 *
 *                                RepResigned
 *                                     |
 *                                     v
 *      +------ another notice -- RECONCILING   LIST: each line is compared, and becomes a task
 *      |                              |        (UNNAMED)
 *      v                              v
 *   REPLACED <-----+---------------- NAMING    who takes over? asked of the organisation, refused or accepted
 *      |           |                  ^  |
 *      | (CANCEL,  |    nobody is left|  | accepted
 *      |  then the +-------------     |  v
 *      |  other    |                 OPENING   OPEN: his tasks are told
 *      |  notice)  |                  ^  |
 *      v           |  somebody else   |  | nothing is unnamed
 *   RECONCILING    |  is needed       |  v
 *                  +---------------- RUNNING   reports come; gates open
 *                                        |
 *   CANCELLED <-- withdrawn (not from    | all tasks closed, and signed off
 *      (CANCEL)   COMPLETED)             v
 *                                    COMPLETED  watched until watch_until
 *
 * NAMING goes straight to RUNNING when what was unnamed is let go or has moved on. COMPLETED and CANCELLED take another
 * notice, too: its rows make room first (CANCEL), and nothing more is told of the handover before.
 *
 * A successor is named for all prospects, or for one. Another one for all takes the place of the first: what the first
 * has not done goes to him (UNNAME, then OPEN). While his tasks go back he is `leaving`; he may be named again.
 *
 * A task, of one prospect; a closed one stays closed, and a prospect that needs another gets the next number:
 *
 *   UNNAMED --> WAITING --> OPEN --> DONE          (WAITING: only TOP)
 *      |  \________|_________^ |---> WAIVED        by the manager, from any state before it
 *      |           |           |---> SUPERSEDED    the prospect has moved on
 *      +-----------+-----------+---> CANCELLED     the notice was taken back, or replaced
 *   WAITING, OPEN --> UNNAMED                      its successor has dropped out
 *
 * The gate, of each successor in a handover (the article: first those who are nearest to the order): no task of TOP is
 * released before all his tasks of BOTTOM, MIDDLE and UNDECIDED are closed. It opens once, and stays open; never for
 * one who has no tasks yet. It is looked at when all that an input does is done: a task that blocks may be replaced by
 * another one that does.
 *
 * A job may not have come by a task yet: what RELEASE, UNNAME and CANCEL will make of it counts already, so that
 * nothing depends on how far they are. What OPEN has not told nobody can report.
 *
 * What happens on which event in which state is in the tables of handover_states.c and task_states.c. */
#ifndef FUNNELD_CORE_HANDOVER_H
#define FUNNELD_CORE_HANDOVER_H

#include "funneld/core/book.h"

enum {
	FNL_HANDOVER_LIST_LINES = 8, /* Line rows of a firing: each may tell FNL_RECONCILE_MAX findings */
	FNL_HANDOVER_TASK_ROWS = 50, /* Task rows of a firing: each tells at most two events */
	FNL_HANDOVER_SUCCESSORS_MAX = 32,
	FNL_HANDOVER_CHECKS_MAX = 8,
	FNL_HANDOVER_JOBS_MAX = 64,
	FNL_HANDOVER_LOST_IDS_MAX = 32,
	FNL_HANDOVER_FORMER_MAX = 16,
	FNL_REASSIGN_BD = 3,        /* business days that the source has to move a prospect */
	FNL_HANDOVER_EVENTS_MAX = 8 /* of one input, beside its findings (FNL_RECONCILE_MAX, of a line) */
};

struct fnl_handover_in {
	const struct fnl_value *row;  /* Handover */
	const struct fnl_value *rep;  /* Rep of the leaving rep */
	const struct fnl_value *task; /* Task of the prospect that the input is about, if it is about one */
	const struct fnl_value *line; /* Line of it, as the input leaves it */
	const struct fnl_value *line_before;
	const struct fnl_value *inspection; /* Inspection, whole */
	int64_t now_ms;
	const struct fnl_rules *rules;
	struct fnl_span cause_id; /* ce_id behind the input */
	struct fnl_span correlation_id;
	struct fnl_arena *arena;
};

/* Events: those of funnel.handovers, the restricted ones, reassignments; and what is sent to the organisation:
 * SuccessorAsked, BaseRateAsked, HandoverOutcome. In the order in which they are to be told. */
struct fnl_handover_out {
	struct fnl_value *row; /* NULL: unchanged */
	enum fnl_row_change task_change;
	struct fnl_value *task;
	struct fnl_value *inspection; /* NULL: unchanged; a sheet was asked for */
	struct fnl_event_out *events;
	size_t event_count;
	bool stale; /* the input changed nothing */
};

/* All of these: FNL_OK, FNL_E_NOMEM, or FNL_E_INVALID, FNL_E_LIMIT with *why: the input is poison. `ret` untouched on
 * failure. */

/* RepResigned, ResignationWithdrawn, RepLeft, RepErased (desc). employer in RepResigned is a digest already. HR's feed
 * may be late, doubled and out of order: of two events about one rep the greater version wins, an older one is stale; a
 * notice that was withdrawn before it came is remembered as CANCELLED. But a RepResigned that comes after the RepLeft
 * which names its notice is taken in, and such a RepLeft after later corrections. A RepLeft without a notice, or of one
 * that was taken back, begins a handover of its own, "left-<version>". A notice that was taken back, or replaced, stays
 * so: another one has another id. */
int fnl_handover_hr(const struct fnl_handover_in *in, const struct fnl_record_desc *desc,
                    const struct fnl_value *values, struct fnl_handover_out *ret, struct fnl_error *why) FNL_MUST_USE;

/* HandoverTaskDone, HandoverTaskWaived, SuccessorNamed, ReconciliationReviewed. One for something that is not known yet
 * (of a notice that has not come, of a prospect that is not listed) is refused: HandoverTaskRefused for reports of
 * tasks, CommandRejected for the others. A report needs in->line, too: it says who owns the prospect. */
int fnl_handover_command(const struct fnl_handover_in *in, const struct fnl_record_desc *desc,
                         const struct fnl_value *values, struct fnl_handover_out *ret,
                         struct fnl_error *why) FNL_MUST_USE;
/* The prospect that a command, or an answer, is about, so that its rows can be read: within task_id, or named. Absent:
 * none. */
struct fnl_span fnl_handover_prospect_of(const struct fnl_record_desc *desc, const struct fnl_value *values);

/* SuccessorCandidates (in->task, when it is about one prospect), OrgBaseRate. An answer to no question that is open is
 * stale, but for one that says that a successor cannot be one any more. */
int fnl_handover_answer(const struct fnl_handover_in *in, const struct fnl_record_desc *desc,
                        const struct fnl_value *values, struct fnl_handover_out *ret,
                        struct fnl_error *why) FNL_MUST_USE;

/* A BookLine has changed in->line_before to in->line (NULL: it is gone). What changed against the company since the
 * listing is told; the task goes with the prospect. What becomes of a prospect that was handed over is counted from
 * then on, and told once the handover is completed. */
int fnl_handover_line(const struct fnl_handover_in *in, const struct fnl_value *event, struct fnl_handover_out *ret,
                      struct fnl_error *why) FNL_MUST_USE;

/* ---- timers ---- */

/* What the Handover row's timer needs, beside in->row, in->rep, in->inspection. */
enum fnl_handover_page_of { FNL_HANDOVER_PAGE_NONE, FNL_HANDOVER_PAGE_LINES, FNL_HANDOVER_PAGE_TASKS };
struct fnl_handover_need {
	enum fnl_handover_page_of of;
	size_t limit;
	struct fnl_span after; /* a prospect; absent: from the first one on */
};
struct fnl_handover_need fnl_handover_needs(const struct fnl_value *row);

struct fnl_handover_page {
	const struct fnl_value *const *rows; /* Line or Task rows, decoded */
	size_t count;
	bool last; /* there are no more */
};
struct fnl_handover_task_out {
	struct fnl_span prospect_id;
	enum fnl_row_change change;
	struct fnl_value *task;
};
struct fnl_handover_step_out {
	struct fnl_value *row; /* always */
	struct fnl_value *inspection;
	struct fnl_handover_task_out *tasks;
	size_t task_count;
	struct fnl_event_out *events;
	size_t event_count;
	struct fnl_span cause_id; /* the notice */
	struct fnl_span correlation_id;
};
/* One firing: a page of the job that is due, or one date that has come. */
int fnl_handover_step(const struct fnl_handover_in *in, const struct fnl_handover_page *page,
                      struct fnl_handover_step_out *ret, struct fnl_error *why) FNL_MUST_USE;

/* The timer of in->task: overdue, or its prospect was not moved by the source. in->row is there. */
int fnl_handover_task_timer(const struct fnl_handover_in *in, struct fnl_handover_out *ret,
                            struct fnl_error *why) FNL_MUST_USE;

/* "<prospect id>#<number>", in the arena. FNL_SPAN_NONE: no memory. */
struct fnl_span fnl_task_id(struct fnl_span prospect_id, int64_t number, struct fnl_arena *arena);
/* The parts; false: no such id. */
bool fnl_task_id_read(struct fnl_span task_id, struct fnl_span *ret_prospect_id, int64_t *ret_number);

/* Digest by which an employer's id is compared without being kept: SHA-256 of notice id, '|' and the id, in hex. */
enum { FNL_EMPLOYER_DIGEST_BYTES = 64 };
void fnl_employer_digest(struct fnl_span notice_id, struct fnl_span employer_id,
                         char ret[FNL_EMPLOYER_DIGEST_BYTES + 1]);

#endif
