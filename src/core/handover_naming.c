/* Who takes over: asked of the organisation, accepted or refused, and lost again. */
#include "handover_internal.h"

void fnl_naming_arm(struct fnl_handing *h, int64_t from_ms)
{
	int64_t days = fnl_handing_rule(h, FNL_RULES_AT_SUCCESSOR_NAMED_BD);
	h->row[FNL_HANDOVER_NAMING_DUE_AT] = fnl_value_i64(fnl_business_days_after(h, from_ms, days));
	h->row[FNL_HANDOVER_NAMING_LEVEL] = fnl_value_i64(FNL_ALERT_LEVEL_NONE);
}

/* After a refusal somebody has to be named again: in time, if it was not told yet that nobody is. */
static void rearm(struct fnl_handing *h)
{
	bool missing = fnl_handing_i64(h, FNL_HANDOVER_STATE) != FNL_HANDOVER_STATE_RECONCILING;
	if (missing && !h->row[FNL_HANDOVER_NAMING_DUE_AT].set) {
		fnl_naming_arm(h, h->at_ms);
	}
}

/* ---- questions ---- */

/* How many he would take over. Before the listing is done it is not known better than by his lines. */
static int64_t prospects_of(const struct fnl_handing *h, struct fnl_value prospect_id)
{
	int64_t count = fnl_handing_i64(h, FNL_HANDOVER_UNNAMED_COUNT);
	if (prospect_id.set) {
		return 1;
	}
	if (fnl_handing_i64(h, FNL_HANDOVER_STATE) == FNL_HANDOVER_STATE_RECONCILING) {
		return h->in->rep ? h->in->rep[FNL_REP_LINE_COUNT].i64 : 0;
	}
	bool instead = h->row[FNL_HANDOVER_SUCCESSOR_ID].set;
	return instead ? count + fnl_handing_i64(h, FNL_HANDOVER_OPEN_COUNT) : count;
}

static int tell_refused(struct fnl_handing *h, const struct fnl_value *check, const struct fnl_value *candidate,
                        int reason)
{
	struct fnl_value *v = fnl_handover_event(h, &fnl_desc_successor_refused);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_SUCCESSOR_REFUSED_SUCCESSOR_ID] = check[FNL_SUCCESSOR_CHECK_SUCCESSOR_ID];
	v[FNL_SUCCESSOR_REFUSED_REASON] = fnl_value_i64(reason);
	v[FNL_SUCCESSOR_REFUSED_PROSPECT_ID] = check[FNL_SUCCESSOR_CHECK_PROSPECT_ID];
	v[FNL_SUCCESSOR_REFUSED_COMMAND_ID] = check[FNL_SUCCESSOR_CHECK_COMMAND_ID];
	v[FNL_SUCCESSOR_REFUSED_OPEN_PROSPECTS] =
		candidate ? candidate[FNL_SUCCESSOR_CANDIDATE_OPEN_PROSPECTS] : fnl_value_i64(0);
	v[FNL_SUCCESSOR_REFUSED_LOAD_AFTER_PERCENT] =
		candidate ? candidate[FNL_SUCCESSOR_CANDIDATE_LOAD_AFTER_PERCENT] : fnl_value_i64(0);
	return fnl_handing_tell(h, &fnl_desc_successor_refused, v);
}

int fnl_naming_ask(struct fnl_handing *h, struct fnl_value successor_id, struct fnl_value prospect_id, int by,
                   struct fnl_value command_id)
{
	struct fnl_value org_id = fnl_rep_value(h, FNL_REP_ORG_ID);
	struct fnl_value *check = fnl_arena_calloc(h->in->arena, FNL_SUCCESSOR_CHECK_FIELD_COUNT, sizeof(*check));
	struct fnl_value *v = fnl_arena_calloc(h->in->arena, FNL_SUCCESSOR_ASKED_FIELD_COUNT, sizeof(*v));
	struct fnl_span id = fnl_question_id(h);
	if (!check || !v || fnl_span_is_none(id)) {
		return FNL_E_NOMEM;
	}
	check[FNL_SUCCESSOR_CHECK_REQUEST_ID] = fnl_value_str(id);
	check[FNL_SUCCESSOR_CHECK_SUCCESSOR_ID] = successor_id;
	check[FNL_SUCCESSOR_CHECK_PROSPECT_ID] = prospect_id;
	check[FNL_SUCCESSOR_CHECK_BY] = fnl_value_i64(by);
	check[FNL_SUCCESSOR_CHECK_COMMAND_ID] = command_id;
	if (!org_id.set) { /* HR has not said whose he is: nobody can be asked */
		return tell_refused(h, check, NULL, FNL_SUCCESSOR_REFUSAL_OTHER_ORG);
	}
	h->checks[h->check_count++] = check;
	v[FNL_SUCCESSOR_ASKED_SOURCE] = fnl_value_str(FNL_SPAN_LIT("rep"));
	v[FNL_SUCCESSOR_ASKED_OCCURRED_AT] = fnl_value_i64(h->at_ms);
	v[FNL_SUCCESSOR_ASKED_REQUEST_ID] = fnl_value_str(id);
	v[FNL_SUCCESSOR_ASKED_ORG_ID] = org_id;
	v[FNL_SUCCESSOR_ASKED_BOOK] = h->row[FNL_HANDOVER_BOOK];
	v[FNL_SUCCESSOR_ASKED_NOTICE_ID] = h->row[FNL_HANDOVER_NOTICE_ID];
	v[FNL_SUCCESSOR_ASKED_SUCCESSOR_ID] = successor_id;
	v[FNL_SUCCESSOR_ASKED_PROSPECT_ID] = prospect_id;
	v[FNL_SUCCESSOR_ASKED_PROSPECT_COUNT] = fnl_value_i64(prospects_of(h, prospect_id));
	return fnl_handing_tell(h, &fnl_desc_successor_asked, v);
}

