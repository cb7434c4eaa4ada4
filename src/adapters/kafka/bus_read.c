/* Reading topics as people and proofs do: read_committed, all partitions, no group. */
#include "bus_internal.h"

enum { READ_WAIT_MS = 100 };

struct reader {
	struct fnl_kafka_bus *bus;
	rd_kafka_t *consumer;
	const char *const *topics;
	size_t topic_count;
	struct fnl_kafka_cursor *cursors;
	size_t count;
	struct fnl_arena headers;
	fnl_bus_visit visit;
	void *context;
	bool until_end;
	bool one; /* only the partition of the key */
	struct fnl_span key;
};

/* A topic that was just made may have its leader told before that one knows. */
static bool bounds_may_come(rd_kafka_resp_err_t err)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
	case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__TRANSPORT:
		return true;
	default:
		return false;
	}
}

int fnl_kafka_cursor_bounds(struct fnl_kafka_bus *b, rd_kafka_t *consumer, const char *topic,
                            struct fnl_kafka_cursor *c, int64_t *ret_low)
{
	int64_t low = -1, high = -1;
	int64_t deadline_ms = fnl_kafka_now_ms() + FNL_KAFKA_BUS_CALL_MS;
	rd_kafka_resp_err_t err;
	for (;;) {
		int left_ms = fnl_kafka_left_ms(deadline_ms);
		err = rd_kafka_query_watermark_offsets(consumer, topic, c->partition, &low, &high, left_ms);
		if (!bounds_may_come(err) || left_ms == 0) {
			break;
		}
		fnl_kafka_sleep_ms(READ_WAIT_MS);
	}
	if (err) {
		return fnl_kafka_bus_fail(b, err, "asking for the ends of topic", topic);
	}
	c->end = high;
	*ret_low = low;
	return 0;
}

static int reader_cursors(struct reader *r, bool from_beginning)
{
	r->cursors = fnl_calloc(FNL_KAFKA_BUS_READ_PARTITIONS_MAX, sizeof(*r->cursors));
	if (!r->cursors) {
		return fnl_fail(&r->bus->story, FNL_E_NOMEM, "no memory for reading");
	}
	for (size_t i = 0; i < r->topic_count; i++) {
		struct fnl_topic_info info;
		int rc = fnl_kafka_describe_topic(&r->bus->base, r->topics[i], &info);
		if (rc == 0 && info.partition_count == 0) {
			rc = fnl_fail(&r->bus->story, FNL_E_NOT_FOUND, "there is no topic %s at %s", r->topics[i], r->bus->servers);
		}
		if (rc) {
			return rc;
		}
		int32_t first = r->one ? fnl_murmur2_partition(r->key, info.partition_count) : 0;
		for (int32_t p = first; p < (r->one ? first + 1 : info.partition_count); p++) {
			if (r->count == FNL_KAFKA_BUS_READ_PARTITIONS_MAX) {
				return fnl_fail(&r->bus->story, FNL_E_LIMIT, "reading more than %d partitions",
				                FNL_KAFKA_BUS_READ_PARTITIONS_MAX);
			}
			struct fnl_kafka_cursor *c = &r->cursors[r->count++];
			int64_t low = 0;
			*c = (struct fnl_kafka_cursor){.topic = i, .partition = p};
			rc = fnl_kafka_cursor_bounds(r->bus, r->consumer, r->topics[i], c, &low);
			if (rc) {
				return rc;
			}
			c->position = from_beginning ? low : c->end;
		}
	}
	return 0;
}

static int reader_assign(struct reader *r)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)r->count);
	for (size_t i = 0; i < r->count; i++) {
		const struct fnl_kafka_cursor *c = &r->cursors[i];
		if (!r->until_end || c->position < c->end) {
			rd_kafka_topic_partition_list_add(list, r->topics[c->topic], c->partition)->offset = c->position;
		}
	}
	rd_kafka_resp_err_t err = rd_kafka_assign(r->consumer, list);
	rd_kafka_topic_partition_list_destroy(list);
	return err ? fnl_kafka_bus_fail(r->bus, err, "reading", r->topic_count ? r->topics[0] : "") : 0;
}

static struct fnl_kafka_cursor *reader_cursor(struct reader *r, const rd_kafka_message_t *m)
{
	const char *name = m->rkt ? rd_kafka_topic_name(m->rkt) : "";
	for (size_t i = 0; i < r->count; i++) {
		struct fnl_kafka_cursor *c = &r->cursors[i];
		if (c->partition == m->partition && strcmp(r->topics[c->topic], name) == 0) {
			return c;
		}
	}
	return NULL;
}

