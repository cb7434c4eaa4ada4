/* Why a prospect may stall: golden/diagnosis.txt, and what is not a matter of a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "golden.h"
#include "supervised.h"

#define GOLDEN(name) FNL_SOURCE_DIR "/tests/unit/golden/" name

enum { ALL_STALLS = 1 << FNL_STALLS_MAX, STUCK = 1 << FNL_STALL_KIND_STUCK };
#define CLOCK_MS INT64_C(1700000000000) /* when the layer's clock started */

/* What a diagnosis is made of. */
struct patient {
	int layer;
	unsigned stalls; /* a bit for each kind */
	const char *competitor;
	const char *blocker;
	int64_t answer_at_ms; /* 0: none */
	int cause;
	bool confirmed;
	/* made of it */
	struct fnl_value stall_values[FNL_STALLS_MAX][FNL_STALL_FIELD_COUNT];
	struct fnl_value stall_items[FNL_STALLS_MAX];
	struct fnl_value answer[FNL_ANSWER_FIELD_COUNT];
	struct fnl_value evidence[FNL_EVIDENCE_FIELD_COUNT];
};

static struct fnl_value number(int64_t v)
{
	return (struct fnl_value){.set = true, .i64 = v};
}

static struct fnl_value text_or_null(const char *text)
{
	return (struct fnl_value){.set = text != NULL, .str = fnl_span_str(text)};
}

static struct fnl_list stalls_of(struct patient *p)
{
	size_t count = 0;
	for (int kind = 0; kind < FNL_STALLS_MAX; kind++) {
		if (p->stalls & 1U << kind) {
			p->stall_values[count][FNL_STALL_KIND] = number(kind);
			p->stall_items[count] =
				(struct fnl_value){.set = true, .list = {p->stall_values[count], FNL_STALL_FIELD_COUNT}};
			count++;
		}
	}
	return (struct fnl_list){p->stall_items, count};
}

static const struct fnl_value *evidence_of(struct patient *p)
{
	p->evidence[FNL_EVIDENCE_LAYER_SINCE] = number(CLOCK_MS);
	p->evidence[FNL_EVIDENCE_PUSH_COUNT] = number(0);
	p->evidence[FNL_EVIDENCE_COMPETITOR_ID] = text_or_null(p->competitor);
	p->evidence[FNL_EVIDENCE_BLOCKER] = text_or_null(p->blocker);
	if (p->answer_at_ms != 0) {
		p->answer[FNL_ANSWER_AT] = number(p->answer_at_ms);
		p->answer[FNL_ANSWER_CAUSE] = number(p->cause);
		p->answer[FNL_ANSWER_CONFIRMED] = number(p->confirmed);
		p->evidence[FNL_EVIDENCE_ANSWER] = (struct fnl_value){.set = true, .list = {p->answer, FNL_ANSWER_FIELD_COUNT}};
	}
	return p->evidence;
}

static size_t diagnose(struct patient *p, struct fnl_candidate ret[FNL_CANDIDATES_MAX])
{
	return fnl_diagnose(p->layer, stalls_of(p), evidence_of(p), ret);
}

static const char *causes_of(struct patient p, char ret[FNL_SUPERVISED_TEXT_MAX])
{
	struct fnl_candidate c[FNL_CANDIDATES_MAX];
	size_t count = diagnose(&p, c);
	fnl_candidates_text(c, count, ret);
	return ret;
}

static const char *kinds_text(unsigned stalls, char ret[64])
{
	size_t len = 0;
	ret[0] = '\0';
	for (int kind = 0; kind < FNL_STALLS_MAX; kind++) {
		if (stalls & 1U << kind) {
			len += (size_t)snprintf(ret + len, 64 - len, "%s%s", len > 0 ? " " : "", fnl_symbols_stall_kind[kind]);
		}
	}
	return len > 0 ? ret : "-";
}

static void add(struct fnl_golden *g, struct patient p)
{
	char kinds[64];
	char causes[FNL_SUPERVISED_TEXT_MAX];
	char answer[64] = "-";
	if (p.answer_at_ms != 0) {
		(void)snprintf(answer, sizeof(answer), "%s%s %s",
		               p.answer_at_ms > CLOCK_MS ? "" : "before: ", p.confirmed ? "confirms" : "suspects",
		               fnl_symbols_cause[p.cause]);
	}
	fnl_golden_add(g, "%-6s  %-26s  %-10s  %-15s  %-37s | %s\n", fnl_symbols_layer[p.layer],
	               kinds_text(p.stalls, kinds), p.competitor ? p.competitor : "-", p.blocker ? p.blocker : "-", answer,
	               causes_of(p, causes));
}

static void add_header(struct fnl_golden *g)
{
	fnl_golden_add(g,
	               "# Why a prospect may stall, the likeliest first; suspected, where it is not confirmed.\n"
	               "#\n"
	               "#   stalls      how it stalls\n"
	               "#   competitor  canonical id of a competitor who is active at the buyer\n"
	               "#   blocker     code of what blocks the purchase inside the buyer\n"
	               "#   answer      the latest answer about it; before: it was given before the layer's clock started\n"
	               "#\n"
	               "# %-4s %-26s  %-10s  %-15s  %-37s | %s\n",
	               "layer", "stalls", "competitor", "blocker", "answer", "causes");
}

