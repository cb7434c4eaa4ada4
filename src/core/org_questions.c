/* Questions that go through an organisation's rows. */
#include "org_internal.h"

enum { MS_PER_SECOND = 1000 };

/* ---- asked ---- */

/* What both kinds of questions have in common. */
static struct fnl_value *question_new(const struct fnl_org_in *in, int64_t kind)
{
	struct fnl_value *v = fnl_arena_calloc(in->arena, FNL_ORG_QUESTION_FIELD_COUNT, sizeof(*v));
	if (v) {
		v[FNL_ORG_QUESTION_NEXT_DEADLINE_AT] = fnl_value_i64(in->now_ms);
		v[FNL_ORG_QUESTION_KIND] = fnl_value_i64(kind);
		v[FNL_ORG_QUESTION_CAUSE_ID] = fnl_value_str_or_null(in->cause_id);
		v[FNL_ORG_QUESTION_CORRELATION_ID] = fnl_value_str_or_null(in->correlation_id);
		v[FNL_ORG_QUESTION_PROSPECT_COUNT] = v[FNL_ORG_QUESTION_LOST_COUNT] = fnl_value_i64(0);
		v[FNL_ORG_QUESTION_BEST_IDS] = fnl_value_list(NULL, 0);
	}
	return v;
}

static struct fnl_value *who_could(const struct fnl_org_in *in, const struct fnl_value *event)
{
	struct fnl_value *v = question_new(in, FNL_ORG_QUESTION_KIND_SUCCESSOR);
	if (v) {
		v[FNL_ORG_QUESTION_REQUEST_ID] = event[FNL_SUCCESSOR_ASKED_REQUEST_ID];
		v[FNL_ORG_QUESTION_ORG_ID] = event[FNL_SUCCESSOR_ASKED_ORG_ID];
		v[FNL_ORG_QUESTION_BOOK] = event[FNL_SUCCESSOR_ASKED_BOOK];
		v[FNL_ORG_QUESTION_NOTICE_ID] = event[FNL_SUCCESSOR_ASKED_NOTICE_ID];
		v[FNL_ORG_QUESTION_ASKED_AT] = event[FNL_SUCCESSOR_ASKED_OCCURRED_AT];
		v[FNL_ORG_QUESTION_PROSPECT_ID] = event[FNL_SUCCESSOR_ASKED_PROSPECT_ID];
		v[FNL_ORG_QUESTION_PROSPECT_COUNT] = event[FNL_SUCCESSOR_ASKED_PROSPECT_COUNT];
	}
	return v;
}

static struct fnl_value *what_is_usual(const struct fnl_org_in *in, const struct fnl_value *event)
{
	struct fnl_value *v = question_new(in, FNL_ORG_QUESTION_KIND_BASE_RATE);
	if (v) {
		v[FNL_ORG_QUESTION_REQUEST_ID] = event[FNL_BASE_RATE_ASKED_REQUEST_ID];
		v[FNL_ORG_QUESTION_ORG_ID] = event[FNL_BASE_RATE_ASKED_ORG_ID];
		v[FNL_ORG_QUESTION_BOOK] = event[FNL_BASE_RATE_ASKED_BOOK];
		v[FNL_ORG_QUESTION_NOTICE_ID] = event[FNL_BASE_RATE_ASKED_NOTICE_ID];
		v[FNL_ORG_QUESTION_ASKED_AT] = event[FNL_BASE_RATE_ASKED_OCCURRED_AT];
	}
	return v;
}

int fnl_org_asked(const struct fnl_org_in *in, const struct fnl_org_rows *rows, const struct fnl_record_desc *desc,
                  const struct fnl_value *event, struct fnl_org_asked_out *ret, struct fnl_error *why)
{
	struct fnl_org_asked_out out = {NULL, NULL, {NULL, NULL}, false};
	bool about = desc == &fnl_desc_successor_asked && event[FNL_SUCCESSOR_ASKED_SUCCESSOR_ID].set;
	int r = fnl_input_check(desc, event, why);
	if (r < 0) {
		return r;
	}
	if (about) {
		r = fnl_org_asked_about(in, rows, event, &out);
	} else if (rows->question) {
		out.stale = true;
	} else {
		out.question = desc == &fnl_desc_successor_asked ? who_could(in, event) : what_is_usual(in, event);
		r = out.question ? FNL_OK : FNL_E_NOMEM;
	}
	if (r == 0) {
		*ret = out;
	}
	return r;
}

/* ---- a page ---- */

