/* The org stage's real operator over the real engine, undisturbed, held against its oracle for many seeds; and the
 * oracle itself held against results that someone has tampered with: each must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "funneld/adapters/avro.h"
#include "funneld/adapters/registry.h"
#include "funneld/adapters/settings.h"
#include "funneld/adapters/sys.h"
#include "funneld/operators/org.h"
#include "oracle_org.h"
#include "stage_run.h"
#include "workload_org.h"

enum { SEEDS = 300 };

#define START_MS INT64_C(1700000000000)
/* clock = wall: what is ahead of now by so much is not believed; the workload goes to the edges of a later time. */
#define FUTURE_MAX_MS (WORKLOAD_TIME_MAX_MS - START_MS - INT64_C(31536000000))

static const char *const output_topics[ORACLE_ORG_TOPIC_COUNT] = {"rep-inputs", "dead", "territories", "performance",
                                                                  "rejections"};
static const char schema_directory[] = FNL_SOURCE_DIR "/schemas";

/* What a process opens once. */
struct tools {
	uint64_t rich_seeds[2]; /* by clock; 0: not looked for yet */
	struct oracle *oracle;
	struct workload_org *workload;
	struct fnl_registry *registry;
	struct fnl_codec *codec;
	struct fnl_operator *op;
};

/* A run's result as the oracle has it. */
struct result {
	struct stage_result *of;
	struct oracle_row *rows;
	struct oracle_org_input in;
};

static int read_rules(void *context, struct fnl_span text, struct fnl_arena *arena, const struct fnl_rules **ret,
                      struct fnl_error *why)
{
	return fnl_rules_parse(text, "rules", arena, ret, NULL, context, why);
}

static int open_tools(void **state)
{
	static struct tools t;
	static const struct fnl_rules_reader reader = {NULL, read_rules};
	char text[400];
	struct fnl_error why;
	t.oracle = oracle_open(schema_directory, text, sizeof(text));
	t.workload = workload_org_open(schema_directory);
	if (!t.oracle || fnl_registry_file_open(schema_directory, &t.registry, &why) != 0 ||
	    fnl_codec_avro_open(t.registry, &t.codec, &why) != 0 ||
	    fnl_org_operator_open(t.codec, fnl_sys_ids(), &reader, &t.op, &why) != 0) {
		return -1;
	}
	*state = &t;
	return 0;
}

static int close_tools(void **state)
{
	struct tools *t = *state;
	fnl_org_operator_close(t->op);
	t->codec->ops->close(t->codec);
	t->registry->ops->close(t->registry);
	workload_org_close(t->workload);
	oracle_close(t->oracle);
	return 0;
}

/* ---- a run ---- */

/* Few rows, or as many as the product's. */
static size_t page_rows_of(uint64_t seed)
{
	return seed % 8 ? 1 + seed % 5 : 100;
}

static void publish_random(void *context, struct fnl_bus *bus, uint64_t seed)
{
	struct tools *t = context;
	workload_org_publish(t->workload, bus, "in", STAGE_RUN_PARTITIONS, seed, 110 + seed % 91, START_MS);
}

static struct result *run_seed(struct tools *t, uint64_t seed, enum fnl_clock_mode mode)
{
	bool by_event = mode == FNL_CLOCK_EVENT;
	struct stage_run run = {
		.stage = {"org", "in", fnl_org_tables, FNL_ORG_TABLE_COUNT, FNL_ORG_OUT_DEAD_LETTERS},
		.outputs = output_topics,
		.output_count = FNL_ORG_OUT_COUNT,
		.op = t->op,
		.clock = mode,
		.seed = seed,
		.start_ms = START_MS,
		.cycle_ms = by_event ? 20 : (int64_t)(100 + seed % 700),
		.until_ms = by_event ? 0 : START_MS + 10000,
		.future_max_ms = FUTURE_MAX_MS,
		.event_time_max_ms = WORKLOAD_TIME_MAX_MS,
		.publish = publish_random,
		.context = t,
	};
	fnl_org_operator_set_page(t->op, page_rows_of(seed));
	struct result *r = calloc(1, sizeof(*r));
	r->of = stage_run(&run);
	r->rows = calloc(r->of->row_count + 1, sizeof(*r->rows));
	for (size_t i = 0; i < r->of->row_count; i++) {
		const struct stage_row *row = &r->of->rows[i];
		r->rows[i] = (struct oracle_row){row->partition, row->row.table, row->row.key, row->value, row->deadline_ms};
	}
	r->in = (struct oracle_org_input){.event_clock = by_event,
	                                  .time_max_ms = by_event ? WORKLOAD_TIME_MAX_MS : START_MS + FUTURE_MAX_MS,
	                                  .page_rows = page_rows_of(seed),
	                                  .input_topic = "in",
	                                  .inputs = r->of->records[ORACLE_ORG_TOPIC_COUNT],
	                                  .input_count = r->of->record_counts[ORACLE_ORG_TOPIC_COUNT],
	                                  .rows = r->rows,
	                                  .row_count = r->of->row_count};
	for (size_t i = 0; i < ORACLE_ORG_TOPIC_COUNT; i++) {
		r->in.outputs[i] = r->of->records[i];
		r->in.output_counts[i] = r->of->record_counts[i];
	}
	return r;
}

