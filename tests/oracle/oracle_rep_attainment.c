/* What reps have won: whose a win is, in which year, and what is told of it. Sums are made anew from the lines, and
 * from what erased ones have left behind. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_rep_internal.h"
#include "oracle_same.h"

enum { YEARS_MAX = 8, FRACTION_DIGITS = 15 };

/* NULL: none. */
static const char *org_of(const json_t *rep)
{
	return oracle_has(rep, "org_id") && !oracle_flag(rep, "erased") ? oracle_text(rep, "org_id") : NULL;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : !a && !b;
}

json_t *rep_credit_of(const char *book, const json_t *line, int64_t year_start)
{
	bool his = oracle_is(line, "layer", "WON") && oracle_has(line, "won_by") && strncmp(book, "rep:", 4) == 0 &&
	           oracle_is(line, "won_by", book + 4);
	if (!his || !oracle_has(line, "closed_on")) {
		return json_null();
	}
	json_t *credit = json_object();
	oracle_set(credit, "fiscal_year", rep_year_from(year_start, json_object_get(line, "closed_on")));
	oracle_take(credit, "amount", line, "won_amount");
	return credit;
}

/* ---- sums ---- */

static void add_credit(struct rep_sums *sums, const json_t *credit)
{
	if (json_is_object(credit)) {
		rep_sums_add(sums, oracle_number(credit, "fiscal_year"), json_object_get(credit, "amount"), 0);
	}
}

/* Of all years, by year and currency. */
static void won_of(const struct rep_partition *p, const char *book, struct rep_sums *ret)
{
	const char *id;
	json_t *line, *credit;
	size_t i;
	ret->count = 0;
	json_object_foreach(rep_lines_of(p, book), id, line)
	{
		add_credit(ret, json_object_get(line, "credit"));
	}
	json_array_foreach(json_object_get(p->left, book), i, credit)
	{
		add_credit(ret, credit);
	}
}

static json_t *list_of(const struct rep_sums *sums, const int64_t *year)
{
	json_t *list = json_array();
	for (size_t i = 0; i < sums->count; i++) {
		const struct rep_sum *at = &sums->at[i];
		if (!year || at->by == *year) {
			json_t *total = json_object();
			oracle_set(total, "fiscal_year", json_integer(at->by));
			oracle_set(total, "currency", at->currency[0] ? json_string(at->currency) : json_null());
			oracle_set(total, "count", json_integer(at->count));
			oracle_set(total, "amount_minor", json_integer((int64_t)at->amount));
			json_array_append_new(list, total);
		}
	}
	return list;
}

void rep_attain_sum_up(struct rep_partition *p)
{
	static _Thread_local struct rep_sums sums;
	const char *book;
	json_t *rep;
	json_object_foreach(p->reps, book, rep)
	{
		won_of(p, book, &sums);
		oracle_set(rep, "won", list_of(&sums, NULL));
	}
}

/* ---- what is to be told ---- */

static json_t *year_of(json_t *rep, int64_t fiscal_year)
{
	json_t *years = json_object_get(rep, "won_years"), *year;
	size_t i = 0;
	while (i < json_array_size(years) && oracle_number(json_array_get(years, i), "fiscal_year") < fiscal_year) {
		i++;
	}
	year = json_array_get(years, i);
	if (!year || oracle_number(year, "fiscal_year") != fiscal_year) {
		year = json_pack("{s:I, s:b, s:b, s:n}", "fiscal_year", (json_int_t)fiscal_year, "changed", 0, "due", 0,
		                 "told_org_id");
		json_array_insert_new(years, i, year);
	}
	return year;
}

static void arm(struct rep_step *s, json_t *rep, const char *cause, const char *correlation)
{
	int64_t each_ms = s->p->rules->conflation_seconds * 1000, at = s->now_ms + each_ms;
	if (!oracle_has(rep, "won_cause_id")) {
		int64_t told = oracle_has(rep, "won_told_at") ? oracle_number(rep, "won_told_at") + each_ms : at;
		oracle_set(rep, "won_cause_id", json_string(cause));
		oracle_set(rep, "won_correlation_id", json_string(correlation));
		oracle_set(rep, "won_due_at", json_integer(told > at ? told : at));
	}
	rep_arm(rep);
}

