#include "rules_internal.h"

#define TEXT(s) (int)(s).len, (const char *)(s).data

static int lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

bool fnl_rules_same_word(struct fnl_span s, const char *word)
{
	size_t i = 0;
	for (; i < s.len && word[i]; i++) {
		if (lower(s.data[i]) != lower((uint8_t)word[i])) {
			return false;
		}
	}
	return i == s.len && word[i] == '\0';
}

struct fnl_span fnl_rules_trim(struct fnl_span s)
{
	while (s.len && (s.data[0] == ' ' || s.data[0] == '\t')) {
		s = fnl_span_of(s.data + 1, s.len - 1);
	}
	while (s.len && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t')) {
		s.len--;
	}
	return s;
}

bool fnl_rules_parse_bp(struct fnl_span s, int64_t *ret)
{
	int64_t whole = 0;
	int64_t hundredths = 0;
	if (s.len == 0 || s.data[s.len - 1] != '%') {
		return fnl_parse_decimal(s, ret);
	}
	s = fnl_rules_trim(fnl_span_of(s.data, s.len - 1));
	const uint8_t *point = s.len ? memchr(s.data, '.', s.len) : NULL;
	size_t whole_len = point ? (size_t)(point - s.data) : s.len;
	if (whole_len > 9 || !fnl_parse_decimal(fnl_span_of(s.data, whole_len), &whole) || s.data[0] == '-') {
		return false;
	}
	if (point) {
		size_t len = s.len - whole_len - 1;
		if (len < 1 || len > 2 || point[1] == '-' || !fnl_parse_decimal(fnl_span_of(point + 1, len), &hundredths)) {
			return false;
		}
		hundredths *= len == 1 ? 10 : 1;
	}
	*ret = whole * 100 + hundredths;
	return true;
}

int fnl_rules_begin(struct fnl_arena *arena, struct fnl_rules_builder **ret)
{
	struct fnl_rules_builder *b = fnl_arena_calloc(arena, 1, sizeof(*b));
	const struct fnl_rules *defaults = fnl_rules_default();
	if (!b) {
		return FNL_E_NOMEM;
	}
	b->arena = arena;
	memcpy(b->values, defaults->values, sizeof(b->values));
	memcpy(b->stages, defaults->stages, defaults->stage_count * sizeof(b->stages[0]));
	b->stage_count = defaults->stage_count;
	*ret = b;
	return FNL_OK;
}

/* Levenshtein's distance of two short names, or a large number. */
static size_t distance(struct fnl_span a, struct fnl_span b)
{
	size_t row[65];
	if (a.len > 64 || b.len > 64) {
		return SIZE_MAX;
	}
	for (size_t j = 0; j <= b.len; j++) {
		row[j] = j;
	}
	for (size_t i = 1; i <= a.len; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t best = diagonal + (lower(a.data[i - 1]) != lower(b.data[j - 1]));
			diagonal = row[j];
			best = best < row[j] + 1 ? best : row[j] + 1;
			row[j] = best < row[j - 1] + 1 ? best : row[j - 1] + 1;
		}
	}
	return row[b.len];
}

static int unknown_key(struct fnl_span section, struct fnl_span key, struct fnl_error *why)
{
	size_t count;
	const struct fnl_rule_key *keys = fnl_rules_keys(&count);
	const struct fnl_rule_key *nearest = &keys[0];
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < count; i++) {
		size_t of_section = distance(section, fnl_span_str(keys[i].section));
		size_t of_key = distance(key, fnl_span_str(keys[i].key));
		size_t d = of_section > 64 || of_key > 64 ? SIZE_MAX - 1 : of_section + of_key;
		if (d < best) {
			best = d;
			nearest = &keys[i];
		}
	}
	return fnl_fail(why, FNL_E_INVALID, "no such rule: %.*s in [%.*s]; the nearest is %s in [%s]", TEXT(key),
	                TEXT(section), nearest->key, nearest->section);
}

