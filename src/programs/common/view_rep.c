#include "view_rep.h"

#include <stdlib.h>

#include "funneld_records.h"
#include "view_record.h"
#include "view_stall.h"

enum { ARENA_BYTES = 8 << 20, QUOTAS_MAX = 64, E4 = 10000 };

struct book_view {
	struct fnl_view_row rep;
	struct fnl_view_row inspection;         /* of the pool there is none */
	struct fnl_view_row quotas[QUOTAS_MAX]; /* by year */
	size_t quota_count;
};

bool fnl_view_book(const char *id, char ret_book[FNL_VIEW_BOOK_BYTES])
{
	bool pool = strcmp(id, "pool:UNASSIGNED") == 0;
	int n = snprintf(ret_book, FNL_VIEW_BOOK_BYTES, "%s%s", pool ? "" : "rep:", id);
	return n > 0 && n < FNL_VIEW_BOOK_BYTES;
}

struct finder {
	struct fnl_span book;
	struct book_view *view;
	struct fnl_arena *arena;
	struct fnl_error *why;
};

/* The quotas of the book: their keys are "<book>|<year>". */
static int on_row(void *context, const struct fnl_row_entry *row)
{
	struct finder *f = context;
	struct book_view *v = f->view;
	if (!fnl_span_eq(row->table, FNL_SPAN_LIT("quota")) || row->key.len <= f->book.len ||
	    row->key.data[f->book.len] != '|' || memcmp(row->key.data, f->book.data, f->book.len) != 0 ||
	    v->quota_count == QUOTAS_MAX) {
		return 0;
	}
	return fnl_view_row_decode(row, &fnl_desc_quota_set, f->arena, &v->quotas[v->quota_count++], f->why);
}

static int by_year(const void *a, const void *b)
{
	const struct fnl_view_row *x = a, *y = b;
	int64_t p = x->decoded.values[FNL_QUOTA_SET_FISCAL_YEAR].i64, q = y->decoded.values[FNL_QUOTA_SET_FISCAL_YEAR].i64;
	return (p > q) - (p < q);
}

static int find(const struct fnl_rows *rows, struct fnl_span book, struct fnl_arena *arena, struct book_view *ret,
                struct fnl_error *why)
{
	struct finder f = {book, ret, arena, why};
	int status = fnl_view_row_decode(fnl_rows_find(rows, "rep", book, 0), &fnl_desc_rep, arena, &ret->rep, why);
	if (status == 0 && !ret->rep.row) {
		return FNL_VIEW_NO_SUCH_REP;
	}
	status = status ? status
	                : fnl_view_row_decode(fnl_rows_find(rows, "inspection", book, 0), &fnl_desc_inspection, arena,
	                                      &ret->inspection, why);
	status = status ? status : fnl_rows_each(rows, on_row, &f);
	if (status == 0) {
		qsort(ret->quotas, ret->quota_count, sizeof(ret->quotas[0]), by_year);
	}
	return status;
}

/* The figures that a total of a layer and one of a year have in common, from `currency` on. */
static void sums(const struct fnl_canvas *c, const struct fnl_value *v)
{
	char count[FNL_TEXT_BYTES], amount[FNL_TEXT_BYTES] = "", weighted[FNL_TEXT_BYTES] = "", currency[4] = "";
	fnl_text_count((uint64_t)v[1].i64, count);
	if (v[0].set) {
		memcpy(currency, v[0].str.data, v[0].str.len < 3 ? v[0].str.len : 3);
		fnl_text_money_full(v[2].i64, currency, amount);
		fnl_text_exact((__int128)v[3].i64 * E4 + v[4].i64, currency, weighted);
	}
	fprintf(c->out, " %7s  %3s %20s %24s%s\n", count, currency, amount, weighted,
	        v[0].set ? "" : "  without an amount");
}

_Static_assert(FNL_BOOK_TOTAL_WEIGHTED_E4 == FNL_BOOK_TOTAL_CURRENCY + 4 &&
                   FNL_RUNNING_TOTAL_WEIGHTED_E4 == FNL_RUNNING_TOTAL_CURRENCY + 4,
               "both totals end with the same five fields");

