/* The decision tables of supervision, over every class of what it looks at: the files of golden/, made to be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "golden.h"
#include "supervised.h"

#define GOLDEN(name) FNL_SOURCE_DIR "/tests/unit/golden/" name

/* a Wednesday, so that a day before it is a working day, and so is the next */
static const char now_text[] = "2024-06-12 12:00";
enum { NEVER = -1, DAY_MS = 86400000 };

/* Business days of each layer, in the order of the default rules' table: said here again, by hand. */
static const struct {
	int layer;
	int stuck;
	int silent;
	int edit;
	int close;
	int amount;
	int pushes;
	const char *second_cause; /* an answer that says something else than the signs do first */
	int cause;
} layers[] = {
	{FNL_LAYER_TOP, 60, 20, 30, 10, 30, 3, "OUT_OF_CONTACT", FNL_CAUSE_REP_OUT_OF_CONTACT},
	{FNL_LAYER_MIDDLE, 45, 10, 15, 3, 10, 2, "COMPETITOR", FNL_CAUSE_TAKEN_BY_COMPETITOR},
	{FNL_LAYER_BOTTOM, 30, 5, 10, 1, 3, 1, "FUNDS", FNL_CAUSE_FUNDS_NOT_IN_PLACE},
};
enum { LAYERS = sizeof(layers) / sizeof(layers[0]) };

enum meeting { MEETING_NONE, MEETING_AHEAD, MEETING_PAST, MEETINGS };
static const char *const meeting_texts[] = {"-", "ahead", "past"};
enum answer { ANSWER_NONE, ANSWER_BEFORE, ANSWER_SUSPECTS, ANSWER_CONFIRMS, ANSWERS };
static const char *const answer_texts[] = {"", "before: ", "suspects ", "confirms "};

struct prospect_class {
	size_t layer; /* index of layers */
	int in_layer;
	int contact;
	int edit;
	enum meeting meeting;
	enum answer answer;
};

static void set_ago(struct fnl_supervised *s, int field, int64_t now, int bd)
{
	if (bd != NEVER) {
		fnl_supervised_set(s, field, fnl_weekdays_before(now, bd));
	}
}

static void fill(struct fnl_supervised *s, const struct prospect_class *c, int64_t now)
{
	fnl_supervised_start(s);
	set_ago(s, FNL_PROSPECT_CREATED_AT, now, 200);
	fnl_supervised_layer(s, layers[c->layer].layer, fnl_weekdays_before(now, c->in_layer));
	set_ago(s, FNL_PROSPECT_LAST_CONTACT_AT, now, c->contact);
	set_ago(s, FNL_PROSPECT_EDITED_AT, now, c->edit);
	if (c->meeting != MEETING_NONE) {
		fnl_supervised_set(s, FNL_PROSPECT_NEXT_MEETING_ON, now / DAY_MS + (c->meeting == MEETING_AHEAD ? 3 : -300));
	}
	if (c->answer != ANSWER_NONE) {
		int64_t answered = fnl_weekdays_before(now, c->answer == ANSWER_BEFORE ? c->in_layer + 1 : 0);
		fnl_supervised_answer(s, answered, layers[c->layer].cause, c->answer != ANSWER_SUSPECTS);
	}
}

static void candidates_of(struct fnl_supervised *s, char ret[FNL_SUPERVISED_TEXT_MAX])
{
	struct fnl_candidate c[FNL_CANDIDATES_MAX];
	struct fnl_list stalls = s->row[FNL_PROSPECT_STALLS].list;
	struct fnl_value *evidence = fnl_supervision_evidence(s->row, &s->arena);
	assert_non_null(evidence);
	size_t count = stalls.count > 0 ? fnl_diagnose((int)s->row[FNL_PROSPECT_LAYER].i64, stalls, evidence, c) : 0;
	fnl_candidates_text(c, count, ret);
}

static const char *days(int bd, char ret[16])
{
	(void)snprintf(ret, 16, "%d", bd);
	return bd == NEVER ? "never" : ret;
}

