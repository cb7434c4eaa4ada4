/* The drawn funnel: four bands that narrow from line to line, each with its figures beside it. */
#include "view_draw.h"

enum {
	BAND_COUNT = 4,
	BAND_LINES_MIN = 3,
	SHAPE_COLUMNS_MAX = 46,
	SHAPE_COLUMNS_MIN = 22,
	NARROW_COLUMNS_MIN = 10,
	TEXT_COLUMNS = 50, /* what the figures want beside the shape */
	GAP_COLUMNS = 3
};

struct band {
	const char *key;
	enum fnl_view_status status;
	enum fnl_style style;
	const char *background; /* of the filled shape */
};

static const struct band bands[BAND_COUNT] = {
	{"TOP", FNL_VIEW_OPEN, FNL_BLUE, "\033[97;44m"},
	{"MIDDLE", FNL_VIEW_OPEN, FNL_CYAN, "\033[30;46m"},
	{"BOTTOM", FNL_VIEW_OPEN, FNL_YELLOW, "\033[30;43m"},
	{"WON", FNL_VIEW_WON, FNL_GREEN, "\033[30;42m"},
};

struct drawing {
	const struct fnl_view *view;
	const struct fnl_canvas *c;
	int shape_columns; /* of the widest line; 0: there is no room for a shape */
	int row;           /* of the shape, from its top */
	int rows;          /* of its narrowing part */
	int after;         /* columns between the line's shape and its figures */
};

static size_t currencies_of(const struct fnl_view_group *g)
{
	return g ? g->sums.count : 0;
}

static int band_lines(const struct fnl_view_group *g)
{
	int lines = 1 + (int)currencies_of(g);
	return lines < BAND_LINES_MIN ? BAND_LINES_MIN : lines;
}

/* One line of the shape: `inner` columns between its two slopes, the label in its middle. */
static void shape_line(struct drawing *d, const struct band *b, int columns, bool slope, const char *label)
{
	const struct fnl_canvas *c = d->c;
	int indent = (d->shape_columns - columns) / 2;
	int len = label ? (int)strlen(label) + 2 : 0;
	int inner = columns - (slope ? 2 : 0);
	if (len > inner) {
		len = 0;
	}
	int left = (inner - len) / 2;
	fnl_text_fill(c, " ", indent);
	if (slope) {
		fprintf(c->out, "%s%s%s", fnl_style_on(c, b->style), c->utf8 ? "▜" : "\\", fnl_style_off(c));
	}
	fputs(c->color ? b->background : "", c->out);
	const char *filling = c->color ? " " : c->utf8 ? "█" : "#";
	fnl_text_fill(c, filling, left);
	if (len) {
		fprintf(c->out, " %s ", label);
	}
	fnl_text_fill(c, filling, inner - len - left);
	fputs(fnl_style_off(c), c->out);
	if (slope) {
		fprintf(c->out, "%s%s%s", fnl_style_on(c, b->style), c->utf8 ? "▛" : "/", fnl_style_off(c));
	}
	d->after = d->shape_columns - indent - columns + GAP_COLUMNS;
}

static int columns_at(const struct drawing *d, int row)
{
	int third = d->shape_columns / 3;
	int narrow = third < NARROW_COLUMNS_MIN ? NARROW_COLUMNS_MIN : third;
	int columns = row >= d->rows ? narrow : d->shape_columns - (d->shape_columns - narrow) * row / d->rows;
	return columns - (d->shape_columns - columns) % 2; /* both sides alike */
}

static void figures_head(const struct drawing *d, const struct band *b, const struct fnl_view_group *g)
{
	char count[FNL_TEXT_BYTES];
	fnl_text_count(g ? g->count : 0, count);
	fprintf(d->c->out, "%s%s%-7s%s %s%7s%s", fnl_style_on(d->c, b->style), fnl_style_on(d->c, FNL_BOLD), b->key,
	        fnl_style_off(d->c), fnl_style_on(d->c, FNL_BOLD), count, fnl_style_off(d->c));
	if (g && b->status == FNL_VIEW_OPEN) {
		fnl_text_bp((int64_t)((g->weight_bp_sum + g->count / 2) / g->count), count);
		fprintf(d->c->out, "   %schance %s%s", fnl_style_on(d->c, FNL_DIM), count, fnl_style_off(d->c));
	}
	if (g && g->without_amount) {
		fnl_text_count(g->without_amount, count);
		fprintf(d->c->out, "%s, %s without amount%s", fnl_style_on(d->c, FNL_DIM), count, fnl_style_off(d->c));
	}
}

static void figures_money(const struct fnl_canvas *c, const struct fnl_money_sum *s, bool weighted)
{
	char amount[FNL_TEXT_BYTES];
	char expected[FNL_TEXT_BYTES];
	fnl_text_money(s->amount_minor, s->currency, amount);
	fprintf(c->out, "%s %11s", s->currency, amount);
	if (weighted) {
		fnl_text_money((__int128)fnl_view_weighted(s), s->currency, expected);
		fprintf(c->out, "   %sweighted%s %11s", fnl_style_on(c, FNL_DIM), fnl_style_off(c), expected);
	}
}

