#include "book_world_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BYTES = 512 << 20 };

static const struct fnl_record_desc *const descs[] = {
	&fnl_desc_rep,  &fnl_desc_line,       &fnl_desc_quota_set,     &fnl_desc_quota_line, &fnl_desc_inspection,
	&fnl_desc_cell, &fnl_desc_rate_table, &fnl_desc_territory_set, &fnl_desc_task,       &fnl_desc_quota_moves};

void fnl_books_start(struct fnl_books *w)
{
	*w = (struct fnl_books){.row_count = 0};
	fnl_arena_init(&w->arena, ARENA_BYTES);
	w->rows = calloc(FNL_BOOKS_ROWS_MAX, sizeof(*w->rows));
	if (!w->rows) {
		abort();
	}
	fnl_books_clear(w);
}

void fnl_books_end(struct fnl_books *w)
{
	fnl_arena_deinit(&w->arena);
	free(w->rows);
}

void fnl_books_clear(struct fnl_books *w)
{
	fnl_arena_reset(&w->arena);
	w->rules = *fnl_rules_default();
	w->row_count = 0;
	w->jobs = NULL;
	w->event_count = 0;
	w->page_books = FNL_QUOTA_PAGE_BOOKS;
	w->page_lines = FNL_QUOTA_PAGE_LINES;
	w->page_cells = FNL_CELL_PAGE_ROWS;
	w->inspects = false;
	w->now_ms = FNL_T0;
}

void fnl_books_rule(struct fnl_books *w, const char *section, const char *key, int64_t value)
{
	size_t count;
	const struct fnl_rule_key *keys = fnl_rules_keys(&count);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].key, key) == 0) {
			w->rules.values[i] = value;
			return;
		}
	}
	abort();
}

/* As a store would give it back. A row that does not survive its own schema is a bug of the core. */
static const struct fnl_value *through_bytes(struct fnl_books *w, const struct fnl_record_desc *desc,
                                             const struct fnl_value *values)
{
	struct fnl_writer writer = fnl_writer_of(&w->arena);
	struct fnl_value *back = fnl_arena_calloc(&w->arena, desc->field_count, sizeof(*back));
	if (!back || fnl_record_encode(desc, values, &writer) != 0 ||
	    fnl_record_decode(desc, fnl_writer_span(&writer), &w->arena, back, &w->why) != 0) {
		abort();
	}
	return back;
}

static int row_cmp(const struct fnl_books_row *row, enum fnl_books_table table, const char *key)
{
	return row->table != table ? (row->table < table ? -1 : 1) : strcmp(row->key, key);
}

static size_t row_at(const struct fnl_books *w, enum fnl_books_table table, const char *key)
{
	size_t at = 0;
	while (at < w->row_count && row_cmp(&w->rows[at], table, key) < 0) {
		at++;
	}
	return at;
}

const struct fnl_value *fnl_books_get(const struct fnl_books *w, enum fnl_books_table table, const char *key)
{
	size_t at = row_at(w, table, key);
	return at < w->row_count && row_cmp(&w->rows[at], table, key) == 0 ? w->rows[at].values : NULL;
}

void fnl_books_put(struct fnl_books *w, enum fnl_books_table table, const char *key, enum fnl_row_change change,
                   const struct fnl_value *values)
{
	size_t at = row_at(w, table, key);
	bool known = at < w->row_count && row_cmp(&w->rows[at], table, key) == 0;
	if (change == FNL_ROW_KEEP) {
		return;
	}
	if (change == FNL_ROW_DELETE) {
		if (known) {
			w->row_count--;
			memmove(&w->rows[at], &w->rows[at + 1], (w->row_count - at) * sizeof(w->rows[0]));
		}
		return;
	}
	if (!known) {
		if (w->row_count == FNL_BOOKS_ROWS_MAX) {
			abort();
		}
		memmove(&w->rows[at + 1], &w->rows[at], (w->row_count - at) * sizeof(w->rows[0]));
		w->rows[at].table = table;
		snprintf(w->rows[at].key, sizeof(w->rows[at].key), "%s", key);
		w->row_count++;
	}
	w->rows[at].values = through_bytes(w, descs[table], values);
}