void rep_attain_mark(struct rep_step *s, json_t *rep, int64_t fiscal_year, const char *cause, const char *correlation)
{
	json_t *year = year_of(rep, fiscal_year);
	oracle_set(year, "changed", json_true());
	oracle_set(year, "due", json_true());
	arm(s, rep, cause, correlation);
}

void rep_attain_credit(struct rep_step *s, json_t *rep, const json_t *before, const json_t *after)
{
	const json_t *const both[] = {before, after};
	bool was = json_is_object(before), is = json_is_object(after);
	if (was == is && (!was || json_equal(before, after))) {
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		if (json_is_object(both[i])) {
			rep_attain_mark(s, rep, oracle_number(both[i], "fiscal_year"), s->cause, s->correlation);
		}
	}
	s->fold->stats.credits += is;
	s->fold->stats.credits_back += was;
}

void rep_attain_left(struct rep_step *s, const char *book, const json_t *credit)
{
	if (!json_is_object(credit)) {
		return;
	}
	if (!json_object_get(s->p->left, book)) {
		json_object_set_new(s->p->left, book, json_array());
	}
	json_array_append_new(json_object_get(s->p->left, book), json_deep_copy(credit));
	s->fold->stats.credits_left++;
	s->fold->stats.doubtful += !s->fold->in->event_clock && s->p->refiled; /* under which year it stays */
}

void rep_attain_rep(struct rep_step *s, json_t *rep, const json_t *before)
{
	json_t *years = json_object_get(rep, "won_years"), *year;
	size_t i;
	bool other = !same(org_of(before), org_of(rep)) ||
	             !json_equal(json_object_get(before, "manager_id"), json_object_get(rep, "manager_id")) ||
	             !json_equal(json_object_get(before, "employed_from"), json_object_get(rep, "employed_from"));
	json_array_foreach(years, i, year)
	{
		if (other) {
			oracle_set(year, "due", json_true());
			arm(s, rep, s->cause, s->correlation);
		}
	}
}

/* ---- how much it is ---- */

/* A number with 15 digits behind the point. */
struct fixed {
	__int128 whole;
	__int128 fraction;
};

static __int128 ten_to(int places)
{
	__int128 v = 1;
	for (; places > 0; places--) {
		v *= 10;
	}
	return v;
}

/* false: there is no rate. */
static bool add_converted(const struct rep_sum *sum, const json_t *quota, struct fixed *to)
{
	const char *base = oracle_text(quota, "base_currency");
	bool is_base = strcmp(base, sum->currency) == 0, known = is_base;
	int places = rep_currency_digits(base) - rep_currency_digits(sum->currency);
	__int128 product = sum->amount;
	size_t i;
	const json_t *rate;
	json_array_foreach(json_object_get(quota, "rates"), i, rate)
	{
		if (!known && oracle_is(rate, "currency", sum->currency)) {
			product *= oracle_number(rate, "rate_mantissa");
			places -= (int)oracle_number(rate, "rate_scale");
			known = true;
		}
	}
	if (known && places >= 0) {
		to->whole += product * ten_to(places);
	} else if (known) {
		to->whole += product / ten_to(-places);
		to->fraction += product % ten_to(-places) * ten_to(FRACTION_DIGITS + places);
	}
	return known;
}

/* Half to even. false: beyond 64 bits. */
static bool rounded(struct fixed f, int64_t *ret)
{
	__int128 one = ten_to(FRACTION_DIGITS), minor = f.whole + f.fraction / one, rest = f.fraction % one;
	if (rest < 0) {
		rest += one;
		minor--;
	}
	minor += rest * 2 > one || (rest * 2 == one && minor % 2 != 0);
	*ret = (int64_t)minor;
	return minor <= INT64_MAX && minor >= INT64_MIN;
}

/* quota: NULL: none. */
static int64_t won_minor(const json_t *won, const json_t *quota, int64_t *ret_others)
{
	struct fixed sum = {0, 0};
	int64_t minor = 0, tried;
	size_t i;
	const json_t *total;
	*ret_others = 0;
	json_array_foreach(won, i, total)
	{
		struct rep_sum one = {.amount = oracle_number(total, "amount_minor")};
		struct fixed with = sum;
		bool known = quota && oracle_has(total, "currency");
		snprintf(one.currency, sizeof(one.currency), "%s", known ? oracle_text(total, "currency") : "");
		if (known && add_converted(&one, quota, &with) && rounded(with, &tried)) {
			sum = with;
			minor = tried;
		} else {
			*ret_others += oracle_number(total, "count");
		}
	}
	return minor;
}

