#include "view_stalls.h"

#include <stdlib.h>

#include "funneld/core/alerts.h"
#include "view_moment.h"
#include "view_record.h"
#include "view_stall.h"

enum { PROSPECT_COLUMNS_MAX = 24, REP_COLUMNS_MAX = 16, COLUMNS_MIN = 8, AMOUNT_COLUMNS = 14, STALL_COLUMNS = 22 };
#define ARENA_BYTES ((size_t)4 << 30)

/* A line that stalls, and who is who of its book. */
struct still {
	const struct fnl_value *line;
	const struct fnl_value *rep; /* NULL: the book has no row */
	struct fnl_list candidates;
};

struct stills {
	const struct fnl_rows *rows;
	const struct fnl_stalls_question *q;
	struct fnl_arena arena;
	const struct fnl_rules *rules;
	int64_t now_ms;
	struct still *at;
	size_t count;
	size_t capacity;
	struct fnl_error *why;
};

static bool begins(struct fnl_span key, const char *front)
{
	size_t n = strlen(front);
	return key.len >= n && memcmp(key.data, front, n) == 0;
}

bool fnl_stalls_wanted(void *context, struct fnl_span key)
{
	const struct fnl_stalls_question *q = context;
	struct fnl_span book = q->book;
	if (begins(key, "line|") && !fnl_span_is_none(book)) {
		return key.len > 5 + book.len && memcmp(key.data + 5, book.data, book.len) == 0 &&
		       key.data[5 + book.len] == '|';
	}
	return begins(key, "line|") || begins(key, "rep|") || fnl_moment_wanted(key);
}

static int find_rep(struct stills *s, struct fnl_span book, const struct fnl_value **ret)
{
	struct fnl_view_row found;
	int rc = fnl_view_row_decode(fnl_rows_find(s->rows, "rep", book, 0), &fnl_desc_rep, &s->arena, &found, s->why);
	*ret = rc ? NULL : found.decoded.values;
	return rc;
}

static int add(struct stills *s, const struct fnl_value *line)
{
	struct still one = {.line = line};
	const struct fnl_value *evidence = &line[FNL_LINE_EVIDENCE];
	struct fnl_value candidates = {.set = false};
	int rc = find_rep(s, line[FNL_LINE_BOOK].str, &one.rep);
	rc = rc ? rc
	        : fnl_diagnosis((int)line[FNL_LINE_LAYER].i64, line[FNL_LINE_STALLS].list,
	                        evidence->set ? evidence->list.items : NULL, s->rules, &s->arena, &candidates);
	if (rc) {
		return rc;
	}
	one.candidates = candidates.list;
	if (s->count == s->capacity) {
		size_t capacity = s->capacity ? 2 * s->capacity : 64;
		struct still *grown = fnl_reallocarray(s->at, capacity, sizeof(*grown));
		if (!grown) {
			return FNL_E_NOMEM;
		}
		s->at = grown;
		s->capacity = capacity;
	}
	s->at[s->count++] = one;
	return 0;
}

static int on_line(void *context, const struct fnl_row_entry *row)
{
	struct stills *s = context;
	struct fnl_view_row found;
	if (!fnl_span_eq(row->table, FNL_SPAN_LIT("line"))) {
		return 0;
	}
	int rc = fnl_view_row_decode(row, &fnl_desc_line, &s->arena, &found, s->why);
	if (rc) {
		return rc;
	}
	const struct fnl_value *v = found.decoded.values;
	bool mine = v[FNL_LINE_STATE].i64 == FNL_LINE_STATE_OWNED && v[FNL_LINE_STALLS].list.count > 0 &&
	            (s->q->layer < 0 || v[FNL_LINE_LAYER].i64 == s->q->layer);
	return mine ? add(s, v) : 0;
}

static int by_layer_and_amount(const void *a, const void *b)
{
	const struct fnl_value *x = ((const struct still *)a)->line, *y = ((const struct still *)b)->line;
	if (x[FNL_LINE_LAYER].i64 != y[FNL_LINE_LAYER].i64) {
		return x[FNL_LINE_LAYER].i64 < y[FNL_LINE_LAYER].i64 ? 1 : -1; /* BOTTOM is the last of the three */
	}
	const struct fnl_value *p = &x[FNL_LINE_AMOUNT], *q = &y[FNL_LINE_AMOUNT];
	if (p->set != q->set) {
		return p->set ? -1 : 1;
	}
	int c = p->set ? strcmp(p->money.currency, q->money.currency) : 0;
	if (c == 0 && p->set && p->money.amount_minor != q->money.amount_minor) {
		c = p->money.amount_minor < q->money.amount_minor ? 1 : -1;
	}
	c = c ? c : fnl_span_cmp(x[FNL_LINE_PROSPECT_ID].str, y[FNL_LINE_PROSPECT_ID].str);
	return c ? c : fnl_span_cmp(x[FNL_LINE_BOOK].str, y[FNL_LINE_BOOK].str);
}

