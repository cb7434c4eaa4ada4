#include <jansson.h>

#include "view_draw.h"

static bool fits(__int128 v)
{
	return v >= INT64_MIN && v <= INT64_MAX;
}

/* NULL when a sum does not fit, or out of memory. */
static json_t *amounts_of(const struct fnl_view_group *g, bool *ret_fits)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < g->sums.count; i++) {
		const struct fnl_money_sum *s = &g->sums.by[i];
		*ret_fits = *ret_fits && fits(s->amount_minor) && fits(s->weighted / FNL_BP_ONE);
		json_t *one = json_pack("{s:s, s:I, s:I}", "currency", s->currency, "amount_minor", (json_int_t)s->amount_minor,
		                        "weighted_minor", (json_int_t)fnl_view_weighted(s));
		if (!one || json_array_append_new(list, one)) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *row_of(const struct fnl_view_group *g, bool *ret_fits)
{
	json_t *key = fnl_span_is_none(g->key) ? json_null() : json_stringn((const char *)g->key.data, g->key.len);
	json_t *amounts = amounts_of(g, ret_fits);
	if (!key || !amounts) {
		json_decref(key);
		json_decref(amounts);
		return NULL;
	}
	return json_pack("{s:o, s:s, s:I, s:o, s:I, s:I}", "key", key, "status", fnl_view_status_text(g->status), "count",
	                 (json_int_t)g->count, "amounts", amounts, "without_amount", (json_int_t)g->without_amount,
	                 "unweighted", (json_int_t)g->unknown);
}

int fnl_view_json(const struct fnl_view *v, int64_t now_ms, FILE *out)
{
	char as_of[FNL_TEXT_BYTES];
	bool all_fit = true;
	json_t *rows = json_array();
	for (size_t i = 0; rows && i < v->group_count; i++) {
		json_t *row = row_of(v->groups[i], &all_fit);
		if (!row || json_array_append_new(rows, row)) {
			json_decref(rows);
			rows = NULL;
		}
	}
	fnl_text_rfc3339(v->as_of_ms == INT64_MIN ? now_ms : v->as_of_ms, as_of);
	json_t *root =
		rows ? json_pack("{s:s, s:s, s:o}", "as_of", as_of, "by", fnl_view_by_text(v->by), "rows", rows) : NULL;
	if (!root || !all_fit) {
		json_decref(root);
		return root ? FNL_E_LIMIT : FNL_E_NOMEM;
	}
	int failed = json_dumpf(root, out, JSON_COMPACT) != 0 || fputc('\n', out) == EOF || fflush(out) != 0;
	json_decref(root);
	return failed ? FNL_E_IO : 0;
}
