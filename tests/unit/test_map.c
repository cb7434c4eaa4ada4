#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/base/arena.h"
#include "funneld/base/map.h"

enum { COUNT = 5000, KEY_BYTES = 4 };

struct item {
	int number;
	uint8_t key[KEY_BYTES];
	struct fnl_map_node node;
};

static struct fnl_span key_of(struct item *item, int number)
{
	item->number = number;
	for (size_t i = 0; i < KEY_BYTES; i++) {
		item->key[i] = (uint8_t)(number >> (8 * i));
	}
	return fnl_span_of(item->key, KEY_BYTES);
}

static void a_zeroed_map_is_empty(void **state)
{
	(void)state;
	struct fnl_map m = {0};
	size_t cursor = 0;
	assert_null(fnl_map_find(&m, FNL_SPAN_LIT("a")));
	assert_null(fnl_map_find_hashed(&m, FNL_SPAN_LIT("a"), 1));
	assert_null(fnl_map_remove(&m, FNL_SPAN_LIT("a")));
	assert_null(fnl_map_next(&m, &cursor, NULL));
	fnl_map_clear(&m);
	fnl_map_deinit(&m);
	fnl_map_deinit(&m);
}

static void what_goes_in_is_found_until_it_is_taken_out(void **state)
{
	(void)state;
	struct fnl_map m = {0};
	struct item *items = fnl_calloc(COUNT, sizeof(*items));
	assert_non_null(items);
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(fnl_map_insert(&m, &items[i].node, key_of(&items[i], i)), 0);
	}
	assert_int_equal(m.count, COUNT);
	for (int i = 0; i < COUNT; i += 2) {
		struct fnl_map_node *node = fnl_map_remove(&m, fnl_span_of(items[i].key, KEY_BYTES));
		assert_non_null(node);
		assert_int_equal(FNL_CONTAINER_OF(node, struct item, node)->number, i);
	}
	for (int i = 0; i < COUNT; i++) {
		struct fnl_span key = fnl_span_of(items[i].key, KEY_BYTES);
		assert_int_equal(fnl_map_find(&m, key) != NULL, i % 2);
		assert_ptr_equal(fnl_map_find(&m, key), fnl_map_find_hashed(&m, key, fnl_span_hash(key)));
	}
	assert_null(fnl_map_find(&m, FNL_SPAN_LIT("\xff\xff\xff\xff")));
	assert_null(fnl_map_find(&m, FNL_SPAN_LIT("\xff\xff\xff")));
	fnl_map_deinit(&m);
	fnl_free(items);
}

static void iteration_meets_each_node_once(void **state)
{
	(void)state;
	struct fnl_map m = {0};
	static struct item items[1000];
	static int met[1000];
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(fnl_map_insert(&m, &items[i].node, key_of(&items[i], i)), 0);
	}
	size_t cursor = 0;
	for (struct fnl_map_node *n = fnl_map_next(&m, &cursor, NULL); n; n = fnl_map_next(&m, &cursor, n)) {
		met[FNL_CONTAINER_OF(n, struct item, node)->number]++;
	}
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(met[i], 1);
	}
	fnl_map_clear(&m);
	assert_int_equal(m.count, 0);
	cursor = 0;
	assert_null(fnl_map_next(&m, &cursor, NULL));
	assert_int_equal(fnl_map_insert(&m, &items[3].node, key_of(&items[3], 3)), 0);
	assert_ptr_equal(fnl_map_find(&m, fnl_span_of(items[3].key, KEY_BYTES)), &items[3].node);
	fnl_map_deinit(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zeroed_map_is_empty),
		cmocka_unit_test(what_goes_in_is_found_until_it_is_taken_out),
		cmocka_unit_test(iteration_meets_each_node_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
