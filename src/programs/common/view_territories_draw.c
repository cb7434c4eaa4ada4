/* An organisation's territories for the head of sales: who has how much, in which cells, what is rich or poor; and the
 * proposal, before and after. With bars on a terminal, the same figures in columns elsewhere. */
#include "funneld_records.h"
#include "view_shares.h"

enum {
	ID_COLUMNS_MIN = 8,
	ID_COLUMNS_MAX = 24,
	CODE_COLUMNS = 12,
	AMOUNT_COLUMNS = 10,
	COUNT_COLUMNS = 9,
	BAR_COLUMNS_MAX = 40,
	BAR_COLUMNS_MIN = 8,
	BESIDE_BAR_COLUMNS = 34, /* what stands beside a bar, but for the id */
	REPS_SHOWN = 3           /* of a cell; --json has all */
};

struct drawing {
	const struct fnl_shares *s;
	const struct fnl_canvas *c;
	int id_columns;
	int bar_columns; /* 0: no bars */
};

static void cell_text(const struct drawing *d, struct fnl_span text, int columns)
{
	fnl_text_cell(d->c, text.len ? text : FNL_SPAN_LIT("(none)"), columns);
	fputc(' ', d->c->out);
}

/* Whole, not in a column. */
static void name(const struct drawing *d, struct fnl_span text)
{
	fnl_text_cell(d->c, text, fnl_text_width(text));
}

static void amount_text(const struct drawing *d, const char currency[4], int64_t volume)
{
	char text[FNL_TEXT_BYTES];
	fnl_text_money(volume, currency, text);
	fprintf(d->c->out, "%*s", AMOUNT_COLUMNS, text);
}

static void count_text(const struct drawing *d, int64_t count)
{
	char text[FNL_TEXT_BYTES];
	fnl_text_count((uint64_t)count, text);
	fprintf(d->c->out, " %*s", COUNT_COLUMNS, text);
}

static void bar(const struct drawing *d, enum fnl_style style, int64_t part, int64_t whole)
{
	if (d->bar_columns) {
		fputs(fnl_style_on(d->c, style), d->c->out);
		fnl_text_bar(d->c, (uint64_t)part, (uint64_t)whole, d->bar_columns);
		fprintf(d->c->out, "%s ", fnl_style_off(d->c));
	}
}

/* 15000 is "1.50". */
static void ratio_text(int64_t bp, char ret[FNL_TEXT_BYTES])
{
	int64_t hundredths = (int64_t)fnl_div_half_even(bp, FNL_BP_ONE / 100);
	snprintf(ret, FNL_TEXT_BYTES, "%lld.%02lld", (long long)(hundredths / 100), (long long)(hundredths % 100));
}

/* ---- how unlike they are ---- */

static void spread_text(const struct fnl_alignment_spread *s, char ret[2 * FNL_TEXT_BYTES])
{
	char ratio[FNL_TEXT_BYTES] = "none, one has nothing", variation[FNL_TEXT_BYTES];
	if (s->max_min_bp) {
		ratio_text(s->max_min_bp, ratio);
	}
	fnl_text_bp(s->variation_bp, variation);
	snprintf(ret, (size_t)2 * FNL_TEXT_BYTES, "%.40s; %.40s", ratio, variation);
}

static bool is_balanced(const struct drawing *d, const struct fnl_alignment_spread *s)
{
	return s->max_min_bp && s->max_min_bp <= d->s->limits.spread_max_bp &&
	       s->variation_bp <= d->s->limits.variation_max_bp;
}

/* after: NULL when there is none. */
static void spread_line(const struct drawing *d, const char *what, const struct fnl_alignment_spread *before,
                        const struct fnl_alignment_spread *after)
{
	char was[2 * FNL_TEXT_BYTES], is[2 * FNL_TEXT_BYTES];
	const struct fnl_alignment_spread *last = after ? after : before;
	spread_text(before, was);
	fprintf(d->c->out, "  %s%-10s%s %s", fnl_style_on(d->c, FNL_DIM), what, fnl_style_off(d->c), after ? was : "");
	spread_text(last, is);
	fprintf(d->c->out, "%s%s%s%s\n", after ? d->c->utf8 ? "  →  " : "  ->  " : "",
	        fnl_style_on(d->c, is_balanced(d, last) ? FNL_GREEN : FNL_YELLOW), is, fnl_style_off(d->c));
}

