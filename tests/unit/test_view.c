/* The funnel as text: rows from a changelog's records, and what people and machines see of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "funneld_records.h"
#include "view_draw.h"
#include "view_prospect.h"
#include "view_world.h"

static const char golden_utf8[] =
	" SALES FUNNEL   as of 2025-06-30 23:59 UTC\n"
	"\n"
	" ▜██████████████████████████████████▛   TOP           3   chance 25 %, 1 without amount\n"
	"  ▜█████████████ TOP ██████████████▛    EUR        0.01   weighted           0\n"
	"    ▜████████████████████████████▛      USD       1.00M   weighted     250,000\n"
	"     ▜██████████████████████████▛       MIDDLE        1   chance 50 %\n"
	"      ▜████████ MIDDLE ████████▛        USD     950,320   weighted     475,160\n"
	"        ▜████████████████████▛\n"
	"         ▜██████████████████▛           BOTTOM        1   chance 75 %\n"
	"          ▜████ BOTTOM ████▛            USD           3   weighted        2.25\n"
	"            ▜████████████▛\n"
	"             ████████████               WON           1\n"
	"             ███ WON ████               USD      45,000\n"
	"             ████████████\n"
	"\n"
	" IN THE FUNNEL         5    EUR        0.01   weighted           0\n"
	"                            USD       1.95M   weighted     725,162\n"
	" UNCLASSIFIED          1    USD 12,000   stages that the rules don't know\n"
	" UNKNOWN               0\n"
	" LOST                  1    USD 7,000\n";
static const char golden_ascii[] = " SALES FUNNEL   as of 2025-06-30 23:59 UTC\n"
								   "\n"
								   " \\####################/   TOP           3   chance 25 %, 1 without amount\n"
								   "  \\###### TOP #######/    EUR        0.01   weighted           0\n"
								   "  \\##################/    USD       1.00M   weighted     250,000\n"
								   "   \\################/     MIDDLE        1   chance 50 %\n"
								   "    \\### MIDDLE ###/      USD     950,320   weighted     475,160\n"
								   "    \\##############/\n"
								   "     \\############/       BOTTOM        1   chance 75 %\n"
								   "      \\# BOTTOM #/        USD           3   weighted        2.25\n"
								   "      \\##########/\n"
								   "       ##########         WON           1\n"
								   "       ## WON ###         USD      45,000\n"
								   "       ##########\n"
								   "\n"
								   " IN THE FUNNEL         5    EUR        0.01   weighted           0\n"
								   "                            USD       1.95M   weighted     725,162\n"
								   " UNCLASSIFIED          1    USD 12,000   stages that the rules don't know\n"
								   " UNKNOWN               0\n"
								   " LOST                  1    USD 7,000\n";
static const char golden_narrow[] = " SALES FUNNEL   as of 2025-06-30 23:59 UTC\n"
									"\n"
									" TOP           3   chance 25 %, 1 without amount\n"
									" EUR        0.01   weighted           0\n"
									" USD       1.00M   weighted     250,000\n"
									" MIDDLE        1   chance 50 %\n"
									" USD     950,320   weighted     475,160\n"
									" BOTTOM        1   chance 75 %\n"
									" USD           3   weighted        2.25\n"
									" WON           1\n"
									" USD      45,000\n"
									"\n"
									" IN THE FUNNEL         5    EUR        0.01   weighted           0\n"
									"                            USD       1.95M   weighted     725,162\n"
									" UNCLASSIFIED          1    USD 12,000   stages that the rules don't know\n"
									" UNKNOWN               0\n"
									" LOST                  1    USD 7,000\n";
static const char golden_table[] =
	" BY rep   as of 2025-06-30 23:59 UTC\n"
	"\n"
	" rep                              open         amount   weighted     won     amount    lost\n"
	" Ann      ████████████████████       3 USD      1.95M    725,162       1     45,000       0\n"
	" Bob      █████████████▍             2 EUR       0.01          0       0                  1\n"
	" (none)   ██████▋                    1 USD     12,000          0       0                  0\n";

static const int64_t now_ms = INT64_C(1751328000000); /* 2025-07-01 */

