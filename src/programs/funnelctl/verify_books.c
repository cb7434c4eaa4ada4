#include "verify_books.h"

#include <stdio.h>

#include "funneld_records.h"
#include "rows_table.h"

enum { E4 = 10000, SLOT_LAYERS = 16 /* CellTotal.slot: the layer, and this times the week */ };

static const char *const tables[FNL_BOOKS_SIDES] = {"prospect", "line", "rep", "cell", "org_cell"};

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
static struct fnl_book_node *book_of(struct fnl_books *b, struct fnl_span name)
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
static struct fnl_books_part part_of(struct fnl_book_node *book, int64_t layer, const struct fnl_value *amount,
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
	struct fnl_book_node *node = book_of(b, book->str);
	parts[(*count)++] =
		part_of(node, v[FNL_PROSPECT_LAYER].i64, &v[FNL_PROSPECT_AMOUNT], v[FNL_PROSPECT_WEIGHT_BP].i64);
	return node ? 0 : FNL_E_NOMEM;
}

static bool in_funnel(int layer)
{
	return layer == FNL_LAYER_TOP || layer == FNL_LAYER_MIDDLE || layer == FNL_LAYER_BOTTOM;
}

static int read_line(struct fnl_books *b, const struct fnl_value *v, struct fnl_books_part *parts, size_t *count)
{
	int64_t state = v[FNL_LINE_STATE].i64;
	if (state != FNL_LINE_STATE_OWNED && state != FNL_LINE_STATE_WATCHED) {
		return 0; /* kept for an image only */
	}
	struct fnl_book_node *node = book_of(b, v[FNL_LINE_BOOK].str);
	struct fnl_books_part *p = &parts[(*count)++];
	if (state == FNL_LINE_STATE_OWNED) {
		*p = part_of(node, v[FNL_LINE_LAYER].i64, &v[FNL_LINE_AMOUNT], v[FNL_LINE_WEIGHT_BP].i64);
		p->uncelled = in_funnel(p->layer) && !v[FNL_LINE_CELL].set;
	} else {
		*p = (struct fnl_books_part){.book = node, .layer = FNL_BOOKS_WATCHED, .sum = {.count = 1}};
	}
	return node ? 0 : FNL_E_NOMEM;
}

/* A sum as it is stored: BookTotal, CellTotal and CellVolume are alike from the currency on. */
static struct fnl_books_part stored_part(struct fnl_book_node *book, int64_t layer,
                                         const struct fnl_value *from_currency)
{
	enum { CURRENCY, COUNT, AMOUNT_MINOR, WEIGHTED_MINOR, WEIGHTED_E4 };
	const struct fnl_value *t = from_currency;
	struct fnl_books_part p = {
		.book = book,
		.layer = (int)layer,
		.sum = {t[COUNT].i64, t[AMOUNT_MINOR].i64, (__int128)t[WEIGHTED_MINOR].i64 * E4 + t[WEIGHTED_E4].i64}};
	if (t[CURRENCY].set) {
		memcpy(p.currency, t[CURRENCY].str.data, t[CURRENCY].str.len < 3 ? t[CURRENCY].str.len : 3);
	}
	return p;
}

static int read_cell(struct fnl_books *b, const struct fnl_value *v, struct fnl_books_part *parts, size_t *count)
{
	struct fnl_book_node *node = book_of(b, v[FNL_CELL_BOOK].str);
	const struct fnl_list *totals = &v[FNL_CELL_TOTALS].list;
	for (size_t i = 0; i < totals->count && i + 1 < FNL_BOOKS_PARTS_MAX; i++) {
		const struct fnl_value *t = totals->items[i].list.items;
		parts[(*count)++] = stored_part(node, t[FNL_CELL_TOTAL_SLOT].i64 % SLOT_LAYERS, t + FNL_CELL_TOTAL_CURRENCY);
	}
	if (v[FNL_CELL_NEXT_DEADLINE_AT].set) {
		parts[(*count)++] = (struct fnl_books_part){.book = node, .layer = FNL_BOOKS_UNTOLD};
	}
	return node ? 0 : FNL_E_NOMEM;
}

static int read_org_cell(struct fnl_books *b, const struct fnl_value *v, struct fnl_books_part *parts, size_t *count)
{
	struct fnl_book_node *node = book_of(b, v[FNL_ORG_CELL_BOOK].str);
	const struct fnl_list *totals = &v[FNL_ORG_CELL_TOTALS].list;
	for (size_t i = 0; i < totals->count && i < FNL_BOOKS_PARTS_MAX; i++) {
		const struct fnl_value *t = totals->items[i].list.items;
		parts[(*count)++] = stored_part(node, t[FNL_CELL_VOLUME_LAYER].i64, t + FNL_CELL_VOLUME_CURRENCY);
	}
	return node ? 0 : FNL_E_NOMEM;
}

