/* Feeds: what they are known for, their silence, and the pass over the open prospects after that has changed. */
#include "prospect_internal.h"

enum {
	OUTPUTS_MAX = FNL_PROSPECT_CATCH_UP_MAX + FNL_PROSPECT_PASS_LINES_MAX,
	PAGE_OUTPUTS_MAX = 128 /* of a firing, so that what comes meanwhile need not wait long */
};
_Static_assert((int)OUTPUTS_MAX <= (int)PAGE_OUTPUTS_MAX && (int)PAGE_OUTPUTS_MAX <= (int)FNL_STEP_OUTPUTS_MAX,
               "one prospect fits into a step");
_Static_assert((int)FNL_PAGE_ROWS_MAX + 1 <= (int)FNL_STEP_WRITES_MAX, "a page and the feeds' row fit into a step");

/* ---- rows ---- */

static int put_partition(struct fnl_prospect_operator *o, const struct fnl_step *step,
                         const struct fnl_prospect_out *out, struct fnl_decision *d)
{
	const struct fnl_prospect_event *e = step->event;
	if (out->pass_begins) {
		struct fnl_cause_id cause;
		int rc = fnl_op_cause(&o->op, step, step->cause == FNL_CAUSE_RECORD ? &e->root : NULL, &cause);
		if (rc) {
			return rc;
		}
		out->feeds[FNL_PARTITION_FEEDS_CAUSE_ID] = (struct fnl_value){.set = true, .str = cause.id};
		out->feeds[FNL_PARTITION_FEEDS_CORRELATION_ID] = (struct fnl_value){.set = true, .str = cause.correlation};
	}
	return fnl_decision_put(d, (size_t)e->row_feeds, &o->feeds_row, out->feeds, step->arena);
}

int fnl_prospect_put_feeds(struct fnl_prospect_operator *o, const struct fnl_step *step,
                           const struct fnl_prospect_out *out, struct fnl_decision *d)
{
	const struct fnl_prospect_event *e = step->event;
	int rc = 0;
	if (out->feed_change == FNL_ROW_PUT) {
		const struct fnl_row_type *type = &o->rows[FNL_PROSPECT_TABLE_FEED];
		rc = e->row_feed < 0 ? FNL_E_INTERNAL : fnl_decision_put(d, (size_t)e->row_feed, type, out->feed, step->arena);
	}
	return rc == 0 && out->feeds_change == FNL_ROW_PUT ? put_partition(o, step, out, d) : rc;
}

static int64_t deadline_if(const struct fnl_row_type *type, struct fnl_span value)
{
	struct fnl_reader r = fnl_reader_of(value);
	bool magic = fnl_read_u8(&r) == 0;
	bool is_it = fnl_read_be32(&r) == type->schema_id;
	return magic && is_it && !r.bad ? fnl_row_first_deadline(value) : FNL_NO_DEADLINE;
}

int64_t fnl_prospect_feeds_deadline(const struct fnl_prospect_operator *o, struct fnl_span value)
{
	_Static_assert(FNL_PARTITION_FEEDS_NEXT_DEADLINE_AT == 0, "the deadline is read from the front of the row");
	return deadline_if(&o->feeds_row, value);
}

int64_t fnl_prospect_feed_deadline(const struct fnl_prospect_operator *o, struct fnl_span value)
{
	_Static_assert(FNL_FEED_NEXT_DEADLINE_AT == 0, "the deadline is read from the front of the row");
	return deadline_if(&o->rows[FNL_PROSPECT_TABLE_FEED], value);
}

/* ---- silence ---- */

int fnl_prospect_step_feed(struct fnl_prospect_operator *o, const struct fnl_step *step, struct fnl_decision *d,
                           struct fnl_error *why)
{
	const struct fnl_prospect_event *e = step->event;
	struct fnl_prospect_in in = {.now_ms = step->now_ms, .arena = step->arena};
	struct fnl_prospect_rules rules;
	struct fnl_prospect_blame blame = {.is_pass = false};
	struct fnl_prospect_out out;
	memset(&out, 0, sizeof(out));
	int rc = fnl_row_decode(o->op.codec, &o->rows[FNL_PROSPECT_TABLE_FEED], step->rows[e->row_feed], step->arena,
	                        &in.feed, why);
	rc = rc ? rc : fnl_prospect_take_common(o, step, &rules, &in, why);
	rc = rc ? rc : fnl_prospect_feed_timer(&in, step->partition == 0, &out, why);
	rc = rc ? rc : fnl_prospect_put_feeds(o, step, &out, d);
	if (rc || out.event_count == 0) {
		return rc;
	}
	blame.rules_version = in.rules->version;
	rc = fnl_op_cause(&o->op, step, NULL, &blame.cause);
	return rc ? rc : fnl_prospect_tell(o, step, &out, &blame, d);
}

