#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/core/alerts.h"
#include "prospect_world.h"

#define DAY_OF_T0 19675 /* 2023-11-14, and T0 is at 22:13:20Z */
#define HOUR_MS INT64_C(3600000)
#define SINCE (FNL_T0 - 90 * 24 * HOUR_MS)
#define OVER (FNL_T0 - 24 * HOUR_MS)

enum { NO_STALL = -1, KINDS = FNL_STALL_KIND_COUNT };

static struct fnl_arena arena;
static struct fnl_rules rules;
static struct fnl_event_out told[FNL_ALERTS_MAX];
static size_t told_count;

static int start(void **state)
{
	(void)state;
	fnl_arena_init(&arena, 64 << 20);
	return 0;
}

static int fresh(void **state)
{
	(void)state;
	fnl_arena_reset(&arena);
	rules = *fnl_rules_default();
	told_count = 99;
	return 0;
}

static int end(void **state)
{
	(void)state;
	fnl_arena_deinit(&arena);
	return 0;
}

static struct fnl_value i64(int64_t v)
{
	return (struct fnl_value){.set = true, .i64 = v};
}

static struct fnl_value text(const char *s)
{
	return (struct fnl_value){.set = s != NULL, .str = fnl_span_str(s)};
}

static struct fnl_value *fields(size_t count)
{
	struct fnl_value *v = fnl_arena_calloc(&arena, count, sizeof(*v));
	assert_non_null(v);
	return v;
}

static const int condition_of[] = {FNL_STALL_CONDITION_IN_LAYER, FNL_STALL_CONDITION_NO_CONTACT,
                                   FNL_STALL_CONDITION_NO_EDIT, FNL_STALL_CONDITION_PUSHED};

/* levels: by kind, NO_STALL: none. */
static struct fnl_value stalls(const int levels[KINDS])
{
	struct fnl_value *items = fields(KINDS);
	size_t count = 0;
	for (int kind = 0; kind < KINDS; kind++) {
		if (levels[kind] == NO_STALL) {
			continue;
		}
		struct fnl_value *s = fields(FNL_STALL_FIELD_COUNT);
		s[FNL_STALL_KIND] = i64(kind);
		s[FNL_STALL_CONDITION] = i64(condition_of[kind]);
		s[FNL_STALL_SINCE] = i64(SINCE + kind);
		s[FNL_STALL_OVER_AT] = i64(OVER + kind);
		s[FNL_STALL_LEVEL] = i64(levels[kind]);
		items[count++] = (struct fnl_value){.set = true, .list = {s, FNL_STALL_FIELD_COUNT}};
	}
	return (struct fnl_value){.set = true, .list = {items, count}};
}

static struct fnl_value only(int kind, int level)
{
	int levels[KINDS] = {NO_STALL, NO_STALL, NO_STALL, NO_STALL};
	levels[kind] = level;
	return stalls(levels);
}

static struct fnl_value *line_of(int state, int layer, struct fnl_value its_stalls, int64_t bits)
{
	struct fnl_value *v = fields(FNL_LINE_FIELD_COUNT);
	v[FNL_LINE_BOOK] = text("rep:ann");
	v[FNL_LINE_PROSPECT_ID] = text("p1");
	v[FNL_LINE_SEQUENCE] = i64(7);
	v[FNL_LINE_EFFECTIVE_AT] = i64(FNL_T0);
	v[FNL_LINE_STATE] = i64(state);
	v[FNL_LINE_LAYER] = i64(layer);
	v[FNL_LINE_WEIGHT_BP] = i64(2500);
	v[FNL_LINE_RULES_VERSION] = i64(3);
	v[FNL_LINE_AMOUNT] = (struct fnl_value){.set = true, .money = {100000, "USD"}};
	v[FNL_LINE_STALLS] = its_stalls;
	v[FNL_LINE_CONTACT_IDS].set = v[FNL_LINE_ADVERSE].set = true;
	v[FNL_LINE_IMAGES] = (struct fnl_value){.set = true};
	v[FNL_LINE_TOLD] = i64(bits);
	return v;
}

