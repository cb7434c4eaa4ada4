/* Rows of the rep stage that a version before has written: its timers are found in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "funneld/adapters/avro.h"
#include "funneld/adapters/registry.h"
#include "funneld/adapters/sys.h"
#include "funneld/operators/rep.h"
#include "funneld_records.h"

enum { JOBS_BEFORE_RATES = 47 };

static struct fnl_span framed(struct fnl_arena *arena, uint32_t id, const struct fnl_record_desc *desc,
                              const struct fnl_value *values)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_u8(&w, 0);
	fnl_write_be32(&w, id);
	assert_int_equal(fnl_record_encode(desc, values, &w), 0);
	return fnl_writer_span(&w);
}

static void timers_of_jobs_of_each_version(void **state)
{
	(void)state;
	struct fnl_registry *registry;
	struct fnl_codec *codec;
	struct fnl_operator *op;
	struct fnl_arena arena;
	struct fnl_error why;
	uint32_t jobs_id, times_id;
	fnl_arena_init(&arena, 4 << 20);
	assert_int_equal(fnl_registry_file_open(FNL_SOURCE_DIR "/schemas", &registry, &why), 0);
	assert_int_equal(fnl_codec_avro_open(registry, &codec, &why), 0);
	assert_int_equal(fnl_rep_operator_open(codec, fnl_sys_ids(), NULL, 0, &op, &why), 0);
	assert_int_equal(codec->ops->schema_id(codec, &fnl_desc_partition_jobs, &jobs_id), 0);
	assert_int_equal(codec->ops->schema_id(codec, &fnl_desc_partition_times, &times_id), 0);
	assert_int_not_equal(jobs_id, JOBS_BEFORE_RATES);
	/* without runs the body is the same in both */
	struct fnl_value jobs[FNL_PARTITION_JOBS_FIELD_COUNT] = {
		[FNL_PARTITION_JOBS_NEXT_DEADLINE_AT] = {.set = true, .i64 = 4711},
		[FNL_PARTITION_JOBS_RUNS] = {.set = true},
		[FNL_PARTITION_JOBS_RECOUNT_IN_BOOK] = {.set = true},
	};
	struct fnl_value times[FNL_PARTITION_TIMES_FIELD_COUNT] = {[FNL_PARTITION_TIMES_TIMES] = {.set = true}};
	for (int i = 0; i < 2; i++) { /* the second time it is known */
		struct fnl_span old = framed(&arena, JOBS_BEFORE_RATES, &fnl_desc_partition_jobs, jobs);
		assert_int_equal(op->ops->row_deadline(op, FNL_REP_TABLE_PARTITION, old), 4711);
	}
	struct fnl_span new = framed(&arena, jobs_id, &fnl_desc_partition_jobs, jobs);
	assert_int_equal(op->ops->row_deadline(op, FNL_REP_TABLE_PARTITION, new), 4711);
	struct fnl_span clock = framed(&arena, times_id, &fnl_desc_partition_times, times);
	assert_int_equal(op->ops->row_deadline(op, FNL_REP_TABLE_PARTITION, clock), FNL_NO_DEADLINE);
	fnl_rep_operator_close(op);
	codec->ops->close(codec);
	registry->ops->close(registry);
	fnl_arena_deinit(&arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(timers_of_jobs_of_each_version)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
