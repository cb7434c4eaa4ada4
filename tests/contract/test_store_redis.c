/* The store in Redis keeps the store's contract, against a real redis-server; and what only a real one can do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "funneld/adapters/redis.h"
#include "redis_fixture.h"
#include "store_contract.h"

enum { CONNECT_MS = 1000, COMMAND_MS = 1000, QUICKLY_MS = 900 };

#define LIT(s) FNL_SPAN_LIT(s)

static struct fnl_redis_settings settings_of(const char *url, int command_timeout_ms, const struct fnl_logger *logger)
{
	return (struct fnl_redis_settings){
		.url = url,
		.prefix = "test",
		.stage = "prospect",
		.table_names = store_contract_tables,
		.table_count = STORE_CONTRACT_TABLES,
		.paged = 1 << 1,
		.connect_timeout_ms = CONNECT_MS,
		.command_timeout_ms = command_timeout_ms,
		.logger = logger,
	};
}

static struct fnl_store *open_url(const char *url, int command_timeout_ms, const struct fnl_logger *logger)
{
	struct fnl_redis_settings settings = settings_of(url, command_timeout_ms, logger);
	struct fnl_store *store = NULL;
	struct fnl_error why = {0};
	if (fnl_redis_store_open(&settings, &store, &why) != 0) {
		fail_msg("open: %s", why.text);
	}
	return store;
}

static struct fnl_store *open_store(void *context)
{
	return open_url(((struct redis_fixture *)context)->url, COMMAND_MS, NULL);
}

/* A command by redis-cli, its words separated by single spaces; "" stands for an empty one. Returns the first line. */
static const char *cli(struct redis_fixture *f, const char *command, char *reply, size_t bytes)
{
	char words[256];
	const char *args[16] = {NULL};
	size_t count = 0;
	snprintf(words, sizeof words, "%s", command);
	char *rest = NULL;
	for (char *word = strtok_r(words, " ", &rest); word && count < 15; word = strtok_r(NULL, " ", &rest)) {
		args[count++] = strcmp(word, "\"\"") == 0 ? "" : word;
	}
	assert_true(redis_fixture_command(f, args, reply, bytes));
	return reply;
}

static void cli_ok(struct redis_fixture *f, const char *command)
{
	char reply[256];
	assert_string_equal(cli(f, command, reply, sizeof reply), "OK");
}

static void flush(void *context)
{
	cli_ok(context, "FLUSHALL");
}

static void snapshot(void *context)
{
	assert_true(redis_fixture_save(context));
}

static void rollback(void *context)
{
	assert_true(redis_fixture_rollback(context));
}

static void down(void *context)
{
	redis_fixture_kill(context);
}

static void up(void *context)
{
	assert_true(redis_fixture_restart(context));
}

/* --- short words for the cases --- */

static struct fnl_store_apply step(int32_t partition, int64_t from, int64_t to, const struct fnl_row_write *rows,
                                   size_t n)
{
	return (struct fnl_store_apply){
		.partition = partition, .expected = {from > 0, from, 0}, .next = {true, to, 0}, .rows = rows, .row_count = n};
}

/* FNL_APPLIED, FNL_MISMATCH or a status. */
static int apply(struct fnl_store *s, int64_t from, int64_t to)
{
	struct fnl_row_write rows[] = {{{1, LIT("k")}, LIT("v"), 1700000000123, false, false}};
	struct fnl_store_apply one = step(7, from, to, rows, 1);
	int err = s->ops->apply(s, &one, 1);
	return err != 0 ? err : (int)one.ret_outcome;
}

/* The cl of the view, 0 when absent, or a status. */
static int64_t cl_of(struct fnl_store *s)
{
	struct fnl_arena arena;
	fnl_arena_init(&arena, 1 << 20);
	struct fnl_row_key keys[] = {{1, LIT("k")}};
	struct fnl_store_read read = {
		.partition = 7, .keys = keys, .key_count = 1, .due_until_ms = INT64_MAX, .due_max = 1};
	int err = s->ops->read(s, &read, 1, &arena);
	fnl_arena_deinit(&arena);
	return err != 0 ? err : read.ret_applied.cl;
}