void fnl_view_totals(const struct fnl_canvas *c, const struct fnl_list *totals)
{
	for (size_t i = 0; i < totals->count; i++) {
		const struct fnl_value *v = totals->items[i].list.items;
		fprintf(c->out, "  %-12s", fnl_layer_text(v[FNL_BOOK_TOTAL_LAYER].i64));
		sums(c, &v[FNL_BOOK_TOTAL_CURRENCY]);
	}
	if (totals->count == 0) {
		fputs("  no lines\n", c->out);
	}
}

static void draw_sums(const struct fnl_canvas *c, const struct fnl_decoded *rep)
{
	const struct fnl_list *running = &rep->values[FNL_REP_RUNNING].list;
	fnl_view_heading(c, "Funnel");
	fnl_view_totals(c, &rep->values[FNL_REP_TOTALS].list);
	fnl_view_heading(c, "Running potential, by fiscal year of the expected close");
	for (size_t i = 0; i < running->count; i++) {
		const struct fnl_value *v = running->items[i].list.items;
		fprintf(c->out, "  %-12lld", (long long)v[FNL_RUNNING_TOTAL_FISCAL_YEAR].i64);
		sums(c, &v[FNL_RUNNING_TOTAL_CURRENCY]);
	}
	if (running->count == 0) {
		fputs("  none\n", c->out);
	}
}

static void draw_quotas(const struct fnl_canvas *c, const struct book_view *b)
{
	fnl_view_heading(c, "Quotas");
	for (size_t i = 0; i < b->quota_count; i++) {
		const struct fnl_value *v = b->quotas[i].decoded.values;
		char quota[FNL_TEXT_BYTES] = "not yet computed", as_of[FNL_TEXT_BYTES];
		int64_t state = v[FNL_QUOTA_SET_STATE].i64;
		if (v[FNL_QUOTA_SET_QUOTA].set) {
			fnl_text_money_full(v[FNL_QUOTA_SET_QUOTA].money.amount_minor, v[FNL_QUOTA_SET_QUOTA].money.currency,
			                    quota);
		}
		fnl_text_time(v[FNL_QUOTA_SET_AS_OF].i64, as_of);
		fprintf(c->out, "  %-6lld %-9s %.*s %20s   as of %s, %lld lines, %lld left out\n",
		        (long long)v[FNL_QUOTA_SET_FISCAL_YEAR].i64,
		        state >= 0 && state < FNL_QUOTA_STATE_COUNT ? fnl_symbols_quota_state[state] : "?",
		        (int)v[FNL_QUOTA_SET_BASE_CURRENCY].str.len, (const char *)v[FNL_QUOTA_SET_BASE_CURRENCY].str.data,
		        quota, as_of, (long long)v[FNL_QUOTA_SET_COUNTED_COUNT].i64,
		        (long long)v[FNL_QUOTA_SET_LEFT_OUT_COUNT].i64);
	}
	if (b->quota_count == 0) {
		fputs("  none\n", c->out);
	}
}

/* The latest sheet, and the questions that nobody has answered. */
static void draw_inspection(const struct fnl_canvas *c, const struct fnl_view_row *inspection)
{
	static const size_t fields[] = {FNL_INSPECTION_SHEET_ID,      FNL_INSPECTION_AS_OF,
	                                FNL_INSPECTION_MAKING,        FNL_INSPECTION_ANSWERS_DUE_AT,
	                                FNL_INSPECTION_NEXT_SHEET_AT, FNL_INSPECTION_ASKED_AT,
	                                FNL_INSPECTION_RETURN_AT,     FNL_INSPECTION_UNANSWERED_SHEETS};
	const struct fnl_decoded *d = &inspection->decoded;
	fnl_view_heading(c, "Inspection");
	if (!inspection->row) {
		fputs("  none\n", c->out);
		return;
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (d->desc->fields[fields[i]].kind == FNL_KIND_TIMESTAMP || d->desc->fields[fields[i]].nullable ||
		    d->values[fields[i]].i64) {
			fnl_view_field_line(c, d, fields[i]);
		}
	}
	const struct fnl_list *questions = &d->values[FNL_INSPECTION_QUESTIONS].list;
	for (size_t i = 0; i < questions->count; i++) {
		const struct fnl_value *v = questions->items[i].list.items;
		if (v[FNL_QUESTION_STATE].i64 == FNL_QUESTION_STATE_OPEN) {
			char text[FNL_VALUE_TEXT_BYTES];
			snprintf(text, sizeof(text), "%.*s: %.*s, %s", (int)v[FNL_QUESTION_QUESTION_ID].str.len,
			         (const char *)v[FNL_QUESTION_QUESTION_ID].str.data, (int)v[FNL_QUESTION_PROSPECT_ID].str.len,
			         (const char *)v[FNL_QUESTION_PROSPECT_ID].str.data, fnl_layer_text(v[FNL_QUESTION_LAYER].i64));
			fnl_view_line(c, "open question", text);
		}
	}
}