/* The event that brings a line of T0. */
static struct fnl_value *event_of(int state, int layer)
{
	struct fnl_value *v = fields(FNL_BOOK_LINE_FIELD_COUNT);
	v[FNL_BOOK_LINE_PROSPECT_ID] = text("p1");
	v[FNL_BOOK_LINE_SEQUENCE] = i64(8);
	v[FNL_BOOK_LINE_OCCURRED_AT] = i64(FNL_T0);
	v[FNL_BOOK_LINE_STATE] = i64(state);
	v[FNL_BOOK_LINE_LAYER] = i64(layer);
	v[FNL_BOOK_LINE_RULES_VERSION] = i64(3);
	return v;
}

static struct fnl_value *rep_of(bool absent, const char *deputy)
{
	struct fnl_value *v = fields(FNL_REP_FIELD_COUNT);
	v[FNL_REP_REP_ID] = text("ann");
	v[FNL_REP_ORG_ID] = text("org1");
	v[FNL_REP_MANAGER_ID] = text("meg");
	v[FNL_REP_DEPUTY_ID] = text(deputy);
	if (absent) {
		v[FNL_REP_ABSENT_FROM] = i64(DAY_OF_T0);
		v[FNL_REP_ABSENT_UNTIL] = i64(DAY_OF_T0);
	}
	return v;
}

/* OWNED in TOP, before and after; the bits of `after`. */
static int64_t change(const struct fnl_value *rep, const struct fnl_value *before, struct fnl_value its_stalls)
{
	struct fnl_value *after = line_of(FNL_LINE_STATE_OWNED, FNL_LAYER_TOP, its_stalls, 0);
	const struct fnl_value *event = event_of(FNL_LINE_STATE_OWNED, FNL_LAYER_TOP);
	assert_int_equal(fnl_alerts_of_line(rep, before, after, event, &rules, &arena, told, &told_count), 0);
	return after[FNL_LINE_TOLD].i64;
}

static void is_text(struct fnl_value v, const char *expected)
{
	if (!expected) {
		assert_false(v.set);
		return;
	}
	assert_true(v.set);
	assert_int_equal(v.str.len, strlen(expected));
	assert_memory_equal(v.str.data, expected, v.str.len);
}

/* '.': nothing, S: stalled, E: escalated, C: cleared */
static char what_was_told(void)
{
	if (told_count == 0) {
		return '.';
	}
	assert_int_equal(told_count, 1);
	if (told[0].desc == &fnl_desc_prospect_stalled) {
		return 'S';
	}
	return told[0].desc == &fnl_desc_stall_escalated ? 'E' : 'C';
}

/* Levels by their letter: none, NONE, REP, MANAGER, NEXT_LEVEL. */
static const char letters[] = "-NRMX";
static const char *const when_untold[] = {"..SSS", "..SSS", "..SSS", "..SSS", "..SSS"};
static const char *const when_told[] = {NULL, NULL, "CC.EE", "CC..E", "CC..."};

static void one_transition(bool was_told, int before_at, int now_at, int kind, bool absent, const char *deputy)
{
	char expected = (was_told ? when_told : when_untold)[before_at][now_at];
	bool held = expected == 'S' && absent && kind == FNL_STALL_KIND_SILENT;
	expected = held ? '.' : expected;
	const struct fnl_value *before =
		line_of(FNL_LINE_STATE_OWNED, FNL_LAYER_TOP, only(kind, before_at - 1), was_told ? 1 << kind : 0);
	int64_t bits = change(rep_of(absent, deputy), before, only(kind, now_at - 1));
	char got = what_was_told();
	bool is_told = now_at >= 2 && !held;
	if (got != expected || bits != (is_told ? 1 << kind : 0)) {
		fail_msg("kind %d, told %d, absent %d: %c -> %c tells %c instead of %c, told is %d", kind, was_told, absent,
		         letters[before_at], letters[now_at], got, expected, (int)bits);
	}
	if (got == 'S' || got == 'E') {
		assert_int_equal(told[0].values[FNL_PROSPECT_STALLED_LEVEL].i64, now_at - 1);
		assert_int_equal(told[0].values[FNL_PROSPECT_STALLED_KIND].i64, kind);
		is_text(told[0].values[FNL_PROSPECT_STALLED_RECIPIENT_ID], now_at > 2         ? "meg"
		                                                           : absent && deputy ? "dan"
		                                                                              : "ann");
	} else if (got == 'C') {
		assert_int_equal(told[0].values[FNL_STALL_CLEARED_KIND].i64, kind);
		assert_int_equal(told[0].values[FNL_STALL_CLEARED_SINCE].i64, SINCE + kind);
	}
}

