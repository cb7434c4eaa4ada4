#include "funneld/core/defection.h"

#include "funneld/core/money.h"
#include "rules_internal.h"

#define RATE_ONE INT64_C(100000000) /* basis points of basis points */
#define PROSPECTS_MAX INT32_MAX     /* of one departure, so that no product leaves 128 bits */

/* How likely numbers are, in proportion to the likeliest one: the constant factor of all of them, which is out of reach
 * of any integer, is not needed. */
#define WEIGHT_ONE ((unsigned __int128)1 << 60)

/* X of the binomial distribution of n and p = rate / RATE_ONE, 0 < p < 1, n <= PROSPECTS_MAX. */
struct binomial {
	int64_t n;
	int64_t rate;
	unsigned __int128 below; /* weights of X < k, */
	unsigned __int128 above; /* of X >= k */
};

static void add(struct binomial *x, int64_t at, int64_t k, unsigned __int128 weight)
{
	if (at >= k) {
		x->above += weight;
	} else {
		x->below += weight;
	}
}

/* From the likeliest number to either side until nothing is left: each weight follows from its neighbour's. */
static void weigh(struct binomial *x, int64_t k)
{
	int64_t rest = RATE_ONE - x->rate;
	int64_t mode = (int64_t)((__int128)(x->n + 1) * x->rate / RATE_ONE);
	unsigned __int128 weight = WEIGHT_ONE;
	for (int64_t i = mode; weight > 0; i++) {
		add(x, i, k, weight);
		weight = weight * (unsigned __int128)((__int128)(x->n - i) * x->rate) /
		         (unsigned __int128)((__int128)(i + 1) * rest);
	}
	weight = WEIGHT_ONE;
	for (int64_t i = mode; i > 0 && weight > 0; i--) {
		weight =
			weight * (unsigned __int128)((__int128)i * rest) / (unsigned __int128)((__int128)(x->n - i + 1) * x->rate);
		add(x, i - 1, k, weight);
	}
}

/* Whether k or more of n come by chance at most `chance_bp` of the time. */
static bool is_rare(int64_t n, int64_t k, int64_t rate, int64_t chance_bp)
{
	struct binomial x = {.n = n, .rate = rate};
	if (rate <= 0) {
		return k > 0;
	}
	if (k <= 0 || rate >= RATE_ONE) {
		return false;
	}
	weigh(&x, k);
	return x.above * FNL_BP_ONE <= (x.above + x.below) * (unsigned __int128)chance_bp;
}

int64_t fnl_defection_base_bp(int64_t prospects, int64_t lost, const struct fnl_rules *rules)
{
	int64_t floor_bp = rules->values[FNL_RULES_AT_BASE_FLOOR];
	if (prospects <= 0 || lost <= 0) {
		return floor_bp;
	}
	__int128 of = (__int128)prospects + FNL_DEFECTION_PRIOR_PROSPECTS;
	__int128 gone = (__int128)(lost < prospects ? lost : prospects) * FNL_BP_ONE;
	__int128 base = fnl_div_half_even(gone + floor_bp * FNL_DEFECTION_PRIOR_PROSPECTS, of);
	return base > floor_bp ? (int64_t)base : floor_bp;
}

/* k of n against a rate: so many times what is expected, and rare by chance. */
static bool is_much(int64_t n, int64_t k, int64_t rate, const struct fnl_rules *rules)
{
	__int128 expected = (__int128)n * rate;
	return (__int128)k * RATE_ONE >= expected * rules->values[FNL_RULES_AT_BASE_FACTOR] &&
	       is_rare(n, k, rate, rules->values[FNL_RULES_AT_CHANCE_MAX]);
}

/* Of all that were lost or are silent. */
static bool by_all(int64_t n, int64_t k, int64_t base_bp, const struct fnl_rules *rules)
{
	__int128 excess = (__int128)k * FNL_BP_ONE - (__int128)n * base_bp;
	return k >= rules->values[FNL_RULES_AT_LOST_MIN] &&
	       excess >= (__int128)rules->values[FNL_RULES_AT_EXCESS_MIN] * FNL_BP_ONE &&
	       is_much(n, k, base_bp * FNL_BP_ONE, rules);
}

static bool by_employer(int64_t n, int64_t e, int64_t base_bp, const struct fnl_rules *rules)
{
	int64_t rate = base_bp * rules->values[FNL_RULES_AT_EMPLOYER_SHARE];
	return e >= rules->values[FNL_RULES_AT_EMPLOYER_MIN] && is_much(n, e, rate, rules);
}

struct fnl_defection fnl_defection_judge(const struct fnl_parting *p, int64_t base_bp, const struct fnl_rules *rules)
{
	int64_t floor_bp = rules->values[FNL_RULES_AT_BASE_FLOOR];
	int64_t n = p->prospects < PROSPECTS_MAX ? p->prospects : PROSPECTS_MAX;
	struct fnl_defection ret = {.base_bp = base_bp > floor_bp ? base_bp : floor_bp};
	ret.base_bp = ret.base_bp < FNL_BP_ONE ? ret.base_bp : FNL_BP_ONE;
	ret.expected_e4 = n * ret.base_bp;
	if (n >= rules->values[FNL_RULES_AT_PROSPECTS_MIN]) {
		ret.by_employer = by_employer(n, p->to_employer, ret.base_bp, rules);
		ret.remarkable = ret.by_employer || by_all(n, p->lost + p->silent, ret.base_bp, rules);
	}
	return ret;
}
