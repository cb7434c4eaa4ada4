/* The load under chaos: chaos_feed [--config FILE] [--set K=V] … RATE SEED RECORDS_MAX
 *
 * Publishes RATE records a second until SIGTERM (or RECORDS_MAX), all decided by SEED: changes of some hundred
 * prospects, late, repeated and malformed ones among them, contacts, deletions, merges, erasures, gaps, rules. Event
 * time goes on by some minutes a record, so that timers fire. Prints how many were acknowledged. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "app.h"
#include "gen.h"
#include "options.h"
#include "oracle.h"
#include "prospect_world.h"
#include "signals.h"

enum { PROSPECTS = 300, KEPT = 256, KEPT_BYTES_MAX = 4096, ID_BYTES_MAX = 32, FLUSH_MS = 120000 };

struct prospect {
	char id[ID_BYTES_MAX];
	unsigned life; /* an erased one never comes back: another does, under another name */
	int64_t version;
};

struct kept {
	uint8_t bytes[KEPT_BYTES_MAX];
	size_t key_len;
	size_t value_len;
};

struct feed {
	struct fnl_app *app;
	struct fnl_bus *bus;
	struct fnl_codec *codec;
	struct fnl_arena arena;
	struct fnl_gen gen;
	const char *topic;
	int32_t partitions;
	int64_t time_ms; /* of the events, since FNL_T0 */
	uint64_t count;
	uint64_t gaps;
	uint64_t contacts;
	struct prospect prospects[PROSPECTS];
	struct kept kept[KEPT];
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "chaos_feed: %s: %s\n", what, why);
	exit(1);
}

static size_t below(struct feed *f, size_t n)
{
	return fnl_gen_below(&f->gen, n);
}

static void send(struct feed *f, int32_t partition, struct fnl_span key, struct fnl_span value)
{
	char id[40];
	size_t headers = 0;
	struct fnl_header header;
	if (fnl_gen_one_in(&f->gen, 8)) {
		int n = snprintf(id, sizeof(id), "event-%" PRIu64, f->count);
		header = (struct fnl_header){FNL_SPAN_LIT("ce_id"), fnl_span_of(id, (size_t)n)};
		headers = 1;
	}
	if (f->bus->ops->publish(f->bus, f->topic, partition, key, value, &header, headers) != 0) {
		die("cannot publish", f->bus->ops->explain(f->bus));
	}
	f->count++;
}

static struct fnl_span encode(struct feed *f, const struct fnl_input *in)
{
	struct fnl_span value;
	if (f->codec->ops->encode(f->codec, in->desc, in->v, &f->arena, &value)) {
		die("cannot encode", in->desc->name);
	}
	return value;
}

static void send_input(struct feed *f, const struct fnl_input *in, struct fnl_span key)
{
	struct fnl_span value = encode(f, in);
	struct kept *k = &f->kept[f->count % KEPT];
	if (key.len + value.len <= KEPT_BYTES_MAX) {
		memcpy(k->bytes, key.data, key.len);
		memcpy(k->bytes + key.len, value.data, value.len);
		k->key_len = key.len;
		k->value_len = value.len;
	}
	send(f, -1, key, value);
}

static void broadcast(struct feed *f, const struct fnl_input *in)
{
	struct fnl_span value = encode(f, in);
	for (int32_t p = 0; p < f->partitions; p++) {
		send(f, p, FNL_SPAN_LIT("crm"), value);
	}
}

/* ---- records ---- */

/* Versions grow by two; a late change has the one that was left out. */
static int64_t version_of(struct feed *f, struct prospect *p)
{
	if (p->version > 4 && fnl_gen_one_in(&f->gen, 10)) {
		return p->version - 1 - 2 * (int64_t)below(f, 2);
	}
	return p->version += 2;
}

static int64_t at(struct feed *f)
{
	return f->time_ms - (fnl_gen_one_in(&f->gen, 12) ? (int64_t)below(f, 5 * 86400000) : 0);
}

