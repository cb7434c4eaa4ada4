/* The router's oracle: held against the real router undisturbed, and against what someone has tampered with: each must
 * be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "funneld/adapters/avro.h"
#include "funneld/adapters/registry.h"
#include "funneld/adapters/sys.h"
#include "funneld/operators/router.h"
#include "oracle_router.h"
#include "prospect_world.h"

enum { PARTITIONS = 3, FED_PARTITIONS = 2, RECORDS_MAX = 100, ROUNDS = 8, HEADERS = 12, RESIGNED_AT = 77 };

/* What was fed to one relay, what it sent, and what it could not read. */
struct run {
	struct oracle *oracle;
	struct fnl_registry *registry;
	struct fnl_codec *codec;
	struct fnl_router *router;
	struct fnl_arena arena;
	enum oracle_sender relay;
	struct fnl_record inputs[RECORDS_MAX];
	size_t input_count;
	struct fnl_record sent[RECORDS_MAX * PARTITIONS];
	size_t sent_count;
	struct fnl_record asked[RECORDS_MAX]; /* of organisations */
	size_t asked_count;
	struct fnl_record dead[RECORDS_MAX];
	size_t dead_count;
	char why[500];
};

static int open_run(void **state)
{
	struct fnl_error why;
	struct run *t = calloc(1, sizeof(*t));
	*state = t;
	fnl_arena_init(&t->arena, 4 << 20);
	t->oracle = oracle_open(FNL_SOURCE_DIR "/schemas", t->why, sizeof(t->why));
	return !t->oracle || fnl_registry_file_open(FNL_SOURCE_DIR "/schemas", &t->registry, &why) ||
	       fnl_codec_avro_open(t->registry, &t->codec, &why) ||
	       fnl_router_open(t->codec, fnl_sys_ids(), &t->router, &why);
}

static int close_run(void **state)
{
	struct run *t = *state;
	oracle_close(t->oracle);
	fnl_router_close(t->router);
	t->codec->ops->close(t->codec);
	t->registry->ops->close(t->registry);
	fnl_arena_deinit(&t->arena);
	free(t);
	return 0;
}

/* ---- a run ---- */

/* "R" and 3: "R3". */
static struct fnl_span text_of(struct run *t, const char *name, int n)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "%s%d", name, n);
	return fnl_arena_dup(&t->arena, fnl_span_of(text, (size_t)len));
}

static struct fnl_value value_of(struct fnl_span s)
{
	return (struct fnl_value){.set = true, .str = s};
}

static struct fnl_record *feed(struct run *t, const struct fnl_input *in, int32_t partition, struct fnl_span key)
{
	struct fnl_record *r = &t->inputs[t->input_count++];
	*r = (struct fnl_record){.partition = partition, .key = key, .timestamp_ms = (int64_t)t->input_count};
	r->offset = t->input_count > 1 && r[-1].partition == partition ? r[-1].offset + 1 : 0;
	assert_int_equal(t->codec->ops->encode(t->codec, in->desc, in->v, &t->arena, &r->value), 0);
	return r;
}

static void give_id(struct run *t, struct fnl_record *r)
{
	struct fnl_header *h = fnl_arena_calloc(&t->arena, 1, sizeof(*h));
	*h = (struct fnl_header){FNL_SPAN_LIT("ce_id"), text_of(t, "event-", (int)t->input_count)};
	r->headers = h;
	r->header_count = 1;
}

/* With a new employer, whose id must not go on. */
static void feed_resignation(struct run *t, int32_t p)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_rep_resigned, RESIGNED_AT);
	struct fnl_span key = text_of(t, "R", p);
	in.v[FNL_REP_RESIGNED_REP_ID] = value_of(key);
	fnl_input_i64(&in, FNL_REP_RESIGNED_VERSION, 9);
	fnl_input_str(&in, FNL_REP_RESIGNED_NOTICE_ID, "n-1");
	fnl_input_i64(&in, FNL_REP_RESIGNED_NOTICE_AT, FNL_T0);
	fnl_input_i64(&in, FNL_REP_RESIGNED_LAST_DAY, 19700);
	fnl_input_str(&in, FNL_REP_RESIGNED_NEW_EMPLOYER_ID, "acme");
	struct fnl_record *r = feed(t, &in, p, key);
	if (p == 1) { /* which schema it is stands in a header, not before the bytes */
		give_id(t, r);
		struct fnl_header *h = (struct fnl_header *)r->headers;
		*h = (struct fnl_header){FNL_SPAN_LIT("__value_schema_id"), fnl_span_of(r->value.data + 1, 4)};
		r->value = fnl_span_of(r->value.data + 5, r->value.len - 5);
	}
}

