/* One row of a change log to one input event, as a feed would have sent it. */
#ifndef FNL_PROGRAMS_IMPORT_ROW_H
#define FNL_PROGRAMS_IMPORT_ROW_H

#include "import_plan.h"

struct fnl_import_event {
	const struct fnl_import_binding *binding;
	struct fnl_value values[FNL_RECORD_FIELDS_MAX]; /* of binding->desc */
	struct fnl_span key;                            /* of the record on the bus */
	struct fnl_span source;
	struct fnl_span identity; /* what ce_id is made of, after source, record and key */
	int64_t occurred_at_ms;
	bool to_all_partitions;
};

struct fnl_import_problem {
	struct fnl_span column; /* empty: the row as a whole */
	struct fnl_span value;
	struct fnl_error why;
};

enum { FNL_IMPORT_ROW_BAD = 1 };

/* What the index of versions needs. False when event, key or time of the row cannot be read. */
bool fnl_import_row_peek(const struct fnl_import_plan *p, const struct fnl_csv_row *row,
                         const struct fnl_import_binding **ret_binding, struct fnl_span *ret_key, int64_t *ret_time_ms);

/* rank: of the row among those of its key, from 1: the version where the row names none. Values borrow from row, or
 * live in the arena. 0; FNL_IMPORT_ROW_BAD with *ret_problem; FNL_E_NOMEM. */
int fnl_import_row_build(const struct fnl_import_plan *p, const struct fnl_csv_row *row, uint32_t rank,
                         struct fnl_arena *arena, struct fnl_import_event *ret,
                         struct fnl_import_problem *ret_problem) FNL_MUST_USE;

/* "funnel.prospect.changed.v1" from "ProspectChanged", in the arena; commands are funnel.command.… */
struct fnl_span fnl_import_type(const struct fnl_import_kind *kind, struct fnl_arena *arena);

#endif
