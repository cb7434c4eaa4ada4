#include "verify_books.h"

#include <stdio.h>

#include "funneld_records.h"
#include "rows_table.h"

enum { E4 = 10000 };

static const char *const tables[FNL_BOOKS_SIDES] = {"prospect", "line", "rep"};

enum fnl_books_side fnl_books_side_of(const char *table)
{
	int side = 0;
	while (side < FNL_BOOKS_SIDES && strcmp(tables[side], table) != 0) {
		side++;
	}
	return (enum fnl_books_side)side;
}

const char *fnl_books_layer_text(int layer)
{
	return layer == FNL_BOOKS_WATCHED              ? "watched"
	       : layer >= 0 && layer < FNL_LAYER_COUNT ? fnl_symbols_layer[layer]
	                                               : "?";
}

/* The node of a book's name, made at its first mention. NULL: no memory. */
static const struct fnl_book_node *book_of(struct fnl_books *b, struct fnl_span name)
{
	struct fnl_map_node *known = fnl_map_find(&b->names, name);
	if (known) {
		return FNL_CONTAINER_OF(known, struct fnl_book_node, node);
	}
	struct fnl_book_node *n = fnl_arena_calloc(b->arena, 1, sizeof(*n));
	struct fnl_span key = fnl_arena_dup(b->arena, name);
	return n && !fnl_span_is_none(key) && fnl_map_insert(&b->names, &n->node, key) == 0 ? n : NULL;
}

/* One prospect, or one line. */
static struct fnl_books_part part_of(const struct fnl_book_node *book, int64_t layer, const struct fnl_value *amount,
                                     int64_t weight_bp)
{
	struct fnl_books_part p = {.book = book, .layer = (int)layer, .sum = {.count = 1}};
	if (amount->set) {
		memcpy(p.currency, amount->money.currency, sizeof(p.currency));
		p.sum.amount_minor = amount->money.amount_minor;
		p.sum.weighted = (__int128)amount->money.amount_minor * weight_bp;
	}
	return p;
}

static int read_prospect(struct fnl_books *b, const struct fnl_value *v, struct fnl_books_part *parts, size_t *count,
                         bool *ret_unsent)
{
	const struct fnl_value *book = &v[FNL_PROSPECT_BOOK];
	*ret_unsent = !book->set;
	if (!book->set) {
		return 0;
	}
	const struct fnl_book_node *node = book_of(b, book->str);
	parts[(*count)++] =
		part_of(node, v[FNL_PROSPECT_LAYER].i64, &v[FNL_PROSPECT_AMOUNT], v[FNL_PROSPECT_WEIGHT_BP].i64);
	return node ? 0 : FNL_E_NOMEM;
}

static int read_line(struct fnl_books *b, const struct fnl_value *v, struct fnl_books_part *parts, size_t *count)
{
	int64_t state = v[FNL_LINE_STATE].i64;
	if (state != FNL_LINE_STATE_OWNED && state != FNL_LINE_STATE_WATCHED) {
		return 0; /* kept for an image only */
	}
	const struct fnl_book_node *node = book_of(b, v[FNL_LINE_BOOK].str);
	struct fnl_books_part *p = &parts[(*count)++];
	if (state == FNL_LINE_STATE_OWNED) {
		*p = part_of(node, v[FNL_LINE_LAYER].i64, &v[FNL_LINE_AMOUNT], v[FNL_LINE_WEIGHT_BP].i64);
	} else {
		*p = (struct fnl_books_part){.book = node, .layer = FNL_BOOKS_WATCHED, .sum = {.count = 1}};
	}
	return node ? 0 : FNL_E_NOMEM;
}

static int read_rep(struct fnl_books *b, const struct fnl_value *v, struct fnl_books_part *parts, size_t *count,
                    struct fnl_error *why)
{
	const struct fnl_list *totals = &v[FNL_REP_TOTALS].list;
	const struct fnl_book_node *node = book_of(b, v[FNL_REP_BOOK].str);
	int64_t lines = 0;
	for (size_t i = 0; i < totals->count && i + 1 < FNL_BOOKS_PARTS_MAX; i++) {
		const struct fnl_value *t = totals->items[i].list.items;
		struct fnl_books_part *p = &parts[(*count)++];
		*p = (struct fnl_books_part){
			.book = node,
			.layer = (int)t[FNL_BOOK_TOTAL_LAYER].i64,
			.sum = {t[FNL_BOOK_TOTAL_COUNT].i64, t[FNL_BOOK_TOTAL_AMOUNT_MINOR].i64,
		            (__int128)t[FNL_BOOK_TOTAL_WEIGHTED_MINOR].i64 * E4 + t[FNL_BOOK_TOTAL_WEIGHTED_E4].i64}};
		struct fnl_span currency = t[FNL_BOOK_TOTAL_CURRENCY].set ? t[FNL_BOOK_TOTAL_CURRENCY].str : FNL_SPAN_NONE;
		if (!fnl_span_is_none(currency)) {
			memcpy(p->currency, currency.data, currency.len < 3 ? currency.len : 3);
		}
		lines += t[FNL_BOOK_TOTAL_COUNT].i64;
	}
	if (v[FNL_REP_WATCHED_COUNT].i64) {
		parts[(*count)++] = (struct fnl_books_part){
			.book = node, .layer = FNL_BOOKS_WATCHED, .sum = {.count = v[FNL_REP_WATCHED_COUNT].i64}};
	}
	if (node && lines != v[FNL_REP_LINE_COUNT].i64) {
		return fnl_fail(why, FNL_E_INVALID, "line_count is %lld, the totals count %lld",
		                (long long)v[FNL_REP_LINE_COUNT].i64, (long long)lines);
	}
	return node ? 0 : FNL_E_NOMEM;
}

