/* One input to a prospect: who may speak, the row's copy, the layer's consequences. */
#include "prospect_internal.h"
#include "rules_internal.h"

#define MS_PER_HOUR INT64_C(3600000)

/* All inputs start alike. */
enum { AT_SOURCE, AT_OCCURRED_AT };
_Static_assert(FNL_PROSPECT_CHANGED_SOURCE == (int)AT_SOURCE && FNL_PROSPECT_CHANGED_OCCURRED_AT == (int)AT_OCCURRED_AT,
               "");
_Static_assert(FNL_CONTACT_LOGGED_SOURCE == (int)AT_SOURCE && FNL_CONTACT_LOGGED_OCCURRED_AT == (int)AT_OCCURRED_AT,
               "");
_Static_assert(FNL_FEED_GAP_SOURCE == (int)AT_SOURCE && FNL_FEED_GAP_OCCURRED_AT == (int)AT_OCCURRED_AT, "");
_Static_assert(FNL_PROSPECT_CHANGED_SIZE_FOCUS - FNL_PROSPECT_CHANGED_BUYER_ID + 1 == (int)FNL_PROSPECT_VALUE_COUNT,
               "the input and the row have the same value fields");

struct handler {
	const struct fnl_record_desc *desc;
	int prospect_id; /* -1: about the feed alone */
	int (*apply)(struct fnl_prospect_edit *e);
};

static const struct handler *handler_of(const struct fnl_record_desc *desc)
{
	static const struct handler handlers[] = {
		{&fnl_desc_prospect_changed, FNL_PROSPECT_CHANGED_PROSPECT_ID, fnl_prospect_changed},
		{&fnl_desc_contact_logged, FNL_CONTACT_LOGGED_PROSPECT_ID, fnl_prospect_contact_logged},
		{&fnl_desc_feed_heartbeat, -1, fnl_prospect_feed_heartbeat},
		{&fnl_desc_feed_gap, FNL_FEED_GAP_PROSPECT_ID, fnl_prospect_feed_gap},
		{&fnl_desc_prospect_deleted, FNL_PROSPECT_DELETED_PROSPECT_ID, fnl_prospect_deleted},
		{&fnl_desc_prospect_restored, FNL_PROSPECT_RESTORED_PROSPECT_ID, fnl_prospect_restored},
		{&fnl_desc_prospect_merged, FNL_PROSPECT_MERGED_PROSPECT_ID, fnl_prospect_merged},
		{&fnl_desc_prospect_erased, FNL_PROSPECT_ERASED_PROSPECT_ID, fnl_prospect_erased},
		{&fnl_desc_contact_erased, FNL_CONTACT_ERASED_PROSPECT_ID, fnl_prospect_contact_erased},
		{&fnl_desc_inspection_answered, FNL_INSPECTION_ANSWERED_PROSPECT_ID, fnl_prospect_answered},
	};
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		if (handlers[i].desc == desc) {
			return &handlers[i];
		}
	}
	return NULL;
}

static int apply_heard(struct fnl_prospect_edit *e, const struct handler *handler)
{
	if (handler->desc == &fnl_desc_inspection_answered) {
		return handler->apply(e); /* not from the prospect's feed, and the sheet hears of it in any case */
	}
	int64_t quiet_ms = e->in->rules->values[FNL_RULES_AT_QUIET_AFTER_HOURS] * MS_PER_HOUR;
	e->cause = e->occurred_at_ms < e->now_ms - quiet_ms ? FNL_SUPERVISION_QUIET : FNL_SUPERVISION_CHANGE;
	int r = fnl_prospect_heard(e, handler->desc == &fnl_desc_feed_heartbeat ? e->values : NULL);
	/* what was erased by right stays erased */
	bool gone = e->in->erased && !fnl_span_is_none(e->prospect_id);
	r = r ? r : gone ? fnl_prospect_stale(e) : handler->apply(e);
	return r ? r : fnl_prospect_tell_recovered(e);
}

