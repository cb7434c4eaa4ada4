/* What costs a worker its time or its partitions although nothing is wrong: waits in a restore, a fence without a twin,
 * a connection that broke and has nothing to do with the transaction. Against a real broker. */
#include "kafka_world.h"

enum { RESTORE_PARTITIONS = 6, RESTORE_RECORDS = 1600, RESTORE_MEAN_MS_MAX = 150 };

static int64_t restore_one(struct fnl_log *l, int32_t partition)
{
	int64_t began = now_ms(), start = -1, end = -1, position = 0;
	LOG_OK(l, l->ops->changelog_bounds(l, partition, &start, &end, 5000));
	assert_int_equal(end, RESTORE_RECORDS);
	LOG_OK(l, l->ops->restore_open(l, partition, 0));
	size_t count = 0;
	while (position < end && now_ms() - began < WAIT_MS) {
		struct fnl_restore_chunk chunk;
		LOG_OK(l, l->ops->restore_poll(l, 5000, 100, &chunk));
		count += chunk.record_count;
		position = chunk.position;
	}
	assert_int_equal(count, RESTORE_RECORDS);
	l->ops->restore_close(l);
	return now_ms() - began;
}

/* A few records a partition: the broker has them at hand, so nothing may wait for a time to pass. */
static void test_restore_does_not_wait(void **state)
{
	struct kafka_fixture *f = *state;
	struct fnl_bus *bus = bus_open(f);
	struct names n = names_make(f, bus, RESTORE_PARTITIONS);
	for (int32_t p = 0; p < RESTORE_PARTITIONS; p++) {
		publish_numbers(bus, n.changelog, p, 0, RESTORE_RECORDS);
	}
	struct fnl_log *l = log_open(f->servers, &n, "i1", n.group);
	int64_t first_ms = restore_one(l, 0), rest_ms = 0;
	for (int32_t p = 1; p < RESTORE_PARTITIONS; p++) {
		rest_ms += restore_one(l, p);
	}
	print_message("restore of %d records: first partition %d ms, then %d ms each\n", RESTORE_RECORDS, (int)first_ms,
	              (int)rest_ms / (RESTORE_PARTITIONS - 1));
	assert_true(rest_ms / (RESTORE_PARTITIONS - 1) < RESTORE_MEAN_MS_MAX);
	l->ops->close(l);
	bus->ops->close(bus);
}

static int setup(void **state)
{
	*state = kafka_fixture_open(FNL_SOURCE_DIR);
	return *state ? 0 : -1;
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		cmocka_set_test_filter(argv[1]);
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restore_does_not_wait),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
