/* What changes a quota after it was frozen. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_rep_internal.h"

enum { KEPT_MAX = 64, PAGE_LINES = 100 };

static int64_t minor(const json_t *money)
{
	return json_is_object(money) ? oracle_number(money, "amount_minor") : 0;
}

static bool is_in(const json_t *money, const json_t *quota)
{
	return json_equal(json_object_get(money, "currency"), json_object_get(quota, "base_currency"));
}

static json_t *money(const json_t *quota, int64_t amount)
{
	json_t *m = json_object();
	oracle_set(m, "amount_minor", json_integer(amount));
	oracle_take(m, "currency", quota, "base_currency");
	return m;
}

static int64_t added(const json_t *quota, const json_t *change)
{
	const json_t *difference = json_object_get(change, "difference");
	return is_in(difference, quota) ? minor(difference) : 0;
}

/* All that ever was added to it. */
static __int128 total(const json_t *quota)
{
	__int128 sum = oracle_number(quota, "earlier_minor");
	size_t i;
	json_t *change;
	sum += minor(json_object_get(quota, "quota"));
	json_array_foreach(json_object_get(quota, "revisions"), i, change)
	{
		sum += added(quota, change);
	}
	return sum;
}

json_t *rep_quota_now(const json_t *quota)
{
	return quota ? money(quota, (int64_t)total(quota)) : json_null();
}

static bool same(const json_t *a, const json_t *b, const char *field)
{
	return json_equal(json_object_get(a, field), json_object_get(b, field));
}

static bool is_known(const json_t *quota, const json_t *change)
{
	size_t i;
	json_t *one;
	json_array_foreach(json_object_get(quota, "revisions"), i, one)
	{
		if (same(one, change, "cause") && same(one, change, "reference") && same(one, change, "other_rep_id") &&
		    same(one, change, "other_revision")) {
			return true;
		}
	}
	return false;
}

int64_t rep_quota_change(struct rep_step *s, const char *book, json_t *quota, json_t *change)
{
	static const char *const both[] = {"revision",     "cause",      "cause_code",     "by",         "reference",
	                                   "other_rep_id", "line_count", "other_revision", "difference", "quota"};
	static const char *const of_quota[] = {"rep_id", "org_id", "fiscal_year", "run_id"};
	char subject[REP_KEY_BYTES];
	int64_t before = (int64_t)total(quota), number = oracle_number(quota, "revision") + 1;
	json_t *list = json_object_get(quota, "revisions"), *body = oracle_new_record(s->fold->o, "QuotaRevised");
	const json_t *rep = json_object_get(s->p->reps, book);
	oracle_set(change, "revision", json_integer(number));
	oracle_set(change, "quota", money(quota, before + added(quota, change)));
	json_array_append_new(list, change);
	while (json_array_size(list) > KEPT_MAX) {
		int64_t gone = oracle_number(quota, "earlier_minor") + added(quota, json_array_get(list, 0));
		oracle_set(quota, "earlier_minor", json_integer(gone));
		json_array_remove(list, 0);
	}
	oracle_set(quota, "revision", json_integer(number));
	for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
		oracle_take(body, both[i], change, both[i]);
	}
	for (size_t i = 0; i < sizeof(of_quota) / sizeof(of_quota[0]); i++) {
		oracle_take(body, of_quota[i], quota, of_quota[i]);
	}
	oracle_take(body, "occurred_at", change, "at");
	oracle_take(body, "manager_id", rep ? rep : quota, "manager_id");
	oracle_set(body, "quota_before", money(quota, before));
	snprintf(subject, sizeof(subject), "%s|%" PRId64 "|revision|%" PRId64, book, oracle_number(quota, "fiscal_year"),
	         number);
	rep_tell(s, "QuotaRevised", body, s->cause, s->correlation, subject);
	rep_attain_mark(s, rep_of_book(s, book), oracle_number(quota, "fiscal_year"), s->cause, s->correlation);
	s->fold->stats.revised++;
	return before;
}

/* The row of a book and the year of the input; NULL: none. key: its own. */
static json_t *quota_of(struct rep_step *s, const char *book, char key[REP_KEY_BYTES])
{
	snprintf(key, REP_KEY_BYTES, "%s|%" PRId64, book, oracle_number(s->in, "fiscal_year"));
	/* by the wall clock: it may be between two pages of a run */
	s->fold->stats.doubtful += !s->fold->in->event_clock && json_object_size(rep_lines_of(s->p, book)) >= PAGE_LINES;
	json_t *known = json_object_get(s->p->quotas, key);
	if (known) { /* what was told of it stays as it was */
		known = json_deep_copy(known);
		json_object_set_new(s->p->quotas, key, known);
	}
	return known;
}

