/* A rep's book and his quota as text and JSON, from rows of the rep stage's changelog. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "funneld_records.h"
#include "view_quota.h"
#include "view_record.h"
#include "view_rep.h"
#include "view_world.h"

static const int64_t now_ms = INT64_C(1751328000000); /* 2025-07-01 */

static const char golden_quota[] =
	"Quota 2025 of ann   FROZEN\n"
	"  org_id                 US\n"
	"  manager_id             max\n"
	"  as_of                  2025-07-01 00:00 UTC\n"
	"  run_id                 run-1\n"
	"  rules_version          0\n"
	"  partition              3, offset 0, committed 2025-07-01 00:00 UTC\n"
	"\n"
	"  prospect  layer        close                  amount    weight                 weighted\n"
	"  P-1       TOP          2025-12-31   USD 1,000,000.00 x    25 % =             250,000.00\n"
	"  P-2       BOTTOM       2025-12-31           USD 0.03 x    75 % =                 0.0225\n"
	"                                                  sum of 2 lines =           250,000.0225\n"
	"                                                        rounding =                -0.0225   once, half to even\n"
	"                                                       QUOTA USD =             250,000.00\n"
	"\n"
	"Left out: 2\n"
	"  P-3       MIDDLE       2025-12-31       EUR 5,000.00 x    50 %   no rate from its currency to the "
	"quota's holds, or it is worth too much\n"
	"  P-4       TOP          no date             no amount x    25 %   no expected close date: it falls into no "
	"year\n";

static const char golden_rep[] =
	"Rep ann   active\n"
	"  org_id                 US\n"
	"  manager_id             max\n"
	"  regions                [DE, FR]\n"
	"  line_count             3\n"
	"  watched_count          1\n"
	"  partition              3, offset 0, committed 2025-07-01 00:00 UTC\n"
	"\n"
	"Funnel\n"
	"  TOP                1                                                     without an amount\n"
	"  TOP                2  USD         1,000,000.03             250,000.0075\n"
	"\n"
	"Running potential, by fiscal year of the expected close\n"
	"  2025               2  USD         1,000,000.03             250,000.0075\n"
	"\n"
	"Quotas\n"
	"  2024   DRAFT     USD     not yet computed   as of 2025-07-01 00:00 UTC, 0 lines, 0 left out\n"
	"  2025   FROZEN    USD           250,000.00   as of 2025-07-01 00:00 UTC, 2 lines, 2 left out\n"
	"\n"
	"Inspection\n"
	"  sheet_id               ann#2\n"
	"  as_of                  2025-07-01 00:00 UTC\n"
	"  answers_due_at         2025-07-03 00:00 UTC\n"
	"  next_sheet_at          2025-07-07 00:00 UTC\n"
	"  open question          2: P-2, BOTTOM\n";

static void put(struct view_world *w, const char *key, const struct fnl_record_desc *d, const struct fnl_value *values)
{
	view_world_put(w, 3, now_ms, key, d, values);
}

static const struct fnl_value none = {.set = false};

static void (*quota_more)(struct fnl_value *v);

