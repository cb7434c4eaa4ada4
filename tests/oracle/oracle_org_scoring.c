/* Years of reps, and how they stand: by command, and at the beginning of each month. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_org_internal.h"

enum { JOBS_MAX = 16 };
#define DAY_MS INT64_C(86400000)

/* ---- days, UTC ---- */

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970-01-01 of the first day of a month. */
static int64_t first_of(int64_t year, int64_t month)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t day = 0;
	for (int64_t y = 1970; y < year; y++) {
		day += is_leap(y) ? 366 : 365;
	}
	for (int64_t m = 1; m < month; m++) {
		day += lengths[m - 1] + (m == 2 && is_leap(year));
	}
	return day;
}

/* The year and the month that a day is in. */
static void month_of(int64_t day, int64_t *ret_year, int64_t *ret_month)
{
	*ret_year = 1970;
	*ret_month = 12;
	while (first_of(*ret_year + 1, 1) <= day) {
		++*ret_year;
	}
	while (first_of(*ret_year, *ret_month) > day) {
		--*ret_month;
	}
}

static int64_t next_month_ms(int64_t at_ms)
{
	int64_t year, month;
	month_of(at_ms / DAY_MS, &year, &month);
	return DAY_MS * (month == 12 ? first_of(year + 1, 1) : first_of(year, month + 1));
}

static int64_t fiscal_year_of(const struct org_rules *rules, int64_t day)
{
	int64_t year, month;
	month_of(day, &year, &month);
	return month < rules->fiscal_month ? year - 1 : year;
}

/* ---- rows ---- */

static void arm(json_t *row, int64_t now_ms)
{
	int64_t month_ms = oracle_number(row, "month_at");
	bool at_once = json_array_size(json_object_get(row, "jobs")) > 0 || month_ms < now_ms;
	oracle_set(row, "next_deadline_at", json_integer(at_once ? now_ms : month_ms));
}

static json_t *scoring_of(struct org_step *s)
{
	const char *org_id = oracle_text(s->in, "org_id");
	json_t *row = json_object_get(s->p->scorings, org_id);
	if (row) {
		return row;
	}
	row = oracle_new_record(s->fold->o, "Scoring");
	oracle_take(row, "org_id", s->in, "org_id");
	oracle_set(row, "month_at", json_integer(next_month_ms(s->now_ms)));
	oracle_set(row, "jobs", json_array());
	oracle_set(row, "quotas", json_array());
	oracle_set(row, "totals", json_array());
	oracle_set(row, "telling", json_false());
	oracle_set(row, "too_many", json_false());
	arm(row, s->now_ms);
	json_object_set_new(s->p->scorings, org_id, row);
	return row;
}

const char *org_year(struct org_step *s)
{
	static const char *const same[] = {"sequence",   "org_id",        "rep_id", "book",      "fiscal_year",
	                                   "manager_id", "employed_from", "quota",  "won_minor", "not_converted_count"};
	char key[ORG_KEY_BYTES], year[32];
	const json_t *in = s->in;
	if (strcmp(oracle_text(in, "book") + 4, oracle_text(in, "rep_id")) != 0) {
		return "the book of another rep";
	}
	snprintf(year, sizeof(year), "%" PRId64, oracle_number(in, "fiscal_year"));
	org_key(oracle_text(in, "org_id"), year, oracle_text(in, "rep_id"), key);
	const json_t *known = json_object_get(s->p->years, key);
	bool present = oracle_flag(in, "present");
	bool older = known && oracle_number(in, "sequence") <= oracle_number(known, "sequence");
	s->fold->stats.older_years += older;
	if (older || (!known && !present)) {
		return NULL;
	}
	s->fold->stats.years++;
	s->now_ms = org_dated_ms(s);
	if (!present) {
		s->fold->stats.year_absences++;
		json_object_del(s->p->years, key);
		return NULL;
	}
	json_t *row = oracle_new_record(s->fold->o, "OrgYear");
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(row, same[i], in, same[i]);
	}
	json_object_set_new(s->p->years, key, row);
	if (s->fold->in->event_clock) {
		scoring_of(s);
	}
	return NULL;
}

