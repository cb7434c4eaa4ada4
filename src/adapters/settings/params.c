/* The table of all settings: parser, help text, `funnelctl config show` and the README's table come from it. */
#include "params.h"

#include "funneld/ports/store.h"

#define DAY_MS INT64_C(86400000)
#define MB (INT64_C(1) << 20)

static const char *const protocols[] = {"plaintext", "ssl", "sasl_plaintext", "sasl_ssl", NULL};
static const char *const clocks[] = {"wall", "event", NULL};
static const char *const levels[] = {"debug", "info", "warn", "error", NULL};

#define STRING(k, d, h) \
	{ \
		k, FNL_PARAM_STRING, 0, 0, d, NULL, false, h \
	}
#define SECRET(k, h) \
	{ \
		k, FNL_PARAM_STRING, 0, 0, NULL, NULL, true, h \
	}
#define INT(k, lo, hi, d, h) \
	{ \
		k, FNL_PARAM_INT, lo, hi, d, NULL, false, h \
	}
#define DURATION(k, lo, hi, d, h) \
	{ \
		k, FNL_PARAM_DURATION_MS, lo, hi, d, NULL, false, h \
	}
#define BYTES(k, lo, hi, d, h) \
	{ \
		k, FNL_PARAM_BYTES, lo, hi, d, NULL, false, h \
	}
#define CHOICE(k, list, d, h) \
	{ \
		k, FNL_PARAM_CHOICE, 0, sizeof(list) / sizeof((list)[0]) - 2, d, list, false, h \
	}
/* names are literals, joined at compile time */
#define TOPIC(name) STRING("topic." name, NULL, "the topic's whole name, instead of topic.prefix and " name) // NOLINT

static const struct fnl_param params[] = {
	STRING("kafka.bootstrap.servers", "127.0.0.1:9092", "brokers to begin with: host:port, separated by commas"),
	CHOICE("kafka.security.protocol", protocols, "plaintext", "how brokers are spoken to"),
	STRING("kafka.sasl.mechanism", NULL, "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"),
	STRING("kafka.sasl.username", NULL, "user name at Kafka"),
	SECRET("kafka.sasl.password", "password at Kafka"),
	STRING("kafka.ssl.ca.location", NULL, "file or directory of the certificates that brokers are checked against"),
	STRING("redis.url", "redis://127.0.0.1:6379/0",
           "redis://[user:password@]host[:port][/db], rediss://… or unix:///path"),
	STRING("redis.ssl.ca.location", NULL,
           "rediss://: file or directory of the certificates that Redis is checked against; unset: the system's"),
	STRING("redis.prefix", "funneld", "what the keys in Redis begin with"),
	STRING("topic.prefix", "", "what the names of topics, groups and transactional ids begin with"),
	INT("topic.partitions", 1, 1024, "8", "partitions of the topics that `funnelctl topics create` makes"),
	DURATION("topic.retention", 60000, 36500 * DAY_MS, "30d",
             "how long created topics keep records (compacted ones keep the latest for ever)"),
	TOPIC("sales.prospect-changes"),
	TOPIC("hr.rep-changes"),
	TOPIC("sales.commands"),
	TOPIC("sales.fx-rates"),
	TOPIC("sales.territories"),
	TOPIC("funneld.rep-inputs"),
	TOPIC("funneld.org-inputs"),
	TOPIC("funneld.rep-directory"),
	TOPIC("funnel.prospects"),
	TOPIC("funnel.reps"),
	TOPIC("funnel.orgs"),
	TOPIC("funnel.layer-changes"),
	TOPIC("funnel.alerts"),
	TOPIC("funnel.inspections"),
	TOPIC("funnel.quotas"),
	TOPIC("funnel.handovers"),
	TOPIC("funnel.reviews"),
	TOPIC("funnel.reassignments"),
	TOPIC("funnel.territories"),
	TOPIC("funnel.performance"),
	TOPIC("funnel.rejections"),
	TOPIC("funnel.dead-letters"),
	CHOICE("clock", clocks, "wall", "what the time is: the machine's, or the greatest event time seen (for replays)"),
	{"event_time.max", FNL_PARAM_TIME_MS, 0, INT64_C(253402300799999), "2100-01-01", NULL, false,
     "clock = event: a record later than this is a dead letter"},
	DURATION("event_time.ahead", 0, 3650 * DAY_MS, "1d",
             "clock = wall: a record later than now and this is a dead letter"),
	STRING("rules.file", NULL, "rules that `funnelctl rules` reads; workers take rules from the bus"),
	STRING("schema.registry", NULL, "file:DIR with registry.json; unset: ../share/funneld/schemas beside the program"),
	STRING("instance.id", NULL,
           "this worker's name: unique among running workers, the same after a restart; unset: the host's name"),
	INT("threads.prospect", 1, 64, "1", "stream threads of the prospect stage"),
	INT("threads.rep", 1, 64, "1", "stream threads of the rep stage"),
	INT("threads.org", 1, 64, "1", "stream threads of the org stage"),
	INT("batch.records", 1, FNL_STORE_INPUTS_MAX, "8000", "records of one transaction, at most"),
	BYTES("batch.bytes", 64 * 1024, 256 * MB, "16MB", "bytes of one transaction's input, at most"),
	DURATION("poll.wait", 1, 5000, "50ms", "how long an idle thread waits for a record"),
	BYTES("cache.bytes", MB, 65536 * MB, "16MB", "rows that a thread keeps in memory"),
	DURATION("txn.timeout", 1000, 15 * 60000, "10s", "a transaction open for longer is aborted by the broker"),
	DURATION("session.timeout", 1000, 30 * 60000, "10s", "a worker silent for so long loses its partitions"),
	DURATION("shutdown.timeout", 1000, 10 * 60000, "30s",
             "the end of a worker that was asked to stop takes this at most"),
	DURATION("changelog.delete.retention", 60000, 3650 * DAY_MS, "1d",
             "delete.retention.ms of the state topics, as Kafka has it"),
	STRING("http.listen", NULL, "address and port of /metrics and /health, such as 127.0.0.1:9464; unset: none"),
	DURATION("http.health.limit", 1000, 3600000, "1m",
             "a thread that comes to no end of anything for so long makes /health fail"),
	CHOICE("log.level", levels, "info", "least important line on stderr"),
	{NULL, FNL_PARAM_STRING, 0, 0, NULL, NULL, false, NULL},
};

const struct fnl_param *fnl_params(void)
{
	return params;
}

int fnl_param_find(const char *key)
{
	for (int i = 0; params[i].key; i++) {
		if (strcmp(params[i].key, key) == 0) {
			return i;
		}
	}
	return -1;
}

enum { WORD_BYTES_MAX = 64 };

size_t fnl_word_distance(const char *a, const char *b)
{
	size_t row[WORD_BYTES_MAX];
	size_t len_b = strlen(b);
	if (len_b >= WORD_BYTES_MAX || strlen(a) >= WORD_BYTES_MAX) {
		return SIZE_MAX;
	}
	for (size_t j = 0; j <= len_b; j++) {
		row[j] = j;
	}
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);
			if (row[j] + 1 < best) {
				best = row[j] + 1;
			}
			if (row[j - 1] + 1 < best) {
				best = row[j - 1] + 1;
			}
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[len_b];
}

const char *fnl_param_nearest(const char *key)
{
	const char *nearest = NULL;
	size_t least = strlen(key) / 2 + 1;
	for (const struct fnl_param *p = params; p->key; p++) {
		size_t d = fnl_word_distance(key, p->key);
		if (d < least) {
			least = d;
			nearest = p->key;
		}
	}
	return nearest;
}
