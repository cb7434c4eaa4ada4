/* The router: what comes from HR and from people goes on as it came, to where the rep stage looks for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "funneld/adapters/avro.h"
#include "funneld/adapters/registry.h"
#include "funneld/adapters/sys.h"
#include "funneld/core/handover.h"
#include "funneld/operators/router.h"
#include "funneld_records.h"

struct world {
	struct fnl_registry *registry;
	struct fnl_codec *codec;
	struct fnl_router *router;
	struct fnl_arena arena;
	struct fnl_relay_decision decision;
	struct fnl_error why;
};

static int start(void **state)
{
	struct world *w = fnl_calloc(1, sizeof(*w));
	assert_non_null(w);
	fnl_arena_init(&w->arena, 4 << 20);
	assert_int_equal(fnl_registry_file_open(FNL_SOURCE_DIR "/schemas", &w->registry, &w->why), 0);
	assert_int_equal(fnl_codec_avro_open(w->registry, &w->codec, &w->why), 0);
	assert_int_equal(fnl_router_open(w->codec, fnl_sys_ids(), &w->router, &w->why), 0);
	*state = w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;
	fnl_router_close(w->router);
	w->codec->ops->close(w->codec);
	w->registry->ops->close(w->registry);
	fnl_arena_deinit(&w->arena);
	fnl_free(w);
	return 0;
}

/* A record with this id in every text, 1 in every number, and nothing where nothing is allowed. */
static struct fnl_record record_of(struct world *w, const struct fnl_record_desc *d, const char *id, const char *key)
{
	struct fnl_value values[FNL_RECORD_FIELDS_MAX] = {0};
	struct fnl_span value;
	for (size_t i = 0; i < d->field_count; i++) {
		if (d->fields[i].nullable) {
			continue;
		}
		values[i].set = true;
		if (d->fields[i].kind == FNL_KIND_STRING) {
			values[i].str = fnl_span_str(id);
		} else if (d->fields[i].kind != FNL_KIND_LIST) {
			values[i].i64 = 1;
		}
	}
	assert_int_equal(w->codec->ops->encode(w->codec, d, values, &w->arena, &value), 0);
	return (struct fnl_record){.partition = 1, .offset = 7, .key = fnl_span_str(key), .value = value};
}

static int route(struct world *w, const struct fnl_record *r)
{
	w->decision.output_count = 0;
	return w->router->route(w->router, r, &w->arena, &w->decision, &w->why);
}

static struct fnl_span header_of(const struct fnl_output *out, const char *name)
{
	for (size_t i = 0; i < out->header_count; i++) {
		if (fnl_span_eq(out->headers[i].name, fnl_span_str(name))) {
			return out->headers[i].value;
		}
	}
	return FNL_SPAN_NONE;
}

static void test_what_is_about_a_rep_goes_to_his_book(void **state)
{
	struct world *w = *state;
	const struct fnl_record_desc *const descs[] = {
		&fnl_desc_rep_changed, &fnl_desc_rep_resigned, &fnl_desc_resignation_withdrawn, &fnl_desc_rep_left,
		&fnl_desc_rep_erased, &fnl_desc_inspect_now,
		/* by the leaving rep */
		&fnl_desc_handover_task_done, &fnl_desc_handover_task_waived, &fnl_desc_successor_named,
		&fnl_desc_reconciliation_reviewed, &fnl_desc_revise_quota};
	for (size_t i = 0; i < sizeof(descs) / sizeof(descs[0]); i++) {
		struct fnl_record r = record_of(w, descs[i], "anna", "anna");
		assert_int_equal(route(w, &r), 0);
		assert_int_equal(w->decision.output_count, 1);
		const struct fnl_output *out = &w->decision.outputs[0];
		assert_int_equal(out->topic, FNL_ROUTER_OUT_REP_INPUTS);
		assert_int_equal(out->partition, FNL_PARTITION_BY_KEY);
		assert_true(fnl_span_eq(out->key, FNL_SPAN_LIT("rep:anna")));
		assert_true(fnl_span_eq(out->value, r.value));
		assert_int_equal(header_of(out, "ce_id").len, FNL_UUID_TEXT_BYTES);
	}
}

