/* A handover's board, from rows of the rep stage: what a manager sees of it in each of its states, and the same as
 * JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "golden.h"
#include "rules_reader.h"
#include "view_handover.h"
#include "view_world.h"

#define GOLDEN(name) FNL_SOURCE_DIR "/tests/unit/golden/" name

static const int64_t day_ms = 86400000;
static const int64_t now_ms = INT64_C(1751364000000); /* 2025-07-01 10:00, a Tuesday */
enum { TODAY = 20270 };

static void put(struct view_world *w, const char *key, const struct fnl_record_desc *d, const struct fnl_value *values)
{
	view_world_put(w, 2, now_ms, key, d, values);
}

/* Of R-17, who has given notice on 24 June and goes on 18 July; his manager is max. */
static struct fnl_value *handover(struct view_world *w, int state)
{
	struct fnl_value *rep = fnl_v_blank(&w->arena, &fnl_desc_rep);
	rep[FNL_REP_BOOK] = fnl_v_text("rep:R-17");
	rep[FNL_REP_REP_ID] = fnl_v_text("R-17");
	rep[FNL_REP_MANAGER_ID] = fnl_v_text("max");
	put(w, "rep|rep:R-17", &fnl_desc_rep, rep);
	struct fnl_value *v = fnl_v_blank(&w->arena, &fnl_desc_handover);
	v[FNL_HANDOVER_BOOK] = fnl_v_text("rep:R-17");
	v[FNL_HANDOVER_NOTICE_ID] = fnl_v_text("n-1");
	v[FNL_HANDOVER_VERSION] = fnl_v_number(3);
	v[FNL_HANDOVER_STATE] = fnl_v_number(state);
	v[FNL_HANDOVER_NOTICE_AT] = fnl_v_number(now_ms - 7 * day_ms);
	v[FNL_HANDOVER_LAST_DAY] = fnl_v_number(TODAY + 17);
	v[FNL_HANDOVER_AVAILABLE_UNTIL] = fnl_v_number(TODAY + 13);
	v[FNL_HANDOVER_OPENED_AT] = fnl_v_number(now_ms - 7 * day_ms);
	v[FNL_HANDOVER_EMPLOYER] = fnl_v_text("digest-of-acme");
	v[FNL_HANDOVER_REVIEW_DUE_AT] = fnl_v_number(now_ms + day_ms);
	v[FNL_HANDOVER_TO_EMPLOYER_COUNT] = fnl_v_number(4711);
	return v;
}

static void put_handover(struct view_world *w, const struct fnl_value *v)
{
	put(w, "handover|rep:R-17", &fnl_desc_handover, v);
}

static struct fnl_value successor(struct view_world *w, const char *id, int64_t blocking, int64_t waiting,
                                  int64_t released_ms)
{
	struct fnl_value *v = fnl_v_blank(&w->arena, &fnl_desc_handover_successor);
	v[FNL_HANDOVER_SUCCESSOR_SUCCESSOR_ID] = fnl_v_text(id);
	v[FNL_HANDOVER_SUCCESSOR_BLOCKING] = fnl_v_number(blocking);
	v[FNL_HANDOVER_SUCCESSOR_WAITING] = fnl_v_number(waiting);
	v[FNL_HANDOVER_SUCCESSOR_LISTED] = fnl_v_number(1);
	if (released_ms) {
		v[FNL_HANDOVER_SUCCESSOR_RELEASED_AT] = fnl_v_number(released_ms);
	}
	return fnl_v_list(v, fnl_desc_handover_successor.field_count);
}

struct task {
	const char *prospect;
	int number;
	int layer;
	int state;
	int64_t minor; /* 0: no amount */
	const char *successor;
	int due_in; /* days; 0: not yet */
	int level;
	int contacts;
	int reassign;
};

