/* One page of a pass: which book comes next, or what its lines give. */
#include "quota_internal.h"

/* A step on its way: copies of what it changes. */
struct walk {
	const struct fnl_quota_step_in *in;
	struct fnl_quota_step_out *out;
	struct fnl_error *why;
	struct fnl_value *run;   /* NULL: a recount */
	struct fnl_value *quota; /* QuotaSet of the book; NULL: it is another run's, and frozen */
};

/* The run of the step becomes a copy within a copy of the list. */
static int open_run(struct walk *w)
{
	struct fnl_value *runs = &w->out->jobs[FNL_PARTITION_JOBS_RUNS];
	size_t at = fnl_quota_run_next(runs->list);
	if (at == runs->list.count) {
		return FNL_E_STATE;
	}
	struct fnl_value *items = fnl_values_copy(w->in->arena, runs->list.items, runs->list.count);
	struct fnl_value *run = fnl_values_copy(w->in->arena, runs->list.items[at].list.items, FNL_QUOTA_RUN_FIELD_COUNT);
	if (!items || !run) {
		return FNL_E_NOMEM;
	}
	items[at] = fnl_value_list(run, FNL_QUOTA_RUN_FIELD_COUNT);
	*runs = fnl_value_list(items, runs->list.count);
	w->run = run;
	w->out->cause_id = run[FNL_QUOTA_RUN_CAUSE_ID].str;
	w->out->correlation_id = run[FNL_QUOTA_RUN_CORRELATION_ID].str;
	return FNL_OK;
}

static bool is_freezing(const struct fnl_value *run)
{
	return run[FNL_QUOTA_RUN_STATE].i64 == FNL_QUOTA_RUN_STATE_FREEZING;
}

static bool is_last_page(const struct fnl_quota_step_in *in)
{
	return in->page_last || in->page_count == 0;
}

static void begin_pass(struct fnl_value *run, int state)
{
	run[FNL_QUOTA_RUN_STATE].i64 = state;
	run[FNL_QUOTA_RUN_BOOK] = fnl_value_null();
	run[FNL_QUOTA_RUN_BOOKS_DONE].i64 = 0;
	run[FNL_QUOTA_RUN_LINES_DONE].i64 = 0;
}

static void run_books(struct walk *w)
{
	struct fnl_value *run = w->run;
	if (fnl_quota_run_due(run) > w->in->now_ms) {
		return;
	}
	if (run[FNL_QUOTA_RUN_STATE].i64 == FNL_QUOTA_RUN_STATE_OPENED) {
		begin_pass(run, FNL_QUOTA_RUN_STATE_DRAFTING);
	} else if (run[FNL_QUOTA_RUN_STATE].i64 == FNL_QUOTA_RUN_STATE_DRAFT) {
		begin_pass(run, FNL_QUOTA_RUN_STATE_FREEZING);
	}
	for (size_t i = 0; i < w->in->page_count; i++) {
		const struct fnl_value *rep = w->in->page[i];
		run[FNL_QUOTA_RUN_BOOK] = rep[FNL_REP_BOOK];
		if (fnl_quota_run_concerns(run, rep)) {
			run[FNL_QUOTA_RUN_IN_BOOK].i64 = 1;
			run[FNL_QUOTA_RUN_LINE] = fnl_value_null();
			return;
		}
	}
	if (is_last_page(w->in)) {
		run[FNL_QUOTA_RUN_STATE].i64 = is_freezing(run) ? FNL_QUOTA_RUN_STATE_FROZEN : FNL_QUOTA_RUN_STATE_DRAFT;
		run[FNL_QUOTA_RUN_BOOK] = fnl_value_null();
	}
}

/* A frozen quota stays what it is: a later run for some reps of the year passes over those that have one. */
static bool is_frozen_by_another(const struct walk *w)
{
	const struct fnl_value *known = w->in->quota;
	return known && known[FNL_QUOTA_SET_STATE].i64 == FNL_QUOTA_STATE_FROZEN &&
	       !fnl_span_eq(known[FNL_QUOTA_SET_RUN_ID].str, w->run[FNL_QUOTA_RUN_RUN_ID].str);
}

