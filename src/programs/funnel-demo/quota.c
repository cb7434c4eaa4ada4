#include "quota.h"

#include <stdio.h>
#include <stdlib.h>

#include "send.h"
#include "simulate.h"

enum { ARENA_BYTES = 4 << 20, COMMAND_COLUMNS = 9, COMMAND_BYTES = 40, LINES_AT_FIRST = 256 };

int quota_open(struct world *w, int year, int64_t issued_at_ms, int64_t as_of_ms, struct fnl_error *why)
{
	static const char *const names[COMMAND_COLUMNS] = {
		"event", "command_id", "occurred_at", "issued_by", "org_id", "fiscal_year", "as_of", "run_id", "base_currency"};
	char id[COMMAND_BYTES];
	char fiscal_year[COMMAND_BYTES];
	char issued_at[COMMAND_BYTES];
	char as_of[COMMAND_BYTES];
	snprintf(id, sizeof(id), "quota-%d", year);
	snprintf(fiscal_year, sizeof(fiscal_year), "%d", year);
	snprintf(issued_at, sizeof(issued_at), "%lld", (long long)issued_at_ms);
	snprintf(as_of, sizeof(as_of), "%lld", (long long)as_of_ms);
	const char *texts[COMMAND_COLUMNS] = {"open_quota_year", id,    issued_at, "head-of-sales", FNL_SIM_ORG_ID,
	                                      fiscal_year,       as_of, id,        QUOTA_CURRENCY};
	return send_row(w, names, texts, COMMAND_COLUMNS, why);
}

/* "R-07" to 7, "P-0012" to 12; 0: absent. */
static int64_t number_of(const struct fnl_value *id)
{
	int64_t n = 0;
	if (id->set && id->str.len > 2) {
		fnl_parse_decimal(fnl_span_of(id->str.data + 2, id->str.len - 2), &n);
	}
	return n;
}

struct reading {
	struct quotas *q;
	struct fnl_arena arena;
	struct fnl_error *why;
};

/* NULL: none of ours. */
static struct quota_rep *rep_of(struct reading *r, const struct fnl_value *id)
{
	int64_t n = number_of(id);
	return n >= 0 && (size_t)n <= r->q->reps ? &r->q->at[n] : NULL;
}

static struct quota_total *total_of(struct quotas *q, int64_t layer, const struct fnl_value *currency)
{
	char code[4] = "";
	if (currency->set) {
		memcpy(code, currency->str.data, currency->str.len < 3 ? currency->str.len : 3);
	}
	size_t at = 0;
	while (at < q->total_count && (q->totals[at].layer != layer || strcmp(q->totals[at].currency, code) != 0)) {
		at++;
	}
	if (at == q->total_count && q->total_count < QUOTA_TOTALS_MAX) {
		q->totals[q->total_count++].layer = (int)layer;
		memcpy(q->totals[at].currency, code, sizeof(code));
	}
	return at < QUOTA_TOTALS_MAX ? &q->totals[at] : NULL;
}

static bool is_base(const struct fnl_value *currency)
{
	return currency->set && fnl_span_eq(currency->str, FNL_SPAN_LIT(QUOTA_CURRENCY));
}

