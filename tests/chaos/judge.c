/* What chaos left, judged from the real topics, read_committed:
 *
 *   chaos_judge [--config FILE] [--set K=V] … watch
 *   chaos_judge [--config FILE] [--set K=V] … check WATCHED FAULTS
 *
 * watch: every output, and every row of the rep stage, when it becomes visible, a line each, until SIGTERM.
 * check: what watch saw is what is there now; outputs and rows of each stage are the oracle's fold of its input; and
 * how long it took from each kill until the partitions of the killed one went on: the next layer change, or row of the
 * rep stage. A line of FAULTS that begins with "kill" is "kill KIND MS_SINCE_THE_EPOCH STAGE:PARTITION…". */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <librdkafka/rdkafka.h>

#include "judge.h"
#include "options.h"
#include "signals.h"

enum { CALL_MS = 10000, OPEN_WAIT_MS = 60000 };
enum { WATCHED_WAIT_MS = 60000, LINE_BYTES_MAX = 4096, KINDS_MAX = 16, KIND_BYTES_MAX = 64, SAMPLES_MAX = 4096 };

void judge_die(const char *what, const char *why)
{
	fprintf(stderr, "chaos_judge: %s: %s\n", what, why);
	exit(1);
}

void *judge_grown(void *at, size_t count, size_t *room, size_t size)
{
	if (count < *room) {
		return at;
	}
	*room = *room ? *room * 2 : 1024;
	at = realloc(at, *room * size);
	if (!at) {
		judge_die("no memory", "");
	}
	return at;
}

static uint64_t digest_of(const struct fnl_record *r)
{
	uint64_t digest = fnl_span_hash(r->key) * 31 + fnl_span_hash(r->value);
	for (size_t i = 0; i < r->header_count; i++) {
		digest = digest * 31 + fnl_span_hash(r->headers[i].name);
		digest = digest * 31 + fnl_span_hash(r->headers[i].value);
	}
	return digest;
}

/* ---- watch ---- */

static int print_one(void *context, size_t topic, const struct fnl_record *r)
{
	const struct fnl_clock *c = ((struct judge *)context)->app->clock;
	printf("%" PRId64 " %zu %" PRId32 " %" PRId64 " %" PRId64 " %016" PRIx64 "\n", c->wall_ms(c->context), topic,
	       r->partition, r->offset, r->timestamp_ms, digest_of(r));
	return 0;
}

static void watch(struct judge *j)
{
	fnl_signals_install();
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (j->bus->ops->read(j->bus, j->topics, PILE_WATCHED, true, false, fnl_stop_flag(), print_one, j) != 0) {
		judge_die("watching", j->bus->ops->explain(j->bus));
	}
}

/* ---- what is there ---- */

static struct fnl_span copy(struct judge *j, struct fnl_span s)
{
	struct fnl_span c = fnl_arena_dup(&j->arena, s);
	if (s.data && !c.data) {
		judge_die("no memory", "for the topics' records");
	}
	return c;
}

