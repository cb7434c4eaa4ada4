/* A year's rows, when they are scored, and the score. */
#include "funneld/core/performance.h"

#include "org_internal.h"
#include "rules_internal.h"

enum { BANDS = 5 };

/* Days since 1970-01-01 of a date of the Gregorian calendar, in eras of 400 years that begin on 1 March. */
static int64_t day_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static int64_t midnight(const struct fnl_org_in *in, int64_t day)
{
	return fnl_local_moment(&in->rules->calendar, (int32_t)day, 0);
}

/* When the fiscal year begins. */
static int64_t year_start(const struct fnl_org_in *in, int64_t year)
{
	int64_t month = in->rules->values[FNL_RULES_AT_FISCAL_MONTH];
	return midnight(in, day_of(year, month, in->rules->values[FNL_RULES_AT_FISCAL_DAY]));
}

/* The first day of the month after the one that `day` is in. */
static int64_t next_month(int64_t day)
{
	int64_t at = day + 1;
	for (int64_t year = 1970 + day / 366;; year++) {
		for (int64_t month = 1; month <= 12; month++) {
			if (day_of(year, month, 1) >= at) {
				return day_of(year, month, 1);
			}
		}
	}
}

/* A month that began while there was something else to do is due at once: a timer never goes back. */
static void arm(struct fnl_value *row, int64_t now_ms)
{
	bool at_work = row[FNL_SCORING_JOBS].list.count > 0;
	int64_t month_ms = row[FNL_SCORING_MONTH_AT].i64;
	row[FNL_SCORING_NEXT_DEADLINE_AT] = fnl_value_i64(at_work || month_ms < now_ms ? now_ms : month_ms);
}

static struct fnl_value *scoring_new(const struct fnl_org_in *in, struct fnl_value org_id)
{
	struct fnl_value *v = fnl_arena_calloc(in->arena, FNL_SCORING_FIELD_COUNT, sizeof(*v));
	if (v) {
		int64_t today = fnl_local_day(&in->rules->calendar, in->now_ms);
		v[FNL_SCORING_ORG_ID] = org_id;
		v[FNL_SCORING_MONTH_AT] = fnl_value_i64(midnight(in, next_month(today)));
		v[FNL_SCORING_JOBS] = v[FNL_SCORING_QUOTAS] = v[FNL_SCORING_TOTALS] = fnl_value_list(NULL, 0);
		v[FNL_SCORING_TELLING] = v[FNL_SCORING_TOO_MANY] = fnl_value_i64(0);
		arm(v, in->now_ms);
	}
	return v;
}

/* ---- a rep's year ---- */

_Static_assert(FNL_REP_YEAR_NOT_CONVERTED_COUNT - FNL_REP_YEAR_MANAGER_ID ==
                   FNL_ORG_YEAR_NOT_CONVERTED_COUNT - FNL_ORG_YEAR_MANAGER_ID,
               "the image and the row end alike");

int fnl_org_year(const struct fnl_org_in *in, const struct fnl_value *year, const struct fnl_value *scoring,
                 const struct fnl_value *event, struct fnl_year_out *ret, struct fnl_error *why)
{
	struct fnl_year_out out = {.change = FNL_ROW_KEEP};
	int r = fnl_input_check(&fnl_desc_rep_year, event, why);
	if (r < 0) {
		return r;
	}
	bool present = event[FNL_REP_YEAR_PRESENT].i64 != 0;
	bool older = year && event[FNL_REP_YEAR_SEQUENCE].i64 <= year[FNL_ORG_YEAR_SEQUENCE].i64;
	if (older || (!year && !present)) {
		out.stale = true;
		*ret = out;
		return FNL_OK;
	}
	struct fnl_value *v = fnl_arena_calloc(in->arena, FNL_ORG_YEAR_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_ORG_YEAR_SEQUENCE] = event[FNL_REP_YEAR_SEQUENCE];
	v[FNL_ORG_YEAR_ORG_ID] = event[FNL_REP_YEAR_ORG_ID];
	v[FNL_ORG_YEAR_REP_ID] = event[FNL_REP_YEAR_REP_ID];
	v[FNL_ORG_YEAR_BOOK] = event[FNL_REP_YEAR_BOOK];
	v[FNL_ORG_YEAR_FISCAL_YEAR] = event[FNL_REP_YEAR_FISCAL_YEAR];
	memcpy(v + FNL_ORG_YEAR_MANAGER_ID, event + FNL_REP_YEAR_MANAGER_ID,
	       (FNL_ORG_YEAR_NOT_CONVERTED_COUNT - FNL_ORG_YEAR_MANAGER_ID + 1) * sizeof(*v));
	out.change = present ? FNL_ROW_PUT : FNL_ROW_DELETE;
	out.year = present ? v : NULL;
	if (!scoring && present) {
		out.scoring = scoring_new(in, event[FNL_REP_YEAR_ORG_ID]);
		r = out.scoring ? FNL_OK : FNL_E_NOMEM;
	}
	*ret = r == FNL_OK ? out : *ret;
	return r;
}

