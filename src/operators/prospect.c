/* The prospect stage: decode -> core -> rows and outputs. */
#include "internal.h"

const char *const fnl_prospect_tables[FNL_PROSPECT_TABLE_COUNT] = {"partition", "prospect", "erased", "feed"};

enum { RULES_ARENA_BYTES = 4 << 20 };

static const struct fnl_record_desc *table_desc(size_t table)
{
	static const struct fnl_record_desc *const descs[FNL_PROSPECT_TABLE_COUNT] = {
		&fnl_desc_partition_clock, &fnl_desc_prospect, &fnl_desc_erased, &fnl_desc_feed};
	return descs[table];
}

/* The row at a position, decoded; *ret = NULL when there is none or the event has no such row. */
static int take_row(struct fnl_prospect_operator *o, const struct fnl_step *step, int at, size_t table,
                    const struct fnl_value **ret, struct fnl_error *why)
{
	*ret = NULL;
	if (at < 0) {
		return 0;
	}
	return fnl_prospect_row_decode(o, o->row_ids[table], table_desc(table), step->rows[at], step->arena, ret, why);
}

static int put_row(struct fnl_prospect_operator *o, const struct fnl_step *step, int at, size_t table,
                   enum fnl_row_change change, const struct fnl_value *values, struct fnl_decision *d)
{
	if (change == FNL_ROW_KEEP) {
		return 0;
	}
	if (at < 0 || d->row_count == FNL_STEP_WRITES_MAX) {
		return FNL_E_INTERNAL;
	}
	struct fnl_row_out *out = &d->rows[d->row_count];
	*out = (struct fnl_row_out){.row = (size_t)at};
	if (change == FNL_ROW_PUT) {
		int rc = fnl_prospect_row_encode(o->row_ids[table], table_desc(table), values, step->arena, &out->value);
		if (rc) {
			return rc == FNL_E_NOMEM ? rc : FNL_E_INTERNAL;
		}
	}
	d->row_count++;
	return 0;
}

static int take_outcome(struct fnl_prospect_operator *o, const struct fnl_step *step,
                        const struct fnl_prospect_out *out, int32_t rules_version, struct fnl_decision *d)
{
	const struct fnl_prospect_event *e = step->event;
	int rc = put_row(o, step, e->row_prospect, FNL_PROSPECT_TABLE_PROSPECT, out->row_change, out->row, d);
	rc = rc ? rc : put_row(o, step, e->row_erased, FNL_PROSPECT_TABLE_ERASED, out->erased_change, out->erased, d);
	rc = rc ? rc : put_row(o, step, e->row_feed, FNL_PROSPECT_TABLE_FEED, out->feed_change, out->feed, d);
	if (rc || out->event_count == 0) {
		return rc;
	}
	struct fnl_cause_id cause;
	rc = fnl_prospect_cause(o, step, &cause);
	for (size_t i = 0; i < out->event_count && rc == 0; i++) {
		rc = fnl_prospect_output(o, step, &cause, &out->events[i], rules_version, d);
	}
	return rc;
}

static int step_core(struct fnl_prospect_operator *o, const struct fnl_step *step, struct fnl_decision *d,
                     struct fnl_error *why)
{
	const struct fnl_prospect_event *e = step->event;
	struct fnl_prospect_in in = {.now_ms = step->now_ms, .arena = step->arena};
	int rc = take_row(o, step, e->row_prospect, FNL_PROSPECT_TABLE_PROSPECT, &in.row, why);
	rc = rc ? rc : take_row(o, step, e->row_erased, FNL_PROSPECT_TABLE_ERASED, &in.erased, why);
	rc = rc ? rc : take_row(o, step, e->row_feed, FNL_PROSPECT_TABLE_FEED, &in.feed, why);
	rc = rc ? rc : fnl_prospect_rules(o, step->rows[e->row_rules], step->arena, &in.rules, why);
	if (rc) {
		return rc;
	}
	struct fnl_prospect_out out;
	memset(&out, 0, sizeof(out));
	if (step->cause == FNL_CAUSE_TIMER) {
		rc = fnl_prospect_timer(&in, &out, why);
	} else {
		rc = fnl_prospect_apply(&in, e->decoded.desc, e->decoded.values, step->partition == 0, &out, why);
	}
	if (rc) {
		return rc;
	}
	d->stale = out.stale;
	return take_outcome(o, step, &out, in.rules->version, d);
}

