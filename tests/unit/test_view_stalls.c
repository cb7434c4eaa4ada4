/* What sits still, from rows of the rep stage: which lines, in what order, who was told, and the same as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "golden.h"
#include "rules_reader.h"
#include "view_stall.h"
#include "view_stalls.h"
#include "view_world.h"

#define GOLDEN(name) FNL_SOURCE_DIR "/tests/unit/golden/" name

static const int64_t now_ms = INT64_C(1751328000000); /* 2025-07-01, a Tuesday */
static const int64_t day_ms = 86400000;
static const char rules_text[] = "[rules]\nversion = 3\n[calendar]\nholidays = 2025-06-30\n[remedies]\n"
								 "no_consensus = map-the-committee\n";

static void put(struct view_world *w, int32_t partition, const char *key, const struct fnl_record_desc *d,
                const struct fnl_value *values)
{
	view_world_put(w, partition, now_ms, key, d, values);
}

static void put_rep(struct view_world *w, const char *id, const char *manager, const char *deputy)
{
	struct fnl_value v[FNL_REP_FIELD_COUNT] = {{0}};
	char book[64], key[80];
	snprintf(book, sizeof(book), "rep:%s", id);
	snprintf(key, sizeof(key), "rep|%s", book);
	v[FNL_REP_BOOK] = fnl_v_text(book);
	v[FNL_REP_REP_ID] = fnl_v_text(id);
	v[FNL_REP_VERSION] = v[FNL_REP_ACTIVE] = fnl_v_number(1);
	v[FNL_REP_MANAGER_ID] = fnl_v_text(manager);
	v[FNL_REP_DEPUTY_ID] = fnl_v_text(deputy);
	if (deputy) {
		v[FNL_REP_ABSENT_FROM] = fnl_v_number(20248); /* 2025-06-09 */
		v[FNL_REP_ABSENT_UNTIL] = fnl_v_number(20252);
	}
	v[FNL_REP_REGIONS].set = v[FNL_REP_INDUSTRIES].set = v[FNL_REP_TOTALS].set = v[FNL_REP_RUNNING].set =
		v[FNL_REP_QUOTA_YEARS].set = v[FNL_REP_WON].set = v[FNL_REP_WON_YEARS].set = v[FNL_REP_WON_SEQUENCE].set = true;
	v[FNL_REP_LINE_COUNT] = v[FNL_REP_WATCHED_COUNT] = fnl_v_number(0);
	v[FNL_REP_RESIGNED] = v[FNL_REP_ERASED] = v[FNL_REP_DIRECTORY_SEQUENCE] = fnl_v_number(0);
	put(w, 0, key, &fnl_desc_rep, v);
}

struct line {
	const char *book;
	const char *prospect;
	int state;
	int layer;
	struct fnl_value amount;
	struct fnl_value stalls;
	struct fnl_value evidence;
	int told;
};

static void put_line(struct view_world *w, const struct line *l)
{
	struct fnl_value v[FNL_LINE_FIELD_COUNT] = {{0}};
	char key[128];
	snprintf(key, sizeof(key), "line|%s|%s", l->book, l->prospect);
	v[FNL_LINE_BOOK] = fnl_v_text(l->book);
	v[FNL_LINE_PROSPECT_ID] = fnl_v_text(l->prospect);
	v[FNL_LINE_SEQUENCE] = v[FNL_LINE_EFFECTIVE_AT] = v[FNL_LINE_RULES_VERSION] = fnl_v_number(1);
	v[FNL_LINE_STATE] = fnl_v_number(l->state);
	v[FNL_LINE_LAYER] = fnl_v_number(l->layer);
	v[FNL_LINE_WEIGHT_BP] = fnl_v_number(2500 * l->layer);
	v[FNL_LINE_AMOUNT] = l->amount;
	v[FNL_LINE_STALLS] = l->stalls;
	v[FNL_LINE_EVIDENCE] = l->evidence;
	v[FNL_LINE_CONTACT_IDS].set = v[FNL_LINE_ADVERSE].set = v[FNL_LINE_KNOWN_LAYER].set = v[FNL_LINE_IMAGES].set = true;
	v[FNL_LINE_TOLD] = fnl_v_number(l->told);
	v[FNL_LINE_YEAR_START] = fnl_v_number(101);
	v[FNL_LINE_KNOWN_LAYER] = fnl_v_number(l->layer);
	put(w, 0, key, &fnl_desc_line, v);
}

