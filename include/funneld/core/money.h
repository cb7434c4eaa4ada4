/* Exact money. Amounts are minor units in int64, |amount| <= 10^15; products and sums in __int128; halves to even. */
#ifndef FUNNELD_CORE_MONEY_H
#define FUNNELD_CORE_MONEY_H

#include "funneld/base/record.h"

#define FNL_AMOUNT_MINOR_MAX INT64_C(1000000000000000)
#define FNL_BP_ONE 10000 /* basis points of 100 % */

/* 0, or FNL_E_LIMIT / FNL_E_INVALID with *why (may be NULL): the amount's range and a code of three capital letters. */
int fnl_money_check(struct fnl_money m, struct fnl_error *why) FNL_MUST_USE;

/* value / divisor, rounded once, half to even. divisor > 0. */
__int128 fnl_div_half_even(__int128 value, __int128 divisor);

/* A sum by currency that cannot overflow within its limits. */
enum { FNL_CURRENCIES_MAX = 32 };
struct fnl_money_sum {
	char currency[4];
	__int128 amount_minor;
	__int128 weighted; /* sum of amount_minor * weight_bp: divide by FNL_BP_ONE once, at the end */
};
struct fnl_money_sums {
	struct fnl_money_sum by[FNL_CURRENCIES_MAX]; /* sorted by currency */
	size_t count;
};
/* FNL_E_LIMIT when a 33rd currency comes. */
int fnl_money_sums_add(struct fnl_money_sums *s, struct fnl_money m, int32_t weight_bp) FNL_MUST_USE;

/* Decimal text in major units ("1234.5", "-0.05", "1e5" is refused) to minor units; digits after the point beyond the
 * currency's are refused unless zero. Digits of ISO 4217 currencies: 2, but 0 for JPY KRW VND CLP ISK …, 3 for BHD KWD
 * …. */
int fnl_money_parse(struct fnl_span text, const char currency[4], struct fnl_money *ret,
                    struct fnl_error *why) FNL_MUST_USE;
int fnl_currency_digits(const char currency[4]);

#endif
