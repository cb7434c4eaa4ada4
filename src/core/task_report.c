/* Whether a report of a task says all that is asked for. */
#include "handover_internal.h"

bool fnl_ids_have(struct fnl_list ids, struct fnl_span id)
{
	for (size_t i = 0; i < ids.count; i++) {
		if (fnl_span_eq(ids.items[i].str, id)) {
			return true;
		}
	}
	return false;
}

/* Everybody who must speak; one who is not known is not asked for. */
static bool all_spoke(const struct fnl_task_text *t, struct fnl_list spoke)
{
	for (size_t i = 0; i < t->speaker_count; i++) {
		if (t->speaker_ids[i].set && !fnl_ids_have(spoke, t->speaker_ids[i].str)) {
			return false;
		}
	}
	return true;
}

/* Who had to speak on the day it was done, or has to now: a report may come when the leaver is gone. */
static bool speakers_fit(const struct fnl_handing *h, const struct fnl_value *task, const struct fnl_value *report)
{
	const struct fnl_calendar *c = &h->in->rules->calendar;
	struct fnl_list spoke = report[FNL_HANDOVER_TASK_DONE_SPOKE_REP_IDS].list;
	int64_t days[] = {fnl_local_day(c, report[FNL_HANDOVER_TASK_DONE_DONE_AT].i64), fnl_local_day(c, h->at_ms)};
	for (size_t i = 0; i < 2; i++) {
		struct fnl_task_text t = fnl_task_text(h, task, task[FNL_TASK_SUCCESSOR_ID], days[i]);
		if (all_spoke(&t, spoke)) {
			return true;
		}
	}
	return false;
}

static int meeting_of(const struct fnl_handing *h, const struct fnl_task_text *t, const struct fnl_value *report)
{
	const struct fnl_calendar *c = &h->in->rules->calendar;
	const struct fnl_value *on = &report[FNL_HANDOVER_TASK_DONE_NEXT_MEETING_ON];
	int64_t done_ms = report[FNL_HANDOVER_TASK_DONE_DONE_AT].i64;
	if (t->next_meeting_bd == 0) {
		return FNL_TASK_REFUSAL_UNKNOWN;
	}
	if (!on->set) {
		return FNL_TASK_REFUSAL_NO_NEXT_MEETING;
	}
	int64_t last = fnl_local_day(c, fnl_business_days_after(h, done_ms, t->next_meeting_bd));
	bool fits = on->i64 >= fnl_local_day(c, done_ms) && on->i64 <= last;
	return fits ? FNL_TASK_REFUSAL_UNKNOWN : FNL_TASK_REFUSAL_NEXT_MEETING_TOO_LATE;
}

static bool enough_informed(const struct fnl_task_text *t, const struct fnl_value *task, const struct fnl_value *report)
{
	struct fnl_list contacts = task[FNL_TASK_CONTACT_IDS].list;
	struct fnl_list informed = report[FNL_HANDOVER_TASK_DONE_INFORMED_PERSON_IDS].list;
	int64_t count = 0;
	for (size_t i = 0; i < contacts.count; i++) {
		struct fnl_list before = {contacts.items, i};
		count += !fnl_ids_have(before, contacts.items[i].str) && fnl_ids_have(informed, contacts.items[i].str);
	}
	return count >= t->contacts_min;
}

static bool is_too_early(struct fnl_handing *h, const struct fnl_value *task, int64_t done_ms)
{
	const struct fnl_heir *heir = fnl_heir_of(h, task[FNL_TASK_SUCCESSOR_ID].str);
	bool top = task[FNL_TASK_LAYER].i64 == FNL_TASK_LAYER_TOP;
	return done_ms < task[FNL_TASK_OPENED_AT].i64 ||
	       (top && heir && heir->released_at.set && done_ms < heir->released_at.i64);
}

int fnl_report_check(struct fnl_handing *h, const struct fnl_value *task, const struct fnl_value *report)
{
	struct fnl_task_text t =
		fnl_task_text(h, task, task[FNL_TASK_SUCCESSOR_ID], fnl_local_day(&h->in->rules->calendar, h->at_ms));
	if (is_too_early(h, task, report[FNL_HANDOVER_TASK_DONE_DONE_AT].i64)) {
		return FNL_TASK_REFUSAL_TOO_EARLY;
	}
	if (!fnl_channel_fits(report[FNL_HANDOVER_TASK_DONE_CHANNEL].i64, t.channel)) {
		return FNL_TASK_REFUSAL_WRONG_CHANNEL;
	}
	if (!speakers_fit(h, task, report)) {
		return FNL_TASK_REFUSAL_WRONG_SPEAKER;
	}
	int meeting = meeting_of(h, &t, report);
	if (meeting != FNL_TASK_REFUSAL_UNKNOWN) {
		return meeting;
	}
	return enough_informed(&t, task, report) ? FNL_TASK_REFUSAL_UNKNOWN : FNL_TASK_REFUSAL_TOO_FEW_INFORMED;
}
