/* Stalls, sheets and answers by the real operator on the real engine: any batching tells the same and leaves the same
 * rows, ids are told once, a sheet closes its pages, and what lines say of stalls agrees with what was told of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gen.h"
#include "rep_stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { REPS = 4, PROSPECTS = 160, EVENTS = 700, SEEDS = 6, DAY_OF_T0 = 19675 };

static int start(void **state)
{
	static struct rep_stage t;
	rep_stage_open(&t, FNL_SOURCE_DIR "/schemas");
	*state = &t;
	return 0;
}

static int end(void **state)
{
	rep_stage_close(*state);
	return 0;
}

/* ---- inputs ---- */

struct feed {
	struct rep_stage *t;
	struct fnl_bus *bus;
	struct fnl_gen gen;
	int64_t at_ms; /* the latest time that was published */
	int owner[PROSPECTS];
	int64_t sequence[PROSPECTS];
	int64_t version[REPS];
	size_t count;
};

static void publish(struct feed *f, int32_t partition, const char *key, const struct fnl_input *in)
{
	rep_stage_publish(f->t, f->bus, partition, key, in, f->count++);
}

static void book_of(int rep, char ret[16])
{
	snprintf(ret, 16, rep < 0 ? "pool:UNASSIGNED" : "rep:r%d", rep);
}

static void publish_line(struct feed *f, int p, int rep, int state, int64_t at_ms)
{
	char book[16];
	char id[16];
	book_of(rep, book);
	snprintf(id, sizeof(id), "p%03d", p);
	bool owned = state == FNL_LINE_STATE_OWNED;
	int kind = (int)fnl_gen_below(&f->gen, FNL_STALL_KIND_COUNT);
	int level = (int)fnl_gen_below(&f->gen, FNL_ALERT_LEVEL_COUNT);
	struct fnl_input in = owned && fnl_gen_below(&f->gen, 2)
	                          ? fnl_input_stalled(&f->t->books, book, id, f->sequence[p], at_ms, kind, level)
	                          : fnl_input_line(book, id, f->sequence[p], at_ms);
	fnl_input_i64(&in, FNL_BOOK_LINE_STATE, state);
	fnl_input_money(&in, FNL_BOOK_LINE_AMOUNT, (int64_t)fnl_gen_below(&f->gen, 5000), "USD");
	publish(f, -1, book, &in);
}

static void change_line(struct feed *f, int64_t at_ms)
{
	/* the first rep has most of them, more than one page has */
	int p = (int)fnl_gen_below(&f->gen, PROSPECTS);
	int rep = fnl_gen_below(&f->gen, 8) ? f->owner[p] : (int)fnl_gen_below(&f->gen, REPS + 1) - 1;
	f->sequence[p]++;
	if (rep != f->owner[p]) {
		publish_line(f, p, f->owner[p], f->owner[p] < 0 ? FNL_LINE_STATE_GONE : FNL_LINE_STATE_WATCHED, at_ms);
		f->owner[p] = rep;
	}
	int state = fnl_gen_below(&f->gen, 60) ? FNL_LINE_STATE_OWNED : FNL_LINE_STATE_GONE;
	publish_line(f, p, rep, state, at_ms);
}

static void change_rep(struct feed *f, int rep, int64_t at_ms)
{
	char id[16];
	char book[16];
	book_of(rep, book);
	snprintf(id, sizeof(id), "r%d", rep);
	struct fnl_input in = fnl_input_rep(id, ++f->version[rep], "org");
	in.v[FNL_REP_CHANGED_OCCURRED_AT].i64 = FNL_T0 + at_ms;
	fnl_input_str(&in, FNL_REP_CHANGED_DEPUTY_ID, "dave");
	if (fnl_gen_below(&f->gen, 3)) {
		int64_t today = DAY_OF_T0 + at_ms / FNL_DAY;
		fnl_input_i64(&in, FNL_REP_CHANGED_ABSENT_FROM, today);
		fnl_input_i64(&in, FNL_REP_CHANGED_ABSENT_UNTIL, today + (int64_t)fnl_gen_below(&f->gen, 9));
	}
	publish(f, -1, book, &in);
}