static void assert_told(struct fnl_store *s, const char *text)
{
	if (!strstr(s->ops->explain(s), text)) {
		fail_msg("'%s' does not say '%s'", s->ops->explain(s), text);
	}
}

static int64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* --- what the server holds --- */

static void keys_are_as_documented(void **state)
{
	struct redis_fixture *f = *state;
	char reply[256];
	flush(f);
	struct fnl_store *s = open_store(f);
	assert_int_equal(apply(s, 0, 12), FNL_APPLIED);
	assert_int_equal(s->ops->check_layout(s, LIT("cluster"), 8), 0);
	assert_string_equal(cli(f, "HGET {test:prospect:7}:prospect k", reply, sizeof reply), "v");
	assert_string_equal(cli(f, "HGET {test:prospect:7}:applied cl", reply, sizeof reply), "12");
	assert_string_equal(cli(f, "HGET {test:prospect:7}:applied complete_as_of", reply, sizeof reply), "0");
	assert_string_equal(cli(f, "ZSCORE {test:prospect:7}:due prospect|k", reply, sizeof reply), "1700000000123");
	assert_string_equal(cli(f, "HGET test:prospect:layout partition_count", reply, sizeof reply), "8");
	assert_string_equal(cli(f, "HGET {test:prospect:7}:applied paged", reply, sizeof reply), "2/leaves@12");
	assert_string_equal(cli(f, "ZCARD {test:prospect:7}:prospect:keys", reply, sizeof reply), "1");
	assert_string_equal(cli(f, "ZSCORE {test:prospect:7}:prospect:keys: k", reply, sizeof reply), "0");
	assert_string_equal(cli(f, "DBSIZE", reply, sizeof reply), "6");
	s->ops->close(s);
}

/* A row that was there already costs no write of the index; and what somebody has written without the index counts as
 * no view at all. */
static void indexes_are_kept_or_the_view_is_none(void **state)
{
	struct redis_fixture *f = *state;
	char reply[256];
	flush(f);
	struct fnl_store *s = open_store(f);
	assert_int_equal(apply(s, 0, 12), FNL_APPLIED);
	assert_string_equal(cli(f, "ZREM {test:prospect:7}:prospect:keys: k", reply, sizeof reply), "1");
	struct fnl_row_write rows[] = {{{1, LIT("k")}, LIT("w"), FNL_NO_DEADLINE, true, true}};
	struct fnl_store_apply one = step(7, 12, 13, rows, 1);
	assert_int_equal(s->ops->apply(s, &one, 1), 0);
	assert_int_equal(one.ret_outcome, FNL_APPLIED);
	assert_string_equal(cli(f, "ZCARD {test:prospect:7}:prospect:keys:", reply, sizeof reply), "0");
	assert_int_equal(cl_of(s), 13);
	/* an older program goes on with the view */
	assert_string_equal(cli(f, "HSET {test:prospect:7}:applied cl 14", reply, sizeof reply), "0");
	assert_int_equal(cl_of(s), 0);
	assert_int_equal(apply(s, 14, 15), FNL_MISMATCH);
	struct fnl_store_apply anew = step(7, 0, 15, rows, 1);
	anew.delete_first = true;
	assert_int_equal(s->ops->apply(s, &anew, 1), 0);
	assert_int_equal(anew.ret_outcome, FNL_APPLIED);
	assert_string_equal(cli(f, "ZCARD {test:prospect:7}:prospect:keys:", reply, sizeof reply), "1");
	assert_int_equal(cl_of(s), 15);
	s->ops->close(s);
}

