/* The rep stage: bytes to values, core's decision to rows and outputs. */
#include "rep_internal.h"

const char *const fnl_rep_tables[FNL_REP_TABLE_COUNT] = {"partition",  "rep",      "line",       "quota", "quota_line",
                                                         "inspection", "handover", "task",       "cell",  "rate",
                                                         "territory",  "moves",    "quota_moves"};

static const struct fnl_route routes[] = {
	{&fnl_desc_quota_set, FNL_REP_OUT_QUOTAS, FNL_QUOTA_SET_OCCURRED_AT, FNL_QUOTA_SET_REP_ID, -1, -1,
     "funnel.rep.quota-set.v1"},
	{&fnl_desc_quota_line, FNL_REP_OUT_QUOTAS, FNL_QUOTA_LINE_OCCURRED_AT, FNL_QUOTA_LINE_REP_ID, -1, -1,
     "funnel.rep.quota-line.v1"},
	{&fnl_desc_quota_recalculated, FNL_REP_OUT_QUOTAS, FNL_QUOTA_RECALCULATED_OCCURRED_AT,
     FNL_QUOTA_RECALCULATED_REP_ID, -1, -1, "funnel.rep.quota-recalculated.v1"},
	{&fnl_desc_attainment_changed, FNL_REP_OUT_QUOTAS, FNL_ATTAINMENT_CHANGED_OCCURRED_AT,
     FNL_ATTAINMENT_CHANGED_REP_ID, -1, -1, "funnel.rep.attainment-changed.v1"},
	{&fnl_desc_quota_revised, FNL_REP_OUT_QUOTAS, FNL_QUOTA_REVISED_OCCURRED_AT, FNL_QUOTA_REVISED_REP_ID, -1, -1,
     "funnel.rep.quota-revised.v1"},
	{&fnl_desc_command_rejected, FNL_REP_OUT_REJECTIONS, FNL_COMMAND_REJECTED_OCCURRED_AT, FNL_COMMAND_REJECTED_ORG_ID,
     -1, -1, "funnel.command.rejected.v1"},
	{&fnl_desc_prospect_stalled, FNL_REP_OUT_ALERTS, FNL_PROSPECT_STALLED_OCCURRED_AT, FNL_PROSPECT_STALLED_PROSPECT_ID,
     -1, -1, "funnel.prospect.stalled.v1"},
	{&fnl_desc_stall_escalated, FNL_REP_OUT_ALERTS, FNL_STALL_ESCALATED_OCCURRED_AT, FNL_STALL_ESCALATED_PROSPECT_ID,
     -1, -1, "funnel.prospect.stall-escalated.v1"},
	{&fnl_desc_stall_cleared, FNL_REP_OUT_ALERTS, FNL_STALL_CLEARED_OCCURRED_AT, FNL_STALL_CLEARED_PROSPECT_ID, -1, -1,
     "funnel.prospect.stall-cleared.v1"},
	{&fnl_desc_inspection_sheet, FNL_REP_OUT_INSPECTIONS, FNL_INSPECTION_SHEET_OCCURRED_AT, FNL_INSPECTION_SHEET_REP_ID,
     -1, -1, "funnel.inspection.sheet.v1"},
	{&fnl_desc_sheet_page, FNL_REP_OUT_INSPECTIONS, FNL_SHEET_PAGE_OCCURRED_AT, FNL_SHEET_PAGE_REP_ID, -1, -1,
     "funnel.inspection.page.v1"},
	{&fnl_desc_inspection_answer_recorded, FNL_REP_OUT_INSPECTIONS, FNL_INSPECTION_ANSWER_RECORDED_OCCURRED_AT,
     FNL_INSPECTION_ANSWER_RECORDED_REP_ID, -1, -1, "funnel.inspection.answer-recorded.v1"},
	{&fnl_desc_inspection_overdue, FNL_REP_OUT_INSPECTIONS, FNL_INSPECTION_OVERDUE_OCCURRED_AT,
     FNL_INSPECTION_OVERDUE_REP_ID, -1, -1, "funnel.inspection.overdue.v1"},
#define TOLD(record, RECORD, topic, key, type) \
	{ \
		&fnl_desc_##record, FNL_REP_OUT_##topic, FNL_##RECORD##_OCCURRED_AT, FNL_##RECORD##_##key, -1, -1, type \
	}
	TOLD(handover_opened, HANDOVER_OPENED, HANDOVERS, LEAVING_REP_ID, "funnel.handover.opened.v1"),
	TOLD(successor_proposed, SUCCESSOR_PROPOSED, HANDOVERS, LEAVING_REP_ID, "funnel.handover.successor-proposed.v1"),
	TOLD(successor_refused, SUCCESSOR_REFUSED, HANDOVERS, LEAVING_REP_ID, "funnel.handover.successor-refused.v1"),
	TOLD(handover_task_opened, HANDOVER_TASK_OPENED, HANDOVERS, LEAVING_REP_ID, "funnel.handover.task-opened.v1"),
	TOLD(handover_task_released, HANDOVER_TASK_RELEASED, HANDOVERS, LEAVING_REP_ID, "funnel.handover.task-released.v1"),
	TOLD(handover_task_refused, HANDOVER_TASK_REFUSED, HANDOVERS, LEAVING_REP_ID, "funnel.handover.task-refused.v1"),
	TOLD(handover_task_superseded, HANDOVER_TASK_SUPERSEDED, HANDOVERS, LEAVING_REP_ID,
         "funnel.handover.task-superseded.v1"),
	TOLD(handover_task_overdue, HANDOVER_TASK_OVERDUE, HANDOVERS, LEAVING_REP_ID, "funnel.handover.task-overdue.v1"),
	TOLD(handover_task_closed, HANDOVER_TASK_CLOSED, HANDOVERS, LEAVING_REP_ID, "funnel.handover.task-closed.v1"),
	TOLD(handover_at_risk, HANDOVER_AT_RISK, HANDOVERS, LEAVING_REP_ID, "funnel.handover.at-risk.v1"),
	TOLD(handover_cancelled, HANDOVER_CANCELLED, HANDOVERS, LEAVING_REP_ID, "funnel.handover.cancelled.v1"),
	TOLD(handover_completed, HANDOVER_COMPLETED, HANDOVERS, LEAVING_REP_ID, "funnel.handover.completed.v1"),
	/* restricted */
	TOLD(reconciliation_finding, RECONCILIATION_FINDING, REVIEWS, LEAVING_REP_ID, "funnel.review.finding.v1"),
	TOLD(reconciliation_closed, RECONCILIATION_CLOSED, REVIEWS, LEAVING_REP_ID,
         "funnel.review.reconciliation-closed.v1"),
	TOLD(defection_review, DEFECTION_REVIEW, REVIEWS, LEAVING_REP_ID, "funnel.review.defection.v1"),
	TOLD(reassignment_requested, REASSIGNMENT_REQUESTED, REASSIGNMENTS, PROSPECT_ID,
         "funnel.prospect.reassignment-requested.v1"),
	TOLD(reassignment_overdue, REASSIGNMENT_OVERDUE, REASSIGNMENTS, PROSPECT_ID,
         "funnel.prospect.reassignment-overdue.v1"),
	TOLD(rep_entry, REP_ENTRY, REP_DIRECTORY, REP_ID, "funnel.rep.entry.v1"),
#undef TOLD
};

