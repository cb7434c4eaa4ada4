#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "book_world.h"
#include "gen.h"

#include <stdio.h>

/* Whatever the order in which books get their lines, a book is the fold of its lines; a quota is what the lines were as
 * of then, whatever changes while it is computed and wherever its pages end; nothing is counted twice or lost. */

#define B(name) FNL_BOOK_LINE_##name

enum { ROUNDS = 150, BOOKS = 4, PROSPECTS = 8, IMAGES_MAX = 80, AS_OF = 100000, SETTLED = AS_OF + 24 * 3600000 };

static struct fnl_books w;
static struct fnl_books other;

static const char *const books[BOOKS] = {"rep:a", "rep:b", "rep:c", "pool:UNASSIGNED"};
static const char *const prospects[PROSPECTS] = {"p", "p1", "p10", "p2", "q", "r", "s", "t"};

static int start(void **state)
{
	(void)state;
	fnl_books_start(&w);
	fnl_books_start(&other);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fnl_books_end(&w);
	fnl_books_end(&other);
	return 0;
}

static void apply(struct fnl_books *to, const struct fnl_input *in)
{
	int r = fnl_books_line(to, in, "c");
	if (r != 0) {
		fail_msg("%d: %s", r, to->why.text);
	}
}

static void random_values(struct fnl_gen *g, struct fnl_input *in)
{
	static const int layers[] = {FNL_LAYER_TOP,     FNL_LAYER_MIDDLE, FNL_LAYER_BOTTOM, FNL_LAYER_UNCLASSIFIED,
	                             FNL_LAYER_UNKNOWN, FNL_LAYER_WON,    FNL_LAYER_LOST};
	static const int64_t weights[] = {2500, 5000, 7500, 0, 0, 0, 0};
	size_t layer = fnl_gen_below(g, sizeof(layers) / sizeof(layers[0]));
	layer = fnl_gen_one_in(g, 2) ? layer % 3 : layer;
	fnl_input_i64(in, B(LAYER), layers[layer]);
	fnl_input_i64(in, B(WEIGHT_BP), weights[layer]);
	fnl_input_money(in, B(AMOUNT), (int64_t)fnl_gen_below(g, 2000001) - 500000, fnl_gen_one_in(g, 4) ? "EUR" : "USD");
	in->v[B(AMOUNT)].set = !fnl_gen_one_in(g, 6);
	fnl_input_i64(in, B(EXPECTED_CLOSE_DATE), FNL_DAY_2024 - 200 + (int64_t)fnl_gen_below(g, 900));
	in->v[B(EXPECTED_CLOSE_DATE)].set = !fnl_gen_one_in(g, 6);
}

/* --- the book is the fold of its lines --- */

struct sums {
	int64_t count;
	int64_t amount;
	__int128 weighted;
};

static bool in_total(const struct fnl_value *row, const struct fnl_value *total, bool running)
{
	const struct fnl_value *amount = &row[FNL_LINE_AMOUNT];
	struct fnl_value currency = total[FNL_BOOK_TOTAL_CURRENCY];
	int64_t layer = row[FNL_LINE_LAYER].i64;
	if (row[FNL_LINE_STATE].i64 != FNL_LINE_STATE_OWNED || amount->set != currency.set ||
	    (amount->set && !fnl_span_eq(fnl_span_str(amount->money.currency), currency.str))) {
		return false;
	}
	if (!running) {
		return layer == total[FNL_BOOK_TOTAL_LAYER].i64;
	}
	bool in_funnel = layer == FNL_LAYER_TOP || layer == FNL_LAYER_MIDDLE || layer == FNL_LAYER_BOTTOM;
	return in_funnel && row[FNL_LINE_EXPECTED_CLOSE_DATE].set &&
	       fnl_fiscal_year(&w.rules, row[FNL_LINE_EXPECTED_CLOSE_DATE].i64) == total[FNL_BOOK_TOTAL_LAYER].i64;
}

