/* Frozen lines that go to another rep with their prospects: what they are worth leaves the one quota and comes into the
 * other, so that the organisation's total stays what it is, to the minor unit. Pure, as quota.h.
 *
 * A QuotaMoves row of the book that gives goes through it: for each of the book's fiscal years that is not over it
 * looks for the frozen lines of the prospects, marks them (moved_to_rep_id: a line leaves a quota once; what it was
 * when it was frozen stays), and adds up what they are worth for each receiver. Then the quota is revised once for each
 * receiver, and a QuotaMoved is sent to his book. Whole minor units go, rounded down; the rest stays where it was, as
 * does the rounding.
 *
 * Of a handover that is completed: the prospects whose tasks are DONE or WAIVED and whom the source has moved to the
 * successor; one whom it moves later goes then, in a row of its own. Of an accepted proposal: begin a row with what
 * goes where, at most FNL_QUOTA_GOING_MAX prospects (of more, several rows), once they have moved; key
 * "<book>|<proposal id>", or with '|' and something more when there are several.
 *
 * A line goes with the rep in whose book it was frozen: what he has received in sum does not go on when he leaves. */
#ifndef FUNNELD_CORE_QUOTA_MOVES_H
#define FUNNELD_CORE_QUOTA_MOVES_H

#include "funneld/core/quota.h"

enum {
	FNL_QUOTA_GOING_MAX = 256,
	FNL_QUOTA_GOING_TASKS = 50, /* Task rows of a firing */
	FNL_QUOTA_GOING_LINES = 7,  /* QuotaLine rows of a firing */
	FNL_QUOTA_GOING_TOLD = 32   /* receivers of a firing: each is told of by two events */
};

struct fnl_quota_moves_begin {
	struct fnl_span book;
	int cause;                 /* FNL_REVISION_CAUSE_HANDOVER_OUT, FNL_REVISION_CAUSE_PROPOSAL_OUT */
	struct fnl_span reference; /* the notice, the proposal */
	int64_t at_ms;             /* when it is told to have happened */
	int64_t now_ms;            /* when the row's timer fires */
	struct fnl_span cause_id;
	struct fnl_span correlation_id;
	const struct fnl_span *prospect_ids; /* count of them; 0 of a handover: those of its tasks */
	const struct fnl_span *to_rep_ids;
	size_t count;
};
/* The row. FNL_E_NOMEM, FNL_E_LIMIT (too many prospects). */
int fnl_quota_moves_begin(const struct fnl_quota_moves_begin *b, struct fnl_arena *arena,
                          struct fnl_value **ret) FNL_MUST_USE;

/* What the row's timer needs, beside the Rep row of its book. */
enum fnl_quota_moves_work {
	FNL_QUOTA_GOING_YEARS, /* nothing more */
	FNL_QUOTA_GOING_PAGE,  /* FNL_QUOTA_GOING_TASKS Task rows of the book, after `after` */
	FNL_QUOTA_GOING_LOOK,  /* the QuotaSet of the year, and the QuotaLine rows of these prospects in it */
	FNL_QUOTA_GOING_TELL   /* the QuotaSet of the year */
};
struct fnl_quota_moves_need {
	enum fnl_quota_moves_work work;
	int32_t fiscal_year;
	struct fnl_span after; /* a prospect; absent: from the first one on */
	struct fnl_span prospect_ids[FNL_QUOTA_GOING_LINES];
	size_t count;
};
struct fnl_quota_moves_need fnl_quota_moves_needs(const struct fnl_value *row);

struct fnl_quota_moves_in {
	const struct fnl_value *row;
	const struct fnl_value *rep;
	const struct fnl_value *quota;
	const struct fnl_value *lines[FNL_QUOTA_GOING_LINES]; /* as needed; NULL: there is no such row */
	const struct fnl_value *const *page;
	size_t page_count;
	bool page_last; /* there are no more */
	int64_t now_ms;
	const struct fnl_rules *rules;
	struct fnl_arena *arena;
};
struct fnl_quota_moves_out {
	struct fnl_value *row;   /* NULL: it is done, and goes */
	struct fnl_value *quota; /* NULL: unchanged, as are the lines */
	struct fnl_value *lines[FNL_QUOTA_GOING_LINES];
	struct fnl_event_out *events; /* QuotaRevised is told, QuotaMoved is sent to its organisation */
	size_t event_count;
	struct fnl_span cause_id;
	struct fnl_span correlation_id;
};
/* One firing. FNL_E_NOMEM, FNL_E_LIMIT (a sum beyond 64 bits, or more receivers than there may be). */
int fnl_quota_moves_step(const struct fnl_quota_moves_in *in, struct fnl_quota_moves_out *ret) FNL_MUST_USE;

#endif
