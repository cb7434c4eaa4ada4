#include "paged_operator.h"

#include "funneld/base/wire.h"

const char *const paged_tables[PAGED_TABLE_COUNT] = {"clock", "item", "job", "seen"};

enum what { ADD, DEL, JOB, TICK };

struct event {
	enum what what;
	int64_t time_ms;
	int64_t n; /* of an item, or a source */
	struct fnl_span prefix;
};

bool paged_step_item(int64_t n, int64_t *ret_n, bool *ret_make)
{
	*ret_n = 2 * n + 1;
	*ret_make = n % 4 == 2;
	return n % 5 != 3;
}

/* ---- texts ---- */

/* The next word, and what is left behind it. */
static struct fnl_span word(struct fnl_span *rest)
{
	size_t n = 0;
	while (n < rest->len && rest->data[n] != ' ') {
		n++;
	}
	struct fnl_span w = fnl_span_of(rest->data, n);
	size_t skip = n < rest->len ? n + 1 : n;
	*rest = fnl_span_of(rest->data + skip, rest->len - skip);
	return w;
}

static bool event_read(struct fnl_span text, struct event *e)
{
	static const char *const names[] = {"add", "del", "job", "tick"};
	if (fnl_span_is_none(text) || !fnl_parse_decimal(word(&text), &e->time_ms)) {
		return false;
	}
	struct fnl_span what = word(&text);
	for (size_t i = 0; i < 4; i++) {
		if (fnl_span_eq(what, fnl_span_str(names[i]))) {
			e->what = (enum what)i;
			e->prefix = text;
			return e->what == DEL || e->what == JOB || fnl_parse_decimal(text, &e->n);
		}
	}
	return false;
}

/* ---- rows: Avro longs ---- */

static struct fnl_span longs_write(struct fnl_arena *a, int64_t first, int64_t second)
{
	struct fnl_writer w = fnl_writer_of(a);
	fnl_write_long(&w, first);
	fnl_write_long(&w, second);
	return fnl_writer_span(&w);
}

static void longs_read(struct fnl_span s, int64_t *first, int64_t *second)
{
	if (!fnl_span_is_none(s)) {
		struct fnl_reader in = fnl_reader_of(s);
		*first = fnl_read_long(&in);
		*second = fnl_read_long(&in);
	}
}

struct job {
	int64_t deadline_ms;
	int64_t sum;
	int64_t items;
	struct fnl_span prefix;
	struct fnl_span after; /* empty: from the beginning */
};

static struct job job_read(struct fnl_span s)
{
	struct job j = {FNL_NO_DEADLINE, 0, 0, FNL_SPAN_LIT(""), FNL_SPAN_LIT("")};
	if (!fnl_span_is_none(s)) {
		struct fnl_reader in = fnl_reader_of(s);
		j.deadline_ms = fnl_read_long(&in);
		j.sum = fnl_read_long(&in);
		j.items = fnl_read_long(&in);
		j.prefix = fnl_read_string(&in);
		j.after = fnl_read_string(&in);
	}
	return j;
}

static struct fnl_span job_write(struct fnl_arena *a, struct job j)
{
	struct fnl_writer w = fnl_writer_of(a);
	fnl_write_long(&w, j.deadline_ms);
	fnl_write_long(&w, j.sum);
	fnl_write_long(&w, j.items);
	fnl_write_string(&w, j.prefix);
	fnl_write_string(&w, j.after);
	return fnl_writer_span(&w);
}

/* ---- what the engine asks ---- */

static bool forwards(const struct fnl_operator *o)
{
	return o->ops->time_forward != NULL;
}

static struct fnl_row_key time_row(struct fnl_operator *o)
{
	(void)o;
	return (struct fnl_row_key){PAGED_TABLE_CLOCK, FNL_SPAN_LIT("now")};
}

static int prepare(struct fnl_operator *o, const struct fnl_record *r, struct fnl_arena *arena,
                   struct fnl_prepared *ret, struct fnl_error *why)
{
	struct event *e = fnl_arena_calloc(arena, 1, sizeof(*e));
	if (!e) {
		return FNL_E_NOMEM;
	}
	if (!event_read(r->value, e) || (e->what == TICK && (!forwards(o) || e->n < 0 || e->n > 1))) {
		return fnl_fail(why, FNL_E_INVALID, "not what is asked for");
	}
	ret->event = e;
	ret->event_time_ms = forwards(o) && e->what != TICK ? FNL_NO_TIME : e->time_ms;
	ret->rows[0] = e->what == TICK  ? time_row(o)
	               : e->what == JOB ? (struct fnl_row_key){PAGED_TABLE_JOB, r->key}
	                                : (struct fnl_row_key){PAGED_TABLE_ITEM, r->key};
	ret->row_count = 1;
	return 0;
}

