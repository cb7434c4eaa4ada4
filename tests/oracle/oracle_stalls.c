/* How a prospect sits still: its clocks, and what is made of them. */
#include <inttypes.h>

#include "oracle_internal.h"

#define DAY_MS INT64_C(86400000)

enum { KINDS = 4, NEVER = -1 };
static const char *const kinds[KINDS] = {"STUCK", "SILENT", "STALE", "SLIPPED"};
static const char *const levels[] = {"NONE", "REP", "MANAGER", "NEXT_LEVEL"};

/* What the rules and the row say of one kind. */
struct watch {
	const char *condition; /* NULL: it cannot sit still so */
	int64_t since;
	int64_t over_at;
	int64_t again_ms;
};

static const struct oracle_calendar *calendar_of(const struct oracle_rules *rules)
{
	return &rules->thresholds->calendar;
}

static bool in_funnel(const char *layer)
{
	return strcmp(layer, "TOP") == 0 || strcmp(layer, "MIDDLE") == 0 || strcmp(layer, "BOTTOM") == 0;
}

static json_t *layer_time(const json_t *row, const char *layer)
{
	size_t i;
	json_t *t;
	json_array_foreach(json_object_get(row, "layer_times"), i, t)
	{
		if (oracle_is(t, "layer", layer)) {
			return t;
		}
	}
	return NULL;
}

static int64_t clock_since(const json_t *row)
{
	const json_t *t = layer_time(row, oracle_text(row, "layer"));
	return t ? oracle_number(t, "since") : oracle_number(row, "layer_since");
}

/* ---- clocks ---- */

void oracle_clock_of_layer(const struct oracle_rules *rules, json_t *row, const char *from, const char *to, int64_t at)
{
	static const char *const order[] = {"TOP", "MIDDLE", "BOTTOM"};
	const struct oracle_calendar *c = calendar_of(rules);
	json_t *left = layer_time(row, from), *entered = layer_time(row, to);
	if (left) {
		oracle_set(left, "left_at", json_integer(at));
	}
	if (!in_funnel(to)) {
		return;
	}
	if (entered) {
		int64_t since = oracle_number(entered, "since"), left_at = oracle_number(entered, "left_at");
		if (oracle_business_between(c, left_at, at) > rules->thresholds->return_within_bd * DAY_MS) {
			int64_t spent = oracle_number(entered, "spent_ms") + oracle_business_between(c, since, left_at);
			oracle_set(entered, "spent_ms", json_integer(spent));
			oracle_set(entered, "since", json_integer(at));
		}
		oracle_set(entered, "left_at", json_null());
		return;
	}
	json_t *new = json_object(), *all = json_array();
	oracle_set(new, "layer", json_string(to));
	oracle_set(new, "since", json_integer(at));
	oracle_set(new, "left_at", json_null());
	oracle_set(new, "spent_ms", json_integer(0));
	for (size_t i = 0; i < 3; i++) {
		json_t *t = strcmp(order[i], to) == 0 ? new : layer_time(row, order[i]);
		if (t) {
			json_array_append(all, t);
		}
	}
	json_decref(new);
	oracle_set(row, "layer_times", all);
}

void oracle_clock_of_close_date(const struct oracle_rules *rules, json_t *row, const json_t *before, int64_t at,
                                bool counts)
{
	const json_t *now = json_object_get(row, "expected_close_date");
	if (!json_is_integer(now)) {
		return;
	}
	if (!oracle_has(row, "first_close_date")) {
		oracle_take(row, "first_close_date", row, "expected_close_date");
	}
	bool later = json_is_integer(before) && json_integer_value(now) > json_integer_value(before);
	const struct oracle_calendar *c = calendar_of(rules);
	bool same_day =
		oracle_has(row, "pushed_at") && oracle_local_day(c, oracle_number(row, "pushed_at")) == oracle_local_day(c, at);
	if (later && counts && !same_day) {
		oracle_set(row, "push_count", json_integer(oracle_number(row, "push_count") + 1));
		oracle_set(row, "pushed_at", json_integer(at));
	}
}

