/* What an accepted proposal asks a book for, as stories. Readable in golden/moves.txt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "book_world_internal.h"
#include "funneld/core/moves.h"
#include "golden.h"

#define BOOK "rep:ann"
#define DAY_MS INT64_C(86400000)
enum { TODAY = 19675 /* of FNL_T0, a Tuesday */, LINES_MAX = 64, STEPS_MAX = 100 };

static struct fnl_books w;
static struct fnl_golden *golden;
static struct fnl_value *moves; /* NULL: no row */
static struct fnl_value handover[FNL_HANDOVER_FIELD_COUNT];
static bool has_handover;
static size_t page_lines;
static int64_t sequence;

static void begin(const char *title)
{
	fnl_books_clear(&w);
	moves = NULL;
	has_handover = false;
	page_lines = 2;
	sequence = 0;
	fnl_golden_add(golden, "\n== %s\n", title);
	struct fnl_input in = fnl_input_rep("ann", 1, "emea");
	fnl_input_str(&in, FNL_REP_CHANGED_MANAGER_ID, "mia");
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
}

static int64_t today(void)
{
	return (w.now_ms - FNL_T0) / DAY_MS;
}

/* ---- inputs ---- */

static struct fnl_input line_of(const char *id, int layer)
{
	struct fnl_input in = fnl_input_line(BOOK, id, ++sequence, 0);
	fnl_input_str(&in, FNL_BOOK_LINE_REGION, "north");
	fnl_input_str(&in, FNL_BOOK_LINE_INDUSTRY, "cheese");
	fnl_input_i64(&in, FNL_BOOK_LINE_LAYER, layer);
	fnl_input_str(&in, FNL_BOOK_LINE_OWNER_REP_ID, "ann");
	return in;
}

static void send(const struct fnl_input *in)
{
	assert_int_equal(fnl_books_line(&w, in, "c"), 0);
}

static void line(const char *id, int layer)
{
	struct fnl_input in = line_of(id, layer);
	send(&in);
}

/* The source has given it to somebody; what is known of why. */
static void leaves(const char *id, int state, const char *to)
{
	struct fnl_input in = line_of(id, FNL_LAYER_TOP);
	struct fnl_moved moved;
	const struct fnl_value *before = fnl_books_line_row(&w, BOOK, id);
	fnl_input_i64(&in, FNL_BOOK_LINE_STATE, state);
	fnl_input_str(&in, FNL_BOOK_LINE_OWNER_REP_ID, to);
	int known = fnl_moves_recognise(before, in.v, NULL, &moved);
	send(&in);
	fnl_golden_add(golden, "day %" PRId64 " the source gives %s to %s: ", today(), id, to);
	if (known == FNL_MOVED_FOR_A_REASON) {
		fnl_golden_add(golden, "because of %.*s\n", (int)moved.proposal_id.len, (const char *)moved.proposal_id.data);
	} else {
		fnl_golden_add(golden, "nobody has asked for that\n");
	}
}

struct move {
	const char *region;
	int layer;
	const char *to;
	int64_t count;
};

/* ---- what comes of it ---- */

static void say(const struct fnl_event_out *event)
{
	const struct fnl_record_desc *desc = event->desc;
	fnl_golden_add(golden, "    %s", desc->name);
	for (size_t i = 1; i < desc->field_count; i++) {
		const struct fnl_value *v = &event->values[i];
		if (v->set && desc->fields[i].kind == FNL_KIND_STRING) {
			fnl_golden_add(golden, " %s=%.*s", desc->fields[i].name, (int)v->str.len, (const char *)v->str.data);
		} else if (v->set) {
			fnl_golden_add(golden, " %s=day %" PRId64, desc->fields[i].name, (v->i64 - FNL_T0) / DAY_MS);
		}
	}
	fnl_golden_add(golden, "\n");
}

static void say_state(void)
{
	if (!moves) {
		fnl_golden_add(golden, "    = no row\n");
		return;
	}
	fnl_golden_add(golden,
	               "    = %s: %" PRId64 " asked for, %" PRId64 " kept, %" PRId64 " overdue; next on day %" PRId64 "\n",
	               fnl_symbols_moves_state[moves[FNL_MOVES_STATE].i64], moves[FNL_MOVES_ASKED_COUNT].i64,
	               moves[FNL_MOVES_KEPT_COUNT].i64, moves[FNL_MOVES_OVERDUE_COUNT].i64,
	               (moves[FNL_MOVES_NEXT_DEADLINE_AT].i64 - FNL_T0) / DAY_MS);
}