static int prepare_timer(struct fnl_operator *o, struct fnl_row_key row, struct fnl_span value, struct fnl_arena *arena,
                         struct fnl_prepared *ret)
{
	(void)o;
	(void)arena;
	struct job j = job_read(value);
	ret->rows[0] = row;
	ret->row_count = 1;
	ret->page = (struct fnl_page_request){.wanted = true,
	                                      .table = PAGED_TABLE_ITEM,
	                                      .prefix = j.prefix,
	                                      .after = j.after.len ? j.after : FNL_SPAN_NONE,
	                                      .limit = PAGED_ROWS};
	if (fnl_span_eq(j.prefix, FNL_SPAN_LIT("!page"))) {
		ret->page.limit = FNL_PAGE_ROWS_MAX + 1;
	}
	return 0;
}

static int64_t row_deadline(struct fnl_operator *o, uint8_t table, struct fnl_span value)
{
	(void)o;
	return table == PAGED_TABLE_JOB ? job_read(value).deadline_ms : FNL_NO_DEADLINE;
}

static void write_key(struct fnl_decision *d, uint8_t table, struct fnl_span key, struct fnl_span value)
{
	d->rows[d->row_count++] = (struct fnl_row_out){.row = FNL_ROW_BY_KEY, .key = {table, key}, .value = value};
}

static bool say(struct fnl_decision *d, int32_t partition, struct fnl_span key, struct fnl_writer *w)
{
	struct fnl_output *out = &d->outputs[d->output_count++];
	out->topic = PAGED_OUT;
	out->partition = partition;
	out->key = key;
	out->value = fnl_writer_span(w);
	out->header_count = 0;
	return !fnl_span_is_none(out->value);
}

/* One item of a page; false: no memory. */
static bool step_item(const struct fnl_step *in, const struct fnl_page_row *row, struct fnl_decision *d)
{
	int64_t n = 0, unused = 0, next = 0;
	bool makes = false;
	longs_read(row->value, &n, &unused);
	struct fnl_span value = FNL_SPAN_NONE;
	if (paged_step_item(n, &next, &makes)) {
		value = longs_write(in->arena, next, 0);
		if (fnl_span_is_none(value)) {
			return false;
		}
	}
	write_key(d, PAGED_TABLE_ITEM, row->key, value);
	struct fnl_span seen = longs_write(in->arena, n, in->timer_deadline_ms);
	write_key(d, PAGED_TABLE_SEEN, row->key, seen);
	if (makes) {
		struct fnl_writer w = fnl_writer_of(in->arena);
		fnl_write_raw(&w, row->key);
		fnl_write_u8(&w, '+');
		struct fnl_span key = fnl_writer_span(&w);
		struct fnl_span made = longs_write(in->arena, n / 2, 0);
		if (fnl_span_is_none(key) || fnl_span_is_none(made)) {
			return false;
		}
		write_key(d, PAGED_TABLE_ITEM, key, made);
	}
	return !fnl_span_is_none(seen);
}

static bool breaks_rules(const struct job *j, struct fnl_decision *d)
{
	if (fnl_span_eq(j->prefix, FNL_SPAN_LIT("!many"))) {
		d->row_count = FNL_STEP_WRITES_MAX + 1;
	} else if (fnl_span_eq(j->prefix, FNL_SPAN_LIT("!index"))) {
		d->rows[d->row_count++] = (struct fnl_row_out){.row = 7};
	}
	return fnl_span_eq(j->prefix, FNL_SPAN_LIT("!stuck")) || d->row_count > 0;
}

