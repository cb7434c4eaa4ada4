/* Whether a feed is heard of. Any input is a sign of life; the row is not written with each, and so knows the last one
 * to within a sixteenth of the time after which the feed is silent, and waits for as much longer. */
#include "prospect_internal.h"
#include "rules_internal.h"

#define MS_PER_MINUTE INT64_C(60000)
#define MS_PER_DAY INT64_C(86400000)
/* a timer that fires so late says that we were away, not the feed */
#define LATE_MS (5 * MS_PER_MINUTE)

enum { MINUTES_PER_HOUR = 60, SLACK = 16, FEEDS_MAX = 64 };

/* ---- when ---- */

/* 0: it is never silent. */
static int64_t limit_minutes(const struct fnl_rules *rules, bool has_heartbeats)
{
	return has_heartbeats ? rules->values[FNL_RULES_AT_SILENT_WITH_HEARTBEATS_MINUTES]
	                      : rules->values[FNL_RULES_AT_SILENT_HOURS] * MINUTES_PER_HOUR;
}

/* Heartbeats come on days off, too; other inputs need somebody at work. null: never. */
static struct fnl_value deadline_of(const struct fnl_rules *rules, const struct fnl_value *feed)
{
	if (feed[FNL_FEED_SETTLES_AT].set) {
		return feed[FNL_FEED_SETTLES_AT];
	}
	bool has_heartbeats = feed[FNL_FEED_HAS_HEARTBEATS].i64 != 0;
	int64_t limit_ms = limit_minutes(rules, has_heartbeats) * MS_PER_MINUTE;
	int64_t wait_ms = limit_ms + limit_ms / SLACK;
	int64_t heard_ms = feed[FNL_FEED_LAST_HEARD_AT].i64;
	if (limit_ms == 0) {
		return fnl_value_null();
	}
	return fnl_value_i64(has_heartbeats ? heard_ms + wait_ms : fnl_business_after(&rules->calendar, heard_ms, wait_ms));
}

/* ---- what prospects must know of it ---- */

static const struct fnl_value *state_at(struct fnl_list list, size_t i)
{
	return list.items[i].list.items;
}

/* The first one that is not before the source. */
static size_t place_of(struct fnl_list list, struct fnl_span source)
{
	size_t i = 0;
	while (i < list.count && fnl_span_cmp(state_at(list, i)[FNL_FEED_STATE_SOURCE].str, source) < 0) {
		i++;
	}
	return i;
}

static bool is_at(struct fnl_list list, size_t i, struct fnl_span source)
{
	return i < list.count && fnl_span_eq(state_at(list, i)[FNL_FEED_STATE_SOURCE].str, source);
}

struct fnl_feed_state fnl_prospect_feed_state(const struct fnl_value *feeds, struct fnl_span source)
{
	if (!feeds) {
		return (struct fnl_feed_state){false, false};
	}
	struct fnl_list list = feeds[FNL_PARTITION_FEEDS_FEEDS].list;
	size_t i = place_of(list, source);
	if (!is_at(list, i, source)) {
		return (struct fnl_feed_state){false, false};
	}
	const struct fnl_value *v = state_at(list, i);
	return (struct fnl_feed_state){v[FNL_FEED_STATE_CARRIES_CONTACTS].i64 != 0, v[FNL_FEED_STATE_SILENT].i64 != 0};
}

static struct fnl_value *copy_feeds(struct fnl_prospect_edit *e)
{
	struct fnl_value *feeds = fnl_arena_calloc(e->in->arena, FNL_PARTITION_FEEDS_FIELD_COUNT, sizeof(*feeds));
	if (feeds && e->feeds) {
		memcpy(feeds, e->feeds, FNL_PARTITION_FEEDS_FIELD_COUNT * sizeof(*feeds));
	} else if (feeds) {
		feeds[FNL_PARTITION_FEEDS_FEEDS] = fnl_value_list(NULL, 0);
		feeds[FNL_PARTITION_FEEDS_PASS_QUIET] = fnl_value_i64(0);
	}
	return feeds;
}

