/* Territory proposals: spreads to the last digit, worked examples of each reason and limit, and what a large one costs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/core/alignment.h"
#include "gen.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define TOTAL_MAX FNL_ALIGNMENT_TOTAL_MAX

enum { NORTH, SOUTH, EAST, REGIONS };
enum { TECH, FOOD, BANKS, INDUSTRIES };
enum { ANN, BOB, CEM, DORA, REPS };
enum { SMALL, MEDIUM, LARGE };

static struct fnl_arena arena;
static struct fnl_alignment_rep reps[REPS];
static struct fnl_alignment_cell cells[32];
static struct fnl_alignment_in in;
static char said[4096];

static int start(void **state)
{
	(void)state;
	fnl_arena_init(&arena, (size_t)1 << 26);
	return 0;
}

static int fresh(void **state)
{
	static const char *const ids[] = {"ann", "bob", "cem", "dora"};
	(void)state;
	fnl_arena_reset(&arena);
	for (size_t i = 0; i < REPS; i++) {
		reps[i] = (struct fnl_alignment_rep){fnl_span_str(ids[i]), -1, true};
	}
	in = (struct fnl_alignment_in){
		.reps = reps,
		.rep_count = 2,
		.cells = cells,
		.region_count = REGIONS,
		.industry_count = INDUSTRIES,
		.limits = fnl_alignment_limits_of(fnl_rules_default()),
		.arena = &arena,
	};
	in.limits.moved_max_bp = 10000;
	in.limits.focus_share_bp = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	fnl_arena_deinit(&arena);
	return 0;
}

static void add(uint32_t rep, uint32_t region, uint32_t industry, uint32_t size, int64_t count, int64_t volume)
{
	cells[in.cell_count++] = (struct fnl_alignment_cell){
		.rep = rep, .region = region, .industry = industry, .size_band = size, .count = count, .volume = volume};
}

static void add_kept(uint32_t rep, uint32_t region, uint32_t industry, int64_t count, int64_t volume)
{
	cells[in.cell_count++] = (struct fnl_alignment_cell){
		.rep = rep, .region = region, .industry = industry, .kept_count = count, .kept_volume = volume};
}

/* The moves by the cell's place: "0 bob SPLIT_REGION by INDUSTRY", one a line. */
static struct fnl_alignment propose(void)
{
	static const char *const reasons[] = {"BALANCE", "SPLIT_REGION", "SPLIT_INDUSTRY", "MERGE_REGION",
	                                      "MERGE_INDUSTRY"};
	static const char *const focus[] = {"", " by INDUSTRY", " by REGION", " by SIZE"};
	struct fnl_alignment p;
	size_t len = 0;
	said[0] = '\0';
	assert_int_equal(fnl_alignment_propose(&in, &p), FNL_OK);
	for (size_t i = 0; i < p.move_count; i++) {
		const struct fnl_alignment_move *m = &p.moves[i];
		len += (size_t)snprintf(said + len, sizeof(said) - len, "%u %.*s %s%s\n", m->cell, (int)in.reps[m->to].id.len,
		                        (const char *)in.reps[m->to].id.data, reasons[m->reason], focus[m->focus]);
	}
	return p;
}

