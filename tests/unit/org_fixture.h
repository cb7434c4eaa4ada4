/* Tests of the org stage's operator: a desk that they all have, without rows before each. */
#ifndef FNL_TESTS_ORG_FIXTURE_H
#define FNL_TESTS_ORG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "org_desk.h"

#define T(test) cmocka_unit_test_setup(test, org_fresh)

extern struct fnl_org_desk desk;

/* Of a program. */
int org_start(void **state);
int org_end(void **state);
/* Of a test. */
int org_fresh(void **state);

/* To its organisation. */
static inline void send(struct fnl_input in)
{
	int rc = fnl_org_desk_send(&desk, &in, NULL);
	if (rc) {
		fail_msg("%d: %s", rc, desk.why.text);
	}
}

#endif
