/* The codec under schemas that cannot be used and bytes that are wrong in every way. */
#include "codec_fixture.h"

/* clang-format off */
#define BYTES(s) {(const uint8_t *)("" s), sizeof(s) - 1}
/* clang-format on */

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
		{ID_NO_RECORD, FNL_E_INVALID, "schema id 1006|no record"},
		{ID_NOT_JSON, FNL_E_INVALID, "schema id 1007|not JSON"},
		{ID_UNKNOWN_TYPE, FNL_E_INVALID, "schema id 1008|wrong"},
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

static void test_malformed_frames(void **state)
{
	struct codec_fixture *f = *state;
	struct fnl_writer w = fixture_frame(f, fixture_id(f, &fnl_desc_prospect_merged));
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

/* record: 0 ProspectMerged, 1 ContactLogged, 2 ProspectChanged. */
static const struct {
	int record;
	int code;
	struct fnl_span body;
	const char *parts;
} bodies[] = {
	{0, FNL_E_INVALID, BYTES("\x02\xff\x02\x02p\x04\x02q"), "ProspectMerged.source|byte 0|not UTF-8"},
	{0, FNL_E_INVALID, BYTES("\x02s\x02\x01p\x04\x02q"), "ProspectMerged.prospect_id|byte 3|length -1"},
	{0, FNL_E_INVALID, BYTES("\x02s\x02\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
     "prospect_id|length 9223372036854775807"},
	{0, FNL_E_INVALID, BYTES("\x02s\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "occurred_at|longer than 64 bits"},
	{0, FNL_E_INVALID, BYTES("\x02s\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x02p\x04\x02q"),
     "occurred_at|longer than 64 bits"},
	{1, FNL_E_INVALID,
     BYTES("\x02s\x02\x02"
           "c\x02p\x02\x02r\x02\xc6\x01"),
     "ContactLogged.channel|symbol 99|has 5"},
	{1, FNL_E_INVALID,
     BYTES("\x02s\x02\x02"
           "c\x02p\x02\x02r\x02\x01"),
     "ContactLogged.channel|symbol -1"},
	{1, FNL_E_INVALID,
     BYTES("\x02s\x02\x02"
           "c\x02p\x02\x02r\x02\x02\x0e"),
     "ContactLogged.direction|branch 7|has 2"},
	{1, FNL_E_INVALID,
     BYTES("\x02s\x02\x02"
           "c\x02p\x02\x02r\x02\x02\x00\x02"),
     "ContactLogged.reached|boolean"},
	{1, FNL_E_INVALID,
     BYTES("\x02s\x02\x02"
           "c\x02p\x02\x02r\x02\x02\x00\x01\x80\x80\x80\x80\x80\x80\x80\x80\x20"),
     "ContactLogged.person_ids|1152921504606846976 items"},
	{1, FNL_E_INVALID,
     BYTES("\x02s\x02\x02"
           "c\x02p\x02\x02r\x02\x02\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02"),
     "ContactLogged.person_ids"},
	{1, FNL_E_INVALID,
     BYTES("\x02s\x02\x02"
           "c\x02p\x02\x02r\x02\x02\x00\x01\x01\x7f"),
     "person_ids|a block of -64 bytes"},
	{1, FNL_E_INVALID,
     BYTES("\x02s\x02\x02"
           "c\x02p\x02\x02r\x02\x02\x00\x01\x01\x02\x02x\x00\x00"),
     "person_ids|a block of 1 bytes whose items have 2"},
	{2, FNL_E_INVALID,
     BYTES("\x02s\x02\x02p\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x02\x04"
           "EU"),
     "ProspectChanged.amount.currency|three capital letters"},
	{2, FNL_E_INVALID,
     BYTES("\x02s\x02\x02p\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x80\x80\x80\x80\x10"),
     "ProspectChanged.probability_bp|2147483648 does not fit"},
};

static void test_malformed_bodies(void **state)
{
	struct codec_fixture *f = *state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		const struct fnl_record_desc *d[] = {&fnl_desc_prospect_merged, &fnl_desc_contact_logged,
		                                     &fnl_desc_prospect_changed};
		struct fnl_writer w = fixture_frame(f, fixture_id(f, d[bodies[i].record]));
		fnl_write_raw(&w, bodies[i].body);
		fixture_refused(f, fnl_writer_span(&w), bodies[i].code, bodies[i].parts);
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

/* A pile of things without bytes that no memory should be spent on. Exact borders: test_codec_limits.c. */
static void test_limits(void **state)
{
	struct codec_fixture *f = *state;
	struct fnl_writer w = fixture_frame(f, ID_LISTS);
	fnl_write_raw(&w, FNL_SPAN_LIT("\x02s\x02\x02t\x02\x02o\x02\x00"));
	fnl_write_long(&w, (int64_t)1 << 60);
	fnl_write_u8(&w, 0);
	fixture_refused(f, fnl_writer_span(&w), FNL_E_LIMIT, "TerritoryDefined.x_nulls|1152921504606846976 items");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_broken_schemas),
		T(test_malformed_frames),
		T(test_malformed_bodies),
		T(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
