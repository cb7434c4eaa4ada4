/* Inspection sheets: which one is found among a partition's records, and how it is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "funneld/base/wire.h"
#include "golden.h"
#include "view_sheet.h"
#include "view_world.h"

#define GOLDEN(name) FNL_SOURCE_DIR "/tests/unit/golden/" name

static const int64_t now_ms = INT64_C(1751328000000); /* 2025-07-01 */
static const int64_t day_ms = 86400000;

struct world {
	struct view_world v;
	struct fnl_sheet_finder finder;
};

static int setup(void **state)
{
	struct world *w = view_world_new(sizeof(*w));
	w->finder = (struct fnl_sheet_finder){.codec = view_codec(), .rep_id = FNL_SPAN_LIT("ann")};
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	fnl_sheet_finder_deinit(&w->finder);
	return view_world_teardown(state);
}

static int put_bytes(struct world *w, const char *rep, struct fnl_span value)
{
	struct fnl_record r = {.key = fnl_span_str(rep), .value = value};
	return fnl_sheet_put(&w->finder, &r);
}

static void put(struct world *w, const char *rep, const struct fnl_record_desc *d, const struct fnl_value *values)
{
	/* the bus' bytes are gone when the next ones come */
	struct fnl_span encoded = view_codec_row(&w->v.arena, d, values);
	uint8_t *bytes = malloc(encoded.len);
	assert_non_null(bytes);
	memcpy(bytes, encoded.data, encoded.len);
	assert_int_equal(put_bytes(w, rep, fnl_span_of(bytes, encoded.len)), 0);
	memset(bytes, 0xff, encoded.len);
	free(bytes);
}

static struct fnl_value side(struct world *w, int layer, int bp, struct fnl_value amount, struct fnl_value close)
{
	struct fnl_value *v = fnl_arena_calloc(&w->v.arena, FNL_SHEET_SIDE_FIELD_COUNT, sizeof(*v));
	assert_non_null(v);
	v[FNL_SHEET_SIDE_LAYER] = fnl_v_number(layer);
	v[FNL_SHEET_SIDE_WEIGHT_BP] = fnl_v_number(bp);
	v[FNL_SHEET_SIDE_AMOUNT] = amount;
	v[FNL_SHEET_SIDE_EXPECTED_CLOSE_DATE] = close;
	return fnl_v_list(v, FNL_SHEET_SIDE_FIELD_COUNT);
}

static struct fnl_value sheet_line(struct world *w, const char *id, int change, struct fnl_value before,
                                   struct fnl_value now, struct fnl_value stalls, struct fnl_value candidates)
{
	struct fnl_value *v = fnl_arena_calloc(&w->v.arena, FNL_SHEET_LINE_FIELD_COUNT, sizeof(*v));
	assert_non_null(v);
	v[FNL_SHEET_LINE_PROSPECT_ID] = fnl_v_text(id);
	v[FNL_SHEET_LINE_CHANGE] = fnl_v_number(change);
	v[FNL_SHEET_LINE_BEFORE] = before;
	v[FNL_SHEET_LINE_NOW] = now;
	v[FNL_SHEET_LINE_STALLS] = stalls;
	v[FNL_SHEET_LINE_CANDIDATES] = candidates;
	return fnl_v_list(v, FNL_SHEET_LINE_FIELD_COUNT);
}

static void put_page(struct world *w, const char *rep, const char *sheet, int page, const struct fnl_value *lines,
                     size_t count)
{
	struct fnl_value v[FNL_SHEET_PAGE_FIELD_COUNT] = {{0}};
	v[FNL_SHEET_PAGE_OCCURRED_AT] = fnl_v_number(now_ms);
	v[FNL_SHEET_PAGE_REP_ID] = fnl_v_text(rep);
	v[FNL_SHEET_PAGE_SHEET_ID] = fnl_v_text(sheet);
	v[FNL_SHEET_PAGE_PAGE] = fnl_v_number(page);
	v[FNL_SHEET_PAGE_LINES] = fnl_v_list(lines, count);
	put(w, rep, &fnl_desc_sheet_page, v);
}