static const json_t *frozen_quota(const struct rep_partition *p, const char *book, int64_t year)
{
	char key[REP_KEY_BYTES];
	snprintf(key, sizeof(key), "%s|%" PRId64, book, year);
	const json_t *quota = json_object_get(p->quotas, key);
	return oracle_is(quota, "state", "FROZEN") ? quota : NULL;
}

static json_t *basis_points(int64_t won, const json_t *quota)
{
	json_t *now = rep_quota_now(quota);
	__int128 of = quota ? oracle_number(now, "amount_minor") : 0;
	json_decref(now);
	if (of <= 0) {
		return json_null();
	}
	__int128 up = (__int128)won * 10000, q = up / of, rest = up % of;
	if (rest < 0) {
		rest += of;
		q--;
	}
	q += rest * 2 > of || (rest * 2 == of && q % 2 != 0);
	q = q > INT64_MAX ? INT64_MAX : q < INT64_MIN ? INT64_MIN : q;
	return json_integer((int64_t)q);
}

/* ---- what is told ---- */

struct rep_expected *rep_attain_changed(struct rep_step *s, const char *book, json_t *rep, int64_t fiscal_year)
{
	static _Thread_local struct rep_sums sums;
	static const char *const same_fields[] = {"rep_id", "org_id", "manager_id"};
	char subject[REP_KEY_BYTES + 48];
	const json_t *quota = frozen_quota(s->p, book, fiscal_year);
	json_t *body = oracle_new_record(s->fold->o, "AttainmentChanged");
	int64_t others;
	won_of(s->p, book, &sums);
	oracle_set(body, "occurred_at", json_integer(s->now_ms));
	for (size_t i = 0; i < 3; i++) {
		oracle_take(body, same_fields[i], rep, same_fields[i]);
	}
	oracle_set(body, "fiscal_year", json_integer(fiscal_year));
	oracle_set(body, "won", list_of(&sums, &fiscal_year));
	oracle_set(body, "quota", rep_quota_now(quota));
	int64_t minor = won_minor(json_object_get(body, "won"), quota, &others);
	oracle_set(body, "won_minor", json_integer(minor));
	oracle_set(body, "not_converted_count", json_integer(others));
	oracle_set(body, "attainment_bp", basis_points(minor, quota));
	snprintf(subject, sizeof(subject), "%s|%" PRId64 "|%" PRId64, book, fiscal_year,
	         oracle_number(rep, "won_sequence"));
	s->fold->stats.attained++;
	s->fold->stats.attained_of_quota += quota != NULL;
	s->fold->stats.attained_others += quota && others > 0;
	return rep_tell(s, "AttainmentChanged", body, oracle_text(rep, "won_cause_id"),
	                oracle_text(rep, "won_correlation_id"), s->fold->in->event_clock ? subject : NULL);
}

/* clock = event */
static void tell_image(struct rep_step *s, const char *book, const json_t *rep, int64_t year, const char *org,
                       bool present)
{
	static _Thread_local struct rep_sums sums;
	const json_t *quota = frozen_quota(s->p, book, year);
	json_t *body = oracle_new_record(s->fold->o, "RepYear");
	int64_t others;
	won_of(s->p, book, &sums);
	json_t *won = list_of(&sums, &year);
	int64_t minor = won_minor(won, quota, &others);
	json_decref(won);
	oracle_set(body, "source", json_string("funneld"));
	oracle_set(body, "occurred_at", json_integer(s->now_ms));
	oracle_set(body, "org_id", json_string(org));
	oracle_take(body, "rep_id", rep, "rep_id");
	oracle_set(body, "book", json_string(book));
	oracle_set(body, "fiscal_year", json_integer(year));
	oracle_take(body, "sequence", rep, "won_sequence");
	oracle_set(body, "present", json_boolean(present));
	oracle_take(body, "manager_id", present ? rep : NULL, "manager_id");
	oracle_take(body, "employed_from", present ? rep : NULL, "employed_from");
	oracle_set(body, "quota", rep_quota_now(present ? quota : NULL));
	oracle_set(body, "won_minor", json_integer(present ? minor : 0));
	oracle_set(body, "not_converted_count", json_integer(present ? others : 0));
	rep_tell_internal(s, "RepYear", body);
	s->fold->stats.year_images++;
	s->fold->stats.year_absences += !present;
}

