#include "view_sheet.h"

#include "funneld_records.h"
#include "view_record.h"
#include "view_stall.h"

enum { SCRATCH_BYTES = 16 << 20, ANSWERS_MAX = 65536 };
#define SHEET_BYTES ((size_t)1 << 30)

static void sheet_begin(struct fnl_sheet *s, struct fnl_span id)
{
	fnl_arena_deinit(&s->arena);
	fnl_free(s->pages);
	fnl_free(s->answers);
	*s = (struct fnl_sheet){.values = NULL};
	fnl_arena_init(&s->arena, SHEET_BYTES);
	s->id = fnl_arena_dup(&s->arena, id);
}

/* Decoded once more, so that it lives in the sheet's arena. */
static int keep(struct fnl_sheet_finder *f, struct fnl_sheet *s, const struct fnl_record *r,
                const struct fnl_value **ret)
{
	struct fnl_decoded d = {NULL, NULL};
	struct fnl_record copy = *r;
	copy.value = fnl_arena_dup(&s->arena, r->value);
	if (fnl_span_is_none(copy.value)) {
		return fnl_fail(&f->why, FNL_E_NOMEM, "out of memory");
	}
	int rc = f->codec->ops->decode(f->codec, &copy, &s->arena, &d, &f->why);
	*ret = d.values;
	return rc;
}

static int append(struct fnl_sheet_finder *f, const struct fnl_value ***list, size_t *count, size_t *capacity,
                  size_t count_max, const struct fnl_value *values)
{
	if (*count == count_max) {
		return fnl_fail(&f->why, FNL_E_LIMIT, "a sheet with more than %zu parts", count_max);
	}
	if (*count == *capacity) {
		size_t more = *capacity ? 2 * *capacity : 16;
		const struct fnl_value **grown = fnl_reallocarray(*list, more, sizeof(struct fnl_value *));
		if (!grown) {
			return fnl_fail(&f->why, FNL_E_NOMEM, "out of memory");
		}
		*list = grown;
		*capacity = more;
	}
	(*list)[(*count)++] = values;
	return 0;
}

static int put_page(struct fnl_sheet_finder *f, const struct fnl_record *r, struct fnl_span id)
{
	const struct fnl_value *values;
	if (!fnl_span_eq(f->coming.id, id)) {
		sheet_begin(&f->coming, id);
	}
	int rc = keep(f, &f->coming, r, &values);
	return rc ? rc
	          : append(f, &f->coming.pages, &f->coming.page_count, &f->coming.page_capacity, FNL_SHEET_PAGES_MAX,
	                   values);
}

/* It closes the sheet: what was coming is found now. */
static int put_sheet(struct fnl_sheet_finder *f, const struct fnl_record *r, struct fnl_span id)
{
	if (!fnl_span_eq(f->coming.id, id)) {
		sheet_begin(&f->coming, id);
	}
	int rc = keep(f, &f->coming, r, &f->coming.values);
	if (rc == 0) {
		struct fnl_sheet old = f->found;
		f->found = f->coming;
		f->coming = old;
		sheet_begin(&f->coming, FNL_SPAN_NONE);
	}
	return rc;
}

static int put_answer(struct fnl_sheet_finder *f, const struct fnl_record *r, struct fnl_span id)
{
	const struct fnl_value *values;
	if (!f->found.values || !fnl_span_eq(f->found.id, id)) {
		return 0;
	}
	int rc = keep(f, &f->found, r, &values);
	return rc ? rc
	          : append(f, &f->found.answers, &f->found.answer_count, &f->found.answer_capacity, ANSWERS_MAX, values);
}

int fnl_sheet_put(struct fnl_sheet_finder *f, const struct fnl_record *r)
{
	struct fnl_decoded d = {NULL, NULL};
	if (fnl_span_is_none(r->value) || !fnl_span_eq(r->key, f->rep_id)) {
		return 0;
	}
	if (f->scratch.limit_bytes == 0) {
		fnl_arena_init(&f->scratch, SCRATCH_BYTES);
	}
	fnl_arena_reset(&f->scratch);
	int rc = f->codec->ops->decode(f->codec, r, &f->scratch, &d, &f->why);
	if (rc) {
		return rc;
	}
	int at = fnl_record_field_index(d.desc, FNL_SPAN_LIT("sheet_id"));
	struct fnl_span id = at >= 0 ? d.values[at].str : FNL_SPAN_NONE;
	if (fnl_span_is_none(id) || (!fnl_span_is_none(f->sheet_id) && !fnl_span_eq(id, f->sheet_id))) {
		return 0;
	}
	return d.desc == &fnl_desc_sheet_page                   ? put_page(f, r, id)
	       : d.desc == &fnl_desc_inspection_sheet           ? put_sheet(f, r, id)
	       : d.desc == &fnl_desc_inspection_answer_recorded ? put_answer(f, r, id)
	                                                        : 0;
}

