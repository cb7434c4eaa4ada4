/* What costs a worker its time or its partitions although nothing is wrong: waits in a restore, a fence without a twin,
 * a connection that broke and has nothing to do with the transaction, the end of a consumer that can abort the process,
 * or never come.
 * Against a real broker. */
#include "kafka_world.h"

#include <unistd.h>

#include "../../src/adapters/kafka/kafka_internal.h"

enum { RESTORE_PARTITIONS = 6, RESTORE_RECORDS = 1600, RESTORE_MEAN_MS_MAX = 300 };

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

/* Lines of librdkafka. Only a connection that carries a transaction's requests can have lost one. */
static void test_lost_requests(void **state)
{
	(void)state;
	static const struct {
		bool lost;
		const char *text;
	} lines[] = {
		{true, "[thrd:TxnCoordinator]: TxnCoordinator: 127.0.0.1:9092: Disconnected (after 295ms in state UP)"},
		{true, "[thrd:127.0.0.1:9092/bootstrap]: 127.0.0.1:9092/1: Disconnected (after 886ms in state UP)"},
		{true, "127.0.0.1:9092/1: Disconnected (after 886ms in state UP, 1 identical error(s) suppressed)"},
		{true, "[thrd:b/1]: b/1: Timed out 1 in-flight, 0 retry-queued, 1 out-queue, 0 partially-sent requests"},
		{true, "[thrd:TxnCoordinator]: TxnCoordinator: b: Timed out EndTxnRequest in flight (after 4000ms)"},
		{false, "[thrd:127.0.0.1:9092/bootstrap]: 127.0.0.1:9092/bootstrap: Disconnected (after 8ms in state UP)"},
		{false, "[thrd:GroupCoordinator]: GroupCoordinator: 127.0.0.1:9092: Disconnected (after 9ms in state UP)"},
		{false, "1/1 brokers are down"},
		{false, "127.0.0.1:9092/1: Connect to ipv4#127.0.0.1:9092 failed: refused (after 0ms in state CONNECT)"},
		{false, "[thrd:TxnCoordinator]: TxnCoordinator: b: Disconnected (after 0ms in state APIVERSION_QUERY)"},
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (fnl_kafka_lost_a_request(lines[i].text) != lines[i].lost) {
			fail_msg("%s", lines[i].text);
		}
	}
}

static void say(void *context, enum fnl_level level, const char *text)
{
	(void)context;
	(void)level;
	print_message("%d %s\n", (int)(now_ms() % 1000000), text);
}

/* As the engine does it: what can be aborted is, all else asks for a new producer. */
static int transact(struct fnl_log *l, int64_t offset)
{
	struct fnl_commit c = {0, offset, FNL_SPAN_LIT("cl=4")};
	int rc = l->ops->txn_begin(l);
	rc = rc ? rc : l->ops->produce_changelog(l, 0, FNL_SPAN_LIT("k"), FNL_SPAN_LIT("row"));
	rc = rc ? rc : l->ops->flush(l, 5000);
	rc = rc ? rc : l->ops->send_offsets(l, &c, 1, 5000);
	rc = rc ? rc : l->ops->txn_commit(l, 5000);
	return rc && fnl_status_class(rc) == FNL_CLASS_ABORT && l->ops->txn_abort(l, 5000) != 0 ? FNL_E_TXN_UNKNOWN : rc;
}

enum { AFTER_RESTART = 30, RESETS_MAX = 3 };

/* Once it is back, a restart of the broker must not make each transaction a doubtful one. */
static void test_resets_after_a_restart_end(void **state)
{
	struct kafka_fixture *f = *state;
	if (!f->own) {
		skip();
	}
	const struct fnl_logger logger = {NULL, FNL_WARN, say};
	struct fnl_bus *bus = bus_open(f);
	struct names n = names_make(f, bus, 1);
	struct fnl_log *l = log_open_with(&logger, f->servers, &n, "i1", n.group);
	wait_assigned(l, 1);
	LOG_OK(l, l->ops->producer_reset(l, 10000));
	commit_some(l, 3, 1, "cl=3");
	LOG_OK(l, l->ops->txn_commit(l, 5000));
	assert_true(kafka_fixture_kill(f));
	assert_true(kafka_fixture_restart(f));
	int done = 0, resets = 0;
	bool ready = false;
	for (int64_t until = now_ms() + 60000; done < AFTER_RESTART && now_ms() < until;) {
		struct fnl_poll got;
		(void)l->ops->poll(l, 10, 1000, 50, &got);
		if (!ready) {
			resets += done > 0;
			ready = l->ops->producer_reset(l, 3000) == 0;
			continue;
		}
		int rc = transact(l, 2 + done);
		done += rc == 0;
		ready = (rc == 0 || fnl_status_class(rc) == FNL_CLASS_ABORT) && !l->ops->producer_is_doubtful(l);
	}
	assert_int_equal(done, AFTER_RESTART);
	print_message("%d transactions after a restart: the producer was made anew %d times\n", AFTER_RESTART, resets);
	assert_in_range(resets, 0, RESETS_MAX);
	l->ops->close(l);
	bus->ops->close(bus);
}

