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

static void check_days(const int32_t *days, size_t count)
{
	expect(count <= FNL_CALENDAR_DAYS_MAX);
	for (size_t i = 1; i < count; i++) {
		expect(days[i - 1] < days[i]);
	}
}

/* And business time goes both ways. */
static void check_calendar(const struct fnl_rules *r)
{
	const struct fnl_calendar *c = &r->calendar;
	expect(c->week_mask > 0 && c->week_mask < 0x80 && c->offset_count <= FNL_CALENDAR_OFFSETS_MAX);
	expect(c->offset_count == 0 || !fnl_span_is_none(r->zone));
	for (size_t i = 0; i < c->offset_count; i++) {
		expect(c->offsets[i].offset_s >= -50400 && c->offsets[i].offset_s <= 50400);
		expect(i == 0 || c->offsets[i - 1].from_ms < c->offsets[i].from_ms);
	}
	check_days(c->holidays, c->holiday_count);
	check_days(c->extra_days, c->extra_day_count);
	int64_t from = c->offset_count ? c->offsets[c->offset_count / 2].from_ms - 5400000 : 0;
	for (int64_t ms = 0; ms < 40 * FNL_BUSINESS_DAY_MS; ms = ms * 3 + 1800001) {
		int64_t at = fnl_business_after(c, from, ms);
		int64_t between = fnl_business_between(c, from, at);
		expect(at >= from && fnl_is_business_day(c, fnl_local_day(c, at)));
		expect(between == ms || (between > ms && c->offset_count > 1));
	}
	for (size_t i = 0; i < c->extra_day_count; i++) {
		expect(fnl_is_business_day(c, c->extra_days[i]));
	}
	for (size_t i = 0; i < c->holiday_count; i++) {
		expect(!fnl_is_business_day(c, c->holidays[i]));
	}
}

static void check_supervision(const struct fnl_rules *r)
{
	expect(r->threshold_count <= FNL_RULES_THRESHOLDS_MAX);
	for (size_t i = 0; i < r->threshold_count; i++) {
		const struct fnl_stage_threshold *t = &r->thresholds[i];
		const struct fnl_rule_key *k = fnl_rules_layer_key(t->rule);
		expect(t->rule < FNL_RULE_OF_STAGE_COUNT && k->min <= t->value && t->value <= k->max);
		expect(fnl_rules_by_layer(r, t->rule, FNL_LAYER_MIDDLE, t->stage) == t->value);
	}
	for (size_t i = 0; i < FNL_CAUSE_COUNT; i++) {
		expect(r->remedies[i].len >= 1 && r->remedies[i].len <= 64);
	}
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed);

/* A line of the sections that are no keys of the table. */
static int write_special(char *line, size_t room, unsigned seed)
{
	static const char *const layers[] = {"TOP", "MIDDLE", "BOTTOM", "UNCLASSIFIED"};
	static const char *const zones[] = {"UTC", "Europe/Berlin", "Etc/GMT+5", "../x"};
	unsigned n = seed / 8;
	switch (seed % 8) {
	case 0:
		return snprintf(line, room, "[calendar]\nholidays = 2026-%02u-%02u, 2026-12-25\n", n % 14, n / 14 % 33);
	case 1:
		return snprintf(line, room, "[calendar]\nextra_working_days = 2026-%02u-%02u\n", n % 14, n / 14 % 33);
	case 2:
		return snprintf(line, room, "[calendar]\nzone = %s\n", zones[n % 4]);
	case 3:
		return snprintf(line, room, "[zone]\n20%02u-03-29T%02u:00:00Z = %c%02u:%02u\n", n % 60, n / 60 % 25,
		                n & 1 ? '-' : '+', n / 7 % 16, n / 5 % 61);
	case 4:
	case 5:
		return snprintf(line, room, "[thresholds S%u]\n%s = %u\n", n % 8,
		                fnl_rules_layer_key((enum fnl_layer_rule)(n / 8 % FNL_RULE_NEXT_MEETING))->section,
		                n / 64 % 130);
	case 6:
		return snprintf(line, room, "[remedies]\n%s = r-%u\n", fnl_symbols_cause[n % FNL_CAUSE_COUNT], n);
	default:
		return snprintf(line, room, "[stages%s]\nS%u = %s %u.%u%%\n", n & 1 ? " P" : "", n / 2 % 8, layers[n / 16 % 4],
		                95 + n / 64 % 10, n / 1024 % 100);
	}
}

/* One of those, or a key with a number at, or next to, one of its bounds. Returns the length. */
static size_t write_line(char *line, size_t room, unsigned seed)
{
	size_t count;
	const struct fnl_rule_key *k = fnl_rules_keys(&count);
	k += seed / 16 % count;
	long long bounds[] = {k->min - 1, k->min, k->value, k->max, k->max + 1};
	int n = seed % 2 == 0 ? write_special(line, room, seed / 2)
	                      : snprintf(line, room, "[%s]\n%s = %lld\n", k->section, k->key, bounds[seed / 4096 % 5]);
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
		check_calendar(rules);
		check_supervision(rules);
	} else {
		expect((rc == FNL_E_INVALID || rc == FNL_E_LIMIT) && reports > 0 && !rules && why.code == rc && why.text[0]);
	}
	fnl_arena_deinit(&arena);
	return 0;
}