struct fnl_books_key fnl_books_key_of(struct fnl_span book, int fiscal_year, struct fnl_span prospect_id)
{
	struct fnl_books_key k;
	int len = snprintf(k.text, sizeof(k.text), "%.*s", (int)book.len, (const char *)book.data);
	if (fiscal_year != 0) {
		len += snprintf(k.text + len, sizeof(k.text) - (size_t)len, "|%d", fiscal_year);
	}
	if (prospect_id.data) {
		snprintf(k.text + len, sizeof(k.text) - (size_t)len, "|%.*s", (int)prospect_id.len,
		         (const char *)prospect_id.data);
	}
	return k;
}

void fnl_books_tell(struct fnl_books *w, const struct fnl_record_desc *desc, const struct fnl_value *values)
{
	struct fnl_event_out event = {desc, NULL};
	if (w->event_count == FNL_BOOKS_EVENTS_MAX) {
		abort();
	}
	event.values = fnl_arena_alloc(&w->arena, desc->field_count * sizeof(*event.values));
	if (!event.values) {
		abort();
	}
	memcpy(event.values, through_bytes(w, desc, values), desc->field_count * sizeof(*event.values));
	w->events[w->event_count++] = event;
}

struct fnl_book_in fnl_books_in_of(struct fnl_books *w, struct fnl_span book, const char *cause)
{
	return (struct fnl_book_in){
		.rep = fnl_books_get(w, FNL_BOOKS_REP, fnl_books_key_of(book, 0, FNL_SPAN_NONE).text),
		.jobs = w->jobs,
		.now_ms = w->now_ms,
		.rules = &w->rules,
		.cause_id = fnl_span_str(cause),
		.correlation_id = FNL_SPAN_LIT("correlation"),
		.arena = &w->arena,
	};
}

static void take(struct fnl_books *w, struct fnl_span book, struct fnl_span prospect_id)
{
	fnl_books_put(w, FNL_BOOKS_REP, fnl_books_key_of(book, 0, FNL_SPAN_NONE).text, w->out.rep_change, w->out.rep);
	if (!fnl_span_is_none(prospect_id)) {
		fnl_books_put(w, FNL_BOOKS_LINE, fnl_books_key_of(book, 0, prospect_id).text, w->out.line_change, w->out.line);
		for (size_t i = 0; i < w->out.erased_years.count; i++) {
			int year = (int)w->out.erased_years.items[i].i64;
			fnl_books_put(w, FNL_BOOKS_QUOTA_LINE, fnl_books_key_of(book, year, prospect_id).text, FNL_ROW_DELETE,
			              NULL);
		}
	}
	if (w->out.event.desc) {
		w->cause_id = w->out.cause_id;
		fnl_books_tell(w, w->out.event.desc, w->out.event.values);
	}
}

static struct fnl_inspection_in inspection_of(struct fnl_books *w, const char *book)
{
	return (struct fnl_inspection_in){.row = fnl_books_get(w, FNL_BOOKS_INSPECTION, book),
	                                  .rep = fnl_books_get(w, FNL_BOOKS_REP, book),
	                                  .now_ms = w->now_ms,
	                                  .rules = &w->rules,
	                                  .arena = &w->arena};
}

static bool is_inspected(const struct fnl_books *w, struct fnl_span book)
{
	return w->inspects && !fnl_span_is_none(fnl_book_rep_id(book));
}

static void tell_stalls(struct fnl_books *w, const struct fnl_book_in *state, const struct fnl_input *in)
{
	struct fnl_event_out events[FNL_ALERTS_MAX];
	size_t count = 0;
	if (!w->inspects || w->out.line_change == FNL_ROW_KEEP) {
		return;
	}
	if (fnl_alerts_of_line(w->out.rep ? w->out.rep : state->rep, state->line, w->out.line, in->v, &w->rules, &w->arena,
	                       events, &count) != 0) {
		abort();
	}
	for (size_t i = 0; i < count; i++) {
		fnl_books_tell(w, events[i].desc, events[i].values);
	}
}

