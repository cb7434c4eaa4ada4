/* Any bytes as a rules file. What is accepted keeps to the key table and finds every stage of its own map; what is
 * refused says why, at least once, and leaves the result alone. */
#include <stdio.h>
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

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed);

/* A line for a stage, or a key with a number at, or next to, one of its bounds. Returns the length. */
static size_t write_line(char *line, size_t room, unsigned seed)
{
	static const char *const layers[] = {"TOP", "MIDDLE", "BOTTOM", "UNCLASSIFIED"};
	size_t count;
	const struct fnl_rule_key *k = fnl_rules_keys(&count);
	k += seed / 16 % count;
	long long bounds[] = {k->min - 1, k->min, k->value, k->max, k->max + 1};
	int n;
	if (seed % 4 == 0) {
		n = snprintf(line, room, "[stages%s]\nS%u = %s %u.%u%%\n", seed & 16 ? " P" : "", seed / 32 % 8,
		             layers[seed / 256 % 4], 95 + seed / 1024 % 10, seed / 16384 % 100);
	} else {
		n = snprintf(line, room, "[%s]\n%s = %lld\n", k->section, k->key, bounds[seed / 4096 % 5]);
	}
	return n < 0 ? 0 : (size_t)n;
}

/* Bytes alone seldom make a whole line that is nearly right: half of the inputs get one. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed)
{
	char line[128];
	size_t len = write_line(line, sizeof(line), seed / 2);
	if (seed % 2 || size + len > size_max) {
		return LLVMFuzzerMutate(data, size, size_max);
	}
	const uint8_t *end = size ? memchr(data + seed % size, '\n', size - seed % size) : NULL;
	size_t at = end ? (size_t)(end - data) + 1 : size;
	memmove(data + at + len, data + at, size - at);
	memcpy(data + at, line, len);
	return size + len;
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
