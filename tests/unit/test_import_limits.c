/* As many cells, as long a row and as many entries of a map as there may be; and one more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "import_csv.h"
#include "import_map.h"

enum { TEXT_BYTES = FNL_CSV_ROW_BYTES_MAX + 4096 };

static char text[TEXT_BYTES];

struct seen {
	size_t rows;
	size_t cells; /* of the first one */
	char malformed[64];
	uint64_t last_line;
};

static int look(void *context, const struct fnl_csv_row *row)
{
	struct seen *s = context;
	if (s->rows++ == 0) {
		s->cells = row->cell_count;
		(void)snprintf(s->malformed, sizeof(s->malformed), "%s", row->malformed ? row->malformed : "");
	}
	s->last_line = row->line;
	return 0;
}

static FILE *file_of(const char *content)
{
	FILE *f = tmpfile();
	assert_non_null(f);
	assert_true(fputs(content, f) >= 0);
	rewind(f);
	return f;
}

/* What follows is read all the same. */
static struct seen read_text(void)
{
	struct seen s = {.rows = 0};
	FILE *f = file_of(text);
	assert_int_equal(fnl_csv_read(f, look, &s), 0);
	fclose(f);
	assert_int_equal(s.rows, 2);
	assert_int_equal(s.last_line, 2);
	return s;
}

static void cells(void **state)
{
	(void)state;
	for (size_t more = 0; more < 2; more++) {
		size_t len = 0;
		for (size_t i = 1; i < FNL_CSV_CELLS_MAX + more; i++) {
			len += (size_t)snprintf(text + len, TEXT_BYTES - len, "x,");
		}
		(void)snprintf(text + len, TEXT_BYTES - len, "x\nanother\n");
		struct seen s = read_text();
		assert_int_equal(s.cells, more ? 0 : FNL_CSV_CELLS_MAX);
		assert_string_equal(s.malformed, more ? "more than 256 cells in a row" : "");
	}
}

static void bytes_of_a_row(void **state)
{
	(void)state;
	for (size_t parts = 1; parts < 4; parts++) { /* cells; what is between them does not count */
		for (size_t more = 0; more < 2; more++) {
			size_t len = FNL_CSV_ROW_BYTES_MAX + more + parts - 1;
			memset(text, 'x', len);
			for (size_t i = 1; i < parts; i++) {
				text[i * (len / parts)] = ',';
			}
			(void)snprintf(text + len, TEXT_BYTES - len, "\nanother\n");
			struct seen s = read_text();
			assert_int_equal(s.cells, more ? 0 : parts);
			assert_int_equal(strncmp(s.malformed, "longer than 1 MiB", 17) == 0, more);
		}
	}
}

static void entries_of_a_map(void **state)
{
	(void)state;
	for (size_t more = 0; more < 2; more++) {
		struct fnl_arena arena;
		struct fnl_import_map map = {0};
		struct fnl_error why = {0};
		size_t len = (size_t)snprintf(text, TEXT_BYTES, "[values stage]\n");
		for (size_t i = 0; i < FNL_IMPORT_MAP_ENTRIES_MAX + more; i++) {
			len += (size_t)snprintf(text + len, TEXT_BYTES - len, "v%zu = x\n", i);
		}
		fnl_arena_init(&arena, 8 << 20);
		FILE *f = file_of(text);
		assert_int_equal(fnl_import_map_read(f, "map", &arena, &map, &why), more ? FNL_E_INVALID : 0);
		fclose(f);
		assert_int_equal(map.count, more ? 0 : FNL_IMPORT_MAP_ENTRIES_MAX);
		assert_int_equal(strstr(why.text, "more than 1024 entries") != NULL, more);
		fnl_arena_deinit(&arena);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells),
		cmocka_unit_test(bytes_of_a_row),
		cmocka_unit_test(entries_of_a_map),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
