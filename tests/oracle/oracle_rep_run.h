/* The rep stage's real operator over the real engine, undisturbed, on the workload of a seed: what comes in, what it
 * leaves. Shared by the tests of its oracle, which are programs of their own. */
#ifndef FUNNELD_TESTS_ORACLE_REP_RUN_H
#define FUNNELD_TESTS_ORACLE_REP_RUN_H

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
#include "funneld/operators/rep.h"
#include "oracle_rep.h"
#include "stage_run.h"
#include "workload_rep.h"

enum { SEEDS = 300 };

#define START_MS INT64_C(1700000000000)
/* clock = wall: what is ahead of now by so much is not believed; the workload goes to the edges of a later time. */
#define FUTURE_MAX_MS (WORKLOAD_TIME_MAX_MS - START_MS - INT64_C(31536000000))

static const char *const output_topics[ORACLE_REP_TOPIC_COUNT] = {
	"quotas",     "rejections", "dead",      "alerts",  "inspections",
	"org-inputs", "directory",  "handovers", "reviews", "reassignments"};
static const char schema_directory[] = FNL_SOURCE_DIR "/schemas";

/* What makes a run worth tampering with. By the wall clock less happens in one: quotas, or sheets. */
enum rich { RICH_BY_EVENT, RICH_HANDOVERS, RICH_QUOTAS_BY_WALL, RICH_SHEETS_BY_WALL, RICH_COUNT };

/* What a process opens once. */
struct tools {
	uint64_t rich_seeds[RICH_COUNT]; /* 0: not looked for yet */
	struct oracle *oracle;
	struct workload_rep *workload;
	struct fnl_registry *registry;
	struct fnl_codec *codec;
	struct fnl_operator *op;
};

/* A run's result as the oracle has it. */
struct result {
	struct stage_result *of;
	struct oracle_row *rows;
	struct oracle_rep_input in;
};

static inline int read_rules(void *context, struct fnl_span text, struct fnl_arena *arena, const struct fnl_rules **ret,
                             struct fnl_error *why)
{
	return fnl_rules_parse(text, "rules", arena, ret, NULL, context, why);
}

static inline int open_tools(void **state)
{
	static struct tools t;
	static const struct fnl_rules_reader reader = {NULL, read_rules};
	char text[400];
	struct fnl_error why;
	t.oracle = oracle_open(schema_directory, text, sizeof(text));
	t.workload = workload_rep_open(schema_directory);
	if (!t.oracle || fnl_registry_file_open(schema_directory, &t.registry, &why) != 0 ||
	    fnl_codec_avro_open(t.registry, &t.codec, &why) != 0 ||
	    fnl_rep_operator_open(t.codec, fnl_sys_ids(), &reader, 0, &t.op, &why) != 0) {
		return -1;
	}
	*state = &t;
	return 0;
}

static inline int close_tools(void **state)
{
	struct tools *t = *state;
	fnl_rep_operator_close(t->op);
	t->codec->ops->close(t->codec);
	t->registry->ops->close(t->registry);
	workload_rep_close(t->workload);
	oracle_close(t->oracle);
	return 0;
}

/* ---- a run ---- */

static inline void publish_random(void *context, struct fnl_bus *bus, uint64_t seed)
{
	struct tools *t = context;
	workload_rep_publish(t->workload, bus, "in", STAGE_RUN_PARTITIONS, seed, 60 + seed % 91, START_MS);
}

static inline struct result *take(struct stage_result *of, enum fnl_clock_mode mode)
{
	struct result *r = calloc(1, sizeof(*r));
	bool by_event = mode == FNL_CLOCK_EVENT;
	r->of = of;
	r->rows = calloc(of->row_count + 1, sizeof(*r->rows));
	for (size_t i = 0; i < of->row_count; i++) {
		const struct stage_row *row = &of->rows[i];
		r->rows[i] = (struct oracle_row){row->partition, row->row.table, row->row.key, row->value, row->deadline_ms};
	}
	r->in = (struct oracle_rep_input){.event_clock = by_event,
	                                  .time_max_ms = by_event ? WORKLOAD_TIME_MAX_MS : START_MS + FUTURE_MAX_MS,
	                                  .end_ms = of->end_ms,
	                                  .input_topic = "in",
	                                  .inputs = of->records[ORACLE_REP_TOPIC_COUNT],
	                                  .input_count = of->record_counts[ORACLE_REP_TOPIC_COUNT],
	                                  .rows = r->rows,
	                                  .row_count = of->row_count};
	for (size_t i = 0; i < ORACLE_REP_TOPIC_COUNT; i++) {
		r->in.outputs[i] = of->records[i];
		r->in.output_counts[i] = of->record_counts[i];
	}
	return r;
}

static inline void free_result(struct result *r)
{
	stage_result_free(r->of);
	free(r->rows);
	free(r);
}

static inline struct result *run_with(struct tools *t, uint64_t seed, enum fnl_clock_mode mode,
                                      void (*publish)(void *context, struct fnl_bus *bus, uint64_t seed), void *context)
{
	struct stage_run run = {
		.stage = {"rep", "in", fnl_rep_tables, FNL_REP_TABLE_COUNT, FNL_REP_OUT_DEAD_LETTERS},
		.outputs = output_topics,
		.output_count = FNL_REP_OUT_COUNT,
		.op = t->op,
		.clock = mode,
		.seed = seed,
		.start_ms = START_MS,
		.cycle_ms = mode == FNL_CLOCK_EVENT ? 20 : (int64_t)(100 + seed % 700),
		.until_ms = mode == FNL_CLOCK_EVENT ? 0 : START_MS + 100000,
		.future_max_ms = FUTURE_MAX_MS,
		.event_time_max_ms = WORKLOAD_TIME_MAX_MS,
		.publish = publish,
		.context = context,
	};
	return take(stage_run(&run), mode);
}

static inline struct result *run_seed(struct tools *t, uint64_t seed, enum fnl_clock_mode mode)
{
	return run_with(t, seed, mode, publish_random, t);
}

#endif
