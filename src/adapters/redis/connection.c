#include "internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

void fnl_redis_disconnect(struct fnl_redis *s)
{
	if (s->context) {
		redisFree(s->context);
		s->context = NULL;
	}
	s->request.len = 0;
	s->request.err = 0;
}

int fnl_redis_drop(struct fnl_redis *s, int code, const char *fmt, ...)
{
	char text[400];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	fnl_redis_disconnect(s); /* only now: the text may come from the connection */
	return fnl_fail(&s->error, code, "Redis at %s: %s", s->url.endpoint, text);
}

/* An unknown command is quoted by the server with its arguments: those are cut off. */
static int shown_len(struct fnl_span text)
{
	struct fnl_span quote = FNL_SPAN_LIT(", with args");
	size_t len = text.len < 200 ? text.len : 200;
	for (size_t i = 0; i + quote.len <= len; i++) {
		if (memcmp(text.data + i, quote.data, quote.len) == 0) {
			return (int)i;
		}
	}
	return (int)len;
}

int fnl_redis_drop_reply(struct fnl_redis *s, const struct fnl_redis_reply *reply, const char *doing)
{
	if (reply->kind != REDIS_ERROR) {
		return fnl_redis_drop(s, FNL_E_STATE, "%s: the reply has not the agreed shape", doing);
	}
	int code = fnl_redis_reply_status(reply->text);
	const char *hint = "";
	if (reply->text.len >= 5 && memcmp(reply->text.data, "MOVED", 5) == 0) {
		hint = " (this is a node of a Redis Cluster; a single Redis is needed)";
	}
	return fnl_redis_drop(s, code, "%s: %.*s%s", doing, shown_len(reply->text), (const char *)reply->text.data, hint);
}

/* --- bytes --- */

static int drop_io(struct fnl_redis *s, int error, const char *doing)
{
	if (error == EAGAIN || error == EWOULDBLOCK || error == ETIMEDOUT) {
		return fnl_redis_drop(s, FNL_E_TIMEOUT, "%s: no answer in %d ms", doing, s->command_timeout_ms);
	}
	return fnl_redis_drop(s, FNL_E_DISCONNECTED, "%s: %s", doing,
	                      error ? strerror(error) : "the server closed the connection");
}

static int send_tls(struct fnl_redis *s)
{
	int done = 0;
	errno = 0;
	if (redisAppendFormattedCommand(s->context, (const char *)s->request.data, s->request.len) != REDIS_OK) {
		return fnl_redis_drop(s, FNL_E_NOMEM, "out of memory");
	}
	while (!done) {
		if (redisBufferWrite(s->context, &done) != REDIS_OK) {
			return drop_io(s, errno, "sending");
		}
	}
	s->request.len = 0;
	return 0;
}

/* Past hiredis' own buffer: no second copy, and no SIGPIPE from a server that has gone. */
int fnl_redis_send(struct fnl_redis *s)
{
	if (s->request.err != 0) {
		return fnl_redis_drop(s, s->request.err, "a request of more than %d bytes, or no memory for it",
		                      REDIS_REQUEST_BYTES_MAX);
	}
	if (s->url.tls) {
		return send_tls(s);
	}
	size_t sent = 0;
	while (sent < s->request.len) {
		ssize_t n = send((int)s->context->fd, s->request.data + sent, s->request.len - sent, MSG_NOSIGNAL);
		if (n > 0) {
			sent += (size_t)n;
		} else if (errno != EINTR) {
			return drop_io(s, errno, "sending");
		}
	}
	s->request.len = 0;
	return 0;
}

static int receive_bytes(struct fnl_redis *s)
{
	if (s->url.tls) {
		errno = 0;
		return redisBufferRead(s->context) == REDIS_OK ? 0 : drop_io(s, errno, "waiting for the answer");
	}
	ssize_t n = recv((int)s->context->fd, s->input, sizeof s->input, 0);
	if (n > 0) {
		if (redisReaderFeed(s->context->reader, s->input, (size_t)n) != REDIS_OK) {
			return fnl_redis_drop(s, FNL_E_NOMEM, "out of memory for the answer");
		}
		return 0;
	}
	if (n < 0 && errno == EINTR) {
		return 0;
	}
	return drop_io(s, n == 0 ? 0 : errno, "waiting for the answer");
}

