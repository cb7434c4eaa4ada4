/* What is done for all tasks at once, and what the row's timer does. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_rep_handover.h"

static bool is_there(const json_t *line)
{
	return oracle_is(line, "state", "OWNED") || oracle_is(line, "state", "WATCHED");
}

static void tell_listed(struct rep_handover *h)
{
	static const char *const same[] = {"notice_at",      "last_day", "available_until",
	                                   "prospect_count", "totals",   "review_due_at"};
	json_t *body = rep_handover_body(h, "HandoverOpened"), *check;
	size_t k;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(body, same[i], h->row, same[i]);
	}
	oracle_take(body, "successor_id", h->row, "successor_id");
	json_array_foreach(json_object_get(h->row, "checks"), k, check)
	{
		if (oracle_is(check, "by", "NOTICE")) {
			oracle_take(body, "successor_id", check, "successor_id");
		}
	}
	rep_handover_tell(h, "HandoverOpened", body, "opened");
	body = rep_handover_body(h, "ReconciliationClosed");
	oracle_take(body, "sheet_id", h->row, "sheet_id");
	oracle_take(body, "line_count", h->row, "line_count");
	oracle_take(body, "finding_count", h->row, "finding_count");
	rep_handover_tell(h, "ReconciliationClosed", body, "reconciled");
	h->s->fold->stats.listed++;
}

static void total(json_t *totals, const char *layer, int64_t count)
{
	if (count > 0) {
		json_t *one = json_object();
		oracle_set(one, "layer", json_string(layer));
		oracle_set(one, "count", json_integer(count));
		json_array_append_new(totals, one);
	}
}

/* A prospect more. */
void rep_handover_total(struct rep_handover *h, const char *layer)
{
	static const char *const layers[] = {"UNDECIDED", "BOTTOM", "MIDDLE", "TOP"};
	json_t *totals = json_object_get(h->row, "totals"), *sorted = json_array(), *one;
	size_t i;
	for (size_t k = 0; k < 4; k++) {
		int64_t count = strcmp(layers[k], layer) == 0;
		json_array_foreach(totals, i, one)
		{
			count += oracle_is(one, "layer", layers[k]) ? oracle_number(one, "count") : 0;
		}
		total(sorted, layers[k], count);
	}
	oracle_set(h->row, "totals", sorted);
	rep_handover_count(h->row, "prospect_count", 1);
}

static void list(struct rep_handover *h)
{
	const json_t *inspection = json_object_get(h->s->p->inspections, h->book);
	if (oracle_has(inspection, "sheet_id")) {
		oracle_take(h->row, "sheet_id", inspection, "sheet_id");
		oracle_take(h->row, "sheet_number", inspection, "sheet_number");
		oracle_take(h->row, "sheet_at", inspection, "as_of");
	}
	const json_t *lines = rep_lines_of(h->s->p, h->book);
	size_t n;
	const char **ids = rep_sorted(lines, &n);
	for (size_t i = 0; i < n; i++) {
		const json_t *line = json_object_get(lines, ids[i]);
		if (!is_there(line)) {
			continue;
		}
		rep_handover_count(h->row, "line_count", 1);
		rep_handover_count(h->row, "finding_count", (int64_t)rep_reconcile(h, line, NULL, false));
		if (rep_is_handed_over(h, line)) {
			rep_task_new(h, line, 1, NULL);
			rep_handover_total(h, rep_task_layer(line));
			h->s->fold->stats.listed_prospects++;
			h->s->fold->stats.flipped += oracle_is(line, "state", "WATCHED");
		}
	}
	free(ids);
	const struct rep_rules *r = h->s->p->rules;
	int64_t opened = oracle_number(h->row, "opened_at");
	oracle_set(h->row, "review_due_at", json_integer(rep_business_after(r, opened, r->review_due_bd)));
	if (oracle_number(h->row, "unnamed_count") > 0) {
		oracle_set(h->row, "naming_due_at", json_integer(rep_business_after(r, opened, r->successor_named_bd)));
	}
	tell_listed(h);
	rep_inspect_noticed(h->s, h->book, h->at, h->cause, h->correlation);
}

