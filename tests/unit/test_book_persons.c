#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "books_fixture.h"
#include "sheet_world.h"

/* What a line keeps for the day on which its rep leaves, and how long images keep persons. */

#define B(name) FNL_BOOK_LINE_##name
#define BOOK "rep:ann"

static int fresh(void **state)
{
	books_fresh(state);
	w.inspects = true;
	return 0;
}

static void apply(const struct fnl_input *in)
{
	int r = fnl_books_line(&w, in, "c");
	if (r != 0) {
		fail_msg("%d: %s", r, w.why.text);
	}
}

static const struct fnl_value *row(void)
{
	return fnl_books_line_row(&w, BOOK, "p1");
}

/* ---- the last layer of the funnel ---- */

static void the_last_layer_is_known(void **state)
{
	(void)state;
	static const struct {
		int state;
		int layer;
		int known;
	} steps[] = {
		{FNL_LINE_STATE_OWNED, FNL_LAYER_UNCLASSIFIED, FNL_LAYER_NONE},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_UNKNOWN, FNL_LAYER_NONE},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_TOP, FNL_LAYER_TOP},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_BOTTOM, FNL_LAYER_BOTTOM},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_UNKNOWN, FNL_LAYER_BOTTOM},
		{FNL_LINE_STATE_WATCHED, FNL_LAYER_UNCLASSIFIED, FNL_LAYER_BOTTOM},
		{FNL_LINE_STATE_WATCHED, FNL_LAYER_LOST, FNL_LAYER_BOTTOM},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_MIDDLE, FNL_LAYER_MIDDLE},
		{FNL_LINE_STATE_OWNED, FNL_LAYER_WON, FNL_LAYER_MIDDLE},
	};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct fnl_input in = fnl_input_line(BOOK, "p1", (int64_t)i + 1, (int64_t)i);
		fnl_input_i64(&in, B(STATE), steps[i].state);
		fnl_input_i64(&in, B(LAYER), steps[i].layer);
		apply(&in);
		if (row()[FNL_LINE_KNOWN_LAYER].i64 != steps[i].known) {
			fail_msg("step %zu: %s", i, fnl_symbols_layer[row()[FNL_LINE_KNOWN_LAYER].i64]);
		}
	}
}

/* One that comes anew has not been anywhere yet. */
static void a_line_that_was_gone_knows_none(void **state)
{
	(void)state;
	struct fnl_input rep = fnl_input_rep("ann", 1, "org1");
	struct fnl_input open = fnl_input_open("r1", "org1", 2024, 10);
	assert_int_equal(fnl_books_rep_changed(&w, &rep), 0);
	assert_int_equal(fnl_books_open(&w, &open), 0);
	struct fnl_input in = fnl_input_line(BOOK, "p1", 5, 0);
	apply(&in);
	in = fnl_input_line(BOOK, "p1", 6, 20);
	fnl_input_i64(&in, B(STATE), FNL_LINE_STATE_GONE);
	apply(&in);
	assert_int_equal(row()[FNL_LINE_KNOWN_LAYER].i64, FNL_LAYER_NONE); /* it stays for its image only */
	in = fnl_input_line(BOOK, "p1", 1, 30);
	fnl_input_i64(&in, B(LAYER), FNL_LAYER_UNKNOWN);
	apply(&in);
	assert_int_equal(row()[FNL_LINE_KNOWN_LAYER].i64, FNL_LAYER_NONE);
}

/* Its own layer was not kept twice then. */
static void a_line_from_before_knows_its_own(void **state)
{
	(void)state;
	struct fnl_input in = fnl_input_line(BOOK, "p1", 1, 0);
	fnl_input_i64(&in, B(LAYER), FNL_LAYER_MIDDLE);
	apply(&in);
	struct fnl_value older[FNL_LINE_FIELD_COUNT];
	memcpy(older, row(), sizeof(older));
	older[FNL_LINE_KNOWN_LAYER].i64 = FNL_LAYER_NONE;
	in = fnl_input_line(BOOK, "p1", 2, 1);
	fnl_input_i64(&in, B(LAYER), FNL_LAYER_UNKNOWN);
	struct fnl_book_in from = {.rep = fnl_books_rep(&w, BOOK), .line = older, .rules = &w.rules, .arena = &w.arena};
	struct fnl_book_out out;
	assert_int_equal(fnl_book_line(&from, in.v, &out, &w.why), 0);
	assert_int_equal(out.line[FNL_LINE_KNOWN_LAYER].i64, FNL_LAYER_MIDDLE);
}