/* Two reps a partition, some records of which are there twice. */
static void feed_reps(struct run *t, int32_t p)
{
	for (int n = 0; n < ROUNDS; n++) {
		struct fnl_input in = fnl_input_of(&fnl_desc_rep_changed, n);
		struct fnl_span key = text_of(t, "R", p + 2 * (n % 2));
		in.v[FNL_REP_CHANGED_REP_ID] = value_of(key);
		fnl_input_i64(&in, FNL_REP_CHANGED_VERSION, 1 + n / 3);
		fnl_input_i64(&in, FNL_REP_CHANGED_ACTIVE, 1);
		fnl_input_str(&in, FNL_REP_CHANGED_ORG_ID, "east");
		struct fnl_record *r = feed(t, &in, p, key);
		if (n % 3 == 0) {
			give_id(t, r);
		}
		if (n == 5) {
			r->key = FNL_SPAN_LIT("somebody else");
		}
	}
	feed_resignation(t, p);
}

static void feed_naming(struct run *t, int32_t p)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_successor_named, ROUNDS);
	struct fnl_span key = text_of(t, "R", p);
	fnl_input_str(&in, FNL_SUCCESSOR_NAMED_COMMAND_ID, "name-somebody");
	fnl_input_str(&in, FNL_SUCCESSOR_NAMED_ISSUED_BY, "chief");
	fnl_input_i64(&in, FNL_SUCCESSOR_NAMED_ISSUED_AT, FNL_T0);
	in.v[FNL_SUCCESSOR_NAMED_LEAVING_REP_ID] = value_of(key);
	fnl_input_str(&in, FNL_SUCCESSOR_NAMED_NOTICE_ID, "n-1");
	fnl_input_str(&in, FNL_SUCCESSOR_NAMED_SUCCESSOR_ID, "R9");
	feed(t, &in, p, key);
}

static void feed_proposal(struct run *t, int32_t p)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_propose_territories, ROUNDS + 1);
	struct fnl_span key = text_of(t, "org-", p);
	fnl_input_str(&in, FNL_PROPOSE_TERRITORIES_COMMAND_ID, "propose");
	fnl_input_str(&in, FNL_PROPOSE_TERRITORIES_ISSUED_BY, "chief");
	fnl_input_i64(&in, FNL_PROPOSE_TERRITORIES_ISSUED_AT, FNL_T0);
	in.v[FNL_PROPOSE_TERRITORIES_ORG_ID] = value_of(key);
	feed(t, &in, p, key);
}

static void feed_score(struct run *t, int32_t p)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_score_performance, ROUNDS + 2);
	struct fnl_span key = text_of(t, "org-", p);
	fnl_input_str(&in, FNL_SCORE_PERFORMANCE_COMMAND_ID, "score");
	fnl_input_str(&in, FNL_SCORE_PERFORMANCE_ISSUED_BY, "chief");
	fnl_input_i64(&in, FNL_SCORE_PERFORMANCE_ISSUED_AT, FNL_T0);
	in.v[FNL_SCORE_PERFORMANCE_ORG_ID] = value_of(key);
	fnl_input_i64(&in, FNL_SCORE_PERFORMANCE_FISCAL_YEAR, 2024);
	give_id(t, feed(t, &in, p, key));
}

