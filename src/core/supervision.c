/* The stalls of a prospect: which there are, and how far each was told. */
#include "supervision_internal.h"

/* One stall of a row, unpacked. */
struct stall {
	bool there;
	bool alerts; /* alert_at is not null */
	int condition;
	int level;
	int64_t since_ms;
	int64_t over_at_ms;
	int64_t alert_at_ms;
};

struct stalls {
	struct stall of[FNL_STALLS_MAX];
};

/* One look at a row. */
struct look {
	struct fnl_watched watched;
	struct fnl_watch watch[FNL_STALLS_MAX];
	bool frozen[FNL_STALLS_MAX]; /* the feed's silence says nothing about the prospect: what is, stays */
	int64_t now_ms;
	enum fnl_supervision_cause cause;
};

static void look_at(struct look *look, const struct fnl_value *row, struct fnl_feed_state feed,
                    const struct fnl_rules *rules)
{
	look->watched = fnl_watched_of(row, rules);
	bool watched = fnl_rules_watch(rules) && fnl_layer_is_watched(look->watched.layer);
	for (int kind = 0; kind < FNL_STALLS_MAX; kind++) {
		look->frozen[kind] = watched && feed.silent && (kind == FNL_STALL_KIND_SILENT || kind == FNL_STALL_KIND_STALE);
		if (!look->frozen[kind]) { /* else it stays unarmed */
			look->watch[kind] = fnl_watch_of(&look->watched, kind, feed);
		}
	}
}

static struct stalls unpack(const struct fnl_value *row)
{
	struct stalls s = {0};
	struct fnl_list list = row[FNL_PROSPECT_STALLS].list;
	for (size_t i = 0; i < list.count; i++) {
		const struct fnl_value *v = list.items[i].list.items;
		s.of[v[FNL_STALL_KIND].i64] = (struct stall){
			.there = true,
			.alerts = v[FNL_STALL_ALERT_AT].set,
			.condition = (int)v[FNL_STALL_CONDITION].i64,
			.level = (int)v[FNL_STALL_LEVEL].i64,
			.since_ms = v[FNL_STALL_SINCE].i64,
			.over_at_ms = v[FNL_STALL_OVER_AT].i64,
			.alert_at_ms = v[FNL_STALL_ALERT_AT].set ? v[FNL_STALL_ALERT_AT].i64 : 0,
		};
	}
	return s;
}

static bool same_stall(const struct stall *a, const struct stall *b)
{
	if (!a->there || !b->there) {
		return a->there == b->there;
	}
	return a->alerts == b->alerts && a->condition == b->condition && a->level == b->level &&
	       a->since_ms == b->since_ms && a->over_at_ms == b->over_at_ms && a->alert_at_ms == b->alert_at_ms;
}