static void test_what_is_about_an_organisation_goes_to_it(void **state)
{
	struct world *w = *state;
	const struct fnl_record_desc *const descs[] = {&fnl_desc_propose_territories, &fnl_desc_accept_proposal,
	                                               &fnl_desc_score_performance};
	for (size_t i = 0; i < sizeof(descs) / sizeof(descs[0]); i++) {
		struct fnl_record r = record_of(w, descs[i], "west", "west");
		assert_int_equal(route(w, &r), 0);
		assert_int_equal(w->decision.output_count, 1);
		const struct fnl_output *out = &w->decision.outputs[0];
		assert_int_equal(out->topic, FNL_ROUTER_OUT_ORG_INPUTS);
		assert_int_equal(out->partition, FNL_PARTITION_BY_KEY);
		assert_true(fnl_span_eq(out->key, FNL_SPAN_LIT("org:west")));
		assert_true(fnl_span_eq(out->value, r.value));
		assert_int_equal(header_of(out, "ce_id").len, FNL_UUID_TEXT_BYTES);
		r = record_of(w, descs[i], "west", "east");
		assert_int_equal(route(w, &r), FNL_E_INVALID);
	}
}

static void test_a_quota_year_goes_everywhere(void **state)
{
	struct world *w = *state;
	struct fnl_record r = record_of(w, &fnl_desc_open_quota_year, "west", "west");
	assert_int_equal(route(w, &r), 0);
	assert_int_equal(w->decision.output_count, 1);
	assert_int_equal(w->decision.outputs[0].partition, FNL_PARTITION_EVERY);
	assert_true(fnl_span_eq(w->decision.outputs[0].key, FNL_SPAN_LIT("west")));
}

static struct fnl_record rate_of(struct world *w, const char *quote, int64_t day, const char *key)
{
	struct fnl_value v[FNL_FX_RATE_FIELD_COUNT] = {0};
	struct fnl_span value;
	for (size_t i = 0; i < FNL_FX_RATE_FIELD_COUNT; i++) {
		v[i] = (struct fnl_value){.set = true, .i64 = 1};
	}
	v[FNL_FX_RATE_SOURCE].str = FNL_SPAN_LIT("treasury");
	v[FNL_FX_RATE_NAME].str = FNL_SPAN_LIT("BUDGET");
	v[FNL_FX_RATE_BASE].str = FNL_SPAN_LIT("EUR");
	v[FNL_FX_RATE_QUOTE].str = fnl_span_str(quote);
	v[FNL_FX_RATE_VALID_ON].i64 = day;
	assert_int_equal(w->codec->ops->encode(w->codec, &fnl_desc_fx_rate, v, &w->arena, &value), 0);
	return (struct fnl_record){.partition = 1, .offset = 7, .key = fnl_span_str(key), .value = value};
}

static void test_rates_and_territories_go_everywhere(void **state)
{
	struct world *w = *state;
	struct fnl_record r = record_of(w, &fnl_desc_territory_defined, "t1", "t1");
	assert_int_equal(route(w, &r), 0);
	assert_int_equal(w->decision.output_count, 1);
	assert_int_equal(w->decision.outputs[0].partition, FNL_PARTITION_EVERY);
	assert_true(fnl_span_eq(w->decision.outputs[0].key, FNL_SPAN_LIT("t1")));
	assert_true(fnl_span_eq(w->decision.outputs[0].value, r.value));
	r = record_of(w, &fnl_desc_territory_defined, "t1", "t2");
	assert_int_equal(route(w, &r), FNL_E_INVALID);

	r = rate_of(w, "USD", 19723, "BUDGET|EUR|USD|2024-01-01");
	assert_int_equal(route(w, &r), 0);
	assert_int_equal(w->decision.outputs[0].partition, FNL_PARTITION_EVERY);
	assert_true(fnl_span_eq(w->decision.outputs[0].key, r.key));
	assert_true(fnl_span_eq(w->decision.outputs[0].value, r.value));
	struct fnl_span id = header_of(&w->decision.outputs[0], "ce_id");
	assert_int_equal(id.len, FNL_UUID_TEXT_BYTES);
	r = rate_of(w, "USD", 19724, "BUDGET|EUR|USD|2024-01-02"); /* that of another day is another event */
	assert_int_equal(route(w, &r), 0);
	assert_false(fnl_span_eq(header_of(&w->decision.outputs[0], "ce_id"), id));

	static const struct {
		const char *quote;
		int64_t day;
		const char *key;
	} wrong[] = {
		{"USD", 19723, "BUDGET|EUR|USD|2024-01-02"}, {"USD", 19723, "BUDGET|EUR|USD"},      {"USD", 19723, NULL},
		{"U|D", 19723, "BUDGET|EUR|U|D|2024-01-01"}, {"", 19723, "BUDGET|EUR||2024-01-01"},
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		r = rate_of(w, wrong[i].quote, wrong[i].day, wrong[i].key);
		assert_true(route(w, &r) < 0);
	}
	r = rate_of(w, "USD", -1, "BUDGET|EUR|USD|1969-12-31");
	assert_int_equal(route(w, &r), FNL_E_LIMIT);
}

