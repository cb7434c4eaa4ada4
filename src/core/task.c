/* One task: when a prospect needs one, what state it is in, and what its changes do to the handover's counts. */
#include "handover_internal.h"

enum { NUMBER_DIGITS_MAX = 10 };
#define MS_PER_DAY INT64_C(86400000)

/* ---- ids ---- */

struct fnl_span fnl_task_id(struct fnl_span prospect_id, int64_t number, struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_raw(&w, prospect_id);
	fnl_write_u8(&w, '#');
	fnl_write_decimal(&w, number);
	return fnl_writer_span(&w);
}

/* A prospect's id may have a '#' itself: the last one counts. */
bool fnl_task_id_read(struct fnl_span task_id, struct fnl_span *ret_prospect_id, int64_t *ret_number)
{
	size_t at = task_id.len;
	int64_t number;
	while (at > 0 && task_id.data[at - 1] != '#') {
		at--;
	}
	size_t digits = task_id.len - at;
	if (at < 2 || digits == 0 || digits > NUMBER_DIGITS_MAX || task_id.data[at] < '1' || task_id.data[at] > '9' ||
	    !fnl_parse_decimal(fnl_span_of(task_id.data + at, digits), &number)) {
		return false;
	}
	*ret_prospect_id = fnl_span_of(task_id.data, at - 1);
	*ret_number = number;
	return true;
}

/* ---- which task, and whether ---- */

static int task_of_layer(int64_t layer)
{
	switch (layer) {
	case FNL_LAYER_TOP:
		return FNL_TASK_LAYER_TOP;
	case FNL_LAYER_MIDDLE:
		return FNL_TASK_LAYER_MIDDLE;
	case FNL_LAYER_BOTTOM:
		return FNL_TASK_LAYER_BOTTOM;
	default:
		return FNL_TASK_LAYER_UNDECIDED;
	}
}

bool fnl_task_layer_is_known(int64_t layer)
{
	return task_of_layer(layer) != FNL_TASK_LAYER_UNDECIDED;
}

int fnl_task_layer(const struct fnl_value *line)
{
	int64_t layer = line[FNL_LINE_LAYER].i64;
	return task_of_layer(fnl_task_layer_is_known(layer) ? layer : line[FNL_LINE_KNOWN_LAYER].i64);
}

/* A source often moves prospects to somebody else at once, before the notice has come. */
bool fnl_task_is_needed(const struct fnl_value *row, const struct fnl_value *line)
{
	int64_t layer = line[FNL_LINE_LAYER].i64;
	const struct fnl_value *left = &line[FNL_LINE_LEFT_AT];
	bool in_funnel = fnl_task_layer_is_known(layer) || layer == FNL_LAYER_UNKNOWN || layer == FNL_LAYER_UNCLASSIFIED;
	if (line[FNL_LINE_STATE].i64 == FNL_LINE_STATE_OWNED) {
		return in_funnel;
	}
	return in_funnel && line[FNL_LINE_STATE].i64 == FNL_LINE_STATE_WATCHED && left->set &&
	       left->i64 >= row[FNL_HANDOVER_NOTICE_AT].i64 - MS_PER_DAY;
}

/* ---- state ---- */

bool fnl_task_is_undone(int state)
{
	return state == FNL_TASK_STATE_UNNAMED || state == FNL_TASK_STATE_WAITING || state == FNL_TASK_STATE_OPEN;
}

bool fnl_task_was_told(const struct fnl_value *task)
{
	return task[FNL_TASK_STATE].i64 == FNL_TASK_STATE_WAITING || task[FNL_TASK_STATE].i64 == FNL_TASK_STATE_OPEN;
}

