#include "funneld/base/status.h"

#include <stdarg.h>
#include <stdio.h>

struct row {
	int code;
	enum fnl_class class;
	const char *label;
	const char *text;
};

static const struct row rows[] = {
#define FNL_X(name, value, class, label, text) {(value), FNL_CLASS_##class, label, text},
	FNL_STATUS_TABLE(FNL_X)
#undef FNL_X
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

/* The table's codes count down from 0 without a hole, which the unit test checks. */
static const struct row *row_of(int code)
{
	if (code > 0 || code <= -ROW_COUNT) {
		return NULL;
	}
	return &rows[-code];
}

const char *fnl_status_text(int code)
{
	const struct row *row = row_of(code);
	return row ? row->text : "unknown";
}

const char *fnl_status_label(int code)
{
	const struct row *row = row_of(code);
	return row ? row->label : "unknown";
}

enum fnl_class fnl_status_class(int code)
{
	const struct row *row = row_of(code);
	return row ? row->class : FNL_CLASS_STOP;
}

int fnl_fail(struct fnl_error *e, int code, const char *fmt, ...)
{
	if (e) {
		va_list args;
		e->code = code;
		va_start(args, fmt);
		if (vsnprintf(e->text, sizeof(e->text), fmt, args) < 0) {
			e->text[0] = '\0';
		}
		va_end(args);
	}
	return code;
}
