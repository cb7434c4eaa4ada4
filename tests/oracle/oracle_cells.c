/* What names a cell: the codes of region, industry and size. */
#include <stdio.h>

#include "oracle_cells.h"

enum { CODE_BYTES_MAX = 64 };

/* No code is an empty one. */
static size_t add_code(const json_t *code, char *ret)
{
	const char *text = json_is_string(code) ? json_string_value(code) : "";
	size_t len = json_is_string(code) ? json_string_length(code) : 0;
	bool digest = len > CODE_BYTES_MAX || text[0] == '%';
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		digest = digest || c < ' ' || c == 127 || c == '|';
	}
	if (!digest) {
		memcpy(ret, text, len + 1);
		return len;
	}
	ret[0] = '%';
	oracle_sha256((const uint8_t *)text, len, ret + 1);
	return 65;
}

char *oracle_cell_name(const json_t *of, char ret[ORACLE_CELL_BYTES])
{
	size_t n = add_code(json_object_get(of, "region"), ret);
	ret[n++] = '|';
	n += add_code(json_object_get(of, "industry"), ret + n);
	ret[n++] = '|';
	add_code(json_object_get(of, "size_focus"), ret + n);
	return ret;
}