int fnl_task_state(struct fnl_handing *h, const struct fnl_value *task)
{
	if (!task) {
		return FNL_TASK_STATE_NO_ROW;
	}
	int state = (int)task[FNL_TASK_STATE].i64;
	if (!fnl_task_is_undone(state)) {
		return state;
	}
	if (fnl_handover_has_ended(h->row)) {
		return FNL_TASK_STATE_CANCELLED;
	}
	if (state == FNL_TASK_STATE_UNNAMED) {
		return state;
	}
	const struct fnl_heir *heir = fnl_heir_of(h, task[FNL_TASK_SUCCESSOR_ID].str);
	if (!heir || heir->leaving) {
		return FNL_TASK_STATE_UNNAMED;
	}
	return heir->released_at.set ? FNL_TASK_STATE_OPEN : state;
}

static int move(struct fnl_handing *h, struct fnl_value *task, enum fnl_task_event event, int to)
{
	int from = (int)task[FNL_TASK_STATE].i64;
	struct fnl_state_rule rule = fnl_task_rule(from, event);
	/* an open gate has released it: the job comes later */
	bool released = from == FNL_TASK_STATE_WAITING && event == FNL_TASK_ON_DONE;
	rule = released ? fnl_task_rule(FNL_TASK_STATE_OPEN, event) : rule;
	if (rule.outcome != FNL_OUTCOME_TAKE || (rule.to >> to & 1U) == 0) {
		return fnl_fail(h->why, FNL_E_STATE, "a task goes from %s to %s on %s", fnl_task_state_text(from),
		                fnl_task_state_text(to), fnl_task_event_text(event));
	}
	task[FNL_TASK_STATE] = fnl_value_i64(to);
	return FNL_OK;
}

/* ---- counts ---- */

/* An undone task counts no more, neither in the handover nor for its successor's gate. */
static void uncount(struct fnl_handing *h, const struct fnl_value *task)
{
	int64_t state = task[FNL_TASK_STATE].i64;
	if (state == FNL_TASK_STATE_UNNAMED) {
		fnl_handing_add(h, FNL_HANDOVER_UNNAMED_COUNT, -1);
		return;
	}
	struct fnl_heir *heir = fnl_heir_of(h, task[FNL_TASK_SUCCESSOR_ID].str);
	fnl_handing_add(h, FNL_HANDOVER_OPEN_COUNT, -1);
	if (heir && state == FNL_TASK_STATE_WAITING) {
		heir->waiting--;
	} else if (heir && task[FNL_TASK_LAYER].i64 != FNL_TASK_LAYER_TOP) {
		heir->blocking--;
	}
}

/* Who was named for the prospect before, if he still can be it. */
static struct fnl_value named_before(struct fnl_handing *h, const struct fnl_value *before)
{
	const struct fnl_heir *heir =
		before && before[FNL_TASK_NAMED_ID].set ? fnl_heir_of(h, before[FNL_TASK_NAMED_ID].str) : NULL;
	return heir && !heir->leaving ? before[FNL_TASK_NAMED_ID] : fnl_value_null();
}

struct fnl_value *fnl_task_new(struct fnl_handing *h, const struct fnl_value *line, const struct fnl_value *before)
{
	struct fnl_value *task = fnl_arena_calloc(h->in->arena, FNL_TASK_FIELD_COUNT, sizeof(*task));
	if (!task) {
		return NULL;
	}
	task[FNL_TASK_BOOK] = h->row[FNL_HANDOVER_BOOK];
	task[FNL_TASK_PROSPECT_ID] = line[FNL_LINE_PROSPECT_ID];
	task[FNL_TASK_NOTICE_ID] = h->row[FNL_HANDOVER_NOTICE_ID];
	task[FNL_TASK_NUMBER] = fnl_value_i64(before ? before[FNL_TASK_NUMBER].i64 + 1 : 1);
	task[FNL_TASK_STATE] = fnl_value_i64(FNL_TASK_STATE_UNNAMED);
	task[FNL_TASK_LAYER] = fnl_value_i64(fnl_task_layer(line));
	task[FNL_TASK_NAMED_ID] = named_before(h, before);
	task[FNL_TASK_CONTACT_IDS] = line[FNL_LINE_CONTACT_IDS];
	task[FNL_TASK_LISTED_AT] = fnl_value_i64(h->at_ms);
	task[FNL_TASK_OVERDUE_LEVEL] = fnl_value_i64(FNL_ALERT_LEVEL_NONE);
	task[FNL_TASK_AMOUNT] = line[FNL_LINE_AMOUNT];
	task[FNL_TASK_OUTCOME] = fnl_value_i64(FNL_PARTING_OUTCOME_NONE);
	task[FNL_TASK_REASSIGN] = fnl_value_i64(FNL_REASSIGN_STATE_NONE);
	fnl_handing_add(h, FNL_HANDOVER_UNNAMED_COUNT, 1);
	return task;
}