static void add_class(struct fnl_golden *g, const struct prospect_class *c)
{
	struct fnl_supervised s;
	char stalls[FNL_SUPERVISED_TEXT_MAX];
	char causes[FNL_SUPERVISED_TEXT_MAX];
	char answer[32];
	char text[3][16];
	int64_t now = fnl_moment(now_text);

	fill(&s, c, now);
	fnl_supervised_look(&s, FNL_SUPERVISION_CHANGE, now);
	fnl_stalls_text(s.row[FNL_PROSPECT_STALLS].list, false, stalls);
	candidates_of(&s, causes);
	(void)snprintf(answer, sizeof(answer), "%s%s", answer_texts[c->answer],
	               c->answer == ANSWER_NONE ? "-" : layers[c->layer].second_cause);
	fnl_golden_add(g, "%-8s %8s %8s %6s  %-7s  %-23s | %-68s | %s\n", fnl_symbols_layer[layers[c->layer].layer],
	               days(c->in_layer, text[0]), days(c->contact, text[1]), days(c->edit, text[2]),
	               meeting_texts[c->meeting], answer, stalls, causes);
	fnl_supervised_end(&s);
}

static void add_stalls_header(struct fnl_golden *g)
{
	fnl_golden_add(
		g,
		"# What stalls, who hears of it, and why it may be: default rules, no holidays, nothing told before.\n"
		"#\n"
		"#   in layer  business days since the layer's clock started\n"
		"#   contact   business days since a contact reached the customer; never: created 200 days ago\n"
		"#   edit      business days since anyone edited it\n"
		"#   meeting   the next meeting's day: none, three days ahead, or long past\n"
		"#   answer    the latest answer about it: none; given before the layer's clock started; given since,\n"
		"#             and it suspects or confirms that cause\n"
		"#   stalls    each kind, the condition that makes it, and the level that has heard of it by now\n"
		"#   causes    what comes into question, the likeliest first; suspected, where it is not confirmed\n"
		"#\n"
		"# %-6s %8s %8s %6s  %-7s  %-23s | %-68s | %s\n",
		"layer", "in layer", "contact", "edit", "meeting", "answer", "stalls", "causes");
}

static void every_class_stalls_as_the_table_says(void **state)
{
	(void)state;
	struct fnl_golden g = {0};
	add_stalls_header(&g);
	for (size_t l = 0; l < LAYERS; l++) {
		const int in_layer[] = {layers[l].stuck - 1, layers[l].stuck};
		const int contact[] = {layers[l].silent - 1, layers[l].silent, NEVER};
		const int edit[] = {layers[l].edit - 1, layers[l].edit};
		for (size_t i = 0; i < (size_t)2 * 3 * 2; i++) {
			fnl_golden_add(&g, "\n");
			for (size_t j = 0; j < (size_t)MEETINGS * ANSWERS; j++) {
				add_class(&g, &(struct prospect_class){
								  .layer = l,
								  .in_layer = in_layer[i / 6],
								  .contact = contact[i / 2 % 3],
								  .edit = edit[i % 2],
								  .meeting = (enum meeting)(j / ANSWERS),
								  .answer = (enum answer)(j % ANSWERS),
							  });
			}
		}
	}
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("stalls.txt")), 0);
}

/* ---- care for the data ---- */

enum close { CLOSE_NONE, CLOSE_AHEAD, CLOSE_PAST, CLOSE_OVER, CLOSES };

struct care_class {
	size_t layer;
	int in_layer;
	int edit;
	enum close close;
	bool amount;
	int pushes;
};

/* The day n weekdays ago; its end is the beginning of the next one. */
static int64_t weekday_before(int64_t now, int n)
{
	return fnl_weekdays_before(now, n) / DAY_MS;
}