static void add_signs(struct fnl_golden *g)
{
	static const char *const blockers[] = {
		NULL,       "CONSENSUS", "NO_CONSENSUS", "no-consensus",    "FUNDS", "BUDGET",   "Budget_2025",
		"APPROVAL", "approval",  "CEO_APPROVAL", "BUDGET_APPROVAL", "LEGAL", "CONSENSU", "",
	};
	fnl_golden_add(g, "\n# the top: the buyer has not made up his mind, or the rep has lost sight of him\n");
	for (unsigned stalls = 1; stalls < ALL_STALLS; stalls++) {
		add(g, (struct patient){.layer = FNL_LAYER_TOP, .stalls = stalls});
	}
	fnl_golden_add(g, "\n# the middle: he cannot choose, or a competitor has him already and he does not say so\n");
	for (unsigned stalls = 1; stalls < ALL_STALLS; stalls++) {
		add(g, (struct patient){.layer = FNL_LAYER_MIDDLE, .stalls = stalls});
		add(g, (struct patient){.layer = FNL_LAYER_MIDDLE, .stalls = stalls, .competitor = "acme"});
	}
	fnl_golden_add(g, "\n# the bottom: something is wrong inside the buyer; the kind of stall does not matter\n");
	for (size_t i = 0; i < sizeof(blockers) / sizeof(blockers[0]); i++) {
		add(g, (struct patient){.layer = FNL_LAYER_BOTTOM, .stalls = STUCK, .blocker = blockers[i]});
	}
}

static void add_answers(struct fnl_golden *g)
{
	fnl_golden_add(g, "\n# answers: what was answered comes first; only an answer confirms\n");
	for (int layer = FNL_LAYER_TOP; layer <= FNL_LAYER_BOTTOM; layer++) {
		for (int cause = 0; cause < FNL_CAUSE_COUNT; cause++) {
			for (int i = 0; i < 4; i++) {
				add(g, (struct patient){.layer = layer,
				                        .stalls = STUCK,
				                        .answer_at_ms = i / 2 == 0 ? CLOCK_MS : CLOCK_MS + 1,
				                        .cause = cause,
				                        .confirmed = i % 2 == 1});
			}
		}
	}
}

static void the_causes_are_as_the_table_says(void **state)
{
	(void)state;
	struct fnl_golden g = {0};
	add_header(&g);
	add_signs(&g);
	add_answers(&g);
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("diagnosis.txt")), 0);
}

/* What the article says, by hand: one case for each of its causes, with the sign that brings it to the first place. */
static void each_cause_of_the_article_has_its_sign(void **state)
{
	static const struct {
		struct patient p;
		int first;
	} cases[] = {
		{{.layer = FNL_LAYER_TOP, .stalls = STUCK}, FNL_CAUSE_BUYER_UNDECIDED},
		{{.layer = FNL_LAYER_TOP, .stalls = 1 << FNL_STALL_KIND_SLIPPED}, FNL_CAUSE_BUYER_UNDECIDED},
		{{.layer = FNL_LAYER_TOP, .stalls = 1 << FNL_STALL_KIND_SILENT}, FNL_CAUSE_REP_OUT_OF_CONTACT},
		{{.layer = FNL_LAYER_TOP, .stalls = 1 << FNL_STALL_KIND_STALE}, FNL_CAUSE_REP_OUT_OF_CONTACT},
		{{.layer = FNL_LAYER_MIDDLE, .stalls = STUCK}, FNL_CAUSE_BUYER_DILEMMA},
		{{.layer = FNL_LAYER_MIDDLE, .stalls = STUCK, .competitor = "acme"}, FNL_CAUSE_TAKEN_BY_COMPETITOR},
		{{.layer = FNL_LAYER_MIDDLE, .stalls = 1 << FNL_STALL_KIND_SILENT}, FNL_CAUSE_TAKEN_BY_COMPETITOR},
		{{.layer = FNL_LAYER_BOTTOM, .stalls = STUCK}, FNL_CAUSE_NO_CONSENSUS},
		{{.layer = FNL_LAYER_BOTTOM, .stalls = STUCK, .blocker = "FUNDS"}, FNL_CAUSE_FUNDS_NOT_IN_PLACE},
		{{.layer = FNL_LAYER_BOTTOM, .stalls = STUCK, .blocker = "APPROVAL"}, FNL_CAUSE_APPROVAL_WITHHELD},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct patient p = cases[i].p;
		struct fnl_candidate c[FNL_CANDIDATES_MAX];
		assert_true(diagnose(&p, c) > 0);
		assert_int_equal(c[0].cause, cases[i].first);
		assert_false(c[0].confirmed);
	}
}

/* Over everything that there is: in the funnel there is always a cause, none twice, and confirmed is at most the first
 * one, by an answer of now that says so. */