static void put_quota(struct view_world *w, const char *key, int year, int state, struct fnl_value quota, int counted,
                      int left_out)
{
	struct fnl_value v[FNL_QUOTA_SET_FIELD_COUNT] = {{0}};
	v[FNL_QUOTA_SET_OCCURRED_AT] = fnl_v_number(now_ms);
	v[FNL_QUOTA_SET_REP_ID] = fnl_v_text("ann");
	v[FNL_QUOTA_SET_ORG_ID] = fnl_v_text("US");
	v[FNL_QUOTA_SET_MANAGER_ID] = fnl_v_text("max");
	v[FNL_QUOTA_SET_FISCAL_YEAR] = fnl_v_number(year);
	v[FNL_QUOTA_SET_RUN_ID] = fnl_v_text("run-1");
	v[FNL_QUOTA_SET_STATE] = fnl_v_number(state);
	v[FNL_QUOTA_SET_AS_OF] = fnl_v_number(now_ms);
	v[FNL_QUOTA_SET_BASE_CURRENCY] = fnl_v_text("USD");
	v[FNL_QUOTA_SET_QUOTA] = quota;
	/* -0.0225 dollars: minus 3 cents, and 7500/10000 of one */
	v[FNL_QUOTA_SET_ROUNDING_MINOR] = fnl_v_number(quota.set ? -3 : 0);
	v[FNL_QUOTA_SET_ROUNDING_E4] = fnl_v_number(quota.set ? 7500 : 0);
	v[FNL_QUOTA_SET_COUNTED_COUNT] = fnl_v_number(counted);
	v[FNL_QUOTA_SET_LEFT_OUT_COUNT] = fnl_v_number(left_out);
	v[FNL_QUOTA_SET_TOTALS] = fnl_v_list(NULL, 0);
	v[FNL_QUOTA_SET_RULES_VERSION] = fnl_v_number(0);
	v[FNL_QUOTA_SET_RATES] = v[FNL_QUOTA_SET_AREAS] = fnl_v_list(NULL, 0);
	v[FNL_QUOTA_SET_LINES_E4] = fnl_v_number(0);
	v[FNL_QUOTA_SET_REVISIONS] = fnl_v_list(NULL, 0);
	v[FNL_QUOTA_SET_REVISION] = v[FNL_QUOTA_SET_EARLIER_MINOR] = v[FNL_QUOTA_SET_ONLY_RECEIVED] = fnl_v_number(0);
	if (quota_more) {
		quota_more(v);
	}
	put(w, key, &fnl_desc_quota_set, v);
}

struct line {
	const char *id;
	const char *run;
	int reason;
	int layer;
	int weight_bp;
	struct fnl_value amount;
	int64_t weighted_minor;
	int weighted_e4;
	struct fnl_value close;
	void (*more)(struct fnl_value *v); /* NULL: as a version before rates told it */
};

static void put_line(struct view_world *w, const struct line *l)
{
	char key[64];
	struct fnl_value v[FNL_QUOTA_LINE_FIELD_COUNT] = {{0}};
	v[FNL_QUOTA_LINE_OCCURRED_AT] = fnl_v_number(now_ms);
	v[FNL_QUOTA_LINE_REP_ID] = fnl_v_text("ann");
	v[FNL_QUOTA_LINE_FISCAL_YEAR] = fnl_v_number(2025);
	v[FNL_QUOTA_LINE_RUN_ID] = fnl_v_text(l->run);
	v[FNL_QUOTA_LINE_PROSPECT_ID] = fnl_v_text(l->id);
	v[FNL_QUOTA_LINE_REASON] = fnl_v_number(l->reason);
	v[FNL_QUOTA_LINE_LAYER] = fnl_v_number(l->layer);
	v[FNL_QUOTA_LINE_WEIGHT_BP] = fnl_v_number(l->weight_bp);
	v[FNL_QUOTA_LINE_AMOUNT] = l->amount;
	v[FNL_QUOTA_LINE_WEIGHTED_MINOR] = fnl_v_number(l->weighted_minor);
	v[FNL_QUOTA_LINE_WEIGHTED_E4] = fnl_v_number(l->weighted_e4);
	v[FNL_QUOTA_LINE_EXPECTED_CLOSE_DATE] = l->close;
	v[FNL_QUOTA_LINE_LINE_RULES_VERSION] = fnl_v_number(0);
	v[FNL_QUOTA_LINE_PLANNED] = v[FNL_QUOTA_LINE_OUTSIDE_TERRITORY] = fnl_v_number(0);
	v[FNL_QUOTA_LINE_INTENDED] = v[FNL_QUOTA_LINE_REDUCTIONS] = fnl_v_list(NULL, 0);
	v[FNL_QUOTA_LINE_CONVERTED_E4] = v[FNL_QUOTA_LINE_VALUE_E4] = fnl_v_number(0);
	v[FNL_QUOTA_LINE_AREA_FACTOR_BP] = fnl_v_number(10000);
	if (l->more) {
		l->more(v);
	}
	snprintf(key, sizeof(key), "quota_line|rep:ann|2025|%s", l->id);
	put(w, key, &fnl_desc_quota_line, v);
}