struct world {
	struct view_world v;
	struct fnl_view view;
};

static int setup(void **state)
{
	*state = view_world_new(sizeof(struct world));
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	fnl_view_deinit(&w->view);
	return view_world_teardown(state);
}

static void put_bytes(struct world *w, int32_t partition, const char *key, struct fnl_span value)
{
	struct fnl_record r = {.partition = partition,
	                       .offset = w->v.offset,
	                       .timestamp_ms = now_ms - 1000 + w->v.offset,
	                       .key = fnl_span_str(key),
	                       .value = value};
	w->v.offset++;
	assert_int_equal(fnl_rows_put(&w->v.rows, &r), 0);
}

static void put(struct world *w, int32_t partition, const char *key, const struct fnl_record_desc *d,
                const struct fnl_value *values)
{
	put_bytes(w, partition, key, fnl_v_row(&w->v.arena, d, values));
}

/* What all prospects of the tests have. */
static void prospect(struct fnl_value *v, const char *id, int layer, int weight_bp, const char *owner)
{
	memset(v, 0, FNL_PROSPECT_FIELD_COUNT * sizeof(*v));
	v[FNL_PROSPECT_PROSPECT_ID] = fnl_v_text(id);
	v[FNL_PROSPECT_SEQUENCE] = fnl_v_number(3);
	v[FNL_PROSPECT_SOURCE] = fnl_v_text("crm");
	v[FNL_PROSPECT_OWNER_REP_ID] = fnl_v_text(owner);
	v[FNL_PROSPECT_FIELD_VERSIONS].set = true;
	v[FNL_PROSPECT_CONTACTS].set = true;
	v[FNL_PROSPECT_FORMER_OWNERS].set = true;
	v[FNL_PROSPECT_LIFECYCLE] = fnl_v_number(FNL_LIFECYCLE_ALIVE);
	v[FNL_PROSPECT_LIFECYCLE_VERSION] = fnl_v_number(0);
	v[FNL_PROSPECT_LAYER] = fnl_v_number(layer);
	v[FNL_PROSPECT_LAYER_REASON] = fnl_v_number(FNL_LAYER_REASON_STAGE_MAP);
	v[FNL_PROSPECT_LAYER_SINCE] = fnl_v_number(now_ms - 86400000);
	v[FNL_PROSPECT_RULES_VERSION] = fnl_v_number(0);
	v[FNL_PROSPECT_WEIGHT_BP] = fnl_v_number(weight_bp);
	v[FNL_PROSPECT_FEED_GAPS_SEEN] = fnl_v_number(0);
	v[FNL_PROSPECT_CHANGED_AT] = fnl_v_number(now_ms);
	v[FNL_PROSPECT_PUSH_COUNT] = fnl_v_number(0);
	v[FNL_PROSPECT_LAYER_TIMES].set = true;
	v[FNL_PROSPECT_STALLS].set = true;
	v[FNL_PROSPECT_ADVERSE].set = true;
}

static void put_prospect(struct world *w, const char *id, int layer, int weight_bp, const char *owner,
                         struct fnl_value amount, struct fnl_value won)
{
	struct fnl_value v[FNL_PROSPECT_FIELD_COUNT];
	char key[64];
	prospect(v, id, layer, weight_bp, owner);
	v[FNL_PROSPECT_AMOUNT] = amount;
	v[FNL_PROSPECT_WON_AMOUNT] = won;
	snprintf(key, sizeof(key), "prospect|%s", id);
	put(w, 1, key, &fnl_desc_prospect, v);
}

static const struct fnl_value none = {.set = false};

