/* The rules of a company: thresholds, stage map, weights. Defaults are those of the article and of the field's
 * practice; a rules file overrides them. Parsing is the job of an adapter: it hands each key to fnl_rules_set. */
#ifndef FUNNELD_CORE_RULES_H
#define FUNNELD_CORE_RULES_H

#include "funneld/base/arena.h"
#include "funneld/base/record.h"
#include "funneld/core/calendar.h"
#include "funneld_records.h"

enum {
	FNL_RULES_STAGES_MAX = 512,
	FNL_RULES_THRESHOLDS_MAX = 512,
	FNL_RULES_KEYS_MAX = 128,
	FNL_FUNNEL_LAYERS = 3 /* TOP, MIDDLE, BOTTOM, in this order */
};

struct fnl_stage_rule {
	struct fnl_span pipeline; /* data == NULL: any pipeline */
	struct fnl_span stage;    /* compared without regard to ASCII case */
	int layer;              /* FNL_LAYER_TOP, _MIDDLE, _BOTTOM; _UNCLASSIFIED: the rules say that they don't know it */
	int32_t probability_bp; /* the stage's default in the CRM; -1: not known */
};

/* What the rules say for each of TOP, MIDDLE, BOTTOM, in the order of the key table. */
enum fnl_layer_rule {
	FNL_RULE_STUCK,
	FNL_RULE_STUCK_CUMULATIVE,
	FNL_RULE_SILENT,
	FNL_RULE_STALE_EDIT,
	FNL_RULE_STALE_CLOSE_DATE,
	FNL_RULE_STALE_AMOUNT,
	FNL_RULE_SLIPPED,
	FNL_RULE_ESCALATE_MANAGER,
	FNL_RULE_ESCALATE_NEXT_LEVEL,
	FNL_RULE_GRACE,
	FNL_RULE_HANDOVER_DUE,
	FNL_RULE_NEXT_MEETING,
	FNL_RULE_OF_STAGE_COUNT = FNL_RULE_ESCALATE_MANAGER /* those before it may be said for a stage, too */
};

/* "[thresholds STAGE]", a line "stuck = 20": for this stage, in any pipeline, instead of its layer's. */
struct fnl_stage_threshold {
	struct fnl_span stage; /* compared without regard to ASCII case */
	enum fnl_layer_rule rule;
	int64_t value;
};

struct fnl_rules {
	int32_t version;                           /* 0: the compiled defaults */
	int32_t nominal_bp[FNL_FUNNEL_LAYERS];     /* 2500, 5000, 7500: the article */
	int32_t manual_from_bp[FNL_FUNNEL_LAYERS]; /* lower bound of each range: 0, 3750, 6250 */
	bool weighting_prospect;                   /* false: the layer's nominal; true: the prospect's own probability */
	int64_t deleted_keep_days;                 /* 90 */
	const struct fnl_stage_rule *stages;       /* sorted; pipeline-specific ones win over any-pipeline ones */
	size_t stage_count;
	const struct fnl_stage_threshold *thresholds; /* by stage, rule */
	size_t threshold_count;
	/* [calendar] zone; absent: UTC. Without its [zone] section the calendar has no offsets: fit to be looked at, not to
	 * be activated. */
	struct fnl_span zone;
	struct fnl_calendar calendar;
	struct fnl_span remedies[FNL_CAUSE_COUNT]; /* [remedies]: a code for each cause; never absent */
	/* every key's number, in the order of fnl_rules_keys: thresholds of later stages are kept here too, so that one
	 * file is checked as a whole */
	int64_t values[FNL_RULES_KEYS_MAX];
};

enum fnl_rule_unit {
	FNL_RULE_NUMBER,
	FNL_RULE_BP,       /* "2500", or "25 %" */
	FNL_RULE_BD,       /* business days */
	FNL_RULE_NEVER_BD, /* the same; "never" is 0 */
	FNL_RULE_DAYS,
	FNL_RULE_HOURS,
	FNL_RULE_MINUTES,
	FNL_RULE_SECONDS,
	FNL_RULE_MONTHS,
	FNL_RULE_PERCENT,
	FNL_RULE_CHOICE /* min names the first of `choices`, max the last */
};

/* One key of the rules file. */
struct fnl_rule_key {
	const char *section;
	const char *key;
	enum fnl_rule_unit unit;
	int64_t min;
	int64_t max;
	int64_t value; /* the default */
	const char *const *choices;
	const char *help;
};

/* All keys whose value is a number or a choice. Besides them:
 *   [stages], [stages PIPELINE]  Stage name = LAYER, or Stage name = LAYER 10 % (the stage's default probability in the
 *                                CRM)
 *   [thresholds STAGE]           stuck = 20: one of a layer's first seven keys, in its unit and range, for a stage of
 *                                the map
 *   [calendar]                   zone = Europe/Berlin (UTC), holidays and extra_working_days = 2026-12-25, 2027-01-01
 *   [zone]                       2026-03-29T01:00:00Z = +02:00: from then on; for a zone other than UTC
 *   [remedies]                   buyer_undecided = clarify-need: a code for each cause */
const struct fnl_rule_key *fnl_rules_keys(size_t *ret_count);
/* The rule's key for TOP: its section names the rule, its unit and range are those of any layer and stage. */
const struct fnl_rule_key *fnl_rules_layer_key(enum fnl_layer_rule rule);
const char *fnl_rule_unit_text(enum fnl_rule_unit unit);

/* The compiled defaults, version 0; static, never freed. */
const struct fnl_rules *fnl_rules_default(void);

/* A rules set being read: starts as the defaults. Memory from the arena. */
struct fnl_rules_builder;
int fnl_rules_begin(struct fnl_arena *arena, struct fnl_rules_builder **ret) FNL_MUST_USE;
/* One "key = value" of "[section]". FNL_E_INVALID with *why naming key, value and the allowed range; an unknown key
 * names the nearest known one. line is for "given twice" messages. */
int fnl_rules_set(struct fnl_rules_builder *b, struct fnl_span section, struct fnl_span key, struct fnl_span value,
                  int line, struct fnl_error *why) FNL_MUST_USE;
/* Checks what concerns several keys (ranges in order …) and gives the rules, living in the arena. */
int fnl_rules_finish(struct fnl_rules_builder *b, const struct fnl_rules **ret, struct fnl_error *why) FNL_MUST_USE;

/* The stage's rule, or NULL when the rules don't know it. */
const struct fnl_stage_rule *fnl_rules_stage(const struct fnl_rules *r, struct fnl_span pipeline,
                                             struct fnl_span stage);
/* What they say of a prospect in TOP, MIDDLE or BOTTOM; stage absent: its layer's. */
int64_t fnl_rules_by_layer(const struct fnl_rules *r, enum fnl_layer_rule rule, int layer, struct fnl_span stage);

#endif