/* ---- dates ---- */

/* Not TOP: early enough before the last day, if he is still there to take part. */
static int64_t due_at(const struct fnl_handing *h, const struct fnl_value *task)
{
	static const int layers[] = {FNL_LAYER_BOTTOM, FNL_LAYER_BOTTOM, FNL_LAYER_MIDDLE, FNL_LAYER_TOP};
	const struct fnl_calendar *c = &h->in->rules->calendar;
	int64_t kind = task[FNL_TASK_LAYER].i64;
	int64_t days = fnl_rules_by_layer(h->in->rules, FNL_RULE_HANDOVER_DUE, layers[kind], FNL_SPAN_NONE);
	int64_t at_ms = fnl_business_days_after(h, h->at_ms, days);
	if (kind == FNL_TASK_LAYER_TOP || fnl_leaver_is_away(h, fnl_local_day(c, h->at_ms))) {
		return at_ms;
	}
	int64_t latest_ms = fnl_business_before_end(c, fnl_handing_i64(h, FNL_HANDOVER_LAST_DAY),
	                                            fnl_handing_rule(h, FNL_RULES_AT_TASK_LATEST_BD));
	at_ms = at_ms < latest_ms ? at_ms : latest_ms;
	return at_ms > h->at_ms ? at_ms : h->at_ms;
}

void fnl_task_arm(struct fnl_handing *h, struct fnl_value *task)
{
	static const enum fnl_rules_key_at after[] = {
		[FNL_ALERT_LEVEL_REP] = FNL_RULES_AT_OVERDUE_MANAGER_BD,
		[FNL_ALERT_LEVEL_MANAGER] = FNL_RULES_AT_OVERDUE_NEXT_LEVEL_BD,
	};
	struct fnl_value *deadline = &task[FNL_TASK_NEXT_DEADLINE_AT];
	int64_t state = task[FNL_TASK_STATE].i64;
	int64_t level = task[FNL_TASK_OVERDUE_LEVEL].i64;
	*deadline = fnl_value_null();
	if (state == FNL_TASK_STATE_OPEN && task[FNL_TASK_DUE_AT].set && level < FNL_ALERT_LEVEL_NEXT_LEVEL) {
		int64_t days = level == FNL_ALERT_LEVEL_NONE ? 0 : fnl_handing_rule(h, after[level]);
		int64_t due_ms = task[FNL_TASK_DUE_AT].i64;
		*deadline = fnl_value_i64(days == 0 ? due_ms : fnl_business_days_after(h, due_ms, days));
	} else if (task[FNL_TASK_REASSIGN].i64 == FNL_REASSIGN_STATE_REQUESTED) {
		*deadline = task[FNL_TASK_REASSIGN_DUE_AT];
	}
}

/* ---- changes ---- */

int fnl_task_name(struct fnl_handing *h, struct fnl_value *task, struct fnl_heir *heir)
{
	bool top = task[FNL_TASK_LAYER].i64 == FNL_TASK_LAYER_TOP;
	bool waits = top && !heir->released_at.set;
	uncount(h, task);
	int r = move(h, task, FNL_TASK_ON_NAMED, waits ? FNL_TASK_STATE_WAITING : FNL_TASK_STATE_OPEN);
	if (r < 0) {
		return r;
	}
	fnl_handing_add(h, FNL_HANDOVER_OPEN_COUNT, 1);
	heir->waiting += waits;
	heir->blocking += !top;
	task[FNL_TASK_SUCCESSOR_ID] = fnl_value_str(heir->id);
	task[FNL_TASK_OPENED_AT] = fnl_value_i64(h->at_ms);
	task[FNL_TASK_DUE_AT] = waits ? fnl_value_null() : fnl_value_i64(due_at(h, task));
	fnl_task_arm(h, task);
	return fnl_tell_task_opened(h, task);
}