/* The row of the book's quota: from zero with the first page, else as the page before has left it. */
static int open_quota(struct walk *w)
{
	const struct fnl_value *run = w->run;
	const struct fnl_value *known = w->in->quota;
	int state = is_freezing(run) ? FNL_QUOTA_STATE_FREEZING : FNL_QUOTA_STATE_DRAFTING;
	if (run[FNL_QUOTA_RUN_LINE].set) {
		if (!known || known[FNL_QUOTA_SET_STATE].i64 != state ||
		    !fnl_span_eq(known[FNL_QUOTA_SET_RUN_ID].str, run[FNL_QUOTA_RUN_RUN_ID].str)) {
			return fnl_fail(w->why, FNL_E_STATE, "the quota of a book is not what the run has left");
		}
		w->quota = fnl_values_copy(w->in->arena, known, FNL_QUOTA_SET_FIELD_COUNT);
		return w->quota ? FNL_OK : FNL_E_NOMEM;
	}
	struct fnl_value *v = fnl_arena_calloc(w->in->arena, FNL_QUOTA_SET_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_QUOTA_SET_OCCURRED_AT] = run[is_freezing(run) ? FNL_QUOTA_RUN_SETTLED_AT : FNL_QUOTA_RUN_AS_OF];
	v[FNL_QUOTA_SET_REP_ID] = w->in->rep[FNL_REP_REP_ID];
	v[FNL_QUOTA_SET_ORG_ID] = run[FNL_QUOTA_RUN_ORG_ID];
	v[FNL_QUOTA_SET_MANAGER_ID] = w->in->rep[FNL_REP_MANAGER_ID];
	v[FNL_QUOTA_SET_FISCAL_YEAR] = run[FNL_QUOTA_RUN_FISCAL_YEAR];
	v[FNL_QUOTA_SET_RUN_ID] = run[FNL_QUOTA_RUN_RUN_ID];
	v[FNL_QUOTA_SET_STATE] = fnl_value_i64(state);
	v[FNL_QUOTA_SET_AS_OF] = run[FNL_QUOTA_RUN_AS_OF];
	v[FNL_QUOTA_SET_BASE_CURRENCY] = run[FNL_QUOTA_RUN_BASE_CURRENCY];
	v[FNL_QUOTA_SET_ROUNDING_MINOR] = fnl_value_i64(0);
	v[FNL_QUOTA_SET_ROUNDING_E4] = fnl_value_i64(0);
	v[FNL_QUOTA_SET_COUNTED_COUNT] = fnl_value_i64(0);
	v[FNL_QUOTA_SET_LEFT_OUT_COUNT] = fnl_value_i64(0);
	v[FNL_QUOTA_SET_TOTALS] = fnl_value_list(NULL, 0);
	v[FNL_QUOTA_SET_RULES_VERSION] = fnl_value_i64(w->in->rules->version);
	w->quota = v;
	return FNL_OK;
}

static void base_currency_of(const struct fnl_value *run, char ret[4])
{
	struct fnl_span code = run[FNL_QUOTA_RUN_BASE_CURRENCY].str;
	memset(ret, 0, 4);
	memcpy(ret, code.data, code.len < 3 ? code.len : 3);
}

/* The line as it was at as_of, from `state` on: GONE when it was not in the book. */
static const struct fnl_value *values_at_as_of(const struct fnl_value *run, const struct fnl_value *line)
{
	struct fnl_list images = line[FNL_LINE_IMAGES].list;
	for (size_t i = 0; i < images.count; i++) {
		const struct fnl_value *image = images.items[i].list.items;
		if (fnl_span_eq(image[FNL_LINE_IMAGE_RUN_ID].str, run[FNL_QUOTA_RUN_RUN_ID].str)) {
			return image + FNL_LINE_IMAGE_STATE;
		}
	}
	return line + FNL_LINE_STATE;
}

