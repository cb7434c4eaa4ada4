#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "prospect_fixture.h"

/* What books hear of a prospect. */

#define DAY_MS INT64_C(86400000)

/* "rep:b OWNED rep:a WATCHED": books and states of the last outcome, in its order. */
static const char *heard(void)
{
	static char text[600];
	size_t len = 0;
	text[0] = '\0';
	for (size_t i = 0; i < w.out.line_count; i++) {
		const struct fnl_value *v = w.out.lines[i].values;
		struct fnl_span book = v[FNL_BOOK_LINE_BOOK].str;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s %s", i ? " " : "", (int)book.len,
		                        (const char *)book.data, fnl_symbols_line_state[v[FNL_BOOK_LINE_STATE].i64]);
	}
	return text;
}

/* owner "" clears it, NULL says nothing of it. */
static struct fnl_input owned(int64_t version, int64_t at_ms, const char *owner)
{
	static struct fnl_value cleared = {.set = true, .str = FNL_SPAN_LIT("owner_rep_id")};
	struct fnl_input in = fnl_input_changed(version, at_ms);
	if (owner && owner[0]) {
		fnl_input_str(&in, C(OWNER_REP_ID), owner);
	} else if (owner) {
		in.v[C(CLEARED)].list = (struct fnl_list){&cleared, 1};
	}
	return in;
}

static void own(int64_t at_ms, const char *owner)
{
	static int64_t version;
	apply(owned(++version, at_ms, owner));
}

static void owners_come_and_go(void **state)
{
	(void)state;
	static const struct {
		const char *owner;
		const char *expected;
	} steps[] = {
		{"", "pool:UNASSIGNED OWNED"},
		{"a", "rep:a OWNED pool:UNASSIGNED GONE"},
		{"b", "rep:b OWNED rep:a WATCHED"},
		{"b", ""},
		{"c", "rep:c OWNED rep:b WATCHED rep:a WATCHED"}, /* whoever watches sees whose it is now */
		{"a", "rep:a OWNED rep:c WATCHED rep:b WATCHED"}, /* he owns it again: no copy beside it */
		{"d", "rep:d OWNED rep:a WATCHED rep:c WATCHED rep:b WATCHED"},
		{"e", "rep:e OWNED rep:d WATCHED rep:a WATCHED rep:c WATCHED rep:b GONE"}, /* the fourth */
		{"", "pool:UNASSIGNED OWNED rep:e WATCHED rep:d WATCHED rep:a WATCHED rep:c GONE"},
		{"e", "rep:e OWNED rep:d WATCHED rep:a WATCHED pool:UNASSIGNED GONE"},
	};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		own((int64_t)i, steps[i].owner);
		if (strcmp(heard(), steps[i].expected) != 0) {
			fail_msg("step %zu, to '%s': '%s', expected '%s'", i, steps[i].owner, heard(), steps[i].expected);
		}
		for (size_t k = 0; k < w.out.line_count; k++) {
			assert_int_equal(w.out.lines[k].values[FNL_BOOK_LINE_SEQUENCE].i64, R(SEQUENCE).i64);
			assert_int_equal(w.out.lines[k].values[FNL_BOOK_LINE_OCCURRED_AT].i64, FNL_T0 + (int64_t)i);
		}
	}
	assert_int_equal(R(FORMER_OWNERS).list.count, 2);
}

static void set_field(struct fnl_input *in, int field)
{
	const struct fnl_field_desc *f = &in->desc->fields[field];
	if (f->kind == FNL_KIND_STRING) {
		fnl_input_str(in, field, "x");
	} else if (f->kind == FNL_KIND_MONEY) {
		fnl_input_money(in, field, 12345, "EUR");
	} else if (f->kind == FNL_KIND_LIST) {
		static const struct fnl_value person = {.set = true, .str = FNL_SPAN_LIT("x")};
		in->v[field] = (struct fnl_value){.set = true, .list = {&person, field == C(CONTACT_IDS)}};
	} else {
		fnl_input_i64(in, field, 1);
	}
}

