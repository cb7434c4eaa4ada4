/* The rules texts that the oracle knows by heart, and the layer that follows from them. */
#include <strings.h>

#include "oracle_internal.h"

/* The usual stages of Salesforce, HubSpot and Pipedrive with their own default probabilities. */
static const struct oracle_stage default_stages[] = {
	{NULL, "Appointment Scheduled", "TOP", 2000},
	{NULL, "appointmentscheduled", "TOP", 2000},
	{NULL, "Contact Made", "TOP", -1},
	{NULL, "Contract Sent", "BOTTOM", 9000},
	{NULL, "contractsent", "BOTTOM", 9000},
	{NULL, "Decision Maker Bought-In", "BOTTOM", 8000},
	{NULL, "decisionmakerboughtin", "BOTTOM", 8000},
	{NULL, "Demo Scheduled", "MIDDLE", -1},
	{NULL, "Id. Decision Makers", "MIDDLE", 6000},
	{NULL, "Lead In", "TOP", -1},
	{NULL, "Needs Analysis", "TOP", 2000},
	{NULL, "Negotiation/Review", "BOTTOM", 9000},
	{NULL, "Negotiations Started", "BOTTOM", -1},
	{NULL, "Perception Analysis", "BOTTOM", 7000},
	{NULL, "Presentation Scheduled", "MIDDLE", 6000},
	{NULL, "presentationscheduled", "MIDDLE", 6000},
	{NULL, "Proposal Made", "MIDDLE", -1},
	{NULL, "Proposal/Price Quote", "BOTTOM", 7500},
	{NULL, "Prospecting", "TOP", 1000},
	{NULL, "Qualification", "TOP", 1000},
	{NULL, "Qualified", "TOP", -1},
	{NULL, "Qualified To Buy", "MIDDLE", 4000},
	{NULL, "qualifiedtobuy", "MIDDLE", 4000},
	{NULL, "Value Proposition", "MIDDLE", 5000},
	{NULL, NULL, NULL, 0},
};

static const struct oracle_rules known[] = {
	{{0, "", ""}, {2500, 5000, 7500}, {0, 3750, 6250}, false, 90, {{NULL, NULL, NULL, 0}}},
	{{1, "67663a7b394d8d28e639449b4bfa356c8db07b112b5eba254f5888836f49f388",
      "[rules]\nversion = 1\n[nominal]\ntop = 2000\nmiddle = 4500\nbottom = 8000\n"
      "[retention]\ndeleted_keep_days = 3\n"},
     {2000, 4500, 8000},
     {0, 3750, 6250},
     false,
     3,
     {{NULL, NULL, NULL, 0}}},
	{{2, "597ed058e23c5365d63cad1c5787c472587176bdaa221a6ca37829061b62f822",
      "[rules]\nversion = 2\n[manual_from]\nmiddle = 2000\nbottom = 9000\n[weighting]\nby = prospect\n"
      "[retention]\ndeleted_keep_days = 1\n"
      "[stages]\nQualification = MIDDLE 30%\nTasting = TOP 5%\nValue Proposition = UNCLASSIFIED\n"},
     {2500, 5000, 7500},
     {0, 2000, 9000},
     true,
     1,
     {{NULL, "Qualification", "MIDDLE", 3000},
      {NULL, "Tasting", "TOP", 500},
      {NULL, "Value Proposition", "UNCLASSIFIED", -1}}},
	{{5, "2b84f318f3c96c19a9f706ff52b1864f818d996fe24f356b6e6cb2b241f13075",
      "[rules]\nversion = 5\n[manual_from]\ntop = 0\nmiddle = 5000\nbottom = 5001\n"
      "[retention]\ndeleted_keep_days = 30\n[stages]\nVisit = BOTTOM\n"
      "[stages cheese]\nProspecting = BOTTOM 60%\nTasting = MIDDLE\nNeeds Analysis = UNCLASSIFIED\n"},
     {2500, 5000, 7500},
     {0, 5000, 5001},
     false,
     30,
     {{NULL, "Visit", "BOTTOM", -1},
      {"cheese", "Prospecting", "BOTTOM", 6000},
      {"cheese", "Tasting", "MIDDLE", -1},
      {"cheese", "Needs Analysis", "UNCLASSIFIED", -1}}},
	{{6, "32b1239fc53932c9de4386e4c48fed36964319ae713559d15049eb1592e041fa",
      "[rules]\n"
      "version = 6\n"
      "[nominal]\n"
      "top = 2500\n"
      "middle = 5000\n"
      "bottom = 9000\n"
      "[stages]\n"
      "Prospecting = MIDDLE\n"
      "Demo Scheduled = UNCLASSIFIED\n"
      "Nobody Knows = TOP 10%\n"},
     {2500, 5000, 9000},
     {0, 3750, 6250},
     false,
     90,
     {{NULL, "Prospecting", "MIDDLE", -1},
      {NULL, "Demo Scheduled", "UNCLASSIFIED", -1},
      {NULL, "Nobody Knows", "TOP", 1000}}},
	{{9, "29d39a1d9b32602d662066272b30598c20ea1342b829faac7236b7474c651648",
      "[rules]\n"
      "version = 9\n"
      "[weighting]\n"
      "by = prospect\n"
      "[stages]\n"
      "Nobody Knows = BOTTOM\n"
      "Qualification = UNCLASSIFIED\n"},
     {2500, 5000, 7500},
     {0, 3750, 6250},
     true,
     90,
     {{NULL, "Nobody Knows", "BOTTOM", -1}, {NULL, "Qualification", "UNCLASSIFIED", -1}}},
};
enum { KNOWN_COUNT = sizeof(known) / sizeof(known[0]) };

