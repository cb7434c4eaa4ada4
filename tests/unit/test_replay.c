/* A whole replay without Kafka: the simulated organisation on the embedded log, read, replayed by the rules in force,
 * by stricter ones, by others; always the same, whatever the partitions and whether from the log or from an exported
 * file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "funneld/adapters/embedded.h"
#include "funneld/adapters/sys.h"
#include "import_run.h"
#include "replay_run.h"
#include "rules_publish.h"
#include "simulate.h"

#define MONTH_MS (INT64_C(30) * 86400000)
static const int64_t from_ms = INT64_C(1735689600000); /* 2025-01-01 */
static const int64_t open_ms = INT64_C(1767225600000); /* 2026-01-01 */
static const int64_t tick_ms = INT64_C(1782864000000); /* 2026-07-01 */

struct case_state {
	struct fnl_app *app;
	struct fnl_embedded *broker;
	struct fnl_bus *bus;
	struct fnl_codec *codec;
	const char *topics[FNL_TOPIC_COUNT];
	struct fnl_import_ports ports;
	char dir[64];
};

static void topics_make(struct case_state *s, int32_t partitions)
{
	for (int t = 0; t < FNL_TOPIC_COUNT; t++) {
		s->topics[t] = fnl_app_topic(s->app, (enum fnl_topic)t);
		struct fnl_topic_spec spec = fnl_app_topic_spec(s->app, (enum fnl_topic)t);
		spec.partition_count = partitions;
		assert_true(s->bus->ops->create_topic(s->bus, &spec) >= 0);
	}
	s->ports = (struct fnl_import_ports){s->bus, s->codec, s->app->ids, s->topics};
}

static void bad_row(void *context, const char *message)
{
	(void)context;
	fail_msg("%s", message);
}

static void import_simulated(struct case_state *s, int64_t since_ms, int64_t until_ms)
{
	static const struct fnl_sim_settings settings = {7, 60, 5, 1735689600000, 18};
	struct fnl_simulation simulation = {0};
	struct fnl_import_map map = {0};
	struct fnl_import_counts counts;
	struct fnl_error why = {0};
	FILE *csv = tmpfile();
	assert_non_null(csv);
	assert_int_equal(fnl_simulation_make(&settings, &simulation), 0);
	assert_int_equal(fnl_sim_write_csv(&simulation, csv), 0);
	rewind(csv);
	struct fnl_import_options options = {"simulated", csv, &map, since_ms, until_ms, true, NULL, bad_row, NULL};
	int rc = fnl_import_run(&s->ports, &options, &counts, &why);
	if (rc) {
		fail_msg("import: %s", why.text);
	}
	fclose(csv);
	fnl_simulation_deinit(&simulation);
}

static void publish_command(struct case_state *s)
{
	struct fnl_value v[FNL_OPEN_QUOTA_YEAR_FIELD_COUNT] = {{0}};
	struct fnl_arena arena;
	struct fnl_span value;
	fnl_arena_init(&arena, 1 << 20);
	v[FNL_OPEN_QUOTA_YEAR_SOURCE] = (struct fnl_value){true, .str = FNL_SPAN_LIT("test")};
	v[FNL_OPEN_QUOTA_YEAR_ISSUED_BY] = v[FNL_OPEN_QUOTA_YEAR_SOURCE];
	v[FNL_OPEN_QUOTA_YEAR_OCCURRED_AT] = (struct fnl_value){true, .i64 = open_ms - 86400000};
	v[FNL_OPEN_QUOTA_YEAR_ISSUED_AT] = v[FNL_OPEN_QUOTA_YEAR_OCCURRED_AT];
	v[FNL_OPEN_QUOTA_YEAR_AS_OF] = (struct fnl_value){true, .i64 = open_ms};
	v[FNL_OPEN_QUOTA_YEAR_COMMAND_ID] = (struct fnl_value){true, .str = FNL_SPAN_LIT("run-1")};
	v[FNL_OPEN_QUOTA_YEAR_RUN_ID] = v[FNL_OPEN_QUOTA_YEAR_COMMAND_ID];
	v[FNL_OPEN_QUOTA_YEAR_ORG_ID] = (struct fnl_value){true, .str = FNL_SPAN_LIT("acme")};
	v[FNL_OPEN_QUOTA_YEAR_FISCAL_YEAR] = (struct fnl_value){true, .i64 = 2026};
	v[FNL_OPEN_QUOTA_YEAR_BASE_CURRENCY] = (struct fnl_value){true, .str = FNL_SPAN_LIT("USD")};
	v[FNL_OPEN_QUOTA_YEAR_REP_IDS].set = true;
	assert_int_equal(s->codec->ops->encode(s->codec, &fnl_desc_open_quota_year, v, &arena, &value), 0);
	assert_int_equal(
		s->bus->ops->publish(s->bus, s->topics[FNL_TOPIC_COMMANDS], -1, FNL_SPAN_LIT("acme"), value, NULL, 0), 0);
	fnl_arena_deinit(&arena);
}

