/* One firing of an inspection's timer: a sheet begins, one page of it, its end; overdue answers; a rep who is back. */
#include "inspection_internal.h"

#define AT(field) (FNL_LINE_##field - FNL_LINE_STATE)

/* A step on its way. */
struct making {
	const struct fnl_inspection_in *in;
	const struct fnl_inspection_page *page;
	struct fnl_inspection_out *out;
	struct fnl_value *row;    /* a copy that becomes the new one */
	struct fnl_value *listed; /* SheetLine records that wait for their page */
	size_t listed_count;
	size_t listed_max;
	struct fnl_value *questions; /* Question records, the largest first */
	size_t question_count;
	size_t questions_max;
};

struct fnl_inspection_need fnl_inspection_needs(const struct fnl_value *row)
{
	const struct fnl_value *after = &row[FNL_INSPECTION_AFTER];
	struct fnl_inspection_need need = {.after = after->set ? after->str : FNL_SPAN_NONE};
	need.limit = row[FNL_INSPECTION_RETURNING].i64 ? FNL_INSPECT_RETURN_LINES : FNL_INSPECT_PAGE_LINES;
	return need;
}

static bool is_owned(const struct fnl_value *values)
{
	return values && values[AT(STATE)].i64 == FNL_LINE_STATE_OWNED;
}

static void tell(struct making *m, const struct fnl_record_desc *desc, struct fnl_value *values)
{
	m->out->events[m->out->event_count++] = (struct fnl_event_out){desc, values};
}

static struct fnl_value rep_value(const struct making *m, int field)
{
	return m->in->rep ? m->in->rep[field] : fnl_value_null();
}

static struct fnl_value rep_id(const struct making *m)
{
	return fnl_value_str(fnl_book_rep_id(m->row[FNL_INSPECTION_BOOK].str));
}

/* ---- one line of a sheet ---- */

/* A line as the sheet has it, from `state` on. */
struct sides {
	const struct fnl_value *before; /* NULL: this is the first sheet */
	const struct fnl_value *now;
	int change;
};

static bool same_kinds(struct fnl_list a, struct fnl_list b)
{
	for (size_t i = 0; i < a.count && a.count == b.count; i++) {
		if (a.items[i].list.items[FNL_STALL_KIND].i64 != b.items[i].list.items[FNL_STALL_KIND].i64) {
			return false;
		}
	}
	return a.count == b.count;
}

/* Other rules, other evidence, a further level of a stall, who edited it, when somebody was last in contact or whose
 * win it is are no change of the prospect; nor are other persons: they may be erased while the sheet is being made, and
 * then nothing of them may be left. */
static bool is_seen(size_t at)
{
	return at != AT(RULES_VERSION) && at != AT(EVIDENCE) && at != AT(STALLS) && at != AT(CONTACT_IDS) &&
	       at != AT(LEFT_AT) && at != AT(EDIT) && at != AT(ADVERSE) && at != AT(LAST_CONTACT_ON) &&
	       at != AT(OWNER_SINCE) && at != AT(WON_BY);
}

static bool differs(const struct fnl_value *before, const struct fnl_value *now)
{
	if (before == now) {
		return false;
	}
	for (size_t i = 0; i < FNL_BOOK_VALUE_COUNT; i++) {
		if (is_seen(i) && !fnl_value_eq(&fnl_desc_line.fields[FNL_LINE_STATE + i], &before[i], &now[i])) {
			return true;
		}
	}
	return !same_kinds(before[AT(STALLS)].list, now[AT(STALLS)].list);
}

static struct sides sides_of(const struct making *m, const struct fnl_value *line)
{
	int64_t number = m->row[FNL_INSPECTION_SHEET_NUMBER].i64;
	const struct fnl_value *image = fnl_sheet_image(line, number);
	struct sides s = {.now = image ? image : line + FNL_LINE_STATE, .change = FNL_LINE_CHANGE_UNCHANGED};
	if (number > 1) {
		s.before = fnl_sheet_image(line, number - 1);
		s.before = s.before ? s.before : s.now;
	}
	if (!is_owned(s.before)) {
		s.change = is_owned(s.now) ? FNL_LINE_CHANGE_NEW : FNL_LINE_CHANGE_UNCHANGED;
	} else if (!is_owned(s.now)) {
		s.change = FNL_LINE_CHANGE_LEFT;
	} else if (differs(s.before, s.now)) {
		s.change = FNL_LINE_CHANGE_CHANGED;
	}
	return s;
}