static void put_task(struct view_world *w, const struct task *t)
{
	static const char *const ids[] = {"c-1", "c-2", "c-3"};
	struct fnl_value *v = fnl_v_blank(&w->arena, &fnl_desc_task);
	struct fnl_value *contacts = fnl_arena_calloc(&w->arena, 3, sizeof(*contacts));
	char key[64];
	for (int i = 0; i < t->contacts; i++) {
		contacts[i] = fnl_v_text(ids[i]);
	}
	v[FNL_TASK_BOOK] = fnl_v_text("rep:R-17");
	v[FNL_TASK_PROSPECT_ID] = fnl_v_text(t->prospect);
	v[FNL_TASK_NOTICE_ID] = fnl_v_text("n-1");
	v[FNL_TASK_NUMBER] = fnl_v_number(t->number);
	v[FNL_TASK_STATE] = fnl_v_number(t->state);
	v[FNL_TASK_LAYER] = fnl_v_number(t->layer);
	v[FNL_TASK_SUCCESSOR_ID] = fnl_v_text(t->successor);
	v[FNL_TASK_CONTACT_IDS] = fnl_v_list(contacts, (size_t)t->contacts);
	v[FNL_TASK_OVERDUE_LEVEL] = fnl_v_number(t->level);
	v[FNL_TASK_REASSIGN] = fnl_v_number(t->reassign);
	if (t->due_in) {
		v[FNL_TASK_DUE_AT] = fnl_v_number(now_ms + t->due_in * day_ms);
	}
	if (t->minor) {
		v[FNL_TASK_AMOUNT] = fnl_v_money(t->minor, "EUR");
	}
	if (t->state >= FNL_TASK_STATE_DONE) {
		v[FNL_TASK_CLOSED_AT] = fnl_v_number(now_ms - day_ms);
	}
	snprintf(key, sizeof(key), "task|rep:R-17|%s", t->prospect);
	put(w, key, &fnl_desc_task, v);
}

#define LAYER(name) FNL_TASK_LAYER_##name
#define STATE(name) FNL_TASK_STATE_##name
#define LEVEL(name) FNL_ALERT_LEVEL_##name

/* One of each sort, for one successor. */
static void put_tasks(struct view_world *w)
{
	const struct task tasks[] = {
		{"P-1", 1, LAYER(BOTTOM), STATE(DONE), 100000000, "bert", -4, 0, 3, FNL_REASSIGN_STATE_REQUESTED},
		{"P-2", 1, LAYER(BOTTOM), STATE(OPEN), 50000000, "bert", -5, LEVEL(MANAGER), 2, 0},
		{"P-3", 2, LAYER(BOTTOM), STATE(OPEN), 70000000, "bert", 6, 0, 1, 0},
		{"P-4", 1, LAYER(BOTTOM), STATE(SUPERSEDED), 90000000, "bert", 6, 0, 2, 0},
		{"P-5", 1, LAYER(MIDDLE), STATE(OPEN), 0, "bert", 6, 0, 0, 0},
		{"P-6", 1, LAYER(MIDDLE), STATE(WAIVED), 20000000, "bert", 6, 0, 2, FNL_REASSIGN_STATE_DONE},
		{"P-7", 1, LAYER(MIDDLE), STATE(DONE), 30000000, "bert", 6, 0, 2, FNL_REASSIGN_STATE_OVERDUE},
		{"P-8", 1, LAYER(UNDECIDED), STATE(OPEN), 1000, "bert", -1, LEVEL(REP), 2, 0},
		{"P-9", 1, LAYER(TOP), STATE(WAITING), 40000000, "bert", 0, 0, 2, 0},
		{"a-prospect-with-a-rather-long-id", 1, LAYER(TOP), STATE(WAITING), 60000000, "bert", 0, 0, 2, 0},
	};
	for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++) {
		put_task(w, &tasks[i]);
	}
}

static struct fnl_handover_question question(void)
{
	return (struct fnl_handover_question){
		.book = FNL_SPAN_LIT("rep:R-17"), .now_ms = now_ms, .rules_reader = fnl_test_rules_reader()};
}

