#include "paged_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "paged_operator.h"

static struct paged_inputs inputs;

static void publish(struct stream_world *w)
{
	assert_int_equal(paged_inputs_publish(&inputs, w->bus, "in"), 0);
}

static bool is_time(const struct fnl_record *output)
{
	return output->value.len > 2 && memcmp(output->value.data, "T ", 2) == 0;
}

const struct paged_inputs *stream_case_paged_inputs(void)
{
	return &inputs;
}

const struct stream_case *stream_case_paged(bool forwarding, unsigned seed, int count)
{
	static const char *const outputs[PAGED_OUT_COUNT] = {"out", "dead"};
	static struct stream_case c;
	paged_inputs_make(&inputs, forwarding, seed, count, STREAM_WORLD_PARTITIONS, 1000000);
	c = (struct stream_case){.outputs = outputs,
	                         .output_count = PAGED_OUT_COUNT,
	                         .publish = publish,
	                         .output_partitions = PAGED_OUT_PARTITIONS,
	                         .hides = is_time};
	c.stage = (struct fnl_stage){"test", "in", paged_tables, PAGED_TABLE_COUNT, PAGED_DEAD};
	c.op = forwarding ? paged_operator_forwarding() : paged_operator();
	return &c;
}
