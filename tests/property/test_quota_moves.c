/* Frozen quotas of random books under random handovers that are completed, proposals that come true, and commands. What
 * each of them is afterwards is computed apart, line by line in __int128: a line goes once, from where it was frozen,
 * and of what goes to one receiver at once the whole minor units. The sum of all quotas changes by commands alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "book_world_internal.h"
#include "gen.h"

#include <stdio.h>

#define B(name) FNL_BOOK_LINE_##name

enum { RUNS = 400, REPS = 4, LINES_MAX = 24, STEPS = 14, SETTLED = 24 * 3600000 + 1000, E4 = 10000 };

static const char *const reps[REPS] = {"ann", "bob", "cid", "dan"};
static const char *const books[REPS] = {"rep:ann", "rep:bob", "rep:cid", "rep:dan"};

struct model_line {
	char id[8];
	int frozen_in; /* a rep; -1: it is of no quota */
	int owner;
	__int128 worth; /* in 1/10000 of a minor unit */
	bool gone;      /* from its quota */
	int handed_to;  /* by a task of the handover that is on its way; -1: none */
	int asked_to;
	char asked_by[16];
	struct fnl_input in; /* as its owner's book has it */
};

static struct fnl_books w;
static struct {
	struct model_line lines[LINES_MAX];
	size_t line_count;
	__int128 quotas[REPS];
	size_t names; /* of notices and proposals */
	size_t went;  /* lines, of all runs */
	size_t by_proposal;
	size_t stayed;
} m;

static int start(void **state)
{
	(void)state;
	fnl_books_start(&w);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fnl_books_end(&w);
	return 0;
}

static __int128 floor_div(__int128 a, __int128 b)
{
	return a / b - (a % b < 0);
}

static void put_line(struct fnl_gen *g, const char *currency)
{
	static const int64_t bps[] = {2500, 5000, 7500, 10000, 3333, 1};
	struct model_line *l = &m.lines[m.line_count];
	int64_t amount = (int64_t)fnl_gen_below(g, 1000000) - (fnl_gen_one_in(g, 4) ? 500000 : 0);
	int64_t bp = bps[fnl_gen_below(g, 6)];
	bool of_year = !fnl_gen_one_in(g, 6);
	snprintf(l->id, sizeof(l->id), "p%02zu", m.line_count++);
	l->owner = (int)fnl_gen_below(g, REPS);
	l->frozen_in = of_year ? l->owner : -1;
	l->worth = (__int128)amount * bp;
	l->handed_to = l->asked_to = -1;
	l->in = fnl_input_line(books[l->owner], l->id, 1, 0);
	fnl_input_i64(&l->in, B(WEIGHT_BP), bp);
	fnl_input_money(&l->in, B(AMOUNT), amount, currency);
	fnl_input_i64(&l->in, B(EXPECTED_CLOSE_DATE), FNL_DAY_2024 + (of_year ? 300 : 500));
	assert_int_equal(fnl_books_line(&w, &l->in, "c"), 0);
}

static void invent(struct fnl_gen *g)
{
	static const char *const currencies[] = {"USD", "JPY", "KWD"};
	const char *currency = currencies[fnl_gen_below(g, 3)];
	struct fnl_input open = fnl_input_open("r1", "org1", 2024, 1000);
	size_t count = fnl_gen_below(g, LINES_MAX + 1);
	fnl_books_clear(&w);
	memset(m.lines, 0, sizeof(m.lines));
	m.line_count = 0;
	for (size_t i = 0; i < REPS; i++) {
		struct fnl_input in = fnl_input_rep(reps[i], 1, "org1");
		assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
	}
	for (size_t i = 0; i < count; i++) {
		put_line(g, currency);
	}
	fnl_input_str(&open, FNL_OPEN_QUOTA_YEAR_BASE_CURRENCY, currency);
	assert_int_equal(fnl_books_open(&w, &open), 0);
	fnl_books_run_until(&w, SETTLED);
	for (size_t i = 0; i < REPS; i++) {
		m.quotas[i] = fnl_books_quota(&w, books[i], 2024)[FNL_QUOTA_SET_QUOTA].money.amount_minor;
	}
}

/* The rows are as the model is. */
static void look(void)
{
	for (size_t i = 0; i < REPS; i++) {
		struct fnl_money now;
		assert_true(fnl_quota_now(fnl_books_quota(&w, books[i], 2024), &now));
		assert_true(now.amount_minor == (int64_t)m.quotas[i]);
	}
}

static __int128 sum_of_all(void)
{
	__int128 sum = 0;
	for (size_t i = 0; i < REPS; i++) {
		struct fnl_money now;
		assert_true(fnl_quota_now(fnl_books_quota(&w, books[i], 2024), &now));
		sum += now.amount_minor;
	}
	return sum;
}

static void goes(int from, int to, __int128 worth)
{
	__int128 whole = floor_div(worth, E4);
	m.quotas[from] -= whole;
	m.quotas[to] += whole;
}

