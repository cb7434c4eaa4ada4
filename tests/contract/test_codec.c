/* The codec as others meet it: older and newer writers, and bytes that are wrong in every way. */
#include "codec_fixture.h"

#include "random_records.h"

#define STR(name) "{\"name\": \"" name "\", \"type\": \"string\"}"
#define LONG_(name) "{\"name\": \"" name "\", \"type\": \"long\"}"
#define RECORD(name, fields) \
	"{\"type\": \"record\", \"name\": \"" name "\", \"namespace\": \"com.funneld.v1\", \"fields\": [" fields "]}"
#define MERGED_ID STR("source") ", " LONG_("occurred_at") ", " STR("prospect_id")

enum {
	ID_OLDER = 1001,
	ID_NEWER,
	ID_NULLABLE,
	ID_MISSING,
	ID_STRANGER,
	ID_ENUM_NOT_RECORD,
	ID_NOT_JSON,
	ID_NO_SCHEMA,
	ID_RECURSIVE,
	ID_WIDE,
	ID_FIXED,
	ID_MISFIT,
	ID_MICROS,
	ID_NAMED,
	ID_LISTS,
	ID_MONEY
};

static const struct extra_schema
	extra
		[] =
			{
				/* ProspectChanged before most of its fields existed; another name space; version still an int. */
				{ID_OLDER, "{\"type\": \"record\", \"name\": \"ProspectChanged\", \"namespace\": \"org.other\", "
                           "\"fields\": [" STR("source") ", " LONG_("occurred_at") ", " STR(
							   "prospect_id") ", {\"name\": \"version\", \"type\": \"int\"}, "
                                              "{\"name\": \"full\", \"type\": \"boolean\"}, {\"name\": \"stage\", "
                                              "\"type\": [\"null\", \"string\"]}]}"},
				/* ContactLogged as it may become: other order, fields of every kind, a new channel. */
				{ID_NEWER,
                 RECORD(
					 "ContactLogged",
					 "{\"name\": \"x_map\", \"type\": {\"type\": \"map\", \"values\": [\"null\", \"long\"]}}, "
					 "{\"name\": \"reached\", \"type\": \"boolean\"}, "
					 "{\"name\": \"x_fixed\", \"type\": {\"type\": \"fixed\", \"name\": \"Four\", \"size\": 4}}, "
					 "{\"name\": \"channel\", \"type\": {\"type\": \"enum\", \"name\": \"Channel\", \"symbols\": "
                     "[\"MAIL\", \"CHAT\", \"VISIT\"]}}, "
					 "{\"name\": \"x_bytes\", \"type\": \"bytes\"}, {\"name\": \"x_float\", \"type\": \"float\"}, "
					 "{\"name\": \"x_double\", \"type\": \"double\"}, {\"name\": \"x_null\", \"type\": \"null\"}, "
					 "{\"name\": \"x_record\", \"type\": {\"type\": \"record\", \"name\": \"Deep\", \"fields\": ["
					 "{\"name\": \"list\", \"type\": {\"type\": \"array\", \"items\": [\"null\", \"Four\", "
                     "\"string\"]}}]}}, "
					 "{\"name\": \"x_again\", \"type\": \"Deep\"}, " LONG_("at") ", " STR("rep_id") ", " STR(
						 "prospect_id") ", " STR("contact_id") ", " LONG_("occurred_at") ", " STR("source") ", "
                                                                                                            "{\"name\":"
                                                                                                            " \"person_"
                                                                                                            "ids\", "
                                                                                                            "\"type\": "
                                                                                                            "{\"type\":"
                                                                                                            " \"array\""
                                                                                                            ", "
                                                                                                            "\"items\":"
                                                                                                            " \"string"
                                                                                                            "\"}}")},
				/* Nullable where ours is not, and not where ours is; the null branch last; bytes for a string. */
				{
					ID_NULLABLE,
					RECORD("ContactLogged", "{\"name\": \"source\", \"type\": [\"string\", \"null\"]}, " LONG_(
												"occurred_at") ", {\"name\": \"contact_id\", \"type\": "
                                                               "\"bytes\"}, " STR("prospect_id") ", " STR("rep_id") ", "
                                                                                                                    "{"
                                                                                                                    "\""
                                                                                                                    "na"
                                                                                                                    "me"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "\""
                                                                                                                    "at"
                                                                                                                    "\""
                                                                                                                    ", "
                                                                                                                    "\""
                                                                                                                    "ty"
                                                                                                                    "pe"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "["
                                                                                                                    "\""
                                                                                                                    "nu"
                                                                                                                    "ll"
                                                                                                                    "\""
                                                                                                                    ", "
                                                                                                                    "\""
                                                                                                                    "in"
                                                                                                                    "t"
                                                                                                                    "\""
                                                                                                                    ", "
                                                                                                                    "\""
                                                                                                                    "lo"
                                                                                                                    "ng"
                                                                                                                    "\""
                                                                                                                    "]}"
                                                                                                                    ", "
                                                                                                                    "{"
                                                                                                                    "\""
                                                                                                                    "na"
                                                                                                                    "me"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "\""
                                                                                                                    "ch"
                                                                                                                    "an"
                                                                                                                    "ne"
                                                                                                                    "l"
                                                                                                                    "\""
                                                                                                                    ", "
                                                                                                                    "\""
                                                                                                                    "ty"
                                                                                                                    "pe"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "{"
                                                                                                                    "\""
                                                                                                                    "ty"
                                                                                                                    "pe"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "\""
                                                                                                                    "en"
                                                                                                                    "um"
                                                                                                                    "\""
                                                                                                                    ", "
                                                                                                                    "\""
                                                                                                                    "na"
                                                                                                                    "me"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "\""
                                                                                                                    "C"
                                                                                                                    "\""
                                                                                                                    ", "
                                                                                                                    "\""
                                                                                                                    "sy"
                                                                                                                    "mb"
                                                                                                                    "ol"
                                                                                                                    "s"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "["
                                                                                                                    "\""
                                                                                                                    "PH"
                                                                                                                    "ON"
                                                                                                                    "E"
                                                                                                                    "\""
                                                                                                                    "]}"
                                                                                                                    "},"
                                                                                                                    " "
                                                                                                                    "{"
                                                                                                                    "\""
                                                                                                                    "na"
                                                                                                                    "me"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "\""
                                                                                                                    "di"
                                                                                                                    "re"
                                                                                                                    "ct"
                                                                                                                    "io"
                                                                                                                    "n"
                                                                                                                    "\""
                                                                                                                    ", "
                                                                                                                    "\""
                                                                                                                    "ty"
                                                                                                                    "pe"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "{"
                                                                                                                    "\""
                                                                                                                    "ty"
                                                                                                                    "pe"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "\""
                                                                                                                    "en"
                                                                                                                    "um"
                                                                                                                    "\""
                                                                                                                    ", "
                                                                                                                    "\""
                                                                                                                    "na"
                                                                                                                    "me"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "\""
                                                                                                                    "D"
                                                                                                                    "\""
                                                                                                                    ", "
                                                                                                                    "\""
                                                                                                                    "sy"
                                                                                                                    "mb"
                                                                                                                    "ol"
                                                                                                                    "s"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "["
                                                                                                                    "\""
                                                                                                                    "IN"
                                                                                                                    "BO"
                                                                                                                    "UN"
                                                                                                                    "D"
                                                                                                                    "\""
                                                                                                                    "]}"
                                                                                                                    "},"
                                                                                                                    " "
                                                                                                                    "{"
                                                                                                                    "\""
                                                                                                                    "na"
                                                                                                                    "me"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "\""
                                                                                                                    "re"
                                                                                                                    "ac"
                                                                                                                    "he"
                                                                                                                    "d"
                                                                                                                    "\""
                                                                                                                    ", "
                                                                                                                    "\""
                                                                                                                    "ty"
                                                                                                                    "pe"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "\""
                                                                                                                    "bo"
                                                                                                                    "ol"
                                                                                                                    "ea"
                                                                                                                    "n"
                                                                                                                    "\""
                                                                                                                    "},"
                                                                                                                    " {"
                                                                                                                    "\""
                                                                                                                    "na"
                                                                                                                    "me"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "\""
                                                                                                                    "re"
                                                                                                                    "tr"
                                                                                                                    "ac"
                                                                                                                    "te"
                                                                                                                    "d"
                                                                                                                    "\""
                                                                                                                    ", "
                                                                                                                    "\""
                                                                                                                    "ty"
                                                                                                                    "pe"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "["
                                                                                                                    "\""
                                                                                                                    "nu"
                                                                                                                    "ll"
                                                                                                                    "\""
                                                                                                                    ", "
                                                                                                                    "\""
                                                                                                                    "bo"
                                                                                                                    "ol"
                                                                                                                    "ea"
                                                                                                                    "n"
                                                                                                                    "\""
                                                                                                                    "]}"
                                                                                                                    ", "
                                                                                                                    "{"
                                                                                                                    "\""
                                                                                                                    "na"
                                                                                                                    "me"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "\""
                                                                                                                    "pe"
                                                                                                                    "rs"
                                                                                                                    "on"
                                                                                                                    "_i"
                                                                                                                    "ds"
                                                                                                                    "\""
                                                                                                                    ", "
                                                                                                                    "\""
                                                                                                                    "ty"
                                                                                                                    "pe"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "["
                                                                                                                    "\""
                                                                                                                    "nu"
                                                                                                                    "ll"
                                                                                                                    "\""
                                                                                                                    ", "
                                                                                                                    "{"
                                                                                                                    "\""
                                                                                                                    "ty"
                                                                                                                    "pe"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "\""
                                                                                                                    "ar"
                                                                                                                    "ra"
                                                                                                                    "y"
                                                                                                                    "\""
                                                                                                                    ", "
                                                                                                                    "\""
                                                                                                                    "it"
                                                                                                                    "em"
                                                                                                                    "s"
                                                                                                                    "\""
                                                                                                                    ": "
                                                                                                                    "["
                                                                                                                    "\""
                                                                                                                    "nu"
                                                                                                                    "ll"
                                                                                                                    "\""
                                                                                                                    ", "
                                                                                                                    "\""
                                                                                                                    "st"
                                                                                                                    "ri"
                                                                                                                    "ng"
                                                                                                                    "\""
                                                                                                                    "]}"
                                                                                                                    "]"
                                                                                                                    "}")},
				{ID_MISSING, RECORD("ProspectMerged", MERGED_ID ", " STR("survivor_id"))},
				{ID_STRANGER, RECORD("Stranger", STR("source"))},
				{ID_ENUM_NOT_RECORD, "{\"type\": \"enum\", \"name\": \"ProspectMerged\", \"symbols\": [\"A\"]}"},
				{ID_NOT_JSON, "{\"type\": "},
				{ID_NO_SCHEMA, "{\"type\": \"record\", \"name\": \"ProspectMerged\", \"fields\": [{\"name\": \"a\", "
                               "\"type\": \"wrong\"}]}"},
				{ID_RECURSIVE,
                 RECORD("ProspectMerged", MERGED_ID ", {\"name\": \"version\", \"type\": \"long\"}, " STR(
											  "survivor_id") ", {\"name\": \"next\", \"type\": \"ProspectMerged\"}")},
				/* Each level holds the one before twice: 2^20 parts. */
				{ID_WIDE,
                 RECORD(
					 "ProspectMerged",
					 "{\"name\": \"w\", \"type\": {\"type\": \"record\", \"name\": \"W1\", \"fields\": ["
					 "{\"name\": \"a\", \"type\": {\"type\": \"record\", \"name\": \"W2\", \"fields\": ["
					 "{\"name\": \"a\", \"type\": {\"type\": \"record\", \"name\": \"W3\", \"fields\": ["
					 "{\"name\": \"a\", \"type\": {\"type\": \"record\", \"name\": \"W4\", \"fields\": ["
					 "{\"name\": \"a\", \"type\": \"null\"}, {\"name\": \"b\", \"type\": \"null\"}, {\"name\": \"c\", "
                     "\"type\": \"null\"}, {\"name\": \"d\", \"type\": \"null\"}, "
					 "{\"name\": \"e\", \"type\": \"null\"}, {\"name\": \"f\", \"type\": \"null\"}, {\"name\": \"g\", "
                     "\"type\": \"null\"}, {\"name\": \"h\", \"type\": \"null\"}]}}, "
					 "{\"name\": \"b\", \"type\": \"W4\"}, {\"name\": \"c\", \"type\": \"W4\"}, {\"name\": \"d\", "
                     "\"type\": \"W4\"}, {\"name\": \"e\", \"type\": \"W4\"}, {\"name\": \"f\", \"type\": \"W4\"}]}}, "
					 "{\"name\": \"b\", \"type\": \"W3\"}, {\"name\": \"c\", \"type\": \"W3\"}, {\"name\": \"d\", "
                     "\"type\": \"W3\"}, {\"name\": \"e\", \"type\": \"W3\"}, {\"name\": \"f\", \"type\": \"W3\"}]}}, "
					 "{\"name\": \"b\", \"type\": \"W2\"}, {\"name\": \"c\", \"type\": \"W2\"}, {\"name\": \"d\", "
                     "\"type\": \"W2\"}, {\"name\": \"e\", \"type\": \"W2\"}, {\"name\": \"f\", \"type\": \"W2\"}, "
					 "{\"name\": \"g\", \"type\": \"W2\"}]}}")},
				{ID_FIXED,
                 RECORD(
					 "ProspectMerged",
					 "{\"name\": \"f\", \"type\": {\"type\": \"fixed\", \"name\": \"F\", \"size\": 1099511627776}}")},
				{ID_MISFIT, RECORD("ProspectMerged", MERGED_ID ", " STR("version") ", " STR("survivor_id"))},
				{ID_MICROS,
                 RECORD("ProspectDeleted", STR("source") ", {\"name\": \"occurred_at\", \"type\": {\"type\": \"long\", "
                                                         "\"logicalType\": \"timestamp-micros\"}}, " STR(
															 "prospect_id") ", " LONG_("version"))},
				/* No name space at all, and a default that we do not share. */
				{ID_NAMED, "{\"type\": \"record\", \"name\": \"FeedGap\", \"fields\": [" STR("source") ", " LONG_(
							   "occurred_at") ", " STR("gap_id") "]}"},
				{ID_LISTS,
                 RECORD("TerritoryDefined",
                        STR("source") ", " LONG_("occurred_at") ", " STR("territory_id") ", " LONG_("version") ", " STR(
							"org_id") ", {\"name\": \"valid_from\", \"type\": \"int\"}, "
                                      "{\"name\": \"cells\", \"type\": {\"type\": \"array\", \"items\": {\"type\": "
                                      "\"record\", \"name\": \"TerritoryCell\", \"fields\": ["
                                      "{\"name\": \"industry\", \"type\": \"string\"}, {\"name\": \"extra\", \"type\": "
                                      "\"long\"}]}}}, "
                                      "{\"name\": \"x_nulls\", \"type\": {\"type\": \"array\", \"items\": \"null\"}}")},
				/* Money with its parts the other way round, and the amount an int. */
				{ID_MONEY,
                 RECORD("Erased",
                        STR("prospect_id") ", " LONG_("version") ", " LONG_(
							"erased_at") ", "
                                         "{\"name\": \"won_amount\", \"type\": {\"type\": \"record\", \"name\": "
                                         "\"Money\", \"fields\": [" STR(
											 "currency") ", {\"name\": \"note\", \"type\": \"string\"}, {\"name\": "
                                                         "\"amount_minor\", \"type\": \"int\"}]}}")},
};

