/* What happens on which event in which state, of a handover and of a task: tables, so that every pair has an outcome.
 * Pure. */
#ifndef FUNNELD_CORE_HANDOVER_STATES_H
#define FUNNELD_CORE_HANDOVER_STATES_H

#include <stdint.h>

#include "funneld_records.h"

/* X(name): what reaches a handover. */
#define FNL_HANDOVER_EVENTS(X) \
	X(NOTICE)     /* another notice, or he is gone without one */ \
	X(CORRECTED)  /* the same notice, a greater version */ \
	X(WITHDRAWN)  /* it was taken back */ \
	X(LEFT)       /* he is gone */ \
	X(ERASED)     /* he must be forgotten */ \
	X(NAMED)      /* SuccessorNamed */ \
	X(REPORTED)   /* HandoverTaskDone, HandoverTaskWaived */ \
	X(REVIEWED)   /* ReconciliationReviewed */ \
	X(CANDIDATES) /* what the organisation says of successors */ \
	X(BASE_RATE)  /* and of what is usual */ \
	X(LINE)       /* a prospect of the book has changed */ \
	X(LISTED)     /* the job LIST is over */ \
	X(PASSED)     /* a page of another job, or its end */ \
	X(CANCELLED)  /* the job CANCEL is over */ \
	X(DATE)       /* a date has come */

/* X(name): what happens to a task. */
#define FNL_TASK_EVENTS(X) \
	X(NEEDED)    /* its prospect is listed, or needs another task */ \
	X(NAMED)     /* its successor is known */ \
	X(RELEASED)  /* his gate is open */ \
	X(DONE)      /* it is reported as done */ \
	X(WAIVED)    /* the manager lets it go */ \
	X(MOVED_ON)  /* the prospect has another layer, or is out of the funnel */ \
	X(DROPPED)   /* its successor is none any more */ \
	X(CANCELLED) /* the handover has ended early */

#define FNL_X(name) FNL_HANDOVER_ON_##name,
enum fnl_handover_event { FNL_HANDOVER_EVENTS(FNL_X) FNL_HANDOVER_ON_COUNT };
#undef FNL_X
#define FNL_X(name) FNL_TASK_ON_##name,
enum fnl_task_event { FNL_TASK_EVENTS(FNL_X) FNL_TASK_ON_COUNT };
#undef FNL_X

/* There is no row. */
enum {
	FNL_HANDOVER_STATE_NO_ROW = FNL_HANDOVER_STATE_COUNT,
	FNL_HANDOVER_STATES = FNL_HANDOVER_STATE_NO_ROW + 1,
	FNL_TASK_STATE_NO_ROW = FNL_TASK_STATE_COUNT,
	FNL_TASK_STATES = FNL_TASK_STATE_NO_ROW + 1
};

enum fnl_outcome {
	FNL_OUTCOME_MISSING, /* of no pair */
	FNL_OUTCOME_NEVER,   /* cannot be: the row contradicts itself */
	FNL_OUTCOME_STALE,   /* nothing happens */
	FNL_OUTCOME_REFUSE,  /* refused, with a reason */
	FNL_OUTCOME_TAKE     /* taken in; it may still be refused, or be stale, for a reason of its own */
};

struct fnl_state_rule {
	enum fnl_outcome outcome;
	uint16_t to; /* TAKE: bit n: state n may follow; the state itself always may */
};

struct fnl_state_rule fnl_handover_rule(int state, enum fnl_handover_event event);
struct fnl_state_rule fnl_task_rule(int state, enum fnl_task_event event);

/* Names, for people. */
const char *fnl_handover_event_text(enum fnl_handover_event event);
const char *fnl_task_event_text(enum fnl_task_event event);
const char *fnl_handover_state_text(int state);
const char *fnl_task_state_text(int state);

#endif