static void say(struct feed *f, int64_t at_ms)
{
	int rep = (int)fnl_gen_below(&f->gen, REPS);
	char book[16], id[16], prospect_id[16], sheet_id[16], question_id[16], other[32];
	book_of(rep, book);
	snprintf(id, sizeof(id), "r%d", rep);
	snprintf(other, sizeof(other), "id-%zu", f->count);
	if (fnl_gen_below(&f->gen, 3) == 0) {
		struct fnl_input in = fnl_input_ask(id, other, at_ms);
		publish(f, -1, book, &in);
		return;
	}
	snprintf(prospect_id, sizeof(prospect_id), "p%03d", (int)fnl_gen_below(&f->gen, PROSPECTS));
	snprintf(sheet_id, sizeof(sheet_id), "r%d#%d", rep, 1 + (int)(at_ms / FNL_WEEK));
	snprintf(question_id, sizeof(question_id), "%d", 1 + (int)fnl_gen_below(&f->gen, 20));
	struct fnl_input in = fnl_input_answer(book, prospect_id, sheet_id, question_id, other, at_ms);
	publish(f, -1, book, &in);
}

static void pass_time(struct feed *f, int64_t ms)
{
	f->at_ms += ms;
	struct fnl_input in = fnl_input_of(&fnl_desc_stage_time, f->at_ms);
	fnl_input_i64(&in, FNL_STAGE_TIME_PARTITION, 0);
	fnl_input_i64(&in, FNL_STAGE_TIME_PARTITION_COUNT, 1);
	for (int32_t p = 0; p < STAGE_RUN_PARTITIONS; p++) {
		publish(f, p, "time", &in);
	}
}

static void publish_all(void *context, struct fnl_bus *bus, uint64_t seed)
{
	struct rep_stage *t = context;
	struct feed f = {.t = t, .bus = bus};
	(void)seed; /* that of the batches */
	f.gen = (struct fnl_gen){t->seed};
	for (int p = 0; p < PROSPECTS; p++) {
		f.owner[p] = p < 130 ? 0 : p % REPS;
		f.sequence[p] = 1;
		publish_line(&f, p, f.owner[p], FNL_LINE_STATE_OWNED, 0);
	}
	for (int i = 0; i < EVENTS; i++) {
		int64_t at_ms = f.at_ms + (int64_t)fnl_gen_below(&f.gen, 2 * (size_t)FNL_DAY) - FNL_DAY;
		at_ms = at_ms < 0 ? 0 : at_ms;
		uint64_t dice = fnl_gen_below(&f.gen, 20);
		if (dice < 13) {
			change_line(&f, at_ms);
		} else if (dice < 15) {
			say(&f, at_ms);
		} else if (dice < 16) {
			change_rep(&f, (int)fnl_gen_below(&f.gen, REPS), f.at_ms);
		} else {
			pass_time(&f, (int64_t)fnl_gen_below(&f.gen, 12 * (size_t)FNL_HOUR));
		}
	}
	assert_int_equal(bus->ops->publish_flush(bus, 1000), 0);
}

static struct stage_result *run(struct rep_stage *t, uint64_t batches, enum fnl_clock_mode clock)
{
	bool by_event = clock == FNL_CLOCK_EVENT;
	struct stage_run r = {
		.clock = clock,
		.seed = batches,
		.start_ms = FNL_T0 + FNL_MONDAY - FNL_HOUR / 4, /* the sheets are due while inputs come */
		.cycle_ms = by_event ? 20 : 7000,
		.until_ms = by_event ? 0 : FNL_T0 + FNL_MONDAY + FNL_DAY,
		.publish = publish_all,
	};
	return rep_stage_run(t, &r);
}

/* ---- what it must be ---- */

static void same_record(const struct fnl_record *a, const struct fnl_record *b)
{
	assert_true(fnl_span_eq(a->key, b->key));
	assert_true(fnl_span_eq(a->value, b->value));
	assert_int_equal(a->header_count, b->header_count);
	for (size_t i = 0; i < a->header_count; i++) {
		assert_true(fnl_span_eq(a->headers[i].name, b->headers[i].name));
		assert_true(fnl_span_eq(a->headers[i].value, b->headers[i].value));
	}
}

/* What books of several partitions tell of one prospect, or one organisation, has no order. */
static int by_key_and_id(const void *a, const void *b)
{
	const struct fnl_record *x = a, *y = b;
	int order = fnl_span_cmp(x->key, y->key);
	order = order ? order : fnl_span_cmp(fnl_record_header(x, "ce_id"), fnl_record_header(y, "ce_id"));
	return order ? order : fnl_span_cmp(x->value, y->value);
}

