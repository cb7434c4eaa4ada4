/* Random books of reps who leave, listed at some moment and followed from then on: whatever was done against the
 * company is found, each once, with old and new value, when and by whom; of what managers, programs, other owners and
 * rules did, of progress and of contacts erased by right nothing is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tamper_play.h"

#define DAY INT64_C(86400000)
#define NOTICE (INT64_C(20000) * DAY) /* when it is given */

static int64_t sheet_ms; /* the next one */

static void begin(struct fnl_tamper_play *p)
{
	sheet_ms = NOTICE - 90 * DAY + (int64_t)fnl_gen_below(p->g, 7) * DAY;
}

static void make_sheets(struct fnl_tamper_play *p)
{
	if (p->now_ms >= sheet_ms && !fnl_gen_one_in(p->g, 20)) {
		fnl_tamper_sheet(&p->model, p->now_ms - 1);
		sheet_ms += 7 * DAY;
	}
}

static void ask(struct fnl_tamper_play *p, struct fnl_reconcile_in *in)
{
	in->line = fnl_tamper_line(&p->model);
	in->sheet_number = p->model.sheet_at_ms ? 7 : 0;
	in->sheet_at_ms = p->model.sheet_at_ms;
}

static void random_books(void **state)
{
	static const struct fnl_tamper_case c = {.books = 300,
	                                         .book_lines = 40,
	                                         .wanted_min = 3000,
	                                         .notice_at_ms = NOTICE,
	                                         .begin = begin,
	                                         .make_sheets = make_sheets,
	                                         .ask = ask};
	(void)state;
	fnl_tamper_play_books(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_books),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
