/* A handover on the real operator and engine, undisturbed: reports in any order, doubled, early and wrong, prospects
 * that move meanwhile. Whatever comes: each event is on its topic, under its key, with an id that no other has; nothing
 * of TOP is released before the gate; and any batching tells the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gen.h"
#include "rep_stage.h"

enum { PROSPECTS = 70, EVENTS = 500, SEEDS = 8, DAY_OF_T0 = 19675, IDS_MAX = 8192, TASKS_MAX = 6, DROPOUTS = 3 };

static int start(void **state)
{
	static struct rep_stage t;
	rep_stage_open(&t, FNL_SOURCE_DIR "/schemas");
	*state = &t;
	return 0;
}

static int end(void **state)
{
	rep_stage_close(*state);
	return 0;
}

/* ---- inputs: r0 leaves, r1 takes over, mia is the manager ---- */

struct feed {
	struct rep_stage *t;
	struct fnl_bus *bus;
	struct fnl_gen gen;
	int64_t at_ms; /* the latest time that was published */
	int64_t sequence[PROSPECTS];
	int layer[PROSPECTS];
	size_t count;
	size_t cause; /* of what comes next, if it has one already: the number of its cause, + 1 */
	size_t notice;
};

static void publish(struct feed *f, int32_t partition, const char *key, const struct fnl_input *in, size_t times)
{
	size_t cause = f->cause ? f->cause - 1 : f->count;
	f->count++;
	for (size_t i = 0; i < times; i++) {
		rep_stage_publish(f->t, f->bus, partition, key, in, cause);
	}
}

static struct fnl_value ids(struct feed *f, const char *const *texts, size_t count)
{
	struct fnl_value *items = fnl_arena_calloc(&f->t->books.arena, count, sizeof(*items));
	for (size_t i = 0; i < count; i++) {
		items[i] = (struct fnl_value){.set = true, .str = fnl_span_str(texts[i])};
	}
	return (struct fnl_value){.set = true, .list = {items, count}};
}

static void pass_time(struct feed *f, int64_t ms)
{
	f->at_ms += ms;
	struct fnl_input in = fnl_input_of(&fnl_desc_stage_time, f->at_ms);
	fnl_input_i64(&in, FNL_STAGE_TIME_PARTITION, 0);
	fnl_input_i64(&in, FNL_STAGE_TIME_PARTITION_COUNT, 1);
	for (int32_t p = 0; p < STAGE_RUN_PARTITIONS; p++) {
		publish(f, p, "time", &in, 1);
	}
}

static void publish_line(struct feed *f, int p, int state)
{
	static const char *const contacts[] = {"c-1", "c-2", "c-3"};
	char id[16];
	snprintf(id, sizeof(id), "p%03d", p);
	struct fnl_input in = fnl_input_line("rep:r0", id, ++f->sequence[p], f->at_ms);
	fnl_input_i64(&in, FNL_BOOK_LINE_STATE, state);
	fnl_input_i64(&in, FNL_BOOK_LINE_LAYER, f->layer[p]);
	fnl_input_money(&in, FNL_BOOK_LINE_AMOUNT, (int64_t)fnl_gen_below(&f->gen, 5000), "USD");
	fnl_input_str(&in, FNL_BOOK_LINE_OWNER_REP_ID, state == FNL_LINE_STATE_WATCHED ? "r1" : "r0");
	if (state == FNL_LINE_STATE_WATCHED) {
		fnl_input_i64(&in, FNL_BOOK_LINE_LEFT_AT, FNL_T0 + f->at_ms);
	}
	in.v[FNL_BOOK_LINE_CONTACT_IDS] = ids(f, contacts, 1 + fnl_gen_below(&f->gen, 3));
	struct fnl_value *edit = fnl_arena_calloc(&f->t->books.arena, fnl_desc_last_edit.field_count, sizeof(*edit));
	edit[FNL_LAST_EDIT_AT] = (struct fnl_value){.set = true, .i64 = FNL_T0 + f->at_ms};
	edit[FNL_LAST_EDIT_BY] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("r0")};
	in.v[FNL_BOOK_LINE_EDIT] = (struct fnl_value){.set = true, .list = {edit, fnl_desc_last_edit.field_count}};
	publish(f, -1, "rep:r0", &in, 1 + fnl_gen_below(&f->gen, 2));
}

