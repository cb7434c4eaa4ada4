/* The organisation's questions by the real operator on the real engine: any batching gives the same answers and leaves
 * the same rows, and each answer is what looking at all reps, or all handovers, at that place says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/adapters/avro.h"
#include "funneld/adapters/registry.h"
#include "funneld/adapters/sys.h"
#include "gen.h"
#include "org_desk.h"
#include "rules_reader.h"
#include "stage_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ORGS = 4, REPS = 9, EVENTS = 600, SEEDS = 12, PAGE_ROWS = 4, ANSWERS_MAX = EVENTS, CAPACITY = 80, BEST = 5 };

static const char *const topics[FNL_ORG_OUT_COUNT] = {"rep-inputs", "dead", "territories", "performance", "rejections"};

/* What is known of a rep. */
struct rep {
	bool present;
	bool able;
	int64_t open;
	int64_t sequence;
};

/* An answer that must come: to the question of this number. */
struct expected {
	char ids[BEST][8];
	size_t count;
	int64_t prospects;
	int64_t lost;
	bool base_rate;
	size_t found;
};

struct tools {
	struct fnl_registry *registry;
	struct fnl_codec *codec;
	struct fnl_operator *op;
	struct fnl_arena arena;
	uint64_t seed; /* of the inputs */
	struct rep reps[ORGS][REPS];
	int64_t handed_over[ORGS][REPS][2]; /* by the latest outcome: prospects, lost */
	int64_t outcomes[ORGS][REPS];
	struct expected expected[ANSWERS_MAX];
	size_t asked;
};

static int start(void **state)
{
	static struct tools t;
	struct fnl_error why;
	fnl_arena_init(&t.arena, (size_t)64 << 20);
	if (fnl_registry_file_open(FNL_SOURCE_DIR "/schemas", &t.registry, &why) != 0 ||
	    fnl_codec_avro_open(t.registry, &t.codec, &why) != 0 ||
	    fnl_org_operator_open(t.codec, fnl_sys_ids(), fnl_test_rules_reader(), &t.op, &why) != 0) {
		return -1;
	}
	fnl_org_operator_set_page(t.op, PAGE_ROWS);
	*state = &t;
	return 0;
}

static int end(void **state)
{
	struct tools *t = *state;
	fnl_org_operator_close(t->op);
	t->codec->ops->close(t->codec);
	t->registry->ops->close(t->registry);
	fnl_arena_deinit(&t->arena);
	return 0;
}

/* ---- inputs, and what must follow ---- */

struct feed {
	struct tools *t;
	struct fnl_bus *bus;
	struct fnl_gen gen;
	int64_t at_ms;
	int64_t sequence;
};

static const char *text_of(struct tools *t, const char *front, size_t n)
{
	char *text = fnl_arena_alloc(&t->arena, 32);
	assert_non_null(text);
	snprintf(text, 32, "%s%zu", front, n);
	return text;
}

static void publish(struct feed *f, int32_t partition, const char *key, struct fnl_input in)
{
	struct fnl_span value;
	const struct fnl_header header = {FNL_SPAN_LIT("ce_causationid"), FNL_SPAN_LIT("cause")};
	assert_int_equal(f->t->codec->ops->encode(f->t->codec, in.desc, in.v, &f->t->arena, &value), 0);
	assert_int_equal(f->bus->ops->publish(f->bus, "in", partition, fnl_span_str(key), value, &header, 1), 0);
}

/* Of the organisation: field is where the record has it. */
static void publish_to(struct feed *f, size_t org, struct fnl_input in)
{
	int field = fnl_record_field_index(in.desc, FNL_SPAN_LIT("org_id"));
	fnl_input_str(&in, field, text_of(f->t, "o", org));
	publish(f, -1, text_of(f->t, "org:o", org), in);
}

static void pass_time(struct feed *f)
{
	f->at_ms += (int64_t)fnl_gen_below(&f->gen, 3) * 1000;
	struct fnl_input in = fnl_input_of(&fnl_desc_stage_time, f->at_ms + 1);
	fnl_input_i64(&in, FNL_STAGE_TIME_PARTITION, 0);
	fnl_input_i64(&in, FNL_STAGE_TIME_PARTITION_COUNT, 1);
	for (int32_t p = 0; p < STAGE_RUN_PARTITIONS; p++) {
		publish(f, p, "time", in);
	}
}

static void change_rep(struct feed *f, size_t org, size_t at)
{
	struct rep *r = &f->t->reps[org][at];
	bool active = fnl_gen_below(&f->gen, 5) != 0;
	bool resigned = fnl_gen_below(&f->gen, 6) == 0;
	r->present = fnl_gen_below(&f->gen, 8) != 0;
	r->able = active && !resigned;
	r->open = (int64_t)fnl_gen_below(&f->gen, 12) * 10;
	struct fnl_input in = fnl_input_entry(text_of(f->t, "r", at), ++f->sequence, r->open);
	fnl_input_i64(&in, FNL_REP_ENTRY_ACTIVE, active);
	fnl_input_i64(&in, FNL_REP_ENTRY_RESIGNED, resigned);
	fnl_input_i64(&in, FNL_REP_ENTRY_PRESENT, r->present);
	publish_to(f, org, in);
	if (fnl_gen_below(&f->gen, 6) == 0) {
		publish_to(f, org, in); /* twice */
	}
}

