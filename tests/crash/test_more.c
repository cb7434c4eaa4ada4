/* Rows that only other rows name: things lie in boxes, and an input moves a thing. Its row says in which box it was, so
 * that the box's row is known only when the thing's is. Whatever the batches are, and whatever happens at whichever
 * port call, each box has as many things as a plain count says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "funneld/base/wire.h"
#include "stream_world.h"

enum { TABLE_THING, TABLE_BOX, TABLE_COUNT };
enum { OUT, DEAD, OUT_COUNT };
enum { THINGS = 6, BOXES = 5, INPUTS = 60, NOWHERE_EACH = 7 };
enum { ROW_THING, ROW_TO, ROW_FROM };

static const char *const tables[TABLE_COUNT] = {"thing", "box"};
#define NOWHERE "nowhere" /* whoever is to be moved there is a dead letter, found out when a row was named already */
static size_t refused;
static size_t asked;       /* how often the engine asked for more */
static size_t named_twice; /* and how often a thing was where an earlier input of the batch had put it */

/* ---- the operator ---- */

struct event {
	bool from_known; /* the thing lies in a box: rows[ROW_FROM] */
	struct fnl_span last_from;
};

static int prepare(struct fnl_operator *o, const struct fnl_record *r, struct fnl_arena *arena,
                   struct fnl_prepared *ret, struct fnl_error *why)
{
	(void)o, (void)why;
	ret->event = fnl_arena_calloc(arena, 1, sizeof(struct event));
	ret->event_time_ms = FNL_NO_TIME;
	ret->rows[ROW_THING] = (struct fnl_row_key){TABLE_THING, r->key};
	ret->rows[ROW_TO] = (struct fnl_row_key){TABLE_BOX, r->value};
	ret->row_count = 2;
	ret->naming = 1u << ROW_THING;
	return ret->event ? 0 : FNL_E_NOMEM;
}

static int prepare_more(struct fnl_operator *o, const struct fnl_record *r, const struct fnl_span *rows,
                        struct fnl_arena *arena, struct fnl_prepared *ret, struct fnl_error *why)
{
	(void)o, (void)arena;
	struct event *e = ret->event;
	asked++;
	if (fnl_span_eq(r->value, FNL_SPAN_LIT(NOWHERE))) {
		refused++;
		ret->rows[ret->row_count++] = (struct fnl_row_key){TABLE_BOX, r->value};
		return fnl_fail(why, FNL_E_INVALID, "nothing can lie there");
	}
	named_twice += e->from_known && !fnl_span_eq(e->last_from, rows[ROW_THING]);
	e->from_known = !fnl_span_is_none(rows[ROW_THING]);
	e->last_from = rows[ROW_THING];
	if (e->from_known) {
		ret->rows[ret->row_count++] = (struct fnl_row_key){TABLE_BOX, rows[ROW_THING]};
	}
	return 0;
}

static int64_t count_of(struct fnl_span row)
{
	int64_t n = 0;
	return fnl_span_is_none(row) || !fnl_parse_decimal(row, &n) ? 0 : n;
}

static void put_count(struct fnl_decision *d, size_t row, int64_t n, struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_decimal(&w, n);
	d->rows[d->row_count++] = (struct fnl_row_out){.row = row, .value = n ? fnl_writer_span(&w) : FNL_SPAN_NONE};
}

static int step(struct fnl_operator *o, const struct fnl_step *in, struct fnl_decision *ret, struct fnl_error *why)
{
	(void)o, (void)why;
	const struct event *e = in->event;
	if (e->from_known && fnl_span_eq(in->rows[ROW_THING], in->record->value)) {
		return 0;
	}
	ret->rows[ret->row_count++] = (struct fnl_row_out){.row = ROW_THING, .value = in->record->value};
	put_count(ret, ROW_TO, count_of(in->rows[ROW_TO]) + 1, in->arena);
	if (e->from_known) {
		put_count(ret, ROW_FROM, count_of(in->rows[ROW_FROM]) - 1, in->arena);
	}
	return 0;
}

static int prepare_timer(struct fnl_operator *o, struct fnl_row_key row, struct fnl_span value, struct fnl_arena *arena,
                         struct fnl_prepared *ret)
{
	(void)o, (void)row, (void)value, (void)arena, (void)ret;
	return FNL_E_INTERNAL;
}

static int64_t row_deadline(struct fnl_operator *o, uint8_t table, struct fnl_span value)
{
	(void)o, (void)table, (void)value;
	return FNL_NO_DEADLINE;
}

/* ---- the case ---- */

struct move {
	char thing[8];
	char box[8];
};

static struct move move_at(int i)
{
	struct move m;
	snprintf(m.thing, sizeof(m.thing), "t%d", (i * 5 + i / 7) % THINGS);
	snprintf(m.box, sizeof(m.box), "b%d", (i * 5 + i / 3) % BOXES);
	return m;
}

static int partition_of(const struct move *m)
{
	return (m->thing[1] - '0') % STREAM_WORLD_PARTITIONS;
}

static void publish(struct stream_world *w)
{
	for (int i = 0; i < INPUTS; i++) {
		struct move m = move_at(i);
		assert_int_equal(
			w->bus->ops->publish(w->bus, "in", partition_of(&m), fnl_span_str(m.thing), fnl_span_str(m.box), NULL, 0),
			0);
		if (i % NOWHERE_EACH == 0) {
			assert_int_equal(w->bus->ops->publish(w->bus, "in", partition_of(&m), fnl_span_str(m.thing),
			                                      FNL_SPAN_LIT(NOWHERE), NULL, 0),
			                 0);
		}
	}
}

