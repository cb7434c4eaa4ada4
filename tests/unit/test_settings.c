/* Settings: precedence, origins, what is refused and in which words, and which secrets never show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "funneld/adapters/settings.h"

struct file {
	char path[64];
};

static struct file file_of(const char *text, size_t len)
{
	struct file f = {"/tmp/funneld-settings-XXXXXX"};
	int fd = mkstemp(f.path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	close(fd);
	return f;
}

static struct fnl_settings *load(const char *config, const char *const *sets, size_t set_count, char *const *env)
{
	struct fnl_settings *s = NULL;
	struct fnl_error why = {0, ""};
	struct file f = {""};
	if (config) {
		f = file_of(config, strlen(config));
	}
	int rc = fnl_settings_load(config ? f.path : NULL, sets, set_count, env, &s, &why);
	if (config) {
		unlink(f.path);
	}
	if (rc) {
		print_error("%s\n", why.text);
	}
	assert_int_equal(rc, 0);
	return s;
}

/* The text of the refusal; every piece must be in it. */
static void refused(const char *config, const char *set, const char *env, const char *const *pieces)
{
	struct fnl_settings *s = NULL;
	struct fnl_error why = {0, ""};
	struct file f = {""};
	char *variables[] = {(char *)(uintptr_t)env, NULL};
	if (config) {
		f = file_of(config, strlen(config));
	}
	int rc = fnl_settings_load(config ? f.path : NULL, &set, set ? 1 : 0, env ? variables : NULL, &s, &why);
	if (config) {
		unlink(f.path);
	}
	assert_int_equal(rc, FNL_E_ARGUMENT);
	assert_null(s);
	for (; *pieces; pieces++) {
		if (!strstr(why.text, *pieces)) {
			fail_msg("\"%s\" lacks \"%s\"", why.text, *pieces);
		}
	}
}
#define REFUSED(config, set, env, ...) refused(config, set, env, (const char *const[]){__VA_ARGS__, NULL})

static void defaults_hold_and_fit_their_own_ranges(void **state)
{
	(void)state;
	struct fnl_settings *s = load(NULL, NULL, 0, NULL);
	assert_string_equal(fnl_settings_string(s, "kafka.bootstrap.servers"), "127.0.0.1:9092");
	assert_int_equal(fnl_settings_int(s, "txn.timeout"), 10000);
	assert_int_equal(fnl_settings_int(s, "cache.bytes"), 16 << 20);
	assert_int_equal(fnl_settings_int(s, "changelog.delete.retention"), 86400000);
	assert_int_equal(fnl_settings_int(s, "event_time.max"), INT64_C(4102444800000));
	assert_int_equal(fnl_settings_int(s, "clock"), 0);
	assert_null(fnl_settings_string(s, "kafka.sasl.password"));
	assert_null(fnl_settings_string(s, "topic.funnel.prospects"));
	assert_string_equal(fnl_settings_string(s, "topic.prefix"), "");
	assert_string_equal(fnl_settings_origin(s, "clock"), "default");
	assert_string_equal(fnl_settings_origin(s, "instance.id"), "host name");
	for (const struct fnl_param *p = fnl_params(); p->key; p++) {
		assert_non_null(p->help);
		assert_string_equal(fnl_settings_origin(s, p->key), strcmp(p->key, "instance.id") ? "default" : "host name");
	}
	fnl_settings_free(s);
}

