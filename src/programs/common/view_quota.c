#include "view_quota.h"

#include <stdlib.h>

#include "funneld_records.h"
#include "view_quota_since.h"

enum {
	E4 = 10000,
	FRONT_BYTES = 512,
	YEARS_MAX = 10000,
	AMOUNT_COLUMNS = 18,
	WEIGHTED_COLUMNS = 22,
	ID_COLUMNS_MIN = 8,
	ID_COLUMNS_MAX = 28
};
#define DAY_MS INT64_C(86400000)
#define ARENA_BYTES ((size_t)4 << 30)

struct quota_view {
	struct fnl_view_row quota;
	struct fnl_view_row *lines;
	size_t line_count;
	size_t capacity;
	struct fnl_quota_since since;
};

struct finder {
	struct fnl_span prefix; /* "<book>|<year>|" */
	struct quota_view *view;
	struct fnl_arena *arena;
	struct fnl_error *why;
};

static bool is_counted(const struct fnl_view_row *line)
{
	return line->decoded.values[FNL_QUOTA_LINE_REASON].i64 == FNL_QUOTA_REASON_COUNTED;
}

/* What it counts, in the quota's currency; of one that is left out, or of an older version, what its own makes. */
static __int128 worth_of(const struct fnl_view_row *line)
{
	const struct fnl_value *v = line->decoded.values;
	bool told = v[FNL_QUOTA_LINE_VALUE_MINOR].set;
	return (__int128)v[told ? FNL_QUOTA_LINE_VALUE_MINOR : FNL_QUOTA_LINE_WEIGHTED_MINOR].i64 * E4 +
	       v[told ? FNL_QUOTA_LINE_VALUE_E4 : FNL_QUOTA_LINE_WEIGHTED_E4].i64;
}

static int on_row(void *context, const struct fnl_row_entry *row)
{
	struct finder *f = context;
	struct quota_view *v = f->view;
	if (!fnl_span_eq(row->table, FNL_SPAN_LIT("quota_line")) || row->key.len <= f->prefix.len ||
	    memcmp(row->key.data, f->prefix.data, f->prefix.len) != 0) {
		return 0;
	}
	if (v->line_count == v->capacity) {
		size_t capacity = v->capacity ? 2 * v->capacity : 64;
		struct fnl_view_row *grown = fnl_reallocarray(v->lines, capacity, sizeof(*grown));
		if (!grown) {
			return fnl_fail(f->why, FNL_E_NOMEM, "out of memory");
		}
		v->lines = grown;
		v->capacity = capacity;
	}
	return fnl_view_row_decode(row, &fnl_desc_quota_line, f->arena, &v->lines[v->line_count++], f->why);
}

/* Only lines of the quota's own run: a later run of the same year replaces them one by one. */
static void drop_other_runs(struct quota_view *v)
{
	struct fnl_span run = v->quota.decoded.values[FNL_QUOTA_SET_RUN_ID].str;
	size_t kept = 0;
	for (size_t i = 0; i < v->line_count; i++) {
		if (fnl_span_eq(v->lines[i].decoded.values[FNL_QUOTA_LINE_RUN_ID].str, run)) {
			v->lines[kept++] = v->lines[i];
		}
	}
	v->line_count = kept;
}

static int by_prospect(const void *a, const void *b)
{
	const struct fnl_view_row *x = a, *y = b;
	return fnl_span_cmp(x->decoded.values[FNL_QUOTA_LINE_PROSPECT_ID].str,
	                    y->decoded.values[FNL_QUOTA_LINE_PROSPECT_ID].str);
}

/* The largest first. */
static int by_weight(const void *a, const void *b)
{
	__int128 x = worth_of(a), y = worth_of(b);
	return x != y ? (x < y) - (x > y) : by_prospect(a, b);
}

static int find(const struct fnl_rows *rows, struct fnl_span book, int32_t year, struct fnl_arena *arena,
                struct quota_view *ret, struct fnl_error *why)
{
	char prefix[512];
	int n = snprintf(prefix, sizeof(prefix), "%.*s|%d|", (int)book.len, (const char *)book.data, (int)year);
	if (n <= 0 || (size_t)n >= sizeof(prefix)) {
		return FNL_VIEW_NO_SUCH_QUOTA;
	}
	const struct fnl_row_entry *row = fnl_rows_find(rows, "quota", fnl_span_of(prefix, (size_t)n - 1), 0);
	int status = fnl_view_row_decode(row, &fnl_desc_quota_set, arena, &ret->quota, why);
	if (status == 0 && !row) {
		return FNL_VIEW_NO_SUCH_QUOTA;
	}
	struct finder f = {fnl_span_of(prefix, (size_t)n), ret, arena, why};
	status = status ? status : fnl_rows_each(rows, on_row, &f);
	if (status == 0) {
		drop_other_runs(ret);
		status = fnl_quota_since_find(rows, book, ret->quota.decoded.values, arena, &ret->since, why);
	}
	return status;
}

