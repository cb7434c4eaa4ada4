/* The year's quota: runs, what a line is to them, and the passes over all books. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_rep_internal.h"

enum { RUNS_MAX = 64, RUNS_KEPT_MAX = 256, PAGE_LINES = 100, QUOTA_YEARS_MAX = 8 };

#define MS_PER_HOUR INT64_C(3600000)

json_t *rep_jobs(struct rep_step *s)
{
	if (!s->p->jobs) {
		s->p->jobs = oracle_new_record(s->fold->o, "PartitionJobs");
		oracle_set(s->p->jobs, "runs", json_array());
		oracle_set(s->p->jobs, "recount_in_book", json_false());
	}
	return s->p->jobs;
}

static bool has_drafted(const json_t *run)
{
	return oracle_is(run, "state", "DRAFT") || oracle_is(run, "state", "FREEZING");
}

static int64_t deadline_of(const json_t *run)
{
	if (oracle_is(run, "state", "FROZEN")) {
		return INT64_MAX;
	}
	return oracle_number(run, has_drafted(run) ? "settled_at" : "as_of");
}

void rep_jobs_arm(json_t *jobs, int64_t now_ms)
{
	int64_t at = oracle_has(jobs, "recount_at") ? now_ms : INT64_MAX;
	size_t i;
	json_t *run;
	json_array_foreach(json_object_get(jobs, "runs"), i, run)
	{
		int64_t due = deadline_of(run) < now_ms ? now_ms : deadline_of(run); /* a timer never goes back */
		at = due < at ? due : at;
	}
	oracle_set(jobs, "next_deadline_at", at == INT64_MAX ? json_null() : json_integer(at));
}

/* ---- what is told of a book ---- */

const json_t *rep_line_for(const json_t *line, const char *run_id)
{
	size_t i;
	json_t *image;
	json_array_foreach(json_object_get(line, "images"), i, image)
	{
		if (oracle_is(image, "run_id", run_id)) {
			return oracle_flag(image, "existed") ? image : NULL;
		}
	}
	return line;
}

bool rep_run_concerns(const json_t *run, const json_t *rep)
{
	const json_t *ids = json_object_get(run, "rep_ids"), *id;
	size_t i;
	bool listed = json_array_size(ids) == 0;
	json_array_foreach(ids, i, id)
	{
		listed = listed || json_equal(id, json_object_get(rep, "rep_id"));
	}
	return listed && oracle_has(rep, "rep_id") && oracle_has(rep, "org_id") &&
	       json_equal(json_object_get(rep, "org_id"), json_object_get(run, "org_id"));
}

/* The draft is of as_of, what is frozen of the moment at which it has settled, whenever it is told. */
static json_t *body_of(struct rep_step *s, const char *record, const json_t *run, const json_t *rep, bool frozen)
{
	json_t *body = oracle_new_record(s->fold->o, record);
	oracle_take(body, "occurred_at", run, frozen ? "settled_at" : "as_of");
	static const char *const of_run[] = {"org_id", "fiscal_year", "run_id"};
	oracle_take(body, "rep_id", rep, "rep_id");
	oracle_take(body, "manager_id", rep, "manager_id");
	for (size_t i = 0; i < 3; i++) {
		oracle_take(body, of_run[i], run, of_run[i]);
	}
	return body;
}

/* What lowered the amount in the thirty days before the run. New. */
static json_t *reductions_of(const json_t *run, const json_t *live)
{
	static const char *const same[] = {"at", "by", "old_amount", "new_amount"};
	json_t *list = json_array();
	const json_t *change;
	size_t i;
	int64_t as_of = oracle_number(run, "as_of");
	json_array_foreach(json_object_get(live, "adverse"), i, change)
	{
		int64_t before = as_of - oracle_number(change, "at");
		if (oracle_is(change, "kind", "AMOUNT_LOWERED") && before >= 0 && before < 30 * 24 * MS_PER_HOUR) {
			json_t *one = json_object();
			for (size_t k = 0; k < 4; k++) {
				oracle_take(one, same[k], change, same[k]);
			}
			json_array_append_new(list, one);
		}
	}
	return list;
}

