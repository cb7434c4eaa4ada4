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

#define MONDAY_TO_FRIDAY \
	{ \
		.week = "1111100" \
	}

static const struct oracle_thresholds usual = {
	.by_layer = {[ORACLE_STUCK] = {60, 45, 30},
                 [ORACLE_STUCK_CUMULATIVE] = {120, 90, 60},
                 [ORACLE_SILENT] = {20, 10, 5},
                 [ORACLE_STALE_EDIT] = {30, 15, 10},
                 [ORACLE_STALE_CLOSE_DATE] = {10, 3, 1},
                 [ORACLE_STALE_AMOUNT] = {30, 10, 3},
                 [ORACLE_SLIPPED] = {3, 2, 1},
                 [ORACLE_MANAGER] = {10, 5, 2},
                 [ORACLE_NEXT_LEVEL] = {0, 10, 5},
                 [ORACLE_GRACE] = {15, 10, 5}},
	.return_within_bd = 5,
	.quiet_after_hours = 24,
	.silent_with_heartbeats_minutes = 30,
	.silent_hours = 24,
	.calendar = MONDAY_TO_FRIDAY,
};

/* At once, or never. */
static const struct oracle_thresholds hasty = {
	.by_layer = {[ORACLE_STUCK] = {5, 2, 1},
                 [ORACLE_STUCK_CUMULATIVE] = {5, 2, 1},
                 [ORACLE_SILENT] = {2, 1, 1},
                 [ORACLE_STALE_EDIT] = {3, 40, 1},
                 [ORACLE_STALE_CLOSE_DATE] = {0, 0, 2},
                 [ORACLE_STALE_AMOUNT] = {0, 3, 0},
                 [ORACLE_SLIPPED] = {0, 0, 0},
                 [ORACLE_MANAGER] = {1, 0, 3},
                 [ORACLE_NEXT_LEVEL] = {2, 2, 0},
                 [ORACLE_GRACE] = {0, 2, 1}},
	.return_within_bd = 0,
	.quiet_after_hours = 1,
	.silent_with_heartbeats_minutes = 10080,
	.silent_hours = 0,
	.calendar = MONDAY_TO_FRIDAY,
};

/* From Sunday to Thursday. */
static const struct oracle_thresholds other_week = {
	.by_layer = {[ORACLE_STUCK] = {10, 45, 30},
                 [ORACLE_STUCK_CUMULATIVE] = {20, 90, 60},
                 [ORACLE_SILENT] = {20, 10, 5},
                 [ORACLE_STALE_EDIT] = {30, 15, 10},
                 [ORACLE_STALE_CLOSE_DATE] = {10, 3, 1},
                 [ORACLE_STALE_AMOUNT] = {30, 10, 3},
                 [ORACLE_SLIPPED] = {1, 2, 1},
                 [ORACLE_MANAGER] = {10, 5, 2},
                 [ORACLE_NEXT_LEVEL] = {0, 10, 5},
                 [ORACLE_GRACE] = {15, 10, 5}},
	.return_within_bd = 30,
	.quiet_after_hours = 8760,
	.silent_with_heartbeats_minutes = 60, /* longer than the simulation runs by the clock on the wall */
	.silent_hours = 2,
	.calendar = {.week = "1111001"},
};

/* By the clock of Berlin, with days off, a Sunday of 25 hours that is worked, and thresholds for some stages. */
static const struct oracle_thresholds of_berlin = {
	.by_layer = {[ORACLE_STUCK] = {8, 45, 30},
                 [ORACLE_STUCK_CUMULATIVE] = {120, 90, 60},
                 [ORACLE_SILENT] = {4, 10, 5},
                 [ORACLE_STALE_EDIT] = {30, 15, 10},
                 [ORACLE_STALE_CLOSE_DATE] = {10, 3, 1},
                 [ORACLE_STALE_AMOUNT] = {30, 10, 3},
                 [ORACLE_SLIPPED] = {3, 2, 1},
                 [ORACLE_MANAGER] = {10, 5, 2},
                 [ORACLE_NEXT_LEVEL] = {0, 10, 5},
                 [ORACLE_GRACE] = {15, 10, 5}},
	.of_stage = {{"Qualification", ORACLE_STUCK, 2},
                 {"Qualification", ORACLE_SILENT, 3},
                 {"Qualification", ORACLE_STALE_EDIT, 4},
                 {"contractsent", ORACLE_STUCK, 2},
                 {"contractsent", ORACLE_STUCK_CUMULATIVE, 3},
                 {"contractsent", ORACLE_STALE_CLOSE_DATE, 0},
                 {"contractsent", ORACLE_STALE_AMOUNT, 1},
                 {"contractsent", ORACLE_SLIPPED, 0}},
	.return_within_bd = 5,
	.quiet_after_hours = 24,
	.silent_with_heartbeats_minutes = 30,
	.silent_hours = 24,
	.calendar = {.week = "1111100",
                 .offsets = {{true, INT64_C(1679792400000), 7200},
                             {true, INT64_C(1698541200000), 3600},
                             {true, INT64_C(1711846800000), 7200},
                             {true, INT64_C(1729990800000), 3600},
                             {true, INT64_C(1743296400000), 7200},
                             {true, INT64_C(1761440400000), 3600}},
                 .holidays = {19716, 19717, 19723, 19844, 19852},
                 .extra_days = {19721, 19840, 20023}},
};

