/* What a departure brings to light: every seeded tampering, and nothing on an honest funnel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tamper.h"

#include <stdio.h>

#define C(field) FNL_ADVERSE_CHANGE_##field
#define K(kind) FNL_ADVERSE_KIND_##kind
#define DAY INT64_C(86400000)
#define NOTICE (INT64_C(20000) * DAY) /* when it is given */

enum { LOOKBACK_DAYS = 60 };

static struct fnl_arena arena;
static struct fnl_tamper t;

/* Over many lines. */
struct score {
	size_t wanted;
	size_t told;
	size_t right;
};

static void print_score(const char *of, const struct score *s)
{
	print_message("%s: %zu tamperings, %zu findings, %zu of them right: precision %.4f, recall %.4f\n", of, s->wanted,
	              s->told, s->right, s->told ? (double)s->right / (double)s->told : 1.0,
	              s->wanted ? (double)s->right / (double)s->wanted : 1.0);
	assert_int_equal(s->right, s->told);
	assert_int_equal(s->right, s->wanted);
}

static int start(void **state)
{
	(void)state;
	fnl_arena_init(&arena, (size_t)1 << 28);
	return 0;
}

static int fresh(void **state)
{
	(void)state;
	fnl_arena_reset(&arena);
	fnl_tamper_start(&t, &arena, NOTICE);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fnl_arena_deinit(&arena);
	return 0;
}

static struct fnl_reconcile_in asked(const struct fnl_value *line)
{
	return (struct fnl_reconcile_in){
		.leaver_id = FNL_SPAN_LIT("leaver"),
		.successor_id = FNL_SPAN_LIT("successor"),
		.notice_at_ms = NOTICE,
		.from_ms = NOTICE - LOOKBACK_DAYS * DAY,
		.sheet_number = t.sheet_at_ms ? 7 : 0,
		.sheet_at_ms = t.sheet_at_ms,
		.line = line,
		.arena = &arena,
	};
}

static struct fnl_finding found[FNL_RECONCILE_MAX];

static size_t look(void)
{
	size_t count = 99;
	struct fnl_reconcile_in in = asked(fnl_tamper_line(&t));
	assert_int_equal(fnl_reconcile_line(&in, found, &count), FNL_OK);
	return count;
}

static size_t look_at_change(const struct fnl_value *before)
{
	size_t count = 99;
	struct fnl_reconcile_in in = asked(fnl_tamper_line(&t));
	assert_int_equal(fnl_reconcile_change(&in, before, found, &count), FNL_OK);
	return count;
}

static void expect_nothing(void)
{
	assert_int_equal(look(), 0);
}

/* ---- seeded cases ---- */

/* One tampering, by whom it may be, and what is to be told of it. */
struct seeded {
	const char *name;
	enum fnl_tamper_act act;
	int64_t value;
	int kind;
	int64_t old_minor; /* -1: null */
	int64_t new_minor;
	int64_t old_bp;
	int64_t new_bp;
	const char *old_code;
	const char *new_code;
	bool by_leaver_only; /* of what nobody known did it is no finding */
};

static const struct seeded cases[] = {
	{"deleted", FNL_DO_DELETE, 0, K(DELETED), -1, -1, -1, -1, "BOTTOM", "DELETED", false},
	{"owner moved", FNL_DO_OWNER, 1, K(OWNER_MOVED), -1, -1, -1, -1, "leaver", "other", false},
	{"owner taken away", FNL_DO_OWNER, -1, K(OWNER_MOVED), -1, -1, -1, -1, "leaver", NULL, false},
	{"amount lowered", FNL_DO_AMOUNT, 40000, K(AMOUNT_LOWERED), 100000, 40000, -1, -1, NULL, NULL, false},
	{"amount cleared", FNL_DO_AMOUNT, -1, K(AMOUNT_LOWERED), 100000, -1, -1, -1, NULL, NULL, false},
	{"probability lowered", FNL_DO_BP, 1000, K(PROBABILITY_LOWERED), -1, -1, 7500, 1000, NULL, NULL, false},
	{"probability cleared", FNL_DO_BP, -1, K(PROBABILITY_LOWERED), -1, -1, 7500, -1, NULL, NULL, false},
	{"moved up", FNL_DO_LAYER, FNL_LAYER_TOP, K(MOVED_UP), -1, -1, -1, -1, "BOTTOM", "TOP", false},
	{"lost without a reason", FNL_DO_LOSE, 0, K(LOST_WITHOUT_REASON), -1, -1, -1, -1, "BOTTOM", "LOST", false},
	{"contact unlinked", FNL_DO_UNLINK, 3, K(CONTACT_UNLINKED), -1, -1, -1, -1, "person-3", NULL, false},
	{"edited after notice", FNL_DO_TOUCH, 0, K(EDITED), -1, -1, -1, -1, NULL, NULL, true},
	{"amount raised after notice", FNL_DO_AMOUNT, 120000, K(EDITED), 100000, 120000, -1, -1, NULL, NULL, true},
	{"moved down after notice", FNL_DO_LOSE, 1, K(EDITED), -1, -1, -1, -1, "BOTTOM", "LOST", true},
};

