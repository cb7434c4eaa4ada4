#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "prospect_desk.h"
#include "supervised.h"

/* The stage's rows about feeds, its pass after one has changed, and rows of versions before there was any of it. */

#define C(name) FNL_PROSPECT_CHANGED_##name
#define DAY_MS INT64_C(86400000)

static struct fnl_desk desk;

static int sit_down(void **state)
{
	(void)state;
	fnl_desk_open(&desk, FNL_SOURCE_DIR "/schemas");
	return 0;
}

static int get_up(void **state)
{
	(void)state;
	fnl_desk_close(&desk);
	return 0;
}

static struct fnl_desk_row *row(uint8_t table, const char *key)
{
	return fnl_desk_row(&desk, table, fnl_span_str(key));
}

static const struct fnl_value *values(uint8_t table, const char *key)
{
	return fnl_desk_values(&desk, row(table, key)->value);
}

static int64_t deadline(uint8_t table, const char *key)
{
	return desk.op->ops->row_deadline(desk.op, table, row(table, key)->value);
}

static void put(int number, int64_t version, int64_t at_ms)
{
	char id[16];
	(void)snprintf(id, sizeof(id), "p%03d", number);
	struct fnl_input in = fnl_input_changed(version, at_ms);
	fnl_input_str(&in, C(PROSPECT_ID), id);
	fnl_input_str(&in, C(STAGE), "Contract Sent");
	fnl_input_str(&in, C(OWNER_REP_ID), "a");
	fnl_input_money(&in, C(AMOUNT), 100 * version, "EUR");
	assert_int_equal(fnl_desk_send(&desk, &in, id, FNL_T0 + at_ms), 0);
}

static void heartbeat(int64_t at_ms, int carries_contacts)
{
	struct fnl_input in = fnl_input_heartbeat(at_ms);
	if (carries_contacts >= 0) {
		fnl_input_i64(&in, FNL_FEED_HEARTBEAT_CARRIES_CONTACTS, carries_contacts);
	}
	assert_int_equal(fnl_desk_send(&desk, &in, NULL, FNL_T0 + at_ms), 0);
}

/* All pages of a pass. */
static size_t pass(const char *key, int64_t now_ms)
{
	size_t before = desk.firings;
	while (fnl_desk_fire(&desk, row(FNL_PROSPECT_TABLE_PARTITION, key), now_ms)) {
		assert_true(desk.firings < before + 50);
	}
	return desk.firings - before;
}

/* The first thing heard of a feed writes its row; what follows soon writes only its own. */
static void an_event_writes_what_it_changes(void **state)
{
	(void)state;
	put(0, 1, 0);
	assert_int_equal(desk.d->row_count, 2);
	put(0, 2, 1000);
	assert_int_equal(desk.d->row_count, 1);
	put(0, 2, 1000);
	assert_int_equal(desk.d->row_count, 0);
	assert_true(desk.d->stale);
	assert_null(row(FNL_PROSPECT_TABLE_PARTITION, "feeds")->value.data);
	put(0, 2, 5400000); /* a sixteenth of 24 hours */
	assert_int_equal(desk.d->row_count, 1);
	assert_true(desk.d->stale);
	heartbeat(5400000, 1);
	assert_int_equal(desk.d->row_count, 2);
	assert_int_equal(deadline(FNL_PROSPECT_TABLE_PARTITION, "feeds"), FNL_T0 + 5400000);
	assert_true(values(FNL_PROSPECT_TABLE_PARTITION, "feeds")[FNL_PARTITION_FEEDS_CAUSE_ID].set);
}

static void a_pass_in_pages(void **state)
{
	(void)state;
	for (int i = 0; i < 230; i++) {
		put(i, 1, i);
	}
	heartbeat(10 * DAY_MS, 1); /* since long nobody was contacted */
	desk.lines = desk.outputs = 0;
	assert_true(pass("feeds", FNL_T0 + 10 * DAY_MS) >= 3);
	assert_int_equal(desk.lines, 230);
	assert_int_equal(desk.outputs, 230);
	for (int i = 0; i < 230; i += 229) {
		char id[16];
		(void)snprintf(id, sizeof(id), "p%03d", i);
		const struct fnl_value *v = values(FNL_PROSPECT_TABLE_PROSPECT, id);
		assert_int_equal(v[FNL_PROSPECT_STALLS].list.count, 1);
		assert_int_equal(v[FNL_PROSPECT_SEQUENCE].i64, 2);
	}
	/* once more: nothing has changed, and no row is written but the pass's own */
	heartbeat(10 * DAY_MS, 0);
	heartbeat(10 * DAY_MS, 1);
	desk.lines = 0;
	(void)pass("feeds", FNL_T0 + 10 * DAY_MS);
	assert_int_equal(desk.lines, 0);
	assert_int_equal(desk.d->row_count, 1);
}