static void no_leaf_is_left_behind(void **state)
{
	enum { ROWS = 1000 };
	struct redis_fixture *f = *state;
	static char keys[ROWS][8];
	static struct fnl_row_write rows[ROWS];
	char reply[256];
	flush(f);
	struct fnl_store *s = open_store(f);
	for (size_t i = 0; i < ROWS; i++) {
		int len = snprintf(keys[i], sizeof keys[i], "%zu", i);
		struct fnl_row_key row = {1, fnl_span_of(keys[i], (size_t)len)};
		rows[i] = (struct fnl_row_write){row, LIT("v"), FNL_NO_DEADLINE, false, false};
	}
	struct fnl_store_apply all = step(7, 0, 1, rows, ROWS);
	assert_int_equal(s->ops->apply(s, &all, 1), 0);
	cli(f, "OBJECT ENCODING {test:prospect:7}:prospect:keys:", reply, sizeof reply);
	assert_true(strcmp(reply, "listpack") == 0 || strcmp(reply, "ziplist") == 0); /* what makes it small */
	enum fnl_apply_outcome outcome = FNL_MISMATCH;
	assert_int_equal(s->ops->wipe(s, 7, (struct fnl_applied){true, 1, 0}, &outcome), 0);
	assert_string_equal(cli(f, "DBSIZE", reply, sizeof reply), "0");
	assert_int_equal(s->ops->apply(s, &all, 1), 0);
	for (size_t i = 0; i < ROWS; i++) {
		rows[i].value = FNL_SPAN_NONE;
	}
	all.expected = all.next;
	assert_int_equal(s->ops->apply(s, &all, 1), 0);
	assert_string_equal(cli(f, "DBSIZE", reply, sizeof reply), "1"); /* what it stands at */
	s->ops->close(s);
}

/* Those that fit are written, the others are told what is there. */
static void partitions_of_a_call_stand_for_themselves(void **state)
{
	struct redis_fixture *f = *state;
	flush(f);
	struct fnl_store *s = open_store(f);
	assert_int_equal(apply(s, 0, 2), FNL_APPLIED);
	struct fnl_row_write rows[] = {{{1, LIT("k")}, LIT("w"), FNL_NO_DEADLINE, false, false}};
	struct fnl_store_apply many[] = {step(6, 0, 3, rows, 1), step(7, 1, 4, rows, 1), step(8, 0, 5, rows, 1)};
	assert_int_equal(s->ops->apply(s, many, 3), 0);
	assert_int_equal(many[0].ret_outcome, FNL_APPLIED);
	assert_int_equal(many[1].ret_outcome, FNL_MISMATCH);
	assert_int_equal(many[1].ret_found.cl, 2);
	assert_int_equal(many[2].ret_outcome, FNL_APPLIED);
	struct fnl_store_apply twice[] = {step(7, 2, 3, rows, 1), step(7, 3, 4, rows, 1)};
	assert_int_equal(s->ops->apply(s, twice, 2), FNL_E_ARGUMENT);
	assert_told(s, "same call");
	/* seen only while it is written: then that view stands nowhere, so that it is rebuilt; the other one stays */
	char reply[64];
	cli_ok(f, "SET {test:prospect:9}:prospect:keys: x");
	struct fnl_store_apply torn[] = {step(7, 1, 4, rows, 1), step(9, 0, 1, rows, 1)};
	assert_int_equal(s->ops->apply(s, torn, 2), FNL_E_STATE);
	assert_told(s, "WRONGTYPE");
	assert_string_equal(cli(f, "EXISTS {test:prospect:9}:applied", reply, sizeof reply), "0");
	assert_int_equal(cl_of(s), 2);
	s->ops->close(s);
}

/* --- a server in trouble --- */

