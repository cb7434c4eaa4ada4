/* The clocks of a prospect, kept as inputs come, and what a diagnosis goes by. */
#include "supervision_internal.h"

enum { LAYER_TIMES_MAX = FNL_FUNNEL_LAYERS };

/* A copy of the row's layer_times, each at its layer's place. */
struct times {
	struct fnl_value of[LAYER_TIMES_MAX][FNL_LAYER_TIME_FIELD_COUNT];
	bool has[LAYER_TIMES_MAX];
};

static void times_of(const struct fnl_value *row, struct times *t)
{
	*t = (struct times){0};
	for (int at = 0; at < LAYER_TIMES_MAX; at++) {
		const struct fnl_value *entry = fnl_layer_time(row, FNL_LAYER_TOP + at);
		if (entry) {
			t->has[at] = true;
			memcpy(t->of[at], entry, sizeof(t->of[at]));
		}
	}
}

static void start(struct times *t, int at, int64_t since_ms, int64_t spent_ms)
{
	t->has[at] = true;
	t->of[at][FNL_LAYER_TIME_LAYER] = fnl_value_i64(FNL_LAYER_TOP + at);
	t->of[at][FNL_LAYER_TIME_SINCE] = fnl_value_i64(since_ms);
	t->of[at][FNL_LAYER_TIME_LEFT_AT] = fnl_value_null();
	t->of[at][FNL_LAYER_TIME_SPENT_MS] = fnl_value_i64(spent_ms);
}

static void leave(struct times *t, int at, int64_t layer_since_ms, int64_t at_ms)
{
	if (!t->has[at]) {
		start(t, at, layer_since_ms, 0);
	}
	t->of[at][FNL_LAYER_TIME_LEFT_AT] = fnl_value_i64(at_ms);
}

static void enter(struct times *t, int at, int64_t at_ms, const struct fnl_rules *rules)
{
	struct fnl_value *left = &t->of[at][FNL_LAYER_TIME_LEFT_AT];
	int64_t goes_on_ms = rules->values[FNL_RULES_AT_RETURN_WITHIN_BD] * FNL_BUSINESS_DAY_MS;

	if (!t->has[at]) {
		start(t, at, at_ms, 0);
	} else if (left->set && fnl_business_between(&rules->calendar, left->i64, at_ms) <= goes_on_ms) {
		*left = fnl_value_null();
	} else if (left->set) {
		int64_t ran_ms = fnl_business_between(&rules->calendar, t->of[at][FNL_LAYER_TIME_SINCE].i64, left->i64);
		start(t, at, at_ms, t->of[at][FNL_LAYER_TIME_SPENT_MS].i64 + ran_ms);
	}
}

static int put_times(const struct times *t, struct fnl_value *row, struct fnl_arena *arena)
{
	struct fnl_value *items = fnl_arena_calloc(arena, LAYER_TIMES_MAX, sizeof(*items));
	struct fnl_value *values = fnl_arena_alloc(arena, sizeof(t->of));
	size_t count = 0;

	if (!items || !values) {
		return FNL_E_NOMEM;
	}
	for (int at = 0; at < LAYER_TIMES_MAX; at++) {
		if (t->has[at]) {
			struct fnl_value *to = values + count * FNL_LAYER_TIME_FIELD_COUNT;
			memcpy(to, t->of[at], sizeof(t->of[at]));
			items[count++] = fnl_value_list(to, FNL_LAYER_TIME_FIELD_COUNT);
		}
	}
	row[FNL_PROSPECT_LAYER_TIMES] = fnl_value_list(items, count);
	return FNL_OK;
}

int fnl_supervision_layer(struct fnl_value *row, int to_layer, int64_t at_ms, const struct fnl_rules *rules,
                          struct fnl_arena *arena)
{
	int64_t from_layer = row[FNL_PROSPECT_LAYER].i64;
	struct times t;

	if (from_layer == to_layer || (!fnl_layer_is_watched(from_layer) && !fnl_layer_is_watched(to_layer))) {
		return FNL_OK;
	}
	times_of(row, &t);
	if (fnl_layer_is_watched(from_layer)) {
		leave(&t, (int)from_layer - FNL_LAYER_TOP, row[FNL_PROSPECT_LAYER_SINCE].i64, at_ms);
	}
	if (fnl_layer_is_watched(to_layer)) {
		enter(&t, to_layer - FNL_LAYER_TOP, at_ms, rules);
	}
	return put_times(&t, row, arena);
}

void fnl_supervision_close_date(struct fnl_value *row, struct fnl_value before, int64_t at_ms, bool counts,
                                const struct fnl_rules *rules)
{
	const struct fnl_value *after = &row[FNL_PROSPECT_EXPECTED_CLOSE_DATE];
	struct fnl_value *first = &row[FNL_PROSPECT_FIRST_CLOSE_DATE];
	struct fnl_value *pushed = &row[FNL_PROSPECT_PUSHED_AT];

	if (!first->set) {
		*first = before.set ? before : *after;
	}
	if (!counts || !before.set || !after->set || after->i64 <= before.i64) {
		return;
	}
	if (pushed->set && fnl_local_day(&rules->calendar, pushed->i64) == fnl_local_day(&rules->calendar, at_ms)) {
		return; /* one day's going back and forth is one decision */
	}
	struct fnl_value *count = &row[FNL_PROSPECT_PUSH_COUNT];
	*count = fnl_value_i64(count->i64 < INT32_MAX ? count->i64 + 1 : INT32_MAX);
	*pushed = fnl_value_i64(at_ms);
}

struct fnl_value *fnl_supervision_evidence(const struct fnl_value *row, struct fnl_arena *arena)
{
	struct fnl_value *e = fnl_arena_calloc(arena, FNL_EVIDENCE_FIELD_COUNT, sizeof(*e));
	int64_t at_ms;

	if (!e) {
		return NULL;
	}
	if (fnl_layer_is_watched(row[FNL_PROSPECT_LAYER].i64)) {
		const struct fnl_value *entry = fnl_layer_time(row, row[FNL_PROSPECT_LAYER].i64);
		bool runs = entry && !entry[FNL_LAYER_TIME_LEFT_AT].set;
		e[FNL_EVIDENCE_LAYER_SINCE] = runs ? entry[FNL_LAYER_TIME_SINCE] : row[FNL_PROSPECT_LAYER_SINCE];
	}
	if (fnl_last_edit(row, &at_ms)) {
		e[FNL_EVIDENCE_EDITED_AT] = fnl_value_i64(at_ms);
	}
	e[FNL_EVIDENCE_LAST_CONTACT_AT] = row[FNL_PROSPECT_LAST_CONTACT_AT];
	e[FNL_EVIDENCE_NEXT_MEETING_ON] = row[FNL_PROSPECT_NEXT_MEETING_ON];
	e[FNL_EVIDENCE_FIRST_CLOSE_DATE] = row[FNL_PROSPECT_FIRST_CLOSE_DATE];
	e[FNL_EVIDENCE_PUSH_COUNT] = fnl_value_i64(row[FNL_PROSPECT_PUSH_COUNT].i64);
	e[FNL_EVIDENCE_COMPETITOR_ID] = row[FNL_PROSPECT_COMPETITOR_ID];
	e[FNL_EVIDENCE_BLOCKER] = row[FNL_PROSPECT_BLOCKER];
	e[FNL_EVIDENCE_ANSWER] = row[FNL_PROSPECT_ANSWER];
	return e;
}
