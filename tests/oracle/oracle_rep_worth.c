/* What a line is worth to a quota: what falls in the year, rates, territories, and sums of them, counted with decimal
 * digits. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_rep_internal.h"

const char *const rep_reasons[] = {"UNKNOWN",       "COUNTED",        "NO_CLOSE_DATE",
                                   "LAYER_UNKNOWN", "AMOUNT_UNKNOWN", "NOT_CONVERTIBLE"};
enum { COUNTED = 1, NO_CLOSE_DATE, LAYER_UNKNOWN, AMOUNT_UNKNOWN, NOT_CONVERTIBLE };

/* ---- whole numbers by their digits ---- */

enum { DIGITS = 90 };
#define MUCH ((__int128)1000000000000000000 * 1000000000000000000) /* 10^36, more than any sum that fits */

struct big {
	bool negative;
	uint8_t digits[DIGITS]; /* the lowest first */
};

static struct big big_of(__int128 v)
{
	struct big b = {.negative = v < 0};
	for (size_t i = 0; v != 0; i++) {
		int digit = (int)(v % 10);
		b.digits[i] = (uint8_t)(digit < 0 ? -digit : digit);
		v /= 10;
	}
	return b;
}

static void big_times(struct big *b, int64_t by)
{
	__int128 carry = 0;
	for (size_t i = 0; i < DIGITS; i++) {
		carry += (__int128)b->digits[i] * by;
		b->digits[i] = (uint8_t)(carry % 10);
		carry /= 10;
	}
	if (carry) {
		abort();
	}
}

static void big_times_ten(struct big *b, int places)
{
	for (; places > 0; places--) {
		big_times(b, 10);
	}
}

static int big_order(const struct big *a, const struct big *b)
{
	for (size_t i = DIGITS; i-- > 0;) {
		if (a->digits[i] != b->digits[i]) {
			return a->digits[i] < b->digits[i] ? -1 : 1;
		}
	}
	return 0;
}

static struct big big_plus(struct big a, struct big b)
{
	bool same = a.negative == b.negative;
	if (!same && big_order(&a, &b) < 0) { /* the larger one first */
		struct big c = a;
		a = b;
		b = c;
	}
	int carry = 0;
	for (size_t i = 0; i < DIGITS; i++) {
		int digit = a.digits[i] + (same ? b.digits[i] : -b.digits[i]) + carry;
		carry = digit > 9 ? 1 : digit < 0 ? -1 : 0;
		a.digits[i] = (uint8_t)(digit - 10 * carry);
	}
	return a;
}

/* By a power of ten times unit, without the sign; MUCH: more than that. */
static __int128 big_over(const struct big *b, int places, int64_t unit, __int128 *ret_rest, __int128 *ret_by)
{
	__int128 by = unit, rest = 0, q = 0;
	for (; places > 0; places--) {
		by *= 10;
	}
	for (size_t i = DIGITS; i-- > 0;) {
		rest = rest * 10 + b->digits[i];
		q = q >= MUCH / 10 ? MUCH : q * 10 + rest / by;
		rest %= by;
	}
	*ret_rest = rest;
	*ret_by = by;
	return q;
}

static __int128 big_down(const struct big *b, int places)
{
	__int128 rest, by, q = big_over(b, places, 1, &rest, &by);
	return b->negative ? -(q + (rest ? 1 : 0)) : q;
}

static __int128 big_half_even(const struct big *b, int places, int64_t unit)
{
	__int128 rest, by, q = big_over(b, places, unit, &rest, &by);
	q += rest > by - rest || (rest == by - rest && q % 2 == 1);
	return b->negative ? -q : q;
}

/* ---- what falls in which year ---- */

bool rep_is_planned(const json_t *line)
{
	return json_array_size(json_object_get(line, "planned_purchases")) > 0;
}

void rep_line_parts(const json_t *line, int64_t start, const json_t *close_year, struct rep_sums *ret)
{
	size_t i;
	const json_t *purchase;
	ret->count = 0;
	if (start == 0 || !rep_is_planned(line)) {
		if (json_is_integer(close_year)) {
			rep_sums_add(ret, json_integer_value(close_year), json_object_get(line, "amount"),
			             oracle_number(line, "weight_bp"));
		}
		return;
	}
	json_array_foreach(json_object_get(line, "planned_purchases"), i, purchase)
	{
		json_t *year = rep_year_from(start, json_object_get(purchase, "on"));
		rep_sums_add(ret, json_integer_value(year), json_object_get(purchase, "amount"),
		             oracle_number(line, "weight_bp"));
		json_decref(year);
	}
	static _Thread_local struct rep_sums all;
	all = *ret;
	ret->count = 0;
	for (i = 0; i < all.count; i++) {
		bool unknown = false; /* one purchase of the year */
		for (size_t k = 0; k < all.count; k++) {
			unknown = unknown || (all.at[k].by == all.at[i].by && !all.at[k].currency[0]);
		}
		if (!unknown || !all.at[i].currency[0]) {
			all.at[i].count = 1;
			ret->at[ret->count++] = all.at[i];
		}
	}
}

