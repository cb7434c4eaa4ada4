#include "options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The value of an option given as "--name value" or "--name=value"; *at moves on. NULL: not this option, or no value.
 */
static const char *value_of(const char *name, int argc, char **argv, int *at, bool *ret_matched)
{
	size_t len = strlen(name);
	*ret_matched = strncmp(argv[*at], name, len) == 0 && (argv[*at][len] == '\0' || argv[*at][len] == '=');
	if (!*ret_matched) {
		return NULL;
	}
	if (argv[*at][len] == '=') {
		return argv[*at] + len + 1;
	}
	return *at + 1 < argc ? argv[++*at] : NULL;
}

/* 1: a shared option, 0: none of them, or an error. */
static int take(int argc, char **argv, int *at, struct fnl_options *o, struct fnl_error *why)
{
	bool matched;
	const char *text = argv[*at];
	const char *value = value_of("--config", argc, argv, at, &matched);
	if (matched) {
		o->app.config_path = value;
		return value ? 1 : fnl_fail(why, FNL_E_ARGUMENT, "--config wants a file");
	}
	value = value_of("--set", argc, argv, at, &matched);
	if (matched) {
		if (!value || !strchr(value, '=')) {
			return fnl_fail(why, FNL_E_ARGUMENT, "--set wants key=value, such as --set clock=event");
		}
		if (o->app.set_count == FNL_OPTION_SETS_MAX) {
			return fnl_fail(why, FNL_E_ARGUMENT, "more than %d times --set; put them into a file for --config",
			                FNL_OPTION_SETS_MAX);
		}
		o->sets[o->app.set_count++] = value;
		return 1;
	}
	if (strcmp(text, "--json") == 0) {
		o->app.json = true;
	} else if (strcmp(text, "--no-color") == 0) {
		o->app.color = false;
	} else if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0) {
		o->help = true;
	} else if (strcmp(text, "--version") == 0) {
		o->version = true;
	} else {
		return 0;
	}
	return 1;
}

int fnl_options_parse(int argc, char **argv, struct fnl_options *ret, struct fnl_error *why)
{
	memset(ret, 0, sizeof(*ret));
	ret->app.sets = ret->sets;
	ret->app.color = isatty(STDOUT_FILENO) == 1;
	ret->rest = argv + 1;
	bool looking = true;
	for (int at = 1; at < argc; at++) {
		if (looking && strcmp(argv[at], "--") == 0) {
			looking = false;
			continue;
		}
		int rc = looking ? take(argc, argv, &at, ret, why) : 0;
		if (rc < 0) {
			return rc;
		}
		if (rc == 0) {
			ret->rest[ret->rest_count++] = argv[at];
		}
	}
	return 0;
}

bool fnl_year_parse(const char *text, int32_t *ret)
{
	char *end;
	long year = strtol(text, &end, 10);
	if (*text == '\0' || *end != '\0' || year < 1970 || year > 2199) {
		return false;
	}
	*ret = (int32_t)year;
	return true;
}

void fnl_options_help(FILE *out)
{
	fputs("options:\n"
	      "  --config FILE      settings as INI (sections are joined to keys by a dot)\n"
	      "  --set KEY=VALUE    one setting; wins over environment (FUNNELD_KEY_WITH_UNDERSCORES) and file\n"
	      "  --json             for machines: JSON on standard output\n"
	      "  --no-color         no colors on a terminal\n"
	      "  --help, --version\n",
	      out);
}

void fnl_settings_help(FILE *out)
{
	fputs("settings:\n", out);
	for (const struct fnl_param *p = fnl_params(); p->key; p++) {
		if (strncmp(p->key, "topic.", 6) == 0 && strchr(p->key + 6, '.')) {
			continue; /* one a topic: one line for all is enough */
		}
		fprintf(out, "  %-28s %s%s%s%s\n", p->key, p->help, p->fallback && *p->fallback ? " (default " : "",
		        p->fallback ? p->fallback : "", p->fallback && *p->fallback ? ")" : "");
	}
	fprintf(out, "  %-28s %s\n", "topic.<default name>",
	        "the topic's whole name, instead of topic.prefix and the default name");
}

void fnl_exit_codes_help(FILE *out)
{
	fputs("exit codes:\n", out);
#define FNL_X(name, code, text) fprintf(out, "  %3d  %s\n", code, text);
	FNL_EXIT_TABLE(FNL_X)
#undef FNL_X
}
