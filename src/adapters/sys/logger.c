/* Log lines on a stream. */
#include <time.h>

#include "funneld/adapters/sys.h"

enum { LINE_BYTES_MAX = 2048 };

/* One fwrite a line: stdio locks the stream, so lines of several threads do not mix. A line break within the text would
 * forge a second line, so control characters become blanks. */
static void line(void *context, enum fnl_level level, const char *text)
{
	static const char *const names[] = {"DEBUG", "INFO", "WARN", "ERROR"};
	char out[LINE_BYTES_MAX];
	struct timespec now = {0, 0};
	struct tm utc;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (!gmtime_r(&now.tv_sec, &utc)) {
		return;
	}
	size_t n = strftime(out, sizeof(out), "%Y-%m-%dT%H:%M:%S", &utc);
	int more = snprintf(out + n, sizeof(out) - n, ".%03dZ %s %s", (int)(now.tv_nsec / 1000000), names[level & 3], text);
	if (more < 0) {
		return;
	}
	size_t end = n + (size_t)more;
	end = end > sizeof(out) - 2 ? sizeof(out) - 2 : end;
	for (size_t i = n; i < end; i++) {
		if ((unsigned char)out[i] < ' ' || out[i] == 0x7f) {
			out[i] = ' ';
		}
	}
	out[end] = '\n';
	FILE *stream = context;
	(void)!fwrite(out, 1, end + 1, stream);
	fflush(stream);
}

struct fnl_logger fnl_sys_logger(FILE *out, enum fnl_level level_min)
{
	return (struct fnl_logger){out, level_min, line};
}
