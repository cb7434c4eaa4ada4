/* The router's inputs against what came of them. */
#include "oracle_router.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_rep_handover.h"
#include "oracle_same.h"

enum { KEY_BYTES_MAX = 600, HEADERS_SENT_ON_MAX = 15 };

enum fate { TO_REP, TO_ALL, TO_ORG, TO_NOBODY, DEAD };

/* Who sends it, what becomes of it, and which field is its key. */
static const struct {
	const char *name;
	enum oracle_sender sender;
	enum fate fate;
	const char *entity;
} kinds[] = {
	{"RepChanged", ORACLE_FROM_ROUTER_HR, TO_REP, "rep_id"},
	{"RepResigned", ORACLE_FROM_ROUTER_HR, TO_REP, "rep_id"},
	{"ResignationWithdrawn", ORACLE_FROM_ROUTER_HR, TO_REP, "rep_id"},
	{"RepLeft", ORACLE_FROM_ROUTER_HR, TO_REP, "rep_id"},
	{"RepErased", ORACLE_FROM_ROUTER_HR, TO_REP, "rep_id"},
	{"InspectNow", ORACLE_FROM_ROUTER_COMMANDS, TO_REP, "rep_id"},
	{"HandoverTaskDone", ORACLE_FROM_ROUTER_COMMANDS, TO_REP, "leaving_rep_id"},
	{"HandoverTaskWaived", ORACLE_FROM_ROUTER_COMMANDS, TO_REP, "leaving_rep_id"},
	{"SuccessorNamed", ORACLE_FROM_ROUTER_COMMANDS, TO_REP, "leaving_rep_id"},
	{"ReconciliationReviewed", ORACLE_FROM_ROUTER_COMMANDS, TO_REP, "leaving_rep_id"},
	{"OpenQuotaYear", ORACLE_FROM_ROUTER_COMMANDS, TO_ALL, "org_id"},
	{"ProposeTerritories", ORACLE_FROM_ROUTER_COMMANDS, TO_ORG, "org_id"},
	{"AcceptProposal", ORACLE_FROM_ROUTER_COMMANDS, TO_ORG, "org_id"},
	{"ScorePerformance", ORACLE_FROM_ROUTER_COMMANDS, TO_ORG, "org_id"},
	{"ReviseQuota", ORACLE_FROM_ROUTER_COMMANDS, TO_REP, "rep_id"},
	/* none of these comes to the router in order */
	{"SuccessorCandidates", ORACLE_FROM_ORG, DEAD, NULL},
	{"OrgBaseRate", ORACLE_FROM_ORG, DEAD, NULL},
	{"BookMoves", ORACLE_FROM_ORG, DEAD, NULL},
	{"QuotaMoved", ORACLE_FROM_ORG, DEAD, NULL},
	{"RulesActivated", ORACLE_FROM_OUTSIDE, DEAD, NULL},
};
enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

/* An input that is to be there again. */
struct expected {
	const struct fnl_record *record;
	bool for_all;
	bool for_org; /* on org-inputs, the others on rep-inputs */
	int32_t home; /* of a keyed one: where its book, or organisation, is; -1: nowhere */
	char key[KEY_BYTES_MAX];
	char id[ORACLE_UUID_BYTES]; /* "": it has a ce_id of its own */
	json_t *body;               /* what it says, when it is not to say the same; NULL: the bytes stay */
};

struct check {
	struct oracle *o;
	const struct oracle_router_input *in;
	struct oracle_router_stats stats;
	struct oracle_report to;
	struct expected *expected; /* in the order of the inputs */
	size_t expected_count;
	json_t *dead;    /* "partition/offset" to the input's index */
	json_t *feeders; /* key to the input partition from which it comes */
	json_t *homes;   /* key to the partition in which it is */
	json_t *next;    /* "input partition>topic/partition" to the index of the one that comes next */
};

/* KIND_COUNT: none. */
static size_t kind_of(const char *name)
{
	size_t i = 0;
	while (i < KIND_COUNT && strcmp(kinds[i].name, name) != 0) {
		i++;
	}
	return i;
}

enum oracle_sender oracle_sender_of(struct oracle *o, const struct fnl_record *r)
{
	const struct oracle_schema *schema = NULL;
	const char *why = NULL;
	json_t *v = oracle_decode(o, r, &schema, &why);
	size_t kind = v ? kind_of(schema->name) : (size_t)KIND_COUNT;
	json_decref(v);
	return kind < KIND_COUNT ? kinds[kind].sender : ORACLE_FROM_PROSPECT;
}

