/* The embedded log: the contract with time by hand and with the machine's clock, then what only it can show. */
#include <pthread.h>
#include <stdlib.h>

#include "funneld/adapters/embedded.h"
#include "funneld/adapters/sys.h"

#include "log_contract.c"

struct fixture {
	struct log_contract contract;
	struct fnl_embedded *e;
	struct fnl_clock clock;
	int64_t time_ms;
	unsigned names;
};

static int64_t fake_ms(void *context)
{
	return ((struct fixture *)context)->time_ms;
}

static void fake_sleep(void *context, int64_t ms)
{
	((struct fixture *)context)->time_ms += ms;
}

static struct fnl_log *fixture_open_log(void *context, const struct log_contract_worker *s)
{
	struct fixture *f = context;
	struct fnl_embedded_log_settings settings = {
		.input_topic = s->input_topic,
		.changelog_topic = s->changelog_topic,
		.output_topics = s->output_topics,
		.output_topic_count = s->output_topic_count,
		.group = s->group,
		.group_instance_id = s->id,
		.transactional_id = s->id,
	};
	struct fnl_log *l = NULL;
	assert_int_equal(fnl_embedded_log_open(f->e, &settings, &l), 0);
	return l;
}

static void fixture_crash(void *context, struct fnl_log *l)
{
	(void)context;
	fnl_embedded_log_crash(l);
}

static void fixture_pass(void *context, int ms)
{
	struct fixture *f = context;
	f->clock.sleep_ms(f->clock.context, ms);
	fnl_embedded_tick(f->e);
}

static void fixture_name(void *context, const char *base, char ret[LOG_CONTRACT_NAME_MAX])
{
	struct fixture *f = context;
	snprintf(ret, LOG_CONTRACT_NAME_MAX, "%s-%u", base, ++f->names);
}

static void fixture_compact(void *context, const char *topic_name)
{
	struct fixture *f = context;
	fnl_embedded_compact(f->e, topic_name, f->contract.txn_timeout_ms / 2);
}

static int fixture_open(void **state, bool manual_time, bool manual_markers)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	f->time_ms = 1000000;
	f->clock = manual_time ? (struct fnl_clock){f, fake_ms, fake_ms, fake_sleep} : *fnl_sys_clock();
	f->contract = (struct log_contract){
		.context = f,
		.wait_ms = 20,
		.tries = manual_time ? 5 : 500,
		.quiet_tries = 3,
		.deadline_ms = 5000,
		.session_timeout_ms = 1500,
		.txn_timeout_ms = 1500,
		.open = fixture_open_log,
		.crash = fixture_crash,
		.pass = fixture_pass,
		.name = fixture_name,
		.compact = fixture_compact,
	};
	struct fnl_embedded_settings settings = {
		.clock = &f->clock,
		.session_timeout_ms = f->contract.session_timeout_ms,
		.txn_timeout_ms = f->contract.txn_timeout_ms,
		.manual_markers = manual_markers,
		.manual_time = manual_time,
	};
	assert_int_equal(fnl_embedded_open(&settings, &f->e), 0);
	assert_int_equal(fnl_embedded_bus_open(f->e, &f->contract.bus), 0);
	*state = &f->contract;
	return 0;
}

static int open_manual(void **state)
{
	return fixture_open(state, true, false);
}

static int open_markers(void **state)
{
	return fixture_open(state, true, true);
}

static int open_real(void **state)
{
	return fixture_open(state, false, false);
}

static int fixture_close(void **state)
{
	struct log_contract *c = *state;
	struct fixture *f = c->context;
	c->bus->ops->close(c->bus);
	assert_null(fnl_embedded_close(f->e));
	free(f);
	return 0;
}

static struct fnl_embedded *broker(struct world *w)
{
	return ((struct fixture *)w->c->context)->e;
}

/* ---- only here ---- */