static void a_killed_server_is_noticed_at_once(void **state)
{
	struct redis_fixture *f = *state;
	flush(f);
	struct fnl_store *s = open_store(f);
	assert_int_equal(apply(s, 0, 1), FNL_APPLIED);
	redis_fixture_kill(f);
	for (int i = 0; i < 3; i++) {
		int64_t start_us = now_us();
		assert_int_equal(apply(s, 1, 2), FNL_E_DISCONNECTED);
		assert_true(now_us() - start_us < QUICKLY_MS * 1000);
	}
	up(f);
	assert_int_equal(cl_of(s), 0);
	assert_int_equal(apply(s, 0, 5), FNL_APPLIED);
	/* Restarted between two calls: one refusal at most. */
	up(f);
	int err = apply(s, 5, 6);
	assert_true(err == FNL_E_DISCONNECTED || err == FNL_MISMATCH);
	assert_int_equal(apply(s, 5, 6), FNL_MISMATCH);
	assert_int_equal(apply(s, 0, 6), FNL_APPLIED);
	s->ops->close(s);
}

static void a_frozen_server_times_out(void **state)
{
	struct redis_fixture *f = *state;
	flush(f);
	struct fnl_store *s = open_url(f->url, 200, NULL);
	assert_int_equal(apply(s, 0, 1), FNL_APPLIED);
	redis_fixture_freeze(f, true);
	int64_t start_us = now_us();
	int err = apply(s, 1, 2);
	int64_t took_us = now_us() - start_us;
	int again = apply(s, 1, 2); /* a new connection, which nobody answers either */
	redis_fixture_freeze(f, false);
	assert_int_equal(err, FNL_E_TIMEOUT);
	assert_true(took_us >= 190000 && took_us < 900000);
	assert_int_equal(fnl_status_class(again), FNL_CLASS_RETRIABLE);
	/* The frozen server took the first one up when it woke: that is what "outcome unknown" means. */
	int64_t cl = cl_of(s);
	assert_true(cl == 1 || cl == 2);
	assert_int_equal(apply(s, cl, 3), FNL_APPLIED);
	s->ops->close(s);
}

static void eviction_is_refused(void **state)
{
	struct redis_fixture *f = *state;
	struct fnl_error why = {0};
	cli_ok(f, "CONFIG SET maxmemory-policy allkeys-lru");
	struct fnl_store *s = open_store(f);
	assert_int_equal(cl_of(s), FNL_E_STATE);
	assert_told(s, "maxmemory-policy is allkeys-lru");
	assert_told(s, "CONFIG SET maxmemory-policy noeviction");
	assert_int_equal(fnl_redis_store_check(s, &why), FNL_E_STATE);
	assert_non_null(strstr(why.text, "noeviction"));
	cli_ok(f, "CONFIG SET maxmemory-policy noeviction");
	assert_int_equal(fnl_redis_store_check(s, &why), 0);
	assert_true(cl_of(s) >= 0);
	s->ops->close(s);
}

static void a_full_or_read_only_server_is_retriable(void **state)
{
	struct redis_fixture *f = *state;
	flush(f);
	struct fnl_store *s = open_store(f);
	assert_int_equal(apply(s, 0, 1), FNL_APPLIED);
	cli_ok(f, "CONFIG SET maxmemory 1");
	assert_int_equal(apply(s, 1, 2), FNL_E_DISCONNECTED);
	assert_told(s, "OOM");
	int64_t cl = cl_of(s); /* before Redis 8 a full server queues nothing for a MULTI, since then what writes nothing */
	assert_true(cl == 1 || (cl == FNL_E_DISCONNECTED && strstr(s->ops->explain(s), "OOM")));
	cli_ok(f, "CONFIG SET maxmemory 0");
	assert_int_equal(cl_of(s), 1);
	cli_ok(f, "REPLICAOF 127.0.0.1 1");
	assert_int_equal(apply(s, 1, 2), FNL_E_DISCONNECTED);
	assert_told(s, "READONLY");
	cli_ok(f, "REPLICAOF NO ONE");
	assert_int_equal(apply(s, 1, 2), FNL_APPLIED);
	s->ops->close(s);
}