static const struct stream_case *the_case(void)
{
	static const struct fnl_operator_ops ops = {.prepare = prepare,
	                                            .prepare_more = prepare_more,
	                                            .prepare_timer = prepare_timer,
	                                            .step = step,
	                                            .row_deadline = row_deadline};
	static struct fnl_operator op = {&ops};
	static const char *const outputs[OUT_COUNT] = {"out", "dead"};
	static struct stream_case c = {.outputs = outputs, .output_count = OUT_COUNT, .publish = publish};
	c.stage = (struct fnl_stage){"test", "in", tables, TABLE_COUNT, DEAD};
	c.op = &op;
	return &c;
}

/* ---- tests ---- */

static struct stream_picture *undisturbed(size_t batch_records, size_t *ret_calls)
{
	struct stream_picture *p = malloc(sizeof(*p));
	struct stream_world w;
	struct stream_worker k = {.plan = {.mode = FAULT_NONE}};
	stream_world_open(&w, the_case(), FNL_CLOCK_WALL);
	w.batch_records_max = batch_records;
	assert_int_equal(stream_worker_open(&k, &w, "a"), 0);
	assert_int_equal(stream_worker_run(&k), 0);
	*ret_calls = k.plan.calls;
	stream_worker_close(&k, false);
	stream_world_picture(&w, p);
	stream_world_close(&w);
	return p;
}

static int line_cmp(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Where each thing is in the end, counted plainly: lines as those of a picture. */
static void expect_counts(const struct stream_picture *p)
{
	char lines[STREAM_WORLD_PARTITIONS * BOXES + THINGS][32];
	int counts[STREAM_WORLD_PARTITIONS][BOXES] = {{0}};
	char text[sizeof(lines)] = "";
	size_t n = 0;
	for (int t = 0; t < THINGS; t++) {
		int i = INPUTS - 1;
		while (move_at(i).thing[1] - '0' != t) {
			i--;
		}
		struct move last = move_at(i);
		counts[partition_of(&last)][last.box[1] - '0']++;
		snprintf(lines[n++], sizeof(lines[0]), "thing %s %s\n", last.thing, last.box);
	}
	for (int part = 0; part < STREAM_WORLD_PARTITIONS; part++) {
		for (int b = 0; b < BOXES; b++) {
			if (counts[part][b]) {
				snprintf(lines[n++], sizeof(lines[0]), "box b%d %d\n", b, counts[part][b]);
			}
		}
	}
	qsort(lines, n, sizeof(lines[0]), line_cmp);
	for (size_t i = 0; i < n; i++) {
		strcat(text, lines[i]);
	}
	char rows[sizeof(text)] = "";
	size_t dead = 0;
	for (const char *line = p->text, *end; (end = strchr(line, '\n')); line = end + 1) {
		bool is_row = strncmp(line, "dead ", 5) != 0;
		dead += !is_row;
		assert_true(strlen(rows) + (size_t)(end - line) + 2 < sizeof(rows) || !is_row);
		strncat(rows, line, is_row ? (size_t)(end - line) + 1 : 0);
	}
	assert_string_equal(rows, text);
	assert_int_equal(dead, (INPUTS + NOWHERE_EACH - 1) / NOWHERE_EACH);
}

static void any_batch_counts_alike(void **state)
{
	(void)state;
	size_t calls;
	struct stream_picture *one = undisturbed(1, &calls);
	expect_counts(one);
	for (size_t n = 2; n < 40; n += 5) {
		struct stream_picture *p = undisturbed(n, &calls);
		assert_string_equal(p->text, one->text);
		free(p);
	}
	assert_true(asked > 0 && named_twice > 0 && refused > 0);
	free(one);
}

/* Fault at call `at` of worker a; if it died, b takes over. */
static void fault_run(const struct stream_picture *expected, enum fault_mode mode, size_t at)
{
	struct stream_world w;
	struct stream_worker a = {.plan = {.mode = mode, .at = at}};
	stream_world_open(&w, the_case(), FNL_CLOCK_WALL);
	w.at = at;
	assert_int_equal(stream_worker_open(&a, &w, "a"), 0);
	int rc = stream_worker_run(&a);
	stream_worker_close(&a, rc != 0);
	if (rc != 0) {
		struct stream_worker b = {.plan = {.mode = FAULT_NONE}};
		assert_true(a.plan.judge.dead);
		assert_int_equal(stream_worker_open(&b, &w, "a"), 0);
		assert_int_equal(stream_worker_run(&b), 0);
		stream_worker_close(&b, false);
	}
	stream_world_compare(expected, &w);
	stream_world_close(&w);
}

static void every_call(void **state)
{
	(void)state;
	size_t calls;
	struct stream_picture *expected = undisturbed(7, &calls);
	for (int mode = FAULT_CRASH_BEFORE; mode < FAULT_HOOK; mode++) {
		for (size_t at = 1; at <= calls; at++) {
			fault_run(expected, (enum fault_mode)mode, at);
		}
	}
	print_message("faults at %zu port calls\n", calls);
	free(expected);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(any_batch_counts_alike), cmocka_unit_test(every_call)};
	return cmocka_run_group_tests_name("rows that rows name", tests, NULL, NULL);
}