static int op_step(struct fnl_operator *base, const struct fnl_step *in, struct fnl_decision *ret,
                   struct fnl_error *why)
{
	struct fnl_prospect_operator *o = FNL_CONTAINER_OF(base, struct fnl_prospect_operator, base);
	const struct fnl_prospect_event *e = in->event;
	if (in->cause == FNL_CAUSE_RECORD && e->decoded.desc == &fnl_desc_rules_activated) {
		return fnl_prospect_rules_activate(o, in, ret, why);
	}
	return step_core(o, in, ret, why);
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
	if (value.len <= FNL_FRAME_BYTES) {
		return FNL_NO_TIME;
	}
	struct fnl_reader r = fnl_reader_of(fnl_span_of(value.data + FNL_FRAME_BYTES, value.len - FNL_FRAME_BYTES));
	int64_t time_ms = fnl_read_long(&r);
	return r.bad ? FNL_NO_TIME : time_ms;
}

static int op_time_write(struct fnl_operator *base, int64_t time_ms, struct fnl_arena *arena, struct fnl_span *ret)
{
	struct fnl_prospect_operator *o = FNL_CONTAINER_OF(base, struct fnl_prospect_operator, base);
	struct fnl_value row[FNL_PARTITION_CLOCK_FIELD_COUNT] = {{.set = true, .i64 = time_ms}};
	return fnl_prospect_row_encode(o->row_ids[FNL_PROSPECT_TABLE_PARTITION], &fnl_desc_partition_clock, row, arena,
	                               ret);
}

static int find_schema_ids(struct fnl_prospect_operator *o, struct fnl_error *why)
{
	for (size_t i = 0; i < FNL_PROSPECT_TABLE_COUNT; i++) {
		int rc = o->codec->ops->schema_id(o->codec, table_desc(i), &o->row_ids[i]);
		if (rc) {
			return fnl_fail(why, rc, "the schema of %s is not registered", table_desc(i)->full_name);
		}
	}
	int rc = o->codec->ops->schema_id(o->codec, &fnl_desc_partition_rules, &o->rules_row_id);
	return rc ? fnl_fail(why, rc, "the schema of %s is not registered", fnl_desc_partition_rules.full_name) : 0;
}

int fnl_prospect_operator_open(struct fnl_codec *codec, const struct fnl_ids *ids,
                               const struct fnl_rules_reader *rules_reader, struct fnl_operator **ret,
                               struct fnl_error *why)
{
	static const struct fnl_operator_ops ops = {
		.prepare = fnl_prospect_prepare,
		.prepare_timer = fnl_prospect_prepare_timer,
		.step = op_step,
		.row_deadline = fnl_prospect_row_deadline,
		.time_row = op_time_row,
		.time_of = op_time_of,
		.time_write = op_time_write,
	};
	struct fnl_prospect_operator *o = fnl_calloc(1, sizeof(*o));
	if (!o) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for the prospect stage");
	}
	o->base.ops = &ops;
	o->codec = codec;
	o->ids = ids;
	o->rules_reader = rules_reader;
	fnl_arena_init(&o->slots[0].arena, RULES_ARENA_BYTES);
	fnl_arena_init(&o->slots[1].arena, RULES_ARENA_BYTES);
	int rc = find_schema_ids(o, why);
	if (rc == 0 && !ids->parse(ids->context, FNL_SPAN_LIT("6f2c1f0e-5f0a-5c52-9a4b-0d8f4a1c7e11"), o->id_space)) {
		rc = fnl_fail(why, FNL_E_INTERNAL, "the name space of event ids cannot be read");
	}
	if (rc) {
		fnl_prospect_operator_close(&o->base);
		return rc;
	}
	*ret = &o->base;
	return 0;
}

struct fnl_operator *fnl_prospect_operator_close(struct fnl_operator *base)
{
	if (!base) {
		return NULL;
	}
	struct fnl_prospect_operator *o = FNL_CONTAINER_OF(base, struct fnl_prospect_operator, base);
	fnl_arena_deinit(&o->slots[0].arena);
	fnl_arena_deinit(&o->slots[1].arena);
	return fnl_free(o);
}
