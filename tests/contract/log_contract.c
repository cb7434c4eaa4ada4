/* Included by the test programs of the adapters; see log_contract.h. */
#include "log_contract.h"

enum { WORKERS_MAX = 3, PARTITIONS_MAX = 4, TOPIC_PARTITIONS_MAX = 16, TEXT_MAX = 8192 };

/* Topics and workers of one test. */
struct world {
	struct log_contract *c;
	int32_t partition_count;
	char input[LOG_CONTRACT_NAME_MAX], changelog[LOG_CONTRACT_NAME_MAX], out[LOG_CONTRACT_NAME_MAX];
	char group[LOG_CONTRACT_NAME_MAX], ids[WORKERS_MAX][LOG_CONTRACT_NAME_MAX];
	struct fnl_log *logs[WORKERS_MAX];
	struct {
		int rebalances;
		size_t count;
		int32_t partitions[PARTITIONS_MAX];
	} share[WORKERS_MAX];
	char text[TEXT_MAX]; /* what was delivered: "partition/offset key=value;" with ~ for null */
	size_t text_len;
	size_t taken;
};

/* ---- helpers ---- */

static void must(int rc, const char *what, const char *story, int line)
{
	if (rc != 0) {
		fail_msg("line %d: %s: %s (%s)", line, what, fnl_status_label(rc), story);
	}
}

