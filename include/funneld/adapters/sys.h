/* Adapters of the machine: clocks, name-based ids, log lines on a stream, its time zone data. */
#ifndef FUNNELD_ADAPTERS_SYS_H
#define FUNNELD_ADAPTERS_SYS_H

#include <stdio.h>

#include "funneld/base/status.h"
#include "funneld/ports/clock.h"
#include "funneld/ports/ids.h"
#include "funneld/ports/logger.h"

const struct fnl_clock *fnl_sys_clock(void); /* CLOCK_REALTIME, CLOCK_MONOTONIC; static */
const struct fnl_ids *fnl_sys_ids(void);     /* libuuid, nettle; static, thread safe */

/* Lines "2026-01-31T08:00:00.000Z INFO text" to out (borrowed), one write a line. */
struct fnl_logger fnl_sys_logger(FILE *out, enum fnl_level level_min);

/* From here on the clocks of a zone show UTC + offset_s. */
struct fnl_zone_change {
	int64_t from_ms;
	int32_t offset_s;
};

#define FNL_ZONEINFO_DIR "/usr/share/zoneinfo"

/* What the clocks of a zone such as "Europe/Berlin" show from from_ms on (ret[0]), and each change of it before
 * until_ms, by the time zone data in dir (an absolute path). This process's own time zone is left alone.
 * FNL_E_ARGUMENT: there is no such data, or no such zone. FNL_E_LIMIT: more than capacity. */
int fnl_zone_read(const char *dir, const char *zone, int64_t from_ms, int64_t until_ms, struct fnl_zone_change *ret,
                  size_t capacity, size_t *ret_count, struct fnl_error *why) FNL_MUST_USE;

#endif