json_t *rep_quota_line(struct rep_step *s, const json_t *run, const json_t *rep, const char *prospect,
                       const json_t *line)
{
	static const char *const same[] = {"layer", "weight_bp", "amount", "expected_close_date", "region", "industry"};
	static _Thread_local struct rep_worth worth;
	char key[REP_KEY_BYTES], subject[REP_KEY_BYTES];
	json_t *rates = rep_run_rates(s->p, run);
	if (!rep_worth_of(s->p, run, rates, line, &worth)) {
		json_decref(rates);
		return NULL;
	}
	const char *reason = rep_reasons[worth.reason];
	json_t *body = body_of(s, "QuotaLine", run, rep, true);
	oracle_set(body, "prospect_id", json_string(prospect));
	oracle_set(body, "reason", json_string(reason));
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(body, same[i], line, same[i]);
	}
	oracle_take(body, "line_rules_version", line, "rules_version");
	oracle_set(body, "planned", json_boolean(rep_is_planned(line)));
	rep_tell_worth(&worth, run, rates, rep, body);
	json_decref(rates);
	const json_t *live = json_object_get(rep_lines_of(s->p, oracle_text(rep, "book")), prospect);
	oracle_set(body, "reductions", reductions_of(run, live));
	snprintf(key, sizeof(key), "%s|%" PRId64 "|%s", oracle_text(rep, "book"), oracle_number(run, "fiscal_year"),
	         prospect);
	memcpy(subject, key, sizeof(subject));
	json_object_set(s->p->quota_lines, key, body);
	rep_tell(s, "QuotaLine", body, oracle_text(run, "cause_id"), oracle_text(run, "correlation_id"), subject);
	s->fold->stats.quota_lines++;
	s->fold->stats.left_out += strcmp(reason, "COUNTED") != 0;
	s->fold->stats.converted += strcmp(reason, "COUNTED") == 0 && worth.parts.count > 0 &&
	                            strcmp(worth.parts.at[0].currency, oracle_text(run, "base_currency")) != 0;
	s->fold->stats.planned += rep_is_planned(line);
	s->fold->stats.in_territory += worth.territory != NULL;
	return body;
}

/* The years that were opened, the latest last; the earliest makes room. */
static void add_year(json_t *rep, json_t *year)
{
	json_t *years = json_object_get(rep, "quota_years");
	size_t i = 0;
	while (i < json_array_size(years) && json_integer_value(json_array_get(years, i)) < json_integer_value(year)) {
		i++;
	}
	if (!json_equal(json_array_get(years, i), year)) {
		json_array_insert(years, i, year);
	}
	if (json_array_size(years) > QUOTA_YEARS_MAX) {
		json_array_remove(years, 0);
	}
}

/* What has come from others stays when it is computed, or anew. */
static void keep_revisions(json_t *body, const struct rep_partition *p, const char *book, int64_t year)
{
	char key[REP_KEY_BYTES];
	snprintf(key, sizeof(key), "%s|%" PRId64, book, year);
	const json_t *known = json_object_get(p->quotas, key);
	oracle_set(body, "revision", json_integer(0));
	oracle_set(body, "revisions", json_array());
	oracle_set(body, "earlier_minor", json_integer(0));
	oracle_set(body, "only_received", json_false());
	if (known) {
		oracle_take(body, "revision", known, "revision");
		oracle_take(body, "earlier_minor", known, "earlier_minor");
		oracle_set(body, "revisions", json_deep_copy(json_object_get(known, "revisions")));
	}
}