static const char *draw(struct view_world *w, const struct fnl_handover_question *q, bool utf8)
{
	struct fnl_error why = {0};
	struct fnl_canvas c = {.width = 100, .utf8 = utf8};
	c.out = view_world_out(w);
	assert_int_equal(fnl_view_handover(&w->rows, q, &c, &why), 0);
	fclose(c.out);
	return w->text;
}

/* ---- boards ---- */

static void under_way(struct view_world *w)
{
	struct fnl_value *v = handover(w, FNL_HANDOVER_STATE_RUNNING);
	const struct fnl_value successors[] = {successor(w, "bert", 4, 2, 0)};
	v[FNL_HANDOVER_SUCCESSOR_ID] = fnl_v_text("bert");
	v[FNL_HANDOVER_SUCCESSORS] = fnl_v_list(successors, 1);
	put_handover(w, v);
	put_tasks(w);
}

static void between_two(struct view_world *w)
{
	struct fnl_value *v = handover(w, FNL_HANDOVER_STATE_NAMING);
	const struct fnl_value successors[] = {successor(w, "bert", 0, 0, now_ms - 2 * day_ms),
	                                       successor(w, "carla", 1, 1, 0)};
	const struct task tasks[] = {
		{"P-1", 1, LAYER(BOTTOM), STATE(DONE), 100000000, "bert", -4, 0, 3, 0},
		{"P-2", 1, LAYER(BOTTOM), STATE(OPEN), 50000000, "carla", 5, 0, 2, 0},
		{"P-3", 2, LAYER(BOTTOM), STATE(UNNAMED), 70000000, NULL, 0, 0, 1, 0},
		{"P-4", 1, LAYER(TOP), STATE(OPEN), 90000000, "bert", 6, 0, 2, 0},
		{"P-5", 1, LAYER(TOP), STATE(WAITING), 10000000, "carla", 0, 0, 2, 0},
	};
	struct fnl_value *check = fnl_v_blank(&w->arena, &fnl_desc_successor_check);
	check[FNL_SUCCESSOR_CHECK_REQUEST_ID] = fnl_v_text("n-1|4");
	check[FNL_SUCCESSOR_CHECK_SUCCESSOR_ID] = fnl_v_text("dora");
	const struct fnl_value checks[] = {fnl_v_list(check, fnl_desc_successor_check.field_count)};
	v[FNL_HANDOVER_SUCCESSORS] = fnl_v_list(successors, 2);
	v[FNL_HANDOVER_CHECKS] = fnl_v_list(checks, 1);
	v[FNL_HANDOVER_UNNAMED_COUNT] = fnl_v_number(1);
	v[FNL_HANDOVER_NAMING_DUE_AT] = fnl_v_number(now_ms + 2 * day_ms);
	v[FNL_HANDOVER_LEFT_ON] = fnl_v_number(TODAY - 1);
	v[FNL_HANDOVER_REVIEW] = fnl_v_number(FNL_REVIEW_STATE_REFUSED);
	v[FNL_HANDOVER_REVIEW_DUE_AT] = fnl_v_null();
	put_handover(w, v);
	for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++) {
		put_task(w, &tasks[i]);
	}
}

static void completed(struct view_world *w)
{
	struct fnl_value *v = handover(w, FNL_HANDOVER_STATE_COMPLETED);
	const struct fnl_value successors[] = {successor(w, "bert", 0, 0, now_ms - 20 * day_ms)};
	const struct task tasks[] = {
		{"P-1", 1, LAYER(BOTTOM), STATE(DONE), 100000000, "bert", -4, 0, 3, FNL_REASSIGN_STATE_DONE},
		{"P-2", 1, LAYER(TOP), STATE(DONE), 50000000, "bert", -4, 0, 3, FNL_REASSIGN_STATE_DONE},
	};
	v[FNL_HANDOVER_SUCCESSOR_ID] = fnl_v_text("bert");
	v[FNL_HANDOVER_SUCCESSORS] = fnl_v_list(successors, 1);
	v[FNL_HANDOVER_LAST_DAY] = fnl_v_number(TODAY - 1);
	v[FNL_HANDOVER_REVIEW] = fnl_v_number(FNL_REVIEW_STATE_ACCEPTED);
	v[FNL_HANDOVER_REVIEW_DUE_AT] = fnl_v_null();
	v[FNL_HANDOVER_DONE_COUNT] = fnl_v_number(2);
	v[FNL_HANDOVER_COMPLETED_AT] = fnl_v_number(now_ms - 3 * day_ms);
	v[FNL_HANDOVER_WATCH_UNTIL] = fnl_v_number((TODAY + 180) * day_ms);
	put_handover(w, v);
	put_task(w, &tasks[0]);
	put_task(w, &tasks[1]);
}