/* The article's prospect among them: 1,000,000 at 25 %. */
static void fill(struct world *w)
{
	put_prospect(w, "P-1", FNL_LAYER_TOP, 2500, "Ann", fnl_v_money(100000000, "USD"), none);
	put_prospect(w, "P-2", FNL_LAYER_TOP, 2500, "Bob", fnl_v_money(1, "EUR"), none);
	put_prospect(w, "P-3", FNL_LAYER_TOP, 2500, "Bob", none, none);
	put_prospect(w, "P-4", FNL_LAYER_MIDDLE, 5000, "Ann", fnl_v_money(95032000, "USD"), none);
	put_prospect(w, "P-5", FNL_LAYER_BOTTOM, 7500, "Ann", fnl_v_money(300, "USD"), none);
	put_prospect(w, "P-6", FNL_LAYER_WON, 0, "Ann", fnl_v_money(5000000, "USD"), fnl_v_money(4500000, "USD"));
	put_prospect(w, "P-7", FNL_LAYER_LOST, 0, "Bob", fnl_v_money(700000, "USD"), none);
	put_prospect(w, "P-8", FNL_LAYER_UNCLASSIFIED, 0, NULL, fnl_v_money(1200000, "USD"), none);
	put_prospect(w, "P-9", FNL_LAYER_DELETED, 0, "Bob", fnl_v_money(999, "USD"), none);
	put_prospect(w, "P-10", FNL_LAYER_TOP, 2500, "Bob", fnl_v_money(999, "USD"), none);
	put_bytes(w, 1, "prospect|P-10", FNL_SPAN_NONE);
	put_prospect(w, "P-11", FNL_LAYER_MERGED, 0, "Bob", none, none);
}

static void draw(struct world *w, enum fnl_view_by by, int width, bool utf8)
{
	struct fnl_error why = {0};
	struct fnl_canvas canvas = {.utf8 = utf8, .width = width};
	fnl_view_deinit(&w->view);
	assert_int_equal(fnl_view_make(&w->v.rows, by, &w->view, &why), 0);
	canvas.out = view_world_out(&w->v);
	if (by == FNL_VIEW_BY_LAYER) {
		fnl_view_draw(&w->view, &canvas, NULL);
	} else {
		fnl_view_table(&w->view, &canvas);
	}
	fclose(canvas.out);
}

static void the_funnel_is_drawn(void **state)
{
	struct world *w = *state;
	fill(w);
	draw(w, FNL_VIEW_BY_LAYER, 90, true);
	assert_string_equal(w->v.text, golden_utf8);
}

static void without_utf8_and_room(void **state)
{
	struct world *w = *state;
	fill(w);
	draw(w, FNL_VIEW_BY_LAYER, 76, false);
	assert_string_equal(w->v.text, golden_ascii);
	draw(w, FNL_VIEW_BY_LAYER, 60, true);
	assert_string_equal(w->v.text, golden_narrow);
}

static void an_empty_funnel(void **state)
{
	struct world *w = *state;
	draw(w, FNL_VIEW_BY_LAYER, 60, true);
	assert_non_null(strstr(w->v.text, "as of -"));
	assert_non_null(strstr(w->v.text, "IN THE FUNNEL         0"));
}

static void a_table_by_rep(void **state)
{
	struct world *w = *state;
	fill(w);
	draw(w, FNL_VIEW_BY_REP, 110, true);
	assert_string_equal(w->v.text, golden_table);
}

static json_t *as_json(struct world *w, enum fnl_view_by by)
{
	struct fnl_error why = {0};
	char *text = NULL;
	size_t len = 0;
	fnl_view_deinit(&w->view);
	assert_int_equal(fnl_view_make(&w->v.rows, by, &w->view, &why), 0);
	FILE *out = open_memstream(&text, &len);
	assert_int_equal(fnl_view_json(&w->view, now_ms, out), 0);
	fclose(out);
	json_t *o = json_loads(text, 0, NULL);
	assert_non_null(o);
	free(text);
	return o;
}

