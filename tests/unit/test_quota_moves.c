/* Frozen quotas after their lines have gone to others, told line by line: golden/quota-moves.txt. The sum of all of
 * them is the same before and after, to the minor unit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "book_world_internal.h"
#include "golden.h"

#include <stdio.h>

#define B(name) FNL_BOOK_LINE_##name
#define R(name) FNL_QUOTA_REVISION_##name

enum { REPS = 3, LINES = 5, D24 = (int)FNL_DAY_2024, SETTLED = 24 * 3600000 + 1000, MINUTE = 60000 };
static const char *const reps[REPS] = {"ann", "bob", "cid"};

static struct fnl_books w;
static struct fnl_golden golden;
static struct fnl_input lines[LINES]; /* as their books have them */
static size_t line_count;

static int end(void **state)
{
	(void)state;
	fnl_books_end(&w);
	return 0;
}

struct text {
	char s[96];
};

static struct text word(struct fnl_span s)
{
	struct text t;
	snprintf(t.s, sizeof(t.s), "%.*s", (int)s.len, (const char *)s.data);
	return t;
}

static struct text minor(int64_t v, int64_t e4)
{
	struct text t;
	int n = snprintf(t.s, sizeof(t.s), "%lld", (long long)v);
	if (e4) {
		snprintf(t.s + n, sizeof(t.s) - (size_t)n, ".%04lld", (long long)e4);
	}
	return t;
}

static struct text book_of(const char *rep)
{
	struct text t;
	snprintf(t.s, sizeof(t.s), "rep:%s", rep);
	return t;
}

static void example(const char *title)
{
	fnl_books_clear(&w);
	line_count = 0;
	fnl_golden_add(&golden, "%s%s\n", golden.len ? "\n" : "", title);
	for (size_t i = 0; i < REPS; i++) {
		struct fnl_input in = fnl_input_rep(reps[i], 1, "org1");
		assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
	}
}

static void line(const char *rep, const char *id, int64_t amount, int64_t weight_bp, const char *currency)
{
	struct fnl_input in = fnl_input_line(book_of(rep).s, id, 1, 0);
	in.v[B(BOOK)].str = fnl_arena_dup(&w.arena, in.v[B(BOOK)].str);
	fnl_input_i64(&in, B(WEIGHT_BP), weight_bp);
	fnl_input_money(&in, B(AMOUNT), amount, currency);
	assert_int_equal(fnl_books_line(&w, &in, "c"), 0);
	lines[line_count++] = in;
}

static struct fnl_input *line_of(const char *id)
{
	size_t i = 0;
	while (!fnl_span_eq(lines[i].v[B(PROSPECT_ID)].str, fnl_span_str(id))) {
		i++;
	}
	return &lines[i];
}

/* What is left of each quota, by what, and the sum of all. */
static void show(const char *when)
{
	__int128 sum = 0;
	fnl_golden_add(&golden, "  %s\n", when);
	for (size_t i = 0; i < REPS; i++) {
		const struct fnl_value *q = fnl_books_quota(&w, book_of(reps[i]).s, 2024);
		struct fnl_money now;
		assert_true(fnl_quota_now(q, &now));
		sum += now.amount_minor;
		fnl_golden_add(&golden, "    %s: frozen %s, now %s %s\n", reps[i],
		               minor(q[FNL_QUOTA_SET_QUOTA].money.amount_minor, 0).s, minor(now.amount_minor, 0).s,
		               now.currency);
		struct fnl_list all = q[FNL_QUOTA_SET_REVISIONS].list;
		for (size_t k = 0; k < all.count; k++) {
			const struct fnl_value *v = all.items[k].list.items;
			fnl_golden_add(&golden, "      %lld. %s %s, %s, %lld lines: %s\n", (long long)v[R(REVISION)].i64,
			               fnl_symbols_revision_cause[v[R(CAUSE)].i64], word(v[R(REFERENCE)].str).s,
			               v[R(OTHER_REP_ID)].set ? word(v[R(OTHER_REP_ID)].str).s : word(v[R(CAUSE_CODE)].str).s,
			               (long long)v[R(LINE_COUNT)].i64, minor(v[R(DIFFERENCE)].money.amount_minor, 0).s);
		}
	}
	for (size_t i = 0; i < w.row_count; i++) {
		const struct fnl_value *v = w.rows[i].values;
		if (w.rows[i].table == FNL_BOOKS_QUOTA_LINE && v[FNL_QUOTA_LINE_MOVED_TO_REP_ID].set) {
			fnl_golden_add(&golden, "    %s of %s, worth %s, went to %s by %s\n",
			               word(v[FNL_QUOTA_LINE_PROSPECT_ID].str).s, word(v[FNL_QUOTA_LINE_REP_ID].str).s,
			               minor(v[FNL_QUOTA_LINE_VALUE_MINOR].i64, v[FNL_QUOTA_LINE_VALUE_E4].i64).s,
			               word(v[FNL_QUOTA_LINE_MOVED_TO_REP_ID].str).s, word(v[FNL_QUOTA_LINE_MOVED_BY].str).s);
		}
	}
	fnl_golden_add(&golden, "    all: %s\n", minor((int64_t)sum, 0).s);
}