/* Each total of the list against the lines; how many lines they have together. */
static int64_t check_totals(const char *book, struct fnl_list totals, bool running)
{
	int64_t lines = 0;
	for (size_t t = 0; t < totals.count; t++) {
		const struct fnl_value *total = totals.items[t].list.items;
		struct sums s = {0};
		for (size_t p = 0; p < PROSPECTS; p++) {
			const struct fnl_value *row = fnl_books_line_row(&w, book, prospects[p]);
			if (row && in_total(row, total, running)) {
				int64_t amount = row[FNL_LINE_AMOUNT].set ? row[FNL_LINE_AMOUNT].money.amount_minor : 0;
				s.count++;
				s.amount += amount;
				s.weighted += (__int128)amount * row[FNL_LINE_WEIGHT_BP].i64;
			}
		}
		assert_true(s.count > 0);
		assert_int_equal(total[FNL_BOOK_TOTAL_COUNT].i64, s.count);
		assert_int_equal(total[FNL_BOOK_TOTAL_AMOUNT_MINOR].i64, s.amount);
		assert_true(s.weighted ==
		            (__int128)total[FNL_BOOK_TOTAL_WEIGHTED_MINOR].i64 * 10000 + total[FNL_BOOK_TOTAL_WEIGHTED_E4].i64);
		lines += s.count;
	}
	return lines;
}

static void check_book(const char *book)
{
	const struct fnl_value *rep = fnl_books_rep(&w, book);
	int64_t owned = 0;
	int64_t watched = 0;
	int64_t running = 0;
	if (!rep) {
		return;
	}
	for (size_t p = 0; p < PROSPECTS; p++) {
		const struct fnl_value *row = fnl_books_line_row(&w, book, prospects[p]);
		if (row) {
			owned += row[FNL_LINE_STATE].i64 == FNL_LINE_STATE_OWNED;
			watched += row[FNL_LINE_STATE].i64 == FNL_LINE_STATE_WATCHED;
			running += row[FNL_LINE_STATE].i64 == FNL_LINE_STATE_OWNED && row[FNL_LINE_LAYER].i64 >= FNL_LAYER_TOP &&
			           row[FNL_LINE_LAYER].i64 <= FNL_LAYER_BOTTOM && row[FNL_LINE_EXPECTED_CLOSE_DATE].set;
		}
	}
	assert_int_equal(rep[FNL_REP_LINE_COUNT].i64, owned);
	assert_int_equal(rep[FNL_REP_WATCHED_COUNT].i64, watched);
	assert_int_equal(check_totals(book, rep[FNL_REP_TOTALS].list, false), owned);
	assert_int_equal(check_totals(book, rep[FNL_REP_RUNNING].list, true), running);
}

static void same_rows(enum fnl_books_table from, enum fnl_books_table to)
{
	assert_int_equal(w.row_count, other.row_count);
	for (size_t i = 0; i < w.row_count; i++) {
		static const struct fnl_record_desc *const descs[] = {&fnl_desc_rep, &fnl_desc_line, &fnl_desc_quota_set,
		                                                      &fnl_desc_quota_line};
		assert_int_equal(w.rows[i].table, other.rows[i].table);
		assert_string_equal(w.rows[i].key, other.rows[i].key);
		if (w.rows[i].table < from || w.rows[i].table > to) {
			continue;
		}
		struct fnl_writer a = fnl_writer_of(&w.arena);
		struct fnl_writer b = fnl_writer_of(&other.arena);
		struct fnl_value row[FNL_RECORD_FIELDS_MAX];
		memcpy(row, w.rows[i].values, descs[w.rows[i].table]->field_count * sizeof(*row));
		if (w.rows[i].table == FNL_BOOKS_LINE) { /* it folds in order of arrival */
			row[FNL_LINE_KNOWN_LAYER] = other.rows[i].values[FNL_LINE_KNOWN_LAYER];
		}
		assert_int_equal(fnl_record_encode(descs[w.rows[i].table], row, &a), 0);
		assert_int_equal(fnl_record_encode(descs[w.rows[i].table], other.rows[i].values, &b), 0);
		if (!fnl_span_eq(fnl_writer_span(&a), fnl_writer_span(&b))) {
			fail_msg("row %s of table %d differs", w.rows[i].key, (int)w.rows[i].table);
		}
	}
}

