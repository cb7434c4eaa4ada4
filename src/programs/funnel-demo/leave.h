/* One rep leaves: from his notice to the last of his customers who has heard who is in charge now. It happens in the
 * January after the years, when the feeds have no other news. The demo plays all who act (HR, the two reps, the
 * manager, the CRM), and has them do what the tasks on the log ask for; what came of it is read back from the log. */
#ifndef FUNNEL_DEMO_LEAVE_H
#define FUNNEL_DEMO_LEAVE_H

#include "funneld_records.h"
#include "simulate.h"
#include "view_text.h"
#include "world.h"

enum { LEAVE_ID_BYTES = 160, LEAVE_IDS_BYTES = 512, LEAVE_PROSPECTS_MAX = 10000 };

/* What people do, each at its time. */
enum leave_act {
	LEAVE_PREPARE, /* the CRM says whom they speak with at each buyer; HR gives the successor-to-be room */
	LEAVE_TAMPER,  /* the one who will leave lowers an amount */
	LEAVE_NOTICE,
	LEAVE_EARLY,  /* the successor has phoned one of TOP, before it was his turn */
	LEAVE_BOTTOM, /* all visited but one */
	LEAVE_MIDDLE,
	LEAVE_LAST,  /* the visit that was missing, which opens the gate */
	LEAVE_MOVES, /* the CRM does what it was asked */
	LEAVE_TOP,
	LEAVE_SIGN_OFF,
	LEAVE_REST, /* the CRM again */
	LEAVE_END,
	LEAVE_ACTS
};

/* What was told of one kind. */
struct leave_told {
	uint64_t count;
	int64_t first_ms;
	int64_t last_ms;
	uint64_t first; /* place among all that was told of the handover, from 1 */
	uint64_t last;
};

enum leave_kind {
	LEAVE_TOLD_OPENED,
	LEAVE_TOLD_TASK,
	LEAVE_TOLD_REFUSED, /* NOT_RELEASED */
	LEAVE_TOLD_BEFORE,  /* closed as done, not of TOP */
	LEAVE_TOLD_RELEASED,
	LEAVE_TOLD_TOP, /* closed as done, of TOP */
	LEAVE_TOLD_ASKED,
	LEAVE_TOLD_AT_RISK, /* NOT_REVIEWED */
	LEAVE_TOLD_COMPLETED,
	LEAVE_TOLD_FINDING,
	LEAVE_TOLD_COMPARED,
	LEAVE_TOLD_OTHER, /* nothing else must be told */
	LEAVE_KINDS
};

/* A prospect of his, and its task as it was told. */
struct leave_prospect {
	char id[LEAVE_ID_BYTES];
	char source[LEAVE_ID_BYTES];
	int64_t version;
	int layer;
	struct fnl_value amount;
	uint64_t tasks;
	char task_id[LEAVE_ID_BYTES];
	int task_layer;
	int channel;
	char speakers[LEAVE_IDS_BYTES];
	char contacts[LEAVE_IDS_BYTES];
	uint64_t released;
	uint64_t closed;
	uint64_t asked; /* to be given to the successor */
	bool moved;     /* by the CRM */
};

/* A zeroed one is valid and empty. */
struct leave {
	bool found;
	char rep[LEAVE_ID_BYTES];
	char successor[LEAVE_ID_BYTES];
	char manager[LEAVE_ID_BYTES];
	char successor_manager[LEAVE_ID_BYTES];
	int64_t rep_version;
	int64_t successor_version;
	int64_t room; /* prospects that the successor may have */
	struct leave_prospect *prospects;
	size_t count;
	size_t capacity;
	struct leave_prospect *tampered;
	struct leave_prospect *last; /* the visit that is missing for long */
	int64_t lowered_minor;       /* to this */
	struct leave_told told[LEAVE_KINDS];
	uint64_t places;
	uint64_t compared_findings; /* that the reconciliation says it told */
	uint64_t lowered_findings;  /* of the tampered one: from what to what it was */
	uint64_t done_count;        /* as completed */
	int64_t watch_until_ms;
	uint64_t at_gate;     /* tasks that were not closed when the first of TOP was released */
	uint64_t owned_after; /* of his prospects, in the end the successor's */
	char *board;          /* drawn after the notice */
	uint64_t published;   /* records for the prospect stage */
	uint64_t by_event[FNL_SIM_EVENT_COUNT];
};

#define LEAVE_EMPLOYER "employer-kestrel-4711" /* nothing else has this name */
#define LEAVE_NOTICE_ID "N-leave"

/* When an act happens. */
int64_t leave_at(enum leave_act act);
/* Looks for one who has customers in all layers, and for who could follow him. None: found stays false. */
int leave_choose(struct world *w, struct leave *ret, struct fnl_error *why) FNL_MUST_USE;
/* Has people do it; nothing follows before the next tick. */
int leave_do(struct world *w, struct leave *l, enum leave_act act, struct fnl_error *why) FNL_MUST_USE;
/* Reads back what was told so far. */
int leave_read(struct world *w, struct leave *l, struct fnl_error *why) FNL_MUST_USE;
/* Draws the board of now, to be kept; color as the canvas has it. */
int leave_keep_board(struct world *w, struct leave *l, struct fnl_error *why) FNL_MUST_USE;
/* Reads back whose his prospects are now. */
int leave_count_moved(struct world *w, struct leave *l, struct fnl_error *why) FNL_MUST_USE;
void leave_deinit(struct leave *l);

/* Its prospects with such a task. */
uint64_t leave_of_layer(const struct leave *l, int task_layer);
void leave_draw_board(const struct leave *l, const struct fnl_canvas *c);
void leave_draw(const struct leave *l, const struct fnl_canvas *c);

/* Between the parts. */
void leave_copy(char *ret, size_t size, const struct fnl_value *v);

#endif