static int tell_line(struct walk *w, const struct fnl_value *line, const struct fnl_value *values,
                     const struct fnl_quota_share *share, struct fnl_value **ret)
{
	struct fnl_value *v = fnl_arena_calloc(w->in->arena, FNL_QUOTA_LINE_FIELD_COUNT, sizeof(*v));
	int32_t e4 = 0;
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_QUOTA_LINE_OCCURRED_AT] = w->quota[FNL_QUOTA_SET_OCCURRED_AT];
	v[FNL_QUOTA_LINE_REP_ID] = w->quota[FNL_QUOTA_SET_REP_ID];
	v[FNL_QUOTA_LINE_ORG_ID] = w->quota[FNL_QUOTA_SET_ORG_ID];
	v[FNL_QUOTA_LINE_MANAGER_ID] = w->quota[FNL_QUOTA_SET_MANAGER_ID];
	v[FNL_QUOTA_LINE_FISCAL_YEAR] = w->quota[FNL_QUOTA_SET_FISCAL_YEAR];
	v[FNL_QUOTA_LINE_RUN_ID] = w->quota[FNL_QUOTA_SET_RUN_ID];
	v[FNL_QUOTA_LINE_PROSPECT_ID] = line[FNL_LINE_PROSPECT_ID];
	v[FNL_QUOTA_LINE_REASON] = fnl_value_i64(share->reason);
	v[FNL_QUOTA_LINE_LAYER] = values[FNL_LINE_LAYER - FNL_LINE_STATE];
	v[FNL_QUOTA_LINE_WEIGHT_BP] = values[FNL_LINE_WEIGHT_BP - FNL_LINE_STATE];
	v[FNL_QUOTA_LINE_AMOUNT] = values[FNL_LINE_AMOUNT - FNL_LINE_STATE];
	v[FNL_QUOTA_LINE_WEIGHTED_MINOR] = fnl_value_i64(0);
	int r = fnl_weighted_split(share->weighted, &v[FNL_QUOTA_LINE_WEIGHTED_MINOR].i64, &e4);
	v[FNL_QUOTA_LINE_WEIGHTED_E4] = fnl_value_i64(e4);
	v[FNL_QUOTA_LINE_EXPECTED_CLOSE_DATE] = values[FNL_LINE_EXPECTED_CLOSE_DATE - FNL_LINE_STATE];
	v[FNL_QUOTA_LINE_REGION] = values[FNL_LINE_REGION - FNL_LINE_STATE];
	v[FNL_QUOTA_LINE_INDUSTRY] = values[FNL_LINE_INDUSTRY - FNL_LINE_STATE];
	v[FNL_QUOTA_LINE_LINE_RULES_VERSION] = values[FNL_LINE_RULES_VERSION - FNL_LINE_STATE];
	*ret = v;
	return r;
}

/* A frozen line needs its image no more, nor those that no run awaits; one that is GONE and has none left goes. */
static int drop_image(struct walk *w, const struct fnl_value *line, struct fnl_quota_line_out *out)
{
	struct fnl_list images = line[FNL_LINE_IMAGES].list;
	size_t count = 0;
	if (images.count == 0) {
		return FNL_OK;
	}
	struct fnl_value *kept = fnl_arena_alloc(w->in->arena, images.count * sizeof(*kept));
	struct fnl_value *copy = fnl_values_copy(w->in->arena, line, FNL_LINE_FIELD_COUNT);
	if (!kept || !copy) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < images.count; i++) {
		struct fnl_span run_id = images.items[i].list.items[FNL_LINE_IMAGE_RUN_ID].str;
		const struct fnl_value *run = fnl_quota_run_by_id(w->in->jobs, run_id);
		bool of_sheet = fnl_sheet_of_image(images.items[i].list.items) > 0; /* not ours to drop */
		bool awaited = run && !fnl_span_eq(run_id, w->run[FNL_QUOTA_RUN_RUN_ID].str) &&
		               fnl_quota_run_awaits(run, line[FNL_LINE_BOOK].str, line[FNL_LINE_PROSPECT_ID].str);
		if (of_sheet || awaited) {
			kept[count++] = images.items[i];
		}
	}
	if (count == images.count) {
		return FNL_OK;
	}
	copy[FNL_LINE_IMAGES] = fnl_value_list(kept, count);
	bool goes = count == 0 && line[FNL_LINE_STATE].i64 == FNL_LINE_STATE_GONE;
	out->line_change = goes ? FNL_ROW_DELETE : FNL_ROW_PUT;
	out->line = goes ? NULL : copy;
	return FNL_OK;
}

