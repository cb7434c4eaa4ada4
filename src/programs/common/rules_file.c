#include "rules_file.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "rules_zone.h"

enum { ARENA_BYTES_MAX = 32 << 20 };

struct errors {
	json_t *list; /* NULL: print at once */
	size_t count;
};

static void on_error(void *context, const char *message)
{
	struct errors *e = context;
	e->count++;
	if (e->list) {
		json_array_append_new(e->list, json_string(message));
	} else {
		fprintf(stderr, "%s\n", message);
	}
}

static void tell_errors(const struct fnl_app *app, const char *path, struct errors *errors)
{
	if (app->json) {
		json_t *all = json_pack("{s:b, s:s, s:O, s:[]}", "ok", 0, "file", path, "errors", errors->list, "differences");
		json_dumpf(all, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(all);
	} else {
		fprintf(stderr, "%s: %zu error%s\n", path, errors->count, errors->count == 1 ? "" : "s");
	}
}

/* The rules of the text, or NULL after all its errors were told. */
static const struct fnl_rules *read_rules(const struct fnl_app *app, const char *path, struct fnl_span text,
                                          struct fnl_arena *arena)
{
	const struct fnl_rules *rules = NULL;
	struct fnl_error why = {0, ""};
	struct errors errors = {app->json ? json_array() : NULL, 0};
	if (fnl_rules_parse(text, path, arena, &rules, on_error, &errors, &why)) {
		if (errors.count == 0) {
			on_error(&errors, why.text);
		}
		tell_errors(app, path, &errors);
	}
	json_decref(errors.list);
	return rules;
}

/* The text as it is to be published, and its rules: with the zone's clock. */
static const struct fnl_rules *resolve(const struct fnl_app *app, const char *path, struct fnl_span *text,
                                       const struct fnl_rules *rules, struct fnl_arena *arena)
{
	struct fnl_error why = {0, ""};
	struct errors errors = {app->json ? json_array() : NULL, 0};
	const struct fnl_rules *resolved = NULL;
	char message[sizeof(why.text) + 256];
	struct fnl_span all;
	int rc = fnl_rules_zone_append(*text, rules, NULL, arena, &all, &why);
	if (!rc) {
		rc = fnl_rules_parse(all, path, arena, &resolved, NULL, NULL, &why);
		*text = all;
		message[0] = '\0';
	} else {
		snprintf(message, sizeof(message), "%.200s: [calendar] zone: ", path);
	}
	if (rc) {
		size_t len = strlen(message);
		snprintf(message + len, sizeof(message) - len, "%s", why.text);
		on_error(&errors, message);
		tell_errors(app, path, &errors);
	}
	json_decref(errors.list);
	return resolved;
}

int fnl_rules_file_refuse(const char *path, struct fnl_span text, const struct fnl_rules *rules)
{
	if (rules->version < 1) {
		fprintf(stderr,
		        "%s: rules that are to be in force have a version from 1 on, greater than that of the rules before\n",
		        path);
		return FNL_EXIT_RULES;
	}
	if (text.len > FNL_RECORD_STRING_BYTES_MAX) {
		fprintf(stderr, "%s: longer than %d bytes, its [zone] included\n", path, FNL_RECORD_STRING_BYTES_MAX);
		return FNL_EXIT_RULES;
	}
	if (!fnl_span_utf8_valid(text)) {
		fprintf(stderr, "%s: not UTF-8\n", path);
		return FNL_EXIT_RULES;
	}
	return FNL_EXIT_OK;
}

int fnl_rules_file_open(const struct fnl_app *app, const char *path, struct fnl_rules_file *ret)
{
	struct fnl_error why = {0, ""};
	*ret = (struct fnl_rules_file){.rules = NULL};
	fnl_arena_init(&ret->arena, ARENA_BYTES_MAX);
	if (fnl_text_file_read(path, &ret->text, &why)) {
		return fnl_app_fail(app, FNL_EXIT_RULES, &why);
	}
	ret->published = ret->text;
	const struct fnl_rules *rules = read_rules(app, path, ret->text, &ret->arena);
	ret->rules = rules ? resolve(app, path, &ret->published, rules, &ret->arena) : NULL;
	return ret->rules ? FNL_EXIT_OK : FNL_EXIT_RULES;
}

void fnl_rules_file_close(struct fnl_rules_file *f)
{
	fnl_arena_deinit(&f->arena);
	if (!fnl_span_is_none(f->text)) {
		fnl_text_file_free(f->text);
	}
	*f = (struct fnl_rules_file){.rules = NULL};
}