/* After a BookLine, or a RepChanged (rep_before). */
static void inspection_after(struct fnl_books *w, struct fnl_span book, const struct fnl_input *in,
                             const struct fnl_value *rep_before)
{
	struct fnl_books_key k = fnl_books_key_of(book, 0, FNL_SPAN_NONE);
	struct fnl_inspection_in state = inspection_of(w, k.text);
	_Static_assert((int)FNL_BOOK_LINE_OCCURRED_AT == (int)FNL_REP_CHANGED_OCCURRED_AT, "both inputs begin alike");
	state.input_ms = in->v[FNL_BOOK_LINE_OCCURRED_AT].i64;
	struct fnl_value *row = NULL;
	bool is_line = in->desc == &fnl_desc_book_line;
	bool erased = is_line && in->v[FNL_BOOK_LINE_STATE].i64 == FNL_LINE_STATE_ERASED;
	if (!is_inspected(w, book) || (w->out.stale && !(erased && state.row))) {
		return;
	}
	int r = is_line ? fnl_inspection_line(&state, in->v, &row) : fnl_inspection_rep_changed(&state, rep_before, &row);
	if (r != 0) {
		abort();
	}
	fnl_books_put(w, FNL_BOOKS_INSPECTION, k.text, row ? FNL_ROW_PUT : FNL_ROW_KEEP, row);
}

int fnl_books_line(struct fnl_books *w, const struct fnl_input *in, const char *cause)
{
	struct fnl_span book = in->v[FNL_BOOK_LINE_BOOK].str;
	struct fnl_span prospect_id = in->v[FNL_BOOK_LINE_PROSPECT_ID].str;
	struct fnl_book_in state = fnl_books_in_of(w, book, cause);
	state.line = fnl_books_get(w, FNL_BOOKS_LINE, fnl_books_key_of(book, 0, prospect_id).text);
	state.inspection = is_inspected(w, book)
	                       ? fnl_books_get(w, FNL_BOOKS_INSPECTION, fnl_books_key_of(book, 0, FNL_SPAN_NONE).text)
	                       : NULL;
	int r = fnl_book_line(&state, in->v, &w->out, &w->why);
	r = r ? r : fnl_books_move_cells(w, &state, book);
	if (r == 0) {
		tell_stalls(w, &state, in);
		take(w, book, prospect_id);
		inspection_after(w, book, in, NULL);
	}
	return r;
}

int fnl_books_rep_changed(struct fnl_books *w, const struct fnl_input *in)
{
	struct fnl_span book = fnl_book_name(in->v[FNL_REP_CHANGED_REP_ID].str, &w->arena);
	struct fnl_book_in state = fnl_books_in_of(w, book, "hr");
	int r = fnl_book_rep_changed(&state, in->v, &w->out, &w->why);
	if (r == 0) {
		take(w, book, FNL_SPAN_NONE);
		inspection_after(w, book, in, state.rep);
	}
	return r;
}

int fnl_books_rep_leaves(struct fnl_books *w, const struct fnl_input *in)
{
	struct fnl_span book = fnl_book_name(in->v[FNL_REP_RESIGNED_REP_ID].str, &w->arena);
	struct fnl_book_in state = fnl_books_in_of(w, book, "hr");
	int r = fnl_book_rep_leaves(&state, in->desc, in->v, &w->out, &w->why);
	if (r == 0) {
		take(w, book, FNL_SPAN_NONE);
	}
	return r;
}

int fnl_books_open(struct fnl_books *w, const struct fnl_input *in)
{
	int r = fnl_quota_open(w->jobs, in->v, &w->rules, in->v[FNL_OPEN_QUOTA_YEAR_COMMAND_ID].str,
	                       FNL_SPAN_LIT("correlation"), w->now_ms, &w->arena, &w->opened, &w->why);
	if (r == 0 && w->opened.jobs) {
		w->jobs = through_bytes(w, &fnl_desc_partition_jobs, w->opened.jobs);
	}
	if (r == 0 && w->opened.rejection.desc) {
		fnl_books_tell(w, w->opened.rejection.desc, w->opened.rejection.values);
	}
	return r;
}