static void test_headers_stay(void **state)
{
	struct world *w = *state;
	struct fnl_record r = record_of(w, &fnl_desc_rep_changed, "anna", "anna");
	const struct fnl_header headers[] = {{FNL_SPAN_LIT("ce_id"), FNL_SPAN_LIT("its-own")},
	                                     {FNL_SPAN_LIT("traceparent"), FNL_SPAN_LIT("00-1-2-03")}};
	r.headers = headers;
	r.header_count = 2;
	assert_int_equal(route(w, &r), 0);
	assert_int_equal(w->decision.outputs[0].header_count, 2);
	assert_true(fnl_span_eq(header_of(&w->decision.outputs[0], "ce_id"), headers[0].value));
	assert_true(fnl_span_eq(header_of(&w->decision.outputs[0], "traceparent"), headers[1].value));
}

static bool contains(struct fnl_span in, const char *what)
{
	size_t len = strlen(what);
	for (size_t i = 0; i + len <= in.len; i++) {
		if (memcmp(in.data + i, what, len) == 0) {
			return true;
		}
	}
	return false;
}

/* HR says where the leaving rep goes; nobody else hears of it: what goes on has a digest, by which another id can be
 * compared, and everything else as it came. */
static void test_a_new_employer_is_not_sent_on(void **state)
{
	struct world *w = *state;
	static const char employer[] = "employer-acme-4711";
	struct fnl_value values[FNL_REP_RESIGNED_FIELD_COUNT] = {{0}};
	struct fnl_span value;
	struct fnl_decoded d;
	char digest[FNL_EMPLOYER_DIGEST_BYTES + 1];
	const char *const texts[] = {"hr", "anna", "n-1", "bert"};
	const size_t at[] = {FNL_REP_RESIGNED_SOURCE, FNL_REP_RESIGNED_REP_ID, FNL_REP_RESIGNED_NOTICE_ID,
	                     FNL_REP_RESIGNED_SUCCESSOR_ID};
	const size_t numbers[] = {FNL_REP_RESIGNED_OCCURRED_AT, FNL_REP_RESIGNED_VERSION, FNL_REP_RESIGNED_NOTICE_AT,
	                          FNL_REP_RESIGNED_LAST_DAY, FNL_REP_RESIGNED_AVAILABLE_UNTIL};
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		values[at[i]] = (struct fnl_value){.set = true, .str = fnl_span_str(texts[i])};
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		values[numbers[i]] = (struct fnl_value){.set = true, .i64 = (int64_t)i + 20000};
	}
	values[FNL_REP_RESIGNED_NEW_EMPLOYER_ID] = (struct fnl_value){.set = true, .str = fnl_span_str(employer)};
	assert_int_equal(w->codec->ops->encode(w->codec, &fnl_desc_rep_resigned, values, &w->arena, &value), 0);
	assert_true(contains(value, employer));

	/* framed, and with the schema's id in a header, which is not that of the bytes that go on */
	const struct fnl_header headers[] = {{FNL_SPAN_LIT("ce_id"), FNL_SPAN_LIT("its-own")},
	                                     {FNL_SPAN_LIT("__value_schema_id"), fnl_span_of(value.data + 1, 4)}};
	const struct fnl_record records[] = {
		{.key = FNL_SPAN_LIT("anna"), .value = value, .headers = headers, .header_count = 1},
		{.key = FNL_SPAN_LIT("anna"),
	     .value = fnl_span_of(value.data + 5, value.len - 5),
	     .headers = headers,
	     .header_count = 2}};
	fnl_employer_digest(FNL_SPAN_LIT("n-1"), fnl_span_str(employer), digest);
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		assert_int_equal(route(w, &records[i]), 0);
		const struct fnl_output *out = &w->decision.outputs[0];
		struct fnl_record sent = {.key = out->key, .value = out->value};
		assert_int_equal(w->decision.output_count, 1);
		assert_false(contains(out->key, employer));
		assert_false(contains(out->value, employer));
		assert_int_equal(out->header_count, 1);
		assert_true(fnl_span_eq(header_of(out, "ce_id"), FNL_SPAN_LIT("its-own")));
		assert_int_equal(w->codec->ops->decode(w->codec, &sent, &w->arena, &d, &w->why), 0);
		assert_true(fnl_span_eq(d.values[FNL_REP_RESIGNED_NEW_EMPLOYER_ID].str, fnl_span_str(digest)));
		for (size_t f = 0; f < sizeof(at) / sizeof(at[0]); f++) {
			assert_true(fnl_span_eq(d.values[at[f]].str, fnl_span_str(texts[f])));
		}
		for (size_t f = 0; f < sizeof(numbers) / sizeof(numbers[0]); f++) {
			assert_int_equal(d.values[numbers[f]].i64, f + 20000);
		}
	}
}

