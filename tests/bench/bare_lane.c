/* A thread of the bare loop: consume, produce, commit, write to Redis, and nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bare.h"

enum { WAIT_MS = 60000, POLL_MS = 50, REPS = 500, EVENT_IN = 4 };

int64_t bare_now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

_Noreturn void bare_die(const char *what, const char *why)
{
	fprintf(stderr, "bench_bare: %s: %s\n", what, why);
	exit(1);
}

static void must(rd_kafka_error_t *e, const char *what)
{
	if (e) {
		bare_die(what, rd_kafka_error_string(e));
	}
}

rd_kafka_t *bare_handle(const struct bare *b, rd_kafka_type_t type, const struct bare_property *properties)
{
	char text[BARE_TEXT_BYTES_MAX];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	if (rd_kafka_conf_set(conf, "bootstrap.servers", b->servers, text, sizeof(text))) {
		bare_die("bootstrap.servers", text);
	}
	for (const struct bare_property *p = properties; p->name; p++) {
		if (rd_kafka_conf_set(conf, p->name, p->value, text, sizeof(text))) {
			bare_die(p->name, text);
		}
	}
	rd_kafka_t *handle = rd_kafka_new(type, conf, text, sizeof(text));
	if (!handle) {
		bare_die("Kafka", text);
	}
	return handle;
}

/* ---- open and close: the settings are those of adapters/kafka ---- */

static void open_consumer(struct bare_lane *lane)
{
	const struct bare *b = lane->bare;
	/* an offset that is not there is an error; ends are told, so that they are seen behind markers, too */
	const struct bare_property properties[] = {
		{"group.id", b->groups[lane->stage]},  {"enable.auto.commit", "false"}, {"enable.auto.offset.store", "false"},
		{"isolation.level", "read_committed"}, {"auto.offset.reset", "error"},  {"enable.partition.eof", "true"},
		{"queued.min.messages", "100000"},     {"fetch.wait.max.ms", "50"},     {NULL, NULL},
	};
	lane->consumer = bare_handle(b, RD_KAFKA_CONSUMER, properties);
	rd_kafka_poll_set_consumer(lane->consumer);
	lane->queue = rd_kafka_queue_get_consumer(lane->consumer);
	rd_kafka_topic_partition_list_t *mine = rd_kafka_topic_partition_list_new(b->partition_count);
	for (int32_t p = lane->index; p < b->partition_count; p += b->thread_count) {
		const char *topic = b->topics[lane->stage == BARE_PROSPECTS ? BARE_CHANGES : BARE_INPUTS_2];
		rd_kafka_topic_partition_list_add(mine, topic, p)->offset = b->begin[lane->stage][p];
		lane->next[p] = b->begin[lane->stage][p];
	}
	rd_kafka_resp_err_t err = rd_kafka_assign(lane->consumer, mine);
	if (err) {
		bare_die("assign", rd_kafka_err2str(err));
	}
	rd_kafka_topic_partition_list_destroy(mine);
}

static void open_producer(struct bare_lane *lane)
{
	char id[BARE_TEXT_BYTES_MAX + 16];
	snprintf(id, sizeof(id), "%s-%d", lane->bare->groups[lane->stage], lane->index);
	const struct bare_property properties[] = {
		{"transactional.id", id},
		{"enable.idempotence", "true"},
		{"partitioner", "murmur2_random"}, /* as the Java clients */
		{"linger.ms", "10"},
		{"batch.size", "1000000"},
		{"batch.num.messages", "50000"},
		{"queue.buffering.max.messages", "500000"},
		{"queue.buffering.max.kbytes", "262144"},
		{NULL, NULL},
	};
	lane->producer = bare_handle(lane->bare, RD_KAFKA_PRODUCER, properties);
	for (int i = 0; i < BARE_TOPIC_COUNT; i++) {
		lane->topics[i] = rd_kafka_topic_new(lane->producer, lane->bare->topics[i], NULL);
		if (!lane->topics[i]) {
			bare_die("topic", lane->bare->topics[i]);
		}
	}
	must(rd_kafka_init_transactions(lane->producer, WAIT_MS), "init_transactions");
}

static void lane_open(struct bare_lane *lane)
{
	const struct bare_sizes *s = &lane->bare->sizes;
	size_t sizes[] = {s->row, s->input, s->line, s->event};
	size_t max = 1 + BARE_KEY_BYTES_MAX;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		max = sizes[i] > max ? sizes[i] : max;
	}
	lane->rows = fnl_calloc(BARE_BATCH_MAX, sizeof(*lane->rows));
	lane->messages = fnl_calloc(BARE_BATCH_MAX, sizeof(*lane->messages));
	lane->next = fnl_calloc((size_t)lane->bare->partition_count, sizeof(*lane->next));
	lane->value = fnl_calloc(1, max);
	if (!lane->rows || !lane->messages || !lane->next || !lane->value) {
		bare_die("start", "no memory");
	}
	open_producer(lane);
	lane->redis = bare_redis_open(lane->bare->redis_url);
	open_consumer(lane);
}

