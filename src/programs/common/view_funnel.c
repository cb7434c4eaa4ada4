#include "view_funnel.h"

#include <stdlib.h>

#include "funneld_records.h"

static const char *const by_texts[] = {"layer", "stage", "rep", "region", "industry"};
static const char *const status_texts[FNL_VIEW_STATUS_COUNT] = {"open", "won", "lost"};

/* As the funnel is read: from its wide end to its narrow one, then what is beside it, then what left it. */
static const int layer_order[] = {FNL_LAYER_TOP,     FNL_LAYER_MIDDLE, FNL_LAYER_BOTTOM, FNL_LAYER_UNCLASSIFIED,
                                  FNL_LAYER_UNKNOWN, FNL_LAYER_WON,    FNL_LAYER_LOST};

enum { ARENA_BYTES = 1 << 20 };

struct maker {
	const struct fnl_rows *rows;
	struct fnl_view *view;
	struct fnl_arena arena; /* of one row */
	struct fnl_error *why;
};

bool fnl_view_by_parse(const char *text, enum fnl_view_by *ret)
{
	for (size_t i = 0; i < sizeof(by_texts) / sizeof(by_texts[0]); i++) {
		if (strcmp(text, by_texts[i]) == 0) {
			*ret = (enum fnl_view_by)i;
			return true;
		}
	}
	return false;
}

const char *fnl_view_by_text(enum fnl_view_by by)
{
	return by_texts[by];
}

const char *fnl_view_status_text(enum fnl_view_status status)
{
	return status_texts[status];
}

int64_t fnl_view_weighted(const struct fnl_money_sum *s)
{
	return (int64_t)fnl_div_half_even(s->weighted, FNL_BP_ONE);
}

/* Gaps of the whole source that came to this partition so far. */
static int64_t feed_gaps(const struct fnl_rows *rows, struct fnl_span source, int32_t partition,
                         struct fnl_arena *arena)
{
	const struct fnl_row_entry *row = fnl_rows_find(rows, "feed", source, partition);
	struct fnl_value values[FNL_FEED_FIELD_COUNT];
	if (!row || fnl_rows_decode(row, &fnl_desc_feed, arena, values, NULL)) {
		return 0;
	}
	return values[FNL_FEED_GAP_COUNT].i64;
}

int fnl_view_layer(const struct fnl_rows *rows, const struct fnl_value *values, int32_t partition,
                   struct fnl_arena *arena)
{
	int layer = (int)values[FNL_PROSPECT_LAYER].i64;
	bool open = layer == FNL_LAYER_TOP || layer == FNL_LAYER_MIDDLE || layer == FNL_LAYER_BOTTOM ||
	            layer == FNL_LAYER_UNCLASSIFIED;
	if (open &&
	    values[FNL_PROSPECT_FEED_GAPS_SEEN].i64 < feed_gaps(rows, values[FNL_PROSPECT_SOURCE].str, partition, arena)) {
		return FNL_LAYER_UNKNOWN;
	}
	return layer;
}

static int find_group(struct fnl_view *v, struct fnl_span key, enum fnl_view_status status, struct fnl_view_group **ret)
{
	uint8_t name[512];
	size_t len = key.len < sizeof(name) - 2 ? key.len : sizeof(name) - 2;
	name[0] = (uint8_t)('0' + status);
	name[1] = fnl_span_is_none(key) ? '-' : '+';
	if (len) {
		memcpy(name + 2, key.data, len);
	}
	struct fnl_map_node *node = fnl_map_find(&v->map, fnl_span_of(name, len + 2));
	if (node) {
		*ret = FNL_CONTAINER_OF(node, struct fnl_view_group, node);
		return 0;
	}
	if (v->group_count == FNL_VIEW_GROUPS_MAX) {
		return FNL_E_LIMIT;
	}
	struct fnl_view_group *g = fnl_arena_calloc(&v->arena, 1, sizeof(*g));
	struct fnl_span full = fnl_arena_dup(&v->arena, fnl_span_of(name, len + 2));
	if (!g || fnl_span_is_none(full) || fnl_map_insert(&v->map, &g->node, full)) {
		return FNL_E_NOMEM;
	}
	g->key = fnl_span_is_none(key) ? FNL_SPAN_NONE : fnl_span_of(full.data + 2, len);
	g->status = status;
	v->group_count++;
	*ret = g;
	return 0;
}

static struct fnl_span group_key(enum fnl_view_by by, const struct fnl_value *values, int layer)
{
	static const size_t fields[] = {
		[FNL_VIEW_BY_STAGE] = FNL_PROSPECT_STAGE,
		[FNL_VIEW_BY_REP] = FNL_PROSPECT_OWNER_REP_ID,
		[FNL_VIEW_BY_REGION] = FNL_PROSPECT_REGION,
		[FNL_VIEW_BY_INDUSTRY] = FNL_PROSPECT_INDUSTRY,
	};
	if (by == FNL_VIEW_BY_LAYER) {
		return fnl_span_str(fnl_symbols_layer[layer]);
	}
	const struct fnl_value *v = &values[fields[by]];
	return v->set ? v->str : FNL_SPAN_NONE;
}

