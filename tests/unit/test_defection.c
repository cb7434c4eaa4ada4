/* Whether more is lost than is usual: the rule case by case, how often it alarms when nobody has defected, and how
 * often when somebody has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/core/defection.h"
#include "gen.h"

#include <inttypes.h>
#include <stdlib.h>

enum { DEPARTURES = 400000, PROSPECTS_MAX = 200, CLASSES = 6, COMPETITORS_MAX = 12, WEEKS = 26 };

static struct fnl_rules rules;

static int fresh(void **state)
{
	(void)state;
	rules = *fnl_rules_default();
	return 0;
}

static void set_rule(const char *key, int64_t value)
{
	size_t count;
	const struct fnl_rule_key *keys = fnl_rules_keys(&count);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(keys[i].section, "defection") == 0 && strcmp(keys[i].key, key) == 0) {
			rules.values[i] = value;
			return;
		}
	}
	abort();
}

static struct fnl_defection judge(int64_t n, int64_t lost, int64_t silent, int64_t to_employer, int64_t base_bp)
{
	struct fnl_parting p = {n, lost, silent, to_employer};
	return fnl_defection_judge(&p, base_bp, &rules);
}

static bool alarms(int64_t n, int64_t k)
{
	return judge(n, k, 0, 0, 0).remarkable;
}

/* ---- cases ---- */

static void the_base_rate_is_rounded_once(void **state)
{
	(void)state;
	static const struct {
		int64_t prospects, lost, base_bp;
	} cases[] = {
		{0, 0, 1500},
		{10, 0, 1500},
		{100, 15, 1500},      /* 18 of 120 */
		{100, 21, 2000},      /* 24 of 120 */
		{1, 1, 1905},         /* 4 of 21: 1904.8 */
		{3, 2, 2174},         /* 5 of 23: 2173.9 */
		{15980, 3997, 2500},  /* 2500, of 16000 */
		{79980, 20001, 2500}, /* 2500.5, to even */
		{79980, 20009, 2502}, /* 2501.5, to even */
		{10, 10, 4333},
		{10, 11, 4333},
		{-1, 5, 1500},
		{INT64_MAX, INT64_MAX / 2, 5000},
		{INT64_MAX, INT64_MAX, 10000},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(fnl_defection_base_bp(cases[i].prospects, cases[i].lost, &rules), cases[i].base_bp);
	}
	set_rule("base_floor_bp", 0);
	assert_int_equal(fnl_defection_base_bp(10, 0, &rules), 0);
	assert_int_equal(fnl_defection_base_bp(20, 10, &rules), 2500);
}

static void few_prospects_say_nothing(void **state)
{
	(void)state;
	for (int64_t n = 0; n < 5; n++) {
		assert_false(judge(n, n, 0, n, 0).remarkable);
	}
	assert_true(alarms(5, 5));
	assert_false(alarms(5, 4));
	set_rule("prospects_min", 6);
	assert_false(alarms(5, 5));
}

static void each_condition_can_be_the_one_that_fails(void **state)
{
	(void)state;
	set_rule("chance_max_bp", 10000); /* out of the way; more than a file may say */
	assert_true(alarms(20, 6));
	assert_false(alarms(20, 5)); /* excess 2 */
	set_rule("excess_min", 2);
	assert_false(alarms(20, 5)); /* not twice the rate */
	assert_true(alarms(10, 4));
	set_rule("lost_min", 5);
	assert_false(alarms(10, 4));
	set_rule("lost_min", 3);
	set_rule("base_factor", 1);
	assert_true(alarms(20, 5));
	fresh(NULL);
	assert_false(alarms(20, 8)); /* 0.6 % by chance */
	assert_true(alarms(20, 9));  /* 0.13 % */
	set_rule("chance_max_bp", 10);
	assert_false(alarms(20, 9));
}