static bool leaves_quota(const struct model_line *l, int from, int to)
{
	return l->frozen_in == from && !l->gone && to != from;
}

/* Some prospects of a leaver, each to somebody; not all tasks come so far that the source has moved them. */
static void hand_over(struct fnl_gen *g)
{
	int from = (int)fnl_gen_below(g, REPS);
	char *notice = fnl_arena_calloc(&w.arena, 1, 16);
	snprintf(notice, 16, "n%zu", m.names++);
	for (size_t i = 0; i < m.line_count; i++) {
		struct model_line *l = &m.lines[i];
		l->handed_to = -1;
		if (l->owner == from && !fnl_gen_one_in(g, 3)) {
			int to = (int)fnl_gen_below(g, REPS);
			if (to != from) {
				l->handed_to = l->owner = to;
				l->asked_to = -1;
				fnl_books_task_done(&w, books[from], l->id, notice, reps[to]);
				fnl_books_moves_to(&w, &l->in, reps[to]);
			}
		}
	}
	fnl_books_handover_completed(&w, books[from], notice);
	for (int to = 0; to < REPS; to++) {
		__int128 worth = 0;
		for (size_t i = 0; i < m.line_count; i++) {
			struct model_line *l = &m.lines[i];
			if (l->handed_to == to && leaves_quota(l, from, to)) {
				worth += l->worth;
				l->gone = true;
				m.went++;
			}
		}
		goes(from, to, worth);
	}
}

static void propose(struct fnl_gen *g)
{
	struct model_line *l = m.line_count ? &m.lines[fnl_gen_below(g, m.line_count)] : NULL;
	int wanted = (int)fnl_gen_below(g, REPS), to = fnl_gen_one_in(g, 4) ? (int)fnl_gen_below(g, REPS) : wanted;
	bool asks = !fnl_gen_one_in(g, 4);
	char *proposal = fnl_arena_calloc(&w.arena, 1, 16);
	if (!l || l->owner == to || l->owner == wanted) {
		return;
	}
	if (asks) {
		snprintf(proposal, 16, "p%zu", m.names++);
		fnl_books_ask_for(&w, books[l->owner], l->id, proposal, reps[wanted]);
	}
	int from = l->owner;
	bool expected = asks && to == wanted;
	assert_int_equal(fnl_books_moves_to(&w, &l->in, reps[to]), expected);
	l->owner = to;
	if (expected && leaves_quota(l, from, to)) {
		goes(from, to, l->worth);
		l->gone = true;
		m.by_proposal++;
	} else {
		m.stayed++;
	}
}

static void revise(struct fnl_gen *g)
{
	struct fnl_quota_revise_out out;
	int rep = (int)fnl_gen_below(g, REPS);
	int64_t amount = (int64_t)fnl_gen_below(g, 2000000) - 1000000;
	struct fnl_input in = fnl_input_of(&fnl_desc_revise_quota, 0);
	char id[16];
	snprintf(id, sizeof(id), "c%zu", m.names++);
	fnl_input_str(&in, FNL_REVISE_QUOTA_COMMAND_ID, id);
	fnl_input_str(&in, FNL_REVISE_QUOTA_ISSUED_BY, "chief");
	fnl_input_i64(&in, FNL_REVISE_QUOTA_ISSUED_AT, FNL_T0);
	fnl_input_str(&in, FNL_REVISE_QUOTA_REP_ID, reps[rep]);
	fnl_input_i64(&in, FNL_REVISE_QUOTA_FISCAL_YEAR, 2024);
	fnl_input_str(&in, FNL_REVISE_QUOTA_CAUSE, "market");
	const struct fnl_value *row = fnl_books_quota(&w, books[rep], 2024);
	fnl_input_money(&in, FNL_REVISE_QUOTA_ADJUSTMENT, amount, row[FNL_QUOTA_SET_QUOTA].money.currency);
	assert_int_equal(fnl_books_revise(&w, &in, &out), 0);
	bool refused = amount < 0 && m.quotas[rep] + amount < 0;
	assert_int_equal(out.quota == NULL, refused);
	m.quotas[rep] += refused ? 0 : amount;
}

static void what_goes_comes_elsewhere(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct fnl_gen g = {seed};
		invent(&g);
		look();
		for (size_t i = 0; i < STEPS; i++) {
			__int128 before = sum_of_all();
			size_t kind = fnl_gen_below(&g, 7);
			if (kind == 0) {
				revise(&g);
				look();
				continue;
			}
			kind < 3 ? hand_over(&g) : propose(&g);
			look();
			assert_true(sum_of_all() == before);
		}
	}
	print_message("%zu lines went by handovers, %zu by proposals, %zu times nothing went\n", m.went, m.by_proposal,
	              m.stayed);
	assert_true(m.went > RUNS && m.by_proposal > RUNS && m.stayed > RUNS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(what_goes_comes_elsewhere)};
	return cmocka_run_group_tests_name("quotas whose lines go", tests, start, end);
}
