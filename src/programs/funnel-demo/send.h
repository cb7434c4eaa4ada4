/* What people send in the demo: rules, commands, an answer, a talk with a customer. */
#ifndef FUNNEL_DEMO_SEND_H
#define FUNNEL_DEMO_SEND_H

#include "world.h"

enum { SEND_COLUMNS_MAX = 16 };

/* One event as a row of the import: names[i] is the column of texts[i]. */
int send_row(struct world *w, const char *const *names, const char *const *texts, size_t count,
             struct fnl_error *why) FNL_MUST_USE;
/* To every partition of every stage. */
int send_rules(struct world *w, const char *text, int32_t version, int64_t at_ms, struct fnl_error *why) FNL_MUST_USE;

#endif