static int setup(void **state)
{
	struct codec_fixture *f = fnl_calloc(1, sizeof(*f));
	assert_non_null(f);
	fixture_open(f, extra, sizeof(extra) / sizeof(extra[0]));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_close(*state);
	fnl_free(*state);
	return 0;
}

static uint32_t id_of(struct codec_fixture *f, const struct fnl_record_desc *d)
{
	uint32_t id = 0;
	assert_int_equal(f->codec->ops->schema_id(f->codec, d, &id), 0);
	return id;
}

static void assert_text(struct fnl_value v, const char *text)
{
	assert_true(v.set);
	assert_true(fnl_span_eq(v.str, fnl_span_str(text)));
}

/* The frame's id is the registry's, and the registry is asked once, not once an event. */
static void test_round_trips(void **state)
{
	struct codec_fixture *f = *state;
	for (size_t i = 0; i < fnl_record_count; i++) {
		const struct fnl_record_desc *d = fnl_records[i];
		struct random_source random = {1000 + i, &f->arena};
		int asked = 0;
		for (int round = 0; round < 20; round++) {
			struct fnl_value values[FNL_RECORD_FIELDS_MAX] = {0};
			struct fnl_span framed = FNL_SPAN_NONE;
			struct fnl_decoded back = {0};
			random_values(&random, d, values);
			assert_int_equal(f->codec->ops->encode(f->codec, d, values, &f->arena, &framed), 0);
			struct fnl_reader r = fnl_reader_of(fnl_span_of(framed.data + 1, 4));
			assert_int_equal(fnl_read_be32(&r), id_of(f, d));
			assert_int_equal(fixture_decode(f, framed, &back), 0);
			assert_ptr_equal(back.desc, d);
			assert_true(values_equal(d, values, back.values));
			asked = round == 0 ? f->registry.asked : asked;
		}
		assert_int_equal(f->registry.asked, asked);
		fnl_arena_reset(&f->arena);
	}
}

