/* Frozen lines on their way from one quota into others. */
#include "funneld/core/quota_moves.h"

#include "quota_internal.h"

#define M(field) FNL_QUOTA_MOVES_##field

_Static_assert(2 * FNL_QUOTA_GOING_TOLD <= 128, "a step tells no more than the engine takes");

/* A firing on its way: copies of what it changes. */
struct walk {
	const struct fnl_quota_moves_in *in;
	struct fnl_quota_moves_out *out;
	struct fnl_value *row;
};

static struct fnl_value *line_of(struct fnl_span prospect_id, struct fnl_span to_rep_id, struct fnl_arena *arena)
{
	struct fnl_value *v = fnl_arena_calloc(arena, FNL_MOVED_LINE_FIELD_COUNT, sizeof(*v));
	if (v) {
		v[FNL_MOVED_LINE_PROSPECT_ID] = fnl_value_str(prospect_id);
		v[FNL_MOVED_LINE_TO_REP_ID] = fnl_value_str(to_rep_id);
	}
	return v;
}

int fnl_quota_moves_begin(const struct fnl_quota_moves_begin *b, struct fnl_arena *arena, struct fnl_value **ret)
{
	struct fnl_value *row = fnl_arena_calloc(arena, M(FIELD_COUNT), sizeof(*row));
	struct fnl_value *items = fnl_arena_calloc(arena, b->count + 1, sizeof(*items));
	if (!row || !items) {
		return FNL_E_NOMEM;
	}
	if (b->count > FNL_QUOTA_GOING_MAX) {
		return FNL_E_LIMIT;
	}
	for (size_t i = 0; i < b->count; i++) {
		struct fnl_value *line = line_of(b->prospect_ids[i], b->to_rep_ids[i], arena);
		if (!line) {
			return FNL_E_NOMEM;
		}
		items[i] = fnl_value_list(line, FNL_MOVED_LINE_FIELD_COUNT);
	}
	row[M(NEXT_DEADLINE_AT)] = fnl_value_i64(b->now_ms);
	row[M(BOOK)] = fnl_value_str(b->book);
	row[M(CAUSE)] = fnl_value_i64(b->cause);
	row[M(REFERENCE)] = fnl_value_str(b->reference);
	row[M(AT)] = fnl_value_i64(b->at_ms);
	row[M(LINES)] = fnl_value_list(items, b->count);
	row[M(LINE_AT)] = fnl_value_i64(0);
	row[M(LISTED)] = fnl_value_i64(b->count > 0);
	row[M(SUMS)] = fnl_value_list(NULL, 0);
	row[M(CAUSE_ID)] = fnl_value_str(b->cause_id);
	row[M(CORRELATION_ID)] = fnl_value_str_or_null(b->correlation_id);
	*ret = row;
	return FNL_OK;
}

struct fnl_quota_moves_need fnl_quota_moves_needs(const struct fnl_value *row)
{
	struct fnl_quota_moves_need need = {.work = FNL_QUOTA_GOING_YEARS};
	struct fnl_list lines = row[M(LINES)].list;
	if (!row[M(YEARS)].set || row[M(YEARS)].list.count == 0) {
		return need;
	}
	need.fiscal_year = (int32_t)row[M(YEARS)].list.items[0].i64;
	for (size_t i = (size_t)row[M(LINE_AT)].i64; i < lines.count && need.count < FNL_QUOTA_GOING_LINES; i++) {
		need.prospect_ids[need.count++] = lines.items[i].list.items[FNL_MOVED_LINE_PROSPECT_ID].str;
	}
	need.after = row[M(AFTER)].set ? row[M(AFTER)].str : FNL_SPAN_NONE;
	need.work = need.count > 0            ? FNL_QUOTA_GOING_LOOK
	            : row[M(LISTED)].i64 == 0 ? FNL_QUOTA_GOING_PAGE
	                                      : FNL_QUOTA_GOING_TELL;
	return need;
}

/* ---- the years ---- */

/* Those that were opened for him and are not over. */
static int list_years(struct walk *w)
{
	const struct fnl_quota_moves_in *in = w->in;
	struct fnl_list years = in->rep ? in->rep[FNL_REP_QUOTA_YEARS].list : (struct fnl_list){NULL, 0};
	struct fnl_value *items = fnl_arena_alloc(in->arena, (years.count + 1) * sizeof(*items));
	int32_t now = fnl_fiscal_year(in->rules, fnl_local_day(&in->rules->calendar, in->now_ms));
	size_t count = 0;
	if (!items) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < years.count; i++) {
		if (years.items[i].i64 >= now) {
			items[count++] = years.items[i];
		}
	}
	w->row[M(YEARS)] = fnl_value_list(items, count);
	return FNL_OK;
}

