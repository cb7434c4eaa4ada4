/* The load of the benchmarks: bench_feed [--config FILE] [--set K=V] …
 *
 *   load CHANGES PROSPECTS      publishes as fast as it can, and prints as JSON what has to follow from it
 *   paced RATE SECONDS WARMUP [REP]
 *                               publishes at intended times, reads the layer changes and the reps' lines
 *                               (read_committed), prints the latency of each stage; all prospects are REP's
 *   rep PROSPECTS REP           a rep with so many prospects, all expected to close next year
 *
 * Each change is one stage of one prospect; a prospect's stages go round, so that what follows is known beforehand. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "app.h"
#include "options.h"

enum { STAGES = 4, SAMPLES_MAX = 4000000, PACED_PROSPECTS = 20000 };

static const char *const stages[STAGES] = {"Prospecting", "Qualification", "Value Proposition", "Negotiation/Review"};
static const int layer_of[STAGES] = {1, 1, 2, 3};

struct feed {
	struct fnl_app *app;
	struct fnl_bus *bus;
	struct fnl_codec *codec;
	struct fnl_arena arena;
	const char *topic;
	struct fnl_value values[FNL_PROSPECT_CHANGED_FIELD_COUNT];
};

static void die(const char *what, const struct fnl_error *why)
{
	fprintf(stderr, "bench_feed: %s: %s\n", what, why->text);
	exit(1);
}

static void feed_open(struct feed *f, const struct fnl_options *options)
{
	struct fnl_error why = {0};
	memset(f, 0, sizeof(*f));
	if (fnl_app_open(&options->app, &f->app, &why) || fnl_app_bus(f->app, &f->bus, &why) ||
	    fnl_app_codec(f->app, &f->codec, &why)) {
		die("cannot start", &why);
	}
	fnl_arena_init(&f->arena, 1 << 20);
	f->topic = fnl_app_topic(f->app, FNL_TOPIC_PROSPECT_CHANGES);
	f->values[FNL_PROSPECT_CHANGED_SOURCE] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("bench")};
	f->values[FNL_PROSPECT_CHANGED_FULL] = (struct fnl_value){.set = true};
	f->values[FNL_PROSPECT_CHANGED_BULK] = (struct fnl_value){.set = true};
	f->values[FNL_PROSPECT_CHANGED_SNAPSHOT] = (struct fnl_value){.set = true};
	f->values[FNL_PROSPECT_CHANGED_CLEARED] = (struct fnl_value){.set = true};
}

static void publish(struct feed *f, uint32_t prospect, int64_t version, int64_t occurred_at_ms, int stage,
                    const char *owner)
{
	char id[16];
	int length = snprintf(id, sizeof(id), "P%07u", prospect);
	struct fnl_span key = fnl_span_of(id, (size_t)length);
	struct fnl_value *v = f->values;
	char rep[8];
	snprintf(rep, sizeof(rep), "R%03u", prospect % 500);
	struct fnl_span owner_id = fnl_span_str(owner ? owner : rep);
	v[FNL_PROSPECT_CHANGED_PROSPECT_ID] = (struct fnl_value){.set = true, .str = key};
	v[FNL_PROSPECT_CHANGED_VERSION] = (struct fnl_value){.set = true, .i64 = version};
	v[FNL_PROSPECT_CHANGED_OCCURRED_AT] = (struct fnl_value){.set = true, .i64 = occurred_at_ms};
	v[FNL_PROSPECT_CHANGED_STAGE] = (struct fnl_value){.set = true, .str = fnl_span_str(stages[stage])};
	v[FNL_PROSPECT_CHANGED_OWNER_REP_ID] = (struct fnl_value){.set = true, .str = owner_id};
	v[FNL_PROSPECT_CHANGED_EXPECTED_CLOSE_DATE] =
		(struct fnl_value){.set = true, .i64 = occurred_at_ms / 86400000 + 365};
	v[FNL_PROSPECT_CHANGED_AMOUNT] = (struct fnl_value){.set = true, .money = {100000 + prospect, "USD"}};
	struct fnl_span value;
	fnl_arena_reset(&f->arena);
	if (f->codec->ops->encode(f->codec, &fnl_desc_prospect_changed, v, &f->arena, &value) ||
	    f->bus->ops->publish(f->bus, f->topic, -1, key, value, NULL, 0)) {
		struct fnl_error why = {0};
		fnl_fail(&why, FNL_E_IO, "%s", f->bus->ops->explain(f->bus));
		die("cannot publish", &why);
	}
}

/* Change i of a prospect has stage i % STAGES; prospects come in an order that mixes them. */
static int load(struct feed *f, uint32_t changes, uint32_t prospects)
{
	int64_t begin_ms = f->app->clock->wall_ms(f->app->clock->context) - (int64_t)changes;
	uint64_t layer_changes = 0;
	uint64_t by_stage[STAGES] = {0};
	for (uint32_t i = 0; i < changes; i++) {
		uint32_t round = i / prospects;
		uint32_t prospect = (uint32_t)(((uint64_t)(i % prospects) * 2654435761u) % prospects);
		int stage = (int)(round % STAGES);
		publish(f, prospect, round + 1, begin_ms + i, stage, NULL);
		layer_changes += round == 0 || layer_of[stage] != layer_of[(round + STAGES - 1) % STAGES];
	}
	if (f->bus->ops->publish_flush(f->bus, 120000)) {
		return 1;
	}
	for (uint32_t i = 0; i < prospects; i++) {
		uint32_t rounds = changes / prospects + (i < changes % prospects);
		by_stage[(rounds + STAGES - 1) % STAGES] += rounds > 0;
	}
	printf("{\"changes\":%u,\"prospects\":%u,\"layer_changes\":%llu,\"by_stage\":{", changes, prospects,
	       (unsigned long long)layer_changes);
	for (int i = 0; i < STAGES; i++) {
		printf("%s\"%s\":%llu", i ? "," : "", stages[i], (unsigned long long)by_stage[i]);
	}
	printf("}}\n");
	return 0;
}