static int side_of(const struct making *m, const struct fnl_value *values, struct fnl_value *ret)
{
	*ret = fnl_value_null();
	if (!values || !is_owned(values)) {
		return FNL_OK;
	}
	struct fnl_value *side = fnl_arena_calloc(m->in->arena, FNL_SHEET_SIDE_FIELD_COUNT, sizeof(*side));
	if (!side) {
		return FNL_E_NOMEM;
	}
	side[FNL_SHEET_SIDE_LAYER] = values[AT(LAYER)];
	side[FNL_SHEET_SIDE_WEIGHT_BP] = values[AT(WEIGHT_BP)];
	side[FNL_SHEET_SIDE_AMOUNT] = values[AT(AMOUNT)];
	side[FNL_SHEET_SIDE_EXPECTED_CLOSE_DATE] = values[AT(EXPECTED_CLOSE_DATE)];
	*ret = fnl_value_list(side, FNL_SHEET_SIDE_FIELD_COUNT);
	return FNL_OK;
}

/* The lines that wait become a page. */
static int tell_page(struct making *m)
{
	struct fnl_value *v = fnl_arena_calloc(m->in->arena, FNL_SHEET_PAGE_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_SHEET_PAGE_OCCURRED_AT] = m->row[FNL_INSPECTION_AS_OF];
	v[FNL_SHEET_PAGE_REP_ID] = rep_id(m);
	v[FNL_SHEET_PAGE_ORG_ID] = rep_value(m, FNL_REP_ORG_ID);
	v[FNL_SHEET_PAGE_MANAGER_ID] = rep_value(m, FNL_REP_MANAGER_ID);
	v[FNL_SHEET_PAGE_SHEET_ID] = m->row[FNL_INSPECTION_SHEET_ID];
	v[FNL_SHEET_PAGE_PAGE] = fnl_value_i64(++m->row[FNL_INSPECTION_PAGE_COUNT].i64);
	v[FNL_SHEET_PAGE_LINES] = fnl_value_list(m->listed, m->listed_count);
	tell(m, &fnl_desc_sheet_page, v);
	m->listed += m->listed_count; /* the array has room for every line of the firing */
	m->listed_count = 0;
	return FNL_OK;
}

static int list_line(struct making *m, const struct fnl_value *line, const struct sides *s, struct fnl_value candidates)
{
	struct fnl_value *v = fnl_arena_calloc(m->in->arena, FNL_SHEET_LINE_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_SHEET_LINE_PROSPECT_ID] = line[FNL_LINE_PROSPECT_ID];
	v[FNL_SHEET_LINE_CHANGE] = fnl_value_i64(s->change);
	v[FNL_SHEET_LINE_STALLS] = is_owned(s->now) ? s->now[AT(STALLS)] : fnl_value_list(NULL, 0);
	v[FNL_SHEET_LINE_CANDIDATES] = candidates;
	int r = side_of(m, s->before, &v[FNL_SHEET_LINE_BEFORE]);
	r = r ? r : side_of(m, s->now, &v[FNL_SHEET_LINE_NOW]);
	if (r < 0) {
		return r;
	}
	m->listed[m->listed_count++] = fnl_value_list(v, FNL_SHEET_LINE_FIELD_COUNT);
	return m->listed_count == m->listed_max ? tell_page(m) : FNL_OK;
}

/* ---- questions ---- */