static void rules_write(const struct case_state *s, const char *name, const char *more, char path[128])
{
	snprintf(path, 128, "%s/%s", s->dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "%s%s", fnl_sim_rules, more);
	assert_int_equal(fclose(f), 0);
}

static void rules_open(const struct case_state *s, const char *name, const char *more, struct fnl_rules_file *ret)
{
	char path[128];
	rules_write(s, name, more, path);
	assert_int_equal(fnl_rules_file_open(s->app, path, ret), FNL_EXIT_OK);
	unlink(path);
}

static void open_case(struct case_state *s, int32_t partitions)
{
	const char *sets[] = {"schema.registry=file:" FNL_SOURCE_DIR "/schemas", "clock=event", "log.level=warn"};
	struct fnl_app_options options = {NULL, sets, 3, false, false};
	struct fnl_error why = {0};
	*s = (struct case_state){.app = NULL};
	snprintf(s->dir, sizeof(s->dir), "/tmp/replay-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	if (fnl_app_open(&options, &s->app, &why) || fnl_app_codec(s->app, &s->codec, &why)) {
		fail_msg("%s", why.text);
	}
	struct fnl_embedded_settings settings = {
		.clock = s->app->clock, .session_timeout_ms = 10000, .txn_timeout_ms = 10000};
	assert_int_equal(fnl_embedded_open(&settings, &s->broker), 0);
	assert_int_equal(fnl_embedded_bus_open(s->broker, &s->bus), 0);
	topics_make(s, partitions);
	struct fnl_rules_file rules;
	rules_open(s, "rules.ini", "", &rules);
	struct fnl_rules_ports ports = {s->app, s->bus, s->codec, {partitions, partitions, partitions}};
	assert_int_equal(fnl_rules_publish(&ports, rules.published, rules.rules->version, from_ms - 86400000, &why), 0);
	fnl_rules_file_close(&rules);
	import_simulated(s, INT64_MIN, open_ms);
	publish_command(s);
	import_simulated(s, open_ms, INT64_MAX);
	assert_int_equal(fnl_import_tick(&s->ports, tick_ms, &why), 0);
}

static void close_case(struct case_state *s)
{
	s->bus->ops->close(s->bus);
	fnl_embedded_close(s->broker);
	fnl_app_close(s->app);
	rmdir(s->dir);
}

static const struct fnl_replay_bounds bounds = {INT64_MAX, -1, INT64_C(4102444800000), NULL};

static char *json_of(struct case_state *s, const struct fnl_replay_log *log, const struct fnl_replay_order *o)
{
	struct fnl_replay_told told;
	struct fnl_replay_facts facts;
	struct fnl_error why = {0};
	char *text = NULL;
	size_t len = 0;
	if (fnl_replay_run(s->app, log, o, &told, &facts, &why)) {
		fail_msg("replay: %s", why.text);
	}
	FILE *out = open_memstream(&text, &len);
	assert_int_equal(fnl_view_replay_json(&told, &facts, out), 0);
	fclose(out);
	if (getenv("FNL_REPLAY_SHOW")) {
		struct fnl_canvas c = {stdout, false, false, 120};
		fnl_view_replay(&told, &facts, 3, &c);
	}
	fnl_replay_facts_deinit(&facts);
	return text;
}

static void log_read(struct case_state *s, int64_t until_ms, struct fnl_replay_log *ret)
{
	struct fnl_error why = {0};
	struct fnl_replay_bounds b = bounds;
	b.until_ms = until_ms;
	if (fnl_replay_log_read(s->app, s->bus, &b, ret, &why)) {
		fail_msg("read: %s", why.text);
	}
}

