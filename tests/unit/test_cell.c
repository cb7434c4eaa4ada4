/* Cells: which lines are in which, until when they are held, and what an organisation hears of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "books_fixture.h"

#include <stdio.h>

#define BOOK "rep:ann"
#define CELL BOOK "|north|cheese|large"
#define DAY_MS INT64_C(86400000)
#define I(name) FNL_CELL_IMAGE_##name

enum { SECOND = 1000, TODAY = 19675 /* of FNL_T0, a Tuesday */ };

static struct fnl_input line_of(const char *prospect_id, int64_t sequence)
{
	struct fnl_input in = fnl_input_line(BOOK, prospect_id, sequence, 0);
	fnl_input_str(&in, FNL_BOOK_LINE_REGION, "north");
	fnl_input_str(&in, FNL_BOOK_LINE_INDUSTRY, "cheese");
	fnl_input_str(&in, FNL_BOOK_LINE_SIZE_FOCUS, "large");
	return in;
}

static void send(const struct fnl_input *in)
{
	int r = fnl_books_line(&w, in, "c");
	if (r != 0) {
		fail_msg("%d: %s", r, w.why.text);
	}
}

static void hire(int64_t version, const char *org_id)
{
	struct fnl_input in = fnl_input_rep("ann", version, org_id);
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
}

/* What the cell has in a layer from a week on, in USD; the counts must be these. */
static void has(const char *key, int64_t layer, int64_t week, int64_t count, int64_t amount_minor)
{
	const struct fnl_value *cell = fnl_books_cell(&w, key);
	assert_non_null(cell);
	const struct fnl_value *total = fnl_books_total(cell[FNL_CELL_TOTALS], layer + 16 * week, "USD");
	assert_int_equal(total ? total[FNL_CELL_TOTAL_COUNT].i64 : 0, count);
	assert_int_equal(total ? total[FNL_CELL_TOTAL_AMOUNT_MINOR].i64 : 0, amount_minor);
}

static size_t slots(const char *key)
{
	return fnl_books_cell(&w, key)[FNL_CELL_TOTALS].list.count;
}

/* ---- which lines, and where ---- */

static void test_in_and_out(void **state)
{
	(void)state;
	static const struct {
		int state;
		int layer;
		bool in;
	} table[] = {
		{FNL_LINE_STATE_OWNED, FNL_LAYER_TOP, true},    {FNL_LINE_STATE_OWNED, FNL_LAYER_MIDDLE, true},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_NONE, false},  {FNL_LINE_STATE_OWNED, FNL_LAYER_BOTTOM, true},
		{FNL_LINE_STATE_WATCHED, FNL_LAYER_TOP, false}, {FNL_LINE_STATE_OWNED, FNL_LAYER_WON, false},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_TOP, true},    {FNL_LINE_STATE_OWNED, FNL_LAYER_UNKNOWN, false},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_BOTTOM, true}, {FNL_LINE_STATE_OWNED, FNL_LAYER_UNCLASSIFIED, false},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_MIDDLE, true}, {FNL_LINE_STATE_GONE, FNL_LAYER_TOP, false},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_MIDDLE, true}, {FNL_LINE_STATE_ERASED, FNL_LAYER_TOP, false},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct fnl_input in = line_of("p", (int64_t)i + 1);
		fnl_input_i64(&in, FNL_BOOK_LINE_STATE, table[i].state);
		fnl_input_i64(&in, FNL_BOOK_LINE_LAYER, table[i].layer);
		send(&in);
		if (table[i].in) {
			has(CELL, table[i].layer, 0, 1, 100000);
			assert_int_equal(slots(CELL), 1);
		} else { /* nobody knows of it, so that no row is left */
			assert_null(fnl_books_cell(&w, CELL));
		}
	}
}