static struct fnl_value code(const char *s)
{
	return (struct fnl_value){.set = s != NULL, .str = fnl_span_str(s)};
}

static struct fnl_value bp(int64_t v)
{
	return (struct fnl_value){.set = v >= 0, .i64 = v};
}

static struct fnl_value usd(int64_t minor)
{
	struct fnl_value v = {.set = minor >= 0};
	v.money.amount_minor = minor;
	memcpy(v.money.currency, "USD", 4);
	return v;
}

static bool says(const struct fnl_finding *f, const struct seeded *c, const char *by, int64_t at_ms, bool with_values)
{
	struct fnl_value v[C(FIELD_COUNT)] = {{0}};
	v[C(KIND)] = bp(c->kind);
	v[C(AT)] = bp(at_ms);
	v[C(BY)] = code(c->kind == K(DELETED) ? NULL : by);
	if (with_values) {
		v[C(OLD_AMOUNT)] = usd(c->old_minor);
		v[C(NEW_AMOUNT)] = usd(c->new_minor);
		v[C(OLD_BP)] = bp(c->old_bp);
		v[C(NEW_BP)] = bp(c->new_bp);
		v[C(OLD_CODE)] = code(c->old_code);
		v[C(NEW_CODE)] = code(c->new_code);
	}
	return fnl_tamper_same(f->change, v) && fnl_tamper_same_values(f->change, v);
}

/* When it was done, in days from the notice, and when the sheet was made; 0: there is none. */
static const struct when {
	const char *name;
	int64_t at_day;
	int64_t sheet_day;
	bool late;
} whens[] = {
	{"before the sheet and the notice", -10, -3, false}, {"since the sheet, before the notice", -2, -3, false},
	{"since the sheet, after the notice", 1, -3, false}, {"after the notice, before the sheet", 1, 2, false},
	{"since a sheet after the notice", 3, 2, false},     {"before the notice, no sheet", -10, 0, false},
	{"after the notice, no sheet", 1, 0, false},         {"before the sheet, and came late", -5, -3, true},
};

static void try_case(const struct seeded *c, const struct when *w, enum fnl_tamper_actor by, bool moved_by_program,
                     struct score *score)
{
	int64_t at_ms = NOTICE + w->at_day * DAY;
	int64_t sheet_ms = w->sheet_day ? NOTICE + w->sheet_day * DAY : 0;
	bool since = w->sheet_day && (w->at_day > w->sheet_day || w->late);
	fresh(NULL);
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - 70 * DAY, FNL_DO_TOUCH, 0);
	if (sheet_ms && (since || w->late)) {
		fnl_tamper_sheet(&t, sheet_ms);
	}
	fnl_tamper_do(&t, by, at_ms, c->act, c->value);
	if (sheet_ms && !since) {
		fnl_tamper_sheet(&t, sheet_ms);
		fnl_tamper_do(&t, FNL_BY_PROGRAM, sheet_ms + DAY, FNL_DO_TOUCH, 0); /* so that there is an image */
	}
	if (moved_by_program) {
		fnl_tamper_do(&t, FNL_BY_PROGRAM, at_ms + 5 * DAY, FNL_DO_OWNER, 1);
	}
	bool expected = c->kind != K(EDITED) || (by == FNL_BY_LEAVER && w->at_day > 0);
	size_t count = look();
	score->wanted += expected;
	score->told += count;
	/* the values of an edit are those that the sheet's copy has otherwise */
	bool right = count == 1 && expected &&
	             says(&found[0], c, by == FNL_BY_LEAVER ? "leaver" : NULL, at_ms, c->kind != K(EDITED) || since) &&
	             found[0].after_notice == (w->at_day > 0) && found[0].since_sheet == since;
	score->right += right;
	if (count != (size_t)expected || (expected && !right)) {
		print_message("%s, %s, by %d: %zu findings\n", c->name, w->name, by, count);
	}
}

