/* Shapes shared by the prospect operator's files. */
#ifndef FUNNELD_OPERATORS_INTERNAL_H
#define FUNNELD_OPERATORS_INTERNAL_H

#include "funneld/base/map.h"
#include "funneld/operators/prospect.h"

enum { FNL_FRAME_BYTES = 5 };

/* A rules text that was parsed: two are kept, for the moment in which partitions differ. */
struct fnl_rules_slot {
	struct fnl_arena arena;
	const struct fnl_rules *rules;
	struct fnl_span text; /* in the arena */
};

struct fnl_prospect_operator {
	struct fnl_operator base;
	struct fnl_codec *codec;
	const struct fnl_ids *ids;
	const struct fnl_rules_reader *rules_reader;
	uint8_t id_space[16];
	uint32_t row_ids[FNL_PROSPECT_TABLE_COUNT]; /* schema ids of the rows, by table; partition: the clock's */
	uint32_t rules_row_id;
	struct fnl_rules_slot slots[2];
	size_t slot_next;
};

/* What prepare makes of a record. Row positions in prepared.rows, -1: not needed. */
struct fnl_prospect_event {
	struct fnl_decoded decoded;
	struct fnl_span source;
	struct fnl_span entity; /* prospect id, or source */
	int64_t occurred_at_ms;
	int row_prospect;
	int row_erased;
	int row_feed;
	int row_rules;
};

/* Who is to blame: computed once, when the first output asks for it. */
struct fnl_cause_id {
	struct fnl_span id;
	struct fnl_span correlation;
};

/* rows.c */
int fnl_prospect_row_encode(uint32_t schema_id, const struct fnl_record_desc *desc, const struct fnl_value *values,
                            struct fnl_arena *arena, struct fnl_span *ret) FNL_MUST_USE;
/* NULL values in *ret when the row is absent. */
int fnl_prospect_row_decode(struct fnl_prospect_operator *o, uint32_t schema_id, const struct fnl_record_desc *desc,
                            struct fnl_span value, struct fnl_arena *arena, const struct fnl_value **ret,
                            struct fnl_error *why) FNL_MUST_USE;
int64_t fnl_prospect_row_deadline(struct fnl_operator *o, uint8_t table, struct fnl_span value);

/* prepare.c */
int fnl_prospect_prepare(struct fnl_operator *base, const struct fnl_record *r, struct fnl_arena *arena,
                         struct fnl_prepared *ret, struct fnl_error *why) FNL_MUST_USE;
int fnl_prospect_prepare_timer(struct fnl_operator *base, struct fnl_row_key row, struct fnl_span value,
                               struct fnl_arena *arena, struct fnl_prepared *ret) FNL_MUST_USE;

/* outputs.c */
int fnl_prospect_cause(struct fnl_prospect_operator *o, const struct fnl_step *step,
                       struct fnl_cause_id *ret) FNL_MUST_USE;
/* Adds one output for a derived event. */
int fnl_prospect_output(struct fnl_prospect_operator *o, const struct fnl_step *step, const struct fnl_cause_id *cause,
                        const struct fnl_event_out *event, int32_t rules_version, struct fnl_decision *d) FNL_MUST_USE;

/* rules.c */
int fnl_prospect_rules(struct fnl_prospect_operator *o, struct fnl_span row, struct fnl_arena *arena,
                       const struct fnl_rules **ret, struct fnl_error *why) FNL_MUST_USE;
int fnl_prospect_rules_activate(struct fnl_prospect_operator *o, const struct fnl_step *step, struct fnl_decision *d,
                                struct fnl_error *why) FNL_MUST_USE;

#endif
