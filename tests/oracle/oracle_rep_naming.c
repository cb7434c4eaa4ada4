/* Who takes over: who is asked about, and what the organisation answers. */
#include <inttypes.h>
#include <stdio.h>

#include "oracle_rep_handover.h"

static void due(struct rep_handover *h)
{
	const struct rep_rules *r = h->s->p->rules;
	oracle_set(h->row, "naming_due_at", json_integer(rep_business_after(r, h->at, r->successor_named_bd)));
	oracle_set(h->row, "naming_level", json_string("NONE"));
}

void rep_naming_due(struct rep_handover *h)
{
	bool unnaming = rep_handover_will(h, "UNNAME", NULL);
	if (oracle_is(h->row, "state", "NAMING") && oracle_is(h->row, "naming_level", "NONE") &&
	    !oracle_has(h->row, "naming_due_at")) {
		due(h);
	}
	if (oracle_number(h->row, "unnamed_count") == 0 && !unnaming) {
		oracle_set(h->row, "naming_due_at", json_null());
		oracle_set(h->row, "naming_level", json_string("NONE"));
	}
}

/* How many he would take over; before the listing is done, by his lines. */
static int64_t prospects(const struct rep_handover *h, const json_t *prospect_id)
{
	int64_t count = oracle_number(h->row, "unnamed_count");
	const char *id;
	json_t *line;
	if (prospect_id) {
		return 1;
	}
	if (!oracle_is(h->row, "state", "RECONCILING")) {
		return oracle_has(h->row, "successor_id") ? count + oracle_number(h->row, "open_count") : count;
	}
	count = 0;
	json_object_foreach(rep_lines_of(h->s->p, h->book), id, line)
	{
		count += oracle_is(line, "state", "OWNED");
	}
	return count;
}

static void tell_refused(struct rep_handover *h, const json_t *check, const json_t *candidate, const char *reason)
{
	char what[2 * REP_KEY_BYTES];
	json_t *body = rep_handover_body(h, "SuccessorRefused");
	oracle_take(body, "successor_id", check, "successor_id");
	oracle_take(body, "prospect_id", check, "prospect_id");
	oracle_take(body, "command_id", check, "command_id");
	oracle_set(body, "reason", json_string(reason));
	oracle_set(body, "open_prospects", json_integer(oracle_number(candidate, "open_prospects")));
	oracle_set(body, "load_after_percent", json_integer(oracle_number(candidate, "load_after_percent")));
	snprintf(what, sizeof(what), "refused|%s|%s", oracle_text(check, "successor_id"),
	         oracle_has(check, "prospect_id") ? oracle_text(check, "prospect_id") : "");
	rep_handover_tell(h, "SuccessorRefused", body, what);
	h->s->fold->stats.refused++;
}

void rep_ask_successor(struct rep_handover *h, const char *by, const json_t *successor_id, const json_t *prospect_id,
                       const json_t *command_id)
{
	static const char *const same[] = {"request_id", "successor_id", "prospect_id"};
	json_t *check = json_object();
	char id[REP_KEY_BYTES];
	rep_handover_count(h->row, "check_count", 1);
	snprintf(id, sizeof(id), "%s|%" PRId64, oracle_text(h->row, "notice_id"), oracle_number(h->row, "check_count"));
	oracle_set(check, "request_id", json_string(id));
	oracle_set(check, "successor_id", successor_id ? json_deep_copy(successor_id) : json_null());
	oracle_set(check, "prospect_id", prospect_id ? json_deep_copy(prospect_id) : json_null());
	oracle_set(check, "by", json_string(by));
	oracle_set(check, "command_id", command_id ? json_deep_copy(command_id) : json_null());
	if (!oracle_has(h->rep, "org_id")) { /* there is nobody to ask */
		tell_refused(h, check, NULL, "OTHER_ORG");
		json_decref(check);
		return;
	}
	json_array_append_new(json_object_get(h->row, "checks"), check);
	json_t *body = oracle_new_record(h->s->fold->o, "SuccessorAsked");
	oracle_set(body, "source", json_string("rep"));
	oracle_set(body, "occurred_at", json_integer(h->at));
	oracle_take(body, "org_id", h->rep, "org_id");
	oracle_set(body, "book", json_string(h->book));
	oracle_take(body, "notice_id", h->row, "notice_id");
	for (size_t i = 0; i < 3; i++) {
		oracle_take(body, same[i], check, same[i]);
	}
	oracle_set(body, "prospect_count", json_integer(prospects(h, prospect_id)));
	rep_handover_tell(h, "SuccessorAsked", body, "");
	h->s->fold->stats.asked++;
}

