/* Shapes shared by the prospect operator's files. */
#ifndef FUNNELD_OPERATORS_PROSPECT_INTERNAL_H
#define FUNNELD_OPERATORS_PROSPECT_INTERNAL_H

#include "common.h"

struct fnl_prospect_operator {
	struct fnl_operator base;
	struct fnl_op op;
	struct fnl_row_type rows[FNL_PROSPECT_TABLE_COUNT]; /* by table; partition: the clock's */
};

/* What prepare makes of a record. Row positions in prepared.rows, -1: not needed. */
struct fnl_prospect_event {
	struct fnl_root root;
	int row_prospect;
	int row_erased;
	int row_feed;
	int row_rules;
};

/* prospect_prepare.c */
int fnl_prospect_prepare(struct fnl_operator *base, const struct fnl_record *r, struct fnl_arena *arena,
                         struct fnl_prepared *ret, struct fnl_error *why) FNL_MUST_USE;
int fnl_prospect_prepare_timer(struct fnl_operator *base, struct fnl_row_key row, struct fnl_span value,
                               struct fnl_arena *arena, struct fnl_prepared *ret) FNL_MUST_USE;

#endif
