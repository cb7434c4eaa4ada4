/* libcsv knows cells and rows; lines are counted here, by handing it one line at a time. */
#include "import_csv.h"

#include <csv.h>

enum { CHUNK_BYTES = 1 << 16 };
static const char too_long[] = "longer than 1 MiB: is a quotation mark left open?";

struct csv_reader {
	struct csv_parser parser;
	fnl_csv_visit visit;
	void *context;
	uint8_t *row; /* the cells' bytes, one after the other */
	size_t row_bytes;
	size_t row_capacity;
	size_t ends[FNL_CSV_CELLS_MAX];
	size_t cell_count;
	uint64_t line;     /* being read */
	uint64_t row_line; /* where the present row began */
	bool in_row;
	bool skipping; /* to the end of a line that is no CSV */
	const char *malformed;
	int status; /* of the visitor, or an error: nothing more is done */
};

static bool row_grow(struct csv_reader *r, size_t more)
{
	if (r->row_bytes + more <= r->row_capacity) {
		return true;
	}
	size_t capacity = r->row_capacity ? r->row_capacity : 4096;
	while (capacity < r->row_bytes + more) {
		capacity *= 2;
	}
	uint8_t *row = fnl_reallocarray(r->row, capacity, 1);
	if (!row) {
		return false;
	}
	r->row = row;
	r->row_capacity = capacity;
	return true;
}

static void on_cell(void *data, size_t len, void *context)
{
	struct csv_reader *r = context;
	if (r->status || r->malformed) {
		return;
	}
	if (r->cell_count == FNL_CSV_CELLS_MAX) {
		r->malformed = "more than 256 cells in a row";
		return;
	}
	if (len > FNL_CSV_ROW_BYTES_MAX - r->row_bytes) {
		r->malformed = too_long;
		return;
	}
	if (!row_grow(r, len + 1)) {
		r->status = FNL_E_NOMEM;
		return;
	}
	if (len) {
		memcpy(r->row + r->row_bytes, data, len);
	}
	r->row_bytes += len;
	r->ends[r->cell_count++] = r->row_bytes;
}

/* Hands the row over and makes room for the next one. */
static void row_finish(struct csv_reader *r)
{
	struct fnl_span cells[FNL_CSV_CELLS_MAX];
	struct fnl_csv_row row = {cells, r->malformed ? 0 : r->cell_count, r->row_line, r->malformed};
	size_t begin = 0;
	for (size_t i = 0; i < row.cell_count; i++) {
		cells[i] = fnl_span_of(r->row + begin, r->ends[i] - begin);
		begin = r->ends[i];
	}
	if (!r->status) {
		r->status = r->visit(r->context, &row);
	}
	r->row_bytes = 0;
	r->cell_count = 0;
	r->in_row = false;
	r->malformed = NULL;
}

static void on_row(int end_char, void *context)
{
	(void)end_char;
	row_finish(context);
}

static int parser_reset(struct csv_reader *r)
{
	csv_free(&r->parser);
	return csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI) ? FNL_E_NOMEM : 0;
}

/* The present row is given up, and the rest of its line with it. */
static void row_give_up(struct csv_reader *r, const char *why, bool line_ended)
{
	r->malformed = why;
	row_finish(r);
	r->skipping = !line_ended;
	if (!r->status) {
		r->status = parser_reset(r);
	}
}

static bool is_blank(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] != ' ' && data[i] != '\t' && data[i] != '\r' && data[i] != '\n') {
			return false;
		}
	}
	return true;
}

/* A line, or a piece of one. */
static void take(struct csv_reader *r, const uint8_t *data, size_t len)
{
	bool ends = len && data[len - 1] == '\n';
	bool between = !r->in_row && ends && is_blank(data, len);
	if (!r->skipping && !between) {
		if (!r->in_row) {
			r->row_line = r->line;
			r->in_row = true;
		}
		size_t done = csv_parse(&r->parser, data, len, on_cell, on_row, r);
		if (r->status) {
			return;
		}
		if (done < len && csv_error(&r->parser) == CSV_ENOMEM) {
			r->status = FNL_E_NOMEM;
		} else if (done < len) {
			row_give_up(r, "a quotation mark in the wrong place", ends);
		} else if (r->row_bytes + csv_get_buffer_size(&r->parser) > 2 * (size_t)FNL_CSV_ROW_BYTES_MAX) {
			row_give_up(r, too_long, ends); /* a cell that does not end */
		}
	} else if (ends) {
		r->skipping = false; /* the next line may be a row again */
	}
	if (ends) {
		r->line++;
	}
}

static void read_all(struct csv_reader *r, FILE *in, uint8_t *chunk)
{
	bool first = true;
	for (;;) {
		size_t n = fread(chunk, 1, CHUNK_BYTES, in);
		size_t at = first && n >= 3 && memcmp(chunk, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
		first = false;
		while (at < n && !r->status) {
			const uint8_t *end = memchr(chunk + at, '\n', n - at);
			size_t len = end ? (size_t)(end - (chunk + at)) + 1 : n - at;
			take(r, chunk + at, len);
			at += len;
		}
		if (r->status) {
			return;
		}
		if (n < CHUNK_BYTES) {
			break;
		}
	}
	if (ferror(in)) {
		r->status = FNL_E_IO;
	} else if (!r->skipping && csv_fini(&r->parser, on_cell, on_row, r) && !r->status) {
		r->malformed = "a quotation mark is left open";
		row_finish(r);
	}
}

int fnl_csv_read(FILE *in, fnl_csv_visit visit, void *context)
{
	struct csv_reader *r = fnl_calloc(1, sizeof(*r));
	uint8_t *chunk = fnl_calloc(CHUNK_BYTES, 1);
	int status = FNL_E_NOMEM;
	if (r && chunk && csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI) == 0) {
		r->visit = visit;
		r->context = context;
		r->line = 1;
		read_all(r, in, chunk);
		csv_free(&r->parser);
		status = r->status;
	}
	if (r) {
		fnl_free(r->row);
	}
	fnl_free(r);
	fnl_free(chunk);
	return status;
}
