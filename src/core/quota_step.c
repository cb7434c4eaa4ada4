/* One page of a pass: which book comes next, or what its lines give. */
#include "quota_internal.h"

#define AT(line_field) (FNL_LINE_##line_field - FNL_LINE_STATE)

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

/* The rates that hold for the run, and a copy of the territories: for all pages of the pass. */
static int begin_pass(struct walk *w, int state)
{
	struct fnl_value *run = w->run;
	const struct fnl_rules *rules = w->in->rules;
	int64_t as_of_day = fnl_local_day(&rules->calendar, run[FNL_QUOTA_RUN_AS_OF].i64);
	int64_t until = run[FNL_QUOTA_RUN_RATE_DATE].set ? run[FNL_QUOTA_RUN_RATE_DATE].i64 : as_of_day;
	const struct fnl_value *table = run[FNL_QUOTA_RUN_RATE_NAME].set ? w->in->rates : NULL;
	run[FNL_QUOTA_RUN_STATE].i64 = state;
	run[FNL_QUOTA_RUN_BOOK] = fnl_value_null();
	run[FNL_QUOTA_RUN_BOOKS_DONE].i64 = 0;
	run[FNL_QUOTA_RUN_LINES_DONE].i64 = 0;
	w->out->copied_change = w->in->territories ? FNL_ROW_PUT : w->in->copied ? FNL_ROW_DELETE : FNL_ROW_KEEP;
	w->out->copied = w->in->territories;
	return fnl_rates_resolve(table, as_of_day - rules->values[FNL_RULES_AT_RATE_AGE_DAYS], until, w->in->arena,
	                         &run[FNL_QUOTA_RUN_RATES]);
}

static void end_pass(struct walk *w)
{
	struct fnl_value *run = w->run;
	run[FNL_QUOTA_RUN_STATE].i64 = is_freezing(run) ? FNL_QUOTA_RUN_STATE_FROZEN : FNL_QUOTA_RUN_STATE_DRAFT;
	run[FNL_QUOTA_RUN_BOOK] = fnl_value_null();
	run[FNL_QUOTA_RUN_RATES] = fnl_value_list(NULL, 0);
	w->out->copied_change = w->in->copied ? FNL_ROW_DELETE : FNL_ROW_KEEP;
	w->out->copied = NULL;
}

static int run_books(struct walk *w)
{
	struct fnl_value *run = w->run;
	int r = FNL_OK;
	if (fnl_quota_run_due(run) > w->in->now_ms) {
		return FNL_OK;
	}
	if (run[FNL_QUOTA_RUN_STATE].i64 == FNL_QUOTA_RUN_STATE_OPENED) {
		r = begin_pass(w, FNL_QUOTA_RUN_STATE_DRAFTING);
	} else if (run[FNL_QUOTA_RUN_STATE].i64 == FNL_QUOTA_RUN_STATE_DRAFT) {
		r = begin_pass(w, FNL_QUOTA_RUN_STATE_FREEZING);
	}
	for (size_t i = 0; r == 0 && i < w->in->page_count; i++) {
		const struct fnl_value *rep = w->in->page[i];
		run[FNL_QUOTA_RUN_BOOK] = rep[FNL_REP_BOOK];
		if (fnl_quota_run_concerns(run, rep)) {
			run[FNL_QUOTA_RUN_IN_BOOK].i64 = 1;
			run[FNL_QUOTA_RUN_LINE] = fnl_value_null();
			return FNL_OK;
		}
	}
	if (r == 0 && is_last_page(w->in)) {
		end_pass(w);
	}
	return r;
}