/* ---- accepted ---- */

static void drop_jobs(struct fnl_handing *h, struct fnl_span heir_id)
{
	size_t kept = 0;
	for (size_t i = 0; i < h->job_count; i++) {
		bool his = fnl_span_eq(h->jobs[i].heir_id, heir_id) && h->jobs[i].job != FNL_HANDOVER_JOB_UNNAME;
		if (!his) {
			h->jobs[kept++] = h->jobs[i];
		}
	}
	h->job_count = kept;
}

static bool is_at_job_of(const struct fnl_handing *h, struct fnl_span heir_id)
{
	int64_t job = fnl_handing_i64(h, FNL_HANDOVER_JOB);
	return (job == FNL_HANDOVER_JOB_OPEN || job == FNL_HANDOVER_JOB_RELEASE) &&
	       fnl_span_eq(h->row[FNL_HANDOVER_JOB_SUCCESSOR_ID].str, heir_id);
}

int fnl_naming_drop(struct fnl_handing *h, struct fnl_heir *heir)
{
	struct fnl_value *general = &h->row[FNL_HANDOVER_SUCCESSOR_ID];
	bool at_work = is_at_job_of(h, heir->id);
	struct fnl_span id = heir->id;
	if (general->set && fnl_span_eq(general->str, id)) {
		*general = fnl_value_null();
	}
	drop_jobs(h, id);
	heir->leaving = true;
	heir->listed = false;
	int r = fnl_heir_job(h, FNL_HANDOVER_JOB_UNNAME, id);
	if (r == FNL_OK && at_work) {
		fnl_handing_next_job(h);
	}
	return r;
}

/* In the order of their ids. */
static struct fnl_heir *heir_new(struct fnl_handing *h, struct fnl_span id)
{
	size_t at = h->heir_count;
	if (h->heir_count == FNL_HANDOVER_SUCCESSORS_MAX) {
		return NULL;
	}
	while (at > 0 && fnl_span_cmp(h->heirs[at - 1].id, id) > 0) {
		h->heirs[at] = h->heirs[at - 1];
		at--;
	}
	h->heirs[at] = (struct fnl_heir){.id = id};
	h->heir_count++;
	return &h->heirs[at];
}

/* His tasks are opened by a job, so that each is seen to. Until it is over his gate stays shut. */
static int take_over(struct fnl_handing *h, struct fnl_span id)
{
	struct fnl_heir *heir = fnl_heir_of(h, id);
	heir = heir ? heir : heir_new(h, id);
	if (!heir) {
		return fnl_fail(h->why, FNL_E_LIMIT, "more than %d successors of one handover", FNL_HANDOVER_SUCCESSORS_MAX);
	}
	heir->listed = heir->released_at.set && !heir->leaving;
	return fnl_heir_job(h, FNL_HANDOVER_JOB_OPEN, id);
}

static int accept_for_all(struct fnl_handing *h, struct fnl_span id)
{
	struct fnl_value *general = &h->row[FNL_HANDOVER_SUCCESSOR_ID];
	struct fnl_heir *former = general->set && !fnl_span_eq(general->str, id) ? fnl_heir_of(h, general->str) : NULL;
	int r = former ? fnl_naming_drop(h, former) : FNL_OK;
	*general = fnl_value_str(id);
	return r ? r : take_over(h, id);
}

