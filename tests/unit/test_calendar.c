#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/core/calendar.h"

#include "gen.h"

#include <stdio.h>
#include <time.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HOUR INT64_C(3600000)
#define DAY FNL_BUSINESS_DAY_MS

enum { MONDAY_TO_FRIDAY = 0x1f, SUNDAY_TO_THURSDAY = 0x4f };

/* "2026-03-29", or with "T02:30:00" after it, as if it were in UTC. */
static int64_t ms_of(const char *text)
{
	struct tm t = {0};
	int n = sscanf(text, "%d-%d-%dT%d:%d:%d", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min, &t.tm_sec);
	if (n != 3 && n != 6) {
		fail_msg("'%s'", text);
	}
	t.tm_year -= 1900;
	t.tm_mon--;
	return (int64_t)timegm(&t) * 1000;
}

static int32_t day_of(const char *text)
{
	return (int32_t)(ms_of(text) / DAY);
}

static const char *text_of(int64_t ms)
{
	static char text[4][64];
	static int at;
	time_t s = (time_t)(ms / 1000);
	struct tm t;
	at = (at + 1) % 4;
	if (!gmtime_r(&s, &t)) {
		return "?";
	}
	size_t len = strftime(text[at], sizeof(text[at]), "%Y-%m-%dT%H:%M:%S", &t);
	snprintf(text[at] + len, sizeof(text[at]) - len, ".%03d", (int)(ms % 1000));
	return text[at];
}

/* Berlin's 2026, Samoa's lost Friday of 2011 (with its summer time around), Cairo's clocks that change at midnight. */
static struct fnl_zone_offset berlin[] = {{0, 3600}, {0, 7200}, {0, 3600}};
static struct fnl_zone_offset samoa[] = {{0, -39600}, {0, -36000}, {0, 50400}, {0, 46800}};
static struct fnl_zone_offset cairo[] = {{0, 7200}, {0, 10800}, {0, 7200}};

static int32_t holidays[] = {0, 0, 0, 0};
static int32_t extra_days[] = {0, 0};

static struct fnl_calendar utc, in_berlin, in_samoa, in_cairo, with_days;

static int start(void **state)
{
	(void)state;
	berlin[1].from_ms = ms_of("2026-03-29T01:00:00");
	berlin[2].from_ms = ms_of("2026-10-25T01:00:00");
	samoa[1].from_ms = ms_of("2011-09-24T14:00:00");
	samoa[2].from_ms = ms_of("2011-12-30T10:00:00");
	samoa[3].from_ms = ms_of("2012-03-31T14:00:00");
	cairo[1].from_ms = ms_of("2026-04-23T22:00:00");
	cairo[2].from_ms = ms_of("2026-10-29T21:00:00");
	holidays[0] = day_of("2026-01-01");
	holidays[1] = day_of("2026-05-01");
	holidays[2] = day_of("2026-12-25");
	holidays[3] = day_of("2026-12-26");   /* a Saturday */
	extra_days[0] = day_of("2026-05-02"); /* a Saturday */
	extra_days[1] = day_of("2026-05-04"); /* a Monday: works anyway */
	utc = (struct fnl_calendar){.week_mask = MONDAY_TO_FRIDAY};
	in_berlin = (struct fnl_calendar){.week_mask = MONDAY_TO_FRIDAY, .offsets = berlin, .offset_count = COUNT(berlin)};
	in_samoa = (struct fnl_calendar){.week_mask = MONDAY_TO_FRIDAY, .offsets = samoa, .offset_count = COUNT(samoa)};
	in_cairo = (struct fnl_calendar){.week_mask = SUNDAY_TO_THURSDAY, .offsets = cairo, .offset_count = COUNT(cairo)};
	with_days = (struct fnl_calendar){.week_mask = MONDAY_TO_FRIDAY,
	                                  .holidays = holidays,
	                                  .holiday_count = COUNT(holidays),
	                                  .extra_days = extra_days,
	                                  .extra_day_count = COUNT(extra_days)};
	return 0;
}