/* An organisation a partition. */
static void feed_commands(struct run *t, int32_t p)
{
	for (int n = 0; n < ROUNDS; n++) {
		struct fnl_input in = fnl_input_of(&fnl_desc_open_quota_year, n);
		struct fnl_span key = text_of(t, "org-", p);
		in.v[FNL_OPEN_QUOTA_YEAR_ORG_ID] = value_of(key);
		in.v[FNL_OPEN_QUOTA_YEAR_COMMAND_ID] = value_of(text_of(t, "command-", n));
		in.v[FNL_OPEN_QUOTA_YEAR_RUN_ID] = value_of(text_of(t, "run-", n));
		fnl_input_str(&in, FNL_OPEN_QUOTA_YEAR_ISSUED_BY, "chief");
		fnl_input_i64(&in, FNL_OPEN_QUOTA_YEAR_ISSUED_AT, FNL_T0);
		fnl_input_i64(&in, FNL_OPEN_QUOTA_YEAR_AS_OF, FNL_T0 + n);
		fnl_input_i64(&in, FNL_OPEN_QUOTA_YEAR_FISCAL_YEAR, 2024);
		fnl_input_str(&in, FNL_OPEN_QUOTA_YEAR_BASE_CURRENCY, "USD");
		struct fnl_record *r = feed(t, &in, p, key);
		if (n == 3) {
			r->value.len--;
		}
	}
	feed_naming(t, p);
	feed_proposal(t, p);
	feed_score(t, p);
}

static void send(struct run *t, const struct fnl_output *out, int32_t partition)
{
	bool org = out->topic == FNL_ROUTER_OUT_ORG_INPUTS;
	struct fnl_record *r = org ? &t->asked[t->asked_count++] : &t->sent[t->sent_count++];
	struct fnl_header *headers = fnl_arena_calloc(&t->arena, HEADERS, sizeof(*headers));
	*r = (struct fnl_record){.partition = partition, .key = out->key, .value = out->value, .headers = headers};
	for (size_t i = 0; i < out->header_count; i++) {
		headers[r->header_count++] = out->headers[i];
	}
}

static void bury(struct run *t, const struct fnl_record *r)
{
	const struct fnl_header errors[] = {
		{FNL_SPAN_LIT("__connect.errors.topic"), FNL_SPAN_LIT("in")},
		{FNL_SPAN_LIT("__connect.errors.stage"), FNL_SPAN_LIT("router")},
		{FNL_SPAN_LIT("__connect.errors.partition"), text_of(t, "", r->partition)},
		{FNL_SPAN_LIT("__connect.errors.offset"), text_of(t, "", (int)r->offset)},
		{FNL_SPAN_LIT("__connect.errors.timestamp"), text_of(t, "", (int)r->timestamp_ms)},
		{FNL_SPAN_LIT("__connect.errors.class.name"), FNL_SPAN_LIT("X")},
		{FNL_SPAN_LIT("__connect.errors.exception.message"), FNL_SPAN_LIT("x")},
	};
	struct fnl_record *to = &t->dead[t->dead_count++];
	struct fnl_header *headers = fnl_arena_calloc(&t->arena, HEADERS, sizeof(*headers));
	*to = *r;
	to->headers = headers;
	for (size_t i = 0; i < r->header_count; i++) {
		headers[i] = r->headers[i];
	}
	memcpy(headers + r->header_count, errors, sizeof(errors));
	to->header_count += sizeof(errors) / sizeof(errors[0]);
}

static void route_all(struct run *t)
{
	for (size_t i = 0; i < t->input_count; i++) {
		struct fnl_relay_decision d = {0};
		struct fnl_error why;
		if (t->router->route(t->router, &t->inputs[i], &t->arena, &d, &why) != 0) {
			bury(t, &t->inputs[i]);
			continue;
		}
		const struct fnl_output *out = &d.outputs[0];
		for (int32_t p = 0; p < PARTITIONS; p++) {
			/* "rep:R3" to partition 0 */
			if (out->partition == FNL_PARTITION_EVERY || p == out->key.data[out->key.len - 1] % PARTITIONS) {
				send(t, out, p);
			}
		}
	}
}

static int by_partition(const void *a, const void *b)
{
	const struct fnl_record *x = a, *y = b;
	return x->partition != y->partition ? (x->partition < y->partition ? -1 : 1)
	                                    : (x->offset < y->offset ? -1 : x->offset > y->offset);
}