static void add_job(json_t *row, int64_t fiscal_year, int64_t as_of_ms, const struct org_step *asked)
{
	json_t *job = json_object();
	oracle_set(job, "fiscal_year", json_integer(fiscal_year));
	oracle_set(job, "as_of", json_integer(as_of_ms));
	oracle_set(job, "cause_id", asked ? json_string(asked->cause) : json_null());
	oracle_set(job, "correlation_id", asked ? json_string(asked->correlation) : json_null());
	json_array_append_new(json_object_get(row, "jobs"), job);
}

const char *org_score(struct org_step *s)
{
	s->fold->stats.scores_asked++;
	if (!s->fold->in->event_clock) {
		return NULL;
	}
	s->now_ms = org_dated_ms(s);
	json_t *row = scoring_of(s);
	if (json_array_size(json_object_get(row, "jobs")) >= JOBS_MAX) {
		org_reject(s, s->name, oracle_text(s->in, "org_id"), oracle_text(s->in, "command_id"),
		           oracle_text(s->in, "issued_by"), "TOO_MANY");
		return NULL;
	}
	add_job(row, oracle_number(s->in, "fiscal_year"), s->now_ms, s);
	arm(row, s->now_ms);
	return NULL;
}

/* ---- the score ---- */

/* Half goes to the even one; both at least 0, b more. */
static int64_t divide(__int128 a, __int128 b)
{
	__int128 q = a / b, rest = a % b * 2;
	q += rest > b || (rest == b && q % 2 == 1);
	return q > INT64_MAX ? INT64_MAX : (int64_t)q;
}

static bool counts(const json_t *year)
{
	const json_t *quota = json_object_get(year, "quota");
	return json_is_object(quota) && oracle_number(quota, "amount_minor") >= 0;
}

/* The quota among the others of its currency. */
static void score_level(struct org_step *s, const json_t *years, const json_t *quota, json_t *v)
{
	const struct org_rules *rules = s->p->rules;
	int64_t amount = oracle_number(quota, "amount_minor"), all = 0, less = 0;
	__int128 total = 0;
	size_t i;
	const json_t *year;
	json_array_foreach(years, i, year)
	{
		const json_t *other = json_object_get(year, "quota");
		if (counts(year) && json_equal(json_object_get(other, "currency"), json_object_get(quota, "currency"))) {
			all++;
			less += oracle_number(other, "amount_minor") < amount;
			total += oracle_number(other, "amount_minor");
		}
	}
	oracle_set(v, "comparable_count", json_integer(all));
	if (all >= rules->comparable_min) {
		oracle_set(v, "level_part", json_integer(1 + less * rules->quota_parts / all));
		s->fold->stats.ranked++;
	}
	if (total > 0) {
		oracle_set(v, "share_bp", json_integer(divide((__int128)amount * 10000, total)));
	}
}

static void score_attainment(struct org_step *s, const json_t *job, const json_t *year, json_t *v)
{
	const struct org_rules *rules = s->p->rules;
	int64_t fiscal = oracle_number(job, "fiscal_year"), as_of = oracle_number(job, "as_of");
	int64_t start = DAY_MS * first_of(fiscal, rules->fiscal_month);
	int64_t end = DAY_MS * first_of(fiscal + 1, rules->fiscal_month);
	int64_t from = oracle_has(year, "employed_from") ? DAY_MS * oracle_number(year, "employed_from") : start;
	start = from > start ? from : start;
	as_of = as_of < end ? as_of : end;
	int64_t passed = as_of > start ? as_of - start : 0, whole = end > start ? end - start : 1, band = 1;
	const json_t *quota = json_object_get(year, "quota");
	oracle_set(v, "part_bp", json_integer(divide((__int128)passed * 10000, whole)));
	if (!json_is_object(quota)) {
		return;
	}
	int64_t due = divide((__int128)oracle_number(quota, "amount_minor") * passed, whole);
	oracle_set(v, "due_minor", json_integer(due));
	if (due <= 0) {
		return;
	}
	int64_t attained = divide((__int128)oracle_number(year, "won_minor") * 10000, due);
	for (size_t i = 0; i < 4; i++) {
		band += attained >= rules->bands[i] * 100;
	}
	oracle_set(v, "attainment_bp", json_integer(attained));
	oracle_set(v, "band", json_integer(band));
	s->fold->stats.attained++;
}

