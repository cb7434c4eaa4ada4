/* What an accepted proposal asks a book for: which lines, to whom, until when. */
#include "funneld/core/moves.h"

#include "funneld/core/cell.h"
#include "handover_internal.h"

/* One firing. */
struct asking {
	const struct fnl_moves_in *in;
	struct fnl_value *row;
	struct fnl_value *moves; /* copies of its CellMoves, to count in */
	struct fnl_span *names;  /* of their cells */
	size_t move_count;
	struct fnl_moves_out out;
};

/* ---- BookMoves ---- */

int fnl_moves_begin(const struct fnl_moves_in *in, const struct fnl_value *event, struct fnl_moves_out *ret,
                    struct fnl_error *why)
{
	int r = fnl_input_check(&fnl_desc_book_moves, event, why);
	if (r < 0) {
		return r;
	}
	if (in->row) {
		*ret = (struct fnl_moves_out){.change = FNL_ROW_KEEP, .stale = true};
		return FNL_OK;
	}
	struct fnl_value *v = fnl_arena_calloc(in->arena, FNL_MOVES_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_MOVES_NEXT_DEADLINE_AT] = fnl_value_i64(in->now_ms);
	v[FNL_MOVES_BOOK] = event[FNL_BOOK_MOVES_BOOK];
	v[FNL_MOVES_ORG_ID] = event[FNL_BOOK_MOVES_ORG_ID];
	v[FNL_MOVES_PROPOSAL_ID] = event[FNL_BOOK_MOVES_PROPOSAL_ID];
	v[FNL_MOVES_ACCEPTED_AT] = event[FNL_BOOK_MOVES_OCCURRED_AT];
	v[FNL_MOVES_STATE] = fnl_value_i64(FNL_MOVES_STATE_ASKING);
	v[FNL_MOVES_MOVES] = event[FNL_BOOK_MOVES_MOVES];
	v[FNL_MOVES_ASKED_COUNT] = v[FNL_MOVES_KEPT_COUNT] = v[FNL_MOVES_OVERDUE_COUNT] = fnl_value_i64(0);
	v[FNL_MOVES_CAUSE_ID] = fnl_value_str(fnl_span_is_none(in->cause_id) ? FNL_SPAN_LIT("") : in->cause_id);
	v[FNL_MOVES_CORRELATION_ID] = fnl_value_str_or_null(in->correlation_id);
	*ret = (struct fnl_moves_out){.change = FNL_ROW_PUT, .row = v};
	return FNL_OK;
}

struct fnl_moves_need fnl_moves_needs(const struct fnl_value *row)
{
	const struct fnl_value *after = &row[FNL_MOVES_AFTER];
	return (struct fnl_moves_need){.lines = row[FNL_MOVES_STATE].i64 != FNL_MOVES_STATE_DONE,
	                               .after = after->set ? after->str : FNL_SPAN_NONE};
}

/* ---- the moves of the row ---- */

static struct fnl_span code_of(const struct fnl_value *code)
{
	return code->set ? code->str : FNL_SPAN_LIT("");
}

/* Copies of them, so that what may still be asked for can be counted down, and the names of their cells. */
static int open_moves(struct asking *a)
{
	struct fnl_list list = a->row[FNL_MOVES_MOVES].list;
	struct fnl_arena *arena = a->in->arena;
	a->moves = fnl_arena_calloc(arena, list.count + 1, sizeof(*a->moves));
	a->names = fnl_arena_calloc(arena, list.count + 1, sizeof(*a->names));
	if (!a->moves || !a->names) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < list.count; i++) {
		struct fnl_value *move = fnl_values_copy(arena, list.items[i].list.items, FNL_CELL_MOVE_FIELD_COUNT);
		if (!move) {
			return FNL_E_NOMEM;
		}
		a->names[i] = fnl_cell_name(code_of(&move[FNL_CELL_MOVE_REGION]), code_of(&move[FNL_CELL_MOVE_INDUSTRY]),
		                            code_of(&move[FNL_CELL_MOVE_SIZE_FOCUS]), arena);
		if (fnl_span_is_none(a->names[i])) {
			return FNL_E_NOMEM;
		}
		a->moves[i] = fnl_value_list(move, FNL_CELL_MOVE_FIELD_COUNT);
	}
	a->move_count = list.count;
	a->row[FNL_MOVES_MOVES] = fnl_value_list(a->moves, list.count);
	return FNL_OK;
}