static void foreign_keys_stop(void **state)
{
	struct redis_fixture *f = *state;
	static const struct {
		const char *command;
		bool read_sees_it;
	} cases[] = {
		{"SET {test:prospect:7}:prospect x", true},
		{"SET {test:prospect:7}:due x", true},
		{"SET {test:prospect:7}:account x", false},
		{"SET {test:prospect:7}:applied x", true},
	};
	char reply[64];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		flush(f);
		struct fnl_store *s = open_store(f);
		cli_ok(f, cases[i].command);
		assert_int_equal(apply(s, 0, 1), FNL_E_STATE);
		assert_told(s, "WRONGTYPE");
		assert_string_equal(cli(f, "DBSIZE", reply, sizeof reply), "1"); /* checked before the first write */
		assert_int_equal(cl_of(s), cases[i].read_sees_it ? FNL_E_STATE : 0);
		s->ops->close(s);
	}
	static const char *const states[] = {
		"HSET {test:prospect:7}:applied cl 1",       "HSET {test:prospect:7}:applied cl one complete_as_of 1",
		"ZADD {test:prospect:7}:due 5 unknown|k",    "ZADD {test:prospect:7}:due 5 prospect",
		"ZADD {test:prospect:7}:due 5.5 prospect|k",
	};
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		flush(f);
		struct fnl_store *s = open_store(f);
		(void)cli(f, states[i], reply, sizeof reply);
		assert_int_equal(cl_of(s), FNL_E_STATE);
		s->ops->close(s);
	}
	flush(f);
}

/* --- addresses, users, secrets --- */

struct lines {
	char text[4096];
	int warnings;
};

static void keep_line(void *context, enum fnl_level level, const char *text)
{
	struct lines *lines = context;
	size_t len = strlen(lines->text);
	snprintf(lines->text + len, sizeof lines->text - len, "%s\n", text);
	lines->warnings += level == FNL_WARN;
}

static void urls_are_checked(void **state)
{
	(void)state;
	static const struct {
		const char *url;
		const char *told; /* NULL: fine */
	} cases[] = {
		{"redis://localhost", NULL},
		{"redis://localhost:6380/15", NULL},
		{"redis://:hush@[::1]:6380/", NULL},
		{"redis://me:hu%40sh@10.0.0.1", NULL},
		{"unix:///run/redis.sock", NULL},
		{"", "missing"},
		{"localhost:6379", "redis://"},
		{"http://hush@localhost", "redis://"},
		{"redis://", "host"},
		{"redis://hush@localhost", "user:password"},
		{"redis://me:@localhost", "password is empty"},
		{"redis://me:hush%4@localhost", "%XX"},
		{"redis://me:hush%00@localhost", "%00"},
		{"redis://me:hush@localhost:0", "port"},
		{"redis://localhost:65536", "port"},
		{"redis://localhost:x", "port"},
		{"redis://localhost/hush", "DATABASE"},
		{"redis://[::1", "brackets"},
		{"unix://run/redis.sock", "absolute"},
		{"unix:///a/path/that/is/far/too/long/for/the/name/of/a/socket/since/the/system/has/just/one/hundred/and/eight/"
	     "bytes/of/it",
	     "too long"},
	};
	struct fnl_redis_settings settings = settings_of(NULL, 1, NULL);
	struct fnl_error why;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fnl_store *s = NULL;
		why = (struct fnl_error){0};
		settings.url = cases[i].url;
		int err = fnl_redis_store_open(&settings, &s, &why);
		if (cases[i].told) {
			assert_int_equal(err, FNL_E_ARGUMENT);
			assert_null(s);
			assert_non_null(strstr(why.text, cases[i].told));
			assert_null(strstr(why.text, "hush"));
		} else {
			assert_int_equal(err, 0);
			s->ops->close(s);
		}
	}
	struct fnl_store *s = NULL;
	settings.url = "redis://localhost";
	settings.stage = "a{b";
	assert_int_equal(fnl_redis_store_open(&settings, &s, &why), FNL_E_ARGUMENT);
	settings.stage = "prospect";
	static const char *const bad[] = {"due", "ok"};
	settings.table_names = bad;
	assert_int_equal(fnl_redis_store_open(&settings, &s, &why), FNL_E_ARGUMENT);
}