int fnl_prospect_apply(const struct fnl_prospect_in *in, const struct fnl_record_desc *desc,
                       const struct fnl_value *values, bool partition_is_first, struct fnl_prospect_out *ret,
                       struct fnl_error *why)
{
	struct fnl_prospect_out out = {.row_change = FNL_ROW_KEEP};
	const struct handler *handler = handler_of(desc);
	if (!handler) {
		*ret = out;
		return FNL_OK;
	}
	int r = fnl_input_check(desc, values, why);
	if (r < 0) {
		return r;
	}
	struct fnl_prospect_edit e = {
		.in = in,
		.out = &out,
		.values = values,
		.why = why,
		.source = values[AT_SOURCE].str,
		.occurred_at_ms = values[AT_OCCURRED_AT].i64,
		.since_ms = values[AT_OCCURRED_AT].i64,
		.feed_gap_count = in->feed ? in->feed[FNL_FEED_GAP_COUNT].i64 : 0,
		.partition_is_first = partition_is_first,
		.now_ms = in->now_ms,
		.feeds = in->feeds,
	};
	if (handler->prospect_id >= 0 && values[handler->prospect_id].set) {
		e.prospect_id = values[handler->prospect_id].str;
	}
	r = apply_heard(&e, handler);
	if (r < 0) {
		return r;
	}
	*ret = out;
	return FNL_OK;
}

static int new_row(struct fnl_prospect_edit *e)
{
	struct fnl_value *row = fnl_arena_calloc(e->in->arena, FNL_PROSPECT_FIELD_COUNT, sizeof(*row));
	struct fnl_value *versions = fnl_arena_calloc(e->in->arena, FNL_PROSPECT_VALUE_COUNT, sizeof(*versions));
	if (!row || !versions) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < FNL_PROSPECT_VALUE_COUNT; i++) {
		versions[i].set = true;
	}
	row[FNL_PROSPECT_PROSPECT_ID] = fnl_value_str(e->prospect_id);
	row[FNL_PROSPECT_SOURCE] = fnl_value_str(e->source);
	row[FNL_PROSPECT_SEQUENCE] = fnl_value_i64(0);
	row[FNL_PROSPECT_FIELD_VERSIONS] = fnl_value_list(versions, FNL_PROSPECT_VALUE_COUNT);
	row[FNL_PROSPECT_LIFECYCLE] = fnl_value_i64(FNL_LIFECYCLE_ALIVE);
	row[FNL_PROSPECT_LIFECYCLE_VERSION] = fnl_value_i64(0);
	row[FNL_PROSPECT_LAYER] = fnl_value_i64(FNL_LAYER_NONE);
	row[FNL_PROSPECT_LAYER_REASON] = fnl_value_i64(FNL_LAYER_REASON_NONE);
	row[FNL_PROSPECT_LAYER_SINCE] = fnl_value_i64(e->occurred_at_ms);
	row[FNL_PROSPECT_RULES_VERSION] = fnl_value_i64(e->in->rules->version);
	row[FNL_PROSPECT_WEIGHT_BP] = fnl_value_i64(0);
	row[FNL_PROSPECT_FEED_GAPS_SEEN] = fnl_value_i64(e->feed_gap_count);
	row[FNL_PROSPECT_CONTACTS] = fnl_value_list(NULL, 0);
	row[FNL_PROSPECT_CHANGED_AT] = fnl_value_i64(e->occurred_at_ms);
	row[FNL_PROSPECT_FORMER_OWNERS] = fnl_value_list(NULL, 0);
	row[FNL_PROSPECT_PUSH_COUNT] = fnl_value_i64(0);
	row[FNL_PROSPECT_LAYER_TIMES] = fnl_value_list(NULL, 0);
	row[FNL_PROSPECT_STALLS] = fnl_value_list(NULL, 0);
	row[FNL_PROSPECT_ADVERSE] = fnl_value_list(NULL, 0);
	e->row = row;
	return FNL_OK;
}

