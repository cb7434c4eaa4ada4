/* What an organisation's directory hears of a rep: who he is at once, what he carries once in a while, and that he
 * leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "books_fixture.h"

#include <stdio.h>

#define E(name) FNL_REP_ENTRY_##name
#define BOOK "rep:ann"

enum { EMPLOYED_FROM = 15000 };

static struct fnl_value rep_value(int field)
{
	const struct fnl_value *rep = fnl_books_rep(&w, BOOK);
	assert_non_null(rep);
	return rep[field];
}

/* The n-th entry of the last input. */
static void entry_is(size_t at, const char *org_id, bool present, bool resigned, int64_t open)
{
	assert_true(at < w.out.entry_count);
	assert_ptr_equal(w.out.entries[at].desc, &fnl_desc_rep_entry);
	const struct fnl_value *v = w.out.entries[at].values;
	assert_true(fnl_span_eq(v[E(ORG_ID)].str, fnl_span_str(org_id)));
	assert_true(fnl_span_eq(v[E(REP_ID)].str, FNL_SPAN_LIT("ann")));
	assert_int_equal(v[E(PRESENT)].i64, present);
	assert_int_equal(v[E(RESIGNED)].i64, resigned);
	assert_int_equal(v[E(OPEN_PROSPECTS)].i64, open);
	assert_int_equal(v[E(OCCURRED_AT)].i64, w.now_ms);
}

static void nothing_told(void)
{
	assert_int_equal(w.out.entry_count, 0);
	assert_false(w.out.forgotten);
}

static struct fnl_input hired(int64_t version, const char *org_id)
{
	struct fnl_input in = fnl_input_rep("ann", version, org_id);
	fnl_input_i64(&in, FNL_REP_CHANGED_EMPLOYED_FROM, EMPLOYED_FROM);
	return in;
}

static void hire(int64_t version, const char *org_id)
{
	struct fnl_input in = hired(version, org_id);
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
}

static void line(const char *prospect_id, int64_t sequence, int state, int layer)
{
	struct fnl_input in = fnl_input_line(BOOK, prospect_id, sequence, 0);
	fnl_input_i64(&in, FNL_BOOK_LINE_STATE, state);
	fnl_input_i64(&in, FNL_BOOK_LINE_LAYER, layer);
	assert_int_equal(fnl_books_line(&w, &in, "c"), 0);
}

static struct fnl_input hr(const struct fnl_record_desc *desc, int64_t version)
{
	struct fnl_input in = fnl_input_of(desc, 0);
	fnl_input_str(&in, FNL_REP_RESIGNED_REP_ID, "ann");
	fnl_input_i64(&in, FNL_REP_RESIGNED_VERSION, version);
	return in;
}

static int send(struct fnl_input in)
{
	return fnl_books_rep_leaves(&w, &in);
}

static int resign(int64_t version, const char *notice_id, int64_t last_day)
{
	struct fnl_input in = hr(&fnl_desc_rep_resigned, version);
	fnl_input_str(&in, FNL_REP_RESIGNED_NOTICE_ID, notice_id);
	fnl_input_i64(&in, FNL_REP_RESIGNED_NOTICE_AT, FNL_T0);
	fnl_input_i64(&in, FNL_REP_RESIGNED_LAST_DAY, last_day);
	return send(in);
}

static int withdraw(int64_t version, const char *notice_id)
{
	struct fnl_input in = hr(&fnl_desc_resignation_withdrawn, version);
	fnl_input_str(&in, FNL_RESIGNATION_WITHDRAWN_NOTICE_ID, notice_id);
	return send(in);
}

static void due_is(int64_t at_ms) /* INT64_MAX: never */
{
	struct fnl_value due = rep_value(FNL_REP_NEXT_DEADLINE_AT);
	assert_int_equal(due.set, at_ms != INT64_MAX);
	assert_int_equal(due.set ? due.i64 - FNL_T0 : INT64_MAX, at_ms);
}

