/* A change log in CSV against a bus that records what was published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "funneld/adapters/sys.h"
#include "import_rank.h"
#include "import_run.h"

enum { SENT_MAX = 64, PARTITIONS = 3, MESSAGES_MAX = 64, HEADERS_MAX = 16 };

struct sent {
	char topic[64];
	char key[160];
	char headers[HEADERS_MAX][2][96];
	size_t header_count;
	int32_t partition;
	const struct fnl_record_desc *desc;
	struct fnl_value values[FNL_RECORD_FIELDS_MAX];
};

struct world {
	struct fnl_bus bus; /* must be first */
	struct fnl_codec codec;
	struct fnl_arena arena; /* of what was sent */
	struct sent sent[SENT_MAX];
	size_t sent_count;
	size_t fail_at; /* publish number that fails; 0: none */
	char messages[MESSAGES_MAX][512];
	size_t message_count;
	const char *topics[FNL_TOPIC_COUNT];
	struct fnl_import_map map;
	struct fnl_import_counts counts;
	struct fnl_error why;
};

static const int64_t day_ms = 86400000;
static const int64_t jan_1 = INT64_C(1735689600000); /* 2025-01-01 */

static int describe(struct fnl_bus *b, const char *topic, struct fnl_topic_info *ret)
{
	(void)b;
	ret->partition_count = strcmp(topic, "sales.territories") == 0 ? 0 : PARTITIONS;
	return 0;
}

static void text(char *to, size_t size, struct fnl_span s)
{
	assert_true(s.len < size);
	memcpy(to, s.data, s.len);
	to[s.len] = '\0';
}

static int publish(struct fnl_bus *b, const char *topic, int32_t partition, struct fnl_span key, struct fnl_span value,
                   const struct fnl_header *headers, size_t header_count)
{
	struct world *w = (struct world *)b;
	if (w->fail_at && w->sent_count + 1 == w->fail_at) {
		return FNL_E_DISCONNECTED;
	}
	assert_true(w->sent_count < SENT_MAX);
	struct sent *s = &w->sent[w->sent_count++];
	snprintf(s->topic, sizeof(s->topic), "%s", topic);
	text(s->key, sizeof(s->key), key);
	s->partition = partition;
	s->header_count = header_count;
	for (size_t i = 0; i < header_count; i++) {
		text(s->headers[i][0], sizeof(s->headers[i][0]), headers[i].name);
		text(s->headers[i][1], sizeof(s->headers[i][1]), headers[i].value);
	}
	s->desc = fnl_records[value.data[4]];
	struct fnl_span body = fnl_arena_dup(&w->arena, fnl_span_of(value.data + 5, value.len - 5));
	assert_int_equal(fnl_record_decode(s->desc, body, &w->arena, s->values, &w->why), 0);
	return 0;
}

static int flush(struct fnl_bus *b, int timeout_ms)
{
	return b && timeout_ms > 0 ? 0 : FNL_E_ARGUMENT;
}

static const char *explain(struct fnl_bus *b)
{
	(void)b;
	return "the broker went away";
}

static int encode(struct fnl_codec *c, const struct fnl_record_desc *desc, const struct fnl_value *values,
                  struct fnl_arena *arena, struct fnl_span *ret)
{
	(void)c;
	struct fnl_writer w = fnl_writer_of(arena);
	uint32_t id = 0;
	while (fnl_records[id] != desc) {
		id++;
	}
	fnl_write_u8(&w, 0);
	fnl_write_be32(&w, id);
	int status = fnl_record_encode(desc, values, &w);
	*ret = fnl_writer_span(&w);
	return status;
}

static const struct fnl_bus_ops bus_ops = {
	.describe_topic = describe, .publish = publish, .publish_flush = flush, .explain = explain};
static const struct fnl_codec_ops codec_ops = {.encode = encode};

