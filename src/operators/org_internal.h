/* Shapes shared by the org operator's files. */
#ifndef FUNNELD_OPERATORS_ORG_INTERNAL_H
#define FUNNELD_OPERATORS_ORG_INTERNAL_H

#include "common.h"
#include "funneld/core/cell.h"
#include "funneld/core/book.h"
#include "funneld/core/org.h"
#include "funneld/core/performance.h"
#include "funneld/core/proposal.h"
#include "funneld/operators/org.h"

struct fnl_org_operator {
	struct fnl_operator base;
	struct fnl_op op;
	struct fnl_row_type rows[FNL_ORG_TABLE_COUNT]; /* by table; partition: the times */
	size_t page_rows_max;
};

/* What prepare makes of a record or of a timer. Places in prepared.rows, -1: not needed. */
struct fnl_org_event {
	struct fnl_root root;
	const struct fnl_value *timed; /* of a timer: its row, decoded */
	int row_rules;
	int row_times;
	int row_rep; /* of a RepEntry */
	int row_leaver;
	int row_successor;
	int row_handover;
	int row_question;
	int row_cell;
	int row_proposal;
	int row_year;
	int row_scoring;
	int row_best[FNL_SUCCESSOR_CANDIDATES_MAX];
};

/* --- org.c --- */
/* at: of the event's places, -1: *ret = NULL. */
int fnl_org_take_row(struct fnl_org_operator *o, const struct fnl_step *in, int at, size_t table,
                     const struct fnl_value **ret, struct fnl_error *why) FNL_MUST_USE;
/* values NULL: it is deleted. */
int fnl_org_put_row(struct fnl_org_operator *o, const struct fnl_step *in, int at, size_t table,
                    const struct fnl_value *values, struct fnl_decision *d) FNL_MUST_USE;
/* The step's page, decoded. */
int fnl_org_take_page(struct fnl_org_operator *o, const struct fnl_step *in, size_t table,
                      const struct fnl_value *const **ret, struct fnl_error *why) FNL_MUST_USE;
/* A page that is shorter than it could be is the last one. */
static inline bool fnl_org_page_is_last(const struct fnl_org_operator *o, const struct fnl_step *in)
{
	return in->page_count < o->page_rows_max;
}
static inline struct fnl_span fnl_org_page_last_key(const struct fnl_step *in)
{
	return in->page_count ? in->page[in->page_count - 1].key : FNL_SPAN_NONE;
}
struct fnl_org_in fnl_org_input_of(const struct fnl_step *in, const struct fnl_rules *rules,
                                   const struct fnl_cause_id *cause);

/* --- org_tell.c --- */
extern const struct fnl_route fnl_org_routes[];
extern const size_t fnl_org_route_count;
/* What a step tells with. */
struct fnl_org_telling {
	struct fnl_org_operator *o;
	const struct fnl_step *in;
	struct fnl_cause_id cause;
	int32_t rules_version;
	struct fnl_decision *d;
};
/* In their order: to the world, and BookMoves to their books. */
int fnl_org_tell(const struct fnl_org_telling *t, const struct fnl_event_out *events, size_t count) FNL_MUST_USE;
/* id absent: the step's timer is to blame. */
int fnl_org_blame(struct fnl_org_telling *t, struct fnl_span id, struct fnl_span correlation) FNL_MUST_USE;
/* As fnl_org_input_of, but before the stage's time is known the input's own is the best there is. */
struct fnl_org_in fnl_org_dated_input_of(const struct fnl_org_telling *t, const struct fnl_rules *rules);
/* Nothing of a firing came from outside: a record is not to blame. */
int fnl_org_timer_error(int rc, const char *what, struct fnl_error *why) FNL_MUST_USE;

/* --- org_proposal.c --- */
/* A ProposeTerritories, an AcceptProposal. */
int fnl_org_step_territories(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                             struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;
/* The timer of a Proposal. */
int fnl_org_step_proposal(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                          struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;

/* --- org_performance.c --- */
/* A RepYear. */
int fnl_org_step_year(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                      struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;
/* A ScorePerformance. */
int fnl_org_step_performance(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                             struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;
/* The timer of a Scoring. */
int fnl_org_step_scoring(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                         struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;

/* --- org_prepare.c --- */
int fnl_org_prepare(struct fnl_operator *base, const struct fnl_record *r, struct fnl_arena *arena,
                    struct fnl_prepared *ret, struct fnl_error *why) FNL_MUST_USE;
int fnl_org_prepare_timer(struct fnl_operator *base, struct fnl_row_key row, struct fnl_span value,
                          struct fnl_arena *arena, struct fnl_prepared *ret) FNL_MUST_USE;

#endif