static void who_he_is_is_told_at_once(void **state)
{
	(void)state;
	line("p1", 1, FNL_LINE_STATE_OWNED, FNL_LAYER_TOP);
	nothing_told(); /* nobody knows where he belongs */
	due_is(INT64_MAX);
	hire(1, "emea");
	entry_is(0, "emea", true, false, 1);
	assert_int_equal(w.out.entries[0].values[E(SEQUENCE)].i64, 1);
	hire(2, "emea"); /* newer, and the same */
	nothing_told();
	struct fnl_input in = hired(3, "emea");
	fnl_input_i64(&in, FNL_REP_CHANGED_CAPACITY_PROSPECTS, 40);
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
	entry_is(0, "emea", true, false, 1);
	assert_int_equal(w.out.entries[0].values[E(CAPACITY_PROSPECTS)].i64, 40);
	assert_int_equal(w.out.entries[0].values[E(SEQUENCE)].i64, 2);
	fnl_input_i64(&in, FNL_REP_CHANGED_VERSION, 2); /* stale */
	fnl_input_i64(&in, FNL_REP_CHANGED_ACTIVE, 0);
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
	nothing_told();
	fnl_input_i64(&in, FNL_REP_CHANGED_VERSION, 4);
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
	assert_int_equal(w.out.entries[0].values[E(ACTIVE)].i64, 0);
}

/* Owned ones in the funnel, or of which it is not known: in the order of the layers. */
static void what_counts_as_open(void **state)
{
	(void)state;
	static const int open[FNL_LAYER_COUNT] = {[FNL_LAYER_TOP] = 1,
	                                          [FNL_LAYER_MIDDLE] = 1,
	                                          [FNL_LAYER_BOTTOM] = 1,
	                                          [FNL_LAYER_UNKNOWN] = 1,
	                                          [FNL_LAYER_UNCLASSIFIED] = 1};
	for (int layer = 0; layer < FNL_LAYER_COUNT; layer++) {
		for (int state_of = FNL_LINE_STATE_OWNED; state_of <= FNL_LINE_STATE_WATCHED; state_of++) {
			fnl_books_clear(&w);
			line("p1", 1, state_of, layer);
			hire(1, "emea");
			entry_is(0, "emea", true, false, state_of == FNL_LINE_STATE_OWNED && open[layer]);
		}
	}
}

static void what_he_carries_is_told_once_in_a_while(void **state)
{
	(void)state;
	hire(1, "emea");
	line("p1", 1, FNL_LINE_STATE_OWNED, FNL_LAYER_TOP);
	nothing_told();
	due_is(1000);
	w.now_ms = FNL_T0 + 900;
	line("p2", 1, FNL_LINE_STATE_OWNED, FNL_LAYER_TOP); /* does not put it off */
	due_is(1000);
	fnl_books_rep_timer(&w, BOOK);
	assert_true(w.out.stale);
	w.now_ms = FNL_T0 + 1000;
	fnl_books_rep_timer(&w, BOOK);
	entry_is(0, "emea", true, false, 2);
	due_is(INT64_MAX);
	line("p2", 2, FNL_LINE_STATE_OWNED, FNL_LAYER_BOTTOM); /* as many as before */
	due_is(INT64_MAX);
	line("p2", 3, FNL_LINE_STATE_OWNED, FNL_LAYER_LOST);
	due_is(2000);
	line("p2", 4, FNL_LINE_STATE_OWNED, FNL_LAYER_TOP); /* what was told is true again */
	due_is(INT64_MAX);
	line("p2", 5, FNL_LINE_STATE_OWNED, FNL_LAYER_WON);
	w.now_ms = FNL_T0 + 1500;
	struct fnl_input in = hired(2, "emea");
	fnl_input_str(&in, FNL_REP_CHANGED_SIZE_FOCUS, "large");
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0); /* with who he is, what he carries */
	entry_is(0, "emea", true, false, 1);
	due_is(INT64_MAX);
	fnl_books_rule(&w, "org", "conflation_seconds", 60);
	line("p3", 1, FNL_LINE_STATE_OWNED, FNL_LAYER_TOP);
	due_is(61500);
}