int fnl_redis_receive(struct fnl_redis *s, struct fnl_arena *arena, struct fnl_redis_reply **ret)
{
	void *reply = NULL;
	s->sink = (struct fnl_redis_sink){arena, false};
	for (;;) {
		if (redisReaderGetReply(s->context->reader, &reply) != REDIS_OK) {
			if (s->sink.full) {
				return fnl_redis_drop(s, FNL_E_NOMEM, "the answer does not fit into the memory allowed for it");
			}
			return fnl_redis_drop(s, FNL_E_DISCONNECTED, "not the protocol of Redis: %s", s->context->reader->errstr);
		}
		if (reply) {
			*ret = reply;
			return 0;
		}
		int err = receive_bytes(s);
		if (err != 0) {
			return err;
		}
	}
}

int fnl_redis_round_trip(struct fnl_redis *s, struct fnl_redis_reply **ret)
{
	int err = fnl_redis_send(s);
	if (err != 0) {
		return err;
	}
	struct fnl_redis_reply *reply = NULL;
	err = fnl_redis_receive(s, &s->scratch, &reply);
	if (err != 0) {
		return err;
	}
	assert(reply); /* there is one when nothing failed */
	if (reply->kind == REDIS_ERROR) {
		return fnl_redis_drop_reply(s, reply, "refused");
	}
	*ret = reply;
	return 0;
}

/* --- a new connection --- */

