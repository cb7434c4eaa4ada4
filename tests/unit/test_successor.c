/* Who could take a funnel over: each refusal, loads to the last prospect, and the same answer in any order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/core/successor.h"
#include "gen.h"

#include <stdio.h>
#include <stdlib.h>

#define O(name) FNL_ORG_REP_##name
#define R(name) FNL_SUCCESSOR_REFUSAL_##name
#define NOT_GIVEN INT64_C(-1)

enum { REPS_MAX = 64, CODES_MAX = 4 };

/* A rep of the directory. */
struct rep {
	char id[24];
	struct fnl_value codes[2][CODES_MAX];
	struct fnl_value v[FNL_ORG_REP_FIELD_COUNT];
};

static struct fnl_arena arena;
static struct fnl_rules rules;

static int start(void **state)
{
	(void)state;
	fnl_arena_init(&arena, (size_t)1 << 20);
	return 0;
}

static int fresh(void **state)
{
	(void)state;
	fnl_arena_reset(&arena);
	rules = *fnl_rules_default();
	return 0;
}

static int end(void **state)
{
	(void)state;
	fnl_arena_deinit(&arena);
	return 0;
}

static void set_rule(const char *section, const char *key, int64_t value)
{
	size_t count;
	const struct fnl_rule_key *keys = fnl_rules_keys(&count);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].key, key) == 0) {
			rules.values[i] = value;
			return;
		}
	}
	abort();
}

static struct fnl_value number(int64_t n)
{
	return (struct fnl_value){.set = true, .i64 = n};
}

static struct fnl_value text(const char *s)
{
	return (struct fnl_value){.set = true, .str = fnl_span_str(s)};
}

/* Codes of one letter each. */
static void works_in(struct rep *r, size_t which, const char *letters)
{
	size_t count = 0;
	for (const char *p = letters; *p; p++) {
		r->codes[which][count++] = (struct fnl_value){.set = true, .str = fnl_span_of(p, 1)};
	}
	r->v[which ? O(INDUSTRIES) : O(REGIONS)] = (struct fnl_value){.set = true, .list = {r->codes[which], count}};
}

/* Of the organisation, active, in regions N and S, industries a and b. */
static void make(struct rep *r, const char *id, int64_t open, int64_t capacity)
{
	memset(r, 0, sizeof(*r));
	snprintf(r->id, sizeof(r->id), "%s", id);
	r->v[O(ENTRY_SEQUENCE)] = number(1);
	r->v[O(ORG_ID)] = text("org");
	r->v[O(REP_ID)] = text(r->id);
	r->v[O(ACTIVE)] = number(1);
	r->v[O(RESIGNED)] = number(0);
	r->v[O(CAPACITY_PROSPECTS)] = (struct fnl_value){.set = capacity != NOT_GIVEN, .i64 = capacity};
	r->v[O(OPEN_PROSPECTS)] = number(open);
	r->v[O(ASKED_BY)] = (struct fnl_value){.set = true, .list = {NULL, 0}};
	works_in(r, 0, "NS");
	works_in(r, 1, "ab");
}

static struct rep leaver, bob;

static struct fnl_successor_question question(int64_t prospect_count)
{
	make(&leaver, "ann", 30, 50);
	leaver.v[O(RESIGNED)] = number(1);
	return (struct fnl_successor_question){leaver.v, fnl_span_str("ann"), prospect_count};
}

static int check(const struct fnl_successor_question *q, const struct rep *r, int64_t *percent)
{
	int64_t any;
	return fnl_successor_check(q, r ? r->v : NULL, &rules, percent ? percent : &any);
}