static void test_encode_refuses(void **state)
{
	struct codec_fixture *f = *state;
	struct fnl_value values[FNL_PROSPECT_CHANGED_FIELD_COUNT] = {0};
	struct random_source random = {7, &f->arena};
	struct fnl_span out = FNL_SPAN_NONE;
	const struct fnl_record_desc stranger = fnl_desc_prospect_changed, *d = &fnl_desc_prospect_changed;
	random_values(&random, d, values);
	struct fnl_value kept = values[FNL_PROSPECT_CHANGED_VERSION];
	values[FNL_PROSPECT_CHANGED_VERSION].set = false;
	assert_int_equal(f->codec->ops->encode(f->codec, d, values, &f->arena, &out), FNL_E_INVALID);
	values[FNL_PROSPECT_CHANGED_VERSION] = kept;
	values[FNL_PROSPECT_CHANGED_STATUS] = (struct fnl_value){.set = true, .i64 = FNL_STATUS_COUNT};
	assert_int_equal(f->codec->ops->encode(f->codec, d, values, &f->arena, &out), FNL_E_INVALID);
	values[FNL_PROSPECT_CHANGED_STATUS].i64 = FNL_STATUS_WON;
	values[FNL_PROSPECT_CHANGED_PROBABILITY_BP] = (struct fnl_value){.set = true, .i64 = (int64_t)INT32_MAX + 1};
	assert_int_equal(f->codec->ops->encode(f->codec, d, values, &f->arena, &out), FNL_E_INVALID);
	values[FNL_PROSPECT_CHANGED_PROBABILITY_BP].i64 = 2500;
	assert_int_equal(f->codec->ops->encode(f->codec, &stranger, values, &f->arena, &out), FNL_E_ARGUMENT);
	assert_true(fnl_span_is_none(out));
	assert_int_equal(f->codec->ops->encode(f->codec, d, values, &f->arena, &out), 0);
}