/* All of them, the lightest first, since all have the same capacity. */
static void expect_best(struct feed *f, size_t org, size_t leaver, int64_t prospects)
{
	struct expected *x = &f->t->expected[f->t->asked];
	bool taken[REPS] = {false};
	while (x->count < BEST) {
		size_t best = REPS;
		for (size_t i = 0; i < REPS; i++) {
			const struct rep *r = &f->t->reps[org][i];
			bool can = r->present && r->able && i != leaver && (r->open + prospects) * 100 <= CAPACITY * 120;
			if (can && !taken[i] && (best == REPS || r->open < f->t->reps[org][best].open)) {
				best = i;
			}
		}
		if (best == REPS) {
			return;
		}
		taken[best] = true;
		snprintf(x->ids[x->count++], sizeof(x->ids[0]), "r%zu", best);
	}
}

static void ask(struct feed *f, size_t org)
{
	size_t leaver = fnl_gen_below(&f->gen, REPS);
	int64_t prospects = (int64_t)fnl_gen_below(&f->gen, 40);
	const char *id = text_of(f->t, "q", f->t->asked);
	publish_to(f, org, fnl_input_asked(text_of(f->t, "r", leaver), id, NULL, prospects));
	expect_best(f, org, leaver, prospects);
	f->t->asked++;
}

static void ask_what_is_usual(struct feed *f, size_t org)
{
	size_t leaver = fnl_gen_below(&f->gen, REPS);
	struct expected *x = &f->t->expected[f->t->asked];
	publish_to(f, org, fnl_input_base_rate(text_of(f->t, "r", leaver), text_of(f->t, "q", f->t->asked)));
	x->base_rate = true;
	for (size_t i = 0; i < REPS; i++) {
		x->prospects += i == leaver ? 0 : f->t->handed_over[org][i][0];
		x->lost += i == leaver ? 0 : f->t->handed_over[org][i][1];
	}
	f->t->asked++;
}

static void hand_over(struct feed *f, size_t org)
{
	size_t at = fnl_gen_below(&f->gen, REPS);
	int64_t prospects = (int64_t)fnl_gen_below(&f->gen, 50);
	int64_t lost = (int64_t)fnl_gen_below(&f->gen, 10);
	f->t->handed_over[org][at][0] = prospects;
	f->t->handed_over[org][at][1] = lost;
	publish_to(f, org, fnl_input_outcome(text_of(f->t, "r", at), "n1", ++f->t->outcomes[org][at], 0, prospects, lost));
}

static void publish_all(void *context, struct fnl_bus *bus, uint64_t seed)
{
	struct tools *t = context;
	struct feed f = {.t = t, .bus = bus, .gen = {t->seed}};
	(void)seed; /* that of the batches */
	memset(t->reps, 0, sizeof(t->reps));
	memset(t->handed_over, 0, sizeof(t->handed_over));
	memset(t->outcomes, 0, sizeof(t->outcomes));
	memset(t->expected, 0, sizeof(t->expected));
	t->asked = 0;
	pass_time(&f);
	for (int i = 0; i < EVENTS; i++) {
		size_t org = fnl_gen_below(&f.gen, ORGS);
		uint64_t dice = fnl_gen_below(&f.gen, 20);
		if (dice < 9) {
			change_rep(&f, org, fnl_gen_below(&f.gen, REPS));
		} else if (dice < 12) {
			ask(&f, org);
		} else if (dice < 15) {
			hand_over(&f, org);
		} else if (dice < 17) {
			ask_what_is_usual(&f, org);
		} else if (dice < 18) {
			const char *successor = text_of(t, "r", fnl_gen_below(&f.gen, REPS));
			publish_to(&f, org, fnl_input_asked("leaver", text_of(t, "about-", (size_t)i), successor, 1));
		} else {
			pass_time(&f);
		}
	}
	assert_int_equal(bus->ops->publish_flush(bus, 1000), 0);
}

static struct stage_result *run(struct tools *t, uint64_t batches, enum fnl_clock_mode clock)
{
	bool by_event = clock == FNL_CLOCK_EVENT;
	struct stage_run r = {
		.stage = {"org", "in", fnl_org_tables, FNL_ORG_TABLE_COUNT, FNL_ORG_OUT_DEAD_LETTERS},
		.outputs = topics,
		.output_count = FNL_ORG_OUT_COUNT,
		.op = t->op,
		.clock = clock,
		.seed = batches,
		.start_ms = FNL_T0,
		.cycle_ms = 20,
		.until_ms = by_event ? 0 : FNL_T0 + 20000,
		.future_max_ms = INT64_C(86400000),
		.event_time_max_ms = FNL_T0 + INT64_C(86400000),
		.publish = publish_all,
		.context = t,
	};
	fnl_arena_reset(&t->arena);
	return stage_run(&r);
}