static void put_rules(struct view_world *w, int32_t partition, int version, const char *text)
{
	struct fnl_value v[FNL_PARTITION_RULES_FIELD_COUNT] = {{0}};
	v[FNL_PARTITION_RULES_RULES_VERSION] = fnl_v_number(version);
	v[FNL_PARTITION_RULES_RULES_HASH] = fnl_v_text("");
	v[FNL_PARTITION_RULES_RULES_TEXT] = fnl_v_text(text);
	v[FNL_PARTITION_RULES_ACTIVATED_AT] = v[FNL_PARTITION_RULES_PASS_DONE] = v[FNL_PARTITION_RULES_PASS_CHANGED] =
		fnl_v_number(0);
	v[FNL_PARTITION_RULES_EARLIER].set = true;
	put(w, partition, "partition|rules", &fnl_desc_partition_rules, v);
}

static void put_clock(struct view_world *w, int32_t partition, int64_t at_ms)
{
	const struct fnl_value times[] = {fnl_v_number(now_ms + 5 * day_ms), fnl_v_number(at_ms)};
	const struct fnl_value v[] = {fnl_v_list(times, 2)};
	put(w, partition, "partition|clock", &fnl_desc_partition_times, v);
}

/* One of each sort of being told, and three lines that are not to be seen. */
static void fill(struct view_world *w)
{
	struct fnl_arena *a = &w->arena;
	enum { OWNED = FNL_LINE_STATE_OWNED, BOTTOM = FNL_LAYER_BOTTOM, TOP = FNL_LAYER_TOP, MIDDLE = FNL_LAYER_MIDDLE };
	const struct fnl_value of_1[] = {
		fnl_v_stall(a, FNL_STALL_KIND_STUCK, FNL_STALL_CONDITION_IN_LAYER, now_ms - 60 * day_ms,
	                FNL_ALERT_LEVEL_MANAGER, now_ms - 14 * day_ms),
		/* while ann was away */
		fnl_v_stall(a, FNL_STALL_KIND_SILENT, FNL_STALL_CONDITION_NO_CONTACT, now_ms - 30 * day_ms, FNL_ALERT_LEVEL_REP,
	                now_ms - 20 * day_ms),
	};
	const struct fnl_value of_2[] = {fnl_v_stall(a, FNL_STALL_KIND_STALE, FNL_STALL_CONDITION_AMOUNT_MISSING,
	                                             now_ms - 10 * day_ms, FNL_ALERT_LEVEL_NONE, INT64_MIN)};
	const struct fnl_value of_3[] = {fnl_v_stall(a, FNL_STALL_KIND_SILENT, FNL_STALL_CONDITION_NO_CONTACT,
	                                             now_ms - 40 * day_ms, FNL_ALERT_LEVEL_REP, now_ms - day_ms)};
	const struct fnl_value of_4[] = {fnl_v_stall(a, FNL_STALL_KIND_STUCK, FNL_STALL_CONDITION_IN_LAYER_CUMULATIVE,
	                                             now_ms - 50 * day_ms, FNL_ALERT_LEVEL_REP, now_ms - day_ms)};
	const struct fnl_value of_5[] = {fnl_v_stall(a, FNL_STALL_KIND_SLIPPED, FNL_STALL_CONDITION_PUSHED, now_ms - day_ms,
	                                             FNL_ALERT_LEVEL_NEXT_LEVEL, now_ms - day_ms)};
	const struct fnl_value of_6[] = {fnl_v_stall(a, FNL_STALL_KIND_STALE, FNL_STALL_CONDITION_CLOSE_DATE_PAST,
	                                             now_ms - 3 * day_ms, FNL_ALERT_LEVEL_NONE, now_ms + day_ms)};
	struct fnl_value answered = fnl_v_evidence(a, now_ms - 60 * day_ms, 0, NULL);
	struct fnl_value *evidence = (struct fnl_value *)answered.list.items;
	evidence[FNL_EVIDENCE_ANSWER] = fnl_v_answer(a, "a-1", "ann#1", now_ms - day_ms, FNL_CAUSE_NO_CONSENSUS, true);
	struct fnl_value plain = fnl_v_evidence(a, now_ms - 60 * day_ms, 4, NULL);
	const struct line lines[] = {
		{"rep:ann", "P-1", OWNED, BOTTOM, fnl_v_money(95032000, "USD"), fnl_v_list(of_1, 2), answered, 3},
		{"rep:ann", "P-2", OWNED, BOTTOM, fnl_v_null(), fnl_v_list(of_2, 1), plain, 0},
		{"rep:bob", "P-3", OWNED, TOP, fnl_v_money(100000, "USD"), fnl_v_list(of_3, 1), plain, 0},
		{"pool:UNASSIGNED", "P-4", OWNED, MIDDLE, fnl_v_money(1000, "EUR"), fnl_v_list(of_4, 1), plain, 1},
		{"rep:ann", "P-5", OWNED, TOP, fnl_v_money(200000, "USD"), fnl_v_list(of_5, 1), plain, 8},
		{"rep:ann", "P-6", OWNED, BOTTOM, fnl_v_money(120000000, "USD"), fnl_v_list(of_6, 1), plain, 0},
		{"rep:bob", "P-1", FNL_LINE_STATE_WATCHED, BOTTOM, fnl_v_money(95032000, "USD"), fnl_v_list(of_1, 2), answered,
	     0},
		{"rep:bob", "P-7", OWNED, BOTTOM, fnl_v_money(1, "USD"), fnl_v_list(NULL, 0), fnl_v_null(), 0},
		{"rep:bob", "P-8", FNL_LINE_STATE_GONE, FNL_LAYER_NONE, fnl_v_null(), fnl_v_list(NULL, 0), fnl_v_null(), 0},
	};
	put_rep(w, "ann", "max", "dan");
	put_rep(w, "bob", NULL, NULL);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		put_line(w, &lines[i]);
	}
	put_rules(w, 0, 3, rules_text);
	put_rules(w, 1, 2, "[rules]\nversion = 2\n"); /* it will have them, too */
}