/* Each of the successor's tasks, in order. */
static void each(struct rep_handover *h, const json_t *successor_id, void (*visit)(struct rep_handover *, json_t *))
{
	size_t n;
	const char **ids = rep_sorted(h->tasks, &n);
	for (size_t i = 0; i < n; i++) {
		json_t *task = json_object_get(h->tasks, ids[i]);
		if (!successor_id || json_equal(json_object_get(task, "successor_id"), successor_id)) {
			visit(h, task);
		}
	}
	free(ids);
}

static void open_one(struct rep_handover *h, json_t *task)
{
	const json_t *successor = rep_task_successor(h, task);
	if (successor && oracle_is(task, "state", "UNNAMED") &&
	    json_equal(successor, json_object_get(h->row, "job_successor_id"))) {
		json_t *id = json_deep_copy(successor);
		rep_task_open(h, task, id);
		json_decref(id);
	}
}

static void release_one(struct rep_handover *h, json_t *task)
{
	if (oracle_is(task, "state", "WAITING")) {
		rep_task_release(h, task);
	}
}

static void unname_one(struct rep_handover *h, json_t *task)
{
	const json_t *who = json_object_get(h->row, "job_successor_id");
	bool told = oracle_is(task, "state", "WAITING") || oracle_is(task, "state", "OPEN");
	if (told && json_equal(json_object_get(task, "successor_id"), who)) {
		rep_task_unname(h, task);
	} else if (oracle_is(task, "state", "UNNAMED") && json_equal(json_object_get(task, "named_id"), who) &&
	           !rep_handover_will(h, "OPEN", who)) {
		oracle_set(task, "named_id", json_null());
	}
}

static void cancel_one(struct rep_handover *h, json_t *task)
{
	if (rep_task_is_undone(task)) {
		rep_task_cancel(h, task);
	}
}

/* Whoever is there for all takes what he has left; he himself begins anew if he was named again meanwhile. */
static void dismiss(struct rep_handover *h, const json_t *successor_id)
{
	json_t *all = json_object_get(h->row, "successors"), *general = json_object_get(h->row, "successor_id");
	bool again = rep_handover_will(h, "OPEN", successor_id);
	if (rep_successor(h, general) && oracle_number(h->row, "unnamed_count") > 0) {
		rep_handover_job(h, "OPEN", general);
	}
	for (size_t i = json_array_size(all); i-- > 0;) {
		json_t *one = json_array_get(all, i);
		if (json_equal(json_object_get(one, "successor_id"), successor_id) && oracle_flag(one, "leaving")) {
			json_array_remove(all, i);
			if (again) {
				rep_successor_add(h, successor_id);
			}
		}
	}
}

static void cancelled(struct rep_handover *h)
{
	json_t *next = json_incref(json_object_get(h->row, "next"));
	bool another = oracle_is(h->row, "state", "REPLACED"), told = oracle_has(h->row, "cancelled_at");
	each(h, NULL, cancel_one);
	if (another || (oracle_is(h->row, "state", "CANCELLED") && !told)) {
		json_t *body = rep_handover_body(h, "HandoverCancelled");
		oracle_set(body, "reason", json_string(another ? "REPLACED" : "WITHDRAWN"));
		oracle_take(body, "replaced_by", another ? next : NULL, "notice_id");
		oracle_set(body, "done_count",
		           json_integer(oracle_number(h->row, "done_count") + oracle_number(h->row, "waived_count")));
		oracle_take(body, "cancelled_count", h->row, "cancelled_count");
		rep_handover_tell(h, "HandoverCancelled", body, another ? "cancelled|REPLACED" : "cancelled|WITHDRAWN");
		oracle_set(h->row, "cancelled_at", json_integer(h->at));
		h->s->fold->stats.cancelled += !another;
		h->s->fold->stats.replaced += another;
	}
	oracle_set(h->row, "successors", json_array());
	oracle_set(h->row, "successor_id", json_null());
	if (json_is_object(next)) {
		json_object_clear(h->tasks);
		rep_handover_begin(h, next);
	}
	json_decref(next);
}

