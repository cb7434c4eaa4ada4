/* Generates C descriptors (include/funneld/base/record.h) from Avro schema files:
 *
 *   records_gen OUTDIR FILE.avsc…     writes OUTDIR/funneld_records.h and OUTDIR/funneld_records.c
 *
 * Each file holds one record. Named types that occur in several files (enums, nested records) must be the same in all
 * of them: a contradiction is an error, so that one constant never has two meanings. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "field_meaning.h"

enum {
	TYPES_MAX = 64,
	RECORDS_MAX = 256,
	NAME_BYTES_MAX = 128,
	FIELDS_MAX = 64,
	FILE_BYTES_MAX = 1 << 20,
	DEPTH_MAX = 4
};

/* An enum or a nested record that was met, with the C text that stands for it; that text is also what is compared. */
struct type {
	char name[NAME_BYTES_MAX];
	char *constants;  /* body of the C enum */
	char *definition; /* symbols, or field descriptors */
	const char *file; /* where it was met first */
};

struct record {
	char name[NAME_BYTES_MAX];
	char full_name[2 * NAME_BYTES_MAX];
	char *constants;
	char *definition;
	char *text;
	const char *file;
	size_t own_id; /* as in the descriptor */
};

struct gen {
	struct type enums[TYPES_MAX];
	size_t enum_count;
	struct type nested[TYPES_MAX];
	size_t nested_count;
	struct record records[RECORDS_MAX];
	size_t record_count;
	json_t *constants; /* every name given out so far → who has it */
	const char *file;  /* being read */
	const char *name_space;
	json_t *named; /* named types of this file */
};

/* One field's type, unwrapped. */
struct kind {
	const char *kind;
	const char *item_kind;
	const char *record; /* name of the nested record */
	const char *enumeration;
	json_t *symbols;
	size_t symbol_default;
	int nullable;
};

