/* What is told of a handover: bodies, and the names that their ids come from. */
#include <inttypes.h>
#include <stdio.h>

#include "oracle_rep_handover.h"

json_t *rep_handover_body(struct rep_handover *h, const char *record)
{
	json_t *body = oracle_new_record(h->s->fold->o, record);
	oracle_set(body, "occurred_at", json_integer(h->at));
	oracle_set(body, "leaving_rep_id", json_string(h->book + 4));
	oracle_take(body, "org_id", h->rep, "org_id");
	oracle_take(body, "manager_id", h->rep, "manager_id");
	oracle_take(body, "notice_id", h->row, "notice_id");
	return body;
}

static bool is_one_of(const char *record, const char *const *records)
{
	while (*records && strcmp(record, *records) != 0) {
		records++;
	}
	return *records;
}

void rep_handover_tell(struct rep_handover *h, const char *record, json_t *body, const char *what)
{
	static const char *const restricted[] = {"ReconciliationFinding", "ReconciliationClosed", "DefectionReview", NULL};
	static const char *const asked[] = {"SuccessorAsked", "BaseRateAsked", "HandoverOutcome", NULL};
	char subject[3 * REP_KEY_BYTES], key[REP_KEY_BYTES];
	const char *notice = oracle_text(body, "notice_id");
	snprintf(subject, sizeof(subject), "%s|%s|%s", h->book, notice, what);
	if (is_one_of(record, restricted)) {
		snprintf(key, sizeof(key), "%s|%s", h->book + 4, notice);
		rep_tell_keyed(h->s, record, body, h->cause, h->correlation, subject, key);
	} else if (is_one_of(record, asked)) {
		struct rep_expected *x = rep_tell_internal(h->s, record, body);
		snprintf(x->cause, sizeof(x->cause), "%s", h->cause);
		snprintf(x->correlation, sizeof(x->correlation), "%s", h->correlation);
	} else {
		rep_tell(h->s, record, body, h->cause, h->correlation, subject);
	}
	if (strcmp(record, "HandoverCompleted") == 0) {
		const struct rep_leaving l = {.book = h->book,
		                              .notice_id = notice,
		                              .at_ms = oracle_number(body, "occurred_at"),
		                              .cause = h->cause,
		                              .correlation = h->correlation};
		rep_quota_moves_begin(h->s, &l);
	}
}

/* ---- tasks ---- */

const char *rep_task_id(const json_t *task)
{
	static _Thread_local char ids[4][REP_KEY_BYTES];
	static _Thread_local size_t at;
	at = (at + 1) % 4;
	snprintf(ids[at], sizeof(ids[at]), "%s#%" PRId64, oracle_text(task, "prospect_id"), oracle_number(task, "number"));
	return ids[at];
}

bool rep_is_away(const struct rep_handover *h, int64_t at_ms)
{
	int64_t today = rep_local_day(h->s->p->rules, at_ms);
	const char *until = oracle_has(h->row, "available_until") ? "available_until" : "last_day";
	bool left = oracle_has(h->row, "left_on") && oracle_number(h->row, "left_on") <= today;
	return left || oracle_number(h->row, until) < today;
}

static void speak(const struct rep_handover *h, const json_t *task, const char *role, json_t *roles, json_t *ids)
{
	json_array_append_new(roles, json_string(role));
	if (strcmp(role, "LEAVER") == 0) {
		json_array_append_new(ids, json_string(h->book + 4));
	} else if (strcmp(role, "SUCCESSOR") == 0) {
		json_array_append(ids, json_object_get(task, "successor_id"));
	} else if (oracle_has(h->rep, "manager_id")) {
		json_array_append(ids, json_object_get(h->rep, "manager_id"));
	}
}

void rep_task_speakers(const struct rep_handover *h, const json_t *task, int64_t at_ms, json_t **ret_roles,
                       json_t **ret_ids)
{
	*ret_roles = json_array();
	*ret_ids = json_array();
	if (oracle_is(task, "layer", "UNDECIDED")) {
		speak(h, task, "MANAGER", *ret_roles, *ret_ids);
		return;
	}
	if (!oracle_is(task, "layer", "TOP")) {
		speak(h, task, rep_is_away(h, at_ms) ? "MANAGER" : "LEAVER", *ret_roles, *ret_ids);
	}
	speak(h, task, "SUCCESSOR", *ret_roles, *ret_ids);
}

