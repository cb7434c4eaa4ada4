#include "gen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct fnl_gen fnl_gen_start(uint64_t fallback)
{
	const char *text = getenv("FNL_SEED");
	uint64_t seed = text && *text ? strtoull(text, NULL, 10) : fallback;
	printf("FNL_SEED=%" PRIu64 "\n", seed);
	return (struct fnl_gen){seed};
}

uint64_t fnl_gen_u64(struct fnl_gen *g)
{
	uint64_t z = g->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

size_t fnl_gen_below(struct fnl_gen *g, size_t n)
{
	return (size_t)(fnl_gen_u64(g) % n);
}

bool fnl_gen_one_in(struct fnl_gen *g, size_t n)
{
	return fnl_gen_below(g, n) == 0;
}

void fnl_gen_shuffle(struct fnl_gen *g, size_t *at, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = fnl_gen_below(g, i);
		size_t kept = at[i - 1];
		at[i - 1] = at[j];
		at[j] = kept;
	}
}