static struct fnl_moves_in input(void)
{
	return (struct fnl_moves_in){.row = moves,
	                             .rep = fnl_books_rep(&w, BOOK),
	                             .handover = has_handover ? handover : NULL,
	                             .now_ms = w.now_ms,
	                             .rules = &w.rules,
	                             .cause_id = FNL_SPAN_LIT("accepted"),
	                             .correlation_id = FNL_SPAN_LIT("corr"),
	                             .arena = &w.arena};
}

static int accepted(const char *proposal_id, const struct move *of, size_t count)
{
	struct fnl_input in = {.desc = &fnl_desc_book_moves};
	struct fnl_value *items = fnl_arena_calloc(&w.arena, count + 1, sizeof(*items));
	struct fnl_moves_out out;
	for (size_t i = 0; i < count; i++) {
		struct fnl_input move = {.desc = &fnl_desc_cell_move};
		struct fnl_value *v = fnl_arena_calloc(&w.arena, FNL_CELL_MOVE_FIELD_COUNT, sizeof(*v));
		fnl_input_str(&move, FNL_CELL_MOVE_REGION, of[i].region);
		fnl_input_str(&move, FNL_CELL_MOVE_INDUSTRY, "cheese");
		fnl_input_i64(&move, FNL_CELL_MOVE_LAYER, of[i].layer);
		fnl_input_str(&move, FNL_CELL_MOVE_TO_REP_ID, of[i].to);
		fnl_input_i64(&move, FNL_CELL_MOVE_PROSPECT_COUNT, of[i].count);
		memcpy(v, move.v, FNL_CELL_MOVE_FIELD_COUNT * sizeof(*v));
		items[i] = (struct fnl_value){.set = true, .list = {v, FNL_CELL_MOVE_FIELD_COUNT}};
	}
	fnl_input_str(&in, FNL_BOOK_MOVES_SOURCE, "org");
	fnl_input_i64(&in, FNL_BOOK_MOVES_OCCURRED_AT, w.now_ms);
	fnl_input_str(&in, FNL_BOOK_MOVES_ORG_ID, "emea");
	fnl_input_str(&in, FNL_BOOK_MOVES_BOOK, BOOK);
	fnl_input_str(&in, FNL_BOOK_MOVES_PROPOSAL_ID, proposal_id);
	fnl_input_str(&in, FNL_BOOK_MOVES_ACCEPTED_BY, "head");
	in.v[FNL_BOOK_MOVES_MOVES] = (struct fnl_value){.set = true, .list = {items, count}};
	struct fnl_moves_in state = input();
	int rc = fnl_moves_begin(&state, in.v, &out, &w.why);
	if (rc < 0) {
		return rc;
	}
	fnl_golden_add(golden, "day %" PRId64 " BookMoves %s%s\n", today(), proposal_id, out.stale ? ": stale" : "");
	moves = out.change == FNL_ROW_PUT ? out.row : moves;
	return 0;
}

/* The next page of the book's lines. */
static struct fnl_moves_page page_of(const struct fnl_value **rows)
{
	struct fnl_moves_need need = fnl_moves_needs(moves);
	struct fnl_moves_page page = {.rows = rows};
	for (size_t i = 0; i < w.row_count && need.lines && page.count < page_lines; i++) {
		const struct fnl_value *row = w.rows[i].values;
		bool after = fnl_span_is_none(need.after) ||
		             (w.rows[i].table == FNL_BOOKS_LINE && fnl_span_cmp(row[FNL_LINE_PROSPECT_ID].str, need.after) > 0);
		if (w.rows[i].table == FNL_BOOKS_LINE && after) {
			rows[page.count++] = row;
		}
	}
	page.last = page.count < page_lines;
	return page;
}

