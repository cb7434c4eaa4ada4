/* The HTTP adapter on loopback, asked by plain sockets: what it answers, what it refuses, and that no client keeps it
 * from answering another. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "funneld/adapters/http.h"

enum { ANSWER_BYTES_MAX = 1 << 20, BIG_BYTES = 600000 };

struct world {
	struct fnl_http *http;
	uint16_t port;
	atomic_int calls;
};

static int answer_hello(void *context, struct fnl_arena *arena, struct fnl_http_answer *ret)
{
	struct world *w = context;
	atomic_fetch_add(&w->calls, 1);
	*ret = (struct fnl_http_answer){503, "application/json", fnl_arena_dup(arena, FNL_SPAN_LIT("{\"hello\":1}\n"))};
	return 0;
}

static int answer_big(void *context, struct fnl_arena *arena, struct fnl_http_answer *ret)
{
	(void)context;
	char *text = fnl_arena_alloc(arena, BIG_BYTES);
	if (!text) {
		return FNL_E_NOMEM;
	}
	memset(text, 'x', BIG_BYTES);
	*ret = (struct fnl_http_answer){200, "text/plain", fnl_span_of(text, BIG_BYTES)};
	return 0;
}

static int answer_none(void *context, struct fnl_arena *arena, struct fnl_http_answer *ret)
{
	(void)context, (void)ret;
	char *all = fnl_arena_alloc(arena, FNL_HTTP_BODY_BYTES_MAX + 1);
	return all ? 0 : FNL_E_NOMEM;
}

static const struct fnl_http_route routes[] = {{"/hello", answer_hello}, {"/big", answer_big}, {"/none", answer_none}};

static uint16_t port_of(const struct fnl_http *h)
{
	return (uint16_t)strtoul(strrchr(fnl_http_address(h), ':') + 1, NULL, 10);
}

static int open_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct fnl_error why = {0, ""};
	assert_non_null(w);
	struct fnl_http_settings settings = {"127.0.0.1:0", routes, sizeof(routes) / sizeof(routes[0]), w};
	assert_int_equal(fnl_http_open(&settings, &w->http, &why), 0);
	w->port = port_of(w->http);
	assert_true(w->port > 0);
	*state = w;
	return 0;
}

static int close_world(void **state)
{
	struct world *w = *state;
	assert_null(fnl_http_close(w->http));
	free(w);
	return 0;
}

static int connect_to(const struct world *w)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(w->port)};
	struct timeval limit = {5, 0};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* All up to the end of the connection; NUL-terminated. */
static size_t hear(int fd, char *ret)
{
	size_t n = 0;
	for (;;) {
		ssize_t got = recv(fd, ret + n, ANSWER_BYTES_MAX - 1 - n, 0);
		if (got <= 0) {
			break;
		}
		n += (size_t)got;
	}
	ret[n] = '\0';
	close(fd);
	return n;
}

/* The whole answer to a request line; the connection is closed after it. */
static const char *ask(const struct world *w, const char *line, char *ret)
{
	char text[512];
	snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", line);
	int fd = connect_to(w);
	say(fd, text);
	hear(fd, ret);
	return ret;
}

static void has(const char *answer, const char *piece)
{
	if (!strstr(answer, piece)) {
		fail_msg("no \"%s\" in: %.300s", piece, answer);
	}
}

static void test_answers(void **state)
{
	struct world *w = *state;
	char *a = malloc(ANSWER_BYTES_MAX);
	ask(w, "GET /hello", a);
	has(a, "HTTP/1.1 503 ");
	has(a, "Content-Type: application/json\r\n");
	has(a, "Cache-Control: no-store\r\n");
	has(a, "Content-Length: 12\r\n");
	has(a, "\r\n\r\n{\"hello\":1}\n");
	ask(w, "GET /hello?name=value", a);
	has(a, "\r\n\r\n{\"hello\":1}\n");
	ask(w, "HEAD /hello", a);
	has(a, "HTTP/1.1 503 ");
	has(a, "Content-Length: 12\r\n");
	assert_string_equal(strstr(a, "\r\n\r\n"), "\r\n\r\n");
	assert_int_equal(w->calls, 3);
	ask(w, "GET /big", a);
	has(a, "HTTP/1.1 200 ");
	assert_int_equal(strspn(strstr(a, "\r\n\r\n") + 4, "x"), BIG_BYTES);
	free(a);
}

