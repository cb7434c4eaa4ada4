/* What inputs do to an inspection: between sheets, and while one is being made. */
#include "inspection_internal.h"

static void earlier(int64_t *least_ms, const struct fnl_value *at)
{
	if (at->set && at->i64 < *least_ms) {
		*least_ms = at->i64;
	}
}

/* Not before the sheet that was made last: when several things are due, the later ones may have been done first. */
void fnl_inspection_arm(struct fnl_value *row)
{
	const struct fnl_value *as_of = &row[FNL_INSPECTION_AS_OF];
	int64_t least_ms = INT64_MAX;
	if (row[FNL_INSPECTION_MAKING].i64) {
		row[FNL_INSPECTION_NEXT_DEADLINE_AT] = *as_of;
		return;
	}
	earlier(&least_ms, &row[FNL_INSPECTION_NEXT_SHEET_AT]);
	earlier(&least_ms, &row[FNL_INSPECTION_ASKED_AT]);
	earlier(&least_ms, &row[FNL_INSPECTION_RETURN_AT]);
	if (!row[FNL_INSPECTION_OVERDUE_TOLD].i64) {
		earlier(&least_ms, &row[FNL_INSPECTION_ANSWERS_DUE_AT]);
	}
	if (least_ms == INT64_MAX) {
		row[FNL_INSPECTION_NEXT_DEADLINE_AT] = fnl_value_null();
	} else {
		bool behind = as_of->set && least_ms < as_of->i64;
		row[FNL_INSPECTION_NEXT_DEADLINE_AT] = behind ? *as_of : fnl_value_i64(least_ms);
	}
}

struct fnl_value *fnl_inspection_copy(const struct fnl_inspection_in *in)
{
	return fnl_values_copy(in->arena, in->row, FNL_INSPECTION_FIELD_COUNT);
}

struct fnl_value fnl_inspection_next(const struct fnl_inspection_in *in, int64_t after_ms)
{
	int weekday = (int)in->rules->values[FNL_RULES_AT_INSPECTION_WEEKDAY];
	int hour = (int)in->rules->values[FNL_RULES_AT_INSPECTION_HOUR];
	return fnl_value_i64(fnl_next_weekday(&in->rules->calendar, after_ms, weekday, hour));
}

struct fnl_value fnl_inspection_return(const struct fnl_inspection_in *in)
{
	const struct fnl_value *until = in->rep ? &in->rep[FNL_REP_ABSENT_UNTIL] : NULL;
	if (!until || !until->set) {
		return fnl_value_null();
	}
	int64_t at_ms = fnl_local_moment(&in->rules->calendar, (int32_t)until->i64 + 1, 0);
	return at_ms > in->now_ms ? fnl_value_i64(at_ms) : fnl_value_null();
}

static struct fnl_value *row_new(const struct fnl_inspection_in *in, struct fnl_span book)
{
	struct fnl_value *row = fnl_arena_calloc(in->arena, FNL_INSPECTION_FIELD_COUNT, sizeof(*row));
	if (!row) {
		return NULL;
	}
	row[FNL_INSPECTION_BOOK] = fnl_value_str(book);
	/* with clock = event the stage's time lags behind its inputs, by how much depends on how it went */
	row[FNL_INSPECTION_NEXT_SHEET_AT] = fnl_inspection_next(in, in->input_ms > in->now_ms ? in->input_ms : in->now_ms);
	row[FNL_INSPECTION_MAKING] = fnl_value_i64(0);
	row[FNL_INSPECTION_RETURNING] = fnl_value_i64(0);
	row[FNL_INSPECTION_RETURN_AT] = fnl_inspection_return(in);
	row[FNL_INSPECTION_UNANSWERED_SHEETS] = fnl_value_i64(0);
	row[FNL_INSPECTION_OVERDUE_TOLD] = fnl_value_i64(0);
	row[FNL_INSPECTION_SHEET_NUMBER] = fnl_value_i64(0);
	row[FNL_INSPECTION_TRIGGER] = fnl_value_i64(FNL_SHEET_TRIGGER_RHYTHM);
	row[FNL_INSPECTION_TOTALS] = fnl_value_list(NULL, 0);
	row[FNL_INSPECTION_OWNED_COUNT] = fnl_value_i64(0);
	row[FNL_INSPECTION_CHANGED_COUNT] = fnl_value_i64(0);
	row[FNL_INSPECTION_STALLED_COUNT] = fnl_value_i64(0);
	row[FNL_INSPECTION_PAGE_COUNT] = fnl_value_i64(0);
	row[FNL_INSPECTION_QUESTIONS] = fnl_value_list(NULL, 0);
	fnl_inspection_arm(row);
	return row;
}

