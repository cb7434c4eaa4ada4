/* Handovers told as stories: books of several reps as a worker would hold them (rows go through their own bytes after
 * each step), a pretend organisation that answers, timers by date; and what must hold in every history, looked at after
 * each step.
 *
 * A line is "MOMENT VERB WORD… [FIELD=VALUE…]". Timers that are due by MOMENT fire first. Fields are those of the
 * verb's record, by name: an enum by its symbol, days and moments as 2024-06-12 and 2024-06-12T09:30, lists a,b; "-":
 * null. What is not said has a default: source, occurred_at (MOMENT), command_id, issued_by …
 *   rep REP ORG               what HR says of a rep (fields of the Rep row)
 *   line REP PROSPECT LAYER   a BookLine; what is not said is as it was (left_at: with state WATCHED)
 *   resign REP NOTICE VERSION · withdraw REP NOTICE VERSION · left REP VERSION DAY · forget REP VERSION
 *   done REP NOTICE TASK · waive REP NOTICE TASK BY · name REP NOTICE SUCCESSOR · review REP NOTICE true|false
 *   right REP PROSPECT        a report of its latest task that says all that is asked for
 *   org REP REFUSAL           what the organisation says when it is asked about somebody; who it proposes is NONE
 *   unfit REP NOTICE SUCCESSOR REFUSAL     the organisation says so without being asked
 *   usual PROSPECTS LOST      its base rate
 *   hold · answers            its answers wait · come
 *   rule SECTION KEY VALUE    of the rules file
 *   overtake                  the latest one that waits comes before the others
 *   freeze · thaw · fire REP  timers stand still · go on · one firing of a handover's
 *   page N                    rows on a page, at most
 *   wait                      time passes
 *   quiet · aloud · terse     nothing is written down · it is · it is, but of opened tasks only the most important */
#ifndef FNL_TESTS_HANDOVER_WORLD_H
#define FNL_TESTS_HANDOVER_WORLD_H

#include "funneld/core/handover.h"
#include "funneld/core/handover_states.h"
#include "golden.h"

enum fnl_hands_table {
	FNL_HANDS_REP,
	FNL_HANDS_HANDOVER,
	FNL_HANDS_INSPECTION,
	FNL_HANDS_LINE,
	FNL_HANDS_TASK,
	FNL_HANDS_TABLES
};

struct fnl_hands_row {
	enum fnl_hands_table table;
	char rep[24];
	char id[24]; /* the prospect, "" for others */
	bool due;
	int64_t deadline_ms;
	uint8_t *bytes;
	size_t len;
};

/* A task as the events tell of it. */
struct fnl_hands_told {
	char rep[24];
	char notice[24];
	char task[32];
	char heir[24];
	int layer;
	bool open;
	bool released;
};

/* A gate that has opened. */
struct fnl_hands_gate {
	char rep[24];
	char heir[24];
};

enum { FNL_HANDS_REFUSALS_MAX = 16, FNL_HANDS_ANSWERS_MAX = 64, FNL_HANDS_GATES_MAX = 64, FNL_HANDS_SHOWN_MAX = 8 };

struct fnl_hands_answer {
	const struct fnl_record_desc *desc;
	char rep[24];
	uint8_t *bytes;
	size_t len;
};

/* A call of the core, so that a test can make it in its own way. */
struct fnl_hands_call {
	struct fnl_handover_in in;
	const struct fnl_record_desc *desc; /* NULL: a timer */
	const struct fnl_value *values;
	const struct fnl_handover_page *page; /* NULL: not the handover's */
	struct fnl_handover_out out;
	struct fnl_handover_step_out step;
};