/* ---- persons ---- */

/* Letters are persons: contacts, and those of them who were unlinked. */
static struct fnl_input with_persons(int64_t sequence, int64_t at_ms, const char *contacts, const char *unlinked)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	struct fnl_input in = fnl_input_line(BOOK, "p1", sequence, at_ms);
	struct fnl_value *ids = fnl_arena_calloc(&w.arena, 4, sizeof(*ids));
	struct fnl_value *adverse = fnl_arena_calloc(&w.arena, 4, sizeof(*adverse));
	for (size_t i = 0; contacts[i]; i++) {
		ids[i] = (struct fnl_value){.set = true, .str = fnl_span_str(names[contacts[i] - 'a'])};
	}
	for (size_t i = 0; unlinked[i]; i++) {
		struct fnl_value *v = fnl_arena_calloc(&w.arena, FNL_ADVERSE_CHANGE_FIELD_COUNT, sizeof(*v));
		v[FNL_ADVERSE_CHANGE_KIND] = (struct fnl_value){.set = true, .i64 = FNL_ADVERSE_KIND_CONTACT_UNLINKED};
		v[FNL_ADVERSE_CHANGE_AT] = (struct fnl_value){.set = true, .i64 = FNL_T0};
		v[FNL_ADVERSE_CHANGE_OLD_CODE] = (struct fnl_value){.set = true, .str = fnl_span_str(names[unlinked[i] - 'a'])};
		adverse[i] = (struct fnl_value){.set = true, .list = {v, FNL_ADVERSE_CHANGE_FIELD_COUNT}};
	}
	in.v[B(CONTACT_IDS)] = (struct fnl_value){.set = true, .list = {ids, strlen(contacts)}};
	in.v[B(ADVERSE)] = (struct fnl_value){.set = true, .list = {adverse, strlen(unlinked)}};
	return in;
}

static void persons(int64_t sequence, int64_t at_ms, const char *contacts, const char *unlinked)
{
	struct fnl_input in = with_persons(sequence, at_ms, contacts, unlinked);
	apply(&in);
}

/* "sheet|1:ab r1:": the images of the line with the persons in them. */
static void images_are(const char *expected)
{
	char text[200] = "";
	struct fnl_list images = row()[FNL_LINE_IMAGES].list;
	for (size_t i = 0; i < images.count; i++) {
		const struct fnl_value *image = images.items[i].list.items;
		struct fnl_list ids = image[FNL_LINE_IMAGE_CONTACT_IDS].list;
		strcat(text, i ? " " : "");
		strncat(text, (const char *)image[FNL_LINE_IMAGE_RUN_ID].str.data, image[FNL_LINE_IMAGE_RUN_ID].str.len);
		strcat(text, ":");
		for (size_t k = 0; k < ids.count; k++) {
			strncat(text, (const char *)ids.items[k].str.data, ids.items[k].str.len);
		}
		assert_int_equal(image[FNL_LINE_IMAGE_ADVERSE].list.count, 0);
	}
	assert_string_equal(text, expected);
}

static void a_quota_needs_no_persons(void **state)
{
	(void)state;
	struct fnl_input rep = fnl_input_rep("ann", 1, "org1");
	struct fnl_input open = fnl_input_open("r1", "org1", 2024, 10);
	assert_int_equal(fnl_books_rep_changed(&w, &rep), 0);
	assert_int_equal(fnl_books_open(&w, &open), 0);
	persons(1, 0, "ab", "c");
	persons(2, 20, "a", "bc");
	images_are("r1:");
	persons(3, 5, "abd", ""); /* late: it changes the image */
	images_are("r1:");
	struct fnl_list ids = row()[FNL_LINE_CONTACT_IDS].list;
	assert_int_equal(ids.count, 3);
}

