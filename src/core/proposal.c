/* A proposal's way: asked for, gone through page by page, accepted, over. */
#include "proposal_internal.h"

struct fnl_value *fnl_proposing_event(struct fnl_proposing *p, const struct fnl_record_desc *desc)
{
	struct fnl_value *v = fnl_arena_calloc(p->in->arena, desc->field_count, sizeof(*v));
	if (!p->out.events) {
		p->out.events = fnl_arena_calloc(p->in->arena, FNL_PROPOSAL_EVENTS_MAX, sizeof(*p->out.events));
	}
	if (!v || !p->out.events || p->out.event_count == FNL_PROPOSAL_EVENTS_MAX) {
		return NULL;
	}
	p->out.events[p->out.event_count++] = (struct fnl_event_out){desc, v};
	return v;
}

int fnl_proposing_reject(struct fnl_proposing *p, const struct fnl_record_desc *desc, struct fnl_value command_id,
                         struct fnl_value issued_by, int reason)
{
	struct fnl_value *v = fnl_proposing_event(p, &fnl_desc_command_rejected);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_COMMAND_REJECTED_OCCURRED_AT] = fnl_value_i64(p->in->now_ms);
	v[FNL_COMMAND_REJECTED_COMMAND] = fnl_value_str(fnl_span_str(desc->name));
	v[FNL_COMMAND_REJECTED_COMMAND_ID] = command_id;
	v[FNL_COMMAND_REJECTED_ORG_ID] = p->row[FNL_PROPOSAL_ORG_ID];
	v[FNL_COMMAND_REJECTED_ISSUED_BY] = issued_by;
	v[FNL_COMMAND_REJECTED_REASON] = fnl_value_i64(reason);
	return FNL_OK;
}

static int tell_expired(struct fnl_proposing *p, const struct fnl_value *row, bool replaced)
{
	struct fnl_value *v = fnl_proposing_event(p, &fnl_desc_proposal_expired);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_PROPOSAL_EXPIRED_OCCURRED_AT] = fnl_value_i64(p->in->now_ms);
	v[FNL_PROPOSAL_EXPIRED_ORG_ID] = row[FNL_PROPOSAL_ORG_ID];
	v[FNL_PROPOSAL_EXPIRED_PROPOSAL_ID] = row[FNL_PROPOSAL_PROPOSAL_ID];
	v[FNL_PROPOSAL_EXPIRED_REPLACED] = fnl_value_i64(replaced);
	return FNL_OK;
}

static bool is_former(const struct fnl_value *row, struct fnl_span id)
{
	struct fnl_list ids = row[FNL_PROPOSAL_FORMER_IDS].list;
	for (size_t i = 0; i < ids.count; i++) {
		if (fnl_span_eq(ids.items[i].str, id)) {
			return true;
		}
	}
	return false;
}

static bool is_id(const struct fnl_value *known, struct fnl_span id)
{
	return known->set && fnl_span_eq(known->str, id);
}

/* ---- ProposeTerritories ---- */

static int former_ids(const struct fnl_proposing *p, const struct fnl_value *before, struct fnl_value *ret)
{
	struct fnl_list known = before ? before[FNL_PROPOSAL_FORMER_IDS].list : (struct fnl_list){NULL, 0};
	struct fnl_value *ids = fnl_arena_calloc(p->in->arena, FNL_PROPOSAL_FORMER_MAX, sizeof(*ids));
	size_t count = 0;
	if (!ids) {
		return FNL_E_NOMEM;
	}
	if (before) {
		ids[count++] = before[FNL_PROPOSAL_PROPOSAL_ID];
	}
	for (size_t i = 0; i < known.count && count < FNL_PROPOSAL_FORMER_MAX; i++) {
		ids[count++] = known.items[i];
	}
	*ret = fnl_value_list(ids, count);
	return FNL_OK;
}

