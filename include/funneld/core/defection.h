/* Whether what happens to handed-over prospects is more than usual. Pure, and without floating point.
 *
 * Any change of rep costs some buyers; of few prospects nothing can be said. So with n handed over, k of them lost or
 * silent, and the organisation's base rate b (at least the floor), it is remarkable when n >= prospects_min, k >=
 * lost_min, k * 10000 >= base_factor * b * n, k * 10000 - b * n >= excess_min * 10000, and when k or more of n come by
 * chance at most chance_max_bp of the time: P(X >= k) <= chance_max for X of the binomial distribution of n and b.
 *
 * The last one is the exact binomial test (Clopper and Pearson, Biometrika 26, 1934, 404-413). Without it a departure
 * of 20 prospects alarms once in 15 by chance at b, once in 9 where 17 % are lost and the floor says 15; with it no
 * size does once in a hundred, even then (tests/unit/test_defection.c has the figures). base_factor is what protects
 * large numbers from a rate that is not known so well.
 *
 * Prospects lost to the new employer are evidence of their own kind, with a lower bar: of what is lost by chance at
 * most employer_share_bp goes to any one competitor. e of them are remarkable when n >= prospects_min, e >=
 * employer_min, and at the rate b * employer_share they are base_factor times what is expected and as rare by chance. A
 * number alone would not do: of 100 prospects two are lost to a competitor who is large enough to hire somebody in most
 * departures. (A share of 0 asks for the number alone.)
 *
 * All of [defection] in the rules. */
#ifndef FUNNELD_CORE_DEFECTION_H
#define FUNNELD_CORE_DEFECTION_H

#include "funneld/core/rules.h"

struct fnl_parting {
	int64_t prospects;   /* n: handed over */
	int64_t lost;        /* of them lost since, to whomever */
	int64_t silent;      /* of them, of the rest, SILENT now */
	int64_t to_employer; /* of the lost ones */
};

struct fnl_defection {
	bool remarkable;
	bool by_employer;    /* because of the new employer, whether or not because of all, too */
	int64_t base_bp;     /* the rate that it was measured by */
	int64_t expected_e4; /* n * base_bp */
};

/* As if an organisation had handed over so many more before, and lost the floor's part of them: one whose history is a
 * single prospect that was lost would else never be told of anything. */
enum { FNL_DEFECTION_PRIOR_PROSPECTS = 20 };

/* What the organisation's rate is: lost of prospects, with those of the prior, in basis points, rounded half to even;
 * the floor at least. Of no prospects: the floor. */
int64_t fnl_defection_base_bp(int64_t prospects, int64_t lost, const struct fnl_rules *rules);
/* base_bp: below the floor it is the floor. Costs as many steps as there are numbers within nine standard deviations.
 */
struct fnl_defection fnl_defection_judge(const struct fnl_parting *p, int64_t base_bp, const struct fnl_rules *rules);

#endif
