/* A prospect changes while its book is handed over: its task goes with it. */
#include "handover_internal.h"

#define MS_PER_DAY INT64_C(86400000)

/* A line on its way. */
struct moving {
	struct fnl_handing h;
	const struct fnl_value *event;
	const struct fnl_value *line;  /* NULL: it is gone */
	const struct fnl_value *known; /* its task before, NULL: none */
	struct fnl_value *task;        /* a copy of it; or the next one */
	bool goes;                     /* the row of the task goes */
};

enum { NO_REASON = -1 };

/* Why the prospect needs no task any more. */
static int reason_of(const struct moving *m)
{
	int64_t state = m->event[FNL_BOOK_LINE_STATE].i64;
	if (state == FNL_LINE_STATE_ERASED) {
		return FNL_SUPERSEDE_REASON_ERASED;
	}
	if (state == FNL_LINE_STATE_GONE) {
		return FNL_SUPERSEDE_REASON_DELETED;
	}
	switch (m->event[FNL_BOOK_LINE_LAYER].i64) {
	case FNL_LAYER_WON:
	case FNL_LAYER_LOST:
		return FNL_SUPERSEDE_REASON_CLOSED;
	case FNL_LAYER_DELETED:
		return FNL_SUPERSEDE_REASON_DELETED;
	case FNL_LAYER_MERGED:
		return FNL_SUPERSEDE_REASON_MERGED;
	case FNL_LAYER_ERASED:
		return FNL_SUPERSEDE_REASON_ERASED;
	default:
		return NO_REASON;
	}
}

/* ---- findings ---- */

/* Who takes it over, by what is known: that he has it by now is none. */
static struct fnl_span heir_of(const struct fnl_handing *h, const struct fnl_value *task)
{
	struct fnl_value id = task && task[FNL_TASK_SUCCESSOR_ID].set ? task[FNL_TASK_SUCCESSOR_ID] : fnl_value_null();
	id = !id.set && task ? fnl_heir_meant(h, task) : id;
	id = id.set ? id : h->row[FNL_HANDOVER_SUCCESSOR_ID];
	for (size_t i = 0; !id.set && i < h->check_count; i++) {
		if (!h->checks[i][FNL_SUCCESSOR_CHECK_PROSPECT_ID].set) {
			id = h->checks[i][FNL_SUCCESSOR_CHECK_SUCCESSOR_ID];
		}
	}
	return id.set ? id.str : FNL_SPAN_NONE;
}

struct fnl_reconcile_in fnl_reconcile_in_of(const struct fnl_handing *h, const struct fnl_value *line,
                                            const struct fnl_value *task)
{
	int64_t notice_ms = fnl_handing_i64(h, FNL_HANDOVER_NOTICE_AT);
	const struct fnl_value *sheet_at = &h->row[FNL_HANDOVER_SHEET_AT];
	return (struct fnl_reconcile_in){.leaver_id = fnl_leaver_id(h).str,
	                                 .successor_id = heir_of(h, task),
	                                 .notice_at_ms = notice_ms,
	                                 .from_ms =
	                                     notice_ms - fnl_handing_rule(h, FNL_RULES_AT_LOOKBACK_DAYS) * MS_PER_DAY,
	                                 .sheet_number = fnl_handing_i64(h, FNL_HANDOVER_SHEET_NUMBER),
	                                 .sheet_at_ms = sheet_at->set ? sheet_at->i64 : 0,
	                                 .line = line,
	                                 .arena = h->in->arena};
}

static int find_changes(struct moving *m)
{
	struct fnl_finding findings[FNL_RECONCILE_MAX];
	size_t count = 0;
	struct fnl_handing *h = &m->h;
	if (!m->line) {
		return FNL_OK;
	}
	struct fnl_reconcile_in in = fnl_reconcile_in_of(h, m->line, m->known);
	int r = fnl_reconcile_change(&in, h->in->line_before, findings, &count);
	return r ? r : fnl_tell_findings(h, m->line[FNL_LINE_PROSPECT_ID].str, findings, count);
}

/* ---- its task ---- */

/* The next one, or the first one; told at once when its successor is there. */
static int next_task(struct moving *m, const struct fnl_value *before)
{
	m->task = fnl_task_new(&m->h, m->line, before);
	struct fnl_heir *heir = m->task ? fnl_heir_ready(&m->h, m->task) : NULL;
	if (!m->task) {
		return FNL_E_NOMEM;
	}
	return heir ? fnl_task_name(&m->h, m->task, heir) : FNL_OK;
}

static int first_task(struct moving *m)
{
	int r = fnl_handover_count(&m->h, fnl_task_layer(m->line));
	return r ? r : next_task(m, NULL);
}

/* It is undone: is it still the right one? */
static int follow(struct moving *m)
{
	struct fnl_value *task = m->task;
	int reason = reason_of(m);
	if (reason != NO_REASON || !m->line) {
		return fnl_task_supersede(&m->h, task, reason == NO_REASON ? FNL_SUPERSEDE_REASON_DELETED : reason, 0);
	}
	bool known = fnl_task_layer_is_known(m->line[FNL_LINE_LAYER].i64);
	if (known && task[FNL_TASK_LAYER].i64 != fnl_task_layer(m->line)) {
		int r = fnl_task_supersede(&m->h, task, FNL_SUPERSEDE_REASON_LAYER_CHANGED, task[FNL_TASK_NUMBER].i64 + 1);
		return r ? r : next_task(m, task);
	}
	task[FNL_TASK_CONTACT_IDS] = m->line[FNL_LINE_CONTACT_IDS];
	task[FNL_TASK_AMOUNT] = m->line[FNL_LINE_AMOUNT];
	return FNL_OK;
}

