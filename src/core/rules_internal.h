/* Shared by the files that make up the rules. */
#ifndef FNL_CORE_RULES_INTERNAL_H
#define FNL_CORE_RULES_INTERNAL_H

#include "funneld/core/rules.h"

/* Where the keys that the code asks for stand in the table. */
enum fnl_rules_key_at {
	FNL_RULES_AT_VERSION,
	FNL_RULES_AT_NOMINAL,
	FNL_RULES_AT_MANUAL_FROM = FNL_RULES_AT_NOMINAL + FNL_FUNNEL_LAYERS,
	FNL_RULES_AT_WEIGHTING = FNL_RULES_AT_MANUAL_FROM + FNL_FUNNEL_LAYERS,
	FNL_RULES_AT_DELETED_KEEP_DAYS,
	FNL_RULES_AT_STUCK,
	FNL_RULES_AT_STUCK_CUMULATIVE = FNL_RULES_AT_STUCK + FNL_FUNNEL_LAYERS,
	/* what events go by, without a search: twelve keys by layer, supervision, calendar, fiscal year, inspection, feed,
	 * quota, handover, defection */
	FNL_RULES_AT_RETURN_WITHIN_BD = FNL_RULES_AT_STUCK + 12 * FNL_FUNNEL_LAYERS,
	FNL_RULES_AT_QUIET_AFTER_HOURS,
	FNL_RULES_AT_WATCH,
	FNL_RULES_AT_WEEK_FIRST,
	FNL_RULES_AT_WEEK_DAYS,
	FNL_RULES_AT_FISCAL_MONTH,
	FNL_RULES_AT_FISCAL_DAY,
	FNL_RULES_AT_INSPECTION_WEEKDAY,
	FNL_RULES_AT_INSPECTION_HOUR,
	FNL_RULES_AT_QUESTIONS_MAX,
	FNL_RULES_AT_PAGE_LINES_MAX,
	FNL_RULES_AT_ANSWERS_DUE_BD,
	FNL_RULES_AT_SHEETS_UNANSWERED,
	FNL_RULES_AT_SILENT_WITH_HEARTBEATS_MINUTES,
	FNL_RULES_AT_SILENT_HOURS,
	FNL_RULES_AT_QUOTA_CONFLATION_S,
	FNL_RULES_AT_QUOTA_SETTLE_HOURS,
	FNL_RULES_AT_QUOTA_ROUNDING,
	FNL_RULES_AT_RATE_AGE_DAYS,
	/* [handover], [defection] */
	FNL_RULES_AT_LOOKBACK_DAYS,
	FNL_RULES_AT_REVIEW_DUE_BD,
	FNL_RULES_AT_SUCCESSOR_NAMED_BD,
	FNL_RULES_AT_SUCCESSOR_NEXT_LEVEL_BD,
	FNL_RULES_AT_OVERDUE_MANAGER_BD,
	FNL_RULES_AT_OVERDUE_NEXT_LEVEL_BD,
	FNL_RULES_AT_RISK_FIRST_BD,
	FNL_RULES_AT_RISK_SECOND_BD,
	FNL_RULES_AT_TASK_LATEST_BD,
	FNL_RULES_AT_LOAD_MAX_PERCENT,
	FNL_RULES_AT_CAPACITY_DEFAULT,
	FNL_RULES_AT_WINDOW_DAYS,
	FNL_RULES_AT_PROSPECTS_MIN,
	FNL_RULES_AT_LOST_MIN,
	FNL_RULES_AT_BASE_FACTOR,
	FNL_RULES_AT_EXCESS_MIN,
	FNL_RULES_AT_BASE_MONTHS,
	FNL_RULES_AT_BASE_FLOOR,
	FNL_RULES_AT_CHANCE_MAX,
	FNL_RULES_AT_EMPLOYER_MIN,
	FNL_RULES_AT_EMPLOYER_SHARE,
	/* [territory] */
	FNL_RULES_AT_AREA_FACTOR,
	FNL_RULES_AT_AREA_FACTOR_MIN,
	FNL_RULES_AT_AREA_FACTOR_MAX,
	FNL_RULES_AT_SPREAD_MAX,
	FNL_RULES_AT_VARIATION_MAX,
	FNL_RULES_AT_SPLIT_ABOVE,
	FNL_RULES_AT_MERGE_BELOW,
	FNL_RULES_AT_MOVES_ORG_MAX,
	FNL_RULES_AT_MOVES_REP_MAX,
	FNL_RULES_AT_MOVE_BOTTOM,
	FNL_RULES_AT_MIDDLE_QUIET_BD,
	FNL_RULES_AT_MOVE_AGAIN_DAYS,
	FNL_RULES_AT_IMPROVEMENT_MIN,
	FNL_RULES_AT_PROPOSAL_EXPIRES_DAYS,
	FNL_RULES_AT_FOCUS_SHARE,
	/* [performance] */
	FNL_RULES_AT_BAND_1,
	FNL_RULES_AT_COMPARABLE_MIN = FNL_RULES_AT_BAND_1 + 4,
	FNL_RULES_AT_QUOTA_PARTS,
	FNL_RULES_AT_ORG_CONFLATION_S
};