static void the_row_waits_for_the_first_of_two(void **state)
{
	(void)state;
	hire(1, "emea");
	struct fnl_input open = fnl_input_open("r1", "emea", 2024, 0);
	assert_int_equal(fnl_books_open(&w, &open), 0);
	fnl_books_run_until(&w, 1);
	line("p1", 1, FNL_LINE_STATE_OWNED, FNL_LAYER_TOP);
	due_is(1001);
	assert_int_equal(rep_value(FNL_REP_RECALCULATION_DUE_AT).i64, FNL_T0 + 60001);
	w.now_ms = FNL_T0 + 1001;
	size_t events = w.event_count;
	fnl_books_rep_timer(&w, BOOK);
	entry_is(0, "emea", true, false, 1);
	assert_int_equal(w.event_count, events);
	due_is(60001);
	w.now_ms = FNL_T0 + 60001;
	line("p2", 1, FNL_LINE_STATE_OWNED, FNL_LAYER_TOP);
	due_is(60001);
	fnl_books_rep_timer(&w, BOOK);
	nothing_told();
	assert_int_equal(w.event_count, events + 1);
	assert_false(rep_value(FNL_REP_RECALCULATION_DUE_AT).set);
	due_is(61001);
	line("p3", 1, FNL_LINE_STATE_OWNED, FNL_LAYER_TOP);
	w.now_ms = FNL_T0 + 200000; /* both at once, after the worker was away */
	fnl_books_rep_timer(&w, BOOK);
	entry_is(0, "emea", true, false, 3);
	assert_int_equal(w.event_count, events + 2);
	due_is(INT64_MAX);
}

/* As a version without the directory has left it: with one deadline, of one thing. */
static void a_row_from_before(void **state)
{
	(void)state;
	hire(1, "emea");
	struct fnl_value rep[FNL_REP_FIELD_COUNT];
	memcpy(rep, fnl_books_rep(&w, BOOK), sizeof(rep));
	for (int i = FNL_REP_RECALCULATION_DUE_AT; i < FNL_REP_FIELD_COUNT; i++) {
		rep[i] = (struct fnl_value){.set = !fnl_desc_rep.fields[i].nullable};
	}
	rep[FNL_REP_CHANGE_CAUSE_ID] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("c")};
	rep[FNL_REP_NEXT_DEADLINE_AT] = (struct fnl_value){.set = true, .i64 = FNL_T0 + 30000};
	struct fnl_book_in in = {.rep = rep, .now_ms = FNL_T0 + 30000, .rules = &w.rules, .arena = &w.arena};
	struct fnl_book_out out;
	assert_int_equal(fnl_book_timer(&in, &out, &w.why), 0);
	assert_ptr_equal(out.event.desc, &fnl_desc_quota_recalculated);
	assert_false(out.rep[FNL_REP_NEXT_DEADLINE_AT].set);
	struct fnl_input change = fnl_input_line(BOOK, "p1", 1, 0);
	in.now_ms = FNL_T0;
	assert_int_equal(fnl_book_line(&in, change.v, &out, &w.why), 0);
	assert_int_equal(out.entry_count, 1); /* nobody has heard of him yet */
	assert_int_equal(out.rep[FNL_REP_RECALCULATION_DUE_AT].i64, FNL_T0 + 30000);
	assert_int_equal(out.rep[FNL_REP_NEXT_DEADLINE_AT].i64, FNL_T0 + 30000);
}

static void another_organisation(void **state)
{
	(void)state;
	hire(1, "emea");
	line("p1", 1, FNL_LINE_STATE_OWNED, FNL_LAYER_TOP);
	hire(2, "apac");
	assert_int_equal(w.out.entry_count, 2);
	entry_is(0, "emea", false, false, 1);
	entry_is(1, "apac", true, false, 1);
	assert_int_equal(w.out.entries[0].values[E(SEQUENCE)].i64, 2);
	assert_int_equal(w.out.entries[1].values[E(SEQUENCE)].i64, 3);
	due_is(0); /* his cells are told there, too */
	fnl_books_rep_timer(&w, BOOK);
	due_is(INT64_MAX);
	hire(3, "emea");
	entry_is(0, "apac", false, false, 1);
	entry_is(1, "emea", true, false, 1);
}

static void has_resigned(bool resigned)
{
	assert_int_equal(rep_value(FNL_REP_RESIGNED).i64, resigned);
}

