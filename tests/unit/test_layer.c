#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/core/layer.h"

#define NO (-1)

struct row_case {
	const char *what;
	int lifecycle;
	int status;         /* NO: null */
	const char *stage;  /* NULL: null */
	int probability_bp; /* NO: null */
	int source;         /* NO: null */
	bool gap;
	int layer;
	int reason;
	int weight_bp;
};

enum { ALIVE = FNL_LIFECYCLE_ALIVE, MANUAL = FNL_PROBABILITY_SOURCE_MANUAL, MODEL = FNL_PROBABILITY_SOURCE_MODEL };
#define LAYER(l, r) FNL_LAYER_##l, FNL_LAYER_REASON_##r
#define ST(s) FNL_STATUS_##s

static const struct row_case cases[] = {
	{"won", ALIVE, ST(WON), "Prospecting", 9000, MANUAL, true, LAYER(WON, STATUS), 0},
	{"lost", ALIVE, ST(LOST), "Prospecting", NO, NO, false, LAYER(LOST, STATUS), 0},
	{"deleted beats won", FNL_LIFECYCLE_DELETED, ST(WON), "Prospecting", NO, NO, true, LAYER(DELETED, DELETED), 0},
	{"merged", FNL_LIFECYCLE_MERGED, ST(OPEN), "Prospecting", NO, NO, true, LAYER(MERGED, MERGED), 0},
	{"a gap beats a hand", ALIVE, ST(OPEN), "Prospecting", 9000, MANUAL, true, LAYER(UNKNOWN, GAP), 0},
	{"hand: top, from 0", ALIVE, ST(OPEN), "Perception Analysis", 0, MANUAL, false, LAYER(TOP, MANUAL_PROBABILITY),
     2500},
	{"hand: top, to 3749", ALIVE, NO, NULL, 3749, MANUAL, false, LAYER(TOP, MANUAL_PROBABILITY), 2500},
	{"hand: middle, from 3750", ALIVE, NO, NULL, 3750, MANUAL, false, LAYER(MIDDLE, MANUAL_PROBABILITY), 5000},
	{"hand: middle, to 6249", ALIVE, NO, NULL, 6249, MANUAL, false, LAYER(MIDDLE, MANUAL_PROBABILITY), 5000},
	{"hand: bottom, from 6250", ALIVE, NO, NULL, 6250, MANUAL, false, LAYER(BOTTOM, MANUAL_PROBABILITY), 7500},
	{"hand: bottom, to 10000", ALIVE, NO, NULL, 10000, MANUAL, false, LAYER(BOTTOM, MANUAL_PROBABILITY), 7500},
	{"hand without a number", ALIVE, NO, "Prospecting", NO, MANUAL, false, LAYER(TOP, STAGE_MAP), 2500},
	{"no source, as the stage says", ALIVE, NO, "Prospecting", 1000, NO, false, LAYER(TOP, STAGE_MAP), 2500},
	{"no source, not as the stage says", ALIVE, NO, "Prospecting", 7000, NO, false, LAYER(BOTTOM, MANUAL_PROBABILITY),
     7500},
	{"no source, the stage has no number", ALIVE, NO, "Proposal Made", 9000, NO, false, LAYER(MIDDLE, STAGE_MAP), 5000},
	{"no source, no stage", ALIVE, NO, NULL, 9000, NO, false, LAYER(UNCLASSIFIED, STAGE_MISSING), 0},
	{"no source, unknown stage", ALIVE, NO, "Zzz", 9000, NO, false, LAYER(UNCLASSIFIED, STAGE_UNKNOWN), 0},
	{"a model never decides", ALIVE, NO, "Prospecting", 9900, MODEL, false, LAYER(TOP, STAGE_MAP), 2500},
	{"nor does a source we don't know", ALIVE, NO, "Prospecting", 9900, FNL_PROBABILITY_SOURCE_UNKNOWN, false,
     LAYER(TOP, STAGE_MAP), 2500},
	{"the stage's own", ALIVE, NO, "Prospecting", 9900, FNL_PROBABILITY_SOURCE_STAGE, false, LAYER(TOP, STAGE_MAP),
     2500},
	{"a status we don't know is open", ALIVE, ST(UNKNOWN), "Value Proposition", NO, NO, false, LAYER(MIDDLE, STAGE_MAP),
     5000},
	{"bottom by stage", ALIVE, ST(OPEN), "contract sent", NO, NO, false, LAYER(BOTTOM, STAGE_MAP), 7500},
	{"unknown stage", ALIVE, ST(OPEN), "Somewhere", NO, NO, false, LAYER(UNCLASSIFIED, STAGE_UNKNOWN), 0},
	{"no stage", ALIVE, ST(OPEN), NULL, NO, NO, false, LAYER(UNCLASSIFIED, STAGE_MISSING), 0},
	{"only the status closes", ALIVE, ST(OPEN), "Closed Won", NO, NO, false, LAYER(UNCLASSIFIED, STAGE_UNKNOWN), 0},
};

