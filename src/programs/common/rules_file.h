/* A rules file, read and checked as every command does it that takes one. */
#ifndef FNL_PROGRAMS_RULES_FILE_H
#define FNL_PROGRAMS_RULES_FILE_H

#include "app.h"

struct fnl_rules_file {
	struct fnl_arena arena;
	struct fnl_span text;      /* the file's */
	struct fnl_span published; /* as it goes on the bus: with the clock of its zone */
	const struct fnl_rules *rules;
};

/* FNL_EXIT_OK, or FNL_EXIT_RULES after every error was told with file and line (with --json on standard output). To be
 * closed in any case. */
int fnl_rules_file_open(const struct fnl_app *app, const char *path, struct fnl_rules_file *ret);
void fnl_rules_file_close(struct fnl_rules_file *f);
/* FNL_EXIT_RULES, and why, when such rules cannot be put in force: no version, too long, not UTF-8. */
int fnl_rules_file_refuse(const char *path, struct fnl_span text, const struct fnl_rules *rules);

#endif