static void days_of_business(void **state)
{
	(void)state;
	const struct {
		const struct fnl_calendar *c;
		const char *day;
		bool business;
	} cases[] = {
		{&utc, "1970-01-01", true}, /* Thursday */
		{&utc, "1970-01-03", false},       {&utc, "1969-12-28", false},       {&utc, "1969-12-29", true},
		{&utc, "2026-10-23", true},        {&utc, "2026-10-24", false},       {&utc, "2026-10-25", false},
		{&utc, "2026-10-26", true},        {&in_cairo, "2026-10-23", false},  {&in_cairo, "2026-10-24", false},
		{&in_cairo, "2026-10-25", true},   {&with_days, "2026-01-01", false}, {&with_days, "2026-01-02", true},
		{&with_days, "2026-05-01", false}, {&with_days, "2026-05-02", true},  {&with_days, "2026-05-03", false},
		{&with_days, "2026-05-04", true},  {&with_days, "2026-12-26", false},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (fnl_is_business_day(cases[i].c, day_of(cases[i].day)) != cases[i].business) {
			fail_msg("%zu: %s", i, cases[i].day);
		}
	}
}

static void the_local_day_begins_at_local_midnight(void **state)
{
	(void)state;
	const struct {
		const struct fnl_calendar *c;
		const char *at, *day;
	} cases[] = {
		{&utc, "1969-12-31T23:59:59", "1969-12-31"},
		{&utc, "1970-01-01T00:00:00", "1970-01-01"},
		{&in_berlin, "2020-06-30T22:59:59", "2020-06-30"}, /* before the first: its offset */
		{&in_berlin, "2020-06-30T23:00:00", "2020-07-01"},
		{&in_berlin, "2026-06-30T21:59:59", "2026-06-30"},
		{&in_berlin, "2026-06-30T22:00:00", "2026-07-01"},
		{&in_berlin, "2040-06-30T22:59:59", "2040-06-30"}, /* after the last: its offset */
		{&in_samoa, "2011-12-30T09:59:59", "2011-12-29"},
		{&in_samoa, "2011-12-30T10:00:00", "2011-12-31"},
		{&in_cairo, "2026-10-29T20:59:59", "2026-10-29"},
		{&in_cairo, "2026-10-29T21:59:59", "2026-10-29"},
		{&in_cairo, "2026-10-29T22:00:00", "2026-10-30"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (fnl_local_day(cases[i].c, ms_of(cases[i].at)) != day_of(cases[i].day)) {
			fail_msg("%zu: %s", i, cases[i].at);
		}
	}
	assert_int_equal(fnl_local_day(&utc, -1), -1);
}

static void a_local_moment_is_its_first_one(void **state)
{
	(void)state;
	const struct {
		const struct fnl_calendar *c;
		const char *day;
		int32_t second;
		const char *at;
	} cases[] = {
		{&utc, "2026-10-24", 0, "2026-10-24T00:00:00"},
		{&utc, "2026-10-24", 86399, "2026-10-24T23:59:59"},
		{&in_berlin, "2020-01-01", 0, "2019-12-31T23:00:00"},
		{&in_berlin, "2026-07-01", 8 * 3600, "2026-07-01T06:00:00"},
		{&in_berlin, "2026-03-29", 2 * 3600 - 1, "2026-03-29T00:59:59"},
		{&in_berlin, "2026-03-29", 2 * 3600, "2026-03-29T01:00:00"},
		{&in_berlin, "2026-03-29", 2 * 3600 + 1800, "2026-03-29T01:00:00"}, /* not shown: jumped over */
		{&in_berlin, "2026-03-29", 3 * 3600, "2026-03-29T01:00:00"},
		{&in_berlin, "2026-10-25", 2 * 3600 + 1800, "2026-10-25T00:30:00"}, /* shown twice */
		{&in_berlin, "2026-10-25", 3 * 3600, "2026-10-25T02:00:00"},
		{&in_samoa, "2011-12-30", 8 * 3600, "2011-12-30T10:00:00"}, /* a day that never was */
		{&in_samoa, "2011-12-31", 0, "2011-12-30T10:00:00"},
		{&in_cairo, "2026-04-24", 0, "2026-04-23T22:00:00"}, /* no midnight: 01:00 */
		{&in_cairo, "2026-10-29", 23 * 3600, "2026-10-29T20:00:00"},
		{&in_cairo, "2026-10-30", 0, "2026-10-29T22:00:00"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t at = fnl_local_moment(cases[i].c, day_of(cases[i].day), cases[i].second);
		if (at != ms_of(cases[i].at)) {
			fail_msg("%zu: %s, not %s", i, text_of(at), cases[i].at);
		}
	}
}

static void business_time_between_two_moments(void **state)
{
	(void)state;
	const struct {
		const struct fnl_calendar *c;
		const char *from, *to;
		int64_t ms;
	} cases[] = {
		{&utc, "2026-10-21T10:00:00", "2026-10-21T10:00:00", 0},
		{&utc, "2026-10-21T10:00:00", "2026-10-21T09:00:00", 0},
		{&utc, "2026-10-21T10:00:00", "2026-10-21T11:30:00", 3 * HOUR / 2},
		{&utc, "2026-10-23T10:00:00", "2026-10-26T11:00:00", DAY + HOUR}, /* Friday to Monday */
		{&utc, "2026-10-24T10:00:00", "2026-10-25T11:00:00", 0},
		{&utc, "2026-10-24T10:00:00", "2026-10-26T01:00:00", HOUR},
		{&utc, "2026-10-23T23:00:00", "2026-10-25T11:00:00", HOUR},
		{&utc, "2026-10-19T00:00:00", "2026-11-02T00:00:00", 10 * DAY},
		{&utc, "1969-12-26T12:00:00", "1970-01-05T12:00:00", 6 * DAY},
		{&with_days, "2026-04-30T12:00:00", "2026-05-04T12:00:00", 2 * DAY},
		{&with_days, "2026-04-30T12:00:00", "2026-05-05T00:00:00", 2 * DAY + DAY / 2},
		{&with_days, "2026-05-01T12:00:00", "2026-05-02T06:00:00", 6 * HOUR},
		{&with_days, "2026-12-24T00:00:00", "2026-12-28T00:00:00", DAY},
		{&in_berlin, "2026-10-23T21:30:00", "2026-10-25T23:30:00", HOUR}, /* local 23:30 Friday to 00:30 Monday */
		/* days of 23 and of 25 hours, where all days work, come below */
		{&in_samoa, "2011-12-29T12:00:00", "2012-01-01T20:00:00", 2 * DAY + 8 * HOUR},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t ms = fnl_business_between(cases[i].c, ms_of(cases[i].from), ms_of(cases[i].to));
		if (ms != cases[i].ms) {
			fail_msg("%zu: %s to %s: %lld, not %lld", i, cases[i].from, cases[i].to, (long long)ms,
			         (long long)cases[i].ms);
		}
	}
}

static void days_of_23_and_25_hours_have_24(void **state)
{
	(void)state;
	struct fnl_calendar c = in_berlin;
	c.week_mask = 0x7f;
	const struct {
		const char *from, *to;
		int64_t ms;
	} cases[] = {
		{"2026-03-28T23:00:00", "2026-03-29T22:00:00", DAY},
		{"2026-10-24T22:00:00", "2026-10-25T23:00:00", DAY},
		{"2026-03-29T00:59:00", "2026-03-29T01:00:00", HOUR + 60000},
		{"2026-10-25T00:00:00", "2026-10-25T01:00:00", HOUR - 1}, /* 02:00:00 to 02:59:59.999, which is shown last */
		{"2026-10-25T00:30:00", "2026-10-25T01:30:00", HOUR / 2 - 1},
		{"2026-10-25T01:00:00", "2026-10-25T01:59:59", 0},
		{"2026-10-25T01:30:00", "2026-10-25T02:00:00", 1},
		{"2026-10-25T01:30:00", "2026-10-25T03:00:00", HOUR + 1},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t ms = fnl_business_between(&c, ms_of(cases[i].from), ms_of(cases[i].to));
		if (ms != cases[i].ms) {
			fail_msg("%zu: %s to %s: %lld, not %lld", i, cases[i].from, cases[i].to, (long long)ms,
			         (long long)cases[i].ms);
		}
	}
}

static void business_time_after_a_moment(void **state)
{
	(void)state;
	struct fnl_calendar daily = in_berlin;
	daily.week_mask = 0x7f;
	const struct {
		const struct fnl_calendar *c;
		const char *from;
		int64_t ms;
		const char *at;
	} cases[] = {
		{&utc, "2026-10-21T10:00:00", 0, "2026-10-21T10:00:00"},
		{&utc, "2026-10-24T10:00:00", 0, "2026-10-26T00:00:00"},
		{&utc, "2026-10-23T10:00:00", DAY, "2026-10-26T10:00:00"},
		{&utc, "2026-10-23T00:00:00", DAY, "2026-10-26T00:00:00"}, /* not Saturday's midnight */
		{&utc, "2026-10-21T10:00:00", 20 * DAY, "2026-11-18T10:00:00"},
		{&utc, "2026-10-24T10:00:00", 5 * DAY, "2026-11-02T00:00:00"},
		{&utc, "1969-12-26T12:00:00", 6 * DAY, "1970-01-05T12:00:00"},
		{&with_days, "2026-04-30T12:00:00", DAY, "2026-05-02T12:00:00"},
		{&with_days, "2026-04-30T12:00:00", 2 * DAY, "2026-05-04T12:00:00"},
		{&with_days, "2026-04-30T12:00:00", 3 * DAY, "2026-05-05T12:00:00"},
		{&with_days, "2026-05-01T12:00:00", 0, "2026-05-02T00:00:00"},
		{&with_days, "2025-12-31T06:00:00", DAY, "2026-01-02T06:00:00"},
		{&with_days, "2025-12-31T00:00:00", DAY, "2026-01-02T00:00:00"},
		{&in_berlin, "2026-03-27T09:00:00", DAY, "2026-03-30T08:00:00"},
		{&in_berlin, "2026-10-23T08:00:00", DAY, "2026-10-26T09:00:00"},
		{&in_berlin, "2026-10-24T12:00:00", 0, "2026-10-25T23:00:00"},
		{&daily, "2026-03-29T00:30:00", HOUR, "2026-03-29T01:00:00"},     /* 02:30, which is jumped over */
		{&daily, "2026-03-29T00:30:00", 2 * HOUR, "2026-03-29T01:30:00"}, /* 03:30 */
		{&daily, "2026-10-25T00:30:00", HOUR, "2026-10-25T02:30:00"},     /* 02:30, shown first, to 03:30 */
		{&daily, "2026-10-25T01:30:00", 0, "2026-10-25T01:30:00"},        /* not back to the first 02:30 */
		{&daily, "2026-10-25T01:30:00", 1, "2026-10-25T02:00:00"},
		{&in_samoa, "2011-12-28T12:00:00", DAY, "2011-12-29T12:00:00"},
		{&in_samoa, "2011-12-29T12:00:00", DAY, "2012-01-01T10:00:00"}, /* Friday never was: Monday, 00:00 */
		{&in_samoa, "2011-12-29T12:00:00", 2 * DAY, "2012-01-01T12:00:00"},
		{&in_cairo, "2026-10-29T20:30:00", 30 * 60000 - 1, "2026-10-29T20:59:59"},
		{&in_cairo, "2026-10-29T20:30:00", 30 * 60000, "2026-10-31T22:00:00"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t at = fnl_business_after(cases[i].c, ms_of(cases[i].from), cases[i].ms);
		if (at / 1000 != ms_of(cases[i].at) / 1000) {
			fail_msg("%zu: %s + %lld: %s, not %s", i, cases[i].from, (long long)cases[i].ms, text_of(at), cases[i].at);
		}
	}
}

static void the_next_hour_of_a_weekday(void **state)
{
	(void)state;
	const struct {
		const struct fnl_calendar *c;
		const char *after;
		int weekday, hour;
		const char *at;
	} cases[] = {
		{&utc, "2026-10-19T07:59:59", 0, 8, "2026-10-19T08:00:00"},
		{&utc, "2026-10-19T08:00:00", 0, 8, "2026-10-26T08:00:00"}, /* strictly after */
		{&utc, "2026-10-20T00:00:00", 0, 8, "2026-10-26T08:00:00"},
		{&utc, "2026-10-19T08:00:00", 6, 23, "2026-10-25T23:00:00"},
		{&utc, "1969-12-28T12:00:00", 0, 0, "1969-12-29T00:00:00"},
		{&in_berlin, "2026-03-23T07:00:00", 0, 8, "2026-03-30T06:00:00"},
		{&in_berlin, "2026-10-19T06:00:00", 0, 8, "2026-10-26T07:00:00"},
		{&in_berlin, "2026-03-28T12:00:00", 6, 2, "2026-03-29T01:00:00"}, /* 02:00 is jumped over */
		{&in_berlin, "2026-03-29T01:00:00", 6, 2, "2026-04-05T00:00:00"},
		{&in_berlin, "2026-10-25T00:00:00", 6, 2, "2026-11-01T01:00:00"}, /* not the same hour again */
		{&in_samoa, "2011-12-23T18:00:00", 4, 8, "2011-12-30T10:00:00"},
		{&in_samoa, "2011-12-30T10:00:00", 4, 8, "2012-01-05T18:00:00"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t at = fnl_next_weekday(cases[i].c, ms_of(cases[i].after), cases[i].weekday, cases[i].hour);
		if (at != ms_of(cases[i].at)) {
			fail_msg("%zu: %s: %s, not %s", i, cases[i].after, text_of(at), cases[i].at);
		}
	}
}

/* ---- the same by going through it minute by minute, for calendars of all sorts ---- */

enum { MINUTE = 60000 };

static int64_t naive_shown(const struct fnl_calendar *c, int64_t at)
{
	int64_t offset = c->offset_count ? c->offsets[0].offset_s : 0;
	for (size_t i = 0; i < c->offset_count && c->offsets[i].from_ms <= at; i++) {
		offset = c->offsets[i].offset_s;
	}
	return at + offset * 1000;
}

static bool naive_works(const struct fnl_calendar *c, int64_t local)
{
	int64_t day = local / DAY;
	bool works = c->week_mask >> (day + 3) % 7 & 1;
	for (size_t i = 0; i < c->holiday_count; i++) {
		works = works && c->holidays[i] != day;
	}
	for (size_t i = 0; i < c->extra_day_count; i++) {
		works = works || c->extra_days[i] == day;
	}
	return works;
}

/* Both are whole minutes; so are offsets. What is shown last before a change is a millisecond less than the change. */
static int64_t naive_between(const struct fnl_calendar *c, int64_t from, int64_t to)
{
	int64_t ms = 0;
	int64_t greatest = INT64_MIN;
	/* what has been shown before */
	for (int64_t at = from - 2 * DAY; at <= from; at += MINUTE) {
		int64_t shown = naive_shown(c, at);
		int64_t last = naive_shown(c, at - 1);
		greatest = last > greatest ? last : greatest;
		greatest = shown > greatest ? shown : greatest;
	}
	for (int64_t at = from + MINUTE; at <= to; at += MINUTE) {
		int64_t shown[2] = {naive_shown(c, at - 1), naive_shown(c, at)};
		for (int i = 0; i < 2; i++) {
			while (greatest < shown[i]) {
				int64_t midnight = (greatest / DAY + 1) * DAY;
				int64_t until = midnight < shown[i] ? midnight : shown[i];
				ms += naive_works(c, greatest) ? until - greatest : 0;
				greatest = until;
			}
		}
	}
	return ms;
}

struct world {
	struct fnl_zone_offset offsets[8];
	int32_t holidays[40], extra_days[40];
	struct fnl_calendar c;
};

/* Around day 20,000: days out of turn near each other, changes by up to a day, at any hour. */
static void any_calendar(struct fnl_gen *g, struct world *w)
{
	static const int32_t steps[] = {3600, 3600, 3600, 1800, 7200, 86400, 82800};
	int64_t at = 20000 * DAY;
	int32_t offset = (int32_t)(fnl_gen_below(g, 48) * 1800) - 43200;

	w->c = (struct fnl_calendar){.week_mask = (uint8_t)(fnl_gen_below(g, 127) + 1),
	                             .offsets = w->offsets,
	                             .holidays = w->holidays,
	                             .extra_days = w->extra_days};
	w->c.week_mask = fnl_gen_one_in(g, 3) ? w->c.week_mask : MONDAY_TO_FRIDAY;
	size_t changes = fnl_gen_below(g, COUNT(w->offsets) + 1);
	for (size_t i = 0; i < changes; i++) {
		w->offsets[w->c.offset_count++] = (struct fnl_zone_offset){at, offset};
		at += (int64_t)(fnl_gen_below(g, 20 * 1440) + 2880) * MINUTE;
		int32_t step = steps[fnl_gen_below(g, COUNT(steps))];
		offset += offset > 0 ? -step : step;
		offset = offset > 50400 ? 50400 : offset < -50400 ? -50400 : offset;
	}
	for (int32_t day = 20000; day < 20100; day++) {
		bool off = w->c.holiday_count < COUNT(w->holidays) && fnl_gen_one_in(g, 9);
		if (off) {
			w->holidays[w->c.holiday_count++] = day;
		} else if (w->c.extra_day_count < COUNT(w->extra_days) && fnl_gen_one_in(g, 15)) {
			w->extra_days[w->c.extra_day_count++] = day;
		}
	}
}

static int64_t any_moment(struct fnl_gen *g, const struct world *w)
{
	/* often near a change */
	if (w->c.offset_count && fnl_gen_one_in(g, 2)) {
		return w->offsets[fnl_gen_below(g, w->c.offset_count)].from_ms +
		       ((int64_t)fnl_gen_below(g, 3000) - 1500) * MINUTE;
	}
	return 20000 * DAY + (int64_t)fnl_gen_below(g, 100 * 1440) * MINUTE;
}

static void between_is_what_the_minutes_say(void **state)
{
	(void)state;
	struct fnl_gen g = fnl_gen_start(20261);
	for (int i = 0; i < 300; i++) {
		struct world w;
		any_calendar(&g, &w);
		int64_t from = any_moment(&g, &w);
		int64_t to = from + (int64_t)fnl_gen_below(&g, 40 * 1440) * MINUTE;
		int64_t ms = fnl_business_between(&w.c, from, to);
		int64_t naive = naive_between(&w.c, from, to);
		if (ms != naive) {
			fail_msg("%d: %s to %s: %lld, not %lld", i, text_of(from), text_of(to), (long long)ms, (long long)naive);
		}
	}
}

/* Whether the clock jumps forward at the moment. */
static bool jumps(const struct fnl_calendar *c, int64_t at)
{
	return naive_shown(c, at) > naive_shown(c, at - 1) + 1;
}

static void after_is_the_first_moment_of_a_business_day_at_which_it_has_passed(void **state)
{
	(void)state;
	struct fnl_gen g = fnl_gen_start(20262);
	size_t exact = 0;
	size_t jumped = 0;
	for (int i = 0; i < 200000; i++) {
		struct world w;
		if (i % 20 == 0) {
			any_calendar(&g, &w);
		}
		int64_t from = any_moment(&g, &w) + (int64_t)fnl_gen_below(&g, 3) - 1;
		int64_t wanted = (int64_t)fnl_gen_below(&g, 30 * 86400) * 1000;
		wanted = fnl_gen_one_in(&g, 3) ? wanted / DAY * DAY : fnl_gen_one_in(&g, 5) ? wanted % 3 : wanted;
		int64_t at = fnl_business_after(&w.c, from, wanted);
		int64_t ms = fnl_business_between(&w.c, from, at);
		int64_t later = at + (int64_t)fnl_gen_below(&g, 20 * 86400) * 1000;
		bool first = at == from || fnl_business_between(&w.c, from, at - 1) < wanted ||
		             !naive_works(&w.c, naive_shown(&w.c, at - 1));
		if (at < from || !naive_works(&w.c, naive_shown(&w.c, at)) || ms < wanted || !first ||
		    fnl_business_between(&w.c, from, later) != ms + fnl_business_between(&w.c, at, later)) {
			fail_msg("%d: %s + %lld: %s, %lld", i, text_of(from), (long long)wanted, text_of(at), (long long)ms);
		}
		exact += ms == wanted;
		jumped += ms != wanted;
		if (ms != wanted && w.c.offset_count == 0) {
			fail_msg("%d: %s + %lld: %lld", i, text_of(from), (long long)wanted, (long long)ms);
		}
		/* it jumps at that moment, or has jumped into a day off */
		if (ms != wanted && !jumps(&w.c, at) && naive_works(&w.c, naive_shown(&w.c, at - 1))) {
			fail_msg("%d: %s + %lld: %lld without a jump", i, text_of(from), (long long)wanted, (long long)ms);
		}
	}
	print_message("%zu exact, %zu jumped over\n", exact, jumped);
	assert_true(exact > 20 * jumped && jumped > 100);
}

static void extreme_times_are_no_harm(void **state)
{
	(void)state;
	const int64_t times[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
	for (size_t i = 0; i < COUNT(times); i++) {
		for (size_t j = 0; j < COUNT(times); j++) {
			assert_true(fnl_business_between(&in_berlin, times[i], times[j]) >= 0);
			int64_t at = fnl_business_after(&in_berlin, times[i], times[j] < 0 ? 0 : times[j]);
			assert_true(fnl_is_business_day(&in_berlin, fnl_local_day(&in_berlin, at)) || at > ms_of("9999-12-31"));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days_of_business),
		cmocka_unit_test(the_local_day_begins_at_local_midnight),
		cmocka_unit_test(a_local_moment_is_its_first_one),
		cmocka_unit_test(business_time_between_two_moments),
		cmocka_unit_test(days_of_23_and_25_hours_have_24),
		cmocka_unit_test(business_time_after_a_moment),
		cmocka_unit_test(the_next_hour_of_a_weekday),
		cmocka_unit_test(between_is_what_the_minutes_say),
		cmocka_unit_test(after_is_the_first_moment_of_a_business_day_at_which_it_has_passed),
		cmocka_unit_test(extreme_times_are_no_harm),
	};
	return cmocka_run_group_tests(tests, start, NULL);
}