/* ---- what is to be scored ---- */

static int add_job(const struct fnl_org_in *in, struct fnl_value *row, int64_t fiscal_year, int64_t as_of_ms,
                   bool asked)
{
	struct fnl_list known = row[FNL_SCORING_JOBS].list;
	struct fnl_value *items = fnl_arena_calloc(in->arena, known.count + 1, sizeof(*items));
	struct fnl_value *job = fnl_arena_calloc(in->arena, FNL_SCORING_JOB_FIELD_COUNT, sizeof(*job));
	if (!items || !job) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < known.count; i++) {
		items[i] = known.items[i];
	}
	job[FNL_SCORING_JOB_FISCAL_YEAR] = fnl_value_i64(fiscal_year);
	job[FNL_SCORING_JOB_AS_OF] = fnl_value_i64(as_of_ms);
	job[FNL_SCORING_JOB_CAUSE_ID] = asked ? fnl_value_str_or_null(in->cause_id) : fnl_value_null();
	job[FNL_SCORING_JOB_CORRELATION_ID] = asked ? fnl_value_str_or_null(in->correlation_id) : fnl_value_null();
	items[known.count] = fnl_value_list(job, FNL_SCORING_JOB_FIELD_COUNT);
	row[FNL_SCORING_JOBS] = fnl_value_list(items, known.count + 1);
	return FNL_OK;
}

static int reject(const struct fnl_org_in *in, const struct fnl_value *event, struct fnl_scoring_out *out)
{
	struct fnl_value *v = fnl_arena_calloc(in->arena, FNL_COMMAND_REJECTED_FIELD_COUNT, sizeof(*v));
	out->events = fnl_arena_calloc(in->arena, 1, sizeof(*out->events));
	if (!v || !out->events) {
		return FNL_E_NOMEM;
	}
	v[FNL_COMMAND_REJECTED_OCCURRED_AT] = fnl_value_i64(in->now_ms);
	v[FNL_COMMAND_REJECTED_COMMAND] = fnl_value_str(fnl_span_str(fnl_desc_score_performance.name));
	v[FNL_COMMAND_REJECTED_COMMAND_ID] = event[FNL_SCORE_PERFORMANCE_COMMAND_ID];
	v[FNL_COMMAND_REJECTED_ORG_ID] = event[FNL_SCORE_PERFORMANCE_ORG_ID];
	v[FNL_COMMAND_REJECTED_ISSUED_BY] = event[FNL_SCORE_PERFORMANCE_ISSUED_BY];
	v[FNL_COMMAND_REJECTED_REASON] = fnl_value_i64(FNL_REJECT_REASON_TOO_MANY);
	out->events[out->event_count++] = (struct fnl_event_out){&fnl_desc_command_rejected, v};
	return FNL_OK;
}

int fnl_scoring_asked(const struct fnl_org_in *in, const struct fnl_value *row, const struct fnl_value *event,
                      struct fnl_scoring_out *ret, struct fnl_error *why)
{
	struct fnl_scoring_out out = {.cause_id = in->cause_id, .correlation_id = in->correlation_id};
	int r = fnl_input_check(&fnl_desc_score_performance, event, why);
	if (r < 0) {
		return r;
	}
	if (row && row[FNL_SCORING_JOBS].list.count >= FNL_SCORING_JOBS_MAX) {
		r = reject(in, event, &out);
	} else {
		out.row = row ? fnl_values_copy(in->arena, row, FNL_SCORING_FIELD_COUNT)
		              : scoring_new(in, event[FNL_SCORE_PERFORMANCE_ORG_ID]);
		r = out.row ? add_job(in, out.row, event[FNL_SCORE_PERFORMANCE_FISCAL_YEAR].i64, in->now_ms, true)
		            : FNL_E_NOMEM;
	}
	if (r < 0) {
		return r;
	}
	if (out.row) {
		arm(out.row, in->now_ms);
	}
	*ret = out;
	return FNL_OK;
}

