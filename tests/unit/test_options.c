/* The options that all programs share: what is taken, what is left, and where it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "options.h"

static void they_stand_anywhere(void **state)
{
	(void)state;
	struct fnl_options o;
	struct fnl_error why;
	char *argv[] = {
		(char *)"funnelctl", (char *)"--json",         (char *)"show", (char *)"--set",  (char *)"clock=event",
		(char *)"rep",       (char *)"--config=f.ini", (char *)"--",   (char *)"--json", NULL};
	assert_int_equal(fnl_options_parse(9, argv, &o, &why), 0);
	assert_true(o.app.json);
	assert_string_equal(o.app.config_path, "f.ini");
	assert_int_equal(o.app.set_count, 1);
	assert_string_equal(o.app.sets[0], "clock=event");
	assert_int_equal(o.rest_count, 3);
	assert_string_equal(o.rest[0], "show");
	assert_string_equal(o.rest[1], "rep");
	assert_string_equal(o.rest[2], "--json");
	char *wrong[] = {(char *)"funnelctl", (char *)"--set", (char *)"clock", NULL};
	assert_int_equal(fnl_options_parse(3, wrong, &o, &why), FNL_E_ARGUMENT);
	assert_non_null(strstr(why.text, "--set wants key=value"));
}

static void as_many_sets_as_there_is_room_for(void **state)
{
	(void)state;
	enum { MANY = FNL_OPTION_SETS_MAX + 1 };
	struct fnl_options o;
	struct fnl_error why = {0};
	char *argv[1 + 2 * MANY + 1] = {(char *)"funneld"};
	for (size_t i = 0; i < MANY; i++) {
		argv[1 + 2 * i] = (char *)"--set";
		argv[2 + 2 * i] = (char *)(i == MANY - 2 ? "the=last" : "clock=event");
	}
	assert_int_equal(FNL_OPTION_SETS_MAX, 128);
	assert_int_equal(fnl_options_parse(1 + 2 * (MANY - 1), argv, &o, &why), 0);
	assert_int_equal(o.app.set_count, FNL_OPTION_SETS_MAX);
	assert_string_equal(o.app.sets[FNL_OPTION_SETS_MAX - 1], "the=last");
	assert_int_equal(fnl_options_parse(1 + 2 * MANY, argv, &o, &why), FNL_E_ARGUMENT);
	assert_non_null(strstr(why.text, "more than 128 times --set"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_stand_anywhere),
		cmocka_unit_test(as_many_sets_as_there_is_room_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
