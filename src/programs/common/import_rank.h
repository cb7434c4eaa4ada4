/* Versions for rows that name none: the row's rank in time among the rows of its key, over the whole file. */
#ifndef FNL_PROGRAMS_IMPORT_RANK_H
#define FNL_PROGRAMS_IMPORT_RANK_H

#include "funneld/base/arena.h"
#include "funneld/base/map.h"

enum { FNL_IMPORT_ROWS_MAX = 200000000 };

/* 16 bytes a row, and one entry a key. A zeroed one is valid and empty. */
struct fnl_import_rank {
	struct fnl_import_rank_row *rows;
	size_t row_count;
	size_t row_capacity;
	struct fnl_map keys;
	struct fnl_arena arena; /* of the keys */
	uint32_t key_count;
	bool out_of_order; /* some key's rows are not in order of time: finish sorts */
};

/* The next row of the file; key.len == 0: it has no rank. space tells keys of different kinds apart. FNL_E_NOMEM,
 * FNL_E_LIMIT. */
int fnl_import_rank_add(struct fnl_import_rank *r, char space, struct fnl_span key, int64_t time_ms) FNL_MUST_USE;
/* After the last row. Ties keep the order of the rows. */
int fnl_import_rank_finish(struct fnl_import_rank *r) FNL_MUST_USE;
/* From 1; 0: none. row counts from 0. */
uint32_t fnl_import_rank_of(const struct fnl_import_rank *r, size_t row);
void fnl_import_rank_deinit(struct fnl_import_rank *r);

#endif
