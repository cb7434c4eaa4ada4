/* What a worker tells of itself: the text that Prometheus reads, line by line, and when it is healthy. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "metrics.h"

static const char *const topics[] = {"funnel.layer-changes", "odd\"\\\ntopic"};

static struct fnl_report_lane lane(const char *name)
{
	struct fnl_report_lane l = {.name = name, .stage = "prospect", .topics = topics, .topic_count = 2};
	l.progressed = true;
	l.age_ms = 1234;
	l.stats = (struct fnl_stream_stats){
		.records = 101,
		.dead_letters = 102,
		.stale = 103,
		.timers = 104,
		.outputs = 105,
		.row_writes = 106,
		.transactions = 107,
		.aborts = 108,
		.producer_resets = 109,
		.repairs = 110,
		.restored_records = 111,
		.joined = true,
		.partitions = 6,
		.partitions_running = 3,
		.partitions_restoring = 2,
		.lag_records = 112,
		.timers_overdue_ms = 90061,
	};
	l.stats.batches.outputs_to[0] = 113;
	l.stats.batches.outputs_to[1] = 114;
	static const int64_t took_ms[] = {-3, 0, 5, 6, 1000, 1001, 30000, 30001, 999999999};
	for (size_t i = 0; i < sizeof(took_ms) / sizeof(took_ms[0]); i++) {
		fnl_batch_stats_took(&l.stats.batches, took_ms[i]);
	}
	return l;
}

static struct fnl_report report(const struct fnl_report_lane *lanes, size_t count)
{
	return (struct fnl_report){.version = "1.2.3",
	                           .instance = "worker-\"1\"",
	                           .started_ms = 1700000000123,
	                           .health_limit_ms = 60000,
	                           .lanes = lanes,
	                           .lane_count = count};
}

/* The text, NUL-terminated, of the heap. */
static char *text_of(const struct fnl_report *r)
{
	struct fnl_arena arena = {0};
	struct fnl_span text;
	fnl_arena_init(&arena, 1 << 20);
	assert_int_equal(fnl_report_metrics(r, &arena, &text), 0);
	char *copy = calloc(1, text.len + 1);
	memcpy(copy, text.data, text.len);
	assert_int_equal(strlen(copy), text.len);
	fnl_arena_deinit(&arena);
	return copy;
}

static void has_line(const char *text, const char *line)
{
	char wanted[512];
	snprintf(wanted, sizeof(wanted), "\n%s\n", line);
	if (!strstr(text, wanted)) {
		fail_msg("no line: %s\nin\n%s", line, text);
	}
}

static void test_lines(void **state)
{
	(void)state;
	struct fnl_report_lane lanes[] = {lane("prospect-0"), lane("prospect-1")};
	lanes[1].stats.records = 0;
	struct fnl_report r = report(lanes, 2);
	char *text = text_of(&r);
	assert_memory_equal(text, "# HELP funneld_build_info ", 26);
#define OF "{stage=\"prospect\",lane=\"prospect-0\"} "
#define OF_TOO(label) "{stage=\"prospect\",lane=\"prospect-0\"," label "} "
	has_line(text, "funneld_build_info{version=\"1.2.3\",instance_id=\"worker-\\\"1\\\"\"} 1");
	has_line(text, "process_start_time_seconds 1700000000.123");
	has_line(text, "funneld_healthy 1");
	has_line(text, "funneld_progress_age_seconds" OF "1.234");
	has_line(text, "# HELP funneld_records_total Input records processed and committed.");
	has_line(text, "# TYPE funneld_records_total counter");
	has_line(text, "funneld_records_total" OF "101");
	has_line(text, "funneld_records_total{stage=\"prospect\",lane=\"prospect-1\"} 0");
	has_line(text, "funneld_dead_letters_total" OF "102");
	has_line(text, "funneld_stale_inputs_total" OF "103");
	has_line(text, "funneld_timers_fired_total" OF "104");
	has_line(text, "funneld_row_writes_total" OF "106");
	has_line(text, "funneld_transactions_total" OF "107");
	has_line(text, "funneld_transactions_aborted_total" OF "108");
	has_line(text, "funneld_producer_resets_total" OF "109");
	has_line(text, "funneld_repairs_total" OF "110");
	has_line(text, "funneld_restored_records_total" OF "111");
	has_line(text, "funneld_input_lag_records" OF "112");
	has_line(text, "funneld_timers_overdue_seconds" OF "90.061");
	has_line(text, "funneld_outputs_total" OF_TOO("topic=\"funnel.layer-changes\"") "113");
	has_line(text, "funneld_outputs_total" OF_TOO("topic=\"odd\\\"\\\\\\ntopic\"") "114");
	has_line(text, "# TYPE funneld_partitions gauge");
	has_line(text, "funneld_partitions" OF_TOO("state=\"running\"") "3");
	has_line(text, "funneld_partitions" OF_TOO("state=\"restoring\"") "2");
	has_line(text, "funneld_partitions" OF_TOO("state=\"waiting\"") "1");
	has_line(text, "# TYPE funneld_batch_duration_seconds histogram");
	has_line(text, "funneld_batch_duration_seconds_bucket" OF_TOO("le=\"0.005\"") "3");
	has_line(text, "funneld_batch_duration_seconds_bucket" OF_TOO("le=\"0.01\"") "4");
	has_line(text, "funneld_batch_duration_seconds_bucket" OF_TOO("le=\"0.5\"") "4");
	has_line(text, "funneld_batch_duration_seconds_bucket" OF_TOO("le=\"1\"") "5");
	has_line(text, "funneld_batch_duration_seconds_bucket" OF_TOO("le=\"2.5\"") "6");
	has_line(text, "funneld_batch_duration_seconds_bucket" OF_TOO("le=\"30\"") "7");
	has_line(text, "funneld_batch_duration_seconds_bucket" OF_TOO("le=\"+Inf\"") "9");
	has_line(text, "funneld_batch_duration_seconds_sum" OF "1000062.012");
	has_line(text, "funneld_batch_duration_seconds_count" OF "9");
	free(text);
}

