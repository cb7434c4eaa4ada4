/* Business time the slow way: day after day, moment after moment. */
#include "oracle_internal.h"

#define DAY_MS INT64_C(86400000)

static int64_t day_of(int64_t local_ms)
{
	return local_ms >= 0 ? local_ms / DAY_MS : -((DAY_MS - 1 - local_ms) / DAY_MS);
}

/* What the clock on the wall of the office shows. */
static int64_t local_of(const struct oracle_calendar *c, int64_t at_ms)
{
	int64_t offset_s = c->offsets[0].offset_s;
	for (size_t i = 0; i < ORACLE_OFFSETS_MAX && c->offsets[i].used; i++) {
		offset_s = c->offsets[i].from_ms <= at_ms || i == 0 ? c->offsets[i].offset_s : offset_s;
	}
	return at_ms + offset_s * 1000;
}

int64_t oracle_local_day(const struct oracle_calendar *c, int64_t at_ms)
{
	return day_of(local_of(c, at_ms));
}

/* The same, but it never goes back: what it shows again does not count a second time. */
static int64_t working_of(const struct oracle_calendar *c, int64_t at_ms)
{
	int64_t most = local_of(c, at_ms);
	for (size_t i = 1; i < ORACLE_OFFSETS_MAX && c->offsets[i].used; i++) {
		int64_t shown = c->offsets[i].from_ms - 1 + c->offsets[i - 1].offset_s * INT64_C(1000);
		most = c->offsets[i].from_ms <= at_ms && shown > most ? shown : most;
	}
	return most;
}

static bool is_of(const int32_t *days, int64_t day)
{
	for (size_t i = 0; days[i]; i++) {
		if (days[i] == day) {
			return true;
		}
	}
	return false;
}

static bool works(const struct oracle_calendar *c, int64_t day)
{
	int64_t weekday = ((day + 3) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
	return (c->week[weekday] == '1' && !is_of(c->holidays, day)) || is_of(c->extra_days, day);
}

/* The first moment, not before from_ms, at which that clock shows local_ms or more. */
static int64_t moment_of(const struct oracle_calendar *c, int64_t local_ms, int64_t from_ms)
{
	for (size_t i = 0; i < ORACLE_OFFSETS_MAX; i++) {
		bool last = i + 1 == ORACLE_OFFSETS_MAX || !c->offsets[i + 1].used;
		int64_t start_ms = i ? c->offsets[i].from_ms : INT64_MIN;
		int64_t at_ms = local_ms - c->offsets[i].offset_s * INT64_C(1000);
		at_ms = at_ms < start_ms ? start_ms : at_ms;
		at_ms = at_ms < from_ms ? from_ms : at_ms;
		if (last || at_ms < c->offsets[i + 1].from_ms) {
			return at_ms;
		}
	}
	return from_ms;
}

int64_t oracle_day_end(const struct oracle_calendar *c, int64_t day)
{
	return moment_of(c, (day + 1) * DAY_MS, INT64_MIN);
}

int64_t oracle_business_between(const struct oracle_calendar *c, int64_t from_ms, int64_t to_ms)
{
	int64_t from = working_of(c, from_ms), to = working_of(c, to_ms), sum = 0;
	for (int64_t day = day_of(from); day <= day_of(to) && to_ms > from_ms; day++) {
		int64_t start = day * DAY_MS > from ? day * DAY_MS : from;
		int64_t end = (day + 1) * DAY_MS < to ? (day + 1) * DAY_MS : to;
		sum += works(c, day) && end > start ? end - start : 0;
	}
	return sum;
}

int64_t oracle_business_after(const struct oracle_calendar *c, int64_t from_ms, int64_t business_ms)
{
	int64_t at = working_of(c, from_ms);
	if (business_ms == 0 && works(c, day_of(at))) {
		return from_ms;
	}
	for (int64_t left = business_ms;; at = (day_of(at) + 1) * DAY_MS) {
		if (!works(c, day_of(at))) {
			continue;
		}
		int64_t here = (day_of(at) + 1) * DAY_MS - at;
		if (left < here) {
			return moment_of(c, at + left, from_ms);
		}
		left -= here;
	}
}
