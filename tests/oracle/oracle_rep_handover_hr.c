/* What HR says of somebody who leaves: late, doubled, in any order. */
#include <inttypes.h>
#include <stdio.h>

#include "oracle_rep_handover.h"

enum { FORMER_MAX = 16 };

void rep_handover_begin(struct rep_handover *h, const json_t *notice)
{
	static const char *const same[] = {"notice_id", "version",        "notice_at", "last_day", "available_until",
	                                   "left_on",   "notice_version", "employer",  "cause_id", "correlation_id"};
	static const char *const zero[] = {"check_count",    "risks_told",        "sheet_number",     "line_count",
	                                   "prospect_count", "unnamed_count",     "open_count",       "done_count",
	                                   "waived_count",   "cancelled_count",   "superseded_count", "lost_count",
	                                   "silent_count",   "to_employer_count", "parting_sequence", "finding_count"};
	static const char *const lists[] = {"jobs", "checks", "successors", "totals", "lost_ids"};
	json_t *former = json_array();
	for (size_t i = 0; h->row && i < FORMER_MAX; i++) {
		const json_t *ids = json_object_get(h->row, "former_ids");
		json_t *id = i ? json_array_get(ids, i - 1) : json_object_get(h->row, "notice_id");
		if (id) {
			json_array_append(former, id);
		}
	}
	h->row = oracle_new_record(h->s->fold->o, "Handover");
	json_object_set_new(h->s->p->handovers, h->book, h->row);
	oracle_set(h->row, "former_ids", former);
	oracle_set(h->row, "book", json_string(h->book));
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(h->row, same[i], notice, same[i]);
	}
	for (size_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++) {
		oracle_set(h->row, zero[i], json_integer(0));
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		oracle_set(h->row, lists[i], json_array());
	}
	oracle_set(h->row, "watch_told", json_false());
	oracle_set(h->row, "opened_at", json_integer(h->at));
	oracle_set(h->row, "job", json_string("NONE"));
	oracle_set(h->row, "review", json_string("OPEN"));
	oracle_set(h->row, "naming_level", json_string("NONE"));
	oracle_set(h->row, "state", json_string("RECONCILING"));
	h->s->fold->stats.notices++;
	if (oracle_flag(notice, "withdrawn")) {
		oracle_set(h->row, "state", json_string("CANCELLED"));
		oracle_set(h->row, "cancelled_at", json_integer(h->at));
		return;
	}
	oracle_set(h->row, "job", json_string("LIST"));
	if (oracle_has(notice, "successor_id")) {
		rep_ask_successor(h, "NOTICE", json_object_get(notice, "successor_id"), NULL, NULL);
	}
}

/* What a NextNotice has. New. */
static json_t *notice_of(struct rep_handover *h, const char *notice_id, const char *notice_at)
{
	static const char *const same[] = {"version", "available_until", "successor_id", "left_on"};
	const json_t *in = h->s->in;
	json_t *n = json_object();
	bool resigned = strcmp(h->s->name, "RepResigned") == 0, left = strcmp(h->s->name, "RepLeft") == 0;
	int64_t day = rep_local_day(h->s->p->rules, oracle_number(in, notice_at));
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(n, same[i], in, same[i]);
	}
	oracle_set(n, "notice_id", json_string(notice_id));
	oracle_take(n, "notice_at", in, notice_at);
	oracle_set(n, "last_day",
	           json_integer(resigned ? oracle_number(in, "last_day")
	                        : left   ? oracle_number(in, "left_on")
	                                 : day));
	oracle_take(n, "employer", in, "new_employer_id");
	oracle_set(n, "notice_version", json_integer(resigned ? oracle_number(in, "version") : 0));
	oracle_set(n, "withdrawn", json_boolean(strcmp(h->s->name, "ResignationWithdrawn") == 0));
	oracle_set(n, "cause_id", json_string(h->s->cause));
	oracle_set(n, "correlation_id", json_string(h->s->correlation));
	return n;
}

/* All that was to come of it is over. */
static void quiet(struct rep_handover *h)
{
	static const char *const dates[] = {"review_due_at", "naming_due_at", "base_request_id", "watch_until"};
	for (size_t i = 0; i < 4; i++) {
		oracle_set(h->row, dates[i], json_null());
	}
	oracle_set(h->row, "naming_level", json_string("NONE"));
}

static void cancel(struct rep_handover *h)
{
	quiet(h);
	oracle_set(h->row, "job", json_string("CANCEL"));
	oracle_set(h->row, "job_successor_id", json_null());
	oracle_set(h->row, "after", json_null());
	oracle_set(h->row, "jobs", json_array());
	oracle_set(h->row, "checks", json_array());
}

