/* The floor beside the product's own figures: a bare two-stage loop on librdkafka and hiredis that moves the same bytes
 * as the product does for the same changes, and nothing else: no decoding, no decisions, no state, no engine.
 *
 *   bench_bare [--config FILE] [--set K=V] … [THREADS [ROW INPUT LINE EVENT]]
 *
 * First stage: of each record of sales.prospect-changes a row (bare.rows-1, the same partition), an input of the second
 * stage (bare.inputs-2, under one of 500 keys), and of three in four an event (bare.events). Second stage: of each of
 * those inputs a row (bare.rows-2). Both in transactions of up to 10,000 records with the offsets in them; after each
 * the rows go to Redis in one pipelined write, without a script, those of the first stage with a deadline each.
 * THREADS for each stage. Ends when what was there at the start has passed both, and prints JSON: seconds from the
 * first record until the last batch is in Redis, CPU of the whole process.
 *
 * ROW … are bytes of a value. By default what the product's are on average, after 50,000 changes of 10,000 prospects
 * as bench_feed loads them: funnel.prospects 219, funneld.rep-inputs 100, the lines of funnel.reps 119,
 * funnel.layer-changes 74 (the changes themselves: 88). What the product has beside, the loop leaves out: some rows a
 * batch for each rep, rows read back from Redis, the index of its keys. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "bare.h"
#include "options.h"

enum { THREADS_MAX = 64, WAIT_MS = 60000, SIZE_MAX_BYTES = 1 << 20 };

static const struct bare_sizes usual = {.row = 219, .input = 100, .line = 119, .event = 74};

static int usage(void)
{
	fprintf(stderr, "usage: bench_bare [--config FILE] [--set K=V] [THREADS [ROW INPUT LINE EVENT]]\n"
	                "       THREADS of each stage: 1 to 64, at most one a partition; sizes in bytes\n");
	return 2;
}

static bool number_of(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	return fnl_parse_decimal(fnl_span_str(text), ret) && *ret >= min && *ret <= max;
}

static bool arguments(struct bare *b, int count, char **a)
{
	int64_t threads = 2;
	int64_t n[4];
	b->sizes = usual;
	if ((count != 0 && count != 1 && count != 5) || (count > 0 && !number_of(a[0], 1, THREADS_MAX, &threads))) {
		return false;
	}
	b->thread_count = (int)threads;
	for (int i = 0; i < count - 1; i++) {
		/* an input begins with its prospect */
		if (!number_of(a[1 + i], i == 1 ? 1 + BARE_KEY_BYTES_MAX : 1, SIZE_MAX_BYTES, &n[i])) {
			return false;
		}
	}
	if (count == 5) {
		b->sizes = (struct bare_sizes){(size_t)n[0], (size_t)n[1], (size_t)n[2], (size_t)n[3]};
	}
	return true;
}

static void name_all(struct bare *b, const struct fnl_app *app)
{
	static const char *const names[BARE_TOPIC_COUNT] = {[BARE_ROWS_1] = "bare.rows-1",
	                                                    [BARE_INPUTS_2] = "bare.inputs-2",
	                                                    [BARE_EVENTS] = "bare.events",
	                                                    [BARE_ROWS_2] = "bare.rows-2"};
	const char *prefix = fnl_settings_string(app->settings, "topic.prefix");
	snprintf(b->topics[BARE_CHANGES], BARE_TEXT_BYTES_MAX, "%s", fnl_app_topic(app, FNL_TOPIC_PROSPECT_CHANGES));
	for (int i = BARE_CHANGES + 1; i < BARE_TOPIC_COUNT; i++) {
		snprintf(b->topics[i], BARE_TEXT_BYTES_MAX, "%s%s", prefix, names[i]);
	}
	for (int i = 0; i < BARE_STAGE_COUNT; i++) {
		snprintf(b->groups[i], BARE_TEXT_BYTES_MAX, "%sbare-%d", prefix, i + 1);
	}
	b->servers = fnl_settings_string(app->settings, "kafka.bootstrap.servers");
	b->redis_url = fnl_settings_string(app->settings, "redis.url");
	b->redis_prefix = fnl_settings_string(app->settings, "redis.prefix");
}

