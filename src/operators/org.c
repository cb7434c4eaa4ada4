/* The org stage: bytes to values, core's decision to rows and outputs. */
#include "org_internal.h"

const char *const fnl_org_tables[FNL_ORG_TABLE_COUNT] = {"partition", "rep",      "handover", "question",
                                                         "cell",      "proposal", "year",     "scoring"};

_Static_assert((int)FNL_ORG_PAGE_ROWS <= (int)FNL_PAGE_ROWS_MAX, "a page is no longer than the engine gives");
_Static_assert((int)FNL_SUCCESSOR_USES_MAX <= (int)FNL_STEP_OUTPUTS_MAX, "all who go by a successor hear in one step");

int fnl_org_take_row(struct fnl_org_operator *o, const struct fnl_step *in, int at, size_t table,
                     const struct fnl_value **ret, struct fnl_error *why)
{
	*ret = NULL;
	return at < 0 ? 0 : fnl_row_decode(o->op.codec, &o->rows[table], in->rows[at], in->arena, ret, why);
}

int fnl_org_put_row(struct fnl_org_operator *o, const struct fnl_step *in, int at, size_t table,
                    const struct fnl_value *values, struct fnl_decision *d)
{
	return at < 0 ? FNL_E_INTERNAL : fnl_decision_put(d, (size_t)at, &o->rows[table], values, in->arena);
}

/* To the book that asked. */
static int answer(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_event_out *event,
                  const struct fnl_cause_id *cause, struct fnl_decision *d)
{
	_Static_assert((int)FNL_SUCCESSOR_CANDIDATES_BOOK == (int)FNL_ORG_BASE_RATE_BOOK, "the answers begin alike");
	struct fnl_span book = event->values[FNL_SUCCESSOR_CANDIDATES_BOOK].str;
	return fnl_op_internal(&o->op, in, FNL_ORG_OUT_REP_INPUTS, book, event, cause, in->cause == FNL_CAUSE_RECORD, d);
}

/* Before the stage's time is known it is as at the beginning of time, as in the rep stage. */
struct fnl_org_in fnl_org_input_of(const struct fnl_step *in, const struct fnl_rules *rules,
                                   const struct fnl_cause_id *cause)
{
	return (struct fnl_org_in){.now_ms = in->now_ms == FNL_NO_TIME ? 0 : in->now_ms,
	                           .rules = rules,
	                           .cause_id = cause->id,
	                           .correlation_id = cause->correlation,
	                           .arena = in->arena};
}

static int step_entry(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                      const struct fnl_cause_id *cause, struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_org_event *e = in->event;
	struct fnl_org_in core = fnl_org_input_of(in, rules, cause);
	struct fnl_org_entry_out out;
	const struct fnl_value *rep;
	memset(&out, 0, sizeof(out));
	int rc = fnl_org_take_row(o, in, e->row_rep, FNL_ORG_TABLE_REP, &rep, why);
	rc = rc ? rc : fnl_org_entry(&core, rep, e->root.decoded.values, &out, why);
	if (rc) {
		return rc;
	}
	d->stale = out.stale;
	if (out.change != FNL_ROW_KEEP) {
		rc = fnl_org_put_row(o, in, e->row_rep, FNL_ORG_TABLE_REP, out.rep, d);
	}
	for (size_t i = 0; i < out.answer_count && rc == 0; i++) {
		rc = answer(o, in, &out.answers[i], cause, d);
	}
	return rc;
}

static int step_asked(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                      const struct fnl_cause_id *cause, struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_org_event *e = in->event;
	struct fnl_org_in core = fnl_org_input_of(in, rules, cause);
	struct fnl_org_rows rows;
	struct fnl_org_asked_out out;
	memset(&out, 0, sizeof(out));
	int rc = fnl_org_take_row(o, in, e->row_leaver, FNL_ORG_TABLE_REP, &rows.leaver, why);
	rc = rc ? rc : fnl_org_take_row(o, in, e->row_successor, FNL_ORG_TABLE_REP, &rows.successor, why);
	rc = rc ? rc : fnl_org_take_row(o, in, e->row_question, FNL_ORG_TABLE_QUESTION, &rows.question, why);
	rc = rc ? rc : fnl_org_asked(&core, &rows, e->root.decoded.desc, e->root.decoded.values, &out, why);
	if (rc) {
		return rc;
	}
	d->stale = out.stale;
	if (out.successor) {
		rc = fnl_org_put_row(o, in, e->row_successor, FNL_ORG_TABLE_REP, out.successor, d);
	}
	if (rc == 0 && out.question) {
		rc = fnl_org_put_row(o, in, e->row_question, FNL_ORG_TABLE_QUESTION, out.question, d);
	}
	return rc || !out.answer.desc ? rc : answer(o, in, &out.answer, cause, d);
}