static void json_keeps_its_contract(void **state)
{
	struct world *w = *state;
	fill(w);
	json_t *o = as_json(w, FNL_VIEW_BY_LAYER);
	assert_string_equal(json_string_value(json_object_get(o, "as_of")), "2025-06-30T23:59:59.011Z");
	json_t *rows = json_object_get(o, "rows");
	assert_int_equal(json_array_size(rows), 6);
	json_t *top = json_array_get(rows, 0);
	assert_string_equal(json_string_value(json_object_get(top, "key")), "TOP");
	assert_string_equal(json_string_value(json_object_get(top, "status")), "open");
	assert_int_equal(json_integer_value(json_object_get(top, "count")), 3);
	assert_int_equal(json_integer_value(json_object_get(top, "without_amount")), 1);
	json_t *usd = json_array_get(json_object_get(top, "amounts"), 1);
	assert_string_equal(json_string_value(json_object_get(usd, "currency")), "USD");
	assert_int_equal(json_integer_value(json_object_get(usd, "amount_minor")), 100000000);
	assert_int_equal(json_integer_value(json_object_get(usd, "weighted_minor")),
	                 25000000); /* 1,000,000 x 25 % = 250,000 */
	json_t *won = json_array_get(rows, 4);
	assert_string_equal(json_string_value(json_object_get(won, "status")), "won");
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(json_object_get(won, "amounts"), 0), "amount_minor")),
		4500000);
	json_decref(o);

	o = as_json(w, FNL_VIEW_BY_REP);
	rows = json_object_get(o, "rows");
	assert_true(json_is_null(json_object_get(json_array_get(rows, json_array_size(rows) - 1), "key"))); /* nobody's */
	json_decref(o);
}

static void nothing_read_is_as_of_now(void **state)
{
	struct world *w = *state;
	json_t *o = as_json(w, FNL_VIEW_BY_STAGE);
	assert_string_equal(json_string_value(json_object_get(o, "as_of")), "2025-07-01T00:00:00.000Z");
	assert_int_equal(json_array_size(json_object_get(o, "rows")), 0);
	json_decref(o);
}

static void put_feed(struct world *w, int32_t partition, int64_t gaps)
{
	struct fnl_value v[FNL_FEED_FIELD_COUNT] = {{.set = false}};
	v[FNL_FEED_SOURCE] = fnl_v_text("crm");
	v[FNL_FEED_GAP_COUNT] = fnl_v_number(gaps);
	v[FNL_FEED_HAS_HEARTBEATS] = fnl_v_number(0);
	put(w, partition, "feed|crm", &fnl_desc_feed, v);
}

static void a_gap_of_the_source_makes_unknown(void **state)
{
	struct world *w = *state;
	fill(w);
	put_feed(w, 0, 1); /* of another partition: not theirs */
	draw(w, FNL_VIEW_BY_LAYER, 90, true);
	assert_null(fnl_view_find(&w->view, "UNKNOWN", FNL_VIEW_OPEN));
	put_feed(w, 1, 1);
	draw(w, FNL_VIEW_BY_LAYER, 90, true);
	const struct fnl_view_group *unknown = fnl_view_find(&w->view, "UNKNOWN", FNL_VIEW_OPEN);
	assert_non_null(unknown);
	assert_int_equal(unknown->count, 6);
	assert_int_equal(fnl_view_weighted(&unknown->sums.by[1]), 0);
	assert_null(fnl_view_find(&w->view, "TOP", FNL_VIEW_OPEN));
	assert_int_equal(fnl_view_find(&w->view, "WON", FNL_VIEW_WON)->count, 1); /* a fact stays one */
}

static void bytes_that_are_no_row_are_an_error(void **state)
{
	struct world *w = *state;
	struct fnl_error why = {0};
	put_bytes(w, 3, "prospect|X", FNL_SPAN_LIT("\0\0\0\0\7garbage"));
	assert_true(fnl_view_make(&w->v.rows, FNL_VIEW_BY_LAYER, &w->view, &why) < 0);
	assert_non_null(strstr(why.text, "partition 3, offset 0"));
}

