/* What was told of the one who leaves, read back from the log. */
#include <stdio.h>

#include "leave.h"
#include "view_handover.h"

enum { ARENA_BYTES = 16 << 20, TASKS_SHOWN = 2 };

struct reading {
	struct world *w;
	struct leave *l;
	struct fnl_arena arena;
};

static bool is_text(const struct fnl_value *v, const char *text)
{
	return v->set && fnl_span_eq(v->str, fnl_span_str(text));
}

static void note(struct leave *l, enum leave_kind kind, int64_t at_ms)
{
	struct leave_told *t = &l->told[kind];
	l->places++;
	t->first = t->count ? t->first : l->places;
	t->first_ms = t->count ? t->first_ms : at_ms;
	t->last = l->places;
	t->last_ms = at_ms;
	t->count++;
}

/* NULL: none of his. */
static struct leave_prospect *prospect_of(struct leave *l, const struct fnl_value *id)
{
	for (size_t i = 0; i < l->count; i++) {
		if (is_text(id, l->prospects[i].id)) {
			return &l->prospects[i];
		}
	}
	return NULL;
}

/* "R-03;R-05", as the import writes lists. */
static void copy_ids(char ret[LEAVE_IDS_BYTES], const struct fnl_value *v)
{
	size_t at = 0;
	ret[0] = '\0';
	for (size_t i = 0; i < v->list.count && at + LEAVE_ID_BYTES + 1 < LEAVE_IDS_BYTES; i++) {
		at += (size_t)snprintf(ret + at, LEAVE_IDS_BYTES - at, "%s", at ? ";" : "");
		leave_copy(ret + at, LEAVE_ID_BYTES, &v->list.items[i]);
		at += strlen(ret + at);
	}
}

/* ---- one event each ---- */

static void take_task(struct leave *l, struct leave_prospect *p, const struct fnl_value *v)
{
	note(l, LEAVE_TOLD_TASK, v[FNL_HANDOVER_TASK_OPENED_OCCURRED_AT].i64);
	p->tasks++;
	p->task_layer = (int)v[FNL_HANDOVER_TASK_OPENED_LAYER].i64;
	p->channel = (int)v[FNL_HANDOVER_TASK_OPENED_CHANNEL].i64;
	leave_copy(p->task_id, sizeof(p->task_id), &v[FNL_HANDOVER_TASK_OPENED_TASK_ID]);
	copy_ids(p->speakers, &v[FNL_HANDOVER_TASK_OPENED_SPEAKER_REP_IDS]);
	copy_ids(p->contacts, &v[FNL_HANDOVER_TASK_OPENED_CONTACT_IDS]);
}

static void take_closed(struct leave *l, struct leave_prospect *p, const struct fnl_value *v)
{
	bool done = v[FNL_HANDOVER_TASK_CLOSED_OUTCOME].i64 == FNL_TASK_OUTCOME_DONE;
	bool top = p->task_layer == FNL_TASK_LAYER_TOP;
	p->closed++;
	note(l,
	     !done ? LEAVE_TOLD_OTHER
	     : top ? LEAVE_TOLD_TOP
	           : LEAVE_TOLD_BEFORE,
	     v[FNL_HANDOVER_TASK_CLOSED_OCCURRED_AT].i64);
}

static void take_released(struct leave *l, struct leave_prospect *p, const struct fnl_value *v)
{
	for (size_t i = 0; l->told[LEAVE_TOLD_RELEASED].count == 0 && i < l->count; i++) {
		const struct leave_prospect *one = &l->prospects[i];
		l->at_gate += one->task_layer != FNL_TASK_LAYER_TOP && one->closed == 0;
	}
	p->released++;
	note(l, p->task_layer == FNL_TASK_LAYER_TOP ? LEAVE_TOLD_RELEASED : LEAVE_TOLD_OTHER,
	     v[FNL_HANDOVER_TASK_RELEASED_OCCURRED_AT].i64);
}

static void take_finding(struct leave *l, const struct fnl_value *v)
{
	const struct fnl_value *change = v[FNL_RECONCILIATION_FINDING_CHANGE].list.items;
	note(l, LEAVE_TOLD_FINDING, v[FNL_RECONCILIATION_FINDING_OCCURRED_AT].i64);
	l->lowered_findings +=
		is_text(&v[FNL_RECONCILIATION_FINDING_PROSPECT_ID], l->tampered->id) &&
		change[FNL_ADVERSE_CHANGE_KIND].i64 == FNL_ADVERSE_KIND_AMOUNT_LOWERED &&
		is_text(&change[FNL_ADVERSE_CHANGE_BY], l->rep) && change[FNL_ADVERSE_CHANGE_OLD_AMOUNT].set &&
		change[FNL_ADVERSE_CHANGE_OLD_AMOUNT].money.amount_minor == l->tampered->amount.money.amount_minor &&
		change[FNL_ADVERSE_CHANGE_NEW_AMOUNT].set &&
		change[FNL_ADVERSE_CHANGE_NEW_AMOUNT].money.amount_minor == l->lowered_minor;
}

static void take_asked(struct leave *l, const struct fnl_value *v)
{
	struct leave_prospect *p = prospect_of(l, &v[FNL_REASSIGNMENT_REQUESTED_PROSPECT_ID]);
	bool right = p && is_text(&v[FNL_REASSIGNMENT_REQUESTED_FROM_REP_ID], l->rep) &&
	             is_text(&v[FNL_REASSIGNMENT_REQUESTED_TO_REP_ID], l->successor);
	note(l, right ? LEAVE_TOLD_ASKED : LEAVE_TOLD_OTHER, v[FNL_REASSIGNMENT_REQUESTED_OCCURRED_AT].i64);
	if (right) {
		p->asked++;
	}
}

