#include <stdlib.h>

#include "funneld/core/handover.h"
#include "view_board.h"

#define ARENA_BYTES ((size_t)1 << 30)

const char *const fnl_missing_names[FNL_MISSING_COUNT] = {
	[FNL_MISSING_LIST] = "LINES_NOT_COMPARED", [FNL_MISSING_NAMED] = "NO_SUCCESSOR",
	[FNL_MISSING_OPEN] = "TASKS_OPEN",         [FNL_MISSING_GATE] = "TASKS_WAIT_FOR_THE_GATE",
	[FNL_MISSING_REVIEW] = "NOT_SIGNED_OFF",   [FNL_MISSING_WORK] = "WORK_UNDER_WAY",
};

/* ---- rows ---- */

static bool is_row(struct fnl_span key, const char *table, struct fnl_span book)
{
	size_t n = strlen(table);
	return key.len == n + book.len && memcmp(key.data, table, n) == 0 && memcmp(key.data + n, book.data, book.len) == 0;
}

bool fnl_handover_wanted(void *context, struct fnl_span key)
{
	static const char table[] = "task|";
	const struct fnl_handover_question *q = context;
	size_t n = sizeof(table) - 1 + q->book.len;
	bool is_task = key.len > n && key.data[n] == '|' && is_row(fnl_span_of(key.data, n), table, q->book);
	return is_task || is_row(key, "handover|", q->book) || is_row(key, "rep|", q->book) || fnl_moment_wanted(key);
}

static enum fnl_board_layer board_layer(int64_t layer)
{
	return layer == FNL_TASK_LAYER_BOTTOM   ? FNL_BOARD_BOTTOM
	       : layer == FNL_TASK_LAYER_MIDDLE ? FNL_BOARD_MIDDLE
	       : layer == FNL_TASK_LAYER_TOP    ? FNL_BOARD_TOP
	                                        : FNL_BOARD_UNDECIDED;
}

static void count_task(struct fnl_board *b, struct fnl_board_task *t)
{
	const struct fnl_value *v = t->row.decoded.values;
	const struct fnl_value *due = &v[FNL_TASK_DUE_AT];
	struct fnl_board_count *n = &b->counts[t->layer];
	int64_t state = v[FNL_TASK_STATE].i64;
	t->late = state == FNL_TASK_STATE_OPEN && due->set && due->i64 <= b->moment.now_ms;
	if (t->late) {
		t->late_business_days =
			fnl_business_between(&b->moment.rules->calendar, due->i64, b->moment.now_ms) / FNL_BUSINESS_DAY_MS;
	}
	n->tasks += !fnl_board_has_ended(t);
	n->closed += state == FNL_TASK_STATE_DONE || state == FNL_TASK_STATE_WAIVED;
	n->open += state == FNL_TASK_STATE_OPEN;
	n->late += t->late;
	n->waiting += state == FNL_TASK_STATE_WAITING;
	n->unnamed += state == FNL_TASK_STATE_UNNAMED;
}

/* A task of another notice than the handover's is one that is on its way out. */
static int on_task(void *context, const struct fnl_row_entry *row)
{
	struct fnl_board *b = context;
	struct fnl_board_task task = {.late = false};
	if (!fnl_span_eq(row->table, FNL_SPAN_LIT("task"))) {
		return 0;
	}
	int rc = fnl_view_row_decode(row, &fnl_desc_task, &b->arena, &task.row, b->why);
	if (rc) {
		return rc;
	}
	const struct fnl_value *v = task.row.decoded.values;
	if (!fnl_span_eq(v[FNL_TASK_BOOK].str, b->q->book) ||
	    !fnl_span_eq(v[FNL_TASK_NOTICE_ID].str, b->handover.decoded.values[FNL_HANDOVER_NOTICE_ID].str)) {
		return 0;
	}
	task.layer = board_layer(v[FNL_TASK_LAYER].i64);
	if (b->task_count == b->task_capacity) {
		size_t capacity = b->task_capacity ? 2 * b->task_capacity : 64;
		struct fnl_board_task *grown = fnl_reallocarray(b->tasks, capacity, sizeof(*grown));
		if (!grown) {
			return FNL_E_NOMEM;
		}
		b->tasks = grown;
		b->task_capacity = capacity;
	}
	count_task(b, &task);
	b->tasks[b->task_count++] = task;
	return 0;
}

