/* Shared by the files that make up books and quotas. */
#ifndef FNL_CORE_BOOK_INTERNAL_H
#define FNL_CORE_BOOK_INTERNAL_H

#include "funneld/core/quota.h"
#include "rules_internal.h"
#include "values_internal.h"

/* --- book_sums.c --- */

/* totals: a list of BookTotal, RunningTotal, QuotaTotal or CellTotal, sorted by their first field and currency; it is
 * replaced by a copy with the amount added (sign 1) or taken away (-1). FNL_E_LIMIT: no room or beyond 64 bits;
 * FNL_E_STATE: it was never added. */
int fnl_book_totals_add(struct fnl_value *totals, int64_t key, const struct fnl_book_amount *a, int sign,
                        struct fnl_arena *arena);

/* One of the list's records is added under another key. */
int fnl_book_totals_merge(struct fnl_value *totals, int64_t key, const struct fnl_value *total,
                          struct fnl_arena *arena);

struct fnl_book_moved {
	bool sums;    /* anything of the book */
	bool to_tell; /* the running sums of a year whose quota was opened */
	bool won;     /* what he has won: some year of the row is marked */
};
/* The book's sums go over from one image of a line to another (Line rows; NULL: none). */
int fnl_book_sums_move(struct fnl_value *rep, const struct fnl_value *from, const struct fnl_value *to,
                       struct fnl_arena *arena, struct fnl_book_moved *ret_moved);

/* fnl_book_refile, which also says what has moved. */
int fnl_book_refile_line(struct fnl_value *rep, struct fnl_value *line, const struct fnl_rules *rules,
                         struct fnl_arena *arena, bool *ret_changed, struct fnl_book_moved *ret_moved);

/* Of several untold changes the first one is named as the cause. */
void fnl_book_mark_change(struct fnl_value *rep, struct fnl_span cause_id, struct fnl_span correlation_id);

bool fnl_book_has_year(const struct fnl_value *rep, int64_t fiscal_year);

/* --- attainment.c --- */

/* What the line adds to what the rep has won (WonCredit), by its own year_start; null: nothing. */
int fnl_book_credit_of(const struct fnl_value *line, struct fnl_arena *arena, struct fnl_value *ret);
/* As fnl_book_sums_move, for what he has won. */
int fnl_book_won_move(struct fnl_value *rep, const struct fnl_value *from, const struct fnl_value *to,
                      struct fnl_arena *arena, bool *ret_moved);
/* As fnl_book_mark_change, for what he has won. */
void fnl_book_mark_won(struct fnl_value *rep, struct fnl_span cause_id, struct fnl_span correlation_id);
/* HR has said something of the rep, who was in->rep and is `rep` by now. The caller arms the row. */
int fnl_book_won_rep_changed(const struct fnl_book_in *in, struct fnl_value *rep);

/* --- book.c --- */

/* Nothing of the line is needed any more once it has so many images: it is GONE, and nothing was won with it. */
bool fnl_book_line_is_over(const struct fnl_value *line, size_t image_count);

/* A copy of the row, or a new one. NULL: no memory. */
struct fnl_value *fnl_book_open_rep(const struct fnl_book_in *in, struct fnl_span book);

/* --- book_directory.c --- */

/* The row is `rep` by now and was in->rep: what the directory must hear of it, at once or later. Arms the row. */
int fnl_book_directory(const struct fnl_book_in *in, struct fnl_value *rep, struct fnl_book_out *out);
/* The row's timer fired: the count that is due. */
int fnl_book_directory_due(const struct fnl_book_in *in, struct fnl_value *rep, struct fnl_book_out *out);

/* --- book_images.c --- */

/* Whether a run is about this rep. */
bool fnl_quota_run_concerns(const struct fnl_value *run, const struct fnl_value *rep);
/* Whether a run can still ask for the line's image. */
bool fnl_quota_run_awaits(const struct fnl_value *run, struct fnl_span book, struct fnl_span prospect_id);
/* NULL: none of that id. */
const struct fnl_value *fnl_quota_run_by_id(const struct fnl_value *jobs, struct fnl_span run_id);

/* An image of the line as it is (NULL: there is none) for a run or a sheet; NULL: no memory. */
struct fnl_value *fnl_line_image(struct fnl_arena *arena, struct fnl_span run_id, const struct fnl_value *line);

/* The images that the line leaves when it goes from `from` (NULL: none) to `to`, Line rows both. */
int fnl_book_images_after(const struct fnl_book_in *in, const struct fnl_value *rep, const struct fnl_value *from,
                          const struct fnl_value *to, struct fnl_value *ret_images);

/* --- book_sheets.c --- */

/* Which sheets a line keeps images for, once it has changed. */
struct fnl_sheet_images {
	int64_t oldest; /* those of earlier sheets go */
	int64_t wanted[2];
	size_t wanted_count;
};
/* inspection: NULL, or its first FNL_INSPECTION_HEAD_COUNT values at least. */
struct fnl_sheet_images fnl_sheet_images_of(const struct fnl_value *inspection, const struct fnl_value *from,
                                            const struct fnl_value *to);
/* The number of the sheet that an image is kept for; 0: it is a quota run's. */
int64_t fnl_sheet_of_image(const struct fnl_value *image);
/* The image for a sheet, as FNL_BOOK_VALUE_COUNT values; NULL: there is none. */
const struct fnl_value *fnl_sheet_image(const struct fnl_value *line, int64_t number);
/* Whether the list is what the line keeps already, without any quota run, when it becomes `to`. */
bool fnl_sheet_images_stand(const struct fnl_sheet_images *s, struct fnl_list images, const struct fnl_value *to);
/* Appends the line's images of sheets; there is room for FNL_INSPECT_IMAGES_MAX. A person who is neither a contact of
 * `to` nor unlinked against the company is in none of them: he may have been erased. */
int fnl_sheet_images_add(const struct fnl_sheet_images *s, const struct fnl_value *from, const struct fnl_value *to,
                         struct fnl_arena *arena, struct fnl_value *items, size_t *count);

static inline struct fnl_value *fnl_values_copy(struct fnl_arena *arena, const struct fnl_value *values, size_t count)
{
	struct fnl_value *copy = fnl_arena_alloc(arena, count * sizeof(*copy));
	if (copy) {
		memcpy(copy, values, count * sizeof(*copy));
	}
	return copy;
}

#endif
