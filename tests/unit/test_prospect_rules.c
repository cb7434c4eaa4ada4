#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "funneld/base/sha256.h"
#include "prospect_desk.h"
#include "prospect_fixture.h"

/* Other rules on prospects that are there: one by one in the core, then by touch and by pass in the operator. */

static const char *const rules_texts[] = {
	"[rules]\nversion = 1\n",
	"[rules]\nversion = 2\n[stages]\nProspecting = MIDDLE\nTasting = TOP\nDemo Scheduled = UNCLASSIFIED\n",
	"[rules]\nversion = 3\n[nominal]\ntop = 3000\n",
	"[rules]\nversion = 4\n[weighting]\nby = prospect\n",
	"[rules]\nversion = 5\n[manual_from]\nmiddle = 1000\nbottom = 9000\n",
	"[rules]\nversion = 6\n",
	"[rules]\nversion = 7\n",
};

static void by_rules(int version)
{
	rules(rules_texts[version - 1]);
	assert_int_equal(w.rules->version, version);
}

/* ---- one prospect ---- */

struct re {
	const char *stage;  /* NULL: a contact is all that is known */
	int probability_bp; /* -1: none */
	int manual;
	int status; /* -1: none */
	bool gap;
	bool deleted;
	int version; /* of the rules */
	int layer;
	int weight_bp;
	size_t events;
	bool moves; /* a sequence more */
};

static void make(const struct re *c)
{
	fnl_world_clear(&w);
	w.rules = fnl_rules_default();
	if (!c->stage) {
		apply(fnl_input_contact("c1", 0, true, 0));
		return;
	}
	struct fnl_input in = fnl_input_changed(1, 0);
	fnl_input_str(&in, C(STAGE), c->stage);
	fnl_input_str(&in, C(OWNER_REP_ID), "a");
	if (c->probability_bp >= 0) {
		fnl_input_i64(&in, C(PROBABILITY_BP), c->probability_bp);
		fnl_input_i64(&in, C(PROBABILITY_SOURCE),
		              c->manual ? FNL_PROBABILITY_SOURCE_MANUAL : FNL_PROBABILITY_SOURCE_MODEL);
	}
	if (c->status >= 0) {
		fnl_input_i64(&in, C(STATUS), c->status);
	}
	apply(in);
	if (c->gap) {
		apply(fnl_input_gap("g", "p1", 1));
	}
	if (c->deleted) {
		apply(fnl_input_life(&fnl_desc_prospect_deleted, 2, 2));
	}
}

