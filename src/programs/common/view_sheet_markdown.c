/* A sheet as Markdown, for a mail or a wiki. */
#include "funneld_records.h"
#include "view_event.h"
#include "view_record.h"
#include "view_sheet.h"
#include "view_stall.h"

enum { E4 = 10000 };

/* What comes from outside says nothing to Markdown. */
static void plain(FILE *out, struct fnl_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t b = s.data[i];
		if (b < 0x20 || b == 0x7F) {
			fputc('?', out);
		} else {
			if (strchr("\\`*_[]<>|~&", b)) {
				fputc('\\', out);
			}
			fputc(b, out);
		}
	}
}

static void plain_text(FILE *out, const char *s)
{
	plain(out, fnl_span_str(s));
}

static void time_item(FILE *out, const char *name, const struct fnl_value *v)
{
	char text[FNL_TEXT_BYTES];
	if (v->set) {
		fnl_text_time(v->i64, text);
		fprintf(out, "- %s %s\n", name, text);
	}
}

static void text_item(FILE *out, const char *name, const struct fnl_value *v)
{
	if (v->set) {
		fprintf(out, "- %s ", name);
		plain(out, v->str);
		fputc('\n', out);
	}
}

static void head(const struct fnl_sheet *s, FILE *out)
{
	const struct fnl_value *v = s->values;
	char trigger[FNL_TEXT_BYTES];
	fputs("# Inspection sheet ", out);
	plain(out, s->id);
	fputs("\n\n", out);
	time_item(out, "as of", &v[FNL_INSPECTION_SHEET_AS_OF]);
	time_item(out, "the sheet before:", &v[FNL_INSPECTION_SHEET_PREVIOUS_AS_OF]);
	text_item(out, "rep", &v[FNL_INSPECTION_SHEET_REP_ID]);
	text_item(out, "manager", &v[FNL_INSPECTION_SHEET_MANAGER_ID]);
	fnl_symbol_text(fnl_symbols_sheet_trigger, FNL_SHEET_TRIGGER_COUNT, v[FNL_INSPECTION_SHEET_TRIGGER].i64, trigger);
	fprintf(out, "- made for: %s\n", trigger);
	fprintf(out, "- %lld prospects, of which %lld sit still; %lld changed\n",
	        (long long)v[FNL_INSPECTION_SHEET_OWNED_COUNT].i64, (long long)v[FNL_INSPECTION_SHEET_STALLED_COUNT].i64,
	        (long long)v[FNL_INSPECTION_SHEET_CHANGED_COUNT].i64);
}

static void totals(const struct fnl_list *list, FILE *out)
{
	fputs("\n## Funnel\n\n| layer | prospects | | amount | weighted |\n|---|--:|---|--:|--:|\n", out);
	for (size_t i = 0; i < list->count; i++) {
		const struct fnl_value *v = list->items[i].list.items;
		int64_t layer = v[FNL_BOOK_TOTAL_LAYER].i64;
		char amount[FNL_TEXT_BYTES] = "", weighted[FNL_TEXT_BYTES] = "", currency[4] = "";
		if (v[FNL_BOOK_TOTAL_CURRENCY].set) {
			struct fnl_span s = v[FNL_BOOK_TOTAL_CURRENCY].str;
			memcpy(currency, s.data, s.len < 3 ? s.len : 3);
			fnl_text_money_full(v[FNL_BOOK_TOTAL_AMOUNT_MINOR].i64, currency, amount);
			fnl_text_exact((__int128)v[FNL_BOOK_TOTAL_WEIGHTED_MINOR].i64 * E4 + v[FNL_BOOK_TOTAL_WEIGHTED_E4].i64,
			               currency, weighted);
		}
		fprintf(out, "| %s | %lld | %s | %s | %s |\n", fnl_layer_text(layer), (long long)v[FNL_BOOK_TOTAL_COUNT].i64,
		        currency[0] ? currency : "no amount", amount, weighted);
	}
}

/* Items of a list one step deeper. */
static void stalls(const struct fnl_list *list, const struct fnl_list *candidates, FILE *out)
{
	for (size_t i = 0; i < list->count; i++) {
		char what[FNL_TEXT_BYTES], since[FNL_TEXT_BYTES], told[FNL_TEXT_BYTES];
		bool none = list->items[i].list.items[FNL_STALL_LEVEL].i64 == FNL_ALERT_LEVEL_NONE;
		fnl_stall_text(&list->items[i], what);
		fnl_text_time(list->items[i].list.items[FNL_STALL_SINCE].i64, since);
		fnl_stall_told_text(&list->items[i], told);
		fprintf(out, "    - %s since %.10s, %s%s\n", what, since, none ? "" : "told: ", told);
	}
	for (size_t i = 0; i < candidates->count; i++) {
		char text[FNL_VALUE_TEXT_BYTES];
		fnl_candidate_text(&candidates->items[i], text);
		fputs(i ? "; " : "    - likely: ", out);
		plain_text(out, text);
	}
	fputs(candidates->count ? "\n" : "", out);
}