static void each_refusal_has_its_case(void **state)
{
	(void)state;
	struct fnl_successor_question q = question(10);
	make(&bob, "bob", 20, 50);
	assert_int_equal(check(&q, &bob, NULL), R(NONE));
	assert_int_equal(check(&q, NULL, NULL), R(UNKNOWN_REP));
	assert_int_equal(check(&q, &leaver, NULL), R(IS_THE_LEAVER));
	bob.v[O(OPEN_PROSPECTS)] = number(51);
	assert_int_equal(check(&q, &bob, NULL), R(OVER_CAPACITY));
	/* from the last reason to the first: each comes before those that are there already */
	works_in(&bob, 1, "ac");
	assert_int_equal(check(&q, &bob, NULL), R(OTHER_INDUSTRY));
	works_in(&bob, 0, "N");
	assert_int_equal(check(&q, &bob, NULL), R(OTHER_REGION));
	bob.v[O(RESIGNED)] = number(1);
	assert_int_equal(check(&q, &bob, NULL), R(RESIGNED));
	bob.v[O(ACTIVE)] = number(0);
	assert_int_equal(check(&q, &bob, NULL), R(INACTIVE));
	bob.v[O(ORG_ID)] = text("other");
	assert_int_equal(check(&q, &bob, NULL), R(OTHER_ORG));
	q.leaver_id = fnl_span_str("bob");
	assert_int_equal(check(&q, &bob, NULL), R(IS_THE_LEAVER));
}

static void empty_lists_say_nothing(void **state)
{
	(void)state;
	struct fnl_successor_question q = question(10);
	make(&bob, "bob", 20, 50);
	works_in(&bob, 0, "");
	works_in(&bob, 1, "");
	assert_int_equal(check(&q, &bob, NULL), R(NONE));
	works_in(&bob, 0, "W");
	assert_int_equal(check(&q, &bob, NULL), R(OTHER_REGION));
	works_in(&leaver, 0, "");
	assert_int_equal(check(&q, &bob, NULL), R(NONE));
	works_in(&bob, 1, "z");
	assert_int_equal(check(&q, &bob, NULL), R(OTHER_INDUSTRY));
	works_in(&leaver, 1, "");
	assert_int_equal(check(&q, &bob, NULL), R(NONE));
	/* more than is needed is no fault, in any order */
	works_in(&leaver, 0, "NS");
	works_in(&bob, 0, "SWN");
	assert_int_equal(check(&q, &bob, NULL), R(NONE));
}

static void of_a_leaver_who_is_not_known_only_the_load_counts(void **state)
{
	(void)state;
	struct fnl_successor_question q = question(10);
	q.leaver = NULL;
	make(&bob, "bob", 20, 50);
	works_in(&bob, 0, "W");
	bob.v[O(ORG_ID)] = text("other");
	assert_int_equal(check(&q, &bob, NULL), R(NONE));
	bob.v[O(OPEN_PROSPECTS)] = number(51);
	assert_int_equal(check(&q, &bob, NULL), R(OVER_CAPACITY));
	q.leaver_id = fnl_span_str("bob");
	assert_int_equal(check(&q, &bob, NULL), R(IS_THE_LEAVER));
}

static void the_load_has_an_exact_border(void **state)
{
	(void)state;
	static const struct {
		int64_t open, count, capacity, max_percent, percent;
		int refusal;
	} cases[] = {
		{50, 10, 50, 120, 120, R(NONE)},
		{51, 10, 50, 120, 122, R(OVER_CAPACITY)},
		{86, 10, NOT_GIVEN, 120, 120, R(NONE)}, /* 80 where it is not given */
		{87, 10, NOT_GIVEN, 120, 122, R(OVER_CAPACITY)},
		{0, 0, 50, 120, 0, R(NONE)},
		{0, 1, 3, 33, 34, R(OVER_CAPACITY)}, /* a third is more than 33 % */
		{0, 1, 3, 34, 34, R(NONE)},
		{83, 1, 70, 120, 120, R(NONE)},
		{84, 1, 70, 120, 122, R(OVER_CAPACITY)},
		{0, 0, 0, 120, INT32_MAX, R(OVER_CAPACITY)}, /* no room at all */
		{0, 1, 0, 120, INT32_MAX, R(OVER_CAPACITY)},
		{INT64_C(1) << 61, INT64_C(1) << 61, 100000, 1000, INT32_MAX, R(OVER_CAPACITY)},
		{999999, 1, 100000, 1000, 1000, R(NONE)},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_successor_question q = question(cases[i].count);
		int64_t percent = -1;
		make(&bob, "bob", cases[i].open, cases[i].capacity);
		set_rule("handover", "load_max_percent", cases[i].max_percent);
		int refusal = check(&q, &bob, &percent);
		if (refusal != cases[i].refusal || percent != cases[i].percent) {
			fail_msg("case %zu: refusal %d, %lld %%", i, refusal, (long long)percent);
		}
	}
	set_rule("handover", "load_max_percent", 120);
	set_rule("handover", "capacity_default", 10);
	struct fnl_successor_question q = question(12);
	make(&bob, "bob", 0, NOT_GIVEN);
	assert_int_equal(check(&q, &bob, NULL), R(NONE));
	make(&bob, "bob", 1, NOT_GIVEN);
	assert_int_equal(check(&q, &bob, NULL), R(OVER_CAPACITY));
}

