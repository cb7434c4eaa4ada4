/* An allocation fails, each one in turn, in what changes a frozen quota and in what is told of it: commands, lines that
 * come and go, attainment. A clean error that leaves the caller's things alone, or the result of an undisturbed run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "book_world_internal.h"
#include "failing_trial.h"
#include "funneld/core/attainment.h"

enum { SETTLED = 24 * 3600000 + 1000, YEAR = 2024 };

static struct fnl_books w;
static struct fnl_input input;       /* of command, comes */
static const struct fnl_value *row;  /* of a firing */
static const struct fnl_value *next; /* what the undisturbed one makes of it; NULL: it goes */
static const char *book;

/* --- what is tried again and again --- */

static int revise(struct fnl_arena *arena, struct fnl_writer *ret)
{
	bool command = input.desc == &fnl_desc_revise_quota;
	struct fnl_quota_revise_in in = {
		.rep = fnl_books_rep(&w, book), .quota = fnl_books_quota(&w, book, YEAR), .arena = arena};
	struct fnl_quota_revise_out out, before;
	memset(&out, 0x5a, sizeof(out));
	memcpy(&before, &out, sizeof(out));
	int rc = command ? fnl_quota_command(&in, input.v, &out, &w.why) : fnl_quota_moved(&in, input.v, &out, &w.why);
	failing_counts(false);
	if (rc) {
		assert_memory_equal(&out, &before, sizeof(out));
		return rc;
	}
	failing_write(ret, &fnl_desc_quota_set, out.quota);
	failing_write(ret, out.event.desc, out.event.values);
	return 0;
}

static int begin(struct fnl_arena *arena, struct fnl_writer *ret)
{
	static const struct fnl_span id = {.data = (const uint8_t *)"p1", .len = 2};
	static const struct fnl_span to = {.data = (const uint8_t *)"bob", .len = 3};
	struct fnl_quota_moves_begin b = {.book = FNL_SPAN_LIT("rep:ann"),
	                                  .cause = FNL_REVISION_CAUSE_PROPOSAL_OUT,
	                                  .reference = FNL_SPAN_LIT("prop-1"),
	                                  .at_ms = w.now_ms,
	                                  .now_ms = w.now_ms,
	                                  .cause_id = FNL_SPAN_LIT("c"),
	                                  .prospect_ids = &id,
	                                  .to_rep_ids = &to,
	                                  .count = 1};
	struct fnl_value *begun = NULL;
	int rc = fnl_quota_moves_begin(&b, arena, &begun);
	failing_counts(false);
	if (rc) {
		assert_null(begun);
		return rc;
	}
	failing_write(ret, &fnl_desc_quota_moves, begun);
	return 0;
}

static int fire(struct fnl_arena *arena, struct fnl_writer *ret)
{
	const struct fnl_value *tasks[] = {fnl_books_get(&w, FNL_BOOKS_TASK, "rep:ann|p2")};
	struct fnl_quota_moves_need need = fnl_quota_moves_needs(row);
	struct fnl_quota_moves_in in = {.row = row,
	                                .rep = fnl_books_rep(&w, "rep:ann"),
	                                .quota = fnl_books_quota(&w, "rep:ann", YEAR),
	                                .page = tasks,
	                                .page_count = need.work == FNL_QUOTA_GOING_PAGE,
	                                .page_last = true,
	                                .now_ms = w.now_ms,
	                                .rules = &w.rules,
	                                .arena = arena};
	struct fnl_quota_moves_out out, before;
	for (size_t i = 0; i < need.count; i++) {
		struct fnl_books_key key = fnl_books_key_of(FNL_SPAN_LIT("rep:ann"), YEAR, need.prospect_ids[i]);
		in.lines[i] = fnl_books_get(&w, FNL_BOOKS_QUOTA_LINE, key.text);
	}
	memset(&out, 0x5a, sizeof(out));
	memcpy(&before, &out, sizeof(out));
	int rc = fnl_quota_moves_step(&in, &out);
	failing_counts(false);
	if (rc) {
		assert_memory_equal(&out, &before, sizeof(out));
		return rc;
	}
	next = arena == &w.arena ? out.row : next;
	failing_write(ret, &fnl_desc_quota_moves, out.row);
	failing_write(ret, &fnl_desc_quota_set, out.quota);
	for (size_t i = 0; i < need.count; i++) {
		failing_write(ret, &fnl_desc_quota_line, out.lines[i]);
	}
	for (size_t i = 0; i < out.event_count; i++) {
		failing_write(ret, out.events[i].desc, out.events[i].values);
	}
	return 0;
}