static void test_codes(void **state)
{
	(void)state;
	static const struct {
		const char *region;
		const char *industry;
		const char *key;
	} table[] = {
		{NULL, NULL, BOOK "|||"},
		{"", NULL, BOOK "|||"},
		{"north", "", BOOK "|north||"},
		{"", "north", BOOK "||north|"},
		{"50 % more", "x", BOOK "|50 % more|x|"},
		{"a|b", "", NULL},
		{"%a", "", NULL},
		{"a\nb", "", NULL},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct fnl_input in = fnl_input_line(BOOK, "p", (int64_t)i + 1, 0);
		if (table[i].region) {
			fnl_input_str(&in, FNL_BOOK_LINE_REGION, table[i].region);
		}
		if (table[i].industry) {
			fnl_input_str(&in, FNL_BOOK_LINE_INDUSTRY, table[i].industry);
		}
		send(&in);
		const struct fnl_value *row = fnl_books_line_row(&w, BOOK, "p");
		struct fnl_span name = row[FNL_LINE_CELL].str;
		if (i < 5) {
			has(table[i].key, FNL_LAYER_TOP, 0, 1, 100000);
			continue;
		}
		/* what cannot be part of a key is there as a digest */
		assert_int_equal(name.len, 65 + 2);
		assert_int_equal(name.data[0], '%');
	}
	struct fnl_input in = fnl_input_line(BOOK, "p", 100, 0);
	char text[66];
	memset(text, 's', sizeof(text));
	text[64] = '\0';
	fnl_input_str(&in, FNL_BOOK_LINE_SIZE_FOCUS, text);
	send(&in);
	assert_int_equal(fnl_books_line_row(&w, BOOK, "p")[FNL_LINE_CELL].str.len, 64 + 2);
	text[64] = 's', text[65] = '\0';
	fnl_input_i64(&in, FNL_BOOK_LINE_SEQUENCE, 101);
	fnl_input_str(&in, FNL_BOOK_LINE_SIZE_FOCUS, text);
	send(&in);
	assert_int_equal(fnl_books_line_row(&w, BOOK, "p")[FNL_LINE_CELL].str.len, 65 + 2);
}

static void test_moves(void **state)
{
	(void)state;
	struct fnl_input in = line_of("p", 1), other = line_of("q", 1);
	send(&in);
	send(&other);
	has(CELL, FNL_LAYER_TOP, 0, 2, 200000);
	fnl_input_i64(&in, FNL_BOOK_LINE_SEQUENCE, 2);
	fnl_input_str(&in, FNL_BOOK_LINE_REGION, "south");
	send(&in);
	has(CELL, FNL_LAYER_TOP, 0, 1, 100000);
	has(BOOK "|south|cheese|large", FNL_LAYER_TOP, 0, 1, 100000);
	/* the same cell, another amount and layer */
	fnl_input_i64(&in, FNL_BOOK_LINE_SEQUENCE, 3);
	fnl_input_i64(&in, FNL_BOOK_LINE_LAYER, FNL_LAYER_BOTTOM);
	fnl_input_money(&in, FNL_BOOK_LINE_AMOUNT, 7, "USD");
	send(&in);
	has(BOOK "|south|cheese|large", FNL_LAYER_BOTTOM, 0, 1, 7);
	assert_int_equal(slots(BOOK "|south|cheese|large"), 1);
}

/* A row from before there were cells is in none; it joins with its next change. */
static void test_line_of_before(void **state)
{
	(void)state;
	struct fnl_input in = line_of("p", 1);
	send(&in);
	struct fnl_value before[FNL_LINE_FIELD_COUNT], after[FNL_LINE_FIELD_COUNT];
	memcpy(before, fnl_books_line_row(&w, BOOK, "p"), sizeof(before));
	memcpy(after, before, sizeof(after));
	before[FNL_LINE_CELL] = before[FNL_LINE_HELD_UNTIL] = (struct fnl_value){.set = false};
	struct fnl_cell_in core = {
		.rep = fnl_books_rep(&w, BOOK), .now_ms = w.now_ms, .rules = &w.rules, .arena = &w.arena};
	struct fnl_cell_row left, joined;
	assert_int_equal(fnl_cell_move(&core, before, after, NULL, NULL, &left, &joined, &w.why), 0);
	assert_int_equal(left.change, FNL_ROW_KEEP);
	assert_int_equal(joined.change, FNL_ROW_PUT);
	assert_int_equal(joined.values[FNL_CELL_TOTALS].list.count, 1);
	/* and one that names a cell which is not there is a broken row */
	assert_int_equal(fnl_cell_move(&core, after, NULL, NULL, NULL, &left, &joined, &w.why), FNL_E_STATE);
}

