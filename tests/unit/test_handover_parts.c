/* Parts of handovers that stand by themselves: ids of tasks, digests, limits, the sheet that a notice asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "funneld/core/inspection.h"
#include "handover_world.h"

static void ids_of_tasks(void **state)
{
	static const char *const wrong[] = {"",     "#",    "p",   "p#",   "#1",           "p#0",
	                                    "p#01", "p#-1", "p#x", "p#1x", "p#99999999999"};
	struct fnl_arena arena;
	struct fnl_span prospect;
	int64_t number = 0;
	(void)state;
	fnl_arena_init(&arena, 4096);
	struct fnl_span id = fnl_task_id(FNL_SPAN_LIT("a#b"), 12, &arena);
	assert_true(fnl_span_eq(id, FNL_SPAN_LIT("a#b#12")));
	assert_true(fnl_task_id_read(id, &prospect, &number));
	assert_true(fnl_span_eq(prospect, FNL_SPAN_LIT("a#b")));
	assert_int_equal(number, 12);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(fnl_task_id_read(fnl_span_str(wrong[i]), &prospect, &number));
	}
	fnl_arena_deinit(&arena);
}

/* sha256sum says the same of "n1|rival". */
static void digests_of_employers(void **state)
{
	char digest[FNL_EMPLOYER_DIGEST_BYTES + 1];
	char other[FNL_EMPLOYER_DIGEST_BYTES + 1];
	(void)state;
	fnl_employer_digest(FNL_SPAN_LIT("n1"), FNL_SPAN_LIT("rival"), digest);
	assert_string_equal(digest, "0a1e3a6f97fc818edf1ce08489491ba89ec0ed3619d7e4992644a1527fa15059");
	fnl_employer_digest(FNL_SPAN_LIT("n2"), FNL_SPAN_LIT("rival"), other);
	assert_string_not_equal(digest, other);
}

static void funnel_of(struct fnl_hands *w, int prospects)
{
	fnl_hands_start(w, NULL);
	fnl_hands_line(w, "2024-06-03 08:00 rep bo west manager_id=mia");
	for (int i = 0; i < prospects; i++) {
		fnl_hands_say(w, "2024-06-03 08:00 line bo p%02d BOTTOM", i);
	}
	fnl_hands_line(w, "2024-06-03 09:00 resign bo n1 5 last_day=2024-06-28");
}

static int64_t handover_i64(struct fnl_hands *w, int field)
{
	return fnl_hands_row(w, FNL_HANDS_HANDOVER, "bo", "")[field].i64;
}

/* More successors than there may be: the command is refused, nobody is lost. */
static void many_successors(void **state)
{
	enum { MANY = 40 };
	struct fnl_hands w;
	(void)state;
	funnel_of(&w, MANY);
	for (int i = 0; i < MANY; i++) {
		fnl_hands_line(&w, "2024-06-04 09:00 org next NONE");
		(void)snprintf(w.refusals[0].rep, sizeof(w.refusals[0].rep), "s%02d", i);
		fnl_hands_say(&w, "2024-06-04 09:00 name bo n1 s%02d prospect_id=p%02d", i, i);
		w.refusal_count = 0;
	}
	assert_int_equal(w.counts[FNL_HANDS_TASKS], FNL_HANDOVER_SUCCESSORS_MAX);
	assert_int_equal(handover_i64(&w, FNL_HANDOVER_UNNAMED_COUNT), MANY - FNL_HANDOVER_SUCCESSORS_MAX);
	fnl_hands_end(&w);
}

static struct fnl_list contacts_of(struct fnl_hands *w)
{
	return fnl_hands_row(w, FNL_HANDS_TASK, "bo", "p00")[FNL_TASK_CONTACT_IDS].list;
}