void fnl_books_new_rules(struct fnl_books *w, const char *section, const char *key, int64_t value)
{
	struct fnl_rules before = w->rules;
	struct fnl_value *jobs;
	fnl_books_rule(w, section, key, value);
	w->rules.version++;
	if (fnl_quota_rules_changed(w->jobs, &before, &w->rules, FNL_SPAN_LIT("rules"), FNL_SPAN_LIT("correlation"),
	                            w->now_ms, &w->arena, &jobs) != 0) {
		abort();
	}
	if (jobs) {
		w->jobs = through_bytes(w, &fnl_desc_partition_jobs, jobs);
	}
}

void fnl_books_rep_timer(struct fnl_books *w, const char *book)
{
	struct fnl_book_in state = fnl_books_in_of(w, fnl_span_str(book), NULL);
	if (fnl_book_timer(&state, &w->out, &w->why) != 0) {
		abort();
	}
	if (fnl_cell_is_waiting(w->out.rep)) {
		fnl_books_go_over_cells(w, &state);
	}
	fnl_books_tell_attainment(w, &state, fnl_span_str(book));
	take(w, fnl_span_str(book), FNL_SPAN_NONE);
}

/* The page that a store would give. */
static size_t page_of(const struct fnl_books *w, const struct fnl_quota_need *need, const struct fnl_value **page,
                      bool *ret_last)
{
	bool books = need->work == FNL_QUOTA_WORK_BOOKS;
	size_t limit = books ? w->page_books : w->page_lines;
	size_t count = 0;
	for (size_t i = 0; i < w->row_count; i++) {
		const struct fnl_books_row *row = &w->rows[i];
		if (row->table != (books ? FNL_BOOKS_REP : FNL_BOOKS_LINE)) {
			continue;
		}
		struct fnl_span at = row->values[books ? FNL_REP_BOOK : FNL_LINE_PROSPECT_ID].str;
		struct fnl_span after = books ? need->book : need->after;
		if ((!books && !fnl_span_eq(row->values[FNL_LINE_BOOK].str, need->book)) ||
		    (!fnl_span_is_none(after) && fnl_span_cmp(at, after) <= 0)) {
			continue;
		}
		if (count == limit) {
			*ret_last = false;
			return count;
		}
		page[count++] = row->values;
	}
	*ret_last = true;
	return count;
}

static void take_step(struct fnl_books *w, const struct fnl_quota_need *need, const struct fnl_quota_step_in *in,
                      const struct fnl_quota_step_out *out)
{
	w->jobs = through_bytes(w, &fnl_desc_partition_jobs, out->jobs);
	fnl_books_put(w, FNL_BOOKS_TERRITORY, fnl_books_two(need->org_id, need->run_id).text, out->copied_change,
	              out->copied);
	for (size_t i = 0; i < in->page_count; i++) {
		const struct fnl_quota_line_out *line = &out->lines[i];
		if (line->quota_line) {
			struct fnl_span prospect_id = in->page[i][FNL_LINE_PROSPECT_ID].str;
			fnl_books_put(w, FNL_BOOKS_QUOTA_LINE, fnl_books_key_of(need->book, need->fiscal_year, prospect_id).text,
			              FNL_ROW_PUT, line->quota_line);
			fnl_books_tell(w, &fnl_desc_quota_line, line->quota_line);
		}
		if (line->line_change != FNL_ROW_KEEP) {
			fnl_books_put(w, FNL_BOOKS_LINE,
			              fnl_books_key_of(need->book, 0, in->page[i][FNL_LINE_PROSPECT_ID].str).text,
			              line->line_change, line->line);
		}
	}
	if (out->rep) {
		fnl_books_put(w, FNL_BOOKS_REP, fnl_books_key_of(need->book, 0, FNL_SPAN_NONE).text, FNL_ROW_PUT, out->rep);
	}
	if (out->quota) {
		fnl_books_put(w, FNL_BOOKS_QUOTA, fnl_books_key_of(need->book, need->fiscal_year, FNL_SPAN_NONE).text,
		              FNL_ROW_PUT, out->quota);
	}
	if (out->event.desc) {
		w->cause_id = out->cause_id;
		fnl_books_tell(w, out->event.desc, out->event.values);
	}
}

