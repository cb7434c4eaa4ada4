/* Deterministic simulation: the real engine and operators, several workers in one thread, on the embedded log and a
 * view in memory, under a virtual clock. One seed decides everything: input, schedule, latencies and faults. */
#ifndef FUNNELD_TESTS_SIM_H
#define FUNNELD_TESTS_SIM_H

#include "fake_store.h"
#include "faulty_ports.h"
#include "funneld/adapters/embedded.h"
#include "funneld/engine/stream.h"

enum { SIM_PARTITIONS_MAX = 3, SIM_WORKERS_MAX = 3, SIM_OUTPUTS_MAX = 12, SIM_WHY_BYTES = 1024 };

/* ---- chance ---- */

struct sim_rng {
	uint64_t state;
};

static inline uint64_t sim_next(struct sim_rng *r)
{
	uint64_t x = r->state += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

static inline int64_t sim_below(struct sim_rng *r, int64_t n)
{
	return (int64_t)(sim_next(r) % (uint64_t)n);
}

static inline bool sim_chance(struct sim_rng *r, int per_mille)
{
	return sim_below(r, 1000) < per_mille;
}

/* ---- what is simulated ---- */

struct sim_row {
	int32_t partition;
	uint8_t table;
	struct fnl_span key;
	struct fnl_span value;
	int64_t deadline_ms;
};

/* All that a run left behind. Records are in the order of partition and offset, read_committed. */
struct sim_result {
	enum fnl_clock_mode clock;
	int32_t partition_count;
	int64_t end_ms;
	const struct fnl_record *inputs;
	size_t input_count;
	const struct fnl_record *outputs[SIM_OUTPUTS_MAX];
	size_t output_counts[SIM_OUTPUTS_MAX];
	const struct sim_row *rows;
	size_t row_count;
};

struct sim_workload {
	const char *name;
	const char *const *tables;
	size_t table_count;
	const char *const *outputs; /* topic names, in the operator's order */
	size_t output_count;
	size_t dead_letter_topic;
	int64_t wall_start_ms;
	int64_t future_max_ms; /* clock = wall: the engine's limit */
	struct fnl_operator *(*operator_open)(int32_t partition_count);
	void (*operator_close)(struct fnl_operator *op);
	/* Publishes the whole input to a topic. */
	void (*publish)(struct fnl_bus *bus, const char *topic, int32_t partition_count, uint64_t seed,
	                int64_t wall_start_ms);
	/* Holds the result against the oracle; 0, or -1 with the first difference in why. */
	int (*check)(const struct sim_result *r, char *why, size_t why_bytes);
};

extern const struct sim_workload sim_counter;
extern const struct sim_workload sim_paged;
extern const struct sim_workload sim_rep;
extern const struct sim_workload sim_org;
extern const struct sim_workload sim_prospect;

/* ---- faults ---- */

#define SIM_FAULTS(X) \
	X(CRASH_BEFORE, "crash before a call") \
	X(CRASH_AFTER, "crash after a call") \
	X(LOST_CALL, "lost call") \
	X(LOST_ANSWER, "lost answer") \
	X(LATE_END, "late end of a transaction") \
	X(ABORT, "abortable error") \
	X(PAUSE, "pause") \
	X(RESTART, "clean restart") \
	X(REBALANCE, "rebalance") \
	X(FLUSH, "view lost") \
	X(ROLLBACK, "view rolled back") \
	X(STORE_DOWN, "view away") \
	X(HALF_DONE, "view half written") \
	X(FORGET, "place of the view lost") \
	X(COMPACT, "compaction")

enum sim_fault {
#define SIM_X(name, text) SIM_##name,
	SIM_FAULTS(SIM_X)
#undef SIM_X
		SIM_FAULT_COUNT
};
extern const char *const sim_fault_names[SIM_FAULT_COUNT];

/* ---- a run ---- */

struct sim_outcome {
	bool failed;
	char why[SIM_WHY_BYTES];
	uint64_t faults[SIM_FAULT_COUNT];
	uint64_t calls;  /* port calls */
	int64_t time_ms; /* virtual */
	struct fnl_stream_stats stats;
};

/* trace: to stderr. aged: every run is as long as tombstones live, not just some. */
void sim_run(const struct sim_workload *workload, uint64_t seed, bool aged, bool trace, struct sim_outcome *ret);

/* ---- fiber.c: a worker's own stack, in the one thread ---- */

struct sim_fiber;

/* NULL: no memory. main must return in the end. */
struct sim_fiber *sim_fiber_open(void (*body)(void *context), void *context);
/* Runs it until it waits or ends; false: it has ended. */
bool sim_fiber_resume(struct sim_fiber *f);
/* Only from within. */
void sim_fiber_wait(struct sim_fiber *f);
/* It must have ended. */
struct sim_fiber *sim_fiber_close(struct sim_fiber *f);

#endif
