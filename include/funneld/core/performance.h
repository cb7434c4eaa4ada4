/* How the reps of an organisation stand in a year, on two axes that never become one number: the level of the quota
 * (how much one carries) and the attainment (how much of it he has won). Monthly, and when somebody asks. Pure: no
 * clock, no I/O, memory from the arena only. Values of rows are arrays in the order of the records' fields (OrgYear,
 * Scoring); NULL: there is no such row; borrowed, never changed.
 *
 * Level: the quota itself, its share of the organisation's quotas in the same currency, and in which of [performance]
 * quota_parts of the reps it is, when at least comparable_min have one. Equals are in one part.
 *
 * Attainment: won, of what was due. Due is the quota's part of the time that has passed by as_of, of the time from the
 * year's first day, or his first day of work when that is later, to its end: whoever began in mid-year carries his
 * quota in what is left of it. Null where nothing is due: no quota, one of 0, or not a day has passed. A revised quota
 * counts as it is now.
 *
 * Months and years begin at local midnight. A row's timer does a page at each firing: first all quotas of the year,
 * then what is told of each rep. Months that passed in an outage are one, the latest. */
#ifndef FUNNELD_CORE_PERFORMANCE_H
#define FUNNELD_CORE_PERFORMANCE_H

#include "funneld/core/org.h"

enum { FNL_SCORING_PAGE_ROWS = 100, FNL_SCORING_JOBS_MAX = 16, FNL_SCORING_QUOTAS_MAX = 256 };

struct fnl_year_out {
	enum fnl_row_change change;
	struct fnl_value *year;    /* with FNL_ROW_PUT */
	struct fnl_value *scoring; /* NULL: unchanged */
	bool stale;
};
/* A RepYear. FNL_OK, FNL_E_NOMEM, or FNL_E_INVALID, FNL_E_LIMIT with *why: the input is poison. */
int fnl_org_year(const struct fnl_org_in *in, const struct fnl_value *year, const struct fnl_value *scoring,
                 const struct fnl_value *event, struct fnl_year_out *ret, struct fnl_error *why) FNL_MUST_USE;

struct fnl_scoring_out {
	struct fnl_value *row; /* NULL: unchanged */
	struct fnl_event_out *events;
	size_t event_count;
	struct fnl_span cause_id;
	struct fnl_span correlation_id;
};
/* A ScorePerformance. One too many while others wait is answered with CommandRejected. */
int fnl_scoring_asked(const struct fnl_org_in *in, const struct fnl_value *row, const struct fnl_value *event,
                      struct fnl_scoring_out *ret, struct fnl_error *why) FNL_MUST_USE;

struct fnl_scoring_need {
	bool wanted; /* a page of the organisation's OrgYear rows of fiscal_year */
	int32_t fiscal_year;
	struct fnl_span after; /* a whole key; absent: from the first one on */
};
struct fnl_scoring_need fnl_scoring_needs(const struct fnl_value *row);

struct fnl_scoring_page {
	const struct fnl_value *const *rows; /* OrgYear, decoded */
	size_t count;
	bool last;
	struct fnl_span last_key;
};
int fnl_scoring_step(const struct fnl_org_in *in, const struct fnl_value *row, const struct fnl_scoring_page *page,
                     struct fnl_scoring_out *ret) FNL_MUST_USE;

#endif