static struct fnl_value question(struct world *w, const char *id, const char *prospect, int layer,
                                 struct fnl_value amount, struct fnl_value stalls, struct fnl_value candidates)
{
	struct fnl_value *v = fnl_arena_calloc(&w->v.arena, FNL_QUESTION_FIELD_COUNT, sizeof(*v));
	assert_non_null(v);
	v[FNL_QUESTION_QUESTION_ID] = fnl_v_text(id);
	v[FNL_QUESTION_PROSPECT_ID] = fnl_v_text(prospect);
	v[FNL_QUESTION_STATE] = fnl_v_number(FNL_QUESTION_STATE_OPEN);
	v[FNL_QUESTION_LAYER] = fnl_v_number(layer);
	v[FNL_QUESTION_AMOUNT] = amount;
	v[FNL_QUESTION_WEIGHTED_MINOR] = fnl_v_number(1);
	v[FNL_QUESTION_STALLS] = stalls;
	v[FNL_QUESTION_CANDIDATES] = candidates;
	return fnl_v_list(v, FNL_QUESTION_FIELD_COUNT);
}

static void put_sheet(struct world *w, const char *rep, const char *id, int number, struct fnl_value totals,
                      struct fnl_value questions)
{
	struct fnl_value v[FNL_INSPECTION_SHEET_FIELD_COUNT] = {{0}};
	v[FNL_INSPECTION_SHEET_OCCURRED_AT] = v[FNL_INSPECTION_SHEET_AS_OF] = fnl_v_number(now_ms);
	v[FNL_INSPECTION_SHEET_REP_ID] = fnl_v_text(rep);
	v[FNL_INSPECTION_SHEET_MANAGER_ID] = fnl_v_text("max");
	v[FNL_INSPECTION_SHEET_SHEET_ID] = fnl_v_text(id);
	v[FNL_INSPECTION_SHEET_SHEET_NUMBER] = fnl_v_number(number);
	v[FNL_INSPECTION_SHEET_TRIGGER] = fnl_v_number(FNL_SHEET_TRIGGER_RHYTHM);
	v[FNL_INSPECTION_SHEET_PREVIOUS_AS_OF] = number > 1 ? fnl_v_number(now_ms - 7 * day_ms) : fnl_v_null();
	v[FNL_INSPECTION_SHEET_TOTALS] = totals;
	v[FNL_INSPECTION_SHEET_OWNED_COUNT] = fnl_v_number(12);
	v[FNL_INSPECTION_SHEET_CHANGED_COUNT] = fnl_v_number(3);
	v[FNL_INSPECTION_SHEET_STALLED_COUNT] = fnl_v_number(2);
	v[FNL_INSPECTION_SHEET_PAGE_COUNT] = fnl_v_number(2);
	v[FNL_INSPECTION_SHEET_QUESTIONS] = questions;
	v[FNL_INSPECTION_SHEET_ANSWERS_DUE_AT] = questions.list.count ? fnl_v_number(now_ms + 2 * day_ms) : fnl_v_null();
	put(w, rep, &fnl_desc_inspection_sheet, v);
}

static void put_answer(struct world *w, const char *sheet, const char *question_id, int state, int cause,
                       bool confirmed, bool in_time)
{
	struct fnl_value v[FNL_INSPECTION_ANSWER_RECORDED_FIELD_COUNT] = {{0}};
	v[FNL_INSPECTION_ANSWER_RECORDED_OCCURRED_AT] = fnl_v_number(now_ms + day_ms);
	v[FNL_INSPECTION_ANSWER_RECORDED_REP_ID] = fnl_v_text("ann");
	v[FNL_INSPECTION_ANSWER_RECORDED_SHEET_ID] = fnl_v_text(sheet);
	v[FNL_INSPECTION_ANSWER_RECORDED_QUESTION_ID] = fnl_v_text(question_id);
	v[FNL_INSPECTION_ANSWER_RECORDED_PROSPECT_ID] = fnl_v_text("P-1");
	v[FNL_INSPECTION_ANSWER_RECORDED_ANSWER_ID] = fnl_v_text("a-1");
	v[FNL_INSPECTION_ANSWER_RECORDED_BY] = fnl_v_text("ann");
	v[FNL_INSPECTION_ANSWER_RECORDED_STATE] = fnl_v_number(state);
	v[FNL_INSPECTION_ANSWER_RECORDED_IN_TIME] = fnl_v_number(in_time);
	v[FNL_INSPECTION_ANSWER_RECORDED_CAUSE] = fnl_v_number(cause);
	v[FNL_INSPECTION_ANSWER_RECORDED_CONFIRMED] = fnl_v_number(confirmed);
	v[FNL_INSPECTION_ANSWER_RECORDED_NEXT_STEP_CODE] = fnl_v_text("call-cfo");
	v[FNL_INSPECTION_ANSWER_RECORDED_NEXT_STEP_ON] = fnl_v_number(20275); /* 2025-07-06 */
	put(w, "ann", &fnl_desc_inspection_answer_recorded, v);
}