struct rep_expected *rep_quota_set(struct rep_step *s, json_t *run, json_t *rep, const char *book, const char *state)
{
	static _Thread_local struct rep_sums sums;
	static _Thread_local struct rep_areas areas;
	static _Thread_local struct rep_worth worth;
	char key[REP_KEY_BYTES], subject[REP_KEY_BYTES + 16];
	const char *id;
	json_t *line, *body = body_of(s, "QuotaSet", run, rep, strcmp(state, "FROZEN") == 0);
	json_t *rates = rep_run_rates(s->p, run);
	int64_t counted = 0, left_out = 0;
	areas.lines = 0;
	sums.count = areas.count = 0;
	json_object_foreach(rep_lines_of(s->p, book), id, line)
	{
		const json_t *as_of = rep_line_for(line, oracle_text(run, "run_id"));
		if (!as_of || !rep_worth_of(s->p, run, rates, as_of, &worth)) {
			continue;
		}
		bool counts = strcmp(rep_reasons[worth.reason], "COUNTED") == 0;
		for (size_t i = 0; i < worth.parts.count; i++) {
			rep_sums_merge(&sums, (int64_t)worth.reason, &worth.parts.at[i]);
		}
		if (counts) {
			rep_areas_add(&areas, &worth);
		}
		counted += counts;
		left_out += !counts;
	}
	oracle_set(body, "state", json_string(state));
	oracle_take(body, "as_of", run, "as_of");
	oracle_take(body, "base_currency", run, "base_currency");
	oracle_take(body, "rate_name", run, "rate_name");
	oracle_take(body, "rate_date", run, "rate_date");
	keep_revisions(body, s->p, book, oracle_number(run, "fiscal_year"));
	rep_areas_tell(&areas, s->p, run, rates, body);
	json_decref(rates);
	oracle_set(body, "counted_count", json_integer(counted));
	oracle_set(body, "left_out_count", json_integer(left_out));
	oracle_set(body, "totals", rep_sums_list(&sums, "reason", rep_reasons));
	oracle_set(body, "rules_version", json_integer(s->p->rules->text.version));
	snprintf(key, sizeof(key), "%s|%" PRId64, book, oracle_number(run, "fiscal_year"));
	snprintf(subject, sizeof(subject), "%s|%s", key, state);
	json_object_set(s->p->quotas, key, body);
	add_year(rep, json_object_get(run, "fiscal_year"));
	s->fold->stats.drafts += strcmp(state, "DRAFT") == 0;
	s->fold->stats.frozen += strcmp(state, "FROZEN") == 0;
	if (strcmp(state, "FROZEN") == 0) {
		rep_attain_mark(s, rep, oracle_number(run, "fiscal_year"), oracle_text(run, "cause_id"),
		                oracle_text(run, "correlation_id"));
	}
	return rep_tell(s, "QuotaSet", body, oracle_text(run, "cause_id"), oracle_text(run, "correlation_id"), subject);
}

/* A frozen quota never changes: a later run passes over those who have one. */
bool rep_has_frozen(const struct rep_partition *p, const json_t *run, const char *book)
{
	char key[REP_KEY_BYTES];
	snprintf(key, sizeof(key), "%s|%" PRId64, book, oracle_number(run, "fiscal_year"));
	const json_t *known = json_object_get(p->quotas, key);
	return oracle_is(known, "state", "FROZEN") && !oracle_flag(known, "only_received") &&
	       !json_equal(json_object_get(known, "run_id"), json_object_get(run, "run_id"));
}

/* ---- passes, clock = event ---- */

static size_t freeze_lines(struct rep_step *s, json_t *run, const json_t *rep, const char *book)
{
	size_t count;
	json_t *lines = rep_lines_of(s->p, book);
	const char **ids = rep_sorted(lines, &count);
	for (size_t i = 0; i < count; i++) {
		const json_t *line = rep_line_for(json_object_get(lines, ids[i]), oracle_text(run, "run_id"));
		if (line) {
			rep_quota_line(s, run, rep, ids[i], line);
		}
	}
	free(ids);
	return count;
}

static void pass(struct rep_step *s, json_t *run, bool freeze)
{
	size_t count, done = 0, lines = 0;
	const char **books = rep_sorted(s->p->reps, &count);
	for (size_t i = 0; i < count; i++) {
		json_t *rep = json_object_get(s->p->reps, books[i]);
		if (!rep_run_concerns(run, rep)) {
			continue;
		}
		size_t n = json_object_size(rep_lines_of(s->p, books[i]));
		bool frozen = rep_has_frozen(s->p, run, books[i]);
		if (freeze && !frozen) {
			freeze_lines(s, run, rep, books[i]);
		}
		if (!frozen) {
			rep_quota_set(s, run, rep, books[i], freeze ? "FROZEN" : "DRAFT");
		}
		if (freeze) {
			rep_drop_images(s->p, oracle_text(run, "run_id"), books[i]);
		}
		s->fold->stats.long_books += n > PAGE_LINES;
		lines += n;
		done++;
	}
	free(books);
	oracle_set(run, "state", json_string(freeze ? "FROZEN" : "DRAFT"));
	oracle_set(run, "books_done", json_integer((json_int_t)done));
	oracle_set(run, "lines_done", json_integer((json_int_t)lines));
}

