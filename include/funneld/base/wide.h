/* Whole numbers of 256 bits with a sign, in two's complement: for sums of money times rates and factors, which 128 bits
 * do not hold. Nothing is checked but where it says so: who multiplies knows his limits. */
#ifndef FUNNELD_BASE_WIDE_H
#define FUNNELD_BASE_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "funneld/base/status.h"

enum { FNL_WIDE_LIMBS = 4 };

struct fnl_wide {
	uint64_t limbs[FNL_WIDE_LIMBS]; /* the lowest first */
};

struct fnl_wide fnl_wide_of(__int128 v);
/* FNL_E_LIMIT when it does not fit. */
int fnl_wide_get(struct fnl_wide a, __int128 *ret) FNL_MUST_USE;

struct fnl_wide fnl_wide_add(struct fnl_wide a, struct fnl_wide b);
struct fnl_wide fnl_wide_neg(struct fnl_wide a);
struct fnl_wide fnl_wide_mul(struct fnl_wide a, uint64_t b);
/* Rounded down, also below zero. b > 0. */
struct fnl_wide fnl_wide_div(struct fnl_wide a, uint64_t b);
/* < 0, 0, > 0 */
int fnl_wide_cmp(struct fnl_wide a, struct fnl_wide b);

#endif
