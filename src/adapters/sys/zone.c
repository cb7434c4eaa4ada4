/* A zone's clock, by what the C library says of it. It knows one zone a process, in a variable of the environment: so a
 * child looks, and tells through a pipe. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "funneld/adapters/sys.h"

/* No zone has changed its clock twice within it. */
enum { STEP_S = 6 * 3600 };

/* The file, after it was seen to be one that the C library reads: else it would take UTC without a word. */
static int find_file(const char *dir, const char *zone, char *path, size_t size, struct fnl_error *why)
{
	char head[4] = "";
	int len = snprintf(path, size, ":%s/%s", dir, zone);
	if (len < 0 || (size_t)len >= size) {
		return fnl_fail(why, FNL_E_ARGUMENT, "the zone's name '%.100s' is too long", zone);
	}
	if (access(dir, R_OK | X_OK) != 0) {
		return fnl_fail(why, FNL_E_ARGUMENT,
		                "this machine has no time zone data in %.200s (%s): install the package tzdata", dir,
		                strerror(errno));
	}
	FILE *file = fopen(path + 1, "rbe");
	bool good = file && fread(head, 1, sizeof(head), file) == sizeof(head) && memcmp(head, "TZif", 4) == 0;
	if (file) {
		fclose(file);
	}
	return good ? 0
	            : fnl_fail(
					  why, FNL_E_ARGUMENT,
					  "no zone '%.100s' in the time zone data, %.200s: names are written as in Europe/Berlin; older "
					  "ones are in the package tzdata-legacy",
					  zone, dir);
}

static bool offset_at(int64_t s, int32_t *ret)
{
	time_t at = (time_t)s;
	struct tm t;
	if (!localtime_r(&at, &t)) {
		return false;
	}
	*ret = (int32_t)t.tm_gmtoff;
	return true;
}

/* The first second after low_s that has not low's offset; high_s is one. */
static bool find_change(int64_t low_s, int64_t high_s, int32_t low, int64_t *ret_s)
{
	while (high_s - low_s > 1) {
		int64_t middle_s = low_s + (high_s - low_s) / 2;
		int32_t middle;
		if (!offset_at(middle_s, &middle)) {
			return false;
		}
		if (middle == low) {
			low_s = middle_s;
		} else {
			high_s = middle_s;
		}
	}
	*ret_s = high_s;
	return true;
}

static bool tell(int fd, int64_t s, int32_t offset_s)
{
	struct fnl_zone_change change;
	memset(&change, 0, sizeof(change));
	change.from_ms = s * 1000;
	change.offset_s = offset_s;
	/* less than PIPE_BUF: whole or not at all */
	return write(fd, &change, sizeof(change)) == (ssize_t)sizeof(change);
}

/* In the child, whose time zone it is. */
static bool look(int fd, const char *tz, int64_t from_s, int64_t until_s)
{
	int32_t now, next;
	if (setenv("TZ", tz, 1) != 0) {
		return false;
	}
	tzset();
	if (!offset_at(from_s, &now) || !tell(fd, from_s, now)) {
		return false;
	}
	for (int64_t s = from_s; s < until_s - 1; s += STEP_S) {
		int64_t change_s;
		int64_t next_s = s + STEP_S < until_s - 1 ? s + STEP_S : until_s - 1;
		if (!offset_at(next_s, &next)) {
			return false;
		}
		if (next != now && (!find_change(s, next_s, now, &change_s) || !tell(fd, change_s, next))) {
			return false;
		}
		now = next;
	}
	return true;
}

/* What the child tells, to its end; how many there were, also beyond capacity. */
static bool hear(int fd, struct fnl_zone_change *ret, size_t capacity, size_t *ret_count)
{
	struct fnl_zone_change change;
	size_t got = 0;
	for (*ret_count = 0;;) {
		ssize_t n = read(fd, (char *)&change + got, sizeof(change) - got);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return n == 0 && got == 0;
		}
		got += (size_t)n;
		if (got == sizeof(change)) {
			if (*ret_count < capacity) {
				ret[*ret_count] = change;
			}
			++*ret_count;
			got = 0;
		}
	}
}

int fnl_zone_read(const char *dir, const char *zone, int64_t from_ms, int64_t until_ms, struct fnl_zone_change *ret,
                  size_t capacity, size_t *ret_count, struct fnl_error *why)
{
	char path[PATH_MAX];
	int ends[2];
	int status = -1;
	int rc = find_file(dir, zone, path, sizeof(path), why);
	if (rc) {
		return rc;
	}
	if (pipe(ends) != 0) {
		return fnl_fail(why, FNL_E_IO, "pipe: %s", strerror(errno));
	}
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		_exit(look(ends[1], path, from_ms / 1000, until_ms / 1000) ? 0 : 1);
	}
	int failed = child < 0 ? errno : 0;
	close(ends[1]);
	size_t count = 0;
	bool heard = child > 0 && hear(ends[0], ret, capacity, &count);
	close(ends[0]);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
	}
	if (!heard || status != 0 || count == 0) {
		return fnl_fail(why, FNL_E_IO, "the clock of the zone '%.100s' cannot be read%s%s", zone, failed ? ": " : "",
		                failed ? strerror(failed) : "");
	}
	if (count > capacity) {
		return fnl_fail(why, FNL_E_LIMIT, "the clock of the zone '%.100s' changes %zu times, expected at most %zu",
		                zone, count - 1, capacity - 1);
	}
	*ret_count = count;
	return 0;
}
