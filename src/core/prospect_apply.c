/* ProspectChanged: each field has its own version, and the last writer wins. */
#include "prospect_internal.h"

enum { ALL_BITS = 25 };
_Static_assert((int)FNL_PROSPECT_VALUE_COUNT == (int)ALL_BITS, "a bit for each value field");

/* Bit i stands for the value field i. */
struct plan {
	uint32_t write;    /* gets the input's value */
	uint32_t clear;    /* becomes null */
	int64_t known_max; /* the newest version that the row has */
};

static uint32_t bit_of(int row_field)
{
	return UINT32_C(1) << (row_field - FNL_PROSPECT_BUYER_ID);
}

static uint32_t cleared_bits(const struct fnl_value *values, size_t *ret_unknown)
{
	struct fnl_list names = values[FNL_PROSPECT_CHANGED_CLEARED].list;
	uint32_t bits = 0;
	for (size_t i = 0; i < names.count; i++) {
		int at = fnl_record_field_index(&fnl_desc_prospect_changed, names.items[i].str) - FNL_PROSPECT_CHANGED_BUYER_ID;
		if (at >= 0 && at < FNL_PROSPECT_VALUE_COUNT) {
			bits |= UINT32_C(1) << at;
		} else {
			(*ret_unknown)++;
		}
	}
	return bits;
}

static struct plan plan_of(struct fnl_prospect_edit *e)
{
	const struct fnl_value *values = e->values + FNL_PROSPECT_CHANGED_BUYER_ID;
	struct fnl_list versions = e->in->row ? e->in->row[FNL_PROSPECT_FIELD_VERSIONS].list : (struct fnl_list){NULL, 0};
	int64_t version = e->values[FNL_PROSPECT_CHANGED_VERSION].i64;
	bool full = e->values[FNL_PROSPECT_CHANGED_FULL].i64 != 0;
	uint32_t cleared = cleared_bits(e->values, &e->out->cleared_unknown);
	struct plan plan = {0};

	for (size_t i = 0; i < FNL_PROSPECT_VALUE_COUNT; i++) {
		int64_t known = i < versions.count ? versions.items[i].i64 : 0;
		uint32_t bit = UINT32_C(1) << i;
		plan.known_max = known > plan.known_max ? known : plan.known_max;
		if (version <= known) {
			continue;
		}
		if (values[i].set) {
			plan.write |= bit;
		} else if (full || (cleared & bit)) {
			plan.clear |= bit;
		}
	}
	return plan;
}

static int write_fields(struct fnl_prospect_edit *e, const struct plan *plan)
{
	struct fnl_list known = e->row[FNL_PROSPECT_FIELD_VERSIONS].list;
	struct fnl_value *versions = fnl_arena_calloc(e->in->arena, FNL_PROSPECT_VALUE_COUNT, sizeof(*versions));
	if (!versions) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < FNL_PROSPECT_VALUE_COUNT; i++) {
		uint32_t bit = UINT32_C(1) << i;
		bool changes = ((plan->write | plan->clear) & bit) != 0;
		versions[i] = fnl_value_i64(i < known.count ? known.items[i].i64 : 0);
		if (changes) {
			versions[i].i64 = e->values[FNL_PROSPECT_CHANGED_VERSION].i64;
			e->row[FNL_PROSPECT_BUYER_ID + i] = e->values[FNL_PROSPECT_CHANGED_BUYER_ID + i]; /* null when it clears */
		}
	}
	e->row[FNL_PROSPECT_FIELD_VERSIONS] = fnl_value_list(versions, FNL_PROSPECT_VALUE_COUNT);
	return FNL_OK;
}

/* The CRM's own date of the last contact never goes behind a contact that we have seen. */
static void keep_last_contact(struct fnl_value *row)
{
	struct fnl_value *last = &row[FNL_PROSPECT_LAST_CONTACT_AT];
	int64_t at_ms;
	if (fnl_prospect_latest_reached(row[FNL_PROSPECT_CONTACTS].list, &at_ms) && (!last->set || last->i64 < at_ms)) {
		*last = fnl_value_i64(at_ms);
	}
}

static int tell_resync_completed(struct fnl_prospect_edit *e, struct fnl_span gap_id)
{
	struct fnl_value *v = fnl_prospect_add_event(e, &fnl_desc_resync_completed);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_RESYNC_COMPLETED_SOURCE] = fnl_value_str(e->source);
	v[FNL_RESYNC_COMPLETED_GAP_ID] = fnl_value_str(gap_id);
	v[FNL_RESYNC_COMPLETED_PROSPECT_ID] = fnl_value_str(e->prospect_id);
	v[FNL_RESYNC_COMPLETED_OCCURRED_AT] = fnl_value_i64(e->occurred_at_ms);
	v[FNL_RESYNC_COMPLETED_SEQUENCE] = e->row[FNL_PROSPECT_SEQUENCE];
	return FNL_OK;
}

