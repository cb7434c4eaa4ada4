/* The calendar of the rules that the oracle knows, day by day. */
#include "oracle_rep_internal.h"

#define MS_PER_HOUR INT64_C(3600000)
#define MS_PER_DAY (24 * MS_PER_HOUR)

int64_t rep_local_day(const struct rep_rules *rules, int64_t at_ms)
{
	int64_t local = at_ms + rules->offset_s * 1000;
	return local / MS_PER_DAY - (local % MS_PER_DAY < 0);
}

int64_t rep_local_midnight(const struct rep_rules *rules, int64_t day)
{
	return day * MS_PER_DAY - rules->offset_s * 1000;
}

/* 1970-01-01 was a Thursday. 0: Monday. */
static int weekday_of(int64_t day)
{
	return (int)((day % 7 + 7 + 3) % 7);
}

int64_t rep_next_sheet(const struct rep_rules *rules, int64_t after_ms)
{
	for (int64_t day = rep_local_day(rules, after_ms);; day++) {
		int64_t at = rep_local_midnight(rules, day) + rules->hour * MS_PER_HOUR;
		if (weekday_of(day) == rules->weekday && at > after_ms) {
			return at;
		}
	}
}

/* Hour by hour would do; but a moment keeps its time of day, and one on a day off counts as the next working day's
 * beginning. */
int64_t rep_business_after(const struct rep_rules *rules, int64_t from_ms, int64_t days)
{
	int64_t day = rep_local_day(rules, from_ms);
	int64_t rest = from_ms - rep_local_midnight(rules, day);
	for (; weekday_of(day) > 4; day++) {
		rest = 0;
	}
	while (days > 0) {
		day++;
		days -= weekday_of(day) <= 4;
	}
	return rep_local_midnight(rules, day) + rest;
}

bool rep_is_business_day(int64_t day)
{
	return weekday_of(day) <= 4;
}

int64_t rep_business_before_end(const struct rep_rules *rules, int64_t day, int64_t days)
{
	int64_t begin = day + 1;
	while (days > 0) {
		begin--;
		days -= rep_is_business_day(begin);
	}
	return rep_local_midnight(rules, begin);
}

bool rep_is_absent(const struct rep_rules *rules, const json_t *rep, int64_t at_ms)
{
	int64_t day = rep_local_day(rules, at_ms);
	bool from = oracle_has(rep, "absent_from"), until = oracle_has(rep, "absent_until");
	if (from && oracle_number(rep, "absent_from") > day) {
		return false;
	}
	return (from || until) && (!until || oracle_number(rep, "absent_until") >= day);
}