/* The place of the move that names the line's cell and layer; move_count: none does. */
static size_t move_of(const struct asking *a, const struct fnl_value *line, struct fnl_span name)
{
	size_t i = 0;
	while (i < a->move_count && (a->moves[i].list.items[FNL_CELL_MOVE_LAYER].i64 != line[FNL_LINE_LAYER].i64 ||
	                             !fnl_span_eq(a->names[i], name))) {
		i++;
	}
	return i;
}

/* ---- what is told ---- */

static struct fnl_value *event_of(struct asking *a, const struct fnl_record_desc *desc)
{
	struct fnl_value *v = fnl_arena_calloc(a->in->arena, desc->field_count, sizeof(*v));
	if (v) {
		a->out.events[a->out.event_count++] = (struct fnl_event_out){desc, v};
	}
	return v;
}

static int tell_requested(struct asking *a, const struct fnl_value *line, struct fnl_value to)
{
	struct fnl_value *v = event_of(a, &fnl_desc_reassignment_requested);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_REASSIGNMENT_REQUESTED_OCCURRED_AT] = fnl_value_i64(a->in->now_ms);
	v[FNL_REASSIGNMENT_REQUESTED_PROSPECT_ID] = line[FNL_LINE_PROSPECT_ID];
	v[FNL_REASSIGNMENT_REQUESTED_FROM_REP_ID] = fnl_value_str(fnl_book_rep_id(a->row[FNL_MOVES_BOOK].str));
	v[FNL_REASSIGNMENT_REQUESTED_TO_REP_ID] = to;
	v[FNL_REASSIGNMENT_REQUESTED_ORG_ID] = a->row[FNL_MOVES_ORG_ID];
	v[FNL_REASSIGNMENT_REQUESTED_MANAGER_ID] = a->in->rep[FNL_REP_MANAGER_ID];
	v[FNL_REASSIGNMENT_REQUESTED_DUE_AT] = a->row[FNL_MOVES_DUE_AT];
	v[FNL_REASSIGNMENT_REQUESTED_PROPOSAL_ID] = a->row[FNL_MOVES_PROPOSAL_ID];
	return FNL_OK;
}

static int tell_overdue(struct asking *a, const struct fnl_value *line)
{
	struct fnl_value *v = event_of(a, &fnl_desc_reassignment_overdue);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_REASSIGNMENT_OVERDUE_OCCURRED_AT] = fnl_value_i64(a->in->now_ms);
	v[FNL_REASSIGNMENT_OVERDUE_PROSPECT_ID] = line[FNL_LINE_PROSPECT_ID];
	v[FNL_REASSIGNMENT_OVERDUE_OWNER_REP_ID] = fnl_value_str(fnl_book_rep_id(a->row[FNL_MOVES_BOOK].str));
	v[FNL_REASSIGNMENT_OVERDUE_TO_REP_ID] = line[FNL_LINE_ASKED].list.items[FNL_LINE_ASKED_TO_REP_ID];
	v[FNL_REASSIGNMENT_OVERDUE_ORG_ID] = a->row[FNL_MOVES_ORG_ID];
	v[FNL_REASSIGNMENT_OVERDUE_MANAGER_ID] = a->in->rep[FNL_REP_MANAGER_ID];
	v[FNL_REASSIGNMENT_OVERDUE_DUE_AT] = a->row[FNL_MOVES_DUE_AT];
	v[FNL_REASSIGNMENT_OVERDUE_PROPOSAL_ID] = a->row[FNL_MOVES_PROPOSAL_ID];
	return FNL_OK;
}

/* ---- lines ---- */

/* He is still there, and no departure is on its way. */
static bool gives(const struct asking *a)
{
	const struct fnl_value *rep = a->in->rep;
	bool his = rep && rep[FNL_REP_ORG_ID].set && fnl_span_eq(rep[FNL_REP_ORG_ID].str, a->row[FNL_MOVES_ORG_ID].str) &&
	           !rep[FNL_REP_RESIGNED].i64 && !rep[FNL_REP_ERASED].i64;
	return his && !(a->in->handover && fnl_handover_is_live(a->in->handover));
}