const char *rep_task_channel(const json_t *task)
{
	return oracle_is(task, "layer", "UNDECIDED") ? "OTHER" : oracle_is(task, "layer", "BOTTOM") ? "VISIT" : "PHONE";
}

static json_t *must_say(const json_t *task)
{
	static const char *const said[][3] = {{"BOTTOM", "NEW_REP_IN_CHARGE", NULL},
	                                      {"MIDDLE", "INTRODUCE_SUCCESSOR", "AGREE_NEXT_MEETING"},
	                                      {"TOP", "TELL_OF_CHANGE", "SCHEDULE_TALK"}};
	json_t *list = json_array(); /* of an UNDECIDED one nothing: the manager decides */
	for (size_t i = 0; i < 3; i++) {
		for (size_t k = 1; k < 3 && oracle_is(task, "layer", said[i][0]) && said[i][k]; k++) {
			json_array_append_new(list, json_string(said[i][k]));
		}
	}
	return list;
}

int64_t rep_task_meeting_bd(const struct rep_handover *h, const json_t *task)
{
	const int64_t *bd = h->s->p->rules->meeting_bd;
	return oracle_is(task, "layer", "TOP") ? bd[0] : oracle_is(task, "layer", "MIDDLE") ? bd[1] : 0;
}

int64_t rep_contacts_min(const json_t *task)
{
	const json_t *ids = json_object_get(task, "contact_ids");
	int64_t count = 0;
	for (size_t i = 0; i < json_array_size(ids); i++) {
		bool new = true;
		for (size_t k = 0; k < i; k++) {
			new = new && !json_equal(json_array_get(ids, i), json_array_get(ids, k));
		}
		count += new;
	}
	return count < 2 ? count : 2;
}

void rep_tell_opened(struct rep_handover *h, const json_t *task)
{
	static const char *const same[] = {"prospect_id", "layer", "successor_id", "contact_ids", "due_at", "amount"};
	json_t *body = rep_handover_body(h, "HandoverTaskOpened"), *roles, *ids;
	char what[2 * REP_KEY_BYTES];
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(body, same[i], task, same[i]);
	}
	rep_task_speakers(h, task, h->at, &roles, &ids);
	oracle_set(body, "task_id", json_string(rep_task_id(task)));
	oracle_set(body, "channel", json_string(rep_task_channel(task)));
	oracle_set(body, "speakers", roles);
	oracle_set(body, "speaker_rep_ids", ids);
	oracle_set(body, "must_say", must_say(task));
	oracle_set(body, "contacts_min", json_integer(rep_contacts_min(task)));
	oracle_set(body, "single_contact", json_boolean(rep_contacts_min(task) <= 1));
	oracle_set(body, "released", json_boolean(!oracle_is(task, "state", "WAITING")));
	oracle_set(body, "next_meeting_bd", json_integer(rep_task_meeting_bd(h, task)));
	snprintf(what, sizeof(what), "task-opened|%s|%s", rep_task_id(task), oracle_text(task, "successor_id"));
	rep_handover_tell(h, "HandoverTaskOpened", body, what);
	h->s->fold->stats.tasks_opened++;
}

void rep_tell_risk(struct rep_handover *h, const char *reason, const char *level)
{
	json_t *body = rep_handover_body(h, "HandoverAtRisk");
	char what[REP_KEY_BYTES];
	oracle_set(body, "reason", json_string(reason));
	oracle_set(body, "open_count",
	           json_integer(oracle_number(h->row, "open_count") + oracle_number(h->row, "unnamed_count")));
	oracle_take(body, "unnamed_count", h->row, "unnamed_count");
	oracle_take(body, "last_day", h->row, "last_day");
	oracle_set(body, "level", json_string(level));
	oracle_take(body, "recipient_id", h->rep, "manager_id");
	snprintf(what, sizeof(what), "at-risk|%s|%s|%" PRId64 "|%" PRId64, reason, level, oracle_number(h->row, "last_day"),
	         h->at);
	rep_handover_tell(h, "HandoverAtRisk", body, what);
	h->s->fold->stats.at_risk++;
}