static void silence_is_as_bad_as_a_loss(void **state)
{
	(void)state;
	struct fnl_defection d = judge(20, 4, 5, 0, 1400);
	assert_true(d.remarkable);
	assert_false(d.by_employer);
	assert_int_equal(d.base_bp, 1500);
	assert_int_equal(d.expected_e4, 30000);
	assert_false(judge(20, 4, 4, 0, 0).remarkable);
}

static void an_organisation_that_loses_more_alarms_later(void **state)
{
	(void)state;
	assert_true(judge(20, 9, 0, 0, 1500).remarkable);
	assert_false(judge(20, 9, 0, 0, 2500).remarkable);
	assert_false(judge(20, 20, 0, 0, 10000).remarkable);
	assert_int_equal(judge(20, 20, 0, 0, 20000).base_bp, 10000);
}

static void the_new_employer_has_a_bar_of_his_own(void **state)
{
	(void)state;
	assert_false(judge(15, 6, 0, 5, 0).remarkable);
	struct fnl_defection d = judge(15, 6, 0, 6, 0);
	assert_true(d.remarkable);
	assert_true(d.by_employer);
	assert_false(judge(4, 4, 0, 4, 0).by_employer);
	/* both */
	assert_true(judge(15, 12, 0, 6, 0).by_employer);
	set_rule("employer_min", 7);
	assert_false(judge(15, 6, 0, 6, 0).remarkable);
	assert_true(judge(15, 12, 0, 6, 0).remarkable);
	fresh(NULL);
	/* as many as are lost as a rule, at least: a large competitor takes what it takes */
	assert_false(judge(1000, 0, 0, 149, 0).remarkable);
	assert_true(judge(1000, 0, 0, 150, 0).remarkable);
	/* without a share the number alone does, if there are prospects enough */
	set_rule("employer_share_bp", 0);
	assert_true(judge(5, 2, 0, 2, 0).by_employer);
	assert_false(judge(5, 1, 0, 1, 0).by_employer);
}

static void large_numbers_stay_exact(void **state)
{
	(void)state;
	assert_false(judge(INT32_MAX, INT32_MAX / 4, 0, 0, 0).remarkable); /* not twice the rate */
	assert_true(judge(INT32_MAX, INT32_MAX / 3, 0, 0, 0).remarkable);
	assert_true(judge(INT64_MAX, INT64_MAX / 2, 0, 0, 0).remarkable);
	assert_int_equal(judge(INT64_MAX, 0, 0, 0, 0).expected_e4, INT32_MAX * INT64_C(1500));
	assert_false(judge(0, INT64_MAX / 2, 0, 0, 0).remarkable);
	set_rule("base_floor_bp", 0);
	assert_true(judge(20, 3, 0, 0, 0).remarkable); /* where nothing is ever lost three are remarkable */
	assert_false(judge(20, 2, 0, 0, 0).remarkable);
}

/* ---- the binomial tail, by floating point ---- */

/* P(X >= k), from P(X = 0) on: a long double has room for the smallest of these. */
static double tail(int64_t n, int64_t k, double p)
{
	long double weight = 1;
	long double sum = 0;
	for (int64_t i = 0; i < n; i++) {
		weight *= 1 - (long double)p;
	}
	for (int64_t i = 0; i <= n; i++) {
		sum += i >= k ? weight : 0;
		weight *= (long double)(n - i) / (long double)(i + 1) * (long double)p / (1 - (long double)p);
	}
	return (double)sum;
}

