/* One input to a book: whose it is, the line's new image, the sums, and what will be told of them. */
#include "book_internal.h"
#include "funneld/core/cell.h"

static const char rep_prefix[] = "rep:";
enum { REP_PREFIX_LEN = sizeof(rep_prefix) - 1, MS_PER_SECOND = 1000, MONTH = 100 };

_Static_assert(FNL_REP_EMPLOYED_FROM - FNL_REP_VERSION == FNL_REP_CHANGED_EMPLOYED_FROM - FNL_REP_CHANGED_VERSION,
               "RepChanged and the row have the same fields, in one order");

struct fnl_span fnl_book_name(struct fnl_span rep_id, struct fnl_arena *arena)
{
	if (fnl_span_is_none(rep_id)) {
		return fnl_arena_dup(arena, FNL_SPAN_LIT("pool:UNASSIGNED"));
	}
	uint8_t *name = fnl_arena_alloc(arena, REP_PREFIX_LEN + rep_id.len);
	if (!name) {
		return FNL_SPAN_NONE;
	}
	memcpy(name, rep_prefix, REP_PREFIX_LEN);
	memcpy(name + REP_PREFIX_LEN, rep_id.data, rep_id.len);
	return fnl_span_of(name, REP_PREFIX_LEN + rep_id.len);
}

struct fnl_span fnl_book_rep_id(struct fnl_span book)
{
	bool of_rep = book.len > REP_PREFIX_LEN && memcmp(book.data, rep_prefix, REP_PREFIX_LEN) == 0;
	return of_rep ? fnl_span_of(book.data + REP_PREFIX_LEN, book.len - REP_PREFIX_LEN) : FNL_SPAN_NONE;
}

/* Days since 1970-01-01 to a date of the Gregorian calendar, in eras of 400 years that begin on 1 March. */
static void civil_of(int64_t date, int64_t *ret_year, int64_t *ret_month, int64_t *ret_day)
{
	int64_t days = date + 719468; /* since 0000-03-01 */
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153; /* March is 0 */
	*ret_day = day_of_year - (153 * month + 2) / 5 + 1;
	*ret_month = month < 10 ? month + 3 : month - 9;
	*ret_year = year_of_era + era * 400 + (*ret_month <= 2 ? 1 : 0);
}

int32_t fnl_fiscal_year_start(const struct fnl_rules *rules)
{
	return (int32_t)(rules->values[FNL_RULES_AT_FISCAL_MONTH] * MONTH + rules->values[FNL_RULES_AT_FISCAL_DAY]);
}

int32_t fnl_fiscal_year(const struct fnl_rules *rules, int64_t date)
{
	return fnl_fiscal_year_from(fnl_fiscal_year_start(rules), date);
}

int32_t fnl_fiscal_year_from(int32_t start, int64_t date)
{
	int64_t start_month = start / MONTH;
	int64_t start_day = start % MONTH;
	int64_t year;
	int64_t month;
	int64_t day;
	civil_of(date, &year, &month, &day);
	bool begun = month > start_month || (month == start_month && day >= start_day);
	return (int32_t)(begun ? year : year - 1);
}

void fnl_book_mark_change(struct fnl_value *rep, struct fnl_span cause_id, struct fnl_span correlation_id)
{
	if (rep[FNL_REP_CHANGE_CAUSE_ID].set) {
		return;
	}
	rep[FNL_REP_CHANGE_CAUSE_ID] = fnl_value_str(fnl_span_is_none(cause_id) ? FNL_SPAN_LIT("") : cause_id);
	rep[FNL_REP_CHANGE_CORRELATION_ID] = fnl_value_str_or_null(correlation_id);
}

/* When what is untold is told: further changes don't put off what the first one is waiting for. */
static struct fnl_value conflated(const struct fnl_value *due, const struct fnl_value *told,
                                  const struct fnl_rules *rules, int64_t now_ms)
{
	int64_t from_ms = told->set && told->i64 > now_ms ? told->i64 : now_ms;
	return due->set ? *due : fnl_value_i64(from_ms + rules->values[FNL_RULES_AT_QUOTA_CONFLATION_S] * MS_PER_SECOND);
}