/* Every partition and the offsets learn of a commit on their own, in any order. */
static void test_markers_come_one_by_one(void **state)
{
	struct world w;
	world_open(&w, state, 2);
	struct fnl_log *l = open_alone(&w);
	struct fnl_commit pair = {0, 4, span("cl=1")};
	begin_with(&w, l, "a", "1");
	row(l, 0, "r", "1");
	LOG_OK(l, flush(l, 0));
	LOG_OK(l, send_offsets(l, &pair, 1, 0));
	assert_int_equal(fnl_embedded_pending_markers(broker(&w)), 0);
	LOG_OK(l, txn_commit(l, 0));
	assert_int_equal(fnl_embedded_pending_markers(broker(&w)), 3); /* out, changelog, offsets */
	struct fnl_committed asked = {.partition = 0};
	assert_int_equal(l->ops->committed(l, &asked, 1, 100), FNL_E_TIMEOUT);
	assert_int_equal(fnl_embedded_deliver_marker(broker(&w), 2), 2);
	expect_pair(&w, l, 0, 4, "cl=1");
	/* the pair is there, its changelog is not yet readable: the position says so */
	struct fnl_restore_chunk chunk;
	LOG_OK(l, restore_open(l, 0, 0));
	LOG_OK(l, restore_poll(l, 10, 0, &chunk));
	assert_int_equal(chunk.position, 0);
	assert_int_equal(chunk.record_count, 0);
	assert_int_equal(fnl_embedded_deliver_marker(broker(&w), 1), 1);
	assert_string_equal(restored(&w, l, 0, 0, 1, 10), "0/0 r=1;");
	assert_string_equal(seen(&w, w.out), "");
	/* the next transaction waits for the last marker; no time, no outcome */
	LOG_OK(l, txn_begin(l));
	LOG_OK(l, produce(l, 0, FNL_PARTITION_BY_KEY, span("b"), span("2"), NULL, 0));
	int rc = l->ops->flush(l, 100);
	assert_int_equal(fnl_status_class(rc), FNL_CLASS_UNKNOWN);
	assert_int_equal(l->ops->producer_reset(l, 100), FNL_E_TIMEOUT);
	assert_int_equal(fnl_status_class(l->ops->txn_begin(l)), FNL_CLASS_UNKNOWN);
	assert_int_equal(fnl_embedded_deliver_marker(broker(&w), 0), 0);
	LOG_OK(l, producer_reset(l, 100));
	assert_string_equal(seen(&w, w.out), "0/0 a=1;");
	assert_int_equal(fnl_embedded_deliver_marker(broker(&w), 0), 0);
	world_close(&w);
}

/* A newer producer aborts the open transaction, and has to wait for that abort. */
static void test_reset_waits_for_the_abort(void **state)
{
	struct world w;
	world_open(&w, state, 1);
	struct fnl_log *old = open_producer(&w, 0, 0);
	begin_with(&w, old, "old", "1");
	struct fnl_log *new = open_as(&w, 1, 0);
	assert_int_equal(new->ops->producer_reset(new, 0), FNL_E_TIMEOUT);
	assert_int_equal(old->ops->txn_commit(old, 0), FNL_E_FENCED_PRODUCER);
	assert_int_equal(fnl_embedded_deliver_marker(broker(&w), 0), 0);
	LOG_OK(new, producer_reset(new, 0));
	assert_string_equal(seen(&w, w.out), "");
	world_close(&w);
}

/* The group has moved on, the member has not polled since. */
static void test_zombie_generation_is_refused(void **state)
{
	struct world w;
	world_open(&w, state, 1);
	struct fnl_log *l = open_alone(&w);
	put(&w, 0, "a", "1");
	LOG_OK(l, start(l, 0, 0));
	struct fnl_commit pair = {0, 1, span("cl=1")};
	begin_with(&w, l, "a", "1");
	fnl_embedded_rebalance(broker(&w), w.group);
	assert_int_equal(l->ops->send_offsets(l, &pair, 1, 0), FNL_E_NOT_ASSIGNED);
	/* what failed cannot be committed any more */
	assert_int_equal(fnl_status_class(l->ops->txn_commit(l, 0)), FNL_CLASS_ABORT);
	LOG_OK(l, txn_abort(l, 0));
	struct fnl_poll p;
	LOG_OK(l, poll(l, 10, 1000, 0, &p));
	assert_true(p.rebalanced);
	assert_int_equal(p.assigned_count, 1);
	LOG_OK(l, poll(l, 10, 1000, 0, &p));
	assert_false(p.rebalanced);
	assert_int_equal(p.record_count, 0);
	commit_pair(&w, l, 0, 1, "cl=1");
	expect_pair(&w, l, 0, 1, "cl=1");
	world_close(&w);
}