/* The list with the source's entry as it is now, or without it when there is nothing to say. */
static int put_state(struct fnl_prospect_edit *e, struct fnl_list known, struct fnl_span source,
                     struct fnl_feed_state to, struct fnl_list *ret)
{
	struct fnl_value *list = fnl_arena_calloc(e->in->arena, known.count + 1, sizeof(*list));
	struct fnl_value *v = fnl_arena_calloc(e->in->arena, FNL_FEED_STATE_FIELD_COUNT, sizeof(*v));
	size_t at = place_of(known, source), count = 0;
	if (!list || !v) {
		return FNL_E_NOMEM;
	}
	v[FNL_FEED_STATE_SOURCE] = fnl_value_str(source);
	v[FNL_FEED_STATE_CARRIES_CONTACTS] = fnl_value_i64(to.carries_contacts);
	v[FNL_FEED_STATE_SILENT] = fnl_value_i64(to.silent);
	for (size_t i = 0; i <= known.count; i++) {
		if (i == at && (to.carries_contacts || to.silent)) {
			list[count++] = fnl_value_list(v, FNL_FEED_STATE_FIELD_COUNT);
		}
		if (i < known.count && !is_at(known, i, source)) {
			list[count++] = known.items[i];
		}
	}
	*ret = (struct fnl_list){list, count};
	return FNL_OK;
}

/* The clock of all prospects of a feed that says only now that it carries contacts has run for long, and nobody was
 * told to watch it: as with a first load, what is over is shown. A pass that begins anew stays quiet if it was. */
static bool is_quiet(const struct fnl_value *feeds, struct fnl_feed_state from, struct fnl_feed_state to)
{
	bool goes_on = feeds[FNL_PARTITION_FEEDS_NEXT_DEADLINE_AT].set && feeds[FNL_PARTITION_FEEDS_PASS_QUIET].i64 != 0;
	return goes_on || (to.carries_contacts && !from.carries_contacts);
}

/* A feed that falls silent leaves its prospects as they are; all else is looked at by a pass, which begins anew if one
 * is on its way. The caller of the core says whose doing it is. */
int fnl_prospect_set_feed_state(struct fnl_prospect_edit *e, struct fnl_span source, struct fnl_feed_state to)
{
	struct fnl_feed_state from = fnl_prospect_feed_state(e->feeds, source);
	struct fnl_list list = e->feeds ? e->feeds[FNL_PARTITION_FEEDS_FEEDS].list : (struct fnl_list){NULL, 0};
	bool is_new = !is_at(list, place_of(list, source), source);
	if ((from.carries_contacts == to.carries_contacts && from.silent == to.silent) ||
	    (is_new && list.count >= FEEDS_MAX)) {
		return FNL_OK;
	}
	struct fnl_value *feeds = copy_feeds(e);
	int r = feeds ? put_state(e, list, source, to, &list) : FNL_E_NOMEM;
	if (r < 0) {
		return r;
	}
	feeds[FNL_PARTITION_FEEDS_FEEDS].list = list;
	if (from.carries_contacts != to.carries_contacts || !to.silent) {
		feeds[FNL_PARTITION_FEEDS_PASS_QUIET] = fnl_value_i64(is_quiet(feeds, from, to));
		feeds[FNL_PARTITION_FEEDS_NEXT_DEADLINE_AT] = fnl_value_i64(e->now_ms);
		feeds[FNL_PARTITION_FEEDS_PASS_AT] = fnl_value_i64(e->now_ms);
		feeds[FNL_PARTITION_FEEDS_PASS_AFTER] = fnl_value_null();
		e->out->pass_begins = true;
	}
	e->out->feeds_change = FNL_ROW_PUT;
	e->out->feeds = feeds;
	e->feeds = feeds;
	return FNL_OK;
}

/* ---- the feed's row ---- */

struct fnl_value *fnl_prospect_open_feed(struct fnl_prospect_edit *e)
{
	if (e->out->feed_change == FNL_ROW_PUT) {
		return e->out->feed;
	}
	struct fnl_value *feed = fnl_arena_calloc(e->in->arena, FNL_FEED_FIELD_COUNT, sizeof(*feed));
	if (!feed) {
		return NULL;
	}
	if (e->in->feed) {
		memcpy(feed, e->in->feed, FNL_FEED_FIELD_COUNT * sizeof(*feed));
	} else {
		feed[FNL_FEED_SOURCE] = fnl_value_str(e->source);
		feed[FNL_FEED_GAP_COUNT] = fnl_value_i64(0);
		feed[FNL_FEED_HAS_HEARTBEATS] = fnl_value_i64(0);
	}
	e->out->feed_change = FNL_ROW_PUT;
	e->out->feed = feed;
	return feed;
}

