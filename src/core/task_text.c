/* What a task asks for, by the article: who speaks, how, and what must be said. */
#include "handover_internal.h"

struct article {
	int channel;
	int speakers[FNL_TASK_SPEAKERS_MAX];
	int must_say[2];
	int layer; /* whose rules count */
};

/* The nearer to the order, the more of the leaver's own voice. */
static const struct article articles[FNL_TASK_LAYER_COUNT] = {
	[FNL_TASK_LAYER_UNDECIDED] = {FNL_CHANNEL_OTHER, {FNL_SPEAKER_MANAGER, 0}, {0, 0}, FNL_LAYER_NONE},
	[FNL_TASK_LAYER_BOTTOM] = {FNL_CHANNEL_VISIT,
                               {FNL_SPEAKER_LEAVER, FNL_SPEAKER_SUCCESSOR},
                               {FNL_MUST_SAY_NEW_REP_IN_CHARGE, 0},
                               FNL_LAYER_BOTTOM},
	[FNL_TASK_LAYER_MIDDLE] = {FNL_CHANNEL_PHONE,
                               {FNL_SPEAKER_LEAVER, FNL_SPEAKER_SUCCESSOR},
                               {FNL_MUST_SAY_INTRODUCE_SUCCESSOR, FNL_MUST_SAY_AGREE_NEXT_MEETING},
                               FNL_LAYER_MIDDLE},
	[FNL_TASK_LAYER_TOP] = {FNL_CHANNEL_PHONE,
                            {FNL_SPEAKER_SUCCESSOR, 0},
                            {FNL_MUST_SAY_TELL_OF_CHANGE, FNL_MUST_SAY_SCHEDULE_TALK},
                            FNL_LAYER_TOP},
};

bool fnl_leaver_is_away(const struct fnl_handing *h, int64_t day)
{
	const struct fnl_value *left = &h->row[FNL_HANDOVER_LEFT_ON];
	const struct fnl_value *until = &h->row[FNL_HANDOVER_AVAILABLE_UNTIL];
	int64_t last = until->set ? until->i64 : fnl_handing_i64(h, FNL_HANDOVER_LAST_DAY);
	return (left->set && left->i64 <= day) || last < day;
}

/* A visit is as good as a talk, and to see each other as good as to hear. */
bool fnl_channel_fits(int64_t channel, int asked)
{
	switch (asked) {
	case FNL_CHANNEL_VISIT:
		return channel == FNL_CHANNEL_VISIT;
	case FNL_CHANNEL_PHONE:
		return channel == FNL_CHANNEL_PHONE || channel == FNL_CHANNEL_VIDEO || channel == FNL_CHANNEL_VISIT;
	default:
		return true;
	}
}

static bool same_before(struct fnl_list ids, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (fnl_span_eq(ids.items[i].str, ids.items[at].str)) {
			return true;
		}
	}
	return false;
}

/* Up to two of them: nobody asks for more. */
static int64_t contacts_of(struct fnl_list ids)
{
	int64_t count = 0;
	for (size_t i = 0; i < ids.count && count < 2; i++) {
		count += !same_before(ids, i);
	}
	return count;
}

struct fnl_task_text fnl_task_text(const struct fnl_handing *h, const struct fnl_value *task, struct fnl_value heir_id,
                                   int64_t day)
{
	const struct article *a = &articles[task[FNL_TASK_LAYER].i64];
	struct fnl_task_text t = {.channel = a->channel};
	bool away = fnl_leaver_is_away(h, day);
	for (size_t i = 0; i < FNL_TASK_SPEAKERS_MAX && a->speakers[i] != FNL_SPEAKER_NOBODY; i++) {
		int speaker = a->speakers[i] == FNL_SPEAKER_LEAVER && away ? FNL_SPEAKER_MANAGER : a->speakers[i];
		struct fnl_value id = speaker == FNL_SPEAKER_LEAVER      ? fnl_leaver_id(h)
		                      : speaker == FNL_SPEAKER_SUCCESSOR ? heir_id
		                                                         : fnl_rep_value(h, FNL_REP_MANAGER_ID);
		t.speakers[t.speaker_count] = speaker;
		t.speaker_ids[t.speaker_count++] = id;
	}
	for (size_t i = 0; i < 2 && a->must_say[i] != FNL_MUST_SAY_NOTHING; i++) {
		t.must_say[t.must_say_count++] = a->must_say[i];
	}
	if (a->layer != FNL_LAYER_NONE) {
		t.next_meeting_bd = fnl_rules_by_layer(h->in->rules, FNL_RULE_NEXT_MEETING, a->layer, FNL_SPAN_NONE);
	}
	t.contacts_min = contacts_of(task[FNL_TASK_CONTACT_IDS].list);
	t.single_contact = t.contacts_min <= 1;
	return t;
}

