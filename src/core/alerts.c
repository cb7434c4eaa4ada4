/* What is told of a line's stalls: what they are now against what they were, and what was told of them. */
#include "funneld/core/alerts.h"
#include "values_internal.h"

_Static_assert(FNL_PROSPECT_STALLED_EVIDENCE == (int)FNL_STALL_ESCALATED_EVIDENCE &&
                   FNL_PROSPECT_STALLED_FIELD_COUNT == (int)FNL_STALL_ESCALATED_FIELD_COUNT,
               "ProspectStalled and StallEscalated have the same fields, in one order");

/* One line, and the moment that it is told of. */
struct telling {
	const struct fnl_value *rep;
	const struct fnl_value *line;
	int64_t at_ms;
	bool absent;
	const struct fnl_rules *rules;
	struct fnl_arena *arena;
	struct fnl_event_out *events;
	size_t count;
};

bool fnl_rep_is_absent(const struct fnl_value *rep, const struct fnl_calendar *calendar, int64_t at_ms)
{
	const struct fnl_value *from = &rep[FNL_REP_ABSENT_FROM];
	const struct fnl_value *until = &rep[FNL_REP_ABSENT_UNTIL];
	if (!from->set && !until->set) {
		return false;
	}
	int64_t day = fnl_local_day(calendar, at_ms);
	return (!from->set || from->i64 <= day) && (!until->set || day <= until->i64);
}

static struct fnl_value recipient(const struct telling *t, int64_t level)
{
	const struct fnl_value *rep = t->rep;
	if (level != FNL_ALERT_LEVEL_REP) {
		return rep[FNL_REP_MANAGER_ID];
	}
	return t->absent && rep[FNL_REP_DEPUTY_ID].set ? rep[FNL_REP_DEPUTY_ID] : rep[FNL_REP_REP_ID];
}

/* The line's stall of a kind; NULL: it has none. */
static const struct fnl_value *stall_of(const struct fnl_value *line, int kind)
{
	struct fnl_list stalls = line ? line[FNL_LINE_STALLS].list : (struct fnl_list){NULL, 0};
	for (size_t i = 0; i < stalls.count; i++) {
		const struct fnl_value *stall = stalls.items[i].list.items;
		if (stall[FNL_STALL_KIND].i64 == kind) {
			return stall;
		}
	}
	return NULL;
}

/* desc: ProspectStalled or StallEscalated. */
static int tell_stall(struct telling *t, const struct fnl_record_desc *desc, const struct fnl_value *stall,
                      int64_t level)
{
	const struct fnl_value *line = t->line;
	const struct fnl_value *evidence = &line[FNL_LINE_EVIDENCE];
	struct fnl_value *v = fnl_arena_calloc(t->arena, FNL_PROSPECT_STALLED_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_PROSPECT_STALLED_PROSPECT_ID] = line[FNL_LINE_PROSPECT_ID];
	v[FNL_PROSPECT_STALLED_SEQUENCE] = line[FNL_LINE_SEQUENCE];
	v[FNL_PROSPECT_STALLED_OCCURRED_AT] = fnl_value_i64(t->at_ms);
	v[FNL_PROSPECT_STALLED_REP_ID] = t->rep[FNL_REP_REP_ID];
	v[FNL_PROSPECT_STALLED_ORG_ID] = t->rep[FNL_REP_ORG_ID];
	v[FNL_PROSPECT_STALLED_MANAGER_ID] = t->rep[FNL_REP_MANAGER_ID];
	v[FNL_PROSPECT_STALLED_LEVEL] = fnl_value_i64(level);
	v[FNL_PROSPECT_STALLED_RECIPIENT_ID] = recipient(t, level);
	v[FNL_PROSPECT_STALLED_KIND] = stall[FNL_STALL_KIND];
	v[FNL_PROSPECT_STALLED_CONDITION] = stall[FNL_STALL_CONDITION];
	v[FNL_PROSPECT_STALLED_SINCE] = stall[FNL_STALL_SINCE];
	v[FNL_PROSPECT_STALLED_OVER_AT] = stall[FNL_STALL_OVER_AT];
	v[FNL_PROSPECT_STALLED_LAYER] = line[FNL_LINE_LAYER];
	v[FNL_PROSPECT_STALLED_AMOUNT] = line[FNL_LINE_AMOUNT];
	v[FNL_PROSPECT_STALLED_EVIDENCE] = *evidence;
	t->events[t->count++] = (struct fnl_event_out){desc, v};
	return fnl_diagnosis((int)line[FNL_LINE_LAYER].i64, line[FNL_LINE_STALLS].list,
	                     evidence->set ? evidence->list.items : NULL, t->rules, t->arena,
	                     &v[FNL_PROSPECT_STALLED_CANDIDATES]);
}