static bool is_newer(const struct rep_handover *h, const json_t *than, const char *field)
{
	return oracle_number(h->s->in, "version") > oracle_number(than, field);
}

static void raise_version(struct rep_handover *h, json_t *of)
{
	if (is_newer(h, of, "version")) {
		oracle_take(of, "version", h->s->in, "version");
	}
}

/* A handover begins, or waits until the one before is closed. notice: taken over. false: it is an older one. */
static bool another(struct rep_handover *h, json_t *notice)
{
	if (!h->row) {
		rep_handover_begin(h, notice);
		json_decref(notice);
		return true;
	}
	if (!is_newer(h, h->row, "version")) {
		json_decref(notice);
		return false;
	}
	if (rep_handover_is_on(h->row)) {
		oracle_set(h->row, "state", json_string("REPLACED"));
	}
	raise_version(h, h->row);
	cancel(h);
	oracle_set(h->row, "next", notice);
	return true;
}

/* Somebody else is named with it: he is checked in place of the one before. */
static void named_anew(struct rep_handover *h, const json_t *to)
{
	json_t *checks = json_object_get(h->row, "checks");
	if (!rep_handover_is_on(h->row) || !json_is_string(to) || json_equal(to, json_object_get(h->row, "successor_id"))) {
		return;
	}
	for (size_t i = 0; i < json_array_size(checks); i++) {
		const json_t *check = json_array_get(checks, i);
		if (oracle_is(check, "by", "NOTICE")) {
			if (json_equal(json_object_get(check, "successor_id"), to)) {
				return;
			}
			json_array_remove(checks, i);
			break;
		}
	}
	if (json_array_size(checks) >= REP_CHECKS_MAX) {
		json_array_remove(checks, 0);
	}
	rep_ask_successor(h, "NOTICE", to, NULL, NULL);
}

static bool corrected(struct rep_handover *h)
{
	static const char *const same[] = {"notice_at", "last_day", "available_until"};
	const json_t *in = h->s->in;
	const struct rep_rules *r = h->s->p->rules;
	bool over = !rep_handover_is_on(h->row) && !oracle_is(h->row, "state", "COMPLETED");
	if (over || oracle_has(h->row, "next") || !is_newer(h, h->row, "notice_version")) {
		return false;
	}
	int64_t from = oracle_number(h->row, "last_day"), to = oracle_number(in, "last_day");
	if (to > from) {
		oracle_set(h->row, "risks_told", json_integer(0));
	}
	if (oracle_has(h->row, "watch_until")) {
		rep_handover_count(h->row, "watch_until", rep_local_midnight(r, to + 1) - rep_local_midnight(r, from + 1));
	}
	for (size_t i = 0; i < 3; i++) {
		oracle_take(h->row, same[i], in, same[i]);
	}
	oracle_take(h->row, "employer", in, "new_employer_id");
	oracle_take(h->row, "notice_version", in, "version");
	raise_version(h, h->row);
	named_anew(h, json_object_get(in, "successor_id"));
	h->s->fold->stats.corrected++;
	return true;
}

/* The notice that waits, when the input is about it. */
static json_t *waiting(const struct rep_handover *h)
{
	json_t *next = oracle_has(h->row, "next") ? json_object_get(h->row, "next") : NULL;
	return next && json_equal(json_object_get(next, "notice_id"), json_object_get(h->s->in, "notice_id")) ? next : NULL;
}

static bool is_of_row(const struct rep_handover *h)
{
	return h->row && json_equal(json_object_get(h->row, "notice_id"), json_object_get(h->s->in, "notice_id"));
}

/* One that was there before the row's. */
static bool is_former(const struct rep_handover *h)
{
	size_t i;
	json_t *id;
	json_array_foreach(h->row ? json_object_get(h->row, "former_ids") : NULL, i, id)
	{
		if (json_equal(id, json_object_get(h->s->in, "notice_id"))) {
			return true;
		}
	}
	return false;
}

static bool corrected_next(struct rep_handover *h, json_t *next)
{
	static const char *const kept[] = {"left_on", "withdrawn"};
	if (!is_newer(h, next, "notice_version")) {
		return false;
	}
	json_t *notice = notice_of(h, oracle_text(next, "notice_id"), "notice_at");
	for (size_t i = 0; i < 2; i++) {
		oracle_take(notice, kept[i], next, kept[i]);
	}
	if (oracle_number(next, "version") > oracle_number(notice, "version")) {
		oracle_take(notice, "version", next, "version");
	}
	raise_version(h, h->row);
	oracle_set(h->row, "next", notice);
	return true;
}