/* ---- what the row says of a kind ---- */

/* The one that is over first; of two the one that is asked first. */
static void condition(struct watch *w, const struct oracle_rules *rules, const char *name, int64_t since,
                      int64_t business_ms, int64_t again_ms)
{
	int64_t over_at = oracle_business_after(calendar_of(rules), since, business_ms > 0 ? business_ms : 0);
	if (!w->condition || over_at < w->over_at) {
		*w = (struct watch){name, since, over_at, again_ms};
	}
}

static int64_t latest_of(const json_t *row, const char *a, const char *b)
{
	int64_t x = oracle_has(row, a) ? oracle_number(row, a) : INT64_MIN;
	int64_t y = b && oracle_has(row, b) ? oracle_number(row, b) : INT64_MIN;
	return x > y ? x : y;
}

/* Since the moment, or since there is anything to wait for. */
static int64_t waiting_since(const json_t *row, int64_t moment)
{
	int64_t since = moment;
	if (since == INT64_MIN) {
		since = oracle_has(row, "created_at") ? oracle_number(row, "created_at") : clock_since(row);
	}
	int64_t reopened = latest_of(row, "reopened_at", NULL);
	return since > reopened ? since : reopened;
}

static void stuck(struct watch *w, const struct oracle_rules *rules, const json_t *row)
{
	const json_t *t = layer_time(row, oracle_text(row, "layer"));
	int64_t once = oracle_threshold_of(rules, row, ORACLE_STUCK) * DAY_MS;
	int64_t all = oracle_threshold_of(rules, row, ORACLE_STUCK_CUMULATIVE) * DAY_MS;
	condition(w, rules, "IN_LAYER", clock_since(row), once, once);
	condition(w, rules, "IN_LAYER_CUMULATIVE", clock_since(row), all - (t ? oracle_number(t, "spent_ms") : 0), all);
}

static void silent(struct watch *w, const struct oracle_rules *rules, const json_t *row)
{
	int64_t limit = oracle_threshold_of(rules, row, ORACLE_SILENT) * DAY_MS;
	condition(w, rules, "NO_CONTACT", waiting_since(row, latest_of(row, "last_contact_at", NULL)), limit, limit);
	if (oracle_has(row, "next_meeting_on")) {
		int64_t met = oracle_day_end(calendar_of(rules), oracle_number(row, "next_meeting_on"));
		w->over_at = w->over_at < met ? met : w->over_at;
	}
}

static void neglected(struct watch *w, const struct oracle_rules *rules, const json_t *row)
{
	int64_t limit = oracle_threshold_of(rules, row, ORACLE_STALE_EDIT) * DAY_MS;
	condition(w, rules, "NO_EDIT", waiting_since(row, latest_of(row, "edited_at", "last_edit_at")), limit, limit);
	if (oracle_has(row, "expected_close_date")) {
		limit = oracle_threshold_of(rules, row, ORACLE_STALE_CLOSE_DATE) * DAY_MS;
		int64_t end = oracle_day_end(calendar_of(rules), oracle_number(row, "expected_close_date"));
		condition(w, rules, "CLOSE_DATE_PAST", end, limit, limit);
	}
	if (!oracle_has(row, "amount")) {
		limit = oracle_threshold_of(rules, row, ORACLE_STALE_AMOUNT) * DAY_MS;
		condition(w, rules, "AMOUNT_MISSING", clock_since(row), limit, limit);
	}
}

