/* The directory, and questions about somebody. */
#include "org_internal.h"

static struct fnl_value *candidate(const struct fnl_org_in *in, struct fnl_span rep_id, const struct fnl_value *rep,
                                   int64_t refusal, int64_t load_percent)
{
	struct fnl_value *v = fnl_arena_calloc(in->arena, FNL_SUCCESSOR_CANDIDATE_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return NULL;
	}
	bool given = rep && rep[FNL_ORG_REP_CAPACITY_PROSPECTS].set;
	v[FNL_SUCCESSOR_CANDIDATE_REP_ID] = fnl_value_str(rep_id);
	v[FNL_SUCCESSOR_CANDIDATE_REFUSAL] = fnl_value_i64(refusal);
	v[FNL_SUCCESSOR_CANDIDATE_OPEN_PROSPECTS] = fnl_value_i64(rep ? rep[FNL_ORG_REP_OPEN_PROSPECTS].i64 : 0);
	v[FNL_SUCCESSOR_CANDIDATE_CAPACITY_PROSPECTS] =
		given ? rep[FNL_ORG_REP_CAPACITY_PROSPECTS]
			  : fnl_value_i64(rep ? in->rules->values[FNL_RULES_AT_CAPACITY_DEFAULT] : 0);
	v[FNL_SUCCESSOR_CANDIDATE_LOAD_AFTER_PERCENT] =
		fnl_value_i64(load_percent < INT32_MAX ? load_percent : (int64_t)INT32_MAX);
	return v;
}

int fnl_org_candidates(const struct fnl_org_in *in, const struct fnl_org_request *request, struct fnl_value candidates,
                       struct fnl_event_out *ret)
{
	struct fnl_value *v = fnl_arena_calloc(in->arena, FNL_SUCCESSOR_CANDIDATES_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_SUCCESSOR_CANDIDATES_SOURCE] = fnl_value_str(FNL_SPAN_LIT("funneld"));
	v[FNL_SUCCESSOR_CANDIDATES_OCCURRED_AT] = fnl_value_i64(in->now_ms);
	v[FNL_SUCCESSOR_CANDIDATES_REQUEST_ID] = request->request_id;
	v[FNL_SUCCESSOR_CANDIDATES_BOOK] = request->book;
	v[FNL_SUCCESSOR_CANDIDATES_NOTICE_ID] = request->notice_id;
	v[FNL_SUCCESSOR_CANDIDATES_SUCCESSOR_ID] = request->successor_id;
	v[FNL_SUCCESSOR_CANDIDATES_PROSPECT_ID] = request->prospect_id;
	v[FNL_SUCCESSOR_CANDIDATES_CANDIDATES] = candidates;
	*ret = (struct fnl_event_out){&fnl_desc_successor_candidates, v};
	return FNL_OK;
}

/* The answer about one. */
static int answer_about(const struct fnl_org_in *in, const struct fnl_org_request *request, struct fnl_value *one,
                        struct fnl_event_out *ret)
{
	struct fnl_value *list = fnl_arena_calloc(in->arena, 1, sizeof(*list));
	if (!one || !list) {
		return FNL_E_NOMEM;
	}
	list[0] = fnl_value_list(one, FNL_SUCCESSOR_CANDIDATE_FIELD_COUNT);
	return fnl_org_candidates(in, request, fnl_value_list(list, 1), ret);
}

/* ---- RepEntry ---- */

static int64_t refusal_of_entry(const struct fnl_value *event)
{
	if (!event[FNL_REP_ENTRY_PRESENT].i64) {
		return FNL_SUCCESSOR_REFUSAL_OTHER_ORG;
	}
	if (!event[FNL_REP_ENTRY_ACTIVE].i64) {
		return FNL_SUCCESSOR_REFUSAL_INACTIVE;
	}
	return event[FNL_REP_ENTRY_RESIGNED].i64 ? FNL_SUCCESSOR_REFUSAL_RESIGNED : FNL_SUCCESSOR_REFUSAL_NONE;
}

static struct fnl_value *entry_row(const struct fnl_org_in *in, const struct fnl_value *event)
{
	struct fnl_value *rep = fnl_arena_calloc(in->arena, FNL_ORG_REP_FIELD_COUNT, sizeof(*rep));
	if (!rep) {
		return NULL;
	}
	rep[FNL_ORG_REP_ENTRY_SEQUENCE] = event[FNL_REP_ENTRY_SEQUENCE];
	rep[FNL_ORG_REP_ORG_ID] = event[FNL_REP_ENTRY_ORG_ID];
	rep[FNL_ORG_REP_REP_ID] = event[FNL_REP_ENTRY_REP_ID];
	rep[FNL_ORG_REP_ACTIVE] = event[FNL_REP_ENTRY_ACTIVE];
	rep[FNL_ORG_REP_RESIGNED] = event[FNL_REP_ENTRY_RESIGNED];
	rep[FNL_ORG_REP_MANAGER_ID] = event[FNL_REP_ENTRY_MANAGER_ID];
	rep[FNL_ORG_REP_REGIONS] = event[FNL_REP_ENTRY_REGIONS];
	rep[FNL_ORG_REP_INDUSTRIES] = event[FNL_REP_ENTRY_INDUSTRIES];
	rep[FNL_ORG_REP_CAPACITY_PROSPECTS] = event[FNL_REP_ENTRY_CAPACITY_PROSPECTS];
	rep[FNL_ORG_REP_OPEN_PROSPECTS] = event[FNL_REP_ENTRY_OPEN_PROSPECTS];
	rep[FNL_ORG_REP_ASKED_BY] = fnl_value_list(NULL, 0);
	return rep;
}