static void spread_lines(const struct drawing *d, const struct fnl_alignment_spread volume[],
                         const struct fnl_alignment_spread count[], bool both)
{
	char ratio[FNL_TEXT_BYTES], variation[FNL_TEXT_BYTES];
	ratio_text(d->s->limits.spread_max_bp, ratio);
	fnl_text_bp(d->s->limits.variation_max_bp, variation);
	fprintf(d->c->out, "\n  %sthe largest over the smallest; coefficient of variation. Balanced: at most %s; %s%s\n",
	        fnl_style_on(d->c, FNL_DIM), ratio, variation, fnl_style_off(d->c));
	spread_line(d, "weighted", &volume[0], both ? &volume[1] : NULL);
	spread_line(d, "prospects", &count[0], both ? &count[1] : NULL);
}

/* ---- today ---- */

static void draw_reps(const struct drawing *d)
{
	const struct fnl_shares *s = d->s;
	int64_t most = 0;
	fprintf(d->c->out, "\n  %s%-*s ", fnl_style_on(d->c, FNL_DIM), d->id_columns, "rep");
	fnl_text_fill(d->c, " ", d->bar_columns ? d->bar_columns + 1 : 0);
	fprintf(d->c->out, "%*s %*s%s\n", AMOUNT_COLUMNS, "weighted", COUNT_COLUMNS, "prospects", fnl_style_off(d->c));
	for (size_t i = 0; i < s->rep_count; i++) {
		most = s->reps[i].volume > most ? s->reps[i].volume : most;
	}
	for (size_t i = 0; i < s->rep_count; i++) {
		fputs("  ", d->c->out);
		cell_text(d, s->reps[i].id, d->id_columns);
		bar(d, s->reps[i].compared ? FNL_CYAN : FNL_DIM, s->reps[i].volume, most);
		amount_text(d, s->currency, s->reps[i].volume);
		count_text(d, s->reps[i].count);
		fputs(s->reps[i].compared ? "\n" : "  not compared: leaves, or is not active\n", d->c->out);
	}
	if (s->compared_count) {
		spread_lines(d, &s->volume, &s->count, false);
	}
}

static const char *layer_text(int64_t layer)
{
	return layer >= 0 && layer < FNL_LAYER_COUNT ? fnl_symbols_layer[layer] : "?";
}

/* Who has it, the most first. */
static void draw_owners(const struct drawing *d, const struct fnl_shares_part *parts, size_t count, int64_t volume)
{
	for (size_t i = 0; i < count && i < REPS_SHOWN; i++) {
		char text[FNL_TEXT_BYTES];
		fputs(i ? ", " : "   ", d->c->out);
		name(d, parts[i].rep);
		if (count > 1 && volume > 0) {
			fnl_text_bp((int64_t)fnl_div_half_even((__int128)parts[i].volume * 100, volume) * 100, text);
			fprintf(d->c->out, " %s", text);
		}
	}
	if (count > REPS_SHOWN) {
		fprintf(d->c->out, " and %zu more", count - REPS_SHOWN);
	}
	fputc('\n', d->c->out);
}

static void draw_cells(const struct drawing *d)
{
	const struct fnl_shares *s = d->s;
	fnl_view_heading(d->c, "Cells");
	fprintf(d->c->out, "  %s%-*s %-*s ", fnl_style_on(d->c, FNL_DIM), CODE_COLUMNS, "region", CODE_COLUMNS, "industry");
	if (s->q->by_size) {
		fprintf(d->c->out, "%-*s ", CODE_COLUMNS, "size");
	}
	fprintf(d->c->out, "%s%*s %*s   reps%s\n", s->q->by_layer ? "layer  " : "", AMOUNT_COLUMNS, "weighted",
	        COUNT_COLUMNS, "prospects", fnl_style_off(d->c));
	for (size_t i = 0, n; i < s->part_count; i += n) {
		const struct fnl_shares_part *part = &s->parts[i];
		int64_t volume = 0, count = 0;
		for (n = 0; i + n < s->part_count && fnl_shares_same_cell(part, &part[n]); n++) {
			volume += part[n].volume;
			count += part[n].count;
		}
		fputs("  ", d->c->out);
		cell_text(d, part->region, CODE_COLUMNS);
		cell_text(d, part->industry, CODE_COLUMNS);
		if (s->q->by_size) {
			cell_text(d, part->size, CODE_COLUMNS);
		}
		if (s->q->by_layer) {
			fprintf(d->c->out, "%-7s", layer_text(part->layer));
		}
		amount_text(d, s->currency, volume);
		count_text(d, count);
		draw_owners(d, part, n, volume);
	}
	if (s->part_count == 0) {
		fputs("  nobody has an open prospect\n", d->c->out);
	}
}