static void later_places_win_and_origins_tell(void **state)
{
	(void)state;
	const char *sets[] = {"clock=event", "batch.records=5", "batch.records=7"};
	char env_batch[] = "FUNNELD_BATCH_RECORDS=6", env_poll[] = "FUNNELD_POLL_WAIT=1s", other[] = "PATH=/bin";
	char env_topic[] = "FUNNELD_TOPIC_SALES_PROSPECT_CHANGES=crm.changes";
	char *env[] = {env_batch, other, env_poll, env_topic, NULL};
	struct fnl_settings *s = load("poll.wait = 20ms\nclock = wall\n[batch]\nrecords = 4\nbytes = 1MB\n", sets, 3, env);
	assert_int_equal(fnl_settings_int(s, "batch.records"), 7);
	assert_string_equal(fnl_settings_origin(s, "batch.records"), "--set");
	assert_int_equal(fnl_settings_int(s, "poll.wait"), 1000);
	assert_string_equal(fnl_settings_origin(s, "poll.wait"), "environment");
	assert_int_equal(fnl_settings_int(s, "batch.bytes"), 1 << 20);
	assert_non_null(strstr(fnl_settings_origin(s, "batch.bytes"), ":5"));
	assert_int_equal(fnl_settings_int(s, "clock"), 1);
	assert_string_equal(fnl_settings_string(s, "topic.sales.prospect-changes"), "crm.changes");
	fnl_settings_free(s);
}

static void numbers_with_units(void **state)
{
	(void)state;
	static const struct {
		const char *set, *key;
		int64_t value;
	} cases[] = {
		{"session.timeout=2m", "session.timeout", 120000},
		{"session.timeout=1500 ms", "session.timeout", 1500},
		{"shutdown.timeout=1min", "shutdown.timeout", 60000},
		{"topic.retention=7d", "topic.retention", 604800000},
		{"topic.retention=2h", "topic.retention", 7200000},
		{"cache.bytes=2GB", "cache.bytes", INT64_C(2) << 30},
		{"cache.bytes=3MiB", "cache.bytes", 3 << 20},
		{"batch.bytes=65536", "batch.bytes", 65536},
		{"event_time.max=1970-01-02", "event_time.max", 86400000},
		{"event_time.max=2000-02-29T23:59:59Z", "event_time.max", INT64_C(951868799000)},
		{"threads.prospect=64", "threads.prospect", 64},
		{"batch.records=16666", "batch.records", 16666},
		{"kafka.security.protocol=sasl_ssl", "kafka.security.protocol", 3},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_settings *s = load(NULL, &cases[i].set, 1, NULL);
		assert_int_equal(fnl_settings_int(s, cases[i].key), cases[i].value);
		fnl_settings_free(s);
	}
}

static void wrong_values_name_place_key_and_range(void **state)
{
	(void)state;
	REFUSED("[batch]\n\nrecords = many\n", NULL, NULL, ":3: batch.records", "\"many\"", "from 1 to 16666");
	REFUSED(NULL, "batch.records=16667", NULL, "--set: batch.records", "from 1 to 16666");
	REFUSED(NULL, "threads.prospect=65", NULL, "--set: threads.prospect", "from 1 to 64");
	REFUSED(NULL, "threads.prospect=", NULL, "threads.prospect");
	REFUSED(NULL, "poll.wait=50", NULL, "poll.wait", "such as 500ms");
	REFUSED(NULL, "poll.wait=6s", NULL, "from 1ms to 5s");
	REFUSED(NULL, "poll.wait=99999999999999999d", NULL, "poll.wait");
	REFUSED(NULL, "cache.bytes=1TB", NULL, "from 1MB to 64GB");
	REFUSED(NULL, "clock=Event", NULL, "one of wall, event");
	REFUSED(NULL, "event_time.max=2025-02-29", NULL, "event_time.max", "such as 2026-01-31");
	REFUSED(NULL, NULL, "FUNNELD_CLOCK=never", "environment: clock");
	REFUSED(NULL, "clock", NULL, "key=value");
}