static void start(struct run *t, enum oracle_sender relay)
{
	fnl_arena_reset(&t->arena);
	t->relay = relay;
	t->input_count = t->sent_count = t->asked_count = t->dead_count = 0;
	for (int32_t p = 0; p < FED_PARTITIONS; p++) {
		if (relay == ORACLE_FROM_ROUTER_HR) {
			feed_reps(t, p);
		} else {
			feed_commands(t, p);
		}
	}
	route_all(t);
	for (size_t i = 0; i < t->sent_count; i++) {
		t->sent[i].offset = (int64_t)i;
	}
	for (size_t i = 0; i < t->asked_count; i++) {
		t->asked[i].offset = (int64_t)i;
	}
	qsort(t->sent, t->sent_count, sizeof(t->sent[0]), by_partition);
	qsort(t->asked, t->asked_count, sizeof(t->asked[0]), by_partition);
}

static int check(struct run *t)
{
	struct oracle_router_stats s;
	struct oracle_router_input in = {.relay = t->relay,
	                                 .stage = "router",
	                                 .input_topic = "in",
	                                 .rep_partition_count = PARTITIONS,
	                                 .inputs = t->inputs,
	                                 .input_count = t->input_count,
	                                 .rep_inputs = t->sent,
	                                 .rep_input_count = t->sent_count,
	                                 .org_partition_count = PARTITIONS,
	                                 .org_inputs = t->asked,
	                                 .org_input_count = t->asked_count,
	                                 .dead_letters = t->dead,
	                                 .dead_letter_count = t->dead_count};
	int rc = oracle_router_check(t->oracle, &in, &s, t->why, sizeof(t->why));
	bool hr = t->relay == ORACLE_FROM_ROUTER_HR;
	size_t sent = FED_PARTITIONS * (ROUNDS - 1);
	assert_true(rc != 0 || (s.dead_letters == FED_PARTITIONS && s.keyed == FED_PARTITIONS + (hr ? sent : 0) &&
	                        s.for_all == (hr ? 0 : sent) && s.for_org == (hr ? 0 : 2 * FED_PARTITIONS)));
	return rc;
}

/* ---- tampering ---- */

static void drop(struct run *t, size_t at)
{
	memmove(&t->sent[at], &t->sent[at + 1], (--t->sent_count - at) * sizeof(t->sent[0]));
}

static void lose_first(struct run *t)
{
	drop(t, 0);
}

static void lose_last(struct run *t)
{
	t->sent_count--;
}

static void lose_one(struct run *t)
{
	drop(t, t->sent_count / 2);
}

static void lose_all(struct run *t)
{
	t->sent_count = 0;
}

static void repeat_one(struct run *t)
{
	size_t at = t->sent_count / 2;
	memmove(&t->sent[at + 1], &t->sent[at], (t->sent_count++ - at) * sizeof(t->sent[0]));
}

static void repeat_last(struct run *t)
{
	t->sent[t->sent_count] = t->sent[t->sent_count - 1];
	t->sent_count++;
}

/* Two of one input partition, which are not alike, change places. */
static void swap(struct run *t)
{
	for (size_t i = 0; i + 1 < t->sent_count; i++) {
		struct fnl_record *a = &t->sent[i], kept = *a;
		bool same_feeder = a->key.data[a->key.len - 1] % 2 == a[1].key.data[a[1].key.len - 1] % 2;
		if (a->partition == a[1].partition && same_feeder && !fnl_span_eq(a->value, a[1].value)) {
			*a = a[1];
			a[1] = kept;
			return;
		}
	}
	fail();
}

static void move(struct run *t)
{
	t->sent[t->sent_count - 1].partition--;
}

static void other_key(struct run *t)
{
	t->sent[2].key = FNL_SPAN_LIT("rep:nobody");
}

static void cut_value(struct run *t)
{
	t->sent[1].value = t->sent[0].value.len == t->sent[1].value.len ? t->sent[5].value : t->sent[0].value;
}

static void no_header(struct run *t)
{
	t->sent[3].header_count = 0;
}

static void other_id(struct run *t)
{
	struct fnl_header *h = (struct fnl_header *)t->sent[3].headers;
	h->value = FNL_SPAN_LIT("event-0");
}

static void lose_dead(struct run *t)
{
	t->dead_count--;
}

static void repeat_dead(struct run *t)
{
	t->dead[t->dead_count++] = t->dead[0];
}