static struct fnl_value numbers(struct fnl_handing *h, const int *from, size_t count)
{
	struct fnl_value *items = fnl_arena_alloc(h->in->arena, (count + 1) * sizeof(*items));
	for (size_t i = 0; items && i < count; i++) {
		items[i] = fnl_value_i64(from[i]);
	}
	return items ? fnl_value_list(items, count) : fnl_value_null();
}

/* The ids that are known. */
static struct fnl_value speaker_ids(struct fnl_handing *h, const struct fnl_task_text *t)
{
	struct fnl_value *items = fnl_arena_alloc(h->in->arena, (t->speaker_count + 1) * sizeof(*items));
	size_t count = 0;
	for (size_t i = 0; items && i < t->speaker_count; i++) {
		if (t->speaker_ids[i].set) {
			items[count++] = t->speaker_ids[i];
		}
	}
	return items ? fnl_value_list(items, count) : fnl_value_null();
}

int fnl_tell_task_opened(struct fnl_handing *h, const struct fnl_value *task)
{
	struct fnl_task_text t =
		fnl_task_text(h, task, task[FNL_TASK_SUCCESSOR_ID], fnl_local_day(&h->in->rules->calendar, h->at_ms));
	struct fnl_value *v = fnl_task_event(h, &fnl_desc_handover_task_opened, task);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_HANDOVER_TASK_OPENED_LAYER] = task[FNL_TASK_LAYER];
	v[FNL_HANDOVER_TASK_OPENED_SUCCESSOR_ID] = task[FNL_TASK_SUCCESSOR_ID];
	v[FNL_HANDOVER_TASK_OPENED_CHANNEL] = fnl_value_i64(t.channel);
	v[FNL_HANDOVER_TASK_OPENED_SPEAKERS] = numbers(h, t.speakers, t.speaker_count);
	v[FNL_HANDOVER_TASK_OPENED_SPEAKER_REP_IDS] = speaker_ids(h, &t);
	v[FNL_HANDOVER_TASK_OPENED_MUST_SAY] = numbers(h, t.must_say, t.must_say_count);
	v[FNL_HANDOVER_TASK_OPENED_CONTACT_IDS] = task[FNL_TASK_CONTACT_IDS];
	v[FNL_HANDOVER_TASK_OPENED_CONTACTS_MIN] = fnl_value_i64(t.contacts_min);
	v[FNL_HANDOVER_TASK_OPENED_SINGLE_CONTACT] = fnl_value_i64(t.single_contact);
	v[FNL_HANDOVER_TASK_OPENED_RELEASED] = fnl_value_i64(task[FNL_TASK_STATE].i64 == FNL_TASK_STATE_OPEN);
	v[FNL_HANDOVER_TASK_OPENED_DUE_AT] = task[FNL_TASK_DUE_AT];
	v[FNL_HANDOVER_TASK_OPENED_AMOUNT] = task[FNL_TASK_AMOUNT];
	v[FNL_HANDOVER_TASK_OPENED_NEXT_MEETING_BD] = fnl_value_i64(t.next_meeting_bd);
	bool whole = v[FNL_HANDOVER_TASK_OPENED_SPEAKERS].set && v[FNL_HANDOVER_TASK_OPENED_SPEAKER_REP_IDS].set &&
	             v[FNL_HANDOVER_TASK_OPENED_MUST_SAY].set;
	return fnl_handing_tell(h, &fnl_desc_handover_task_opened, whole ? v : NULL);
}