static void free_result(struct result *r)
{
	stage_result_free(r->of);
	free(r->rows);
	free(r);
}

/* ---- seeds ---- */

static void add_stats(struct oracle_org_stats *to, const struct oracle_org_stats *s)
{
	const size_t *from = (const size_t *)s;
	for (size_t i = 0; i < sizeof(*s) / sizeof(size_t); i++) {
		((size_t *)to)[i] += from[i];
	}
}

static double cpu_ms(void)
{
	return (double)clock() * 1000.0 / CLOCKS_PER_SEC;
}

static void print_stats(const struct oracle_org_stats *s)
{
	print_message("%zu entries, %zu older, %zu absences, %zu told; asked about: %zu could, refused %zu %zu %zu %zu %zu "
	              "%zu %zu %zu, %zu made room; %zu who could, %zu what is usual, %zu open already, %zu waited\n",
	              s->entries, s->older_entries, s->absences, s->told, s->could, s->refused[0], s->refused[1],
	              s->refused[2], s->refused[3], s->refused[4], s->refused[5], s->refused[6], s->refused[7],
	              s->uses_full, s->who_could, s->usual, s->open_already, s->waited);
	print_message("%zu outcomes, %zu older, %zu rules, %zu dead letters, %zu reps, %zu handovers; %zu candidates, %zu "
	              "full lists, %zu nobody, %zu ties, %zu handovers counted, %zu left out; %zu moments, %zu doubtful\n",
	              s->outcomes, s->older_outcomes, s->rules_activated, s->dead_letters, s->reps, s->handovers,
	              s->candidates, s->full_lists, s->nobody, s->ties, s->counted, s->left_out, s->moments, s->doubtful);
	print_message(
		"%zu years, %zu older, %zu absences; %zu proposals asked for, %zu again, %zu told, %zu worth it, %zu "
		"moves; %zu accepts, %zu accepted, refused: %zu outdated, %zu unknown, %zu not open, %zu a receiver "
		"has gone; %zu expired, %zu replaced, %zu nobody there; %zu scores asked for, %zu months, %zu told, %zu "
		"ranked, %zu attained; by the wall clock %zu proposals, %zu accepted\n",
		s->years, s->older_years, s->year_absences, s->proposals_asked, s->asked_again, s->proposed, s->worth_it,
		s->moves, s->accepts_asked, s->accepted, s->refused_outdated, s->refused_unknown, s->refused_not_open,
		s->receiver_gone, s->expired, s->replaced, s->nobody_there, s->scores_asked, s->months, s->scored, s->ranked,
		s->attained, s->wall_proposed, s->wall_accepted);
}

static void run_seeds(struct tools *t, enum fnl_clock_mode mode, struct oracle_org_stats *all)
{
	const char *one = getenv("FNL_SEED"), *many = getenv("FNL_SEEDS");
	uint64_t from = one ? strtoull(one, NULL, 10) : 1;
	uint64_t count = one ? 1 : many ? strtoull(many, NULL, 10) : SEEDS;
	double oracle_ms = 0, start_ms = cpu_ms();
	size_t failed = 0;
	for (uint64_t seed = from; seed < from + count; seed++) {
		char why[2000];
		struct oracle_org_stats stats;
		struct result *r = run_seed(t, seed, mode);
		double before_ms = cpu_ms();
		if (oracle_org_check(t->oracle, &r->in, &stats, why, sizeof(why)) != 0) {
			print_error("FNL_SEED=%" PRIu64 ": %s\n", seed, why);
			failed++;
		}
		oracle_ms += cpu_ms() - before_ms;
		add_stats(all, &stats);
		free_result(r);
	}
	print_message("%" PRIu64 " seeds, %.2f ms each, of which the oracle %.2f ms\n", count,
	              (cpu_ms() - start_ms) / (double)count, oracle_ms / (double)count);
	print_stats(all);
	assert_int_equal(failed, 0);
	if (count < SEEDS) {
		return;
	}
	/* everything must have been there, or nothing was shown */
	size_t first_of_event = offsetof(struct oracle_org_stats, candidates) / sizeof(size_t);
	size_t first_of_wall = offsetof(struct oracle_org_stats, moments) / sizeof(size_t);
	size_t end = mode == FNL_CLOCK_EVENT ? first_of_wall : first_of_event;
	for (size_t i = 0; i < end; i++) {
		bool of_event = mode == FNL_CLOCK_WALL && i == offsetof(struct oracle_org_stats, waited) / sizeof(size_t);
		if (!of_event && ((const size_t *)all)[i] <= count / 10) {
			fail_msg("the %zu-th statistic is but %zu", i, ((const size_t *)all)[i]);
		}
	}
	assert_true(mode == FNL_CLOCK_EVENT || all->moments > count);
	assert_true(all->doubtful <= count / 50);
}

