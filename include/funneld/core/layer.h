/* Which layer of the funnel a prospect is in, and why (article: bottom 75 %, middle 50 %, top 25 %).
 * Order of decision: 1. won, lost, deleted, merged: out of the funnel. 2. an open gap: UNKNOWN. 3. a manual
 * probability: the layer whose range holds it. 4. the stage map, by pipeline. 5. a stage the rules don't know:
 * UNCLASSIFIED, never guessed. */
#ifndef FUNNELD_CORE_LAYER_H
#define FUNNELD_CORE_LAYER_H

#include "funneld/core/rules.h"

struct fnl_layer_decision {
	int layer;         /* FNL_LAYER_… */
	int reason;        /* FNL_LAYER_REASON_… */
	int32_t weight_bp; /* 0 outside TOP, MIDDLE, BOTTOM */
};

/* row: values of a Prospect row (FNL_PROSPECT_…). unknown: a gap is open. Pure. */
struct fnl_layer_decision fnl_layer_decide(const struct fnl_rules *rules, const struct fnl_value *row, bool unknown);

/* TOP, MIDDLE, BOTTOM. */
static inline bool fnl_layer_in_funnel(int layer)
{
	return layer == FNL_LAYER_TOP || layer == FNL_LAYER_MIDDLE || layer == FNL_LAYER_BOTTOM;
}

#endif