static void lane_close(struct bare_lane *lane)
{
	rd_kafka_queue_destroy(lane->queue);
	rd_kafka_consumer_close(lane->consumer);
	rd_kafka_destroy(lane->consumer);
	for (int i = 0; i < BARE_TOPIC_COUNT; i++) {
		rd_kafka_topic_destroy(lane->topics[i]);
	}
	rd_kafka_destroy(lane->producer);
	bare_redis_close(lane->redis);
	fnl_free(lane->rows);
	fnl_free(lane->messages);
	fnl_free(lane->next);
	fnl_free(lane->value);
}

/* ---- what is made of a record ---- */

static void produce(struct bare_lane *lane, enum bare_topic topic, int32_t partition, struct fnl_span key, size_t len,
                    rd_kafka_headers_t *headers)
{
	rd_kafka_vu_t vus[] = {
		{.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = lane->topics[topic]},
		{.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition},
		{.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
		{.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)key.data, key.len}},
		{.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {lane->value, len}},
		{.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
	};
	must(rd_kafka_produceva(lane->producer, vus, sizeof(vus) / sizeof(vus[0]) - (headers ? 0 : 1)), "produce");
}

struct header {
	const char *name;
	const char *value; /* NULL: the record's key */
};
#define AN_ID "5fbc5fed-5521-5cc7-baab-98ebc461148d"

/* Those of a funnel.layer-changes record: operators/common_outputs.c. */
static const struct header event_headers[] = {
	{"ce_specversion", "1.0"},
	{"ce_type", "funnel.prospect.layer-changed.v1"},
	{"ce_source", "funneld/prospect"},
	{"ce_id", AN_ID},
	{"ce_time", "2026-01-31T08:00:00.000Z"},
	{"ce_subject", NULL},
	{"content-type", "application/avro"},
	{"ce_correlationid", AN_ID},
	{"ce_causationid", AN_ID},
	{"ce_rulesversion", "0"},
	{"funneld_now", "1795750337903"},
	{"funneld_at", "33380"},
};
static const struct header input_headers[] = {{"ce_causationid", AN_ID}, {"ce_correlationid", AN_ID}};

static rd_kafka_headers_t *headers_of(const struct header *some, size_t count, struct fnl_span key)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(count);
	for (size_t i = 0; i < count; i++) {
		const void *value = some[i].value ? some[i].value : (const char *)key.data;
		ssize_t len = some[i].value ? (ssize_t)strlen(some[i].value) : (ssize_t)key.len;
		if (rd_kafka_header_add(headers, some[i].name, -1, value, len)) {
			bare_die("headers", some[i].name);
		}
	}
	return headers;
}

static struct bare_row *row_of(struct bare_lane *lane, const rd_kafka_message_t *m, struct fnl_span table)
{
	if (!m->key || m->key_len == 0 || m->key_len > BARE_KEY_BYTES_MAX) {
		bare_die("a record", "its key has no length that is taken here");
	}
	struct bare_row *r = &lane->rows[lane->row_count++];
	r->partition = m->partition;
	r->offset = m->offset;
	r->table_len = (uint16_t)table.len;
	r->key_len = (uint16_t)(table.len + m->key_len);
	memcpy(r->key, table.data, table.len);
	memcpy(r->key + table.len, m->key, m->key_len);
	return r;
}

static struct fnl_span key_of(const struct bare_row *r)
{
	return fnl_span_of(r->key, r->key_len);
}

static void move_change(struct bare_lane *lane, const rd_kafka_message_t *m)
{
	const struct bare_sizes *sizes = &lane->bare->sizes;
	struct fnl_span prospect = fnl_span_of(m->key, m->key_len);
	char rep[16];
	uint32_t hash = 2166136261u;
	produce(lane, BARE_ROWS_1, m->partition, key_of(row_of(lane, m, FNL_SPAN_LIT("prospect|"))), sizes->row, NULL);
	for (size_t i = 0; i < prospect.len; i++) {
		hash = (hash ^ prospect.data[i]) * 16777619u;
	}
	int rep_len = snprintf(rep, sizeof(rep), "rep:R%03u", hash % REPS);
	lane->value[0] = (char)prospect.len; /* the second stage's row wants the prospect in its key */
	memcpy(lane->value + 1, prospect.data, prospect.len);
	produce(lane, BARE_INPUTS_2, RD_KAFKA_PARTITION_UA, fnl_span_of(rep, (size_t)rep_len), sizes->input,
	        headers_of(input_headers, sizeof(input_headers) / sizeof(input_headers[0]), prospect));
	if (m->offset % EVENT_IN != 0) {
		produce(lane, BARE_EVENTS, RD_KAFKA_PARTITION_UA, prospect, sizes->event,
		        headers_of(event_headers, sizeof(event_headers) / sizeof(event_headers[0]), prospect));
	}
}