/* Offsets that were accepted before the group moved on still count: the follower sees them pending, then there. */
static void test_accepted_offsets_outlive_the_generation(void **state)
{
	struct world w;
	world_open(&w, state, 1);
	struct fnl_log *l = open_alone(&w);
	struct fnl_commit pair = {0, 1, span("cl=1")};
	LOG_OK(l, txn_begin(l));
	LOG_OK(l, send_offsets(l, &pair, 1, 0));
	fnl_embedded_rebalance(broker(&w), w.group);
	struct fnl_log *other = open_as(&w, 1, 1);
	may_retry(poll_some(&w, 1, 1));
	assert_int_equal(w.share[1].count, 1);
	struct fnl_committed asked = {.partition = 0};
	assert_int_equal(other->ops->committed(other, &asked, 1, 0), FNL_E_TIMEOUT);
	LOG_OK(l, txn_commit(l, 0));
	expect_pair(&w, other, 0, 1, "cl=1");
	world_close(&w);
}

/* A newcomer raises the generation, too: the older one is out even for partitions that it will have again. */
static void test_newcomer_makes_zombies(void **state)
{
	struct world w;
	world_open(&w, state, 2);
	struct fnl_log *l = open_alone(&w);
	open_as(&w, 1, 1);
	may_retry(poll_some(&w, 1, 1));
	assert_int_equal(w.share[1].count, 1);
	for (int32_t i = 0; i < 2; i++) {
		struct fnl_commit pair = {i, 1, span("cl=1")};
		LOG_OK(l, txn_begin(l));
		assert_int_equal(l->ops->send_offsets(l, &pair, 1, 0), FNL_E_NOT_ASSIGNED);
		LOG_OK(l, txn_abort(l, 0));
	}
	may_retry(poll_some(&w, 0, 1));
	assert_int_equal(w.share[0].rebalances, 2);
	commit_pair(&w, l, w.share[0].partitions[0], 1, "cl=1");
	world_close(&w);
}

static void test_dynamic_member_leaves(void **state)
{
	struct world w;
	world_open(&w, state, 4);
	struct fnl_embedded_log_settings settings = {
		.input_topic = w.input,
		.changelog_topic = w.changelog,
		.group = w.group,
	};
	assert_int_equal(fnl_embedded_log_open(broker(&w), &settings, &w.logs[0]), 0);
	assert_int_equal(fnl_embedded_log_open(broker(&w), &settings, &w.logs[1]), 0);
	assert_int_equal(fnl_embedded_log_open(broker(&w), &settings, &w.logs[2]), 0);
	balance(&w, 3, (size_t[]){2, 1, 1}); /* range, in order of joining */
	expect_disjoint(&w);
	w.logs[1]->ops->close(w.logs[1]);
	w.logs[1] = NULL;
	may_retry(poll_some(&w, 0, 1));
	assert_int_equal(w.share[0].count, 2);
	may_retry(poll_some(&w, 2, 1));
	assert_int_equal(w.share[2].count, 2);
	assert_int_equal(w.logs[0]->ops->producer_reset(w.logs[0], 0), FNL_E_ARGUMENT);
	world_close(&w);
}