/* A change of what a line does not show is not for the books. */
static void a_line_for_what_it_shows(void **state)
{
	(void)state;
	static const int shown[] = {C(BUYER_ID),    C(AMOUNT),     C(WON_AMOUNT),  C(CLOSED_ON),   C(EXPECTED_CLOSE_DATE),
	                            C(REGION),      C(INDUSTRY),   C(STAGE),       C(PIPELINE_ID), C(PROBABILITY_BP),
	                            C(LOST_REASON), C(LOST_TO_ID), C(CONTACT_IDS), C(SIZE_FOCUS),  C(PLANNED_PURCHASES)};
	for (int field = C(BUYER_ID); field <= C(SIZE_FOCUS); field++) {
		bool is_shown = field == C(OWNER_REP_ID);
		for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
			is_shown = is_shown || field == shown[i];
		}
		if (field == C(STATUS) || field == C(PROBABILITY_SOURCE)) {
			continue; /* they may change the layer */
		}
		fnl_world_clear(&w);
		apply(owned(1, 0, "a"));
		struct fnl_input in = fnl_input_changed(2, 1);
		set_field(&in, field);
		apply(in);
		if ((w.out.line_count > 0) != is_shown) {
			fail_msg("%s: %zu lines", in.desc->fields[field].name, w.out.line_count);
		}
	}
}

static void stage(int64_t version, int64_t at_ms, const char *name, int status)
{
	struct fnl_input in = fnl_input_changed(version, at_ms);
	fnl_input_str(&in, C(STAGE), name);
	fnl_input_i64(&in, C(STATUS), status);
	apply(in);
}

static void contact(int64_t version, int64_t at_ms)
{
	struct fnl_input in = fnl_input_changed(version, at_ms);
	fnl_input_i64(&in, C(LAST_CONTACT_AT), FNL_T0 + at_ms);
	apply(in);
}

/* Of the MIDDLE alone, and by the day. */
static void the_last_contact_is_shown(void **state)
{
	(void)state;
	int64_t today = FNL_T0 / DAY_MS;
	apply(owned(1, 0, "a"));
	stage(2, 1, "Prospecting", FNL_STATUS_OPEN);
	contact(3, 2);
	assert_string_equal(heard(), "");
	stage(4, 3, "Value Proposition", FNL_STATUS_OPEN);
	assert_int_equal(fnl_world_line(&w, "rep:a")[FNL_BOOK_LINE_LAST_CONTACT_ON].i64, today);
	contact(5, 4);
	assert_string_equal(heard(), "");
	contact(6, DAY_MS);
	assert_string_equal(heard(), "rep:a OWNED");
	assert_int_equal(fnl_world_line(&w, "rep:a")[FNL_BOOK_LINE_LAST_CONTACT_ON].i64, today + 1);
	stage(7, DAY_MS + 1, "Negotiation/Review", FNL_STATUS_OPEN);
	assert_false(fnl_world_line(&w, "rep:a")[FNL_BOOK_LINE_LAST_CONTACT_ON].set);
}