static void tell(struct org_step *s, const json_t *job, const json_t *years, const json_t *year)
{
	static const char *const same[] = {"rep_id", "org_id", "manager_id", "quota", "won_minor", "not_converted_count"};
	char name[ORG_KEY_BYTES], text[64];
	json_t *v = oracle_new_record(s->fold->o, "PerformanceScored");
	oracle_set(v, "occurred_at", json_integer(s->now_ms));
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(v, same[i], year, same[i]);
	}
	oracle_take(v, "fiscal_year", job, "fiscal_year");
	oracle_take(v, "as_of", job, "as_of");
	oracle_set(v, "level_parts", json_integer(s->p->rules->quota_parts));
	oracle_set(v, "comparable_count", json_integer(0));
	oracle_set(v, "rules_version", json_integer(s->p->rules->text.version));
	if (json_is_object(json_object_get(year, "quota"))) {
		score_level(s, years, json_object_get(year, "quota"), v);
	}
	score_attainment(s, job, year, v);
	snprintf(text, sizeof(text), "%" PRId64, oracle_number(job, "fiscal_year"));
	org_key(oracle_text(year, "org_id"), text, oracle_text(year, "rep_id"), name);
	snprintf(name + strlen(name), sizeof(name) - strlen(name), "|%" PRId64, oracle_number(job, "as_of"));
	org_tell_world(s, ORACLE_ORG_PERFORMANCE, "PerformanceScored", "funnel.rep.performance-scored.v1",
	               oracle_text(year, "rep_id"), name, v);
	s->fold->stats.scored++;
}

static json_t *years_of(const struct org_step *s, const json_t *row, const json_t *job)
{
	char prefix[ORG_KEY_BYTES], year[32];
	size_t n;
	snprintf(year, sizeof(year), "%" PRId64, oracle_number(job, "fiscal_year"));
	const char **keys = org_keys(s->p->years, org_key(oracle_text(row, "org_id"), year, NULL, prefix), NULL, &n);
	json_t *years = json_array();
	for (size_t i = 0; i < n; i++) {
		json_array_append(years, json_object_get(s->p->years, keys[i]));
	}
	free(keys);
	return years;
}

/* Nobody but the timer is behind what a month's beginning tells. */
static void timer_cause(struct org_step *s, const json_t *row)
{
	char text[ORG_KEY_BYTES], id[ORACLE_UUID_BYTES];
	int n = snprintf(text, sizeof(text), "timer\norg\nscoring\n%s\n%" PRId64, oracle_text(row, "org_id"), s->now_ms);
	oracle_uuid(text, (size_t)n, id);
	snprintf(s->cause, sizeof(s->cause), "%s", id);
	snprintf(s->correlation, sizeof(s->correlation), "%s", id);
}

static void begin_month(struct org_step *s, json_t *row)
{
	int64_t at_ms = oracle_number(row, "month_at");
	while (next_month_ms(at_ms) <= s->now_ms) {
		at_ms = next_month_ms(at_ms);
	}
	oracle_set(row, "month_at", json_integer(next_month_ms(s->now_ms)));
	add_job(row, fiscal_year_of(s->p->rules, at_ms / DAY_MS - 1), at_ms, NULL);
	s->fold->stats.months++;
}

void org_scoring_fire(struct org_step *s, json_t *row)
{
	json_t *jobs = json_object_get(row, "jobs"), *year;
	size_t i;
	if (json_array_size(jobs) == 0) {
		begin_month(s, row);
		arm(row, s->now_ms);
		return;
	}
	const json_t *job = json_array_get(jobs, 0);
	json_t *years = years_of(s, row, job);
	if (oracle_has(job, "cause_id")) {
		snprintf(s->cause, sizeof(s->cause), "%s", oracle_text(job, "cause_id"));
		snprintf(s->correlation, sizeof(s->correlation), "%s", oracle_text(job, "correlation_id"));
	} else {
		timer_cause(s, row);
	}
	json_array_foreach(years, i, year)
	{
		tell(s, job, years, year);
	}
	json_decref(years);
	json_array_remove(jobs, 0);
	arm(row, s->now_ms);
}