static void lines(const struct fnl_sheet *s, FILE *out, bool changed)
{
	size_t shown = 0;
	for (size_t p = 0; p < s->page_count; p++) {
		const struct fnl_list *list = &s->pages[p][FNL_SHEET_PAGE_LINES].list;
		for (size_t i = 0; i < list->count; i++) {
			const struct fnl_value *v = list->items[i].list.items;
			int64_t change = v[FNL_SHEET_LINE_CHANGE].i64;
			char text[FNL_SHEET_SIDE_TEXT_BYTES];
			if ((change != FNL_LINE_CHANGE_UNCHANGED) != changed) {
				continue;
			}
			shown++;
			fnl_sheet_change_text(&list->items[i], " → ", text);
			fputs("- ", out);
			plain(out, v[FNL_SHEET_LINE_PROSPECT_ID].str);
			if (changed) {
				fprintf(out, " **%s**",
				        change > 0 && change < FNL_LINE_CHANGE_COUNT ? fnl_symbols_line_change[change] : "?");
			}
			fprintf(out, ": %s\n", text);
			stalls(&v[FNL_SHEET_LINE_STALLS].list, &v[FNL_SHEET_LINE_CANDIDATES].list, out);
		}
	}
	fputs(shown ? "" : "Nothing.\n", out);
}

static void question(const struct fnl_sheet *s, const struct fnl_value *one, FILE *out)
{
	const struct fnl_value *v = one->list.items, *amount = &v[FNL_QUESTION_AMOUNT];
	const struct fnl_value *said = fnl_sheet_answer(s, one);
	int64_t layer = v[FNL_QUESTION_LAYER].i64;
	char state[FNL_TEXT_BYTES], money[FNL_TEXT_BYTES] = "no amount";
	fnl_symbol_text(fnl_symbols_question_state, FNL_QUESTION_STATE_COUNT, fnl_sheet_question_state(s, one), state);
	if (amount->set) {
		fnl_text_money_full(amount->money.amount_minor, amount->money.currency, money);
	}
	fputs("- **", out);
	plain(out, v[FNL_QUESTION_QUESTION_ID].str);
	fputs("** ", out);
	plain(out, v[FNL_QUESTION_PROSPECT_ID].str);
	fprintf(out, ": %s, %s%s%s (%s)\n", fnl_layer_text(layer), amount->set ? amount->money.currency : "",
	        amount->set ? " " : "", money, state);
	stalls(&v[FNL_QUESTION_STALLS].list, &v[FNL_QUESTION_CANDIDATES].list, out);
	if (said) {
		char text[FNL_SHEET_ANSWER_TEXT_BYTES];
		fnl_sheet_answer_text(said, text);
		fputs("    - answer: ", out);
		plain_text(out, text);
		fputc('\n', out);
	}
}

void fnl_view_sheet_markdown(const struct fnl_sheet *s, FILE *out)
{
	const struct fnl_value *v = s->values;
	const struct fnl_list *questions = &v[FNL_INSPECTION_SHEET_QUESTIONS].list;
	char due[FNL_TEXT_BYTES];
	head(s, out);
	totals(&v[FNL_INSPECTION_SHEET_TOTALS].list, out);
	fputs(v[FNL_INSPECTION_SHEET_PREVIOUS_AS_OF].set ? "\n## Changed since the sheet before\n\n"
	                                                 : "\n## All prospects: it is the first sheet\n\n",
	      out);
	lines(s, out, true);
	fputs("\n## Not changed, and sit still\n\n", out);
	lines(s, out, false);
	fputs("\n## Questions\n\n", out);
	if (v[FNL_INSPECTION_SHEET_ANSWERS_DUE_AT].set) {
		fnl_text_time(v[FNL_INSPECTION_SHEET_ANSWERS_DUE_AT].i64, due);
		fprintf(out, "To be answered by %s.\n\n", due);
	}
	for (size_t i = 0; i < questions->count; i++) {
		question(s, &questions->items[i], out);
	}
	fputs(questions->count ? "" : "None.\n", out);
}
