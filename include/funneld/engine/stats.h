/* What streams and relays count of their transactions besides records: how long they took, where their outputs went. */
#ifndef FUNNELD_ENGINE_STATS_H
#define FUNNELD_ENGINE_STATS_H

#include <stddef.h>
#include <stdint.h>

/* Upper bounds of the buckets of a batch's duration; one more bucket takes all that was longer. */
#define FNL_BATCH_BUCKETS_MS(X) X(5) X(10) X(25) X(50) X(100) X(250) X(500) X(1000) X(2500) X(5000) X(10000) X(30000)

enum {
#define FNL_X(ms) FNL_BATCH_BUCKET_##ms,
	FNL_BATCH_BUCKETS_MS(FNL_X)
#undef FNL_X
		FNL_BATCH_BUCKET_LONGER,
	FNL_BATCH_BUCKET_COUNT
};

enum { FNL_STATS_TOPICS_MAX = 16 };

struct fnl_batch_stats {
	/* By index of the log's output topics, dead letters and copies to every partition (as one) included; what goes to
	 * a topic beyond these is not counted here. */
	uint64_t outputs_to[FNL_STATS_TOPICS_MAX];
	uint64_t durations[FNL_BATCH_BUCKET_COUNT]; /* committed batches, from their first record to their apply */
	uint64_t duration_ms;                       /* their sum */
};

/* The bound of a bucket; INT64_MAX for the last. */
int64_t fnl_batch_bucket_ms(size_t bucket);
void fnl_batch_stats_took(struct fnl_batch_stats *b, int64_t ms);

#endif
