/* Shared parts of the Kafka adapter: handles with their watch, the log connection's private shape. */
#ifndef FUNNELD_KAFKA_INTERNAL_H
#define FUNNELD_KAFKA_INTERNAL_H

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "funneld/adapters/kafka.h"
#include "funneld/base/arena.h"

/* Of what is produced: the longest input that a topic takes by default, with a dead letter's headers. */
#define FNL_KAFKA_RECORD_BYTES_MAX "2097152"

enum {
	FNL_KAFKA_PARTITIONS_MAX = 65536,
	FNL_KAFKA_TOPICS_MAX = 64,
	FNL_KAFKA_RECORDS_MAX = 1000000,         /* of one poll */
	FNL_KAFKA_HEADERS_BYTES_MAX = 512 << 20, /* header tables of one poll */
	FNL_KAFKA_ROWS_MAX = 128,                /* of the changelog, handed to the client at once */
	FNL_KAFKA_TEXT_BYTES_MAX = 256,
	FNL_KAFKA_SOCKET_TIMEOUT_MS = 10000, /* a call of the client that has no deadline of its own ends by this */
	FNL_KAFKA_START_TIMEOUT_MS = 3000,
	FNL_KAFKA_COMMITTED_TIMEOUT_MS = 1000
};

/* What the client's own threads tell about a handle. Its pointer is the handle's opaque. Handles may share one, but at
 * any time only one consumer with a group. */
struct fnl_kafka_watch {
	const struct fnl_logger *logger;
	void *owner;                         /* for the callbacks that run in the caller's thread */
	atomic_uint disconnects;             /* so far, of connections that may have lost a request or its answer */
	atomic_bool coordinator_moves;       /* the connection to the group's coordinator is in use, or being closed */
	bool ending;                         /* this and the next: of the caller's thread, while a consumer ends */
	unsigned end_rebalances;             /* that were met so far */
	pthread_mutex_t lock;                /* guards last */
	char last[FNL_KAFKA_TEXT_BYTES_MAX]; /* the last connection error, for stories */
};

struct fnl_kafka_pair {
	const char *name;
	const char *value;
};

/* --- common.c --- */
int64_t fnl_kafka_now_ms(void);
void fnl_kafka_sleep_ms(int64_t ms);
int fnl_kafka_left_ms(int64_t deadline_ms);
void fnl_kafka_watch_init(struct fnl_kafka_watch *w, const struct fnl_logger *logger, void *owner);
void fnl_kafka_watch_deinit(struct fnl_kafka_watch *w);
void fnl_kafka_watch_last(struct fnl_kafka_watch *w, char ret[FNL_KAFKA_TEXT_BYTES_MAX]);
/* Whether the client's line about a connection means that a request of a transaction, or its answer, may be lost. */
bool fnl_kafka_lost_a_request(const char *text);
/* The settings' properties, checked; every handle begins with a copy of it. */
int fnl_kafka_conf_base(const struct fnl_kafka_common *common, rd_kafka_conf_t **ret,
                        struct fnl_error *why) FNL_MUST_USE;
void fnl_kafka_conf_servers(const rd_kafka_conf_t *base, char ret[FNL_KAFKA_TEXT_BYTES_MAX]);
/* A copy of base with our own properties over it (ended by a NULL name), bound to the watch. */
int fnl_kafka_conf(const rd_kafka_conf_t *base, const struct fnl_kafka_pair *own, struct fnl_kafka_watch *w,
                   rd_kafka_conf_t **ret, struct fnl_error *why) FNL_MUST_USE;
/* Takes conf in any case. */
int fnl_kafka_handle(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret, struct fnl_error *why) FNL_MUST_USE;
/* Status of an answer to something that may be asked again. */
int fnl_kafka_status(rd_kafka_resp_err_t err);
rd_kafka_headers_t *fnl_kafka_headers(const struct fnl_header *headers, size_t count);
/* The record of a message, its headers in the arena; it lives as long as the message. */
int fnl_kafka_record(const rd_kafka_message_t *m, struct fnl_arena *headers, struct fnl_record *ret) FNL_MUST_USE;
char *fnl_kafka_copy_string(struct fnl_arena *a, const char *s);