static void freeze(const char *base)
{
	struct fnl_input in = fnl_input_open("r1", "org1", 2024, 1000);
	fnl_input_str(&in, FNL_OPEN_QUOTA_YEAR_BASE_CURRENCY, base);
	assert_int_equal(fnl_books_open(&w, &in), 0);
	fnl_books_run_until(&w, SETTLED);
	show("frozen");
}

static void tell_attainment(const char *rep)
{
	struct text book = book_of(rep);
	size_t from = w.event_count;
	w.now_ms += MINUTE * 5;
	fnl_books_rep_timer(&w, book.s);
	for (size_t i = from; i < w.event_count; i++) {
		const struct fnl_value *v = w.events[i].values;
		if (w.events[i].desc == &fnl_desc_attainment_changed) {
			fnl_golden_add(&golden, "  %s is told: quota %s, won %s, %s bp\n", rep,
			               minor(v[FNL_ATTAINMENT_CHANGED_QUOTA].money.amount_minor, 0).s,
			               minor(v[FNL_ATTAINMENT_CHANGED_WON_MINOR].i64, 0).s,
			               v[FNL_ATTAINMENT_CHANGED_ATTAINMENT_BP].set
			                   ? minor(v[FNL_ATTAINMENT_CHANGED_ATTAINMENT_BP].i64, 0).s
			                   : "no");
		}
		if (w.events[i].desc == &fnl_desc_rep_year) {
			assert_true(v[FNL_REP_YEAR_PRESENT].i64);
		}
	}
}

static void three_lines(const char *currency)
{
	line("ann", "p1", 100001, 5000, currency);
	line("ann", "p2", 33333, 2500, currency);
	line("ann", "p3", 777, 7500, currency);
	line("bob", "q1", 1000000, 5000, currency);
}

static void handed_over(const char *id, const char *to)
{
	fnl_books_task_done(&w, "rep:ann", id, "n1", to);
	assert_false(fnl_books_moves_to(&w, line_of(id), to));
}

static void handovers(void)
{
	example("A handover is completed: what was frozen of its prospects goes to who took over, once for each");
	three_lines("USD");
	freeze("USD");
	handed_over("p1", "bob");
	handed_over("p2", "cid");
	handed_over("p3", "bob");
	show("the prospects have gone, and it is not completed yet");
	fnl_books_handover_completed(&w, "rep:ann", "n1");
	show("completed");
	tell_attainment("ann");
	tell_attainment("bob");
	fnl_books_handover_completed(&w, "rep:ann", "n1");
	show("the same again: no line goes twice");
	example("A task whose prospect the source has not moved, and one of another notice: both stay");
	three_lines("USD");
	freeze("USD");
	handed_over("p1", "bob");
	fnl_books_task_done(&w, "rep:ann", "p2", "n2", "cid");
	fnl_books_handover_completed(&w, "rep:ann", "n1");
	show("completed");
	example("Yen have no minor units, and what is below one stays");
	line("ann", "p1", 999, 3333, "JPY");
	line("ann", "p2", 1001, 3333, "JPY");
	freeze("JPY");
	handed_over("p1", "bob");
	handed_over("p2", "cid");
	fnl_books_handover_completed(&w, "rep:ann", "n1");
	show("completed");
}

