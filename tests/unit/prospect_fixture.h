/* Tests of one prospect: a world that they all have, empty and by the default rules before each. */
#ifndef FNL_TESTS_PROSPECT_FIXTURE_H
#define FNL_TESTS_PROSPECT_FIXTURE_H

#include "prospect_world.h"

#define C(name) FNL_PROSPECT_CHANGED_##name
#define R(name) w.row[FNL_PROSPECT_##name]
#define T(test) cmocka_unit_test_setup(test, prospect_fresh)

extern struct fnl_world w;
extern struct fnl_arena keep; /* as long as a test: what the world forgets */

/* Of a program. */
int prospect_start(void **state);
int prospect_end(void **state);
/* Of a test. */
int prospect_fresh(void **state);

void apply(struct fnl_input in);
/* The world's from now on: a rules file's text. */
void rules(const char *text);

#endif
