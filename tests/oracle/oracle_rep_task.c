/* A task of a handover: from the listing on to its end. */
#include <inttypes.h>
#include <stdio.h>

#include "oracle_rep_handover.h"

#define MS_PER_DAY INT64_C(86400000)

const char *rep_task_layer(const json_t *line)
{
	static const char *const known[] = {"TOP", "MIDDLE", "BOTTOM"};
	const char *field =
		oracle_is(line, "layer", "UNKNOWN") || oracle_is(line, "layer", "UNCLASSIFIED") ? "known_layer" : "layer";
	for (size_t i = 0; i < 3; i++) {
		if (oracle_is(line, field, known[i])) {
			return known[i];
		}
	}
	return "UNDECIDED";
}

bool rep_is_handed_over(const struct rep_handover *h, const json_t *line)
{
	static const char *const layers[] = {"TOP", "MIDDLE", "BOTTOM", "UNKNOWN", "UNCLASSIFIED"};
	bool flipped = oracle_is(line, "state", "WATCHED") && oracle_has(line, "left_at") &&
	               oracle_number(line, "left_at") >= oracle_number(h->row, "notice_at") - MS_PER_DAY;
	bool open = false;
	for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
		open = open || oracle_is(line, "layer", layers[i]);
	}
	return open && (flipped || oracle_is(line, "state", "OWNED"));
}

static bool is_in(const json_t *task, const char *const *states)
{
	while (*states && !oracle_is(task, "state", *states)) {
		states++;
	}
	return *states;
}

static bool is_told(const json_t *task)
{
	static const char *const states[] = {"WAITING", "OPEN", NULL};
	return is_in(task, states);
}

bool rep_task_is_undone(const json_t *task)
{
	return oracle_is(task, "state", "UNNAMED") || is_told(task);
}

static bool blocks(const json_t *task)
{
	return !oracle_is(task, "layer", "TOP");
}

json_t *rep_task_new(struct rep_handover *h, const json_t *line, int64_t number, const json_t *named_id)
{
	static const char *const same[] = {"book", "prospect_id", "contact_ids", "amount"};
	json_t *task = oracle_new_record(h->s->fold->o, "Task");
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(task, same[i], line, same[i]);
	}
	oracle_take(task, "notice_id", h->row, "notice_id");
	oracle_set(task, "number", json_integer(number));
	oracle_set(task, "state", json_string("UNNAMED"));
	oracle_set(task, "layer", json_string(rep_task_layer(line)));
	oracle_set(task, "named_id", named_id ? json_deep_copy(named_id) : json_null());
	oracle_set(task, "listed_at", json_integer(h->at));
	oracle_set(task, "overdue_level", json_string("NONE"));
	oracle_set(task, "outcome", json_string("NONE"));
	oracle_set(task, "reassign", json_string("NONE"));
	json_object_set_new(h->tasks, oracle_text(line, "prospect_id"), task);
	rep_handover_count(h->row, "unnamed_count", 1);
	return task;
}

const json_t *rep_task_successor(const struct rep_handover *h, const json_t *task)
{
	const json_t *id = json_object_get(task, oracle_has(task, "named_id") ? "named_id" : "successor_id");
	id = oracle_has(task, "named_id") ? id : json_object_get(h->row, "successor_id");
	return rep_successor(h, id) ? id : NULL;
}

/* TOP: from its release on; the others so that they are done before the leaver is gone. */
static int64_t due_of(const struct rep_handover *h, const json_t *task)
{
	const struct rep_rules *r = h->s->p->rules;
	size_t at = oracle_is(task, "layer", "TOP") ? 0 : oracle_is(task, "layer", "MIDDLE") ? 1 : 2;
	int64_t due = rep_business_after(r, h->at, r->due_bd[at]);
	int64_t latest = rep_business_before_end(r, oracle_number(h->row, "last_day"), r->task_latest_bd);
	if (at > 0 && due > latest && !rep_is_away(h, h->at)) {
		due = latest > h->at ? latest : h->at;
	}
	return due;
}