/* The page goes by prospect, so that of equals the smaller id is there already. */
static int ask(struct making *m, const struct fnl_value *line, const struct fnl_value *now, struct fnl_value candidates)
{
	struct fnl_book_amount amount = fnl_book_amount_of(now);
	int64_t weighted;
	int32_t e4;
	int r = fnl_weighted_split(amount.weighted, &weighted, &e4);
	if (r < 0) {
		return r; /* an amount's limit times 100 % fits */
	}
	size_t at = m->question_count;
	while (at > 0 && m->questions[at - 1].list.items[FNL_QUESTION_WEIGHTED_MINOR].i64 < weighted) {
		at--;
	}
	if (at >= m->questions_max) {
		return FNL_OK;
	}
	struct fnl_value *q = fnl_arena_calloc(m->in->arena, FNL_QUESTION_FIELD_COUNT, sizeof(*q));
	if (!q) {
		return FNL_E_NOMEM;
	}
	/* it may have moved since, while the sheet was waiting for its turn */
	int state = fnl_question_state(line[FNL_LINE_STATE].i64, line[FNL_LINE_LAYER].i64);
	q[FNL_QUESTION_QUESTION_ID] = fnl_value_str(FNL_SPAN_LIT(""));
	q[FNL_QUESTION_PROSPECT_ID] = line[FNL_LINE_PROSPECT_ID];
	q[FNL_QUESTION_STATE] = fnl_value_i64(state);
	q[FNL_QUESTION_LAYER] = now[AT(LAYER)];
	q[FNL_QUESTION_AMOUNT] = now[AT(AMOUNT)];
	q[FNL_QUESTION_WEIGHTED_MINOR] = fnl_value_i64(weighted);
	q[FNL_QUESTION_STALLS] = now[AT(STALLS)];
	q[FNL_QUESTION_CANDIDATES] = candidates;
	m->question_count -= m->question_count == m->questions_max;
	memmove(m->questions + at + 1, m->questions + at, (m->question_count - at) * sizeof(*m->questions));
	m->questions[at] = fnl_value_list(q, FNL_QUESTION_FIELD_COUNT);
	m->question_count++;
	return FNL_OK;
}

static int open_questions(struct making *m)
{
	struct fnl_list known = m->row[FNL_INSPECTION_QUESTIONS].list;
	int64_t max = m->in->rules->values[FNL_RULES_AT_QUESTIONS_MAX];
	m->questions_max = max < FNL_INSPECT_QUESTIONS_MAX ? (size_t)max : FNL_INSPECT_QUESTIONS_MAX;
	m->question_count = known.count < m->questions_max ? known.count : m->questions_max;
	m->questions = fnl_arena_calloc(m->in->arena, m->questions_max + 1, sizeof(*m->questions));
	if (!m->questions) {
		return FNL_E_NOMEM;
	}
	if (m->question_count > 0) {
		memcpy(m->questions, known.items, m->question_count * sizeof(*m->questions));
	}
	return FNL_OK;
}

static int number_questions(struct making *m)
{
	for (size_t i = 0; i < m->question_count; i++) {
		struct fnl_writer w = fnl_writer_of(m->in->arena);
		fnl_write_decimal(&w, (int64_t)i + 1);
		struct fnl_span id = fnl_writer_span(&w);
		struct fnl_value *q = fnl_values_copy(m->in->arena, m->questions[i].list.items, FNL_QUESTION_FIELD_COUNT);
		if (!q || fnl_span_is_none(id)) {
			return FNL_E_NOMEM;
		}
		q[FNL_QUESTION_QUESTION_ID] = fnl_value_str(id);
		m->questions[i] = fnl_value_list(q, FNL_QUESTION_FIELD_COUNT);
	}
	return FNL_OK;
}

/* ---- a sheet ---- */

/* The images of the sheets before are not needed any more; a line that is GONE and has no other goes. */
static int drop_images(struct making *m, const struct fnl_value *line, struct fnl_inspection_line_out *out)
{
	struct fnl_list images = line[FNL_LINE_IMAGES].list;
	int64_t number = m->row[FNL_INSPECTION_SHEET_NUMBER].i64;
	size_t count = 0;
	if (images.count == 0) {
		return FNL_OK;
	}
	struct fnl_value *kept = fnl_arena_alloc(m->in->arena, images.count * sizeof(*kept));
	struct fnl_value *copy = fnl_values_copy(m->in->arena, line, FNL_LINE_FIELD_COUNT);
	if (!kept || !copy) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < images.count; i++) {
		int64_t of = fnl_sheet_of_image(images.items[i].list.items);
		if (of == 0 || of >= number) {
			kept[count++] = images.items[i];
		}
	}
	if (count == images.count) {
		return FNL_OK;
	}
	copy[FNL_LINE_IMAGES] = fnl_value_list(kept, count);
	bool goes = fnl_book_line_is_over(line, count);
	out->change = goes ? FNL_ROW_DELETE : FNL_ROW_PUT;
	out->line = goes ? NULL : copy;
	return FNL_OK;
}

