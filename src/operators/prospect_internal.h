/* Shapes shared by the prospect operator's files. */
#ifndef FUNNELD_OPERATORS_PROSPECT_INTERNAL_H
#define FUNNELD_OPERATORS_PROSPECT_INTERNAL_H

#include "common.h"

enum {
	FNL_PROSPECT_EARLIER_RULES_MAX = 4,
	/* of one prospect by one set of rules: LayerChanged, and Parked or Unparked; its lines: the owner's, the formers',
	 * and that of who had won it */
	FNL_PROSPECT_PASS_EVENTS_MAX = 2,
	FNL_PROSPECT_PASS_LINES_MAX = 2 + FNL_PROSPECT_FORMER_OWNERS_MAX,
	/* of one prospect that catches up with the rules */
	FNL_PROSPECT_CATCH_UP_MAX =
		(FNL_PROSPECT_EARLIER_RULES_MAX + 1) * (FNL_PROSPECT_PASS_EVENTS_MAX + FNL_PROSPECT_PASS_LINES_MAX)
};

struct fnl_prospect_operator {
	struct fnl_operator base;
	struct fnl_operator_ops ops;
	struct fnl_op op;
	struct fnl_row_type rows[FNL_PROSPECT_TABLE_COUNT]; /* by table; partition: the clock's */
	struct fnl_row_type feeds_row;                      /* PartitionFeeds */
	struct fnl_row_type stage_time;
	int32_t partition_count;
	size_t page_rows_max; /* of a pass over the open prospects */
};

/* The partition's rules as a step finds them. */
struct fnl_prospect_rules {
	const struct fnl_value *row; /* PartitionRules; NULL: none were activated */
	const struct fnl_rules *now;
};

/* Whose timer it is. */
enum fnl_prospect_job {
	FNL_PROSPECT_JOB_ONE, /* a prospect's, or none */
	FNL_PROSPECT_JOB_FEED,
	FNL_PROSPECT_JOB_RULES_PASS,
	FNL_PROSPECT_JOB_FEEDS_PASS
};

/* What prepare makes of a record. Row positions in prepared.rows, -1: not needed. */
struct fnl_prospect_event {
	struct fnl_root root;
	int row_prospect;
	int row_erased;
	int row_feed;
	int row_rules;
	int row_feeds;
	enum fnl_prospect_job job;
};

/* prospect.c */
/* What the partition says of all its prospects. */
int fnl_prospect_take_common(struct fnl_prospect_operator *o, const struct fnl_step *step,
                             struct fnl_prospect_rules *ret_rules, struct fnl_prospect_in *in,
                             struct fnl_error *why) FNL_MUST_USE;

/* prospect_prepare.c */
int fnl_prospect_prepare(struct fnl_operator *base, const struct fnl_record *r, struct fnl_arena *arena,
                         struct fnl_prepared *ret, struct fnl_error *why) FNL_MUST_USE;
int fnl_prospect_prepare_timer(struct fnl_operator *base, struct fnl_row_key row, struct fnl_span value,
                               struct fnl_arena *arena, struct fnl_prepared *ret) FNL_MUST_USE;

/* prospect_outputs.c */
extern const struct fnl_route fnl_prospect_routes[];
extern const size_t fnl_prospect_route_count;
/* Who is to blame, and how its events are named. */
struct fnl_prospect_blame {
	struct fnl_cause_id cause;
	int32_t rules_version;
	bool is_pass; /* the cause is that of many prospects */
};
/* Events and lines of an outcome. */
int fnl_prospect_tell(struct fnl_prospect_operator *o, const struct fnl_step *step, const struct fnl_prospect_out *out,
                      const struct fnl_prospect_blame *blame, struct fnl_decision *d) FNL_MUST_USE;
int fnl_prospect_time_forward(struct fnl_operator *base, int32_t partition, int64_t time_ms, struct fnl_arena *arena,
                              struct fnl_output *ret) FNL_MUST_USE;

/* prospect_rules.c */
/* RulesActivated. */
int fnl_prospect_step_rules(struct fnl_prospect_operator *o, const struct fnl_step *step, struct fnl_decision *d,
                            struct fnl_error *why) FNL_MUST_USE;
/* One page of the pass over the open prospects. */
int fnl_prospect_step_rules_pass(struct fnl_prospect_operator *o, const struct fnl_step *step, struct fnl_decision *d,
                                 struct fnl_error *why) FNL_MUST_USE;
/* The page that a pass asks for; after: the last prospect that it has done, null: none yet. */
int fnl_prospect_ask_page(const struct fnl_prospect_operator *o, struct fnl_value after, struct fnl_arena *arena,
                          struct fnl_prepared *ret) FNL_MUST_USE;
/* Brings in->row up to the rules in force, through those in between. *ret_moved: layer, reason or weight changed. */
int fnl_prospect_catch_up(struct fnl_prospect_operator *o, const struct fnl_step *step,
                          const struct fnl_prospect_rules *rules, struct fnl_prospect_in *in, bool *ret_moved,
                          struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;
/* When the pass goes on, by the row's bytes. */
int64_t fnl_prospect_rules_deadline(const struct fnl_prospect_operator *o, struct fnl_span value);

/* prospect_feeds.c */
/* The rows of what a step has learnt of a feed. */
int fnl_prospect_put_feeds(struct fnl_prospect_operator *o, const struct fnl_step *step,
                           const struct fnl_prospect_out *out, struct fnl_decision *d) FNL_MUST_USE;
/* The timer of a feed: it may be silent. */
int fnl_prospect_step_feed(struct fnl_prospect_operator *o, const struct fnl_step *step, struct fnl_decision *d,
                           struct fnl_error *why) FNL_MUST_USE;
/* One page of the pass after a feed has changed. */
int fnl_prospect_step_feeds_pass(struct fnl_prospect_operator *o, const struct fnl_step *step, struct fnl_decision *d,
                                 struct fnl_error *why) FNL_MUST_USE;
/* By the row's bytes; rows of older versions have none. */
int64_t fnl_prospect_feeds_deadline(const struct fnl_prospect_operator *o, struct fnl_span value);
int64_t fnl_prospect_feed_deadline(const struct fnl_prospect_operator *o, struct fnl_span value);

#endif