/* The changelog key is table, '|', and a row key that begins with `front`; or all of it is front. */
static bool is_row(struct fnl_span key, const char *table, const char *front, bool whole)
{
	size_t a = strlen(table), b = strlen(front);
	return key.len >= a + 1 + b && (!whole || key.len == a + 1 + b) && memcmp(key.data, table, a) == 0 &&
	       key.data[a] == '|' && memcmp(key.data + a + 1, front, b) == 0;
}

/* A rep's year in any organisation: "year|<org>|<year>|<rep>". */
static bool is_year(struct fnl_span key, const struct fnl_quota_question *q)
{
	static const char front[] = "year|";
	size_t n = sizeof(front) - 1, end = q->rep.len + 1;
	return key.len > n + end && memcmp(key.data, front, n) == 0 && key.data[key.len - end] == '|' &&
	       memcmp(key.data + key.len - q->rep.len, q->rep.data, q->rep.len) == 0;
}

bool fnl_quota_wanted(void *context, struct fnl_span key)
{
	const struct fnl_quota_question *q = context;
	char front[FRONT_BYTES];
	int book = (int)q->book.len;
	snprintf(front, sizeof(front), "%.*s", book, (const char *)q->book.data);
	if (is_row(key, "rep", front, true) || is_year(key, q)) {
		return true;
	}
	if (q->year) {
		snprintf(front, sizeof(front), "%.*s|%d", book, (const char *)q->book.data, (int)q->year);
		bool found = is_row(key, "quota", front, true);
		snprintf(front, sizeof(front), "%.*s|%d|", book, (const char *)q->book.data, (int)q->year);
		return found || is_row(key, "quota_line", front, false);
	}
	snprintf(front, sizeof(front), "%.*s|", book, (const char *)q->book.data);
	return is_row(key, "quota", front, false) || is_row(key, "quota_line", front, false);
}

struct latest {
	struct fnl_span book;
	int32_t year;
};

static int on_key(void *context, const struct fnl_row_entry *row)
{
	struct latest *l = context;
	int32_t year = 0;
	if (fnl_span_eq(row->table, FNL_SPAN_LIT("quota")) && row->key.len > l->book.len + 1 &&
	    memcmp(row->key.data, l->book.data, l->book.len) == 0 && row->key.data[l->book.len] == '|') {
		for (size_t i = l->book.len + 1; i < row->key.len && year < YEARS_MAX; i++) {
			year = 10 * year + (row->key.data[i] - '0');
		}
		l->year = year > l->year ? year : l->year;
	}
	return 0;
}

int32_t fnl_view_quota_latest(const struct fnl_rows *rows, struct fnl_span book)
{
	struct latest l = {book, 0};
	(void)fnl_rows_each(rows, on_key, &l);
	return l.year;
}

/* The sum of its lines, as the quota says it. */
static __int128 exact_of(const struct fnl_value *quota)
{
	__int128 rounding = (__int128)quota[FNL_QUOTA_SET_ROUNDING_MINOR].i64 * E4 + quota[FNL_QUOTA_SET_ROUNDING_E4].i64;
	return (__int128)quota[FNL_QUOTA_SET_QUOTA].money.amount_minor * E4 - rounding;
}

static bool is_frozen(const struct fnl_value *quota)
{
	return quota[FNL_QUOTA_SET_STATE].i64 == FNL_QUOTA_STATE_FROZEN && quota[FNL_QUOTA_SET_QUOTA].set;
}

/* Counted lines + rounding = quota, and no line is missing. */
static bool adds_up(const struct quota_view *q)
{
	const struct fnl_value *v = q->quota.decoded.values;
	__int128 sum = 0;
	size_t counted = 0;
	for (size_t i = 0; i < q->line_count; i++) {
		if (is_counted(&q->lines[i])) {
			sum += worth_of(&q->lines[i]);
			counted++;
		}
	}
	return sum == exact_of(v) && (int64_t)counted == v[FNL_QUOTA_SET_COUNTED_COUNT].i64 &&
	       (int64_t)(q->line_count - counted) == v[FNL_QUOTA_SET_LEFT_OUT_COUNT].i64;
}