static struct fnl_input changed(struct feed *f, struct prospect *p)
{
	static const char *const stages[] = {"Prospecting",    "Qualification", "Value Proposition", "Negotiation/Review",
	                                     "Needs Analysis", "Visit",         "Nobody Knows"};
	static const char *const reps[] = {"R1", "R2", "R3"};
	struct fnl_input in = fnl_input_changed(version_of(f, p), at(f));
	fnl_input_str(&in, FNL_PROSPECT_CHANGED_PROSPECT_ID, p->id);
	if (!fnl_gen_one_in(&f->gen, 5)) {
		fnl_input_str(&in, FNL_PROSPECT_CHANGED_STAGE, stages[below(f, fnl_gen_one_in(&f->gen, 4) ? 7 : 5)]);
	}
	if (fnl_gen_one_in(&f->gen, 3)) {
		fnl_input_money(&in, FNL_PROSPECT_CHANGED_AMOUNT, (int64_t)below(f, 10000000),
		                fnl_gen_one_in(&f->gen, 3) ? "EUR" : "USD");
	}
	if (fnl_gen_one_in(&f->gen, 6)) {
		fnl_input_i64(&in, FNL_PROSPECT_CHANGED_PROBABILITY_BP, (int64_t)below(f, 10001));
	}
	if (fnl_gen_one_in(&f->gen, 6)) {
		fnl_input_i64(&in, FNL_PROSPECT_CHANGED_STATUS, (int64_t)below(f, 3));
	}
	fnl_input_str(&in, FNL_PROSPECT_CHANGED_OWNER_REP_ID, reps[below(f, 3)]);
	fnl_input_i64(&in, FNL_PROSPECT_CHANGED_FULL, fnl_gen_one_in(&f->gen, 4));
	fnl_input_i64(&in, FNL_PROSPECT_CHANGED_SNAPSHOT, fnl_gen_one_in(&f->gen, 8));
	return in;
}

static struct fnl_input life(struct feed *f, struct prospect *p, const struct fnl_record_desc *desc)
{
	struct fnl_input in = fnl_input_life(desc, version_of(f, p), at(f));
	fnl_input_str(&in, fnl_record_field_index(desc, FNL_SPAN_LIT("prospect_id")), p->id);
	if (desc == &fnl_desc_prospect_merged) {
		fnl_input_str(&in, fnl_record_field_index(desc, FNL_SPAN_LIT("survivor_id")), "survivor");
	}
	return in;
}

static void name(struct prospect *p, size_t number)
{
	snprintf(p->id, sizeof(p->id), "P%04zu-%u", number, p->life++);
	p->version = 0;
}

static void of_prospect(struct feed *f, size_t number)
{
	static const struct fnl_record_desc *const lives[] = {&fnl_desc_prospect_deleted, &fnl_desc_prospect_restored,
	                                                      &fnl_desc_prospect_merged};
	struct prospect *p = &f->prospects[number];
	struct fnl_input in;
	size_t kind = below(f, 200);
	char text[40];
	struct fnl_span key = fnl_span_str(p->id);
	if (kind < 2) {
		in = life(f, p, &fnl_desc_prospect_erased);
		send_input(f, &in, key);
		name(p, number);
		return;
	}
	if (kind < 22) {
		in = life(f, p, lives[below(f, 3)]);
	} else if (kind < 25) {
		snprintf(text, sizeof(text), "gap-%" PRIu64, f->gaps++);
		in = fnl_input_gap(text, p->id, at(f));
	} else if (kind < 50) {
		snprintf(text, sizeof(text), "contact-%" PRIu64, f->contacts++ - below(f, 4));
		int64_t contact_ms = at(f);
		in = fnl_input_contact(text, contact_ms, below(f, 2), contact_ms + 1000);
		fnl_input_str(&in, FNL_CONTACT_LOGGED_PROSPECT_ID, p->id);
	} else {
		in = changed(f, p);
	}
	send_input(f, &in, key);
}

static void for_all(struct feed *f)
{
	char text[40];
	struct fnl_input in = fnl_input_heartbeat(f->time_ms);
	if (fnl_gen_one_in(&f->gen, 4)) {
		snprintf(text, sizeof(text), "feed-gap-%" PRIu64, f->gaps++);
		in = fnl_input_gap(text, NULL, f->time_ms);
	} else if (fnl_gen_one_in(&f->gen, 3)) {
		const struct oracle_rules_text *rules = oracle_rules_known(below(f, 2));
		in = (struct fnl_input){.desc = &fnl_desc_rules_activated};
		fnl_input_str(&in, FNL_RULES_ACTIVATED_SOURCE, "rules");
		fnl_input_i64(&in, FNL_RULES_ACTIVATED_OCCURRED_AT, FNL_T0 + f->time_ms);
		fnl_input_i64(&in, FNL_RULES_ACTIVATED_RULES_VERSION, rules->version);
		fnl_input_str(&in, FNL_RULES_ACTIVATED_RULES_HASH, rules->hash);
		fnl_input_str(&in, FNL_RULES_ACTIVATED_RULES_TEXT, rules->text);
	}
	broadcast(f, &in);
}