const struct fnl_sheet *fnl_sheet_found(struct fnl_sheet_finder *f)
{
	return f->found.values ? &f->found : NULL;
}

void fnl_sheet_finder_deinit(struct fnl_sheet_finder *f)
{
	struct fnl_sheet *const both[] = {&f->found, &f->coming};
	for (size_t i = 0; i < 2; i++) {
		fnl_arena_deinit(&both[i]->arena);
		fnl_free(both[i]->pages);
		fnl_free(both[i]->answers);
		*both[i] = (struct fnl_sheet){.values = NULL};
	}
	fnl_arena_deinit(&f->scratch);
}

const struct fnl_value *fnl_sheet_answer(const struct fnl_sheet *s, const struct fnl_value *question)
{
	struct fnl_span id = question->list.items[FNL_QUESTION_QUESTION_ID].str;
	for (size_t i = s->answer_count; i-- > 0;) {
		const struct fnl_value *v = s->answers[i];
		if (fnl_span_eq(v[FNL_INSPECTION_ANSWER_RECORDED_QUESTION_ID].str, id) &&
		    v[FNL_INSPECTION_ANSWER_RECORDED_STATE].i64 != FNL_QUESTION_STATE_UNKNOWN) {
			return v;
		}
	}
	return NULL;
}

int64_t fnl_sheet_question_state(const struct fnl_sheet *s, const struct fnl_value *question)
{
	const struct fnl_value *answer = fnl_sheet_answer(s, question);
	return answer ? answer[FNL_INSPECTION_ANSWER_RECORDED_STATE].i64 : question->list.items[FNL_QUESTION_STATE].i64;
}

void fnl_sheet_answer_text(const struct fnl_value *v, char ret[FNL_SHEET_ANSWER_TEXT_BYTES])
{
	static const struct fnl_record_desc *const d = &fnl_desc_inspection_answer_recorded;
	char at[FNL_TEXT_BYTES], cause[FNL_TEXT_BYTES], day[FNL_TEXT_BYTES];
	char by[FNL_VALUE_TEXT_BYTES], code[FNL_VALUE_TEXT_BYTES] = "";
	const struct fnl_value *step = &v[FNL_INSPECTION_ANSWER_RECORDED_NEXT_STEP_CODE];
	const struct fnl_value *on = &v[FNL_INSPECTION_ANSWER_RECORDED_NEXT_STEP_ON];
	fnl_text_time(v[FNL_INSPECTION_ANSWER_RECORDED_OCCURRED_AT].i64, at);
	fnl_symbol_text(fnl_symbols_cause, FNL_CAUSE_COUNT, v[FNL_INSPECTION_ANSWER_RECORDED_CAUSE].i64, cause);
	fnl_value_text(&d->fields[FNL_INSPECTION_ANSWER_RECORDED_BY], &v[FNL_INSPECTION_ANSWER_RECORDED_BY], by);
	if (step->set) {
		fnl_value_text(&d->fields[FNL_INSPECTION_ANSWER_RECORDED_NEXT_STEP_CODE], step, code);
	}
	fnl_text_date(on->set ? on->i64 : 0, day);
	snprintf(ret, FNL_SHEET_ANSWER_TEXT_BYTES, "%s%s, by %.128s on %s%s%s%.128s%s%s", cause,
	         v[FNL_INSPECTION_ANSWER_RECORDED_CONFIRMED].i64 ? " (confirmed)" : "", by, at,
	         v[FNL_INSPECTION_ANSWER_RECORDED_IN_TIME].i64 ? "" : ", late", step->set ? "; next: " : "", code,
	         on->set ? step->set ? " on " : "; next step on " : "", on->set ? day : "");
}

enum { PIECE_BYTES = 96 };