/* ---- for people ---- */

static void money_text(const struct fnl_value *amount, char ret[2 * FNL_TEXT_BYTES])
{
	char text[FNL_TEXT_BYTES];
	if (amount->set) {
		fnl_text_money_full(amount->money.amount_minor, amount->money.currency, text);
		snprintf(ret, (size_t)2 * FNL_TEXT_BYTES, "%s %s", amount->money.currency, text);
	} else {
		snprintf(ret, (size_t)2 * FNL_TEXT_BYTES, "no amount");
	}
}

/* 1.08 of 108 and 2. */
static void rate_text(int64_t mantissa, int64_t scale, char ret[FNL_TEXT_BYTES])
{
	char digits[32];
	int n = snprintf(digits, sizeof(digits), "%0*lld", (int)scale + 1, (long long)mantissa);
	int whole = n - (int)scale;
	while (n > whole && digits[n - 1] == '0') {
		n--;
	}
	snprintf(ret, FNL_TEXT_BYTES, "%.*s%s%.*s", whole, digits, n > whole ? "." : "", n - whole, digits + whole);
}

/* What falls in the year: of planned purchases when there are some, else the whole amount. */
static void intended_text(const struct fnl_value *v, char ret[2 * FNL_TEXT_BYTES])
{
	struct fnl_list parts = v[FNL_QUOTA_LINE_INTENDED].list;
	struct fnl_value one = v[FNL_QUOTA_LINE_AMOUNT];
	if (parts.count > 1) {
		snprintf(ret, (size_t)2 * FNL_TEXT_BYTES, "%zu currencies", parts.count);
		return;
	}
	if (v[FNL_QUOTA_LINE_PLANNED].i64) {
		one.set = parts.count == 1;
	}
	if (parts.count == 1) {
		const struct fnl_value *part = parts.items[0].list.items;
		struct fnl_span code = part[FNL_QUOTA_INTENDED_CURRENCY].str;
		one.set = true;
		one.money.amount_minor = part[FNL_QUOTA_INTENDED_AMOUNT_MINOR].i64;
		memset(one.money.currency, 0, sizeof(one.money.currency));
		memcpy(one.money.currency, code.data, code.len < 3 ? code.len : 3);
	}
	money_text(&one, ret);
}

/* By which rates, in which territory by which factor, and what was lowered shortly before. */
static void draw_why(const struct fnl_canvas *c, const struct fnl_view_row *line)
{
	const struct fnl_value *v = line->decoded.values;
	const char *times = c->utf8 ? "×" : "x";
	char text[FNL_TEXT_BYTES], date[FNL_TEXT_BYTES], amount[2 * FNL_TEXT_BYTES];
	struct fnl_list parts = v[FNL_QUOTA_LINE_INTENDED].list, reductions = v[FNL_QUOTA_LINE_REDUCTIONS].list;
	for (size_t i = 0; i < parts.count; i++) {
		const struct fnl_value *part = parts.items[i].list.items;
		struct fnl_span code = part[FNL_QUOTA_INTENDED_CURRENCY].str;
		if (part[FNL_QUOTA_INTENDED_RATE_VALID_ON].set) {
			rate_text(part[FNL_QUOTA_INTENDED_RATE_MANTISSA].i64, part[FNL_QUOTA_INTENDED_RATE_SCALE].i64, text);
			fnl_text_date(part[FNL_QUOTA_INTENDED_RATE_VALID_ON].i64, date);
			fprintf(c->out, "   %.*s %s %s (%s)", (int)code.len, (const char *)code.data, times, text, date);
		}
	}
	if (v[FNL_QUOTA_LINE_TERRITORY_ID].set || v[FNL_QUOTA_LINE_AREA_FACTOR_BP].i64 != E4) {
		struct fnl_span id =
			v[FNL_QUOTA_LINE_TERRITORY_ID].set ? v[FNL_QUOTA_LINE_TERRITORY_ID].str : FNL_SPAN_LIT("no territory");
		fnl_text_bp(v[FNL_QUOTA_LINE_AREA_FACTOR_BP].i64, text);
		fprintf(c->out, "   %.*s%s %s %s", (int)id.len, (const char *)id.data,
		        v[FNL_QUOTA_LINE_OUTSIDE_TERRITORY].i64 ? ", of others" : "", times, text);
	}
	for (size_t i = 0; i < reductions.count; i++) {
		const struct fnl_value *r = reductions.items[i].list.items;
		money_text(&r[FNL_QUOTA_REDUCTION_OLD_AMOUNT], amount);
		fnl_text_date(r[FNL_QUOTA_REDUCTION_AT].i64 / DAY_MS, date);
		fprintf(c->out, "   lowered from %s on %s", amount, date);
	}
	if (v[FNL_QUOTA_LINE_MOVED_TO_REP_ID].set) {
		struct fnl_span to = v[FNL_QUOTA_LINE_MOVED_TO_REP_ID].str;
		fprintf(c->out, "   gone to %.*s since", (int)to.len, (const char *)to.data);
	}
}

