/* What a line is to a quota, and whose turn it is. */
#include "quota_internal.h"

#define AT(line_field) (FNL_LINE_##line_field - FNL_LINE_STATE)

/* Each part times its rate; false: there is none, or it is worth more than anything may be. */
static bool convert(const struct fnl_book_parts *parts, const struct fnl_quota_rates *rates, struct fnl_wide *ret)
{
	struct fnl_wide sum = fnl_wide_of(0);
	__int128 e4;
	int64_t minor;
	int32_t rest;
	for (size_t i = 0; i < parts->count; i++) {
		const struct fnl_book_amount *a = &parts->items[i].amount;
		struct fnl_rate rate = fnl_rate_of(rates, a->currency);
		if (!rate.known) {
			return false;
		}
		sum = fnl_wide_add(sum, fnl_converted(a->weighted, a->currency, &rate, rates->base_currency));
	}
	*ret = sum;
	return fnl_quota_e4(sum, FNL_CONVERTED_SCALE, &e4) == 0 && fnl_weighted_split(e4, &minor, &rest) == 0;
}

static int reason_of(const struct fnl_value *values, const struct fnl_quota_rates *rates, struct fnl_quota_share *share)
{
	if (!fnl_book_is_planned(values) && !values[AT(EXPECTED_CLOSE_DATE)].set) {
		return FNL_QUOTA_REASON_NO_CLOSE_DATE;
	}
	if (!fnl_layer_in_funnel((int)values[AT(LAYER)].i64)) {
		return FNL_QUOTA_REASON_LAYER_UNKNOWN;
	}
	/* one that is unknown is alone in its year */
	if (fnl_span_is_none(share->parts.items[0].amount.currency)) {
		return FNL_QUOTA_REASON_AMOUNT_UNKNOWN;
	}
	return convert(&share->parts, rates, &share->converted) ? FNL_QUOTA_REASON_COUNTED
	                                                        : FNL_QUOTA_REASON_NOT_CONVERTIBLE;
}

/* Of the parts those of the year; all of what has no date. */
static int parts_of_year(const struct fnl_value *values, int32_t fiscal_year, const struct fnl_rules *rules,
                         struct fnl_arena *arena, struct fnl_book_parts *ret)
{
	const struct fnl_value *day = &values[AT(EXPECTED_CLOSE_DATE)];
	struct fnl_value year = fnl_value_i64(day->set ? fnl_fiscal_year(rules, day->i64) : fiscal_year);
	struct fnl_book_parts parts;
	int r = fnl_book_parts_of(values, fnl_fiscal_year_start(rules), &year, arena, &parts);
	if (r < 0) {
		return r;
	}
	while (parts.count > 0 && parts.items[0].fiscal_year != fiscal_year) {
		parts.items++;
		parts.count--;
	}
	while (parts.count > 0 && parts.items[parts.count - 1].fiscal_year != fiscal_year) {
		parts.count--;
	}
	*ret = parts;
	return FNL_OK;
}

int fnl_quota_share_of(const struct fnl_value *values, int32_t fiscal_year, const struct fnl_quota_rates *rates,
                       const struct fnl_rules *rules, struct fnl_arena *arena, struct fnl_quota_share *ret)
{
	struct fnl_quota_share share = {.listed = false, .reason = FNL_QUOTA_REASON_UNKNOWN};
	int64_t layer = values[AT(LAYER)].i64;
	bool open = fnl_layer_in_funnel((int)layer) || layer == FNL_LAYER_UNCLASSIFIED || layer == FNL_LAYER_UNKNOWN;
	if (values[AT(STATE)].i64 != FNL_LINE_STATE_OWNED || !open) {
		*ret = share;
		return FNL_OK;
	}
	int r = parts_of_year(values, fiscal_year, rules, arena, &share.parts);
	if (r < 0) {
		return r;
	}
	share.listed = share.parts.count > 0;
	share.reason = share.listed ? reason_of(values, rates, &share) : FNL_QUOTA_REASON_UNKNOWN;
	*ret = share;
	return FNL_OK;
}

int64_t fnl_quota_run_due(const struct fnl_value *run)
{
	switch (run[FNL_QUOTA_RUN_STATE].i64) {
	case FNL_QUOTA_RUN_STATE_OPENED:
	case FNL_QUOTA_RUN_STATE_DRAFTING:
		return run[FNL_QUOTA_RUN_AS_OF].i64;
	case FNL_QUOTA_RUN_STATE_DRAFT:
	case FNL_QUOTA_RUN_STATE_FREEZING:
		return run[FNL_QUOTA_RUN_SETTLED_AT].i64;
	default:
		return FNL_QUOTA_NO_DUE;
	}
}

