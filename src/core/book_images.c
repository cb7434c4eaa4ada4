/* Copy on write: what a line was at the as_of of each quota run that has not frozen it yet. */
#include "book_internal.h"
#include "funneld/core/inspection.h"

_Static_assert(FNL_LINE_IMAGE_WON_BY - FNL_LINE_IMAGE_STATE + 1 == (int)FNL_BOOK_VALUE_COUNT &&
                   FNL_LINE_WON_BY - FNL_LINE_STATE + 1 == (int)FNL_BOOK_VALUE_COUNT,
               "BookLine, Line and LineImage have the same value fields");

bool fnl_quota_run_concerns(const struct fnl_value *run, const struct fnl_value *rep)
{
	if (!rep[FNL_REP_REP_ID].set || !rep[FNL_REP_ORG_ID].set ||
	    !fnl_span_eq(rep[FNL_REP_ORG_ID].str, run[FNL_QUOTA_RUN_ORG_ID].str)) {
		return false;
	}
	struct fnl_list rep_ids = run[FNL_QUOTA_RUN_REP_IDS].list;
	for (size_t i = 0; i < rep_ids.count; i++) {
		if (fnl_span_eq(rep_ids.items[i].str, rep[FNL_REP_REP_ID].str)) {
			return true;
		}
	}
	return rep_ids.count == 0;
}

/* A pass goes through books, and through the lines of a book, in the order of their keys. */
static bool is_behind(const struct fnl_value *run, struct fnl_span book, struct fnl_span prospect_id)
{
	const struct fnl_value *at = &run[FNL_QUOTA_RUN_BOOK];
	const struct fnl_value *line = &run[FNL_QUOTA_RUN_LINE];
	int order = at->set ? fnl_span_cmp(book, at->str) : 1;
	if (order != 0) {
		return order < 0;
	}
	if (!run[FNL_QUOTA_RUN_IN_BOOK].i64) {
		return true;
	}
	return line->set && fnl_span_cmp(prospect_id, line->str) <= 0;
}

bool fnl_quota_run_awaits(const struct fnl_value *run, struct fnl_span book, struct fnl_span prospect_id)
{
	int64_t state = run[FNL_QUOTA_RUN_STATE].i64;
	return state != FNL_QUOTA_RUN_STATE_FROZEN &&
	       (state != FNL_QUOTA_RUN_STATE_FREEZING || !is_behind(run, book, prospect_id));
}

const struct fnl_value *fnl_quota_run_by_id(const struct fnl_value *jobs, struct fnl_span run_id)
{
	struct fnl_list runs = jobs ? jobs[FNL_PARTITION_JOBS_RUNS].list : (struct fnl_list){NULL, 0};
	for (size_t i = 0; i < runs.count; i++) {
		const struct fnl_value *run = runs.items[i].list.items;
		if (fnl_span_eq(run[FNL_QUOTA_RUN_RUN_ID].str, run_id)) {
			return run;
		}
	}
	return NULL;
}

/* What was against the company the line itself says. A quota asks for no persons, and there may be many images for
 * many runs. */
static void leave_out(struct fnl_value *image)
{
	image[FNL_LINE_IMAGE_ADVERSE] = fnl_value_list(NULL, 0);
	if (fnl_sheet_of_image(image) == 0) {
		image[FNL_LINE_IMAGE_CONTACT_IDS] = fnl_value_list(NULL, 0);
	}
}

struct fnl_value *fnl_line_image(struct fnl_arena *arena, struct fnl_span run_id, const struct fnl_value *line)
{
	struct fnl_value *image = fnl_arena_calloc(arena, FNL_LINE_IMAGE_FIELD_COUNT, sizeof(*image));
	if (!image) {
		return NULL;
	}
	bool existed = line && line[FNL_LINE_STATE].i64 != FNL_LINE_STATE_GONE;
	image[FNL_LINE_IMAGE_RUN_ID] = fnl_value_str(run_id);
	image[FNL_LINE_IMAGE_EXISTED] = fnl_value_i64(existed);
	image[FNL_LINE_IMAGE_STALLS] = fnl_value_list(NULL, 0);
	image[FNL_LINE_IMAGE_CONTACT_IDS] = fnl_value_list(NULL, 0);
	if (existed) {
		memcpy(image + FNL_LINE_IMAGE_STATE, line + FNL_LINE_STATE, FNL_BOOK_VALUE_COUNT * sizeof(*image));
	} else {
		image[FNL_LINE_IMAGE_STATE] = fnl_value_i64(FNL_LINE_STATE_GONE);
		image[FNL_LINE_IMAGE_LAYER] = fnl_value_i64(FNL_LAYER_NONE);
		image[FNL_LINE_IMAGE_WEIGHT_BP] = fnl_value_i64(0);
		image[FNL_LINE_IMAGE_RULES_VERSION] = fnl_value_i64(0);
	}
	leave_out(image);
	return image;
}

/* A late change was true at as_of already, so the image has it, too: in the fields that it changes, since the others
 * may have changed after as_of. A line that was not there then comes into being only when the change makes it the
 * book's: otherwise a prospect that moved here after as_of would be counted twice. */