static bool has_won(const struct rep_partition *p, const char *book, int64_t year)
{
	static _Thread_local struct rep_sums sums;
	bool some = false;
	won_of(p, book, &sums);
	for (size_t i = 0; i < sums.count; i++) {
		some = some || sums.at[i].by == year;
	}
	return some;
}

static bool tell_year(struct rep_step *s, const char *book, json_t *rep, json_t *year)
{
	int64_t of = oracle_number(year, "fiscal_year");
	bool stays = frozen_quota(s->p, book, of) || has_won(s->p, book, of);
	const char *org = stays ? org_of(rep) : NULL, *told = oracle_text(year, "told_org_id");
	oracle_set(rep, "won_sequence", json_integer(oracle_number(rep, "won_sequence") + 1));
	if (oracle_flag(year, "changed")) {
		rep_attain_changed(s, book, rep, of);
	}
	if (told && !same(told, org)) {
		tell_image(s, book, rep, of, told, false);
	}
	if (org) {
		tell_image(s, book, rep, of, org, true);
	}
	oracle_set(year, "changed", json_false());
	oracle_set(year, "due", json_false());
	oracle_set(year, "told_org_id", org ? json_string(org) : json_null());
	return stays;
}

void rep_attain_fire(struct rep_step *s, const char *book, json_t *rep)
{
	json_t *years = json_object_get(rep, "won_years");
	size_t told = 0, left = 0;
	snprintf(s->cause, sizeof(s->cause), "%s", oracle_text(rep, "won_cause_id"));
	snprintf(s->correlation, sizeof(s->correlation), "%s", oracle_text(rep, "won_correlation_id"));
	for (size_t i = 0; i < json_array_size(years); i++) {
		json_t *year = json_array_get(years, i);
		bool due = oracle_flag(year, "due");
		if (due && told < YEARS_MAX) {
			told++;
			if (!tell_year(s, book, rep, year)) {
				json_array_remove(years, i--);
			}
		} else {
			left += due;
		}
	}
	oracle_set(rep, "won_told_at", json_integer(s->now_ms));
	if (left == 0) {
		oracle_set(rep, "won_cause_id", json_null());
		oracle_set(rep, "won_correlation_id", json_null());
		oracle_set(rep, "won_due_at", json_null());
	}
	s->fold->stats.attained_in_pages += left > 0;
	rep_arm(rep);
}

/* ---- clock = wall ---- */

const char *rep_wall_attained(struct rep_step *s, const char *book, json_t *rep, const json_t *body)
{
	char key[REP_KEY_BYTES + 48];
	int64_t of = oracle_number(body, "fiscal_year");
	json_t *year = year_of(rep, of);
	snprintf(key, sizeof(key), "attained %s|%" PRId64, book, of);
	const json_t *last = json_object_get(s->p->done, key);
	int64_t each_ms = 1000 * s->p->rules->conflation_seconds;
	if (!oracle_flag(year, "changed") && !s->p->refiled) {
		return "AttainmentChanged though neither wins nor quota have changed";
	}
	if (last && !s->p->rules_row && s->now_ms < json_integer_value(last) + each_ms) {
		return "AttainmentChanged too soon after the last one";
	}
	json_object_set_new(s->p->done, key, json_integer(s->now_ms));
	if (!oracle_has(rep, "won_cause_id")) {
		arm(s, rep, "", "");
	}
	struct rep_expected *x = rep_attain_changed(s, book, rep, of);
	x->running_unknown = true; /* which of the changes was the first one that nobody knew */
	const json_t *quota = frozen_quota(s->p, book, of);
	x->body_unknown = s->p->refiled || (quota && json_object_get(s->p->done, oracle_text(quota, "run_id")));
	oracle_set(year, "changed", json_false());
	return NULL;
}