/* It is his who owned it then, whoever owns it later; reopened, and won again, it is another's. */
static void whose_win_it_is(void **state)
{
	(void)state;
	apply(owned(1, 0, "a"));
	stage(2, 1, "Negotiation/Review", FNL_STATUS_OPEN);
	assert_false(R(WON_BY).set);
	stage(3, 2, "Negotiation/Review", FNL_STATUS_WON);
	assert_true(fnl_span_eq(fnl_world_line(&w, "rep:a")[FNL_BOOK_LINE_WON_BY].str, FNL_SPAN_LIT("a")));
	apply(owned(4, 3, "b"));
	assert_true(fnl_span_eq(fnl_world_line(&w, "rep:b")[FNL_BOOK_LINE_WON_BY].str, FNL_SPAN_LIT("a")));
	assert_int_equal(fnl_world_line(&w, "rep:b")[FNL_BOOK_LINE_OWNER_SINCE].i64, FNL_T0 + 3);
	stage(5, 4, "Negotiation/Review", FNL_STATUS_OPEN);
	assert_false(fnl_world_line(&w, "rep:a")[FNL_BOOK_LINE_WON_BY].set);
	stage(6, 5, "Negotiation/Review", FNL_STATUS_WON);
	assert_true(fnl_span_eq(fnl_world_line(&w, "rep:a")[FNL_BOOK_LINE_WON_BY].str, FNL_SPAN_LIT("b")));
}

/* He is no former owner any more: he hears of the win, and of its end, but of nothing else. */
static void the_winner_without_a_line_hears_of_his_win(void **state)
{
	(void)state;
	static const char *const owners[] = {"b", "c", "d", "e"};
	apply(owned(1, 0, "a"));
	stage(2, 1, "Negotiation/Review", FNL_STATUS_WON);
	for (size_t i = 0; i < 4; i++) {
		apply(owned(3 + (int64_t)i, 2 + (int64_t)i, owners[i]));
	}
	const struct fnl_value *line = fnl_world_line(&w, "rep:a");
	assert_int_equal(line[FNL_BOOK_LINE_STATE].i64, FNL_LINE_STATE_GONE);
	assert_int_equal(line[FNL_BOOK_LINE_LAYER].i64, FNL_LAYER_WON);
	assert_true(fnl_span_eq(line[FNL_BOOK_LINE_WON_BY].str, FNL_SPAN_LIT("a")));
	assert_false(line[FNL_BOOK_LINE_STAGE].set);
	stage(7, 7, "Negotiation/Review", FNL_STATUS_OPEN);
	line = fnl_world_line(&w, "rep:a");
	assert_non_null(line);
	assert_int_equal(line[FNL_BOOK_LINE_STATE].i64, FNL_LINE_STATE_GONE);
	assert_int_equal(line[FNL_BOOK_LINE_LAYER].i64, FNL_LAYER_NONE);
	assert_false(line[FNL_BOOK_LINE_WON_BY].set);
}

static void the_layer_is_shown(void **state)
{
	(void)state;
	apply(owned(1, 0, "a"));
	apply(owned(2, 1, "b"));
	struct fnl_input in = fnl_input_changed(3, 2);
	fnl_input_str(&in, C(STAGE), "Prospecting");
	fnl_input_money(&in, C(AMOUNT), 100, "EUR");
	apply(in);
	assert_string_equal(heard(), "rep:b OWNED rep:a WATCHED");
	for (int i = 0; i < 2; i++) {
		const struct fnl_value *v = fnl_world_line(&w, i ? "rep:a" : "rep:b");
		assert_int_equal(v[FNL_BOOK_LINE_LAYER].i64, FNL_LAYER_TOP);
		assert_int_equal(v[FNL_BOOK_LINE_WEIGHT_BP].i64, 2500);
		assert_int_equal(v[FNL_BOOK_LINE_AMOUNT].money.amount_minor, 100);
		assert_true(fnl_span_eq(v[FNL_BOOK_LINE_STAGE].str, FNL_SPAN_LIT("Prospecting")));
		assert_true(fnl_span_eq(v[FNL_BOOK_LINE_PROSPECT_ID].str, FNL_SPAN_LIT("p1")));
		assert_true(fnl_span_eq(v[FNL_BOOK_LINE_SOURCE].str, FNL_SPAN_LIT("crm")));
		assert_false(v[FNL_BOOK_LINE_REGION].set);
	}
	apply(fnl_input_gap("g1", "p1", 3));
	assert_int_equal(fnl_world_line(&w, "rep:b")[FNL_BOOK_LINE_LAYER].i64, FNL_LAYER_UNKNOWN);
	apply(fnl_input_life(&fnl_desc_prospect_deleted, 4, 4));
	assert_string_equal(heard(), "rep:b OWNED rep:a WATCHED");
	assert_int_equal(fnl_world_line(&w, "rep:b")[FNL_BOOK_LINE_LAYER].i64, FNL_LAYER_DELETED);
}