/* Those who go by him hear that he cannot any more. */
static int tell_users(const struct fnl_org_in *in, struct fnl_list uses, const struct fnl_value *rep, int64_t refusal,
                      struct fnl_org_entry_out *out)
{
	out->answers = fnl_arena_calloc(in->arena, uses.count ? uses.count : 1, sizeof(*out->answers));
	if (!out->answers) {
		return FNL_E_NOMEM;
	}
	int r = FNL_OK;
	for (size_t i = 0; i < uses.count && r == 0; i++) {
		const struct fnl_value *use = uses.items[i].list.items;
		struct fnl_org_request request = {use[FNL_SUCCESSOR_USE_REQUEST_ID], use[FNL_SUCCESSOR_USE_BOOK],
		                                  use[FNL_SUCCESSOR_USE_NOTICE_ID], rep[FNL_ORG_REP_REP_ID],
		                                  use[FNL_SUCCESSOR_USE_PROSPECT_ID]};
		r = answer_about(in, &request, candidate(in, rep[FNL_ORG_REP_REP_ID].str, rep, refusal, 0),
		                 &out->answers[out->answer_count]);
		out->answer_count += r == 0;
	}
	return r;
}

int fnl_org_entry(const struct fnl_org_in *in, const struct fnl_value *rep, const struct fnl_value *event,
                  struct fnl_org_entry_out *ret, struct fnl_error *why)
{
	struct fnl_org_entry_out out = {.change = FNL_ROW_KEEP};
	int r = fnl_input_check(&fnl_desc_rep_entry, event, why);
	if (r < 0) {
		return r;
	}
	bool present = event[FNL_REP_ENTRY_PRESENT].i64 != 0;
	bool older = rep && event[FNL_REP_ENTRY_SEQUENCE].i64 <= rep[FNL_ORG_REP_ENTRY_SEQUENCE].i64;
	if (older || (!rep && !present)) {
		out.stale = true;
		*ret = out;
		return FNL_OK;
	}
	struct fnl_value *row = entry_row(in, event);
	int64_t refusal = refusal_of_entry(event);
	if (!row) {
		return FNL_E_NOMEM;
	}
	if (rep && refusal == FNL_SUCCESSOR_REFUSAL_NONE) {
		row[FNL_ORG_REP_ASKED_BY] = rep[FNL_ORG_REP_ASKED_BY];
	} else if (rep) {
		r = tell_users(in, rep[FNL_ORG_REP_ASKED_BY].list, row, refusal, &out);
	}
	if (r < 0) {
		return r;
	}
	out.change = present ? FNL_ROW_PUT : FNL_ROW_DELETE;
	out.rep = present ? row : NULL;
	*ret = out;
	return FNL_OK;
}

/* ---- SuccessorAsked about somebody ---- */

static bool same_or_null(const struct fnl_value *a, const struct fnl_value *b)
{
	return a->set == b->set && (!a->set || fnl_span_eq(a->str, b->str));
}

static bool is_use_of(const struct fnl_value *use, const struct fnl_value *event)
{
	return fnl_span_eq(use[FNL_SUCCESSOR_USE_BOOK].str, event[FNL_SUCCESSOR_ASKED_BOOK].str) &&
	       fnl_span_eq(use[FNL_SUCCESSOR_USE_NOTICE_ID].str, event[FNL_SUCCESSOR_ASKED_NOTICE_ID].str) &&
	       same_or_null(&use[FNL_SUCCESSOR_USE_PROSPECT_ID], &event[FNL_SUCCESSOR_ASKED_PROSPECT_ID]);
}

/* Who goes by him, with this question in place of an earlier one for the same; the oldest makes room: of so many
 * handovers it is long over. can: he could. */
