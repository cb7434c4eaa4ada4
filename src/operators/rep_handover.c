/* Handovers: core decides, here it becomes rows and outputs.
 *
 * What it costs where nobody leaves: a BookLine asks for one row more, that of its book's handover, which is not there:
 * one key for all lines of the book. Only where it is there the prospect's task is asked for, too. */
#include "rep_internal.h"

_Static_assert((int)FNL_HANDOVER_LIST_LINES <= (int)FNL_PAGE_ROWS_MAX &&
                   (int)FNL_HANDOVER_TASK_ROWS <= (int)FNL_PAGE_ROWS_MAX,
               "a page is no longer than the engine gives");
_Static_assert((int)FNL_HANDOVER_TASK_ROWS + FNL_STEP_ROWS_MAX <= (int)FNL_STEP_WRITES_MAX &&
                   (int)FNL_HANDOVER_LIST_LINES + FNL_STEP_ROWS_MAX <= (int)FNL_STEP_WRITES_MAX,
               "a page writes a task for each of its rows, and a few rows beside");
_Static_assert(FNL_HANDOVER_LIST_LINES *(int)FNL_RECONCILE_MAX + FNL_HANDOVER_EVENTS_MAX <= (int)FNL_STEP_OUTPUTS_MAX,
               "a page of lines tells all findings of each, and what ends the listing");
_Static_assert(2 * FNL_HANDOVER_TASK_ROWS + FNL_HANDOVER_EVENTS_MAX <= (int)FNL_STEP_OUTPUTS_MAX,
               "a page of tasks tells two events of each, and what ends the job");
_Static_assert((int)FNL_ALERTS_MAX + 1 + FNL_RECONCILE_MAX + FNL_HANDOVER_EVENTS_MAX <= (int)FNL_STEP_OUTPUTS_MAX,
               "a line tells its stalls, its book, its findings and its task");

/* What a step tells with. */
struct telling {
	struct fnl_rep_operator *o;
	const struct fnl_step *in;
	struct fnl_cause_id cause;
	int32_t rules_version;
	struct fnl_decision *d;
};

/* ---- names of what is told ---- */

/* "<book>|<notice id>|<word>", and the fields behind it; -1: none. */
struct naming {
	const struct fnl_record_desc *desc;
	const char *word;
	int notice;
	int fields[3];
};

