/* What the files of bench_bare share: see bare.c. */
#ifndef FNL_BENCH_BARE_H
#define FNL_BENCH_BARE_H

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "app.h"

enum { BARE_PARTITIONS_MAX = 1024, BARE_BATCH_MAX = 10000, BARE_KEY_BYTES_MAX = 64, BARE_TEXT_BYTES_MAX = 300 };
enum bare_stage { BARE_PROSPECTS, BARE_BOOKS, BARE_STAGE_COUNT };
enum bare_topic { BARE_CHANGES, BARE_ROWS_1, BARE_INPUTS_2, BARE_EVENTS, BARE_ROWS_2, BARE_TOPIC_COUNT };

/* Mean bytes of the values. */
struct bare_sizes {
	size_t row;   /* of a prospect */
	size_t input; /* of the second stage */
	size_t line;  /* the second stage's row */
	size_t event;
};

/* Of the whole run; lanes only read it, but for what is atomic. */
struct bare {
	const char *servers;
	const char *redis_url;
	const char *redis_prefix;
	char topics[BARE_TOPIC_COUNT][BARE_TEXT_BYTES_MAX];
	char groups[BARE_STAGE_COUNT][BARE_TEXT_BYTES_MAX];
	struct bare_sizes sizes;
	int32_t partition_count;
	int thread_count;                                     /* of each stage */
	int64_t begin[BARE_STAGE_COUNT][BARE_PARTITIONS_MAX]; /* offsets to begin with */
	int64_t end[BARE_PARTITIONS_MAX];                     /* of the changes, found at the start */
	_Atomic uint64_t moved[BARE_STAGE_COUNT];             /* records whose transaction is committed */
	_Atomic int first_running;                            /* lanes of the first stage that have not ended */
	_Atomic int64_t began_us;                             /* when the first record came; 0: none yet */
};

/* One row of a batch, which lives until it is in Redis. */
struct bare_row {
	int32_t partition;
	int64_t offset;
	uint16_t key_len;
	uint16_t table_len; /* "prospect|": Redis' field is what comes after */
	char key[2 * BARE_KEY_BYTES_MAX + 16];
};

/* A thread of a stage. */
struct bare_lane {
	struct bare *bare;
	enum bare_stage stage;
	int index;
	pthread_t thread;
	rd_kafka_t *consumer;
	rd_kafka_queue_t *queue;
	rd_kafka_t *producer;
	rd_kafka_topic_t *topics[BARE_TOPIC_COUNT];
	struct redisContext *redis;
	struct bare_row *rows;
	size_t row_count;
	rd_kafka_message_t **messages;
	char *value;   /* what all values are copied from */
	int64_t *next; /* offset of each partition */
	uint64_t transactions;
	int64_t last_us; /* when its last batch was in Redis */
};

_Noreturn void bare_die(const char *what, const char *why);
int64_t bare_now_us(void);

struct bare_property {
	const char *name; /* NULL ends them */
	const char *value;
};
/* Ends the program when it cannot. */
rd_kafka_t *bare_handle(const struct bare *b, rd_kafka_type_t type, const struct bare_property *properties);

/* context: the lane */
void *bare_lane_run(void *context);

struct redisContext *bare_redis_open(const char *url);
/* One pipelined write of a batch. with_deadlines: and one ZADD a row. */
void bare_redis_write(struct redisContext *redis, const struct bare_lane *lane, bool with_deadlines);
void bare_redis_close(struct redisContext *redis);

#endif
