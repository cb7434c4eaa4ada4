/* The fake store keeps the store's contract, and its faults do what they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_store.h"
#include "store_contract.h"

static struct fnl_store *open_fake(void *context)
{
	struct fnl_store *store = NULL;
	assert_int_equal(fnl_fake_store_open(context, STORE_CONTRACT_TABLES, &store), 0);
	return store;
}

static void flush(void *context)
{
	fnl_fake_redis_flush(context);
}

static void snapshot(void *context)
{
	assert_int_equal(fnl_fake_redis_snapshot(context), 0);
}

static void rollback(void *context)
{
	assert_int_equal(fnl_fake_redis_rollback(context), 0);
}

static void down(void *context)
{
	fnl_fake_redis_set_down(context, true);
}

static void up(void *context)
{
	fnl_fake_redis_flush(context);
	fnl_fake_redis_set_down(context, false);
}

static int apply_to(struct fnl_store *s, int64_t from, int64_t to)
{
	struct fnl_row_write rows[] = {{{0, FNL_SPAN_LIT("k")}, FNL_SPAN_LIT("v"), FNL_NO_DEADLINE, false, false}};
	struct fnl_store_apply apply = {
		.partition = 1, .expected = {from > 0, from, 0}, .next = {true, to, 0}, .rows = rows, .row_count = 1};
	int err = s->ops->apply(s, &apply, 1);
	return err != 0 ? err : (int)apply.ret_outcome;
}

static void faults_come_where_they_are_asked(void **state)
{
	(void)state;
	struct fnl_fake_redis *r = NULL;
	assert_int_equal(fnl_fake_redis_open(&r), 0);
	struct fnl_store *s = open_fake(r);
	size_t rows = 0;
	fnl_fake_redis_lose_next_reply(r);
	assert_int_equal(apply_to(s, 0, 1), FNL_E_TIMEOUT);
	assert_int_equal(fnl_fake_redis_applied(r, 1, &rows).cl, 1);
	assert_int_equal(rows, 1);
	fnl_fake_redis_fault_after(r, 1, FNL_FAKE_REPLY_LOST);
	assert_int_equal(apply_to(s, 1, 2), FNL_APPLIED);
	assert_int_equal(apply_to(s, 2, 3), FNL_E_TIMEOUT);
	assert_int_equal(fnl_fake_redis_applied(r, 1, NULL).cl, 3);
	fnl_fake_redis_fault_after(r, 0, FNL_FAKE_REFUSE);
	assert_int_equal(apply_to(s, 3, 4), FNL_E_DISCONNECTED);
	assert_int_equal(apply_to(s, 3, 4), FNL_APPLIED);
	assert_int_equal(fnl_fake_redis_snapshot(r), 0);
	assert_int_equal(apply_to(s, 4, 5), FNL_APPLIED);
	fnl_fake_redis_fault_after(r, 0, FNL_FAKE_ROLLBACK);
	assert_int_equal(apply_to(s, 5, 6), FNL_MISMATCH);
	assert_int_equal(fnl_fake_redis_applied(r, 1, NULL).cl, 4);
	fnl_fake_redis_fault_after(r, 0, FNL_FAKE_FLUSH);
	assert_int_equal(apply_to(s, 4, 5), FNL_MISMATCH);
	assert_false(fnl_fake_redis_applied(r, 1, NULL).present);
	assert_int_equal(fnl_fake_redis_calls(r), 8);
	s->ops->close(s);
	assert_null(fnl_fake_redis_close(r));
}

int main(void)
{
	struct fnl_fake_redis *r = NULL;
	if (fnl_fake_redis_open(&r) != 0) {
		return 1;
	}
	struct store_contract contract = {r, open_fake, flush, snapshot, rollback, down, up};
	int failed = store_contract_run("store: fake", &contract);
	fnl_fake_redis_close(r);
	const struct CMUnitTest tests[] = {cmocka_unit_test(faults_come_where_they_are_asked)};
	return failed + cmocka_run_group_tests_name("fake store: faults", tests, NULL, NULL) != 0;
}