struct fnl_hands {
	struct fnl_arena arena;                                          /* of one step */
	int (*around)(struct fnl_hands *w, struct fnl_hands_call *call); /* NULL: fnl_hands_run */
	struct fnl_rules rules;
	struct fnl_hands_row *rows;
	size_t row_count;
	size_t row_room;
	struct fnl_hands_told *told;
	size_t told_count;
	size_t told_room;
	struct fnl_hands_gate gates[FNL_HANDS_GATES_MAX];
	size_t gate_count;
	struct {
		char rep[24];
		int refusal;
	} refusals[FNL_HANDS_REFUSALS_MAX];
	size_t refusal_count;
	struct fnl_hands_answer answers[FNL_HANDS_ANSWERS_MAX];
	size_t answer_count;
	int64_t base_prospects;
	int64_t base_lost;
	bool holds;
	bool frozen;
	size_t page;
	int64_t now_ms;
	int64_t commands; /* names them */
	int64_t sequence;
	struct fnl_golden *golden; /* NULL: nothing is written down */
	bool quiet;                /* nothing for the moment */
	bool terse;                /* of a task that is opened only what differs from others */
	struct {
		char rep[24];
		char text[256];
	} shown[FNL_HANDS_SHOWN_MAX]; /* how each handover stood when it was shown last */
	size_t shown_count;
	const char *line;
	/* of all steps */
	size_t counts[8]; /* see enum fnl_hands_count */
	struct fnl_error why;
};

enum fnl_hands_count {
	FNL_HANDS_OPENED,
	FNL_HANDS_TASKS,
	FNL_HANDS_RELEASED,
	FNL_HANDS_CLOSED,
	FNL_HANDS_REFUSED,
	FNL_HANDS_COMPLETED,
	FNL_HANDS_CANCELLED,
	FNL_HANDS_REVIEWS
};

void fnl_hands_start(struct fnl_hands *w, struct fnl_golden *golden);
void fnl_hands_end(struct fnl_hands *w);
/* Fails the test when something does not hold. */
void fnl_hands_line(struct fnl_hands *w, const char *line);
void fnl_hands_lines(struct fnl_hands *w, const char *const *lines);
void fnl_hands_say(struct fnl_hands *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void fnl_hands_rule(struct fnl_hands *w, const char *section, const char *key, int64_t value);

/* Decoded into the step's arena; NULL: there is none. id: "" but for lines and tasks. */
const struct fnl_value *fnl_hands_row(struct fnl_hands *w, enum fnl_hands_table table, const char *rep, const char *id);
/* The rows of one table of a rep, as indexes into w->rows. */
size_t fnl_hands_rows(const struct fnl_hands *w, enum fnl_hands_table table, const char *rep, size_t *ret_first);

/* ---- between its files ---- */

/* handover_rows.c */
extern const struct fnl_record_desc *const fnl_hands_descs[FNL_HANDS_TABLES];
void fnl_hands_put(struct fnl_hands *w, enum fnl_hands_table table, const char *rep, const char *id,
                   const struct fnl_value *values);
void fnl_hands_delete(struct fnl_hands *w, enum fnl_hands_table table, const char *rep, const char *id);
/* A field of a record by name, from text; aborts when it cannot. */
void fnl_hands_set(struct fnl_hands *w, const struct fnl_record_desc *desc, struct fnl_value *values, const char *name,
                   const char *text);
const char *fnl_hands_text(struct fnl_hands *w, struct fnl_span s);
/* handover_world.c */
struct fnl_handover_in fnl_hands_in(struct fnl_hands *w, const char *rep, const char *prospect);
void fnl_hands_take(struct fnl_hands *w, const char *rep, const char *prospect, int rc,
                    const struct fnl_handover_out *out);
/* An answer of the organisation to SuccessorAsked waits. */
void fnl_hands_candidates(struct fnl_hands *w, const char *rep, const struct fnl_value *asked, int refusal);
void fnl_hands_fire(struct fnl_hands *w, const char *rep);
void fnl_hands_overtake(struct fnl_hands *w);
int fnl_hands_run(struct fnl_hands *w, struct fnl_hands_call *call);
/* By `around`, if there is one. */
int fnl_hands_call(struct fnl_hands *w, struct fnl_hands_call *call);
/* handover_say.c; false: there is no such verb. */
bool fnl_hands_verb(struct fnl_hands *w, char **words);
/* handover_told.c */
void fnl_hands_tell(struct fnl_hands *w, const char *rep, const struct fnl_event_out *event);
void fnl_hands_check(struct fnl_hands *w, const char *rep);
/* How the handovers stand that stand otherwise than they did. */
void fnl_hands_show(struct fnl_hands *w);

#endif