/* prospect, layer, close date, amount × weight */
static void draw_front(const struct fnl_canvas *c, const struct fnl_view_row *line, int id_columns)
{
	const struct fnl_value *v = line->decoded.values;
	char amount[2 * FNL_TEXT_BYTES], weight[FNL_TEXT_BYTES], date[FNL_TEXT_BYTES] = "no date";
	int64_t layer = v[FNL_QUOTA_LINE_LAYER].i64;
	intended_text(v, amount);
	fnl_text_bp(v[FNL_QUOTA_LINE_WEIGHT_BP].i64, weight);
	if (v[FNL_QUOTA_LINE_PLANNED].i64) {
		snprintf(date, sizeof(date), "planned");
	} else if (v[FNL_QUOTA_LINE_EXPECTED_CLOSE_DATE].set) {
		fnl_text_date(v[FNL_QUOTA_LINE_EXPECTED_CLOSE_DATE].i64, date);
	}
	fputs("  ", c->out);
	fnl_text_cell(c, v[FNL_QUOTA_LINE_PROSPECT_ID].str, id_columns);
	fprintf(c->out, "  %-12s %-10s %*s %s %7s", layer >= 0 && layer < FNL_LAYER_COUNT ? fnl_symbols_layer[layer] : "?",
	        date, AMOUNT_COLUMNS, amount, c->utf8 ? "×" : "x", weight);
}

static int id_columns_of(const struct quota_view *q)
{
	int columns = ID_COLUMNS_MIN;
	for (size_t i = 0; i < q->line_count; i++) {
		int w = fnl_text_width(q->lines[i].decoded.values[FNL_QUOTA_LINE_PROSPECT_ID].str);
		columns = w > columns ? w : columns;
	}
	return columns > ID_COLUMNS_MAX ? ID_COLUMNS_MAX : columns;
}

/* A sum below the column of weighted amounts. */
static void draw_sum(const struct fnl_canvas *c, int id_columns, const char *what, const char *figure,
                     const char *after)
{
	fprintf(c->out, "  %*s = %*s%s\n", id_columns + AMOUNT_COLUMNS + 36, what, WEIGHTED_COLUMNS, figure, after);
}

static void draw_result(const struct fnl_canvas *c, const struct fnl_value *v, int id_columns)
{
	char text[FNL_TEXT_BYTES], count[FNL_TEXT_BYTES], what[2 * FNL_TEXT_BYTES];
	const struct fnl_money *quota = &v[FNL_QUOTA_SET_QUOTA].money;
	__int128 exact = exact_of(v);
	fnl_text_count((uint64_t)v[FNL_QUOTA_SET_COUNTED_COUNT].i64, count);
	snprintf(what, sizeof(what), "sum of %s lines", count);
	fnl_text_exact(exact, quota->currency, text);
	draw_sum(c, id_columns, what, text, "");
	fnl_text_exact((__int128)quota->amount_minor * E4 - exact, quota->currency, text);
	draw_sum(c, id_columns, "rounding", text, "   once, half to even");
	fnl_text_money_full(quota->amount_minor, quota->currency, text);
	fputs(fnl_style_on(c, FNL_BOLD), c->out);
	snprintf(what, sizeof(what), "QUOTA %s", quota->currency);
	draw_sum(c, id_columns, what, text, fnl_style_off(c));
}