static void same_result(struct stage_result *a, struct stage_result *b)
{
	for (size_t topic = 0; topic < FNL_REP_OUT_COUNT; topic++) {
		assert_int_equal(a->record_counts[topic], b->record_counts[topic]);
		qsort(a->records[topic], a->record_counts[topic], sizeof(a->records[topic][0]), by_key_and_id);
		qsort(b->records[topic], b->record_counts[topic], sizeof(b->records[topic][0]), by_key_and_id);
		for (size_t i = 0; i < a->record_counts[topic] && topic != FNL_REP_OUT_DEAD_LETTERS; i++) {
			same_record(&a->records[topic][i], &b->records[topic][i]);
		}
	}
	stage_result_same_rows(a, b);
}

static int by_span(const void *a, const void *b)
{
	const struct fnl_span *x = a, *y = b;
	return fnl_span_cmp(*x, *y);
}

static void ids_are_told_once(const struct stage_result *r, size_t topic)
{
	struct fnl_span *ids = calloc(r->record_counts[topic] + 1, sizeof(*ids));
	assert_non_null(ids);
	for (size_t i = 0; i < r->record_counts[topic]; i++) {
		ids[i] = fnl_record_header(&r->records[topic][i], "ce_id");
		assert_int_equal(ids[i].len, FNL_UUID_TEXT_BYTES);
	}
	qsort(ids, r->record_counts[topic], sizeof(*ids), by_span);
	for (size_t i = 1; i < r->record_counts[topic]; i++) {
		assert_false(fnl_span_eq(ids[i - 1], ids[i]));
	}
	free(ids);
}

/* Pages of a sheet come before it, by number and by prospect, and count what it counts. */
static size_t sheets_close_their_pages(struct rep_stage *t, const struct stage_result *r)
{
	size_t sheets = 0;
	int64_t largest = 0;
	int64_t pages[REPS] = {0}, changed[REPS] = {0}, stalled[REPS] = {0}, numbers[REPS] = {0};
	for (size_t i = 0; i < r->record_counts[FNL_REP_OUT_INSPECTIONS]; i++) {
		const struct fnl_record *record = &r->records[FNL_REP_OUT_INSPECTIONS][i];
		const struct fnl_record_desc *desc;
		const struct fnl_value *v = rep_stage_decode(t, record->value, &desc);
		int rep = record->key.data[1] - '0';
		if (desc == &fnl_desc_sheet_page) {
			assert_int_equal(v[FNL_SHEET_PAGE_PAGE].i64, ++pages[rep]);
			struct fnl_list lines = v[FNL_SHEET_PAGE_LINES].list;
			assert_true(lines.count >= 1 && lines.count <= FNL_INSPECT_PAGE_LINES);
			for (size_t j = 0; j < lines.count; j++) {
				const struct fnl_value *line = lines.items[j].list.items;
				changed[rep] += line[FNL_SHEET_LINE_CHANGE].i64 != FNL_LINE_CHANGE_UNCHANGED;
				stalled[rep] += line[FNL_SHEET_LINE_STALLS].list.count > 0;
			}
		} else if (desc == &fnl_desc_inspection_sheet) {
			assert_int_equal(v[FNL_INSPECTION_SHEET_SHEET_NUMBER].i64, ++numbers[rep]);
			assert_int_equal(v[FNL_INSPECTION_SHEET_PAGE_COUNT].i64, pages[rep]);
			assert_int_equal(v[FNL_INSPECTION_SHEET_CHANGED_COUNT].i64, changed[rep]);
			assert_int_equal(v[FNL_INSPECTION_SHEET_STALLED_COUNT].i64, stalled[rep]);
			bool asked = v[FNL_INSPECTION_SHEET_TRIGGER].i64 == FNL_SHEET_TRIGGER_COMMAND;
			struct fnl_span cause = fnl_record_header(record, "ce_causationid");
			assert_int_equal(memcmp(cause.data, "cause-", 6) == 0, asked); /* else the timer */
			largest =
				v[FNL_INSPECTION_SHEET_OWNED_COUNT].i64 > largest ? v[FNL_INSPECTION_SHEET_OWNED_COUNT].i64 : largest;
			pages[rep] = changed[rep] = stalled[rep] = 0;
			sheets++;
		}
	}
	for (int rep = 0; rep < REPS; rep++) {
		assert_int_equal(pages[rep], 0);
	}
	assert_true(largest > FNL_INSPECT_PAGE_LINES); /* a book of more than one page was gone through */
	return sheets;
}