static int run_line(struct walk *w, const struct fnl_value *line, struct fnl_quota_line_out *out)
{
	const struct fnl_value *values = values_at_as_of(w->run, line);
	char base[4];
	int r = FNL_OK;
	base_currency_of(w->run, base);
	struct fnl_quota_share share =
		fnl_quota_share_of(values, (int32_t)w->run[FNL_QUOTA_RUN_FISCAL_YEAR].i64, base, w->in->rules);
	share.listed = share.listed && w->quota;
	if (share.listed) {
		struct fnl_book_amount amount = fnl_book_amount_of(values);
		bool counts = share.reason == FNL_QUOTA_REASON_COUNTED;
		w->quota[counts ? FNL_QUOTA_SET_COUNTED_COUNT : FNL_QUOTA_SET_LEFT_OUT_COUNT].i64++;
		r = fnl_book_totals_add(&w->quota[FNL_QUOTA_SET_TOTALS], share.reason, &amount, 1, w->in->arena);
	}
	if (r < 0 || !is_freezing(w->run)) {
		return r;
	}
	r = share.listed ? tell_line(w, line, values, &share, &out->quota_line) : FNL_OK;
	return r ? r : drop_image(w, line, out);
}

/* The quota itself: what counts, rounded once. */
static int close_quota(struct walk *w)
{
	struct fnl_list totals = w->quota[FNL_QUOTA_SET_TOTALS].list;
	struct fnl_value money = {.set = true};
	fnl_weighted exact = 0;
	fnl_weighted rounding;
	int32_t e4 = 0;
	for (size_t i = 0; i < totals.count; i++) {
		const struct fnl_value *total = totals.items[i].list.items;
		if (total[FNL_QUOTA_TOTAL_REASON].i64 == FNL_QUOTA_REASON_COUNTED) {
			exact += fnl_weighted_of(total[FNL_QUOTA_TOTAL_WEIGHTED_MINOR].i64, total[FNL_QUOTA_TOTAL_WEIGHTED_E4].i64);
		}
	}
	base_currency_of(w->run, money.money.currency);
	int r = fnl_quota_round(exact, money.money.currency, w->in->rules, &money.money.amount_minor, &rounding);
	r = r ? r : fnl_weighted_split(rounding, &w->quota[FNL_QUOTA_SET_ROUNDING_MINOR].i64, &e4);
	if (r < 0) {
		return r;
	}
	w->quota[FNL_QUOTA_SET_ROUNDING_E4].i64 = e4;
	w->quota[FNL_QUOTA_SET_QUOTA] = money;
	w->quota[FNL_QUOTA_SET_STATE].i64 = is_freezing(w->run) ? FNL_QUOTA_STATE_FROZEN : FNL_QUOTA_STATE_DRAFT;
	w->out->event = (struct fnl_event_out){&fnl_desc_quota_set, w->quota};
	return FNL_OK;
}

