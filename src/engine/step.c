/* One step of the operator: its decision goes into the overlay and among what is produced, whole or not at all. */
#include "internal.h"

bool fnl_batch_keep(struct fnl_stream *s, struct fnl_span *span)
{
	if (fnl_span_is_none(*span) || !fnl_arena_has(&s->scratch, span->data)) {
		return true;
	}
	*span = fnl_arena_dup(&s->arena, *span);
	return !fnl_span_is_none(*span);
}

int fnl_keep_outputs(struct fnl_stream *s, struct fnl_partition *p, const struct fnl_output *outputs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct fnl_output *o = &outputs[i];
		struct fnl_produced *out = fnl_arena_alloc(&s->arena, sizeof(*out));
		struct fnl_header *h = fnl_arena_alloc(&s->arena, (o->header_count ? o->header_count : 1) * sizeof(*h));
		if (!out || !h) {
			return FNL_E_NOMEM;
		}
		*out = (struct fnl_produced){NULL, o->topic, o->partition, o->key, o->value, h, o->header_count};
		bool kept = fnl_batch_keep(s, &out->key) && fnl_batch_keep(s, &out->value);
		for (size_t n = 0; kept && n < o->header_count; n++) {
			h[n] = o->headers[n];
			kept = fnl_batch_keep(s, &h[n].value);
		}
		if (!kept) {
			return FNL_E_NOMEM;
		}
		*p->produced_tail = out;
		p->produced_tail = &out->next;
	}
	p->outputs += count;
	return 0;
}

static bool decision_fits(const struct fnl_stream *s, const struct fnl_step *step)
{
	const struct fnl_decision *d = &s->decision;
	bool fits = d->row_count <= FNL_STEP_WRITES_MAX && d->output_count <= FNL_STEP_OUTPUTS_MAX;
	for (size_t i = 0; fits && i < d->row_count; i++) {
		const struct fnl_row_out *r = &d->rows[i];
		fits = r->row == FNL_ROW_BY_KEY ? r->key.table < s->stage.table_count && !fnl_span_is_none(r->key.key)
		                                : r->row < step->row_count;
	}
	for (size_t i = 0; fits && i < d->output_count; i++) {
		fits = d->outputs[i].header_count <= FNL_OUTPUT_HEADERS_MAX;
	}
	return fits;
}

/* The log does not take what is longer; found here it costs the input, found there the process. */
static int check_sizes(const struct fnl_stream *s, struct fnl_error *why)
{
	const struct fnl_decision *d = &s->decision;
	for (size_t i = 0; i < d->row_count; i++) {
		if (d->rows[i].value.len > s->settings.record_bytes_max) {
			return fnl_fail(why, FNL_E_LIMIT, "a row would be %zu bytes long, beyond the limit %zu",
			                d->rows[i].value.len, s->settings.record_bytes_max);
		}
	}
	for (size_t i = 0; i < d->output_count; i++) {
		if (d->outputs[i].value.len > s->settings.record_bytes_max) {
			return fnl_fail(why, FNL_E_LIMIT, "an output would be %zu bytes long, beyond the limit %zu",
			                d->outputs[i].value.len, s->settings.record_bytes_max);
		}
	}
	return 0;
}

/* Rows named by their key are loaded first: what was there before decides whether they change, and their deadline. */
static int load_by_key(struct fnl_stream *s, struct fnl_partition *p)
{
	struct fnl_decision *d = &s->decision;
	struct fnl_row_key *keys = NULL;
	size_t n = 0;
	for (size_t i = 0; i < d->row_count; i++) {
		if (d->rows[i].row != FNL_ROW_BY_KEY) {
			continue;
		}
		keys = keys ? keys : fnl_arena_calloc(&s->scratch, d->row_count, sizeof(*keys));
		if (!keys || !fnl_batch_keep(s, &d->rows[i].key.key)) {
			return FNL_E_NOMEM;
		}
		keys[n++] = d->rows[i].key;
	}
	return n ? fnl_batch_load(s, p, keys, n, NULL) : 0;
}

static int take_row(struct fnl_stream *s, struct fnl_partition *p, struct fnl_entry *e, struct fnl_span value)
{
	if (!fnl_batch_keep(s, &value)) {
		return FNL_E_NOMEM;
	}
	e->value = value;
	e->deadline_ms =
		fnl_span_is_none(value) ? FNL_NO_DEADLINE : s->ports.op->ops->row_deadline(s->ports.op, e->table, value);
	if (e->deadline_ms == FNL_NO_DEADLINE) {
		return 0;
	}
	return fnl_timers_push(s, p, (struct fnl_timer){e->deadline_ms, {e->table, e->node.key}, false});
}

/* The arena may end in the middle of it: then nothing of the decision may stay. */
static int take_decision(struct fnl_stream *s, struct fnl_partition *p, struct fnl_entry **entries)
{
	const struct fnl_decision *d = &s->decision;
	struct fnl_produced **tail = p->produced_tail;
	size_t outputs = p->outputs;
	size_t taken = 0;
	int rc = 0;
	for (; rc == 0 && taken < d->row_count; taken++) {
		const struct fnl_row_out *r = &d->rows[taken];
		struct fnl_entry *e = r->row == FNL_ROW_BY_KEY ? fnl_overlay_find(&p->overlay, r->key) : entries[r->row];
		s->undo[taken] = (struct fnl_undo){e, e->value, e->deadline_ms};
		rc = take_row(s, p, e, r->value);
	}
	rc = rc ? rc : fnl_keep_outputs(s, p, d->outputs, d->output_count);
	if (rc == 0) {
		return 0;
	}
	while (taken > 0) { /* backwards: a row may be there twice */
		const struct fnl_undo *u = &s->undo[--taken];
		u->entry->value = u->value;
		u->entry->deadline_ms = u->deadline_ms;
	}
	p->produced_tail = tail;
	*p->produced_tail = NULL;
	p->outputs = outputs;
	return rc;
}

int fnl_batch_step(struct fnl_stream *s, struct fnl_partition *p, struct fnl_step *step,
                   const struct fnl_prepared *prepared, struct fnl_entry **entries, struct fnl_error *why)
{
	struct fnl_span rows[FNL_STEP_ROWS_MAX];
	for (size_t i = 0; i < prepared->row_count; i++) {
		if (!entries[i] || !entries[i]->known) {
			return fnl_fail(why, FNL_E_INTERNAL, "a row that stage %s needs was not loaded", s->stage.name);
		}
		rows[i] = entries[i]->value;
	}
	step->partition = p->id;
	step->event = prepared->event;
	step->rows = rows;
	step->row_count = prepared->row_count;
	step->arena = &s->scratch;
	fnl_arena_reset(&s->scratch);
	s->decision.row_count = s->decision.output_count = 0;
	s->decision.stale = false;
	int rc = s->ports.op->ops->step(s->ports.op, step, &s->decision, why);
	if (rc) {
		return rc;
	}
	if (!decision_fits(s, step)) {
		return fnl_fail(why, FNL_E_INTERNAL, "a decision of stage %s is beyond the limits, or names no row",
		                s->stage.name);
	}
	rc = check_sizes(s, why);
	rc = rc ? rc : load_by_key(s, p);
	rc = rc ? rc : take_decision(s, p, entries);
	p->stale += rc == 0 && s->decision.stale;
	return rc;
}
