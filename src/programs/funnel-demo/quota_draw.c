/* Quotas drawn: one rep's line by line, everybody's as bars. */
#include <stdio.h>

#include "quota.h"
#include "view_record.h"

enum {
	BAR_COLUMNS_MAX = 40,
	BAR_COLUMNS_MIN = 10,
	TABLE_TEXT_COLUMNS = 52,
	LEFT_OUT_SHOWN = 4,
	FIGURE_COLUMNS = 14,
	POINT_COLUMNS = 5
};

static const char *reason_text(int reason)
{
	switch (reason) {
	case FNL_QUOTA_REASON_NO_CLOSE_DATE:
		return "no close date";
	case FNL_QUOTA_REASON_LAYER_UNKNOWN:
		return "its layer is not known";
	case FNL_QUOTA_REASON_AMOUNT_UNKNOWN:
		return "its amount is not known";
	case FNL_QUOTA_REASON_NOT_CONVERTIBLE:
		return "no rate for its currency";
	default:
		return "";
	}
}

static const char *layer_text(int layer)
{
	return layer >= 0 && layer < FNL_LAYER_COUNT ? fnl_symbols_layer[layer] : "?";
}

static enum fnl_style layer_style(int layer)
{
	return layer == FNL_LAYER_BOTTOM   ? FNL_YELLOW
	       : layer == FNL_LAYER_MIDDLE ? FNL_CYAN
	       : layer == FNL_LAYER_TOP    ? FNL_BLUE
	                                   : FNL_MAGENTA;
}

/* A figure with its decimal point where the others have theirs, however many digits follow; then its unit, if any. */
static void draw_figure(const struct fnl_canvas *c, const char *figure, const char *unit)
{
	const char *point = strchr(figure, '.');
	int before = (int)(point ? (size_t)(point - figure) : strlen(figure));
	int after = point ? (int)strlen(point) : 0;
	fnl_text_fill(c, " ", FIGURE_COLUMNS - before);
	fputs(figure, c->out);
	if (*unit) {
		fnl_text_fill(c, " ", POINT_COLUMNS - after);
		fputs(unit, c->out);
	}
}

static void draw_counted(const struct fnl_canvas *c, const struct quota_line *l)
{
	char amount[FNL_TEXT_BYTES];
	char weight[FNL_TEXT_BYTES];
	char weighted[FNL_TEXT_BYTES];
	char date[FNL_TEXT_BYTES];
	fnl_text_money_full(l->amount.money.amount_minor, l->amount.money.currency, amount);
	fnl_text_bp(l->weight_bp, weight);
	fnl_text_date(l->close_date.i64, date);
	fnl_text_exact(l->weighted, QUOTA_CURRENCY, weighted);
	fprintf(c->out, "  P-%04lld  %s%-7s%s %s%s%s %16s %s %5s = ", (long long)l->prospect,
	        fnl_style_on(c, layer_style(l->layer)), layer_text(l->layer), fnl_style_off(c), fnl_style_on(c, FNL_DIM),
	        date, fnl_style_off(c), amount, c->utf8 ? "×" : "x", weight);
	draw_figure(c, weighted, "");
	fputc('\n', c->out);
}

static void draw_sum(const struct fnl_canvas *c, enum fnl_style style, const char *what, const char *sum,
                     const char *unit)
{
	fprintf(c->out, "  %s%-54s", fnl_style_on(c, style), what);
	draw_figure(c, sum, unit);
	fprintf(c->out, "%s\n", fnl_style_off(c));
}

static void draw_left_out(const struct fnl_canvas *c, const struct quota_line *l)
{
	char amount[FNL_TEXT_BYTES] = "";
	if (l->amount.set) {
		fnl_text_money_full(l->amount.money.amount_minor, l->amount.money.currency, amount);
	}
	fprintf(c->out, "  P-%04lld  %s%-12s %12s %s   %s%s\n", (long long)l->prospect, fnl_style_on(c, FNL_DIM),
	        layer_text(l->layer), amount, l->amount.set ? l->amount.money.currency : "   ", reason_text(l->reason),
	        fnl_style_off(c));
}

/* The rest of what counts, beyond the lines shown. */
static void draw_more(const struct fnl_canvas *c, uint64_t count, fnl_weighted sum)
{
	char what[FNL_TEXT_BYTES];
	char text[FNL_TEXT_BYTES];
	snprintf(what, sizeof(what), "and %llu more, together", (unsigned long long)count);
	fnl_text_exact(sum, QUOTA_CURRENCY, text);
	draw_sum(c, FNL_DIM, what, text, "");
}