static void what_other_rules_do(void **state)
{
	(void)state;
	static const struct re cases[] = {
		/* stage, probability, manual, status, gap, deleted, rules, layer, weight, events, moves */
		{"Prospecting", -1, 0, -1, false, false, 1, FNL_LAYER_TOP, 2500, 0, false},
		{"Prospecting", -1, 0, -1, false, false, 2, FNL_LAYER_MIDDLE, 5000, 1, true},
		{"Tasting", -1, 0, -1, false, false, 2, FNL_LAYER_TOP, 2500, 2, true},              /* and unparked */
		{"Demo Scheduled", -1, 0, -1, false, false, 2, FNL_LAYER_UNCLASSIFIED, 0, 2, true}, /* and parked */
		{"Nobody Knows", -1, 0, -1, false, false, 2, FNL_LAYER_UNCLASSIFIED, 0, 0, false},
		{"Prospecting", -1, 0, -1, false, false, 3, FNL_LAYER_TOP, 3000, 0, true}, /* the weight alone */
		{"Prospecting", 1200, 0, -1, false, false, 4, FNL_LAYER_TOP, 1200, 0, true},
		{"Prospecting", 1200, 1, -1, false, false, 5, FNL_LAYER_MIDDLE, 5000, 1, true},
		{"Prospecting", -1, 0, FNL_STATUS_WON, false, false, 2, FNL_LAYER_WON, 0, 0, false},
		{"Prospecting", -1, 0, FNL_STATUS_LOST, false, false, 2, FNL_LAYER_LOST, 0, 0, false},
		{"Prospecting", -1, 0, FNL_STATUS_OPEN, true, false, 2, FNL_LAYER_UNKNOWN, 0, 0, false},
		{"Prospecting", -1, 0, -1, false, true, 2, FNL_LAYER_DELETED, 0, 0, false},
		{NULL, -1, 0, -1, false, false, 2, FNL_LAYER_NONE, 0, 0, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct re *c = &cases[i];
		make(c);
		int64_t sequence = R(SEQUENCE).i64, changed_at = R(CHANGED_AT).i64;
		bool open = c->status <= FNL_STATUS_OPEN && !c->deleted;
		assert_int_equal(fnl_prospect_is_open(w.row), open);
		by_rules(c->version);
		assert_int_equal(fnl_world_reevaluate(&w, FNL_T0 + 500), 0);
		bool fine = w.out.event_count == c->events && R(LAYER).i64 == c->layer && R(WEIGHT_BP).i64 == c->weight_bp &&
		            R(SEQUENCE).i64 == sequence + c->moves && w.out.line_count == (size_t)c->moves &&
		            R(CHANGED_AT).i64 == (c->moves ? FNL_T0 + 500 : changed_at);
		if (!fine) {
			fail_msg("case %zu: layer %d, weight %d, %zu events, %zu lines, %d more", i, (int)R(LAYER).i64,
			         (int)R(WEIGHT_BP).i64, w.out.event_count, w.out.line_count, (int)(R(SEQUENCE).i64 - sequence));
		}
		assert_int_equal(R(RULES_VERSION).i64, c->version);
		assert_int_equal(fnl_world_reevaluate(&w, FNL_T0 + 600), 0);
		assert_true(w.out.stale && w.out.row_change == FNL_ROW_KEEP && w.out.line_count == 0);
	}
}

static void the_time_is_that_of_the_rules(void **state)
{
	(void)state;
	static const struct re c = {"Prospecting", -1, 0, -1, false, false, 2, 0, 0, 0, false};
	make(&c);
	by_rules(2);
	assert_int_equal(fnl_world_reevaluate(&w, FNL_T0 + 500), 0);
	const struct fnl_value *v = fnl_world_event(&w, &fnl_desc_layer_changed);
	assert_int_equal(v[FNL_LAYER_CHANGED_OCCURRED_AT].i64, FNL_T0 + 500);
	assert_int_equal(v[FNL_LAYER_CHANGED_SINCE].i64, FNL_T0 + 500);
	assert_int_equal(v[FNL_LAYER_CHANGED_RULES_VERSION].i64, 2);
	assert_int_equal(R(LAYER_SINCE).i64, FNL_T0 + 500);
	v = fnl_world_line(&w, "rep:a");
	assert_int_equal(v[FNL_BOOK_LINE_OCCURRED_AT].i64, FNL_T0 + 500);
	assert_int_equal(v[FNL_BOOK_LINE_RULES_VERSION].i64, 2);
	assert_int_equal(v[FNL_BOOK_LINE_SEQUENCE].i64, R(SEQUENCE).i64);
}

/* A gap of the whole source that came after the rules must not be seen: the row learns of it at its next change. */
static void a_gap_of_the_source_is_not_looked_at(void **state)
{
	(void)state;
	static const struct re c = {"Prospecting", -1, 0, -1, false, false, 2, 0, 0, 0, false};
	make(&c);
	apply(fnl_input_gap("g", NULL, 10));
	by_rules(2);
	assert_int_equal(fnl_world_reevaluate(&w, FNL_T0 + 5), 0);
	assert_int_equal(R(LAYER).i64, FNL_LAYER_MIDDLE);
	apply(fnl_input_contact("c1", 20, true, 20));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_UNKNOWN);
}

/* A row from before there were books gets its line, though nothing about it changes. */
static void a_row_without_a_book_gets_its_line(void **state)
{
	(void)state;
	static const struct re c = {"Prospecting", -1, 0, -1, false, false, 1, 0, 0, 0, false};
	make(&c);
	w.row_values[FNL_PROSPECT_BOOK] = (struct fnl_value){0};
	int64_t sequence = R(SEQUENCE).i64;
	by_rules(1);
	assert_int_equal(fnl_world_reevaluate(&w, FNL_T0 + 500), 0);
	assert_non_null(fnl_world_line(&w, "rep:a"));
	assert_int_equal(R(SEQUENCE).i64, sequence);
	assert_true(fnl_span_eq(R(BOOK).str, FNL_SPAN_LIT("rep:a")));
}

