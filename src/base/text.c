/* Numbers and times as text, without printf and without a locale. */
#include "funneld/base/wire.h"

#define MS_PER_DAY INT64_C(86400000)

/* v in decimal with at least `width` digits, zero-padded. */
static void write_digits(struct fnl_writer *w, uint64_t v, size_t width)
{
	uint8_t text[20];
	size_t at = sizeof(text);
	do {
		text[--at] = (uint8_t)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	while (sizeof(text) - at < width) {
		text[--at] = '0';
	}
	fnl_write_raw(w, fnl_span_of(text + at, sizeof(text) - at));
}

void fnl_write_decimal(struct fnl_writer *w, int64_t v)
{
	if (v < 0) {
		fnl_write_u8(w, '-');
	}
	write_digits(w, v < 0 ? -(uint64_t)v : (uint64_t)v, 1);
}

struct civil {
	int64_t year;
	unsigned month;
	unsigned day;
};

/* Days since 1970-01-01 to the proleptic Gregorian calendar: years that begin in March put the leap day last, so that
 * an era of 400 years is regular. */
static struct civil civil_of(int64_t days)
{
	int64_t shifted = days + 719468; /* days from 0000-03-01 */
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int64_t day_of_era = shifted - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;
	struct civil c;

	c.day = (unsigned)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
	c.month = (unsigned)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
	c.year = year_of_era + era * 400 + (c.month <= 2);
	return c;
}

void fnl_write_rfc3339(struct fnl_writer *w, int64_t epoch_ms)
{
	int64_t days = epoch_ms / MS_PER_DAY;
	int64_t ms = epoch_ms % MS_PER_DAY;
	if (ms < 0) {
		days--;
		ms += MS_PER_DAY;
	}
	struct civil c = civil_of(days);
	if (c.year < 0) {
		fnl_write_u8(w, '-');
	}
	write_digits(w, (uint64_t)(c.year < 0 ? -c.year : c.year), 4);
	fnl_write_u8(w, '-');
	write_digits(w, c.month, 2);
	fnl_write_u8(w, '-');
	write_digits(w, c.day, 2);
	fnl_write_u8(w, 'T');
	write_digits(w, (uint64_t)(ms / 3600000), 2);
	fnl_write_u8(w, ':');
	write_digits(w, (uint64_t)(ms / 60000 % 60), 2);
	fnl_write_u8(w, ':');
	write_digits(w, (uint64_t)(ms / 1000 % 60), 2);
	fnl_write_u8(w, '.');
	write_digits(w, (uint64_t)(ms % 1000), 3);
	fnl_write_u8(w, 'Z');
}

bool fnl_parse_decimal(struct fnl_span s, int64_t *ret)
{
	size_t i = 0;
	bool negative = s.len > 0 && s.data[0] == '-';
	int64_t v = 0;
	if (negative) {
		i = 1;
	}
	if (i == s.len) {
		return false;
	}
	for (; i < s.len; i++) {
		int digit = s.data[i] - '0';
		if (digit < 0 || digit > 9) {
			return false;
		}
		/* counts downwards for a negative number, so that the smallest one fits */
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, negative ? -digit : digit, &v)) {
			return false;
		}
	}
	*ret = v;
	return true;
}
