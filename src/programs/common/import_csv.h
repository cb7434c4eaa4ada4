/* CSV by RFC 4180, UTF-8, row by row, with the line on which each row begins. */
#ifndef FNL_PROGRAMS_IMPORT_CSV_H
#define FNL_PROGRAMS_IMPORT_CSV_H

#include <stdio.h>

#include "funneld/base/arena.h"
#include "funneld/base/status.h"

enum { FNL_CSV_CELLS_MAX = 256, FNL_CSV_ROW_BYTES_MAX = 1 << 20 };

/* Blank around an unquoted cell is taken off. An empty cell has len 0. Borrowed until the visit returns. */
struct fnl_csv_row {
	const struct fnl_span *cells;
	size_t cell_count;
	uint64_t line;         /* where it begins, from 1 */
	const char *malformed; /* NULL, or why this is no row: then there are no cells */
};

/* Rows in order, the header line first; malformed ones too. != 0 stops the reading and is returned by it. */
typedef int (*fnl_csv_visit)(void *context, const struct fnl_csv_row *row);

/* Reads to the end of in. Empty lines are skipped, a byte order mark at the beginning too. FNL_E_IO, FNL_E_NOMEM, or
 * what visit returned. */
int fnl_csv_read(FILE *in, fnl_csv_visit visit, void *context) FNL_MUST_USE;

#endif
