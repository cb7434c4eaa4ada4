/* What reps have won: case by case, whose it is, in which year, and how much of the quota. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "book_world_internal.h"
#include "books_fixture.h"
#include "funneld/core/attainment.h"

#include <stdio.h>

#define B(name) FNL_BOOK_LINE_##name
#define A(name) FNL_ATTAINMENT_CHANGED_##name
#define Y(name) FNL_REP_YEAR_##name
#define ANN "rep:ann"
#define BOB "rep:bob"

enum { NONE = -1 };

static struct fnl_value i64(int64_t v)
{
	return (struct fnl_value){.set = true, .i64 = v};
}

static struct fnl_value text(const char *v)
{
	return (struct fnl_value){.set = true, .str = fnl_span_str(v)};
}

static struct fnl_value list(const struct fnl_value *items, size_t count)
{
	return (struct fnl_value){.set = true, .list = {items, count}};
}

/* The book's line of a win; amount, day: NONE: unknown. */
static struct fnl_input win(const char *book, int64_t sequence, const char *by, int64_t amount, int64_t day)
{
	struct fnl_input in = fnl_input_line(book, "p", sequence, 0);
	fnl_input_i64(&in, B(LAYER), FNL_LAYER_WON);
	fnl_input_i64(&in, B(WEIGHT_BP), 0);
	fnl_input_str(&in, B(WON_BY), by);
	if (amount != NONE) {
		fnl_input_money(&in, B(WON_AMOUNT), amount, "USD");
	}
	if (day != NONE) {
		fnl_input_i64(&in, B(CLOSED_ON), day);
	}
	return in;
}

static struct fnl_input as(struct fnl_input in, int state)
{
	fnl_input_i64(&in, B(STATE), state);
	return in;
}

static struct fnl_input of(struct fnl_input in, const char *prospect_id)
{
	fnl_input_str(&in, B(PROSPECT_ID), prospect_id);
	return in;
}

/* GONE, as it is sent to who has not won it. */
static struct fnl_input gone(const char *book, int64_t sequence)
{
	struct fnl_input in = as(fnl_input_line(book, "p", sequence, 0), FNL_LINE_STATE_GONE);
	fnl_input_i64(&in, B(LAYER), FNL_LAYER_NONE);
	return in;
}

static void send(struct fnl_input in)
{
	int r = fnl_books_line(&w, &in, "c");
	if (r != 0) {
		fail_msg("%d: %s", r, w.why.text);
	}
}

/* What the book's rep has won in the year, in a currency ("": unknown amounts). */
static void has(const char *book, int64_t year, const char *currency, int64_t count, int64_t amount)
{
	struct fnl_list won = fnl_books_rep(&w, book)[FNL_REP_WON].list;
	int64_t found_count = 0, found_amount = 0;
	for (size_t i = 0; i < won.count; i++) {
		const struct fnl_value *total = won.items[i].list.items;
		const struct fnl_value *code = &total[FNL_WON_TOTAL_CURRENCY];
		bool same = code->set ? fnl_span_eq(code->str, fnl_span_str(currency)) : !*currency;
		if (same && total[FNL_WON_TOTAL_FISCAL_YEAR].i64 == year) {
			found_count = total[FNL_WON_TOTAL_COUNT].i64;
			found_amount = total[FNL_WON_TOTAL_AMOUNT_MINOR].i64;
		}
	}
	assert_int_equal(found_count, count);
	assert_int_equal(found_amount, amount);
}

static void has_nothing(const char *book)
{
	assert_int_equal(fnl_books_rep(&w, book)[FNL_REP_WON].list.count, 0);
}

static void hire(const char *rep_id, int64_t version, const char *org_id, const char *manager_id)
{
	struct fnl_input in = fnl_input_rep(rep_id, version, org_id);
	fnl_input_str(&in, FNL_REP_CHANGED_MANAGER_ID, manager_id);
	assert_int_equal(fnl_books_rep_changed(&w, &in), 0);
}

