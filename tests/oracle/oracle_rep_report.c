/* Reports of tasks: what was done, or let go. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_rep_handover.h"

enum { REASSIGN_BD = 3 };

/* A report, at its task. */
struct report {
	struct rep_handover h;
	json_t *task; /* NULL: there is no such task */
	const json_t *in;
};

/* "<prospect>#<number>", as it is written: no sign, no zero in front. false: it is not. */
static bool read_task_id(const char *id, char prospect[REP_KEY_BYTES], int64_t *ret_number)
{
	const char *mark = strrchr(id, '#');
	if (!mark || mark == id || mark[1] < '1' || mark[1] > '9' || strlen(mark + 1) > 18 ||
	    strspn(mark + 1, "0123456789") != strlen(mark + 1)) {
		return false;
	}
	snprintf(prospect, REP_KEY_BYTES, "%.*s", (int)(mark - id), id);
	*ret_number = strtoll(mark + 1, NULL, 10);
	return true;
}

static struct report report_of(struct rep_step *s)
{
	char book[REP_KEY_BYTES], prospect[REP_KEY_BYTES];
	int64_t number;
	snprintf(book, sizeof(book), "rep:%s", oracle_text(s->in, "leaving_rep_id"));
	struct report r = {.h = rep_handover_of(s, book), .in = s->in};
	bool same = r.h.row && json_equal(json_object_get(r.h.row, "notice_id"), json_object_get(s->in, "notice_id"));
	if (same && read_task_id(oracle_text(s->in, "task_id"), prospect, &number)) {
		json_t *task = json_object_get(r.h.tasks, prospect);
		r.task = task && oracle_number(task, "number") == number ? task : NULL;
	}
	return r;
}

size_t rep_refusal_at(const char *reason)
{
	static const char *const reasons[] = {"UNKNOWN_TASK",  "TASK_CLOSED",     "NOT_RELEASED",
	                                      "TOO_EARLY",     "NO_NEXT_MEETING", "NEXT_MEETING_TOO_LATE",
	                                      "WRONG_SPEAKER", "WRONG_CHANNEL",   "TOO_FEW_INFORMED"};
	size_t i = 0;
	while (i < sizeof(reasons) / sizeof(reasons[0]) && strcmp(reasons[i], reason) != 0) {
		i++;
	}
	return i; /* the last place: NOT_THE_MANAGER */
}

static void refuse(struct report *r, const char *reason)
{
	static const char *const same[] = {"notice_id", "task_id", "command_id", "issued_by"};
	char what[2 * REP_KEY_BYTES];
	json_t *body = rep_handover_body(&r->h, "HandoverTaskRefused");
	for (size_t i = 0; i < 4; i++) {
		oracle_take(body, same[i], r->in, same[i]);
	}
	oracle_take(body, "prospect_id", r->task, "prospect_id");
	oracle_set(body, "reason", json_string(reason));
	snprintf(what, sizeof(what), "task-refused|%s|%s", oracle_text(r->in, "task_id"), oracle_text(r->in, "command_id"));
	rep_handover_tell(&r->h, "HandoverTaskRefused", body, what);
	r->h.s->fold->stats.reports_refused++;
	r->h.s->fold->stats.refused_because[rep_refusal_at(reason)]++;
}

static bool has(const json_t *list, const json_t *id)
{
	size_t i;
	json_t *one;
	bool found = false;
	json_array_foreach(list, i, one)
	{
		found = found || json_equal(one, id);
	}
	return found;
}

static bool is_channel(const struct report *r)
{
	const char *asked = rep_task_channel(r->task);
	bool visit = oracle_is(r->in, "channel", "VISIT");
	bool phone = oracle_is(r->in, "channel", "PHONE") || oracle_is(r->in, "channel", "VIDEO");
	return strcmp(asked, "OTHER") == 0 || visit || (phone && strcmp(asked, "PHONE") == 0);
}