static void each_seeded_tampering_is_found(void **state)
{
	(void)state;
	struct score score = {0};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t j = 0; j < sizeof(whens) / sizeof(whens[0]); j++) {
			for (int flipped = 0; flipped < 2; flipped++) {
				bool flip = flipped && cases[i].act != FNL_DO_OWNER;
				try_case(&cases[i], &whens[j], FNL_BY_LEAVER, flip, &score);
				try_case(&cases[i], &whens[j], FNL_BY_UNKNOWN, flip, &score);
			}
		}
	}
	print_score("seeded cases", &score);
}

static void a_rep_who_takes_a_prospect_is_told(void **state)
{
	(void)state;
	fnl_tamper_do(&t, FNL_BY_OTHER, NOTICE - DAY, FNL_DO_OWNER, 1);
	assert_int_equal(look(), 1);
	assert_int_equal(found[0].change[C(KIND)].i64, K(OWNER_MOVED));
	assert_true(fnl_span_eq(found[0].change[C(BY)].str, FNL_SPAN_LIT("other")));
	/* what he does with it then is his */
	fnl_tamper_do(&t, FNL_BY_OTHER, NOTICE, FNL_DO_AMOUNT, 10);
	assert_int_equal(look(), 1);
}

static void the_moment_of_the_notice_is_after_it(void **state)
{
	(void)state;
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - 1, FNL_DO_AMOUNT, 90000);
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE, FNL_DO_AMOUNT, 80000);
	assert_int_equal(look(), 2);
	assert_false(found[0].after_notice);
	assert_true(found[1].after_notice);
}

static void the_lookback_has_an_end(void **state)
{
	(void)state;
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - LOOKBACK_DAYS * DAY - 1, FNL_DO_AMOUNT, 90000);
	expect_nothing();
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - LOOKBACK_DAYS * DAY, FNL_DO_AMOUNT, 80000);
	assert_int_equal(look(), 1);
}

/* ---- honest funnels ---- */

static void progress_is_none(void **state)
{
	(void)state;
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - 9 * DAY, FNL_DO_LAYER, FNL_LAYER_BOTTOM);
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - 8 * DAY, FNL_DO_AMOUNT, 200000);
	fnl_tamper_sheet(&t, NOTICE - 7 * DAY);
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - 6 * DAY, FNL_DO_BP, 9000);
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - 5 * DAY, FNL_DO_LINK, 9);
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - 4 * DAY, FNL_DO_LOSE, 1);
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - 3 * DAY, FNL_DO_LAYER, FNL_LAYER_WON);
	expect_nothing();
}

static void managers_and_programs_are_not_asked_about(void **state)
{
	(void)state;
	for (enum fnl_tamper_actor by = FNL_BY_MANAGER; by <= FNL_BY_PROGRAM; by++) {
		fresh(NULL);
		fnl_tamper_sheet(&t, NOTICE - 20 * DAY);
		int64_t at_ms = NOTICE - 9 * DAY;
		fnl_tamper_do(&t, by, at_ms++, FNL_DO_AMOUNT, 10);
		fnl_tamper_do(&t, by, at_ms++, FNL_DO_BP, 10);
		fnl_tamper_do(&t, by, at_ms++, FNL_DO_LAYER, FNL_LAYER_TOP);
		fnl_tamper_do(&t, by, at_ms++, FNL_DO_UNLINK, 2);
		fnl_tamper_do(&t, by, at_ms++, FNL_DO_OWNER, 1);
		fnl_tamper_do(&t, by, at_ms++, FNL_DO_LOSE, 0);
		/* also when the leaver was the last to edit it, before the notice */
		fnl_tamper_do(&t, FNL_BY_LEAVER, at_ms++, FNL_DO_TOUCH, 0);
		expect_nothing();
		fnl_tamper_do(&t, by, NOTICE + DAY, FNL_DO_AMOUNT, 5);
		expect_nothing();
	}
}