static int consider(const struct fnl_org_in *in, const struct fnl_org_page *page, struct fnl_value *question,
                    struct fnl_org_step_out *out)
{
	struct fnl_successor_question q = {page->leaver, fnl_book_rep_id(question[FNL_ORG_QUESTION_BOOK].str),
	                                   question[FNL_ORG_QUESTION_PROSPECT_COUNT].i64};
	struct fnl_successor_best best = {{NULL}, 0};
	for (size_t i = 0; i < FNL_SUCCESSOR_CANDIDATES_MAX; i++) {
		if (page->best[i]) {
			fnl_successor_consider(&q, page->best[i], in->rules, &best);
		}
	}
	for (size_t i = 0; i < page->count; i++) {
		fnl_successor_consider(&q, page->rows[i], in->rules, &best);
	}
	if (!page->last) {
		struct fnl_value *ids = fnl_arena_calloc(in->arena, FNL_SUCCESSOR_CANDIDATES_MAX, sizeof(*ids));
		for (size_t i = 0; ids && i < best.count; i++) {
			ids[i] = best.reps[i][FNL_ORG_REP_REP_ID];
		}
		question[FNL_ORG_QUESTION_BEST_IDS] = fnl_value_list(ids, best.count);
		return ids ? FNL_OK : FNL_E_NOMEM;
	}
	struct fnl_org_request request = {question[FNL_ORG_QUESTION_REQUEST_ID], question[FNL_ORG_QUESTION_BOOK],
	                                  question[FNL_ORG_QUESTION_NOTICE_ID], fnl_value_null(),
	                                  question[FNL_ORG_QUESTION_PROSPECT_ID]};
	struct fnl_value candidates;
	int r = fnl_successor_list(&q, &best, in->rules, in->arena, &candidates);
	return r ? r : fnl_org_candidates(in, &request, candidates, &out->answer);
}

/* One that is completed within the months before the question, and not the question's own. */
static bool counts(const struct fnl_org_in *in, const struct fnl_value *question, const struct fnl_value *handover)
{
	int64_t since_ms = question[FNL_ORG_QUESTION_ASKED_AT].i64 -
	                   in->rules->values[FNL_RULES_AT_BASE_MONTHS] * FNL_ORG_MONTH_S * MS_PER_SECOND;
	bool own = fnl_span_eq(handover[FNL_ORG_HANDOVER_BOOK].str, question[FNL_ORG_QUESTION_BOOK].str) &&
	           fnl_span_eq(handover[FNL_ORG_HANDOVER_NOTICE_ID].str, question[FNL_ORG_QUESTION_NOTICE_ID].str);
	return !own && handover[FNL_ORG_HANDOVER_COMPLETED_AT].i64 >= since_ms;
}

/* Of counts; what there is no room for is the greatest number. */
static int64_t sum_of(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static int add_up(const struct fnl_org_in *in, const struct fnl_org_page *page, struct fnl_value *question,
                  struct fnl_org_step_out *out)
{
	for (size_t i = 0; i < page->count; i++) {
		if (counts(in, question, page->rows[i])) {
			int64_t *prospects = &question[FNL_ORG_QUESTION_PROSPECT_COUNT].i64;
			int64_t *lost = &question[FNL_ORG_QUESTION_LOST_COUNT].i64;
			*prospects = sum_of(*prospects, page->rows[i][FNL_ORG_HANDOVER_PROSPECT_COUNT].i64);
			*lost = sum_of(*lost, page->rows[i][FNL_ORG_HANDOVER_LOST_COUNT].i64);
		}
	}
	if (!page->last) {
		return FNL_OK;
	}
	struct fnl_value *v = fnl_arena_calloc(in->arena, FNL_ORG_BASE_RATE_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_ORG_BASE_RATE_SOURCE] = fnl_value_str(FNL_SPAN_LIT("funneld"));
	v[FNL_ORG_BASE_RATE_OCCURRED_AT] = fnl_value_i64(in->now_ms);
	v[FNL_ORG_BASE_RATE_REQUEST_ID] = question[FNL_ORG_QUESTION_REQUEST_ID];
	v[FNL_ORG_BASE_RATE_BOOK] = question[FNL_ORG_QUESTION_BOOK];
	v[FNL_ORG_BASE_RATE_NOTICE_ID] = question[FNL_ORG_QUESTION_NOTICE_ID];
	v[FNL_ORG_BASE_RATE_PROSPECT_COUNT] = question[FNL_ORG_QUESTION_PROSPECT_COUNT];
	v[FNL_ORG_BASE_RATE_LOST_COUNT] = question[FNL_ORG_QUESTION_LOST_COUNT];
	out->answer = (struct fnl_event_out){&fnl_desc_org_base_rate, v};
	return FNL_OK;
}

int fnl_org_step(const struct fnl_org_in *in, const struct fnl_value *question, const struct fnl_org_page *page,
                 struct fnl_org_step_out *ret)
{
	struct fnl_org_step_out out = {NULL, {NULL, NULL}};
	struct fnl_value *row = fnl_values_copy(in->arena, question, FNL_ORG_QUESTION_FIELD_COUNT);
	if (!row) {
		return FNL_E_NOMEM;
	}
	bool successor = question[FNL_ORG_QUESTION_KIND].i64 == FNL_ORG_QUESTION_KIND_SUCCESSOR;
	int r = successor ? consider(in, page, row, &out) : add_up(in, page, row, &out);
	if (r < 0) {
		return r;
	}
	if (!page->last) {
		row[FNL_ORG_QUESTION_AFTER] = fnl_value_str(page->last_key);
		out.question = row;
	}
	*ret = out;
	return FNL_OK;
}
