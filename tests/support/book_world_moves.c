/* What changes frozen quotas of a world of books: commands, and lines that go from one book into another, as the worker
 * and the organisation carry them on. */
#include <stdlib.h>

#include "book_world_internal.h"
#include "funneld/core/attainment.h"
#include "funneld/core/moves.h"

static struct fnl_value text_of(const char *text)
{
	return (struct fnl_value){.set = true, .str = fnl_span_str(text)};
}

/* A frozen quota of the book is another one: it is told with the next firing of the Rep row's timer. */
static void mark(struct fnl_books *w, struct fnl_span book, int64_t fiscal_year)
{
	struct fnl_book_in state = fnl_books_in_of(w, book, "revised");
	struct fnl_value *rep = NULL;
	if (fnl_attainment_quota(&state, book, (int32_t)fiscal_year, &rep) != 0) {
		abort();
	}
	fnl_books_put(w, FNL_BOOKS_REP, fnl_books_key_of(book, 0, FNL_SPAN_NONE).text, FNL_ROW_PUT, rep);
}

static void take(struct fnl_books *w, struct fnl_span book, int fiscal_year, const struct fnl_quota_revise_out *out)
{
	if (out->quota) {
		fnl_books_put(w, FNL_BOOKS_QUOTA, fnl_books_key_of(book, fiscal_year, FNL_SPAN_NONE).text, FNL_ROW_PUT,
		              out->quota);
		mark(w, book, fiscal_year);
	}
	if (out->event.desc) {
		fnl_books_tell(w, out->event.desc, out->event.values);
	}
}

static struct fnl_quota_revise_in state_of(struct fnl_books *w, struct fnl_span book, int fiscal_year)
{
	return (struct fnl_quota_revise_in){
		.rep = fnl_books_get(w, FNL_BOOKS_REP, fnl_books_key_of(book, 0, FNL_SPAN_NONE).text),
		.quota = fnl_books_get(w, FNL_BOOKS_QUOTA, fnl_books_key_of(book, fiscal_year, FNL_SPAN_NONE).text),
		.arena = &w->arena};
}

int fnl_books_revise(struct fnl_books *w, const struct fnl_input *in, struct fnl_quota_revise_out *ret)
{
	struct fnl_span book = fnl_book_name(in->v[FNL_REVISE_QUOTA_REP_ID].str, &w->arena);
	int fiscal_year = (int)in->v[FNL_REVISE_QUOTA_FISCAL_YEAR].i64;
	struct fnl_quota_revise_in state = state_of(w, book, fiscal_year);
	*ret = (struct fnl_quota_revise_out){.quota = NULL};
	int r = fnl_quota_command(&state, in->v, ret, &w->why);
	if (r == 0) {
		take(w, book, fiscal_year, ret);
	}
	return r;
}

bool fnl_books_quota_comes(struct fnl_books *w, const struct fnl_value *moved)
{
	struct fnl_span book = moved[FNL_QUOTA_MOVED_BOOK].str;
	int fiscal_year = (int)moved[FNL_QUOTA_MOVED_FISCAL_YEAR].i64;
	struct fnl_quota_revise_in state = state_of(w, book, fiscal_year);
	struct fnl_quota_revise_out out = {.quota = NULL};
	if (fnl_quota_moved(&state, moved, &out, &w->why) != 0) {
		abort();
	}
	take(w, book, fiscal_year, &out);
	return !out.stale;
}

/* ---- a row of lines that go ---- */

static size_t tasks_of(const struct fnl_books *w, struct fnl_span book, struct fnl_span after,
                       const struct fnl_value **page)
{
	size_t count = 0;
	for (size_t i = 0; i < w->row_count && count < FNL_QUOTA_GOING_TASKS; i++) {
		const struct fnl_value *task = w->rows[i].values;
		if (w->rows[i].table == FNL_BOOKS_TASK && fnl_span_eq(task[FNL_TASK_BOOK].str, book) &&
		    (fnl_span_is_none(after) || fnl_span_cmp(task[FNL_TASK_PROSPECT_ID].str, after) > 0)) {
			page[count++] = task;
		}
	}
	return count;
}

