/* What an accepted proposal asks books for: of cells that their lines really have, mostly. Drawn apart, so that other
 * seeds do what they did. */
#include "workload_rep_internal.h"

#define MS_PER_DAY INT64_C(86400000)
enum { OFTEN = 9, CELLS = 6, STORIES = 40, FIRST_OF_YEAR_2024 = 19723 };

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

/* ---- a prospect with a frozen line goes to whom a proposal wants ---- */

static void freeze(struct workload_rep *w, size_t at)
{
	int64_t as_of = w->time_ms - 3 * MS_PER_DAY, kept_ms = w->as_of_ms;
	struct fnl_input in = rep_make_command(w);
	w->as_of_ms = kept_ms;
	in.v[FNL_OPEN_QUOTA_YEAR_ISSUED_AT] = number(as_of);
	in.v[FNL_OPEN_QUOTA_YEAR_AS_OF] = number(as_of);
	in.v[FNL_OPEN_QUOTA_YEAR_ORG_ID] = text("east");
	in.v[FNL_OPEN_QUOTA_YEAR_FISCAL_YEAR] = number(w->time_ms / MS_PER_DAY < FIRST_OF_YEAR_2024 ? 2023 : 2024);
	in.v[FNL_OPEN_QUOTA_YEAR_REP_IDS] = (struct fnl_value){.set = true};
	rep_send_input(w, &in, at);
}

static void time_goes_on(struct workload_rep *w, size_t at)
{
	w->time_ms++;
	for (int32_t i = 0; i < w->upstream_count; i++) {
		struct fnl_input in = rep_make_time(w);
		fnl_input_i64(&in, FNL_STAGE_TIME_OCCURRED_AT, w->time_ms);
		fnl_input_i64(&in, FNL_STAGE_TIME_PARTITION, i);
		rep_send_input(w, &in, at);
	}
}

/* It was known before the run's as_of, may move, and is worth something. */
static struct fnl_input movable(struct workload_rep *w, size_t prospect, size_t rep)
{
	struct fnl_input in = rep_make_line(w, prospect, rep, FNL_LINE_STATE_OWNED);
	w->sequences[prospect]++;
	fnl_input_i64(&in, FNL_BOOK_LINE_SEQUENCE, w->sequences[prospect]);
	fnl_input_i64(&in, FNL_BOOK_LINE_OCCURRED_AT, w->time_ms - 4 * MS_PER_DAY);
	fnl_input_i64(&in, FNL_BOOK_LINE_LAYER, FNL_LAYER_TOP);
	fnl_input_i64(&in, FNL_BOOK_LINE_WEIGHT_BP, 3333);
	fnl_input_i64(&in, FNL_BOOK_LINE_EXPECTED_CLOSE_DATE, w->time_ms / MS_PER_DAY + 20);
	in.v[FNL_BOOK_LINE_OWNER_SINCE] = (struct fnl_value){0};
	in.v[FNL_BOOK_LINE_PLANNED_PURCHASES] = (struct fnl_value){.set = true};
	in.v[FNL_BOOK_LINE_CLOSED_ON] = in.v[FNL_BOOK_LINE_WON_BY] = (struct fnl_value){0};
	return in;
}

static void go_by_proposal(struct workload_rep *w, size_t at)
{
	size_t prospect = rep_below(w, w->prospect_count), rep = rep_below(w, w->rep_count);
	size_t to = rep_below(w, w->rep_count);
	struct fnl_input hired = rep_make_changed(w, rep), line = movable(w, prospect, rep);
	struct fnl_input moves = {.desc = &fnl_desc_book_moves};
	struct fnl_value *item = fnl_arena_calloc(&w->arena, 1, sizeof(*item));
	*item = move_of(w, line.v);
	struct fnl_value *move = (struct fnl_value *)item->list.items;
	move[FNL_CELL_MOVE_LAYER] = line.v[FNL_BOOK_LINE_LAYER];
	move[FNL_CELL_MOVE_TO_REP_ID] = text(rep_load_rep(w, to));
	move[FNL_CELL_MOVE_PROSPECT_COUNT] = number(100);
	fnl_input_i64(&hired, FNL_REP_CHANGED_VERSION, ++w->versions[rep]);
	fnl_input_str(&hired, FNL_REP_CHANGED_ORG_ID, "east");
	rep_send_input(w, &hired, at);
	rep_send_input(w, &line, at);
	freeze(w, at);
	time_goes_on(w, at);
	moves.v[FNL_BOOK_MOVES_SOURCE] = text("org");
	moves.v[FNL_BOOK_MOVES_OCCURRED_AT] = number(w->time_ms);
	moves.v[FNL_BOOK_MOVES_ORG_ID] = text("east");
	moves.v[FNL_BOOK_MOVES_BOOK] = line.v[FNL_BOOK_LINE_BOOK];
	moves.v[FNL_BOOK_MOVES_PROPOSAL_ID] = text(rep_text(w, "proposal-%zu", ++w->proposal_count));
	moves.v[FNL_BOOK_MOVES_ACCEPTED_BY] = text("chief");
	moves.v[FNL_BOOK_MOVES_MOVES] = (struct fnl_value){.set = true, .list = {item, 1}};
	rep_send_input(w, &moves, at);
	/* it goes there, or to somebody else */
	size_t goes = rep_one_in(w, 4) ? rep_below(w, w->rep_count) : to;
	w->owners[prospect] = goes;
	fnl_input_i64(&line, FNL_BOOK_LINE_SEQUENCE, ++w->sequences[prospect]);
	fnl_input_i64(&line, FNL_BOOK_LINE_OCCURRED_AT, w->time_ms);
	fnl_input_i64(&line, FNL_BOOK_LINE_STATE, FNL_LINE_STATE_WATCHED);
	fnl_input_str(&line, FNL_BOOK_LINE_OWNER_REP_ID, rep_load_rep(w, goes));
	rep_send_input(w, &line, at);
	fnl_input_i64(&line, FNL_BOOK_LINE_STATE, FNL_LINE_STATE_OWNED);
	fnl_input_str(&line, FNL_BOOK_LINE_BOOK, rep_load_book(w, goes));
	rep_send_input(w, &line, at);
	time_goes_on(w, at);
}

void rep_send_moves(struct workload_rep *w, size_t at)
{
	aside(w);
	if (rep_one_in(w, STORIES)) {
		go_by_proposal(w, at);
	}
	if (w->owned_count > 0 && rep_one_in(w, OFTEN)) {
		send_moves(w, at);
	}
	aside(w);
}