/* ---- until when ---- */

static int64_t held(int layer, int64_t owner_since_day, int64_t contact_on)
{
	static int64_t sequence = 1000;
	struct fnl_input in = line_of("h", ++sequence);
	fnl_input_i64(&in, FNL_BOOK_LINE_LAYER, layer);
	if (owner_since_day) {
		fnl_input_i64(&in, FNL_BOOK_LINE_OWNER_SINCE, owner_since_day * DAY_MS + 1);
	}
	if (contact_on) {
		fnl_input_i64(&in, FNL_BOOK_LINE_LAST_CONTACT_ON, contact_on);
	}
	send(&in);
	const struct fnl_value *until = &fnl_books_line_row(&w, BOOK, "h")[FNL_LINE_HELD_UNTIL];
	return until->set ? until->i64 : 0;
}

static void test_held_until(void **state)
{
	(void)state;
	assert_int_equal(FNL_T0 / DAY_MS, TODAY);
	assert_int_equal(held(FNL_LAYER_TOP, 0, 0), 0);
	assert_int_equal(held(FNL_LAYER_TOP, TODAY - 10, 0), TODAY + 170);
	assert_int_equal(held(FNL_LAYER_TOP, TODAY - 179, 0), TODAY + 1);
	assert_int_equal(held(FNL_LAYER_TOP, TODAY - 180, 0), 0);
	/* ten business days are two weeks; a contact on a day off counts from the next one on */
	assert_int_equal(held(FNL_LAYER_MIDDLE, 0, TODAY), TODAY + 15);
	assert_int_equal(held(FNL_LAYER_MIDDLE, 0, TODAY - 14), TODAY + 1);
	assert_int_equal(held(FNL_LAYER_MIDDLE, 0, TODAY - 15), 0);
	assert_int_equal(held(FNL_LAYER_TOP, 0, TODAY), 0);
	assert_int_equal(held(FNL_LAYER_BOTTOM, 0, TODAY), 0);
	assert_int_equal(held(FNL_LAYER_MIDDLE, TODAY - 10, TODAY), TODAY + 170);
	assert_int_equal(held(FNL_LAYER_MIDDLE, TODAY - 175, TODAY), TODAY + 15);
	fnl_books_rule(&w, "territory", "middle_quiet_bd", 0);
	assert_int_equal(held(FNL_LAYER_MIDDLE, 0, TODAY), 0);
	fnl_books_rule(&w, "territory", "move_again_days", 0);
	assert_int_equal(held(FNL_LAYER_MIDDLE, TODAY, TODAY), 0);
}

/* Movable on a day t are the sums with week <= t / 7, whenever the cell changes. */
static void test_weeks(void **state)
{
	(void)state;
	struct fnl_input in = line_of("p", 1);
	int64_t until = TODAY + 20, week = (until + 6) / 7;
	fnl_input_i64(&in, FNL_BOOK_LINE_OWNER_SINCE, (until - 180) * DAY_MS);
	send(&in);
	has(CELL, FNL_LAYER_TOP, week, 1, 100000);
	assert_true(week * 7 >= until && (week - 1) * 7 < until);
	/* the same again says nothing new */
	fnl_input_i64(&in, FNL_BOOK_LINE_SEQUENCE, 2);
	send(&in);
	assert_int_equal(slots(CELL), 1);
	/* the week has begun: the next change of the cell makes it one with what may be moved already */
	w.now_ms = week * 7 * DAY_MS;
	struct fnl_input other = line_of("q", 1);
	send(&other);
	has(CELL, FNL_LAYER_TOP, 0, 2, 200000);
	assert_int_equal(slots(CELL), 1);
	assert_int_equal(fnl_books_cell(&w, CELL)[FNL_CELL_MERGED_BEFORE].i64, week + 1);
	/* and the line is taken away from there, though it says as before until when it was held */
	fnl_input_i64(&in, FNL_BOOK_LINE_SEQUENCE, 3);
	fnl_input_i64(&in, FNL_BOOK_LINE_STATE, FNL_LINE_STATE_GONE);
	send(&in);
	has(CELL, FNL_LAYER_TOP, 0, 1, 100000);
}