/* All firings of the row up to its last deadline. */
static void fire(const char *book)
{
	for (;;) {
		struct fnl_value due = fnl_books_rep(&w, book)[FNL_REP_NEXT_DEADLINE_AT];
		if (!due.set) {
			return;
		}
		w.now_ms = due.i64 > w.now_ms ? due.i64 : w.now_ms;
		fnl_books_rep_timer(&w, book);
	}
}

/* The n-th last event of a kind; NULL: there is none. */
static const struct fnl_value *told(const struct fnl_record_desc *desc, size_t before)
{
	for (size_t i = w.event_count; i > 0; i--) {
		if (w.events[i - 1].desc == desc && before-- == 0) {
			return w.events[i - 1].values;
		}
	}
	return NULL;
}

static const struct fnl_value *changed(void)
{
	const struct fnl_value *v = told(&fnl_desc_attainment_changed, 0);
	assert_non_null(v);
	return v;
}

static const struct fnl_value *image(size_t before)
{
	const struct fnl_value *v = told(&fnl_desc_rep_year, before);
	assert_non_null(v);
	return v;
}

/* ---- whose it is ---- */

static void a_win(void **state)
{
	(void)state;
	send(win(ANN, 1, "ann", 700, FNL_DAY_2024));
	has(ANN, 2024, "USD", 1, 700);
	send(of(win(ANN, 1, "ann", 50, FNL_DAY_2024 + 40), "q"));
	has(ANN, 2024, "USD", 2, 750);
	send(win(ANN, 1, "ann", 900, FNL_DAY_2024)); /* again: it is known */
	has(ANN, 2024, "USD", 2, 750);
}

static void won_again_at_another_amount(void **state)
{
	(void)state;
	send(win(ANN, 1, "ann", 700, FNL_DAY_2024));
	send(win(ANN, 2, "ann", -30, FNL_DAY_2024));
	has(ANN, 2024, "USD", 1, -30);
	struct fnl_input in = win(ANN, 3, "ann", 0, FNL_DAY_2024);
	fnl_input_money(&in, B(WON_AMOUNT), 12, "EUR");
	send(in);
	has(ANN, 2024, "USD", 0, 0);
	has(ANN, 2024, "EUR", 1, 12);
}

/* null is not zero. */
static void of_an_unknown_amount(void **state)
{
	(void)state;
	send(win(ANN, 1, "ann", NONE, FNL_DAY_2024));
	has(ANN, 2024, "", 1, 0);
	send(of(win(ANN, 1, "ann", 0, FNL_DAY_2024), "q"));
	has(ANN, 2024, "USD", 1, 0);
	send(win(ANN, 2, "ann", 5, FNL_DAY_2024));
	has(ANN, 2024, "", 0, 0);
	has(ANN, 2024, "USD", 2, 5);
}

static void of_an_unknown_day(void **state)
{
	(void)state;
	send(win(ANN, 1, "ann", 700, NONE));
	has_nothing(ANN);
	send(win(ANN, 2, "ann", 700, FNL_DAY_2024));
	has(ANN, 2024, "USD", 1, 700);
	send(win(ANN, 3, "ann", 700, NONE));
	has_nothing(ANN);
}

static void reopened_and_won_by_another(void **state)
{
	(void)state;
	send(win(ANN, 1, "ann", 700, FNL_DAY_2024));
	send(fnl_input_line(ANN, "p", 2, 0));
	has_nothing(ANN);
	send(as(win(ANN, 3, "bob", 800, FNL_DAY_2024), FNL_LINE_STATE_WATCHED));
	send(win(BOB, 3, "bob", 800, FNL_DAY_2024));
	has_nothing(ANN);
	has(BOB, 2024, "USD", 1, 800);
}

static void the_owner_changes_after_the_win(void **state)
{
	(void)state;
	send(win(ANN, 1, "ann", 700, FNL_DAY_2024));
	send(as(win(ANN, 2, "ann", 700, FNL_DAY_2024), FNL_LINE_STATE_WATCHED));
	send(win(BOB, 2, "ann", 700, FNL_DAY_2024));
	has(ANN, 2024, "USD", 1, 700);
	has_nothing(BOB);
	struct fnl_input in = as(fnl_input_line(ANN, "p", 3, 0), FNL_LINE_STATE_WATCHED); /* reopened */
	send(in);
	has_nothing(ANN);
}

