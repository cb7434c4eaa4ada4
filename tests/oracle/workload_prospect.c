/* A run's records: which, when, in what order. */
#include "workload_prospect.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "funneld/adapters/avro.h"
#include "funneld/adapters/registry.h"
#include "oracle.h"
#include "workload_internal.h"

#define MS_PER_HOUR INT64_C(3600000)
#define MS_PER_DAY (24 * MS_PER_HOUR)

enum { ARENA_BYTES = 64 << 20 };

struct workload_prospect *workload_prospect_open(const char *schema_directory)
{
	struct fnl_error why;
	struct workload_prospect *w = calloc(1, sizeof(*w));
	if (!w || fnl_registry_file_open(schema_directory, &w->registry, &why) != 0 ||
	    fnl_codec_avro_open(w->registry, &w->codec, &why) != 0) {
		fprintf(stderr, "no schemas in %s: %s\n", schema_directory, why.text);
		abort();
	}
	fnl_arena_init(&w->arena, ARENA_BYTES);
	return w;
}

void workload_prospect_close(struct workload_prospect *w)
{
	if (w) {
		fnl_arena_deinit(&w->arena);
		w->codec->ops->close(w->codec);
		w->registry->ops->close(w->registry);
		free(w);
	}
}

const char *workload_text(struct workload_prospect *w, const char *fmt, ...)
{
	char text[256];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	struct fnl_span copy = fnl_arena_dup(&w->arena, fnl_span_of(text, strlen(text) + 1));
	return (const char *)copy.data;
}

const char *workload_prospect_id(size_t at)
{
	static const char *const ids[WORKLOAD_PROSPECTS_MAX] = {
		"p1", "p2", "p3", "deal:4711", "p5", "\xe6\xbc\x8f\xe6\x96\x97-6", "p 7", "p8", "A", "a", "rules", "clock"};
	return ids[at];
}

const char *workload_source(struct workload_prospect *w)
{
	static const char *const sources[WORKLOAD_SOURCES] = {"crm", "erp", "web-shop"};
	return workload_one_in(w, 5) ? sources[workload_below(w, WORKLOAD_SOURCES)] : sources[0];
}

int64_t workload_day(struct workload_prospect *w)
{
	return w->time_ms / MS_PER_DAY - 20 + (int64_t)workload_below(w, workload_one_in(w, 3) ? 200 : 40);
}

int64_t workload_occurred_at(struct workload_prospect *w)
{
	switch (workload_below(w, 12)) {
	case 0:
		return w->time_ms - (int64_t)workload_below(w, 100) * MS_PER_DAY;
	case 1:
	case 2:
		return w->time_ms - (int64_t)workload_below(w, 48) * MS_PER_HOUR;
	case 3:
		return w->time_ms + (int64_t)workload_below(w, 3) * MS_PER_HOUR;
	default:
		return w->time_ms;
	}
}

/* Grows, with holes that are filled later: late changes. A version is one change: seldom it is not. */
int64_t workload_version(struct workload_prospect *w, size_t prospect)
{
	int64_t *next = &w->versions[prospect];
	bool *used = w->versions_used[prospect];
	size_t kind = workload_below(w, 20);
	if (kind < 4 && *next > 0) {
		int64_t older = 1 + (int64_t)workload_below(w, (size_t)*next);
		if (older >= WORKLOAD_VERSIONS_MAX || !used[older] || workload_one_in(w, 20)) {
			used[older % WORKLOAD_VERSIONS_MAX] = true;
			return older;
		}
	}
	*next += kind < 8 ? 5 : 1;
	used[*next % WORKLOAD_VERSIONS_MAX] = true;
	return *next;
}

struct fnl_input workload_input(struct workload_prospect *w, const struct fnl_record_desc *desc)
{
	/* source and occurred_at come first in every input; the rest of this maker's values are set by the caller */
	struct fnl_input in = desc == &fnl_desc_prospect_changed ? fnl_input_changed(1, 0) : fnl_input_heartbeat(0);
	if (desc != in.desc) {
		in = (struct fnl_input){.desc = desc};
	}
	fnl_input_str(&in, FNL_PROSPECT_CHANGED_SOURCE, workload_source(w));
	fnl_input_i64(&in, FNL_PROSPECT_CHANGED_OCCURRED_AT, workload_occurred_at(w));
	return in;
}

struct fnl_span workload_encode(struct workload_prospect *w, const struct fnl_input *in)
{
	struct fnl_span value;
	int rc = w->codec->ops->encode(w->codec, in->desc, in->v, &w->arena, &value);
	if (rc) {
		fprintf(stderr, "the workload made a %s that cannot be encoded: %d\n", in->desc->name, rc);
		abort();
	}
	return value;
}

