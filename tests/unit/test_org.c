/* The organisation, core and operator: its directory, questions about somebody, who could, and what is usual. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/base/sha256.h"
#include "funneld/core/org.h"
#include "org_fixture.h"

#include <stdio.h>

#define A(name) FNL_SUCCESSOR_CANDIDATES_##name
#define C(name) FNL_SUCCESSOR_CANDIDATE_##name
#define R(name) FNL_SUCCESSOR_REFUSAL_##name
#define MONTH_MS (INT64_C(1000) * FNL_ORG_MONTH_S)

static void refuse(struct fnl_input in, const char *key, int code)
{
	size_t rows = desk.row_count;
	assert_int_equal(fnl_org_desk_send(&desk, &in, key), code);
	assert_int_equal(desk.row_count, rows);
}

static struct fnl_input with(struct fnl_input in, int field, int64_t v)
{
	fnl_input_i64(&in, field, v);
	return in;
}

static struct fnl_input with_text(struct fnl_input in, int field, const char *text)
{
	fnl_input_str(&in, field, text);
	return in;
}

static bool text_is(struct fnl_value v, const char *text)
{
	return v.set && fnl_span_eq(v.str, fnl_span_str(text));
}

/* The one candidate of the n-th answer of the last step. */
static const struct fnl_value *about(size_t at, const char *book, const char *request_id, int refusal)
{
	const struct fnl_value *v = fnl_org_desk_answer(&desk, at, &fnl_desc_successor_candidates, book);
	assert_true(text_is(v[A(REQUEST_ID)], request_id));
	assert_true(text_is(v[A(NOTICE_ID)], "n1"));
	assert_int_equal(v[A(OCCURRED_AT)].i64, desk.now_ms);
	assert_int_equal(v[A(CANDIDATES)].list.count, 1);
	const struct fnl_value *one = v[A(CANDIDATES)].list.items[0].list.items;
	assert_true(v[A(SUCCESSOR_ID)].set && fnl_span_eq(v[A(SUCCESSOR_ID)].str, one[C(REP_ID)].str));
	assert_int_equal(one[C(REFUSAL)].i64, refusal);
	return one;
}

/* ---- the directory ---- */

static void the_latest_image_counts(void **state)
{
	(void)state;
	send(with_text(fnl_input_entry("ann", 2, 7), FNL_REP_ENTRY_MANAGER_ID, "max"));
	const struct fnl_value *row = fnl_org_desk_row(&desk, FNL_ORG_TABLE_REP, "emea|ann");
	assert_int_equal(row[FNL_ORG_REP_OPEN_PROSPECTS].i64, 7);
	assert_true(text_is(row[FNL_ORG_REP_MANAGER_ID], "max"));
	assert_int_equal(desk.d->output_count, 0);
	send(fnl_input_entry("ann", 1, 9));
	assert_true(desk.d->stale);
	send(fnl_input_entry("ann", 2, 9));
	assert_true(desk.d->stale);
	send(with(fnl_input_entry("ann", 3, 9), FNL_REP_ENTRY_PRESENT, 0));
	assert_null(fnl_org_desk_row(&desk, FNL_ORG_TABLE_REP, "emea|ann"));
	send(with(fnl_input_entry("bob", 1, 9), FNL_REP_ENTRY_PRESENT, 0)); /* was never there */
	assert_true(desk.d->stale);
	assert_int_equal(fnl_org_desk_count(&desk, FNL_ORG_TABLE_REP), 0);
}