void rep_task_open(struct rep_handover *h, json_t *task, const json_t *successor_id)
{
	json_t *successor = rep_successor(h, successor_id);
	bool waits = !blocks(task) && !oracle_has(successor, "released_at");
	oracle_set(task, "successor_id", json_deep_copy(successor_id));
	oracle_set(task, "state", json_string(waits ? "WAITING" : "OPEN"));
	oracle_set(task, "opened_at", json_integer(h->at));
	if (!waits) {
		oracle_set(task, "due_at", json_integer(due_of(h, task)));
	}
	rep_handover_count(h->row, "unnamed_count", -1);
	rep_handover_count(h->row, "open_count", 1);
	rep_handover_count(successor, "waiting", waits);
	rep_handover_count(successor, "blocking", blocks(task));
	rep_task_arm(h, task);
	rep_tell_opened(h, task);
	h->s->fold->stats.tasks_blocking += blocks(task);
}

void rep_task_release(struct rep_handover *h, json_t *task)
{
	char what[REP_KEY_BYTES];
	oracle_set(task, "state", json_string("OPEN"));
	oracle_set(task, "due_at", json_integer(due_of(h, task)));
	rep_handover_count(rep_successor(h, json_object_get(task, "successor_id")), "waiting", -1);
	rep_task_arm(h, task);
	json_t *body = rep_handover_body(h, "HandoverTaskReleased");
	oracle_set(body, "task_id", json_string(rep_task_id(task)));
	oracle_take(body, "prospect_id", task, "prospect_id");
	oracle_take(body, "successor_id", task, "successor_id");
	oracle_take(body, "due_at", task, "due_at");
	snprintf(what, sizeof(what), "task-released|%s", rep_task_id(task));
	rep_handover_tell(h, "HandoverTaskReleased", body, what);
	h->s->fold->stats.tasks_released++;
}

/* Before this step. */
static bool did_block(const struct rep_handover *h, const json_t *successor)
{
	size_t i;
	json_t *one;
	json_array_foreach(h->successors_before, i, one)
	{
		if (json_equal(json_object_get(one, "successor_id"), json_object_get(successor, "successor_id"))) {
			return oracle_number(one, "blocking") > 0;
		}
	}
	return false;
}

void rep_gates(struct rep_handover *h)
{
	size_t i;
	json_t *one;
	json_array_foreach(json_object_get(h->row, "successors"), i, one)
	{
		if (oracle_flag(one, "leaving") || !oracle_flag(one, "listed") || oracle_has(one, "released_at") ||
		    oracle_number(one, "blocking") > 0) {
			continue;
		}
		if (oracle_number(one, "waiting") == 0 && !did_block(h, one)) {
			continue; /* he has no tasks yet */
		}
		oracle_set(one, "released_at", json_integer(h->at));
		h->s->fold->stats.gates++;
		if (oracle_number(one, "waiting") > 0) {
			rep_handover_job(h, "RELEASE", json_object_get(one, "successor_id"));
		}
	}
}

/* It leaves the counts of what is undone. */
static void leave(struct rep_handover *h, json_t *task, const char *state, const char *counted)
{
	if (oracle_is(task, "state", "UNNAMED")) {
		rep_handover_count(h->row, "unnamed_count", -1);
	} else {
		/* also of one who is on his way out */
		size_t i;
		json_t *successor;
		rep_handover_count(h->row, "open_count", -1);
		json_array_foreach(json_object_get(h->row, "successors"), i, successor)
		{
			if (json_equal(json_object_get(successor, "successor_id"), json_object_get(task, "successor_id"))) {
				rep_handover_count(successor, "waiting", -(int64_t)oracle_is(task, "state", "WAITING"));
				rep_handover_count(successor, "blocking", -(int64_t)blocks(task));
			}
		}
	}
	if (counted) {
		rep_handover_count(h->row, counted, 1);
	}
	oracle_set(task, "state", json_string(state));
}

