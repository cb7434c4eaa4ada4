/* What an accepted proposal asks books for: of cells that their lines really have, mostly. Drawn apart, so that other
 * seeds do what they did. */
#include "workload_rep_internal.h"

enum { OFTEN = 9, CELLS = 6 };

static void aside(struct workload_rep *w)
{
	struct fnl_gen gen = w->gen;
	w->gen = w->moving;
	w->moving = gen;
}

void rep_keep_cell(struct workload_rep *w, const struct fnl_input *in)
{
	if (in->desc == &fnl_desc_book_line && in->v[FNL_BOOK_LINE_STATE].i64 == FNL_LINE_STATE_OWNED) {
		w->owned[w->owned_count++ % REP_LOAD_OWNED] = *in;
	}
}

static const struct fnl_value *some_line(struct workload_rep *w)
{
	size_t count = w->owned_count < REP_LOAD_OWNED ? w->owned_count : REP_LOAD_OWNED;
	return w->owned[rep_below(w, count)].v;
}

static struct fnl_value number(int64_t v)
{
	return (struct fnl_value){.set = true, .i64 = v};
}

static struct fnl_value text(const char *v)
{
	return (struct fnl_value){.set = true, .str = fnl_span_str(v)};
}

/* line: one of the book; NULL: the cell without codes. */
static struct fnl_value move_of(struct workload_rep *w, const struct fnl_value *line)
{
	static const int64_t layers[] = {FNL_LAYER_TOP, FNL_LAYER_MIDDLE, FNL_LAYER_BOTTOM};
	struct fnl_value *v = fnl_arena_calloc(&w->arena, FNL_CELL_MOVE_FIELD_COUNT, sizeof(*v));
	v[FNL_CELL_MOVE_REGION] = line ? line[FNL_BOOK_LINE_REGION] : (struct fnl_value){0};
	v[FNL_CELL_MOVE_INDUSTRY] = line ? line[FNL_BOOK_LINE_INDUSTRY] : (struct fnl_value){0};
	v[FNL_CELL_MOVE_SIZE_FOCUS] = line ? line[FNL_BOOK_LINE_SIZE_FOCUS] : text("");
	v[FNL_CELL_MOVE_LAYER] = line && !rep_one_in(w, 4) ? line[FNL_BOOK_LINE_LAYER] : number(layers[rep_below(w, 3)]);
	v[FNL_CELL_MOVE_TO_REP_ID] = text(rep_load_rep(w, rep_below(w, w->rep_count)));
	v[FNL_CELL_MOVE_PROSPECT_COUNT] = number(rep_one_in(w, 3) ? 150 : (int64_t)rep_below(w, 4));
	return (struct fnl_value){.set = true, .list = {v, FNL_CELL_MOVE_FIELD_COUNT}};
}

static void send_moves(struct workload_rep *w, size_t at)
{
	struct fnl_input in = {.desc = &fnl_desc_book_moves};
	const struct fnl_value *of = some_line(w);
	struct fnl_value *items = fnl_arena_calloc(&w->arena, 2 * CELLS, sizeof(*items));
	size_t count = 0;
	for (size_t i = 0; i < 4 * CELLS && count < CELLS; i++) {
		const struct fnl_value *line = some_line(w);
		if (fnl_span_eq(line[FNL_BOOK_LINE_BOOK].str, of[FNL_BOOK_LINE_BOOK].str) || rep_one_in(w, 12)) {
			items[count++] = move_of(w, line);
		}
	}
	for (size_t i = rep_below(w, 4); i > 1; i--) {
		items[count++] = move_of(w, NULL);
	}
	bool again = rep_one_in(w, 10) && w->proposal_count > 0;
	size_t id = again ? 1 + rep_below(w, w->proposal_count) : ++w->proposal_count;
	in.v[FNL_BOOK_MOVES_SOURCE] = text("org");
	in.v[FNL_BOOK_MOVES_OCCURRED_AT] = number(w->time_ms);
	in.v[FNL_BOOK_MOVES_ORG_ID] = text(rep_one_in(w, 5) ? "west" : "east");
	in.v[FNL_BOOK_MOVES_BOOK] = rep_one_in(w, 40) ? text("pool:UNASSIGNED") : of[FNL_BOOK_LINE_BOOK];
	in.v[FNL_BOOK_MOVES_PROPOSAL_ID] = text(rep_one_in(w, 60) ? "p|x" : rep_text(w, "proposal-%zu", id));
	in.v[FNL_BOOK_MOVES_ACCEPTED_BY] = text("chief");
	in.v[FNL_BOOK_MOVES_MOVES] = (struct fnl_value){.set = true, .list = {items, count}};
	rep_send_input(w, &in, at);
}

void rep_send_moves(struct workload_rep *w, size_t at)
{
	aside(w);
	if (w->owned_count > 0 && rep_one_in(w, OFTEN)) {
		send_moves(w, at);
	}
	aside(w);
}