static int step_outcome(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                        const struct fnl_cause_id *cause, struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_org_event *e = in->event;
	struct fnl_org_in core = fnl_org_input_of(in, rules, cause);
	const struct fnl_value *handover;
	struct fnl_value *row = NULL;
	int rc = fnl_org_take_row(o, in, e->row_handover, FNL_ORG_TABLE_HANDOVER, &handover, why);
	rc = rc ? rc : fnl_org_outcome(&core, handover, e->root.decoded.values, &row, why);
	d->stale = rc == 0 && !row;
	return rc || !row ? rc : fnl_org_put_row(o, in, e->row_handover, FNL_ORG_TABLE_HANDOVER, row, d);
}

static int step_cell(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                     const struct fnl_cause_id *cause, struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_org_event *e = in->event;
	struct fnl_org_in core = fnl_org_input_of(in, rules, cause);
	const struct fnl_value *cell;
	struct fnl_org_cell_out out;
	memset(&out, 0, sizeof(out));
	int rc = fnl_org_take_row(o, in, e->row_cell, FNL_ORG_TABLE_CELL, &cell, why);
	rc = rc ? rc : fnl_org_cell(&core, cell, e->root.decoded.values, &out, why);
	d->stale = rc == 0 && out.stale;
	return rc || out.change == FNL_ROW_KEEP ? rc : fnl_org_put_row(o, in, e->row_cell, FNL_ORG_TABLE_CELL, out.cell, d);
}

/* Between two reps it is but passed on: the books are in different partitions. */
static int pass_on(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_cause_id *cause,
                   struct fnl_decision *d)
{
	const struct fnl_org_event *e = in->event;
	struct fnl_value *values = e->root.decoded.values;
	struct fnl_event_out event = {e->root.decoded.desc, values};
	return fnl_op_internal(&o->op, in, FNL_ORG_OUT_REP_INPUTS, values[FNL_QUOTA_MOVED_BOOK].str, &event, cause, true,
	                       d);
}

int fnl_org_take_page(struct fnl_org_operator *o, const struct fnl_step *in, size_t table,
                      const struct fnl_value *const **ret, struct fnl_error *why)
{
	const struct fnl_value **rows =
		fnl_arena_calloc(in->arena, in->page_count ? in->page_count : 1, sizeof(const struct fnl_value *));
	int rc = rows ? 0 : FNL_E_NOMEM;
	for (size_t i = 0; i < in->page_count && rc == 0; i++) {
		rc = fnl_row_decode(o->op.codec, &o->rows[table], in->page[i].value, in->arena, &rows[i], why);
	}
	if (rc == 0) {
		*ret = rows;
	}
	return rc;
}

static int take_page(struct fnl_org_operator *o, const struct fnl_step *in, size_t table, struct fnl_org_page *ret,
                     struct fnl_error *why)
{
	const struct fnl_org_event *e = in->event;
	int rc = fnl_org_take_page(o, in, table, &ret->rows, why);
	rc = rc ? rc : fnl_org_take_row(o, in, e->row_leaver, FNL_ORG_TABLE_REP, &ret->leaver, why);
	for (size_t i = 0; i < FNL_SUCCESSOR_CANDIDATES_MAX && rc == 0; i++) {
		rc = fnl_org_take_row(o, in, e->row_best[i], FNL_ORG_TABLE_REP, &ret->best[i], why);
	}
	ret->count = in->page_count;
	ret->last = fnl_org_page_is_last(o, in);
	ret->last_key = fnl_org_page_last_key(in);
	return rc;
}