static void draw_band(struct drawing *d, const struct band *b)
{
	const struct fnl_view_group *g = fnl_view_find(d->view, b->key, b->status);
	int lines = d->shape_columns ? band_lines(g) : 1 + (int)currencies_of(g);
	for (int i = 0; i < lines; i++) {
		fputc(' ', d->c->out);
		if (d->shape_columns) {
			shape_line(d, b, columns_at(d, d->row), d->row < d->rows, i == lines / 2 ? b->key : NULL);
			d->row++;
		}
		if (i == 0 || (size_t)i <= currencies_of(g)) {
			fnl_text_fill(d->c, " ", d->after);
		}
		if (i == 0) {
			figures_head(d, b, g);
		} else if ((size_t)i <= currencies_of(g)) {
			figures_money(d->c, &g->sums.by[i - 1], b->status == FNL_VIEW_OPEN);
		}
		fputc('\n', d->c->out);
	}
}

/* What is in the funnel and what it is worth. */
static void draw_total(const struct drawing *d)
{
	struct fnl_money_sums total = {0};
	uint64_t count = 0;
	char text[FNL_TEXT_BYTES];
	for (size_t b = 0; b < BAND_COUNT - 1; b++) {
		const struct fnl_view_group *g = fnl_view_find(d->view, bands[b].key, bands[b].status);
		count += g ? g->count : 0;
		for (size_t i = 0; i < currencies_of(g); i++) {
			size_t at = 0;
			while (at < total.count && strcmp(total.by[at].currency, g->sums.by[i].currency) != 0) {
				at++;
			}
			if (at == FNL_CURRENCIES_MAX) {
				continue;
			}
			if (at == total.count) {
				memcpy(total.by[total.count++].currency, g->sums.by[i].currency, sizeof(total.by[at].currency));
			}
			total.by[at].amount_minor += g->sums.by[i].amount_minor;
			total.by[at].weighted += g->sums.by[i].weighted;
		}
	}
	fnl_text_count(count, text);
	fprintf(d->c->out, " %sIN THE FUNNEL%s %9s", fnl_style_on(d->c, FNL_BOLD), fnl_style_off(d->c), text);
	for (size_t i = 0; i < total.count; i++) {
		fputs(i ? "\n                         " : " ", d->c->out);
		fputs("   ", d->c->out);
		figures_money(d->c, &total.by[i], true);
	}
	fputc('\n', d->c->out);
}

static void draw_beside(const struct drawing *d, const char *key, enum fnl_view_status status, enum fnl_style style,
                        const char *why)
{
	const struct fnl_view_group *g = fnl_view_find(d->view, key, status);
	char text[FNL_TEXT_BYTES];
	fnl_text_count(g ? g->count : 0, text);
	fprintf(d->c->out, " %s%-13s%s %9s", fnl_style_on(d->c, g ? style : FNL_DIM), key, fnl_style_off(d->c), text);
	for (size_t i = 0; i < currencies_of(g); i++) {
		fnl_text_money(g->sums.by[i].amount_minor, g->sums.by[i].currency, text);
		fprintf(d->c->out, "%s%s %s", i ? ", " : "    ", g->sums.by[i].currency, text);
	}
	if (g && why) {
		fprintf(d->c->out, "   %s%s%s", fnl_style_on(d->c, FNL_DIM), why, fnl_style_off(d->c));
	}
	fputc('\n', d->c->out);
}

void fnl_view_draw(const struct fnl_view *v, const struct fnl_canvas *c, const char *title)
{
	struct drawing d = {.view = v, .c = c};
	char as_of[FNL_TEXT_BYTES];
	int width = c->width ? c->width : 100;
	int shape = width - TEXT_COLUMNS - GAP_COLUMNS - 1;
	d.shape_columns = shape < SHAPE_COLUMNS_MIN ? 0 : shape > SHAPE_COLUMNS_MAX ? SHAPE_COLUMNS_MAX : shape & ~1;
	for (size_t b = 0; b < BAND_COUNT - 1; b++) {
		d.rows += band_lines(fnl_view_find(v, bands[b].key, bands[b].status));
	}
	fnl_text_time(v->as_of_ms, as_of);
	fprintf(c->out, " %s%s%s   %sas of %s%s\n\n", fnl_style_on(c, FNL_BOLD), title ? title : "SALES FUNNEL",
	        fnl_style_off(c), fnl_style_on(c, FNL_DIM), as_of, fnl_style_off(c));
	for (size_t b = 0; b < BAND_COUNT; b++) {
		draw_band(&d, &bands[b]);
	}
	fputc('\n', c->out);
	draw_total(&d);
	draw_beside(&d, "UNCLASSIFIED", FNL_VIEW_OPEN, FNL_MAGENTA, "stages that the rules don't know");
	draw_beside(&d, "UNKNOWN", FNL_VIEW_OPEN, FNL_MAGENTA, "the feed has a gap");
	draw_beside(&d, "LOST", FNL_VIEW_LOST, FNL_RED, NULL);
}