/* For the reconciliation: who was unlinked against the company stays in the copy, whoever may have been erased does
 * not. */
static void a_sheet_s_copy_forgets(void **state)
{
	(void)state;
	int64_t t = FNL_MONDAY + FNL_HOUR;
	persons(1, 0, "abc", "");
	fnl_books_inspect_until(&w, BOOK, FNL_MONDAY, true);
	persons(2, t, "bc", "a");
	images_are("sheet|1:abc");
	persons(3, t + 1, "bc", "a");
	images_are("sheet|1:abc");
	persons(4, t + 2, "bc", ""); /* a is erased */
	images_are("sheet|1:bc");
	persons(5, t + 3, "cd", ""); /* b is not there any more, and nobody unlinked him */
	images_are("sheet|1:c");
	persons(6, t + 4, "abcd", "");
	images_are("sheet|1:c");
}

/* One who is erased by the very change that makes the copy. */
static void a_copy_is_made_without_him(void **state)
{
	(void)state;
	persons(1, 0, "abc", "");
	fnl_books_inspect_until(&w, BOOK, FNL_MONDAY, true);
	persons(2, FNL_MONDAY + FNL_HOUR, "ac", "");
	images_are("sheet|1:ac");
}

/* ---- what a sheet calls a change ---- */

static void edits_and_persons_are_no_change_of_a_sheet(void **state)
{
	(void)state;
	static const struct {
		int field;
		bool changes;
	} cases[] = {
		{B(PROBABILITY_BP), true}, {B(LOST_REASON), true}, {B(LOST_TO_ID), true}, {B(OWNER_REP_ID), true},
		{B(LEFT_AT), false},       {B(EDIT), false},       {B(ADVERSE), false},   {B(CONTACT_IDS), false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fnl_books_clear(&w);
		w.inspects = true;
		persons(1, 0, "a", "");
		fnl_books_inspect_until(&w, BOOK, FNL_MONDAY, true);
		struct fnl_input in = with_persons(2, FNL_MONDAY + FNL_HOUR, "a", "");
		struct fnl_input other = with_persons(2, FNL_MONDAY + FNL_HOUR, "b", "a");
		struct fnl_value edit[FNL_LAST_EDIT_FIELD_COUNT] = {{.set = true, .i64 = FNL_T0}};
		fnl_input_i64(&other, B(PROBABILITY_BP), 5);
		fnl_input_i64(&other, B(LEFT_AT), FNL_T0);
		fnl_input_str(&other, B(LOST_REASON), "price");
		fnl_input_str(&other, B(LOST_TO_ID), "acme");
		fnl_input_str(&other, B(OWNER_REP_ID), "bob");
		other.v[B(EDIT)] = (struct fnl_value){.set = true, .list = {edit, FNL_LAST_EDIT_FIELD_COUNT}};
		in.v[cases[i].field] = other.v[cases[i].field];
		apply(&in);
		fnl_books_inspect_until(&w, BOOK, FNL_MONDAY + FNL_WEEK, true);
		if ((fnl_books_sheet_line(&w, "ann#2", "p1") != NULL) != cases[i].changes) {
			fail_msg("%s", fnl_desc_book_line.fields[cases[i].field].name);
		}
	}
}

#define T(test) cmocka_unit_test_setup(test, fresh)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(the_last_layer_is_known),
		T(a_line_that_was_gone_knows_none),
		T(a_line_from_before_knows_its_own),
		T(a_quota_needs_no_persons),
		T(a_sheet_s_copy_forgets),
		T(a_copy_is_made_without_him),
		T(edits_and_persons_are_no_change_of_a_sheet),
	};
	return cmocka_run_group_tests(tests, books_start, books_end);
}
