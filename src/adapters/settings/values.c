/* Texts of durations, sizes, times and choices to numbers. */
#include "params.h"

#include <inttypes.h>
#include <stdio.h>

#include "funneld/base/wire.h"

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit durations[] = {
	{"ms", 1}, {"s", 1000}, {"m", 60000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0},
};

static const struct unit sizes[] = {
	{"", 1},          {"B", 1},         {"KB", 1 << 10},  {"MB", 1 << 20}, {"GB", 1 << 30},
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {NULL, 0},
};

static const struct unit plain[] = {{"", 1}, {NULL, 0}};

/* Digits, then a unit of the list, with or without a blank between. */
static bool with_unit(const char *text, const struct unit *units, int64_t *ret)
{
	size_t digits = 0;
	if (text[0] == '-') {
		digits++;
	}
	while (text[digits] >= '0' && text[digits] <= '9') {
		digits++;
	}
	int64_t n;
	if (!fnl_parse_decimal(fnl_span_of(text, digits), &n)) {
		return false;
	}
	const char *unit = text + digits;
	if (*unit == ' ') {
		unit++;
	}
	for (; units->name; units++) {
		if (strcmp(units->name, unit) == 0) {
			return !__builtin_mul_overflow(n, units->factor, ret);
		}
	}
	return false;
}

static bool digits_at(const char *text, size_t at, size_t count, int64_t *ret)
{
	*ret = 0;
	for (size_t i = at; i < at + count; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return false;
		}
		*ret = *ret * 10 + (text[i] - '0');
	}
	return true;
}

/* Days since 1970-01-01 of a civil date from year 1 on; years begin in March here, so that leap days come last. */
static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
	y -= m <= 2;
	int64_t era = y / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

bool fnl_time_parse(const char *text, int64_t *ret_ms)
{
	static const int days_in[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	size_t len = strlen(text);
	int64_t y, mo, d, h = 0, mi = 0, s = 0;
	if ((len != 10 && len != 20) || text[4] != '-' || text[7] != '-' || !digits_at(text, 0, 4, &y) ||
	    !digits_at(text, 5, 2, &mo) || !digits_at(text, 8, 2, &d)) {
		return false;
	}
	if (len == 20 && (text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != 'Z' ||
	                  !digits_at(text, 11, 2, &h) || !digits_at(text, 14, 2, &mi) || !digits_at(text, 17, 2, &s))) {
		return false;
	}
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	if (y < 1 || mo < 1 || mo > 12 || d < 1 || d > days_in[mo - 1] || (mo == 2 && d == 29 && !leap) || h > 23 ||
	    mi > 59 || s > 59) {
		return false;
	}
	*ret_ms = ((days_of(y, mo, d) * 24 + h) * 60 + mi) * 60000 + s * 1000;
	return true;
}

static bool choice_of(const char *const *choices, const char *text, int64_t *ret)
{
	for (int64_t i = 0; choices[i]; i++) {
		if (strcmp(choices[i], text) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static const char *duration_text(int64_t ms, char *buffer, size_t size)
{
	const struct unit *u = &durations[5];
	while (u > durations && (ms % u->factor != 0 || u->factor == 60000)) {
		u--;
	}
	snprintf(buffer, size, "%" PRId64 "%s", ms / u->factor, u->name);
	return buffer;
}

static const char *bytes_text(int64_t bytes, char *buffer, size_t size)
{
	const struct unit *u = &sizes[4];
	while (u > &sizes[1] && bytes % u->factor != 0) {
		u--;
	}
	snprintf(buffer, size, "%" PRId64 "%s", bytes / u->factor, u->name);
	return buffer;
}

/* "a number from 1 to 8", "one of a, b, c" … */
static void expected_text(const struct fnl_param *p, char *text, size_t size)
{
	char low[32], high[32];
	size_t used = 0;
	switch (p->type) {
	case FNL_PARAM_DURATION_MS:
		snprintf(text, size, "a duration from %s to %s, such as 500ms, 10s, 5m, 2h or 7d",
		         duration_text(p->min, low, sizeof(low)), duration_text(p->max, high, sizeof(high)));
		return;
	case FNL_PARAM_BYTES:
		snprintf(text, size, "a size from %s to %s, such as 512KB, 64MB or 2GB", bytes_text(p->min, low, sizeof(low)),
		         bytes_text(p->max, high, sizeof(high)));
		return;
	case FNL_PARAM_TIME_MS:
		snprintf(text, size, "a date or a time in UTC, such as 2026-01-31 or 2026-01-31T08:00:00Z");
		return;
	case FNL_PARAM_CHOICE:
		used = (size_t)snprintf(text, size, "one of");
		for (size_t i = 0; p->choices[i] && used < size; i++) {
			used += (size_t)snprintf(text + used, size - used, "%s %s", i ? "," : "", p->choices[i]);
		}
		return;
	default:
		snprintf(text, size, "a number from %" PRId64 " to %" PRId64, p->min, p->max);
	}
}

int fnl_param_number(const struct fnl_param *p, const char *text, int64_t *ret, struct fnl_error *why)
{
	char expected[200];
	int64_t n = 0;
	bool ok = false;
	switch (p->type) {
	case FNL_PARAM_STRING:
		return fnl_fail(why, FNL_E_INTERNAL, "%s is no number", p->key);
	case FNL_PARAM_INT:
		ok = with_unit(text, plain, &n);
		break;
	case FNL_PARAM_DURATION_MS:
		ok = with_unit(text, durations, &n);
		break;
	case FNL_PARAM_BYTES:
		ok = with_unit(text, sizes, &n);
		break;
	case FNL_PARAM_CHOICE:
		ok = choice_of(p->choices, text, &n);
		break;
	case FNL_PARAM_TIME_MS:
		ok = fnl_time_parse(text, &n);
		break;
	}
	if (!ok || n < p->min || n > p->max) {
		expected_text(p, expected, sizeof(expected));
		return fnl_fail(why, FNL_E_ARGUMENT, "\"%.60s\" is not allowed; expected is %s", p->secret ? "****" : text,
		                expected);
	}
	*ret = n;
	return 0;
}