int fnl_rep_take_row(struct fnl_rep_operator *o, const struct fnl_step *in, int at, size_t table,
                     const struct fnl_value **ret, struct fnl_error *why)
{
	*ret = NULL;
	return at < 0 ? 0 : fnl_row_decode(o->op.codec, &o->rows[table], in->rows[at], in->arena, ret, why);
}

int fnl_rep_put_row(struct fnl_rep_operator *o, const struct fnl_step *in, int at, size_t table,
                    enum fnl_row_change change, const struct fnl_value *values, struct fnl_decision *d)
{
	if (change == FNL_ROW_KEEP) {
		return 0;
	}
	return at < 0 ? FNL_E_INTERNAL
	              : fnl_decision_put(d, (size_t)at, &o->rows[table], change == FNL_ROW_PUT ? values : NULL, in->arena);
}

/* A line, an answer on its way, or what comes of the organisation, names its own cause, which is what happened in the
 * source. */
int fnl_rep_cause(struct fnl_rep_operator *o, const struct fnl_step *in, struct fnl_cause_id *ret)
{
	const struct fnl_rep_event *e = in->event;
	const struct fnl_record_desc *desc = e->root.decoded.desc;
	bool internal = desc == &fnl_desc_book_line || desc == &fnl_desc_answer_given ||
	                desc == &fnl_desc_successor_candidates || desc == &fnl_desc_org_base_rate ||
	                desc == &fnl_desc_book_moves || desc == &fnl_desc_quota_moved;
	if (in->cause == FNL_CAUSE_RECORD && internal && fnl_op_cause_named(in->record, ret)) {
		return 0;
	}
	return fnl_op_cause(&o->op, in, in->cause == FNL_CAUSE_TIMER ? NULL : &e->root, ret);
}