/* A member took our name and is gone: nobody is there to end for. A worker that ended here would stay away for good, as
 * its exit code asks for. */
static void test_fence_by_nobody(void **state)
{
	struct kafka_fixture *f = *state;
	struct fnl_bus *bus = bus_open(f);
	struct names n = names_make(f, bus, 2);
	struct fnl_log *l = log_open(f->servers, &n, "same", n.group);
	wait_assigned(l, 2);
	struct fnl_log *ghost = log_open(f->servers, &n, "same", n.group);
	wait_assigned(ghost, 2);
	ghost->ops->close(ghost); /* a static member does not leave: its membership stays, without a heartbeat */
	bool lost = false, back = false;
	int64_t began = now_ms();
	while (!back && now_ms() - began < 2 * WAIT_MS) {
		struct fnl_poll got;
		LOG_OK(l, l->ops->poll(l, 100, 1 << 20, 100, &got));
		back = lost && got.rebalanced && got.assigned_count == 2;
		if (got.rebalanced && got.assigned_count == 0) {
			lost = true;
			struct fnl_commit c = {0, 1, FNL_SPAN_LIT("cl=0")};
			assert_int_equal(l->ops->send_offsets(l, &c, 1, 1000), FNL_E_TXN_UNKNOWN); /* there is no producer */
			assert_int_equal(l->ops->start(l, 0, 0), FNL_E_NOT_ASSIGNED);
		}
	}
	assert_true(lost && back);
	print_message("fenced by nobody: partitions are back after %d ms\n", (int)(now_ms() - began));
	LOG_OK(l, l->ops->producer_reset(l, 10000));
	commit_some(l, 3, 1, "cl=3");
	LOG_OK(l, l->ops->txn_commit(l, 5000));
	assert_int_equal(pair_of(l, 0).offset, 1);
	l->ops->close(l);
	bus->ops->close(bus);
}

/* --- the end of consumers --- */

enum { ENDS = 25, END_MEAN_MS_MAX = 300 };

/* What is seen of one handle's connections. */
struct ending {
	atomic_bool was_up; /* the coordinator's */
	atomic_bool moves;  /* that one is in use, or being closed */
	atomic_uint others_ended;
	atomic_uint early; /* of them while it moved */
};

static rd_kafka_resp_err_t see_state(rd_kafka_t *rk, int32_t id, const char *protocol, const char *name, int port,
                                     const char *at, void *opaque)
{
	(void)rk, (void)id, (void)protocol, (void)port;
	struct ending *e = opaque;
	if (strcmp(name, "GroupCoordinator") == 0) {
		bool up = strcmp(at, "UP") == 0;
		if (up) {
			atomic_store(&e->was_up, true);
		}
		atomic_store(&e->moves, up || (e->moves && strcmp(at, "INIT") != 0));
	} else if (strcmp(at, "DOWN") == 0) {
		atomic_fetch_add(&e->others_ended, 1);
		atomic_fetch_add(&e->early, atomic_load(&e->moves) ? 1 : 0);
	}
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t see_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque, char *why, size_t size)
{
	(void)conf, (void)why, (void)size;
	return rd_kafka_interceptor_add_on_broker_state_change(rk, "test", see_state, opaque);
}

/* A consumer that reads, and has asked its coordinator. */
static rd_kafka_t *consumer_make(const rd_kafka_conf_t *base, const char *topic, struct fnl_kafka_watch *w,
                                 struct ending *e)
{
	const struct fnl_kafka_pair own[] = {{"group.id", "ends"}, {"enable.auto.commit", "false"}, {NULL, NULL}};
	rd_kafka_conf_t *conf = NULL;
	rd_kafka_t *consumer = NULL;
	struct fnl_error why = {0};
	assert_int_equal(fnl_kafka_conf(base, own, w, &conf, &why), 0);
	assert_int_equal(rd_kafka_conf_interceptor_add_on_new(conf, "test", see_new, e), 0);
	assert_int_equal(fnl_kafka_handle(RD_KAFKA_CONSUMER, conf, &consumer, &why), 0);
	rd_kafka_poll_set_consumer(consumer);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(list, topic, 0)->offset = 0;
	assert_int_equal(rd_kafka_assign(consumer, list), 0);
	rd_kafka_message_t *m = rd_kafka_consumer_poll(consumer, WAIT_MS);
	assert_non_null(m);
	rd_kafka_message_destroy(m);
	assert_int_equal(rd_kafka_committed(consumer, list, WAIT_MS), 0);
	rd_kafka_topic_partition_list_destroy(list);
	return consumer;
}