static int pack(const struct stalls *s, struct fnl_value *row, struct fnl_arena *arena)
{
	struct fnl_value *items = fnl_arena_calloc(arena, FNL_STALLS_MAX, sizeof(*items));
	struct fnl_value *values = fnl_arena_calloc(arena, (size_t)FNL_STALLS_MAX * FNL_STALL_FIELD_COUNT, sizeof(*values));
	size_t count = 0;

	if (!items || !values) {
		return FNL_E_NOMEM;
	}
	for (int kind = 0; kind < FNL_STALLS_MAX; kind++) {
		const struct stall *from = &s->of[kind];
		if (!from->there) {
			continue;
		}
		struct fnl_value *v = values + count * FNL_STALL_FIELD_COUNT;
		v[FNL_STALL_KIND] = fnl_value_i64(kind);
		v[FNL_STALL_CONDITION] = fnl_value_i64(from->condition);
		v[FNL_STALL_SINCE] = fnl_value_i64(from->since_ms);
		v[FNL_STALL_OVER_AT] = fnl_value_i64(from->over_at_ms);
		v[FNL_STALL_ALERT_AT] = from->alerts ? fnl_value_i64(from->alert_at_ms) : fnl_value_null();
		v[FNL_STALL_LEVEL] = fnl_value_i64(from->level);
		items[count++] = fnl_value_list(v, FNL_STALL_FIELD_COUNT);
	}
	row[FNL_PROSPECT_STALLS] = fnl_value_list(items, count);
	return FNL_OK;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t bd_after(const struct look *look, int64_t from_ms, enum fnl_layer_rule rule)
{
	int64_t bd = fnl_watched_rule(&look->watched, rule);
	return fnl_business_after(&look->watched.rules->calendar, from_ms, bd * FNL_BUSINESS_DAY_MS);
}

/* A new owner is not blamed for what he found. */
static int64_t not_in_grace(const struct look *look, int64_t at_ms)
{
	const struct fnl_value *owner_since = &look->watched.row[FNL_PROSPECT_OWNER_SINCE];
	return owner_since->set ? later(at_ms, bd_after(look, owner_since->i64, FNL_RULE_GRACE)) : at_ms;
}

static void arm(const struct look *look, const struct fnl_watch *watch, struct stall *s)
{
	s->level = FNL_ALERT_LEVEL_NONE;
	s->alerts = true;
	if (look->cause != FNL_SUPERVISION_QUIET) {
		s->alert_at_ms = not_in_grace(look, watch->over_at_ms);
	} else if (watch->again_ms > 0) {
		const struct fnl_calendar *calendar = &look->watched.rules->calendar;
		s->alert_at_ms = not_in_grace(look, fnl_business_after(calendar, look->now_ms, watch->again_ms));
	} else {
		s->alerts = false;
		s->alert_at_ms = 0;
	}
}

/* When each level hears of it, alert_at being known; FNL_NO_SUPERVISION: never. */
static int64_t level_at(const struct look *look, const struct stall *s, int level)
{
	if (level == FNL_ALERT_LEVEL_REP) {
		return s->alert_at_ms;
	}
	enum fnl_layer_rule rule =
		level == FNL_ALERT_LEVEL_MANAGER ? FNL_RULE_ESCALATE_MANAGER : FNL_RULE_ESCALATE_NEXT_LEVEL;
	return fnl_watched_rule(&look->watched, rule) > 0 ? bd_after(look, s->alert_at_ms, rule) : FNL_NO_SUPERVISION;
}

/* Up the ladder as far as the time is: what an outage has missed is one step. */
static void climb(const struct look *look, struct stall *s)
{
	if (!s->alerts || s->alert_at_ms > look->now_ms) {
		return;
	}
	for (int level = FNL_ALERT_LEVEL_NEXT_LEVEL; level > s->level; level--) {
		if (level_at(look, s, level) <= look->now_ms) {
			s->level = level;
		}
	}
}

static void bring(const struct look *look, int kind, struct stall *s)
{
	const struct fnl_watch *watch = &look->watch[kind];
	if (!watch->armed || watch->over_at_ms > look->now_ms) {
		*s = (struct stall){.there = false};
		return;
	}
	bool is_new = !s->there;
	bool differs = s->since_ms != watch->since_ms || s->condition != watch->condition;
	s->there = true;
	s->condition = watch->condition;
	s->since_ms = watch->since_ms;
	s->over_at_ms = watch->over_at_ms;
	if (is_new || (s->level == FNL_ALERT_LEVEL_NONE && differs && look->cause != FNL_SUPERVISION_QUIET)) {
		arm(look, watch, s);
	} else if (look->cause == FNL_SUPERVISION_NEW_OWNER) {
		s->level = FNL_ALERT_LEVEL_NONE;
		s->alert_at_ms = s->alerts ? not_in_grace(look, watch->over_at_ms) : 0;
	}
	climb(look, s);
}

/* Of a stall that is there, or of a watch that is not over yet. */
static int64_t deadline_of(const struct look *look, int kind, const struct stall *s)
{
	int64_t first_ms = FNL_NO_SUPERVISION;
	if (!s->there) {
		return look->watch[kind].armed ? look->watch[kind].over_at_ms : FNL_NO_SUPERVISION;
	}
	if (!s->alerts) {
		return FNL_NO_SUPERVISION;
	}
	if (s->level == FNL_ALERT_LEVEL_NONE) {
		return s->alert_at_ms;
	}
	for (int level = s->level + 1; level <= FNL_ALERT_LEVEL_NEXT_LEVEL; level++) {
		int64_t at_ms = level_at(look, s, level);
		first_ms = at_ms < first_ms ? at_ms : first_ms;
	}
	return first_ms;
}

static int64_t deadline(const struct look *look, const struct stalls *s)
{
	int64_t first_ms = FNL_NO_SUPERVISION;
	for (int kind = 0; kind < FNL_STALLS_MAX; kind++) {
		if (!look->frozen[kind]) {
			int64_t at_ms = deadline_of(look, kind, &s->of[kind]);
			first_ms = at_ms < first_ms ? at_ms : first_ms;
		}
	}
	return first_ms;
}

int fnl_supervision_look(struct fnl_value *row, enum fnl_supervision_cause cause, struct fnl_feed_state feed,
                         int64_t now_ms, const struct fnl_rules *rules, struct fnl_arena *arena, bool *ret_changed,
                         int64_t *ret_deadline_ms)
{
	struct look look = {.now_ms = now_ms, .cause = cause};
	struct stalls s = unpack(row);
	bool changed = false;

	look_at(&look, row, feed, rules);
	for (int kind = 0; kind < FNL_STALLS_MAX; kind++) {
		struct stall before = s.of[kind];
		if (!look.frozen[kind]) {
			bring(&look, kind, &s.of[kind]);
			changed = changed || !same_stall(&before, &s.of[kind]);
		}
	}
	int r = changed ? pack(&s, row, arena) : FNL_OK;
	if (r == 0) {
		*ret_changed = changed;
		*ret_deadline_ms = deadline(&look, &s);
	}
	return r;
}

int fnl_supervision_update(struct fnl_value *row, enum fnl_supervision_cause cause, struct fnl_feed_state feed,
                           int64_t now_ms, const struct fnl_rules *rules, struct fnl_arena *arena, bool *ret_changed)
{
	int64_t deadline_ms;
	return fnl_supervision_look(row, cause, feed, now_ms, rules, arena, ret_changed, &deadline_ms);
}

int64_t fnl_supervision_deadline(const struct fnl_value *row, struct fnl_feed_state feed, const struct fnl_rules *rules)
{
	struct look look = {.cause = FNL_SUPERVISION_CHANGE};
	struct stalls s = unpack(row);
	look_at(&look, row, feed, rules);
	return deadline(&look, &s);
}
