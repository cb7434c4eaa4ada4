#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld_records.h"

static const char *const colours[] = {"RED", "GREEN", "BLUE"};

static const struct fnl_field_desc inner_fields[] = {
	{.name = "on", .kind = FNL_KIND_DATE},
	{.name = "amount", .kind = FNL_KIND_MONEY, .nullable = true},
};
static const struct fnl_record_desc inner = {"Inner", "t.Inner", "", inner_fields, 2, 0};

enum { B, I, L, D, T, S, E, M, R, LS, LR, NS, FIELDS };

static const struct fnl_field_desc outer_fields[FIELDS] = {
	[B] = {.name = "b", .kind = FNL_KIND_BOOL},
	[I] = {.name = "i", .kind = FNL_KIND_INT},
	[L] = {.name = "l", .kind = FNL_KIND_LONG},
	[D] = {.name = "d", .kind = FNL_KIND_DATE},
	[T] = {.name = "t", .kind = FNL_KIND_TIMESTAMP, .nullable = true},
	[S] = {.name = "s", .kind = FNL_KIND_STRING},
	[E] = {.name = "e", .kind = FNL_KIND_ENUM, .symbols = colours, .symbol_count = 3},
	[M] = {.name = "m", .kind = FNL_KIND_MONEY},
	[R] = {.name = "r", .kind = FNL_KIND_RECORD, .record = &inner},
	[LS] = {.name = "ls", .kind = FNL_KIND_LIST, .item_kind = FNL_KIND_STRING},
	[LR] = {.name = "lr", .kind = FNL_KIND_LIST, .item_kind = FNL_KIND_RECORD, .record = &inner, .nullable = true},
	[NS] = {.name = "ns", .kind = FNL_KIND_STRING, .nullable = true},
};
static const struct fnl_record_desc outer = {"Outer", "t.Outer", "", outer_fields, FIELDS, 0};

static struct fnl_arena arena;

static int start(void **state)
{
	(void)state;
	fnl_arena_init(&arena, 4 << 20);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fnl_arena_deinit(&arena);
	return 0;
}

static const struct fnl_value inner_values[] = {
	{.set = true, .i64 = 3},
	{.set = true, .money = {-5, "EUR"}},
};
static const struct fnl_value inner_null[] = {{.set = true, .i64 = 4}, {.set = false}};

static void fill(struct fnl_value v[FIELDS], struct fnl_value strings[2], struct fnl_value records[2])
{
	strings[0] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("x")};
	strings[1] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("")};
	records[0] = (struct fnl_value){.set = true, .list = {inner_values, 2}};
	records[1] = (struct fnl_value){.set = true, .list = {inner_null, 2}};
	memset(v, 0, FIELDS * sizeof(*v));
	for (size_t i = 0; i < FIELDS; i++) {
		v[i].set = true;
	}
	v[B].i64 = 1;
	v[I].i64 = -3;
	v[L].i64 = INT64_MIN;
	v[D].i64 = 20000;
	v[T].set = false;
	v[S].str = FNL_SPAN_LIT("ab");
	v[E].i64 = 2;
	v[M].money = (struct fnl_money){250, "USD"};
	v[R].list = (struct fnl_list){inner_values, 2};
	v[LS].list = (struct fnl_list){strings, 2};
	v[LR].list = (struct fnl_list){records, 2};
	v[NS].str = FNL_SPAN_LIT("");
}

static void bytes_are_those_of_the_avro_specification(void **state)
{
	(void)state;
	struct fnl_value v[FIELDS], strings[2], records[2];
	fill(v, strings, records);
	struct fnl_writer w = fnl_writer_of(&arena);
	assert_int_equal(fnl_record_encode(&outer, v, &w), 0);
	const struct fnl_span wanted = FNL_SPAN_LIT("\x01"
	                                            "\x05"
	                                            "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
	                                            "\xc0\xb8\x02"
	                                            "\x00"
	                                            "\x04"
	                                            "ab"
	                                            "\x04"
	                                            "\xf4\x03\x06USD"
	                                            "\x06\x02\x09\x06"
	                                            "EUR"
	                                            "\x04\x02x\x00\x00"
	                                            "\x02\x04\x06\x02\x09\x06"
	                                            "EUR\x08\x00\x00"
	                                            "\x02\x00");
	struct fnl_span got = fnl_writer_span(&w);
	assert_int_equal(got.len, wanted.len);
	assert_memory_equal(got.data, wanted.data, wanted.len);
}

