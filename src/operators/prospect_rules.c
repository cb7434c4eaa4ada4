/* New rules: a place in the order of events, from which every open prospect is as they say. Those that are touched are
 * re-evaluated first; a pass in pages does the others. So rows and outputs do not depend on when it comes by. */
#include "prospect_internal.h"

enum {
	EARLIER_MAX = FNL_PROSPECT_EARLIER_RULES_MAX,
	TEXTS_BYTES_MAX = 786432, /* of a row, so that it stays below a broker's limit for one record */
	OUTPUTS_MAX = FNL_PROSPECT_CATCH_UP_MAX,
	PAGE_OUTPUTS_MAX = 128 /* of a firing, so that what comes meanwhile need not wait long */
};
_Static_assert((int)OUTPUTS_MAX <= (int)PAGE_OUTPUTS_MAX && (int)PAGE_OUTPUTS_MAX <= (int)FNL_STEP_OUTPUTS_MAX,
               "one prospect fits into a step");
_Static_assert((int)OUTPUTS_MAX + (int)FNL_PROSPECT_EVENTS_MAX + (int)FNL_PROSPECT_LINES_MAX <=
                   (int)FNL_STEP_OUTPUTS_MAX,
               "so does one that is touched");
_Static_assert((int)FNL_PAGE_ROWS_MAX + 1 <= (int)FNL_STEP_WRITES_MAX, "a page and the rules' row fit into a step");

static struct fnl_value number(int64_t v)
{
	return (struct fnl_value){.set = true, .i64 = v};
}

/* One set of rules of the chain. */
struct link {
	int32_t version;
	int64_t activated_at_ms;
	struct fnl_span text;
	struct fnl_prospect_blame blame;
};

static struct link earlier_link(const struct fnl_value *v)
{
	struct link l = {.version = (int32_t)v[FNL_EARLIER_RULES_RULES_VERSION].i64,
	                 .activated_at_ms = v[FNL_EARLIER_RULES_ACTIVATED_AT].i64,
	                 .text = v[FNL_EARLIER_RULES_RULES_TEXT].str};
	l.blame.cause = (struct fnl_cause_id){v[FNL_EARLIER_RULES_CAUSE_ID].str, v[FNL_EARLIER_RULES_CORRELATION_ID].str};
	l.blame.rules_version = l.version;
	l.blame.is_pass = true;
	return l;
}

static struct link current_link(const struct fnl_value *v)
{
	struct link l = {.version = (int32_t)v[FNL_PARTITION_RULES_RULES_VERSION].i64,
	                 .activated_at_ms = v[FNL_PARTITION_RULES_ACTIVATED_AT].i64,
	                 .text = v[FNL_PARTITION_RULES_RULES_TEXT].str};
	l.blame.cause =
		(struct fnl_cause_id){v[FNL_PARTITION_RULES_CAUSE_ID].str, v[FNL_PARTITION_RULES_CORRELATION_ID].str};
	l.blame.rules_version = l.version;
	l.blame.is_pass = true;
	return l;
}

/* ---- one prospect ---- */

static int follow(struct fnl_prospect_operator *o, const struct fnl_step *step, const struct link *l,
                  struct fnl_prospect_in *in, bool *moved, struct fnl_decision *d, struct fnl_error *why)
{
	if (in->row[FNL_PROSPECT_RULES_VERSION].i64 >= l->version) {
		return 0;
	}
	struct fnl_prospect_in at = *in;
	struct fnl_prospect_out out;
	const struct fnl_value *before = in->row;
	int rc = fnl_op_rules_parse(&o->op, l->text, l->version, &at.rules, why);
	rc = rc ? rc : fnl_prospect_reevaluate(&at, l->activated_at_ms, &out, why);
	rc = rc ? rc : fnl_prospect_tell(o, step, &out, &l->blame, d);
	if (rc) {
		return rc;
	}
	*moved = *moved || out.row[FNL_PROSPECT_LAYER].i64 != before[FNL_PROSPECT_LAYER].i64 ||
	         out.row[FNL_PROSPECT_LAYER_REASON].i64 != before[FNL_PROSPECT_LAYER_REASON].i64 ||
	         out.row[FNL_PROSPECT_WEIGHT_BP].i64 != before[FNL_PROSPECT_WEIGHT_BP].i64;
	in->row = out.row;
	return 0;
}