static int load_rep(struct feed *f, uint32_t prospects, const char *rep)
{
	int64_t now_ms = f->app->clock->wall_ms(f->app->clock->context);
	for (uint32_t i = 0; i < prospects; i++) {
		publish(f, i, 1, now_ms, (int)(i % STAGES), rep);
	}
	return f->bus->ops->publish_flush(f->bus, 120000) ? 1 : 0;
}

enum { LAYER_CHANGES, LINES, STAGE_COUNT };

struct samples {
	int32_t *at;
	size_t count;
};

struct reader {
	const struct fnl_options *options;
	volatile bool stop;
	volatile bool ready;
	int64_t from_ms; /* earlier ones are warm-up */
	struct samples samples[STAGE_COUNT];
};

/* When what the record tells happened; INT64_MIN: it tells of nothing. */
static int64_t sent_at(size_t topic, const struct fnl_record *r)
{
	static const struct fnl_span line = {(const uint8_t *)"line|", 5};
	if (r->value.len < 5 || (topic == LINES && (r->key.len < line.len || memcmp(r->key.data, line.data, line.len)))) {
		return INT64_MIN;
	}
	struct fnl_reader body = fnl_reader_of(fnl_span_of(r->value.data + 5, r->value.len - 5));
	(void)fnl_read_string(&body); /* LayerChanged: prospect_id, sequence, occurred_at; */
	if (topic == LINES) {
		(void)fnl_read_string(&body); /* Line: book, prospect_id, sequence, effective_at */
	}
	(void)fnl_read_long(&body);
	int64_t at_ms = fnl_read_long(&body);
	return body.bad ? INT64_MIN : at_ms;
}

static int on_record(void *context, size_t topic, const struct fnl_record *r)
{
	struct reader *reader = context;
	struct samples *s = &reader->samples[topic];
	int64_t sent_ms = sent_at(topic, r);
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	int64_t now_ms = t.tv_sec * 1000 + t.tv_nsec / 1000000;
	if (sent_ms >= reader->from_ms && s->count < SAMPLES_MAX) {
		s->at[s->count++] = (int32_t)(now_ms - sent_ms);
	}
	return 0;
}

static void *read_thread(void *context)
{
	struct reader *r = context;
	struct feed f;
	feed_open(&f, r->options);
	const char *topics[STAGE_COUNT] = {fnl_app_topic(f.app, FNL_TOPIC_LAYER_CHANGES),
	                                   fnl_app_topic(f.app, FNL_TOPIC_REPS)};
	r->ready = true;
	(void)f.bus->ops->read(f.bus, topics, STAGE_COUNT, false, false, &r->stop, on_record, r);
	fnl_arena_deinit(&f.arena);
	fnl_app_close(f.app);
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	return *(const int32_t *)a - *(const int32_t *)b;
}

