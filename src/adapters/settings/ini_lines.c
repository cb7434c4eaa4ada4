/* libinih as Debian builds it tells a handler no line number, cuts a line after 198 bytes and a section after 49, and
 * takes an indented line for the continuation of the one before. So its reader is ours: it counts the lines, says
 * which ones are no INI, keeps section and key (a stage's name may hold a ':'), and hands a long value over in pieces,
 * each as a continuation. */
#include "ini_lines.h"

#include <ini.h>
#include <stdio.h>

#include "funneld/base/arena.h"

struct source {
	const struct fnl_ini_visitor *visitor;
	const uint8_t *at; /* what is still to be read */
	const uint8_t *end;
	const uint8_t *rest; /* of a value */
	size_t rest_len;
	int line;
	int unread_line; /* handed over as an entry, and no entry came back yet; 0: none */
	/* the entry whose pieces are being put together */
	int entry_line;
	size_t value_len;
	char key[FNL_INI_NAME_BYTES_MAX + 1];
	char section[FNL_INI_NAME_BYTES_MAX + 1];
	char value[FNL_INI_LINE_BYTES_MAX + 1];
	int rc;
};

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static bool is_comment(uint8_t c)
{
	return c == ';' || c == '#';
}

static struct fnl_span trimmed(struct fnl_span s)
{
	while (s.len && is_blank(s.data[0])) {
		s.data++;
		s.len--;
	}
	while (s.len && is_blank(s.data[s.len - 1])) {
		s.len--;
	}
	return s;
}

/* Without a comment and the blanks around. */
static struct fnl_span meaning_of(struct fnl_span line)
{
	for (size_t i = 1; i < line.len; i++) {
		if (line.data[i] == ';' && is_blank(line.data[i - 1])) {
			line.len = i;
		}
	}
	line = trimmed(line);
	return line.len && is_comment(line.data[0]) ? fnl_span_of(line.data, 0) : line;
}

static struct fnl_span next_line(struct source *s)
{
	const uint8_t *end = memchr(s->at, '\n', (size_t)(s->end - s->at));
	struct fnl_span line = {s->at, (size_t)((end ? end : s->end) - s->at)};
	s->at = end ? end + 1 : s->end;
	s->line++;
	if (s->line == 1 && line.len >= 3 && memcmp(line.data, "\xEF\xBB\xBF", 3) == 0) {
		line = fnl_span_of(line.data + 3, line.len - 3);
	}
	return line;
}

/* Bytes before the separator: the first '=', or the first ':' of a line without one; line.len when there is neither. */
static size_t key_len_of(struct fnl_span line)
{
	const uint8_t *at = memchr(line.data, '=', line.len);
	if (!at) {
		at = memchr(line.data, ':', line.len);
	}
	return at ? (size_t)(at - line.data) : line.len;
}

/* What is wrong with a line, or NULL. */
static const char *fault_of(struct fnl_span line)
{
	if (line.len > FNL_INI_LINE_BYTES_MAX) {
		return "the line is longer than 8192 bytes";
	}
	if (line.len && memchr(line.data, 0, line.len)) {
		return "a NUL byte";
	}
	if (line.len == 0) {
		return NULL;
	}
	if (line.data[0] == '[') {
		const uint8_t *close = memchr(line.data, ']', line.len);
		if (!close || close != line.data + line.len - 1) {
			return "a section is written [name], alone on its line";
		}
		return line.len - 2 > FNL_INI_NAME_BYTES_MAX ? "the section's name is longer than 128 bytes" : NULL;
	}
	size_t key_len = key_len_of(line);
	if (key_len == line.len) {
		return "neither key = value nor [section]";
	}
	if (key_len == 0) {
		return "there is no key before the =";
	}
	return trimmed(fnl_span_of(line.data, key_len)).len > FNL_INI_NAME_BYTES_MAX ? "the key is longer than 128 bytes"
	                                                                             : NULL;
}

