/* One connection: consumer, restore reader, transactional producer. Its own thread alone uses it; what it shares with
 * others lies in the broker, under the broker's lock. */
#ifndef FUNNELD_EMBEDDED_CONNECTION_H
#define FUNNELD_EMBEDDED_CONNECTION_H

#include "broker.h"

/* The connection's own view of a partition of the input topic. */
struct emb_reading {
	bool assigned;
	bool started;
	int64_t position;
};

struct emb_queued {
	struct emb_part *part;
	struct emb_record record;
};

struct emb_log {
	struct fnl_log base;
	struct fnl_embedded *e;
	struct emb_topic *input;
	struct emb_topic *changelog; /* NULL: none */
	struct emb_topic **outputs;
	size_t output_count;
	struct emb_group *group;
	char instance[EMB_NAME_BYTES_MAX + 1];
	char transactional_id[EMB_NAME_BYTES_MAX + 1]; /* "": no producer */

	/* Consumer. Member and generation are those of the assignment that poll gave last: a zombie keeps its old ones. */
	uint64_t member_id; /* 0: never joined */
	int32_t generation;
	bool instance_fenced;
	struct emb_reading *readings; /* one a partition */
	int32_t *assigned;
	size_t assigned_count;
	size_t turn; /* the share that is looked at first in the next poll */
	struct fnl_record *records;
	size_t record_capacity;
	char *metadata; /* copies for the caller of committed */
	size_t metadata_capacity;

	/* Restore reader. */
	struct emb_part *restoring; /* NULL: closed */
	int64_t restore_position;
	struct fnl_record *restored;
	size_t restored_capacity;

	/* Producer. */
	struct emb_producer *producer; /* NULL: none, or it must be made anew */
	int32_t epoch;
	bool in_txn;
	bool must_abort;
	bool hold_end; /* for tests: the next request to end a transaction is late */
	struct emb_queued *queue;
	size_t queue_count, queue_capacity;
	int64_t *changelog_next; /* one a partition of the changelog */

	struct fnl_error error;
};

static inline struct emb_log *fnl_emb_log_of(struct fnl_log *l)
{
	return (struct emb_log *)(void *)l;
}

/* --- produce.c --- */
int fnl_emb_log_txn_begin(struct fnl_log *l);
int fnl_emb_log_produce(struct fnl_log *l, size_t topic, int32_t partition, struct fnl_span key, struct fnl_span value,
                        const struct fnl_header *headers, size_t header_count);
int fnl_emb_log_produce_changelog(struct fnl_log *l, int32_t partition, struct fnl_span key, struct fnl_span value);
int fnl_emb_log_flush(struct fnl_log *l, int timeout_ms);
int64_t fnl_emb_log_changelog_next(struct fnl_log *l, int32_t partition);
int fnl_emb_log_send_offsets(struct fnl_log *l, const struct fnl_commit *commits, size_t count, int timeout_ms);
int fnl_emb_log_txn_commit(struct fnl_log *l, int timeout_ms);
int fnl_emb_log_txn_abort(struct fnl_log *l, int timeout_ms);
int fnl_emb_log_producer_reset(struct fnl_log *l, int timeout_ms);
bool fnl_emb_log_producer_is_doubtful(struct fnl_log *l);
void fnl_emb_queue_drop(struct emb_log *c);

#endif
