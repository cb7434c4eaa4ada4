/* The options that all programs share. They may stand before and after a subcommand. */
#ifndef FNL_PROGRAMS_OPTIONS_H
#define FNL_PROGRAMS_OPTIONS_H

#include <stdio.h>

#include "app.h"

enum { FNL_OPTION_SETS_MAX = 128 };

struct fnl_options {
	struct fnl_app_options app; /* sets points into the array below */
	const char *sets[FNL_OPTION_SETS_MAX];
	bool help;
	bool version;
	/* what is left, in order; rest[0] is the first that is no shared option */
	int rest_count;
	char **rest;
};

/* --config FILE, --set KEY=VALUE (many), --json, --no-color, --help or -h, --version; "--" ends the looking. argv's
 * pointers are moved so that rest lies in it. FNL_E_ARGUMENT with *why (a usage error: exit 2). */
int fnl_options_parse(int argc, char **argv, struct fnl_options *ret, struct fnl_error *why) FNL_MUST_USE;

/* A fiscal year from 1970 to 2199. */
bool fnl_year_parse(const char *text, int32_t *ret);

/* Their help, and with it the table of settings or of exit codes. */
void fnl_options_help(FILE *out);
void fnl_settings_help(FILE *out);
void fnl_exit_codes_help(FILE *out);

#endif
