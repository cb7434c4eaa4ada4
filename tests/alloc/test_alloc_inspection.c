/* An allocation fails, each one in turn, in what inspections do: a clean error that leaves the caller's things alone,
 * or the result of an undisturbed run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "failing_trial.h"
#include "sheet_world.h"

#define ANN "rep:ann"

static struct fnl_books w;
static const struct fnl_input *input; /* NULL: the timer */

static int run_timer(const struct fnl_inspection_in *in, struct fnl_writer *ret)
{
	const struct fnl_value *lines[4];
	struct fnl_inspection_page page = {.lines = lines, .last = true};
	struct fnl_inspection_out out;
	struct fnl_inspection_out before;
	for (size_t i = 0; i < w.row_count && page.count < 4 && fnl_inspection_needs(in->row).limit > 0; i++) {
		if (w.rows[i].table == FNL_BOOKS_LINE) {
			lines[page.count++] = w.rows[i].values;
		}
	}
	memset(&out, 0x5a, sizeof(out));
	memcpy(&before, &out, sizeof(out));
	int rc = fnl_inspection_step(in, &page, &out);
	failing_counts(false);
	if (rc) {
		assert_memory_equal(&out, &before, sizeof(out));
		return rc;
	}
	failing_write(ret, &fnl_desc_inspection, out.row);
	for (size_t i = 0; i < page.count; i++) {
		fnl_write_u8(ret, (uint8_t)out.lines[i].change);
		failing_write(ret, &fnl_desc_line, out.lines[i].change == FNL_ROW_PUT ? out.lines[i].line : NULL);
	}
	for (size_t i = 0; i < out.event_count; i++) {
		failing_write(ret, out.events[i].desc, out.events[i].values);
	}
	return 0;
}

static int run_answer(const struct fnl_inspection_in *in, struct fnl_writer *ret)
{
	struct fnl_inspection_answer out;
	struct fnl_inspection_answer before;
	memset(&out, 0x5a, sizeof(out));
	memcpy(&before, &out, sizeof(out));
	int rc = fnl_inspection_answered(in, input->v, &out, &w.why);
	failing_counts(false);
	if (rc) {
		assert_memory_equal(&out, &before, sizeof(out));
		return rc;
	}
	failing_write(ret, &fnl_desc_inspection, out.row);
	failing_write(ret, out.event.desc, out.event.values);
	return 0;
}

/* What the line leaves for the sheets. */
static int run_line(const struct fnl_inspection_in *in, struct fnl_writer *ret)
{
	struct fnl_book_in book = {.rep = in->rep,
	                           .line = fnl_books_line_row(&w, ANN, "p2"),
	                           .inspection = in->row,
	                           .now_ms = in->now_ms,
	                           .rules = in->rules,
	                           .arena = in->arena};
	struct fnl_book_out out;
	int rc = fnl_book_line(&book, input->v, &out, &w.why);
	failing_counts(false);
	if (rc == 0) {
		failing_write(ret, &fnl_desc_line, out.line_change == FNL_ROW_PUT ? out.line : NULL);
	}
	failing_counts(true);
	return rc;
}

static int run(struct fnl_arena *arena, struct fnl_writer *ret)
{
	struct fnl_inspection_in in = {.row = fnl_books_inspection(&w, ANN),
	                               .rep = fnl_books_rep(&w, ANN),
	                               .now_ms = w.now_ms,
	                               .rules = &w.rules,
	                               .arena = arena};
	struct fnl_value *row = NULL;
	int rc;
	if (!input) {
		return run_timer(&in, ret);
	}
	if (input->desc == &fnl_desc_answer_given) {
		return run_answer(&in, ret);
	}
	if (input->desc == &fnl_desc_book_line) {
		rc = run_line(&in, ret);
		rc = rc ? rc : fnl_inspection_line(&in, input->v, &row);
	} else if (input->desc == &fnl_desc_inspect_now) {
		rc = fnl_inspection_asked(&in, input->v, FNL_SPAN_LIT("c"), FNL_SPAN_LIT("c"), &row, &w.why);
	} else {
		rc = fnl_inspection_rep_changed(&in, in.rep, &row);
	}
	failing_counts(false);
	if (rc) {
		assert_null(row);
		return rc;
	}
	failing_write(ret, &fnl_desc_inspection, row);
	return 0;
}

static void try_all(const char *name, const struct fnl_input *in)
{
	input = in;
	failing_try_all(name, run, &w.arena);
}

static void every_input_and_firing(void **state)
{
	(void)state;
	bool stale;
	fnl_books_start(&w);
	w.inspects = true;
	struct fnl_input rep = fnl_input_rep("ann", 1, "org");
	fnl_input_i64(&rep, FNL_REP_CHANGED_ABSENT_UNTIL, 19676);
	struct fnl_input first = fnl_input_stalled(&w, ANN, "p1", 1, 0, FNL_STALL_KIND_SILENT, FNL_ALERT_LEVEL_REP);
	w.inspects = false;
	assert_int_equal(fnl_books_rep_changed(&w, &rep), 0);
	try_all("first line", &first);
	try_all("RepChanged", &rep);
	w.inspects = true;
	assert_int_equal(fnl_books_line(&w, &first, "c"), 0);
	struct fnl_input second = fnl_input_stalled(&w, ANN, "p2", 1, 0, FNL_STALL_KIND_STUCK, FNL_ALERT_LEVEL_REP);
	static const struct fnl_value person = {.set = true, .str = FNL_SPAN_LIT("person")};
	second.v[FNL_BOOK_LINE_CONTACT_IDS].list = (struct fnl_list){&person, 1};
	assert_int_equal(fnl_books_line(&w, &second, "c"), 0);
	for (int i = 0; i < 3; i++) { /* his return begins, has one page; a sheet of one page */
		w.now_ms = FNL_T0 + (i < 2 ? 3 * FNL_DAY : FNL_MONDAY);
		try_all("timer", NULL);
		assert_true(fnl_books_inspect(&w, ANN));
	}
	assert_int_equal(fnl_books_inspection(&w, ANN)[FNL_INSPECTION_QUESTIONS].list.count, 2);
	struct fnl_input answer = fnl_input_answer(ANN, "p1", "ann#1", "1", "a1", FNL_MONDAY);
	try_all("answer", &answer);
	struct fnl_input lost = fnl_input_line(ANN, "p2", 2, FNL_MONDAY + 1); /* without the person whom the sheet has */
	fnl_input_i64(&lost, FNL_BOOK_LINE_LAYER, FNL_LAYER_LOST);
	try_all("line with a question", &lost);
	assert_int_equal(fnl_books_line(&w, &lost, "c"), 0);
	w.now_ms = FNL_T0 + FNL_MONDAY + 2 * FNL_DAY;
	try_all("overdue", NULL);
	assert_true(fnl_books_inspect(&w, ANN));
	struct fnl_input ask = fnl_input_ask("ann", "i1", FNL_MONDAY + 2 * FNL_DAY);
	try_all("InspectNow", &ask);
	assert_int_equal(fnl_books_ask(&w, &ask, "i1", &stale), 0);
	try_all("second sheet", NULL);
	assert_true(fnl_books_inspect(&w, ANN));
	struct fnl_input erased = fnl_input_line(ANN, "p1", 4, 1);
	fnl_input_i64(&erased, FNL_BOOK_LINE_STATE, FNL_LINE_STATE_ERASED);
	try_all("erased line", &erased);
	fnl_books_end(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(every_input_and_firing)};
	return cmocka_run_group_tests_name("failing allocations: inspections", tests, NULL, NULL);
}