/* A change while a pass is on its way begins it anew, for all. */
static void a_pass_begins_anew(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		put(i, 1, i);
	}
	fnl_prospect_operator_set_page(desk.op, 3);
	struct fnl_desk_row *feeds = row(FNL_PROSPECT_TABLE_PARTITION, "feeds");
	heartbeat(10 * DAY_MS, 1);
	assert_true(fnl_desk_fire(&desk, feeds, FNL_T0 + 10 * DAY_MS));
	assert_true(values(FNL_PROSPECT_TABLE_PARTITION, "feeds")[FNL_PARTITION_FEEDS_PASS_AFTER].set);
	heartbeat(10 * DAY_MS + 1, 0);
	const struct fnl_value *v = values(FNL_PROSPECT_TABLE_PARTITION, "feeds");
	assert_false(v[FNL_PARTITION_FEEDS_PASS_AFTER].set);
	assert_int_equal(v[FNL_PARTITION_FEEDS_PASS_AT].i64, FNL_T0 + 10 * DAY_MS + 1);
	(void)pass("feeds", FNL_T0 + 10 * DAY_MS + 1);
	assert_int_equal(values(FNL_PROSPECT_TABLE_PROSPECT, "p000")[FNL_PROSPECT_STALLS].list.count, 0);
	assert_int_equal(values(FNL_PROSPECT_TABLE_PROSPECT, "p009")[FNL_PROSPECT_SEQUENCE].i64, 1);
}

/* Whichever pass comes by first, a prospect is under the rules in force. */
static void it_catches_up_with_the_rules(void **state)
{
	(void)state;
	put(0, 1, 0);
	put(1, 1, 0);
	assert_int_equal(fnl_desk_activate(&desk, FNL_SPAN_LIT("[rules]\nversion = 2\n[nominal]\nbottom = 8000\n"), 2), 0);
	heartbeat(2000, 1);
	desk.lines = 0;
	(void)pass("feeds", FNL_T0 + 2000);
	assert_int_equal(desk.lines, 2);
	const struct fnl_value *v = values(FNL_PROSPECT_TABLE_PROSPECT, "p001");
	assert_int_equal(v[FNL_PROSPECT_RULES_VERSION].i64, 2);
	assert_int_equal(v[FNL_PROSPECT_WEIGHT_BP].i64, 8000);
	/* a row that only its rules' version is new to */
	assert_int_equal(fnl_desk_activate(&desk, FNL_SPAN_LIT("[rules]\nversion = 3\n[nominal]\nbottom = 8000\n"), 3), 0);
	heartbeat(2000, 0);
	heartbeat(2000, 1);
	(void)pass("feeds", FNL_T0 + 2000);
	assert_int_equal(values(FNL_PROSPECT_TABLE_PROSPECT, "p001")[FNL_PROSPECT_RULES_VERSION].i64, 3);
	desk.lines = 0;
	(void)pass("rules", FNL_T0 + 2000);
	assert_int_equal(desk.lines, 0);
}

/* Silent feeds do not hold up an answer, and it is no sign of life. */
static void an_answer_goes_to_the_sheet(void **state)
{
	(void)state;
	put(0, 1, 0);
	struct fnl_input in = fnl_input_of(&fnl_desc_inspection_answered, 5000000);
	static const struct {
		int field;
		const char *text;
	} texts[] = {
		{FNL_INSPECTION_ANSWERED_ANSWER_ID, "n1"},   {FNL_INSPECTION_ANSWERED_PROSPECT_ID, "p000"},
		{FNL_INSPECTION_ANSWERED_SHEET_ID, "b#1"},   {FNL_INSPECTION_ANSWERED_QUESTION_ID, "1"},
		{FNL_INSPECTION_ANSWERED_SHEET_REP_ID, "b"}, {FNL_INSPECTION_ANSWERED_BY, "b"},
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		fnl_input_str(&in, texts[i].field, texts[i].text);
	}
	fnl_input_i64(&in, FNL_INSPECTION_ANSWERED_CAUSE, FNL_CAUSE_OTHER);
	fnl_input_i64(&in, FNL_INSPECTION_ANSWERED_CONFIRMED, 0);
	assert_int_equal(fnl_desk_send(&desk, &in, "p000", FNL_T0 + 6000000), 0);
	assert_int_equal(desk.d->row_count, 1);
	assert_int_equal(desk.d->output_count, 1);
	const struct fnl_output *out = &desk.d->outputs[0];
	assert_int_equal(out->topic, FNL_PROSPECT_OUT_REP_INPUTS);
	assert_true(fnl_span_eq(out->key, FNL_SPAN_LIT("rep:b")));
	assert_int_equal(out->header_count, 2);
	const struct fnl_value *v = fnl_desk_values(&desk, out->value);
	assert_true(fnl_span_eq(v[FNL_ANSWER_GIVEN_SHEET_ID].str, FNL_SPAN_LIT("b#1")));
	fnl_input_str(&in, FNL_INSPECTION_ANSWERED_SHEET_REP_ID, "");
	assert_true(fnl_desk_send(&desk, &in, "p000", FNL_T0 + 6000000) < 0);
}

/* ---- rows of older versions ---- */