static void take_earlier(struct fnl_value *deadline, const struct fnl_value *due)
{
	if (due->set && (!deadline->set || due->i64 < deadline->i64)) {
		*deadline = *due;
	}
}

void fnl_book_arm(struct fnl_value *rep, const struct fnl_rules *rules, int64_t now_ms)
{
	struct fnl_value *deadline = &rep[FNL_REP_NEXT_DEADLINE_AT];
	struct fnl_value *due = &rep[FNL_REP_RECALCULATION_DUE_AT];
	struct fnl_value *won_due = &rep[FNL_REP_WON_DUE_AT];
	const struct fnl_value *entry_due = &rep[FNL_REP_DIRECTORY_DUE_AT];
	const struct fnl_value *cells_due = &rep[FNL_REP_CELLS_DUE_AT];
	if (!rep[FNL_REP_CHANGE_CAUSE_ID].set) {
		*due = fnl_value_null();
	} else if (!due->set && deadline->set && !entry_due->set && !cells_due->set && !won_due->set) {
		*due = *deadline; /* a row of an older version, which had no other deadline */
	} else {
		*due = conflated(due, &rep[FNL_REP_TOLD_AT], rules, now_ms);
	}
	bool won = rep[FNL_REP_WON_CAUSE_ID].set;
	*won_due = won ? conflated(won_due, &rep[FNL_REP_WON_TOLD_AT], rules, now_ms) : fnl_value_null();
	*deadline = *due;
	take_earlier(deadline, entry_due);
	take_earlier(deadline, cells_due);
	take_earlier(deadline, won_due);
}

struct fnl_value *fnl_book_open_rep(const struct fnl_book_in *in, struct fnl_span book)
{
	if (in->rep) {
		return fnl_values_copy(in->arena, in->rep, FNL_REP_FIELD_COUNT);
	}
	struct fnl_value *rep = fnl_arena_calloc(in->arena, FNL_REP_FIELD_COUNT, sizeof(*rep));
	struct fnl_span rep_id = fnl_book_rep_id(book);
	if (!rep) {
		return NULL;
	}
	rep[FNL_REP_BOOK] = fnl_value_str(book);
	rep[FNL_REP_REP_ID] = fnl_value_str_or_null(rep_id);
	rep[FNL_REP_VERSION] = fnl_value_i64(0);
	rep[FNL_REP_ACTIVE] = fnl_value_i64(1);
	rep[FNL_REP_REGIONS] = fnl_value_list(NULL, 0);
	rep[FNL_REP_INDUSTRIES] = fnl_value_list(NULL, 0);
	rep[FNL_REP_LINE_COUNT] = fnl_value_i64(0);
	rep[FNL_REP_WATCHED_COUNT] = fnl_value_i64(0);
	rep[FNL_REP_TOTALS] = fnl_value_list(NULL, 0);
	rep[FNL_REP_RUNNING] = fnl_value_list(NULL, 0);
	rep[FNL_REP_QUOTA_YEARS] = fnl_value_list(NULL, 0);
	rep[FNL_REP_WON] = rep[FNL_REP_WON_YEARS] = fnl_value_list(NULL, 0);
	rep[FNL_REP_WON_SEQUENCE] = fnl_value_i64(0);
	rep[FNL_REP_RESIGNED] = rep[FNL_REP_ERASED] = fnl_value_i64(0);
	rep[FNL_REP_DIRECTORY_SEQUENCE] = fnl_value_i64(0);
	return rep;
}

/* A line that takes itself away: GONE, or ERASED with all that was kept of it. */
static bool takes_away(int64_t state)
{
	return state == FNL_LINE_STATE_GONE || state == FNL_LINE_STATE_ERASED;
}

bool fnl_book_line_is_over(const struct fnl_value *line, size_t image_count)
{
	return image_count == 0 && line[FNL_LINE_STATE].i64 == FNL_LINE_STATE_GONE && !line[FNL_LINE_CREDIT].set;
}

