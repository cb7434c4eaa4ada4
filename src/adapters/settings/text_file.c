#include "funneld/adapters/settings.h"

#include <errno.h>
#include <stdio.h>

#include "funneld/base/arena.h"

int fnl_text_file_read(const char *path, struct fnl_span *ret, struct fnl_error *why)
{
	FILE *file = fopen(path, "rb");
	if (!file) {
		return fnl_fail(why, FNL_E_ARGUMENT, "%.300s: %s", path, strerror(errno));
	}
	uint8_t *data = fnl_calloc(1, FNL_TEXT_FILE_BYTES_MAX + 1);
	size_t len = data ? fread(data, 1, FNL_TEXT_FILE_BYTES_MAX + 1, file) : 0;
	int rc = 0;
	if (!data) {
		rc = fnl_fail(why, FNL_E_NOMEM, "no memory for %.300s", path);
	} else if (ferror(file)) {
		rc = fnl_fail(why, FNL_E_ARGUMENT, "%.300s: cannot be read", path);
	} else if (len > FNL_TEXT_FILE_BYTES_MAX) {
		rc = fnl_fail(why, FNL_E_ARGUMENT, "%.300s: longer than %d bytes", path, FNL_TEXT_FILE_BYTES_MAX);
	}
	fclose(file);
	if (rc) {
		fnl_free(data);
		return rc;
	}
	*ret = fnl_span_of(data, len);
	return 0;
}

void fnl_text_file_free(struct fnl_span text)
{
	fnl_free((void *)(uintptr_t)text.data);
}
