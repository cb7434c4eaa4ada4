#include "view_text.h"

#include <stdlib.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH_DEFAULT = 100, WIDTH_MIN = 20, WIDTH_MAX = 400 };

static bool locale_is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	for (size_t i = 0; i < 3; i++) {
		const char *value = getenv(names[i]);
		if (value && *value) {
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
		}
	}
	return false;
}

struct fnl_canvas fnl_canvas_of(FILE *out, bool color)
{
	const char *no_color = getenv("NO_COLOR");
	struct fnl_canvas c = {out, color && !(no_color && *no_color), locale_is_utf8(), 0};
	const char *columns = getenv("COLUMNS");
	struct winsize size = {0};
	if (columns && *columns) {
		c.width = (int)strtol(columns, NULL, 10);
	} else if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0) {
		c.width = size.ws_col;
	}
	c.width = c.width <= 0          ? WIDTH_DEFAULT
	          : c.width < WIDTH_MIN ? WIDTH_MIN
	          : c.width > WIDTH_MAX ? WIDTH_MAX
	                                : c.width;
	return c;
}

const char *fnl_style_on(const struct fnl_canvas *c, enum fnl_style s)
{
	static const char *const codes[FNL_STYLE_COUNT] = {
		[FNL_PLAIN] = "",        [FNL_BOLD] = "\033[1m",     [FNL_DIM] = "\033[2m",
		[FNL_RED] = "\033[31m",  [FNL_GREEN] = "\033[32m",   [FNL_YELLOW] = "\033[33m",
		[FNL_BLUE] = "\033[34m", [FNL_MAGENTA] = "\033[35m", [FNL_CYAN] = "\033[36m",
	};
	return c->color ? codes[s] : "";
}

const char *fnl_style_off(const struct fnl_canvas *c)
{
	return c->color ? "\033[0m" : "";
}

void fnl_text_count(uint64_t n, char ret[FNL_TEXT_BYTES])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	char *at = ret;
	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0) {
			*at++ = ',';
		}
		*at++ = digits[i];
	}
	*at = '\0';
}

static uint64_t power10(int n)
{
	uint64_t v = 1;
	while (n-- > 0) {
		v *= 10;
	}
	return v;
}

void fnl_text_money_full(__int128 amount_minor, const char currency[4], char ret[FNL_TEXT_BYTES])
{
	int digits = fnl_currency_digits(currency);
	uint64_t unit = power10(digits);
	unsigned __int128 v = amount_minor < 0 ? -(unsigned __int128)amount_minor : (unsigned __int128)amount_minor;
	char whole[FNL_TEXT_BYTES];
	fnl_text_count((uint64_t)(v / unit), whole);
	if (digits) {
		snprintf(ret, FNL_TEXT_BYTES, "%s%.40s.%0*llu", amount_minor < 0 ? "-" : "", whole, digits,
		         (unsigned long long)(v % unit));
	} else {
		snprintf(ret, FNL_TEXT_BYTES, "%s%.40s", amount_minor < 0 ? "-" : "", whole);
	}
}

void fnl_text_money(__int128 amount_minor, const char currency[4], char ret[FNL_TEXT_BYTES])
{
	static const struct {
		uint64_t from;
		char letter;
	} units[] = {{1000000000000, 'T'}, {1000000000, 'B'}, {1000000, 'M'}};
	__int128 unit = (__int128)power10(fnl_currency_digits(currency));
	const char *sign = amount_minor < 0 ? "-" : "";
	__int128 v = amount_minor < 0 ? -amount_minor : amount_minor;
	uint64_t major = (uint64_t)fnl_div_half_even(v, unit);
	for (size_t i = 0; i < 3; i++) {
		if (major >= units[i].from) {
			/* three digits, rounded once from the exact amount */
			int places = major / units[i].from >= 100 ? 0 : major / units[i].from >= 10 ? 1 : 2;
			uint64_t shown = (uint64_t)fnl_div_half_even(v * (__int128)power10(places), unit * (__int128)units[i].from);
			char text[24];
			snprintf(text, sizeof(text), "%llu", (unsigned long long)(shown / power10(places)));
			if (places) {
				snprintf(ret, FNL_TEXT_BYTES, "%s%s.%0*llu%c", sign, text, places,
				         (unsigned long long)(shown % power10(places)), units[i].letter);
			} else {
				snprintf(ret, FNL_TEXT_BYTES, "%s%s%c", sign, text, units[i].letter);
			}
			return;
		}
	}
	if (major < 1000 && v % unit != 0) {
		fnl_text_money_full(amount_minor, currency, ret);
		return;
	}
	char whole[FNL_TEXT_BYTES];
	fnl_text_count(major, whole);
	snprintf(ret, FNL_TEXT_BYTES, "%s%.40s", sign, whole);
}