static void change_line(struct feed *f)
{
	static const int states[] = {FNL_LINE_STATE_OWNED, FNL_LINE_STATE_OWNED, FNL_LINE_STATE_WATCHED,
	                             FNL_LINE_STATE_GONE};
	static const int layers[] = {FNL_LAYER_TOP,     FNL_LAYER_TOP,  FNL_LAYER_MIDDLE, FNL_LAYER_BOTTOM,
	                             FNL_LAYER_UNKNOWN, FNL_LAYER_LOST, FNL_LAYER_WON};
	int p = (int)fnl_gen_below(&f->gen, PROSPECTS);
	if (fnl_gen_below(&f->gen, 2)) {
		f->layer[p] = layers[fnl_gen_below(&f->gen, sizeof(layers) / sizeof(layers[0]))];
	}
	publish_line(f, p, states[fnl_gen_below(&f->gen, sizeof(states) / sizeof(states[0]))]);
}

/* What all commands about it say. */
static void command(struct feed *f, struct fnl_input *in, const char *id)
{
	const struct {
		const char *field;
		struct fnl_value value;
	} all[] = {
		{"command_id", {.set = true, .str = fnl_arena_dup(&f->t->books.arena, fnl_span_str(id))}},
		{"issued_by", {.set = true, .str = FNL_SPAN_LIT("mia")}},
		{"by", {.set = true, .str = FNL_SPAN_LIT("mia")}},
		{"issued_at", {.set = true, .i64 = FNL_T0 + f->at_ms}},
		{"leaving_rep_id", {.set = true, .str = FNL_SPAN_LIT("r0")}},
		{"notice_id", {.set = true, .str = FNL_SPAN_LIT("n-1")}},
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		int at = fnl_record_field_index(in->desc, fnl_span_str(all[i].field));
		if (at >= 0) {
			in->v[at] = all[i].value;
		}
	}
}

/* wrong: 0 to 3 lack something; else it is right in every respect but that it may be early. */
static void report(struct feed *f, int p, int n, uint64_t wrong, bool waived)
{
	static const char *const speakers[] = {"r0", "r1", "mia"};
	static const char *const informed[] = {"c-1", "c-2", "c-3"};
	char id[24], task[24];
	int64_t today = DAY_OF_T0 + f->at_ms / FNL_DAY;
	snprintf(id, sizeof(id), "command-%zu", f->count);
	snprintf(task, sizeof(task), "p%03d#%d", p % PROSPECTS, n % TASKS_MAX);
	struct fnl_input in =
		fnl_input_of(waived ? &fnl_desc_handover_task_waived : &fnl_desc_handover_task_done, f->at_ms);
	command(f, &in, id);
	int at = fnl_record_field_index(in.desc, FNL_SPAN_LIT("task_id"));
	in.v[at] = (struct fnl_value){.set = true, .str = fnl_arena_dup(&f->t->books.arena, fnl_span_str(task))};
	if (!waived) {
		fnl_input_i64(&in, FNL_HANDOVER_TASK_DONE_DONE_AT, FNL_T0 + f->at_ms);
		fnl_input_i64(&in, FNL_HANDOVER_TASK_DONE_CHANNEL, wrong == 0 ? FNL_CHANNEL_MAIL : FNL_CHANNEL_VISIT);
		in.v[FNL_HANDOVER_TASK_DONE_SPOKE_REP_IDS] = ids(f, speakers, wrong == 1 ? 1 : 3);
		in.v[FNL_HANDOVER_TASK_DONE_INFORMED_PERSON_IDS] = ids(f, informed, wrong == 2 ? 0 : 3);
		if (wrong != 3) {
			fnl_input_i64(&in, FNL_HANDOVER_TASK_DONE_NEXT_MEETING_ON, today + 5);
		}
	}
	publish(f, -1, "rep:r0", &in, 1 + fnl_gen_below(&f->gen, 2));
}

