/* A stream thread: one log connection, one view connection, one operator, all partitions it is given. It shares
 * nothing with any other. The caller drives it: one call of fnl_stream_cycle is one batch, so that a test can put a
 * crash between any two port calls.
 *
 * The state of a partition is a pair that the log committed: (input offset, cl). engine/README.md tells the protocol
 * and why each rule is there. */
#ifndef FUNNELD_ENGINE_STREAM_H
#define FUNNELD_ENGINE_STREAM_H

#include "funneld/engine/operator.h"
#include "funneld/engine/stats.h"
#include "funneld/ports/clock.h"
#include "funneld/ports/log.h"
#include "funneld/ports/logger.h"
#include "funneld/ports/store.h"

enum fnl_clock_mode {
	FNL_CLOCK_WALL, /* now = the wall clock when the batch began */
	FNL_CLOCK_EVENT /* now = the greatest event time the partition has seen; timers fire before the event that passes
	                   them */
};

struct fnl_stage {
	const char *name;               /* "prospect" */
	const char *input_topic;        /* for the dead letters' headers */
	const char *const *table_names; /* changelog key = table name, '|', row key */
	size_t table_count;             /* <= FNL_STORE_TABLES_MAX */
	size_t dead_letter_topic;       /* index into the log's output topics */
};

struct fnl_stream_settings {
	enum fnl_clock_mode clock;
	size_t batch_records_max;
	size_t batch_bytes_max;
	int poll_wait_ms;               /* for the first record of a batch, when idle */
	size_t timers_max;              /* fired in one batch, a partition */
	size_t pages_max;               /* of these, with a page: the work over many rows leaves room for inputs */
	size_t cache_bytes_max;         /* rows kept, a partition */
	size_t arena_bytes_max;         /* of one batch */
	size_t restore_records_max;     /* of one restore chunk */
	int txn_timeout_ms;             /* the broker's transaction time-out; waits of a commit stay below it */
	int store_retry_ms;             /* pause after the view was away */
	int64_t tombstone_retention_ms; /* delete.retention.ms of the changelog (rule 7) */
	int64_t future_max_ms;          /* clock = wall: an event later than now + this is dead-lettered */
	int64_t event_time_max_ms;      /* clock = event: an event later than this is dead-lettered */
	size_t record_bytes_max;        /* an input whose row or output would be longer is dead-lettered */
	bool isolates_crashes;          /* an input that ends processes is found and dead-lettered */
};

struct fnl_stream_ports {
	struct fnl_log *log; /* borrowed, as all of these, until destroy */
	struct fnl_store *store;
	struct fnl_operator *op;
	const struct fnl_clock *clock;
	const struct fnl_logger *logger; /* may be NULL */
};

struct fnl_stream_stats {
	uint64_t records; /* consumed and committed */
	uint64_t dead_letters;
	uint64_t stale;
	uint64_t timers;
	uint64_t outputs;
	uint64_t row_writes;
	uint64_t transactions;
	uint64_t aborts;
	uint64_t producer_resets;
	uint64_t repairs; /* times a running partition had to fetch its pair again */
	uint64_t restored_records;
	struct fnl_batch_stats batches;
	bool joined; /* it holds an assignment, perhaps one of no partitions */
	size_t partitions;
	size_t partitions_running;
	size_t partitions_restoring;
	uint64_t lag_records; /* input beyond what is committed, of the partitions that run; markers included */
	uint64_t
		timers_overdue_ms; /* how far the oldest timer that is due and not fired lies behind the partition's time */
};

struct fnl_stream;

/* The defaults of a deployment. */
struct fnl_stream_settings fnl_stream_settings_default(void);

/* FNL_E_NOMEM, or FNL_E_ARGUMENT with *why when a setting is out of range. */
int fnl_stream_create(const struct fnl_stage *stage, const struct fnl_stream_settings *settings,
                      const struct fnl_stream_ports *ports, struct fnl_stream **ret,
                      struct fnl_error *why) FNL_MUST_USE;
/* One turn: poll, one step of the life cycle of each partition that is not running, one batch, its transaction, its
 * apply. 0 also when a peer is away (it waits, and tries again at the next call). Negative: the stream cannot go on
 * (class STOP, *why says what and how to mend it); destroy it. */
int fnl_stream_cycle(struct fnl_stream *s, struct fnl_error *why) FNL_MUST_USE;
/* True when the last cycle found nothing to do and every partition is running. */
bool fnl_stream_is_idle(const struct fnl_stream *s);
struct fnl_stream_stats fnl_stream_stats(const struct fnl_stream *s);
/* Frees all but the ports. Between two cycles nothing is in flight, so this loses nothing. NULL is fine. */
struct fnl_stream *fnl_stream_destroy(struct fnl_stream *s);

#endif
