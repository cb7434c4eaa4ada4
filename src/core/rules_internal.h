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
	/* what events go by, without a search: twelve keys by layer and four of supervision and calendar lie between */
	FNL_RULES_AT_FISCAL_MONTH = FNL_RULES_AT_STUCK + 12 * FNL_FUNNEL_LAYERS + 4,
	FNL_RULES_AT_FISCAL_DAY,
	/* and eight of inspection and feed */
	FNL_RULES_AT_QUOTA_CONFLATION_S = FNL_RULES_AT_FISCAL_DAY + 9,
	FNL_RULES_AT_QUOTA_SETTLE_HOURS,
	FNL_RULES_AT_QUOTA_ROUNDING
};

enum { FNL_RULES_NAME_BYTES_MAX = 256, FNL_DEFAULT_STAGE_COUNT = 24 };

extern const struct fnl_stage_rule fnl_default_stages[FNL_DEFAULT_STAGE_COUNT];

struct fnl_rules_builder {
	struct fnl_arena *arena;
	int64_t values[FNL_RULES_KEYS_MAX];
	int key_line[FNL_RULES_KEYS_MAX]; /* 0: not given */
	struct fnl_stage_rule stages[FNL_RULES_STAGES_MAX];
	int stage_line[FNL_RULES_STAGES_MAX]; /* 0: from the defaults */
	size_t stage_count;
};

/* Pipeline, then stage without regard to ASCII case; any-pipeline rules come first. */
int fnl_stage_rule_cmp(const struct fnl_stage_rule *a, const struct fnl_stage_rule *b);
/* One line of "[stages]" or "[stages PIPELINE]". */
int fnl_rules_set_stage(struct fnl_rules_builder *b, struct fnl_span pipeline, struct fnl_span stage,
                        struct fnl_span value, int line, struct fnl_error *why);
/* "2500", or "25 %" / "37.5%" with at most two digits after the point. */
bool fnl_rules_parse_bp(struct fnl_span s, int64_t *ret);
struct fnl_span fnl_rules_trim(struct fnl_span s);
bool fnl_rules_same_word(struct fnl_span s, const char *word);

#endif