static int count_line(struct making *m, const struct sides *s)
{
	m->row[FNL_INSPECTION_CHANGED_COUNT].i64 += s->change != FNL_LINE_CHANGE_UNCHANGED;
	if (!is_owned(s->now)) {
		return FNL_OK;
	}
	struct fnl_book_amount amount = fnl_book_amount_of(s->now);
	m->row[FNL_INSPECTION_OWNED_COUNT].i64++;
	m->row[FNL_INSPECTION_STALLED_COUNT].i64 += s->now[AT(STALLS)].list.count > 0;
	struct fnl_value *totals = &m->row[FNL_INSPECTION_TOTALS];
	int r = fnl_book_totals_add(totals, s->now[AT(LAYER)].i64, &amount, 1, m->in->arena);
	/* the book has room for its lines as they are; when they are of several moments, a sum may find none */
	return r == FNL_E_LIMIT ? FNL_OK : r;
}

static int sheet_line(struct making *m, const struct fnl_value *line, struct fnl_inspection_line_out *out)
{
	struct sides s = sides_of(m, line);
	bool stalls = is_owned(s.now) && s.now[AT(STALLS)].list.count > 0;
	struct fnl_value candidates = fnl_value_list(NULL, 0);
	int r = count_line(m, &s);
	if (r == 0 && stalls) {
		const struct fnl_value *evidence = &s.now[AT(EVIDENCE)];
		r = fnl_diagnosis((int)s.now[AT(LAYER)].i64, s.now[AT(STALLS)].list,
		                  evidence->set ? evidence->list.items : NULL, m->in->rules, m->in->arena, &candidates);
		r = r ? r : ask(m, line, s.now, candidates);
	}
	if (r == 0 && (stalls || s.change != FNL_LINE_CHANGE_UNCHANGED)) {
		r = list_line(m, line, &s, candidates);
	}
	return r ? r : drop_images(m, line, out);
}

static struct fnl_value *sheet_event(const struct making *m)
{
	const struct fnl_value *row = m->row;
	struct fnl_value *v = fnl_arena_calloc(m->in->arena, FNL_INSPECTION_SHEET_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return NULL;
	}
	v[FNL_INSPECTION_SHEET_OCCURRED_AT] = row[FNL_INSPECTION_AS_OF];
	v[FNL_INSPECTION_SHEET_REP_ID] = rep_id(m);
	v[FNL_INSPECTION_SHEET_ORG_ID] = rep_value(m, FNL_REP_ORG_ID);
	v[FNL_INSPECTION_SHEET_MANAGER_ID] = rep_value(m, FNL_REP_MANAGER_ID);
	v[FNL_INSPECTION_SHEET_SHEET_ID] = row[FNL_INSPECTION_SHEET_ID];
	v[FNL_INSPECTION_SHEET_SHEET_NUMBER] = row[FNL_INSPECTION_SHEET_NUMBER];
	v[FNL_INSPECTION_SHEET_TRIGGER] = row[FNL_INSPECTION_TRIGGER];
	v[FNL_INSPECTION_SHEET_AS_OF] = row[FNL_INSPECTION_AS_OF];
	v[FNL_INSPECTION_SHEET_PREVIOUS_AS_OF] = row[FNL_INSPECTION_PREVIOUS_AS_OF];
	v[FNL_INSPECTION_SHEET_TOTALS] = row[FNL_INSPECTION_TOTALS];
	v[FNL_INSPECTION_SHEET_OWNED_COUNT] = row[FNL_INSPECTION_OWNED_COUNT];
	v[FNL_INSPECTION_SHEET_CHANGED_COUNT] = row[FNL_INSPECTION_CHANGED_COUNT];
	v[FNL_INSPECTION_SHEET_STALLED_COUNT] = row[FNL_INSPECTION_STALLED_COUNT];
	v[FNL_INSPECTION_SHEET_PAGE_COUNT] = row[FNL_INSPECTION_PAGE_COUNT];
	v[FNL_INSPECTION_SHEET_QUESTIONS] = row[FNL_INSPECTION_QUESTIONS];
	v[FNL_INSPECTION_SHEET_ANSWERS_DUE_AT] = row[FNL_INSPECTION_ANSWERS_DUE_AT];
	return v;
}