static void __attribute__((noreturn, format(printf, 2, 3))) die(const struct gen *g, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fprintf(stderr, "records_gen: %s: ", g && g->file ? g->file : "error");
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static void *checked(void *p)
{
	if (!p) {
		die(NULL, "out of memory");
	}
	return p;
}

/* ProspectChanged → prospect_changed (lower) or PROSPECT_CHANGED (upper); fields are only put in upper case. */
static const char *snake(const char *name, int upper, char out[2 * NAME_BYTES_MAX])
{
	size_t n = 0;
	for (size_t i = 0; name[i] && n + 3 < 2 * NAME_BYTES_MAX; i++) {
		if (i && isupper((unsigned char)name[i]) && islower((unsigned char)name[i - 1])) {
			out[n++] = '_';
		}
		out[n++] = (char)(upper ? toupper((unsigned char)name[i]) : tolower((unsigned char)name[i]));
	}
	out[n] = '\0';
	return out;
}

static const char *text_of(const struct gen *g, json_t *object, const char *key, const char *where)
{
	const char *s = json_string_value(json_object_get(object, key));
	if (!s || !*s || strlen(s) >= NAME_BYTES_MAX) {
		if (strcmp(key, "doc") != 0 || !s || !*s) {
			die(g, "%s: \"%s\" is missing, empty or too long", where, key);
		}
	}
	return s;
}

static const char *last_part(const char *full_name)
{
	const char *dot = strrchr(full_name, '.');
	return dot ? dot + 1 : full_name;
}

/* Claims prefix_NAME for this type; two different owners of one constant are an error. */
static void claim(struct gen *g, const char *constant, const char *owner)
{
	const char *before = json_string_value(json_object_get(g->constants, constant));
	if (before && strcmp(before, owner) != 0) {
		die(g, "constant %s would belong to both %s and %s", constant, before, owner);
	}
	json_object_set_new(g->constants, constant, json_string(owner));
}

/* Adds the type, or makes sure that it is the same as when it was met before. Takes both texts. */
static void add_type(struct gen *g, struct type *types, size_t *count, const char *name, char *constants,
                     char *definition)
{
	for (size_t i = 0; i < *count; i++) {
		if (strcmp(types[i].name, name) != 0) {
			continue;
		}
		if (strcmp(types[i].constants, constants) != 0 || strcmp(types[i].definition, definition) != 0) {
			die(g, "type %s is not the same as in %s", name, types[i].file);
		}
		free(constants);
		free(definition);
		return;
	}
	if (*count == TYPES_MAX) {
		die(g, "more than %d named types", TYPES_MAX);
	}
	struct type *t = &types[(*count)++];
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->constants = constants;
	t->definition = definition;
	t->file = g->file;
}

static void read_enum(struct gen *g, json_t *type, struct kind *k)
{
	const char *name = last_part(text_of(g, type, "name", "an enum"));
	json_t *symbols = json_object_get(type, "symbols");
	const char *fallback = text_of(g, type, "default", name);
	char prefix[2 * NAME_BYTES_MAX], constant[4 * NAME_BYTES_MAX];
	char *constants = NULL, *definition = NULL;
	size_t size, i, found = json_array_size(symbols);
	FILE *c = checked(open_memstream(&constants, &size)), *d = checked(open_memstream(&definition, &size));
	json_t *symbol;
	json_array_foreach(symbols, i, symbol)
	{
		const char *s = json_string_value(symbol);
		if (!s || strlen(s) >= NAME_BYTES_MAX) {
			die(g, "enum %s: symbol %zu is no name", name, i);
		}
		snprintf(constant, sizeof(constant), "FNL_%s_%s", snake(name, 1, prefix), s);
		claim(g, constant, name);
		fprintf(c, "\t%s,\n", constant);
		fprintf(d, "\t\"%s\",\n", s);
		found = strcmp(s, fallback) == 0 ? i : found;
	}
	snprintf(constant, sizeof(constant), "FNL_%s_COUNT", snake(name, 1, prefix));
	claim(g, constant, name);
	fprintf(c, "\t%s\n", constant);
	fprintf(d, "/* default %s */", fallback);
	fclose(c);
	fclose(d);
	if (found == json_array_size(symbols)) {
		die(g, "enum %s: the default %s is none of its symbols", name, fallback);
	}
	add_type(g, g->enums, &g->enum_count, name, constants, definition);
	k->kind = "ENUM";
	k->enumeration = name;
	k->symbols = symbols;
	k->symbol_default = found;
}

static void read_fields(struct gen *g, json_t *type, const char *name, int depth, char **ret_constants,
                        char **ret_definition);

static void read_nested(struct gen *g, json_t *type, struct kind *k, int depth)
{
	const char *name = last_part(text_of(g, type, "name", "a nested record"));
	if (depth >= DEPTH_MAX) {
		die(g, "record %s is nested deeper than %d", name, DEPTH_MAX);
	}
	if (strcmp(name, "Money") == 0) {
		json_t *f = json_object_get(type, "fields"), *amount = json_array_get(f, 0), *currency = json_array_get(f, 1);
		const char *at = json_string_value(json_object_get(amount, "type"));
		const char *ct = json_string_value(json_object_get(currency, "type"));
		if (json_array_size(f) != 2 || !at || strcmp(at, "long") != 0 || !ct || strcmp(ct, "string") != 0 ||
		    strcmp(text_of(g, amount, "name", name), "amount_minor") != 0 ||
		    strcmp(text_of(g, currency, "name", name), "currency") != 0) {
			die(g, "record Money must be {amount_minor: long, currency: string}");
		}
		k->kind = "MONEY";
		return;
	}
	char *constants, *definition;
	read_fields(g, type, name, depth + 1, &constants, &definition);
	add_type(g, g->nested, &g->nested_count, name, constants, definition);
	k->kind = "RECORD";
	k->record = name;
}

/* A primitive or a reference to a type that was defined earlier in the file. Returns the definition, or NULL. */
static json_t *resolve_name(struct gen *g, const char *name, const char *logical, struct kind *k, const char *where)
{
	static const struct {
		const char *type, *logical, *kind;
	} known[] = {
		{"boolean", "", "BOOL"},  {"int", "", "INT"},      {"long", "", "LONG"},
		{"string", "", "STRING"}, {"int", "date", "DATE"}, {"long", "timestamp-millis", "TIMESTAMP"},
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].type, name) == 0 && strcmp(known[i].logical, logical) == 0) {
			k->kind = known[i].kind;
			return NULL;
		}
	}
	char full[4 * NAME_BYTES_MAX];
	snprintf(full, sizeof(full), "%s%s%s", strchr(name, '.') ? "" : g->name_space, strchr(name, '.') ? "" : ".", name);
	json_t *type = json_object_get(g->named, full);
	if (!type) {
		die(g, "%s: unknown type %s%s%s", where, name, *logical ? " with logicalType " : "", logical);
	}
	return type;
}