static int mark(struct asking *a, const struct fnl_value *line, struct fnl_value to, struct fnl_value **ret)
{
	struct fnl_value *copy = fnl_values_copy(a->in->arena, line, FNL_LINE_FIELD_COUNT);
	struct fnl_value *asked = fnl_arena_calloc(a->in->arena, FNL_LINE_ASKED_FIELD_COUNT, sizeof(*asked));
	if (!copy || !asked) {
		return FNL_E_NOMEM;
	}
	asked[FNL_LINE_ASKED_PROPOSAL_ID] = a->row[FNL_MOVES_PROPOSAL_ID];
	asked[FNL_LINE_ASKED_TO_REP_ID] = to;
	copy[FNL_LINE_ASKED] = fnl_value_list(asked, FNL_LINE_ASKED_FIELD_COUNT);
	*ret = copy;
	return FNL_OK;
}

static int ask(struct asking *a, const struct fnl_value *line, struct fnl_value **ret_line)
{
	struct fnl_span name;
	int r = fnl_cell_of_line(line + FNL_LINE_STATE, a->in->arena, &name);
	if (r < 0 || fnl_span_is_none(name)) {
		return r;
	}
	size_t at = move_of(a, line, name);
	if (at == a->move_count) {
		return FNL_OK;
	}
	struct fnl_value *move = (struct fnl_value *)a->moves[at].list.items;
	struct fnl_value *left = &move[FNL_CELL_MOVE_PROSPECT_COUNT];
	if (left->i64 <= 0 || !gives(a) || !fnl_cell_may_move(a->in->rules, line, a->in->now_ms)) {
		a->row[FNL_MOVES_KEPT_COUNT].i64++;
		return FNL_OK;
	}
	left->i64--;
	a->row[FNL_MOVES_ASKED_COUNT].i64++;
	r = mark(a, line, move[FNL_CELL_MOVE_TO_REP_ID], ret_line);
	return r ? r : tell_requested(a, line, move[FNL_CELL_MOVE_TO_REP_ID]);
}

/* It was asked for, and the source has not moved it. */
static int look_again(struct asking *a, const struct fnl_value *line)
{
	const struct fnl_value *asked = &line[FNL_LINE_ASKED];
	bool waits = line[FNL_LINE_STATE].i64 == FNL_LINE_STATE_OWNED && asked->set &&
	             fnl_span_eq(asked->list.items[FNL_LINE_ASKED_PROPOSAL_ID].str, a->row[FNL_MOVES_PROPOSAL_ID].str);
	if (!waits || !gives(a)) {
		return FNL_OK;
	}
	a->row[FNL_MOVES_OVERDUE_COUNT].i64++;
	return tell_overdue(a, line);
}

/* ---- the timer ---- */

static void end_pass(struct asking *a)
{
	struct fnl_value *row = a->row;
	bool waits = row[FNL_MOVES_STATE].i64 == FNL_MOVES_STATE_ASKING && row[FNL_MOVES_ASKED_COUNT].i64 > 0;
	int64_t kept_ms = FNL_MOVES_KEPT_DAYS * FNL_BUSINESS_DAY_MS;
	row[FNL_MOVES_AFTER] = fnl_value_null();
	row[FNL_MOVES_STATE].i64 = waits ? FNL_MOVES_STATE_WAITING : FNL_MOVES_STATE_DONE;
	row[FNL_MOVES_MOVES] = fnl_value_list(NULL, 0);
	row[FNL_MOVES_NEXT_DEADLINE_AT] = waits ? row[FNL_MOVES_DUE_AT] : fnl_value_i64(a->in->now_ms + kept_ms);
}

