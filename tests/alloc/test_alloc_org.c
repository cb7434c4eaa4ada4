/* An allocation fails, each one in turn, in what the organisation does: a clean error that leaves the caller's things
 * alone, or the result of an undisturbed run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "failing_trial.h"
#include "funneld/core/org.h"
#include "org_desk.h"

static struct fnl_org_desk desk;

/* What is tried again and again: an input, or a page of a question. */
static const struct fnl_input *input;
static const struct fnl_value *question;

static int untouched(const void *out, const void *before, size_t size, int rc)
{
	assert_memory_equal(out, before, size);
	return rc;
}

static struct fnl_org_in input_of(struct fnl_arena *arena)
{
	return (struct fnl_org_in){.now_ms = FNL_T0,
	                           .rules = fnl_rules_default(),
	                           .cause_id = FNL_SPAN_LIT("c"),
	                           .correlation_id = FNL_SPAN_LIT("c"),
	                           .arena = arena};
}

static const struct fnl_value *bob;
static const struct fnl_value *handover;

static int run_entry(struct fnl_arena *arena, struct fnl_writer *ret)
{
	struct fnl_org_in in = input_of(arena);
	struct fnl_org_entry_out out, before;
	memset(&out, 0x5a, sizeof(out));
	memcpy(&before, &out, sizeof(out));
	int rc = fnl_org_entry(&in, bob, input->v, &out, &desk.why);
	failing_counts(false);
	if (rc) {
		return untouched(&out, &before, sizeof(out), rc);
	}
	failing_write(ret, &fnl_desc_org_rep, out.change == FNL_ROW_PUT ? out.rep : NULL);
	for (size_t i = 0; i < out.answer_count; i++) {
		failing_write(ret, out.answers[i].desc, out.answers[i].values);
	}
	return 0;
}

static int run_asked(struct fnl_arena *arena, struct fnl_writer *ret)
{
	struct fnl_org_in in = input_of(arena);
	struct fnl_org_rows rows = {NULL, bob, NULL};
	struct fnl_org_asked_out out, before;
	memset(&out, 0x5a, sizeof(out));
	memcpy(&before, &out, sizeof(out));
	int rc = fnl_org_asked(&in, &rows, input->desc, input->v, &out, &desk.why);
	failing_counts(false);
	if (rc) {
		return untouched(&out, &before, sizeof(out), rc);
	}
	failing_write(ret, &fnl_desc_org_rep, out.successor);
	failing_write(ret, &fnl_desc_org_question, out.question);
	failing_write(ret, out.answer.desc, out.answer.values);
	return 0;
}

static int run_outcome(struct fnl_arena *arena, struct fnl_writer *ret)
{
	struct fnl_org_in in = input_of(arena);
	struct fnl_value *row = (struct fnl_value *)&desk;
	int rc = fnl_org_outcome(&in, handover, input->v, &row, &desk.why);
	failing_counts(false);
	if (rc) {
		assert_ptr_equal(row, &desk);
		return rc;
	}
	failing_write(ret, &fnl_desc_org_handover, row);
	return 0;
}

static int step(struct fnl_arena *arena, struct fnl_writer *ret, bool last)
{
	struct fnl_org_in in = input_of(arena);
	bool reps = question[FNL_ORG_QUESTION_KIND].i64 == FNL_ORG_QUESTION_KIND_SUCCESSOR;
	const struct fnl_value *rows[] = {reps ? bob : handover};
	struct fnl_org_page page = {.rows = rows, .count = 1, .last = last, .last_key = FNL_SPAN_LIT("k")};
	struct fnl_org_step_out out, before;
	memset(&out, 0x5a, sizeof(out));
	memcpy(&before, &out, sizeof(out));
	int rc = fnl_org_step(&in, question, &page, &out);
	failing_counts(false);
	if (rc) {
		return untouched(&out, &before, sizeof(out), rc);
	}
	failing_write(ret, &fnl_desc_org_question, out.question);
	failing_write(ret, out.answer.desc, out.answer.values);
	return 0;
}

static int run_page(struct fnl_arena *arena, struct fnl_writer *ret)
{
	return step(arena, ret, false);
}

static int run_last_page(struct fnl_arena *arena, struct fnl_writer *ret)
{
	return step(arena, ret, true);
}

static void try_all(const char *name, failing_run *run, const struct fnl_input *in)
{
	input = in;
	failing_try_all(name, run, &desk.arena);
}

static void send(struct fnl_input in)
{
	assert_int_equal(fnl_org_desk_send(&desk, &in, NULL), 0);
}

static void pages(const char *name, const char *key)
{
	question = fnl_org_desk_row(&desk, FNL_ORG_TABLE_QUESTION, key);
	assert_non_null(question);
	print_message("%s: ", name);
	try_all("a page", run_page, NULL);
	try_all("the last page", run_last_page, NULL);
}

static void every_input_and_page(void **state)
{
	(void)state;
	fnl_org_desk_open(&desk, FNL_SOURCE_DIR "/schemas");
	struct fnl_input in = fnl_input_entry("bob", 1, 3);
	try_all("first entry", run_entry, &in);
	send(in);
	bob = fnl_org_desk_row(&desk, FNL_ORG_TABLE_REP, "emea|bob");
	in = fnl_input_asked("ann", "n1|1", "bob", 3);
	try_all("about somebody", run_asked, &in);
	send(in);
	bob = fnl_org_desk_row(&desk, FNL_ORG_TABLE_REP, "emea|bob");
	in = fnl_input_entry("bob", 2, 3);
	fnl_input_i64(&in, FNL_REP_ENTRY_ACTIVE, 0);
	try_all("he cannot any more", run_entry, &in);
	in = fnl_input_outcome("cid", "n1", 1, 0, 5, 2);
	try_all("outcome", run_outcome, &in);
	send(in);
	handover = fnl_org_desk_row(&desk, FNL_ORG_TABLE_HANDOVER, "emea|rep:cid|n1");
	in = fnl_input_asked("ann", "n1|2", NULL, 3);
	try_all("who could", run_asked, &in);
	send(in);
	pages("who could", "emea|rep:ann|n1|2");
	in = fnl_input_base_rate("ann", "n1|3");
	try_all("what is usual", run_asked, &in);
	send(in);
	pages("what is usual", "emea|rep:ann|n1|3");
	fnl_org_desk_close(&desk);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(every_input_and_page)};
	return cmocka_run_group_tests_name("failing allocations: the organisation", tests, NULL, NULL);
}