static void on_bad_row(void *context, const char *message)
{
	struct world *w = context;
	assert_true(w->message_count < MESSAGES_MAX);
	snprintf(w->messages[w->message_count++], sizeof(w->messages[0]), "%s", message);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	w->bus.ops = &bus_ops;
	w->codec.ops = &codec_ops;
	fnl_arena_init(&w->arena, 8 << 20);
	for (int i = 0; i < FNL_TOPIC_COUNT; i++) {
		w->topics[i] = "other";
	}
	w->topics[FNL_TOPIC_PROSPECT_CHANGES] = "sales.prospect-changes";
	w->topics[FNL_TOPIC_REP_CHANGES] = "hr.rep-changes";
	w->topics[FNL_TOPIC_FX_RATES] = "sales.fx-rates";
	w->topics[FNL_TOPIC_TERRITORIES] = "sales.territories";
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	fnl_arena_deinit(&w->arena);
	free(w);
	return 0;
}

static FILE *file_of(const char *content)
{
	FILE *f = tmpfile();
	fputs(content, f);
	rewind(f);
	return f;
}

static int run_with(struct world *w, const char *csv, int64_t from_ms, int64_t until_ms, bool strict)
{
	FILE *in = file_of(csv);
	struct fnl_import_ports ports = {&w->bus, &w->codec, fnl_sys_ids(), w->topics};
	struct fnl_import_options options = {"log.csv", in, &w->map, from_ms, until_ms, strict, w, on_bad_row, NULL};
	int status = fnl_import_run(&ports, &options, &w->counts, &w->why);
	fclose(in);
	return status;
}

static int run(struct world *w, const char *csv)
{
	return run_with(w, csv, INT64_MIN, INT64_MAX, false);
}

static void read_map(struct world *w, const char *ini, int expected)
{
	FILE *in = file_of(ini);
	assert_int_equal(fnl_import_map_read(in, "map.ini", &w->arena, &w->map, &w->why), expected);
	fclose(in);
}

static const struct fnl_value *field(const struct sent *s, const char *name)
{
	int f = fnl_record_field_index(s->desc, fnl_span_str(name));
	assert_true(f >= 0);
	return &s->values[f];
}

static const char *header(const struct sent *s, const char *name)
{
	for (size_t i = 0; i < s->header_count; i++) {
		if (strcmp(s->headers[i][0], name) == 0) {
			return s->headers[i][1];
		}
	}
	return NULL;
}

static void assert_str(const struct sent *s, const char *name, const char *expected)
{
	const struct fnl_value *v = field(s, name);
	assert_int_equal(v->set, expected != NULL);
	if (expected) {
		assert_int_equal(v->str.len, strlen(expected));
		assert_memory_equal(v->str.data, expected, v->str.len);
	}
}

static void changed_becomes_a_feed_event(void **state)
{
	struct world *w = *state;
	assert_int_equal(
		run(w, "\xEF\xBB\xBF"
	           "event,prospect_id,occurred_at,stage,status,amount,currency,probability,expected_close_date\r\n"
	           "changed,P-1,2025-01-01,\"Proposal, sent\",open,1234.50,usd,37.5%,2025-03-01\r\n"),
		0);
	assert_int_equal(w->sent_count, 1);
	const struct sent *s = &w->sent[0];
	assert_string_equal(s->topic, "sales.prospect-changes");
	assert_string_equal(s->key, "P-1");
	assert_int_equal(s->partition, -1);
	assert_string_equal(s->desc->name, "ProspectChanged");
	assert_str(s, "source", "import");
	assert_str(s, "stage", "Proposal, sent");
	assert_str(s, "region", NULL);
	assert_int_equal(field(s, "occurred_at")->i64, jan_1);
	assert_int_equal(field(s, "version")->i64, 1);
	assert_int_equal(field(s, "full")->i64, 0);
	assert_int_equal(field(s, "status")->i64, FNL_STATUS_OPEN);
	assert_int_equal(field(s, "amount")->money.amount_minor, 123450);
	assert_string_equal(field(s, "amount")->money.currency, "USD");
	assert_int_equal(field(s, "probability_bp")->i64, 3750);
	assert_int_equal(field(s, "expected_close_date")->i64, jan_1 / day_ms + 59);
	assert_int_equal(field(s, "cleared")->list.count, 0);
	assert_string_equal(header(s, "ce_specversion"), "1.0");
	assert_string_equal(header(s, "ce_type"), "funnel.prospect.changed.v1");
	assert_string_equal(header(s, "ce_source"), "import");
	assert_string_equal(header(s, "ce_time"), "2025-01-01T00:00:00.000Z");
	assert_string_equal(header(s, "ce_subject"), "P-1");
	assert_string_equal(header(s, "content-type"), "application/avro");
	/* python3: uuid.uuid5(UUID("6f2c1f0e-5f0a-5c52-9a4b-0d8f4a1c7e11"), "import\nProspectChanged\nP-1\n1") */
	assert_string_equal(header(s, "ce_id"), "fc71adab-c57e-58cf-b0b6-c87d9ecd9907");
}