static int take_rep(struct reading *r, const struct fnl_value *v)
{
	struct quota_rep *rep = rep_of(r, &v[FNL_REP_REP_ID]);
	struct fnl_list totals = v[FNL_REP_TOTALS].list;
	struct fnl_list running = v[FNL_REP_RUNNING].list;
	if (!rep) {
		return fnl_fail(r->why, FNL_E_INVALID, "a book that is nobody's");
	}
	rep->known = true;
	for (size_t i = 0; i < totals.count; i++) {
		const struct fnl_value *t = totals.items[i].list.items;
		fnl_weighted weighted =
			fnl_weighted_of(t[FNL_BOOK_TOTAL_WEIGHTED_MINOR].i64, t[FNL_BOOK_TOTAL_WEIGHTED_E4].i64);
		struct quota_total *total = total_of(r->q, t[FNL_BOOK_TOTAL_LAYER].i64, &t[FNL_BOOK_TOTAL_CURRENCY]);
		if (!total) {
			return fnl_fail(r->why, FNL_E_LIMIT, "too many sums");
		}
		total->count += (uint64_t)t[FNL_BOOK_TOTAL_COUNT].i64;
		total->amount_minor += t[FNL_BOOK_TOTAL_AMOUNT_MINOR].i64;
		total->weighted += weighted;
		rep->funnel += is_base(&t[FNL_BOOK_TOTAL_CURRENCY]) ? weighted : 0;
	}
	for (size_t i = 0; i < running.count; i++) {
		const struct fnl_value *t = running.items[i].list.items;
		if (t[FNL_RUNNING_TOTAL_FISCAL_YEAR].i64 == r->q->year && is_base(&t[FNL_RUNNING_TOTAL_CURRENCY])) {
			rep->running =
				fnl_weighted_of(t[FNL_RUNNING_TOTAL_WEIGHTED_MINOR].i64, t[FNL_RUNNING_TOTAL_WEIGHTED_E4].i64);
		}
	}
	return 0;
}

static int take_quota(struct reading *r, const struct fnl_value *v)
{
	struct quota_rep *rep = rep_of(r, &v[FNL_QUOTA_SET_REP_ID]);
	if (!rep || v[FNL_QUOTA_SET_FISCAL_YEAR].i64 != r->q->year) {
		return fnl_fail(r->why, FNL_E_INVALID, "a quota that nobody asked for");
	}
	rep->opened = true;
	rep->state = (int)v[FNL_QUOTA_SET_STATE].i64;
	rep->minor = v[FNL_QUOTA_SET_QUOTA].set ? v[FNL_QUOTA_SET_QUOTA].money.amount_minor : 0;
	rep->rounding = fnl_weighted_of(v[FNL_QUOTA_SET_ROUNDING_MINOR].i64, v[FNL_QUOTA_SET_ROUNDING_E4].i64);
	rep->counted = (uint64_t)v[FNL_QUOTA_SET_COUNTED_COUNT].i64;
	rep->left_out = (uint64_t)v[FNL_QUOTA_SET_LEFT_OUT_COUNT].i64;
	return 0;
}

static int add_line(struct quotas *q, const struct quota_line *line)
{
	if (q->line_count == q->line_capacity) {
		size_t capacity = q->line_capacity ? q->line_capacity * 2 : LINES_AT_FIRST;
		struct quota_line *more = fnl_reallocarray(q->lines, capacity, sizeof(*more));
		if (!more) {
			return FNL_E_NOMEM;
		}
		q->lines = more;
		q->line_capacity = capacity;
	}
	q->lines[q->line_count++] = *line;
	return 0;
}

static int take_line(struct reading *r, const struct fnl_value *v)
{
	struct quota_rep *rep = rep_of(r, &v[FNL_QUOTA_LINE_REP_ID]);
	struct quota_line line = {
		.rep = (size_t)number_of(&v[FNL_QUOTA_LINE_REP_ID]),
		.prospect = number_of(&v[FNL_QUOTA_LINE_PROSPECT_ID]),
		.reason = (int)v[FNL_QUOTA_LINE_REASON].i64,
		.layer = (int)v[FNL_QUOTA_LINE_LAYER].i64,
		.weight_bp = v[FNL_QUOTA_LINE_WEIGHT_BP].i64,
		.amount = v[FNL_QUOTA_LINE_AMOUNT],
		.close_date = v[FNL_QUOTA_LINE_EXPECTED_CLOSE_DATE],
		.weighted = fnl_weighted_of(v[FNL_QUOTA_LINE_WEIGHTED_MINOR].i64, v[FNL_QUOTA_LINE_WEIGHTED_E4].i64)};
	if (!rep) {
		return fnl_fail(r->why, FNL_E_INVALID, "a line of a quota that nobody asked for");
	}
	bool counts = line.reason == FNL_QUOTA_REASON_COUNTED;
	rep->lines += counts ? line.weighted : 0;
	rep->lines_counted += counts;
	rep->lines_left_out += !counts;
	return add_line(r->q, &line);
}

