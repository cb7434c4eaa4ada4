/* What holds of supervision for any row, rules and feed: one look is enough, deadlines lie ahead, and who steps from
 * deadline to deadline comes to the same as who sleeps and wakes once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gen.h"
#include "supervised.h"
#include "../../src/core/values_internal.h"

enum { CASES = 20000, HOUR_MS = 3600000, DAY_HOURS = 24, STEPS_MAX = 64 };

static const int32_t holidays[] = {19751, 19814, 19844, 20081, 20082};
static const int32_t extra_days[] = {19755, 19889};
static const struct fnl_zone_offset offsets[] = {
	{INT64_C(1679792400000), 7200},
	{INT64_C(1698541200000), 3600},
	{INT64_C(1711846800000), 7200},
	{INT64_C(1729990800000), 3600},
};

/* Within two years, by the hour; in one of four cases on the hour of another one of the row. */
static int64_t a_moment(struct fnl_gen *g)
{
	static const int64_t start_ms = INT64_C(1672531200000); /* 2023-01-01 */
	size_t hours = fnl_gen_one_in(g, 4) ? fnl_gen_below(g, 100) * DAY_HOURS * 7 : fnl_gen_below(g, 730 * DAY_HOURS);
	return start_ms + (int64_t)hours * HOUR_MS;
}

static void maybe(struct fnl_gen *g, struct fnl_supervised *s, int field, int64_t v)
{
	if (fnl_gen_one_in(g, 2)) {
		fnl_supervised_set(s, field, v);
	}
}

static void some_rules(struct fnl_gen *g, struct fnl_supervised *s, struct fnl_stage_threshold thresholds[2])
{
	struct fnl_calendar *c = &s->rules.calendar;
	c->week_mask = (uint8_t)(1 + fnl_gen_below(g, 127));
	if (fnl_gen_one_in(g, 2)) {
		c->week_mask = 0x1f;
	}
	if (fnl_gen_one_in(g, 2)) {
		c->holidays = holidays;
		c->holiday_count = sizeof(holidays) / sizeof(holidays[0]);
		c->extra_days = extra_days;
		c->extra_day_count = sizeof(extra_days) / sizeof(extra_days[0]);
		c->offsets = offsets;
		c->offset_count = sizeof(offsets) / sizeof(offsets[0]);
	}
	for (size_t i = 0; i < 2; i++) {
		thresholds[i] = (struct fnl_stage_threshold){
			FNL_SPAN_LIT("S"), (enum fnl_layer_rule)(i * 3 + fnl_gen_below(g, 3)), (int64_t)fnl_gen_below(g, 40)};
	}
	s->rules.thresholds = thresholds;
	s->rules.threshold_count = fnl_gen_below(g, 3);
}

/* Clocks as the inputs leave them. */
static void some_layers(struct fnl_gen *g, struct fnl_supervised *s)
{
	int64_t at_ms = a_moment(g);
	for (size_t n = fnl_gen_below(g, 6); n > 0; n--) {
		fnl_supervised_layer(s, (int)fnl_gen_below(g, FNL_LAYER_UNKNOWN + 1), at_ms);
		at_ms += (int64_t)fnl_gen_below(g, (size_t)60 * DAY_HOURS) * HOUR_MS;
	}
	fnl_supervised_layer(s, FNL_LAYER_TOP + (int)fnl_gen_below(g, 3), at_ms);
}

static void some_dates(struct fnl_gen *g, struct fnl_supervised *s)
{
	maybe(g, s, FNL_PROSPECT_CREATED_AT, a_moment(g));
	maybe(g, s, FNL_PROSPECT_LAST_CONTACT_AT, a_moment(g));
	maybe(g, s, FNL_PROSPECT_LAST_EDIT_AT, a_moment(g));
	maybe(g, s, FNL_PROSPECT_EDITED_AT, a_moment(g));
	maybe(g, s, FNL_PROSPECT_REOPENED_AT, a_moment(g));
	maybe(g, s, FNL_PROSPECT_OWNER_SINCE, a_moment(g));
	maybe(g, s, FNL_PROSPECT_EXPECTED_CLOSE_DATE, a_moment(g) / FNL_BUSINESS_DAY_MS);
	maybe(g, s, FNL_PROSPECT_NEXT_MEETING_ON, a_moment(g) / FNL_BUSINESS_DAY_MS);
	if (fnl_gen_one_in(g, 2)) {
		fnl_supervised_set(s, FNL_PROSPECT_PUSH_COUNT, (int64_t)fnl_gen_below(g, 6));
		fnl_supervised_set(s, FNL_PROSPECT_PUSHED_AT, a_moment(g));
	}
	if (fnl_gen_one_in(g, 3)) {
		s->row[FNL_PROSPECT_AMOUNT] = (struct fnl_value){0};
	}
	s->row[FNL_PROSPECT_STAGE] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("S")};
	s->feed = (struct fnl_feed_state){.carries_contacts = !fnl_gen_one_in(g, 4), .silent = fnl_gen_one_in(g, 6)};
}

