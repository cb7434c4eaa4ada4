/* A rep's quota, explained: what `quota REP` and `show quota REP` show. */
#ifndef FUNNELCTL_SHOW_QUOTA_H
#define FUNNELCTL_SHOW_QUOTA_H

#include "app.h"

/* year 0: the latest one. An exit code. */
int fnl_show_quota(struct fnl_app *app, const char *rep, int32_t year);

#endif