static int print_samples(struct samples *s, const char *name, int64_t rate)
{
	if (s->count == 0) {
		return 1;
	}
	qsort(s->at, s->count, sizeof(int32_t), by_value);
	printf("{\"of\":\"%s\",\"rate\":%lld,\"samples\":%zu,\"p50_ms\":%d,\"p99_ms\":%d,\"p999_ms\":%d,\"max_ms\":%d}\n",
	       name, (long long)rate, s->count, s->at[s->count / 2], s->at[s->count * 99 / 100],
	       s->at[s->count * 999 / 1000], s->at[s->count - 1]);
	return 0;
}

static void publish_paced(struct feed *f, int64_t begin_ms, int64_t rate, int64_t seconds, const char *rep)
{
	const struct fnl_clock *c = f->app->clock;
	for (int64_t i = 0; i < rate * seconds; i++) {
		int64_t due_ms = begin_ms + i * 1000 / rate;
		while (c->wall_ms(c->context) < due_ms) {
			c->sleep_ms(c->context, 1);
		}
		int64_t round = i / PACED_PROSPECTS;
		publish(f, (uint32_t)(i % PACED_PROSPECTS), begin_ms + round, due_ms, round % 2 ? 3 : 0, rep);
	}
	(void)f->bus->ops->publish_flush(f->bus, 30000);
}

static int paced(struct feed *f, const struct fnl_options *options, int64_t rate, int64_t seconds, int64_t warmup,
                 const char *rep)
{
	_Static_assert(FNL_LAYER_CHANGED_PROSPECT_ID == 0 && FNL_LAYER_CHANGED_SEQUENCE == 1 &&
	                   FNL_LAYER_CHANGED_OCCURRED_AT == 2,
	               "sent_at reads the first fields");
	_Static_assert(FNL_LINE_BOOK == 0 && FNL_LINE_PROSPECT_ID == 1 && FNL_LINE_SEQUENCE == 2 &&
	                   FNL_LINE_EFFECTIVE_AT == 3,
	               "sent_at reads the first fields");
	const struct fnl_clock *c = f->app->clock;
	struct reader r = {.options = options};
	pthread_t thread;
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		r.samples[i].at = fnl_calloc(SAMPLES_MAX, sizeof(int32_t));
	}
	if (!r.samples[LAYER_CHANGES].at || !r.samples[LINES].at || pthread_create(&thread, NULL, read_thread, &r) != 0) {
		return 1;
	}
	while (!r.ready) {
		c->sleep_ms(c->context, 10);
	}
	c->sleep_ms(c->context, 2000);
	int64_t begin_ms = c->wall_ms(c->context);
	r.from_ms = begin_ms + warmup * 1000;
	publish_paced(f, begin_ms, rate, seconds, rep);
	c->sleep_ms(c->context, 3000);
	r.stop = true;
	pthread_join(thread, NULL);
	int rc = print_samples(&r.samples[LAYER_CHANGES], "layer changes", rate);
	rc = print_samples(&r.samples[LINES], "reps' lines", rate) || rc;
	fnl_free(r.samples[LAYER_CHANGES].at);
	fnl_free(r.samples[LINES].at);
	return rc;
}

int main(int argc, char **argv)
{
	struct fnl_options options;
	struct fnl_error why = {0};
	if (fnl_options_parse(argc, argv, &options, &why)) {
		die("options", &why);
	}
	struct feed f;
	feed_open(&f, &options);
	int rc = 2;
	if (options.rest_count == 3 && strcmp(options.rest[0], "load") == 0) {
		rc = load(&f, (uint32_t)atol(options.rest[1]), (uint32_t)atol(options.rest[2]));
	} else if (options.rest_count == 3 && strcmp(options.rest[0], "rep") == 0) {
		rc = load_rep(&f, (uint32_t)atol(options.rest[1]), options.rest[2]);
	} else if (options.rest_count >= 4 && strcmp(options.rest[0], "paced") == 0) {
		rc = paced(&f, &options, atol(options.rest[1]), atol(options.rest[2]), atol(options.rest[3]),
		           options.rest_count > 4 ? options.rest[4] : NULL);
	} else {
		fprintf(stderr, "usage: bench_feed [--config FILE] load CHANGES PROSPECTS | rep PROSPECTS REP |\n"
		                "       paced RATE SECONDS WARMUP [REP]\n");
	}
	fnl_arena_deinit(&f.arena);
	fnl_app_close(f.app);
	return rc;
}