static void listing(struct view_world *w)
{
	struct fnl_value *v = handover(w, FNL_HANDOVER_STATE_RECONCILING);
	v[FNL_HANDOVER_LINE_COUNT] = fnl_v_number(48);
	v[FNL_HANDOVER_LAST_DAY] = fnl_v_number(TODAY);
	put_handover(w, v);
}

static void taken_back(struct view_world *w)
{
	struct fnl_value *v = handover(w, FNL_HANDOVER_STATE_CANCELLED);
	const struct task task = {"P-1", 1, LAYER(BOTTOM), STATE(CANCELLED), 100000000, "bert", -4, 0, 3, 0};
	put_handover(w, v);
	put_task(w, &task);
}

static void boards_are_as_they_were_read(void **state)
{
	(void)state;
	static const struct {
		const char *title;
		void (*fill)(struct view_world *w);
		bool ascii;
		size_t tasks_max;
	} boards[] = {
		{"under way: one is late, one has but one contact, one was superseded", under_way, false, 0},
		{"the same without block characters, two tasks of a layer", under_way, true, 2},
		{"two successors; the leaver has gone, and one prospect has nobody", between_two, false, 0},
		{"being compared, on the last day", listing, false, 0},
		{"completed", completed, false, 0},
		{"taken back", taken_back, false, 0},
	};
	struct fnl_golden g = {0};
	for (size_t i = 0; i < sizeof(boards) / sizeof(boards[0]); i++) {
		void *world;
		struct fnl_handover_question q = question();
		q.tasks_max = boards[i].tasks_max;
		view_world_setup(&world);
		boards[i].fill(world);
		fnl_golden_add(&g, "%s# %s\n\n%s", i ? "\n\n" : "", boards[i].title, draw(world, &q, !boards[i].ascii));
		view_world_teardown(&world);
	}
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("view_handover.txt")), 0);
}

static void who_has_not_given_notice_has_none(void **state)
{
	struct view_world *w = *state;
	struct fnl_handover_question q = question();
	struct fnl_error why = {0};
	struct fnl_canvas c = {.out = stderr};
	q.book = FNL_SPAN_LIT("rep:R-1");
	under_way(w);
	assert_int_equal(fnl_view_handover(&w->rows, &q, &c, &why), FNL_VIEW_NO_HANDOVER);
	assert_int_equal(fnl_view_handover_json(&w->rows, &q, stderr, &why), FNL_VIEW_NO_HANDOVER);
}