/* One firing; false: nothing is due. */
static bool fire(void)
{
	const struct fnl_value *rows[LINES_MAX];
	struct fnl_moves_in in = input();
	struct fnl_moves_out out;
	if (!moves || moves[FNL_MOVES_NEXT_DEADLINE_AT].i64 > w.now_ms) {
		return false;
	}
	struct fnl_moves_page page = page_of(rows);
	assert_int_equal(fnl_moves_step(&in, &page, &out), 0);
	assert_false(out.stale);
	for (size_t i = 0; out.lines && i < page.count; i++) {
		struct fnl_books_key k = fnl_books_key_of(FNL_SPAN_LIT(BOOK), 0, rows[i][FNL_LINE_PROSPECT_ID].str);
		fnl_books_put(&w, FNL_BOOKS_LINE, k.text, out.lines[i] ? FNL_ROW_PUT : FNL_ROW_KEEP, out.lines[i]);
	}
	for (size_t i = 0; i < out.event_count; i++) {
		assert_true(fnl_span_eq(out.cause_id, FNL_SPAN_LIT("accepted")));
		say(&out.events[i]);
	}
	moves = out.change == FNL_ROW_PUT ? out.row : NULL;
	return true;
}

static void go_on(void)
{
	for (int i = 0; fire(); i++) {
		assert_true(i < STEPS_MAX);
	}
	say_state();
}

static void day(int64_t at)
{
	w.now_ms = FNL_T0 + at * DAY_MS;
	fnl_golden_add(golden, "day %" PRId64 "\n", at);
	go_on();
}

static const struct move north[] = {{"north", FNL_LAYER_TOP, "bob", 10}, {"north", FNL_LAYER_MIDDLE, "cid", 10}};
#define NORTH "p-1", north, 2

/* ---- stories ---- */

static void moved_and_overdue(void **state)
{
	(void)state;
	begin("Three are asked for: one is moved, one goes to somebody else, one is overdue; then all is forgotten");
	line("a", FNL_LAYER_TOP);
	line("b", FNL_LAYER_TOP);
	line("c", FNL_LAYER_MIDDLE);
	line("d", FNL_LAYER_NONE);
	struct fnl_input south = line_of("e", FNL_LAYER_TOP);
	fnl_input_str(&south, FNL_BOOK_LINE_REGION, "south");
	send(&south);
	assert_int_equal(accepted(NORTH), 0);
	go_on();
	line("c", FNL_LAYER_MIDDLE); /* another image of it: what is asked holds on */
	leaves("a", FNL_LINE_STATE_WATCHED, "bob");
	leaves("b", FNL_LINE_STATE_WATCHED, "eve");
	day(2);
	day(3);
	leaves("c", FNL_LINE_STATE_WATCHED, "cid");
	leaves("e", FNL_LINE_STATE_WATCHED, "bob");
	line("c", FNL_LAYER_MIDDLE); /* back again, and nobody asks any more */
	assert_false(fnl_books_line_row(&w, BOOK, "c")[FNL_LINE_ASKED].set);
	day(92);
	day(93);
}

static void what_is_kept(void **state)
{
	(void)state;
	static const struct move all[] = {{"north", FNL_LAYER_TOP, "bob", 2},
	                                  {"north", FNL_LAYER_MIDDLE, "cid", 10},
	                                  {"north", FNL_LAYER_BOTTOM, "cid", 10}};
	begin("BOTTOM, MIDDLE within its quiet days, and what was moved of late stay; nor more than the proposal counted");
	struct fnl_input in = line_of("a", FNL_LAYER_MIDDLE);
	fnl_input_i64(&in, FNL_BOOK_LINE_LAST_CONTACT_ON, TODAY - 3);
	send(&in);
	line("b", FNL_LAYER_BOTTOM);
	in = line_of("c", FNL_LAYER_TOP);
	fnl_input_i64(&in, FNL_BOOK_LINE_OWNER_SINCE, FNL_T0 - 179 * DAY_MS);
	send(&in);
	in = line_of("d", FNL_LAYER_MIDDLE);
	fnl_input_i64(&in, FNL_BOOK_LINE_LAST_CONTACT_ON, TODAY - 30);
	send(&in);
	line("e", FNL_LAYER_TOP);
	line("f", FNL_LAYER_TOP);
	line("g", FNL_LAYER_TOP);
	assert_int_equal(accepted("p-1", all, 3), 0);
	go_on();
	fnl_golden_add(golden, "the same, where rules let BOTTOM move, and after no quiet days\n");
	fnl_books_rule(&w, "territory", "move_bottom", 1);
	fnl_books_rule(&w, "territory", "middle_quiet_bd", 0);
	moves = NULL;
	assert_int_equal(accepted("p-2", all, 3), 0);
	go_on();
}

