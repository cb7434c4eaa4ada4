/* When a prospect stalls by each kind: its clocks, and the thresholds of the rules. */
#include "supervision_internal.h"

const struct fnl_value *fnl_layer_time(const struct fnl_value *row, int64_t layer)
{
	struct fnl_list times = row[FNL_PROSPECT_LAYER_TIMES].list;
	for (size_t i = 0; i < times.count; i++) {
		const struct fnl_value *entry = times.items[i].list.items;
		if (entry[FNL_LAYER_TIME_LAYER].i64 == layer) {
			return entry;
		}
	}
	return NULL;
}

struct fnl_watched fnl_watched_of(const struct fnl_value *row, const struct fnl_rules *rules)
{
	struct fnl_watched w = {
		.row = row,
		.rules = rules,
		.stage = row[FNL_PROSPECT_STAGE].set ? row[FNL_PROSPECT_STAGE].str : FNL_SPAN_NONE,
		.layer = (int)row[FNL_PROSPECT_LAYER].i64,
		.clock_ms = row[FNL_PROSPECT_LAYER_SINCE].i64,
	};
	const struct fnl_value *entry = fnl_layer_time(row, w.layer);
	if (entry && !entry[FNL_LAYER_TIME_LEFT_AT].set) {
		w.clock_ms = entry[FNL_LAYER_TIME_SINCE].i64;
		w.spent_ms = entry[FNL_LAYER_TIME_SPENT_MS].i64;
	}
	return w;
}

bool fnl_last_edit(const struct fnl_value *row, int64_t *ret_at_ms)
{
	const struct fnl_value *here = &row[FNL_PROSPECT_EDITED_AT];
	const struct fnl_value *there = &row[FNL_PROSPECT_LAST_EDIT_AT];
	if (!here->set && !there->set) {
		return false;
	}
	*ret_at_ms = !there->set || (here->set && here->i64 > there->i64) ? here->i64 : there->i64;
	return true;
}

/* Never a contact, or an edit: since it was there at all. */
static int64_t since_born(const struct fnl_watched *w)
{
	const struct fnl_value *created = &w->row[FNL_PROSPECT_CREATED_AT];
	return created->set ? created->i64 : w->clock_ms;
}

/* Neither its absence from the funnel nor what was before it counts. */
static int64_t not_before_reopened(const struct fnl_watched *w, int64_t since_ms)
{
	const struct fnl_value *reopened = &w->row[FNL_PROSPECT_REOPENED_AT];
	return reopened->set && reopened->i64 > since_ms ? reopened->i64 : since_ms;
}

static int64_t end_of_day(const struct fnl_watched *w, int64_t day)
{
	return fnl_local_moment(&w->rules->calendar, day < INT32_MAX ? (int32_t)day + 1 : INT32_MAX, 0);
}

/* A clock that has run spent_ms before passes the threshold of the rule. */
static struct fnl_watch over_time(const struct fnl_watched *w, int condition, enum fnl_layer_rule rule,
                                  int64_t since_ms, int64_t spent_ms)
{
	int64_t threshold_ms = fnl_watched_rule(w, rule) * FNL_BUSINESS_DAY_MS;
	int64_t left_ms = threshold_ms > spent_ms ? threshold_ms - spent_ms : 0;
	return (struct fnl_watch){
		.armed = true,
		.condition = condition,
		.since_ms = since_ms,
		.over_at_ms = fnl_business_after(&w->rules->calendar, since_ms, left_ms),
		.again_ms = threshold_ms,
	};
}

/* Whether another condition passes its threshold before the best one so far; nothing is computed that cannot. */
static void consider(const struct fnl_watched *w, struct fnl_watch *best, int condition, enum fnl_layer_rule rule,
                     int64_t since_ms)
{
	if (since_ms < best->over_at_ms) {
		struct fnl_watch other = over_time(w, condition, rule, since_ms, 0);
		*best = other.over_at_ms < best->over_at_ms ? other : *best;
	}
}

