/* The machine's clocks. */
#include <errno.h>
#include <time.h>

#include "funneld/adapters/sys.h"

static int64_t read_ms(clockid_t id)
{
	struct timespec t = {0, 0};
	/* Cannot fail for the two clocks that POSIX demands. */
	(void)clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t wall_ms(void *context)
{
	(void)context;
	return read_ms(CLOCK_REALTIME);
}

static int64_t monotonic_ms(void *context)
{
	(void)context;
	return read_ms(CLOCK_MONOTONIC);
}

/* Sleeps for the whole time, whatever signals come. */
static void sleep_ms(void *context, int64_t ms)
{
	(void)context;
	if (ms <= 0) {
		return;
	}
	struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};
	while (nanosleep(&left, &left) != 0 && errno == EINTR) {
	}
}

const struct fnl_clock *fnl_sys_clock(void)
{
	static const struct fnl_clock clock = {NULL, wall_ms, monotonic_ms, sleep_ms};
	return &clock;
}
