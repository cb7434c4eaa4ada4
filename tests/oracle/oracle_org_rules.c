/* The rules texts that the org stage's oracle knows by heart, and who could take prospects over by them. */
#include "oracle_org_internal.h"

/* [territory], [performance] and [fiscal_year] where a text says nothing of them. */
#define REST \
	.moves_org_max_bp = 1000, .moves_rep_max = 20, .improvement_min_bp = 1000, .spread_max_bp = 15000, \
	.variation_max_bp = 2500, .expires_days = 30, .comparable_min = 5, .quota_parts = 3, .bands = {50, 90, 100, 120}, \
	.fiscal_month = 1

static const struct org_rules known[] = {
	{.text = {0, "", ""}, .load_max_percent = 120, .capacity_default = 80, .base_months = 24, REST},
	{.text = {1, "f5ef4b793c018bcfb76c5c33824463e9dc7222ce55625ed0d84b09dbe441c641",
              "[rules]\n"
              "version = 1\n"
              "[handover]\n"
              "load_max_percent = 100\n"
              "capacity_default = 40\n"},
     .load_max_percent = 100,
     .capacity_default = 40,
     .base_months = 24,
     REST},
	{.text = {2, "dcf3b54f57869bbd741eaa34118acfb3bd9ccf2bad9bcc3600d9df2500ff33f6",
              "[rules]\n"
              "version = 2\n"
              "[handover]\n"
              "load_max_percent = 1000\n"
              "capacity_default = 1\n"
              "[defection]\n"
              "base_months = 1\n"},
     .load_max_percent = 1000,
     .capacity_default = 1,
     .base_months = 1,
     REST},
	{.text = {3, "532798e4ce9e2a0bd069a37c5277a79e18157fb6319b83b19aa08b78cf2bf8dc",
              "[rules]\n"
              "version = 3\n"
              "[defection]\n"
              "base_months = 120\n"},
     .load_max_percent = 120,
     .capacity_default = 80,
     .base_months = 120,
     REST},
	{.text = {4, "f0b1cd469cdf763ed6f61b14142c354d8ec31b8f3a6b28d224b2c3affc32a71c",
              "[rules]\n"
              "version = 4\n"
              "[territory]\n"
              "moves_org_max_bp = 10000\n"
              "move_bottom = yes\n"
              "improvement_min_bp = 0\n"
              "proposal_expires_days = 1\n"},
     .load_max_percent = 120,
     .capacity_default = 80,
     .base_months = 24,
     .moves_org_max_bp = 10000,
     .moves_rep_max = 20,
     .move_bottom = true,
     .improvement_min_bp = 0,
     .spread_max_bp = 15000,
     .variation_max_bp = 2500,
     .expires_days = 1,
     .comparable_min = 5,
     .quota_parts = 3,
     .bands = {50, 90, 100, 120},
     .fiscal_month = 1},
	{.text = {5, "f1463d295346bb6cf108d7843b8d8918b70a0dd8eb22f4d8ae7a726c4aa7ee0f",
              "[rules]\n"
              "version = 5\n"
              "[handover]\n"
              "load_max_percent = 55\n"},
     .load_max_percent = 55,
     .capacity_default = 80,
     .base_months = 24,
     REST},
	{.text = {6, "cbf66b85ed88d9fbad32b67cb95467f2df0b5f9d524b15ab2153521f20f6b4b9",
              "[rules]\n"
              "version = 6\n"
              "[fiscal_year]\n"
              "start_month = 4\n"
              "[territory]\n"
              "moves_org_max_bp = 5000\n"
              "moves_rep_max = 40\n"
              "spread_max_bp = 100000\n"
              "variation_max_bp = 10000\n"
              "[performance]\n"
              "comparable_min = 2\n"
              "quota_parts = 4\n"
              "band_1_percent = 10\n"},
     .load_max_percent = 120,
     .capacity_default = 80,
     .base_months = 24,
     .moves_org_max_bp = 5000,
     .moves_rep_max = 40,
     .improvement_min_bp = 1000,
     .spread_max_bp = 100000,
     .variation_max_bp = 10000,
     .expires_days = 30,
     .comparable_min = 2,
     .quota_parts = 4,
     .bands = {10, 90, 100, 120},
     .fiscal_month = 4},
};
enum { KNOWN_COUNT = sizeof(known) / sizeof(known[0]) };

const struct oracle_rules_text *oracle_org_rules_known(size_t at)
{
	return at + 1 < KNOWN_COUNT ? &known[at + 1].text : NULL;
}

const struct org_rules *org_rules_default(void)
{
	return &known[0];
}

const struct org_rules *org_rules_of(const json_t *text)
{
	for (size_t i = 1; i < KNOWN_COUNT; i++) {
		if (json_string_length(text) == strlen(known[i].text.text) &&
		    strcmp(json_string_value(text), known[i].text.text) == 0) {
			return &known[i];
		}
	}
	return NULL;
}

