/* One firing of a handover's timer: a page of the job that is due, or a date that has come. */
#include "handover_internal.h"

/* A firing on its way. */
struct walk {
	struct fnl_handing h;
	const struct fnl_handover_page *page;
	struct fnl_handover_step_out out;
};

struct fnl_handover_need fnl_handover_needs(const struct fnl_value *row)
{
	const struct fnl_value *after = &row[FNL_HANDOVER_AFTER];
	struct fnl_handover_need need = {.after = after->set ? after->str : FNL_SPAN_NONE};
	switch (row[FNL_HANDOVER_JOB].i64) {
	case FNL_HANDOVER_JOB_NONE:
		need.of = FNL_HANDOVER_PAGE_NONE;
		break;
	case FNL_HANDOVER_JOB_LIST:
		need.of = FNL_HANDOVER_PAGE_LINES;
		need.limit = FNL_HANDOVER_LIST_LINES;
		break;
	default:
		need.of = FNL_HANDOVER_PAGE_TASKS;
		need.limit = FNL_HANDOVER_TASK_ROWS;
		break;
	}
	return need;
}

static void put(struct walk *w, struct fnl_span prospect_id, enum fnl_row_change change, struct fnl_value *task)
{
	w->out.tasks[w->out.task_count++] = (struct fnl_handover_task_out){prospect_id, change, task};
}

/* ---- LIST ---- */

int fnl_handover_count(struct fnl_handing *h, int layer)
{
	struct fnl_list old = h->row[FNL_HANDOVER_TOTALS].list;
	struct fnl_value *items = fnl_arena_calloc(h->in->arena, old.count + 1, sizeof(*items));
	struct fnl_value *total = fnl_arena_calloc(h->in->arena, FNL_HANDOVER_TOTAL_FIELD_COUNT, sizeof(*total));
	size_t at = 0;
	if (!items || !total) {
		return FNL_E_NOMEM;
	}
	while (at < old.count && old.items[at].list.items[FNL_HANDOVER_TOTAL_LAYER].i64 < layer) {
		items[at] = old.items[at];
		at++;
	}
	bool known = at < old.count && old.items[at].list.items[FNL_HANDOVER_TOTAL_LAYER].i64 == layer;
	int64_t count = known ? old.items[at].list.items[FNL_HANDOVER_TOTAL_COUNT].i64 : 0;
	total[FNL_HANDOVER_TOTAL_LAYER] = fnl_value_i64(layer);
	total[FNL_HANDOVER_TOTAL_COUNT] = fnl_value_i64(count + 1);
	items[at] = fnl_value_list(total, FNL_HANDOVER_TOTAL_FIELD_COUNT);
	size_t kept = at + 1;
	for (size_t i = at + known; i < old.count; i++) {
		items[kept++] = old.items[i];
	}
	h->row[FNL_HANDOVER_TOTALS] = fnl_value_list(items, kept);
	fnl_handing_add(h, FNL_HANDOVER_PROSPECT_COUNT, 1);
	return FNL_OK;
}

static int list_line(struct walk *w, const struct fnl_value *line)
{
	struct fnl_handing *h = &w->h;
	struct fnl_finding findings[FNL_RECONCILE_MAX];
	struct fnl_reconcile_in in = fnl_reconcile_in_of(h, line, NULL);
	size_t count = 0;
	int64_t state = line[FNL_LINE_STATE].i64;
	if (state != FNL_LINE_STATE_OWNED && state != FNL_LINE_STATE_WATCHED) {
		return FNL_OK; /* it is gone, and but kept for its images */
	}
	int r = fnl_reconcile_line(&in, findings, &count);
	r = r ? r : fnl_tell_findings(h, line[FNL_LINE_PROSPECT_ID].str, findings, count);
	if (r < 0) {
		return r;
	}
	fnl_handing_add(h, FNL_HANDOVER_FINDING_COUNT, (int64_t)count);
	fnl_handing_add(h, FNL_HANDOVER_LINE_COUNT, 1);
	if (!fnl_task_is_needed(h->row, line)) {
		return FNL_OK;
	}
	struct fnl_value *task = fnl_task_new(h, line, NULL);
	if (!task) {
		return FNL_E_NOMEM;
	}
	put(w, line[FNL_LINE_PROSPECT_ID].str, FNL_ROW_PUT, task);
	return fnl_handover_count(h, (int)task[FNL_TASK_LAYER].i64);
}