/* ---- what is told ---- */

static void told_is(size_t at, const char *org_id, int64_t sequence, bool present, size_t totals)
{
	assert_true(at < w.event_count);
	assert_ptr_equal(w.events[at].desc, &fnl_desc_cell_image);
	const struct fnl_value *v = w.events[at].values;
	assert_true(fnl_span_eq(v[I(ORG_ID)].str, fnl_span_str(org_id)));
	assert_true(fnl_span_eq(v[I(REP_ID)].str, FNL_SPAN_LIT("ann")));
	assert_true(fnl_span_eq(v[I(REGION)].str, FNL_SPAN_LIT("north")));
	assert_int_equal(v[I(SEQUENCE)].i64, sequence);
	assert_int_equal(v[I(PRESENT)].i64, present);
	assert_int_equal(v[I(TOTALS)].list.count, totals);
}

static void test_told(void **state)
{
	(void)state;
	struct fnl_input in = line_of("p", 1);
	send(&in);
	assert_false(fnl_books_cell(&w, CELL)[FNL_CELL_NEXT_DEADLINE_AT].set); /* nobody has said whose he is */
	hire(1, "east");
	assert_int_equal(fnl_books_rep(&w, BOOK)[FNL_REP_NEXT_DEADLINE_AT].i64, w.now_ms);
	fnl_books_rep_timer(&w, BOOK);
	assert_false(fnl_books_rep(&w, BOOK)[FNL_REP_CELLS_DUE_AT].set);
	assert_true(fnl_books_cell_timer(&w, CELL));
	told_is(0, "east", 1, true, 1);
	assert_true(fnl_span_eq(w.cause_id, FNL_SPAN_LIT("hr")));
	/* several changes are told once, a second after the first one */
	fnl_input_money(&in, FNL_BOOK_LINE_AMOUNT, 5, "USD");
	fnl_input_i64(&in, FNL_BOOK_LINE_SEQUENCE, 2);
	assert_int_equal(fnl_books_line(&w, &in, "first"), 0);
	w.now_ms += SECOND / 2;
	fnl_input_money(&in, FNL_BOOK_LINE_AMOUNT, 6, "USD");
	fnl_input_i64(&in, FNL_BOOK_LINE_SEQUENCE, 3);
	assert_int_equal(fnl_books_line(&w, &in, "second"), 0);
	assert_false(fnl_books_cell_timer(&w, CELL));
	w.now_ms += SECOND / 2;
	assert_true(fnl_books_cell_timer(&w, CELL));
	told_is(1, "east", 2, true, 1);
	assert_true(fnl_span_eq(w.cause_id, FNL_SPAN_LIT("first")));
	/* what says the same is not told */
	fnl_input_i64(&in, FNL_BOOK_LINE_SEQUENCE, 4);
	send(&in);
	assert_false(fnl_books_cell(&w, CELL)[FNL_CELL_NEXT_DEADLINE_AT].set);
	/* nothing is in it any more */
	fnl_input_i64(&in, FNL_BOOK_LINE_SEQUENCE, 5);
	fnl_input_i64(&in, FNL_BOOK_LINE_LAYER, FNL_LAYER_LOST);
	send(&in);
	w.now_ms += SECOND;
	assert_true(fnl_books_cell_timer(&w, CELL));
	told_is(2, "east", 3, false, 0);
	assert_null(fnl_books_cell(&w, CELL));
	assert_int_equal(w.event_count, 3);
}

