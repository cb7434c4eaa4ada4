/* What a worker tells of itself: its numbers in Prometheus' text format (0.0.4), and whether it is healthy, as JSON. */
#ifndef FNL_PROGRAMS_METRICS_H
#define FNL_PROGRAMS_METRICS_H

#include "funneld/engine/stream.h"

/* X(id, name, type, help). Names and units as Prometheus wants them; the README's table lists them all. */
#define FNL_METRICS_TABLE(X) \
	X(BUILD, "funneld_build_info", "gauge", \
	  "1; its labels are the version of the program and the instance.id of the worker.") \
	X(STARTED, "process_start_time_seconds", "gauge", "When the process started, seconds since 1970.") \
	X(HEALTHY, "funneld_healthy", "gauge", "1 when /health answers 200.") \
	X(PROGRESS, "funneld_progress_age_seconds", "gauge", \
	  "Time since the thread last committed a batch, restored rows, or found nothing to do.") \
	X(RECORDS, "funneld_records_total", "counter", "Input records processed and committed.") \
	X(OUTPUTS, "funneld_outputs_total", "counter", \
	  "Records sent and committed, by topic; a copy to every partition counts once.") \
	X(ROWS, "funneld_row_writes_total", "counter", "Rows written to the changelog and the view.") \
	X(TRANSACTIONS, "funneld_transactions_total", "counter", "Transactions committed.") \
	X(ABORTS, "funneld_transactions_aborted_total", "counter", "Transactions aborted, and done again.") \
	X(BATCHES, "funneld_batch_duration_seconds", "histogram", \
	  "From the first record of a committed batch to its rows in the view.") \
	X(DEAD_LETTERS, "funneld_dead_letters_total", "counter", \
	  "Records that could not be processed and were set aside.") \
	X(STALE, "funneld_stale_inputs_total", "counter", "Inputs that told nothing new: duplicates, late changes.") \
	X(TIMERS, "funneld_timers_fired_total", "counter", "Timers fired.") \
	X(OVERDUE, "funneld_timers_overdue_seconds", "gauge", \
	  "How long the oldest timer that has not fired is due; 0: none is.") \
	X(LAG, "funneld_input_lag_records", "gauge", \
	  "Input beyond the committed offsets, in offsets; the markers of transactions count, so a few may stay.") \
	X(PARTITIONS, "funneld_partitions", "gauge", "Partitions that the thread owns, by state.") \
	X(RESTORED, "funneld_restored_records_total", "counter", "Changelog records read to rebuild the view.") \
	X(REPAIRS, "funneld_repairs_total", "counter", "Times a running partition fetched its committed state again.") \
	X(RESETS, "funneld_producer_resets_total", "counter", "Producers made, the first one of each thread included.")

enum fnl_metric {
#define FNL_X(id, name, type, help) FNL_METRIC_##id,
	FNL_METRICS_TABLE(FNL_X)
#undef FNL_X
		FNL_METRIC_COUNT
};

/* A thread of the worker at one moment. */
struct fnl_report_lane {
	const char *name;          /* "prospect-0" */
	const char *stage;         /* "prospect", "router-hr" */
	const char *const *topics; /* its outputs, as fnl_batch_stats has them */
	size_t topic_count;
	struct fnl_stream_stats stats;
	bool ended;
	bool progressed; /* ever; false: age_ms counts from its start */
	int64_t age_ms;
};

struct fnl_report {
	const char *version;
	const char *instance;
	int64_t started_ms;      /* wall clock */
	int64_t health_limit_ms; /* a thread without progress for longer is not healthy */
	bool starting;           /* its threads are not all there yet */
	const struct fnl_report_lane *lanes;
	size_t lane_count;
};

/* Both: 0, or FNL_E_NOMEM when the arena is full. */
int fnl_report_metrics(const struct fnl_report *r, struct fnl_arena *arena, struct fnl_span *ret) FNL_MUST_USE;
int fnl_report_health(const struct fnl_report *r, struct fnl_arena *arena, struct fnl_span *ret,
                      bool *ret_healthy) FNL_MUST_USE;

/* One thread's state in a word, and why it is not healthy; NULL: it is. */
const char *fnl_report_state(const struct fnl_report_lane *l);
const char *fnl_report_trouble(const struct fnl_report *r, const struct fnl_report_lane *l);

#endif
