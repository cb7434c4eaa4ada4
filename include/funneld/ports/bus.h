/* Port: the log as tools see it: describe and create topics, publish, read. Not for the engine. One thread. */
#ifndef FUNNELD_PORTS_BUS_H
#define FUNNELD_PORTS_BUS_H

#include "funneld/base/status.h"
#include "funneld/ports/record.h"

enum fnl_cleanup { FNL_CLEANUP_DELETE, FNL_CLEANUP_COMPACT };

struct fnl_topic_spec {
	const char *name;
	int32_t partition_count;
	enum fnl_cleanup cleanup;
	int64_t retention_ms;     /* of a delete topic; -1: for ever */
	int32_t record_bytes_max; /* of a batch of records, headers included; 0: as the log has it */
};

struct fnl_topic_info {
	int32_t partition_count; /* 0: there is no such topic */
};

struct fnl_partition_lag {
	int32_t partition;
	int64_t committed; /* -1: none */
	int64_t end;       /* of read_committed: the last stable offset */
	bool behind;       /* true when a record lies between them (markers alone don't count), or something behind `end`:
	                      of an open transaction, or of one whose markers are still on their way */
	char metadata[64]; /* of the committed offset, NUL-terminated, "" when none */
};

/* Called for each record in offset order within a partition; topic is the index in the list given. != 0 stops. */
typedef int (*fnl_bus_visit)(void *context, size_t topic, const struct fnl_record *r);

struct fnl_bus;

struct fnl_bus_ops {
	/* 0, or 1 when it existed already (then its partition count and cleanup were checked: FNL_E_LAYOUT if other). */
	int (*create_topic)(struct fnl_bus *b, const struct fnl_topic_spec *spec);
	int (*describe_topic)(struct fnl_bus *b, const char *topic, struct fnl_topic_info *ret);
	/* Lives as long as the bus. */
	int (*cluster_id)(struct fnl_bus *b, const char **ret);

	/* Queues; partition -1: by key (murmur2). The spans may be reused on return. Waits when the queue is full. */
	int (*publish)(struct fnl_bus *b, const char *topic, int32_t partition, struct fnl_span key, struct fnl_span value,
	               const struct fnl_header *headers, size_t header_count);
	/* All queued are acknowledged, or an error: how many were not is in explain. */
	int (*publish_flush)(struct fnl_bus *b, int timeout_ms);

	/* read_committed. From the beginning (or from the end) of every partition of the topics; with until_end it ends at
	 * the last stable offsets found at the start, else when visit stops it or *stop becomes true (may be NULL). */
	int (*read)(struct fnl_bus *b, const char *const *topics, size_t topic_count, bool from_beginning, bool until_end,
	            const volatile bool *stop, fnl_bus_visit visit, void *context);
	/* The same from the beginning to the end found at the start, and only the partition of the topic that publish gives
	 * the key, which must not be absent. visit sees other keys of it, too. */
	int (*read_key)(struct fnl_bus *b, const char *topic, struct fnl_span key, fnl_bus_visit visit, void *context);
	/* Committed offsets of a group against the ends of a topic. ret has room for partition_count entries. */
	int (*lag)(struct fnl_bus *b, const char *group, const char *topic, struct fnl_partition_lag *ret,
	           size_t partition_count);
	/* Sets committed offset and metadata of a group without members: the operator's mending tool. */
	int (*set_committed)(struct fnl_bus *b, const char *group, const char *topic, int32_t partition, int64_t offset,
	                     const char *metadata);

	const char *(*explain)(struct fnl_bus *b);
	void (*close)(struct fnl_bus *b);
};

struct fnl_bus {
	const struct fnl_bus_ops *ops;
};

#endif
