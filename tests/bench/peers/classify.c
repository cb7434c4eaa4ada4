#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "peer.h"

/* What is kept of a prospect, and what a change says of it. */
struct state {
	int64_t version;
	int64_t layer;
	int64_t amount;
	int64_t weighted;
	struct fnl_span rep;
};

struct change {
	struct state state;
	struct fnl_span id;
	int64_t occurred_at_ms;
};

static int64_t layer_of(int64_t probability_bp)
{
	return probability_bp >= 7500 ? 3 : probability_bp >= 5000 ? 2 : probability_bp >= 2500;
}

static int64_t read_nullable(struct fnl_reader *r, bool *ret_there)
{
	*ret_there = fnl_read_long(r) != 0;
	return *ret_there ? fnl_read_long(r) : 0;
}

static bool change_read(struct fnl_span value, struct change *c)
{
	bool there;
	struct fnl_reader r = peer_read_frame(value, PEER_PROSPECT_CHANGE);
	c->id = fnl_read_string(&r);
	(void)fnl_read_string(&r); /* source */
	c->state.version = fnl_read_long(&r);
	c->occurred_at_ms = fnl_read_long(&r);
	(void)fnl_read_string(&r); /* stage */
	c->state.amount = read_nullable(&r, &there);
	(void)fnl_read_string(&r); /* currency */
	int64_t probability_bp = read_nullable(&r, &there);
	c->state.rep = fnl_read_string(&r);
	(void)fnl_read_string(&r); /* territory */
	bool open = fnl_read_long(&r) == 0;
	c->state.layer = open && there ? layer_of(probability_bp) : 0;
	c->state.weighted = c->state.amount * probability_bp;
	return !r.bad;
}

static bool state_read(struct fnl_span row, struct state *s)
{
	struct fnl_reader r = fnl_reader_of(row);
	s->version = fnl_read_long(&r);
	s->layer = fnl_read_long(&r);
	s->amount = fnl_read_long(&r);
	s->weighted = fnl_read_long(&r);
	s->rep = fnl_read_string(&r);
	return !r.bad;
}

static void begin(struct peer_classify *c)
{
	if (!atomic_flag_test_and_set(c->begun)) {
		struct timespec t;
		clock_gettime(CLOCK_REALTIME, &t);
		printf("FIRST %" PRId64 "\n", (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
		fflush(stdout);
	}
}

static int prepare(struct fnl_operator *o, const struct fnl_record *r, struct fnl_arena *arena,
                   struct fnl_prepared *ret, struct fnl_error *why)
{
	begin((struct peer_classify *)o);
	struct change *c = fnl_arena_alloc(arena, sizeof(*c));
	if (!c) {
		return FNL_E_NOMEM;
	}
	if (fnl_span_is_none(r->key) || !change_read(r->value, c)) {
		return fnl_fail(why, FNL_E_INVALID, "not a change of a prospect");
	}
	ret->event = c;
	ret->rows[0] = (struct fnl_row_key){0, r->key};
	ret->row_count = 1;
	return 0;
}

static int no_timer(struct fnl_operator *o, struct fnl_row_key row, struct fnl_span value, struct fnl_arena *arena,
                    struct fnl_prepared *ret)
{
	(void)o, (void)row, (void)value, (void)arena, (void)ret;
	return FNL_E_INTERNAL;
}

static int64_t no_deadline(struct fnl_operator *o, uint8_t table, struct fnl_span value)
{
	(void)o, (void)table, (void)value;
	return FNL_NO_DEADLINE;
}

static struct fnl_span state_write(struct fnl_arena *arena, const struct state *s)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_long(&w, s->version);
	fnl_write_long(&w, s->layer);
	fnl_write_long(&w, s->amount);
	fnl_write_long(&w, s->weighted);
	fnl_write_string(&w, s->rep);
	return fnl_writer_span(&w);
}

static bool tell_layer(const struct fnl_step *in, const struct change *c, int64_t from, struct fnl_decision *d)
{
	struct fnl_writer w = fnl_writer_of(in->arena);
	peer_write_frame(&w, PEER_LAYER_CHANGED);
	fnl_write_string(&w, c->id);
	fnl_write_long(&w, c->state.version);
	fnl_write_long(&w, c->occurred_at_ms);
	fnl_write_long(&w, from);
	fnl_write_long(&w, c->state.layer);
	fnl_write_string(&w, c->state.rep);
	struct fnl_span value = fnl_writer_span(&w);
	peer_output(d, PEER_CLASSIFY_LAYERS, in->record->key, value);
	return !fnl_span_is_none(value);
}

/* One side of a delta: nothing of a prospect that is in no layer. */
static void write_side(struct fnl_writer *w, const struct state *s)
{
	bool counts = s && s->layer != 0;
	fnl_write_long(w, counts ? s->layer : 0);
	fnl_write_long(w, counts ? s->amount : 0);
	fnl_write_long(w, counts ? s->weighted : 0);
}

static bool tell_book(const struct fnl_step *in, struct fnl_span rep, const struct state *removed,
                      const struct state *added, struct fnl_decision *d)
{
	if ((!removed || removed->layer == 0) && (!added || added->layer == 0)) {
		return true;
	}
	struct fnl_writer w = fnl_writer_of(in->arena);
	peer_write_frame(&w, PEER_BOOK_DELTA);
	write_side(&w, removed);
	write_side(&w, added);
	struct fnl_span value = fnl_writer_span(&w);
	peer_output(d, PEER_CLASSIFY_DELTAS, rep, value);
	return !fnl_span_is_none(value);
}

static bool tell_books(const struct fnl_step *in, const struct state *was, const struct state *is,
                       struct fnl_decision *d)
{
	if (fnl_span_eq(was->rep, is->rep)) {
		return tell_book(in, is->rep, was, is, d);
	}
	return tell_book(in, was->rep, was, NULL, d) && tell_book(in, is->rep, NULL, is, d);
}

static int step(struct fnl_operator *o, const struct fnl_step *in, struct fnl_decision *ret, struct fnl_error *why)
{
	(void)o;
	const struct change *c = in->event;
	struct state was = {.rep = FNL_SPAN_NONE};
	if (!fnl_span_is_none(in->rows[0])) {
		if (!state_read(in->rows[0], &was)) {
			return fnl_fail(why, FNL_E_STATE, "a prospect's row is not readable");
		}
		if (c->state.version <= was.version) {
			ret->stale = true;
			return 0;
		}
	}
	struct fnl_span row = state_write(in->arena, &c->state);
	ret->rows[0] = (struct fnl_row_out){.row = 0, .value = row};
	ret->row_count = 1;
	bool told = c->state.layer == was.layer || tell_layer(in, c, was.layer, ret);
	told = told && tell_books(in, &was, &c->state, ret);
	return told && !fnl_span_is_none(row) ? 0 : FNL_E_NOMEM;
}

void peer_classify_init(struct peer_classify *c, atomic_flag *begun)
{
	static const struct fnl_operator_ops ops = {
		.prepare = prepare, .prepare_timer = no_timer, .step = step, .row_deadline = no_deadline};
	*c = (struct peer_classify){{&ops}, begun};
}