/* A frozen quota stays what it is: a later run for some reps of the year passes over those that have one. */
static bool is_frozen_by_another(const struct walk *w)
{
	const struct fnl_value *known = w->in->quota;
	return known && known[FNL_QUOTA_SET_STATE].i64 == FNL_QUOTA_STATE_FROZEN &&
	       !known[FNL_QUOTA_SET_ONLY_RECEIVED].i64 &&
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
		return w->quota ? fnl_quota_areas_open(w->quota, w->in->arena) : FNL_E_NOMEM;
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
	v[FNL_QUOTA_SET_RATE_NAME] = run[FNL_QUOTA_RUN_RATE_NAME];
	v[FNL_QUOTA_SET_RATE_DATE] = run[FNL_QUOTA_RUN_RATE_DATE];
	v[FNL_QUOTA_SET_RATES] = v[FNL_QUOTA_SET_AREAS] = fnl_value_list(NULL, 0);
	v[FNL_QUOTA_SET_LINES_MINOR] = v[FNL_QUOTA_SET_LINES_E4] = fnl_value_i64(0);
	/* what came from others stays */
	v[FNL_QUOTA_SET_REVISION] = known ? known[FNL_QUOTA_SET_REVISION] : fnl_value_i64(0);
	v[FNL_QUOTA_SET_REVISIONS] = known ? known[FNL_QUOTA_SET_REVISIONS] : fnl_value_list(NULL, 0);
	v[FNL_QUOTA_SET_EARLIER_MINOR] = known ? known[FNL_QUOTA_SET_EARLIER_MINOR] : fnl_value_i64(0);
	v[FNL_QUOTA_SET_ONLY_RECEIVED] = fnl_value_i64(0);
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

/* What the run converts by in this pass. */
static struct fnl_quota_rates rates_of(const struct fnl_value *run)
{
	struct fnl_quota_rates rates = {.rates = run[FNL_QUOTA_RUN_RATES].list};
	base_currency_of(run, rates.base_currency);
	return rates;
}

/* Territory and factor of a line; and of one that counts what it is worth, which is too much when it is beyond 64 bits.
 * All lines of a book that are in one territory have one factor, also when the rules change between its pages. */
static int worth_of(struct walk *w, const struct fnl_value *values, struct fnl_quota_share *share,
                    struct fnl_quota_worth *ret)
{
	int32_t day = fnl_local_day(&w->in->rules->calendar, w->run[FNL_QUOTA_RUN_AS_OF].i64);
	struct fnl_quota_worth worth = {.territory = fnl_territory_of(w->in->copied, &values[AT(REGION)],
	                                                              &values[AT(INDUSTRY)], &values[AT(SIZE_FOCUS)], day)};
	struct fnl_span id = worth.territory ? worth.territory[FNL_TERRITORY_TERRITORY_ID].str : FNL_SPAN_NONE;
	int64_t minor;
	int32_t e4;
	worth.factor_bp = fnl_quota_area_factor(w->quota, id);
	if (worth.factor_bp < 0) {
		worth.factor_bp = fnl_territory_factor(worth.territory, w->in->rules);
	}
	if (share->reason == FNL_QUOTA_REASON_COUNTED) {
		struct fnl_wide value = fnl_wide_mul(share->converted, (uint64_t)worth.factor_bp);
		int r = fnl_quota_e4(share->converted, FNL_CONVERTED_SCALE, &worth.converted);
		r = r ? r : fnl_quota_e4(value, FNL_QUOTA_SCALE, &worth.value);
		r = r ? r : fnl_weighted_split(worth.value, &minor, &e4);
		share->reason = r ? FNL_QUOTA_REASON_NOT_CONVERTIBLE : share->reason;
	}
	*ret = worth;
	if (share->reason != FNL_QUOTA_REASON_COUNTED) {
		return FNL_OK;
	}
	fnl_weighted lines =
		fnl_weighted_of(w->quota[FNL_QUOTA_SET_LINES_MINOR].i64, w->quota[FNL_QUOTA_SET_LINES_E4].i64) + worth.value;
	int r = fnl_weighted_split(lines, &w->quota[FNL_QUOTA_SET_LINES_MINOR].i64, &e4);
	w->quota[FNL_QUOTA_SET_LINES_E4] = fnl_value_i64(e4);
	return r ? r : fnl_quota_area_add(w->quota, id, worth.factor_bp, &share->parts, w->in->arena);
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
	bool goes = fnl_book_line_is_over(line, count);
	out->line_change = goes ? FNL_ROW_DELETE : FNL_ROW_PUT;
	out->line = goes ? NULL : copy;
	return FNL_OK;
}

/* A line of the year into the quota. */
static int count_line(struct walk *w, const struct fnl_value *values, struct fnl_quota_share *share,
                      struct fnl_quota_worth *worth)
{
	int r = worth_of(w, values, share, worth);
	bool counts = share->reason == FNL_QUOTA_REASON_COUNTED;
	w->quota[counts ? FNL_QUOTA_SET_COUNTED_COUNT : FNL_QUOTA_SET_LEFT_OUT_COUNT].i64++;
	for (size_t i = 0; r == 0 && i < share->parts.count; i++) {
		r = fnl_book_totals_add(&w->quota[FNL_QUOTA_SET_TOTALS], share->reason, &share->parts.items[i].amount, 1,
		                        w->in->arena);
	}
	return r;
}

static int run_line(struct walk *w, const struct fnl_value *line, struct fnl_quota_line_out *out)
{
	const struct fnl_value *values = values_at_as_of(w->run, line);
	struct fnl_quota_rates rates = rates_of(w->run);
	struct fnl_quota_share share;
	struct fnl_quota_worth worth;
	int r = fnl_quota_share_of(values, (int32_t)w->run[FNL_QUOTA_RUN_FISCAL_YEAR].i64, &rates, w->in->rules,
	                           w->in->arena, &share);
	bool listed = r == 0 && share.listed && w->quota;
	r = listed ? count_line(w, values, &share, &worth) : r;
	if (r < 0 || !is_freezing(w->run)) {
		return r;
	}
	if (listed) {
		const struct fnl_quota_telling t = {w->quota, line, values, &share, &worth, &rates, w->in->arena};
		r = fnl_quota_tell_line(&t, &out->quota_line);
	}
	return r ? r : drop_image(w, line, out);
}

/* Some counted line is in this currency. */
static bool uses(const struct fnl_value *quota, struct fnl_span currency)
{
	struct fnl_list areas = quota[FNL_QUOTA_SET_AREAS].list;
	for (size_t i = 0; i < areas.count; i++) {
		struct fnl_list sums = areas.items[i].list.items[FNL_QUOTA_AREA_SUMS].list;
		for (size_t k = 0; k < sums.count; k++) {
			if (fnl_span_eq(sums.items[k].list.items[FNL_QUOTA_TOTAL_CURRENCY].str, currency)) {
				return true;
			}
		}
	}
	return false;
}

/* The rates that made a difference. */
static int tell_rates(struct walk *w)
{
	struct fnl_list rates = w->run[FNL_QUOTA_RUN_RATES].list;
	struct fnl_value *items = fnl_arena_alloc(w->in->arena, (rates.count + 1) * sizeof(*items));
	size_t count = 0;
	if (!items) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < rates.count; i++) {
		if (uses(w->quota, rates.items[i].list.items[FNL_QUOTA_RATE_CURRENCY].str)) {
			items[count++] = rates.items[i];
		}
	}
	w->quota[FNL_QUOTA_SET_RATES] = fnl_value_list(items, count);
	return FNL_OK;
}

