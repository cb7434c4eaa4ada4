/* A sales organisation, seeded: what two CRMs and HR would send of it, in the order in which it arrives, as rows of the
 * import format. Deals take 3 months to 2 years; they go forward, back, get lost, come again, change hands; reps speak
 * with their customers, the nearer to the order the more often, and forget some of them for a while; feeds repeat, come
 * late, have a gap, and say every third day that they live; one rep resigns. The same settings give the same bytes
 * everywhere: integers only, and each prospect has a random stream of its own. */
#ifndef FNL_PROGRAMS_SIMULATE_H
#define FNL_PROGRAMS_SIMULATE_H

#include <stdio.h>

#include "funneld/base/span.h"
#include "funneld/base/status.h"

enum { FNL_SIM_PROSPECTS_MAX = 100000, FNL_SIM_REPS_MAX = 1000, FNL_SIM_MONTHS_MAX = 120, FNL_SIM_TEXT_BYTES = 64 };

#define FNL_SIM_ORG_ID "acme"
/* Rules that fit: the feeds' rhythm, and how long deals take here. */
#define FNL_SIM_RULES_VERSION 1
extern const char fnl_sim_rules[];

#define FNL_SIM_CLEARED INT64_MIN /* a cell's value: emptied in the source */

/* X(name, column, format, words or prefix) */
/* clang-format off */
#define FNL_SIM_COLUMN_TABLE(X) \
	X(EVENT, "event", WORD, fnl_sim_events) \
	X(PROSPECT, "prospect_id", PROSPECT_ID, "P-") \
	X(REP, "rep_id", REP_ID, "R-") \
	X(TIME, "occurred_at", TIME, NULL) \
	X(SOURCE, "source", WORD, fnl_sim_sources) \
	X(VERSION, "version", NUMBER, NULL) \
	X(FULL, "full", WORD, booleans) \
	X(SNAPSHOT, "snapshot", WORD, booleans) \
	X(CREATED, "created_at", TIME, NULL) \
	X(STAGE, "stage", WORD, fnl_sim_stages) \
	X(STATUS, "status", WORD, statuses) \
	X(AMOUNT, "amount", MONEY, NULL) \
	X(CURRENCY, "currency", WORD, fnl_sim_currencies) \
	X(PROBABILITY, "probability", NUMBER, NULL) \
	X(PROBABILITY_SOURCE, "probability_source", WORD, probability_sources) \
	X(OWNER, "owner_rep_id", REP_ID, "R-") \
	X(REGION, "region", WORD, regions) \
	X(INDUSTRY, "industry", WORD, industries) \
	X(CLOSE_DATE, "expected_close_date", DATE, NULL) \
	X(CLOSED_ON, "closed_on", DATE, NULL) \
	X(WON_AMOUNT, "won_amount", MONEY, NULL) \
	X(LOST_REASON, "lost_reason", WORD, reasons) \
	X(COMPETITOR, "competitor_id", NUMBERED, "rival-") \
	X(BLOCKER, "blocker", WORD, blockers) \
	X(EDITED, "last_edit_at", TIME, NULL) \
	X(SURVIVOR, "survivor_id", PROSPECT_ID, "P-") \
	X(CONTACT, "contact_id", NUMBERED, "C-") \
	X(CHANNEL, "channel", WORD, channels) \
	X(REACHED, "reached", WORD, booleans) \
	X(NEXT_MEETING, "next_meeting_on", DATE, NULL) \
	X(CARRIES, "carries_contacts", WORD, booleans) \
	X(GAP, "gap_id", NUMBERED, "gap-") \
	X(ACTIVE, "active", WORD, booleans) \
	X(ORG, "org_id", WORD, orgs) \
	X(MANAGER, "manager_id", NUMBERED, "M-") \
	X(DEPUTY, "deputy_id", REP_ID, "R-") \
	X(ABSENT_FROM, "absent_from", DATE, NULL) \
	X(ABSENT_UNTIL, "absent_until", DATE, NULL) \
	X(REGIONS, "regions", WORDS, regions) \
	X(INDUSTRIES, "industries", WORDS, industries) \
	X(CAPACITY, "capacity_prospects", NUMBER, NULL) \
	X(EMPLOYED_FROM, "employed_from", DATE, NULL) \
	X(NOTICE, "notice_id", NUMBERED, "N-") \
	X(NOTICE_AT, "notice_at", TIME, NULL) \
	X(LAST_DAY, "last_day", DATE, NULL) \
	X(NEW_EMPLOYER, "new_employer_id", NUMBERED, "rival-") \
	X(LEFT_ON, "left_on", DATE, NULL)