static void every_transition(void **state)
{
	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		for (int before_at = 0; before_at < 5; before_at++) {
			for (int now_at = 0; now_at < 5; now_at++) {
				for (int bits = 0; bits < 8; bits++) {
					if ((bits & 1) == 0 || when_told[before_at]) {
						one_transition(bits & 1, before_at, now_at, kind, bits & 2, bits & 4 ? "dan" : NULL);
					}
				}
			}
		}
	}
}

static void a_first_line_tells_its_stalls(void **state)
{
	(void)state;
	const int levels[] = {FNL_ALERT_LEVEL_REP, FNL_ALERT_LEVEL_NONE, FNL_ALERT_LEVEL_NEXT_LEVEL,
	                      FNL_ALERT_LEVEL_MANAGER};
	assert_int_equal(change(rep_of(false, NULL), NULL, stalls(levels)), 1 | 4 | 8);
	assert_int_equal(told_count, 3);
	assert_int_equal(told[0].values[FNL_PROSPECT_STALLED_KIND].i64, FNL_STALL_KIND_STUCK);
	assert_int_equal(told[1].values[FNL_PROSPECT_STALLED_KIND].i64, FNL_STALL_KIND_STALE);
	assert_int_equal(told[2].values[FNL_PROSPECT_STALLED_KIND].i64, FNL_STALL_KIND_SLIPPED);
	for (size_t i = 0; i < 3; i++) {
		assert_ptr_equal(told[i].desc, &fnl_desc_prospect_stalled);
	}
}

static void kinds_go_their_own_ways(void **state)
{
	(void)state;
	const int was[] = {FNL_ALERT_LEVEL_REP, FNL_ALERT_LEVEL_REP, FNL_ALERT_LEVEL_NONE, FNL_ALERT_LEVEL_REP};
	const int is[] = {NO_STALL, FNL_ALERT_LEVEL_MANAGER, FNL_ALERT_LEVEL_REP, FNL_ALERT_LEVEL_REP};
	const struct fnl_value *before = line_of(FNL_LINE_STATE_OWNED, FNL_LAYER_TOP, stalls(was), 1 | 2 | 8);
	assert_int_equal(change(rep_of(false, NULL), before, stalls(is)), 2 | 4 | 8);
	assert_int_equal(told_count, 3);
	assert_ptr_equal(told[0].desc, &fnl_desc_stall_cleared);
	assert_ptr_equal(told[1].desc, &fnl_desc_stall_escalated);
	assert_ptr_equal(told[2].desc, &fnl_desc_prospect_stalled);
}