static void tls_works_or_is_refused(void **state)
{
	(void)state;
	struct fnl_redis_settings settings = settings_of("rediss://localhost", 1, NULL);
	struct fnl_store *s = NULL;
	struct fnl_error why = {0};
	int err = fnl_redis_store_open(&settings, &s, &why);
	if (err == 0) {
		s->ops->close(s);
	} else {
		assert_int_equal(err, FNL_E_ARGUMENT);
		assert_non_null(strstr(why.text, "TLS"));
	}
	settings.ca_location = "/nowhere/ca.pem";
	assert_int_equal(fnl_redis_store_open(&settings, &s, &why), FNL_E_ARGUMENT);
	assert_non_null(strstr(why.text, "TLS"));
}

static void users_are_let_in_and_secrets_stay(void **state)
{
	(void)state;
	struct redis_fixture f;
	struct lines lines = {0};
	struct fnl_logger logger = {&lines, FNL_DEBUG, keep_line};
	char url[640];
	char reply[64];
	assert_true(redis_fixture_start(&f, "secret", true, NULL));
	cli_ok(&f, "ACL SETUSER worker on >hush/2 ~* +@all -info");
	cli_ok(&f, "ACL SETUSER idle on >hush3 ~* +info +script");
	const struct {
		const char *userinfo;
		int status;
	} cases[] = {
		{"worker:hush%2F2@", 0},
		{"worker:hushwrong@", FNL_E_ARGUMENT},
		{":hushwrong@", FNL_E_ARGUMENT},
		{"idle:hush3@", FNL_E_ARGUMENT},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(url, sizeof url, "redis://%s127.0.0.1:%d/3", cases[i].userinfo, f.port);
		struct fnl_store *s = open_url(url, COMMAND_MS, &logger);
		struct fnl_error why = {0};
		assert_int_equal(fnl_redis_store_check(s, &why), cases[i].status);
		if (cases[i].status == 0) {
			assert_int_equal(apply(s, 0, 1), FNL_APPLIED);
			assert_string_equal(cli(&f, "-n 3 HGET {test:prospect:7}:applied cl", reply, sizeof reply), "1");
			cli(&f, "CLIENT KILL TYPE normal SKIPME yes", reply, sizeof reply);
			assert_int_equal(apply(s, 1, 2), FNL_E_DISCONNECTED);
			assert_int_equal(apply(s, 1, 2), FNL_APPLIED);
			assert_int_equal(lines.warnings, 1); /* INFO is forbidden: once, not at each connection */
		}
		assert_null(strstr(why.text, "hush"));
		assert_null(strstr(s->ops->explain(s), "hush"));
		s->ops->close(s);
	}
	cli_ok(&f, "CONFIG SET requirepass hush4");
	struct fnl_store *s = open_url(f.url, COMMAND_MS, &logger);
	assert_int_equal(cl_of(s), FNL_E_ARGUMENT);
	assert_told(s, "NOAUTH");
	s->ops->close(s);
	assert_null(strstr(lines.text, "hush"));
	assert_non_null(strstr(lines.text, "connected to Redis at 127.0.0.1:"));
	redis_fixture_close(&f);
}

/* --- speed: told, not judged --- */