/* Every day is worked, in a zone that is no whole hour away. */
static const struct oracle_thresholds of_kathmandu = {
	.by_layer = {[ORACLE_STUCK] = {60, 45, 30},
                 [ORACLE_STUCK_CUMULATIVE] = {120, 90, 60},
                 [ORACLE_SILENT] = {20, 10, 5},
                 [ORACLE_STALE_EDIT] = {30, 15, 10},
                 [ORACLE_STALE_CLOSE_DATE] = {10, 3, 1},
                 [ORACLE_STALE_AMOUNT] = {2, 2, 2},
                 [ORACLE_SLIPPED] = {3, 2, 1},
                 [ORACLE_MANAGER] = {1, 1, 1},
                 [ORACLE_NEXT_LEVEL] = {1, 3, 0},
                 [ORACLE_GRACE] = {3, 3, 3}},
	.of_stage = {{"Demo Scheduled", ORACLE_STUCK, 1},
                 {"Needs Analysis", ORACLE_STUCK, 1},
                 {"Needs Analysis", ORACLE_STUCK_CUMULATIVE, 2},
                 {"Needs Analysis", ORACLE_SILENT, 1},
                 {"Needs Analysis", ORACLE_STALE_EDIT, 1}},
	.return_within_bd = 5,
	.quiet_after_hours = 24,
	.silent_with_heartbeats_minutes = 30,
	.silent_hours = 48,
	.calendar = {.week = "1111111", .offsets = {{true, INT64_C(504901800000), 20700}}, .holidays = {19756, 19757}},
};