/* Beyond the first buffer, and then a small one again. */
static void test_large(void **state)
{
	struct codec_fixture *f = *state;
	uint8_t *text = fnl_calloc(1, FNL_RECORD_STRING_BYTES_MAX + 1);
	memset(text, 'r', FNL_RECORD_STRING_BYTES_MAX + 1);
	for (int round = 0; round < 3; round++) {
		struct fnl_value v[FNL_PARTITION_RULES_FIELD_COUNT] = {
			[FNL_PARTITION_RULES_RULES_VERSION] = {.set = true, .i64 = 1},
			[FNL_PARTITION_RULES_RULES_HASH] = {.set = true, .str = FNL_SPAN_LIT("ab")},
			[FNL_PARTITION_RULES_RULES_TEXT] = {.set = true,
		                                        .str = {text, round == 1 ? 10 : FNL_RECORD_STRING_BYTES_MAX}},
			[FNL_PARTITION_RULES_ACTIVATED_AT] = {.set = true, .i64 = 5},
		};
		struct fnl_span out = FNL_SPAN_NONE;
		struct fnl_decoded back = {0};
		assert_int_equal(f->codec->ops->encode(f->codec, &fnl_desc_partition_rules, v, &f->arena, &out), 0);
		assert_int_equal(fixture_decode(f, out, &back), 0);
		assert_true(values_equal(back.desc, v, back.values));
		v[FNL_PARTITION_RULES_RULES_TEXT].str.len = FNL_RECORD_STRING_BYTES_MAX + 1;
		assert_int_equal(f->codec->ops->encode(f->codec, &fnl_desc_partition_rules, v, &f->arena, &out), FNL_E_LIMIT);
	}
	fnl_free(text);
}

static void test_older_writer(void **state)
{
	struct codec_fixture *f = *state;
	struct fnl_writer w = fixture_frame(f, ID_OLDER);
	write_text(&w, "crm");
	fnl_write_long(&w, 1700000000000);
	write_text(&w, "p-1");
	fnl_write_long(&w, 42);
	fnl_write_u8(&w, 1);
	fnl_write_long(&w, 1);
	write_text(&w, "offer");
	struct fnl_decoded d = fixture_read(f, &w);
	assert_ptr_equal(d.desc, &fnl_desc_prospect_changed);
	assert_text(d.values[FNL_PROSPECT_CHANGED_SOURCE], "crm");
	assert_int_equal(d.values[FNL_PROSPECT_CHANGED_OCCURRED_AT].i64, 1700000000000);
	assert_int_equal(d.values[FNL_PROSPECT_CHANGED_VERSION].i64, 42);
	assert_text(d.values[FNL_PROSPECT_CHANGED_STAGE], "offer");
	assert_true(d.values[FNL_PROSPECT_CHANGED_BULK].set && d.values[FNL_PROSPECT_CHANGED_BULK].i64 == 0);
	assert_true(d.values[FNL_PROSPECT_CHANGED_CLEARED].set && d.values[FNL_PROSPECT_CHANGED_CLEARED].list.count == 0);
	assert_false(d.values[FNL_PROSPECT_CHANGED_CONTACT_IDS].set);
	assert_false(d.values[FNL_PROSPECT_CHANGED_AMOUNT].set);
	assert_false(d.values[FNL_PROSPECT_CHANGED_STATUS].set);
}