static int read_rep(struct fnl_books *b, const struct fnl_value *v, struct fnl_books_part *parts, size_t *count,
                    struct fnl_error *why)
{
	const struct fnl_list *totals = &v[FNL_REP_TOTALS].list;
	struct fnl_book_node *node = book_of(b, v[FNL_REP_BOOK].str);
	int64_t lines = 0;
	for (size_t i = 0; i < totals->count && i + 3 < FNL_BOOKS_PARTS_MAX; i++) {
		const struct fnl_value *t = totals->items[i].list.items;
		parts[(*count)++] = stored_part(node, t[FNL_BOOK_TOTAL_LAYER].i64, t + FNL_BOOK_TOTAL_CURRENCY);
		lines += t[FNL_BOOK_TOTAL_COUNT].i64;
	}
	if (v[FNL_REP_WATCHED_COUNT].i64) {
		parts[(*count)++] = (struct fnl_books_part){
			.book = node, .layer = FNL_BOOKS_WATCHED, .sum = {.count = v[FNL_REP_WATCHED_COUNT].i64}};
	}
	if (v[FNL_REP_REP_ID].set && v[FNL_REP_ORG_ID].set && !v[FNL_REP_ERASED].i64) {
		parts[(*count)++] = (struct fnl_books_part){.book = node, .layer = FNL_BOOKS_HOME};
	}
	if (v[FNL_REP_CELLS_DUE_AT].set) {
		parts[(*count)++] = (struct fnl_books_part){.book = node, .layer = FNL_BOOKS_UNTOLD};
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
	static const struct fnl_record_desc *const descs[FNL_BOOKS_SIDES] = {
		&fnl_desc_prospect, &fnl_desc_line, &fnl_desc_rep, &fnl_desc_cell, &fnl_desc_org_cell};
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
	case FNL_BOOKS_CELLS:
		rc = read_cell(b, values, ret_parts, &count);
		break;
	case FNL_BOOKS_ORGS:
		rc = read_org_cell(b, values, ret_parts, &count);
		break;
	case FNL_BOOKS_SIDES:
		break;
	}
	*ret_count = rc ? 0 : count;
	return rc;
}

static void sum_add(struct fnl_books_sum *to, const struct fnl_books_sum *sum)
{
	to->count += sum->count;
	to->amount_minor += sum->amount_minor;
	to->weighted += sum->weighted;
}

static int add_sum(struct fnl_books *b, enum fnl_books_side side, const struct fnl_books_part *part)
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
	sum_add(&e->side[side], &part->sum);
	if (part->uncelled) {
		sum_add(&e->uncelled, &part->sum);
	}
	return 0;
}

int fnl_books_add(struct fnl_books *b, enum fnl_books_side side, const struct fnl_books_part *part)
{
	part->book->home |= part->layer == FNL_BOOKS_HOME;
	part->book->untold |= part->layer == FNL_BOOKS_UNTOLD;
	return part->layer == FNL_BOOKS_HOME || part->layer == FNL_BOOKS_UNTOLD ? 0 : add_sum(b, side, part);
}

static bool same(const struct fnl_books_sum *a, const struct fnl_books_sum *b)
{
	return a->count == b->count && a->amount_minor == b->amount_minor && a->weighted == b->weighted;
}

/* Lines are in cells, and the organisation knows of these. */
static bool cells_agree(const struct fnl_books_entry *e, char ret_text[160])
{
	static const struct fnl_books_sum nothing;
	const struct fnl_books_sum *s = e->side, *home = e->what.book->home ? &s[FNL_BOOKS_CELLS] : &nothing;
	struct fnl_books_sum celled = s[FNL_BOOKS_CELLS];
	sum_add(&celled, &e->uncelled);
	if (same(&celled, in_funnel(e->what.layer) ? &s[FNL_BOOKS_LINES] : &nothing) &&
	    (e->what.book->untold || same(&s[FNL_BOOKS_ORGS], home))) {
		return true;
	}
	snprintf(ret_text, 160, "count, minor: lines %lld %lld, in no cell yet %lld %lld; cells %lld %lld; org %lld %lld",
	         (long long)s[1].count, (long long)s[1].amount_minor, (long long)e->uncelled.count,
	         (long long)e->uncelled.amount_minor, (long long)s[3].count, (long long)s[3].amount_minor,
	         (long long)s[4].count, (long long)s[4].amount_minor);
	return false;
}

bool fnl_books_agree(const struct fnl_books_entry *e, char ret_text[160])
{
	const struct fnl_books_sum *s = e->side;
	bool watched = e->what.layer == FNL_BOOKS_WATCHED;
	if (same(&s[FNL_BOOKS_LINES], &s[FNL_BOOKS_REPS]) &&
	    (watched || same(&s[FNL_BOOKS_PROSPECTS], &s[FNL_BOOKS_LINES]))) {
		return watched || cells_agree(e, ret_text);
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
