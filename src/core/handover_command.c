/* What people say of a handover: reports of tasks, names, the sign-off. */
#include "handover_internal.h"

_Static_assert(FNL_HANDOVER_TASK_DONE_TASK_ID == (int)FNL_HANDOVER_TASK_WAIVED_TASK_ID &&
                   FNL_HANDOVER_TASK_DONE_NOTICE_ID == (int)FNL_SUCCESSOR_NAMED_NOTICE_ID &&
                   FNL_HANDOVER_TASK_DONE_NOTICE_ID == (int)FNL_RECONCILIATION_REVIEWED_NOTICE_ID &&
                   FNL_HANDOVER_TASK_DONE_LEAVING_REP_ID == (int)FNL_RECONCILIATION_REVIEWED_LEAVING_REP_ID &&
                   FNL_HANDOVER_TASK_DONE_COMMAND_ID == (int)FNL_SUCCESSOR_NAMED_COMMAND_ID &&
                   FNL_HANDOVER_TASK_DONE_ISSUED_BY == (int)FNL_RECONCILIATION_REVIEWED_ISSUED_BY,
               "commands about a handover begin alike");
enum {
	OCCURRED_AT = FNL_HANDOVER_TASK_DONE_OCCURRED_AT,
	COMMAND_ID = FNL_HANDOVER_TASK_DONE_COMMAND_ID,
	ISSUED_BY = FNL_HANDOVER_TASK_DONE_ISSUED_BY,
	LEAVING_REP_ID = FNL_HANDOVER_TASK_DONE_LEAVING_REP_ID,
	NOTICE_ID = FNL_HANDOVER_TASK_DONE_NOTICE_ID,
	TASK_ID = FNL_HANDOVER_TASK_DONE_TASK_ID
};

/* A command on its way. known: there is a handover of this notice, and h is open. */
struct order {
	struct fnl_handing h;
	const struct fnl_record_desc *desc;
	const struct fnl_value *v;
	bool known;
	struct fnl_handover_out out;
};

struct fnl_span fnl_handover_prospect_of(const struct fnl_record_desc *desc, const struct fnl_value *values)
{
	struct fnl_span prospect_id = FNL_SPAN_NONE;
	int64_t number;
	if (desc == &fnl_desc_handover_task_done || desc == &fnl_desc_handover_task_waived) {
		return values[TASK_ID].set && fnl_task_id_read(values[TASK_ID].str, &prospect_id, &number) ? prospect_id
		                                                                                           : FNL_SPAN_NONE;
	}
	if (desc == &fnl_desc_successor_named && values[FNL_SUCCESSOR_NAMED_PROSPECT_ID].set) {
		return values[FNL_SUCCESSOR_NAMED_PROSPECT_ID].str;
	}
	if (desc == &fnl_desc_successor_candidates && values[FNL_SUCCESSOR_CANDIDATES_PROSPECT_ID].set) {
		return values[FNL_SUCCESSOR_CANDIDATES_PROSPECT_ID].str;
	}
	return FNL_SPAN_NONE;
}

static bool is_of_notice(const struct order *o, const struct fnl_value *notice_id)
{
	return fnl_span_eq(notice_id->str, o->v[NOTICE_ID].str);
}

/* ---- refusals ---- */

static int reject(struct order *o, int reason)
{
	struct fnl_handing *h = &o->h;
	struct fnl_value *v = fnl_arena_calloc(h->in->arena, FNL_COMMAND_REJECTED_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_COMMAND_REJECTED_OCCURRED_AT] = fnl_value_i64(h->at_ms);
	v[FNL_COMMAND_REJECTED_COMMAND] = fnl_value_str(fnl_span_str(o->desc->name));
	v[FNL_COMMAND_REJECTED_COMMAND_ID] = o->v[COMMAND_ID];
	v[FNL_COMMAND_REJECTED_ORG_ID] = fnl_rep_value(h, FNL_REP_ORG_ID);
	v[FNL_COMMAND_REJECTED_REP_ID] = o->v[LEAVING_REP_ID];
	v[FNL_COMMAND_REJECTED_MANAGER_ID] = fnl_rep_value(h, FNL_REP_MANAGER_ID);
	v[FNL_COMMAND_REJECTED_ISSUED_BY] = o->v[ISSUED_BY];
	v[FNL_COMMAND_REJECTED_REASON] = fnl_value_i64(reason);
	return fnl_handing_tell(h, &fnl_desc_command_rejected, v);
}

