/* The load under chaos: chaos_feed [--config FILE] [--set K=V] … RATE SEED RECORDS_MAX
 *
 * Publishes RATE records a second until SIGTERM (or RECORDS_MAX), all decided by SEED: changes of some hundred
 * prospects that move among some reps, late, repeated and malformed ones among them, contacts, deletions, merges,
 * erasures, gaps; what HR says of the reps; departures, from the notice to the last report; quota runs, and such as are
 * to be refused; rules for both stages. Event time goes on by some minutes a record, so that timers fire. Prints how
 * many were acknowledged. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "feed.h"
#include "options.h"
#include "oracle_rep.h"
#include "signals.h"

enum { FLUSH_MS = 120000, YEARS = 7 };
/* Versions of a rep, so that no two reps have the same: a handover's name may have one. */
enum { VERSIONS = 1000000 };

static void die(const char *what, const char *why)
{
	fprintf(stderr, "chaos_feed: %s: %s\n", what, why);
	exit(1);
}

size_t feed_below(struct feed *f, size_t n)
{
	return fnl_gen_below(&f->gen, n);
}

bool feed_one_in(struct feed *f, size_t n)
{
	return fnl_gen_one_in(&f->gen, n);
}

static void send(struct feed *f, enum where to, int32_t partition, struct fnl_span key, struct fnl_span value)
{
	char id[40];
	size_t headers = 0;
	struct fnl_header header;
	if (feed_one_in(f, 8)) {
		int n = snprintf(id, sizeof(id), "event-%" PRIu64, f->count);
		header = (struct fnl_header){FNL_SPAN_LIT("ce_id"), fnl_span_of(id, (size_t)n)};
		headers = 1;
	}
	if (f->bus->ops->publish(f->bus, f->topics[to], partition, key, value, &header, headers) != 0) {
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

void feed_send_input(struct feed *f, enum where to, const struct fnl_input *in, struct fnl_span key)
{
	struct fnl_span value = encode(f, in);
	struct kept *k = &f->kept[f->count % KEPT];
	if (key.len + value.len <= KEPT_BYTES_MAX) {
		memcpy(k->bytes, key.data, key.len);
		memcpy(k->bytes + key.len, value.data, value.len);
		k->where = to;
		k->key_len = key.len;
		k->value_len = value.len;
	}
	send(f, to, -1, key, value);
}

static void broadcast(struct feed *f, enum where to, const struct fnl_input *in)
{
	struct fnl_span value = encode(f, in);
	for (int32_t p = 0; p < f->partitions[to]; p++) {
		send(f, to, p, FNL_SPAN_LIT("crm"), value);
	}
}

/* ---- records ---- */

/* Versions grow by two; a late change has the one that was left out. */
static int64_t version_of(struct feed *f, struct prospect *p)
{
	if (p->version > 4 && feed_one_in(f, 10)) {
		return p->version - 1 - 2 * (int64_t)feed_below(f, 2);
	}
	return p->version += 2;
}

int64_t feed_at(struct feed *f)
{
	return f->time_ms - (feed_one_in(f, 12) ? (int64_t)feed_below(f, 5 * (size_t)DAY_MS) : 0);
}

const char *feed_rep_id(size_t rep)
{
	static const char *const ids[REPS] = {"R1",  "R2",  "R3",  "R4",  "R5",  "R6",  "R7",  "R8",  "R9",  "R10",
	                                      "R11", "R12", "R13", "R14", "R15", "R16", "R17", "R18", "R19", "R20"};
	return rep < REPS ? ids[rep] : NULL;
}

/* The first one has more than a page of them. */
static size_t some_rep(struct feed *f)
{
	if (feed_one_in(f, 2)) {
		return 0;
	}
	return feed_below(f, feed_one_in(f, 4) ? REPS : BUSY_REPS);
}

int64_t feed_day(int64_t time_ms)
{
	return (FNL_T0 + time_ms) / DAY_MS;
}

static struct fnl_input changed(struct feed *f, struct prospect *p)
{
	static const char *const stages[] = {"Prospecting",    "Qualification", "Value Proposition", "Negotiation/Review",
	                                     "Needs Analysis", "Visit",         "Nobody Knows"};
	struct fnl_input in = fnl_input_changed(version_of(f, p), feed_at(f));
	fnl_input_str(&in, FNL_PROSPECT_CHANGED_PROSPECT_ID, p->id);
	if (!feed_one_in(f, 5)) {
		fnl_input_str(&in, FNL_PROSPECT_CHANGED_STAGE, stages[feed_below(f, feed_one_in(f, 4) ? 7 : 5)]);
	}
	if (feed_one_in(f, 3)) {
		fnl_input_money(&in, FNL_PROSPECT_CHANGED_AMOUNT, (int64_t)feed_below(f, 10000000),
		                feed_one_in(f, 3) ? "EUR" : "USD");
	}
	if (feed_one_in(f, 6)) {
		fnl_input_i64(&in, FNL_PROSPECT_CHANGED_PROBABILITY_BP, (int64_t)feed_below(f, 10001));
	}
	if (feed_one_in(f, 6)) {
		fnl_input_i64(&in, FNL_PROSPECT_CHANGED_STATUS, (int64_t)feed_below(f, 3));
	}
	if (feed_one_in(f, 2)) {
		int64_t ahead = (int64_t)feed_below(f, YEARS * 365) - 60;
		fnl_input_i64(&in, FNL_PROSPECT_CHANGED_EXPECTED_CLOSE_DATE, feed_day(f->time_ms) + ahead);
	}
	if (feed_one_in(f, 6)) {
		p->owner = feed_one_in(f, 12) ? REPS : some_rep(f);
	}
	if (p->owner < REPS) {
		fnl_input_str(&in, FNL_PROSPECT_CHANGED_OWNER_REP_ID, feed_rep_id(p->owner));
	}
	fnl_input_i64(&in, FNL_PROSPECT_CHANGED_FULL, feed_one_in(f, 4));
	fnl_input_i64(&in, FNL_PROSPECT_CHANGED_SNAPSHOT, feed_one_in(f, 8));
	feed_persons(f, p, &in);
	return in;
}

void feed_change(struct feed *f, struct prospect *p)
{
	struct fnl_input in = changed(f, p);
	feed_send_input(f, CHANGES, &in, fnl_span_str(p->id));
}

static struct fnl_input life(struct feed *f, struct prospect *p, const struct fnl_record_desc *desc)
{
	struct fnl_input in = fnl_input_life(desc, version_of(f, p), feed_at(f));
	fnl_input_str(&in, fnl_record_field_index(desc, FNL_SPAN_LIT("prospect_id")), p->id);
	if (desc == &fnl_desc_prospect_merged) {
		fnl_input_str(&in, fnl_record_field_index(desc, FNL_SPAN_LIT("survivor_id")), "survivor");
	}
	return in;
}

static void name(struct feed *f, size_t number)
{
	struct prospect *p = &f->prospects[number];
	snprintf(p->id, sizeof(p->id), "P%04zu-%u", number, p->life++);
	p->version = 0;
	p->owner = some_rep(f);
}

static void of_prospect(struct feed *f, size_t number)
{
	static const struct fnl_record_desc *const lives[] = {&fnl_desc_prospect_deleted, &fnl_desc_prospect_restored,
	                                                      &fnl_desc_prospect_merged};
	struct prospect *p = &f->prospects[number];
	struct fnl_input in;
	size_t kind = feed_below(f, 200);
	char text[40];
	struct fnl_span key = fnl_span_str(p->id);
	if (kind < 2) {
		in = life(f, p, &fnl_desc_prospect_erased);
		feed_send_input(f, CHANGES, &in, key);
		name(f, number);
		return;
	}
	if (kind < 22) {
		in = life(f, p, lives[feed_below(f, 3)]);
	} else if (kind < 25) {
		snprintf(text, sizeof(text), "gap-%" PRIu64, f->gaps++);
		in = fnl_input_gap(text, p->id, feed_at(f));
	} else if (kind < 50) {
		snprintf(text, sizeof(text), "contact-%" PRIu64, f->contacts++ - feed_below(f, 4));
		int64_t contact_ms = feed_at(f);
		in = fnl_input_contact(text, contact_ms, feed_below(f, 2), contact_ms + 1000);
		fnl_input_str(&in, FNL_CONTACT_LOGGED_PROSPECT_ID, p->id);
	} else {
		in = changed(f, p);
	}
	feed_send_input(f, CHANGES, &in, key);
}

/* Each stage gets what its oracle knows by heart, older ones once more among them. */
static void rules(struct feed *f, enum where to)
{
	size_t *count = &f->rules_activated[to == REP_INPUTS];
	size_t at = feed_one_in(f, 4) && *count ? feed_below(f, *count) : (*count)++ / 2;
	const struct oracle_rules_text *(*const known)(size_t) =
		to == REP_INPUTS ? oracle_rep_rules_known : oracle_rules_known;
	const struct oracle_rules_text *text = known(at);
	if (!text) {
		return;
	}
	struct fnl_input in = fnl_input_of(&fnl_desc_rules_activated, f->time_ms);
	fnl_input_str(&in, FNL_RULES_ACTIVATED_SOURCE, "rules");
	fnl_input_i64(&in, FNL_RULES_ACTIVATED_RULES_VERSION, text->version);
	fnl_input_str(&in, FNL_RULES_ACTIVATED_RULES_HASH, text->hash);
	fnl_input_str(&in, FNL_RULES_ACTIVATED_RULES_TEXT, text->text);
	broadcast(f, to, &in);
}

static void for_all(struct feed *f)
{
	char text[40];
	struct fnl_input in = fnl_input_heartbeat(f->time_ms);
	switch (feed_below(f, 8)) {
	case 0:
	case 1:
		snprintf(text, sizeof(text), "feed-gap-%" PRIu64, f->gaps++);
		in = fnl_input_gap(text, NULL, f->time_ms);
		broadcast(f, CHANGES, &in);
		break;
	case 2:
	case 3:
		rules(f, CHANGES);
		break;
	case 4:
	case 5:
	case 6:
		rules(f, REP_INPUTS);
		break;
	default:
		fnl_input_i64(&in, FNL_FEED_HEARTBEAT_CARRIES_CONTACTS, !feed_one_in(f, 5));
		broadcast(f, CHANGES, &in);
		break;
	}
}

/* ---- what HR says ---- */

void feed_hr_version(struct feed *f, struct fnl_input *in, size_t rep)
{
	int64_t *version = &f->reps[rep].version;
	*version += 2;
	bool late = *version % VERSIONS > 4 && feed_one_in(f, 5);
	fnl_input_str(in, fnl_record_field_index(in->desc, FNL_SPAN_LIT("rep_id")), feed_rep_id(rep));
	fnl_input_i64(in, fnl_record_field_index(in->desc, FNL_SPAN_LIT("version")), late ? *version - 3 : *version);
}

static struct fnl_input rep_changed(struct feed *f, size_t rep)
{
	static const char *const orgs[] = {"east", "west"};
	struct fnl_input in = fnl_input_of(&fnl_desc_rep_changed, feed_at(f));
	struct leaver *of = &f->reps[rep];
	fnl_input_str(&in, FNL_REP_CHANGED_SOURCE, "hr");
	feed_hr_version(f, &in, rep);
	fnl_input_i64(&in, FNL_REP_CHANGED_ACTIVE, !feed_one_in(f, 12));
	/* most stay where they are */
	fnl_input_str(&in, FNL_REP_CHANGED_ORG_ID, orgs[feed_one_in(f, 12) ? feed_below(f, 2) : rep % 2]);
	of->manager = feed_one_in(f, 4) ? (size_t)REPS : feed_one_in(f, 4) ? feed_below(f, REPS) : (rep + 7) % REPS;
	if (of->manager < REPS) {
		fnl_input_str(&in, FNL_REP_CHANGED_MANAGER_ID, feed_rep_id(of->manager));
	}
	if (!feed_one_in(f, 4)) {
		fnl_input_i64(&in, FNL_REP_CHANGED_CAPACITY_PROSPECTS, feed_one_in(f, 4) ? 20 : 400);
	}
	if (of->notices && feed_one_in(f, 3)) { /* he is back, or will be */
		fnl_input_i64(&in, FNL_REP_CHANGED_EMPLOYED_FROM, of->last_day + 1 + (int64_t)feed_below(f, 40));
	}
	return in;
}

/* Nothing more is heard of him, so he is none of the busy ones. */
static struct fnl_input rep_erased(struct feed *f, size_t rep)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_rep_erased, feed_at(f));
	fnl_input_str(&in, FNL_REP_ERASED_SOURCE, "hr");
	feed_hr_version(f, &in, rep);
	return in;
}

