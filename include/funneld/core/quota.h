/* The year's quota of each rep of an organisation: sum of amount intended in that year times weight (the article:
 * 1,000,000 x 25 % = 250,000), computed as of one moment, explained line by line, frozen after a time in which late
 * changes are still accepted. Pure, as book.h, whose terms hold here.
 *
 * What falls in the year of each counted line is summed in each currency and territory; each sum times its rate, the
 * sums of a territory times its area factor, and all of them rounded once, half to even: exact up to there. A line
 * tells what it is worth by itself, rounded down to 1/10000 of a minor unit; lines + rounding = quota, exactly.
 *
 * OpenQuotaYear comes to every partition. A run lies in the partition's PartitionJobs row, whose timer fires at as_of
 * (DRAFTING: a QuotaSet DRAFT for each rep) and settle_hours after it (FREEZING: a QuotaLine for each line, a QuotaSet
 * FROZEN for each rep). Each firing does one page of one book; until its pass is done the row stays due at once. The
 * draft occurred at as_of, what is frozen at settled_at. A frozen quota never changes: a later run for some reps of the
 * year passes over those who have one. Rates and territories are what they are when the partition's pass begins, for
 * all of its pages: the run keeps its rates, and a copy of the territories is a row of its own until the pass is done.
 *
 * What changes a quota afterwards is a revision, and has a cause: somebody says so (ReviseQuota), or frozen lines go to
 * another rep with their prospects (quota_moves.h; QuotaMoved at the one who gets them). The row keeps the frozen quota
 * as it was, and beside it the latest FNL_QUOTA_REVISIONS_MAX revisions; of earlier ones the sum, they themselves are
 * on the topic only. */
#ifndef FUNNELD_CORE_QUOTA_H
#define FUNNELD_CORE_QUOTA_H

#include "funneld/core/book.h"
#include "funneld/core/rates.h"

enum { FNL_QUOTA_RUNS_MAX = 64, FNL_QUOTA_PAGE_LINES = 100, FNL_QUOTA_PAGE_BOOKS = 32, FNL_QUOTA_REVISIONS_MAX = 64 };
enum {
	FNL_QUOTA_SCALE = FNL_CONVERTED_SCALE + 4, /* decimal places of an exact quota, beyond 1/10000 of a minor unit */
	FNL_QUOTA_REDUCTION_DAYS = 30
};

/* How a line stands to a quota. It is listed when it is OWNED, not out of the funnel, and either some of it falls in
 * the year or it has neither planned purchases nor an expected close. The first of these is its reason: no date, layer
 * UNCLASSIFIED or UNKNOWN, an amount of the year unknown, a currency without a rate (or a worth beyond 64 bits); else
 * COUNTED. values: FNL_BOOK_VALUE_COUNT values from `state` on (of a Line or LineImage). */
struct fnl_quota_share {
	bool listed;                 /* false: it does not concern this year */
	int reason;                  /* FNL_QUOTA_REASON_… */
	struct fnl_book_parts parts; /* what of it falls in the year; without a date all of it */
	struct fnl_wide converted;   /* COUNTED: weighted, in the base currency, as fnl_converted gives it */
};
int fnl_quota_share_of(const struct fnl_value *values, int32_t fiscal_year, const struct fnl_quota_rates *rates,
                       const struct fnl_rules *rules, struct fnl_arena *arena,
                       struct fnl_quota_share *ret) FNL_MUST_USE;

/* The quota of an exact sum, in 10^-FNL_QUOTA_SCALE of 1/10000 of a minor unit: rounded once, half to even, to
 * quota.rounding_major_units of the currency. FNL_E_LIMIT when it does not fit. */
int fnl_quota_round(struct fnl_wide exact, const char currency[4], const struct fnl_rules *rules,
                    int64_t *ret_minor) FNL_MUST_USE;

struct fnl_quota_opened {
	struct fnl_value *jobs;         /* NULL: nothing changed */
	struct fnl_event_out rejection; /* desc == NULL: none. Only one partition tells it */
	bool stale;                     /* the same command again */
};
/* An OpenQuotaYear. Refused, in this order: as_of before issued_at; a run_id that another run has; another run of the
 * org and year without rep_ids, while this one has none either; a run of the org that freezes after this one's as_of;
 * the 65th run that is not to be frozen by issued_at. This goes by what the commands say alone, so that every partition
 * decides alike. Finished runs make room: beyond 64 the oldest ones go. FNL_E_INVALID, FNL_E_LIMIT with *why: poison.
 */
int fnl_quota_open(const struct fnl_value *jobs, const struct fnl_value *command, const struct fnl_rules *rules,
                   struct fnl_span cause_id, struct fnl_span correlation_id, int64_t now_ms, struct fnl_arena *arena,
                   struct fnl_quota_opened *ret, struct fnl_error *why) FNL_MUST_USE;

/* New rules: when the fiscal year begins on another day than `before` says, every line is filed anew, page by page.
 * *ret_jobs is NULL when there is nothing to do. cause_id: of the RulesActivated, for what is told of it. */
