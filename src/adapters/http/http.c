/* The server. libmicrohttpd runs one thread, in which every callback here is called. */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "funneld/adapters/http.h"

enum { ADDRESS_BYTES = INET6_ADDRSTRLEN + 16 };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct fnl_http {
	struct MHD_Daemon *daemon;
	const struct fnl_http_route *routes;
	size_t route_count;
	void *context;
	struct fnl_arena arena; /* of one answer */
	int start_errno;        /* why it did not start; the library's own thread sets it afterwards, and nobody reads it */
	char address[ADDRESS_BYTES];
};

/* ---- where it listens ---- */

static bool port_of(const char *text, in_port_t *ret)
{
	size_t len = strlen(text);
	if (len < 1 || len > 5 || strspn(text, "0123456789") != len) {
		return false;
	}
	unsigned long port = strtoul(text, NULL, 10);
	*ret = htons((uint16_t)port);
	return port <= UINT16_MAX;
}

/* The host without its brackets, and the port behind the last colon. */
static bool parse(const char *listen, union address *ret)
{
	char host[INET6_ADDRSTRLEN];
	memset(ret, 0, sizeof(*ret));
	const char *colon = strrchr(listen, ':');
	bool v6 = listen[0] == '[';
	const char *begin = listen + v6;
	const char *end = colon ? colon - v6 : NULL;
	if (!colon || end < begin || (size_t)(end - begin) >= sizeof(host) || (v6 && *end != ']')) {
		return false;
	}
	memcpy(host, begin, (size_t)(end - begin));
	host[end - begin] = '\0';
	if (v6) {
		ret->v6.sin6_family = AF_INET6;
		return inet_pton(AF_INET6, host, &ret->v6.sin6_addr) == 1 && port_of(colon + 1, &ret->v6.sin6_port);
	}
	ret->v4.sin_family = AF_INET;
	return inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1 && port_of(colon + 1, &ret->v4.sin_port);
}

static int parse_or_fail(const char *listen, union address *ret, struct fnl_error *why)
{
	return parse(listen, ret)
	           ? 0
	           : fnl_fail(why, FNL_E_ARGUMENT,
	                      "\"%.60s\" is not allowed; expected is an address and a port in digits, such as "
	                      "127.0.0.1:9464, [::1]:9464, or 0.0.0.0:9464 for every interface",
	                      listen);
}

int fnl_http_check(const char *listen, struct fnl_error *why)
{
	union address address;
	return parse_or_fail(listen, &address, why);
}

/* With the port that the system has chosen. */
static int tell_address(struct fnl_http *h, const char *listen, struct fnl_error *why)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT);
	if (!info) {
		return fnl_fail(why, FNL_E_INTERNAL, "the HTTP server does not tell its port");
	}
	snprintf(h->address, sizeof(h->address), "%.*s:%u", (int)(strrchr(listen, ':') - listen), listen,
	         (unsigned)info->port);
	return 0;
}

/* ---- requests ---- */

static enum MHD_Result reply(struct MHD_Connection *c, const struct fnl_http_answer *a, bool allow)
{
	/* copied: the arena is used again for the next request, and this one may be sent slowly */
	struct MHD_Response *r = MHD_create_response_from_buffer(
		a->body.len, (void *)(uintptr_t)(a->body.data ? a->body.data : (const uint8_t *)""), MHD_RESPMEM_MUST_COPY);
	if (!r) {
		return MHD_NO;
	}
	enum MHD_Result ok = MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, a->content_type);
	ok = ok == MHD_YES ? MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") : ok;
	ok = ok == MHD_YES && allow ? MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD") : ok;
	ok = ok == MHD_YES ? MHD_queue_response(c, a->status, r) : ok;
	MHD_destroy_response(r);
	return ok;
}

static enum MHD_Result refuse(struct MHD_Connection *c, unsigned status, const char *text)
{
	struct fnl_http_answer a = {status, "text/plain; charset=utf-8", fnl_span_str(text)};
	return reply(c, &a, status == MHD_HTTP_METHOD_NOT_ALLOWED);
}