/* "<book>|<deadline of the timer>" */
static struct fnl_span telling_name(const struct fnl_step *in)
{
	const struct fnl_rep_event *e = in->event;
	struct fnl_writer w = fnl_writer_of(in->arena);
	fnl_write_raw(&w, e->book);
	fnl_write_u8(&w, '|');
	fnl_write_decimal(&w, in->timer_deadline_ms);
	return fnl_writer_span(&w);
}

static int take_book(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_book_out *out,
                     int32_t rules_version, struct fnl_decision *d)
{
	const struct fnl_rep_event *e = in->event;
	d->stale = out->stale;
	int rc = fnl_rep_put_row(o, in, e->row_rep, FNL_REP_TABLE_REP, out->rep_change, out->rep, d);
	rc = rc ? rc : fnl_rep_put_row(o, in, e->row_line, FNL_REP_TABLE_LINE, out->line_change, out->line, d);
	for (size_t i = 0; i < out->erased_years.count && rc == 0; i++) {
		struct fnl_span key = fnl_rep_quota_key(e->book, out->erased_years.items[i].i64, e->prospect_id, in->arena);
		struct fnl_row_key row = {FNL_REP_TABLE_QUOTA_LINE, key};
		rc = fnl_span_is_none(key) ? FNL_E_NOMEM : fnl_decision_put_key(d, row, &o->rows[row.table], NULL, in->arena);
	}
	rc = rc ? rc : fnl_rep_tell_directory(o, in, out, rules_version, d);
	if (rc || !out->event.desc) {
		return rc;
	}
	struct fnl_cause_id cause = {out->cause_id, out->correlation_id};
	struct fnl_derived derived = {
		.event = &out->event, .cause = &cause, .rules_version = rules_version, .id_name = telling_name(in)};
	return fnl_span_is_none(derived.id_name) ? FNL_E_NOMEM : fnl_op_output(&o->op, in, &derived, d);
}

int64_t fnl_rep_now(const struct fnl_step *in)
{
	return in->now_ms == FNL_NO_TIME ? 0 : in->now_ms;
}

int64_t fnl_rep_moment(const struct fnl_step *in)
{
	const struct fnl_rep_event *e = in->event;
	return in->now_ms != FNL_NO_TIME ? in->now_ms : in->cause == FNL_CAUSE_RECORD ? e->root.occurred_at_ms : 0;
}