int fnl_task_release(struct fnl_handing *h, struct fnl_value *task)
{
	struct fnl_heir *heir = fnl_heir_of(h, task[FNL_TASK_SUCCESSOR_ID].str);
	int r = move(h, task, FNL_TASK_ON_RELEASED, FNL_TASK_STATE_OPEN);
	if (r < 0) {
		return r;
	}
	if (heir) {
		heir->waiting--;
	}
	task[FNL_TASK_DUE_AT] = fnl_value_i64(due_at(h, task));
	fnl_task_arm(h, task);
	struct fnl_value *v = fnl_task_event(h, &fnl_desc_handover_task_released, task);
	if (v) {
		v[FNL_HANDOVER_TASK_RELEASED_SUCCESSOR_ID] = task[FNL_TASK_SUCCESSOR_ID];
		v[FNL_HANDOVER_TASK_RELEASED_DUE_AT] = task[FNL_TASK_DUE_AT];
	}
	return fnl_handing_tell(h, &fnl_desc_handover_task_released, v);
}

int fnl_task_close(struct fnl_handing *h, struct fnl_value *task, enum fnl_task_event event, int state)
{
	static const int counts[FNL_TASK_STATE_COUNT] = {[FNL_TASK_STATE_DONE] = FNL_HANDOVER_DONE_COUNT,
	                                                 [FNL_TASK_STATE_WAIVED] = FNL_HANDOVER_WAIVED_COUNT,
	                                                 [FNL_TASK_STATE_SUPERSEDED] = FNL_HANDOVER_SUPERSEDED_COUNT,
	                                                 [FNL_TASK_STATE_CANCELLED] = FNL_HANDOVER_CANCELLED_COUNT};
	uncount(h, task);
	int r = move(h, task, event, state);
	if (r < 0) {
		return r;
	}
	fnl_handing_add(h, counts[state], 1);
	task[FNL_TASK_CLOSED_AT] = fnl_value_i64(h->at_ms);
	task[FNL_TASK_CONTACT_IDS] = fnl_value_list(NULL, 0);
	fnl_task_arm(h, task);
	return FNL_OK;
}

static int tell_superseded(struct fnl_handing *h, const struct fnl_value *task, int reason, int64_t by)
{
	struct fnl_value *v = fnl_task_event(h, &fnl_desc_handover_task_superseded, task);
	struct fnl_span id = by > 0 ? fnl_task_id(task[FNL_TASK_PROSPECT_ID].str, by, h->in->arena) : FNL_SPAN_NONE;
	if (!v || (by > 0 && fnl_span_is_none(id))) {
		return FNL_E_NOMEM;
	}
	v[FNL_HANDOVER_TASK_SUPERSEDED_REASON] = fnl_value_i64(reason);
	v[FNL_HANDOVER_TASK_SUPERSEDED_BY_TASK_ID] = fnl_value_str_or_null(id);
	return fnl_handing_tell(h, &fnl_desc_handover_task_superseded, v);
}

int fnl_task_supersede(struct fnl_handing *h, struct fnl_value *task, int reason, int64_t by)
{
	int r = fnl_task_was_told(task) ? tell_superseded(h, task, reason, by) : FNL_OK;
	return r ? r : fnl_task_close(h, task, FNL_TASK_ON_MOVED_ON, FNL_TASK_STATE_SUPERSEDED);
}