static struct fnl_value *image_corrected(struct fnl_arena *arena, const struct fnl_value *image,
                                         const struct fnl_value *from, const struct fnl_value *to)
{
	if (!image[FNL_LINE_IMAGE_EXISTED].i64) {
		bool comes = to[FNL_LINE_STATE].i64 == FNL_LINE_STATE_OWNED && from[FNL_LINE_STATE].i64 != FNL_LINE_STATE_OWNED;
		return comes ? fnl_line_image(arena, image[FNL_LINE_IMAGE_RUN_ID].str, to)
		             : fnl_values_copy(arena, image, FNL_LINE_IMAGE_FIELD_COUNT);
	}
	struct fnl_value *copy = fnl_values_copy(arena, image, FNL_LINE_IMAGE_FIELD_COUNT);
	for (size_t i = 0; copy && i < FNL_BOOK_VALUE_COUNT; i++) {
		if (!fnl_value_eq(&fnl_desc_line.fields[FNL_LINE_STATE + i], &from[FNL_LINE_STATE + i],
		                  &to[FNL_LINE_STATE + i])) {
			copy[FNL_LINE_IMAGE_STATE + i] = to[FNL_LINE_STATE + i];
		}
	}
	if (copy) {
		leave_out(copy);
	}
	return copy;
}

/* Images that are being made. */
struct album {
	struct fnl_value *items;
	size_t count;
};

static size_t find_image(const struct album *a, struct fnl_span run_id)
{
	size_t at = 0;
	while (at < a->count && !fnl_span_eq(a->items[at].list.items[FNL_LINE_IMAGE_RUN_ID].str, run_id)) {
		at++;
	}
	return at;
}

/* What one run makes of the change. */
static int take_image(const struct fnl_book_in *in, const struct fnl_value *run, const struct fnl_value *from,
                      const struct fnl_value *to, struct album *a)
{
	struct fnl_span run_id = run[FNL_QUOTA_RUN_RUN_ID].str;
	size_t at = find_image(a, run_id);
	bool known = from && at < a->count; /* only a line has images */
	bool freezing = run[FNL_QUOTA_RUN_STATE].i64 == FNL_QUOTA_RUN_STATE_FREEZING;
	bool late = !freezing && to[FNL_LINE_EFFECTIVE_AT].i64 <= run[FNL_QUOTA_RUN_AS_OF].i64;
	if (late != known) {
		return FNL_OK; /* the live line is the image still, or the image stands */
	}
	struct fnl_value *image =
		known ? image_corrected(in->arena, a->items[at].list.items, from, to) : fnl_line_image(in->arena, run_id, from);
	if (!image) {
		return FNL_E_NOMEM;
	}
	a->items[at] = fnl_value_list(image, FNL_LINE_IMAGE_FIELD_COUNT);
	a->count += known ? 0 : 1;
	return FNL_OK;
}

int fnl_book_images_after(const struct fnl_book_in *in, const struct fnl_value *rep, const struct fnl_value *from,
                          const struct fnl_value *to, struct fnl_value *ret_images)
{
	struct fnl_list old = from ? from[FNL_LINE_IMAGES].list : (struct fnl_list){NULL, 0};
	struct fnl_list runs = in->jobs ? in->jobs[FNL_PARTITION_JOBS_RUNS].list : (struct fnl_list){NULL, 0};
	struct fnl_span book = to[FNL_LINE_BOOK].str;
	struct fnl_span prospect_id = to[FNL_LINE_PROSPECT_ID].str;
	struct fnl_sheet_images sheets = fnl_sheet_images_of(in->inspection, from, to);
	struct album a = {NULL, 0};
	if (runs.count == 0 && fnl_sheet_images_stand(&sheets, old, to)) {
		*ret_images = fnl_value_list(old.items, old.count);
		return FNL_OK;
	}
	/* at most one a run, so that the limit of runs is that of images: a line is never refused because quotas are slow
	 */
	a.items = fnl_arena_calloc(in->arena, runs.count + FNL_INSPECT_IMAGES_MAX, sizeof(*a.items));
	if (!a.items) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < old.count; i++) {
		const struct fnl_value *run = fnl_quota_run_by_id(in->jobs, old.items[i].list.items[FNL_LINE_IMAGE_RUN_ID].str);
		if (run && fnl_quota_run_awaits(run, book, prospect_id)) {
			a.items[a.count++] = old.items[i];
		}
	}
	for (size_t i = 0; i < runs.count; i++) {
		const struct fnl_value *run = runs.items[i].list.items;
		if (!fnl_quota_run_concerns(run, rep) || !fnl_quota_run_awaits(run, book, prospect_id)) {
			continue;
		}
		int r = take_image(in, run, from, to, &a);
		if (r < 0) {
			return r;
		}
	}
	int r = fnl_sheet_images_add(&sheets, from, to, in->arena, a.items, &a.count);
	*ret_images = fnl_value_list(a.items, a.count);
	return r;
}
