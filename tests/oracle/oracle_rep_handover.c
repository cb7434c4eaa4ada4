/* The row of a handover: its jobs, its dates, its end, the sign-off. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_rep_handover.h"

/* Before there is a time that of the input. */
struct rep_handover rep_handover_of(struct rep_step *s, const char *book)
{
	struct rep_handover h = {.s = s, .cause = s->cause, .correlation = s->correlation};
	snprintf(h.book, sizeof(h.book), "%s", book);
	h.row = json_object_get(s->p->handovers, book);
	h.successors_before = json_deep_copy(json_object_get(h.row, "successors"));
	json_decref(s->p->kept); /* for as long as the step is on */
	s->p->kept = h.successors_before;
	h.rep = json_object_get(s->p->reps, book);
	h.tasks = json_object_get(s->p->tasks, book);
	if (!h.tasks) {
		h.tasks = json_object();
		json_object_set_new(s->p->tasks, book, h.tasks);
	}
	int64_t occurred = s->record ? oracle_number(s->in, "occurred_at") : INT64_MIN;
	h.now = !s->record || s->p->has_time ? s->now_ms : occurred;
	h.at = occurred > h.now ? occurred : h.now;
	return h;
}

struct rep_handover rep_handover_timer(struct rep_step *s, const char *book)
{
	struct rep_handover h = rep_handover_of(s, book);
	int64_t opened = oracle_number(h.row, "opened_at");
	h.at = opened > h.now ? opened : h.now;
	h.cause = oracle_text(h.row, "cause_id");
	h.correlation = oracle_has(h.row, "correlation_id") ? oracle_text(h.row, "correlation_id") : h.cause;
	return h;
}

void rep_handover_count(json_t *row, const char *field, int64_t by)
{
	oracle_set(row, field, json_integer(oracle_number(row, field) + by));
}

json_t *rep_successor(const struct rep_handover *h, const json_t *id)
{
	size_t i;
	json_t *one, *found = NULL;
	json_array_foreach(json_object_get(h->row, "successors"), i, one)
	{
		bool is = json_is_string(id) && json_equal(json_object_get(one, "successor_id"), id);
		found = is && !oracle_flag(one, "leaving") ? one : found;
	}
	return found;
}

void rep_handover_job(struct rep_handover *h, const char *job, const json_t *successor_id)
{
	json_t *waiting = json_object();
	if (rep_handover_will(h, job, successor_id)) {
		json_decref(waiting);
		return;
	}
	if (oracle_is(h->row, "job", "NONE")) {
		oracle_set(h->row, "job", json_string(job));
		oracle_set(h->row, "job_successor_id", successor_id ? json_deep_copy(successor_id) : json_null());
		json_decref(waiting);
		return;
	}
	oracle_set(waiting, "job", json_string(job));
	oracle_set(waiting, "successor_id", json_deep_copy(successor_id));
	json_array_append_new(json_object_get(h->row, "jobs"), waiting);
}

bool rep_handover_will(const struct rep_handover *h, const char *job, const json_t *successor_id)
{
	size_t i;
	json_t *one;
	bool at = oracle_is(h->row, "job", job) && !successor_id;
	json_array_foreach(json_object_get(h->row, "jobs"), i, one)
	{
		at = at || (oracle_is(one, "job", job) &&
		            (!successor_id || json_equal(json_object_get(one, "successor_id"), successor_id)));
	}
	return at;
}

void rep_handover_next_job(struct rep_handover *h)
{
	json_t *waiting = json_object_get(h->row, "jobs"), *next = json_incref(json_array_get(waiting, 0));
	oracle_set(h->row, "job", json_string("NONE"));
	oracle_set(h->row, "job_successor_id", json_null());
	oracle_set(h->row, "after", json_null());
	if (next) {
		json_array_remove(waiting, 0);
		oracle_take(h->row, "job", next, "job");
		oracle_take(h->row, "job_successor_id", next, "successor_id");
		json_decref(next);
	}
}

bool rep_handover_at_work(const struct rep_handover *h)
{
	return !oracle_is(h->row, "job", "NONE") || json_array_size(json_object_get(h->row, "jobs")) > 0;
}

static bool is_state(const json_t *row, const char *const *states)
{
	while (*states && !oracle_is(row, "state", *states)) {
		states++;
	}
	return *states;
}

bool rep_handover_is_on(const json_t *row)
{
	static const char *const states[] = {"RECONCILING", "NAMING", "OPENING", "RUNNING", NULL};
	return row && is_state(row, states);
}

/* ---- dates ---- */

static bool has_undone(const json_t *row)
{
	return oracle_number(row, "open_count") + oracle_number(row, "unnamed_count") > 0;
}

/* The next date of its last day that is told; INT64_MAX: none. */
int64_t rep_risk_at(const struct rep_handover *h)
{
	int64_t told = oracle_number(h->row, "risks_told");
	if (told >= 2) {
		return INT64_MAX;
	}
	return rep_business_before_end(h->s->p->rules, oracle_number(h->row, "last_day"), h->s->p->rules->at_risk_bd[told]);
}

static int64_t date(const json_t *row, const char *field)
{
	return oracle_has(row, field) ? oracle_number(row, field) : INT64_MAX;
}

static int64_t first_date(const struct rep_handover *h)
{
	int64_t at = rep_risk_at(h), naming = date(h->row, "naming_due_at"), review = date(h->row, "review_due_at");
	at = naming < at ? naming : at;
	at = review < at ? review : at;
	return at;
}