int fnl_quota_rules_changed(const struct fnl_value *jobs, const struct fnl_rules *before, const struct fnl_rules *rules,
                            struct fnl_span cause_id, struct fnl_span correlation_id, int64_t now_ms,
                            struct fnl_arena *arena, struct fnl_value **ret_jobs) FNL_MUST_USE;

/* What the row's timer needs next: a recount goes before runs, a run that is within a book before others, then the one
 * with the earliest as_of (settled_at, when its draft is done). */
enum fnl_quota_work { FNL_QUOTA_WORK_NONE, FNL_QUOTA_WORK_BOOKS, FNL_QUOTA_WORK_LINES };
struct fnl_quota_need {
	enum fnl_quota_work work;
	struct fnl_span book;  /* LINES: whose; BOOKS: the last one done, absent: none */
	struct fnl_span after; /* LINES: the last prospect done; absent: none */
	bool has_quota;        /* LINES of a run: the QuotaSet row of (book, fiscal_year) is needed */
	int32_t fiscal_year;
	struct fnl_span org_id; /* of a run */
	struct fnl_span run_id;
	bool begins; /* a pass begins: rates (when it has a name) and territories of the organisation are needed */
	struct fnl_span rate_name; /* absent: nothing is converted */
	struct fnl_span base_currency;
};
struct fnl_quota_need fnl_quota_needs(const struct fnl_value *jobs);

struct fnl_quota_step_in {
	const struct fnl_value *jobs;
	const struct fnl_value *rep;         /* LINES */
	const struct fnl_value *quota;       /* LINES of a run; QuotaSet */
	const struct fnl_value *rates;       /* a pass begins: RateTable of (rate_name, base_currency) */
	const struct fnl_value *territories; /* a pass begins: TerritorySet of the organisation */
	const struct fnl_value *copied;      /* of a run: the TerritorySet that its pass goes by */
	const struct fnl_value *const *page; /* BOOKS: Rep rows; LINES: Line rows; decoded */
	size_t page_count;
	bool page_last; /* there are no more */
	int64_t now_ms;
	const struct fnl_rules *rules;
	struct fnl_arena *arena;
};
struct fnl_quota_line_out {
	enum fnl_row_change line_change; /* the page's line */
	struct fnl_value *line;
	struct fnl_value *quota_line; /* QuotaLine: a row to put and an event to tell; NULL: none */
};
struct fnl_quota_step_out {
	struct fnl_value *jobs;            /* always */
	struct fnl_value *rep;             /* NULL: unchanged */
	struct fnl_value *quota;           /* NULL: unchanged */
	enum fnl_row_change copied_change; /* the territories that the run's pass goes by */
	const struct fnl_value *copied;
	struct fnl_event_out event;       /* QuotaSet, when a book is done; desc == NULL: none */
	struct fnl_quota_line_out *lines; /* one for each row of the page (LINES) */
	struct fnl_span cause_id;         /* of the events */
	struct fnl_span correlation_id;
};
/* One page. FNL_E_NOMEM, FNL_E_LIMIT (a sum beyond 64 bits: the engine stops, since lines were checked before). */
int fnl_quota_step(const struct fnl_quota_step_in *in, struct fnl_quota_step_out *ret,
                   struct fnl_error *why) FNL_MUST_USE;

/* ---- revisions ---- */

/* The quota of its latest revision; false: the row (NULL: none) has no frozen quota. */
bool fnl_quota_now(const struct fnl_value *quota, struct fnl_money *ret);

struct fnl_quota_revise_in {
	const struct fnl_value *rep;   /* Rep of the book */
	const struct fnl_value *quota; /* QuotaSet of the book and the input's fiscal year */
	struct fnl_arena *arena;
};
struct fnl_quota_revise_out {
	struct fnl_value *quota;    /* NULL: unchanged */
	struct fnl_event_out event; /* QuotaRevised or CommandRejected; desc == NULL: none */
	bool stale;                 /* it has been here before */
};
/* A ReviseQuota adds its adjustment; null: it is computed again (frozen quota + all differences), which is told as a
 * revision that adds nothing. Refused at once, it does not wait for what is not known yet, in this order:
 * UNKNOWN_QUOTA (the rep has none of the year), QUOTA_OF_ANOTHER_RUN, QUOTA_IS_NOT_FROZEN, OTHER_CURRENCY,
 * QUOTA_BELOW_ZERO (what it takes off leaves less than nothing), QUOTA_TOO_LARGE (beyond 64 bits). A command that is
 * among the revisions is stale. FNL_E_NOMEM; FNL_E_INVALID, FNL_E_LIMIT with *why: poison. */
int fnl_quota_command(const struct fnl_quota_revise_in *in, const struct fnl_value *command,
                      struct fnl_quota_revise_out *ret, struct fnl_error *why) FNL_MUST_USE;
/* A QuotaMoved, at the book that it goes to. Nothing is lost: where the year has no quota, one of 0 is begun
 * (only_received; a run may still compute it, and keeps what came); one that a run has not frozen yet is added to, too,
 * and keeps it; in another currency it is listed, and not added. The same again is stale. Errors as above. */
int fnl_quota_moved(const struct fnl_quota_revise_in *in, const struct fnl_value *moved,
                    struct fnl_quota_revise_out *ret, struct fnl_error *why) FNL_MUST_USE;

#endif