static bool same_stalls(const struct fnl_value *a, const struct fnl_value *b)
{
	return fnl_value_eq(&fnl_desc_prospect.fields[FNL_PROSPECT_STALLS], a, b);
}

static const struct fnl_value *stall_of(const struct fnl_supervised *s, int kind)
{
	struct fnl_list list = s->row[FNL_PROSPECT_STALLS].list;
	const struct fnl_value *found = NULL;
	int64_t last = -1;
	for (size_t i = 0; i < list.count; i++) {
		const struct fnl_value *v = list.items[i].list.items;
		assert_true(v[FNL_STALL_KIND].i64 > last); /* in order, each once */
		last = v[FNL_STALL_KIND].i64;
		found = last == kind ? v : found;
	}
	return found;
}

static void check_stall(const struct fnl_supervised *s, int kind, int64_t now_ms)
{
	struct fnl_watch w = fnl_supervision_watch(s->row, kind, s->feed, &s->rules);
	const struct fnl_value *v = stall_of(s, kind);
	if (s->feed.silent && (kind == FNL_STALL_KIND_SILENT || kind == FNL_STALL_KIND_STALE)) {
		return; /* whatever was */
	}
	assert_int_equal(v != NULL, w.armed && w.over_at_ms <= now_ms);
	if (v) {
		const struct fnl_value *alert = &v[FNL_STALL_ALERT_AT];
		assert_int_equal(v[FNL_STALL_CONDITION].i64, w.condition);
		assert_int_equal(v[FNL_STALL_SINCE].i64, w.since_ms);
		assert_int_equal(v[FNL_STALL_OVER_AT].i64, w.over_at_ms);
		assert_true(v[FNL_STALL_LEVEL].i64 == FNL_ALERT_LEVEL_NONE ? !alert->set || alert->i64 > now_ms
		                                                           : alert->set && alert->i64 <= now_ms);
	}
}

/* After a look, whatever it was for. */
static void check_look(struct fnl_supervised *s, enum fnl_supervision_cause cause, int64_t now_ms)
{
	struct fnl_value was = s->row[FNL_PROSPECT_STALLS];
	fnl_supervised_look(s, cause, now_ms);
	assert_int_equal(s->changed, !same_stalls(&was, &s->row[FNL_PROSPECT_STALLS]));
	assert_true(s->deadline_ms > now_ms);
	assert_true(s->deadline_ms == fnl_supervision_deadline(s->row, s->feed, &s->rules));
	for (int kind = 0; kind < FNL_STALLS_MAX; kind++) {
		check_stall(s, kind, now_ms);
	}
	/* once more at the same time, for the same or for nothing: nothing changes, and nothing is allocated */
	struct fnl_value is = s->row[FNL_PROSPECT_STALLS];
	size_t used = s->arena.used_bytes;
	int64_t deadline_ms = s->deadline_ms;
	for (int i = 0; i < 2; i++) {
		fnl_supervised_look(s, i == 0 ? cause : FNL_SUPERVISION_CHANGE, now_ms);
		assert_false(s->changed);
		assert_int_equal(s->arena.used_bytes, used);
		assert_true(s->deadline_ms == deadline_ms);
		assert_true(same_stalls(&is, &s->row[FNL_PROSPECT_STALLS]));
	}
}

/* A level only grows, from look to look of an unchanged row. */
static void check_levels(const struct fnl_supervised *s, int64_t level[FNL_STALLS_MAX])
{
	for (int kind = 0; kind < FNL_STALLS_MAX; kind++) {
		const struct fnl_value *v = stall_of(s, kind);
		assert_true(v != NULL || level[kind] < 0);
		if (v) {
			assert_true(v[FNL_STALL_LEVEL].i64 >= level[kind]);
			level[kind] = v[FNL_STALL_LEVEL].i64;
		}
	}
}

