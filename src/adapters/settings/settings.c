/* Settings from four places, the later ones winning: defaults, file, environment, --set. */
#include "params.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ini_lines.h"

enum { ORIGIN_BYTES_MAX = 256, HOST_NAME_BYTES_MAX = 64 };

struct entry {
	char *text;  /* NULL: unset */
	char *shown; /* text without secrets; NULL: as text */
	int64_t number;
	int file_line; /* where the file gave it; 0: it did not */
	char origin[ORIGIN_BYTES_MAX];
};

struct fnl_settings {
	size_t count;
	struct entry entries[];
};

static char *copy_text(const char *text, size_t len)
{
	char *copy = fnl_calloc(1, len + 1);
	if (copy) {
		memcpy(copy, text, len);
	}
	return copy;
}

/* For people: the password of a URL is hidden. *ret NULL: nothing had to be. */
static int hide_password(const char *text, char **ret)
{
	const char *authority = strstr(text, "://");
	const char *at = authority ? strrchr(authority, '@') : NULL;
	*ret = NULL;
	if (!at) {
		return 0;
	}
	const char *user = authority + 3;
	const char *colon = memchr(user, ':', (size_t)(at - user));
	/* "redis://password@host" is a password as well */
	size_t kept = (size_t)((colon ? colon + 1 : user) - text);
	size_t size = kept + 4 + strlen(at) + 1;
	char *shown = fnl_calloc(1, size);
	if (!shown) {
		return FNL_E_NOMEM;
	}
	snprintf(shown, size, "%.*s****%s", (int)kept, text, at);
	*ret = shown;
	return 0;
}

static void clear(struct entry *e)
{
	e->text = fnl_free(e->text);
	e->shown = fnl_free(e->shown);
}

/* An empty text unsets a string that has no default, and is refused for all else but strings. */
static int set_value(struct entry *e, const struct fnl_param *p, const char *text, const char *origin,
                     struct fnl_error *why)
{
	struct fnl_error what;
	int64_t number = 0;
	char *shown;
	if (p->type != FNL_PARAM_STRING && fnl_param_number(p, text, &number, &what)) {
		return fnl_fail(why, FNL_E_ARGUMENT, "%s: %s: %s", origin, p->key, what.text);
	}
	char *copy = copy_text(text, strlen(text));
	if (!copy || hide_password(text, &shown)) {
		fnl_free(copy);
		return fnl_fail(why, FNL_E_NOMEM, "no memory for settings");
	}
	clear(e);
	e->text = *text == '\0' && !p->fallback ? fnl_free(copy) : copy;
	e->shown = shown;
	e->number = number;
	snprintf(e->origin, sizeof(e->origin), "%s", origin);
	return 0;
}

static int unknown_key(const char *key, const char *origin, struct fnl_error *why)
{
	const char *nearest = fnl_param_nearest(key);
	return nearest
	           ? fnl_fail(why, FNL_E_ARGUMENT, "%s: there is no setting %.64s; did you mean %s?", origin, key, nearest)
	           : fnl_fail(why, FNL_E_ARGUMENT, "%s: there is no setting %.64s; `funnelctl config show` lists all",
	                      origin, key);
}

static int set_by_key(struct fnl_settings *s, const char *key, const char *text, const char *origin,
                      struct fnl_error *why)
{
	int i = fnl_param_find(key);
	return i < 0 ? unknown_key(key, origin, why) : set_value(&s->entries[i], &fnl_params()[i], text, origin, why);
}

static int set_defaults(struct fnl_settings *s, struct fnl_error *why)
{
	const struct fnl_param *p = fnl_params();
	int rc = 0;
	for (size_t i = 0; i < s->count && !rc; i++) {
		snprintf(s->entries[i].origin, ORIGIN_BYTES_MAX, "default");
		if (p[i].fallback) {
			rc = set_value(&s->entries[i], &p[i], p[i].fallback, "default", why);
		}
	}
	return rc;
}

struct file_context {
	struct fnl_settings *settings;
	const char *path;
	struct fnl_error *why;
	int rc; /* of a line that is no INI */
};

static int on_file_entry(void *context, int line, const char *section, const char *key, const char *value)
{
	struct file_context *c = context;
	char full[2 * FNL_INI_NAME_BYTES_MAX + 4];
	char origin[ORIGIN_BYTES_MAX];
	if (c->rc) {
		return c->rc;
	}
	snprintf(full, sizeof(full), "%s%s%s", section, *section ? "." : "", key);
	snprintf(origin, sizeof(origin), "%.230s:%d", c->path, line);
	int i = fnl_param_find(full);
	if (i < 0) {
		return unknown_key(full, origin, c->why);
	}
	struct entry *e = &c->settings->entries[i];
	if (e->file_line) {
		return fnl_fail(c->why, FNL_E_ARGUMENT, "%s: %s is given twice, first in line %d", origin, full, e->file_line);
	}
	e->file_line = line;
	return set_value(e, &fnl_params()[i], value, origin, c->why);
}

static void on_bad_line(void *context, int line, const char *what)
{
	struct file_context *c = context;
	if (!c->rc) {
		c->rc = fnl_fail(c->why, FNL_E_ARGUMENT, "%.230s:%d: %s", c->path, line, what);
	}
}