static int begin(struct fnl_proposing *p, const struct fnl_value *before, const struct fnl_value *event)
{
	struct fnl_value *v = fnl_arena_calloc(p->in->arena, FNL_PROPOSAL_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_PROPOSAL_NEXT_DEADLINE_AT] = fnl_value_i64(p->in->now_ms);
	v[FNL_PROPOSAL_ORG_ID] = event[FNL_PROPOSE_TERRITORIES_ORG_ID];
	v[FNL_PROPOSAL_PROPOSAL_ID] = event[FNL_PROPOSE_TERRITORIES_COMMAND_ID];
	v[FNL_PROPOSAL_STATE] = fnl_value_i64(FNL_PROPOSAL_STATE_REPS);
	v[FNL_PROPOSAL_ASKED_BY] = event[FNL_PROPOSE_TERRITORIES_ISSUED_BY];
	v[FNL_PROPOSAL_ASKED_AT] = event[FNL_PROPOSE_TERRITORIES_OCCURRED_AT];
	v[FNL_PROPOSAL_BASE_CURRENCY] = event[FNL_PROPOSE_TERRITORIES_BASE_CURRENCY];
	v[FNL_PROPOSAL_RATE_NAME] = event[FNL_PROPOSE_TERRITORIES_RATE_NAME];
	v[FNL_PROPOSAL_TOLD_COUNT] = v[FNL_PROPOSAL_NOT_CONVERTED_COUNT] = fnl_value_i64(0);
	v[FNL_PROPOSAL_IS_WORTH_IT] = v[FNL_PROPOSAL_IS_ON_TARGET] = fnl_value_i64(0);
	v[FNL_PROPOSAL_CURRENCIES] = v[FNL_PROPOSAL_REPS] = fnl_value_list(NULL, 0);
	v[FNL_PROPOSAL_CAUSE_ID] = fnl_value_str_or_null(p->in->cause_id);
	v[FNL_PROPOSAL_CORRELATION_ID] = fnl_value_str_or_null(p->in->correlation_id);
	p->row = v;
	return former_ids(p, before, &v[FNL_PROPOSAL_FORMER_IDS]);
}

static int asked(struct fnl_proposing *p, const struct fnl_value *before, const struct fnl_value *event)
{
	struct fnl_span id = event[FNL_PROPOSE_TERRITORIES_COMMAND_ID].str;
	int64_t state = before ? before[FNL_PROPOSAL_STATE].i64 : (int64_t)FNL_PROPOSAL_STATE_UNKNOWN;
	if (before && (is_id(&before[FNL_PROPOSAL_PROPOSAL_ID], id) || is_former(before, id))) {
		p->out.stale = true;
		return FNL_OK;
	}
	int r = begin(p, before, event);
	if (r < 0) {
		return r;
	}
	if (state == FNL_PROPOSAL_STATE_ACCEPTING) { /* it is over in a moment */
		return fnl_proposing_reject(p, &fnl_desc_propose_territories, event[FNL_PROPOSE_TERRITORIES_COMMAND_ID],
		                            event[FNL_PROPOSE_TERRITORIES_ISSUED_BY], FNL_REJECT_REASON_PROPOSAL_IS_NOT_OPEN);
	}
	bool was_told = state == FNL_PROPOSAL_STATE_TELLING || state == FNL_PROPOSAL_STATE_OPEN;
	p->out.row = p->row;
	return was_told ? tell_expired(p, before, true) : FNL_OK;
}

/* ---- AcceptProposal ---- */

static int refusal_of(const struct fnl_proposing *p, const struct fnl_value *row, struct fnl_span id)
{
	if (!row || !is_id(&row[FNL_PROPOSAL_PROPOSAL_ID], id)) {
		return row && is_former(row, id) ? FNL_REJECT_REASON_PROPOSAL_IS_OUTDATED : FNL_REJECT_REASON_UNKNOWN_PROPOSAL;
	}
	bool over = row[FNL_PROPOSAL_EXPIRES_AT].set && row[FNL_PROPOSAL_EXPIRES_AT].i64 <= p->in->now_ms;
	int64_t state = row[FNL_PROPOSAL_STATE].i64;
	if (state == FNL_PROPOSAL_STATE_EXPIRED || (state == FNL_PROPOSAL_STATE_OPEN && over)) {
		return FNL_REJECT_REASON_PROPOSAL_IS_OUTDATED;
	}
	return state == FNL_PROPOSAL_STATE_OPEN ? FNL_REJECT_REASON_UNKNOWN : FNL_REJECT_REASON_PROPOSAL_IS_NOT_OPEN;
}