void rep_task_end(struct rep_handover *h, json_t *task, const char *state, const char *counted)
{
	leave(h, task, state, counted);
	oracle_set(task, "closed_at", json_integer(h->at));
	oracle_set(task, "contact_ids", json_array());
}

static void tell_superseded(struct rep_handover *h, const json_t *task, const char *reason, bool replaced)
{
	char what[REP_KEY_BYTES], by[REP_KEY_BYTES];
	json_t *body = rep_handover_body(h, "HandoverTaskSuperseded");
	oracle_set(body, "task_id", json_string(rep_task_id(task)));
	oracle_take(body, "prospect_id", task, "prospect_id");
	oracle_set(body, "reason", json_string(reason));
	snprintf(by, sizeof(by), "%s#%" PRId64, oracle_text(task, "prospect_id"), oracle_number(task, "number") + 1);
	oracle_set(body, "by_task_id", replaced ? json_string(by) : json_null());
	snprintf(what, sizeof(what), "task-superseded|%s|%s", rep_task_id(task), reason);
	rep_handover_tell(h, "HandoverTaskSuperseded", body, what);
	h->s->fold->stats.tasks_superseded++;
}

void rep_task_supersede(struct rep_handover *h, json_t *task, const char *reason, bool replaced)
{
	bool told = is_told(task);
	rep_task_end(h, task, "SUPERSEDED", "superseded_count");
	rep_task_arm(h, task);
	if (told) {
		tell_superseded(h, task, reason, replaced);
	}
}

void rep_task_cancel(struct rep_handover *h, json_t *task)
{
	bool told = is_told(task);
	char what[REP_KEY_BYTES];
	json_t *contacts = json_incref(json_object_get(task, "contact_ids"));
	rep_task_end(h, task, "CANCELLED", "cancelled_count");
	rep_task_arm(h, task);
	if (told) {
		json_t *body = rep_handover_body(h, "HandoverTaskClosed");
		oracle_set(body, "task_id", json_string(rep_task_id(task)));
		oracle_take(body, "prospect_id", task, "prospect_id");
		oracle_set(body, "outcome", json_string("CANCELLED"));
		oracle_set(body, "not_informed_ids", json_incref(contacts));
		snprintf(what, sizeof(what), "task-closed|%s|CANCELLED", rep_task_id(task));
		rep_handover_tell(h, "HandoverTaskClosed", body, what);
		h->s->fold->stats.tasks_cancelled++;
	}
	json_decref(contacts);
}

void rep_task_unname(struct rep_handover *h, json_t *task)
{
	static const char *const gone[] = {"opened_at", "due_at", "successor_id"};
	json_t *who = json_incref(json_object_get(task, "successor_id"));
	if (json_equal(json_object_get(task, "named_id"), who)) {
		oracle_set(task, "named_id", json_null());
	}
	tell_superseded(h, task, "NEW_SUCCESSOR", true);
	leave(h, task, "UNNAMED", "superseded_count");
	oracle_set(task, "listed_at", json_integer(h->at));
	rep_handover_count(task, "number", 1);
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		oracle_set(task, gone[i], json_null());
	}
	oracle_set(task, "overdue_level", json_string("NONE"));
	rep_handover_count(h->row, "unnamed_count", 1);
	rep_task_arm(h, task);
	json_decref(who);
	h->s->fold->stats.unnamed++;
}

/* ---- its timer ---- */

static const char *const levels[] = {"NONE", "REP", "MANAGER", "NEXT_LEVEL"};

static size_t level_of(const json_t *task)
{
	size_t i = 0;
	while (i < 3 && !oracle_is(task, "overdue_level", levels[i])) {
		i++;
	}
	return i;
}