static bool have_spoken(const struct report *r, int64_t at_ms)
{
	json_t *roles, *ids, *id;
	size_t i;
	bool all = true;
	rep_task_speakers(&r->h, r->task, at_ms, &roles, &ids);
	json_array_foreach(ids, i, id)
	{
		all = all && has(json_object_get(r->in, "spoke_rep_ids"), id);
	}
	json_decref(roles);
	json_decref(ids);
	return all;
}

static const char *meeting_wrong(const struct report *r)
{
	const struct rep_rules *rules = r->h.s->p->rules;
	int64_t within = rep_task_meeting_bd(&r->h, r->task), done = oracle_number(r->in, "done_at");
	int64_t on = oracle_number(r->in, "next_meeting_on");
	if (within == 0) {
		return NULL;
	}
	if (!oracle_has(r->in, "next_meeting_on")) {
		return "NO_NEXT_MEETING";
	}
	bool late = on > rep_local_day(rules, rep_business_after(rules, done, within));
	return late || on < rep_local_day(rules, done) ? "NEXT_MEETING_TOO_LATE" : NULL;
}

/* Contacts that were told, or were not. New. */
static json_t *contacts(const struct report *r, bool told)
{
	json_t *list = json_array(), *id;
	size_t i;
	json_array_foreach(json_object_get(r->task, "contact_ids"), i, id)
	{
		bool twice = told && has(list, id); /* counted once */
		if (has(json_object_get(r->in, "informed_person_ids"), id) == told && !twice) {
			json_array_append(list, id);
		}
	}
	return list;
}

static const char *wrong(const struct report *r)
{
	const json_t *successor = rep_successor(&r->h, json_object_get(r->task, "successor_id"));
	int64_t done = oracle_number(r->in, "done_at");
	bool early = done < oracle_number(r->task, "opened_at");
	if (oracle_is(r->task, "layer", "TOP") && oracle_has(successor, "released_at")) {
		early = early || done < oracle_number(successor, "released_at");
	}
	if (early) {
		return "TOO_EARLY";
	}
	if (!is_channel(r)) {
		return "WRONG_CHANNEL";
	}
	if (!have_spoken(r, done) && !have_spoken(r, r->h.at)) { /* of the day on which it was done, or of now */
		return "WRONG_SPEAKER";
	}
	const char *meeting = meeting_wrong(r);
	json_t *told = contacts(r, true);
	bool few = (int64_t)json_array_size(told) < rep_contacts_min(r->task);
	json_decref(told);
	return meeting ? meeting : few ? "TOO_FEW_INFORMED" : NULL;
}

/* Whom the source is to give it to. */
static void reassign(struct report *r)
{
	struct rep_handover *h = &r->h;
	const json_t *line = json_object_get(rep_lines_of(h->s->p, h->book), oracle_text(r->task, "prospect_id"));
	char what[REP_KEY_BYTES];
	if (!oracle_has(r->task, "successor_id")) { /* let go before anybody was asked: whoever is meant */
		oracle_take(r->task, "successor_id", oracle_has(r->task, "named_id") ? r->task : h->row,
		            oracle_has(r->task, "named_id") ? "named_id" : "successor_id");
	}
	const json_t *to = json_object_get(r->task, "successor_id");
	if (!line || !json_is_string(to)) {
		return;
	}
	if (json_equal(json_object_get(line, "owner_rep_id"), to)) {
		oracle_set(r->task, "reassign", json_string("DONE"));
		return;
	}
	json_t *due = json_integer(rep_business_after(h->s->p->rules, h->at, REASSIGN_BD));
	oracle_set(r->task, "reassign", json_string("REQUESTED"));
	oracle_set(r->task, "reassign_due_at", due);
	json_t *body = oracle_new_record(h->s->fold->o, "ReassignmentRequested");
	oracle_set(body, "occurred_at", json_integer(h->at));
	oracle_take(body, "prospect_id", r->task, "prospect_id");
	oracle_take(body, "from_rep_id", line, "owner_rep_id");
	oracle_take(body, "to_rep_id", r->task, "successor_id");
	oracle_take(body, "org_id", h->rep, "org_id");
	oracle_take(body, "manager_id", h->rep, "manager_id");
	oracle_take(body, "notice_id", h->row, "notice_id");
	oracle_take(body, "due_at", r->task, "reassign_due_at");
	snprintf(what, sizeof(what), "reassign|%s|%s", oracle_text(body, "prospect_id"), json_string_value(to));
	rep_handover_tell(h, "ReassignmentRequested", body, what);
	h->s->fold->stats.reassigned++;
}

