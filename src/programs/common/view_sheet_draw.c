/* A sheet on a terminal. */
#include "funneld_records.h"
#include "view_record.h"
#include "view_rep.h"
#include "view_sheet.h"
#include "view_stall.h"

enum { ID_COLUMNS_MIN = 8, ID_COLUMNS_MAX = 28 };

static void head(const struct fnl_sheet *s, const struct fnl_canvas *c)
{
	const struct fnl_value *v = s->values;
	struct fnl_decoded sheet = {&fnl_desc_inspection_sheet, (struct fnl_value *)s->values}; /* only read */
	char as_of[FNL_TEXT_BYTES], counts[4 * FNL_TEXT_BYTES];
	fnl_text_time(v[FNL_INSPECTION_SHEET_AS_OF].i64, as_of);
	fprintf(c->out, "%sSheet %.*s%s   as of %s\n", fnl_style_on(c, FNL_BOLD), (int)s->id.len, (const char *)s->id.data,
	        fnl_style_off(c), as_of);
	static const size_t fields[] = {FNL_INSPECTION_SHEET_PREVIOUS_AS_OF, FNL_INSPECTION_SHEET_TRIGGER,
	                                FNL_INSPECTION_SHEET_ORG_ID, FNL_INSPECTION_SHEET_MANAGER_ID,
	                                FNL_INSPECTION_SHEET_ANSWERS_DUE_AT};
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		fnl_view_field_line(c, &sheet, fields[i]);
	}
	snprintf(counts, sizeof(counts), "%lld, of which %lld sit still; %lld changed",
	         (long long)v[FNL_INSPECTION_SHEET_OWNED_COUNT].i64, (long long)v[FNL_INSPECTION_SHEET_STALLED_COUNT].i64,
	         (long long)v[FNL_INSPECTION_SHEET_CHANGED_COUNT].i64);
	fnl_view_line(c, "prospects", counts);
}

static void stalls(const struct fnl_canvas *c, int indent, const struct fnl_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		char what[FNL_TEXT_BYTES], since[FNL_TEXT_BYTES], told[FNL_TEXT_BYTES];
		bool none = list->items[i].list.items[FNL_STALL_LEVEL].i64 == FNL_ALERT_LEVEL_NONE;
		fnl_stall_text(&list->items[i], what);
		fnl_text_time(list->items[i].list.items[FNL_STALL_SINCE].i64, since);
		fnl_stall_told_text(&list->items[i], told);
		fnl_text_fill(c, " ", indent);
		fprintf(c->out, "%s%s since %.10s, %s%s%s\n", fnl_style_on(c, none ? FNL_DIM : FNL_PLAIN), what, since,
		        none ? "" : "told: ", told, none ? fnl_style_off(c) : "");
	}
}

static int id_columns(const struct fnl_sheet *s)
{
	int columns = ID_COLUMNS_MIN;
	for (size_t p = 0; p < s->page_count; p++) {
		const struct fnl_list *list = &s->pages[p][FNL_SHEET_PAGE_LINES].list;
		for (size_t i = 0; i < list->count; i++) {
			int w = fnl_text_width(list->items[i].list.items[FNL_SHEET_LINE_PROSPECT_ID].str);
			columns = w > columns ? w : columns;
		}
	}
	return columns > ID_COLUMNS_MAX ? ID_COLUMNS_MAX : columns;
}

static void line(const struct fnl_canvas *c, const struct fnl_value *one, int columns)
{
	static const enum fnl_style styles[FNL_LINE_CHANGE_COUNT] = {
		[FNL_LINE_CHANGE_NEW] = FNL_GREEN, [FNL_LINE_CHANGE_CHANGED] = FNL_CYAN, [FNL_LINE_CHANGE_LEFT] = FNL_MAGENTA};
	const struct fnl_value *v = one->list.items;
	int64_t change = v[FNL_SHEET_LINE_CHANGE].i64;
	bool known = change >= 0 && change < FNL_LINE_CHANGE_COUNT;
	char text[FNL_SHEET_SIDE_TEXT_BYTES];
	fnl_sheet_change_text(one, c->utf8 ? " → " : " -> ", text);
	fprintf(c->out, "  %s%-9s%s ", fnl_style_on(c, known ? styles[change] : FNL_PLAIN),
	        known && change != FNL_LINE_CHANGE_UNCHANGED ? fnl_symbols_line_change[change] : "",
	        known ? fnl_style_off(c) : "");
	fnl_text_cell(c, v[FNL_SHEET_LINE_PROSPECT_ID].str, columns);
	fprintf(c->out, "  %s\n", text);
	stalls(c, columns + 14, &v[FNL_SHEET_LINE_STALLS].list);
	fnl_candidates_draw(c, columns + 14, "likely: ", &v[FNL_SHEET_LINE_CANDIDATES].list);
}