static void test_limits(void **state)
{
	struct world w;
	world_open(&w, state, 2);
	struct fnl_bus *bus = w.c->bus;
	struct fnl_log *l = open_producer(&w, 0, 0);
	static uint8_t big[1 << 20 | 1];
	struct fnl_span too_big = fnl_span_of(big, sizeof(big));
	struct fnl_header many[65];
	for (size_t i = 0; i < 65; i++) {
		many[i] = (struct fnl_header){span("h"), span("v")};
	}
	assert_int_equal(bus->ops->publish(bus, w.input, 0, span("k"), fnl_span_of(big, (1 << 20) - 1), NULL, 0), 0);
	assert_int_equal(bus->ops->publish(bus, w.input, 0, span("k"), fnl_span_of(big, 1 << 20), NULL, 0), FNL_E_LIMIT);
	assert_int_equal(bus->ops->publish(bus, w.input, 0, span("k"), span("v"), many, 64), 0);
	assert_int_equal(bus->ops->publish(bus, w.input, 0, span("k"), span("v"), many, 65), FNL_E_LIMIT);
	assert_int_equal(bus->ops->publish(bus, w.input, 0, FNL_SPAN_NONE, too_big, NULL, 0), FNL_E_LIMIT);
	assert_int_equal(bus->ops->publish(bus, w.input, 2, FNL_SPAN_NONE, FNL_SPAN_NONE, NULL, 0), FNL_E_ARGUMENT);
	assert_int_equal(bus->ops->publish(bus, w.changelog, 0, FNL_SPAN_NONE, span("v"), NULL, 0), FNL_E_INVALID);
	assert_int_equal(bus->ops->publish(bus, "none", 0, FNL_SPAN_NONE, span("v"), NULL, 0), FNL_E_NOT_FOUND);
	struct fnl_topic_spec spec = {"wide", 1025, FNL_CLEANUP_DELETE, -1, 0};
	assert_int_equal(bus->ops->create_topic(bus, &spec), FNL_E_ARGUMENT);
	spec.partition_count = 1024;
	assert_int_equal(bus->ops->create_topic(bus, &spec), 0);
	assert_string_not_equal(bus->ops->explain(bus), "");
	assert_int_equal(l->ops->restore_open(l, 2, 0), FNL_E_ARGUMENT);
	LOG_OK(l, txn_begin(l));
	assert_int_equal(fnl_status_class(l->ops->produce(l, 0, FNL_PARTITION_BY_KEY, span("k"), too_big, NULL, 0)),
	                 FNL_CLASS_ABORT);
	LOG_OK(l, txn_abort(l, 0));
	struct fnl_embedded_log_settings settings = {.input_topic = w.input, .changelog_topic = w.out, .group = w.group};
	struct fnl_log *none = NULL;
	assert_int_equal(fnl_embedded_log_open(broker(&w), &settings, &none), FNL_E_LAYOUT);
	settings.changelog_topic = "none";
	assert_int_equal(fnl_embedded_log_open(broker(&w), &settings, &none), FNL_E_NOT_FOUND);
	assert_null(none);
	world_close(&w);
}

/* ---- as many as there is room for ---- */

enum { GROUPS_MAX = 256, MEMBERS_MAX = 1024, PRODUCERS_MAX = 4096 };

static struct fnl_log *open_more(struct world *w, const char *group, const char *id)
{
	struct fnl_embedded_log_settings settings = {
		.input_topic = w->input, .changelog_topic = w->changelog, .group = group, .transactional_id = id};
	struct fnl_log *l = NULL;
	assert_int_equal(fnl_embedded_log_open(broker(w), &settings, &l), 0);
	return l;
}

static void test_members_of_a_group(void **state)
{
	struct world w;
	struct fnl_poll p;
	static struct fnl_log *members[MEMBERS_MAX + 1];
	world_open(&w, state, 1);
	for (int i = 0; i <= MEMBERS_MAX; i++) {
		members[i] = open_more(&w, w.group, NULL);
	}
	for (int i = 0; i < MEMBERS_MAX; i++) {
		LOG_OK(members[i], poll(members[i], 1, 1, 0, &p));
	}
	struct fnl_log *last = members[MEMBERS_MAX];
	assert_int_equal(last->ops->poll(last, 1, 1, 0, &p), FNL_E_LIMIT);
	assert_non_null(strstr(last->ops->explain(last), "has 1024 members already"));
	members[0]->ops->close(members[0]);
	LOG_OK(last, poll(last, 1, 1, 0, &p));
	for (int i = 1; i <= MEMBERS_MAX; i++) {
		members[i]->ops->close(members[i]);
	}
	world_close(&w);
}

static void test_producers(void **state)
{
	struct world w;
	world_open(&w, state, 1);
	for (int i = 0; i <= PRODUCERS_MAX; i++) {
		char id[24];
		snprintf(id, sizeof(id), "producer-%d", i);
		struct fnl_log *l = open_more(&w, w.group, id);
		int rc = l->ops->producer_reset(l, 0);
		assert_int_equal(rc, i < PRODUCERS_MAX ? 0 : FNL_E_LIMIT);
		if (rc) {
			assert_non_null(strstr(l->ops->explain(l), "producer-4096: there are 4096 producers already"));
		}
		l->ops->close(l);
	}
	struct fnl_log *known = open_more(&w, w.group, "producer-0");
	LOG_OK(known, producer_reset(known, 0));
	known->ops->close(known);
	world_close(&w);
}

