/* Shared by the files that make up handovers. */
#ifndef FNL_CORE_HANDOVER_INTERNAL_H
#define FNL_CORE_HANDOVER_INTERNAL_H

#include "book_internal.h"
#include "funneld/base/sha256.h"
#include "funneld/core/defection.h"
#include "funneld/core/handover.h"
#include "funneld/core/handover_states.h"
#include "funneld/core/inspection.h"
#include "funneld/core/reconciliation.h"

/* A HandoverSuccessor, to work with. */
struct fnl_heir {
	struct fnl_span id;
	int64_t blocking;
	int64_t waiting;
	bool listed;
	bool leaving;
	struct fnl_value released_at;
};

struct fnl_heir_job {
	int job;
	struct fnl_span heir_id;
};

/* A notice: of the row, or the one that waits. */
struct fnl_notice {
	struct fnl_span id;
	int64_t version;        /* of the latest HR event */
	int64_t notice_version; /* of the latest RepResigned; 0: none */
	int64_t notice_at_ms;
	int64_t last_day;
	struct fnl_value available_until;
	struct fnl_value left_on;
	struct fnl_value successor_id;
	struct fnl_value employer;
	struct fnl_value cause_id;
	struct fnl_value correlation_id;
	bool withdrawn;
};

/* A handover on its way through one input, or one firing. */
struct fnl_handing {
	const struct fnl_handover_in *in;
	struct fnl_error *why;
	enum fnl_handover_event event;
	int64_t at_ms;         /* when it happens: now, or later if the input is of later */
	struct fnl_value *row; /* a copy that becomes the new one */
	struct fnl_heir heirs[FNL_HANDOVER_SUCCESSORS_MAX + 1];
	size_t heir_count;
	struct fnl_heir_job jobs[FNL_HANDOVER_JOBS_MAX];
	size_t job_count;
	const struct fnl_value *checks[FNL_HANDOVER_CHECKS_MAX];
	size_t check_count;
	struct fnl_event_out *events;
	size_t event_count;
	size_t events_max;
};

/* --- handover.c --- */
/* events_max: so many can be told. Without in->row there is none yet, and it is for the caller to make one. */
int fnl_handing_open(struct fnl_handing *h, const struct fnl_handover_in *in, enum fnl_handover_event event,
                     int64_t occurred_ms, size_t events_max, struct fnl_error *why);
/* Gates that open, the state that follows, what is told with it, and the row's deadline; the row is whole then. */
int fnl_handing_close(struct fnl_handing *h);
/* As an outcome; a row that is as it was is not written. */
void fnl_handing_outcome(const struct fnl_handing *h, struct fnl_handover_out *ret);
/* The lists into the row. */
int fnl_handing_store(struct fnl_handing *h);
/* Values of a row that are counted with. */
static inline int64_t fnl_handing_i64(const struct fnl_handing *h, int field)
{
	return h->row[field].i64;
}
static inline void fnl_handing_add(struct fnl_handing *h, int field, int64_t n)
{
	h->row[field] = fnl_value_i64(h->row[field].i64 + n);
}
static inline int64_t fnl_handing_rule(const struct fnl_handing *h, enum fnl_rules_key_at at)
{
	return h->in->rules->values[at];
}
bool fnl_handover_is_live(const struct fnl_value *row);
/* The handover was taken back or replaced, and no task of it counts any more. */
bool fnl_handover_has_ended(const struct fnl_value *row);

/* NULL: none of that id. */
struct fnl_heir *fnl_heir_of(struct fnl_handing *h, struct fnl_span id);
/* The same, of one who takes over now; NULL while the listing is under way. */
struct fnl_heir *fnl_heir_ready(struct fnl_handing *h, const struct fnl_value *task);
/* Whoever is meant to have the prospect: null: nobody. */
struct fnl_value fnl_heir_meant(const struct fnl_handing *h, const struct fnl_value *task);
/* FNL_E_LIMIT: too much waits. */
int fnl_heir_job(struct fnl_handing *h, int job, struct fnl_span heir_id);
bool fnl_heir_job_waits(const struct fnl_handing *h, int job, struct fnl_span heir_id);
/* A job of the whole handover begins at once; none of the others waits any more. */
void fnl_handing_restart(struct fnl_handing *h, int job);
/* The next job that waits, if any. */
void fnl_handing_next_job(struct fnl_handing *h);