/* Images of any prospect in any book; what takes a line away is its last one. */
static size_t random_images(struct fnl_gen *g, struct fnl_input *images)
{
	size_t count = 1 + fnl_gen_below(g, IMAGES_MAX);
	for (size_t i = 0; i < count; i++) {
		const char *book = books[fnl_gen_below(g, BOOKS)];
		const char *prospect = prospects[fnl_gen_below(g, PROSPECTS)];
		images[i] = fnl_input_line(book, prospect, (int64_t)i + 1, (int64_t)fnl_gen_below(g, 1000));
		random_values(g, &images[i]);
		fnl_input_i64(&images[i], B(STATE), fnl_gen_one_in(g, 3) ? FNL_LINE_STATE_WATCHED : FNL_LINE_STATE_OWNED);
	}
	return count;
}

static void a_book_is_the_fold_of_its_lines(void **state)
{
	(void)state;
	static struct fnl_input images[IMAGES_MAX];
	struct fnl_gen g = fnl_gen_start(2024);
	for (size_t round = 0; round < ROUNDS; round++) {
		size_t order[IMAGES_MAX];
		size_t count = random_images(&g, images);
		fnl_books_clear(&w);
		fnl_books_clear(&other);
		for (size_t i = 0; i < count; i++) {
			order[i] = i;
			apply(&other, &images[i]);
		}
		fnl_gen_shuffle(&g, order, count);
		for (size_t i = 0; i < count; i++) {
			apply(&w, &images[order[i]]);
			apply(&w, &images[order[fnl_gen_below(&g, i + 1)]]); /* one of them once more */
			check_book(books[fnl_gen_below(&g, BOOKS)]);
		}
		same_rows(FNL_BOOKS_REP, FNL_BOOKS_LINE);
		for (size_t p = 0; p < PROSPECTS; p++) { /* and away with all */
			for (size_t b = 0; b < BOOKS; b++) {
				struct fnl_input in = fnl_input_line(books[b], prospects[p], 1000, 0);
				fnl_input_i64(&in, B(STATE), fnl_gen_one_in(&g, 2) ? FNL_LINE_STATE_GONE : FNL_LINE_STATE_ERASED);
				apply(&w, &in);
				check_book(books[b]);
			}
		}
		for (size_t i = 0; i < w.row_count; i++) {
			assert_int_equal(w.rows[i].table, FNL_BOOKS_REP);
			assert_int_equal(w.rows[i].values[FNL_REP_TOTALS].list.count, 0);
			assert_int_equal(w.rows[i].values[FNL_REP_RUNNING].list.count, 0);
		}
	}
}

/* --- quotas --- */

/* A prospect as the stage before has it, and as it was at as_of: kept apart from the start, nothing copied on write. */
struct prospect {
	struct fnl_input now; /* state, layer … of a BookLine */
	struct fnl_input then;
	size_t owner;
	size_t owner_then;
	bool exists;
	bool existed;
	bool newer; /* something happened after as_of */
	bool seen[BOOKS];
	int64_t sequence;
};

static struct prospect model[PROSPECTS];

/* What each book gets of it. */
static void send(size_t p, int64_t at_ms)
{
	struct prospect *m = &model[p];
	m->sequence++;
	for (size_t b = 0; b < BOOKS; b++) {
		if (b == m->owner || m->seen[b]) {
			struct fnl_input in = m->now;
			fnl_input_str(&in, B(BOOK), books[b]);
			fnl_input_i64(&in, B(SEQUENCE), m->sequence);
			fnl_input_i64(&in, B(OCCURRED_AT), FNL_T0 + at_ms);
			fnl_input_i64(&in, B(STATE), b == m->owner ? FNL_LINE_STATE_OWNED : FNL_LINE_STATE_WATCHED);
			m->seen[b] = true;
			apply(&w, &in);
			apply(&other, &in);
		}
	}
}

static bool differs(const struct fnl_value *a, const struct fnl_value *b, int field)
{
	if (a->set != b->set || !a->set) {
		return a->set != b->set;
	}
	return field == B(AMOUNT) ? memcmp(&a->money, &b->money, sizeof(a->money)) != 0 : a->i64 != b->i64;
}

/* A change; late: it happened before as_of. A late move is of a prospect that has not changed since, for of one that
 * has its new owner's book can't know what it was. */
