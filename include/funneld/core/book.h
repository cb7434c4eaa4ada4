/* A rep's book: his lines (prospects as images), their sums, and what HR says of him. Pure: no clock, no I/O, memory
 * from the arena only. Values of rows are arrays in the order of the records' fields (Rep, Line, PartitionJobs); NULL:
 * there is no such row; borrowed, never changed.
 *
 * Of two images of one prospect in one book the greater sequence wins; an equal or smaller one is stale, but for
 * ERASED, which always wins. OWNED lines count, WATCHED ones (a former owner's) never do, GONE and ERASED take the line
 * away. Sums are exact: amounts in minor units, weighted ones in 1/10000 of a minor unit (the weight is in basis
 * points). null is not zero: a line without an amount is counted under currency null.
 *
 * While a quota run waits to freeze (state below FREEZING), a change that happened after its as_of first leaves the
 * line's image for it; a change that happened before it, and comes late, changes the image in the fields that it
 * changes. Once the run is FREEZING every change first leaves the image, whenever it happened, until the pass has gone
 * over the line. A line that was not in the book at as_of has an image that says so; a late change makes it exist then
 * only by making it OWNED, so that a prospect that moved after as_of counts once. A GONE line stays as a row as long as
 * it has images, and is to every later image as if it were not there: a prospect that was deleted for good may come
 * anew, and its sequence begins anew with it. Images for inspection sheets lie beside those: see inspection.h.
 *
 * Persons are only in the line itself, and in the images for sheets as long as the line has them as contacts or calls
 * them unlinked: who is erased is nowhere with the line's next image.
 *
 * The organisation's directory has an entry for each rep of whom HR has said where he belongs (RepEntry): what HR says
 * of him is told at once, how many open prospects he carries at most once in [org] conflation_seconds. One who goes to
 * another organisation is absent from the directory before; one whom HR wants forgotten is in none. */
#ifndef FUNNELD_CORE_BOOK_H
#define FUNNELD_CORE_BOOK_H

#include "funneld/core/money.h"
#include "funneld/core/prospect.h"
#include "funneld/core/rules.h"

enum {
	FNL_BOOK_TOTALS_MAX = 256,
	FNL_BOOK_QUOTA_YEARS_MAX = 8,
	FNL_BOOK_ENTRIES_MAX = 2, /* the absence from one directory, and the entry of another */
	/* the fields that BookLine, Line and LineImage have in common, in one order */
	FNL_BOOK_VALUE_COUNT = FNL_BOOK_LINE_WON_BY - FNL_BOOK_LINE_STATE + 1
};

/* An exact sum of amount * weight: 1/10000 of a minor unit. */
typedef __int128 fnl_weighted;
/* Whole minor units, rounded down, and the rest, 0 to 9999. FNL_E_LIMIT beyond 64 bits. */
int fnl_weighted_split(fnl_weighted w, int64_t *ret_minor, int32_t *ret_e4) FNL_MUST_USE;
fnl_weighted fnl_weighted_of(int64_t minor, int64_t e4);

/* Fiscal year of a day, named by the calendar year of its first day: rules [fiscal_year] start_month, start_day. */
int32_t fnl_fiscal_year(const struct fnl_rules *rules, int64_t date);
/* That first day, month * 100 + day; and the year of a day under another one. */
int32_t fnl_fiscal_year_start(const struct fnl_rules *rules);
int32_t fnl_fiscal_year_from(int32_t start, int64_t date);

/* What a line adds to a sum. */
struct fnl_book_amount {
	struct fnl_span currency; /* absent: no amount is known */
	int64_t amount_minor;
	fnl_weighted weighted;
};
/* The whole of it. values: FNL_BOOK_VALUE_COUNT values from `state` on (of a Line or LineImage). The currency is
 * borrowed from them. */
struct fnl_book_amount fnl_book_amount_of(const struct fnl_value *values);

/* What of a line falls in one fiscal year, in one currency. */
struct fnl_book_part {
	int64_t fiscal_year;
	struct fnl_book_amount amount;
};
struct fnl_book_parts {
	struct fnl_book_part *items; /* by year, then currency */
	size_t count;
};
/* Planned purchases say what falls in which year, each in its own currency; one without an amount makes the year's part
 * unknown. Where there are none (null, or an empty list) all of it falls in the year of the expected close; without
 * that in none. start: the first day of fiscal years; 0: planned purchases are not looked at, and close_year is it. */
