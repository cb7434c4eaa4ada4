#include "stalls.h"

#include <stdio.h>

enum { ARENA_BYTES = 4 << 20, KEYS_ARENA_BYTES = 64 << 20, KEY_BYTES = 320 };

_Static_assert((int)FNL_STALL_ESCALATED_KIND == (int)FNL_PROSPECT_STALLED_KIND &&
                   (int)FNL_STALL_ESCALATED_REP_ID == (int)FNL_PROSPECT_STALLED_REP_ID &&
                   (int)FNL_STALL_ESCALATED_LEVEL == (int)FNL_PROSPECT_STALLED_LEVEL,
               "both are read as one");

struct reading {
	struct stalls *s;
	struct world *w;
	struct fnl_error *why;
};

static struct fnl_span text_of(const struct fnl_value *v)
{
	return v->set ? v->str : FNL_SPAN_LIT("");
}

static struct fnl_span key_of(char text[KEY_BYTES], struct fnl_span prospect, struct fnl_span rep, int64_t kind)
{
	int n = snprintf(text, KEY_BYTES, "%.*s|%.*s|%s", (int)prospect.len, (const char *)prospect.data, (int)rep.len,
	                 (const char *)rep.data, fnl_symbols_stall_kind[kind]);
	return fnl_span_of(text, (size_t)n);
}

static int out_of_memory(struct reading *r)
{
	return fnl_fail(r->why, FNL_E_NOMEM, "out of memory");
}

/* A new object of the map under the key; node: its first field. */
static struct fnl_map_node *add(struct reading *r, struct fnl_map *map, struct fnl_span key, size_t size)
{
	struct fnl_map_node *node = fnl_arena_calloc(&r->s->keys_arena, 1, size);
	key = fnl_arena_dup(&r->s->keys_arena, key);
	return node && !fnl_span_is_none(key) && fnl_map_insert(map, node, key) == 0 ? node : NULL;
}

static int told_of(struct reading *r, const struct fnl_value *prospect, const struct fnl_value *rep, int64_t kind,
                   struct stall_told **ret)
{
	char text[KEY_BYTES];
	struct fnl_span key = key_of(text, text_of(prospect), text_of(rep), kind);
	struct fnl_map_node *node = fnl_map_find(&r->s->by_key, key);
	node = node ? node : add(r, &r->s->by_key, key, sizeof(**ret));
	if (!node) {
		return out_of_memory(r);
	}
	*ret = FNL_CONTAINER_OF(node, struct stall_told, node);
	return 0;
}

/* ProspectStalled, StallEscalated. */
static int take_told(struct reading *r, const struct fnl_value *v, bool first)
{
	struct stalls *s = r->s;
	struct stall_told *t;
	int status = told_of(r, &v[FNL_PROSPECT_STALLED_PROSPECT_ID], &v[FNL_PROSPECT_STALLED_REP_ID],
	                     v[FNL_PROSPECT_STALLED_KIND].i64, &t);
	if (status) {
		return status;
	}
	s->told += first;
	s->escalated += !first;
	s->strays += t->open == first;
	s->open += !t->open;
	s->by_level[t->level] -= t->open;
	t->levels = t->open ? t->levels : 0;
	t->open = true;
	t->level = (int)v[FNL_PROSPECT_STALLED_LEVEL].i64;
	t->levels |= 1U << t->level;
	s->by_level[t->level]++;
	return 0;
}

static int take_cleared(struct reading *r, const struct fnl_value *v)
{
	struct stalls *s = r->s;
	struct stall_told *t;
	int status =
		told_of(r, &v[FNL_STALL_CLEARED_PROSPECT_ID], &v[FNL_STALL_CLEARED_REP_ID], v[FNL_STALL_CLEARED_KIND].i64, &t);
	if (status) {
		return status;
	}
	s->cleared++;
	s->strays += !t->open;
	s->open -= t->open;
	s->by_level[t->level] -= t->open;
	t->open = false;
	return 0;
}

static int take_sheet(struct reading *r, const struct fnl_value *v)
{
	struct stalls *s = r->s;
	struct fnl_span rep = text_of(&v[FNL_INSPECTION_SHEET_REP_ID]);
	struct fnl_map_node *node = fnl_map_find(&s->by_rep, rep);
	node = node ? node : add(r, &s->by_rep, rep, sizeof(struct stall_sheets));
	if (!node) {
		return out_of_memory(r);
	}
	struct stall_sheets *of_rep = FNL_CONTAINER_OF(node, struct stall_sheets, node);
	int64_t number = v[FNL_INSPECTION_SHEET_SHEET_NUMBER].i64;
	s->sheets++;
	s->holes += number != of_rep->number + 1;
	s->questions += v[FNL_INSPECTION_SHEET_QUESTIONS].list.count;
	of_rep->number = number;
	return 0;
}

static int take(struct reading *r, const struct fnl_decoded *d)
{
	struct stalls *s = r->s;
	const struct fnl_value *v = d->values;
	if (d->desc == &fnl_desc_prospect_stalled || d->desc == &fnl_desc_stall_escalated) {
		return take_told(r, v, d->desc == &fnl_desc_prospect_stalled);
	}
	if (d->desc == &fnl_desc_stall_cleared) {
		return take_cleared(r, v);
	}
	if (d->desc == &fnl_desc_inspection_sheet) {
		return take_sheet(r, v);
	}
	if (d->desc == &fnl_desc_inspection_answer_recorded) {
		s->answers++;
		s->answered += v[FNL_INSPECTION_ANSWER_RECORDED_STATE].i64 == FNL_QUESTION_STATE_ANSWERED;
	}
	s->overdue += d->desc == &fnl_desc_inspection_overdue;
	return 0;
}