static void a_contact_erased_by_right_is_none(void **state)
{
	(void)state;
	fnl_tamper_sheet(&t, NOTICE - 20 * DAY);
	fnl_tamper_do(&t, FNL_BY_PROGRAM, NOTICE - 9 * DAY, FNL_DO_ERASE_CONTACT, 2);
	expect_nothing();
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - 8 * DAY, FNL_DO_UNLINK, 3);
	assert_int_equal(look(), 1);
	/* nor one who was unlinked, and is erased then */
	fnl_tamper_do(&t, FNL_BY_PROGRAM, NOTICE - 7 * DAY, FNL_DO_ERASE_CONTACT, 3);
	expect_nothing();
}

static void other_rules_are_none(void **state)
{
	(void)state;
	fnl_tamper_sheet(&t, NOTICE - 20 * DAY);
	fnl_tamper_do(&t, FNL_BY_PROGRAM, NOTICE - 9 * DAY, FNL_DO_RULES, FNL_LAYER_TOP);
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - 8 * DAY, FNL_DO_TOUCH, 0);
	expect_nothing();
}

static void the_successor_may_have_it(void **state)
{
	(void)state;
	static const enum fnl_tamper_actor by[] = {FNL_BY_LEAVER, FNL_BY_OTHER, FNL_BY_UNKNOWN};
	for (size_t i = 0; i < 3; i++) {
		fresh(NULL);
		fnl_tamper_do(&t, by[i], NOTICE + DAY, FNL_DO_OWNER, 2);
		expect_nothing();
		/* and what is his nobody asks the leaver about, unless the leaver does it */
		fnl_tamper_do(&t, FNL_BY_UNKNOWN, NOTICE + 2 * DAY, FNL_DO_AMOUNT, 50000);
		expect_nothing();
		fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE + 3 * DAY, FNL_DO_AMOUNT, 5000);
		assert_int_equal(look(), 1);
	}
}

static void a_prospect_that_comes_is_none(void **state)
{
	(void)state;
	fnl_tamper_do(&t, FNL_BY_MANAGER, NOTICE - 9 * DAY, FNL_DO_OWNER, 1);
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - 8 * DAY, FNL_DO_OWNER, 0);
	expect_nothing();
}

/* ---- where the list has overflown ---- */

static void overflow(int64_t at_ms)
{
	for (int64_t i = 0; i < FNL_ADVERSE_MAX; i++) {
		fnl_tamper_do(&t, FNL_BY_LEAVER, at_ms + i, FNL_DO_LINK, 10 + i % 6);
		fnl_tamper_do(&t, FNL_BY_LEAVER, at_ms + i, FNL_DO_UNLINK, 10 + i % 6);
	}
}

static void the_sheet_has_what_was_pushed_out(void **state)
{
	(void)state;
	struct score score = {0};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct seeded *c = &cases[i];
		bool by_list_alone = c->kind == K(DELETED) || c->kind == K(CONTACT_UNLINKED) || c->kind == K(EDITED);
		for (int after = 0; after < 2 && !by_list_alone; after++) {
			int64_t sheet_ms = after ? NOTICE + DAY : NOTICE - 9 * DAY;
			fresh(NULL);
			fnl_tamper_sheet(&t, sheet_ms);
			fnl_tamper_do(&t, FNL_BY_LEAVER, sheet_ms + DAY, c->act, c->value);
			overflow(sheet_ms + 2 * DAY);
			size_t count = look();
			score.wanted += FNL_ADVERSE_MAX + 1;
			score.told += count;
			score.right += FNL_ADVERSE_MAX;
			assert_int_equal(count, FNL_ADVERSE_MAX + 1);
			/* when it was is not known any more: not after the oldest that is */
			score.right += says(&found[8], c, "leaver", sheet_ms + 2 * DAY, true) && found[8].after_notice == after &&
			               found[8].since_sheet;
		}
	}
	print_score("seeded cases in a list that has overflown", &score);
}

