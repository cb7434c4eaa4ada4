/* Counts of transactions; see engine/stats.h. */
#include "internal.h"

int64_t fnl_batch_bucket_ms(size_t bucket)
{
	static const int64_t bounds[] = {
#define FNL_X(ms) ms,
		FNL_BATCH_BUCKETS_MS(FNL_X)
#undef FNL_X
	};
	return bucket < FNL_BATCH_BUCKET_LONGER ? bounds[bucket] : INT64_MAX;
}

void fnl_batch_stats_took(struct fnl_batch_stats *b, int64_t ms)
{
	size_t bucket = 0;
	while (ms > fnl_batch_bucket_ms(bucket)) {
		bucket++;
	}
	b->durations[bucket]++;
	b->duration_ms += ms > 0 ? (uint64_t)ms : 0;
}

void fnl_batch_stats_outputs(struct fnl_batch_stats *b, const struct fnl_produced *first)
{
	for (const struct fnl_produced *o = first; o; o = o->next) {
		if (o->topic < FNL_STATS_TOPICS_MAX) {
			b->outputs_to[o->topic]++;
		}
	}
}

uint64_t fnl_input_lag(struct fnl_log *l, int32_t partition, int64_t offset)
{
	int64_t end = l->ops->input_end(l, partition);
	return end > offset ? (uint64_t)(end - offset) : 0;
}