static void layer_text(const struct fnl_value *side, char ret[PIECE_BYTES])
{
	char weight[FNL_TEXT_BYTES];
	int64_t layer = side[FNL_SHEET_SIDE_LAYER].i64, bp = side[FNL_SHEET_SIDE_WEIGHT_BP].i64;
	fnl_text_bp(bp, weight);
	snprintf(ret, PIECE_BYTES, "%s%s%s", fnl_layer_text(layer), bp ? " " : "", bp ? weight : "");
}

static void amount_text(const struct fnl_value *side, char ret[PIECE_BYTES])
{
	const struct fnl_value *amount = &side[FNL_SHEET_SIDE_AMOUNT];
	char text[FNL_TEXT_BYTES];
	snprintf(ret, PIECE_BYTES, "no amount");
	if (amount->set) {
		fnl_text_money_full(amount->money.amount_minor, amount->money.currency, text);
		snprintf(ret, PIECE_BYTES, "%s %s", amount->money.currency, text);
	}
}

static void close_text(const struct fnl_value *side, char ret[PIECE_BYTES])
{
	const struct fnl_value *day = &side[FNL_SHEET_SIDE_EXPECTED_CLOSE_DATE];
	char text[FNL_TEXT_BYTES];
	snprintf(ret, PIECE_BYTES, "no close date");
	if (day->set) {
		fnl_text_date(day->i64, text);
		snprintf(ret, PIECE_BYTES, "closes %s", text);
	}
}

void fnl_sheet_change_text(const struct fnl_value *line, const char *arrow, char ret[FNL_SHEET_SIDE_TEXT_BYTES])
{
	static void (*const pieces[])(const struct fnl_value *side, char ret[PIECE_BYTES]) = {layer_text, amount_text,
	                                                                                      close_text};
	const struct fnl_value *before = &line->list.items[FNL_SHEET_LINE_BEFORE];
	const struct fnl_value *now = &line->list.items[FNL_SHEET_LINE_NOW];
	size_t used = 0;
	ret[0] = '\0';
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		char a[PIECE_BYTES] = "", b[PIECE_BYTES] = "";
		if (before->set) {
			pieces[i](before->list.items, a);
		}
		if (now->set) {
			pieces[i](now->list.items, b);
		}
		bool differ = before->set && now->set && strcmp(a, b) != 0;
		int n = snprintf(ret + used, FNL_SHEET_SIDE_TEXT_BYTES - used, "%s%s%s%s", i ? ", " : "",
		                 now->set && !differ ? b : a, differ ? arrow : "", differ ? b : "");
		used += n > 0 && (size_t)n < FNL_SHEET_SIDE_TEXT_BYTES - used ? (size_t)n : 0;
	}
}

static json_t *record_json(const struct fnl_record_desc *d, const struct fnl_value *items)
{
	struct fnl_arena arena;
	fnl_arena_init(&arena, SCRATCH_BYTES);
	struct fnl_value *values = fnl_arena_calloc(&arena, d->field_count, sizeof(*values));
	json_t *o = NULL;
	if (values) {
		memcpy(values, items, d->field_count * sizeof(*values));
		struct fnl_view_row row = {.decoded = {d, values}};
		o = fnl_view_row_json(&row, &arena);
	}
	fnl_arena_deinit(&arena);
	return o;
}

int fnl_view_sheet_json(const struct fnl_sheet *s, FILE *out, struct fnl_error *why)
{
	json_t *o = record_json(&fnl_desc_inspection_sheet, s->values);
	json_t *lines = json_array(), *answers = json_array();
	bool ok = o != NULL;
	for (size_t p = 0; p < s->page_count && ok; p++) {
		const struct fnl_list *list = &s->pages[p][FNL_SHEET_PAGE_LINES].list;
		for (size_t i = 0; i < list->count && ok; i++) {
			ok = json_array_append_new(lines, record_json(&fnl_desc_sheet_line, list->items[i].list.items)) == 0;
		}
	}
	for (size_t i = 0; i < s->answer_count && ok; i++) {
		ok = json_array_append_new(answers, record_json(&fnl_desc_inspection_answer_recorded, s->answers[i])) == 0;
	}
	ok = ok && json_object_set(o, "lines", lines) == 0 && json_object_set(o, "answers", answers) == 0;
	json_decref(lines);
	json_decref(answers);
	if (!ok) {
		json_decref(o);
		o = NULL;
	}
	return fnl_view_json_write(o, out, why);
}