static struct fnl_book_in state_of(struct fnl_arena *arena)
{
	return (struct fnl_book_in){.rep = fnl_books_rep(&w, book),
	                            .now_ms = w.now_ms,
	                            .rules = &w.rules,
	                            .cause_id = FNL_SPAN_LIT("c"),
	                            .correlation_id = FNL_SPAN_LIT("c"),
	                            .arena = arena};
}

static int mark(struct fnl_arena *arena, struct fnl_writer *ret)
{
	struct fnl_book_in in = state_of(arena);
	struct fnl_value *rep = NULL;
	int rc = fnl_attainment_quota(&in, fnl_span_str(book), YEAR, &rep);
	failing_counts(false);
	if (rc) {
		assert_null(rep);
		return rc;
	}
	failing_write(ret, &fnl_desc_rep, rep);
	return 0;
}

static int tell(struct fnl_arena *arena, struct fnl_writer *ret)
{
	struct fnl_book_in in = state_of(arena);
	struct fnl_value rep[FNL_REP_FIELD_COUNT];
	memcpy(rep, in.rep, sizeof(rep));
	struct fnl_attainment_need need = fnl_attainment_needs(rep);
	const struct fnl_value *quotas[FNL_ATTAINMENT_YEARS_MAX] = {fnl_books_quota(&w, book, YEAR)};
	struct fnl_attainment_out out, before;
	memset(&out, 0x5a, sizeof(out));
	memcpy(&before, &out, sizeof(out));
	assert_int_equal(need.count, 1);
	int rc = fnl_attainment_tell(&in, rep, &need, quotas, &out);
	failing_counts(false);
	if (rc) {
		assert_memory_equal(&out, &before, sizeof(out));
		return rc;
	}
	failing_write(ret, &fnl_desc_rep, rep);
	for (size_t i = 0; i < out.event_count; i++) {
		failing_write(ret, out.events[i].desc, out.events[i].values);
	}
	for (size_t i = 0; i < out.image_count; i++) {
		failing_write(ret, out.images[i].desc, out.images[i].values);
	}
	assert_int_equal(out.event_count, 1);
	return 0;
}

static void try_all(const char *name, failing_run *run)
{
	failing_try_all(name, run, &w.arena);
}

/* --- the world --- */

static void freeze(void)
{
	struct fnl_input ann = fnl_input_rep("ann", 1, "org1"), bob = fnl_input_rep("bob", 1, "org1");
	struct fnl_input p1 = fnl_input_line("rep:ann", "p1", 1, 0), p2 = fnl_input_line("rep:ann", "p2", 1, 0);
	struct fnl_input p3 = fnl_input_line("rep:ann", "p3", 1, 0), open = fnl_input_open("r1", "org1", YEAR, 1000);
	fnl_books_clear(&w);
	fnl_input_i64(&p3, FNL_BOOK_LINE_LAYER, FNL_LAYER_WON);
	fnl_input_i64(&p3, FNL_BOOK_LINE_CLOSED_ON, FNL_DAY_2024 + 10);
	fnl_input_str(&p3, FNL_BOOK_LINE_WON_BY, "ann");
	fnl_input_money(&p3, FNL_BOOK_LINE_WON_AMOUNT, 700, "USD");
	assert_int_equal(fnl_books_rep_changed(&w, &ann), 0);
	assert_int_equal(fnl_books_rep_changed(&w, &bob), 0);
	assert_int_equal(fnl_books_line(&w, &p1, "c"), 0);
	assert_int_equal(fnl_books_line(&w, &p2, "c"), 0);
	assert_int_equal(fnl_books_line(&w, &p3, "c"), 0);
	assert_int_equal(fnl_books_open(&w, &open), 0);
	fnl_books_run_until(&w, SETTLED);
	fnl_books_task_done(&w, "rep:ann", "p2", "n1", "bob");
	book = "rep:ann";
}

