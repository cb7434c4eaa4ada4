/* Adapters of the machine: clocks, name-based ids, log lines on a stream, random seeds of nothing. */
#ifndef FUNNELD_ADAPTERS_SYS_H
#define FUNNELD_ADAPTERS_SYS_H

#include <stdio.h>

#include "funneld/ports/clock.h"
#include "funneld/ports/ids.h"
#include "funneld/ports/logger.h"

const struct fnl_clock *fnl_sys_clock(void); /* CLOCK_REALTIME, CLOCK_MONOTONIC; static */
const struct fnl_ids *fnl_sys_ids(void);     /* libuuid; static, thread safe */

/* Lines "2026-01-31T08:00:00.000Z INFO text" to out (borrowed), one write a line. */
struct fnl_logger fnl_sys_logger(FILE *out, enum fnl_level level_min);

#endif