/* librdkafka aborts, seldom, when other connections end while the coordinator's is being closed: see consumer_end.c. */
static void test_consumers_end_in_order(void **state)
{
	struct kafka_fixture *f = *state;
	struct fnl_bus *bus = bus_open(f);
	struct names n = names_make(f, bus, 1);
	publish_numbers(bus, n.input, 0, 0, 1);
	struct fnl_kafka_property servers = {"bootstrap.servers", f->servers};
	struct fnl_kafka_common common = {&servers, 1, NULL};
	struct fnl_kafka_watch w;
	rd_kafka_conf_t *base = NULL;
	struct fnl_error why = {0};
	assert_int_equal(fnl_kafka_conf_base(&common, &base, &why), 0);
	fnl_kafka_watch_init(&w, NULL, NULL);
	int64_t spent_ms = 0;
	for (int i = 0; i < ENDS; i++) {
		struct ending e = {0};
		rd_kafka_t *consumer = consumer_make(base, n.input, &w, &e);
		int64_t began = now_ms();
		fnl_kafka_consumer_end(consumer);
		spent_ms += now_ms() - began;
		assert_true(e.was_up);
		assert_int_not_equal(e.others_ended, 0);
		assert_int_equal(e.early, 0);
	}
	print_message("%d consumers ended, %d ms each\n", ENDS, (int)spent_ms / ENDS);
	/* The rest is seen: nobody waited until the time for it was over. */
	assert_true(spent_ms / ENDS < END_MEAN_MS_MAX);
	fnl_kafka_watch_deinit(&w);
	rd_kafka_conf_destroy(base);
	bus->ops->close(bus);
}

enum { AMID = 150, AMID_STEPS_MS = 60, AMID_HANGS_S = 100 };

/* A member that ends while its assignment comes, when it is there unheard, or was just heard: where the assignment was
 * answered whatever became of the group handler, one of some thirty such ends never came back (consumer_end.c). */
static void test_an_end_amid_an_assignment(void **state)
{
	struct kafka_fixture *f = *state;
	struct fnl_bus *bus = bus_open(f);
	struct names n = names_make(f, bus, 1);
	int64_t slowest_ms = 0;
	alarm(AMID_HANGS_S); /* a failure: nothing else ends such a program */
	for (int i = 0; i < AMID; i++) {
		struct fnl_log *l = log_open(f->servers, &n, "i1", n.group);
		struct fnl_poll got;
		LOG_OK(l, l->ops->poll(l, 1, 1000, 0, &got)); /* joins */
		fnl_kafka_sleep_ms(i % AMID_STEPS_MS);
		int64_t began = now_ms();
		l->ops->close(l);
		slowest_ms = now_ms() - began > slowest_ms ? now_ms() - began : slowest_ms;
	}
	alarm(0);
	print_message("%d members ended amid an assignment, in %d ms at most\n", AMID, (int)slowest_ms);
	bus->ops->close(bus);
}

/* The partitions of a worker that ends are kept for it until session.timeout.ms (KIP-345): nobody else is disturbed by
 * a restart. */
static void test_a_static_member_does_not_leave(void **state)
{
	struct kafka_fixture *f = *state;
	struct fnl_bus *bus = bus_open(f);
	struct names n = names_make(f, bus, 2);
	struct fnl_log *members[] = {log_open(f->servers, &n, "i1", "t1"), log_open(f->servers, &n, "i2", "t2")};
	size_t has[] = {0, 0};
	for (int64_t until = now_ms() + WAIT_MS; (has[0] != 1 || has[1] != 1) && now_ms() < until;) {
		for (size_t i = 0; i < 2; i++) {
			struct fnl_poll got;
			LOG_OK(members[i], members[i]->ops->poll(members[i], 1, 1000, 20, &got));
			has[i] = got.rebalanced ? got.assigned_count : has[i];
		}
	}
	assert_int_equal(has[0], 1);
	assert_int_equal(has[1], 1);
	members[1]->ops->close(members[1]);
	for (int64_t until = now_ms() + SESSION_MS / 2; now_ms() < until;) {
		struct fnl_poll got;
		LOG_OK(members[0], members[0]->ops->poll(members[0], 1, 1000, 20, &got));
		assert_false(got.rebalanced);
	}
	members[0]->ops->close(members[0]);
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
		cmocka_unit_test(test_fence_by_nobody),
		cmocka_unit_test(test_lost_requests),
		cmocka_unit_test(test_resets_after_a_restart_end),
		cmocka_unit_test(test_consumers_end_in_order),
		cmocka_unit_test(test_an_end_amid_an_assignment),
		cmocka_unit_test(test_a_static_member_does_not_leave),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
