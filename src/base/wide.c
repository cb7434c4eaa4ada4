#include "funneld/base/wide.h"

enum { LIMB_BITS = 64 };

static bool is_negative(const struct fnl_wide *a)
{
	return (a->limbs[FNL_WIDE_LIMBS - 1] >> (LIMB_BITS - 1)) != 0;
}

struct fnl_wide fnl_wide_of(__int128 v)
{
	uint64_t sign = v < 0 ? UINT64_MAX : 0;
	unsigned __int128 bits = (unsigned __int128)v;
	return (struct fnl_wide){{(uint64_t)bits, (uint64_t)(bits >> LIMB_BITS), sign, sign}};
}

int fnl_wide_get(struct fnl_wide a, __int128 *ret)
{
	__int128 v = (__int128)(((unsigned __int128)a.limbs[1] << LIMB_BITS) | a.limbs[0]);
	if (fnl_wide_cmp(fnl_wide_of(v), a) != 0) {
		return FNL_E_LIMIT;
	}
	*ret = v;
	return FNL_OK;
}

struct fnl_wide fnl_wide_add(struct fnl_wide a, struct fnl_wide b)
{
	unsigned __int128 carry = 0;
	for (size_t i = 0; i < FNL_WIDE_LIMBS; i++) {
		carry += (unsigned __int128)a.limbs[i] + b.limbs[i];
		a.limbs[i] = (uint64_t)carry;
		carry >>= LIMB_BITS;
	}
	return a;
}

struct fnl_wide fnl_wide_neg(struct fnl_wide a)
{
	for (size_t i = 0; i < FNL_WIDE_LIMBS; i++) {
		a.limbs[i] = ~a.limbs[i];
	}
	return fnl_wide_add(a, fnl_wide_of(1));
}

struct fnl_wide fnl_wide_mul(struct fnl_wide a, uint64_t b)
{
	unsigned __int128 carry = 0;
	for (size_t i = 0; i < FNL_WIDE_LIMBS; i++) {
		carry += (unsigned __int128)a.limbs[i] * b;
		a.limbs[i] = (uint64_t)carry;
		carry >>= LIMB_BITS;
	}
	return a;
}

/* Of one that is not negative, towards zero. */
static struct fnl_wide divide(struct fnl_wide a, uint64_t b, uint64_t *ret_rest)
{
	unsigned __int128 rest = 0;
	for (size_t i = FNL_WIDE_LIMBS; i-- > 0;) {
		rest = (rest << LIMB_BITS) | a.limbs[i];
		a.limbs[i] = (uint64_t)(rest / b);
		rest %= b;
	}
	*ret_rest = (uint64_t)rest;
	return a;
}

struct fnl_wide fnl_wide_div(struct fnl_wide a, uint64_t b)
{
	uint64_t rest;
	if (!is_negative(&a)) {
		return divide(a, b, &rest);
	}
	struct fnl_wide q = fnl_wide_neg(divide(fnl_wide_neg(a), b, &rest));
	return rest ? fnl_wide_add(q, fnl_wide_of(-1)) : q;
}

int fnl_wide_cmp(struct fnl_wide a, struct fnl_wide b)
{
	if (is_negative(&a) != is_negative(&b)) {
		return is_negative(&a) ? -1 : 1;
	}
	for (size_t i = FNL_WIDE_LIMBS; i-- > 0;) {
		if (a.limbs[i] != b.limbs[i]) {
			return a.limbs[i] < b.limbs[i] ? -1 : 1;
		}
	}
	return 0;
}
