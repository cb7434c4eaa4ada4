/* Port: one stream thread's connection to the log (Kafka, or the embedded log). It is a consumer of the stage's input
 * topic in the stage's group, a transactional producer, and a reader for restoring from the changelog. Used by one
 * thread only. Every wait has a deadline. `funneld/engine.md` rules 1, 5, 6, 8 speak of these calls.
 *
 * Partition numbers are those of the input topic; the changelog has as many. */
#ifndef FUNNELD_PORTS_LOG_H
#define FUNNELD_PORTS_LOG_H

#include "funneld/base/status.h"
#include "funneld/ports/record.h"

struct fnl_log;

enum {
	FNL_PARTITION_BY_KEY = -1, /* murmur2, as the Java clients do */
	FNL_PARTITION_EVERY = -2
};

/* What one poll brought. All pointers live until the next poll of this log. */
struct fnl_poll {
	/* true: since the last poll the whole assignment was revoked or lost and `assigned` is the new one (maybe empty).
	 * Nothing of the old one may be used again, also for a partition that is in both. New ones start stopped. */
	bool rebalanced;
	bool joined; /* the group has given an assignment (maybe of no partition) that is not known to be lost */
	const int32_t *assigned;
	size_t assigned_count;
	/* Records of started partitions only, of this assignment only, each partition's in order of offset. */
	const struct fnl_record *records;
	size_t record_count;
};

/* The committed position of the group for a partition. */
struct fnl_committed {
	int32_t partition;
	int64_t offset;           /* -1: none is committed */
	struct fnl_span metadata; /* lives until the next call on this log; absent or empty: none */
};

struct fnl_commit {
	int32_t partition;
	int64_t offset; /* of the next input to process */
	struct fnl_span metadata;
};

/* One chunk of a changelog, read_committed. Records live until the next restore call. */
struct fnl_restore_chunk {
	const struct fnl_record *records;
	size_t record_count;
	int64_t position; /* all below it was delivered, compacted away, or is a marker or aborted: rule 6 */
};

struct fnl_log_ops {
	/* Waits up to timeout_ms for the first record, then takes what is there, up to records_max and bytes_max.
	 * Errors: FENCED_INSTANCE, or RETRIABLE ones (nothing was delivered; poll again). */
	int (*poll)(struct fnl_log *l, size_t records_max, size_t bytes_max, int timeout_ms, struct fnl_poll *ret);
	/* Delivers from offset on (a seek and a resume). Records fetched before are never delivered after it. */
	int (*start)(struct fnl_log *l, int32_t partition, int64_t offset);
	/* Stops delivery; poll goes on and keeps the assignment. */
	int (*stop)(struct fnl_log *l, int32_t partition);

	/* Where the input partition ends, its markers included, as far as its last fetch told: no request is made. -1: not
	 * known. Good for counting what is left, and for nothing else. */
	int64_t (*input_end)(struct fnl_log *l, int32_t partition);

	/* The stable committed pairs (KIP-447 require_stable): RETRIABLE/TIMEOUT while a transaction is pending. */
	int (*committed)(struct fnl_log *l, struct fnl_committed *pairs, size_t count, int timeout_ms);
	/* Log start and high watermark of the changelog partition, uncommitted records included (rule 6). */
	int (*changelog_bounds)(struct fnl_log *l, int32_t partition, int64_t *ret_start, int64_t *ret_end, int timeout_ms);

	/* Restoring: one partition at a time; open while another is open closes that one. */
	int (*restore_open)(struct fnl_log *l, int32_t partition, int64_t from_offset);
	/* Waits up to timeout_ms; position may advance without any record. */
	int (*restore_poll)(struct fnl_log *l, size_t records_max, int timeout_ms, struct fnl_restore_chunk *ret);
	void (*restore_close)(struct fnl_log *l);

	/* Transactions. Errors are of class ABORT (a clean, abortable one) or UNKNOWN (recreate), see base/status.h. */
	int (*txn_begin)(struct fnl_log *l);
	/* Queues a record for an output topic (index of the table given at creation). partition: a number,
	 * FNL_PARTITION_BY_KEY or FNL_PARTITION_EVERY (a copy to each). Key, value and headers may be reused once this
	 * returns. */
	int (*produce)(struct fnl_log *l, size_t topic, int32_t partition, struct fnl_span key, struct fnl_span value,
	               const struct fnl_header *headers, size_t header_count);
	/* Same for the changelog, to the partition named. A value with data == NULL is a tombstone. Key and value are
	 * borrowed until flush, or until the transaction ends. */
	int (*produce_changelog)(struct fnl_log *l, int32_t partition, struct fnl_span key, struct fnl_span value);
	/* All queued records are in the log when this returns 0. */
	int (*flush)(struct fnl_log *l, int timeout_ms);
	/* After flush: offset + 1 of the last changelog record of this transaction in that partition, -1 when none. */
	int64_t (*changelog_next)(struct fnl_log *l, int32_t partition);
	/* Adds the input offsets to the transaction, with the group metadata captured when the present assignment was
	 * given (rule 5). FNL_E_NOT_ASSIGNED when there is no valid one. */
	int (*send_offsets)(struct fnl_log *l, const struct fnl_commit *commits, size_t count, int timeout_ms);
	int (*txn_commit)(struct fnl_log *l, int timeout_ms);
	int (*txn_abort)(struct fnl_log *l, int timeout_ms);
	/* Destroys the producer and makes a new one that has fenced the old (init_transactions). Also the first one. */
	int (*producer_reset)(struct fnl_log *l, int timeout_ms);
	/* True after a commit that was slow or saw a disconnect: the caller resets the producer before the next one. */
	bool (*producer_is_doubtful)(struct fnl_log *l);

	/* The last error's story for people; never NULL. */
	const char *(*explain)(struct fnl_log *l);
	/* Leaves without leaving the group when static (see engine.md), frees everything. NULL is fine. */
	void (*close)(struct fnl_log *l);
};

/* First member of every implementation. */
struct fnl_log {
	const struct fnl_log_ops *ops;
};

#endif