/* ann#2: one of each change, a page between them, two questions, of which one is answered. */
static void fill(struct world *w)
{
	struct fnl_value none = fnl_v_null(), empty = fnl_v_list(NULL, 0), day = fnl_v_number(20300);
	const struct fnl_value stuck[] = {fnl_v_stall(&w->v.arena, FNL_STALL_KIND_STUCK, FNL_STALL_CONDITION_IN_LAYER,
	                                              now_ms - 60 * day_ms, FNL_ALERT_LEVEL_MANAGER, now_ms - 14 * day_ms),
	                                  fnl_v_stall(&w->v.arena, FNL_STALL_KIND_SILENT, FNL_STALL_CONDITION_NO_CONTACT,
	                                              now_ms - 30 * day_ms, FNL_ALERT_LEVEL_NONE, INT64_MIN)};
	const struct fnl_value causes[] = {fnl_v_candidate(&w->v.arena, FNL_CAUSE_APPROVAL_WITHHELD, true, "win-sponsor"),
	                                   fnl_v_candidate(&w->v.arena, FNL_CAUSE_NO_CONSENSUS, false, "align_buyers")};
	struct fnl_value stalls = fnl_v_list(stuck, 2), candidates = fnl_v_list(causes, 2);
	struct fnl_value bottom = side(w, FNL_LAYER_BOTTOM, 7500, fnl_v_money(5000000, "USD"), day);
	const struct fnl_value page1[] = {
		sheet_line(w, "P-1", FNL_LINE_CHANGE_CHANGED, side(w, FNL_LAYER_TOP, 2500, fnl_v_money(4000000, "USD"), none),
	               bottom, stalls, candidates),
		sheet_line(w, "P-2*", FNL_LINE_CHANGE_NEW, none, side(w, FNL_LAYER_TOP, 2500, none, none), empty, empty)};
	const struct fnl_value page2[] = {
		sheet_line(w, "P-3", FNL_LINE_CHANGE_LEFT, bottom, none, empty, empty),
		sheet_line(w, "P-4", FNL_LINE_CHANGE_UNCHANGED, bottom, bottom, stalls, candidates)};
	const struct fnl_value questions[] = {
		question(w, "1", "P-1", FNL_LAYER_BOTTOM, fnl_v_money(5000000, "USD"), stalls, candidates),
		question(w, "2", "P-4", FNL_LAYER_BOTTOM, none, stalls, candidates)};
	const struct fnl_value totals[] = {fnl_v_total(&w->v.arena, FNL_LAYER_TOP, NULL, 1, 0, 0),
	                                   fnl_v_total(&w->v.arena, FNL_LAYER_BOTTOM, "USD", 11, 10000000, 7500000)};
	put_page(w, "ann", "ann#1", 1, page2, 1);
	put_sheet(w, "ann", "ann#1", 1, empty, empty);
	put_page(w, "ann", "ann#2", 1, page1, 2);
	put_page(w, "bob", "bob#2", 1, page1, 2);
	put_answer(w, "ann#1", "1", FNL_QUESTION_STATE_ANSWERED, FNL_CAUSE_OTHER, false, true);
	put_page(w, "ann", "ann#2", 2, page2, 2);
	put_sheet(w, "bob", "bob#2", 2, empty, empty);
	put_sheet(w, "ann", "ann#2", 2, fnl_v_list(totals, 2), fnl_v_list(questions, 2));
	put_answer(w, "ann#2", "1", FNL_QUESTION_STATE_ANSWERED, FNL_CAUSE_OTHER, false, true);
	put_answer(w, "ann#2", "1", FNL_QUESTION_STATE_ANSWERED, FNL_CAUSE_FUNDS_NOT_IN_PLACE, true, false);
	put_answer(w, "ann#2", "9", FNL_QUESTION_STATE_UNKNOWN, FNL_CAUSE_OTHER, false, true);
	put_page(w, "ann", "ann#3", 1, page1, 2); /* of a sheet that is being made */
}

static void the_latest_complete_one_is_found(void **state)
{
	struct world *w = *state;
	assert_null(fnl_sheet_found(&w->finder));
	fill(w);
	const struct fnl_sheet *s = fnl_sheet_found(&w->finder);
	assert_non_null(s);
	assert_true(fnl_span_eq(s->id, FNL_SPAN_LIT("ann#2")));
	assert_int_equal(s->page_count, 2);
	assert_int_equal(s->answer_count, 3);
	const struct fnl_list *questions = &s->values[FNL_INSPECTION_SHEET_QUESTIONS].list;
	assert_int_equal(fnl_sheet_question_state(s, &questions->items[0]), FNL_QUESTION_STATE_ANSWERED);
	assert_int_equal(fnl_sheet_answer(s, &questions->items[0])[FNL_INSPECTION_ANSWER_RECORDED_CAUSE].i64,
	                 FNL_CAUSE_FUNDS_NOT_IN_PLACE);
	assert_int_equal(fnl_sheet_question_state(s, &questions->items[1]), FNL_QUESTION_STATE_OPEN);
	assert_null(fnl_sheet_answer(s, &questions->items[1]));
}

