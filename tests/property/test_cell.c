#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "book_world.h"
#include "gen.h"

#include <stdio.h>

/* Whatever changes in a line and in what order, whatever the day and whosever the rep is by then: a cell is the plain
 * sum of its lines, movable from when they are; and once all timers have fired an organisation has of its reps' cells
 * exactly what these are. */

#define B(name) FNL_BOOK_LINE_##name
#define DAY_MS INT64_C(86400000)

enum { ROUNDS = 60, STEPS = 120, BOOKS = 3, PROSPECTS = 7, ORG_CELLS_MAX = 4096, KEY_BYTES = 700 };

static struct fnl_books w;

static const char *const books[BOOKS] = {"rep:a", "rep:b", "pool:UNASSIGNED"};
static const char *const reps[BOOKS - 1] = {"a", "b"};
static const char *const prospects[PROSPECTS] = {"p", "p1", "p10", "p2", "q", "r", "s"};

/* What the organisations have: the latest images by organisation and cell. */
static struct {
	char key[KEY_BYTES];
	const struct fnl_value *image; /* NULL: absent */
} told[ORG_CELLS_MAX];
static size_t told_count;

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

/* ---- cells are sums ---- */

static bool counts(const struct fnl_value *row)
{
	int64_t layer = row[FNL_LINE_LAYER].i64;
	return row[FNL_LINE_STATE].i64 == FNL_LINE_STATE_OWNED &&
	       (layer == FNL_LAYER_TOP || layer == FNL_LAYER_MIDDLE || layer == FNL_LAYER_BOTTOM);
}

static bool same_code(const struct fnl_value *line_code, const struct fnl_value *cell_code)
{
	return line_code->set ? fnl_span_eq(line_code->str, cell_code->str) : cell_code->str.len == 0;
}

static bool is_in(const struct fnl_value *row, const struct fnl_value *cell)
{
	return counts(row) && fnl_span_eq(row[FNL_LINE_BOOK].str, cell[FNL_CELL_BOOK].str) &&
	       same_code(&row[FNL_LINE_REGION], &cell[FNL_CELL_REGION]) &&
	       same_code(&row[FNL_LINE_INDUSTRY], &cell[FNL_CELL_INDUSTRY]) &&
	       same_code(&row[FNL_LINE_SIZE_FOCUS], &cell[FNL_CELL_SIZE_FOCUS]);
}

static int64_t week_of(const struct fnl_value *row, const struct fnl_value *cell)
{
	int64_t week = 0;
	while (row[FNL_LINE_HELD_UNTIL].set && week * 7 < row[FNL_LINE_HELD_UNTIL].i64) {
		week++;
	}
	return week < cell[FNL_CELL_MERGED_BEFORE].i64 ? 0 : week;
}

static bool has_currency(const struct fnl_value *total, const struct fnl_value *amount)
{
	const struct fnl_value *currency = &total[FNL_CELL_TOTAL_CURRENCY];
	return currency->set == amount->set &&
	       (!amount->set || fnl_span_eq(currency->str, fnl_span_str(amount->money.currency)));
}

/* Returns how many lines there are in it. */
static int64_t check_cell(const struct fnl_value *cell)
{
	struct fnl_list totals = cell[FNL_CELL_TOTALS].list;
	int64_t lines = 0;
	for (size_t i = 0; i < totals.count; i++) {
		const struct fnl_value *total = totals.items[i].list.items;
		int64_t count = 0, amount = 0;
		__int128 weighted = 0;
		for (size_t k = 0; k < w.row_count; k++) {
			const struct fnl_value *row = w.rows[k].values;
			if (w.rows[k].table != FNL_BOOKS_LINE || !is_in(row, cell) ||
			    row[FNL_LINE_LAYER].i64 + 16 * week_of(row, cell) != total[FNL_CELL_TOTAL_SLOT].i64 ||
			    !has_currency(total, &row[FNL_LINE_AMOUNT])) {
				continue;
			}
			int64_t minor = row[FNL_LINE_AMOUNT].set ? row[FNL_LINE_AMOUNT].money.amount_minor : 0;
			count++;
			amount += minor;
			weighted += (__int128)minor * row[FNL_LINE_WEIGHT_BP].i64;
		}
		assert_int_equal(count, total[FNL_CELL_TOTAL_COUNT].i64);
		assert_int_equal(amount, total[FNL_CELL_TOTAL_AMOUNT_MINOR].i64);
		assert_true(weighted ==
		            fnl_weighted_of(total[FNL_CELL_TOTAL_WEIGHTED_MINOR].i64, total[FNL_CELL_TOTAL_WEIGHTED_E4].i64));
		lines += count;
	}
	return lines;
}