static const struct naming namings[] = {
	{&fnl_desc_handover_opened, "opened", FNL_HANDOVER_OPENED_NOTICE_ID, {-1, -1, -1}},
	{&fnl_desc_handover_completed, "completed", FNL_HANDOVER_COMPLETED_NOTICE_ID, {-1, -1, -1}},
	{&fnl_desc_handover_cancelled,
     "cancelled",
     FNL_HANDOVER_CANCELLED_NOTICE_ID,
     {FNL_HANDOVER_CANCELLED_REASON, -1, -1}},
	{&fnl_desc_handover_at_risk,
     "at-risk",
     FNL_HANDOVER_AT_RISK_NOTICE_ID,
     {FNL_HANDOVER_AT_RISK_REASON, FNL_HANDOVER_AT_RISK_LEVEL, FNL_HANDOVER_AT_RISK_LAST_DAY}},
	{&fnl_desc_successor_proposed,
     "proposed",
     FNL_SUCCESSOR_PROPOSED_NOTICE_ID,
     {FNL_SUCCESSOR_PROPOSED_LEVEL, FNL_SUCCESSOR_PROPOSED_OCCURRED_AT, -1}},
	{&fnl_desc_successor_refused,
     "refused",
     FNL_SUCCESSOR_REFUSED_NOTICE_ID,
     {FNL_SUCCESSOR_REFUSED_SUCCESSOR_ID, FNL_SUCCESSOR_REFUSED_PROSPECT_ID, -1}},
	{&fnl_desc_handover_task_opened,
     "task-opened",
     FNL_HANDOVER_TASK_OPENED_NOTICE_ID,
     {FNL_HANDOVER_TASK_OPENED_TASK_ID, FNL_HANDOVER_TASK_OPENED_SUCCESSOR_ID, -1}},
	{&fnl_desc_handover_task_released,
     "task-released",
     FNL_HANDOVER_TASK_RELEASED_NOTICE_ID,
     {FNL_HANDOVER_TASK_RELEASED_TASK_ID, -1, -1}},
	{&fnl_desc_handover_task_refused,
     "task-refused",
     FNL_HANDOVER_TASK_REFUSED_NOTICE_ID,
     {FNL_HANDOVER_TASK_REFUSED_TASK_ID, FNL_HANDOVER_TASK_REFUSED_COMMAND_ID, -1}},
	{&fnl_desc_handover_task_superseded,
     "task-superseded",
     FNL_HANDOVER_TASK_SUPERSEDED_NOTICE_ID,
     {FNL_HANDOVER_TASK_SUPERSEDED_TASK_ID, FNL_HANDOVER_TASK_SUPERSEDED_REASON, -1}},
	{&fnl_desc_handover_task_overdue,
     "task-overdue",
     FNL_HANDOVER_TASK_OVERDUE_NOTICE_ID,
     {FNL_HANDOVER_TASK_OVERDUE_TASK_ID, FNL_HANDOVER_TASK_OVERDUE_LEVEL, FNL_HANDOVER_TASK_OVERDUE_DUE_AT}},
	{&fnl_desc_handover_task_closed,
     "task-closed",
     FNL_HANDOVER_TASK_CLOSED_NOTICE_ID,
     {FNL_HANDOVER_TASK_CLOSED_TASK_ID, FNL_HANDOVER_TASK_CLOSED_OUTCOME, -1}},
	{&fnl_desc_reconciliation_finding,
     "finding",
     FNL_RECONCILIATION_FINDING_NOTICE_ID,
     {FNL_RECONCILIATION_FINDING_PROSPECT_ID, -1, -1}},
	{&fnl_desc_reconciliation_closed, "reconciled", FNL_RECONCILIATION_CLOSED_NOTICE_ID, {-1, -1, -1}},
	{&fnl_desc_defection_review, "defection", FNL_DEFECTION_REVIEW_NOTICE_ID, {-1, -1, -1}},
	{&fnl_desc_reassignment_requested,
     "reassign",
     FNL_REASSIGNMENT_REQUESTED_NOTICE_ID,
     {FNL_REASSIGNMENT_REQUESTED_PROSPECT_ID, FNL_REASSIGNMENT_REQUESTED_TO_REP_ID, -1}},
	{&fnl_desc_reassignment_overdue,
     "reassign-overdue",
     FNL_REASSIGNMENT_OVERDUE_NOTICE_ID,
     {FNL_REASSIGNMENT_OVERDUE_PROSPECT_ID, FNL_REASSIGNMENT_OVERDUE_TO_REP_ID, -1}},
};

static const struct naming *naming_of(const struct fnl_record_desc *desc)
{
	for (size_t i = 0; i < sizeof(namings) / sizeof(namings[0]); i++) {
		if (namings[i].desc == desc) {
			return &namings[i];
		}
	}
	return NULL;
}

/* A value behind its '|'; nothing of one that is null. */
static void write_value(struct fnl_writer *w, const struct fnl_field_desc *field, const struct fnl_value *v)
{
	fnl_write_u8(w, '|');
	if (!v->set) {
		return;
	}
	if (field->kind == FNL_KIND_STRING) {
		fnl_write_raw(w, v->str);
	} else if (field->kind == FNL_KIND_ENUM) {
		fnl_write_raw(w, fnl_span_str(field->symbols[v->i64]));
	} else {
		fnl_write_decimal(w, v->i64);
	}
}

/* One prospect may have two findings of one kind and moment: two contacts that were unlinked at once. */
static void write_finding(struct fnl_writer *w, const struct fnl_event_out *events, size_t at)
{
	const struct fnl_value *v = events[at].values;
	const struct fnl_value *change = v[FNL_RECONCILIATION_FINDING_CHANGE].list.items;
	int64_t place = 0;
	for (size_t i = 0; i < at; i++) {
		place += events[i].desc == &fnl_desc_reconciliation_finding &&
		         fnl_span_eq(events[i].values[FNL_RECONCILIATION_FINDING_PROSPECT_ID].str,
		                     v[FNL_RECONCILIATION_FINDING_PROSPECT_ID].str);
	}
	write_value(w, &fnl_desc_adverse_change.fields[FNL_ADVERSE_CHANGE_KIND], &change[FNL_ADVERSE_CHANGE_KIND]);
	write_value(w, &fnl_desc_adverse_change.fields[FNL_ADVERSE_CHANGE_AT], &change[FNL_ADVERSE_CHANGE_AT]);
	fnl_write_u8(w, '|');
	fnl_write_decimal(w, place);
}

