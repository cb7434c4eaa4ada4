/* An allocation fails, each one in turn, in what cells do: a clean error that leaves the caller's things alone, or the
 * result of an undisturbed run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "book_world.h"
#include "failing_trial.h"

#define DAY_MS INT64_C(86400000)
#define CELL "rep:ann|north||"

enum { TODAY = 19675 /* of FNL_T0 */ };

static struct fnl_books w;

/* What the line becomes. */
static struct fnl_value after[FNL_LINE_FIELD_COUNT];

static struct fnl_cell_in input_of(struct fnl_arena *arena)
{
	return (struct fnl_cell_in){.rep = fnl_books_rep(&w, "rep:ann"),
	                            .now_ms = w.now_ms,
	                            .rules = &w.rules,
	                            .cause_id = FNL_SPAN_LIT("c"),
	                            .correlation_id = FNL_SPAN_LIT("c"),
	                            .arena = arena};
}

static void write_row(struct fnl_writer *to, const struct fnl_cell_row *row)
{
	fnl_write_u8(to, (uint8_t)row->change);
	failing_write(to, &fnl_desc_cell, row->change == FNL_ROW_PUT ? row->values : NULL);
}

static int run_move(struct fnl_arena *arena, struct fnl_writer *ret)
{
	struct fnl_cell_in in = input_of(arena);
	struct fnl_cell_row rows[2], before[2];
	struct fnl_value line[FNL_LINE_FIELD_COUNT];
	memset(rows, 0x5a, sizeof(rows));
	memcpy(before, rows, sizeof(rows));
	memcpy(line, after, sizeof(line));
	int rc = fnl_cell_move(&in, fnl_books_line_row(&w, "rep:ann", "p1"), line, fnl_books_cell(&w, CELL), NULL, &rows[0],
	                       &rows[1], &w.why);
	failing_counts(false);
	if (rc) {
		assert_memory_equal(rows, before, sizeof(rows));
		return rc;
	}
	failing_write(ret, &fnl_desc_line, line);
	write_row(ret, &rows[0]);
	write_row(ret, &rows[1]);
	return 0;
}

static int run_timer(struct fnl_arena *arena, struct fnl_writer *ret)
{
	struct fnl_cell_in in = input_of(arena);
	struct fnl_cell_told out, before;
	memset(&out, 0x5a, sizeof(out));
	memcpy(&before, &out, sizeof(out));
	int rc = fnl_cell_timer(&in, fnl_books_cell(&w, CELL), &out);
	failing_counts(false);
	if (rc) {
		assert_memory_equal(&out, &before, sizeof(out));
		return rc;
	}
	write_row(ret, &out.row);
	for (size_t i = 0; i < out.image_count; i++) {
		failing_write(ret, out.images[i].desc, out.images[i].values);
	}
	return 0;
}

static int run_go_over(struct fnl_arena *arena, struct fnl_writer *ret)
{
	const struct fnl_value *page[1] = {fnl_books_cell(&w, CELL)};
	struct fnl_value rep[FNL_REP_FIELD_COUNT];
	struct fnl_cell_row row;
	memcpy(rep, fnl_books_rep(&w, "rep:ann"), sizeof(rep));
	struct fnl_cell_in in = input_of(arena);
	int rc = fnl_cell_go_over(&in, rep, page, 1, FNL_SPAN_LIT(CELL), true, &row);
	failing_counts(false);
	if (rc == 0) {
		write_row(ret, &row);
		failing_write(ret, &fnl_desc_rep, rep);
	}
	return rc;
}

static void send(const char *prospect_id, int64_t owner_since_day)
{
	struct fnl_input in = fnl_input_line("rep:ann", prospect_id, 1, 0);
	fnl_input_str(&in, FNL_BOOK_LINE_REGION, "north");
	fnl_input_i64(&in, FNL_BOOK_LINE_OWNER_SINCE, owner_since_day * DAY_MS);
	assert_int_equal(fnl_books_line(&w, &in, "c"), 0);
}

static void every_step(void **state)
{
	(void)state;
	fnl_books_start(&w);
	struct fnl_input hired = fnl_input_rep("ann", 1, "org1");
	assert_int_equal(fnl_books_rep_changed(&w, &hired), 0);
	send("p1", TODAY - 170);
	send("p2", TODAY - 160);
	send("p3", TODAY - 10);
	w.now_ms += 1000;
	failing_try_all("told", run_timer, &w.arena);
	assert_true(fnl_books_cell_timer(&w, CELL));
	/* two weeks have begun, and go over into those that may be moved; then the line leaves for another cell */
	w.now_ms += 40 * DAY_MS;
	memcpy(after, fnl_books_line_row(&w, "rep:ann", "p1"), sizeof(after));
	after[FNL_LINE_REGION].str =
		FNL_SPAN_LIT("a region of a name that is much longer than sixty-four bytes, and so a digest");
	failing_try_all("to another cell", run_move, &w.arena);
	struct fnl_input moved = fnl_input_rep("ann", 2, "org2");
	assert_int_equal(fnl_books_rep_changed(&w, &moved), 0);
	failing_try_all("gone over", run_go_over, &w.arena);
	fnl_books_rep_timer(&w, "rep:ann");
	failing_try_all("told anew", run_timer, &w.arena);
	fnl_books_end(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(every_step)};
	return cmocka_run_group_tests_name("failing allocations: cells", tests, NULL, NULL);
}
