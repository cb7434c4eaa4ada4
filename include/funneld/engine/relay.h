/* A stateless stage: reads one topic and sends each record on, under another key or to every partition. It has no rows,
 * so it commits plain offsets (no metadata) in the transaction of what it sends: exactly once, like a stream.
 * One thread; the caller drives it. */
#ifndef FUNNELD_ENGINE_RELAY_H
#define FUNNELD_ENGINE_RELAY_H

#include "funneld/engine/operator.h"
#include "funneld/engine/stats.h"
#include "funneld/ports/clock.h"
#include "funneld/ports/logger.h"

enum { FNL_RELAY_OUTPUTS_MAX = 4 };

struct fnl_relay_decision {
	struct fnl_output outputs[FNL_RELAY_OUTPUTS_MAX];
	size_t output_count; /* 0: nobody needs it */
};

/* Pure. POISON errors dead-letter the record with *why; RETRIABLE ones make the batch end before it. */
struct fnl_router {
	int (*route)(struct fnl_router *o, const struct fnl_record *r, struct fnl_arena *arena,
	             struct fnl_relay_decision *ret, struct fnl_error *why);
};

struct fnl_relay_settings {
	const char *name;        /* "router-commands": for dead letters and log lines */
	const char *input_topic; /* for the dead letters' headers */
	size_t dead_letter_topic;
	size_t batch_records_max;
	size_t batch_bytes_max;
	int poll_wait_ms;
	size_t arena_bytes_max;
	int txn_timeout_ms;
	int retry_ms;
};

struct fnl_relay_ports {
	struct fnl_log *log; /* borrowed, as all of these, until destroy; its changelog is not used */
	struct fnl_router *router;
	const struct fnl_clock *clock;
	const struct fnl_logger *logger; /* may be NULL */
};

struct fnl_relay_stats {
	uint64_t records;
	uint64_t outputs;
	uint64_t dead_letters;
	uint64_t transactions;
	uint64_t aborts;
	uint64_t producer_resets;
	struct fnl_batch_stats batches;
	bool joined; /* as struct fnl_stream_stats has it, and the next */
	size_t partitions;
	size_t partitions_running;
	uint64_t lag_records;
};

struct fnl_relay;

int fnl_relay_create(const struct fnl_relay_settings *settings, const struct fnl_relay_ports *ports,
                     struct fnl_relay **ret, struct fnl_error *why) FNL_MUST_USE;
/* As fnl_stream_cycle: 0 also when a peer is away; negative: class STOP with *why. */
int fnl_relay_cycle(struct fnl_relay *r, struct fnl_error *why) FNL_MUST_USE;
bool fnl_relay_is_idle(const struct fnl_relay *r);
struct fnl_relay_stats fnl_relay_stats(const struct fnl_relay *r);
struct fnl_relay *fnl_relay_destroy(struct fnl_relay *r);

#endif