/* Of the run's year; of what has no date at all everything. */
static bool parts_of_run(const struct rep_rules *rules, const json_t *run, const json_t *line, struct rep_sums *ret)
{
	int64_t year = oracle_number(run, "fiscal_year");
	bool dated = oracle_has(line, "expected_close_date");
	json_t *close_year =
		dated ? rep_fiscal_year(rules, json_object_get(line, "expected_close_date")) : json_integer(year);
	size_t kept = 0;
	rep_line_parts(line, rep_year_start(rules), close_year, ret);
	json_decref(close_year);
	for (size_t i = 0; i < ret->count; i++) {
		if (ret->at[i].by == year) {
			ret->at[kept++] = ret->at[i];
		}
	}
	ret->count = kept;
	return kept > 0;
}

static bool is_in_funnel(const json_t *line)
{
	return oracle_is(line, "layer", "TOP") || oracle_is(line, "layer", "MIDDLE") || oracle_is(line, "layer", "BOTTOM");
}

bool rep_is_listed(const struct rep_rules *rules, const json_t *run, const json_t *line)
{
	static _Thread_local struct rep_sums parts;
	bool open = is_in_funnel(line) || oracle_is(line, "layer", "UNCLASSIFIED") || oracle_is(line, "layer", "UNKNOWN");
	return line && oracle_is(line, "state", "OWNED") && open && parts_of_run(rules, run, line, &parts);
}

/* ---- rates ---- */

