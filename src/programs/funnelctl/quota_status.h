/* The quota runs, over all partitions of the rep stage. */
#ifndef FUNNELCTL_QUOTA_STATUS_H
#define FUNNELCTL_QUOTA_STATUS_H

#include "app.h"
#include "view_record.h"

/* Tells them; returns the exit code. */
int fnl_quota_status(struct fnl_app *app);

#endif