/* The rep is one of those whose running sums of this year are told; the earliest year makes room. */
static int add_year(struct walk *w)
{
	struct fnl_list years = w->in->rep[FNL_REP_QUOTA_YEARS].list;
	struct fnl_value year = w->run[FNL_QUOTA_RUN_FISCAL_YEAR];
	size_t at = 0;
	if (fnl_book_has_year(w->in->rep, year.i64)) {
		return FNL_OK;
	}
	struct fnl_value *items = fnl_arena_alloc(w->in->arena, (years.count + 1) * sizeof(*items));
	w->out->rep = fnl_values_copy(w->in->arena, w->in->rep, FNL_REP_FIELD_COUNT);
	if (!items || !w->out->rep) {
		return FNL_E_NOMEM;
	}
	for (; at < years.count && years.items[at].i64 < year.i64; at++) {
		items[at] = years.items[at];
	}
	items[at] = year;
	for (; at < years.count; at++) {
		items[at + 1] = years.items[at];
	}
	bool full = years.count == FNL_BOOK_QUOTA_YEARS_MAX;
	w->out->rep[FNL_REP_QUOTA_YEARS] = fnl_value_list(items + (full ? 1 : 0), years.count + (full ? 0 : 1));
	return FNL_OK;
}

static int run_lines(struct walk *w)
{
	struct fnl_value *run = w->run;
	const struct fnl_quota_step_in *in = w->in;
	if (!in->rep) {
		return fnl_fail(w->why, FNL_E_STATE, "a quota run is in a book that is not there");
	}
	int r = is_frozen_by_another(w) ? FNL_OK : open_quota(w);
	for (size_t i = 0; r == 0 && i < in->page_count; i++) {
		r = run_line(w, in->page[i], &w->out->lines[i]);
	}
	if (r == 0 && w->quota && is_last_page(in)) {
		r = close_quota(w);
		r = r ? r : add_year(w);
	}
	if (r < 0) {
		return r == FNL_E_LIMIT ? fnl_fail(w->why, r, "the sums of a quota go beyond their limits") : r;
	}
	w->out->quota = w->quota;
	run[FNL_QUOTA_RUN_LINES_DONE].i64 += (int64_t)in->page_count;
	if (is_last_page(in)) {
		run[FNL_QUOTA_RUN_BOOKS_DONE].i64++;
		run[FNL_QUOTA_RUN_IN_BOOK].i64 = 0;
		run[FNL_QUOTA_RUN_LINE] = fnl_value_null();
	} else {
		run[FNL_QUOTA_RUN_LINE] = in->page[in->page_count - 1][FNL_LINE_PROSPECT_ID];
	}
	return FNL_OK;
}

static void recount_books(struct walk *w)
{
	struct fnl_value *jobs = w->out->jobs;
	if (w->in->page_count > 0) {
		jobs[FNL_PARTITION_JOBS_RECOUNT_BOOK] = w->in->page[0][FNL_REP_BOOK];
		jobs[FNL_PARTITION_JOBS_RECOUNT_IN_BOOK].i64 = 1;
		jobs[FNL_PARTITION_JOBS_RECOUNT_LINE] = fnl_value_null();
		return;
	}
	jobs[FNL_PARTITION_JOBS_RECOUNT_VERSION] = fnl_value_null();
	jobs[FNL_PARTITION_JOBS_RECOUNT_AT] = fnl_value_null();
	jobs[FNL_PARTITION_JOBS_RECOUNT_BOOK] = fnl_value_null();
	jobs[FNL_PARTITION_JOBS_RECOUNT_CAUSE_ID] = fnl_value_null();
	jobs[FNL_PARTITION_JOBS_RECOUNT_CORRELATION_ID] = fnl_value_null();
}