/* The article's line among them, a line of three cents, two that are left out, and one of a run of old. */
static void fill_quota(struct view_world *w)
{
	struct fnl_value day = fnl_v_number(20453); /* 2025-12-31 */
	const struct line lines[] = {
		{"P-2", "run-1", FNL_QUOTA_REASON_COUNTED, FNL_LAYER_BOTTOM, 7500, fnl_v_money(3, "USD"), 2, 2500, day, NULL},
		{"P-1", "run-1", FNL_QUOTA_REASON_COUNTED, FNL_LAYER_TOP, 2500, fnl_v_money(100000000, "USD"), 25000000, 0, day,
	     NULL},
		{"P-3", "run-1", FNL_QUOTA_REASON_NOT_CONVERTIBLE, FNL_LAYER_MIDDLE, 5000, fnl_v_money(500000, "EUR"), 250000,
	     0, day, NULL},
		{"P-4", "run-1", FNL_QUOTA_REASON_NO_CLOSE_DATE, FNL_LAYER_TOP, 2500, none, 0, 0, none, NULL},
		{"P-9", "run-0", FNL_QUOTA_REASON_COUNTED, FNL_LAYER_TOP, 2500, fnl_v_money(100, "USD"), 25, 0, day, NULL},
	};
	put_quota(w, "quota|rep:ann|2025", 2025, FNL_QUOTA_STATE_FROZEN, fnl_v_money(25000000, "USD"), 2, 2);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		put_line(w, &lines[i]);
	}
}

static struct fnl_canvas canvas_of(struct view_world *w)
{
	return (struct fnl_canvas){.out = view_world_out(w)};
}

