/* The calendar in the rules: days out of turn, the zone's name, and what its clock has done and will do. */
#include "rules_internal.h"

#include "funneld/base/wire.h"

#define TEXT(s) (int)(s).len, (const char *)(s).data

enum { ZONE_BYTES_MAX = 64, OFFSET_MAX_MINUTES = 14 * 60, DATE_BYTES = 10, TIME_BYTES = 20, OFFSET_BYTES = 6 };

static struct fnl_span shortened(struct fnl_span s)
{
	s.len = s.len > 80 ? 80 : s.len;
	return s;
}

/* ---- dates ---- */

static bool all_digits(const uint8_t *at, size_t count, int64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < count; i++) {
		if (at[i] < '0' || at[i] > '9') {
			return false;
		}
		*ret = *ret * 10 + (at[i] - '0');
	}
	return true;
}

static bool is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* "2026-12-25": the years 1 to 9999. */
static bool parse_date(struct fnl_span s, int32_t *ret)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t year, month, day;
	if (s.len != DATE_BYTES || s.data[4] != '-' || s.data[7] != '-' || !all_digits(s.data, 4, &year) ||
	    !all_digits(s.data + 5, 2, &month) || !all_digits(s.data + 8, 2, &day)) {
		return false;
	}
	if (year < 1 || month < 1 || month > 12 || day < 1 ||
	    day > lengths[month - 1] + (month == 2 && is_leap(year) ? 1 : 0)) {
		return false;
	}
	int64_t before = year - 1;
	int64_t days = before * 365 + before / 4 - before / 100 + before / 400 - 719162 + day - 1;
	for (int64_t m = 1; m < month; m++) {
		days += lengths[m - 1] + (m == 2 && is_leap(year) ? 1 : 0);
	}
	*ret = (int32_t)days;
	return true;
}

static int bad_days(const char *key, struct fnl_span value, struct fnl_error *why)
{
	return fnl_fail(why, FNL_E_INVALID, "[calendar] %s = '%.*s': expected dates with commas between them, as in %s",
	                key, TEXT(shortened(value)), "2026-12-25, 2027-01-01");
}

static int add_day(struct fnl_rules_days *days, const char *key, struct fnl_span text, int32_t day,
                   struct fnl_error *why)
{
	size_t at = days->count;
	while (at > 0 && days->at[at - 1] >= day) {
		at--;
	}
	if (at < days->count && days->at[at] == day) {
		return fnl_fail(why, FNL_E_INVALID, "[calendar] %s: %.*s is given twice", key, TEXT(text));
	}
	if (days->count == FNL_CALENDAR_DAYS_MAX) {
		return fnl_fail(why, FNL_E_LIMIT, "[calendar] %s: more than %d dates", key, FNL_CALENDAR_DAYS_MAX);
	}
	memmove(&days->at[at + 1], &days->at[at], (days->count - at) * sizeof(days->at[0]));
	days->at[at] = day;
	days->count++;
	return FNL_OK;
}

int fnl_rules_set_days(struct fnl_rules_days *days, const char *key, struct fnl_span value, struct fnl_error *why)
{
	struct fnl_span rest = value;
	while (rest.len) {
		const uint8_t *comma = memchr(rest.data, ',', rest.len);
		size_t len = comma ? (size_t)(comma - rest.data) : rest.len;
		struct fnl_span text = fnl_rules_trim(fnl_span_of(rest.data, len));
		int32_t day;
		if (!parse_date(text, &day)) {
			return bad_days(key, text, why);
		}
		int r = add_day(days, key, text, day, why);
		if (r) {
			return r;
		}
		rest = fnl_span_of(rest.data + len + (comma ? 1 : 0), rest.len - len - (comma ? 1 : 0));
		if (comma && rest.len == 0) {
			return bad_days(key, value, why);
		}
	}
	return FNL_OK;
}

/* ---- the zone ---- */

/* The name is looked up as a file's: nothing that leads elsewhere. */
static bool is_zone_name(struct fnl_span s)
{
	if (s.len == 0 || s.len > ZONE_BYTES_MAX || s.data[0] == '/' || s.data[s.len - 1] == '/') {
		return false;
	}
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.data[i];
		bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		            c == '+' || c == '-' || (c == '/' && s.data[i - 1] != '/');
		if (!good) {
			return false;
		}
	}
	return true;
}

int fnl_rules_set_zone(struct fnl_rules_builder *b, struct fnl_span value, struct fnl_error *why)
{
	if (fnl_rules_same_word(value, "UTC")) {
		return FNL_OK;
	}
	if (!is_zone_name(value)) {
		return fnl_fail(
			why, FNL_E_INVALID,
			"[calendar] zone = '%.*s': expected UTC or the name of a zone in the time zone data base, as in "
			"Europe/Berlin",
			TEXT(shortened(value)));
	}
	b->zone = fnl_arena_dup(b->arena, value);
	return fnl_span_is_none(b->zone) ? FNL_E_NOMEM : FNL_OK;
}