static void what_an_alert_says(void **state)
{
	(void)state;
	struct fnl_value *evidence = fields(FNL_EVIDENCE_FIELD_COUNT);
	evidence[FNL_EVIDENCE_PUSH_COUNT] = i64(5);
	evidence[FNL_EVIDENCE_LAYER_SINCE] = i64(SINCE);
	struct fnl_value *line = line_of(FNL_LINE_STATE_OWNED, FNL_LAYER_TOP, only(FNL_STALL_KIND_STUCK, 1), 0);
	line[FNL_LINE_EVIDENCE] = (struct fnl_value){.set = true, .list = {evidence, FNL_EVIDENCE_FIELD_COUNT}};
	const struct fnl_value *event = event_of(FNL_LINE_STATE_OWNED, FNL_LAYER_TOP);
	assert_int_equal(fnl_alerts_of_line(rep_of(false, NULL), NULL, line, event, &rules, &arena, told, &told_count), 0);
	assert_int_equal(told_count, 1);
	const struct fnl_value *v = told[0].values;
	is_text(v[FNL_PROSPECT_STALLED_PROSPECT_ID], "p1");
	assert_int_equal(v[FNL_PROSPECT_STALLED_SEQUENCE].i64, 7);
	assert_int_equal(v[FNL_PROSPECT_STALLED_OCCURRED_AT].i64, FNL_T0);
	is_text(v[FNL_PROSPECT_STALLED_REP_ID], "ann");
	is_text(v[FNL_PROSPECT_STALLED_ORG_ID], "org1");
	is_text(v[FNL_PROSPECT_STALLED_MANAGER_ID], "meg");
	assert_int_equal(v[FNL_PROSPECT_STALLED_CONDITION].i64, FNL_STALL_CONDITION_IN_LAYER);
	assert_int_equal(v[FNL_PROSPECT_STALLED_SINCE].i64, SINCE);
	assert_int_equal(v[FNL_PROSPECT_STALLED_OVER_AT].i64, OVER);
	assert_int_equal(v[FNL_PROSPECT_STALLED_LAYER].i64, FNL_LAYER_TOP);
	assert_int_equal(v[FNL_PROSPECT_STALLED_AMOUNT].money.amount_minor, 100000);
	assert_int_equal(v[FNL_PROSPECT_STALLED_EVIDENCE].list.items[FNL_EVIDENCE_PUSH_COUNT].i64, 5);
	struct fnl_list candidates = v[FNL_PROSPECT_STALLED_CANDIDATES].list;
	assert_int_equal(candidates.count, 1);
	assert_int_equal(candidates.items[0].list.items[FNL_CANDIDATE_CAUSE].i64, FNL_CAUSE_BUYER_UNDECIDED);
	assert_int_equal(candidates.items[0].list.items[FNL_CANDIDATE_CONFIRMED].i64, 0);
	is_text(candidates.items[0].list.items[FNL_CANDIDATE_REMEDY], "clarify-need");
	struct fnl_writer writer = fnl_writer_of(&arena);
	assert_int_equal(fnl_record_encode(&fnl_desc_prospect_stalled, v, &writer), 0);
}

static void the_pool_has_nobody_to_hear_of_it(void **state)
{
	(void)state;
	struct fnl_value *pool = fields(FNL_REP_FIELD_COUNT);
	for (int level = FNL_ALERT_LEVEL_REP; level <= FNL_ALERT_LEVEL_NEXT_LEVEL; level++) {
		change(pool, NULL, only(FNL_STALL_KIND_STUCK, level));
		assert_int_equal(what_was_told(), 'S');
		is_text(told[0].values[FNL_PROSPECT_STALLED_RECIPIENT_ID], NULL);
		is_text(told[0].values[FNL_PROSPECT_STALLED_REP_ID], NULL);
	}
}

/* ---- why it is over ---- */

struct reason_case {
	int state;
	int layer;
	int rules_version; /* that before was 3 */
	int reason;
};
#define STATE(name) FNL_LINE_STATE_##name
#define REASON(name) FNL_CLEARED_REASON_##name
static const struct reason_case reasons[] = {
	{STATE(OWNED), FNL_LAYER_TOP, 3, REASON(PROGRESS)},
	{STATE(OWNED), FNL_LAYER_MIDDLE, 3, REASON(PROGRESS)},
	{STATE(OWNED), FNL_LAYER_BOTTOM, 3, REASON(PROGRESS)},
	{STATE(OWNED), FNL_LAYER_BOTTOM, 4, REASON(RULES_CHANGED)},
	{STATE(OWNED), FNL_LAYER_WON, 3, REASON(CLOSED)},
	{STATE(OWNED), FNL_LAYER_LOST, 4, REASON(CLOSED)},
	{STATE(OWNED), FNL_LAYER_DELETED, 3, REASON(DELETED)},
	{STATE(OWNED), FNL_LAYER_MERGED, 3, REASON(MERGED)},
	{STATE(OWNED), FNL_LAYER_UNKNOWN, 3, REASON(UNKNOWN)},
	{STATE(OWNED), FNL_LAYER_UNCLASSIFIED, 4, REASON(UNKNOWN)},
	{STATE(OWNED), FNL_LAYER_NONE, 3, REASON(UNKNOWN)},
	{STATE(WATCHED), FNL_LAYER_TOP, 3, REASON(OWNER_CHANGED)},
	{STATE(WATCHED), FNL_LAYER_WON, 3, REASON(OWNER_CHANGED)},
	{STATE(GONE), FNL_LAYER_NONE, 3, REASON(OWNER_CHANGED)},
	{STATE(ERASED), FNL_LAYER_ERASED, 3, REASON(ERASED)},
};