/* A line whose new year finds no room among the sums stays where it is filed: line and sums agree in any case. */
static int recount_line(struct walk *w, struct fnl_value *rep, size_t at, struct fnl_book_moved *ret)
{
	struct fnl_value before[FNL_REP_FIELD_COUNT];
	struct fnl_book_moved moved;
	bool changed;
	struct fnl_value *line = fnl_values_copy(w->in->arena, w->in->page[at], FNL_LINE_FIELD_COUNT);
	if (!line) {
		return FNL_E_NOMEM;
	}
	memcpy(before, rep, sizeof(before));
	int r = fnl_book_refile_line(rep, line, w->in->rules, w->in->arena, &changed, &moved);
	if (r == FNL_E_LIMIT) {
		memcpy(rep, before, sizeof(before));
		return FNL_OK;
	}
	if (r == 0 && changed) {
		w->out->lines[at] = (struct fnl_quota_line_out){.line_change = FNL_ROW_PUT, .line = line};
		ret->sums = ret->sums || moved.sums;
		ret->to_tell = ret->to_tell || moved.to_tell;
	}
	return r;
}

static int recount_lines(struct walk *w)
{
	const struct fnl_quota_step_in *in = w->in;
	struct fnl_value *jobs = w->out->jobs;
	struct fnl_book_moved moved = {0};
	if (!in->rep) {
		return fnl_fail(w->why, FNL_E_STATE, "a recount is in a book that is not there");
	}
	struct fnl_value *rep = fnl_values_copy(in->arena, in->rep, FNL_REP_FIELD_COUNT);
	int r = rep ? FNL_OK : FNL_E_NOMEM;
	for (size_t i = 0; r == 0 && i < in->page_count; i++) {
		r = recount_line(w, rep, i, &moved);
	}
	if (r < 0) {
		return r;
	}
	if (moved.to_tell) {
		const struct fnl_value *cause = &jobs[FNL_PARTITION_JOBS_RECOUNT_CAUSE_ID];
		const struct fnl_value *correlation = &jobs[FNL_PARTITION_JOBS_RECOUNT_CORRELATION_ID];
		fnl_book_mark_change(rep, cause->set ? cause->str : FNL_SPAN_NONE,
		                     correlation->set ? correlation->str : FNL_SPAN_NONE);
		fnl_book_arm(rep, in->rules, in->now_ms);
	}
	w->out->rep = moved.sums ? rep : NULL;
	if (is_last_page(in)) {
		jobs[FNL_PARTITION_JOBS_RECOUNT_IN_BOOK].i64 = 0;
		jobs[FNL_PARTITION_JOBS_RECOUNT_LINE] = fnl_value_null();
	} else {
		jobs[FNL_PARTITION_JOBS_RECOUNT_LINE] = in->page[in->page_count - 1][FNL_LINE_PROSPECT_ID];
	}
	return FNL_OK;
}

int fnl_quota_step(const struct fnl_quota_step_in *in, struct fnl_quota_step_out *ret, struct fnl_error *why)
{
	struct fnl_quota_step_out out = {.jobs = fnl_quota_jobs_open(in->jobs, in->arena)};
	struct walk w = {.in = in, .out = &out, .why = why};
	enum fnl_quota_work work = fnl_quota_needs(in->jobs).work;
	out.lines = fnl_arena_calloc(in->arena, in->page_count + 1, sizeof(*out.lines));
	if (!out.jobs || !out.lines) {
		return FNL_E_NOMEM;
	}
	bool recounts = fnl_quota_recounts(out.jobs);
	int r = work == FNL_QUOTA_WORK_NONE || recounts ? FNL_OK : open_run(&w);
	if (r < 0) {
		return r;
	}
	if (work == FNL_QUOTA_WORK_BOOKS && recounts) {
		recount_books(&w);
	} else if (work == FNL_QUOTA_WORK_BOOKS) {
		run_books(&w);
	} else if (work == FNL_QUOTA_WORK_LINES) {
		r = recounts ? recount_lines(&w) : run_lines(&w);
	}
	if (r < 0) {
		return r;
	}
	fnl_quota_arm(out.jobs, in->now_ms);
	*ret = out;
	return FNL_OK;
}
