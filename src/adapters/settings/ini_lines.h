/* INI text to entries with line numbers, over libinih. Sections and keys of at most FNL_INI_NAME_BYTES_MAX bytes;
 * values as long as a line; no continuation lines; comments begin with ';' or '#' at a line's start, or with ';' after
 * a blank. */
#ifndef FNL_SETTINGS_INI_H
#define FNL_SETTINGS_INI_H

#include "funneld/base/span.h"
#include "funneld/base/status.h"

enum { FNL_INI_NAME_BYTES_MAX = 128, FNL_INI_LINE_BYTES_MAX = 8192 };

struct fnl_ini_visitor {
	void *context;
	/* section is "" before the first one. Returns 0 or a status, which ends the reading. */
	int (*entry)(void *context, int line, const char *section, const char *key, const char *value);
	/* A line that is no INI; reading goes on. */
	void (*bad)(void *context, int line, const char *what);
};

/* 0, the status of entry, or FNL_E_NOMEM. */
int fnl_ini_read(struct fnl_span text, const struct fnl_ini_visitor *visitor) FNL_MUST_USE;

#endif