static void what_does_not_belong_here(void **state)
{
	(void)state;
	refuse(fnl_input_entry("ann", 1, 0), "org:apac", FNL_E_INVALID);
	refuse(fnl_input_entry("ann", 1, 0), "emea", FNL_E_INVALID);
	refuse(fnl_input_entry("ann", 1, 0), "", FNL_E_INVALID);
	refuse(fnl_input_entry("a|b", 1, 0), NULL, FNL_E_INVALID);
	refuse(fnl_input_entry("", 1, 0), NULL, FNL_E_LIMIT);
	refuse(with_text(fnl_input_entry("ann", 1, 0), FNL_REP_ENTRY_ORG_ID, "a|b"), NULL, FNL_E_INVALID);
	refuse(with_text(fnl_input_asked("ann", "q1", NULL, 1), FNL_SUCCESSOR_ASKED_BOOK, "pool:UNASSIGNED"), NULL,
	       FNL_E_INVALID);
	refuse(fnl_input_asked("ann", "q1", "b|b", 1), NULL, FNL_E_INVALID);
	refuse(fnl_input_outcome("ann", "n|1", 1, 0, 1, 0), NULL, FNL_E_INVALID);
	struct fnl_input in = fnl_input_changed(1, 0);
	assert_int_equal(fnl_org_desk_send(&desk, &in, "org:emea"), FNL_E_UNSUPPORTED);
	in = fnl_input_entry("ann", 0, 0); /* its rows have been asked for by then */
	assert_int_equal(fnl_org_desk_send(&desk, &in, NULL), FNL_E_LIMIT);
	assert_int_equal(fnl_org_desk_count(&desk, FNL_ORG_TABLE_REP), 0);
}

/* ---- about somebody ---- */

static void somebody_is_asked_about(void **state)
{
	(void)state;
	send(fnl_input_entry("ann", 1, 40));
	send(with(fnl_input_entry("bob", 1, 20), FNL_REP_ENTRY_CAPACITY_PROSPECTS, 50));
	send(fnl_input_asked("ann", "n1|1", "bob", 40));
	const struct fnl_value *one = about(0, "rep:ann", "n1|1", R(NONE));
	assert_int_equal(one[C(OPEN_PROSPECTS)].i64, 20);
	assert_int_equal(one[C(CAPACITY_PROSPECTS)].i64, 50);
	assert_int_equal(one[C(LOAD_AFTER_PERCENT)].i64, 120);
	send(fnl_input_asked("ann", "n1|2", "bob", 41));
	about(0, "rep:ann", "n1|2", R(OVER_CAPACITY));
	send(fnl_input_asked("ann", "n1|3", "zoe", 1));
	one = about(0, "rep:ann", "n1|3", R(UNKNOWN_REP));
	assert_int_equal(one[C(CAPACITY_PROSPECTS)].i64, 0);
	send(fnl_input_asked("ann", "n1|4", "ann", 1));
	about(0, "rep:ann", "n1|4", R(IS_THE_LEAVER));
	assert_null(fnl_org_desk_row(&desk, FNL_ORG_TABLE_REP, "emea|zoe"));
	assert_false(fnl_org_desk_fire(&desk));
}

static size_t uses_of(const char *key)
{
	return fnl_org_desk_row(&desk, FNL_ORG_TABLE_REP, key)[FNL_ORG_REP_ASKED_BY].list.count;
}

static void who_goes_by_him_hears_that_he_cannot(void **state)
{
	(void)state;
	static const struct {
		int field;
		int64_t value;
		int refusal;
	} ends[] = {{FNL_REP_ENTRY_ACTIVE, 0, R(INACTIVE)},
	            {FNL_REP_ENTRY_RESIGNED, 1, R(RESIGNED)},
	            {FNL_REP_ENTRY_PRESENT, 0, R(OTHER_ORG)}};
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		fnl_org_desk_clear(&desk);
		send(fnl_input_entry("bob", 1, 0));
		send(fnl_input_asked("ann", "n1|1", "bob", 10));
		send(fnl_input_asked("ann", "n1|2", "bob", 20)); /* for the same: in its place */
		send(with_text(fnl_input_asked("ann", "n1|3", "bob", 1), FNL_SUCCESSOR_ASKED_PROSPECT_ID, "p7"));
		send(fnl_input_asked("cid", "n1|1", "bob", 10));
		send(fnl_input_asked("dan", "n1|1", "bob", 1000)); /* he could not */
		assert_int_equal(uses_of("emea|bob"), 3);
		send(fnl_input_entry("bob", 2, 30));
		assert_int_equal(desk.d->output_count, 0);
		assert_int_equal(uses_of("emea|bob"), 3);
		send(with(fnl_input_entry("bob", 3, 30), ends[i].field, ends[i].value));
		assert_int_equal(desk.d->output_count, 3);
		about(0, "rep:ann", "n1|2", ends[i].refusal);
		about(1, "rep:ann", "n1|3", ends[i].refusal);
		about(2, "rep:cid", "n1|1", ends[i].refusal);
		assert_true(
			text_is(fnl_org_desk_answer(&desk, 1, &fnl_desc_successor_candidates, "rep:ann")[A(PROSPECT_ID)], "p7"));
		send(with(fnl_input_entry("bob", 4, 30), ends[i].field, ends[i].value));
		assert_int_equal(desk.d->output_count, 0); /* once */
		send(fnl_input_entry("bob", 5, 30));
		assert_int_equal(uses_of("emea|bob"), 0);
	}
}