/* ---- the pass ---- */

struct pass {
	struct fnl_prospect_rules rules;
	struct fnl_prospect_in common;
	struct fnl_prospect_blame blame;
	int64_t at_ms;
};

static int do_one(struct fnl_prospect_operator *o, const struct fnl_step *step, const struct pass *p,
                  const struct fnl_page_row *at, struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_row_type *type = &o->rows[FNL_PROSPECT_TABLE_PROSPECT];
	struct fnl_row_key key = {FNL_PROSPECT_TABLE_PROSPECT, at->key};
	struct fnl_prospect_in in = p->common;
	struct fnl_prospect_out out;
	const struct fnl_value *stored;
	bool moved;
	int rc = fnl_row_decode(o->op.codec, type, at->value, step->arena, &stored, why);
	if (rc || !stored || !fnl_prospect_is_open(stored)) {
		return rc;
	}
	in.row = stored;
	rc = fnl_prospect_catch_up(o, step, &p->rules, &in, &moved, d, why);
	rc = rc ? rc : fnl_prospect_feed_changed(&in, p->at_ms, &out, why);
	rc = rc ? rc : fnl_prospect_tell(o, step, &out, &p->blame, d);
	if (rc) {
		return rc;
	}
	const struct fnl_value *row = out.row_change == FNL_ROW_PUT ? out.row : in.row;
	return row == stored ? 0 : fnl_decision_put_key(d, key, type, row, step->arena);
}

/* Where the pass has come to; at the end of all prospects it is done. */
static int put_place(struct fnl_prospect_operator *o, const struct fnl_step *step, const struct fnl_value *feeds,
                     size_t done, struct fnl_decision *d)
{
	const struct fnl_prospect_event *e = step->event;
	struct fnl_value row[FNL_PARTITION_FEEDS_FIELD_COUNT];
	memcpy(row, feeds, sizeof(row));
	if (done == step->page_count && step->page_count < o->page_rows_max) {
		memset(row, 0, FNL_PARTITION_FEEDS_FEEDS * sizeof(row[0])); /* all but the feeds themselves */
		row[FNL_PARTITION_FEEDS_PASS_QUIET].set = true;
	} else {
		row[FNL_PARTITION_FEEDS_PASS_AFTER] = (struct fnl_value){.set = true, .str = step->page[done - 1].key};
	}
	return fnl_decision_put(d, (size_t)e->row_feeds, &o->feeds_row, row, step->arena);
}

int fnl_prospect_step_feeds_pass(struct fnl_prospect_operator *o, const struct fnl_step *step, struct fnl_decision *d,
                                 struct fnl_error *why)
{
	_Static_assert((int)FNL_PARTITION_FEEDS_FEEDS + 1 == (int)FNL_PARTITION_FEEDS_FIELD_COUNT,
	               "the feeds are behind all that the pass needs");
	struct pass p = {.common = {.now_ms = step->now_ms, .arena = step->arena}};
	int rc = fnl_prospect_take_common(o, step, &p.rules, &p.common, why);
	if (rc) {
		return rc;
	}
	const struct fnl_value *feeds = p.common.feeds;
	if (!feeds || !feeds[FNL_PARTITION_FEEDS_PASS_AT].set) {
		return FNL_E_INTERNAL;
	}
	p.at_ms = feeds[FNL_PARTITION_FEEDS_PASS_AT].i64;
	p.blame = (struct fnl_prospect_blame){
		.cause = {feeds[FNL_PARTITION_FEEDS_CAUSE_ID].str, feeds[FNL_PARTITION_FEEDS_CORRELATION_ID].str},
		.rules_version = p.rules.now->version,
		.is_pass = true};
	size_t i = 0;
	for (; i < step->page_count && d->output_count + OUTPUTS_MAX <= (size_t)PAGE_OUTPUTS_MAX; i++) {
		rc = do_one(o, step, &p, &step->page[i], d, why);
		if (rc) {
			return rc;
		}
	}
	return put_place(o, step, feeds, i, d);
}
