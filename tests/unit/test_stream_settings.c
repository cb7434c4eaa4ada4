/* What a stream thread runs with: what it refuses, and that it takes all that the settings allow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "funneld/adapters/settings.h"
#include "funneld/engine/stream.h"

static const char *const tables[FNL_STORE_TABLES_MAX + 1] = {"rows"};
static struct fnl_stage stage;
static struct fnl_stream_settings settings;

/* parts: NULL, or what the refusal says. */
static void made(const char *part)
{
	static const struct fnl_stream_ports ports;
	struct fnl_stream *s = NULL;
	struct fnl_error why = {0};
	int rc = fnl_stream_create(&stage, &settings, &ports, &s, &why);
	if (part) {
		assert_int_equal(rc, FNL_E_ARGUMENT);
		assert_null(s);
		assert_non_null(strstr(why.text, part));
	} else {
		assert_int_equal(rc, 0);
		assert_null(fnl_stream_destroy(s));
	}
	settings = fnl_stream_settings_default();
	stage.table_count = 1;
}

static int begin(void **state)
{
	(void)state;
	stage = (struct fnl_stage){"stage", "in", tables, 1, 0};
	settings = fnl_stream_settings_default();
	return 0;
}

static int64_t max_of(const char *key)
{
	const struct fnl_param *p = fnl_params();
	while (p->key && strcmp(p->key, key) != 0) {
		p++;
	}
	assert_non_null(p->key);
	return p->max;
}

static void batches_are_as_large_as_the_setting_allows(void **state)
{
	(void)state;
	assert_int_equal(max_of("batch.records"), 16666);
	settings.batch_records_max = (size_t)max_of("batch.records");
	made(NULL);
	settings.batch_records_max = (size_t)max_of("batch.records") + 1;
	made("batch.records is 1 to 16666, not 16667");
	settings.batch_records_max = 0;
	made("batch.records is 1 to 16666, not 0");
}

static void the_rest_has_limits(void **state)
{
	(void)state;
	made(NULL);
	stage.table_count = 0;
	made("a stage has 1 to 16 tables, not 0");
	stage.table_count = FNL_STORE_TABLES_MAX;
	made(NULL);
	stage.table_count = FNL_STORE_TABLES_MAX + 1;
	made("a stage has 1 to 16 tables, not 17");
	settings.timers_max = FNL_STORE_KEYS_MAX - 1;
	made(NULL);
	settings.timers_max = FNL_STORE_KEYS_MAX;
	made("timers and restore chunks are 1 to 199999 a batch");
	settings.timers_max = 0;
	made("timers and restore chunks");
	settings.restore_records_max = 0;
	made("timers and restore chunks");
	settings.restore_records_max = FNL_STORE_KEYS_MAX + 1;
	made("timers and restore chunks");
	settings.pages_max = 0;
	made("pages are 1 to 600 a batch, as timers, not 0");
	settings.pages_max = settings.timers_max;
	made(NULL);
	settings.pages_max = settings.timers_max + 1;
	made("not 601");
	settings.txn_timeout_ms = 999;
	made("a transaction's time-out is at least 1 s");
	settings.poll_wait_ms = -1;
	made("a transaction's time-out");
	settings.tombstone_retention_ms = 59999;
	made("tombstones live at least a minute");
	settings.arena_bytes_max = (1 << 20) - 1;
	made("an arena has at least 1 MiB");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches_are_as_large_as_the_setting_allows),
		cmocka_unit_test(the_rest_has_limits),
	};
	return cmocka_run_group_tests(tests, begin, NULL);
}
