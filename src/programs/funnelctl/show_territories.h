/* An organisation's territories and its latest proposal: what `territories` shows, and `propose` when there is one. */
#ifndef FUNNELCTL_SHOW_TERRITORIES_H
#define FUNNELCTL_SHOW_TERRITORIES_H

#include "app.h"
#include "view_territories.h"

/* q: org and what is wanted; the rest is filled in. An exit code. */
int fnl_show_territories(struct fnl_app *app, struct fnl_territories_question *q);

/* Three capital letters. */
bool fnl_is_currency(const char *text);

#endif