static bool says_other(const struct fnl_value *feed, struct fnl_value carries)
{
	struct fnl_value known = feed[FNL_FEED_CARRIES_CONTACTS];
	return carries.set && (!known.set || known.i64 != carries.i64);
}

/* Whether the row has to be written for this sign of life. */
static bool is_news(const struct fnl_prospect_edit *e, const struct fnl_value *heartbeat)
{
	const struct fnl_value *feed = e->in->feed;
	if (!feed || !feed[FNL_FEED_LAST_HEARD_AT].set || feed[FNL_FEED_SILENT_SINCE].set) {
		return true;
	}
	bool has_heartbeats = feed[FNL_FEED_HAS_HEARTBEATS].i64 != 0;
	if (heartbeat && (!has_heartbeats || says_other(feed, heartbeat[FNL_FEED_HEARTBEAT_CARRIES_CONTACTS]))) {
		return true;
	}
	int64_t limit_ms = limit_minutes(e->in->rules, has_heartbeats) * MS_PER_MINUTE;
	bool waits = feed[FNL_FEED_NEXT_DEADLINE_AT].set || limit_ms == 0;
	return !waits || e->now_ms >= feed[FNL_FEED_LAST_HEARD_AT].i64 + (limit_ms ? limit_ms : MS_PER_DAY) / SLACK;
}

/* What prospects must know of a feed that is heard. */
static int set_heard(struct fnl_prospect_edit *e, const struct fnl_value *feed)
{
	struct fnl_value carries = feed[FNL_FEED_CARRIES_CONTACTS];
	return fnl_prospect_set_feed_state(e, e->source, (struct fnl_feed_state){carries.set && carries.i64 != 0, false});
}

/* What comes first after a silence is the oldest of what has piled up: a prospect whose contact is still on its way
 * must not be blamed. So it is as in the silence until the rest may be believed to be here. */
static void recover(struct fnl_prospect_edit *e, struct fnl_value *feed)
{
	int64_t limit_ms = limit_minutes(e->in->rules, feed[FNL_FEED_HAS_HEARTBEATS].i64 != 0) * MS_PER_MINUTE;
	e->recovered = e->in->feed;
	feed[FNL_FEED_SILENT_SINCE] = fnl_value_null();
	feed[FNL_FEED_SETTLES_AT] = limit_ms ? fnl_value_i64(e->now_ms + limit_ms / SLACK) : fnl_value_null();
}

int fnl_prospect_heard(struct fnl_prospect_edit *e, const struct fnl_value *heartbeat)
{
	if (!is_news(e, heartbeat)) {
		return FNL_OK;
	}
	struct fnl_value *feed = fnl_prospect_open_feed(e);
	if (!feed) {
		return FNL_E_NOMEM;
	}
	struct fnl_value *last = &feed[FNL_FEED_LAST_HEARD_AT];
	*last = last->set && last->i64 > e->now_ms ? *last : fnl_value_i64(e->now_ms);
	if (heartbeat) {
		struct fnl_value carries = heartbeat[FNL_FEED_HEARTBEAT_CARRIES_CONTACTS];
		feed[FNL_FEED_HAS_HEARTBEATS] = fnl_value_i64(1);
		feed[FNL_FEED_CARRIES_CONTACTS] = carries.set ? carries : feed[FNL_FEED_CARRIES_CONTACTS];
	}
	if (feed[FNL_FEED_SILENT_SINCE].set) {
		recover(e, feed);
	}
	feed[FNL_FEED_NEXT_DEADLINE_AT] = deadline_of(e->in->rules, feed);
	return feed[FNL_FEED_SETTLES_AT].set ? FNL_OK : set_heard(e, feed);
}