static int take_rows(struct fnl_rep_operator *o, const struct fnl_step *in, struct fnl_book_in *ret, bool *ret_whole,
                     struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	int rc = fnl_rep_take_row(o, in, e->row_rep, FNL_REP_TABLE_REP, &ret->rep, why);
	rc = rc ? rc : fnl_rep_take_row(o, in, e->row_line, FNL_REP_TABLE_LINE, &ret->line, why);
	rc = rc ? rc : fnl_rep_take_row(o, in, e->row_jobs, FNL_REP_TABLE_PARTITION, &ret->jobs, why);
	return rc ? rc : fnl_rep_take_inspection(o, in, &ret->inspection, ret_whole, why);
}

static int step_book(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                     struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	const struct fnl_value *values = e->root.decoded.values;
	const struct fnl_record_desc *desc = in->cause == FNL_CAUSE_RECORD ? e->root.decoded.desc : NULL;
	struct fnl_book_in book = {.now_ms = fnl_rep_now(in), .rules = rules, .arena = in->arena};
	struct fnl_book_out out;
	struct fnl_cause_id cause = {FNL_SPAN_NONE, FNL_SPAN_NONE};
	const struct fnl_value *inspection = NULL;
	bool whole = false;
	memset(&out, 0, sizeof(out));
	int rc = take_rows(o, in, &book, &whole, why);
	if (rc == 0 && in->cause == FNL_CAUSE_RECORD) {
		rc = fnl_rep_cause(o, in, &cause);
		book.cause_id = cause.id;
		book.correlation_id = cause.correlation;
	}
	if (rc) {
		return rc;
	}
	if (!desc) {
		rc = fnl_book_timer(&book, &out, why);
		rc = rc ? rc : fnl_rep_go_over_cells(o, in, &book, &out, d, why);
		rc = rc ? rc : fnl_rep_tell_attainment(o, in, &book, &out, d, why);
	} else if (desc == &fnl_desc_book_line) {
		rc = fnl_book_line(&book, values, &out, why);
		rc = rc ? rc : fnl_rep_tell_stalls(o, in, &book, &out, d);
		rc = rc ? rc : fnl_rep_move_cells(o, in, &book, &out, d, why);
	} else if (desc == &fnl_desc_rep_changed) {
		rc = fnl_book_rep_changed(&book, values, &out, why);
	} else {
		rc = fnl_book_rep_leaves(&book, desc, values, &out, why);
	}
	rc = rc ? rc : take_book(o, in, &out, rules->version, d);
	if (rc || !desc) {
		return rc;
	}
	if (fnl_rep_handover_input(desc) == FNL_REP_HANDOVER_HR) {
		return fnl_rep_step_handover_input(o, in, rules, out.rep ? out.rep : book.rep, d, why);
	}
	rc = fnl_rep_inspection_after(o, in, &book, &out, whole, d, &inspection);
	if (rc || desc != &fnl_desc_book_line) {
		return rc;
	}
	rc = out.stale ? 0 : fnl_rep_moves_after_line(o, in, book.line, &cause, d);
	return rc ? rc : fnl_rep_handover_after_line(o, in, &book, &out, inspection, d, why);
}

static int step_open_quota(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                           struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	const struct fnl_value *values = e->root.decoded.values;
	const struct fnl_value *jobs = NULL;
	struct fnl_cause_id cause;
	struct fnl_quota_opened out;
	memset(&out, 0, sizeof(out));
	int rc = fnl_rep_take_row(o, in, e->row_jobs, FNL_REP_TABLE_PARTITION, &jobs, why);
	rc = rc ? rc : fnl_rep_cause(o, in, &cause);
	rc = rc ? rc
	        : fnl_quota_open(jobs, values, rules, cause.id, cause.correlation, fnl_rep_now(in), in->arena, &out, why);
	if (rc) {
		return rc;
	}
	d->stale = out.stale;
	rc = fnl_rep_put_row(o, in, e->row_jobs, FNL_REP_TABLE_PARTITION, out.jobs ? FNL_ROW_PUT : FNL_ROW_KEEP, out.jobs,
	                     d);
	if (rc == 0 && out.rejection.desc && in->partition == 0) {
		struct fnl_derived derived = {.event = &out.rejection,
		                              .cause = &cause,
		                              .rules_version = rules->version,
		                              .id_name = values[FNL_OPEN_QUOTA_YEAR_COMMAND_ID].str};
		rc = fnl_op_output(&o->op, in, &derived, d);
	}
	return rc;
}