static const char *refusal(const json_t *quota, const json_t *in)
{
	const json_t *adjustment = json_object_get(in, "adjustment");
	if (!quota) {
		return "UNKNOWN_QUOTA";
	}
	if (oracle_has(in, "run_id") && !same(in, quota, "run_id")) {
		return "QUOTA_OF_ANOTHER_RUN";
	}
	if (!oracle_is(quota, "state", "FROZEN")) {
		return "QUOTA_IS_NOT_FROZEN";
	}
	if (json_is_object(adjustment) && !is_in(adjustment, quota)) {
		return "OTHER_CURRENCY";
	}
	__int128 after = total(quota) + minor(adjustment);
	return minor(adjustment) < 0 && after < 0 ? "QUOTA_BELOW_ZERO" : after > INT64_MAX ? "QUOTA_TOO_LARGE" : NULL;
}

static void reject(struct rep_step *s, const char *reason, const json_t *quota, const json_t *rep)
{
	static const char *const taken[] = {"occurred_at", "command_id", "rep_id", "issued_by"};
	json_t *body = oracle_new_record(s->fold->o, "CommandRejected");
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		oracle_take(body, taken[i], s->in, taken[i]);
	}
	oracle_set(body, "command", json_string("ReviseQuota"));
	oracle_take(body, "org_id", rep, "org_id");
	oracle_take(body, "manager_id", rep, "manager_id");
	oracle_set(body, "reason", json_string(reason));
	if (strcmp(reason, "QUOTA_OF_ANOTHER_RUN") == 0) {
		oracle_take(body, "run_id", quota, "run_id");
	}
	rep_tell_keyed(s, "CommandRejected", body, s->cause, s->correlation, oracle_text(s->in, "command_id"),
	               oracle_text(s->in, "rep_id"));
	s->fold->stats.revisions_refused++;
}

const char *rep_revise(struct rep_step *s)
{
	char book[REP_KEY_BYTES], key[REP_KEY_BYTES];
	const json_t *adjustment = json_object_get(s->in, "adjustment");
	snprintf(book, sizeof(book), "rep:%s", oracle_text(s->in, "rep_id"));
	json_t *quota = quota_of(s, book, key), *change = json_object();
	oracle_set(change, "cause", json_string("COMMAND"));
	oracle_take(change, "cause_code", s->in, "cause");
	oracle_take(change, "by", s->in, "issued_by");
	oracle_take(change, "reference", s->in, "command_id");
	oracle_set(change, "other_rep_id", json_null());
	oracle_set(change, "other_revision", json_integer(0));
	oracle_set(change, "line_count", json_integer(0));
	oracle_take(change, "at", s->in, "occurred_at");
	const char *reason = refusal(quota, s->in);
	if (quota && is_known(quota, change)) {
		s->fold->stats.stale++;
	} else if (reason) {
		reject(s, reason, quota, json_object_get(s->p->reps, book));
	} else {
		oracle_set(change, "difference", money(quota, minor(adjustment)));
		rep_quota_change(s, book, quota, change);
		return NULL;
	}
	json_decref(change);
	return NULL;
}

/* Of nothing, since no run has come to him. */
static json_t *begin(struct rep_step *s, const char *key)
{
	static const char *const taken[] = {"occurred_at", "org_id",        "fiscal_year",  "run_id",
	                                    "as_of",       "base_currency", "rules_version"};
	static const char *const zero[] = {"rounding_minor", "rounding_e4", "counted_count", "left_out_count",
	                                   "lines_minor",    "lines_e4",    "revision",      "earlier_minor"};
	static const char *const none[] = {"totals", "rates", "areas", "revisions"};
	json_t *quota = oracle_new_record(s->fold->o, "QuotaSet");
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		oracle_take(quota, taken[i], s->in, taken[i]);
	}
	for (size_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++) {
		oracle_set(quota, zero[i], json_integer(0));
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		oracle_set(quota, none[i], json_array());
	}
	oracle_set(quota, "rep_id", json_string(oracle_text(s->in, "book") + 4));
	oracle_take(quota, "manager_id", json_object_get(s->p->reps, oracle_text(s->in, "book")), "manager_id");
	oracle_set(quota, "state", json_string("FROZEN"));
	oracle_set(quota, "quota", money(quota, 0));
	oracle_set(quota, "only_received", json_true());
	json_object_set_new(s->p->quotas, key, quota);
	s->fold->stats.quotas_begun++;
	return quota;
}

