/* What happens to a task.
 *
 * The picture is in handover.h. Each arrow of it (a unit test holds this comment against the table, both ways); an
 * arrow that leads to UNNAMED from anywhere but NO_ROW begins the prospect's next task:
 *
 *   NO_ROW      NEEDED     UNNAMED
 *   UNNAMED     NAMED      WAITING OPEN    WAITING: only TOP, as long as the gate is shut
 *   UNNAMED     WAIVED     WAIVED
 *   UNNAMED     MOVED_ON   SUPERSEDED
 *   UNNAMED     CANCELLED  CANCELLED
 *   WAITING     RELEASED   OPEN
 *   WAITING     WAIVED     WAIVED
 *   WAITING     MOVED_ON   SUPERSEDED
 *   WAITING     DROPPED    UNNAMED
 *   WAITING     CANCELLED  CANCELLED
 *   OPEN        DONE       DONE
 *   OPEN        WAIVED     WAIVED
 *   OPEN        MOVED_ON   SUPERSEDED
 *   OPEN        DROPPED    UNNAMED
 *   OPEN        CANCELLED  CANCELLED
 *   SUPERSEDED  NEEDED     UNNAMED
 *
 * A job may not have come by a task yet. What counts is then the state that it will bring: fnl_task_state. */
#include "funneld/core/handover_states.h"

#define TO(state) (1U << FNL_TASK_STATE_##state)
/* clang-format off */
#define STALE  {FNL_OUTCOME_STALE, 0}
#define REFUSE {FNL_OUTCOME_REFUSE, 0}
#define TAKE(states) {FNL_OUTCOME_TAKE, (states)}
#define ON(event) [FNL_TASK_ON_##event]

static const struct fnl_state_rule rules[FNL_TASK_STATES][FNL_TASK_ON_COUNT] = {
	[FNL_TASK_STATE_NO_ROW] = {
		ON(NEEDED) = TAKE(TO(UNNAMED)), ON(NAMED) = STALE, ON(RELEASED) = STALE, ON(DONE) = REFUSE,
		ON(WAIVED) = REFUSE, ON(MOVED_ON) = STALE, ON(DROPPED) = STALE, ON(CANCELLED) = STALE,
	},
	[FNL_TASK_STATE_UNNAMED] = {
		ON(NEEDED) = STALE, ON(NAMED) = TAKE(TO(WAITING) | TO(OPEN)), ON(RELEASED) = STALE, ON(DONE) = REFUSE,
		ON(WAIVED) = TAKE(TO(WAIVED)), ON(MOVED_ON) = TAKE(TO(SUPERSEDED)), ON(DROPPED) = STALE,
		ON(CANCELLED) = TAKE(TO(CANCELLED)),
	},
	[FNL_TASK_STATE_WAITING] = {
		ON(NEEDED) = STALE, ON(NAMED) = STALE, ON(RELEASED) = TAKE(TO(OPEN)), ON(DONE) = REFUSE,
		ON(WAIVED) = TAKE(TO(WAIVED)), ON(MOVED_ON) = TAKE(TO(SUPERSEDED)), ON(DROPPED) = TAKE(TO(UNNAMED)),
		ON(CANCELLED) = TAKE(TO(CANCELLED)),
	},
	[FNL_TASK_STATE_OPEN] = {
		ON(NEEDED) = STALE, ON(NAMED) = STALE, ON(RELEASED) = STALE, ON(DONE) = TAKE(TO(DONE)),
		ON(WAIVED) = TAKE(TO(WAIVED)), ON(MOVED_ON) = TAKE(TO(SUPERSEDED)), ON(DROPPED) = TAKE(TO(UNNAMED)),
		ON(CANCELLED) = TAKE(TO(CANCELLED)),
	},
	[FNL_TASK_STATE_DONE] = {
		ON(NEEDED) = STALE, ON(NAMED) = STALE, ON(RELEASED) = STALE, ON(DONE) = REFUSE, ON(WAIVED) = REFUSE,
		ON(MOVED_ON) = STALE, ON(DROPPED) = STALE, ON(CANCELLED) = STALE,
	},
	[FNL_TASK_STATE_WAIVED] = {
		ON(NEEDED) = STALE, ON(NAMED) = STALE, ON(RELEASED) = STALE, ON(DONE) = REFUSE, ON(WAIVED) = REFUSE,
		ON(MOVED_ON) = STALE, ON(DROPPED) = STALE, ON(CANCELLED) = STALE,
	},
	[FNL_TASK_STATE_SUPERSEDED] = {
		ON(NEEDED) = TAKE(TO(UNNAMED)), ON(NAMED) = STALE, ON(RELEASED) = STALE, ON(DONE) = REFUSE,
		ON(WAIVED) = REFUSE, ON(MOVED_ON) = STALE, ON(DROPPED) = STALE, ON(CANCELLED) = STALE,
	},
	[FNL_TASK_STATE_CANCELLED] = {
		ON(NEEDED) = STALE, ON(NAMED) = STALE, ON(RELEASED) = STALE, ON(DONE) = REFUSE, ON(WAIVED) = REFUSE,
		ON(MOVED_ON) = STALE, ON(DROPPED) = STALE, ON(CANCELLED) = STALE,
	},
};
/* clang-format on */

struct fnl_state_rule fnl_task_rule(int state, enum fnl_task_event event)
{
	return rules[state][event];
}

const char *fnl_task_event_text(enum fnl_task_event event)
{
#define FNL_X(name) #name,
	static const char *const texts[] = {FNL_TASK_EVENTS(FNL_X)};
#undef FNL_X
	return texts[event];
}

const char *fnl_task_state_text(int state)
{
	return state == FNL_TASK_STATE_NO_ROW ? "NO_ROW" : fnl_symbols_task_state[state];
}
