/* Territory proposals through the org stage's operator: what goes where, under which key and id. What is decided, and
 * why: test_proposal.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/base/sha256.h"
#include "funneld/core/layer.h"
#include "funneld/core/proposal.h"
#include "org_fixture.h"

#include <stdio.h>

enum { STEPS_MAX = 100, MANY = 128 };
#define DAY_MS INT64_C(86400000)
#define ID_BYTES 36

static bool is(struct fnl_value v, const char *text)
{
	return v.set && fnl_span_eq(v.str, fnl_span_str(text));
}

static void all_may_move(void)
{
	static const char text[] = "[rules]\nversion = 1\n[territory]\nmoves_org_max_bp = 10000\n";
	struct fnl_input in = fnl_input_of(&fnl_desc_rules_activated, 0);
	char hash[FNL_SHA256_HEX_BYTES + 1];
	fnl_sha256_hex(fnl_span_str(text), hash);
	fnl_input_i64(&in, FNL_RULES_ACTIVATED_RULES_VERSION, 1);
	fnl_input_str(&in, FNL_RULES_ACTIVATED_RULES_HASH, hash);
	fnl_input_str(&in, FNL_RULES_ACTIVATED_RULES_TEXT, text);
	send(in);
}

static void cell(const char *rep_id, const char *region, const char *industry, int layer, int64_t count, int64_t minor)
{
	const struct fnl_desk_volume volume = {layer, count, minor, "EUR"};
	send(fnl_input_image(rep_id, region, industry, &volume));
}

/* ann has a rich north, bob little, cid nothing. */
static void north(void)
{
	all_may_move();
	send(fnl_input_entry("ann", 1, 0));
	send(fnl_input_entry("bob", 1, 0));
	send(fnl_input_entry("cid", 1, 0));
	cell("ann", "north", "metal", FNL_LAYER_TOP, 5, 30000);
	cell("ann", "north", "wood", FNL_LAYER_TOP, 5, 28000);
	cell("ann", "east", "wood", FNL_LAYER_BOTTOM, 2, 30000);
	cell("bob", "south", "metal", FNL_LAYER_MIDDLE, 4, 5000);
}

static void propose(const char *command_id)
{
	send(fnl_input_org_command(&fnl_desc_propose_territories, command_id, 0));
}

static void accept(const char *command_id, const char *proposal_id)
{
	struct fnl_input in = fnl_input_org_command(&fnl_desc_accept_proposal, command_id, 0);
	fnl_input_str(&in, FNL_ACCEPT_PROPOSAL_PROPOSAL_ID, proposal_id);
	send(in);
}

/* Until something is told. */
static void go_on(void)
{
	for (int steps = 0; steps < STEPS_MAX; steps++) {
		if (!fnl_org_desk_fire(&desk) || desk.d->output_count > 0) {
			return;
		}
	}
	fail_msg("it does not come to an end");
}

static int64_t state_of(void)
{
	return fnl_org_desk_row(&desk, FNL_ORG_TABLE_PROPOSAL, "emea")[FNL_PROPOSAL_STATE].i64;
}

static const struct fnl_value *told(size_t at, const struct fnl_record_desc *desc, const char *type)
{
	const struct fnl_value *v = fnl_org_desk_told(&desk, at, desc, FNL_ORG_OUT_TERRITORIES, "emea");
	assert_true(fnl_span_eq(desk.told_type, fnl_span_str(type)));
	assert_int_equal(desk.told_id.len, ID_BYTES);
	return v;
}

static void refused(size_t at, const char *command, const char *command_id, int reason)
{
	const struct fnl_value *v =
		fnl_org_desk_told(&desk, at, &fnl_desc_command_rejected, FNL_ORG_OUT_REJECTIONS, "emea");
	assert_true(fnl_span_eq(desk.told_type, FNL_SPAN_LIT("funnel.command.rejected.v1")));
	assert_true(is(v[FNL_COMMAND_REJECTED_COMMAND], command));
	assert_true(is(v[FNL_COMMAND_REJECTED_COMMAND_ID], command_id));
	assert_int_equal(v[FNL_COMMAND_REJECTED_REASON].i64, reason);
}