static void proposals(void)
{
	example("An accepted proposal: each line goes when its prospect comes back as the other's");
	three_lines("USD");
	freeze("USD");
	fnl_books_ask_for(&w, "rep:ann", "p1", "prop-1", "cid");
	fnl_books_ask_for(&w, "rep:ann", "p2", "prop-1", "cid");
	show("asked for");
	assert_true(fnl_books_moves_to(&w, line_of("p1"), "cid"));
	show("the first one");
	assert_true(fnl_books_moves_to(&w, line_of("p2"), "cid"));
	show("both");
	tell_attainment("cid");
	example("It goes to somebody else than the proposal wanted: nothing goes with it");
	three_lines("JPY");
	freeze("JPY");
	fnl_books_ask_for(&w, "rep:ann", "p1", "prop-1", "cid");
	assert_false(fnl_books_moves_to(&w, line_of("p1"), "bob"));
	show("it is bob's now");
	example("Another owner in mid-year, without a handover or a proposal: nothing goes");
	three_lines("USD");
	freeze("USD");
	assert_false(fnl_books_moves_to(&w, line_of("p1"), "bob"));
	show("it is bob's now");
	example("By a proposal, and a handover that is completed after it: it goes once");
	three_lines("USD");
	freeze("USD");
	fnl_books_ask_for(&w, "rep:ann", "p1", "prop-1", "bob");
	assert_true(fnl_books_moves_to(&w, line_of("p1"), "bob"));
	fnl_books_task_done(&w, "rep:ann", "p1", "n1", "bob");
	fnl_books_handover_completed(&w, "rep:ann", "n1");
	show("completed");
}

static void revise(const char *rep, const char *id, int64_t amount, const char *currency)
{
	struct fnl_quota_revise_out out;
	struct fnl_input in = fnl_input_of(&fnl_desc_revise_quota, 0);
	fnl_input_str(&in, FNL_REVISE_QUOTA_COMMAND_ID, id);
	fnl_input_str(&in, FNL_REVISE_QUOTA_ISSUED_BY, "chief");
	fnl_input_i64(&in, FNL_REVISE_QUOTA_ISSUED_AT, FNL_T0);
	fnl_input_str(&in, FNL_REVISE_QUOTA_REP_ID, rep);
	fnl_input_i64(&in, FNL_REVISE_QUOTA_FISCAL_YEAR, 2024);
	fnl_input_str(&in, FNL_REVISE_QUOTA_CAUSE, "market");
	fnl_input_money(&in, FNL_REVISE_QUOTA_ADJUSTMENT, amount, currency);
	assert_int_equal(fnl_books_revise(&w, &in, &out), 0);
	assert_non_null(out.quota);
}

static void one_frozen_line(void)
{
	fnl_books_clear(&w);
	struct fnl_input in = fnl_input_rep("ann", 1, "org1");
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
	in = fnl_input_line("rep:ann", "p1", 1, 0);
	fnl_input_money(&in, B(AMOUNT), 100000, "USD");
	assert_int_equal(fnl_books_line(&w, &in, "c"), 0);
	in = fnl_input_open("r1", "org1", 2024, 1000);
	assert_int_equal(fnl_books_open(&w, &in), 0);
	fnl_books_run_until(&w, SETTLED);
}

/* The latest 64 revisions can be read; of those before them the sum, and nothing of the quota goes with them. */
static void as_many_revisions_as_are_kept(void **state)
{
	(void)state;
	one_frozen_line();
	int64_t frozen = fnl_books_quota(&w, "rep:ann", 2024)[FNL_QUOTA_SET_QUOTA].money.amount_minor;
	for (int64_t i = 1; i <= FNL_QUOTA_REVISIONS_MAX + 2; i++) {
		char id[16];
		(void)snprintf(id, sizeof(id), "c%d", (int)i);
		revise("ann", id, i, "USD");
		const struct fnl_value *q = fnl_books_quota(&w, "rep:ann", 2024);
		struct fnl_list list = q[FNL_QUOTA_SET_REVISIONS].list;
		int64_t gone = i > FNL_QUOTA_REVISIONS_MAX ? i - FNL_QUOTA_REVISIONS_MAX : 0;
		struct fnl_money now;
		assert_int_equal(list.count, i - gone);
		assert_int_equal(list.items[0].list.items[R(REVISION)].i64, gone + 1);
		assert_int_equal(q[FNL_QUOTA_SET_EARLIER_MINOR].i64, gone * (gone + 1) / 2);
		assert_true(fnl_quota_now(q, &now));
		assert_int_equal(now.amount_minor, frozen + i * (i + 1) / 2);
	}
}

