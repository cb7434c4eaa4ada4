#include "funneld/ports/logger.h"
#include "funneld/ports/record.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_BYTES_MAX = 1024 };

void fnl_log_line(const struct fnl_logger *l, enum fnl_level level, const char *fmt, ...)
{
	char text[LINE_BYTES_MAX];
	va_list args;

	if (!l || !l->line || level < l->level_min) {
		return;
	}
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n >= 0) {
		l->line(l->context, level, text);
	}
}

struct fnl_span fnl_record_header(const struct fnl_record *r, const char *name)
{
	struct fnl_span wanted = fnl_span_str(name);
	for (size_t i = r->header_count; i > 0; i--) {
		if (fnl_span_eq(r->headers[i - 1].name, wanted)) {
			return r->headers[i - 1].value;
		}
	}
	return FNL_SPAN_NONE;
}