static bool is_code(const char *code)
{
	return strlen(code) == 3 && strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

/* Where a list of objects has, or is to have, this value in a field: sorted. */
static size_t place_of(const json_t *list, const char *field, const json_t *value, bool *ret_there)
{
	size_t i = 0;
	for (; i < json_array_size(list); i++) {
		const json_t *at = json_object_get(json_array_get(list, i), field);
		bool less = json_is_string(value) ? strcmp(json_string_value(at), json_string_value(value)) < 0
		                                  : json_integer_value(at) < json_integer_value(value);
		if (!less) {
			*ret_there = json_equal(at, value);
			return i;
		}
	}
	*ret_there = false;
	return i;
}

const char *rep_rate_comes(struct rep_step *s)
{
	static const char *const of_day[] = {"valid_on", "rate_mantissa", "rate_scale"};
	const char *base_code = oracle_text(s->in, "base"), *quote = oracle_text(s->in, "quote");
	int64_t mantissa = oracle_number(s->in, "rate_mantissa"), scale = oracle_number(s->in, "rate_scale");
	char key[REP_KEY_BYTES];
	bool there;
	if (!is_code(base_code) || !is_code(quote) || strcmp(base_code, quote) == 0) {
		return "no two currencies";
	}
	if (mantissa < 1 || mantissa > INT64_C(1000000000000000) || scale < 0 || scale > 12) {
		return "no rate";
	}
	snprintf(key, sizeof(key), "%s|%s", oracle_text(s->in, "name"), quote);
	json_t *table = json_object_get(s->p->rates, key), *bases = json_object_get(table, "bases");
	size_t at = place_of(bases, "base", json_object_get(s->in, "base"), &there);
	if (!there && json_array_size(bases) >= 128) {
		return "too many currencies";
	}
	json_t *base = there ? json_incref(json_array_get(bases, at)) : json_pack("{s:s, s:[]}", "base", base_code, "days");
	json_t *days = json_object_get(base, "days"), *day = json_object();
	for (size_t i = 0; i < 3; i++) {
		oracle_take(day, of_day[i], s->in, of_day[i]);
	}
	bool known;
	size_t place = place_of(days, "valid_on", json_object_get(day, "valid_on"), &known);
	bool same = known && json_equal(json_array_get(days, place), day);
	if (same || (!known && place == 0 && json_array_size(days) >= 64)) {
		json_decref(day);
		json_decref(base);
		s->fold->stats.stale++;
		return NULL;
	}
	if (known) {
		json_array_set_new(days, place, day);
	} else {
		json_array_insert_new(days, place, day);
	}
	if (json_array_size(days) > 64) {
		json_array_remove(days, 0);
	}
	if (!table) {
		table = json_pack("{s:O, s:O, s:[]}", "name", json_object_get(s->in, "name"), "quote",
		                  json_object_get(s->in, "quote"), "bases");
		json_object_set_new(s->p->rates, key, table);
		bases = json_object_get(table, "bases");
	}
	if (there) {
		json_decref(base);
	} else {
		json_array_insert_new(bases, at, base);
	}
	s->fold->stats.references++;
	s->p->reference_place = s->p->place;
	return NULL;
}

json_t *rep_run_rates(const struct rep_partition *p, const json_t *run)
{
	static const char *const same[] = {"rate_mantissa", "rate_scale", "valid_on"};
	char key[REP_KEY_BYTES];
	json_t *list = json_array();
	size_t i, k;
	const json_t *base, *day;
	int64_t as_of = rep_local_day(p->rules, oracle_number(run, "as_of"));
	int64_t until = oracle_has(run, "rate_date") ? oracle_number(run, "rate_date") : as_of;
	if (!oracle_has(run, "rate_name")) {
		return list;
	}
	snprintf(key, sizeof(key), "%s|%s", oracle_text(run, "rate_name"), oracle_text(run, "base_currency"));
	json_array_foreach(json_object_get(json_object_get(p->rates, key), "bases"), i, base)
	{
		const json_t *best = NULL;
		json_array_foreach(json_object_get(base, "days"), k, day)
		{
			best = oracle_number(day, "valid_on") <= until ? day : best;
		}
		if (best && oracle_number(best, "valid_on") >= as_of - 35) { /* no known rules say anything else */
			json_t *rate = json_object();
			oracle_take(rate, "currency", base, "base");
			for (size_t n = 0; n < 3; n++) {
				oracle_take(rate, same[n], best, same[n]);
			}
			json_array_append_new(list, rate);
		}
	}
	return list;
}

static const json_t *rate_of(const json_t *rates, const char *currency)
{
	size_t i;
	const json_t *rate;
	json_array_foreach(rates, i, rate)
	{
		if (oracle_is(rate, "currency", currency)) {
			return rate;
		}
	}
	return NULL;
}

/* In 10^-16 of what the sum is a number of, in the base currency. false: there is no rate. */
static bool convert(const struct rep_sum *sum, const json_t *run, const json_t *rates, struct big *ret)
{
	const char *base = oracle_text(run, "base_currency");
	const json_t *rate = rate_of(rates, sum->currency);
	bool is_base = strcmp(base, sum->currency) == 0;
	if (!rate && !is_base) {
		return false;
	}
	struct big b = big_of(sum->weighted);
	big_times(&b, is_base ? 1 : oracle_number(rate, "rate_mantissa"));
	big_times_ten(&b, 16 + rep_currency_digits(base) - rep_currency_digits(sum->currency) -
	                      (is_base ? 0 : (int)oracle_number(rate, "rate_scale")));
	*ret = big_plus(*ret, b);
	return true;
}

/* ---- territories ---- */

const char *rep_territory_comes(struct rep_step *s)
{
	static const char *const same[] = {"territory_id",       "version", "valid_from",    "cells",
	                                   "responsible_rep_id", "rep_ids", "area_factor_bp"};
	const char *org = oracle_text(s->in, "org_id");
	json_t *set = json_object_get(s->p->territories, org), *list = json_object_get(set, "territories");
	size_t i, cells = json_array_size(json_object_get(s->in, "cells"));
	const json_t *other;
	bool there;
	size_t at = place_of(list, "territory_id", json_object_get(s->in, "territory_id"), &there);
	if (there && oracle_number(json_array_get(list, at), "version") >= oracle_number(s->in, "version")) {
		s->fold->stats.stale++;
		return NULL;
	}
	json_array_foreach(list, i, other)
	{
		cells += there && i == at ? 0 : json_array_size(json_object_get(other, "cells"));
	}
	if ((!there && json_array_size(list) >= 255) || cells > 4096) {
		return "too many territories or cells";
	}
	json_t *territory = json_object();
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(territory, same[i], s->in, same[i]);
	}
	if (!set) {
		set = json_pack("{s:s, s:[]}", "org_id", org, "territories");
		json_object_set_new(s->p->territories, org, set);
		list = json_object_get(set, "territories");
	}
	if (there) {
		json_array_set_new(list, at, territory);
	} else {
		json_array_insert_new(list, at, territory);
	}
	s->fold->stats.references++;
	s->p->reference_place = s->p->place;
	return NULL;
}