static void fill(struct fnl_value row[FNL_PROSPECT_FIELD_COUNT], const struct row_case *c)
{
	memset(row, 0, FNL_PROSPECT_FIELD_COUNT * sizeof(*row));
	row[FNL_PROSPECT_LIFECYCLE] = (struct fnl_value){.set = true, .i64 = c->lifecycle};
	row[FNL_PROSPECT_STATUS] = (struct fnl_value){.set = c->status != NO, .i64 = c->status};
	row[FNL_PROSPECT_STAGE] = (struct fnl_value){.set = c->stage != NULL, .str = fnl_span_str(c->stage)};
	row[FNL_PROSPECT_PROBABILITY_BP] = (struct fnl_value){.set = c->probability_bp != NO, .i64 = c->probability_bp};
	row[FNL_PROSPECT_PROBABILITY_SOURCE] = (struct fnl_value){.set = c->source != NO, .i64 = c->source};
}

static void every_branch_decides_as_documented(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_value row[FNL_PROSPECT_FIELD_COUNT];
		fill(row, &cases[i]);
		struct fnl_layer_decision d = fnl_layer_decide(fnl_rules_default(), row, cases[i].gap);
		if (d.layer != cases[i].layer || d.reason != cases[i].reason || d.weight_bp != cases[i].weight_bp) {
			fail_msg("%s: layer %s for %s, weight %d", cases[i].what, fnl_symbols_layer[d.layer],
			         fnl_symbols_layer_reason[d.reason], d.weight_bp);
		}
	}
}

static void weighting_by_prospect_takes_its_own_probability(void **state)
{
	(void)state;
	struct fnl_rules rules = *fnl_rules_default();
	rules.weighting_prospect = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_value row[FNL_PROSPECT_FIELD_COUNT];
		fill(row, &cases[i]);
		struct fnl_layer_decision d = fnl_layer_decide(&rules, row, cases[i].gap);
		int wanted = cases[i].weight_bp;
		if (fnl_layer_in_funnel(d.layer) && cases[i].probability_bp != NO) {
			wanted = cases[i].probability_bp;
		}
		assert_int_equal(d.weight_bp, wanted);
		assert_int_equal(d.layer, cases[i].layer);
	}
}

static void the_pipeline_s_own_map_wins(void **state)
{
	(void)state;
	struct fnl_arena arena;
	struct fnl_rules_builder *b;
	const struct fnl_rules *rules;
	fnl_arena_init(&arena, 1 << 20);
	assert_int_equal(fnl_rules_begin(&arena, &b), 0);
	assert_int_equal(fnl_rules_set(b, FNL_SPAN_LIT("stages renewals"), FNL_SPAN_LIT("Prospecting"),
	                               FNL_SPAN_LIT("BOTTOM 80%"), 1, NULL),
	                 0);
	assert_int_equal(fnl_rules_finish(b, &rules, NULL), 0);
	struct fnl_value row[FNL_PROSPECT_FIELD_COUNT];
	fill(row, &(struct row_case){.status = NO, .stage = "Prospecting", .probability_bp = 8000, .source = NO});
	/* in the pipeline 80 % is the stage's own number, elsewhere it is a hand's */
	row[FNL_PROSPECT_PIPELINE_ID] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("renewals")};
	assert_int_equal(fnl_layer_decide(rules, row, false).reason, FNL_LAYER_REASON_STAGE_MAP);
	assert_int_equal(fnl_layer_decide(rules, row, false).layer, FNL_LAYER_BOTTOM);
	row[FNL_PROSPECT_PIPELINE_ID].str = FNL_SPAN_LIT("new business");
	assert_int_equal(fnl_layer_decide(rules, row, false).reason, FNL_LAYER_REASON_MANUAL_PROBABILITY);
	fnl_arena_deinit(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_branch_decides_as_documented),
		cmocka_unit_test(weighting_by_prospect_takes_its_own_probability),
		cmocka_unit_test(the_pipeline_s_own_map_wins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
