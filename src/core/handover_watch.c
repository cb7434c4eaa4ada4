/* What becomes of prospects that were handed over: counted for the organisation's base rate, and, when it is more than
 * usual, told for review. */
#include "handover_internal.h"

/* It is the new employer who has it: ids are compared by their digests, since none is kept. */
static bool is_employer(const struct fnl_handing *h, const struct fnl_value *lost_to)
{
	const struct fnl_value *employer = &h->row[FNL_HANDOVER_EMPLOYER];
	char digest[FNL_EMPLOYER_DIGEST_BYTES + 1];
	if (!employer->set || !lost_to->set) {
		return false;
	}
	fnl_employer_digest(h->row[FNL_HANDOVER_NOTICE_ID].str, lost_to->str, digest);
	return fnl_span_eq(fnl_span_of(digest, FNL_EMPLOYER_DIGEST_BYTES), employer->str);
}

static bool is_silent(const struct fnl_value *line)
{
	struct fnl_list stalls = line[FNL_LINE_STALLS].list;
	for (size_t i = 0; i < stalls.count; i++) {
		if (stalls.items[i].list.items[FNL_STALL_KIND].i64 == FNL_STALL_KIND_SILENT) {
			return true;
		}
	}
	return false;
}

static int outcome_of(const struct fnl_handing *h, const struct fnl_value *line)
{
	if (line[FNL_LINE_LAYER].i64 == FNL_LAYER_LOST) {
		return is_employer(h, &line[FNL_LINE_LOST_TO_ID]) ? FNL_PARTING_OUTCOME_TO_EMPLOYER : FNL_PARTING_OUTCOME_LOST;
	}
	return is_silent(line) ? FNL_PARTING_OUTCOME_SILENT : FNL_PARTING_OUTCOME_NONE;
}

static void count(struct fnl_handing *h, int64_t outcome, int64_t n)
{
	if (outcome == FNL_PARTING_OUTCOME_LOST || outcome == FNL_PARTING_OUTCOME_TO_EMPLOYER) {
		fnl_handing_add(h, FNL_HANDOVER_LOST_COUNT, n);
	}
	if (outcome == FNL_PARTING_OUTCOME_TO_EMPLOYER) {
		fnl_handing_add(h, FNL_HANDOVER_TO_EMPLOYER_COUNT, n);
	}
	if (outcome == FNL_PARTING_OUTCOME_SILENT) {
		fnl_handing_add(h, FNL_HANDOVER_SILENT_COUNT, n);
	}
}

/* The list with the id, or without it; in the order of ids, and no longer than it may be. */
static int list_id(struct fnl_handing *h, struct fnl_span id, bool is_in)
{
	struct fnl_list old = h->row[FNL_HANDOVER_LOST_IDS].list;
	struct fnl_value *items = fnl_arena_alloc(h->in->arena, (old.count + 1) * sizeof(*items));
	size_t kept = 0;
	bool placed = !is_in;
	if (!items) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < old.count; i++) {
		int order = fnl_span_cmp(old.items[i].str, id);
		if (!placed && order > 0) {
			items[kept++] = fnl_value_str(id);
			placed = true;
		}
		if (order != 0) {
			items[kept++] = old.items[i];
		}
	}
	if (!placed) {
		items[kept++] = fnl_value_str(id);
	}
	kept = kept < FNL_HANDOVER_LOST_IDS_MAX ? kept : (size_t)FNL_HANDOVER_LOST_IDS_MAX;
	h->row[FNL_HANDOVER_LOST_IDS] = fnl_value_list(items, kept);
	return FNL_OK;
}

int fnl_watch_forget(struct fnl_handing *h, struct fnl_span prospect_id)
{
	return list_id(h, prospect_id, false);
}

/* ---- what is told ---- */

static struct fnl_parting parting_of(const struct fnl_handing *h)
{
	return (struct fnl_parting){.prospects = fnl_handing_i64(h, FNL_HANDOVER_DONE_COUNT) +
	                                         fnl_handing_i64(h, FNL_HANDOVER_WAIVED_COUNT),
	                            .lost = fnl_handing_i64(h, FNL_HANDOVER_LOST_COUNT),
	                            .silent = fnl_handing_i64(h, FNL_HANDOVER_SILENT_COUNT),
	                            .to_employer = fnl_handing_i64(h, FNL_HANDOVER_TO_EMPLOYER_COUNT)};
}