static void a_refusal_takes_the_use_back(void **state)
{
	(void)state;
	send(fnl_input_entry("bob", 1, 0));
	send(fnl_input_asked("ann", "n1|1", "bob", 10));
	assert_int_equal(uses_of("emea|bob"), 1);
	send(fnl_input_asked("ann", "n1|2", "bob", 1000));
	assert_int_equal(uses_of("emea|bob"), 0);
}

static void the_oldest_use_makes_room(void **state)
{
	(void)state;
	send(fnl_input_entry("bob", 1, 0));
	for (int i = 0; i <= FNL_SUCCESSOR_USES_MAX; i++) {
		char leaver[32];
		snprintf(leaver, sizeof(leaver), "leaver-%02d", i);
		send(fnl_input_asked(leaver, "n1|1", "bob", 1));
	}
	assert_int_equal(uses_of("emea|bob"), FNL_SUCCESSOR_USES_MAX);
	send(with(fnl_input_entry("bob", 2, 0), FNL_REP_ENTRY_ACTIVE, 0));
	assert_int_equal(desk.d->output_count, FNL_SUCCESSOR_USES_MAX);
	about(0, "rep:leaver-01", "n1|1", R(INACTIVE));
}

/* ---- who could ---- */

static void answer_is(const char *ids)
{
	char found[400] = "";
	const struct fnl_value *v = fnl_org_desk_answer(&desk, 0, &fnl_desc_successor_candidates, "rep:ann");
	assert_false(v[A(SUCCESSOR_ID)].set);
	for (size_t i = 0; i < v[A(CANDIDATES)].list.count; i++) {
		const struct fnl_value *one = v[A(CANDIDATES)].list.items[i].list.items;
		size_t n = strlen(found);
		snprintf(found + n, sizeof(found) - n, "%s%.*s", i ? " " : "", (int)one[C(REP_ID)].str.len,
		         (const char *)one[C(REP_ID)].str.data);
		assert_int_equal(one[C(REFUSAL)].i64, R(NONE));
	}
	assert_string_equal(found, ids);
}

static size_t fire_all(void)
{
	size_t fired = 0;
	while (fnl_org_desk_fire(&desk)) {
		fired++;
		assert_true(fired < 1000);
	}
	return fired;
}

/* Seven reps of whom the lightest load is in the middle, the leaver, one of another organisation. */
static void fill(void)
{
	static const int64_t open[] = {30, 25, 20, 5, 10, 15, 35};
	for (int i = 0; i < 7; i++) {
		char id[8];
		snprintf(id, sizeof(id), "r%d", i);
		send(fnl_input_entry(id, 1, open[i]));
	}
	send(fnl_input_entry("ann", 1, 0));
	struct fnl_input other = with_text(fnl_input_entry("r3", 1, 0), FNL_REP_ENTRY_ORG_ID, "apac");
	send(other);
}

