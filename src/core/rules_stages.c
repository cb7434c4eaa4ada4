/* The stage map: which layer a stage of the CRM belongs to. */
#include "rules_internal.h"

#define STAGE(stage_name, layer_name, bp) \
	{ \
		{NULL, 0}, {(const uint8_t *)("" stage_name), sizeof(stage_name) - 1}, FNL_LAYER_##layer_name, bp \
	}

/* The usual names and default probabilities of Salesforce, HubSpot (labels and ids) and Pipedrive; below 37.5 % TOP,
 * below 62.5 % MIDDLE, else BOTTOM; by sense where the CRM has no probability of its own. Sorted without regard to
 * case. Closed stages are not here: won and lost are a matter of the status. */
const struct fnl_stage_rule fnl_default_stages[FNL_DEFAULT_STAGE_COUNT] = {
	STAGE("Appointment Scheduled", TOP, 2000),
	STAGE("appointmentscheduled", TOP, 2000),
	STAGE("Contact Made", TOP, -1),
	STAGE("Contract Sent", BOTTOM, 9000),
	STAGE("contractsent", BOTTOM, 9000),
	STAGE("Decision Maker Bought-In", BOTTOM, 8000),
	STAGE("decisionmakerboughtin", BOTTOM, 8000),
	STAGE("Demo Scheduled", MIDDLE, -1),
	STAGE("Id. Decision Makers", MIDDLE, 6000),
	STAGE("Lead In", TOP, -1),
	STAGE("Needs Analysis", TOP, 2000),
	STAGE("Negotiation/Review", BOTTOM, 9000),
	STAGE("Negotiations Started", BOTTOM, -1),
	STAGE("Perception Analysis", BOTTOM, 7000),
	STAGE("Presentation Scheduled", MIDDLE, 6000),
	STAGE("presentationscheduled", MIDDLE, 6000),
	STAGE("Proposal Made", MIDDLE, -1),
	STAGE("Proposal/Price Quote", BOTTOM, 7500),
	STAGE("Prospecting", TOP, 1000),
	STAGE("Qualification", TOP, 1000),
	STAGE("Qualified", TOP, -1),
	STAGE("Qualified To Buy", MIDDLE, 4000),
	STAGE("qualifiedtobuy", MIDDLE, 4000),
	STAGE("Value Proposition", MIDDLE, 5000),
};

static int lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