static bool resigned(struct rep_handover *h)
{
	if (is_of_row(h)) {
		return corrected(h);
	}
	if (waiting(h)) {
		return corrected_next(h, waiting(h));
	}
	return !is_former(h) && another(h, notice_of(h, oracle_text(h->s->in, "notice_id"), "notice_at"));
}

static bool withdrawn(struct rep_handover *h)
{
	json_t *next = waiting(h);
	if (next) {
		if (oracle_flag(next, "withdrawn") || !is_newer(h, next, "version")) {
			return false;
		}
		oracle_set(next, "withdrawn", json_true());
		raise_version(h, next);
		raise_version(h, h->row);
		return true;
	}
	if (!is_of_row(h)) {
		return !is_former(h) && another(h, notice_of(h, oracle_text(h->s->in, "notice_id"), "occurred_at"));
	}
	bool on = rep_handover_is_on(h->row);
	if (!is_newer(h, h->row, "version") || oracle_has(h->row, "next") ||
	    (!on && !oracle_is(h->row, "state", "COMPLETED"))) {
		return false;
	}
	if (on) {
		oracle_set(h->row, "state", json_string("CANCELLED"));
		cancel(h);
	}
	quiet(h);
	raise_version(h, h->row);
	h->s->fold->stats.withdrawn++;
	return true;
}

/* He is gone without a notice, or with one that is not known. */
static bool left_without(struct rep_handover *h, const char *notice_id)
{
	char id[40];
	snprintf(id, sizeof(id), "left-%" PRId64, oracle_number(h->s->in, "version"));
	return another(h, notice_of(h, notice_id ? notice_id : id, "occurred_at"));
}

static bool left(struct rep_handover *h)
{
	const json_t *in = h->s->in;
	const char *notice = oracle_has(in, "notice_id") ? oracle_text(in, "notice_id") : NULL;
	if (!h->row) {
		return left_without(h, notice);
	}
	bool newer = is_newer(h, h->row, "version"), mine = notice && is_of_row(h);
	/* whoever is gone already does not go by another notice */
	bool gone = rep_handover_is_on(h->row) && oracle_has(h->row, "left_on");
	bool any = newer && (!notice || gone || is_former(h));
	json_t *next = oracle_has(h->row, "next") ? json_object_get(h->row, "next") : NULL;
	if (next && (any || waiting(h))) {
		if (oracle_has(next, "left_on") && !newer) {
			return false;
		}
		oracle_take(next, "left_on", in, "left_on");
		raise_version(h, next);
		raise_version(h, h->row);
		return true;
	}
	if (next && mine) {
		return false;
	}
	bool long_ago = oracle_is(h->row, "state", "COMPLETED") &&
	                oracle_number(in, "left_on") > oracle_number(h->row, "last_day") + h->s->p->rules->window_days;
	if (newer && (mine || any) && (long_ago || oracle_is(h->row, "state", "CANCELLED"))) {
		return left_without(h, NULL);
	}
	if (!mine && !any) {
		return left_without(h, notice);
	}
	if ((oracle_has(h->row, "left_on") && !newer) ||
	    (!rep_handover_is_on(h->row) && !oracle_is(h->row, "state", "COMPLETED"))) {
		return false;
	}
	oracle_take(h->row, "left_on", in, "left_on");
	raise_version(h, h->row);
	h->s->fold->stats.left++;
	return true;
}

static bool erased(struct rep_handover *h)
{
	json_t *of[2] = {h->row, h->row && oracle_has(h->row, "next") ? json_object_get(h->row, "next") : NULL};
	for (size_t i = 0; i < 2 && of[i]; i++) {
		oracle_set(of[i], "employer", json_null());
		if (is_newer(h, of[i], "notice_version")) {
			oracle_take(of[i], "notice_version", h->s->in, "version");
		}
	}
	if (h->row) {
		raise_version(h, h->row);
		h->s->fold->stats.employers_forgotten++;
	}
	return h->row;
}

const char *rep_hr(struct rep_step *s)
{
	static const char *const names[] = {"RepResigned", "ResignationWithdrawn", "RepLeft", "RepErased"};
	static bool (*const steps[])(struct rep_handover *) = {resigned, withdrawn, left, erased};
	char book[REP_KEY_BYTES];
	const char *why = rep_leaves(s);
	if (!s->fold->in->event_clock) {
		return why;
	}
	snprintf(book, sizeof(book), "rep:%s", oracle_text(s->in, "rep_id"));
	struct rep_handover h = rep_handover_of(s, book);
	for (size_t i = 0; i < 4 && !why; i++) {
		if (strcmp(s->name, names[i]) == 0 && steps[i](&h)) {
			rep_handover_settle(&h);
		}
	}
	return why;
}