static void define(struct gen *g, json_t *type, const char *where)
{
	char full[4 * NAME_BYTES_MAX];
	const char *name = text_of(g, type, "name", where);
	text_of(g, type, "doc", name);
	snprintf(full, sizeof(full), "%s%s%s", strchr(name, '.') ? "" : g->name_space, strchr(name, '.') ? "" : ".", name);
	json_t *before = json_object_get(g->named, full);
	if (before && before != type) {
		die(g, "%s: type %s is defined twice", where, full);
	}
	json_object_set(g->named, full, type);
}

static void read_type(struct gen *g, json_t *type, const char *where, int depth, struct kind *k)
{
	if (json_is_array(type)) {
		const char *first = json_string_value(json_array_get(type, 0));
		if (json_array_size(type) != 2 || !first || strcmp(first, "null") != 0 || k->nullable) {
			die(g, "%s: the only union known is [\"null\", type]", where);
		}
		k->nullable = 1;
		type = json_array_get(type, 1);
	}
	const char *name = json_string_value(type), *logical = "";
	if (json_is_object(type)) {
		json_t *l = json_object_get(type, "logicalType");
		name = text_of(g, type, "type", where);
		logical = l ? json_string_value(l) : "";
	}
	if (!name || !logical) {
		die(g, "%s: no type that is known", where);
	}
	if (json_is_object(type) && (strcmp(name, "enum") == 0 || strcmp(name, "record") == 0)) {
		define(g, type, where);
	} else if (strcmp(name, "array") != 0) {
		type = resolve_name(g, name, logical, k, where);
		if (!type) {
			return;
		}
		name = json_string_value(json_object_get(type, "type"));
	}
	if (strcmp(name, "enum") == 0) {
		read_enum(g, type, k);
	} else if (strcmp(name, "record") == 0) {
		read_nested(g, type, k, depth);
	} else {
		struct kind item = {0};
		read_type(g, json_object_get(type, "items"), where, depth, &item);
		if (item.nullable || item.item_kind) {
			die(g, "%s: items of a list can neither be null nor be lists", where);
		}
		item.nullable = k->nullable;
		item.item_kind = item.kind;
		item.kind = "LIST";
		*k = item;
	}
}

/* The number that stands for a default other than null and []. */
static long long read_default(const struct gen *g, json_t *value, const struct kind *k, const char *where)
{
	if (!value || (k->nullable && json_is_null(value))) {
		return 0;
	}
	if (k->nullable) {
		die(g, "%s: a nullable field has the default null", where);
	}
	if (strcmp(k->kind, "LIST") == 0 && json_is_array(value) && json_array_size(value) == 0) {
		return 0;
	}
	if (strcmp(k->kind, "BOOL") == 0 && json_is_boolean(value)) {
		return json_is_true(value);
	}
	if (strcmp(k->kind, "ENUM") == 0 && json_is_string(value)) {
		size_t i;
		json_t *symbol;
		json_array_foreach(k->symbols, i, symbol)
		{
			if (json_equal(symbol, value)) {
				return (long long)i;
			}
		}
	}
	if (json_is_integer(value) && (strstr("INT LONG DATE TIMESTAMP", k->kind))) {
		return json_integer_value(value);
	}
	die(g, "%s: this default is not of the field's type, or not supported for it", where);
}

