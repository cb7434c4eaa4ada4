/* Gaps of the feed, after which nothing is known until a full image comes. */
#include "prospect_internal.h"

static int tell_resync_requested(struct fnl_prospect_edit *e)
{
	struct fnl_value *v = fnl_prospect_add_event(e, &fnl_desc_resync_requested);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_RESYNC_REQUESTED_SOURCE] = fnl_value_str(e->source);
	v[FNL_RESYNC_REQUESTED_GAP_ID] = e->values[FNL_FEED_GAP_GAP_ID];
	v[FNL_RESYNC_REQUESTED_PROSPECT_ID] = e->values[FNL_FEED_GAP_PROSPECT_ID];
	v[FNL_RESYNC_REQUESTED_OCCURRED_AT] = fnl_value_i64(e->occurred_at_ms);
	v[FNL_RESYNC_REQUESTED_SINCE] = e->values[FNL_FEED_GAP_SINCE];
	return FNL_OK;
}

/* Known already: the one that is open, one before the latest, or one of the same moment that comes after its greater
 * or after a full image. */
static bool is_known_gap(const struct fnl_prospect_edit *e, const struct fnl_value *row)
{
	const struct fnl_value *open = &row[FNL_PROSPECT_GAP_ID];
	const struct fnl_value *latest_at = &row[FNL_PROSPECT_GAP_VERSION];
	int order = open->set ? fnl_span_cmp(e->values[FNL_FEED_GAP_GAP_ID].str, open->str) : 0;
	if (open->set && order == 0) {
		return true;
	}
	return latest_at->set &&
	       (e->occurred_at_ms < latest_at->i64 || (e->occurred_at_ms == latest_at->i64 && (!open->set || order < 0)));
}

static int gap_of_prospect(struct fnl_prospect_edit *e)
{
	if (e->in->row && is_known_gap(e, e->in->row)) {
		return fnl_prospect_stale(e);
	}
	int r = fnl_prospect_edit_open(e);
	if (r < 0) {
		return r;
	}
	fnl_prospect_edit_take_source(e);
	e->row[FNL_PROSPECT_GAP_ID] = e->values[FNL_FEED_GAP_GAP_ID];
	e->row[FNL_PROSPECT_GAP_VERSION] = fnl_value_i64(e->occurred_at_ms);
	r = fnl_prospect_edit_close(e);
	return r ? r : tell_resync_requested(e);
}

static int gap_of_source(struct fnl_prospect_edit *e)
{
	const struct fnl_value *known = e->in->feed;
	struct fnl_value gap_id = e->values[FNL_FEED_GAP_GAP_ID];
	bool any = known && known[FNL_FEED_LAST_GAP_ID].set && known[FNL_FEED_LAST_GAP_AT].set;
	int order = any ? fnl_span_cmp(gap_id.str, known[FNL_FEED_LAST_GAP_ID].str) : 0;
	/* what was lost before the latest gap comes with the images after it */
	if (any && (order == 0 || e->occurred_at_ms < known[FNL_FEED_LAST_GAP_AT].i64 ||
	            (e->occurred_at_ms == known[FNL_FEED_LAST_GAP_AT].i64 && order < 0))) {
		return fnl_prospect_stale(e);
	}
	struct fnl_value *feed = fnl_prospect_open_feed(e);
	if (!feed) {
		return FNL_E_NOMEM;
	}
	feed[FNL_FEED_GAP_COUNT].i64++;
	feed[FNL_FEED_LAST_GAP_ID] = gap_id;
	feed[FNL_FEED_LAST_GAP_AT] = fnl_value_i64(e->occurred_at_ms);
	return e->partition_is_first ? tell_resync_requested(e) : FNL_OK;
}

int fnl_prospect_feed_gap(struct fnl_prospect_edit *e)
{
	return fnl_span_is_none(e->prospect_id) ? gap_of_source(e) : gap_of_prospect(e);
}

/* What it says was heard already. */
int fnl_prospect_feed_heartbeat(struct fnl_prospect_edit *e)
{
	return e->out->feed_change == FNL_ROW_KEEP ? fnl_prospect_stale(e) : FNL_OK;
}
