/* The simulated organisation: the same everywhere, with everything in it that it promises, and in the import format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "import_row.h"
#include "funneld/base/sha256.h"
#include "simulate.h"

enum { PROSPECTS = 1500, REPS = 20, MONTHS = 24, LEAVER = 2 };

#define FROM_MS INT64_C(1735689600000) /* 2025-01-01 */
#define DAY_MS INT64_C(86400000)

static struct fnl_simulation made(uint64_t seed, size_t prospects, size_t reps, int months)
{
	struct fnl_sim_settings settings = {seed, prospects, reps, FROM_MS, months};
	struct fnl_simulation s = {0};
	assert_int_equal(fnl_simulation_make(&settings, &s), 0);
	return s;
}

static char *csv_of(const struct fnl_simulation *s)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	assert_non_null(out);
	assert_int_equal(fnl_sim_write_csv(s, out), 0);
	fclose(out);
	return text;
}

static char *csv_with(uint64_t seed, size_t prospects, size_t reps, int months)
{
	struct fnl_simulation s = made(seed, prospects, reps, months);
	char *text = csv_of(&s);
	fnl_simulation_deinit(&s);
	return text;
}

static void same_seed_same_bytes(void **state)
{
	(void)state;
	char *a = csv_with(7, 300, REPS, MONTHS);
	char *b = csv_with(7, 300, REPS, MONTHS);
	char *other = csv_with(8, 300, REPS, MONTHS);
	assert_string_equal(a, b);
	assert_string_not_equal(a, other);
	free(a);
	free(b);
	free(other);
}

/* On every machine, by every compiler. Who means to change the organisation writes down what it has become. */
static void a_known_organisation(void **state)
{
	(void)state;
	char sha256[FNL_SHA256_HEX_BYTES + 1];
	char *csv = csv_with(7, 300, REPS, MONTHS);
	fnl_sha256_hex(fnl_span_str(csv), sha256);
	free(csv);
	assert_string_equal(sha256, "388231654c7327b065903a7c81c5eb9b8ee2e67020bcb136f204826eab8d19aa");
}

static int64_t value(const struct fnl_simulation *s, const struct fnl_sim_change *c, enum fnl_sim_column column,
                     int64_t otherwise)
{
	int64_t v = otherwise;
	fnl_sim_value(s, c, column, &v);
	return v;
}

/* A number of anything that the head of simulate.h promises. */
struct tally {
	size_t events[FNL_SIM_EVENT_COUNT];
	size_t statuses[FNL_SIM_STATUS_COUNT];
	size_t stages[FNL_SIM_STAGE_LOST + 1];
	size_t currencies[FNL_SIM_CURRENCY_COUNT];
	size_t again, late, back, reopened, owners, orphans, pushes, amounts_gone, no_amount, no_date, snapshots;
	size_t absences, whole_gaps, notes, blockers, competitors, reached, not_reached, meetings, beats;
};

struct known {
	int64_t stage, status, owner, close_date;
	bool seen;
};

static void tally_prospect(struct tally *t, const struct fnl_simulation *s, const struct fnl_sim_change *c,
                           struct known *k)
{
	int64_t status = value(s, c, FNL_SIM_STATUS, k->status);
	int64_t stage = value(s, c, FNL_SIM_STAGE, k->stage);
	int64_t owner = value(s, c, FNL_SIM_OWNER, k->owner);
	int64_t date = value(s, c, FNL_SIM_CLOSE_DATE, k->close_date);
	bool full = value(s, c, FNL_SIM_FULL, 0) != 0;
	t->statuses[status]++;
	t->stages[stage]++;
	t->late += c->arrives_ms - c->at_ms >= DAY_MS && c->at_ms >= FROM_MS && !c->again;
	if (k->seen && !c->again) {
		t->back += stage < k->stage && k->stage < FNL_SIM_STAGE_COUNT;
		t->reopened += status == FNL_SIM_OPEN && k->status != FNL_SIM_OPEN;
		t->owners += owner != k->owner;
		t->orphans += owner == FNL_SIM_CLEARED;
		t->pushes += date > k->close_date && k->close_date > 0;
		t->amounts_gone += value(s, c, FNL_SIM_AMOUNT, 0) == FNL_SIM_CLEARED;
	} else if (!k->seen) {
		t->no_amount += full && value(s, c, FNL_SIM_AMOUNT, 0) == 0;
		t->no_date += full && value(s, c, FNL_SIM_CLOSE_DATE, 0) == 0;
		t->orphans += value(s, c, FNL_SIM_OWNER, 0) == 0;
	}
	t->snapshots += value(s, c, FNL_SIM_SNAPSHOT, 0) == 1;
	*k = (struct known){stage, status, owner, date, true};
}