static char *replayed_between(struct case_state *s, const char *more, int64_t since_ms, int64_t until_ms)
{
	struct fnl_rules_file rules;
	struct fnl_replay_log log;
	rules_open(s, "what-if.ini", more, &rules);
	struct fnl_replay_order o = {&rules, NULL, since_ms, until_ms, NULL};
	log_read(s, until_ms, &log);
	char *text = json_of(s, &log, &o);
	fnl_replay_log_close(&log);
	fnl_rules_file_close(&rules);
	return text;
}

static char *replayed(struct case_state *s, const char *more)
{
	return replayed_between(s, more, INT64_MIN, INT64_MAX);
}

static json_int_t sum_of(json_t *root, const char *section, const char *side)
{
	size_t i;
	json_t *line;
	json_int_t n = 0;
	json_array_foreach(json_object_get(root, section), i, line)
	{
		n += json_integer_value(json_object_get(line, side));
	}
	return n;
}

static json_int_t number(json_t *root, const char *name)
{
	return json_integer_value(json_object_get(root, name));
}

static void the_rules_in_force_say_the_same(void **state)
{
	(void)state;
	struct case_state s;
	open_case(&s, 3);
	char *first = replayed(&s, "");
	char *again = replayed(&s, "");
	assert_string_equal(first, again);
	json_t *root = json_loads(first, 0, NULL);
	assert_non_null(root);
	assert_int_equal(number(root, "differing"), 0);
	assert_true(number(root, "lines") > 30);
	assert_true(number(root, "copies_left_out") >= 2 * 2); /* of the rules, of the tick, of heartbeats */
	assert_int_equal(number(json_object_get(root, "records"), "sales.commands"), 1);
	assert_true(sum_of(root, "alerts", "today") > 20);
	assert_true(sum_of(root, "quotas", "today") > 0);
	assert_true(sum_of(root, "inspections", "today") > 20);
	json_decref(root);
	free(first);
	free(again);
	close_case(&s);
}

static void other_rules_say_something_else(void **state)
{
	(void)state;
	struct case_state s;
	open_case(&s, 3);
	char *text = replayed(&s, "[silent]\ntop = 2\n[nominal]\ntop = 30%\n");
	json_t *root = json_loads(text, 0, NULL);
	assert_non_null(root);
	assert_true(sum_of(root, "alerts", "what_if") > sum_of(root, "alerts", "today"));
	assert_true(sum_of(root, "quotas", "what_if") > sum_of(root, "quotas", "today"));
	assert_int_equal(sum_of(root, "amounts", "what_if"), sum_of(root, "amounts", "today"));
	json_decref(root);
	free(text);
	close_case(&s);
}

/* What was told before a day is not counted, what came after another one does not happen; both are what they are. */
static void days_bound_what_is_counted(void **state)
{
	(void)state;
	struct case_state s;
	open_case(&s, 2);
	char *texts[3] = {replayed(&s, ""), replayed_between(&s, "", open_ms, INT64_MAX),
	                  replayed_between(&s, "", INT64_MIN, open_ms)};
	json_int_t changes[3], alerts[3], records[3];
	for (int i = 0; i < 3; i++) {
		json_t *root = json_loads(texts[i], 0, NULL);
		assert_non_null(root);
		assert_int_equal(number(root, "differing"), 0);
		changes[i] = sum_of(root, "layer_changes", "today");
		alerts[i] = sum_of(root, "alerts", "today");
		records[i] = number(json_object_get(root, "records"), "sales.prospect-changes");
		json_decref(root);
		free(texts[i]);
	}
	assert_int_equal(changes[1] + changes[2], changes[0]);
	assert_int_equal(alerts[1] + alerts[2], alerts[0]);
	assert_true(changes[1] > 0 && changes[2] > 0);
	assert_true(records[1] == records[0] && records[2] < records[0]);
	close_case(&s);
}