/* The last layer of the funnel that the line was in. A row from before it was kept may be in one. */
static int64_t known_layer(const struct fnl_value *before, const struct fnl_value *event)
{
	int64_t layer = event[FNL_BOOK_LINE_LAYER].i64;
	int64_t state = event[FNL_BOOK_LINE_STATE].i64;
	if (takes_away(state)) {
		return FNL_LAYER_NONE;
	}
	if (fnl_layer_in_funnel((int)layer)) {
		return layer;
	}
	if (!before || before[FNL_LINE_STATE].i64 == FNL_LINE_STATE_GONE) {
		return FNL_LAYER_NONE;
	}
	bool was_in = fnl_layer_in_funnel((int)before[FNL_LINE_LAYER].i64);
	return before[was_in ? FNL_LINE_LAYER : FNL_LINE_KNOWN_LAYER].i64;
}

/* The line as the event has it. */
static struct fnl_value *line_of(const struct fnl_book_in *in, const struct fnl_value *event)
{
	struct fnl_value *line = fnl_arena_calloc(in->arena, FNL_LINE_FIELD_COUNT, sizeof(*line));
	const struct fnl_value *day = &event[FNL_BOOK_LINE_EXPECTED_CLOSE_DATE];
	if (!line) {
		return NULL;
	}
	line[FNL_LINE_BOOK] = event[FNL_BOOK_LINE_BOOK];
	line[FNL_LINE_PROSPECT_ID] = event[FNL_BOOK_LINE_PROSPECT_ID];
	line[FNL_LINE_SEQUENCE] = event[FNL_BOOK_LINE_SEQUENCE];
	line[FNL_LINE_EFFECTIVE_AT] = event[FNL_BOOK_LINE_OCCURRED_AT];
	if (day->set) {
		line[FNL_LINE_FISCAL_YEAR] = fnl_value_i64(fnl_fiscal_year(in->rules, day->i64));
	}
	line[FNL_LINE_YEAR_START] = fnl_value_i64(fnl_fiscal_year_start(in->rules));
	memcpy(line + FNL_LINE_STATE, event + FNL_BOOK_LINE_STATE, FNL_BOOK_VALUE_COUNT * sizeof(*line));
	line[FNL_LINE_IMAGES] = fnl_value_list(NULL, 0);
	line[FNL_LINE_TOLD] = fnl_value_i64(0);
	line[FNL_LINE_KNOWN_LAYER] = fnl_value_i64(known_layer(in->line, event));
	if (in->line && event[FNL_BOOK_LINE_STATE].i64 == FNL_LINE_STATE_OWNED) { /* what is asked of it holds on */
		line[FNL_LINE_ASKED] = in->line[FNL_LINE_ASKED];
	}
	return fnl_book_credit_of(line, in->arena, &line[FNL_LINE_CREDIT]) == FNL_OK ? line : NULL;
}

static int move_sums(const struct fnl_book_in *in, struct fnl_value *rep, const struct fnl_value *line,
                     struct fnl_book_out *out, struct fnl_error *why)
{
	struct fnl_book_moved moved;
	int r = fnl_book_sums_move(rep, in->line, line, in->arena, &moved);
	if (r == FNL_E_LIMIT) {
		return fnl_fail(why, r, "the sums of a book go beyond 64 bits or %d entries", FNL_BOOK_TOTALS_MAX);
	}
	if (r < 0) {
		return r == FNL_E_STATE ? fnl_fail(why, r, "a line is not among the sums of its book") : r;
	}
	if (moved.to_tell) {
		fnl_book_mark_change(rep, in->cause_id, in->correlation_id);
	}
	if (moved.won) {
		fnl_book_mark_won(rep, in->cause_id, in->correlation_id);
	}
	if (moved.to_tell || moved.won) {
		fnl_book_arm(rep, in->rules, in->now_ms);
	}
	if (!in->rep || moved.sums) {
		out->rep_change = FNL_ROW_PUT;
		out->rep = rep;
		return fnl_book_directory(in, rep, out);
	}
	return FNL_OK;
}

/* The image says nothing new: newer was known, or there is nothing to take away. One that is GONE stays for its images
 * only: the prospect may have come anew since, and counts from 1 then; but not while it is a win. */