static struct fnl_stalls_question question(void)
{
	return (struct fnl_stalls_question){.layer = -1, .now_ms = now_ms, .rules_reader = fnl_test_rules_reader()};
}

static const char *draw(struct view_world *w, const struct fnl_stalls_question *q, int width)
{
	struct fnl_error why = {0};
	struct fnl_canvas c = {.width = width};
	c.out = view_world_out(w);
	assert_int_equal(fnl_view_stalls(&w->rows, q, &c, &why), 0);
	fclose(c.out);
	return w->text;
}

static void what_sits_still_is_listed(void **state)
{
	struct view_world *w = *state;
	struct fnl_golden g = {0};
	struct fnl_stalls_question q = question();
	fill(w);
	fnl_golden_add(&g, "%s", draw(w, &q, 100));
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("view_stalls.txt")), 0);
}

static void of_one_layer(void **state)
{
	struct view_world *w = *state;
	struct fnl_stalls_question q = question();
	q.layer = FNL_LAYER_TOP;
	fill(w);
	draw(w, &q, 100);
	assert_non_null(strstr(w->text, " 2 SIT STILL "));
	assert_null(strstr(w->text, "P-1 "));
	q.layer = FNL_LAYER_MIDDLE;
	draw(w, &q, 100);
	assert_non_null(strstr(w->text, " 1 SITS STILL "));
}

static void nothing_sits_still(void **state)
{
	struct view_world *w = *state;
	struct fnl_stalls_question q = question();
	assert_string_equal(draw(w, &q, 100), " NONE SIT STILL   as of 2025-07-01 00:00 UTC, rules 0\n");
}

