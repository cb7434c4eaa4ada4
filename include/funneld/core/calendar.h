/* Business time of an organisation: its days off and its time zone. Pure: the zone's transitions are part of the rules,
 * so that no machine's tzdata changes a result.
 *
 * A business day is a day of the working week that is no holiday, or an extra working day. Business time runs on
 * business days only, by the local clock: each has 86,400,000 ms, also one of 23 or 25 hours. What the clock jumps over
 * passes at once; while it shows again what it has shown before, none passes. A moment on another day counts as the
 * beginning of the next business day. */
#ifndef FUNNELD_CORE_CALENDAR_H
#define FUNNELD_CORE_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FNL_BUSINESS_DAY_MS INT64_C(86400000)

/* From here on local time = UTC + offset_s. */
struct fnl_zone_offset {
	int64_t from_ms;
	int32_t offset_s; /* -50400 to 50400 */
};

enum { FNL_CALENDAR_DAYS_MAX = 512, FNL_CALENDAR_OFFSETS_MAX = 256 };

struct fnl_calendar {
	uint8_t week_mask;                     /* bit 0: Monday works; at least one bit */
	const struct fnl_zone_offset *offsets; /* by from_ms, growing; before the first one its offset holds; none: UTC */
	size_t offset_count;
	const int32_t *holidays; /* days since 1970-01-01, growing; such as are none of the week's count nothing */
	size_t holiday_count;
	const int32_t *extra_days; /* business days whatever the week says, growing; none is a holiday */
	size_t extra_day_count;
};

/* Local day of a moment, days since 1970-01-01. */
int32_t fnl_local_day(const struct fnl_calendar *c, int64_t at_ms);
/* The first moment at which the local clock shows second_of_day (0 to 86399) of the day, or has jumped over it. */
int64_t fnl_local_moment(const struct fnl_calendar *c, int32_t day, int32_t second_of_day);
bool fnl_is_business_day(const struct fnl_calendar *c, int32_t day);
/* Business time from one moment to a later one; 0 when it is not later. Of a <= b <= c: (a, c) = (a, b) + (b, c). */
int64_t fnl_business_between(const struct fnl_calendar *c, int64_t from_ms, int64_t to_ms);
/* The first moment of a business day at which business_ms (0 or more) of business time since from_ms have passed: never
 * before from_ms. Then fnl_business_between says business_ms, or more where the clock has jumped over it. */
int64_t fnl_business_after(const struct fnl_calendar *c, int64_t from_ms, int64_t business_ms);
/* The next moment strictly after after_ms at which the local clock first shows hour:00 of a weekday (0: Monday), or has
 * jumped over it. */
int64_t fnl_next_weekday(const struct fnl_calendar *c, int64_t after_ms, int weekday, int hour);

#endif
