/* An allocation fails, each one in turn, in what an accepted proposal asks of a book: a clean error that leaves the
 * caller's things alone, or the result of an undisturbed run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "book_world.h"
#include "failing_trial.h"
#include "funneld/core/moves.h"

enum { LINES = 2 };

static struct fnl_books w;
static struct fnl_value event[FNL_BOOK_MOVES_FIELD_COUNT];
static const struct fnl_value *row; /* NULL: none yet */
static const struct fnl_value *lines[LINES];
static struct fnl_moves_out undisturbed; /* what that run has given */

static int run(struct fnl_arena *arena, struct fnl_writer *ret)
{
	struct fnl_moves_in in = {.row = row,
	                          .rep = fnl_books_rep(&w, "rep:ann"),
	                          .now_ms = w.now_ms,
	                          .rules = &w.rules,
	                          .cause_id = FNL_SPAN_LIT("c"),
	                          .correlation_id = FNL_SPAN_LIT("c"),
	                          .arena = arena};
	struct fnl_moves_page page = {lines, LINES, true};
	struct fnl_moves_out out, before;
	memset(&out, 0x5a, sizeof(out));
	memcpy(&before, &out, sizeof(out));
	int rc = row ? fnl_moves_step(&in, &page, &out) : fnl_moves_begin(&in, event, &out, &w.why);
	failing_counts(false);
	if (rc) {
		assert_memory_equal(&out, &before, sizeof(out));
		return rc;
	}
	undisturbed = arena == &w.arena ? out : undisturbed;
	failing_write(ret, &fnl_desc_moves, out.row);
	for (size_t i = 0; i < LINES && out.lines; i++) {
		failing_write(ret, &fnl_desc_line, out.lines[i]);
	}
	for (size_t i = 0; i < out.event_count; i++) {
		failing_write(ret, out.events[i].desc, out.events[i].values);
	}
	return 0;
}

/* The row and the lines are then as the undisturbed run leaves them. */
static void try_all(const char *name)
{
	failing_try_all(name, run, &w.arena);
	print_message("%s: %zu events\n", name, undisturbed.event_count);
	row = undisturbed.row;
	for (size_t i = 0; i < LINES && undisturbed.lines; i++) {
		lines[i] = undisturbed.lines[i] ? undisturbed.lines[i] : lines[i];
	}
}

static void every_step(void **state)
{
	static struct fnl_value move[FNL_CELL_MOVE_FIELD_COUNT], item;
	(void)state;
	fnl_books_start(&w);
	struct fnl_input hired = fnl_input_rep("ann", 1, "org1"), in = {.desc = &fnl_desc_book_moves};
	struct fnl_input p1 = fnl_input_line("rep:ann", "p1", 1, 0), p2 = fnl_input_line("rep:ann", "p2", 1, 0);
	fnl_input_i64(&p2, FNL_BOOK_LINE_LAYER, FNL_LAYER_BOTTOM);
	assert_int_equal(fnl_books_rep_changed(&w, &hired), 0);
	assert_int_equal(fnl_books_line(&w, &p1, "c"), 0);
	assert_int_equal(fnl_books_line(&w, &p2, "c"), 0);
	lines[0] = fnl_books_line_row(&w, "rep:ann", "p1");
	lines[1] = fnl_books_line_row(&w, "rep:ann", "p2");
	move[FNL_CELL_MOVE_LAYER] = (struct fnl_value){.set = true, .i64 = FNL_LAYER_TOP};
	move[FNL_CELL_MOVE_TO_REP_ID] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("bob")};
	move[FNL_CELL_MOVE_PROSPECT_COUNT] = (struct fnl_value){.set = true, .i64 = 5};
	item = (struct fnl_value){.set = true, .list = {move, FNL_CELL_MOVE_FIELD_COUNT}};
	fnl_input_str(&in, FNL_BOOK_MOVES_SOURCE, "org");
	fnl_input_i64(&in, FNL_BOOK_MOVES_OCCURRED_AT, w.now_ms);
	fnl_input_str(&in, FNL_BOOK_MOVES_ORG_ID, "org1");
	fnl_input_str(&in, FNL_BOOK_MOVES_BOOK, "rep:ann");
	fnl_input_str(&in, FNL_BOOK_MOVES_PROPOSAL_ID, "p-1");
	fnl_input_str(&in, FNL_BOOK_MOVES_ACCEPTED_BY, "head");
	memcpy(event, in.v, sizeof(event));
	event[FNL_BOOK_MOVES_MOVES] = (struct fnl_value){.set = true, .list = {&item, 1}};
	try_all("accepted");
	try_all("asked for");
	assert_int_equal(row[FNL_MOVES_ASKED_COUNT].i64, 1);
	w.now_ms = row[FNL_MOVES_DUE_AT].i64;
	try_all("looked at again");
	assert_int_equal(row[FNL_MOVES_OVERDUE_COUNT].i64, 1);
	fnl_books_end(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(every_step)};
	return cmocka_run_group_tests_name("failing allocations: moves", tests, NULL, NULL);
}
