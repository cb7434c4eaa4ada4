/* funneld: the worker. Wiring only: options, checks, threads. */
#include <stdio.h>
#include <string.h>

#include "funneld.h"
#include "options.h"
#include "signals.h"

static void help(FILE *out)
{
	fputs("usage: funneld [options] [--check]\n"
	      "\n"
	      "Keeps the sales funnel true: reads the input topics in Kafka, writes state and derived events in one "
	      "transaction, and\n"
	      "keeps a view of the state in Redis. SIGTERM ends it after the present batch; a second one at once.\n"
	      "\n"
	      "  --check            check settings, Kafka, topics and Redis, and end\n\n",
	      out);
	fnl_options_help(out);
	fputc('\n', out);
	fnl_settings_help(out);
	fputc('\n', out);
	fnl_exit_codes_help(out);
}

static int serve(const struct fnl_options *options, bool check_only)
{
	struct fnl_app *app = NULL;
	struct fnl_error why = {0, ""};
	int32_t partitions[FNL_APP_STAGE_COUNT] = {0};
	fnl_signals_install();
	int rc = fnl_app_open(&options->app, &app, &why);
	if (rc) {
		return fnl_app_fail(NULL, fnl_exit_code(rc), &why);
	}
	int code = funneld_check(app, partitions, &why);
	if (code) {
		fnl_app_fail(app, code, &why);
	} else if (check_only) {
		for (int i = 0; i < FNL_APP_STAGE_COUNT; i++) {
			const struct fnl_app_stage *s = fnl_app_stage(app, (enum fnl_app_stage_id)i);
			printf("all is right: stage %s, %d partitions of %s\n", s->stage.name, (int)partitions[i], s->input_topic);
		}
	} else {
		fnl_app_disconnect(app);
		code = funneld_run(app, partitions);
	}
	fnl_app_close(app);
	return code;
}

int main(int argc, char **argv)
{
	struct fnl_options options;
	struct fnl_error why = {0, ""};
	bool check_only = false;
	int rc = fnl_options_parse(argc, argv, &options, &why);
	for (int i = 0; !rc && i < options.rest_count; i++) {
		if (strcmp(options.rest[i], "--check") == 0) {
			check_only = true;
		} else {
			rc = fnl_fail(&why, FNL_E_ARGUMENT, "\"%.60s\" is not understood; `funneld --help` tells more",
			              options.rest[i]);
		}
	}
	if (rc) {
		fprintf(stderr, "funneld: %s\n", why.text);
		return FNL_EXIT_USAGE;
	}
	if (options.version) {
		printf("funneld %s\n", FNL_VERSION);
		return FNL_EXIT_OK;
	}
	if (options.help) {
		help(stdout);
		return FNL_EXIT_OK;
	}
	return serve(&options, check_only);
}
