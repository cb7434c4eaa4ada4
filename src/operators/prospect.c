/* The prospect stage: decode -> core -> rows and outputs. */
#include "prospect_internal.h"

const char *const fnl_prospect_tables[FNL_PROSPECT_TABLE_COUNT] = {"partition", "prospect", "erased", "feed"};

/* The row at a position, decoded; *ret = NULL when there is none or the event has no such row. */
static int take_row(struct fnl_prospect_operator *o, const struct fnl_step *step, int at, size_t table,
                    const struct fnl_value **ret, struct fnl_error *why)
{
	*ret = NULL;
	if (at < 0) {
		return 0;
	}
	return fnl_row_decode(o->op.codec, &o->rows[table], step->rows[at], step->arena, ret, why);
}

static int put_row(struct fnl_prospect_operator *o, const struct fnl_step *step, int at, size_t table,
                   enum fnl_row_change change, const struct fnl_value *values, struct fnl_decision *d)
{
	if (change == FNL_ROW_KEEP) {
		return 0;
	}
	if (at < 0) {
		return FNL_E_INTERNAL;
	}
	return fnl_decision_put(d, (size_t)at, &o->rows[table], change == FNL_ROW_PUT ? values : NULL, step->arena);
}

static int put_rows(struct fnl_prospect_operator *o, const struct fnl_step *step, const struct fnl_prospect_out *out,
                    struct fnl_decision *d)
{
	const struct fnl_prospect_event *e = step->event;
	int rc = put_row(o, step, e->row_prospect, FNL_PROSPECT_TABLE_PROSPECT, out->row_change, out->row, d);
	rc = rc ? rc : put_row(o, step, e->row_erased, FNL_PROSPECT_TABLE_ERASED, out->erased_change, out->erased, d);
	return rc ? rc : fnl_prospect_put_feeds(o, step, out, d);
}

static int take_outcome(struct fnl_prospect_operator *o, const struct fnl_step *step,
                        const struct fnl_prospect_out *out, int32_t rules_version, struct fnl_decision *d)
{
	const struct fnl_prospect_event *e = step->event;
	struct fnl_prospect_blame blame = {.rules_version = rules_version};
	int rc = put_rows(o, step, out, d);
	if (rc || (out->event_count == 0 && out->line_count == 0)) {
		return rc;
	}
	rc = fnl_op_cause(&o->op, step, step->cause == FNL_CAUSE_RECORD ? &e->root : NULL, &blame.cause);
	return rc ? rc : fnl_prospect_tell(o, step, out, &blame, d);
}

int fnl_prospect_take_common(struct fnl_prospect_operator *o, const struct fnl_step *step,
                             struct fnl_prospect_rules *ret_rules, struct fnl_prospect_in *in, struct fnl_error *why)
{
	const struct fnl_prospect_event *e = step->event;
	int rc = fnl_op_rules(&o->op, step->rows[e->row_rules], step->arena, &ret_rules->row, &ret_rules->now, why);
	rc = rc ? rc : fnl_row_decode(o->op.codec, &o->feeds_row, step->rows[e->row_feeds], step->arena, &in->feeds, why);
	in->rules = ret_rules->now;
	return rc;
}

static int take_rows(struct fnl_prospect_operator *o, const struct fnl_step *step, struct fnl_prospect_in *in,
                     struct fnl_prospect_rules *rules, struct fnl_error *why)
{
	const struct fnl_prospect_event *e = step->event;
	int rc = take_row(o, step, e->row_prospect, FNL_PROSPECT_TABLE_PROSPECT, &in->row, why);
	rc = rc ? rc : take_row(o, step, e->row_erased, FNL_PROSPECT_TABLE_ERASED, &in->erased, why);
	rc = rc ? rc : take_row(o, step, e->row_feed, FNL_PROSPECT_TABLE_FEED, &in->feed, why);
	return rc ? rc : fnl_prospect_take_common(o, step, rules, in, why);
}

static int step_core(struct fnl_prospect_operator *o, const struct fnl_step *step, struct fnl_decision *d,
                     struct fnl_error *why)
{
	const struct fnl_prospect_event *e = step->event;
	const struct fnl_decoded *decoded = &e->root.decoded;
	struct fnl_prospect_rules rules = {NULL, NULL};
	struct fnl_prospect_in in = {.now_ms = step->now_ms, .arena = step->arena};
	struct fnl_prospect_out out;
	bool moved;
	memset(&out, 0, sizeof(out));
	int rc = take_rows(o, step, &in, &rules, why);
	const struct fnl_value *stored = in.row;
	rc = rc ? rc : fnl_prospect_catch_up(o, step, &rules, &in, &moved, d, why);
	if (rc) {
		return rc;
	}
	if (step->cause == FNL_CAUSE_TIMER) {
		rc = fnl_prospect_timer(&in, &out, why);
	} else {
		rc = fnl_prospect_apply(&in, decoded->desc, decoded->values, step->partition == 0, &out, why);
	}
	if (rc) {
		return rc;
	}
	bool caught_up = in.row != stored;
	if (caught_up && out.row_change == FNL_ROW_KEEP) {
		rc = put_row(o, step, e->row_prospect, FNL_PROSPECT_TABLE_PROSPECT, FNL_ROW_PUT, in.row, d);
	}
	d->stale = out.stale && !caught_up;
	return rc ? rc : take_outcome(o, step, &out, in.rules->version, d);
}