static void forget(int64_t version)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_rep_erased, 0);
	fnl_input_str(&in, FNL_REP_ERASED_REP_ID, "ann");
	fnl_input_i64(&in, FNL_REP_ERASED_VERSION, version);
	assert_int_equal(fnl_books_rep_leaves(&w, &in), 0);
}

static void all_timers(void)
{
	w.page_cells = 1;
	for (int i = 0; i < 4; i++) {
		fnl_books_rep_timer(&w, BOOK);
	}
	assert_false(fnl_books_rep(&w, BOOK)[FNL_REP_CELLS_DUE_AT].set);
	fnl_books_cell_timer(&w, CELL);
	fnl_books_cell_timer(&w, BOOK "|north|cheese|small");
}

static void test_other_organisation(void **state)
{
	(void)state;
	struct fnl_input in = line_of("p", 1), small = line_of("q", 1);
	fnl_input_str(&small, FNL_BOOK_LINE_SIZE_FOCUS, "small");
	hire(1, "east");
	assert_false(fnl_books_rep(&w, BOOK)[FNL_REP_CELLS_DUE_AT].set); /* he has nothing */
	send(&in);
	send(&small);
	w.now_ms += SECOND;
	all_timers();
	assert_int_equal(w.event_count, 2);
	hire(2, "east");
	assert_false(fnl_books_rep(&w, BOOK)[FNL_REP_CELLS_DUE_AT].set);
	hire(3, "west");
	all_timers();
	assert_int_equal(w.event_count, 6);
	told_is(2, "east", 2, false, 0);
	told_is(3, "west", 3, true, 1);
	told_is(4, "east", 2, false, 0);
	told_is(5, "west", 3, true, 1);
	/* there and back before his cells were gone over: nothing differs */
	hire(4, "east");
	hire(5, "west");
	all_timers();
	assert_int_equal(w.event_count, 6);
	forget(6);
	all_timers();
	assert_int_equal(w.event_count, 8);
	told_is(6, "west", 4, false, 0);
	told_is(7, "west", 4, false, 0);
	assert_non_null(fnl_books_cell(&w, CELL)); /* nobody knows of it, but the lines are there */
	hire(7, "west");
	all_timers();
	told_is(8, "west", 5, true, 1);
	assert_int_equal(w.event_count, 10);
}

static void test_pool(void **state)
{
	(void)state;
	struct fnl_input in = line_of("p", 1);
	fnl_input_str(&in, FNL_BOOK_LINE_BOOK, "pool:UNASSIGNED");
	send(&in);
	has("pool:UNASSIGNED|north|cheese|large", FNL_LAYER_TOP, 0, 1, 100000);
	assert_false(fnl_books_cell(&w, "pool:UNASSIGNED|north|cheese|large")[FNL_CELL_NEXT_DEADLINE_AT].set);
}

static void test_limit(void **state)
{
	(void)state;
	int r = 0;
	size_t sent = 0;
	for (; sent < 300 && r == 0; sent++) {
		char id[16];
		snprintf(id, sizeof(id), "p%zu", sent);
		struct fnl_input in = line_of(id, 1);
		fnl_input_i64(&in, FNL_BOOK_LINE_OWNER_SINCE, (TODAY - 170 + (int64_t)sent * 7) * DAY_MS);
		r = fnl_books_line(&w, &in, "c");
	}
	assert_int_equal(r, FNL_E_LIMIT);
	assert_int_equal(sent, 257);
	assert_int_equal(slots(CELL), 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_in_and_out, books_fresh),
		cmocka_unit_test_setup(test_codes, books_fresh),
		cmocka_unit_test_setup(test_moves, books_fresh),
		cmocka_unit_test_setup(test_line_of_before, books_fresh),
		cmocka_unit_test_setup(test_held_until, books_fresh),
		cmocka_unit_test_setup(test_weeks, books_fresh),
		cmocka_unit_test_setup(test_told, books_fresh),
		cmocka_unit_test_setup(test_other_organisation, books_fresh),
		cmocka_unit_test_setup(test_pool, books_fresh),
		cmocka_unit_test_setup(test_limit, books_fresh),
	};
	return cmocka_run_group_tests(tests, books_start, books_end);
}