/* Those that changed, or those that did not and sit still. */
static void lines(const struct fnl_sheet *s, const struct fnl_canvas *c, bool changed)
{
	int columns = id_columns(s);
	size_t shown = 0;
	for (size_t p = 0; p < s->page_count; p++) {
		const struct fnl_list *list = &s->pages[p][FNL_SHEET_PAGE_LINES].list;
		for (size_t i = 0; i < list->count; i++) {
			bool is = list->items[i].list.items[FNL_SHEET_LINE_CHANGE].i64 != FNL_LINE_CHANGE_UNCHANGED;
			if (is == changed) {
				line(c, &list->items[i], columns);
				shown++;
			}
		}
	}
	if (shown == 0) {
		fputs("  nothing\n", c->out);
	}
}

static void question(const struct fnl_sheet *s, const struct fnl_canvas *c, const struct fnl_value *one)
{
	const struct fnl_value *v = one->list.items, *amount = &v[FNL_QUESTION_AMOUNT];
	int64_t layer = v[FNL_QUESTION_LAYER].i64, state = fnl_sheet_question_state(s, one);
	char money[FNL_TEXT_BYTES] = "no amount";
	if (amount->set) {
		fnl_text_money_full(amount->money.amount_minor, amount->money.currency, money);
	}
	fprintf(c->out, "  %3.*s %.*s  %s  %s%s%s  %s%s%s\n", (int)v[FNL_QUESTION_QUESTION_ID].str.len,
	        (const char *)v[FNL_QUESTION_QUESTION_ID].str.data, (int)v[FNL_QUESTION_PROSPECT_ID].str.len,
	        (const char *)v[FNL_QUESTION_PROSPECT_ID].str.data, fnl_layer_text(layer),
	        amount->set ? amount->money.currency : "", amount->set ? " " : "", money,
	        fnl_style_on(c, state == FNL_QUESTION_STATE_OPEN ? FNL_YELLOW : FNL_GREEN),
	        state >= 0 && state < FNL_QUESTION_STATE_COUNT ? fnl_symbols_question_state[state] : "?", fnl_style_off(c));
	stalls(c, 6, &v[FNL_QUESTION_STALLS].list);
	fnl_candidates_draw(c, 6, "likely: ", &v[FNL_QUESTION_CANDIDATES].list);
	const struct fnl_value *said = fnl_sheet_answer(s, one);
	if (said) {
		char text[FNL_SHEET_ANSWER_TEXT_BYTES];
		fnl_sheet_answer_text(said, text);
		fprintf(c->out, "      answer: %s\n", text);
	}
}

void fnl_view_sheet(const struct fnl_sheet *s, const struct fnl_canvas *c)
{
	const struct fnl_value *v = s->values;
	const struct fnl_list *questions = &v[FNL_INSPECTION_SHEET_QUESTIONS].list;
	char due[FNL_TEXT_BYTES], text[2 * FNL_TEXT_BYTES] = "Questions";
	head(s, c);
	fnl_view_heading(c, "Funnel");
	fnl_view_totals(c, &v[FNL_INSPECTION_SHEET_TOTALS].list);
	fnl_view_heading(c, v[FNL_INSPECTION_SHEET_PREVIOUS_AS_OF].set ? "Changed since the sheet before"
	                                                               : "All prospects: it is the first sheet");
	lines(s, c, true);
	fnl_view_heading(c, "Not changed, and sit still");
	lines(s, c, false);
	if (v[FNL_INSPECTION_SHEET_ANSWERS_DUE_AT].set) {
		fnl_text_time(v[FNL_INSPECTION_SHEET_ANSWERS_DUE_AT].i64, due);
		snprintf(text, sizeof(text), "Questions, to be answered by %s", due);
	}
	fnl_view_heading(c, text);
	for (size_t i = 0; i < questions->count; i++) {
		question(s, c, &questions->items[i]);
	}
	if (questions->count == 0) {
		fputs("  none\n", c->out);
	}
}