static int step_question(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                         struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_org_event *e = in->event;
	const struct fnl_value *q = e->timed;
	bool successor = q[FNL_ORG_QUESTION_KIND].i64 == FNL_ORG_QUESTION_KIND_SUCCESSOR;
	struct fnl_cause_id cause;
	struct fnl_org_page page;
	struct fnl_org_step_out out;
	memset(&page, 0, sizeof(page));
	int rc = fnl_op_cause(&o->op, in, NULL, &cause);
	if (rc == 0 && q[FNL_ORG_QUESTION_CAUSE_ID].set) {
		cause.id = q[FNL_ORG_QUESTION_CAUSE_ID].str;
		cause.correlation = q[FNL_ORG_QUESTION_CORRELATION_ID].set ? q[FNL_ORG_QUESTION_CORRELATION_ID].str : cause.id;
	}
	struct fnl_org_in core = fnl_org_input_of(in, rules, &cause);
	rc = rc ? rc : take_page(o, in, successor ? FNL_ORG_TABLE_REP : FNL_ORG_TABLE_HANDOVER, &page, why);
	rc = rc ? rc : fnl_org_step(&core, q, &page, &out);
	rc = rc ? rc : fnl_org_put_row(o, in, e->row_question, FNL_ORG_TABLE_QUESTION, out.question, d);
	return rc || !out.answer.desc ? rc : answer(o, in, &out.answer, &cause, d);
}

static int step_rules(struct fnl_org_operator *o, const struct fnl_step *in, struct fnl_decision *d,
                      struct fnl_error *why)
{
	const struct fnl_org_event *e = in->event;
	const struct fnl_value *now;
	const struct fnl_rules *rules;
	struct fnl_cause_id cause;
	struct fnl_value row[FNL_PARTITION_RULES_FIELD_COUNT];
	int rc = fnl_row_decode(o->op.codec, &o->op.rules_row, in->rows[e->row_rules], in->arena, &now, why);
	rc = rc ? rc : fnl_op_cause(&o->op, in, &e->root, &cause);
	rc = rc ? rc : fnl_op_rules_activated(&o->op, e->root.decoded.values, now, &cause, row, &rules, &d->stale, why);
	return rc || d->stale ? rc : fnl_decision_put(d, (size_t)e->row_rules, &o->op.rules_row, row, in->arena);
}

static int step_timer(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                      struct fnl_decision *d, struct fnl_error *why)
{
	switch (in->timer_row.table) {
	case FNL_ORG_TABLE_PROPOSAL:
		return fnl_org_step_proposal(o, in, rules, d, why);
	case FNL_ORG_TABLE_SCORING:
		return fnl_org_step_scoring(o, in, rules, d, why);
	default:
		return step_question(o, in, rules, d, why);
	}
}

/* What the rep stage sends names its own cause. */
static int step_internal(struct fnl_org_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                         struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_org_event *e = in->event;
	const struct fnl_record_desc *desc = e->root.decoded.desc;
	struct fnl_cause_id cause;
	int rc = fnl_op_cause_named(in->record, &cause) ? 0 : fnl_op_cause(&o->op, in, &e->root, &cause);
	if (rc) {
		return rc;
	}
	if (desc == &fnl_desc_rep_entry) {
		return step_entry(o, in, rules, &cause, d, why);
	}
	if (desc == &fnl_desc_cell_image) {
		return step_cell(o, in, rules, &cause, d, why);
	}
	if (desc == &fnl_desc_quota_moved) {
		return pass_on(o, in, &cause, d);
	}
	return desc == &fnl_desc_handover_outcome ? step_outcome(o, in, rules, &cause, d, why)
	                                          : step_asked(o, in, rules, &cause, d, why);
}

static int op_step(struct fnl_operator *base, const struct fnl_step *in, struct fnl_decision *ret,
                   struct fnl_error *why)
{
	struct fnl_org_operator *o = FNL_CONTAINER_OF(base, struct fnl_org_operator, base);
	const struct fnl_org_event *e = in->event;
	const struct fnl_record_desc *desc = e->root.decoded.desc; /* NULL: a timer */
	const struct fnl_value *row;
	const struct fnl_rules *rules;
	if (desc == &fnl_desc_stage_time) {
		return fnl_times_step(&o->rows[FNL_ORG_TABLE_PARTITION], in, (size_t)e->row_times, e->root.decoded.values, ret,
		                      why);
	}
	if (desc == &fnl_desc_rules_activated) {
		return step_rules(o, in, ret, why);
	}
	int rc = fnl_op_rules(&o->op, in->rows[e->row_rules], in->arena, &row, &rules, why);
	if (rc || in->cause == FNL_CAUSE_TIMER) {
		return rc ? rc : step_timer(o, in, rules, ret, why);
	}
	if (desc == &fnl_desc_rep_year) {
		return fnl_org_step_year(o, in, rules, ret, why);
	}
	if (desc == &fnl_desc_propose_territories || desc == &fnl_desc_accept_proposal) {
		return fnl_org_step_territories(o, in, rules, ret, why);
	}
	return desc == &fnl_desc_score_performance ? fnl_org_step_performance(o, in, rules, ret, why)
	                                           : step_internal(o, in, rules, ret, why);
}

