#include "internal.h"

#ifdef FNL_HIREDIS_SSL

#include <hiredis/hiredis_ssl.h>

/* The certificate must chain to the system's store, or to the file that SSL_CERT_FILE names. hiredis sends the host's
 * name, but does not compare it with the certificate's. */
int fnl_redis_tls_open(struct fnl_redis *s, struct fnl_error *why)
{
	redisSSLContextError error = REDIS_SSL_CTX_NONE;
	redisInitOpenSSL();
	s->tls = redisCreateSSLContext(NULL, NULL, NULL, NULL, s->url.host, &error);
	if (!s->tls) {
		return fnl_fail(why, FNL_E_ARGUMENT, "TLS to Redis cannot be set up: %s", redisSSLContextGetError(error));
	}
	return 0;
}

int fnl_redis_tls_start(struct fnl_redis *s)
{
	if (redisInitiateSSLWithContext(s->context, s->tls) != REDIS_OK) {
		return fnl_redis_drop(s, FNL_E_DISCONNECTED, "TLS failed: %s", s->context->errstr);
	}
	return 0;
}

void fnl_redis_tls_close(struct fnl_redis *s)
{
	if (s->tls) {
		redisFreeSSLContext(s->tls);
		s->tls = NULL;
	}
}

#else

int fnl_redis_tls_open(struct fnl_redis *s, struct fnl_error *why)
{
	(void)s;
	return fnl_fail(
		why, FNL_E_ARGUMENT,
		"rediss:// needs TLS, which this program was built without (hiredis 1.0 or later with libhiredis_ssl)");
}

int fnl_redis_tls_start(struct fnl_redis *s)
{
	return fnl_redis_drop(s, FNL_E_ARGUMENT, "built without TLS");
}

void fnl_redis_tls_close(struct fnl_redis *s)
{
	(void)s;
}

#endif
