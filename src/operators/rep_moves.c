/* What an accepted proposal asks of a book: core decides, here it becomes rows and outputs. */
#include "rep_internal.h"

_Static_assert((int)FNL_MOVES_PAGE_LINES <= (int)FNL_PAGE_ROWS_MAX, "a page is no longer than the engine gives");
_Static_assert((int)FNL_MOVES_PAGE_LINES + FNL_STEP_ROWS_MAX <= (int)FNL_STEP_WRITES_MAX,
               "a page writes each of its lines, and a few rows beside");
_Static_assert((int)FNL_MOVES_PAGE_LINES <= (int)FNL_STEP_OUTPUTS_MAX, "a page tells one event of each line");

/* "<book>|<proposal id>" */
static struct fnl_span moves_key(struct fnl_span book, struct fnl_span proposal_id, struct fnl_arena *arena)
{
	return fnl_rep_line_key(book, proposal_id, arena); /* it is made alike */
}

int fnl_rep_prepare_moves(struct fnl_rep_event *e, struct fnl_arena *arena, struct fnl_prepared *ret,
                          struct fnl_error *why)
{
	struct fnl_span proposal_id = e->root.decoded.values[FNL_BOOK_MOVES_PROPOSAL_ID].str;
	int rc = fnl_check_id("proposal_id", proposal_id, why);
	if (rc) {
		return rc;
	}
	struct fnl_span key = moves_key(e->book, proposal_id, arena);
	e->row_moves = fnl_prepared_add(ret, FNL_REP_TABLE_MOVES, key);
	return fnl_span_is_none(key) ? FNL_E_NOMEM : 0;
}

int fnl_rep_prepare_moves_timer(struct fnl_rep_operator *o, struct fnl_row_key row, struct fnl_span value,
                                struct fnl_rep_event *e, struct fnl_arena *arena, struct fnl_prepared *ret)
{
	const struct fnl_value *moves = NULL;
	struct fnl_error why;
	int rc = fnl_row_decode(o->op.codec, &o->rows[row.table], value, arena, &moves, &why);
	if (rc || !moves) {
		return rc == FNL_E_NOMEM ? rc : FNL_E_STATE;
	}
	e->book = moves[FNL_MOVES_BOOK].str;
	e->row_rep = fnl_prepared_add(ret, FNL_REP_TABLE_REP, e->book);
	e->row_handover = fnl_prepared_add(ret, FNL_REP_TABLE_HANDOVER, e->book);
	struct fnl_moves_need need = fnl_moves_needs(moves);
	if (!need.lines) {
		return 0;
	}
	bool first = fnl_span_is_none(need.after);
	struct fnl_span prefix = fnl_rep_line_key(e->book, FNL_SPAN_LIT(""), arena);
	struct fnl_span after = first ? FNL_SPAN_NONE : fnl_rep_line_key(e->book, need.after, arena);
	ret->page = (struct fnl_page_request){true, FNL_REP_TABLE_LINE, prefix, after, FNL_MOVES_PAGE_LINES};
	return fnl_span_is_none(prefix) || fnl_span_is_none(after) != first ? FNL_E_NOMEM : 0;
}

static int put_moves(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_moves_out *out,
                     struct fnl_decision *d)
{
	const struct fnl_rep_event *e = in->event;
	d->stale = out->stale;
	return fnl_rep_put_row(o, in, e->row_moves, FNL_REP_TABLE_MOVES, out->change, out->row, d);
}

int fnl_rep_step_moves_input(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                             struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	struct fnl_moves_in moves = {.now_ms = fnl_rep_moment(in), .rules = rules, .arena = in->arena};
	struct fnl_cause_id cause;
	struct fnl_moves_out out;
	int rc = fnl_rep_take_row(o, in, e->row_moves, FNL_REP_TABLE_MOVES, &moves.row, why);
	rc = rc ? rc : fnl_rep_cause(o, in, &cause);
	if (rc) {
		return rc;
	}
	moves.cause_id = cause.id;
	moves.correlation_id = cause.correlation;
	rc = fnl_moves_begin(&moves, e->root.decoded.values, &out, why);
	return rc ? rc : put_moves(o, in, &out, d);
}