static void attainment(void)
{
	example("What was won, of the quota that was revised, and that lines have left");
	three_lines("USD");
	struct fnl_input won = fnl_input_line("rep:ann", "p9", 1, 0);
	fnl_input_i64(&won, B(LAYER), FNL_LAYER_WON);
	fnl_input_i64(&won, B(WEIGHT_BP), 0);
	fnl_input_i64(&won, B(CLOSED_ON), D24 + 20);
	fnl_input_str(&won, B(WON_BY), "ann");
	fnl_input_money(&won, B(WON_AMOUNT), 25000, "USD");
	assert_int_equal(fnl_books_line(&w, &won, "c"), 0);
	freeze("USD");
	tell_attainment("ann");
	revise("ann", "c1", 40000, "USD");
	tell_attainment("ann");
	handed_over("p1", "bob");
	fnl_books_handover_completed(&w, "rep:ann", "n1");
	tell_attainment("ann");
	tell_attainment("bob");
	revise("bob", "c2", -1, "USD");
	show("revised, and lines have gone");
	example("Lines come to a rep of whom nothing was known: a quota of nothing, and what came");
	struct fnl_input moved = fnl_input_of(&fnl_desc_quota_moved, 0);
	fnl_input_str(&moved, FNL_QUOTA_MOVED_ORG_ID, "org1");
	fnl_input_str(&moved, FNL_QUOTA_MOVED_BOOK, "rep:dan");
	fnl_input_str(&moved, FNL_QUOTA_MOVED_FROM_REP_ID, "ann");
	fnl_input_i64(&moved, FNL_QUOTA_MOVED_FROM_REVISION, 1);
	fnl_input_i64(&moved, FNL_QUOTA_MOVED_FISCAL_YEAR, 2024);
	fnl_input_str(&moved, FNL_QUOTA_MOVED_RUN_ID, "r1");
	fnl_input_i64(&moved, FNL_QUOTA_MOVED_AS_OF, FNL_T0);
	fnl_input_i64(&moved, FNL_QUOTA_MOVED_RULES_VERSION, 0);
	fnl_input_i64(&moved, FNL_QUOTA_MOVED_CAUSE, FNL_REVISION_CAUSE_PROPOSAL_IN);
	fnl_input_str(&moved, FNL_QUOTA_MOVED_REFERENCE, "prop-1");
	fnl_input_i64(&moved, FNL_QUOTA_MOVED_LINE_COUNT, 1);
	fnl_input_str(&moved, FNL_QUOTA_MOVED_BASE_CURRENCY, "USD");
	fnl_input_i64(&moved, FNL_QUOTA_MOVED_VALUE_MINOR, 50000);
	assert_true(fnl_books_quota_comes(&w, moved.v));
	assert_false(fnl_books_quota_comes(&w, moved.v)); /* the organisation says it again */
	tell_attainment("dan");
}

enum { MANY = FNL_QUOTA_GOING_MAX + 1 };

/* One line of ann's to each of these reps. */
static int begin_to(const struct fnl_span *to, size_t count, struct fnl_value **ret)
{
	static struct fnl_span ids[MANY];
	for (size_t i = 0; i < MANY; i++) {
		ids[i] = FNL_SPAN_LIT("p1");
	}
	struct fnl_quota_moves_begin b = {.book = FNL_SPAN_LIT("rep:ann"),
	                                  .cause = FNL_REVISION_CAUSE_PROPOSAL_OUT,
	                                  .reference = FNL_SPAN_LIT("prop-1"),
	                                  .at_ms = w.now_ms,
	                                  .now_ms = w.now_ms,
	                                  .cause_id = FNL_SPAN_LIT("c"),
	                                  .prospect_ids = ids,
	                                  .to_rep_ids = to,
	                                  .count = count};
	return fnl_quota_moves_begin(&b, &w.arena, ret);
}

