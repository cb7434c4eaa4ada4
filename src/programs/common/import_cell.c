#include "import_cell.h"

#include <ctype.h>
#include <stdio.h>
#include <time.h>

#include "funneld/core/money.h"
#include "import_map.h"

enum { MS_PER_SECOND = 1000, SECONDS_PER_DAY = 86400, TIME_TEXT_BYTES_MAX = 64 };

/* Exactly n digits. */
static bool digits(const char **at, int n, int *ret)
{
	int v = 0;
	for (int i = 0; i < n; i++) {
		if (!isdigit((unsigned char)(*at)[i])) {
			return false;
		}
		v = v * 10 + ((*at)[i] - '0');
	}
	*at += n;
	*ret = v;
	return true;
}

static bool one(const char **at, const char *any)
{
	if (**at == '\0' || !strchr(any, **at)) {
		return false;
	}
	(*at)++;
	return true;
}

/* The calendar is asked back, so that 30 February is refused. */
static bool seconds_of(const struct tm *t, int64_t *ret)
{
	struct tm copy = *t;
	time_t seconds = timegm(&copy);
	if (copy.tm_year != t->tm_year || copy.tm_mon != t->tm_mon || copy.tm_mday != t->tm_mday || t->tm_hour > 23 ||
	    t->tm_min > 59 || t->tm_sec > 59) {
		return false;
	}
	*ret = (int64_t)seconds;
	return true;
}

static bool zone(const char **at, int64_t *ret_seconds)
{
	int hours;
	int minutes;
	if (one(at, "Zz")) {
		*ret_seconds = 0;
		return true;
	}
	int sign = **at == '-' ? -1 : 1;
	if (!one(at, "+-") || !digits(at, 2, &hours) || !one(at, ":") || !digits(at, 2, &minutes) || hours > 23 ||
	    minutes > 59) {
		return false;
	}
	*ret_seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

static bool iso(const char *at, int64_t *ret_ms)
{
	struct tm t = {0};
	int64_t seconds;
	int64_t offset = 0;
	int ms = 0;
	if (!digits(&at, 4, &t.tm_year) || !one(&at, "-") || !digits(&at, 2, &t.tm_mon) || !one(&at, "-") ||
	    !digits(&at, 2, &t.tm_mday)) {
		return false;
	}
	t.tm_year -= 1900;
	t.tm_mon -= 1;
	if (*at != '\0') {
		if (!one(&at, "Tt ") || !digits(&at, 2, &t.tm_hour) || !one(&at, ":") || !digits(&at, 2, &t.tm_min) ||
		    !one(&at, ":") || !digits(&at, 2, &t.tm_sec)) {
			return false;
		}
		if (one(&at, ".")) {
			int scale = 100;
			if (!isdigit((unsigned char)*at)) {
				return false;
			}
			for (; isdigit((unsigned char)*at); at++, scale /= 10) {
				ms += (*at - '0') * scale;
			}
		}
		if (!zone(&at, &offset)) {
			return false;
		}
	}
	if (*at != '\0' || !seconds_of(&t, &seconds)) {
		return false;
	}
	*ret_ms = (seconds - offset) * MS_PER_SECOND + ms;
	return true;
}

bool fnl_cell_time(struct fnl_span text, const char *format, int64_t *ret_ms)
{
	char buffer[TIME_TEXT_BYTES_MAX];
	int64_t ms;
	if (text.len == 0 || text.len >= sizeof(buffer) || memchr(text.data, '\0', text.len)) {
		return false;
	}
	memcpy(buffer, text.data, text.len);
	buffer[text.len] = '\0';
	if (format) {
		struct tm t = {.tm_mday = 1};
		int64_t seconds;
		const char *end = strptime(buffer, format, &t);
		long offset = t.tm_gmtoff;
		if (!end || *end != '\0' || !seconds_of(&t, &seconds)) {
			return false;
		}
		if (__builtin_mul_overflow(seconds - offset, (int64_t)MS_PER_SECOND, &ms)) {
			return false; /* %s can name any second */
		}
	} else if (!iso(buffer, &ms) && !fnl_parse_decimal(text, &ms)) {
		return false;
	}
	*ret_ms = ms;
	return true;
}

/* Decimal text times 10^scale, exactly. */
static bool scaled(struct fnl_span text, int scale, int64_t *ret)
{
	int64_t v = 0;
	size_t i = 0;
	bool any = false;
	int left = -1; /* digits still wanted after the point; -1: before it */
	for (; i < text.len; i++) {
		uint8_t c = text.data[i];
		if (c == '.' && left < 0) {
			left = scale;
			continue;
		}
		if (!isdigit(c) || v > INT32_MAX || (left == 0 && c != '0')) {
			return false;
		}
		any = true;
		if (left != 0) {
			v = v * 10 + (c - '0');
			left -= left > 0;
		}
	}
	for (left = left < 0 ? scale : left; left > 0; left--) {
		v *= 10;
	}
	*ret = v;
	return any;
}

static int parse_bp(struct fnl_span text, enum fnl_cell_unit unit, struct fnl_value *ret, struct fnl_error *why)
{
	int64_t bp;
	if (text.len && text.data[text.len - 1] == '%') {
		text.len--;
		unit = FNL_CELL_PERCENT;
	}
	if (!scaled(text, unit == FNL_CELL_PERCENT ? 2 : 4, &bp) || bp > FNL_BP_ONE) {
		return fnl_fail(why, FNL_E_INVALID, "expected %s",
		                unit == FNL_CELL_PERCENT ? "a percentage from 0 to 100, at most two decimals"
		                                         : "a fraction from 0 to 1, at most four decimals");
	}
	ret->i64 = bp;
	return 0;
}

static int parse_number(const struct fnl_field_desc *f, enum fnl_kind kind, struct fnl_span text,
                        const struct fnl_cell_context *c, struct fnl_value *ret, struct fnl_error *why)
{
	if (c->unit != FNL_CELL_AS_IS) {
		return parse_bp(text, c->unit, ret, why);
	}
	if (!fnl_parse_decimal(text, &ret->i64) ||
	    (kind == FNL_KIND_INT && (ret->i64 < INT32_MIN || ret->i64 > INT32_MAX))) {
		return fnl_fail(why, FNL_E_INVALID, "expected a whole number");
	}
	size_t len = strlen(f->name);
	if (len > 3 && strcmp(f->name + len - 3, "_bp") == 0 && ret->i64 < 0) {
		return fnl_fail(why, FNL_E_INVALID, "expected basis points, not below 0");
	}
	return 0;
}

static int parse_bool(struct fnl_span text, struct fnl_value *ret, struct fnl_error *why)
{
	static const char *const words[2][4] = {{"false", "no", "n", "0"}, {"true", "yes", "y", "1"}};
	for (size_t i = 0; i < 8; i++) {
		if (fnl_text_eq(text, fnl_span_str(words[i / 4][i % 4]))) {
			ret->i64 = (int64_t)(i / 4);
			return 0;
		}
	}
	return fnl_fail(why, FNL_E_INVALID, "expected true or false");
}

static int parse_enum(const struct fnl_field_desc *f, struct fnl_span text, struct fnl_value *ret,
                      struct fnl_error *why)
{
	char known[256] = "";
	size_t used = 0;
	for (size_t i = 0; i < f->symbol_count; i++) {
		if (fnl_text_eq(text, fnl_span_str(f->symbols[i]))) {
			ret->i64 = (int64_t)i;
			return 0;
		}
		int n = snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "", f->symbols[i]);
		used = n > 0 && used + (size_t)n < sizeof(known) ? used + (size_t)n : used;
	}
	return fnl_fail(why, FNL_E_INVALID, "expected one of %s", known);
}