static void write_field(FILE *d, const char *name, const struct kind *k, int has_default, long long value)
{
	char lower[2 * NAME_BYTES_MAX];
	fprintf(d, "\t{.name = \"%s\", .kind = FNL_KIND_%s", name, k->kind);
	if (k->nullable) {
		fprintf(d, ", .nullable = true");
	}
	if (has_default) {
		fprintf(d, ", .has_default = true");
	}
	if (value) {
		fprintf(d, ", .default_i64 = %lld", value);
	}
	if (k->item_kind) {
		fprintf(d, ", .item_kind = FNL_KIND_%s", k->item_kind);
	}
	fprintf(d, ", .bound = FNL_BOUND_%s", field_bound(name, k->item_kind ? k->item_kind : k->kind));
	if (k->record) {
		fprintf(d, ", .record = &fnl_desc_%s", snake(k->record, 0, lower));
	}
	if (k->enumeration) {
		fprintf(d, ",\n\t .symbols = fnl_symbols_%s, .symbol_count = %zu, .symbol_default = %zu",
		        snake(k->enumeration, 0, lower), json_array_size(k->symbols), k->symbol_default);
	}
	fprintf(d, "},\n");
}

static void read_fields(struct gen *g, json_t *type, const char *name, int depth, char **ret_constants,
                        char **ret_definition)
{
	json_t *fields = json_object_get(type, "fields"), *field;
	char prefix[2 * NAME_BYTES_MAX], upper[2 * NAME_BYTES_MAX], constant[6 * NAME_BYTES_MAX], where[4 * NAME_BYTES_MAX];
	size_t i, size;
	FILE *c = checked(open_memstream(ret_constants, &size)), *d = checked(open_memstream(ret_definition, &size));
	if (json_array_size(fields) == 0 || json_array_size(fields) > FIELDS_MAX) {
		die(g, "record %s: 1 to %d fields are expected", name, FIELDS_MAX);
	}
	snake(name, 1, prefix);
	json_array_foreach(fields, i, field)
	{
		const char *field_name = text_of(g, field, "name", name);
		struct kind k = {0};
		snprintf(where, sizeof(where), "%s.%s", name, field_name);
		text_of(g, field, "doc", where);
		read_type(g, json_object_get(field, "type"), where, depth, &k);
		json_t *value = json_object_get(field, "default");
		write_field(d, field_name, &k, value != NULL, read_default(g, value, &k, where));
		snprintf(constant, sizeof(constant), "FNL_%s_%s", prefix, snake(field_name, 1, upper));
		claim(g, constant, where);
		fprintf(c, "\t%s,\n", constant);
	}
	snprintf(constant, sizeof(constant), "FNL_%s_FIELD_COUNT", prefix);
	claim(g, constant, name);
	fprintf(c, "\t%s\n", constant);
	fclose(c);
	fclose(d);
}

static char *read_file(const struct gen *g, const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f) {
		die(g, "cannot be opened: %s", strerror(errno));
	}
	char *text = checked(calloc(1, FILE_BYTES_MAX + 1));
	size_t n = fread(text, 1, FILE_BYTES_MAX + 1, f);
	if (ferror(f) || n > FILE_BYTES_MAX || strlen(text) != n) {
		die(g, "cannot be read, is longer than %d bytes or holds a NUL", FILE_BYTES_MAX);
	}
	fclose(f);
	return text;
}

