#include "counter_operator.h"

#include "funneld/base/wire.h"

const char *const counter_tables[COUNTER_TABLE_COUNT] = {"clock", "sum"};

struct event {
	int64_t time_ms;
	int64_t n;
};

static int prepare(struct fnl_operator *o, const struct fnl_record *r, struct fnl_arena *arena,
                   struct fnl_prepared *ret, struct fnl_error *why)
{
	(void)o;
	const uint8_t *space = r->value.len ? memchr(r->value.data, ' ', r->value.len) : NULL;
	struct event *e = fnl_arena_calloc(arena, 1, sizeof(*e));
	if (!e) {
		return FNL_E_NOMEM;
	}
	size_t at = space ? (size_t)(space - r->value.data) : 0;
	if (!space || !fnl_parse_decimal(fnl_span_of(r->value.data, at), &e->time_ms) ||
	    !fnl_parse_decimal(fnl_span_of(space + 1, r->value.len - at - 1), &e->n)) {
		return fnl_fail(why, FNL_E_INVALID, "not '<time> <n>'");
	}
	ret->event = e;
	ret->event_time_ms = e->time_ms;
	ret->rows[0] = (struct fnl_row_key){COUNTER_TABLE_SUM, r->key};
	ret->row_count = 1;
	return 0;
}

static int prepare_timer(struct fnl_operator *o, struct fnl_row_key row, struct fnl_span value, struct fnl_arena *arena,
                         struct fnl_prepared *ret)
{
	(void)o;
	(void)value;
	(void)arena;
	ret->rows[0] = row;
	ret->row_count = 1;
	return 0;
}

/* A row is deadline, sum, events, as Avro longs. */
struct row {
	int64_t deadline_ms;
	int64_t sum;
	int64_t events;
};

static struct row row_read(struct fnl_span s)
{
	struct row r = {FNL_NO_DEADLINE, 0, 0};
	if (!fnl_span_is_none(s)) {
		struct fnl_reader in = fnl_reader_of(s);
		r.deadline_ms = fnl_read_long(&in);
		r.sum = fnl_read_long(&in);
		r.events = fnl_read_long(&in);
	}
	return r;
}

static struct fnl_span row_write(struct fnl_arena *a, struct row r)
{
	struct fnl_writer w = fnl_writer_of(a);
	fnl_write_long(&w, r.deadline_ms);
	fnl_write_long(&w, r.sum);
	fnl_write_long(&w, r.events);
	return fnl_writer_span(&w);
}

/* false: no memory */
static bool emit(const struct fnl_step *in, struct fnl_span key, char kind, struct row r, struct fnl_decision *d)
{
	struct fnl_output *out = &d->outputs[d->output_count++];
	struct fnl_writer w = fnl_writer_of(in->arena);
	fnl_write_u8(&w, (uint8_t)kind);
	fnl_write_u8(&w, ' ');
	fnl_write_decimal(&w, r.sum);
	fnl_write_u8(&w, ' ');
	fnl_write_decimal(&w, r.events);
	fnl_write_u8(&w, ' ');
	fnl_write_decimal(&w, in->now_ms);
	out->topic = COUNTER_OUT;
	out->partition = FNL_PARTITION_BY_KEY;
	out->key = key;
	out->value = fnl_writer_span(&w);
	out->header_count = 0;
	return !fnl_span_is_none(out->value);
}

static int step(struct fnl_operator *o, const struct fnl_step *in, struct fnl_decision *ret, struct fnl_error *why)
{
	(void)o;
	(void)why;
	struct row r = row_read(in->rows[0]);
	ret->rows[0] = (struct fnl_row_out){.row = 0};
	ret->row_count = 1;
	if (in->cause == FNL_CAUSE_TIMER) {
		r.deadline_ms = FNL_NO_DEADLINE;
		ret->rows[0].value = row_write(in->arena, r);
		return emit(in, in->timer_row.key, 'T', r, ret) && !fnl_span_is_none(ret->rows[0].value) ? 0 : FNL_E_NOMEM;
	}
	const struct event *e = in->event;
	r.sum += e->n;
	r.events++;
	if (!emit(in, in->record->key, e->n ? 'E' : 'D', r, ret)) {
		return FNL_E_NOMEM;
	}
	if (e->n == 0) {
		return 0;
	}
	if (r.deadline_ms == FNL_NO_DEADLINE) {
		r.deadline_ms = e->time_ms + 1000;
	}
	ret->rows[0].value = row_write(in->arena, r);
	return fnl_span_is_none(ret->rows[0].value) ? FNL_E_NOMEM : 0;
}

static int64_t row_deadline(struct fnl_operator *o, uint8_t table, struct fnl_span value)
{
	(void)o;
	return table == COUNTER_TABLE_SUM ? row_read(value).deadline_ms : FNL_NO_DEADLINE;
}

static struct fnl_row_key time_row(struct fnl_operator *o)
{
	(void)o;
	return (struct fnl_row_key){COUNTER_TABLE_CLOCK, FNL_SPAN_LIT("now")};
}

static int64_t time_of(struct fnl_operator *o, struct fnl_span value)
{
	(void)o;
	struct fnl_reader in = fnl_reader_of(value);
	return fnl_read_long(&in);
}

static int time_write(struct fnl_operator *o, int64_t time_ms, struct fnl_arena *arena, struct fnl_span *ret)
{
	(void)o;
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_long(&w, time_ms);
	struct fnl_span s = fnl_writer_span(&w);
	if (fnl_span_is_none(s)) {
		return FNL_E_NOMEM;
	}
	*ret = s;
	return 0;
}

struct fnl_operator *counter_operator(void)
{
	static const struct fnl_operator_ops ops = {.prepare = prepare,
	                                            .prepare_timer = prepare_timer,
	                                            .step = step,
	                                            .row_deadline = row_deadline,
	                                            .time_row = time_row,
	                                            .time_of = time_of,
	                                            .time_write = time_write};
	static struct fnl_operator op = {&ops};
	return &op;
}