static bool has_cell(const json_t *territory, const json_t *line)
{
	static const char *const dimensions[] = {"region", "industry", "size_focus"};
	size_t i;
	const json_t *cell;
	json_array_foreach(json_object_get(territory, "cells"), i, cell)
	{
		bool fits = true;
		for (size_t d = 0; d < 3; d++) {
			const json_t *wanted = json_object_get(cell, dimensions[d]);
			fits = fits && (json_is_null(wanted) || json_equal(wanted, json_object_get(line, dimensions[d])));
		}
		if (fits) {
			return true;
		}
	}
	return false;
}

static const json_t *territory_of(const struct rep_partition *p, const json_t *run, const json_t *line)
{
	int64_t day = rep_local_day(p->rules, oracle_number(run, "as_of"));
	size_t i;
	const json_t *territory;
	json_array_foreach(json_object_get(json_object_get(p->territories, oracle_text(run, "org_id")), "territories"), i,
	                   territory)
	{
		if (oracle_number(territory, "valid_from") <= day && has_cell(territory, line)) {
			return territory;
		}
	}
	return NULL;
}

/* By the default rules, which no known ones change. */
static int64_t factor_of(const json_t *territory)
{
	int64_t bp = oracle_has(territory, "area_factor_bp") ? oracle_number(territory, "area_factor_bp") : 10000;
	return bp < 5000 ? 5000 : bp > 20000 ? 20000 : bp;
}

static bool is_outside(const json_t *territory, const json_t *rep)
{
	const json_t *reps = json_object_get(territory, "rep_ids"), *id, *me = json_object_get(rep, "rep_id");
	bool among = json_equal(json_object_get(territory, "responsible_rep_id"), me);
	size_t i;
	json_array_foreach(reps, i, id)
	{
		among = among || json_equal(id, me);
	}
	return territory && (json_array_size(reps) > 0 || oracle_has(territory, "responsible_rep_id")) && !among;
}

/* ---- a line ---- */

static bool fits(__int128 e4)
{
	return e4 < ((__int128)INT64_MAX + 1) * 10000 && e4 >= (__int128)INT64_MIN * 10000;
}

bool rep_worth_of(const struct rep_partition *p, const json_t *run, const json_t *rates, const json_t *line,
                  struct rep_worth *ret)
{
	if (!rep_is_listed(p->rules, run, line)) {
		return false;
	}
	parts_of_run(p->rules, run, line, &ret->parts);
	ret->territory = territory_of(p, run, line);
	ret->factor_bp = factor_of(ret->territory);
	ret->converted = ret->value = 0;
	if (!rep_is_planned(line) && !oracle_has(line, "expected_close_date")) {
		ret->reason = NO_CLOSE_DATE;
	} else if (!is_in_funnel(line)) {
		ret->reason = LAYER_UNKNOWN;
	} else if (!ret->parts.at[0].currency[0]) {
		ret->reason = AMOUNT_UNKNOWN;
	} else {
		struct big sum = {.negative = false};
		bool known = true;
		for (size_t i = 0; i < ret->parts.count; i++) {
			known = convert(&ret->parts.at[i], run, rates, &sum) && known;
		}
		ret->converted = big_down(&sum, 16);
		big_times(&sum, ret->factor_bp);
		ret->value = big_down(&sum, 20);
		known = known && fits(ret->converted) && fits(ret->value);
		ret->reason = known ? COUNTED : NOT_CONVERTIBLE;
	}
	return true;
}

static void tell_intended(const struct rep_sum *part, const json_t *run, const json_t *rates, json_t *list)
{
	json_t *one = json_object();
	const json_t *rate = rate_of(rates, part->currency);
	bool is_base = oracle_is(run, "base_currency", part->currency);
	oracle_set(one, "currency", json_string(part->currency));
	oracle_set(one, "amount_minor", json_integer((int64_t)part->amount));
	rep_set_split(one, "weighted", part->weighted);
	oracle_take(one, "rate_mantissa", is_base ? NULL : rate, "rate_mantissa");
	oracle_set(one, "rate_scale", json_integer(is_base || !rate ? 0 : oracle_number(rate, "rate_scale")));
	oracle_take(one, "rate_valid_on", is_base ? NULL : rate, "valid_on");
	if (is_base) {
		oracle_set(one, "rate_mantissa", json_integer(1));
	}
	json_array_append_new(list, one);
}