static void the_best_are_found_in_pages_of_any_size(void **state)
{
	(void)state;
	static const size_t pages[] = {1, 2, 3, 8, 9, 100};
	static const size_t firings[] = {9, 5, 3, 2, 1, 1};
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		fnl_org_desk_clear(&desk);
		fill();
		fnl_org_operator_set_page(desk.op, pages[i]);
		send(fnl_input_asked("ann", "n1|1", NULL, 10));
		assert_int_equal(desk.d->output_count, 0);
		assert_int_equal(fnl_org_desk_count(&desk, FNL_ORG_TABLE_QUESTION), 1);
		send(fnl_input_asked("ann", "n1|1", NULL, 10)); /* once more, while it is open */
		assert_true(desk.d->stale);
		assert_int_equal(fire_all(), firings[i]);
		answer_is("r3 r4 r5 r2 r1");
		assert_int_equal(fnl_org_desk_count(&desk, FNL_ORG_TABLE_QUESTION), 0);
		assert_int_equal(uses_of("emea|r3"), 0); /* nobody goes by him yet */
	}
}

static void the_best_so_far_are_looked_at_again(void **state)
{
	(void)state;
	fill();
	fnl_org_operator_set_page(desk.op, 5);
	send(fnl_input_asked("ann", "n1|1", NULL, 10));
	assert_true(fnl_org_desk_fire(&desk)); /* ann and r0 to r3 */
	send(with(fnl_input_entry("r3", 2, 5), FNL_REP_ENTRY_RESIGNED, 1));
	send(with(fnl_input_entry("r2", 2, 5), FNL_REP_ENTRY_PRESENT, 0));
	send(fnl_input_entry("r1", 2, 0));
	assert_true(fnl_org_desk_fire(&desk));
	answer_is("r1 r4 r5 r0 r6");
}

static void questions_do_not_wait_for_each_other(void **state)
{
	(void)state;
	fill();
	fnl_org_operator_set_page(desk.op, 100);
	send(fnl_input_asked("ann", "n1|1", NULL, 10));
	send(with_text(fnl_input_asked("ann", "n1|2", NULL, 1), FNL_SUCCESSOR_ASKED_PROSPECT_ID, "p1"));
	send(fnl_input_asked("r3", "n1|1", NULL, 10));
	send(fnl_input_base_rate("ann", "n1|3"));
	assert_int_equal(fnl_org_desk_count(&desk, FNL_ORG_TABLE_QUESTION), 4);
	assert_int_equal(fire_all(), 4);
	/* the last one by its key */
	const struct fnl_value *v = fnl_org_desk_answer(&desk, 0, &fnl_desc_successor_candidates, "rep:r3");
	assert_int_equal(v[A(CANDIDATES)].list.count, 5);
}

static void nobody_could(void **state)
{
	(void)state;
	send(fnl_input_asked("ann", "n1|1", NULL, 10)); /* nobody is there at all */
	assert_int_equal(fire_all(), 1);
	answer_is("");
	send(fnl_input_entry("bob", 1, 90));
	send(fnl_input_asked("ann", "n1|2", NULL, 10));
	assert_int_equal(fire_all(), 1);
	answer_is("");
}

/* ---- what is usual ---- */

static void base_rate_is(int64_t prospects, int64_t lost)
{
	const struct fnl_value *v = fnl_org_desk_answer(&desk, 0, &fnl_desc_org_base_rate, "rep:ann");
	assert_int_equal(v[FNL_ORG_BASE_RATE_PROSPECT_COUNT].i64, prospects);
	assert_int_equal(v[FNL_ORG_BASE_RATE_LOST_COUNT].i64, lost);
}

static void what_is_usual_is_added_up(void **state)
{
	(void)state;
	static const size_t pages[] = {1, 2, 3, 100};
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		fnl_org_desk_clear(&desk);
		send(fnl_input_outcome("ann", "n1", 1, -1000, 50, 40)); /* its own */
		send(fnl_input_outcome("ann", "n0", 1, -24 * MONTH_MS, 1, 1));
		send(fnl_input_outcome("ann", "n-1", 1, -24 * MONTH_MS - 1, 1000, 1000)); /* too old */
		send(fnl_input_outcome("bob", "n1", 1, -1000, 20, 3));
		send(fnl_input_outcome("bob", "n1", 3, -1000, 20, 5));
		send(fnl_input_outcome("bob", "n1", 2, -1000, 20, 4));
		assert_true(desk.d->stale);
		send(with_text(fnl_input_outcome("cid", "n1", 1, 0, 7, 7), FNL_HANDOVER_OUTCOME_ORG_ID, "apac"));
		assert_int_equal(fnl_org_desk_count(&desk, FNL_ORG_TABLE_HANDOVER), 5);
		fnl_org_operator_set_page(desk.op, pages[i]);
		send(fnl_input_base_rate("ann", "q1"));
		assert_true(fire_all() >= 1);
		base_rate_is(21, 6);
	}
}

