/* Any bytes as a rules file. What is accepted keeps to the key table and finds every stage of its own map; what is
 * refused says why, at least once, and leaves the result alone. */
#include <stdlib.h>

#include "funneld/adapters/settings.h"

static void expect(bool ok)
{
	if (!ok) {
		abort();
	}
}

static void count_report(void *context, const char *message)
{
	expect(strncmp(message, "rules.ini:", 10) == 0);
	++*(size_t *)context;
}

static void check_values(const struct fnl_rules *r)
{
	size_t count;
	const struct fnl_rule_key *keys = fnl_rules_keys(&count);
	for (size_t i = 0; i < count; i++) {
		expect(keys[i].min <= r->values[i] && r->values[i] <= keys[i].max);
	}
	for (size_t i = 0; i < FNL_FUNNEL_LAYERS; i++) {
		expect(r->nominal_bp[i] >= 0 && r->nominal_bp[i] <= 10000);
		expect(i == 0 ? r->manual_from_bp[i] == 0 : r->manual_from_bp[i] > r->manual_from_bp[i - 1]);
	}
}

static void check_stages(const struct fnl_rules *r)
{
	expect(r->stage_count >= fnl_rules_default()->stage_count && r->stage_count <= FNL_RULES_STAGES_MAX);
	for (size_t i = 0; i < r->stage_count; i++) {
		const struct fnl_stage_rule *s = &r->stages[i];
		expect(s->stage.len > 0 && s->probability_bp >= -1 && s->probability_bp <= 10000);
		expect(fnl_rules_stage(r, s->pipeline, s->stage) == (s->layer == FNL_LAYER_UNCLASSIFIED ? NULL : s));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fnl_arena arena;
	struct fnl_error why = {0};
	const struct fnl_rules *rules = NULL;
	size_t reports = 0;
	fnl_arena_init(&arena, 16 << 20);
	int rc = fnl_rules_parse(fnl_span_of(data, size), "rules.ini", &arena, &rules, count_report, &reports, &why);
	if (rc == 0) {
		expect(reports == 0 && rules);
		check_values(rules);
		check_stages(rules);
	} else {
		expect((rc == FNL_E_INVALID || rc == FNL_E_LIMIT) && reports > 0 && !rules && why.code == rc && why.text[0]);
	}
	fnl_arena_deinit(&arena);
	return 0;
}
