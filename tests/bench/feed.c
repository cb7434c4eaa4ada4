/* The load of the benchmarks: bench_feed [--config FILE] [--set K=V] …
 *
 *   load CHANGES PROSPECTS      publishes as fast as it can, and prints as JSON what has to follow from it
 *   again CHANGES PROSPECTS     after load PROSPECTS PROSPECTS: changes of random ones; prints what follows from both
 *   watched CHANGES PROSPECTS   the same for supervision, prints nothing: after each fourth change a contact, from a
 *                               feed that carries contacts; a prospect in ten stalls, its close date is long past
 *   paced RATE SECONDS WARMUP [REP]
 *                               publishes at intended times, reads the layer changes and the reps' lines
 *                               (read_committed), prints the latency of each stage; all prospects are REP's
 *   reference PROSPECTS         prospects of which 18 fields are set, for what a row takes
 *   rep PROSPECTS REP           a rep with so many prospects, all expected to close next year
 *   stale PROSPECTS DAYS AT     a first load of prospects whose last edit is DAYS days old at the moment AT (ms)
 *   drain RATE SECONDS PROSPECTS AT
 *                               paced, and how fast those stalls are told; latency of what is sent from AT until all
 *                               of them are
 *   company, departures, notice, reports, moves
 *                               reps who leave: see feed.h
 *   cells-load, cells           what organisations hear of their reps' cells: see feed.h
 *
 * Each change is one stage of one prospect; a prospect's stages go round, so that what follows is known beforehand. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "feed.h"

enum { STAGES = 4, SAMPLES_MAX = 4000000, PACED_PROSPECTS = 20000, DRAIN_WAIT_MS = 60000 };
static const int64_t DAY_MS = 86400000;

static const char *const stages[STAGES] = {"Prospecting", "Qualification", "Value Proposition", "Negotiation/Review"};
static const int layer_of[STAGES] = {1, 1, 2, 3};

const char *feed_stage(uint32_t i)
{
	return stages[i % STAGES];
}

struct change {
	uint32_t prospect;
	int64_t version;
	int64_t at_ms;
	int stage;
	const char *owner;    /* NULL: one of 500 */
	bool overdue;         /* its expected close date is long past */
	int64_t last_edit_ms; /* 0: this change is one; else the image of a first load */
	bool reference;       /* 18 fields are set */
};

void feed_die(const char *what, const struct fnl_error *why)
{
	fprintf(stderr, "bench_feed: %s: %s\n", what, why->text);
	exit(1);
}

void feed_open(struct feed *f, const struct fnl_options *options)
{
	struct fnl_error why = {0};
	memset(f, 0, sizeof(*f));
	if (fnl_app_open(&options->app, &f->app, &why) || fnl_app_bus(f->app, &f->bus, &why) ||
	    fnl_app_codec(f->app, &f->codec, &why)) {
		feed_die("cannot start", &why);
	}
	fnl_arena_init(&f->arena, 1 << 20);
	f->topic = fnl_app_topic(f->app, FNL_TOPIC_PROSPECT_CHANGES);
	f->values[FNL_PROSPECT_CHANGED_SOURCE] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("bench")};
	f->values[FNL_PROSPECT_CHANGED_FULL] = (struct fnl_value){.set = true};
	f->values[FNL_PROSPECT_CHANGED_BULK] = (struct fnl_value){.set = true};
	f->values[FNL_PROSPECT_CHANGED_SNAPSHOT] = (struct fnl_value){.set = true};
	f->values[FNL_PROSPECT_CHANGED_CLEARED] = (struct fnl_value){.set = true};
}

void feed_close(struct feed *f)
{
	fnl_arena_deinit(&f->arena);
	fnl_app_close(f->app);
}