static void arm(struct rep_handover *h)
{
	int64_t at = INT64_MAX, before = date(h->row, "next_deadline_at");
	if (rep_handover_at_work(h)) {
		at = h->now;
	} else if (rep_handover_is_on(h->row)) {
		at = first_date(h);
	} else if (oracle_is(h->row, "state", "COMPLETED")) {
		at = date(h->row, "watch_until");
	}
	if (at <= h->now) { /* what is due stays due as it was */
		at = before < h->now ? before : h->now;
	}
	oracle_set(h->row, "next_deadline_at", at == INT64_MAX ? json_null() : json_integer(at));
}

static void complete(struct rep_handover *h)
{
	static const char *const same[] = {"prospect_count", "done_count", "waived_count", "superseded_count",
	                                   "watch_until"};
	const struct rep_rules *r = h->s->p->rules;
	oracle_set(h->row, "state", json_string("COMPLETED"));
	oracle_set(h->row, "completed_at", json_integer(h->at));
	oracle_set(h->row, "review_due_at", json_null());
	oracle_set(h->row, "checks", json_array());
	oracle_set(h->row, "watch_until",
	           json_integer(rep_local_midnight(r, oracle_number(h->row, "last_day") + 1 + r->window_days)));
	json_t *body = rep_handover_body(h, "HandoverCompleted");
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(body, same[i], h->row, same[i]);
	}
	rep_handover_tell(h, "HandoverCompleted", body, "completed");
	h->s->fold->stats.completed++;
	rep_watch_tell(h);
}

void rep_handover_settle(struct rep_handover *h)
{
	if (rep_handover_is_on(h->row)) {
		rep_gates(h);
		bool listing = oracle_is(h->row, "job", "LIST");
		bool opening = !listing && rep_handover_will(h, "OPEN", NULL);
		bool unnamed = oracle_number(h->row, "unnamed_count") > 0;
		oracle_set(h->row, "state",
		           json_string(listing   ? "RECONCILING"
		                       : opening ? "OPENING"
		                       : unnamed ? "NAMING"
		                                 : "RUNNING"));
		rep_naming_due(h);
		if (!rep_handover_at_work(h) && !has_undone(h->row) && oracle_is(h->row, "review", "ACCEPTED")) {
			complete(h);
		}
	}
	arm(h);
}

void rep_handover_settle_known(struct rep_handover *h)
{
	if (h->row && json_equal(json_object_get(h->row, "notice_id"), json_object_get(h->s->in, "notice_id"))) {
		rep_handover_settle(h);
	}
}

/* ---- the manager's sign-off ---- */

static void reject(struct rep_handover *h, const char *reason)
{
	json_t *body = oracle_new_record(h->s->fold->o, "CommandRejected");
	oracle_set(body, "occurred_at", json_integer(h->at));
	oracle_set(body, "command", json_string(h->s->name));
	oracle_take(body, "command_id", h->s->in, "command_id");
	oracle_take(body, "org_id", h->rep, "org_id");
	oracle_set(body, "rep_id", json_string(h->book + 4));
	oracle_take(body, "manager_id", h->rep, "manager_id");
	oracle_take(body, "issued_by", h->s->in, "issued_by");
	oracle_set(body, "reason", json_string(reason));
	rep_tell_keyed(h->s, "CommandRejected", body, h->cause, h->correlation, oracle_text(h->s->in, "command_id"),
	               h->book + 4);
	h->s->fold->stats.commands_refused++;
}

void rep_command_reject(struct rep_handover *h, const char *reason)
{
	reject(h, reason);
}

bool rep_command_fits(struct rep_handover *h)
{
	if (!h->row || !json_equal(json_object_get(h->row, "notice_id"), json_object_get(h->s->in, "notice_id"))) {
		reject(h, "UNKNOWN_NOTICE");
	} else if (!rep_handover_is_on(h->row)) {
		reject(h, "HANDOVER_IS_CLOSED");
	} else {
		return true;
	}
	return false;
}

static bool is_signed_off(const struct rep_handover *h)
{
	bool mine = h->row && json_equal(json_object_get(h->row, "notice_id"), json_object_get(h->s->in, "notice_id"));
	return mine && (rep_handover_is_on(h->row) || oracle_is(h->row, "state", "COMPLETED")) &&
	       oracle_is(h->row, "review", "ACCEPTED");
}

static void review(struct rep_handover *h)
{
	bool accepted = oracle_flag(h->s->in, "accepted");
	if (accepted && is_signed_off(h)) {
		h->s->fold->stats.stale++; /* the same again */
		return;
	}
	if (!rep_command_fits(h)) {
		return;
	}
	if (oracle_is(h->row, "state", "RECONCILING")) {
		reject(h, "NOT_LISTED_YET");
		return;
	}
	if (oracle_is(h->row, "review", "ACCEPTED")) {
		reject(h, "HANDOVER_IS_CLOSED");
		return;
	}
	oracle_set(h->row, "review", json_string(accepted ? "ACCEPTED" : "REFUSED"));
	if (accepted) {
		oracle_set(h->row, "review_due_at", json_null());
		h->s->fold->stats.reviewed++;
	}
}

const char *rep_reviewed(struct rep_step *s)
{
	char book[REP_KEY_BYTES];
	snprintf(book, sizeof(book), "rep:%s", oracle_text(s->in, "leaving_rep_id"));
	struct rep_handover h = rep_handover_of(s, book);
	review(&h);
	rep_handover_settle_known(&h);
	return NULL;
}