/* clang-format on */

enum fnl_sim_column {
#define FNL_X(name, column, format, words) FNL_SIM_##name,
	FNL_SIM_COLUMN_TABLE(FNL_X)
#undef FNL_X
		FNL_SIM_COLUMN_COUNT
};

/* Values of EVENT, STATUS, STAGE, CURRENCY. */
enum fnl_sim_event {
	FNL_SIM_CHANGED,
	FNL_SIM_CONTACTED,
	FNL_SIM_DELETED,
	FNL_SIM_RESTORED,
	FNL_SIM_MERGED,
	FNL_SIM_ERASED,
	FNL_SIM_FEED_GAP,
	FNL_SIM_HEARTBEAT,
	FNL_SIM_REP_CHANGED,
	FNL_SIM_REP_RESIGNED,
	FNL_SIM_REP_LEFT,
	FNL_SIM_EVENT_COUNT
};
enum fnl_sim_status { FNL_SIM_OPEN, FNL_SIM_WON, FNL_SIM_LOST, FNL_SIM_STATUS_COUNT };
enum { FNL_SIM_STAGE_COUNT = 8, FNL_SIM_STAGE_STRANGE = 8, FNL_SIM_STAGE_WON, FNL_SIM_STAGE_LOST };
enum { FNL_SIM_USD, FNL_SIM_EUR, FNL_SIM_JPY, FNL_SIM_CURRENCY_COUNT };

extern const char *const fnl_sim_columns[FNL_SIM_COLUMN_COUNT];
extern const char *const fnl_sim_events[];     /* "changed" … */
extern const char *const fnl_sim_stages[];     /* the usual ones in order, one that no rules know, won, lost */
extern const char *const fnl_sim_sources[];    /* "crm-us" … */
extern const char *const fnl_sim_currencies[]; /* "USD" … */

struct fnl_sim_settings {
	uint64_t seed;
	size_t prospects;
	size_t reps;
	int64_t from_ms; /* a midnight */
	int months;
};

/* Times in milliseconds, dates in days, money in minor units, ids by number, words by their place. */
struct fnl_sim_cell {
	uint8_t column;
	int64_t value;
};

struct fnl_sim_change {
	int64_t arrives_ms;
	int64_t at_ms; /* when it happened */
	uint64_t order;
	size_t cell_from;
	uint8_t cell_count;
	uint8_t event;
	bool again; /* a duplicate */
};

/* A zeroed one is valid and empty. */
struct fnl_simulation {
	struct fnl_sim_settings settings;
	int64_t until_ms;               /* the first moment after it */
	struct fnl_sim_change *changes; /* by arrival */
	size_t change_count;
	size_t change_capacity;
	struct fnl_sim_cell *cells;
	size_t cell_count;
	size_t cell_capacity;
};

/* FNL_E_ARGUMENT (beyond the limits above), FNL_E_NOMEM. */
int fnl_simulation_make(const struct fnl_sim_settings *settings, struct fnl_simulation *ret) FNL_MUST_USE;
void fnl_simulation_deinit(struct fnl_simulation *s);

/* False: the change does not have that cell. */
bool fnl_sim_value(const struct fnl_simulation *s, const struct fnl_sim_change *c, enum fnl_sim_column column,
                   int64_t *ret);

/* A change's cells as texts in the order of the columns; empty: not there. */
struct fnl_sim_texts {
	char bytes[FNL_SIM_COLUMN_COUNT][FNL_SIM_TEXT_BYTES];
	struct fnl_span cells[FNL_SIM_COLUMN_COUNT];
};
void fnl_sim_texts(const struct fnl_simulation *s, const struct fnl_sim_change *c, struct fnl_sim_texts *ret);

/* The change log in the import format, with its header line. FNL_E_IO. */
int fnl_sim_write_csv(const struct fnl_simulation *s, FILE *out) FNL_MUST_USE;

/* The first moment of the month that is `months` after ms, in UTC. */
int64_t fnl_sim_month(int64_t ms, int months);

#endif