static void a_departure_comes_first(void **state)
{
	(void)state;
	begin("He has resigned before the lines were looked at");
	line("a", FNL_LAYER_TOP);
	line("b", FNL_LAYER_MIDDLE);
	assert_int_equal(accepted(NORTH), 0);
	struct fnl_input in = {.desc = &fnl_desc_rep_resigned};
	fnl_input_str(&in, FNL_REP_RESIGNED_SOURCE, "hr");
	fnl_input_i64(&in, FNL_REP_RESIGNED_OCCURRED_AT, w.now_ms);
	fnl_input_str(&in, FNL_REP_RESIGNED_REP_ID, "ann");
	fnl_input_i64(&in, FNL_REP_RESIGNED_VERSION, 2);
	fnl_input_str(&in, FNL_REP_RESIGNED_NOTICE_ID, "n");
	fnl_input_i64(&in, FNL_REP_RESIGNED_NOTICE_AT, w.now_ms);
	fnl_input_i64(&in, FNL_REP_RESIGNED_LAST_DAY, TODAY + 30);
	assert_int_equal(fnl_books_rep_leaves(&w, &in), 0);
	go_on();
	begin("He resigns while the source is waited for: nothing is overdue");
	line("a", FNL_LAYER_TOP);
	assert_int_equal(accepted(NORTH), 0);
	go_on();
	assert_int_equal(fnl_books_rep_leaves(&w, &in), 0);
	day(3);
	begin("A handover of his is on its way");
	line("a", FNL_LAYER_TOP);
	has_handover = true;
	handover[FNL_HANDOVER_STATE] = (struct fnl_value){.set = true, .i64 = FNL_HANDOVER_STATE_RUNNING};
	assert_int_equal(accepted(NORTH), 0);
	go_on();
	begin("It was taken back");
	line("a", FNL_LAYER_TOP);
	has_handover = true;
	handover[FNL_HANDOVER_STATE].i64 = FNL_HANDOVER_STATE_CANCELLED;
	assert_int_equal(accepted(NORTH), 0);
	go_on();
	begin("He has gone to another organisation");
	line("a", FNL_LAYER_TOP);
	struct fnl_input gone = fnl_input_rep("ann", 2, "apac");
	assert_int_equal(fnl_books_rep_changed(&w, &gone), 0);
	assert_int_equal(accepted(NORTH), 0);
	go_on();
}

static void twice(void **state)
{
	(void)state;
	begin("The same BookMoves again is stale, at any time; one that names nothing asks for nothing");
	line("a", FNL_LAYER_TOP);
	assert_int_equal(accepted(NORTH), 0);
	assert_int_equal(accepted(NORTH), 0);
	go_on();
	assert_int_equal(accepted(NORTH), 0);
	day(3);
	assert_int_equal(accepted(NORTH), 0);
	go_on();
	moves = NULL;
	assert_int_equal(accepted("p-2", north, 0), 0);
	go_on();
}

static void gone_before_its_page(void **state)
{
	(void)state;
	begin("A line moves away, and another one comes, before its page is due");
	line("a", FNL_LAYER_TOP);
	line("b", FNL_LAYER_TOP);
	line("c", FNL_LAYER_TOP);
	line("d", FNL_LAYER_TOP);
	assert_int_equal(accepted(NORTH), 0);
	assert_true(fire());
	say_state();
	leaves("c", FNL_LINE_STATE_GONE, "bob");
	line("a2", FNL_LAYER_TOP); /* it comes too late */
	line("e", FNL_LAYER_TOP);
	go_on();
}

static void a_later_proposal(void **state)
{
	(void)state;
	static const struct move other[] = {{"north", FNL_LAYER_TOP, "eve", 10}};
	begin("A later proposal takes the place of the first: that one tells nothing any more");
	line("a", FNL_LAYER_TOP);
	assert_int_equal(accepted(NORTH), 0);
	go_on();
	struct fnl_value *first = moves;
	w.now_ms += DAY_MS;
	moves = NULL;
	assert_int_equal(accepted("p-2", other, 1), 0);
	go_on();
	struct fnl_value *second = moves;
	moves = first;
	day(3);
	moves = second;
	day(6);
	leaves("a", FNL_LINE_STATE_WATCHED, "eve");
}