static void empty_is_absent_and_backslash_n_is_cleared(void **state)
{
	struct world *w = *state;
	assert_int_equal(run(w, "event,prospect_id,occurred_at,stage,competitor_id,amount,currency,contact_ids,actor_id\n"
	                        "changed,P-1,2025-01-01,,\\N,\\N,,a; b ;c,\\N\n"),
	                 0);
	const struct sent *s = &w->sent[0];
	assert_str(s, "stage", NULL);
	assert_str(s, "competitor_id", NULL);
	assert_false(field(s, "amount")->set);
	const struct fnl_list *cleared = &field(s, "cleared")->list;
	assert_int_equal(cleared->count, 2); /* actor_id is no field of a prospect */
	assert_true(fnl_span_eq(cleared->items[0].str, FNL_SPAN_LIT("amount")));
	assert_true(fnl_span_eq(cleared->items[1].str, FNL_SPAN_LIT("competitor_id")));
	const struct fnl_list *contacts = &field(s, "contact_ids")->list;
	assert_int_equal(contacts->count, 3);
	assert_true(fnl_span_eq(contacts->items[1].str, FNL_SPAN_LIT("b")));
}

static void version_is_the_rank_in_time_over_the_whole_file(void **state)
{
	struct world *w = *state;
	static const char csv[] = "event,prospect_id,occurred_at,stage\n"
							  "changed,P-1,2025-01-03,C\n"
							  "changed,P-2,2025-01-02,X\n"
							  "changed,P-1,2025-01-01,A\n"
							  "changed,P-1,2025-01-03,D\n"
							  "changed,P-1,1735776000000,B\n";
	assert_int_equal(run_with(w, csv, jan_1 + day_ms, jan_1 + 3 * day_ms, false), 0);
	assert_int_equal(w->counts.rows, 5);
	assert_int_equal(w->counts.outside, 1);
	assert_int_equal(w->sent_count, 4);
	assert_int_equal(field(&w->sent[0], "version")->i64, 3); /* C */
	assert_int_equal(field(&w->sent[1], "version")->i64, 1); /* X */
	assert_int_equal(field(&w->sent[2], "version")->i64, 4); /* D: ties keep the file's order */
	assert_int_equal(field(&w->sent[3], "version")->i64, 2); /* B */
}

static void the_same_file_twice_gives_the_same_events(void **state)
{
	struct world *w = *state;
	static const char csv[] =
		"event,prospect_id,occurred_at,stage,rep_id\nchanged,P-1,2025-01-01,A,\ncontact,P-1,2025-01-02,,R-1\n";
	assert_int_equal(run(w, csv), 0);
	assert_int_equal(run(w, csv), 0);
	assert_int_equal(w->sent_count, 4);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(header(&w->sent[i], "ce_id"), header(&w->sent[i + 2], "ce_id"));
		assert_string_not_equal(header(&w->sent[i], "ce_id"), header(&w->sent[1 - i], "ce_id"));
	}
}