static void add_care(struct fnl_golden *g, const struct care_class *c)
{
	struct fnl_supervised s;
	char stalls[FNL_SUPERVISED_TEXT_MAX];
	char close[32] = "-";
	int64_t now = fnl_moment(now_text);
	int threshold = layers[c->layer].close;
	int close_bd = c->close == CLOSE_AHEAD ? -1 : c->close == CLOSE_PAST ? threshold : threshold + 1;

	fnl_supervised_start(&s);
	fnl_supervised_layer(&s, layers[c->layer].layer, fnl_weekdays_before(now, c->in_layer));
	set_ago(&s, FNL_PROSPECT_LAST_CONTACT_AT, now, 0);
	set_ago(&s, FNL_PROSPECT_EDITED_AT, now, c->edit);
	if (c->close == CLOSE_AHEAD) {
		fnl_supervised_set(&s, FNL_PROSPECT_EXPECTED_CLOSE_DATE, now / DAY_MS + 1);
		(void)snprintf(close, sizeof(close), "ahead");
	} else if (c->close != CLOSE_NONE) {
		fnl_supervised_set(&s, FNL_PROSPECT_EXPECTED_CLOSE_DATE, weekday_before(now, close_bd));
		(void)snprintf(close, sizeof(close), "%d", close_bd);
	}
	if (!c->amount) {
		s.row[FNL_PROSPECT_AMOUNT] = (struct fnl_value){0};
	}
	fnl_supervised_set(&s, FNL_PROSPECT_PUSH_COUNT, c->pushes);
	set_ago(&s, FNL_PROSPECT_PUSHED_AT, now, 1);
	fnl_supervised_look(&s, FNL_SUPERVISION_CHANGE, now);
	fnl_stalls_text(s.row[FNL_PROSPECT_STALLS].list, false, stalls);
	fnl_golden_add(g, "%-8s %8d %6d  %-7s %-8s %6d | %s\n", fnl_symbols_layer[layers[c->layer].layer], c->in_layer,
	               c->edit, close, c->amount ? "known" : "missing", c->pushes, stalls);
	fnl_supervised_end(&s);
}

static void every_class_of_care_is_as_the_table_says(void **state)
{
	(void)state;
	struct fnl_golden g = {0};
	fnl_golden_add(
		&g,
		"# What the data of a prospect makes stall: STALE by the condition whose threshold passed first, of\n"
		"# equals in the order NO_EDIT, CLOSE_DATE_PAST, AMOUNT_MISSING; SLIPPED by more pushes than allowed.\n"
		"# Default rules, no holidays, nothing told before; the customer was met today.\n"
		"#\n"
		"#   in layer  business days since the layer's clock started\n"
		"#   edit      business days since anyone edited it\n"
		"#   close     the expected close date: none, tomorrow, or the n-th working day before today; its clock\n"
		"#             starts at the end of that day, and now it is noon\n"
		"#   amount    known, or missing\n"
		"#   pushes    how often the close date was pushed to a later day, the last time yesterday\n"
		"#\n"
		"# %-6s %8s %6s  %-7s %-8s %6s | %s\n",
		"layer", "in layer", "edit", "close", "amount", "pushes", "stalls");
	for (size_t l = 0; l < LAYERS; l++) {
		for (size_t i = 0; i < (size_t)2 * CLOSES * 3 * 2; i++) {
			if (i % 12 == 0) {
				fnl_golden_add(&g, "\n");
			}
			size_t amount = i / 2 % 3; /* known; missing, not yet too long; missing too long */
			add_care(&g, &(struct care_class){
							 .layer = l,
							 .in_layer = layers[l].amount - (amount == 1),
							 .edit = layers[l].edit - (i / 6 % 2 == 0),
							 .close = (enum close)(i / 12),
							 .amount = amount == 0,
							 .pushes = layers[l].pushes + (int)(i % 2),
						 });
		}
	}
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("care.txt")), 0);
}

/* ---- the ladder ---- */

/* One condition alone; everything else is in order. */
static void only(struct fnl_supervised *s, int condition, int layer, int64_t since)
{
	int64_t future = fnl_moment("2030-01-01");
	fnl_supervised_start(s);
	fnl_supervised_layer(s, layer, condition <= FNL_STALL_CONDITION_IN_LAYER_CUMULATIVE ? since : future);
	fnl_supervised_set(s, FNL_PROSPECT_LAST_CONTACT_AT, condition == FNL_STALL_CONDITION_NO_CONTACT ? since : future);
	fnl_supervised_set(s, FNL_PROSPECT_EDITED_AT, condition == FNL_STALL_CONDITION_NO_EDIT ? since : future);
	if (condition == FNL_STALL_CONDITION_IN_LAYER_CUMULATIVE) {
		/* was out of it for a week, after 70 business days */
		int64_t first = fnl_weekdays_before(since, 76);
		s->row[FNL_PROSPECT_LAYER_TIMES] = (struct fnl_value){.set = true};
		fnl_supervised_set(s, FNL_PROSPECT_LAYER, FNL_LAYER_NONE);
		fnl_supervised_layer(s, layer, first);
		fnl_supervised_layer(s, FNL_LAYER_UNCLASSIFIED, fnl_weekdays_before(since, 6));
		fnl_supervised_layer(s, layer, since);
	} else if (condition == FNL_STALL_CONDITION_CLOSE_DATE_PAST) {
		fnl_supervised_set(s, FNL_PROSPECT_EXPECTED_CLOSE_DATE, since / DAY_MS - 1);
	} else if (condition == FNL_STALL_CONDITION_AMOUNT_MISSING) {
		s->row[FNL_PROSPECT_AMOUNT] = (struct fnl_value){0};
		fnl_supervised_layer(s, FNL_LAYER_NONE, since);
		s->row[FNL_PROSPECT_LAYER_TIMES] = (struct fnl_value){.set = true};
		fnl_supervised_layer(s, layer, since);
	} else if (condition == FNL_STALL_CONDITION_PUSHED) {
		fnl_supervised_set(s, FNL_PROSPECT_PUSH_COUNT, 9);
		fnl_supervised_set(s, FNL_PROSPECT_PUSHED_AT, since);
	}
}