/* ---- what is to come of an input ---- */

static bool has_id(const struct fnl_record *r)
{
	struct fnl_span id = oracle_header(r, "ce_id");
	bool fit = id.len >= 1 && id.len <= 128;
	for (size_t i = 0; fit && i < id.len; i++) {
		fit = id.data[i] > 0x20 && id.data[i] < 0x7f;
	}
	return fit;
}

/* From source, record, entity, and what makes it itself. */
static void make_id(const json_t *v, const char *name, const char *entity, char ret[ORACLE_UUID_BYTES])
{
	char text[2048], own[512];
	if (oracle_has(v, "command_id")) {
		snprintf(own, sizeof(own), "%s", oracle_text(v, "command_id"));
	} else {
		snprintf(own, sizeof(own), "%" PRId64, oracle_number(v, "version"));
	}
	int n = snprintf(text, sizeof(text), "%s\n%s\n%s\n%s", oracle_text(v, "source"), name, entity, own);
	oracle_uuid(text, (size_t)n, ret);
}

static bool is_key(const struct fnl_record *r, const char *text)
{
	return r->key.data && r->key.len == strlen(text) && memcmp(r->key.data, text, r->key.len) == 0;
}

static bool is_id(const json_t *v, const char *field)
{
	const json_t *id = json_object_get(v, field);
	return oracle_id_check(json_string_value(id), json_string_length(id)) == NULL;
}

/* The new employer's id stays on HR's topic: a digest of it goes on. DEAD: there is none of what is no id. */
static enum fate hide_employer(json_t *v, const char *name, struct expected *x)
{
	char digest[65];
	if (strcmp(name, "RepResigned") != 0 || !oracle_has(v, "new_employer_id")) {
		return TO_REP;
	}
	if (!is_id(v, "notice_id") || !is_id(v, "new_employer_id")) {
		return DEAD;
	}
	oracle_digest(oracle_text(v, "notice_id"), oracle_text(v, "new_employer_id"), digest);
	x->body = json_deep_copy(v);
	oracle_set(x->body, "new_employer_id", json_string(digest));
	return TO_REP;
}

/* Fills what is known of it; DEAD: nothing is. */
static enum fate look_at(const struct fnl_record *r, json_t *v, const char *name, struct expected *x)
{
	size_t kind = kind_of(name);
	enum fate fate = kind < KIND_COUNT ? kinds[kind].fate : DEAD;
	if (fate == TO_NOBODY || fate == DEAD) {
		return fate;
	}
	const char *id = oracle_text(v, kinds[kind].entity);
	if (!is_id(v, kinds[kind].entity) || !is_key(r, id) || r->header_count > HEADERS_SENT_ON_MAX) {
		return DEAD;
	}
	*x = (struct expected){.record = r, .for_all = fate == TO_ALL, .for_org = fate == TO_ORG, .home = -1};
	snprintf(x->key, sizeof(x->key), "%s%s", fate == TO_REP ? "rep:" : fate == TO_ORG ? "org:" : "", id);
	if (!has_id(r)) {
		make_id(v, name, id, x->id);
	}
	return fate == TO_REP ? hide_employer(v, name, x) : fate;
}

/* A key of one relay comes from one partition, or nothing could be said of its order. */
static int add_input(struct check *c, size_t at)
{
	const struct fnl_record *r = &c->in->inputs[at];
	const struct oracle_schema *schema = NULL;
	const char *why = NULL;
	json_t *v = oracle_decode(c->o, r, &schema, &why);
	struct expected *x = &c->expected[c->expected_count];
	enum fate fate = v && !oracle_currency_check(v) ? look_at(r, v, schema->name, x) : DEAD;
	json_decref(v);
	if (fate == DEAD) {
		char place[64];
		snprintf(place, sizeof(place), "%" PRId32 "/%" PRId64, r->partition, r->offset);
		json_object_set_new(c->dead, place, json_integer((json_int_t)at));
		c->stats.dead_letters++;
		return 0;
	}
	if (fate == TO_NOBODY) {
		c->stats.unheard++;
		return 0;
	}
	const json_t *feeder = json_object_get(c->feeders, x->key), *home = json_object_get(c->homes, x->key);
	if (feeder && json_integer_value(feeder) != r->partition) {
		return oracle_differ(&c->to, "%s: %s comes from two partitions of the input", c->in->stage, x->key);
	}
	json_object_set_new(c->feeders, x->key, json_integer(r->partition));
	x->home = home ? (int32_t)json_integer_value(home) : -1;
	c->expected_count++;
	c->stats.keyed += fate == TO_REP;
	c->stats.for_org += fate == TO_ORG;
	c->stats.for_all += fate == TO_ALL;
	return 0;
}