/* The sheet that the lines are compared with is the latest one when the listing begins. */
static void take_sheet(struct fnl_handing *h)
{
	const struct fnl_value *inspection = h->in->inspection;
	if (inspection && inspection[FNL_INSPECTION_SHEET_NUMBER].i64 > 0) {
		h->row[FNL_HANDOVER_SHEET_ID] = inspection[FNL_INSPECTION_SHEET_ID];
		h->row[FNL_HANDOVER_SHEET_NUMBER] = inspection[FNL_INSPECTION_SHEET_NUMBER];
		h->row[FNL_HANDOVER_SHEET_AT] = inspection[FNL_INSPECTION_AS_OF];
	}
}

static int end_listing(struct walk *w)
{
	struct fnl_handing *h = &w->h;
	const struct fnl_handover_in *in = h->in;
	const struct fnl_value *correlation = &h->row[FNL_HANDOVER_CORRELATION_ID];
	int64_t opened_ms = fnl_handing_i64(h, FNL_HANDOVER_OPENED_AT);
	struct fnl_inspection_in inspection = {.row = in->inspection,
	                                       .rep = in->rep,
	                                       .now_ms = in->now_ms,
	                                       .input_ms = opened_ms,
	                                       .rules = in->rules,
	                                       .arena = in->arena};
	h->event = FNL_HANDOVER_ON_LISTED;
	h->row[FNL_HANDOVER_REVIEW_DUE_AT] =
		fnl_value_i64(fnl_business_days_after(h, opened_ms, fnl_handing_rule(h, FNL_RULES_AT_REVIEW_DUE_BD)));
	int r = fnl_tell_opened(h);
	fnl_handing_next_job(h);
	if (fnl_handing_i64(h, FNL_HANDOVER_UNNAMED_COUNT) > 0) {
		fnl_naming_arm(h, opened_ms);
	}
	return r ? r
	         : fnl_inspection_noticed(&inspection, h->row[FNL_HANDOVER_BOOK].str, h->row[FNL_HANDOVER_CAUSE_ID].str,
	                                  correlation->set ? correlation->str : FNL_SPAN_NONE, &w->out.inspection);
}

static int list_page(struct walk *w)
{
	struct fnl_handing *h = &w->h;
	int r = FNL_OK;
	if (!h->row[FNL_HANDOVER_AFTER].set) {
		take_sheet(h);
	}
	for (size_t i = 0; i < w->page->count && r == FNL_OK; i++) {
		r = list_line(w, w->page->rows[i]);
	}
	if (r < 0 || w->page->last || w->page->count == 0) {
		return r ? r : end_listing(w);
	}
	h->row[FNL_HANDOVER_AFTER] = w->page->rows[w->page->count - 1][FNL_LINE_PROSPECT_ID];
	return FNL_OK;
}

/* ---- OPEN, RELEASE, UNNAME: a successor's tasks ---- */

static bool is_his(const struct fnl_value *id, struct fnl_span heir_id)
{
	return id->set && fnl_span_eq(id->str, heir_id);
}

/* What the job does to a task; *ret_changed: it did. */
static int heir_task(struct fnl_handing *h, int job, struct fnl_span heir_id, struct fnl_value *task, bool *ret_changed)
{
	int64_t state = task[FNL_TASK_STATE].i64;
	bool his = is_his(&task[FNL_TASK_SUCCESSOR_ID], heir_id);
	struct fnl_heir *heir = fnl_heir_of(h, heir_id);
	struct fnl_value meant = fnl_heir_meant(h, task);
	bool unnamed = state == FNL_TASK_STATE_UNNAMED;
	*ret_changed = true;
	if (job == FNL_HANDOVER_JOB_OPEN && unnamed && heir && is_his(&meant, heir_id)) {
		return fnl_task_name(h, task, heir);
	}
	if (job == FNL_HANDOVER_JOB_RELEASE && state == FNL_TASK_STATE_WAITING && heir && his) {
		return fnl_task_release(h, task);
	}
	if (job == FNL_HANDOVER_JOB_UNNAME && fnl_task_was_told(task) && his) {
		return fnl_task_unname(h, task);
	}
	*ret_changed = job == FNL_HANDOVER_JOB_UNNAME && unnamed && is_his(&task[FNL_TASK_NAMED_ID], heir_id) &&
	               !fnl_heir_job_waits(h, FNL_HANDOVER_JOB_OPEN, heir_id);
	if (*ret_changed) {
		task[FNL_TASK_NAMED_ID] = fnl_value_null();
	}
	return FNL_OK;
}