static void draw_findings(const struct drawing *d)
{
	const struct fnl_shares *s = d->s;
	char rich[FNL_TEXT_BYTES], poor[FNL_TEXT_BYTES], mean[FNL_TEXT_BYTES], of_mean[FNL_TEXT_BYTES];
	if (s->compared_count == 0 || s->volume.total == 0) {
		return;
	}
	fnl_text_bp(s->limits.split_above_bp, rich);
	fnl_text_bp(s->limits.merge_below_bp, poor);
	fnl_text_money(fnl_div_half_even(s->volume.total, (int64_t)s->compared_count), s->currency, mean);
	fnl_view_heading(d->c, "Rich and poor");
	fprintf(d->c->out,
	        "  %sthe mean of a rep is %s; above %s of it in one hand: to be split; all below %s: to be merged%s\n",
	        fnl_style_on(d->c, FNL_DIM), mean, rich, poor, fnl_style_off(d->c));
	for (size_t i = 0; i < s->finding_count; i++) {
		const struct fnl_shares_finding *f = &s->findings[i];
		fprintf(d->c->out, "  %s%s%s  %-8s ", fnl_style_on(d->c, f->is_rich ? FNL_GREEN : FNL_YELLOW),
		        f->is_rich ? "rich" : "poor", fnl_style_off(d->c), f->is_industry ? "industry" : "region");
		cell_text(d, f->code, CODE_COLUMNS);
		amount_text(d, s->currency, f->volume);
		fnl_text_bp((int64_t)fnl_div_half_even(f->of_mean_bp, 100) * 100, of_mean);
		fprintf(d->c->out, " %7s of the mean", of_mean);
		if (f->is_rich) {
			fputs(", with ", d->c->out);
			name(d, f->rep);
		}
		fputc('\n', d->c->out);
	}
	if (s->finding_count == 0) {
		fputs("  nothing is\n", d->c->out);
	}
}

/* ---- the proposal ---- */

static const char *state_text(int64_t state)
{
	static const char *const texts[FNL_PROPOSAL_STATE_COUNT] = {
		[FNL_PROPOSAL_STATE_REPS] = "its reps are collected",
		[FNL_PROPOSAL_STATE_CURRENCIES] = "its currency is looked for",
		[FNL_PROPOSAL_STATE_CELLS] = "its cells are collected",
		[FNL_PROPOSAL_STATE_TELLING] = "its moves are being told",
		[FNL_PROPOSAL_STATE_OPEN] = "can be accepted",
		[FNL_PROPOSAL_STATE_ACCEPTING] = "is being accepted",
		[FNL_PROPOSAL_STATE_ACCEPTED] = "was accepted",
		[FNL_PROPOSAL_STATE_EXPIRED] = "can be accepted no longer",
		[FNL_PROPOSAL_STATE_NOT_WORTH_IT] = "betters too little to be accepted",
		[FNL_PROPOSAL_STATE_REFUSED] = "was refused: nobody is there, or too many",
	};
	return state > 0 && state < FNL_PROPOSAL_STATE_COUNT ? texts[state] : "?";
}

static void draw_state(const struct drawing *d, const struct fnl_value *v)
{
	char at[FNL_TEXT_BYTES];
	const struct fnl_value *by = &v[FNL_PROPOSAL_ACCEPT_BY], *until = &v[FNL_PROPOSAL_EXPIRES_AT];
	int64_t state = v[FNL_PROPOSAL_STATE].i64;
	bool open = state == FNL_PROPOSAL_STATE_OPEN, over = until->set && until->i64 <= d->s->moment.now_ms;
	fnl_text_time(v[FNL_PROPOSAL_ASKED_AT].i64, at);
	fprintf(d->c->out, "\n%sPROPOSAL ", fnl_style_on(d->c, FNL_BOLD));
	name(d, v[FNL_PROPOSAL_PROPOSAL_ID].str);
	fprintf(d->c->out, "%s   asked for by ", fnl_style_off(d->c));
	name(d, v[FNL_PROPOSAL_ASKED_BY].str);
	fprintf(d->c->out, " on %s", at);
	if (v[FNL_PROPOSAL_BASE_CURRENCY].set) {
		fputs(", in ", d->c->out);
		name(d, v[FNL_PROPOSAL_BASE_CURRENCY].str);
	}
	fprintf(d->c->out, "\n  %s%s%s", fnl_style_on(d->c, open && !over ? FNL_GREEN : FNL_YELLOW),
	        open && over ? "its time is over" : state_text(state), fnl_style_off(d->c));
	if (until->set && (open || state == FNL_PROPOSAL_STATE_EXPIRED)) {
		fnl_text_time(until->i64, at);
		fprintf(d->c->out, ", %s %s", over ? "since" : "until", at);
	}
	if (by->set) {
		fputs(", by ", d->c->out);
		name(d, by->str);
	}
	fputc('\n', d->c->out);
}

