#include "harness/base/rng.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <sys/random.h>
#include <unistd.h>

#include "harness/base/clock.h"

__extension__ typedef unsigned __int128 u128;

/* The output function of splitmix64 (Steele, Lea & Flood 2014); a bijection that keeps 0. */
static uint64_t
mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
	return x ^ (x >> 31);
}

static uint64_t
splitmix_next(uint64_t *state)
{
	*state += UINT64_C(0x9E3779B97F4A7C15);
	return mix(*state);
}

void
tare_rng_seed(struct tare_rng *rng, uint64_t seed, uint64_t stream)
{
	/* Stream 0 is the generator's usual seeding, which published sequences can check. */
	uint64_t state = seed ^ mix(stream);

	for (int i = 0; i < 4; i++)
		rng->state[i] = splitmix_next(&state);
}

static uint64_t
rotate_left(uint64_t x, int bits)
{
	return (x << bits) | (x >> (64 - bits));
}

uint64_t
tare_rng_next(struct tare_rng *rng)
{
	uint64_t *s = rng->state;
	uint64_t result = rotate_left(s[0] + s[3], 23) + s[0];
	uint64_t shifted = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = rotate_left(s[3], 45);
	return result;
}

/* Multiplication instead of division, rejecting the few low products that would bias (Lemire 2019,
 * "Fast random integer generation in an interval"). */
uint64_t
tare_rng_below(struct tare_rng *rng, uint64_t bound)
{
	u128 product;
	uint64_t low;

	assert(bound > 0);
	product = (u128)tare_rng_next(rng) * bound;
	low = (uint64_t)product;
	if (low < bound) {
		uint64_t rejected = (0 - bound) % bound;

		while (low < rejected) {
			product = (u128)tare_rng_next(rng) * bound;
			low = (uint64_t)product;
		}
	}
	return (uint64_t)(product >> 64);
}

double
tare_rng_uniform(struct tare_rng *rng)
{
	return (double)(tare_rng_next(rng) >> 11) * 0x1.0p-53;
}

/* Marsaglia's polar method. The second number of each pair is dropped: keeping it would make the
 * sequence depend on what was drawn before the seed was set. */
double
tare_rng_normal(struct tare_rng *rng)
{
	double x, y, square;

	do {
		x = 2 * tare_rng_uniform(rng) - 1;
		y = 2 * tare_rng_uniform(rng) - 1;
		square = x * x + y * y;
	} while (square >= 1 || square == 0);
	return x * sqrt(-2 * log(square) / square);
}

void
tare_rng_shuffle(struct tare_rng *rng, size_t *items, size_t count)
{
	for (size_t left = count; left > 1; left--) {
		size_t chosen = tare_rng_below(rng, left);
		size_t moved = items[chosen];

		items[chosen] = items[left - 1];
		items[left - 1] = moved;
	}
}

uint64_t
tare_rng_entropy(void)
{
	uint64_t seed;
	ssize_t got;

	do {
		got = getrandom(&seed, sizeof(seed), 0);
	} while (got < 0 && errno == EINTR);
	/* A seed only has to differ from run to run; a sandbox without getrandom() is no reason to
	 * stop. */
	if (got != (ssize_t)sizeof(seed))
		seed = mix(tare_unix_ns() ^ mix(tare_monotonic_ns() ^ (uint64_t)getpid()));
	return seed >> 11;
}
