/* Derived events to bytes: Avro value, CloudEvents 1.0 headers in Kafka's binary mode, and ids that are the same in any
 * batching, so that whoever reads them can find duplicates. */
#include "internal.h"

struct route {
	const struct fnl_record_desc *desc;
	size_t topic;
	int occurred_at;
	int prospect_id;
	int source;   /* the key when there is no prospect */
	int sequence; /* -1: it has none */
	const char *type;
};

static const struct route *route_of(const struct fnl_record_desc *desc)
{
	static const struct route routes[] = {
		{&fnl_desc_layer_changed, FNL_PROSPECT_OUT_LAYER_CHANGES, FNL_LAYER_CHANGED_OCCURRED_AT,
	     FNL_LAYER_CHANGED_PROSPECT_ID, -1, FNL_LAYER_CHANGED_SEQUENCE, "funnel.prospect.layer-changed.v1"},
		{&fnl_desc_prospect_parked, FNL_PROSPECT_OUT_LAYER_CHANGES, FNL_PROSPECT_PARKED_OCCURRED_AT,
	     FNL_PROSPECT_PARKED_PROSPECT_ID, -1, FNL_PROSPECT_PARKED_SEQUENCE, "funnel.prospect.parked.v1"},
		{&fnl_desc_prospect_unparked, FNL_PROSPECT_OUT_LAYER_CHANGES, FNL_PROSPECT_UNPARKED_OCCURRED_AT,
	     FNL_PROSPECT_UNPARKED_PROSPECT_ID, -1, FNL_PROSPECT_UNPARKED_SEQUENCE, "funnel.prospect.unparked.v1"},
		{&fnl_desc_resync_requested, FNL_PROSPECT_OUT_ALERTS, FNL_RESYNC_REQUESTED_OCCURRED_AT,
	     FNL_RESYNC_REQUESTED_PROSPECT_ID, FNL_RESYNC_REQUESTED_SOURCE, -1, "funnel.feed.resync-requested.v1"},
		{&fnl_desc_resync_completed, FNL_PROSPECT_OUT_ALERTS, FNL_RESYNC_COMPLETED_OCCURRED_AT,
	     FNL_RESYNC_COMPLETED_PROSPECT_ID, FNL_RESYNC_COMPLETED_SOURCE, FNL_RESYNC_COMPLETED_SEQUENCE,
	     "funnel.feed.resync-completed.v1"},
	};
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (routes[i].desc == desc) {
			return &routes[i];
		}
	}
	return NULL;
}

static struct fnl_span id_of(const struct fnl_prospect_operator *o, struct fnl_span name, struct fnl_arena *arena)
{
	char *text = fnl_arena_alloc(arena, FNL_UUID_TEXT_BYTES);
	if (!text || fnl_span_is_none(name)) {
		return FNL_SPAN_NONE;
	}
	o->ids->uuid5(o->ids->context, o->id_space, name, NULL, text);
	return fnl_span_of(text, FNL_UUID_TEXT_BYTES);
}

static void write_line(struct fnl_writer *w, struct fnl_span s)
{
	fnl_write_raw(w, s);
	fnl_write_u8(w, '\n');
}

static const struct fnl_value *value_of(const struct fnl_decoded *d, const char *field)
{
	int i = fnl_record_field_index(d->desc, fnl_span_str(field));
	return i >= 0 && d->values[i].set ? &d->values[i] : NULL;
}

/* What makes a root event itself: its version, or the id it has of its own. */
static void write_own_id(struct fnl_writer *w, const struct fnl_prospect_event *e)
{
	static const char *const names[] = {"answer_id", "gap_id", "person_id", "rules_hash"};
	const struct fnl_value *v = value_of(&e->decoded, "contact_id");
	if (v) {
		fnl_write_raw(w, v->str);
		fnl_write_u8(w, '@');
		fnl_write_decimal(w, e->occurred_at_ms);
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		v = value_of(&e->decoded, names[i]);
		if (v) {
			fnl_write_raw(w, v->str);
			return;
		}
	}
	v = value_of(&e->decoded, "version");
	fnl_write_decimal(w, v ? v->i64 : e->occurred_at_ms);
}

static struct fnl_span root_id(struct fnl_prospect_operator *o, const struct fnl_prospect_event *e,
                               struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	write_line(&w, e->source);
	write_line(&w, fnl_span_str(e->decoded.desc->name));
	write_line(&w, e->entity);
	write_own_id(&w, e);
	return id_of(o, fnl_writer_span(&w), arena);
}

static struct fnl_span timer_id(struct fnl_prospect_operator *o, const struct fnl_step *step)
{
	struct fnl_writer w = fnl_writer_of(step->arena);
	write_line(&w, FNL_SPAN_LIT("timer"));
	write_line(&w, FNL_SPAN_LIT("prospect"));
	write_line(&w, fnl_span_str(fnl_prospect_tables[step->timer_row.table]));
	write_line(&w, step->timer_row.key);
	fnl_write_decimal(&w, step->timer_deadline_ms);
	return id_of(o, fnl_writer_span(&w), step->arena);
}