static bool is_known(const struct fnl_book_in *in, const struct fnl_value *line)
{
	int64_t state = line[FNL_LINE_STATE].i64;
	bool there = in->line && (in->line[FNL_LINE_STATE].i64 != FNL_LINE_STATE_GONE || in->line[FNL_LINE_CREDIT].set);
	if (state == FNL_LINE_STATE_ERASED) {
		return !in->line;
	}
	if (!there) {
		return state == FNL_LINE_STATE_GONE && !line[FNL_LINE_CREDIT].set;
	}
	return line[FNL_LINE_SEQUENCE].i64 <= in->line[FNL_LINE_SEQUENCE].i64;
}

int fnl_book_line(const struct fnl_book_in *in, const struct fnl_value *event, struct fnl_book_out *ret,
                  struct fnl_error *why)
{
	struct fnl_book_out out = {.rep_change = FNL_ROW_KEEP, .line_change = FNL_ROW_KEEP};
	int r = fnl_input_check(&fnl_desc_book_line, event, why);
	if (r < 0) {
		return r;
	}
	int64_t state = event[FNL_BOOK_LINE_STATE].i64;
	bool erased = state == FNL_LINE_STATE_ERASED;
	if (erased && in->rep) {
		out.erased_years = in->rep[FNL_REP_QUOTA_YEARS].list;
	}
	struct fnl_value *line = line_of(in, event);
	if (!line) {
		return FNL_E_NOMEM;
	}
	if (is_known(in, line)) {
		out.stale = out.erased_years.count == 0;
		*ret = out;
		return FNL_OK;
	}
	struct fnl_value *rep = fnl_book_open_rep(in, event[FNL_BOOK_LINE_BOOK].str);
	if (!rep) {
		return FNL_E_NOMEM;
	}
	r = erased ? FNL_OK : fnl_book_images_after(in, rep, in->line, line, &line[FNL_LINE_IMAGES]);
	r = r ? r : move_sums(in, rep, line, &out, why);
	if (r < 0) {
		return r;
	}
	bool goes = erased || fnl_book_line_is_over(line, line[FNL_LINE_IMAGES].list.count);
	out.line_change = goes ? FNL_ROW_DELETE : FNL_ROW_PUT;
	out.line = goes ? NULL : line;
	*ret = out;
	return FNL_OK;
}

int fnl_book_rep_changed(const struct fnl_book_in *in, const struct fnl_value *event, struct fnl_book_out *ret,
                         struct fnl_error *why)
{
	struct fnl_book_out out = {.rep_change = FNL_ROW_KEEP, .line_change = FNL_ROW_KEEP};
	int r = fnl_input_check(&fnl_desc_rep_changed, event, why);
	if (r < 0) {
		return r;
	}
	if (in->rep && event[FNL_REP_CHANGED_VERSION].i64 <= in->rep[FNL_REP_VERSION].i64) {
		out.stale = true;
		*ret = out;
		return FNL_OK;
	}
	struct fnl_span book = in->rep ? FNL_SPAN_NONE : fnl_book_name(event[FNL_REP_CHANGED_REP_ID].str, in->arena);
	if (!in->rep && fnl_span_is_none(book)) {
		return FNL_E_NOMEM;
	}
	struct fnl_value *rep = fnl_book_open_rep(in, book);
	if (!rep) {
		return FNL_E_NOMEM;
	}
	memcpy(rep + FNL_REP_VERSION, event + FNL_REP_CHANGED_VERSION,
	       (FNL_REP_EMPLOYED_FROM - FNL_REP_VERSION + 1) * sizeof(*rep));
	rep[FNL_REP_ERASED].i64 = 0;
	fnl_cell_rep_changed(in->rep, rep, in->now_ms, in->cause_id, in->correlation_id);
	r = fnl_book_won_rep_changed(in, rep);
	r = r ? r : fnl_book_directory(in, rep, &out);
	if (r < 0) {
		return r;
	}
	out.rep_change = FNL_ROW_PUT;
	out.rep = rep;
	*ret = out;
	return FNL_OK;
}