static int op_step(struct fnl_operator *base, const struct fnl_step *in, struct fnl_decision *ret,
                   struct fnl_error *why)
{
	struct fnl_prospect_operator *o = FNL_CONTAINER_OF(base, struct fnl_prospect_operator, base);
	const struct fnl_prospect_event *e = in->event;
	if (in->cause == FNL_CAUSE_RECORD && e->root.decoded.desc == &fnl_desc_rules_activated) {
		return fnl_prospect_step_rules(o, in, ret, why);
	}
	switch (e->job) {
	case FNL_PROSPECT_JOB_FEED:
		return fnl_prospect_step_feed(o, in, ret, why);
	case FNL_PROSPECT_JOB_RULES_PASS:
		return fnl_prospect_step_rules_pass(o, in, ret, why);
	case FNL_PROSPECT_JOB_FEEDS_PASS:
		return fnl_prospect_step_feeds_pass(o, in, ret, why);
	case FNL_PROSPECT_JOB_ONE:
		break;
	}
	return step_core(o, in, ret, why);
}

static int64_t op_row_deadline(struct fnl_operator *base, uint8_t table, struct fnl_span value)
{
	const struct fnl_prospect_operator *o = FNL_CONTAINER_OF(base, struct fnl_prospect_operator, base);
	_Static_assert(FNL_PROSPECT_NEXT_DEADLINE_AT == 0, "the deadline is read from the front of the row");
	switch (table) {
	case FNL_PROSPECT_TABLE_PROSPECT:
		return fnl_row_first_deadline(value);
	case FNL_PROSPECT_TABLE_FEED:
		return fnl_prospect_feed_deadline(o, value);
	case FNL_PROSPECT_TABLE_PARTITION: {
		int64_t rules_ms = fnl_prospect_rules_deadline(o, value);
		return rules_ms != FNL_NO_DEADLINE ? rules_ms : fnl_prospect_feeds_deadline(o, value);
	}
	default:
		return FNL_NO_DEADLINE;
	}
}

static struct fnl_row_key op_time_row(struct fnl_operator *o)
{
	(void)o;
	return (struct fnl_row_key){FNL_PROSPECT_TABLE_PARTITION, FNL_SPAN_LIT("clock")};
}

/* The clock row's body is one long: no arena is needed to read it. */
static int64_t op_time_of(struct fnl_operator *o, struct fnl_span value)
{
	(void)o;
	_Static_assert(FNL_PARTITION_CLOCK_FIELD_COUNT == 1, "the clock row is read as one long");
	struct fnl_reader r = fnl_row_body(value);
	int64_t time_ms = fnl_read_long(&r);
	return r.bad ? FNL_NO_TIME : time_ms;
}

static int op_time_write(struct fnl_operator *base, int64_t time_ms, struct fnl_arena *arena, struct fnl_span *ret)
{
	struct fnl_prospect_operator *o = FNL_CONTAINER_OF(base, struct fnl_prospect_operator, base);
	struct fnl_value row[FNL_PARTITION_CLOCK_FIELD_COUNT] = {{.set = true, .i64 = time_ms}};
	return fnl_row_encode(&o->rows[FNL_PROSPECT_TABLE_PARTITION], row, arena, ret);
}

static int find_rows(struct fnl_prospect_operator *o, struct fnl_codec *codec, struct fnl_error *why)
{
	static const struct fnl_record_desc *const descs[FNL_PROSPECT_TABLE_COUNT] = {
		&fnl_desc_partition_clock, &fnl_desc_prospect, &fnl_desc_erased, &fnl_desc_feed};
	int rc = fnl_row_type_find(codec, &fnl_desc_stage_time, &o->stage_time, why);
	rc = rc ? rc : fnl_row_type_find(codec, &fnl_desc_partition_feeds, &o->feeds_row, why);
	for (size_t i = 0; i < FNL_PROSPECT_TABLE_COUNT && rc == 0; i++) {
		rc = fnl_row_type_find(codec, descs[i], &o->rows[i], why);
	}
	return rc;
}

int fnl_prospect_operator_open(struct fnl_codec *codec, const struct fnl_ids *ids,
                               const struct fnl_rules_reader *rules_reader, int32_t partition_count,
                               struct fnl_operator **ret, struct fnl_error *why)
{
	const struct fnl_operator_ops ops = {
		.prepare = fnl_prospect_prepare,
		.prepare_timer = fnl_prospect_prepare_timer,
		.step = op_step,
		.row_deadline = op_row_deadline,
		.time_row = op_time_row,
		.time_of = op_time_of,
		.time_write = op_time_write,
		.time_forward = partition_count ? fnl_prospect_time_forward : NULL,
	};
	struct fnl_prospect_operator *o = fnl_calloc(1, sizeof(*o));
	if (!o) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for the prospect stage");
	}
	o->ops = ops;
	o->base.ops = &o->ops;
	o->partition_count = partition_count;
	o->page_rows_max = FNL_PAGE_ROWS_MAX;
	o->op.name = "prospect";
	o->op.source = "funneld/prospect";
	o->op.tables = fnl_prospect_tables;
	o->op.routes = fnl_prospect_routes;
	o->op.route_count = fnl_prospect_route_count;
	int rc = fnl_op_init(&o->op, codec, ids, rules_reader, why);
	rc = rc ? rc : find_rows(o, codec, why);
	if (rc) {
		fnl_prospect_operator_close(&o->base);
		return rc;
	}
	*ret = &o->base;
	return 0;
}

void fnl_prospect_operator_set_page(struct fnl_operator *base, size_t rows_max)
{
	struct fnl_prospect_operator *o = FNL_CONTAINER_OF(base, struct fnl_prospect_operator, base);
	o->page_rows_max = rows_max;
}

struct fnl_operator *fnl_prospect_operator_close(struct fnl_operator *base)
{
	if (!base) {
		return NULL;
	}
	struct fnl_prospect_operator *o = FNL_CONTAINER_OF(base, struct fnl_prospect_operator, base);
	fnl_op_deinit(&o->op);
	return fnl_free(o);
}