/* What the README's table says of numbers, as `funnelctl config show` would. */
static void the_readme_has_the_ranges(void **state)
{
	(void)state;
	static char readme[1 << 18];
	FILE *f = fopen(FNL_SOURCE_DIR "/README.md", "r");
	assert_non_null(f);
	size_t len = fread(readme, 1, sizeof(readme) - 1, f);
	assert_true(len < sizeof(readme) - 1);
	fclose(f);
	int seen = 0;
	for (const struct fnl_param *p = fnl_params(); p->key; p++) {
		char row[128];
		if (p->type != FNL_PARAM_INT) {
			continue;
		}
		(void)snprintf(row, sizeof(row), "| `%s` | `%s` | %lld – %lld |", p->key, p->fallback, (long long)p->min,
		               (long long)p->max);
		if (!strstr(readme, row)) {
			fail_msg("the README has no %s", row);
		}
		seen++;
	}
	assert_true(seen >= 5);
}

static void unknown_keys_name_the_nearest(void **state)
{
	(void)state;
	REFUSED("\n[kafka]\nbootstrap.server = a:1\n", NULL, NULL, ":3:", "kafka.bootstrap.servers?");
	REFUSED(NULL, "reddis.url=redis://:geheim@h", NULL, "redis.url?");
	REFUSED(NULL, NULL, "FUNNELD_KAFKA_BOOTSTRAP_SERVER=x", "FUNNELD_KAFKA_BOOTSTRAP_SERVER",
	        "kafka.bootstrap.servers");
	REFUSED(NULL, "qqqqqqqq=1", NULL, "config show");
}

static void lines_that_are_no_ini_are_found(void **state)
{
	(void)state;
	REFUSED("clock = wall\nnonsense\n", NULL, NULL, ":2:", "neither key = value");
	REFUSED("[batch\n", NULL, NULL, ":1:", "[name]");
	REFUSED("= 3\n", NULL, NULL, ":1:", "no key");
	REFUSED("[batch]\nrecords=1\n# x\nrecords = 2\n", NULL, NULL, ":4:", "twice", "line 2");
	struct fnl_settings *s = NULL;
	struct fnl_error why = {0, ""};
	assert_int_equal(fnl_settings_load("/nonexistent/f.ini", NULL, 0, NULL, &s, &why), FNL_E_ARGUMENT);
	assert_non_null(strstr(why.text, "/nonexistent/f.ini"));
}

static void ini_odds_and_ends(void **state)
{
	(void)state;
	struct fnl_settings *s =
		load("\xEF\xBB\xBF; top\n  clock = event ; why not\r\n\t[redis]\r\nprefix=a;b\r\n# end", NULL, 0, NULL);
	assert_int_equal(fnl_settings_int(s, "clock"), 1);
	assert_string_equal(fnl_settings_string(s, "redis.prefix"), "a;b");
	fnl_settings_free(s);
}

/* libinih cuts lines near 200 bytes; ours must come through whole, whatever lies at the cuts. */
static void long_values_come_whole(void **state)
{
	(void)state;
	static const char fillers[] = "x, ;#=[";
	for (size_t shift = 0; shift < sizeof(fillers) - 1; shift++) {
		char value[1500], text[2000];
		for (size_t i = 0; i < sizeof(value) - 1; i++) {
			value[i] = i % 7 == shift ? fillers[(i + shift) % (sizeof(fillers) - 1)] : 'a';
			if (value[i] == ';' && value[i - (i > 0)] == ' ') {
				value[i] = 'b';
			}
		}
		value[0] = value[sizeof(value) - 2] = 'z';
		value[sizeof(value) - 1] = '\0';
		snprintf(text, sizeof(text), "[kafka]\nbootstrap.servers = %s\nsasl.username = u\n", value);
		struct fnl_settings *s = load(text, NULL, 0, NULL);
		assert_string_equal(fnl_settings_string(s, "kafka.bootstrap.servers"), value);
		assert_string_equal(fnl_settings_string(s, "kafka.sasl.username"), "u");
		fnl_settings_free(s);
	}
}

