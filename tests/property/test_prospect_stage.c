/* The prospect stage on the real engine, by the clock of events: timers fire at the first moment that there is, and
 * once for each arming, whatever the batches; a feed's silence holds them back, and a pass in pages lets them go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "funneld/adapters/avro.h"
#include "funneld/adapters/registry.h"
#include "funneld/adapters/sys.h"
#include "funneld/base/sha256.h"
#include "funneld/operators/prospect.h"
#include "prospect_world.h"
#include "rules_reader.h"
#include "stage_run.h"
#include "supervised.h"

enum { PROSPECTS = 300, REPS = 4, SEEDS = 16, DAYS = 60, FIRST_SILENT = 12, LAST_SILENT = 17, LINES = 8 };

#define DAY_MS INT64_C(86400000)
#define MINUTE_MS INT64_C(60000)

static struct fnl_registry *registry;
static struct fnl_codec *codec;
static struct fnl_operator *op;
static struct fnl_arena arena;

/* a heartbeat is expected every other day */
static const char rules_text[] = "[rules]\nversion = 1\n[feed]\nsilent_with_heartbeats_minutes = 2880\n";

static int start(void **state)
{
	struct fnl_error why;
	(void)state;
	fnl_arena_init(&arena, 64 << 20);
	assert_int_equal(fnl_registry_file_open(FNL_SOURCE_DIR "/schemas", &registry, &why), 0);
	assert_int_equal(fnl_codec_avro_open(registry, &codec, &why), 0);
	return fnl_prospect_operator_open(codec, fnl_sys_ids(), fnl_test_rules_reader(), 0, &op, &why);
}

static int end(void **state)
{
	(void)state;
	fnl_prospect_operator_close(op);
	codec->ops->close(codec);
	registry->ops->close(registry);
	fnl_arena_deinit(&arena);
	return 0;
}

/* ---- what comes: from Monday 2024-06-10 on ---- */

static int64_t nine_of(int day)
{
	return fnl_moment("2024-06-10 09:00") + day * DAY_MS;
}

static int64_t birth_of(int prospect)
{
	return nine_of(0) + (1 + prospect) * MINUTE_MS;
}

static void put(struct fnl_bus *bus, int32_t partition, const char *key, const struct fnl_input *in)
{
	struct fnl_span value;
	assert_int_equal(codec->ops->encode(codec, in->desc, in->v, &arena, &value), 0);
	assert_int_equal(bus->ops->publish(bus, "in", partition, fnl_span_str(key), value, NULL, 0), 0);
}

static void put_all(struct fnl_bus *bus, const struct fnl_input *in)
{
	for (int32_t i = 0; i < STAGE_RUN_PARTITIONS; i++) {
		put(bus, i, "crm", in);
	}
}

static void put_rules(struct fnl_bus *bus)
{
	char hash[FNL_SHA256_HEX_BYTES + 1];
	struct fnl_input in = fnl_input_of(&fnl_desc_rules_activated, nine_of(0) - DAY_MS - FNL_T0);
	fnl_sha256_hex(fnl_span_str(rules_text), hash);
	fnl_input_str(&in, FNL_RULES_ACTIVATED_SOURCE, "funnelctl");
	fnl_input_i64(&in, FNL_RULES_ACTIVATED_RULES_VERSION, 1);
	fnl_input_str(&in, FNL_RULES_ACTIVATED_RULES_HASH, hash);
	fnl_input_str(&in, FNL_RULES_ACTIVATED_RULES_TEXT, rules_text);
	put_all(bus, &in);
}

static void put_births(struct fnl_bus *bus)
{
	for (int i = 0; i < PROSPECTS; i++) {
		char id[16], rep[16];
		struct fnl_input in = fnl_input_changed(1, birth_of(i) - FNL_T0);
		(void)snprintf(id, sizeof(id), "p%03d", i);
		(void)snprintf(rep, sizeof(rep), "r%d", i % REPS);
		fnl_input_str(&in, FNL_PROSPECT_CHANGED_PROSPECT_ID, id);
		fnl_input_str(&in, FNL_PROSPECT_CHANGED_OWNER_REP_ID, rep);
		fnl_input_str(&in, FNL_PROSPECT_CHANGED_STAGE, "Contract Sent");
		fnl_input_money(&in, FNL_PROSPECT_CHANGED_AMOUNT, 100, "EUR");
		put(bus, i % STAGE_RUN_PARTITIONS, id, &in);
	}
}

