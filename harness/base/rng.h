/*
 * Random numbers that repeat: xoshiro256++ (Blackman & Vigna 2019), seeded by splitmix64.
 *
 * The same seed gives the same numbers on every machine. A stream number derives independent
 * generators from one seed. Plain data, no life cycle.
 */
#ifndef TARE_BASE_RNG_H
#define TARE_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct tare_rng {
	uint64_t state[4];
};

void tare_rng_seed(struct tare_rng *rng, uint64_t seed, uint64_t stream);
uint64_t tare_rng_next(struct tare_rng *rng);
uint64_t tare_rng_below(struct tare_rng *rng, uint64_t bound); /* 0..bound-1, no modulo bias */
double tare_rng_uniform(struct tare_rng *rng);                 /* [0, 1), 53 bits */
double tare_rng_normal(struct tare_rng *rng);                  /* mean 0, sd 1; polar method */
void tare_rng_shuffle(struct tare_rng *rng, size_t *items, size_t count); /* Fisher-Yates */
/* A fresh seed from the kernel, of 53 bits so that every JSON reader keeps it. */
uint64_t tare_rng_entropy(void);

#endif