/* "<book>|<proposal id>|<word>|<prospect>|<to whom>" */
static struct fnl_span name_of(const struct fnl_step *in, const struct fnl_event_out *event)
{
	const struct fnl_rep_event *e = in->event;
	const struct fnl_value *v = event->values;
	bool asked = event->desc == &fnl_desc_reassignment_requested;
	const struct fnl_span parts[] = {
		e->book, v[asked ? (int)FNL_REASSIGNMENT_REQUESTED_PROPOSAL_ID : (int)FNL_REASSIGNMENT_OVERDUE_PROPOSAL_ID].str,
		fnl_span_str(asked ? "reassign" : "reassign-overdue"),
		v[asked ? (int)FNL_REASSIGNMENT_REQUESTED_PROSPECT_ID : (int)FNL_REASSIGNMENT_OVERDUE_PROSPECT_ID].str,
		v[asked ? (int)FNL_REASSIGNMENT_REQUESTED_TO_REP_ID : (int)FNL_REASSIGNMENT_OVERDUE_TO_REP_ID].str};
	struct fnl_writer w = fnl_writer_of(in->arena);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (i > 0) {
			fnl_write_u8(&w, '|');
		}
		fnl_write_raw(&w, parts[i]);
	}
	return fnl_writer_span(&w);
}

static int tell(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                const struct fnl_moves_out *out, struct fnl_decision *d)
{
	struct fnl_cause_id cause = {out->cause_id, out->correlation_id};
	int rc = 0;
	for (size_t i = 0; i < out->event_count && rc == 0; i++) {
		struct fnl_derived derived = {.event = &out->events[i],
		                              .cause = &cause,
		                              .rules_version = rules->version,
		                              .id_name = name_of(in, &out->events[i])};
		rc = fnl_span_is_none(derived.id_name) ? FNL_E_NOMEM : fnl_op_output(&o->op, in, &derived, d);
	}
	return rc;
}

int fnl_rep_step_moves(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                       struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	struct fnl_moves_in moves = {.now_ms = fnl_rep_moment(in), .rules = rules, .arena = in->arena};
	struct fnl_moves_page page = {.count = in->page_count, .last = in->page_count < FNL_MOVES_PAGE_LINES};
	struct fnl_moves_out out;
	int rc = fnl_rep_take_row(o, in, e->row_moves, FNL_REP_TABLE_MOVES, &moves.row, why);
	rc = rc ? rc : fnl_rep_take_row(o, in, e->row_rep, FNL_REP_TABLE_REP, &moves.rep, why);
	rc = rc ? rc : fnl_rep_take_row(o, in, e->row_handover, FNL_REP_TABLE_HANDOVER, &moves.handover, why);
	rc = rc ? rc : fnl_rep_take_page(o, in, FNL_REP_TABLE_LINE, &page.rows, why);
	rc = rc ? rc : fnl_moves_step(&moves, &page, &out);
	rc = rc ? rc : put_moves(o, in, &out, d);
	for (size_t i = 0; rc == 0 && out.lines && i < in->page_count; i++) {
		struct fnl_row_key key = {FNL_REP_TABLE_LINE, in->page[i].key};
		if (out.lines[i]) {
			rc = fnl_decision_put_key(d, key, &o->rows[FNL_REP_TABLE_LINE], out.lines[i], in->arena);
		}
	}
	return rc ? rc : tell(o, in, rules, &out, d);
}

int fnl_rep_moves_after_line(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_value *before,
                             const struct fnl_cause_id *cause, struct fnl_decision *d)
{
	const struct fnl_rep_event *e = in->event;
	struct fnl_moved moved;
	/* what a handover moves goes when that is completed: its task is not looked at */
	if (fnl_moves_recognise(before, e->root.decoded.values, NULL, &moved) != FNL_MOVED_FOR_A_REASON) {
		return 0;
	}
	struct fnl_quota_moves_begin begin = {.book = e->book,
	                                      .cause = FNL_REVISION_CAUSE_PROPOSAL_OUT,
	                                      .reference = moved.proposal_id,
	                                      .at_ms = fnl_rep_moment(in),
	                                      .cause_id = cause->id,
	                                      .correlation_id = cause->correlation,
	                                      .prospect_ids = &moved.prospect_id,
	                                      .to_rep_ids = &moved.to_rep_id,
	                                      .count = 1};
	return fnl_rep_begin_moves(o, in, &begin, d);
}
