/* Any bytes as settings: the file's text, then, each behind a NUL, --set options and variables of the environment
 * (those that begin with FUNNELD_). What is accepted is within its parameter's range and shows no secret; what is
 * refused says why. The file is one in memory that no folder holds. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "funneld/adapters/settings.h"

enum { TEXTS_MAX = 32 };

struct input {
	struct fnl_span file;
	char *texts; /* all behind the file, with NUL at the end */
	const char *sets[TEXTS_MAX];
	size_t set_count;
	char *env[TEXTS_MAX + 1];
	size_t env_count;
};

static void expect(bool ok)
{
	if (!ok) {
		abort();
	}
}

static void split(struct input *in, const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, '\0', size) : NULL;
	size_t file_len = nul ? (size_t)(nul - data) : size;
	size_t rest = nul ? size - file_len - 1 : 0;
	in->file = fnl_span_of(data, file_len);
	in->texts = calloc(1, rest + 1);
	expect(in->texts != NULL);
	if (rest) {
		memcpy(in->texts, nul + 1, rest);
	}
	for (size_t at = 0; at < rest && in->set_count < TEXTS_MAX && in->env_count < TEXTS_MAX;) {
		char *text = in->texts + at;
		if (strncmp(text, "FUNNELD_", 8) == 0) {
			in->env[in->env_count++] = text;
		} else {
			in->sets[in->set_count++] = text;
		}
		at += strlen(text) + 1;
	}
}

/* "scheme://user:password@host" shows neither the password nor more of it than its length. */
static void check_shown(const struct fnl_param *p, const char *text, const char *shown)
{
	expect(text && shown && (!p->secret || strcmp(shown, "****") == 0));
	const char *authority = strstr(shown, "://");
	const char *at = authority ? strrchr(authority, '@') : NULL;
	expect(!at || (at - authority >= 7 && strncmp(at - 4, "****", 4) == 0));
}

static void check(const struct fnl_settings *s)
{
	for (const struct fnl_param *p = fnl_params(); p->key; p++) {
		const char *text = fnl_settings_string(s, p->key);
		expect(fnl_settings_origin(s, p->key)[0] != '\0');
		if (text) {
			check_shown(p, text, fnl_settings_shown(s, p->key));
		}
		if (text && p->type != FNL_PARAM_STRING) {
			int64_t n = fnl_settings_int(s, p->key);
			expect(p->min <= n && n <= p->max);
		}
	}
}

/* A path to the text; *ret_fd is to be closed. */
static void file_of(struct fnl_span text, char *path, size_t path_size, int *ret_fd)
{
	int fd = memfd_create("settings", MFD_CLOEXEC);
	expect(fd >= 0 && write(fd, text.data, text.len) == (ssize_t)text.len);
	snprintf(path, path_size, "/proc/self/fd/%d", fd);
	*ret_fd = fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {.texts = NULL};
	struct fnl_settings *s = NULL;
	struct fnl_error why = {0};
	char path[64];
	int fd = -1;
	split(&in, data, size);
	file_of(in.file, path, sizeof(path), &fd);
	int rc = fnl_settings_load(path, in.sets, in.set_count, in.env, &s, &why);
	if (rc == 0) {
		check(s);
		fnl_settings_free(s);
	} else {
		expect(rc == FNL_E_ARGUMENT && !s && why.code == rc && why.text[0]);
	}
	close(fd);
	free(in.texts);
	return 0;
}