static int take_use(const struct fnl_org_in *in, struct fnl_value *row, const struct fnl_value *event, bool can)
{
	struct fnl_list old = row[FNL_ORG_REP_ASKED_BY].list;
	struct fnl_value *uses = fnl_arena_calloc(in->arena, old.count + 1, sizeof(*uses));
	struct fnl_value *use = fnl_arena_calloc(in->arena, FNL_SUCCESSOR_USE_FIELD_COUNT, sizeof(*use));
	size_t count = 0;
	if (!uses || !use) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < old.count; i++) {
		if (!is_use_of(old.items[i].list.items, event)) {
			uses[count++] = old.items[i];
		}
	}
	if (can) {
		use[FNL_SUCCESSOR_USE_REQUEST_ID] = event[FNL_SUCCESSOR_ASKED_REQUEST_ID];
		use[FNL_SUCCESSOR_USE_BOOK] = event[FNL_SUCCESSOR_ASKED_BOOK];
		use[FNL_SUCCESSOR_USE_NOTICE_ID] = event[FNL_SUCCESSOR_ASKED_NOTICE_ID];
		use[FNL_SUCCESSOR_USE_PROSPECT_ID] = event[FNL_SUCCESSOR_ASKED_PROSPECT_ID];
		uses[count++] = fnl_value_list(use, FNL_SUCCESSOR_USE_FIELD_COUNT);
	}
	size_t skip = count > FNL_SUCCESSOR_USES_MAX ? count - FNL_SUCCESSOR_USES_MAX : 0;
	row[FNL_ORG_REP_ASKED_BY] = fnl_value_list(uses + skip, count - skip);
	return FNL_OK;
}

int fnl_org_asked_about(const struct fnl_org_in *in, const struct fnl_org_rows *rows, const struct fnl_value *event,
                        struct fnl_org_asked_out *out)
{
	const struct fnl_value *rep = rows->successor;
	struct fnl_span rep_id = event[FNL_SUCCESSOR_ASKED_SUCCESSOR_ID].str;
	struct fnl_successor_question q = {rows->leaver, fnl_book_rep_id(event[FNL_SUCCESSOR_ASKED_BOOK].str),
	                                   event[FNL_SUCCESSOR_ASKED_PROSPECT_COUNT].i64};
	struct fnl_org_request request = {event[FNL_SUCCESSOR_ASKED_REQUEST_ID], event[FNL_SUCCESSOR_ASKED_BOOK],
	                                  event[FNL_SUCCESSOR_ASKED_NOTICE_ID], event[FNL_SUCCESSOR_ASKED_SUCCESSOR_ID],
	                                  event[FNL_SUCCESSOR_ASKED_PROSPECT_ID]};
	int64_t load_percent = 0;
	int refusal = fnl_successor_check(&q, rep, in->rules, &load_percent);
	int r = FNL_OK;
	if (rep) {
		out->successor = fnl_values_copy(in->arena, rep, FNL_ORG_REP_FIELD_COUNT);
		r = out->successor ? take_use(in, out->successor, event, refusal == FNL_SUCCESSOR_REFUSAL_NONE) : FNL_E_NOMEM;
	}
	return r ? r : answer_about(in, &request, candidate(in, rep_id, rep, refusal, load_percent), &out->answer);
}

/* ---- HandoverOutcome ---- */

int fnl_org_outcome(const struct fnl_org_in *in, const struct fnl_value *handover, const struct fnl_value *event,
                    struct fnl_value **ret_row, struct fnl_error *why)
{
	int r = fnl_input_check(&fnl_desc_handover_outcome, event, why);
	if (r < 0) {
		return r;
	}
	if (handover && event[FNL_HANDOVER_OUTCOME_SEQUENCE].i64 <= handover[FNL_ORG_HANDOVER_SEQUENCE].i64) {
		*ret_row = NULL;
		return FNL_OK;
	}
	struct fnl_value *row = fnl_arena_calloc(in->arena, FNL_ORG_HANDOVER_FIELD_COUNT, sizeof(*row));
	if (!row) {
		return FNL_E_NOMEM;
	}
	row[FNL_ORG_HANDOVER_ORG_ID] = event[FNL_HANDOVER_OUTCOME_ORG_ID];
	row[FNL_ORG_HANDOVER_BOOK] = event[FNL_HANDOVER_OUTCOME_BOOK];
	row[FNL_ORG_HANDOVER_NOTICE_ID] = event[FNL_HANDOVER_OUTCOME_NOTICE_ID];
	row[FNL_ORG_HANDOVER_SEQUENCE] = event[FNL_HANDOVER_OUTCOME_SEQUENCE];
	row[FNL_ORG_HANDOVER_COMPLETED_AT] = event[FNL_HANDOVER_OUTCOME_COMPLETED_AT];
	row[FNL_ORG_HANDOVER_PROSPECT_COUNT] = event[FNL_HANDOVER_OUTCOME_PROSPECT_COUNT];
	row[FNL_ORG_HANDOVER_LOST_COUNT] = event[FNL_HANDOVER_OUTCOME_LOST_COUNT];
	*ret_row = row;
	return FNL_OK;
}