static void report_any(struct feed *f)
{
	report(f, (int)fnl_gen_below(&f->gen, PROSPECTS), fnl_gen_below(&f->gen, 4) ? 1 : 2, fnl_gen_below(&f->gen, 12),
	       fnl_gen_below(&f->gen, 8) == 0);
}

/* All that can be done now is. */
static void report_all(struct feed *f)
{
	for (int p = 0; p < PROSPECTS; p++) {
		for (int n = 1; n < TASKS_MAX; n++) {
			report(f, p, n, 4, false);
		}
	}
}

/* To the question of that number: whether r1 could, or who could: r1. */
static void answer(struct feed *f, size_t question, bool of_one, int refusal, size_t times)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_successor_candidates, f->at_ms);
	struct fnl_value *one =
		fnl_arena_calloc(&f->t->books.arena, fnl_desc_successor_candidate.field_count, sizeof(*one));
	struct fnl_value *list = fnl_arena_calloc(&f->t->books.arena, 1, sizeof(*list));
	char request[16];
	for (size_t i = 0; i < fnl_desc_successor_candidate.field_count; i++) {
		one[i] = (struct fnl_value){.set = true, .i64 = 0};
	}
	one[FNL_SUCCESSOR_CANDIDATE_REP_ID].str = FNL_SPAN_LIT("r1");
	one[FNL_SUCCESSOR_CANDIDATE_REFUSAL].i64 = refusal;
	*list = (struct fnl_value){.set = true, .list = {one, fnl_desc_successor_candidate.field_count}};
	snprintf(request, sizeof(request), "n-1|%zu", question);
	fnl_input_str(&in, FNL_SUCCESSOR_CANDIDATES_REQUEST_ID, request);
	fnl_input_str(&in, FNL_SUCCESSOR_CANDIDATES_BOOK, "rep:r0");
	fnl_input_str(&in, FNL_SUCCESSOR_CANDIDATES_NOTICE_ID, "n-1");
	if (of_one) {
		fnl_input_str(&in, FNL_SUCCESSOR_CANDIDATES_SUCCESSOR_ID, "r1");
	}
	in.v[FNL_SUCCESSOR_CANDIDATES_CANDIDATES] = (struct fnl_value){.set = true, .list = {list, 1}};
	publish(f, -1, "rep:r0", &in, times);
}

static void give_notice(struct feed *f)
{
	struct fnl_input notice = fnl_input_of(&fnl_desc_rep_resigned, f->at_ms);
	fnl_input_str(&notice, FNL_REP_RESIGNED_REP_ID, "r0");
	fnl_input_i64(&notice, FNL_REP_RESIGNED_VERSION, 2);
	fnl_input_str(&notice, FNL_REP_RESIGNED_NOTICE_ID, "n-1");
	fnl_input_i64(&notice, FNL_REP_RESIGNED_NOTICE_AT, FNL_T0 + f->at_ms);
	fnl_input_i64(&notice, FNL_REP_RESIGNED_LAST_DAY, DAY_OF_T0 + 40);
	fnl_input_str(&notice, FNL_REP_RESIGNED_SUCCESSOR_ID, "r1");
	f->notice = f->count;
	publish(f, -1, "rep:r0", &notice, 2);
	answer(f, 1, true, FNL_SUCCESSOR_REFUSAL_NONE, 2);
}

static void sign_off(struct feed *f)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_reconciliation_reviewed, f->at_ms);
	command(f, &in, "sign-off");
	fnl_input_i64(&in, FNL_RECONCILIATION_REVIEWED_ACCEPTED, 1);
	publish(f, -1, "rep:r0", &in, 2);
}