static void exact_sums_have_all_their_digits(void **state)
{
	(void)state;
	static const struct {
		int64_t e4;
		const char *currency;
		const char *text;
	} cases[] = {
		{0, "USD", "0.00"},         {1, "USD", "0.000001"},          {22500, "USD", "0.0225"},
		{-22500, "USD", "-0.0225"}, {2500000000, "USD", "2,500.00"}, {12345, "JPY", "1.2345"},
		{10000, "JPY", "1"},        {10000, "BHD", "0.001"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[FNL_TEXT_BYTES];
		fnl_text_exact(cases[i].e4, cases[i].currency, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void a_quota_is_explained(void **state)
{
	struct view_world *w = *state;
	struct fnl_error why;
	fill_quota(w);
	struct fnl_canvas c = canvas_of(w);
	assert_int_equal(fnl_view_quota(&w->rows, FNL_SPAN_LIT("rep:ann"), 2025, &c, &why), 0);
	fclose(c.out);
	assert_string_equal(w->text, golden_quota);
}

/* Two purchases in euros in a territory of others, whose amount was lowered; and one in two currencies. */
static void converted(struct fnl_value *v)
{
	static struct fnl_value part[FNL_QUOTA_INTENDED_FIELD_COUNT], lowered[FNL_QUOTA_REDUCTION_FIELD_COUNT], items[2];
	part[FNL_QUOTA_INTENDED_CURRENCY] = fnl_v_text("EUR");
	part[FNL_QUOTA_INTENDED_AMOUNT_MINOR] = fnl_v_number(10001);
	part[FNL_QUOTA_INTENDED_WEIGHTED_MINOR] = fnl_v_number(5000);
	part[FNL_QUOTA_INTENDED_WEIGHTED_E4] = fnl_v_number(5000);
	part[FNL_QUOTA_INTENDED_RATE_MANTISSA] = fnl_v_number(1070);
	part[FNL_QUOTA_INTENDED_RATE_SCALE] = fnl_v_number(3);
	part[FNL_QUOTA_INTENDED_RATE_VALID_ON] = fnl_v_number(20270);
	lowered[FNL_QUOTA_REDUCTION_AT] = fnl_v_number(now_ms - 86400000);
	lowered[FNL_QUOTA_REDUCTION_OLD_AMOUNT] = fnl_v_money(30000, "EUR");
	items[0] = fnl_v_list(part, FNL_QUOTA_INTENDED_FIELD_COUNT);
	items[1] = fnl_v_list(lowered, FNL_QUOTA_REDUCTION_FIELD_COUNT);
	v[FNL_QUOTA_LINE_PLANNED] = v[FNL_QUOTA_LINE_OUTSIDE_TERRITORY] = fnl_v_number(1);
	v[FNL_QUOTA_LINE_INTENDED] = fnl_v_list(&items[0], 1);
	v[FNL_QUOTA_LINE_CONVERTED_MINOR] = fnl_v_number(5350);
	v[FNL_QUOTA_LINE_CONVERTED_E4] = fnl_v_number(5350);
	v[FNL_QUOTA_LINE_TERRITORY_ID] = fnl_v_text("t1");
	v[FNL_QUOTA_LINE_AREA_FACTOR_BP] = fnl_v_number(12500);
	v[FNL_QUOTA_LINE_VALUE_MINOR] = fnl_v_number(6688);
	v[FNL_QUOTA_LINE_VALUE_E4] = fnl_v_number(1687);
	v[FNL_QUOTA_LINE_REDUCTIONS] = fnl_v_list(&items[1], 1);
}

static void by_rates(struct fnl_value *v)
{
	static struct fnl_value rate[FNL_QUOTA_RATE_FIELD_COUNT], area[FNL_QUOTA_AREA_FIELD_COUNT], items[2];
	rate[FNL_QUOTA_RATE_CURRENCY] = fnl_v_text("EUR");
	rate[FNL_QUOTA_RATE_RATE_MANTISSA] = fnl_v_number(1070);
	rate[FNL_QUOTA_RATE_RATE_SCALE] = fnl_v_number(3);
	rate[FNL_QUOTA_RATE_VALID_ON] = fnl_v_number(20270);
	area[FNL_QUOTA_AREA_TERRITORY_ID] = fnl_v_text("t1");
	area[FNL_QUOTA_AREA_AREA_FACTOR_BP] = fnl_v_number(12500);
	area[FNL_QUOTA_AREA_SUMS] = fnl_v_list(NULL, 0);
	area[FNL_QUOTA_AREA_BEFORE_MINOR] = fnl_v_number(5350);
	area[FNL_QUOTA_AREA_BEFORE_E4] = fnl_v_number(5350);
	area[FNL_QUOTA_AREA_AFTER_MINOR] = fnl_v_number(6688);
	area[FNL_QUOTA_AREA_AFTER_E4] = fnl_v_number(1687);
	items[0] = fnl_v_list(rate, FNL_QUOTA_RATE_FIELD_COUNT);
	items[1] = fnl_v_list(area, FNL_QUOTA_AREA_FIELD_COUNT);
	v[FNL_QUOTA_SET_RATE_NAME] = fnl_v_text("BUDGET");
	v[FNL_QUOTA_SET_RATES] = fnl_v_list(&items[0], 1);
	v[FNL_QUOTA_SET_AREAS] = fnl_v_list(&items[1], 1);
	v[FNL_QUOTA_SET_ROUNDING_MINOR] = fnl_v_number(11);
	v[FNL_QUOTA_SET_ROUNDING_E4] = fnl_v_number(8313);
}

static const char golden_rates[] =
	"  rate_name              BUDGET\n"
	"  rate                   1 EUR = 1.07 USD, 2025-07-01\n"
	"  partition              3, offset 0, committed 2025-07-01 00:00 UTC\n"
	"\n"
	"  prospect  layer        close                  amount    weight                 weighted\n"
	"  P-1       MIDDLE       planned            EUR 100.01 x    50 % =              66.881687   EUR x 1.07 "
	"(2025-07-01)   t1, of others x 125 %   lowered from EUR 300.00 on 2025-06-30\n"
	"                                                  sum of 1 lines =              66.881687\n"
	"                                                        rounding =               0.118313   once, half to even\n"
	"                                                       QUOTA USD =                  67.00\n"
	"\n"
	"By territory\n"
	"  t1                                         53.50535 x   125 % =              66.881687\n";

static void rates_and_territories_are_shown(void **state)
{
	struct view_world *w = *state;
	struct fnl_error why;
	const struct line line = {
		"P-1", "run-1",  FNL_QUOTA_REASON_COUNTED, FNL_LAYER_MIDDLE, 5000, fnl_v_money(1, "GBP"), 5000, 5000,
		none,  converted};
	quota_more = by_rates;
	put_quota(w, "quota|rep:ann|2025", 2025, FNL_QUOTA_STATE_FROZEN, fnl_v_money(6700, "USD"), 1, 0);
	quota_more = NULL;
	put_line(w, &line);
	struct fnl_canvas c = canvas_of(w);
	assert_int_equal(fnl_view_quota(&w->rows, FNL_SPAN_LIT("rep:ann"), 2025, &c, &why), 0);
	fclose(c.out);
	const char *found = strstr(w->text, "  rate_name");
	assert_non_null(found);
	assert_string_equal(found, golden_rates);
	c = canvas_of(w);
	assert_int_equal(fnl_view_quota_json(&w->rows, FNL_SPAN_LIT("rep:ann"), 2025, c.out, &why), 0);
	fclose(c.out);
	json_t *o = view_world_json(w);
	assert_true(json_is_true(json_object_get(o, "adds_up")));
	assert_int_equal(view_json_integer(o, "exact_minor"), 6688);
	const json_t *l = json_array_get(json_object_get(o, "lines"), 0);
	assert_string_equal(json_string_value(json_object_get(l, "territory_id")), "t1");
	assert_true(json_is_true(json_object_get(l, "outside_territory")));
	assert_int_equal(view_json_integer(json_array_get(json_object_get(l, "intended"), 0), "rate_mantissa"), 1070);
	assert_int_equal(view_json_integer(json_array_get(json_object_get(o, "areas"), 0), "area_factor_bp"), 12500);
	json_decref(o);
}

static void a_quota_as_json(void **state)
{
	struct view_world *w = *state;
	struct fnl_error why;
	fill_quota(w);
	struct fnl_canvas c = canvas_of(w);
	assert_int_equal(fnl_view_quota_json(&w->rows, FNL_SPAN_LIT("rep:ann"), 2025, c.out, &why), 0);
	fclose(c.out);
	json_t *o = view_world_json(w);
	assert_int_equal(view_json_integer(o, "quota_minor"), 25000000);
	assert_int_equal(view_json_integer(o, "exact_minor"), 25000002);
	assert_int_equal(view_json_integer(o, "exact_e4"), 2500);
	assert_int_equal(view_json_integer(o, "rounding_minor"), -3);
	assert_int_equal(view_json_integer(o, "rounding_e4"), 7500);
	assert_true(json_is_true(json_object_get(o, "adds_up")));
	assert_string_equal(json_string_value(json_object_get(o, "state")), "FROZEN");
	assert_int_equal(json_array_size(json_object_get(o, "lines")), 2);
	assert_int_equal(json_array_size(json_object_get(o, "left_out")), 2);
	const json_t *line = json_array_get(json_object_get(o, "lines"), 1);
	assert_string_equal(json_string_value(json_object_get(line, "prospect_id")), "P-2");
	assert_string_equal(json_string_value(json_object_get(line, "expected_close_date")), "2025-12-31");
	assert_int_equal(view_json_integer(line, "weighted_minor"), 2);
	assert_int_equal(view_json_integer(line, "weighted_e4"), 2500);
	json_decref(o);
}

static void a_lost_line_is_noticed(void **state)
{
	struct view_world *w = *state;
	struct fnl_error why;
	fill_quota(w);
	struct fnl_record gone = {.partition = 3, .offset = 99, .key = FNL_SPAN_LIT("quota_line|rep:ann|2025|P-2")};
	assert_int_equal(fnl_rows_put(&w->rows, &gone), 0);
	struct fnl_canvas c = canvas_of(w);
	assert_int_equal(fnl_view_quota(&w->rows, FNL_SPAN_LIT("rep:ann"), 2025, &c, &why), 0);
	fclose(c.out);
	assert_non_null(strstr(w->text, "do not add up"));
	c = canvas_of(w);
	assert_int_equal(fnl_view_quota_json(&w->rows, FNL_SPAN_LIT("rep:ann"), 2025, c.out, &why), 0);
	fclose(c.out);
	json_t *o = view_world_json(w);
	assert_true(json_is_false(json_object_get(o, "adds_up")));
	json_decref(o);
}

static void a_draft_has_no_lines_yet(void **state)
{
	struct view_world *w = *state;
	struct fnl_error why;
	put_quota(w, "quota|rep:ann|2025", 2025, FNL_QUOTA_STATE_DRAFT, fnl_v_money(25000000, "USD"), 2, 2);
	struct fnl_canvas c = canvas_of(w);
	assert_int_equal(fnl_view_quota(&w->rows, FNL_SPAN_LIT("rep:ann"), 2025, &c, &why), 0);
	fclose(c.out);
	assert_non_null(strstr(w->text, "DRAFT"));
	assert_non_null(strstr(w->text, "QUOTA USD 250,000.00, if it froze now"));
	assert_null(strstr(w->text, "add up"));
	c = canvas_of(w);
	assert_int_equal(fnl_view_quota_json(&w->rows, FNL_SPAN_LIT("rep:ann"), 2025, c.out, &why), 0);
	fclose(c.out);
	json_t *o = view_world_json(w);
	assert_true(json_is_null(json_object_get(o, "adds_up")));
	json_decref(o);
}

static void what_is_not_there(void **state)
{
	struct view_world *w = *state;
	struct fnl_error why;
	fill_quota(w);
	struct fnl_canvas c = canvas_of(w);
	assert_int_equal(fnl_view_quota(&w->rows, FNL_SPAN_LIT("rep:ann"), 2026, &c, &why), FNL_VIEW_NO_SUCH_QUOTA);
	assert_int_equal(fnl_view_quota(&w->rows, FNL_SPAN_LIT("rep:an"), 2025, &c, &why), FNL_VIEW_NO_SUCH_QUOTA);
	assert_int_equal(fnl_view_rep(&w->rows, FNL_SPAN_LIT("rep:ann"), &c, &why), FNL_VIEW_NO_SUCH_REP);
	fclose(c.out);
	assert_int_equal(w->text_len, 0);
}

static void fill_rep(struct view_world *w)
{
	struct fnl_value v[FNL_REP_FIELD_COUNT] = {{0}};
	const struct fnl_value regions[] = {fnl_v_text("DE"), fnl_v_text("FR")};
	const struct fnl_value unknown[] = {
		fnl_v_number(FNL_LAYER_TOP), none, fnl_v_number(1), fnl_v_number(0), fnl_v_number(0), fnl_v_number(0)};
	const struct fnl_value top[] = {fnl_v_number(FNL_LAYER_TOP), fnl_v_text("USD"),      fnl_v_number(2),
	                                fnl_v_number(100000003),     fnl_v_number(25000000), fnl_v_number(7500)};
	const struct fnl_value year[] = {fnl_v_number(2025),      fnl_v_text("USD"),      fnl_v_number(2),
	                                 fnl_v_number(100000003), fnl_v_number(25000000), fnl_v_number(7500)};
	const struct fnl_value totals[] = {fnl_v_list(unknown, 6), fnl_v_list(top, 6)};
	const struct fnl_value running[] = {fnl_v_list(year, 6)};
	v[FNL_REP_BOOK] = fnl_v_text("rep:ann");
	v[FNL_REP_REP_ID] = fnl_v_text("ann");
	v[FNL_REP_VERSION] = fnl_v_number(4);
	v[FNL_REP_ACTIVE] = fnl_v_number(1);
	v[FNL_REP_ORG_ID] = fnl_v_text("US");
	v[FNL_REP_MANAGER_ID] = fnl_v_text("max");
	v[FNL_REP_REGIONS] = fnl_v_list(regions, 2);
	v[FNL_REP_INDUSTRIES] = fnl_v_list(NULL, 0);
	v[FNL_REP_LINE_COUNT] = fnl_v_number(3);
	v[FNL_REP_WATCHED_COUNT] = fnl_v_number(1);
	v[FNL_REP_TOTALS] = fnl_v_list(totals, 2);
	v[FNL_REP_RUNNING] = fnl_v_list(running, 1);
	v[FNL_REP_QUOTA_YEARS] = v[FNL_REP_WON] = v[FNL_REP_WON_YEARS] = fnl_v_list(NULL, 0);
	v[FNL_REP_WON_SEQUENCE] = fnl_v_number(0);
	v[FNL_REP_RESIGNED] = v[FNL_REP_ERASED] = v[FNL_REP_DIRECTORY_SEQUENCE] = fnl_v_number(0);
	put(w, "rep|rep:ann", &fnl_desc_rep, v);
}

/* Two questions, of which one is answered. */
static void fill_inspection(struct view_world *w)
{
	struct fnl_value v[FNL_INSPECTION_FIELD_COUNT] = {{0}};
	struct fnl_value answered[FNL_QUESTION_FIELD_COUNT] = {{0}}, open[FNL_QUESTION_FIELD_COUNT];
	answered[FNL_QUESTION_QUESTION_ID] = fnl_v_text("1");
	answered[FNL_QUESTION_PROSPECT_ID] = fnl_v_text("P-1");
	answered[FNL_QUESTION_STATE] = fnl_v_number(FNL_QUESTION_STATE_ANSWERED);
	answered[FNL_QUESTION_LAYER] = fnl_v_number(FNL_LAYER_TOP);
	answered[FNL_QUESTION_WEIGHTED_MINOR] = fnl_v_number(25000000);
	answered[FNL_QUESTION_STALLS] = answered[FNL_QUESTION_CANDIDATES] = fnl_v_list(NULL, 0);
	memcpy(open, answered, sizeof(open));
	open[FNL_QUESTION_QUESTION_ID] = fnl_v_text("2");
	open[FNL_QUESTION_PROSPECT_ID] = fnl_v_text("P-2");
	open[FNL_QUESTION_STATE] = fnl_v_number(FNL_QUESTION_STATE_OPEN);
	open[FNL_QUESTION_LAYER] = fnl_v_number(FNL_LAYER_BOTTOM);
	const struct fnl_value questions[] = {fnl_v_list(answered, FNL_QUESTION_FIELD_COUNT),
	                                      fnl_v_list(open, FNL_QUESTION_FIELD_COUNT)};
	v[FNL_INSPECTION_BOOK] = fnl_v_text("rep:ann");
	v[FNL_INSPECTION_MAKING] = v[FNL_INSPECTION_RETURNING] = v[FNL_INSPECTION_OVERDUE_TOLD] = fnl_v_number(0);
	v[FNL_INSPECTION_UNANSWERED_SHEETS] = fnl_v_number(0);
	v[FNL_INSPECTION_SHEET_ID] = fnl_v_text("ann#2");
	v[FNL_INSPECTION_SHEET_NUMBER] = fnl_v_number(2);
	v[FNL_INSPECTION_TRIGGER] = fnl_v_number(FNL_SHEET_TRIGGER_RHYTHM);
	v[FNL_INSPECTION_AS_OF] = fnl_v_number(now_ms);
	v[FNL_INSPECTION_ANSWERS_DUE_AT] = fnl_v_number(now_ms + 2 * INT64_C(86400000));
	v[FNL_INSPECTION_NEXT_SHEET_AT] = fnl_v_number(now_ms + 6 * INT64_C(86400000));
	v[FNL_INSPECTION_TOTALS] = fnl_v_list(NULL, 0);
	v[FNL_INSPECTION_OWNED_COUNT] = v[FNL_INSPECTION_CHANGED_COUNT] = fnl_v_number(3);
	v[FNL_INSPECTION_STALLED_COUNT] = fnl_v_number(2);
	v[FNL_INSPECTION_PAGE_COUNT] = fnl_v_number(1);
	v[FNL_INSPECTION_QUESTIONS] = fnl_v_list(questions, 2);
	put(w, "inspection|rep:ann", &fnl_desc_inspection, v);
}

static void a_rep_is_shown(void **state)
{
	struct view_world *w = *state;
	struct fnl_error why;
	fill_rep(w);
	fill_quota(w);
	fill_inspection(w);
	put_quota(w, "quota|rep:ann|2024", 2024, FNL_QUOTA_STATE_DRAFT, none, 0, 0);
	put_quota(w, "quota|rep:anna|2023", 2023, FNL_QUOTA_STATE_DRAFT, none, 0, 0);
	struct fnl_canvas c = canvas_of(w);
	assert_int_equal(fnl_view_rep(&w->rows, FNL_SPAN_LIT("rep:ann"), &c, &why), 0);
	fclose(c.out);
	assert_string_equal(w->text, golden_rep);
	c = canvas_of(w);
	assert_int_equal(fnl_view_rep_json(&w->rows, FNL_SPAN_LIT("rep:ann"), c.out, &why), 0);
	fclose(c.out);
	json_t *o = view_world_json(w);
	assert_int_equal(view_json_integer(o, "line_count"), 3);
	assert_int_equal(json_array_size(json_object_get(o, "quotas")), 2);
	assert_int_equal(view_json_integer(json_array_get(json_object_get(o, "quotas"), 0), "fiscal_year"), 2024);
	assert_int_equal(json_array_size(json_object_get(o, "totals")), 2);
	const json_t *inspection = json_object_get(o, "inspection");
	assert_string_equal(json_string_value(json_object_get(inspection, "sheet_id")), "ann#2");
	assert_int_equal(json_array_size(json_object_get(inspection, "questions")), 2);
	json_decref(o);
}

static void books_of_ids(void **state)
{
	char book[FNL_VIEW_BOOK_BYTES], longest[300];
	(void)state;
	assert_true(fnl_view_book("ann", book));
	assert_string_equal(book, "rep:ann");
	assert_true(fnl_view_book("pool:UNASSIGNED", book));
	assert_string_equal(book, "pool:UNASSIGNED");
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_false(fnl_view_book(longest, book));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_sums_have_all_their_digits),
		cmocka_unit_test_setup_teardown(a_quota_is_explained, view_world_setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(a_quota_as_json, view_world_setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(rates_and_territories_are_shown, view_world_setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(a_lost_line_is_noticed, view_world_setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(a_draft_has_no_lines_yet, view_world_setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(what_is_not_there, view_world_setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(a_rep_is_shown, view_world_setup, view_world_teardown),
		cmocka_unit_test(books_of_ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
