/* A small seeded generator for property tests: splitmix64, the same on every machine. */
#ifndef FNL_TESTS_GEN_H
#define FNL_TESTS_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fnl_gen {
	uint64_t state;
};

/* From FNL_SEED when it is set, else `fallback`; prints the seed, so that a failure can be had again. */
struct fnl_gen fnl_gen_start(uint64_t fallback);
uint64_t fnl_gen_u64(struct fnl_gen *g);
/* 0 … n - 1; n > 0 */
size_t fnl_gen_below(struct fnl_gen *g, size_t n);
/* true in one of n calls */
bool fnl_gen_one_in(struct fnl_gen *g, size_t n);
/* Fisher and Yates over n indexes. */
void fnl_gen_shuffle(struct fnl_gen *g, size_t *at, size_t n);

#endif