static struct timeval timeval_of(int ms)
{
	return (struct timeval){.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
}

static int open_socket(struct fnl_redis *s)
{
	struct timeval timeout = timeval_of(s->connect_timeout_ms);
	s->context = s->url.host ? redisConnectWithTimeout(s->url.host, s->url.port, timeout)
	                         : redisConnectUnixWithTimeout(s->url.path, timeout);
	if (!s->context) {
		return fnl_redis_drop(s, FNL_E_NOMEM, "out of memory");
	}
	if (s->context->err) {
		return fnl_redis_drop(s, FNL_E_DISCONNECTED, "cannot connect: %s", s->context->errstr);
	}
	int fd = (int)s->context->fd;
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (redisSetTimeout(s->context, timeval_of(s->command_timeout_ms)) != REDIS_OK) {
		return fnl_redis_drop(s, FNL_E_DISCONNECTED, "cannot set the time-out: %s", s->context->errstr);
	}
	if (s->url.host) {
		(void)redisEnableKeepAlive(s->context);
	}
	if (s->url.tls) {
		int err = fnl_redis_tls_start(s);
		if (err != 0) {
			return err;
		}
	}
	fnl_redis_reply_install(s->context, &s->functions, &s->sink);
	return 0;
}

/* The server may quote the password in its refusal, so only the error's code is told. */
static int authenticate(struct fnl_redis *s)
{
	if (!s->url.password) {
		return 0;
	}
	fnl_redis_request_begin(&s->request, "AUTH", s->url.user ? 2 : 1);
	if (s->url.user) {
		fnl_redis_request_text(&s->request, s->url.user);
	}
	fnl_redis_request_text(&s->request, s->url.password);
	size_t len = s->request.len;
	int err = fnl_redis_send(s);
	explicit_bzero(s->request.data, len);
	if (err != 0) {
		return err;
	}
	struct fnl_redis_reply *reply = NULL;
	err = fnl_redis_receive(s, &s->scratch, &reply);
	if (err != 0) {
		return err;
	}
	assert(reply); /* there is one when nothing failed */
	if (reply->kind == REDIS_STATUS) {
		return 0;
	}
	int code = reply->kind == REDIS_ERROR ? fnl_redis_reply_status(reply->text) : FNL_E_STATE;
	if (fnl_status_class(code) == FNL_CLASS_RETRIABLE) {
		return fnl_redis_drop(s, code, "the server cannot serve at the moment");
	}
	return fnl_redis_drop(s, FNL_E_ARGUMENT, "it refuses the user or the password of the URL");
}

static int select_database(struct fnl_redis *s)
{
	if (s->url.database == 0) {
		return 0;
	}
	struct fnl_redis_reply *reply = NULL;
	fnl_redis_request_begin(&s->request, "SELECT", 1);
	fnl_redis_request_number(&s->request, s->url.database);
	int err = fnl_redis_round_trip(s, &reply);
	return err == FNL_E_STATE
	           ? fnl_fail(&s->error, FNL_E_ARGUMENT, "Redis at %s has no database %d", s->url.endpoint, s->url.database)
	           : err;
}

/* The line "name:value" of INFO. */
static struct fnl_span info_value(struct fnl_span info, struct fnl_span name)
{
	for (size_t i = 0; i + name.len < info.len; i++) {
		if ((i > 0 && info.data[i - 1] != '\n') || memcmp(info.data + i, name.data, name.len) != 0) {
			continue;
		}
		const uint8_t *value = info.data + i + name.len;
		size_t left = info.len - i - name.len;
		size_t len = 0;
		while (len < left && value[len] != '\r' && value[len] != '\n') {
			len++;
		}
		return fnl_span_of(value, len);
	}
	return FNL_SPAN_NONE;
}

/* A server that evicts keys loses rows without a word, and no guard sees it. INFO is open to more users than CONFIG. */
static int check_policy(struct fnl_redis *s)
{
	fnl_redis_request_begin(&s->request, "INFO", 1);
	fnl_redis_request_text(&s->request, "memory");
	int err = fnl_redis_send(s);
	struct fnl_redis_reply *reply = NULL;
	if (err == 0) {
		err = fnl_redis_receive(s, &s->scratch, &reply);
	}
	if (err != 0) {
		return err;
	}
	assert(reply); /* there is one when nothing failed */
	if (reply->kind == REDIS_ERROR && fnl_status_class(fnl_redis_reply_status(reply->text)) == FNL_CLASS_RETRIABLE) {
		return fnl_redis_drop_reply(s, reply, "not ready");
	}
	if (reply->kind == REDIS_ERROR && reply->text.len >= 6 && memcmp(reply->text.data, "NOAUTH", 6) == 0) {
		return fnl_redis_drop_reply(s, reply, "refused");
	}
	struct fnl_span policy = FNL_SPAN_NONE;
	if (reply->kind == REDIS_STRING) {
		policy = info_value(reply->text, FNL_SPAN_LIT("maxmemory_policy:"));
	}
	if (fnl_span_is_none(policy)) {
		if (!s->policy_warned) {
			fnl_log_line(s->logger, FNL_WARN,
			             "Redis at %s does not tell its maxmemory-policy; it must be noeviction, "
			             "or rows are lost unseen",
			             s->url.endpoint);
		}
		s->policy_warned = true;
		return 0;
	}
	if (fnl_span_eq(policy, FNL_SPAN_LIT("noeviction"))) {
		return 0;
	}
	return fnl_redis_drop(s, FNL_E_STATE,
	                      "maxmemory-policy is %.*s, which may drop rows unseen; mend it with: "
	                      "redis-cli CONFIG SET maxmemory-policy noeviction (and the same in redis.conf)",
	                      (int)(policy.len < 40 ? policy.len : 40), (const char *)policy.data);
}

int fnl_redis_begin(struct fnl_redis *s)
{
	fnl_arena_reset(&s->scratch);
	s->request.len = 0;
	s->request.err = 0;
	if (s->context) {
		return 0;
	}
	int (*const steps[])(struct fnl_redis *) = {open_socket, authenticate, select_database, check_policy};
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		int err = steps[i](s);
		if (err != 0) {
			return err;
		}
	}
	fnl_log_line(s->logger, FNL_INFO, "connected to Redis at %s", s->url.endpoint);
	return 0;
}
