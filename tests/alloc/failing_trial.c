#include "failing_trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { ARENA_BYTES = 8 << 20, RUNS_MAX = 4000 };

/* True: an allocation has failed, and what came of it was right. */
static bool try_once(failing_run *run, const struct failing_kind *kind, size_t at, struct fnl_span expected)
{
	struct fnl_arena arena;
	struct fnl_arena results;
	fnl_arena_init(&arena, ARENA_BYTES);
	fnl_arena_init(&results, ARENA_BYTES);
	struct fnl_writer result = fnl_writer_of(&results);
	failing_arm(kind, at);
	int rc = run(&arena, &result);
	bool failed = failing_disarm();
	assert_true(rc == 0 || (rc == FNL_E_NOMEM && failed));
	if (rc == 0) {
		assert_true(fnl_span_eq(fnl_writer_span(&result), expected));
	}
	fnl_arena_deinit(&arena);
	fnl_arena_deinit(&results);
	return failed;
}

size_t failing_tries(failing_run *run, struct fnl_arena *arena)
{
	struct fnl_writer expected = fnl_writer_of(arena);
	size_t sum = 0;
	failing_arm(&failing_kinds[0], SIZE_MAX);
	assert_int_equal(run(arena, &expected), 0);
	failing_disarm();
	for (size_t i = 0; i < FAILING_KINDS; i++) {
		for (size_t at = 1; try_once(run, &failing_kinds[i], at, fnl_writer_span(&expected)); at++) {
			assert_true(at < RUNS_MAX);
			sum++;
		}
	}
	return sum;
}

void failing_try_all(const char *name, failing_run *run, struct fnl_arena *arena)
{
	size_t sum = failing_tries(run, arena);
	assert_true(sum > 0);
	print_message("%s: %zu failed allocations\n", name, sum);
}

void failing_write(struct fnl_writer *to, const struct fnl_record_desc *desc, const struct fnl_value *values)
{
	fnl_write_u8(to, values != NULL);
	if (values) {
		assert_int_equal(fnl_record_encode(desc, values, to), 0);
	}
}