static int go_over(struct asking *a, const struct fnl_moves_page *page)
{
	bool asking = a->row[FNL_MOVES_STATE].i64 == FNL_MOVES_STATE_ASKING;
	int r = open_moves(a);
	a->out.events = fnl_arena_calloc(a->in->arena, page->count + 1, sizeof(*a->out.events));
	a->out.lines = fnl_arena_calloc(a->in->arena, page->count + 1, sizeof(struct fnl_value *));
	if (r < 0 || !a->out.events || !a->out.lines) {
		return FNL_E_NOMEM;
	}
	if (!a->row[FNL_MOVES_DUE_AT].set) { /* all that this proposal asks for is due at one moment */
		a->row[FNL_MOVES_DUE_AT] = fnl_value_i64(
			fnl_business_after(&a->in->rules->calendar, a->in->now_ms, FNL_REASSIGN_BD * FNL_BUSINESS_DAY_MS));
	}
	for (size_t i = 0; i < page->count && r == 0; i++) {
		r = asking ? ask(a, page->rows[i], &a->out.lines[i]) : look_again(a, page->rows[i]);
	}
	if (r < 0) {
		return r;
	}
	if (page->last) {
		end_pass(a);
	} else {
		a->row[FNL_MOVES_AFTER] = page->rows[page->count - 1][FNL_LINE_PROSPECT_ID];
	}
	return FNL_OK;
}

int fnl_moves_step(const struct fnl_moves_in *in, const struct fnl_moves_page *page, struct fnl_moves_out *ret)
{
	struct asking a = {.in = in};
	const struct fnl_value *due = in->row ? &in->row[FNL_MOVES_NEXT_DEADLINE_AT] : NULL;
	if (!due || !due->set || due->i64 > in->now_ms) {
		*ret = (struct fnl_moves_out){.change = FNL_ROW_KEEP, .stale = true};
		return FNL_OK;
	}
	if (in->row[FNL_MOVES_STATE].i64 == FNL_MOVES_STATE_DONE) {
		*ret = (struct fnl_moves_out){.change = FNL_ROW_DELETE};
		return FNL_OK;
	}
	a.row = fnl_values_copy(in->arena, in->row, FNL_MOVES_FIELD_COUNT);
	int r = a.row ? go_over(&a, page) : FNL_E_NOMEM;
	if (r < 0) {
		return r;
	}
	const struct fnl_value *correlation = &in->row[FNL_MOVES_CORRELATION_ID];
	a.out.change = FNL_ROW_PUT;
	a.out.row = a.row;
	a.out.cause_id = in->row[FNL_MOVES_CAUSE_ID].str;
	a.out.correlation_id = correlation->set ? correlation->str : a.out.cause_id;
	*ret = a.out;
	return FNL_OK;
}

/* ---- the fact ---- */

static bool is_rep(const struct fnl_value *a, const struct fnl_value *b)
{
	return a->set && b->set && fnl_span_eq(a->str, b->str);
}

int fnl_moves_recognise(const struct fnl_value *before, const struct fnl_value *event, const struct fnl_value *task,
                        struct fnl_moved *ret)
{
	const struct fnl_value *owner = &event[FNL_BOOK_LINE_OWNER_REP_ID];
	bool left = before && before[FNL_LINE_STATE].i64 == FNL_LINE_STATE_OWNED &&
	            event[FNL_BOOK_LINE_STATE].i64 != FNL_LINE_STATE_OWNED;
	if (!left) {
		return 0;
	}
	const struct fnl_value *asked = before[FNL_LINE_ASKED].set ? before[FNL_LINE_ASKED].list.items : NULL;
	bool by_proposal = asked && is_rep(owner, &asked[FNL_LINE_ASKED_TO_REP_ID]);
	bool by_handover =
		task && task[FNL_TASK_REASSIGN].i64 != FNL_REASSIGN_STATE_NONE && is_rep(owner, &task[FNL_TASK_SUCCESSOR_ID]);
	if (!by_proposal && !by_handover) {
		return 0;
	}
	*ret = (struct fnl_moved){.prospect_id = event[FNL_BOOK_LINE_PROSPECT_ID].str,
	                          .from_book = event[FNL_BOOK_LINE_BOOK].str,
	                          .to_rep_id = owner->str,
	                          .proposal_id = by_proposal ? asked[FNL_LINE_ASKED_PROPOSAL_ID].str : FNL_SPAN_NONE,
	                          .notice_id = by_proposal ? FNL_SPAN_NONE : task[FNL_TASK_NOTICE_ID].str};
	return FNL_MOVED_FOR_A_REASON;
}