int fnl_book_parts_of(const struct fnl_value *values, int32_t start, const struct fnl_value *close_year,
                      struct fnl_arena *arena, struct fnl_book_parts *ret) FNL_MUST_USE;
bool fnl_book_is_planned(const struct fnl_value *values);

struct fnl_book_in {
	const struct fnl_value *rep;
	const struct fnl_value *line;
	const struct fnl_value *jobs;
	const struct fnl_value *inspection; /* at least its head, FNL_INSPECTION_HEAD_COUNT values */
	int64_t now_ms;
	const struct fnl_rules *rules;
	struct fnl_span cause_id; /* ce_id behind the input, for what is told later */
	struct fnl_span correlation_id;
	struct fnl_arena *arena;
};

struct fnl_book_out {
	enum fnl_row_change rep_change; /* KEEP or PUT */
	struct fnl_value *rep;
	enum fnl_row_change line_change;
	struct fnl_value *line;
	struct fnl_event_out event; /* desc == NULL: none */
	struct fnl_span cause_id;   /* of the event */
	struct fnl_span correlation_id;
	struct fnl_event_out entries[FNL_BOOK_ENTRIES_MAX]; /* RepEntry; the last one is what is known of the rep now */
	size_t entry_count;
	bool forgotten; /* no directory may know the rep any more */
	bool stale;     /* newer was known, or there was nothing to take away */
	/* the line was ERASED: its lines in the quotas of these years (ints, borrowed from the rep) go, too */
	struct fnl_list erased_years;
};

/* A BookLine. FNL_E_INVALID, FNL_E_LIMIT with *why (poison), FNL_E_NOMEM. A book that HR knows nothing of is begun. */
int fnl_book_line(const struct fnl_book_in *in, const struct fnl_value *event, struct fnl_book_out *ret,
                  struct fnl_error *why) FNL_MUST_USE;
/* A RepChanged (always a full image); in->line and in->jobs are not looked at. */
int fnl_book_rep_changed(const struct fnl_book_in *in, const struct fnl_value *event, struct fnl_book_out *ret,
                         struct fnl_error *why) FNL_MUST_USE;
/* What a RepResigned, ResignationWithdrawn, RepLeft or RepErased says of the rep himself; in->line and in->jobs are not
 * looked at. Of the first three the greatest version counts; who is employed from a day after his last one on has not
 * resigned. */
int fnl_book_rep_leaves(const struct fnl_book_in *in, const struct fnl_record_desc *desc, const struct fnl_value *event,
                        struct fnl_book_out *ret, struct fnl_error *why) FNL_MUST_USE;
/* The Rep row's timer: QuotaRecalculated, or a RepEntry, which occurred at now_ms. */
int fnl_book_timer(const struct fnl_book_in *in, struct fnl_book_out *ret, struct fnl_error *why) FNL_MUST_USE;

/* Sets the row's deadline by its state, the least of: some change of the running sums of a quota year is untold ->
 * [quota] conflation_seconds after it, but not before that time after told_at; directory_due_at; cells_due_at (cell.h).
 * For whoever builds a Rep row. */
void fnl_book_arm(struct fnl_value *rep, const struct fnl_rules *rules, int64_t now_ms);

/* The line moves to the fiscal years that the rules say: changes copies of rep (running) and line (fiscal_year,
 * year_start) in place; both in the arena of the caller. false: nothing changed. */
int fnl_book_refile(struct fnl_value *rep, struct fnl_value *line, const struct fnl_rules *rules,
                    struct fnl_arena *arena, bool *ret_changed) FNL_MUST_USE;

/* "rep:" and the id, or "pool:UNASSIGNED" when rep_id is absent; in the arena. FNL_SPAN_NONE: no memory. */
struct fnl_span fnl_book_name(struct fnl_span rep_id, struct fnl_arena *arena);
/* The id within; absent for the pool. */
struct fnl_span fnl_book_rep_id(struct fnl_span book);

#endif