static void measure(void **state)
{
	struct redis_fixture *f = *state;
	enum { ROWS = 5000, ROUNDS = 20, ROW_BYTES = 250 };
	struct fnl_arena arena;
	fnl_arena_init(&arena, (size_t)64 << 20);
	struct fnl_row_write *rows = calloc(ROWS, sizeof *rows);
	struct fnl_row_key *keys = calloc(ROWS, sizeof *keys);
	char(*names)[32] = calloc(ROWS, sizeof *names);
	char value[ROW_BYTES];
	memset(value, 'v', sizeof value);
	flush(f);
	struct fnl_store *s = open_store(f);
	for (size_t i = 0; i < ROWS; i++) {
		int len = snprintf(names[i], sizeof names[i], "prospect-%09zu", i * 7919);
		keys[i] = (struct fnl_row_key){1, fnl_span_of(names[i], (size_t)len)};
		rows[i] =
			(struct fnl_row_write){keys[i], fnl_span_of(value, sizeof value), 1700000000000 + (int64_t)i, false, false};
	}
	int64_t best_us[3] = {INT64_MAX, INT64_MAX, INT64_MAX};
	for (int64_t cl = 0; cl < 2 * ROUNDS; cl++) {
		size_t kind = cl % 2 == 0 ? 0 : 1;
		for (size_t i = 0; i < ROWS; i++) {
			rows[i].deadline_unchanged = kind == 1;
			rows[i].existed = cl > 0;
		}
		struct fnl_store_apply one = step(1, cl, cl + 1, rows, ROWS);
		int64_t start_us = now_us();
		assert_int_equal(s->ops->apply(s, &one, 1), 0);
		int64_t took_us = now_us() - start_us;
		best_us[kind] = took_us < best_us[kind] ? took_us : best_us[kind];
		assert_int_equal(one.ret_outcome, FNL_APPLIED);
		fnl_arena_reset(&arena);
		struct fnl_store_read read = {
			.partition = 1, .keys = keys, .key_count = ROWS, .due_until_ms = 0, .due_max = 100};
		start_us = now_us();
		assert_int_equal(s->ops->read(s, &read, 1, &arena), 0);
		took_us = now_us() - start_us;
		best_us[2] = took_us < best_us[2] ? took_us : best_us[2];
		assert_int_equal(read.ret_rows[ROWS - 1].len, ROW_BYTES);
	}
	print_message("%d rows of %d bytes, best of %d: apply with deadlines %.2f us a row, without %.2f, read %.2f\n",
	              ROWS, ROW_BYTES, ROUNDS, (double)best_us[0] / ROWS, (double)best_us[1] / ROWS,
	              (double)best_us[2] / ROWS);
	s->ops->close(s);
	fnl_arena_deinit(&arena);
	free(rows);
	free(keys);
	free(names);
}

static int run(struct redis_fixture *f, const char *name)
{
	struct store_contract contract = {f, open_store, flush, snapshot, rollback, down, up};
	int failed = store_contract_run(name, &contract);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(keys_are_as_documented, f),
		cmocka_unit_test_prestate(indexes_are_kept_or_the_view_is_none, f),
		cmocka_unit_test_prestate(no_leaf_is_left_behind, f),
		cmocka_unit_test_prestate(partitions_of_a_call_stand_for_themselves, f),
		cmocka_unit_test_prestate(a_killed_server_is_noticed_at_once, f),
		cmocka_unit_test_prestate(a_frozen_server_times_out, f),
		cmocka_unit_test_prestate(eviction_is_refused, f),
		cmocka_unit_test_prestate(a_full_or_read_only_server_is_retriable, f),
		cmocka_unit_test_prestate(foreign_keys_stop, f),
		cmocka_unit_test_prestate(measure, f),
	};
	return failed + cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

int main(void)
{
	struct redis_fixture on_socket = {0};
	struct redis_fixture on_port = {0};
	int failed = 1;
	if (redis_fixture_start(&on_socket, "socket", false, NULL) && redis_fixture_start(&on_port, "port", true, NULL)) {
		failed = run(&on_socket, "store: Redis on a socket") + run(&on_port, "store: Redis on a port");
		const struct CMUnitTest tests[] = {
			cmocka_unit_test(urls_are_checked),
			cmocka_unit_test(tls_works_or_is_refused),
			cmocka_unit_test(users_are_let_in_and_secrets_stay),
		};
		failed += cmocka_run_group_tests_name("store: addresses and users", tests, NULL, NULL);
	}
	redis_fixture_close(&on_socket);
	redis_fixture_close(&on_port);
	return failed != 0;
}