/* Whether the rules want supervision at all. */
static inline bool fnl_rules_watch(const struct fnl_rules *rules)
{
	return rules->values[FNL_RULES_AT_WATCH] != 0;
}

enum { FNL_RULES_NAME_BYTES_MAX = 256, FNL_DEFAULT_STAGE_COUNT = 24 };

/* Keys whose value is no number: those of [calendar], and a remedy for each cause. */
enum fnl_rules_text {
	FNL_RULES_TEXT_ZONE,
	FNL_RULES_TEXT_HOLIDAYS,
	FNL_RULES_TEXT_EXTRA_DAYS,
	FNL_RULES_TEXT_REMEDY,
	FNL_RULES_TEXT_COUNT = FNL_RULES_TEXT_REMEDY + FNL_CAUSE_COUNT
};

/* Days since 1970-01-01, sorted. */
struct fnl_rules_days {
	int32_t at[FNL_CALENDAR_DAYS_MAX];
	size_t count;
};

extern const struct fnl_stage_rule fnl_default_stages[FNL_DEFAULT_STAGE_COUNT];

struct fnl_rules_builder {
	struct fnl_arena *arena;
	int64_t values[FNL_RULES_KEYS_MAX];
	int key_line[FNL_RULES_KEYS_MAX]; /* 0: not given */
	struct fnl_stage_rule stages[FNL_RULES_STAGES_MAX];
	int stage_line[FNL_RULES_STAGES_MAX]; /* 0: from the defaults */
	size_t stage_count;
	struct fnl_stage_threshold thresholds[FNL_RULES_THRESHOLDS_MAX];
	int threshold_line[FNL_RULES_THRESHOLDS_MAX];
	size_t threshold_count;
	int text_line[FNL_RULES_TEXT_COUNT]; /* 0: not given */
	struct fnl_span zone;                /* absent: UTC */
	struct fnl_rules_days holidays;
	struct fnl_rules_days extra_days;
	struct fnl_zone_offset offsets[FNL_CALENDAR_OFFSETS_MAX];
	int offset_line[FNL_CALENDAR_OFFSETS_MAX];
	size_t offset_count;
	struct fnl_span remedies[FNL_CAUSE_COUNT];
};

/* Pipeline, then stage without regard to ASCII case; any-pipeline rules come first. */
int fnl_stage_rule_cmp(const struct fnl_stage_rule *a, const struct fnl_stage_rule *b);
/* One line of "[stages]" or "[stages PIPELINE]". */
int fnl_rules_set_stage(struct fnl_rules_builder *b, struct fnl_span pipeline, struct fnl_span stage,
                        struct fnl_span value, int line, struct fnl_error *why);
/* One line of "[thresholds STAGE]"; that the stage is in the map, and that its values agree. */
int fnl_rules_set_threshold(struct fnl_rules_builder *b, struct fnl_span stage, struct fnl_span key,
                            struct fnl_span value, int line, struct fnl_error *why);
int fnl_rules_check_thresholds(const struct fnl_rules_builder *b, struct fnl_error *why);
int fnl_rules_set_remedy(struct fnl_rules_builder *b, size_t cause, struct fnl_span value, const char *key,
                         struct fnl_error *why);
/* Keys of "[calendar]", a line of "[zone]"; what concerns several of them; and the calendar that they make. */
int fnl_rules_set_zone(struct fnl_rules_builder *b, struct fnl_span value, struct fnl_error *why);
int fnl_rules_set_days(struct fnl_rules_days *days, const char *key, struct fnl_span value, struct fnl_error *why);
int fnl_rules_set_offset(struct fnl_rules_builder *b, struct fnl_span key, struct fnl_span value, int line,
                         struct fnl_error *why);
int fnl_rules_check_calendar(const struct fnl_rules_builder *b, struct fnl_error *why);
struct fnl_calendar fnl_rules_calendar(const struct fnl_rules_builder *b);

/* Without regard to ASCII case, a shorter prefix first. */
int fnl_rules_name_cmp(struct fnl_span a, struct fnl_span b);
/* The value as the key's unit has it, within its range; else the error says what was expected, of "[section] name". */
int fnl_rules_parse_value(const struct fnl_rule_key *k, struct fnl_span section, const char *name,
                          struct fnl_span value, int64_t *ret, struct fnl_error *why);
/* "2500", or "25 %" / "37.5%" with at most two digits after the point. */
bool fnl_rules_parse_bp(struct fnl_span s, int64_t *ret);
struct fnl_span fnl_rules_trim(struct fnl_span s);
bool fnl_rules_same_word(struct fnl_span s, const char *word);

#endif