static int keep(void *context, size_t topic, const struct fnl_record *r)
{
	struct judge *j = context;
	struct pile *p = &j->piles[topic];
	p->at = judge_grown(p->at, p->count, &p->room, sizeof(*p->at));
	struct fnl_record *to = &p->at[p->count++];
	struct fnl_header *headers = fnl_arena_calloc(&j->arena, r->header_count + 1, sizeof(*headers));
	if (!headers) {
		judge_die("no memory", "for the topics' records");
	}
	*to = *r;
	to->key = copy(j, r->key);
	to->value = copy(j, r->value);
	to->headers = headers;
	for (size_t i = 0; i < r->header_count; i++) {
		headers[i] = (struct fnl_header){copy(j, r->headers[i].name), copy(j, r->headers[i].value)};
	}
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct fnl_record *x = a, *y = b;
	if (x->partition != y->partition) {
		return x->partition < y->partition ? -1 : 1;
	}
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int by_key(const void *a, const void *b)
{
	const struct fnl_record *x = a, *y = b;
	if (x->partition != y->partition) {
		return x->partition < y->partition ? -1 : 1;
	}
	int c = fnl_span_cmp(x->key, y->key);
	return c ? c : x->offset < y->offset ? -1 : x->offset > y->offset;
}

static void read_all(struct judge *j)
{
	if (j->bus->ops->read(j->bus, j->topics, PILE_COUNT, true, true, NULL, keep, j) != 0) {
		judge_die("reading", j->bus->ops->explain(j->bus));
	}
	for (size_t i = 0; i < PILE_COUNT; i++) {
		if (j->piles[i].count) {
			bool rows = i == PILE_ROWS || i == PILE_REP_ROWS;
			qsort(j->piles[i].at, j->piles[i].count, sizeof(*j->piles[i].at), rows ? by_key : by_place);
		}
	}
}

/* ---- what was seen meanwhile ---- */

static void read_watched(struct judge *j, const char *path)
{
	char line[LINE_BYTES_MAX];
	FILE *f = fopen(path, "r");
	if (!f) {
		judge_die("cannot open", path);
	}
	j->watched_count = j->output_count = 0;
	while (fgets(line, sizeof(line), f)) {
		struct watched w;
		if (!strchr(line, '\n') ||
		    sscanf(line, "%" SCNd64 " %zu %" SCNd32 " %" SCNd64 " %" SCNd64 " %" SCNx64, &w.arrival_ms, &w.topic,
		           &w.partition, &w.offset, &w.timestamp_ms, &w.digest) != 6 ||
		    w.topic >= PILE_WATCHED) {
			continue; /* its last line may be half written */
		}
		j->output_count += w.topic < PILE_OUTPUTS;
		j->watched = judge_grown(j->watched, j->watched_count, &j->watched_room, sizeof(*j->watched));
		j->watched[j->watched_count++] = w;
	}
	fclose(f);
}

static int by_where(const void *a, const void *b)
{
	const struct watched *x = a, *y = b;
	if (x->topic != y->topic) {
		return x->topic < y->topic ? -1 : 1;
	}
	if (x->partition != y->partition) {
		return x->partition < y->partition ? -1 : 1;
	}
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* What was visible once stays as it was, in its order; nothing comes in between afterwards. */
static void check_watched(struct judge *j, const char *path)
{
	const struct fnl_clock *c = j->app->clock;
	int64_t end_ms = c->monotonic_ms(c->context) + WATCHED_WAIT_MS;
	size_t expected = 0, at = 0;
	char why[200];
	for (size_t i = 0; i < PILE_OUTPUTS; i++) {
		expected += j->piles[i].count;
	}
	for (read_watched(j, path); j->output_count < expected && c->monotonic_ms(c->context) < end_ms;
	     read_watched(j, path)) {
		c->sleep_ms(c->context, 200);
	}
	struct watched *sorted = calloc(j->watched_count + 1, sizeof(*sorted));
	int64_t last[PILE_WATCHED][1024] = {0};
	for (size_t i = 0; i < j->watched_count; i++) { /* in the order of their coming */
		const struct watched *w = &j->watched[i];
		if (w->partition < 0 || w->partition >= 1024 || w->offset < last[w->topic][w->partition]) {
			snprintf(why, sizeof(why), "%s partition %" PRId32 " offset %" PRId64, j->topics[w->topic], w->partition,
			         w->offset);
			judge_die("the concurrent reader saw a record twice, or out of order", why);
		}
		last[w->topic][w->partition] = w->offset + 1;
		sorted[i] = *w;
	}
	qsort(sorted, j->watched_count, sizeof(*sorted), by_where);
	for (size_t i = 0; i < PILE_OUTPUTS; i++) {
		for (size_t k = 0; k < j->piles[i].count; k++, at++) {
			const struct fnl_record *r = &j->piles[i].at[k];
			const struct watched *w = at < j->watched_count ? &sorted[at] : NULL;
			if (!w || w->topic != i || w->partition != r->partition || w->offset != r->offset ||
			    w->digest != digest_of(r)) {
				snprintf(why, sizeof(why), "%s partition %" PRId32 " offset %" PRId64 " (%zu seen, %zu there)",
				         j->topics[i], r->partition, r->offset, j->output_count, expected);
				judge_die("the concurrent reader saw something else than what is there now, at", why);
			}
		}
	}
	if (j->output_count != expected) {
		judge_die("the concurrent reader saw", "more than is there now");
	}
	free(sorted);
	printf("the concurrent reader saw the same %zu records, each once, in the same order\n", expected);
}

/* ---- nothing is left open ---- */

static rd_kafka_t *asker(const struct judge *j, const char *isolation)
{
	char why[300];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	const char *servers = fnl_settings_string(j->app->settings, "kafka.bootstrap.servers");
	if (rd_kafka_conf_set(conf, "bootstrap.servers", servers, why, sizeof(why)) ||
	    rd_kafka_conf_set(conf, "isolation.level", isolation, why, sizeof(why))) {
		judge_die("asking for ends", why);
	}
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
	if (!rk) {
		judge_die("asking for ends", why);
	}
	return rk;
}

static int64_t end_of(rd_kafka_t *rk, const char *topic, int32_t partition)
{
	int64_t low = -1, high = -1;
	rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(rk, topic, partition, &low, &high, CALL_MS);
	if (err) {
		judge_die("asking for the end of", rd_kafka_err2str(err));
	}
	return high;
}

/* An open transaction holds up the last stable offset. A timed out one may have to be given up by the broker first. */
static void check_open(const struct judge *j)
{
	const struct fnl_clock *c = j->app->clock;
	int64_t end_ms = c->monotonic_ms(c->context) + OPEN_WAIT_MS;
	rd_kafka_t *stable = asker(j, "read_committed"), *all = asker(j, "read_uncommitted");
	for (size_t i = 0; i < PILE_COUNT; i++) {
		struct fnl_topic_info info;
		if (j->bus->ops->describe_topic(j->bus, j->topics[i], &info)) {
			judge_die("asking for", j->topics[i]);
		}
		for (int32_t p = 0; p < info.partition_count; p++) {
			while (end_of(stable, j->topics[i], p) != end_of(all, j->topics[i], p)) {
				if (c->monotonic_ms(c->context) > end_ms) {
					judge_die("a transaction stays open in", j->topics[i]);
				}
				c->sleep_ms(c->context, 200);
			}
		}
	}
	rd_kafka_destroy(stable);
	rd_kafka_destroy(all);
	printf("no transaction is left open\n");
}

/* ---- how long it took ---- */

struct kind {
	char name[KIND_BYTES_MAX];
	size_t kills;
	int64_t since_ms; /* of the latest one */
	int64_t samples[SAMPLES_MAX];
	size_t count;
};

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

/* From the kill to the coming of the first layer change, or row of the rep stage, that was produced after it; -1: none
 * came. With clock = event each batch of the rep stage writes a row. */
static int64_t until_output(const struct judge *j, size_t topic, int32_t partition, int64_t since_ms)
{
	for (size_t i = 0; i < j->watched_count; i++) {
		const struct watched *w = &j->watched[i];
		if (w->topic == topic && w->partition == partition && w->timestamp_ms > since_ms) {
			return w->arrival_ms - since_ms;
		}
	}
	return -1;
}

static struct kind *kind_of(struct kind *kinds, const char *name)
{
	size_t i = 0;
	while (i < KINDS_MAX - 1 && kinds[i].name[0] && strcmp(kinds[i].name, name) != 0) {
		i++;
	}
	snprintf(kinds[i].name, sizeof(kinds[i].name), "%s", name);
	return &kinds[i];
}

/* A partition that was killed's: a sample of its stage's kind, "taken-over, prospect". */
static void add_sample(const struct judge *j, struct kind *kinds, const char *kind, const char *stage,
                       int32_t partition, int64_t since_ms)
{
	char name[KIND_BYTES_MAX];
	snprintf(name, sizeof(name), "%s, %s", kind, stage);
	struct kind *k = kind_of(kinds, name);
	size_t topic = strcmp(stage, "rep") == 0 ? (size_t)PILE_REP_ROWS : (size_t)ORACLE_LAYER_CHANGES;
	int64_t ms = until_output(j, topic, partition, since_ms);
	k->kills += k->since_ms != since_ms;
	k->since_ms = since_ms;
	if (ms >= 0 && k->count < SAMPLES_MAX) {
		k->samples[k->count++] = ms;
	}
}

static void measure(const struct judge *j, const char *path)
{
	static struct kind kinds[KINDS_MAX];
	char line[LINE_BYTES_MAX], name[32], stage[16];
	FILE *f = fopen(path, "r");
	if (!f) {
		judge_die("cannot open", path);
	}
	while (fgets(line, sizeof(line), f)) {
		int64_t since_ms;
		int32_t p;
		int at = 0, n = 0;
		if (sscanf(line, "kill %31s %" SCNd64 "%n", name, &since_ms, &at) != 2) {
			continue;
		}
		for (; sscanf(line + at, " %15[a-z]:%" SCNd32 "%n", stage, &p, &n) == 2; at += n) {
			add_sample(j, kinds, name, stage, p, since_ms);
		}
	}
	fclose(f);
	for (struct kind *k = kinds; k->name[0]; k++) {
		if (k->count) {
			qsort(k->samples, k->count, sizeof(k->samples[0]), by_value);
			printf("from kill -9 to the first output of its partitions, %s: min %" PRId64 " ms, median %" PRId64
			       " ms, max %" PRId64 " ms (%zu kills, %zu partitions)\n",
			       k->name, k->samples[0], k->samples[k->count / 2], k->samples[k->count - 1], k->kills, k->count);
		}
	}
}

/* ---- */

static void judge_open(struct judge *j, const struct fnl_options *options)
{
	static const enum fnl_topic topics[PILE_COUNT] = {
		[ORACLE_LAYER_CHANGES] = FNL_TOPIC_LAYER_CHANGES,
		[ORACLE_ALERTS] = FNL_TOPIC_ALERTS,
		[ORACLE_DEAD_LETTERS] = FNL_TOPIC_DEAD_LETTERS,
		[ORACLE_REP_INPUTS] = FNL_TOPIC_REP_INPUTS,
		[PILE_QUOTAS] = FNL_TOPIC_QUOTAS,
		[PILE_REJECTIONS] = FNL_TOPIC_REJECTIONS,
		[PILE_INSPECTIONS] = FNL_TOPIC_INSPECTIONS,
		[PILE_HANDOVERS] = FNL_TOPIC_HANDOVERS,
		[PILE_REVIEWS] = FNL_TOPIC_REVIEWS,
		[PILE_REASSIGNMENTS] = FNL_TOPIC_REASSIGNMENTS,
		[PILE_ORG_INPUTS] = FNL_TOPIC_ORG_INPUTS,
		[PILE_DIRECTORY] = FNL_TOPIC_REP_DIRECTORY,
		[PILE_REP_ROWS] = FNL_TOPIC_REPS,
		[PILE_ROWS] = FNL_TOPIC_PROSPECTS,
		[PILE_CHANGES] = FNL_TOPIC_PROSPECT_CHANGES,
		[PILE_REP_CHANGES] = FNL_TOPIC_REP_CHANGES,
		[PILE_COMMANDS] = FNL_TOPIC_COMMANDS,
	};
	struct fnl_error why = {0};
	if (fnl_app_open(&options->app, &j->app, &why) || fnl_app_bus(j->app, &j->bus, &why)) {
		judge_die("cannot start", why.text);
	}
	for (size_t i = 0; i < PILE_COUNT; i++) {
		j->topics[i] = fnl_app_topic(j->app, topics[i]);
	}
	fnl_arena_init(&j->arena, (size_t)2 << 30);
}

int main(int argc, char **argv)
{
	static struct judge j;
	struct fnl_options options;
	struct fnl_error why = {0};
	if (fnl_options_parse(argc, argv, &options, &why)) {
		judge_die("options", why.text);
	}
	judge_open(&j, &options);
	if (options.rest_count == 1 && strcmp(options.rest[0], "watch") == 0) {
		watch(&j);
	} else if (options.rest_count == 3 && strcmp(options.rest[0], "check") == 0) {
		check_open(&j);
		read_all(&j);
		check_watched(&j, options.rest[1]);
		judge_stages(&j);
		measure(&j, options.rest[2]);
	} else {
		judge_die("usage", "chaos_judge [--config FILE] watch | check WATCHED FAULTS");
	}
	fnl_arena_deinit(&j.arena);
	fnl_app_close(j.app);
	return 0;
}