static void every_event_finds_its_record_and_topic(void **state)
{
	struct world *w = *state;
	assert_int_equal(run(w, "event,prospect_id,rep_id,occurred_at,survivor_id,person_id,org_id,last_day,contact_id,"
	                        "notice_id,name,base,quote,"
	                        "rate_mantissa,rate_scale,valid_on\n"
	                        "contact,P-1,R-1,2025-01-01,,,,,C-1,,,,,,,\n"
	                        "deleted,P-1,,2025-01-02,,,,,,,,,,,,\n"
	                        "restored,P-1,,2025-01-03,,,,,,,,,,,,\n"
	                        "merged,P-1,,2025-01-04,P-2,,,,,,,,,,,\n"
	                        "erased,P-1,,2025-01-05,,,,,,,,,,,,\n"
	                        "contact_erased,P-1,,2025-01-06,,H-1,,,,,,,,,,\n"
	                        "gap,P-1,,2025-01-07,,,,,,,,,,,,\n"
	                        "rep_changed,,R-1,2025-01-01,,,O-1,,,,,,,,,\n"
	                        "rep_resigned,,R-1,2025-01-02,,,,2025-02-28,,N-1,,,,,,\n"
	                        "resignation_withdrawn,,R-1,2025-01-03,,,,,,N-1,,,,,,\n"
	                        "rep_left,,R-1,2025-01-04,,,,,,,,,,,,\n"
	                        "rep_erased,,R-1,2025-01-05,,,,,,,,,,,,\n"
	                        "fx_rate,,,2025-01-05,,,,,,,ecb,EUR,USD,10312,4,2025-01-03\n"),
	                 0);
	static const char *const expected[][3] = {
		{"ContactLogged", "sales.prospect-changes", "funnel.contact.logged.v1"},
		{"ProspectDeleted", "sales.prospect-changes", "funnel.prospect.deleted.v1"},
		{"ProspectRestored", "sales.prospect-changes", "funnel.prospect.restored.v1"},
		{"ProspectMerged", "sales.prospect-changes", "funnel.prospect.merged.v1"},
		{"ProspectErased", "sales.prospect-changes", "funnel.prospect.erased.v1"},
		{"ContactErased", "sales.prospect-changes", "funnel.contact.erased.v1"},
		{"FeedGap", "sales.prospect-changes", "funnel.feed.gap.v1"},
		{"RepChanged", "hr.rep-changes", "funnel.rep.changed.v1"},
		{"RepResigned", "hr.rep-changes", "funnel.rep.resigned.v1"},
		{"ResignationWithdrawn", "hr.rep-changes", "funnel.resignation.withdrawn.v1"},
		{"RepLeft", "hr.rep-changes", "funnel.rep.left.v1"},
		{"RepErased", "hr.rep-changes", "funnel.rep.erased.v1"},
		{"FxRate", "sales.fx-rates", "funnel.fx.rate.v1"},
	};
	assert_int_equal(w->sent_count, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < w->sent_count; i++) {
		assert_string_equal(w->sent[i].desc->name, expected[i][0]);
		assert_string_equal(w->sent[i].topic, expected[i][1]);
		assert_string_equal(header(&w->sent[i], "ce_type"), expected[i][2]);
	}
	assert_int_equal(field(&w->sent[1], "version")->i64, 2); /* the contact is a change, too */
	assert_int_equal(field(&w->sent[7], "version")->i64, 1);
	assert_int_equal(field(&w->sent[7], "active")->i64, 1);
	assert_string_equal(w->sent[12].key, "ecb|EUR|USD|2025-01-03");
}

static void reps_and_quotas_come_by_csv_too(void **state)
{
	struct world *w = *state;
	assert_int_equal(run(w, "event,rep_id,org_id,occurred_at,regions,fiscal_year,base_currency,rep_ids\n"
	                        "rep_changed,R-1,O-1,2025-01-01,DE;FR;IT,,,\n"
	                        "open_quota_year,,O-1,2025-01-02,,2025,USD,R-1;R-2\n"),
	                 0);
	assert_int_equal(w->sent_count, 2);
	assert_int_equal(field(&w->sent[0], "regions")->list.count, 3);
	assert_string_equal(w->sent[1].key, "O-1");
	assert_int_equal(field(&w->sent[1], "fiscal_year")->i64, 2025);
	assert_int_equal(field(&w->sent[1], "as_of")->i64, jan_1 + day_ms);
	assert_int_equal(field(&w->sent[1], "rep_ids")->list.count, 2);
	assert_str(&w->sent[1], "run_id", "import-open_quota_year-O-1-1");
}

