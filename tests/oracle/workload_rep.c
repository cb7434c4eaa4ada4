/* A run's records: which, when, in what order. */
#include "workload_rep.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "funneld/adapters/avro.h"
#include "funneld/adapters/registry.h"
#include "workload_rep_internal.h"

#define MS_PER_HOUR INT64_C(3600000)
#define MS_PER_DAY (24 * MS_PER_HOUR)

enum { ARENA_BYTES = 64 << 20 };

struct workload_rep *workload_rep_open(const char *schema_directory)
{
	struct fnl_error why;
	struct workload_rep *w = calloc(1, sizeof(*w));
	if (!w || fnl_registry_file_open(schema_directory, &w->registry, &why) != 0 ||
	    fnl_codec_avro_open(w->registry, &w->codec, &why) != 0) {
		fprintf(stderr, "no schemas in %s: %s\n", schema_directory, why.text);
		abort();
	}
	fnl_arena_init(&w->arena, ARENA_BYTES);
	return w;
}

void workload_rep_close(struct workload_rep *w)
{
	if (w) {
		fnl_arena_deinit(&w->arena);
		w->codec->ops->close(w->codec);
		w->registry->ops->close(w->registry);
		free(w);
	}
}

const char *rep_text(struct workload_rep *w, const char *fmt, ...)
{
	char text[256];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	struct fnl_span copy = fnl_arena_dup(&w->arena, fnl_span_of(text, strlen(text) + 1));
	return (const char *)copy.data;
}

/* Some begin with others: a page of one book must not have another's lines. */
const char *rep_load_rep(struct workload_rep *w, size_t at)
{
	static const char *const ids[] = {"r1", "r10", "r", "R1", "\xe6\xbc\x8f-6", "r 1", "UNASSIGNED", "pool:UNASSIGNED"};
	return at < sizeof(ids) / sizeof(ids[0]) ? ids[at] : rep_text(w, "rep-%zu", at);
}

const char *rep_load_prospect(struct workload_rep *w, size_t at)
{
	static const char *const ids[] = {"p1", "p10", "deal:4711", "\xe6\xbc\x8f\xe6\x96\x97", "p", "P1", "p 7", "2024"};
	return at < sizeof(ids) / sizeof(ids[0]) ? ids[at] : rep_text(w, "deal-%zu", at);
}

const char *rep_load_book(struct workload_rep *w, size_t rep)
{
	return rep == REP_LOAD_REPS ? "pool:UNASSIGNED" : rep_text(w, "rep:%s", rep_load_rep(w, rep));
}

struct fnl_span rep_encode(struct workload_rep *w, const struct fnl_input *in)
{
	struct fnl_span value;
	int rc = w->codec->ops->encode(w->codec, in->desc, in->v, &w->arena, &value);
	if (rc) {
		fprintf(stderr, "the workload made a %s that cannot be encoded: %d\n", in->desc->name, rc);
		abort();
	}
	return value;
}

static void pass_time(struct workload_rep *w)
{
	size_t kind = rep_below(w, 40);
	if (kind == 0) {
		w->time_ms += (int64_t)rep_below(w, 60) * MS_PER_DAY;
	} else if (kind < 8) {
		w->time_ms += (int64_t)rep_below(w, 12 * (size_t)MS_PER_HOUR);
	} else if (kind < 25) {
		w->time_ms += (int64_t)rep_below(w, 90000);
	} else if (kind < 35) {
		w->time_ms += (int64_t)rep_below(w, 3);
	}
}

static void send(struct workload_rep *w, const struct rep_record *r)
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

static void add_header(struct rep_record *r, const char *name, const char *value)
{
	r->headers[r->header_count++] = (struct fnl_header){fnl_span_str(name), fnl_span_str(value)};
}