static int make(const struct fnl_rows *rows, const struct fnl_stalls_question *q, struct stills *s,
                struct fnl_error *why)
{
	struct fnl_moment moment = {fnl_rules_default(), q->now_ms};
	*s = (struct stills){.rows = rows, .q = q, .why = why};
	fnl_arena_init(&s->arena, ARENA_BYTES);
	why->text[0] = '\0';
	int rc = fnl_moment_of(rows, q->event_clock, q->now_ms, q->rules_reader, &s->arena, &moment, why);
	s->rules = moment.rules;
	s->now_ms = moment.now_ms;
	rc = rc ? rc : fnl_rows_each(rows, on_line, s);
	if (rc == 0 && s->count) {
		qsort(s->at, s->count, sizeof(*s->at), by_layer_and_amount);
	}
	return rc == 0 || why->text[0] ? rc : fnl_fail(why, rc, "out of memory");
}

static void unmake(struct stills *s)
{
	fnl_free(s->at);
	fnl_arena_deinit(&s->arena);
}

static int64_t business_days(const struct stills *s, const struct fnl_value *stall)
{
	return fnl_business_between(&s->rules->calendar, stall->list.items[FNL_STALL_SINCE].i64, s->now_ms) /
	       FNL_BUSINESS_DAY_MS;
}

/* Whether the stage has told it: an absent rep's are held back. */
static bool is_told(const struct still *one, const struct fnl_value *stall)
{
	const struct fnl_value *v = stall->list.items;
	return v[FNL_STALL_LEVEL].i64 != FNL_ALERT_LEVEL_NONE &&
	       (one->line[FNL_LINE_TOLD].i64 >> v[FNL_STALL_KIND].i64 & 1) != 0;
}

/* Who heard of it; absent: nobody, or it is not known who. */
static struct fnl_span recipient(const struct stills *s, const struct still *one, const struct fnl_value *stall,
                                 bool *ret_deputy)
{
	const struct fnl_value *v = stall->list.items;
	const struct fnl_value *rep = one->rep;
	*ret_deputy = false;
	if (!rep || !is_told(one, stall)) {
		return FNL_SPAN_NONE;
	}
	if (v[FNL_STALL_LEVEL].i64 != FNL_ALERT_LEVEL_REP) {
		return rep[FNL_REP_MANAGER_ID].set ? rep[FNL_REP_MANAGER_ID].str : FNL_SPAN_NONE;
	}
	*ret_deputy = rep[FNL_REP_DEPUTY_ID].set && v[FNL_STALL_ALERT_AT].set &&
	              fnl_rep_is_absent(rep, &s->rules->calendar, v[FNL_STALL_ALERT_AT].i64);
	size_t who = *ret_deputy ? FNL_REP_DEPUTY_ID : FNL_REP_REP_ID;
	return rep[who].set ? rep[who].str : FNL_SPAN_NONE;
}

static void told_text(const struct stills *s, const struct still *one, const struct fnl_value *stall,
                      char ret[FNL_VALUE_TEXT_BYTES])
{
	char level[FNL_TEXT_BYTES];
	bool deputy, none = stall->list.items[FNL_STALL_LEVEL].i64 == FNL_ALERT_LEVEL_NONE;
	struct fnl_span who = recipient(s, one, stall, &deputy);
	fnl_stall_told_text(stall, level);
	if (!none && !is_told(one, stall)) {
		snprintf(ret, FNL_VALUE_TEXT_BYTES, "held: the rep is away");
	} else if (fnl_span_is_none(who)) {
		snprintf(ret, FNL_VALUE_TEXT_BYTES, "%s%s", level, none ? "" : " (not known who)");
	} else {
		snprintf(ret, FNL_VALUE_TEXT_BYTES, "%s %.*s", deputy ? "deputy" : level, (int)who.len, (const char *)who.data);
	}
}

static struct fnl_span rep_text(const struct still *one)
{
	struct fnl_span book = one->line[FNL_LINE_BOOK].str;
	return begins(book, "rep:") ? fnl_span_of(book.data + 4, book.len - 4) : FNL_SPAN_LIT("(none)");
}

