/* An input that ends every process that looks at it is found and dead-lettered, all others are processed, once; what
 * ends a process otherwise is nobody's fault. A process dies here within its operator: none of its calls reaches log or
 * view from then on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "funneld/base/wire.h"
#include "stream_world.h"

enum { TABLE_SEEN, TABLE_COUNT };
enum { OUT, DEAD, OUT_COUNT };
enum { INPUTS = 40, LIVES_MAX = 20, DEADLY_FIRST = 17, LIVES_TO_FIND = 5, BATCHES_MOVED = 3 };

static const char *const tables[TABLE_COUNT] = {"seen"};

/* Where the deadly input kills. */
enum deadly { IN_PREPARE, IN_STEP, IN_TIMER, NOWHERE, TOO_LONG, STOPS };
static enum deadly deadly;
static int deadly_at = DEADLY_FIRST;
static size_t looked_at;
static struct stream_worker *alive;

static int die(struct fnl_error *why)
{
	alive->plan.judge.dead = true;
	return fnl_fail(why, FNL_E_INTERNAL, "the process has ended");
}

static bool is_deadly(struct fnl_span value)
{
	return fnl_span_eq(value, FNL_SPAN_LIT("deadly"));
}

static int prepare(struct fnl_operator *o, const struct fnl_record *r, struct fnl_arena *arena,
                   struct fnl_prepared *ret, struct fnl_error *why)
{
	(void)o, (void)arena;
	looked_at += is_deadly(r->value);
	if (deadly == IN_PREPARE && is_deadly(r->value)) {
		return die(why);
	}
	ret->event_time_ms = FNL_NO_TIME;
	ret->rows[0] = (struct fnl_row_key){TABLE_SEEN, r->key};
	ret->row_count = 1;
	return 0;
}

static int prepare_timer(struct fnl_operator *o, struct fnl_row_key row, struct fnl_span value, struct fnl_arena *arena,
                         struct fnl_prepared *ret)
{
	(void)o, (void)value, (void)arena;
	ret->rows[0] = row;
	ret->row_count = 1;
	ret->event_time_ms = FNL_NO_TIME;
	return 0;
}

static int step(struct fnl_operator *o, const struct fnl_step *in, struct fnl_decision *ret, struct fnl_error *why)
{
	static uint8_t long_row[1 << 20];
	(void)o;
	if (in->cause == FNL_CAUSE_TIMER) {
		return die(why);
	}
	if (deadly == IN_STEP && is_deadly(in->record->value)) {
		return die(why);
	}
	if (deadly == STOPS && is_deadly(in->record->value)) {
		return fnl_fail(why, FNL_E_STATE, "what is stored contradicts itself");
	}
	struct fnl_span row = in->record->value;
	if (deadly == TOO_LONG && is_deadly(row)) {
		row = fnl_span_of(long_row, sizeof(long_row));
	}
	ret->rows[ret->row_count++] = (struct fnl_row_out){.row = 0, .value = row};
	ret->outputs[ret->output_count++] = (struct fnl_output){
		.topic = OUT, .partition = FNL_PARTITION_BY_KEY, .key = in->record->key, .value = in->record->value};
	return 0;
}

/* The deadly one's row has a timer that is due at once. */
static int64_t row_deadline(struct fnl_operator *o, uint8_t table, struct fnl_span value)
{
	(void)o, (void)table;
	return deadly == IN_TIMER && is_deadly(value) ? 0 : FNL_NO_DEADLINE;
}

static void publish(struct stream_world *w)
{
	for (int i = 0; i < INPUTS; i++) {
		char key[16];
		snprintf(key, sizeof(key), "k%02d", i);
		const char *value = i == deadly_at ? "deadly" : "harmless";
		assert_int_equal(w->bus->ops->publish(w->bus, "in", i % STREAM_WORLD_PARTITIONS, fnl_span_str(key),
		                                      fnl_span_str(value), NULL, 0),
		                 0);
	}
}

static const struct stream_case *the_case(void)
{
	static const struct fnl_operator_ops ops = {
		.prepare = prepare, .prepare_timer = prepare_timer, .step = step, .row_deadline = row_deadline};
	static struct fnl_operator op = {&ops};
	static const char *const outputs[OUT_COUNT] = {"out", "dead"};
	static struct stream_case c = {.outputs = outputs, .output_count = OUT_COUNT, .publish = publish};
	c.stage = (struct fnl_stage){"test", "in", tables, TABLE_COUNT, DEAD};
	c.op = &op;
	return &c;
}

/* One process after the other until one finds nothing left to do; how many died. */
static int lives(struct stream_world *w)
{
	for (int died = 0; died < LIVES_MAX; died++) {
		struct stream_worker k = {.plan = {.mode = FAULT_NONE}};
		assert_int_equal(stream_worker_open(&k, w, "a"), 0);
		alive = &k;
		int rc = stream_worker_run(&k);
		stream_worker_close(&k, rc != 0);
		if (rc == 0) {
			return died;
		}
	}
	return LIVES_MAX;
}

static size_t times(const char *text, const char *what)
{
	size_t n = 0;
	for (const char *at = strstr(text, what); at; at = strstr(at + 1, what)) {
		n++;
	}
	return n;
}