/* He is none any more, or he is it anew. Whoever is there for all takes what he has left. */
static int end_unname(struct fnl_handing *h, struct fnl_heir *heir)
{
	struct fnl_heir *general =
		h->row[FNL_HANDOVER_SUCCESSOR_ID].set ? fnl_heir_of(h, h->row[FNL_HANDOVER_SUCCESSOR_ID].str) : NULL;
	bool left_over = general && general != heir && fnl_handing_i64(h, FNL_HANDOVER_UNNAMED_COUNT) > 0;
	int r = left_over ? fnl_heir_job(h, FNL_HANDOVER_JOB_OPEN, general->id) : FNL_OK;
	if (fnl_heir_job_waits(h, FNL_HANDOVER_JOB_OPEN, heir->id)) {
		*heir = (struct fnl_heir){.id = heir->id};
		return r;
	}
	size_t at = (size_t)(heir - h->heirs);
	h->heir_count--;
	memmove(heir, heir + 1, (h->heir_count - at) * sizeof(*heir));
	return r;
}

static int end_heir_job(struct fnl_handing *h, int job, struct fnl_span heir_id)
{
	struct fnl_heir *heir = fnl_heir_of(h, heir_id);
	int r = FNL_OK;
	if (heir && job == FNL_HANDOVER_JOB_OPEN) {
		heir->listed = !fnl_heir_job_waits(h, FNL_HANDOVER_JOB_OPEN, heir_id);
	} else if (heir && job == FNL_HANDOVER_JOB_UNNAME) {
		r = end_unname(h, heir);
	}
	fnl_handing_next_job(h);
	return r;
}

static int heir_page(struct walk *w)
{
	struct fnl_handing *h = &w->h;
	int job = (int)fnl_handing_i64(h, FNL_HANDOVER_JOB);
	struct fnl_span heir_id = h->row[FNL_HANDOVER_JOB_SUCCESSOR_ID].str;
	for (size_t i = 0; i < w->page->count; i++) {
		struct fnl_value *task = fnl_values_copy(h->in->arena, w->page->rows[i], FNL_TASK_FIELD_COUNT);
		bool changed = false;
		int r = task ? heir_task(h, job, heir_id, task, &changed) : FNL_E_NOMEM;
		if (r < 0) {
			return r;
		}
		if (changed) {
			put(w, task[FNL_TASK_PROSPECT_ID].str, FNL_ROW_PUT, task);
		}
	}
	if (w->page->last || w->page->count == 0) {
		return end_heir_job(h, job, heir_id);
	}
	h->row[FNL_HANDOVER_AFTER] = w->page->rows[w->page->count - 1][FNL_TASK_PROSPECT_ID];
	return FNL_OK;
}

/* ---- CANCEL ---- */

/* The end is told once; then another notice begins, if there is one. */
static int end_cancel(struct walk *w)
{
	struct fnl_handing *h = &w->h;
	const struct fnl_value *next = &h->row[FNL_HANDOVER_NEXT];
	bool replaced = fnl_handing_i64(h, FNL_HANDOVER_STATE) == FNL_HANDOVER_STATE_REPLACED;
	bool withdrawn = fnl_handing_i64(h, FNL_HANDOVER_STATE) == FNL_HANDOVER_STATE_CANCELLED;
	int r = FNL_OK;
	h->event = FNL_HANDOVER_ON_CANCELLED;
	if (replaced || (withdrawn && !h->row[FNL_HANDOVER_CANCELLED_AT].set)) {
		struct fnl_value by = replaced && next->set ? fnl_value_str(fnl_notice_of_next(next).id) : fnl_value_null();
		r = fnl_tell_cancelled(h, replaced ? FNL_CANCEL_REASON_REPLACED : FNL_CANCEL_REASON_WITHDRAWN, by);
	}
	if (r < 0) {
		return r;
	}
	h->heir_count = 0;
	h->row[FNL_HANDOVER_SUCCESSOR_ID] = fnl_value_null();
	fnl_handing_next_job(h);
	if (next->set) {
		struct fnl_notice n = fnl_notice_of_next(next);
		r = fnl_notice_begin(h, &n);
	}
	return r;
}