static void malformed(struct feed *f)
{
	struct prospect *p = &f->prospects[below(f, PROSPECTS)];
	struct fnl_input in = changed(f, p);
	struct fnl_span value = encode(f, &in);
	struct fnl_span key = fnl_span_str(p->id);
	switch (below(f, 4)) {
	case 0:
		value.len = below(f, value.len);
		break;
	case 1:
		key = FNL_SPAN_LIT("somebody else");
		break;
	case 2:
		value = FNL_SPAN_NONE;
		break;
	default:
		fnl_input_i64(&in, FNL_PROSPECT_CHANGED_OCCURRED_AT, INT64_MAX);
		value = encode(f, &in);
		break;
	}
	send(f, -1, key, value);
}

static void one(struct feed *f)
{
	size_t kind = below(f, 400);
	fnl_arena_reset(&f->arena);
	f->time_ms += (int64_t)below(f, 20 * 60000);
	if (kind == 0) {
		for_all(f);
	} else if (kind < 12) {
		malformed(f);
	} else if (kind < 40) { /* once more, as it was */
		const struct kept *k = &f->kept[below(f, KEPT)];
		if (k->value_len) {
			send(f, -1, fnl_span_of(k->bytes, k->key_len), fnl_span_of(k->bytes + k->key_len, k->value_len));
		}
	} else {
		of_prospect(f, below(f, PROSPECTS));
	}
}

/* ---- */

static void feed_open(struct feed *f, const struct fnl_options *options)
{
	struct fnl_error why = {0};
	if (fnl_app_open(&options->app, &f->app, &why) || fnl_app_bus(f->app, &f->bus, &why) ||
	    fnl_app_codec(f->app, &f->codec, &why) ||
	    fnl_app_partitions(f->app, FNL_TOPIC_PROSPECT_CHANGES, &f->partitions, &why)) {
		die("cannot start", why.text);
	}
	fnl_arena_init(&f->arena, 1 << 20);
	f->topic = fnl_app_topic(f->app, FNL_TOPIC_PROSPECT_CHANGES);
	for (size_t i = 0; i < PROSPECTS; i++) {
		name(&f->prospects[i], i);
	}
	fnl_signals_install();
}

static void pace(struct feed *f, uint64_t rate, uint64_t records_max)
{
	const struct fnl_clock *c = f->app->clock;
	int64_t begin_ms = c->monotonic_ms(c->context);
	for (uint64_t i = 0; i < records_max && !*fnl_stop_flag(); i++) {
		while (c->monotonic_ms(c->context) - begin_ms < (int64_t)(i * 1000 / rate) && !*fnl_stop_flag()) {
			c->sleep_ms(c->context, 5);
		}
		one(f);
	}
}

int main(int argc, char **argv)
{
	static struct feed f;
	struct fnl_options options;
	struct fnl_error why = {0};
	if (fnl_options_parse(argc, argv, &options, &why)) {
		die("options", why.text);
	}
	if (options.rest_count != 3 || atol(options.rest[0]) < 1) {
		die("usage", "chaos_feed [--config FILE] RATE SEED RECORDS_MAX");
	}
	f.gen.state = strtoull(options.rest[1], NULL, 10);
	feed_open(&f, &options);
	pace(&f, strtoull(options.rest[0], NULL, 10), strtoull(options.rest[2], NULL, 10));
	if (f.bus->ops->publish_flush(f.bus, FLUSH_MS) != 0) {
		die("not acknowledged", f.bus->ops->explain(f.bus));
	}
	printf("%" PRIu64 "\n", f.count);
	fnl_arena_deinit(&f.arena);
	fnl_app_close(f.app);
	return 0;
}
