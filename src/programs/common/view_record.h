/* What the views of single rows share: the row of a key, decoded; as JSON; a heading and a line of text. */
#ifndef FNL_PROGRAMS_VIEW_RECORD_H
#define FNL_PROGRAMS_VIEW_RECORD_H

#include <jansson.h>

#include "rows_table.h"
#include "view_event.h"

struct fnl_view_row {
	const struct fnl_row_entry *row;
	struct fnl_decoded decoded; /* in the arena */
};

/* *ret->row stays NULL when there is no such row. FNL_E_INVALID …, FNL_E_NOMEM with *why. */
int fnl_view_row_decode(const struct fnl_row_entry *row, const struct fnl_record_desc *d, struct fnl_arena *arena,
                        struct fnl_view_row *ret, struct fnl_error *why) FNL_MUST_USE;
/* The record's fields by name; NULL: no memory. The caller owns it. */
json_t *fnl_view_row_json(const struct fnl_view_row *r, struct fnl_arena *arena);
/* And "partition", "offset", "committed_at" beside them. */
int fnl_view_row_place_json(const struct fnl_view_row *r, json_t *object) FNL_MUST_USE;
/* Dumps and frees it; NULL (no memory on the way) and a failed write give FNL_E_IO with *why. */
int fnl_view_json_write(json_t *o, FILE *out, struct fnl_error *why) FNL_MUST_USE;

/* An exact sum in 1/10000 of a minor unit, as far as it has digits: "250,000.00", "0.0025", "-12.345". */
void fnl_text_exact(__int128 e4, const char currency[4], char ret[FNL_TEXT_BYTES]);

void fnl_view_heading(const struct fnl_canvas *c, const char *text);
void fnl_view_line(const struct fnl_canvas *c, const char *name, const char *text);
/* A field by its index; nothing when it is null or an empty list. */
void fnl_view_field_line(const struct fnl_canvas *c, const struct fnl_decoded *d, size_t field);
/* "partition 3, offset 12, committed …" */
void fnl_view_place_line(const struct fnl_canvas *c, const struct fnl_row_entry *row);

#endif