/* Persons may have to be forgotten long after; a closed task does not need them, and knows none. */
static void closed_tasks_know_nobody(void **state)
{
	struct fnl_hands w;
	(void)state;
	funnel_of(&w, 1);
	fnl_hands_line(&w, "2024-06-03 10:00 line bo p00 BOTTOM contact_ids=c1,c2");
	assert_int_equal(contacts_of(&w).count, 2);
	fnl_hands_line(&w, "2024-06-03 11:00 line bo p00 BOTTOM contact_ids=c2");
	assert_int_equal(contacts_of(&w).count, 1);
	fnl_hands_line(&w, "2024-06-04 09:00 waive bo n1 p00#1 mia");
	assert_int_equal(contacts_of(&w).count, 0);
	fnl_hands_line(&w, "2024-06-05 09:00 line bo p00 BOTTOM contact_ids=c2,c3");
	assert_int_equal(contacts_of(&w).count, 0);
	fnl_hands_end(&w);
}

/* Of the notices before the latest one the last 16 are known: one of them does not begin anew, an earlier one does. */
static void former_notices(void **state)
{
	struct fnl_hands w;
	(void)state;
	funnel_of(&w, 0);
	for (int i = 2; i <= FNL_HANDOVER_FORMER_MAX + 2; i++) {
		fnl_hands_say(&w, "2024-06-04 09:00 resign bo n%d %d last_day=2024-06-28", i, 10 + i);
	}
	const struct fnl_value *v = fnl_hands_row(&w, FNL_HANDS_HANDOVER, "bo", "");
	assert_int_equal(v[FNL_HANDOVER_FORMER_IDS].list.count, FNL_HANDOVER_FORMER_MAX);
	fnl_hands_line(&w, "2024-06-05 09:00 resign bo n2 90 last_day=2024-06-28");
	v = fnl_hands_row(&w, FNL_HANDS_HANDOVER, "bo", "");
	assert_true(fnl_span_eq(v[FNL_HANDOVER_NOTICE_ID].str, FNL_SPAN_LIT("n18")));
	fnl_hands_line(&w, "2024-06-05 09:00 resign bo n1 91 last_day=2024-06-28");
	v = fnl_hands_row(&w, FNL_HANDS_HANDOVER, "bo", "");
	assert_true(fnl_span_eq(v[FNL_HANDOVER_NOTICE_ID].str, FNL_SPAN_LIT("n1")));
	fnl_hands_end(&w);
}

/* All that are lost are counted; the first 32 by id are listed, also when they come in another order. */
static void many_are_lost(void **state)
{
	enum { MANY = FNL_HANDOVER_LOST_IDS_MAX + 2 };
	struct fnl_hands w;
	(void)state;
	funnel_of(&w, MANY);
	for (int i = 0; i < MANY; i++) {
		fnl_hands_say(&w, "2024-06-04 09:00 waive bo n1 p%02d#1 mia", i);
	}
	fnl_hands_line(&w, "2024-06-05 12:00 review bo n1 true");
	assert_int_equal(handover_i64(&w, FNL_HANDOVER_WAIVED_COUNT), MANY);
	for (int i = MANY - 1; i >= 0; i--) {
		fnl_hands_say(&w, "2024-07-01 09:00 line bo p%02d LOST lost_to_id=other", i);
		int lost = MANY - i;
		struct fnl_list ids = fnl_hands_row(&w, FNL_HANDS_HANDOVER, "bo", "")[FNL_HANDOVER_LOST_IDS].list;
		assert_int_equal(handover_i64(&w, FNL_HANDOVER_LOST_COUNT), lost);
		assert_int_equal(ids.count, lost < FNL_HANDOVER_LOST_IDS_MAX ? lost : FNL_HANDOVER_LOST_IDS_MAX);
		assert_int_equal(atoi((const char *)ids.items[0].str.data + 1), i);
	}
	fnl_hands_end(&w);
}