/* with_row: the row stays, for its images, or as a copy. */
static void one_reason(const struct reason_case *c, bool with_row)
{
	const struct fnl_value *before =
		line_of(FNL_LINE_STATE_OWNED, FNL_LAYER_TOP, only(FNL_STALL_KIND_STALE, FNL_ALERT_LEVEL_MANAGER), 4);
	/* a former owner's copy has the stalls, too, and nobody is told of them */
	int level = c->state == FNL_LINE_STATE_WATCHED ? FNL_ALERT_LEVEL_NEXT_LEVEL : NO_STALL;
	struct fnl_value *after = with_row ? line_of(c->state, c->layer, only(FNL_STALL_KIND_STALE, level), 4) : NULL;
	struct fnl_value *event = event_of(c->state, c->layer);
	event[FNL_BOOK_LINE_RULES_VERSION] = i64(c->rules_version);
	assert_int_equal(fnl_alerts_of_line(rep_of(true, "dan"), before, after, event, &rules, &arena, told, &told_count),
	                 0);
	assert_int_equal(what_was_told(), 'C');
	const struct fnl_value *v = told[0].values;
	assert_int_equal(v[FNL_STALL_CLEARED_REASON].i64, c->reason);
	is_text(v[FNL_STALL_CLEARED_PROSPECT_ID], "p1");
	assert_int_equal(v[FNL_STALL_CLEARED_SEQUENCE].i64, 8);
	assert_int_equal(v[FNL_STALL_CLEARED_OCCURRED_AT].i64, FNL_T0);
	is_text(v[FNL_STALL_CLEARED_REP_ID], "ann");
	is_text(v[FNL_STALL_CLEARED_ORG_ID], "org1");
	is_text(v[FNL_STALL_CLEARED_MANAGER_ID], "meg");
	assert_true(!after || after[FNL_LINE_TOLD].i64 == 0);
}

static void why_it_is_over(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		one_reason(&reasons[i], true);
		if (reasons[i].state == FNL_LINE_STATE_GONE || reasons[i].state == FNL_LINE_STATE_ERASED) {
			one_reason(&reasons[i], false);
		}
	}
}

static void a_copy_tells_nothing(void **state)
{
	(void)state;
	struct fnl_value *after =
		line_of(FNL_LINE_STATE_WATCHED, FNL_LAYER_TOP, only(FNL_STALL_KIND_STUCK, FNL_ALERT_LEVEL_REP), 0);
	const struct fnl_value *event = event_of(FNL_LINE_STATE_WATCHED, FNL_LAYER_TOP);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			fnl_alerts_of_line(rep_of(false, NULL), i ? after : NULL, after, event, &rules, &arena, told, &told_count),
			0);
		assert_int_equal(told_count, 0);
		assert_int_equal(after[FNL_LINE_TOLD].i64, 0);
	}
}

/* ---- absence ---- */

struct absence_case {
	int from; /* days after that of T0; NEVER: not said */
	int until;
	int32_t offset_s; /* of the zone */
	bool absent;
};
enum { NEVER = 1000 };
static const struct absence_case absences[] = {
	{NEVER, NEVER, 0, false}, {0, 0, 0, true},      {-3, -1, 0, false},       {1, 3, 0, false},      {-1, 1, 0, true},
	{0, NEVER, 0, true},      {1, NEVER, 0, false}, {NEVER, 0, 0, true},      {NEVER, -1, 0, false}, {1, 1, 7200, true},
	{0, 0, 7200, false},      {1, 1, 3600, false},  {0, 0, -86400 / 2, true},
};

static void absent_by_the_local_day(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(absences) / sizeof(absences[0]); i++) {
		const struct absence_case *c = &absences[i];
		struct fnl_zone_offset zone = {0, c->offset_s};
		struct fnl_value *rep = rep_of(false, NULL);
		rules.calendar.offsets = &zone;
		rules.calendar.offset_count = 1;
		if (c->from != NEVER) {
			rep[FNL_REP_ABSENT_FROM] = i64(DAY_OF_T0 + c->from);
		}
		if (c->until != NEVER) {
			rep[FNL_REP_ABSENT_UNTIL] = i64(DAY_OF_T0 + c->until);
		}
		if (fnl_rep_is_absent(rep, &rules.calendar, FNL_T0) != c->absent) {
			fail_msg("absence %zu", i);
		}
	}
}