/* Those of a task have its prospect. */
static void take_of_task(struct leave *l, const struct fnl_record_desc *d, const struct fnl_value *v)
{
	int at = fnl_record_field_index(d, FNL_SPAN_LIT("prospect_id"));
	struct leave_prospect *p = at < 0 ? NULL : prospect_of(l, &v[at]);
	if (p && d == &fnl_desc_handover_task_opened) {
		take_task(l, p, v);
	} else if (p && d == &fnl_desc_handover_task_closed) {
		take_closed(l, p, v);
	} else if (p && d == &fnl_desc_handover_task_released) {
		take_released(l, p, v);
	} else {
		note(l, LEAVE_TOLD_OTHER, v[fnl_record_field_index(d, FNL_SPAN_LIT("occurred_at"))].i64);
	}
}

static void take(struct leave *l, const struct fnl_record_desc *d, const struct fnl_value *v)
{
	int64_t at_ms = v[fnl_record_field_index(d, FNL_SPAN_LIT("occurred_at"))].i64;
	if (d == &fnl_desc_handover_opened) {
		note(l, LEAVE_TOLD_OPENED, at_ms);
	} else if (d == &fnl_desc_handover_task_refused) {
		bool early = v[FNL_HANDOVER_TASK_REFUSED_REASON].i64 == FNL_TASK_REFUSAL_NOT_RELEASED;
		note(l, early ? LEAVE_TOLD_REFUSED : LEAVE_TOLD_OTHER, at_ms);
	} else if (d == &fnl_desc_handover_at_risk) {
		bool review = v[FNL_HANDOVER_AT_RISK_REASON].i64 == FNL_RISK_REASON_NOT_REVIEWED;
		note(l, review ? LEAVE_TOLD_AT_RISK : LEAVE_TOLD_OTHER, at_ms);
	} else if (d == &fnl_desc_handover_completed) {
		note(l, LEAVE_TOLD_COMPLETED, at_ms);
		l->done_count = (uint64_t)v[FNL_HANDOVER_COMPLETED_DONE_COUNT].i64;
		l->watch_until_ms = v[FNL_HANDOVER_COMPLETED_WATCH_UNTIL].i64;
	} else if (d == &fnl_desc_reconciliation_finding) {
		take_finding(l, v);
	} else if (d == &fnl_desc_reconciliation_closed) {
		note(l, LEAVE_TOLD_COMPARED, at_ms);
		l->compared_findings += (uint64_t)v[FNL_RECONCILIATION_CLOSED_FINDING_COUNT].i64;
	} else if (d == &fnl_desc_reassignment_requested) {
		take_asked(l, v);
	} else {
		take_of_task(l, d, v);
	}
}

static int on_record(void *context, size_t topic, const struct fnl_record *record)
{
	struct reading *r = context;
	struct fnl_decoded d;
	(void)topic;
	fnl_arena_reset(&r->arena);
	if (r->w->codec->ops->decode(r->w->codec, record, &r->arena, &d, NULL)) {
		return 0; /* the check at the end counts it */
	}
	int at = fnl_record_field_index(d.desc, FNL_SPAN_LIT("notice_id"));
	if (at >= 0 && is_text(&d.values[at], LEAVE_NOTICE_ID)) {
		take(r->l, d.desc, d.values);
	}
	return 0;
}

int leave_read(struct world *w, struct leave *l, struct fnl_error *why)
{
	const char *topics[] = {w->topics[FNL_TOPIC_HANDOVERS], w->topics[FNL_TOPIC_REVIEWS],
	                        w->topics[FNL_TOPIC_REASSIGNMENTS]};
	struct reading r = {.w = w, .l = l};
	memset(l->told, 0, sizeof(l->told));
	l->places = l->compared_findings = l->lowered_findings = l->at_gate = 0;
	for (size_t i = 0; i < l->count; i++) {
		struct leave_prospect *p = &l->prospects[i];
		p->tasks = p->released = p->closed = p->asked = 0;
	}
	fnl_arena_init(&r.arena, ARENA_BYTES);
	int status = w->bus->ops->read(w->bus, topics, sizeof(topics) / sizeof(topics[0]), true, true, NULL, on_record, &r);
	fnl_arena_deinit(&r.arena);
	return status < 0 ? fnl_fail(why, status, "%s", w->bus->ops->explain(w->bus)) : 0;
}

/* ---- the board ---- */

int leave_keep_board(struct world *w, struct leave *l, struct fnl_error *why)
{
	char book[LEAVE_ID_BYTES + 8];
	size_t len = 0;
	struct fnl_handover_question q = {
		.event_clock = true, .rules_reader = fnl_app_rules_reader(), .tasks_max = TASKS_SHOWN};
	struct fnl_rows rows = {.wanted = fnl_handover_wanted, .wanted_context = &q};
	struct fnl_canvas canvas = fnl_canvas_of(stdout, w->app->color);
	snprintf(book, sizeof(book), "rep:%s", l->rep);
	q.book = fnl_span_str(book);
	canvas.out = open_memstream(&l->board, &len);
	if (!canvas.out) {
		return fnl_fail(why, FNL_E_NOMEM, "out of memory");
	}
	int status = fnl_rows_read(&rows, w->bus, w->topics[FNL_TOPIC_REPS], why);
	status = status ? status : fnl_view_handover(&rows, &q, &canvas, why);
	fclose(canvas.out);
	fnl_rows_deinit(&rows);
	return status == FNL_VIEW_NO_HANDOVER ? fnl_fail(why, FNL_E_NOT_FOUND, "there is no handover of %s", l->rep)
	                                      : status;
}
