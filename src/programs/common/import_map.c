/* libinih hands over keys without their lines, so lines are counted by the reader that feeds it. */
#include "import_map.h"

#include <ctype.h>
#include <ini.h>

struct map_reader {
	FILE *in;
	const char *name;
	struct fnl_arena *arena;
	struct fnl_import_map map;
	int line;
	struct fnl_error *why;
	int status;
};

bool fnl_text_eq(struct fnl_span a, struct fnl_span b)
{
	if (a.len != b.len) {
		return false;
	}
	for (size_t i = 0; i < a.len; i++) {
		if (tolower(a.data[i]) != tolower(b.data[i])) {
			return false;
		}
	}
	return true;
}

static char *read_line(char *line, int size, void *context)
{
	struct map_reader *r = context;
	if (r->status || !fgets(line, size, r->in)) {
		return NULL;
	}
	size_t len = strlen(line);
	r->line++;
	if (len + 1 == (size_t)size && line[len - 1] != '\n') {
		r->status =
			fnl_fail(r->why, FNL_E_INVALID, "%s:%d: the line is longer than %d bytes", r->name, r->line, size - 2);
		return NULL;
	}
	return line;
}

/* A copy with a NUL behind it. */
static struct fnl_span copy(struct map_reader *r, const char *text, size_t len)
{
	char *p = fnl_arena_alloc(r->arena, len + 1);
	if (!p) {
		r->status = fnl_fail(r->why, FNL_E_NOMEM, "%s: out of memory", r->name);
		return FNL_SPAN_NONE;
	}
	memcpy(p, text, len);
	p[len] = '\0';
	return fnl_span_of(p, len);
}

static void add(struct map_reader *r, enum fnl_import_map_kind kind, struct fnl_span column, struct fnl_span from,
                struct fnl_span to)
{
	if (r->status) {
		return;
	}
	if (r->map.count == FNL_IMPORT_MAP_ENTRIES_MAX) {
		r->status = fnl_fail(r->why, FNL_E_INVALID, "%s:%d: more than %d entries", r->name, r->line,
		                     FNL_IMPORT_MAP_ENTRIES_MAX);
		return;
	}
	r->map.entries[r->map.count++] = (struct fnl_import_map_entry){kind, column, from, to, r->line};
}

static void add_ignored(struct map_reader *r, const char *value)
{
	while (*value && !r->status) {
		size_t len = strcspn(value, ";,");
		const char *next = value + len + (value[len] != '\0');
		while (len && isspace((unsigned char)*value)) {
			value++;
			len--;
		}
		while (len && isspace((unsigned char)value[len - 1])) {
			len--;
		}
		if (len == 1 && *value == '*') {
			r->map.ignore_unknown = true;
		} else if (len) {
			add(r, FNL_IMPORT_MAP_COLUMN, FNL_SPAN_LIT(""), copy(r, value, len), FNL_SPAN_NONE);
		}
		value = next;
	}
}

static int on_key(void *context, const char *section, const char *key, const char *value)
{
	struct map_reader *r = context;
	if (r->status) {
		return 0;
	}
	struct fnl_span k = copy(r, key, strlen(key));
	struct fnl_span v = copy(r, value, strlen(value));
	if (strcmp(section, "") == 0 && strcmp(key, "ignore") == 0) {
		add_ignored(r, value);
	} else if (strcmp(section, "columns") == 0) {
		bool ignored = strcmp(value, "ignore") == 0;
		add(r, FNL_IMPORT_MAP_COLUMN, ignored ? FNL_SPAN_LIT("") : v, k, FNL_SPAN_NONE);
	} else if (strcmp(section, "constants") == 0) {
		add(r, FNL_IMPORT_MAP_CONSTANT, k, FNL_SPAN_NONE, v);
	} else if (strcmp(section, "formats") == 0) {
		add(r, FNL_IMPORT_MAP_FORMAT, k, FNL_SPAN_NONE, v);
	} else if (strncmp(section, "values ", 7) == 0) {
		section += 7 + strspn(section + 7, " ");
		add(r, FNL_IMPORT_MAP_VALUE, copy(r, section, strlen(section)), k, v);
	} else {
		r->status = fnl_fail(
			r->why, FNL_E_INVALID,
			"%s:%d: [%s] %s: expected ignore at the top, or [columns], [constants], [values COLUMN], [formats]",
			r->name, r->line, section, key);
	}
	return r->status == 0;
}

int fnl_import_map_read(FILE *in, const char *name, struct fnl_arena *arena, struct fnl_import_map *ret,
                        struct fnl_error *why)
{
	struct map_reader r = {.in = in, .name = name, .arena = arena, .why = why};
	r.map.entries = fnl_arena_calloc(arena, FNL_IMPORT_MAP_ENTRIES_MAX, sizeof(*r.map.entries));
	if (!r.map.entries) {
		return fnl_fail(why, FNL_E_NOMEM, "%s: out of memory", name);
	}
	int line = ini_parse_stream(read_line, &r, on_key, &r);
	if (r.status) {
		return r.status;
	}
	if (line != 0) {
		return fnl_fail(why, FNL_E_INVALID, "%s:%d: expected \"key = value\" or \"[section]\"", name, line);
	}
	*ret = r.map;
	return 0;
}

const struct fnl_import_map_entry *fnl_import_map_column(const struct fnl_import_map *m, struct fnl_span theirs)
{
	for (size_t i = 0; i < m->count; i++) {
		if (m->entries[i].kind == FNL_IMPORT_MAP_COLUMN && fnl_span_eq(m->entries[i].from, theirs)) {
			return &m->entries[i];
		}
	}
	return NULL;
}

const struct fnl_import_map_entry *fnl_import_map_find(const struct fnl_import_map *m, enum fnl_import_map_kind kind,
                                                       struct fnl_span column)
{
	for (size_t i = 0; i < m->count; i++) {
		if (m->entries[i].kind == kind && fnl_span_eq(m->entries[i].column, column)) {
			return &m->entries[i];
		}
	}
	return NULL;
}

struct fnl_span fnl_import_map_value(const struct fnl_import_map *m, struct fnl_span column, struct fnl_span theirs)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct fnl_import_map_entry *e = &m->entries[i];
		if (e->kind == FNL_IMPORT_MAP_VALUE && fnl_span_eq(e->column, column) && fnl_text_eq(e->from, theirs)) {
			return e->to;
		}
	}
	return theirs;
}