/* Every line into the year that the rules in force say. */
static void recount(struct rep_step *s)
{
	static const char *const cleared[] = {"recount_version", "recount_at", "recount_cause_id",
	                                      "recount_correlation_id"};
	const char *book, *id;
	json_t *lines, *line;
	json_object_foreach(s->p->lines, book, lines)
	{
		json_t *rep = json_object_get(s->p->reps, book);
		json_object_foreach(lines, id, line)
		{
			json_t *year = rep_fiscal_year(s->p->rules, json_object_get(line, "expected_close_date"));
			bool same = json_equal(year, json_object_get(line, "fiscal_year"));
			if (same && oracle_number(line, "year_start") == rep_year_start(s->p->rules)) {
				json_decref(year);
				continue;
			}
			json_t *before = rep_running(s->p, book, json_object_get(rep, "quota_years"));
			oracle_set(line, "fiscal_year", year);
			oracle_set(line, "year_start", json_integer(rep_year_start(s->p->rules)));
			json_t *credit = rep_credit_of(book, line, rep_year_start(s->p->rules));
			rep_attain_credit(s, rep, json_object_get(line, "credit"), credit);
			oracle_set(line, "credit", credit);
			s->fold->stats.refiled += !same;
			/* each line is a change, also when another one makes up for it */
			rep_note_change(s, book, rep, before);
		}
	}
	for (size_t i = 0; i < sizeof(cleared) / sizeof(cleared[0]); i++) {
		oracle_set(s->p->jobs, cleared[i], json_null());
	}
}

void rep_jobs_fire(struct rep_step *s)
{
	json_t *jobs = s->p->jobs, *run, *next = NULL;
	size_t i;
	if (oracle_has(jobs, "recount_at")) { /* before any run, also one that was due before */
		recount(s);
	} else {
		json_array_foreach(json_object_get(jobs, "runs"), i, run)
		{
			next = !next || deadline_of(run) < deadline_of(next) ? run : next;
		}
		pass(s, next, has_drafted(next));
	}
	rep_jobs_arm(jobs, s->now_ms);
}

/* ---- OpenQuotaYear ---- */

static bool same_text(const json_t *a, const json_t *b, const char *field)
{
	return json_equal(json_object_get(a, field), json_object_get(b, field));
}

static bool is_whole(const json_t *command)
{
	return json_array_size(json_object_get(command, "rep_ids")) == 0;
}

static bool stands_in_the_way(const json_t *run, const json_t *in, size_t reason)
{
	bool org = same_text(run, in, "org_id");
	switch (reason) {
	case 0:
		return same_text(run, in, "run_id");
	case 1:
		return org && same_text(run, in, "fiscal_year") && is_whole(run) && is_whole(in);
	default:
		return org && oracle_number(run, "settled_at") > oracle_number(in, "as_of");
	}
}

/* Why it is refused, and which run stands in the way; NULL: it is not. By what the commands say alone. */
static const char *refusal(const json_t *runs, const json_t *in, const json_t **ret_run)
{
	static const char *const refusals[] = {"RUN_ID_IS_USED", "YEAR_IS_OPEN", "RUN_UNFINISHED"};
	size_t i, unfinished = 0;
	json_t *run;
	*ret_run = NULL;
	if (oracle_number(in, "as_of") < oracle_number(in, "issued_at")) {
		return "AS_OF_BEFORE_ISSUED";
	}
	for (size_t reason = 0; reason < 3; reason++) {
		json_array_foreach(runs, i, run)
		{
			if (stands_in_the_way(run, in, reason)) {
				*ret_run = run;
				return refusals[reason];
			}
		}
	}
	json_array_foreach(runs, i, run)
	{
		unfinished += oracle_number(run, "settled_at") > oracle_number(in, "issued_at");
	}
	return unfinished >= RUNS_MAX ? "TOO_MANY_RUNS" : NULL;
}