static void check_cells(void)
{
	int64_t counted = 0, in_cells = 0;
	for (size_t i = 0; i < w.row_count; i++) {
		if (w.rows[i].table == FNL_BOOKS_LINE) {
			counted += counts(w.rows[i].values);
		} else if (w.rows[i].table == FNL_BOOKS_CELL) {
			in_cells += check_cell(w.rows[i].values);
		}
	}
	assert_int_equal(counted, in_cells);
}

/* ---- what is told ---- */

static void take_images(void)
{
	for (size_t i = 0; i < w.event_count; i++) {
		const struct fnl_value *v = w.events[i].values;
		char key[KEY_BYTES];
		if (w.events[i].desc != &fnl_desc_cell_image) {
			continue;
		}
		struct fnl_span name = fnl_cell_name(v[FNL_CELL_IMAGE_REGION].str, v[FNL_CELL_IMAGE_INDUSTRY].str,
		                                     v[FNL_CELL_IMAGE_SIZE_FOCUS].str, &w.arena);
		snprintf(key, sizeof(key), "%.*s|%.*s|%.*s", (int)v[FNL_CELL_IMAGE_ORG_ID].str.len,
		         (const char *)v[FNL_CELL_IMAGE_ORG_ID].str.data, (int)v[FNL_CELL_IMAGE_BOOK].str.len,
		         (const char *)v[FNL_CELL_IMAGE_BOOK].str.data, (int)name.len, (const char *)name.data);
		size_t at = 0;
		while (at < told_count && strcmp(told[at].key, key) != 0) {
			at++;
		}
		assert_true(at < ORG_CELLS_MAX);
		told_count += at == told_count;
		memcpy(told[at].key, key, sizeof(key));
		assert_true(!told[at].image || told[at].image[FNL_CELL_IMAGE_SEQUENCE].i64 < v[FNL_CELL_IMAGE_SEQUENCE].i64);
		told[at].image = v[FNL_CELL_IMAGE_PRESENT].i64 ? v : NULL;
	}
	w.event_count = 0;
}

static void fire_all(void)
{
	for (size_t b = 0; b + 1 < BOOKS; b++) {
		for (int i = 0; i < 20 && fnl_books_rep(&w, books[b]) && fnl_books_rep(&w, books[b])[FNL_REP_CELLS_DUE_AT].set;
		     i++) {
			fnl_books_rep_timer(&w, books[b]);
		}
	}
	char keys[256][600];
	size_t count = 0;
	for (size_t i = 0; i < w.row_count; i++) {
		if (w.rows[i].table == FNL_BOOKS_CELL && count < 256) {
			memcpy(keys[count++], w.rows[i].key, sizeof(keys[0]));
		}
	}
	for (size_t i = 0; i < count; i++) {
		fnl_books_cell_timer(&w, keys[i]);
	}
	take_images();
}

static void check_told(void)
{
	size_t present = 0;
	w.now_ms += 1000;
	fire_all();
	for (size_t i = 0; i < told_count; i++) {
		present += told[i].image != NULL;
	}
	for (size_t i = 0; i < w.row_count; i++) {
		const struct fnl_value *cell = w.rows[i].values;
		char key[KEY_BYTES];
		if (w.rows[i].table != FNL_BOOKS_CELL) {
			continue;
		}
		char book[600];
		snprintf(book, sizeof(book), "%.*s", (int)cell[FNL_CELL_BOOK].str.len,
		         (const char *)cell[FNL_CELL_BOOK].str.data);
		const struct fnl_value *rep = fnl_books_rep(&w, book);
		if (!rep[FNL_REP_ORG_ID].set || rep[FNL_REP_ERASED].i64) {
			assert_false(cell[FNL_CELL_TOLD_ORG_ID].set);
			continue;
		}
		struct fnl_span org = rep[FNL_REP_ORG_ID].str;
		snprintf(key, sizeof(key), "%.*s|%s", (int)org.len, (const char *)org.data, w.rows[i].key);
		size_t at = 0;
		while (at < told_count && strcmp(told[at].key, key) != 0) {
			at++;
		}
		assert_true(at < told_count && told[at].image);
		assert_int_equal(told[at].image[FNL_CELL_IMAGE_TOTALS].list.count, cell[FNL_CELL_TOTALS].list.count);
		assert_int_equal(told[at].image[FNL_CELL_IMAGE_SEQUENCE].i64, cell[FNL_CELL_SEQUENCE].i64);
		present--;
	}
	assert_int_equal(present, 0); /* nobody has what is there no more */
}

