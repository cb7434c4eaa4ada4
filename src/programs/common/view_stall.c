#include "view_stall.h"

#include <ctype.h>

#include "funneld_records.h"

void fnl_symbol_text(const char *const *symbols, size_t count, int64_t at, char ret[FNL_TEXT_BYTES])
{
	size_t i = 0;
	const char *symbol = at >= 0 && (uint64_t)at < count ? symbols[at] : "?";
	for (; i < FNL_TEXT_BYTES - 1 && symbol[i]; i++) {
		ret[i] = symbol[i] == '_' ? ' ' : (char)tolower((unsigned char)symbol[i]);
	}
	ret[i] = '\0';
}

const char *fnl_layer_text(int64_t layer)
{
	return layer >= 0 && layer < FNL_LAYER_COUNT ? fnl_symbols_layer[layer] : "?";
}

void fnl_stall_text(const struct fnl_value *stall, char ret[FNL_TEXT_BYTES])
{
	static const char *const conditions[FNL_STALL_CONDITION_COUNT] = {
		[FNL_STALL_CONDITION_IN_LAYER] = "in layer",
		[FNL_STALL_CONDITION_IN_LAYER_CUMULATIVE] = "in layer, in all",
		[FNL_STALL_CONDITION_NO_CONTACT] = "no contact",
		[FNL_STALL_CONDITION_NO_EDIT] = "no edit",
		[FNL_STALL_CONDITION_CLOSE_DATE_PAST] = "close date past",
		[FNL_STALL_CONDITION_AMOUNT_MISSING] = "no amount",
		[FNL_STALL_CONDITION_PUSHED] = "pushed",
	};
	const struct fnl_value *v = stall->list.items;
	int64_t kind = v[FNL_STALL_KIND].i64, condition = v[FNL_STALL_CONDITION].i64;
	snprintf(ret, FNL_TEXT_BYTES, "%s %s",
	         kind >= 0 && kind < FNL_STALL_KIND_COUNT ? fnl_symbols_stall_kind[kind] : "?",
	         condition >= 0 && condition < FNL_STALL_CONDITION_COUNT ? conditions[condition] : "?");
}

void fnl_stall_told_text(const struct fnl_value *stall, char ret[FNL_TEXT_BYTES])
{
	const struct fnl_value *v = stall->list.items;
	char day[FNL_TEXT_BYTES];
	if (v[FNL_STALL_LEVEL].i64 != FNL_ALERT_LEVEL_NONE) {
		fnl_symbol_text(fnl_symbols_alert_level, FNL_ALERT_LEVEL_COUNT, v[FNL_STALL_LEVEL].i64, ret);
	} else if (v[FNL_STALL_ALERT_AT].set) {
		fnl_text_time(v[FNL_STALL_ALERT_AT].i64, day);
		snprintf(ret, FNL_TEXT_BYTES, "from %.10s", day);
	} else {
		snprintf(ret, FNL_TEXT_BYTES, "shown only");
	}
}

void fnl_candidate_text(const struct fnl_value *candidate, char ret[FNL_VALUE_TEXT_BYTES])
{
	const struct fnl_value *v = candidate->list.items;
	char cause[FNL_TEXT_BYTES], remedy[FNL_VALUE_TEXT_BYTES];
	fnl_symbol_text(fnl_symbols_cause, FNL_CAUSE_COUNT, v[FNL_CANDIDATE_CAUSE].i64, cause);
	fnl_value_text(&fnl_desc_candidate.fields[FNL_CANDIDATE_REMEDY], &v[FNL_CANDIDATE_REMEDY], remedy);
	snprintf(ret, FNL_VALUE_TEXT_BYTES, "%s%s: %.100s", cause, v[FNL_CANDIDATE_CONFIRMED].i64 ? " (confirmed)" : "",
	         remedy);
}

void fnl_answer_text(const struct fnl_value *answer, char ret[FNL_VALUE_TEXT_BYTES])
{
	const struct fnl_value *v = answer->list.items;
	char at[FNL_TEXT_BYTES], cause[FNL_TEXT_BYTES], step[FNL_TEXT_BYTES + 16] = "", day[FNL_TEXT_BYTES];
	char id[FNL_VALUE_TEXT_BYTES], sheet[FNL_VALUE_TEXT_BYTES];
	fnl_text_time(v[FNL_ANSWER_AT].i64, at);
	fnl_symbol_text(fnl_symbols_cause, FNL_CAUSE_COUNT, v[FNL_ANSWER_CAUSE].i64, cause);
	if (v[FNL_ANSWER_NEXT_STEP_ON].set) {
		fnl_text_date(v[FNL_ANSWER_NEXT_STEP_ON].i64, day);
		snprintf(step, sizeof(step), ", next step on %s", day);
	}
	fnl_value_text(&fnl_desc_answer.fields[FNL_ANSWER_ANSWER_ID], &v[FNL_ANSWER_ANSWER_ID], id);
	fnl_value_text(&fnl_desc_answer.fields[FNL_ANSWER_SHEET_ID], &v[FNL_ANSWER_SHEET_ID], sheet);
	snprintf(ret, FNL_VALUE_TEXT_BYTES, "%s  %s%s%s  (answer %.40s, sheet %.40s)", at, cause,
	         v[FNL_ANSWER_CONFIRMED].i64 ? ", confirmed" : "", step, id, sheet);
}

void fnl_candidates_draw(const struct fnl_canvas *c, int indent, const char *front, const struct fnl_list *candidates)
{
	int begin = indent + (int)strlen(front);
	int used = 0;
	for (size_t i = 0; i < candidates->count; i++) {
		char text[FNL_VALUE_TEXT_BYTES];
		bool confirmed = candidates->items[i].list.items[FNL_CANDIDATE_CONFIRMED].i64;
		fnl_candidate_text(&candidates->items[i], text);
		int wide = fnl_text_width(fnl_span_str(text));
		if (i == 0) {
			fnl_text_fill(c, " ", indent);
			fprintf(c->out, "%s%s%s", fnl_style_on(c, FNL_DIM), front, fnl_style_off(c));
			used = begin;
		} else if (c->width && used + 2 + wide > c->width) {
			fputs(";\n", c->out);
			fnl_text_fill(c, " ", begin);
			used = begin;
		} else {
			fputs("; ", c->out);
			used += 2;
		}
		used += wide;
		fprintf(c->out, "%s%s%s", fnl_style_on(c, confirmed ? FNL_BOLD : FNL_PLAIN), text, fnl_style_off(c));
	}
	fputs(candidates->count ? "\n" : "", c->out);
}