/* ---- the operator at a desk ---- */

static struct fnl_desk desk;

static int sit_down(void **state)
{
	prospect_fresh(state);
	fnl_desk_open(&desk, FNL_SOURCE_DIR "/schemas");
	return 0;
}

static int get_up(void **state)
{
	(void)state;
	fnl_desk_close(&desk);
	return 0;
}

static int send(const struct fnl_input *in, const char *key, int64_t now_ms)
{
	return fnl_desk_send(&desk, in, key, now_ms);
}

static int activate(struct fnl_span text, int version)
{
	return fnl_desk_activate(&desk, text, version);
}

static struct fnl_desk_row *rules_row(void)
{
	return fnl_desk_row(&desk, FNL_PROSPECT_TABLE_PARTITION, FNL_SPAN_LIT("rules"));
}

/* One page; false: the pass is done. */
static bool fire(void)
{
	return fnl_desk_fire(&desk, rules_row(), FNL_T0 + 1000);
}

static const struct fnl_value *decoded(struct fnl_span row)
{
	return fnl_desk_values(&desk, row);
}

static void put_prospect(int number, const char *stage)
{
	char id[16];
	snprintf(id, sizeof(id), "p%03d", number);
	struct fnl_input in = fnl_input_changed(1, number);
	fnl_input_str(&in, C(PROSPECT_ID), id);
	fnl_input_str(&in, C(STAGE), stage);
	assert_int_equal(send(&in, id, FNL_T0), 0);
}

static void a_pass_over_many(void **state)
{
	(void)state;
	for (int i = 0; i < 290; i++) { /* all of a page change their layer: more than one step may tell */
		put_prospect(i, i < 100 ? "Tasting" : i < 120 ? "Prospecting" : "Contract Sent");
	}
	desk.outputs = desk.lines = 0;
	assert_int_equal(activate(fnl_span_str(rules_texts[1]), 2), 0);
	assert_int_equal(desk.outputs, 0);
	while (fire()) {
		assert_true(desk.firings < 50);
	}
	/* 20 LayerChanged of "Prospecting"; 100 of "Tasting" and as many Unparked; a line each */
	assert_int_equal(desk.outputs, 20 + 2 * 100 + 120);
	assert_int_equal(desk.lines, 120);
	assert_true(desk.firings > 3);
	const struct fnl_value *v = decoded(rules_row()->value);
	assert_int_equal(v[FNL_PARTITION_RULES_PASS_DONE].i64, 290);
	assert_int_equal(v[FNL_PARTITION_RULES_PASS_CHANGED].i64, 120);
	assert_false(v[FNL_PARTITION_RULES_PASS_AFTER].set);
	for (size_t i = 0; i < desk.row_count; i++) {
		if (desk.rows[i].table == FNL_PROSPECT_TABLE_PROSPECT) {
			assert_int_equal(decoded(desk.rows[i].value)[FNL_PROSPECT_RULES_VERSION].i64, 2);
		}
	}
}

static struct fnl_span prospect_row(const char *id)
{
	return fnl_desk_row(&desk, FNL_PROSPECT_TABLE_PROSPECT, fnl_span_str(id))->value;
}

/* The same story with the pass before the touch, after it, and between two sets of rules. */
static void touched_or_passed_is_the_same(void **state)
{
	struct fnl_span first = FNL_SPAN_NONE;
	size_t outputs = 0;
	for (int when = 0; when < 3; when++) {
		if (when) {
			first = fnl_arena_dup(&keep, first); /* what the first round left */
			get_up(state);
			fnl_desk_open(&desk, FNL_SOURCE_DIR "/schemas");
		}
		put_prospect(0, "Prospecting");
		assert_int_equal(activate(fnl_span_str(rules_texts[1]), 2), 0);
		while (when == 1 && fire()) {
		}
		assert_int_equal(activate(fnl_span_str(rules_texts[2]), 3), 0);
		while (when == 2 && fire()) {
		}
		struct fnl_input in = fnl_input_changed(2, 2000);
		fnl_input_str(&in, C(PROSPECT_ID), "p000");
		fnl_input_str(&in, C(OWNER_REP_ID), "b");
		assert_int_equal(send(&in, "p000", FNL_T0 + 2000), 0);
		while (fire()) {
		}
		struct fnl_span row = prospect_row("p000");
		if (when == 0) {
			first = row;
			outputs = desk.outputs;
			/* to MIDDLE by 2, back to TOP by 3; the owner */
			assert_int_equal(decoded(row)[FNL_PROSPECT_SEQUENCE].i64, 4);
		}
		assert_true(fnl_span_eq(first, row));
		assert_int_equal(outputs, desk.outputs);
	}
}