/* He is no former owner any more, and still the one who won it: what he has is the win alone, by its sequence. */
static void the_winner_has_no_copy_any_more(void **state)
{
	(void)state;
	send(as(win(ANN, 1, "ann", 700, FNL_DAY_2024), FNL_LINE_STATE_WATCHED));
	send(as(win(ANN, 2, "ann", 700, FNL_DAY_2024), FNL_LINE_STATE_GONE));
	has(ANN, 2024, "USD", 1, 700);
	assert_non_null(fnl_books_line_row(&w, ANN, "p"));
	send(as(win(ANN, 3, "ann", 900, FNL_DAY_2024), FNL_LINE_STATE_GONE));
	has(ANN, 2024, "USD", 1, 900);
	send(as(win(ANN, 2, "ann", 700, FNL_DAY_2024), FNL_LINE_STATE_WATCHED)); /* known */
	has(ANN, 2024, "USD", 1, 900);
	send(gone(ANN, 4));
	has_nothing(ANN);
	assert_null(fnl_books_line_row(&w, ANN, "p"));
}

/* Merged away or deleted it is no win any more: that is the survivor's. */
static void a_merged_loser(void **state)
{
	(void)state;
	static const int layers[] = {FNL_LAYER_MERGED, FNL_LAYER_DELETED, FNL_LAYER_UNKNOWN, FNL_LAYER_LOST};
	for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
		send(win(ANN, 2 * (int64_t)i + 1, "ann", 700, FNL_DAY_2024));
		has(ANN, 2024, "USD", 1, 700);
		struct fnl_input in = win(ANN, 2 * (int64_t)i + 2, "ann", 700, FNL_DAY_2024);
		fnl_input_i64(&in, B(LAYER), layers[i]);
		send(in);
		has_nothing(ANN);
	}
}

/* The company's own number, without any identity. */
static void erased_after_the_win(void **state)
{
	(void)state;
	send(win(ANN, 1, "ann", 700, FNL_DAY_2024));
	send(of(as(win(ANN, 1, "ann", 20, FNL_DAY_2024), FNL_LINE_STATE_GONE), "q"));
	static const char *const ids[] = {"p", "q"};
	for (size_t i = 0; i < 2; i++) {
		struct fnl_input in = of(as(gone(ANN, 2), FNL_LINE_STATE_ERASED), ids[i]);
		fnl_input_i64(&in, B(LAYER), FNL_LAYER_ERASED);
		send(in);
		assert_null(fnl_books_line_row(&w, ANN, ids[i]));
		send(in);
	}
	has(ANN, 2024, "USD", 2, 720);
}

static void the_pool_wins_nothing(void **state)
{
	(void)state;
	send(win("pool:UNASSIGNED", 1, "ann", 700, FNL_DAY_2024));
	has_nothing("pool:UNASSIGNED");
}

/* ---- in which year ---- */

static void across_the_first_day_of_the_year(void **state)
{
	(void)state;
	send(win(ANN, 1, "ann", 1, FNL_DAY_2024 - 1));
	send(of(win(ANN, 1, "ann", 2, FNL_DAY_2024), "q"));
	has(ANN, 2023, "USD", 1, 1);
	has(ANN, 2024, "USD", 1, 2);
	fnl_books_rule(&w, "fiscal_year", "start_month", 4);
	send(of(win(ANN, 1, "ann", 4, FNL_DAY_2024 + 90), "r")); /* 31 March */
	send(of(win(ANN, 1, "ann", 8, FNL_DAY_2024 + 91), "s"));
	has(ANN, 2023, "USD", 2, 5);
	has(ANN, 2024, "USD", 2, 10);
}