static void the_tail_is_that_of_the_books(void **state)
{
	(void)state;
	static const int64_t chances[] = {1, 10, 100, 1000};
	size_t compared = 0;
	set_rule("lost_min", 1);
	set_rule("base_factor", 1);
	set_rule("excess_min", 0);
	set_rule("prospects_min", 1);
	for (size_t c = 0; c < 4; c++) {
		set_rule("chance_max_bp", chances[c]);
		for (int64_t n = 1; n <= 2000; n += n < 60 ? 1 : 97) {
			for (int64_t bp = 1500; bp <= 9500; bp += 800) {
				double p = (double)bp / 10000;
				for (int64_t k = n * bp / 10000 + 1; k <= n; k++) {
					double chance = tail(n, k, p);
					double limit = (double)chances[c] / 10000;
					bool is_even = chance - limit < 1e-9 && limit - chance < 1e-9;
					assert_true(is_even || judge(n, k, 0, 0, bp).remarkable == (chance <= limit));
					compared++;
					k += chance < limit / 1000 ? n : 0;
				}
			}
		}
	}
	print_message("%zu tails\n", compared);
}

/* Every size, by calculation: the smallest k that alarms, and how often chance brings it. */
static void no_size_alarms_one_departure_in_a_hundred(void **state)
{
	(void)state;
	double worst = 0;
	double worst_old = 0;
	int64_t worst_n = 0;
	int64_t worst_old_n = 0;
	for (int64_t n = 5; n <= 2000; n++) {
		int64_t k = 0;
		int64_t e = 0;
		while (k <= n && !alarms(n, k)) {
			k++;
		}
		while (e <= n && !judge(n, 0, 0, e, 0).by_employer) {
			e++;
		}
		int64_t old = 3;
		while (old * 10000 < 2 * 1500 * n || old * 10000 - 1500 * n < 30000) {
			old++;
		}
		double chance = tail(n, k, 0.17) + tail(n, e, 0.17 * 0.5); /* the employer may have half of the market */
		double old_chance = tail(n, old, 0.17);
		worst_n = chance > worst ? n : worst_n;
		worst = chance > worst ? chance : worst;
		worst_old_n = old_chance > worst_old ? n : worst_old_n;
		worst_old = old_chance > worst_old ? old_chance : worst_old;
	}
	print_message("at 17 %%, of all sizes to 2000: %.3f %% at most, with %" PRId64 " prospects; without the binomial "
	              "tail and the employer %.3f %%, with %" PRId64 "\n",
	              100 * worst, worst_n, 100 * worst_old, worst_old_n);
	assert_true(worst < 0.01);
	assert_true(worst_old > 0.05);
}

/* ---- departures ---- */

static double uniform(struct fnl_gen *g)
{
	return (double)(fnl_gen_u64(g) >> 11) / 9007199254740992.0;
}

/* Where a departure happens: what is lost without any defection, and to whom. */
struct market {
	double lost;        /* of each prospect within the window */
	double known;       /* of what is lost, to a competitor who is known */
	size_t competitors; /* in the proportions 1, 1/2, 1/3 … */
	double share[COMPETITORS_MAX];
	size_t employer; /* one of them: the larger, the likelier */
	int64_t history; /* handed-over prospects of the organisation before; 0: none */
	double silent;   /* a prospect is SILENT for a week by chance; within `lost` */
};

static size_t competitor(struct fnl_gen *g, const struct market *m)
{
	double at = uniform(g);
	size_t i = 0;
	while (i + 1 < m->competitors && at >= m->share[i]) {
		at -= m->share[i++];
	}
	return i;
}

static struct market any_market(struct fnl_gen *g, bool has_history, bool has_silence)
{
	struct market m = {.lost = 0.13 + 0.04 * uniform(g), .known = 0.5 + 0.5 * uniform(g)};
	double sum = 0;
	m.competitors = 3 + fnl_gen_below(g, COMPETITORS_MAX - 2);
	for (size_t i = 0; i < m.competitors; i++) {
		sum += 1.0 / (double)(i + 1);
	}
	for (size_t i = 0; i < m.competitors; i++) {
		m.share[i] = 1.0 / (double)(i + 1) / sum;
	}
	m.employer = competitor(g, &m);
	m.history = has_history ? (int64_t)fnl_gen_below(g, 200) : 0;
	m.silent = has_silence ? 0.03 : 0;
	return m;
}