static bool has_body(struct MHD_Connection *c)
{
	const char *length = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	return (length && strcmp(length, "0") != 0) ||
	       MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

/* Called twice for a request: when its headers are there, and when all of it is. An answer at the first call ends the
 * connection, which is right for bodies: they are never read. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *c, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **of_request)
{
	(void)version, (void)upload, (void)upload_size;
	struct fnl_http *h = context;
	if (!*of_request && has_body(c)) {
		return refuse(c, MHD_HTTP_CONTENT_TOO_LARGE, "no request here has a body\n");
	}
	if (!*of_request) {
		*of_request = h;
		return MHD_YES;
	}
	const struct fnl_http_route *route = NULL;
	for (size_t i = 0; i < h->route_count && !route; i++) {
		route = strcmp(url, h->routes[i].path) == 0 ? &h->routes[i] : NULL;
	}
	if (!route) {
		return refuse(c, MHD_HTTP_NOT_FOUND, "there is no such page\n");
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		return refuse(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	}
	struct fnl_http_answer answer = {0};
	fnl_arena_reset(&h->arena);
	if (route->answer(h->context, &h->arena, &answer) != 0) {
		return refuse(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "no answer could be made\n");
	}
	return reply(c, &answer, false);
}

/* Paths are compared as they came: none of ours needs an escape, and %00 would end one early. */
static size_t no_unescape(void *context, struct MHD_Connection *c, char *text)
{
	(void)context, (void)c;
	return strlen(text);
}

/*
 * What a client does wrong is none of the log's business. When the server does not start, the last thing the library
 * has to say is why; from 1.0 on its tidying up afterwards changes errno.
 */
static void keep_errno(void *context, const char *fmt, va_list args)
{
	struct fnl_http *h = context;
	(void)fmt, (void)args;
	h->start_errno = errno;
}

/* ---- its life ---- */

/* Signals are for the main thread: the server's starts with all of them blocked. */
static struct MHD_Daemon *start(struct fnl_http *h, union address *address)
{
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | MHD_USE_ERROR_LOG;
	flags |= address->any.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0;
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	struct MHD_Daemon *d = MHD_start_daemon(
		flags, 0, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, keep_errno, h, MHD_OPTION_UNESCAPE_CALLBACK,
		no_unescape, NULL, MHD_OPTION_SOCK_ADDR, &address->any, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)FNL_HTTP_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)FNL_HTTP_REQUEST_BYTES_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)FNL_HTTP_IDLE_S, MHD_OPTION_END);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return d;
}

int fnl_http_open(const struct fnl_http_settings *settings, struct fnl_http **ret, struct fnl_error *why)
{
	union address address;
	int rc = parse_or_fail(settings->listen, &address, why);
	if (rc) {
		return rc;
	}
	struct fnl_http *h = fnl_calloc(1, sizeof(*h));
	if (!h) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for the HTTP server");
	}
	h->routes = settings->routes;
	h->route_count = settings->route_count;
	h->context = settings->context;
	fnl_arena_init(&h->arena, FNL_HTTP_BODY_BYTES_MAX);
	errno = 0;
	h->daemon = start(h, &address);
	rc = h->daemon ? tell_address(h, settings->listen, why)
	               : fnl_fail(why, FNL_E_ARGUMENT, "cannot listen on %.60s: %s", settings->listen,
	                          h->start_errno ? strerror(h->start_errno) : "the server does not start");
	if (rc) {
		fnl_http_close(h);
		return rc;
	}
	*ret = h;
	return 0;
}

const char *fnl_http_address(const struct fnl_http *h)
{
	return h->address;
}

struct fnl_http *fnl_http_close(struct fnl_http *h)
{
	if (!h) {
		return NULL;
	}
	if (h->daemon) {
		MHD_stop_daemon(h->daemon);
	}
	fnl_arena_deinit(&h->arena);
	return fnl_free(h);
}