static int cancel_page(struct walk *w)
{
	struct fnl_handing *h = &w->h;
	bool makes_room = h->row[FNL_HANDOVER_NEXT].set;
	for (size_t i = 0; i < w->page->count; i++) {
		const struct fnl_value *known = w->page->rows[i];
		struct fnl_value *task = fnl_values_copy(h->in->arena, known, FNL_TASK_FIELD_COUNT);
		bool undone = fnl_task_is_undone((int)known[FNL_TASK_STATE].i64);
		int r = !task ? FNL_E_NOMEM : undone ? fnl_task_cancel(h, task) : FNL_OK;
		if (r < 0) {
			return r;
		}
		if (makes_room) {
			put(w, known[FNL_TASK_PROSPECT_ID].str, FNL_ROW_DELETE, NULL);
		} else if (undone) {
			put(w, known[FNL_TASK_PROSPECT_ID].str, FNL_ROW_PUT, task);
		}
	}
	if (w->page->last || w->page->count == 0) {
		return end_cancel(w);
	}
	h->row[FNL_HANDOVER_AFTER] = w->page->rows[w->page->count - 1][FNL_TASK_PROSPECT_ID];
	return FNL_OK;
}

/* ---- the firing ---- */

static int walk(struct walk *w)
{
	switch (fnl_handing_i64(&w->h, FNL_HANDOVER_JOB)) {
	case FNL_HANDOVER_JOB_NONE:
		w->h.event = FNL_HANDOVER_ON_DATE;
		return fnl_handover_date(&w->h);
	case FNL_HANDOVER_JOB_LIST:
		return list_page(w);
	case FNL_HANDOVER_JOB_CANCEL:
		return cancel_page(w);
	default:
		return heir_page(w);
	}
}

int fnl_handover_step(const struct fnl_handover_in *in, const struct fnl_handover_page *page,
                      struct fnl_handover_step_out *ret, struct fnl_error *why)
{
	struct walk w = {.page = page};
	size_t events_max = (page->count + 1) * FNL_RECONCILE_MAX + FNL_HANDOVER_EVENTS_MAX;
	int r = fnl_handing_open(&w.h, in, FNL_HANDOVER_ON_PASSED, in->row[FNL_HANDOVER_OPENED_AT].i64, events_max, why);
	w.out.tasks = fnl_arena_calloc(in->arena, page->count + 1, sizeof(*w.out.tasks));
	r = r ? r : w.out.tasks ? walk(&w) : FNL_E_NOMEM;
	r = r ? r : fnl_handing_close(&w.h);
	if (r < 0) {
		return r;
	}
	const struct fnl_value *correlation = &in->row[FNL_HANDOVER_CORRELATION_ID];
	w.out.row = w.h.row;
	w.out.events = w.h.events;
	w.out.event_count = w.h.event_count;
	w.out.cause_id = in->row[FNL_HANDOVER_CAUSE_ID].str;
	w.out.correlation_id = correlation->set ? correlation->str : FNL_SPAN_NONE;
	*ret = w.out;
	return FNL_OK;
}

/* ---- a task's own timer ---- */

static int tell_overdue(struct fnl_handing *h, const struct fnl_value *task, int level)
{
	struct fnl_value *v = fnl_task_event(h, &fnl_desc_handover_task_overdue, task);
	bool his = level == FNL_ALERT_LEVEL_REP && task[FNL_TASK_LAYER].i64 != FNL_TASK_LAYER_UNDECIDED;
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_HANDOVER_TASK_OVERDUE_LAYER] = task[FNL_TASK_LAYER];
	v[FNL_HANDOVER_TASK_OVERDUE_SUCCESSOR_ID] = task[FNL_TASK_SUCCESSOR_ID];
	v[FNL_HANDOVER_TASK_OVERDUE_DUE_AT] = task[FNL_TASK_DUE_AT];
	v[FNL_HANDOVER_TASK_OVERDUE_LEVEL] = fnl_value_i64(level);
	v[FNL_HANDOVER_TASK_OVERDUE_RECIPIENT_ID] =
		his ? task[FNL_TASK_SUCCESSOR_ID] : fnl_rep_value(h, FNL_REP_MANAGER_ID);
	return fnl_handing_tell(h, &fnl_desc_handover_task_overdue, v);
}