static int set_from_file(struct fnl_settings *s, const char *path, struct fnl_error *why)
{
	struct fnl_span text;
	int rc = fnl_text_file_read(path, &text, why);
	if (rc) {
		return rc;
	}
	struct file_context c = {s, path, why, 0};
	struct fnl_ini_visitor visitor = {&c, on_file_entry, on_bad_line};
	rc = fnl_ini_read(text, &visitor);
	fnl_text_file_free(text);
	return rc ? rc : c.rc;
}

/* "kafka.bootstrap.servers" <-> "KAFKA_BOOTSTRAP_SERVERS": does the key have this name in the environment? */
static bool has_env_name(const char *key, const char *name, size_t name_len)
{
	size_t i = 0;
	for (; i < name_len && key[i]; i++) {
		char c = key[i];
		if (c >= 'a' && c <= 'z') {
			c = (char)(c - 'a' + 'A');
		} else if (c == '.' || c == '-') {
			c = '_';
		}
		if (c != name[i]) {
			return false;
		}
	}
	return !key[i] && i == name_len;
}

static int set_from_env(struct fnl_settings *s, const char *variable, struct fnl_error *why)
{
	static const char mark[] = "FUNNELD_";
	const char *equals = strchr(variable, '=');
	if (strncmp(variable, mark, sizeof(mark) - 1) != 0 || !equals) {
		return 0;
	}
	const char *name = variable + sizeof(mark) - 1;
	size_t len = (size_t)(equals - name);
	for (size_t i = 0; i < s->count; i++) {
		const struct fnl_param *p = &fnl_params()[i];
		if (has_env_name(p->key, name, len)) {
			return set_value(&s->entries[i], p, equals + 1, "environment", why);
		}
	}
	char key[64];
	size_t n = len < sizeof(key) - 1 ? len : sizeof(key) - 1;
	for (size_t i = 0; i < n; i++) {
		char c = name[i];
		key[i] = c == '_' ? '.' : (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	key[n] = '\0';
	const char *nearest = fnl_param_nearest(key);
	return fnl_fail(why, FNL_E_ARGUMENT, "environment: FUNNELD_%.*s names no setting%s%s", (int)(len > 60 ? 60 : len),
	                name, nearest ? "; the nearest is " : "", nearest ? nearest : "");
}

static int set_from_option(struct fnl_settings *s, const char *option, struct fnl_error *why)
{
	char key[64];
	const char *equals = strchr(option, '=');
	size_t len = equals ? (size_t)(equals - option) : 0;
	if (len == 0 || len >= sizeof(key)) {
		return fnl_fail(why, FNL_E_ARGUMENT, "--set wants key=value, such as --set clock=event");
	}
	memcpy(key, option, len);
	key[len] = '\0';
	return set_by_key(s, key, equals + 1, "--set", why);
}

static int set_host_name(struct fnl_settings *s, struct fnl_error *why)
{
	char host[HOST_NAME_BYTES_MAX + 1] = "";
	int i = fnl_param_find("instance.id");
	if (i < 0 || s->entries[i].text) {
		return 0;
	}
	if (gethostname(host, sizeof(host) - 1) || host[0] == '\0') {
		return fnl_fail(why, FNL_E_ARGUMENT, "instance.id: this host has no name; set instance.id");
	}
	return set_value(&s->entries[i], &fnl_params()[i], host, "host name", why);
}

int fnl_settings_load(const char *config_path, const char *const *sets, size_t set_count, char *const *env,
                      struct fnl_settings **ret, struct fnl_error *why)
{
	size_t count = 0;
	while (fnl_params()[count].key) {
		count++;
	}
	struct fnl_settings *s = fnl_calloc(1, sizeof(*s) + count * sizeof(s->entries[0]));
	if (!s) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for settings");
	}
	s->count = count;
	int rc = set_defaults(s, why);
	if (!rc && config_path) {
		rc = set_from_file(s, config_path, why);
	}
	for (; !rc && env && *env; env++) {
		rc = set_from_env(s, *env, why);
	}
	for (size_t i = 0; !rc && i < set_count; i++) {
		rc = set_from_option(s, sets[i], why);
	}
	if (!rc) {
		rc = set_host_name(s, why);
	}
	if (rc) {
		fnl_settings_free(s);
		return rc;
	}
	*ret = s;
	return 0;
}

struct fnl_settings *fnl_settings_free(struct fnl_settings *s)
{
	for (size_t i = 0; s && i < s->count; i++) {
		clear(&s->entries[i]);
	}
	return fnl_free(s);
}

static const struct entry *entry_of(const struct fnl_settings *s, const char *key)
{
	int i = fnl_param_find(key);
	if (i < 0) {
		fprintf(stderr, "settings: the program asked for %s, which is not in the table\n", key);
		abort();
	}
	return &s->entries[i];
}

const char *fnl_settings_string(const struct fnl_settings *s, const char *key)
{
	return entry_of(s, key)->text;
}

int64_t fnl_settings_int(const struct fnl_settings *s, const char *key)
{
	return entry_of(s, key)->number;
}

const char *fnl_settings_origin(const struct fnl_settings *s, const char *key)
{
	return entry_of(s, key)->origin;
}

const char *fnl_settings_shown(const struct fnl_settings *s, const char *key)
{
	const struct entry *e = entry_of(s, key);
	if (e->text && fnl_params()[fnl_param_find(key)].secret) {
		return "****";
	}
	return e->shown ? e->shown : e->text;
}