struct fnl_scoring_need fnl_scoring_needs(const struct fnl_value *row)
{
	struct fnl_list jobs = row[FNL_SCORING_JOBS].list;
	struct fnl_scoring_need need = {.wanted = jobs.count > 0, .after = FNL_SPAN_NONE};
	if (need.wanted) {
		need.fiscal_year = (int32_t)jobs.items[0].list.items[FNL_SCORING_JOB_FISCAL_YEAR].i64;
		need.after = row[FNL_SCORING_AFTER].set ? row[FNL_SCORING_AFTER].str : FNL_SPAN_NONE;
	}
	return need;
}

/* ---- the quotas of all ---- */

static int add_total(const struct fnl_org_in *in, struct fnl_value *totals, struct fnl_money m)
{
	struct fnl_list known = totals->list;
	struct fnl_value *items = fnl_arena_calloc(in->arena, known.count + 1, sizeof(*items));
	size_t at = 0;
	if (!items) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < known.count; i++) {
		items[i] = known.items[i];
	}
	while (at < known.count && strcmp(items[at].money.currency, m.currency) != 0) {
		at++;
	}
	if (at == known.count) {
		items[at] = (struct fnl_value){.set = true, .money = m};
	} else {
		int64_t *sum = &items[at].money.amount_minor;
		*sum = *sum > INT64_MAX - m.amount_minor ? INT64_MAX : *sum + m.amount_minor;
	}
	bool fits = at < FNL_RECORD_LIST_ITEMS_MAX;
	*totals = fits ? fnl_value_list(items, at == known.count ? at + 1 : known.count) : *totals;
	return FNL_OK;
}

static int sum_page(const struct fnl_org_in *in, struct fnl_value *row, const struct fnl_scoring_page *page)
{
	struct fnl_list known = row[FNL_SCORING_QUOTAS].list;
	struct fnl_value *quotas = fnl_arena_calloc(in->arena, known.count + page->count + 1, sizeof(*quotas));
	size_t count = known.count;
	int r = quotas ? FNL_OK : FNL_E_NOMEM;
	for (size_t i = 0; i < known.count && r == 0; i++) {
		quotas[i] = known.items[i];
	}
	for (size_t i = 0; i < page->count && r == 0; i++) {
		const struct fnl_value *quota = &page->rows[i][FNL_ORG_YEAR_QUOTA];
		if (quota->set && quota->money.amount_minor >= 0) {
			quotas[count++] = *quota;
			r = add_total(in, &row[FNL_SCORING_TOTALS], quota->money);
		}
	}
	if (r < 0) {
		return r;
	}
	if (count > FNL_SCORING_QUOTAS_MAX) {
		row[FNL_SCORING_TOO_MANY] = fnl_value_i64(1);
		count = FNL_SCORING_QUOTAS_MAX;
	}
	row[FNL_SCORING_QUOTAS] = fnl_value_list(quotas, count);
	return FNL_OK;
}

/* ---- the score ---- */

/* The rep's quota among the others of its currency. */
static void score_level(const struct fnl_org_in *in, const struct fnl_value *row, const struct fnl_money *quota,
                        struct fnl_value *v)
{
	struct fnl_list all = row[FNL_SCORING_QUOTAS].list;
	struct fnl_list totals = row[FNL_SCORING_TOTALS].list;
	int64_t parts = in->rules->values[FNL_RULES_AT_QUOTA_PARTS];
	int64_t below = 0;
	int64_t count = 0;
	for (size_t i = 0; i < all.count; i++) {
		const struct fnl_money *other = &all.items[i].money;
		bool comparable = strcmp(other->currency, quota->currency) == 0;
		count += comparable;
		below += comparable && other->amount_minor < quota->amount_minor;
	}
	bool enough =
		count > 0 && count >= in->rules->values[FNL_RULES_AT_COMPARABLE_MIN] && !row[FNL_SCORING_TOO_MANY].i64;
	v[FNL_PERFORMANCE_SCORED_COMPARABLE_COUNT] = fnl_value_i64(count);
	if (enough) {
		v[FNL_PERFORMANCE_SCORED_LEVEL_PART] = fnl_value_i64(1 + below * parts / count);
	}
	for (size_t i = 0; i < totals.count; i++) {
		const struct fnl_money *total = &totals.items[i].money;
		if (strcmp(total->currency, quota->currency) == 0 && total->amount_minor > 0) {
			v[FNL_PERFORMANCE_SCORED_SHARE_BP] = fnl_value_i64(
				(int64_t)fnl_div_half_even((__int128)quota->amount_minor * FNL_BP_ONE, total->amount_minor));
		}
	}
}