/* Answers are due some days after it is there: whoever was away does not find them overdue. */
static int end_sheet(struct making *m)
{
	struct fnl_value *row = m->row;
	int64_t as_of = row[FNL_INSPECTION_AS_OF].i64;
	int64_t from_ms = as_of > m->in->now_ms ? as_of : m->in->now_ms;
	int64_t time_ms = m->in->rules->values[FNL_RULES_AT_ANSWERS_DUE_BD] * FNL_BUSINESS_DAY_MS;
	int r = number_questions(m);
	if (r < 0) {
		return r;
	}
	row[FNL_INSPECTION_QUESTIONS] = fnl_value_list(m->questions, m->question_count);
	if (m->question_count > 0) {
		row[FNL_INSPECTION_ANSWERS_DUE_AT] =
			fnl_value_i64(fnl_business_after(&m->in->rules->calendar, from_ms, time_ms));
	}
	row[FNL_INSPECTION_MAKING].i64 = 0;
	row[FNL_INSPECTION_AFTER] = fnl_value_null();
	struct fnl_value *event = sheet_event(m);
	if (!event) {
		return FNL_E_NOMEM;
	}
	tell(m, &fnl_desc_inspection_sheet, event);
	return FNL_OK;
}

static int sheet_page(struct making *m)
{
	int64_t max = m->in->rules->values[FNL_RULES_AT_PAGE_LINES_MAX];
	max = max < FNL_INSPECT_SHEET_LINES_MIN ? FNL_INSPECT_SHEET_LINES_MIN : max;
	m->listed_max = max < FNL_INSPECT_PAGE_LINES ? (size_t)max : FNL_INSPECT_PAGE_LINES;
	m->listed = fnl_arena_alloc(m->in->arena, (m->page->count + 1) * sizeof(*m->listed));
	int r = m->listed ? open_questions(m) : FNL_E_NOMEM;
	for (size_t i = 0; i < m->page->count && r == 0; i++) {
		r = sheet_line(m, m->page->lines[i], &m->out->lines[i]);
	}
	if (r == 0 && m->listed_count > 0) {
		r = tell_page(m);
	}
	if (r < 0) {
		return r;
	}
	if (m->row[FNL_INSPECTION_TRIGGER].i64 != FNL_SHEET_TRIGGER_RHYTHM) {
		const struct fnl_value *correlation = &m->row[FNL_INSPECTION_CORRELATION_ID];
		m->out->cause_id = m->row[FNL_INSPECTION_CAUSE_ID].str;
		m->out->correlation_id = correlation->set ? correlation->str : FNL_SPAN_NONE;
	}
	if (m->page->last || m->page->count == 0) {
		return end_sheet(m);
	}
	m->row[FNL_INSPECTION_AFTER] = m->page->lines[m->page->count - 1][FNL_LINE_PROSPECT_ID];
	m->row[FNL_INSPECTION_QUESTIONS] = fnl_value_list(m->questions, m->question_count);
	return FNL_OK;
}

static bool is_due(const struct making *m, int field)
{
	return m->row[field].set && m->row[field].i64 <= m->in->now_ms;
}