static const struct oracle_rules known[] = {
	{{0, "", ""}, &usual, {2500, 5000, 7500}, {0, 3750, 6250}, false, 90, {{NULL, NULL, NULL, 0}}},
	{{1, "67663a7b394d8d28e639449b4bfa356c8db07b112b5eba254f5888836f49f388",
      "[rules]\nversion = 1\n[nominal]\ntop = 2000\nmiddle = 4500\nbottom = 8000\n"
      "[retention]\ndeleted_keep_days = 3\n"},
     &usual,
     {2000, 4500, 8000},
     {0, 3750, 6250},
     false,
     3,
     {{NULL, NULL, NULL, 0}}},
	{{2, "597ed058e23c5365d63cad1c5787c472587176bdaa221a6ca37829061b62f822",
      "[rules]\nversion = 2\n[manual_from]\nmiddle = 2000\nbottom = 9000\n[weighting]\nby = prospect\n"
      "[retention]\ndeleted_keep_days = 1\n"
      "[stages]\nQualification = MIDDLE 30%\nTasting = TOP 5%\nValue Proposition = UNCLASSIFIED\n"},
     &usual,
     {2500, 5000, 7500},
     {0, 2000, 9000},
     true,
     1,
     {{NULL, "Qualification", "MIDDLE", 3000},
      {NULL, "Tasting", "TOP", 500},
      {NULL, "Value Proposition", "UNCLASSIFIED", -1}}},
	{{3, "6d1b98fbc79b6fa5b948a89d2ad2ac2c1e5276e7e7e1c1ee8b1c9c5f1a9bedaa",
      "[rules]\nversion = 3\n[stuck]\ntop = 5\nmiddle = 2\nbottom = 1\n[stuck_cumulative]\n"
      "top = 5\nmiddle = 2\nbottom = 1\n[silent]\ntop = 2\nmiddle = 1\nbottom = 1\n[stale_edit]\n"
      "top = 3\nmiddle = 40\nbottom = 1\n[stale_close_date]\ntop = 0\nmiddle = 0\nbottom = 2\n"
      "[stale_amount]\ntop = 0\nmiddle = 3\nbottom = 0\n[slipped]\ntop = 0\nmiddle = 0\n"
      "bottom = 0\n[escalate_manager]\ntop = 1\nmiddle = never\nbottom = 3\n[escalate_next_level]\n"
      "top = 2\nmiddle = 2\nbottom = never\n[grace]\ntop = 0\nmiddle = 2\nbottom = 1\n"
      "[supervision]\nreturn_within_bd = 0\nquiet_after_hours = 1\n[feed]\n"
      "silent_with_heartbeats_minutes = 10080\nsilent_hours = 0\n"},
     &hasty,
     {2500, 5000, 7500},
     {0, 3750, 6250},
     false,
     90,
     {{NULL, NULL, NULL, 0}}},
	{{5, "2b84f318f3c96c19a9f706ff52b1864f818d996fe24f356b6e6cb2b241f13075",
      "[rules]\nversion = 5\n[manual_from]\ntop = 0\nmiddle = 5000\nbottom = 5001\n"
      "[retention]\ndeleted_keep_days = 30\n[stages]\nVisit = BOTTOM\n"
      "[stages cheese]\nProspecting = BOTTOM 60%\nTasting = MIDDLE\nNeeds Analysis = UNCLASSIFIED\n"},
     &usual,
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
     &usual,
     {2500, 5000, 9000},
     {0, 3750, 6250},
     false,
     90,
     {{NULL, "Prospecting", "MIDDLE", -1},
      {NULL, "Demo Scheduled", "UNCLASSIFIED", -1},
      {NULL, "Nobody Knows", "TOP", 1000}}},
	{{7, "2781b9e427870c32d81e8bbc2fc3b68d21f05423b5faa50632517afb49a17cc7",
      "[rules]\nversion = 7\n[stuck]\ntop = 10\n[stuck_cumulative]\ntop = 20\n[slipped]\ntop = 1\n"
      "[supervision]\nreturn_within_bd = 30\nquiet_after_hours = 8760\n[calendar]\n"
      "week_first = Sunday\nweek_days = 5\n[feed]\nsilent_with_heartbeats_minutes = 60\n"
      "silent_hours = 2\n"},
     &other_week,
     {2500, 5000, 7500},
     {0, 3750, 6250},
     false,
     90,
     {{NULL, NULL, NULL, 0}}},
	{{8, "8b3700969a9df63a3018e713d21b62f3670ee02453da07a5f800e0d5219dc99d",
      "[rules]\nversion = 8\n[calendar]\nzone = Europe/Berlin\n"
      "holidays = 2023-12-25, 2023-12-26, 2024-01-01, 2024-05-01, 2024-05-09\n"
      "extra_working_days = 2023-12-30, 2024-04-27, 2024-10-27\n[zone]\n"
      "2023-03-26T01:00:00Z = +02:00\n2023-10-29T01:00:00Z = +01:00\n"
      "2024-03-31T01:00:00Z = +02:00\n2024-10-27T01:00:00Z = +01:00\n"
      "2025-03-30T01:00:00Z = +02:00\n2025-10-26T01:00:00Z = +01:00\n[stuck]\ntop = 8\n[silent]\n"
      "top = 4\n[thresholds Qualification]\nstuck = 2\nsilent = 3\nstale_edit = 4\n"
      "[thresholds contractsent]\nstuck = 2\nstuck_cumulative = 3\nstale_close_date = 0\n"
      "stale_amount = 1\nslipped = 0\n[remedies]\nbuyer_undecided = visit-again\n"},
     &of_berlin,
     {2500, 5000, 7500},
     {0, 3750, 6250},
     false,
     90,
     {{NULL, NULL, NULL, 0}}},
	{{9, "29d39a1d9b32602d662066272b30598c20ea1342b829faac7236b7474c651648",
      "[rules]\n"
      "version = 9\n"
      "[weighting]\n"
      "by = prospect\n"
      "[stages]\n"
      "Nobody Knows = BOTTOM\n"
      "Qualification = UNCLASSIFIED\n"},
     &usual,
     {2500, 5000, 7500},
     {0, 3750, 6250},
     true,
     90,
     {{NULL, "Nobody Knows", "BOTTOM", -1}, {NULL, "Qualification", "UNCLASSIFIED", -1}}},
	{{11, "19e9e0529a92f797397998acd689fa76f209be81e8c27cd01abaa1ec223aed6a",
      "[rules]\nversion = 11\n[calendar]\nzone = Asia/Kathmandu\nweek_first = Saturday\n"
      "week_days = 7\nholidays = 2024-02-03, 2024-02-04\n[zone]\n1985-12-31T18:30:00Z = +05:45\n"
      "[grace]\ntop = 3\nmiddle = 3\nbottom = 3\n[stale_amount]\ntop = 2\nmiddle = 2\nbottom = 2\n"
      "[escalate_manager]\ntop = 1\nmiddle = 1\nbottom = 1\n[escalate_next_level]\ntop = 1\n"
      "middle = 3\nbottom = 0\n[thresholds Demo Scheduled]\nstuck = 1\n"
      "[thresholds Needs Analysis]\nstuck = 1\nstuck_cumulative = 2\nsilent = 1\nstale_edit = 1\n"
      "[feed]\nsilent_hours = 48\n"},
     &of_kathmandu,
     {2500, 5000, 7500},
     {0, 3750, 6250},
     false,
     90,
     {{NULL, NULL, NULL, 0}}},
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

const struct oracle_rules *oracle_rules_at(size_t at)
{
	return at < KNOWN_COUNT ? &known[at] : NULL;
}

int64_t oracle_threshold_of(const struct oracle_rules *rules, const json_t *row, int limit)
{
	const struct oracle_thresholds *t = rules->thresholds;
	const char *stage = oracle_word(row, "stage");
	for (size_t i = 0; stage && t->of_stage[i].stage; i++) {
		if (strcasecmp(t->of_stage[i].stage, stage) == 0 && t->of_stage[i].limit == limit) {
			return t->of_stage[i].value;
		}
	}
	return t->by_layer[limit][oracle_is(row, "layer", "TOP") ? 0 : oracle_is(row, "layer", "MIDDLE") ? 1 : 2];
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