void feed_send(struct feed *f, const char *topic, const struct fnl_record_desc *desc, const struct fnl_value *values,
               struct fnl_span key, int32_t partition)
{
	struct fnl_span value;
	fnl_arena_reset(&f->arena);
	if (f->codec->ops->encode(f->codec, desc, values, &f->arena, &value) ||
	    f->bus->ops->publish(f->bus, topic, partition, key, value, NULL, 0)) {
		struct fnl_error why = {0};
		fnl_fail(&why, FNL_E_IO, "%s", f->bus->ops->explain(f->bus));
		feed_die("cannot publish", &why);
	}
}

struct fnl_value feed_text(struct fnl_span s)
{
	return (struct fnl_value){.set = true, .str = s};
}

struct fnl_value feed_number(int64_t n)
{
	return (struct fnl_value){.set = true, .i64 = n};
}

/* Those of a first load have names of their own, so that a reader can tell them. */
static struct fnl_span name_of(uint32_t prospect, bool loaded, char *id, size_t size)
{
	return fnl_span_of(id, (size_t)snprintf(id, size, "%c%07u", loaded ? 'S' : 'P', prospect));
}

/* With owner, stage, close date, amount and the two times of an image, 18 fields that a source tells of a prospect. */
static void set_reference(struct fnl_value *v, const struct change *c, char buyer[16])
{
	int length = snprintf(buyer, 16, "B%07u", c->prospect);
	v[FNL_PROSPECT_CHANGED_BUYER_ID] = feed_text(fnl_span_of(buyer, (size_t)length));
	v[FNL_PROSPECT_CHANGED_PIPELINE_ID] = feed_text(FNL_SPAN_LIT("enterprise"));
	v[FNL_PROSPECT_CHANGED_STATUS] = feed_number(FNL_STATUS_OPEN);
	v[FNL_PROSPECT_CHANGED_PROBABILITY_BP] = feed_number(5000);
	v[FNL_PROSPECT_CHANGED_PROBABILITY_SOURCE] = feed_number(FNL_PROBABILITY_SOURCE_MANUAL);
	v[FNL_PROSPECT_CHANGED_COMPETITOR_ID] = feed_text(FNL_SPAN_LIT("K-12"));
	v[FNL_PROSPECT_CHANGED_REGION] = feed_text(FNL_SPAN_LIT("DE-BY"));
	v[FNL_PROSPECT_CHANGED_INDUSTRY] = feed_text(FNL_SPAN_LIT("machinery"));
	v[FNL_PROSPECT_CHANGED_SIZE_FOCUS] = feed_text(FNL_SPAN_LIT("mid"));
	v[FNL_PROSPECT_CHANGED_NEXT_MEETING_ON] = feed_number(c->at_ms / DAY_MS + 14);
	v[FNL_PROSPECT_CHANGED_LAST_CONTACT_AT] = feed_number(c->at_ms - DAY_MS);
	v[FNL_PROSPECT_CHANGED_CREATED_AT] = feed_number(c->at_ms - 90 * DAY_MS);
}

static void publish(struct feed *f, const struct change *c)
{
	char buyer[16];
	char id[16];
	char rep[8];
	bool loaded = c->last_edit_ms != 0;
	struct fnl_span key = name_of(c->prospect, loaded, id, sizeof(id));
	struct fnl_value *v = f->values;
	snprintf(rep, sizeof(rep), "R%03u", c->prospect % 500);
	v[FNL_PROSPECT_CHANGED_PROSPECT_ID] = feed_text(key);
	v[FNL_PROSPECT_CHANGED_VERSION] = feed_number(c->version);
	v[FNL_PROSPECT_CHANGED_OCCURRED_AT] = feed_number(c->at_ms);
	v[FNL_PROSPECT_CHANGED_STAGE] = feed_text(fnl_span_str(stages[c->stage]));
	v[FNL_PROSPECT_CHANGED_OWNER_REP_ID] = feed_text(fnl_span_str(c->owner ? c->owner : rep));
	v[FNL_PROSPECT_CHANGED_EXPECTED_CLOSE_DATE] = feed_number(c->at_ms / DAY_MS + (c->overdue ? -60 : 365));
	v[FNL_PROSPECT_CHANGED_AMOUNT] = (struct fnl_value){.set = true, .money = {100000 + c->prospect, "USD"}};
	v[FNL_PROSPECT_CHANGED_SNAPSHOT] = feed_number(loaded);
	v[FNL_PROSPECT_CHANGED_LAST_EDIT_AT] = loaded ? feed_number(c->last_edit_ms) : (struct fnl_value){0};
	v[FNL_PROSPECT_CHANGED_STAGE_ENTERED_AT] = v[FNL_PROSPECT_CHANGED_LAST_EDIT_AT];
	if (c->reference) {
		set_reference(v, c, buyer);
	}
	feed_send(f, f->topic, &fnl_desc_prospect_changed, v, key, -1);
}