/* ---- lines ---- */

int fnl_question_state(int64_t line_state, int64_t layer)
{
	bool asked_for = fnl_layer_in_funnel((int)layer) || layer == FNL_LAYER_UNCLASSIFIED || layer == FNL_LAYER_UNKNOWN;
	if (line_state != FNL_LINE_STATE_OWNED) {
		return FNL_QUESTION_STATE_MOVED;
	}
	return asked_for ? FNL_QUESTION_STATE_OPEN : FNL_QUESTION_STATE_CLOSED;
}

size_t fnl_questions_open(const struct fnl_value *row)
{
	struct fnl_list questions = row[FNL_INSPECTION_QUESTIONS].list;
	size_t count = 0;
	for (size_t i = 0; i < questions.count; i++) {
		count += questions.items[i].list.items[FNL_QUESTION_STATE].i64 == FNL_QUESTION_STATE_OPEN;
	}
	return count;
}

/* A copy of the row in which the question at `at` is another one, or (NULL) is not there any more. */
static int with_question(const struct fnl_inspection_in *in, size_t at, const struct fnl_value *question,
                         struct fnl_value **ret_row)
{
	struct fnl_list old = in->row[FNL_INSPECTION_QUESTIONS].list;
	struct fnl_value *row = fnl_inspection_copy(in);
	struct fnl_value *items = fnl_values_copy(in->arena, old.items, old.count);
	size_t count = old.count;
	if (!row || !items) {
		return FNL_E_NOMEM;
	}
	if (question) {
		items[at] = fnl_value_list(question, FNL_QUESTION_FIELD_COUNT);
	} else {
		count--;
		memmove(items + at, items + at + 1, (count - at) * sizeof(*items));
	}
	row[FNL_INSPECTION_QUESTIONS] = fnl_value_list(items, count);
	*ret_row = row;
	return FNL_OK;
}

/* The place of the question about a prospect; the count: there is none. */
static size_t question_about(const struct fnl_value *row, struct fnl_span prospect_id)
{
	struct fnl_list questions = row[FNL_INSPECTION_QUESTIONS].list;
	size_t at = 0;
	while (at < questions.count &&
	       !fnl_span_eq(questions.items[at].list.items[FNL_QUESTION_PROSPECT_ID].str, prospect_id)) {
		at++;
	}
	return at;
}

int fnl_inspection_line(const struct fnl_inspection_in *in, const struct fnl_value *event, struct fnl_value **ret_row)
{
	int64_t line_state = event[FNL_BOOK_LINE_STATE].i64;
	*ret_row = NULL;
	if (!in->row && !fnl_rules_watch(in->rules)) {
		return FNL_OK;
	}
	if (!in->row) {
		*ret_row = row_new(in, event[FNL_BOOK_LINE_BOOK].str);
		return *ret_row ? FNL_OK : FNL_E_NOMEM;
	}
	size_t at = question_about(in->row, event[FNL_BOOK_LINE_PROSPECT_ID].str);
	if (at == in->row[FNL_INSPECTION_QUESTIONS].list.count) {
		return FNL_OK;
	}
	if (line_state == FNL_LINE_STATE_ERASED) {
		return with_question(in, at, NULL, ret_row);
	}
	const struct fnl_value *question = in->row[FNL_INSPECTION_QUESTIONS].list.items[at].list.items;
	int state = fnl_question_state(line_state, event[FNL_BOOK_LINE_LAYER].i64);
	if (question[FNL_QUESTION_STATE].i64 != FNL_QUESTION_STATE_OPEN || state == FNL_QUESTION_STATE_OPEN) {
		return FNL_OK;
	}
	struct fnl_value *copy = fnl_values_copy(in->arena, question, FNL_QUESTION_FIELD_COUNT);
	if (!copy) {
		return FNL_E_NOMEM;
	}
	copy[FNL_QUESTION_STATE] = fnl_value_i64(state);
	return with_question(in, at, copy, ret_row);
}