static bool ends(const char *s, size_t len, const char *with)
{
	size_t n = strlen(with);
	return len >= n && memcmp(s + len - n, with, n) == 0;
}

/* One line against the format and the conventions; family is that of the TYPE line before it. */
static void judge(const char *line, size_t len, char family[64], char type[16])
{
	char name[64];
	if (line[0] == '#') {
		bool is_type = sscanf(line, "# TYPE %63[a-z_] %15[a-z]", name, type) == 2;
		assert_true(is_type || sscanf(line, "# HELP %63[a-z_] ", name) == 1);
		assert_true(!is_type || strcmp(name, family) == 0);
		snprintf(family, 64, "%s", name);
		assert_true(strncmp(name, "funneld_", 8) == 0 || strncmp(name, "process_", 8) == 0);
		if (is_type) {
			assert_int_equal(strcmp(type, "counter") == 0, ends(name, strlen(name), "_total"));
		} else {
			assert_true(line[len - 1] == '.');
		}
		return;
	}
	size_t name_len = strspn(line, "abcdefghijklmnopqrstuvwxyz_");
	size_t family_len = strlen(family);
	assert_true(name_len >= family_len && memcmp(line, family, family_len) == 0);
	assert_true(name_len == family_len || strcmp(type, "histogram") == 0);
	assert_true(line[name_len] == ' ' || line[name_len] == '{');
	size_t value = len;
	while (value > 0 && line[value - 1] != ' ') {
		value--;
	}
	assert_true(value < len && strspn(line + value, "0123456789.") == len - value);
	assert_true(line[name_len] == ' ' || line[value - 2] == '}');
}

static void test_format(void **state)
{
	(void)state;
	struct fnl_report_lane lanes[] = {lane("prospect-0"), lane("rep-0"), lane("router-hr")};
	for (size_t count = 0; count <= 3; count++) {
		struct fnl_report r = report(lanes, count);
		char *text = text_of(&r), family[64] = "", type[16] = "";
		size_t helps = 0;
		for (char *line = text; *line;) {
			char *end = strchr(line, '\n');
			assert_non_null(end);
			*end = '\0';
			judge(line, (size_t)(end - line), family, type);
			helps += strncmp(line, "# HELP ", 7) == 0;
			line = end + 1;
		}
		assert_int_equal(helps, FNL_METRIC_COUNT);
		free(text);
	}
}

