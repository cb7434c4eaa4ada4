/* What the prospect stage tells: events to the world, lines to the books, its time to the stage after it. */
#include "prospect_internal.h"

const struct fnl_route fnl_prospect_routes[] = {
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
	{&fnl_desc_feed_silent, FNL_PROSPECT_OUT_ALERTS, FNL_FEED_SILENT_OCCURRED_AT, FNL_FEED_SILENT_SOURCE, -1, -1,
     "funnel.feed.silent.v1"},
	/* its sequence is the silence that it ends: the same input may come once more and end the next one */
	{&fnl_desc_feed_recovered, FNL_PROSPECT_OUT_ALERTS, FNL_FEED_RECOVERED_OCCURRED_AT, FNL_FEED_RECOVERED_SOURCE, -1,
     FNL_FEED_RECOVERED_SILENT_SINCE, "funnel.feed.recovered.v1"},
};
const size_t fnl_prospect_route_count = sizeof(fnl_prospect_routes) / sizeof(fnl_prospect_routes[0]);

/* To the book's partition. It has no id of its own: the books go by the prospect's sequence, and what they tell names
 * the cause that is named here. */
static int tell_line(struct fnl_prospect_operator *o, const struct fnl_step *step, const struct fnl_event_out *line,
                     const struct fnl_prospect_blame *blame, struct fnl_decision *d)
{
	return fnl_op_internal(&o->op, step, FNL_PROSPECT_OUT_REP_INPUTS, line->values[FNL_BOOK_LINE_BOOK].str, line,
	                       &blame->cause, !blame->is_pass, d);
}

/* By prospect and sequence: one cause re-evaluates many, in pages whose size says nothing. */
static struct fnl_span reevaluation_name(const struct fnl_event_out *event, struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	int id = fnl_record_field_index(event->desc, FNL_SPAN_LIT("prospect_id"));
	int sequence = fnl_record_field_index(event->desc, FNL_SPAN_LIT("sequence"));
	if (id < 0 || sequence < 0) {
		return FNL_SPAN_NONE;
	}
	fnl_write_id_part(&w, event->values[id].str);
	fnl_write_decimal(&w, event->values[sequence].i64);
	return fnl_writer_span(&w);
}

int fnl_prospect_tell(struct fnl_prospect_operator *o, const struct fnl_step *step, const struct fnl_prospect_out *out,
                      const struct fnl_prospect_blame *blame, struct fnl_decision *d)
{
	int rc = 0;
	for (size_t i = 0; i < out->event_count && rc == 0; i++) {
		struct fnl_derived derived = {.event = &out->events[i],
		                              .cause = &blame->cause,
		                              .rules_version = blame->rules_version,
		                              .cause_is_other = blame->is_pass,
		                              .ordinal = i};
		if (blame->is_pass) {
			derived.id_name = reevaluation_name(derived.event, step->arena);
			rc = fnl_span_is_none(derived.id_name) ? FNL_E_NOMEM : 0;
		}
		rc = rc ? rc : fnl_op_output(&o->op, step, &derived, d);
	}
	for (size_t i = 0; i < out->line_count && rc == 0; i++) {
		rc = tell_line(o, step, &out->lines[i], blame, d);
	}
	return rc;
}

int fnl_prospect_time_forward(struct fnl_operator *base, int32_t partition, int64_t time_ms, struct fnl_arena *arena,
                              struct fnl_output *ret)
{
	const struct fnl_prospect_operator *o = FNL_CONTAINER_OF(base, struct fnl_prospect_operator, base);
	struct fnl_times_at at = {FNL_PROSPECT_OUT_REP_INPUTS, partition, o->partition_count};
	return fnl_times_forward(&o->stage_time, &at, time_ms, arena, ret);
}