static void take_firing(struct fnl_books *w, struct fnl_span book, const struct fnl_quota_moves_need *need,
                        const struct fnl_quota_moves_out *out)
{
	int year = need->fiscal_year;
	if (out->quota) {
		fnl_books_put(w, FNL_BOOKS_QUOTA, fnl_books_key_of(book, year, FNL_SPAN_NONE).text, FNL_ROW_PUT, out->quota);
		mark(w, book, year);
	}
	for (size_t i = 0; i < need->count; i++) {
		fnl_books_put(w, FNL_BOOKS_QUOTA_LINE, fnl_books_key_of(book, year, need->prospect_ids[i]).text,
		              out->lines[i] ? FNL_ROW_PUT : FNL_ROW_KEEP, out->lines[i]);
	}
	for (size_t i = 0; i < out->event_count; i++) {
		fnl_books_tell(w, out->events[i].desc, out->events[i].values);
		if (out->events[i].desc == &fnl_desc_quota_moved) {
			fnl_books_quota_comes(w, out->events[i].values);
		}
	}
}

static void fire(struct fnl_books *w, const char *key)
{
	const struct fnl_value *page[FNL_QUOTA_GOING_TASKS];
	struct fnl_quota_moves_in in = {.row = fnl_books_get(w, FNL_BOOKS_QUOTA_MOVES, key),
	                                .page = page,
	                                .now_ms = w->now_ms,
	                                .rules = &w->rules,
	                                .arena = &w->arena};
	struct fnl_span book = in.row[FNL_QUOTA_MOVES_BOOK].str;
	struct fnl_quota_moves_need need = fnl_quota_moves_needs(in.row);
	struct fnl_quota_moves_out out;
	in.rep = fnl_books_get(w, FNL_BOOKS_REP, fnl_books_key_of(book, 0, FNL_SPAN_NONE).text);
	in.quota = fnl_books_get(w, FNL_BOOKS_QUOTA, fnl_books_key_of(book, need.fiscal_year, FNL_SPAN_NONE).text);
	for (size_t i = 0; i < need.count; i++) {
		in.lines[i] =
			fnl_books_get(w, FNL_BOOKS_QUOTA_LINE, fnl_books_key_of(book, need.fiscal_year, need.prospect_ids[i]).text);
	}
	if (need.work == FNL_QUOTA_GOING_PAGE) {
		in.page_count = tasks_of(w, book, need.after, page);
		in.page_last = in.page_count < FNL_QUOTA_GOING_TASKS;
	}
	if (fnl_quota_moves_step(&in, &out) != 0) {
		abort();
	}
	fnl_books_put(w, FNL_BOOKS_QUOTA_MOVES, key, out.row ? FNL_ROW_PUT : FNL_ROW_DELETE, out.row);
	take_firing(w, book, &need, &out);
}

static void go(struct fnl_books *w, const struct fnl_quota_moves_begin *b)
{
	struct fnl_value *row = NULL;
	struct fnl_books_two key = fnl_books_two(b->book, b->reference);
	if (fnl_quota_moves_begin(b, &w->arena, &row) != 0) {
		abort();
	}
	fnl_books_put(w, FNL_BOOKS_QUOTA_MOVES, key.text, FNL_ROW_PUT, row);
	while (fnl_books_get(w, FNL_BOOKS_QUOTA_MOVES, key.text)) {
		fire(w, key.text);
	}
}