static void of_rep(struct feed *f)
{
	size_t rep = f->count < REPS ? (size_t)f->count : feed_below(f, REPS);
	bool erased = rep > 2 * BUSY_REPS && feed_one_in(f, 100);
	struct fnl_input in = erased ? rep_erased(f, rep) : rep_changed(f, rep);
	feed_send_input(f, HR, &in, fnl_span_str(feed_rep_id(rep)));
}

/* ---- quota runs ---- */

/* The calendar year of a day; near enough for a run. */
static int64_t year_of(int64_t time_ms)
{
	return 1970 + feed_day(time_ms) * 100 / 36525;
}

static struct fnl_input open_year(struct feed *f, const char *org, char run[ID_BYTES_MAX], char command[ID_BYTES_MAX])
{
	struct fnl_input in = fnl_input_of(&fnl_desc_open_quota_year, f->time_ms);
	int64_t as_of = FNL_T0 + f->time_ms + (int64_t)feed_below(f, 2 * (size_t)DAY_MS);
	/* one in six takes the run's id, one in six the command's id of the one before */
	snprintf(run, ID_BYTES_MAX, "run-%" PRIu64, f->runs + !feed_one_in(f, 6));
	snprintf(command, ID_BYTES_MAX, "command-%" PRIu64, f->runs + !feed_one_in(f, 6));
	f->runs++;
	fnl_input_str(&in, FNL_OPEN_QUOTA_YEAR_COMMAND_ID, command);
	fnl_input_str(&in, FNL_OPEN_QUOTA_YEAR_ISSUED_BY, "chief");
	bool too_soon = feed_one_in(f, 10);
	fnl_input_i64(&in, FNL_OPEN_QUOTA_YEAR_ISSUED_AT, too_soon ? as_of + 1 : FNL_T0 + f->time_ms);
	fnl_input_i64(&in, FNL_OPEN_QUOTA_YEAR_AS_OF, as_of);
	fnl_input_str(&in, FNL_OPEN_QUOTA_YEAR_ORG_ID, org);
	fnl_input_i64(&in, FNL_OPEN_QUOTA_YEAR_FISCAL_YEAR, year_of(f->time_ms) + (int64_t)feed_below(f, YEARS));
	fnl_input_str(&in, FNL_OPEN_QUOTA_YEAR_RUN_ID, run);
	fnl_input_str(&in, FNL_OPEN_QUOTA_YEAR_BASE_CURRENCY, feed_one_in(f, 4) ? "EUR" : "USD");
	return in;
}