static int step_rules(struct fnl_rep_operator *o, const struct fnl_step *in, struct fnl_decision *d,
                      struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	const struct fnl_value *now = NULL, *jobs = NULL;
	const struct fnl_rules *before, *rules;
	struct fnl_cause_id cause;
	struct fnl_value row[FNL_PARTITION_RULES_FIELD_COUNT];
	struct fnl_value *jobs_after = NULL;
	int rc = fnl_op_rules(&o->op, in->rows[e->row_rules], in->arena, &now, &before, why);
	rc = rc ? rc : fnl_rep_take_row(o, in, e->row_jobs, FNL_REP_TABLE_PARTITION, &jobs, why);
	rc = rc ? rc : fnl_rep_cause(o, in, &cause);
	rc = rc ? rc : fnl_op_rules_activated(&o->op, e->root.decoded.values, now, &cause, row, &rules, &d->stale, why);
	if (rc || d->stale) {
		return rc;
	}
	rc = fnl_quota_rules_changed(jobs, before, rules, cause.id, cause.correlation, fnl_rep_now(in), in->arena,
	                             &jobs_after);
	rc = rc ? rc : fnl_decision_put(d, (size_t)e->row_rules, &o->op.rules_row, row, in->arena);
	return rc ? rc
	          : fnl_rep_put_row(o, in, e->row_jobs, FNL_REP_TABLE_PARTITION, jobs_after ? FNL_ROW_PUT : FNL_ROW_KEEP,
	                            jobs_after, d);
}

static int step_timer(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                      struct fnl_decision *d, struct fnl_error *why)
{
	switch (in->timer_row.table) {
	case FNL_REP_TABLE_INSPECTION:
		return fnl_rep_step_inspection(o, in, rules, d, why);
	case FNL_REP_TABLE_HANDOVER:
		return fnl_rep_step_handover(o, in, rules, d, why);
	case FNL_REP_TABLE_CELL:
		return fnl_rep_step_cell(o, in, rules, d, why);
	case FNL_REP_TABLE_TASK:
		return fnl_rep_step_task(o, in, rules, d, why);
	case FNL_REP_TABLE_MOVES:
		return fnl_rep_step_moves(o, in, rules, d, why);
	case FNL_REP_TABLE_QUOTA_MOVES:
		return fnl_rep_step_quota_moves(o, in, rules, d, why);
	case FNL_REP_TABLE_PARTITION:
		return fnl_rep_step_jobs(o, in, rules, d, why);
	default:
		return step_book(o, in, rules, d, why);
	}
}