static void draw(const struct fnl_canvas *c, const struct book_view *b)
{
	static const size_t fields[] = {FNL_REP_ORG_ID,        FNL_REP_MANAGER_ID,   FNL_REP_DEPUTY_ID,
	                                FNL_REP_ABSENT_FROM,   FNL_REP_ABSENT_UNTIL, FNL_REP_REGIONS,
	                                FNL_REP_INDUSTRIES,    FNL_REP_SIZE_FOCUS,   FNL_REP_CAPACITY_PROSPECTS,
	                                FNL_REP_EMPLOYED_FROM, FNL_REP_LINE_COUNT,   FNL_REP_WATCHED_COUNT};
	const struct fnl_value *v = b->rep.decoded.values;
	const struct fnl_value *rep_id = &v[FNL_REP_REP_ID];
	struct fnl_span name = rep_id->set ? rep_id->str : v[FNL_REP_BOOK].str;
	const char *standing = !rep_id->set                  ? "prospects without an owner"
	                       : v[FNL_REP_VERSION].i64 == 0 ? "HR has said nothing of this rep"
	                       : v[FNL_REP_ACTIVE].i64       ? "active"
	                                                     : "not active";
	fprintf(c->out, "%s%s %.*s%s   %s\n", fnl_style_on(c, FNL_BOLD), rep_id->set ? "Rep" : "Book", (int)name.len,
	        (const char *)name.data, fnl_style_off(c), standing);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		fnl_view_field_line(c, &b->rep.decoded, fields[i]);
	}
	fnl_view_place_line(c, b->rep.row);
	draw_sums(c, &b->rep.decoded);
	draw_quotas(c, b);
	if (rep_id->set) {
		draw_inspection(c, &b->inspection);
	}
}

int fnl_view_rep(const struct fnl_rows *rows, struct fnl_span book, const struct fnl_canvas *c, struct fnl_error *why)
{
	struct fnl_arena arena;
	struct book_view b = {.quota_count = 0};
	fnl_arena_init(&arena, ARENA_BYTES);
	int status = find(rows, book, &arena, &b, why);
	if (status == 0) {
		draw(c, &b);
	}
	fnl_arena_deinit(&arena);
	return status;
}

static json_t *whole(const struct book_view *b, struct fnl_arena *arena)
{
	json_t *o = fnl_view_row_json(&b->rep, arena);
	json_t *quotas = json_array();
	bool ok = fnl_view_row_place_json(&b->rep, o) == 0;
	for (size_t i = 0; i < b->quota_count && ok; i++) {
		ok = json_array_append_new(quotas, fnl_view_row_json(&b->quotas[i], arena)) == 0;
	}
	ok = ok && json_object_set_new(o, "inspection",
	                               b->inspection.row ? fnl_view_row_json(&b->inspection, arena) : json_null()) == 0;
	if (!ok || json_object_set(o, "quotas", quotas)) {
		json_decref(o);
		o = NULL;
	}
	json_decref(quotas);
	return o;
}

int fnl_view_rep_json(const struct fnl_rows *rows, struct fnl_span book, FILE *out, struct fnl_error *why)
{
	struct fnl_arena arena;
	struct book_view b = {.quota_count = 0};
	fnl_arena_init(&arena, ARENA_BYTES);
	int status = find(rows, book, &arena, &b, why);
	if (status == 0) {
		status = fnl_view_json_write(whole(&b, &arena), out, why);
	}
	fnl_arena_deinit(&arena);
	return status;
}