/* The field that tells an event from others about the same, 0: none. */
static size_t own_id_of(const struct gen *g, json_t *fields)
{
	size_t i, found = 0;
	json_t *field;
	json_array_foreach(fields, i, field)
	{
		const char *name = text_of(g, field, "name", "a field");
		int own = field_is_own_id(name);
		if (own && (i == 0 || found)) {
			die(g, "%.100s: an event has one id of its own, behind its first field", name);
		}
		found = own ? i : found;
	}
	return found;
}

static void read_schema(struct gen *g, const char *path)
{
	g->file = path;
	if (g->record_count == RECORDS_MAX) {
		die(g, "more than %d files", RECORDS_MAX);
	}
	struct record *r = &g->records[g->record_count++];
	r->file = path;
	r->text = read_file(g, path);
	json_error_t error;
	json_t *root = json_loads(r->text, JSON_REJECT_DUPLICATES, &error);
	if (!root) {
		die(g, "line %d: %s", error.line, error.text);
	}
	if (strcmp(text_of(g, root, "type", "the schema"), "record") != 0) {
		die(g, "the schema is no record");
	}
	const char *name = text_of(g, root, "name", "the schema");
	g->name_space = text_of(g, root, "namespace", name);
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	if (strncmp(base, name, strlen(name)) != 0 || strcmp(base + strlen(name), ".avsc") != 0) {
		die(g, "record %s belongs into a file %s.avsc", name, name);
	}
	g->named = checked(json_object());
	define(g, root, name);
	snprintf(r->name, sizeof(r->name), "%s", name);
	snprintf(r->full_name, sizeof(r->full_name), "%s.%s", g->name_space, name);
	for (size_t i = 0; i + 1 < g->record_count; i++) {
		if (strcmp(g->records[i].name, name) == 0) {
			die(g, "record %s is also in %s", name, g->records[i].file);
		}
	}
	read_fields(g, root, name, 0, &r->constants, &r->definition);
	r->own_id = own_id_of(g, json_object_get(root, "fields"));
	json_decref(g->named);
	json_decref(root);
}

static FILE *create(const char *directory, const char *name)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	FILE *f = fopen(path, "w");
	if (!f) {
		die(NULL, "%s: %s", path, strerror(errno));
	}
	fprintf(f, "/* Generated by records_gen from the schema files: do not edit. */\n");
	return f;
}

static void finish(FILE *f, const char *name)
{
	if (ferror(f) || fclose(f) != 0) {
		die(NULL, "%s cannot be written", name);
	}
}

static void write_header(const struct gen *g, const char *directory)
{
	char lower[2 * NAME_BYTES_MAX];
	FILE *f = create(directory, "funneld_records.h");
	fprintf(f, "#ifndef FUNNELD_RECORDS_H\n#define FUNNELD_RECORDS_H\n\n#include \"funneld/base/record.h\"\n");
	for (size_t i = 0; i < g->enum_count; i++) {
		fprintf(f, "\n/* enum %s */\nenum {\n%s};\nextern const char *const fnl_symbols_%s[];\n", g->enums[i].name,
		        g->enums[i].constants, snake(g->enums[i].name, 0, lower));
	}
	for (size_t i = 0; i < g->nested_count; i++) {
		fprintf(f, "\n/* nested record %s */\nenum {\n%s};\nextern const struct fnl_record_desc fnl_desc_%s;\n",
		        g->nested[i].name, g->nested[i].constants, snake(g->nested[i].name, 0, lower));
	}
	for (size_t i = 0; i < g->record_count; i++) {
		fprintf(f, "\n/* record %s */\nenum {\n%s};\nextern const struct fnl_record_desc fnl_desc_%s;\n",
		        g->records[i].name, g->records[i].constants, snake(g->records[i].name, 0, lower));
	}
	fprintf(f, "\n/* All records that have a schema file, in the order of the files. */\n"
	           "extern const struct fnl_record_desc *const fnl_records[];\n"
	           "extern const size_t fnl_record_count;\n\n#endif\n");
	finish(f, "funneld_records.h");
}