static void only_what_is_needed_is_read(void **state)
{
	(void)state;
	struct fnl_handover_question q = question();
	static const struct {
		const char *key;
		bool wanted;
	} cases[] = {
		{"handover|rep:R-17", true},   {"handover|rep:R-170", false},  {"task|rep:R-17|P-1", true},
		{"task|rep:R-170|P-1", false}, {"task|rep:R-17", false},       {"rep|rep:R-17", true},
		{"rep|rep:R-1", false},        {"partition|rules", true},      {"partition|clock", true},
		{"line|rep:R-17|P-1", false},  {"inspection|rep:R-17", false}, {"h", false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(fnl_handover_wanted(&q, fnl_span_str(cases[i].key)), cases[i].wanted);
	}
}

/* ---- JSON ---- */

static const char *string(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static json_t *as_json(struct view_world *w)
{
	struct fnl_handover_question q = question();
	struct fnl_error why = {0};
	FILE *out = view_world_out(w);
	assert_int_equal(fnl_view_handover_json(&w->rows, &q, out, &why), 0);
	fclose(out);
	return view_world_json(w);
}

static void json_keeps_its_contract(void **state)
{
	struct view_world *w = *state;
	static const char *const order[] = {
		"P-1#1", "P-3#2", "P-2#1", "P-4#1", "P-7#1", "P-6#1", "P-5#1", "P-8#1", "a-prospect-with-a-rather-long-id#1",
		"P-9#1"};
	under_way(w);
	json_t *o = as_json(w);
	assert_string_equal(string(o, "notice_id"), "n-1");
	assert_string_equal(string(o, "state"), "RUNNING");
	assert_string_equal(string(o, "as_of"), "2025-07-01T10:00:00.000Z");
	assert_string_equal(string(o, "last_day"), "2025-07-18");
	assert_string_equal(string(o, "successor_id"), "bert");
	assert_int_equal(view_json_integer(o, "days_left"), 17);
	assert_int_equal(view_json_integer(o, "business_days_left"), 13);
	assert_int_equal(view_json_integer(o, "partition"), 2);
	const json_t *gate = json_array_get(json_object_get(o, "successors"), 0);
	assert_int_equal(view_json_integer(gate, "blocking"), 4);
	assert_true(json_is_null(json_object_get(gate, "released_at")));
	const json_t *tasks = json_object_get(o, "tasks");
	assert_int_equal(json_array_size(tasks), 10);
	for (size_t i = 0; i < 10; i++) {
		assert_string_equal(string(json_array_get(tasks, i), "task_id"), order[i]);
	}
	/* from Thursday to Tuesday */
	assert_int_equal(view_json_integer(json_array_get(tasks, 2), "late_business_days"), 3);
	assert_true(json_is_null(json_object_get(json_array_get(tasks, 1), "late_business_days")));
	assert_string_equal(string(json_array_get(tasks, 0), "reassign"), "REQUESTED");
	const json_t *missing = json_object_get(o, "missing");
	assert_int_equal(json_array_size(missing), 3);
	assert_string_equal(string(json_array_get(missing, 0), "what"), "TASKS_OPEN");
	assert_int_equal(view_json_integer(json_array_get(missing, 0), "count"), 4);
	assert_string_equal(string(json_array_get(missing, 1), "what"), "TASKS_WAIT_FOR_THE_GATE");
	assert_string_equal(string(json_array_get(missing, 2), "what"), "NOT_SIGNED_OFF");
	json_decref(o);
}

/* What the watch counts, and where the leaver has gone, is for those who may read funnel.reviews. */
static void what_is_restricted_is_not_shown(void **state)
{
	struct view_world *w = *state;
	struct fnl_handover_question q = question();
	under_way(w);
	json_decref(as_json(w));
	assert_null(strstr(w->text, "digest-of-acme"));
	assert_null(strstr(w->text, "4711"));
	assert_null(strstr(w->text, "employer"));
	draw(w, &q, true);
	assert_null(strstr(w->text, "digest-of-acme"));
	assert_null(strstr(w->text, "4711"));
}

/* The row of a task of an earlier notice is on its way out. */
static void tasks_of_another_notice_are_not_of_it(void **state)
{
	struct view_world *w = *state;
	struct fnl_value *v = handover(w, FNL_HANDOVER_STATE_RECONCILING);
	v[FNL_HANDOVER_NOTICE_ID] = fnl_v_text("n-2");
	put_handover(w, v);
	put_tasks(w);
	json_t *o = as_json(w);
	assert_int_equal(json_array_size(json_object_get(o, "tasks")), 0);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boards_are_as_they_were_read),
		cmocka_unit_test_setup_teardown(who_has_not_given_notice_has_none, view_world_setup, view_world_teardown),
		cmocka_unit_test(only_what_is_needed_is_read),
		cmocka_unit_test_setup_teardown(json_keeps_its_contract, view_world_setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(what_is_restricted_is_not_shown, view_world_setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(tasks_of_another_notice_are_not_of_it, view_world_setup, view_world_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