static void poison(void **state)
{
	(void)state;
	begin("Poison");
	static const struct move none[] = {{"north", FNL_LAYER_TOP, "b|b", 1}},
							 less[] = {{"north", FNL_LAYER_TOP, "b", -1}};
	assert_int_equal(accepted("p|1", north, 2), FNL_E_INVALID);
	assert_int_equal(accepted("p-1", none, 1), FNL_E_INVALID);
	assert_int_equal(accepted("p-1", less, 1), FNL_E_LIMIT);
	fnl_golden_add(golden, "    %s\n", w.why.text);
	struct fnl_moves_in in = input();
	struct fnl_moves_page page = {NULL, 0, true};
	struct fnl_moves_out out;
	assert_int_equal(fnl_moves_step(&in, &page, &out), 0);
	assert_true(out.stale);
}

/* ---- why it left ---- */

static void because_of_a_handover(void **state)
{
	(void)state;
	struct fnl_value before[FNL_LINE_FIELD_COUNT] = {0}, task[FNL_TASK_FIELD_COUNT] = {0};
	struct fnl_input in = line_of("a", FNL_LAYER_TOP);
	struct fnl_moved moved;
	before[FNL_LINE_STATE] = (struct fnl_value){.set = true, .i64 = FNL_LINE_STATE_OWNED};
	task[FNL_TASK_REASSIGN] = (struct fnl_value){.set = true, .i64 = FNL_REASSIGN_STATE_REQUESTED};
	task[FNL_TASK_SUCCESSOR_ID] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("bob")};
	task[FNL_TASK_NOTICE_ID] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("n-1")};
	fnl_input_i64(&in, FNL_BOOK_LINE_STATE, FNL_LINE_STATE_WATCHED);
	fnl_input_str(&in, FNL_BOOK_LINE_OWNER_REP_ID, "bob");
	assert_int_equal(fnl_moves_recognise(before, in.v, task, &moved), FNL_MOVED_FOR_A_REASON);
	assert_true(fnl_span_eq(moved.notice_id, FNL_SPAN_LIT("n-1")));
	assert_true(fnl_span_is_none(moved.proposal_id));
	assert_true(fnl_span_eq(moved.prospect_id, FNL_SPAN_LIT("a")));
	assert_true(fnl_span_eq(moved.from_book, FNL_SPAN_LIT(BOOK)));
	assert_true(fnl_span_eq(moved.to_rep_id, FNL_SPAN_LIT("bob")));
	assert_int_equal(fnl_moves_recognise(NULL, in.v, task, &moved), 0);
	task[FNL_TASK_REASSIGN].i64 = FNL_REASSIGN_STATE_NONE;
	assert_int_equal(fnl_moves_recognise(before, in.v, task, &moved), 0);
	task[FNL_TASK_REASSIGN].i64 = FNL_REASSIGN_STATE_OVERDUE;
	fnl_input_str(&in, FNL_BOOK_LINE_OWNER_REP_ID, "eve");
	assert_int_equal(fnl_moves_recognise(before, in.v, task, &moved), 0);
	fnl_input_i64(&in, FNL_BOOK_LINE_STATE, FNL_LINE_STATE_OWNED);
	assert_int_equal(fnl_moves_recognise(before, in.v, task, &moved), 0);
}

static void compare(void **state)
{
	(void)state;
	assert_int_equal(fnl_golden_compare(golden, FNL_SOURCE_DIR "/tests/unit/golden/moves.txt"), 0);
}

static int start(void **state)
{
	static struct fnl_golden g;
	(void)state;
	golden = &g;
	fnl_golden_add(golden, "What an accepted proposal asks the book of ann for. Day 0 is a Tuesday.\n");
	fnl_books_start(&w);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fnl_books_end(&w);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(moved_and_overdue),
		cmocka_unit_test(what_is_kept),
		cmocka_unit_test(a_departure_comes_first),
		cmocka_unit_test(twice),
		cmocka_unit_test(gone_before_its_page),
		cmocka_unit_test(a_later_proposal),
		cmocka_unit_test(poison),
		cmocka_unit_test(because_of_a_handover),
		cmocka_unit_test(compare),
	};
	return cmocka_run_group_tests_name("moves of an accepted proposal", tests, start, end);
}