/* The text as string literals, a line each. */
static void write_literal(FILE *f, const char *text)
{
	fputs("\t\"", f);
	for (; *text; text++) {
		if (*text == '\n') {
			fputs(text[1] ? "\\n\"\n\t\"" : "\\n", f);
		} else if (*text == '"' || *text == '\\') {
			fprintf(f, "\\%c", *text);
		} else if (*text == '\t') {
			fputs("\\t", f);
		} else if ((unsigned char)*text < ' ' || (unsigned char)*text > '~') {
			fprintf(f, "\\%03o", (unsigned)(unsigned char)*text);
		} else {
			fputc(*text, f);
		}
	}
	fputc('"', f);
}

static void write_desc(FILE *f, const char *name, const char *full_name, const char *definition, const char *text,
                       size_t own_id)
{
	char lower[2 * NAME_BYTES_MAX];
	snake(name, 0, lower);
	fprintf(f, "\nstatic const struct fnl_field_desc fields_%s[] = {\n%s};\n", lower, definition);
	if (text) {
		fprintf(f, "static const char avsc_%s[] =\n", lower);
		write_literal(f, text);
		fprintf(f, ";\n");
	}
	fprintf(f,
	        "const struct fnl_record_desc fnl_desc_%s = {\n\t.name = \"%s\", .full_name = \"%s\", .avsc = %s%s,\n"
	        "\t.fields = fields_%s, .field_count = sizeof(fields_%s) / sizeof(fields_%s[0]),\n"
	        "\t.own_id = %zu,\n};\n",
	        lower, name, full_name, text ? "avsc_" : "NULL", text ? lower : "", lower, lower, lower, own_id);
}

static void write_source(const struct gen *g, const char *directory)
{
	char lower[2 * NAME_BYTES_MAX];
	FILE *f = create(directory, "funneld_records.c");
	fprintf(f, "#include \"funneld_records.h\"\n");
	for (size_t i = 0; i < g->enum_count; i++) {
		fprintf(f, "\nconst char *const fnl_symbols_%s[] = {\n%s\n};\n", snake(g->enums[i].name, 0, lower),
		        g->enums[i].definition);
	}
	for (size_t i = 0; i < g->nested_count; i++) {
		write_desc(f, g->nested[i].name, g->nested[i].name, g->nested[i].definition, NULL, 0);
	}
	for (size_t i = 0; i < g->record_count; i++) {
		const struct record *r = &g->records[i];
		write_desc(f, r->name, r->full_name, r->definition, r->text, r->own_id);
	}
	fprintf(f, "\nconst struct fnl_record_desc *const fnl_records[] = {\n");
	for (size_t i = 0; i < g->record_count; i++) {
		fprintf(f, "\t&fnl_desc_%s,\n", snake(g->records[i].name, 0, lower));
	}
	fprintf(f, "};\nconst size_t fnl_record_count = sizeof(fnl_records) / sizeof(fnl_records[0]);\n");
	finish(f, "funneld_records.c");
}

static void release(struct gen *g)
{
	for (size_t i = 0; i < g->enum_count; i++) {
		free(g->enums[i].constants);
		free(g->enums[i].definition);
	}
	for (size_t i = 0; i < g->nested_count; i++) {
		free(g->nested[i].constants);
		free(g->nested[i].definition);
	}
	for (size_t i = 0; i < g->record_count; i++) {
		free(g->records[i].constants);
		free(g->records[i].definition);
		free(g->records[i].text);
	}
	json_decref(g->constants);
	free(g);
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: records_gen OUTDIR FILE.avsc...\n");
		return 2;
	}
	struct gen *g = checked(calloc(1, sizeof(*g)));
	g->constants = checked(json_object());
	for (int i = 2; i < argc; i++) {
		read_schema(g, argv[i]);
	}
	write_header(g, argv[1]);
	write_source(g, argv[1]);
	release(g);
	return 0;
}