/* An exported log says the same without the bus; a broken one is refused. */
static void an_exported_log_says_the_same(void **state)
{
	(void)state;
	struct case_state s;
	struct fnl_replay_log log;
	struct fnl_rules_file rules;
	struct fnl_error why = {0};
	char path[128];
	open_case(&s, 3);
	snprintf(path, sizeof(path), "%s/log", s.dir);
	rules_open(&s, "what-if.ini", "[silent]\ntop = 2\n", &rules);
	struct fnl_replay_order o = {&rules, NULL, INT64_MIN, INT64_MAX, NULL};
	log_read(&s, INT64_MAX, &log);
	char *from_bus = json_of(&s, &log, &o);
	assert_int_equal(fnl_replay_log_write(&log, path, &why), 0);
	assert_int_equal(fnl_replay_log_write(&log, path, &why), FNL_E_ARGUMENT); /* nothing is overwritten */
	size_t count = log.count, bytes = log.byte_count;
	fnl_replay_log_close(&log);
	assert_int_equal(fnl_replay_log_open(s.app, path, &bounds, &log, &why), 0);
	assert_int_equal(log.count, count);
	char *from_file = json_of(&s, &log, &o);
	assert_string_equal(from_bus, from_file);
	fnl_replay_log_close(&log);
	/* a folder of two that overlap: the same again */
	log_read(&s, open_ms, &log);
	snprintf(path, sizeof(path), "%s/older", s.dir);
	assert_int_equal(fnl_replay_log_write(&log, path, &why), 0);
	fnl_replay_log_close(&log);
	assert_int_equal(fnl_replay_log_open(s.app, s.dir, &bounds, &log, &why), 0);
	assert_int_equal(log.count, count);
	char *from_folder = json_of(&s, &log, &o);
	assert_string_equal(from_bus, from_folder);
	free(from_folder);
	fnl_replay_log_close(&log);
	unlink(path);
	snprintf(path, sizeof(path), "%s/log", s.dir);
	for (size_t cut = bytes; cut > 0; cut /= 3) {
		assert_int_equal(truncate(path, (off_t)cut), 0);
		assert_int_equal(fnl_replay_log_open(s.app, path, &bounds, &log, &why), FNL_E_INVALID);
		fnl_replay_log_close(&log);
	}
	unlink(path);
	free(from_bus);
	free(from_file);
	fnl_rules_file_close(&rules);
	close_case(&s);
}

/* Another organisation's log has other records at the same places. */
static void logs_of_two_deployments_are_refused(void **state)
{
	(void)state;
	struct case_state s[2];
	struct fnl_replay_log log;
	struct fnl_error why = {0};
	char paths[2][128];
	for (int i = 0; i < 2; i++) {
		open_case(&s[i], 1 + i);
		snprintf(paths[i], sizeof(paths[i]), "%s/log%d", s[0].dir, i);
		log_read(&s[i], INT64_MAX, &log);
		assert_int_equal(fnl_replay_log_write(&log, paths[i], &why), 0);
		fnl_replay_log_close(&log);
	}
	assert_int_equal(fnl_replay_log_open(s[0].app, s[0].dir, &bounds, &log, &why), FNL_E_INVALID);
	assert_non_null(strstr(why.text, "not of one log"));
	fnl_replay_log_close(&log);
	unlink(paths[0]);
	unlink(paths[1]);
	close_case(&s[0]);
	close_case(&s[1]);
}

/* Two sets of rules, none of which was ever in force. */
static void rules_against_rules(void **state)
{
	(void)state;
	struct case_state s;
	struct fnl_replay_log log;
	struct fnl_rules_file a, b;
	open_case(&s, 3);
	rules_open(&s, "a.ini", "[silent]\ntop = 2\n", &a);
	rules_open(&s, "b.ini", "[silent]\ntop = 2\n", &b);
	log_read(&s, INT64_MAX, &log);
	struct fnl_replay_order o = {&a, &b, INT64_MIN, INT64_MAX, NULL};
	char *text = json_of(&s, &log, &o);
	json_t *root = json_loads(text, 0, NULL);
	assert_non_null(root);
	assert_int_equal(number(root, "differing"), 0);
	assert_true(json_is_true(json_object_get(json_object_get(root, "rules"), "today_given")));
	assert_int_equal(number(json_object_get(root, "rules"), "activations_dropped"), 1);
	json_decref(root);
	free(text);
	fnl_replay_log_close(&log);
	fnl_rules_file_close(&a);
	fnl_rules_file_close(&b);
	close_case(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rules_in_force_say_the_same),     cmocka_unit_test(other_rules_say_something_else),
		cmocka_unit_test(days_bound_what_is_counted),          cmocka_unit_test(an_exported_log_says_the_same),
		cmocka_unit_test(logs_of_two_deployments_are_refused), cmocka_unit_test(rules_against_rules),
	};
	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