int fnl_prospect_edit_open(struct fnl_prospect_edit *e)
{
	const struct fnl_value *before = e->in->row;
	if (!before) {
		return new_row(e);
	}
	e->row = fnl_arena_alloc(e->in->arena, FNL_PROSPECT_FIELD_COUNT * sizeof(*e->row));
	if (!e->row) {
		return FNL_E_NOMEM;
	}
	memcpy(e->row, before, FNL_PROSPECT_FIELD_COUNT * sizeof(*e->row));
	if (before[FNL_PROSPECT_LIFECYCLE].i64 == FNL_LIFECYCLE_DELETED && !before[FNL_PROSPECT_KEEP_UNTIL].set) {
		/* a row from before it had other dates than this one */
		e->row[FNL_PROSPECT_KEEP_UNTIL] = before[FNL_PROSPECT_NEXT_DEADLINE_AT];
	}
	int64_t seen = before[FNL_PROSPECT_FEED_GAPS_SEEN].i64;
	if (fnl_span_eq(before[FNL_PROSPECT_SOURCE].str, e->source)) {
		e->feed_unknown = seen < e->feed_gap_count;
	} else {
		/* the other feed's gaps can't be seen from here: what was unknown stays so */
		e->feed_unknown =
			seen < 0 || (before[FNL_PROSPECT_LAYER].i64 == FNL_LAYER_UNKNOWN && !before[FNL_PROSPECT_GAP_ID].set);
	}
	return fnl_prospect_first_clock(e);
}

void fnl_prospect_edit_take_source(struct fnl_prospect_edit *e)
{
	if (!fnl_span_eq(e->row[FNL_PROSPECT_SOURCE].str, e->source)) {
		e->row[FNL_PROSPECT_SOURCE].str = e->source;
		/* -1 is below every count, so that only a full image makes it known again */
		e->row[FNL_PROSPECT_FEED_GAPS_SEEN].i64 = e->feed_unknown ? -1 : e->feed_gap_count;
	}
}

struct fnl_value *fnl_prospect_add_event(struct fnl_prospect_edit *e, const struct fnl_record_desc *desc)
{
	if (e->out->event_count == FNL_PROSPECT_EVENTS_MAX) {
		return NULL;
	}
	struct fnl_value *values = fnl_arena_calloc(e->in->arena, desc->field_count, sizeof(*values));
	if (values) {
		e->out->events[e->out->event_count++] = (struct fnl_event_out){desc, values};
	}
	return values;
}

static int tell_layer_changed(struct fnl_prospect_edit *e, const struct fnl_value *from_row,
                              const struct fnl_value *to_row, struct fnl_layer_decision to, int64_t sequence)
{
	struct fnl_value *v = fnl_prospect_add_event(e, &fnl_desc_layer_changed);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_LAYER_CHANGED_PROSPECT_ID] = fnl_value_str(e->prospect_id);
	v[FNL_LAYER_CHANGED_SEQUENCE] = fnl_value_i64(sequence);
	v[FNL_LAYER_CHANGED_OCCURRED_AT] = fnl_value_i64(e->occurred_at_ms);
	v[FNL_LAYER_CHANGED_FROM_LAYER] = from_row[FNL_PROSPECT_LAYER];
	v[FNL_LAYER_CHANGED_TO_LAYER] = fnl_value_i64(to.layer);
	v[FNL_LAYER_CHANGED_REASON] = fnl_value_i64(to.reason);
	v[FNL_LAYER_CHANGED_RULES_VERSION] = fnl_value_i64(e->in->rules->version);
	v[FNL_LAYER_CHANGED_SINCE] = fnl_value_i64(e->since_ms);
	if (to_row) {
		v[FNL_LAYER_CHANGED_SOURCE] = to_row[FNL_PROSPECT_SOURCE];
		v[FNL_LAYER_CHANGED_OWNER_REP_ID] = to_row[FNL_PROSPECT_OWNER_REP_ID];
		v[FNL_LAYER_CHANGED_PIPELINE_ID] = to_row[FNL_PROSPECT_PIPELINE_ID];
		v[FNL_LAYER_CHANGED_STAGE] = to_row[FNL_PROSPECT_STAGE];
		v[FNL_LAYER_CHANGED_STATUS] = to_row[FNL_PROSPECT_STATUS];
		v[FNL_LAYER_CHANGED_AMOUNT] = to_row[FNL_PROSPECT_AMOUNT];
		v[FNL_LAYER_CHANGED_PROBABILITY_BP] = to_row[FNL_PROSPECT_PROBABILITY_BP];
	}
	if (fnl_layer_in_funnel(to.layer)) {
		v[FNL_LAYER_CHANGED_WEIGHT_BP] = fnl_value_i64(to.weight_bp);
	}
	return FNL_OK;
}