/* Takes m. ret_moved: there was progress. Otherwise as visit's result, or an error. */
static int reader_take(struct reader *r, rd_kafka_message_t *m, bool *ret_moved)
{
	int rc = 0;
	struct fnl_kafka_cursor *c = reader_cursor(r, m);
	if (m->err && m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		int code = fnl_kafka_status(m->err);
		/* The client looks for the coordinator of a group that nobody joins here: no right to it is needed. */
		bool of_group = m->err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
		if (fnl_status_class(code) == FNL_CLASS_STOP && !of_group) {
			rc = fnl_fail(&r->bus->story, code, "reading: %s", rd_kafka_message_errstr(m));
		}
	} else if (c && m->err) {
		c->position = m->offset > c->position ? m->offset : c->position;
		*ret_moved = true;
	} else if (c && m->offset >= c->position) {
		c->position = m->offset + 1;
		*ret_moved = true;
		if (!r->until_end || m->offset < c->end) {
			c->found = true;
			struct fnl_record record;
			fnl_arena_reset(&r->headers);
			rc = r->visit ? fnl_kafka_record(m, &r->headers, &record) : 0;
			rc = rc || !r->visit ? rc : r->visit(r->context, c->topic, &record);
		}
	}
	rd_kafka_message_destroy(m);
	return rc;
}

static bool reader_is_done(const struct reader *r)
{
	for (size_t i = 0; i < r->count; i++) {
		/* Without a visitor one record decides. */
		if (r->cursors[i].position < r->cursors[i].end && (r->visit || !r->cursors[i].found)) {
			return false;
		}
	}
	return true;
}

static int reader_run(struct reader *r, const volatile bool *stop)
{
	int64_t moved_ms = fnl_kafka_now_ms();
	bool done = r->until_end && reader_is_done(r);
	while (!done && !(stop && *stop)) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(r->consumer, READ_WAIT_MS);
		bool moved = false;
		int rc = m ? reader_take(r, m, &moved) : 0;
		if (rc) {
			return rc;
		}
		if (moved) {
			moved_ms = fnl_kafka_now_ms();
			done = r->until_end && reader_is_done(r);
		} else if (r->until_end && fnl_kafka_now_ms() - moved_ms > FNL_KAFKA_BUS_STALL_MS) {
			return fnl_kafka_bus_fail(r->bus, RD_KAFKA_RESP_ERR__TIMED_OUT, "reading", r->topics[0]);
		}
	}
	return 0;
}

/* All of what a reader is for; it is used up. */
static int reader_go(struct reader *r, bool from_beginning, const volatile bool *stop)
{
	fnl_arena_init(&r->headers, FNL_KAFKA_HEADERS_BYTES_MAX);
	int rc = r->topic_count ? fnl_kafka_bus_consumer(r->bus, "funneld-reader", &r->consumer) : 0;
	if (rc == 0) {
		rc = reader_cursors(r, from_beginning);
	}
	if (rc == 0 && r->topic_count) {
		rc = reader_assign(r);
	}
	if (rc == 0 && r->topic_count) {
		rc = reader_run(r, stop);
	}
	fnl_kafka_bus_consumer_free(r->consumer);
	fnl_free(r->cursors);
	fnl_arena_deinit(&r->headers);
	/* A visitor that stops is no failure. */
	return rc > 0 ? 0 : rc;
}

int fnl_kafka_read(struct fnl_bus *bus, const char *const *topics, size_t topic_count, bool from_beginning,
                   bool until_end, const volatile bool *stop, fnl_bus_visit visit, void *context)
{
	struct reader r = {.bus = (struct fnl_kafka_bus *)bus,
	                   .topics = topics,
	                   .topic_count = topic_count,
	                   .visit = visit,
	                   .context = context,
	                   .until_end = until_end};
	return reader_go(&r, from_beginning, stop);
}

int fnl_kafka_read_key(struct fnl_bus *bus, const char *topic, struct fnl_span key, fnl_bus_visit visit, void *context)
{
	struct reader r = {.bus = (struct fnl_kafka_bus *)bus,
	                   .topics = &topic,
	                   .topic_count = 1,
	                   .visit = visit,
	                   .context = context,
	                   .until_end = true,
	                   .one = true,
	                   .key = key};
	return reader_go(&r, true, NULL);
}

int fnl_kafka_find_records(struct fnl_kafka_bus *b, rd_kafka_t *consumer, const char *topic,
                           struct fnl_kafka_cursor *cursors, size_t count)
{
	const char *const topics[] = {topic};
	struct reader r = {.bus = b,
	                   .consumer = consumer,
	                   .topics = topics,
	                   .topic_count = 1,
	                   .cursors = cursors,
	                   .count = count,
	                   .until_end = true};
	int rc = reader_is_done(&r) ? 0 : reader_assign(&r);
	if (rc == 0) {
		rc = reader_run(&r, NULL);
	}
	rd_kafka_assign(consumer, NULL);
	return rc;
}