static void the_lightest_load_comes_first(void **state)
{
	(void)state;
	static struct rep reps[8];
	static const char *const wanted[] = {"dora", "carl", "eve", "bert", "fred"};
	struct fnl_successor_question q = question(10);
	struct fnl_successor_best best = {{NULL}, 0};
	make(&reps[0], "bert", 11, 41);  /* 21/41 */
	make(&reps[1], "gus", 50, 50);   /* fits, and is the sixth */
	make(&reps[2], "carl", 20, 60);  /* 1/2 */
	make(&reps[3], "eve", 10, 40);   /* 1/2, too */
	make(&reps[4], "dora", 0, 80);   /* 1/8 */
	make(&reps[5], "fred", 32, 80);  /* 42/80 */
	make(&reps[6], "hans", 900, 80); /* cannot */
	reps[7] = leaver;
	reps[7].v[O(REP_ID)] = text("ann");
	for (size_t i = 0; i < 8; i++) {
		fnl_successor_consider(&q, reps[i].v, &rules, &best);
	}
	fnl_successor_consider(&q, reps[4].v, &rules, &best); /* twice is once */
	struct fnl_value list;
	assert_int_equal(fnl_successor_list(&q, &best, &rules, &arena, &list), FNL_OK);
	assert_int_equal(list.list.count, 5);
	for (size_t i = 0; i < 5; i++) {
		const struct fnl_value *c = list.list.items[i].list.items;
		assert_true(fnl_span_eq(c[FNL_SUCCESSOR_CANDIDATE_REP_ID].str, fnl_span_str(wanted[i])));
		assert_int_equal(c[FNL_SUCCESSOR_CANDIDATE_REFUSAL].i64, R(NONE));
	}
	const struct fnl_value *first = list.list.items[0].list.items;
	assert_int_equal(first[FNL_SUCCESSOR_CANDIDATE_OPEN_PROSPECTS].i64, 0);
	assert_int_equal(first[FNL_SUCCESSOR_CANDIDATE_CAPACITY_PROSPECTS].i64, 80);
	assert_int_equal(first[FNL_SUCCESSOR_CANDIDATE_LOAD_AFTER_PERCENT].i64, 13);
}

/* Fractions that differ by less than a double can tell. */
static void loads_are_exact(void **state)
{
	(void)state;
	static struct rep reps[2];
	struct fnl_successor_question q = question(0);
	set_rule("handover", "load_max_percent", 1000);
	int64_t big = INT64_C(1) << 60;
	for (int turn = 0; turn < 2; turn++) {
		struct fnl_successor_best best = {{NULL}, 0};
		make(&reps[0], "bert", big - 1, big); /* smaller by 1 in 2^120 */
		make(&reps[1], "adam", big, big + 1);
		fnl_successor_consider(&q, reps[turn].v, &rules, &best);
		fnl_successor_consider(&q, reps[1 - turn].v, &rules, &best);
		assert_true(fnl_span_eq(best.reps[0][O(REP_ID)].str, fnl_span_str("bert")));
	}
}

static void nobody_is_an_empty_list(void **state)
{
	(void)state;
	struct fnl_successor_question q = question(1000);
	struct fnl_successor_best best = {{NULL}, 0};
	struct fnl_value list;
	make(&bob, "bob", 20, 50);
	fnl_successor_consider(&q, bob.v, &rules, &best);
	assert_int_equal(best.count, 0);
	assert_int_equal(fnl_successor_list(&q, &best, &rules, &arena, &list), FNL_OK);
	assert_int_equal(list.list.count, 0);
	struct fnl_arena none;
	fnl_arena_init(&none, 0);
	q = question(1);
	fnl_successor_consider(&q, bob.v, &rules, &best);
	assert_int_equal(best.count, 1);
	assert_int_equal(fnl_successor_list(&q, &best, &rules, &none, &list), FNL_E_NOMEM);
	fnl_arena_deinit(&none);
}