static int count_one(struct maker *m, const struct fnl_value *values, int layer)
{
	struct fnl_view_group *g;
	enum fnl_view_status status = layer == FNL_LAYER_WON    ? FNL_VIEW_WON
	                              : layer == FNL_LAYER_LOST ? FNL_VIEW_LOST
	                                                        : FNL_VIEW_OPEN;
	int error = find_group(m->view, group_key(m->view->by, values, layer), status, &g);
	if (error) {
		return fnl_fail(m->why, error, "too many groups, or out of memory");
	}
	const struct fnl_value *won = &values[FNL_PROSPECT_WON_AMOUNT];
	const struct fnl_value *amount = status == FNL_VIEW_WON && won->set ? won : &values[FNL_PROSPECT_AMOUNT];
	bool weighted = layer == FNL_LAYER_TOP || layer == FNL_LAYER_MIDDLE || layer == FNL_LAYER_BOTTOM;
	g->count++;
	g->weight_bp_sum += weighted ? (uint64_t)values[FNL_PROSPECT_WEIGHT_BP].i64 : 0;
	g->unknown += status == FNL_VIEW_OPEN && !weighted;
	g->without_amount += !amount->set;
	if (!amount->set) {
		return 0;
	}
	error = fnl_money_sums_add(&g->sums, amount->money, weighted ? (int32_t)values[FNL_PROSPECT_WEIGHT_BP].i64 : 0);
	return error ? fnl_fail(m->why, error, "more than %d currencies", FNL_CURRENCIES_MAX) : 0;
}

static int on_row(void *context, const struct fnl_row_entry *row)
{
	struct maker *m = context;
	struct fnl_value values[FNL_PROSPECT_FIELD_COUNT];
	if (!fnl_span_eq(row->table, FNL_SPAN_LIT("prospect"))) {
		return 0;
	}
	fnl_arena_reset(&m->arena);
	struct fnl_error why = {0};
	int status = fnl_rows_decode(row, &fnl_desc_prospect, &m->arena, values, &why);
	if (status) {
		return fnl_fail(m->why, status, "partition %d, offset %lld: %s", row->partition, (long long)row->offset,
		                why.text);
	}
	int layer = fnl_view_layer(m->rows, values, row->partition, &m->arena);
	for (size_t i = 0; i < sizeof(layer_order) / sizeof(layer_order[0]); i++) {
		if (layer == layer_order[i]) {
			return count_one(m, values, layer);
		}
	}
	return 0;
}

static int layer_rank(struct fnl_span key)
{
	int n = (int)(sizeof(layer_order) / sizeof(layer_order[0]));
	for (int i = 0; i < n; i++) {
		if (fnl_span_eq(key, fnl_span_str(fnl_symbols_layer[layer_order[i]]))) {
			return i;
		}
	}
	return n;
}

static int compare_layer(const void *a, const void *b)
{
	const struct fnl_view_group *const *x = a;
	const struct fnl_view_group *const *y = b;
	return layer_rank((*x)->key) - layer_rank((*y)->key);
}

static int compare_key(const void *a, const void *b)
{
	const struct fnl_view_group *const *x = a;
	const struct fnl_view_group *const *y = b;
	bool none_x = fnl_span_is_none((*x)->key);
	bool none_y = fnl_span_is_none((*y)->key);
	int c = none_x || none_y ? (int)none_x - (int)none_y : fnl_span_cmp((*x)->key, (*y)->key);
	return c ? c : (int)(*x)->status - (int)(*y)->status;
}

static int sort_groups(struct fnl_view *v, struct fnl_error *why)
{
	size_t n = 0;
	v->groups = fnl_arena_calloc(&v->arena, v->group_count + 1, sizeof(struct fnl_view_group *));
	if (!v->groups) {
		return fnl_fail(why, FNL_E_NOMEM, "out of memory");
	}
	for (size_t i = 0; i < v->map.bucket_count; i++) {
		for (struct fnl_map_node *node = v->map.buckets[i].first; node; node = node->next) {
			v->groups[n++] = FNL_CONTAINER_OF(node, struct fnl_view_group, node);
		}
	}
	qsort(v->groups, n, sizeof(struct fnl_view_group *), v->by == FNL_VIEW_BY_LAYER ? compare_layer : compare_key);
	return 0;
}

int fnl_view_make(const struct fnl_rows *rows, enum fnl_view_by by, struct fnl_view *ret, struct fnl_error *why)
{
	struct fnl_view v = {.by = by, .as_of_ms = rows->records ? rows->newest_ms : INT64_MIN};
	struct maker m = {.rows = rows, .view = &v, .why = why};
	fnl_arena_init(&v.arena, (size_t)FNL_VIEW_GROUPS_MAX * (sizeof(struct fnl_view_group) + 1024));
	fnl_arena_init(&m.arena, ARENA_BYTES);
	int status = fnl_rows_each(rows, on_row, &m);
	status = status ? status : sort_groups(&v, why);
	fnl_arena_deinit(&m.arena);
	if (status) {
		fnl_view_deinit(&v);
		return status;
	}
	*ret = v;
	return 0;
}

void fnl_view_deinit(struct fnl_view *v)
{
	fnl_map_deinit(&v->map);
	fnl_arena_deinit(&v->arena);
	*v = (struct fnl_view){0};
}

const struct fnl_view_group *fnl_view_find(const struct fnl_view *v, const char *key, enum fnl_view_status status)
{
	for (size_t i = 0; i < v->group_count; i++) {
		const struct fnl_view_group *g = v->groups[i];
		if (g->status == status && fnl_span_eq(g->key, fnl_span_str(key))) {
			return g;
		}
	}
	return NULL;
}