/* The last of these: afterwards the broker takes no group more. */
static void test_groups(void **state)
{
	struct world w;
	char name[24];
	int rc = 0, count = 0;
	world_open(&w, state, 1);
	struct fnl_bus *bus = w.c->bus;
	for (; rc == 0; count += rc == 0) {
		snprintf(name, sizeof(name), "more-%d", count);
		rc = bus->ops->set_committed(bus, name, w.input, 0, 1, "cl=1");
	}
	assert_int_equal(rc, FNL_E_LIMIT);
	assert_int_equal(count, GROUPS_MAX - 2); /* those of the two tests above */
	assert_non_null(strstr(bus->ops->explain(bus), "there are 256 groups already"));
	BUS_OK(&w, set_committed(bus, "more-0", w.input, 0, 2, "cl=2"));
	struct fnl_embedded_log_settings settings = {.input_topic = w.input, .changelog_topic = w.changelog, .group = name};
	struct fnl_log *none = NULL;
	assert_int_equal(fnl_embedded_log_open(broker(&w), &settings, &none), FNL_E_LIMIT);
	assert_null(none);
	world_close(&w);
}

/* A poll takes one record whatever its size, then as many as fit. */
static void test_bytes_max_bounds_a_poll(void **state)
{
	struct world w;
	world_open(&w, state, 1);
	struct fnl_log *l = open_alone(&w);
	for (int i = 0; i < 4; i++) {
		put(&w, 0, "key", "1234567");
	}
	LOG_OK(l, start(l, 0, 0));
	struct fnl_poll p;
	LOG_OK(l, poll(l, 10, 1, 0, &p));
	assert_int_equal(p.record_count, 1);
	LOG_OK(l, poll(l, 10, 25, 0, &p));
	assert_int_equal(p.record_count, 2);
	LOG_OK(l, poll(l, 10, 25, 0, &p));
	assert_int_equal(p.record_count, 1);
	assert_int_equal(p.records[0].offset, 3);
	world_close(&w);
}

static void *publish_later(void *context)
{
	struct world *w = context;
	struct fnl_bus *bus = NULL;
	if (fnl_embedded_bus_open(broker(w), &bus) != 0) {
		return NULL;
	}
	w->c->pass(w->c->context, 50);
	int rc = bus->ops->publish(bus, w->input, 0, span("a"), span("1"), NULL, 0);
	bus->ops->close(bus);
	return rc == 0 ? w : NULL;
}

/* One wait is enough for what another thread publishes. */
static void test_poll_is_woken(void **state)
{
	struct world w;
	world_open(&w, state, 1);
	struct fnl_log *l = open_alone(&w);
	LOG_OK(l, start(l, 0, 0));
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, publish_later, &w), 0);
	struct fnl_poll p;
	int rc = l->ops->poll(l, 10, 1000, 20000, &p);
	void *published = NULL;
	pthread_join(thread, &published);
	must(rc, "poll", l->ops->explain(l), __LINE__);
	assert_non_null(published);
	assert_int_equal(p.record_count, 1);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest contract[] = {LOG_CONTRACT(LOG_CONTRACT_ENTRY)};
	const struct CMUnitTest manual[] = {
		cmocka_unit_test(test_zombie_generation_is_refused),
		cmocka_unit_test(test_accepted_offsets_outlive_the_generation),
		cmocka_unit_test(test_newcomer_makes_zombies),
		cmocka_unit_test(test_dynamic_member_leaves),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_bytes_max_bounds_a_poll),
	};
	const struct CMUnitTest full[] = {
		cmocka_unit_test(test_members_of_a_group),
		cmocka_unit_test(test_producers),
		cmocka_unit_test(test_groups),
	};
	const struct CMUnitTest markers[] = {
		cmocka_unit_test(test_markers_come_one_by_one),
		cmocka_unit_test(test_reset_waits_for_the_abort),
	};
	const struct CMUnitTest real[] = {cmocka_unit_test(test_poll_is_woken)};
	int failed = cmocka_run_group_tests_name("contract, time by hand", contract, open_manual, fixture_close);
	failed += cmocka_run_group_tests_name("contract, the machine's time", contract, open_real, fixture_close);
	failed += cmocka_run_group_tests_name("time by hand", manual, open_manual, fixture_close);
	failed += cmocka_run_group_tests_name("as many as there is room for", full, open_manual, fixture_close);
	failed += cmocka_run_group_tests_name("markers by hand", markers, open_markers, fixture_close);
	failed += cmocka_run_group_tests_name("the machine's time", real, open_real, fixture_close);
	return failed;
}