static int parse_time(enum fnl_kind kind, struct fnl_span text, const struct fnl_cell_context *c, struct fnl_value *ret,
                      struct fnl_error *why)
{
	int64_t ms;
	if (!fnl_cell_time(text, c->time_format, &ms)) {
		return c->time_format ? fnl_fail(why, FNL_E_INVALID, "expected a time as %s", c->time_format)
		                      : fnl_fail(why, FNL_E_INVALID,
		                                 kind == FNL_KIND_DATE
		                                     ? "expected a date YYYY-MM-DD"
		                                     : "expected a date YYYY-MM-DD, an RFC 3339 time or epoch milliseconds");
	}
	int64_t day_ms = (int64_t)SECONDS_PER_DAY * MS_PER_SECOND;
	if (kind == FNL_KIND_TIMESTAMP) {
		ret->i64 = ms;
		return 0;
	}
	int64_t days = ms / day_ms - (ms % day_ms < 0);
	if (days < INT32_MIN || days > INT32_MAX) {
		return fnl_fail(why, FNL_E_INVALID, "the date is out of range");
	}
	ret->i64 = days;
	return 0;
}

static int parse_money(struct fnl_span text, const struct fnl_cell_context *c, struct fnl_value *ret,
                       struct fnl_error *why)
{
	char currency[4] = "";
	if (fnl_span_is_none(c->currency) || c->currency.len == 0) {
		return fnl_fail(why, FNL_E_INVALID, "an amount without a currency");
	}
	if (c->currency.len != 3) {
		return fnl_fail(why, FNL_E_INVALID, "the currency is not a code of three letters");
	}
	for (size_t i = 0; i < 3; i++) {
		currency[i] = (char)toupper(c->currency.data[i]);
	}
	struct fnl_money m;
	int status = fnl_money_parse(text, currency, &m, why);
	status = status ? status : fnl_money_check(m, why);
	if (status) {
		return status == FNL_E_NOMEM ? status : FNL_E_INVALID;
	}
	ret->money = m;
	return 0;
}

static int parse_one(const struct fnl_field_desc *f, enum fnl_kind kind, struct fnl_span text,
                     const struct fnl_cell_context *c, struct fnl_value *ret, struct fnl_error *why);