static void publish_contact(struct feed *f, uint32_t prospect, int64_t number_of, int64_t at_ms)
{
	char id[16];
	char contact[24];
	struct fnl_span key = name_of(prospect, false, id, sizeof(id));
	int length = snprintf(contact, sizeof(contact), "C%lld", (long long)number_of);
	struct fnl_value v[FNL_CONTACT_LOGGED_FIELD_COUNT] = {
		[FNL_CONTACT_LOGGED_SOURCE] = feed_text(FNL_SPAN_LIT("bench")),
		[FNL_CONTACT_LOGGED_OCCURRED_AT] = feed_number(at_ms),
		[FNL_CONTACT_LOGGED_CONTACT_ID] = feed_text(fnl_span_of(contact, (size_t)length)),
		[FNL_CONTACT_LOGGED_PROSPECT_ID] = feed_text(key),
		[FNL_CONTACT_LOGGED_AT] = feed_number(at_ms),
		[FNL_CONTACT_LOGGED_CHANNEL] = feed_number(FNL_CHANNEL_PHONE),
		[FNL_CONTACT_LOGGED_REACHED] = feed_number(1),
		[FNL_CONTACT_LOGGED_PERSON_IDS] = {.set = true},
		[FNL_CONTACT_LOGGED_RETRACTED] = {.set = true},
	};
	feed_send(f, f->topic, &fnl_desc_contact_logged, v, key, -1);
}

/* Prospects come in an order that mixes them. */
static uint32_t mixed(uint32_t i, uint32_t prospects)
{
	return (uint32_t)(((uint64_t)(i % prospects) * 2654435761u) % prospects);
}

int64_t feed_now(const struct feed *f)
{
	return f->app->clock->wall_ms(f->app->clock->context);
}

/* Change i of a prospect, from 0, has stage i % STAGES: what follows from so many changes of each. */
static int expect(const uint32_t *changes_of, uint32_t prospects)
{
	uint64_t changes = 0;
	uint64_t layer_changes = 0;
	uint64_t by_stage[STAGES] = {0};
	for (uint32_t i = 0; i < prospects; i++) {
		for (uint32_t n = 0; n < changes_of[i]; n++) {
			layer_changes += n == 0 || layer_of[n % STAGES] != layer_of[(n + STAGES - 1) % STAGES];
		}
		by_stage[(changes_of[i] + STAGES - 1) % STAGES] += changes_of[i] > 0;
		changes += changes_of[i];
	}
	printf("{\"changes\":%llu,\"prospects\":%u,\"layer_changes\":%llu,\"by_stage\":{", (unsigned long long)changes,
	       prospects, (unsigned long long)layer_changes);
	for (int i = 0; i < STAGES; i++) {
		printf("%s\"%s\":%llu", i ? "," : "", stages[i], (unsigned long long)by_stage[i]);
	}
	printf("}}\n");
	return 0;
}

/* Numerical Recipes' generator: the same keys in each run. */
static uint32_t random_of(uint64_t *state, uint32_t below)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(((*state >> 32) * below) >> 32);
}