static struct fnl_span name_of(const struct telling *t, const struct fnl_event_out *events, size_t at)
{
	const struct fnl_rep_event *e = t->in->event;
	const struct fnl_event_out *event = &events[at];
	const struct naming *n = naming_of(event->desc);
	struct fnl_writer w = fnl_writer_of(t->in->arena);
	if (!n) {
		return event->values[FNL_COMMAND_REJECTED_COMMAND_ID].str;
	}
	fnl_write_raw(&w, e->book);
	write_value(&w, &event->desc->fields[n->notice], &event->values[n->notice]);
	fnl_write_u8(&w, '|');
	fnl_write_raw(&w, fnl_span_str(n->word));
	for (size_t i = 0; i < sizeof(n->fields) / sizeof(n->fields[0]) && n->fields[i] >= 0; i++) {
		write_value(&w, &event->desc->fields[n->fields[i]], &event->values[n->fields[i]]);
	}
	if (event->desc == &fnl_desc_handover_at_risk) { /* the same may be told again of the same notice */
		write_value(&w, &event->desc->fields[FNL_HANDOVER_AT_RISK_OCCURRED_AT],
		            &event->values[FNL_HANDOVER_AT_RISK_OCCURRED_AT]);
	}
	if (event->desc == &fnl_desc_reconciliation_finding) {
		write_finding(&w, events, at);
	}
	return fnl_writer_span(&w);
}

/* ---- keys ---- */

/* What is restricted goes by the handover, a refusal as its command, the rest as its route says (absent). */
static int key_of(const struct telling *t, const struct fnl_event_out *event, struct fnl_span *ret)
{
	const struct fnl_rep_event *e = t->in->event;
	const struct fnl_record_desc *desc = event->desc;
	const struct naming *n = naming_of(desc);
	*ret = FNL_SPAN_NONE;
	if (desc == &fnl_desc_command_rejected) {
		*ret = fnl_book_rep_id(e->book);
		return 0;
	}
	if (!n) {
		return FNL_E_INTERNAL; /* this is not ours to tell */
	}
	if (desc == &fnl_desc_reconciliation_finding || desc == &fnl_desc_reconciliation_closed ||
	    desc == &fnl_desc_defection_review) {
		*ret = fnl_rep_line_key(fnl_book_rep_id(e->book), event->values[n->notice].str, t->in->arena);
		return fnl_span_is_none(*ret) ? FNL_E_NOMEM : 0;
	}
	return 0;
}

/* The field that names the organisation which is asked; -1: it is told to the world. */
static int org_of(const struct fnl_record_desc *desc)
{
	return desc == &fnl_desc_successor_asked    ? (int)FNL_SUCCESSOR_ASKED_ORG_ID
	       : desc == &fnl_desc_base_rate_asked  ? (int)FNL_BASE_RATE_ASKED_ORG_ID
	       : desc == &fnl_desc_handover_outcome ? (int)FNL_HANDOVER_OUTCOME_ORG_ID
	                                            : -1;
}

static int ask(const struct telling *t, const struct fnl_event_out *event, int org)
{
	struct fnl_span key = fnl_org_key(event->values[org].str, t->in->arena);
	return fnl_span_is_none(key)
	           ? FNL_E_NOMEM
	           : fnl_op_internal(&t->o->op, t->in, FNL_REP_OUT_ORG_INPUTS, key, event, &t->cause, true, t->d);
}

/* Before the stage's time is known an input's own is the best there is. */
static int64_t now_of(const struct fnl_step *in)
{
	const struct fnl_rep_event *e = in->event;
	return in->now_ms != FNL_NO_TIME ? in->now_ms : in->cause == FNL_CAUSE_RECORD ? e->root.occurred_at_ms : 0;
}

/* What was frozen of the prospects that have moved goes with them. */
static int begin_moves(const struct telling *t, const struct fnl_value *completed)
{
	const struct fnl_rep_event *e = t->in->event;
	struct fnl_quota_moves_begin b = {.book = e->book,
	                                  .cause = FNL_REVISION_CAUSE_HANDOVER_OUT,
	                                  .reference = completed[FNL_HANDOVER_COMPLETED_NOTICE_ID].str,
	                                  .at_ms = completed[FNL_HANDOVER_COMPLETED_OCCURRED_AT].i64,
	                                  .cause_id = t->cause.id,
	                                  .correlation_id = t->cause.correlation};
	return fnl_rep_begin_moves(t->o, t->in, &b, t->d);
}

