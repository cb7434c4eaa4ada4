/* Rates and territories: each partition keeps them, so that a quota depends on nothing but its partition's input. */
#include "funneld/core/rates.h"
#include "funneld/core/territory.h"
#include "rep_internal.h"

/* "<a>|<b>"; FNL_SPAN_NONE: no memory. */
static struct fnl_span key_of(struct fnl_span a, struct fnl_span b, struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_raw(&w, a);
	fnl_write_u8(&w, '|');
	fnl_write_raw(&w, b);
	return fnl_writer_span(&w);
}

int fnl_rep_prepare_rate(struct fnl_rep_event *e, struct fnl_arena *arena, struct fnl_prepared *ret,
                         struct fnl_error *why)
{
	struct fnl_span name = e->root.entity;
	struct fnl_span quote = e->root.decoded.values[FNL_FX_RATE_QUOTE].str;
	int rc = fnl_check_id("name", name, why);
	rc = rc ? rc : fnl_check_id("quote", quote, why);
	if (rc) {
		return rc;
	}
	struct fnl_span key = key_of(name, quote, arena);
	e->row_rate = fnl_prepared_add(ret, FNL_REP_TABLE_RATE, key);
	return fnl_span_is_none(key) ? FNL_E_NOMEM : 0;
}

int fnl_rep_prepare_territory(struct fnl_rep_event *e, struct fnl_prepared *ret, struct fnl_error *why)
{
	struct fnl_span org_id = e->root.decoded.values[FNL_TERRITORY_DEFINED_ORG_ID].str;
	int rc = fnl_check_id("territory_id", e->root.entity, why);
	rc = rc ? rc : fnl_check_id("org_id", org_id, why);
	if (rc == 0) {
		e->row_territory = fnl_prepared_add(ret, FNL_REP_TABLE_TERRITORY, org_id);
	}
	return rc;
}

int fnl_rep_step_rate(struct fnl_rep_operator *o, const struct fnl_step *in, struct fnl_decision *d,
                      struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	const struct fnl_value *table = NULL;
	struct fnl_value *after = NULL;
	int rc = fnl_rep_take_row(o, in, e->row_rate, FNL_REP_TABLE_RATE, &table, why);
	rc = rc ? rc : fnl_rates_take(table, e->root.decoded.values, in->arena, &after, why);
	d->stale = rc == 0 && !after;
	return rc ? rc
	          : fnl_rep_put_row(o, in, e->row_rate, FNL_REP_TABLE_RATE, after ? FNL_ROW_PUT : FNL_ROW_KEEP, after, d);
}

int fnl_rep_step_territory(struct fnl_rep_operator *o, const struct fnl_step *in, struct fnl_decision *d,
                           struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	const struct fnl_value *set = NULL;
	struct fnl_value *after = NULL;
	int rc = fnl_rep_take_row(o, in, e->row_territory, FNL_REP_TABLE_TERRITORY, &set, why);
	rc = rc ? rc : fnl_territory_take(set, e->root.decoded.values, in->arena, &after, why);
	d->stale = rc == 0 && !after;
	return rc ? rc
	          : fnl_rep_put_row(o, in, e->row_territory, FNL_REP_TABLE_TERRITORY, after ? FNL_ROW_PUT : FNL_ROW_KEEP,
	                            after, d);
}

int fnl_rep_prepare_run(struct fnl_rep_event *e, struct fnl_arena *arena, struct fnl_prepared *ret)
{
	const struct fnl_quota_need *need = &e->need;
	if (fnl_span_is_none(need->run_id)) {
		return 0; /* a recount, or nothing */
	}
	struct fnl_span copied = key_of(need->org_id, need->run_id, arena);
	e->row_copied = fnl_prepared_add(ret, FNL_REP_TABLE_TERRITORY, copied);
	if (fnl_span_is_none(copied) || !need->begins) {
		return fnl_span_is_none(copied) ? FNL_E_NOMEM : 0;
	}
	e->row_territory = fnl_prepared_add(ret, FNL_REP_TABLE_TERRITORY, need->org_id);
	if (fnl_span_is_none(need->rate_name)) {
		return 0;
	}
	struct fnl_span rate = key_of(need->rate_name, need->base_currency, arena);
	e->row_rate = fnl_prepared_add(ret, FNL_REP_TABLE_RATE, rate);
	return fnl_span_is_none(rate) ? FNL_E_NOMEM : 0;
}

int fnl_rep_take_references(struct fnl_rep_operator *o, const struct fnl_step *in, struct fnl_quota_step_in *ret,
                            struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	int rc = fnl_rep_take_row(o, in, e->row_rate, FNL_REP_TABLE_RATE, &ret->rates, why);
	rc = rc ? rc : fnl_rep_take_row(o, in, e->row_territory, FNL_REP_TABLE_TERRITORY, &ret->territories, why);
	return rc ? rc : fnl_rep_take_row(o, in, e->row_copied, FNL_REP_TABLE_TERRITORY, &ret->copied, why);
}
