#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "prospect_world.h"

/* What an input may not say, and that the message names the field. */

#define C(name) FNL_PROSPECT_CHANGED_##name

static struct fnl_world w;
static char long_text[FNL_RECORD_STRING_BYTES_MAX];

static int start(void **state)
{
	(void)state;
	memset(long_text, 'x', sizeof(long_text));
	fnl_world_start(&w);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fnl_world_end(&w);
	return 0;
}

static struct fnl_value text(size_t len)
{
	return (struct fnl_value){.set = true, .str = fnl_span_of(long_text, len)};
}

static struct fnl_value lit(const char *s)
{
	return (struct fnl_value){.set = true, .str = fnl_span_str(s)};
}

static struct fnl_value i64(int64_t v)
{
	return (struct fnl_value){.set = true, .i64 = v};
}

static void each_limit_names_its_field(void **state)
{
	(void)state;
	const struct {
		int field;
		struct fnl_value value;
		int code;
		const char *says;
	} cases[] = {
		{C(PROSPECT_ID), text(128), 0, ""},
		{C(PROSPECT_ID), text(129), FNL_E_LIMIT, "prospect_id"},
		{C(PROSPECT_ID), lit(""), FNL_E_INVALID, "prospect_id"},
		{C(PROSPECT_ID), lit("a|b"), FNL_E_INVALID, "prospect_id"},
		{C(OWNER_REP_ID), lit("a\nb"), FNL_E_INVALID, "owner_rep_id"},
		{C(BUYER_ID), lit("\x7f"), FNL_E_INVALID, "buyer_id"},
		{C(BUYER_ID), lit("\xff"), FNL_E_INVALID, "buyer_id"},
		{C(BUYER_ID), lit("M\xc3\xbcller & Co"), 0, ""},
		{C(SOURCE), lit(""), FNL_E_INVALID, "source"},
		{C(SOURCE), {.set = false}, FNL_E_INVALID, "source is missing"},
		{C(OCCURRED_AT), i64(-1), FNL_E_LIMIT, "occurred_at"},
		{C(OCCURRED_AT), i64(0), 0, ""},
		{C(OCCURRED_AT), i64(INT64_C(7258118400000)), FNL_E_LIMIT, "occurred_at"},
		{C(OCCURRED_AT), i64(INT64_MAX), FNL_E_LIMIT, "occurred_at"},
		{C(VERSION), i64(0), FNL_E_LIMIT, "version"},
		{C(VERSION), i64(-5), FNL_E_LIMIT, "version"},
		{C(VERSION), i64(INT64_MAX), 0, ""},
		{C(STAGE), text(256), 0, ""},
		{C(STAGE), text(257), FNL_E_LIMIT, "stage"},
		{C(STAGE), lit(""), 0, ""},
		{C(STAGE), lit("New | Old\t"), 0, ""},
		{C(REGION), lit("\xc3"), FNL_E_INVALID, "region"},
		{C(PROBABILITY_BP), i64(0), 0, ""},
		{C(PROBABILITY_BP), i64(10000), 0, ""},
		{C(PROBABILITY_BP), i64(10001), FNL_E_LIMIT, "probability_bp"},
		{C(PROBABILITY_BP), i64(-1), FNL_E_LIMIT, "probability_bp"},
		{C(STATUS), i64(FNL_STATUS_COUNT), FNL_E_LIMIT, "status"},
		{C(STATUS), i64(-1), FNL_E_LIMIT, "status"},
		{C(AMOUNT), {.set = true, .money = {FNL_T0 * 1000, "EUR"}}, FNL_E_LIMIT, "amount"},
		{C(AMOUNT), {.set = true, .money = {1, "eur"}}, FNL_E_INVALID, "amount"},
		{C(WON_AMOUNT), {.set = true, .money = {-5, "USD"}}, 0, ""},
		{C(EXPECTED_CLOSE_DATE), i64(84005), 0, ""},
		{C(EXPECTED_CLOSE_DATE), i64(84006), FNL_E_LIMIT, "expected_close_date"},
		{C(CLOSED_ON), i64(-1), FNL_E_LIMIT, "closed_on"},
		{C(CREATED_AT), i64(INT64_MIN), FNL_E_LIMIT, "created_at"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_input in = fnl_input_changed(1, 1);
		fnl_input_str(&in, C(STAGE), "Prospecting");
		in.v[cases[i].field] = cases[i].value;
		fnl_world_clear(&w);
		w.why = (struct fnl_error){0, ""};
		w.out.event_count = 99;
		int r = fnl_world_apply(&w, &in);
		if (r != cases[i].code || (r && !strstr(w.why.text, cases[i].says)) || (r && w.out.event_count != 99)) {
			fail_msg("case %zu: %d '%s'", i, r, w.why.text);
		}
	}
}

static void lists_are_checked_item_by_item(void **state)
{
	(void)state;
	static struct fnl_value many[FNL_RECORD_LIST_ITEMS_MAX + 1];
	struct fnl_value purchase[2] = {i64(84006), {.set = false}};
	struct fnl_value purchases[1] = {{.set = true, .list = {purchase, 2}}};
	for (size_t i = 0; i <= FNL_RECORD_LIST_ITEMS_MAX; i++) {
		many[i] = lit("person");
	}
	struct fnl_input in = fnl_input_changed(1, 1);
	in.v[C(CONTACT_IDS)] = (struct fnl_value){.set = true, .list = {many, FNL_RECORD_LIST_ITEMS_MAX + 1}};
	assert_int_equal(fnl_world_apply(&w, &in), FNL_E_LIMIT);
	assert_non_null(strstr(w.why.text, "contact_ids"));
	in.v[C(CONTACT_IDS)].list.count--;
	fnl_world_clear(&w);
	assert_int_equal(fnl_world_apply(&w, &in), 0);
	many[200] = lit("a|b");
	assert_int_equal(fnl_world_apply(&w, &in), FNL_E_INVALID);
	in = fnl_input_changed(1, 1);
	in.v[C(PLANNED_PURCHASES)] = (struct fnl_value){.set = true, .list = {purchases, 1}};
	assert_int_equal(fnl_world_apply(&w, &in), FNL_E_LIMIT);
	assert_non_null(strstr(w.why.text, "PlannedPurchase.on"));
	purchase[0] = i64(20000);
	purchase[1] = (struct fnl_value){.set = true, .money = {1, "xx"}};
	assert_int_equal(fnl_world_apply(&w, &in), FNL_E_INVALID);
	assert_non_null(strstr(w.why.text, "PlannedPurchase.amount"));
	purchase[1].set = false;
	assert_int_equal(fnl_world_apply(&w, &in), 0);
}

static void other_inputs_are_checked_too(void **state)
{
	(void)state;
	fnl_world_clear(&w);
	struct fnl_input in = fnl_input_contact("c|1", 1, true, 1);
	assert_int_equal(fnl_world_apply(&w, &in), FNL_E_INVALID);
	in = fnl_input_gap("", "p1", 1);
	assert_int_equal(fnl_world_apply(&w, &in), FNL_E_INVALID);
	in = fnl_input_heartbeat(-2 * FNL_T0);
	assert_int_equal(fnl_world_apply(&w, &in), FNL_E_LIMIT);
	in = fnl_input_life(&fnl_desc_prospect_deleted, 0, 1);
	assert_int_equal(fnl_world_apply(&w, &in), FNL_E_LIMIT);
	in = fnl_input_life(&fnl_desc_prospect_merged, 1, 1);
	assert_int_equal(fnl_world_apply(&w, &in), FNL_E_INVALID);
	assert_non_null(strstr(w.why.text, "survivor_id is missing"));
}

static void records_of_other_stages_change_nothing(void **state)
{
	(void)state;
	struct fnl_value none[FNL_RECORD_FIELDS_MAX] = {{.set = false}};
	struct fnl_prospect_in in = {.now_ms = FNL_T0, .rules = w.rules, .arena = &w.arena};
	struct fnl_prospect_out out;
	assert_int_equal(fnl_prospect_apply(&in, &fnl_desc_clock_tick, none, true, &out, NULL), 0);
	assert_int_equal(out.row_change, FNL_ROW_KEEP);
	assert_int_equal(out.event_count, 0);
}

static void no_memory_is_said_and_nothing_comes_out(void **state)
{
	(void)state;
	struct fnl_input in = fnl_input_changed(1, 1);
	fnl_input_str(&in, C(STAGE), "Somewhere");
	int r = FNL_E_NOMEM;
	for (size_t limit = 0; r == FNL_E_NOMEM && limit < 65536; limit += 64) {
		struct fnl_arena small;
		fnl_arena_init(&small, limit);
		struct fnl_prospect_in from = {.now_ms = FNL_T0, .rules = w.rules, .arena = &small};
		struct fnl_prospect_out out;
		memset(&out, 0x5a, sizeof(out));
		r = fnl_prospect_apply(&from, in.desc, in.v, true, &out, NULL);
		assert_true(r == 0 || r == FNL_E_NOMEM);
		assert_true(r == 0 || ((uint8_t *)&out)[0] == 0x5a);
		fnl_arena_deinit(&small);
	}
	assert_int_equal(r, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_limit_names_its_field),
		cmocka_unit_test(lists_are_checked_item_by_item),
		cmocka_unit_test(other_inputs_are_checked_too),
		cmocka_unit_test(records_of_other_stages_change_nothing),
		cmocka_unit_test(no_memory_is_said_and_nothing_comes_out),
	};
	return cmocka_run_group_tests(tests, start, end);
}