static int refuse(struct order *o, int reason)
{
	struct fnl_handing *h = &o->h;
	struct fnl_span prospect_id = FNL_SPAN_NONE;
	int64_t number;
	struct fnl_value *v = fnl_arena_calloc(h->in->arena, FNL_HANDOVER_TASK_REFUSED_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	if (reason != FNL_TASK_REFUSAL_UNKNOWN_TASK) {
		(void)fnl_task_id_read(o->v[TASK_ID].str, &prospect_id, &number);
	}
	v[FNL_HANDOVER_TASK_REFUSED_OCCURRED_AT] = fnl_value_i64(h->at_ms);
	v[FNL_HANDOVER_TASK_REFUSED_LEAVING_REP_ID] = o->v[LEAVING_REP_ID];
	v[FNL_HANDOVER_TASK_REFUSED_ORG_ID] = fnl_rep_value(h, FNL_REP_ORG_ID);
	v[FNL_HANDOVER_TASK_REFUSED_MANAGER_ID] = fnl_rep_value(h, FNL_REP_MANAGER_ID);
	v[FNL_HANDOVER_TASK_REFUSED_NOTICE_ID] = o->v[NOTICE_ID];
	v[FNL_HANDOVER_TASK_REFUSED_TASK_ID] = o->v[TASK_ID];
	v[FNL_HANDOVER_TASK_REFUSED_PROSPECT_ID] = fnl_value_str_or_null(prospect_id);
	v[FNL_HANDOVER_TASK_REFUSED_COMMAND_ID] = o->v[COMMAND_ID];
	v[FNL_HANDOVER_TASK_REFUSED_ISSUED_BY] = o->v[ISSUED_BY];
	v[FNL_HANDOVER_TASK_REFUSED_REASON] = fnl_value_i64(reason);
	return fnl_handing_tell(h, &fnl_desc_handover_task_refused, v);
}

/* ---- reports ---- */

/* The task that a report is about; NULL: there is no such. */
static const struct fnl_value *reported_task(const struct order *o)
{
	const struct fnl_value *task = o->h.in->task;
	struct fnl_span prospect_id;
	int64_t number;
	bool fits = o->known && task && is_of_notice(o, &task[FNL_TASK_NOTICE_ID]) &&
	            fnl_task_id_read(o->v[TASK_ID].str, &prospect_id, &number) &&
	            fnl_span_eq(prospect_id, task[FNL_TASK_PROSPECT_ID].str) && number == task[FNL_TASK_NUMBER].i64;
	return fits ? task : NULL;
}

static int tell_closed(struct fnl_handing *h, const struct fnl_value *task, int outcome, const struct fnl_value *report)
{
	struct fnl_value *v = fnl_task_event(h, &fnl_desc_handover_task_closed, task);
	struct fnl_list contacts = task[FNL_TASK_CONTACT_IDS].list;
	struct fnl_value *left = fnl_arena_alloc(h->in->arena, (contacts.count + 1) * sizeof(*left));
	size_t count = 0;
	if (!v || !left) {
		return FNL_E_NOMEM;
	}
	bool done = outcome == FNL_TASK_OUTCOME_DONE;
	for (size_t i = 0; i < contacts.count; i++) {
		if (!done || !fnl_ids_have(report[FNL_HANDOVER_TASK_DONE_INFORMED_PERSON_IDS].list, contacts.items[i].str)) {
			left[count++] = contacts.items[i];
		}
	}
	v[FNL_HANDOVER_TASK_CLOSED_OUTCOME] = fnl_value_i64(outcome);
	v[FNL_HANDOVER_TASK_CLOSED_NOT_INFORMED_IDS] = fnl_value_list(left, count);
	if (done) {
		v[FNL_HANDOVER_TASK_CLOSED_DONE_AT] = report[FNL_HANDOVER_TASK_DONE_DONE_AT];
		v[FNL_HANDOVER_TASK_CLOSED_BY] = report[FNL_HANDOVER_TASK_DONE_BY];
		v[FNL_HANDOVER_TASK_CLOSED_NEXT_MEETING_ON] = report[FNL_HANDOVER_TASK_DONE_NEXT_MEETING_ON];
	} else if (report) {
		v[FNL_HANDOVER_TASK_CLOSED_BY] = report[FNL_HANDOVER_TASK_WAIVED_BY];
	}
	return fnl_handing_tell(h, &fnl_desc_handover_task_closed, v);
}

int fnl_task_cancel(struct fnl_handing *h, struct fnl_value *task)
{
	int r = fnl_task_was_told(task) ? tell_closed(h, task, FNL_TASK_OUTCOME_CANCELLED, NULL) : FNL_OK;
	return r ? r : fnl_task_close(h, task, FNL_TASK_ON_CANCELLED, FNL_TASK_STATE_CANCELLED);
}

/* Closed by a report: told, and the source is asked to move the prospect. */
static int accept(struct order *o, const struct fnl_value *known, enum fnl_task_event event, int state, int outcome)
{
	struct fnl_handing *h = &o->h;
	struct fnl_value *task = fnl_values_copy(h->in->arena, known, FNL_TASK_FIELD_COUNT);
	if (!task) {
		return FNL_E_NOMEM;
	}
	task[FNL_TASK_REPORT_ID] = o->v[COMMAND_ID];
	o->out.task_change = FNL_ROW_PUT;
	o->out.task = task;
	int r = tell_closed(h, task, outcome, o->v);
	r = r ? r : fnl_task_close(h, task, event, state);
	r = r ? r : fnl_task_reassign(h, task, h->in->line);
	return r == FNL_OK && h->in->line ? fnl_watch_line(h, task, h->in->line) : r;
}

/* A command that comes again changes nothing; refusals are told again. */
static int report_done(struct order *o)
{
	struct fnl_handing *h = &o->h;
	const struct fnl_value *task = reported_task(o);
	const struct fnl_value *report_id = task ? &task[FNL_TASK_REPORT_ID] : NULL;
	if (!task) {
		return refuse(o, FNL_TASK_REFUSAL_UNKNOWN_TASK);
	}
	if (report_id->set && fnl_span_eq(report_id->str, o->v[COMMAND_ID].str)) {
		return FNL_OK;
	}
	int state = fnl_task_state(h, task);
	if (fnl_task_rule(state, FNL_TASK_ON_DONE).outcome != FNL_OUTCOME_TAKE) {
		return refuse(o, fnl_task_is_undone(state) ? FNL_TASK_REFUSAL_NOT_RELEASED : FNL_TASK_REFUSAL_TASK_CLOSED);
	}
	int reason = fnl_report_check(h, task, o->v);
	return reason != FNL_TASK_REFUSAL_UNKNOWN
	           ? refuse(o, reason)
	           : accept(o, task, FNL_TASK_ON_DONE, FNL_TASK_STATE_DONE, FNL_TASK_OUTCOME_DONE);
}

static int report_waived(struct order *o)
{
	struct fnl_handing *h = &o->h;
	const struct fnl_value *task = reported_task(o);
	struct fnl_value manager_id = fnl_rep_value(h, FNL_REP_MANAGER_ID);
	const struct fnl_value *report_id = task ? &task[FNL_TASK_REPORT_ID] : NULL;
	if (!task) {
		return refuse(o, FNL_TASK_REFUSAL_UNKNOWN_TASK);
	}
	if (report_id->set && fnl_span_eq(report_id->str, o->v[COMMAND_ID].str)) {
		return FNL_OK;
	}
	if (fnl_task_rule(fnl_task_state(h, task), FNL_TASK_ON_WAIVED).outcome != FNL_OUTCOME_TAKE) {
		return refuse(o, FNL_TASK_REFUSAL_TASK_CLOSED);
	}
	if (manager_id.set && !fnl_span_eq(manager_id.str, o->v[FNL_HANDOVER_TASK_WAIVED_BY].str)) {
		return refuse(o, FNL_TASK_REFUSAL_NOT_THE_MANAGER);
	}
	return accept(o, task, FNL_TASK_ON_WAIVED, FNL_TASK_STATE_WAIVED, FNL_TASK_OUTCOME_WAIVED);
}

/* ---- names ---- */

enum { JOBS_BUSY = FNL_HANDOVER_JOBS_MAX / 4 }; /* more wait only when somebody names without end */

static bool is_asked_already(const struct order *o)
{
	for (size_t i = 0; i < o->h.check_count; i++) {
		const struct fnl_value *command_id = &o->h.checks[i][FNL_SUCCESSOR_CHECK_COMMAND_ID];
		if (command_id->set && fnl_span_eq(command_id->str, o->v[COMMAND_ID].str)) {
			return true;
		}
	}
	return false;
}

/* He has what he is named for. */
static bool is_successor_already(struct order *o, const struct fnl_value *task)
{
	const struct fnl_value *id = &o->v[FNL_SUCCESSOR_NAMED_SUCCESSOR_ID];
	const struct fnl_heir *heir = fnl_heir_of(&o->h, id->str);
	const struct fnl_value *has = task ? &task[FNL_TASK_NAMED_ID] : &o->h.row[FNL_HANDOVER_SUCCESSOR_ID];
	return heir && !heir->leaving && has->set && fnl_span_eq(has->str, id->str);
}

static int name_successor(struct order *o)
{
	struct fnl_handing *h = &o->h;
	const struct fnl_value *prospect_id = &o->v[FNL_SUCCESSOR_NAMED_PROSPECT_ID];
	const struct fnl_value *task = prospect_id->set ? h->in->task : NULL;
	bool known_task = task && is_of_notice(o, &task[FNL_TASK_NOTICE_ID]);
	if (prospect_id->set && !known_task) {
		return reject(o, FNL_REJECT_REASON_UNKNOWN_PROSPECT);
	}
	if (prospect_id->set && !fnl_task_is_undone(fnl_task_state(h, task))) {
		return reject(o, FNL_REJECT_REASON_TASK_IS_CLOSED);
	}
	if (is_asked_already(o) || is_successor_already(o, task)) {
		return FNL_OK;
	}
	bool is_heir = fnl_heir_of(h, o->v[FNL_SUCCESSOR_NAMED_SUCCESSOR_ID].str) != NULL;
	bool heirs_full = !is_heir && h->heir_count + h->check_count >= FNL_HANDOVER_SUCCESSORS_MAX;
	if (h->check_count == FNL_HANDOVER_CHECKS_MAX || heirs_full || h->job_count >= JOBS_BUSY) {
		return reject(o, FNL_REJECT_REASON_TOO_MANY);
	}
	return fnl_naming_ask(h, o->v[FNL_SUCCESSOR_NAMED_SUCCESSOR_ID], *prospect_id, FNL_NAMED_BY_COMMAND,
	                      o->v[COMMAND_ID]);
}

/* ---- the sign-off ---- */

static int review(struct order *o)
{
	struct fnl_handing *h = &o->h;
	bool accepted = o->v[FNL_RECONCILIATION_REVIEWED_ACCEPTED].i64 != 0;
	if (fnl_handing_i64(h, FNL_HANDOVER_REVIEW) == FNL_REVIEW_STATE_ACCEPTED) {
		return accepted ? FNL_OK : reject(o, FNL_REJECT_REASON_HANDOVER_IS_CLOSED);
	}
	h->row[FNL_HANDOVER_REVIEW] = fnl_value_i64(accepted ? FNL_REVIEW_STATE_ACCEPTED : FNL_REVIEW_STATE_REFUSED);
	if (accepted) {
		h->row[FNL_HANDOVER_REVIEW_DUE_AT] = fnl_value_null();
	}
	return FNL_OK;
}

/* ---- all of them ---- */

static enum fnl_handover_event event_of(const struct fnl_record_desc *desc)
{
	if (desc == &fnl_desc_successor_named) {
		return FNL_HANDOVER_ON_NAMED;
	}
	return desc == &fnl_desc_reconciliation_reviewed ? FNL_HANDOVER_ON_REVIEWED : FNL_HANDOVER_ON_REPORTED;
}

/* Why not, of names and sign-offs; reports say it of their tasks. */
static int rejection(const struct order *o)
{
	if (!o->known || !o->h.row) {
		return FNL_REJECT_REASON_UNKNOWN_NOTICE;
	}
	bool listing = o->h.row[FNL_HANDOVER_STATE].i64 == FNL_HANDOVER_STATE_RECONCILING;
	return listing ? FNL_REJECT_REASON_NOT_LISTED_YET : FNL_REJECT_REASON_HANDOVER_IS_CLOSED;
}

static int obey(struct order *o)
{
	enum fnl_handover_event event = o->h.event;
	int state = o->known && o->h.row ? (int)o->h.row[FNL_HANDOVER_STATE].i64 : (int)FNL_HANDOVER_STATE_NO_ROW;
	bool taken = fnl_handover_rule(state, event).outcome == FNL_OUTCOME_TAKE;
	if (event == FNL_HANDOVER_ON_REPORTED) {
		return o->desc == &fnl_desc_handover_task_done ? report_done(o) : report_waived(o);
	}
	if (event == FNL_HANDOVER_ON_REVIEWED && o->known && state == FNL_HANDOVER_STATE_COMPLETED) {
		return review(o); /* the same again, or too late */
	}
	if (!taken || !o->known) {
		return reject(o, rejection(o));
	}
	return event == FNL_HANDOVER_ON_NAMED ? name_successor(o) : review(o);
}

int fnl_handover_command(const struct fnl_handover_in *in, const struct fnl_record_desc *desc,
                         const struct fnl_value *values, struct fnl_handover_out *ret, struct fnl_error *why)
{
	struct order o = {.desc = desc, .v = values};
	int r = fnl_input_check(desc, values, why);
	r = r ? r : fnl_handing_open(&o.h, in, event_of(desc), values[OCCURRED_AT].i64, FNL_HANDOVER_EVENTS_MAX, why);
	if (r != FNL_OK) {
		return r;
	}
	o.known = o.h.row && is_of_notice(&o, &o.h.row[FNL_HANDOVER_NOTICE_ID]);
	r = obey(&o);
	if (r == FNL_OK && o.known) {
		r = fnl_handing_close(&o.h);
	}
	if (r != FNL_OK) {
		return r;
	}
	if (o.known) {
		fnl_handing_outcome(&o.h, &o.out);
	} else {
		o.out.events = o.h.events;
		o.out.event_count = o.h.event_count;
	}
	*ret = o.out;
	return FNL_OK;
}
