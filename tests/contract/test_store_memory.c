/* The view in memory keeps the store's contract. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "funneld/adapters/memory.h"
#include "store_contract.h"

static struct fnl_store *open_handle(void *context)
{
	struct fnl_store *store = NULL;
	assert_int_equal(fnl_memory_store_open(context, STORE_CONTRACT_TABLES, &store), 0);
	return store;
}

static void flush(void *context)
{
	fnl_memory_clear(context);
}

static void nothing_is_left_of_rows_that_went(void **state)
{
	(void)state;
	struct fnl_memory *m = NULL;
	assert_int_equal(fnl_memory_open(&m), 0);
	struct fnl_store *s = open_handle(m);
	char key[16];
	for (int64_t round = 0; round < 2000; round++) {
		snprintf(key, sizeof(key), "k%d", (int)(round % 100));
		struct fnl_span value = round < 1900 ? fnl_span_str(key) : FNL_SPAN_NONE;
		struct fnl_row_write w = {{1, fnl_span_str(key)}, value, round % 7 ? round : FNL_NO_DEADLINE, false, false};
		struct fnl_store_apply a = {.partition = 4,
		                            .expected = {round > 0, round, 0},
		                            .next = {true, round + 1, 0},
		                            .rows = &w,
		                            .row_count = 1};
		assert_int_equal(s->ops->apply(s, &a, 1), 0);
		assert_int_equal(a.ret_outcome, FNL_APPLIED);
		assert_int_equal(fnl_memory_bytes(m) == 0, round == 1999);
	}
	s->ops->close(s);
	fnl_memory_close(m);
}

int main(void)
{
	struct fnl_memory *m = NULL;
	if (fnl_memory_open(&m)) {
		return 1;
	}
	struct store_contract contract = {m, open_handle, flush, NULL, NULL, NULL, NULL};
	const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_left_of_rows_that_went)};
	int failed = store_contract_run("store: in memory", &contract);
	failed += cmocka_run_group_tests_name("store: in memory, what it keeps", tests, NULL, NULL);
	fnl_memory_close(m);
	return failed != 0;
}
