/* What all parts of the adapter need: clocks, configuration, log lines, records, the partitioner. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "kafka_internal.h"

int64_t fnl_kafka_now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void fnl_kafka_sleep_ms(int64_t ms)
{
	struct timespec t = {ms / 1000, (ms % 1000) * 1000000};
	while (nanosleep(&t, &t) != 0 && errno == EINTR) {
	}
}

int fnl_kafka_left_ms(int64_t deadline_ms)
{
	int64_t left_ms = deadline_ms - fnl_kafka_now_ms();
	if (left_ms <= 0) {
		return 0;
	}
	return left_ms < INT32_MAX ? (int)left_ms : INT32_MAX;
}

void fnl_kafka_watch_init(struct fnl_kafka_watch *w, const struct fnl_logger *logger, void *owner)
{
	w->logger = logger;
	w->owner = owner;
	atomic_init(&w->disconnects, 0);
	atomic_init(&w->coordinator_moves, false);
	w->ending = false;
	w->end_rebalances = 0;
	pthread_mutex_init(&w->lock, NULL);
	w->last[0] = '\0';
}

void fnl_kafka_watch_deinit(struct fnl_kafka_watch *w)
{
	pthread_mutex_destroy(&w->lock);
}

void fnl_kafka_watch_last(struct fnl_kafka_watch *w, char ret[FNL_KAFKA_TEXT_BYTES_MAX])
{
	pthread_mutex_lock(&w->lock);
	memcpy(ret, w->last, FNL_KAFKA_TEXT_BYTES_MAX);
	pthread_mutex_unlock(&w->lock);
}

/* The text names the connection, then says what happened: "[thrd:…]: NAME: Disconnected (after 5ms in state UP)". */
bool fnl_kafka_lost_a_request(const char *text)
{
	static const char up[] = " in state UP";
	static const char state[] = " in state ";
	const char *name = strncmp(text, "[thrd:", 6) == 0 ? strstr(text, "]: ") : NULL;
	name = name ? name + 3 : text;
	const char *end = strstr(name, ": ");
	if (!end) {
		return false; /* it names none */
	}
	size_t len = (size_t)(end - name);
	static const char bootstrap[] = "/bootstrap", group[] = "GroupCoordinator";
	const size_t tail = sizeof(bootstrap) - 1;
	/* Neither carries a transaction's requests: the one asks for metadata only, the other is the consumer's. */
	if ((len >= tail && memcmp(name + len - tail, bootstrap, tail) == 0) ||
	    strncmp(name, group, sizeof(group) - 1) == 0) {
		return false;
	}
	/* A connection that was still being made had no request to lose. */
	return !strstr(text, state) || strstr(text, up);
}

static void watch_connection(struct fnl_kafka_watch *w, const char *text)
{
	if (fnl_kafka_lost_a_request(text)) {
		atomic_fetch_add(&w->disconnects, 1);
	}
	pthread_mutex_lock(&w->lock);
	snprintf(w->last, sizeof(w->last), "%s", text);
	pthread_mutex_unlock(&w->lock);
}

/* Runs in the client's own threads. */
static void log_line(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	struct fnl_kafka_watch *w = rd_kafka_opaque(rk);
	if (!w) {
		return;
	}
	if (strcmp(facility, "FAIL") == 0 || strcmp(facility, "ERROR") == 0 || strcmp(facility, "REQTMOUT") == 0) {
		watch_connection(w, text);
	}
	/* One set of properties goes to consumers and producers alike: those of the other kind are no news. */
	enum fnl_level to = level <= 4 ? FNL_WARN : level <= 6 ? FNL_INFO : FNL_DEBUG;
	if (strcmp(facility, "CONFWARN") == 0) {
		to = FNL_DEBUG;
	}
	fnl_log_line(w->logger, to, "kafka %s: %s", facility, text);
}

/* Runs in the caller's thread. The client mends connections by itself; fatal errors are asked for where they matter. */
static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
	(void)rk;
	struct fnl_kafka_watch *w = opaque;
	switch (err) {
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR__RESOLVE:
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR__SSL:
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
		watch_connection(w, reason);
		break;
	default:
		break;
	}
}

static bool is_secret(const char *name)
{
	return strstr(name, "password") || strstr(name, "secret") || strstr(name, "pem") || strstr(name, "oauthbearer");
}

static int conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct fnl_error *why)
{
	char text[FNL_KAFKA_TEXT_BYTES_MAX] = "";
	if (!name || !value) {
		return fnl_fail(why, FNL_E_ARGUMENT, "a kafka property without name or value");
	}
	if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) == RD_KAFKA_CONF_OK) {
		return 0;
	}
	return fnl_fail(why, FNL_E_ARGUMENT, "kafka property %s: %s", name,
	                is_secret(name) ? "the value is not valid" : text);
}

int fnl_kafka_conf_base(const struct fnl_kafka_common *common, rd_kafka_conf_t **ret, struct fnl_error *why)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	if (!conf) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for the Kafka client");
	}
	/* KIP-714: since 2.5 librdkafka offers its metrics to brokers, and at its end waits up to a second to take its
	 * leave of them. Who wants that sets it; older ones do not know it, which is as well. */
	char unknown[FNL_KAFKA_TEXT_BYTES_MAX];
	(void)rd_kafka_conf_set(conf, "enable.metrics.push", "false", unknown, sizeof(unknown));
	for (size_t i = 0; i < common->property_count; i++) {
		int rc = conf_set(conf, common->properties[i].name, common->properties[i].value, why);
		if (rc) {
			rd_kafka_conf_destroy(conf);
			return rc;
		}
	}
	char servers[FNL_KAFKA_TEXT_BYTES_MAX];
	fnl_kafka_conf_servers(conf, servers);
	if (!servers[0]) {
		rd_kafka_conf_destroy(conf);
		return fnl_fail(why, FNL_E_ARGUMENT, "kafka property bootstrap.servers is missing");
	}
	*ret = conf;
	return 0;
}

