/* Inputs that could end a worker, on a real broker and a real Redis: one that crashes the process is set aside after
 * some have aborted; one as long as a topic takes is a dead letter with its bytes. All others are processed once. The
 * program is its own child. */
#include "kafka_world.h"

#include <sys/resource.h>

#include "funneld/adapters/redis.h"
#include "funneld/adapters/sys.h"
#include "funneld/base/wire.h"
#include "funneld/engine/stream.h"
#include "process.h"
#include "redis_fixture.h"

enum { OUT, DEAD, OUT_COUNT };
/* LONG_BYTES: as long as a topic takes by default, or almost. */
enum { INPUTS = 200, DEADLY = 77, LONG = 5, LONG_BYTES = 1048000, LIVES_MAX = 10, LIFE_MS = 60000, ABORTED = 128 + 6 };
enum { ARG_SERVERS = 1, ARG_REDIS, ARG_INPUT, ARG_CHANGELOG, ARG_OUT, ARG_DEAD, ARG_GROUP, ARG_COUNT };

static const char *const tables[] = {"seen"};

/* ---- the child ---- */

static int prepare(struct fnl_operator *o, const struct fnl_record *r, struct fnl_arena *arena,
                   struct fnl_prepared *ret, struct fnl_error *why)
{
	(void)o, (void)arena;
	if (r->value.len > LONG_BYTES / 2) {
		return fnl_fail(why, FNL_E_INVALID, "nobody can read it");
	}
	ret->event_time_ms = FNL_NO_TIME;
	ret->rows[0] = (struct fnl_row_key){0, r->key};
	ret->row_count = 1;
	return 0;
}

static int step(struct fnl_operator *o, const struct fnl_step *in, struct fnl_decision *ret, struct fnl_error *why)
{
	(void)o, (void)why;
	if (fnl_span_eq(in->record->value, FNL_SPAN_LIT("deadly"))) {
		abort();
	}
	ret->rows[ret->row_count++] = (struct fnl_row_out){.row = 0, .value = in->record->value};
	ret->outputs[ret->output_count++] = (struct fnl_output){
		.topic = OUT, .partition = FNL_PARTITION_BY_KEY, .key = in->record->key, .value = in->record->value};
	return 0;
}

static int64_t row_deadline(struct fnl_operator *o, uint8_t table, struct fnl_span value)
{
	(void)o, (void)table, (void)value;
	return FNL_NO_DEADLINE;
}

static int child(char **argv)
{
	static const struct fnl_operator_ops ops = {.prepare = prepare, .step = step, .row_deadline = row_deadline};
	static struct fnl_operator op = {&ops};
	const struct rlimit none = {0, 0};
	const char *outputs[OUT_COUNT] = {argv[ARG_OUT], argv[ARG_DEAD]};
	struct fnl_kafka_property p = {"bootstrap.servers", argv[ARG_SERVERS]};
	struct fnl_kafka_log_settings of_log = {.common = {&p, 1, NULL},
	                                        .input_topic = argv[ARG_INPUT],
	                                        .changelog_topic = argv[ARG_CHANGELOG],
	                                        .output_topics = outputs,
	                                        .output_topic_count = OUT_COUNT,
	                                        .group = argv[ARG_GROUP],
	                                        .group_instance_id = "one",
	                                        .transactional_id = argv[ARG_GROUP],
	                                        .session_timeout_ms = SESSION_MS,
	                                        .txn_timeout_ms = TXN_TIMEOUT_MS};
	struct fnl_redis_settings of_view = {.url = argv[ARG_REDIS],
	                                     .prefix = "isolation",
	                                     .stage = "test",
	                                     .table_names = tables,
	                                     .table_count = 1,
	                                     .connect_timeout_ms = 1000,
	                                     .command_timeout_ms = 1000};
	struct fnl_stage stage = {"test", argv[ARG_INPUT], tables, 1, DEAD};
	struct fnl_stream_settings settings = fnl_stream_settings_default();
	struct fnl_stream_ports ports = {.op = &op, .clock = fnl_sys_clock()};
	struct fnl_stream *stream = NULL;
	struct fnl_error why = {0};
	(void)setrlimit(RLIMIT_CORE, &none);
	int rc = fnl_kafka_log_open(&of_log, &ports.log, &why);
	rc = rc ? rc : fnl_redis_store_open(&of_view, &ports.store, &why);
	rc = rc ? rc : fnl_stream_create(&stage, &settings, &ports, &stream, &why);
	int64_t until = now_ms() + LIFE_MS;
	for (int idle = 0; rc == 0 && idle < 3 && now_ms() < until;) {
		rc = fnl_stream_cycle(stream, &why);
		idle = fnl_stream_is_idle(stream) ? idle + 1 : 0;
	}
	if (rc || now_ms() >= until) {
		fprintf(stderr, "%d %s\n", rc, why.text);
		return 1;
	}
	fnl_stream_destroy(stream);
	ports.log->ops->close(ports.log);
	ports.store->ops->close(ports.store);
	return 0;
}