/* What was held is told at the return: once, whatever level it has reached meanwhile, to the rep. */
static void what_was_held_is_told_at_the_return(void **state)
{
	(void)state;
	int64_t at_ms = FNL_T0 + 24 * HOUR_MS;
	for (int level = FNL_ALERT_LEVEL_REP; level <= FNL_ALERT_LEVEL_NEXT_LEVEL; level++) {
		struct fnl_value *rep = rep_of(true, "dan");
		struct fnl_value *returned;
		struct fnl_value *line = line_of(FNL_LINE_STATE_OWNED, FNL_LAYER_TOP, only(FNL_STALL_KIND_SILENT, level), 8);
		assert_int_equal(fnl_alerts_returned(rep, line, at_ms, &rules, &arena, &returned, told, &told_count), 0);
		assert_int_equal(what_was_told(), 'S');
		assert_non_null(returned);
		assert_int_equal(line[FNL_LINE_TOLD].i64, 8);
		assert_int_equal(returned[FNL_LINE_TOLD].i64, 8 | 2);
		const struct fnl_value *v = told[0].values;
		assert_int_equal(v[FNL_PROSPECT_STALLED_KIND].i64, FNL_STALL_KIND_SILENT);
		assert_int_equal(v[FNL_PROSPECT_STALLED_LEVEL].i64, FNL_ALERT_LEVEL_REP);
		assert_int_equal(v[FNL_PROSPECT_STALLED_OCCURRED_AT].i64, at_ms);
		is_text(v[FNL_PROSPECT_STALLED_RECIPIENT_ID], "ann");
		assert_int_equal(fnl_alerts_returned(rep, returned, at_ms, &rules, &arena, &returned, told, &told_count), 0);
		assert_int_equal(told_count, 0);
		assert_null(returned);
	}
}

static void nothing_was_held(void **state)
{
	(void)state;
	const int silent[] = {NO_STALL, FNL_ALERT_LEVEL_NONE};
	struct fnl_value *rep = rep_of(true, NULL);
	struct fnl_value *returned;
	for (size_t i = 0; i < 3; i++) {
		struct fnl_value *line =
			i < 2 ? line_of(FNL_LINE_STATE_OWNED, FNL_LAYER_TOP, only(FNL_STALL_KIND_SILENT, silent[i]), 0)
				  : line_of(FNL_LINE_STATE_WATCHED, FNL_LAYER_TOP, only(FNL_STALL_KIND_SILENT, 1), 0);
		returned = rep;
		assert_int_equal(fnl_alerts_returned(rep, line, FNL_T0, &rules, &arena, &returned, told, &told_count), 0);
		assert_int_equal(told_count, 0);
		assert_null(returned);
	}
}

/* He is back without HR's having said so in time, or his absence was taken back: the next line tells it. */
static void a_later_line_tells_what_was_held(void **state)
{
	(void)state;
	const struct fnl_value *before =
		line_of(FNL_LINE_STATE_OWNED, FNL_LAYER_TOP, only(FNL_STALL_KIND_SILENT, FNL_ALERT_LEVEL_REP), 0);
	assert_int_equal(change(rep_of(false, NULL), before, only(FNL_STALL_KIND_SILENT, FNL_ALERT_LEVEL_MANAGER)), 2);
	assert_int_equal(what_was_told(), 'S');
	is_text(told[0].values[FNL_PROSPECT_STALLED_RECIPIENT_ID], "meg");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_transition, fresh),
		cmocka_unit_test_setup(a_first_line_tells_its_stalls, fresh),
		cmocka_unit_test_setup(kinds_go_their_own_ways, fresh),
		cmocka_unit_test_setup(what_an_alert_says, fresh),
		cmocka_unit_test_setup(the_pool_has_nobody_to_hear_of_it, fresh),
		cmocka_unit_test_setup(why_it_is_over, fresh),
		cmocka_unit_test_setup(a_copy_tells_nothing, fresh),
		cmocka_unit_test_setup(absent_by_the_local_day, fresh),
		cmocka_unit_test_setup(what_was_held_is_told_at_the_return, fresh),
		cmocka_unit_test_setup(nothing_was_held, fresh),
		cmocka_unit_test_setup(a_later_line_tells_what_was_held, fresh),
	};
	return cmocka_run_group_tests(tests, start, end);
}