static struct fnl_watch watch_stuck(const struct fnl_watched *w)
{
	struct fnl_watch latest = over_time(w, FNL_STALL_CONDITION_IN_LAYER, FNL_RULE_STUCK, w->clock_ms, 0);
	/* of one clock, the one with more time left is not the earlier one */
	if (fnl_watched_rule(w, FNL_RULE_STUCK_CUMULATIVE) * FNL_BUSINESS_DAY_MS - w->spent_ms >= latest.again_ms) {
		return latest;
	}
	struct fnl_watch all =
		over_time(w, FNL_STALL_CONDITION_IN_LAYER_CUMULATIVE, FNL_RULE_STUCK_CUMULATIVE, w->clock_ms, w->spent_ms);
	return all.over_at_ms < latest.over_at_ms ? all : latest;
}

static struct fnl_watch watch_silent(const struct fnl_watched *w)
{
	const struct fnl_value *contact = &w->row[FNL_PROSPECT_LAST_CONTACT_AT];
	const struct fnl_value *meeting = &w->row[FNL_PROSPECT_NEXT_MEETING_ON];
	int64_t since_ms = not_before_reopened(w, contact->set ? contact->i64 : since_born(w));
	struct fnl_watch watch = over_time(w, FNL_STALL_CONDITION_NO_CONTACT, FNL_RULE_SILENT, since_ms, 0);

	if (meeting->set) {
		int64_t met_ms = end_of_day(w, meeting->i64);
		watch.over_at_ms = met_ms > watch.over_at_ms ? met_ms : watch.over_at_ms;
	}
	return watch;
}

static struct fnl_watch watch_stale(const struct fnl_watched *w)
{
	const struct fnl_value *close = &w->row[FNL_PROSPECT_EXPECTED_CLOSE_DATE];
	int64_t since_ms;

	if (!fnl_last_edit(w->row, &since_ms)) {
		since_ms = since_born(w);
	}
	since_ms = not_before_reopened(w, since_ms);
	struct fnl_watch best = over_time(w, FNL_STALL_CONDITION_NO_EDIT, FNL_RULE_STALE_EDIT, since_ms, 0);
	if (close->set) {
		consider(w, &best, FNL_STALL_CONDITION_CLOSE_DATE_PAST, FNL_RULE_STALE_CLOSE_DATE, end_of_day(w, close->i64));
	}
	if (!w->row[FNL_PROSPECT_AMOUNT].set) {
		consider(w, &best, FNL_STALL_CONDITION_AMOUNT_MISSING, FNL_RULE_STALE_AMOUNT, w->clock_ms);
	}
	return best;
}

static struct fnl_watch watch_slipped(const struct fnl_watched *w)
{
	const struct fnl_value *pushed = &w->row[FNL_PROSPECT_PUSHED_AT];
	int64_t allowed = fnl_watched_rule(w, FNL_RULE_SLIPPED);
	return (struct fnl_watch){
		.armed = pushed->set && w->row[FNL_PROSPECT_PUSH_COUNT].i64 > allowed,
		.condition = FNL_STALL_CONDITION_PUSHED,
		.since_ms = pushed->set ? pushed->i64 : 0,
		.over_at_ms = pushed->set ? pushed->i64 : 0,
		.again_ms = 0,
	};
}

struct fnl_watch fnl_watch_of(const struct fnl_watched *w, int kind, struct fnl_feed_state feed)
{
	if (!fnl_rules_watch(w->rules) || !fnl_layer_is_watched(w->layer)) {
		return (struct fnl_watch){.armed = false};
	}
	switch (kind) {
	case FNL_STALL_KIND_STUCK:
		return watch_stuck(w);
	case FNL_STALL_KIND_SILENT:
		return feed.carries_contacts ? watch_silent(w) : (struct fnl_watch){.armed = false};
	case FNL_STALL_KIND_STALE:
		return watch_stale(w);
	case FNL_STALL_KIND_SLIPPED:
		return watch_slipped(w);
	default:
		return (struct fnl_watch){.armed = false};
	}
}

struct fnl_watch fnl_supervision_watch(const struct fnl_value *row, int kind, struct fnl_feed_state feed,
                                       const struct fnl_rules *rules)
{
	struct fnl_watched w = fnl_watched_of(row, rules);
	return fnl_watch_of(&w, kind, feed);
}