/* Asked for, and told: two moves and what they add up to. The cause of all of them. */
static struct fnl_span proposed(const char *proposal_id)
{
	struct fnl_span ids[3], cause;
	go_on();
	assert_int_equal(desk.d->output_count, 3);
	for (size_t i = 0; i < 2; i++) {
		const struct fnl_value *v = told(i, &fnl_desc_proposal_move, "funnel.territories.move.v1");
		assert_int_equal(v[FNL_PROPOSAL_MOVE_NUMBER].i64, i + 1);
		assert_true(is(v[FNL_PROPOSAL_MOVE_PROPOSAL_ID], proposal_id));
		assert_true(is(v[FNL_PROPOSAL_MOVE_FROM_REP_ID], "ann"));
		ids[i] = desk.told_id;
		cause = desk.told_cause;
	}
	const struct fnl_value *v = told(2, &fnl_desc_territory_proposal, "funnel.territories.proposal.v1");
	ids[2] = desk.told_id;
	assert_true(fnl_span_eq(desk.told_cause, cause));
	assert_true(is(v[FNL_TERRITORY_PROPOSAL_PROPOSAL_ID], proposal_id));
	assert_int_equal(v[FNL_TERRITORY_PROPOSAL_MOVE_COUNT].i64, 2);
	assert_int_equal(v[FNL_TERRITORY_PROPOSAL_REPS].list.count, 3);
	assert_true(v[FNL_TERRITORY_PROPOSAL_IS_WORTH_IT].i64);
	assert_int_equal(v[FNL_TERRITORY_PROPOSAL_EXPIRES_AT].i64, desk.now_ms + 30 * DAY_MS);
	assert_false(fnl_span_eq(ids[0], ids[1]) || fnl_span_eq(ids[1], ids[2]) || fnl_span_eq(ids[0], ids[2]));
	assert_int_equal(state_of(), FNL_PROPOSAL_STATE_OPEN);
	return cause;
}

/* ---- the stories ---- */

/* Pages of any size tell the same; a firing reads one. */
static void asked_for_and_accepted(void **state)
{
	(void)state;
	struct fnl_span first = FNL_SPAN_NONE;
	for (size_t rows = 1; rows < 7; rows++) {
		fnl_org_desk_clear(&desk);
		fnl_org_operator_set_page(desk.op, rows);
		north();
		propose("p-1");
		assert_int_equal(desk.d->output_count, 0);
		struct fnl_span asked = proposed("p-1");
		assert_true(fnl_span_is_none(first) || fnl_span_eq(first, desk.told_id)); /* whatever the pages */
		first = desk.told_id;
		accept("a-1", "p-1");
		assert_int_equal(desk.d->output_count, 0);
		go_on();
		assert_int_equal(desk.d->output_count, 2);
		const struct fnl_value *moves =
			fnl_org_desk_told(&desk, 0, &fnl_desc_book_moves, FNL_ORG_OUT_REP_INPUTS, "rep:ann");
		struct fnl_span accepted = desk.told_cause;
		assert_true(fnl_span_is_none(desk.told_id)); /* it is ours */
		assert_int_equal(moves[FNL_BOOK_MOVES_MOVES].list.count, 2);
		const struct fnl_value *v = told(1, &fnl_desc_proposal_accepted, "funnel.territories.accepted.v1");
		assert_int_equal(v[FNL_PROPOSAL_ACCEPTED_MOVE_COUNT].i64, 2);
		assert_true(is(v[FNL_PROPOSAL_ACCEPTED_COMMAND_ID], "a-1"));
		assert_true(fnl_span_eq(desk.told_cause, accepted));
		assert_false(fnl_span_eq(desk.told_cause, asked));
		assert_int_equal(state_of(), FNL_PROPOSAL_STATE_ACCEPTED);
	}
}

static void the_same_again(void **state)
{
	(void)state;
	north();
	propose("p-1");
	proposed("p-1");
	propose("p-1");
	assert_true(desk.d->stale && desk.d->row_count == 0 && desk.d->output_count == 0);
	accept("a-1", "p-1");
	accept("a-1", "p-1");
	assert_true(desk.d->stale);
	accept("a-2", "p-1"); /* it is being accepted */
	refused(0, "AcceptProposal", "a-2", FNL_REJECT_REASON_PROPOSAL_IS_NOT_OPEN);
	propose("p-2");
	refused(0, "ProposeTerritories", "p-2", FNL_REJECT_REASON_PROPOSAL_IS_NOT_OPEN);
	go_on();
	accept("a-3", "p-1");
	refused(0, "AcceptProposal", "a-3", FNL_REJECT_REASON_PROPOSAL_IS_NOT_OPEN);
	assert_false(fnl_org_desk_fire(&desk));
}

