/* What the reps of an organisation have, cell by cell. */
#include "org_internal.h"

_Static_assert(FNL_CELL_IMAGE_SEQUENCE - FNL_CELL_IMAGE_ORG_ID == FNL_ORG_CELL_SEQUENCE - FNL_ORG_CELL_ORG_ID,
               "the image and the row begin alike");

int fnl_org_cell(const struct fnl_org_in *in, const struct fnl_value *cell, const struct fnl_value *event,
                 struct fnl_org_cell_out *ret, struct fnl_error *why)
{
	struct fnl_org_cell_out out = {.change = FNL_ROW_KEEP};
	int r = fnl_input_check(&fnl_desc_cell_image, event, why);
	if (r < 0) {
		return r;
	}
	bool present = event[FNL_CELL_IMAGE_PRESENT].i64 != 0;
	bool older = cell && event[FNL_CELL_IMAGE_SEQUENCE].i64 <= cell[FNL_ORG_CELL_SEQUENCE].i64;
	if (older || (!cell && !present)) {
		out.stale = true;
		*ret = out;
		return FNL_OK;
	}
	if (present) {
		out.cell = fnl_arena_calloc(in->arena, FNL_ORG_CELL_FIELD_COUNT, sizeof(*out.cell));
		if (!out.cell) {
			return FNL_E_NOMEM;
		}
		memcpy(out.cell + FNL_ORG_CELL_ORG_ID, event + FNL_CELL_IMAGE_ORG_ID,
		       (FNL_ORG_CELL_SEQUENCE - FNL_ORG_CELL_ORG_ID + 1) * sizeof(*out.cell));
		out.cell[FNL_ORG_CELL_TOTALS] = event[FNL_CELL_IMAGE_TOTALS];
	}
	out.change = present ? FNL_ROW_PUT : FNL_ROW_DELETE;
	*ret = out;
	return FNL_OK;
}