static int64_t band_of(const struct fnl_org_in *in, int64_t attainment_bp)
{
	int64_t band = 1;
	for (int i = 0; i < BANDS - 1; i++) {
		band += attainment_bp >= in->rules->values[FNL_RULES_AT_BAND_1 + i] * (FNL_BP_ONE / 100);
	}
	return band;
}

static void score_attainment(const struct fnl_org_in *in, const struct fnl_value *job, const struct fnl_value *year,
                             struct fnl_value *v)
{
	int64_t fiscal_year = job[FNL_SCORING_JOB_FISCAL_YEAR].i64;
	const struct fnl_value *from = &year[FNL_ORG_YEAR_EMPLOYED_FROM];
	const struct fnl_value *quota = &year[FNL_ORG_YEAR_QUOTA];
	int64_t start = year_start(in, fiscal_year);
	int64_t end = year_start(in, fiscal_year + 1);
	int64_t first = from->set ? midnight(in, from->i64) : start;
	start = first > start ? first : start;
	int64_t until = job[FNL_SCORING_JOB_AS_OF].i64 < end ? job[FNL_SCORING_JOB_AS_OF].i64 : end;
	int64_t passed = until > start ? until - start : 0;
	int64_t whole = end > start ? end - start : 1;
	v[FNL_PERFORMANCE_SCORED_PART_BP] = fnl_value_i64((int64_t)fnl_div_half_even((__int128)passed * FNL_BP_ONE, whole));
	if (!quota->set) {
		return;
	}
	int64_t due = (int64_t)fnl_div_half_even((__int128)quota->money.amount_minor * passed, whole);
	v[FNL_PERFORMANCE_SCORED_DUE_MINOR] = fnl_value_i64(due);
	if (due <= 0) {
		return;
	}
	__int128 bp = fnl_div_half_even((__int128)year[FNL_ORG_YEAR_WON_MINOR].i64 * FNL_BP_ONE, due);
	int64_t attainment = bp > INT64_MAX ? INT64_MAX : (int64_t)bp;
	v[FNL_PERFORMANCE_SCORED_ATTAINMENT_BP] = fnl_value_i64(attainment);
	v[FNL_PERFORMANCE_SCORED_BAND] = fnl_value_i64(band_of(in, attainment));
}

static int tell(const struct fnl_org_in *in, const struct fnl_value *row, const struct fnl_value *year,
                struct fnl_scoring_out *out)
{
	const struct fnl_value *job = row[FNL_SCORING_JOBS].list.items[0].list.items;
	struct fnl_value *v = fnl_arena_calloc(in->arena, FNL_PERFORMANCE_SCORED_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_PERFORMANCE_SCORED_OCCURRED_AT] = fnl_value_i64(in->now_ms);
	v[FNL_PERFORMANCE_SCORED_REP_ID] = year[FNL_ORG_YEAR_REP_ID];
	v[FNL_PERFORMANCE_SCORED_ORG_ID] = year[FNL_ORG_YEAR_ORG_ID];
	v[FNL_PERFORMANCE_SCORED_MANAGER_ID] = year[FNL_ORG_YEAR_MANAGER_ID];
	v[FNL_PERFORMANCE_SCORED_FISCAL_YEAR] = job[FNL_SCORING_JOB_FISCAL_YEAR];
	v[FNL_PERFORMANCE_SCORED_AS_OF] = job[FNL_SCORING_JOB_AS_OF];
	v[FNL_PERFORMANCE_SCORED_QUOTA] = year[FNL_ORG_YEAR_QUOTA];
	v[FNL_PERFORMANCE_SCORED_LEVEL_PARTS] = fnl_value_i64(in->rules->values[FNL_RULES_AT_QUOTA_PARTS]);
	v[FNL_PERFORMANCE_SCORED_WON_MINOR] = year[FNL_ORG_YEAR_WON_MINOR];
	v[FNL_PERFORMANCE_SCORED_COMPARABLE_COUNT] = fnl_value_i64(0);
	v[FNL_PERFORMANCE_SCORED_NOT_CONVERTED_COUNT] = year[FNL_ORG_YEAR_NOT_CONVERTED_COUNT];
	v[FNL_PERFORMANCE_SCORED_RULES_VERSION] = fnl_value_i64(in->rules->version);
	if (year[FNL_ORG_YEAR_QUOTA].set) {
		score_level(in, row, &year[FNL_ORG_YEAR_QUOTA].money, v);
	}
	score_attainment(in, job, year, v);
	out->events[out->event_count++] = (struct fnl_event_out){&fnl_desc_performance_scored, v};
	return FNL_OK;
}