/* As long as it may be, and a byte more. */
static void lines_names_and_files_have_limits(void **state)
{
	(void)state;
	static char text[FNL_TEXT_FILE_BYTES_MAX + 2];
	static const char *const said[] = {"the line is longer than 8192 bytes", "the section's name is longer than 128",
	                                   "the key is longer than 128", "longer than 1048576 bytes"};
	static const size_t whole[] = {8192, 128 + 2, 128 + 2, FNL_TEXT_FILE_BYTES_MAX};
	for (size_t kind = 0; kind < 4; kind++) {
		for (size_t more = 0; more < 2; more++) {
			struct fnl_settings *s = NULL;
			struct fnl_error why = {0, ""};
			size_t len = whole[kind] + more;
			memset(text, kind == 3 ? '\n' : 'x', len);
			memcpy(text, kind == 0 ? "redis.prefix=" : kind == 1 ? "[" : "", kind == 0 ? 13 : kind == 1);
			memcpy(text + len - 2, kind == 1 ? "]" : kind == 2 ? "=1" : "", kind == 2 ? 2 : 0);
			text[len - 1] = kind == 1 ? ']' : text[len - 1];
			struct file f = file_of(text, len);
			int rc = fnl_settings_load(f.path, NULL, 0, NULL, &s, &why);
			unlink(f.path);
			bool too_long = strstr(why.text, said[kind]) != NULL;
			if (too_long != (more == 1) || (rc == 0) != (more == 0 && kind != 2 /* no such key */)) {
				fail_msg("%s, %zu bytes: %d %s", said[kind], len, rc, why.text);
			}
			fnl_settings_free(s);
		}
	}
}

static void secrets_do_not_show(void **state)
{
	(void)state;
	const char *sets[] = {"kafka.sasl.password=geheim", "redis.url=rediss://me:geh@eim@cache:6380/2"};
	struct fnl_settings *s = load(NULL, sets, 2, NULL);
	assert_string_equal(fnl_settings_string(s, "kafka.sasl.password"), "geheim");
	assert_string_equal(fnl_settings_shown(s, "kafka.sasl.password"), "****");
	assert_string_equal(fnl_settings_string(s, "redis.url"), "rediss://me:geh@eim@cache:6380/2");
	assert_string_equal(fnl_settings_shown(s, "redis.url"), "rediss://me:****@cache:6380/2");
	assert_string_equal(fnl_settings_shown(s, "redis.prefix"), "funneld");
	assert_null(fnl_settings_shown(s, "kafka.sasl.username"));
	fnl_settings_free(s);
}

struct reports {
	size_t count;
	char text[16][512];
};

static void on_report(void *context, const char *message)
{
	struct reports *r = context;
	if (r->count < 16) {
		snprintf(r->text[r->count++], sizeof(r->text[0]), "%s", message);
	}
}

static void rules_report_every_error_with_its_line(void **state)
{
	(void)state;
	struct fnl_arena arena = {0};
	const struct fnl_rules *rules = NULL;
	struct fnl_error why = {0, ""};
	struct reports reports = {0};
	fnl_arena_init(&arena, 4 << 20);
	struct fnl_span text = FNL_SPAN_LIT("nonsense\n[no-such-section]\nkey = 1\n\n[other\nkey2 = 3\n");
	assert_true(fnl_rules_parse(text, "my.ini", &arena, &rules, on_report, &reports, &why) < 0);
	assert_null(rules);
	assert_true(reports.count >= 4);
	assert_non_null(strstr(reports.text[0], "my.ini:1:"));
	assert_non_null(strstr(reports.text[1], "my.ini:3:"));
	assert_non_null(strstr(reports.text[2], "my.ini:5:"));
	assert_non_null(strstr(reports.text[3], "my.ini:6:"));
	assert_string_equal(why.text, reports.text[0]);
	fnl_arena_deinit(&arena);
}