/* He is out: what was to be done for him is not, and his tasks go back. */
static void leaves(struct rep_handover *h, const json_t *successor_id)
{
	json_t *one = rep_successor(h, successor_id), *jobs = json_object_get(h->row, "jobs");
	bool at = json_equal(json_object_get(h->row, "job_successor_id"), successor_id);
	if (!one) {
		return;
	}
	oracle_set(one, "leaving", json_true());
	oracle_set(one, "listed", json_false());
	if (json_equal(json_object_get(h->row, "successor_id"), successor_id)) {
		oracle_set(h->row, "successor_id", json_null());
	}
	for (size_t i = json_array_size(jobs); i-- > 0;) {
		if (json_equal(json_object_get(json_array_get(jobs, i), "successor_id"), successor_id)) {
			json_array_remove(jobs, i);
		}
	}
	rep_handover_job(h, "UNNAME", successor_id);
	if (at) {
		rep_handover_next_job(h);
	}
}

void rep_successor_add(struct rep_handover *h, const json_t *successor_id)
{
	json_t *all = json_object_get(h->row, "successors"), *one = json_object();
	size_t at = 0;
	while (at < json_array_size(all) &&
	       strcmp(oracle_text(json_array_get(all, at), "successor_id"), json_string_value(successor_id)) < 0) {
		at++;
	}
	oracle_set(one, "successor_id", json_deep_copy(successor_id));
	oracle_set(one, "blocking", json_integer(0));
	oracle_set(one, "waiting", json_integer(0));
	oracle_set(one, "listed", json_false());
	oracle_set(one, "released_at", json_null());
	oracle_set(one, "leaving", json_false());
	json_array_insert_new(all, at, one);
}

/* His tasks are opened; until that is over his gate stays shut, if it was not open. */
static void take_over(struct rep_handover *h, const json_t *who)
{
	size_t i;
	json_t *one, *known = NULL;
	json_array_foreach(json_object_get(h->row, "successors"), i, one)
	{
		known = json_equal(json_object_get(one, "successor_id"), who) ? one : known;
	}
	if (!known) {
		rep_successor_add(h, who);
	} else if (!oracle_has(known, "released_at") || oracle_flag(known, "leaving")) {
		oracle_set(known, "listed", json_false());
	}
	rep_handover_job(h, "OPEN", who);
}

static void accepted_for_one(struct rep_handover *h, const json_t *check, const json_t *who)
{
	json_t *task = json_object_get(h->tasks, oracle_text(check, "prospect_id"));
	bool told = task && !oracle_is(task, "state", "UNNAMED");
	bool his = told && json_equal(json_object_get(task, "successor_id"), who) && rep_successor(h, who);
	if (!task || !rep_task_is_undone(task)) {
		return; /* it has been done, or is not needed any more */
	}
	if (told && !his) {
		rep_task_unname(h, task);
	}
	oracle_set(task, "named_id", json_deep_copy(who));
	if (!his) {
		take_over(h, who);
	}
}

static void accepted(struct rep_handover *h, const json_t *check)
{
	const json_t *who = json_object_get(check, "successor_id");
	json_t *before = json_deep_copy(json_object_get(h->row, "successor_id"));
	if (oracle_has(check, "prospect_id")) {
		accepted_for_one(h, check, who);
	} else {
		if (json_is_string(before) && !json_equal(before, who)) {
			leaves(h, before);
		}
		oracle_set(h->row, "successor_id", json_deep_copy(who));
		take_over(h, who);
	}
	h->s->fold->stats.accepted++;
	json_decref(before);
}

static bool is_final(const char *reason)
{
	static const char *const final[] = {"UNKNOWN_REP", "INACTIVE", "RESIGNED", "OTHER_ORG"};
	bool is = false;
	for (size_t i = 0; i < 4; i++) {
		is = is || strcmp(final[i], reason) == 0;
	}
	return is;
}

/* Whoever has no room for more, or does not fit for all, stays what he is. */
static void refused(struct rep_handover *h, const json_t *check, const json_t *candidate)
{
	const char *reason = candidate ? oracle_text(candidate, "refusal") : "UNKNOWN_REP";
	tell_refused(h, check, candidate, reason);
	if (rep_successor(h, json_object_get(check, "successor_id")) && is_final(reason)) {
		leaves(h, json_object_get(check, "successor_id"));
		h->s->fold->stats.dropped_out++;
	}
	if (!oracle_is(h->row, "state", "RECONCILING") && !oracle_has(h->row, "naming_due_at")) {
		due(h);
	}
}

static void proposed(struct rep_handover *h)
{
	char what[64];
	size_t i;
	json_t *check;
	json_array_foreach(json_object_get(h->row, "checks"), i, check)
	{
		if (!oracle_has(check, "successor_id")) {
			return; /* asked again meanwhile: that answer speaks */
		}
	}
	if (oracle_number(h->row, "unnamed_count") == 0 || oracle_is(h->row, "naming_level", "NONE")) {
		return; /* somebody was named meanwhile; even if he has dropped out since */
	}
	if (json_array_size(json_object_get(h->s->in, "candidates")) == 0) {
		rep_tell_risk(h, "NO_SUCCESSOR", oracle_text(h->row, "naming_level"));
		return;
	}
	json_t *body = rep_handover_body(h, "SuccessorProposed");
	oracle_take(body, "candidates", h->s->in, "candidates");
	oracle_take(body, "level", h->row, "naming_level");
	oracle_take(body, "recipient_id", h->rep, "manager_id");
	oracle_take(body, "unnamed_count", h->row, "unnamed_count");
	/* who was named may drop out, and the same is told again */
	snprintf(what, sizeof(what), "proposed|%s|%" PRId64, oracle_text(h->row, "naming_level"), h->at);
	rep_handover_tell(h, "SuccessorProposed", body, what);
	h->s->fold->stats.proposed++;
}