/* The years that are to be told are those, and the timer is set for them. */
static bool is_likely(const struct rep_partition *p, const json_t *expected, const json_t *found)
{
	const json_t *year;
	size_t i;
	bool due = false, alike = true;
	json_t *changed = json_array(), *others = json_array();
	json_array_foreach(json_object_get(expected, "won_years"), i, year)
	{
		json_array_append(oracle_flag(year, "changed") ? changed : NULL, json_object_get(year, "fiscal_year"));
	}
	json_array_foreach(json_object_get(found, "won_years"), i, year)
	{
		due = due || oracle_flag(year, "due");
		alike = alike && (oracle_flag(year, "due") || !oracle_flag(year, "changed"));
		json_array_append(oracle_flag(year, "changed") ? others : NULL, json_object_get(year, "fiscal_year"));
	}
	alike = alike && (p->refiled || json_equal(changed, others)) && due == oracle_has(found, "won_cause_id") &&
	        due == oracle_has(found, "won_due_at");
	json_decref(changed);
	json_decref(others);
	return alike;
}

void rep_wall_attained_end(const struct rep_partition *p, json_t *expected, const json_t *found)
{
	static const char *const unknown[] = {"won_years",  "won_sequence", "won_told_at",
	                                      "won_due_at", "won_cause_id", "won_correlation_id"};
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]) && is_likely(p, expected, found); i++) {
		oracle_take(expected, unknown[i], found, unknown[i]);
	}
}

/* ---- at rest, of what was found alone: organisations have each year as its row says ---- */

static int take_images(struct oracle *o, const struct oracle_rep_input *in, struct oracle_report *to, json_t *images)
{
	int rc = 0;
	for (size_t i = 0; i < in->output_counts[ORACLE_REP_ORG_INPUTS] && rc == 0; i++) {
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		char key[2 * REP_KEY_BYTES];
		json_t *image = oracle_decode_value(o, in->outputs[ORACLE_REP_ORG_INPUTS][i].value, &schema, &why);
		if (image && strcmp(schema->name, "RepYear") == 0) {
			snprintf(key, sizeof(key), "%s|%s|%" PRId64, oracle_text(image, "org_id"), oracle_text(image, "book"),
			         oracle_number(image, "fiscal_year"));
			const json_t *last = json_object_get(images, key);
			if (last && oracle_number(image, "sequence") <= oracle_number(last, "sequence")) {
				rc = oracle_differ(to, "images of the year %s do not go on", key);
			}
			json_object_set(images, key, image);
		}
		json_decref(image);
	}
	return rc;
}

/* What the row says of its years; those that are known somewhere are taken out of `images`. */
static int check_years(struct oracle_report *to, const json_t *rep, json_t *images)
{
	size_t i;
	const json_t *year;
	int rc = 0;
	json_array_foreach(json_object_get(rep, "won_years"), i, year)
	{
		char key[2 * REP_KEY_BYTES];
		if (!oracle_has(year, "told_org_id")) {
			continue;
		}
		snprintf(key, sizeof(key), "%s|%s|%" PRId64, oracle_text(year, "told_org_id"), oracle_text(rep, "book"),
		         oracle_number(year, "fiscal_year"));
		const json_t *image = json_object_get(images, key);
		bool him = json_equal(json_object_get(image, "manager_id"), json_object_get(rep, "manager_id")) &&
		           json_equal(json_object_get(image, "employed_from"), json_object_get(rep, "employed_from"));
		if (!oracle_flag(image, "present") || (!him && !oracle_flag(year, "due"))) {
			rc = oracle_differ(to, "the organisation has not heard of the year %s what its row says", key);
		}
		json_object_del(images, key);
	}
	return rc;
}

int rep_attain_rest_check(struct oracle *o, const struct oracle_rep_input *in, struct oracle_report *to)
{
	json_t *images = json_object(), *image;
	const char *key;
	int rc = in->no_directory ? 0 : take_images(o, in, to, images);
	for (size_t i = 0; i < in->row_count && rc == 0 && !in->no_directory; i++) {
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		if (in->rows[i].table == ORACLE_REP_REP) {
			json_t *rep = oracle_decode_value(o, in->rows[i].value, &schema, &why);
			rc = check_years(to, rep, images);
			json_decref(rep);
		}
	}
	json_object_foreach(images, key, image)
	{
		if (rc == 0 && oracle_flag(image, "present")) {
			rc = oracle_differ(to, "an organisation has the year %s, which no row says", key);
		}
	}
	json_decref(images);
	return rc;
}