static int on_record(void *context, size_t index, const struct fnl_record *record)
{
	struct reading *r = context;
	struct stalls *s = r->s;
	struct fnl_decoded d;
	int64_t *seen = s->seen[index ? FNL_TOPIC_INSPECTIONS : FNL_TOPIC_ALERTS];
	if (record->partition >= WORLD_PARTITIONS || record->offset < seen[record->partition]) {
		return 0;
	}
	seen[record->partition] = record->offset + 1;
	fnl_arena_reset(&s->arena);
	if (r->w->codec->ops->decode(r->w->codec, record, &s->arena, &d, NULL)) {
		return 0; /* the check at the end counts it */
	}
	return take(r, &d);
}

int stalls_read(struct stalls *s, struct world *w, struct fnl_error *why)
{
	const char *topics[] = {w->topics[FNL_TOPIC_ALERTS], w->topics[FNL_TOPIC_INSPECTIONS]};
	struct reading r = {s, w, why};
	if (s->arena.limit_bytes == 0) {
		fnl_arena_init(&s->arena, ARENA_BYTES);
		fnl_arena_init(&s->keys_arena, KEYS_ARENA_BYTES);
	}
	why->text[0] = '\0';
	int status = w->bus->ops->read(w->bus, topics, 2, true, true, NULL, on_record, &r);
	return status >= 0 ? 0 : why->text[0] ? status : fnl_fail(why, status, "%s", w->bus->ops->explain(w->bus));
}

void stalls_deinit(struct stalls *s)
{
	fnl_map_deinit(&s->by_key);
	fnl_map_deinit(&s->by_rep);
	fnl_arena_deinit(&s->arena);
	fnl_arena_deinit(&s->keys_arena);
}

bool stalls_climbed(const struct stalls *s, struct fnl_span prospect_id, struct fnl_span rep_id, int kind)
{
	static const unsigned all =
		1U << FNL_ALERT_LEVEL_REP | 1U << FNL_ALERT_LEVEL_MANAGER | 1U << FNL_ALERT_LEVEL_NEXT_LEVEL;
	char text[KEY_BYTES];
	struct fnl_map_node *node = fnl_map_find(&s->by_key, key_of(text, prospect_id, rep_id, kind));
	const struct stall_told *t = node ? FNL_CONTAINER_OF(node, struct stall_told, node) : NULL;
	return t && t->open && (t->levels & all) == all;
}

/* ---- against rows ---- */

struct counting {
	struct fnl_arena arena;
	struct stalls_now *now;
	const struct stalls *s;
	uint64_t lines;
	uint64_t same;
	struct fnl_error *why;
};

static int on_prospect(void *context, const struct fnl_row_entry *row)
{
	struct counting *c = context;
	struct fnl_value v[FNL_RECORD_FIELDS_MAX];
	if (!fnl_span_eq(row->table, FNL_SPAN_LIT("prospect"))) {
		return 0;
	}
	fnl_arena_reset(&c->arena);
	int status = fnl_rows_decode(row, &fnl_desc_prospect, &c->arena, v, c->why);
	if (status == 0 && v[FNL_PROSPECT_STALLS].list.count) {
		c->now->by_layer[v[FNL_PROSPECT_LAYER].i64]++;
	}
	return status;
}

int stalls_of_rows(const struct fnl_rows *rows, struct stalls_now *ret, struct fnl_error *why)
{
	struct counting c = {.now = ret, .why = why};
	*ret = (struct stalls_now){{0}};
	fnl_arena_init(&c.arena, ARENA_BYTES);
	int status = fnl_rows_each(rows, on_prospect, &c);
	fnl_arena_deinit(&c.arena);
	return status;
}

/* "rep:R-07" is R-07's; the pool is nobody's. */
static struct fnl_span rep_of_book(struct fnl_span book)
{
	bool rep = book.len > 4 && memcmp(book.data, "rep:", 4) == 0;
	return rep ? fnl_span_of(book.data + 4, book.len - 4) : FNL_SPAN_LIT("");
}

static int on_line(void *context, const struct fnl_row_entry *row)
{
	struct counting *c = context;
	struct fnl_value v[FNL_RECORD_FIELDS_MAX];
	fnl_arena_reset(&c->arena);
	int status = fnl_rows_decode(row, &fnl_desc_line, &c->arena, v, c->why);
	for (int64_t kind = 0; status == 0 && kind < FNL_STALL_KIND_COUNT; kind++) {
		char text[KEY_BYTES];
		if (!(v[FNL_LINE_TOLD].i64 >> kind & 1)) {
			continue;
		}
		struct fnl_span key = key_of(text, v[FNL_LINE_PROSPECT_ID].str, rep_of_book(v[FNL_LINE_BOOK].str), kind);
		struct fnl_map_node *node = fnl_map_find(&c->s->by_key, key);
		c->lines++;
		c->same += node && FNL_CONTAINER_OF(node, struct stall_told, node)->open;
	}
	return status;
}

static bool is_line(void *context, struct fnl_span key)
{
	(void)context;
	return key.len > 5 && memcmp(key.data, "line|", 5) == 0;
}

int stalls_against_lines(const struct stalls *s, struct world *w, uint64_t *ret_lines, uint64_t *ret_same,
                         struct fnl_error *why)
{
	struct fnl_rows rows = {.wanted = is_line};
	struct counting c = {.s = s, .why = why};
	fnl_arena_init(&c.arena, ARENA_BYTES);
	int status = fnl_rows_read(&rows, w->bus, w->topics[FNL_TOPIC_REPS], why);
	status = status ? status : fnl_rows_each(&rows, on_line, &c);
	fnl_rows_deinit(&rows);
	fnl_arena_deinit(&c.arena);
	*ret_lines = c.lines;
	*ret_same = c.same;
	return status;
}