static bool is_owned(struct rep_stage *t, const struct stage_result *r, struct fnl_span book,
                     struct fnl_span prospect_id)
{
	for (size_t i = 0; i < r->row_count; i++) {
		struct fnl_span key = r->rows[i].row.key;
		const struct fnl_record_desc *desc;
		if (r->rows[i].row.table == FNL_REP_TABLE_LINE && key.len == book.len + 1 + prospect_id.len &&
		    memcmp(key.data, book.data, book.len) == 0 &&
		    memcmp(key.data + book.len + 1, prospect_id.data, prospect_id.len) == 0) {
			return rep_stage_decode(t, r->rows[i].value, &desc)[FNL_LINE_STATE].i64 == FNL_LINE_STATE_OWNED;
		}
	}
	return false;
}

/* A question is open only as long as the book has the prospect. */
static void open_questions_are_about_the_books_own(struct rep_stage *t, const struct stage_result *r)
{
	size_t open = 0;
	for (size_t i = 0; i < r->row_count; i++) {
		const struct fnl_record_desc *desc;
		if (r->rows[i].row.table != FNL_REP_TABLE_INSPECTION) {
			continue;
		}
		const struct fnl_value *row = rep_stage_decode(t, r->rows[i].value, &desc);
		struct fnl_list questions = row[FNL_INSPECTION_QUESTIONS].list;
		for (size_t j = 0; j < questions.count; j++) {
			const struct fnl_value *q = questions.items[j].list.items;
			bool is_open = q[FNL_QUESTION_STATE].i64 == FNL_QUESTION_STATE_OPEN;
			assert_true(!is_open || is_owned(t, r, row[FNL_INSPECTION_BOOK].str, q[FNL_QUESTION_PROSPECT_ID].str));
			open += is_open;
		}
	}
	assert_true(open > 0);
}

static void any_batching_tells_the_same(void **state)
{
	struct rep_stage *t = *state;
	size_t sheets = 0, alerts = 0;
	for (t->seed = 1; t->seed <= SEEDS; t->seed++) {
		struct stage_result *a = run(t, 29, FNL_CLOCK_EVENT);
		struct stage_result *b = run(t, t->seed, FNL_CLOCK_EVENT);
		print_message("seed %" PRIu64 ": %zu alerts, %zu of inspections\n", t->seed,
		              a->record_counts[FNL_REP_OUT_ALERTS], a->record_counts[FNL_REP_OUT_INSPECTIONS]);
		sheets += sheets_close_their_pages(t, a);
		alerts += a->record_counts[FNL_REP_OUT_ALERTS];
		assert_int_equal(a->record_counts[FNL_REP_OUT_DEAD_LETTERS], 0);
		open_questions_are_about_the_books_own(t, a);
		ids_are_told_once(a, FNL_REP_OUT_ALERTS);
		ids_are_told_once(a, FNL_REP_OUT_INSPECTIONS);
		same_result(a, b);
		stage_result_free(a);
		stage_result_free(b);
	}
	assert_true(sheets > 10 * SEEDS);
	assert_true(alerts > 100 * SEEDS);
}

static void by_the_wall_clock_sheets_are_whole(void **state)
{
	struct rep_stage *t = *state;
	for (t->seed = 105; t->seed < 105 + SEEDS; t->seed++) {
		struct stage_result *r = run(t, t->seed, FNL_CLOCK_WALL);
		assert_true(sheets_close_their_pages(t, r) >= REPS);
		open_questions_are_about_the_books_own(t, r);
		ids_are_told_once(r, FNL_REP_OUT_ALERTS);
		ids_are_told_once(r, FNL_REP_OUT_INSPECTIONS);
		stage_result_free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_batching_tells_the_same),
		cmocka_unit_test(by_the_wall_clock_sheets_are_whole),
	};
	return cmocka_run_group_tests(tests, start, end);
}
