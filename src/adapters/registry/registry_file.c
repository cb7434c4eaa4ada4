/* A schema registry in a directory: registry.json and the files that it names. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include <jansson.h>

#include "funneld/adapters/registry.h"
#include "funneld/base/arena.h"
#include "funneld/base/map.h"

enum { FILE_BYTES_MAX = 1 << 20, ENTRIES_MAX = 4096 };

struct entry {
	uint32_t id;
	struct fnl_span subject;
	struct fnl_span text;
};

struct file_registry {
	struct fnl_registry base;
	struct fnl_arena arena;
	struct entry *entries; /* by id, ascending */
	size_t count;
	char text[PATH_MAX + 64];
};

static int read_file(struct fnl_arena *arena, const char *path, struct fnl_span *ret, struct fnl_error *why)
{
	FILE *f = fopen(path, "rb");
	if (!f) {
		return fnl_fail(why, errno == ENOENT ? FNL_E_NOT_FOUND : FNL_E_IO, "%s: cannot be opened: %s", path,
		                strerror(errno));
	}
	char *buffer = fnl_calloc(1, FILE_BYTES_MAX + 1);
	size_t n = buffer ? fread(buffer, 1, FILE_BYTES_MAX + 1, f) : 0;
	int failed = ferror(f);
	fclose(f);
	struct fnl_span text = buffer ? fnl_arena_dup(arena, fnl_span_of(buffer, n)) : FNL_SPAN_NONE;
	fnl_free(buffer);
	if (failed) {
		return fnl_fail(why, FNL_E_IO, "%s: cannot be read", path);
	}
	if (n > FILE_BYTES_MAX) {
		return fnl_fail(why, FNL_E_LIMIT, "%s: longer than %d bytes", path, FILE_BYTES_MAX);
	}
	if (fnl_span_is_none(text)) {
		return fnl_fail(why, FNL_E_NOMEM, "%s: out of memory", path);
	}
	*ret = text;
	return 0;
}

static int parse_json(const char *path, struct fnl_span text, json_t **ret, struct fnl_error *why)
{
	json_error_t e;
	json_t *root = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &e);
	if (!root) {
		return fnl_fail(why, FNL_E_INVALID, "%s: line %d, column %d: %s", path, e.line, e.column, e.text);
	}
	*ret = root;
	return 0;
}

/* The file must hold a record of the name that the subject ends in ("topic-com.funneld.v1.Name" or the name alone). */
static int check_schema(const char *path, struct fnl_span text, const char *subject, struct fnl_error *why)
{
	json_t *root = NULL;
	int rc = parse_json(path, text, &root, why);
	if (rc != 0) {
		return rc;
	}
	const char *type = json_string_value(json_object_get(root, "type"));
	const char *name = json_string_value(json_object_get(root, "name"));
	const char *space = json_string_value(json_object_get(root, "namespace"));
	char full[512];
	snprintf(full, sizeof(full), "%s%s%s", space ? space : "", space ? "." : "", name ? name : "");
	size_t n = strlen(full), m = strlen(subject);
	if (!type || strcmp(type, "record") != 0 || !name) {
		rc = fnl_fail(why, FNL_E_INVALID, "%s: a schema of a record with a name is expected", path);
	} else if (m < n || strcmp(subject + m - n, full) != 0 || (m > n && subject[m - n - 1] != '-')) {
		rc = fnl_fail(why, FNL_E_INVALID, "%s: holds the record %s, but registry.json has it as subject %s", path, full,
		              subject);
	}
	json_decref(root);
	return rc;
}

static int read_entry(struct file_registry *r, const char *directory, size_t index, json_t *item, struct fnl_error *why)
{
	char path[PATH_MAX];
	json_t *id = json_object_get(item, "id");
	const char *subject = json_string_value(json_object_get(item, "subject"));
	const char *file = json_string_value(json_object_get(item, "file"));
	if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) > UINT32_MAX || !subject ||
	    !file || !*file || strchr(file, '/')) {
		return fnl_fail(why, FNL_E_INVALID,
		                "%s/registry.json: entry %zu: {\"id\": 0 to %u, \"subject\": text, "
		                "\"file\": a name without '/'} is expected",
		                directory, index + 1, UINT32_MAX);
	}
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, file) >= sizeof(path)) {
		return fnl_fail(why, FNL_E_LIMIT, "%s/registry.json: entry %zu: the path is too long", directory, index + 1);
	}
	struct entry *e = &r->entries[r->count];
	e->id = (uint32_t)json_integer_value(id);
	for (size_t i = 0; i < r->count; i++) {
		if (r->entries[i].id == e->id) {
			return fnl_fail(why, FNL_E_INVALID, "%s/registry.json: id %u is given twice", directory, e->id);
		}
	}
	int rc = read_file(&r->arena, path, &e->text, why);
	if (rc == 0) {
		rc = check_schema(path, e->text, subject, why);
	}
	e->subject = fnl_arena_dup(&r->arena, fnl_span_str(subject));
	if (rc == 0 && fnl_span_is_none(e->subject)) {
		rc = fnl_fail(why, FNL_E_NOMEM, "%s: out of memory", path);
	}
	if (rc == 0) {
		r->count++;
	}
	return rc;
}