static void another_one_or_time_ends_it(void **state)
{
	(void)state;
	north();
	accept("a-0", "p-1");
	refused(0, "AcceptProposal", "a-0", FNL_REJECT_REASON_UNKNOWN_PROPOSAL);
	assert_int_equal(desk.d->row_count, 0);
	propose("p-1");
	proposed("p-1");
	propose("p-2");
	assert_int_equal(desk.d->output_count, 1);
	const struct fnl_value *v = told(0, &fnl_desc_proposal_expired, "funnel.territories.expired.v1");
	assert_true(v[FNL_PROPOSAL_EXPIRED_REPLACED].i64 && is(v[FNL_PROPOSAL_EXPIRED_PROPOSAL_ID], "p-1"));
	struct fnl_span asked = proposed("p-2");
	accept("a-1", "p-1");
	refused(0, "AcceptProposal", "a-1", FNL_REJECT_REASON_PROPOSAL_IS_OUTDATED);
	desk.now_ms += 30 * DAY_MS;
	go_on();
	assert_int_equal(desk.d->output_count, 1);
	v = told(0, &fnl_desc_proposal_expired, "funnel.territories.expired.v1");
	assert_true(!v[FNL_PROPOSAL_EXPIRED_REPLACED].i64 && is(v[FNL_PROPOSAL_EXPIRED_PROPOSAL_ID], "p-2"));
	assert_true(fnl_span_eq(desk.told_cause, asked));
	accept("a-2", "p-2");
	refused(0, "AcceptProposal", "a-2", FNL_REJECT_REASON_PROPOSAL_IS_OUTDATED);
}

/* Whoever was to receive has given notice since: nobody hears of moves. */
static void it_is_outdated_when_somebody_has_gone(void **state)
{
	(void)state;
	north();
	propose("p-1");
	proposed("p-1");
	accept("a-1", "p-1");
	struct fnl_input in = fnl_input_entry("cid", 2, 0);
	fnl_input_i64(&in, FNL_REP_ENTRY_RESIGNED, 1);
	send(in);
	go_on();
	assert_int_equal(desk.d->output_count, 2);
	told(0, &fnl_desc_proposal_expired, "funnel.territories.expired.v1");
	refused(1, "AcceptProposal", "a-1", FNL_REJECT_REASON_PROPOSAL_IS_OUTDATED);
	assert_int_equal(state_of(), FNL_PROPOSAL_STATE_EXPIRED);
}

static void where_nobody_is(void **state)
{
	(void)state;
	propose("p-1");
	go_on();
	assert_int_equal(desk.d->output_count, 1);
	refused(0, "ProposeTerritories", "p-1", FNL_REJECT_REASON_UNKNOWN_ORG);
	assert_int_equal(state_of(), FNL_PROPOSAL_STATE_REFUSED);
	struct fnl_input in = fnl_input_org_command(&fnl_desc_propose_territories, "p-2", 0);
	assert_int_equal(fnl_org_desk_send(&desk, &in, "org:apac"), FNL_E_INVALID);
	fnl_input_str(&in, FNL_PROPOSE_TERRITORIES_COMMAND_ID, "");
	assert_int_equal(fnl_org_desk_send(&desk, &in, NULL), FNL_E_INVALID);
}

/* So many books give that a step of another kind could not tell it. */
static void all_books_hear_at_once(void **state)
{
	(void)state;
	char id[16];
	all_may_move();
	for (int i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "g%03d", i);
		send(fnl_input_entry(id, 1, 0));
		cell(id, "north", "metal", FNL_LAYER_TOP, 1, 60000);
		cell(id, "north", "wood", FNL_LAYER_TOP, 1, 60000);
		snprintf(id, sizeof(id), "t%03d", i);
		send(fnl_input_entry(id, 1, 0));
	}
	propose("p-1");
	size_t moves = 0;
	do {
		go_on();
		moves += desk.d->output_count;
	} while (state_of() == FNL_PROPOSAL_STATE_TELLING);
	assert_int_equal(state_of(), FNL_PROPOSAL_STATE_OPEN);
	accept("a-1", "p-1");
	go_on();
	assert_int_equal(desk.d->output_count, MANY + 1);
	assert_true(moves > MANY);
	told(MANY, &fnl_desc_proposal_accepted, "funnel.territories.accepted.v1");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(asked_for_and_accepted),
		T(the_same_again),
		T(another_one_or_time_ends_it),
		T(it_is_outdated_when_somebody_has_gone),
		T(where_nobody_is),
		T(all_books_hear_at_once),
	};
	return cmocka_run_group_tests_name("territories of an organisation", tests, org_start, org_end);
}