static bool parse_choice(const struct fnl_rule_key *k, struct fnl_span value, int64_t *ret)
{
	for (int64_t i = k->min; i <= k->max; i++) {
		if (fnl_rules_same_word(value, k->choices[i - k->min])) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static bool parse_value(const struct fnl_rule_key *k, struct fnl_span value, int64_t *ret)
{
	if (k->unit == FNL_RULE_CHOICE) {
		return parse_choice(k, value, ret);
	}
	if (k->unit == FNL_RULE_BP) {
		return fnl_rules_parse_bp(value, ret);
	}
	if (k->unit == FNL_RULE_NEVER_BD && fnl_rules_same_word(value, "never")) {
		*ret = 0;
		return true;
	}
	return fnl_parse_decimal(value, ret);
}

static int bad_value(const struct fnl_rule_key *k, struct fnl_span value, struct fnl_error *why)
{
	char choices[160] = "";
	size_t used = 0;

	if (k->unit != FNL_RULE_CHOICE) {
		const char *unit = fnl_rule_unit_text(k->unit);
		return fnl_fail(why, FNL_E_INVALID, "[%s] %s = '%.*s': expected %lld to %lld%s%s%s", k->section, k->key,
		                value.len > 80 ? 80 : (int)value.len, (const char *)value.data, (long long)k->min,
		                (long long)k->max, unit[0] ? " " : "", unit, k->unit == FNL_RULE_NEVER_BD ? ", or never" : "");
	}
	for (size_t i = 0; k->choices[i]; i++) {
		size_t len = strlen(k->choices[i]);
		if (used + len + 3 > sizeof(choices)) {
			break;
		}
		memcpy(choices + used, i ? ", " : "", i ? 2 : 0);
		used += i ? 2 : 0;
		memcpy(choices + used, k->choices[i], len);
		used += len;
	}
	choices[used] = '\0';
	return fnl_fail(why, FNL_E_INVALID, "[%s] %s = '%.*s': expected one of %s", k->section, k->key,
	                value.len > 80 ? 80 : (int)value.len, (const char *)value.data, choices);
}

/* "stages" gives an absent pipeline, "stages X" gives X; false for other sections. */
static bool is_stages(struct fnl_span section, struct fnl_span *ret_pipeline)
{
	static const char word[] = "stages";
	size_t len = sizeof(word) - 1;
	if (section.len < len || !fnl_rules_same_word(fnl_span_of(section.data, len), word)) {
		return false;
	}
	if (section.len > len && section.data[len] != ' ' && section.data[len] != '\t') {
		return false;
	}
	struct fnl_span rest = fnl_rules_trim(fnl_span_of(section.data + len, section.len - len));
	*ret_pipeline = rest.len ? rest : FNL_SPAN_NONE;
	return true;
}

int fnl_rules_set(struct fnl_rules_builder *b, struct fnl_span section, struct fnl_span key, struct fnl_span value,
                  int line, struct fnl_error *why)
{
	struct fnl_span pipeline;
	size_t count;
	const struct fnl_rule_key *keys = fnl_rules_keys(&count);

	section = fnl_rules_trim(section);
	key = fnl_rules_trim(key);
	value = fnl_rules_trim(value);
	if (section.len > FNL_RULES_NAME_BYTES_MAX || key.len > FNL_RULES_NAME_BYTES_MAX) {
		return fnl_fail(why, FNL_E_INVALID, "a name of more than %d bytes", FNL_RULES_NAME_BYTES_MAX);
	}
	if (is_stages(section, &pipeline)) {
		return fnl_rules_set_stage(b, pipeline, key, value, line, why);
	}
	for (size_t i = 0; i < count; i++) {
		int64_t v;
		if (!fnl_rules_same_word(section, keys[i].section) || !fnl_rules_same_word(key, keys[i].key)) {
			continue;
		}
		if (b->key_line[i] != 0) {
			return fnl_fail(why, FNL_E_INVALID, "[%s] %s is given twice; first in line %d", keys[i].section,
			                keys[i].key, b->key_line[i]);
		}
		b->key_line[i] = line > 0 ? line : 1;
		if (!parse_value(&keys[i], value, &v) || v < keys[i].min || v > keys[i].max) {
			return bad_value(&keys[i], value, why);
		}
		b->values[i] = v;
		return FNL_OK;
	}
	return unknown_key(section, key, why);
}

/* Values of keys that belong together must grow: at is the first of them. */
static int check_growing(const struct fnl_rules_builder *b, size_t at, size_t n, bool equal_too, struct fnl_error *why)
{
	size_t count;
	const struct fnl_rule_key *keys = fnl_rules_keys(&count);
	for (size_t i = at + 1; i < at + n; i++) {
		if (b->values[i] < b->values[i - 1] || (!equal_too && b->values[i] == b->values[i - 1])) {
			return fnl_fail(why, FNL_E_INVALID, "[%s] %s = %lld must be %s [%s] %s = %lld", keys[i].section,
			                keys[i].key, (long long)b->values[i], equal_too ? "at least" : "above", keys[i - 1].section,
			                keys[i - 1].key, (long long)b->values[i - 1]);
		}
	}
	return FNL_OK;
}

static size_t find_key(const char *section, const char *key)
{
	size_t count;
	const struct fnl_rule_key *keys = fnl_rules_keys(&count);
	size_t i = 0;
	while (i + 1 < count && (strcmp(keys[i].section, section) != 0 || strcmp(keys[i].key, key) != 0)) {
		i++;
	}
	return i;
}

static int check_cumulative(const struct fnl_rules_builder *b, struct fnl_error *why)
{
	static const char *const names[FNL_FUNNEL_LAYERS] = {"top", "middle", "bottom"};
	for (size_t i = 0; i < FNL_FUNNEL_LAYERS; i++) {
		int64_t latest = b->values[FNL_RULES_AT_STUCK + i];
		int64_t cumulative = b->values[FNL_RULES_AT_STUCK_CUMULATIVE + i];
		if (cumulative < latest) {
			return fnl_fail(why, FNL_E_INVALID, "[stuck_cumulative] %s = %lld must be at least [stuck] %s = %lld",
			                names[i], (long long)cumulative, names[i], (long long)latest);
		}
	}
	return FNL_OK;
}

static int check_together(const struct fnl_rules_builder *b, struct fnl_error *why)
{
	if (b->values[FNL_RULES_AT_MANUAL_FROM] != 0) {
		return fnl_fail(why, FNL_E_INVALID, "[manual_from] top = %lld must be 0, so that each probability has a layer",
		                (long long)b->values[FNL_RULES_AT_MANUAL_FROM]);
	}
	int r = check_growing(b, FNL_RULES_AT_NOMINAL, FNL_FUNNEL_LAYERS, true, why);
	r = r ? r : check_growing(b, FNL_RULES_AT_MANUAL_FROM, FNL_FUNNEL_LAYERS, false, why);
	r = r ? r : check_cumulative(b, why);
	r = r ? r : check_growing(b, find_key("performance", "band_1_percent"), 4, false, why);
	if (r) {
		return r;
	}
	int64_t factor = b->values[find_key("territory", "area_factor_bp")];
	int64_t low = b->values[find_key("territory", "area_factor_min_bp")];
	int64_t high = b->values[find_key("territory", "area_factor_max_bp")];
	if (factor < low || factor > high) {
		return fnl_fail(why, FNL_E_INVALID,
		                "[territory] area_factor_bp = %lld must be within its own range, %lld to %lld",
		                (long long)factor, (long long)low, (long long)high);
	}
	return FNL_OK;
}

int fnl_rules_finish(struct fnl_rules_builder *b, const struct fnl_rules **ret, struct fnl_error *why)
{
	int r = check_together(b, why);
	if (r < 0) {
		return r;
	}
	struct fnl_rules *rules = fnl_arena_calloc(b->arena, 1, sizeof(*rules));
	if (!rules) {
		return FNL_E_NOMEM;
	}
	rules->version = (int32_t)b->values[FNL_RULES_AT_VERSION];
	for (size_t i = 0; i < FNL_FUNNEL_LAYERS; i++) {
		rules->nominal_bp[i] = (int32_t)b->values[FNL_RULES_AT_NOMINAL + i];
		rules->manual_from_bp[i] = (int32_t)b->values[FNL_RULES_AT_MANUAL_FROM + i];
	}
	rules->weighting_prospect = b->values[FNL_RULES_AT_WEIGHTING] != 0;
	rules->deleted_keep_days = b->values[FNL_RULES_AT_DELETED_KEEP_DAYS];
	rules->stages = b->stages;
	rules->stage_count = b->stage_count;
	memcpy(rules->values, b->values, sizeof(rules->values));
	*ret = rules;
	return FNL_OK;
}
