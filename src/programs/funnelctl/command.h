/* A subcommand of funnelctl: one file each, one constant each, listed in main.c. */
#ifndef FUNNELCTL_COMMAND_H
#define FUNNELCTL_COMMAND_H

#include "app.h"

struct fnl_command {
	const char *name;
	const char *summary; /* one line for the list of commands */
	const char *usage;   /* for --help and after a usage error: lines, the first one without "usage:" */
	/* argv[0] is the command's name, the global options (--config, --set, --json, --no-color) are taken out.
	 * Returns an exit code of exit_codes.h. Data goes to stdout, talk to stderr. */
	int (*run)(struct fnl_app *app, int argc, char **argv);
};

/* A usage error: "funnelctl NAME: text", the usage, and FNL_EXIT_USAGE. */
int fnl_usage_error(const struct fnl_command *c, const char *fmt, ...) FNL_PRINTF(2, 3);

extern const struct fnl_command fnl_cmd_topics;
extern const struct fnl_command fnl_cmd_rules;
extern const struct fnl_command fnl_cmd_import;
extern const struct fnl_command fnl_cmd_simulate;
extern const struct fnl_command fnl_cmd_quota;
extern const struct fnl_command fnl_cmd_funnel;
extern const struct fnl_command fnl_cmd_show;
extern const struct fnl_command fnl_cmd_stalls;
extern const struct fnl_command fnl_cmd_inspect;
extern const struct fnl_command fnl_cmd_answer;
extern const struct fnl_command fnl_cmd_handover;
extern const struct fnl_command fnl_cmd_task;
extern const struct fnl_command fnl_cmd_successor;
extern const struct fnl_command fnl_cmd_review;
extern const struct fnl_command fnl_cmd_revise;
extern const struct fnl_command fnl_cmd_territories;
extern const struct fnl_command fnl_cmd_propose;
extern const struct fnl_command fnl_cmd_accept;
extern const struct fnl_command fnl_cmd_performance;
extern const struct fnl_command fnl_cmd_tail;
extern const struct fnl_command fnl_cmd_wait;
extern const struct fnl_command fnl_cmd_verify;
extern const struct fnl_command fnl_cmd_repair;
extern const struct fnl_command fnl_cmd_config;
extern const struct fnl_command fnl_cmd_replay;
extern const struct fnl_command fnl_cmd_export;

#endif