/* A full image ends a gap when it is the newest that we have seen and was taken after the gap: an old one that comes
 * late, or twice, has not what was missed. A snapshot is the answer to a request, whatever time its source gives it. */
static bool is_after_gaps(const struct fnl_prospect_edit *e, const struct plan *plan)
{
	const struct fnl_value *row = e->in->row;
	if (e->values[FNL_PROSPECT_CHANGED_VERSION].i64 < plan->known_max) {
		return false;
	}
	if (!row || e->values[FNL_PROSPECT_CHANGED_SNAPSHOT].i64) {
		return true;
	}
	const struct fnl_value *gap_at = &row[FNL_PROSPECT_GAP_VERSION];
	if (row[FNL_PROSPECT_GAP_ID].set && gap_at->set && e->occurred_at_ms < gap_at->i64) {
		return false;
	}
	bool feed_gap = row[FNL_PROSPECT_FEED_GAPS_SEEN].i64 < e->feed_gap_count && e->in->feed;
	return !feed_gap || !e->in->feed[FNL_FEED_LAST_GAP_AT].set ||
	       e->occurred_at_ms >= e->in->feed[FNL_FEED_LAST_GAP_AT].i64;
}

static bool has_gap(const struct fnl_prospect_edit *e)
{
	const struct fnl_value *row = e->in->row;
	return row && (row[FNL_PROSPECT_GAP_ID].set || (row[FNL_PROSPECT_FEED_GAPS_SEEN].i64 < e->feed_gap_count &&
	                                                fnl_span_eq(row[FNL_PROSPECT_SOURCE].str, e->source)));
}

/* Who has edited it, and the clocks that go by what this event writes. Nobody works on what a mass edit or a snapshot
 * brings. */
static void run_clocks(struct fnl_prospect_edit *e, const struct plan *plan, struct fnl_value close_date_before)
{
	const struct fnl_value *v = e->values;
	bool counts = !v[FNL_PROSPECT_CHANGED_BULK].i64 && !v[FNL_PROSPECT_CHANGED_SNAPSHOT].i64;
	struct fnl_value kind = v[FNL_PROSPECT_CHANGED_ACTOR_KIND];
	struct fnl_value *edited = &e->row[FNL_PROSPECT_EDITED_AT];
	if (!counts) {
		e->cause = FNL_SUPERVISION_QUIET;
	} else if (!(kind.set && kind.i64 == FNL_ACTOR_KIND_SYSTEM) && (!edited->set || edited->i64 < e->occurred_at_ms)) {
		*edited = fnl_value_i64(e->occurred_at_ms);
	}
	if (counts) {
		fnl_prospect_edited(e);
	}
	if ((plan->write | plan->clear) & bit_of(FNL_PROSPECT_EXPECTED_CLOSE_DATE)) {
		fnl_supervision_close_date(e->row, close_date_before, e->occurred_at_ms, counts, e->in->rules);
	}
}

int fnl_prospect_changed(struct fnl_prospect_edit *e)
{
	struct plan plan = plan_of(e);
	bool ends_gap = e->values[FNL_PROSPECT_CHANGED_FULL].i64 != 0 && is_after_gaps(e, &plan);
	/* an image that brings nothing new still ends a gap: nothing was missed */
	if ((plan.write | plan.clear) == 0 && !(ends_gap && has_gap(e))) {
		return fnl_prospect_stale(e);
	}
	int r = fnl_prospect_edit_open(e);
	struct fnl_value close_date = r ? fnl_value_null() : e->row[FNL_PROSPECT_EXPECTED_CLOSE_DATE];
	r = r ? r : write_fields(e, &plan);
	if (r < 0) {
		return r;
	}
	run_clocks(e, &plan, close_date);
	if ((plan.write | plan.clear) & bit_of(FNL_PROSPECT_LAST_CONTACT_AT)) {
		keep_last_contact(e->row);
	}
	const struct fnl_value *entered = &e->row[FNL_PROSPECT_STAGE_ENTERED_AT];
	if ((plan.write & bit_of(FNL_PROSPECT_STAGE_ENTERED_AT)) && entered->i64 <= e->occurred_at_ms) {
		e->entered_ms = entered->i64;
		e->entered = true;
	}
	fnl_prospect_edit_take_source(e);
	struct fnl_value gap_id = e->row[FNL_PROSPECT_GAP_ID];
	if (ends_gap) {
		e->row[FNL_PROSPECT_GAP_ID] = (struct fnl_value){0};
		e->row[FNL_PROSPECT_FEED_GAPS_SEEN].i64 = e->feed_gap_count;
		e->feed_unknown = false;
	}
	r = fnl_prospect_edit_close(e);
	if (r == 0 && ends_gap && gap_id.set) {
		r = tell_resync_completed(e, gap_id.str);
	}
	return r;
}