static int load(struct feed *f, uint32_t changes, uint32_t prospects, bool again)
{
	int64_t begin_ms = feed_now(f) - (int64_t)changes;
	uint64_t random = 1;
	uint32_t *changes_of = fnl_calloc(prospects, sizeof(*changes_of));
	if (!changes_of) {
		return 1;
	}
	for (uint32_t i = 0; again && i < prospects; i++) {
		changes_of[i] = 1;
	}
	for (uint32_t i = 0; i < changes; i++) {
		uint32_t prospect = again ? random_of(&random, prospects) : mixed(i, prospects);
		uint32_t n = changes_of[prospect]++;
		publish(f, &(struct change){prospect, n + 1, begin_ms + i, (int)(n % STAGES), NULL, false, 0, false});
	}
	int rc = f->bus->ops->publish_flush(f->bus, 120000) ? 1 : expect(changes_of, prospects);
	fnl_free(changes_of);
	return rc;
}

static int load_rep(struct feed *f, uint32_t prospects, const char *rep)
{
	int64_t now_ms = feed_now(f);
	for (uint32_t i = 0; i < prospects; i++) {
		publish(f, &(struct change){i, 1, now_ms, (int)(i % STAGES), rep, false, 0, false});
	}
	return f->bus->ops->publish_flush(f->bus, 120000) ? 1 : 0;
}

static int load_reference(struct feed *f, uint32_t prospects)
{
	int64_t now_ms = feed_now(f);
	for (uint32_t i = 0; i < prospects; i++) {
		publish(f, &(struct change){i, 1, now_ms, (int)(i % STAGES), NULL, false, now_ms, true});
	}
	return f->bus->ops->publish_flush(f->bus, 120000) ? 1 : 0;
}

static int load_watched(struct feed *f, uint32_t changes, uint32_t prospects)
{
	int64_t begin_ms = feed_now(f) - (int64_t)changes;
	struct fnl_topic_info topic;
	struct fnl_value v[FNL_FEED_HEARTBEAT_FIELD_COUNT] = {
		[FNL_FEED_HEARTBEAT_SOURCE] = feed_text(FNL_SPAN_LIT("bench")),
		[FNL_FEED_HEARTBEAT_OCCURRED_AT] = feed_number(begin_ms),
		[FNL_FEED_HEARTBEAT_CARRIES_CONTACTS] = feed_number(1),
	};
	if (f->bus->ops->describe_topic(f->bus, f->topic, &topic)) {
		return 1;
	}
	for (int32_t i = 0; i < topic.partition_count; i++) {
		feed_send(f, f->topic, &fnl_desc_feed_heartbeat, v, FNL_SPAN_LIT("bench"), i);
	}
	for (uint32_t i = 0; i < changes; i++) {
		uint32_t round = i / prospects;
		uint32_t prospect = mixed(i, prospects);
		bool overdue = prospect % 10 == 0;
		publish(f, &(struct change){prospect, round + 1, begin_ms + i, (int)(round % STAGES), NULL, overdue, 0, false});
		if (i % 4 == 3) {
			publish_contact(f, prospect, i, begin_ms + i);
		}
	}
	return f->bus->ops->publish_flush(f->bus, 120000) ? 1 : 0;
}

static int load_stale(struct feed *f, uint32_t prospects, int64_t days, int64_t at_ms)
{
	int64_t now_ms = feed_now(f);
	for (uint32_t i = 0; i < prospects; i++) {
		publish(f, &(struct change){i, 1, now_ms, 0, NULL, false, at_ms - days * DAY_MS, false});
	}
	return f->bus->ops->publish_flush(f->bus, 120000) ? 1 : 0;
}

enum { LAYER_CHANGES, LINES, STAGE_COUNT, ALERTS = STAGE_COUNT, TOPIC_COUNT };

struct samples {
	int32_t *at;
	size_t count;
};

