/* The board of a handover, for `handover` and `show handover`. */
#ifndef FUNNELCTL_SHOW_HANDOVER_H
#define FUNNELCTL_SHOW_HANDOVER_H

#include "publish.h"

/* rep: an id. all: all tasks. An exit code, with its text told. */
int fnl_show_handover(struct fnl_app *app, const char *rep, bool all);

#endif