static void take(struct tally *t, const struct fnl_simulation *s, const struct fnl_sim_change *c, struct known *known)
{
	int64_t prospect = value(s, c, FNL_SIM_PROSPECT, 0);
	int64_t currency = value(s, c, FNL_SIM_CURRENCY, -1);
	t->events[c->event]++;
	t->again += c->again;
	t->notes += value(s, c, FNL_SIM_EDITED, 0) != 0;
	t->blockers += value(s, c, FNL_SIM_BLOCKER, -1) >= 0;
	t->competitors += value(s, c, FNL_SIM_COMPETITOR, 0) != 0 && value(s, c, FNL_SIM_STATUS, 0) == 0;
	t->reached += value(s, c, FNL_SIM_REACHED, 0) == 1;
	t->not_reached += c->event == FNL_SIM_CONTACTED && value(s, c, FNL_SIM_REACHED, 1) == 0;
	t->meetings += value(s, c, FNL_SIM_NEXT_MEETING, 0) != 0;
	t->beats += c->event == FNL_SIM_HEARTBEAT && value(s, c, FNL_SIM_CARRIES, 0) == 1;
	t->absences += value(s, c, FNL_SIM_ABSENT_FROM, 0) != 0;
	t->whole_gaps += c->event == FNL_SIM_FEED_GAP && prospect == 0;
	if (currency >= 0) {
		t->currencies[currency]++;
	}
	if (c->event == FNL_SIM_CHANGED) {
		tally_prospect(t, s, c, &known[prospect - 1]);
	}
}