static void a_sixth_set_has_to_wait(void **state)
{
	(void)state;
	put_prospect(0, "Prospecting");
	for (int version = 1; version <= 5; version++) {
		assert_int_equal(activate(fnl_span_str(rules_texts[version - 1]), version), 0);
		assert_int_equal(decoded(rules_row()->value)[FNL_PARTITION_RULES_EARLIER].list.count, version - 1);
	}
	assert_int_equal(activate(fnl_span_str(rules_texts[5]), 6), FNL_E_LIMIT);
	assert_int_equal(fnl_status_class(FNL_E_LIMIT), FNL_CLASS_POISON);
	while (fire()) {
	}
	assert_int_equal(decoded(rules_row()->value)[FNL_PARTITION_RULES_EARLIER].list.count, 0);
	assert_int_equal(activate(fnl_span_str(rules_texts[6]), 7), 0);
	assert_int_equal(activate(fnl_span_str(rules_texts[5]), 6), 0); /* stale */
	assert_true(desk.d->stale);
	fnl_prospect_operator_set_page(desk.op, 1);
	while (fire()) {
	}
}

/* Rules as long as they may be: three of them are a row that a broker takes, four are not. */
static void long_texts_have_to_wait(void **state)
{
	(void)state;
	put_prospect(0, "Prospecting");
	for (int version = 1; version <= 4; version++) {
		char *text = fnl_arena_alloc(&keep, FNL_RECORD_STRING_BYTES_MAX);
		int n = snprintf(text, 64, "[rules]\nversion = %d\n", version);
		for (size_t i = (size_t)n; i < FNL_RECORD_STRING_BYTES_MAX; i++) {
			text[i] = (i - (size_t)n) % 80 == 0 ? ';' : (i - (size_t)n) % 80 == 79 ? '\n' : 'x';
		}
		int rc = activate(fnl_span_of(text, FNL_RECORD_STRING_BYTES_MAX), version);
		if (rc != (version < 4 ? 0 : FNL_E_LIMIT)) {
			fail_msg("version %d: %d %s", version, rc, desk.why.text);
		}
	}
	assert_true(rules_row()->value.len < 1000000);
}

/* Rules that the first version of the product activated: without a cause and a pass. A prospect comes under them with
 * its next change, as it did then; newer ones take all along. */
static void rules_from_before_there_was_a_pass(void **state)
{
	(void)state;
	put_prospect(0, "Prospecting");
	put_prospect(1, "Prospecting");
	struct fnl_value v[FNL_PARTITION_RULES_FIELD_COUNT] = {
		[FNL_PARTITION_RULES_RULES_VERSION] = {.set = true, .i64 = 2},
		[FNL_PARTITION_RULES_RULES_HASH] = {.set = true, .str = FNL_SPAN_LIT("")},
		[FNL_PARTITION_RULES_RULES_TEXT] = {.set = true, .str = fnl_span_str(rules_texts[1])},
		[FNL_PARTITION_RULES_ACTIVATED_AT] = {.set = true, .i64 = FNL_T0},
		[FNL_PARTITION_RULES_PASS_DONE] = {.set = true},
		[FNL_PARTITION_RULES_PASS_CHANGED] = {.set = true},
		[FNL_PARTITION_RULES_EARLIER] = {.set = true},
	};
	assert_int_equal(
		desk.codec->ops->encode(desk.codec, &fnl_desc_partition_rules, v, &desk.arena, &rules_row()->value), 0);
	assert_false(fire());
	struct fnl_input in = fnl_input_changed(2, 2000);
	fnl_input_str(&in, C(PROSPECT_ID), "p000");
	fnl_input_str(&in, C(REGION), "north");
	assert_int_equal(send(&in, "p000", FNL_T0 + 2000), 0);
	struct fnl_span row = prospect_row("p000");
	assert_int_equal(decoded(row)[FNL_PROSPECT_LAYER].i64, FNL_LAYER_MIDDLE);
	assert_int_equal(decoded(row)[FNL_PROSPECT_SEQUENCE].i64, 2);
	assert_int_equal(activate(fnl_span_str(rules_texts[2]), 3), 0);
	assert_int_equal(decoded(rules_row()->value)[FNL_PARTITION_RULES_EARLIER].list.count, 0);
	while (fire()) {
	}
	row = prospect_row("p001");
	assert_int_equal(decoded(row)[FNL_PROSPECT_WEIGHT_BP].i64, 3000);
	assert_int_equal(decoded(row)[FNL_PROSPECT_SEQUENCE].i64, 2);
}