/* ---- what happens ---- */

static void random_line(struct fnl_gen *g, int64_t sequence)
{
	static const char *const codes[] = {"n", "", "a|b", "%n"};
	static const int states[] = {FNL_LINE_STATE_OWNED,   FNL_LINE_STATE_OWNED, FNL_LINE_STATE_OWNED,
	                             FNL_LINE_STATE_WATCHED, FNL_LINE_STATE_GONE,  FNL_LINE_STATE_ERASED};
	static const int64_t weights[] = {2500, 5000, 7500};
	size_t layer = fnl_gen_below(g, 4);
	/* now and then an older one */
	sequence -= fnl_gen_one_in(g, 5) ? (int64_t)fnl_gen_below(g, 20) : 0;
	struct fnl_input in = fnl_input_line(books[fnl_gen_below(g, BOOKS)], prospects[fnl_gen_below(g, PROSPECTS)],
	                                     sequence < 1 ? 1 : sequence, 0);
	fnl_input_i64(&in, B(STATE), states[fnl_gen_below(g, 6)]);
	fnl_input_i64(&in, B(LAYER), layer == 3 ? FNL_LAYER_LOST : FNL_LAYER_TOP + (int64_t)layer);
	fnl_input_i64(&in, B(WEIGHT_BP), layer == 3 ? 0 : weights[layer]);
	fnl_input_money(&in, B(AMOUNT), (int64_t)fnl_gen_below(g, 3) * 333 - 333, fnl_gen_one_in(g, 4) ? "EUR" : "USD");
	in.v[B(AMOUNT)].set = !fnl_gen_one_in(g, 6);
	for (int i = 0; i < 3; i++) {
		static const int fields[] = {B(REGION), B(INDUSTRY), B(SIZE_FOCUS)};
		if (fnl_gen_one_in(g, 2)) {
			fnl_input_str(&in, fields[i], codes[fnl_gen_one_in(g, 3) ? fnl_gen_below(g, 4) : 0]);
		}
	}
	if (fnl_gen_one_in(g, 2)) {
		fnl_input_i64(&in, B(OWNER_SINCE), w.now_ms - (int64_t)fnl_gen_below(g, 200) * DAY_MS);
	}
	if (layer == 1 && fnl_gen_one_in(g, 2)) {
		fnl_input_i64(&in, B(LAST_CONTACT_ON), w.now_ms / DAY_MS - (int64_t)fnl_gen_below(g, 20));
	}
	int r = fnl_books_line(&w, &in, "c");
	if (r != 0) {
		fail_msg("%d: %s", r, w.why.text);
	}
}

static void random_step(struct fnl_gen *g, int64_t step)
{
	switch (fnl_gen_below(g, 12)) {
	case 0: {
		struct fnl_input in = fnl_input_rep(reps[fnl_gen_below(g, 2)], step, fnl_gen_one_in(g, 2) ? "east" : "west");
		assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
		break;
	}
	case 1:
		if (fnl_gen_one_in(g, 3)) {
			struct fnl_input in = fnl_input_of(&fnl_desc_rep_erased, 0);
			fnl_input_str(&in, FNL_REP_ERASED_REP_ID, reps[fnl_gen_below(g, 2)]);
			fnl_input_i64(&in, FNL_REP_ERASED_VERSION, step);
			assert_int_equal(fnl_books_rep_leaves(&w, &in), 0);
		}
		break;
	case 2:
		w.now_ms += (int64_t)fnl_gen_below(g, 30) * DAY_MS;
		break;
	case 3:
		w.now_ms += (int64_t)fnl_gen_below(g, 1500);
		fire_all();
		break;
	default:
		random_line(g, step);
		break;
	}
}

static void cells_are_the_sums_of_their_lines(void **state)
{
	(void)state;
	struct fnl_gen g = fnl_gen_start(4711);
	for (size_t round = 0; round < ROUNDS; round++) {
		fnl_books_clear(&w);
		memset(told, 0, sizeof(told));
		told_count = 0;
		w.page_cells = 1 + fnl_gen_below(&g, 3);
		for (int64_t step = 1; step <= STEPS; step++) {
			random_step(&g, step);
			check_cells();
			if (w.event_count > FNL_BOOKS_EVENTS_MAX / 2) {
				take_images();
			}
		}
		take_images();
		check_told();
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_are_the_sums_of_their_lines),
	};
	return cmocka_run_group_tests(tests, start, end);
}
