#include "internal.h"

#include <stdio.h>
#include <sys/un.h>

static int hex(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %41 -> A, in place. A NUL would cut the text unseen, so it is refused. */
static bool percent_decode(char *text)
{
	char *to = text;
	for (const char *at = text; *at; at++) {
		if (*at == '%') {
			int high = hex(at[1]);
			int low = high < 0 ? -1 : hex(at[2]);
			if (low < 0 || (high == 0 && low == 0)) {
				return false;
			}
			*to++ = (char)(high * 16 + low);
			at += 2;
		} else {
			*to++ = *at;
		}
	}
	*to = '\0';
	return true;
}

static bool parse_int(const char *text, int max, int *ret)
{
	int64_t value = 0;
	if (!fnl_parse_decimal(fnl_span_str(text), &value) || value < 0 || value > max) {
		return false;
	}
	*ret = (int)value;
	return true;
}

/* "user:password" or ":password"; a lone word could be either and is refused. */
static const char *parse_userinfo(struct fnl_redis_url *url, char *userinfo)
{
	char *colon = strchr(userinfo, ':');
	if (!colon) {
		return "before '@' it wants user:password, or :password";
	}
	*colon = '\0';
	if (!percent_decode(userinfo) || !percent_decode(colon + 1)) {
		return "user and password may hold %XX only as hexadecimal, and never %00";
	}
	if (!colon[1]) {
		return "the password is empty";
	}
	url->user = userinfo[0] ? userinfo : NULL;
	url->password = colon + 1;
	return NULL;
}

static const char *parse_host(struct fnl_redis_url *url, char *host)
{
	char *port = NULL;
	if (host[0] == '[') {
		char *bracket = strchr(host, ']');
		if (!bracket || (bracket[1] && bracket[1] != ':')) {
			return "an IPv6 address wants both brackets";
		}
		port = bracket[1] ? bracket + 2 : NULL;
		*bracket = '\0';
		host++;
	} else if ((port = strchr(host, ':')) != NULL) {
		*port++ = '\0';
	}
	url->port = 6379;
	if (port && (!parse_int(port, 65535, &url->port) || url->port == 0)) {
		return "the port is not a number from 1 to 65535";
	}
	if (!host[0] || strlen(host) > 253) {
		return "the host is missing or too long";
	}
	url->host = host;
	snprintf(url->endpoint, sizeof url->endpoint, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, url->port);
	return NULL;
}

static const char *parse_network(struct fnl_redis_url *url, char *rest)
{
	char *at = strrchr(rest, '@');
	if (at) {
		*at = '\0';
		const char *wrong = parse_userinfo(url, rest);
		if (wrong) {
			return wrong;
		}
		rest = at + 1;
	}
	char *slash = strchr(rest, '/');
	if (slash) {
		*slash++ = '\0';
		if (*slash && !parse_int(slash, 65535, &url->database)) {
			return "after the host only /DATABASE, a number, may follow";
		}
	}
	return parse_host(url, rest);
}

static const char *parse_path(struct fnl_redis_url *url, const char *path)
{
	if (path[0] != '/') {
		return "unix:// wants an absolute path: unix:///run/redis/redis.sock";
	}
	if (strlen(path) >= sizeof((struct sockaddr_un *)NULL)->sun_path) {
		return "the path of the socket is too long for the system";
	}
	url->path = path;
	snprintf(url->endpoint, sizeof url->endpoint, "%s", path);
	return NULL;
}

static bool skip(char **at, const char *scheme)
{
	size_t len = strlen(scheme);
	if (strncmp(*at, scheme, len) != 0) {
		return false;
	}
	*at += len;
	return true;
}

int fnl_redis_url_parse(const char *text, struct fnl_redis_url *ret, struct fnl_error *why)
{
	struct fnl_redis_url url = {0};
	size_t len = text ? strlen(text) : 0;
	if (len == 0 || len > 2000) {
		return fnl_fail(why, FNL_E_ARGUMENT, "the URL of Redis is missing or longer than 2000 bytes");
	}
	url.text = fnl_calloc(1, len + 1);
	if (!url.text) {
		return fnl_fail(why, FNL_E_NOMEM, "out of memory");
	}
	memcpy(url.text, text, len);
	char *rest = url.text;
	const char *wrong = "it begins with none of redis://, rediss://, unix://";
	if (skip(&rest, "unix://")) {
		wrong = parse_path(&url, rest);
	} else if (skip(&rest, "redis://") || (url.tls = skip(&rest, "rediss://"))) {
		wrong = parse_network(&url, rest);
	}
	if (wrong) {
		fnl_redis_url_deinit(&url);
		return fnl_fail(why, FNL_E_ARGUMENT, "the URL of Redis is wrong: %s", wrong);
	}
	*ret = url;
	return 0;
}

void fnl_redis_url_deinit(struct fnl_redis_url *url)
{
	if (url->text) {
		explicit_bzero(url->text, strlen(url->text));
	}
	if (url->password) {
		explicit_bzero((char *)(uintptr_t)url->password, strlen(url->password));
	}
	fnl_free(url->text);
	*url = (struct fnl_redis_url){0};
}