static void change(struct fnl_gen *g, bool late, bool frozen)
{
	size_t p = fnl_gen_below(g, PROSPECTS);
	struct prospect *m = &model[p];
	int64_t at_ms = late ? (int64_t)fnl_gen_below(g, AS_OF + 1) : AS_OF + 1 + (int64_t)fnl_gen_below(g, 1000);
	struct fnl_input before = m->now;
	if (!m->exists) {
		m->now = m->then = fnl_input_line(books[0], prospects[p], 1, 0);
		m->owner = m->owner_then = fnl_gen_below(g, BOOKS);
		m->exists = true;
		m->existed = late && !frozen;
	} else if (late && !m->existed && !frozen) {
		return; /* it was not there */
	}
	random_values(g, &m->now);
	if (fnl_gen_one_in(g, 3) && (!late || !m->newer)) {
		m->owner = fnl_gen_below(g, BOOKS);
	}
	for (int f = B(LAYER); late && !frozen && f <= B(BUYER_ID); f++) {
		if (differs(&m->now.v[f], &before.v[f], f) || !m->newer) {
			m->then.v[f] = m->now.v[f];
		}
	}
	if (late && !frozen && !m->newer) {
		m->owner_then = m->owner;
	}
	m->newer = m->newer || !late;
	send(p, at_ms);
}

/* What one line adds, by the rules as people tell them. */
static int reason_of(const struct fnl_input *in)
{
	int64_t layer = in->v[B(LAYER)].i64;
	const struct fnl_value *day = &in->v[B(EXPECTED_CLOSE_DATE)];
	if (layer == FNL_LAYER_WON || layer == FNL_LAYER_LOST) {
		return -1;
	}
	if (!day->set) {
		return FNL_QUOTA_REASON_NO_CLOSE_DATE;
	}
	if (day->i64 < FNL_DAY_2024 || day->i64 > FNL_DAY_2024 + 365) {
		return -1;
	}
	if (layer == FNL_LAYER_UNCLASSIFIED || layer == FNL_LAYER_UNKNOWN) {
		return FNL_QUOTA_REASON_LAYER_UNKNOWN;
	}
	if (!in->v[B(AMOUNT)].set) {
		return FNL_QUOTA_REASON_AMOUNT_UNKNOWN;
	}
	return strcmp(in->v[B(AMOUNT)].money.currency, "USD") == 0 ? FNL_QUOTA_REASON_COUNTED
	                                                           : FNL_QUOTA_REASON_NOT_CONVERTIBLE;
}

static void check_line(size_t b, size_t p, int64_t *listed, __int128 *exact)
{
	const struct fnl_value *v = fnl_books_quota_line(&w, books[b], 2024, prospects[p]);
	const struct prospect *m = &model[p];
	int reason = m->existed && m->owner_then == b ? reason_of(&m->then) : -1;
	if ((v != NULL) != (reason >= 0)) {
		fail_msg("%s of %s: reason %d, listed %d", prospects[p], books[b], reason, v != NULL);
	}
	if (!v) {
		return;
	}
	assert_int_equal(v[FNL_QUOTA_LINE_REASON].i64, reason);
	assert_false(differs(&v[FNL_QUOTA_LINE_AMOUNT], &m->then.v[B(AMOUNT)], B(AMOUNT)));
	assert_int_equal(v[FNL_QUOTA_LINE_LAYER].i64, m->then.v[B(LAYER)].i64);
	(*listed)++;
	if (reason == FNL_QUOTA_REASON_COUNTED) {
		*exact += (__int128)v[FNL_QUOTA_LINE_WEIGHTED_MINOR].i64 * 10000 + v[FNL_QUOTA_LINE_WEIGHTED_E4].i64;
		assert_true((__int128)v[FNL_QUOTA_LINE_WEIGHTED_MINOR].i64 * 10000 + v[FNL_QUOTA_LINE_WEIGHTED_E4].i64 ==
		            (__int128)m->then.v[B(AMOUNT)].money.amount_minor * m->then.v[B(WEIGHT_BP)].i64);
	}
}

