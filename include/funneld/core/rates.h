/* Dated, named exchange rates between major units of two currencies, and those that a quota run goes by. Pure. Only a
 * rate from a currency straight to the quota's converts it: none is turned round, none goes over a third currency. */
#ifndef FUNNELD_CORE_RATES_H
#define FUNNELD_CORE_RATES_H

#include "funneld/base/record.h"
#include "funneld/base/wide.h"
#include "funneld/core/money.h"

#define FNL_RATE_MANTISSA_MAX INT64_C(1000000000000000)
enum {
	FNL_RATE_SCALE_MAX = 12,
	FNL_RATE_BASES_MAX = 128, /* currencies of a row */
	FNL_RATE_DAYS_MAX = 64,   /* days of a currency: the latest ones */
	/* decimal places of fnl_converted: of the rate, and of a currency's minor units */
	FNL_CONVERTED_SCALE = FNL_RATE_SCALE_MAX + 4
};

/* An FxRate into its RateTable (NULL: there is none). *ret_table NULL: it says nothing new, or is older than all that
 * are kept. Of one day the last one to come counts. FNL_E_INVALID, FNL_E_LIMIT with *why: poison; FNL_E_NOMEM. */
int fnl_rates_take(const struct fnl_value *table, const struct fnl_value *event, struct fnl_arena *arena,
                   struct fnl_value **ret_table, struct fnl_error *why) FNL_MUST_USE;

/* Of each currency of the table (NULL: none) the latest rate that is valid on `until` or before, and not before `from`:
 * a list of QuotaRate, by currency. */
int fnl_rates_resolve(const struct fnl_value *table, int64_t from, int64_t until, struct fnl_arena *arena,
                      struct fnl_value *ret_rates) FNL_MUST_USE;

/* What a run converts by. */
struct fnl_quota_rates {
	char base_currency[4];
	struct fnl_list rates; /* QuotaRate */
};
struct fnl_rate {
	bool known;
	bool identity; /* the base currency itself */
	int64_t mantissa;
	int32_t scale;
	int32_t valid_on; /* unless identity */
};
struct fnl_rate fnl_rate_of(const struct fnl_quota_rates *rates, struct fnl_span currency);

/* A sum in minor units, or a fraction of them, of a currency in those of the base currency: exact, in units of
 * 10^-FNL_CONVERTED_SCALE of the same fraction. |amount| < 2^80. */
struct fnl_wide fnl_converted(__int128 amount, struct fnl_span currency, const struct fnl_rate *rate,
                              const char base_currency[4]);

#endif