static int accepted(struct fnl_proposing *p, const struct fnl_value *row, const struct fnl_value *event)
{
	struct fnl_value command_id = event[FNL_ACCEPT_PROPOSAL_COMMAND_ID];
	struct fnl_value none[FNL_PROPOSAL_FIELD_COUNT] = {0};
	if (row && is_id(&row[FNL_PROPOSAL_ACCEPT_ID], command_id.str)) {
		p->out.stale = true;
		return FNL_OK;
	}
	int refusal = refusal_of(p, row, event[FNL_ACCEPT_PROPOSAL_PROPOSAL_ID].str);
	p->row = fnl_values_copy(p->in->arena, row ? row : none, FNL_PROPOSAL_FIELD_COUNT);
	if (!p->row) {
		return FNL_E_NOMEM;
	}
	if (refusal != FNL_REJECT_REASON_UNKNOWN) {
		p->row[FNL_PROPOSAL_ORG_ID] = event[FNL_ACCEPT_PROPOSAL_ORG_ID];
		return fnl_proposing_reject(p, &fnl_desc_accept_proposal, command_id, event[FNL_ACCEPT_PROPOSAL_ISSUED_BY],
		                            refusal);
	}
	p->row[FNL_PROPOSAL_STATE].i64 = FNL_PROPOSAL_STATE_ACCEPTING;
	p->row[FNL_PROPOSAL_NEXT_DEADLINE_AT] = fnl_value_i64(p->in->now_ms);
	p->row[FNL_PROPOSAL_AFTER] = fnl_value_null();
	p->row[FNL_PROPOSAL_ACCEPT_ID] = command_id;
	p->row[FNL_PROPOSAL_ACCEPT_BY] = event[FNL_ACCEPT_PROPOSAL_ISSUED_BY];
	p->row[FNL_PROPOSAL_CAUSE_ID] = fnl_value_str_or_null(p->in->cause_id);
	p->row[FNL_PROPOSAL_CORRELATION_ID] = fnl_value_str_or_null(p->in->correlation_id);
	p->out.row = p->row;
	return FNL_OK;
}

int fnl_proposal_command(const struct fnl_org_in *in, const struct fnl_value *row, const struct fnl_record_desc *desc,
                         const struct fnl_value *event, struct fnl_proposal_out *ret, struct fnl_error *why)
{
	struct fnl_proposing p = {.in = in, .why = why};
	int r = fnl_input_check(desc, event, why);
	r = r ? r : desc == &fnl_desc_propose_territories ? asked(&p, row, event) : accepted(&p, row, event);
	if (r < 0) {
		return r;
	}
	p.out.cause_id = in->cause_id;
	p.out.correlation_id = in->correlation_id;
	*ret = p.out;
	return FNL_OK;
}

/* ---- the timer ---- */

struct fnl_proposal_need fnl_proposal_needs(const struct fnl_value *row)
{
	const struct fnl_value *after = &row[FNL_PROPOSAL_AFTER];
	struct fnl_proposal_need need = {.after = after->set ? after->str : FNL_SPAN_NONE};
	switch (row[FNL_PROPOSAL_STATE].i64) {
	case FNL_PROPOSAL_STATE_REPS:
	case FNL_PROPOSAL_STATE_ACCEPTING:
		need.of = FNL_PROPOSAL_PAGE_REPS;
		break;
	case FNL_PROPOSAL_STATE_CURRENCIES:
	case FNL_PROPOSAL_STATE_CELLS:
		need.of = FNL_PROPOSAL_PAGE_CELLS;
		break;
	default:
		need.of = FNL_PROPOSAL_PAGE_NONE;
		break;
	}
	return need;
}

static bool receives_moves(const struct fnl_value *row, struct fnl_span rep_id)
{
	for (size_t i = 0; i < row[FNL_PROPOSAL_REPS].list.count; i++) {
		struct fnl_list cells = fnl_proposal_rep(row, i)[FNL_PROPOSAL_REP_CELLS].list;
		for (size_t k = 0; k < cells.count; k++) {
			if (is_id(&cells.items[k].list.items[FNL_PROPOSAL_CELL_TO_REP_ID], rep_id)) {
				return true;
			}
		}
	}
	return false;
}

static size_t count_moves(struct fnl_list cells)
{
	size_t count = 0;
	for (size_t i = 0; i < cells.count; i++) {
		count += cells.items[i].list.items[FNL_PROPOSAL_CELL_TO_REP_ID].set;
	}
	return count;
}

