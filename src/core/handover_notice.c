/* A notice as the row has it, as one that waits, and as the beginning of a handover. */
#include "handover_internal.h"

static struct fnl_notice notice_of(const struct fnl_value *v)
{
	return (struct fnl_notice){.id = v[FNL_NEXT_NOTICE_NOTICE_ID].str,
	                           .version = v[FNL_NEXT_NOTICE_VERSION].i64,
	                           .notice_version = v[FNL_NEXT_NOTICE_NOTICE_VERSION].i64,
	                           .notice_at_ms = v[FNL_NEXT_NOTICE_NOTICE_AT].i64,
	                           .last_day = v[FNL_NEXT_NOTICE_LAST_DAY].i64,
	                           .available_until = v[FNL_NEXT_NOTICE_AVAILABLE_UNTIL],
	                           .left_on = v[FNL_NEXT_NOTICE_LEFT_ON],
	                           .successor_id = v[FNL_NEXT_NOTICE_SUCCESSOR_ID],
	                           .employer = v[FNL_NEXT_NOTICE_EMPLOYER],
	                           .cause_id = v[FNL_NEXT_NOTICE_CAUSE_ID],
	                           .correlation_id = v[FNL_NEXT_NOTICE_CORRELATION_ID],
	                           .withdrawn = v[FNL_NEXT_NOTICE_WITHDRAWN].i64 != 0};
}

struct fnl_notice fnl_notice_of_next(const struct fnl_value *next)
{
	return notice_of(next->list.items);
}

int fnl_notice_as_next(struct fnl_handing *h, const struct fnl_notice *n, struct fnl_value *ret)
{
	struct fnl_value *v = fnl_arena_calloc(h->in->arena, FNL_NEXT_NOTICE_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_NEXT_NOTICE_NOTICE_ID] = fnl_value_str(n->id);
	v[FNL_NEXT_NOTICE_VERSION] = fnl_value_i64(n->version);
	v[FNL_NEXT_NOTICE_NOTICE_VERSION] = fnl_value_i64(n->notice_version);
	v[FNL_NEXT_NOTICE_NOTICE_AT] = fnl_value_i64(n->notice_at_ms);
	v[FNL_NEXT_NOTICE_LAST_DAY] = fnl_value_i64(n->last_day);
	v[FNL_NEXT_NOTICE_AVAILABLE_UNTIL] = n->available_until;
	v[FNL_NEXT_NOTICE_LEFT_ON] = n->left_on;
	v[FNL_NEXT_NOTICE_SUCCESSOR_ID] = n->successor_id;
	v[FNL_NEXT_NOTICE_EMPLOYER] = n->employer;
	v[FNL_NEXT_NOTICE_CAUSE_ID] = n->cause_id;
	v[FNL_NEXT_NOTICE_CORRELATION_ID] = n->correlation_id;
	v[FNL_NEXT_NOTICE_WITHDRAWN] = fnl_value_i64(n->withdrawn);
	*ret = fnl_value_list(v, FNL_NEXT_NOTICE_FIELD_COUNT);
	return FNL_OK;
}

static void count_nothing(struct fnl_value *row)
{
	static const int fields[] = {
		FNL_HANDOVER_CHECK_COUNT,       FNL_HANDOVER_RISKS_TOLD,      FNL_HANDOVER_SHEET_NUMBER,
		FNL_HANDOVER_LINE_COUNT,        FNL_HANDOVER_PROSPECT_COUNT,  FNL_HANDOVER_UNNAMED_COUNT,
		FNL_HANDOVER_OPEN_COUNT,        FNL_HANDOVER_DONE_COUNT,      FNL_HANDOVER_WAIVED_COUNT,
		FNL_HANDOVER_SUPERSEDED_COUNT,  FNL_HANDOVER_CANCELLED_COUNT, FNL_HANDOVER_LOST_COUNT,
		FNL_HANDOVER_TO_EMPLOYER_COUNT, FNL_HANDOVER_SILENT_COUNT,    FNL_HANDOVER_WATCH_TOLD,
		FNL_HANDOVER_PARTING_SEQUENCE,  FNL_HANDOVER_FINDING_COUNT};
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		row[fields[i]] = fnl_value_i64(0);
	}
}

