/* Adapter: a small HTTP server for operators, with libmicrohttpd. It answers GET and HEAD of a fixed table of paths, in
 * one thread of its own, one request after the other; anything else is 404 or 405. Bounded in connections, in the size
 * of a request, and in how long a client may take. No TLS: it is for loopback and for networks that operators trust. */
#ifndef FUNNELD_ADAPTERS_HTTP_H
#define FUNNELD_ADAPTERS_HTTP_H

#include "funneld/base/arena.h"

enum {
	FNL_HTTP_CONNECTIONS_MAX = 32,
	FNL_HTTP_REQUEST_BYTES_MAX = 16 * 1024, /* of one connection, its request line and headers included */
	FNL_HTTP_IDLE_S = 10,                   /* a connection that is silent for so long is closed */
	FNL_HTTP_BODY_BYTES_MAX = 8 << 20
};

struct fnl_http_answer {
	unsigned status;
	const char *content_type;
	struct fnl_span body; /* in the arena */
};

struct fnl_http_route {
	const char *path; /* "/health" */
	/* Called in the server's thread. 0, or a negative status: then 500 is answered. */
	int (*answer)(void *context, struct fnl_arena *arena, struct fnl_http_answer *ret);
};

struct fnl_http_settings {
	const char *listen;                  /* "127.0.0.1:9464", "[::1]:9464", "0.0.0.0:0"; port 0: a free one */
	const struct fnl_http_route *routes; /* borrowed until close, as context */
	size_t route_count;
	void *context;
};

struct fnl_http;

/* The text only; nothing is opened. FNL_E_ARGUMENT with *why. */
int fnl_http_check(const char *listen, struct fnl_error *why) FNL_MUST_USE;
/* Listens and answers from now on. FNL_E_ARGUMENT (the address is wrong or taken) or FNL_E_NOMEM, with *why. */
int fnl_http_open(const struct fnl_http_settings *settings, struct fnl_http **ret, struct fnl_error *why) FNL_MUST_USE;
/* Where it listens, "127.0.0.1:9464", with the port it was given; lives until close. */
const char *fnl_http_address(const struct fnl_http *h);
/* Waits for the request under way; no route is called after it. NULL is fine; returns NULL. */
struct fnl_http *fnl_http_close(struct fnl_http *h);

#endif