/* Why what was told is over. A line that is GONE while something stalls has left the pool, which keeps no copy: one of
 * a deleted prospect has ceased to stall when it was deleted. */
static int reason_of(const struct fnl_value *before, const struct fnl_value *event)
{
	switch (event[FNL_BOOK_LINE_STATE].i64) {
	case FNL_LINE_STATE_ERASED:
		return FNL_CLEARED_REASON_ERASED;
	case FNL_LINE_STATE_GONE:
	case FNL_LINE_STATE_WATCHED:
		return FNL_CLEARED_REASON_OWNER_CHANGED;
	default:
		break;
	}
	switch (event[FNL_BOOK_LINE_LAYER].i64) {
	case FNL_LAYER_TOP:
	case FNL_LAYER_MIDDLE:
	case FNL_LAYER_BOTTOM:
		break;
	case FNL_LAYER_WON:
	case FNL_LAYER_LOST:
		return FNL_CLEARED_REASON_CLOSED;
	case FNL_LAYER_DELETED:
		return FNL_CLEARED_REASON_DELETED;
	case FNL_LAYER_MERGED:
		return FNL_CLEARED_REASON_MERGED;
	default:
		return FNL_CLEARED_REASON_UNKNOWN;
	}
	bool other_rules = event[FNL_BOOK_LINE_RULES_VERSION].i64 != before[FNL_LINE_RULES_VERSION].i64;
	return other_rules ? FNL_CLEARED_REASON_RULES_CHANGED : FNL_CLEARED_REASON_PROGRESS;
}

/* The stall of the kind was told of `before`, and is over. */
static int tell_cleared(struct telling *t, const struct fnl_value *before, const struct fnl_value *event, int kind)
{
	const struct fnl_value *stall = stall_of(before, kind);
	struct fnl_value *v = fnl_arena_calloc(t->arena, FNL_STALL_CLEARED_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_STALL_CLEARED_PROSPECT_ID] = event[FNL_BOOK_LINE_PROSPECT_ID];
	v[FNL_STALL_CLEARED_SEQUENCE] = event[FNL_BOOK_LINE_SEQUENCE];
	v[FNL_STALL_CLEARED_OCCURRED_AT] = fnl_value_i64(t->at_ms);
	v[FNL_STALL_CLEARED_REP_ID] = t->rep[FNL_REP_REP_ID];
	v[FNL_STALL_CLEARED_ORG_ID] = t->rep[FNL_REP_ORG_ID];
	v[FNL_STALL_CLEARED_MANAGER_ID] = t->rep[FNL_REP_MANAGER_ID];
	v[FNL_STALL_CLEARED_KIND] = fnl_value_i64(kind);
	v[FNL_STALL_CLEARED_SINCE] = stall ? stall[FNL_STALL_SINCE] : before[FNL_LINE_EFFECTIVE_AT];
	v[FNL_STALL_CLEARED_REASON] = fnl_value_i64(reason_of(before, event));
	t->events[t->count++] = (struct fnl_event_out){&fnl_desc_stall_cleared, v};
	return FNL_OK;
}