/* Also of lines that are not owned any more; but not of those that were erased. */
static void other_rules_file_it_anew(void **state)
{
	(void)state;
	hire("ann", 1, "east", "boss");
	send(as(win(ANN, 1, "ann", 700, FNL_DAY_2024), FNL_LINE_STATE_WATCHED));
	send(of(as(win(ANN, 1, "ann", 20, FNL_DAY_2024), FNL_LINE_STATE_GONE), "q"));
	send(of(win(ANN, 1, "ann", 3, FNL_DAY_2024), "r"));
	send(of(as(gone(ANN, 2), FNL_LINE_STATE_ERASED), "r"));
	fire(ANN);
	size_t before = fnl_books_events(&w, &fnl_desc_attainment_changed);
	fnl_books_new_rules(&w, "fiscal_year", "start_month", 4);
	fnl_books_run_until(&w, w.now_ms - FNL_T0 + 1);
	has(ANN, 2024, "USD", 1, 3);
	has(ANN, 2023, "USD", 2, 720);
	fire(ANN);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_attainment_changed), before + 2);
}

/* ---- how much it is of the quota ---- */

static void set_quota(int64_t year, int64_t quota, int state)
{
	struct fnl_value *v = fnl_arena_calloc(&w.arena, FNL_QUOTA_SET_FIELD_COUNT, sizeof(*v));
	struct fnl_value *rate = fnl_arena_calloc(&w.arena, FNL_QUOTA_RATE_FIELD_COUNT, sizeof(*rate));
	struct fnl_value *rates = fnl_arena_calloc(&w.arena, 1, sizeof(*rates));
	char key[64];
	for (size_t i = 0; i < FNL_QUOTA_SET_FIELD_COUNT; i++) {
		v[i] = fnl_desc_quota_set.fields[i].nullable ? (struct fnl_value){0} : i64(0);
	}
	rate[FNL_QUOTA_RATE_CURRENCY] = text("EUR");
	rate[FNL_QUOTA_RATE_RATE_MANTISSA] = i64(15);
	rate[FNL_QUOTA_RATE_RATE_SCALE] = i64(1);
	rate[FNL_QUOTA_RATE_VALID_ON] = i64(FNL_DAY_2024);
	rates[0] = list(rate, FNL_QUOTA_RATE_FIELD_COUNT);
	v[FNL_QUOTA_SET_REP_ID] = text("ann");
	v[FNL_QUOTA_SET_RUN_ID] = text("run");
	v[FNL_QUOTA_SET_BASE_CURRENCY] = text("USD");
	v[FNL_QUOTA_SET_FISCAL_YEAR] = i64(year);
	v[FNL_QUOTA_SET_STATE] = i64(state);
	v[FNL_QUOTA_SET_QUOTA] = (struct fnl_value){.set = true, .money = {quota, "USD"}};
	v[FNL_QUOTA_SET_TOTALS] = v[FNL_QUOTA_SET_AREAS] = list(NULL, 0);
	v[FNL_QUOTA_SET_RATES] = list(rates, 1);
	snprintf(key, sizeof(key), ANN "|%d", (int)year);
	fnl_books_put(&w, FNL_BOOKS_QUOTA, key, FNL_ROW_PUT, v);
}