/* All others were told once; the deadly one is a dead letter with its bytes. */
static void expect_isolated(struct stream_world *w, const char *class_name)
{
	struct stream_picture *p = malloc(sizeof(*p));
	char key[32];
	assert_non_null(p);
	stream_world_picture(w, p);
	for (int i = 0; i < INPUTS; i++) {
		snprintf(key, sizeof(key), "out k%02d ", i);
		assert_int_equal(times(p->text, key), i != deadly_at);
	}
	snprintf(key, sizeof(key), "dead k%02d deadly", deadly_at);
	assert_int_equal(times(p->text, key), 1);
	assert_int_equal(times(p->text, "dead "), 1);
	if (!strstr(p->text, class_name)) {
		fail_msg("no dead letter of class %s in\n%s", class_name, p->text);
	}
	free(p);
}

static void found(enum deadly where, size_t batch_records)
{
	struct stream_world w;
	stream_world_open(&w, the_case(), FNL_CLOCK_WALL);
	w.batch_records_max = batch_records;
	deadly = where;
	looked_at = 0;
	/* an offset that a batch before it has reached is new: the count begins there */
	assert_in_range(lives(&w), LIVES_TO_FIND - 1, LIVES_TO_FIND + BATCHES_MOVED);
	assert_in_range(looked_at, LIVES_TO_FIND - 1, LIVES_TO_FIND + BATCHES_MOVED);
	expect_isolated(&w, "crashed");
	stream_world_close(&w);
}

/* In each partition: those whose turn comes before and after it in a batch are innocent. */
static void found_wherever_it_kills(void **state)
{
	static const size_t batches[] = {1, 2, 7, 100};
	(void)state;
	for (deadly_at = DEADLY_FIRST; deadly_at < DEADLY_FIRST + STREAM_WORLD_PARTITIONS; deadly_at++) {
		for (size_t b = 0; b < sizeof(batches) / sizeof(batches[0]); b++) {
			found(IN_PREPARE, batches[b]);
			found(IN_STEP, batches[b]);
		}
	}
	deadly_at = DEADLY_FIRST;
}

/* A row beyond the log's limit: the input is poison, and nobody dies. */
static void too_long_is_poison(void **state)
{
	(void)state;
	struct stream_world w;
	stream_world_open(&w, the_case(), FNL_CLOCK_WALL);
	deadly = TOO_LONG;
	assert_int_equal(lives(&w), 0);
	expect_isolated(&w, "limit");
	stream_world_close(&w);
}

/* A stop that the process explains is for people to mend: no input is blamed for it. */
static void an_orderly_stop_blames_nobody(void **state)
{
	(void)state;
	struct stream_world w;
	stream_world_open(&w, the_case(), FNL_CLOCK_WALL);
	deadly = STOPS;
	assert_int_equal(lives(&w), LIVES_MAX);
	stream_world_close(&w);
}

/* Nothing in hand dies of a timer: all inputs are processed, and it goes on dying. */
static void timers_blame_nobody(void **state)
{
	(void)state;
	struct stream_picture *p = malloc(sizeof(*p));
	struct stream_world w;
	assert_non_null(p);
	stream_world_open(&w, the_case(), FNL_CLOCK_WALL);
	deadly = IN_TIMER;
	assert_int_equal(lives(&w), LIVES_MAX);
	deadly = NOWHERE; /* the program is mended: the timer is none any more */
	assert_int_equal(lives(&w), 0);
	stream_world_picture(&w, p);
	assert_int_equal(times(p->text, "dead "), 0);
	assert_int_equal(times(p->text, "out k"), INPUTS);
	free(p);
	stream_world_close(&w);
}

/* Lives that end at any port call, the same one again and again as long as that may be chance: none is blamed. */
static void other_ends_blame_nobody(void **state)
{
	(void)state;
	deadly = NOWHERE;
	for (size_t at = 1; at < 30; at++) {
		struct stream_world w;
		struct stream_picture *p = malloc(sizeof(*p));
		assert_non_null(p);
		stream_world_open(&w, the_case(), FNL_CLOCK_WALL);
		for (int life = 0; life < LIVES_TO_FIND - 2; life++) {
			struct stream_worker k = {.plan = {.mode = FAULT_CRASH_AFTER, .at = at}};
			assert_int_equal(stream_worker_open(&k, &w, "a"), 0);
			int rc = stream_worker_run(&k);
			stream_worker_close(&k, rc != 0);
		}
		assert_int_equal(lives(&w), 0);
		stream_world_picture(&w, p);
		assert_int_equal(times(p->text, "dead "), 0);
		assert_int_equal(times(p->text, "out k"), INPUTS);
		free(p);
		stream_world_close(&w);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_wherever_it_kills), cmocka_unit_test(too_long_is_poison),
		cmocka_unit_test(an_orderly_stop_blames_nobody), cmocka_unit_test(timers_blame_nobody),
		cmocka_unit_test(other_ends_blame_nobody)};
	return cmocka_run_group_tests_name("inputs that end processes", tests, NULL, NULL);
}