/* Small ones are as many as large ones: half of them have up to 30, to 200. */
static int64_t any_size(struct fnl_gen *g)
{
	return fnl_gen_one_in(g, 2) ? 1 + (int64_t)fnl_gen_below(g, 30) : 1 + (int64_t)fnl_gen_below(g, PROSPECTS_MAX);
}

static int64_t base_of(struct fnl_gen *g, const struct market *m)
{
	int64_t lost = 0;
	for (int64_t i = 0; i < m->history; i++) {
		lost += uniform(g) < m->lost;
	}
	return fnl_defection_base_bp(m->history, lost, &rules);
}

/* How often each rule alarms. */
struct tally {
	int64_t departures;
	int64_t alarms;
	int64_t by_employer;
	int64_t old_alarms;    /* without the binomial tail; the employer left out */
	int64_t by_two_of_his; /* two that were lost to the employer */
};

static void look(const struct fnl_parting *p, int64_t base_bp, bool seen[4])
{
	struct fnl_defection d = fnl_defection_judge(p, base_bp, &rules);
	int64_t k = p->lost + p->silent;
	bool large = p->prospects >= 5;
	seen[0] = seen[0] || d.remarkable;
	seen[1] = seen[1] || d.by_employer;
	seen[2] = seen[2] || (large && k >= 3 && k * 10000 >= 2 * base_bp * p->prospects &&
	                      k * 10000 - base_bp * p->prospects >= 30000);
	seen[3] = seen[3] || (large && p->to_employer >= 2);
}

/* One departure, looked at each week of the window: an alarm of any week is one. taken: so much of the prospects the
 * leaver takes along, that part of them to the employer. */
static void depart(struct fnl_gen *g, const struct market *m, int64_t n, double taken, double employers,
                   struct tally *tally)
{
	static int8_t lost_in[PROSPECTS_MAX]; /* the week; WEEKS: never */
	static bool to_employer[PROSPECTS_MAX];
	bool seen[4] = {false, false, false, false};
	int64_t base_bp = base_of(g, m);
	double lost = m->lost - m->silent;
	for (int64_t i = 0; i < n; i++) {
		bool goes = uniform(g) < taken;
		bool is_lost = goes || uniform(g) < lost;
		lost_in[i] = (int8_t)(is_lost ? fnl_gen_below(g, WEEKS) : WEEKS);
		to_employer[i] =
			is_lost && (goes ? uniform(g) < employers : uniform(g) < m->known && competitor(g, m) == m->employer);
	}
	for (int week = m->silent > 0 ? 0 : WEEKS - 1; week < WEEKS; week++) {
		struct fnl_parting p = {.prospects = n};
		for (int64_t i = 0; i < n; i++) {
			bool is_lost = lost_in[i] <= week;
			p.lost += is_lost;
			p.to_employer += is_lost && to_employer[i];
			p.silent += !is_lost && m->silent > 0 && uniform(g) < m->silent;
		}
		look(&p, base_bp, seen);
	}
	tally->departures++;
	tally->alarms += seen[0];
	tally->by_employer += seen[1];
	tally->old_alarms += seen[2];
	tally->by_two_of_his += seen[3];
}

static const int64_t class_to[CLASSES] = {9, 19, 39, 79, 139, 200};

static double percent(int64_t of, int64_t all)
{
	return all ? 100.0 * (double)of / (double)all : 0;
}

