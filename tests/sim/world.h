/* Inside of a simulated world: broker, view, clock, workers. */
#ifndef FUNNELD_TESTS_SIM_WORLD_H
#define FUNNELD_TESTS_SIM_WORLD_H

#include "sim.h"

struct sim;

enum sim_worker_state { SIM_DOWN, SIM_UP, SIM_FENCED /* by its twin: it must not come back */ };

struct sim_worker {
	struct sim *sim;
	int number;
	char instance[16];
	struct sim_fiber *fiber;
	enum sim_worker_state state;
	int64_t wake_ms;
	bool end_asked; /* a clean end, as by SIGTERM */
	int idle_cycles;
	int cycles; /* since it came up, or since the last fault */
	struct fault_judge judge;
	struct fnl_log *log;
	struct fnl_store *store;
	struct faulty_log faulty_log;
	struct faulty_store faulty_store;
	struct fnl_operator *op;
	struct fnl_stream *stream;
	struct fnl_logger logger; /* for a trace */
	struct fnl_error why;
};

/* What this run is like: a few kinds of faults only, so that each gets its turn to be frequent (swarm testing). */
struct sim_style {
	int fault_per_mille[SIM_FAULT_COUNT];
	int faults_left;
	int64_t chaos_ms;
	int64_t feed_ms;         /* until all of the input is published, about */
	int64_t latency_ms;      /* of a port call, at most */
	int marker_per_mille;    /* chance of a marker to arrive at each step */
	int64_t pause_ms;        /* at most */
	int64_t compact_age_ms;  /* delete.retention.ms of the changelog */
	int64_t compact_each_ms; /* the cleaner comes so often; 0: only as a fault */
	int snapshot_per_mille;
};

struct sim {
	const struct sim_workload *workload;
	uint64_t seed;
	bool trace;
	struct sim_outcome *out;
	struct sim_rng rng;
	struct sim_style style;
	struct fnl_stream_settings settings;
	int64_t now_ms;
	int64_t store_up_ms;       /* the view is away before */
	struct fnl_record *staged; /* input that is not published yet, in order of partition and offset */
	size_t staged_count;
	size_t staged_at[SIM_PARTITIONS_MAX]; /* next of each partition */
	size_t staged_left;
	int64_t feed_at_ms;
	int64_t compacted_at_ms;
	bool healing;
	bool quitting;
	int32_t partition_count;
	int session_timeout_ms;
	struct fnl_clock clock;
	struct fnl_embedded *broker;
	struct fnl_bus *bus;
	struct fnl_fake_redis *redis;
	struct sim_worker workers[SIM_WORKERS_MAX];
	int worker_count;
};

/* style.c */
void sim_style_choose(struct sim *s, bool aged);
/* Each life of a worker has batches of another size. */
size_t sim_style_batch(struct sim *s);
/* worker.c */
void sim_worker_body(void *context);
/* judge.c */
struct fault_verdict sim_judge(void *context, const char *call, bool in_txn);
bool sim_judge_wait(void *context, int rc, int64_t since_ms, int timeout_ms);
int64_t sim_judge_now(void *context);
/* The worker sleeps; others go on. */
void sim_sleep(struct sim_worker *w, int64_t ms);
/* check.c: what must hold during and after a run. */
void sim_check_view(struct sim *s);
bool sim_is_quiet(struct sim *s);
void sim_check_end(struct sim *s);
/* Records of a topic in order of partition and offset; the caller frees. The spans live as long as the broker. */
struct fnl_record *sim_read_topic(struct sim *s, const char *topic, size_t *ret_count);

void sim_fail(struct sim *s, const char *fmt, ...) FNL_PRINTF(2, 3);
void sim_trace(const struct sim *s, const struct sim_worker *w, const char *fmt, ...) FNL_PRINTF(3, 4);

#endif