/* The story is asked for after the call. */
#define LOG_OK(l, call) \
	do { \
		int log_rc = (l)->ops->call; \
		must(log_rc, #call, (l)->ops->explain(l), __LINE__); \
	} while (0)
#define BUS_OK(w, call) \
	do { \
		int bus_rc = (w)->c->bus->ops->call; \
		must(bus_rc, #call, (w)->c->bus->ops->explain((w)->c->bus), __LINE__); \
	} while (0)

static struct fnl_span span(const char *s)
{
	return fnl_span_str(s);
}

static void topic(struct world *w, const char *name, int32_t partition_count, enum fnl_cleanup cleanup)
{
	struct fnl_topic_spec spec = {name, partition_count, cleanup, -1, 0};
	BUS_OK(w, create_topic(w->c->bus, &spec));
	/* A topic may be known before all its partitions have a leader. */
	struct fnl_partition_lag lag[TOPIC_PARTITIONS_MAX];
	int rc = FNL_E_TIMEOUT;
	for (int i = 0; i < w->c->tries && fnl_status_class(rc) == FNL_CLASS_RETRIABLE; i++) {
		rc = w->c->bus->ops->lag(w->c->bus, "nobody", name, lag, (size_t)partition_count);
	}
	must(rc, "lag", w->c->bus->ops->explain(w->c->bus), __LINE__);
}

static void world_open(struct world *w, void **state, int32_t partition_count)
{
	struct log_contract *c = *state;
	*w = (struct world){.c = c, .partition_count = partition_count};
	c->name(c->context, "in", w->input);
	c->name(c->context, "changelog", w->changelog);
	c->name(c->context, "out", w->out);
	c->name(c->context, "group", w->group);
	for (size_t i = 0; i < WORKERS_MAX; i++) {
		c->name(c->context, "worker", w->ids[i]);
	}
	topic(w, w->input, partition_count, FNL_CLEANUP_DELETE);
	topic(w, w->changelog, partition_count, FNL_CLEANUP_COMPACT);
	topic(w, w->out, 1, FNL_CLEANUP_DELETE);
}

static void world_close(struct world *w)
{
	for (size_t i = 0; i < WORKERS_MAX; i++) {
		if (w->logs[i]) {
			w->logs[i]->ops->close(w->logs[i]);
		}
	}
}

/* Worker `at` under the identity of worker `id`; its output topics are the out topic (0) and the input topic (1). */
static struct fnl_log *open_as(struct world *w, size_t at, size_t id)
{
	const char *outputs[] = {w->out, w->input};
	struct log_contract_worker settings = {w->input, w->changelog, outputs, 2, w->group, w->ids[id]};
	w->logs[at] = w->c->open(w->c->context, &settings);
	assert_non_null(w->logs[at]);
	memset(&w->share[at], 0, sizeof(w->share[at]));
	return w->logs[at];
}

static void add_text(struct world *w, const struct fnl_record *r)
{
	bool no_key = fnl_span_is_none(r->key), no_value = fnl_span_is_none(r->value);
	int n = snprintf(w->text + w->text_len, TEXT_MAX - w->text_len, "%d/%lld %.*s=%.*s;", (int)r->partition,
	                 (long long)r->offset, no_key ? 1 : (int)r->key.len, no_key ? "~" : (const char *)r->key.data,
	                 no_value ? 1 : (int)r->value.len, no_value ? "~" : (const char *)r->value.data);
	assert_true(n > 0 && (size_t)n < TEXT_MAX - w->text_len);
	w->text_len += (size_t)n;
	w->taken++;
}

static void forget(struct world *w)
{
	w->text[0] = '\0';
	w->text_len = 0;
	w->taken = 0;
}

static int poll_some(struct world *w, size_t at, size_t records_max)
{
	struct fnl_poll p;
	struct fnl_log *l = w->logs[at];
	int rc = l->ops->poll(l, records_max, 1 << 20, w->c->wait_ms, &p);
	if (rc != 0) {
		return rc;
	}
	if (p.rebalanced) {
		w->share[at].rebalances++;
		w->share[at].count = p.assigned_count;
		assert_true(p.assigned_count <= PARTITIONS_MAX);
		for (size_t i = 0; i < p.assigned_count; i++) {
			w->share[at].partitions[i] = p.assigned[i];
		}
	}
	assert_true(p.record_count <= records_max);
	assert_true(p.joined || p.assigned_count == 0);
	for (size_t i = 0; i < p.record_count; i++) {
		add_text(w, &p.records[i]);
	}
	return 0;
}

static void may_retry(int rc)
{
	assert_true(rc == 0 || fnl_status_class(rc) == FNL_CLASS_RETRIABLE);
}

/* Polls until n records came and gives them as text. */
static const char *take(struct world *w, size_t at, size_t n)
{
	forget(w);
	for (int i = 0; i < w->c->tries && w->taken < n; i++) {
		may_retry(poll_some(w, at, n - w->taken));
	}
	return w->text;
}

static void expect_nothing(struct world *w, size_t at)
{
	forget(w);
	for (int i = 0; i < w->c->quiet_tries; i++) {
		may_retry(poll_some(w, at, 100));
	}
	assert_string_equal(w->text, "");
}

/* Polls the first n workers in turn until their shares have these sizes. */
static void balance(struct world *w, size_t n, const size_t *sizes)
{
	for (int i = 0; i < w->c->tries; i++) {
		bool done = true;
		for (size_t k = 0; k < n; k++) {
			if (w->logs[k]) {
				may_retry(poll_some(w, k, 1));
				done = done && w->share[k].rebalances && w->share[k].count == sizes[k];
			}
		}
		if (done) {
			return;
		}
	}
	fail_msg("the shares never came out as wanted");
}

static struct fnl_log *open_producer(struct world *w, size_t at, size_t id)
{
	struct fnl_log *l = open_as(w, at, id);
	LOG_OK(l, producer_reset(l, w->c->deadline_ms));
	return l;
}

/* Worker 0, alone, with every partition and a producer. */
static struct fnl_log *open_alone(struct world *w)
{
	struct fnl_log *l = open_as(w, 0, 0);
	balance(w, 1, (size_t[]){(size_t)w->partition_count});
	LOG_OK(l, producer_reset(l, w->c->deadline_ms));
	return l;
}

static void put(struct world *w, int32_t partition, const char *key, const char *value)
{
	BUS_OK(w, publish(w->c->bus, w->input, partition, span(key), span(value), NULL, 0));
	BUS_OK(w, publish_flush(w->c->bus, w->c->deadline_ms));
}

static int add_visit(void *context, size_t at, const struct fnl_record *r)
{
	(void)at;
	add_text(context, r);
	return 0;
}

/* A topic as read_committed tools see it. */
static const char *seen(struct world *w, const char *name)
{
	forget(w);
	BUS_OK(w, read(w->c->bus, &name, 1, true, true, NULL, add_visit, w));
	return w->text;
}

/* Markers may reach a partition after the commit has returned. */
static void expect_seen(struct world *w, const char *name, const char *text)
{
	for (int i = 0; i < w->c->tries && strcmp(seen(w, name), text) != 0; i++) {
		w->c->pass(w->c->context, w->c->wait_ms);
	}
	assert_string_equal(w->text, text);
}

static void begin_with(struct world *w, struct fnl_log *l, const char *key, const char *value)
{
	LOG_OK(l, txn_begin(l));
	LOG_OK(l, produce(l, 0, FNL_PARTITION_BY_KEY, span(key), span(value), NULL, 0));
	LOG_OK(l, flush(l, w->c->deadline_ms));
}

static void commit_pair(struct world *w, struct fnl_log *l, int32_t partition, int64_t offset, const char *metadata)
{
	struct fnl_commit pair = {partition, offset, span(metadata)};
	LOG_OK(l, txn_begin(l));
	LOG_OK(l, send_offsets(l, &pair, 1, w->c->deadline_ms));
	LOG_OK(l, txn_commit(l, w->c->deadline_ms));
}

static void expect_pair(struct world *w, struct fnl_log *l, int32_t partition, int64_t offset, const char *metadata)
{
	struct fnl_committed pair = {.partition = partition};
	int rc = FNL_E_TIMEOUT;
	for (int i = 0; i < w->c->tries && rc == FNL_E_TIMEOUT; i++) {
		rc = l->ops->committed(l, &pair, 1, 1000);
	}
	must(rc, "committed", l->ops->explain(l), __LINE__);
	assert_int_equal(pair.offset, offset);
	assert_int_equal(pair.metadata.len, strlen(metadata));
	assert_memory_equal(pair.metadata.len ? (const char *)pair.metadata.data : "", metadata, strlen(metadata));
}

static void row(struct fnl_log *l, int32_t partition, const char *key, const char *value)
{
	LOG_OK(l, produce_changelog(l, partition, span(key), span(value)));
}

/* Reads a changelog partition until the position has reached cl. */
static const char *restored(struct world *w, struct fnl_log *l, int32_t partition, int64_t from, int64_t cl, size_t max)
{
	forget(w);
	LOG_OK(l, restore_open(l, partition, from));
	struct fnl_restore_chunk chunk = {.position = from};
	for (int i = 0; i < w->c->tries && chunk.position < cl; i++) {
		int64_t before = chunk.position;
		may_retry(l->ops->restore_poll(l, max, w->c->wait_ms, &chunk));
		assert_true(chunk.position >= before && chunk.record_count <= max);
		for (size_t k = 0; k < chunk.record_count; k++) {
			assert_true(chunk.records[k].offset < chunk.position);
			add_text(w, &chunk.records[k]);
		}
		chunk.record_count = 0;
	}
	assert_true(chunk.position >= cl);
	l->ops->restore_close(l);
	return w->text;
}

static void expect_end(struct world *w, struct fnl_log *l, int32_t partition, int64_t end)
{
	int64_t found_start = -1, found_end = -1;
	for (int i = 0; i < w->c->tries && found_end != end; i++) {
		LOG_OK(l, changelog_bounds(l, partition, &found_start, &found_end, w->c->deadline_ms));
	}
	assert_int_equal(found_start, 0);
	assert_int_equal(found_end, end);
}

#include "log_contract_group_tests.c"
#include "log_contract_tests.c"