static void count_false_alarms(const char *what, bool has_history, bool has_silence, int64_t departures)
{
	struct fnl_gen g = fnl_gen_start(20261126);
	struct tally all = {0};
	struct tally of[CLASSES] = {{0}};
	for (int64_t i = 0; i < departures; i++) {
		struct market m = any_market(&g, has_history, has_silence);
		int64_t n = any_size(&g);
		size_t c = 0;
		while (n > class_to[c]) {
			c++;
		}
		depart(&g, &m, n, 0, 0, &of[c]);
	}
	print_message("%s\n  prospects     departures  alarms   (employer)  without the tail  two to the employer\n", what);
	for (size_t c = 0; c < CLASSES; c++) {
		const struct tally *t = &of[c];
		print_message("  %3d to %3d   %10" PRId64 "  %5.3f %%  (%5.3f %%)   %6.3f %%          %6.3f %%\n",
		              c ? (int)class_to[c - 1] + 1 : 1, (int)class_to[c], t->departures,
		              percent(t->alarms, t->departures), percent(t->by_employer, t->departures),
		              percent(t->old_alarms, t->departures), percent(t->by_two_of_his, t->departures));
		assert_true(t->alarms * 100 < t->departures);
		all.departures += t->departures;
		all.alarms += t->alarms;
		all.by_employer += t->by_employer;
		all.old_alarms += t->old_alarms;
		all.by_two_of_his += t->by_two_of_his;
	}
	print_message("  all          %10" PRId64 "  %5.3f %%  (%5.3f %%)   %6.3f %%          %6.3f %%\n", all.departures,
	              percent(all.alarms, all.departures), percent(all.by_employer, all.departures),
	              percent(all.old_alarms, all.departures), percent(all.by_two_of_his, all.departures));
	assert_true(all.alarms * 100 < all.departures);
	assert_true(all.by_two_of_his * 10 > all.departures); /* the number alone would not do */
}

static void departures_without_defection_are_quiet(void **state)
{
	(void)state;
	count_false_alarms("no defection, the organisation's rate not known", false, false, DEPARTURES);
	count_false_alarms("no defection, the rate from up to 199 prospects before", true, false, DEPARTURES);
	count_false_alarms("no defection, some silent by chance, looked at each week", true, true, DEPARTURES / 4);
}

static void defections_are_seen(void **state)
{
	(void)state;
	static const int64_t sizes[] = {5, 10, 20, 50, 100, 200};
	static const double takes[] = {0.25, 0.5, 0.75};
	struct fnl_gen g = fnl_gen_start(20261126);
	print_message("defections seen, of those who take a part along: to nobody known / half of it to the employer / all "
	              "of it\n");
	for (size_t i = 0; i < sizeof(takes) / sizeof(takes[0]); i++) {
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			double seen[3];
			for (int part = 0; part < 3; part++) {
				struct tally t = {0};
				for (int k = 0; k < 4000; k++) {
					struct market m = any_market(&g, true, false);
					depart(&g, &m, sizes[j], takes[i], part / 2.0, &t);
				}
				seen[part] = percent(t.alarms, t.departures);
			}
			print_message("  %2.0f %% of %3" PRId64 ": %5.1f %% / %5.1f %% / %5.1f %%\n", 100 * takes[i], sizes[j],
			              seen[0], seen[1], seen[2]);
			assert_true(takes[i] < 0.5 || sizes[j] < 20 || seen[0] > 80);
			assert_true(takes[i] < 0.5 || sizes[j] < 50 || seen[0] > 99);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_base_rate_is_rounded_once, fresh),
		cmocka_unit_test_setup(few_prospects_say_nothing, fresh),
		cmocka_unit_test_setup(each_condition_can_be_the_one_that_fails, fresh),
		cmocka_unit_test_setup(silence_is_as_bad_as_a_loss, fresh),
		cmocka_unit_test_setup(an_organisation_that_loses_more_alarms_later, fresh),
		cmocka_unit_test_setup(the_new_employer_has_a_bar_of_his_own, fresh),
		cmocka_unit_test_setup(large_numbers_stay_exact, fresh),
		cmocka_unit_test_setup(the_tail_is_that_of_the_books, fresh),
		cmocka_unit_test_setup(no_size_alarms_one_departure_in_a_hundred, fresh),
		cmocka_unit_test_setup(departures_without_defection_are_quiet, fresh),
		cmocka_unit_test_setup(defections_are_seen, fresh),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