/* Messages that are handed out and the records over them: one poll's worth. */
struct fnl_kafka_batch {
	rd_kafka_message_t **messages;
	struct fnl_record *records;
	size_t count;
	size_t capacity;
	size_t bytes;
	struct fnl_arena headers;
};
void fnl_kafka_batch_init(struct fnl_kafka_batch *b);
/* Takes m in any case. */
int fnl_kafka_batch_add(struct fnl_kafka_batch *b, rd_kafka_message_t *m) FNL_MUST_USE;
void fnl_kafka_batch_clear(struct fnl_kafka_batch *b);
void fnl_kafka_batch_deinit(struct fnl_kafka_batch *b);

/* --- the log connection --- */
struct fnl_kafka_partition {
	bool assigned;
	bool started;
	bool paused;      /* as the client knows it */
	int64_t expected; /* nothing below is delivered */
};

/* What is known since the group fenced us: see fence.c. */
struct fnl_kafka_fence {
	bool on;
	bool is_right; /* for good */
	int64_t began_ms;
	int64_t quiet_since_ms; /* a ghost's session has run since then at the latest */
	int64_t look_at_ms;
	struct fnl_error story;
};

struct fnl_kafka_log {
	struct fnl_log base;
	struct fnl_error story;
	struct fnl_arena strings;
	rd_kafka_conf_t *conf;
	const char *input_topic;
	const char *changelog_topic; /* NULL: none */
	const char **output_topics;
	size_t output_topic_count;
	const char *group;
	const char *group_instance_id;
	const char *transactional_id;
	int session_timeout_ms;
	int txn_timeout_ms;
	char servers[FNL_KAFKA_TEXT_BYTES_MAX];
	struct fnl_kafka_watch watch_consumer;
	struct fnl_kafka_watch watch_producer;
	struct fnl_kafka_watch watch_restorer;

	/* consumer.c */
	rd_kafka_t *consumer;
	bool joined;                                        /* the group, by a first poll */
	rd_kafka_consumer_group_metadata_t *group_metadata; /* of the present assignment; NULL: none is valid (rule 5) */
	struct fnl_kafka_partition *partitions;             /* by number */
	size_t partition_count;
	int32_t *assigned;
	size_t assigned_count;
	unsigned rebalances;   /* so far */
	bool rebalance_untold; /* since the last poll that returned 0 */
	bool rebalance_no_memory;
	struct fnl_kafka_batch batch;
	size_t taken_in_a_row;                           /* records since the queue was found empty */
	rd_kafka_topic_partition_list_t *committed_list; /* owns the metadata last handed out */
	rd_kafka_t *bounds_reader;                       /* read_uncommitted (rule 6) */
	struct fnl_kafka_fence fence;

	/* restore.c */
	rd_kafka_t *restorer;
	struct fnl_kafka_batch restore_batch;
	bool restore_is_open;
	int32_t restore_partition;
	int64_t restore_position;

	/* producer.c */
	rd_kafka_t *producer;
	rd_kafka_topic_t **topics; /* outputs, then the changelog */
	int32_t *topic_partitions; /* of the outputs; 0: not asked yet */
	int64_t *changelog_next;   /* by partition; -1: none in this transaction */
	size_t changelog_next_count;
	rd_kafka_message_t rows[FNL_KAFKA_ROWS_MAX]; /* of the changelog, all of one partition, that wait for others */
	size_t row_count;
	unsigned produced;
	unsigned failed; /* deliveries of this transaction */
	rd_kafka_resp_err_t failed_first;
	bool doubtful;
	unsigned disconnects_before; /* the present producer */
};

