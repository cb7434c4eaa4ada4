/* How far a change of rules is: the version in force in each partition, and its pass over what is there already. */
#ifndef FUNNELCTL_RULES_STATUS_H
#define FUNNELCTL_RULES_STATUS_H

#include "app.h"

/* Tells it once; returns the exit code. */
int fnl_rules_tell(struct fnl_app *app);
/* 0, or why rules of this version and SHA-256 (hexadecimal) cannot follow those in force: told on stderr, with path. An
 * exit code. */
int fnl_rules_refuse_known(struct fnl_app *app, const char *path, int32_t version, const char *hash);
/* Until every partition of every stage has this version (or a later one) and has ended its pass; with progress on a
 * terminal. Tells what it found at the end. FNL_EXIT_BEHIND when the time was over. */
int fnl_rules_wait(struct fnl_app *app, int32_t version, int64_t timeout_ms);

#endif