/* A win in USD, one in another currency (amount NONE: none), the quota (NONE: none); what is told of them. */
static void of_the_quota(void **state)
{
	(void)state;
	static const struct {
		int64_t won, other;
		const char *currency;
		int64_t quota;
		int state;
		int64_t won_minor, others, bp; /* bp NONE: null */
	} cases[] = {
		{500, NONE, "", 1000, FNL_QUOTA_STATE_FROZEN, 500, 0, 5000},
		{500, NONE, "", 1000, FNL_QUOTA_STATE_DRAFT, 0, 1, NONE},
		{500, NONE, "", NONE, 0, 0, 1, NONE},
		{500, NONE, "", 0, FNL_QUOTA_STATE_FROZEN, 500, 0, NONE},
		{500, NONE, "", -7, FNL_QUOTA_STATE_FROZEN, 500, 0, NONE},
		{1, NONE, "", 3, FNL_QUOTA_STATE_FROZEN, 1, 0, 3333},
		{-500, NONE, "", 1000, FNL_QUOTA_STATE_FROZEN, -500, 0, -5000},
		{1, NONE, "", 20000, FNL_QUOTA_STATE_FROZEN, 1, 0, 0}, /* half a point, to even */
		{3, NONE, "", 20000, FNL_QUOTA_STATE_FROZEN, 3, 0, 2},
		{500, 100, "EUR", 1000, FNL_QUOTA_STATE_FROZEN, 650, 0, 6500},
		{0, 1, "EUR", 1000, FNL_QUOTA_STATE_FROZEN, 2, 0, 20}, /* 1.5 to even */
		{0, 3, "EUR", 1000, FNL_QUOTA_STATE_FROZEN, 4, 0, 40}, /* 4.5 to even */
		{0, -3, "EUR", 1000, FNL_QUOTA_STATE_FROZEN, -4, 0, -40},
		{500, 100, "JPY", 1000, FNL_QUOTA_STATE_FROZEN, 500, 1, 5000}, /* without a rate */
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fnl_books_clear(&w);
		send(win(ANN, 1, "ann", cases[i].won, FNL_DAY_2024));
		if (cases[i].other != NONE) {
			struct fnl_input in = of(win(ANN, 1, "ann", 0, FNL_DAY_2024), "q");
			fnl_input_money(&in, B(WON_AMOUNT), cases[i].other, cases[i].currency);
			send(in);
		}
		if (cases[i].quota != NONE) {
			set_quota(2024, cases[i].quota, cases[i].state);
		}
		fire(ANN);
		print_message("case %zu\n", i);
		assert_int_equal(fnl_books_events(&w, &fnl_desc_attainment_changed), 1);
		assert_int_equal(changed()[A(WON_MINOR)].i64, cases[i].won_minor);
		assert_int_equal(changed()[A(NOT_CONVERTED_COUNT)].i64, cases[i].others);
		assert_int_equal(changed()[A(ATTAINMENT_BP)].set ? changed()[A(ATTAINMENT_BP)].i64 : NONE, cases[i].bp);
		bool frozen = cases[i].quota != NONE && cases[i].state == FNL_QUOTA_STATE_FROZEN;
		assert_int_equal(changed()[A(QUOTA)].set, frozen);
	}
}

/* What is beyond the limits is found before anything is stored. */
static void more_than_there_is_room_for(void **state)
{
	(void)state;
	send(win(ANN, 1, "ann", 700, FNL_DAY_2024));
	for (int i = 0; i < FNL_BOOK_TOTALS_MAX; i++) {
		char id[32], code[4] = {(char)('A' + i / 26), 'X', (char)('A' + i % 26), 0};
		snprintf(id, sizeof(id), "p%d", i);
		struct fnl_input in = of(win(ANN, 1, "ann", 0, FNL_DAY_2024), id);
		fnl_input_money(&in, B(WON_AMOUNT), 1, code);
		/* of the lines as they are there is one sum */
		assert_int_equal(fnl_books_line(&w, &in, "c"), i + 1 < FNL_BOOK_TOTALS_MAX ? 0 : FNL_E_LIMIT);
	}
	assert_null(fnl_books_line_row(&w, ANN, "p255"));
	assert_int_equal(fnl_books_rep(&w, ANN)[FNL_REP_WON].list.count, FNL_BOOK_TOTALS_MAX);
	struct fnl_value *rep = fnl_arena_alloc(&w.arena, FNL_REP_FIELD_COUNT * sizeof(*rep));
	memcpy(rep, fnl_books_rep(&w, ANN), FNL_REP_FIELD_COUNT * sizeof(*rep));
	struct fnl_value *total = (struct fnl_value *)rep[FNL_REP_WON].list.items[FNL_BOOK_TOTALS_MAX - 1].list.items;
	assert_true(fnl_span_eq(total[FNL_WON_TOTAL_CURRENCY].str, FNL_SPAN_LIT("USD")));
	total[FNL_WON_TOTAL_AMOUNT_MINOR].i64 = INT64_MAX;
	fnl_books_put(&w, FNL_BOOKS_REP, ANN, FNL_ROW_PUT, rep);
	struct fnl_input in = of(win(ANN, 1, "ann", 1, FNL_DAY_2024), "q");
	assert_int_equal(fnl_books_line(&w, &in, "c"), FNL_E_LIMIT);
	assert_null(fnl_books_line_row(&w, ANN, "q"));
}