/* ---- what it must be ---- */

static void same_answer(const struct expected *x, const struct fnl_record_desc *desc, const struct fnl_value *v)
{
	if (x->base_rate) {
		assert_ptr_equal(desc, &fnl_desc_org_base_rate);
		assert_int_equal(v[FNL_ORG_BASE_RATE_PROSPECT_COUNT].i64, x->prospects);
		assert_int_equal(v[FNL_ORG_BASE_RATE_LOST_COUNT].i64, x->lost);
		return;
	}
	assert_ptr_equal(desc, &fnl_desc_successor_candidates);
	struct fnl_list found = v[FNL_SUCCESSOR_CANDIDATES_CANDIDATES].list;
	assert_int_equal(found.count, x->count);
	for (size_t i = 0; i < found.count; i++) {
		struct fnl_span id = found.items[i].list.items[FNL_SUCCESSOR_CANDIDATE_REP_ID].str;
		assert_true(fnl_span_eq(id, fnl_span_str(x->ids[i])));
	}
}

/* Each question has one answer; compare: and it is the expected one. */
static void answers_are_right(struct tools *t, const struct stage_result *r, bool compare)
{
	assert_int_equal(r->record_counts[FNL_ORG_OUT_DEAD_LETTERS], 0);
	for (size_t i = 0; i < r->record_counts[FNL_ORG_OUT_REP_INPUTS]; i++) {
		struct fnl_decoded d;
		struct fnl_error why;
		assert_int_equal(t->codec->ops->decode(t->codec, &r->records[FNL_ORG_OUT_REP_INPUTS][i], &t->arena, &d, &why),
		                 0);
		struct fnl_span id = d.values[FNL_SUCCESSOR_CANDIDATES_REQUEST_ID].str;
		if (id.data[0] != 'q') {
			continue;
		}
		int64_t n;
		assert_true(fnl_parse_decimal(fnl_span_of(id.data + 1, id.len - 1), &n));
		struct expected *x = &t->expected[n];
		x->found++;
		if (compare) {
			same_answer(x, d.desc, d.values);
		}
	}
	for (size_t i = 0; i < t->asked; i++) {
		assert_int_equal(t->expected[i].found, 1);
	}
	for (size_t i = 0; i < r->row_count; i++) {
		assert_true(r->rows[i].row.table != FNL_ORG_TABLE_QUESTION);
	}
}

static int by_key_and_value(const void *a, const void *b)
{
	const struct fnl_record *x = a, *y = b;
	int order = fnl_span_cmp(x->key, y->key);
	return order ? order : fnl_span_cmp(x->value, y->value);
}

static void same_result(struct stage_result *a, struct stage_result *b)
{
	size_t n = a->record_counts[FNL_ORG_OUT_REP_INPUTS];
	struct fnl_record *x = a->records[FNL_ORG_OUT_REP_INPUTS], *y = b->records[FNL_ORG_OUT_REP_INPUTS];
	assert_int_equal(n, b->record_counts[FNL_ORG_OUT_REP_INPUTS]);
	qsort(x, n, sizeof(*x), by_key_and_value);
	qsort(y, n, sizeof(*y), by_key_and_value);
	for (size_t i = 0; i < n; i++) {
		assert_true(fnl_span_eq(x[i].key, y[i].key) && fnl_span_eq(x[i].value, y[i].value));
	}
	stage_result_same_rows(a, b);
}

static void any_batching_answers_the_same(void **state)
{
	struct tools *t = *state;
	size_t answers = 0;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		t->seed = seed;
		struct stage_result *a = run(t, seed, FNL_CLOCK_EVENT);
		answers_are_right(t, a, true);
		for (uint64_t batches = seed + 7; batches < seed + 100; batches += 31) {
			struct stage_result *b = run(t, batches, FNL_CLOCK_EVENT);
			answers_are_right(t, b, true);
			same_result(a, b);
			stage_result_free(b);
		}
		answers += t->asked;
		stage_result_free(a);
	}
	print_message("%d seeds, %zu questions that go through many rows\n", SEEDS, answers);
	assert_true(answers > SEEDS * 100);
}

/* Entries may change between the pages: but each question has its answer. */
static void by_the_wall_clock_each_has_one_answer(void **state)
{
	struct tools *t = *state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		t->seed = seed;
		struct stage_result *r = run(t, seed * 13, FNL_CLOCK_WALL);
		answers_are_right(t, r, false);
		stage_result_free(r);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(any_batching_answers_the_same),
	                                          cmocka_unit_test(by_the_wall_clock_each_has_one_answer)};
	return cmocka_run_group_tests(tests, start, end);
}