static void one_prospect_is_shown(void **state)
{
	struct world *w = *state;
	struct fnl_error why = {0};
	struct fnl_canvas canvas = {.utf8 = true, .width = 90};
	fill(w);
	canvas.out = view_world_out(&w->v);
	assert_int_equal(fnl_view_prospect(&w->v.rows, FNL_SPAN_LIT("P-1"), &canvas, &why), 0);
	assert_int_equal(fnl_view_prospect(&w->v.rows, FNL_SPAN_LIT("P-10"), &canvas, &why), FNL_VIEW_NO_SUCH_PROSPECT);
	fclose(canvas.out);
	assert_non_null(strstr(w->v.text, "Prospect P-1\n  layer                  TOP\n"));
	assert_non_null(strstr(w->v.text, "amount                 USD 1,000,000.00"));
	assert_non_null(strstr(w->v.text, "next_deadline_at       -"));
	assert_non_null(strstr(w->v.text, "partition              1, offset 0"));
	assert_non_null(strstr(w->v.text, "\nSits still\n  no\n"));
}

static void what_sits_still_is_shown(void **state)
{
	struct world *w = *state;
	struct fnl_error why = {0};
	struct fnl_canvas canvas = {.utf8 = true, .width = 90};
	struct fnl_value v[FNL_PROSPECT_FIELD_COUNT];
	const int64_t day_ms = 86400000;
	const struct fnl_value stalls[] = {
		fnl_v_stall(&w->v.arena, FNL_STALL_KIND_STUCK, FNL_STALL_CONDITION_IN_LAYER, now_ms - 90 * day_ms,
	                FNL_ALERT_LEVEL_MANAGER, now_ms - 20 * day_ms),
		fnl_v_stall(&w->v.arena, FNL_STALL_KIND_STALE, FNL_STALL_CONDITION_CLOSE_DATE_PAST, now_ms - day_ms,
	                FNL_ALERT_LEVEL_NONE, now_ms + day_ms),
	};
	const struct fnl_value time[FNL_LAYER_TIME_FIELD_COUNT] = {
		fnl_v_number(FNL_LAYER_BOTTOM), fnl_v_number(now_ms - 90 * day_ms), none, fnl_v_number(3 * day_ms)};
	const struct fnl_value times[] = {fnl_v_list(time, FNL_LAYER_TIME_FIELD_COUNT)};
	prospect(v, "P-1", FNL_LAYER_BOTTOM, 7500, "Ann");
	v[FNL_PROSPECT_STALLS] = fnl_v_list(stalls, 2);
	v[FNL_PROSPECT_LAYER_TIMES] = fnl_v_list(times, 1);
	v[FNL_PROSPECT_PUSH_COUNT] = fnl_v_number(2);
	v[FNL_PROSPECT_PUSHED_AT] = fnl_v_number(now_ms);
	v[FNL_PROSPECT_ANSWER] = fnl_v_answer(&w->v.arena, "a-1", "Ann#3", now_ms, FNL_CAUSE_NO_CONSENSUS, true);
	put(w, 1, "prospect|P-1", &fnl_desc_prospect, v);
	canvas.out = view_world_out(&w->v);
	assert_int_equal(fnl_view_prospect(&w->v.rows, FNL_SPAN_LIT("P-1"), &canvas, &why), 0);
	fclose(canvas.out);
	assert_non_null(strstr(w->v.text,
	                       "\nSits still\n"
	                       "  STUCK in layer           since 2025-04-02 00:00 UTC, too long from 2025-06-11 "
	                       "00:00 UTC, manager\n"
	                       "  STALE close date past    since 2025-06-30 00:00 UTC, too long from 2025-07-02 "
	                       "00:00 UTC, told from 2025-07-02\n"
	                       "  last answer            2025-07-01 00:00 UTC  no consensus, confirmed  (answer "
	                       "a-1, sheet Ann#3)\n"
	                       "\nClocks\n"
	                       "  in BOTTOM              since 2025-04-02 00:00 UTC; 3 business days before that\n"
	                       "  push_count             2\n"));
}