const char *rep_quota_moved(struct rep_step *s)
{
	char key[REP_KEY_BYTES];
	const char *book = oracle_text(s->in, "book");
	json_t *quota = quota_of(s, book, key), *change = json_object(), *difference = json_object();
	oracle_take(change, "cause", s->in, "cause");
	oracle_set(change, "cause_code", json_null());
	oracle_set(change, "by", json_null());
	oracle_take(change, "reference", s->in, "reference");
	oracle_take(change, "other_rep_id", s->in, "from_rep_id");
	oracle_take(change, "other_revision", s->in, "from_revision");
	oracle_take(change, "line_count", s->in, "line_count");
	oracle_set(difference, "amount_minor", json_integer(oracle_number(s->in, "value_minor")));
	oracle_take(difference, "currency", s->in, "base_currency");
	oracle_set(change, "difference", difference);
	oracle_take(change, "at", s->in, "occurred_at");
	if (quota && is_known(quota, change)) {
		json_decref(change);
		s->fold->stats.stale++;
		return NULL;
	}
	quota = quota ? quota : begin(s, key);
	s->fold->stats.not_added += !is_in(difference, quota);
	__int128 after = total(quota) + added(quota, change);
	if (after > INT64_MAX || after < INT64_MIN) {
		json_decref(change);
		return "the quota goes beyond its limits";
	}
	rep_quota_change(s, book, quota, change);
	s->fold->stats.lines_came++;
	return NULL;
}

/* ---- frozen lines that go with their prospects, clock = event ---- */

void rep_quota_moves_begin(struct rep_step *s, const struct rep_leaving *l)
{
	char key[2 * REP_KEY_BYTES];
	json_t *row = json_object(), *lines = l->prospect ? json_object() : json_null();
	int64_t due = s->p->has_time ? s->p->time_ms : 0;
	due = s->record ? due : s->now_ms;
	if (l->prospect) {
		oracle_set(lines, l->prospect, json_string(l->to_rep_id));
	}
	oracle_set(row, "next_deadline_at", json_integer(due));
	oracle_set(row, "book", json_string(l->book));
	oracle_set(row, "reference", json_string(l->notice_id));
	oracle_set(row, "proposal", json_boolean(l->proposal));
	oracle_set(row, "at", json_integer(l->at_ms));
	oracle_set(row, "lines", lines);
	oracle_set(row, "cause", json_string(l->cause));
	oracle_set(row, "correlation", json_string(l->correlation));
	snprintf(key, sizeof(key), "%s|%s%s%s", l->book, l->notice_id, l->prospect ? "|" : "",
	         l->prospect ? l->prospect : "");
	json_object_set_new(s->p->quota_moves, key, row);
}

/* Prospect to receiver: of the tasks that are done with, whom the source has moved. New. */
static json_t *gone_with_tasks(const struct rep_partition *p, const json_t *row)
{
	json_t *gone = json_object(), *task;
	const char *id;
	json_object_foreach(json_object_get(p->tasks, oracle_text(row, "book")), id, task)
	{
		bool done = oracle_is(task, "state", "DONE") || oracle_is(task, "state", "WAIVED");
		if (done && oracle_is(task, "reassign", "DONE") && oracle_has(task, "successor_id") &&
		    oracle_is(task, "notice_id", oracle_text(row, "reference"))) {
			oracle_set(gone, id, json_string(oracle_text(task, "successor_id")));
		}
	}
	return gone;
}