/* When a level hears of it. */
static int64_t overdue_at(const struct rep_rules *r, const json_t *task, size_t level)
{
	int64_t due = oracle_number(task, "due_at");
	return level == 1 ? due : rep_business_after(r, due, level == 2 ? r->overdue_manager_bd : r->overdue_next_level_bd);
}

void rep_task_arm(struct rep_handover *h, json_t *task)
{
	size_t level = level_of(task);
	json_t *at = json_null();
	if (oracle_is(task, "state", "OPEN")) {
		json_decref(at);
		at = level < 3 ? json_integer(overdue_at(h->s->p->rules, task, level + 1)) : json_null();
	} else if (oracle_is(task, "reassign", "REQUESTED")) {
		at = json_deep_copy(json_object_get(task, "reassign_due_at"));
	}
	oracle_set(task, "next_deadline_at", at);
}

static void overdue(struct rep_handover *h, json_t *task)
{
	static const char *const same[] = {"prospect_id", "layer", "successor_id", "due_at"};
	size_t at = level_of(task);
	while (at < 3 && overdue_at(h->s->p->rules, task, at + 1) <= h->now) {
		at++; /* of levels that have passed together the highest speaks */
	}
	const char *level = levels[at];
	char what[REP_KEY_BYTES];
	json_t *body = rep_handover_body(h, "HandoverTaskOverdue");
	oracle_set(task, "overdue_level", json_string(level));
	oracle_set(body, "task_id", json_string(rep_task_id(task)));
	for (size_t i = 0; i < 4; i++) {
		oracle_take(body, same[i], task, same[i]);
	}
	oracle_set(body, "level", json_string(level));
	if (strcmp(level, "REP") == 0 && !oracle_is(task, "layer", "UNDECIDED")) {
		oracle_take(body, "recipient_id", task, "successor_id");
	} else {
		oracle_take(body, "recipient_id", h->rep, "manager_id");
	}
	snprintf(what, sizeof(what), "task-overdue|%s|%s|%" PRId64, rep_task_id(task), level,
	         oracle_number(task, "due_at"));
	rep_handover_tell(h, "HandoverTaskOverdue", body, what);
	h->s->fold->stats.tasks_overdue++;
}

static void not_moved(struct rep_handover *h, json_t *task)
{
	const json_t *line = json_object_get(rep_lines_of(h->s->p, h->book), oracle_text(task, "prospect_id"));
	char what[REP_KEY_BYTES];
	json_t *body = oracle_new_record(h->s->fold->o, "ReassignmentOverdue");
	oracle_set(body, "occurred_at", json_integer(h->at));
	oracle_take(body, "prospect_id", task, "prospect_id");
	oracle_take(body, "owner_rep_id", line, "owner_rep_id");
	oracle_take(body, "to_rep_id", task, "successor_id");
	oracle_take(body, "org_id", h->rep, "org_id");
	oracle_take(body, "manager_id", h->rep, "manager_id");
	oracle_take(body, "notice_id", h->row, "notice_id");
	oracle_take(body, "due_at", task, "reassign_due_at");
	oracle_set(task, "reassign", json_string("OVERDUE"));
	snprintf(what, sizeof(what), "reassign-overdue|%s|%s", oracle_text(task, "prospect_id"),
	         oracle_text(task, "successor_id"));
	rep_handover_tell(h, "ReassignmentOverdue", body, what);
	h->s->fold->stats.reassign_overdue++;
}

void rep_task_fire(struct rep_step *s, const char *key)
{
	char book[REP_KEY_BYTES];
	snprintf(book, sizeof(book), "%.*s", (int)strcspn(key, "|"), key);
	s->deadline_ms = s->now_ms;
	rep_timer_cause(s, "task", key);
	struct rep_handover h = rep_handover_of(s, book);
	json_t *task = json_object_get(h.tasks, strchr(key, '|') + 1);
	if (oracle_is(task, "state", "OPEN")) {
		overdue(&h, task);
	} else {
		not_moved(&h, task);
	}
	rep_task_arm(&h, task);
}
