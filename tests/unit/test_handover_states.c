/* The tables of handovers and tasks: every pair has an outcome, and the picture in the comment is the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "funneld/core/handover_states.h"
#include "golden.h"

enum { LINE_MAX_BYTES = 256 };

/* One of the two. */
struct machine {
	const char *path; /* whose comment draws it */
	int states;
	int events;
	const char *(*state_text)(int state);
	const char *(*event_text)(int event);
	struct fnl_state_rule (*rule)(int state, int event);
};

static const char *handover_event_text(int event)
{
	return fnl_handover_event_text((enum fnl_handover_event)event);
}

static struct fnl_state_rule handover_rule(int state, int event)
{
	return fnl_handover_rule(state, (enum fnl_handover_event)event);
}

static const char *task_event_text(int event)
{
	return fnl_task_event_text((enum fnl_task_event)event);
}

static struct fnl_state_rule task_rule(int state, int event)
{
	return fnl_task_rule(state, (enum fnl_task_event)event);
}

static const struct machine machines[] = {
	{FNL_SOURCE_DIR "/src/core/handover_states.c", FNL_HANDOVER_STATES, FNL_HANDOVER_ON_COUNT, fnl_handover_state_text,
     handover_event_text, handover_rule},
	{FNL_SOURCE_DIR "/src/core/task_states.c", FNL_TASK_STATES, FNL_TASK_ON_COUNT, fnl_task_state_text, task_event_text,
     task_rule},
};

enum { MACHINES = sizeof(machines) / sizeof(machines[0]) };

static int state_named(const struct machine *m, const char *name)
{
	for (int i = 0; i < m->states; i++) {
		if (strcmp(m->state_text(i), name) == 0) {
			return i;
		}
	}
	return -1;
}

static int event_named(const struct machine *m, const char *name)
{
	for (int i = 0; i < m->events; i++) {
		if (strcmp(m->event_text(i), name) == 0) {
			return i;
		}
	}
	return -1;
}

/* An arrow of the comment: " *   FROM EVENT TO…", and words about it. */
static bool read_arrow(const struct machine *m, const char *line, int *from, int *event, unsigned *to)
{
	char text[LINE_MAX_BYTES];
	char *rest = NULL;
	if (strncmp(line, " *   ", 5) != 0) {
		return false;
	}
	(void)snprintf(text, sizeof(text), "%s", line + 5);
	char *word = strtok_r(text, " \n", &rest);
	*from = word ? state_named(m, word) : -1;
	word = word ? strtok_r(NULL, " \n", &rest) : NULL;
	*event = word ? event_named(m, word) : -1;
	*to = 0;
	while (*from >= 0 && *event >= 0 && (word = strtok_r(NULL, " \n", &rest)) != NULL && state_named(m, word) >= 0) {
		*to |= 1U << state_named(m, word);
	}
	return *to != 0;
}

static void the_picture_is_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < MACHINES; i++) {
		const struct machine *m = &machines[i];
		unsigned drawn[16][16] = {{0}};
		char line[LINE_MAX_BYTES];
		int from;
		int event;
		unsigned to;
		FILE *f = fopen(m->path, "r");
		assert_non_null(f);
		while (fgets(line, sizeof(line), f)) {
			if (read_arrow(m, line, &from, &event, &to)) {
				assert_int_equal(drawn[from][event], 0);
				drawn[from][event] = to;
			}
		}
		assert_int_equal(fclose(f), 0);
		for (from = 0; from < m->states; from++) {
			for (event = 0; event < m->events; event++) {
				if (drawn[from][event] != m->rule(from, event).to) {
					fail_msg("%s on %s: drawn to 0x%x, in the table to 0x%x", m->state_text(from), m->event_text(event),
					         drawn[from][event], m->rule(from, event).to);
				}
			}
		}
	}
}

static void every_pair_has_an_outcome(void **state)
{
	(void)state;
	for (size_t i = 0; i < MACHINES; i++) {
		const struct machine *m = &machines[i];
		for (int from = 0; from < m->states; from++) {
			for (int event = 0; event < m->events; event++) {
				struct fnl_state_rule rule = m->rule(from, event);
				assert_true(rule.outcome > FNL_OUTCOME_MISSING && rule.outcome <= FNL_OUTCOME_TAKE);
				assert_true(rule.outcome == FNL_OUTCOME_TAKE || rule.to == 0);
				assert_int_equal(rule.to >> (m->states - 1), 0); /* no row comes back from a row */
				assert_int_equal(rule.to >> from & 1U, 0);
			}
		}
	}
}

/* Every state can be reached, and left or kept for good: which can be left is in the picture. */
static void every_state_is_reached(void **state)
{
	(void)state;
	for (size_t i = 0; i < MACHINES; i++) {
		const struct machine *m = &machines[i];
		unsigned reached = 1U << (m->states - 1);
		for (int rounds = 0; rounds < m->states; rounds++) {
			for (int from = 0; from < m->states; from++) {
				for (int event = 0; event < m->events && reached >> from & 1U; event++) {
					reached |= m->rule(from, event).to;
				}
			}
		}
		assert_int_equal(reached, (1U << m->states) - 1);
	}
}

static void a_closed_task_stays_closed(void **state)
{
	static const int closed[] = {FNL_TASK_STATE_DONE, FNL_TASK_STATE_WAIVED, FNL_TASK_STATE_CANCELLED};
	(void)state;
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		for (int event = 0; event < FNL_TASK_ON_COUNT; event++) {
			assert_int_not_equal(task_rule(closed[i], event).outcome, FNL_OUTCOME_TAKE);
		}
	}
}

/* For people. */
static void tables_as_text(void **state)
{
	static const char *const outcomes[] = {"missing", "never", "stale", "refuse", "take"};
	struct fnl_golden g = {0};
	(void)state;
	for (size_t i = 0; i < MACHINES; i++) {
		const struct machine *m = &machines[i];
		for (int from = 0; from < m->states; from++) {
			fnl_golden_add(&g, "%s\n", m->state_text(from));
			for (int event = 0; event < m->events; event++) {
				struct fnl_state_rule rule = m->rule(from, event);
				fnl_golden_add(&g, "    %-11s %s", m->event_text(event), outcomes[rule.outcome]);
				for (int to = 0; to < m->states; to++) {
					fnl_golden_add(&g, "%s%s", rule.to >> to & 1U ? " " : "",
					               rule.to >> to & 1U ? m->state_text(to) : "");
				}
				fnl_golden_add(&g, "\n");
			}
		}
	}
	assert_int_equal(fnl_golden_compare(&g, FNL_SOURCE_DIR "/tests/unit/golden/handover_states.txt"), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_has_an_outcome), cmocka_unit_test(the_picture_is_the_table),
		cmocka_unit_test(every_state_is_reached), cmocka_unit_test(a_closed_task_stays_closed),
		cmocka_unit_test(tables_as_text)};
	return cmocka_run_group_tests_name("states of handovers and tasks", tests, NULL, NULL);
}