static void publish(void *context, struct fnl_bus *bus, uint64_t seed)
{
	(void)context;
	(void)seed;
	put_rules(bus);
	for (int day = 0; day < DAYS; day++) {
		struct fnl_input in = fnl_input_heartbeat(nine_of(day) - FNL_T0);
		if (day == 0) {
			fnl_input_i64(&in, FNL_FEED_HEARTBEAT_CARRIES_CONTACTS, 1);
		}
		if (day < FIRST_SILENT || day > LAST_SILENT) {
			put_all(bus, &in);
		} else {
			in = fnl_input_of(&fnl_desc_clock_tick, nine_of(day) - FNL_T0); /* only time passes */
			fnl_input_str(&in, FNL_CLOCK_TICK_SOURCE, "clock");
			put_all(bus, &in);
		}
		if (day == 0) {
			put_births(bus);
		}
	}
}

static struct stage_result *run(uint64_t seed)
{
	static const char *const outputs[FNL_PROSPECT_OUT_COUNT] = {"layers", "alerts", "dead", "rep-inputs"};
	struct stage_run r = {
		.stage = {"prospect", "in", fnl_prospect_tables, FNL_PROSPECT_TABLE_COUNT, FNL_PROSPECT_OUT_DEAD_LETTERS},
		.outputs = outputs,
		.output_count = FNL_PROSPECT_OUT_COUNT,
		.op = op,
		.clock = FNL_CLOCK_EVENT,
		.seed = seed,
		.start_ms = 1000000,
		.cycle_ms = 50,
		.event_time_max_ms = INT64_MAX,
		.future_max_ms = INT64_MAX,
		.publish = publish,
	};
	/* few of them, or so many that a step cannot tell of all */
	fnl_prospect_operator_set_page(op, seed % 2 ? 1 + seed % 7 : FNL_PAGE_ROWS_MAX);
	return stage_run(&r);
}

/* ---- what must come out ---- */

static struct fnl_decoded decoded(struct fnl_span value)
{
	struct fnl_record record = {.value = value};
	struct fnl_decoded d;
	struct fnl_error why;
	assert_int_equal(codec->ops->decode(codec, &record, &arena, &d, &why), 0);
	return d;
}

/* By the article's clocks, counted by hand: born on Monday the 10th, never a contact, never an edit. */
static const struct {
	int day; /* -1: at birth */
	bool at_recovery;
	const char *stalls;
} expected[LINES] = {
	{-1, false, "nothing"},
	{7, false, "SILENT NO_CONTACT REP"},
	{9, false, "SILENT NO_CONTACT MANAGER"},
	/* on day 14 the next level would have heard of the silence, and the rep of the care; but the feed is silent */
	{18, true, "SILENT NO_CONTACT NEXT_LEVEL; STALE NO_EDIT MANAGER"},
	{21, false, "SILENT NO_CONTACT NEXT_LEVEL; STALE NO_EDIT NEXT_LEVEL"},
	{42, false, "STUCK IN_LAYER REP; SILENT NO_CONTACT NEXT_LEVEL; STALE NO_EDIT NEXT_LEVEL"},
	{44, false, "STUCK IN_LAYER MANAGER; SILENT NO_CONTACT NEXT_LEVEL; STALE NO_EDIT NEXT_LEVEL"},
	{49, false, "STUCK IN_LAYER NEXT_LEVEL; SILENT NO_CONTACT NEXT_LEVEL; STALE NO_EDIT NEXT_LEVEL"},
};

/* The feed has a sixteenth of its limit for what has piled up. */
static int64_t settled(void)
{
	return nine_of(LAST_SILENT + 1) + 2 * DAY_MS / 16;
}

static int64_t expected_at(size_t line, int prospect)
{
	if (expected[line].day < 0) {
		return birth_of(prospect);
	}
	return expected[line].at_recovery ? settled() : birth_of(prospect) + expected[line].day * DAY_MS;
}

static void check_lines(const struct stage_result *r, uint64_t seed)
{
	size_t seen[PROSPECTS] = {0};
	for (size_t i = 0; i < r->record_counts[FNL_PROSPECT_OUT_REP_INPUTS]; i++) {
		const struct fnl_value *v = decoded(r->records[FNL_PROSPECT_OUT_REP_INPUTS][i].value).values;
		struct fnl_span id = v[FNL_BOOK_LINE_PROSPECT_ID].str;
		int prospect = (id.data[1] - '0') * 100 + (id.data[2] - '0') * 10 + id.data[3] - '0';
		size_t line = seen[prospect]++;
		char text[FNL_SUPERVISED_TEXT_MAX], moment[32];
		fnl_stalls_text(v[FNL_BOOK_LINE_STALLS].list, false, text);
		if (line >= LINES || strcmp(text, expected[line].stalls) != 0 ||
		    v[FNL_BOOK_LINE_OCCURRED_AT].i64 != expected_at(line, prospect) ||
		    v[FNL_BOOK_LINE_SEQUENCE].i64 != (int64_t)line + 1) {
			fail_msg("seed %" PRIu64 ": p%03d, line %zu: %s, %s", seed, prospect, line,
			         fnl_moment_text(v[FNL_BOOK_LINE_OCCURRED_AT].i64, moment), text);
		}
	}
	for (int i = 0; i < PROSPECTS; i++) {
		assert_int_equal(seen[i], LINES);
	}
}

