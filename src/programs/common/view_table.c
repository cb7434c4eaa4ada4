/* Counts by anything but the layer: a line for each key, one more for each further currency. */
#include "view_draw.h"

enum { KEY_COLUMNS_MIN = 8, KEY_COLUMNS_MAX = 28, BAR_COLUMNS = 20, FIGURES_COLUMNS = 74 };

/* All groups of one key. */
struct line {
	struct fnl_span key;
	const struct fnl_view_group *by[FNL_VIEW_STATUS_COUNT];
};

/* Takes the groups of the key at *at, and moves behind them. */
static struct line line_at(const struct fnl_view *v, size_t *at)
{
	struct line l = {.key = v->groups[*at]->key};
	while (*at < v->group_count && fnl_span_eq(v->groups[*at]->key, l.key)) {
		l.by[v->groups[*at]->status] = v->groups[*at];
		++*at;
	}
	return l;
}

static uint64_t count_of(const struct fnl_view_group *g)
{
	return g ? g->count : 0;
}

static struct fnl_span key_text(struct fnl_span key)
{
	return fnl_span_is_none(key) ? FNL_SPAN_LIT("(none)") : key.len == 0 ? FNL_SPAN_LIT("(empty)") : key;
}

static const struct fnl_money_sum *sum_of(const struct fnl_view_group *g, const char *currency)
{
	for (size_t i = 0; g && i < g->sums.count; i++) {
		if (strcmp(g->sums.by[i].currency, currency) == 0) {
			return &g->sums.by[i];
		}
	}
	return NULL;
}

static void money_cell(const struct fnl_canvas *c, const struct fnl_money_sum *s, bool weighted)
{
	char text[FNL_TEXT_BYTES] = "";
	if (s) {
		fnl_text_money(weighted ? (__int128)fnl_view_weighted(s) : s->amount_minor, s->currency, text);
	}
	fprintf(c->out, " %10s", text);
}

/* Currencies of open and won prospects, each once, in order. */
static size_t currencies_of(const struct line *l, const char *ret[2 * FNL_CURRENCIES_MAX])
{
	size_t n = 0;
	for (size_t g = 0; g < 2; g++) {
		for (size_t i = 0; l->by[g] && i < l->by[g]->sums.count; i++) {
			bool known = false;
			for (size_t k = 0; k < n; k++) {
				known |= strcmp(ret[k], l->by[g]->sums.by[i].currency) == 0;
			}
			if (!known) {
				ret[n++] = l->by[g]->sums.by[i].currency;
			}
		}
	}
	return n;
}

static void draw_line(const struct fnl_canvas *c, const struct line *l, int key_columns, int bar_columns,
                      uint64_t open_max)
{
	const char *currencies[2 * FNL_CURRENCIES_MAX];
	size_t n = currencies_of(l, currencies);
	char open[FNL_TEXT_BYTES];
	char won[FNL_TEXT_BYTES];
	char lost[FNL_TEXT_BYTES];
	fnl_text_count(count_of(l->by[FNL_VIEW_OPEN]), open);
	fnl_text_count(count_of(l->by[FNL_VIEW_WON]), won);
	fnl_text_count(count_of(l->by[FNL_VIEW_LOST]), lost);
	for (size_t i = 0; i == 0 || i < n; i++) {
		fputc(' ', c->out);
		fnl_text_cell(c, i ? FNL_SPAN_LIT("") : key_text(l->key), key_columns);
		fprintf(c->out, " %s", i ? "" : fnl_style_on(c, FNL_CYAN));
		fnl_text_bar(c, i ? 0 : count_of(l->by[FNL_VIEW_OPEN]), open_max, bar_columns);
		fprintf(c->out, "%s %7s %s%3s%s", i ? "" : fnl_style_off(c), i ? "" : open, fnl_style_on(c, FNL_DIM),
		        n ? currencies[i] : "", fnl_style_off(c));
		money_cell(c, n ? sum_of(l->by[FNL_VIEW_OPEN], currencies[i]) : NULL, false);
		money_cell(c, n ? sum_of(l->by[FNL_VIEW_OPEN], currencies[i]) : NULL, true);
		fprintf(c->out, " %s%7s", fnl_style_on(c, FNL_GREEN), i ? "" : won);
		money_cell(c, n ? sum_of(l->by[FNL_VIEW_WON], currencies[i]) : NULL, false);
		fprintf(c->out, "%s %7s\n", fnl_style_off(c), i ? "" : lost);
	}
}

void fnl_view_table(const struct fnl_view *v, const struct fnl_canvas *c)
{
	int key_columns = KEY_COLUMNS_MIN;
	uint64_t open_max = 0;
	char as_of[FNL_TEXT_BYTES];
	for (size_t i = 0; i < v->group_count; i++) {
		int w = fnl_text_width(key_text(v->groups[i]->key));
		key_columns = w > key_columns ? w : key_columns;
		if (v->groups[i]->status == FNL_VIEW_OPEN && v->groups[i]->count > open_max) {
			open_max = v->groups[i]->count;
		}
	}
	key_columns = key_columns > KEY_COLUMNS_MAX ? KEY_COLUMNS_MAX : key_columns;
	int room = (c->width ? c->width : 120) - key_columns - FIGURES_COLUMNS;
	int bar_columns = room > BAR_COLUMNS ? BAR_COLUMNS : room < 4 ? 4 : room;
	fnl_text_time(v->as_of_ms, as_of);
	fprintf(c->out, " %sBY %s%s   %sas of %s%s\n\n", fnl_style_on(c, FNL_BOLD), fnl_view_by_text(v->by),
	        fnl_style_off(c), fnl_style_on(c, FNL_DIM), as_of, fnl_style_off(c));
	fprintf(c->out, " %s%-*s %-*s %7s %3s %10s %10s %7s %10s %7s%s\n", fnl_style_on(c, FNL_DIM), key_columns,
	        fnl_view_by_text(v->by), bar_columns, "", "open", "", "amount", "weighted", "won", "amount", "lost",
	        fnl_style_off(c));
	for (size_t at = 0; at < v->group_count;) {
		struct line l = line_at(v, &at);
		draw_line(c, &l, key_columns, bar_columns, open_max);
	}
}