static void amount_text(const struct fnl_value *amount, char ret[FNL_VALUE_TEXT_BYTES])
{
	char text[FNL_TEXT_BYTES];
	if (amount->set) {
		fnl_text_money(amount->money.amount_minor, amount->money.currency, text);
	}
	snprintf(ret, FNL_VALUE_TEXT_BYTES, "%s%s%s", amount->set ? amount->money.currency : "no amount",
	         amount->set ? " " : "", amount->set ? text : "");
}

static void draw_stall(const struct stills *s, const struct fnl_canvas *c, const struct still *one, size_t at)
{
	const struct fnl_value *stall = &one->line[FNL_LINE_STALLS].list.items[at];
	const struct fnl_value *v = stall->list.items, *evidence = &one->line[FNL_LINE_EVIDENCE];
	bool shown_only = v[FNL_STALL_LEVEL].i64 == FNL_ALERT_LEVEL_NONE;
	char what[FNL_TEXT_BYTES], since[FNL_TEXT_BYTES], told[FNL_VALUE_TEXT_BYTES];
	fnl_stall_text(stall, what);
	if (v[FNL_STALL_CONDITION].i64 == FNL_STALL_CONDITION_PUSHED && evidence->set) {
		snprintf(what, sizeof(what), "SLIPPED pushed %d times", (int)evidence->list.items[FNL_EVIDENCE_PUSH_COUNT].i64);
	}
	fnl_text_time(v[FNL_STALL_SINCE].i64, since);
	told_text(s, one, stall, told);
	fprintf(c->out, "%s", fnl_style_on(c, shown_only ? FNL_DIM : FNL_PLAIN));
	fnl_text_cell(c, fnl_span_str(what), STALL_COLUMNS);
	fprintf(c->out, " %.10s %5lld  %s%s\n", since, (long long)business_days(s, stall), told,
	        shown_only ? fnl_style_off(c) : "");
}

static void draw_one(const struct stills *s, const struct fnl_canvas *c, const struct still *one, const int columns[2])
{
	static const enum fnl_style styles[FNL_LAYER_COUNT] = {
		[FNL_LAYER_TOP] = FNL_BLUE, [FNL_LAYER_MIDDLE] = FNL_CYAN, [FNL_LAYER_BOTTOM] = FNL_YELLOW};
	const struct fnl_value *v = one->line;
	int64_t layer = v[FNL_LINE_LAYER].i64;
	bool known = layer >= 0 && layer < FNL_LAYER_COUNT;
	char amount[FNL_VALUE_TEXT_BYTES];
	amount_text(&v[FNL_LINE_AMOUNT], amount);
	for (size_t i = 0; i < v[FNL_LINE_STALLS].list.count; i++) {
		if (i) {
			fnl_text_fill(c, " ", columns[0] + columns[1] + AMOUNT_COLUMNS + 12);
		} else {
			fputc(' ', c->out);
			fnl_text_cell(c, v[FNL_LINE_PROSPECT_ID].str, columns[0]);
			fputc(' ', c->out);
			fnl_text_cell(c, rep_text(one), columns[1]);
			fprintf(c->out, " %s%-6s%s %*s  ", fnl_style_on(c, known ? styles[layer] : FNL_PLAIN),
			        fnl_layer_text(layer), fnl_style_off(c), AMOUNT_COLUMNS, amount);
		}
		draw_stall(s, c, one, i);
	}
	fnl_candidates_draw(c, 3, "likely: ", &one->candidates);
}

static void columns_of(const struct stills *s, int ret[2])
{
	ret[0] = ret[1] = COLUMNS_MIN;
	for (size_t i = 0; i < s->count; i++) {
		int prospect = fnl_text_width(s->at[i].line[FNL_LINE_PROSPECT_ID].str);
		int rep = fnl_text_width(rep_text(&s->at[i]));
		ret[0] = prospect > ret[0] ? prospect : ret[0];
		ret[1] = rep > ret[1] ? rep : ret[1];
	}
	ret[0] = ret[0] > PROSPECT_COLUMNS_MAX ? PROSPECT_COLUMNS_MAX : ret[0];
	ret[1] = ret[1] > REP_COLUMNS_MAX ? REP_COLUMNS_MAX : ret[1];
}

