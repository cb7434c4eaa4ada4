/* An allocation fails, each one in turn, in what handovers do: a clean error that leaves the caller's things alone, or
 * the result of an undisturbed run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "failing_trial.h"
#include "handover_world.h"

static struct fnl_hands w;
static const struct fnl_hands_call *call; /* that is tried again and again */
static size_t failures;

static void write_events(struct fnl_writer *to, const struct fnl_event_out *events, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		failing_write(to, events[i].desc, events[i].values);
	}
}

/* All that a call has given. */
static void write_call(struct fnl_writer *to, const struct fnl_hands_call *c)
{
	failing_write(to, &fnl_desc_handover, c->page ? c->step.row : c->out.row);
	failing_write(to, &fnl_desc_inspection, c->page ? c->step.inspection : c->out.inspection);
	for (size_t i = 0; i < c->step.task_count; i++) {
		fnl_write_string(to, c->step.tasks[i].prospect_id);
		failing_write(to, &fnl_desc_task, c->step.tasks[i].task);
	}
	fnl_write_u8(to, (uint8_t)c->out.task_change);
	failing_write(to, &fnl_desc_task, c->out.task);
	write_events(to, c->step.events, c->step.event_count);
	write_events(to, c->out.events, c->out.event_count);
}

static int run(struct fnl_arena *arena, struct fnl_writer *ret)
{
	struct fnl_hands_call c;
	memcpy(&c, call, sizeof(c));
	c.in.arena = arena;
	int rc = fnl_hands_run(&w, &c);
	failing_counts(false);
	if (rc) {
		assert_memory_equal(&c.out, &call->out, sizeof(c.out));
		assert_memory_equal(&c.step, &call->step, sizeof(c.step));
		return rc;
	}
	write_call(ret, &c);
	return 0;
}

static int try_all(struct fnl_hands *hands, struct fnl_hands_call *c)
{
	call = c;
	failures += failing_tries(run, &hands->arena);
	return fnl_hands_run(hands, c);
}

static const char *const story[] = {
	"2024-06-03 08:00 rep bo west manager_id=mia",
	"2024-06-03 08:00 org ann NONE",
	"2024-06-03 08:00 org eve NONE",
	"2024-06-03 08:00 line bo p1 BOTTOM contact_ids=k1,k2,k3",
	"2024-06-03 08:00 line bo p2 MIDDLE",
	"2024-06-03 08:00 line bo p3 TOP",
	"2024-06-03 08:00 line bo p4 UNKNOWN",
	"2024-06-03 09:00 resign bo n1 5 last_day=2024-06-28 new_employer_id=x",
	"2024-06-07 09:00 name bo n1 ann",
	"2024-06-07 10:00 name bo n1 eve prospect_id=p2",
	"2024-06-07 11:00 line bo p1 MIDDLE",
	"2024-06-07 11:30 line bo p5 BOTTOM",
	"2024-06-07 12:00 done bo n1 p1#2",
	"2024-06-07 13:00 right bo p1",
	"2024-06-10 09:00 unfit bo n1 eve RESIGNED",
	"2024-06-10 10:00 resign bo n1 6 last_day=2024-06-28 successor_id=eve new_employer_id=x",
	"2024-06-11 09:00 waive bo n1 p4#2 mia",
	"2024-06-11 10:00 right bo p2",
	"2024-06-11 11:00 line bo p5 WON",
	"2024-06-11 12:00 right bo p3",
	"2024-07-01 12:00 review bo n1 true",
	"2024-07-02 12:00 line bo p1 LOST lost_to_id=x",
	"2024-07-03 12:00 line bo p2 MIDDLE state=ERASED",
	"2024-07-04 12:00 resign bo n2 7 last_day=2024-09-28 successor_id=ann",
	"2024-07-04 13:00 withdraw bo n2 8",
	"2024-07-05 12:00 left bo 9 2024-07-05",
	"2024-07-06 12:00 forget bo 10",
	NULL};

static void every_input_and_firing(void **state)
{
	(void)state;
	fnl_hands_start(&w, NULL);
	w.around = try_all;
	fnl_hands_lines(&w, story);
	print_message("%zu failed allocations\n", failures);
	assert_true(failures > 100);
	assert_int_equal(w.counts[FNL_HANDS_COMPLETED], 1);
	fnl_hands_end(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(every_input_and_firing)};
	return cmocka_run_group_tests_name("failing allocations: handovers", tests, NULL, NULL);
}