static struct watch watch_of(const struct oracle_rules *rules, const json_t *row, int kind, bool carries_contacts)
{
	struct watch w = {NULL, 0, 0, 0};
	if (!in_funnel(oracle_text(row, "layer"))) {
		return w;
	}
	switch (kind) {
	case 0:
		stuck(&w, rules, row);
		break;
	case 1:
		if (carries_contacts) {
			silent(&w, rules, row);
		}
		break;
	case 2:
		neglected(&w, rules, row);
		break;
	default:
		if (oracle_number(row, "push_count") > oracle_threshold_of(rules, row, ORACLE_SLIPPED)) {
			w = (struct watch){"PUSHED", oracle_number(row, "pushed_at"), oracle_number(row, "pushed_at"), 0};
		}
		break;
	}
	return w;
}

/* ---- stalls ---- */

static json_t *stall_of(const json_t *row, int kind)
{
	size_t i;
	json_t *s;
	json_array_foreach(json_object_get(row, "stalls"), i, s)
	{
		if (oracle_is(s, "kind", kinds[kind])) {
			return s;
		}
	}
	return NULL;
}

static bool waits_for_feed(int kind, struct oracle_feed_state feed)
{
	return feed.silent && (kind == 1 || kind == 2);
}

static int64_t not_before_grace(const struct oracle_rules *rules, const json_t *row, int64_t at)
{
	if (!oracle_has(row, "owner_since")) {
		return at;
	}
	int64_t grace_ms = oracle_threshold_of(rules, row, ORACLE_GRACE) * DAY_MS;
	int64_t end = oracle_business_after(calendar_of(rules), oracle_number(row, "owner_since"), grace_ms);
	return at < end ? end : at;
}

/* When the level is reached; INT64_MAX: never. */
static int64_t level_at(const struct oracle_rules *rules, const json_t *row, const json_t *stall, int level)
{
	int64_t days = level == 1 ? 0 : oracle_threshold_of(rules, row, level == 2 ? ORACLE_MANAGER : ORACLE_NEXT_LEVEL);
	if (!oracle_has(stall, "alert_at") || (level > 1 && days == 0)) {
		return INT64_MAX;
	}
	int64_t at = oracle_number(stall, "alert_at");
	return level == 1 ? at : oracle_business_after(calendar_of(rules), at, days * DAY_MS);
}

static int level_of(const json_t *stall)
{
	int level = 0;
	while (!oracle_is(stall, "level", levels[level])) {
		level++;
	}
	return level;
}

static json_t *new_stall(const struct oracle_rules *rules, const json_t *row, const struct watch *w, int64_t now_ms,
                         const char *cause)
{
	json_t *s = json_object();
	json_t *alert_at = json_integer(not_before_grace(rules, row, w->over_at));
	if (strcmp(cause, "QUIET") == 0) {
		json_decref(alert_at);
		int64_t again = oracle_business_after(calendar_of(rules), now_ms, w->again_ms);
		alert_at = w->again_ms ? json_integer(not_before_grace(rules, row, again)) : json_null();
	}
	oracle_set(s, "alert_at", alert_at);
	oracle_set(s, "level", json_string("NONE"));
	return s;
}

/* The stall of a kind as it goes on; NULL: there is none. */
static json_t *stall_after(const struct oracle_rules *rules, const json_t *row, int kind, struct oracle_feed_state feed,
                           int64_t now_ms, const char *cause)
{
	const json_t *old = stall_of(row, kind);
	struct watch w = watch_of(rules, row, kind, feed.carries_contacts);
	if (waits_for_feed(kind, feed)) {
		return old && in_funnel(oracle_text(row, "layer")) ? json_deep_copy(old) : NULL;
	}
	bool other =
		!old || !w.condition || !oracle_is(old, "condition", w.condition) || oracle_number(old, "since") != w.since;
	if (!w.condition || w.over_at > now_ms) {
		return NULL;
	}
	bool anew = !old || (other && level_of(old) == 0 && strcmp(cause, "QUIET") != 0);
	json_t *s = anew ? new_stall(rules, row, &w, now_ms, cause) : json_deep_copy(old);
	if (!anew && strcmp(cause, "NEW_OWNER") == 0) {
		oracle_set(s, "level", json_string("NONE"));
		if (oracle_has(s, "alert_at")) {
			oracle_set(s, "alert_at", json_integer(not_before_grace(rules, row, w.over_at)));
		}
	}
	oracle_set(s, "kind", json_string(kinds[kind]));
	oracle_set(s, "condition", json_string(w.condition));
	oracle_set(s, "since", json_integer(w.since));
	oracle_set(s, "over_at", json_integer(w.over_at));
	for (int level = 1; level <= 3; level++) {
		if (level_at(rules, row, s, 1) <= now_ms && level_at(rules, row, s, level) <= now_ms && level > level_of(s)) {
			oracle_set(s, "level", json_string(levels[level]));
		}
	}
	return s;
}