/* ---- who could ---- */

static int64_t capacity_of(const struct org_question *q, const json_t *rep)
{
	return oracle_has(rep, "capacity_prospects") ? oracle_number(rep, "capacity_prospects")
	                                             : q->rules->capacity_default;
}

static __int128 after_the_move(const struct org_question *q, const json_t *rep)
{
	return (__int128)oracle_number(rep, "open_prospects") + q->prospect_count;
}

/* An empty list of either side fits. */
static bool works_in_all(const json_t *his, const json_t *wanted)
{
	size_t i, k;
	const json_t *code, *other;
	bool all = true;
	json_array_foreach(wanted, i, code)
	{
		bool has = json_array_size(his) == 0;
		json_array_foreach(his, k, other)
		{
			has = has || json_equal(code, other);
		}
		all = all && has;
	}
	return all;
}

const char *org_refusal(const struct org_question *q, const json_t *rep)
{
	if (!rep) {
		return "UNKNOWN_REP";
	}
	if (oracle_is(rep, "rep_id", q->leaver_id)) {
		return "IS_THE_LEAVER";
	}
	if (!oracle_flag(rep, "active")) {
		return "INACTIVE";
	}
	if (oracle_flag(rep, "resigned")) {
		return "RESIGNED";
	}
	if (!works_in_all(json_object_get(rep, "regions"), json_object_get(q->leaver, "regions"))) {
		return "OTHER_REGION";
	}
	if (!works_in_all(json_object_get(rep, "industries"), json_object_get(q->leaver, "industries"))) {
		return "OTHER_INDUSTRY";
	}
	int64_t capacity = capacity_of(q, rep);
	bool room = capacity > 0 && after_the_move(q, rep) * 100 <= (__int128)capacity * q->rules->load_max_percent;
	return room ? "NONE" : "OVER_CAPACITY";
}

size_t org_refusal_at(const char *refusal)
{
	static const char *const names[] = {"UNKNOWN_REP", "IS_THE_LEAVER",  "INACTIVE",     "RESIGNED",
	                                    "OTHER_ORG",   "OTHER_INDUSTRY", "OVER_CAPACITY"};
	size_t i = 0;
	while (i < sizeof(names) / sizeof(names[0]) && strcmp(names[i], refusal) != 0) {
		i++;
	}
	return i; /* the last one: OTHER_REGION */
}

/* Rounded up; what is too much for the field, or of no capacity, is its greatest value. */
static int64_t percent_after(const struct org_question *q, const json_t *rep)
{
	int64_t capacity = capacity_of(q, rep);
	__int128 all = after_the_move(q, rep) * 100;
	__int128 percent = capacity > 0 ? all / capacity + (all % capacity > 0) : INT32_MAX;
	return percent < INT32_MAX ? (int64_t)percent : INT32_MAX;
}

json_t *org_candidate(const struct org_question *q, const char *rep_id, const json_t *rep, const char *refusal,
                      bool with_load)
{
	json_t *v = json_object();
	oracle_set(v, "rep_id", json_string(rep_id));
	oracle_set(v, "refusal", json_string(refusal));
	oracle_set(v, "open_prospects", json_integer(rep ? oracle_number(rep, "open_prospects") : 0));
	oracle_set(v, "capacity_prospects", json_integer(rep ? capacity_of(q, rep) : 0));
	oracle_set(v, "load_after_percent", json_integer(rep && with_load ? percent_after(q, rep) : 0));
	return v;
}

/* Below 0: a is lighter. */
static int compare_loads(const struct org_question *q, const json_t *a, const json_t *b)
{
	__int128 left = after_the_move(q, a) * capacity_of(q, b), right = after_the_move(q, b) * capacity_of(q, a);
	return left < right ? -1 : left > right;
}

bool org_same_load(const struct org_question *q, const json_t *a, const json_t *b)
{
	return compare_loads(q, a, b) == 0;
}

static bool is_better(const struct org_question *q, const json_t *a, const json_t *b)
{
	int order = compare_loads(q, a, b);
	return order ? order < 0 : strcmp(oracle_text(a, "rep_id"), oracle_text(b, "rep_id")) < 0;
}

json_t *org_best(const struct org_question *q, const json_t *reps)
{
	json_t *best = json_array(), *left = json_array(), *rep;
	size_t i;
	json_array_foreach(reps, i, rep)
	{
		if (strcmp(org_refusal(q, rep), "NONE") == 0) {
			json_array_append(left, rep);
		}
	}
	while (json_array_size(left) > 0 && json_array_size(best) < ORG_BEST) {
		size_t at = 0;
		json_array_foreach(left, i, rep)
		{
			at = is_better(q, rep, json_array_get(left, at)) ? i : at;
		}
		json_array_append(best, json_array_get(left, at));
		json_array_remove(left, at);
	}
	json_decref(left);
	return best;
}