/* The source has moved it after the end: its frozen line follows. */
static int begin_move(const struct telling *t, const struct fnl_handover_in *state, const struct fnl_handover_out *out)
{
	const struct fnl_rep_event *e = t->in->event;
	const struct fnl_value *row = out->row ? out->row : state->row, *task = out->task;
	bool moved = out->task_change == FNL_ROW_PUT && state->task &&
	             task[FNL_TASK_REASSIGN].i64 == FNL_REASSIGN_STATE_DONE &&
	             state->task[FNL_TASK_REASSIGN].i64 != FNL_REASSIGN_STATE_DONE;
	if (!moved || state->row[FNL_HANDOVER_STATE].i64 != FNL_HANDOVER_STATE_COMPLETED) {
		return 0;
	}
	struct fnl_quota_moves_begin b = {.book = e->book,
	                                  .cause = FNL_REVISION_CAUSE_HANDOVER_OUT,
	                                  .reference = row[FNL_HANDOVER_NOTICE_ID].str,
	                                  .at_ms = now_of(t->in),
	                                  .cause_id = t->cause.id,
	                                  .correlation_id = t->cause.correlation,
	                                  .prospect_ids = &task[FNL_TASK_PROSPECT_ID].str,
	                                  .to_rep_ids = &task[FNL_TASK_SUCCESSOR_ID].str,
	                                  .count = 1};
	return fnl_rep_begin_moves(t->o, t->in, &b, t->d);
}

static int tell(const struct telling *t, const struct fnl_event_out *events, size_t count)
{
	int rc = 0;
	for (size_t i = 0; i < count && rc == 0; i++) {
		rc = events[i].desc == &fnl_desc_handover_completed ? begin_moves(t, events[i].values) : 0;
		if (rc) {
			break;
		}
		struct fnl_derived derived = {.event = &events[i], .cause = &t->cause, .rules_version = t->rules_version};
		int org = org_of(events[i].desc);
		if (org >= 0) {
			rc = ask(t, &events[i], org);
			continue;
		}
		rc = key_of(t, &events[i], &derived.key);
		derived.id_name = rc ? FNL_SPAN_NONE : name_of(t, events, i);
		rc = rc ? rc : fnl_span_is_none(derived.id_name) ? FNL_E_NOMEM : 0;
		rc = rc ? rc : fnl_op_output(&t->o->op, t->in, &derived, t->d);
	}
	return rc;
}

/* ---- rows ---- */

static int take_rows(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                     struct fnl_handover_in *ret, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	*ret = (struct fnl_handover_in){.now_ms = fnl_rep_moment(in), .rules = rules, .arena = in->arena};
	int rc = fnl_rep_take_row(o, in, e->row_handover, FNL_REP_TABLE_HANDOVER, &ret->row, why);
	rc = rc ? rc : fnl_rep_take_row(o, in, e->row_rep, FNL_REP_TABLE_REP, &ret->rep, why);
	rc = rc ? rc : fnl_rep_take_row(o, in, e->row_task, FNL_REP_TABLE_TASK, &ret->task, why);
	rc = rc ? rc : fnl_rep_take_row(o, in, e->row_line, FNL_REP_TABLE_LINE, &ret->line, why);
	return rc ? rc : fnl_rep_take_row(o, in, e->row_inspection, FNL_REP_TABLE_INSPECTION, &ret->inspection, why);
}

static int put_if(const struct telling *t, int at, size_t table, const struct fnl_value *values)
{
	return fnl_rep_put_row(t->o, t->in, at, table, values ? FNL_ROW_PUT : FNL_ROW_KEEP, values, t->d);
}

static int take_outcome(const struct telling *t, const struct fnl_handover_out *out)
{
	const struct fnl_rep_event *e = t->in->event;
	int rc = put_if(t, e->row_handover, FNL_REP_TABLE_HANDOVER, out->row);
	rc = rc ? rc : fnl_rep_put_row(t->o, t->in, e->row_task, FNL_REP_TABLE_TASK, out->task_change, out->task, t->d);
	rc = rc ? rc : put_if(t, e->row_inspection, FNL_REP_TABLE_INSPECTION, out->inspection);
	return rc ? rc : tell(t, out->events, out->event_count);
}

