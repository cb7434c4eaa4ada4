/* What must be true, folded apart from the worker and much simpler: of each prospect the latest version of each field,
 * and the same once more as it was at a quota's moment. */
#ifndef FUNNEL_DEMO_TRUTH_H
#define FUNNEL_DEMO_TRUTH_H

#include "simulate.h"

struct demo_truth {
	struct demo_truth_prospect *at;
	size_t count;
	int64_t as_of_ms; /* of the quota; what happened later is not in its images. INT64_MAX: none is asked for */
	bool frozen;      /* nothing changes the images any more */
};

/* A rep's quota, in minor units of the base currency; the exact one in 1/10000 of them. */
struct demo_truth_quota {
	int64_t exact_e4;
	int64_t minor;
	uint64_t counted;
	uint64_t left_out;
};

enum { DEMO_TRUTH_LAYERS = 3 };

/* What lies in a rep's funnel: prospects by layer, TOP first, and their amounts in minor units by currency. */
struct demo_truth_funnel {
	uint64_t count[DEMO_TRUTH_LAYERS];
	int64_t amount[DEMO_TRUTH_LAYERS][FNL_SIM_CURRENCY_COUNT];
};

/* FNL_E_NOMEM. */
int demo_truth_make(size_t prospects, struct demo_truth *ret) FNL_MUST_USE;
void demo_truth_deinit(struct demo_truth *t);

/* The next change, in the order in which they arrive. */
void demo_truth_take(struct demo_truth *t, const struct fnl_simulation *s, const struct fnl_sim_change *c);

/* Prospects that are counted, by status. */
void demo_truth_counts(const struct demo_truth *t, uint64_t ret[FNL_SIM_STATUS_COUNT]);
/* Of the fiscal (and calendar) year, in dollars, from the images: quotas[0] to quotas[reps], 0 for nobody. */
void demo_truth_quotas(const struct demo_truth *t, int year, struct demo_truth_quota *quotas, size_t reps);
/* Of everybody at this moment: funnels[0] to funnels[reps], 0 for nobody. */
void demo_truth_funnels(const struct demo_truth *t, struct demo_truth_funnel *funnels, size_t reps);
/* The CRM of a prospect, by its number: "crm-us". */
const char *demo_truth_source(const struct demo_truth *t, int64_t prospect);

#endif
