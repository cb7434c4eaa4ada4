/* Deleted, restored, merged, erased: whether the prospect is there at all. */
#include "prospect_internal.h"

#define MS_PER_DAY INT64_C(86400000)

_Static_assert(FNL_PROSPECT_DELETED_VERSION == (int)FNL_PROSPECT_RESTORED_VERSION &&
                   FNL_PROSPECT_DELETED_VERSION == (int)FNL_PROSPECT_MERGED_VERSION,
               "the three are read alike");

/* The last writer wins by a version of its own; the fields go on folding meanwhile. */
static int set_lifecycle(struct fnl_prospect_edit *e, int lifecycle, struct fnl_value survivor_id)
{
	int64_t version = e->values[FNL_PROSPECT_DELETED_VERSION].i64;
	if (e->in->row && version <= e->in->row[FNL_PROSPECT_LIFECYCLE_VERSION].i64) {
		return fnl_prospect_stale(e);
	}
	int r = fnl_prospect_edit_open(e);
	if (r < 0) {
		return r;
	}
	fnl_prospect_edit_take_source(e);
	e->row[FNL_PROSPECT_LIFECYCLE] = fnl_value_i64(lifecycle);
	e->row[FNL_PROSPECT_LIFECYCLE_VERSION] = fnl_value_i64(version);
	e->row[FNL_PROSPECT_LIFECYCLE_AT] = fnl_value_i64(e->occurred_at_ms);
	e->row[FNL_PROSPECT_SURVIVOR_ID] = survivor_id;
	e->row[FNL_PROSPECT_KEEP_UNTIL] = (struct fnl_value){0};
	if (lifecycle == FNL_LIFECYCLE_DELETED) {
		e->row[FNL_PROSPECT_KEEP_UNTIL] =
			fnl_value_i64(e->occurred_at_ms + e->in->rules->deleted_keep_days * MS_PER_DAY);
		e->may_be_adverse = true; /* nobody says who has done it */
	}
	return fnl_prospect_edit_close(e);
}

int fnl_prospect_deleted(struct fnl_prospect_edit *e)
{
	return set_lifecycle(e, FNL_LIFECYCLE_DELETED, (struct fnl_value){0});
}

int fnl_prospect_restored(struct fnl_prospect_edit *e)
{
	return set_lifecycle(e, FNL_LIFECYCLE_ALIVE, (struct fnl_value){0});
}

int fnl_prospect_merged(struct fnl_prospect_edit *e)
{
	struct fnl_value survivor_id = e->values[FNL_PROSPECT_MERGED_SURVIVOR_ID];
	if (fnl_span_eq(survivor_id.str, e->prospect_id)) {
		return fnl_fail(e->why, FNL_E_INVALID, "ProspectMerged.survivor_id is the prospect itself");
	}
	return set_lifecycle(e, FNL_LIFECYCLE_MERGED, survivor_id);
}

/* Nothing stays but the stub that keeps late events out, and what was won, which is the company's own number. */
int fnl_prospect_erased(struct fnl_prospect_edit *e)
{
	const struct fnl_value *row = e->in->row;
	struct fnl_value *stub = fnl_arena_calloc(e->in->arena, FNL_ERASED_FIELD_COUNT, sizeof(*stub));
	if (!stub) {
		return FNL_E_NOMEM;
	}
	stub[FNL_ERASED_PROSPECT_ID] = fnl_value_str(e->prospect_id);
	stub[FNL_ERASED_VERSION] = e->values[FNL_PROSPECT_ERASED_VERSION];
	stub[FNL_ERASED_ERASED_AT] = fnl_value_i64(e->occurred_at_ms);
	e->out->erased_change = FNL_ROW_PUT;
	e->out->erased = stub;
	if (!row) {
		return FNL_OK;
	}
	if (row[FNL_PROSPECT_STATUS].set && row[FNL_PROSPECT_STATUS].i64 == FNL_STATUS_WON) {
		bool known = row[FNL_PROSPECT_WON_AMOUNT].set;
		stub[FNL_ERASED_WON_AMOUNT] = row[known ? FNL_PROSPECT_WON_AMOUNT : FNL_PROSPECT_AMOUNT];
		stub[FNL_ERASED_CLOSED_ON] = row[FNL_PROSPECT_CLOSED_ON];
	}
	e->out->row_change = FNL_ROW_DELETE;
	struct fnl_layer_decision gone = {FNL_LAYER_ERASED, FNL_LAYER_REASON_ERASED, 0};
	int r = fnl_prospect_tell_layer(e, row, NULL, gone, row[FNL_PROSPECT_SEQUENCE].i64 + 1);
	return r ? r : fnl_prospect_lines_end(e, row, FNL_LINE_STATE_ERASED);
}