/* Sums before and after the area factor, when there is anything but the whole without one. */
static void draw_areas(const struct fnl_canvas *c, const struct fnl_value *v, const char currency[4])
{
	struct fnl_list areas = v[FNL_QUOTA_SET_AREAS].list;
	if (areas.count == 0 || (areas.count == 1 && areas.items[0].list.items[FNL_QUOTA_AREA_AREA_FACTOR_BP].i64 == E4)) {
		return;
	}
	fnl_view_heading(c, "By territory");
	for (size_t i = 0; i < areas.count; i++) {
		const struct fnl_value *a = areas.items[i].list.items;
		const struct fnl_value *id = &a[FNL_QUOTA_AREA_TERRITORY_ID];
		char before[FNL_TEXT_BYTES], after[FNL_TEXT_BYTES], factor[FNL_TEXT_BYTES];
		fnl_text_exact((__int128)a[FNL_QUOTA_AREA_BEFORE_MINOR].i64 * E4 + a[FNL_QUOTA_AREA_BEFORE_E4].i64, currency,
		               before);
		fnl_text_exact((__int128)a[FNL_QUOTA_AREA_AFTER_MINOR].i64 * E4 + a[FNL_QUOTA_AREA_AFTER_E4].i64, currency,
		               after);
		fnl_text_bp(a[FNL_QUOTA_AREA_AREA_FACTOR_BP].i64, factor);
		fputs("  ", c->out);
		fnl_text_cell(c, id->set ? id->str : FNL_SPAN_LIT("none"), ID_COLUMNS_MAX);
		fprintf(c->out, " %*s %s %7s = %*s\n", WEIGHTED_COLUMNS, before, c->utf8 ? "×" : "x", factor, WEIGHTED_COLUMNS,
		        after);
	}
}

static const char *why_left_out(int64_t reason)
{
	switch (reason) {
	case FNL_QUOTA_REASON_NO_CLOSE_DATE:
		return "no expected close date: it falls into no year";
	case FNL_QUOTA_REASON_LAYER_UNKNOWN:
		return "its layer is not known, so it has no weight";
	case FNL_QUOTA_REASON_AMOUNT_UNKNOWN:
		return "its amount is not known, which is not zero";
	case FNL_QUOTA_REASON_NOT_CONVERTIBLE:
		return "no rate from its currency to the quota's holds, or it is worth too much";
	default:
		return "a reason that this version does not know";
	}
}

static void draw_left_out(const struct fnl_canvas *c, const struct quota_view *q, int id_columns)
{
	char head[FNL_TEXT_BYTES];
	size_t left_out = 0;
	for (size_t i = 0; i < q->line_count; i++) {
		left_out += !is_counted(&q->lines[i]);
	}
	if (left_out == 0) {
		return;
	}
	snprintf(head, sizeof(head), "Left out: %zu", left_out);
	fnl_view_heading(c, head);
	for (size_t i = 0; i < q->line_count; i++) {
		if (!is_counted(&q->lines[i])) {
			draw_front(c, &q->lines[i], id_columns);
			fprintf(c->out, "   %s\n", why_left_out(q->lines[i].decoded.values[FNL_QUOTA_LINE_REASON].i64));
		}
	}
}

static void draw_lines(const struct fnl_canvas *c, const struct quota_view *q)
{
	const struct fnl_value *v = q->quota.decoded.values;
	int id_columns = id_columns_of(q);
	char currency[4] = "";
	struct fnl_span base = v[FNL_QUOTA_SET_BASE_CURRENCY].str;
	memcpy(currency, base.data, base.len < 3 ? base.len : 3);
	fprintf(c->out, "\n  %s%-*s  %-12s %-10s %*s   %7s   %*s%s\n", fnl_style_on(c, FNL_DIM), id_columns, "prospect",
	        "layer", "close", AMOUNT_COLUMNS, "amount", "weight", WEIGHTED_COLUMNS, "weighted", fnl_style_off(c));
	for (size_t i = 0; i < q->line_count; i++) {
		char weighted[FNL_TEXT_BYTES];
		if (is_counted(&q->lines[i])) {
			fnl_text_exact(worth_of(&q->lines[i]), currency, weighted);
			draw_front(c, &q->lines[i], id_columns);
			fprintf(c->out, " = %*s", WEIGHTED_COLUMNS, weighted);
			draw_why(c, &q->lines[i]);
			fputc('\n', c->out);
		}
	}
	if (v[FNL_QUOTA_SET_QUOTA].set) {
		draw_result(c, v, id_columns);
	}
	draw_areas(c, v, currency);
	draw_left_out(c, q, id_columns);
	if (is_frozen(v) && !adds_up(q)) {
		fprintf(c->out,
		        "\n  %slines and quota do not add up%s: a prospect was erased by right since, or\n"
		        "  rows are missing (`funnelctl verify`)\n",
		        fnl_style_on(c, FNL_RED), fnl_style_off(c));
	}
}