static void spreads_are_exact(void **state)
{
	(void)state;
	static int64_t many[FNL_ALIGNMENT_REPS_MAX + 1];
	static const struct {
		int64_t values[4];
		size_t count;
		int64_t max_min_bp, variation_bp;
	} cases[] = {
		{{5}, 1, 10000, 0},
		{{0}, 1, 0, 0},
		{{0, 0, 0}, 3, 0, 0},
		{{7, 7, 7}, 3, 10000, 0},
		{{1, 3}, 2, 30000, 5000},
		{{1, 2}, 2, 20000, 3334}, /* a third, rounded up */
		{{2, 3}, 2, 15000, 2000},
		{{200000, 300001}, 2, 15001, 2001}, /* by a hair beyond the target */
		{{0, 9}, 2, 0, 10000},
		{{3, 1, 2}, 3, 30000, 4083},
		{{TOTAL_MAX / 2, TOTAL_MAX / 2}, 2, 10000, 0},
		{{TOTAL_MAX / 2 - 1, TOTAL_MAX / 2 + 1}, 2, 10001, 1}, /* a difference of 2 of 2^58 is one */
		{{1, TOTAL_MAX - 1}, 2, INT64_MAX, 10000},
		{{TOTAL_MAX, 0, 0, 0}, 4, 0, 17321},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_alignment_spread s;
		assert_int_equal(fnl_alignment_spread_of(cases[i].values, cases[i].count, &s), FNL_OK);
		if (s.max_min_bp != cases[i].max_min_bp || s.variation_bp != cases[i].variation_bp) {
			fail_msg("case %zu: %lld %lld", i, (long long)s.max_min_bp, (long long)s.variation_bp);
		}
	}
	struct fnl_alignment_spread s = {.min = 42};
	many[17] = TOTAL_MAX;
	assert_int_equal(fnl_alignment_spread_of(many, FNL_ALIGNMENT_REPS_MAX + 1, &s), FNL_E_INVALID);
	assert_int_equal(fnl_alignment_spread_of(many, 0, &s), FNL_E_INVALID);
	many[16] = -1;
	assert_int_equal(fnl_alignment_spread_of(many, 20, &s), FNL_E_INVALID);
	many[16] = 1;
	assert_int_equal(fnl_alignment_spread_of(many, 20, &s), FNL_E_LIMIT);
	assert_int_equal(s.min, 42);
	many[16] = 0;
	assert_int_equal(fnl_alignment_spread_of(many, FNL_ALIGNMENT_REPS_MAX, &s), FNL_OK);
	assert_int_equal(s.variation_bp, 319844); /* the root of 1,023 */
	assert_int_equal(s.total, TOTAL_MAX);
	assert_int_equal(s.max, TOTAL_MAX);
}

static void the_limits_are_those_of_the_rules(void **state)
{
	(void)state;
	struct fnl_alignment_limits l = fnl_alignment_limits_of(fnl_rules_default());
	assert_int_equal(l.spread_max_bp, 15000);
	assert_int_equal(l.variation_max_bp, 2500);
	assert_int_equal(l.split_above_bp, 15000);
	assert_int_equal(l.merge_below_bp, 5000);
	assert_int_equal(l.moved_max_bp, 1000);
	assert_int_equal(l.moved_per_rep_max, 20);
	assert_int_equal(l.improvement_min_bp, 1000);
	assert_int_equal(l.focus_share_bp, 300);
}

static void a_rich_region_is_split_by_industry(void **state)
{
	(void)state;
	/* several pairs make 201: that of one industry is meant */
	add(ANN, NORTH, TECH, SMALL, 2, 100);
	add(ANN, NORTH, FOOD, MEDIUM, 2, 101);
	add(ANN, NORTH, TECH, LARGE, 2, 101);
	add(ANN, NORTH, FOOD, SMALL, 2, 100);
	in.rep_count = 2;
	struct fnl_alignment p = propose();
	assert_int_equal(p.kept, FNL_ALIGNMENT_RULES_KEPT);
	assert_int_equal(p.volume_before.variation_bp, 10000);
	assert_int_equal(p.volume_after.variation_bp, 0);
	assert_int_equal(p.volume_after.max_min_bp, 10000);
	assert_true(p.is_optimal && p.improves_enough && p.is_on_target);
	assert_int_equal(p.moved_count, 4);
	assert_string_equal(said, "0 bob SPLIT_REGION by INDUSTRY\n2 bob SPLIT_REGION by INDUSTRY\n");
}

static void or_by_size(void **state)
{
	(void)state;
	/* one industry: sizes are what divides it */
	add(ANN, NORTH, TECH, SMALL, 2, 100);
	add(ANN, NORTH, TECH, SMALL, 2, 101);
	add(ANN, NORTH, TECH, LARGE, 2, 101);
	add(ANN, NORTH, TECH, LARGE, 2, 100);
	struct fnl_alignment p = propose();
	assert_int_equal(p.kept, FNL_ALIGNMENT_RULES_KEPT);
	assert_int_equal(p.volume_after.variation_bp, 0);
	assert_int_equal(p.move_count, 2);
	assert_int_equal(cells[p.moves[0].cell].size_band, cells[p.moves[1].cell].size_band);
	assert_int_equal(p.moves[0].focus, FNL_ALIGNMENT_BY_SIZE);
	/* and of one size nothing does */
	for (size_t i = 0; i < in.cell_count; i++) {
		cells[i].size_band = MEDIUM;
	}
	p = propose();
	assert_int_equal(p.moves[0].reason, FNL_ALIGNMENT_SPLIT_REGION);
	assert_int_equal(p.moves[0].focus, FNL_ALIGNMENT_BY_NOTHING);
}