size_t fnl_quota_run_next(struct fnl_list runs)
{
	size_t next = runs.count;
	int64_t due = FNL_QUOTA_NO_DUE;
	for (size_t i = 0; i < runs.count; i++) {
		const struct fnl_value *run = runs.items[i].list.items;
		/* a book is never left half-way: another run could be about the same rep and year */
		if (run[FNL_QUOTA_RUN_IN_BOOK].i64) {
			return i;
		}
		if (fnl_quota_run_due(run) < due) {
			due = fnl_quota_run_due(run);
			next = i;
		}
	}
	return next;
}

static bool is_in_pass(const struct fnl_value *run)
{
	int64_t state = run[FNL_QUOTA_RUN_STATE].i64;
	return state == FNL_QUOTA_RUN_STATE_DRAFTING || state == FNL_QUOTA_RUN_STATE_FREEZING;
}

void fnl_quota_arm(struct fnl_value *jobs, int64_t now_ms)
{
	struct fnl_list runs = jobs[FNL_PARTITION_JOBS_RUNS].list;
	int64_t due = fnl_quota_recounts(jobs) ? now_ms : FNL_QUOTA_NO_DUE;
	for (size_t i = 0; i < runs.count; i++) {
		const struct fnl_value *run = runs.items[i].list.items;
		int64_t run_due = is_in_pass(run) ? now_ms : fnl_quota_run_due(run);
		run_due = run_due < now_ms ? now_ms : run_due; /* a timer never goes back */
		due = run_due < due ? run_due : due;
	}
	jobs[FNL_PARTITION_JOBS_NEXT_DEADLINE_AT] = due == FNL_QUOTA_NO_DUE ? fnl_value_null() : fnl_value_i64(due);
}

struct fnl_value *fnl_quota_jobs_open(const struct fnl_value *jobs, struct fnl_arena *arena)
{
	if (jobs) {
		return fnl_values_copy(arena, jobs, FNL_PARTITION_JOBS_FIELD_COUNT);
	}
	struct fnl_value *new = fnl_arena_calloc(arena, FNL_PARTITION_JOBS_FIELD_COUNT, sizeof(*new));
	if (new) {
		new[FNL_PARTITION_JOBS_RUNS] = fnl_value_list(NULL, 0);
		new[FNL_PARTITION_JOBS_RECOUNT_IN_BOOK] = fnl_value_i64(0);
	}
	return new;
}

static struct fnl_span str_or_none(const struct fnl_value *v)
{
	return v->set ? v->str : FNL_SPAN_NONE;
}

struct fnl_quota_need fnl_quota_needs(const struct fnl_value *jobs)
{
	struct fnl_quota_need need = {.work = FNL_QUOTA_WORK_NONE};
	if (!jobs) {
		return need;
	}
	if (fnl_quota_recounts(jobs)) {
		bool in_book = jobs[FNL_PARTITION_JOBS_RECOUNT_IN_BOOK].i64 != 0;
		need.work = in_book ? FNL_QUOTA_WORK_LINES : FNL_QUOTA_WORK_BOOKS;
		need.book = str_or_none(&jobs[FNL_PARTITION_JOBS_RECOUNT_BOOK]);
		need.after = in_book ? str_or_none(&jobs[FNL_PARTITION_JOBS_RECOUNT_LINE]) : FNL_SPAN_NONE;
		return need;
	}
	struct fnl_list runs = jobs[FNL_PARTITION_JOBS_RUNS].list;
	size_t at = fnl_quota_run_next(runs);
	if (at == runs.count) {
		return need;
	}
	const struct fnl_value *run = runs.items[at].list.items;
	bool in_book = run[FNL_QUOTA_RUN_IN_BOOK].i64 != 0;
	need.work = in_book ? FNL_QUOTA_WORK_LINES : FNL_QUOTA_WORK_BOOKS;
	need.book = str_or_none(&run[FNL_QUOTA_RUN_BOOK]); /* between passes there is none */
	need.after = in_book ? str_or_none(&run[FNL_QUOTA_RUN_LINE]) : FNL_SPAN_NONE;
	need.has_quota = in_book;
	need.fiscal_year = (int32_t)run[FNL_QUOTA_RUN_FISCAL_YEAR].i64;
	need.org_id = run[FNL_QUOTA_RUN_ORG_ID].str;
	need.run_id = run[FNL_QUOTA_RUN_RUN_ID].str;
	need.begins = run[FNL_QUOTA_RUN_STATE].i64 == FNL_QUOTA_RUN_STATE_OPENED ||
	              run[FNL_QUOTA_RUN_STATE].i64 == FNL_QUOTA_RUN_STATE_DRAFT;
	need.rate_name = need.begins ? str_or_none(&run[FNL_QUOTA_RUN_RATE_NAME]) : FNL_SPAN_NONE;
	need.base_currency = run[FNL_QUOTA_RUN_BASE_CURRENCY].str;
	return need;
}