/* One kind. *told: its bit, before and after. */
static int tell_kind(struct telling *t, const struct fnl_value *before, const struct fnl_value *event, int kind,
                     bool *told)
{
	bool owned = event[FNL_BOOK_LINE_STATE].i64 == FNL_LINE_STATE_OWNED;
	const struct fnl_value *stall = owned ? stall_of(t->line, kind) : NULL;
	int64_t level = stall ? stall[FNL_STALL_LEVEL].i64 : FNL_ALERT_LEVEL_NONE;
	if (level == FNL_ALERT_LEVEL_NONE) {
		int r = *told ? tell_cleared(t, before, event, kind) : FNL_OK;
		*told = false;
		return r;
	}
	if (*told) {
		const struct fnl_value *old = stall_of(before, kind);
		bool grown = !old || old[FNL_STALL_LEVEL].i64 < level;
		return grown ? tell_stall(t, &fnl_desc_stall_escalated, stall, level) : FNL_OK;
	}
	if (kind == FNL_STALL_KIND_SILENT && t->absent) {
		return FNL_OK; /* nobody expects that he calls the customer meanwhile */
	}
	*told = true;
	return tell_stall(t, &fnl_desc_prospect_stalled, stall, level);
}

int fnl_alerts_of_line(const struct fnl_value *rep, const struct fnl_value *before, struct fnl_value *line,
                       const struct fnl_value *event, const struct fnl_rules *rules, struct fnl_arena *arena,
                       struct fnl_event_out ret[FNL_ALERTS_MAX], size_t *ret_count)
{
	int64_t at_ms = event[FNL_BOOK_LINE_OCCURRED_AT].i64;
	int64_t was_told = before ? before[FNL_LINE_TOLD].i64 : 0;
	int64_t told = 0;
	struct telling t = {.rep = rep,
	                    .line = line,
	                    .at_ms = at_ms,
	                    .absent = fnl_rep_is_absent(rep, &rules->calendar, at_ms),
	                    .rules = rules,
	                    .arena = arena,
	                    .events = ret};
	for (int kind = 0; kind < FNL_STALL_KIND_COUNT; kind++) {
		bool is_told = (was_told >> kind & 1) != 0;
		int r = tell_kind(&t, before, event, kind, &is_told);
		if (r < 0) {
			return r;
		}
		told |= (int64_t)is_told << kind;
	}
	if (line) {
		line[FNL_LINE_TOLD] = fnl_value_i64(told);
	}
	*ret_count = t.count;
	return FNL_OK;
}

int fnl_alerts_returned(const struct fnl_value *rep, const struct fnl_value *line, int64_t at_ms,
                        const struct fnl_rules *rules, struct fnl_arena *arena, struct fnl_value **ret_line,
                        struct fnl_event_out ret[FNL_ALERTS_MAX], size_t *ret_count)
{
	const int64_t bit = INT64_C(1) << FNL_STALL_KIND_SILENT;
	const struct fnl_value *stall = stall_of(line, FNL_STALL_KIND_SILENT);
	bool held = line[FNL_LINE_STATE].i64 == FNL_LINE_STATE_OWNED && (line[FNL_LINE_TOLD].i64 & bit) == 0 && stall &&
	            stall[FNL_STALL_LEVEL].i64 != FNL_ALERT_LEVEL_NONE;
	if (!held) {
		*ret_line = NULL;
		*ret_count = 0;
		return FNL_OK;
	}
	struct fnl_value *copy = fnl_arena_alloc(arena, FNL_LINE_FIELD_COUNT * sizeof(*copy));
	if (!copy) {
		return FNL_E_NOMEM;
	}
	memcpy(copy, line, FNL_LINE_FIELD_COUNT * sizeof(*copy));
	copy[FNL_LINE_TOLD] = fnl_value_i64(line[FNL_LINE_TOLD].i64 | bit);
	struct telling t = {.rep = rep,
	                    .line = copy,
	                    .at_ms = at_ms,
	                    .absent = fnl_rep_is_absent(rep, &rules->calendar, at_ms),
	                    .rules = rules,
	                    .arena = arena,
	                    .events = ret};
	int r = tell_stall(&t, &fnl_desc_prospect_stalled, stall, FNL_ALERT_LEVEL_REP);
	if (r < 0) {
		return r;
	}
	*ret_line = copy;
	*ret_count = t.count;
	return FNL_OK;
}
