/* InspectionAnswered: the prospect keeps the latest answer, and the sheet that asked hears of each. */
#include "funneld/core/book.h"
#include "prospect_internal.h"

#define IN(name) FNL_INSPECTION_ANSWERED_##name
#define OUT(name) FNL_ANSWER_GIVEN_##name

_Static_assert(OUT(BOOK) == (int)FNL_BOOK_LINE_BOOK, "both are sent to their book");

static int tell_sheet(struct fnl_prospect_edit *e)
{
	const struct fnl_value *in = e->values;
	struct fnl_value *v = fnl_arena_calloc(e->in->arena, FNL_ANSWER_GIVEN_FIELD_COUNT, sizeof(*v));
	struct fnl_span book = fnl_book_name(in[IN(SHEET_REP_ID)].str, e->in->arena);
	if (!v || fnl_span_is_none(book)) {
		return FNL_E_NOMEM;
	}
	v[OUT(SOURCE)] = in[IN(SOURCE)];
	v[OUT(OCCURRED_AT)] = in[IN(OCCURRED_AT)];
	v[OUT(BOOK)] = fnl_value_str(book);
	v[OUT(PROSPECT_ID)] = in[IN(PROSPECT_ID)];
	v[OUT(ANSWER_ID)] = in[IN(ANSWER_ID)];
	v[OUT(SHEET_ID)] = in[IN(SHEET_ID)];
	v[OUT(QUESTION_ID)] = in[IN(QUESTION_ID)];
	v[OUT(BY)] = in[IN(BY)];
	v[OUT(CAUSE)] = in[IN(CAUSE)];
	v[OUT(CONFIRMED)] = in[IN(CONFIRMED)];
	v[OUT(NEXT_STEP_CODE)] = in[IN(NEXT_STEP_CODE)];
	v[OUT(NEXT_STEP_ON)] = in[IN(NEXT_STEP_ON)];
	v[OUT(COMPETITOR_ID)] = in[IN(COMPETITOR_ID)];
	e->out->lines[e->out->line_count++] = (struct fnl_event_out){&fnl_desc_answer_given, v};
	return FNL_OK;
}

static int keep_answer(struct fnl_prospect_edit *e)
{
	const struct fnl_value *in = e->values;
	struct fnl_value *v = fnl_arena_calloc(e->in->arena, FNL_ANSWER_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_ANSWER_ANSWER_ID] = in[IN(ANSWER_ID)];
	v[FNL_ANSWER_SHEET_ID] = in[IN(SHEET_ID)];
	v[FNL_ANSWER_AT] = in[IN(OCCURRED_AT)];
	v[FNL_ANSWER_CAUSE] = in[IN(CAUSE)];
	v[FNL_ANSWER_CONFIRMED] = in[IN(CONFIRMED)];
	v[FNL_ANSWER_COMPETITOR_ID] = in[IN(COMPETITOR_ID)];
	v[FNL_ANSWER_NEXT_STEP_ON] = in[IN(NEXT_STEP_ON)];
	e->row[FNL_PROSPECT_ANSWER] = fnl_value_list(v, FNL_ANSWER_FIELD_COUNT);
	return FNL_OK;
}

/* Later than the one that is kept, of the same moment the greater id. */
static bool is_newer(const struct fnl_prospect_edit *e, const struct fnl_value *known)
{
	int64_t at_ms = known[FNL_ANSWER_AT].i64;
	return e->occurred_at_ms != at_ms ? e->occurred_at_ms > at_ms
	                                  : fnl_span_cmp(e->values[IN(ANSWER_ID)].str, known[FNL_ANSWER_ANSWER_ID].str) > 0;
}

int fnl_prospect_answered(struct fnl_prospect_edit *e)
{
	const struct fnl_value *row = e->in->row;
	const struct fnl_value *known = row && row[FNL_PROSPECT_ANSWER].set ? row[FNL_PROSPECT_ANSWER].list.items : NULL;
	if (known && fnl_span_eq(known[FNL_ANSWER_ANSWER_ID].str, e->values[IN(ANSWER_ID)].str)) {
		return fnl_prospect_stale(e);
	}
	int r = tell_sheet(e);
	if (r < 0 || !row || (known && !is_newer(e, known))) {
		return r;
	}
	r = fnl_prospect_edit_open(e);
	r = r ? r : keep_answer(e);
	return r ? r : fnl_prospect_edit_close(e);
}