/* One partition speaks for the feed. */
static void check_alerts(const struct stage_result *r)
{
	assert_int_equal(r->record_counts[FNL_PROSPECT_OUT_ALERTS], 2);
	for (size_t i = 0; i < 2; i++) {
		const struct fnl_record *record = &r->records[FNL_PROSPECT_OUT_ALERTS][i];
		struct fnl_decoded d = decoded(record->value);
		bool silent = d.desc == &fnl_desc_feed_silent;
		const char *type = silent ? "funnel.feed.silent.v1" : "funnel.feed.recovered.v1";
		int64_t last_ms = nine_of(FIRST_SILENT - 1);
		assert_true(fnl_span_eq(record->key, FNL_SPAN_LIT("crm")));
		assert_true(fnl_span_eq(fnl_record_header(record, "ce_type"), fnl_span_str(type)));
		assert_int_equal(d.values[silent ? FNL_FEED_SILENT_OCCURRED_AT : FNL_FEED_RECOVERED_OCCURRED_AT].i64,
		                 silent ? last_ms + 2 * DAY_MS + DAY_MS / 8 : nine_of(LAST_SILENT + 1));
		assert_int_equal(d.values[silent ? FNL_FEED_SILENT_LAST_HEARD_AT : FNL_FEED_RECOVERED_SILENT_SINCE].i64,
		                 last_ms);
	}
}

/* Nothing is left to do but for the feed, of which more is expected. */
static void check_rows(const struct stage_result *r)
{
	size_t feeds = 0;
	for (size_t i = 0; i < r->row_count; i++) {
		const struct stage_row *row = &r->rows[i];
		if (row->row.table == FNL_PROSPECT_TABLE_FEED && fnl_span_eq(row->row.key, FNL_SPAN_LIT("crm"))) {
			int64_t silent_ms = decoded(row->value).values[FNL_FEED_NEXT_DEADLINE_AT].i64;
			assert_int_equal(silent_ms, nine_of(DAYS - 1) + 2 * DAY_MS + DAY_MS / 8);
			assert_true(row->deadline_ms <= silent_ms); /* the index may name it earlier */
		} else {
			assert_int_equal(row->deadline_ms, FNL_NO_DEADLINE);
		}
		if (row->row.table == FNL_PROSPECT_TABLE_PARTITION && fnl_span_eq(row->row.key, FNL_SPAN_LIT("feeds"))) {
			const struct fnl_value *v = decoded(row->value).values;
			const struct fnl_value *state = v[FNL_PARTITION_FEEDS_FEEDS].list.items[0].list.items;
			assert_int_equal(v[FNL_PARTITION_FEEDS_FEEDS].list.count, 1);
			assert_true(state[FNL_FEED_STATE_CARRIES_CONTACTS].i64 && !state[FNL_FEED_STATE_SILENT].i64);
			assert_false(v[FNL_PARTITION_FEEDS_PASS_AFTER].set || v[FNL_PARTITION_FEEDS_PASS_AT].set ||
			             v[FNL_PARTITION_FEEDS_CAUSE_ID].set || v[FNL_PARTITION_FEEDS_CORRELATION_ID].set);
			feeds++;
		}
	}
	assert_int_equal(feeds, STAGE_RUN_PARTITIONS);
}

/* What the pass told has the cause of the pass, one and the same: that the feed has settled, in each partition. */
static void check_causes(const struct stage_result *r)
{
	struct fnl_span causes[STAGE_RUN_PARTITIONS];
	size_t count = 0;
	for (size_t i = 0; i < r->record_counts[FNL_PROSPECT_OUT_REP_INPUTS]; i++) {
		const struct fnl_record *record = &r->records[FNL_PROSPECT_OUT_REP_INPUTS][i];
		struct fnl_span cause = fnl_record_header(record, "ce_causationid");
		size_t at = 0;
		if (decoded(record->value).values[FNL_BOOK_LINE_OCCURRED_AT].i64 != settled()) {
			continue;
		}
		while (at < count && !fnl_span_eq(causes[at], cause)) {
			at++;
		}
		assert_true(at < STAGE_RUN_PARTITIONS);
		causes[at] = cause;
		count += at == count;
	}
	assert_true(count > 0);
}

static void at_the_first_moment_and_once(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct stage_result *r = run(seed);
		assert_int_equal(r->record_counts[FNL_PROSPECT_OUT_DEAD_LETTERS], 0);
		check_lines(r, seed);
		check_alerts(r);
		check_rows(r);
		check_causes(r);
		stage_result_free(r);
		fnl_arena_reset(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_the_first_moment_and_once),
	};
	return cmocka_run_group_tests(tests, start, end);
}