/* The next one begins: of a handover with its first task, of a proposal with its first line. */
static void next_year(struct walk *w)
{
	struct fnl_list years = w->row[M(YEARS)].list;
	bool handover = w->row[M(AFTER)].set;
	w->row[M(YEARS)] = fnl_value_list(years.items + 1, years.count - 1);
	w->row[M(LINE_AT)] = fnl_value_i64(0);
	w->row[M(SUMS)] = fnl_value_list(NULL, 0);
	if (handover) {
		w->row[M(LINES)] = fnl_value_list(NULL, 0);
		w->row[M(LISTED)] = fnl_value_i64(0);
		w->row[M(AFTER)] = fnl_value_null();
	}
}

static bool is_frozen(const struct fnl_value *quota)
{
	return quota && quota[FNL_QUOTA_SET_STATE].i64 == FNL_QUOTA_STATE_FROZEN;
}

/* ---- tasks ---- */

static bool has_gone(const struct walk *w, const struct fnl_value *task)
{
	int64_t state = task[FNL_TASK_STATE].i64;
	return fnl_span_eq(task[FNL_TASK_NOTICE_ID].str, w->row[M(REFERENCE)].str) &&
	       (state == FNL_TASK_STATE_DONE || state == FNL_TASK_STATE_WAIVED) && task[FNL_TASK_SUCCESSOR_ID].set &&
	       task[FNL_TASK_REASSIGN].i64 == FNL_REASSIGN_STATE_DONE;
}

static int list_tasks(struct walk *w)
{
	const struct fnl_quota_moves_in *in = w->in;
	struct fnl_value *items = fnl_arena_alloc(in->arena, (in->page_count + 1) * sizeof(*items));
	size_t count = 0;
	if (!items) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < in->page_count; i++) {
		const struct fnl_value *task = in->page[i];
		if (!has_gone(w, task)) {
			continue;
		}
		struct fnl_value *line = line_of(task[FNL_TASK_PROSPECT_ID].str, task[FNL_TASK_SUCCESSOR_ID].str, in->arena);
		if (!line) {
			return FNL_E_NOMEM;
		}
		items[count++] = fnl_value_list(line, FNL_MOVED_LINE_FIELD_COUNT);
	}
	w->row[M(LINES)] = fnl_value_list(items, count);
	w->row[M(LINE_AT)] = fnl_value_i64(0);
	if (in->page_count > 0) {
		w->row[M(AFTER)] = in->page[in->page_count - 1][FNL_TASK_PROSPECT_ID];
	}
	w->row[M(LISTED)] = fnl_value_i64(in->page_last || in->page_count == 0);
	return FNL_OK;
}

/* ---- lines ---- */

/* What the line counts in its quota; of a version that did not say it, what it weighs. */
static fnl_weighted value_of(const struct fnl_value *line)
{
	bool told = line[FNL_QUOTA_LINE_VALUE_MINOR].set;
	return fnl_weighted_of(line[told ? FNL_QUOTA_LINE_VALUE_MINOR : FNL_QUOTA_LINE_WEIGHTED_MINOR].i64,
	                       line[told ? FNL_QUOTA_LINE_VALUE_E4 : FNL_QUOTA_LINE_WEIGHTED_E4].i64);
}

/* To the receiver's sum, in a copy of the list, which is in the order of ids. */
static int add(struct walk *w, struct fnl_span to_rep_id, fnl_weighted value)
{
	struct fnl_list old = w->row[M(SUMS)].list;
	struct fnl_value *items = fnl_arena_alloc(w->in->arena, (old.count + 1) * sizeof(*items));
	struct fnl_value *sum = fnl_arena_calloc(w->in->arena, FNL_MOVED_SUM_FIELD_COUNT, sizeof(*sum));
	size_t at = 0;
	int64_t minor = 0, count = 1;
	int32_t e4 = 0;
	if (!items || !sum) {
		return FNL_E_NOMEM;
	}
	while (at < old.count && fnl_span_cmp(old.items[at].list.items[FNL_MOVED_SUM_TO_REP_ID].str, to_rep_id) < 0) {
		items[at] = old.items[at];
		at++;
	}
	bool known = at < old.count && fnl_span_eq(old.items[at].list.items[FNL_MOVED_SUM_TO_REP_ID].str, to_rep_id);
	if (known) {
		const struct fnl_value *v = old.items[at].list.items;
		value += fnl_weighted_of(v[FNL_MOVED_SUM_VALUE_MINOR].i64, v[FNL_MOVED_SUM_VALUE_E4].i64);
		count += v[FNL_MOVED_SUM_LINE_COUNT].i64;
	} else if (old.count == FNL_QUOTA_GOING_MAX) {
		return FNL_E_LIMIT;
	}
	int r = fnl_weighted_split(value, &minor, &e4);
	sum[FNL_MOVED_SUM_TO_REP_ID] = fnl_value_str(to_rep_id);
	sum[FNL_MOVED_SUM_LINE_COUNT] = fnl_value_i64(count);
	sum[FNL_MOVED_SUM_VALUE_MINOR] = fnl_value_i64(minor);
	sum[FNL_MOVED_SUM_VALUE_E4] = fnl_value_i64(e4);
	items[at] = fnl_value_list(sum, FNL_MOVED_SUM_FIELD_COUNT);
	for (size_t i = at + known; i < old.count; i++) {
		items[i + 1 - known] = old.items[i];
	}
	w->row[M(SUMS)] = fnl_value_list(items, old.count + 1 - known);
	return r;
}