static void test_seeds(void **state)
{
	struct oracle_org_stats all = {0};
	run_seeds(*state, FNL_CLOCK_EVENT, &all);
}

static void test_wall_clock(void **state)
{
	struct oracle_org_stats all = {0};
	run_seeds(*state, FNL_CLOCK_WALL, &all);
}

/* ---- tampering ---- */

static void refuse(struct tools *t, struct result *r, const char *what, const char *expected)
{
	char why[2000] = "";
	if (oracle_org_check(t->oracle, &r->in, NULL, why, sizeof(why)) == 0) {
		fail_msg("%s was not noticed", what);
	}
	if (!strstr(why, expected)) {
		fail_msg("%s: '%s' does not say '%s'", what, why, expected);
	}
}

static bool is_refused(struct tools *t, struct result *r)
{
	char why[2000];
	return oracle_org_check(t->oracle, &r->in, NULL, why, sizeof(why)) != 0;
}

/* The first seed whose run has all that is tampered with. */
static struct result *rich_result(struct tools *t, enum fnl_clock_mode mode)
{
	uint64_t *known = &t->rich_seeds[mode == FNL_CLOCK_WALL];
	for (uint64_t seed = *known + !*known; seed <= SEEDS; seed++) {
		struct result *r = run_seed(t, seed, mode);
		char why[2000];
		struct oracle_org_stats s;
		bool holds = oracle_org_check(t->oracle, &r->in, &s, why, sizeof(why)) == 0 && s.doubtful == 0;
		if (holds && s.dead_letters > 2 && s.told > 2 && s.could > 3 && s.who_could > 5 && s.usual > 3 &&
		    s.outcomes > 5 && s.reps > 5 && s.rules_activated > 0) {
			*known = seed;
			return r;
		}
		free_result(r);
	}
	fail_msg("no seed gives a run to tamper with");
	return NULL;
}

/* Topics that the oracle compares one by one; by the wall clock what is told of proposals is held against itself. */
static size_t compared_topics(enum fnl_clock_mode mode)
{
	return mode == FNL_CLOCK_EVENT ? (size_t)ORACLE_ORG_TOPIC_COUNT : (size_t)ORACLE_ORG_TERRITORIES;
}

static void dropped_and_doubled(struct tools *t, enum fnl_clock_mode mode)
{
	struct result *r = rich_result(t, mode);
	size_t tried = 0, missed = 0;
	for (size_t topic = 0; topic < compared_topics(mode); topic++) {
		size_t n = r->in.output_counts[topic];
		const struct fnl_record *all = r->in.outputs[topic];
		struct fnl_record *changed = calloc(n + 1, sizeof(*changed));
		r->in.outputs[topic] = changed;
		for (size_t i = 0; i < n; i++) {
			memcpy(changed, all, i * sizeof(*changed));
			memcpy(changed + i, all + i + 1, (n - i - 1) * sizeof(*changed));
			r->in.output_counts[topic] = n - 1;
			missed += !is_refused(t, r);
			memcpy(changed + i, all + i, (n - i) * sizeof(*changed));
			changed[n] = changed[i];
			r->in.output_counts[topic] = n + 1;
			tried += 2;
			missed += !is_refused(t, r);
		}
		r->in.outputs[topic] = all;
		r->in.output_counts[topic] = n;
		free(changed);
	}
	/* by the wall clock a question that was asked again may have one answer, or two */
	assert_true(missed <= (mode == FNL_CLOCK_EVENT ? 0 : tried / 10));
	free_result(r);
}

static void test_dropped_and_doubled(void **state)
{
	dropped_and_doubled(*state, FNL_CLOCK_EVENT);
	dropped_and_doubled(*state, FNL_CLOCK_WALL);
}