/* The quota itself: what counts, rounded once; and what the lines, each rounded down, lack of it. */
static int close_quota(struct walk *w)
{
	struct fnl_quota_rates rates = rates_of(w->run);
	struct fnl_value money = {.set = true};
	struct fnl_wide exact;
	int32_t e4 = 0;
	int r = fnl_quota_areas_close(w->quota, &rates, w->in->arena, &exact);
	memcpy(money.money.currency, rates.base_currency, sizeof(money.money.currency));
	r = r ? r : fnl_quota_round(exact, rates.base_currency, w->in->rules, &money.money.amount_minor);
	if (r < 0) {
		return r;
	}
	fnl_weighted rounding =
		(fnl_weighted)money.money.amount_minor * FNL_BP_ONE -
		fnl_weighted_of(w->quota[FNL_QUOTA_SET_LINES_MINOR].i64, w->quota[FNL_QUOTA_SET_LINES_E4].i64);
	r = fnl_weighted_split(rounding, &w->quota[FNL_QUOTA_SET_ROUNDING_MINOR].i64, &e4);
	r = r ? r : tell_rates(w);
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
		ret->won = ret->won || moved.won;
	}
	return r;
}

/* What the change of rules did to the sums is to be told. */
static void mark_recounted(const struct walk *w, struct fnl_value *rep, const struct fnl_book_moved *moved)
{
	const struct fnl_value *cause = &w->out->jobs[FNL_PARTITION_JOBS_RECOUNT_CAUSE_ID];
	const struct fnl_value *correlation = &w->out->jobs[FNL_PARTITION_JOBS_RECOUNT_CORRELATION_ID];
	struct fnl_span cause_id = cause->set ? cause->str : FNL_SPAN_NONE;
	struct fnl_span correlation_id = correlation->set ? correlation->str : FNL_SPAN_NONE;
	if (moved->to_tell) {
		fnl_book_mark_change(rep, cause_id, correlation_id);
	}
	if (moved->won) {
		fnl_book_mark_won(rep, cause_id, correlation_id);
	}
	if (moved->to_tell || moved->won) {
		fnl_book_arm(rep, w->in->rules, w->in->now_ms);
	}
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
	mark_recounted(w, rep, &moved);
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
		r = run_books(&w);
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
