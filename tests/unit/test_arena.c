#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/base/arena.h"

#include <stdalign.h>

static void a_zeroed_arena_refuses_and_may_go(void **state)
{
	(void)state;
	struct fnl_arena a = {0};
	assert_null(fnl_arena_alloc(&a, 1));
	fnl_arena_reset(&a);
	fnl_arena_deinit(&a);
	fnl_arena_deinit(&a);
}

static void memory_is_aligned_and_apart(void **state)
{
	(void)state;
	struct fnl_arena a;
	uint8_t *before = NULL;
	fnl_arena_init(&a, 1 << 20);
	for (size_t size = 0; size < 300; size++) {
		uint8_t *p = fnl_arena_alloc(&a, size);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
		assert_ptr_not_equal(p, before);
		memset(p, 0xa5, size);
		before = p;
	}
	fnl_arena_deinit(&a);
}

static void the_limit_holds_and_comes_back_after_reset(void **state)
{
	(void)state;
	struct fnl_arena a;
	fnl_arena_init(&a, 4096);
	for (int round = 0; round < 3; round++) {
		assert_non_null(fnl_arena_alloc(&a, 4000));
		assert_null(fnl_arena_alloc(&a, 200));
		assert_non_null(fnl_arena_alloc(&a, 96));
		assert_null(fnl_arena_alloc(&a, 0));
		assert_true(a.used_bytes <= a.limit_bytes);
		fnl_arena_reset(&a);
		assert_int_equal(a.used_bytes, 0);
	}
	assert_null(fnl_arena_alloc(&a, SIZE_MAX));
	assert_null(fnl_arena_alloc(&a, SIZE_MAX - 8));
	assert_null(fnl_arena_calloc(&a, SIZE_MAX / 2, 3));
	assert_null(fnl_arena_calloc(&a, (size_t)1 << 33, (size_t)1 << 33));
	fnl_arena_deinit(&a);
}

static void large_and_small_chunks_are_used_again(void **state)
{
	(void)state;
	struct fnl_arena a;
	fnl_arena_init(&a, 8 << 20);
	for (int round = 0; round < 4; round++) {
		uint8_t *small = fnl_arena_calloc(&a, 10, 10);
		uint8_t *large = fnl_arena_calloc(&a, 1, 1 << 20);
		assert_non_null(small);
		assert_non_null(large);
		for (size_t i = 0; i < 100; i++) {
			assert_int_equal(small[i], 0);
		}
		memset(small, 1, 100);
		memset(large, 1, 1 << 20);
		fnl_arena_reset(&a);
		assert_null(a.head);
		assert_non_null(a.spare);
	}
	fnl_arena_deinit(&a);
	assert_null(a.spare);
}

static void copies_live_on_their_own(void **state)
{
	(void)state;
	struct fnl_arena a;
	char text[] = "abc";
	fnl_arena_init(&a, 4096);
	struct fnl_span copy = fnl_arena_dup(&a, fnl_span_str(text));
	text[0] = 'x';
	assert_true(fnl_span_eq(copy, FNL_SPAN_LIT("abc")));
	assert_true(fnl_span_is_none(fnl_arena_dup(&a, FNL_SPAN_NONE)));
	struct fnl_span empty = fnl_arena_dup(&a, FNL_SPAN_LIT(""));
	assert_false(fnl_span_is_none(empty));
	assert_int_equal(empty.len, 0);
	fnl_arena_deinit(&a);
}

static void heap_calls_check_their_product(void **state)
{
	(void)state;
	size_t huge = SIZE_MAX / 2; /* a variable, so that the compiler does not warn of what is meant */
	assert_null(fnl_calloc(huge, 3));
	void *p = fnl_calloc(0, 8);
	assert_non_null(p);
	assert_null(fnl_reallocarray(p, huge, 3));
	assert_null(fnl_free(p));
	assert_null(fnl_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zeroed_arena_refuses_and_may_go),
		cmocka_unit_test(memory_is_aligned_and_apart),
		cmocka_unit_test(the_limit_holds_and_comes_back_after_reset),
		cmocka_unit_test(large_and_small_chunks_are_used_again),
		cmocka_unit_test(copies_live_on_their_own),
		cmocka_unit_test(heap_calls_check_their_product),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