static void without_any_handover_nothing_is_usual(void **state)
{
	(void)state;
	send(fnl_input_base_rate("ann", "q1"));
	assert_int_equal(fire_all(), 1);
	base_rate_is(0, 0);
}

static void too_many_are_the_most_that_there_can_be(void **state)
{
	(void)state;
	send(fnl_input_outcome("bob", "n1", 1, -1000, INT64_MAX, INT64_MAX - 1));
	send(fnl_input_outcome("cid", "n1", 1, -1000, INT64_MAX, 1));
	send(fnl_input_outcome("dan", "n1", 1, -1000, 5, 5));
	send(fnl_input_base_rate("ann", "q1"));
	assert_int_equal(fire_all(), 1);
	base_rate_is(INT64_MAX, INT64_MAX);
}

/* ---- rules, time ---- */

static void activate(const char *text, int version)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_rules_activated, 0);
	char hash[FNL_SHA256_HEX_BYTES + 1];
	fnl_sha256_hex(fnl_span_str(text), hash);
	fnl_input_i64(&in, FNL_RULES_ACTIVATED_RULES_VERSION, version);
	fnl_input_str(&in, FNL_RULES_ACTIVATED_RULES_HASH, hash);
	fnl_input_str(&in, FNL_RULES_ACTIVATED_RULES_TEXT, text);
	send(in);
}

static void rules_count_from_then_on(void **state)
{
	(void)state;
	send(fnl_input_entry("bob", 1, 0));
	send(fnl_input_asked("ann", "n1|1", "bob", 96));
	about(0, "rep:ann", "n1|1", R(NONE)); /* 120 % of 80 */
	activate("[rules]\nversion = 1\n[handover]\nload_max_percent = 100\n", 1);
	send(fnl_input_asked("ann", "n1|2", "bob", 96));
	about(0, "rep:ann", "n1|2", R(OVER_CAPACITY));
	activate("[rules]\nversion = 1\n[handover]\nload_max_percent = 100\n", 1);
	assert_true(desk.d->stale);
}

static void its_time_is_the_least_of_the_partitions_before(void **state)
{
	(void)state;
	struct fnl_input in = fnl_input_of(&fnl_desc_stage_time, 5000);
	fnl_input_i64(&in, FNL_STAGE_TIME_PARTITION, 1);
	fnl_input_i64(&in, FNL_STAGE_TIME_PARTITION_COUNT, 2);
	send(in);
	const struct fnl_value *clock = fnl_org_desk_row(&desk, FNL_ORG_TABLE_PARTITION, "clock");
	assert_int_equal(clock[FNL_PARTITION_TIMES_TIMES].list.count, 2);
	fnl_input_i64(&in, FNL_STAGE_TIME_PARTITION, 2);
	assert_int_equal(fnl_org_desk_send(&desk, &in, NULL), FNL_E_INVALID);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(the_latest_image_counts),
		T(what_does_not_belong_here),
		T(somebody_is_asked_about),
		T(who_goes_by_him_hears_that_he_cannot),
		T(a_refusal_takes_the_use_back),
		T(the_oldest_use_makes_room),
		T(the_best_are_found_in_pages_of_any_size),
		T(the_best_so_far_are_looked_at_again),
		T(questions_do_not_wait_for_each_other),
		T(nobody_could),
		T(what_is_usual_is_added_up),
		T(without_any_handover_nothing_is_usual),
		T(too_many_are_the_most_that_there_can_be),
		T(rules_count_from_then_on),
		T(its_time_is_the_least_of_the_partitions_before),
	};
	return cmocka_run_group_tests(tests, org_start, org_end);
}