static void an_erased_one_shows_its_stub(void **state)
{
	struct world *w = *state;
	struct fnl_error why = {0};
	struct fnl_value v[FNL_ERASED_FIELD_COUNT] = {{.set = false}};
	v[FNL_ERASED_PROSPECT_ID] = fnl_v_text("P-1");
	v[FNL_ERASED_VERSION] = fnl_v_number(9);
	v[FNL_ERASED_ERASED_AT] = fnl_v_number(now_ms);
	fill(w);
	put_bytes(w, 1, "prospect|P-1", FNL_SPAN_NONE);
	put(w, 1, "erased|P-1", &fnl_desc_erased, v);
	FILE *out = view_world_out(&w->v);
	assert_int_equal(fnl_view_prospect_json(&w->v.rows, FNL_SPAN_LIT("P-1"), out, &why), 0);
	fclose(out);
	json_t *o = view_world_json(&w->v);
	assert_true(json_is_true(json_object_get(o, "erased")));
	assert_int_equal(json_integer_value(json_object_get(o, "version")), 9);
	assert_int_equal(json_integer_value(json_object_get(o, "partition")), 1);
	json_decref(o);
}

static void money_is_short_and_right(void **state)
{
	static const struct {
		int64_t minor;
		const char *currency;
		const char *text;
	} cases[] = {
		{0, "USD", "0"},
		{1250, "USD", "12.50"},
		{95032000, "USD", "950,320"},
		{100000000, "USD", "1.00M"},
		{1234567890, "USD", "12.3M"},
		{1235000000, "USD", "12.4M"},
		{99999999, "USD", "1.00M"},
		{-250000000000, "EUR", "-2.50B"},
		{5000, "JPY", "5,000"},
		{12345678, "JPY", "12.3M"},
		{1005, "BHD", "1.005"},
		{100000000000000, "USD", "1.00T"},
		{15000000000, "USD", "150M"},
	};
	char text[FNL_TEXT_BYTES];
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fnl_text_money(cases[i].minor, cases[i].currency, text);
		assert_string_equal(text, cases[i].text);
	}
	fnl_text_money_full(-123456789, "USD", text);
	assert_string_equal(text, "-1,234,567.89");
	fnl_text_bp(3755, text);
	assert_string_equal(text, "37.55 %");
	fnl_text_bp(7500, text);
	assert_string_equal(text, "75 %");
}

static void cells_have_their_width(void **state)
{
	struct world *w = *state;
	struct fnl_canvas canvas = {.utf8 = true};
	canvas.out = view_world_out(&w->v);
	fnl_text_cell(&canvas, FNL_SPAN_LIT("漏斗管理"), 7);
	fnl_text_cell(&canvas, FNL_SPAN_LIT("|Zoë\033[2J"), 9);
	fnl_text_bar(&canvas, 1, 16, 4);
	fnl_text_bar(&canvas, 16, 16, 4);
	fputc('|', canvas.out);
	fclose(canvas.out);
	assert_string_equal(w->v.text, "漏斗管…|Zoë?[2J ▎   ████|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_funnel_is_drawn, setup, teardown),
		cmocka_unit_test_setup_teardown(without_utf8_and_room, setup, teardown),
		cmocka_unit_test_setup_teardown(an_empty_funnel, setup, teardown),
		cmocka_unit_test_setup_teardown(a_table_by_rep, setup, teardown),
		cmocka_unit_test_setup_teardown(json_keeps_its_contract, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_read_is_as_of_now, setup, teardown),
		cmocka_unit_test_setup_teardown(a_gap_of_the_source_makes_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(bytes_that_are_no_row_are_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(one_prospect_is_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(what_sits_still_is_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(an_erased_one_shows_its_stub, setup, teardown),
		cmocka_unit_test(money_is_short_and_right),
		cmocka_unit_test_setup_teardown(cells_have_their_width, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
