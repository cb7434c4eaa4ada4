/* Planned purchases, rates and territories. Rates are such that no sum of what the workload sends goes beyond 64 bits.
 */
#include "workload_rep_internal.h"

#define MS_PER_DAY INT64_C(86400000)

static const char *const currencies[] = {"USD", "EUR", "JPY", "BHD"};
static const char *const words[] = {"a", "north", "\xe6\xbc\x8f\xe6\x96\x97", "x y"};
static const char *const names[] = {"BUDGET", "ECB"};
static const char *const sizes[] = {"large", "small"};

static void set_text(struct fnl_input *in, const char *name, const char *value)
{
	fnl_input_str(in, fnl_record_field_index(in->desc, fnl_span_str(name)), value);
}

static void set_number(struct fnl_input *in, const char *name, int64_t value)
{
	fnl_input_i64(in, fnl_record_field_index(in->desc, fnl_span_str(name)), value);
}

/* The two generators change places: called twice, nothing has changed but the side one. */
static void aside(struct workload_rep *w)
{
	struct fnl_gen gen = w->gen;
	w->gen = w->side;
	w->side = gen;
}

static int64_t day_about(struct workload_rep *w)
{
	int64_t ms = w->as_of_ms && !rep_one_in(w, 3) ? w->as_of_ms : w->time_ms;
	int64_t day = ms / MS_PER_DAY + 2 - (int64_t)rep_below(w, rep_one_in(w, 4) ? 42 : 6);
	return day < 0 ? 0 : day;
}

static void add_purchases(struct workload_rep *w, struct fnl_input *in)
{
	size_t count = rep_one_in(w, 5) ? 0 : rep_one_in(w, 12) ? 12 : 1 + rep_below(w, 4);
	struct fnl_value *items = fnl_arena_calloc(&w->arena, count + 1, sizeof(*items));
	if (rep_one_in(w, 3)) {
		fnl_input_str(in, FNL_BOOK_LINE_SIZE_FOCUS, sizes[rep_below(w, 2)]);
	}
	if (!rep_one_in(w, 3)) {
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct fnl_input purchase = {.desc = &fnl_desc_planned_purchase};
		fnl_input_i64(&purchase, FNL_PLANNED_PURCHASE_ON, rep_close_date(w));
		if (!rep_one_in(w, 12)) {
			rep_set_money(w, &purchase, FNL_PLANNED_PURCHASE_AMOUNT);
		}
		struct fnl_value *v = fnl_arena_calloc(&w->arena, FNL_PLANNED_PURCHASE_FIELD_COUNT, sizeof(*v));
		memcpy(v, purchase.v, FNL_PLANNED_PURCHASE_FIELD_COUNT * sizeof(*v));
		items[i] = (struct fnl_value){.set = true, .list = {v, FNL_PLANNED_PURCHASE_FIELD_COUNT}};
	}
	in->v[FNL_BOOK_LINE_PLANNED_PURCHASES] = (struct fnl_value){.set = true, .list = {items, count}};
}

static void name_rates(struct workload_rep *w, struct fnl_input *in)
{
	if (rep_one_in(w, 4)) {
		return;
	}
	set_text(in, "rate_name", rep_one_in(w, 40) ? "a|b" : names[rep_below(w, 2)]);
	if (rep_one_in(w, 3)) {
		set_number(in, "rate_date", day_about(w));
	}
}

static struct fnl_input make_rate(struct workload_rep *w)
{
	struct fnl_input in = {.desc = &fnl_desc_fx_rate};
	size_t base = rep_below(w, 4);
	size_t quote = rep_one_in(w, 30) ? base : (base + 1 + rep_below(w, 3)) % 4;
	bool yen = base == 2;
	set_text(&in, "source", "treasury");
	set_number(&in, "occurred_at", w->time_ms);
	set_text(&in, "name", rep_one_in(w, 30) ? "" : names[rep_below(w, 2)]);
	set_text(&in, "base", currencies[base]);
	set_text(&in, "quote", rep_one_in(w, 40) ? "usd" : currencies[quote]);
	set_number(&in, "rate_mantissa", (int64_t)rep_below(w, yen ? 200 : 2000000) + (rep_one_in(w, 20) ? 0 : 1));
	set_number(&in, "rate_scale", rep_one_in(w, 30) ? 13 : yen ? 4 : rep_one_in(w, 4) ? 12 : 6);
	set_number(&in, "valid_on", day_about(w));
	return in;
}