static int op_step(struct fnl_operator *base, const struct fnl_step *in, struct fnl_decision *ret,
                   struct fnl_error *why)
{
	struct fnl_rep_operator *o = FNL_CONTAINER_OF(base, struct fnl_rep_operator, base);
	const struct fnl_rep_event *e = in->event;
	const struct fnl_record_desc *desc = e->root.decoded.desc; /* NULL: a timer */
	const struct fnl_value *row;
	const struct fnl_rules *rules;
	if (desc == &fnl_desc_stage_time) {
		return fnl_times_step(&o->times_row, in, (size_t)e->row_times, e->root.decoded.values, ret, why);
	}
	if (desc == &fnl_desc_rules_activated) {
		return step_rules(o, in, ret, why);
	}
	int rc = fnl_op_rules(&o->op, in->rows[e->row_rules], in->arena, &row, &rules, why);
	if (rc) {
		return rc;
	}
	if (desc == &fnl_desc_fx_rate) {
		return fnl_rep_step_rate(o, in, ret, why);
	}
	if (desc == &fnl_desc_territory_defined) {
		return fnl_rep_step_territory(o, in, ret, why);
	}
	if (desc == &fnl_desc_inspect_now) {
		return fnl_rep_step_asked(o, in, rules, ret, why);
	}
	if (desc == &fnl_desc_answer_given) {
		return fnl_rep_step_answer(o, in, rules, ret, why);
	}
	if (fnl_rep_handover_input(desc) == FNL_REP_HANDOVER_COMMAND ||
	    fnl_rep_handover_input(desc) == FNL_REP_HANDOVER_ANSWER) {
		return fnl_rep_step_handover_input(o, in, rules, NULL, ret, why);
	}
	if (desc == &fnl_desc_book_moves) {
		return fnl_rep_step_moves_input(o, in, rules, ret, why);
	}
	if (desc == &fnl_desc_revise_quota || desc == &fnl_desc_quota_moved) {
		return fnl_rep_step_revision(o, in, rules, ret, why);
	}
	if (desc == &fnl_desc_open_quota_year) {
		return step_open_quota(o, in, rules, ret, why);
	}
	return in->cause == FNL_CAUSE_TIMER ? step_timer(o, in, rules, ret, why) : step_book(o, in, rules, ret, why);
}

/* A row of the partition's table: the jobs, also as an older version has written them. */
static bool is_jobs(struct fnl_rep_operator *o, uint32_t id, struct fnl_span value)
{
	if (id == o->rows[FNL_REP_TABLE_PARTITION].schema_id || (id != 0 && id == o->older_jobs_id)) {
		return true;
	}
	if (id == o->times_row.schema_id || id == o->op.rules_row.schema_id) {
		return false;
	}
	struct fnl_arena arena;
	struct fnl_error why;
	struct fnl_decoded decoded = {NULL, NULL};
	struct fnl_record record = {.value = value};
	fnl_arena_init(&arena, (size_t)16 << 20);
	int rc = o->op.codec->ops->decode(o->op.codec, &record, &arena, &decoded, &why);
	bool jobs = rc == 0 && decoded.desc == &fnl_desc_partition_jobs;
	o->older_jobs_id = jobs ? id : o->older_jobs_id;
	fnl_arena_deinit(&arena);
	return jobs;
}

/* Of the partition's rows only the jobs have a timer; the row of times begins with a list. */
static int64_t op_row_deadline(struct fnl_operator *base, uint8_t table, struct fnl_span value)
{
	struct fnl_rep_operator *o = FNL_CONTAINER_OF(base, struct fnl_rep_operator, base);
	_Static_assert(FNL_REP_NEXT_DEADLINE_AT == 0 && FNL_PARTITION_JOBS_NEXT_DEADLINE_AT == 0 &&
	                   FNL_INSPECTION_NEXT_DEADLINE_AT == 0 && FNL_HANDOVER_NEXT_DEADLINE_AT == 0 &&
	                   FNL_TASK_NEXT_DEADLINE_AT == 0 && FNL_CELL_NEXT_DEADLINE_AT == 0 &&
	                   FNL_MOVES_NEXT_DEADLINE_AT == 0 && FNL_QUOTA_MOVES_NEXT_DEADLINE_AT == 0,
	               "the deadline is read from the front of the row");
	struct fnl_reader r = fnl_reader_of(value);
	bool magic = fnl_read_u8(&r) == 0;
	uint32_t id = fnl_read_be32(&r);
	bool timed = table == FNL_REP_TABLE_REP || table == FNL_REP_TABLE_INSPECTION || table == FNL_REP_TABLE_HANDOVER ||
	             table == FNL_REP_TABLE_TASK || table == FNL_REP_TABLE_CELL || table == FNL_REP_TABLE_MOVES ||
	             table == FNL_REP_TABLE_QUOTA_MOVES || (table == FNL_REP_TABLE_PARTITION && is_jobs(o, id, value));
	return timed && magic && !r.bad ? fnl_row_first_deadline(value) : FNL_NO_DEADLINE;
}

