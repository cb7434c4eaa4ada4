/* The bus: private shape. */
#ifndef FUNNELD_KAFKA_BUS_INTERNAL_H
#define FUNNELD_KAFKA_BUS_INTERNAL_H

#include "kafka_internal.h"

enum {
	FNL_KAFKA_BUS_CALL_MS = 15000,    /* of one question to the cluster */
	FNL_KAFKA_BUS_PUBLISH_MS = 60000, /* a full queue that does not move for so long is an error */
	FNL_KAFKA_BUS_STALL_MS = 30000,   /* reading to an end that was there, without any progress */
	FNL_KAFKA_BUS_READ_PARTITIONS_MAX = 4096
};

struct fnl_kafka_bus {
	struct fnl_bus base;
	struct fnl_error story;
	rd_kafka_conf_t *conf;
	char servers[FNL_KAFKA_TEXT_BYTES_MAX];
	struct fnl_kafka_watch watch;
	rd_kafka_t *client;                             /* an idempotent producer, also used for questions */
	char *cluster_id;                               /* the client library's memory */
	rd_kafka_topic_t *topics[FNL_KAFKA_TOPICS_MAX]; /* published to so far */
	size_t topic_count;
	unsigned published;
	unsigned failed; /* deliveries since the last flush */
	rd_kafka_resp_err_t failed_first;
};

/* Where a reader stands in one partition. */
struct fnl_kafka_cursor {
	size_t topic;
	int32_t partition;
	int64_t position; /* all below was seen, or is no record */
	int64_t end;      /* the last stable offset when it began */
	bool found;       /* a record was seen */
};

/* A read_committed consumer that joins no group. */
int fnl_kafka_bus_consumer(struct fnl_kafka_bus *b, const char *group, rd_kafka_t **ret) FNL_MUST_USE;
void fnl_kafka_bus_consumer_free(rd_kafka_t *consumer);
/* One that is asked for ends only: those of all that was written, committed or not. rd_kafka_destroy ends it. */
int fnl_kafka_bus_end_reader(struct fnl_kafka_bus *b, rd_kafka_t **ret) FNL_MUST_USE;
int fnl_kafka_bus_fail(struct fnl_kafka_bus *b, rd_kafka_resp_err_t err, const char *doing, const char *what);

/* bus_admin.c */
int fnl_kafka_create_topic(struct fnl_bus *bus, const struct fnl_topic_spec *spec);
int fnl_kafka_describe_topic(struct fnl_bus *bus, const char *topic, struct fnl_topic_info *ret);
/* bus_read.c */
int fnl_kafka_read(struct fnl_bus *bus, const char *const *topics, size_t topic_count, bool from_beginning,
                   bool until_end, const volatile bool *stop, fnl_bus_visit visit, void *context);
int fnl_kafka_read_key(struct fnl_bus *bus, const char *topic, struct fnl_span key, fnl_bus_visit visit, void *context);
int fnl_kafka_cursor_bounds(struct fnl_kafka_bus *b, rd_kafka_t *consumer, const char *topic,
                            struct fnl_kafka_cursor *c, int64_t *ret_low);
/* Sets found of each cursor whose position is below its end, reading from its position. */
int fnl_kafka_find_records(struct fnl_kafka_bus *b, rd_kafka_t *consumer, const char *topic,
                           struct fnl_kafka_cursor *cursors, size_t count);
/* bus_group.c */
int fnl_kafka_lag(struct fnl_bus *bus, const char *group, const char *topic, struct fnl_partition_lag *ret,
                  size_t partition_count);
int fnl_kafka_set_committed(struct fnl_bus *bus, const char *group, const char *topic, int32_t partition,
                            int64_t offset, const char *metadata);

#endif