int fnl_prospect_catch_up(struct fnl_prospect_operator *o, const struct fnl_step *step,
                          const struct fnl_prospect_rules *rules, struct fnl_prospect_in *in, bool *ret_moved,
                          struct fnl_decision *d, struct fnl_error *why)
{
	*ret_moved = false;
	if (!rules->row || !in->row || in->row[FNL_PROSPECT_RULES_VERSION].i64 >= rules->now->version ||
	    !rules->row[FNL_PARTITION_RULES_CAUSE_ID].set || !rules->row[FNL_PARTITION_RULES_CORRELATION_ID].set) {
		return 0; /* without a cause: activated before there was a pass, and so they come with the next change */
	}
	struct fnl_list earlier = rules->row[FNL_PARTITION_RULES_EARLIER].list;
	int rc = 0;
	for (size_t i = 0; i < earlier.count && rc == 0; i++) {
		struct link l = earlier_link(earlier.items[i].list.items);
		rc = follow(o, step, &l, in, ret_moved, d, why);
	}
	struct link l = current_link(rules->row);
	return rc ? rc : follow(o, step, &l, in, ret_moved, d, why);
}

/* ---- RulesActivated ---- */

/* The rules that were in force until now, behind those that were so before. */
static int keep_earlier(const struct fnl_value *now, struct fnl_value *row, struct fnl_arena *arena,
                        struct fnl_error *why)
{
	struct fnl_list known = now[FNL_PARTITION_RULES_EARLIER].list;
	if (known.count == EARLIER_MAX) {
		return fnl_fail(why, FNL_E_LIMIT, "the prospects are still being re-evaluated by %d sets of rules before these",
		                EARLIER_MAX + 1);
	}
	struct fnl_value *list = fnl_arena_calloc(arena, EARLIER_MAX, sizeof(*list));
	struct fnl_value *v = fnl_arena_calloc(arena, FNL_EARLIER_RULES_FIELD_COUNT, sizeof(*v));
	if (!list || !v) {
		return FNL_E_NOMEM;
	}
	size_t bytes = row[FNL_PARTITION_RULES_RULES_TEXT].str.len + now[FNL_PARTITION_RULES_RULES_TEXT].str.len;
	for (size_t i = 0; i < known.count; i++) {
		list[i] = known.items[i];
		bytes += known.items[i].list.items[FNL_EARLIER_RULES_RULES_TEXT].str.len;
	}
	if (bytes > TEXTS_BYTES_MAX) {
		return fnl_fail(
			why, FNL_E_LIMIT,
			"the prospects are still being re-evaluated by the rules before these, and the texts of all that "
			"are needed have %zu bytes, allowed are %d",
			bytes, TEXTS_BYTES_MAX);
	}
	v[FNL_EARLIER_RULES_RULES_VERSION] = now[FNL_PARTITION_RULES_RULES_VERSION];
	v[FNL_EARLIER_RULES_RULES_TEXT] = now[FNL_PARTITION_RULES_RULES_TEXT];
	v[FNL_EARLIER_RULES_ACTIVATED_AT] = now[FNL_PARTITION_RULES_ACTIVATED_AT];
	v[FNL_EARLIER_RULES_CAUSE_ID] = now[FNL_PARTITION_RULES_CAUSE_ID];
	v[FNL_EARLIER_RULES_CORRELATION_ID] = now[FNL_PARTITION_RULES_CORRELATION_ID];
	list[known.count] = (struct fnl_value){.set = true, .list = {v, FNL_EARLIER_RULES_FIELD_COUNT}};
	row[FNL_PARTITION_RULES_EARLIER] = (struct fnl_value){.set = true, .list = {list, known.count + 1}};
	return 0;
}

int fnl_prospect_step_rules(struct fnl_prospect_operator *o, const struct fnl_step *step, struct fnl_decision *d,
                            struct fnl_error *why)
{
	const struct fnl_prospect_event *e = step->event;
	struct fnl_value row[FNL_PARTITION_RULES_FIELD_COUNT];
	struct fnl_cause_id cause;
	const struct fnl_value *now;
	const struct fnl_rules *rules;
	int rc = fnl_row_decode(o->op.codec, &o->op.rules_row, step->rows[e->row_rules], step->arena, &now, why);
	rc = rc ? rc : fnl_op_cause(&o->op, step, &e->root, &cause);
	rc = rc ? rc : fnl_op_rules_activated(&o->op, e->root.decoded.values, now, &cause, row, &rules, &d->stale, why);
	if (rc || d->stale) {
		return rc;
	}
	row[FNL_PARTITION_RULES_NEXT_DEADLINE_AT] = number(step->now_ms);
	if (now && now[FNL_PARTITION_RULES_NEXT_DEADLINE_AT].set) {
		rc = keep_earlier(now, row, step->arena, why);
	}
	return rc ? rc : fnl_decision_put(d, (size_t)e->row_rules, &o->op.rules_row, row, step->arena);
}

