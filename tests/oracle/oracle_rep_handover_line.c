/* What a change of a prospect does to its task. */
#include <inttypes.h>
#include <stdio.h>

#include "oracle_rep_handover.h"

/* Out of the funnel; NULL: it is not. */
static const char *reason_of(const struct rep_step *s)
{
	static const char *const reasons[][2] = {
		{"WON", "CLOSED"}, {"LOST", "CLOSED"}, {"DELETED", "DELETED"}, {"MERGED", "MERGED"}, {"ERASED", "ERASED"}};
	const char *states[] = {"ERASED", "GONE"};
	for (size_t i = 0; i < 2; i++) {
		if (oracle_is(s->in, "state", states[i])) {
			return i == 0 ? "ERASED" : "DELETED";
		}
	}
	for (size_t i = 0; i < 5; i++) {
		if (oracle_is(s->in, "layer", reasons[i][0])) {
			return reasons[i][1];
		}
	}
	return NULL;
}

static void needed(struct rep_handover *h, const json_t *line, int64_t number, const json_t *named_id)
{
	json_t *named = rep_successor(h, named_id) ? json_deep_copy(named_id) : NULL;
	json_t *task = rep_task_new(h, line, number, named);
	json_t *who = json_deep_copy(rep_task_successor(h, task));
	json_decref(named);
	if (who && !oracle_is(h->row, "state", "RECONCILING")) {
		rep_task_open(h, task, who);
	}
	json_decref(who);
	h->s->fold->stats.needed_later++;
}

/* It was handed over: the source has followed, perhaps. */
static void handed_over(struct rep_handover *h, json_t *task, const json_t *line)
{
	bool asked = oracle_is(task, "reassign", "REQUESTED") || oracle_is(task, "reassign", "OVERDUE");
	if (asked && json_equal(json_object_get(line, "owner_rep_id"), json_object_get(task, "successor_id"))) {
		oracle_set(task, "reassign", json_string("DONE"));
		oracle_set(task, "reassign_due_at", json_null());
		rep_task_arm(h, task);
		h->s->fold->stats.moved++;
		if (oracle_is(h->row, "state", "COMPLETED")) {
			const struct rep_leaving l = {.book = h->book,
			                              .notice_id = oracle_text(h->row, "notice_id"),
			                              .prospect = oracle_text(task, "prospect_id"),
			                              .to_rep_id = oracle_text(task, "successor_id"),
			                              .at_ms = h->s->p->has_time ? h->s->p->time_ms
			                                                         : oracle_number(h->s->in, "occurred_at"),
			                              .cause = h->cause,
			                              .correlation = h->correlation};
			rep_quota_moves_begin(h->s, &l);
		}
	}
	rep_watch_line(h, task, line);
}

static bool is_known(const json_t *line)
{
	return oracle_is(line, "layer", "TOP") || oracle_is(line, "layer", "MIDDLE") || oracle_is(line, "layer", "BOTTOM");
}

static void undone(struct rep_handover *h, json_t *task, const json_t *line)
{
	const char *reason = reason_of(h->s);
	if (reason || !line) {
		rep_task_supersede(h, task, reason ? reason : "DELETED", false);
	} else if (is_known(line) && !oracle_is(task, "layer", rep_task_layer(line))) {
		json_t *named = json_deep_copy(json_object_get(task, "named_id"));
		int64_t number = oracle_number(task, "number");
		rep_task_supersede(h, task, "LAYER_CHANGED", true);
		needed(h, line, number + 1, named);
		json_decref(named);
	} else {
		oracle_take(task, "contact_ids", line, "contact_ids");
		oracle_take(task, "amount", line, "amount");
	}
}

static void erase(struct rep_handover *h, json_t *task)
{
	const char *prospect = oracle_text(h->s->in, "prospect_id");
	json_t *ids = json_object_get(h->row, "lost_ids");
	for (size_t i = json_array_size(ids); i-- > 0;) {
		if (strcmp(json_string_value(json_array_get(ids, i)), prospect) == 0) {
			json_array_remove(ids, i);
		}
	}
	if (task && rep_task_is_undone(task)) {
		rep_task_supersede(h, task, "ERASED", false);
	}
	json_object_del(h->tasks, prospect);
}

static void change(struct rep_handover *h, const json_t *line, const json_t *before)
{
	json_t *task = json_object_get(h->tasks, oracle_text(h->s->in, "prospect_id"));
	bool on = rep_handover_is_on(h->row),
		 closed = oracle_is(task, "state", "DONE") || oracle_is(task, "state", "WAIVED");
	const char *reason = reason_of(h->s);
	if (reason && strcmp(reason, "ERASED") == 0) {
		erase(h, task);
		return;
	}
	if (on && line) {
		rep_reconcile(h, line, before, true);
	}
	if (closed && line) {
		handed_over(h, task, line);
	}
	if (!on || closed) {
		return;
	}
	if (task && rep_task_is_undone(task)) {
		undone(h, task, line);
	} else if (line && rep_is_handed_over(h, line) && (!task || oracle_is(task, "state", "SUPERSEDED"))) {
		int64_t number = task ? oracle_number(task, "number") : 0;
		json_t *named = json_deep_copy(json_object_get(task, "named_id"));
		if (!task) {
			rep_handover_total(h, rep_task_layer(line));
		}
		needed(h, line, number + 1, named);
		json_decref(named);
	}
}

void rep_handover_line(struct rep_step *s, const json_t *before)
{
	struct rep_handover h = rep_handover_of(s, oracle_text(s->in, "book"));
	if (!h.row || oracle_is(h.row, "job", "LIST")) {
		return; /* the listing sees it as it is then */
	}
	const json_t *line = json_object_get(rep_lines_of(s->p, h.book), oracle_text(s->in, "prospect_id"));
	line = line && (oracle_is(line, "state", "OWNED") || oracle_is(line, "state", "WATCHED")) ? line : NULL;
	change(&h, line, before);
	rep_handover_settle(&h);
}
