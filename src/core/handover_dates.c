/* The dates of a handover: when somebody must be named, the sign-off be there, the last day is near, the watch ends. */
#include "handover_internal.h"

int64_t fnl_day_end(const struct fnl_calendar *c, int64_t day)
{
	return fnl_local_moment(c, (int32_t)day + 1, 0);
}

int64_t fnl_business_before_end(const struct fnl_calendar *c, int64_t day, int64_t business_days)
{
	enum { DAYS_MAX = 4000 }; /* no calendar has fewer business days than one in forty */
	int64_t first = day + 1;
	for (int64_t at = day; business_days > 0 && at > day - DAYS_MAX && at >= 0; at--) {
		if (fnl_is_business_day(c, (int32_t)at)) {
			business_days--;
			first = at;
		}
	}
	return fnl_local_moment(c, (int32_t)first, 0);
}

int64_t fnl_business_days_after(const struct fnl_handing *h, int64_t from_ms, int64_t business_days)
{
	return fnl_business_after(&h->in->rules->calendar, from_ms, business_days * FNL_BUSINESS_DAY_MS);
}

enum { RISKS = 2 };

/* When it is told for the n-th time that the last day is near. */
static int64_t risk_at(const struct fnl_handing *h, int64_t n)
{
	int64_t days = fnl_handing_rule(h, n == 0 ? FNL_RULES_AT_RISK_FIRST_BD : FNL_RULES_AT_RISK_SECOND_BD);
	return fnl_business_before_end(&h->in->rules->calendar, fnl_handing_i64(h, FNL_HANDOVER_LAST_DAY), days);
}

static void earlier(int64_t *least_ms, const struct fnl_value *at)
{
	if (at->set && at->i64 < *least_ms) {
		*least_ms = at->i64;
	}
}

void fnl_handover_arm(struct fnl_handing *h)
{
	struct fnl_value *deadline = &h->row[FNL_HANDOVER_NEXT_DEADLINE_AT];
	bool works = fnl_handing_i64(h, FNL_HANDOVER_JOB) != FNL_HANDOVER_JOB_NONE;
	int64_t least_ms = INT64_MAX;
	if (works) {
		least_ms = 0; /* at once */
	} else if (fnl_handover_is_live(h->row)) {
		earlier(&least_ms, &h->row[FNL_HANDOVER_REVIEW_DUE_AT]);
		earlier(&least_ms, &h->row[FNL_HANDOVER_NAMING_DUE_AT]);
		if (fnl_handing_i64(h, FNL_HANDOVER_RISKS_TOLD) < RISKS) {
			struct fnl_value at = fnl_value_i64(risk_at(h, fnl_handing_i64(h, FNL_HANDOVER_RISKS_TOLD)));
			earlier(&least_ms, &at);
		}
	} else if (fnl_handing_i64(h, FNL_HANDOVER_STATE) == FNL_HANDOVER_STATE_COMPLETED) {
		earlier(&least_ms, &h->row[FNL_HANDOVER_WATCH_UNTIL]);
	}
	/* A date, such as the last day, may have been over before there was a handover; no firing may arm the row for a
	 * moment before its own, and nothing else for one before now. */
	int64_t from_ms = deadline->set && deadline->i64 < h->in->now_ms ? deadline->i64 : h->in->now_ms;
	least_ms = least_ms < from_ms ? from_ms : least_ms;
	*deadline = least_ms == INT64_MAX ? fnl_value_null() : fnl_value_i64(least_ms);
}

static bool is_due(const struct fnl_handing *h, int field)
{
	return h->row[field].set && h->row[field].i64 <= h->in->now_ms;
}

/* Nobody was named in time: who could be? Of a rep whose organisation is not known nobody can be asked. */
static int ask_who(struct fnl_handing *h)
{
	int64_t told = fnl_handing_i64(h, FNL_HANDOVER_NAMING_LEVEL);
	bool first = told < FNL_ALERT_LEVEL_MANAGER;
	int level = first ? FNL_ALERT_LEVEL_MANAGER : FNL_ALERT_LEVEL_NEXT_LEVEL;
	int64_t again = fnl_handing_rule(h, FNL_RULES_AT_SUCCESSOR_NEXT_LEVEL_BD);
	h->row[FNL_HANDOVER_NAMING_LEVEL] = fnl_value_i64(level);
	h->row[FNL_HANDOVER_NAMING_DUE_AT] =
		first ? fnl_value_i64(fnl_business_days_after(h, h->at_ms, again)) : fnl_value_null();
	if (!fnl_rep_value(h, FNL_REP_ORG_ID).set || h->check_count == FNL_HANDOVER_CHECKS_MAX) {
		return fnl_tell_at_risk(h, FNL_RISK_REASON_NO_SUCCESSOR, level);
	}
	return fnl_naming_ask(h, fnl_value_null(), fnl_value_null(), FNL_NAMED_BY_NOBODY, fnl_value_null());
}

/* Of two dates that have passed, as after an outage, the later one speaks. */
static int last_day_near(struct fnl_handing *h)
{
	int64_t told = fnl_handing_i64(h, FNL_HANDOVER_RISKS_TOLD);
	while (told < RISKS && risk_at(h, told) <= h->in->now_ms) {
		told++;
	}
	bool open = fnl_handing_i64(h, FNL_HANDOVER_OPEN_COUNT) > 0 || fnl_handing_i64(h, FNL_HANDOVER_UNNAMED_COUNT) > 0;
	h->row[FNL_HANDOVER_RISKS_TOLD] = fnl_value_i64(told);
	int level = told < RISKS ? FNL_ALERT_LEVEL_MANAGER : FNL_ALERT_LEVEL_NEXT_LEVEL;
	return open ? fnl_tell_at_risk(h, FNL_RISK_REASON_LAST_DAY_NEAR, level) : FNL_OK;
}

int fnl_handover_date(struct fnl_handing *h)
{
	if (!fnl_handover_is_live(h->row)) {
		if (is_due(h, FNL_HANDOVER_WATCH_UNTIL)) {
			h->row[FNL_HANDOVER_WATCH_UNTIL] = fnl_value_null();
			h->row[FNL_HANDOVER_BASE_REQUEST_ID] = fnl_value_null();
		}
		return FNL_OK;
	}
	if (is_due(h, FNL_HANDOVER_REVIEW_DUE_AT)) {
		h->row[FNL_HANDOVER_REVIEW_DUE_AT] = fnl_value_null();
		return fnl_tell_at_risk(h, FNL_RISK_REASON_NOT_REVIEWED, FNL_ALERT_LEVEL_MANAGER);
	}
	if (is_due(h, FNL_HANDOVER_NAMING_DUE_AT)) {
		return ask_who(h);
	}
	int64_t told = fnl_handing_i64(h, FNL_HANDOVER_RISKS_TOLD);
	return told < RISKS && risk_at(h, told) <= h->in->now_ms ? last_day_near(h) : FNL_OK;
}
