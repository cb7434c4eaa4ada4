/* One cell's text to one value of a record, by the field's description. */
#ifndef FNL_PROGRAMS_IMPORT_CELL_H
#define FNL_PROGRAMS_IMPORT_CELL_H

#include "funneld/base/record.h"

enum fnl_cell_unit { FNL_CELL_AS_IS, FNL_CELL_PERCENT, FNL_CELL_FRACTION };

struct fnl_cell_context {
	struct fnl_arena *arena;
	struct fnl_span currency; /* of money; data == NULL: none is given */
	const char *time_format;  /* strptime, for dates and times; NULL: ISO 8601, or epoch milliseconds for times */
	enum fnl_cell_unit unit;  /* of an integer in basis points */
};

/* Date "2025-01-31" (midnight UTC), RFC 3339, or epoch milliseconds. */
bool fnl_cell_time(struct fnl_span text, const char *format, int64_t *ret_ms);

/* 0, or FNL_E_INVALID with *why: what is wrong with the value, without column or value; FNL_E_NOMEM. Lists are
 * separated by ';', the fields of a nested record by '/' in the order of its schema. Strings are borrowed from text. */
int fnl_cell_parse(const struct fnl_field_desc *f, struct fnl_span text, const struct fnl_cell_context *c,
                   struct fnl_value *ret, struct fnl_error *why) FNL_MUST_USE;

#endif