bool fnl_books_step(struct fnl_books *w)
{
	const struct fnl_value *page[FNL_QUOTA_PAGE_LINES];
	struct fnl_quota_step_out out;
	struct fnl_value due = w->jobs ? w->jobs[FNL_PARTITION_JOBS_NEXT_DEADLINE_AT] : (struct fnl_value){0};
	if (!due.set || due.i64 > w->now_ms) {
		return false;
	}
	struct fnl_quota_need need = fnl_quota_needs(w->jobs);
	struct fnl_quota_step_in in = {
		.jobs = w->jobs, .page = page, .now_ms = w->now_ms, .rules = &w->rules, .arena = &w->arena};
	in.page_count = page_of(w, &need, page, &in.page_last);
	if (need.work == FNL_QUOTA_WORK_LINES) {
		in.rep = fnl_books_get(w, FNL_BOOKS_REP, fnl_books_key_of(need.book, 0, FNL_SPAN_NONE).text);
	}
	if (need.has_quota) {
		in.quota = fnl_books_get(w, FNL_BOOKS_QUOTA, fnl_books_key_of(need.book, need.fiscal_year, FNL_SPAN_NONE).text);
	}
	fnl_books_references(w, &need, &in);
	if (need.work == FNL_QUOTA_WORK_NONE || fnl_quota_step(&in, &out, &w->why) != 0) {
		abort();
	}
	fnl_books_note_frozen(&in, &out);
	take_step(w, &need, &in, &out);
	return true;
}

void fnl_books_run_until(struct fnl_books *w, int64_t at_ms)
{
	for (;;) {
		struct fnl_value due = w->jobs ? w->jobs[FNL_PARTITION_JOBS_NEXT_DEADLINE_AT] : (struct fnl_value){0};
		if (!due.set || due.i64 > FNL_T0 + at_ms) {
			break;
		}
		w->now_ms = due.i64 > w->now_ms ? due.i64 : w->now_ms;
		fnl_books_step(w);
	}
	w->now_ms = FNL_T0 + at_ms;
}

int fnl_books_ask(struct fnl_books *w, const struct fnl_input *in, const char *cause, bool *ret_stale)
{
	struct fnl_books_key k =
		fnl_books_key_of(fnl_book_name(in->v[FNL_INSPECT_NOW_REP_ID].str, &w->arena), 0, FNL_SPAN_NONE);
	struct fnl_inspection_in state = inspection_of(w, k.text);
	struct fnl_value *row = NULL;
	int r = fnl_inspection_asked(&state, in->v, fnl_span_str(cause), FNL_SPAN_NONE, &row, &w->why);
	fnl_books_put(w, FNL_BOOKS_INSPECTION, k.text, r == 0 && row ? FNL_ROW_PUT : FNL_ROW_KEEP, row);
	*ret_stale = !row;
	return r;
}

int fnl_books_answer(struct fnl_books *w, const struct fnl_input *in, bool *ret_stale)
{
	struct fnl_books_key k = fnl_books_key_of(in->v[FNL_ANSWER_GIVEN_BOOK].str, 0, FNL_SPAN_NONE);
	struct fnl_inspection_in state = inspection_of(w, k.text);
	struct fnl_inspection_answer out = {0};
	int r = fnl_inspection_answered(&state, in->v, &out, &w->why);
	fnl_books_put(w, FNL_BOOKS_INSPECTION, k.text, r == 0 && out.row ? FNL_ROW_PUT : FNL_ROW_KEEP, out.row);
	*ret_stale = !out.event.desc;
	if (r == 0 && out.event.desc) {
		fnl_books_tell(w, out.event.desc, out.event.values);
	}
	return r;
}