/* What is not needed any more comes last. */
static int by_layer_and_amount(const void *a, const void *b)
{
	const struct fnl_board_task *s = a, *t = b;
	const struct fnl_value *x = s->row.decoded.values, *y = t->row.decoded.values;
	const struct fnl_value *p = &x[FNL_TASK_AMOUNT], *q = &y[FNL_TASK_AMOUNT];
	if (s->layer != t->layer) {
		return s->layer < t->layer ? -1 : 1;
	}
	if (fnl_board_has_ended(s) != fnl_board_has_ended(t)) {
		return fnl_board_has_ended(s) ? 1 : -1;
	}
	if (p->set != q->set) {
		return p->set ? -1 : 1;
	}
	int c = p->set ? strcmp(p->money.currency, q->money.currency) : 0;
	if (c == 0 && p->set && p->money.amount_minor != q->money.amount_minor) {
		c = p->money.amount_minor < q->money.amount_minor ? 1 : -1;
	}
	return c ? c : fnl_span_cmp(x[FNL_TASK_PROSPECT_ID].str, y[FNL_TASK_PROSPECT_ID].str);
}

/* ---- what they say ---- */

bool fnl_board_is_under_way(const struct fnl_board *b)
{
	int64_t state = b->handover.decoded.values[FNL_HANDOVER_STATE].i64;
	return state == FNL_HANDOVER_STATE_RECONCILING || state == FNL_HANDOVER_STATE_NAMING ||
	       state == FNL_HANDOVER_STATE_OPENING || state == FNL_HANDOVER_STATE_RUNNING;
}

int64_t fnl_board_days_left(const struct fnl_board *b)
{
	return b->handover.decoded.values[FNL_HANDOVER_LAST_DAY].i64 - b->today;
}

int64_t fnl_board_business_days_left(const struct fnl_board *b)
{
	const struct fnl_calendar *calendar = &b->moment.rules->calendar;
	int32_t last_day = (int32_t)b->handover.decoded.values[FNL_HANDOVER_LAST_DAY].i64;
	return fnl_business_between(calendar, b->moment.now_ms, fnl_local_moment(calendar, last_day + 1, 0)) /
	       FNL_BUSINESS_DAY_MS;
}

struct fnl_span fnl_board_task_id(struct fnl_board *b, const struct fnl_board_task *t)
{
	const struct fnl_value *v = t->row.decoded.values;
	return fnl_task_id(v[FNL_TASK_PROSPECT_ID].str, v[FNL_TASK_NUMBER].i64, &b->arena);
}

static void find_missing(struct fnl_board *b)
{
	const struct fnl_value *v = b->handover.decoded.values;
	if (!fnl_board_is_under_way(b)) {
		return;
	}
	for (int i = 0; i < FNL_BOARD_LAYER_COUNT; i++) {
		b->missing[FNL_MISSING_OPEN] += (int64_t)b->counts[i].open;
		b->missing[FNL_MISSING_GATE] += (int64_t)b->counts[i].waiting;
		b->missing[FNL_MISSING_NAMED] += (int64_t)b->counts[i].unnamed;
	}
	b->missing[FNL_MISSING_REVIEW] = v[FNL_HANDOVER_REVIEW].i64 != FNL_REVIEW_STATE_ACCEPTED;
	bool listing = v[FNL_HANDOVER_STATE].i64 == FNL_HANDOVER_STATE_RECONCILING;
	b->missing[FNL_MISSING_LIST] = listing;
	b->missing[FNL_MISSING_WORK] = !listing && v[FNL_HANDOVER_JOB].i64 != FNL_HANDOVER_JOB_NONE;
}