void fnl_kafka_conf_servers(const rd_kafka_conf_t *base, char ret[FNL_KAFKA_TEXT_BYTES_MAX])
{
	size_t size = FNL_KAFKA_TEXT_BYTES_MAX;
	if (rd_kafka_conf_get(base, "bootstrap.servers", ret, &size) != RD_KAFKA_CONF_OK) {
		ret[0] = '\0';
	}
	ret[FNL_KAFKA_TEXT_BYTES_MAX - 1] = '\0';
}

int fnl_kafka_conf(const rd_kafka_conf_t *base, const struct fnl_kafka_pair *own, struct fnl_kafka_watch *w,
                   rd_kafka_conf_t **ret, struct fnl_error *why)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_dup(base);
	if (!conf) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for the Kafka client");
	}
	int rc = conf_set(conf, "socket.nagle.disable", "true", why);
	for (; rc == 0 && own->name; own++) {
		rc = conf_set(conf, own->name, own->value, why);
	}
	if (rc) {
		rd_kafka_conf_destroy(conf);
		return rc;
	}
	rd_kafka_conf_set_opaque(conf, w);
	rd_kafka_conf_set_log_cb(conf, log_line);
	rd_kafka_conf_set_error_cb(conf, on_error);
	fnl_kafka_consumer_watch(conf, w);
	*ret = conf;
	return 0;
}

int fnl_kafka_handle(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret, struct fnl_error *why)
{
	char text[FNL_KAFKA_TEXT_BYTES_MAX] = "";
	rd_kafka_t *rk = rd_kafka_new(type, conf, text, sizeof(text));
	if (!rk) {
		rd_kafka_conf_destroy(conf);
		return fnl_fail(why, FNL_E_ARGUMENT, "the Kafka client refuses its settings: %s", text);
	}
	*ret = rk;
	return 0;
}

int fnl_kafka_status(rd_kafka_resp_err_t err)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
		return 0;
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
	case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
		return FNL_E_TIMEOUT;
	case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
		return FNL_E_FENCED_INSTANCE;
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
	case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
		return FNL_E_ARGUMENT;
	default:
		/* A broker that restarts denies topics and leaders for a while, so nothing else is held to be final. */
		return FNL_E_DISCONNECTED;
	}
}

rd_kafka_headers_t *fnl_kafka_headers(const struct fnl_header *headers, size_t count)
{
	rd_kafka_headers_t *h = rd_kafka_headers_new(count);
	for (size_t i = 0; h && i < count; i++) {
		rd_kafka_resp_err_t err =
			rd_kafka_header_add(h, (const char *)headers[i].name.data, (ssize_t)headers[i].name.len,
		                        headers[i].value.data, (ssize_t)headers[i].value.len);
		if (err) {
			rd_kafka_headers_destroy(h);
			return NULL;
		}
	}
	return h;
}

static int record_headers(const rd_kafka_message_t *m, struct fnl_arena *arena, struct fnl_record *ret)
{
	rd_kafka_headers_t *from = NULL;
	if (rd_kafka_message_headers(m, &from) != RD_KAFKA_RESP_ERR_NO_ERROR || !from) {
		return 0;
	}
	size_t count = rd_kafka_header_cnt(from);
	struct fnl_header *to = fnl_arena_calloc(arena, count, sizeof(*to));
	if (!to) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		const char *name = NULL;
		const void *value = NULL;
		size_t size = 0;
		if (rd_kafka_header_get_all(from, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR) {
			to[i].name = fnl_span_str(name);
			to[i].value = fnl_span_of(value, size);
		}
	}
	ret->headers = to;
	ret->header_count = count;
	return 0;
}

int fnl_kafka_record(const rd_kafka_message_t *m, struct fnl_arena *headers, struct fnl_record *ret)
{
	struct fnl_record r = {
		.partition = m->partition,
		.offset = m->offset,
		.timestamp_ms = rd_kafka_message_timestamp(m, NULL),
		.key = fnl_span_of(m->key, m->key ? m->key_len : 0),
		.value = fnl_span_of(m->payload, m->payload ? m->len : 0),
	};
	int rc = record_headers(m, headers, &r);
	if (rc == 0) {
		*ret = r;
	}
	return rc;
}

char *fnl_kafka_copy_string(struct fnl_arena *a, const char *s)
{
	char *copy = s ? fnl_arena_alloc(a, strlen(s) + 1) : NULL;
	return copy ? memcpy(copy, s, strlen(s) + 1) : NULL;
}

static uint32_t murmur2(const uint8_t *data, size_t len)
{
	const uint32_t m = 0x5bd1e995;
	uint32_t h = 0x9747b28cu ^ (uint32_t)len;
	size_t left = len;
	for (; left >= 4; data += 4, left -= 4) {
		uint32_t k = (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
		k *= m;
		k ^= k >> 24;
		k *= m;
		h = h * m ^ k;
	}
	switch (left) {
	case 3:
		h ^= (uint32_t)data[2] << 16;
		/* fall through */
	case 2:
		h ^= (uint32_t)data[1] << 8;
		/* fall through */
	case 1:
		h ^= data[0];
		h *= m;
		break;
	default:
		break;
	}
	h ^= h >> 13;
	h *= m;
	h ^= h >> 15;
	return h;
}

int32_t fnl_murmur2_partition(struct fnl_span key, int32_t partition_count)
{
	if (partition_count <= 0) {
		return 0;
	}
	return (int32_t)((murmur2(key.data, key.data ? key.len : 0) & 0x7fffffffu) % (uint32_t)partition_count);
}