static int64_t op_row_deadline(struct fnl_operator *base, uint8_t table, struct fnl_span value)
{
	(void)base;
	_Static_assert(FNL_ORG_QUESTION_NEXT_DEADLINE_AT == 0 && FNL_PROPOSAL_NEXT_DEADLINE_AT == 0 &&
	                   FNL_SCORING_NEXT_DEADLINE_AT == 0,
	               "the deadline is read from the front of the row");
	bool timed = table == FNL_ORG_TABLE_QUESTION || table == FNL_ORG_TABLE_PROPOSAL || table == FNL_ORG_TABLE_SCORING;
	return timed ? fnl_row_first_deadline(value) : FNL_NO_DEADLINE;
}

static struct fnl_row_key op_time_row(struct fnl_operator *base)
{
	(void)base;
	return (struct fnl_row_key){FNL_ORG_TABLE_PARTITION, FNL_SPAN_LIT("clock")};
}

static int64_t op_time_of(struct fnl_operator *base, struct fnl_span value)
{
	(void)base;
	return fnl_times_of(value);
}

static int64_t op_time_reached(struct fnl_operator *base, struct fnl_span value, const struct fnl_prepared *prepared)
{
	(void)base;
	const struct fnl_org_event *e = prepared->event;
	return e ? fnl_times_reached(value, &e->root.decoded) : FNL_NO_TIME;
}

static int find_rows(struct fnl_org_operator *o, struct fnl_codec *codec, struct fnl_error *why)
{
	static const struct fnl_record_desc *const descs[FNL_ORG_TABLE_COUNT] = {
		&fnl_desc_partition_times, &fnl_desc_org_rep,  &fnl_desc_org_handover, &fnl_desc_org_question,
		&fnl_desc_org_cell,        &fnl_desc_proposal, &fnl_desc_org_year,     &fnl_desc_scoring};
	int rc = 0;
	for (size_t i = 0; i < FNL_ORG_TABLE_COUNT && rc == 0; i++) {
		rc = fnl_row_type_find(codec, descs[i], &o->rows[i], why);
	}
	return rc;
}

int fnl_org_operator_open(struct fnl_codec *codec, const struct fnl_ids *ids,
                          const struct fnl_rules_reader *rules_reader, struct fnl_operator **ret, struct fnl_error *why)
{
	static const struct fnl_operator_ops ops = {
		.prepare = fnl_org_prepare,
		.prepare_timer = fnl_org_prepare_timer,
		.step = op_step,
		.row_deadline = op_row_deadline,
		.time_row = op_time_row,
		.time_of = op_time_of,
		.time_reached = op_time_reached,
	};
	struct fnl_org_operator *o = fnl_calloc(1, sizeof(*o));
	if (!o) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for the org stage");
	}
	o->base.ops = &ops;
	o->page_rows_max = FNL_ORG_PAGE_ROWS;
	o->op.name = "org";
	o->op.source = "funneld/org";
	o->op.tables = fnl_org_tables;
	o->op.routes = fnl_org_routes;
	o->op.route_count = fnl_org_route_count;
	int rc = fnl_op_init(&o->op, codec, ids, rules_reader, why);
	rc = rc ? rc : find_rows(o, codec, why);
	if (rc) {
		fnl_org_operator_close(&o->base);
		return rc;
	}
	*ret = &o->base;
	return 0;
}

void fnl_org_operator_set_page(struct fnl_operator *base, size_t rows_max)
{
	struct fnl_org_operator *o = FNL_CONTAINER_OF(base, struct fnl_org_operator, base);
	o->page_rows_max = rows_max;
}

struct fnl_operator *fnl_org_operator_close(struct fnl_operator *base)
{
	if (!base) {
		return NULL;
	}
	struct fnl_org_operator *o = FNL_CONTAINER_OF(base, struct fnl_org_operator, base);
	fnl_op_deinit(&o->op);
	return fnl_free(o);
}
