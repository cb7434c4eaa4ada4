/* The key table of the rules file: what each rule is called, its unit, its range, its default, and why. */
#include "rules_internal.h"

static const char *const weightings[] = {"layer", "prospect", NULL};
static const char *const answers[] = {"no", "yes", NULL};
static const char *const weekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday",    NULL};

/* a key for each of TOP, MIDDLE, BOTTOM */
#define TRIPLE(KEY, section, unit, min, max, top, middle, bottom, help) \
	KEY(section, "top", unit, min, max, top, help), KEY(section, "middle", unit, min, max, middle, help), \
		KEY(section, "bottom", unit, min, max, bottom, help)

/* Keys stand where enum fnl_rules_key_at of rules_internal.h says; unit tests of what goes by them would notice. */
#define TABLE(KEY, CHOICE) \
	KEY("rules", "version", NUMBER, 0, INT32_MAX, 0, \
	    "the version of this file: each published one is higher; 0 is the defaults"), \
		TRIPLE(KEY, "nominal", BP, 0, 10000, 2500, 5000, 7500, "nominal weight of a layer: the article's"), \
		TRIPLE(KEY, "manual_from", BP, 0, 10000, 0, 3750, 6250, \
	           "a manual probability from here on is in the layer: midpoints"), \
		CHOICE("weighting", "by", weightings, 1, 0, \
	           "weigh by the layer's nominal weight or by the prospect's own probability"), \
		KEY("retention", "deleted_keep_days", DAYS, 1, 3650, 90, \
	        "a deleted prospect's row stays so long, for a restore"), \
		TRIPLE(KEY, "stuck", BD, 1, 2000, 60, 45, 30, \
	           "STUCK: time in the layer since it was last entered; cycles of 3 to 24 months"), \
		TRIPLE(KEY, "stuck_cumulative", BD, 1, 4000, 120, 90, 60, \
	           "STUCK: time in the layer over all entries: bouncing is no escape"), \
		TRIPLE(KEY, "silent", BD, 1, 2000, 20, 10, 5, \
	           "SILENT: since a contact reached the customer; monthly, fortnightly, weekly"), \
		TRIPLE(KEY, "stale_edit", BD, 1, 2000, 30, 15, 10, "STALE: since anyone's last edit"), \
		TRIPLE(KEY, "stale_close_date", BD, 0, 2000, 10, 3, 1, "STALE: since the expected close date has passed"), \
		TRIPLE(KEY, "stale_amount", BD, 0, 2000, 30, 10, 3, "STALE: the amount is missing; unknown early is honest"), \
		TRIPLE(KEY, "slipped", NUMBER, 0, 100, 3, 2, 1, \
	           "SLIPPED: more pushes of the close date than this, those of one day once"), \
		TRIPLE(KEY, "escalate_manager", NEVER_BD, 0, 2000, 10, 5, 2, "the manager hears so long after the rep"), \
		TRIPLE(KEY, "escalate_next_level", NEVER_BD, 0, 2000, 0, 10, 5, "the next level hears so long after the rep"), \
		TRIPLE(KEY, "grace", BD, 0, 2000, 15, 10, 5, \
	           "after an owner change stalls show but don't alert: one SILENT period"), \
		TRIPLE(KEY, "handover_due", BD, 1, 500, 10, 10, 10, \
	           "a handover task: TOP after its release, the others after the naming"), \
		TRIPLE(KEY, "next_meeting", BD, 0, 500, 20, 15, 0, \
	           "next meeting after a handover; BOTTOM: agreed at the visit"), \
		KEY("supervision", "return_within_bd", BD, 0, 100, 5, \
	        "a return to a layer within this continues the old clock"), \
		KEY("supervision", "quiet_after_hours", HOURS, 1, 8760, 24, \
	        "an input older than this shows what is beyond its threshold, and alerts nobody at once"), \
		CHOICE("supervision", "watch", answers, 1, 1, "no: nothing stalls, and no weekly sheet is made"), \
		CHOICE("calendar", "week_first", weekdays, 6, 0, "the first working day of the week"), \
		KEY("calendar", "week_days", DAYS, 1, 7, 5, "working days of a week, from the first one on"), \
		KEY("fiscal_year", "start_month", NUMBER, 1, 12, 1, "the fiscal year starts in this month"), \
		KEY("fiscal_year", "start_day", NUMBER, 1, 28, 1, "the fiscal year starts on this day of the month"), \
		CHOICE("inspection", "weekday", weekdays, 6, 0, "the day of the weekly sheet"), \
		KEY("inspection", "hour", NUMBER, 0, 23, 8, "the local hour of the weekly sheet"), \
		KEY("inspection", "questions_max", NUMBER, 0, 200, 20, "questions on a sheet, the largest prospects first"), \
		KEY("inspection", "page_lines_max", NUMBER, 10, 200, 200, "lines on a page of a sheet"), \
		KEY("inspection", "answers_due_bd", BD, 1, 100, 2, "answers are due after this"), \
		KEY("inspection", "sheets_unanswered", NUMBER, 1, 52, 2, "so many unanswered sheets go to the next level"), \
		KEY("feed", "silent_with_heartbeats_minutes", MINUTES, 1, 10080, 30, \
	        "a feed with heartbeats is silent after this"), \
		KEY("feed", "silent_hours", HOURS, 0, 2160, 24, \
	        "a feed without heartbeats is silent after this, on business days; 0: never"), \
		KEY("quota", "conflation_seconds", SECONDS, 1, 86400, 60, "at most one recalculation a rep in this time"), \
		KEY("quota", "settle_hours", HOURS, 0, 2160, 24, "a draft takes late changes so long, then it freezes"), \
		KEY("quota", "rounding_major_units", NUMBER, 1, 1000000, 1, \
	        "the total is rounded to this, once, half to even"), \
		KEY("quota", "rate_age_days", DAYS, 0, 366, 35, "an exchange rate is at most so old at as_of"), \
		KEY("handover", "lookback_days", DAYS, 1, 400, 60, \
	        "adverse changes of this time before the notice are compared"), \
		KEY("handover", "review_due_bd", BD, 1, 100, 3, "the manager's sign-off is due after this"), \
		KEY("handover", "successor_named_bd", BD, 1, 100, 3, \
	        "a successor is named within this, else one is proposed"), \
		KEY("handover", "successor_next_level_bd", BD, 1, 100, 2, \
	        "and so long after the proposal the next level hears"), \
		KEY("handover", "overdue_manager_bd", BD, 0, 100, 1, "an overdue task goes to the manager after this"), \
		KEY("handover", "overdue_next_level_bd", BD, 0, 100, 3, "an overdue task goes to the next level after this"), \
		KEY("handover", "at_risk_first_bd", BD, 0, 100, 5, "HandoverAtRisk: first, before the last day"), \
		KEY("handover", "at_risk_second_bd", BD, 0, 100, 2, "HandoverAtRisk: again, before the last day"), \
		KEY("handover", "task_latest_bd", BD, 0, 100, 2, \
	        "no task but TOP is due later than this before the last day"), \
		KEY("handover", "load_max_percent", PERCENT, 1, 1000, 120, \
	        "a successor's open prospects after the move, of his capacity"), \
		KEY("handover", "capacity_default", NUMBER, 1, 100000, 80, \
	        "a rep's capacity in prospects, where it is not given"), \
		KEY("defection", "window_days", DAYS, 1, 730, 180, \
	        "handed-over prospects are watched so long after the last day"), \
		KEY("defection", "prospects_min", NUMBER, 1, 1000, 5, "n: fewer handed-over prospects say nothing"), \
		KEY("defection", "lost_min", NUMBER, 1, 1000, 3, "k: fewer lost ones say nothing"), \
		KEY("defection", "base_factor", NUMBER, 1, 100, 2, "k is at least so many times the base rate"), \
		KEY("defection", "excess_min", NUMBER, 0, 1000, 3, "k exceeds what was expected by at least this"), \
		KEY("defection", "base_months", MONTHS, 1, 120, 24, \
	        "the base rate is that of handed-over prospects of so long"), \
		KEY("defection", "base_floor_bp", BP, 0, 10000, 1500, \
	        "the base rate is at least this: any change of rep costs 13 to 17 %"), \
		KEY("defection", "chance_max_bp", BP, 1, 1000, 15, \
	        "so many lost ones, or more, come by chance at most so often"), \
		KEY("defection", "employer_min", NUMBER, 1, 1000, 2, \
	        "fewer lost to the new employer say nothing by themselves"), \
		KEY("defection", "employer_share_bp", BP, 0, 10000, 5000, \
	        "so much of what is lost may go to any one competitor by chance"), \
		KEY("territory", "area_factor_bp", BP, 0, 100000, 10000, "the area factor where a territory gives none"), \
		KEY("territory", "area_factor_min_bp", BP, 0, 100000, 5000, "the smallest area factor"), \
		KEY("territory", "area_factor_max_bp", BP, 0, 100000, 20000, "the largest area factor"), \
		KEY("territory", "spread_max_bp", BP, 10000, 1000000, 15000, \
	        "balanced: the largest over the smallest volume"), \
		KEY("territory", "variation_max_bp", BP, 0, 100000, 2500, "balanced: the coefficient of variation"), \
		KEY("territory", "split_above_bp", BP, 10000, 1000000, 15000, \
	        "a territory above this part of the mean is split"), \
		KEY("territory", "merge_below_bp", BP, 0, 10000, 5000, "territories below this part of the mean are merged"), \
		KEY("territory", "moves_org_max_bp", BP, 0, 10000, 1000, \
	        "a proposal moves at most this part of the org's prospects"), \
		KEY("territory", "moves_rep_max", NUMBER, 0, 10000, 20, "and at most so many of a rep's"), \
		CHOICE("territory", "move_bottom", answers, 1, 0, "whether prospects at the BOTTOM may be moved"), \
		KEY("territory", "middle_quiet_bd", BD, 0, 500, 10, "MIDDLE is not moved within this after a contact"), \
		KEY("territory", "move_again_days", DAYS, 0, 3650, 180, "the same prospect is moved once in this time"), \
		KEY("territory", "improvement_min_bp", BP, 0, 10000, 1000, \
	        "a proposal betters the variation by at least this"), \
		KEY("territory", "proposal_expires_days", DAYS, 1, 365, 30, "a proposal can be accepted so long"), \
		KEY("territory", "focus_share_bp", BP, 0, 10000, 300, \
	        "so much of the variation may be given up to split by focus and to merge as a whole"), \
		KEY("performance", "band_1_percent", PERCENT, 1, 1000, 50, "attainment: the second band starts here"), \
		KEY("performance", "band_2_percent", PERCENT, 1, 1000, 90, "attainment: the third band starts here"), \
		KEY("performance", "band_3_percent", PERCENT, 1, 1000, 100, "attainment: the fourth band starts here"), \
		KEY("performance", "band_4_percent", PERCENT, 1, 1000, 120, "attainment: the fifth band starts here"), \
		KEY("performance", "comparable_min", NUMBER, 1, 1000, 5, "fewer comparable reps are not ranked"), \
		KEY("performance", "quota_parts", NUMBER, 2, 10, 3, "the quota's level is told in so many parts: thirds"), \
		KEY("org", "conflation_seconds", SECONDS, 1, 86400, 1, \
	        "the organisation hears of a rep's count of prospects at most once in this time")

