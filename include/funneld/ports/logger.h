/* Port: what happened, for operators. Lines go to stderr; never a payload, never a secret. */
#ifndef FUNNELD_PORTS_LOGGER_H
#define FUNNELD_PORTS_LOGGER_H

#include "funneld/base/status.h"

enum fnl_level { FNL_DEBUG, FNL_INFO, FNL_WARN, FNL_ERROR };

struct fnl_logger {
	void *context;
	enum fnl_level level_min;
	void (*line)(void *context, enum fnl_level level, const char *text); /* thread safe */
};

/* A NULL logger is silent. */
void fnl_log_line(const struct fnl_logger *l, enum fnl_level level, const char *fmt, ...) FNL_PRINTF(3, 4);

#endif