/* ---- inputs ---- */

enum fnl_rep_handover_input fnl_rep_handover_input(const struct fnl_record_desc *desc)
{
	static const struct {
		const struct fnl_record_desc *desc;
		enum fnl_rep_handover_input input;
	} inputs[] = {
		{&fnl_desc_rep_resigned, FNL_REP_HANDOVER_HR},
		{&fnl_desc_resignation_withdrawn, FNL_REP_HANDOVER_HR},
		{&fnl_desc_rep_left, FNL_REP_HANDOVER_HR},
		{&fnl_desc_rep_erased, FNL_REP_HANDOVER_HR},
		{&fnl_desc_handover_task_done, FNL_REP_HANDOVER_COMMAND},
		{&fnl_desc_handover_task_waived, FNL_REP_HANDOVER_COMMAND},
		{&fnl_desc_successor_named, FNL_REP_HANDOVER_COMMAND},
		{&fnl_desc_reconciliation_reviewed, FNL_REP_HANDOVER_COMMAND},
		{&fnl_desc_successor_candidates, FNL_REP_HANDOVER_ANSWER},
		{&fnl_desc_org_base_rate, FNL_REP_HANDOVER_ANSWER},
	};
	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		if (inputs[i].desc == desc) {
			return inputs[i].input;
		}
	}
	return FNL_REP_NO_HANDOVER_INPUT;
}

int fnl_rep_step_handover_input(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                                const struct fnl_value *rep, struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	const struct fnl_record_desc *desc = e->root.decoded.desc;
	const struct fnl_value *values = e->root.decoded.values;
	struct telling t = {.o = o, .in = in, .rules_version = rules->version, .d = d};
	struct fnl_handover_in state;
	struct fnl_handover_out out;
	memset(&out, 0, sizeof(out));
	int rc = take_rows(o, in, rules, &state, why);
	rc = rc ? rc : fnl_rep_cause(o, in, &t.cause);
	if (rc) {
		return rc;
	}
	state.rep = rep ? rep : state.rep;
	state.cause_id = t.cause.id;
	state.correlation_id = t.cause.correlation;
	switch (fnl_rep_handover_input(desc)) {
	case FNL_REP_HANDOVER_HR:
		rc = fnl_handover_hr(&state, desc, values, &out, why);
		break;
	case FNL_REP_HANDOVER_COMMAND:
		rc = fnl_handover_command(&state, desc, values, &out, why);
		break;
	case FNL_REP_HANDOVER_ANSWER:
		rc = fnl_handover_answer(&state, desc, values, &out, why);
		break;
	case FNL_REP_NO_HANDOVER_INPUT:
		rc = FNL_E_INTERNAL;
		break;
	}
	if (rc) {
		return rc;
	}
	/* what the book has made of an HR event counts, too */
	d->stale = out.stale && (fnl_rep_handover_input(desc) != FNL_REP_HANDOVER_HR || d->stale);
	return take_outcome(&t, &out);
}

bool fnl_rep_has_handover(const struct fnl_step *in)
{
	const struct fnl_rep_event *e = in->event;
	return e->row_handover >= 0 && !fnl_span_is_none(in->rows[e->row_handover]);
}

/* What is erased must go from the task, too, also when the line has gone before it. */
int fnl_rep_handover_after_line(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_book_in *book,
                                const struct fnl_book_out *out, const struct fnl_value *inspection,
                                struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	const struct fnl_value *values = e->root.decoded.values;
	bool erased = values[FNL_BOOK_LINE_STATE].i64 == FNL_LINE_STATE_ERASED;
	struct telling t = {o, in, {book->cause_id, book->correlation_id}, book->rules->version, d};
	struct fnl_handover_in state = {.rep = out->rep ? out->rep : book->rep,
	                                .line = out->line_change == FNL_ROW_PUT    ? out->line
	                                        : out->line_change == FNL_ROW_KEEP ? book->line
	                                                                           : NULL,
	                                .line_before = book->line,
	                                .inspection = inspection,
	                                .now_ms = fnl_rep_moment(in),
	                                .rules = book->rules,
	                                .cause_id = book->cause_id,
	                                .correlation_id = book->correlation_id,
	                                .arena = in->arena};
	struct fnl_handover_out result;
	if (!fnl_rep_has_handover(in) || (out->line_change == FNL_ROW_KEEP && !erased)) {
		return 0;
	}
	memset(&result, 0, sizeof(result));
	int rc = fnl_rep_take_row(o, in, e->row_handover, FNL_REP_TABLE_HANDOVER, &state.row, why);
	rc = rc ? rc : fnl_rep_take_row(o, in, e->row_task, FNL_REP_TABLE_TASK, &state.task, why);
	rc = rc ? rc : fnl_handover_line(&state, values, &result, why);
	if (rc) {
		return rc;
	}
	d->stale = d->stale && !result.row && result.task_change == FNL_ROW_KEEP;
	rc = take_outcome(&t, &result);
	return rc ? rc : begin_move(&t, &state, &result);
}