static bool calendar(int64_t ms, struct tm *ret)
{
	time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0));
	return ms != INT64_MIN && gmtime_r(&seconds, ret) != NULL;
}

void fnl_text_time(int64_t ms, char ret[FNL_TEXT_BYTES])
{
	struct tm t;
	if (!calendar(ms, &t) || strftime(ret, FNL_TEXT_BYTES, "%Y-%m-%d %H:%M UTC", &t) == 0) {
		snprintf(ret, FNL_TEXT_BYTES, "-");
	}
}

void fnl_text_date(int64_t days, char ret[FNL_TEXT_BYTES])
{
	struct tm t;
	if (!calendar(days * 86400000, &t) || strftime(ret, FNL_TEXT_BYTES, "%Y-%m-%d", &t) == 0) {
		snprintf(ret, FNL_TEXT_BYTES, "-");
	}
}

void fnl_text_rfc3339(int64_t ms, char ret[FNL_TEXT_BYTES])
{
	struct tm t;
	size_t len = calendar(ms, &t) ? strftime(ret, FNL_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &t) : 0;
	if (len == 0) {
		snprintf(ret, FNL_TEXT_BYTES, "-");
		return;
	}
	snprintf(ret + len, FNL_TEXT_BYTES - len, ".%03dZ", (int)(ms % 1000 + (ms % 1000 < 0 ? 1000 : 0)));
}

void fnl_text_bp(int64_t bp, char ret[FNL_TEXT_BYTES])
{
	if (bp % 100 == 0) {
		snprintf(ret, FNL_TEXT_BYTES, "%lld %%", (long long)(bp / 100));
	} else {
		snprintf(ret, FNL_TEXT_BYTES, "%lld.%0*lld %%", (long long)(bp / 100), bp % 10 == 0 ? 1 : 2,
		         (long long)(bp % 10 == 0 ? bp % 100 / 10 : bp % 100));
	}
}

/* The character at s[*at]: its bytes and columns. Broken UTF-8 counts a byte as a column. */
static int character(struct fnl_span s, size_t at, size_t *ret_bytes)
{
	uint8_t lead = s.data[at];
	size_t n = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
	if (at + n > s.len) {
		n = 1;
	}
	uint32_t code = n == 1 ? lead : lead & (0x7Fu >> n);
	for (size_t i = 1; i < n; i++) {
		code = code << 6 | (s.data[at + i] & 0x3Fu);
	}
	*ret_bytes = n;
	bool combining = (code >= 0x300 && code <= 0x36F) || (code >= 0x200B && code <= 0x200F);
	bool wide = (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
	            (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
	            (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF00 && code <= 0xFF60) ||
	            (code >= 0x1F300 && code <= 0x1FAFF) || (code >= 0x20000 && code <= 0x3FFFD);
	return combining ? 0 : wide ? 2 : 1;
}

int fnl_text_width(struct fnl_span s)
{
	int width = 0;
	size_t bytes;
	for (size_t at = 0; at < s.len; at += bytes) {
		width += character(s, at, &bytes);
	}
	return width;
}

void fnl_text_cell(const struct fnl_canvas *c, struct fnl_span s, int width)
{
	bool cut = fnl_text_width(s) > width;
	int room = cut ? width - 1 : width;
	int used = 0;
	size_t bytes;
	for (size_t at = 0; at < s.len; at += bytes) {
		int w = character(s, at, &bytes);
		if (used + w > room) {
			break;
		}
		used += w;
		if (bytes == 1 && (s.data[at] < 0x20 || s.data[at] == 0x7F)) {
			fputc('?', c->out);
		} else {
			fwrite(s.data + at, 1, bytes, c->out);
		}
	}
	if (cut && room >= 0) {
		fputs(c->utf8 ? "…" : "~", c->out);
		used++;
	}
	fnl_text_fill(c, " ", width - used);
}

void fnl_text_fill(const struct fnl_canvas *c, const char *piece, int n)
{
	while (n-- > 0) {
		fputs(piece, c->out);
	}
}

void fnl_text_bar(const struct fnl_canvas *c, uint64_t part, uint64_t whole, int width)
{
	static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	uint64_t n = whole ? (uint64_t)(((unsigned __int128)part * (unsigned)width * 8 + whole / 2) / whole) : 0;
	if (part && n == 0) {
		n = 1;
	}
	int full = (int)(n / 8);
	bool rest = n % 8 != 0 && c->utf8;
	if (!c->utf8 && n % 8 >= 4) {
		full++;
	}
	fnl_text_fill(c, c->utf8 ? "█" : "#", full);
	if (rest) {
		fputs(eighths[n % 8], c->out);
	}
	fnl_text_fill(c, " ", width - full - (rest ? 1 : 0));
}
