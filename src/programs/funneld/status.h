/* What operators ask a worker over HTTP: /metrics and /health. */
#ifndef FUNNELD_STATUS_H
#define FUNNELD_STATUS_H

#include "lanes.h"

struct status;

/* Listens when http.listen is set, else *ret is NULL. Threads are looked at once ls->opened is true. */
int status_open(const struct lanes *ls, struct status **ret, struct fnl_error *why) FNL_MUST_USE;
/* Nobody looks at the threads after it. NULL is fine. */
void status_close(struct status *s);

#endif
