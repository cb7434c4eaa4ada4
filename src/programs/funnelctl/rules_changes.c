#include "rules_changes.h"

#include <inttypes.h>
#include <stdio.h>

static void add(struct fnl_rules_changes *c, const char *name, const char *was, const char *is)
{
	if (strcmp(was, is) == 0 || c->count == c->capacity) {
		return;
	}
	struct fnl_rules_change *x = &c->at[c->count++];
	snprintf(x->name, sizeof(x->name), "%s", name);
	snprintf(x->was, sizeof(x->was), "%s", was);
	snprintf(x->is, sizeof(x->is), "%s", is);
}

static const char *layer_name(int layer)
{
	return layer >= 0 && layer < FNL_LAYER_COUNT ? fnl_symbols_layer[layer] : "?";
}

static const char *stage_text(const struct fnl_stage_rule *r, char *buffer, size_t size)
{
	if (!r) {
		return "not known";
	}
	if (r->probability_bp < 0) {
		snprintf(buffer, size, "%s", layer_name(r->layer));
	} else {
		snprintf(buffer, size, "%s, %d bp", layer_name(r->layer), (int)r->probability_bp);
	}
	return buffer;
}

/* Stages of `in` against those of `base`; only those that base lacks when missing_only. */
static void compare_stages(struct fnl_rules_changes *c, const struct fnl_rules *in, const struct fnl_rules *base,
                           bool missing_only)
{
	for (size_t i = 0; i < in->stage_count; i++) {
		const struct fnl_stage_rule *r = &in->stages[i];
		const struct fnl_stage_rule *other = fnl_rules_stage(base, r->pipeline, r->stage);
		char name[160], mine[64], theirs[64];
		if (missing_only && other) {
			continue;
		}
		snprintf(name, sizeof(name), "stage %.*s%s%.*s", (int)(r->pipeline.data ? r->pipeline.len : 0),
		         r->pipeline.data ? (const char *)r->pipeline.data : "", r->pipeline.data ? " / " : "",
		         (int)r->stage.len, (const char *)r->stage.data);
		const char *in_text = stage_text(r, mine, sizeof(mine));
		const char *base_text = stage_text(other, theirs, sizeof(theirs));
		if (missing_only) {
			add(c, name, in_text, base_text);
		} else {
			add(c, name, base_text, in_text);
		}
	}
}

static const char *value_text(const struct fnl_rule_key *key, int64_t value, char *buffer, size_t size)
{
	if (key->choices) {
		return key->choices[value];
	}
	const char *unit = fnl_rule_unit_text(key->unit);
	snprintf(buffer, size, "%" PRId64 "%s%s", value, *unit ? " " : "", unit);
	return buffer;
}

static void compare_values(struct fnl_rules_changes *c, const struct fnl_rules *rules, const struct fnl_rules *base)
{
	size_t count;
	const struct fnl_rule_key *keys = fnl_rules_keys(&count);
	for (size_t i = 0; i < count; i++) {
		char name[128], was[64], is[64];
		snprintf(name, sizeof(name), "[%s] %s", keys[i].section, keys[i].key);
		add(c, name, value_text(&keys[i], base->values[i], was, sizeof(was)),
		    value_text(&keys[i], rules->values[i], is, sizeof(is)));
	}
}

static void compare_thresholds(struct fnl_rules_changes *c, const struct fnl_rules *rules)
{
	for (size_t i = 0; i < rules->threshold_count; i++) {
		const struct fnl_stage_threshold *t = &rules->thresholds[i];
		const struct fnl_rule_key *key = fnl_rules_layer_key(t->rule);
		char name[160], is[64];
		snprintf(name, sizeof(name), "[thresholds %.*s] %s", (int)t->stage.len, (const char *)t->stage.data,
		         key->section);
		add(c, name, "as its layer", value_text(key, t->value, is, sizeof(is)));
	}
}

static void add_count(struct fnl_rules_changes *c, const char *name, size_t is)
{
	char text[64];
	snprintf(text, sizeof(text), "%zu day%s", is, is == 1 ? "" : "s");
	add(c, name, "0 days", text);
}

static void compare_calendar(struct fnl_rules_changes *c, const struct fnl_rules *rules)
{
	char zone[64] = "UTC";
	if (!fnl_span_is_none(rules->zone)) {
		snprintf(zone, sizeof(zone), "%.*s", (int)rules->zone.len, (const char *)rules->zone.data);
	}
	add(c, "[calendar] zone", "UTC", zone);
	add_count(c, "[calendar] holidays", rules->calendar.holiday_count);
	add_count(c, "[calendar] extra_working_days", rules->calendar.extra_day_count);
}

static void compare_remedies(struct fnl_rules_changes *c, const struct fnl_rules *rules, const struct fnl_rules *base)
{
	for (size_t i = 0; i < FNL_CAUSE_COUNT; i++) {
		char name[64], was[64], is[64];
		snprintf(name, sizeof(name), "[remedies] %s", fnl_symbols_cause[i]);
		for (char *at = strchr(name, ' '); *at; at++) {
			*at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
		}
		snprintf(was, sizeof(was), "%.*s", (int)base->remedies[i].len, (const char *)base->remedies[i].data);
		snprintf(is, sizeof(is), "%.*s", (int)rules->remedies[i].len, (const char *)rules->remedies[i].data);
		add(c, name, was, is);
	}
}

int fnl_rules_compare(const struct fnl_rules *rules, struct fnl_rules_changes *ret)
{
	const struct fnl_rules *base = fnl_rules_default();
	struct fnl_rules_changes c = {NULL, 0,
	                              rules->stage_count + base->stage_count + rules->threshold_count + FNL_RULES_KEYS_MAX +
	                                  FNL_CAUSE_COUNT + 3};
	c.at = fnl_calloc(c.capacity, sizeof(*c.at));
	if (!c.at) {
		return FNL_E_NOMEM;
	}
	compare_values(&c, rules, base);
	compare_calendar(&c, rules);
	compare_thresholds(&c, rules);
	compare_remedies(&c, rules, base);
	compare_stages(&c, rules, base, false);
	compare_stages(&c, base, rules, true);
	*ret = c;
	return 0;
}