/* A contact says nothing of the prospect: no book has it yet. */
static void no_line_without_an_image(void **state)
{
	(void)state;
	apply(fnl_input_contact("c1", 0, true, 0));
	assert_int_equal(w.out.line_count, 0);
	assert_false(R(BOOK).set);
	apply(fnl_input_gap("g1", "p1", 1));
	assert_string_equal(heard(), "pool:UNASSIGNED OWNED");
}

static void former_owners_end_after_400_days(void **state)
{
	(void)state;
	apply(owned(1, 0, "a"));
	assert_false(R(NEXT_DEADLINE_AT).set);
	apply(owned(2, 10, "b"));
	apply(owned(3, 20, "c"));
	int64_t first_ms = FNL_T0 + 10 + 400 * DAY_MS;
	assert_int_equal(R(NEXT_DEADLINE_AT).i64, first_ms);
	int64_t sequence = R(SEQUENCE).i64, changed_at = R(CHANGED_AT).i64;
	assert_int_equal(fnl_world_timer(&w, first_ms - 1), 0);
	assert_true(w.out.stale && w.out.line_count == 0);
	/* late, when the second one's time is over, too: each has his own moment */
	assert_int_equal(fnl_world_timer(&w, first_ms + 1000), 0);
	assert_string_equal(heard(), "rep:a GONE");
	const struct fnl_value *v = w.out.lines[0].values;
	assert_int_equal(v[FNL_BOOK_LINE_OCCURRED_AT].i64, first_ms);
	assert_int_equal(v[FNL_BOOK_LINE_SEQUENCE].i64, sequence + 1);
	assert_int_equal(R(SEQUENCE).i64, sequence + 1);
	assert_int_equal(R(CHANGED_AT).i64, changed_at);
	assert_int_equal(R(NEXT_DEADLINE_AT).i64, first_ms + 10);
	assert_int_equal(fnl_world_timer(&w, first_ms + 1000), 0);
	assert_string_equal(heard(), "rep:b GONE");
	assert_false(R(NEXT_DEADLINE_AT).set);
	assert_int_equal(R(FORMER_OWNERS).list.count, 0);
}

/* The row goes before its former owners do; restored, only they are left. */
static void two_dates_in_one_row(void **state)
{
	(void)state;
	apply(owned(1, 0, "a"));
	apply(owned(2, 10, "b"));
	apply(fnl_input_life(&fnl_desc_prospect_deleted, 3, 20));
	assert_int_equal(R(KEEP_UNTIL).i64, FNL_T0 + 20 + 90 * DAY_MS);
	assert_int_equal(R(NEXT_DEADLINE_AT).i64, R(KEEP_UNTIL).i64);
	apply(fnl_input_life(&fnl_desc_prospect_restored, 4, 30));
	assert_false(R(KEEP_UNTIL).set);
	assert_int_equal(R(NEXT_DEADLINE_AT).i64, FNL_T0 + 10 + 400 * DAY_MS);
	apply(fnl_input_life(&fnl_desc_prospect_deleted, 5, 350 * DAY_MS));
	assert_int_equal(R(NEXT_DEADLINE_AT).i64, FNL_T0 + 10 + 400 * DAY_MS);
	assert_int_equal(fnl_world_timer(&w, R(NEXT_DEADLINE_AT).i64), 0);
	assert_string_equal(heard(), "rep:a GONE");
	assert_int_equal(R(NEXT_DEADLINE_AT).i64, FNL_T0 + 440 * DAY_MS);
	int64_t sequence = R(SEQUENCE).i64;
	assert_int_equal(fnl_world_timer(&w, R(NEXT_DEADLINE_AT).i64), 0);
	assert_string_equal(heard(), "rep:b GONE");
	assert_int_equal(w.out.lines[0].values[FNL_BOOK_LINE_SEQUENCE].i64, sequence + 1);
	assert_null(w.row);
}

