/* The times that partitions send to the stage after them: how many there are depends on batches, and who takes over a
 * partition says its time once more. So they are held to what must hold whatever these are. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_internal.h"

static const struct oracle_partition *partition_of(const struct oracle_run *run, int64_t id)
{
	for (size_t i = 0; i < run->partition_count; i++) {
		if (run->partitions[i].id == id) {
			return &run->partitions[i];
		}
	}
	return NULL;
}

/* The latest of partition `of` in the output's partition `in`; INT64_MIN: none. */
static int64_t latest(const struct oracle_run *run, int32_t in, int64_t of, char key[64])
{
	snprintf(key, 64, "%" PRId32 " %" PRId64, in, of);
	const json_t *v = json_object_get(run->stage_times, key);
	return v ? json_integer_value(v) : INT64_MIN;
}

int64_t oracle_stage_time(const struct oracle_run *run, int32_t in, int32_t of)
{
	char key[64];
	return latest(run, in, of, key);
}

const char *oracle_stage_time_take(struct oracle_run *run, const struct fnl_record *r, const json_t *v)
{
	char key[64], time[32];
	int64_t of = oracle_number(v, "partition"), at = oracle_number(v, "occurred_at");
	const struct oracle_partition *p = partition_of(run, of);
	if (!run->in->event_clock) {
		return "with clock = wall nobody asks for it";
	}
	if (!oracle_is(v, "source", "funneld") || oracle_number(v, "partition_count") != run->in->partition_count || !p) {
		return "it is of another source, or of no partition that is there";
	}
	if (r->header_count || r->key.data) {
		return "it has a key or headers";
	}
	snprintf(time, sizeof(time), "%" PRId64, at);
	if (!json_object_get(p->times, time)) {
		return "the partition never reached that time";
	}
	if (at < latest(run, r->partition, of, key)) {
		return "a later one was there before it";
	}
	json_object_set_new(run->stage_times, key, json_integer(at));
	run->stats.stage_times++;
	return NULL;
}

int oracle_stage_times_end(struct oracle_run *run, int32_t out_partitions, char *why, size_t why_bytes)
{
	char key[64];
	for (size_t i = 0; i < run->partition_count && run->in->event_clock; i++) {
		const struct oracle_partition *p = &run->partitions[i];
		for (int32_t in = 0; in < out_partitions && p->has_time; in++) {
			if (latest(run, in, p->id, key) != p->time_ms) {
				snprintf(why, why_bytes,
				         "rep-inputs, partition %" PRId32 ": the last StageTime of partition %" PRId32
				         " is not its time, %" PRId64,
				         in, p->id, p->time_ms);
				return -1;
			}
		}
	}
	return 0;
}