/* ---- what is there ---- */

/* A topic of ours that the router writes. */
struct target {
	const char *name;
	const char *prefix; /* of its keys */
	bool org;
	int32_t partition_count;
	const struct fnl_record *records;
	size_t record_count;
};

static bool concerns(const struct expected *x, const struct target *t, int32_t partition)
{
	return x->for_org == t->org && (x->for_all ? partition >= 0 : x->home == partition);
}

/* Of one input partition the next one for that partition, and it is so no longer. NULL: there is none. */
static const struct expected *next_of(struct check *c, int32_t from, const struct target *t, int32_t to)
{
	char way[64];
	snprintf(way, sizeof(way), "%" PRId32 ">%s/%" PRId32, from, t->name, to);
	size_t at = (size_t)json_integer_value(json_object_get(c->next, way));
	while (at < c->expected_count &&
	       (c->expected[at].record->partition != from || !concerns(&c->expected[at], t, to))) {
		at++;
	}
	json_object_set_new(c->next, way, json_integer((json_int_t)at + 1));
	return at < c->expected_count ? &c->expected[at] : NULL;
}

static bool same_bytes(struct fnl_span a, struct fnl_span b)
{
	return (a.data == NULL) == (b.data == NULL) && a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Each as it was, and in its order; those of bytes that are others now are not theirs. */
static int same_headers(struct check *c, const char *where, const struct expected *x, const struct fnl_record *found)
{
	const struct fnl_record *r = x->record;
	size_t at = 0;
	for (size_t i = 0; i < r->header_count; i++) {
		const struct fnl_header *h = &r->headers[i];
		if (x->body && fnl_span_eq(h->name, FNL_SPAN_LIT("__value_schema_id"))) {
			continue;
		}
		if (at == found->header_count || !same_bytes(h->name, found->headers[at].name) ||
		    !same_bytes(h->value, found->headers[at].value)) {
			return oracle_differ(&c->to, "%s: header %s did not stay", where, oracle_printable(h->name));
		}
		at++;
	}
	if (found->header_count != at + (x->id[0] != 0)) {
		return oracle_differ(&c->to, "%s: it has %zu headers", where, found->header_count);
	}
	return x->id[0] ? oracle_same_header(&c->to, where, found, "ce_id", x->id) : 0;
}

static int same_record(struct check *c, const char *where, const struct expected *x, const struct fnl_record *found)
{
	const struct fnl_record *r = x->record;
	if (!is_key(found, x->key) || (!x->body && !same_bytes(r->value, found->value))) {
		return oracle_differ(&c->to, "%s: expected input %" PRId32 "/%" PRId64 " of %s, found another record", where,
		                     r->partition, r->offset, x->key);
	}
	int rc = x->body ? oracle_same_value(c->o, &c->to, where, "RepResigned", x->body, found->value, NULL) : 0;
	return rc ? rc : same_headers(c, where, x, found);
}

static int check_sent(struct check *c, const struct target *t, const struct fnl_record *found)
{
	char where[200], key[KEY_BYTES_MAX];
	snprintf(where, sizeof(where), "%s, partition %" PRId32 ", offset %" PRId64 ", from %s", t->name, found->partition,
	         found->offset, c->in->stage);
	snprintf(key, sizeof(key), "%.*s", (int)found->key.len, (const char *)found->key.data);
	const json_t *feeder = json_object_get(c->feeders, key);
	if (!feeder) {
		return oracle_differ(&c->to, "%s: nobody has sent anything of %s", where, oracle_printable(found->key));
	}
	const struct expected *x = next_of(c, (int32_t)json_integer_value(feeder), t, found->partition);
	return x ? same_record(c, where, x, found) : oracle_differ(&c->to, "%s: expected nothing more", where);
}

/* Nothing is left of any way. */
static int check_missing(struct check *c, const struct target *t)
{
	const char *key;
	json_t *feeder;
	json_object_foreach(c->feeders, key, feeder)
	{
		for (int32_t p = -1; p < t->partition_count; p++) {
			const struct expected *x = next_of(c, (int32_t)json_integer_value(feeder), t, p);
			if (x) {
				return oracle_differ(&c->to, "%s: input %" PRId32 "/%" PRId64 " of %s is missing in partition %" PRId32,
				                     c->in->stage, x->record->partition, x->record->offset, x->key, p);
			}
		}
	}
	return 0;
}

static int check_dead_letter(struct check *c, const struct fnl_record *found)
{
	char where[200], place[64];
	struct fnl_span p = oracle_header(found, "__connect.errors.partition");
	struct fnl_span at = oracle_header(found, "__connect.errors.offset");
	snprintf(place, sizeof(place), "%.*s/%.*s", (int)p.len, (const char *)p.data, (int)at.len, (const char *)at.data);
	snprintf(where, sizeof(where), "dead letter of %s, input %s", c->in->stage, place);
	const json_t *input = json_object_get(c->dead, place);
	if (!input) {
		return oracle_differ(&c->to, "%s: it is there twice, or the input was in order", where);
	}
	const struct fnl_record *r = &c->in->inputs[json_integer_value(input)];
	json_object_del(c->dead, place);
	return oracle_same_dead_letter(&c->to, where, c->in->stage, c->in->input_topic, r, found);
}

/* Where the books, or organisations, are: of one key all records that are not for all. */
static int find_homes(struct check *c, const struct target *t)
{
	char key[KEY_BYTES_MAX];
	for (size_t i = 0; i < t->record_count; i++) {
		const struct fnl_record *r = &t->records[i];
		if (r->key.len < 4 || memcmp(r->key.data, t->prefix, 4) != 0) {
			continue;
		}
		snprintf(key, sizeof(key), "%.*s", (int)r->key.len, (const char *)r->key.data);
		const json_t *home = json_object_get(c->homes, key);
		if (home && json_integer_value(home) != r->partition) {
			return oracle_differ(&c->to, "%s: %s is in partition %" PRId64 " and in partition %" PRId32, t->name, key,
			                     (int64_t)json_integer_value(home), r->partition);
		}
		json_object_set_new(c->homes, key, json_integer(r->partition));
	}
	return 0;
}

static int check_target(struct check *c, const struct target *t)
{
	int rc = 0;
	for (size_t i = 0; i < t->record_count && rc == 0; i++) {
		if (oracle_sender_of(c->o, &t->records[i]) == c->in->relay) {
			rc = check_sent(c, t, &t->records[i]);
		}
	}
	return rc ? rc : check_missing(c, t);
}

static int check_all(struct check *c)
{
	const struct oracle_router_input *in = c->in;
	const struct target targets[] = {
		{"rep-inputs", "rep:", false, in->rep_partition_count, in->rep_inputs, in->rep_input_count},
		{"org-inputs", "org:", true, in->org_partition_count, in->org_inputs, in->org_input_count}};
	int rc = find_homes(c, &targets[0]);
	rc = rc ? rc : find_homes(c, &targets[1]);
	for (size_t i = 0; i < in->input_count && rc == 0; i++) {
		rc = add_input(c, i);
	}
	rc = rc ? rc : check_target(c, &targets[0]);
	rc = rc ? rc : check_target(c, &targets[1]);
	for (size_t i = 0; i < in->dead_letter_count && rc == 0; i++) {
		rc = check_dead_letter(c, &in->dead_letters[i]);
	}
	if (rc == 0 && json_object_size(c->dead)) {
		rc = oracle_differ(&c->to, "%s: input %s is no dead letter, and should be", in->stage,
		                   json_object_iter_key(json_object_iter(c->dead)));
	}
	return rc;
}

int oracle_router_check(struct oracle *o, const struct oracle_router_input *in, struct oracle_router_stats *stats,
                        char *why, size_t why_bytes)
{
	struct check c = {.o = o, .in = in, .to = {why, why_bytes}};
	c.expected = calloc(in->input_count + 1, sizeof(*c.expected));
	if (!c.expected) {
		abort();
	}
	c.dead = json_object();
	c.feeders = json_object();
	c.homes = json_object();
	c.next = json_object();
	int rc = check_all(&c);
	if (stats) {
		*stats = c.stats;
	}
	json_t *const all[] = {c.dead, c.feeders, c.homes, c.next};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		json_decref(all[i]);
	}
	for (size_t i = 0; i < c.expected_count; i++) {
		json_decref(c.expected[i].body);
	}
	free(c.expected);
	return rc;
}