static void commands(void **state)
{
	(void)state;
	freeze();
	input = fnl_input_of(&fnl_desc_revise_quota, 0);
	fnl_input_str(&input, FNL_REVISE_QUOTA_COMMAND_ID, "c1");
	fnl_input_str(&input, FNL_REVISE_QUOTA_ISSUED_BY, "chief");
	fnl_input_i64(&input, FNL_REVISE_QUOTA_ISSUED_AT, FNL_T0);
	fnl_input_str(&input, FNL_REVISE_QUOTA_REP_ID, "ann");
	fnl_input_i64(&input, FNL_REVISE_QUOTA_FISCAL_YEAR, YEAR);
	fnl_input_str(&input, FNL_REVISE_QUOTA_CAUSE, "market");
	fnl_input_money(&input, FNL_REVISE_QUOTA_ADJUSTMENT, 500, "USD");
	try_all("revised", revise);
	fnl_input_money(&input, FNL_REVISE_QUOTA_ADJUSTMENT, -50000000, "USD");
	try_all("refused", revise);
	input = fnl_input_of(&fnl_desc_quota_moved, 0);
	fnl_input_str(&input, FNL_QUOTA_MOVED_ORG_ID, "org1");
	fnl_input_str(&input, FNL_QUOTA_MOVED_BOOK, "rep:dan");
	fnl_input_str(&input, FNL_QUOTA_MOVED_FROM_REP_ID, "ann");
	fnl_input_i64(&input, FNL_QUOTA_MOVED_FROM_REVISION, 1);
	fnl_input_i64(&input, FNL_QUOTA_MOVED_FISCAL_YEAR, YEAR);
	fnl_input_str(&input, FNL_QUOTA_MOVED_RUN_ID, "r1");
	fnl_input_i64(&input, FNL_QUOTA_MOVED_AS_OF, FNL_T0);
	fnl_input_i64(&input, FNL_QUOTA_MOVED_RULES_VERSION, 0);
	fnl_input_i64(&input, FNL_QUOTA_MOVED_CAUSE, FNL_REVISION_CAUSE_PROPOSAL_IN);
	fnl_input_str(&input, FNL_QUOTA_MOVED_REFERENCE, "prop-1");
	fnl_input_i64(&input, FNL_QUOTA_MOVED_LINE_COUNT, 1);
	fnl_input_str(&input, FNL_QUOTA_MOVED_BASE_CURRENCY, "USD");
	fnl_input_i64(&input, FNL_QUOTA_MOVED_VALUE_MINOR, 50000);
	try_all("lines come", revise);
	book = "rep:dan";
	try_all("lines come to a rep without a quota", revise);
}

/* Each firing of the row, until it goes. */
static void fire_all(const struct fnl_value *from)
{
	static const char *const works[] = {"its years", "its tasks", "its lines", "what comes of it"};
	for (row = from; row;) {
		try_all(works[fnl_quota_moves_needs(row).work], fire);
		row = next;
	}
}

static void lines_that_go(void **state)
{
	static const struct fnl_span id = {.data = (const uint8_t *)"p1", .len = 2};
	static const struct fnl_span to = {.data = (const uint8_t *)"bob", .len = 3};
	struct fnl_quota_moves_begin b = {.book = FNL_SPAN_LIT("rep:ann"),
	                                  .cause = FNL_REVISION_CAUSE_HANDOVER_OUT,
	                                  .reference = FNL_SPAN_LIT("n1"),
	                                  .at_ms = FNL_T0,
	                                  .now_ms = FNL_T0,
	                                  .cause_id = FNL_SPAN_LIT("c")};
	struct fnl_value *begun = NULL;
	(void)state;
	freeze();
	try_all("it is begun", begin);
	assert_int_equal(fnl_quota_moves_begin(&b, &w.arena, &begun), 0);
	fire_all(begun);
	b.prospect_ids = &id;
	b.to_rep_ids = &to;
	b.count = 1;
	assert_int_equal(fnl_quota_moves_begin(&b, &w.arena, &begun), 0);
	fire_all(begun);
}

static void attainment(void **state)
{
	(void)state;
	freeze();
	try_all("a quota is to be told", mark);
	w.now_ms = fnl_books_rep(&w, "rep:ann")[FNL_REP_WON_DUE_AT].i64;
	try_all("it is told", tell);
	book = "rep:dan";
	try_all("of a rep of whom nothing was known", mark);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(commands), cmocka_unit_test(lines_that_go),
	                                          cmocka_unit_test(attainment)};
	fnl_books_start(&w);
	int rc = cmocka_run_group_tests_name("failing allocations: changes of a quota", tests, NULL, NULL);
	fnl_books_end(&w);
	return rc;
}
