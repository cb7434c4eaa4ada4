#include "funneld/core/money.h"

int fnl_money_check(struct fnl_money m, struct fnl_error *why)
{
	if (m.amount_minor > FNL_AMOUNT_MINOR_MAX || m.amount_minor < -FNL_AMOUNT_MINOR_MAX) {
		return fnl_fail(why, FNL_E_LIMIT, "amount is %lld minor units, allowed is up to 10^15 either way",
		                (long long)m.amount_minor);
	}
	for (size_t i = 0; i < 3; i++) {
		if (m.currency[i] < 'A' || m.currency[i] > 'Z') {
			return fnl_fail(why, FNL_E_INVALID, "currency is not a code of three capital letters");
		}
	}
	if (m.currency[3] != '\0') {
		return fnl_fail(why, FNL_E_INVALID, "currency is longer than three letters");
	}
	return FNL_OK;
}

__int128 fnl_div_half_even(__int128 value, __int128 divisor)
{
	__int128 quotient = value / divisor;
	__int128 rest = value % divisor;
	__int128 rest_abs = rest < 0 ? -rest : rest;
	__int128 to_next = divisor - rest_abs; /* compared instead of doubling the rest, which could overflow */

	if (rest_abs > to_next || (rest_abs == to_next && quotient % 2 != 0)) {
		quotient += value < 0 ? -1 : 1;
	}
	return quotient;
}

int fnl_money_sums_add(struct fnl_money_sums *s, struct fnl_money m, int32_t weight_bp)
{
	size_t at = 0;
	while (at < s->count && strncmp(s->by[at].currency, m.currency, sizeof(m.currency)) < 0) {
		at++;
	}
	if (at == s->count || strncmp(s->by[at].currency, m.currency, sizeof(m.currency)) != 0) {
		if (s->count == FNL_CURRENCIES_MAX) {
			return FNL_E_LIMIT;
		}
		memmove(&s->by[at + 1], &s->by[at], (s->count - at) * sizeof(s->by[0]));
		s->by[at] = (struct fnl_money_sum){.amount_minor = 0};
		memcpy(s->by[at].currency, m.currency, sizeof(m.currency));
		s->count++;
	}
	s->by[at].amount_minor += m.amount_minor;
	s->by[at].weighted += (__int128)m.amount_minor * weight_bp;
	return FNL_OK;
}

int fnl_currency_digits(const char currency[4])
{
	static const char none[][4] = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG",
	                               "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"};
	static const char three[][4] = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
	static const char four[][4] = {"CLF", "UYW"};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		if (strncmp(none[i], currency, 4) == 0) {
			return 0;
		}
	}
	for (size_t i = 0; i < sizeof(three) / sizeof(three[0]); i++) {
		if (strncmp(three[i], currency, 4) == 0) {
			return 3;
		}
	}
	for (size_t i = 0; i < sizeof(four) / sizeof(four[0]); i++) {
		if (strncmp(four[i], currency, 4) == 0) {
			return 4;
		}
	}
	return 2;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Digits from *at on, appended to *minor; stops at anything else. False when the amount leaves the limit. */
static bool take_digits(struct fnl_span text, size_t *at, size_t count_max, int64_t *minor)
{
	for (size_t n = 0; n < count_max && *at < text.len && is_digit(text.data[*at]); n++, (*at)++) {
		*minor = *minor * 10 + (text.data[*at] - '0');
		if (*minor > FNL_AMOUNT_MINOR_MAX) {
			return false;
		}
	}
	return true;
}

/* The part after the point, filled up to `digits` places; what is beyond them must be zeros. */
static int parse_fraction(struct fnl_span text, size_t *at, int digits, int64_t *minor, struct fnl_error *why)
{
	size_t start = *at;
	bool fits = take_digits(text, at, (size_t)digits, minor);
	for (size_t have = *at - start; fits && have < (size_t)digits; have++) {
		*minor *= 10;
		fits = *minor <= FNL_AMOUNT_MINOR_MAX;
	}
	if (!fits) {
		return fnl_fail(why, FNL_E_LIMIT, "the amount is beyond 10^15 minor units");
	}
	while (*at < text.len && text.data[*at] == '0') {
		(*at)++;
	}
	if (*at < text.len && is_digit(text.data[*at])) {
		return fnl_fail(why, FNL_E_INVALID, "the currency has only %d digits after the point", digits);
	}
	return FNL_OK;
}

int fnl_money_parse(struct fnl_span text, const char currency[4], struct fnl_money *ret, struct fnl_error *why)
{
	struct fnl_money m = {0};
	bool negative = text.len > 0 && text.data[0] == '-';
	size_t at = negative ? 1 : 0;
	size_t start = at;

	memcpy(m.currency, currency, sizeof(m.currency));
	int r = fnl_money_check(m, why);
	if (r < 0) {
		return r;
	}
	if (!take_digits(text, &at, SIZE_MAX, &m.amount_minor)) {
		return fnl_fail(why, FNL_E_LIMIT, "the amount is beyond 10^15 minor units");
	}
	bool point = at < text.len && text.data[at] == '.';
	if (at == start || (point && (at + 1 == text.len || !is_digit(text.data[at + 1])))) {
		return fnl_fail(why, FNL_E_INVALID, "the amount is not a decimal number such as 1234.50");
	}
	at += point ? 1 : 0;
	r = parse_fraction(text, &at, fnl_currency_digits(m.currency), &m.amount_minor, why);
	if (r < 0) {
		return r;
	}
	if (at != text.len) {
		return fnl_fail(why, FNL_E_INVALID, "the amount is not a decimal number such as 1234.50");
	}
	m.amount_minor = negative ? -m.amount_minor : m.amount_minor;
	*ret = m;
	return FNL_OK;
}