static void the_hash_is_that_of_the_text(void **state)
{
	(void)state;
	struct fnl_input in = {.desc = &fnl_desc_rules_activated};
	char hash[FNL_SHA256_HEX_BYTES + 1];
	fnl_sha256_hex(fnl_span_str(rules_texts[1]), hash);
	in.v[FNL_RULES_ACTIVATED_SOURCE] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("crm")};
	fnl_input_i64(&in, FNL_RULES_ACTIVATED_OCCURRED_AT, FNL_T0);
	fnl_input_i64(&in, FNL_RULES_ACTIVATED_RULES_VERSION, 1);
	fnl_input_str(&in, FNL_RULES_ACTIVATED_RULES_HASH, hash);
	fnl_input_str(&in, FNL_RULES_ACTIVATED_RULES_TEXT, rules_texts[0]);
	assert_int_equal(send(&in, NULL, FNL_T0), FNL_E_INVALID);
	fnl_sha256_hex(fnl_span_str(rules_texts[0]), hash);
	assert_int_equal(send(&in, NULL, FNL_T0), 0);
}

static void the_same_version_with_another_text(void **state)
{
	(void)state;
	assert_int_equal(activate(fnl_span_str(rules_texts[0]), 1), 0);
	assert_int_equal(activate(fnl_span_str(rules_texts[0]), 1), 0);
	assert_true(desk.d->stale);
	assert_int_equal(activate(fnl_span_str(rules_texts[1]), 1), FNL_E_INVALID);
}

/* A file that names a zone is good to be checked; what is in force says what the zone's clock does. */
static void a_zone_without_its_clock_is_not_taken(void **state)
{
	(void)state;
	static const char without[] = "[rules]\nversion = 1\n[calendar]\nzone = Europe/Berlin\n";
	static const char with[] =
		"[rules]\nversion = 1\n[calendar]\nzone = Europe/Berlin\n[zone]\n2000-01-01T00:00:00Z = +01:00\n";
	assert_int_equal(activate(fnl_span_str(without), 1), FNL_E_INVALID);
	assert_non_null(strstr(desk.why.text, "no [zone]"));
	assert_int_equal(activate(fnl_span_str(with), 1), 0);
	assert_false(desk.d->stale);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_other_rules_do),
		T(the_time_is_that_of_the_rules),
		T(a_gap_of_the_source_is_not_looked_at),
		T(a_row_without_a_book_gets_its_line),
		cmocka_unit_test_setup_teardown(a_pass_over_many, sit_down, get_up),
		cmocka_unit_test_setup_teardown(touched_or_passed_is_the_same, sit_down, get_up),
		cmocka_unit_test_setup_teardown(a_sixth_set_has_to_wait, sit_down, get_up),
		cmocka_unit_test_setup_teardown(long_texts_have_to_wait, sit_down, get_up),
		cmocka_unit_test_setup_teardown(rules_from_before_there_was_a_pass, sit_down, get_up),
		cmocka_unit_test_setup_teardown(the_hash_is_that_of_the_text, sit_down, get_up),
		cmocka_unit_test_setup_teardown(the_same_version_with_another_text, sit_down, get_up),
		cmocka_unit_test_setup_teardown(a_zone_without_its_clock_is_not_taken, sit_down, get_up),
	};
	return cmocka_run_group_tests(tests, prospect_start, prospect_end);
}