static void test_no_memory(void **state)
{
	(void)state;
	struct fnl_report_lane l = lane("prospect-0");
	struct fnl_report r = report(&l, 1);
	struct fnl_arena arena = {0};
	struct fnl_span text = FNL_SPAN_NONE;
	bool healthy;
	assert_int_equal(fnl_report_metrics(&r, &arena, &text), FNL_E_NOMEM);
	assert_int_equal(fnl_report_health(&r, &arena, &text, &healthy), FNL_E_NOMEM);
	assert_true(fnl_span_is_none(text));
}

static json_t *health_of(const struct fnl_report *r, bool expected)
{
	struct fnl_arena arena = {0};
	struct fnl_span text;
	bool healthy = !expected;
	fnl_arena_init(&arena, 1 << 20);
	assert_int_equal(fnl_report_health(r, &arena, &text, &healthy), 0);
	json_t *o = json_loadb((const char *)text.data, text.len, 0, NULL);
	fnl_arena_deinit(&arena);
	assert_non_null(o);
	assert_int_equal(healthy, expected);
	assert_int_equal(json_is_true(json_object_get(o, "healthy")), expected);
	/* /metrics says the same */
	char *metrics = text_of(r);
	has_line(metrics, expected ? "funneld_healthy 1" : "funneld_healthy 0");
	free(metrics);
	return o;
}

static void test_health(void **state)
{
	(void)state;
	static const struct {
		bool joined, progressed, ended;
		size_t partitions, running, restoring;
		int64_t age_ms;
		const char *state;
		const char *why; /* NULL: healthy */
	} cases[] = {
		{true, true, false, 6, 6, 0, 60000, "running", NULL},
		{true, true, false, 6, 6, 0, 60001, "running", "its batches do not come to an end: do Kafka and Redis answer?"},
		{true, false, false, 6, 6, 0, 10, "running", "it has not finished a first batch yet"},
		{true, true, false, 6, 4, 2, 10, "restoring", NULL},
		{true, true, false, 6, 4, 1, 60001, "restoring", "partitions do not run: do Kafka and Redis answer?"},
		{true, false, false, 6, 0, 0, 10, "waiting", "partitions do not run: do Kafka and Redis answer?"},
		{true, true, false, 0, 0, 0, 10, "standby", NULL},
		{false, true, false, 0, 0, 0, 59999, "unassigned", NULL}, /* a rebalance goes on */
		{false, true, false, 0, 0, 0, 60001, "unassigned",
	     "it has lost its assignment and has no new one: does Kafka answer?"},
		{false, false, false, 0, 0, 0, 10, "unassigned", "it has no assignment yet"},
		{true, true, true, 6, 6, 0, 10, "ended", "the thread has ended; the log says why"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_report_lane lanes[] = {lane("prospect-0"), lane("prospect-1")};
		lanes[0].stats.partitions_running = 6;
		lanes[0].stats.partitions_restoring = 0;
		lanes[1].stats.joined = cases[i].joined;
		lanes[1].progressed = cases[i].progressed;
		lanes[1].ended = cases[i].ended;
		lanes[1].stats.partitions = cases[i].partitions;
		lanes[1].stats.partitions_running = cases[i].running;
		lanes[1].stats.partitions_restoring = cases[i].restoring;
		lanes[1].age_ms = cases[i].age_ms;
		struct fnl_report r = report(lanes, 2);
		json_t *o = health_of(&r, !cases[i].why);
		json_t *first = json_array_get(json_object_get(o, "lanes"), 0);
		json_t *l = json_array_get(json_object_get(o, "lanes"), 1);
		assert_true(json_is_true(json_object_get(first, "healthy")));
		assert_string_equal(json_string_value(json_object_get(l, "lane")), "prospect-1");
		assert_string_equal(json_string_value(json_object_get(l, "state")), cases[i].state);
		assert_int_equal(json_is_true(json_object_get(l, "healthy")), !cases[i].why);
		assert_int_equal(json_integer_value(json_object_get(l, "partitions")), cases[i].partitions);
		if (cases[i].why) {
			assert_string_equal(json_string_value(json_object_get(l, "why")), cases[i].why);
		} else {
			assert_true(json_is_null(json_object_get(l, "why")));
		}
		json_decref(o);
	}
	struct fnl_report r = report(NULL, 0);
	r.starting = true;
	json_t *o = health_of(&r, false);
	assert_true(json_is_true(json_object_get(o, "starting")));
	assert_int_equal(json_array_size(json_object_get(o, "lanes")), 0);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_health),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