/* One book's part of it. */
static int send_moves(struct fnl_proposing *p, const struct fnl_value *rep, size_t count)
{
	struct fnl_list cells = rep[FNL_PROPOSAL_REP_CELLS].list;
	struct fnl_value *v = fnl_proposing_event(p, &fnl_desc_book_moves);
	struct fnl_value *items = fnl_arena_calloc(p->in->arena, count, sizeof(*items));
	struct fnl_span book = fnl_book_name(rep[FNL_PROPOSAL_REP_REP_ID].str, p->in->arena);
	size_t n = 0;
	if (!v || !items || fnl_span_is_none(book)) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < cells.count; i++) {
		const struct fnl_value *cell = cells.items[i].list.items;
		struct fnl_value *move = fnl_arena_calloc(p->in->arena, FNL_CELL_MOVE_FIELD_COUNT, sizeof(*move));
		if (!move) {
			return FNL_E_NOMEM;
		}
		if (!cell[FNL_PROPOSAL_CELL_TO_REP_ID].set) {
			continue;
		}
		move[FNL_CELL_MOVE_REGION] = cell[FNL_PROPOSAL_CELL_REGION];
		move[FNL_CELL_MOVE_INDUSTRY] = cell[FNL_PROPOSAL_CELL_INDUSTRY];
		move[FNL_CELL_MOVE_SIZE_FOCUS] = cell[FNL_PROPOSAL_CELL_SIZE_FOCUS];
		move[FNL_CELL_MOVE_LAYER] = cell[FNL_PROPOSAL_CELL_LAYER];
		move[FNL_CELL_MOVE_TO_REP_ID] = cell[FNL_PROPOSAL_CELL_TO_REP_ID];
		move[FNL_CELL_MOVE_PROSPECT_COUNT] = cell[FNL_PROPOSAL_CELL_COUNT];
		items[n++] = fnl_value_list(move, FNL_CELL_MOVE_FIELD_COUNT);
	}
	v[FNL_BOOK_MOVES_SOURCE] = fnl_value_str(FNL_SPAN_LIT("org"));
	v[FNL_BOOK_MOVES_OCCURRED_AT] = fnl_value_i64(p->in->now_ms);
	v[FNL_BOOK_MOVES_ORG_ID] = p->row[FNL_PROPOSAL_ORG_ID];
	v[FNL_BOOK_MOVES_BOOK] = fnl_value_str(book);
	v[FNL_BOOK_MOVES_PROPOSAL_ID] = p->row[FNL_PROPOSAL_PROPOSAL_ID];
	v[FNL_BOOK_MOVES_ACCEPTED_BY] = p->row[FNL_PROPOSAL_ACCEPT_BY];
	v[FNL_BOOK_MOVES_MOVES] = fnl_value_list(items, n);
	return FNL_OK;
}

static int accept_all(struct fnl_proposing *p)
{
	size_t moves = 0;
	int r = FNL_OK;
	for (size_t i = 0; i < p->row[FNL_PROPOSAL_REPS].list.count && r == 0; i++) {
		const struct fnl_value *rep = fnl_proposal_rep(p->row, i);
		size_t count = count_moves(rep[FNL_PROPOSAL_REP_CELLS].list);
		r = count ? send_moves(p, rep, count) : FNL_OK;
		moves += count;
	}
	struct fnl_value *v = r == 0 ? fnl_proposing_event(p, &fnl_desc_proposal_accepted) : NULL;
	if (!v) {
		return r ? r : FNL_E_NOMEM;
	}
	v[FNL_PROPOSAL_ACCEPTED_OCCURRED_AT] = fnl_value_i64(p->in->now_ms);
	v[FNL_PROPOSAL_ACCEPTED_ORG_ID] = p->row[FNL_PROPOSAL_ORG_ID];
	v[FNL_PROPOSAL_ACCEPTED_PROPOSAL_ID] = p->row[FNL_PROPOSAL_PROPOSAL_ID];
	v[FNL_PROPOSAL_ACCEPTED_ACCEPTED_BY] = p->row[FNL_PROPOSAL_ACCEPT_BY];
	v[FNL_PROPOSAL_ACCEPTED_COMMAND_ID] = p->row[FNL_PROPOSAL_ACCEPT_ID];
	v[FNL_PROPOSAL_ACCEPTED_MOVE_COUNT] = fnl_value_i64((int64_t)moves);
	p->row[FNL_PROPOSAL_STATE].i64 = FNL_PROPOSAL_STATE_ACCEPTED;
	p->row[FNL_PROPOSAL_NEXT_DEADLINE_AT] = fnl_value_null();
	return FNL_OK;
}

