/* The org stage: the product's own operator and codec, random inputs of every kind, and its oracle. */
#include <stdio.h>
#include <stdlib.h>

#include "funneld/adapters/avro.h"
#include "funneld/adapters/registry.h"
#include "funneld/adapters/sys.h"
#include "funneld/operators/org.h"
#include "oracle_org.h"
#include "rules_reader.h"
#include "sim.h"
#include "workload_org.h"

enum { PAGE_ROWS = 4 }; /* so that a question takes several */

static const char schemas[] = FNL_SOURCE_DIR "/schemas";
static const char *const outputs[ORACLE_ORG_TOPIC_COUNT] = {"rep-inputs", "dead", "territories", "performance",
                                                            "rejections"};

#define START_MS INT64_C(1700000000000)
/* Clock = wall: a year before the times that the workload goes to the edges of. */
#define FUTURE_MAX_MS (WORKLOAD_TIME_MAX_MS - START_MS - INT64_C(31536000000))

/* Opened once a process. */
struct tools {
	struct oracle *oracle;
	struct workload_org *workload;
	struct fnl_registry *registry;
	struct fnl_codec *codec;
};

static const struct tools *tools(void)
{
	static struct tools t;
	if (t.oracle) {
		return &t;
	}
	char text[400] = "";
	struct fnl_error why = {0};
	t.oracle = oracle_open(schemas, text, sizeof(text));
	t.workload = workload_org_open(schemas);
	if (!t.oracle || fnl_registry_file_open(schemas, &t.registry, &why) != 0 ||
	    fnl_codec_avro_open(t.registry, &t.codec, &why) != 0) {
		fprintf(stderr, "%s%s\n", text, why.text);
		abort();
	}
	return &t;
}

static struct fnl_operator *open_operator(int32_t partition_count)
{
	struct fnl_operator *op = NULL;
	struct fnl_error why;
	(void)partition_count;
	if (fnl_org_operator_open(tools()->codec, fnl_sys_ids(), fnl_test_rules_reader(), &op, &why) != 0) {
		return NULL;
	}
	fnl_org_operator_set_page(op, PAGE_ROWS);
	return op;
}

static void close_operator(struct fnl_operator *op)
{
	fnl_org_operator_close(op);
}

static void publish(struct fnl_bus *bus, const char *topic, int32_t partition_count, uint64_t seed,
                    int64_t wall_start_ms)
{
	workload_org_publish(tools()->workload, bus, topic, partition_count, seed, 20 + seed % 100, wall_start_ms);
}

static int check(const struct sim_result *r, char *why, size_t why_bytes)
{
	struct oracle_row *rows = calloc(r->row_count + 1, sizeof(*rows));
	if (!rows) {
		abort();
	}
	for (size_t i = 0; i < r->row_count; i++) {
		const struct sim_row *row = &r->rows[i];
		rows[i] = (struct oracle_row){row->partition, row->table, row->key, row->value, row->deadline_ms};
	}
	bool by_event = r->clock == FNL_CLOCK_EVENT;
	struct oracle_org_input in = {.event_clock = by_event,
	                              .time_max_ms = by_event ? WORKLOAD_TIME_MAX_MS : START_MS + FUTURE_MAX_MS,
	                              .page_rows = PAGE_ROWS,
	                              .input_topic = "in",
	                              .inputs = r->inputs,
	                              .input_count = r->input_count,
	                              .rows = rows,
	                              .row_count = r->row_count};
	for (size_t i = 0; i < ORACLE_ORG_TOPIC_COUNT; i++) {
		in.outputs[i] = r->outputs[i];
		in.output_counts[i] = r->output_counts[i];
	}
	int rc = oracle_org_check(tools()->oracle, &in, NULL, why, why_bytes);
	free(rows);
	return rc;
}

const struct sim_workload sim_org = {
	.name = "org",
	.tables = fnl_org_tables,
	.table_count = FNL_ORG_TABLE_COUNT,
	.outputs = outputs,
	.output_count = FNL_ORG_OUT_COUNT,
	.dead_letter_topic = FNL_ORG_OUT_DEAD_LETTERS,
	.wall_start_ms = START_MS,
	.future_max_ms = FUTURE_MAX_MS,
	.operator_open = open_operator,
	.operator_close = close_operator,
	.publish = publish,
	.check = check,
};