static void close(struct report *r, const char *outcome, const char *counted)
{
	char what[REP_KEY_BYTES];
	json_t *body = rep_handover_body(&r->h, "HandoverTaskClosed");
	bool done = strcmp(outcome, "DONE") == 0;
	oracle_set(body, "task_id", json_string(rep_task_id(r->task)));
	oracle_take(body, "prospect_id", r->task, "prospect_id");
	oracle_set(body, "outcome", json_string(outcome));
	oracle_take(body, "done_at", done ? r->in : NULL, "done_at");
	oracle_take(body, "by", r->in, "by");
	oracle_take(body, "next_meeting_on", done ? r->in : NULL, "next_meeting_on");
	oracle_set(body, "not_informed_ids",
	           done ? contacts(r, false) : json_deep_copy(json_object_get(r->task, "contact_ids")));
	snprintf(what, sizeof(what), "task-closed|%s|%s", rep_task_id(r->task), outcome);
	rep_handover_tell(&r->h, "HandoverTaskClosed", body, what);
	rep_task_end(&r->h, r->task, outcome, counted);
	oracle_take(r->task, "report_id", r->in, "command_id");
	reassign(r);
	rep_task_arm(&r->h, r->task);
	const json_t *line = json_object_get(rep_lines_of(r->h.s->p, r->h.book), oracle_text(r->task, "prospect_id"));
	if (line) {
		rep_watch_line(&r->h, r->task, line);
	}
}

/* What is wrong with a report of either kind; "": it is an old one again. */
static const char *wrong_at_all(const struct report *r)
{
	if (!r->task) {
		return "UNKNOWN_TASK";
	}
	if (json_equal(json_object_get(r->task, "report_id"), json_object_get(r->in, "command_id"))) {
		return "";
	}
	bool over = oracle_is(r->h.row, "state", "CANCELLED") || oracle_is(r->h.row, "state", "REPLACED") ||
	            oracle_has(r->h.row, "next"); /* what is left will be cancelled */
	return rep_task_is_undone(r->task) && !over ? NULL : "TASK_CLOSED";
}

const char *rep_task_done(struct rep_step *s)
{
	struct report r = report_of(s);
	const char *why = wrong_at_all(&r);
	if (!why && !oracle_is(r.task, "state", "OPEN")) {
		const json_t *successor = rep_successor(&r.h, json_object_get(r.task, "successor_id"));
		why = oracle_has(successor, "released_at") ? NULL : "NOT_RELEASED";
	}
	why = why ? why : wrong(&r);
	if (why && *why) {
		refuse(&r, why);
	} else if (why) {
		s->fold->stats.stale++;
	} else {
		close(&r, "DONE", "done_count");
		s->fold->stats.tasks_done++;
	}
	rep_handover_settle_known(&r.h);
	return NULL;
}

const char *rep_task_waived(struct rep_step *s)
{
	struct report r = report_of(s);
	const char *why = wrong_at_all(&r);
	bool manager = !oracle_has(r.h.rep, "manager_id") ||
	               json_equal(json_object_get(r.h.rep, "manager_id"), json_object_get(s->in, "by"));
	why = why ? why : manager ? NULL : "NOT_THE_MANAGER";
	if (why && *why) {
		refuse(&r, why);
	} else if (why) {
		s->fold->stats.stale++;
	} else {
		close(&r, "WAIVED", "waived_count");
		s->fold->stats.tasks_waived++;
	}
	rep_handover_settle_known(&r.h);
	return NULL;
}