int fnl_prospect_tell_recovered(struct fnl_prospect_edit *e)
{
	if (!e->recovered || !e->partition_is_first) {
		return FNL_OK;
	}
	struct fnl_value *v = fnl_prospect_add_event(e, &fnl_desc_feed_recovered);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_FEED_RECOVERED_SOURCE] = fnl_value_str(e->source);
	v[FNL_FEED_RECOVERED_OCCURRED_AT] = fnl_value_i64(e->now_ms);
	v[FNL_FEED_RECOVERED_SILENT_SINCE] = e->recovered[FNL_FEED_SILENT_SINCE];
	return FNL_OK;
}

static int tell_silent(struct fnl_prospect_edit *e, const struct fnl_value *feed)
{
	bool has_heartbeats = feed[FNL_FEED_HAS_HEARTBEATS].i64 != 0;
	struct fnl_value *v = fnl_prospect_add_event(e, &fnl_desc_feed_silent);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_FEED_SILENT_SOURCE] = fnl_value_str(e->source);
	v[FNL_FEED_SILENT_OCCURRED_AT] = fnl_value_i64(e->occurred_at_ms);
	v[FNL_FEED_SILENT_LAST_HEARD_AT] = feed[FNL_FEED_LAST_HEARD_AT];
	v[FNL_FEED_SILENT_HAS_HEARTBEATS] = fnl_value_i64(has_heartbeats);
	v[FNL_FEED_SILENT_LIMIT_MINUTES] = fnl_value_i64(limit_minutes(e->in->rules, has_heartbeats));
	return FNL_OK;
}

static int fall_silent(struct fnl_prospect_edit *e, struct fnl_value *feed)
{
	struct fnl_value carries = feed[FNL_FEED_CARRIES_CONTACTS];
	feed[FNL_FEED_SILENT_SINCE] = feed[FNL_FEED_LAST_HEARD_AT];
	feed[FNL_FEED_NEXT_DEADLINE_AT] = fnl_value_null();
	int r = fnl_prospect_set_feed_state(e, e->source, (struct fnl_feed_state){carries.set && carries.i64 != 0, true});
	return r == 0 && e->partition_is_first ? tell_silent(e, feed) : r;
}

/* Other rules may have given it more time, or all of it; one that was heard again and is not any more, even so, is
 * silent still. */
static int settle_or_fall_silent(struct fnl_prospect_edit *e, struct fnl_value *feed)
{
	bool settles = feed[FNL_FEED_SETTLES_AT].set;
	feed[FNL_FEED_SETTLES_AT] = fnl_value_null();
	struct fnl_value next = deadline_of(e->in->rules, feed);
	feed[FNL_FEED_NEXT_DEADLINE_AT] = next;
	if (next.set && next.i64 <= e->now_ms) {
		return fall_silent(e, feed);
	}
	return settles ? set_heard(e, feed) : FNL_OK;
}

int fnl_prospect_feed_timer(const struct fnl_prospect_in *in, bool partition_is_first, struct fnl_prospect_out *ret,
                            struct fnl_error *why)
{
	struct fnl_prospect_out out = {.row_change = FNL_ROW_KEEP};
	const struct fnl_value *known = in->feed;
	if (!known || !known[FNL_FEED_NEXT_DEADLINE_AT].set || known[FNL_FEED_NEXT_DEADLINE_AT].i64 > in->now_ms) {
		out.stale = true;
		*ret = out;
		return FNL_OK;
	}
	struct fnl_prospect_edit e = {
		.in = in,
		.out = &out,
		.why = why,
		.source = known[FNL_FEED_SOURCE].str,
		.occurred_at_ms = known[FNL_FEED_NEXT_DEADLINE_AT].i64,
		.now_ms = in->now_ms,
		.feeds = in->feeds,
		.partition_is_first = partition_is_first,
	};
	struct fnl_value *feed = fnl_prospect_open_feed(&e);
	if (!feed) {
		return FNL_E_NOMEM;
	}
	if (in->now_ms - e.occurred_at_ms > LATE_MS) {
		feed[FNL_FEED_LAST_HEARD_AT] = fnl_value_i64(in->now_ms);
	}
	int r = settle_or_fall_silent(&e, feed);
	if (r < 0) {
		return r;
	}
	*ret = out;
	return FNL_OK;
}