bool fnl_books_inspect(struct fnl_books *w, const char *book)
{
	const struct fnl_value *lines[FNL_INSPECT_PAGE_LINES];
	struct fnl_inspection_in state = inspection_of(w, book);
	struct fnl_inspection_page page = {.lines = lines, .last = true};
	struct fnl_inspection_out out;
	struct fnl_value due = state.row ? state.row[FNL_INSPECTION_NEXT_DEADLINE_AT] : (struct fnl_value){0};
	if (!due.set || due.i64 > w->now_ms) {
		return false;
	}
	struct fnl_inspection_need need = fnl_inspection_needs(state.row);
	struct fnl_quota_need lines_need = {.work = FNL_QUOTA_WORK_LINES, .book = fnl_span_str(book), .after = need.after};
	size_t whole = w->page_lines;
	w->page_lines = need.limit < whole ? need.limit : whole;
	page.count = page_of(w, &lines_need, lines, &page.last);
	w->page_lines = whole;
	if (fnl_inspection_step(&state, &page, &out) != 0) {
		abort();
	}
	for (size_t i = 0; i < page.count; i++) {
		fnl_books_put(w, FNL_BOOKS_LINE,
		              fnl_books_key_of(fnl_span_str(book), 0, lines[i][FNL_LINE_PROSPECT_ID].str).text,
		              out.lines[i].change, out.lines[i].line);
	}
	for (size_t i = 0; i < out.event_count; i++) {
		w->cause_id = out.cause_id;
		fnl_books_tell(w, out.events[i].desc, out.events[i].values);
	}
	fnl_books_put(w, FNL_BOOKS_INSPECTION, book, FNL_ROW_PUT, out.row);
	return true;
}

void fnl_books_inspect_until(struct fnl_books *w, const char *book, int64_t at_ms, bool by_event)
{
	int64_t end_ms = FNL_T0 + at_ms;
	for (;;) {
		const struct fnl_value *row = fnl_books_get(w, FNL_BOOKS_INSPECTION, book);
		struct fnl_value due = row ? row[FNL_INSPECTION_NEXT_DEADLINE_AT] : (struct fnl_value){0};
		if (!due.set || due.i64 > end_ms) {
			break;
		}
		w->now_ms = by_event ? due.i64 : end_ms;
		fnl_books_inspect(w, book);
		const struct fnl_value *after = fnl_books_get(w, FNL_BOOKS_INSPECTION, book);
		if (after[FNL_INSPECTION_NEXT_DEADLINE_AT].set && after[FNL_INSPECTION_NEXT_DEADLINE_AT].i64 < due.i64) {
			abort(); /* the engine refuses a deadline that goes back */
		}
	}
	w->now_ms = end_ms;
}

const struct fnl_value *fnl_books_inspection(const struct fnl_books *w, const char *book)
{
	return fnl_books_get(w, FNL_BOOKS_INSPECTION, book);
}

const struct fnl_value *fnl_books_rep(const struct fnl_books *w, const char *book)
{
	return fnl_books_get(w, FNL_BOOKS_REP, book);
}

const struct fnl_value *fnl_books_line_row(const struct fnl_books *w, const char *book, const char *prospect_id)
{
	return fnl_books_get(w, FNL_BOOKS_LINE, fnl_books_key_of(fnl_span_str(book), 0, fnl_span_str(prospect_id)).text);
}

const struct fnl_value *fnl_books_quota(const struct fnl_books *w, const char *book, int fiscal_year)
{
	return fnl_books_get(w, FNL_BOOKS_QUOTA, fnl_books_key_of(fnl_span_str(book), fiscal_year, FNL_SPAN_NONE).text);
}

const struct fnl_value *fnl_books_quota_line(const struct fnl_books *w, const char *book, int fiscal_year,
                                             const char *prospect_id)
{
	return fnl_books_get(w, FNL_BOOKS_QUOTA_LINE,
	                     fnl_books_key_of(fnl_span_str(book), fiscal_year, fnl_span_str(prospect_id)).text);
}