static int task_of_line(struct moving *m)
{
	int state = fnl_task_state(&m->h, m->known);
	if (fnl_task_is_undone(state)) {
		return follow(m);
	}
	bool needed = m->line && fnl_task_is_needed(m->h.row, m->line) &&
	              fnl_task_rule(state, FNL_TASK_ON_NEEDED).outcome == FNL_OUTCOME_TAKE;
	if (!needed) {
		return FNL_OK;
	}
	return m->known ? next_task(m, m->known) : first_task(m);
}

/* It was handed over: does the source follow, and what becomes of it? */
static int watch_line(struct moving *m)
{
	struct fnl_value *task = m->task;
	const struct fnl_value *to = &task[FNL_TASK_SUCCESSOR_ID];
	const struct fnl_value *owner = &m->line[FNL_LINE_OWNER_REP_ID];
	bool asked = task[FNL_TASK_REASSIGN].i64 == FNL_REASSIGN_STATE_REQUESTED ||
	             task[FNL_TASK_REASSIGN].i64 == FNL_REASSIGN_STATE_OVERDUE;
	if (asked && to->set && owner->set && fnl_span_eq(owner->str, to->str)) {
		task[FNL_TASK_REASSIGN] = fnl_value_i64(FNL_REASSIGN_STATE_DONE);
		task[FNL_TASK_REASSIGN_DUE_AT] = fnl_value_null();
		fnl_task_arm(&m->h, task);
	}
	return fnl_watch_line(&m->h, task, m->line);
}

/* Erased by right: nothing of it stays, whatever the handover is at. */
static int forget(struct moving *m)
{
	int64_t state = m->known ? m->known[FNL_TASK_STATE].i64 : (int64_t)FNL_TASK_STATE_NO_ROW;
	int r = fnl_watch_forget(&m->h, m->event[FNL_BOOK_LINE_PROSPECT_ID].str);
	if (r == FNL_OK && fnl_task_is_undone((int)state)) {
		r = fnl_task_supersede(&m->h, m->task, FNL_SUPERSEDE_REASON_ERASED, 0);
	}
	m->goes = m->known != NULL;
	return r;
}

static int move(struct moving *m)
{
	struct fnl_handing *h = &m->h;
	bool closed = m->known && (m->known[FNL_TASK_STATE].i64 == FNL_TASK_STATE_DONE ||
	                           m->known[FNL_TASK_STATE].i64 == FNL_TASK_STATE_WAIVED);
	if (reason_of(m) == FNL_SUPERSEDE_REASON_ERASED) {
		return forget(m);
	}
	int r = fnl_handover_is_live(h->row) ? find_changes(m) : FNL_OK;
	if (r == FNL_OK && closed) {
		return m->line ? watch_line(m) : FNL_OK;
	}
	return r == FNL_OK && fnl_handover_is_live(h->row) ? task_of_line(m) : r;
}

/* The listing has not come to it yet, and will see it as it is then. */
static bool is_to_come(const struct fnl_handover_in *in, const struct fnl_value *event)
{
	const struct fnl_value *after = &in->row[FNL_HANDOVER_AFTER];
	return in->row[FNL_HANDOVER_JOB].i64 == FNL_HANDOVER_JOB_LIST &&
	       (!after->set || fnl_span_cmp(event[FNL_BOOK_LINE_PROSPECT_ID].str, after->str) > 0);
}

static bool same_task(const struct fnl_value *a, const struct fnl_value *b)
{
	for (size_t i = 0; i < FNL_TASK_FIELD_COUNT; i++) {
		if (!fnl_value_eq(&fnl_desc_task.fields[i], &a[i], &b[i])) {
			return false;
		}
	}
	return true;
}

static void take_task(const struct moving *m, struct fnl_handover_out *out)
{
	if (m->goes) {
		out->task_change = FNL_ROW_DELETE;
	} else if (m->task && (!m->known || !same_task(m->known, m->task))) {
		out->task_change = FNL_ROW_PUT;
		out->task = m->task;
	}
}

int fnl_handover_line(const struct fnl_handover_in *in, const struct fnl_value *event, struct fnl_handover_out *ret,
                      struct fnl_error *why)
{
	struct fnl_handover_out out = {.stale = true};
	struct moving m = {.event = event};
	int64_t state = event[FNL_BOOK_LINE_STATE].i64;
	if (!in->row || is_to_come(in, event)) {
		*ret = out;
		return FNL_OK;
	}
	int r = fnl_handing_open(&m.h, in, FNL_HANDOVER_ON_LINE, event[FNL_BOOK_LINE_OCCURRED_AT].i64,
	                         FNL_HANDOVER_EVENTS_MAX + FNL_RECONCILE_MAX, why);
	bool known = in->task && fnl_span_eq(in->task[FNL_TASK_NOTICE_ID].str, in->row[FNL_HANDOVER_NOTICE_ID].str);
	if (r == FNL_OK && known) {
		m.known = in->task;
		m.task = fnl_values_copy(in->arena, in->task, FNL_TASK_FIELD_COUNT);
		r = m.task ? FNL_OK : FNL_E_NOMEM;
		if (m.task && !fnl_task_is_undone((int)m.task[FNL_TASK_STATE].i64)) {
			m.task[FNL_TASK_CONTACT_IDS] = fnl_value_list(NULL, 0); /* closed by a version that kept them */
		}
	}
	m.line = state == FNL_LINE_STATE_OWNED || state == FNL_LINE_STATE_WATCHED ? in->line : NULL;
	r = r ? r : move(&m);
	r = r ? r : fnl_handing_close(&m.h);
	if (r < 0) {
		return r;
	}
	take_task(&m, &out);
	fnl_handing_outcome(&m.h, &out);
	*ret = out;
	return FNL_OK;
}