static void draw_before_and_after(const struct drawing *d, const char currency[4])
{
	const struct fnl_shares_proposal *p = &d->s->proposal;
	int64_t most = 0;
	fprintf(d->c->out, "\n  %s%-*s ", fnl_style_on(d->c, FNL_DIM), d->id_columns, "rep");
	fnl_text_fill(d->c, " ", d->bar_columns ? d->bar_columns + 1 : 0);
	fprintf(d->c->out, "       %*s %*s%s\n", AMOUNT_COLUMNS, "weighted", COUNT_COLUMNS, "prospects",
	        fnl_style_off(d->c));
	for (size_t i = 0; i < p->rep_count; i++) {
		most = p->volume_before[i] > most ? p->volume_before[i] : most;
		most = p->volume_after[i] > most ? p->volume_after[i] : most;
	}
	for (size_t i = 0; i < p->rep_count; i++) {
		fputs("  ", d->c->out);
		cell_text(d, fnl_shares_proposal_rep(p, i)[FNL_PROPOSAL_REP_REP_ID].str, d->id_columns);
		bar(d, FNL_BLUE, p->volume_before[i], most);
		fputs("before ", d->c->out);
		amount_text(d, currency, p->volume_before[i]);
		count_text(d, p->count_before[i]);
		fputs("\n  ", d->c->out);
		fnl_text_fill(d->c, " ", d->id_columns + 1);
		bar(d, FNL_GREEN, p->volume_after[i], most);
		fputs("after  ", d->c->out);
		amount_text(d, currency, p->volume_after[i]);
		count_text(d, p->count_after[i]);
		fputc('\n', d->c->out);
	}
	spread_lines(d, p->volume_spread, p->count_spread, true);
}

static const char *reason_text(int64_t reason)
{
	static const char *const texts[FNL_MOVE_REASON_COUNT] = {
		[FNL_MOVE_REASON_BALANCE] = "for the balance",
		[FNL_MOVE_REASON_SPLIT_REGION] = "a rich region is split",
		[FNL_MOVE_REASON_SPLIT_INDUSTRY] = "a rich industry is split",
		[FNL_MOVE_REASON_MERGE_REGION] = "a poor region is merged",
		[FNL_MOVE_REASON_MERGE_INDUSTRY] = "a poor industry is merged",
	};
	return reason >= 0 && reason < FNL_MOVE_REASON_COUNT ? texts[reason] : "?";
}

static const char *focus_text(int64_t focus)
{
	static const char *const texts[FNL_MOVE_FOCUS_COUNT] = {
		[FNL_MOVE_FOCUS_BY_NOTHING] = "",
		[FNL_MOVE_FOCUS_BY_INDUSTRY] = " by industry",
		[FNL_MOVE_FOCUS_BY_REGION] = " by region",
		[FNL_MOVE_FOCUS_BY_SIZE] = " by size",
	};
	return focus >= 0 && focus < FNL_MOVE_FOCUS_COUNT ? texts[focus] : "";
}

static void draw_move(const struct drawing *d, const struct fnl_shares_move *move, size_t number,
                      const char currency[4])
{
	const struct fnl_value *cell = move->cell;
	fprintf(d->c->out, "  %3zu  ", number);
	cell_text(d, move->from, d->id_columns);
	fputs(d->c->utf8 ? "→ " : "-> ", d->c->out);
	cell_text(d, cell[FNL_PROPOSAL_CELL_TO_REP_ID].str, d->id_columns);
	cell_text(d, cell[FNL_PROPOSAL_CELL_REGION].str, CODE_COLUMNS);
	cell_text(d, cell[FNL_PROPOSAL_CELL_INDUSTRY].str, CODE_COLUMNS);
	cell_text(d, cell[FNL_PROPOSAL_CELL_SIZE_FOCUS].str, CODE_COLUMNS);
	fprintf(d->c->out, "%-7s", layer_text(cell[FNL_PROPOSAL_CELL_LAYER].i64));
	amount_text(d, currency, cell[FNL_PROPOSAL_CELL_VOLUME_MINOR].i64);
	count_text(d, cell[FNL_PROPOSAL_CELL_COUNT].i64);
	fprintf(d->c->out, "   %s%s\n", reason_text(cell[FNL_PROPOSAL_CELL_REASON].i64),
	        focus_text(cell[FNL_PROPOSAL_CELL_FOCUS].i64));
}

