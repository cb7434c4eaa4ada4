/* bench_peer CONFIG: both stages on the Kafka and the Redis that the environment names, as funneld runs its own, until
 * SIGTERM. README.md says the rest. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "funneld/adapters/kafka.h"
#include "funneld/adapters/redis.h"
#include "funneld/adapters/sys.h"
#include "peer.h"
#include "signals.h"
#include "worker.h"

enum {
	STAGES = 2,
	THREADS_MAX = 8, /* of a stage */
	PARTITIONS = 8,
	NAME_BYTES_MAX = 64,
	LOOK_EVERY_MS = 50
};

/* The engine commits what one poll brought: there is no interval to be set. */
struct config {
	int threads; /* of each stage */
	int batch;   /* records, at most */
	int cache_mb;
};

struct stage {
	struct fnl_stage stage;
	const char *input;
	const char *changelog;
	const char *outputs[PEER_CLASSIFY_OUT_COUNT];
	size_t output_count;
	struct fnl_operator *op;
};

struct thread {
	char name[NAME_BYTES_MAX];
	struct fnl_log *log;
	struct fnl_store *store;
	struct fnl_worker *worker;
};

struct peer {
	struct config config;
	const char *brokers;
	const char *redis_url;
	struct fnl_logger logger;
	struct stage stages[STAGES];
	struct thread threads[STAGES * THREADS_MAX];
	size_t thread_count;
};

/* name=number, parted by commas. false: there is another name, or a number out of range. */
static bool config_read(const char *text, struct config *c)
{
	const struct {
		const char *name;
		int *value;
		long max;
	} known[] = {
		{"threads", &c->threads, THREADS_MAX}, {"batch", &c->batch, 1 << 20}, {"cache_mb", &c->cache_mb, 1 << 16}};
	enum { KNOWN = sizeof(known) / sizeof(known[0]) };
	for (const char *at = text; *at;) {
		size_t i = 0, n = strcspn(at, "=,");
		while (i < KNOWN && (strncmp(at, known[i].name, n) != 0 || known[i].name[n] != '\0' || at[n] != '=')) {
			i++;
		}
		char *end = NULL;
		long value = i < KNOWN ? strtol(at + n + 1, &end, 10) : 0;
		if (value < 1 || value > known[i].max || (*end != ',' && *end != '\0')) {
			return false;
		}
		*known[i].value = (int)value;
		at = *end ? end + 1 : end;
	}
	return true;
}

static int open_thread(struct peer *p, const struct stage *st, int number, struct fnl_error *why)
{
	struct thread *t = &p->threads[p->thread_count++];
	char group[NAME_BYTES_MAX];
	snprintf(group, sizeof(group), "sut-%.24s-%s", getenv("RUN_ID"), st->stage.name);
	snprintf(t->name, sizeof(t->name), "%.48s-%d", group, number);
	const struct fnl_kafka_property servers = {"bootstrap.servers", p->brokers};
	struct fnl_kafka_log_settings log = {
		.common = {&servers, 1, &p->logger},
		.input_topic = st->input,
		.changelog_topic = st->changelog,
		.output_topics = st->outputs,
		.output_topic_count = st->output_count,
		.group = group,
		.group_instance_id = t->name,
		.transactional_id = t->name,
		.session_timeout_ms = 10000,
		.txn_timeout_ms = 15000,
	};
	struct fnl_redis_settings redis = {
		.url = p->redis_url,
		.prefix = "peer",
		.stage = st->stage.name,
		.table_names = st->stage.table_names,
		.table_count = st->stage.table_count,
		.connect_timeout_ms = 3000,
		.command_timeout_ms = 5000,
		.logger = &p->logger,
	};
	struct fnl_stream_settings settings = fnl_stream_settings_default();
	settings.batch_records_max = (size_t)p->config.batch;
	settings.cache_bytes_max = ((size_t)p->config.cache_mb << 20) * (size_t)p->config.threads / PARTITIONS;
	int rc = fnl_redis_store_open(&redis, &t->store, why);
	rc = rc ? rc : fnl_kafka_log_open(&log, &t->log, why);
	if (rc) {
		return rc;
	}
	struct fnl_worker_spec spec = {
		st->stage.name, &st->stage, &settings, {t->log, t->store, st->op, fnl_sys_clock(), &p->logger}};
	return fnl_worker_start(&spec, &t->worker, why);
}