/* --- handover_events.c --- */
/* An event of the handover with its first five values, which are the same in all of them. */
struct fnl_value *fnl_handover_event(struct fnl_handing *h, const struct fnl_record_desc *desc);
/* Of a task, as far as it has one's values at the next two places. */
struct fnl_value *fnl_task_event(struct fnl_handing *h, const struct fnl_record_desc *desc,
                                 const struct fnl_value *task);
/* NULL values: no memory. */
int fnl_handing_tell(struct fnl_handing *h, const struct fnl_record_desc *desc, struct fnl_value *values);
struct fnl_value fnl_rep_value(const struct fnl_handing *h, int field);
struct fnl_value fnl_leaver_id(const struct fnl_handing *h);
int fnl_tell_opened(struct fnl_handing *h);
int fnl_tell_completed(struct fnl_handing *h);
int fnl_tell_cancelled(struct fnl_handing *h, int reason, struct fnl_value replaced_by);
int fnl_tell_at_risk(struct fnl_handing *h, int reason, int level);
int fnl_tell_findings(struct fnl_handing *h, struct fnl_span prospect_id, const struct fnl_finding *findings,
                      size_t count);
/* "<notice id>|<n>" of the next question. FNL_SPAN_NONE: no memory. */
struct fnl_span fnl_question_id(struct fnl_handing *h);

/* --- handover_dates.c --- */
void fnl_handover_arm(struct fnl_handing *h);
int fnl_handover_date(struct fnl_handing *h);
/* The end of a day. */
int64_t fnl_day_end(const struct fnl_calendar *c, int64_t day);
/* Business days before the end of a day: when the first of them begins. */
int64_t fnl_business_before_end(const struct fnl_calendar *c, int64_t day, int64_t business_days);
int64_t fnl_business_days_after(const struct fnl_handing *h, int64_t from_ms, int64_t business_days);

/* --- handover_notice.c --- */
struct fnl_notice fnl_notice_of_next(const struct fnl_value *next);
int fnl_notice_as_next(struct fnl_handing *h, const struct fnl_notice *n, struct fnl_value *ret);
/* A new row of it; NULL: no memory. */
struct fnl_value *fnl_notice_row(const struct fnl_notice *n, struct fnl_span book, int64_t at_ms,
                                 struct fnl_arena *arena);
/* The row becomes one of another notice. */
int fnl_notice_begin(struct fnl_handing *h, const struct fnl_notice *n);

/* --- handover_step.c --- */
/* One more prospect is listed. */
int fnl_handover_count(struct fnl_handing *h, int layer);

/* --- handover_line.c --- */
/* What a line is compared with. task: NULL: none yet. */
struct fnl_reconcile_in fnl_reconcile_in_of(const struct fnl_handing *h, const struct fnl_value *line,
                                            const struct fnl_value *task);

/* --- handover_naming.c --- */
/* Somebody is checked, or (successor_id null) looked for. There must be room. */
int fnl_naming_ask(struct fnl_handing *h, struct fnl_value successor_id, struct fnl_value prospect_id, int by,
                   struct fnl_value command_id);
/* He can't be it any more: his tasks go back. */
int fnl_naming_drop(struct fnl_handing *h, struct fnl_heir *heir);
/* Somebody is missing: from when on it is told. */
void fnl_naming_arm(struct fnl_handing *h, int64_t from_ms);