static struct fnl_value cells(struct workload_rep *w)
{
	size_t count = rep_below(w, 4);
	struct fnl_value *items = fnl_arena_calloc(&w->arena, count + 1, sizeof(*items));
	for (size_t i = 0; i < count; i++) {
		struct fnl_value *v = fnl_arena_calloc(&w->arena, FNL_TERRITORY_CELL_FIELD_COUNT, sizeof(*v));
		if (rep_one_in(w, 2)) {
			v[FNL_TERRITORY_CELL_REGION] = (struct fnl_value){.set = true, .str = fnl_span_str(words[rep_below(w, 4)])};
		}
		if (rep_one_in(w, 3)) {
			v[FNL_TERRITORY_CELL_INDUSTRY] =
				(struct fnl_value){.set = true, .str = fnl_span_str(words[rep_below(w, 4)])};
		}
		if (rep_one_in(w, 3)) {
			v[FNL_TERRITORY_CELL_SIZE_FOCUS] =
				(struct fnl_value){.set = true, .str = fnl_span_str(sizes[rep_below(w, 2)])};
		}
		items[i] = (struct fnl_value){.set = true, .list = {v, FNL_TERRITORY_CELL_FIELD_COUNT}};
	}
	return (struct fnl_value){.set = true, .list = {items, count}};
}

static struct fnl_input make_territory(struct workload_rep *w)
{
	static const int64_t factors[] = {10000, 12500, 3333, 5000, 20000, 0, 99999, -1, 11111};
	struct fnl_input in = {.desc = &fnl_desc_territory_defined};
	size_t count = rep_below(w, 3);
	struct fnl_value *reps = fnl_arena_calloc(&w->arena, count + 1, sizeof(*reps));
	for (size_t i = 0; i < count; i++) {
		reps[i] = (struct fnl_value){.set = true, .str = fnl_span_str(rep_load_rep(w, rep_below(w, w->rep_count)))};
	}
	set_text(&in, "source", "planning");
	set_number(&in, "occurred_at", w->time_ms);
	set_text(&in, "territory_id", rep_one_in(w, 40) ? "t|0" : rep_text(w, "t%zu", rep_below(w, 5)));
	set_number(&in, "version", (int64_t)rep_below(w, 12));
	set_text(&in, "org_id", rep_one_in(w, 3) ? "west" : "east");
	set_number(&in, "valid_from", rep_one_in(w, 4) ? day_about(w) : 0);
	in.v[FNL_TERRITORY_DEFINED_CELLS] = cells(w);
	in.v[FNL_TERRITORY_DEFINED_REP_IDS] = (struct fnl_value){.set = true, .list = {reps, count}};
	if (rep_one_in(w, 3)) {
		set_text(&in, "responsible_rep_id", rep_load_rep(w, rep_below(w, w->rep_count)));
	}
	if (!rep_one_in(w, 4)) {
		set_number(&in, "area_factor_bp", factors[rep_below(w, 9)]);
	}
	return in;
}

void rep_add_purchases(struct workload_rep *w, struct fnl_input *in)
{
	aside(w);
	add_purchases(w, in);
	aside(w);
}

void rep_name_rates(struct workload_rep *w, struct fnl_input *in)
{
	aside(w);
	name_rates(w, in);
	aside(w);
}

void rep_send_references(struct workload_rep *w, size_t at, size_t count)
{
	aside(w);
	count = count == 0 && rep_one_in(w, 16) ? 1 : count;
	for (size_t i = 0; i < count; i++) {
		struct fnl_input in = rep_one_in(w, 3) ? make_territory(w) : make_rate(w);
		rep_send_input(w, &in, at);
	}
	aside(w);
}
