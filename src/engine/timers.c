/* Timers of a batch: a heap by (deadline, table, key). What was armed meanwhile is pushed too; an arming that is no
 * longer the row's own is ignored when its turn comes. */
#include "internal.h"

static bool before(const struct fnl_timer *a, const struct fnl_timer *b)
{
	if (a->deadline_ms != b->deadline_ms) {
		return a->deadline_ms < b->deadline_ms;
	}
	if (a->row.table != b->row.table) {
		return a->row.table < b->row.table;
	}
	return fnl_span_cmp(a->row.key, b->row.key) < 0;
}

static int heap_grow(struct fnl_stream *s, struct fnl_timer_heap *h)
{
	size_t capacity = h->capacity ? h->capacity * 2 : 64;
	struct fnl_timer *at = fnl_arena_calloc(&s->arena, capacity, sizeof(*at));
	if (!at) {
		return FNL_E_NOMEM;
	}
	if (h->count) {
		memcpy(at, h->at, h->count * sizeof(*at));
	}
	h->at = at;
	h->capacity = capacity;
	return 0;
}

int fnl_timers_push(struct fnl_stream *s, struct fnl_partition *p, struct fnl_timer t)
{
	struct fnl_timer_heap *h = &p->timers;
	if (h->count == h->capacity) {
		int rc = heap_grow(s, h);
		if (rc) {
			return rc;
		}
	}
	size_t i = h->count++;
	while (i > 0 && before(&t, &h->at[(i - 1) / 2])) {
		h->at[i] = h->at[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	h->at[i] = t;
	return 0;
}

static struct fnl_timer heap_pop(struct fnl_timer_heap *h)
{
	struct fnl_timer top = h->at[0];
	struct fnl_timer last = h->at[--h->count];
	size_t i = 0;
	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= h->count) {
			break;
		}
		if (child + 1 < h->count && before(&h->at[child + 1], &h->at[child])) {
			child++;
		}
		if (!before(&h->at[child], &last)) {
			break;
		}
		h->at[i] = h->at[child];
		i = child;
	}
	if (h->count) {
		h->at[i] = last;
	}
	return top;
}

static int fire_one(struct fnl_stream *s, struct fnl_partition *p, struct fnl_timer t, struct fnl_error *why)
{
	struct fnl_prepared prepared;
	memset(&prepared, 0, sizeof(prepared));
	int rc = fnl_batch_load(s, p, &t.row, 1);
	if (rc) {
		return rc;
	}
	struct fnl_entry *e = fnl_overlay_find(&p->overlay, t.row);
	if (!e || e->deadline_ms != t.deadline_ms) {
		return 0; /* a stale arming */
	}
	rc = s->ports.op->ops->prepare_timer(s->ports.op, t.row, e->value, &s->arena, &prepared);
	if (rc) {
		return rc;
	}
	rc = fnl_batch_load(s, p, prepared.rows, prepared.row_count);
	if (rc) {
		return rc;
	}
	struct fnl_step step = {
		.cause = FNL_CAUSE_TIMER,
		.now_ms = s->settings.clock == FNL_CLOCK_EVENT ? t.deadline_ms : s->now_ms,
		.input_offset = p->next_offset,
		.timer_row = t.row,
		.timer_deadline_ms = t.deadline_ms,
	};
	rc = fnl_batch_step(s, p, &step, &prepared, why);
	if (rc) {
		return rc;
	}
	if (e->deadline_ms <= t.deadline_ms) {
		return fnl_fail(why, FNL_E_INTERNAL, "a timer of stage %s did not move its row's deadline", s->stage.name);
	}
	p->fired++;
	return 0;
}

int fnl_timers_fire(struct fnl_stream *s, struct fnl_partition *p, int64_t limit_ms, struct fnl_error *why)
{
	while (p->timers.count && p->timers.at[0].deadline_ms <= limit_ms) {
		if (p->fired >= s->settings.timers_max) {
			return 2;
		}
		struct fnl_timer t = heap_pop(&p->timers);
		int rc = fire_one(s, p, t, why);
		if (rc == FNL_E_NOMEM && (p->fired || p->next_offset > p->offset)) {
			why->code = 0; /* no failure: the next batch has a new arena */
			return 2;
		}
		if (rc) {
			return rc;
		}
	}
	return 0;
}
