/* The codec as others meet it: our own records, older and newer writers. */
#include "codec_fixture.h"

#include "random_records.h"

static int setup(void **state)
{
	struct codec_fixture *f = fnl_calloc(1, sizeof(*f));
	assert_non_null(f);
	fixture_open(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_close(*state);
	fnl_free(*state);
	return 0;
}

/* What we write must be the same to avro-c, which reads it when the schema is not ours to the letter. */
static void assert_avro_agrees(struct codec_fixture *f, const struct fnl_record_desc *d, const struct fnl_value *values,
                               struct fnl_span framed)
{
	struct fnl_writer w = fixture_frame(f, ID_AGAIN + fixture_id(f, d));
	struct fnl_decoded back = {0};
	fnl_write_raw(&w, fnl_span_of(framed.data + 5, framed.len - 5));
	if (fixture_decode(f, fnl_writer_span(&w), &back) != 0) {
		fail_msg("%s: %s", d->name, f->why.text);
	}
	assert_ptr_equal(back.desc, d);
	assert_true(values_equal(d, values, back.values));
}

/* The frame's id is the registry's, and the registry is asked once, not once an event. */
static void test_round_trips(void **state)
{
	struct codec_fixture *f = *state;
	for (size_t i = 0; i < fnl_record_count; i++) {
		const struct fnl_record_desc *d = fnl_records[i];
		struct random_source random = {.state = 1000 + i, .arena = &f->arena};
		int asked = 0;
		for (int round = 0; round < 20; round++) {
			struct fnl_value values[FNL_RECORD_FIELDS_MAX] = {0};
			struct fnl_span framed = FNL_SPAN_NONE;
			struct fnl_decoded back = {0};
			random_values(&random, d, values);
			assert_int_equal(f->codec->ops->encode(f->codec, d, values, &f->arena, &framed), 0);
			struct fnl_reader r = fnl_reader_of(fnl_span_of(framed.data + 1, 4));
			assert_int_equal(fnl_read_be32(&r), fixture_id(f, d));
			assert_int_equal(fixture_decode(f, framed, &back), 0);
			assert_ptr_equal(back.desc, d);
			assert_true(values_equal(d, values, back.values));
			assert_avro_agrees(f, d, values, framed);
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
	struct random_source random = {.state = 7, .arena = &f->arena};
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
			[FNL_PARTITION_RULES_PASS_DONE] = {.set = true},
			[FNL_PARTITION_RULES_PASS_CHANGED] = {.set = true},
			[FNL_PARTITION_RULES_EARLIER] = {.set = true},
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

/* The row as the product's first version wrote it: its schema has all but the last fields. *values: what is encoded
 * now, with the new fields at their defaults. */
static struct fnl_span older_row(struct codec_fixture *f, const struct fnl_record_desc *desc,
                                 const struct fnl_value *values, uint8_t older_id, size_t new_fields)
{
	struct fnl_span now = FNL_SPAN_NONE;
	assert_int_equal(f->codec->ops->encode(f->codec, desc, values, &f->arena, &now), 0);
	uint8_t *older = fnl_arena_alloc(&f->arena, now.len);
	memcpy(older, now.data, now.len);
	for (size_t i = now.len - new_fields; i < now.len; i++) {
		assert_int_equal(older[i], 0); /* null, none or empty: one byte each */
	}
	assert_int_not_equal(older[4], older_id);
	older[4] = older_id;
	return fnl_span_of(older, now.len - new_fields);
}

/* size_focus, which is null, is new in the middle of a prospect: it lies where one that is set makes a difference. */
static struct fnl_span without_size(struct codec_fixture *f, const struct fnl_value *values, struct fnl_span row)
{
	struct fnl_value sized[FNL_PROSPECT_FIELD_COUNT];
	struct fnl_span other = FNL_SPAN_NONE;
	uint8_t *bytes = (uint8_t *)(uintptr_t)row.data;
	size_t at = 5; /* after the frame */
	memcpy(sized, values, sizeof(sized));
	sized[FNL_PROSPECT_SIZE_FOCUS] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("x")};
	assert_int_equal(f->codec->ops->encode(f->codec, &fnl_desc_prospect, sized, &f->arena, &other), 0);
	while (bytes[at] == other.data[at]) {
		at++;
	}
	memmove(bytes + at, bytes + at + 1, row.len - at - 1);
	return fnl_span_of(bytes, row.len - 1);
}

static void test_older_prospect_row(void **state)
{
	struct codec_fixture *f = *state;
	struct fnl_value v[FNL_PROSPECT_FIELD_COUNT] = {
		[FNL_PROSPECT_PROSPECT_ID] = {.set = true, .str = FNL_SPAN_LIT("p1")},
		[FNL_PROSPECT_SEQUENCE] = {.set = true, .i64 = 7},
		[FNL_PROSPECT_SOURCE] = {.set = true, .str = FNL_SPAN_LIT("crm")},
		[FNL_PROSPECT_OWNER_REP_ID] = {.set = true, .str = FNL_SPAN_LIT("r1")},
		[FNL_PROSPECT_FIELD_VERSIONS] = {.set = true},
		[FNL_PROSPECT_LIFECYCLE] = {.set = true},
		[FNL_PROSPECT_LIFECYCLE_VERSION] = {.set = true},
		[FNL_PROSPECT_LAYER] = {.set = true, .i64 = FNL_LAYER_MIDDLE},
		[FNL_PROSPECT_LAYER_REASON] = {.set = true},
		[FNL_PROSPECT_LAYER_SINCE] = {.set = true},
		[FNL_PROSPECT_RULES_VERSION] = {.set = true},
		[FNL_PROSPECT_WEIGHT_BP] = {.set = true, .i64 = 5000},
		[FNL_PROSPECT_FEED_GAPS_SEEN] = {.set = true},
		[FNL_PROSPECT_CONTACTS] = {.set = true},
		[FNL_PROSPECT_CHANGED_AT] = {.set = true, .i64 = 9},
		[FNL_PROSPECT_FORMER_OWNERS] = {.set = true},
		[FNL_PROSPECT_PUSH_COUNT] = {.set = true},
		[FNL_PROSPECT_LAYER_TIMES] = {.set = true},
		[FNL_PROSPECT_STALLS] = {.set = true},
		[FNL_PROSPECT_ADVERSE] = {.set = true},
	};
	static const struct {
		uint8_t id;
		int first_new;
	} older[] = {{34, FNL_PROSPECT_FORMER_OWNERS}, {49, FNL_PROSPECT_EDITED_AT}, {51, FNL_PROSPECT_EDITED_BY}};
	for (size_t i = 0; i < sizeof(older) / sizeof(older[0]); i++) {
		struct fnl_decoded d = {0};
		size_t new_fields = (size_t)(FNL_PROSPECT_FIELD_COUNT - older[i].first_new);
		struct fnl_span row = without_size(f, v, older_row(f, &fnl_desc_prospect, v, older[i].id, new_fields));
		assert_int_equal(fixture_decode(f, row, &d), 0);
		assert_ptr_equal(d.desc, &fnl_desc_prospect);
		assert_true(values_equal(d.desc, v, d.values));
		assert_true(d.values[FNL_PROSPECT_FORMER_OWNERS].set && d.values[FNL_PROSPECT_FORMER_OWNERS].list.count == 0);
		assert_true(d.values[FNL_PROSPECT_STALLS].set && d.values[FNL_PROSPECT_STALLS].list.count == 0);
		assert_false(d.values[FNL_PROSPECT_BOOK].set);
		assert_false(d.values[FNL_PROSPECT_KEEP_UNTIL].set);
		assert_true(d.values[FNL_PROSPECT_ADVERSE].set && d.values[FNL_PROSPECT_ADVERSE].list.count == 0);
	}
}

/* A row of the line below as it was before there were cells and planned purchases: three of its first fields, which all
 * are 0 or null, are not there. */
static struct fnl_span without_cell(struct fnl_span row)
{
	enum { NEW_AT = 5 + 6 + 3 + 1 + 1 + 1, NEW = 3 }; /* frame, book, prospect, sequence, time, no fiscal year */
	uint8_t *bytes = (uint8_t *)(uintptr_t)row.data;
	for (size_t i = 0; i < NEW; i++) {
		assert_int_equal(bytes[NEW_AT + i], 0);
	}
	memmove(bytes + NEW_AT, bytes + NEW_AT + NEW, row.len - NEW_AT - NEW);
	return fnl_span_of(bytes, row.len - NEW);
}

/* Lines on their way, and those that books have. */
static void test_older_lines(void **state)
{
	struct codec_fixture *f = *state;
	struct fnl_value line[FNL_LINE_FIELD_COUNT] = {
		[FNL_LINE_BOOK] = {.set = true, .str = FNL_SPAN_LIT("rep:a")},
		[FNL_LINE_PROSPECT_ID] = {.set = true, .str = FNL_SPAN_LIT("p1")},
		[FNL_LINE_SEQUENCE] = {.set = true, .i64 = 7},
		[FNL_LINE_EFFECTIVE_AT] = {.set = true, .i64 = 5},
		[FNL_LINE_YEAR_START] = {.set = true},
		[FNL_LINE_STATE] = {.set = true},
		[FNL_LINE_LAYER] = {.set = true, .i64 = FNL_LAYER_MIDDLE},
		[FNL_LINE_WEIGHT_BP] = {.set = true, .i64 = 5000},
		[FNL_LINE_RULES_VERSION] = {.set = true},
		[FNL_LINE_BUYER_ID] = {.set = true, .str = FNL_SPAN_LIT("b1")},
		[FNL_LINE_STALLS] = {.set = true},
		[FNL_LINE_CONTACT_IDS] = {.set = true},
		[FNL_LINE_ADVERSE] = {.set = true},
		[FNL_LINE_IMAGES] = {.set = true},
		[FNL_LINE_TOLD] = {.set = true},
		[FNL_LINE_KNOWN_LAYER] = {.set = true, .i64 = FNL_LAYER_NONE},
	};
	struct fnl_value told[FNL_BOOK_LINE_FIELD_COUNT] = {
		[FNL_BOOK_LINE_SOURCE] = {.set = true, .str = FNL_SPAN_LIT("crm")},
		[FNL_BOOK_LINE_OCCURRED_AT] = {.set = true, .i64 = 5},
		[FNL_BOOK_LINE_BOOK] = {.set = true, .str = FNL_SPAN_LIT("rep:a")},
		[FNL_BOOK_LINE_PROSPECT_ID] = {.set = true, .str = FNL_SPAN_LIT("p1")},
		[FNL_BOOK_LINE_SEQUENCE] = {.set = true, .i64 = 7},
	};
	memcpy(told + FNL_BOOK_LINE_STATE, line + FNL_LINE_STATE,
	       (FNL_BOOK_LINE_ADVERSE - FNL_BOOK_LINE_STATE + 1) * sizeof(*told));
	/* what is new lies in the middle of a Line, but all that follows has its default, too */
	const struct {
		const struct fnl_record_desc *desc;
		const struct fnl_value *values;
		uint8_t id;
		size_t new_fields;
	} older[] = {{&fnl_desc_line, line, 53, 16},
	             {&fnl_desc_line, line, 41, 19},
	             {&fnl_desc_book_line, told, 52, 13},
	             {&fnl_desc_book_line, told, 39, 15}};
	for (size_t i = 0; i < sizeof(older) / sizeof(older[0]); i++) {
		struct fnl_decoded d = {0};
		struct fnl_span row = older_row(f, older[i].desc, older[i].values, older[i].id, older[i].new_fields);
		row = older[i].desc == &fnl_desc_line ? without_cell(row) : row;
		assert_int_equal(fixture_decode(f, row, &d), 0);
		assert_ptr_equal(d.desc, older[i].desc);
		assert_true(values_equal(d.desc, older[i].values, d.values));
	}
}

static void test_older_rules_row(void **state)
{
	struct codec_fixture *f = *state;
	struct fnl_value v[FNL_PARTITION_RULES_FIELD_COUNT] = {
		[FNL_PARTITION_RULES_RULES_VERSION] = {.set = true, .i64 = 3},
		[FNL_PARTITION_RULES_RULES_HASH] = {.set = true, .str = FNL_SPAN_LIT("ab")},
		[FNL_PARTITION_RULES_RULES_TEXT] = {.set = true, .str = FNL_SPAN_LIT("[rules]\nversion = 3\n")},
		[FNL_PARTITION_RULES_ACTIVATED_AT] = {.set = true, .i64 = 5},
		[FNL_PARTITION_RULES_PASS_DONE] = {.set = true},
		[FNL_PARTITION_RULES_PASS_CHANGED] = {.set = true},
		[FNL_PARTITION_RULES_EARLIER] = {.set = true},
	};
	struct fnl_decoded d = {0};
	assert_int_equal(fixture_decode(f, older_row(f, &fnl_desc_partition_rules, v, 38, 7), &d), 0);
	assert_ptr_equal(d.desc, &fnl_desc_partition_rules);
	assert_true(values_equal(d.desc, v, d.values));
	assert_false(d.values[FNL_PARTITION_RULES_NEXT_DEADLINE_AT].set);
	assert_true(d.values[FNL_PARTITION_RULES_EARLIER].set && d.values[FNL_PARTITION_RULES_EARLIER].list.count == 0);
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

static void test_header_id(void **state)
{
	struct codec_fixture *f = *state;
	uint8_t id[5] = {0};
	uint32_t n = fixture_id(f, &fnl_desc_prospect_merged);
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
		struct random_source random = {.state = i, .arena = &f->arena};
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
		T(test_older_prospect_row),
		T(test_older_lines),
		T(test_older_rules_row),
		T(test_newer_writer),
		T(test_nullable_both_ways),
		T(test_nested_by_name),
		T(test_names),
		T(test_registry_away),
		T(test_header_id),
		T(test_no_memory),
		T(test_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