/* Of a draft: the sums by reason and currency. */
static void draw_totals(const struct fnl_canvas *c, const struct fnl_value *v)
{
	const struct fnl_list *totals = &v[FNL_QUOTA_SET_TOTALS].list;
	fputs("\n  A draft: changes that took place before its time and come late are still taken in.\n"
	      "  Each line and each one left out are listed when it freezes.\n\n",
	      c->out);
	for (size_t i = 0; i < totals->count; i++) {
		const struct fnl_value *t = totals->items[i].list.items;
		int64_t reason = t[FNL_QUOTA_TOTAL_REASON].i64;
		char amount[FNL_TEXT_BYTES] = "", weighted[FNL_TEXT_BYTES] = "", currency[4] = "";
		if (t[FNL_QUOTA_TOTAL_CURRENCY].set) {
			struct fnl_span s = t[FNL_QUOTA_TOTAL_CURRENCY].str;
			memcpy(currency, s.data, s.len < 3 ? s.len : 3);
			fnl_text_money_full(t[FNL_QUOTA_TOTAL_AMOUNT_MINOR].i64, currency, amount);
			fnl_text_exact((__int128)t[FNL_QUOTA_TOTAL_WEIGHTED_MINOR].i64 * E4 + t[FNL_QUOTA_TOTAL_WEIGHTED_E4].i64,
			               currency, weighted);
		}
		fprintf(c->out, "  %-16s %7lld  %3s %*s  weighted %*s\n",
		        reason >= 0 && reason < FNL_QUOTA_REASON_COUNT ? fnl_symbols_quota_reason[reason] : "?",
		        (long long)t[FNL_QUOTA_TOTAL_COUNT].i64, currency, AMOUNT_COLUMNS, amount, WEIGHTED_COLUMNS, weighted);
	}
	if (v[FNL_QUOTA_SET_QUOTA].set) {
		char text[FNL_TEXT_BYTES];
		fnl_text_money_full(v[FNL_QUOTA_SET_QUOTA].money.amount_minor, v[FNL_QUOTA_SET_QUOTA].money.currency, text);
		fprintf(c->out, "  %sQUOTA %s %s%s, if it froze now\n", fnl_style_on(c, FNL_BOLD),
		        v[FNL_QUOTA_SET_QUOTA].money.currency, text, fnl_style_off(c));
	}
}

/* Those that made a difference. */
static void draw_rates(const struct fnl_canvas *c, const struct fnl_value *v)
{
	struct fnl_list rates = v[FNL_QUOTA_SET_RATES].list;
	for (size_t i = 0; i < rates.count; i++) {
		const struct fnl_value *r = rates.items[i].list.items;
		struct fnl_span code = r[FNL_QUOTA_RATE_CURRENCY].str, base = v[FNL_QUOTA_SET_BASE_CURRENCY].str;
		char rate[FNL_TEXT_BYTES], date[FNL_TEXT_BYTES];
		rate_text(r[FNL_QUOTA_RATE_RATE_MANTISSA].i64, r[FNL_QUOTA_RATE_RATE_SCALE].i64, rate);
		fnl_text_date(r[FNL_QUOTA_RATE_VALID_ON].i64, date);
		fprintf(c->out, "  rate                   1 %.*s = %s %.*s, %s\n", (int)code.len, (const char *)code.data, rate,
		        (int)base.len, (const char *)base.data, date);
	}
}