static void only_an_answer_confirms(void **state)
{
	static const char *const competitors[] = {NULL, "acme"};
	static const char *const blockers[] = {NULL, "funds", "weather"};
	(void)state;
	for (unsigned n = 0; n < (unsigned)FNL_LAYER_COUNT * ALL_STALLS * 2 * 3 * 3 * FNL_CAUSE_COUNT * 2; n++) {
		unsigned rest = n;
		struct patient p = {.layer = (int)(rest % FNL_LAYER_COUNT)};
		rest /= FNL_LAYER_COUNT;
		p.stalls = rest % ALL_STALLS;
		rest /= ALL_STALLS;
		p.competitor = competitors[rest % 2];
		rest /= 2;
		p.blocker = blockers[rest % 3];
		rest /= 3;
		p.answer_at_ms = rest % 3 == 0 ? 0 : CLOCK_MS + (int)(rest % 3) - 1;
		rest /= 3;
		p.cause = (int)(rest % FNL_CAUSE_COUNT);
		p.confirmed = rest / FNL_CAUSE_COUNT != 0;

		struct fnl_candidate c[FNL_CANDIDATES_MAX];
		size_t count = diagnose(&p, c);
		bool inside = p.layer >= FNL_LAYER_TOP && p.layer <= FNL_LAYER_BOTTOM;
		bool answered = p.answer_at_ms > CLOCK_MS;
		assert_true(inside ? count >= 1 && count <= FNL_CANDIDATES_MAX : count == 0);
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(c[i].confirmed, i == 0 && answered && p.confirmed);
			for (size_t j = 0; j < i; j++) {
				assert_int_not_equal(c[i].cause, c[j].cause);
			}
		}
		assert_true(!inside || !answered || c[0].cause == p.cause);
	}
}

static void no_evidence_is_no_answer(void **state)
{
	(void)state;
	struct patient p = {.stalls = STUCK};
	struct fnl_candidate c[FNL_CANDIDATES_MAX];
	assert_int_equal(fnl_diagnose(FNL_LAYER_BOTTOM, stalls_of(&p), NULL, c), 3);
	/* without a clock nobody knows what an answer was about */
	p.answer_at_ms = CLOCK_MS + 1;
	p.confirmed = true;
	(void)evidence_of(&p);
	p.evidence[FNL_EVIDENCE_LAYER_SINCE] = (struct fnl_value){0};
	assert_int_equal(fnl_diagnose(FNL_LAYER_TOP, stalls_of(&p), p.evidence, c), 1);
	assert_int_equal(c[0].cause, FNL_CAUSE_BUYER_UNDECIDED);
	assert_false(c[0].confirmed);
}

static void the_record_has_the_rules_remedies(void **state)
{
	(void)state;
	struct fnl_rules rules = *fnl_rules_default();
	struct patient p = {.layer = FNL_LAYER_MIDDLE,
	                    .stalls = STUCK,
	                    .answer_at_ms = CLOCK_MS + 1,
	                    .cause = FNL_CAUSE_OTHER,
	                    .confirmed = true};
	struct fnl_arena arena;
	struct fnl_value list;
	fnl_arena_init(&arena, 4096);
	rules.remedies[FNL_CAUSE_BUYER_DILEMMA] = FNL_SPAN_LIT("reference-visit");

	assert_int_equal(fnl_diagnosis(p.layer, stalls_of(&p), evidence_of(&p), &rules, &arena, &list), 0);
	assert_int_equal(list.list.count, 2);
	const struct fnl_value *first = list.list.items[0].list.items;
	const struct fnl_value *second = list.list.items[1].list.items;
	assert_int_equal(list.list.items[0].list.count, FNL_CANDIDATE_FIELD_COUNT);
	assert_int_equal(first[FNL_CANDIDATE_CAUSE].i64, FNL_CAUSE_OTHER);
	assert_int_equal(first[FNL_CANDIDATE_CONFIRMED].i64, 1);
	assert_true(fnl_span_eq(first[FNL_CANDIDATE_REMEDY].str, rules.remedies[FNL_CAUSE_OTHER]));
	assert_int_equal(second[FNL_CANDIDATE_CAUSE].i64, FNL_CAUSE_BUYER_DILEMMA);
	assert_int_equal(second[FNL_CANDIDATE_CONFIRMED].i64, 0);
	assert_true(fnl_span_eq(second[FNL_CANDIDATE_REMEDY].str, FNL_SPAN_LIT("reference-visit")));

	assert_int_equal(fnl_diagnosis(FNL_LAYER_WON, stalls_of(&p), p.evidence, &rules, &arena, &list), 0);
	assert_true(list.set);
	assert_int_equal(list.list.count, 0);
	fnl_arena_deinit(&arena);

	fnl_arena_init(&arena, 0);
	list = number(7);
	assert_int_equal(fnl_diagnosis(p.layer, stalls_of(&p), p.evidence, &rules, &arena, &list), FNL_E_NOMEM);
	assert_int_equal(list.i64, 7);
	fnl_arena_deinit(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_causes_are_as_the_table_says),  cmocka_unit_test(each_cause_of_the_article_has_its_sign),
		cmocka_unit_test(only_an_answer_confirms),           cmocka_unit_test(no_evidence_is_no_answer),
		cmocka_unit_test(the_record_has_the_rules_remedies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