static void sort(struct file_registry *r)
{
	for (size_t i = 1; i < r->count; i++) {
		struct entry e = r->entries[i];
		size_t at = i;
		for (; at > 0 && r->entries[at - 1].id > e.id; at--) {
			r->entries[at] = r->entries[at - 1];
		}
		r->entries[at] = e;
	}
}

static int load(struct file_registry *r, const char *directory, struct fnl_error *why)
{
	char path[PATH_MAX];
	struct fnl_span text = FNL_SPAN_NONE;
	json_t *root = NULL, *item;
	size_t i;
	if ((size_t)snprintf(path, sizeof(path), "%s/registry.json", directory) >= sizeof(path)) {
		return fnl_fail(why, FNL_E_LIMIT, "the schema directory's path is too long");
	}
	int rc = read_file(&r->arena, path, &text, why);
	if (rc == 0) {
		rc = parse_json(path, text, &root, why);
	}
	if (rc != 0) {
		return rc;
	}
	if (!json_is_array(root) || json_array_size(root) == 0 || json_array_size(root) > ENTRIES_MAX) {
		rc = fnl_fail(why, FNL_E_INVALID, "%s: a list of 1 to %d schemas is expected", path, ENTRIES_MAX);
	} else {
		r->entries = fnl_arena_calloc(&r->arena, json_array_size(root), sizeof(*r->entries));
		rc = r->entries ? 0 : fnl_fail(why, FNL_E_NOMEM, "%s: out of memory", path);
	}
	if (rc == 0 && r->entries) {
		json_array_foreach(root, i, item)
		{
			rc = read_entry(r, directory, i, item, why);
			if (rc < 0) {
				break;
			}
		}
	}
	json_decref(root);
	sort(r);
	return rc;
}

static int schema(struct fnl_registry *base, uint32_t id, struct fnl_span *ret_text)
{
	struct file_registry *r = FNL_CONTAINER_OF(base, struct file_registry, base);
	size_t low = 0, high = r->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (r->entries[middle].id == id) {
			*ret_text = r->entries[middle].text;
			return 0;
		}
		if (r->entries[middle].id < id) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return FNL_E_NOT_FOUND;
}

/* The latest id wins, should one text have several. */
static int id_of(struct fnl_registry *base, struct fnl_span full_name, struct fnl_span text, uint32_t *ret_id)
{
	struct file_registry *r = FNL_CONTAINER_OF(base, struct file_registry, base);
	for (size_t i = r->count; i-- > 0;) {
		struct fnl_span subject = r->entries[i].subject;
		bool named = subject.len >= full_name.len &&
		             memcmp(subject.data + subject.len - full_name.len, full_name.data, full_name.len) == 0;
		if (named && fnl_span_eq(r->entries[i].text, text)) {
			*ret_id = r->entries[i].id;
			return 0;
		}
	}
	return FNL_E_NOT_FOUND;
}

static const char *explain(struct fnl_registry *base)
{
	return FNL_CONTAINER_OF(base, struct file_registry, base)->text;
}

static void close_registry(struct fnl_registry *base)
{
	if (base) {
		struct file_registry *r = FNL_CONTAINER_OF(base, struct file_registry, base);
		fnl_arena_deinit(&r->arena);
		fnl_free(r);
	}
}

int fnl_registry_file_open(const char *directory, struct fnl_registry **ret, struct fnl_error *why)
{
	static const struct fnl_registry_ops ops = {schema, id_of, explain, close_registry};
	struct file_registry *r = fnl_calloc(1, sizeof(*r));
	if (!r) {
		return fnl_fail(why, FNL_E_NOMEM, "schema registry: out of memory");
	}
	r->base.ops = &ops;
	fnl_arena_init(&r->arena, (size_t)64 << 20);
	int rc = load(r, directory, why);
	if (rc < 0) {
		close_registry(&r->base);
		return rc;
	}
	snprintf(r->text, sizeof(r->text), "%zu schemas in %s", r->count, directory);
	*ret = &r->base;
	return 0;
}