/* More questions than there may be at once. */
static void many_checks(void **state)
{
	struct fnl_hands w;
	(void)state;
	funnel_of(&w, 1);
	fnl_hands_line(&w, "2024-06-04 09:00 hold");
	for (int i = 0; i < FNL_HANDOVER_CHECKS_MAX + 3; i++) {
		fnl_hands_say(&w, "2024-06-04 09:00 name bo n1 s%d command_id=k%d", i, i);
		fnl_hands_say(&w, "2024-06-04 09:00 name bo n1 s%d command_id=k%d", i, i); /* the same again */
	}
	assert_int_equal(w.answer_count, FNL_HANDOVER_CHECKS_MAX);
	fnl_hands_line(&w, "2024-06-04 09:00 answers");
	assert_int_equal(w.answer_count, 0);
	assert_int_equal(fnl_hands_row(&w, FNL_HANDS_HANDOVER, "bo", "")[FNL_HANDOVER_CHECKS].list.count, 0);
	fnl_hands_end(&w);
}

/* The whole funnel is a sheet at the notice, once; and when a command waits, it is that sheet. */
static void a_notice_asks_for_a_sheet(void **state)
{
	static const struct fnl_span book = FNL_SPAN_LIT("rep:ann");
	const struct fnl_span none = FNL_SPAN_NONE;
	struct fnl_arena arena;
	struct fnl_value *row = NULL;
	struct fnl_value *again = NULL;
	struct fnl_inspection_page page = {.last = true};
	struct fnl_inspection_out out;
	(void)state;
	fnl_arena_init(&arena, 1 << 20);
	struct fnl_inspection_in in = {.now_ms = 1700000000005, .rules = fnl_rules_default(), .arena = &arena};
	assert_int_equal(fnl_inspection_noticed(&in, book, FNL_SPAN_LIT("n"), none, &row), 0);
	assert_true(fnl_span_eq(row[FNL_INSPECTION_BOOK].str, book));
	assert_int_equal(row[FNL_INSPECTION_ASKED_AT].i64, in.now_ms);
	assert_int_equal(row[FNL_INSPECTION_NEXT_DEADLINE_AT].i64, in.now_ms);
	in.row = row;
	assert_int_equal(fnl_inspection_noticed(&in, book, FNL_SPAN_LIT("n"), none, &again), 0);
	assert_null(again);
	assert_int_equal(fnl_inspection_step(&in, &page, &out), 0);
	assert_int_equal(out.row[FNL_INSPECTION_TRIGGER].i64, FNL_SHEET_TRIGGER_NOTICE);
	assert_false(out.row[FNL_INSPECTION_ASKED_FOR].set);
	assert_true(fnl_span_eq(out.cause_id, FNL_SPAN_LIT("n")));
	struct fnl_value waits[FNL_INSPECTION_FIELD_COUNT];
	memcpy(waits, out.row, sizeof(waits));
	waits[FNL_INSPECTION_ASKED_AT] = (struct fnl_value){.set = true, .i64 = in.now_ms - 4};
	waits[FNL_INSPECTION_CAUSE_ID] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("command")};
	in.row = waits;
	assert_int_equal(fnl_inspection_noticed(&in, book, FNL_SPAN_LIT("m"), none, &row), 0);
	assert_int_equal(row[FNL_INSPECTION_ASKED_AT].i64, in.now_ms - 4);
	assert_true(fnl_span_eq(row[FNL_INSPECTION_CAUSE_ID].str, FNL_SPAN_LIT("command")));
	in.row = row;
	assert_int_equal(fnl_inspection_step(&in, &page, &out), 0);
	assert_int_equal(out.row[FNL_INSPECTION_TRIGGER].i64, FNL_SHEET_TRIGGER_NOTICE);
	fnl_arena_deinit(&arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_of_tasks),  cmocka_unit_test(digests_of_employers),     cmocka_unit_test(many_successors),
		cmocka_unit_test(many_checks),   cmocka_unit_test(closed_tasks_know_nobody), cmocka_unit_test(former_notices),
		cmocka_unit_test(many_are_lost), cmocka_unit_test(a_notice_asks_for_a_sheet)};
	return cmocka_run_group_tests_name("parts of handovers", tests, NULL, NULL);
}