static void check_quotas(void)
{
	__int128 all = 0;
	__int128 expected = 0;
	for (size_t b = 0; b < BOOKS - 1; b++) { /* the pool has none */
		const struct fnl_value *set = fnl_books_quota(&w, books[b], 2024);
		__int128 exact = 0;
		int64_t listed = 0;
		assert_non_null(set);
		for (size_t p = 0; p < PROSPECTS; p++) {
			check_line(b, p, &listed, &exact);
		}
		assert_int_equal(set[FNL_QUOTA_SET_COUNTED_COUNT].i64 + set[FNL_QUOTA_SET_LEFT_OUT_COUNT].i64, listed);
		/* lines and rounding are the quota */
		assert_true((__int128)set[FNL_QUOTA_SET_QUOTA].money.amount_minor * 10000 ==
		            exact + (__int128)set[FNL_QUOTA_SET_ROUNDING_MINOR].i64 * 10000 +
		                set[FNL_QUOTA_SET_ROUNDING_E4].i64);
		assert_int_equal(set[FNL_QUOTA_SET_QUOTA].money.amount_minor % 100, 0);
		all += exact;
	}
	for (size_t p = 0; p < PROSPECTS; p++) { /* each prospect once, and none forgotten */
		const struct prospect *m = &model[p];
		if (m->existed && m->owner_then != BOOKS - 1 && reason_of(&m->then) == FNL_QUOTA_REASON_COUNTED) {
			expected += (__int128)m->then.v[B(AMOUNT)].money.amount_minor * m->then.v[B(WEIGHT_BP)].i64;
		}
	}
	assert_true(all == expected);
}

static void begin_round(struct fnl_gen *g, struct fnl_books *b)
{
	fnl_books_clear(b);
	for (size_t i = 0; i < BOOKS - 1; i++) {
		struct fnl_input in = fnl_input_rep(books[i] + 4, 1, "org1");
		assert_int_equal(fnl_books_rep_changed(b, &in), 0);
	}
	struct fnl_input in = fnl_input_open("r1", "org1", 2024, AS_OF);
	assert_int_equal(fnl_books_open(b, &in), 0);
	b->page_lines = 1 + fnl_gen_below(g, 4);
	b->page_books = 1 + fnl_gen_below(g, 3);
}

static void a_quota_is_what_the_lines_were(void **state)
{
	(void)state;
	struct fnl_gen g = fnl_gen_start(4711);
	for (size_t round = 0; round < ROUNDS * 2; round++) {
		begin_round(&g, &w);
		begin_round(&g, &other);
		other.page_lines = FNL_QUOTA_PAGE_LINES; /* all at once */
		other.page_books = FNL_QUOTA_PAGE_BOOKS;
		memset(model, 0, sizeof(model));
		for (size_t i = fnl_gen_below(&g, 30); i > 0; i--) {
			change(&g, true, false);
		}
		w.now_ms = other.now_ms = FNL_T0 + AS_OF;
		bool draft = fnl_gen_one_in(&g, 2);
		fnl_books_run_until(&other, AS_OF);
		for (size_t i = fnl_gen_below(&g, 40); i > 0; i--) {
			change(&g, fnl_gen_one_in(&g, 2), false);
			if (draft) {
				fnl_books_step(&w); /* the draft is on its way */
			}
		}
		fnl_books_run_until(&w, AS_OF);
		w.now_ms = FNL_T0 + SETTLED;
		fnl_books_run_until(&other, SETTLED);
		bool more = fnl_books_step(&w);
		while (more) { /* whatever comes while it freezes changes nothing of it */
			if (fnl_gen_one_in(&g, 2)) {
				change(&g, fnl_gen_one_in(&g, 2), true);
			}
			more = fnl_books_step(&w);
		}
		assert_int_equal(fnl_books_run(&w, "r1")[FNL_QUOTA_RUN_STATE].i64, FNL_QUOTA_RUN_STATE_FROZEN);
		check_quotas();
		same_rows(FNL_BOOKS_LINE, FNL_BOOKS_QUOTA_LINE);
		for (size_t i = 0; i < w.row_count; i++) { /* nothing of the run stays behind */
			if (w.rows[i].table == FNL_BOOKS_LINE) {
				assert_int_equal(w.rows[i].values[FNL_LINE_IMAGES].list.count, 0);
			}
		}
		for (size_t b = 0; b < BOOKS; b++) {
			check_book(books[b]);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_book_is_the_fold_of_its_lines),
		cmocka_unit_test(a_quota_is_what_the_lines_were),
	};
	return cmocka_run_group_tests(tests, start, end);
}