/* The stalls of a first load's prospects, as they are told. */
struct drain {
	uint32_t prospects;
	int64_t at_ms;
	int64_t first_ms;
	int64_t last_ms;
	uint8_t *told; /* of each prospect */
	uint32_t count;
	uint32_t twice;
	volatile bool done;
};

struct reader {
	const struct fnl_options *options;
	volatile bool stop;
	volatile bool ready;
	int64_t from_ms; /* earlier ones are warm-up */
	struct samples samples[STAGE_COUNT];
	struct drain drain;
};

/* When what the record tells happened; INT64_MIN: it tells of nothing. */
static int64_t sent_at(size_t topic, const struct fnl_record *r)
{
	static const struct fnl_span line = {(const uint8_t *)"line|", 5};
	if (r->value.len < 5 || (topic == LINES && (r->key.len < line.len || memcmp(r->key.data, line.data, line.len)))) {
		return INT64_MIN;
	}
	struct fnl_reader body = fnl_reader_of(fnl_span_of(r->value.data + 5, r->value.len - 5));
	struct fnl_span prospect = fnl_read_string(&body); /* LayerChanged: prospect_id, sequence, occurred_at; */
	if (topic == LINES) {
		prospect = fnl_read_string(&body); /* Line: book, prospect_id, sequence, effective_at */
	}
	(void)fnl_read_long(&body);
	int64_t at_ms = fnl_read_long(&body);
	return body.bad || prospect.len == 0 || prospect.data[0] != 'P' ? INT64_MIN : at_ms;
}

static bool is_stalled(const struct fnl_record *r)
{
	for (size_t i = 0; i < r->header_count; i++) {
		if (fnl_span_eq(r->headers[i].name, FNL_SPAN_LIT("ce_type"))) {
			return fnl_span_eq(r->headers[i].value, FNL_SPAN_LIT("funnel.prospect.stalled.v1"));
		}
	}
	return false;
}

static void on_alert(struct drain *d, const struct fnl_record *r, int64_t now_ms)
{
	int64_t prospect;
	if (r->key.len < 2 || r->key.data[0] != 'S' || !is_stalled(r) ||
	    !fnl_parse_decimal(fnl_span_of(r->key.data + 1, r->key.len - 1), &prospect) || prospect < 0 ||
	    prospect >= d->prospects) {
		return;
	}
	d->first_ms = d->count ? d->first_ms : now_ms;
	d->last_ms = now_ms;
	d->twice += d->told[prospect];
	d->count += !d->told[prospect];
	d->told[prospect] = 1;
	d->done = d->count == d->prospects;
}

static int on_record(void *context, size_t topic, const struct fnl_record *r)
{
	struct reader *reader = context;
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	int64_t now_ms = t.tv_sec * 1000 + t.tv_nsec / 1000000;
	if (topic == ALERTS) {
		on_alert(&reader->drain, r, now_ms);
		return 0;
	}
	struct samples *s = &reader->samples[topic];
	int64_t sent_ms = sent_at(topic, r);
	bool late = reader->drain.done && sent_ms > reader->drain.last_ms;
	if (sent_ms >= reader->from_ms && !late && s->count < SAMPLES_MAX) {
		s->at[s->count++] = (int32_t)(now_ms - sent_ms);
	}
	return 0;
}

static void *read_thread(void *context)
{
	struct reader *r = context;
	struct feed f;
	feed_open(&f, r->options);
	const char *topics[TOPIC_COUNT] = {[LAYER_CHANGES] = fnl_app_topic(f.app, FNL_TOPIC_LAYER_CHANGES),
	                                   [LINES] = fnl_app_topic(f.app, FNL_TOPIC_REPS),
	                                   [ALERTS] = fnl_app_topic(f.app, FNL_TOPIC_ALERTS)};
	r->ready = true;
	(void)f.bus->ops->read(f.bus, topics, r->drain.prospects ? TOPIC_COUNT : STAGE_COUNT, false, false, &r->stop,
	                       on_record, r);
	feed_close(&f);
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
		publish(f, &(struct change){(uint32_t)(i % PACED_PROSPECTS), begin_ms + round, due_ms, round % 2 ? 3 : 0, rep,
		                            false, 0, false});
	}
	(void)f->bus->ops->publish_flush(f->bus, 30000);
}