#define SOME(n) \
	do { \
		if ((n) == 0) { \
			fail_msg("none: %s", #n); \
		} \
	} while (0)

static void everything_is_in_it(void **state)
{
	(void)state;
	struct fnl_simulation s = made(2025, PROSPECTS, REPS, MONTHS);
	struct known *known = test_calloc(PROSPECTS, sizeof(*known));
	struct tally t = {0};
	for (size_t i = 0; i < s.change_count; i++) {
		take(&t, &s, &s.changes[i], known);
	}
	for (size_t i = 0; i < FNL_SIM_EVENT_COUNT; i++) {
		SOME(t.events[i]);
	}
	for (size_t i = 0; i < FNL_SIM_STATUS_COUNT; i++) {
		SOME(t.statuses[i]);
	}
	for (size_t i = 0; i <= FNL_SIM_STAGE_LOST; i++) {
		SOME(t.stages[i]);
	}
	for (size_t i = 0; i < FNL_SIM_CURRENCY_COUNT; i++) {
		SOME(t.currencies[i]);
	}
	SOME(t.again);
	SOME(t.late);
	SOME(t.back);
	SOME(t.reopened);
	SOME(t.owners);
	SOME(t.orphans);
	SOME(t.pushes);
	SOME(t.amounts_gone);
	SOME(t.no_amount);
	SOME(t.no_date);
	SOME(t.snapshots);
	SOME(t.absences);
	SOME(t.notes);
	SOME(t.blockers);
	SOME(t.competitors);
	SOME(t.meetings);
	SOME(t.not_reached);
	assert_true(t.reached > 5 * t.not_reached);
	assert_int_equal(t.beats, t.events[FNL_SIM_HEARTBEAT]);
	assert_int_equal(t.whole_gaps, 1);
	assert_int_equal(t.events[FNL_SIM_REP_RESIGNED], 1);
	assert_true(t.stages[FNL_SIM_STAGE_STRANGE] < t.events[FNL_SIM_CHANGED] / 100); /* a handful */
	test_free(known);
	fnl_simulation_deinit(&s);
}

/* A version is later than the one before it, but for what happened at the same time; nothing at all happens at a
 * midnight but what HR and snapshots date by the day; the order is that of arrival. */
static void times_are_in_order(void **state)
{
	(void)state;
	struct fnl_simulation s = made(11, PROSPECTS, REPS, MONTHS);
	int64_t(*at)[256] = test_calloc(PROSPECTS, sizeof(*at));
	for (size_t i = 0; i < s.change_count; i++) {
		const struct fnl_sim_change *c = &s.changes[i];
		int64_t prospect = value(&s, c, FNL_SIM_PROSPECT, 0);
		int64_t version = value(&s, c, FNL_SIM_VERSION, 0);
		assert_true(i == 0 || s.changes[i - 1].arrives_ms <= c->arrives_ms);
		assert_true(c->at_ms <= c->arrives_ms && c->arrives_ms < s.until_ms);
		if (prospect && version) {
			assert_true(c->at_ms % DAY_MS || value(&s, c, FNL_SIM_SNAPSHOT, 0));
			assert_in_range(version, 1, 255);
			assert_true(at[prospect - 1][version] == 0 || c->again);
			at[prospect - 1][version] = c->at_ms;
		}
	}
	for (size_t p = 0; p < PROSPECTS; p++) {
		int64_t latest = 0;
		for (size_t v = 1; v < 256; v++) {
			assert_true(at[p][v] == 0 || at[p][v] >= latest);
			latest = at[p][v] ? at[p][v] : latest;
		}
	}
	test_free(at);
	fnl_simulation_deinit(&s);
}

/* Nobody who looks after his prospects is silent for longer than the rules allow, by layer; some are forgotten, and of
 * those, some come back. */
static void most_are_looked_after(void **state)
{
	static const int64_t patience_days[] = {28, 14, 7};
	(void)state;
	struct fnl_simulation s = made(2025, PROSPECTS, REPS, MONTHS);
	int64_t *talked = test_calloc(PROSPECTS, sizeof(*talked));
	int64_t *stage = test_calloc(PROSPECTS, sizeof(*stage));
	size_t talks[3] = {0};
	size_t late[3] = {0};
	for (size_t i = 0; i < s.change_count; i++) {
		const struct fnl_sim_change *c = &s.changes[i];
		int64_t prospect = value(&s, c, FNL_SIM_PROSPECT, 0);
		if (c->event == FNL_SIM_CHANGED) {
			stage[prospect - 1] = value(&s, c, FNL_SIM_STAGE, stage[prospect - 1]);
		} else if (c->event == FNL_SIM_CONTACTED && value(&s, c, FNL_SIM_REACHED, 0) && !c->again) {
			size_t layer = stage[prospect - 1] < 3 ? 0 : stage[prospect - 1] < 5 ? 1 : 2;
			int64_t *last = &talked[prospect - 1];
			talks[layer]++;
			late[layer] += *last && c->at_ms - *last > patience_days[layer] * DAY_MS;
			*last = c->at_ms;
		}
	}
	for (size_t layer = 0; layer < 3; layer++) {
		SOME(late[layer]);
		assert_true(late[layer] * 12 < talks[layer]);
	}
	test_free(talked);
	test_free(stage);
	fnl_simulation_deinit(&s);
}

/* The feeds' heartbeats are never further apart than the rules that come with it allow, a week. */
static void feeds_are_heard(void **state)
{
	(void)state;
	struct fnl_simulation s = made(3, 40, 3, MONTHS);
	int64_t last[2] = {FROM_MS, FROM_MS};
	for (size_t i = 0; i < s.change_count; i++) {
		if (s.changes[i].event == FNL_SIM_HEARTBEAT) {
			int64_t *at = &last[value(&s, &s.changes[i], FNL_SIM_SOURCE, 0)];
			assert_in_range(s.changes[i].at_ms - *at, 0, 6 * DAY_MS);
			*at = s.changes[i].at_ms;
		}
	}
	assert_true(last[0] > s.until_ms - 6 * DAY_MS && last[1] > s.until_ms - 6 * DAY_MS);
	assert_non_null(strstr(fnl_sim_rules, "silent_with_heartbeats_minutes = 10080"));
	fnl_simulation_deinit(&s);
}

/* Who has left owns nothing that is still open, and nobody who was not yet hired ever did. */
static void who_leaves_hands_over(void **state)
{
	(void)state;
	struct fnl_simulation s = made(2025, PROSPECTS, REPS, MONTHS);
	struct known *known = test_calloc(PROSPECTS, sizeof(*known));
	int64_t hired[REPS + 1] = {0};
	size_t had = 0;
	for (size_t i = 0; i < s.change_count; i++) {
		const struct fnl_sim_change *c = &s.changes[i];
		int64_t prospect = value(&s, c, FNL_SIM_PROSPECT, 0);
		if (c->event == FNL_SIM_REP_CHANGED && !hired[value(&s, c, FNL_SIM_REP, 0)]) {
			hired[value(&s, c, FNL_SIM_REP, 0)] = c->at_ms;
		}
		if (c->event == FNL_SIM_DELETED || c->event == FNL_SIM_MERGED || c->event == FNL_SIM_ERASED) {
			known[prospect - 1].status = FNL_SIM_STATUS_COUNT;
		} else if (c->event == FNL_SIM_CHANGED && !c->again) {
			struct known *k = &known[prospect - 1];
			k->owner = value(&s, c, FNL_SIM_OWNER, k->owner);
			k->status = value(&s, c, FNL_SIM_STATUS, k->status);
			had += k->owner == LEAVER;
			assert_true(k->owner <= 0 || (hired[k->owner] && hired[k->owner] <= c->arrives_ms));
		}
	}
	SOME(had);
	for (size_t p = 0; p < PROSPECTS; p++) {
		if (known[p].owner == LEAVER && known[p].status == FNL_SIM_OPEN) {
			fail_msg("P-%04zu is still owned by who has left", p + 1);
		}
	}
	test_free(known);
	fnl_simulation_deinit(&s);
}

static void the_importer_takes_every_row(void **state)
{
	(void)state;
	struct fnl_simulation s = made(5, PROSPECTS, REPS, MONTHS);
	struct fnl_import_map map = {0};
	struct fnl_import_plan *plan = NULL;
	struct fnl_error why = {0};
	struct fnl_arena plan_arena;
	struct fnl_arena arena;
	struct fnl_span header[FNL_SIM_COLUMN_COUNT];
	fnl_arena_init(&plan_arena, 1 << 20);
	fnl_arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < FNL_SIM_COLUMN_COUNT; i++) {
		header[i] = fnl_span_str(fnl_sim_columns[i]);
	}
	struct fnl_csv_row head = {header, FNL_SIM_COLUMN_COUNT, 1, NULL};
	assert_int_equal(fnl_import_plan_make(&map, "simulation", &head, &plan_arena, &plan, &why), 0);
	for (size_t i = 0; i < s.change_count; i++) {
		struct fnl_sim_texts texts;
		struct fnl_import_event event = {0};
		struct fnl_import_problem problem = {0};
		fnl_sim_texts(&s, &s.changes[i], &texts);
		struct fnl_csv_row row = {texts.cells, FNL_SIM_COLUMN_COUNT, i + 2, NULL};
		fnl_arena_reset(&arena);
		if (fnl_import_row_build(plan, &row, 0, &arena, &event, &problem)) {
			fail_msg("row %zu, column %.*s, value %.*s: %s", i, (int)problem.column.len, (char *)problem.column.data,
			         (int)problem.value.len, (char *)problem.value.data, problem.why.text);
		}
		assert_int_equal(event.occurred_at_ms, s.changes[i].at_ms);
	}
	fnl_arena_deinit(&arena);
	fnl_arena_deinit(&plan_arena);
	fnl_simulation_deinit(&s);
}

