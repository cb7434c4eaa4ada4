/* What changes a quota after it was frozen. */
#include <inttypes.h>
#include <stdio.h>
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