static int over(struct fnl_proposing *p)
{
	p->row[FNL_PROPOSAL_STATE].i64 = FNL_PROPOSAL_STATE_EXPIRED;
	p->row[FNL_PROPOSAL_NEXT_DEADLINE_AT] = fnl_value_null();
	return tell_expired(p, p->row, false);
}

/* Whoever receives must still be there and able: told_count counts those who were seen to be. */
static int look_again(struct fnl_proposing *p)
{
	int64_t *seen = &p->row[FNL_PROPOSAL_TOLD_COUNT].i64;
	int64_t receivers = 0;
	if (!p->row[FNL_PROPOSAL_AFTER].set) {
		*seen = 0;
	}
	for (size_t i = 0; i < p->page->count; i++) {
		const struct fnl_value *rep = p->page->rows[i];
		bool can = rep[FNL_ORG_REP_ACTIVE].i64 && !rep[FNL_ORG_REP_RESIGNED].i64;
		*seen += can && receives_moves(p->row, rep[FNL_ORG_REP_REP_ID].str);
	}
	if (!p->page->last && p->page->count > 0) {
		p->row[FNL_PROPOSAL_AFTER] = fnl_value_str(p->page->last_key);
		return FNL_OK;
	}
	p->row[FNL_PROPOSAL_AFTER] = fnl_value_null();
	for (size_t i = 0; i < p->row[FNL_PROPOSAL_REPS].list.count; i++) {
		receivers += receives_moves(p->row, fnl_proposal_rep(p->row, i)[FNL_PROPOSAL_REP_REP_ID].str);
	}
	if (*seen == receivers) {
		return accept_all(p);
	}
	int r = over(p);
	return r ? r
	         : fnl_proposing_reject(p, &fnl_desc_accept_proposal, p->row[FNL_PROPOSAL_ACCEPT_ID],
	                                p->row[FNL_PROPOSAL_ACCEPT_BY], FNL_REJECT_REASON_PROPOSAL_IS_OUTDATED);
}

static int go_on(struct fnl_proposing *p)
{
	switch (p->row[FNL_PROPOSAL_STATE].i64) {
	case FNL_PROPOSAL_STATE_REPS:
		return fnl_proposing_reps(p);
	case FNL_PROPOSAL_STATE_CURRENCIES:
		return fnl_proposing_currencies(p);
	case FNL_PROPOSAL_STATE_CELLS:
		return fnl_proposing_cells(p);
	case FNL_PROPOSAL_STATE_TELLING:
		return fnl_proposing_tell(p);
	case FNL_PROPOSAL_STATE_ACCEPTING:
		return look_again(p);
	case FNL_PROPOSAL_STATE_OPEN:
		return over(p);
	default:
		p->row[FNL_PROPOSAL_NEXT_DEADLINE_AT] = fnl_value_null();
		return FNL_OK;
	}
}

int fnl_proposal_step(const struct fnl_org_in *in, const struct fnl_value *row, const struct fnl_proposal_page *page,
                      struct fnl_proposal_out *ret, struct fnl_error *why)
{
	struct fnl_proposing p = {.in = in, .page = page, .why = why};
	p.row = fnl_values_copy(in->arena, row, FNL_PROPOSAL_FIELD_COUNT);
	int r = p.row ? go_on(&p) : FNL_E_NOMEM;
	if (r < 0) {
		return r;
	}
	p.out.row = p.row;
	p.out.cause_id = row[FNL_PROPOSAL_CAUSE_ID].set ? row[FNL_PROPOSAL_CAUSE_ID].str : FNL_SPAN_NONE;
	p.out.correlation_id = row[FNL_PROPOSAL_CORRELATION_ID].set ? row[FNL_PROPOSAL_CORRELATION_ID].str : FNL_SPAN_NONE;
	*ret = p.out;
	return FNL_OK;
}
