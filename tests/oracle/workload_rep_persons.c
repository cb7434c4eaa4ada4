/* What a line says of persons: its contacts, its owner, who edited it, and what was done against the company. */
#include "workload_rep_internal.h"

#define MS_PER_DAY INT64_C(86400000)

enum { PERSONS = 5, ADVERSE_MAX = 8 };

static struct fnl_value number(int64_t v)
{
	return (struct fnl_value){.set = true, .i64 = v};
}

static struct fnl_value person(struct workload_rep *w)
{
	return (struct fnl_value){.set = true, .str = fnl_span_str(rep_text(w, "person-%zu", rep_below(w, PERSONS)))};
}

static struct fnl_value rep(struct workload_rep *w)
{
	return (struct fnl_value){.set = true, .str = fnl_span_str(rep_load_rep(w, rep_below(w, w->rep_count)))};
}

static struct fnl_value about_now(struct workload_rep *w)
{
	return number(w->time_ms - (int64_t)rep_below(w, 20) * MS_PER_DAY);
}

static struct fnl_value money(struct workload_rep *w)
{
	struct fnl_value v = {.set = true, .money = {(int64_t)rep_below(w, 1000000), "EUR"}};
	return v;
}

/* Each kind with what it has. */
static struct fnl_value adverse(struct workload_rep *w)
{
	struct fnl_value *v = fnl_arena_calloc(&w->arena, FNL_ADVERSE_CHANGE_FIELD_COUNT, sizeof(*v));
	size_t kind = rep_one_in(w, 2) ? FNL_ADVERSE_KIND_CONTACT_UNLINKED : 1 + rep_below(w, FNL_ADVERSE_KIND_COUNT - 1);
	v[FNL_ADVERSE_CHANGE_KIND] = number((int64_t)kind);
	v[FNL_ADVERSE_CHANGE_AT] = about_now(w);
	if (!rep_one_in(w, 3)) {
		v[FNL_ADVERSE_CHANGE_BY] = rep(w);
	}
	if (kind == FNL_ADVERSE_KIND_AMOUNT_LOWERED) {
		v[FNL_ADVERSE_CHANGE_OLD_AMOUNT] = money(w);
		v[FNL_ADVERSE_CHANGE_NEW_AMOUNT] = money(w);
	} else if (kind == FNL_ADVERSE_KIND_PROBABILITY_LOWERED) {
		v[FNL_ADVERSE_CHANGE_OLD_BP] = number((int64_t)rep_below(w, 10001));
	} else if (kind == FNL_ADVERSE_KIND_CONTACT_UNLINKED) {
		v[FNL_ADVERSE_CHANGE_OLD_CODE] = person(w);
	} else if (kind == FNL_ADVERSE_KIND_OWNER_MOVED) {
		v[FNL_ADVERSE_CHANGE_OLD_CODE] = rep(w);
	}
	return (struct fnl_value){.set = true, .list = {v, FNL_ADVERSE_CHANGE_FIELD_COUNT}};
}

static struct fnl_value edit(struct workload_rep *w)
{
	struct fnl_value *v = fnl_arena_calloc(&w->arena, FNL_LAST_EDIT_FIELD_COUNT, sizeof(*v));
	v[FNL_LAST_EDIT_AT] = about_now(w);
	if (!rep_one_in(w, 3)) {
		v[FNL_LAST_EDIT_BY] = rep(w);
	}
	return (struct fnl_value){.set = true, .list = {v, FNL_LAST_EDIT_FIELD_COUNT}};
}

static struct fnl_value list(struct workload_rep *w, size_t n, struct fnl_value (*make)(struct workload_rep *w))
{
	struct fnl_value *items = fnl_arena_calloc(&w->arena, n + 1, sizeof(*items));
	for (size_t i = 0; i < n; i++) {
		items[i] = make(w);
	}
	return (struct fnl_value){.set = true, .list = {items, n}};
}

void rep_add_persons(struct workload_rep *w, struct fnl_input *in, int state)
{
	bool shown = state == FNL_LINE_STATE_OWNED || state == FNL_LINE_STATE_WATCHED || rep_one_in(w, 4);
	in->v[FNL_BOOK_LINE_CONTACT_IDS] = list(w, shown ? rep_below(w, 4) : 0, person);
	in->v[FNL_BOOK_LINE_ADVERSE] = list(w, shown && rep_one_in(w, 3) ? rep_below(w, ADVERSE_MAX + 1) : 0, adverse);
	if (!shown) {
		return;
	}
	if (rep_one_in(w, 2)) {
		in->v[FNL_BOOK_LINE_PROBABILITY_BP] = number((int64_t)rep_below(w, 10001));
	}
	if (rep_one_in(w, 6)) {
		fnl_input_str(in, FNL_BOOK_LINE_LOST_REASON, rep_one_in(w, 2) ? "price" : "");
		fnl_input_str(in, FNL_BOOK_LINE_LOST_TO_ID, "acme");
	}
	if (!rep_one_in(w, 6)) {
		in->v[FNL_BOOK_LINE_OWNER_REP_ID] = rep(w);
	}
	if (state == FNL_LINE_STATE_WATCHED) {
		in->v[FNL_BOOK_LINE_LEFT_AT] = about_now(w);
	}
	if (!rep_one_in(w, 3)) {
		in->v[FNL_BOOK_LINE_EDIT] = edit(w);
	}
}