/* 240 of 480 are of no one focus; by size it is 235 and 245, by industry 225 and 255. */
static void a_focus_gives_way_where_it_costs_too_much(void **state)
{
	(void)state;
	add(ANN, NORTH, TECH, SMALL, 2, 130);
	add(ANN, NORTH, TECH, LARGE, 2, 125);
	add(ANN, NORTH, FOOD, SMALL, 2, 115);
	add(ANN, NORTH, FOOD, LARGE, 2, 110);
	add_kept(CEM, SOUTH, BANKS, 9, 1000);
	reps[CEM].receives = false;
	in.rep_count = 3;
	in.limits.split_above_bp = 9000;
	struct fnl_alignment p = propose();
	assert_int_equal(p.kept, FNL_ALIGNMENT_RULES_BENT);
	assert_string_equal(said, "1 bob BALANCE\n2 bob BALANCE\n");
	in.limits.focus_share_bp = 1; /* it is less than a basis point of the variation */
	p = propose();
	assert_int_equal(p.kept, FNL_ALIGNMENT_RULES_KEPT);
	assert_string_equal(said, "0 bob SPLIT_REGION by SIZE\n2 bob SPLIT_REGION by SIZE\n");
	assert_true(p.is_optimal);
}

static void a_rich_industry_is_split_by_region(void **state)
{
	(void)state;
	for (uint32_t region = 0; region < REGIONS; region++) {
		add(ANN, region, TECH, SMALL, 2, 125);
		add(ANN, region, TECH, LARGE, 2, 125);
	}
	struct fnl_alignment p = propose();
	assert_int_equal(p.volume_after.variation_bp, 0);
	assert_int_equal(p.move_count, 3);
	assert_int_equal(p.moves[0].reason, FNL_ALIGNMENT_SPLIT_INDUSTRY);
	assert_int_equal(p.moves[0].focus, FNL_ALIGNMENT_BY_SIZE);
	for (size_t i = 0; i < in.cell_count; i++) {
		cells[i].size_band = MEDIUM;
	}
	add_kept(BOB, NORTH, FOOD, 1, 100); /* 425 of 850, with 325 or 250 to come */
	p = propose();
	assert_int_equal(p.kept, FNL_ALIGNMENT_RULES_BENT);
	assert_int_equal(p.moves[0].reason, FNL_ALIGNMENT_BALANCE);
	in.limits.focus_share_bp = 30000;
	p = propose();
	assert_int_equal(p.kept, FNL_ALIGNMENT_RULES_KEPT);
	assert_int_equal(p.move_count, 2);
	assert_int_equal(p.moves[0].focus, FNL_ALIGNMENT_BY_REGION);
	assert_int_equal(cells[p.moves[0].cell].region, cells[p.moves[1].cell].region);
}

/* 450, 500, 450 when it is scattered; 400, 500, 500 under one: twice the variation. */
static void a_poor_region_goes_under_one(void **state)
{
	(void)state;
	in.rep_count = 3;
	add(BOB, EAST, TECH, SMALL, 3, 60);
	add(BOB, EAST, FOOD, SMALL, 3, 50);
	add_kept(ANN, NORTH, TECH, 9, 400);
	add_kept(BOB, NORTH, TECH, 9, 500);
	add_kept(CEM, SOUTH, FOOD, 9, 390);
	in.limits.focus_share_bp = 9999;
	struct fnl_alignment p = propose();
	assert_int_equal(p.kept, FNL_ALIGNMENT_RULES_BENT);
	assert_string_equal(said, "0 cem BALANCE\n1 ann BALANCE\n");
	in.limits.focus_share_bp = 10000;
	p = propose();
	assert_int_equal(p.kept, FNL_ALIGNMENT_RULES_KEPT);
	assert_string_equal(said, "0 cem MERGE_REGION\n1 cem MERGE_REGION\n");
	in.limits.merge_below_bp = 2357; /* 110 of 466.67 is not below 23.57 %, */
	propose();
	assert_string_equal(said, "0 cem BALANCE\n1 ann BALANCE\n");
	in.limits.merge_below_bp = 2358; /* but below 23.58 % */
	propose();
	assert_string_equal(said, "0 cem MERGE_REGION\n1 cem MERGE_REGION\n");
}