/* Each with as many partitions as the changes have; cleaned up as the product's are. */
static void create_topics(struct bare *b, struct fnl_app *app)
{
	struct fnl_error why = {0};
	struct fnl_bus *bus;
	if (fnl_app_partitions(app, FNL_TOPIC_PROSPECT_CHANGES, &b->partition_count, &why) ||
	    fnl_app_bus(app, &bus, &why)) {
		bare_die("cannot start", why.text);
	}
	if (b->partition_count > BARE_PARTITIONS_MAX || b->thread_count > b->partition_count) {
		bare_die(b->topics[BARE_CHANGES], "too many partitions, or too few for the threads");
	}
	for (int i = BARE_CHANGES + 1; i < BARE_TOPIC_COUNT; i++) {
		struct fnl_topic_spec spec =
			fnl_app_topic_spec(app, i == BARE_ROWS_1 || i == BARE_ROWS_2 ? FNL_TOPIC_PROSPECTS : FNL_TOPIC_REP_INPUTS);
		spec.name = b->topics[i];
		spec.partition_count = b->partition_count;
		if (bus->ops->create_topic(bus, &spec) < 0) {
			bare_die("cannot create topics", bus->ops->explain(bus));
		}
	}
	fnl_app_disconnect(app);
}

/* The second stage begins where an earlier run ended. */
static void find_ends(struct bare *b)
{
	rd_kafka_t *handle = bare_handle(b, RD_KAFKA_PRODUCER, &(struct bare_property){NULL, NULL});
	for (int32_t p = 0; p < b->partition_count; p++) {
		int64_t low;
		rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(handle, b->topics[BARE_CHANGES], p,
		                                                           &b->begin[BARE_PROSPECTS][p], &b->end[p], WAIT_MS);
		err = err ? err
		          : rd_kafka_query_watermark_offsets(handle, b->topics[BARE_INPUTS_2], p, &low,
		                                             &b->begin[BARE_BOOKS][p], WAIT_MS);
		if (err) {
			bare_die("cannot ask for the ends of topics", rd_kafka_err2str(err));
		}
	}
	rd_kafka_destroy(handle);
}

static void run(struct bare *b, struct bare_lane *lanes)
{
	atomic_store(&b->first_running, b->thread_count);
	for (int i = 0; i < BARE_STAGE_COUNT * b->thread_count; i++) {
		lanes[i] = (struct bare_lane){
			.bare = b, .stage = (enum bare_stage)(i / b->thread_count), .index = i % b->thread_count};
		if (pthread_create(&lanes[i].thread, NULL, bare_lane_run, &lanes[i])) {
			bare_die("start", "no thread");
		}
	}
	for (int i = 0; i < BARE_STAGE_COUNT * b->thread_count; i++) {
		pthread_join(lanes[i].thread, NULL);
	}
}

static int print_result(struct bare *b, const struct bare_lane *lanes)
{
	uint64_t changes = atomic_load(&b->moved[BARE_PROSPECTS]);
	uint64_t transactions = 0;
	int64_t last_us = 0;
	struct rusage used;
	for (int i = 0; i < BARE_STAGE_COUNT * b->thread_count; i++) {
		last_us = lanes[i].last_us > last_us ? lanes[i].last_us : last_us;
		transactions += lanes[i].transactions;
	}
	if (changes == 0 || getrusage(RUSAGE_SELF, &used)) {
		bare_die(b->topics[BARE_CHANGES], "nothing was there");
	}
	double seconds = (double)(last_us - atomic_load(&b->began_us)) / 1e6;
	double cpu_us = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
	                (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
	printf("{\"changes\":%" PRIu64 ",\"seconds\":%.3f,\"changes_per_second\":%.0f,\"cpu_us_per_change\":%.2f,"
	       "\"transactions\":%" PRIu64 "}\n",
	       changes, seconds, (double)changes / seconds, cpu_us / (double)changes, transactions);
	return 0;
}

int main(int argc, char **argv)
{
	struct fnl_options options;
	struct fnl_error why = {0};
	struct fnl_app *app;
	if (fnl_options_parse(argc, argv, &options, &why)) {
		bare_die("options", why.text);
	}
	struct bare *b = fnl_calloc(1, sizeof(*b));
	struct bare_lane *lanes = fnl_calloc(BARE_STAGE_COUNT * THREADS_MAX, sizeof(*lanes));
	if (!b || !lanes || !arguments(b, options.rest_count, options.rest)) {
		fnl_free(b);
		fnl_free(lanes);
		return usage();
	}
	if (fnl_app_open(&options.app, &app, &why)) {
		bare_die("cannot start", why.text);
	}
	name_all(b, app);
	create_topics(b, app);
	find_ends(b);
	run(b, lanes);
	int rc = print_result(b, lanes);
	fnl_app_close(app);
	fnl_free(b);
	fnl_free(lanes);
	return rc;
}
