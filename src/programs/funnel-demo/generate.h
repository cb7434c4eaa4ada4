/* A small sales organisation's year, seeded: what two CRMs would send, in the order in which it arrives. Rows of the
 * import format, so that the demo takes the same way in as a file does. */
#ifndef FUNNEL_DEMO_GENERATE_H
#define FUNNEL_DEMO_GENERATE_H

#include "funneld/base/arena.h"
#include "funneld/base/status.h"

/* X(name, column) */
/* clang-format off */
#define DEMO_COLUMN_TABLE(X) \
	X(EVENT, "event") \
	X(PROSPECT, "prospect_id") \
	X(TIME, "occurred_at") \
	X(SOURCE, "source") \
	X(VERSION, "version") \
	X(FULL, "full") \
	X(SNAPSHOT, "snapshot") \
	X(CREATED, "created_at") \
	X(STAGE, "stage") \
	X(STATUS, "status") \
	X(AMOUNT, "amount") \
	X(CURRENCY, "currency") \
	X(PROBABILITY, "probability") \
	X(PROBABILITY_SOURCE, "probability_source") \
	X(OWNER, "owner_rep_id") \
	X(REGION, "region") \
	X(INDUSTRY, "industry") \
	X(CLOSE_DATE, "expected_close_date") \
	X(CLOSED_ON, "closed_on") \
	X(WON_AMOUNT, "won_amount") \
	X(LOST_REASON, "lost_reason") \
	X(COMPETITOR, "competitor_id") \
	X(SURVIVOR, "survivor_id") \
	X(CONTACT, "contact_id") \
	X(REP, "rep_id") \
	X(CHANNEL, "channel") \
	X(GAP, "gap_id")
/* clang-format on */

enum demo_column {
#define DEMO_X(name, column) DEMO_##name,
	DEMO_COLUMN_TABLE(DEMO_X)
#undef DEMO_X
		DEMO_COLUMN_COUNT
};

extern const char *const demo_columns[DEMO_COLUMN_COUNT];

enum demo_kind {
	DEMO_CHANGED,
	DEMO_CONTACT_LOGGED,
	DEMO_DELETED,
	DEMO_RESTORED,
	DEMO_MERGED,
	DEMO_ERASED,
	DEMO_FEED_GAP,
	DEMO_KIND_COUNT
};
enum demo_status { DEMO_NO_STATUS, DEMO_OPEN, DEMO_WON, DEMO_LOST };

struct demo_change {
	int64_t arrives_ms;
	size_t order; /* of making: ties of arrival keep it */
	enum demo_kind kind;
	enum demo_status status; /* that it carries */
	int64_t version;
	size_t prospect;                      /* index; of a gap of a whole source: none */
	bool again;                           /* a duplicate */
	const char *cells[DEMO_COLUMN_COUNT]; /* NULL: empty */
};

struct demo_year {
	struct demo_change *changes; /* by arrival */
	size_t change_count;
	size_t prospect_count;
	int64_t from_ms;  /* 1 January 2025 */
	int64_t until_ms; /* 1 January 2026 */
};

/* The same seed gives the same year. Memory from the arena. FNL_E_NOMEM. */
int demo_year_make(uint64_t seed, size_t prospects, struct fnl_arena *arena, struct demo_year *ret) FNL_MUST_USE;

/* What must be true, folded apart from the worker and much simpler: the latest version says. */
struct demo_truth {
	struct demo_truth_prospect *at;
	size_t count;
};
int demo_truth_make(size_t prospects, struct fnl_arena *arena, struct demo_truth *ret) FNL_MUST_USE;
void demo_truth_take(struct demo_truth *t, const struct demo_change *c);
/* Prospects that are counted: by status, indexed by enum demo_status. */
void demo_truth_counts(const struct demo_truth *t, uint64_t ret[DEMO_LOST + 1]);

#endif