static void add_headers(struct workload_rep *w, struct rep_record *r)
{
	static const char *const ids[] = {"", "with space", "\xc3\xa9"}; /* not passed on */
	const char *names[] = {"ce_id", "ce_causationid"};
	for (size_t i = 0; i < 2; i++) {
		if (!rep_one_in(w, 5)) {
			bool odd = rep_one_in(w, 12);
			add_header(r, names[i], odd ? ids[rep_below(w, 3)] : rep_text(w, "event-%zu-%zu", w->sent_count, i));
		}
	}
	if (rep_one_in(w, 3)) {
		add_header(r, "ce_correlationid", rep_text(w, "corr-%zu", rep_below(w, 5)));
	}
	if (rep_one_in(w, 8)) {
		add_header(r, "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
	}
}

void rep_send_new(struct workload_rep *w, struct rep_record *r, size_t at)
{
	if (w->sent_count == REP_LOAD_SENT) {
		return;
	}
	add_headers(w, r);
	struct rep_record *kept = &w->sent[w->sent_count++];
	*kept = *r;
	if (rep_one_in(w, 12)) {
		kept->held_until = at + 1 + rep_below(w, 15);
	} else {
		send(w, kept);
	}
}

void rep_send_again(struct workload_rep *w)
{
	if (w->sent_count && !w->sent[w->sent_count - 1].held_until) {
		send(w, &w->sent[w->sent_count - 1]);
	}
}

static void send_held(struct workload_rep *w, size_t until)
{
	for (size_t i = 0; i < w->sent_count; i++) {
		if (w->sent[i].held_until && w->sent[i].held_until <= until) {
			send(w, &w->sent[i]);
			w->sent[i].held_until = 0;
		}
	}
}

static void begin(struct workload_rep *w, uint64_t seed, int64_t start_ms)
{
	static const size_t reps[REP_MOOD_COUNT] = {3, 2, REP_LOAD_REPS, 4};
	fnl_arena_reset(&w->arena);
	w->gen = (struct fnl_gen){seed};
	w->side = (struct fnl_gen){seed ^ UINT64_C(0x7261746573)};
	w->moving = (struct fnl_gen){seed ^ UINT64_C(0x6d6f766573)};
	w->again = (struct fnl_gen){seed ^ UINT64_C(0x616761696e)};
	w->owned_count = w->proposal_count = 0;
	w->upstream_count = 1 + (int32_t)rep_below(w, REP_LOAD_UPSTREAM);
	w->mood = rep_one_in(w, 2) ? REP_MOOD_FEW_BOOKS : (enum rep_mood)rep_below(w, REP_MOOD_COUNT);
	w->rep_count = w->mood == REP_MOOD_FEW_BOOKS ? 1 + rep_below(w, 8) : reps[w->mood];
	w->prospect_count = 1 + rep_below(w, 16);
	w->start_ms = start_ms;
	w->time_ms = start_ms - (int64_t)rep_below(w, 3000);
	w->sent_count = w->run_count = 0;
	w->as_of_ms = 0;
	w->late_left = 0;
	w->filled = false;
	w->stalling = !rep_one_in(w, 6);
	memset(w->levels, -1, sizeof(w->levels));
	memset(w->since_ms, 0, sizeof(w->since_ms));
	memset(w->asked, 0, sizeof(w->asked));
	memset(w->sequences, 0, sizeof(w->sequences));
	memset(w->versions, 0, sizeof(w->versions));
	memset(w->notices, 0, sizeof(w->notices));
	w->commands = w->departure_step = 0;
	struct fnl_gen apart = {seed ^ UINT64_C(0x9e3779b97f4a7c15)}; /* so that other seeds do what they did */
	if (fnl_gen_one_in(&apart, 3)) {
		w->mood = REP_MOOD_DEPARTURES;
		w->rep_count = 2 + fnl_gen_below(&apart, 4);
		w->prospect_count = 1 + fnl_gen_below(&apart, 14);
	}
	for (size_t i = 0; i < REP_LOAD_PROSPECTS; i++) {
		w->owners[i] = rep_one_in(w, 8) ? REP_LOAD_REPS : rep_below(w, w->rep_count);
	}
}

void workload_rep_publish(struct workload_rep *w, struct fnl_bus *bus, const char *topic, int32_t partition_count,
                          uint64_t seed, size_t records, int64_t start_ms)
{
	w->bus = bus;
	w->topic = topic;
	w->partition_count = partition_count;
	begin(w, seed, start_ms);
	for (size_t i = 0; i < records; i++) {
		send_held(w, i);
		if (w->sent_count && rep_one_in(w, 14)) {
			send(w, &w->sent[rep_below(w, w->sent_count)]);
		} else if (rep_one_in(w, 12)) {
			rep_make_malformed(w, i);
		} else if (w->mood == REP_MOOD_DEPARTURES && !rep_one_in(w, 5)) {
			rep_make_departure(w, i);
		} else {
			rep_make(w, i);
		}
		rep_send_moves(w, i);
		pass_time(w);
	}
	send_held(w, SIZE_MAX);
	if (bus->ops->publish_flush(bus, 30000) != 0) {
		fprintf(stderr, "the workload's records were not acknowledged: %s\n", bus->ops->explain(bus));
		abort();
	}
}