static void publish_all(void *context, struct fnl_bus *bus, uint64_t seed)
{
	static const int layers[] = {FNL_LAYER_TOP, FNL_LAYER_MIDDLE, FNL_LAYER_BOTTOM};
	struct rep_stage *t = context;
	struct feed f = {.t = t, .bus = bus, .gen = {t->seed}};
	(void)seed; /* that of the batches */
	struct fnl_input rep = fnl_input_rep("r0", 1, "emea");
	fnl_input_str(&rep, FNL_REP_CHANGED_MANAGER_ID, "mia");
	publish(&f, -1, "rep:r0", &rep, 1);
	for (int p = 0; p < PROSPECTS; p++) {
		f.layer[p] = layers[fnl_gen_below(&f.gen, 3)];
		publish_line(&f, p, FNL_LINE_STATE_OWNED);
	}
	pass_time(&f, FNL_HOUR);
	give_notice(&f);
	for (int i = 0; i < EVENTS; i++) {
		uint64_t dice = fnl_gen_below(&f.gen, 20);
		if (i == EVENTS / 2) {
			sign_off(&f);
		} else if (i == EVENTS * 3 / 4) {
			report_all(&f); /* the gate opens, and prospects go on to move */
		} else if (dice < 12) {
			report_any(&f);
		} else if (dice < 15) {
			change_line(&f);
		} else {
			pass_time(&f, (int64_t)fnl_gen_below(&f.gen, 12 * (size_t)FNL_HOUR));
		}
	}
	report_all(&f);
	pass_time(&f, FNL_HOUR);
	report_all(&f);
	pass_time(&f, 60 * FNL_DAY);
	assert_int_equal(bus->ops->publish_flush(bus, 1000), 0);
}

static void name_r1(struct feed *f)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_successor_named, f->at_ms);
	char id[24];
	snprintf(id, sizeof(id), "command-%zu", f->count);
	command(f, &in, id);
	fnl_input_str(&in, FNL_SUCCESSOR_NAMED_SUCCESSOR_ID, "r1");
	publish(f, -1, "rep:r0", &in, 1);
}

/* r1 is named, cannot any more, is proposed, and named once more; again and again. */
static void publish_dropouts(void *context, struct fnl_bus *bus, uint64_t seed)
{
	struct rep_stage *t = context;
	struct feed f = {.t = t, .bus = bus, .gen = {t->seed}};
	size_t question = 1;
	(void)seed;
	struct fnl_input rep = fnl_input_rep("r0", 1, "emea");
	publish(&f, -1, "rep:r0", &rep, 1);
	for (int p = 0; p < 3; p++) {
		f.layer[p] = FNL_LAYER_BOTTOM;
		publish_line(&f, p, FNL_LINE_STATE_OWNED);
	}
	pass_time(&f, FNL_HOUR);
	give_notice(&f);
	for (int i = 0; i < DROPOUTS; i++) {
		pass_time(&f, FNL_HOUR);
		answer(&f, 1, true, FNL_SUCCESSOR_REFUSAL_INACTIVE, 1);
		pass_time(&f, 5 * FNL_DAY); /* nobody is named in time: who could? */
		f.cause = f.notice + 1;     /* behind the question, which a timer asked, and so behind the answer */
		answer(&f, ++question, false, FNL_SUCCESSOR_REFUSAL_NONE, 1);
		f.cause = 0;
		name_r1(&f);
		answer(&f, ++question, true, FNL_SUCCESSOR_REFUSAL_NONE, 1);
	}
	pass_time(&f, FNL_HOUR);
	assert_int_equal(bus->ops->publish_flush(bus, 1000), 0);
}

static struct stage_result *run_of(struct rep_stage *t, uint64_t batches,
                                   void (*publish_some)(void *context, struct fnl_bus *bus, uint64_t seed))
{
	struct stage_run r = {
		.clock = FNL_CLOCK_EVENT,
		.seed = batches,
		.start_ms = FNL_T0,
		.cycle_ms = 20,
		.publish = publish_some,
	};
	return rep_stage_run(t, &r);
}

static struct stage_result *run(struct rep_stage *t, uint64_t batches)
{
	return run_of(t, batches, publish_all);
}

/* ---- what it must be ---- */

