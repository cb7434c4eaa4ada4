/* Shared by the files of the oracle that repeat handovers. */
#ifndef FUNNELD_TESTS_ORACLE_REP_HANDOVER_H
#define FUNNELD_TESTS_ORACLE_REP_HANDOVER_H

#include "oracle_rep_internal.h"

enum { REP_CHECKS_MAX = 8, REP_SUCCESSORS_MAX = 32 };

/* oracle_rep_sheet.c: the listing asks for a sheet. */
void rep_inspect_noticed(struct rep_step *s, const char *book, int64_t now, const char *cause, const char *correlation);

/* The handover of a book, at one step. */
struct rep_handover {
	struct rep_step *s;
	char book[REP_KEY_BYTES];
	json_t *row; /* NULL: there is none */
	const json_t *rep;
	json_t *successors_before; /* as the step found them */
	json_t *tasks;             /* by prospect */
	int64_t now;               /* of the step */
	int64_t at;                /* when it happens: now, or later if the input is of later */
	const char *cause;         /* of what is told */
	const char *correlation;
};

/* ---- oracle_rep_handover.c ---- */

struct rep_handover rep_handover_of(struct rep_step *s, const char *book);
/* The same, at the row's own timer. */
struct rep_handover rep_handover_timer(struct rep_step *s, const char *book);
/* Rows that a step leaves: their deadlines, how far the handover is, whether it is completed. */
void rep_handover_settle(struct rep_handover *h);
/* The same when a command or an answer has come by, whatever came of it. */
void rep_handover_settle_known(struct rep_handover *h);
void rep_handover_count(json_t *row, const char *field, int64_t by);
/* Borrowed; NULL: he is none, or none any more. */
json_t *rep_successor(const struct rep_handover *h, const json_t *id);
void rep_handover_job(struct rep_handover *h, const char *job, const json_t *successor_id);
/* Whether such a job waits for its turn (of this one; NULL: of anybody, or is being done). */
bool rep_handover_will(const struct rep_handover *h, const char *job, const json_t *successor_id);
/* When it is told next that the last day is near; INT64_MAX: it was told twice. */
int64_t rep_risk_at(const struct rep_handover *h);
bool rep_handover_is_on(const json_t *row);
/* What it is at is over: what waits comes. */
void rep_handover_next_job(struct rep_handover *h);
bool rep_handover_at_work(const struct rep_handover *h);

/* notice: NextNotice. */
void rep_handover_begin(struct rep_handover *h, const json_t *notice);
/* SuccessorNamed, ReconciliationReviewed: whether there is such a handover, on its way; else it is refused. */
bool rep_command_fits(struct rep_handover *h);
void rep_command_reject(struct rep_handover *h, const char *reason);
/* RepResigned, ResignationWithdrawn, RepLeft, RepErased. */
const char *rep_hr(struct rep_step *s);
const char *rep_reviewed(struct rep_step *s);

/* ---- oracle_rep_handover_jobs.c ---- */

/* Its timer: all of the job that is due, or a date. */
void rep_handover_fire(struct rep_step *s, const char *book);
/* One more prospect is listed. */
void rep_handover_total(struct rep_handover *h, const char *layer);

/* ---- oracle_rep_handover_line.c ---- */

/* The BookLine of the step was taken in (or is an erasure); before: the line before it, or NULL. */
void rep_handover_line(struct rep_step *s, const json_t *before);

/* ---- oracle_rep_naming.c ---- */

/* Asks whether he could (successor_id absent: who could). Refused at once when there is nobody to ask. */
void rep_ask_successor(struct rep_handover *h, const char *by, const json_t *successor_id, const json_t *prospect_id,
                       const json_t *command_id);
/* With a gate of his own, shut. */
void rep_successor_add(struct rep_handover *h, const json_t *successor_id);
const char *rep_candidates_come(struct rep_step *s);
const char *rep_successor_named(struct rep_step *s);
/* It is looked for somebody when there is somebody to be found. */
void rep_naming_due(struct rep_handover *h);

/* ---- oracle_rep_task.c ---- */

const char *rep_task_layer(const json_t *line);
bool rep_is_handed_over(const struct rep_handover *h, const json_t *line);
bool rep_task_is_undone(const json_t *task);
/* A task of this number for a line, nobody named. Replaces the one before. */
json_t *rep_task_new(struct rep_handover *h, const json_t *line, int64_t number, const json_t *named_id);
/* Its successor, if he is known; NULL: nobody. */
const json_t *rep_task_successor(const struct rep_handover *h, const json_t *task);
void rep_task_open(struct rep_handover *h, json_t *task, const json_t *successor_id);
void rep_task_release(struct rep_handover *h, json_t *task);
/* Not needed any more; `by`: the one that replaces it, or NULL. */
void rep_task_supersede(struct rep_handover *h, json_t *task, const char *reason, bool replaced);
/* It is undone no more; counted: the row's count of such. */
void rep_task_end(struct rep_handover *h, json_t *task, const char *state, const char *counted);
void rep_task_cancel(struct rep_handover *h, json_t *task);
void rep_task_unname(struct rep_handover *h, json_t *task);
/* All of an input is done: gates may open. */
void rep_gates(struct rep_handover *h);
void rep_task_arm(struct rep_handover *h, json_t *task);
void rep_task_fire(struct rep_step *s, const char *key);

/* ---- oracle_rep_report.c ---- */

const char *rep_task_done(struct rep_step *s);
const char *rep_task_waived(struct rep_step *s);
/* The place of a reason in oracle_rep_stats.refused_because. */
size_t rep_refusal_at(const char *reason);

/* ---- oracle_rep_handover_tell.c ---- */

/* With what every one of these events has. New. */
json_t *rep_handover_body(struct rep_handover *h, const char *record);
/* body: taken over. what: behind "<book>|<notice id>|". */
void rep_handover_tell(struct rep_handover *h, const char *record, json_t *body, const char *what);
/* "<prospect>#<number>" of a task; lives until the next calls. */
const char *rep_task_id(const json_t *task);
/* Whether the leaver takes part no more. */
bool rep_is_away(const struct rep_handover *h, int64_t at_ms);
/* Who must speak on that day. New lists. */
void rep_task_speakers(const struct rep_handover *h, const json_t *task, int64_t at_ms, json_t **ret_roles,
                       json_t **ret_ids);
const char *rep_task_channel(const json_t *task);
int64_t rep_task_meeting_bd(const struct rep_handover *h, const json_t *task);
int64_t rep_contacts_min(const json_t *task);
void rep_tell_opened(struct rep_handover *h, const json_t *task);
void rep_tell_risk(struct rep_handover *h, const char *reason, const char *level);

/* ---- oracle_rep_reconcile.c ---- */

/* All findings of a line at the listing, or (since: true) what the change from `before` (or NULL) has brought; told.
 * Returns how many. */
size_t rep_reconcile(struct rep_handover *h, const json_t *line, const json_t *before, bool since);

/* oracle_digest.c: of "<notice id>|<employer id>". */
void oracle_digest(const char *notice_id, const char *employer_id, char ret[65]);

/* ---- oracle_rep_gate.c ---- */

struct oracle_report;
/* What must hold of all handovers, by what was found alone. 0, or -1 with why. */
int rep_gates_check(struct oracle *o, const struct oracle_rep_input *in, struct oracle_report *to);

/* ---- oracle_rep_watch.c ---- */

/* It is completed, or what is known of its prospects has changed since. */
void rep_watch_tell(struct rep_handover *h);
void rep_watch_line(struct rep_handover *h, json_t *task, const json_t *line);
const char *rep_base_rate_comes(struct rep_step *s);

#endif