/* Feeds often leave out who had a contact: an empty cell, \N and no such column at all are the same. */
static void a_contact_need_not_name_its_rep(void **state)
{
	struct world *w = *state;
	assert_int_equal(run(w, "event,prospect_id,occurred_at,rep_id\n"
	                        "contact,P-1,2025-01-01,\n"
	                        "contact,P-1,2025-01-02,\\N\n"
	                        "contact,P-1,2025-01-03,R-1\n"),
	                 0);
	assert_int_equal(run(w, "event,prospect_id,occurred_at\ncontact,P-1,2025-01-04\n"), 0);
	static const char *const reps[] = {NULL, NULL, "R-1", NULL};
	assert_int_equal(w->message_count, 0);
	assert_int_equal(w->sent_count, sizeof(reps) / sizeof(reps[0]));
	for (size_t i = 0; i < w->sent_count; i++) {
		assert_string_equal(w->sent[i].desc->name, "ContactLogged");
		assert_string_equal(w->sent[i].key, "P-1");
		assert_str(&w->sent[i], "rep_id", reps[i]);
		assert_int_equal(field(&w->sent[i], "at")->i64, jan_1 + (int64_t)i * day_ms);
	}
}

/* Times that no other field can hold make bad rows, and end nothing. */
static void a_time_out_of_range_is_a_bad_row(void **state)
{
	struct world *w = *state;
	assert_int_equal(run(w, "event,rep_id,occurred_at\nrep_left,R-1,9223372036854775807\nrep_left,R-2,2025-01-01\n"),
	                 FNL_IMPORT_LEFT_OUT);
	assert_int_equal(w->message_count, 1);
	assert_string_equal(w->messages[0], "log.csv:2: column \"left_on\", value \"\": rep_left needs left_on");
	assert_int_equal(w->sent_count, 1);
	assert_string_equal(w->sent[0].key, "R-2");
}

static void what_concerns_all_goes_to_every_partition(void **state)
{
	struct world *w = *state;
	assert_int_equal(run(w, "event,prospect_id,occurred_at,source\n"
	                        "heartbeat,,2025-01-01,crm\n"
	                        "gap,,2025-01-02,crm\n"
	                        "clock_tick,,2025-01-03T08:00:00+02:00,\n"),
	                 0);
	assert_int_equal(w->sent_count, 9);
	for (int i = 0; i < 9; i++) {
		assert_int_equal(w->sent[i].partition, i % PARTITIONS);
	}
	assert_string_equal(w->sent[0].key, "crm");
	assert_string_equal(w->sent[3].desc->name, "FeedGap");
	assert_false(field(&w->sent[3], "prospect_id")->set);
	assert_int_equal(field(&w->sent[6], "occurred_at")->i64, jan_1 + 2 * day_ms + 6 * 3600000);
	assert_int_equal(w->counts.published, 3);
	struct fnl_import_ports ports = {&w->bus, &w->codec, fnl_sys_ids(), w->topics};
	assert_int_equal(fnl_import_tick(&ports, jan_1 + 2 * day_ms + 6 * 3600000, &w->why), 0);
	assert_int_equal(w->sent_count, 12);
	assert_string_equal(header(&w->sent[11], "ce_id"), header(&w->sent[8], "ce_id"));
	/* rules are for every stage */
	w->topics[FNL_TOPIC_REP_INPUTS] = "funneld.rep-inputs";
	w->topics[FNL_TOPIC_ORG_INPUTS] = "funneld.org-inputs";
	assert_int_equal(run(w, "event,occurred_at,rules_version,rules_hash,rules_text\n"
	                        "rules_activated,2025-01-01,1,abc,[rules]\n"),
	                 0);
	assert_int_equal(w->sent_count, 12 + 3 * PARTITIONS);
	assert_string_equal(w->sent[12].topic, "sales.prospect-changes");
	assert_string_equal(w->sent[12 + PARTITIONS].topic, "funneld.rep-inputs");
	assert_string_equal(w->sent[12 + 2 * PARTITIONS].topic, "funneld.org-inputs");
}