/* consumer_end.c */
/* Every handle that fnl_kafka_consumer_end shall end is made with it; for others it does nothing. */
void fnl_kafka_consumer_watch(rd_kafka_conf_t *conf, struct fnl_kafka_watch *w);
/* Closes and destroys it. */
void fnl_kafka_consumer_end(rd_kafka_t *consumer);
/* Of a rebalance that a consumer meets while it ends: whether it must be answered by rd_kafka_assign(rk, NULL). */
bool fnl_kafka_end_is_asked(rd_kafka_t *rk, rd_kafka_resp_err_t rebalance);
/* consumer.c */
int fnl_kafka_consumer_open(struct fnl_kafka_log *k, struct fnl_error *why) FNL_MUST_USE;
void fnl_kafka_consumer_close(struct fnl_kafka_log *k);
/* A new client in the place of the old one, not yet a member; nothing is assigned. */
int fnl_kafka_consumer_renew(struct fnl_kafka_log *k) FNL_MUST_USE;
int fnl_kafka_poll_interval_ms(const struct fnl_kafka_log *k);
int fnl_kafka_poll(struct fnl_log *l, size_t records_max, size_t bytes_max, int timeout_ms, struct fnl_poll *ret);
int fnl_kafka_start(struct fnl_log *l, int32_t partition, int64_t offset);
int fnl_kafka_stop(struct fnl_log *l, int32_t partition);
int64_t fnl_kafka_input_end(struct fnl_log *l, int32_t partition);
bool fnl_kafka_is_assigned(const struct fnl_kafka_log *k, int32_t partition);
/* fence.c */
/* The story says who fenced us. 0 = it is being found out, by fence_step. */
int fnl_kafka_fence_begin(struct fnl_kafka_log *k) FNL_MUST_USE;
/* 0 = nobody holds our name: join again; 1 = not known yet; FNL_E_FENCED_INSTANCE = a newer worker holds it. */
int fnl_kafka_fence_step(struct fnl_kafka_log *k, int timeout_ms) FNL_MUST_USE;
/* offsets.c */
int fnl_kafka_committed(struct fnl_log *l, struct fnl_committed *pairs, size_t count, int timeout_ms);
int fnl_kafka_changelog_bounds(struct fnl_log *l, int32_t partition, int64_t *ret_start, int64_t *ret_end,
                               int timeout_ms);
/* restore.c */
int fnl_kafka_restore_open(struct fnl_log *l, int32_t partition, int64_t from_offset);
int fnl_kafka_restore_poll(struct fnl_log *l, size_t records_max, int timeout_ms, struct fnl_restore_chunk *ret);
void fnl_kafka_restore_close(struct fnl_log *l);
void fnl_kafka_restorer_free(struct fnl_kafka_log *k);
/* producer.c */
int fnl_kafka_produce(struct fnl_log *l, size_t topic, int32_t partition, struct fnl_span key, struct fnl_span value,
                      const struct fnl_header *headers, size_t header_count);
int fnl_kafka_produce_changelog(struct fnl_log *l, int32_t partition, struct fnl_span key, struct fnl_span value);
/* Rows that wait go to the client. */
int fnl_kafka_rows_send(struct fnl_kafka_log *k) FNL_MUST_USE;
int fnl_kafka_producer_reset(struct fnl_log *l, int timeout_ms);
void fnl_kafka_producer_free(struct fnl_kafka_log *k);
/* txn.c */
int fnl_kafka_txn_begin(struct fnl_log *l);
int fnl_kafka_flush(struct fnl_log *l, int timeout_ms);
int64_t fnl_kafka_changelog_next(struct fnl_log *l, int32_t partition);
int fnl_kafka_send_offsets(struct fnl_log *l, const struct fnl_commit *commits, size_t count, int timeout_ms);
int fnl_kafka_txn_commit(struct fnl_log *l, int timeout_ms);
int fnl_kafka_txn_abort(struct fnl_log *l, int timeout_ms);
/* Takes e, writes the story, returns the status: see the rules there. */
int fnl_kafka_txn_fail(struct fnl_kafka_log *k, rd_kafka_error_t *e, const char *doing);
int fnl_kafka_txn_status(rd_kafka_resp_err_t err, bool is_fatal, bool requires_abort);

#endif