static struct fnl_value list_of(const struct fnl_value *items, size_t count)
{
	return (struct fnl_value){.set = true, .list = {items, count}};
}

static struct fnl_value sum_of(struct fnl_span to)
{
	struct fnl_value *sum = fnl_arena_calloc(&w.arena, FNL_MOVED_SUM_FIELD_COUNT, sizeof(*sum));
	assert_non_null(sum);
	sum[FNL_MOVED_SUM_TO_REP_ID] = (struct fnl_value){.set = true, .str = to};
	sum[FNL_MOVED_SUM_LINE_COUNT] = (struct fnl_value){.set = true, .i64 = 1};
	sum[FNL_MOVED_SUM_VALUE_MINOR] = sum[FNL_MOVED_SUM_VALUE_E4] = (struct fnl_value){.set = true};
	return list_of(sum, FNL_MOVED_SUM_FIELD_COUNT);
}

/* What a row may list, and to how many a quota may go. */
static void as_many_as_go_at_once(void **state)
{
	(void)state;
	static char ids[MANY][8];
	static struct fnl_span to[MANY];
	static const struct fnl_value year = {.set = true, .i64 = 2024};
	struct fnl_value *row = NULL, sums[FNL_QUOTA_GOING_MAX];
	for (size_t i = 0; i < MANY; i++) {
		(void)snprintf(ids[i], sizeof(ids[i]), "r%03zu", i);
		to[i] = fnl_span_str(ids[i]);
	}
	one_frozen_line();
	assert_int_equal(begin_to(to, MANY, &row), FNL_E_LIMIT);
	assert_null(row);
	assert_int_equal(begin_to(to, FNL_QUOTA_GOING_MAX, &row), 0);
	assert_int_equal(row[FNL_QUOTA_MOVES_LINES].list.count, FNL_QUOTA_GOING_MAX);
	/* the last of them goes, to r255; sums of all before him are there, and then of r256, too */
	for (size_t i = 0; i < FNL_QUOTA_GOING_MAX; i++) {
		sums[i] = sum_of(to[i == FNL_QUOTA_GOING_MAX - 1 ? MANY - 1 : i]);
	}
	row[FNL_QUOTA_MOVES_YEARS] = list_of(&year, 1);
	row[FNL_QUOTA_MOVES_LINE_AT].i64 = FNL_QUOTA_GOING_MAX - 1;
	for (size_t more = 0; more < 2; more++) {
		struct fnl_books_key key = fnl_books_key_of(FNL_SPAN_LIT("rep:ann"), 2024, FNL_SPAN_LIT("p1"));
		struct fnl_quota_moves_in in = {.row = row,
		                                .rep = fnl_books_rep(&w, "rep:ann"),
		                                .quota = fnl_books_quota(&w, "rep:ann", 2024),
		                                .lines = {fnl_books_get(&w, FNL_BOOKS_QUOTA_LINE, key.text)},
		                                .now_ms = w.now_ms,
		                                .rules = &w.rules,
		                                .arena = &w.arena};
		struct fnl_quota_moves_out out = {.row = NULL};
		row[FNL_QUOTA_MOVES_SUMS] = list_of(sums, FNL_QUOTA_GOING_MAX - 1 + more);
		assert_int_equal(fnl_quota_moves_step(&in, &out), more ? FNL_E_LIMIT : 0);
		assert_int_equal(out.row ? out.row[FNL_QUOTA_MOVES_SUMS].list.count : 0, more ? 0 : FNL_QUOTA_GOING_MAX);
	}
}

static void all_as_written(void **state)
{
	(void)state;
	handovers();
	proposals();
	attainment();
	assert_int_equal(fnl_golden_compare(&golden, FNL_SOURCE_DIR "/tests/unit/golden/quota-moves.txt"), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(all_as_written),
	                                          cmocka_unit_test(as_many_revisions_as_are_kept),
	                                          cmocka_unit_test(as_many_as_go_at_once)};
	fnl_books_start(&w);
	return cmocka_run_group_tests(tests, NULL, end);
}