/* The piece of text up to the next separator; false when there is none left. */
static bool next_piece(struct fnl_span *text, char separator, struct fnl_span *ret)
{
	if (fnl_span_is_none(*text)) {
		return false;
	}
	const uint8_t *end = memchr(text->data, separator, text->len);
	struct fnl_span piece = fnl_span_of(text->data, end ? (size_t)(end - text->data) : text->len);
	*text = end ? fnl_span_of(end + 1, text->len - piece.len - 1) : FNL_SPAN_NONE;
	while (piece.len && isspace(piece.data[0])) {
		piece.data++;
		piece.len--;
	}
	while (piece.len && isspace(piece.data[piece.len - 1])) {
		piece.len--;
	}
	*ret = piece;
	return true;
}

static int parse_record(const struct fnl_record_desc *d, struct fnl_span text, const struct fnl_cell_context *c,
                        struct fnl_value *ret, struct fnl_error *why)
{
	struct fnl_value *values = fnl_arena_calloc(c->arena, d->field_count, sizeof(*values));
	if (!values) {
		return FNL_E_NOMEM;
	}
	struct fnl_span piece = FNL_SPAN_NONE;
	for (size_t i = 0; i < d->field_count; i++) {
		bool there = next_piece(&text, '/', &piece) && piece.len != 0;
		int status = 0;
		if (there) {
			status = fnl_cell_parse(&d->fields[i], piece, c, &values[i], why);
		} else if (!d->fields[i].nullable) {
			status = fnl_fail(why, FNL_E_INVALID, "%s of %s is missing (parts are separated by '/')", d->fields[i].name,
			                  d->name);
		}
		if (status) {
			return status;
		}
	}
	if (!fnl_span_is_none(text)) {
		return fnl_fail(why, FNL_E_INVALID, "more parts than %s has", d->name);
	}
	ret->list = (struct fnl_list){values, d->field_count};
	return 0;
}

static int parse_list(const struct fnl_field_desc *f, struct fnl_span text, const struct fnl_cell_context *c,
                      struct fnl_value *ret, struct fnl_error *why)
{
	size_t count = 1;
	size_t n = 0;
	for (size_t i = 0; i < text.len; i++) {
		count += text.data[i] == ';';
	}
	if (count > FNL_RECORD_LIST_ITEMS_MAX) {
		return fnl_fail(why, FNL_E_INVALID, "more than %d items", FNL_RECORD_LIST_ITEMS_MAX);
	}
	struct fnl_value *items = fnl_arena_calloc(c->arena, count, sizeof(*items));
	if (!items) {
		return FNL_E_NOMEM;
	}
	struct fnl_span piece;
	while (next_piece(&text, ';', &piece)) {
		if (piece.len == 0) {
			continue;
		}
		int status = parse_one(f, f->item_kind, piece, c, &items[n], why);
		if (status) {
			return status;
		}
		items[n++].set = true;
	}
	ret->list = (struct fnl_list){items, n};
	return 0;
}

static int parse_string(struct fnl_span text, struct fnl_value *ret, struct fnl_error *why)
{
	if (!fnl_span_utf8_valid(text)) {
		return fnl_fail(why, FNL_E_INVALID, "not UTF-8");
	}
	if (text.len > FNL_RECORD_STRING_BYTES_MAX || memchr(text.data, '\0', text.len)) {
		return fnl_fail(why, FNL_E_INVALID, "too long, or with a NUL");
	}
	ret->str = text;
	return 0;
}

static int parse_one(const struct fnl_field_desc *f, enum fnl_kind kind, struct fnl_span text,
                     const struct fnl_cell_context *c, struct fnl_value *ret, struct fnl_error *why)
{
	switch (kind) {
	case FNL_KIND_BOOL:
		return parse_bool(text, ret, why);
	case FNL_KIND_INT:
	case FNL_KIND_LONG:
		return parse_number(f, kind, text, c, ret, why);
	case FNL_KIND_DATE:
	case FNL_KIND_TIMESTAMP:
		return parse_time(kind, text, c, ret, why);
	case FNL_KIND_STRING:
		return parse_string(text, ret, why);
	case FNL_KIND_ENUM:
		return parse_enum(f, text, ret, why);
	case FNL_KIND_MONEY:
		return parse_money(text, c, ret, why);
	case FNL_KIND_RECORD:
		return parse_record(f->record, text, c, ret, why);
	case FNL_KIND_LIST:
		return parse_list(f, text, c, ret, why);
	}
	return FNL_E_INTERNAL;
}

int fnl_cell_parse(const struct fnl_field_desc *f, struct fnl_span text, const struct fnl_cell_context *c,
                   struct fnl_value *ret, struct fnl_error *why)
{
	struct fnl_value v = {.set = true};
	int status = parse_one(f, f->kind, text, c, &v, why);
	if (status == 0) {
		*ret = v;
	}
	return status;
}
