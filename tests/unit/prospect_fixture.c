#include "prospect_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "funneld/adapters/settings.h"

enum { KEEP_BYTES = 64 << 20 };

struct fnl_world w;
struct fnl_arena keep;

int prospect_start(void **state)
{
	(void)state;
	fnl_world_start(&w);
	fnl_arena_init(&keep, KEEP_BYTES);
	return 0;
}

int prospect_end(void **state)
{
	(void)state;
	fnl_world_end(&w);
	fnl_arena_deinit(&keep);
	return 0;
}

int prospect_fresh(void **state)
{
	(void)state;
	fnl_world_clear(&w);
	fnl_arena_reset(&keep);
	w.rules = fnl_rules_default();
	return 0;
}

void apply(struct fnl_input in)
{
	int r = fnl_world_apply(&w, &in);
	if (r != 0) {
		fail_msg("%d: %s", r, w.why.text);
	}
}

void rules(const char *text)
{
	struct fnl_error why;
	assert_int_equal(fnl_rules_parse(fnl_span_str(text), "rules", &keep, &w.rules, NULL, NULL, &why), 0);
}