/* "2026-03-29T01:00:00Z" */
static bool parse_time(struct fnl_span s, int64_t *ret_ms)
{
	int32_t day;
	int64_t hour, minute, second;
	if (s.len != TIME_BYTES || !parse_date(fnl_span_of(s.data, DATE_BYTES), &day) || s.data[10] != 'T' ||
	    s.data[13] != ':' || s.data[16] != ':' || s.data[19] != 'Z' || !all_digits(s.data + 11, 2, &hour) ||
	    !all_digits(s.data + 14, 2, &minute) || !all_digits(s.data + 17, 2, &second) || hour > 23 || minute > 59 ||
	    second > 59) {
		return false;
	}
	*ret_ms = day * FNL_BUSINESS_DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000;
	return true;
}

/* "+02:00" */
static bool parse_offset(struct fnl_span s, int32_t *ret_s)
{
	int64_t hours, minutes;
	if (s.len != OFFSET_BYTES || (s.data[0] != '+' && s.data[0] != '-') || s.data[3] != ':' ||
	    !all_digits(s.data + 1, 2, &hours) || !all_digits(s.data + 4, 2, &minutes) || minutes > 59 ||
	    hours * 60 + minutes > OFFSET_MAX_MINUTES) {
		return false;
	}
	*ret_s = (int32_t)((hours * 60 + minutes) * (s.data[0] == '-' ? -60 : 60));
	return true;
}

int fnl_rules_set_offset(struct fnl_rules_builder *b, struct fnl_span key, struct fnl_span value, int line,
                         struct fnl_error *why)
{
	struct fnl_zone_offset offset;
	if (!parse_time(key, &offset.from_ms) || !parse_offset(value, &offset.offset_s)) {
		return fnl_fail(
			why, FNL_E_INVALID,
			"[zone] %.*s = '%.*s': expected a time in UTC and the offset from then on, -14:00 to +14:00, as in "
			"2026-03-29T01:00:00Z = +02:00",
			TEXT(shortened(key)), TEXT(shortened(value)));
	}
	size_t at = b->offset_count;
	while (at > 0 && b->offsets[at - 1].from_ms >= offset.from_ms) {
		at--;
	}
	if (at < b->offset_count && b->offsets[at].from_ms == offset.from_ms) {
		return fnl_fail(why, FNL_E_INVALID, "[zone] %.*s is given twice; first in line %d", TEXT(key),
		                b->offset_line[at]);
	}
	if (b->offset_count == FNL_CALENDAR_OFFSETS_MAX) {
		return fnl_fail(why, FNL_E_LIMIT, "[zone]: more than %d lines", FNL_CALENDAR_OFFSETS_MAX);
	}
	memmove(&b->offsets[at + 1], &b->offsets[at], (b->offset_count - at) * sizeof(b->offsets[0]));
	memmove(&b->offset_line[at + 1], &b->offset_line[at], (b->offset_count - at) * sizeof(b->offset_line[0]));
	b->offsets[at] = offset;
	b->offset_line[at] = line;
	b->offset_count++;
	return FNL_OK;
}

/* ---- together ---- */

static int not_both(int32_t day, struct fnl_arena *arena, struct fnl_error *why)
{
	struct fnl_writer date = fnl_writer_of(arena);
	fnl_write_rfc3339(&date, day * FNL_BUSINESS_DAY_MS);
	struct fnl_span text = fnl_writer_span(&date);
	return text.len < DATE_BYTES
	           ? FNL_E_NOMEM
	           : fnl_fail(why, FNL_E_INVALID,
	                      "[calendar] %.*s is in holidays and in extra_working_days: it is one of them", DATE_BYTES,
	                      (const char *)text.data);
}

int fnl_rules_check_calendar(const struct fnl_rules_builder *b, struct fnl_error *why)
{
	const struct fnl_rules_days *off = &b->holidays;
	const struct fnl_rules_days *on = &b->extra_days;
	for (size_t i = 0, j = 0; i < off->count && j < on->count;) {
		if (off->at[i] == on->at[j]) {
			return not_both(off->at[i], b->arena, why);
		}
		if (off->at[i] < on->at[j]) {
			i++;
		} else {
			j++;
		}
	}
	if (b->offset_count && fnl_span_is_none(b->zone)) {
		return fnl_fail(why, FNL_E_INVALID, "[zone] wants the zone's name in [calendar] zone; UTC has no such section");
	}
	return FNL_OK;
}

struct fnl_calendar fnl_rules_calendar(const struct fnl_rules_builder *b)
{
	struct fnl_calendar c = {.offsets = b->offsets,
	                         .offset_count = b->offset_count,
	                         .holidays = b->holidays.at,
	                         .holiday_count = b->holidays.count,
	                         .extra_days = b->extra_days.at,
	                         .extra_day_count = b->extra_days.count};
	for (int64_t i = 0; i < b->values[FNL_RULES_AT_WEEK_DAYS]; i++) {
		c.week_mask |= (uint8_t)(1u << (b->values[FNL_RULES_AT_WEEK_FIRST] + i) % 7);
	}
	return c;
}