/* channel: the writer's index. */
static struct fnl_writer newer(struct codec_fixture *f, int64_t channel)
{
	struct fnl_writer w = fixture_frame(f, ID_NEWER);
	fnl_write_long(&w, 2); /* x_map */
	write_text(&w, "one");
	fnl_write_long(&w, 1);
	fnl_write_long(&w, 7);
	write_text(&w, "one");
	fnl_write_long(&w, 0);
	fnl_write_long(&w, 0);
	fnl_write_u8(&w, 1); /* reached */
	fnl_write_raw(&w, FNL_SPAN_LIT("\x01\xff\xfe\x00"));
	fnl_write_long(&w, channel);
	fnl_write_string(&w, FNL_SPAN_LIT("\xff\x00"));
	fnl_write_raw(&w, FNL_SPAN_LIT("ffffdddddddd"));
	fnl_write_long(&w, -3); /* x_record.list: a block with its size */
	fnl_write_long(&w, 8);
	fnl_write_raw(&w, FNL_SPAN_LIT("\x00\x02\xff\xff\xff\xff\x04\x00"));
	fnl_write_long(&w, 0);
	fnl_write_long(&w, 0);  /* x_again */
	fnl_write_long(&w, 99); /* at */
	write_text(&w, "rep");
	write_text(&w, "p-1");
	write_text(&w, "c-1");
	fnl_write_long(&w, 98);
	write_text(&w, "crm");
	fnl_write_long(&w, 1); /* person_ids in two blocks */
	write_text(&w, "ann");
	fnl_write_long(&w, 1);
	write_text(&w, "");
	fnl_write_long(&w, 0);
	return w;
}

static void test_newer_writer(void **state)
{
	struct codec_fixture *f = *state;
	static const int64_t channels[] = {FNL_CHANNEL_MAIL, FNL_CHANNEL_OTHER, FNL_CHANNEL_VISIT};
	for (int64_t i = 0; i < 3; i++) {
		struct fnl_writer w = newer(f, i);
		struct fnl_decoded d = fixture_read(f, &w);
		assert_ptr_equal(d.desc, &fnl_desc_contact_logged);
		assert_int_equal(d.values[FNL_CONTACT_LOGGED_CHANNEL].i64, channels[i]);
		assert_int_equal(d.values[FNL_CONTACT_LOGGED_REACHED].i64, 1);
		assert_int_equal(d.values[FNL_CONTACT_LOGGED_AT].i64, 99);
		assert_int_equal(d.values[FNL_CONTACT_LOGGED_OCCURRED_AT].i64, 98);
		assert_text(d.values[FNL_CONTACT_LOGGED_REP_ID], "rep");
		assert_text(d.values[FNL_CONTACT_LOGGED_SOURCE], "crm");
		assert_int_equal(d.values[FNL_CONTACT_LOGGED_PERSON_IDS].list.count, 2);
		assert_text(d.values[FNL_CONTACT_LOGGED_PERSON_IDS].list.items[0], "ann");
		assert_text(d.values[FNL_CONTACT_LOGGED_PERSON_IDS].list.items[1], "");
		assert_false(d.values[FNL_CONTACT_LOGGED_DIRECTION].set);
		assert_true(d.values[FNL_CONTACT_LOGGED_RETRACTED].set);
	}
}

/* source_branch: 0 string, 1 null. at_branch: 0 null, 1 int, 2 long. persons: -1 null, else that many, with null items
 * when persons_null. */
static struct fnl_span nullable(struct codec_fixture *f, int source_branch, int at_branch, bool persons_null)
{
	struct fnl_writer w = fixture_frame(f, ID_NULLABLE);
	fnl_write_long(&w, source_branch);
	if (source_branch == 0) {
		write_text(&w, "crm");
	}
	fnl_write_long(&w, 1);
	write_text(&w, "c-1");
	write_text(&w, "p-1");
	write_text(&w, "rep");
	fnl_write_long(&w, at_branch);
	if (at_branch > 0) {
		fnl_write_long(&w, 77);
	}
	fnl_write_long(&w, 0); /* channel PHONE */
	fnl_write_long(&w, 0); /* direction INBOUND */
	fnl_write_u8(&w, 0);
	fnl_write_long(&w, 0); /* retracted null: our default */
	fnl_write_long(&w, 1);
	fnl_write_long(&w, 1);
	fnl_write_long(&w, persons_null ? 0 : 1);
	if (!persons_null) {
		write_text(&w, "ann");
	}
	fnl_write_long(&w, 0);
	return fnl_writer_span(&w);
}

static void test_nullable_both_ways(void **state)
{
	struct codec_fixture *f = *state;
	for (int branch = 1; branch <= 2; branch++) {
		struct fnl_decoded d = {0};
		if (fixture_decode(f, nullable(f, 0, branch, false), &d) < 0) {
			fail_msg("%s", f->why.text);
		}
		assert_text(d.values[FNL_CONTACT_LOGGED_SOURCE], "crm");
		assert_text(d.values[FNL_CONTACT_LOGGED_CONTACT_ID], "c-1");
		assert_int_equal(d.values[FNL_CONTACT_LOGGED_AT].i64, 77);
		assert_int_equal(d.values[FNL_CONTACT_LOGGED_CHANNEL].i64, FNL_CHANNEL_PHONE);
		assert_true(d.values[FNL_CONTACT_LOGGED_DIRECTION].set);
		assert_int_equal(d.values[FNL_CONTACT_LOGGED_DIRECTION].i64, FNL_DIRECTION_INBOUND);
		assert_true(d.values[FNL_CONTACT_LOGGED_RETRACTED].set);
		assert_int_equal(d.values[FNL_CONTACT_LOGGED_RETRACTED].i64, 0);
		assert_text(d.values[FNL_CONTACT_LOGGED_PERSON_IDS].list.items[0], "ann");
	}
	fixture_refused(f, nullable(f, 1, 1, false), FNL_E_INVALID, "ContactLogged.source|byte 1|null, where a value");
	fixture_refused(f, nullable(f, 0, 0, false), FNL_E_INVALID, "ContactLogged.at|null, where a value");
	fixture_refused(f, nullable(f, 0, 1, true), FNL_E_INVALID, "ContactLogged.person_ids|null, where a value");
}

