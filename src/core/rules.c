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
	memcpy(b->remedies, defaults->remedies, sizeof(b->remedies));
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

static const struct {
	const char *section;
	const char *key;
} texts[] = {
	[FNL_RULES_TEXT_ZONE] = {"calendar", "zone"},
	[FNL_RULES_TEXT_HOLIDAYS] = {"calendar", "holidays"},
	[FNL_RULES_TEXT_EXTRA_DAYS] = {"calendar", "extra_working_days"},
	[FNL_RULES_TEXT_REMEDY + FNL_CAUSE_OTHER] = {"remedies", "other"},
	[FNL_RULES_TEXT_REMEDY + FNL_CAUSE_BUYER_UNDECIDED] = {"remedies", "buyer_undecided"},
	[FNL_RULES_TEXT_REMEDY + FNL_CAUSE_REP_OUT_OF_CONTACT] = {"remedies", "rep_out_of_contact"},
	[FNL_RULES_TEXT_REMEDY + FNL_CAUSE_BUYER_DILEMMA] = {"remedies", "buyer_dilemma"},
	[FNL_RULES_TEXT_REMEDY + FNL_CAUSE_TAKEN_BY_COMPETITOR] = {"remedies", "taken_by_competitor"},
	[FNL_RULES_TEXT_REMEDY + FNL_CAUSE_NO_CONSENSUS] = {"remedies", "no_consensus"},
	[FNL_RULES_TEXT_REMEDY + FNL_CAUSE_FUNDS_NOT_IN_PLACE] = {"remedies", "funds_not_in_place"},
	[FNL_RULES_TEXT_REMEDY + FNL_CAUSE_APPROVAL_WITHHELD] = {"remedies", "approval_withheld"},
};
_Static_assert(sizeof(texts) / sizeof(texts[0]) == FNL_RULES_TEXT_COUNT, "each text has a name");

struct nearest {
	const char *section;
	const char *key;
	size_t distance;
};

static void look_near(struct fnl_span section, struct fnl_span key, const char *known_section, const char *known_key,
                      struct nearest *best)
{
	size_t of_section = distance(section, fnl_span_str(known_section));
	size_t of_key = distance(key, fnl_span_str(known_key));
	size_t d = of_section > 64 || of_key > 64 ? SIZE_MAX - 1 : of_section + of_key;
	if (d < best->distance) {
		*best = (struct nearest){known_section, known_key, d};
	}
}