/* Two requests over one connection, as a scraper does it. */
static void test_keeps_alive(void **state)
{
	struct world *w = *state;
	char *a = malloc(ANSWER_BYTES_MAX);
	int fd = connect_to(w);
	say(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_true(recv(fd, a, 1, MSG_PEEK) == 1);
	say(fd, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	hear(fd, a);
	has(a, "HTTP/1.1 503 ");
	has(strstr(a, "{\"hello\":1}\n") + 1, "{\"hello\":1}\n");
	free(a);
}

static void test_refuses(void **state)
{
	struct world *w = *state;
	char *a = malloc(ANSWER_BYTES_MAX);
	static const char *const others[] = {"POST /hello", "PUT /hello", "DELETE /hello", "OPTIONS /hello", "BREW /hello"};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		ask(w, others[i], a);
		has(a, "HTTP/1.1 405 ");
		has(a, "Allow: GET, HEAD\r\n");
	}
	static const char *const nowhere[] = {"GET /",         "GET /hello/",   "GET /hell",
	                                      "GET /../hello", "GET /hello%00", "POST /x"};
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		ask(w, nowhere[i], a);
		has(a, "HTTP/1.1 404 ");
	}
	ask(w, "GET /none", a);
	has(a, "HTTP/1.1 500 ");
	assert_int_equal(w->calls, 0);
	free(a);
}

/* A request that is too large, or none at all, gets no route's answer, and the next one gets its own. */
static void test_survives_strangers(void **state)
{
	struct world *w = *state;
	char *a = malloc(ANSWER_BYTES_MAX);
	char *large = malloc(4 * FNL_HTTP_REQUEST_BYTES_MAX);
	memset(large, 'a', 4 * FNL_HTTP_REQUEST_BYTES_MAX);
	large[4 * FNL_HTTP_REQUEST_BYTES_MAX - 1] = '\0';
	static const char *const begins[] = {"GET /", "GET /hello HTTP/1.1\r\nX: ", "", "\r\n\r\n\r\n", "\x16\x03\x01"};
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		int fd = connect_to(w);
		(void)send(fd, begins[i], strlen(begins[i]), MSG_NOSIGNAL);
		(void)send(fd, large, strlen(large), MSG_NOSIGNAL);
		(void)send(fd, "\r\n\r\n", 4, MSG_NOSIGNAL);
		hear(fd, a);
		assert_null(strstr(a, "hello\":1"));
		has(ask(w, "GET /hello", a), "\r\n\r\n{\"hello\":1}\n");
	}
	/* a body is not read */
	int fd = connect_to(w);
	say(fd, "GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n");
	hear(fd, a);
	has(a, "HTTP/1.1 413 ");
	has(ask(w, "GET /hello", a), "\r\n\r\n{\"hello\":1}\n");
	free(large);
	free(a);
}