/* A header that we pass on: short, printable, or not at all. */
static struct fnl_span header_text(const struct fnl_record *r, const char *name)
{
	struct fnl_span s = r ? fnl_record_header(r, name) : FNL_SPAN_NONE;
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] <= 0x20 || s.data[i] >= 0x7f) {
			return FNL_SPAN_NONE;
		}
	}
	return s.len > 0 && s.len <= FNL_ID_BYTES_MAX ? s : FNL_SPAN_NONE;
}

int fnl_prospect_cause(struct fnl_prospect_operator *o, const struct fnl_step *step, struct fnl_cause_id *ret)
{
	struct fnl_span id = header_text(step->record, "ce_id");
	if (fnl_span_is_none(id)) {
		id = step->cause == FNL_CAUSE_TIMER ? timer_id(o, step) : root_id(o, step->event, step->arena);
	}
	if (fnl_span_is_none(id)) {
		return FNL_E_NOMEM;
	}
	struct fnl_span correlation = header_text(step->record, "ce_correlationid");
	*ret = (struct fnl_cause_id){id, fnl_span_is_none(correlation) ? id : correlation};
	return 0;
}

static void add_header(struct fnl_output *out, const char *name, struct fnl_span value)
{
	out->headers[out->header_count++] = (struct fnl_header){fnl_span_str(name), value};
}

static struct fnl_span number(struct fnl_arena *arena, int64_t v)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_decimal(&w, v);
	return fnl_writer_span(&w);
}

static struct fnl_span time_text(struct fnl_arena *arena, int64_t ms)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_rfc3339(&w, ms);
	return fnl_writer_span(&w);
}

/* The prospect's sequence is in it, because a cause may come again: an image sent once more after a gap has the version
 * that it had, and what follows from it is another event. 0: the event has none. */
static struct fnl_span derived_id(struct fnl_prospect_operator *o, const struct fnl_cause_id *cause, const char *type,
                                  size_t ordinal, int64_t sequence, struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	write_line(&w, cause->id);
	write_line(&w, fnl_span_str(type));
	fnl_write_decimal(&w, (int64_t)ordinal);
	fnl_write_u8(&w, '\n');
	fnl_write_decimal(&w, sequence);
	return id_of(o, fnl_writer_span(&w), arena);
}

int fnl_prospect_output(struct fnl_prospect_operator *o, const struct fnl_step *step, const struct fnl_cause_id *cause,
                        const struct fnl_event_out *event, int32_t rules_version, struct fnl_decision *d)
{
	const struct route *route = route_of(event->desc);
	if (!route || d->output_count == FNL_STEP_OUTPUTS_MAX) {
		return FNL_E_INTERNAL;
	}
	struct fnl_output *out = &d->outputs[d->output_count];
	struct fnl_arena *a = step->arena;
	const struct fnl_value *v = event->values;
	out->topic = route->topic;
	out->partition = FNL_PARTITION_BY_KEY;
	out->key = v[route->prospect_id].set ? v[route->prospect_id].str : v[route->source].str;
	int rc = o->codec->ops->encode(o->codec, event->desc, v, a, &out->value);
	if (rc) {
		return rc == FNL_E_NOMEM ? rc : FNL_E_INTERNAL;
	}
	int64_t sequence = route->sequence >= 0 ? v[route->sequence].i64 : 0;
	out->header_count = 0;
	add_header(out, "ce_specversion", FNL_SPAN_LIT("1.0"));
	add_header(out, "ce_type", fnl_span_str(route->type));
	add_header(out, "ce_source", FNL_SPAN_LIT("funneld/prospect"));
	add_header(out, "ce_id", derived_id(o, cause, route->type, d->output_count, sequence, a));
	add_header(out, "ce_time", time_text(a, v[route->occurred_at].i64));
	add_header(out, "ce_subject", out->key);
	add_header(out, "content-type", FNL_SPAN_LIT("application/avro"));
	add_header(out, "ce_correlationid", cause->correlation);
	add_header(out, "ce_causationid", cause->id);
	add_header(out, "ce_rulesversion", number(a, rules_version));
	add_header(out, "funneld_now", number(a, step->now_ms));
	add_header(out, "funneld_at", number(a, step->input_offset));
	struct fnl_span trace = header_text(step->record, "traceparent");
	if (!fnl_span_is_none(trace)) {
		add_header(out, "traceparent", trace);
	}
	for (size_t i = 0; i < out->header_count; i++) {
		if (fnl_span_is_none(out->headers[i].value)) {
			return FNL_E_NOMEM;
		}
	}
	d->output_count++;
	return 0;
}