static void a_given_one_is_found(void **state)
{
	struct world *w = *state;
	w->finder.sheet_id = FNL_SPAN_LIT("ann#1");
	fill(w);
	const struct fnl_sheet *s = fnl_sheet_found(&w->finder);
	assert_non_null(s);
	assert_true(fnl_span_eq(s->id, FNL_SPAN_LIT("ann#1")));
	assert_int_equal(s->page_count, 1);
	assert_int_equal(s->answer_count, 1);
}

static void one_of_somebody_else_is_not(void **state)
{
	struct world *w = *state;
	w->finder.sheet_id = FNL_SPAN_LIT("bob#2");
	fill(w);
	assert_null(fnl_sheet_found(&w->finder));
}

static void bytes_that_say_nothing_are_an_error(void **state)
{
	struct world *w = *state;
	assert_int_equal(put_bytes(w, "bob", FNL_SPAN_LIT("\0\377\377\377\377")), 0); /* not asked for */
	assert_int_equal(put_bytes(w, "ann", FNL_SPAN_LIT("\0\377\377\377\377")), FNL_E_INVALID);
	assert_string_equal(w->finder.why.text, "no schema");
}

static void on_a_terminal(void **state)
{
	struct world *w = *state;
	struct fnl_golden g = {0};
	struct fnl_canvas c = {.utf8 = true, .width = 100};
	fill(w);
	c.out = view_world_out(&w->v);
	fnl_view_sheet(fnl_sheet_found(&w->finder), &c);
	fclose(c.out);
	fnl_golden_add(&g, "%s", w->v.text);
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("view_sheet.txt")), 0);
}

static void as_markdown(void **state)
{
	struct world *w = *state;
	struct fnl_golden g = {0};
	fill(w);
	FILE *out = view_world_out(&w->v);
	fnl_view_sheet_markdown(fnl_sheet_found(&w->finder), out);
	fclose(out);
	fnl_golden_add(&g, "%s", w->v.text);
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("view_sheet.md")), 0);
}

static void an_empty_first_one(void **state)
{
	struct world *w = *state;
	struct fnl_canvas c = {.width = 100};
	put_sheet(w, "ann", "ann#1", 1, fnl_v_list(NULL, 0), fnl_v_list(NULL, 0));
	c.out = view_world_out(&w->v);
	fnl_view_sheet(fnl_sheet_found(&w->finder), &c);
	fnl_view_sheet_markdown(fnl_sheet_found(&w->finder), c.out);
	fclose(c.out);
	assert_non_null(strstr(w->v.text, "All prospects: it is the first sheet\n  nothing\n"));
	assert_non_null(strstr(w->v.text, "Questions\n  none\n"));
	assert_non_null(strstr(w->v.text, "## Questions\n\nNone.\n"));
}

static void as_json(void **state)
{
	struct world *w = *state;
	struct fnl_error why = {0};
	fill(w);
	FILE *out = view_world_out(&w->v);
	assert_int_equal(fnl_view_sheet_json(fnl_sheet_found(&w->finder), out, &why), 0);
	fclose(out);
	json_t *o = view_world_json(&w->v);
	assert_string_equal(json_string_value(json_object_get(o, "sheet_id")), "ann#2");
	assert_string_equal(json_string_value(json_object_get(o, "answers_due_at")), "2025-07-03T00:00:00.000Z");
	assert_int_equal(json_array_size(json_object_get(o, "questions")), 2);
	const json_t *lines = json_object_get(o, "lines");
	assert_int_equal(json_array_size(lines), 4);
	assert_string_equal(json_string_value(json_object_get(json_array_get(lines, 0), "change")), "CHANGED");
	assert_true(json_is_null(json_object_get(json_array_get(lines, 2), "now")));
	assert_int_equal(json_array_size(json_object_get(o, "answers")), 3);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_latest_complete_one_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(a_given_one_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(one_of_somebody_else_is_not, setup, teardown),
		cmocka_unit_test_setup_teardown(bytes_that_say_nothing_are_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(on_a_terminal, setup, teardown),
		cmocka_unit_test_setup_teardown(as_markdown, setup, teardown),
		cmocka_unit_test_setup_teardown(an_empty_first_one, setup, teardown),
		cmocka_unit_test_setup_teardown(as_json, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