/* ---- the pass ---- */

/* How many prospects of the page were looked at: all of them, or as many as have room for what they may tell. */
static int do_page(struct fnl_prospect_operator *o, const struct fnl_step *step, const struct fnl_prospect_rules *rules,
                   const struct fnl_prospect_in *common, struct fnl_value *row, size_t *ret_done,
                   struct fnl_decision *d, struct fnl_error *why)
{
	size_t i = 0;
	for (; i < step->page_count && d->output_count + OUTPUTS_MAX <= (size_t)PAGE_OUTPUTS_MAX; i++) {
		const struct fnl_page_row *at = &step->page[i];
		const struct fnl_row_type *type = &o->rows[FNL_PROSPECT_TABLE_PROSPECT];
		struct fnl_prospect_in in = *common;
		const struct fnl_value *stored;
		bool moved;
		int rc = fnl_row_decode(o->op.codec, type, at->value, step->arena, &stored, why);
		if (rc) {
			return rc;
		}
		if (!stored || !fnl_prospect_is_open(stored)) {
			continue;
		}
		in.row = stored;
		rc = fnl_prospect_catch_up(o, step, rules, &in, &moved, d, why);
		if (rc == 0 && in.row != stored) {
			struct fnl_row_key key = {FNL_PROSPECT_TABLE_PROSPECT, at->key};
			rc = fnl_decision_put_key(d, key, type, in.row, step->arena);
			row[FNL_PARTITION_RULES_PASS_DONE].i64++;
			row[FNL_PARTITION_RULES_PASS_CHANGED].i64 += moved;
		}
		if (rc) {
			return rc;
		}
	}
	*ret_done = i;
	return 0;
}

int fnl_prospect_step_rules_pass(struct fnl_prospect_operator *o, const struct fnl_step *step, struct fnl_decision *d,
                                 struct fnl_error *why)
{
	struct fnl_prospect_rules rules;
	struct fnl_prospect_in common = {.now_ms = step->now_ms, .arena = step->arena};
	const struct fnl_prospect_event *e = step->event;
	struct fnl_value row[FNL_PARTITION_RULES_FIELD_COUNT];
	size_t done = 0;
	int rc = fnl_prospect_take_common(o, step, &rules, &common, why);
	if (rc) {
		return rc;
	}
	if (!rules.row) {
		return FNL_E_INTERNAL;
	}
	memcpy(row, rules.row, sizeof(row));
	rc = do_page(o, step, &rules, &common, row, &done, d, why);
	if (rc) {
		return rc;
	}
	if (done == step->page_count && step->page_count < o->page_rows_max) {
		row[FNL_PARTITION_RULES_NEXT_DEADLINE_AT] = (struct fnl_value){0};
		row[FNL_PARTITION_RULES_PASS_AFTER] = (struct fnl_value){0};
		row[FNL_PARTITION_RULES_EARLIER] = (struct fnl_value){.set = true};
	} else {
		row[FNL_PARTITION_RULES_PASS_AFTER] = (struct fnl_value){.set = true, .str = step->page[done - 1].key};
	}
	return fnl_decision_put(d, (size_t)e->row_rules, &o->op.rules_row, row, step->arena);
}

int64_t fnl_prospect_rules_deadline(const struct fnl_prospect_operator *o, struct fnl_span value)
{
	_Static_assert(FNL_PARTITION_RULES_NEXT_DEADLINE_AT == 4,
	               "the deadline is read behind the row's first four fields");
	struct fnl_reader frame = fnl_reader_of(value);
	fnl_read_u8(&frame);
	if (fnl_read_be32(&frame) != o->op.rules_row.schema_id || frame.bad) {
		return FNL_NO_DEADLINE; /* the clock's row, or rules of an older version, which have no pass */
	}
	struct fnl_reader r = fnl_row_body(value);
	fnl_read_long(&r);   /* rules_version */
	fnl_read_string(&r); /* rules_hash */
	fnl_read_string(&r); /* rules_text */
	fnl_read_long(&r);   /* activated_at */
	int64_t branch = fnl_read_long(&r);
	int64_t deadline_ms = branch == 1 ? fnl_read_long(&r) : FNL_NO_DEADLINE;
	return r.bad || branch != 1 ? FNL_NO_DEADLINE : deadline_ms;
}
