/* The year's quota of each rep of an organisation: sum of amount intended in that year times weight (the article:
 * 1,000,000 x 25 % = 250,000), computed as of one moment, explained line by line, frozen after a time in which late
 * changes are still accepted. Pure, as book.h, whose terms hold here.
 *
 * OpenQuotaYear comes to every partition. A run lies in the partition's PartitionJobs row, whose timer fires at as_of
 * (DRAFTING: a QuotaSet DRAFT for each rep) and settle_hours after it (FREEZING: a QuotaLine for each line, a QuotaSet
 * FROZEN for each rep). Each firing does one page of one book; until its pass is done the row stays due at once. The
 * draft occurred at as_of, what is frozen at settled_at. A frozen quota never changes: a later run for some reps of the
 * year passes over those who have one. */
#ifndef FUNNELD_CORE_QUOTA_H
#define FUNNELD_CORE_QUOTA_H

#include "funneld/core/book.h"

enum { FNL_QUOTA_RUNS_MAX = 64, FNL_QUOTA_PAGE_LINES = 100, FNL_QUOTA_PAGE_BOOKS = 32 };

/* How a line stands to a quota. It is listed when it is OWNED, not out of the funnel, and either expected to close in
 * the year or without a date. The first of these is its reason: no date, layer UNCLASSIFIED or UNKNOWN, no amount,
 * another currency; else COUNTED. values: FNL_BOOK_VALUE_COUNT values from `state` on (of a Line or LineImage). */
struct fnl_quota_share {
	bool listed;           /* false: it does not concern this year */
	int reason;            /* FNL_QUOTA_REASON_… */
	fnl_weighted weighted; /* 0 without an amount */
};
struct fnl_quota_share fnl_quota_share_of(const struct fnl_value *values, int32_t fiscal_year,
                                          const char base_currency[4], const struct fnl_rules *rules);

/* The quota of an exact sum: rounded once, half to even, to quota.rounding_major_units of the currency.
 * FNL_E_LIMIT when it does not fit. *ret_rounding = quota - exact. */
int fnl_quota_round(fnl_weighted exact, const char currency[4], const struct fnl_rules *rules, int64_t *ret_minor,
                    fnl_weighted *ret_rounding) FNL_MUST_USE;

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
};
struct fnl_quota_need fnl_quota_needs(const struct fnl_value *jobs);

struct fnl_quota_step_in {
	const struct fnl_value *jobs;
	const struct fnl_value *rep;         /* LINES */
	const struct fnl_value *quota;       /* LINES of a run; QuotaSet */
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
	struct fnl_value *jobs;           /* always */
	struct fnl_value *rep;            /* NULL: unchanged */
	struct fnl_value *quota;          /* NULL: unchanged */
	struct fnl_event_out event;       /* QuotaSet, when a book is done; desc == NULL: none */
	struct fnl_quota_line_out *lines; /* one for each row of the page (LINES) */
	struct fnl_span cause_id;         /* of the events */
	struct fnl_span correlation_id;
};
/* One page. FNL_E_NOMEM, FNL_E_LIMIT (a sum beyond 64 bits: the engine stops, since lines were checked before). */
int fnl_quota_step(const struct fnl_quota_step_in *in, struct fnl_quota_step_out *ret,
                   struct fnl_error *why) FNL_MUST_USE;

#endif