/* --- handover_watch.c --- */
/* What has become of a prospect that was handed over, by its line. */
int fnl_watch_line(struct fnl_handing *h, struct fnl_value *task, const struct fnl_value *line);
/* It is no more, and nothing of it is kept. */
int fnl_watch_forget(struct fnl_handing *h, struct fnl_span prospect_id);
/* The organisation hears of it, and whether it is remarkable is asked. */
int fnl_watch_tell(struct fnl_handing *h);
/* OrgBaseRate has come. */
int fnl_watch_base(struct fnl_handing *h, const struct fnl_value *answer);

/* --- task.c --- */
/* The task of a layer; known_layer decides where the layer says nothing. */
int fnl_task_layer(const struct fnl_value *line);
/* The layer says something: TOP, MIDDLE, BOTTOM. */
bool fnl_task_layer_is_known(int64_t layer);
/* The prospect of the line is to be handed over. */
bool fnl_task_is_needed(const struct fnl_value *row, const struct fnl_value *line);
/* The state that jobs on their way will bring; NULL: FNL_TASK_STATE_NO_ROW. */
int fnl_task_state(struct fnl_handing *h, const struct fnl_value *task);
bool fnl_task_is_undone(int state);
bool fnl_task_was_told(const struct fnl_value *task);
/* A new task of the prospect, UNNAMED; before: the one before it, NULL: none. NULL: no memory. */
struct fnl_value *fnl_task_new(struct fnl_handing *h, const struct fnl_value *line, const struct fnl_value *before);
/* Its successor is known: it is told. FNL_E_STATE when it is not UNNAMED. */
int fnl_task_name(struct fnl_handing *h, struct fnl_value *task, struct fnl_heir *heir);
int fnl_task_release(struct fnl_handing *h, struct fnl_value *task);
/* It ends in one of the closed states; the counts go with it, and who was to hear of it is not kept. */
int fnl_task_close(struct fnl_handing *h, struct fnl_value *task, enum fnl_task_event event, int state);
/* Not needed any more: closed as SUPERSEDED, and told when it was told as opened. by: the number of the next one, 0:
 * none. */
int fnl_task_supersede(struct fnl_handing *h, struct fnl_value *task, int reason, int64_t by);
/* Its successor is none any more: *ret is the prospect's next task, UNNAMED. */
int fnl_task_unname(struct fnl_handing *h, struct fnl_value *task);
/* The source is asked to move the prospect, if it has not. */
int fnl_task_reassign(struct fnl_handing *h, struct fnl_value *task, const struct fnl_value *line);
void fnl_task_arm(struct fnl_handing *h, struct fnl_value *task);

/* --- task_text.c: what is asked for --- */
enum { FNL_TASK_SPEAKERS_MAX = 2 };
struct fnl_task_text {
	int channel; /* FNL_CHANNEL_OTHER: any */
	int speakers[FNL_TASK_SPEAKERS_MAX];
	struct fnl_value speaker_ids[FNL_TASK_SPEAKERS_MAX]; /* null: not known */
	size_t speaker_count;
	int must_say[2];
	size_t must_say_count;
	int64_t next_meeting_bd; /* 0: none is asked for */
	int64_t contacts_min;
	bool single_contact;
};
/* As of a local day: whoever is gone does not speak. */
struct fnl_task_text fnl_task_text(const struct fnl_handing *h, const struct fnl_value *task, struct fnl_value heir_id,
                                   int64_t day);
int fnl_tell_task_opened(struct fnl_handing *h, const struct fnl_value *task);
bool fnl_leaver_is_away(const struct fnl_handing *h, int64_t day);
bool fnl_channel_fits(int64_t channel, int asked);

/* --- task_report.c --- */
bool fnl_ids_have(struct fnl_list ids, struct fnl_span id);
/* The first thing that a report of an OPEN task lacks; FNL_TASK_REFUSAL_UNKNOWN: nothing. */
int fnl_report_check(struct fnl_handing *h, const struct fnl_value *task, const struct fnl_value *report);

/* --- handover_command.c --- */
/* The handover has ended early, and this undone task with it; told, if it was told as opened. */
int fnl_task_cancel(struct fnl_handing *h, struct fnl_value *task);

#endif
