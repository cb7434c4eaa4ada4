#include "funneld/core/layer.h"

#include "funneld/core/money.h"

static struct fnl_layer_decision outside(int layer, int reason)
{
	return (struct fnl_layer_decision){layer, reason, 0};
}

/* Somebody typed it: MANUAL says so; without a source it is so only when it differs from what the stage would say by
 * itself. A source of a kind that we don't know is no proof of a hand. */
static bool is_manual(const struct fnl_value *row, const struct fnl_stage_rule *stage)
{
	const struct fnl_value *probability = &row[FNL_PROSPECT_PROBABILITY_BP];
	const struct fnl_value *source = &row[FNL_PROSPECT_PROBABILITY_SOURCE];

	if (!probability->set) {
		return false;
	}
	if (source->set) {
		return source->i64 == FNL_PROBABILITY_SOURCE_MANUAL;
	}
	return stage && stage->probability_bp >= 0 && stage->probability_bp != probability->i64;
}

static struct fnl_layer_decision inside(const struct fnl_rules *rules, const struct fnl_value *row, int layer,
                                        int reason)
{
	int32_t weight_bp = rules->nominal_bp[layer - FNL_LAYER_TOP];
	if (rules->weighting_prospect && row[FNL_PROSPECT_PROBABILITY_BP].set) {
		weight_bp = (int32_t)row[FNL_PROSPECT_PROBABILITY_BP].i64;
	}
	return (struct fnl_layer_decision){layer, reason, weight_bp};
}

static int layer_of_probability(const struct fnl_rules *rules, int64_t probability_bp)
{
	int at = FNL_FUNNEL_LAYERS - 1;
	while (at > 0 && probability_bp < rules->manual_from_bp[at]) {
		at--;
	}
	return FNL_LAYER_TOP + at;
}

static struct fnl_layer_decision decide_open(const struct fnl_rules *rules, const struct fnl_value *row)
{
	const struct fnl_value *stage = &row[FNL_PROSPECT_STAGE];
	const struct fnl_value *pipeline = &row[FNL_PROSPECT_PIPELINE_ID];
	const struct fnl_stage_rule *rule = NULL;

	if (stage->set) {
		rule = fnl_rules_stage(rules, pipeline->set ? pipeline->str : FNL_SPAN_NONE, stage->str);
	}
	if (is_manual(row, rule)) {
		int layer = layer_of_probability(rules, row[FNL_PROSPECT_PROBABILITY_BP].i64);
		return inside(rules, row, layer, FNL_LAYER_REASON_MANUAL_PROBABILITY);
	}
	if (rule) {
		return inside(rules, row, rule->layer, FNL_LAYER_REASON_STAGE_MAP);
	}
	return outside(FNL_LAYER_UNCLASSIFIED,
	               stage->set ? FNL_LAYER_REASON_STAGE_UNKNOWN : FNL_LAYER_REASON_STAGE_MISSING);
}

struct fnl_layer_decision fnl_layer_decide(const struct fnl_rules *rules, const struct fnl_value *row, bool unknown)
{
	const struct fnl_value *status = &row[FNL_PROSPECT_STATUS];

	if (row[FNL_PROSPECT_LIFECYCLE].i64 == FNL_LIFECYCLE_DELETED) {
		return outside(FNL_LAYER_DELETED, FNL_LAYER_REASON_DELETED);
	}
	if (row[FNL_PROSPECT_LIFECYCLE].i64 == FNL_LIFECYCLE_MERGED) {
		return outside(FNL_LAYER_MERGED, FNL_LAYER_REASON_MERGED);
	}
	if (status->set && status->i64 == FNL_STATUS_WON) {
		return outside(FNL_LAYER_WON, FNL_LAYER_REASON_STATUS);
	}
	if (status->set && status->i64 == FNL_STATUS_LOST) {
		return outside(FNL_LAYER_LOST, FNL_LAYER_REASON_STATUS);
	}
	if (unknown) {
		return outside(FNL_LAYER_UNKNOWN, FNL_LAYER_REASON_GAP);
	}
	return decide_open(rules, row);
}
