/* One poll's messages, kept alive, and the records that borrow from them. */
#include "kafka_internal.h"

void fnl_kafka_batch_init(struct fnl_kafka_batch *b)
{
	memset(b, 0, sizeof(*b));
	fnl_arena_init(&b->headers, FNL_KAFKA_HEADERS_BYTES_MAX);
}

static int batch_grow(struct fnl_kafka_batch *b)
{
	size_t capacity = b->capacity ? b->capacity * 2 : 1024;
	rd_kafka_message_t **messages = fnl_reallocarray(b->messages, capacity, sizeof(*messages));
	if (!messages) {
		return FNL_E_NOMEM;
	}
	b->messages = messages;
	struct fnl_record *records = fnl_reallocarray(b->records, capacity, sizeof(*records));
	if (!records) {
		return FNL_E_NOMEM;
	}
	b->records = records;
	b->capacity = capacity;
	return 0;
}

int fnl_kafka_batch_add(struct fnl_kafka_batch *b, rd_kafka_message_t *m)
{
	int rc = b->count == b->capacity ? batch_grow(b) : 0;
	if (rc == 0) {
		rc = fnl_kafka_record(m, &b->headers, &b->records[b->count]);
	}
	if (rc) {
		rd_kafka_message_destroy(m);
		return rc;
	}
	b->messages[b->count++] = m;
	b->bytes += m->len + m->key_len;
	return 0;
}

void fnl_kafka_batch_clear(struct fnl_kafka_batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		rd_kafka_message_destroy(b->messages[i]);
	}
	b->count = 0;
	b->bytes = 0;
	fnl_arena_reset(&b->headers);
}

void fnl_kafka_batch_deinit(struct fnl_kafka_batch *b)
{
	fnl_kafka_batch_clear(b);
	fnl_free(b->messages);
	fnl_free(b->records);
	fnl_arena_deinit(&b->headers);
	memset(b, 0, sizeof(*b));
}