/* ---- what HR and people say ---- */

static bool same_value(const struct fnl_value *a, const struct fnl_value *b)
{
	return a->set == b->set && (!a->set || a->i64 == b->i64);
}

/* What is held waits for the day after his absence, or is told at once when that ends before it was to. */
int fnl_inspection_rep_changed(const struct fnl_inspection_in *in, const struct fnl_value *rep_before,
                               struct fnl_value **ret_row)
{
	const struct fnl_calendar *calendar = &in->rules->calendar;
	*ret_row = NULL;
	if (!in->row && !fnl_rules_watch(in->rules)) {
		return FNL_OK;
	}
	if (!in->row) {
		*ret_row = row_new(in, in->rep[FNL_REP_BOOK].str);
		return *ret_row ? FNL_OK : FNL_E_NOMEM;
	}
	const struct fnl_value *known = &in->row[FNL_INSPECTION_RETURN_AT];
	struct fnl_value at = fnl_inspection_return(in);
	if (rep_before && fnl_rep_is_absent(rep_before, calendar, in->now_ms) &&
	    !fnl_rep_is_absent(in->rep, calendar, in->now_ms)) {
		at = fnl_value_i64(in->now_ms);
	}
	if (same_value(known, &at) || (known->set && known->i64 <= in->now_ms)) {
		return FNL_OK; /* he is being told; what comes after that is seen to at its end */
	}
	struct fnl_value *row = fnl_inspection_copy(in);
	if (!row) {
		return FNL_E_NOMEM;
	}
	row[FNL_INSPECTION_RETURN_AT] = at;
	fnl_inspection_arm(row);
	*ret_row = row;
	return FNL_OK;
}

int fnl_inspection_asked(const struct fnl_inspection_in *in, const struct fnl_value *command, struct fnl_span cause_id,
                         struct fnl_span correlation_id, struct fnl_value **ret_row, struct fnl_error *why)
{
	const struct fnl_value *known = in->row;
	*ret_row = NULL;
	int r = fnl_input_check(&fnl_desc_inspect_now, command, why);
	if (r < 0) {
		return r;
	}
	if (!in->rep || (known && (known[FNL_INSPECTION_MAKING].i64 || known[FNL_INSPECTION_ASKED_AT].set ||
	                           (known[FNL_INSPECTION_CAUSE_ID].set &&
	                            fnl_span_eq(known[FNL_INSPECTION_CAUSE_ID].str, cause_id))))) {
		return FNL_OK;
	}
	struct fnl_value *row = known ? fnl_inspection_copy(in) : row_new(in, in->rep[FNL_REP_BOOK].str);
	if (!row) {
		return FNL_E_NOMEM;
	}
	int64_t issued_ms = command[FNL_INSPECT_NOW_OCCURRED_AT].i64;
	row[FNL_INSPECTION_ASKED_AT] = fnl_value_i64(issued_ms > in->now_ms ? issued_ms : in->now_ms);
	row[FNL_INSPECTION_CAUSE_ID] = fnl_value_str(cause_id);
	row[FNL_INSPECTION_CORRELATION_ID] = fnl_value_str_or_null(correlation_id);
	fnl_inspection_arm(row);
	*ret_row = row;
	return FNL_OK;
}

