/* Small pieces of text for people: money, counts, times, widths on a terminal, colours. */
#ifndef FNL_PROGRAMS_VIEW_TEXT_H
#define FNL_PROGRAMS_VIEW_TEXT_H

#include <stdio.h>

#include "funneld/core/money.h"

enum { FNL_TEXT_BYTES = 64 };

/* How to draw on a stream. */
struct fnl_canvas {
	FILE *out;
	bool color;
	bool utf8; /* block characters; else ASCII */
	int width; /* columns; 0: as wide as it likes */
};

/* The terminal's width (or COLUMNS, or 100), and whether the locale speaks UTF-8. NO_COLOR in the environment wins. */
struct fnl_canvas fnl_canvas_of(FILE *out, bool color);

enum fnl_style {
	FNL_PLAIN,
	FNL_BOLD,
	FNL_DIM,
	FNL_RED,
	FNL_GREEN,
	FNL_YELLOW,
	FNL_BLUE,
	FNL_MAGENTA,
	FNL_CYAN,
	FNL_STYLE_COUNT
};
/* The escape sequences; "" without colour. */
const char *fnl_style_on(const struct fnl_canvas *c, enum fnl_style s);
const char *fnl_style_off(const struct fnl_canvas *c);

/* "1,234,567" */
void fnl_text_count(uint64_t n, char ret[FNL_TEXT_BYTES]);
/* Major units, short: "950,320", "12.4M", "3.05B"; below 1,000 with the currency's digits: "12.50". */
void fnl_text_money(__int128 amount_minor, const char currency[4], char ret[FNL_TEXT_BYTES]);
/* Major units in full: "1,234,567.89". */
void fnl_text_money_full(__int128 amount_minor, const char currency[4], char ret[FNL_TEXT_BYTES]);
/* "2025-06-30 17:00 UTC"; "-" for INT64_MIN. */
void fnl_text_time(int64_t ms, char ret[FNL_TEXT_BYTES]);
/* "2025-06-30" of days since the epoch. */
void fnl_text_date(int64_t days, char ret[FNL_TEXT_BYTES]);
/* RFC 3339 with milliseconds. */
void fnl_text_rfc3339(int64_t ms, char ret[FNL_TEXT_BYTES]);
/* "25 %", "37.5 %" */
void fnl_text_bp(int64_t bp, char ret[FNL_TEXT_BYTES]);

/* Columns that the text takes: wide East Asian characters take two. */
int fnl_text_width(struct fnl_span s);
/* The text in exactly `width` columns, cut with "…" or padded; control characters become '?'. */
void fnl_text_cell(const struct fnl_canvas *c, struct fnl_span s, int width);
/* n times the piece. */
void fnl_text_fill(const struct fnl_canvas *c, const char *piece, int n);
/* A bar of part / whole of `width` columns, padded to it. */
void fnl_text_bar(const struct fnl_canvas *c, uint64_t part, uint64_t whole, int width);

#endif