/* A piece of s->rest as inih's next line; a later piece begins with a blank, which makes it a continuation. */
static char *give(struct source *s, char *buffer, size_t size, bool continued)
{
	const char *head = continued ? " " : "k=";
	size_t head_len = strlen(head);
	size_t room = size - 3 - head_len; /* '\n', NUL, and one to spare: a full buffer would be taken for a cut line */
	size_t n = s->rest_len < room ? s->rest_len : room;
	/* inih trims each piece and looks for a comment at its start */
	while (n < s->rest_len && n > 1 && (is_blank(s->rest[n - 1]) || is_blank(s->rest[n]) || is_comment(s->rest[n]))) {
		n--;
	}
	for (size_t i = 0; i < head_len; i++) {
		buffer[i] = head[i];
	}
	if (n) {
		memcpy(buffer + head_len, s->rest, n);
	}
	memcpy(buffer + head_len + n, "\n", 2);
	s->rest += n;
	s->rest_len -= n;
	return buffer;
}

static void take_name(char *to, struct fnl_span name)
{
	name = trimmed(name);
	memcpy(to, name.data, name.len); /* fault_of has seen to it that it fits */
	to[name.len] = '\0';
}

/* A line that inih did not understand although it looked like an entry must not vanish in silence. */
static void check_unread(struct source *s)
{
	if (s->unread_line) {
		s->visitor->bad(s->visitor->context, s->unread_line, "the line cannot be read");
	}
	s->unread_line = 0;
}

/* The entry is whole once the next line is asked for. */
static void finish_entry(struct source *s)
{
	if (s->entry_line && !s->rc) {
		s->value[s->value_len] = '\0';
		s->rc = s->visitor->entry(s->visitor->context, s->entry_line, s->section, s->key, s->value);
	}
	s->entry_line = 0;
}

static char *read_line(char *buffer, int size, void *context)
{
	struct source *s = context;
	if (size < 64) {
		return NULL;
	}
	if (s->rest_len) {
		return give(s, buffer, (size_t)size, true);
	}
	check_unread(s);
	finish_entry(s);
	if (s->rc || s->at == s->end) {
		return NULL;
	}
	struct fnl_span line = meaning_of(next_line(s));
	const char *fault = fault_of(line);
	if (fault) {
		s->visitor->bad(s->visitor->context, s->line, fault);
		line.len = 0;
	}
	if (line.len == 0 || line.data[0] == '[') {
		if (line.len) {
			take_name(s->section, fnl_span_of(line.data + 1, line.len - 2));
		}
		memcpy(buffer, "\n", 2);
		return buffer;
	}
	size_t key_len = key_len_of(line);
	take_name(s->key, fnl_span_of(line.data, key_len));
	struct fnl_span value = trimmed(fnl_span_of(line.data + key_len + 1, line.len - key_len - 1));
	s->unread_line = s->line;
	s->rest = value.data;
	s->rest_len = value.len;
	return give(s, buffer, (size_t)size, false);
}

static int on_entry(void *context, const char *section, const char *key, const char *value)
{
	struct source *s = context;
	size_t len = strlen(value);
	(void)section;
	(void)key;
	s->unread_line = 0;
	if (s->line != s->entry_line) {
		s->entry_line = s->line;
		s->value_len = 0;
	}
	if (len <= FNL_INI_LINE_BYTES_MAX - s->value_len) {
		memcpy(s->value + s->value_len, value, len);
		s->value_len += len;
	}
	return 1;
}

int fnl_ini_read(struct fnl_span text, const struct fnl_ini_visitor *visitor)
{
	struct source *s = fnl_calloc(1, sizeof(*s));
	if (!s) {
		return FNL_E_NOMEM;
	}
	s->visitor = visitor;
	if (text.len) {
		s->at = text.data;
		s->end = text.data + text.len;
		(void)ini_parse_stream(read_line, s, on_entry, s);
	}
	int rc = s->rc;
	fnl_free(s);
	return rc;
}
