/* What a handover tells of itself. */
#include "handover_internal.h"

/* The same fields in one order, so that they are filled in at one place. */
enum { OCCURRED_AT, LEAVING_REP_ID, ORG_ID, MANAGER_ID, NOTICE_ID, TASK_ID, PROSPECT_ID };
#define HAS_HEAD(event) \
	_Static_assert((int)event##_OCCURRED_AT == OCCURRED_AT && (int)event##_LEAVING_REP_ID == LEAVING_REP_ID && \
	                   (int)event##_ORG_ID == ORG_ID && (int)event##_MANAGER_ID == MANAGER_ID && \
	                   (int)event##_NOTICE_ID == NOTICE_ID, \
	               #event " begins as all do")
#define HAS_TASK(event) \
	HAS_HEAD(event); \
	_Static_assert((int)event##_TASK_ID == TASK_ID && (int)event##_PROSPECT_ID == PROSPECT_ID, #event " has a task")
HAS_HEAD(FNL_HANDOVER_OPENED);
HAS_HEAD(FNL_HANDOVER_COMPLETED);
HAS_HEAD(FNL_HANDOVER_CANCELLED);
HAS_HEAD(FNL_HANDOVER_AT_RISK);
HAS_HEAD(FNL_SUCCESSOR_PROPOSED);
HAS_HEAD(FNL_SUCCESSOR_REFUSED);
HAS_HEAD(FNL_RECONCILIATION_FINDING);
HAS_HEAD(FNL_RECONCILIATION_CLOSED);
HAS_HEAD(FNL_DEFECTION_REVIEW);
HAS_TASK(FNL_HANDOVER_TASK_OPENED);
HAS_TASK(FNL_HANDOVER_TASK_RELEASED);
HAS_TASK(FNL_HANDOVER_TASK_SUPERSEDED);
HAS_TASK(FNL_HANDOVER_TASK_OVERDUE);
HAS_TASK(FNL_HANDOVER_TASK_CLOSED);

struct fnl_value fnl_rep_value(const struct fnl_handing *h, int field)
{
	return h->in->rep ? h->in->rep[field] : fnl_value_null();
}

struct fnl_value fnl_leaver_id(const struct fnl_handing *h)
{
	return fnl_value_str(fnl_book_rep_id(h->row[FNL_HANDOVER_BOOK].str));
}

struct fnl_value *fnl_handover_event(struct fnl_handing *h, const struct fnl_record_desc *desc)
{
	struct fnl_value *v = fnl_arena_calloc(h->in->arena, desc->field_count, sizeof(*v));
	if (v) {
		v[OCCURRED_AT] = fnl_value_i64(h->at_ms);
		v[LEAVING_REP_ID] = fnl_leaver_id(h);
		v[ORG_ID] = fnl_rep_value(h, FNL_REP_ORG_ID);
		v[MANAGER_ID] = fnl_rep_value(h, FNL_REP_MANAGER_ID);
		v[NOTICE_ID] = h->row[FNL_HANDOVER_NOTICE_ID];
	}
	return v;
}

struct fnl_value *fnl_task_event(struct fnl_handing *h, const struct fnl_record_desc *desc,
                                 const struct fnl_value *task)
{
	struct fnl_span id = fnl_task_id(task[FNL_TASK_PROSPECT_ID].str, task[FNL_TASK_NUMBER].i64, h->in->arena);
	struct fnl_value *v = fnl_span_is_none(id) ? NULL : fnl_handover_event(h, desc);
	if (v) {
		v[TASK_ID] = fnl_value_str(id);
		v[PROSPECT_ID] = task[FNL_TASK_PROSPECT_ID];
	}
	return v;
}

int fnl_handing_tell(struct fnl_handing *h, const struct fnl_record_desc *desc, struct fnl_value *values)
{
	if (!values) {
		return FNL_E_NOMEM;
	}
	if (h->event_count == h->events_max) {
		return fnl_fail(h->why, FNL_E_INTERNAL, "a handover tells more than %zu events at once", h->events_max);
	}
	h->events[h->event_count++] = (struct fnl_event_out){desc, values};
	return FNL_OK;
}

/* Whoever was named with the notice: he is being checked, or was accepted. */
static struct fnl_value named_with_notice(const struct fnl_handing *h)
{
	for (size_t i = 0; i < h->check_count; i++) {
		if (h->checks[i][FNL_SUCCESSOR_CHECK_BY].i64 == FNL_NAMED_BY_NOTICE) {
			return h->checks[i][FNL_SUCCESSOR_CHECK_SUCCESSOR_ID];
		}
	}
	return h->row[FNL_HANDOVER_SUCCESSOR_ID];
}

int fnl_tell_opened(struct fnl_handing *h)
{
	const struct fnl_value *row = h->row;
	struct fnl_value *v = fnl_handover_event(h, &fnl_desc_handover_opened);
	struct fnl_value *closed = fnl_handover_event(h, &fnl_desc_reconciliation_closed);
	if (!v || !closed) {
		return FNL_E_NOMEM;
	}
	v[FNL_HANDOVER_OPENED_NOTICE_AT] = row[FNL_HANDOVER_NOTICE_AT];
	v[FNL_HANDOVER_OPENED_LAST_DAY] = row[FNL_HANDOVER_LAST_DAY];
	v[FNL_HANDOVER_OPENED_AVAILABLE_UNTIL] = row[FNL_HANDOVER_AVAILABLE_UNTIL];
	v[FNL_HANDOVER_OPENED_PROSPECT_COUNT] = row[FNL_HANDOVER_PROSPECT_COUNT];
	v[FNL_HANDOVER_OPENED_TOTALS] = row[FNL_HANDOVER_TOTALS];
	v[FNL_HANDOVER_OPENED_SUCCESSOR_ID] = named_with_notice(h);
	v[FNL_HANDOVER_OPENED_REVIEW_DUE_AT] = row[FNL_HANDOVER_REVIEW_DUE_AT];
	closed[FNL_RECONCILIATION_CLOSED_SHEET_ID] = row[FNL_HANDOVER_SHEET_ID];
	closed[FNL_RECONCILIATION_CLOSED_LINE_COUNT] = row[FNL_HANDOVER_LINE_COUNT];
	closed[FNL_RECONCILIATION_CLOSED_FINDING_COUNT] = row[FNL_HANDOVER_FINDING_COUNT];
	int r = fnl_handing_tell(h, &fnl_desc_handover_opened, v);
	return r ? r : fnl_handing_tell(h, &fnl_desc_reconciliation_closed, closed);
}

int fnl_tell_completed(struct fnl_handing *h)
{
	struct fnl_value *v = fnl_handover_event(h, &fnl_desc_handover_completed);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_HANDOVER_COMPLETED_PROSPECT_COUNT] = h->row[FNL_HANDOVER_PROSPECT_COUNT];
	v[FNL_HANDOVER_COMPLETED_DONE_COUNT] = h->row[FNL_HANDOVER_DONE_COUNT];
	v[FNL_HANDOVER_COMPLETED_WAIVED_COUNT] = h->row[FNL_HANDOVER_WAIVED_COUNT];
	v[FNL_HANDOVER_COMPLETED_SUPERSEDED_COUNT] = h->row[FNL_HANDOVER_SUPERSEDED_COUNT];
	v[FNL_HANDOVER_COMPLETED_WATCH_UNTIL] = h->row[FNL_HANDOVER_WATCH_UNTIL];
	return fnl_handing_tell(h, &fnl_desc_handover_completed, v);
}

int fnl_tell_cancelled(struct fnl_handing *h, int reason, struct fnl_value replaced_by)
{
	int64_t done = fnl_handing_i64(h, FNL_HANDOVER_DONE_COUNT) + fnl_handing_i64(h, FNL_HANDOVER_WAIVED_COUNT);
	struct fnl_value *v = fnl_handover_event(h, &fnl_desc_handover_cancelled);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_HANDOVER_CANCELLED_REASON] = fnl_value_i64(reason);
	v[FNL_HANDOVER_CANCELLED_REPLACED_BY] = replaced_by;
	v[FNL_HANDOVER_CANCELLED_DONE_COUNT] = fnl_value_i64(done);
	v[FNL_HANDOVER_CANCELLED_CANCELLED_COUNT] = h->row[FNL_HANDOVER_CANCELLED_COUNT];
	h->row[FNL_HANDOVER_CANCELLED_AT] = fnl_value_i64(h->at_ms);
	return fnl_handing_tell(h, &fnl_desc_handover_cancelled, v);
}