/* Silent connections, more than there may be: those beyond are turned away, and when they go others come in. */
static void test_bounded_connections(void **state)
{
	struct world *w = *state;
	enum { MANY = FNL_HTTP_CONNECTIONS_MAX + 8 };
	int fds[MANY];
	char *a = malloc(ANSWER_BYTES_MAX);
	for (size_t i = 0; i < MANY; i++) {
		fds[i] = connect_to(w);
		if (i == FNL_HTTP_CONNECTIONS_MAX / 2) {
			has(ask(w, "GET /hello", a), "{\"hello\":1}\n"); /* the silent ones are in nobody's way */
		}
	}
	size_t answered = 0;
	struct timeval limit = {0, 300000};
	for (size_t i = 0; i < MANY; i++) {
		setsockopt(fds[i], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		(void)send(fds[i], "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", 32, MSG_NOSIGNAL);
		answered += recv(fds[i], a, 1, 0) == 1;
	}
	assert_true(answered >= FNL_HTTP_CONNECTIONS_MAX / 2 && answered <= FNL_HTTP_CONNECTIONS_MAX);
	for (size_t i = 0; i < MANY; i++) {
		close(fds[i]);
	}
	for (int tries = 0; tries < 100; tries++) {
		if (strstr(ask(w, "GET /hello", a), "{\"hello\":1}\n")) {
			free(a);
			return;
		}
		usleep(20000);
	}
	fail_msg("no answer after the others have gone");
}

static void test_addresses(void **state)
{
	struct world *w = *state;
	struct fnl_error why = {0, ""};
	static const char *const wrong[] = {"",
	                                    ":",
	                                    "9464",
	                                    ":9464",
	                                    "localhost:9464",
	                                    "127.0.0.1",
	                                    "127.0.0.1:",
	                                    "127.0.0.1:65536",
	                                    "127.0.0.1:-1",
	                                    "127.0.0.1:94 64",
	                                    "127.0.0.1:http",
	                                    "127.0.0.256:1",
	                                    "::1:9464",
	                                    "[::1:9464",
	                                    "[::1]9464",
	                                    "[127.0.0.1]:9464",
	                                    "[:",
	                                    "]:1",
	                                    "[]:1",
	                                    "1234567890123456789012345678901234567890123456789012345678901234567890:1"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		why = (struct fnl_error){0, ""};
		if (fnl_http_check(wrong[i], &why) != FNL_E_ARGUMENT || !strstr(why.text, "expected is")) {
			fail_msg("\"%s\": %d %s", wrong[i], why.code, why.text);
		}
	}
	static const char *const right[] = {"127.0.0.1:0", "0.0.0.0:9464", "[::1]:65535", "[::]:1", "10.1.2.3:80"};
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		assert_int_equal(fnl_http_check(right[i], &why), 0);
	}
	struct fnl_http *second = NULL;
	struct fnl_http_settings settings = {fnl_http_address(w->http), routes, 1, w};
	assert_int_equal(fnl_http_open(&settings, &second, &why), FNL_E_ARGUMENT);
	assert_null(second);
	has(why.text, "cannot listen on 127.0.0.1:");
	has(why.text, "in use");
	settings.listen = "nowhere";
	assert_int_equal(fnl_http_open(&settings, &second, &why), FNL_E_ARGUMENT);
	settings.listen = "[::1]:0";
	if (fnl_http_open(&settings, &second, &why) == 0) { /* a machine without IPv6 is no failure */
		assert_memory_equal(fnl_http_address(second), "[::1]:", 6);
		assert_true(port_of(second) > 0);
		fnl_http_close(second);
	}
}

/* Closing does not wait for those who are connected, and afterwards the port is free again. */
static void test_close_and_again(void **state)
{
	struct world *w = *state;
	char address[64];
	struct fnl_error why = {0, ""};
	char *a = malloc(ANSWER_BYTES_MAX);
	int fd = connect_to(w);
	say(fd, "GET /hello HTTP/1.1\r\n");
	snprintf(address, sizeof(address), "%s", fnl_http_address(w->http));
	w->http = fnl_http_close(w->http);
	assert_int_equal(hear(fd, a), 0);
	struct fnl_http_settings settings = {address, routes, 1, w};
	assert_int_equal(fnl_http_open(&settings, &w->http, &why), 0);
	has(ask(w, "GET /hello", a), "{\"hello\":1}\n");
	free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, open_world, close_world),
		cmocka_unit_test_setup_teardown(test_keeps_alive, open_world, close_world),
		cmocka_unit_test_setup_teardown(test_refuses, open_world, close_world),
		cmocka_unit_test_setup_teardown(test_survives_strangers, open_world, close_world),
		cmocka_unit_test_setup_teardown(test_bounded_connections, open_world, close_world),
		cmocka_unit_test_setup_teardown(test_addresses, open_world, close_world),
		cmocka_unit_test_setup_teardown(test_close_and_again, open_world, close_world),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
