/* The contract against a real broker: what the embedded log is held to. */
#include <stdlib.h>
#include <time.h>

#include "funneld/adapters/kafka.h"
#include "kafka_fixture.h"

#include "log_contract.c"

enum { ABANDONED_MAX = 8 };

struct fixture {
	struct log_contract contract;
	struct kafka_fixture *kafka;
	struct fnl_log *abandoned[ABANDONED_MAX];
	size_t abandoned_count;
};

static struct fnl_log *fixture_open_log(void *context, const struct log_contract_worker *s)
{
	struct fixture *f = context;
	struct fnl_kafka_property servers = {"bootstrap.servers", f->kafka->servers};
	struct fnl_kafka_log_settings settings = {
		.common = {.properties = &servers, .property_count = 1},
		.input_topic = s->input_topic,
		.changelog_topic = s->changelog_topic,
		.output_topics = s->output_topics,
		.output_topic_count = s->output_topic_count,
		.group = s->group,
		.group_instance_id = s->id,
		.transactional_id = s->id,
		.session_timeout_ms = f->contract.session_timeout_ms,
		.txn_timeout_ms = f->contract.txn_timeout_ms,
	};
	struct fnl_log *l = NULL;
	struct fnl_error why;
	if (fnl_kafka_log_open(&settings, &l, &why) != 0) {
		fail_msg("%s", why.text);
	}
	return l;
}

/* Within one process the client's threads cannot be killed: it is left standing, and never used again. */
static void fixture_crash(void *context, struct fnl_log *l)
{
	struct fixture *f = context;
	assert_true(f->abandoned_count < ABANDONED_MAX);
	f->abandoned[f->abandoned_count++] = l;
}

static void fixture_pass(void *context, int ms)
{
	(void)context;
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
	nanosleep(&t, NULL);
}

static void fixture_name(void *context, const char *base, char ret[LOG_CONTRACT_NAME_MAX])
{
	kafka_fixture_name(((struct fixture *)context)->kafka, base, ret);
}

static int fixture_open(void **state)
{
	_Static_assert((int)LOG_CONTRACT_NAME_MAX == (int)KAFKA_FIXTURE_NAME_MAX, "names fit");
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	f->kafka = kafka_fixture_open(FNL_SOURCE_DIR);
	assert_non_null(f->kafka);
	f->contract = (struct log_contract){
		.context = f,
		.wait_ms = 100,
		.tries = 300,
		.quiet_tries = 8,
		.deadline_ms = 15000,
		.session_timeout_ms = 6000,
		.txn_timeout_ms = 5000,
		.open = fixture_open_log,
		.crash = fixture_crash,
		.pass = fixture_pass,
		.name = fixture_name,
	};
	struct fnl_kafka_property servers = {"bootstrap.servers", f->kafka->servers};
	struct fnl_kafka_common common = {.properties = &servers, .property_count = 1};
	struct fnl_error why;
	if (fnl_kafka_bus_open(&common, 15000, &f->contract.bus, &why) != 0) {
		fail_msg("%s", why.text);
	}
	*state = &f->contract;
	return 0;
}

static int fixture_close(void **state)
{
	struct log_contract *c = *state;
	struct fixture *f = c->context;
	for (size_t i = 0; i < f->abandoned_count; i++) {
		f->abandoned[i]->ops->close(f->abandoned[i]);
	}
	c->bus->ops->close(c->bus);
	free(f);
	return 0;
}

/* An argument chooses tests by a pattern with *. */
int main(int argc, char **argv)
{
	if (argc > 1) {
		cmocka_set_test_filter(argv[1]);
	}
	const struct CMUnitTest contract[] = {LOG_CONTRACT(LOG_CONTRACT_ENTRY)};
	return cmocka_run_group_tests_name("contract, real Kafka", contract, fixture_open, fixture_close);
}