static struct fnl_row_key op_time_row(struct fnl_operator *base)
{
	(void)base;
	return (struct fnl_row_key){FNL_REP_TABLE_PARTITION, FNL_SPAN_LIT("clock")};
}

static int64_t op_time_of(struct fnl_operator *base, struct fnl_span value)
{
	(void)base;
	return fnl_times_of(value);
}

static int64_t op_time_reached(struct fnl_operator *base, struct fnl_span value, const struct fnl_prepared *prepared)
{
	(void)base;
	const struct fnl_rep_event *e = prepared->event;
	return e ? fnl_times_reached(value, &e->root.decoded) : FNL_NO_TIME;
}

static int op_time_forward(struct fnl_operator *base, int32_t partition, int64_t time_ms, struct fnl_arena *arena,
                           struct fnl_output *ret)
{
	const struct fnl_rep_operator *o = FNL_CONTAINER_OF(base, struct fnl_rep_operator, base);
	struct fnl_times_at at = {FNL_REP_OUT_ORG_INPUTS, partition, o->partition_count};
	return fnl_times_forward(&o->stage_time, &at, time_ms, arena, ret);
}

static int find_rows(struct fnl_rep_operator *o, struct fnl_codec *codec, struct fnl_error *why)
{
	static const struct fnl_record_desc *const descs[FNL_REP_TABLE_COUNT] = {
		&fnl_desc_partition_jobs, &fnl_desc_rep,      &fnl_desc_line,       &fnl_desc_quota_set, &fnl_desc_quota_line,
		&fnl_desc_inspection,     &fnl_desc_handover, &fnl_desc_task,       &fnl_desc_cell,      &fnl_desc_rate_table,
		&fnl_desc_territory_set,  &fnl_desc_moves,    &fnl_desc_quota_moves};
	int rc = fnl_row_type_find(codec, &fnl_desc_partition_times, &o->times_row, why);
	rc = rc ? rc : fnl_row_type_find(codec, &fnl_desc_stage_time, &o->stage_time, why);
	for (size_t i = 0; i < FNL_REP_TABLE_COUNT && rc == 0; i++) {
		rc = fnl_row_type_find(codec, descs[i], &o->rows[i], why);
	}
	return rc;
}

int fnl_rep_operator_open(struct fnl_codec *codec, const struct fnl_ids *ids,
                          const struct fnl_rules_reader *rules_reader, int32_t partition_count,
                          struct fnl_operator **ret, struct fnl_error *why)
{
	const struct fnl_operator_ops ops = {
		.prepare = fnl_rep_prepare,
		.prepare_more = fnl_rep_prepare_more,
		.prepare_timer = fnl_rep_prepare_timer,
		.step = op_step,
		.row_deadline = op_row_deadline,
		.time_row = op_time_row,
		.time_of = op_time_of,
		.time_reached = op_time_reached,
		.time_forward = partition_count ? op_time_forward : NULL,
	};
	struct fnl_rep_operator *o = fnl_calloc(1, sizeof(*o));
	if (!o) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for the rep stage");
	}
	o->ops = ops;
	o->base.ops = &o->ops;
	o->partition_count = partition_count;
	o->op.name = "rep";
	o->op.source = "funneld/rep";
	o->op.tables = fnl_rep_tables;
	o->op.routes = routes;
	o->op.route_count = sizeof(routes) / sizeof(routes[0]);
	int rc = fnl_op_init(&o->op, codec, ids, rules_reader, why);
	rc = rc ? rc : find_rows(o, codec, why);
	if (rc) {
		fnl_rep_operator_close(&o->base);
		return rc;
	}
	*ret = &o->base;
	return 0;
}

struct fnl_operator *fnl_rep_operator_close(struct fnl_operator *base)
{
	if (!base) {
		return NULL;
	}
	struct fnl_rep_operator *o = FNL_CONTAINER_OF(base, struct fnl_rep_operator, base);
	fnl_op_deinit(&o->op);
	return fnl_free(o);
}
