/* The rules texts that the rep stage's oracle knows by heart, days and sums. */
#include <stdio.h>
#include <stdlib.h>

#include "oracle_rep_internal.h"

#define HANDOVER_DEFAULTS \
	.due_bd = {10, 10, 10}, .meeting_bd = {20, 15, 0}, .lookback_days = 60, .review_due_bd = 3, \
	.successor_named_bd = 3, .successor_next_level_bd = 2, .overdue_manager_bd = 1, .overdue_next_level_bd = 3, \
	.at_risk_bd = {5, 2}, .task_latest_bd = 2, .window_days = 180, .prospects_min = 5, .lost_min = 3, \
	.base_factor = 2, .excess_min = 3, .base_floor_bp = 1500, .chance_max_bp = 15, .employer_min = 2, \
	.employer_share_bp = 5000

static const struct rep_rules known[] = {
	{.text = {0, "", ""},
     .start_month = 1,
     .start_day = 1,
     .rounding_major_units = 1,
     .settle_hours = 24,
     .conflation_seconds = 60,
     .offset_s = 0,
     .weekday = 0,
     .hour = 8,
     .questions_max = 20,
     .page_lines_max = 200,
     .answers_due_bd = 2,
     .sheets_unanswered = 2,
     HANDOVER_DEFAULTS},
	{.text = {1, "1dc8ac6db4f82b86346a31deb0c5a534321e26b5b0bf8ac50fe3149ca8b83ffe",
              "[rules]\n"
              "version = 1\n"
              "[quota]\n"
              "settle_hours = 0\n"
              "conflation_seconds = 1\n"
              "[inspection]\n"
              "questions_max = 1\n"
              "page_lines_max = 10\n"
              "answers_due_bd = 1\n"
              "sheets_unanswered = 1\n"},
     .start_month = 1,
     .start_day = 1,
     .rounding_major_units = 1,
     .settle_hours = 0,
     .conflation_seconds = 1,
     .offset_s = 0,
     .weekday = 0,
     .hour = 8,
     .questions_max = 1,
     .page_lines_max = 10,
     .answers_due_bd = 1,
     .sheets_unanswered = 1,
     HANDOVER_DEFAULTS},
	{.text = {2, "56fad1c07f4754832befc214b8de57d5134dec1efdc11392c0906c8df62416f4",
              "[rules]\n"
              "version = 2\n"
              "[fiscal_year]\n"
              "start_month = 4\n"
              "start_day = 6\n"
              "[quota]\n"
              "rounding_major_units = 1000\n"
              "settle_hours = 1\n"
              "conflation_seconds = 3600\n"},
     .start_month = 4,
     .start_day = 6,
     .rounding_major_units = 1000,
     .settle_hours = 1,
     .conflation_seconds = 3600,
     .offset_s = 0,
     .weekday = 0,
     .hour = 8,
     .questions_max = 20,
     .page_lines_max = 200,
     .answers_due_bd = 2,
     .sheets_unanswered = 2,
     HANDOVER_DEFAULTS},
	{.text = {3, "97b434e9b1f64e48e8b76c45b511d1d0a73b65ddf56488def0098fe710f8e407",
              "[rules]\n"
              "version = 3\n"
              "[fiscal_year]\n"
              "start_month = 4\n"
              "start_day = 6\n"
              "[quota]\n"
              "rounding_major_units = 50\n"
              "settle_hours = 48\n"
              "conflation_seconds = 30\n"},
     .start_month = 4,
     .start_day = 6,
     .rounding_major_units = 50,
     .settle_hours = 48,
     .conflation_seconds = 30,
     .offset_s = 0,
     .weekday = 0,
     .hour = 8,
     .questions_max = 20,
     .page_lines_max = 200,
     .answers_due_bd = 2,
     .sheets_unanswered = 2,
     HANDOVER_DEFAULTS},
	{.text = {4, "90d6870db9a071403621e99b0ecc16dc57d57f8e2a8e2b35357f4be162d5313a",
              "[rules]\n"
              "version = 4\n"
              "[inspection]\n"
              "weekday = Sunday\n"
              "hour = 23\n"
              "questions_max = 0\n"},
     .start_month = 1,
     .start_day = 1,
     .rounding_major_units = 1,
     .settle_hours = 24,
     .conflation_seconds = 60,
     .offset_s = 0,
     .weekday = 6,
     .hour = 23,
     .questions_max = 0,
     .page_lines_max = 200,
     .answers_due_bd = 2,
     .sheets_unanswered = 2,
     HANDOVER_DEFAULTS},
	{.text = {5, "bf3b77ff7a7aa100169f4ac6eadbf20b6a8b1ba2121bcd37b80e15df9f31258f",
              "[rules]\n"
              "version = 5\n"
              "[fiscal_year]\n"
              "start_month = 12\n"
              "start_day = 28\n"
              "[quota]\n"
              "rounding_major_units = 1000000\n"
              "settle_hours = 1\n"
              "conflation_seconds = 86400\n"},
     .start_month = 12,
     .start_day = 28,
     .rounding_major_units = 1000000,
     .settle_hours = 1,
     .conflation_seconds = 86400,
     .offset_s = 0,
     .weekday = 0,
     .hour = 8,
     .questions_max = 20,
     .page_lines_max = 200,
     .answers_due_bd = 2,
     .sheets_unanswered = 2,
     HANDOVER_DEFAULTS},
	{.text = {7, "cc24b772b0cb383f9c471f4b7ebc8bdd2e5e47d87b00ad6c8be88c234426bdea",
              "[rules]\n"
              "version = 7\n"
              "[quota]\n"
              "settle_hours = 1\n"
              "[inspection]\n"
              "answers_due_bd = 5\n"},
     .start_month = 1,
     .start_day = 1,
     .rounding_major_units = 1,
     .settle_hours = 1,
     .conflation_seconds = 60,
     .offset_s = 0,
     .weekday = 0,
     .hour = 8,
     .questions_max = 20,
     .page_lines_max = 200,
     .answers_due_bd = 5,
     .sheets_unanswered = 2,
     HANDOVER_DEFAULTS},
};
enum { KNOWN_COUNT = sizeof(known) / sizeof(known[0]) };

