/* A stage's real operator on the real engine over the embedded log, one worker, undisturbed, until nothing is left to
 * do; and copies of all that it leaves. For cmocka tests: what cannot be is a failed assertion. */
#ifndef FUNNELD_TESTS_STAGE_RUN_H
#define FUNNELD_TESTS_STAGE_RUN_H

#include "fake_store.h"
#include "funneld/adapters/embedded.h"
#include "funneld/engine/stream.h"

enum { STAGE_RUN_PARTITIONS = 3, STAGE_RUN_OUTPUTS_MAX = 12, STAGE_RUN_RECORDS_MAX = 16384 };

/* Input topic "in", changelog "rows"; settings vary with the seed. */
struct stage_run {
	struct fnl_stage stage;
	const char *const *outputs;
	size_t output_count;
	struct fnl_operator *op;
	enum fnl_clock_mode clock;
	uint64_t seed;
	int64_t start_ms;
	int64_t cycle_ms; /* time passes so fast */
	int64_t until_ms; /* it goes on at least so long */
	int64_t future_max_ms;
	int64_t event_time_max_ms;
	/* publishes the input */
	void (*publish)(void *context, struct fnl_bus *bus, uint64_t seed);
	void *context;
};

struct stage_row {
	int32_t partition;
	struct fnl_row_key row;
	struct fnl_span value;
	int64_t deadline_ms;
};

struct stage_result {
	struct fnl_arena arena;
	/* by topic, the input last; in order of partition and offset */
	struct fnl_record *records[STAGE_RUN_OUTPUTS_MAX + 1];
	size_t record_counts[STAGE_RUN_OUTPUTS_MAX + 1];
	struct stage_row *rows;
	size_t row_count;
	int32_t partition; /* being scanned */
	int64_t end_ms;
};

struct stage_result *stage_run(const struct stage_run *r);
/* The same rows, in any order, each due at the same time. */
void stage_result_same_rows(const struct stage_result *a, const struct stage_result *b);
void stage_result_free(struct stage_result *r);

#endif