static void several_values_of_one_kind_are_one_chain(void **state)
{
	(void)state;
	fnl_tamper_sheet(&t, NOTICE - 20 * DAY);
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - 19 * DAY, FNL_DO_AMOUNT, 80000);
	for (int64_t i = 0; i < FNL_ADVERSE_MAX; i++) {
		fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - 10 * DAY + i, FNL_DO_AMOUNT, 70000 - i);
	}
	assert_int_equal(look(), FNL_ADVERSE_MAX + 1);
	const struct fnl_value *change = found[FNL_ADVERSE_MAX].change;
	assert_int_equal(change[C(OLD_AMOUNT)].money.amount_minor, 100000);
	assert_int_equal(change[C(NEW_AMOUNT)].money.amount_minor, 80000);
	/* one more, and what is left is longer */
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - 9 * DAY, FNL_DO_AMOUNT, 60000);
	assert_int_equal(look(), FNL_ADVERSE_MAX + 1);
	assert_int_equal(found[FNL_ADVERSE_MAX].change[C(NEW_AMOUNT)].money.amount_minor, 70000);
}

static void nothing_is_made_of_a_list_that_is_merely_full(void **state)
{
	(void)state;
	fnl_tamper_sheet(&t, NOTICE - 20 * DAY);
	overflow(NOTICE - 19 * DAY);
	assert_int_equal(look(), FNL_ADVERSE_MAX);
	/* a program has moved it when the notice came */
	fnl_tamper_do(&t, FNL_BY_PROGRAM, NOTICE, FNL_DO_OWNER, 1);
	assert_int_equal(look(), FNL_ADVERSE_MAX);
	/* the manager was the last: he knows what he did */
	fnl_tamper_do(&t, FNL_BY_MANAGER, NOTICE, FNL_DO_AMOUNT, 10);
	assert_int_equal(look(), FNL_ADVERSE_MAX);
	/* other rules */
	fnl_tamper_start(&t, &arena, NOTICE);
	fnl_tamper_sheet(&t, NOTICE - 20 * DAY);
	overflow(NOTICE - 19 * DAY);
	fnl_tamper_do(&t, FNL_BY_PROGRAM, NOTICE, FNL_DO_RULES, FNL_LAYER_TOP);
	assert_int_equal(look(), FNL_ADVERSE_MAX);
	/* all of it is from before the sheet, so that nothing since was pushed out */
	fnl_tamper_start(&t, &arena, NOTICE);
	overflow(NOTICE - 19 * DAY);
	fnl_tamper_sheet(&t, NOTICE - 9 * DAY);
	fnl_tamper_do(&t, FNL_BY_MANAGER, NOTICE - 8 * DAY, FNL_DO_AMOUNT, 10);
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - 7 * DAY, FNL_DO_LINK, 9);
	assert_int_equal(look(), FNL_ADVERSE_MAX);
	/* a contact who is in no change may have been erased */
	fnl_tamper_do(&t, FNL_BY_PROGRAM, NOTICE, FNL_DO_ERASE_CONTACT, 1);
	assert_int_equal(look(), FNL_ADVERSE_MAX);
}

/* ---- since the listing ---- */

static void a_change_brings_what_is_new(void **state)
{
	(void)state;
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - DAY, FNL_DO_AMOUNT, 90000);
	const struct fnl_value *before = fnl_tamper_line(&t);
	assert_int_equal(look_at_change(NULL), 1); /* new in the book: all that is known of it */
	assert_int_equal(look_at_change(before), 0);
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE + DAY, FNL_DO_AMOUNT, 80000);
	assert_int_equal(look_at_change(before), 1);
	assert_int_equal(found[0].change[C(OLD_AMOUNT)].money.amount_minor, 90000);
	before = fnl_tamper_line(&t);
	/* an edit says what it changed, not what the sheet has otherwise */
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE + 2 * DAY, FNL_DO_BP, 8000);
	assert_int_equal(look_at_change(before), 1);
	assert_int_equal(found[0].change[C(KIND)].i64, K(EDITED));
	assert_int_equal(found[0].change[C(OLD_BP)].i64, 7500);
	assert_false(found[0].change[C(OLD_AMOUNT)].set);
	before = fnl_tamper_line(&t);
	fnl_tamper_do(&t, FNL_BY_PROGRAM, NOTICE + 3 * DAY, FNL_DO_BP, 10);
	assert_int_equal(look_at_change(before), 0);
}