static void test_the_same_event_has_the_same_id(void **state)
{
	struct world *w = *state;
	struct fnl_record r = record_of(w, &fnl_desc_rep_changed, "anna", "anna");
	struct fnl_record other = record_of(w, &fnl_desc_rep_changed, "bert", "bert");
	assert_int_equal(route(w, &r), 0);
	struct fnl_span first = header_of(&w->decision.outputs[0], "ce_id");
	assert_int_equal(route(w, &r), 0);
	assert_true(fnl_span_eq(first, header_of(&w->decision.outputs[0], "ce_id")));
	assert_int_equal(route(w, &other), 0);
	assert_false(fnl_span_eq(first, header_of(&w->decision.outputs[0], "ce_id")));
}

static void test_poison(void **state)
{
	struct world *w = *state;
	struct fnl_header many[FNL_OUTPUT_HEADERS_MAX];
	for (size_t i = 0; i < FNL_OUTPUT_HEADERS_MAX; i++) {
		many[i] = (struct fnl_header){FNL_SPAN_LIT("h"), FNL_SPAN_LIT("v")};
	}
	struct fnl_record strange = record_of(w, &fnl_desc_prospect_deleted, "p", "p");
	assert_int_equal(route(w, &strange), FNL_E_UNSUPPORTED);
	struct fnl_record elsewhere = record_of(w, &fnl_desc_rep_changed, "anna", "bert");
	assert_int_equal(route(w, &elsewhere), FNL_E_INVALID);
	struct fnl_record nobody = record_of(w, &fnl_desc_rep_changed, "", "");
	assert_int_equal(route(w, &nobody), FNL_E_LIMIT);
	struct fnl_record headed = record_of(w, &fnl_desc_rep_changed, "anna", "anna");
	headed.headers = many;
	headed.header_count = FNL_OUTPUT_HEADERS_MAX;
	assert_int_equal(route(w, &headed), FNL_E_LIMIT);
	struct fnl_value values[FNL_REP_RESIGNED_FIELD_COUNT] = {{0}};
	struct fnl_record resigned = record_of(w, &fnl_desc_rep_resigned, "anna", "anna");
	struct fnl_decoded d;
	assert_int_equal(w->codec->ops->decode(w->codec, &resigned, &w->arena, &d, &w->why), 0);
	memcpy(values, d.values, sizeof(values));
	values[FNL_REP_RESIGNED_NEW_EMPLOYER_ID] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("a|b")};
	assert_int_equal(w->codec->ops->encode(w->codec, d.desc, values, &w->arena, &resigned.value), 0);
	assert_int_equal(route(w, &resigned), FNL_E_INVALID);
	struct fnl_record garbage = {.key = FNL_SPAN_LIT("anna"), .value = FNL_SPAN_LIT("no avro")};
	assert_true(fnl_status_class(route(w, &garbage)) == FNL_CLASS_POISON);
	assert_true(w->why.text[0] != '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_about_a_rep_goes_to_his_book, start, end),
		cmocka_unit_test_setup_teardown(test_what_is_about_an_organisation_goes_to_it, start, end),
		cmocka_unit_test_setup_teardown(test_a_quota_year_goes_everywhere, start, end),
		cmocka_unit_test_setup_teardown(test_rates_and_territories_go_everywhere, start, end),
		cmocka_unit_test_setup_teardown(test_headers_stay, start, end),
		cmocka_unit_test_setup_teardown(test_a_new_employer_is_not_sent_on, start, end),
		cmocka_unit_test_setup_teardown(test_the_same_event_has_the_same_id, start, end),
		cmocka_unit_test_setup_teardown(test_poison, start, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
