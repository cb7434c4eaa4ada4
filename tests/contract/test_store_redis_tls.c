/* The store in Redis keeps the store's contract by TLS, too; and whom it turns away. Where hiredis has no TLS there is
 * nothing to hold: test_store_redis.c has what is said then. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "funneld/adapters/redis.h"
#include "process.h"
#include "redis_fixture.h"
#include "store_contract.h"

enum { CONNECT_MS = 5000, COMMAND_MS = 5000, SHORT_MS = 300, OPENSSL_MS = 60000 };

struct tls_server {
	struct redis_fixture redis; /* its socket is for redis-cli */
	char certificate[PROCESS_PATH_MAX];
	char key[PROCESS_PATH_MAX];
	char port[12];
	char url[64];
};

static int open_url(const char *url, const char *ca_location, int command_timeout_ms, struct fnl_store **ret,
                    struct fnl_error *why)
{
	struct fnl_redis_settings settings = {
		.url = url,
		.ca_location = ca_location,
		.prefix = "test",
		.stage = "prospect",
		.table_names = store_contract_tables,
		.table_count = STORE_CONTRACT_TABLES,
		.paged = 1 << 1,
		.connect_timeout_ms = CONNECT_MS,
		.command_timeout_ms = command_timeout_ms,
	};
	return fnl_redis_store_open(&settings, ret, why);
}

static struct fnl_store *open_store(void *context)
{
	struct tls_server *server = context;
	struct fnl_store *store = NULL;
	struct fnl_error why = {0};
	if (open_url(server->url, server->certificate, COMMAND_MS, &store, &why) != 0) {
		fail_msg("open: %s", why.text);
	}
	return store;
}

static void flush(void *context)
{
	const char *const args[] = {"FLUSHALL", NULL};
	char reply[16];
	assert_true(redis_fixture_command(&((struct tls_server *)context)->redis, args, reply, sizeof reply));
}

static void down(void *context)
{
	redis_fixture_kill(&((struct tls_server *)context)->redis);
}

static void up(void *context)
{
	assert_true(redis_fixture_restart(&((struct tls_server *)context)->redis));
}

/* A server on 127.0.0.1 with a certificate of its own making that says it is the address. */
static bool start(struct tls_server *server, const char *name, const char *address)
{
	char file[64];
	char alternative[64];
	char said[PROCESS_PATH_MAX];
	snprintf(file, sizeof file, "%s.pem", name);
	process_temp_path(server->certificate, file);
	snprintf(file, sizeof file, "%s.key", name);
	process_temp_path(server->key, file);
	process_temp_path(said, "openssl");
	snprintf(alternative, sizeof alternative, "subjectAltName=IP:%s", address);
	const char *const make[] = {"openssl",
	                            "req",
	                            "-x509",
	                            "-newkey",
	                            "ec",
	                            "-pkeyopt",
	                            "ec_paramgen_curve:P-256",
	                            "-nodes",
	                            "-days",
	                            "2",
	                            "-subj",
	                            "/CN=redis",
	                            "-addext",
	                            alternative,
	                            "-keyout",
	                            server->key,
	                            "-out",
	                            server->certificate,
	                            NULL};
	pid_t openssl = process_start(make, said, said, NULL);
	if (openssl < 0 || process_wait(openssl, OPENSSL_MS) != 0) {
		fprintf(stderr, "openssl (a package of ./run test) made no certificate; see %s\n", said);
		return false;
	}
	int port = process_free_port();
	snprintf(server->port, sizeof server->port, "%d", port);
	snprintf(server->url, sizeof server->url, "rediss://127.0.0.1:%d", port);
	const char *const extra[] = {"--tls-port",
	                             server->port,
	                             "--tls-cert-file",
	                             server->certificate,
	                             "--tls-key-file",
	                             server->key,
	                             "--tls-auth-clients",
	                             "no",
	                             NULL};
	return redis_fixture_start(&server->redis, name, false, extra);
}

/* One round trip to the server with these certificates to trust; its status, *why on failure. */
static int check(const struct tls_server *server, const char *ca_location, int command_timeout_ms,
                 struct fnl_error *why)
{
	struct fnl_store *store = NULL;
	assert_int_equal(open_url(server->url, ca_location, command_timeout_ms, &store, why), 0);
	int err = fnl_redis_store_check(store, why);
	store->ops->close(store);
	return err;
}

static void a_certificate_that_nobody_has_signed_is_refused(void **state)
{
	struct fnl_error why = {0};
	assert_int_equal(check(*state, NULL, COMMAND_MS, &why), FNL_E_DISCONNECTED);
	assert_non_null(strstr(why.text, "self-signed"));
}

static void the_certificate_of_another_host_is_refused(void **state)
{
	(void)state;
	struct tls_server other = {0};
	struct fnl_error why = {0};
	assert_true(start(&other, "other", "127.0.0.9"));
	assert_int_equal(check(&other, other.certificate, COMMAND_MS, &why), FNL_E_DISCONNECTED);
	assert_non_null(strstr(why.text, "mismatch"));
	redis_fixture_close(&other.redis);
}

static void a_frozen_server_ends_no_greeting_and_is_retried(void **state)
{
	struct tls_server *server = *state;
	struct fnl_error why = {0};
	redis_fixture_freeze(&server->redis, true);
	int err = check(server, server->certificate, SHORT_MS, &why);
	redis_fixture_freeze(&server->redis, false);
	assert_int_equal(fnl_status_class(err), FNL_CLASS_RETRIABLE);
	assert_int_equal(check(server, server->certificate, COMMAND_MS, &why), 0);
}

int main(void)
{
	struct fnl_store *store = NULL;
	struct fnl_error why = {0};
	signal(SIGPIPE, SIG_IGN); /* as the programs do */
	if (open_url("rediss://127.0.0.1", NULL, COMMAND_MS, &store, &why) != 0) {
		printf("skipped: %s\n", why.text);
		return strstr(why.text, "built without") == NULL;
	}
	store->ops->close(store);
	struct tls_server server = {0};
	int failed = 1;
	if (start(&server, "tls", "127.0.0.1")) {
		struct store_contract contract = {&server, open_store, flush, NULL, NULL, down, up};
		failed = store_contract_run("store: Redis by TLS", &contract);
		const struct CMUnitTest tests[] = {
			cmocka_unit_test_prestate(a_certificate_that_nobody_has_signed_is_refused, &server),
			cmocka_unit_test_prestate(the_certificate_of_another_host_is_refused, &server),
			cmocka_unit_test_prestate(a_frozen_server_ends_no_greeting_and_is_retried, &server),
		};
		failed += cmocka_run_group_tests_name("store: whom TLS turns away", tests, NULL, NULL);
	}
	redis_fixture_close(&server.redis);
	return failed != 0;
}