static void reject(struct rep_step *s, const char *reason, const json_t *run)
{
	s->fold->stats.rejected++;
	if (s->p->id != 0) {
		return;
	}
	json_t *body = oracle_new_record(s->fold->o, "CommandRejected");
	oracle_take(body, "occurred_at", s->in, "occurred_at");
	oracle_set(body, "command", json_string("OpenQuotaYear"));
	oracle_take(body, "command_id", s->in, "command_id");
	oracle_take(body, "org_id", s->in, "org_id");
	oracle_take(body, "issued_by", s->in, "issued_by");
	oracle_set(body, "reason", json_string(reason));
	oracle_take(body, "run_id", run, "run_id");
	rep_tell(s, "CommandRejected", body, s->cause, s->correlation, oracle_text(s->in, "command_id"));
}

const char *rep_open_year(struct rep_step *s)
{
	static const char *const same[] = {"org_id", "fiscal_year",   "run_id",  "command_id", "issued_at",
	                                   "as_of",  "base_currency", "rep_ids", "rate_name",  "rate_date"};
	const json_t *other;
	size_t i;
	json_t *known, *runs = s->p->jobs ? json_object_get(s->p->jobs, "runs") : NULL;
	json_array_foreach(runs, i, known)
	{
		if (json_equal(json_object_get(known, "command_id"), json_object_get(s->in, "command_id"))) {
			s->fold->stats.stale++;
			return NULL;
		}
	}
	const char *reason = refusal(runs, s->in, &other);
	if (!reason && json_array_size(runs) >= RUNS_KEPT_MAX) {
		return "too many runs wait for their turn";
	}
	if (reason) {
		reject(s, reason, other);
		return NULL;
	}
	json_t *run = json_object();
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(run, same[i], s->in, same[i]);
	}
	oracle_set(run, "settled_at",
	           json_integer(oracle_number(s->in, "as_of") + s->p->rules->settle_hours * MS_PER_HOUR));
	char opened[REP_KEY_BYTES];
	snprintf(opened, sizeof(opened), "opened %s", oracle_text(run, "run_id"));
	json_object_set_new(s->p->done, opened, json_integer(s->p->place));
	oracle_set(run, "rates", json_array());
	oracle_set(run, "state", json_string("OPENED"));
	oracle_set(run, "book", json_null());
	oracle_set(run, "in_book", json_false());
	oracle_set(run, "line", json_null());
	oracle_set(run, "books_done", json_integer(0));
	oracle_set(run, "lines_done", json_integer(0));
	oracle_set(run, "cause_id", json_string(s->cause));
	oracle_set(run, "correlation_id", json_string(s->correlation));
	runs = json_object_get(rep_jobs(s), "runs");
	s->fold->stats.doubtful += json_array_size(runs) >= RUNS_MAX;
	/* of those that are done the oldest make room */
	for (i = 0; json_array_size(runs) >= RUNS_MAX && i < json_array_size(runs); i++) {
		if (oracle_is(json_array_get(runs, i), "state", "FROZEN")) {
			json_array_remove(runs, i--);
		}
	}
	json_array_append_new(runs, run);
	rep_jobs_arm(s->p->jobs, s->now_ms);
	return NULL;
}

void rep_rules_changed(struct rep_step *s, const struct rep_rules *before)
{
	if (before->start_month == s->p->rules->start_month && before->start_day == s->p->rules->start_day) {
		return;
	}
	json_t *jobs = rep_jobs(s);
	oracle_set(jobs, "recount_version", json_integer(s->p->rules->text.version));
	oracle_set(jobs, "recount_at", json_integer(s->now_ms));
	oracle_set(jobs, "recount_cause_id", json_string(s->cause));
	oracle_set(jobs, "recount_correlation_id", json_string(s->correlation));
	s->p->refiled = true;
	rep_jobs_arm(jobs, s->now_ms);
}