static void each_limit_has_an_exact_border(void **state)
{
	static const struct {
		int64_t org_bp, per_rep, room;
		int64_t moved;
	} cases[] = {
		{10000, 100, -1, 10}, {1249, 100, -1, 0},  {1250, 100, -1, 5},   {2499, 100, -1, 5},  {2500, 100, -1, 10},
		{10000, 4, -1, 0},    {10000, 5, -1, 5},   {10000, 9, -1, 5},    {10000, 10, -1, 10}, {10000, 100, 24, 0},
		{10000, 100, 25, 5},  {10000, 100, 29, 5}, {10000, 100, 30, 10}, {10000, 100, 0, 0},  {0, 100, -1, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fresh(state);
		for (int j = 0; j < 4; j++) {
			add(ANN, NORTH, TECH, SMALL, 5, 100);
		}
		add_kept(BOB, SOUTH, TECH, 20, 0);
		in.limits.moved_max_bp = cases[i].org_bp;
		in.limits.moved_per_rep_max = cases[i].per_rep;
		reps[BOB].count_max = cases[i].room;
		struct fnl_alignment p = propose();
		if (p.moved_count != cases[i].moved) {
			fail_msg("case %zu: %lld", i, (long long)p.moved_count);
		}
	}
}

static void only_to_who_may_have_it(void **state)
{
	(void)state;
	bool region[REPS * REGIONS];
	bool industry[REPS * INDUSTRIES];
	memset(region, true, sizeof(region));
	memset(industry, true, sizeof(industry));
	in.has_region = region;
	in.has_industry = industry;
	add(ANN, NORTH, TECH, SMALL, 5, 100);
	add(ANN, SOUTH, FOOD, SMALL, 5, 100);
	in.rep_count = 3;
	struct fnl_alignment p = propose();
	assert_int_equal(p.move_count, 1);
	region[BOB * REGIONS + NORTH] = region[BOB * REGIONS + SOUTH] = false;
	p = propose();
	assert_int_equal(in.reps[p.moves[0].to].id.data[0], 'c');
	industry[CEM * INDUSTRIES + TECH] = false;
	propose();
	assert_string_equal(said, "1 cem BALANCE\n");
	reps[CEM].receives = false;
	assert_int_equal(propose().move_count, 0);
	/* whoever may not receive gives, and takes back what was his */
	reps[BOB].receives = true;
	reps[ANN].receives = false;
	region[BOB * REGIONS + NORTH] = true;
	propose();
	assert_string_equal(said, "0 bob BALANCE\n");
}

/* One who gives 10 and receives 10 is within a limit of 10. */
static void a_swap_counts_on_both_sides_each_for_itself(void **state)
{
	(void)state;
	add(ANN, NORTH, TECH, SMALL, 10, 300);
	add_kept(ANN, NORTH, TECH, 0, 200);
	add(BOB, SOUTH, FOOD, SMALL, 10, 100);
	in.limits.moved_per_rep_max = 10;
	struct fnl_alignment p = propose();
	assert_int_equal(p.move_count, 2);
	assert_int_equal(p.volume_after.variation_bp, 0);
	in.limits.moved_per_rep_max = 9;
	assert_int_equal(propose().move_count, 0);
}

/* Who has too many already gives, and receives nothing, not even fewer than he gives. */
static void over_capacity_only_gives(void **state)
{
	(void)state;
	add(ANN, NORTH, TECH, SMALL, 10, 300);
	add_kept(ANN, NORTH, TECH, 20, 200);
	add(BOB, SOUTH, FOOD, SMALL, 2, 100);
	reps[ANN].count_max = 21;
	struct fnl_alignment p = propose();
	assert_int_equal(p.move_count, 1);
	assert_int_equal(p.volume_after.variation_bp, 3334);
	reps[ANN].count_max = 22;
	assert_int_equal(propose().move_count, 2);
}

static void what_is_enough(void **state)
{
	(void)state;
	/* 1000 and 800: 1112 bp; a move of 10 makes 1000 of it */
	add(ANN, NORTH, TECH, SMALL, 1, 10);
	add_kept(ANN, NORTH, TECH, 1, 990);
	add_kept(BOB, SOUTH, TECH, 1, 800);
	struct fnl_alignment p = propose();
	assert_int_equal(p.volume_before.variation_bp, 1112);
	assert_int_equal(p.volume_after.variation_bp, 1000);
	assert_true(p.improves_enough); /* by a tenth, exactly */
	assert_true(p.is_on_target);
	in.limits.improvement_min_bp = 1001;
	assert_false(propose().improves_enough);
	in.limits.variation_max_bp = 999;
	assert_false(propose().is_on_target);
	in.limits.variation_max_bp = 1000;
	in.limits.spread_max_bp = 12222; /* 990 of 810 */
	assert_false(propose().is_on_target);
	in.limits.spread_max_bp = 12223;
	assert_true(propose().is_on_target);
	in.limits.improvement_min_bp = 0;
	cells[0].volume = 0;
	assert_false(propose().improves_enough); /* nothing moves */
}

static void of_nothing_nothing_moves(void **state)
{
	(void)state;
	struct fnl_alignment p = propose();
	assert_int_equal(p.move_count, 0);
	assert_true(p.is_on_target && p.is_optimal && !p.improves_enough);
	add(ANN, NORTH, TECH, SMALL, 3, 0);
	assert_int_equal(propose().move_count, 0);
	add(ANN, NORTH, TECH, SMALL, 0, 100); /* a volume of no prospects */
	p = propose();
	assert_int_equal(p.move_count, 0);
	assert_false(p.is_on_target);
	in.rep_count = 1;
	assert_true(propose().is_on_target);
}

static int refused(void)
{
	struct fnl_alignment p = {.steps = 42};
	int error = fnl_alignment_propose(&in, &p);
	assert_int_equal(p.steps, 42);
	return error;
}

static void what_cannot_be_is_refused(void **state)
{
	for (int i = 0; i < 12; i++) {
		fresh(state);
		add(ANN, NORTH, TECH, SMALL, 1, 100);
		add(BOB, NORTH, TECH, SMALL, 1, 100);
		int wanted = FNL_E_INVALID;
		switch (i) {
		case 0:
			in.rep_count = 0;
			in.cell_count = 0;
			break;
		case 1:
			in.rep_count = 1;
			break;
		case 2:
			cells[0].region = REGIONS;
			break;
		case 3:
			cells[0].industry = INDUSTRIES;
			break;
		case 4:
			cells[1].count = -1;
			break;
		case 5:
			cells[1].volume = -1;
			break;
		case 6:
			cells[1].kept_count = -1;
			break;
		case 7:
			cells[1].kept_volume = -1;
			break;
		case 8:
			reps[BOB].id = reps[ANN].id;
			break;
		case 9:
			cells[0].volume = TOTAL_MAX;
			wanted = FNL_E_LIMIT;
			break;
		case 10:
			cells[0].kept_count = INT32_MAX;
			wanted = FNL_E_LIMIT;
			break;
		default:
			in.region_count = FNL_ALIGNMENT_CODES_MAX + 1;
			wanted = FNL_E_LIMIT;
			break;
		}
		assert_int_equal(refused(), wanted);
	}
	fresh(state);
	in.cell_count = FNL_ALIGNMENT_CELLS_MAX + 1;
	assert_int_equal(refused(), FNL_E_LIMIT);
	fresh(state);
	add(ANN, NORTH, TECH, SMALL, 1, TOTAL_MAX / 2);
	add(ANN, NORTH, TECH, LARGE, 1, TOTAL_MAX / 2);
	assert_int_equal(propose().volume_after.variation_bp, 0);
}

static void too_little_memory_is_told(void **state)
{
	(void)state;
	size_t refusals = 0;
	for (uint32_t i = 0; i < 8; i++) {
		add(ANN, NORTH, i % 3, i % 2, 2, 100 + i);
	}
	for (size_t bytes = 0;; bytes += 16, refusals++) {
		struct fnl_arena small;
		struct fnl_alignment p;
		fnl_arena_init(&small, bytes);
		in.arena = &small;
		int error = fnl_alignment_propose(&in, &p);
		fnl_arena_deinit(&small);
		if (error == FNL_OK) {
			break;
		}
		assert_int_equal(error, FNL_E_NOMEM);
	}
	assert_true(refusals > 20);
}

/* 2,000 cells of 200 reps, some of whom have much more than others. */
static void make_large(struct fnl_alignment_rep *many, struct fnl_alignment_cell *some, char (*ids)[8])
{
	struct fnl_gen g = {.state = 2000};
	for (size_t i = 0; i < 200; i++) {
		snprintf(ids[i], sizeof(ids[i]), "R-%03zu", i);
		many[i] = (struct fnl_alignment_rep){fnl_span_str(ids[i]), 120, true};
	}
	for (size_t i = 0; i < 2000; i++) {
		some[i] = (struct fnl_alignment_cell){
			.rep = (uint32_t)fnl_gen_below(&g, fnl_gen_one_in(&g, 3) ? 40 : 200),
			.region = (uint32_t)fnl_gen_below(&g, 20),
			.industry = (uint32_t)fnl_gen_below(&g, 12),
			.size_band = (uint32_t)fnl_gen_below(&g, 4),
			.layer = (uint32_t)fnl_gen_below(&g, 2),
			.count = 1 + (int64_t)fnl_gen_below(&g, 9),
			.volume = (int64_t)fnl_gen_below(&g, 1000000000),
			.kept_count = (int64_t)fnl_gen_below(&g, 5),
			.kept_volume = (int64_t)fnl_gen_below(&g, 300000000),
		};
	}
}

static void a_large_one_costs(const char *what, int64_t moved_max_bp, int64_t per_rep, int64_t steps_max,
                              uint64_t wanted)
{
	static struct fnl_alignment_rep many[200];
	static struct fnl_alignment_cell some[2000];
	static char ids[200][8];
	struct fnl_alignment p;
	uint64_t hash = 1469598103934665603U;
	make_large(many, some, ids);
	fresh(NULL);
	in = (struct fnl_alignment_in){
		many, 200, some, 2000, 20, 12, NULL, NULL, fnl_alignment_limits_of(fnl_rules_default()), &arena};
	in.limits.moved_max_bp = moved_max_bp;
	in.limits.moved_per_rep_max = per_rep;
	clock_t begin = clock();
	assert_int_equal(fnl_alignment_propose(&in, &p), FNL_OK);
	int64_t ms = (int64_t)(clock() - begin) * 1000 / CLOCKS_PER_SEC;
	for (size_t i = 0; i < p.move_count; i++) {
		uint64_t word[] = {p.moves[i].cell, p.moves[i].to, (uint64_t)p.moves[i].reason, (uint64_t)p.moves[i].focus};
		for (size_t j = 0; j < 4; j++) {
			hash = (hash ^ word[j]) * 1099511628211U;
		}
	}
	print_message("%s: %lld steps, %lld ms, %zu KiB; %zu moves of %lld prospects, variation %lld to %lld bp; %llx\n",
	              what, (long long)p.steps, (long long)ms, arena.used_bytes / 1024, p.move_count,
	              (long long)p.moved_count, (long long)p.volume_before.variation_bp,
	              (long long)p.volume_after.variation_bp, (unsigned long long)hash);
	assert_true(p.steps <= steps_max);
	assert_int_equal(p.nodes, 0);
	assert_int_equal(hash, wanted); /* the same on every machine */
}

static void large_ones_cost_so_many_steps(void **state)
{
	(void)state;
	a_large_one_costs("by the default limits", 1000, 20, 20000000, 0x917f96bdebd61293);
	a_large_one_costs("without", 10000, 10000, FNL_ALIGNMENT_STEPS_MAX, 0xf9b9864337a08494);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spreads_are_exact),
		cmocka_unit_test(the_limits_are_those_of_the_rules),
		cmocka_unit_test_setup(a_rich_region_is_split_by_industry, fresh),
		cmocka_unit_test_setup(or_by_size, fresh),
		cmocka_unit_test_setup(a_focus_gives_way_where_it_costs_too_much, fresh),
		cmocka_unit_test_setup(a_rich_industry_is_split_by_region, fresh),
		cmocka_unit_test_setup(a_poor_region_goes_under_one, fresh),
		cmocka_unit_test_setup(each_limit_has_an_exact_border, fresh),
		cmocka_unit_test_setup(only_to_who_may_have_it, fresh),
		cmocka_unit_test_setup(a_swap_counts_on_both_sides_each_for_itself, fresh),
		cmocka_unit_test_setup(over_capacity_only_gives, fresh),
		cmocka_unit_test_setup(what_is_enough, fresh),
		cmocka_unit_test_setup(of_nothing_nothing_moves, fresh),
		cmocka_unit_test_setup(what_cannot_be_is_refused, fresh),
		cmocka_unit_test_setup(too_little_memory_is_told, fresh),
		cmocka_unit_test_setup(large_ones_cost_so_many_steps, fresh),
	};
	return cmocka_run_group_tests(tests, start, end);
}