static int tell_outcome(struct fnl_handing *h, struct fnl_value org_id)
{
	struct fnl_parting p = parting_of(h);
	struct fnl_value *v = fnl_arena_calloc(h->in->arena, FNL_HANDOVER_OUTCOME_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	fnl_handing_add(h, FNL_HANDOVER_PARTING_SEQUENCE, 1);
	v[FNL_HANDOVER_OUTCOME_SOURCE] = fnl_value_str(FNL_SPAN_LIT("rep"));
	v[FNL_HANDOVER_OUTCOME_OCCURRED_AT] = fnl_value_i64(h->at_ms);
	v[FNL_HANDOVER_OUTCOME_ORG_ID] = org_id;
	v[FNL_HANDOVER_OUTCOME_BOOK] = h->row[FNL_HANDOVER_BOOK];
	v[FNL_HANDOVER_OUTCOME_NOTICE_ID] = h->row[FNL_HANDOVER_NOTICE_ID];
	v[FNL_HANDOVER_OUTCOME_SEQUENCE] = h->row[FNL_HANDOVER_PARTING_SEQUENCE];
	v[FNL_HANDOVER_OUTCOME_COMPLETED_AT] = h->row[FNL_HANDOVER_COMPLETED_AT];
	v[FNL_HANDOVER_OUTCOME_PROSPECT_COUNT] = fnl_value_i64(p.prospects);
	v[FNL_HANDOVER_OUTCOME_LOST_COUNT] = fnl_value_i64(p.lost + p.silent);
	return fnl_handing_tell(h, &fnl_desc_handover_outcome, v);
}

static int ask_base_rate(struct fnl_handing *h, struct fnl_value org_id)
{
	struct fnl_value *v = fnl_arena_calloc(h->in->arena, FNL_BASE_RATE_ASKED_FIELD_COUNT, sizeof(*v));
	struct fnl_span id = fnl_question_id(h);
	if (!v || fnl_span_is_none(id)) {
		return FNL_E_NOMEM;
	}
	h->row[FNL_HANDOVER_BASE_REQUEST_ID] = fnl_value_str(id);
	v[FNL_BASE_RATE_ASKED_SOURCE] = fnl_value_str(FNL_SPAN_LIT("rep"));
	v[FNL_BASE_RATE_ASKED_OCCURRED_AT] = fnl_value_i64(h->at_ms);
	v[FNL_BASE_RATE_ASKED_REQUEST_ID] = fnl_value_str(id);
	v[FNL_BASE_RATE_ASKED_ORG_ID] = org_id;
	v[FNL_BASE_RATE_ASKED_BOOK] = h->row[FNL_HANDOVER_BOOK];
	v[FNL_BASE_RATE_ASKED_NOTICE_ID] = h->row[FNL_HANDOVER_NOTICE_ID];
	return fnl_handing_tell(h, &fnl_desc_base_rate_asked, v);
}

static int tell_review(struct fnl_handing *h, const struct fnl_defection *d)
{
	struct fnl_parting p = parting_of(h);
	struct fnl_value *v = fnl_handover_event(h, &fnl_desc_defection_review);
	if (!v) {
		return FNL_E_NOMEM;
	}
	h->row[FNL_HANDOVER_WATCH_TOLD] = fnl_value_i64(1);
	v[FNL_DEFECTION_REVIEW_PROSPECT_COUNT] = fnl_value_i64(p.prospects);
	v[FNL_DEFECTION_REVIEW_LOST_COUNT] = fnl_value_i64(p.lost);
	v[FNL_DEFECTION_REVIEW_SILENT_COUNT] = fnl_value_i64(p.silent);
	v[FNL_DEFECTION_REVIEW_TO_EMPLOYER_COUNT] = fnl_value_i64(p.to_employer);
	v[FNL_DEFECTION_REVIEW_BASE_BP] = fnl_value_i64(d->base_bp);
	v[FNL_DEFECTION_REVIEW_EXPECTED_E4] = fnl_value_i64(d->expected_e4);
	v[FNL_DEFECTION_REVIEW_PROSPECT_IDS] = h->row[FNL_HANDOVER_LOST_IDS];
	return fnl_handing_tell(h, &fnl_desc_defection_review, v);
}

/* With the lowest rate there is it would be remarkable: then the organisation's is asked for. */
int fnl_watch_tell(struct fnl_handing *h)
{
	struct fnl_value org_id = fnl_rep_value(h, FNL_REP_ORG_ID);
	struct fnl_parting p = parting_of(h);
	int64_t floor_bp = fnl_defection_base_bp(0, 0, h->in->rules);
	struct fnl_defection d = fnl_defection_judge(&p, floor_bp, h->in->rules);
	int r = org_id.set ? tell_outcome(h, org_id) : FNL_OK;
	bool asks = d.remarkable && !fnl_handing_i64(h, FNL_HANDOVER_WATCH_TOLD) &&
	            !h->row[FNL_HANDOVER_BASE_REQUEST_ID].set && h->row[FNL_HANDOVER_WATCH_UNTIL].set &&
	            h->at_ms < h->row[FNL_HANDOVER_WATCH_UNTIL].i64;
	if (r < 0 || !asks) {
		return r;
	}
	return org_id.set ? ask_base_rate(h, org_id) : tell_review(h, &d);
}

int fnl_watch_base(struct fnl_handing *h, const struct fnl_value *answer)
{
	struct fnl_value *request_id = &h->row[FNL_HANDOVER_BASE_REQUEST_ID];
	if (!request_id->set || !fnl_span_eq(request_id->str, answer[FNL_ORG_BASE_RATE_REQUEST_ID].str)) {
		return FNL_OK;
	}
	struct fnl_parting p = parting_of(h);
	int64_t base_bp = fnl_defection_base_bp(answer[FNL_ORG_BASE_RATE_PROSPECT_COUNT].i64,
	                                        answer[FNL_ORG_BASE_RATE_LOST_COUNT].i64, h->in->rules);
	struct fnl_defection d = fnl_defection_judge(&p, base_bp, h->in->rules);
	*request_id = fnl_value_null();
	return d.remarkable && !fnl_handing_i64(h, FNL_HANDOVER_WATCH_TOLD) ? tell_review(h, &d) : FNL_OK;
}

/* ---- lines ---- */

/* Until it is completed it is counted, from then on told, too. */
static bool is_watched(const struct fnl_handing *h)
{
	const struct fnl_value *until = &h->row[FNL_HANDOVER_WATCH_UNTIL];
	return fnl_handover_is_live(h->row) || (until->set && h->at_ms < until->i64);
}

int fnl_watch_line(struct fnl_handing *h, struct fnl_value *task, const struct fnl_value *line)
{
	int64_t before = task[FNL_TASK_OUTCOME].i64;
	int64_t layer = line[FNL_LINE_LAYER].i64;
	int64_t now = outcome_of(h, line);
	bool says = layer != FNL_LAYER_DELETED && layer != FNL_LAYER_MERGED && layer != FNL_LAYER_UNKNOWN;
	if (!is_watched(h) || !says || now == before || fnl_handover_has_ended(h->row)) {
		return FNL_OK;
	}
	count(h, before, -1);
	count(h, now, 1);
	task[FNL_TASK_OUTCOME] = fnl_value_i64(now);
	int r = list_id(h, task[FNL_TASK_PROSPECT_ID].str, now != FNL_PARTING_OUTCOME_NONE);
	bool completed = fnl_handing_i64(h, FNL_HANDOVER_STATE) == FNL_HANDOVER_STATE_COMPLETED;
	bool told = (before == FNL_PARTING_OUTCOME_NONE) != (now == FNL_PARTING_OUTCOME_NONE) ||
	            (now == FNL_PARTING_OUTCOME_TO_EMPLOYER) != (before == FNL_PARTING_OUTCOME_TO_EMPLOYER);
	return r == FNL_OK && completed && told ? fnl_watch_tell(h) : r;
}