/* ---- timers ---- */

/* Nothing of a firing came from outside: a record is not to blame. */
static int timer_error(int rc, const char *what, struct fnl_error *why)
{
	return rc == 0 || rc == FNL_E_NOMEM ? rc : fnl_fail(why, FNL_E_STATE, "%s: %s", what, fnl_status_text(rc));
}

static int put_tasks(const struct telling *t, const struct fnl_handover_step_out *out)
{
	const struct fnl_rep_event *e = t->in->event;
	int rc = 0;
	for (size_t i = 0; i < out->task_count && rc == 0; i++) {
		const struct fnl_handover_task_out *task = &out->tasks[i];
		if (task->change == FNL_ROW_KEEP) {
			continue;
		}
		struct fnl_row_key key = {FNL_REP_TABLE_TASK, fnl_rep_line_key(e->book, task->prospect_id, t->in->arena)};
		rc = fnl_span_is_none(key.key)
		         ? FNL_E_NOMEM
		         : fnl_decision_put_key(t->d, key, &t->o->rows[key.table],
		                                task->change == FNL_ROW_PUT ? task->task : NULL, t->in->arena);
	}
	return rc;
}

int fnl_rep_step_handover(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                          struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	struct telling t = {.o = o, .in = in, .rules_version = rules->version, .d = d};
	struct fnl_handover_page page = {.count = in->page_count, .last = in->page_count < e->handover.limit};
	struct fnl_handover_in state;
	struct fnl_handover_step_out out;
	memset(&out, 0, sizeof(out));
	bool tasks = e->handover.of == FNL_HANDOVER_PAGE_TASKS;
	int rc = take_rows(o, in, rules, &state, why);
	rc = rc ? rc : fnl_rep_take_page(o, in, tasks ? FNL_REP_TABLE_TASK : FNL_REP_TABLE_LINE, &page.rows, why);
	rc = rc ? rc : timer_error(fnl_handover_step(&state, &page, &out, why), "a handover cannot go on", why);
	if (rc) {
		return rc;
	}
	t.cause =
		(struct fnl_cause_id){out.cause_id, fnl_span_is_none(out.correlation_id) ? out.cause_id : out.correlation_id};
	rc = put_if(&t, e->row_handover, FNL_REP_TABLE_HANDOVER, out.row);
	rc = rc ? rc : put_if(&t, e->row_inspection, FNL_REP_TABLE_INSPECTION, out.inspection);
	rc = rc ? rc : put_tasks(&t, &out);
	return rc ? rc : tell(&t, out.events, out.event_count);
}

int fnl_rep_step_task(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                      struct fnl_decision *d, struct fnl_error *why)
{
	struct telling t = {.o = o, .in = in, .rules_version = rules->version, .d = d};
	struct fnl_handover_in state;
	struct fnl_handover_out out;
	memset(&out, 0, sizeof(out));
	int rc = take_rows(o, in, rules, &state, why);
	rc = rc ? rc : fnl_rep_cause(o, in, &t.cause);
	if (rc) {
		return rc;
	}
	if (!state.row || !state.task) {
		return fnl_fail(why, FNL_E_STATE, "a task of a handover that is not there");
	}
	state.cause_id = t.cause.id;
	state.correlation_id = t.cause.correlation;
	rc = timer_error(fnl_handover_task_timer(&state, &out, why), "a task cannot go on", why);
	return rc ? rc : take_outcome(&t, &out);
}