static int unknown_key(struct fnl_span section, struct fnl_span key, struct fnl_error *why)
{
	size_t count;
	const struct fnl_rule_key *keys = fnl_rules_keys(&count);
	struct nearest best = {"", "", SIZE_MAX};

	for (size_t i = 0; i < count; i++) {
		look_near(section, key, keys[i].section, keys[i].key, &best);
	}
	for (size_t i = 0; i < FNL_RULES_TEXT_COUNT; i++) {
		look_near(section, key, texts[i].section, texts[i].key, &best);
	}
	return fnl_fail(why, FNL_E_INVALID, "no such rule: %.*s in [%.*s]; the nearest is %s in [%s]", TEXT(key),
	                TEXT(section), best.key, best.section);
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

static bool parse_number(const struct fnl_rule_key *k, struct fnl_span value, int64_t *ret)
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

static void write_choices(const struct fnl_rule_key *k, char *text, size_t size)
{
	size_t used = 0;
	for (size_t i = 0; k->choices[i]; i++) {
		size_t len = strlen(k->choices[i]);
		if (used + len + 3 > size) {
			break;
		}
		memcpy(text + used, i ? ", " : "", i ? 2 : 0);
		used += i ? 2 : 0;
		memcpy(text + used, k->choices[i], len);
		used += len;
	}
	text[used] = '\0';
}

int fnl_rules_parse_value(const struct fnl_rule_key *k, struct fnl_span section, const char *name,
                          struct fnl_span value, int64_t *ret, struct fnl_error *why)
{
	char choices[160] = "";
	const char *unit = fnl_rule_unit_text(k->unit);
	int64_t v;

	if (parse_number(k, value, &v) && v >= k->min && v <= k->max) {
		*ret = v;
		return FNL_OK;
	}
	value.len = value.len > 80 ? 80 : value.len;
	if (k->unit == FNL_RULE_CHOICE) {
		write_choices(k, choices, sizeof(choices));
		return fnl_fail(why, FNL_E_INVALID, "[%.*s] %s = '%.*s': expected one of %s", TEXT(section), name, TEXT(value),
		                choices);
	}
	return fnl_fail(why, FNL_E_INVALID, "[%.*s] %s = '%.*s': expected %lld to %lld%s%s%s", TEXT(section), name,
	                TEXT(value), (long long)k->min, (long long)k->max, unit[0] ? " " : "", unit,
	                k->unit == FNL_RULE_NEVER_BD ? ", or never" : "");
}

/* Whether the section is "word" or "word REST"; the rest is absent for the word alone. */
static bool is_section_of(struct fnl_span section, const char *word, struct fnl_span *ret_rest)
{
	size_t len = strlen(word);
	if (section.len < len || !fnl_rules_same_word(fnl_span_of(section.data, len), word)) {
		return false;
	}
	if (section.len > len && section.data[len] != ' ' && section.data[len] != '\t') {
		return false;
	}
	struct fnl_span rest = fnl_rules_trim(fnl_span_of(section.data + len, section.len - len));
	*ret_rest = rest.len ? rest : FNL_SPAN_NONE;
	return true;
}

static int given_twice(const char *section, const char *key, int line, struct fnl_error *why)
{
	return fnl_fail(why, FNL_E_INVALID, "[%s] %s is given twice; first in line %d", section, key, line);
}

static int take_text(struct fnl_rules_builder *b, size_t text, struct fnl_span value, struct fnl_error *why)
{
	switch (text) {
	case FNL_RULES_TEXT_ZONE:
		return fnl_rules_set_zone(b, value, why);
	case FNL_RULES_TEXT_HOLIDAYS:
		return fnl_rules_set_days(&b->holidays, texts[text].key, value, why);
	case FNL_RULES_TEXT_EXTRA_DAYS:
		return fnl_rules_set_days(&b->extra_days, texts[text].key, value, why);
	default:
		return fnl_rules_set_remedy(b, text - FNL_RULES_TEXT_REMEDY, value, texts[text].key, why);
	}
}

static int set_text(struct fnl_rules_builder *b, size_t text, struct fnl_span value, int line, struct fnl_error *why)
{
	if (b->text_line[text] != 0) {
		return given_twice(texts[text].section, texts[text].key, b->text_line[text], why);
	}
	int r = take_text(b, text, value, why);
	b->text_line[text] = r == FNL_E_NOMEM ? 0 : line;
	return r;
}

static int set_key(struct fnl_rules_builder *b, size_t at, struct fnl_span value, int line, struct fnl_error *why)
{
	size_t count;
	const struct fnl_rule_key *k = &fnl_rules_keys(&count)[at];
	if (b->key_line[at] != 0) {
		return given_twice(k->section, k->key, b->key_line[at], why);
	}
	b->key_line[at] = line;
	return fnl_rules_parse_value(k, fnl_span_str(k->section), k->key, value, &b->values[at], why);
}

int fnl_rules_set(struct fnl_rules_builder *b, struct fnl_span section, struct fnl_span key, struct fnl_span value,
                  int line, struct fnl_error *why)
{
	struct fnl_span rest;
	size_t count;
	const struct fnl_rule_key *keys = fnl_rules_keys(&count);

	section = fnl_rules_trim(section);
	key = fnl_rules_trim(key);
	value = fnl_rules_trim(value);
	line = line > 0 ? line : 1;
	if (section.len > FNL_RULES_NAME_BYTES_MAX || key.len > FNL_RULES_NAME_BYTES_MAX) {
		return fnl_fail(why, FNL_E_INVALID, "a name of more than %d bytes", FNL_RULES_NAME_BYTES_MAX);
	}
	if (is_section_of(section, "stages", &rest)) {
		return fnl_rules_set_stage(b, rest, key, value, line, why);
	}
	if (is_section_of(section, "thresholds", &rest)) {
		return fnl_rules_set_threshold(b, rest, key, value, line, why);
	}
	if (fnl_rules_same_word(section, "zone")) {
		return fnl_rules_set_offset(b, key, value, line, why);
	}
	for (size_t i = 0; i < count; i++) {
		if (fnl_rules_same_word(section, keys[i].section) && fnl_rules_same_word(key, keys[i].key)) {
			return set_key(b, i, value, line, why);
		}
	}
	for (size_t i = 0; i < FNL_RULES_TEXT_COUNT; i++) {
		if (fnl_rules_same_word(section, texts[i].section) && fnl_rules_same_word(key, texts[i].key)) {
			return set_text(b, i, value, line, why);
		}
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
	r = r ? r : fnl_rules_check_thresholds(b, why);
	r = r ? r : fnl_rules_check_calendar(b, why);
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
	rules->thresholds = b->thresholds;
	rules->threshold_count = b->threshold_count;
	rules->zone = b->zone;
	rules->calendar = fnl_rules_calendar(b);
	memcpy(rules->remedies, b->remedies, sizeof(rules->remedies));
	memcpy(rules->values, b->values, sizeof(rules->values));
	*ret = rules;
	return FNL_OK;
}
