#include "golden.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fnl_golden_add(struct fnl_golden *g, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	va_list again;
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0) {
		abort();
	}
	if (g->len + (size_t)len + 1 > g->room) {
		g->room = 2 * (g->len + (size_t)len + 1);
		g->text = realloc(g->text, g->room);
		if (!g->text) {
			abort();
		}
	}
	if (vsnprintf(g->text + g->len, (size_t)len + 1, fmt, again) != len) {
		abort();
	}
	va_end(again);
	g->len += (size_t)len;
}

static char *file_text(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	if (f && fseek(f, 0, SEEK_END) == 0) {
		long size = ftell(f);
		text = size >= 0 && fseek(f, 0, SEEK_SET) == 0 ? calloc((size_t)size + 1, 1) : NULL;
		if (text && fread(text, 1, (size_t)size, f) != (size_t)size) {
			free(text);
			text = NULL;
		}
	}
	if (f && fclose(f) != 0) {
		abort();
	}
	return text;
}

static size_t line_len(const char *at)
{
	return strcspn(at, "\n");
}

static size_t differing_lines(const char *expected, const char *actual)
{
	size_t count = 0;
	for (int line = 1; *expected || *actual; line++) {
		size_t e = line_len(expected);
		size_t a = line_len(actual);
		if (e != a || memcmp(expected, actual, e) != 0 || !*expected != !*actual) {
			if (count++ < 20) {
				fprintf(stderr, "line %d\n  file: %.*s\n  code: %.*s\n", line, (int)e, expected, (int)a, actual);
			}
		}
		expected += e + (expected[e] == '\n');
		actual += a + (actual[a] == '\n');
	}
	return count;
}

static size_t write_anew(const struct fnl_golden *g, const char *path)
{
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(g->text, 1, g->len, f) != g->len || fclose(f) != 0) {
		fprintf(stderr, "%s cannot be written\n", path);
		return 1;
	}
	return 0;
}

size_t fnl_golden_compare(struct fnl_golden *g, const char *path)
{
	const char *anew = getenv("FNL_GOLDEN_WRITE");
	size_t count;
	fnl_golden_add(g, "%s", "");
	if (anew && strcmp(anew, "1") == 0) {
		count = write_anew(g, path);
	} else {
		char *expected = file_text(path);
		count = differing_lines(expected ? expected : "", g->text);
		if (count > 0) {
			fprintf(stderr, "%zu lines differ from %s\n", count, path);
		}
		free(expected);
	}
	free(g->text);
	*g = (struct fnl_golden){0};
	return count;
}