void fnl_books_task_done(struct fnl_books *w, const char *book, const char *prospect_id, const char *notice_id,
                         const char *successor_id)
{
	struct fnl_value v[FNL_TASK_FIELD_COUNT];
	memset(v, 0, sizeof(v));
	for (size_t i = 0; i < FNL_TASK_FIELD_COUNT; i++) {
		v[i].set = !fnl_desc_task.fields[i].nullable;
		v[i].str = v[i].set && fnl_desc_task.fields[i].kind == FNL_KIND_STRING ? FNL_SPAN_LIT("") : v[i].str;
	}
	v[FNL_TASK_BOOK].str = fnl_span_str(book);
	v[FNL_TASK_PROSPECT_ID].str = fnl_span_str(prospect_id);
	v[FNL_TASK_NOTICE_ID].str = fnl_span_str(notice_id);
	v[FNL_TASK_STATE].i64 = FNL_TASK_STATE_DONE;
	v[FNL_TASK_SUCCESSOR_ID] = text_of(successor_id);
	v[FNL_TASK_REASSIGN].i64 = FNL_REASSIGN_STATE_DONE;
	fnl_books_put(w, FNL_BOOKS_TASK, fnl_books_two(fnl_span_str(book), fnl_span_str(prospect_id)).text, FNL_ROW_PUT, v);
}

void fnl_books_handover_completed(struct fnl_books *w, const char *book, const char *notice_id)
{
	struct fnl_quota_moves_begin b = {.book = fnl_span_str(book),
	                                  .cause = FNL_REVISION_CAUSE_HANDOVER_OUT,
	                                  .reference = fnl_span_str(notice_id),
	                                  .at_ms = w->now_ms,
	                                  .now_ms = w->now_ms,
	                                  .cause_id = FNL_SPAN_LIT("completed")};
	go(w, &b);
}

void fnl_books_ask_for(struct fnl_books *w, const char *book, const char *prospect_id, const char *proposal_id,
                       const char *to_rep_id)
{
	struct fnl_value v[FNL_LINE_FIELD_COUNT], asked[FNL_LINE_ASKED_FIELD_COUNT];
	memcpy(v, fnl_books_line_row(w, book, prospect_id), sizeof(v));
	asked[FNL_LINE_ASKED_PROPOSAL_ID] = text_of(proposal_id);
	asked[FNL_LINE_ASKED_TO_REP_ID] = text_of(to_rep_id);
	v[FNL_LINE_ASKED] = (struct fnl_value){.set = true, .list = {asked, FNL_LINE_ASKED_FIELD_COUNT}};
	fnl_books_put(w, FNL_BOOKS_LINE, fnl_books_two(fnl_span_str(book), fnl_span_str(prospect_id)).text, FNL_ROW_PUT, v);
}

bool fnl_books_moves_to(struct fnl_books *w, struct fnl_input *in, const char *rep_id)
{
	struct fnl_span id = in->v[FNL_BOOK_LINE_PROSPECT_ID].str, book = in->v[FNL_BOOK_LINE_BOOK].str;
	const struct fnl_value *before = fnl_books_get(w, FNL_BOOKS_LINE, fnl_books_key_of(book, 0, id).text);
	struct fnl_moved moved;
	fnl_input_i64(in, FNL_BOOK_LINE_STATE, FNL_LINE_STATE_WATCHED);
	fnl_input_str(in, FNL_BOOK_LINE_OWNER_REP_ID, rep_id);
	in->v[FNL_BOOK_LINE_SEQUENCE].i64++;
	bool goes = fnl_moves_recognise(before, in->v, NULL, &moved) == FNL_MOVED_FOR_A_REASON;
	if (fnl_books_line(w, in, "c") != 0) {
		abort();
	}
	if (goes) {
		struct fnl_quota_moves_begin b = {.book = moved.from_book,
		                                  .cause = FNL_REVISION_CAUSE_PROPOSAL_OUT,
		                                  .reference = moved.proposal_id,
		                                  .at_ms = w->now_ms,
		                                  .now_ms = w->now_ms,
		                                  .cause_id = FNL_SPAN_LIT("c"),
		                                  .prospect_ids = &moved.prospect_id,
		                                  .to_rep_ids = &moved.to_rep_id,
		                                  .count = 1};
		go(w, &b);
	}
	in->v[FNL_BOOK_LINE_BOOK].str = fnl_book_name(fnl_span_str(rep_id), &w->arena);
	fnl_input_i64(in, FNL_BOOK_LINE_STATE, FNL_LINE_STATE_OWNED);
	if (fnl_books_line(w, in, "c") != 0) {
		abort();
	}
	return goes;
}