/* ---- what is told, and when ---- */

/* As QuotaRecalculated: what is untold waits for the first change, and for the last telling. */
static void at_most_once_in_the_conflation_time(void **state)
{
	(void)state;
	int64_t each_ms = 60000;
	fnl_books_rule(&w, "quota", "conflation_seconds", 60);
	send(win(ANN, 1, "ann", 700, FNL_DAY_2024));
	int64_t due_ms = fnl_books_rep(&w, ANN)[FNL_REP_WON_DUE_AT].i64;
	assert_int_equal(due_ms, w.now_ms + each_ms);
	w.now_ms += each_ms - 1;
	send(win(ANN, 2, "ann", 900, FNL_DAY_2024 - 1));
	assert_int_equal(fnl_books_rep(&w, ANN)[FNL_REP_NEXT_DEADLINE_AT].i64, due_ms);
	fire(ANN);
	assert_int_equal(w.now_ms, due_ms);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_attainment_changed), 2);
	assert_int_equal(told(&fnl_desc_attainment_changed, 1)[A(FISCAL_YEAR)].i64, 2023);
	assert_int_equal(told(&fnl_desc_attainment_changed, 1)[A(WON)].list.count, 1);
	assert_int_equal(changed()[A(FISCAL_YEAR)].i64, 2024);
	assert_int_equal(changed()[A(WON)].list.count, 0);
	assert_int_equal(fnl_books_rep(&w, ANN)[FNL_REP_WON_YEARS].list.count, 1); /* of 2024 there is nothing to say */
	w.now_ms -= 5;
	send(win(ANN, 3, "ann", 901, FNL_DAY_2024 - 1));
	assert_int_equal(fnl_books_rep(&w, ANN)[FNL_REP_WON_DUE_AT].i64, due_ms + each_ms);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_rep_year), 0); /* nobody's rep */
}

static void many_years_in_turns(void **state)
{
	(void)state;
	char id[32];
	for (int i = 0; i < FNL_ATTAINMENT_YEARS_MAX + 3; i++) {
		snprintf(id, sizeof(id), "p%d", i);
		send(of(win(ANN, 1, "ann", 700, FNL_DAY_2024 + i * 366), id));
	}
	w.now_ms = fnl_books_rep(&w, ANN)[FNL_REP_NEXT_DEADLINE_AT].i64;
	fnl_books_rep_timer(&w, ANN);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_attainment_changed), FNL_ATTAINMENT_YEARS_MAX);
	assert_int_equal(fnl_books_rep(&w, ANN)[FNL_REP_NEXT_DEADLINE_AT].i64, w.now_ms);
	fnl_books_rep_timer(&w, ANN);
	assert_int_equal(fnl_books_events(&w, &fnl_desc_attainment_changed), FNL_ATTAINMENT_YEARS_MAX + 3);
	assert_false(fnl_books_rep(&w, ANN)[FNL_REP_WON_DUE_AT].set);
}

static bool is_image(const struct fnl_value *v, const char *org_id, bool present, int64_t sequence)
{
	return fnl_span_eq(v[Y(ORG_ID)].str, fnl_span_str(org_id)) && v[Y(PRESENT)].i64 == present &&
	       v[Y(SEQUENCE)].i64 == sequence;
}

