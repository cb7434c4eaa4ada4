/* A run's records: which, when, in what order. */
#include "workload_org.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "funneld/adapters/avro.h"
#include "funneld/adapters/registry.h"
#include "workload_org_internal.h"

#define MS_PER_DAY INT64_C(86400000)

enum { ARENA_BYTES = 64 << 20 };

struct workload_org *workload_org_open(const char *schema_directory)
{
	struct fnl_error why;
	struct workload_org *w = calloc(1, sizeof(*w));
	if (!w || fnl_registry_file_open(schema_directory, &w->registry, &why) != 0 ||
	    fnl_codec_avro_open(w->registry, &w->codec, &why) != 0) {
		fprintf(stderr, "no schemas in %s: %s\n", schema_directory, why.text);
		abort();
	}
	fnl_arena_init(&w->arena, ARENA_BYTES);
	return w;
}

void workload_org_close(struct workload_org *w)
{
	if (w) {
		fnl_arena_deinit(&w->arena);
		w->codec->ops->close(w->codec);
		w->registry->ops->close(w->registry);
		free(w);
	}
}

const char *org_text(struct workload_org *w, const char *fmt, ...)
{
	char text[256];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	struct fnl_span copy = fnl_arena_dup(&w->arena, fnl_span_of(text, strlen(text) + 1));
	return (const char *)copy.data;
}

struct fnl_span org_encode(struct workload_org *w, const struct fnl_input *in)
{
	struct fnl_span value;
	int rc = w->codec->ops->encode(w->codec, in->desc, in->v, &w->arena, &value);
	if (rc) {
		fprintf(stderr, "the workload made a %s that cannot be encoded: %d\n", in->desc->name, rc);
		abort();
	}
	return value;
}

static void pass_time(struct workload_org *w)
{
	size_t kind = org_below(w, w->territorial ? 12 : 40); /* proposals expire in days */
	if (kind == 0) {
		w->time_ms += (int64_t)org_below(w, 60) * MS_PER_DAY;
	} else if (kind < 25) {
		w->time_ms += (int64_t)org_below(w, 90000);
	} else if (kind < 35) {
		w->time_ms += (int64_t)org_below(w, 3);
	}
}

static void send(struct workload_org *w, const struct org_record *r)
{
	int32_t from = r->broadcast ? 0 : r->partition;
	int32_t to = r->broadcast ? w->partition_count - 1 : r->partition;
	for (int32_t p = from; p <= to; p++) {
		if (w->bus->ops->publish(w->bus, w->topic, p, r->key, r->value, r->headers, r->header_count) != 0) {
			fprintf(stderr, "the workload cannot publish: %s\n", w->bus->ops->explain(w->bus));
			abort();
		}
	}
}

static void add_header(struct org_record *r, const char *name, const char *value)
{
	r->headers[r->header_count++] = (struct fnl_header){fnl_span_str(name), fnl_span_str(value)};
}

static void add_headers(struct workload_org *w, struct org_record *r)
{
	static const char *const ids[] = {"", "with space", "\xc3\xa9"}; /* not passed on */
	const char *names[] = {"ce_causationid", "ce_id"};
	for (size_t i = 0; i < 2; i++) {
		if (!org_one_in(w, 4)) {
			bool odd = org_one_in(w, 12);
			add_header(r, names[i], odd ? ids[org_below(w, 3)] : org_text(w, "event-%zu-%zu", w->sent_count, i));
		}
	}
	if (org_one_in(w, 3)) {
		add_header(r, "ce_correlationid", org_text(w, "corr-%zu", org_below(w, 5)));
	}
	if (org_one_in(w, 8)) {
		add_header(r, "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
	}
}

void org_send_new(struct workload_org *w, struct org_record *r, size_t at)
{
	if (w->sent_count == ORG_LOAD_SENT) {
		return;
	}
	add_headers(w, r);
	struct org_record *kept = &w->sent[w->sent_count++];
	*kept = *r;
	if (org_one_in(w, 12)) {
		kept->held_until = at + 1 + org_below(w, 15);
	} else {
		send(w, kept);
	}
}

static void send_held(struct workload_org *w, size_t until)
{
	for (size_t i = 0; i < w->sent_count; i++) {
		if (w->sent[i].held_until && w->sent[i].held_until <= until) {
			send(w, &w->sent[i]);
			w->sent[i].held_until = 0;
		}
	}
}

static void begin(struct workload_org *w, uint64_t seed, int64_t start_ms)
{
	fnl_arena_reset(&w->arena);
	w->gen = (struct fnl_gen){seed};
	w->upstream_count = 1 + (int32_t)org_below(w, ORG_LOAD_UPSTREAM);
	w->mood = (enum org_mood)org_below(w, ORG_MOOD_COUNT);
	w->org_count = w->mood == ORG_MOOD_ONE_REP ? 1 : 1 + org_below(w, ORG_LOAD_ORGS);
	w->filled = w->mood == ORG_MOOD_ONE_REP || org_one_in(w, 2);
	w->rep_count = org_one_in(w, 3) ? 1 + org_below(w, 4) : 5 + org_below(w, ORG_LOAD_REPS - 4);
	w->rep_count = w->mood == ORG_MOOD_ONE_REP ? ORG_LOAD_REPS : w->rep_count;
	struct fnl_gen apart = {seed ^ UINT64_C(0xd1342543de82ef95)}; /* so that other seeds do what they did */
	w->territorial = w->mood != ORG_MOOD_ONE_REP && fnl_gen_one_in(&apart, 3);
	if (w->territorial) {
		w->org_count = 1;
		w->rep_count = w->rep_count > 7 ? 7 : w->rep_count;
		w->filled = true;
	}
	w->start_ms = start_ms;
	w->time_ms = start_ms - (int64_t)org_below(w, 3000);
	w->sent_count = w->requests = 0;
	memset(w->sequences, 0, sizeof(w->sequences));
	memset(w->outcomes, 0, sizeof(w->outcomes));
	memset(w->cells, 0, sizeof(w->cells));
	memset(w->years, 0, sizeof(w->years));
	memset(w->proposals, 0, sizeof(w->proposals));
	w->commands = 0;
}

void workload_org_publish(struct workload_org *w, struct fnl_bus *bus, const char *topic, int32_t partition_count,
                          uint64_t seed, size_t records, int64_t start_ms)
{
	w->bus = bus;
	w->topic = topic;
	w->partition_count = partition_count;
	begin(w, seed, start_ms);
	bool timed = org_one_in(w, 2);
	for (size_t i = 0; i < records; i++) {
		send_held(w, i);
		if (i == 0 && timed) {
			org_make_times(w, i);
		} else if (i == 1 && w->filled) {
			org_make_reps(w, i);
		} else if (i == 2 && w->territorial) {
			org_make_territorial_rules(w, i);
		} else if (w->sent_count && org_one_in(w, 14)) {
			send(w, &w->sent[org_below(w, w->sent_count)]);
		} else if (org_one_in(w, 14)) {
			org_make_malformed(w, i);
		} else {
			org_make(w, i);
		}
		pass_time(w);
	}
	send_held(w, SIZE_MAX);
	if (bus->ops->publish_flush(bus, 30000) != 0) {
		fprintf(stderr, "the workload's records were not acknowledged: %s\n", bus->ops->explain(bus));
		abort();
	}
}