/* What it costs: customers who lose the rep that they know. */
static void draw_cost(const struct drawing *d)
{
	const struct fnl_shares_proposal *p = &d->s->proposal;
	char moved[FNL_TEXT_BYTES], all[FNL_TEXT_BYTES], part[FNL_TEXT_BYTES] = "0 %", most[FNL_TEXT_BYTES];
	int64_t total = p->count_spread[0].total;
	fnl_text_count((uint64_t)p->moved_count, moved);
	fnl_text_count((uint64_t)total, all);
	fnl_text_bp(d->s->limits.moved_max_bp, most);
	if (total) {
		fnl_text_bp((int64_t)fnl_div_half_even((__int128)p->moved_count * FNL_BP_ONE, total), part);
	}
	fprintf(d->c->out, "\n  %scost%s       %s of %s prospects would change their rep: %s (at most %s, %lld of a rep)\n",
	        fnl_style_on(d->c, FNL_DIM), fnl_style_off(d->c), moved, all, part, most,
	        (long long)d->s->limits.moved_per_rep_max);
}

static void draw_proposal(const struct drawing *d)
{
	const struct fnl_shares_proposal *p = &d->s->proposal;
	const struct fnl_value *v = p->row.decoded.values;
	char currency[4] = "";
	if (!p->row.row) {
		fputs("\nNo proposal was asked for.\n", d->c->out);
		return;
	}
	draw_state(d, v);
	if (!p->is_planned) {
		return;
	}
	struct fnl_span code = v[FNL_PROPOSAL_BASE_CURRENCY].set ? v[FNL_PROPOSAL_BASE_CURRENCY].str : FNL_SPAN_LIT("XXX");
	memcpy(currency, code.data, code.len < 3 ? code.len : 3);
	draw_before_and_after(d, currency);
	draw_cost(d);
	if (v[FNL_PROPOSAL_NOT_CONVERTED_COUNT].i64) {
		fprintf(d->c->out, "  %lld prospects in other currencies count for no volume\n",
		        (long long)v[FNL_PROPOSAL_NOT_CONVERTED_COUNT].i64);
	}
	fnl_view_heading(d->c, p->move_count ? "Moves" : "No moves");
	for (size_t i = 0; i < p->move_count; i++) {
		draw_move(d, &p->moves[i], i + 1, currency);
	}
}

static int id_columns_of(const struct fnl_shares *s)
{
	int columns = ID_COLUMNS_MIN;
	for (size_t i = 0; i < s->rep_count; i++) {
		int w = fnl_text_width(s->reps[i].id);
		columns = w > columns ? w : columns;
	}
	return columns > ID_COLUMNS_MAX ? ID_COLUMNS_MAX : columns;
}

static void draw(const struct fnl_shares *s, const struct fnl_canvas *c)
{
	struct drawing d = {.s = s, .c = c, .id_columns = id_columns_of(s)};
	char as_of[FNL_TEXT_BYTES];
	int room = (c->width ? c->width : 100) - d.id_columns - BESIDE_BAR_COLUMNS;
	if (s->q->picture) {
		d.bar_columns = room > BAR_COLUMNS_MAX ? BAR_COLUMNS_MAX : room < BAR_COLUMNS_MIN ? BAR_COLUMNS_MIN : room;
	}
	fnl_text_time(s->moment.now_ms, as_of);
	fprintf(c->out, "%sTERRITORIES of ", fnl_style_on(c, FNL_BOLD));
	name(&d, s->q->org);
	fprintf(c->out, "%s   %sas of %s, rules %d, in %s%s\n", fnl_style_off(c), fnl_style_on(c, FNL_DIM), as_of,
	        (int)s->moment.rules->version, s->currency, fnl_style_off(c));
	draw_reps(&d);
	if (s->not_converted_count) {
		fprintf(c->out, "  %lld prospects in other currencies count for no volume here\n",
		        (long long)s->not_converted_count);
	}
	draw_cells(&d);
	draw_findings(&d);
	draw_proposal(&d);
}

int fnl_view_territories(const struct fnl_rows *rows, const struct fnl_territories_question *q,
                         const struct fnl_canvas *c, struct fnl_error *why)
{
	struct fnl_shares s;
	int rc = fnl_shares_make(rows, q, &s, why);
	if (rc == 0) {
		draw(&s, c);
	}
	fnl_shares_unmake(&s);
	return rc;
}