struct pace {
	int64_t rate;
	int64_t seconds;
	int64_t warmup;
	const char *rep;
};

static void run(struct feed *f, struct reader *r, const struct pace *p)
{
	const struct fnl_clock *c = f->app->clock;
	while (!r->ready) {
		c->sleep_ms(c->context, 10);
	}
	c->sleep_ms(c->context, 2000);
	int64_t begin_ms = feed_now(f);
	r->from_ms = r->drain.prospects ? r->drain.at_ms : begin_ms + p->warmup * 1000;
	publish_paced(f, begin_ms, p->rate, p->seconds, p->rep);
	for (int64_t ms = 0; r->drain.prospects && !r->drain.done && ms < DRAIN_WAIT_MS; ms += 10) {
		c->sleep_ms(c->context, 10);
	}
	c->sleep_ms(c->context, 3000);
	r->stop = true;
}

static int paced(struct feed *f, struct reader *r, const struct pace *p)
{
	_Static_assert(FNL_LAYER_CHANGED_PROSPECT_ID == 0 && FNL_LAYER_CHANGED_SEQUENCE == 1 &&
	                   FNL_LAYER_CHANGED_OCCURRED_AT == 2,
	               "sent_at reads the first fields");
	_Static_assert(FNL_LINE_BOOK == 0 && FNL_LINE_PROSPECT_ID == 1 && FNL_LINE_SEQUENCE == 2 &&
	                   FNL_LINE_EFFECTIVE_AT == 3,
	               "sent_at reads the first fields");
	pthread_t thread;
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		r->samples[i].at = fnl_calloc(SAMPLES_MAX, sizeof(int32_t));
	}
	if (!r->samples[LAYER_CHANGES].at || !r->samples[LINES].at || pthread_create(&thread, NULL, read_thread, r) != 0) {
		return 1;
	}
	run(f, r, p);
	pthread_join(thread, NULL);
	int rc = print_samples(&r->samples[LAYER_CHANGES], "layer changes", p->rate);
	rc = print_samples(&r->samples[LINES], "reps' lines", p->rate) || rc;
	fnl_free(r->samples[LAYER_CHANGES].at);
	fnl_free(r->samples[LINES].at);
	return rc;
}

static int drain(struct feed *f, struct reader *r, const struct pace *p)
{
	struct drain *d = &r->drain;
	d->told = fnl_calloc(d->prospects, 1);
	int rc = d->told ? paced(f, r, p) : 1;
	int64_t took_ms = d->last_ms > d->first_ms ? d->last_ms - d->first_ms : 1;
	printf("{\"stalls\":%u,\"twice\":%u,\"per_second\":%lld,\"first_ms\":%lld,\"last_ms\":%lld}\n", d->count, d->twice,
	       (long long)(d->count * INT64_C(1000) / took_ms), (long long)(d->first_ms - d->at_ms),
	       (long long)(d->last_ms - d->at_ms));
	fnl_free(d->told);
	return rc;
}

static int usage(void)
{
	fprintf(stderr, "usage: bench_feed [--config FILE] load|again|watched CHANGES PROSPECTS | reference PROSPECTS |\n"
	                "       rep PROSPECTS REP |\n"
	                "       stale PROSPECTS DAYS AT | paced RATE SECONDS WARMUP [REP] |\n"
	                "       drain RATE SECONDS PROSPECTS AT | company LEAVERS PROSPECTS |\n"
	                "       departures LEAVERS PROSPECTS PACE | notice | reports FROM TO near|top|all ROUND |\n"
	                "       moves PROSPECTS | cells-load PROSPECTS |\n"
	                "       cells RATE SECONDS WARMUP PROSPECTS CONFLATION\n");
	return 2;
}