/* A command that waits keeps its moment and its cause: the same again is not another one. */
int fnl_inspection_noticed(const struct fnl_inspection_in *in, struct fnl_span book, struct fnl_span cause_id,
                           struct fnl_span correlation_id, struct fnl_value **ret_row)
{
	const struct fnl_value *known = in->row;
	bool waits = known && known[FNL_INSPECTION_ASKED_AT].set;
	*ret_row = NULL;
	if (known && known[FNL_INSPECTION_CAUSE_ID].set && fnl_span_eq(known[FNL_INSPECTION_CAUSE_ID].str, cause_id)) {
		return FNL_OK;
	}
	struct fnl_value *row = known ? fnl_inspection_copy(in) : row_new(in, book);
	if (!row) {
		return FNL_E_NOMEM;
	}
	row[FNL_INSPECTION_ASKED_FOR] = fnl_value_i64(FNL_SHEET_TRIGGER_NOTICE);
	if (!waits) {
		row[FNL_INSPECTION_ASKED_AT] = fnl_value_i64(in->input_ms > in->now_ms ? in->input_ms : in->now_ms);
		row[FNL_INSPECTION_CAUSE_ID] = fnl_value_str(cause_id);
		row[FNL_INSPECTION_CORRELATION_ID] = fnl_value_str_or_null(correlation_id);
	}
	fnl_inspection_arm(row);
	*ret_row = row;
	return FNL_OK;
}

/* ---- answers ---- */

/* The question that the answer is about; the count: the latest sheet has none such. */
static size_t question_of(const struct fnl_value *row, const struct fnl_value *event)
{
	struct fnl_list questions = row[FNL_INSPECTION_QUESTIONS].list;
	const struct fnl_value *sheet_id = &row[FNL_INSPECTION_SHEET_ID];
	size_t at = 0;
	if (!sheet_id->set || row[FNL_INSPECTION_MAKING].i64 ||
	    !fnl_span_eq(sheet_id->str, event[FNL_ANSWER_GIVEN_SHEET_ID].str)) {
		return questions.count;
	}
	for (; at < questions.count; at++) {
		const struct fnl_value *q = questions.items[at].list.items;
		if (fnl_span_eq(q[FNL_QUESTION_QUESTION_ID].str, event[FNL_ANSWER_GIVEN_QUESTION_ID].str) &&
		    fnl_span_eq(q[FNL_QUESTION_PROSPECT_ID].str, event[FNL_ANSWER_GIVEN_PROSPECT_ID].str)) {
			break;
		}
	}
	return at;
}

static struct fnl_value *recorded(const struct fnl_inspection_in *in, const struct fnl_value *event, int64_t state)
{
	struct fnl_value *v = fnl_arena_calloc(in->arena, FNL_INSPECTION_ANSWER_RECORDED_FIELD_COUNT, sizeof(*v));
	struct fnl_value due = in->row ? in->row[FNL_INSPECTION_ANSWERS_DUE_AT] : fnl_value_null();
	if (!v) {
		return NULL;
	}
	bool known = state != FNL_QUESTION_STATE_UNKNOWN;
	bool in_time = known && due.set && event[FNL_ANSWER_GIVEN_OCCURRED_AT].i64 <= due.i64;
	v[FNL_INSPECTION_ANSWER_RECORDED_OCCURRED_AT] = event[FNL_ANSWER_GIVEN_OCCURRED_AT];
	v[FNL_INSPECTION_ANSWER_RECORDED_REP_ID] = fnl_value_str(fnl_book_rep_id(event[FNL_ANSWER_GIVEN_BOOK].str));
	if (in->rep) {
		v[FNL_INSPECTION_ANSWER_RECORDED_ORG_ID] = in->rep[FNL_REP_ORG_ID];
		v[FNL_INSPECTION_ANSWER_RECORDED_MANAGER_ID] = in->rep[FNL_REP_MANAGER_ID];
	}
	v[FNL_INSPECTION_ANSWER_RECORDED_SHEET_ID] = event[FNL_ANSWER_GIVEN_SHEET_ID];
	v[FNL_INSPECTION_ANSWER_RECORDED_QUESTION_ID] = event[FNL_ANSWER_GIVEN_QUESTION_ID];
	v[FNL_INSPECTION_ANSWER_RECORDED_PROSPECT_ID] = event[FNL_ANSWER_GIVEN_PROSPECT_ID];
	v[FNL_INSPECTION_ANSWER_RECORDED_ANSWER_ID] = event[FNL_ANSWER_GIVEN_ANSWER_ID];
	v[FNL_INSPECTION_ANSWER_RECORDED_BY] = event[FNL_ANSWER_GIVEN_BY];
	v[FNL_INSPECTION_ANSWER_RECORDED_STATE] = fnl_value_i64(state);
	v[FNL_INSPECTION_ANSWER_RECORDED_IN_TIME] = fnl_value_i64(in_time);
	v[FNL_INSPECTION_ANSWER_RECORDED_CAUSE] = event[FNL_ANSWER_GIVEN_CAUSE];
	v[FNL_INSPECTION_ANSWER_RECORDED_CONFIRMED] = event[FNL_ANSWER_GIVEN_CONFIRMED];
	v[FNL_INSPECTION_ANSWER_RECORDED_NEXT_STEP_CODE] = event[FNL_ANSWER_GIVEN_NEXT_STEP_CODE];
	v[FNL_INSPECTION_ANSWER_RECORDED_NEXT_STEP_ON] = event[FNL_ANSWER_GIVEN_NEXT_STEP_ON];
	return v;
}