static void pass_time(struct workload_prospect *w)
{
	size_t kind = workload_below(w, 40);
	if (w->mood == WORKLOAD_MANY_LIVES) { /* what was deleted has to go, all at once, and now and then at this moment */
		static const int64_t days[] = {1, 3, 30, 90, 95};
		w->time_ms = w->time_ms / MS_PER_DAY * MS_PER_DAY;
		w->time_ms += kind < 5 ? days[workload_below(w, 5)] * MS_PER_DAY : 0;
	} else if (w->mood == WORKLOAD_MANY_OWNERS && kind < 4) { /* a former owner's time, to the day or about */
		static const int64_t days[] = {400, 400, 399, 200};
		w->time_ms += days[kind] * MS_PER_DAY;
	} else if (w->mood == WORKLOAD_MANY_STALLS && kind < 12) { /* thresholds pass, to the day or about */
		static const int64_t days[] = {1, 1, 2, 3, 5, 7, 10, 14, 30, 45, 90, 180};
		w->time_ms += days[kind] * MS_PER_DAY - (workload_one_in(w, 3) ? 0 : (int64_t)workload_below(w, MS_PER_HOUR));
	} else if (w->mood == WORKLOAD_MANY_FEEDS && kind < 20) { /* a feed falls silent, or is noted again, or nearly */
		static const int64_t sixteenths[] = {1, 1, 16, 17};
		int64_t limit_ms = kind < 10 ? MS_PER_HOUR / 2 : MS_PER_DAY;
		w->time_ms += limit_ms / 16 * sixteenths[kind % 4] - (int64_t)workload_below(w, 2);
	} else if (kind == 0) {
		w->time_ms += (int64_t)workload_below(w, 60) * MS_PER_DAY;
	} else if (kind < 25) {
		w->time_ms += (int64_t)workload_below(w, 12 * (size_t)MS_PER_HOUR);
	} else if (kind < 35) {
		w->time_ms += (int64_t)workload_below(w, 3);
	}
}

static void send(struct workload_prospect *w, struct fnl_bus *bus, const char *topic, const struct workload_record *r)
{
	int32_t from = r->broadcast ? 0 : r->partition;
	int32_t to = r->broadcast ? w->partition_count - 1 : r->partition;
	for (int32_t p = from; p <= to; p++) {
		if (bus->ops->publish(bus, topic, p, r->key, r->value, r->headers, r->header_count) != 0) {
			fprintf(stderr, "the workload cannot publish: %s\n", bus->ops->explain(bus));
			abort();
		}
	}
}

static void add_header(struct workload_record *r, const char *name, const char *value)
{
	r->headers[r->header_count++] = (struct fnl_header){fnl_span_str(name), fnl_span_str(value)};
}

static void add_headers(struct workload_prospect *w, struct workload_record *r)
{
	static const char *const ids[] = {"", "with space", "\xc3\xa9"}; /* not passed on */
	if (workload_one_in(w, 6)) {
		add_header(r, "ce_id",
		           workload_one_in(w, 3) ? ids[workload_below(w, 3)] : workload_text(w, "event-%zu", w->sent_count));
	}
	if (workload_one_in(w, 10)) {
		add_header(r, "ce_correlationid", "corr-1");
	}
	if (workload_one_in(w, 10)) {
		add_header(r, "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
	}
}

/* Makes one, or takes one that went before; sends it, or keeps it for later. */
static void one_record(struct workload_prospect *w, struct fnl_bus *bus, const char *topic, size_t at)
{
	if (w->sent_count && workload_one_in(w, 12)) {
		send(w, bus, topic, &w->sent[workload_below(w, w->sent_count)]);
		return;
	}
	struct workload_record *r = &w->sent[w->sent_count];
	*r = (struct workload_record){.partition = -1};
	add_headers(w, r);
	if (workload_one_in(w, 10)) {
		workload_make_malformed(w, r);
	} else {
		workload_make(w, r);
	}
	w->sent_count++;
	if (workload_one_in(w, 8)) {
		r->held_until = at + 1 + workload_below(w, 20);
	} else {
		send(w, bus, topic, r);
	}
}

static void send_held(struct workload_prospect *w, struct fnl_bus *bus, const char *topic, size_t until)
{
	for (size_t i = 0; i < w->sent_count; i++) {
		if (w->sent[i].held_until && w->sent[i].held_until <= until) {
			send(w, bus, topic, &w->sent[i]);
			w->sent[i].held_until = 0;
		}
	}
}

static void choose_rules(struct workload_prospect *w)
{
	size_t count = 0;
	while (oracle_rules_known(count)) {
		count++;
	}
	w->rules_first = w->mood == WORKLOAD_MANY_STALLS ? 2 : workload_below(w, count - WORKLOAD_RULES_MAX + 1);
}

void workload_prospect_publish(struct workload_prospect *w, struct fnl_bus *bus, const char *topic,
                               int32_t partition_count, uint64_t seed, size_t records)
{
	fnl_arena_reset(&w->arena);
	w->gen = (struct fnl_gen){seed};
	w->partition_count = partition_count;
	w->prospect_count = 1 + workload_below(w, WORKLOAD_PROSPECTS_MAX);
	w->time_ms = FNL_T0 + (int64_t)workload_below(w, 1000000);
	w->sent_count = 0;
	w->gap_count = 0;
	w->gap_time_ms = 0;
	w->rules_at = 0;
	w->mood = (enum workload_mood)workload_below(w, WORKLOAD_MOOD_COUNT);
	choose_rules(w);
	memset(w->versions, 0, sizeof(w->versions));
	memset(w->versions_used, 0, sizeof(w->versions_used));
	memset(w->images, 0, sizeof(w->images));
	for (size_t i = 0; i < records && w->sent_count < WORKLOAD_SENT_MAX; i++) {
		send_held(w, bus, topic, i);
		one_record(w, bus, topic, i);
		pass_time(w);
	}
	send_held(w, bus, topic, SIZE_MAX);
	if (bus->ops->publish_flush(bus, 30000) != 0) {
		fprintf(stderr, "the workload's records were not acknowledged: %s\n", bus->ops->explain(bus));
		abort();
	}
}
