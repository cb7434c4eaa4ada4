/* Rates and territories in the world of books. */
#include <stdio.h>

#include "book_world_internal.h"

static struct fnl_books_two one_of(struct fnl_span a)
{
	struct fnl_books_two k;
	snprintf(k.text, sizeof(k.text), "%.*s", (int)a.len, (const char *)a.data);
	return k;
}

struct fnl_books_two fnl_books_two(struct fnl_span a, struct fnl_span b)
{
	struct fnl_books_two k;
	snprintf(k.text, sizeof(k.text), "%.*s|%.*s", (int)a.len, (const char *)a.data, (int)b.len, (const char *)b.data);
	return k;
}

static int take_reference(struct fnl_books *w, enum fnl_books_table table, struct fnl_books_two k, int r,
                          const struct fnl_value *values, bool *ret_stale)
{
	if (r == 0) {
		fnl_books_put(w, table, k.text, values ? FNL_ROW_PUT : FNL_ROW_KEEP, values);
	}
	if (ret_stale) {
		*ret_stale = r == 0 && !values;
	}
	return r;
}

int fnl_books_rate(struct fnl_books *w, const struct fnl_input *in, bool *ret_stale)
{
	struct fnl_books_two k = fnl_books_two(in->v[FNL_FX_RATE_NAME].str, in->v[FNL_FX_RATE_QUOTE].str);
	struct fnl_value *values = NULL;
	int r = fnl_rates_take(fnl_books_get(w, FNL_BOOKS_RATE, k.text), in->v, &w->arena, &values, &w->why);
	return take_reference(w, FNL_BOOKS_RATE, k, r, values, ret_stale);
}

int fnl_books_territory(struct fnl_books *w, const struct fnl_input *in, bool *ret_stale)
{
	struct fnl_books_two k = one_of(in->v[FNL_TERRITORY_DEFINED_ORG_ID].str);
	struct fnl_value *values = NULL;
	int r = fnl_territory_take(fnl_books_get(w, FNL_BOOKS_TERRITORY, k.text), in->v, &w->arena, &values, &w->why);
	return take_reference(w, FNL_BOOKS_TERRITORY, k, r, values, ret_stale);
}

const struct fnl_value *fnl_books_rates(const struct fnl_books *w, const char *name, const char *quote)
{
	return fnl_books_get(w, FNL_BOOKS_RATE, fnl_books_two(fnl_span_str(name), fnl_span_str(quote)).text);
}

const struct fnl_value *fnl_books_territories(const struct fnl_books *w, const char *org_id, const char *run_id)
{
	return fnl_books_get(w, FNL_BOOKS_TERRITORY,
	                     run_id ? fnl_books_two(fnl_span_str(org_id), fnl_span_str(run_id)).text : org_id);
}

void fnl_books_references(const struct fnl_books *w, const struct fnl_quota_need *need, struct fnl_quota_step_in *ret)
{
	if (!fnl_span_is_none(need->run_id)) {
		ret->copied = fnl_books_get(w, FNL_BOOKS_TERRITORY, fnl_books_two(need->org_id, need->run_id).text);
	}
	if (need->begins) {
		ret->territories = fnl_books_get(w, FNL_BOOKS_TERRITORY, one_of(need->org_id).text);
	}
	if (!fnl_span_is_none(need->rate_name)) {
		ret->rates = fnl_books_get(w, FNL_BOOKS_RATE, fnl_books_two(need->rate_name, need->base_currency).text);
	}
}