static int step_job(const struct fnl_step *in, struct fnl_decision *d)
{
	struct job j = job_read(in->rows[0]);
	if (breaks_rules(&j, d)) {
		return 0;
	}
	struct fnl_writer page = fnl_writer_of(in->arena);
	fnl_write_raw(&page, FNL_SPAN_LIT("P "));
	for (size_t i = 0; i < in->page_count; i++) {
		int64_t n = 0, unused = 0;
		longs_read(in->page[i].value, &n, &unused);
		j.sum += n;
		j.items++;
		fnl_write_raw(&page, in->page[i].key);
		fnl_write_u8(&page, '=');
		fnl_write_decimal(&page, n);
		fnl_write_u8(&page, ' ');
		if (!step_item(in, &in->page[i], d)) {
			return FNL_E_NOMEM;
		}
	}
	fnl_write_decimal(&page, in->now_ms);
	if (!say(d, in->partition % PAGED_OUT_PARTITIONS, in->timer_row.key, &page)) {
		return FNL_E_NOMEM;
	}
	bool done = in->page_count < PAGED_ROWS;
	if (done) {
		struct fnl_writer w = fnl_writer_of(in->arena);
		fnl_write_raw(&w, FNL_SPAN_LIT("J "));
		fnl_write_decimal(&w, j.sum);
		fnl_write_u8(&w, ' ');
		fnl_write_decimal(&w, j.items);
		if (!say(d, FNL_PARTITION_EVERY, in->timer_row.key, &w)) {
			return FNL_E_NOMEM;
		}
		j.deadline_ms = FNL_NO_DEADLINE;
	} else {
		j.after = in->page[in->page_count - 1].key;
	}
	struct fnl_span row = job_write(in->arena, j);
	d->rows[d->row_count++] = (struct fnl_row_out){.row = 0, .value = row};
	return fnl_span_is_none(row) ? FNL_E_NOMEM : 0;
}

static int64_t least(const int64_t times[2])
{
	return times[0] < times[1] ? times[0] : times[1];
}

static void times_after(struct fnl_span value, const struct event *e, int64_t times[2])
{
	times[0] = times[1] = FNL_NO_TIME;
	longs_read(value, &times[0], &times[1]);
	times[e->n] = e->time_ms > times[e->n] ? e->time_ms : times[e->n];
}

static int step(struct fnl_operator *o, const struct fnl_step *in, struct fnl_decision *ret, struct fnl_error *why)
{
	(void)o;
	(void)why;
	if (in->cause == FNL_CAUSE_TIMER) {
		return step_job(in, ret);
	}
	const struct event *e = in->event;
	int64_t n = 0, unused = 0, times[2];
	struct fnl_span value = FNL_SPAN_NONE;
	switch (e->what) {
	case ADD:
		longs_read(in->rows[0], &n, &unused);
		value = longs_write(in->arena, n + e->n, 0);
		break;
	case DEL:
		ret->rows[ret->row_count++] = (struct fnl_row_out){.row = 0};
		return 0;
	case JOB:
		value = job_write(in->arena, (struct job){e->time_ms, 0, 0, e->prefix, FNL_SPAN_LIT("")});
		break;
	case TICK:
		times_after(in->rows[0], e, times);
		value = longs_write(in->arena, times[0], times[1]);
		break;
	}
	ret->rows[ret->row_count++] = (struct fnl_row_out){.row = 0, .value = value};
	return fnl_span_is_none(value) ? FNL_E_NOMEM : 0;
}

/* ---- the clock ---- */

static int64_t time_of(struct fnl_operator *o, struct fnl_span value)
{
	int64_t times[2] = {FNL_NO_TIME, FNL_NO_TIME};
	longs_read(value, &times[0], &times[1]);
	return forwards(o) ? least(times) : times[0];
}

static int time_write(struct fnl_operator *o, int64_t time_ms, struct fnl_arena *arena, struct fnl_span *ret)
{
	(void)o;
	struct fnl_span s = longs_write(arena, time_ms, 0);
	if (fnl_span_is_none(s)) {
		return FNL_E_NOMEM;
	}
	*ret = s;
	return 0;
}

static int64_t time_reached(struct fnl_operator *o, struct fnl_span value, const struct fnl_prepared *prepared)
{
	(void)o;
	int64_t times[2];
	times_after(value, prepared->event, times);
	return least(times) < prepared->event_time_ms ? least(times) : prepared->event_time_ms;
}

static int time_forward(struct fnl_operator *o, int32_t partition, int64_t time_ms, struct fnl_arena *arena,
                        struct fnl_output *ret)
{
	(void)o;
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_raw(&w, FNL_SPAN_LIT("T "));
	fnl_write_decimal(&w, time_ms);
	*ret = (struct fnl_output){
		.topic = PAGED_OUT, .partition = partition % PAGED_OUT_PARTITIONS, .value = fnl_writer_span(&w)};
	return fnl_span_is_none(ret->value) ? FNL_E_NOMEM : 0;
}

struct fnl_operator *paged_operator(void)
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

struct fnl_operator *paged_operator_forwarding(void)
{
	static const struct fnl_operator_ops ops = {.prepare = prepare,
	                                            .prepare_timer = prepare_timer,
	                                            .step = step,
	                                            .row_deadline = row_deadline,
	                                            .time_row = time_row,
	                                            .time_of = time_of,
	                                            .time_reached = time_reached,
	                                            .time_forward = time_forward};
	static struct fnl_operator op = {&ops};
	return &op;
}