int fnl_tell_at_risk(struct fnl_handing *h, int reason, int level)
{
	int64_t open = fnl_handing_i64(h, FNL_HANDOVER_OPEN_COUNT) + fnl_handing_i64(h, FNL_HANDOVER_UNNAMED_COUNT);
	struct fnl_value *v = fnl_handover_event(h, &fnl_desc_handover_at_risk);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_HANDOVER_AT_RISK_REASON] = fnl_value_i64(reason);
	v[FNL_HANDOVER_AT_RISK_OPEN_COUNT] = fnl_value_i64(open);
	v[FNL_HANDOVER_AT_RISK_UNNAMED_COUNT] = h->row[FNL_HANDOVER_UNNAMED_COUNT];
	v[FNL_HANDOVER_AT_RISK_LAST_DAY] = h->row[FNL_HANDOVER_LAST_DAY];
	v[FNL_HANDOVER_AT_RISK_LEVEL] = fnl_value_i64(level);
	v[FNL_HANDOVER_AT_RISK_RECIPIENT_ID] = fnl_rep_value(h, FNL_REP_MANAGER_ID);
	return fnl_handing_tell(h, &fnl_desc_handover_at_risk, v);
}

int fnl_tell_findings(struct fnl_handing *h, struct fnl_span prospect_id, const struct fnl_finding *findings,
                      size_t count)
{
	int r = FNL_OK;
	for (size_t i = 0; i < count && r == FNL_OK; i++) {
		struct fnl_value *v = fnl_handover_event(h, &fnl_desc_reconciliation_finding);
		if (!v) {
			return FNL_E_NOMEM;
		}
		v[FNL_RECONCILIATION_FINDING_PROSPECT_ID] = fnl_value_str(prospect_id);
		v[FNL_RECONCILIATION_FINDING_AFTER_NOTICE] = fnl_value_i64(findings[i].after_notice);
		v[FNL_RECONCILIATION_FINDING_SINCE_SHEET] = fnl_value_i64(findings[i].since_sheet);
		v[FNL_RECONCILIATION_FINDING_SHEET_ID] = h->row[FNL_HANDOVER_SHEET_ID];
		v[FNL_RECONCILIATION_FINDING_CHANGE] = fnl_value_list(findings[i].change, FNL_ADVERSE_CHANGE_FIELD_COUNT);
		r = fnl_handing_tell(h, &fnl_desc_reconciliation_finding, v);
	}
	return r;
}

struct fnl_span fnl_question_id(struct fnl_handing *h)
{
	struct fnl_writer w = fnl_writer_of(h->in->arena);
	fnl_handing_add(h, FNL_HANDOVER_CHECK_COUNT, 1);
	fnl_write_raw(&w, h->row[FNL_HANDOVER_NOTICE_ID].str);
	fnl_write_u8(&w, '|');
	fnl_write_decimal(&w, fnl_handing_i64(h, FNL_HANDOVER_CHECK_COUNT));
	return fnl_writer_span(&w);
}