const struct oracle_rules_text *oracle_rules_known(size_t at)
{
	return at + 1 < KNOWN_COUNT ? &known[at + 1].text : NULL;
}

const struct oracle_rules *oracle_rules_default(void)
{
	return &known[0];
}

const struct oracle_rules *oracle_rules_of(const json_t *text)
{
	for (size_t i = 1; i < KNOWN_COUNT; i++) {
		if (json_string_length(text) == strlen(known[i].text.text) &&
		    strcmp(json_string_value(text), known[i].text.text) == 0) {
			return &known[i];
		}
	}
	return NULL;
}

static const struct oracle_stage *find_stage(const struct oracle_stage *list, const char *pipeline, const char *stage)
{
	for (; list->stage; list++) {
		bool same_pipeline = pipeline ? list->pipeline && strcmp(list->pipeline, pipeline) == 0 : !list->pipeline;
		if (same_pipeline && strcasecmp(list->stage, stage) == 0) {
			return list;
		}
	}
	return NULL;
}

/* The pipeline's own entry, else the one for any pipeline, else the default; NULL: the rules don't know the stage. */
static const struct oracle_stage *stage_of(const struct oracle_rules *rules, const json_t *row)
{
	const char *stage = oracle_word(row, "stage");
	const char *pipeline = oracle_word(row, "pipeline_id");
	if (!stage) {
		return NULL;
	}
	const struct oracle_stage *found = pipeline ? find_stage(rules->stages, pipeline, stage) : NULL;
	found = found ? found : find_stage(rules->stages, NULL, stage);
	found = found ? found : find_stage(default_stages, NULL, stage);
	return found && strcmp(found->layer, "UNCLASSIFIED") != 0 ? found : NULL;
}

/* A hand typed it: the source says so, or there is no source and it is not what the stage says by itself. */
static bool is_manual(const json_t *row, const struct oracle_stage *stage)
{
	if (!oracle_has(row, "probability_bp")) {
		return false;
	}
	if (oracle_has(row, "probability_source")) {
		return oracle_is(row, "probability_source", "MANUAL");
	}
	return stage && stage->probability_bp >= 0 && stage->probability_bp != oracle_number(row, "probability_bp");
}

static struct oracle_layer in_funnel(const struct oracle_rules *rules, const json_t *row, int at, const char *reason)
{
	static const char *const layers[] = {"TOP", "MIDDLE", "BOTTOM"};
	int32_t weight_bp = rules->nominal_bp[at];
	if (rules->weighting_prospect && oracle_has(row, "probability_bp")) {
		weight_bp = (int32_t)oracle_number(row, "probability_bp");
	}
	return (struct oracle_layer){layers[at], reason, weight_bp};
}

struct oracle_layer oracle_layer_of(const struct oracle_rules *rules, const json_t *row, bool unknown)
{
	if (oracle_is(row, "lifecycle", "DELETED")) {
		return (struct oracle_layer){"DELETED", "DELETED", 0};
	}
	if (oracle_is(row, "lifecycle", "MERGED")) {
		return (struct oracle_layer){"MERGED", "MERGED", 0};
	}
	if (oracle_is(row, "status", "WON") || oracle_is(row, "status", "LOST")) {
		return (struct oracle_layer){oracle_text(row, "status"), "STATUS", 0};
	}
	if (unknown) {
		return (struct oracle_layer){"UNKNOWN", "GAP", 0};
	}
	const struct oracle_stage *stage = stage_of(rules, row);
	if (is_manual(row, stage)) {
		int64_t bp = oracle_number(row, "probability_bp");
		int at = bp >= rules->manual_from_bp[2] ? 2 : bp >= rules->manual_from_bp[1] ? 1 : 0;
		return in_funnel(rules, row, at, "MANUAL_PROBABILITY");
	}
	if (!stage) {
		return (struct oracle_layer){"UNCLASSIFIED", oracle_has(row, "stage") ? "STAGE_UNKNOWN" : "STAGE_MISSING", 0};
	}
	int at = strcmp(stage->layer, "TOP") == 0 ? 0 : strcmp(stage->layer, "MIDDLE") == 0 ? 1 : 2;
	return in_funnel(rules, row, at, "STAGE_MAP");
}