const struct fnl_value *fnl_books_run(const struct fnl_books *w, const char *run_id)
{
	struct fnl_list runs = w->jobs ? w->jobs[FNL_PARTITION_JOBS_RUNS].list : (struct fnl_list){NULL, 0};
	for (size_t i = 0; i < runs.count; i++) {
		if (fnl_span_eq(runs.items[i].list.items[FNL_QUOTA_RUN_RUN_ID].str, fnl_span_str(run_id))) {
			return runs.items[i].list.items;
		}
	}
	return NULL;
}

const struct fnl_value *fnl_books_total(struct fnl_value list, int64_t key, const char *currency)
{
	for (size_t i = 0; i < list.list.count; i++) {
		const struct fnl_value *total = list.list.items[i].list.items;
		struct fnl_value has = total[FNL_BOOK_TOTAL_CURRENCY];
		bool same = currency ? has.set && fnl_span_eq(has.str, fnl_span_str(currency)) : !has.set;
		if (same && total[FNL_BOOK_TOTAL_LAYER].i64 == key) {
			return total;
		}
	}
	return NULL;
}

size_t fnl_books_events(const struct fnl_books *w, const struct fnl_record_desc *desc)
{
	size_t count = 0;
	for (size_t i = 0; i < w->event_count; i++) {
		count += w->events[i].desc == desc ? 1 : 0;
	}
	return count;
}

struct fnl_input fnl_input_line(const char *book, const char *prospect_id, int64_t sequence, int64_t at_ms)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_book_line, at_ms);
	fnl_input_str(&in, FNL_BOOK_LINE_BOOK, book);
	fnl_input_str(&in, FNL_BOOK_LINE_PROSPECT_ID, prospect_id);
	fnl_input_i64(&in, FNL_BOOK_LINE_SEQUENCE, sequence);
	fnl_input_i64(&in, FNL_BOOK_LINE_STATE, FNL_LINE_STATE_OWNED);
	fnl_input_i64(&in, FNL_BOOK_LINE_LAYER, FNL_LAYER_TOP);
	fnl_input_i64(&in, FNL_BOOK_LINE_WEIGHT_BP, 2500);
	fnl_input_i64(&in, FNL_BOOK_LINE_RULES_VERSION, 0);
	fnl_input_money(&in, FNL_BOOK_LINE_AMOUNT, 100000, "USD");
	fnl_input_i64(&in, FNL_BOOK_LINE_EXPECTED_CLOSE_DATE, FNL_DAY_2024 + 100);
	return in;
}

struct fnl_input fnl_input_rep(const char *rep_id, int64_t version, const char *org_id)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_rep_changed, 0);
	fnl_input_str(&in, FNL_REP_CHANGED_REP_ID, rep_id);
	fnl_input_i64(&in, FNL_REP_CHANGED_VERSION, version);
	fnl_input_i64(&in, FNL_REP_CHANGED_ACTIVE, 1);
	fnl_input_str(&in, FNL_REP_CHANGED_ORG_ID, org_id);
	fnl_input_str(&in, FNL_REP_CHANGED_MANAGER_ID, "boss");
	return in;
}

struct fnl_input fnl_input_open(const char *run_id, const char *org_id, int fiscal_year, int64_t at_ms)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_open_quota_year, at_ms);
	fnl_input_str(&in, FNL_OPEN_QUOTA_YEAR_COMMAND_ID, run_id);
	fnl_input_str(&in, FNL_OPEN_QUOTA_YEAR_ISSUED_BY, "boss");
	fnl_input_i64(&in, FNL_OPEN_QUOTA_YEAR_ISSUED_AT, FNL_T0 + at_ms);
	fnl_input_str(&in, FNL_OPEN_QUOTA_YEAR_ORG_ID, org_id);
	fnl_input_i64(&in, FNL_OPEN_QUOTA_YEAR_FISCAL_YEAR, fiscal_year);
	fnl_input_i64(&in, FNL_OPEN_QUOTA_YEAR_AS_OF, FNL_T0 + at_ms);
	fnl_input_str(&in, FNL_OPEN_QUOTA_YEAR_RUN_ID, run_id);
	fnl_input_str(&in, FNL_OPEN_QUOTA_YEAR_BASE_CURRENCY, "USD");
	return in;
}