static void he_leaves(void **state)
{
	(void)state;
	hire(1, "emea");
	assert_int_equal(resign(2, "n1", EMPLOYED_FROM + 90), 0);
	entry_is(0, "emea", true, true, 0);
	assert_int_equal(resign(2, "n1", EMPLOYED_FROM + 90), 0); /* once more */
	assert_true(w.out.stale);
	assert_int_equal(resign(3, "n1", EMPLOYED_FROM + 120), 0); /* a later day: he has resigned all the same */
	nothing_told();
	assert_int_equal(withdraw(4, "n1"), 0);
	entry_is(0, "emea", true, false, 0);
	assert_int_equal(withdraw(6, "n2"), 0); /* before the notice that it takes back */
	assert_int_equal(resign(5, "n2", EMPLOYED_FROM + 90), 0);
	assert_true(w.out.stale);
	has_resigned(false);
	assert_int_equal(resign(7, "n3", EMPLOYED_FROM + 90), 0);
	assert_int_equal(withdraw(8, "n2"), 0); /* of another one */
	has_resigned(true);
	struct fnl_input in = hr(&fnl_desc_rep_left, 9);
	fnl_input_i64(&in, FNL_REP_LEFT_LEFT_ON, EMPLOYED_FROM + 60);
	assert_int_equal(send(in), 0);
	nothing_told();
	has_resigned(true);
	in = hired(10, "emea"); /* employed anew */
	fnl_input_i64(&in, FNL_REP_CHANGED_EMPLOYED_FROM, EMPLOYED_FROM + 61);
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
	entry_is(0, "emea", true, false, 0);
	assert_int_equal(resign(11, "n4", EMPLOYED_FROM + 400), 0);
	entry_is(0, "emea", true, true, 0);
}

static void hr_may_come_in_any_order(void **state)
{
	(void)state;
	assert_int_equal(resign(2, "n1", EMPLOYED_FROM + 90), 0); /* before he is known at all */
	nothing_told();
	hire(1, "emea");
	entry_is(0, "emea", true, true, 0);
	struct fnl_input in = hr(&fnl_desc_rep_left, 0);
	fnl_input_i64(&in, FNL_REP_LEFT_LEFT_ON, 1);
	assert_int_equal(send(in), FNL_E_LIMIT);
	in = hr(&fnl_desc_rep_erased, 1);
	fnl_input_str(&in, FNL_REP_ERASED_REP_ID, "a|b");
	assert_int_equal(send(in), FNL_E_INVALID);
}

static void he_is_forgotten(void **state)
{
	(void)state;
	hire(1, "emea");
	line("p1", 1, FNL_LINE_STATE_OWNED, FNL_LAYER_TOP);
	assert_int_equal(send(hr(&fnl_desc_rep_erased, 5)), 0);
	assert_int_equal(w.out.entry_count, 1);
	entry_is(0, "emea", false, false, 1);
	assert_true(w.out.forgotten);
	due_is(0); /* his cells are in no organisation any more, either */
	fnl_books_rep_timer(&w, BOOK);
	due_is(INT64_MAX);
	hire(4, "emea"); /* late */
	assert_true(w.out.stale);
	line("p2", 1, FNL_LINE_STATE_OWNED, FNL_LAYER_TOP);
	nothing_told();
	due_is(INT64_MAX);
	assert_int_equal(send(hr(&fnl_desc_rep_erased, 5)), 0);
	assert_true(w.out.stale);
	nothing_told();
	hire(6, "emea"); /* HR knows him again */
	entry_is(0, "emea", true, false, 2);
}

static void the_pool_is_nobody(void **state)
{
	(void)state;
	struct fnl_input in = fnl_input_line("pool:UNASSIGNED", "p1", 1, 0);
	assert_int_equal(fnl_books_line(&w, &in, "c"), 0);
	nothing_told();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(who_he_is_is_told_at_once, books_fresh),
		cmocka_unit_test_setup(what_counts_as_open, books_fresh),
		cmocka_unit_test_setup(what_he_carries_is_told_once_in_a_while, books_fresh),
		cmocka_unit_test_setup(the_row_waits_for_the_first_of_two, books_fresh),
		cmocka_unit_test_setup(a_row_from_before, books_fresh),
		cmocka_unit_test_setup(another_organisation, books_fresh),
		cmocka_unit_test_setup(he_leaves, books_fresh),
		cmocka_unit_test_setup(hr_may_come_in_any_order, books_fresh),
		cmocka_unit_test_setup(he_is_forgotten, books_fresh),
		cmocka_unit_test_setup(the_pool_is_nobody, books_fresh),
	};
	return cmocka_run_group_tests(tests, books_start, books_end);
}
