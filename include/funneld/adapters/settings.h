/* Settings of daemon and tools: one table of keys -> parser, help text, `show config`, README. Precedence: --set,
 * environment (FUNNELD_KAFKA_BOOTSTRAP_SERVERS for kafka.bootstrap.servers), --config file (INI, sections joined by
 * '.'), default. And the rules file: same format, keys of core/rules.h. */
#ifndef FUNNELD_ADAPTERS_SETTINGS_H
#define FUNNELD_ADAPTERS_SETTINGS_H

#include "funneld/core/rules.h"

struct fnl_settings;

enum fnl_param_type {
	FNL_PARAM_STRING,
	FNL_PARAM_INT,
	FNL_PARAM_DURATION_MS,
	FNL_PARAM_BYTES,
	FNL_PARAM_CHOICE,
	FNL_PARAM_TIME_MS
};

struct fnl_param {
	const char *key;
	enum fnl_param_type type;
	int64_t min, max;
	const char *fallback;       /* the default's text; NULL: unset */
	const char *const *choices; /* of a CHOICE, NULL-terminated */
	bool secret;
	const char *help;
};
/* The table; NULL key ends it. */
const struct fnl_param *fnl_params(void);

/* config_path may be NULL. sets: "key=value" texts. env: as environ(7). FNL_E_ARGUMENT with *why naming file, line,
 * key, value, allowed range, and for an unknown key the nearest known one. */
int fnl_settings_load(const char *config_path, const char *const *sets, size_t set_count, char *const *env,
                      struct fnl_settings **ret, struct fnl_error *why) FNL_MUST_USE;
struct fnl_settings *fnl_settings_free(struct fnl_settings *s);
/* The key must be in the table (else the program aborts: a bug). String: NULL when unset. */
const char *fnl_settings_string(const struct fnl_settings *s, const char *key);
int64_t fnl_settings_int(const struct fnl_settings *s,
                         const char *key); /* INT, DURATION_MS, BYTES, TIME_MS; a CHOICE's index */
/* The value fit for people: secrets and the passwords of URLs are "****". NULL when unset. */
const char *fnl_settings_shown(const struct fnl_settings *s, const char *key);
/* Where the value came from: "default", "environment", "--set", "FILE:LINE", "host name". */
const char *fnl_settings_origin(const struct fnl_settings *s, const char *key);

/* "2026-01-31" (midnight) or "2026-01-31T08:00:00Z" to milliseconds since the epoch; false for anything else. */
bool fnl_time_parse(const char *text, int64_t *ret_ms);

/* How unlike two words are (insertions, deletions, exchanges), for "did you mean"; SIZE_MAX beyond 63 bytes. */
size_t fnl_word_distance(const char *a, const char *b);

/* A whole file of at most FNL_TEXT_FILE_BYTES_MAX bytes. FNL_E_ARGUMENT with *why; free with fnl_text_file_free. */
enum { FNL_TEXT_FILE_BYTES_MAX = 1 << 20 };
int fnl_text_file_read(const char *path, struct fnl_span *ret, struct fnl_error *why) FNL_MUST_USE;
void fnl_text_file_free(struct fnl_span text);

/* Rules from INI text; name is for messages ("rules.ini"). Errors name file, line, key, value and allowed range. All
 * errors of the text are reported through report (may be NULL) before it returns the first one's code. */
typedef void (*fnl_rules_report)(void *context, const char *message);
int fnl_rules_parse(struct fnl_span text, const char *name, struct fnl_arena *arena, const struct fnl_rules **ret,
                    fnl_rules_report report, void *context, struct fnl_error *why) FNL_MUST_USE;

#endif