/* ---- the timer ---- */

/* A month has begun: what was before it is scored. */
static int month(const struct fnl_org_in *in, struct fnl_value *row)
{
	int64_t today = fnl_local_day(&in->rules->calendar, in->now_ms);
	int64_t at_ms = row[FNL_SCORING_MONTH_AT].i64;
	int64_t following = midnight(in, next_month(fnl_local_day(&in->rules->calendar, at_ms)));
	while (following <= in->now_ms) { /* the latest one speaks */
		at_ms = following;
		following = midnight(in, next_month(fnl_local_day(&in->rules->calendar, at_ms)));
	}
	row[FNL_SCORING_MONTH_AT] = fnl_value_i64(midnight(in, next_month(today)));
	int64_t last_day = fnl_local_day(&in->rules->calendar, at_ms) - 1;
	return add_job(in, row, fnl_fiscal_year(in->rules, last_day), at_ms, false);
}

static void end_job(struct fnl_value *row)
{
	struct fnl_list jobs = row[FNL_SCORING_JOBS].list;
	row[FNL_SCORING_JOBS] = fnl_value_list(jobs.items + 1, jobs.count - 1);
	row[FNL_SCORING_QUOTAS] = row[FNL_SCORING_TOTALS] = fnl_value_list(NULL, 0);
	row[FNL_SCORING_TOO_MANY] = fnl_value_i64(0);
}

static int go_on(const struct fnl_org_in *in, struct fnl_value *row, const struct fnl_scoring_page *page,
                 struct fnl_scoring_out *out)
{
	bool telling = row[FNL_SCORING_TELLING].i64 != 0;
	bool last = page->last || page->count == 0;
	int r = telling ? FNL_OK : sum_page(in, row, page);
	out->events = fnl_arena_calloc(in->arena, page->count + 1, sizeof(*out->events));
	r = r || out->events ? r : FNL_E_NOMEM;
	for (size_t i = 0; i < page->count && telling && r == 0; i++) {
		r = tell(in, row, page->rows[i], out);
	}
	if (r < 0) {
		return r;
	}
	row[FNL_SCORING_AFTER] = last ? fnl_value_null() : fnl_value_str(page->last_key);
	if (last && telling) {
		end_job(row);
	}
	row[FNL_SCORING_TELLING] = fnl_value_i64(last ? !telling : telling);
	return FNL_OK;
}

int fnl_scoring_step(const struct fnl_org_in *in, const struct fnl_value *row, const struct fnl_scoring_page *page,
                     struct fnl_scoring_out *ret)
{
	struct fnl_scoring_out out = {.row = fnl_values_copy(in->arena, row, FNL_SCORING_FIELD_COUNT),
	                              .cause_id = FNL_SPAN_NONE,
	                              .correlation_id = FNL_SPAN_NONE};
	struct fnl_list jobs = row[FNL_SCORING_JOBS].list;
	if (!out.row) {
		return FNL_E_NOMEM;
	}
	int r = jobs.count > 0 ? go_on(in, out.row, page, &out) : month(in, out.row);
	if (r < 0) {
		return r;
	}
	if (jobs.count > 0 && jobs.items[0].list.items[FNL_SCORING_JOB_CAUSE_ID].set) {
		const struct fnl_value *job = jobs.items[0].list.items;
		const struct fnl_value *correlation = &job[FNL_SCORING_JOB_CORRELATION_ID];
		out.cause_id = job[FNL_SCORING_JOB_CAUSE_ID].str;
		out.correlation_id = correlation->set ? correlation->str : FNL_SPAN_NONE;
	}
	arm(out.row, in->now_ms);
	*ret = out;
	return FNL_OK;
}
