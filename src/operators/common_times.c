/* clock = event: the time of a stage that has another before it is the least of the times that the partitions of that
 * one have reached. What that one sends does not move it: of two records the later one may come first. */
#include "common.h"

enum { PARTITIONS_MAX = FNL_RECORD_LIST_ITEMS_MAX };

struct times {
	int64_t at[PARTITIONS_MAX]; /* 0: none yet */
	size_t count;
};

/* The row's body is one list of longs: no arena is needed to read it. false: there is none, or it cannot be read. */
static bool times_read(struct fnl_span value, struct times *ret)
{
	_Static_assert(FNL_PARTITION_TIMES_FIELD_COUNT == 1, "the row of times is read as one list");
	struct fnl_reader r = fnl_row_body(value);
	ret->count = 0;
	for (int64_t left = fnl_read_long(&r); left > 0 && !r.bad; left = fnl_read_long(&r)) {
		if (left > PARTITIONS_MAX - (int64_t)ret->count) {
			return false;
		}
		for (int64_t i = 0; i < left; i++) {
			ret->at[ret->count++] = fnl_read_long(&r);
		}
	}
	return !r.bad && ret->count > 0;
}

static int64_t least(const struct times *t)
{
	int64_t least_ms = INT64_MAX;
	for (size_t i = 0; i < t->count; i++) {
		least_ms = t->at[i] < least_ms ? t->at[i] : least_ms;
	}
	return t->count == 0 || least_ms == 0 ? FNL_NO_TIME : least_ms;
}

int64_t fnl_times_of(struct fnl_span row)
{
	struct times t;
	return times_read(row, &t) ? least(&t) : FNL_NO_TIME;
}

/* Takes what a StageTime says; false: it says nothing new. */
static bool times_take(struct times *t, const struct fnl_value *event)
{
	size_t count = (size_t)event[FNL_STAGE_TIME_PARTITION_COUNT].i64;
	size_t at = (size_t)event[FNL_STAGE_TIME_PARTITION].i64;
	while (t->count < count) {
		t->at[t->count++] = 0;
	}
	if (event[FNL_STAGE_TIME_OCCURRED_AT].i64 <= t->at[at]) {
		return false;
	}
	t->at[at] = event[FNL_STAGE_TIME_OCCURRED_AT].i64;
	return true;
}

static bool fits(const struct fnl_value *event)
{
	int64_t count = event[FNL_STAGE_TIME_PARTITION_COUNT].i64;
	int64_t at = event[FNL_STAGE_TIME_PARTITION].i64;
	return count >= 1 && count <= PARTITIONS_MAX && at >= 0 && at < count && event[FNL_STAGE_TIME_OCCURRED_AT].i64 > 0;
}

int64_t fnl_times_reached(struct fnl_span row, const struct fnl_decoded *decoded)
{
	struct times t;
	if (decoded->desc != &fnl_desc_stage_time || !fits(decoded->values)) {
		return FNL_NO_TIME;
	}
	(void)times_read(row, &t);
	/* one that is older than its partition's time moves nothing: the least may be beyond it already */
	return times_take(&t, decoded->values) ? least(&t) : FNL_NO_TIME;
}

int fnl_times_step(const struct fnl_row_type *type, const struct fnl_step *in, size_t at, const struct fnl_value *event,
                   struct fnl_decision *d, struct fnl_error *why)
{
	struct times t;
	struct fnl_value items[PARTITIONS_MAX];
	if (!fits(event)) {
		return fnl_fail(why, FNL_E_INVALID, "partition %lld of %lld, expected 0 to one less than at most %d",
		                (long long)event[FNL_STAGE_TIME_PARTITION].i64,
		                (long long)event[FNL_STAGE_TIME_PARTITION_COUNT].i64, PARTITIONS_MAX);
	}
	(void)times_read(in->rows[at], &t);
	d->stale = !times_take(&t, event);
	if (d->stale) {
		return 0;
	}
	for (size_t i = 0; i < t.count; i++) {
		items[i] = (struct fnl_value){.set = true, .i64 = t.at[i]};
	}
	struct fnl_value row[FNL_PARTITION_TIMES_FIELD_COUNT] = {{.set = true, .list = {items, t.count}}};
	return fnl_decision_put(d, at, type, row, in->arena);
}

int fnl_times_forward(const struct fnl_row_type *stage_time, const struct fnl_times_at *at, int64_t time_ms,
                      struct fnl_arena *arena, struct fnl_output *ret)
{
	struct fnl_value v[FNL_STAGE_TIME_FIELD_COUNT] = {
		[FNL_STAGE_TIME_SOURCE] = {.set = true, .str = FNL_SPAN_LIT("funneld")},
		[FNL_STAGE_TIME_OCCURRED_AT] = {.set = true, .i64 = time_ms},
		[FNL_STAGE_TIME_PARTITION] = {.set = true, .i64 = at->partition},
		[FNL_STAGE_TIME_PARTITION_COUNT] = {.set = true, .i64 = at->partition_count},
	};
	struct fnl_output out = {.topic = at->topic, .partition = FNL_PARTITION_EVERY};
	int rc = fnl_row_encode(stage_time, v, arena, &out.value);
	if (rc == 0) {
		*ret = out;
	}
	return rc;
}