int fnl_rules_name_cmp(struct fnl_span a, struct fnl_span b)
{
	for (size_t i = 0; i < a.len && i < b.len; i++) {
		int c = lower(a.data[i]) - lower(b.data[i]);
		if (c != 0) {
			return c;
		}
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

int fnl_stage_rule_cmp(const struct fnl_stage_rule *a, const struct fnl_stage_rule *b)
{
	int c = fnl_span_cmp(a->pipeline, b->pipeline);
	return c != 0 ? c : fnl_rules_name_cmp(a->stage, b->stage);
}

/* The first rule that is not before the wanted one. */
static size_t lower_bound(const struct fnl_stage_rule *stages, size_t count, const struct fnl_stage_rule *wanted)
{
	size_t low = 0;
	size_t high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (fnl_stage_rule_cmp(&stages[middle], wanted) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static const struct fnl_stage_rule *find(const struct fnl_rules *r, struct fnl_span pipeline, struct fnl_span stage)
{
	struct fnl_stage_rule wanted = {.pipeline = pipeline, .stage = stage};
	size_t at = lower_bound(r->stages, r->stage_count, &wanted);
	return at < r->stage_count && fnl_stage_rule_cmp(&r->stages[at], &wanted) == 0 ? &r->stages[at] : NULL;
}

const struct fnl_stage_rule *fnl_rules_stage(const struct fnl_rules *r, struct fnl_span pipeline, struct fnl_span stage)
{
	const struct fnl_stage_rule *rule = NULL;
	/* any-pipeline rules sort first: without a pipeline in the last rule there is none at all */
	if (pipeline.len && r->stage_count && r->stages[r->stage_count - 1].pipeline.data) {
		rule = find(r, pipeline, stage);
	}
	rule = rule ? rule : find(r, FNL_SPAN_NONE, stage);
	return rule && rule->layer != FNL_LAYER_UNCLASSIFIED ? rule : NULL;
}

static int bad_stage(struct fnl_error *why, struct fnl_span stage, struct fnl_span value)
{
	return fnl_fail(
		why, FNL_E_INVALID,
		"stage '%.*s' = '%.*s': expected TOP, MIDDLE, BOTTOM or UNCLASSIFIED, and after it the stage's default "
		"probability from 0 to 100 %%, or nothing, as in 'TOP 10%%'",
		(int)stage.len, (const char *)stage.data, (int)value.len, (const char *)value.data);
}

/* "TOP", "TOP 10%" */
static bool parse_stage_value(struct fnl_span value, struct fnl_stage_rule *rule)
{
	static const int layers[] = {FNL_LAYER_TOP, FNL_LAYER_MIDDLE, FNL_LAYER_BOTTOM, FNL_LAYER_UNCLASSIFIED};
	size_t word_len = 0;
	int64_t probability_bp = -1;
	int layer = -1;

	while (word_len < value.len && value.data[word_len] != ' ' && value.data[word_len] != '\t') {
		word_len++;
	}
	for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
		if (fnl_rules_same_word(fnl_span_of(value.data, word_len), fnl_symbols_layer[layers[i]])) {
			layer = layers[i];
		}
	}
	struct fnl_span rest = fnl_rules_trim(fnl_span_of(value.data + word_len, value.len - word_len));
	if (layer < 0) {
		return false;
	}
	if (rest.len && (rest.data[rest.len - 1] != '%' || !fnl_rules_parse_bp(rest, &probability_bp) ||
	                 probability_bp > 10000 || layer == FNL_LAYER_UNCLASSIFIED)) {
		return false;
	}
	rule->layer = layer;
	rule->probability_bp = (int32_t)probability_bp;
	return true;
}

int fnl_rules_set_stage(struct fnl_rules_builder *b, struct fnl_span pipeline, struct fnl_span stage,
                        struct fnl_span value, int line, struct fnl_error *why)
{
	struct fnl_stage_rule rule = {.pipeline = pipeline, .stage = stage};
	if (stage.len == 0 || stage.len > FNL_RULES_NAME_BYTES_MAX || pipeline.len > FNL_RULES_NAME_BYTES_MAX) {
		return fnl_fail(why, FNL_E_INVALID, "the names of a stage and of its pipeline have 1 to %d bytes",
		                FNL_RULES_NAME_BYTES_MAX);
	}
	if (value.len > FNL_RULES_NAME_BYTES_MAX || !parse_stage_value(value, &rule)) {
		return bad_stage(why, stage, value.len > FNL_RULES_NAME_BYTES_MAX ? FNL_SPAN_LIT("…") : value);
	}
	size_t at = lower_bound(b->stages, b->stage_count, &rule);
	bool known = at < b->stage_count && fnl_stage_rule_cmp(&b->stages[at], &rule) == 0;
	if (known && b->stage_line[at] > 0) {
		return fnl_fail(why, FNL_E_INVALID, "stage '%.*s' is given twice; first in line %d", (int)stage.len,
		                (const char *)stage.data, b->stage_line[at]);
	}
	if (!known && b->stage_count == FNL_RULES_STAGES_MAX) {
		return fnl_fail(why, FNL_E_LIMIT, "more than %d stages, those of the defaults included", FNL_RULES_STAGES_MAX);
	}
	rule.stage = fnl_arena_dup(b->arena, stage);
	rule.pipeline = fnl_arena_dup(b->arena, pipeline);
	if (fnl_span_is_none(rule.stage) || fnl_span_is_none(rule.pipeline) != fnl_span_is_none(pipeline)) {
		return FNL_E_NOMEM;
	}
	if (!known) {
		memmove(&b->stages[at + 1], &b->stages[at], (b->stage_count - at) * sizeof(b->stages[0]));
		memmove(&b->stage_line[at + 1], &b->stage_line[at], (b->stage_count - at) * sizeof(b->stage_line[0]));
		b->stage_count++;
	}
	b->stages[at] = rule;
	b->stage_line[at] = line > 0 ? line : 1;
	return FNL_OK;
}