/* ---- any order ---- */

static struct rep many[REPS_MAX];

static void make_some(struct fnl_gen *g, size_t count)
{
	static const char *const letters[] = {"", "N", "S", "NS", "NSW", "W"};
	for (size_t i = 0; i < count; i++) {
		char id[24];
		snprintf(id, sizeof(id), "r%zu", i);
		int64_t capacity = fnl_gen_one_in(g, 5) ? NOT_GIVEN : (int64_t)fnl_gen_below(g, 6) * 10;
		make(&many[i], id, (int64_t)fnl_gen_below(g, 60), capacity);
		if (fnl_gen_one_in(g, 4)) {
			works_in(&many[i], 0, letters[fnl_gen_below(g, 6)]);
		}
		many[i].v[O(ACTIVE)] = number(!fnl_gen_one_in(g, 10));
		many[i].v[O(RESIGNED)] = number(fnl_gen_one_in(g, 10));
	}
}

/* The slow way: the best one that is left, again and again. */
static bool is_lighter(const struct rep *a, const struct rep *b, int64_t count)
{
	int64_t of_a = a->v[O(OPEN_PROSPECTS)].i64 + count;
	int64_t of_b = b->v[O(OPEN_PROSPECTS)].i64 + count;
	int64_t cap_a = a->v[O(CAPACITY_PROSPECTS)].set ? a->v[O(CAPACITY_PROSPECTS)].i64 : 80;
	int64_t cap_b = b->v[O(CAPACITY_PROSPECTS)].set ? b->v[O(CAPACITY_PROSPECTS)].i64 : 80;
	return of_a * cap_b != of_b * cap_a ? of_a * cap_b < of_b * cap_a : strcmp(a->id, b->id) < 0;
}

static size_t pick_slowly(const struct fnl_successor_question *q, size_t count, size_t picks[5])
{
	size_t found = 0;
	while (found < 5) {
		size_t at = REPS_MAX;
		for (size_t i = 0; i < count; i++) {
			bool taken = false;
			for (size_t j = 0; j < found; j++) {
				taken = taken || picks[j] == i;
			}
			if (!taken && check(q, &many[i], NULL) == R(NONE) &&
			    (at == REPS_MAX || is_lighter(&many[i], &many[at], q->prospect_count))) {
				at = i;
			}
		}
		if (at == REPS_MAX) {
			break;
		}
		picks[found++] = at;
	}
	return found;
}

static void any_order_gives_the_same(void **state)
{
	(void)state;
	struct fnl_gen g = fnl_gen_start(7);
	size_t full = 0;
	for (int turn = 0; turn < 300; turn++) {
		size_t count = fnl_gen_below(&g, REPS_MAX);
		size_t order[REPS_MAX];
		size_t picks[5];
		struct fnl_successor_question q = question((int64_t)fnl_gen_below(&g, 30));
		make_some(&g, count);
		size_t wanted = pick_slowly(&q, count, picks);
		for (int again = 0; again < 10; again++) {
			struct fnl_successor_best best = {{NULL}, 0};
			for (size_t i = 0; i < count; i++) {
				order[i] = i;
			}
			fnl_gen_shuffle(&g, order, count);
			for (size_t i = 0; i < count; i++) {
				fnl_successor_consider(&q, many[order[i]].v, &rules, &best);
			}
			assert_int_equal(best.count, wanted);
			for (size_t i = 0; i < wanted; i++) {
				assert_ptr_equal(best.reps[i], many[picks[i]].v);
			}
		}
		full += wanted == 5;
	}
	print_message("300 directories in 10 orders each, %zu of them with five candidates\n", full);
	assert_true(full > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_refusal_has_its_case, fresh),
		cmocka_unit_test_setup(empty_lists_say_nothing, fresh),
		cmocka_unit_test_setup(of_a_leaver_who_is_not_known_only_the_load_counts, fresh),
		cmocka_unit_test_setup(the_load_has_an_exact_border, fresh),
		cmocka_unit_test_setup(the_lightest_load_comes_first, fresh),
		cmocka_unit_test_setup(loads_are_exact, fresh),
		cmocka_unit_test_setup(nobody_is_an_empty_list, fresh),
		cmocka_unit_test_setup(any_order_gives_the_same, fresh),
	};
	return cmocka_run_group_tests(tests, start, end);
}