static int look_at(struct walk *w, size_t at, struct fnl_span to_rep_id)
{
	const struct fnl_value *line = w->in->lines[at];
	bool goes = line && line[FNL_QUOTA_LINE_REASON].i64 == FNL_QUOTA_REASON_COUNTED &&
	            !line[FNL_QUOTA_LINE_MOVED_TO_REP_ID].set &&
	            fnl_span_eq(line[FNL_QUOTA_LINE_RUN_ID].str, w->in->quota[FNL_QUOTA_SET_RUN_ID].str) &&
	            !fnl_span_eq(to_rep_id, fnl_book_rep_id(w->row[M(BOOK)].str));
	if (!goes) {
		return FNL_OK;
	}
	struct fnl_value *copy = fnl_values_copy(w->in->arena, line, FNL_QUOTA_LINE_FIELD_COUNT);
	if (!copy) {
		return FNL_E_NOMEM;
	}
	copy[FNL_QUOTA_LINE_MOVED_TO_REP_ID] = fnl_value_str(to_rep_id);
	copy[FNL_QUOTA_LINE_MOVED_BY] = w->row[M(REFERENCE)];
	w->out->lines[at] = copy;
	return add(w, to_rep_id, value_of(line));
}

static int look(struct walk *w, const struct fnl_quota_moves_need *need)
{
	struct fnl_list lines = w->row[M(LINES)].list;
	size_t from = (size_t)w->row[M(LINE_AT)].i64;
	int r = FNL_OK;
	if (!is_frozen(w->in->quota)) {
		next_year(w); /* there is nothing to take from */
		return FNL_OK;
	}
	for (size_t i = 0; i < need->count && r == FNL_OK; i++) {
		r = look_at(w, i, lines.items[from + i].list.items[FNL_MOVED_LINE_TO_REP_ID].str);
	}
	w->row[M(LINE_AT)].i64 += (int64_t)need->count;
	return r;
}

/* ---- what comes of it ---- */

static int send(struct walk *w, const struct fnl_value *sum)
{
	const struct fnl_value *quota = w->out->quota;
	struct fnl_value *v = fnl_arena_calloc(w->in->arena, FNL_QUOTA_MOVED_FIELD_COUNT, sizeof(*v));
	struct fnl_span book = fnl_book_name(sum[FNL_MOVED_SUM_TO_REP_ID].str, w->in->arena);
	bool handover = w->row[M(CAUSE)].i64 == FNL_REVISION_CAUSE_HANDOVER_OUT;
	if (!v || fnl_span_is_none(book)) {
		return FNL_E_NOMEM;
	}
	v[FNL_QUOTA_MOVED_SOURCE] = fnl_value_str(FNL_SPAN_LIT("rep"));
	v[FNL_QUOTA_MOVED_OCCURRED_AT] = w->row[M(AT)];
	v[FNL_QUOTA_MOVED_ORG_ID] = quota[FNL_QUOTA_SET_ORG_ID];
	v[FNL_QUOTA_MOVED_BOOK] = fnl_value_str(book);
	v[FNL_QUOTA_MOVED_FROM_REP_ID] = quota[FNL_QUOTA_SET_REP_ID];
	v[FNL_QUOTA_MOVED_FROM_REVISION] = quota[FNL_QUOTA_SET_REVISION];
	v[FNL_QUOTA_MOVED_FISCAL_YEAR] = quota[FNL_QUOTA_SET_FISCAL_YEAR];
	v[FNL_QUOTA_MOVED_RUN_ID] = quota[FNL_QUOTA_SET_RUN_ID];
	v[FNL_QUOTA_MOVED_AS_OF] = quota[FNL_QUOTA_SET_AS_OF];
	v[FNL_QUOTA_MOVED_RULES_VERSION] = quota[FNL_QUOTA_SET_RULES_VERSION];
	v[FNL_QUOTA_MOVED_CAUSE] =
		fnl_value_i64(handover ? FNL_REVISION_CAUSE_HANDOVER_IN : FNL_REVISION_CAUSE_PROPOSAL_IN);
	v[FNL_QUOTA_MOVED_REFERENCE] = w->row[M(REFERENCE)];
	v[FNL_QUOTA_MOVED_LINE_COUNT] = sum[FNL_MOVED_SUM_LINE_COUNT];
	v[FNL_QUOTA_MOVED_BASE_CURRENCY] = quota[FNL_QUOTA_SET_BASE_CURRENCY];
	v[FNL_QUOTA_MOVED_VALUE_MINOR] = sum[FNL_MOVED_SUM_VALUE_MINOR];
	w->out->events[w->out->event_count++] = (struct fnl_event_out){&fnl_desc_quota_moved, v};
	return FNL_OK;
}