/* One that was asked for is the rhythm's, too, when that is due. */
static int begin_sheet(struct making *m)
{
	struct fnl_value *row = m->row;
	bool asked = is_due(m, FNL_INSPECTION_ASKED_AT);
	bool rhythm = is_due(m, FNL_INSPECTION_NEXT_SHEET_AT);
	if (!asked && !rhythm) {
		return FNL_OK;
	}
	if (!asked && !fnl_rules_watch(m->in->rules)) {
		row[FNL_INSPECTION_NEXT_SHEET_AT] = fnl_inspection_next(m->in, m->in->now_ms);
		return FNL_OK;
	}
	struct fnl_writer w = fnl_writer_of(m->in->arena);
	fnl_write_raw(&w, rep_id(m).str);
	fnl_write_u8(&w, '#');
	fnl_write_decimal(&w, ++row[FNL_INSPECTION_SHEET_NUMBER].i64);
	struct fnl_span id = fnl_writer_span(&w);
	if (fnl_span_is_none(id)) {
		return FNL_E_NOMEM;
	}
	row[FNL_INSPECTION_SHEET_ID] = fnl_value_str(id);
	int64_t asked_for =
		row[FNL_INSPECTION_ASKED_FOR].set ? row[FNL_INSPECTION_ASKED_FOR].i64 : (int64_t)FNL_SHEET_TRIGGER_COMMAND;
	row[FNL_INSPECTION_TRIGGER] = fnl_value_i64(asked ? asked_for : (int64_t)FNL_SHEET_TRIGGER_RHYTHM);
	row[FNL_INSPECTION_PREVIOUS_AS_OF] = row[FNL_INSPECTION_AS_OF];
	row[FNL_INSPECTION_AS_OF] = row[asked ? FNL_INSPECTION_ASKED_AT : FNL_INSPECTION_NEXT_SHEET_AT];
	if (rhythm) {
		int64_t as_of = row[FNL_INSPECTION_AS_OF].i64;
		row[FNL_INSPECTION_NEXT_SHEET_AT] = fnl_inspection_next(m->in, as_of > m->in->now_ms ? as_of : m->in->now_ms);
	}
	if (asked) {
		row[FNL_INSPECTION_ASKED_AT] = fnl_value_null();
		row[FNL_INSPECTION_ASKED_FOR] = fnl_value_null();
	}
	row[FNL_INSPECTION_MAKING].i64 = 1;
	row[FNL_INSPECTION_AFTER] = fnl_value_null();
	row[FNL_INSPECTION_OVERDUE_TOLD].i64 = 0;
	row[FNL_INSPECTION_TOTALS] = fnl_value_list(NULL, 0);
	row[FNL_INSPECTION_OWNED_COUNT].i64 = 0;
	row[FNL_INSPECTION_CHANGED_COUNT].i64 = 0;
	row[FNL_INSPECTION_STALLED_COUNT].i64 = 0;
	row[FNL_INSPECTION_PAGE_COUNT].i64 = 0;
	row[FNL_INSPECTION_QUESTIONS] = fnl_value_list(NULL, 0);
	row[FNL_INSPECTION_ANSWERS_DUE_AT] = fnl_value_null();
	return FNL_OK;
}

/* ---- answers that are not there, and a rep who is ---- */

static int tell_overdue(struct making *m)
{
	struct fnl_value *row = m->row;
	size_t open = fnl_questions_open(row);
	row[FNL_INSPECTION_OVERDUE_TOLD].i64 = 1;
	if (open == 0) {
		row[FNL_INSPECTION_UNANSWERED_SHEETS].i64 = 0;
		return FNL_OK;
	}
	int64_t unanswered = ++row[FNL_INSPECTION_UNANSWERED_SHEETS].i64;
	bool further = unanswered >= m->in->rules->values[FNL_RULES_AT_SHEETS_UNANSWERED];
	struct fnl_value *v = fnl_arena_calloc(m->in->arena, FNL_INSPECTION_OVERDUE_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_INSPECTION_OVERDUE_OCCURRED_AT] = row[FNL_INSPECTION_ANSWERS_DUE_AT];
	v[FNL_INSPECTION_OVERDUE_REP_ID] = rep_id(m);
	v[FNL_INSPECTION_OVERDUE_ORG_ID] = rep_value(m, FNL_REP_ORG_ID);
	v[FNL_INSPECTION_OVERDUE_MANAGER_ID] = rep_value(m, FNL_REP_MANAGER_ID);
	v[FNL_INSPECTION_OVERDUE_SHEET_ID] = row[FNL_INSPECTION_SHEET_ID];
	v[FNL_INSPECTION_OVERDUE_ANSWERS_DUE_AT] = row[FNL_INSPECTION_ANSWERS_DUE_AT];
	v[FNL_INSPECTION_OVERDUE_OPEN_COUNT] = fnl_value_i64((int64_t)open);
	v[FNL_INSPECTION_OVERDUE_QUESTION_COUNT] = fnl_value_i64((int64_t)row[FNL_INSPECTION_QUESTIONS].list.count);
	v[FNL_INSPECTION_OVERDUE_UNANSWERED_SHEETS] = fnl_value_i64(unanswered);
	v[FNL_INSPECTION_OVERDUE_LEVEL] = fnl_value_i64(further ? FNL_ALERT_LEVEL_NEXT_LEVEL : FNL_ALERT_LEVEL_MANAGER);
	v[FNL_INSPECTION_OVERDUE_RECIPIENT_ID] = rep_value(m, FNL_REP_MANAGER_ID);
	tell(m, &fnl_desc_inspection_overdue, v);
	return FNL_OK;
}