int fnl_board_make(const struct fnl_rows *rows, const struct fnl_handover_question *q, struct fnl_board *b,
                   struct fnl_error *why)
{
	*b = (struct fnl_board){.rows = rows, .q = q, .why = why};
	fnl_arena_init(&b->arena, ARENA_BYTES);
	why->text[0] = '\0';
	int rc = fnl_view_row_decode(fnl_rows_find(rows, "handover", q->book, 0), &fnl_desc_handover, &b->arena,
	                             &b->handover, why);
	if (rc == 0 && !b->handover.row) {
		return FNL_VIEW_NO_HANDOVER;
	}
	rc = rc ? rc : fnl_view_row_decode(fnl_rows_find(rows, "rep", q->book, 0), &fnl_desc_rep, &b->arena, &b->rep, why);
	rc = rc ? rc : fnl_moment_of(rows, q->event_clock, q->now_ms, q->rules_reader, &b->arena, &b->moment, why);
	if (rc == 0) {
		b->today = fnl_local_day(&b->moment.rules->calendar, b->moment.now_ms);
		rc = fnl_rows_each(rows, on_task, b);
	}
	if (rc == 0 && b->task_count) {
		qsort(b->tasks, b->task_count, sizeof(*b->tasks), by_layer_and_amount);
	}
	if (rc == 0) {
		find_missing(b);
	}
	return rc == 0 || why->text[0] ? rc : fnl_fail(why, rc, "out of memory");
}

void fnl_board_unmake(struct fnl_board *b)
{
	fnl_free(b->tasks);
	fnl_arena_deinit(&b->arena);
}

/* ---- JSON ---- */

static json_t *tasks_json(struct fnl_board *b)
{
	json_t *list = json_array();
	for (size_t i = 0; i < b->task_count; i++) {
		const struct fnl_board_task *t = &b->tasks[i];
		struct fnl_span id = fnl_board_task_id(b, t);
		json_t *o = fnl_view_row_json(&t->row, &b->arena);
		json_t *late = t->late ? json_integer((json_int_t)t->late_business_days) : json_null();
		bool ok = !fnl_span_is_none(id) &&
		          json_object_set_new(o, "task_id", json_stringn((const char *)id.data, id.len)) == 0;
		ok = json_object_set_new(o, "late_business_days", late) == 0 && ok;
		if (json_array_append_new(list, o) || !ok) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *missing_json(const struct fnl_board *b)
{
	json_t *list = json_array();
	for (int i = 0; i < FNL_MISSING_COUNT; i++) {
		if (b->missing[i]) {
			json_array_append_new(
				list, json_pack("{s:s, s:I}", "what", fnl_missing_names[i], "count", (json_int_t)b->missing[i]));
		}
	}
	return list;
}

static json_t *whole(struct fnl_board *b)
{
	static const char *const restricted[] = {"employer", "lost_count",      "to_employer_count", "silent_count",
	                                         "lost_ids", "base_request_id", "watch_told"};
	char as_of[FNL_TEXT_BYTES];
	json_t *o = fnl_view_row_json(&b->handover, &b->arena);
	json_t *next = json_object_get(o, "next");
	fnl_text_rfc3339(b->moment.now_ms, as_of);
	for (size_t i = 0; i < sizeof(restricted) / sizeof(restricted[0]); i++) {
		(void)json_object_del(o, restricted[i]);
	}
	if (json_is_object(next)) {
		(void)json_object_del(next, "employer");
	}
	bool ok = fnl_view_row_place_json(&b->handover, o) == 0;
	ok = ok && json_object_set_new(o, "as_of", json_string(as_of)) == 0;
	ok = ok && json_object_set_new(o, "days_left", json_integer((json_int_t)fnl_board_days_left(b))) == 0;
	ok = ok &&
	     json_object_set_new(o, "business_days_left", json_integer((json_int_t)fnl_board_business_days_left(b))) == 0;
	ok = ok && json_object_set_new(o, "tasks", tasks_json(b)) == 0;
	ok = ok && json_object_set_new(o, "missing", missing_json(b)) == 0;
	if (!ok) {
		json_decref(o);
	}
	return ok ? o : NULL;
}

int fnl_view_handover_json(const struct fnl_rows *rows, const struct fnl_handover_question *q, FILE *out,
                           struct fnl_error *why)
{
	struct fnl_board b;
	int rc = fnl_board_make(rows, q, &b, why);
	if (rc == 0) {
		rc = fnl_view_json_write(whole(&b), out, why);
	}
	fnl_board_unmake(&b);
	return rc;
}