static int departure(struct feed *f, int count, char **a)
{
	if (count == 1 && strcmp(a[0], "notice") == 0) {
		return feed_notice(f);
	}
	if (count == 2 && strcmp(a[0], "moves") == 0) {
		return feed_moves(f, (uint32_t)atol(a[1]));
	}
	if (count == 5 && strcmp(a[0], "reports") == 0) {
		struct feed_some some = {.from = (uint32_t)atol(a[1]),
		                         .to = (uint32_t)atol(a[2]),
		                         .near = strcmp(a[3], "top") != 0,
		                         .top = strcmp(a[3], "near") != 0};
		return feed_reports(f, &some, a[4]);
	}
	return usage();
}

static int cells(struct feed *f, const struct fnl_options *options)
{
	char **a = options->rest;
	if (options->rest_count == 2 && strcmp(a[0], "cells-load") == 0) {
		return feed_cells_load(f, (uint32_t)atol(a[1]));
	}
	if (options->rest_count == 6 && strcmp(a[0], "cells") == 0) {
		struct feed_cells p = {atol(a[1]), atol(a[2]), atol(a[3]), (uint32_t)atol(a[4]), atol(a[5])};
		return p.rate > 0 && p.prospects > 0 ? feed_cells(f, options, &p) : usage();
	}
	return departure(f, options->rest_count, a);
}

static int command(struct feed *f, const struct fnl_options *options)
{
	struct reader r = {.options = options};
	char **a = options->rest;
	int count = options->rest_count;
	if (count == 3 && (strcmp(a[0], "load") == 0 || strcmp(a[0], "again") == 0)) {
		return load(f, (uint32_t)atol(a[1]), (uint32_t)atol(a[2]), strcmp(a[0], "again") == 0);
	}
	if (count == 3 && strcmp(a[0], "watched") == 0) {
		return load_watched(f, (uint32_t)atol(a[1]), (uint32_t)atol(a[2]));
	}
	if (count == 2 && strcmp(a[0], "reference") == 0) {
		return load_reference(f, (uint32_t)atol(a[1]));
	}
	if (count == 3 && strcmp(a[0], "rep") == 0) {
		return load_rep(f, (uint32_t)atol(a[1]), a[2]);
	}
	if (count == 4 && strcmp(a[0], "stale") == 0) {
		return load_stale(f, (uint32_t)atol(a[1]), atol(a[2]), atol(a[3]));
	}
	if (count >= 4 && strcmp(a[0], "paced") == 0) {
		struct pace p = {atol(a[1]), atol(a[2]), atol(a[3]), count > 4 ? a[4] : NULL};
		return paced(f, &r, &p);
	}
	if (count == 5 && strcmp(a[0], "drain") == 0) {
		struct pace p = {.rate = atol(a[1]), .seconds = atol(a[2])};
		r.drain = (struct drain){.prospects = (uint32_t)atol(a[3]), .at_ms = atol(a[4])};
		return drain(f, &r, &p);
	}
	if (count == 3 && strcmp(a[0], "company") == 0) {
		return feed_company(f, (uint32_t)atol(a[1]), (uint32_t)atol(a[2]));
	}
	if (count == 4 && strcmp(a[0], "departures") == 0) {
		return feed_departures(f, options, (uint32_t)atol(a[1]), (uint32_t)atol(a[2]), atol(a[3]));
	}
	return cells(f, options);
}

int main(int argc, char **argv)
{
	struct fnl_options options;
	struct fnl_error why = {0};
	if (fnl_options_parse(argc, argv, &options, &why)) {
		feed_die("options", &why);
	}
	struct feed f;
	feed_open(&f, &options);
	int rc = command(&f, &options);
	feed_close(&f);
	return rc;
}
