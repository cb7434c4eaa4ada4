/* Port: time as an input. The engine asks here and nowhere else. */
#ifndef FUNNELD_PORTS_CLOCK_H
#define FUNNELD_PORTS_CLOCK_H

#include <stdint.h>

struct fnl_clock {
	void *context;
	int64_t (*wall_ms)(void *context);      /* since the epoch, UTC */
	int64_t (*monotonic_ms)(void *context); /* for deadlines; never goes back */
	void (*sleep_ms)(void *context, int64_t ms);
};

#endif