static void a_change_of_a_full_list_brings_only_what_is_new(void **state)
{
	(void)state;
	fnl_tamper_sheet(&t, NOTICE - 20 * DAY);
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - 19 * DAY, FNL_DO_AMOUNT, 90000);
	overflow(NOTICE - 18 * DAY);
	const struct fnl_value *before = fnl_tamper_line(&t);
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE + DAY, FNL_DO_BP, 10);
	assert_int_equal(look_at_change(before), 1);
	assert_int_equal(found[0].change[C(KIND)].i64, K(PROBABILITY_LOWERED));
	before = fnl_tamper_line(&t);
	fnl_tamper_do(&t, FNL_BY_PROGRAM, NOTICE + 2 * DAY, FNL_DO_ERASE_CONTACT, 12); /* takes some out of the middle */
	assert_int_equal(look_at_change(before), 0);
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE + 3 * DAY, FNL_DO_UNLINK, 1);
	assert_int_equal(look_at_change(before), 1);
}

static void without_memory_nothing_is_returned(void **state)
{
	(void)state;
	fnl_tamper_sheet(&t, NOTICE - 20 * DAY);
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE - 19 * DAY, FNL_DO_AMOUNT, 90000);
	overflow(NOTICE - 18 * DAY);
	fnl_tamper_do(&t, FNL_BY_LEAVER, NOTICE + DAY, FNL_DO_TOUCH, 0);
	size_t count = 99;
	int failed = 0;
	int r = FNL_E_NOMEM;
	for (size_t limit = 0; r == FNL_E_NOMEM; limit += 64) {
		struct fnl_arena small;
		struct fnl_reconcile_in in = asked(fnl_tamper_line(&t));
		fnl_arena_init(&small, limit);
		in.arena = &small;
		r = fnl_reconcile_line(&in, found, &count);
		failed += r == FNL_E_NOMEM;
		assert_true(r == FNL_OK || count == 99);
		fnl_arena_deinit(&small);
	}
	assert_int_equal(r, FNL_OK);
	assert_int_equal(count, FNL_ADVERSE_MAX + 2);
	assert_true(failed > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_seeded_tampering_is_found, fresh),
		cmocka_unit_test_setup(a_rep_who_takes_a_prospect_is_told, fresh),
		cmocka_unit_test_setup(the_moment_of_the_notice_is_after_it, fresh),
		cmocka_unit_test_setup(the_lookback_has_an_end, fresh),
		cmocka_unit_test_setup(progress_is_none, fresh),
		cmocka_unit_test_setup(managers_and_programs_are_not_asked_about, fresh),
		cmocka_unit_test_setup(a_contact_erased_by_right_is_none, fresh),
		cmocka_unit_test_setup(other_rules_are_none, fresh),
		cmocka_unit_test_setup(the_successor_may_have_it, fresh),
		cmocka_unit_test_setup(a_prospect_that_comes_is_none, fresh),
		cmocka_unit_test_setup(the_sheet_has_what_was_pushed_out, fresh),
		cmocka_unit_test_setup(several_values_of_one_kind_are_one_chain, fresh),
		cmocka_unit_test_setup(nothing_is_made_of_a_list_that_is_merely_full, fresh),
		cmocka_unit_test_setup(a_change_brings_what_is_new, fresh),
		cmocka_unit_test_setup(a_change_of_a_full_list_brings_only_what_is_new, fresh),
		cmocka_unit_test_setup(without_memory_nothing_is_returned, fresh),
	};
	return cmocka_run_group_tests(tests, start, end);
}