static bool ended(const struct peer *p)
{
	for (size_t i = 0; i < p->thread_count; i++) {
		if (fnl_worker_has_ended(p->threads[i].worker)) {
			return true;
		}
	}
	return false;
}

static int close_all(struct peer *p, int rc, struct fnl_error *why)
{
	for (size_t i = 0; i < p->thread_count; i++) {
		if (p->threads[i].worker) {
			fnl_worker_stop(p->threads[i].worker);
		}
	}
	for (size_t i = 0; i < p->thread_count; i++) {
		struct thread *t = &p->threads[i];
		if (t->worker) {
			struct fnl_stream_stats s = fnl_worker_stats(t->worker);
			fprintf(stderr,
			        "%s: %" PRIu64 " records, %" PRIu64 " outputs, %" PRIu64 " rows, %" PRIu64 " transactions, %" PRIu64
			        " aborts, %" PRIu64 " repairs, %" PRIu64 " dead letters\n",
			        t->name, s.records, s.outputs, s.row_writes, s.transactions, s.aborts, s.repairs, s.dead_letters);
			int status = fnl_worker_join(t->worker, why);
			rc = rc ? rc : status;
		}
		if (t->log) {
			t->log->ops->close(t->log);
		}
		if (t->store) {
			t->store->ops->close(t->store);
		}
	}
	return rc;
}

static void stages_fill(struct peer *p, const char names[][NAME_BYTES_MAX], struct fnl_operator *classify)
{
	static const char *const tables[STAGES] = {"prospect", "book"};
	p->stages[0] = (struct stage){
		{"classify", "prospect-changes", &tables[0], 1, PEER_CLASSIFY_DEAD},
		"prospect-changes",
		names[0],
		{"layer-changes", names[1], names[3]},
		PEER_CLASSIFY_OUT_COUNT,
		classify,
	};
	p->stages[1] = (struct stage){
		{"book", names[1], &tables[1], 1, PEER_BOOK_DEAD},
		names[1],
		names[2],
		{"rep-books", names[3]},
		PEER_BOOK_OUT_COUNT,
		peer_book(),
	};
}

static int run(struct peer *p)
{
	struct fnl_error why = {0, ""};
	int rc = 0;
	for (size_t s = 0; s < STAGES && rc == 0; s++) {
		for (int i = 0; i < p->config.threads && rc == 0; i++) {
			rc = open_thread(p, &p->stages[s], i, &why);
		}
	}
	while (rc == 0 && !*fnl_stop_flag() && !ended(p)) {
		fnl_sys_clock()->sleep_ms(NULL, LOOK_EVERY_MS);
	}
	rc = close_all(p, rc, &why);
	if (rc) {
		fprintf(stderr, "bench_peer: %s\n", why.text[0] ? why.text : fnl_status_text(rc));
	}
	return rc ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const char *const topics[] = {"prospects", "deltas", "books", "dead"};
	char names[4][NAME_BYTES_MAX];
	atomic_flag begun = ATOMIC_FLAG_INIT;
	struct peer_classify classify;
	struct peer p = {.brokers = getenv("BROKERS"), .redis_url = getenv("REDIS_URL")};
	if (argc != 2 || !p.brokers || !p.redis_url || !getenv("RUN_ID")) {
		fputs("usage: BROKERS=… REDIS_URL=… RUN_ID=… bench_peer threads=2,batch=10000,cache_mb=64\n", stderr);
		return 2;
	}
	p.config = (struct config){.threads = 2, .batch = 10000, .cache_mb = 64};
	if (!config_read(argv[1], &p.config)) {
		fprintf(stderr, "bench_peer: %s: threads (1 to %d), batch and cache_mb are what can be set\n", argv[1],
		        THREADS_MAX);
		return 2;
	}
	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
		snprintf(names[i], sizeof(names[i]), "sut-%.32s-%s", getenv("RUN_ID"), topics[i]);
	}
	fnl_signals_install();
	p.logger = fnl_sys_logger(stderr, FNL_INFO);
	peer_classify_init(&classify, &begun);
	stages_fill(&p, (const char(*)[NAME_BYTES_MAX])names, &classify.op);
	return run(&p);
}