#define AS_KEY(section, key, unit, min, max, value, help) \
	{ \
		section, key, FNL_RULE_##unit, min, max, value, NULL, help \
	}
#define AS_CHOICE(section, key, choices, last, value, help) \
	{ \
		section, key, FNL_RULE_CHOICE, 0, last, value, choices, help \
	}
#define KEY_VALUE(section, key, unit, min, max, value, help) value
#define CHOICE_VALUE(section, key, choices, last, value, help) value

static const struct fnl_rule_key keys[] = {TABLE(AS_KEY, AS_CHOICE)};

enum { KEY_COUNT = sizeof(keys) / sizeof(keys[0]) };
_Static_assert((int)KEY_COUNT <= (int)FNL_RULES_KEYS_MAX, "each key has a place in fnl_rules.values");
_Static_assert((int)FNL_RULES_AT_ORG_CONFLATION_S == (int)KEY_COUNT - 1, "it is the last one");

const struct fnl_rules *fnl_rules_default(void)
{
	/* what has a member of its own is said twice, since nothing is built at run time; a unit test compares */
	static const struct fnl_rules rules = {
		.version = 0,
		.nominal_bp = {2500, 5000, 7500},
		.manual_from_bp = {0, 3750, 6250},
		.weighting_prospect = false,
		.deleted_keep_days = 90,
		.stages = fnl_default_stages,
		.stage_count = FNL_DEFAULT_STAGE_COUNT,
		.calendar = {.week_mask = 0x1f},
		.remedies = {FNL_SPAN_LIT("ask-again"), FNL_SPAN_LIT("clarify-need"), FNL_SPAN_LIT("resume-contact"),
	                 FNL_SPAN_LIT("compare-options"), FNL_SPAN_LIT("win-back"), FNL_SPAN_LIT("align-buyers"),
	                 FNL_SPAN_LIT("secure-funds"), FNL_SPAN_LIT("win-sponsor")},
		.values = {TABLE(KEY_VALUE, CHOICE_VALUE)},
	};
	return &rules;
}

const struct fnl_rule_key *fnl_rules_keys(size_t *ret_count)
{
	*ret_count = KEY_COUNT;
	return keys;
}

const char *fnl_rule_unit_text(enum fnl_rule_unit unit)
{
	switch (unit) {
	case FNL_RULE_NUMBER:
	case FNL_RULE_CHOICE:
		return "";
	case FNL_RULE_BP:
		return "basis points";
	case FNL_RULE_BD:
	case FNL_RULE_NEVER_BD:
		return "business days";
	case FNL_RULE_DAYS:
		return "days";
	case FNL_RULE_HOURS:
		return "hours";
	case FNL_RULE_MINUTES:
		return "minutes";
	case FNL_RULE_SECONDS:
		return "seconds";
	case FNL_RULE_MONTHS:
		return "months";
	case FNL_RULE_PERCENT:
		return "percent";
	}
	return "";
}