/* A question that is open, or was answered otherwise, has the answer from now on. */
static int take_answer(const struct fnl_inspection_in *in, const struct fnl_value *event, size_t at,
                       struct fnl_value **ret_row)
{
	const struct fnl_value *question = in->row[FNL_INSPECTION_QUESTIONS].list.items[at].list.items;
	struct fnl_value *copy = fnl_values_copy(in->arena, question, FNL_QUESTION_FIELD_COUNT);
	if (!copy) {
		return FNL_E_NOMEM;
	}
	copy[FNL_QUESTION_STATE] = fnl_value_i64(FNL_QUESTION_STATE_ANSWERED);
	copy[FNL_QUESTION_ANSWER_ID] = event[FNL_ANSWER_GIVEN_ANSWER_ID];
	return with_question(in, at, copy, ret_row);
}

int fnl_inspection_answered(const struct fnl_inspection_in *in, const struct fnl_value *event,
                            struct fnl_inspection_answer *ret, struct fnl_error *why)
{
	struct fnl_inspection_answer out = {0};
	int64_t state = FNL_QUESTION_STATE_UNKNOWN;
	int r = fnl_input_check(&fnl_desc_answer_given, event, why);
	if (r < 0) {
		return r;
	}
	size_t at = in->row ? question_of(in->row, event) : 0;
	if (in->row && at < in->row[FNL_INSPECTION_QUESTIONS].list.count) {
		const struct fnl_value *q = in->row[FNL_INSPECTION_QUESTIONS].list.items[at].list.items;
		const struct fnl_value *known = &q[FNL_QUESTION_ANSWER_ID];
		state = q[FNL_QUESTION_STATE].i64;
		if (state == FNL_QUESTION_STATE_ANSWERED && known->set &&
		    fnl_span_eq(known->str, event[FNL_ANSWER_GIVEN_ANSWER_ID].str)) {
			*ret = out;
			return FNL_OK;
		}
		if (state == FNL_QUESTION_STATE_OPEN || state == FNL_QUESTION_STATE_ANSWERED) {
			state = FNL_QUESTION_STATE_ANSWERED;
			r = take_answer(in, event, at, &out.row);
		}
	}
	struct fnl_value *told = r < 0 ? NULL : recorded(in, event, state);
	if (!told) {
		return FNL_E_NOMEM;
	}
	out.event = (struct fnl_event_out){&fnl_desc_inspection_answer_recorded, told};
	*ret = out;
	return FNL_OK;
}