/* The whole of what it is at. */
static void work(struct rep_handover *h)
{
	char job[16];
	json_t *who = json_incref(json_object_get(h->row, "job_successor_id")), *successor = rep_successor(h, who);
	snprintf(job, sizeof(job), "%s", oracle_text(h->row, "job"));
	if (strcmp(job, "LIST") == 0) {
		list(h);
	} else if (strcmp(job, "OPEN") == 0 && successor) {
		each(h, NULL, open_one);
		oracle_set(successor, "listed", json_boolean(!rep_handover_will(h, "OPEN", who)));
	} else if (strcmp(job, "RELEASE") == 0) {
		each(h, who, release_one);
	} else if (strcmp(job, "UNNAME") == 0) {
		each(h, NULL, unname_one);
		dismiss(h, who);
	}
	rep_handover_next_job(h);
	if (strcmp(job, "CANCEL") == 0) {
		cancelled(h);
	}
	json_decref(who);
}

/* ---- dates ---- */

static bool is_due(const struct rep_handover *h, const char *field)
{
	return oracle_has(h->row, field) && oracle_number(h->row, field) <= h->now;
}

static void name_somebody(struct rep_handover *h)
{
	const struct rep_rules *r = h->s->p->rules;
	bool again = oracle_is(h->row, "naming_level", "MANAGER");
	oracle_set(h->row, "naming_level", json_string(again ? "NEXT_LEVEL" : "MANAGER"));
	oracle_set(h->row, "naming_due_at",
	           again ? json_null() : json_integer(rep_business_after(r, h->at, r->successor_next_level_bd)));
	if (!oracle_has(h->rep, "org_id") || json_array_size(json_object_get(h->row, "checks")) >= REP_CHECKS_MAX) {
		rep_tell_risk(h, "NO_SUCCESSOR", again ? "NEXT_LEVEL" : "MANAGER");
		return;
	}
	rep_ask_successor(h, "NOBODY", NULL, NULL, NULL);
}

/* Of two dates that have passed the later one speaks; of none that finds nothing open. */
static void last_day_near(struct rep_handover *h)
{
	while (rep_risk_at(h) <= h->now) {
		rep_handover_count(h->row, "risks_told", 1);
	}
	if (oracle_number(h->row, "open_count") + oracle_number(h->row, "unnamed_count") > 0) {
		rep_tell_risk(h, "LAST_DAY_NEAR", oracle_number(h->row, "risks_told") > 1 ? "NEXT_LEVEL" : "MANAGER");
	}
}

static void date_comes(struct rep_handover *h)
{
	if (oracle_is(h->row, "state", "COMPLETED")) {
		oracle_set(h->row, "watch_until", json_null());
		oracle_set(h->row, "base_request_id", json_null());
		h->s->fold->stats.watches_over++;
	} else if (is_due(h, "review_due_at")) {
		oracle_set(h->row, "review_due_at", json_null());
		rep_tell_risk(h, "NOT_REVIEWED", "MANAGER");
	} else if (is_due(h, "naming_due_at")) {
		name_somebody(h);
	} else {
		last_day_near(h);
	}
}

void rep_handover_fire(struct rep_step *s, const char *book)
{
	struct rep_handover h = rep_handover_timer(s, book);
	char cause[160], correlation[160]; /* another notice may take its row */
	snprintf(cause, sizeof(cause), "%s", h.cause);
	snprintf(correlation, sizeof(correlation), "%s", h.correlation);
	h.cause = cause;
	h.correlation = correlation;
	if (rep_handover_at_work(&h)) {
		work(&h);
	} else {
		date_comes(&h);
	}
	rep_handover_settle(&h);
}
