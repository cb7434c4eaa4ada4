/* The load of the benchmarks: bench_feed [--config FILE] [--set K=V] …
 *
 *   load CHANGES PROSPECTS      publishes as fast as it can, and prints as JSON what has to follow from it
 *   paced RATE SECONDS WARMUP   publishes at intended times, reads the layer changes (read_committed), prints latency
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

static void publish(struct feed *f, uint32_t prospect, int64_t version, int64_t occurred_at_ms, int stage)
{
	char id[16];
	int length = snprintf(id, sizeof(id), "P%07u", prospect);
	struct fnl_span key = fnl_span_of(id, (size_t)length);
	struct fnl_value *v = f->values;
	char rep[8];
	snprintf(rep, sizeof(rep), "R%03u", prospect % 500);
	v[FNL_PROSPECT_CHANGED_PROSPECT_ID] = (struct fnl_value){.set = true, .str = key};
	v[FNL_PROSPECT_CHANGED_VERSION] = (struct fnl_value){.set = true, .i64 = version};
	v[FNL_PROSPECT_CHANGED_OCCURRED_AT] = (struct fnl_value){.set = true, .i64 = occurred_at_ms};
	v[FNL_PROSPECT_CHANGED_STAGE] = (struct fnl_value){.set = true, .str = fnl_span_str(stages[stage])};
	v[FNL_PROSPECT_CHANGED_OWNER_REP_ID] = (struct fnl_value){.set = true, .str = fnl_span_str(rep)};
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
		publish(f, prospect, round + 1, begin_ms + i, stage);
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

struct reader {
	const struct fnl_options *options;
	volatile bool stop;
	volatile bool ready;
	int64_t from_ms; /* earlier ones are warm-up */
	int32_t *samples;
	size_t count;
	size_t seen;
};

static int on_layer_change(void *context, size_t topic, const struct fnl_record *r)
{
	(void)topic;
	struct reader *reader = context;
	struct fnl_reader body = fnl_reader_of(fnl_span_of(r->value.data + 5, r->value.len - 5));
	(void)fnl_read_string(&body); /* prospect_id, sequence, occurred_at: the first fields of LayerChanged */
	(void)fnl_read_long(&body);
	int64_t sent_ms = fnl_read_long(&body);
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	int64_t now_ms = t.tv_sec * 1000 + t.tv_nsec / 1000000;
	reader->seen++;
	if (!body.bad && sent_ms >= reader->from_ms && reader->count < SAMPLES_MAX) {
		reader->samples[reader->count++] = (int32_t)(now_ms - sent_ms);
	}
	return 0;
}

static void *read_thread(void *context)
{
	struct reader *r = context;
	struct feed f;
	feed_open(&f, r->options);
	const char *topic = fnl_app_topic(f.app, FNL_TOPIC_LAYER_CHANGES);
	r->ready = true;
	(void)f.bus->ops->read(f.bus, &topic, 1, false, false, &r->stop, on_layer_change, r);
	fnl_arena_deinit(&f.arena);
	fnl_app_close(f.app);
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	return *(const int32_t *)a - *(const int32_t *)b;
}

static int paced(struct feed *f, const struct fnl_options *options, int64_t rate, int64_t seconds, int64_t warmup)
{
	_Static_assert(FNL_LAYER_CHANGED_PROSPECT_ID == 0 && FNL_LAYER_CHANGED_SEQUENCE == 1 &&
	                   FNL_LAYER_CHANGED_OCCURRED_AT == 2,
	               "on_layer_change reads the first fields");
	const struct fnl_clock *c = f->app->clock;
	struct reader r = {.options = options, .samples = fnl_calloc(SAMPLES_MAX, sizeof(int32_t))};
	pthread_t thread;
	if (!r.samples || pthread_create(&thread, NULL, read_thread, &r) != 0) {
		return 1;
	}
	while (!r.ready) {
		c->sleep_ms(c->context, 10);
	}
	c->sleep_ms(c->context, 2000);
	int64_t begin_ms = c->wall_ms(c->context);
	r.from_ms = begin_ms + warmup * 1000;
	int64_t base_version = begin_ms;
	for (int64_t i = 0; i < rate * seconds; i++) {
		int64_t due_ms = begin_ms + i * 1000 / rate;
		while (c->wall_ms(c->context) < due_ms) {
			c->sleep_ms(c->context, 1);
		}
		int64_t round = i / PACED_PROSPECTS;
		publish(f, (uint32_t)(i % PACED_PROSPECTS), base_version + round, due_ms, round % 2 ? 3 : 0);
	}
	(void)f->bus->ops->publish_flush(f->bus, 30000);
	c->sleep_ms(c->context, 3000);
	r.stop = true;
	pthread_join(thread, NULL);
	qsort(r.samples, r.count, sizeof(int32_t), by_value);
	if (r.count == 0) {
		return 1;
	}
	printf("{\"rate\":%lld,\"samples\":%zu,\"p50_ms\":%d,\"p99_ms\":%d,\"p999_ms\":%d,\"max_ms\":%d}\n",
	       (long long)rate, r.count, r.samples[r.count / 2], r.samples[r.count * 99 / 100],
	       r.samples[r.count * 999 / 1000], r.samples[r.count - 1]);
	fnl_free(r.samples);
	return 0;
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
	} else if (options.rest_count == 4 && strcmp(options.rest[0], "paced") == 0) {
		rc = paced(&f, &options, atol(options.rest[1]), atol(options.rest[2]), atol(options.rest[3]));
	} else {
		fprintf(stderr, "usage: bench_feed [--config FILE] load CHANGES PROSPECTS | paced RATE SECONDS WARMUP\n");
	}
	fnl_arena_deinit(&f.arena);
	fnl_app_close(f.app);
	return rc;
}