static const char *const conditions[] = {"IN_LAYER",        "IN_LAYER_CUMULATIVE", "NO_CONTACT", "NO_EDIT",
                                         "CLOSE_DATE_PAST", "AMOUNT_MISSING",      "PUSHED"};

/* What a test wants to know that it was there. */
static void count(struct oracle_stats *stats, int kind, const json_t *old, const json_t *now, const char *cause)
{
	stats->stalled[kind] += !old && now;
	stats->cleared[kind] += old && !now;
	if (!now) {
		return;
	}
	int before = old ? level_of(old) : 0, after = level_of(now);
	for (int level = before + 1; level <= after; level++) {
		stats->levels[level - 1]++;
	}
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]) && !old; i++) {
		stats->conditions[i] += oracle_is(now, "condition", conditions[i]);
	}
	stats->coalesced += after > before + 1;
	stats->quiet += !old && strcmp(cause, "QUIET") == 0;
	stats->new_owner += old && before > 0 && after == 0;
}

void oracle_stalls_update(struct oracle_step *step, json_t *row, int64_t now_ms, const char *cause)
{
	const struct oracle_rules *rules = step->p->rules;
	struct oracle_feed_state feed = oracle_feed_state(step->p, oracle_text(row, "source"));
	json_t *all = json_array(), *known;
	size_t i;
	/* for what was over once, time does not go back: a timer may look at it that should have come before */
	json_array_foreach(json_object_get(row, "stalls"), i, known)
	{
		now_ms = oracle_number(known, "over_at") > now_ms ? oracle_number(known, "over_at") : now_ms;
	}
	for (int kind = 0; kind < KINDS; kind++) {
		json_t *s = stall_after(rules, row, kind, feed, now_ms, cause);
		count(&step->run->stats, kind, stall_of(row, kind), s, cause);
		if (s) {
			json_array_append_new(all, s);
		}
	}
	oracle_set(row, "stalls", all);
}

int64_t oracle_stalls_deadline(const struct oracle_rules *rules, const json_t *row, struct oracle_feed_state feed)
{
	int64_t next = INT64_MAX;
	for (int kind = 0; kind < KINDS; kind++) {
		const json_t *s = stall_of(row, kind);
		struct watch w = watch_of(rules, row, kind, feed.carries_contacts);
		if (waits_for_feed(kind, feed)) {
			continue;
		}
		if (!s && w.condition && w.over_at < next) {
			next = w.over_at;
		}
		for (int level = s ? level_of(s) + 1 : 4; level <= 3; level++) {
			int64_t at = level_at(rules, row, s, level);
			next = at < next ? at : next;
		}
	}
	return next;
}

json_t *oracle_evidence(const json_t *row)
{
	static const char *const names[] = {
		"last_contact_at", "next_meeting_on", "first_close_date", "push_count", "competitor_id", "blocker", "answer"};
	if (json_array_size(json_object_get(row, "stalls")) == 0) {
		return json_null();
	}
	json_t *v = json_object();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		oracle_take(v, names[i], row, names[i]);
	}
	int64_t edited = latest_of(row, "edited_at", "last_edit_at");
	oracle_set(v, "edited_at", edited == INT64_MIN ? json_null() : json_integer(edited));
	oracle_set(v, "layer_since", json_integer(clock_since(row)));
	return v;
}