int fnl_books_read(struct fnl_books *b, struct fnl_codec *codec, const char *table, struct fnl_span value,
                   struct fnl_arena *scratch, struct fnl_books_part ret_parts[FNL_BOOKS_PARTS_MAX], size_t *ret_count,
                   bool *ret_unsent, struct fnl_error *why)
{
	static const struct fnl_record_desc *const descs[FNL_BOOKS_SIDES] = {&fnl_desc_prospect, &fnl_desc_line,
	                                                                     &fnl_desc_rep};
	struct fnl_value values[FNL_RECORD_FIELDS_MAX];
	enum fnl_books_side side = fnl_books_side_of(table);
	size_t count = 0;
	*ret_count = 0;
	*ret_unsent = false;
	if (side == FNL_BOOKS_SIDES) {
		return 0;
	}
	int rc = fnl_rows_decode_value(codec, value, descs[side], scratch, values, why);
	if (rc) {
		return rc;
	}
	switch (side) {
	case FNL_BOOKS_PROSPECTS:
		rc = read_prospect(b, values, ret_parts, &count, ret_unsent);
		break;
	case FNL_BOOKS_LINES:
		rc = read_line(b, values, ret_parts, &count);
		break;
	case FNL_BOOKS_REPS:
		rc = read_rep(b, values, ret_parts, &count, why);
		break;
	case FNL_BOOKS_SIDES:
		break;
	}
	*ret_count = rc ? 0 : count;
	return rc;
}

int fnl_books_add(struct fnl_books *b, enum fnl_books_side side, const struct fnl_books_part *part)
{
	uint8_t name[512];
	struct fnl_span book = part->book->node.key;
	size_t len = book.len < sizeof(name) - 8 ? book.len : sizeof(name) - 8;
	memcpy(name, book.data, len);
	name[len++] = '|';
	name[len++] = (uint8_t)part->layer;
	memcpy(name + len, part->currency, sizeof(part->currency));
	len += sizeof(part->currency);
	struct fnl_map_node *known = fnl_map_find(&b->entries, fnl_span_of(name, len));
	struct fnl_books_entry *e = known ? FNL_CONTAINER_OF(known, struct fnl_books_entry, node) : NULL;
	if (!e) {
		struct fnl_span key = fnl_arena_dup(b->arena, fnl_span_of(name, len));
		e = fnl_arena_calloc(b->arena, 1, sizeof(*e));
		if (!e || fnl_span_is_none(key) || fnl_map_insert(&b->entries, &e->node, key)) {
			return FNL_E_NOMEM;
		}
		e->what = *part;
	}
	e->side[side].count += part->sum.count;
	e->side[side].amount_minor += part->sum.amount_minor;
	e->side[side].weighted += part->sum.weighted;
	return 0;
}

static bool same(const struct fnl_books_sum *a, const struct fnl_books_sum *b)
{
	return a->count == b->count && a->amount_minor == b->amount_minor && a->weighted == b->weighted;
}

bool fnl_books_agree(const struct fnl_books_entry *e, char ret_text[160])
{
	const struct fnl_books_sum *s = e->side;
	bool watched = e->what.layer == FNL_BOOKS_WATCHED;
	if (same(&s[FNL_BOOKS_LINES], &s[FNL_BOOKS_REPS]) &&
	    (watched || same(&s[FNL_BOOKS_PROSPECTS], &s[FNL_BOOKS_LINES]))) {
		return true;
	}
	snprintf(ret_text, 160, "count, minor, 1/10000: prospects %lld %lld %lld; lines %lld %lld %lld; rep %lld %lld %lld",
	         (long long)s[0].count, (long long)s[0].amount_minor, (long long)s[0].weighted, (long long)s[1].count,
	         (long long)s[1].amount_minor, (long long)s[1].weighted, (long long)s[2].count,
	         (long long)s[2].amount_minor, (long long)s[2].weighted);
	return false;
}

void fnl_books_deinit(struct fnl_books *b)
{
	fnl_map_deinit(&b->names);
	fnl_map_deinit(&b->entries);
}
