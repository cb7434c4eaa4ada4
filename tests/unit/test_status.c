#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/base/status.h"

#include <string.h>

static void each_code_has_its_row(void **state)
{
	(void)state;
#define FNL_X(name, value, class, label, text) \
	assert_string_equal(fnl_status_text(value), text); \
	assert_string_equal(fnl_status_label(value), label); \
	assert_int_equal(fnl_status_class(value), FNL_CLASS_##class);
	FNL_STATUS_TABLE(FNL_X)
#undef FNL_X
}

static void unknown_codes_stop(void **state)
{
	(void)state;
	const int codes[] = {1, 2, -19, -1000, 0x7fffffff, -0x7fffffff - 1};
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		assert_string_equal(fnl_status_text(codes[i]), "unknown");
		assert_string_equal(fnl_status_label(codes[i]), "unknown");
		assert_int_equal(fnl_status_class(codes[i]), FNL_CLASS_STOP);
	}
}

static void a_failure_tells_its_story_and_is_cut(void **state)
{
	(void)state;
	struct fnl_error e = {0, ""};
	char longer[1024];
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(fnl_fail(&e, FNL_E_LIMIT, "%s is %d", "a", 5), FNL_E_LIMIT);
	assert_int_equal(e.code, FNL_E_LIMIT);
	assert_string_equal(e.text, "a is 5");
	assert_int_equal(fnl_fail(&e, FNL_E_IO, "%s", longer), FNL_E_IO);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	assert_int_equal(fnl_fail(NULL, FNL_E_IO, "nobody listens"), FNL_E_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_code_has_its_row),
		cmocka_unit_test(unknown_codes_stop),
		cmocka_unit_test(a_failure_tells_its_story_and_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