static void leave(struct rep_step *s, const json_t *row, json_t *quota, const char *to, const struct rep_sum *sum)
{
	static const char *const taken[] = {"org_id", "fiscal_year", "run_id", "as_of", "rules_version", "base_currency"};
	const char *book = oracle_text(row, "book");
	char to_book[REP_KEY_BYTES];
	int64_t worth = (int64_t)(sum->amount / 10000 - (sum->amount % 10000 < 0)); /* rounded down */
	json_t *change = json_object(), *body = oracle_new_record(s->fold->o, "QuotaMoved");
	bool proposal = oracle_flag(row, "proposal");
	oracle_set(change, "cause", json_string(proposal ? "PROPOSAL_OUT" : "HANDOVER_OUT"));
	oracle_set(change, "cause_code", json_null());
	oracle_set(change, "by", json_null());
	oracle_take(change, "reference", row, "reference");
	oracle_set(change, "other_rep_id", json_string(to));
	oracle_set(change, "other_revision", json_integer(0));
	oracle_set(change, "line_count", json_integer(sum->count));
	oracle_set(change, "difference", money(quota, -worth));
	oracle_take(change, "at", row, "at");
	rep_quota_change(s, book, quota, change);
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		oracle_take(body, taken[i], quota, taken[i]);
	}
	snprintf(to_book, sizeof(to_book), "rep:%s", to);
	oracle_set(body, "source", json_string("rep"));
	oracle_take(body, "occurred_at", row, "at");
	oracle_set(body, "book", json_string(to_book));
	oracle_take(body, "from_rep_id", quota, "rep_id");
	oracle_take(body, "from_revision", quota, "revision");
	oracle_set(body, "cause", json_string(proposal ? "PROPOSAL_IN" : "HANDOVER_IN"));
	oracle_take(body, "reference", row, "reference");
	oracle_set(body, "line_count", json_integer(sum->count));
	oracle_set(body, "value_minor", json_integer(worth));
	rep_tell_internal(s, "QuotaMoved", body);
	s->fold->stats.lines_went += (size_t)sum->count;
	s->fold->stats.lines_went_by_proposal += proposal ? (size_t)sum->count : 0;
}

static bool goes(const json_t *line, const json_t *quota, const char *to, const char *book)
{
	return oracle_is(line, "reason", "COUNTED") && !oracle_has(line, "moved_to_rep_id") &&
	       same(line, quota, "run_id") && strcmp(to, book + 4) != 0;
}

/* One year: what each receiver gets, in the order of their ids. */
static void leave_year(struct rep_step *s, const json_t *row, const json_t *gone, int64_t of_year)
{
	char key[REP_KEY_BYTES], line_key[2 * REP_KEY_BYTES];
	const char *book = oracle_text(row, "book"), *id;
	json_t *to, *receivers = json_object();
	snprintf(key, sizeof(key), "%s|%" PRId64, book, of_year);
	json_t *quota = json_object_get(s->p->quotas, key);
	if (!oracle_is(quota, "state", "FROZEN")) {
		json_decref(receivers);
		return;
	}
	quota = json_deep_copy(quota);
	json_object_set_new(s->p->quotas, key, quota);
	json_object_foreach((json_t *)gone, id, to)
	{
		oracle_set(receivers, json_string_value(to), json_true());
	}
	size_t count;
	const char **ids = rep_sorted(receivers, &count);
	for (size_t i = 0; i < count; i++) {
		struct rep_sum sum = {.count = 0};
		json_object_foreach((json_t *)gone, id, to)
		{
			snprintf(line_key, sizeof(line_key), "%s|%s", key, id);
			json_t *line = json_object_get(s->p->quota_lines, line_key);
			if (strcmp(json_string_value(to), ids[i]) != 0 || !line || !goes(line, quota, ids[i], book)) {
				continue;
			}
			sum.count++;
			sum.amount += (__int128)oracle_number(line, "value_minor") * 10000 + oracle_number(line, "value_e4");
			line = json_deep_copy(line); /* what was told of it stays as it was */
			oracle_set(line, "moved_to_rep_id", json_string(ids[i]));
			oracle_take(line, "moved_by", row, "reference");
			json_object_set_new(s->p->quota_lines, line_key, line);
		}
		if (sum.count) {
			leave(s, row, quota, ids[i], &sum);
		}
	}
	free(ids);
	json_decref(receivers);
}

void rep_quota_moves_fire(struct rep_step *s, const char *key)
{
	json_t *row = json_deep_copy(json_object_get(s->p->quota_moves, key)), *year;
	const json_t *rep = json_object_get(s->p->reps, oracle_text(row, "book"));
	json_t *gone =
		oracle_has(row, "lines") ? json_deep_copy(json_object_get(row, "lines")) : gone_with_tasks(s->p, row);
	json_t *today = json_integer(rep_local_day(s->p->rules, s->now_ms));
	json_t *now = rep_fiscal_year(s->p->rules, today);
	size_t i;
	json_object_del(s->p->quota_moves, key);
	snprintf(s->cause, sizeof(s->cause), "%s", oracle_text(row, "cause"));
	snprintf(s->correlation, sizeof(s->correlation), "%s", oracle_text(row, "correlation"));
	json_array_foreach(json_object_get(rep, "quota_years"), i, year)
	{
		if (json_integer_value(year) >= json_integer_value(now)) {
			leave_year(s, row, gone, json_integer_value(year));
		}
	}
	json_decref(today);
	json_decref(now);
	json_decref(gone);
	json_decref(row);
}