static int tell_parked(struct fnl_prospect_edit *e, const struct fnl_value *row, int64_t sequence)
{
	struct fnl_value *v = fnl_prospect_add_event(e, &fnl_desc_prospect_parked);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_PROSPECT_PARKED_PROSPECT_ID] = fnl_value_str(e->prospect_id);
	v[FNL_PROSPECT_PARKED_SEQUENCE] = fnl_value_i64(sequence);
	v[FNL_PROSPECT_PARKED_OCCURRED_AT] = fnl_value_i64(e->occurred_at_ms);
	v[FNL_PROSPECT_PARKED_RULES_VERSION] = fnl_value_i64(e->in->rules->version);
	v[FNL_PROSPECT_PARKED_SOURCE] = row[FNL_PROSPECT_SOURCE];
	v[FNL_PROSPECT_PARKED_OWNER_REP_ID] = row[FNL_PROSPECT_OWNER_REP_ID];
	v[FNL_PROSPECT_PARKED_PIPELINE_ID] = row[FNL_PROSPECT_PIPELINE_ID];
	v[FNL_PROSPECT_PARKED_STAGE] = row[FNL_PROSPECT_STAGE];
	return FNL_OK;
}

static int tell_unparked(struct fnl_prospect_edit *e, struct fnl_value parked_since, const struct fnl_value *to_row,
                         int to_layer, int64_t sequence)
{
	struct fnl_value *v = fnl_prospect_add_event(e, &fnl_desc_prospect_unparked);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_PROSPECT_UNPARKED_PROSPECT_ID] = fnl_value_str(e->prospect_id);
	v[FNL_PROSPECT_UNPARKED_SEQUENCE] = fnl_value_i64(sequence);
	v[FNL_PROSPECT_UNPARKED_OCCURRED_AT] = fnl_value_i64(e->occurred_at_ms);
	v[FNL_PROSPECT_UNPARKED_RULES_VERSION] = fnl_value_i64(e->in->rules->version);
	v[FNL_PROSPECT_UNPARKED_TO_LAYER] = fnl_value_i64(to_layer);
	v[FNL_PROSPECT_UNPARKED_PARKED_SINCE] = parked_since;
	if (to_row) {
		v[FNL_PROSPECT_UNPARKED_OWNER_REP_ID] = to_row[FNL_PROSPECT_OWNER_REP_ID];
	}
	return FNL_OK;
}

int fnl_prospect_tell_layer(struct fnl_prospect_edit *e, const struct fnl_value *from_row,
                            const struct fnl_value *to_row, struct fnl_layer_decision to, int64_t sequence)
{
	int r = tell_layer_changed(e, from_row, to_row, to, sequence);
	if (r == 0 && from_row[FNL_PROSPECT_PARKED_SINCE].set) {
		r = tell_unparked(e, from_row[FNL_PROSPECT_PARKED_SINCE], to_row, to.layer, sequence);
	}
	if (r == 0 && to.layer == FNL_LAYER_UNCLASSIFIED) {
		r = tell_parked(e, to_row, sequence);
	}
	return r;
}

