/* A book that has changed is told by a timer in the batch after: one record a batch, however many deltas it had. */
#include "peer.h"

enum { SUMS = 3 * PEER_LAYERS }; /* of each layer: count, amount, weighted amount */

struct book {
	int64_t tell_at_ms; /* 0: it is told */
	int64_t sums[SUMS];
};

static bool book_read(struct fnl_span row, struct book *b)
{
	*b = (struct book){0};
	if (fnl_span_is_none(row)) {
		return true;
	}
	struct fnl_reader r = fnl_reader_of(row);
	b->tell_at_ms = fnl_read_long(&r);
	for (size_t i = 0; i < SUMS; i++) {
		b->sums[i] = fnl_read_long(&r);
	}
	return !r.bad;
}

static void write_sums(struct fnl_writer *w, const struct book *b)
{
	for (size_t i = 0; i < SUMS; i++) {
		fnl_write_long(w, b->sums[i]);
	}
}

static int prepare(struct fnl_operator *o, const struct fnl_record *r, struct fnl_arena *arena,
                   struct fnl_prepared *ret, struct fnl_error *why)
{
	(void)o;
	if (fnl_span_is_none(r->key)) {
		return fnl_fail(why, FNL_E_INVALID, "a delta of no book");
	}
	(void)arena;
	ret->rows[0] = (struct fnl_row_key){0, r->key};
	ret->row_count = 1;
	return 0;
}

static int prepare_timer(struct fnl_operator *o, struct fnl_row_key row, struct fnl_span value, struct fnl_arena *arena,
                         struct fnl_prepared *ret)
{
	(void)o, (void)value, (void)arena;
	ret->rows[0] = row;
	ret->row_count = 1;
	return 0;
}

static bool apply_side(struct fnl_reader *r, int64_t sign, struct book *b)
{
	int64_t layer = fnl_read_long(r);
	int64_t amount = fnl_read_long(r);
	int64_t weighted = fnl_read_long(r);
	if (layer < 0 || layer > PEER_LAYERS) {
		return false;
	}
	if (layer > 0) {
		int64_t *sums = &b->sums[(layer - 1) * 3];
		sums[0] += sign;
		sums[1] += sign * amount;
		sums[2] += sign * weighted;
	}
	return true;
}

static bool tell(const struct fnl_step *in, const struct book *b, struct fnl_decision *d)
{
	struct fnl_writer w = fnl_writer_of(in->arena);
	peer_write_frame(&w, PEER_REP_BOOK);
	fnl_write_string(&w, in->timer_row.key);
	write_sums(&w, b);
	struct fnl_span value = fnl_writer_span(&w);
	peer_output(d, PEER_BOOK_BOOKS, in->timer_row.key, value);
	return !fnl_span_is_none(value);
}

static int step(struct fnl_operator *o, const struct fnl_step *in, struct fnl_decision *ret, struct fnl_error *why)
{
	(void)o;
	struct book b;
	if (!book_read(in->rows[0], &b)) {
		return fnl_fail(why, FNL_E_STATE, "a book's row is not readable");
	}
	if (in->cause == FNL_CAUSE_TIMER) {
		b.tell_at_ms = 0;
		if (!tell(in, &b, ret)) {
			return FNL_E_NOMEM;
		}
	} else {
		struct fnl_reader r = peer_read_frame(in->record->value, PEER_BOOK_DELTA);
		if (!apply_side(&r, -1, &b) || !apply_side(&r, 1, &b) || r.bad) {
			return fnl_fail(why, FNL_E_INVALID, "not a delta of a book");
		}
		b.tell_at_ms = b.tell_at_ms ? b.tell_at_ms : in->now_ms + 1;
	}
	struct fnl_writer w = fnl_writer_of(in->arena);
	fnl_write_long(&w, b.tell_at_ms);
	write_sums(&w, &b);
	ret->rows[0] = (struct fnl_row_out){.row = 0, .value = fnl_writer_span(&w)};
	ret->row_count = 1;
	return fnl_span_is_none(ret->rows[0].value) ? FNL_E_NOMEM : 0;
}

static int64_t row_deadline(struct fnl_operator *o, uint8_t table, struct fnl_span value)
{
	(void)o, (void)table;
	struct fnl_reader r = fnl_reader_of(value);
	int64_t tell_at_ms = fnl_read_long(&r);
	return r.bad || tell_at_ms == 0 ? FNL_NO_DEADLINE : tell_at_ms;
}

struct fnl_operator *peer_book(void)
{
	static const struct fnl_operator_ops ops = {
		.prepare = prepare, .prepare_timer = prepare_timer, .step = step, .row_deadline = row_deadline};
	static struct fnl_operator op = {&ops};
	return &op;
}