const struct oracle_rules_text *oracle_rep_rules_known(size_t at)
{
	return at + 1 < KNOWN_COUNT ? &known[at + 1].text : NULL;
}

const struct rep_rules *rep_rules_default(void)
{
	return &known[0];
}

const struct rep_rules *rep_rules_of(const json_t *text)
{
	for (size_t i = 1; i < KNOWN_COUNT; i++) {
		if (json_string_length(text) == strlen(known[i].text.text) &&
		    strcmp(json_string_value(text), known[i].text.text) == 0) {
			return &known[i];
		}
	}
	return NULL;
}

static int days_in_month(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return days[month - 1] + (month == 2 && leap);
}

/* Counted month by month from 1970; dates go to the edges of time, so whole cycles of the calendar at once. */
json_t *rep_year_from(int64_t start, const json_t *date)
{
	if (!json_is_integer(date)) {
		return json_null();
	}
	enum { CYCLE_YEARS = 400, CYCLE_DAYS = 146097 };
	int64_t left = json_integer_value(date), cycles = left > 0 ? left / CYCLE_DAYS : 0;
	int64_t year = 1970 + cycles * CYCLE_YEARS;
	int month = 1;
	left -= cycles * CYCLE_DAYS;
	while (left >= days_in_month(year, month)) {
		left -= days_in_month(year, month);
		year += month == 12;
		month = month % 12 + 1;
	}
	return json_integer(month * 100 + left + 1 >= start ? year : year - 1);
}

int64_t rep_year_start(const struct rep_rules *rules)
{
	return rules->start_month * 100 + rules->start_day;
}

json_t *rep_fiscal_year(const struct rep_rules *rules, const json_t *date)
{
	return rep_year_from(rep_year_start(rules), date);
}

int rep_currency_digits(const char *currency)
{
	static const char *const none[] = {"JPY", "KRW", "VND", "CLP", "ISK"}, *const three[] = {"BHD", "KWD"};
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		if (strcmp(none[i], currency) == 0) {
			return 0;
		}
	}
	return strcmp(three[0], currency) == 0 || strcmp(three[1], currency) == 0 ? 3 : 2;
}

/* ---- sums ---- */

static bool before(const struct rep_sum *a, int64_t by, const char *currency)
{
	return a->by != by ? a->by < by : strcmp(a->currency, currency) < 0;
}

void rep_sums_merge(struct rep_sums *s, int64_t by, const struct rep_sum *more)
{
	size_t i = 0;
	while (i < s->count && before(&s->at[i], by, more->currency)) {
		i++;
	}
	if (i == s->count || s->at[i].by != by || strcmp(s->at[i].currency, more->currency) != 0) {
		if (s->count == REP_SUMS_MAX) {
			abort();
		}
		memmove(&s->at[i + 1], &s->at[i], (s->count - i) * sizeof(s->at[0]));
		s->count++;
		s->at[i] = (struct rep_sum){.by = by};
		memcpy(s->at[i].currency, more->currency, sizeof(more->currency));
	}
	s->at[i].count += more->count;
	s->at[i].amount += more->amount;
	s->at[i].weighted += more->weighted;
}

void rep_sums_add(struct rep_sums *s, int64_t by, const json_t *amount, int64_t weight_bp)
{
	struct rep_sum one = {.count = 1};
	if (json_is_object(amount)) {
		snprintf(one.currency, sizeof(one.currency), "%s", oracle_text(amount, "currency"));
		one.amount = oracle_number(amount, "amount_minor");
		one.weighted = one.amount * weight_bp;
	}
	rep_sums_merge(s, by, &one);
}

void rep_set_split(json_t *record, const char *name, __int128 e4)
{
	char field[64];
	int64_t rest = (int64_t)(e4 % 10000);
	rest = rest < 0 ? rest + 10000 : rest; /* rounded down */
	snprintf(field, sizeof(field), "%s_minor", name);
	oracle_set(record, field, json_integer((int64_t)((e4 - rest) / 10000)));
	snprintf(field, sizeof(field), "%s_e4", name);
	oracle_set(record, field, json_integer(rest));
}

json_t *rep_sums_list(const struct rep_sums *s, const char *name, const char *const *symbols)
{
	json_t *list = json_array();
	for (size_t i = 0; i < s->count; i++) {
		json_t *one = json_object();
		oracle_set(one, name, symbols ? json_string(symbols[s->at[i].by]) : json_integer(s->at[i].by));
		oracle_set(one, "currency", s->at[i].currency[0] ? json_string(s->at[i].currency) : json_null());
		oracle_set(one, "count", json_integer(s->at[i].count));
		oracle_set(one, "amount_minor", json_integer((int64_t)s->at[i].amount));
		rep_set_split(one, "weighted", s->at[i].weighted);
		json_array_append_new(list, one);
	}
	return list;
}
