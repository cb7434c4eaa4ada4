#include "sheet_world.h"

#include <stdlib.h>

static struct fnl_value i64(int64_t v)
{
	return (struct fnl_value){.set = true, .i64 = v};
}

struct fnl_input fnl_input_stalled(struct fnl_books *w, const char *book, const char *prospect_id, int64_t sequence,
                                   int64_t at_ms, int kind, int level)
{
	struct fnl_input in = fnl_input_line(book, prospect_id, sequence, at_ms);
	struct fnl_value *stall = fnl_arena_calloc(&w->arena, FNL_STALL_FIELD_COUNT, sizeof(*stall));
	struct fnl_value *item = fnl_arena_calloc(&w->arena, 1, sizeof(*item));
	struct fnl_value *evidence = fnl_arena_calloc(&w->arena, FNL_EVIDENCE_FIELD_COUNT, sizeof(*evidence));
	if (!stall || !item || !evidence) {
		abort();
	}
	stall[FNL_STALL_KIND] = i64(kind);
	stall[FNL_STALL_CONDITION] =
		i64(kind == FNL_STALL_KIND_SILENT ? FNL_STALL_CONDITION_NO_CONTACT : FNL_STALL_CONDITION_IN_LAYER);
	stall[FNL_STALL_SINCE] = i64(FNL_T0 - 90 * FNL_DAY);
	stall[FNL_STALL_OVER_AT] = i64(FNL_T0 - FNL_DAY);
	stall[FNL_STALL_ALERT_AT] = i64(FNL_T0 - FNL_DAY);
	stall[FNL_STALL_LEVEL] = i64(level);
	*item = (struct fnl_value){.set = true, .list = {stall, FNL_STALL_FIELD_COUNT}};
	evidence[FNL_EVIDENCE_PUSH_COUNT] = i64(0);
	in.v[FNL_BOOK_LINE_STALLS] = (struct fnl_value){.set = true, .list = {item, 1}};
	in.v[FNL_BOOK_LINE_EVIDENCE] = (struct fnl_value){.set = true, .list = {evidence, FNL_EVIDENCE_FIELD_COUNT}};
	return in;
}

struct fnl_input fnl_input_ask(const char *rep_id, const char *command_id, int64_t at_ms)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_inspect_now, at_ms);
	fnl_input_str(&in, FNL_INSPECT_NOW_COMMAND_ID, command_id);
	fnl_input_str(&in, FNL_INSPECT_NOW_ISSUED_BY, "boss");
	fnl_input_i64(&in, FNL_INSPECT_NOW_ISSUED_AT, FNL_T0 + at_ms);
	fnl_input_str(&in, FNL_INSPECT_NOW_REP_ID, rep_id);
	return in;
}

struct fnl_input fnl_input_answer(const char *book, const char *prospect_id, const char *sheet_id,
                                  const char *question_id, const char *answer_id, int64_t at_ms)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_answer_given, at_ms);
	fnl_input_str(&in, FNL_ANSWER_GIVEN_BOOK, book);
	fnl_input_str(&in, FNL_ANSWER_GIVEN_PROSPECT_ID, prospect_id);
	fnl_input_str(&in, FNL_ANSWER_GIVEN_ANSWER_ID, answer_id);
	fnl_input_str(&in, FNL_ANSWER_GIVEN_SHEET_ID, sheet_id);
	fnl_input_str(&in, FNL_ANSWER_GIVEN_QUESTION_ID, question_id);
	fnl_input_str(&in, FNL_ANSWER_GIVEN_BY, "ann");
	fnl_input_i64(&in, FNL_ANSWER_GIVEN_CAUSE, FNL_CAUSE_BUYER_UNDECIDED);
	fnl_input_i64(&in, FNL_ANSWER_GIVEN_CONFIRMED, 1);
	return in;
}

const struct fnl_value *fnl_books_told(const struct fnl_books *w, const struct fnl_record_desc *desc, size_t from_end)
{
	for (size_t i = w->event_count; i > 0; i--) {
		if (w->events[i - 1].desc == desc && from_end-- == 0) {
			return w->events[i - 1].values;
		}
	}
	return NULL;
}

const struct fnl_value *fnl_books_sheet_line(const struct fnl_books *w, const char *sheet_id, const char *prospect_id)
{
	for (size_t i = 0; i < w->event_count; i++) {
		const struct fnl_value *v = w->events[i].values;
		if (w->events[i].desc != &fnl_desc_sheet_page ||
		    !fnl_span_eq(v[FNL_SHEET_PAGE_SHEET_ID].str, fnl_span_str(sheet_id))) {
			continue;
		}
		struct fnl_list lines = v[FNL_SHEET_PAGE_LINES].list;
		for (size_t j = 0; j < lines.count; j++) {
			const struct fnl_value *line = lines.items[j].list.items;
			if (fnl_span_eq(line[FNL_SHEET_LINE_PROSPECT_ID].str, fnl_span_str(prospect_id))) {
				return line;
			}
		}
	}
	return NULL;
}

const struct fnl_value *fnl_books_question(const struct fnl_books *w, const char *book, const char *prospect_id)
{
	const struct fnl_value *row = fnl_books_inspection(w, book);
	struct fnl_list questions = row ? row[FNL_INSPECTION_QUESTIONS].list : (struct fnl_list){NULL, 0};
	for (size_t i = 0; i < questions.count; i++) {
		const struct fnl_value *q = questions.items[i].list.items;
		if (fnl_span_eq(q[FNL_QUESTION_PROSPECT_ID].str, fnl_span_str(prospect_id))) {
			return q;
		}
	}
	return NULL;
}