/* ---- the test ---- */

struct seen {
	int outputs[INPUTS];
	int dead;
	int long_dead;
	bool is_deadly;
	bool is_told_crashed;
};

static int look(void *context, size_t topic, const struct fnl_record *r)
{
	struct seen *s = context;
	int64_t n = -1;
	assert_true(fnl_parse_decimal(r->key, &n) && n >= 0 && n < INPUTS);
	if (topic == OUT) {
		s->outputs[n]++;
		return 0;
	}
	if (n == LONG) {
		s->long_dead += r->value.len == LONG_BYTES;
		return 0;
	}
	s->dead++;
	s->is_deadly = n == DEADLY && fnl_span_eq(r->value, FNL_SPAN_LIT("deadly"));
	for (size_t i = 0; i < r->header_count; i++) {
		s->is_told_crashed |= fnl_span_eq(r->headers[i].name, FNL_SPAN_LIT("__connect.errors.class.name")) &&
		                      fnl_span_eq(r->headers[i].value, fnl_span_str(fnl_status_label(FNL_E_CRASHED)));
	}
	return 0;
}

static int all_of(const struct seen *s)
{
	int all = s->dead + s->long_dead;
	for (int i = 0; i < INPUTS; i++) {
		all += s->outputs[i];
	}
	return all;
}

static void publish(struct fnl_bus *bus, const char *topic)
{
	static uint8_t long_value[LONG_BYTES];
	for (int i = 0; i < INPUTS; i++) {
		char key[16];
		snprintf(key, sizeof(key), "%d", i);
		struct fnl_span value = i == LONG     ? fnl_span_of(long_value, LONG_BYTES)
		                        : i == DEADLY ? FNL_SPAN_LIT("deadly")
		                                      : FNL_SPAN_LIT("harmless");
		assert_int_equal(bus->ops->publish(bus, topic, -1, fnl_span_str(key), value, NULL, 0), 0);
	}
	assert_int_equal(bus->ops->publish_flush(bus, 20000), 0);
}

static void crashes_are_isolated(void **state)
{
	struct kafka_fixture *f = *state;
	struct redis_fixture redis = {0};
	struct fnl_bus *bus = bus_open(f);
	struct names n = names_make(f, bus, 3);
	char dead[KAFKA_FIXTURE_NAME_MAX], errors[PROCESS_PATH_MAX];
	struct seen seen = {0};
	int aborted = 0;
	struct fnl_topic_spec spec = {kafka_fixture_name(f, "dead", dead), 3, FNL_CLEANUP_DELETE, -1, 2 << 20};
	assert_int_equal(bus->ops->create_topic(bus, &spec), 0);
	assert_true(redis_fixture_start(&redis, "isolation", false, NULL));
	publish(bus, n.input);
	const char *argv[] = {"/proc/self/exe", f->servers, redis.url, n.input, n.changelog, n.output, dead, n.group, NULL};
	const char *topics[OUT_COUNT] = {n.output, dead};
	process_temp_path(errors, "child.err");
	/* one that has had nothing to do for a while ends, and on a busy machine that may be before its first fetch */
	for (int lives = 0; lives < LIVES_MAX && all_of(&seen) < INPUTS; lives++) {
		pid_t pid = process_start(argv, NULL, errors, NULL);
		assert_true(pid > 0);
		int ended = process_wait(pid, LIFE_MS);
		aborted += ended == ABORTED;
		if (ended != 0 && ended != ABORTED) {
			char *text = process_read_file(errors);
			fail_msg("life %d ended with %d: %s", lives, ended, text ? text : "");
		}
		seen = (struct seen){0};
		assert_int_equal(bus->ops->read(bus, topics, OUT_COUNT, true, true, NULL, look, &seen), 0);
	}
	for (int i = 0; i < INPUTS; i++) {
		assert_int_equal(seen.outputs[i], i != DEADLY && i != LONG);
	}
	assert_int_equal(seen.long_dead, 1);
	assert_int_equal(seen.dead, 1);
	assert_true(seen.is_deadly && seen.is_told_crashed);
	print_message("%d processes aborted before it was set aside\n", aborted);
	assert_in_range(aborted, 3, LIVES_MAX - 1);
	bus->ops->close(bus);
	redis_fixture_close(&redis);
}

static int start(void **state)
{
	*state = kafka_fixture_open(FNL_SOURCE_DIR);
	return *state ? 0 : -1;
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(crashes_are_isolated)};
	return argc == ARG_COUNT ? child(argv) : cmocka_run_group_tests_name("isolation, for real", tests, start, NULL);
}
