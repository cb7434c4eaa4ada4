/* Timers of a batch: a heap by (deadline, table, key). What was armed meanwhile is pushed too; an arming that is no
 * longer the row's own is ignored when its turn comes. */
#include "internal.h"

enum { PUT_OFF = 3 };

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

/* A row may stay due at once, as long as its bytes tell that something was done. */
static bool moved(const struct fnl_entry *e, struct fnl_timer t, struct fnl_span value)
{
	return e->deadline_ms > t.deadline_ms || (e->deadline_ms == t.deadline_ms && !fnl_span_eq(e->value, value));
}

/* A stale arming; or the row's time has not come, and who changed it left the index as it was. */
static int not_yet(struct fnl_stream *s, struct fnl_partition *p, struct fnl_entry *e, struct fnl_timer t)
{
	if (!t.indexed || e->deadline_ms == FNL_NO_DEADLINE || e->deadline_ms < t.deadline_ms) {
		return 0;
	}
	e->rearm = true;
	t.deadline_ms = e->deadline_ms;
	t.indexed = false;
	return fnl_entry_dirty(e) ? 0 : fnl_timers_push(s, p, t); /* what this batch has changed was pushed then */
}

/* 0; 1: the partition went to repair; PUT_OFF: it wants a page, and this batch has read as many as it may; < 0. */
static int fire_one(struct fnl_stream *s, struct fnl_partition *p, struct fnl_timer t, struct fnl_error *why)
{
	struct fnl_prepared prepared;
	memset(&prepared, 0, sizeof(prepared));
	struct fnl_entry *e, *entries[FNL_STEP_ROWS_MAX];
	int rc = fnl_batch_load(s, p, &t.row, 1, &e);
	if (rc) {
		return rc;
	}
	if (e->deadline_ms != t.deadline_ms) {
		return not_yet(s, p, e, t);
	}
	struct fnl_span value = e->value;
	rc = s->ports.op->ops->prepare_timer(s->ports.op, t.row, value, &s->arena, &prepared);
	if (rc) {
		return rc;
	}
	if (prepared.page.wanted && p->pages >= s->settings.pages_max) {
		return PUT_OFF;
	}
	rc = fnl_batch_load(s, p, prepared.rows, prepared.row_count, entries);
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
	if (prepared.page.wanted) {
		rc = fnl_page_read(s, p, &prepared.page, &step.page, &step.page_count, why);
	}
	rc = rc ? rc : fnl_batch_step(s, p, &step, &prepared, entries, why);
	if (rc) {
		return rc;
	}
	if (!moved(e, t, value)) {
		return fnl_fail(why, FNL_E_INTERNAL, "a timer of stage %s moved neither its row's deadline nor its bytes",
		                s->stage.name);
	}
	p->pages += prepared.page.wanted;
	p->fired++;
	return 0;
}

static int64_t time_now(const struct fnl_stream *s, const struct fnl_partition *p)
{
	return fnl_by_event(s) ? p->time_ms : s->now_ms;
}

bool fnl_timer_indexed(const struct fnl_stream *s, const struct fnl_partition *p, const struct fnl_entry *e)
{
	if (e->deadline_ms == e->loaded_deadline_ms) {
		return !e->rearm;
	}
	bool later = e->deadline_ms != FNL_NO_DEADLINE && e->loaded_deadline_ms != FNL_NO_DEADLINE &&
	             e->deadline_ms > e->loaded_deadline_ms;
	return later && !e->rearm && e->loaded_deadline_ms > time_now(s, p);
}

static void leave(struct fnl_partition *p, int64_t deadline_ms)
{
	p->left = true;
	p->left_ms = deadline_ms < p->left_ms ? deadline_ms : p->left_ms;
}

void fnl_timers_left(struct fnl_stream *s, struct fnl_partition *p)
{
	int64_t limit_ms = time_now(s, p);
	struct fnl_timer_heap *h = &p->timers;
	while (h->count && h->at[0].deadline_ms <= limit_ms) {
		const struct fnl_entry *e = fnl_overlay_find(&p->overlay, h->at[0].row);
		if (!e || e->deadline_ms == h->at[0].deadline_ms) {
			leave(p, h->at[0].deadline_ms);
			return;
		}
		if (h->at[0].indexed && e->deadline_ms > h->at[0].deadline_ms && e->deadline_ms <= limit_ms) {
			leave(p, e->deadline_ms);
		}
		(void)heap_pop(h); /* a stale arming, or not yet */
	}
	if (p->due_full && p->horizon_ms <= limit_ms) {
		leave(p, p->horizon_ms);
	}
}

int fnl_timers_fire(struct fnl_stream *s, struct fnl_partition *p, int64_t limit_ms, struct fnl_error *why)
{
	/* By the wall clock timers wait for the next batch, inputs do not wait for them. */
	int full = fnl_by_event(s) ? 2 : 0;
	while (p->timers.count && p->timers.at[0].deadline_ms <= limit_ms) {
		/* Others that this batch does not know may be due between the last one that it has read and one that was armed
		 * meanwhile: when some of those that were read did not have to fire, its turn would come too early. */
		bool too_early = p->due_full && before(&p->last_due, &p->timers.at[0]);
		if (too_early || p->fired >= s->settings.timers_max) {
			return full;
		}
		struct fnl_timer t = heap_pop(&p->timers);
		int rc = fire_one(s, p, t, why);
		bool arena_full = rc == FNL_E_NOMEM && (p->fired || p->next_offset > p->offset);
		if (rc != PUT_OFF && !arena_full) {
			if (rc) {
				return rc;
			}
			continue;
		}
		if (t.deadline_ms <= time_now(s, p)) {
			leave(p, t.deadline_ms); /* the next batch finds it in the view */
		}
		if (rc == PUT_OFF && full == 0) {
			continue; /* others may go on */
		}
		why->code = 0; /* no failure: the next batch has a new arena */
		return 2;
	}
	return 0;
}
