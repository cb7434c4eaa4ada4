/* The app's life: settings in, everything else on demand. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app_private.h"
#include "funneld/adapters/sys.h"

extern char **environ;

static void take_kafka_properties(struct fnl_app *app)
{
	static const struct {
		const char *setting;
		const char *property;
	} names[] = {
		{"kafka.bootstrap.servers", "bootstrap.servers"}, {"kafka.security.protocol", "security.protocol"},
		{"kafka.sasl.mechanism", "sasl.mechanism"},       {"kafka.sasl.username", "sasl.username"},
		{"kafka.sasl.password", "sasl.password"},         {"kafka.ssl.ca.location", "ssl.ca.location"},
	};
	struct fnl_app_private *p = app->private;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = fnl_settings_string(app->settings, names[i].setting);
		if (value) {
			p->properties[p->property_count++] = (struct fnl_kafka_property){names[i].property, value};
		}
	}
}

int fnl_app_open(const struct fnl_app_options *options, struct fnl_app **ret, struct fnl_error *why)
{
	struct fnl_app *app = fnl_calloc(1, sizeof(*app));
	if (!app) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory to start");
	}
	app->private = fnl_calloc(1, sizeof(*app->private));
	int rc = app->private ? fnl_settings_load(options->config_path, options->sets, options->set_count, environ,
	                                          &app->settings, why)
	                      : fnl_fail(why, FNL_E_NOMEM, "no memory to start");
	if (!rc) {
		rc = fnl_app_name_all(app, why);
	}
	if (rc) {
		fnl_app_close(app);
		return rc;
	}
	take_kafka_properties(app);
	app->clock = fnl_sys_clock();
	app->ids = fnl_sys_ids();
	app->logger = fnl_sys_logger(stderr, (enum fnl_level)fnl_settings_int(app->settings, "log.level"));
	app->json = options->json;
	app->color = options->color;
	*ret = app;
	return 0;
}

struct fnl_app *fnl_app_close(struct fnl_app *app)
{
	if (app && app->private) {
		fnl_app_close_doors(app);
		fnl_app_unname(app);
		app->private = fnl_free(app->private);
	}
	if (app) {
		app->settings = fnl_settings_free(app->settings);
	}
	return fnl_free(app);
}

int fnl_app_fail(const struct fnl_app *app, int exit_code, const struct fnl_error *why)
{
	(void)app;
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, why->text[0] ? why->text : fnl_status_text(why->code));
	return exit_code;
}