/* The first `count` fields from `from` on, as schema `id` has them. */
static struct fnl_span old_bytes(const struct fnl_record_desc *desc, int from, size_t count, uint32_t id,
                                 const struct fnl_value *v)
{
	struct fnl_record_desc old = *desc;
	struct fnl_writer w = fnl_writer_of(&desk.arena);
	old.fields += from;
	old.field_count = count;
	fnl_write_u8(&w, 0);
	fnl_write_be32(&w, id);
	assert_int_equal(fnl_record_encode(&old, v + from, &w), 0);
	return fnl_writer_span(&w);
}

/* It begins with its source, which is not to be taken for a deadline. */
static void a_feed_of_before(void **state)
{
	(void)state;
	struct fnl_value v[FNL_FEED_FIELD_COUNT] = {
		[FNL_FEED_SOURCE] = {.set = true, .str = FNL_SPAN_LIT("c")},
		[FNL_FEED_GAP_COUNT] = {.set = true, .i64 = 3},
		[FNL_FEED_LAST_HEARD_AT] = {.set = true, .i64 = FNL_T0},
	};
	row(FNL_PROSPECT_TABLE_FEED, "c")->value = old_bytes(&fnl_desc_feed, FNL_FEED_SOURCE, 5, 36, v);
	assert_int_equal(deadline(FNL_PROSPECT_TABLE_FEED, "c"), FNL_NO_DEADLINE);
	struct fnl_input in = fnl_input_heartbeat(0);
	fnl_input_str(&in, FNL_FEED_HEARTBEAT_SOURCE, "c");
	assert_int_equal(fnl_desk_send(&desk, &in, NULL, FNL_T0), 0);
	const struct fnl_value *now = values(FNL_PROSPECT_TABLE_FEED, "c");
	assert_int_equal(now[FNL_FEED_GAP_COUNT].i64, 3);
	assert_int_equal(now[FNL_FEED_HAS_HEARTBEATS].i64, 1);
	assert_int_equal(deadline(FNL_PROSPECT_TABLE_FEED, "c"), FNL_T0 + 30 * 60000 + 30 * 60000 / 16);
}

/* A prospect had no size then. */
static struct fnl_span old_prospect(size_t count, uint32_t id, const struct fnl_value *v)
{
	struct fnl_field_desc fields[FNL_PROSPECT_FIELD_COUNT];
	struct fnl_value values[FNL_PROSPECT_FIELD_COUNT];
	struct fnl_record_desc old = fnl_desc_prospect;
	size_t n = 0;
	for (size_t i = 0; i < FNL_PROSPECT_FIELD_COUNT; i++) {
		if (i != FNL_PROSPECT_SIZE_FOCUS) {
			fields[n] = fnl_desc_prospect.fields[i];
			values[n++] = v[i];
		}
	}
	old.fields = fields;
	return old_bytes(&old, 0, count, id, values);
}

static void a_prospect_of_before(void **state)
{
	(void)state;
	static const struct {
		size_t fields;
		uint32_t id;
	} versions[] = {{44, 34}, {47, 49}};
	for (size_t i = 0; i < 2; i++) {
		get_up(state);
		sit_down(state);
		put(0, 1, 0);
		struct fnl_desk_row *r = row(FNL_PROSPECT_TABLE_PROSPECT, "p000");
		struct fnl_value v[FNL_PROSPECT_FIELD_COUNT];
		memcpy(v, fnl_desk_values(&desk, r->value), sizeof(v));
		v[FNL_PROSPECT_NEXT_DEADLINE_AT] = (struct fnl_value){0};
		r->value = old_prospect(versions[i].fields, versions[i].id, v);
		assert_int_equal(deadline(FNL_PROSPECT_TABLE_PROSPECT, "p000"), FNL_NO_DEADLINE);
		/* new rules come by, and it stalls since long: shown, and not told */
		assert_int_equal(fnl_desk_activate(&desk, FNL_SPAN_LIT("[rules]\nversion = 1\n[stuck]\nbottom = 1\n"), 1), 0);
		put(1, 1, 100 * DAY_MS);
		(void)pass("rules", FNL_T0 + 100 * DAY_MS);
		assert_true(deadline(FNL_PROSPECT_TABLE_PROSPECT, "p000") != FNL_NO_DEADLINE);
		assert_true(fnl_desk_fire(&desk, r, FNL_T0 + 100 * DAY_MS));
		const struct fnl_value *now = fnl_desk_values(&desk, r->value);
		assert_int_equal(now[FNL_PROSPECT_LAYER_TIMES].list.count, 1);
		assert_int_equal(now[FNL_PROSPECT_STALLS].list.count, 2);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, sit_down, get_up)
	const struct CMUnitTest tests[] = {
		T(an_event_writes_what_it_changes),
		T(a_pass_in_pages),
		T(a_pass_begins_anew),
		T(it_catches_up_with_the_rules),
		T(an_answer_goes_to_the_sheet),
		T(a_feed_of_before),
		T(a_prospect_of_before),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
