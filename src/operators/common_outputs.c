/* Derived events to bytes: Avro value, CloudEvents 1.0 headers in Kafka's binary mode. */
#include "common.h"

static const struct fnl_route *route_of(const struct fnl_op *o, const struct fnl_record_desc *desc)
{
	for (size_t i = 0; i < o->route_count; i++) {
		if (o->routes[i].desc == desc) {
			return &o->routes[i];
		}
	}
	return NULL;
}

void fnl_output_header(struct fnl_output *out, const char *name, struct fnl_span value)
{
	out->headers[out->header_count++] = (struct fnl_header){fnl_span_str(name), value};
}

int fnl_output_check(const struct fnl_output *out)
{
	for (size_t i = 0; i < out->header_count; i++) {
		if (fnl_span_is_none(out->headers[i].value)) {
			return FNL_E_NOMEM;
		}
	}
	return 0;
}

static struct fnl_span number(struct fnl_arena *arena, int64_t v)
{
	struct fnl_writer w = fnl_writer_sized(arena, 24);
	fnl_write_decimal(&w, v);
	return fnl_writer_span(&w);
}

static struct fnl_span time_text(struct fnl_arena *arena, int64_t ms)
{
	struct fnl_writer w = fnl_writer_sized(arena, 32);
	fnl_write_rfc3339(&w, ms);
	return fnl_writer_span(&w);
}

/* The sequence is in it, because a cause may come again: an image sent once more after a gap has the version that it
 * had, and what follows from it is another event. 0: the event has none. */
static struct fnl_span derived_id(const struct fnl_op *o, const struct fnl_derived *derived,
                                  const struct fnl_route *route, struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_id_part(&w, derived->cause->id);
	fnl_write_id_part(&w, fnl_span_str(route->type));
	if (!fnl_span_is_none(derived->id_name)) {
		fnl_write_raw(&w, derived->id_name);
	} else {
		fnl_write_decimal(&w, (int64_t)derived->ordinal);
		fnl_write_u8(&w, '\n');
		fnl_write_decimal(&w, route->sequence >= 0 ? derived->event->values[route->sequence].i64 : 0);
	}
	return fnl_id_of(&o->ids, fnl_writer_span(&w), arena);
}

static struct fnl_span key_of(const struct fnl_derived *derived, const struct fnl_route *route)
{
	const struct fnl_value *v = derived->event->values;
	if (!fnl_span_is_none(derived->key)) {
		return derived->key;
	}
	return v[route->key].set ? v[route->key].str : v[route->key_else].str;
}

int fnl_op_output(const struct fnl_op *o, const struct fnl_step *step, const struct fnl_derived *derived,
                  struct fnl_decision *d)
{
	const struct fnl_event_out *event = derived->event;
	const struct fnl_route *route = route_of(o, event->desc);
	if (!route || d->output_count == FNL_STEP_OUTPUTS_MAX) {
		return FNL_E_INTERNAL;
	}
	struct fnl_output *out = &d->outputs[d->output_count];
	struct fnl_arena *a = step->arena;
	*out = (struct fnl_output){.topic = route->topic, .partition = FNL_PARTITION_BY_KEY};
	out->key = key_of(derived, route);
	int rc = o->codec->ops->encode(o->codec, event->desc, event->values, a, &out->value);
	if (rc) {
		return rc == FNL_E_NOMEM ? rc : FNL_E_INTERNAL;
	}
	fnl_output_header(out, "ce_specversion", FNL_SPAN_LIT("1.0"));
	fnl_output_header(out, "ce_type", fnl_span_str(route->type));
	fnl_output_header(out, "ce_source", fnl_span_str(o->source));
	fnl_output_header(out, "ce_id", derived_id(o, derived, route, a));
	fnl_output_header(out, "ce_time", time_text(a, event->values[route->occurred_at].i64));
	fnl_output_header(out, "ce_subject", out->key);
	fnl_output_header(out, "content-type", FNL_SPAN_LIT("application/avro"));
	fnl_output_header(out, "ce_correlationid", derived->cause->correlation);
	fnl_output_header(out, "ce_causationid", derived->cause->id);
	fnl_output_header(out, "ce_rulesversion", number(a, derived->rules_version));
	fnl_output_header(out, "funneld_now", number(a, step->now_ms));
	fnl_output_header(out, "funneld_at", number(a, step->input_offset));
	struct fnl_span trace = derived->cause_is_other ? FNL_SPAN_NONE : fnl_header_text(step->record, "traceparent");
	if (!fnl_span_is_none(trace)) {
		fnl_output_header(out, "traceparent", trace);
	}
	rc = fnl_output_check(out);
	d->output_count += rc == 0;
	return rc;
}

int fnl_op_internal(const struct fnl_op *o, const struct fnl_step *step, size_t topic, struct fnl_span key,
                    const struct fnl_event_out *event, const struct fnl_cause_id *cause, bool with_trace,
                    struct fnl_decision *d)
{
	if (d->output_count == FNL_STEP_OUTPUTS_MAX) {
		return FNL_E_INTERNAL;
	}
	struct fnl_output *out = &d->outputs[d->output_count];
	*out = (struct fnl_output){.topic = topic, .partition = FNL_PARTITION_BY_KEY, .key = key};
	int rc = o->codec->ops->encode(o->codec, event->desc, event->values, step->arena, &out->value);
	if (rc) {
		return rc == FNL_E_NOMEM ? rc : FNL_E_INTERNAL;
	}
	fnl_output_header(out, "ce_causationid", cause->id);
	fnl_output_header(out, "ce_correlationid", cause->correlation);
	struct fnl_span trace = with_trace ? fnl_header_text(step->record, "traceparent") : FNL_SPAN_NONE;
	if (!fnl_span_is_none(trace)) {
		fnl_output_header(out, "traceparent", trace);
	}
	d->output_count++;
	return 0;
}