/* The row is left alone: by every deadline to the end, and at once. */
static void step_and_jump(struct fnl_supervised *s)
{
	struct fnl_value row[FNL_PROSPECT_FIELD_COUNT];
	int64_t level[FNL_STALLS_MAX] = {-1, -1, -1, -1};
	int64_t end_ms = 0;
	int steps = 0;
	memcpy(row, s->row, sizeof(row));
	for (; s->deadline_ms != FNL_NO_SUPERVISION; steps++) {
		assert_true(steps < STEPS_MAX); /* each kind has four steps at most */
		end_ms = s->deadline_ms;
		check_look(s, FNL_SUPERVISION_CHANGE, end_ms);
		check_levels(s, level);
	}
	if (steps > 0) {
		struct fnl_value stepped = s->row[FNL_PROSPECT_STALLS];
		memcpy(s->row, row, sizeof(row));
		fnl_supervised_look(s, FNL_SUPERVISION_CHANGE, end_ms);
		assert_true(s->deadline_ms == FNL_NO_SUPERVISION);
		assert_true(same_stalls(&stepped, &s->row[FNL_PROSPECT_STALLS]));
	}
}

static void one_case(struct fnl_gen *g, struct fnl_arena *arena)
{
	struct fnl_supervised s;
	struct fnl_stage_threshold thresholds[2];
	fnl_supervised_start(&s);
	s.arena = *arena;
	some_rules(g, &s, thresholds);
	some_layers(g, &s);
	some_dates(g, &s);
	int64_t now_ms = a_moment(g);
	for (size_t n = 1 + fnl_gen_below(g, 4); n > 0; n--) {
		check_look(&s, (enum fnl_supervision_cause)fnl_gen_below(g, 3), now_ms);
		now_ms += (int64_t)fnl_gen_below(g, (size_t)40 * DAY_HOURS) * HOUR_MS;
		some_dates(g, &s);
	}
	check_look(&s, (enum fnl_supervision_cause)fnl_gen_below(g, 3), now_ms);
	step_and_jump(&s);
	fnl_arena_reset(&s.arena);
	*arena = s.arena;
}

static void one_look_is_enough_and_steps_are_as_a_jump(void **state)
{
	(void)state;
	struct fnl_gen g = fnl_gen_start(20240612);
	struct fnl_arena arena;
	fnl_arena_init(&arena, (size_t)1 << 20);
	for (int i = 0; i < CASES; i++) {
		one_case(&g, &arena);
	}
	fnl_arena_deinit(&arena);
}

/* Pushes and first dates, against a count by hand: days on which the date went to a later one. */
static void pushes_are_days_of_pushing(void **state)
{
	(void)state;
	struct fnl_gen g = fnl_gen_start(20240613);
	for (int i = 0; i < CASES / 10; i++) {
		struct fnl_supervised s;
		fnl_supervised_start(&s);
		int64_t at_ms = fnl_moment("2024-01-01");
		int64_t pushes = 0;
		int64_t push_day = -1;
		int64_t first = -1;
		for (size_t n = fnl_gen_below(&g, 20); n > 0; n--) {
			struct fnl_value *date = &s.row[FNL_PROSPECT_EXPECTED_CLOSE_DATE];
			struct fnl_value before = *date;
			bool counts = !fnl_gen_one_in(&g, 4);
			*date = fnl_gen_one_in(&g, 6) ? fnl_value_null() : fnl_value_i64(20000 + (int64_t)fnl_gen_below(&g, 50));
			fnl_supervision_close_date(s.row, before, at_ms, counts, &s.rules);
			int64_t day = at_ms / FNL_BUSINESS_DAY_MS;
			if (counts && before.set && date->set && date->i64 > before.i64 && day != push_day) {
				pushes++;
				push_day = day;
			}
			first = first < 0 && date->set ? date->i64 : first;
			at_ms += (int64_t)fnl_gen_below(&g, 30) * HOUR_MS;
		}
		assert_int_equal(s.row[FNL_PROSPECT_PUSH_COUNT].i64, pushes);
		assert_int_equal(s.row[FNL_PROSPECT_FIRST_CLOSE_DATE].set, first >= 0);
		assert_true(first < 0 || s.row[FNL_PROSPECT_FIRST_CLOSE_DATE].i64 == first);
		fnl_supervised_end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_look_is_enough_and_steps_are_as_a_jump),
		cmocka_unit_test(pushes_are_days_of_pushing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