static int return_page(struct making *m)
{
	struct fnl_value *row = m->row;
	const struct fnl_inspection_page *page = m->page;
	int r = FNL_OK;
	for (size_t i = 0; i < page->count && m->in->rep && r == 0; i++) {
		struct fnl_value *line = NULL;
		size_t count = 0;
		r = fnl_alerts_returned(m->in->rep, page->lines[i], row[FNL_INSPECTION_RETURN_AT].i64, m->in->rules,
		                        m->in->arena, &line, m->out->events + m->out->event_count, &count);
		if (r == 0 && line) {
			m->out->event_count += count;
			m->out->lines[i] = (struct fnl_inspection_line_out){FNL_ROW_PUT, line};
		}
	}
	if (page->last || page->count == 0) {
		row[FNL_INSPECTION_RETURNING].i64 = 0;
		row[FNL_INSPECTION_AFTER] = fnl_value_null();
		row[FNL_INSPECTION_RETURN_AT] = fnl_inspection_return(m->in);
	} else {
		row[FNL_INSPECTION_AFTER] = page->lines[page->count - 1][FNL_LINE_PROSPECT_ID];
	}
	return r;
}

int fnl_inspection_step(const struct fnl_inspection_in *in, const struct fnl_inspection_page *page,
                        struct fnl_inspection_out *ret)
{
	enum { EVENTS_OF_SHEET = FNL_INSPECT_PAGE_LINES / FNL_INSPECT_SHEET_LINES_MIN + 1 };
	struct fnl_inspection_out out = {.row = fnl_inspection_copy(in)};
	struct making m = {.in = in, .page = page, .out = &out, .row = out.row};
	size_t events_max = (page->count + 1) * FNL_ALERTS_MAX + EVENTS_OF_SHEET;
	out.events = fnl_arena_calloc(in->arena, events_max, sizeof(*out.events));
	out.lines = fnl_arena_calloc(in->arena, page->count + 1, sizeof(*out.lines));
	if (!out.row || !out.events || !out.lines) {
		return FNL_E_NOMEM;
	}
	int r;
	if (out.row[FNL_INSPECTION_MAKING].i64) {
		r = sheet_page(&m);
	} else if (out.row[FNL_INSPECTION_RETURNING].i64) {
		r = return_page(&m);
	} else if (is_due(&m, FNL_INSPECTION_RETURN_AT)) {
		out.row[FNL_INSPECTION_RETURNING].i64 = 1;
		r = FNL_OK;
	} else if (is_due(&m, FNL_INSPECTION_ANSWERS_DUE_AT) && !out.row[FNL_INSPECTION_OVERDUE_TOLD].i64) {
		r = tell_overdue(&m);
	} else {
		r = begin_sheet(&m);
		r = r == FNL_OK && out.row[FNL_INSPECTION_MAKING].i64 ? sheet_page(&m) : r;
	}
	if (r < 0) {
		return r;
	}
	fnl_inspection_arm(out.row);
	*ret = out;
	return FNL_OK;
}