static void test_nested_by_name(void **state)
{
	struct codec_fixture *f = *state;
	struct fnl_writer w = fixture_frame(f, ID_LISTS);
	write_text(&w, "crm");
	fnl_write_long(&w, 1);
	write_text(&w, "t");
	fnl_write_long(&w, 2);
	write_text(&w, "o");
	fnl_write_long(&w, 3);
	fnl_write_long(&w, 2);
	write_text(&w, "mining");
	fnl_write_long(&w, 8);
	write_text(&w, "steel");
	fnl_write_long(&w, 9);
	fnl_write_long(&w, 0);
	fnl_write_long(&w, 3); /* nulls have no bytes at all */
	fnl_write_long(&w, 0);
	struct fnl_decoded d = fixture_read(f, &w);
	struct fnl_list cells = d.values[FNL_TERRITORY_DEFINED_CELLS].list;
	assert_int_equal(cells.count, 2);
	assert_int_equal(cells.items[1].list.count, FNL_TERRITORY_CELL_FIELD_COUNT);
	assert_text(cells.items[1].list.items[FNL_TERRITORY_CELL_INDUSTRY], "steel");
	assert_false(cells.items[1].list.items[FNL_TERRITORY_CELL_REGION].set);

	w = fixture_frame(f, ID_MONEY);
	write_text(&w, "p-1");
	fnl_write_long(&w, 2);
	fnl_write_long(&w, 3);
	write_text(&w, "EUR");
	write_text(&w, "skipped");
	fnl_write_long(&w, -12345);
	d = fixture_read(f, &w);
	assert_string_equal(d.values[FNL_ERASED_WON_AMOUNT].money.currency, "EUR");
	assert_int_equal(d.values[FNL_ERASED_WON_AMOUNT].money.amount_minor, -12345);
	assert_false(d.values[FNL_ERASED_CLOSED_ON].set);
}

static void test_names(void **state)
{
	struct codec_fixture *f = *state;
	struct fnl_writer w = fixture_frame(f, ID_NAMED);
	write_text(&w, "crm");
	fnl_write_long(&w, 1);
	write_text(&w, "gap");
	struct fnl_decoded d = fixture_read(f, &w);
	assert_ptr_equal(d.desc, &fnl_desc_feed_gap);
	assert_text(d.values[FNL_FEED_GAP_GAP_ID], "gap");
}

