/* When a prospect stalls, by layer and by stage, and the remedy of each cause. */
#include "rules_internal.h"

#define TEXT(s) (int)(s).len, (const char *)(s).data

enum { REMEDY_BYTES_MAX = 64 };

static int threshold_cmp(const struct fnl_stage_threshold *a, const struct fnl_stage_threshold *b)
{
	int c = fnl_rules_name_cmp(a->stage, b->stage);
	return c != 0 ? c : (int)a->rule - (int)b->rule;
}

/* The first one that is not before the wanted one. */
static size_t lower_bound(const struct fnl_stage_threshold *thresholds, size_t count,
                          const struct fnl_stage_threshold *wanted)
{
	size_t low = 0;
	size_t high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (threshold_cmp(&thresholds[middle], wanted) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static const struct fnl_stage_threshold *find(const struct fnl_stage_threshold *thresholds, size_t count,
                                              enum fnl_layer_rule rule, struct fnl_span stage)
{
	struct fnl_stage_threshold wanted = {.stage = stage, .rule = rule};
	size_t at = lower_bound(thresholds, count, &wanted);
	return at < count && threshold_cmp(&thresholds[at], &wanted) == 0 ? &thresholds[at] : NULL;
}

static size_t key_at(enum fnl_layer_rule rule, int layer)
{
	return (size_t)FNL_RULES_AT_STUCK + (size_t)rule * FNL_FUNNEL_LAYERS + (size_t)(layer - FNL_LAYER_TOP);
}

int64_t fnl_rules_by_layer(const struct fnl_rules *r, enum fnl_layer_rule rule, int layer, struct fnl_span stage)
{
	const struct fnl_stage_threshold *of_stage = NULL;
	if (r->threshold_count && rule < FNL_RULE_OF_STAGE_COUNT && !fnl_span_is_none(stage)) {
		of_stage = find(r->thresholds, r->threshold_count, rule, stage);
	}
	return of_stage ? of_stage->value : r->values[key_at(rule, layer)];
}

const struct fnl_rule_key *fnl_rules_layer_key(enum fnl_layer_rule rule)
{
	size_t count;
	return &fnl_rules_keys(&count)[key_at(rule, FNL_LAYER_TOP)];
}

/* The rule that a key of "[thresholds …]" names, or FNL_RULE_OF_STAGE_COUNT. */
static int rule_of(struct fnl_span key)
{
	int rule = 0;
	while (rule < FNL_RULE_OF_STAGE_COUNT &&
	       !fnl_rules_same_word(key, fnl_rules_layer_key((enum fnl_layer_rule)rule)->section)) {
		rule++;
	}
	return rule;
}

int fnl_rules_set_threshold(struct fnl_rules_builder *b, struct fnl_span stage, struct fnl_span key,
                            struct fnl_span value, int line, struct fnl_error *why)
{
	static const char head[] = "thresholds ";
	char section[sizeof(head) + FNL_RULES_NAME_BYTES_MAX];
	int rule = rule_of(key);
	if (fnl_span_is_none(stage)) {
		return fnl_fail(why, FNL_E_INVALID, "[thresholds] wants a stage's name, as in [thresholds Prospecting]");
	}
	if (rule == FNL_RULE_OF_STAGE_COUNT) {
		return fnl_fail(
			why, FNL_E_INVALID,
			"[thresholds %.*s] %.*s: expected stuck, stuck_cumulative, silent, stale_edit, stale_close_date, "
			"stale_amount or slipped",
			TEXT(stage), TEXT(key));
	}
	const struct fnl_rule_key *k = fnl_rules_layer_key((enum fnl_layer_rule)rule);
	struct fnl_stage_threshold threshold = {.stage = stage, .rule = (enum fnl_layer_rule)rule};
	memcpy(section, head, sizeof(head) - 1);
	memcpy(section + sizeof(head) - 1, stage.data, stage.len);
	struct fnl_span name = fnl_span_of(section, sizeof(head) - 1 + stage.len);
	size_t at = lower_bound(b->thresholds, b->threshold_count, &threshold);
	if (at < b->threshold_count && threshold_cmp(&b->thresholds[at], &threshold) == 0) {
		return fnl_fail(why, FNL_E_INVALID, "[%.*s] %s is given twice; first in line %d", TEXT(name), k->section,
		                b->threshold_line[at]);
	}
	if (b->threshold_count == FNL_RULES_THRESHOLDS_MAX) {
		return fnl_fail(why, FNL_E_LIMIT, "more than %d thresholds of stages", FNL_RULES_THRESHOLDS_MAX);
	}
	int r = fnl_rules_parse_value(k, name, k->section, value, &threshold.value, why);
	if (r) {
		return r;
	}
	threshold.stage = fnl_arena_dup(b->arena, stage);
	if (fnl_span_is_none(threshold.stage)) {
		return FNL_E_NOMEM;
	}
	memmove(&b->thresholds[at + 1], &b->thresholds[at], (b->threshold_count - at) * sizeof(b->thresholds[0]));
	memmove(&b->threshold_line[at + 1], &b->threshold_line[at],
	        (b->threshold_count - at) * sizeof(b->threshold_line[0]));
	b->thresholds[at] = threshold;
	b->threshold_line[at] = line;
	b->threshold_count++;
	return FNL_OK;
}

static int64_t threshold_of(const struct fnl_rules_builder *b, enum fnl_layer_rule rule, int layer,
                            struct fnl_span stage)
{
	const struct fnl_stage_threshold *t = find(b->thresholds, b->threshold_count, rule, stage);
	return t ? t->value : b->values[key_at(rule, layer)];
}

/* A stage that none knows is a typing error. Whoever gives a stage more time than its layer's cumulative time would
 * never see it: as for a layer, the one is at least the other. */
static int check_stage(const struct fnl_rules_builder *b, struct fnl_span stage, struct fnl_error *why)
{
	bool known = false;
	for (size_t i = 0; i < b->stage_count; i++) {
		const struct fnl_stage_rule *s = &b->stages[i];
		if (fnl_rules_name_cmp(s->stage, stage) != 0) {
			continue;
		}
		known = true;
		if (s->layer == FNL_LAYER_UNCLASSIFIED) {
			continue;
		}
		int64_t latest = threshold_of(b, FNL_RULE_STUCK, s->layer, stage);
		int64_t cumulative = threshold_of(b, FNL_RULE_STUCK_CUMULATIVE, s->layer, stage);
		if (cumulative < latest) {
			return fnl_fail(why, FNL_E_INVALID,
			                "[thresholds %.*s]: in %s, stuck_cumulative = %lld must be at least stuck = %lld; a stage "
			                "that is given the one may need the other, too",
			                TEXT(stage), fnl_symbols_layer[s->layer], (long long)cumulative, (long long)latest);
		}
	}
	return known ? FNL_OK
	             : fnl_fail(why, FNL_E_INVALID, "[thresholds %.*s]: no [stages] has the stage '%.*s'", TEXT(stage),
	                        TEXT(stage));
}

int fnl_rules_check_thresholds(const struct fnl_rules_builder *b, struct fnl_error *why)
{
	for (size_t i = 0; i < b->threshold_count; i++) {
		bool checked = i > 0 && fnl_rules_name_cmp(b->thresholds[i].stage, b->thresholds[i - 1].stage) == 0;
		int r = checked ? FNL_OK : check_stage(b, b->thresholds[i].stage, why);
		if (r) {
			return r;
		}
	}
	return FNL_OK;
}

int fnl_rules_set_remedy(struct fnl_rules_builder *b, size_t cause, struct fnl_span value, const char *key,
                         struct fnl_error *why)
{
	bool good = value.len > 0 && value.len <= REMEDY_BYTES_MAX;
	for (size_t i = 0; i < value.len && good; i++) {
		uint8_t c = value.data[i];
		good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
	}
	if (!good) {
		value.len = value.len > 80 ? 80 : value.len;
		return fnl_fail(
			why, FNL_E_INVALID,
			"[remedies] %s = '%.*s': expected a code of 1 to %d small letters, digits and '-', as in win-back", key,
			TEXT(value), REMEDY_BYTES_MAX);
	}
	struct fnl_span code = fnl_arena_dup(b->arena, value);
	if (fnl_span_is_none(code)) {
		return FNL_E_NOMEM;
	}
	b->remedies[cause] = code;
	return FNL_OK;
}
