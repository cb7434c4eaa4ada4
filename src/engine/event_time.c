/* The clock of a partition when clock = event: a row like any other, so that it survives with the rows. */
#include "internal.h"

static struct fnl_entry *time_entry(const struct fnl_stream *s, const struct fnl_partition *p)
{
	return fnl_overlay_find(&p->overlay, s->ports.op->ops->time_row(s->ports.op));
}

static int64_t time_of_row(const struct fnl_stream *s, const struct fnl_partition *p)
{
	const struct fnl_entry *e = time_entry(s, p);
	return e && !fnl_span_is_none(e->value) ? s->ports.op->ops->time_of(s->ports.op, e->value) : FNL_NO_TIME;
}

void fnl_event_time_begin(struct fnl_stream *s, struct fnl_partition *p)
{
	if (!fnl_by_event(s) || p->event_time_known) {
		return;
	}
	p->event_time_ms = time_of_row(s, p);
	p->event_time_known = true;
	p->time_ms = p->event_time_ms;
	if (p->read.due_max == 0 && p->event_time_ms != FNL_NO_TIME) {
		p->horizon_ms = FNL_NO_TIME; /* timers up to the stored time were not asked for: the next batch does */
	}
}

int fnl_event_time_limit(struct fnl_stream *s, const struct fnl_partition *p, const struct fnl_input *in,
                         int64_t *ret_ms, struct fnl_error *why)
{
	const struct fnl_operator_ops *ops = s->ports.op->ops;
	int64_t most_ms = in->prepared.event_time_ms;
	int64_t reached_ms = most_ms;
	if (ops->time_reached && most_ms != FNL_NO_TIME) {
		const struct fnl_entry *e = time_entry(s, p);
		reached_ms = ops->time_reached(s->ports.op, e ? e->value : FNL_SPAN_NONE, &in->prepared);
	}
	if (reached_ms > most_ms) {
		return fnl_fail(why, FNL_E_INTERNAL, "stage %s reaches a later time than the one prepared", s->stage.name);
	}
	*ret_ms = reached_ms > p->time_ms ? reached_ms : p->time_ms;
	return 0;
}

int fnl_event_time_follow(struct fnl_stream *s, struct fnl_partition *p, int64_t limit_ms, bool dead,
                          struct fnl_error *why)
{
	if (!fnl_by_event(s)) {
		return 0;
	}
	if (s->ports.op->ops->time_write) {
		p->time_ms = limit_ms;
		return 0;
	}
	/* What the row says: so it is after a restart, too. A dead letter has written nothing. */
	int64_t written_ms = time_of_row(s, p);
	if (!dead && written_ms != limit_ms) {
		return fnl_fail(why, FNL_E_INTERNAL, "stage %s did not write the time that it has reached", s->stage.name);
	}
	p->time_ms = written_ms;
	return 0;
}

int fnl_event_time_end(struct fnl_stream *s, struct fnl_partition *p)
{
	const struct fnl_operator_ops *ops = s->ports.op->ops;
	if (!fnl_by_event(s)) {
		return 0;
	}
	bool moved = p->time_ms != p->event_time_ms;
	if (moved && ops->time_write) {
		struct fnl_entry *e = time_entry(s, p);
		int rc = e ? ops->time_write(s->ports.op, p->time_ms, &s->arena, &e->value) : FNL_E_INTERNAL;
		if (rc) {
			return rc;
		}
	}
	/* The next stage hears of the time when all that is due at it has been done: another batch may finish that. */
	p->owed_next = p->owed || moved;
	if (!ops->time_forward || !p->owed_next || p->left || p->time_ms == FNL_NO_TIME) {
		return 0;
	}
	struct fnl_output out = {.topic = 0};
	int rc = ops->time_forward(s->ports.op, p->id, p->time_ms, &s->arena, &out);
	rc = rc ? rc : fnl_keep_outputs(s, p, &out, 1);
	p->owed_next = rc != 0;
	return rc;
}