/* Levels that were passed meanwhile are one event, of the highest. */
static int overdue(struct fnl_handing *h, struct fnl_value *task)
{
	struct fnl_value *level = &task[FNL_TASK_OVERDUE_LEVEL];
	int64_t before = level->i64;
	fnl_task_arm(h, task);
	while (task[FNL_TASK_NEXT_DEADLINE_AT].set && task[FNL_TASK_NEXT_DEADLINE_AT].i64 <= h->in->now_ms) {
		*level = fnl_value_i64(level->i64 + 1);
		fnl_task_arm(h, task);
	}
	return level->i64 > before ? tell_overdue(h, task, (int)level->i64) : FNL_OK;
}

static int reassignment_overdue(struct fnl_handing *h, struct fnl_value *task)
{
	const struct fnl_value *line = h->in->line;
	struct fnl_value *v = fnl_arena_calloc(h->in->arena, FNL_REASSIGNMENT_OVERDUE_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_REASSIGNMENT_OVERDUE_OCCURRED_AT] = fnl_value_i64(h->at_ms);
	v[FNL_REASSIGNMENT_OVERDUE_PROSPECT_ID] = task[FNL_TASK_PROSPECT_ID];
	v[FNL_REASSIGNMENT_OVERDUE_OWNER_REP_ID] = line ? line[FNL_LINE_OWNER_REP_ID] : fnl_value_null();
	v[FNL_REASSIGNMENT_OVERDUE_TO_REP_ID] = task[FNL_TASK_SUCCESSOR_ID];
	v[FNL_REASSIGNMENT_OVERDUE_ORG_ID] = fnl_rep_value(h, FNL_REP_ORG_ID);
	v[FNL_REASSIGNMENT_OVERDUE_MANAGER_ID] = fnl_rep_value(h, FNL_REP_MANAGER_ID);
	v[FNL_REASSIGNMENT_OVERDUE_NOTICE_ID] = task[FNL_TASK_NOTICE_ID];
	v[FNL_REASSIGNMENT_OVERDUE_DUE_AT] = task[FNL_TASK_REASSIGN_DUE_AT];
	task[FNL_TASK_REASSIGN] = fnl_value_i64(FNL_REASSIGN_STATE_OVERDUE);
	fnl_task_arm(h, task);
	return fnl_handing_tell(h, &fnl_desc_reassignment_overdue, v);
}

int fnl_handover_task_timer(const struct fnl_handover_in *in, struct fnl_handover_out *ret, struct fnl_error *why)
{
	struct fnl_handover_out out = {.task_change = FNL_ROW_PUT};
	struct fnl_handing h;
	int r = fnl_handing_open(&h, in, FNL_HANDOVER_ON_DATE, 0, FNL_HANDOVER_EVENTS_MAX, why);
	out.task = r == FNL_OK ? fnl_values_copy(in->arena, in->task, FNL_TASK_FIELD_COUNT) : NULL;
	if (!out.task) {
		return r ? r : FNL_E_NOMEM;
	}
	bool of_notice = in->row && fnl_span_eq(in->row[FNL_HANDOVER_NOTICE_ID].str, in->task[FNL_TASK_NOTICE_ID].str);
	int state = of_notice ? fnl_task_state(&h, in->task) : FNL_TASK_STATE_CANCELLED;
	bool asked = out.task[FNL_TASK_REASSIGN].i64 == FNL_REASSIGN_STATE_REQUESTED;
	if (of_notice && state == FNL_TASK_STATE_OPEN) {
		r = overdue(&h, out.task);
	} else if (of_notice && asked && out.task[FNL_TASK_REASSIGN_DUE_AT].i64 <= in->now_ms) {
		r = reassignment_overdue(&h, out.task);
	} else if (!of_notice || !asked) {
		out.task[FNL_TASK_NEXT_DEADLINE_AT] = fnl_value_null(); /* nothing is asked of anybody any more */
	}
	if (r < 0) {
		return r;
	}
	out.events = h.events;
	out.event_count = h.event_count;
	*ret = out;
	return FNL_OK;
}