static int tell_one(struct walk *w, const struct fnl_value *sum)
{
	struct fnl_quota_change c = {.cause = (int)w->row[M(CAUSE)].i64,
	                             .reference = w->row[M(REFERENCE)].str,
	                             .other_rep_id = sum[FNL_MOVED_SUM_TO_REP_ID].str,
	                             .line_count = sum[FNL_MOVED_SUM_LINE_COUNT].i64,
	                             .currency = w->out->quota[FNL_QUOTA_SET_BASE_CURRENCY].str,
	                             .difference_minor = -sum[FNL_MOVED_SUM_VALUE_MINOR].i64,
	                             .at_ms = w->row[M(AT)].i64};
	if (sum[FNL_MOVED_SUM_VALUE_MINOR].i64 == INT64_MIN) {
		return FNL_E_LIMIT;
	}
	int r = fnl_quota_revise(w->out->quota, &c, w->in->rep, w->in->arena, &w->out->events[w->out->event_count]);
	w->out->event_count += r == FNL_OK;
	return r ? r : send(w, sum);
}

static int tell(struct walk *w)
{
	struct fnl_list sums = w->row[M(SUMS)].list;
	size_t count = sums.count < FNL_QUOTA_GOING_TOLD ? sums.count : (size_t)FNL_QUOTA_GOING_TOLD;
	int r = FNL_OK;
	if (!is_frozen(w->in->quota) || !w->in->quota[FNL_QUOTA_SET_ORG_ID].set || count == 0) {
		next_year(w);
		return FNL_OK;
	}
	w->out->quota = fnl_values_copy(w->in->arena, w->in->quota, FNL_QUOTA_SET_FIELD_COUNT);
	w->out->events = fnl_arena_calloc(w->in->arena, 2 * count, sizeof(*w->out->events));
	if (!w->out->quota || !w->out->events) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < count && r == FNL_OK; i++) {
		r = tell_one(w, sums.items[i].list.items);
	}
	w->row[M(SUMS)] = fnl_value_list(sums.items + count, sums.count - count);
	if (count == sums.count) {
		next_year(w);
	}
	return r;
}

int fnl_quota_moves_step(const struct fnl_quota_moves_in *in, struct fnl_quota_moves_out *ret)
{
	struct fnl_quota_moves_out out = {.row = fnl_values_copy(in->arena, in->row, M(FIELD_COUNT))};
	struct walk w = {in, &out, out.row};
	struct fnl_quota_moves_need need = fnl_quota_moves_needs(in->row);
	int r = out.row ? FNL_OK : FNL_E_NOMEM;
	if (r < 0) {
		return r;
	}
	switch (need.work) {
	case FNL_QUOTA_GOING_YEARS:
		r = list_years(&w);
		break;
	case FNL_QUOTA_GOING_PAGE:
		r = list_tasks(&w);
		break;
	case FNL_QUOTA_GOING_LOOK:
		r = look(&w, &need);
		break;
	case FNL_QUOTA_GOING_TELL:
		r = tell(&w);
		break;
	}
	if (r < 0) {
		return r;
	}
	out.cause_id = in->row[M(CAUSE_ID)].str;
	out.correlation_id = in->row[M(CORRELATION_ID)].set ? in->row[M(CORRELATION_ID)].str : out.cause_id;
	out.row = w.row[M(YEARS)].list.count == 0 ? NULL : w.row;
	*ret = out;
	return FNL_OK;
}