static void move_line(struct bare_lane *lane, const rd_kafka_message_t *m)
{
	const char *value = m->payload;
	struct bare_row *r = row_of(lane, m, FNL_SPAN_LIT("line|"));
	size_t len = m->len > 0 ? (size_t)value[0] : 0;
	if (len == 0 || len > BARE_KEY_BYTES_MAX || m->len < 1 + len) {
		bare_die("an input of the second stage", "it does not begin with a prospect");
	}
	r->key[r->key_len] = '|';
	memcpy(r->key + r->key_len + 1, value + 1, len);
	r->key_len = (uint16_t)(r->key_len + 1 + len);
	produce(lane, BARE_ROWS_2, m->partition, key_of(r), lane->bare->sizes.line, NULL);
}

/* ---- the loop ---- */

static void commit(struct bare_lane *lane)
{
	const struct bare *b = lane->bare;
	const char *topic = b->topics[lane->stage == BARE_PROSPECTS ? BARE_CHANGES : BARE_INPUTS_2];
	rd_kafka_resp_err_t err = rd_kafka_flush(lane->producer, WAIT_MS);
	if (err) {
		bare_die("flush", rd_kafka_err2str(err));
	}
	rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(b->partition_count);
	for (int32_t p = lane->index; p < b->partition_count; p += b->thread_count) {
		rd_kafka_topic_partition_list_add(offsets, topic, p)->offset = lane->next[p];
	}
	rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(lane->consumer);
	must(rd_kafka_send_offsets_to_transaction(lane->producer, offsets, group, WAIT_MS), "send_offsets");
	rd_kafka_consumer_group_metadata_destroy(group);
	rd_kafka_topic_partition_list_destroy(offsets);
	must(rd_kafka_commit_transaction(lane->producer, WAIT_MS), "commit");
	lane->transactions++;
}

/* Returns how many records there are, without the ends of partitions. */
static size_t fetch(struct bare_lane *lane)
{
	ssize_t got = rd_kafka_consume_batch_queue(lane->queue, POLL_MS, lane->messages, BARE_BATCH_MAX);
	size_t kept = 0;
	for (ssize_t i = 0; i < got; i++) {
		rd_kafka_message_t *m = lane->messages[i];
		if (m->err && m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
			bare_die("consume", rd_kafka_message_errstr(m));
		}
		lane->next[m->partition] = m->err ? m->offset : m->offset + 1;
		if (m->err) {
			rd_kafka_message_destroy(m);
		} else {
			lane->messages[kept++] = m;
		}
	}
	return kept;
}

static void move_batch(struct bare_lane *lane, size_t count)
{
	int64_t none = 0;
	(void)atomic_compare_exchange_strong(&lane->bare->began_us, &none, bare_now_us());
	must(rd_kafka_begin_transaction(lane->producer), "begin_transaction");
	lane->row_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (lane->stage == BARE_PROSPECTS) {
			move_change(lane, lane->messages[i]);
		} else {
			move_line(lane, lane->messages[i]);
		}
		rd_kafka_message_destroy(lane->messages[i]);
	}
	commit(lane);
	bare_redis_write(lane->redis, lane, lane->stage == BARE_PROSPECTS);
	lane->last_us = bare_now_us();
	atomic_fetch_add(&lane->bare->moved[lane->stage], count);
}

static bool is_done(const struct bare_lane *lane)
{
	struct bare *b = lane->bare;
	if (lane->stage == BARE_BOOKS) {
		return atomic_load(&b->first_running) == 0 &&
		       atomic_load(&b->moved[BARE_BOOKS]) == atomic_load(&b->moved[BARE_PROSPECTS]);
	}
	for (int32_t p = lane->index; p < b->partition_count; p += b->thread_count) {
		if (lane->next[p] < b->end[p]) {
			return false;
		}
	}
	return true;
}

void *bare_lane_run(void *context)
{
	struct bare_lane *lane = context;
	lane_open(lane);
	while (!is_done(lane)) {
		size_t count = fetch(lane);
		if (count) {
			move_batch(lane, count);
		}
	}
	if (lane->stage == BARE_PROSPECTS) {
		atomic_fetch_sub(&lane->bare->first_running, 1);
	}
	lane_close(lane);
	return NULL;
}
