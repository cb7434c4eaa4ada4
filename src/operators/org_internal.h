/* Shapes shared by the org operator's files. */
#ifndef FUNNELD_OPERATORS_ORG_INTERNAL_H
#define FUNNELD_OPERATORS_ORG_INTERNAL_H

#include "common.h"
#include "funneld/core/cell.h"
#include "funneld/core/book.h"
#include "funneld/core/org.h"
#include "funneld/operators/org.h"

struct fnl_org_operator {
	struct fnl_operator base;
	struct fnl_op op;
	struct fnl_row_type rows[FNL_ORG_TABLE_COUNT]; /* by table; partition: the times */
	size_t page_rows_max;
};

/* What prepare makes of a record or of a timer. Places in prepared.rows, -1: not needed. */
struct fnl_org_event {
	struct fnl_root root;
	const struct fnl_value *question; /* of a timer: its row, decoded */
	int row_rules;
	int row_times;
	int row_rep; /* of a RepEntry */
	int row_leaver;
	int row_successor;
	int row_handover;
	int row_question;
	int row_cell;
	int row_best[FNL_SUCCESSOR_CANDIDATES_MAX];
};

/* --- org_prepare.c --- */
int fnl_org_prepare(struct fnl_operator *base, const struct fnl_record *r, struct fnl_arena *arena,
                    struct fnl_prepared *ret, struct fnl_error *why) FNL_MUST_USE;
int fnl_org_prepare_timer(struct fnl_operator *base, struct fnl_row_key row, struct fnl_span value,
                          struct fnl_arena *arena, struct fnl_prepared *ret) FNL_MUST_USE;

#endif
