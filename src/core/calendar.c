/* Business time is read off a clock of its own: P(L), the business time that the local clock's reading L stands for,
 * grows with L. A moment is turned into the greatest reading shown so far, so that an hour which is shown twice counts
 * once; what is not shown at all (the hour in spring) passes at once. */
#include "funneld/core/calendar.h"

enum { WEEK = 7, MAX_OFFSET_MS = 50400 * 1000 };

/* Times beyond it, 2,900,000 years away, are not told apart. */
static const int64_t TIME_MAX_MS = (INT64_C(1) << 30) * FNL_BUSINESS_DAY_MS;

static int64_t bounded(int64_t ms)
{
	return ms > TIME_MAX_MS ? TIME_MAX_MS : ms < -TIME_MAX_MS ? -TIME_MAX_MS : ms;
}

static int64_t day_of(int64_t local_ms)
{
	int64_t day = local_ms / FNL_BUSINESS_DAY_MS;
	return local_ms % FNL_BUSINESS_DAY_MS < 0 ? day - 1 : day;
}

/* 0: Monday */
static unsigned weekday_of(int64_t day)
{
	return (unsigned)(((day + 3) % WEEK + WEEK) % WEEK);
}

/* ---- the zone ---- */

/* How many of them begin at or before the moment. */
static size_t offsets_until(const struct fnl_calendar *c, int64_t at_ms)
{
	size_t low = 0;
	size_t high = c->offset_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (c->offsets[middle].from_ms <= at_ms) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* What holds after `until` of them have begun. */
static int64_t offset_ms(const struct fnl_calendar *c, size_t until)
{
	if (c->offset_count == 0) {
		return 0;
	}
	return (int64_t)c->offsets[until ? until - 1 : 0].offset_s * 1000;
}

static int64_t shown_at(const struct fnl_calendar *c, int64_t at_ms)
{
	return at_ms + offset_ms(c, offsets_until(c, at_ms));
}

/* The greatest reading of the local clock so far: later than the present one after it has been set back. */
static int64_t shown_so_far(const struct fnl_calendar *c, int64_t at_ms)
{
	size_t until = offsets_until(c, at_ms);
	int64_t greatest = at_ms + offset_ms(c, until);
	for (; until > 0 && c->offsets[until - 1].from_ms > at_ms - INT64_C(2) * MAX_OFFSET_MS; until--) {
		int64_t last = c->offsets[until - 1].from_ms - 1 + offset_ms(c, until - 1);
		greatest = last > greatest ? last : greatest;
	}
	return greatest;
}

/* The first moment from from_ms on at which the local clock shows local_ms or later. */
static int64_t first_shown(const struct fnl_calendar *c, int64_t from_ms, int64_t local_ms)
{
	/* no clock shows it sooner: what lies between needs no look */
	if (from_ms < local_ms - MAX_OFFSET_MS) {
		from_ms = local_ms - MAX_OFFSET_MS;
	}
	for (size_t until = offsets_until(c, from_ms);; until++) {
		int64_t at = local_ms - offset_ms(c, until);
		at = at > from_ms ? at : from_ms;
		if (until >= c->offset_count || at < c->offsets[until].from_ms) {
			return at;
		}
		from_ms = c->offsets[until].from_ms;
	}
}

/* ---- the days ---- */

static bool works(const struct fnl_calendar *c, int64_t day)
{
	return c->week_mask >> weekday_of(day) & 1;
}

/* How many of the days are before the one. */
static size_t days_before(const int32_t *days, size_t count, int64_t day)
{
	size_t low = 0;
	size_t high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (days[middle] < day) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static bool is_one_of(const int32_t *days, size_t count, int64_t day)
{
	size_t at = days_before(days, count, day);
	return at < count && days[at] == day;
}

static bool is_business_day(const struct fnl_calendar *c, int64_t day)
{
	return works(c, day) ? !is_one_of(c->holidays, c->holiday_count, day)
	                     : is_one_of(c->extra_days, c->extra_day_count, day);
}

static int64_t bits_of(unsigned bits)
{
	int64_t count = 0;
	for (; bits; bits &= bits - 1) {
		count++;
	}
	return count;
}

static int64_t days_a_week(const struct fnl_calendar *c)
{
	return bits_of(c->week_mask);
}

/* Days of the working week in [from, to), holidays or not. */
static int64_t week_days_between(const struct fnl_calendar *c, int64_t from, int64_t to)
{
	unsigned rest = (unsigned)((to - from) % WEEK);
	unsigned twice = c->week_mask | (unsigned)c->week_mask << WEEK; /* the week from any day on */
	unsigned of_rest = twice >> weekday_of(from) & ((1u << rest) - 1);
	return (to - from) / WEEK * days_a_week(c) + bits_of(of_rest);
}

static int64_t business_days_between(const struct fnl_calendar *c, int64_t from, int64_t to)
{
	int64_t days = week_days_between(c, from, to);
	size_t at = days_before(c->holidays, c->holiday_count, from);
	for (; at < c->holiday_count && c->holidays[at] < to; at++) {
		days -= works(c, c->holidays[at]);
	}
	at = days_before(c->extra_days, c->extra_day_count, from);
	for (; at < c->extra_day_count && c->extra_days[at] < to; at++) {
		days += !works(c, c->extra_days[at]);
	}
	return days;
}

/* The day of the working week that n of them lie before, counted from `from` on. */
static int64_t nth_week_day(const struct fnl_calendar *c, int64_t from, int64_t n)
{
	int64_t a_week = days_a_week(c);
	if (a_week == 0) {
		return from; /* never: a calendar has at least one day a week */
	}
	int64_t day = from + n / a_week * WEEK;
	for (int64_t left = n % a_week; !works(c, day) || left > 0; day++) {
		left -= works(c, day);
	}
	return day;
}

/* The business day that n of them lie before, counted from `from` on: from one day out of turn to the next. */
static int64_t nth_business_day(const struct fnl_calendar *c, int64_t from, int64_t n)
{
	size_t holiday = days_before(c->holidays, c->holiday_count, from);
	size_t extra = days_before(c->extra_days, c->extra_day_count, from);

	while (holiday < c->holiday_count || extra < c->extra_day_count) {
		bool off =
			extra >= c->extra_day_count || (holiday < c->holiday_count && c->holidays[holiday] < c->extra_days[extra]);
		int64_t day = off ? c->holidays[holiday] : c->extra_days[extra];
		int64_t until = week_days_between(c, from, day);
		if (n < until) {
			break;
		}
		n -= until;
		if (!off && n == 0) {
			return day;
		}
		n -= !off;
		from = day + 1;
		holiday += off;
		extra += !off;
	}
	return nth_week_day(c, from, n);
}

/* ---- what the header says ---- */

int32_t fnl_local_day(const struct fnl_calendar *c, int64_t at_ms)
{
	return (int32_t)day_of(shown_at(c, bounded(at_ms)));
}

int64_t fnl_local_moment(const struct fnl_calendar *c, int32_t day, int32_t second_of_day)
{
	return first_shown(c, INT64_MIN, day * FNL_BUSINESS_DAY_MS + second_of_day * INT64_C(1000));
}

bool fnl_is_business_day(const struct fnl_calendar *c, int32_t day)
{
	return is_business_day(c, day);
}

int64_t fnl_business_between(const struct fnl_calendar *c, int64_t from_ms, int64_t to_ms)
{
	if (to_ms <= from_ms) {
		return 0;
	}
	int64_t from = shown_so_far(c, bounded(from_ms));
	int64_t to = shown_so_far(c, bounded(to_ms));
	int64_t first = day_of(from);
	int64_t last = day_of(to);
	int64_t ms = business_days_between(c, first, last) * FNL_BUSINESS_DAY_MS;
	ms += is_business_day(c, last) ? to - last * FNL_BUSINESS_DAY_MS : 0;
	ms -= is_business_day(c, first) ? from - first * FNL_BUSINESS_DAY_MS : 0;
	return ms;
}

int64_t fnl_business_after(const struct fnl_calendar *c, int64_t from_ms, int64_t business_ms)
{
	int64_t at = bounded(from_ms);
	int64_t shown = shown_so_far(c, at);
	int64_t day = day_of(shown);
	int64_t ms = bounded(business_ms) + (is_business_day(c, day) ? shown - day * FNL_BUSINESS_DAY_MS : 0);

	day = nth_business_day(c, day, ms / FNL_BUSINESS_DAY_MS);
	int64_t wanted = day * FNL_BUSINESS_DAY_MS + ms % FNL_BUSINESS_DAY_MS;
	at = shown >= wanted ? at : first_shown(c, at, wanted);
	/* the clock may have jumped over the whole day */
	for (day = day_of(shown_at(c, at)); !is_business_day(c, day); day = day_of(shown_at(c, at))) {
		at = first_shown(c, at, nth_business_day(c, day, 0) * FNL_BUSINESS_DAY_MS);
	}
	return at;
}

int64_t fnl_next_weekday(const struct fnl_calendar *c, int64_t after_ms, int weekday, int hour)
{
	int64_t day = fnl_local_day(c, after_ms);
	day += ((unsigned)weekday + WEEK - weekday_of(day)) % WEEK;
	for (;; day += WEEK) {
		int64_t at = fnl_local_moment(c, (int32_t)day, hour * 3600);
		if (at > after_ms) {
			return at;
		}
	}
}