int fnl_view_stalls(const struct fnl_rows *rows, const struct fnl_stalls_question *q, const struct fnl_canvas *c,
                    struct fnl_error *why)
{
	struct stills s;
	int columns[2];
	char as_of[FNL_TEXT_BYTES], count[FNL_TEXT_BYTES];
	int rc = make(rows, q, &s, why);
	if (rc == 0) {
		columns_of(&s, columns);
		fnl_text_time(s.now_ms, as_of);
		fnl_text_count(s.count, count);
		fprintf(c->out, " %s%s SIT%s STILL%s   %sas of %s, rules %d%s\n", fnl_style_on(c, FNL_BOLD),
		        s.count ? count : "NONE", s.count == 1 ? "S" : "", fnl_style_off(c), fnl_style_on(c, FNL_DIM), as_of,
		        (int)s.rules->version, fnl_style_off(c));
		if (s.count) {
			fprintf(c->out, "\n %s%-*s %-*s %-6s %*s  %-*s %-10s %5s  %s%s\n", fnl_style_on(c, FNL_DIM), columns[0],
			        "prospect", columns[1], "rep", "layer", AMOUNT_COLUMNS, "amount", STALL_COLUMNS, "sits still",
			        "since", "days", "told", fnl_style_off(c));
		}
		for (size_t i = 0; i < s.count; i++) {
			draw_one(&s, c, &s.at[i], columns);
		}
	}
	unmake(&s);
	return rc;
}

/* A nested record's fields by name. */
static json_t *record_json(const struct fnl_record_desc *d, struct fnl_list record, struct fnl_arena *arena)
{
	struct fnl_value *values = fnl_arena_calloc(arena, d->field_count, sizeof(*values));
	if (!values) {
		return NULL;
	}
	memcpy(values, record.items, d->field_count * sizeof(*values));
	struct fnl_view_row row = {.decoded = {d, values}};
	return fnl_view_row_json(&row, arena);
}

static json_t *span_json(struct fnl_span s)
{
	return fnl_span_is_none(s) ? json_null() : json_stringn((const char *)s.data, s.len);
}

static json_t *stalls_json(struct stills *s, const struct still *one)
{
	json_t *list = json_array();
	const struct fnl_list *stalls = &one->line[FNL_LINE_STALLS].list;
	for (size_t i = 0; i < stalls->count; i++) {
		bool deputy;
		json_t *o = record_json(&fnl_desc_stall, stalls->items[i].list, &s->arena);
		struct fnl_span who = recipient(s, one, &stalls->items[i], &deputy);
		json_object_set_new(o, "business_days", json_integer((json_int_t)business_days(s, &stalls->items[i])));
		json_object_set_new(o, "told", json_boolean(is_told(one, &stalls->items[i])));
		json_object_set_new(o, "recipient_id", span_json(who));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *one_json(struct stills *s, const struct still *one)
{
	const struct fnl_value *v = one->line;
	const struct fnl_value *amount = &v[FNL_LINE_AMOUNT], *evidence = &v[FNL_LINE_EVIDENCE];
	bool owned = begins(v[FNL_LINE_BOOK].str, "rep:");
	int64_t layer = v[FNL_LINE_LAYER].i64;
	json_t *candidates = json_array();
	for (size_t i = 0; i < one->candidates.count; i++) {
		json_array_append_new(candidates, record_json(&fnl_desc_candidate, one->candidates.items[i].list, &s->arena));
	}
	json_t *money = amount->set ? json_pack("{s:I, s:s}", "amount_minor", (json_int_t)amount->money.amount_minor,
	                                        "currency", amount->money.currency)
	                            : json_null();
	return json_pack("{s:o, s:o, s:o, s:s, s:I, s:o, s:o, s:o, s:o}", "prospect_id",
	                 span_json(v[FNL_LINE_PROSPECT_ID].str), "rep_id", owned ? span_json(rep_text(one)) : json_null(),
	                 "book", span_json(v[FNL_LINE_BOOK].str), "layer", fnl_layer_text(layer), "weight_bp",
	                 (json_int_t)v[FNL_LINE_WEIGHT_BP].i64, "amount", money, "stalls", stalls_json(s, one),
	                 "candidates", candidates, "evidence",
	                 evidence->set ? record_json(&fnl_desc_evidence, evidence->list, &s->arena) : json_null());
}

int fnl_view_stalls_json(const struct fnl_rows *rows, const struct fnl_stalls_question *q, FILE *out,
                         struct fnl_error *why)
{
	struct stills s;
	char as_of[FNL_TEXT_BYTES];
	int rc = make(rows, q, &s, why);
	if (rc == 0) {
		json_t *list = json_array();
		bool ok = true;
		for (size_t i = 0; i < s.count && ok; i++) {
			ok = json_array_append_new(list, one_json(&s, &s.at[i])) == 0;
		}
		fnl_text_rfc3339(s.now_ms, as_of);
		json_t *o =
			ok ? json_pack("{s:s, s:i, s:O}", "as_of", as_of, "rules_version", (int)s.rules->version, "prospects", list)
			   : NULL;
		json_decref(list);
		rc = fnl_view_json_write(o, out, why);
	}
	unmake(&s);
	return rc;
}
