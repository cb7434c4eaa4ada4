#include "internal.h"

#ifdef FNL_HIREDIS_SSL

#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

static const char *openssl_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	return reason ? reason : "out of memory";
}

/* OpenSSL would take the name of a file that is not there for that of a folder, which it looks into later. */
static bool trust(SSL_CTX *tls, const char *ca_location)
{
	struct stat at;
	if (!ca_location) {
		return SSL_CTX_set_default_verify_paths(tls);
	}
	return stat(ca_location, &at) == 0 && S_ISDIR(at.st_mode) ? SSL_CTX_load_verify_dir(tls, ca_location)
	                                                          : SSL_CTX_load_verify_file(tls, ca_location);
}

/* hiredis has a context of its own, but it does not compare the host's name with the certificate's: any server with a
 * certificate of anybody's could be in Redis' place. So this one is ours. */
int fnl_redis_tls_open(struct fnl_redis *s, const char *ca_location, struct fnl_error *why)
{
	ERR_clear_error();
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
	if (!tls) {
		return fnl_fail(why, FNL_E_ARGUMENT, "TLS to Redis cannot be set up: %s", openssl_reason());
	}
	s->tls = tls;
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	if (!trust(tls, ca_location)) {
		return fnl_fail(why, FNL_E_ARGUMENT, "TLS to Redis: no certificates to trust in %s",
		                ca_location ? ca_location : "the system's store");
	}
	return 0;
}

/* The certificate must be for the host of the URL, a name or an address. */
static bool expect_host(SSL *ssl, const char *host)
{
	return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) ||
	       (SSL_set1_host(ssl, host) && SSL_set_tlsext_host_name(ssl, host));
}

int fnl_redis_tls_start(struct fnl_redis *s)
{
	ERR_clear_error();
	SSL *ssl = SSL_new(s->tls);
	if (!ssl || !expect_host(ssl, s->url.host)) {
		SSL_free(ssl);
		return fnl_redis_drop(s, FNL_E_NOMEM, "TLS cannot be set up: %s", openssl_reason());
	}
	if (redisInitiateSSL(s->context, ssl) == REDIS_OK) {
		return 0; /* the connection's from now on */
	}
	long verified = SSL_get_verify_result(ssl);
	SSL_free(ssl);
	return fnl_redis_drop(s, FNL_E_DISCONNECTED, "TLS failed: %s",
	                      verified == X509_V_OK ? s->context->errstr : X509_verify_cert_error_string(verified));
}

void fnl_redis_tls_close(struct fnl_redis *s)
{
	SSL_CTX_free(s->tls);
	s->tls = NULL;
}

#else

int fnl_redis_tls_open(struct fnl_redis *s, const char *ca_location, struct fnl_error *why)
{
	(void)s;
	(void)ca_location;
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