static void small_ones_and_wrong_ones(void **state)
{
	(void)state;
	struct fnl_simulation s = {0};
	fnl_simulation_deinit(&s);
	for (size_t reps = 1; reps < 10; reps++) {
		s = made(reps, 40, reps, 12);
		assert_true(s.change_count > 40);
		fnl_simulation_deinit(&s);
	}
	struct fnl_sim_settings wrong[] = {
		{1, 0, 1, FROM_MS, 1},     {1, FNL_SIM_PROSPECTS_MAX + 1, 1, FROM_MS, 1},
		{1, 1, 0, FROM_MS, 1},     {1, 1, FNL_SIM_REPS_MAX + 1, FROM_MS, 1},
		{1, 1, 1, FROM_MS, 0},     {1, 1, 1, FROM_MS, FNL_SIM_MONTHS_MAX + 1},
		{1, 1, 1, FROM_MS + 1, 1},
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(fnl_simulation_make(&wrong[i], &s), FNL_E_ARGUMENT);
	}
}

static void months_follow_each_other(void **state)
{
	(void)state;
	assert_int_equal(fnl_sim_month(FROM_MS, 12), INT64_C(1767225600000));
	assert_int_equal(fnl_sim_month(FROM_MS + 40 * DAY_MS, 1), FROM_MS + 59 * DAY_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_same_bytes),      cmocka_unit_test(a_known_organisation),
		cmocka_unit_test(everything_is_in_it),       cmocka_unit_test(times_are_in_order),
		cmocka_unit_test(who_leaves_hands_over),     cmocka_unit_test(the_importer_takes_every_row),
		cmocka_unit_test(small_ones_and_wrong_ones), cmocka_unit_test(months_follow_each_other),
		cmocka_unit_test(most_are_looked_after),     cmocka_unit_test(feeds_are_heard),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