static void draw_total(const struct fnl_canvas *c, const struct quota_rep *r)
{
	char text[FNL_TEXT_BYTES];
	fnl_text_fill(c, " ", 56);
	fnl_text_fill(c, c->utf8 ? "─" : "-", FIGURE_COLUMNS + POINT_COLUMNS);
	fputc('\n', c->out);
	fnl_text_exact(r->lines, QUOTA_CURRENCY, text);
	draw_sum(c, FNL_PLAIN, "sum, exact", text, "");
	fnl_text_exact(r->rounding, QUOTA_CURRENCY, text);
	draw_sum(c, FNL_DIM, "rounding to whole dollars, once", text, "");
	fnl_text_money_full(r->minor, QUOTA_CURRENCY, text);
	draw_sum(c, FNL_BOLD, "QUOTA", text, " " QUOTA_CURRENCY);
}

void quota_draw_lines(const struct fnl_canvas *c, const struct quotas *q, size_t rep, size_t lines_max,
                      int64_t as_of_ms)
{
	const struct quota_rep *r = &q->at[rep];
	char as_of[FNL_TEXT_BYTES];
	uint64_t more = 0;
	size_t shown = 0;
	fnl_weighted rest = 0;
	fnl_text_time(as_of_ms, as_of);
	fprintf(c->out, " %sQUOTA %d OF R-%02zu%s   %sas it was on %s, frozen: amount %s weight%s\n\n",
	        fnl_style_on(c, FNL_BOLD), q->year, rep, fnl_style_off(c), fnl_style_on(c, FNL_DIM), as_of,
	        c->utf8 ? "×" : "x", fnl_style_off(c));
	for (size_t i = 0; i < q->line_count; i++) {
		const struct quota_line *l = &q->lines[i];
		if (l->rep != rep || l->reason != FNL_QUOTA_REASON_COUNTED) {
			continue;
		}
		if (shown < lines_max) {
			draw_counted(c, l);
			shown++;
		} else {
			more++;
			rest += l->weighted;
		}
	}
	if (more) {
		draw_more(c, more, rest);
	}
	draw_total(c, r);
	fprintf(c->out, "\n  left out: %llu\n", (unsigned long long)r->left_out);
	size_t left = 0;
	for (size_t i = 0; i < q->line_count && left < LEFT_OUT_SHOWN; i++) {
		if (q->lines[i].rep == rep && q->lines[i].reason != FNL_QUOTA_REASON_COUNTED) {
			draw_left_out(c, &q->lines[i]);
			left++;
		}
	}
	if (r->left_out > left) {
		fprintf(c->out, "  and %llu more, each with its reason\n", (unsigned long long)(r->left_out - left));
	}
}

static void draw_rep(const struct fnl_canvas *c, const struct quotas *q, size_t rep, int64_t greatest, int bar)
{
	const struct quota_rep *r = &q->at[rep];
	char quota[FNL_TEXT_BYTES];
	fnl_text_money_full(r->minor, QUOTA_CURRENCY, quota);
	fprintf(c->out, "  R-%02zu %15s  %s", rep, quota, fnl_style_on(c, FNL_GREEN));
	fnl_text_bar(c, (uint64_t)r->minor, (uint64_t)(greatest ? greatest : 1), bar);
	fprintf(c->out, "%s %s%4llu lines, %llu left out%s\n", fnl_style_off(c), fnl_style_on(c, FNL_DIM),
	        (unsigned long long)r->counted, (unsigned long long)r->left_out, fnl_style_off(c));
}

void quota_draw_table(const struct fnl_canvas *c, const struct quotas *q, const char *title)
{
	int bar = (c->width ? c->width : 100) - TABLE_TEXT_COLUMNS;
	int64_t greatest = 0;
	char sum[FNL_TEXT_BYTES];
	bar = bar < BAR_COLUMNS_MIN ? BAR_COLUMNS_MIN : bar > BAR_COLUMNS_MAX ? BAR_COLUMNS_MAX : bar;
	for (size_t i = 1; i <= q->reps; i++) {
		greatest = q->at[i].minor > greatest ? q->at[i].minor : greatest;
	}
	fprintf(c->out, " %sQUOTAS %d%s   %s%s%s\n\n", fnl_style_on(c, FNL_BOLD), q->year, fnl_style_off(c),
	        fnl_style_on(c, FNL_DIM), title, fnl_style_off(c));
	for (size_t i = 1; i <= q->reps; i++) {
		if (q->at[i].opened) {
			draw_rep(c, q, i, greatest, bar);
		}
	}
	fnl_text_money_full(quota_sum(q), QUOTA_CURRENCY, sum);
	fprintf(c->out, "  %s%s %15s%s  " QUOTA_CURRENCY ", the organisation's\n", fnl_style_on(c, FNL_BOLD),
	        c->utf8 ? "Σ   " : "sum ", sum, fnl_style_off(c));
}