static void of_command(struct feed *f)
{
	static const char *const orgs[] = {"east", "west"};
	char run[ID_BYTES_MAX], command[ID_BYTES_MAX];
	const char *org = orgs[feed_below(f, 2)];
	struct fnl_value some[3];
	struct fnl_input in = open_year(f, org, run, command);
	/* seldom for all of the organisation (0): then nothing is left of the year but to refuse it */
	size_t n = feed_one_in(f, 6) ? 0 : 1 + feed_below(f, 3);
	for (size_t i = 0; i < n; i++) {
		some[i] = (struct fnl_value){.set = true, .str = fnl_span_str(feed_rep_id(some_rep(f)))};
	}
	in.v[FNL_OPEN_QUOTA_YEAR_REP_IDS] = (struct fnl_value){.set = true, .list = {some, n}};
	feed_send_input(f, COMMANDS, &in, fnl_span_str(org));
}

/* ---- what cannot be processed ---- */

/* A record that the router takes for one, and the rep stage does not, is among them. */
static void malformed(struct feed *f)
{
	struct prospect *p = &f->prospects[feed_below(f, PROSPECTS)];
	size_t rep = feed_below(f, REPS);
	enum where to = feed_one_in(f, 3) ? HR : CHANGES;
	struct fnl_input in = to == HR ? rep_changed(f, rep) : changed(f, p);
	struct fnl_span key = fnl_span_str(to == HR ? feed_rep_id(rep) : p->id);
	struct fnl_span value = encode(f, &in);
	switch (feed_below(f, 5)) {
	case 0:
		value.len = feed_below(f, value.len);
		break;
	case 1:
		key = FNL_SPAN_LIT("somebody else");
		break;
	case 2:
		value = FNL_SPAN_NONE;
		break;
	case 3: /* of another topic */
		to = feed_one_in(f, 2) ? COMMANDS : HR;
		in = fnl_input_heartbeat(f->time_ms);
		value = encode(f, &in);
		break;
	default:
		fnl_input_i64(&in, FNL_PROSPECT_CHANGED_OCCURRED_AT, INT64_MAX);
		value = encode(f, &in);
		break;
	}
	send(f, to, -1, key, value);
}

