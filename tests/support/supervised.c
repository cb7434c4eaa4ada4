#include "supervised.h"

#include <stdio.h>
#include <stdlib.h>

#define DAY_MS INT64_C(86400000)

void fnl_supervised_start(struct fnl_supervised *s)
{
	*s = (struct fnl_supervised){.rules = *fnl_rules_default(), .feed = {.carries_contacts = true}};
	fnl_arena_init(&s->arena, (size_t)1 << 20);
	fnl_supervised_set(s, FNL_PROSPECT_LAYER, FNL_LAYER_NONE);
	fnl_supervised_set(s, FNL_PROSPECT_LAYER_SINCE, 0);
	fnl_supervised_set(s, FNL_PROSPECT_PUSH_COUNT, 0);
	s->row[FNL_PROSPECT_LAYER_TIMES] = (struct fnl_value){.set = true};
	s->row[FNL_PROSPECT_STALLS] = (struct fnl_value){.set = true};
	s->row[FNL_PROSPECT_AMOUNT] = (struct fnl_value){.set = true, .money = {100000, "EUR"}};
}

void fnl_supervised_end(struct fnl_supervised *s)
{
	fnl_arena_deinit(&s->arena);
}

void fnl_supervised_set(struct fnl_supervised *s, int field, int64_t v)
{
	s->row[field] = (struct fnl_value){.set = true, .i64 = v};
}

void fnl_supervised_answer(struct fnl_supervised *s, int64_t at_ms, int cause, bool confirmed)
{
	struct fnl_value *v = fnl_arena_calloc(&s->arena, FNL_ANSWER_FIELD_COUNT, sizeof(*v));
	if (!v) {
		abort();
	}
	v[FNL_ANSWER_ANSWER_ID] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("a1")};
	v[FNL_ANSWER_SHEET_ID] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("r1#1")};
	v[FNL_ANSWER_AT] = (struct fnl_value){.set = true, .i64 = at_ms};
	v[FNL_ANSWER_CAUSE] = (struct fnl_value){.set = true, .i64 = cause};
	v[FNL_ANSWER_CONFIRMED] = (struct fnl_value){.set = true, .i64 = confirmed};
	s->row[FNL_PROSPECT_ANSWER] = (struct fnl_value){.set = true, .list = {v, FNL_ANSWER_FIELD_COUNT}};
}

void fnl_supervised_look(struct fnl_supervised *s, enum fnl_supervision_cause cause, int64_t now_ms)
{
	if (fnl_supervision_look(s->row, cause, s->feed, now_ms, &s->rules, &s->arena, &s->changed, &s->deadline_ms) != 0) {
		abort();
	}
}

void fnl_supervised_layer(struct fnl_supervised *s, int layer, int64_t at_ms)
{
	if (fnl_supervision_layer(s->row, layer, at_ms, &s->rules, &s->arena) != 0) {
		abort();
	}
	fnl_supervised_set(s, FNL_PROSPECT_LAYER, layer);
	fnl_supervised_set(s, FNL_PROSPECT_LAYER_SINCE, at_ms);
}

/* Days from 1970-01-01 in the Gregorian calendar, counted by years and months of it. */
static int64_t days_to(int year, int month)
{
	static const int before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	int64_t days = 0;
	for (int y = 1970; y < year; y++) {
		days += (y % 4 == 0 && y % 100 != 0) || y % 400 == 0 ? 366 : 365;
	}
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days + before[month - 1] + (leap && month > 2);
}

int64_t fnl_moment(const char *text)
{
	int year;
	int month;
	int day;
	int hour = 0;
	int minute = 0;
	int used = 0;
	int n = sscanf(text, "%4d-%2d-%2d%n %2d:%2d%n", &year, &month, &day, &used, &hour, &minute, &used);
	if ((n != 3 && n != 5) || month < 1 || month > 12 || year < 1970) {
		fprintf(stderr, "not a moment: %s\n", text);
		abort();
	}
	return (days_to(year, month) + day - 1) * DAY_MS + ((int64_t)hour * 60 + minute) * 60000;
}