static void what_was_encoded_decodes_and_encodes_the_same(void **state)
{
	(void)state;
	struct fnl_value v[FIELDS], strings[2], records[2], back[FIELDS];
	struct fnl_error why = {0, ""};
	fill(v, strings, records);
	struct fnl_writer w = fnl_writer_of(&arena);
	assert_int_equal(fnl_record_encode(&outer, v, &w), 0);
	assert_int_equal(fnl_record_decode(&outer, fnl_writer_span(&w), &arena, back, &why), 0);
	assert_false(back[T].set);
	assert_true(back[NS].set);
	assert_int_equal(back[M].money.amount_minor, 250);
	assert_string_equal(back[M].money.currency, "USD");
	assert_int_equal(back[LR].list.count, 2);
	assert_int_equal(back[LR].list.items[0].list.items[0].i64, 3);
	assert_false(back[LR].list.items[1].list.items[1].set);
	struct fnl_writer again = fnl_writer_of(&arena);
	assert_int_equal(fnl_record_encode(&outer, back, &again), 0);
	assert_true(fnl_span_eq(fnl_writer_span(&w), fnl_writer_span(&again)));
}

static void every_cut_is_refused(void **state)
{
	(void)state;
	struct fnl_value v[FIELDS], strings[2], records[2], back[FIELDS];
	fill(v, strings, records);
	struct fnl_writer w = fnl_writer_of(&arena);
	assert_int_equal(fnl_record_encode(&outer, v, &w), 0);
	struct fnl_span whole = fnl_writer_span(&w);
	for (size_t len = 0; len < whole.len; len++) {
		struct fnl_error why = {0, ""};
		/* a copy of its own length, so that the sanitizer sees a step beyond */
		struct fnl_span cut = {fnl_calloc(1, len), len};
		memcpy((void *)(uintptr_t)cut.data, whole.data, len);
		assert_int_equal(fnl_record_decode(&outer, cut, &arena, back, &why), FNL_E_INVALID);
		assert_non_null(strchr(why.text, '.'));
		fnl_free((void *)(uintptr_t)cut.data);
	}
	assert_int_equal(fnl_record_decode(&outer, FNL_SPAN_NONE, &arena, back, NULL), FNL_E_INVALID);
}

/* A record of one field. */
struct bad_case {
	struct fnl_field_desc field;
	struct fnl_span body;
	int code;
};

static void the_first_fields_can_be_read_alone(void **state)
{
	(void)state;
	struct fnl_value v[FIELDS], strings[2], records[2], back[FIELDS];
	struct fnl_error why;
	fill(v, strings, records);
	struct fnl_writer w = fnl_writer_of(&arena);
	assert_int_equal(fnl_record_encode(&outer, v, &w), 0);
	struct fnl_span body = fnl_writer_span(&w);
	memset(back, 0x5a, sizeof(back));
	struct fnl_value untouched = back[E];
	assert_int_equal(fnl_record_decode_head(&outer, body, E, &arena, back, &why), 0);
	assert_int_equal(back[L].i64, v[L].i64);
	assert_true(fnl_span_eq(back[S].str, v[S].str));
	assert_memory_equal(&back[E], &untouched, sizeof(untouched));
	assert_int_equal(fnl_record_decode_head(&outer, fnl_span_of(body.data, 1), E, &arena, back, &why), FNL_E_INVALID);
	assert_int_equal(fnl_record_decode_head(&outer, body, FIELDS + 1, &arena, back, &why), FNL_E_ARGUMENT);
}