static void one(struct feed *f)
{
	size_t kind = feed_below(f, 400);
	fnl_arena_reset(&f->arena);
	f->time_ms += (int64_t)feed_below(f, 20 * 60000);
	if (f->count < REPS) { /* first of all, who is who */
		of_rep(f);
	} else if (f->count < REPS + PROSPECTS) {
		feed_change(f, &f->prospects[f->count - REPS]);
	} else if (kind == 0) {
		for_all(f);
	} else if (kind < 12) {
		malformed(f);
	} else if (kind < 40) { /* once more, as it was */
		const struct kept *k = &f->kept[feed_below(f, KEPT)];
		if (k->value_len) {
			send(f, k->where, -1, fnl_span_of(k->bytes, k->key_len), fnl_span_of(k->bytes + k->key_len, k->value_len));
		}
	} else if (kind < 50) {
		of_rep(f);
	} else if (kind < 52) {
		of_command(f);
	} else if (kind < 60) {
		feed_departure(f);
	} else {
		of_prospect(f, feed_below(f, feed_one_in(f, 12) ? PROSPECTS : LIVELY));
	}
}

/* ---- */

static void feed_open(struct feed *f, const struct fnl_options *options)
{
	static const enum fnl_topic topics[WHERE_COUNT] = {FNL_TOPIC_PROSPECT_CHANGES, FNL_TOPIC_REP_CHANGES,
	                                                   FNL_TOPIC_COMMANDS, FNL_TOPIC_REP_INPUTS};
	_Static_assert((int)FNL_PROSPECT_CHANGED_OCCURRED_AT == (int)FNL_REP_CHANGED_OCCURRED_AT, "all inputs start alike");
	struct fnl_error why = {0};
	if (fnl_app_open(&options->app, &f->app, &why) || fnl_app_bus(f->app, &f->bus, &why) ||
	    fnl_app_codec(f->app, &f->codec, &why)) {
		die("cannot start", why.text);
	}
	for (size_t i = 0; i < WHERE_COUNT; i++) {
		f->topics[i] = fnl_app_topic(f->app, topics[i]);
		if (fnl_app_partitions(f->app, topics[i], &f->partitions[i], &why)) {
			die("cannot start", why.text);
		}
	}
	fnl_arena_init(&f->arena, 4 << 20);
	for (size_t i = 0; i < PROSPECTS; i++) {
		name(f, i);
	}
	for (size_t i = 0; i < REPS; i++) {
		f->reps[i] = (struct leaver){.version = (int64_t)i * VERSIONS, .manager = REPS, .successor = REPS};
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