static bool begins(struct fnl_span s, const char *front)
{
	return s.len >= strlen(front) && memcmp(s.data, front, strlen(front)) == 0;
}

static int by_span(const void *a, const void *b)
{
	return fnl_span_cmp(*(const struct fnl_span *)a, *(const struct fnl_span *)b);
}

/* A refusal of one report has the same id each time that the report comes: it is one event. */
static void ids_are_unique(struct rep_stage *t, const struct stage_result *s)
{
	static struct fnl_span all[IDS_MAX];
	size_t count = 0;
	for (size_t topic = 0; topic < FNL_REP_OUT_COUNT; topic++) {
		for (size_t i = 0; i < s->record_counts[topic]; i++) {
			const struct fnl_record *r = &s->records[topic][i];
			const struct fnl_record_desc *desc = NULL;
			struct fnl_span id = fnl_record_header(r, "ce_id");
			if (topic == FNL_REP_OUT_HANDOVERS) {
				(void)rep_stage_decode(t, r->value, &desc);
			}
			if (!fnl_span_is_none(id) && desc != &fnl_desc_handover_task_refused) {
				assert_true(count < IDS_MAX);
				all[count++] = id;
			}
		}
	}
	qsort(all, count, sizeof(all[0]), by_span);
	for (size_t i = 1; i < count; i++) {
		assert_false(fnl_span_eq(all[i - 1], all[i]));
	}
}

static void each_is_on_its_topic(const struct stage_result *s)
{
	static const struct {
		size_t topic;
		const char *type;
		const char *key;
	} where[] = {
		{FNL_REP_OUT_HANDOVERS, "funnel.handover.", "r0"},
		{FNL_REP_OUT_REVIEWS, "funnel.review.", "r0|n-1"},
		{FNL_REP_OUT_REASSIGNMENTS, "funnel.prospect.reassignment-", "p"},
	};
	for (size_t topic = 0; topic < FNL_REP_OUT_COUNT; topic++) {
		for (size_t i = 0; i < s->record_counts[topic]; i++) {
			const struct fnl_record *r = &s->records[topic][i];
			struct fnl_span type = fnl_record_header(r, "ce_type");
			for (size_t w = 0; w < sizeof(where) / sizeof(where[0]); w++) {
				assert_int_equal(begins(type, where[w].type), where[w].topic == topic);
				assert_true(where[w].topic != topic || begins(r->key, where[w].key));
			}
			assert_true(topic != FNL_REP_OUT_ORG_INPUTS || fnl_span_eq(r->key, FNL_SPAN_LIT("org:emea")));
		}
	}
}

enum stage { NOT_TOLD, WAITS, OPEN, CLOSED };
struct told {
	enum stage stage;
	bool top;
};

/* Of all tasks, in the order in which they are told: opened once, closed once, TOP released after all before it. */
static void the_gate_holds(struct rep_stage *t, const struct stage_result *s, size_t *ret_released, size_t *ret_closed)
{
	static struct told tasks[PROSPECTS][TASKS_MAX + 4];
	bool open = false;
	memset(tasks, 0, sizeof(tasks));
	for (size_t i = 0; i < s->record_counts[FNL_REP_OUT_HANDOVERS]; i++) {
		const struct fnl_record_desc *d;
		const struct fnl_value *v = rep_stage_decode(t, s->records[FNL_REP_OUT_HANDOVERS][i].value, &d);
		int at = fnl_record_field_index(d, FNL_SPAN_LIT("task_id"));
		int p = 0, n = 0;
		if (at < 0 || d == &fnl_desc_handover_task_refused ||
		    sscanf((const char *)v[at].str.data, "p%3d#%1d", &p, &n) != 2) {
			continue;
		}
		struct told *task = &tasks[p][n];
		if (d == &fnl_desc_handover_task_opened) {
			assert_int_equal(task->stage, NOT_TOLD);
			task->top = v[FNL_HANDOVER_TASK_OPENED_LAYER].i64 == FNL_TASK_LAYER_TOP;
			task->stage = v[FNL_HANDOVER_TASK_OPENED_RELEASED].i64 ? OPEN : WAITS;
			assert_true(!task->top || task->stage == WAITS || open);
		} else if (d == &fnl_desc_handover_task_released) {
			for (size_t q = 0; q < PROSPECTS && !open; q++) {
				for (size_t m = 0; m < TASKS_MAX + 4; m++) {
					assert_true(tasks[q][m].top || tasks[q][m].stage == NOT_TOLD || tasks[q][m].stage == CLOSED);
				}
			}
			assert_int_equal(task->stage, WAITS);
			task->stage = OPEN;
			open = true;
			++*ret_released;
		} else if (d == &fnl_desc_handover_task_closed || d == &fnl_desc_handover_task_superseded) {
			bool done =
				d == &fnl_desc_handover_task_closed && v[FNL_HANDOVER_TASK_CLOSED_OUTCOME].i64 == FNL_TASK_OUTCOME_DONE;
			assert_true(task->stage == OPEN || (!done && task->stage == WAITS));
			task->stage = CLOSED;
			++*ret_closed;
		}
	}
}