const char *fnl_moment_text(int64_t at_ms, char ret[32])
{
	static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	int64_t day = at_ms / DAY_MS;
	int64_t minutes = at_ms % DAY_MS / 60000;
	int year = 1970;
	int month = 1;
	while (days_to(year + 1, 1) <= day) {
		year++;
	}
	while (month < 12 && days_to(year, month + 1) <= day) {
		month++;
	}
	int day_of_month = (int)(day - days_to(year, month)) + 1;
	(void)snprintf(ret, 32, "%s %02d-%02d %02d:%02d", names[(day + 3) % 7], month, day_of_month, (int)(minutes / 60),
	               (int)(minutes % 60));
	return ret;
}

int64_t fnl_weekdays_before(int64_t at_ms, int n)
{
	while (n > 0) {
		at_ms -= DAY_MS;
		n -= (at_ms / DAY_MS + 3) % 7 < 5;
	}
	return at_ms;
}

static size_t put(char ret[FNL_SUPERVISED_TEXT_MAX], size_t len, const char *text)
{
	int n = snprintf(ret + len, FNL_SUPERVISED_TEXT_MAX - len, "%s", text);
	if (n < 0 || len + (size_t)n >= FNL_SUPERVISED_TEXT_MAX) {
		abort();
	}
	return len + (size_t)n;
}

static size_t put_moment(char ret[FNL_SUPERVISED_TEXT_MAX], size_t len, const char *word, int64_t at_ms)
{
	char text[32];
	len = put(ret, len, word);
	return put(ret, len, fnl_moment_text(at_ms, text));
}

static size_t put_stall(char ret[FNL_SUPERVISED_TEXT_MAX], size_t len, const struct fnl_value *v, bool detail)
{
	const struct fnl_value *alert = &v[FNL_STALL_ALERT_AT];
	bool told = v[FNL_STALL_LEVEL].i64 != FNL_ALERT_LEVEL_NONE;
	len = put(ret, len, fnl_symbols_stall_kind[v[FNL_STALL_KIND].i64]);
	len = put(ret, len, " ");
	len = put(ret, len, fnl_symbols_stall_condition[v[FNL_STALL_CONDITION].i64]);
	if (detail) {
		len = put_moment(ret, len, " since ", v[FNL_STALL_SINCE].i64);
		len = put_moment(ret, len, " over ", v[FNL_STALL_OVER_AT].i64);
	}
	len = put(ret, len, " ");
	len = put(ret, len, fnl_symbols_alert_level[v[FNL_STALL_LEVEL].i64]);
	if (!alert->set) {
		return put(ret, len, " for good");
	}
	if (!told) {
		return put_moment(ret, len, " until ", alert->i64);
	}
	return detail ? put_moment(ret, len, " from ", alert->i64) : len;
}

void fnl_stalls_text(struct fnl_list stalls, bool detail, char ret[FNL_SUPERVISED_TEXT_MAX])
{
	size_t len = put(ret, 0, stalls.count == 0 ? "nothing" : "");
	for (size_t i = 0; i < stalls.count; i++) {
		len = put(ret, len, i > 0 ? "; " : "");
		len = put_stall(ret, len, stalls.items[i].list.items, detail);
	}
}

void fnl_candidates_text(const struct fnl_candidate *c, size_t count, char ret[FNL_SUPERVISED_TEXT_MAX])
{
	size_t len = put(ret, 0, count == 0 ? "-" : "");
	for (size_t i = 0; i < count; i++) {
		len = put(ret, len, i > 0 ? ", " : "");
		len = put(ret, len, c[i].confirmed ? "confirmed " : "");
		len = put(ret, len, fnl_symbols_cause[c[i].cause]);
	}
}