/* A pipeline's name may be longer than libinih's own limit. */
static void long_section_names_come_whole(void **state)
{
	(void)state;
	static const char pipeline[] = "The pipeline of the western region, large customers, renewals and new business";
	char text[500];
	struct fnl_arena arena = {0};
	const struct fnl_rules *rules = NULL;
	struct fnl_error why = {0, ""};
	fnl_arena_init(&arena, 4 << 20);
	snprintf(text, sizeof(text),
	         "[rules]\nversion: 3\n[stages %s]\nStage 3: a name that is not short at all, and then some more%150s= TOP "
	         "10 %%\n",
	         pipeline, "");
	if (fnl_rules_parse(fnl_span_str(text), "r", &arena, &rules, NULL, NULL, &why)) {
		fail_msg("%s", why.text);
	}
	const struct fnl_stage_rule *r = fnl_rules_stage(
		rules, fnl_span_str(pipeline), FNL_SPAN_LIT("stage 3: a name that is not short at all, and then some more"));
	assert_non_null(r);
	assert_int_equal(r->layer, FNL_LAYER_TOP);
	assert_int_equal(r->probability_bp, 1000);
	assert_int_equal(rules->version, 3);
	fnl_arena_deinit(&arena);
}

static void an_empty_rules_text_is_the_defaults(void **state)
{
	(void)state;
	struct fnl_arena arena = {0};
	const struct fnl_rules *rules = NULL;
	struct fnl_error why = {0, ""};
	fnl_arena_init(&arena, 4 << 20);
	assert_int_equal(fnl_rules_parse(FNL_SPAN_LIT("# nothing\n"), "r", &arena, &rules, NULL, NULL, &why), 0);
	assert_memory_equal(rules->nominal_bp, fnl_rules_default()->nominal_bp, sizeof(rules->nominal_bp));
	assert_int_equal(rules->stage_count, fnl_rules_default()->stage_count);
	fnl_arena_deinit(&arena);
}

/* The longest line, of as many dates as there may be; and keys that hold a ':'. */
static void a_calendar_comes_whole(void **state)
{
	(void)state;
	static char text[9000];
	struct fnl_arena arena = {0};
	const struct fnl_rules *rules = NULL;
	struct fnl_error why = {0, ""};
	fnl_arena_init(&arena, 4 << 20);
	size_t len = (size_t)snprintf(text, sizeof(text), "[calendar]\nholidays =");
	for (int i = 0; i < FNL_CALENDAR_DAYS_MAX; i++) {
		len +=
			(size_t)snprintf(text + len, sizeof(text) - len, "%s %d-%02d-11", i ? "," : "", 2000 + i / 12, i % 12 + 1);
	}
	snprintf(text + len, sizeof(text) - len,
	         "\nzone = Europe/Berlin ; where we are\n[zone]\n2000-01-01T00:00:00Z = +01:00\n"
	         "2026-03-29T01:00:00Z=+02:00\n");
	if (fnl_rules_parse(fnl_span_str(text), "r", &arena, &rules, NULL, NULL, &why)) {
		fail_msg("%s", why.text);
	}
	assert_int_equal(rules->calendar.holiday_count, FNL_CALENDAR_DAYS_MAX);
	assert_int_equal(rules->calendar.offset_count, 2);
	assert_true(fnl_span_eq(rules->zone, FNL_SPAN_LIT("Europe/Berlin")));
	fnl_arena_deinit(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_hold_and_fit_their_own_ranges),
		cmocka_unit_test(later_places_win_and_origins_tell),
		cmocka_unit_test(numbers_with_units),
		cmocka_unit_test(wrong_values_name_place_key_and_range),
		cmocka_unit_test(the_readme_has_the_ranges),
		cmocka_unit_test(unknown_keys_name_the_nearest),
		cmocka_unit_test(lines_that_are_no_ini_are_found),
		cmocka_unit_test(ini_odds_and_ends),
		cmocka_unit_test(long_values_come_whole),
		cmocka_unit_test(lines_names_and_files_have_limits),
		cmocka_unit_test(secrets_do_not_show),
		cmocka_unit_test(rules_report_every_error_with_its_line),
		cmocka_unit_test(long_section_names_come_whole),
		cmocka_unit_test(an_empty_rules_text_is_the_defaults),
		cmocka_unit_test(a_calendar_comes_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
