/* Conservation of money: the prospects' amounts by status and currency, summed once over the changelog and once over
 * the view. They must be the same. */
#ifndef FUNNELCTL_VERIFY_SUMS_H
#define FUNNELCTL_VERIFY_SUMS_H

#include "funneld/ports/codec.h"

/* What of a Prospect row goes into the sums. */
struct fnl_share {
	int status;              /* index of FNL_STATUS_…; -1: the row is no prospect's */
	struct fnl_money amount; /* currency "": none is given */
};

struct fnl_sum {
	int status;
	char currency[4];
	size_t count[2]; /* changelog, view */
	__int128 amount_minor[2];
};

enum { FNL_SUMS_MAX = 128, FNL_SUM_CHANGELOG = 0, FNL_SUM_VIEW = 1 };

struct fnl_sums {
	struct fnl_sum at[FNL_SUMS_MAX];
	size_t count;
	bool overflow; /* more pairs of status and currency than fit: nothing can be said */
};

/* The share of a Prospect row's bytes (Confluent frame and body). FNL_E_INVALID … with *why when they cannot be read.
 */
int fnl_share_read(struct fnl_codec *codec, struct fnl_span value, struct fnl_arena *arena, struct fnl_share *ret,
                   struct fnl_error *why) FNL_MUST_USE;
void fnl_sums_add(struct fnl_sums *s, const struct fnl_share *share, int side);

#endif