static int kind_of(int condition)
{
	static const int kinds[] = {
		FNL_STALL_KIND_STUCK, FNL_STALL_KIND_STUCK, FNL_STALL_KIND_SILENT,  FNL_STALL_KIND_STALE,
		FNL_STALL_KIND_STALE, FNL_STALL_KIND_STALE, FNL_STALL_KIND_SLIPPED,
	};
	return kinds[condition];
}

/* By the worker's own deadlines: on which business day since the clock started each level hears; -1: never. */
static void walk(int condition, int layer, int ret_day[FNL_ALERT_LEVEL_COUNT])
{
	struct fnl_supervised s;
	int64_t since = fnl_moment("2024-01-01");
	int64_t at = since;

	only(&s, condition, layer, since);
	for (int level = 0; level < FNL_ALERT_LEVEL_COUNT; level++) {
		ret_day[level] = -1;
	}
	while (at < fnl_moment("2026-01-01")) {
		fnl_supervised_look(&s, FNL_SUPERVISION_CHANGE, at);
		struct fnl_list stalls = s.row[FNL_PROSPECT_STALLS].list;
		for (size_t i = 0; i < stalls.count; i++) {
			const struct fnl_value *v = stalls.items[i].list.items;
			int64_t level = v[FNL_STALL_LEVEL].i64;
			int day = 0;
			while (fnl_weekdays_before(at, day) > since) {
				day++;
			}
			if (v[FNL_STALL_KIND].i64 == kind_of(condition) && v[FNL_STALL_CONDITION].i64 == condition &&
			    ret_day[level] < 0) {
				ret_day[level] = day;
			}
		}
		assert_true(s.deadline_ms > at);
		at = s.deadline_ms;
	}
	fnl_supervised_end(&s);
}

static void the_ladder_is_as_the_table_says(void **state)
{
	(void)state;
	struct fnl_golden g = {0};
	fnl_golden_add(
		&g,
		"# Who hears of a stall, on which business day since its clock started: default rules, no new owner.\n"
		"# IN_LAYER_CUMULATIVE: a prospect that was 70 business days in the layer before it left for six.\n"
		"# CLOSE_DATE_PAST: since the end of the expected close date.\n"
		"# PUSHED: at once, with the push that was one too many.\n"
		"#\n"
		"# %-6s  %-19s %6s %8s %11s\n",
		"layer", "condition", "REP", "MANAGER", "NEXT_LEVEL");
	for (size_t l = 0; l < LAYERS; l++) {
		fnl_golden_add(&g, "\n");
		for (int condition = 0; condition < FNL_STALL_CONDITION_COUNT; condition++) {
			int day[FNL_ALERT_LEVEL_COUNT];
			char text[3][16];
			walk(condition, layers[l].layer, day);
			assert_int_equal(day[FNL_ALERT_LEVEL_NONE], -1);
			fnl_golden_add(&g, "%-8s  %-19s %6s %8s %11s\n", fnl_symbols_layer[layers[l].layer],
			               fnl_symbols_stall_condition[condition], days(day[FNL_ALERT_LEVEL_REP], text[0]),
			               days(day[FNL_ALERT_LEVEL_MANAGER], text[1]), days(day[FNL_ALERT_LEVEL_NEXT_LEVEL], text[2]));
		}
	}
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("ladder.txt")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class_stalls_as_the_table_says),
		cmocka_unit_test(every_class_of_care_is_as_the_table_says),
		cmocka_unit_test(the_ladder_is_as_the_table_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