void rep_tell_worth(const struct rep_worth *worth, const json_t *run, const json_t *rates, const json_t *rep,
                    json_t *body)
{
	json_t *intended = json_array();
	for (size_t i = 0; i < worth->parts.count; i++) {
		if (worth->parts.at[i].currency[0]) {
			tell_intended(&worth->parts.at[i], run, rates, intended);
		}
	}
	rep_set_split(body, "weighted", worth->parts.count == 1 ? worth->parts.at[0].weighted : 0);
	oracle_set(body, "intended", intended);
	rep_set_split(body, "converted", worth->reason == COUNTED ? worth->converted : 0);
	rep_set_split(body, "value", worth->reason == COUNTED ? worth->value : 0);
	if (worth->reason != COUNTED) {
		oracle_set(body, "converted_minor", json_null());
		oracle_set(body, "value_minor", json_null());
	}
	oracle_take(body, "territory_id", worth->territory, "territory_id");
	oracle_set(body, "area_factor_bp", json_integer(worth->factor_bp));
	oracle_set(body, "outside_territory", json_boolean(is_outside(worth->territory, rep)));
}

/* ---- all lines ---- */

void rep_areas_add(struct rep_areas *a, const struct rep_worth *worth)
{
	size_t at = 0;
	while (at < a->count && a->at[at].territory != worth->territory) {
		at++;
	}
	if (at == a->count) {
		if (a->count == sizeof(a->at) / sizeof(a->at[0])) {
			abort();
		}
		a->at[at].territory = worth->territory;
		a->at[at].factor_bp = worth->factor_bp;
		a->at[at].sums.count = 0;
		a->count++;
	}
	for (size_t i = 0; i < worth->parts.count; i++) {
		rep_sums_merge(&a->at[at].sums, COUNTED, &worth->parts.at[i]);
	}
	a->lines += worth->value;
}

static void tell_area(const struct rep_areas *a, size_t at, const json_t *run, const json_t *rates, struct big *exact,
                      json_t *list)
{
	json_t *area = json_object();
	struct big sum = {.negative = false};
	bool there;
	for (size_t i = 0; i < a->at[at].sums.count; i++) {
		convert(&a->at[at].sums.at[i], run, rates, &sum);
	}
	oracle_take(area, "territory_id", a->at[at].territory, "territory_id");
	oracle_set(area, "area_factor_bp", json_integer(a->at[at].factor_bp));
	oracle_set(area, "sums", rep_sums_list(&a->at[at].sums, "reason", rep_reasons));
	rep_set_split(area, "before", big_down(&sum, 16));
	big_times(&sum, a->at[at].factor_bp);
	rep_set_split(area, "after", big_down(&sum, 20));
	*exact = big_plus(*exact, sum);
	/* none first, then by id */
	const json_t *id = json_object_get(area, "territory_id");
	bool none = json_array_size(list) > 0 && json_is_null(json_object_get(json_array_get(list, 0), "territory_id"));
	json_t *rest = json_array();
	for (size_t i = none ? 1 : 0; i < json_array_size(list); i++) {
		json_array_append(rest, json_array_get(list, i));
	}
	size_t place = json_is_null(id) ? 0 : place_of(rest, "territory_id", id, &there) + (none ? 1 : 0);
	json_decref(rest);
	json_array_insert_new(list, place, area);
}

static bool uses(const struct rep_areas *a, const char *currency)
{
	for (size_t i = 0; i < a->count; i++) {
		for (size_t k = 0; k < a->at[i].sums.count; k++) {
			if (strcmp(a->at[i].sums.at[k].currency, currency) == 0) {
				return true;
			}
		}
	}
	return false;
}

void rep_areas_tell(const struct rep_areas *a, const struct rep_partition *p, const json_t *run, const json_t *rates,
                    json_t *body)
{
	const char *currency = oracle_text(run, "base_currency");
	json_t *areas = json_array(), *used = json_array(), *rate, *money = json_object();
	struct big exact = {.negative = false};
	int64_t unit = p->rules->rounding_major_units;
	size_t i;
	for (i = 0; i < a->count; i++) {
		tell_area(a, i, run, rates, &exact, areas);
	}
	json_array_foreach((json_t *)rates, i, rate)
	{
		if (uses(a, oracle_text(rate, "currency"))) {
			json_array_append(used, rate);
		}
	}
	for (int d = 0; d < rep_currency_digits(currency); d++) {
		unit *= 10;
	}
	/* 10^-24 of a minor unit */
	__int128 quota = big_half_even(&exact, 24, unit) * unit;
	oracle_set(money, "amount_minor", json_integer((int64_t)quota));
	oracle_set(money, "currency", json_string(currency));
	oracle_set(body, "quota", money);
	oracle_set(body, "areas", areas);
	oracle_set(body, "rates", used);
	rep_set_split(body, "lines", a->lines);
	rep_set_split(body, "rounding", quota * 10000 - a->lines);
}