const char *rep_candidates_come(struct rep_step *s)
{
	const char *book = oracle_text(s->in, "book");
	struct rep_handover h = rep_handover_of(s, book);
	json_t *checks = json_object_get(h.row, "checks"), *check = NULL, *one;
	const json_t *candidate = json_array_get(json_object_get(s->in, "candidates"), 0);
	size_t i;
	bool mine = rep_handover_is_on(h.row) &&
	            json_equal(json_object_get(h.row, "notice_id"), json_object_get(s->in, "notice_id"));
	bool can = oracle_is(candidate, "refusal", "NONE");
	json_array_foreach(mine ? checks : NULL, i, one)
	{
		if (json_equal(json_object_get(one, "request_id"), json_object_get(s->in, "request_id")) &&
		    json_equal(json_object_get(one, "prospect_id"), json_object_get(s->in, "prospect_id"))) {
			check = json_incref(one);
			json_array_remove(checks, i);
			break;
		}
	}
	if (check && !oracle_has(check, "successor_id")) {
		proposed(&h);
	} else if (check && can) {
		accepted(&h, check);
	} else if (check) {
		refused(&h, check, candidate);
	} else if (mine && candidate && is_final(oracle_text(candidate, "refusal")) &&
	           rep_successor(&h, json_object_get(s->in, "successor_id"))) {
		check = json_object();
		oracle_take(check, "successor_id", s->in, "successor_id");
		refused(&h, check, candidate);
	} else {
		s->fold->stats.stale++;
	}
	json_decref(check);
	if (mine) {
		rep_handover_settle(&h);
	}
	return NULL;
}

static bool is_asked_already(const struct rep_handover *h)
{
	size_t i;
	json_t *check;
	bool asked = false;
	json_array_foreach(json_object_get(h->row, "checks"), i, check)
	{
		asked = asked || json_equal(json_object_get(check, "command_id"), json_object_get(h->s->in, "command_id"));
	}
	return asked;
}

/* He is what he is named for. */
static bool is_it_already(const struct rep_handover *h, const json_t *task)
{
	const json_t *who = json_object_get(h->s->in, "successor_id");
	const json_t *has = task ? json_object_get(task, "named_id") : json_object_get(h->row, "successor_id");
	return rep_successor(h, who) && json_equal(has, who);
}

static bool is_full(const struct rep_handover *h)
{
	enum { JOBS_BUSY = 16 };
	const json_t *all = json_object_get(h->row, "successors"), *who = json_object_get(h->s->in, "successor_id");
	size_t i, checks = json_array_size(json_object_get(h->row, "checks")), count = json_array_size(all) + checks;
	json_t *one;
	bool known = false;
	json_array_foreach(all, i, one)
	{
		known = known || json_equal(json_object_get(one, "successor_id"), who);
	}
	return checks >= REP_CHECKS_MAX || (!known && count >= REP_SUCCESSORS_MAX) ||
	       json_array_size(json_object_get(h->row, "jobs")) >= JOBS_BUSY;
}

const char *rep_successor_named(struct rep_step *s)
{
	char book[REP_KEY_BYTES];
	snprintf(book, sizeof(book), "rep:%s", oracle_text(s->in, "leaving_rep_id"));
	struct rep_handover h = rep_handover_of(s, book);
	const json_t *prospect = oracle_has(s->in, "prospect_id") ? json_object_get(s->in, "prospect_id") : NULL;
	if (!rep_command_fits(&h)) {
		rep_handover_settle_known(&h);
		return NULL;
	}
	const json_t *task = prospect ? json_object_get(h.tasks, json_string_value(prospect)) : NULL;
	if (prospect && !task) {
		rep_command_reject(&h, "UNKNOWN_PROSPECT");
	} else if (prospect && !rep_task_is_undone(task)) {
		rep_command_reject(&h, "TASK_IS_CLOSED");
	} else if (is_asked_already(&h) || is_it_already(&h, task)) {
		s->fold->stats.stale++;
	} else if (is_full(&h)) {
		rep_command_reject(&h, "TOO_MANY");
	} else {
		rep_ask_successor(&h, "COMMAND", json_object_get(s->in, "successor_id"), prospect,
		                  json_object_get(s->in, "command_id"));
		s->fold->stats.named++;
	}
	rep_handover_settle(&h);
	return NULL;
}