int fnl_task_unname(struct fnl_handing *h, struct fnl_value *task)
{
	int64_t number = task[FNL_TASK_NUMBER].i64 + 1;
	struct fnl_value *named_id = &task[FNL_TASK_NAMED_ID];
	if (named_id->set && task[FNL_TASK_SUCCESSOR_ID].set &&
	    fnl_span_eq(named_id->str, task[FNL_TASK_SUCCESSOR_ID].str)) {
		*named_id = fnl_value_null();
	}
	int r = tell_superseded(h, task, FNL_SUPERSEDE_REASON_NEW_SUCCESSOR, number);
	if (r < 0) {
		return r;
	}
	uncount(h, task);
	r = move(h, task, FNL_TASK_ON_DROPPED, FNL_TASK_STATE_UNNAMED);
	if (r < 0) {
		return r;
	}
	fnl_handing_add(h, FNL_HANDOVER_SUPERSEDED_COUNT, 1);
	fnl_handing_add(h, FNL_HANDOVER_UNNAMED_COUNT, 1);
	task[FNL_TASK_NUMBER] = fnl_value_i64(number);
	task[FNL_TASK_SUCCESSOR_ID] = fnl_value_null();
	task[FNL_TASK_LISTED_AT] = fnl_value_i64(h->at_ms);
	task[FNL_TASK_OPENED_AT] = fnl_value_null();
	task[FNL_TASK_DUE_AT] = fnl_value_null();
	task[FNL_TASK_OVERDUE_LEVEL] = fnl_value_i64(FNL_ALERT_LEVEL_NONE);
	fnl_task_arm(h, task);
	return FNL_OK;
}

/* ---- the owner in the source ---- */

int fnl_task_reassign(struct fnl_handing *h, struct fnl_value *task, const struct fnl_value *line)
{
	struct fnl_value to = task[FNL_TASK_SUCCESSOR_ID].set ? task[FNL_TASK_SUCCESSOR_ID] : fnl_heir_meant(h, task);
	const struct fnl_value *owner = line ? &line[FNL_LINE_OWNER_REP_ID] : NULL;
	if (!to.set || !owner) {
		return FNL_OK;
	}
	task[FNL_TASK_SUCCESSOR_ID] = to;
	if (owner->set && fnl_span_eq(owner->str, to.str)) {
		task[FNL_TASK_REASSIGN] = fnl_value_i64(FNL_REASSIGN_STATE_DONE);
		return FNL_OK;
	}
	struct fnl_value *v = fnl_arena_calloc(h->in->arena, FNL_REASSIGNMENT_REQUESTED_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	task[FNL_TASK_REASSIGN] = fnl_value_i64(FNL_REASSIGN_STATE_REQUESTED);
	task[FNL_TASK_REASSIGN_DUE_AT] = fnl_value_i64(fnl_business_days_after(h, h->at_ms, FNL_REASSIGN_BD));
	fnl_task_arm(h, task);
	v[FNL_REASSIGNMENT_REQUESTED_OCCURRED_AT] = fnl_value_i64(h->at_ms);
	v[FNL_REASSIGNMENT_REQUESTED_PROSPECT_ID] = task[FNL_TASK_PROSPECT_ID];
	v[FNL_REASSIGNMENT_REQUESTED_FROM_REP_ID] = *owner;
	v[FNL_REASSIGNMENT_REQUESTED_TO_REP_ID] = to;
	v[FNL_REASSIGNMENT_REQUESTED_ORG_ID] = fnl_rep_value(h, FNL_REP_ORG_ID);
	v[FNL_REASSIGNMENT_REQUESTED_MANAGER_ID] = fnl_rep_value(h, FNL_REP_MANAGER_ID);
	v[FNL_REASSIGNMENT_REQUESTED_NOTICE_ID] = task[FNL_TASK_NOTICE_ID];
	v[FNL_REASSIGNMENT_REQUESTED_DUE_AT] = task[FNL_TASK_REASSIGN_DUE_AT];
	return fnl_handing_tell(h, &fnl_desc_reassignment_requested, v);
}