/* Two answers to a book, from one partition. */
static void test_swapped(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t, FNL_CLOCK_EVENT);
	struct fnl_record *all = r->of->records[ORACLE_ORG_REP_INPUTS];
	size_t swapped = 0, n = r->in.output_counts[ORACLE_ORG_REP_INPUTS];
	for (size_t i = 0; i < n; i++) {
		for (size_t k = i + 1; k < n; k++) {
			if (fnl_span_eq(all[i].key, all[k].key) && !fnl_span_eq(all[i].value, all[k].value)) {
				struct fnl_record kept = all[i];
				all[i] = all[k];
				all[k] = kept;
				/* those of two partitions have no order among them */
				swapped += is_refused(t, r);
				all[k] = all[i];
				all[i] = kept;
				break;
			}
		}
	}
	assert_true(swapped > 5);
	free_result(r);
}

/* Any bit of an output's or a row's body is another value, or no value at all. */
static void changed_bytes(struct tools *t, enum fnl_clock_mode mode)
{
	struct result *r = rich_result(t, mode);
	for (size_t topic = 0; topic < compared_topics(mode); topic++) {
		for (size_t i = 0; i < r->in.output_counts[topic]; i++) {
			struct fnl_span v = r->in.outputs[topic][i].value;
			size_t at = v.len ? i % (v.len > 24 ? v.len - 22 : 1) : 0;
			/* what a move is for is taken as it was told */
			if (v.len && (topic != ORACLE_ORG_TERRITORIES || at > 1)) {
				uint8_t *byte = (uint8_t *)v.data + v.len - 1 - at;
				*byte ^= 1;
				refuse(t, r, "a changed output", "");
				*byte ^= 1;
			}
		}
	}
	for (size_t i = 0; i < r->in.row_count; i++) {
		struct fnl_span v = r->rows[i].value;
		bool compared = r->rows[i].table != ORACLE_ORG_PROPOSAL && r->rows[i].table != ORACLE_ORG_SCORING;
		if (mode == FNL_CLOCK_WALL && !compared) {
			continue;
		}
		uint8_t *byte = (uint8_t *)v.data + 5 + i * 7 % (v.len - 5);
		*byte ^= 1;
		refuse(t, r, "a changed row", "row ");
		*byte ^= 1;
	}
	free_result(r);
}

static void test_changed_bytes(void **state)
{
	changed_bytes(*state, FNL_CLOCK_EVENT);
	changed_bytes(*state, FNL_CLOCK_WALL);
}

static void test_changed_headers(void **state)
{
	for (int mode = 0; mode < 2; mode++) {
		struct result *r = rich_result(*state, mode ? FNL_CLOCK_WALL : FNL_CLOCK_EVENT);
		for (size_t i = 0; i < r->in.output_counts[ORACLE_ORG_REP_INPUTS]; i++) {
			const struct fnl_record *o = &r->in.outputs[ORACLE_ORG_REP_INPUTS][i];
			for (size_t h = 0; h < o->header_count; h++) {
				struct fnl_span v = o->headers[h].value;
				uint8_t *byte = (uint8_t *)v.data + (v.len - 1);
				*byte ^= 1;
				refuse(*state, r, "a changed header", "");
				*byte ^= 1;
			}
		}
		free_result(r);
	}
}

static void test_rows_missing_and_foreign(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t, FNL_CLOCK_EVENT);
	size_t n = r->in.row_count;
	for (size_t i = 0; i < n; i++) {
		struct oracle_row kept = r->rows[i];
		r->rows[i] = r->rows[n - 1];
		r->in.row_count = n - 1;
		refuse(t, r, "a missing row", "row ");
		r->in.row_count = n;
		r->rows[i] = kept;
		r->rows[n] = kept;
		r->rows[n].key = FNL_SPAN_LIT("foreign");
		r->in.row_count = n + 1;
		refuse(t, r, "a foreign row", "should not be there");
		r->in.row_count = n;
		r->rows[i].deadline_ms = kept.deadline_ms == INT64_MAX ? 0 : INT64_MAX - 1;
		refuse(t, r, "another deadline", "deadline");
		r->rows[i] = kept;
	}
	free_result(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seeds),
		cmocka_unit_test(test_wall_clock),
		cmocka_unit_test(test_dropped_and_doubled),
		cmocka_unit_test(test_swapped),
		cmocka_unit_test(test_changed_bytes),
		cmocka_unit_test(test_changed_headers),
		cmocka_unit_test(test_rows_missing_and_foreign),
	};
	return cmocka_run_group_tests_name("org oracle", tests, open_tools, close_tools);
}
