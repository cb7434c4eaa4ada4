/* The stage's event time: the least of the times that the partitions of the stage before have reached. Lines do not
 * move it: of two of them the later one may come first. */
#include "rep_internal.h"

enum { PARTITIONS_MAX = FNL_RECORD_LIST_ITEMS_MAX };

struct fnl_row_key fnl_rep_time_row(struct fnl_operator *base)
{
	(void)base;
	return (struct fnl_row_key){FNL_REP_TABLE_PARTITION, FNL_SPAN_LIT("clock")};
}

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

int64_t fnl_rep_time_of(struct fnl_operator *base, struct fnl_span value)
{
	(void)base;
	struct times t;
	return times_read(value, &t) ? least(&t) : FNL_NO_TIME;
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

int64_t fnl_rep_time_reached(struct fnl_operator *base, struct fnl_span value, const struct fnl_prepared *prepared)
{
	(void)base;
	const struct fnl_rep_event *e = prepared->event;
	struct times t;
	if (!e || e->root.decoded.desc != &fnl_desc_stage_time || !fits(e->root.decoded.values)) {
		return FNL_NO_TIME;
	}
	(void)times_read(value, &t);
	/* one that is older than its partition's time moves nothing: the least may be beyond it already */
	return times_take(&t, e->root.decoded.values) ? least(&t) : FNL_NO_TIME;
}

int fnl_rep_step_time(struct fnl_rep_operator *o, const struct fnl_step *in, struct fnl_decision *d,
                      struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	const struct fnl_value *event = e->root.decoded.values;
	struct times t;
	struct fnl_value items[PARTITIONS_MAX];
	if (!fits(event)) {
		return fnl_fail(why, FNL_E_INVALID, "partition %lld of %lld, expected 0 to one less than at most %d",
		                (long long)event[FNL_STAGE_TIME_PARTITION].i64,
		                (long long)event[FNL_STAGE_TIME_PARTITION_COUNT].i64, PARTITIONS_MAX);
	}
	(void)times_read(in->rows[e->row_times], &t);
	d->stale = !times_take(&t, event);
	if (d->stale) {
		return 0;
	}
	for (size_t i = 0; i < t.count; i++) {
		items[i] = (struct fnl_value){.set = true, .i64 = t.at[i]};
	}
	struct fnl_value row[FNL_PARTITION_TIMES_FIELD_COUNT] = {{.set = true, .list = {items, t.count}}};
	return fnl_decision_put(d, (size_t)e->row_times, &o->times_row, row, in->arena);
}