static void draw(const struct fnl_canvas *c, const struct quota_view *q)
{
	static const size_t fields[] = {FNL_QUOTA_SET_ORG_ID,   FNL_QUOTA_SET_MANAGER_ID,    FNL_QUOTA_SET_AS_OF,
	                                FNL_QUOTA_SET_RUN_ID,   FNL_QUOTA_SET_RULES_VERSION, FNL_QUOTA_SET_RATE_NAME,
	                                FNL_QUOTA_SET_RATE_DATE};
	const struct fnl_value *v = q->quota.decoded.values;
	int64_t state = v[FNL_QUOTA_SET_STATE].i64;
	fprintf(c->out, "%sQuota %lld of %.*s%s   %s%s%s\n", fnl_style_on(c, FNL_BOLD),
	        (long long)v[FNL_QUOTA_SET_FISCAL_YEAR].i64, (int)v[FNL_QUOTA_SET_REP_ID].str.len,
	        (const char *)v[FNL_QUOTA_SET_REP_ID].str.data, fnl_style_off(c),
	        fnl_style_on(c, is_frozen(v) ? FNL_GREEN : FNL_YELLOW),
	        state >= 0 && state < FNL_QUOTA_STATE_COUNT ? fnl_symbols_quota_state[state] : "?", fnl_style_off(c));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		fnl_view_field_line(c, &q->quota.decoded, fields[i]);
	}
	draw_rates(c, v);
	fnl_view_place_line(c, q->quota.row);
	if (is_frozen(v)) {
		draw_lines(c, q);
	} else {
		draw_totals(c, v);
	}
	fnl_quota_since_draw(c, &q->since, (int32_t)v[FNL_QUOTA_SET_FISCAL_YEAR].i64);
}

int fnl_view_quota(const struct fnl_rows *rows, struct fnl_span book, int32_t year, const struct fnl_canvas *c,
                   struct fnl_error *why)
{
	struct fnl_arena arena;
	struct quota_view q = {.lines = NULL};
	fnl_arena_init(&arena, ARENA_BYTES);
	int status = find(rows, book, year, &arena, &q, why);
	if (status == 0) {
		if (q.line_count) {
			qsort(q.lines, q.line_count, sizeof(*q.lines), by_weight);
		}
		draw(c, &q);
	}
	fnl_free(q.lines);
	fnl_arena_deinit(&arena);
	return status;
}

/* ---- for machines ---- */

static json_t *lines_json(const struct quota_view *q, bool counted, struct fnl_arena *arena)
{
	json_t *list = json_array();
	for (size_t i = 0; i < q->line_count && list; i++) {
		if (is_counted(&q->lines[i]) == counted &&
		    json_array_append_new(list, fnl_view_row_json(&q->lines[i], arena))) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

static void set_sums(const struct quota_view *q, json_t *o)
{
	const struct fnl_value *v = q->quota.decoded.values;
	bool set = v[FNL_QUOTA_SET_QUOTA].set;
	__int128 exact = set ? exact_of(v) : 0;
	int e4 = (int)((exact % E4 + E4) % E4);
	json_object_set_new(o, "quota_minor",
	                    set ? json_integer((json_int_t)v[FNL_QUOTA_SET_QUOTA].money.amount_minor) : json_null());
	json_object_set_new(o, "exact_minor", set ? json_integer((json_int_t)((exact - e4) / E4)) : json_null());
	json_object_set_new(o, "exact_e4", set ? json_integer(e4) : json_null());
	json_object_set_new(o, "adds_up", is_frozen(v) ? json_boolean(adds_up(q)) : json_null());
}

static json_t *whole(const struct quota_view *q, struct fnl_arena *arena)
{
	json_t *o = fnl_view_row_json(&q->quota, arena);
	if (!o) {
		return NULL;
	}
	set_sums(q, o);
	int32_t year = (int32_t)q->quota.decoded.values[FNL_QUOTA_SET_FISCAL_YEAR].i64;
	if (fnl_quota_since_json(&q->since, year, o) || json_object_set_new(o, "lines", lines_json(q, true, arena)) ||
	    json_object_set_new(o, "left_out", lines_json(q, false, arena)) || fnl_view_row_place_json(&q->quota, o)) {
		json_decref(o);
		return NULL;
	}
	return o;
}

int fnl_view_quota_json(const struct fnl_rows *rows, struct fnl_span book, int32_t year, FILE *out,
                        struct fnl_error *why)
{
	struct fnl_arena arena;
	struct quota_view q = {.lines = NULL};
	fnl_arena_init(&arena, ARENA_BYTES);
	int status = find(rows, book, year, &arena, &q, why);
	if (status == 0) {
		if (q.line_count) {
			qsort(q.lines, q.line_count, sizeof(*q.lines), by_prospect);
		}
		status = fnl_view_json_write(whole(&q, &arena), out, why);
	}
	fnl_free(q.lines);
	fnl_arena_deinit(&arena);
	return status;
}
