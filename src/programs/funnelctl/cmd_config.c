/* funnelctl config show: every setting, its value and where it came from. Secrets are not shown. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "command.h"

static void print_json(const struct fnl_app *app)
{
	json_t *list = json_array();
	for (const struct fnl_param *p = fnl_params(); p->key; p++) {
		json_array_append_new(list, json_pack("{s:s, s:s?, s:s, s:s}", "key", p->key, "value",
		                                      fnl_settings_shown(app->settings, p->key), "origin",
		                                      fnl_settings_origin(app->settings, p->key), "help", p->help));
	}
	json_dumpf(list, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(list);
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], "show") != 0) {
		return fnl_usage_error(&fnl_cmd_config, "expected is \"show\"");
	}
	if (app->json) {
		print_json(app);
		return FNL_EXIT_OK;
	}
	for (const struct fnl_param *p = fnl_params(); p->key; p++) {
		const char *value = fnl_settings_shown(app->settings, p->key);
		printf("%-34s %-32s %s\n", p->key, value ? value : "-", fnl_settings_origin(app->settings, p->key));
	}
	return FNL_EXIT_OK;
}

const struct fnl_command fnl_cmd_config = {
	"config",
	"show the settings and where each came from",
	"funnelctl config show\n  Key, value, origin. Secrets are shown as ****, what is unset as -.",
	run,
};