static void bury_a_good_one(struct run *t)
{
	bury(t, &t->inputs[0]);
}

static void other_dead_bytes(struct run *t)
{
	t->dead[0].value.len--;
}

static void test_undisturbed(void **state)
{
	struct run *t = *state;
	for (enum oracle_sender relay = ORACLE_FROM_ROUTER_HR; relay <= ORACLE_FROM_ROUTER_COMMANDS; relay++) {
		start(t, relay);
		if (check(t) != 0) {
			print_error("%s\n", t->why);
			fail();
		}
	}
}

static void test_tampered(void **state)
{
	static const struct {
		const char *name;
		void (*tamper)(struct run *t);
	} cases[] = {
		{"the first one is lost", lose_first},
		{"the last one is lost", lose_last},
		{"one is lost", lose_one},
		{"all are lost", lose_all},
		{"one is there twice", repeat_one},
		{"the last one is there twice", repeat_last},
		{"two have changed places", swap},
		{"one is in another partition", move},
		{"one has another key", other_key},
		{"one has another value", cut_value},
		{"one has lost its headers", no_header},
		{"one has another id", other_id},
		{"a dead letter is lost", lose_dead},
		{"a dead letter is there twice", repeat_dead},
		{"a dead letter of a good one", bury_a_good_one},
		{"a dead letter has other bytes", other_dead_bytes},
	};
	struct run *t = *state;
	size_t missed = 0;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		start(t, i % 2 ? ORACLE_FROM_ROUTER_HR : ORACLE_FROM_ROUTER_COMMANDS);
		cases[i / 2].tamper(t);
		if (check(t) == 0) {
			print_error("not noticed: %s (%s)\n", cases[i / 2].name, i % 2 ? "reps" : "commands");
			missed++;
		}
	}
	assert_int_equal(missed, 0);
}

static void lose_question(struct run *t)
{
	memmove(&t->asked[0], &t->asked[1], --t->asked_count * sizeof(t->asked[0]));
}

static void repeat_question(struct run *t)
{
	t->asked[t->asked_count] = t->asked[t->asked_count - 1];
	t->asked_count++;
}

static void swap_questions(struct run *t)
{
	struct fnl_record kept = t->asked[0];
	t->asked[0] = t->asked[1];
	t->asked[1] = kept;
}

static void ask_another(struct run *t)
{
	t->asked[0].key = FNL_SPAN_LIT("org:nobody");
}

/* What is asked of an organisation comes to the rep stage. */
static void ask_a_book(struct run *t)
{
	t->sent[t->sent_count++] = t->asked[0];
	lose_question(t);
}

static void test_questions(void **state)
{
	void (*const cases[])(struct run * t) = {lose_question, repeat_question, swap_questions, ask_another, ask_a_book};
	struct run *t = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(t, ORACLE_FROM_ROUTER_COMMANDS);
		assert_int_equal(t->asked_count, 2 * FED_PARTITIONS);
		cases[i](t);
		if (check(t) == 0) {
			print_error("not noticed: case %zu of what is asked of organisations\n", i);
			fail();
		}
	}
}

/* The resignation as it was sent by HR, in place of the one that went on. */
static void test_employer(void **state)
{
	struct run *t = *state;
	size_t told = 0;
	start(t, ORACLE_FROM_ROUTER_HR);
	for (size_t i = 0; i < t->input_count; i++) {
		for (size_t k = 0; k < t->sent_count; k++) {
			struct fnl_record *sent = &t->sent[k], kept = *sent;
			struct fnl_span id = t->inputs[i].key;
			bool his = sent->key.len == id.len + 4 && memcmp(sent->key.data + 4, id.data, id.len) == 0;
			if (!his || i % (ROUNDS + 1) != ROUNDS || fnl_span_eq(sent->value, t->inputs[i].value) ||
			    sent->value.len < 64) {
				continue;
			}
			sent->value = t->inputs[i].value;
			assert_int_not_equal(check(t), 0);
			*sent = kept;
			told++;
		}
	}
	assert_int_equal(told, FED_PARTITIONS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_undisturbed),
		cmocka_unit_test(test_tampered),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_employer),
	};
	return cmocka_run_group_tests(tests, open_run, close_run);
}
