/* What a rep has won in a fiscal year, and how much of his quota that is. Pure: no clock, no I/O, memory from the arena
 * only. Values of rows are arrays in the order of the records' fields (Rep, Line, QuotaSet); NULL: there is no such
 * row; borrowed, never changed.
 *
 * A win is credited to whoever owned the prospect when it was won (won_by), in his own book alone, whatever the line is
 * to it by now, in the fiscal year of closed_on; without that day in none. A line says what it adds (credit), so that
 * what was added is what is taken away: reopened, deleted or merged away it adds nothing any more, but one that is
 * ERASED leaves behind what it added, which is the company's own number. Rules that let the year begin on another day
 * file credits anew as they do with the running sums, but for those of erased lines, whose day nobody knows any more.
 * null is not zero: a win without an amount is counted under currency null.
 *
 * The Rep row's timer tells it [quota] conflation_seconds after the first change, and not before that time after the
 * last telling: AttainmentChanged of each year whose wins or quota have changed, RepYear for the organisation of these,
 * and of all years once HR says who his organisation or manager is, or when he began. A year with neither a win nor a
 * frozen quota is in no organisation. Converted is each currency's sum by the rates of the frozen quota, and rounded
 * once, half to even; a currency without a rate, or with which the sum goes beyond 64 bits, is not converted. */
#ifndef FUNNELD_CORE_ATTAINMENT_H
#define FUNNELD_CORE_ATTAINMENT_H

#include "funneld/core/quota.h"

enum {
	FNL_ATTAINMENT_YEARS_MAX = 8, /* told at one firing of the row's timer; the rest at the next one */
	FNL_ATTAINMENT_IMAGES_MAX = 2 * FNL_ATTAINMENT_YEARS_MAX
};

/* Which years' QuotaSet rows the timer of the Rep row needs. */
struct fnl_attainment_need {
	int32_t years[FNL_ATTAINMENT_YEARS_MAX];
	size_t count;
};
struct fnl_attainment_need fnl_attainment_needs(const struct fnl_value *rep);

struct fnl_attainment_out {
	struct fnl_event_out events[FNL_ATTAINMENT_YEARS_MAX]; /* AttainmentChanged */
	int64_t sequences[FNL_ATTAINMENT_YEARS_MAX];           /* of each of them */
	size_t event_count;
	struct fnl_event_out images[FNL_ATTAINMENT_IMAGES_MAX]; /* RepYear */
	size_t image_count;
	struct fnl_span cause_id; /* of all of them */
	struct fnl_span correlation_id;
};
/* The timer of the Rep row: what is due of need->years, if anything is. rep: a copy of the row, which is changed; the
 * caller arms it. quotas: the QuotaSet rows of need->years. in->rep, in->line and in->cause_id are not looked at. */
int fnl_attainment_tell(const struct fnl_book_in *in, struct fnl_value *rep, const struct fnl_attainment_need *need,
                        const struct fnl_value *const *quotas, struct fnl_attainment_out *ret) FNL_MUST_USE;

/* The quota of a year has frozen, or was revised: it is told. *rep: NULL, or a copy of in->rep; a changed copy
 * afterwards, and armed. A book that has no Rep row (lines have come to a rep of whom nothing else is known) gets one.
 */
int fnl_attainment_quota(const struct fnl_book_in *in, struct fnl_span book, int32_t fiscal_year,
                         struct fnl_value **rep) FNL_MUST_USE;

#endif