struct fnl_value *fnl_notice_row(const struct fnl_notice *n, struct fnl_span book, int64_t at_ms,
                                 struct fnl_arena *arena)
{
	struct fnl_value *row = fnl_arena_calloc(arena, FNL_HANDOVER_FIELD_COUNT, sizeof(*row));
	if (!row) {
		return NULL;
	}
	count_nothing(row);
	row[FNL_HANDOVER_BOOK] = fnl_value_str(book);
	row[FNL_HANDOVER_NOTICE_ID] = fnl_value_str(n->id);
	row[FNL_HANDOVER_VERSION] = fnl_value_i64(n->version);
	row[FNL_HANDOVER_NOTICE_VERSION] = fnl_value_i64(n->notice_version);
	row[FNL_HANDOVER_STATE] =
		fnl_value_i64(n->withdrawn ? FNL_HANDOVER_STATE_CANCELLED : FNL_HANDOVER_STATE_RECONCILING);
	row[FNL_HANDOVER_NOTICE_AT] = fnl_value_i64(n->notice_at_ms);
	row[FNL_HANDOVER_LAST_DAY] = fnl_value_i64(n->last_day);
	row[FNL_HANDOVER_AVAILABLE_UNTIL] = n->available_until;
	row[FNL_HANDOVER_LEFT_ON] = n->left_on;
	row[FNL_HANDOVER_EMPLOYER] = n->employer;
	row[FNL_HANDOVER_OPENED_AT] = fnl_value_i64(at_ms);
	row[FNL_HANDOVER_CAUSE_ID] = n->cause_id;
	row[FNL_HANDOVER_CORRELATION_ID] = n->correlation_id;
	row[FNL_HANDOVER_JOB] = fnl_value_i64(n->withdrawn ? FNL_HANDOVER_JOB_NONE : FNL_HANDOVER_JOB_LIST);
	row[FNL_HANDOVER_CANCELLED_AT] = n->withdrawn ? fnl_value_i64(at_ms) : fnl_value_null(); /* nobody heard of it */
	row[FNL_HANDOVER_JOBS] = fnl_value_list(NULL, 0);
	row[FNL_HANDOVER_CHECKS] = fnl_value_list(NULL, 0);
	row[FNL_HANDOVER_SUCCESSORS] = fnl_value_list(NULL, 0);
	row[FNL_HANDOVER_REVIEW] = fnl_value_i64(FNL_REVIEW_STATE_OPEN);
	row[FNL_HANDOVER_NAMING_LEVEL] = fnl_value_i64(FNL_ALERT_LEVEL_NONE);
	row[FNL_HANDOVER_TOTALS] = fnl_value_list(NULL, 0);
	row[FNL_HANDOVER_LOST_IDS] = row[FNL_HANDOVER_FORMER_IDS] = fnl_value_list(NULL, 0);
	return row;
}

static int former_ids(const struct fnl_handing *h, const struct fnl_value *before, struct fnl_value *ret)
{
	struct fnl_list known = before[FNL_HANDOVER_FORMER_IDS].list;
	struct fnl_value *ids = fnl_arena_calloc(h->in->arena, FNL_HANDOVER_FORMER_MAX, sizeof(*ids));
	size_t count = 0;
	if (!ids) {
		return FNL_E_NOMEM;
	}
	ids[count++] = before[FNL_HANDOVER_NOTICE_ID];
	for (size_t i = 0; i < known.count && count < FNL_HANDOVER_FORMER_MAX; i++) {
		ids[count++] = known.items[i];
	}
	*ret = fnl_value_list(ids, count);
	return FNL_OK;
}

int fnl_notice_begin(struct fnl_handing *h, const struct fnl_notice *n)
{
	struct fnl_value *row = fnl_notice_row(n, h->row[FNL_HANDOVER_BOOK].str, h->at_ms, h->in->arena);
	if (!row || former_ids(h, h->row, &row[FNL_HANDOVER_FORMER_IDS]) < 0) {
		return FNL_E_NOMEM;
	}
	h->row = row;
	h->heir_count = 0;
	h->job_count = 0;
	h->check_count = 0;
	bool ask = n->successor_id.set && !n->withdrawn;
	return ask ? fnl_naming_ask(h, n->successor_id, fnl_value_null(), FNL_NAMED_BY_NOTICE, fnl_value_null()) : FNL_OK;
}
