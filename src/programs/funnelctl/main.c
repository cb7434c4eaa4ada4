/* funnelctl: one file a subcommand; here are the table of them, the shared options and the help. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "options.h"
#include "signals.h"

static const struct fnl_command *const commands[] = {
	&fnl_cmd_topics,  &fnl_cmd_import, &fnl_cmd_simulate,    &fnl_cmd_funnel,   &fnl_cmd_show,   &fnl_cmd_stalls,
	&fnl_cmd_inspect, &fnl_cmd_answer, &fnl_cmd_quota,       &fnl_cmd_handover, &fnl_cmd_task,   &fnl_cmd_successor,
	&fnl_cmd_review,  &fnl_cmd_revise, &fnl_cmd_territories, &fnl_cmd_propose,  &fnl_cmd_accept, &fnl_cmd_performance,
	&fnl_cmd_tail,    &fnl_cmd_wait,   &fnl_cmd_verify,      &fnl_cmd_repair,   &fnl_cmd_rules,  &fnl_cmd_replay,
	&fnl_cmd_export,  &fnl_cmd_config,
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

int fnl_usage_error(const struct fnl_command *c, const char *fmt, ...)
{
	va_list args;
	fprintf(stderr, "funnelctl %s: ", c->name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\nusage: %s\n", c->usage);
	return FNL_EXIT_USAGE;
}

static void help_of_all(FILE *out)
{
	fputs("usage: funnelctl [options] COMMAND …\n\ncommands:\n", out);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		fprintf(out, "  %-11s %s\n", commands[i]->name, commands[i]->summary);
	}
	fputs("\n`funnelctl COMMAND --help` tells more. Data goes to standard output, talk to standard error.\n\n", out);
	fnl_options_help(out);
	fputc('\n', out);
	fnl_settings_help(out);
	fputc('\n', out);
	fnl_exit_codes_help(out);
}

static void help_of(const struct fnl_command *c, FILE *out)
{
	fprintf(out, "%s\n\nusage: %s\n\n", c->summary, c->usage);
	fnl_options_help(out);
}

static const struct fnl_command *command_of(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i]->name, name) == 0) {
			return commands[i];
		}
	}
	return NULL;
}

static int unknown_command(const char *name)
{
	const char *nearest = NULL;
	size_t least = strlen(name) / 2 + 1;
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		size_t d = fnl_word_distance(name, commands[i]->name);
		if (d < least) {
			least = d;
			nearest = commands[i]->name;
		}
	}
	fprintf(stderr, "funnelctl: there is no command \"%.60s\"", name);
	if (nearest) {
		fprintf(stderr, "; did you mean %s?\n", nearest);
	} else {
		fputs("; `funnelctl --help` lists them\n", stderr);
	}
	return FNL_EXIT_USAGE;
}

static int run(const struct fnl_command *c, const struct fnl_options *o)
{
	struct fnl_app *app = NULL;
	struct fnl_error why = {0, ""};
	fnl_signals_install();
	int rc = fnl_app_open(&o->app, &app, &why);
	if (rc) {
		return fnl_app_fail(NULL, fnl_exit_code(rc), &why);
	}
	if (strcmp(fnl_settings_origin(app->settings, "log.level"), "default") == 0) {
		app->logger.level_min = FNL_WARN; /* a tool is quieter than a daemon */
	}
	int code = c->run(app, o->rest_count, o->rest);
	fnl_app_close(app);
	/* who closed the pipe has seen enough */
	if (fflush(stdout) != 0 && errno != EPIPE && code == FNL_EXIT_OK) {
		fputs("funnelctl: standard output cannot be written\n", stderr);
		code = FNL_EXIT_INTERNAL;
	}
	return code;
}

int main(int argc, char **argv)
{
	struct fnl_options options;
	struct fnl_error why = {0, ""};
	if (fnl_options_parse(argc, argv, &options, &why)) {
		fprintf(stderr, "funnelctl: %s\n", why.text);
		return FNL_EXIT_USAGE;
	}
	if (options.version) {
		printf("funnelctl %s\n", FNL_VERSION);
		return FNL_EXIT_OK;
	}
	if (options.rest_count == 0) {
		help_of_all(options.help ? stdout : stderr);
		return options.help ? FNL_EXIT_OK : FNL_EXIT_USAGE;
	}
	const struct fnl_command *c = command_of(options.rest[0]);
	if (!c) {
		return unknown_command(options.rest[0]);
	}
	if (options.help) {
		help_of(c, stdout);
		return FNL_EXIT_OK;
	}
	return run(c, &options);
}