static int on_row(void *context, const struct fnl_row_entry *row)
{
	static const struct {
		const char *table;
		const struct fnl_record_desc *desc;
		int (*take)(struct reading *r, const struct fnl_value *v);
	} tables[] = {
		{"rep", &fnl_desc_rep, take_rep},
		{"quota", &fnl_desc_quota_set, take_quota},
		{"quota_line", &fnl_desc_quota_line, take_line},
	};
	struct reading *r = context;
	struct fnl_value values[FNL_RECORD_FIELDS_MAX];
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (fnl_span_eq(row->table, fnl_span_str(tables[i].table))) {
			fnl_arena_reset(&r->arena);
			int status = fnl_rows_decode(row, tables[i].desc, &r->arena, values, r->why);
			return status ? status : tables[i].take(r, values);
		}
	}
	return 0;
}

/* Lines of books are many, and nobody asks for them here. */
static bool is_wanted(void *context, struct fnl_span key)
{
	(void)context;
	return key.len < 5 || memcmp(key.data, "line|", 5) != 0;
}

static int by_weight(const void *a, const void *b)
{
	const struct quota_line *x = a;
	const struct quota_line *y = b;
	if (x->rep != y->rep) {
		return x->rep < y->rep ? -1 : 1;
	}
	if (x->weighted != y->weighted) {
		return x->weighted > y->weighted ? -1 : 1;
	}
	return x->prospect < y->prospect ? -1 : x->prospect > y->prospect;
}

int quota_read(struct world *w, int year, size_t reps, struct quotas *ret, struct fnl_error *why)
{
	struct quotas q = {.year = year, .reps = reps, .at = fnl_calloc(reps + 1, sizeof(*q.at))};
	struct fnl_rows rows = {.wanted = is_wanted};
	struct reading r = {.q = &q, .why = why};
	if (!q.at) {
		return fnl_fail(why, FNL_E_NOMEM, "out of memory");
	}
	fnl_arena_init(&r.arena, ARENA_BYTES);
	int status = fnl_rows_read(&rows, w->bus, w->topics[FNL_TOPIC_REPS], why);
	status = status ? status : fnl_rows_each(&rows, on_row, &r);
	fnl_rows_deinit(&rows);
	fnl_arena_deinit(&r.arena);
	if (status) {
		quota_deinit(&q);
		return status;
	}
	if (q.line_count) {
		qsort(q.lines, q.line_count, sizeof(*q.lines), by_weight);
	}
	*ret = q;
	return 0;
}

void quota_deinit(struct quotas *q)
{
	fnl_free(q->at);
	fnl_free(q->lines);
	*q = (struct quotas){0};
}

int64_t quota_sum(const struct quotas *q)
{
	int64_t sum = 0;
	for (size_t i = 1; i <= q->reps; i++) {
		sum += q->at[i].minor;
	}
	return sum;
}

int64_t quota_running(const struct quotas *q)
{
	fnl_weighted sum = 0;
	for (size_t i = 1; i <= q->reps; i++) {
		sum += q->at[i].running;
	}
	return (int64_t)fnl_div_half_even(sum, FNL_BP_ONE);
}

/* How many reasons there are among a rep's lines. */
static int reasons_of(const struct quotas *q, size_t rep)
{
	unsigned seen = 0;
	for (size_t i = 0; i < q->line_count; i++) {
		seen |= q->lines[i].rep == rep ? 1U << q->lines[i].reason : 0;
	}
	return __builtin_popcount(seen);
}

size_t quota_example(const struct quotas *q)
{
	size_t best = 1;
	for (size_t i = 2; i <= q->reps; i++) {
		int more = reasons_of(q, i) - reasons_of(q, best);
		if (more > 0 || (more == 0 && q->at[i].minor > q->at[best].minor)) {
			best = i;
		}
	}
	return best;
}