/* A task that somebody else has goes to him as the prospect's next one. */
static int accept_for_one(struct fnl_handing *h, struct fnl_span id, struct fnl_handover_out *out)
{
	const struct fnl_value *known = h->in->task;
	int state = known && fnl_span_eq(known[FNL_TASK_NOTICE_ID].str, h->row[FNL_HANDOVER_NOTICE_ID].str)
	                ? fnl_task_state(h, known)
	                : FNL_TASK_STATE_NO_ROW;
	if (!fnl_task_is_undone(state)) {
		return FNL_OK; /* it has been done, or is not needed any more */
	}
	struct fnl_value *task = fnl_values_copy(h->in->arena, known, FNL_TASK_FIELD_COUNT);
	if (!task) {
		return FNL_E_NOMEM;
	}
	bool told = fnl_task_was_told(task);
	bool his = told && state != FNL_TASK_STATE_UNNAMED && fnl_span_eq(task[FNL_TASK_SUCCESSOR_ID].str, id);
	int r = told && !his ? fnl_task_unname(h, task) : FNL_OK;
	task[FNL_TASK_NAMED_ID] = fnl_value_str(id);
	out->task_change = FNL_ROW_PUT;
	out->task = task;
	return r || his ? r : take_over(h, id);
}

/* ---- what the organisation says ---- */

static bool is_final(int64_t refusal)
{
	return refusal == FNL_SUCCESSOR_REFUSAL_UNKNOWN_REP || refusal == FNL_SUCCESSOR_REFUSAL_INACTIVE ||
	       refusal == FNL_SUCCESSOR_REFUSAL_RESIGNED || refusal == FNL_SUCCESSOR_REFUSAL_OTHER_ORG;
}

/* Whoever has no room for more, or does not fit for all, stays what he is. */
static int refused(struct fnl_handing *h, const struct fnl_value *check, const struct fnl_value *candidate,
                   int64_t refusal)
{
	struct fnl_heir *heir = fnl_heir_of(h, check[FNL_SUCCESSOR_CHECK_SUCCESSOR_ID].str);
	bool drops = heir && !heir->leaving && is_final(refusal);
	int r = tell_refused(h, check, candidate, (int)refusal);
	r = r == FNL_OK && drops ? fnl_naming_drop(h, heir) : r;
	rearm(h);
	return r;
}

/* Who could be was asked again before the answer came: that one's answer speaks, with its level, and once. */
static bool is_asked_again(const struct fnl_handing *h)
{
	for (size_t i = 0; i < h->check_count; i++) {
		if (!h->checks[i][FNL_SUCCESSOR_CHECK_SUCCESSOR_ID].set) {
			return true;
		}
	}
	return false;
}

static int proposed(struct fnl_handing *h, const struct fnl_value *answer)
{
	struct fnl_list candidates = answer[FNL_SUCCESSOR_CANDIDATES_CANDIDATES].list;
	int level = (int)fnl_handing_i64(h, FNL_HANDOVER_NAMING_LEVEL);
	bool is_late = level == FNL_ALERT_LEVEL_NONE; /* somebody was named, and dropped out: who could be is asked anew */
	if (fnl_handing_i64(h, FNL_HANDOVER_UNNAMED_COUNT) == 0 || is_asked_again(h) || is_late) {
		return FNL_OK; /* or somebody was named meanwhile */
	}
	if (candidates.count == 0) {
		return fnl_tell_at_risk(h, FNL_RISK_REASON_NO_SUCCESSOR, level);
	}
	struct fnl_value *v = fnl_handover_event(h, &fnl_desc_successor_proposed);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_SUCCESSOR_PROPOSED_CANDIDATES] = answer[FNL_SUCCESSOR_CANDIDATES_CANDIDATES];
	v[FNL_SUCCESSOR_PROPOSED_LEVEL] = fnl_value_i64(level);
	v[FNL_SUCCESSOR_PROPOSED_RECIPIENT_ID] = fnl_rep_value(h, FNL_REP_MANAGER_ID);
	v[FNL_SUCCESSOR_PROPOSED_UNNAMED_COUNT] = h->row[FNL_HANDOVER_UNNAMED_COUNT];
	return fnl_handing_tell(h, &fnl_desc_successor_proposed, v);
}

/* The answer is about somebody: the one who was asked about. */
static int judged(struct fnl_handing *h, const struct fnl_value *check, const struct fnl_value *answer,
                  struct fnl_handover_out *out)
{
	struct fnl_list candidates = answer[FNL_SUCCESSOR_CANDIDATES_CANDIDATES].list;
	const struct fnl_value *candidate = candidates.count > 0 ? candidates.items[0].list.items : NULL;
	int64_t refusal =
		candidate ? candidate[FNL_SUCCESSOR_CANDIDATE_REFUSAL].i64 : (int64_t)FNL_SUCCESSOR_REFUSAL_UNKNOWN_REP;
	struct fnl_span id = check[FNL_SUCCESSOR_CHECK_SUCCESSOR_ID].str;
	if (refusal != FNL_SUCCESSOR_REFUSAL_NONE) {
		return refused(h, check, candidate, refusal);
	}
	return check[FNL_SUCCESSOR_CHECK_PROSPECT_ID].set ? accept_for_one(h, id, out) : accept_for_all(h, id);
}