static void only_what_is_needed_is_read(void **state)
{
	(void)state;
	struct fnl_stalls_question q = question();
	static const struct {
		const char *key;
		bool all;
		bool ann;
	} cases[] = {
		{"line|rep:ann|P-1", true, true}, {"line|rep:anna|P-1", true, false},   {"line|rep:ann", true, false},
		{"rep|rep:ann", true, true},      {"partition|rules", true, true},      {"partition|clock", true, true},
		{"partition|jobs", false, false}, {"quota|rep:ann|2025", false, false}, {"inspection|rep:ann", false, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		q.book = FNL_SPAN_NONE;
		assert_int_equal(fnl_stalls_wanted(&q, fnl_span_str(cases[i].key)), cases[i].all);
		q.book = FNL_SPAN_LIT("rep:ann");
		assert_int_equal(fnl_stalls_wanted(&q, fnl_span_str(cases[i].key)), cases[i].ann);
	}
}

static json_t *as_json(struct view_world *w, const struct fnl_stalls_question *q)
{
	struct fnl_error why = {0};
	FILE *out = view_world_out(w);
	assert_int_equal(fnl_view_stalls_json(&w->rows, q, out, &why), 0);
	fclose(out);
	return view_world_json(w);
}

static const char *string(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static void json_keeps_its_contract(void **state)
{
	struct view_world *w = *state;
	struct fnl_stalls_question q = question();
	fill(w);
	json_t *o = as_json(w, &q);
	assert_string_equal(string(o, "as_of"), "2025-07-01T00:00:00.000Z");
	assert_int_equal(json_integer_value(json_object_get(o, "rules_version")), 3);
	const json_t *all = json_object_get(o, "prospects");
	static const char *const order[] = {"P-6", "P-1", "P-2", "P-4", "P-5", "P-3"};
	assert_int_equal(json_array_size(all), 6);
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(string(json_array_get(all, i), "prospect_id"), order[i]);
	}
	const json_t *one = json_array_get(all, 1);
	assert_string_equal(string(one, "rep_id"), "ann");
	assert_string_equal(string(one, "layer"), "BOTTOM");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(one, "amount"), "amount_minor")), 95032000);
	const json_t *stall = json_array_get(json_object_get(one, "stalls"), 1);
	assert_string_equal(string(stall, "kind"), "SILENT");
	assert_string_equal(string(stall, "condition"), "NO_CONTACT");
	assert_string_equal(string(stall, "since"), "2025-06-01T00:00:00.000Z");
	/* from Monday 2 June to Monday 30 June, which is a holiday: 20 */
	assert_int_equal(json_integer_value(json_object_get(stall, "business_days")), 20);
	assert_true(json_is_true(json_object_get(stall, "told")));
	assert_string_equal(string(stall, "recipient_id"), "dan");
	const json_t *cause = json_array_get(json_object_get(one, "candidates"), 0);
	assert_string_equal(string(cause, "cause"), "NO_CONSENSUS");
	assert_true(json_is_true(json_object_get(cause, "confirmed")));
	assert_string_equal(string(cause, "remedy"), "map-the-committee");
	assert_string_equal(string(json_object_get(json_object_get(one, "evidence"), "answer"), "sheet_id"), "ann#1");
	assert_true(json_is_null(json_object_get(json_array_get(all, 2), "amount")));
	assert_true(json_is_null(json_object_get(json_array_get(all, 3), "rep_id")));
	stall = json_array_get(json_object_get(json_array_get(all, 5), "stalls"), 0);
	assert_true(json_is_false(json_object_get(stall, "told"))); /* held, though its level is REP */
	assert_true(json_is_null(json_object_get(stall, "recipient_id")));
	json_decref(o);
}

static void the_event_clock_says_what_is_now(void **state)
{
	struct view_world *w = *state;
	struct fnl_stalls_question q = question();
	q.event_clock = true;
	json_t *o = as_json(w, &q);
	assert_string_equal(string(o, "as_of"), "2025-07-01T00:00:00.000Z");
	json_decref(o);
	put_clock(w, 0, now_ms - 500 * day_ms);
	put_clock(w, 2, 0); /* one of the partitions before it has said nothing yet */
	put_clock(w, 1, now_ms - 499 * day_ms);
	o = as_json(w, &q);
	assert_string_equal(string(o, "as_of"), "2024-02-18T00:00:00.000Z");
	json_decref(o);
	q.event_clock = false;
	o = as_json(w, &q);
	assert_string_equal(string(o, "as_of"), "2025-07-01T00:00:00.000Z");
	json_decref(o);
}

static void rules_that_cannot_be_read_are_an_error(void **state)
{
	struct view_world *w = *state;
	struct fnl_stalls_question q = question();
	struct fnl_error why = {0};
	put_rules(w, 0, 4, "[rules]\nversion = four\n");
	FILE *out = view_world_out(w);
	assert_true(fnl_view_stalls_json(&w->rows, &q, out, &why) < 0);
	fclose(out);
	assert_non_null(strstr(why.text, "four"));
	assert_int_equal(w->text_len, 0);
}

static void causes_turn_at_the_width(void **state)
{
	struct view_world *w = *state;
	const struct fnl_value items[] = {fnl_v_candidate(&w->arena, FNL_CAUSE_NO_CONSENSUS, true, "a"),
	                                  fnl_v_candidate(&w->arena, FNL_CAUSE_FUNDS_NOT_IN_PLACE, false, "b"),
	                                  fnl_v_candidate(&w->arena, FNL_CAUSE_APPROVAL_WITHHELD, false, "c")};
	struct fnl_list list = {items, 3};
	struct fnl_canvas c = {.width = 60};
	c.out = view_world_out(w);
	fnl_candidates_draw(&c, 2, "likely: ", &list);
	fclose(c.out);
	assert_string_equal(w->text, "  likely: no consensus (confirmed): a; funds not in place: b;\n"
	                             "          approval withheld: c\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_sits_still_is_listed, view_world_setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(of_one_layer, view_world_setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(nothing_sits_still, view_world_setup, view_world_teardown),
		cmocka_unit_test(only_what_is_needed_is_read),
		cmocka_unit_test_setup_teardown(json_keeps_its_contract, view_world_setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(the_event_clock_says_what_is_now, view_world_setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(rules_that_cannot_be_read_are_an_error, view_world_setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(causes_turn_at_the_width, view_world_setup, view_world_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