static void any_batching_tells_the_same(void **state)
{
	struct rep_stage *t = *state;
	uint64_t first = fnl_gen_start(1).state;
	size_t released = 0, closed = 0, completed = 0;
	for (uint64_t i = 0; i < SEEDS; i++) {
		t->seed = first + i;
		struct stage_result *a = run(t, t->seed), *b = run(t, t->seed + 1000);
		assert_int_equal(a->record_counts[FNL_REP_OUT_DEAD_LETTERS], 0);
		for (size_t topic = FNL_REP_OUT_HANDOVERS; topic < FNL_REP_OUT_COUNT; topic++) {
			assert_int_equal(a->record_counts[topic], b->record_counts[topic]);
			for (size_t n = 0; n < a->record_counts[topic]; n++) {
				const struct fnl_record *x = &a->records[topic][n], *y = &b->records[topic][n];
				assert_true(fnl_span_eq(x->key, y->key) && fnl_span_eq(x->value, y->value));
				assert_true(fnl_span_eq(fnl_record_header(x, "ce_id"), fnl_record_header(y, "ce_id")));
			}
		}
		ids_are_unique(t, a);
		each_is_on_its_topic(a);
		the_gate_holds(t, a, &released, &closed);
		for (size_t n = 0; n < a->record_counts[FNL_REP_OUT_HANDOVERS]; n++) {
			completed += fnl_span_eq(fnl_record_header(&a->records[FNL_REP_OUT_HANDOVERS][n], "ce_type"),
			                         FNL_SPAN_LIT("funnel.handover.completed.v1"));
		}
		printf("seed %" PRIu64 ": %zu on handovers, %zu on reviews, %zu on reassignments\n", t->seed,
		       a->record_counts[FNL_REP_OUT_HANDOVERS], a->record_counts[FNL_REP_OUT_REVIEWS],
		       a->record_counts[FNL_REP_OUT_REASSIGNMENTS]);
		stage_result_free(a);
		stage_result_free(b);
	}
	printf("%zu released, %zu closed, %zu completed\n", released, closed, completed);
	assert_true(released > 0 && closed > 0 && completed > 0);
}

/* What is told again of the same notice is another event. */
static void proposals_are_told_apart(void **state)
{
	struct rep_stage *t = *state;
	size_t proposed = 0;
	t->seed = 1;
	struct stage_result *s = run_of(t, 1, publish_dropouts);
	for (size_t i = 0; i < s->record_counts[FNL_REP_OUT_HANDOVERS]; i++) {
		const struct fnl_record_desc *desc;
		(void)rep_stage_decode(t, s->records[FNL_REP_OUT_HANDOVERS][i].value, &desc);
		proposed += desc == &fnl_desc_successor_proposed;
	}
	assert_int_equal(proposed, DROPOUTS);
	ids_are_unique(t, s);
	stage_result_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(any_batching_tells_the_same, start, end),
	                                   cmocka_unit_test_setup_teardown(proposals_are_told_apart, start, end)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