/* A schema that cannot be used says why, the second time as well, without another question to the registry. */
static void test_broken_schemas(void **state)
{
	struct codec_fixture *f = *state;
	static const struct {
		uint32_t id;
		int code;
		const char *parts;
	} cases[] = {
		{ID_MISSING, FNL_E_INVALID, "schema id 1004|lacks the required field ProspectMerged.version"},
		{ID_STRANGER, FNL_E_UNSUPPORTED, "schema id 1005|Stranger"},
		{ID_ENUM_NOT_RECORD, FNL_E_INVALID, "schema id 1006|no record"},
		{ID_NOT_JSON, FNL_E_INVALID, "schema id 1007|not JSON"},
		{ID_NO_SCHEMA, FNL_E_INVALID, "schema id 1008|wrong"},
		{ID_RECURSIVE, FNL_E_LIMIT, "schema id 1009|recursive"},
		{ID_WIDE, FNL_E_LIMIT, "schema id 1010|more than"},
		{ID_FIXED, FNL_E_LIMIT, "schema id 1011|fixed of 1099511627776 bytes"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_writer w = fixture_frame(f, cases[i].id);
		fixture_refused(f, fnl_writer_span(&w), cases[i].code, cases[i].parts);
		int asked = f->registry.asked;
		fixture_refused(f, fnl_writer_span(&w), cases[i].code, cases[i].parts);
		assert_int_equal(f->registry.asked, asked);
	}
}

static void test_registry_away(void **state)
{
	struct codec_fixture *f = *state;
	struct fnl_writer w = newer(f, 0);
	f->registry.away = true;
	fixture_refused(f, fnl_writer_span(&w), FNL_E_DISCONNECTED, "schema id 1002");
	f->registry.away = false;
	(void)fixture_read(f, &w);
	f->registry.away = true;
	(void)fixture_read(f, &w);
}

/* Bytes of ProspectMerged: source "s", occurred_at 1, prospect_id "p", version 2, survivor_id "q". */
#define BYTES(s) \
	{ \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}
#define MERGED "\x02s\x02\x02p\x04\x02q"

static void test_malformed_frames(void **state)
{
	struct codec_fixture *f = *state;
	struct fnl_writer w = fixture_frame(f, id_of(f, &fnl_desc_prospect_merged));
	fnl_write_raw(&w, FNL_SPAN_LIT(MERGED));
	struct fnl_span good = fnl_writer_span(&w);
	struct fnl_decoded d = {0};
	assert_int_equal(fixture_decode(f, good, &d), 0);
	assert_text(d.values[FNL_PROSPECT_MERGED_SURVIVOR_ID], "q");
	fixture_refused(f, FNL_SPAN_NONE, FNL_E_INVALID, "null (a tombstone)");
	fixture_refused(f, FNL_SPAN_LIT(""), FNL_E_INVALID, "0 bytes|frame");
	fixture_refused(f, FNL_SPAN_LIT("\0\0\0\0"), FNL_E_INVALID, "4 bytes|frame");
	fixture_refused(f, FNL_SPAN_LIT("{\"a\": 1}"), FNL_E_INVALID, "0x7b|0x00");
	fixture_refused(f, FNL_SPAN_LIT("\0\0\0\xff\xff\x02"), FNL_E_INVALID, "schema id 65535 is not in the registry");
	for (size_t cut = 5; cut < good.len; cut++) {
		fixture_refused(f, fnl_span_of(good.data, cut), FNL_E_INVALID, "ProspectMerged|at byte");
	}
	fnl_write_u8(&w, 0);
	fixture_refused(f, fnl_writer_span(&w), FNL_E_INVALID, "1 bytes are left|byte 8");
}

static void test_malformed_bodies(void **state)
{
	struct codec_fixture *f = *state;
	static const struct {
		uint32_t id; /* 0: ProspectMerged, 1: ContactLogged, 2: ProspectChanged */
		int code;
		struct fnl_span body;
		const char *parts;
	} cases[] = {
		{0, FNL_E_INVALID, BYTES("\x02\xff\x02\x02p\x04\x02q"), "ProspectMerged.source|byte 0|not UTF-8"},
		{0, FNL_E_INVALID, BYTES("\x02s\x02\x01p\x04\x02q"), "ProspectMerged.prospect_id|byte 3|length -1"},
		{0, FNL_E_INVALID, BYTES("\x02s\x02\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
	     "prospect_id|length 9223372036854775807"},
		{0, FNL_E_INVALID, BYTES("\x02s\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
	     "occurred_at|longer than 64 bits"},
		{0, FNL_E_INVALID, BYTES("\x02s\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x02p\x04\x02q"),
	     "occurred_at|longer than 64 bits"},
		{1, FNL_E_INVALID,
	     BYTES("\x02s\x02\x02"
	           "c\x02p\x02r\x02\xc6\x01"),
	     "ContactLogged.channel|symbol 99|has 5"},
		{1, FNL_E_INVALID,
	     BYTES("\x02s\x02\x02"
	           "c\x02p\x02r\x02\x01"),
	     "ContactLogged.channel|symbol -1"},
		{1, FNL_E_INVALID,
	     BYTES("\x02s\x02\x02"
	           "c\x02p\x02r\x02\x02\x0e"),
	     "ContactLogged.direction|branch 7|has 2"},
		{1, FNL_E_INVALID,
	     BYTES("\x02s\x02\x02"
	           "c\x02p\x02r\x02\x02\x00\x02"),
	     "ContactLogged.reached|boolean"},
		{1, FNL_E_INVALID,
	     BYTES("\x02s\x02\x02"
	           "c\x02p\x02r\x02\x02\x00\x01\x80\x80\x80\x80\x80\x80\x80\x80\x20"),
	     "ContactLogged.person_ids|1152921504606846976 items"},
		{1, FNL_E_INVALID,
	     BYTES("\x02s\x02\x02"
	           "c\x02p\x02r\x02\x02\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02"),
	     "ContactLogged.person_ids"},
		{1, FNL_E_INVALID,
	     BYTES("\x02s\x02\x02"
	           "c\x02p\x02r\x02\x02\x00\x01\x01\x7f"),
	     "person_ids|a block of -64 bytes"},
		{1, FNL_E_INVALID,
	     BYTES("\x02s\x02\x02"
	           "c\x02p\x02r\x02\x02\x00\x01\x01\x02\x02x\x00\x00"),
	     "person_ids|a block of 1 bytes whose items have 2"},
		{2, FNL_E_INVALID,
	     BYTES("\x02s\x02\x02p\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x02\x04"
	           "EU"),
	     "ProspectChanged.amount.currency|three capital letters"},
		{2, FNL_E_INVALID,
	     BYTES("\x02s\x02\x02p\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x80\x80\x80\x80\x10"),
	     "ProspectChanged.probability_bp|2147483648 does not fit"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct fnl_record_desc *d[] = {&fnl_desc_prospect_merged, &fnl_desc_contact_logged,
		                                     &fnl_desc_prospect_changed};
		struct fnl_writer w = fixture_frame(f, id_of(f, d[cases[i].id]));
		fnl_write_raw(&w, cases[i].body);
		fixture_refused(f, fnl_writer_span(&w), cases[i].code, cases[i].parts);
	}
	struct fnl_writer w = fixture_frame(f, ID_MISFIT);
	fnl_write_raw(&w, FNL_SPAN_LIT("\x02s\x02\x02p\x02"
	                               "1\x02q"));
	fixture_refused(f, fnl_writer_span(&w), FNL_E_INVALID, "ProspectMerged.version|byte 5|string|long is expected");
	w = fixture_frame(f, ID_MICROS);
	fnl_write_raw(&w, FNL_SPAN_LIT("\x02s\x02\x02p\x02"));
	fixture_refused(f, fnl_writer_span(&w), FNL_E_INVALID,
	                "ProspectDeleted.occurred_at|timestamp-micros|timestamp-millis");
}

/* A list, or a pile of things without bytes, that no memory should be spent on. */
static void test_limits(void **state)
{
	struct codec_fixture *f = *state;
	struct fnl_writer w = fixture_frame(f, id_of(f, &fnl_desc_contact_logged));
	fnl_write_raw(&w, FNL_SPAN_LIT("\x02s\x02\x02"
	                               "c\x02p\x02r\x02\x02\x00\x01"));
	fnl_write_long(&w, 257);
	for (int i = 0; i < 257; i++) {
		write_text(&w, "p");
	}
	fnl_write_raw(&w, FNL_SPAN_LIT("\x00\x00\x00"));
	fixture_refused(f, fnl_writer_span(&w), FNL_E_LIMIT, "ContactLogged.person_ids|257 items|256");

	w = fixture_frame(f, ID_LISTS);
	fnl_write_raw(&w, FNL_SPAN_LIT("\x02s\x02\x02t\x02\x02o\x02\x00"));
	fnl_write_long(&w, (int64_t)1 << 60);
	fnl_write_u8(&w, 0);
	fixture_refused(f, fnl_writer_span(&w), FNL_E_LIMIT, "TerritoryDefined.x_nulls|1152921504606846976 items");
}

static void test_header_id(void **state)
{
	struct codec_fixture *f = *state;
	uint8_t id[5] = {0};
	uint32_t n = id_of(f, &fnl_desc_prospect_merged);
	for (int i = 0; i < 4; i++) {
		id[1 + i] = (uint8_t)(n >> (24 - 8 * i));
	}
	struct fnl_header h[2] = {{FNL_SPAN_LIT("other"), FNL_SPAN_LIT("x")},
	                          {FNL_SPAN_LIT("__value_schema_id"), {id + 1, 4}}};
	struct fnl_record r = {.value = FNL_SPAN_LIT(MERGED), .headers = h, .header_count = 2};
	struct fnl_decoded d = {0};
	assert_int_equal(f->codec->ops->decode(f->codec, &r, &f->arena, &d, &f->why), 0);
	assert_text(d.values[FNL_PROSPECT_MERGED_SURVIVOR_ID], "q");
	h[1].value = fnl_span_of(id, 5);
	assert_int_equal(f->codec->ops->decode(f->codec, &r, &f->arena, &d, &f->why), 0);
	h[1].value = FNL_SPAN_LIT("\x01"
	                          "0123456789abcdef");
	assert_int_equal(f->codec->ops->decode(f->codec, &r, &f->arena, &d, &f->why), FNL_E_UNSUPPORTED);
	assert_non_null(strstr(f->why.text, "17 bytes"));
	h[1].value = FNL_SPAN_LIT("");
	assert_int_equal(f->codec->ops->decode(f->codec, &r, &f->arena, &d, &f->why), FNL_E_UNSUPPORTED);
}

static void test_no_memory(void **state)
{
	struct codec_fixture *f = *state;
	struct fnl_writer w = newer(f, 0);
	struct fnl_record r = {.value = fnl_writer_span(&w)};
	struct fnl_decoded d = {0};
	for (size_t limit = 0; limit < 4096; limit += 64) {
		struct fnl_arena small;
		fnl_arena_init(&small, limit);
		int rc = f->codec->ops->decode(f->codec, &r, &small, &d, &f->why);
		assert_true(rc == FNL_E_NOMEM || rc == 0);
		assert_true(limit > 0 || rc == FNL_E_NOMEM);
		fnl_arena_deinit(&small);
	}
}

static void test_json(void **state)
{
	struct codec_fixture *f = *state;
	struct fnl_value v[FNL_ERASED_FIELD_COUNT] = {
		[FNL_ERASED_PROSPECT_ID] = {.set = true, .str = FNL_SPAN_LIT("p\"\xc3\xa9")},
		[FNL_ERASED_VERSION] = {.set = true, .i64 = 7},
		[FNL_ERASED_ERASED_AT] = {.set = true, .i64 = 1767225600123},
		[FNL_ERASED_WON_AMOUNT] = {.set = true, .money = {-5, "USD"}},
		[FNL_ERASED_CLOSED_ON] = {.set = true, .i64 = 20453},
	};
	struct fnl_decoded d = {&fnl_desc_erased, v};
	struct fnl_span out = FNL_SPAN_NONE;
	assert_int_equal(fnl_record_to_json(&d, &f->arena, &out), 0);
	assert_true(fnl_span_eq(
		out, FNL_SPAN_LIT(
				 "{\"prospect_id\":\"p\\\"\xc3\xa9\",\"version\":7,"
				 "\"erased_at\":\"2026-01-01T00:00:00.123Z\",\"won_amount\":{\"amount_minor\":-5,\"currency\":\"USD\"},"
				 "\"closed_on\":\"2025-12-31\"}")));
	struct fnl_writer w = newer(f, 1);
	d = fixture_read(f, &w);
	assert_int_equal(fnl_record_to_json(&d, &f->arena, &out), 0);
	assert_non_null(memmem(out.data, out.len,
	                       "\"channel\":\"OTHER\",\"direction\":null,\"reached\":true,"
	                       "\"person_ids\":[\"ann\",\"\"]",
	                       70));
	for (size_t i = 0; i < fnl_record_count; i++) {
		struct random_source random = {i, &f->arena};
		struct fnl_value values[FNL_RECORD_FIELDS_MAX] = {0};
		random_values(&random, fnl_records[i], values);
		d = (struct fnl_decoded){fnl_records[i], values};
		assert_int_equal(fnl_record_to_json(&d, &f->arena, &out), 0);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_round_trips),
		T(test_encode_refuses),
		T(test_large),
		T(test_older_writer),
		T(test_newer_writer),
		T(test_nullable_both_ways),
		T(test_nested_by_name),
		T(test_names),
		T(test_broken_schemas),
		T(test_registry_away),
		T(test_malformed_frames),
		T(test_malformed_bodies),
		T(test_limits),
		T(test_header_id),
		T(test_no_memory),
		T(test_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