static void lies_are_refused(void **state)
{
	(void)state;
	const struct fnl_field_desc strings = {.name = "f", .kind = FNL_KIND_LIST, .item_kind = FNL_KIND_STRING};
	const struct fnl_field_desc string = {.name = "f", .kind = FNL_KIND_STRING};
	const struct fnl_field_desc nullable = {.name = "f", .kind = FNL_KIND_STRING, .nullable = true};
	const struct fnl_field_desc number = {.name = "f", .kind = FNL_KIND_INT};
	const struct fnl_field_desc colour = {.name = "f", .kind = FNL_KIND_ENUM, .symbols = colours, .symbol_count = 3};
	const struct fnl_field_desc boolean = {.name = "f", .kind = FNL_KIND_BOOL};
	const struct fnl_field_desc money = {.name = "f", .kind = FNL_KIND_MONEY};
	const struct bad_case cases[] = {
		/* a list of 2^60 items, of -2^63 items, with a block beyond the end, without an end, too long by blocks */
		{strings, FNL_SPAN_LIT("\x80\x80\x80\x80\x80\x80\x80\x80\x20"), FNL_E_LIMIT},
		{strings, FNL_SPAN_LIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00"), FNL_E_LIMIT},
		{strings, FNL_SPAN_LIT("\x01\x7e\x00\x00"), FNL_E_INVALID},
		{strings, FNL_SPAN_LIT("\x01\x03\x00\x00"), FNL_E_INVALID},
		{strings, FNL_SPAN_LIT("\x02\x02x"), FNL_E_INVALID},
		{strings, FNL_SPAN_LIT("\x82\x04"), FNL_E_LIMIT},
		{strings, FNL_SPAN_LIT("\x02\x00\x80\x04"), FNL_E_LIMIT},
		{string, FNL_SPAN_LIT("\x01"), FNL_E_INVALID},
		{string,
	     FNL_SPAN_LIT("\x04"
	                  "a"),
	     FNL_E_INVALID},
		{string, FNL_SPAN_LIT("\x02\xff"), FNL_E_INVALID},
		{string,
	     FNL_SPAN_LIT("\x02"
	                  "ab"),
	     FNL_E_INVALID},
		{nullable, FNL_SPAN_LIT("\x04\x00"), FNL_E_INVALID},
		{nullable, FNL_SPAN_LIT("\x01\x00"), FNL_E_INVALID},
		{number, FNL_SPAN_LIT("\x80\x80\x80\x80\x10"), FNL_E_INVALID},
		{number, FNL_SPAN_LIT("\x80"), FNL_E_INVALID},
		{colour, FNL_SPAN_LIT("\x06"), FNL_E_INVALID},
		{colour, FNL_SPAN_LIT("\x01"), FNL_E_INVALID},
		{boolean, FNL_SPAN_LIT("\x02"), FNL_E_INVALID},
		{money,
	     FNL_SPAN_LIT("\x02\x08"
	                  "EURO"),
	     FNL_E_INVALID},
		{money,
	     FNL_SPAN_LIT("\x02\x06"
	                  "E\0R"),
	     FNL_E_INVALID},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct fnl_record_desc one = {"One", "t.One", "", &cases[i].field, 1, 0};
		struct fnl_value v;
		struct fnl_error why = {0, ""};
		int r = fnl_record_decode(&one, cases[i].body, &arena, &v, &why);
		if (r != cases[i].code || strstr(why.text, "One") != why.text) {
			fail_msg("case %zu: %d, %s", i, r, why.text);
		}
	}
}

static void lists_come_in_blocks_of_both_kinds(void **state)
{
	(void)state;
	const struct fnl_field_desc f = {.name = "f", .kind = FNL_KIND_LIST, .item_kind = FNL_KIND_LONG};
	const struct fnl_record_desc one = {"One", "t.One", "", &f, 1, 0};
	struct fnl_value v;
	/* two items; one item with its size in bytes; none */
	assert_int_equal(fnl_record_decode(&one, FNL_SPAN_LIT("\x04\x02\x04\x01\x02\x06\x00"), &arena, &v, NULL), 0);
	assert_int_equal(v.list.count, 3);
	assert_int_equal(v.list.items[2].i64, 3);
	assert_int_equal(fnl_record_decode(&one, FNL_SPAN_LIT("\x00"), &arena, &v, NULL), 0);
	assert_int_equal(v.list.count, 0);
}

static void wrong_values_are_not_written(void **state)
{
	(void)state;
	for (size_t wrong = 0; wrong < 6; wrong++) {
		struct fnl_value v[FIELDS], strings[2], records[2];
		fill(v, strings, records);
		switch (wrong) {
		case 0:
			v[S].set = false;
			break;
		case 1:
			v[I].i64 = INT64_C(1) << 31;
			break;
		case 2:
			v[E].i64 = 3;
			break;
		case 3:
			memcpy(v[M].money.currency, "EURO", 4);
			break;
		case 4:
			strings[1].set = false;
			break;
		default:
			v[R].list.count = 1;
			break;
		}
		struct fnl_writer w = fnl_writer_of(&arena);
		assert_int_equal(fnl_record_encode(&outer, v, &w), FNL_E_INVALID);
	}
}

static void exhausted_memory_is_said(void **state)
{
	(void)state;
	struct fnl_value v[FIELDS], strings[2], records[2], back[FIELDS];
	struct fnl_arena none;
	fill(v, strings, records);
	fnl_arena_init(&none, 16);
	struct fnl_writer w = fnl_writer_of(&none);
	assert_int_equal(fnl_record_encode(&outer, v, &w), FNL_E_NOMEM);
	w = fnl_writer_of(&arena);
	assert_int_equal(fnl_record_encode(&outer, v, &w), 0);
	assert_int_equal(fnl_record_decode(&outer, fnl_writer_span(&w), &none, back, NULL), FNL_E_NOMEM);
	fnl_arena_deinit(&none);
}

static void fields_are_found_by_name(void **state)
{
	(void)state;
	assert_int_equal(fnl_record_field_index(&outer, FNL_SPAN_LIT("ls")), LS);
	assert_int_equal(fnl_record_field_index(&outer, FNL_SPAN_LIT("zz")), -1);
	assert_int_equal(fnl_record_field_index(&outer, FNL_SPAN_LIT("")), -1);
	assert_int_equal(fnl_record_field_index(&outer, FNL_SPAN_NONE), -1);
}

/* What tells events of a kind apart is found by its name when the descriptors are made. */
static void own_ids_are_found(void **state)
{
	(void)state;
	assert_int_equal(fnl_desc_contact_logged.own_id, FNL_CONTACT_LOGGED_CONTACT_ID);
	assert_int_equal(fnl_desc_answer_given.own_id, FNL_ANSWER_GIVEN_ANSWER_ID);
	assert_int_equal(fnl_desc_feed_gap.own_id, FNL_FEED_GAP_GAP_ID);
	assert_int_equal(fnl_desc_contact_erased.own_id, FNL_CONTACT_ERASED_PERSON_ID);
	assert_int_equal(fnl_desc_rules_activated.own_id, FNL_RULES_ACTIVATED_RULES_HASH);
	assert_int_equal(fnl_desc_open_quota_year.own_id, FNL_OPEN_QUOTA_YEAR_COMMAND_ID);
	assert_int_equal(fnl_desc_successor_asked.own_id, FNL_SUCCESSOR_ASKED_REQUEST_ID);
	assert_int_equal(fnl_desc_prospect_changed.own_id, FNL_PROSPECT_CHANGED_VERSION);
	assert_int_equal(fnl_desc_feed_heartbeat.own_id, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_ids_are_found),
		cmocka_unit_test(bytes_are_those_of_the_avro_specification),
		cmocka_unit_test(what_was_encoded_decodes_and_encodes_the_same),
		cmocka_unit_test(the_first_fields_can_be_read_alone),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(lies_are_refused),
		cmocka_unit_test(lists_come_in_blocks_of_both_kinds),
		cmocka_unit_test(wrong_values_are_not_written),
		cmocka_unit_test(exhausted_memory_is_said),
		cmocka_unit_test(fields_are_found_by_name),
	};
	return cmocka_run_group_tests(tests, start, end);
}