static void what_organisations_hear(void **state)
{
	(void)state;
	hire("ann", 1, "east", "boss");
	send(win(ANN, 1, "ann", 700, FNL_DAY_2024));
	set_quota(2024, 1000, FNL_QUOTA_STATE_FROZEN);
	fire(ANN);
	assert_true(is_image(image(0), "east", true, 1));
	assert_int_equal(image(0)[Y(WON_MINOR)].i64, 700);
	assert_int_equal(image(0)[Y(QUOTA)].money.amount_minor, 1000);
	hire("ann", 2, "east", "boss"); /* nothing of it is in an image */
	assert_false(fnl_books_rep(&w, ANN)[FNL_REP_WON_DUE_AT].set);
	hire("ann", 3, "east", "chief");
	fire(ANN);
	assert_true(is_image(image(0), "east", true, 2));
	assert_true(fnl_span_eq(image(0)[Y(MANAGER_ID)].str, FNL_SPAN_LIT("chief")));
	hire("ann", 4, "west", "chief");
	fire(ANN);
	assert_true(is_image(image(1), "east", false, 3));
	assert_false(image(1)[Y(MANAGER_ID)].set);
	assert_true(is_image(image(0), "west", true, 3));
	struct fnl_input in = fnl_input_of(&fnl_desc_rep_erased, 0);
	fnl_input_str(&in, FNL_REP_ERASED_REP_ID, "ann");
	fnl_input_i64(&in, FNL_REP_ERASED_VERSION, 5);
	assert_int_equal(fnl_books_rep_leaves(&w, &in), 0);
	fire(ANN);
	assert_true(is_image(image(0), "west", false, 4));
	/* the win was told once: it has not changed since */
	assert_int_equal(fnl_books_events(&w, &fnl_desc_attainment_changed), 1);
}

/* A year that has nothing any more is in no organisation. */
static void the_last_win_of_a_year_is_reversed(void **state)
{
	(void)state;
	hire("ann", 1, "east", "boss");
	send(win(ANN, 1, "ann", 700, FNL_DAY_2024));
	fire(ANN);
	send(fnl_input_line(ANN, "p", 2, 0));
	fire(ANN);
	assert_true(is_image(image(0), "east", false, 2));
	assert_int_equal(fnl_books_rep(&w, ANN)[FNL_REP_WON_YEARS].list.count, 0);
}

/* A frozen quota is told with what was won of it, also when nothing was. */
static void a_quota_freezes(void **state)
{
	(void)state;
	hire("ann", 1, "east", "boss");
	send(fnl_input_line(ANN, "p", 1, 0));
	fire(ANN);
	struct fnl_input in = fnl_input_open("run", "east", 2024, 10);
	assert_int_equal(fnl_books_open(&w, &in), 0);
	fnl_books_run_until(&w, 11);
	assert_false(fnl_books_rep(&w, ANN)[FNL_REP_WON_DUE_AT].set); /* a draft is none */
	fnl_books_run_until(&w, 30 * 24 * FNL_HOUR);
	assert_true(fnl_books_rep(&w, ANN)[FNL_REP_WON_DUE_AT].set);
	fire(ANN);
	assert_true(changed()[A(QUOTA)].set);
	assert_int_equal(changed()[A(WON_MINOR)].i64, 0);
	assert_int_equal(changed()[A(ATTAINMENT_BP)].i64, 0);
	assert_true(is_image(image(0), "east", true, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_win, books_fresh),
		cmocka_unit_test_setup(won_again_at_another_amount, books_fresh),
		cmocka_unit_test_setup(of_an_unknown_amount, books_fresh),
		cmocka_unit_test_setup(of_an_unknown_day, books_fresh),
		cmocka_unit_test_setup(reopened_and_won_by_another, books_fresh),
		cmocka_unit_test_setup(the_owner_changes_after_the_win, books_fresh),
		cmocka_unit_test_setup(the_winner_has_no_copy_any_more, books_fresh),
		cmocka_unit_test_setup(a_merged_loser, books_fresh),
		cmocka_unit_test_setup(erased_after_the_win, books_fresh),
		cmocka_unit_test_setup(the_pool_wins_nothing, books_fresh),
		cmocka_unit_test_setup(across_the_first_day_of_the_year, books_fresh),
		cmocka_unit_test_setup(other_rules_file_it_anew, books_fresh),
		cmocka_unit_test_setup(of_the_quota, books_fresh),
		cmocka_unit_test_setup(more_than_there_is_room_for, books_fresh),
		cmocka_unit_test_setup(at_most_once_in_the_conflation_time, books_fresh),
		cmocka_unit_test_setup(many_years_in_turns, books_fresh),
		cmocka_unit_test_setup(what_organisations_hear, books_fresh),
		cmocka_unit_test_setup(the_last_win_of_a_year_is_reversed, books_fresh),
		cmocka_unit_test_setup(a_quota_freezes, books_fresh),
	};
	return cmocka_run_group_tests(tests, books_start, books_end);
}