static void gone_for_good_is_gone_for_all(void **state)
{
	(void)state;
	apply(owned(1, 0, "a"));
	apply(owned(2, 10, "b"));
	apply(fnl_input_life(&fnl_desc_prospect_deleted, 3, 20));
	assert_int_equal(fnl_world_timer(&w, FNL_T0 + 20 + 90 * DAY_MS), 0);
	assert_string_equal(heard(), "rep:b GONE rep:a GONE");
	assert_null(w.row);
}

static void erased_is_erased_everywhere(void **state)
{
	(void)state;
	struct fnl_input in = owned(1, 0, "a");
	fnl_input_money(&in, C(AMOUNT), 77, "EUR");
	fnl_input_str(&in, C(REGION), "north");
	apply(in);
	apply(owned(2, 10, "b"));
	int64_t sequence = R(SEQUENCE).i64;
	apply(fnl_input_life(&fnl_desc_prospect_erased, 3, 20));
	assert_string_equal(heard(), "rep:b ERASED rep:a ERASED");
	for (size_t i = 0; i < w.out.line_count; i++) {
		const struct fnl_value *v = w.out.lines[i].values;
		assert_int_equal(v[FNL_BOOK_LINE_SEQUENCE].i64, sequence + 1);
		assert_int_equal(v[FNL_BOOK_LINE_LAYER].i64, FNL_LAYER_ERASED);
		assert_int_equal(v[FNL_BOOK_LINE_WEIGHT_BP].i64, 0);
		for (int f = FNL_BOOK_LINE_AMOUNT; f <= FNL_BOOK_LINE_ADVERSE; f++) {
			assert_int_equal(v[f].set, v[f].list.count == 0 && fnl_desc_book_line.fields[f].kind == FNL_KIND_LIST);
		}
	}
	apply(owned(4, 30, "c"));
	assert_int_equal(w.out.line_count, 0);
}

/* The row's only date was that of its going when there were no former owners. */
static void a_deleted_row_from_before_keeps_its_date(void **state)
{
	(void)state;
	apply(owned(1, 0, "a"));
	apply(fnl_input_life(&fnl_desc_prospect_deleted, 2, 10));
	int64_t until_ms = R(KEEP_UNTIL).i64;
	w.row_values[FNL_PROSPECT_KEEP_UNTIL] = (struct fnl_value){0};
	w.row_values[FNL_PROSPECT_BOOK] = (struct fnl_value){0};
	apply(owned(3, 20, "b"));
	assert_string_equal(heard(), "rep:b OWNED");
	assert_int_equal(R(KEEP_UNTIL).i64, until_ms);
	assert_int_equal(R(NEXT_DEADLINE_AT).i64, until_ms);
	w.row_values[FNL_PROSPECT_KEEP_UNTIL] = (struct fnl_value){0};
	assert_int_equal(fnl_world_timer(&w, until_ms), 0);
	assert_null(w.row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(owners_come_and_go),
		T(a_line_for_what_it_shows),
		T(the_layer_is_shown),
		T(the_last_contact_is_shown),
		T(whose_win_it_is),
		T(the_winner_without_a_line_hears_of_his_win),
		T(no_line_without_an_image),
		T(former_owners_end_after_400_days),
		T(two_dates_in_one_row),
		T(gone_for_good_is_gone_for_all),
		T(erased_is_erased_everywhere),
		T(a_deleted_row_from_before_keeps_its_date),
	};
	return cmocka_run_group_tests(tests, prospect_start, prospect_end);
}