/* No question is open that it answers: it may say that somebody cannot be the successor any more. What an answer that
 * comes twice says of his load is known already. */
static int unasked(struct fnl_handing *h, const struct fnl_value *answer)
{
	struct fnl_value check[FNL_SUCCESSOR_CHECK_FIELD_COUNT] = {0};
	struct fnl_list candidates = answer[FNL_SUCCESSOR_CANDIDATES_CANDIDATES].list;
	if (!answer[FNL_SUCCESSOR_CANDIDATES_SUCCESSOR_ID].set || candidates.count == 0) {
		return FNL_OK;
	}
	const struct fnl_value *candidate = candidates.items[0].list.items;
	int64_t refusal = candidate[FNL_SUCCESSOR_CANDIDATE_REFUSAL].i64;
	check[FNL_SUCCESSOR_CHECK_SUCCESSOR_ID] = answer[FNL_SUCCESSOR_CANDIDATES_SUCCESSOR_ID];
	const struct fnl_heir *heir = fnl_heir_of(h, check[FNL_SUCCESSOR_CHECK_SUCCESSOR_ID].str);
	bool counts = is_final(refusal) && heir && !heir->leaving;
	return counts ? refused(h, check, candidate, refusal) : FNL_OK;
}

/* Of this question, and of the prospect that it was about: the task that was read with it is that one's. */
static bool is_answer(const struct fnl_value *check, const struct fnl_value *answer)
{
	const struct fnl_value *asked = &check[FNL_SUCCESSOR_CHECK_PROSPECT_ID];
	const struct fnl_value *about = &answer[FNL_SUCCESSOR_CANDIDATES_PROSPECT_ID];
	return fnl_span_eq(check[FNL_SUCCESSOR_CHECK_REQUEST_ID].str, answer[FNL_SUCCESSOR_CANDIDATES_REQUEST_ID].str) &&
	       asked->set == about->set && (!asked->set || fnl_span_eq(asked->str, about->str));
}

static int candidates_came(struct fnl_handing *h, const struct fnl_value *answer, struct fnl_handover_out *out)
{
	for (size_t i = 0; i < h->check_count; i++) {
		const struct fnl_value *check = h->checks[i];
		if (!is_answer(check, answer)) {
			continue;
		}
		h->check_count--;
		memmove(h->checks + i, h->checks + i + 1, (h->check_count - i) * sizeof(h->checks[0]));
		return check[FNL_SUCCESSOR_CHECK_SUCCESSOR_ID].set ? judged(h, check, answer, out) : proposed(h, answer);
	}
	return unasked(h, answer);
}

_Static_assert(FNL_SUCCESSOR_CANDIDATES_OCCURRED_AT == (int)FNL_ORG_BASE_RATE_OCCURRED_AT &&
                   FNL_SUCCESSOR_CANDIDATES_NOTICE_ID == (int)FNL_ORG_BASE_RATE_NOTICE_ID,
               "answers begin alike");

int fnl_handover_answer(const struct fnl_handover_in *in, const struct fnl_record_desc *desc,
                        const struct fnl_value *values, struct fnl_handover_out *ret, struct fnl_error *why)
{
	struct fnl_handover_out out = {.stale = true};
	struct fnl_handing h;
	bool names = desc == &fnl_desc_successor_candidates;
	enum fnl_handover_event event = names ? FNL_HANDOVER_ON_CANDIDATES : FNL_HANDOVER_ON_BASE_RATE;
	int r = fnl_input_check(desc, values, why);
	if (r < 0) {
		return r;
	}
	if (!in->row || !fnl_span_eq(in->row[FNL_HANDOVER_NOTICE_ID].str, values[FNL_SUCCESSOR_CANDIDATES_NOTICE_ID].str) ||
	    in->row[FNL_HANDOVER_NEXT].set ||
	    fnl_handover_rule((int)in->row[FNL_HANDOVER_STATE].i64, event).outcome != FNL_OUTCOME_TAKE) {
		*ret = out;
		return FNL_OK;
	}
	r = fnl_handing_open(&h, in, event, values[FNL_SUCCESSOR_CANDIDATES_OCCURRED_AT].i64, FNL_HANDOVER_EVENTS_MAX, why);
	r = r ? r : names ? candidates_came(&h, values, &out) : fnl_watch_base(&h, values);
	r = r ? r : fnl_handing_close(&h);
	if (r == FNL_OK) {
		fnl_handing_outcome(&h, &out);
		*ret = out;
	}
	return r;
}