/* Whether anything of the prospect itself is known: a contact alone says nothing about its layer. */
static bool has_image(const struct fnl_value *row)
{
	struct fnl_list versions = row[FNL_PROSPECT_FIELD_VERSIONS].list;
	for (size_t i = 0; i < versions.count; i++) {
		if (versions.items[i].i64 > 0) {
			return true;
		}
	}
	return false;
}

static struct fnl_layer_decision decide(const struct fnl_prospect_edit *e)
{
	bool unknown = e->feed_unknown || e->row[FNL_PROSPECT_GAP_ID].set;
	if (!unknown && e->row[FNL_PROSPECT_LIFECYCLE].i64 == FNL_LIFECYCLE_ALIVE && !has_image(e->row)) {
		return (struct fnl_layer_decision){FNL_LAYER_NONE, FNL_LAYER_REASON_NONE, 0};
	}
	return fnl_layer_decide(e->in->rules, e->row, unknown);
}

/* A layer that the stage brings began when the stage was entered, if the source says when. It cannot have begun before
 * the layer that it follows: then something else than the stage has changed. */
static int64_t since_of(const struct fnl_prospect_edit *e, struct fnl_layer_decision to)
{
	const struct fnl_value *row = e->row;
	bool by_stage = to.reason == FNL_LAYER_REASON_STAGE_MAP || to.reason == FNL_LAYER_REASON_STAGE_UNKNOWN;
	bool is_first = row[FNL_PROSPECT_LAYER].i64 == FNL_LAYER_NONE || row[FNL_PROSPECT_LAYER].i64 == FNL_LAYER_UNKNOWN;
	bool began = e->entered && by_stage && (is_first || e->entered_ms > row[FNL_PROSPECT_LAYER_SINCE].i64);
	return began ? e->entered_ms : e->since_ms;
}

int fnl_prospect_edit_close(struct fnl_prospect_edit *e)
{
	return fnl_prospect_edit_decided(e, decide(e));
}

int fnl_prospect_edit_decided(struct fnl_prospect_edit *e, struct fnl_layer_decision to)
{
	struct fnl_value *row = e->row;
	int64_t sequence = row[FNL_PROSPECT_SEQUENCE].i64 + 1;

	row[FNL_PROSPECT_SEQUENCE].i64 = sequence;
	row[FNL_PROSPECT_CHANGED_AT].i64 = e->occurred_at_ms;
	fnl_prospect_clocks(e);
	if (row[FNL_PROSPECT_LAYER].i64 != to.layer) {
		e->since_ms = since_of(e, to);
		/* the row still has its old layer and parking while they are told */
		int r = fnl_prospect_tell_layer(e, row, row, to, sequence);
		r = r ? r : fnl_supervision_layer(row, to.layer, e->since_ms, e->in->rules, e->in->arena);
		if (r < 0) {
			return r;
		}
		row[FNL_PROSPECT_LAYER].i64 = to.layer;
		/* whose win it is stays, whoever owns it later, as long as it is one */
		row[FNL_PROSPECT_WON_BY] = to.layer == FNL_LAYER_WON ? row[FNL_PROSPECT_OWNER_REP_ID] : fnl_value_null();
		row[FNL_PROSPECT_LAYER_SINCE].i64 = e->since_ms;
		row[FNL_PROSPECT_PARKED_SINCE] =
			to.layer == FNL_LAYER_UNCLASSIFIED ? fnl_value_i64(e->since_ms) : (struct fnl_value){0};
	}
	row[FNL_PROSPECT_LAYER_REASON].i64 = to.reason;
	row[FNL_PROSPECT_WEIGHT_BP].i64 = to.weight_bp;
	row[FNL_PROSPECT_RULES_VERSION].i64 = e->in->rules->version;
	e->out->row_change = FNL_ROW_PUT;
	e->out->row = row;
	int r = fnl_prospect_adverse(e);
	r = r ? r : fnl_prospect_supervise(e);
	return r ? r : fnl_prospect_lines_changed(e);
}
