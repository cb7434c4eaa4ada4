/* What a line says of its cell. */
#include "workload_rep_internal.h"

#define MS_PER_DAY INT64_C(86400000)

/* One of many that are alike, so that the next line of a prospect is often where it was and counts as it did. */
static void make_steady(struct fnl_input *in)
{
	static const int unset[] = {FNL_BOOK_LINE_AMOUNT,     FNL_BOOK_LINE_REGION,      FNL_BOOK_LINE_INDUSTRY,
	                            FNL_BOOK_LINE_SIZE_FOCUS, FNL_BOOK_LINE_OWNER_SINCE, FNL_BOOK_LINE_LAST_CONTACT_ON};
	for (size_t i = 0; i < sizeof(unset) / sizeof(unset[0]); i++) {
		in->v[unset[i]] = (struct fnl_value){0};
	}
	fnl_input_i64(in, FNL_BOOK_LINE_LAYER, FNL_LAYER_TOP);
}

/* What decides the cell beside the words, and until when the line is held there: often about now, and the same day for
 * several lines. Drawn apart, so that other seeds do what they did. */
void rep_add_cell(struct workload_rep *w, struct fnl_input *in)
{
	static const char *const sizes[] = {"large", "", "a|b", "%a", "x y"};
	struct fnl_gen apart = {w->gen.state ^ UINT64_C(0x5851f42d4c957f2d)};
	if (fnl_gen_one_in(&apart, 4)) {
		char *text = fnl_arena_calloc(&w->arena, 1, 100);
		memset(text, 's', 64 + fnl_gen_below(&apart, 3));
		fnl_input_str(in, FNL_BOOK_LINE_SIZE_FOCUS, fnl_gen_one_in(&apart, 3) ? text : sizes[fnl_gen_below(&apart, 5)]);
	}
	if (in->v[FNL_BOOK_LINE_LAYER].i64 == FNL_LAYER_MIDDLE && fnl_gen_one_in(&apart, 2)) {
		fnl_input_i64(in, FNL_BOOK_LINE_LAST_CONTACT_ON, w->time_ms / MS_PER_DAY - (int64_t)fnl_gen_below(&apart, 20));
	}
	if (fnl_gen_one_in(&apart, 3)) {
		int64_t days =
			fnl_gen_one_in(&apart, 2) ? (int64_t)fnl_gen_below(&apart, 200) : 178 + (int64_t)fnl_gen_below(&apart, 5);
		fnl_input_i64(in, FNL_BOOK_LINE_OWNER_SINCE, w->time_ms - days * MS_PER_DAY);
	}
	int64_t layer = in->v[FNL_BOOK_LINE_LAYER].i64;
	bool open = layer == FNL_LAYER_TOP || layer == FNL_LAYER_MIDDLE || layer == FNL_LAYER_BOTTOM;
	if (open && fnl_gen_one_in(&apart, 4)) {
		make_steady(in);
	}
}
