/* What the two forms of a handover's board have in common. */
#ifndef FNL_PROGRAMS_VIEW_BOARD_H
#define FNL_PROGRAMS_VIEW_BOARD_H

#include "view_handover.h"
#include "view_moment.h"
#include "view_record.h"

/* In the order in which the board has them. */
enum fnl_board_layer { FNL_BOARD_BOTTOM, FNL_BOARD_MIDDLE, FNL_BOARD_UNDECIDED, FNL_BOARD_TOP, FNL_BOARD_LAYER_COUNT };

struct fnl_board_task {
	struct fnl_view_row row; /* Task */
	enum fnl_board_layer layer;
	bool late; /* OPEN, and its time has come */
	int64_t late_business_days;
};

struct fnl_board_count {
	size_t tasks;  /* but for those that are not needed any more */
	size_t closed; /* of them DONE or WAIVED */
	size_t open;
	size_t late; /* of the open ones */
	size_t waiting;
	size_t unnamed;
};

/* What must happen before it is complete. count 0: nothing of it. */
enum fnl_missing {
	FNL_MISSING_LIST,   /* the lines are not all compared */
	FNL_MISSING_NAMED,  /* prospects without a successor */
	FNL_MISSING_OPEN,   /* tasks to be done */
	FNL_MISSING_GATE,   /* tasks that wait for it */
	FNL_MISSING_REVIEW, /* the manager's sign-off */
	FNL_MISSING_WORK,   /* pages that the worker is at */
	FNL_MISSING_COUNT
};
extern const char *const fnl_missing_names[FNL_MISSING_COUNT];

struct fnl_board {
	const struct fnl_rows *rows;
	const struct fnl_handover_question *q;
	struct fnl_arena arena;
	struct fnl_moment moment;
	int32_t today;
	struct fnl_view_row handover;
	struct fnl_view_row rep; /* row == NULL: HR has said nothing of him */
	struct fnl_board_task *tasks;
	size_t task_count;
	size_t task_capacity;
	struct fnl_board_count counts[FNL_BOARD_LAYER_COUNT];
	int64_t missing[FNL_MISSING_COUNT];
	struct fnl_error *why;
};

/* Unmake it in any case. 0; FNL_VIEW_NO_HANDOVER; FNL_E_… with *why. */
int fnl_board_make(const struct fnl_rows *rows, const struct fnl_handover_question *q, struct fnl_board *b,
                   struct fnl_error *why) FNL_MUST_USE;
void fnl_board_unmake(struct fnl_board *b);

/* RECONCILING, NAMING, OPENING, RUNNING. */
bool fnl_board_is_under_way(const struct fnl_board *b);
/* Days from today to the last day; negative: so many days ago. */
int64_t fnl_board_days_left(const struct fnl_board *b);
int64_t fnl_board_business_days_left(const struct fnl_board *b);
/* "P-1#2" */
struct fnl_span fnl_board_task_id(struct fnl_board *b, const struct fnl_board_task *t);
static inline bool fnl_board_has_ended(const struct fnl_board_task *t)
{
	int64_t state = t->row.decoded.values[FNL_TASK_STATE].i64;
	return state == FNL_TASK_STATE_SUPERSEDED || state == FNL_TASK_STATE_CANCELLED;
}

#endif