static void every_bad_row_is_named_and_left_out(void **state)
{
	static const char head[] = "event,prospect_id,occurred_at,stage,status,amount,currency,probability,version,"
							   "expected_close_date,reached,rep_id\n";
	static const char *const cases[][2] = {
		{"changed,P-1,2025-01-01,A,open\n", "log.csv:3: the row has 5 cells, the header 12"},
		{"chnaged,P-1,2025-01-01,A,,,,,,,,\n", "log.csv:3: column \"event\", value \"chnaged\": no event of that name"},
		{"changed,P-1,2025-02-30,A,,,,,,,,\n", "log.csv:3: column \"occurred_at\", value \"2025-02-30\": expected a "
	                                           "date YYYY-MM-DD, an RFC 3339 time or epoch milliseconds"},
		{"changed,P-1,,A,,,,,,,,\n", "log.csv:3: column \"occurred_at\", value \"\": expected a date YYYY-MM-DD, an "
	                                 "RFC 3339 time or epoch milliseconds"},
		{"changed,,2025-01-01,A,,,,,,,,\n", "log.csv:3: column \"prospect_id\", value \"\": changed needs prospect_id"},
		{"changed,P-1,2025-01-01,A,opne,,,,,,,\n",
	     "log.csv:3: column \"status\", value \"opne\": expected one of UNKNOWN, OPEN, WON, LOST"},
		{"changed,P-1,2025-01-01,A,,12,,,,,,\n",
	     "log.csv:3: column \"amount\", value \"12\": an amount without a currency"},
		{"changed,P-1,2025-01-01,A,,,,101,,,,\n",
	     "log.csv:3: column \"probability\", value \"101\": expected a percentage from 0 to 100, at most two decimals"},
		{"changed,P-1,2025-01-01,A,,,,,0,,,\n", "log.csv:3: column \"version\", value \"0\": a version begins at 1"},
		{"changed,P-1,2025-01-01,A,,,,,x,,,\n", "log.csv:3: column \"version\", value \"x\": expected a whole number"},
		{"changed,P-1,2025-01-01,A,,,,,,soon,,\n",
	     "log.csv:3: column \"expected_close_date\", value \"soon\": expected a date YYYY-MM-DD"},
		{"changed,P-1,2025-01-01,A,,,,,,,true,\n",
	     "log.csv:3: column \"reached\", value \"true\": changed has no such field"},
		{"contact,P-1,2025-01-01,,,,,,,,maybe,R-1\n",
	     "log.csv:3: column \"reached\", value \"maybe\": expected true or false"},
		{"changed,P-1,2025-01-01,A\xFF,,,,,,,,\n", "log.csv:3: column \"stage\", value \"A\xFF\": not UTF-8"},
		{"changed,P-1,2025-01-01,\"A\"B,,,,,,,,\n", "log.csv:3: a quotation mark in the wrong place"},
		{"merged,P-1,2025-01-01,,,,,,,,,\n", "log.csv:3: column \"survivor_id\", value \"\": merged needs survivor_id"},
		{"changed,\\N,2025-01-01,A,,,,,,,,\n",
	     "log.csv:3: column \"prospect_id\", value \"\\N\": prospect_id cannot be cleared"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world *w = *state;
		char csv[1024];
		w->sent_count = w->message_count = 0;
		snprintf(csv, sizeof(csv), "%schanged,P-0,2025-01-01,A,,,,,,,,\n%schanged,P-9,2025-01-01,Z,,,,,,,,\n", head,
		         cases[i][0]);
		assert_int_equal(run(w, csv), FNL_IMPORT_LEFT_OUT);
		assert_int_equal(w->message_count, 1);
		assert_string_equal(w->messages[0], cases[i][1]);
		assert_int_equal(w->counts.bad, 1);
		assert_int_equal(w->counts.rows, 3);
		assert_int_equal(w->sent_count, 2);
		assert_string_equal(w->sent[1].key, "P-9");
		w->sent_count = 0;
		assert_int_equal(run_with(w, csv, INT64_MIN, INT64_MAX, true), FNL_IMPORT_LEFT_OUT);
		assert_int_equal(w->sent_count, 1); /* strict: it stopped there */
	}
}

static void money_is_exact_or_refused(void **state)
{
	struct world *w = *state;
	assert_int_equal(run(w, "event,prospect_id,occurred_at,amount,won_amount,currency,won_amount_currency\n"
	                        "changed,P-1,2025-01-01,0.01,5000,EUR,JPY\n"
	                        "changed,P-1,2025-01-01,1e5,,EUR,\n"
	                        "changed,P-1,2025-01-01,1.234,,EUR,\n"
	                        "changed,P-1,2025-01-01,1,,EURO,\n"),
	                 FNL_IMPORT_LEFT_OUT);
	assert_int_equal(w->sent_count, 1);
	assert_int_equal(w->message_count, 3);
	assert_int_equal(field(&w->sent[0], "amount")->money.amount_minor, 1);
	assert_int_equal(field(&w->sent[0], "won_amount")->money.amount_minor, 5000);
	assert_string_equal(field(&w->sent[0], "won_amount")->money.currency, "JPY");
}

static void lines_are_counted_over_quoted_newlines(void **state)
{
	struct world *w = *state;
	assert_int_equal(run(w, "event,prospect_id,occurred_at,stage\n"
	                        "changed,P-1,2025-01-01,\"a\nb\n\"\n"
	                        "\n"
	                        "changed,P-2,never,A\n"
	                        "changed,P-3,2025-01-01,\"left open\n"),
	                 FNL_IMPORT_LEFT_OUT);
	assert_int_equal(w->sent_count, 1);
	assert_int_equal(w->message_count, 2);
	assert_memory_equal(w->messages[0], "log.csv:6: column \"occurred_at\"", 30);
	assert_string_equal(w->messages[1], "log.csv:7: a quotation mark is left open");
}

static void a_wrong_header_publishes_nothing(void **state)
{
	struct world *w = *state;
	static const char *const cases[][2] = {
		{"event,prospect_id,occurred_at,colour\n",
	     "log.csv:1: column \"colour\" is not known; a map can rename or ignore it"},
		{"event,prospect_id\n", "log.csv:1: the column \"occurred_at\" is missing"},
		{"event,prospect_id,occurred_at,stage,stage\n", "log.csv:1: column \"stage\" is there twice"},
		{"", "log.csv: there is no header line"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(run(w, cases[i][0]), FNL_E_INVALID);
		assert_string_equal(w->why.text, cases[i][1]);
	}
	assert_int_equal(run(w, "event,territory_id,occurred_at,org_id,cells,valid_from\nterritory_defined,T,2025-01-01,O,"
	                        "N/retail/,2025-01-01\n"),
	                 FNL_E_NOT_FOUND);
	assert_int_equal(w->sent_count, 0);
}

static void a_map_renames_and_translates(void **state)
{
	struct world *w = *state;
	read_map(w,
	         "ignore = Notes; Phone\n"
	         "[columns]\nOpp ID = prospect_id\nModified = occurred_at\nStageName = stage\nState = status\nChance = "
	         "probability\nInternal = ignore\n"
	         "[constants]\nevent = changed\ncurrency = EUR\nsource = crm-1\n"
	         "[values status]\nClosed Won = won\nin progress = open\nn/a =\n"
	         "[formats]\noccurred_at = %d.%m.%Y %H:%M\nprobability = fraction\n",
	         0);
	assert_int_equal(run(w, "Opp ID,Modified,StageName,State,amount,Chance,Notes,Phone,Internal\n"
	                        "P-1,31.01.2025 12:30,Demo,Closed won,10,0.255,secret,1,2\n"
	                        "P-2,01.01.2025 00:00,Demo,N/A,,,,,\n"),
	                 0);
	const struct sent *s = &w->sent[0];
	assert_int_equal(w->sent_count, 2);
	assert_int_equal(field(s, "occurred_at")->i64, jan_1 + 30 * day_ms + 45000000);
	assert_int_equal(field(s, "status")->i64, FNL_STATUS_WON);
	assert_int_equal(field(s, "probability_bp")->i64, 2550);
	assert_int_equal(field(s, "amount")->money.amount_minor, 1000);
	assert_str(s, "source", "crm-1");
	assert_string_equal(header(s, "ce_source"), "crm-1");
	assert_false(field(&w->sent[1], "status")->set);
}

static void a_wrong_map_is_named(void **state)
{
	struct world *w = *state;
	read_map(w, "[columns]\na = stage\n[colours]\nb = c\n", FNL_E_INVALID);
	assert_non_null(strstr(w->why.text, "map.ini:4: [colours] b"));
	read_map(w, "[columns]\nno equals sign\n", FNL_E_INVALID);
	assert_non_null(strstr(w->why.text, "map.ini:2:"));
	read_map(w, "[columns]\nX = colour\n", 0);
	assert_int_equal(run(w, "event,prospect_id,occurred_at,X\n"), FNL_E_INVALID);
	assert_non_null(strstr(w->why.text, "column \"X\" is not known under the name that the map gives it"));
	read_map(w, "[constants]\ncolour = red\n", 0);
	assert_int_equal(run(w, "event,prospect_id,occurred_at\n"), FNL_E_INVALID);
	assert_non_null(strstr(w->why.text, "map, line 2: there is no column \"colour\""));
	read_map(w, "ignore = *\n", 0);
	assert_int_equal(run(w, "event,prospect_id,occurred_at,X,Y\nchanged,P-1,2025-01-01,1,2\n"), 0);
}

static void a_bus_that_fails_is_told(void **state)
{
	struct world *w = *state;
	w->fail_at = 2;
	assert_int_equal(
		run(w, "event,prospect_id,occurred_at\nchanged,A,2025-01-01\nchanged,B,2025-01-01\nchanged,C,2025-01-01\n"),
		FNL_E_DISCONNECTED);
	assert_string_equal(w->why.text, "sales.prospect-changes: the broker went away");
	assert_int_equal(w->counts.published, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(changed_becomes_a_feed_event, setup, teardown),
		cmocka_unit_test_setup_teardown(empty_is_absent_and_backslash_n_is_cleared, setup, teardown),
		cmocka_unit_test_setup_teardown(version_is_the_rank_in_time_over_the_whole_file, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_file_twice_gives_the_same_events, setup, teardown),
		cmocka_unit_test_setup_teardown(every_event_finds_its_record_and_topic, setup, teardown),
		cmocka_unit_test_setup_teardown(reps_and_quotas_come_by_csv_too, setup, teardown),
		cmocka_unit_test_setup_teardown(a_contact_need_not_name_its_rep, setup, teardown),
		cmocka_unit_test_setup_teardown(a_time_out_of_range_is_a_bad_row, setup, teardown),
		cmocka_unit_test_setup_teardown(what_concerns_all_goes_to_every_partition, setup, teardown),
		cmocka_unit_test_setup_teardown(every_bad_row_is_named_and_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(money_is_exact_or_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(lines_are_counted_over_quoted_newlines, setup, teardown),
		cmocka_unit_test_setup_teardown(a_wrong_header_publishes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_map_renames_and_translates, setup, teardown),
		cmocka_unit_test_setup_teardown(a_wrong_map_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(a_bus_that_fails_is_told, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