/* The running sums of the years whose quota was opened. */
static int told_running(const struct fnl_book_in *in, struct fnl_value *ret)
{
	struct fnl_list all = in->rep[FNL_REP_RUNNING].list;
	struct fnl_value *items = fnl_arena_alloc(in->arena, (all.count + 1) * sizeof(*items));
	size_t count = 0;
	if (!items) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < all.count; i++) {
		if (fnl_book_has_year(in->rep, all.items[i].list.items[FNL_RUNNING_TOTAL_FISCAL_YEAR].i64)) {
			items[count++] = all.items[i];
		}
	}
	*ret = fnl_value_list(items, count);
	return FNL_OK;
}

static int tell_running(const struct fnl_book_in *in, struct fnl_book_out *out)
{
	struct fnl_value *v = fnl_arena_calloc(in->arena, FNL_QUOTA_RECALCULATED_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_QUOTA_RECALCULATED_OCCURRED_AT] = fnl_value_i64(in->now_ms);
	v[FNL_QUOTA_RECALCULATED_REP_ID] = in->rep[FNL_REP_REP_ID];
	v[FNL_QUOTA_RECALCULATED_ORG_ID] = in->rep[FNL_REP_ORG_ID];
	v[FNL_QUOTA_RECALCULATED_MANAGER_ID] = in->rep[FNL_REP_MANAGER_ID];
	v[FNL_QUOTA_RECALCULATED_FISCAL_YEARS] = in->rep[FNL_REP_QUOTA_YEARS];
	v[FNL_QUOTA_RECALCULATED_RULES_VERSION] = fnl_value_i64(in->rules->version);
	out->event = (struct fnl_event_out){&fnl_desc_quota_recalculated, v};
	out->cause_id = in->rep[FNL_REP_CHANGE_CAUSE_ID].str;
	if (in->rep[FNL_REP_CHANGE_CORRELATION_ID].set) {
		out->correlation_id = in->rep[FNL_REP_CHANGE_CORRELATION_ID].str;
	}
	return told_running(in, &v[FNL_QUOTA_RECALCULATED_RUNNING]);
}

/* In a row of an older version it is what the row's only deadline says. */
static bool is_recalculation_due(const struct fnl_book_in *in)
{
	const struct fnl_value *due = &in->rep[FNL_REP_RECALCULATION_DUE_AT];
	return in->rep[FNL_REP_CHANGE_CAUSE_ID].set && (!due->set || due->i64 <= in->now_ms);
}

static int recalculate(const struct fnl_book_in *in, struct fnl_value *rep, struct fnl_book_out *out)
{
	if (rep[FNL_REP_REP_ID].set) {
		int r = tell_running(in, out);
		if (r < 0) {
			return r;
		}
		rep[FNL_REP_TOLD_AT] = fnl_value_i64(in->now_ms);
	}
	rep[FNL_REP_CHANGE_CAUSE_ID] = fnl_value_null();
	rep[FNL_REP_CHANGE_CORRELATION_ID] = fnl_value_null();
	return FNL_OK;
}

int fnl_book_timer(const struct fnl_book_in *in, struct fnl_book_out *ret, struct fnl_error *why)
{
	struct fnl_book_out out = {.rep_change = FNL_ROW_KEEP, .line_change = FNL_ROW_KEEP};
	(void)why;
	if (!in->rep || !in->rep[FNL_REP_NEXT_DEADLINE_AT].set || in->rep[FNL_REP_NEXT_DEADLINE_AT].i64 > in->now_ms) {
		out.stale = true;
		*ret = out;
		return FNL_OK;
	}
	struct fnl_value *rep = fnl_book_open_rep(in, FNL_SPAN_NONE);
	if (!rep) {
		return FNL_E_NOMEM;
	}
	int r = fnl_book_directory_due(in, rep, &out);
	r = r == 0 && is_recalculation_due(in) ? recalculate(in, rep, &out) : r;
	if (r < 0) {
		return r;
	}
	fnl_book_arm(rep, in->rules, in->now_ms);
	out.rep_change = FNL_ROW_PUT;
	out.rep = rep;
	*ret = out;
	return FNL_OK;
}
