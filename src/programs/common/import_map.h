/* The map of an import: how the columns and words of a file become ours.
 *
 *   ignore = Column;Other column        columns of the file that are left out; * = every unknown one
 *   [columns]   Column = our column     (or = ignore)
 *   [constants] our column = value      for rows without a cell of that column
 *   [values our column]  Their word = our word     case does not matter; \N: cleared, nothing: not there
 *   [formats]   our column = %d.%m.%Y   of dates and times (strptime); percent, fraction or bp of probability */
#ifndef FNL_PROGRAMS_IMPORT_MAP_H
#define FNL_PROGRAMS_IMPORT_MAP_H

#include <stdio.h>

#include "funneld/base/arena.h"
#include "funneld/base/status.h"

enum { FNL_IMPORT_MAP_ENTRIES_MAX = 1024 };

enum fnl_import_map_kind {
	FNL_IMPORT_MAP_COLUMN,
	FNL_IMPORT_MAP_CONSTANT,
	FNL_IMPORT_MAP_VALUE,
	FNL_IMPORT_MAP_FORMAT
};

struct fnl_import_map_entry {
	enum fnl_import_map_kind kind;
	struct fnl_span column; /* ours; for COLUMN an empty one: ignored */
	struct fnl_span from;   /* COLUMN, VALUE: theirs */
	struct fnl_span to;     /* CONSTANT, VALUE, FORMAT; NUL-terminated beyond its end */
	int line;
};

/* A zeroed map changes nothing. */
struct fnl_import_map {
	struct fnl_import_map_entry *entries;
	size_t count;
	bool ignore_unknown;
};

/* All memory from the arena. FNL_E_INVALID with *why naming file (name), line and key; FNL_E_NOMEM. Whether our columns
 * exist is checked when a header meets the map. */
int fnl_import_map_read(FILE *in, const char *name, struct fnl_arena *arena, struct fnl_import_map *ret,
                        struct fnl_error *why) FNL_MUST_USE;

/* What is said of a column of the file; NULL: nothing. */
const struct fnl_import_map_entry *fnl_import_map_column(const struct fnl_import_map *m, struct fnl_span theirs);
/* CONSTANT or FORMAT of our column; NULL: none. */
const struct fnl_import_map_entry *fnl_import_map_find(const struct fnl_import_map *m, enum fnl_import_map_kind kind,
                                                       struct fnl_span column);
/* Our word for theirs; theirs when the map has none. */
struct fnl_span fnl_import_map_value(const struct fnl_import_map *m, struct fnl_span column, struct fnl_span theirs);

/* Equal but for the case of ASCII letters. */
bool fnl_text_eq(struct fnl_span a, struct fnl_span b);

#endif
